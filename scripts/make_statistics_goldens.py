#!/usr/bin/env python3
"""Write the golden files of metrics and statistics from NumPy and SciPy.

    make_statistics_goldens.py [--out tests/golden]

metrics.json     correlations by scipy.stats; top-k metrics by going through all ways to break the ties
"""

import argparse
import json
from itertools import combinations
from pathlib import Path

import numpy as np
from scipy import stats


def rounded(value):
    """None where SciPy says NaN."""
    return None if np.isnan(value) else float(value)


# Metrics

def top_k_sets(values, k):
    """All sets of k positions that some order of tied values calls the k largest."""
    line = sorted(values, reverse=True)[k - 1]
    above = [i for i, value in enumerate(values) if value > line]
    tied = [i for i, value in enumerate(values) if value == line]
    return [set(above) | set(chosen) for chosen in combinations(tied, k - len(above))]


def is_constant(values):
    return min(values) == max(values)


def top_k_overlap(x, y, k):
    if k >= len(x) or is_constant(x) or is_constant(y):
        return None
    share = [[np.mean([t in chosen for chosen in top_k_sets(side, k)]) for t in range(len(x))] for side in (x, y)]
    return float(np.minimum(*share).sum() / np.maximum(*share).sum())


def precision_at_k(x, y, k, relevant):
    if k >= len(x) or is_constant(x) or max(y) <= 0:
        return None
    hits = {t for t, value in enumerate(y) if value >= relevant * max(y)}
    return float(np.mean([len(chosen & hits) / k for chosen in top_k_sets(x, k)]))


def metric_cases(generator):
    """Pairs of vectors: continuous, with few distinct values, constant, short, of extreme scale."""
    for n in (1, 2, 3, 7, 12, 25):
        for levels in (None, 2, 4):
            x, y = (generator.normal(size=n) if levels is None else generator.integers(0, levels, n).astype(float)
                    for _ in range(2))
            yield x, y
            yield x, np.round(0.5 * x + 0.5 * y, 1)
    n = 9
    yield np.full(n, 0.3), generator.normal(size=n)
    yield generator.normal(size=n), np.zeros(n)
    yield 1e200 * generator.normal(size=n), 1e-200 * generator.normal(size=n)
    yield np.arange(n, dtype=float), np.arange(n, dtype=float)[::-1]


def metric_goldens(generator):
    for x, y in metric_cases(generator):
        values = {"spearman": None, "kendall_tau_b": None, "pearson": None}
        if len(x) >= 2 and not is_constant(x) and not is_constant(y):
            values = {"spearman": rounded(stats.spearmanr(x, y).statistic),
                      "kendall_tau_b": rounded(stats.kendalltau(x, y, variant="b").statistic),
                      "pearson": rounded(np.corrcoef(x / np.abs(x).max(), y / np.abs(y).max())[0, 1])}
        for k in (1, 3, 5):
            values[f"top_k_overlap({k})"] = top_k_overlap(x, y, k)
            values[f"precision_at_k(k={k}, relevant=0.4)"] = precision_at_k(x, y, k, 0.4)
        yield {"x": x.tolist(), "y": y.tolist(), "values": values}


def write_json(path, note, name, entries):
    """{"note": ..., name: [one entry a line]}"""
    lines = ",\n".join(json.dumps(entry) for entry in entries)
    path.write_text(f'{{"note": {json.dumps(note)},\n"{name}": [\n{lines}\n]}}\n')


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("tests/golden"))
    arguments = parser.parse_args()
    write_json(arguments.out / "metrics.json", "null: undefined", "cases",
               list(metric_goldens(np.random.default_rng(20))))


if __name__ == "__main__":
    main()
