#!/usr/bin/env python3
"""Makes tests/cases/own/ and tests/cases/values.json: inputs of the kinds that the folders beside this file hold, and
what is right for all of them, computed with NumPy alone.

    make_cases.py            # needs NumPy; writes the same bytes each time

The folders beside own/ hold situations that people reported in public, remade as small inputs.
"""

import io
import json
import math
import struct
import zipfile
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
OWN = HERE / "own"
RANDOM = np.random.default_rng(20)
TOKENS = ["[CLS]", "the", "key", "is", "here", "[SEP]"]


def softmax(scores):
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    return weights / weights.sum(-1, keepdims=True)


def attention(*shape, causal=False, sharp=1.5):
    scores = RANDOM.normal(scale=sharp, size=shape)
    if causal:
        scores += np.triu(np.full(shape[-2:], -np.inf), 1)
    return softmax(scores)


# The two methods by their definitions: A = w I + (1 - w) mean over heads, rows divided by their sum.

def network(weights, skip=0.5):
    weights = np.asarray(weights, float)
    if weights.ndim == 4:
        weights = weights.mean(1)
    sums = weights.sum(-1, keepdims=True)
    weights = np.divide(weights, sums, out=np.zeros_like(weights), where=sums != 0)
    return skip * np.eye(weights.shape[-1]) + (1 - skip) * weights


def rollout(weights, source):
    product = np.eye(weights.shape[-1])
    for layer in network(weights):
        product = layer @ product
    return product[source].tolist()


def column_sum(weights):
    return network(weights)[0].sum(0).tolist()



# BERT by its paper: post-norm layers, GELU with erf, a classifier on tanh of the pooled first position.

def read_safetensors(path):
    raw = path.read_bytes()
    begin = 8 + struct.unpack("<Q", raw[:8])[0]
    header = json.loads(raw[8:begin])
    header.pop("__metadata__", None)
    return {name: np.frombuffer(raw[begin + a["data_offsets"][0]:begin + a["data_offsets"][1]], "<f4")
            .reshape(a["shape"]).astype(float) for name, a in header.items()}


def bert(folder, ids, types):
    """Attention [layer, head, query, key], and logits where there is a classifier."""
    config = json.loads((folder / "config.json").read_text())
    tensors = read_safetensors(folder / "model.safetensors")
    weights = {name.removeprefix("bert.").replace("gamma", "weight").replace("beta", "bias"): tensor
               for name, tensor in tensors.items()}
    heads = config["num_attention_heads"]

    def linear(x, name):
        return x @ weights[name + ".weight"].T + weights[name + ".bias"]

    def norm(x, name):
        centred = x - x.mean(-1, keepdims=True)
        root = np.sqrt((centred ** 2).mean(-1, keepdims=True) + config["layer_norm_eps"])
        return centred / root * weights[name + ".weight"] + weights[name + ".bias"]

    gelu = np.vectorize(lambda x: x * (1 + math.erf(x / math.sqrt(2))) / 2)
    n = len(ids)
    x = (weights["embeddings.word_embeddings.weight"][ids] + weights["embeddings.token_type_embeddings.weight"][types]
         + weights["embeddings.position_embeddings.weight"][:n])
    x = norm(x, "embeddings.LayerNorm")
    attentions = []
    for k in range(config["num_hidden_layers"]):
        at = f"encoder.layer.{k}."
        query, key, value = (linear(x, f"{at}attention.self.{part}").reshape(n, heads, -1).transpose(1, 0, 2)
                             for part in ("query", "key", "value"))
        attentions.append(softmax(query @ key.transpose(0, 2, 1) / math.sqrt(query.shape[-1])))
        context = (attentions[-1] @ value).transpose(1, 0, 2).reshape(n, -1)
        x = norm(x + linear(context, f"{at}attention.output.dense"), f"{at}attention.output.LayerNorm")
        inner = gelu(linear(x, f"{at}intermediate.dense"))
        x = norm(x + linear(inner, f"{at}output.dense"), f"{at}output.LayerNorm")
    if "classifier.weight" not in weights:
        return np.stack(attentions), None
    return np.stack(attentions), linear(np.tanh(linear(x[0], "pooler.dense")), "classifier")


