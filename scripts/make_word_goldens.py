#!/usr/bin/env python3
"""Write tests/golden/words.json: what joining the tokens of words gives, by NumPy, SciPy and NetworkX.

    make_word_goldens.py [--out tests/golden]

A text of 7 tokens in 4 words, 2 layers, 2 heads, weights in thousandths. Attention to a word is the sum over its
tokens, from a word the mean over them (Clark et al. 2019, section 4.1), or the largest of the sums, each row divided by
its sum again, as their published program does it. Units of the results:

words            attention is joined head by head, words are attributed to
words_max        the same with the largest of the sums
words_after      tokens are attributed to: scores of a word's tokens as keys are summed, as sources averaged
words_after_max  the same with the largest of the sums

Heads are averaged, A = 0.5 rownorm(W) + 0.5 I; sources are those of layer 2.
"""

import argparse
import json
import random
from pathlib import Path

import networkx
import numpy as np
from scipy.stats import pearsonr

TOKENS = ["[CLS]", "un", "##believ", "##able", "key", "##s", "[SEP]"]
FIRST = [0, 1, 4, 6]
REFERENCE = [0.25, -1.5, 0.75, 2.0, -0.5, 1.25, 0.125]
LAYERS, HEADS = 2, 2


def attention():
    """[layer, head, query, key], rows of thousandths that sum to 1."""
    source = random.Random(20)
    n = len(TOKENS)
    rows = []
    for _ in range(LAYERS * HEADS * n):
        cuts = sorted(source.randrange(1001) for _ in range(n - 1))
        rows.append([b - a for a, b in zip([0] + cuts, cuts + [1000])])
    return np.array(rows).reshape(LAYERS, HEADS, n, n) / 1000


def words_of(values, axis, how):
    """Slices of one axis, a word each, joined by `how`."""
    return np.stack([how(part, axis=axis) for part in np.split(values, FIRST[1:], axis=axis)], axis=axis)


def join(weights, how):
    joined = words_of(words_of(weights, -1, np.sum), -2, how)
    return joined / joined.sum(axis=-1, keepdims=True) if how is np.max else joined


def layers_of(weights):
    fused = weights.mean(axis=1)
    fused = fused / fused.sum(axis=-1, keepdims=True)
    return [0.5 * layer + 0.5 * np.eye(len(layer)) for layer in fused]


def rollout(weights):
    result = np.eye(weights.shape[-1])
    for layer in layers_of(weights):
        result = layer @ result
    return result


def flow(weights):
    n = weights.shape[-1]
    graph = networkx.DiGraph()
    for l, layer in enumerate(layers_of(weights), 1):
        for i in range(n):
            for j in range(n):
                graph.add_edge((l, i), (l - 1, j), capacity=layer[i, j])
    return np.array([[networkx.maximum_flow_value(graph, (LAYERS, i), (0, j)) for j in range(n)] for i in range(n)])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("tests/golden"))
    arguments = parser.parse_args()
    weights = attention()
    reference = words_of(np.array(REFERENCE), 0, np.sum)
    golden = {"tokens": TOKENS, "first": FIRST, "reference": REFERENCE, "attentions": weights.tolist(),
              "reference_of_words": reference.tolist(),
              "joined": {"words": join(weights, np.mean).tolist(), "words_max": join(weights, np.max).tolist()}}
    for method, scores_of in (("rollout", rollout), ("attention_flow", flow)):
        tokens = words_of(scores_of(weights), 1, np.sum)
        scores = {"words": scores_of(join(weights, np.mean)), "words_max": scores_of(join(weights, np.max)),
                  "words_after": words_of(tokens, 0, np.mean), "words_after_max": words_of(tokens, 0, np.max)}
        golden[method] = {units: {"scores": matrix.tolist(),
                                  "pearson": [pearsonr(row, reference).statistic for row in matrix]}
                          for units, matrix in scores.items()}
    text = json.dumps(golden, indent=1)
    (arguments.out / "words.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
