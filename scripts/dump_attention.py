#!/usr/bin/env python3
"""Write the attention of a Hugging Face model to a dataset file for attnflow.

    dump_attention.py bert-base-uncased out.safetensors --text "the key to the cabinets is"
    dump_attention.py gpt2 out.safetensors --text-file prompts.txt --batch-size 8
    dump_attention.py google/vit-base-patch16-224 out.safetensors --image cat.png

Text encoders, causal models and vision transformers that AutoModel loads; needs torch, transformers and numpy (and
pillow for images). Every example gets ID.attentions [layer, head, query, key], its tokens, and ID.input_ids for text.
Padding is cut off, rows are checked to sum to 1. What can go wrong, and how to do the same by hand:
docs/getting-attention.md.
"""

import argparse
import json
import os
import struct
import sys
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

DTYPES = {"F16": "<f2", "F32": "<f4", "F64": "<f8", "I64": "<i8"}


class DumpError(Exception):
    """Something that the user can mend; the message says how."""


@dataclass
class Example:
    id: str
    attention: np.ndarray            # [layer, head, query, key]
    tokens: list
    scores: dict = field(default_factory=dict)  # further tensors [n], by name


# From a model's outputs to attention

def to_numpy(tensor):
    """A NumPy array of at least float32, whatever device and type a tensor has."""
    if hasattr(tensor, "detach"):
        tensor = tensor.detach().cpu()
        tensor = (tensor.float() if tensor.is_floating_point() else tensor).numpy()
    array = np.asarray(tensor)
    return array.astype(np.float32) if array.dtype == np.float16 else array


def check_present(attentions):
    if not attentions or any(layer is None for layer in attentions):
        raise DumpError('the model returned no attention weights: fused attention ("sdpa", "flash_attention_2") never '
                        'computes them. Load it with attn_implementation="eager" and output_attentions=True')


def stack_layers(attentions, batch, heads=None):
    """[batch, layer, head, query, key] from what a model returns: one [batch, head, query, key] a layer."""
    check_present(attentions)
    layers = [to_numpy(layer) for layer in attentions]
    first = layers[0].shape
    for number, layer in enumerate(layers):
        if layer.ndim != 4 or layer.shape != first:
            raise DumpError(f"layer {number} has attention of shape {list(layer.shape)}, layer 0 {list(first)}; expected "
                            "[batch, head, query, key] alike in all. Layers of different width (merged tokens) go "
                            "into tensors layers.K, see docs/data-format.md")
    if first[0] != batch:
        raise DumpError(f"attention of {first[0]} windows for {batch} inputs: the model attends within windows; put "
                        "them together as in docs/data-format.md, layers of different width")
    if first[2] != first[3]:
        raise DumpError(f"{first[2]} queries and {first[3]} keys: run the whole sequence in one pass, with "
                        "use_cache=False")
    if heads is not None and first[1] != heads:
        raise DumpError(f"attention of {first[1]} heads, the model has {heads}: with grouped queries repeat the weights "
                        "so that every query head has its own")
    return np.stack(layers, axis=1)


def crop(attention, mask):
    """Keeps the positions where mask is 1, on whichever side the padding is: [layer, head, m, m]."""
    kept = np.flatnonzero(to_numpy(mask))
    if len(kept) == 0:
        raise DumpError("an input without tokens")
    return attention[:, :, kept[:, None], kept]


def row_sum_tolerance(attention):
    """By the precision that the values have, whatever type they are stored in: as `attnflow validate` decides."""
    bits = attention[attention != 0].astype(np.float32).view(np.uint32)
    for tolerance, below, last in ((2e-2, 0xFFFF, 0x10000), (2e-3, 0x1FFF, 0x2000)):  # bfloat16, float16
        if len(bits) and not (bits & below).any() and 16 * np.count_nonzero(bits & last) >= len(bits):
            return tolerance
    return 1e-4


def why_rows_fail(attention, whole):
    """What rows that do not sum to 1 look like, in the order of attention/row_diagnosis.hpp; whole: before padding was
    cut off."""
    sums = attention.sum(axis=-1, dtype=np.float64)
    zero_rows = np.flatnonzero((attention == 0).all(axis=(0, 1, 3)))
    if len(zero_rows):
        return f"the rows of positions {zero_rows.tolist()} are 0: padding that the mask does not name"
    if np.allclose(attention.sum(axis=-2, dtype=np.float64), 1, atol=2e-2):
        return "the columns sum to 1: query and key are exchanged, numpy.swapaxes(weights, -1, -2)"
    if whole is not None and np.allclose(whole.sum(axis=-1, dtype=np.float64), 1, atol=2e-2):
        return "with padding they sum to 1: the model attended to it, because it was not given attention_mask"
    present = (attention != 0).mean(axis=(0, 1))
    scattered = 1 - present[present > 0].mean()  # 0 in one head and not in another
    if sums.max() > 1 and (scattered > 5e-3 or np.ptp(sums) < 1e-3):
        return "dropout was on: call model.eval() before the model is run"
    if (attention > 1.001).any():
        return "weights above 1: scores before the softmax?"
    if sums.max() <= 1.001:
        return ("a share of the attention goes to no position: an attention sink outside the sequence (say "
                f"--row-sum-tolerance {np.ceil(101 - 100 * sums.min()) / 100:.2f}, and rows are divided by their sum later)")
    return f"sums go from {sums.min():.4f} to {sums.max():.4f}, for none of the usual reasons"


