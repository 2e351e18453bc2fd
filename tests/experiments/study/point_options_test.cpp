#include "experiments/study/point_options.hpp"

#include <catch2/catch.hpp>

#include "graph/support/error.hpp"
#include "tests/attention/make_files.hpp"

using namespace attnflow;
using attnflow::testing::message_of;

namespace {

using Kind = SourceChoice::Kind;
using Positions = std::vector<std::size_t>;

}  // namespace

TEST_CASE("sources are positions of the layer that is there", "[options]") {
    CHECK(SourceChoice{Kind::index, 2}.positions(3, {}, "ex") == Positions{2});
    CHECK(SourceChoice{Kind::last}.positions(3, {}, "ex") == Positions{2});
    CHECK(SourceChoice{Kind::masked}.positions(3, 1, "ex") == Positions{1});
    CHECK(SourceChoice{Kind::every}.positions(3, {}, "ex") == Positions{0, 1, 2});
    CHECK(message_of<ParameterError>([] {
              SourceChoice{Kind::index, 3}.positions(3, {}, "ex");
          }) == "ex: source 3 does not exist, the 3 positions count from 0");
    CHECK(message_of<ParameterError>([] {
              SourceChoice{Kind::masked}.positions(3, {}, "ex");
          }).find("ex: source mask: no masked position is known") == 0);
}

TEST_CASE("a set of sources: a slice or a list, within the positions that there are", "[options]") {
    const SourceChoice slice{.kind = Kind::slice, .index = 1, .end = 3};
    CHECK(slice.positions(4, {}, "ex") == Positions{1, 2});
    CHECK(SourceChoice{.kind = Kind::slice, .index = 2}.positions(4, {}, "ex") == Positions{2, 3});
    CHECK(SourceChoice{.kind = Kind::list, .listed = {0, 3}}.positions(4, {}, "ex") == Positions{0, 3});
    CHECK(message_of<ParameterError>([&] { slice.positions(2, {}, "ex"); }) ==
          "ex: source 1:3 is not within the 2 positions, which count from 0");
    CHECK(message_of<ParameterError>([] {
              SourceChoice{.kind = Kind::slice, .index = 4}.positions(4, {}, "ex");
          }) == "ex: source 4: is not within the 4 positions, which count from 0");
    CHECK(message_of<ParameterError>([] {
              SourceChoice{.kind = Kind::list, .listed = {0, 4}}.positions(4, {}, "ex");
          }) == "ex: source 4 of the list does not exist, the 4 positions count from 0");
    PointOptions options;
    options.source = slice;
    CHECK(options.has_row_for_each_source());
    CHECK_FALSE(slice.is_single());
    CHECK(SourceChoice{Kind::last}.is_single());
}

TEST_CASE("rows of several sources are read off as one score a token, then go through the steps", "[options]") {
    RowMajor<double> rows(2, 3);
    for (std::size_t t = 0; t < 3; ++t) {
        rows(0, t) = static_cast<double>(t);
        rows(1, t) = 1.5;
    }
    PointOptions options;
    options.read_out = ReadOut::column_max;
    CHECK(options.scores(rows) == std::vector<double>{1.5, 1.5, 2.0});
    options.read_out = ReadOut::column_sum;
    CHECK(options.scores(rows) == std::vector<double>{1.5, 2.5, 3.5});
    options.score_steps.push_back([](std::vector<double>& scores) {
        for (double& score : scores) score *= 2.0;
    });
    options.score_steps.push_back([](std::vector<double>& scores) { scores[0] += 1.0; });
    CHECK(options.scores(rows) == std::vector<double>{4.0, 5.0, 7.0});
}

TEST_CASE("special tokens are compared or not, layers exist or not", "[options]") {
    const std::vector<std::string> tokens{"[CLS]", "a", "[SEP]"};
    PointOptions options;
    CHECK(options.compared_positions(tokens, {"[CLS]", "[SEP]"}, {}) == Positions{0, 1, 2});
    options.score_special_tokens = false;
    CHECK(options.compared_positions(tokens, {"[CLS]", "[SEP]"}, {}) == Positions{1});
    CHECK(options.source_layer(6, "ex") == 6);
    options.layer = 7;
    CHECK(message_of<ParameterError>([&] { options.source_layer(6, "ex"); }) ==
          "ex: there is no layer 7, the attention has layers 1 to 6");
    CHECK_FALSE(options.has_row_for_each_source());
    options.source.kind = Kind::every;
    CHECK(options.has_row_for_each_source());
    options.read_out = ReadOut::column_sum;
    CHECK_FALSE(options.has_row_for_each_source());
}
