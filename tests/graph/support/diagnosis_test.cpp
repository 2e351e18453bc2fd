#include "graph/support/diagnosis.hpp"

#include <catch2/catch.hpp>

#include "graph/support/error.hpp"

using namespace attnflow;

namespace {

constexpr Diagnosis example{"rows/dropout", "rows sum to {sum}", "dropout was on",
                            "call `model.eval()`, {\"a%d\" % k: 1}"};

}  // namespace

TEST_CASE("a message says symptom, cause and mend", "[diagnosis]") {
    CHECK(example.text({{"sum", "{1.1}"}}) ==
          "rows sum to {1.1}: dropout was on; call `model.eval()`, {\"a%d\" % k: 1}");
    CHECK(example.advice() == "dropout was on; call `model.eval()`, {\"a%d\" % k: 1}");
    CHECK_THROWS_AS(example.text(), InternalError);
    CHECK_THROWS_AS(example.text({{"sums", "1"}}), InternalError);
}

TEST_CASE("the page says the same, with names in capitals", "[diagnosis]") {
    CHECK(markdown({"Rows", {&example, 1}}) ==
          "\n## Rows\n\n### rows/dropout\n\n- Seen: rows sum to SUM\n- Cause: dropout was "
          "on\n- Mend: call `model.eval()`, {\"a%d\" % k: 1}\n");
    const std::string word(60, 'x');
    const std::string cause = word + " " + word;
    const Diagnosis wide{"a/b", "s", cause, "m"};
    CHECK(markdown({"T", {&wide, 1}}) ==
          "\n## T\n\n### a/b\n\n- Seen: s\n- Cause: " + word + "\n  " + word + "\n- Mend: m\n");
}
