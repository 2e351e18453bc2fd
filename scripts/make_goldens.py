#!/usr/bin/env python3
"""Write the golden files of the tests from an independent implementation (numpy, scipy, networkx; float64).

    make_goldens.py [--data experiments/data] [--out tests/golden] [--renormalise skip|heads] [--jobs 2]

sva_tables.csv     agreement of raw attention, rollout, attention flow and layer-1 column sums with blank-out scores
                   and gradients on all bundled sentences: Tables 1 and 2 of Abnar & Zuidema (2020)
quirks.csv         the same with the habits of the authors' scripts
authors_code.json  rollout and flow matrices in the convention of the authors' published code
solver.json        exact max flows of small layered networks with integer capacities

Attention is [layer, query, key], heads averaged; layer 1 is nearest the input. W_l is the attention of layer l,
A_l = rownorm(0.5 W_l + 0.5 I); with --renormalise heads, A_l = 0.5 rownorm(W_l) + 0.5 I. Edges run from vertex (l, i)
to (l-1, j) and carry A_l[i, j]; (0, j) is input token j.
"""

import argparse
import csv
import json
import random
from dataclasses import dataclass
from itertools import product
from multiprocessing import Pool
from pathlib import Path

import networkx
import numpy as np
from networkx.algorithms.flow import build_residual_network, edmonds_karp, preflow_push, shortest_augmenting_path
from scipy.stats import rankdata, spearmanr

from bundle_data import read_safetensors

SOURCE = 0  # position of [CLS], whose row is read
SPECIAL_TOKENS = {"[CLS]", "[SEP]", "[PAD]", "<s>", "</s>"}
METHODS = ["raw_attention", "rollout", "attention_flow", "column_sum"]
REFERENCES = ["blank_out", "grad_norm"]
POSITIONS = ["all", "no_special"]
FLOW_DECIMALS = 9   # flows are rounded before ranking, so that equal cuts tie
CHECK_EVERY = 10    # examples whose flows are computed a second time, in exact integers
CHECK_SCALE = 2**60


@dataclass
class Example:
    id: str
    tokens: list
    attention: np.ndarray  # [layer, query, key], heads averaged
    references: dict       # name -> one score per token


def load_examples(path):
    """All examples of a dataset file, in the order of its list."""
    tensors, metadata = read_safetensors(path)
    return [Example(entry["id"], entry["tokens"],
                    tensors[f"{entry['id']}.attentions"].astype(float).mean(axis=1),
                    {name: tensors[f"{entry['id']}.{name}"].astype(float) for name in REFERENCES})
            for entry in json.loads(metadata["examples"])]


# Methods

def row_normalise(matrices):
    return matrices / matrices.sum(axis=-1, keepdims=True)


def add_skip(attention, renormalise="skip"):
    """The layers' matrices A_l with the skip connection, weight 0.5."""
    identity = np.eye(attention.shape[-1])
    if renormalise == "heads":
        return 0.5 * row_normalise(attention) + 0.5 * identity
    return row_normalise(0.5 * attention + 0.5 * identity)


def rollout(layers):
    """R_1 = A_1, R_l = A_l R_{l-1}, for every l."""
    result = [layers[0]]
    for layer in layers[1:]:
        result.append(layer @ result[-1])
    return np.array(result)


def residual_network(layers):
    """networkx residual network over vertices (layer, position), reusable for any source and sink."""
    graph = networkx.DiGraph()
    for upper, matrix in enumerate(layers, start=1):
        for i, row in enumerate(matrix):
            for j, capacity in enumerate(row):
                graph.add_edge((upper, i), (upper - 1, j), capacity=capacity)
    return build_residual_network(graph, "capacity")


def max_flow(residual, source, sink, algorithm=shortest_augmenting_path):
    return algorithm(residual, source, sink, residual=residual, value_only=True).graph["flow_value"]


def flow_rows(layers, algorithm=shortest_augmenting_path):
    """[layer][token]: max flow from (l, SOURCE) to every input token, with layers 1..l in the network."""
    rows = []
    for top in range(1, len(layers) + 1):
        residual = residual_network(layers[:top])
        rows.append([max_flow(residual, (top, SOURCE), (0, token), algorithm) for token in range(len(layers[0]))])
    return rows


def exact_flow_rows(layers):
    """flow_rows by another algorithm, in integers."""
    integers = [[[round(value * CHECK_SCALE) for value in row] for row in layer] for layer in layers.tolist()]
    return [[value / CHECK_SCALE for value in row] for row in flow_rows(integers, preflow_push)]


def token_scores(example, renormalise, check=False):
    """({method: [layer][token]}, largest difference of a checked flow). A column sum has no layer: one row only."""
    layers = add_skip(example.attention, renormalise)
    flows = np.array(flow_rows(layers.tolist()))
    difference = np.abs(flows - exact_flow_rows(layers)).max() if check else 0.0
    scores = {"raw_attention": row_normalise(example.attention)[:, SOURCE],
              "rollout": rollout(layers)[:, SOURCE],
              "attention_flow": flows.round(FLOW_DECIMALS),
              "column_sum": layers[:1].sum(axis=1)}
    return scores, difference


