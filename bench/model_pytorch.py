#!/usr/bin/env python3
"""attnflow's BERT against PyTorch: the same weights, threads, BLAS and machine, in one run.

    model_pytorch.py [--peer build/release/attnflow_model_peer] [--threads 2] [--repeats 5] [--layers 12] [--only TASK]

BERT-base shapes with random weights. Both sides do each task in turn, so that both see the same load; printed are
the medians and the median ratio, of processor time with one thread (other programs on the machine do not count then), of
time with several. No time is printed unless the results agree. PyTorch is used as well as we know how:
evaluation mode, frozen weights, one product for query, key and value, batched blank-out. Needs Debian's python3-torch.
"""

import argparse
import json
import math
import os
import statistics
import struct
import subprocess
import tempfile
import time
from pathlib import Path

import torch
import torch.nn.functional as F

WIDTH, INNER, HEADS, VOCABULARY, POSITIONS = 768, 3072, 12, 30522, 512
UNKNOWN = 100
BATCH_TOKENS = 4096


def make_weights(layers):
    generator = torch.Generator().manual_seed(1)
    tensors = {}

    def linear(name, out, inner):
        tensors[name + ".weight"] = torch.randn(out, inner, generator=generator) / math.sqrt(inner)
        tensors[name + ".bias"] = torch.randn(out, generator=generator) * 0.02

    def norm(name):
        tensors[name + ".weight"] = 1 + torch.randn(WIDTH, generator=generator) * 0.02
        tensors[name + ".bias"] = torch.randn(WIDTH, generator=generator) * 0.02

    for part, count in (("word", VOCABULARY), ("position", POSITIONS), ("token_type", 2)):
        tensors[f"bert.embeddings.{part}_embeddings.weight"] = torch.randn(count, WIDTH, generator=generator)
    norm("bert.embeddings.LayerNorm")
    for l in range(layers):
        layer = f"bert.encoder.layer.{l}."
        for part in ("query", "key", "value"):
            linear(f"{layer}attention.self.{part}", WIDTH, WIDTH)
        linear(f"{layer}attention.output.dense", WIDTH, WIDTH)
        norm(f"{layer}attention.output.LayerNorm")
        linear(f"{layer}intermediate.dense", INNER, WIDTH)
        linear(f"{layer}output.dense", WIDTH, INNER)
        norm(f"{layer}output.LayerNorm")
    linear("bert.pooler.dense", WIDTH, WIDTH)
    linear("classifier", 2, WIDTH)
    return tensors