def check_rows(attention, where, tolerance=None, whole=None):
    """Rows must be distributions: this finds dropout, attention to padding, and tensors that are no attention."""
    if np.isnan(attention).all(axis=-1).any():
        raise DumpError(f"{where}: rows of NaN: queries that are masked whole; give the model attention_mask")
    if not np.isfinite(attention).all():
        raise DumpError(f"{where}: attention holds NaN or infinity; compute in float32, model.float()")
    if (attention < 0).any():
        raise DumpError(f"{where}: attention holds negative numbers: scores before the softmax?")
    tolerance = row_sum_tolerance(attention) if tolerance is None else tolerance
    deviation = np.abs(attention.sum(axis=-1, dtype=np.float64) - 1)
    layer, head, row = np.unravel_index(deviation.argmax(), deviation.shape)
    if deviation[layer, head, row] > tolerance:
        raise DumpError(
            f"{where}: layer {layer}, head {head}, row {row} sums to {attention[layer, head, row].sum():.4f}, expected "
            f"1 ± {tolerance:g}: {why_rows_fail(attention, whole)}")


def examples_of_batch(ids, attentions, mask, tokens, scores, heads=None, tolerance=None):
    """Examples of one forward pass; tokens and scores are by input, padding included."""
    stacked = stack_layers(attentions, len(ids), heads)
    examples = []
    for b, example_id in enumerate(ids):
        kept = np.flatnonzero(to_numpy(mask[b]))
        attention = crop(stacked[b], mask[b])
        check_rows(attention, example_id, tolerance, stacked[b])
        examples.append(Example(example_id, attention, [tokens[b][k] for k in kept],
                                {name: to_numpy(values[b])[kept] for name, values in scores.items()}))
    return examples


# The dataset file

