#include "attention/model/tokenizer/component.hpp"

#include <catch2/catch.hpp>

#include "attention/model/checkpoint/json_fields.hpp"
#include "attention/model/tokenizer/parts.hpp"
#include "graph/support/error.hpp"
#include "tests/message_of.hpp"

using namespace attnflow;
using attnflow::testing::message_of;

namespace {

/// As an outside program may bring it: removes one letter.
class Without final : public Normalizer {
public:
    static EntryInfo describe() { return {.name = "Without", .summary = "removes a letter"}; }
    static Without read(const JsonFields& fields) { return Without(fields.text("letter")); }

    explicit Without(const std::string& letter) : letter_(static_cast<unsigned char>(letter.front())) {}

    std::u32string normalize(std::u32string_view text) const override {
        std::u32string out(text);
        std::erase(out, letter_);
        return out;
    }
    void check_settings(const JsonFields&, const std::string&) const override {}

private:
    char32_t letter_;
};

/// A post-processor need not be a class of its own: it reads a template.
class Fixed {
public:
    static EntryInfo describe() { return {.name = "Fixed", .summary = "token 1 before a text"}; }
    static Template read(const JsonFields&) {
        return Template({{Template::Slot::Kind::special, {1}}, {Template::Slot::Kind::first}}, {});
    }
};

}  // namespace

TEST_CASE("a component of an outside program is read by its type", "[model]") {
    ComponentRegistry<Normalizer> registry;
    registry.add<Without>();
    const auto object = nlohmann::json::parse(R"({"type": "Without", "letter": "b"})");
    const JsonFields fields(object, "normalizer");
    CHECK(read_component(registry, fields, "Without", {"none"})->normalize(U"abc") == U"ac");
    CHECK(message_of<InputError>([&] { read_component(registry, fields, "With", {"none"}); }) ==
          "normalizer 'With' is not supported, expected Without or none");
    CHECK(message_of<InputError>([&] { read_component(registry, fields, "With", {}); }) ==
          "normalizer 'With' is not supported, expected Without");

    ComponentRegistry<Template> templates;
    templates.add<Fixed>();
    const Vocabulary vocabulary({{"x", 0}, {"<s>", 1}}, "test");
    const Encoding out = read_component(templates, fields, "Fixed", {})->apply({{0}, {}, {"x"}}, vocabulary);
    CHECK(out.ids == std::vector<TokenId>{1, 0});
}

TEST_CASE("the components of this build have the names that files give them", "[model]") {
    using Names = std::vector<std::string>;
    CHECK(normalizers().names() == Names{"BertNormalizer"});
    CHECK(pre_tokenizers().names() == Names{"BertPreTokenizer", "WhitespaceSplit"});
    CHECK(token_models().names() == Names{"WordLevel", "WordPiece"});
    CHECK(post_processors().names() == Names{"TemplateProcessing"});
}