def write_model(folder, tensors, layers):
    config = {"architectures": ["BertForSequenceClassification"], "model_type": "bert", "vocab_size": VOCABULARY,
              "hidden_size": WIDTH, "num_hidden_layers": layers, "num_attention_heads": HEADS,
              "intermediate_size": INNER, "max_position_embeddings": POSITIONS}
    (folder / "config.json").write_text(json.dumps(config))
    special = {0: "[PAD]", UNKNOWN: "[UNK]", 101: "[CLS]", 102: "[SEP]", 103: "[MASK]"}
    (folder / "vocab.txt").write_text("".join(special.get(i, f"w{i}") + "\n" for i in range(VOCABULARY)))
    header, offset = {}, 0
    for name, tensor in tensors.items():
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [offset, offset + 4 * tensor.numel()]}
        offset += 4 * tensor.numel()
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(folder / "model.safetensors", "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for tensor in tensors.values():
            file.write(tensor.numpy().tobytes())


class Bert:
    def __init__(self, tensors, layers):
        self.words = tensors["bert.embeddings.word_embeddings.weight"]
        self.added = (tensors["bert.embeddings.position_embeddings.weight"] +
                      tensors["bert.embeddings.token_type_embeddings.weight"][0])
        get = tensors.__getitem__
        pair = lambda name: (get(name + ".weight"), get(name + ".bias"))
        self.embedding_norm = pair("bert.embeddings.LayerNorm")
        self.layers = []
        for l in range(layers):
            layer = f"bert.encoder.layer.{l}."
            parts = [pair(f"{layer}attention.self.{part}") for part in ("query", "key", "value")]
            self.layers.append((tuple(torch.cat(both) for both in zip(*parts)), pair(f"{layer}attention.output.dense"),
                                pair(f"{layer}attention.output.LayerNorm"), pair(f"{layer}intermediate.dense"),
                                pair(f"{layer}output.dense"), pair(f"{layer}output.LayerNorm")))
        self.pooler, self.classifier = pair("bert.pooler.dense"), pair("classifier")

    def forward(self, embedded, attentions):
        """Logits of [batch, n, width]; appends each layer's attention to the list, if there is one."""
        count, n, _ = embedded.shape
        x = F.layer_norm(embedded + self.added[:n], (WIDTH,), *self.embedding_norm, 1e-12)
        for projection, out, first_norm, inner, output, second_norm in self.layers:
            query, key, value = F.linear(x, *projection).view(count, n, 3, HEADS, -1).permute(2, 0, 3, 1, 4)
            attention = torch.softmax(query @ key.transpose(-1, -2) * (HEADS / WIDTH) ** 0.5, -1)
            if attentions is not None:
                attentions.append(attention)
                if attention.requires_grad:
                    attention.retain_grad()
            context = (attention @ value).transpose(1, 2).reshape(count, n, WIDTH)
            x = F.layer_norm(x + F.linear(context, *out), (WIDTH,), *first_norm, 1e-12)
            x = F.layer_norm(x + F.linear(F.gelu(F.linear(x, *inner)), *output), (WIDTH,), *second_norm, 1e-12)
        return F.linear(torch.tanh(F.linear(x[:, 0], *self.pooler)), *self.classifier)


def sampled(tensors):
    return sum(float(t.reshape(-1)[::1001].double().sum()) for t in tensors)


def ids_of(n):
    return torch.tensor([1000 + i * 7919 % 20000 for i in range(n)])


def forward(model, n):
    with torch.no_grad():
        attentions = []
        logits = model.forward(model.words[ids_of(n)][None], attentions)[0]
        return [float(logits[0]), float(logits[1]), sampled(attentions)]


def gradients(model, n):
    attentions = []
    embedded = model.words[ids_of(n)][None].requires_grad_()
    logits = model.forward(embedded, attentions)[0]
    logits[0].backward()
    return [float(logits[0]), float((embedded.grad.double() ** 2).sum()), sampled(a.grad for a in attentions)]


def blank_out(model, n, count):
    with torch.no_grad():
        logits = []
        size = max(1, BATCH_TOKENS // n)
        for first in range(0, count, size):
            ids = ids_of(n).repeat(min(size, count - first), 1)
            for row in range(len(ids)):
                ids[row, first + row] = UNKNOWN
            logits.append(model.forward(model.words[ids], None))
        logits = torch.cat(logits)
        return [float(logits[0, 0]), float(logits[-1, 1])]


TASKS = {"forward": forward, "gradients": gradients, "blank_out": blank_out}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peer", default=Path(__file__).resolve().parents[1] / "build/release/attnflow_model_peer")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--layers", type=int, default=12)
    parser.add_argument("--only", default="", help="tasks whose name begins so: forward, \"blank_out 128\"")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    one_thread = arguments.threads == 1
    clock = time.process_time if one_thread else time.perf_counter
    print(f"PyTorch {torch.__version__}, {torch.get_num_threads()} threads")
    print(torch.__config__.show())
    print(torch.__config__.parallel_info().replace("\n\n", "\n"))

    with tempfile.TemporaryDirectory() as folder:
        tensors = make_weights(arguments.layers)
        write_model(Path(folder), tensors, arguments.layers)
        model = Bert(tensors, arguments.layers)
        peer = subprocess.Popen([arguments.peer, folder, str(arguments.threads)], stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE, text=True)
        print("attnflow with", peer.stdout.readline().strip())
        print(f"{'task':<20} {'PyTorch s':>10} {'attnflow s':>10} {'PyTorch / attnflow':>20}")
        for task in (("forward", 16), ("forward", 128), ("forward", 512), ("gradients", 16), ("gradients", 128),
                     ("gradients", 512), ("blank_out", 16, 16), ("blank_out", 128, 32), ("blank_out", 512, 8)):
            if not " ".join(map(str, task)).startswith(arguments.only):
                continue
            ours, theirs = [], []
            for _ in range(arguments.repeats):
                peer.stdin.write(" ".join(map(str, task)) + "\n")
                peer.stdin.flush()
                seconds, processor_seconds, *values = map(float, peer.stdout.readline().split())
                start = clock()
                expected = TASKS[task[0]](model, *task[1:])
                theirs.append(clock() - start)
                ours.append(processor_seconds if one_thread else seconds)
                for a, b in zip(values, expected):
                    if abs(a - b) > 1e-3 * max(1, abs(b)):
                        raise SystemExit(f"{task}: {values}, expected {expected}")
            a, b = statistics.median(theirs), statistics.median(ours)
            ratio = statistics.median(t / o for t, o in zip(theirs, ours))
            print(f"{' '.join(map(str, task)):<20} {a:>10.4f} {b:>10.4f} {ratio:>20.2f}", flush=True)
        peer.stdin.close()
        peer.wait()


if __name__ == "__main__":
    main()
