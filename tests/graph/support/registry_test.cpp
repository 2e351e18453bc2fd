/// Registry and typed parameters: what every family relies on.

#include <catch2/catch.hpp>

#include "graph/support/registry.hpp"

using namespace attnflow;

namespace {

struct GreeterFamily {
    static constexpr const char* noun = "greeter";
    class Interface {
    public:
        virtual ~Interface() = default;
        virtual std::string greet() const = 0;
    };
    template <class Member>
    class Adapter final : public Interface {
    public:
        template <class... Args>
        explicit Adapter(const Args&... args) : member_(args...) {}
        std::string greet() const override { return member_.greet(); }

    private:
        Member member_;
    };
};

struct Plain {
    static EntryInfo describe() { return {.name = "plain", .summary = "says hello"}; }
    std::string greet() const { return "hello"; }
};

class Counting {
public:
    static EntryInfo describe() {
        return {
            .name = "counting",
            .summary = "says a word several times",
            .parameters = {
                {.name = "times", .summary = "how often", .fallback = std::int64_t{2}, .minimum = 1, .maximum = 5},
                {.name = "share", .summary = "a share", .fallback = 0.5, .minimum = 0, .maximum = 1},
                {.name = "word", .summary = "which", .fallback = std::string("yes"), .choices = {"yes", "no"}},
                {.name = "loud", .summary = "with a mark", .fallback = false}}};
    }
    explicit Counting(const Parameters& parameters)
        : times_(parameters.get<std::int64_t>("times")),
          word_(parameters.get<std::string>("word")),
          loud_(parameters.get<bool>("loud")) {}
    std::string greet() const {
        std::string out;
        for (std::int64_t i = 0; i < times_; ++i) out += word_;
        return out + (loud_ ? "!" : "");
    }

private:
    std::int64_t times_;
    std::string word_;
    bool loud_;
};

Registry<GreeterFamily> greeters() {
    Registry<GreeterFamily> registry;
    registry.add<Plain>();
    registry.add<Counting>();
    return registry;
}

}  // namespace

TEST_CASE("members are made by name with their parameters", "[registry]") {
    const auto registry = greeters();
    CHECK(registry.names() == std::vector<std::string>{"plain", "counting"});
    CHECK(registry.at("plain").make()->greet() == "hello");
    const auto& counting = registry.at("counting");
    CHECK(counting.make()->greet() == "yesyes");
    CHECK(counting.make({{"times", std::int64_t{3}}, {"word", std::string("no")}, {"loud", true}})->greet() ==
          "nonono!");
    CHECK(registry.find("missing") == nullptr);
}

TEST_CASE("what does not fit is refused in words", "[registry]") {
    auto registry = greeters();
    const auto& counting = registry.at("counting");
    CHECK_THROWS_WITH(registry.at("coutning"), "no greeter 'coutning'; did you mean 'counting'?");
    CHECK_THROWS_WITH(registry.at("zzz"), "no greeter 'zzz'; known: plain, counting");
    CHECK_THROWS_WITH(registry.add<Plain>(), "greeter 'plain' is registered twice: give one of them another name");
    CHECK_THROWS_WITH(counting.make({{"times", std::int64_t{6}}}),
                      "counting: times is 6 (integer), expected integer in [1, 5]");
    CHECK_THROWS_WITH(counting.make({{"times", 1.5}}),
                      "counting: times is 1.5 (real), expected integer in [1, 5]");
    CHECK_THROWS_WITH(counting.make({{"word", std::string("yess")}}),
                      "counting: word is yess (text), expected one of yes, no; did you mean 'yes'?");
    CHECK_THROWS_WITH(counting.make({{"tiems", std::int64_t{1}}}),
                      "counting: no parameter 'tiems'; did you mean 'times'?");
    CHECK_THROWS_WITH(registry.at("plain").make({{"times", std::int64_t{1}}}),
                      "plain: no parameter 'times'; it takes none");
    CHECK_THROWS_AS(counting.make({{"share", std::numeric_limits<double>::quiet_NaN()}}), ParameterError);
    CHECK_NOTHROW(counting.make({{"share", std::int64_t{1}}}));  // an integer is a real
}

