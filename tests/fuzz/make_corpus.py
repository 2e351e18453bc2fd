#!/usr/bin/env python3
"""Write the seeds of the fuzz targets: small files, right and nearly right.

    make_corpus.py [--out tests/fuzz/corpus]
"""

import argparse
import io
import json
import struct
import zipfile
from pathlib import Path

import numpy as np


def attention(layers, heads, tokens, dtype="<f4"):
    return np.full((layers, heads, tokens, tokens), 1 / tokens, dtype)


def safetensors(tensors, metadata=None):
    names = {"float32": "F32", "float64": "F64", "float16": "F16", "int64": "I64"}
    header, data = {}, b""
    if metadata:
        header["__metadata__"] = metadata
    for name, array in tensors.items():
        header[name] = {"dtype": names[array.dtype.name], "shape": list(array.shape),
                        "data_offsets": [len(data), len(data) + array.nbytes]}
        data += array.tobytes()
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def safetensors_seeds():
    yield "single", safetensors({"attentions": attention(1, 1, 2)}, {"tokens": '["a", "b"]'})
    yield "by_layer", safetensors({"attentions.0": attention(1, 1, 2)[0], "attentions.1": attention(1, 1, 2)[0]})
    yield "batch", safetensors({"attentions": attention(2, 1, 2)[:, None], "score": np.zeros((2, 2))})
    yield "dataset", safetensors(
        {"a.attentions": attention(1, 2, 2, "<f2"), "a.score": np.arange(2.0), "a.input_ids": np.arange(2)},
        {"examples": json.dumps([{"id": "a", "tokens": ["x", "y"], "label": 1, "predicted": None, "group": "g"}])})
    yield "by_id", safetensors({"a.attentions": attention(1, 1, 1), "a.alti": attention(1, 1, 1)[0]},
                               {"tokens": '{"a": ["x"]}', "labels": '{"a": 3}'})
    yield "no_attention", safetensors({"weights": np.zeros(3)})
    yield "empty_shape", safetensors({"attentions": np.zeros((1, 1, 0, 0))})
    yield "padded", safetensors({"a.attentions": np.ones((1, 1, 3, 3)) * [0.5, 0.5, 0], "a.score": np.arange(3.0),
                                 "a.attention_mask": np.array([1, 1, 0]), "a.alti": np.ones((1, 3, 3))},
                                {"tokens": '{"a": ["x", "y", "z"]}'})
    yield "stack", safetensors({"attentions": attention(2, 2, 2)[:, :, None], "attention_mask": np.array([[1, 0], [1, 1]])},
                               {"axes": "layer,batch,head,query,key", "tokens": '[["a", "b"], ["c", "d"]]'})
    yield "weights_only", safetensors({"a.alti": attention(2, 1, 2)[:, 0], "b.alti": attention(2, 1, 3)[:, 0]})
    yield "layer_names", safetensors({"layer_0": attention(1, 1, 2)[0], "layer_1": attention(1, 1, 2)[0]})
    yield "dropout", safetensors({"attentions": np.array([[[[0.6, 0.6], [0.6, 0]]], [[[0.3, 0.9], [0, 1.2]]]])})
    yield "swapped", safetensors({"attentions": np.array([[[[0.9, 0.9], [0.1, 0.1]]]])})
    yield "pieces", safetensors({"a.attentions": attention(1, 1, 3), "a.score": np.arange(3.0),
                                 "a.alti": attention(1, 1, 3)[0]},
                                {"examples": json.dumps([{"id": "a", "tokens": ["un", "##do", "it"], "position": 1}])})
    yield "word_ids", safetensors({"a.attentions": attention(1, 1, 4), "a.attention_mask": np.array([1, 1, 1, 0])},
                                  {"examples": json.dumps([{"id": "a", "word_ids": [None, 3, 3, 0]}])})
    yield "git_lfs", b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"
    yield "html", b"<!DOCTYPE html><html></html>"


def npz(save, *positional, **arrays):
    out = io.BytesIO()
    save(out, *positional, **arrays)
    return out.getvalue()


def npz_seeds():
    yield "stored", npz(np.savez, attentions=attention(1, 1, 2), tokens=np.array(["a", "b"]))
    yield "deflated", npz(np.savez_compressed, attentions=attention(2, 2, 3), tokens=np.array(["a", "b", "c"]))
    yield "dataset", npz(np.savez_compressed, **{"a.attentions": attention(1, 1, 1), "a.tokens": np.array(["x"]),
                                                 "a.score": np.zeros(1, ">f8")}, task=np.array("t"))
    yield "fortran", npz(np.savez, attentions=np.asfortranarray(attention(1, 2, 2)))
    yield "objects", npz(np.savez, attentions=np.array([None]))
    yield "empty", npz(np.savez)
    yield "padded", npz(np.savez, attentions=attention(1, 1, 2), attention_mask=np.array([True, False]),
                        tokens=np.array([1, 2]))
    yield "positional", npz(np.savez, attention(1, 1, 2), attention(1, 1, 2))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(zipfile.ZipInfo("attentions.npy"), npy(attention(1, 1, 2)))
        archive.writestr(zipfile.ZipInfo("README.txt"), "text")
        archive.writestr(zipfile.ZipInfo("x/data.pkl_"), "no pickle")
    yield "other_members", out.getvalue()


