/// tokenizer.json, the file of fast tokenizers.

#include <fmt/format.h>

#include "attention/files/json.hpp"
#include "attention/model/tokenizer/reader.hpp"
#include "graph/support/error.hpp"
#include "graph/support/text.hpp"

namespace attnflow {

TokenizerParts read_tokenizer_json(const std::string& path) {
    using Json = nlohmann::json;
    const std::string where = escape_controls(path);
    const TokenizerSettings settings(path);
    const Json json = parse_json(read_text_file(path, most_tokenizer_bytes), where);
    const JsonFields root(json, where);
    TokenizerParts parts;
    if (const Json* normalizer = root.find("normalizer"))
        parts.normalizer = read_normalizer(JsonFields(*normalizer, where + ": normalizer"));
    if (const Json* splitter = root.find("pre_tokenizer"))
        parts.pre_tokenizer = read_pre_tokenizer(JsonFields(*splitter, where + ": pre_tokenizer"));
    const JsonFields model = root.object("model");
    parts.model = read_token_model(model);
    parts.vocabulary = Vocabulary(read_entries(model.need("vocab"), model.where() + ": vocab"), where);

    AddedTokensReader added(parts, where);
    if (const Json* list = root.find("added_tokens")) added.add_list(*list);
    settings.refuse_split();
    if (parts.normalizer) parts.normalizer->check_settings(settings.fields(), where);
    added.add_settings(settings, /*named_only=*/true);

    const std::string unknown = model.text("unk_token", "");
    if (const auto& named = settings.named("unk_token"); named && *named != unknown) {
        throw InputError(fmt::format("{}: unk_token is '{}', but '{}' in {}", settings.fields().where(),
                                     excerpt(*named), excerpt(unknown), where));
    }
    parts.unknown = parts.vocabulary.find(unknown);
    parts.mask = parts.vocabulary.find(settings.name("mask_token"));
    parts.pad = parts.vocabulary.find(settings.name("pad_token"));
    parts.separator = parts.vocabulary.find(settings.name("sep_token"));
    if (const Json* processor = root.find("post_processor"))
        parts.around = *read_post_processor(JsonFields(*processor, where + ": post_processor"));
    return parts;
}

}  // namespace attnflow
