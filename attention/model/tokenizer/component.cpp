#include "attention/model/tokenizer/component.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "attention/model/checkpoint/json_fields.hpp"
#include "graph/support/error.hpp"
#include "graph/support/text.hpp"

namespace attnflow {

void refuse_component(const JsonFields& fields, const std::string& type,
                      const std::vector<std::string>& supported) {
    const std::vector<std::string> first(supported.begin(), supported.end() - 1);
    throw InputError(fmt::format("{} '{}' is not supported, expected {}{}{}", fields.where(), excerpt(type),
                                 join(first, ", "), first.empty() ? "" : " or ", supported.back()));
}

TokenId read_token_id(const nlohmann::json& value, const std::string& where) {
    if (!value.is_number_unsigned() || value.get<std::uint64_t>() > static_cast<std::uint64_t>(largest_token_id)) {
        throw InputError(fmt::format("{}: id {}, expected an integer in [0, {}]", where, excerpt(value.dump()),
                                     largest_token_id));
    }
    return value.get<TokenId>();
}

}  // namespace attnflow