def npy(array, version=None):
    out = io.BytesIO()
    np.lib.format.write_array(out, array, version)
    return out.getvalue()


def npy_seeds():
    yield "float", npy(attention(1, 1, 2))
    yield "big_endian_fortran", npy(np.asfortranarray(np.arange(6, dtype=">f8").reshape(2, 3)))
    yield "version_2", npy(np.zeros(2), (2, 0))
    yield "version_3", npy(np.zeros(2), (3, 0))
    yield "text", npy(np.array([["a", "\u20ac"], ["", "xyz"]]))
    yield "bytes", npy(np.array([b"ab", b"c"]))
    yield "scalar", npy(np.array(1.0))
    yield "object", npy(np.array([None]))
    yield "structured", npy(np.zeros(1, [("a", "<f8")]))
    yield "complex", npy(np.zeros(1, ">c8"))
    header = b"{u'descr': u'<f4', 'fortran_order': False, 'shape': (1L, 2L), }\n"
    yield "python2", b"\x93NUMPY\1\0" + struct.pack("<H", len(header)) + header + bytes(8)


CONFIG = """methods = ["rollout", "attention_flow", "column_sum"]
preset = "paper"
[dataset]
path = "x.safetensors"
limit = 3
special_tokens = ["[CLS]"]
[axes]
layer = [1, 2]
skip_weight = [0, 0.5]
positions = ["all", "no_special"]
[parameters.attention_flow]
bits = 30
[evaluation]
references = ["blank_out", "abs(grad)", "method(rollout)"]
metrics = ["spearman", "top_k_overlap(k=2)"]
undefined = "zero"
[statistics]
resamples = 500
level = 0.9
"""


def config_seeds():
    yield "whole", CONFIG.encode()
    yield "all_layers", CONFIG.replace("[1, 2]", '"all"').encode()
    yield "misspelt", CONFIG.replace("skip_weight", "skip_wieght").encode()
    yield "wrong_type", CONFIG.replace("limit = 3", 'limit = "3"').encode()
    yield "out_of_range", CONFIG.replace("level = 0.9", "level = 9").encode()
    yield "syntax", CONFIG.replace("[axes]", "[axes").encode()
    yield "source_all", CONFIG.replace("layer =", 'source = "all"\nlayer =').encode()


DIMACS = """c two layers
p max 5 6
n 5 s
n 1 t
a 5 3 4
a 5 4 3
a 3 1 2
a 3 2 9
a 4 1 7
a 4 2 0
"""


def dimacs_seeds():
    yield "layered", DIMACS.encode()
    yield "skips_a_layer", DIMACS.replace("a 4 2 0", "a 5 1 1").encode()
    yield "cycle", DIMACS.replace("a 4 2 0", "a 3 4 1").encode()
    yield "too_few_edges", DIMACS.replace("p max 5 6", "p max 5 7").encode()
    yield "largest", DIMACS.replace(" 7", " 9223372036854775000").encode()
    yield "no_sink", DIMACS.replace("n 1 t\n", "").encode()
    yield "huge_claim", b"p max 1000000000 1000000000\nn 1 s\nn 2 t\n"


GOLDEN = Path(__file__).resolve().parents[1] / "golden/model"


def changed(text, **values):
    """The JSON object `text` with other values; without those that are None."""
    merged = {**json.loads(text), **values}
    return json.dumps({key: value for key, value in merged.items() if value is not None}).encode()


def model_config_seeds():
    right = (GOLDEN / "classifier/config.json").read_text()
    yield "right", right.encode()
    yield "num_labels", changed(right, id2label=None, num_labels=3)
    yield "masked_lm", changed(right, architectures=["BertForMaskedLM"])
    yield "other_activation", changed(right, hidden_act="gelu_new")
    yield "huge", changed(right, vocab_size=2**63, num_hidden_layers=9999)
    yield "no_heads", changed(right, num_attention_heads=0)
    yield "labels_with_a_gap", changed(right, id2label={"0": "a", "7": "b"})
    yield "pruned", changed(right, pruned_heads={"0": [1]}, layer_norm_eps=1e-300)


