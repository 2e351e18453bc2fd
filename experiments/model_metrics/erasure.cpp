#include "experiments/model_metrics/erasure.hpp"

#include <algorithm>
#include <charconv>
#include <numeric>

namespace attnflow {

std::vector<ParameterSpec> Erasure::parameters() {
    return {{.name = "sizes",
             .summary = "how many units a rationale has, in percent (rounded up) or counted, by spaces; the mean "
                        "over them is taken",
             .fallback = std::string("1% 5% 10% 20% 50%")},
            {.name = "replace",
             .summary = "what takes the place of the tokens; remove takes them out",
             .fallback = std::string(replacement_name(Replacement::remove)),
             .choices = replacement_names()},
            {.name = "answer",
             .summary = "what of the target's output is looked at",
             .fallback = std::string("probability"),
             .choices = {"probability", "log_odds"}}};
}

Erasure::Size Erasure::parse_size(std::string_view word) {
    Size size{0.0, word.ends_with('%')};
    const std::string_view digits = word.substr(0, word.size() - (size.is_percent ? 1 : 0));
    const char* end = digits.data() + digits.size();
    const auto parsed = std::from_chars(digits.data(), end, size.number, std::chars_format::fixed);
    const bool is_number = !digits.empty() && parsed.ec == std::errc() && parsed.ptr == end && size.number >= 0.0;
    const bool fits = size.is_percent ? size.number <= 100.0 : size.number == std::floor(size.number);
    if (is_number && fits && size.number < 1e9) return size;
    throw ParameterError(fmt::format(
        "sizes: '{}', expected numbers of units such as 3 or shares of them up to 100% such as 5%, by spaces",
        excerpt(std::string(word))));
}

Erasure::Erasure(const Parameters& parameters)
    : replacement_(replacement_from_name(parameters.get<std::string>("replace"))),
      log_odds_(parameters.get<std::string>("answer") == "log_odds") {
    std::string_view rest = parameters.get<std::string>("sizes");
    while (!rest.empty()) {
        const std::string_view word = rest.substr(0, rest.find(' '));
        if (!word.empty()) sizes_.push_back(parse_size(word));
        rest.remove_prefix(std::min(word.size() + 1, rest.size()));
    }
    if (sizes_.empty()) throw ParameterError("sizes: there are none, expected some, such as 1% 5% 10% 20% 50%");
}

std::vector<std::size_t> Erasure::counts(std::size_t n) const {
    std::vector<std::size_t> counts;
    for (const Size& size : sizes_) {
        const double count =
            size.is_percent ? std::ceil(size.number * static_cast<double>(n) / 100.0) : size.number;
        if (count > static_cast<double>(n)) return {};
        counts.push_back(static_cast<std::size_t>(count));
    }
    return counts;
}

std::vector<UnitSet> Erasure::largest(std::span<const double> scores) const {
    const std::vector<std::size_t> order = top_positions(scores, scores.size());
    std::vector<UnitSet> sets;
    for (const std::size_t count : counts(scores.size()))
        sets.push_back({{order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count)}, replacement_});
    return sets;
}

std::vector<UnitSet> Erasure::others(std::span<const double> scores) const {
    const std::vector<std::size_t> order = top_positions(scores, scores.size());
    std::vector<UnitSet> sets;
    for (const std::size_t count : counts(scores.size()))
        sets.push_back({{order.begin() + static_cast<std::ptrdiff_t>(count), order.end()}, replacement_});
    return sets;
}

double Erasure::fall(const ModelAnswer& answer) const {
    if (!log_odds_) return -target_change(answer.target, answer.whole, answer.changed);
    return target_margin(answer.target, answer.whole) - target_margin(answer.target, answer.changed);
}

std::optional<double> Erasure::mean(std::span<const double> falls) {
    if (falls.empty()) return std::nullopt;
    return std::accumulate(falls.begin(), falls.end(), 0.0) / static_cast<double>(falls.size());
}

}  // namespace attnflow