def all_token_scores(examples, renormalise, jobs):
    """token_scores of every example, in parallel; stops if the check fails."""
    check = [index % CHECK_EVERY == 0 for index in range(len(examples))]
    with Pool(jobs) as pool:
        results = pool.starmap(token_scores, zip(examples, [renormalise] * len(examples), check), chunksize=1)
    difference = max(difference for _, difference in results)
    print(f"largest difference of a flow from exact integers ({sum(check)} examples): {difference:.2g}")
    if difference > 1e-12:
        raise SystemExit("flows of two algorithms differ")
    return [scores for scores, _ in results]


# Scores

def spearman(scores, reference):
    """Rank correlation with average ranks; NaN where a vector is constant."""
    if np.ptp(scores) == 0 or np.ptp(reference) == 0:
        return np.nan
    return spearmanr(scores, reference).correlation


def dense_rank_correlation(scores, reference):
    """1 - 6 sum(d^2) / (n (n^2 - 1)) on dense ranks: what the authors' SST-2 script uses. Wrong under ties."""
    n = len(scores)
    differences = rankdata(scores, method="dense") - rankdata(reference, method="dense")
    return 1 - 6 * np.sum(differences**2) / (n * (n**2 - 1))


def kept_positions(example, positions):
    return [t for t, token in enumerate(example.tokens) if positions == "all" or token not in SPECIAL_TOKENS]


def summary(values):
    """n, mean and population standard deviation as text."""
    return {"n": len(values), "mean": f"{np.mean(values):.12g}", "std": f"{np.std(values):.12g}"}


def sva_table(examples, scores):
    """Rows of sva_tables.csv."""
    rows = []
    for method in METHODS:
        for layer, positions, reference in product(range(len(scores[0][method])), POSITIONS, REFERENCES):
            values = []
            for example, example_scores in zip(examples, scores):
                kept = kept_positions(example, positions)
                values.append(spearman(example_scores[method][layer][kept], example.references[reference][kept]))
            defined = [value for value in values if not np.isnan(value)]
            rows.append({"method": method, "heads": "mean", "skip_weight": "" if method == "raw_attention" else 0.5,
                         "layer": "" if method == "column_sum" else layer + 1,
                         "source": "" if method == "column_sum" else "cls", "positions": positions,
                         "reference": reference, "metric": "spearman",
                         "n_undefined": len(values) - len(defined), **summary(defined)})
    return rows


def quirk_table(examples, renormalise, limit=40, reference="grad_norm"):
    """Rows of quirks.csv.

    authors-sva: an undefined correlation counts as 0, and "layer l" pools the examples of layers 1..l.
    authors-sst2: token score = largest entry of the column, dense ranks, one example more than the limit.
    """
    rows = []
    for method in ["raw_attention", "rollout"]:
        by_layer, by_column_max = [], []
        for example in examples[:limit + 1]:
            matrices = (row_normalise(example.attention) if method == "raw_attention"
                        else rollout(add_skip(example.attention, renormalise)))
            target = example.references[reference]
            by_layer.append([np.nan_to_num(spearman(matrix[SOURCE], target)) for matrix in matrices])
            by_column_max.append([dense_rank_correlation(matrix.max(axis=0), target) for matrix in matrices])
        by_layer, by_column_max = np.array(by_layer[:limit]), np.array(by_column_max)
        for layer in range(by_layer.shape[1]):
            for quirk, values in [("authors-sva", by_layer[:, :layer + 1].ravel()),
                                  ("authors-sst2", by_column_max[:, layer])]:
                rows.append({"quirk": quirk, "method": method, "layer": layer + 1, "reference": reference,
                             **summary(values)})
    return sorted(rows, key=lambda row: row["quirk"] != "authors-sva")


# Other golden files

def authors_matrices(example):
    """Rollout and flow as the authors' code has them: rownorm(W + I), every flow row divided by its sum."""
    layers = row_normalise(example.attention + np.eye(len(example.tokens)))
    flows = []
    for top in range(1, len(layers) + 1):
        residual = residual_network(layers[:top].tolist())
        flows.append([[max_flow(residual, (top, source), (0, token), edmonds_karp)
                       for token in range(len(example.tokens))] for source in range(len(example.tokens))])
    return {"id": example.id, "tokens": example.tokens, "rollout": rollout(layers).tolist(),
            "flow": row_normalise(np.array(flows)).tolist()}


