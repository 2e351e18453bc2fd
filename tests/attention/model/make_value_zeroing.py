#!/usr/bin/env python3
"""Write tests/golden/model/value_zeroing.json: value zeroing of the small models, by its definition.

    make_value_zeroing.py [--models tests/golden/model]

Only regenerating needs Python with NumPy. Each layer is computed once with all values and once for each token with
that token's value set to zero in every head, in double precision, from the weights and the token ids of the golden
models (make_goldens.py); nothing is shared with the C++ code. Mohebbi et al. 2023, arXiv:2301.12971.
"""

import argparse
import json
import math
import struct
from pathlib import Path

import numpy as np

DTYPES = {"F16": "<f2", "F32": "<f4", "F64": "<f8", "I64": "<i8", "BF16": "<u2"}
MODELS = ["classifier", "one_head_bf16", "masked_lm", "masked_lm_shards"]
CASES = 3


def read_safetensors(path):
    content = path.read_bytes()
    begin = 8 + struct.unpack_from("<Q", content)[0]
    header = json.loads(content[8:begin])
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        a, b = entry["data_offsets"]
        values = np.frombuffer(content[begin + a:begin + b], DTYPES[entry["dtype"]])
        if entry["dtype"] == "BF16":
            values = (values.astype("<u4") << 16).view("<f4")
        tensors[name] = values.reshape(entry["shape"])
    return tensors


def gelu(x):
    return x * 0.5 * (1 + np.vectorize(math.erf)(x / math.sqrt(2)))


class Model:
    def __init__(self, folder):
        self.config = json.loads((folder / "config.json").read_text())
        self.weights = {}
        for file in sorted(folder.glob("model*.safetensors")):
            self.weights.update({k: v.astype(np.float64) for k, v in read_safetensors(file).items()})

    def norm(self, x, name):
        gamma, beta = ((self.weights[f"{name}.{new}"] if f"{name}.{new}" in self.weights else
                        self.weights[f"{name}.{old}"]) for new, old in (("weight", "gamma"), ("bias", "beta")))
        centred = x - x.mean(-1, keepdims=True)
        root = np.sqrt((centred**2).mean(-1, keepdims=True) + self.config.get("layer_norm_eps", 1e-12))
        return centred / root * gamma + beta

    def linear(self, x, name):
        return x @ self.weights[f"{name}.weight"].T + self.weights[f"{name}.bias"]

    def layer(self, x, l, zeroed):
        """The output of layer l for the input x, with the value of token `zeroed` (or None) set to zero."""
        name = f"bert.encoder.layer.{l}."
        n, d = x.shape
        heads = self.config["num_attention_heads"]
        query, key, value = (self.linear(x, f"{name}attention.self.{part}") for part in ("query", "key", "value"))
        if zeroed is not None:
            value[zeroed] = 0
        width = d // heads
        context = np.zeros((n, d))
        for h in range(heads):
            part = slice(h * width, (h + 1) * width)
            scores = query[:, part] @ key[:, part].T / math.sqrt(width)
            attention = np.exp(scores - scores.max(-1, keepdims=True))
            attention /= attention.sum(-1, keepdims=True)
            context[:, part] = attention @ value[:, part]
        x = self.norm(x + self.linear(context, f"{name}attention.output.dense"), f"{name}attention.output.LayerNorm")
        inner = gelu(self.linear(x, f"{name}intermediate.dense"))
        return self.norm(x + self.linear(inner, f"{name}output.dense"), f"{name}output.LayerNorm")

    def value_zeroing(self, ids, types):
        """By the name of the distance: [layers][n][n]."""
        x = (self.weights["bert.embeddings.word_embeddings.weight"][ids] +
             self.weights["bert.embeddings.token_type_embeddings.weight"][types] +
             self.weights["bert.embeddings.position_embeddings.weight"][:len(ids)])
        x = self.norm(x, "bert.embeddings.LayerNorm")
        found = {"cosine": [], "euclidean": []}
        for l in range(self.config["num_hidden_layers"]):
            output = self.layer(x, l, None)
            changed = np.stack([self.layer(x, l, j) for j in range(len(ids))], 1)  # [query, zeroed, d]
            length = np.linalg.norm(output, axis=-1)[:, None] * np.linalg.norm(changed, axis=-1)
            cosine = 1 - (output[:, None] * changed).sum(-1) / length
            for kind, moved in (("cosine", cosine), ("euclidean", np.linalg.norm(changed - output[:, None], axis=-1))):
                found[kind].append(moved / moved.sum(-1, keepdims=True))
            x = output
        return {kind: [[[float(f"{v:.9g}") for v in row] for row in matrix] for matrix in layers]
                for kind, layers in found.items()}


def main():
    root = Path(__file__).resolve().parents[3]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", type=Path, default=root / "tests/golden/model")
    folder = parser.parse_args().models
    out = {}
    for name in MODELS:
        model, golden = Model(folder / name), read_safetensors(folder / name / "golden.safetensors")
        out[name] = [model.value_zeroing(golden[f"{c}.ids"], golden[f"{c}.types"]) for c in range(CASES)]
    (folder / "value_zeroing.json").write_text(json.dumps(out, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
