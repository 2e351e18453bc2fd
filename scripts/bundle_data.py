#!/usr/bin/env python3
"""Write the small data files that come with the project.

    bundle_data.py SHARED_DATA_DIR [--out experiments/data]

sva_dev200.safetensors     200 held-out sentences of the verb number task, attention rounded to float16.
    Origin: the data of Linzen, Dupoux & Goldberg (TACL 2016); attention and reference scores come from a
    6-layer, 8-head encoder trained for this project. Licence: the sentences are Wikipedia text, CC BY-SA.
sva_sentences.tsv          the words and labels of these sentences, to run the model on. Same origin and licence.
models/sva-bert-6x8        that encoder, weights rounded to float16, without training log. Trained for this project on text
    under CC BY-SA; distributed under CC BY-SA.
gpt2_examples.safetensors  five prompts seen by GPT-2 small. Origin: github.com/poloclub/transformer-explainer. MIT.
gpt2_ex0.safetensors       the first of them as a single-example file, unchanged.

The same input gives the same bytes. Tensors are ordered as the safetensors library orders them: widest element
type first, then by name, so that all of them are aligned.
"""

import argparse
import json
import struct
from pathlib import Path

import numpy as np

DTYPES = {"F16": "<f2", "F32": "<f4", "F64": "<f8", "I64": "<i8"}
F32_LIMIT = 250_000  # bytes; a larger set of GPT-2 examples is stored as float16

SVA_ORIGIN = (
    "Linzen, Dupoux & Goldberg (TACL 2016): github.com/viking-sudo-rm/StackNN@9c242c69 data/linzen/rnn_agr_simple, "
    "github.com/treszkai/edinburgh-nlu-cw@7312229f data/wiki-test.txt; attention and scores: sva-bert-6x8, "
    "trained for this project")
SVA_LICENCE = (
    "CC BY-SA 3.0/4.0 text from Wikipedia (creativecommons.org/licenses/by-sa); sentences selected, lower-cased, rare "
    "words replaced by part-of-speech tags and cut before the verb")
MODEL_LICENCE = "CC BY-SA 3.0/4.0 (creativecommons.org/licenses/by-sa), as the text that it was trained on"
GPT2_LICENCE = """MIT License

Copyright (c) 2022 Polo Club of Data Science

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated \
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the \
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to \
permit persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the \
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE \
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR \
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR \
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE."""


def read_safetensors(path):
    """Return (tensors by name, metadata) of a safetensors file."""
    content = Path(path).read_bytes()
    data_begin = 8 + struct.unpack_from("<Q", content)[0]
    header = json.loads(content[8:data_begin])
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for name, entry in header.items():
        begin, end = (data_begin + offset for offset in entry["data_offsets"])
        values = np.frombuffer(content[begin:end], DTYPES[entry["dtype"]])
        tensors[name] = values.reshape(entry["shape"])
    return tensors, metadata


def write_safetensors(path, tensors, metadata):
    """Write tensors back to back, with the header padded by spaces to a multiple of 8 bytes."""
    names = {dtype: name for name, dtype in DTYPES.items()}
    header, chunks, offset = {"__metadata__": metadata}, [], 0
    for name in sorted(tensors, key=lambda key: (-tensors[key].itemsize, key)):
        tensor = tensors[name]
        header[name] = {"dtype": names[tensor.dtype.newbyteorder("<").str], "shape": list(tensor.shape),
                        "data_offsets": [offset, offset + tensor.nbytes]}
        chunks.append(tensor.tobytes())
        offset += tensor.nbytes
    text = compact_json(header).encode()
    text += b" " * (-len(text) % 8)
    Path(path).write_bytes(struct.pack("<Q", len(text)) + text + b"".join(chunks))


def compact_json(value):
    """JSON without blanks."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def bundle_sva(source, target):
    """Copy the verb number examples with float16 attention; drop metadata that `examples` repeats."""
    tensors, metadata = read_safetensors(source)
    examples = json.loads(metadata["examples"])
    for key, field in [("tokens", "tokens"), ("labels", "label")]:
        if json.loads(metadata[key]) == {example["id"]: example[field] for example in examples}:
            del metadata[key]
    metadata["examples"] = compact_json(examples)
    metadata["precision"] += "; attentions rounded to float16"
    metadata["origin"] = SVA_ORIGIN
    metadata["licence"] = SVA_LICENCE
    for name in tensors:
        if name.endswith(".attentions"):
            tensors[name] = tensors[name].astype("<f2")
    write_safetensors(target, tensors, metadata)


def bundle_sentences(source, target):
    """Write the words and labels of the examples as a table."""
    _, metadata = read_safetensors(source)
    rows = [f"{' '.join(example['tokens'][1:])}\t{example['label']}\t{example['group']}\n"
            for example in json.loads(metadata["examples"])]
    target.write_text("text\tlabel\tgroup\n" + "".join(rows))


def bundle_model(source, target):
    """Copy a model directory with float16 weights."""
    target.mkdir(parents=True, exist_ok=True)
    tensors, metadata = read_safetensors(source / "model.safetensors")
    metadata["origin"], metadata["licence"] = "trained for this project on " + SVA_ORIGIN.partition(";")[0], MODEL_LICENCE
    write_safetensors(target / "model.safetensors", {name: t.astype("<f2") for name, t in tensors.items()}, metadata)
    config = json.loads((source / "config.json").read_text()) | {"torch_dtype": "float16"}
    (target / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    tokenizer = json.loads((source / "tokenizer.json").read_text())
    (target / "tokenizer.json").write_text(compact_json(tokenizer) + "\n")


def bundle_gpt2(sources, target):
    """Join single-example files into one dataset file."""
    tensors, examples = {}, []
    for source in sources:
        single, metadata = read_safetensors(source)
        tensors[f"{source.stem}.attentions"] = single["attentions"]
        examples.append({"id": source.stem, "tokens": json.loads(metadata["tokens"]), "prompt": metadata["prompt"]})
    origin = metadata["source"].rpartition("/")[0]
    metadata = {"model": metadata["model"], "causal": "true", "axes": "attentions: layer,head,query,key",
                "examples": compact_json(examples), "origin": origin, "licence": GPT2_LICENCE}
    write_safetensors(target, tensors, metadata)
    if target.stat().st_size >= F32_LIMIT:
        write_safetensors(target, {name: tensor.astype("<f2") for name, tensor in tensors.items()}, metadata)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("shared", type=Path, help="folder with sva/, models/ and gpt2/")
    parser.add_argument("--out", type=Path, default=Path("experiments/data"))
    parser.add_argument("--models", type=Path, default=Path("experiments/models"))
    arguments = parser.parse_args()

    arguments.out.mkdir(parents=True, exist_ok=True)
    gpt2 = [arguments.shared / f"gpt2/ex{i}.safetensors" for i in range(5)]
    bundle_sva(arguments.shared / "sva/sva_dev200.safetensors", arguments.out / "sva_dev200.safetensors")
    bundle_sentences(arguments.shared / "sva/sva_dev200.safetensors", arguments.out / "sva_sentences.tsv")
    bundle_model(arguments.shared / "models/sva-bert-6x8", arguments.models / "sva-bert-6x8")
    bundle_gpt2(gpt2, arguments.out / "gpt2_examples.safetensors")
    (arguments.out / "gpt2_ex0.safetensors").write_bytes(gpt2[0].read_bytes())
    for path in sorted(arguments.out.glob("*.safetensors")):
        print(f"{path.stat().st_size:>10,} {path.name}")


if __name__ == "__main__":
    main()
