#!/usr/bin/env python3
"""Write tests/golden/model_metrics.json: comprehensiveness and sufficiency of the bundled model, by NumPy.

    make_model_metric_goldens.py [--out tests/golden]

The model is run here by its formulas (Devlin et al. 2019), in double, one changed text at a time, and the metrics
follow DeYoung et al. 2020, section 4.2: p(x) - p(x without the rationale) and p(x) - p(x with it alone), p the softmax
probability of the class predicted for x, mean over sizes. Rationales are the ceil(share n) tokens of the largest
scores among the n tokens behind [CLS], which always stays; of equal scores the first comes first.
"""

import argparse
import json
import math
import struct
from pathlib import Path

import numpy as np

MODEL = Path(__file__).parent.parent / "experiments/models/sva-bert-6x8"
TEXTS = ["the keys to the cabinet", "the man that the dogs NNS",
         "NNS believe that a simple JJ or single discipline orientation", "he"]
SHARES = [0.01, 0.05, 0.1, 0.2, 0.5]
HEADS = 8
erf = np.vectorize(math.erf)


def read_weights():
    content = (MODEL / "model.safetensors").read_bytes()
    size = struct.unpack("<Q", content[:8])[0]
    weights = {}
    for name, entry in json.loads(content[8 : 8 + size]).items():
        if name == "__metadata__":
            continue
        begin, end = (8 + size + offset for offset in entry["data_offsets"])
        weights[name] = np.frombuffer(content[begin:end], "<f2").astype(float).reshape(entry["shape"])
    return weights


W = read_weights()
VOCABULARY = json.loads((MODEL / "tokenizer.json").read_text())["model"]["vocab"]
UNK, CLS, MASK = (VOCABULARY[token] for token in ("[UNK]", "[CLS]", "[MASK]"))


def linear(x, name):
    return x @ W[name + ".weight"].T + W[name + ".bias"]


def normed(x, name):
    x = x - x.mean(-1, keepdims=True)
    return x / np.sqrt((x**2).mean(-1, keepdims=True) + 1e-12) * W[name + ".weight"] + W[name + ".bias"]


def softmax(z):
    e = np.exp(z - z.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def probabilities(ids):
    e = "bert.embeddings."
    x = W[e + "word_embeddings.weight"][ids] + W[e + "position_embeddings.weight"][: len(ids)]
    x = normed(x + W[e + "token_type_embeddings.weight"][0], e + "LayerNorm")
    for layer in range(6):
        at = f"bert.encoder.layer.{layer}."
        q, k, v = (
            linear(x, at + "attention.self." + part).reshape(len(ids), HEADS, -1).transpose(1, 0, 2)
            for part in ("query", "key", "value")
        )
        context = softmax(q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[-1])) @ v
        context = context.transpose(1, 0, 2).reshape(len(ids), -1)
        x = normed(x + linear(context, at + "attention.output.dense"), at + "attention.output.LayerNorm")
        inner = linear(x, at + "intermediate.dense")
        inner = inner * 0.5 * (1 + erf(inner / np.sqrt(2)))
        x = normed(x + linear(inner, at + "output.dense"), at + "output.LayerNorm")
    return softmax(linear(np.tanh(linear(x[0], "bert.pooler.dense")), "classifier"))


def changed(ids, positions, replace):
    if replace == "remove":
        return [token for t, token in enumerate(ids) if t not in positions]
    return [{"unk": UNK, "mask": MASK}[replace] if t in positions else token for t, token in enumerate(ids)]


def values(ids, scores, replace, number):
    """By metric. `number` makes what is compared of the probability of the class."""
    whole = probabilities(ids)
    target = int(whole.argmax())
    order = sorted(range(1, len(ids)), key=lambda t: (-scores[t - 1], t))
    falls = {"comprehensiveness": [], "sufficiency": []}
    for share in SHARES:
        k = math.ceil(share * len(order) - 1e-9)
        for metric, positions in (("comprehensiveness", order[:k]), ("sufficiency", order[k:])):
            p = probabilities(changed(ids, set(positions), replace))[target]
            falls[metric].append(number(whole[target]) - number(p))
    return {metric: float(np.mean(of_metric)) for metric, of_metric in falls.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("tests/golden"))
    out = parser.parse_args().out
    answers = {"probability": lambda p: p, "log_odds": lambda p: math.log(p / (1 - p))}
    cases = []
    for text in TEXTS:
        ids = [CLS] + [VOCABULARY.get(word, UNK) for word in text.split()]
        n = len(ids) - 1
        for scores in ([(7 * t + 3) % 5 for t in range(n)], [(-1) ** t * t / 8 for t in range(n)], [1] * n):
            for replace in ("remove", "unk", "mask"):
                for answer, number in answers.items():
                    found = values(ids, scores, replace, number)
                    cases.append({"text": text, "scores": scores, "replace": replace, "answer": answer, **found})
    lines = ",\n".join(json.dumps(case) for case in cases)
    (out / "model_metrics.json").write_text(f'{{"cases": [\n{lines}\n]}}\n')


if __name__ == "__main__":
    main()