# Files

def save(name, compressed=False, **arrays):
    """An npz without time stamps."""
    with zipfile.ZipFile(OWN / name, "w", zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED) as archive:
        for key, array in arrays.items():
            data = io.BytesIO()
            np.lib.format.write_array(data, np.asanyarray(array), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{key}.npy"), data.getvalue())


def f32(array):
    return np.asarray(array, np.float32)


def bfloat16(array):
    bits = f32(array).view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000).view(np.float32)


def numpy_file(header, array, version=b"\x01\x00"):
    text = header.encode()
    text += b" " * (-(len(text) + 11) % 16) + b"\n"
    return b"\x93NUMPY" + version + struct.pack("<H", len(text)) + text + np.ascontiguousarray(array).tobytes()


def main():
    OWN.mkdir(exist_ok=True)
    values = {}

    def right(name, weights, source=0):
        values[name] = {"rollout": rollout(weights, source), "column_sum": column_sum(weights)}

    # Axes
    weights = f32(attention(3, 2, 6, 6))
    save("axes_heads_last.npz", attentions=np.moveaxis(weights, 1, -1))
    save("axes_heads_between.npz", attentions=np.swapaxes(weights, 1, 2))
    save("axes_one_query.npz", attentions=weights[:, :, -1:])
    square = f32(attention(3, 6, 6, 6))
    save("axes_heads_last_as_many_as_tokens.npz", attentions=np.moveaxis(square, 1, -1))
    save("axes_swapped_causal.npz", attentions=np.swapaxes(f32(attention(2, 2, 6, 6, causal=True)), -1, -2))
    stack = f32(attention(3, 2, 2, 5, 5))  # [layer, batch, head, query, key]
    save("axes_stack_of_two.npz", attentions=stack)
    tokens = np.array([["a", "b", "c", "d", "e"], ["f", "g", "h", "i", "j"]])
    save("axes_stack_of_two_with_tokens.npz", attentions=stack, tokens=tokens)
    save("axes_stack_of_two_named.npz", attentions=stack, axes=np.array("layer,batch,head,query,key"))
    right("own/axes_stack_of_two", stack[:, 1])
    one = f32(attention(4, 1, 3, 5, 5))
    save("axes_stack_of_one_with_id.npz", **{"ex0.attentions": one})
    right("own/axes_stack_of_one_with_id", one[:, 0])

    # Padding: a batch padded on either side, and padding without a mask
    mask = np.array([[1, 1, 1, 1, 1, 1], [0, 0, 1, 1, 1, 1], [1, 1, 1, 0, 0, 0]])
    batch = []
    for row in mask:
        scores = RANDOM.normal(size=(2, 2, 6, 6)) + np.where(row == 1, 0, -1e9)
        batch.append(softmax(scores + np.triu(np.full((6, 6), -1e9), 1)))
    batch = f32(batch)
    save("padding_batch.npz", attentions=batch, attention_mask=mask.astype(bool),
         tokens=np.array([[f"t{t}{b}" for t in range(6)] for b in range(3)]),
         score=f32(np.arange(18).reshape(3, 6)))
    for b, row in enumerate(mask):
        kept = np.flatnonzero(row)
        right(f"own/padding_batch/{b}", batch[b][:, :, kept[:, None], kept], -1)
    scores = RANDOM.normal(size=(2, 2, 6, 6)) + np.where(np.arange(6) < 4, 0, -np.inf)
    save("padding_without_mask.npz", attentions=f32(softmax(scores)),
         tokens=np.array(["[CLS]", "a", "b", "[SEP]", "[PAD]", "[PAD]"]))
    causal = np.triu(np.full((6, 6), -np.inf), 1)
    save("padding_causal_without_mask.npz",
         attentions=f32(softmax(RANDOM.normal(size=(2, 2, 6, 6)) + causal + np.where(np.arange(6) < 5, 0, -np.inf))),
         tokens=np.array(["a", "b", "c", "d", "e", "<pad>"]))
    left = softmax(RANDOM.normal(size=(2, 2, 6, 6)) + causal + np.where(np.arange(6) < 2, -1e9, 0))  # rows of padding attend among themselves
    save("padding_left_causal_without_mask.npz", attentions=f32(left))
    zero = np.load(HERE / "padding/left_padded_zero_rows.npz")["attentions"]
    save("padding_zero_rows.npz", attentions=zero)
    kept = np.arange(6) != 2
    save("padding_not_given_to_the_model.npz", attentions=f32(attention(2, 2, 6, 6)), attention_mask=kept.astype(np.uint8))
    save("padding_additive_mask.npz", attentions=weights, attention_mask=f32(np.where(kept, 0, -10000)))

    # Rows
    exact = attention(2, 2, 64, 64)
    half = exact.astype(np.float16)
    save("rows_f16_as_float32.npz", attentions=f32(half[:1]))
    right("own/rows_f16_as_float32", f32(half[:1]))
    save("rows_bf16_as_f16.npz", attentions=bfloat16(attention(2, 2, 40, 40)).astype(np.float16))
    drop = RANDOM.random((2, 2, 64, 64)) < 0.2
    save("rows_dropout_of_long_rows.npz", compressed=True, attentions=f32(np.where(drop, 0, exact / 0.8)))
    scores = RANDOM.normal(scale=3, size=(2, 2, 6, 6))
    save("rows_scores.npz", attentions=f32(scores))
    save("rows_masked_scores.npz", attentions=f32(scores + np.triu(np.full((6, 6), -np.inf), 1)))
    save("rows_logarithms.npz", attentions=f32(np.log(attention(2, 2, 6, 6))))
    save("rows_percent.npz", attentions=f32(100 * weights))
    save("rows_summed_heads.npz", attentions=f32(weights.sum(1, keepdims=True)))
    sink = np.exp(scores)
    save("rows_sink.npz", attentions=f32(sink / (sink.sum(-1, keepdims=True) + np.exp(1.0))))
    save("rows_decimals.npz", attentions=f32(np.round(attention(2, 2, 16, 16), 2)))
    masked = attention(2, 2, 6, 6)
    masked[:, :, 4:] = np.nan
    save("rows_masked_whole.npz", attentions=f32(masked))
    pruned = attention(2, 3, 6, 6)
    pruned[:, 1] = 0
    save("rows_pruned_head.npz", attentions=f32(pruned))
    small = exact[:, :, :16, :16] / exact[:, :, :16, :16].sum(-1, keepdims=True)
    save("rows_threshold.npz", attentions=f32(np.where(small < 0.03, 0, small)))

    # Names
    weights = f32(attention(3, 2, 5, 5))
    for name in ("attn_weights", "attention", "model/attentions"):
        save(f"names_{name.replace('/', '_')}.npz", **{name: weights})
    right("own/names", weights)
    save("names_from_one.npz", **{f"layer_{k + 1}": w for k, w in enumerate(weights)})
    save("names_in_folders.npz", **{f"layers/{k}/attn": w for k, w in enumerate(weights)})
    save("names_examples.npz", arr_0=weights, arr_1=weights[::-1])
    with zipfile.ZipFile(OWN / "names_packed_on_a_mac.npz", "w") as archive:
        data = io.BytesIO()
        np.lib.format.write_array(data, weights)
        for name, content in (("attentions.npy", data.getvalue()), ("__MACOSX/._attentions.npy", b"\0\5\26\7Mac OS X"),
                              ("folder/", b"")):
            archive.writestr(zipfile.ZipInfo(name), content)
    edge = RANDOM.random((3, 5, 5))
    save("names_edge_weights_by_id.npz", **{"a.norms": f32(edge), "b.norms": f32(edge[:, :4, :4]),
                                            "a.tokens": np.array(list("vwxyz"))})
    right("own/names_edge_weights_by_id/a", edge.astype(np.float32))

    # Headers of Python 2, tokens that are ids
    (OWN / "python2_unicode.npy").write_bytes(
        numpy_file("{u'descr': u'<f4', u'fortran_order': False, u'shape': (3L, 2L, 5L, 5L), }", weights))
    right("own/python2_unicode", weights)
    (OWN / "python2_one_axis.npy").write_bytes(
        numpy_file("{'descr': '<f4', 'fortran_order': False, 'shape': (5L,), }", weights[0, 0, 0]))
    save("tokens_ids_by_id.npz", **{"ex0.attentions": weights, "ex0.tokens": np.arange(5)})
    save("tokens_one_text.npz", attentions=weights, tokens=np.array("[CLS] the key is [SEP]"))

    # The folders beside own/
    npz = lambda name: np.load(HERE / name)["attentions"]
    right("guessed-axes/stack_batch", npz("guessed-axes/stack_batch.npz")[:, 0])
    for name in ("right_padded", "left_padded_zero_rows"):
        kept = np.flatnonzero(np.load(HERE / f"padding/{name}.npz")["attention_mask"])
        right(f"padding/{name}", npz(f"padding/{name}.npz")[:, :, kept[:, None], kept], -1)
    right("rows-do-not-sum-to-1/bf16_as_float32", npz("rows-do-not-sum-to-1/bf16_as_float32.npz"))
    right("no-attention-found/extra_members", npz("no-attention-found/extra_members.npz"))
    positional = np.load(HERE / "no-attention-found/positional.npz")
    right("no-attention-found/positional", np.concatenate([positional[f"arr_{k}"] for k in range(3)]))
    layers = np.load(HERE / "no-attention-found/layer_names.npz")
    right("no-attention-found/layer_names", np.stack([layers[f"layer_{k}"] for k in range(3)]))
    right("no-attention-found/python2_long",
          np.frombuffer((HERE / "no-attention-found/python2_long.npy").read_bytes()[-600:], "<f4").reshape(3, 2, 5, 5))
    raw = (HERE / "edge-weights-only/only_edge_weights.safetensors").read_bytes()
    right("edge-weights-only/only_edge_weights", np.frombuffer(raw[-300:], "<f4").reshape(3, 5, 5))

    # Few and short rows, whose sums are far from 1 on the mean by chance, and of which two lost no weight
    random = np.random.default_rng(7)
    for _ in range(1000):
        short = softmax(random.normal(size=(3, 2, 8, 8)))
        short = f32(short * (random.random(short.shape) > 0.3) / 0.7)
        sums = short.sum(-1)
        if (sums > 1.428).sum() == 2 and abs(sums.mean() - 1) > 0.11:
            break
    save("rows_dropout_of_few_rows.npz", attentions=short)

    gemma = read_safetensors(HERE / "name-without-effect/gemma.safetensors")["attentions"].copy()
    right("name-without-effect/kept", gemma, -1)
    gemma[..., [0, 5]] = 0  # <bos> and <eos>, before rows are divided by their sum
    right("name-without-effect/dropped", gemma, -1)

    # Ids and types of the tokenizers library (0.23.3), of Tokenizer.from_file("uncased/tokenizer.json"):
    #   encode("the cat sat", "tea is hot"), and encode("the cat sat [SEP] tea is hot") with types of one text
    ids = [2, 19, 21, 22, 3, 34, 35, 36, 3]
    pair, text = [0, 0, 0, 0, 0, 1, 1, 1, 1], [0] * 9
    for name, folder, types in (("sentence-pairs/pair", "sentence-pairs/uncased", pair),
                                ("sentence-pairs/one_text", "sentence-pairs/uncased", text),
                                ("one-class", "one-class/cross_encoder_one_label", pair),
                                ("no-output-layer", "no-output-layer/bertmodel_noprefix", text)):
        weights, logits = bert(HERE / folder, ids, types)
        right(name, weights)
        if logits is not None:
            values[name]["logits"] = logits.tolist()

    (HERE / "values.json").write_text(json.dumps(values, indent=1) + "\n")


if __name__ == "__main__":
    main()