def write_safetensors(path, tensors, metadata):
    """tensors: {name: (dtype, array)}. The file appears whole or not at all."""
    order = sorted(tensors, key=lambda name: (-np.dtype(DTYPES[tensors[name][0]]).itemsize, name))
    header, blocks, offset = {"__metadata__": metadata}, [], 0
    for name in order:
        dtype, array = tensors[name]
        block = np.ascontiguousarray(array, DTYPES[dtype]).tobytes()
        header[name] = {"dtype": dtype, "shape": list(array.shape), "data_offsets": [offset, offset + len(block)]}
        blocks.append(block)
        offset += len(block)
    text = json.dumps(header, ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    partial = Path(f"{path}.{os.getpid()}.partial")
    try:
        with open(partial, "wb") as file:
            file.write(struct.pack("<Q", len(text)) + text)
            file.writelines(blocks)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def write_dataset(path, examples, dtype="F32", metadata=None, special_tokens=()):
    """One file with all examples, in the format of docs/data-format.md."""
    tensors, listed = {}, []
    for example in examples:
        layers, heads, n, _ = example.attention.shape
        if len(example.tokens) != n:
            raise DumpError(f"{example.id}: {len(example.tokens)} tokens for {n} positions")
        if f"{example.id}.attentions" in tensors:
            raise DumpError(f"{example.id}: the id is given twice")
        tensors[f"{example.id}.attentions"] = (dtype, example.attention)
        for name, values in example.scores.items():
            tensors[f"{example.id}.{name}"] = ("I64" if values.dtype.kind in "iu" else "F32", values)
        listed.append({"id": example.id, "tokens": list(example.tokens)})
    write_safetensors(path, tensors, {"axes": "layer,head,query,key", "examples": json.dumps(listed, ensure_ascii=False),
                                      "special_tokens": json.dumps(list(special_tokens), ensure_ascii=False),
                                      **(metadata or {})})


# Models

def load(name, loader, arguments):
    """A model that computes its attention weights, in evaluation mode."""
    return loader.from_pretrained(name, attn_implementation="eager").to(arguments.device).eval()


def batches(items, size):
    for begin in range(0, len(items), size):
        yield begin, items[begin:begin + size]


def dump_texts(arguments, texts):
    import torch
    import transformers
    tokenizer = transformers.AutoTokenizer.from_pretrained(arguments.model)
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token  # any token will do: padding is masked and cut off
    model = load(arguments.model, transformers.AutoModel, arguments)
    model.config.use_cache = False
    if model.config.is_encoder_decoder:
        raise DumpError("an encoder-decoder model: see docs/getting-attention.md on how to write its layers")
    examples = []
    for begin, batch in batches(texts, arguments.batch_size):
        inputs = tokenizer(batch, padding=True, truncation=True, max_length=arguments.max_length, return_tensors="pt")
        with torch.no_grad():
            outputs = model(**inputs.to(arguments.device), output_attentions=True)
        tokens = [tokenizer.convert_ids_to_tokens(row) for row in inputs["input_ids"].tolist()]
        examples += examples_of_batch([f"ex{begin + b:05}" for b in range(len(batch))], outputs.attentions,
                                      inputs["attention_mask"], tokens, {"input_ids": inputs["input_ids"]},
                                      model.config.num_attention_heads, arguments.row_sum_tolerance)
    return examples, tokenizer.all_special_tokens


def patch_grid(config):
    """(rows, columns) of the patches by the sizes in a model's config; None where it does not give them."""
    def pair(value):
        return tuple(value) if isinstance(value, (list, tuple)) else (value, value)
    try:
        (height, width), (patch_height, patch_width) = (pair(getattr(config, name, None))
                                                        for name in ("image_size", "patch_size"))
        return height // patch_height, width // patch_width
    except (TypeError, ValueError, ZeroDivisionError):
        return None


def patch_names(positions, grid=None):
    """[CLS] and the patches by row and column; further tokens in front are called [X1], [X2], ...

    Without a grid, or one of more patches than positions, all that is known is their order: 0, 1, 2, ...
    """
    extra = positions - grid[0] * grid[1] if grid else -1
    if extra < 0:
        return [str(position) for position in range(positions)]
    names = ["[CLS]"][:extra] + [f"[X{i}]" for i in range(1, extra)]
    return names + [f"{row},{column}" for row in range(grid[0]) for column in range(grid[1])]


def examples_of_images(ids, attentions, config, tolerance=None):
    check_present(attentions)
    positions = attentions[0].shape[-1]
    return examples_of_batch(ids, attentions, np.ones((len(ids), positions)),
                             [patch_names(positions, patch_grid(config))] * len(ids), {},
                             getattr(config, "num_attention_heads", None), tolerance)


def dump_images(arguments, paths):
    import torch
    import transformers
    from PIL import Image
    processor = transformers.AutoImageProcessor.from_pretrained(arguments.model)
    model = load(arguments.model, transformers.AutoModel, arguments)
    examples = []
    for begin, batch in batches(paths, arguments.batch_size):
        images = [Image.open(path).convert("RGB") for path in batch]
        with torch.no_grad():
            outputs = model(**processor(images, return_tensors="pt").to(arguments.device), output_attentions=True)
        examples += examples_of_images([f"ex{begin + b:05}" for b in range(len(batch))], outputs.attentions,
                                       model.config, arguments.row_sum_tolerance)
    return examples, ["[CLS]"]


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="name or folder of a Hugging Face model")
    parser.add_argument("out", type=Path, help="safetensors file to write")
    parser.add_argument("--text", action="append", default=[], help="an input; repeatable")
    parser.add_argument("--text-file", type=Path, help="inputs, one a line")
    parser.add_argument("--image", action="append", default=[], help="an image file; repeatable")
    parser.add_argument("--dtype", choices=["F16", "F32", "F64"], default="F32", help="of the file (default: F32)")
    parser.add_argument("--batch-size", type=int, default=1)
    parser.add_argument("--max-length", type=int, default=512, help="longer texts are cut off (default: 512 tokens)")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--row-sum-tolerance", type=float,
                        help="how far from 1 rows may sum (default: by the precision of the values)")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    texts = list(arguments.text)
    if arguments.text_file:
        texts += [line for line in arguments.text_file.read_text().splitlines() if line.strip()]
    if bool(texts) == bool(arguments.image):
        sys.exit("dump_attention: give texts (--text, --text-file) or images (--image)")
    try:
        examples, special = dump_texts(arguments, texts) if texts else dump_images(arguments, arguments.image)
        write_dataset(arguments.out, examples, arguments.dtype, {"model": str(arguments.model)}, special)
    except DumpError as error:
        sys.exit(f"dump_attention: {error}")
    print(f"{arguments.out}: {len(examples)} examples; check it with: attnflow validate {arguments.out}")


if __name__ == "__main__":
    main()
