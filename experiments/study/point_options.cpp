#include "experiments/study/point_options.hpp"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>

#include "experiments/study/special_tokens.hpp"
#include "graph/support/error.hpp"

namespace attnflow {

std::vector<std::size_t> SourceChoice::positions(std::size_t n, std::optional<std::size_t> masked,
                                                 const std::string& where) const {
    switch (kind) {
        case Kind::index:
            if (index < n) return {index};
            throw ParameterError(
                fmt::format("{}: source {} does not exist, the {} positions count from 0", where, index, n));
        case Kind::last:
            return {n - 1};
        case Kind::masked:
            if (masked) return {*masked};
            throw ParameterError(fmt::format(
                "{}: source mask: no masked position is known, expected a masked language model and a text with "
                "one mask token, or a dataset whose metadata `examples` gives `position`; else cls, last, all or "
                "an index",
                where));
        case Kind::list:
            if (listed.back() < n) return listed;
            throw ParameterError(
                fmt::format("{}: source {} of the list does not exist, the {} positions count from 0", where,
                            listed.back(), n));
        case Kind::slice:
        case Kind::every:
            break;
    }
    const std::size_t last = kind == Kind::every ? n : end.value_or(n);
    if (kind == Kind::slice && (last > n || index >= last)) {
        throw ParameterError(fmt::format("{}: source {}:{} is not within the {} positions, which count from 0",
                                         where, index, end ? fmt::format("{}", *end) : "", n));
    }
    std::vector<std::size_t> some(last - index);
    std::iota(some.begin(), some.end(), index);
    return some;
}

std::vector<double> PointOptions::scores(const RowMajor<double>& rows) const {
    const auto first = rows.row(0);
    std::vector<double> tokens(first.begin(), first.end());
    for (std::size_t s = 1; s < rows.rows(); ++s) {
        const auto row = rows.row(s);
        for (std::size_t t = 0; t < row.size(); ++t) {
            tokens[t] = read_out == ReadOut::column_max ? std::max(tokens[t], row[t]) : tokens[t] + row[t];
        }
    }
    for (const auto& step : score_steps) step(tokens);
    return tokens;
}

std::vector<std::size_t> PointOptions::compared_positions(const std::vector<std::string>& tokens,
                                                          const std::vector<std::string>& special_tokens,
                                                          const std::vector<std::size_t>& words) const {
    const auto positions =
        ordinary_positions(tokens, score_special_tokens ? std::vector<std::string>() : special_tokens);
    return units.are_words() ? Words(words, tokens.size()).holding(positions) : positions;
}

std::size_t PointOptions::source_layer(std::size_t layers, const std::string& where) const {
    if (!layer) return layers;
    if (*layer <= layers) return *layer;
    throw ParameterError(
        fmt::format("{}: there is no layer {}, the attention has layers 1 to {}", where, *layer, layers));
}

bool PointOptions::has_row_for_each_source() const { return !source.is_single() && read_out == ReadOut::row; }

}  // namespace attnflow
