#!/usr/bin/env python3
"""Write the two made-up examples of layers.K files that docs/data-format.md works through.

    make_layered_examples.py [--out experiments/data]

cross_attention.safetensors  an encoder-decoder as one union graph: its positions are those of both sides, and a
    position that does nothing in a layer has an identity row there, its lane.
token_merging.safetensors    attention in windows of two, then pairs of tokens merged into one, then attention again.

Weights are multiples of 1/8, so that scores can be checked by hand. The same bytes each time.
"""

import argparse
import json
import struct
from pathlib import Path

ENCODER = [[0.75, 0.25], [0.5, 0.5]]
DECODER = [[1, 0], [0.5, 0.5]]
CROSS = [[0.5, 0.5], [0.25, 0.75]]


def cross_attention():
    """Positions: the tokens "le", "chat" of the encoder, then "the", "cat" of the decoder."""
    self_attention = [row + [0, 0] for row in ENCODER] + [[0, 0] + row for row in DECODER]
    cross = [[1, 0, 0, 0], [0, 1, 0, 0]] + [row + [0, 0] for row in CROSS]
    return {"layers.0": self_attention, "layers.1": cross}, ["le", "chat", "the", "cat"]


def token_merging():
    """Two heads; the merging layer has no head axis, it is the same for both."""
    head_0 = [[0.5, 0.5, 0, 0], [0.25, 0.75, 0, 0], [0, 0, 1, 0], [0, 0, 0.5, 0.5]]
    head_1 = [[1, 0, 0, 0], [0.75, 0.25, 0, 0], [0, 0, 0.5, 0.5], [0, 0, 0.5, 0.5]]
    merge = [[0.5, 0.5, 0, 0], [0, 0, 0.5, 0.5]]
    top = [[[0.5, 0.5], [1, 0]], [[0.75, 0.25], [0, 1]]]
    return {"layers.0": [head_0, head_1], "layers.1": merge, "layers.2": top}, ["a", "b", "c", "d"]


def shape(values):
    return [len(values)] + shape(values[0]) if isinstance(values, list) else []


def flat(values):
    return [number for part in values for number in flat(part)] if isinstance(values, list) else [values]


def write_safetensors(path, tensors, tokens):
    header = {"__metadata__": {"tokens": json.dumps(tokens), "origin": "made up"}}
    data = b""
    for name, values in sorted(tensors.items()):
        numbers = flat(values)
        begin = len(data)
        data += struct.pack(f"<{len(numbers)}f", *numbers)
        header[name] = {"dtype": "F32", "shape": shape(values), "data_offsets": [begin, len(data)]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("experiments/data"))
    out = parser.parse_args().out
    for make in (cross_attention, token_merging):
        write_safetensors(out / f"{make.__name__}.safetensors", *make())


if __name__ == "__main__":
    main()
