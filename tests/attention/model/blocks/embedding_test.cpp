#include "attention/model/blocks/embedding.hpp"

#include "tests/attention/model/random_transformer.hpp"

using namespace attnflow;
using namespace attnflow::testing;

TEST_CASE("the derivative by word embeddings is that of finite differences", "[model]") {
    const bool positions = GENERATE(false, true);
    const bool normed = GENERATE(false, true);
    const std::size_t width = GENERATE(4, 6);  // that of the layers; 6 needs a projection
    TransformerSpec spec{
        .width = width,
        .positions = 3,
        .embedding = {.vocabulary = 5, .width = 4},
        .layers = {{.attention = {.heads = 1, .key_heads = 1, .head_width = 1}, .feed_forward = {.inner = 1}}}};
    if (positions) {
        spec.embedding.positions = 3;
        spec.embedding.types = 2;
    }
    if (normed) spec.embedding.norm = NormSpec{NormKind::layer_norm, 1e-5};
    EmbeddingWeights<double> weights = RandomWeights(1).transformer(spec).embedding;
    // Every word once, so that the gradient of its row is that of its token.
    const TokenBatch batch{1, 3, {4, 0, 2}, {0, positions ? 1 : 0, 0}};
    const Vector dy = random_values(3 * width, 2);
    Vector gradient(3 * 4);
    embed_backward<double>(spec.embedding, weights, batch, dy.data(), gradient.data());
    const Vector words = weights.words;
    const Vector expected = finite_differences(
        [&](const Vector& at) {
            weights.words = at;
            Vector out(3 * width);
            embed<double>(spec.embedding, weights, batch, out.data(), 2);
            return out;
        },
        words, dy);
    for (std::size_t t = 0; t < 3; ++t) {
        const auto row = static_cast<std::size_t>(batch.ids[t]) * 4;
        for (std::size_t j = 0; j < 4; ++j) CHECK(gradient[t * 4 + j] == Approx(expected[row + j]).margin(1e-8));
    }
    weights.words = words;
    Vector out(3 * width);
    embed<double>(spec.embedding, weights, batch, out.data(), 1);
    if (!positions && !normed && width == 4) {
        CHECK(std::equal(out.begin(), out.begin() + 4, words.begin() + 16));
        CHECK(word_embedding(spec.embedding, weights, 4) == weights.words.data() + 16);
    }
}