TEST_CASE("text becomes a parameter of the right type", "[registry]") {
    const auto parameters = Counting::describe().parameters;
    CHECK(parameters[0].parse("4", "x") == ParameterValue(std::int64_t{4}));
    CHECK(parameters[1].parse("0.25", "x") == ParameterValue(0.25));
    CHECK(parameters[2].parse("no", "x") == ParameterValue(std::string("no")));
    CHECK(parameters[3].parse("true", "x") == ParameterValue(true));
    CHECK_THROWS_WITH(parameters[0].parse("4x", "--times"),
                      "--times: times is 4x (text), expected integer in [1, 5]");
    CHECK_THROWS_WITH(parameters[0].parse("99999999999999999999", "--times"), Catch::Contains("expected integer"));
    CHECK_THROWS_WITH(parameters[1].parse("1e999", "--share"), Catch::Contains("expected real in [0, 1]"));
    CHECK_THROWS_WITH(parameters[3].parse("yes", "--loud"), Catch::Contains("expected boolean"));
}

namespace {

std::string refusal(const EntryInfo& info, const std::vector<std::string>& promises = {}) {
    try {
        check_entry(info, "greeter", promises);
    } catch (const InternalError& error) {
        return error.what();
    }
    return "";
}

}  // namespace

TEST_CASE("what cannot be a member is refused where it is added", "[registry]") {
    const EntryInfo right{.name = "Wave2_all", .summary = "waves", .promises = {"short", "kind"}};
    CHECK(refusal(right) == "");
    CHECK(refusal(right, {"kind", "short"}) == "");
    CHECK(refusal(right, {"kind", "shirt"}) ==
          "greeter 'Wave2_all': promises 'short', which no contract knows; did you mean 'shirt'?");
    for (const char* name : {"", "2waves", "wave hands", "wave(2)", "wäve", "wave-2"}) {
        EntryInfo info = right;
        info.name = name;
        CHECK(refusal(info).find("this is no name, expected letters, digits and _") != std::string::npos);
    }
    EntryInfo info = right;
    info.summary = "";
    CHECK(refusal(info) == "greeter 'Wave2_all': has no summary, which lists and docs show");
    info = right;
    info.promises = {"kind", "kind"};
    CHECK(refusal(info) == "greeter 'Wave2_all': promise 'kind' is declared twice");
    info = right;
    info.axes = {"layer", "layer"};
    CHECK(refusal(info) == "greeter 'Wave2_all': axis 'layer' is declared twice");
    info = right;
    info.parameters = {{.name = "hands", .summary = "how many", .fallback = std::int64_t{3}, .maximum = 2}};
    CHECK(refusal(info).find("greeter 'Wave2_all': parameter 'hands': its default: hands is 3") == 0);
    info.parameters = {{.name = "hands", .summary = "how many", .fallback = std::int64_t{2}, .maximum = 2},
                       {.name = "hands", .summary = "again", .fallback = false}};
    CHECK(refusal(info) == "greeter 'Wave2_all': parameter 'hands' is declared twice");
    info.parameters = {{.name = "", .summary = "how many", .fallback = std::int64_t{2}}};
    CHECK(refusal(info).find("parameter '' is no name") != std::string::npos);
    info = right;
    info.diagnostics = {{"effort", "in calories"}, {"effort", "in hours"}};
    CHECK(refusal(info) == "greeter 'Wave2_all': diagnostic 'effort' is declared twice");
    info = right;
    info.tolerance = -1.0;
    CHECK(refusal(info) == "greeter 'Wave2_all': its tolerance -1 is no number >= 0");
}
