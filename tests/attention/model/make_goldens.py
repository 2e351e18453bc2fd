#!/usr/bin/env python3
"""Write the golden files of the model tests, by PyTorch in double precision.

    make_goldens.py [--out tests/golden/model] [--sva experiments/models/sva-bert-6x8]

Only regenerating needs Python (Debian: python3-torch, python3-numpy); the same input gives the same bytes.
Everything here is written from the papers and from the behaviour of Hugging Face's BertModel, independently
of the C++ code: the encoder with torch's autograd, the tokenizer with Python's unicodedata.

    NAME/           a small model directory with random weights, golden.safetensors beside the weights
    sva.safetensors the bundled model, whose float16 weights are what both sides read
    tokenizer.json  texts and their tokens
"""

import argparse
import json
import math
import struct
import unicodedata
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

DTYPES = {"F16": "<f2", "F32": "<f4", "F64": "<f8", "I64": "<i8", "BF16": "<u2"}
REPLACEMENTS = {"unk": "[UNK]", "mask": "[MASK]", "pad": "[PAD]"}


# Files


def read_safetensors(path):
    content = Path(path).read_bytes()
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


def write_safetensors(path, tensors, metadata=None, dtype="F32"):
    """Float tensors are stored as `dtype`, integers as I64."""
    header, chunks, offset = {}, [], 0
    if metadata:
        header["__metadata__"] = metadata
    integers = {name: t for name, t in tensors.items() if np.issubdtype(t.dtype, np.integer)}
    for name in sorted(integers) + sorted(set(tensors) - set(integers)):
        tensor, kind = tensors[name], "I64" if name in integers else dtype
        if kind == "BF16":
            raw = (tensor.astype("<f4").view("<u4") >> 16).astype("<u2").tobytes()
        else:
            raw = tensor.astype(DTYPES[kind]).tobytes()
        header[name] = {"dtype": kind, "shape": list(tensor.shape), "data_offsets": [offset, offset + len(raw)]}
        chunks.append(raw)
        offset += len(raw)
    text = json.dumps(header, sort_keys=True, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    Path(path).write_bytes(struct.pack("<Q", len(text)) + text + b"".join(chunks))


# BERT


class Bert:
    """Evaluation of one input at a time, with autograd on embeddings and attention."""

    def __init__(self, config, tensors):
        self.config = config
        self.weights = {name: torch.tensor(np.array(t, dtype=np.float64)) for name, t in tensors.items()}

    def get(self, name, kind):
        old = {"weight": "gamma", "bias": "beta"}[kind]
        return self.weights.get(f"{name}.{kind}", self.weights.get(f"{name}.{old}"))

    def norm(self, x, name):
        return F.layer_norm(x, x.shape[-1:], self.get(name, "weight"), self.get(name, "bias"),
                            self.config.get("layer_norm_eps", 1e-12))

    def linear(self, x, name):
        return x @ self.get(name, "weight").T + self.get(name, "bias")

    def forward(self, ids, types, position):
        """Logits of one position (classifiers: of the text); keeps what derivatives are wanted of."""
        heads = self.config["num_attention_heads"]
        n, d = len(ids), self.config["hidden_size"]
        self.embedded = self.weights["bert.embeddings.word_embeddings.weight"][ids].clone().requires_grad_()
        x = (self.embedded + self.weights["bert.embeddings.token_type_embeddings.weight"][types] +
             self.weights["bert.embeddings.position_embeddings.weight"][:n])
        x = self.norm(x, "bert.embeddings.LayerNorm")
        self.attentions, self.value_norms = [], []
        for l in range(self.config["num_hidden_layers"]):
            name = f"bert.encoder.layer.{l}."
            query, key, value = (self.linear(x, f"{name}attention.self.{part}").reshape(n, heads, -1).transpose(0, 1)
                                 for part in ("query", "key", "value"))
            attention = torch.softmax(query @ key.transpose(1, 2) / math.sqrt(d // heads), -1)
            if attention.requires_grad:
                attention.retain_grad()
            self.attentions.append(attention)
            out = self.weights[f"{name}attention.output.dense.weight"].reshape(d, heads, -1)
            moved = torch.einsum("hjc,dhc->hjd", value, out)
            self.value_norms.append(torch.einsum("hij,hjd->ijd", attention, moved).norm(dim=-1).detach())
            context = (attention @ value).transpose(0, 1).reshape(n, d)
            x = self.norm(x + self.linear(context, f"{name}attention.output.dense"), f"{name}attention.output.LayerNorm")
            inner = F.gelu(self.linear(x, f"{name}intermediate.dense"))
            x = self.norm(x + self.linear(inner, f"{name}output.dense"), f"{name}output.LayerNorm")
        if self.config["architectures"][0] == "BertForMaskedLM":
            h = self.norm(F.gelu(self.linear(x[position], "cls.predictions.transform.dense")),
                          "cls.predictions.transform.LayerNorm")
            tied = self.config.get("tie_word_embeddings", True)
            decoder = self.weights["bert.embeddings.word_embeddings.weight" if tied
                                   else "cls.predictions.decoder.weight"]
            return decoder @ h + self.weights["cls.predictions.bias"]
        return self.linear(torch.tanh(self.linear(x[0], "bert.pooler.dense")), "classifier")

    def run(self, ids, types, position, output, minus, scale):
        """All that is compared, for the target output - minus."""
        logits = self.forward(ids, types, position)
        values = torch.softmax(logits, -1) if scale == "probability" else logits
        if output is None:
            output = int(logits.argmax())
        target = values[output] - (values[minus] if minus is not None else 0)
        target.backward()
        gradient = torch.stack([a.grad for a in self.attentions])
        attention = torch.stack(self.attentions).detach()
        return {
            "logits": logits.detach(), "attentions": attention, "attention_gradients": gradient,
            "gradient": self.embedded.grad, "grad_norm": self.embedded.grad.norm(dim=-1),
            "grad_dot_input": (self.embedded.grad * self.embedded.detach()).sum(-1),
            "grad_abs_sum": self.embedded.grad.abs().sum(-1), "value_norm": torch.stack(self.value_norms),
            "gf": gradient.clamp(min=0).mean(1), "agf": (attention * gradient).clamp(min=0).mean(1),
        }


def blank_out(model, ids, types, position, output, replacement):
    """|p - p_t| for every token t, and the same for log(p / (1 - p))."""
    with torch.no_grad():
        def scores(ids, types, position):
            logits = model.forward(ids, types, position)
            others = torch.cat([logits[:output], logits[output + 1:]])
            odds = logits[output] - torch.logsumexp(others, 0)
            return torch.sigmoid(odds), odds

        before = scores(ids, types, position)
        changes = []
        for t in range(len(ids)):
            if replacement is None:
                after = scores(ids[:t] + ids[t + 1:], types[:t] + types[t + 1:], position - (t < position))
            else:
                after = scores(ids[:t] + [replacement] + ids[t + 1:], types, position)
            changes.append([abs(float(a - b)) for a, b in zip(before, after)])
    return np.array(changes).T


# Small models


def random_weights(config, seed, style):
    """Weights of every tensor the architecture has; `style` says how the checkpoint is written."""
    generator = np.random.default_rng(seed)
    d, f = config["hidden_size"], config["intermediate_size"]

    def normal(*shape):
        return generator.normal(0, 0.6 / math.sqrt(shape[-1]), shape)

    tensors = {}

    def linear(name, out, inner):
        tensors[f"{name}.weight"], tensors[f"{name}.bias"] = normal(out, inner) * 2, normal(out)

    def norm(name):
        kinds = ("gamma", "beta") if style.get("old_names") else ("weight", "bias")
        tensors[f"{name}.{kinds[0]}"], tensors[f"{name}.{kinds[1]}"] = 1 + normal(d), normal(d)

    for part, count in (("word", config["vocab_size"]), ("position", config["max_position_embeddings"]),
                        ("token_type", config.get("type_vocab_size", 2))):
        tensors[f"bert.embeddings.{part}_embeddings.weight"] = normal(count, d)
    norm("bert.embeddings.LayerNorm")
    for l in range(config["num_hidden_layers"]):
        layer = f"bert.encoder.layer.{l}"
        for part in ("query", "key", "value"):
            linear(f"{layer}.attention.self.{part}", d, d)
        linear(f"{layer}.attention.output.dense", d, d)
        norm(f"{layer}.attention.output.LayerNorm")
        linear(f"{layer}.intermediate.dense", f, d)
        linear(f"{layer}.output.dense", d, f)
        norm(f"{layer}.output.LayerNorm")
    if config["architectures"][0] == "BertForMaskedLM":
        linear("cls.predictions.transform.dense", d, d)
        norm("cls.predictions.transform.LayerNorm")
        tensors["cls.predictions.bias"] = normal(config["vocab_size"])
        if style.get("own_decoder"):
            tensors["cls.predictions.decoder.weight"] = normal(config["vocab_size"], d)
    else:
        linear("bert.pooler.dense", d, d)
        linear("classifier", len(config.get("id2label", [0, 1])), d)
    return tensors


def write_weights(folder, tensors, style):
    dtype = style.get("dtype", "F32")
    if not style.get("shards"):
        write_safetensors(folder / "model.safetensors", tensors, {"format": "pt"}, dtype)
        return
    names, count = sorted(tensors), style["shards"]
    places = {}
    for shard in range(count):
        file = f"model-{shard + 1:05}-of-{count:05}.safetensors"
        part = {name: tensors[name] for name in names[shard::count]}
        write_safetensors(folder / file, part, {"format": "pt"}, dtype)
        places.update({name: file for name in part})
    index = {"metadata": {"total_size": sum(t.size for t in tensors.values())}, "weight_map": places}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index, indent=1, sort_keys=True) + "\n")


SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
PIECES = SPECIAL + ("the key ##s to cabin ##et ##ets play playing ##ing a b c d e f g ##a ##b ##c ##d ##e ##f ##g "
                    "cafe naive uber strasse ss σ i x ##x 1 2 ##2 . , ! ? - ' $ ( ) 東 京 は 大 ##は 🙂 ##🙂 Key CAFÉ É "
                    "##é café straße ı ' — … 한 ##국 국").split()
PIECES = list(dict.fromkeys(PIECES))
WORDS = SPECIAL + "the keys to cabinets is are".split()


def special_slot(name, type_id):
    return {"SpecialToken": {"id": name, "type_id": type_id}}


def tokenizer_json(model, normalizer, pre_tokenizer, single):
    used = {slot["SpecialToken"]["id"] for slot in single if "SpecialToken" in slot}
    vocabulary = model["vocab"]
    return {
        "version": "1.0", "truncation": None, "padding": None,
        "added_tokens": [{"id": vocabulary[t], "content": t, "single_word": False, "lstrip": t == "[MASK]",
                          "rstrip": False, "normalized": False, "special": True} for t in SPECIAL],
        "normalizer": normalizer, "pre_tokenizer": pre_tokenizer,
        "post_processor": {"type": "TemplateProcessing", "single": single, "pair": [],
                           "special_tokens": {t: {"id": t, "ids": [vocabulary[t]], "tokens": [t]} for t in sorted(used)}},
        "decoder": None, "model": model,
    }


def word_piece_json(lowercase):
    vocabulary = {token: i for i, token in enumerate(PIECES)}
    model = {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
             "max_input_chars_per_word": 20, "vocab": vocabulary}
    normalizer = {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None,
                  "lowercase": lowercase}
    single = [special_slot("[CLS]", 0), {"Sequence": {"id": "A", "type_id": 0}}, special_slot("[SEP]", 1)]
    return tokenizer_json(model, normalizer, {"type": "BertPreTokenizer"}, single)


def word_level_json():
    vocabulary = {token: i for i, token in enumerate(WORDS)}
    model = {"type": "WordLevel", "vocab": vocabulary, "unk_token": "[UNK]"}
    single = [special_slot("[CLS]", 0), {"Sequence": {"id": "A", "type_id": 1}}]
    return tokenizer_json(model, None, {"type": "WhitespaceSplit"}, single)


def small_config(architecture, vocabulary, **changes):
    config = {"architectures": [architecture], "model_type": "bert", "vocab_size": len(vocabulary), "hidden_size": 8,
              "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 12, "hidden_act": "gelu",
              "max_position_embeddings": 7, "type_vocab_size": 2, "layer_norm_eps": 1e-12,
              "position_embedding_type": "absolute", "pad_token_id": 0}
    config.update(changes)
    return {key: value for key, value in config.items() if value is not None}


SMALL = {
    "classifier": (small_config("BertForSequenceClassification", PIECES, layer_norm_eps=1e-5,
                                id2label={"0": "no", "1": "yes", "2": "perhaps"}), {"tokenizer": "piece"}),
    "one_head_bf16": (small_config("BertForSequenceClassification", PIECES, num_attention_heads=1, num_hidden_layers=1,
                                   layer_norm_eps=None, hidden_act=None, position_embedding_type=None,
                                   type_vocab_size=3), {"tokenizer": "lines", "dtype": "BF16"}),
    "masked_lm": (small_config("BertForMaskedLM", PIECES, type_vocab_size=None),
                  {"tokenizer": "piece", "old_names": True, "dtype": "F16"}),
    "masked_lm_shards": (small_config("BertForMaskedLM", WORDS, num_attention_heads=4, num_hidden_layers=3,
                                      tie_word_embeddings=False),
                         {"tokenizer": "words", "own_decoder": True, "shards": 3}),
}


def make_small(out):
    for number, (name, (config, style)) in enumerate(SMALL.items()):
        folder = out / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n")
        if style["tokenizer"] == "lines":
            (folder / "vocab.txt").write_text("\n".join(PIECES) + "\n")
        else:
            content = word_level_json() if style["tokenizer"] == "words" else word_piece_json(True)
            (folder / "tokenizer.json").write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n")
        write_weights(folder, random_weights(config, 100 + number, style), style)
        stored = {}
        for file in sorted(folder.glob("model*.safetensors")):
            stored.update(read_safetensors(file))
        golden_of_small(folder, config, Bert(config, stored))


def golden_of_small(folder, config, model):
    """Random ids: one token, all positions, and three texts of equal length for a batch."""
    generator = np.random.default_rng(7)
    masked = config["architectures"][0] == "BertForMaskedLM"
    outputs = config["vocab_size"] if masked else len(config.get("id2label", [0, 1]))
    tensors, cases = {}, []
    for case, length in enumerate([1, config["max_position_embeddings"], 4, 4, 4]):
        ids = generator.integers(0, config["vocab_size"], length).tolist()
        types = generator.integers(0, config.get("type_vocab_size", 2), length).tolist()
        position = int(generator.integers(0, length)) if masked else 0
        output, minus, scale = [(None, None, "logit"), (1, None, "probability"), (0, 1, "logit"),
                                (outputs - 1, 0, "probability"), (0, None, "logit")][case]
        for key, tensor in model.run(ids, types, position, output, minus, scale).items():
            tensors[f"{case}.{key}"] = tensor.numpy()
        tensors[f"{case}.ids"], tensors[f"{case}.types"] = np.array(ids), np.array(types)
        cases.append({"position": position, "output": output, "minus": minus, "scale": scale})
    write_safetensors(folder / "golden.safetensors", tensors, {"cases": json.dumps(cases)}, "F64")


def make_sva(folder, out):
    config = json.loads((folder / "config.json").read_text())
    vocabulary = json.loads((folder / "tokenizer.json").read_text())["model"]["vocab"]
    model = Bert(config, read_safetensors(folder / "model.safetensors"))
    texts = ["the keys to the old cabinet", "", "the authors who met the tornado in yemen elected"]
    tensors, cases = {}, []
    for case, text in enumerate(texts):
        tokens = ["[CLS]"] + text.split()
        ids = [vocabulary.get(token, vocabulary["[UNK]"]) for token in tokens]
        for key, tensor in model.run(ids, [0] * len(ids), 0, None, None, "logit").items():
            tensors[f"{case}.{key}"] = tensor.numpy()
        tensors[f"{case}.ids"] = np.array(ids)
        predicted = int(tensors[f"{case}.logits"].argmax())
        for name, token in REPLACEMENTS.items():
            tensors[f"{case}.blank_out.{name}"] = blank_out(model, ids, [0] * len(ids), 0, predicted, vocabulary[token])
        if len(ids) > 1:
            tensors[f"{case}.blank_out.remove"] = blank_out(model, ids, [0] * len(ids), 0, predicted, None)
        cases.append({"text": text, "tokens": tokens})
    write_safetensors(out / "sva.safetensors", tensors, {"cases": json.dumps(cases)})


# Tokenizer


def is_control(c):
    return c not in "\t\n\r" and unicodedata.category(c).startswith("C")


def is_white(c):
    return c in "\t\n\r" or c.isspace() and unicodedata.category(c) in ("Zs", "Zl", "Zp", "Cc")


def is_ideograph(c):
    return any(a <= ord(c) <= b for a, b in [(0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F),
                                             (0x2B740, 0x2B81F), (0xF900, 0xFAFF), (0x2F800, 0x2FA1F)])


def is_punctuation(c):
    return c in "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~" or unicodedata.category(c).startswith("P")


def normalized(text, lowercase):
    text = "".join(" " if is_white(c) else c for c in text if is_white(c) or not (is_control(c) or c == "\ufffd"))
    text = "".join(f" {c} " if is_ideograph(c) else c for c in text)
    if lowercase:
        text = "".join(c for c in unicodedata.normalize("NFD", text) if unicodedata.category(c) != "Mn")
        text = "".join(c.lower() for c in text)
    return text


def words_of(text):
    words = [""]
    for c in text:
        if is_white(c):
            words.append("")
        elif is_punctuation(c):
            words += [c, ""]
        else:
            words[-1] += c
    return [word for word in words if word]


def pieces_of(word, vocabulary, longest):
    if len(word) > longest:
        return None
    pieces = []
    while word:
        prefix = "##" if pieces else ""
        length = next((k for k in range(len(word), 0, -1) if prefix + word[:k] in vocabulary), 0)
        if length == 0:
            return None
        pieces.append(prefix + word[:length])
        word = word[length:]
    return pieces


def cut_special(text):
    """Special tokens stand for themselves wherever they are written."""
    parts, begin, i = [], 0, 0
    while i < len(text):
        found = next((t for t in SPECIAL if text.startswith(t, i)), None)
        if found is None:
            i += 1
            continue
        parts += [(text[begin:i], None), ("", found)]
        begin = i = i + len(found)
    return parts + [(text[begin:], None)]


def tokenize(text, kind):
    """Tokens (unknown words as written) and ids."""
    tokens, ids = [], []
    vocabulary = {token: i for i, token in enumerate(WORDS if kind == "words" else PIECES)}

    def add(token, known):
        tokens.append(token)
        ids.append(vocabulary[known])

    add("[CLS]", "[CLS]")
    for part, special in cut_special(text):
        if special:
            add(special, special)
        words = part.split() if kind == "words" else words_of(normalized(part, kind == "uncased"))
        for word in words:
            pieces = ([word] if word in vocabulary else None) if kind == "words" else pieces_of(word, vocabulary, 20)
            if pieces is None:
                add(word, "[UNK]")
            for piece in pieces or []:
                add(piece, piece)
    if kind != "words":
        add("[SEP]", "[SEP]")
    return {"kind": kind, "text": text, "tokens": tokens, "ids": ids}


TEXTS = ["", " ", "the keys", "The KEYS to the cabinets!", "playing plays", "Café CAFÉ cafe\u0301 naïve Über", "straße ẞ ß", "東京は大", "大a大",
         "🙂🙂 🙂", "한국 국", "a\x00b\x01c\x7fd\u200be\ufefff\ufffdg", "a\tb\nc\rd\u00a0e\u3000f\u2028g",
         "key [MASK] keys", "key[MASK]key", "[mask] [UNK]x", "a-b 'c' $1,2.", "aaaaaaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaaaaaaa",
         "unknownword key", "Σίσυφος ΣΣ", "İi ı", "e\u0301\u0323", "\U0001f468\u200d\U0001f469", "— … ʼ", "\ue000a", "x2 xx2x"]


def make_tokenizer(out):
    cases = [tokenize(text, kind) for kind in ("uncased", "cased", "words") for text in TEXTS]
    files = {"uncased": word_piece_json(True), "cased": word_piece_json(False), "words": word_level_json()}
    for kind, content in files.items():
        folder = out / "tokenizers" / kind
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "tokenizer.json").write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n")
    (out / "tokenizer.json").write_text(json.dumps(cases, indent=1) + "\n")


def main():
    root = Path(__file__).resolve().parents[3]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=root / "tests/golden/model")
    parser.add_argument("--sva", type=Path, default=root / "experiments/models/sva-bert-6x8")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    make_small(arguments.out)
    make_sva(arguments.sva, arguments.out)
    make_tokenizer(arguments.out)


if __name__ == "__main__":
    main()