# name, vertices of layers 0..L, share of zero capacities, largest capacity, causal mask, all capacities equal
SOLVER_NETWORKS = [
    ("one_edge", [1, 1], 0, 9, False, False),
    ("one_layer", [5, 3], 0, 20, False, False),
    ("two_layers", [3, 3, 3], 0, 10, False, False),
    ("dense", [5, 5, 5, 5], 0, 100, False, False),
    ("equal_capacities", [4, 4, 4, 4], 0, 7, False, True),
    ("zeros", [6, 6, 6, 6, 6], 0.6, 50, False, False),
    ("causal", [6, 6, 6, 6, 6], 0, 1000, True, False),
    ("causal_with_zeros", [8, 8, 8, 8, 8, 8, 8], 0.2, 30, True, False),
    ("unit_capacities", [10, 10, 10, 10, 10, 10], 0.5, 1, False, True),
    ("one_vertex_in_the_middle", [7, 3, 9, 1, 5, 12], 0, 40, False, False),
    ("different_widths", [2, 12, 4, 8, 3, 6, 10], 0.3, 1_000_000, False, False),
    ("deep_dense", [12, 12, 12, 12, 12, 12, 12], 0, 2**40, False, False),
]


def solver_network(seed, name, widths, zeros, largest, causal, equal, pairs=12):
    """A seeded network and exact max flows: half the pairs from top to bottom, half between any two layers.

    Under a causal mask the sinks at the bottom are positions that the source sees.
    """
    generator = random.Random(seed)

    def capacity(i, j):
        if (causal and j > i) or generator.random() < zeros:
            return 0
        return largest if equal else generator.randint(1, largest)

    layers = [[[capacity(i, j) for j in range(lower)] for i in range(upper)]
              for lower, upper in zip(widths, widths[1:])]
    residual = residual_network(layers)
    flows = {}
    for pair in range(pairs):
        full_height = pair < pairs // 2
        upper = len(layers) if full_height else generator.randint(1, len(layers))
        lower = 0 if full_height else generator.randrange(upper)
        position = generator.randrange(widths[upper])
        visible = position + 1 if causal and full_height else widths[lower]
        source, sink = (upper, position), (lower, generator.randrange(visible))
        flows[source, sink] = max_flow(residual, source, sink)
        if flows[source, sink] != max_flow(residual, source, sink, edmonds_karp):
            raise SystemExit(f"{name}: flows of two algorithms differ")
    return {"name": name, "seed": seed, "widths": widths, "capacities": layers,
            "flows": [{"source_layer": source[0], "source": source[1], "sink_layer": sink[0], "sink": sink[1],
                       "value": value} for (source, sink), value in flows.items()]}


# Output

def write_csv(path, columns, rows):
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, columns.split(","), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def write_json(path, note, name, entries):
    """{"note": ..., name: [one entry a line]}"""
    lines = ",\n".join(json.dumps(entry, ensure_ascii=False) for entry in entries)
    path.write_text(f'{{"note": {json.dumps(note)},\n"{name}": [\n{lines}\n]}}\n')


def print_tables(rows):
    """Mean±std in the layout of the paper; [k] = k examples left out because a vector was constant."""
    for reference, positions in product(REFERENCES, POSITIONS):
        print(f"\nSpearman with {reference}, positions: {positions}")
        for method in METHODS:
            cells = [f"{float(row['mean']):5.2f}±{float(row['std']):.2f}"
                     + (f"[{row['n_undefined']}]" if row["n_undefined"] else "") for row in rows
                     if (row["method"], row["reference"], row["positions"]) == (method, reference, positions)]
            print(f"{method:15}" + "".join(f"{cell:>14}" for cell in cells))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("experiments/data"),
                        help="folder with sva_dev200.safetensors")
    parser.add_argument("--out", type=Path, default=Path("tests/golden"))
    parser.add_argument("--renormalise", choices=["skip", "heads"], default="skip",
                        help="make rows sum to 1 after adding the skip connection, or before")
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()

    arguments.out.mkdir(parents=True, exist_ok=True)
    examples = load_examples(arguments.data / "sva_dev200.safetensors")

    write_json(arguments.out / "solver.json",
               "capacities[l][i][j]: from vertex i of layer l+1 to vertex j of layer l; value: the exact max flow",
               "networks", [solver_network(seed, *case) for seed, case in enumerate(SOLVER_NETWORKS, start=41)])
    write_json(arguments.out / "authors_code.json",
               "rollout and flow [layer][source][token] of rownorm(W + I); flow rows divided by their sum",
               "examples", [authors_matrices(next(example for example in examples if len(example.tokens) == n))
                            for n in (6, 9, 12)])
    write_csv(arguments.out / "quirks.csv", "quirk,method,layer,reference,n,mean,std",
              quirk_table(examples, arguments.renormalise))
    table = sva_table(examples, all_token_scores(examples, arguments.renormalise, arguments.jobs))
    write_csv(arguments.out / "sva_tables.csv",
              "method,heads,skip_weight,layer,source,positions,reference,metric,n,n_undefined,mean,std", table)
    print_tables(table)


if __name__ == "__main__":
    main()
