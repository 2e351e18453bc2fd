#include "attention/extract/perturbation.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include <fmt/format.h>

#include "attention/model/text_model.hpp"
#include "graph/support/error.hpp"
#include "graph/support/parallel.hpp"
#include "graph/support/text.hpp"

namespace attnflow {
namespace {

// Tokens in one batch: enough rows for the matrix products, few enough for the caches.
constexpr std::size_t batch_tokens = 1024;

struct Named {
    const char* name;
    Replacement replacement;
    std::optional<TokenId> (Tokenizer::*token)() const;
};
constexpr Named replacements[] = {{"unk", Replacement::unknown, &Tokenizer::unknown},
                                  {"mask", Replacement::mask, &Tokenizer::mask},
                                  {"pad", Replacement::pad, &Tokenizer::pad},
                                  {"remove", Replacement::remove, nullptr}};

/// What is put in a token's place; nothing for one that is removed.
std::optional<TokenId> replacement_id(const TextModel& model, Replacement replacement) {
    if (replacement == Replacement::remove) return std::nullopt;
    for (const Named& entry : replacements) {
        if (entry.replacement != replacement) continue;
        if (const auto id = (model.tokenizer.*entry.token)()) return id;
        throw InputError(fmt::format("{}: the tokenizer has no token '{}', which tokens shall be replaced by",
                                     escape_controls(model.folder), entry.name));
    }
    throw InternalError("unknown replacement");
}

void check_positions(const Encoding& encoding, const TokenSet& set) {
    for (const std::size_t p : set.positions) {
        if (p < encoding.ids.size()) continue;
        throw ParameterError(
            fmt::format("position {} does not exist, the {} positions count from 0", p, encoding.ids.size()));
    }
}

/// One changed text, and where its outputs go.
struct Variant {
    std::size_t set;
    std::vector<TokenId> ids;
    std::vector<TokenId> type_ids;
    std::size_t position;
};

/// Nothing when `set` has no effect.
bool make_variant(const Encoding& encoding, std::size_t position, std::optional<TokenId> replacement,
                  const std::vector<std::size_t>& set, Variant& out) {
    out.ids = encoding.ids;
    out.type_ids = encoding.type_ids;
    out.position = position;
    if (replacement) {
        for (const std::size_t p : set) out.ids[p] = *replacement;
        return out.ids != encoding.ids;
    }
    std::vector<bool> removed(encoding.ids.size(), false);
    for (const std::size_t p : set) removed[p] = true;
    out.ids.clear();
    out.type_ids.clear();
    for (std::size_t p = 0; p < removed.size(); ++p) {
        if (removed[p]) continue;
        if (p == position) out.position = out.ids.size();
        out.ids.push_back(encoding.ids[p]);
        out.type_ids.push_back(encoding.type_ids[p]);
    }
    if (out.ids.empty()) throw ParameterError("remove: no token is left, expected sets that leave at least one");
    return out.ids.size() != encoding.ids.size();
}

}  // namespace

Replacement replacement_from_name(const std::string& name) {
    for (const Named& entry : replacements) {
        if (entry.name == name) return entry.replacement;
    }
    throw ParameterError(
        fmt::format("no replacement '{}'{}", excerpt(name), name_hint(name, replacement_names())));
}

std::vector<std::string> replacement_names() {
    std::vector<std::string> names;
    for (const Named& entry : replacements) names.emplace_back(entry.name);
    return names;
}

const char* replacement_name(Replacement replacement) {
    for (const Named& entry : replacements) {
        if (entry.replacement == replacement) return entry.name;
    }
    throw InternalError("unknown replacement");
}

void expect_replacement(const TextModel& model, Replacement replacement) { replacement_id(model, replacement); }

void visit_perturbed(const TextModel& model, const Encoding& encoding, std::size_t position,
                     std::span<const TokenSet> sets, std::span<const double> unchanged, std::size_t jobs,
                     const PerturbationVisitor& visit, const std::atomic<bool>* stop) {
    expect_outputs(model, "blank-out");
    const bool at_position = has_positions(model.model->shape().task);
    // By length and output position: those of a batch must agree in both.
    std::map<std::pair<std::size_t, std::size_t>, std::vector<Variant>> groups;
    for (std::size_t s = 0; s < sets.size(); ++s) {
        const TokenSet& set = sets[s];
        check_positions(encoding, set);
        if (set.replacement == Replacement::remove && at_position &&
            std::find(set.positions.begin(), set.positions.end(), position) != set.positions.end()) {
            throw ParameterError(
                fmt::format("remove: position {} is the output's own and cannot be removed", position));
        }
        Variant variant{s, {}, {}, position};
        if (make_variant(encoding, position, replacement_id(model, set.replacement), set.positions, variant)) {
            groups[{variant.ids.size(), at_position ? variant.position : 0}].push_back(std::move(variant));
        } else {
            visit(s, unchanged);
        }
    }
    std::vector<std::span<const Variant>> batches;
    for (const auto& [key, group] : groups) {
        const std::size_t size = std::max<std::size_t>(1, batch_tokens / key.first);
        for (std::size_t first = 0; first < group.size(); first += size) {
            batches.push_back(std::span(group).subspan(first, std::min(size, group.size() - first)));
        }
    }
    parallel_for(batches.size(), jobs, [&](std::size_t b, std::size_t) {
        check_stop(stop);
        TokenBatch batch{batches[b].size(), batches[b].front().ids.size(), {}, {}};
        for (const Variant& variant : batches[b]) {
            batch.ids.insert(batch.ids.end(), variant.ids.begin(), variant.ids.end());
            batch.type_ids.insert(batch.type_ids.end(), variant.type_ids.begin(), variant.type_ids.end());
        }
        const auto rows = model.model->forward(batch, {.position = batches[b].front().position});
        for (std::size_t i = 0; i < batch.count; ++i) {
            if (!std::all_of(rows.row(i).begin(), rows.row(i).end(), [](double z) { return std::isfinite(z); }))
                throw InputError("the model gives outputs that are not finite where tokens are replaced");
            visit(batches[b][i].set, rows.row(i));
        }
    });
}

RowMajor<double> perturbed_outputs(const TextModel& model, const Encoding& encoding, std::size_t position,
                                   Replacement replacement, std::span<const std::vector<std::size_t>> sets,
                                   std::span<const double> unchanged, std::size_t jobs,
                                   const std::atomic<bool>* stop) {
    std::vector<TokenSet> alike;
    for (const auto& set : sets) alike.push_back({set, replacement});
    RowMajor<double> outputs(sets.size(), unchanged.size());
    visit_perturbed(
        model, encoding, position, alike, unchanged, jobs,
        [&](std::size_t s, std::span<const double> of_set) {
            std::copy(of_set.begin(), of_set.end(), outputs.row(s).begin());
        },
        stop);
    return outputs;
}

std::vector<std::size_t> top_positions(std::span<const double> scores, std::size_t k, bool largest) {
    if (k > scores.size()) {
        throw ParameterError(fmt::format("the {} top positions of {} do not exist", k, scores.size()));
    }
    std::vector<std::size_t> order(scores.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return largest ? scores[a] > scores[b] : scores[a] < scores[b];
    });
    order.resize(k);
    return order;
}

BlankOut blank_out(const TextModel& model, const Encoding& encoding, std::size_t position, Replacement replacement,
                   const Target& target, std::span<const double> unchanged, std::size_t jobs,
                   const std::atomic<bool>* stop) {
    std::vector<std::vector<std::size_t>> sets;
    const bool removes = replacement == Replacement::remove;
    for (std::size_t t = 0; t < encoding.ids.size(); ++t) {
        const bool has_output =
            encoding.ids.size() == 1 || (has_positions(model.model->shape().task) && t == position);
        sets.push_back(removes && has_output ? std::vector<std::size_t>{} : std::vector<std::size_t>{t});
    }
    const auto outputs = perturbed_outputs(model, encoding, position, replacement, sets, unchanged, jobs, stop);
    BlankOut scores;
    for (std::size_t t = 0; t < sets.size(); ++t) {
        scores.probability.push_back(std::abs(target_change(target, unchanged, outputs.row(t))));
        scores.margin.push_back(
            std::abs(target_margin(target, outputs.row(t)) - target_margin(target, unchanged)));
    }
    return scores;
}

}  // namespace attnflow