def tokenizer_seeds():
    for name in ("uncased", "words"):
        whole = json.loads((GOLDEN / "tokenizers" / name / "tokenizer.json").read_text())
        vocabulary = whole["model"]["vocab"]
        whole["model"]["vocab"] = dict(sorted(vocabulary.items(), key=lambda entry: entry[1])[:12])
        yield name, json.dumps(whole, separators=(",", ":")).encode()
    model = {"type": "WordPiece", "vocab": {"a": 0, "##b": 1, "[UNK]": 2}, "unk_token": "[UNK]"}
    yield "small", json.dumps({"model": model}).encode()
    yield "one_id_twice", json.dumps({"model": {"type": "WordLevel", "vocab": {"a": 0, "b": 0}}}).encode()
    yield "byte_pairs", json.dumps({"model": {"type": "BPE", "vocab": {}, "merges": []}}).encode()
    added = [{"id": 3, "content": "k", "special": False, "lstrip": True, "rstrip": True, "normalized": True}]
    yield "added", json.dumps({"model": model, "added_tokens": added, "normalizer": {"type": "BertNormalizer"}}).encode()
    single = [{"SpecialToken": {"id": "[C]", "type_id": 1}}, {"Sequence": {"id": "A", "type_id": 0}}]
    yield "template", json.dumps({"model": model, "post_processor": {
        "type": "TemplateProcessing", "single": single, "special_tokens": {"[C]": {"ids": [2, 2]}}}}).encode()


def vocabulary_seeds():
    yield "right", (GOLDEN / "one_head_bf16/vocab.txt").read_bytes()
    special = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n"
    yield "special_only", special.encode()
    yield "carriage_returns", (special + "key\n##s\n").replace("\n", "\r\n").encode()
    yield "empty_line", (special + "\na\n").encode()
    yield "twice", (special + "a\na").encode()
    yield "not_utf8", special.encode() + b"\xff\n"
    yield "long_line", special.encode() + b"a" * 3000


def tokenizer_config_seeds():
    yield "plain", json.dumps({"do_lower_case": True, "strip_accents": None, "tokenize_chinese_chars": True,
                               "do_basic_tokenize": True, "never_split": ["[MASK]"], "model_max_length": 512,
                               "tokenizer_class": "BertTokenizer"}).encode()
    yield "renamed", json.dumps({"unk_token": "the", "mask_token": {"content": "key", "lstrip": True}}).encode()
    yield "added", json.dumps({"added_tokens_decoder": {
        "4": {"content": "[MASK]", "lstrip": True, "special": True, "single_word": False},
        "100": {"content": "New", "normalized": True, "rstrip": True}}, "additional_special_tokens": []}).encode()
    yield "nested", b'{"added_tokens_decoder": ' + b"[" * 200 + b"]" * 200 + b"}"
    yield "map", json.dumps({"bos_token": "the", "eos_token": {"content": "key"},
                             "additional_special_tokens": ["a", {"content": "b"}]}).encode()
    yield "slow_only", json.dumps({"do_basic_tokenize": False}).encode()


def shard_index_seeds():
    index = json.loads((GOLDEN / "masked_lm_shards/model.safetensors.index.json").read_text())
    right = index["weight_map"]
    name, shard = next(iter(right.items()))
    few = dict(list(right.items())[:2])
    yield "right", json.dumps(index).encode()
    yield "few", json.dumps({"weight_map": few}).encode()
    yield "itself", json.dumps({"weight_map": {name: "model.safetensors.index.json"}}).encode()
    yield "outside", json.dumps({"weight_map": {name: "../" + shard}}).encode()
    yield "wrong_shard", json.dumps({"weight_map": {name: shard.replace("00001-of", "00002-of")}}).encode()
    yield "missing_shard", json.dumps({"weight_map": {name: "none.safetensors"}}).encode()
    yield "empty", json.dumps({"weight_map": {}}).encode()


def texts_seeds():
    yield "table", "text\tlabel\tid\nthe key\tyes\t1\na b\t\t2\nb\t2\t3\n".encode()
    yield "lines", "\ufeffthe key\r\nna\u00efve\tone\r\n\r\n".encode()
    yield "quoted", b'text\tlabel\n"a b"\tno\n'
    yield "pairs", "text\ttext_pair\tlabel\tid\nthe key\ta b\tyes\t1\na [SEP] b\tb\t\t2\n".encode()
    yield "pairs_by_name", b"question\tid\tcontext\nthe key\t1\ta b\n"
    yield "labels", b"text\tlabels\na\tno\n"
    yield "carriage_returns", b"text\ra\rb\r"
    yield "nul", b"text\na\0b\n"
    yield "not_utf8", b"text\n\xff\n"
    yield "blank", "text\n\u3000\na\n".encode()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("tests/fuzz/corpus"))
    arguments = parser.parse_args()
    for target, seeds in (("safetensors", safetensors_seeds), ("npz", npz_seeds), ("npy", npy_seeds),
                          ("config", config_seeds), ("dimacs", dimacs_seeds),
                          ("model_config", model_config_seeds), ("tokenizer", tokenizer_seeds),
                          ("vocabulary", vocabulary_seeds),
                          ("tokenizer_config", tokenizer_config_seeds), ("shard_index", shard_index_seeds),
                          ("texts", texts_seeds)):
        folder = arguments.out / target
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in seeds():
            (folder / name).write_bytes(content)


if __name__ == "__main__":
    main()
