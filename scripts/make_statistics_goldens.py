#!/usr/bin/env python3
"""Write the golden files of metrics and statistics from NumPy and SciPy.

    make_statistics_goldens.py [--out tests/golden]

metrics.json     correlations by scipy.stats; top-k metrics by going through all ways to break the ties
statistics.json  bootstrap intervals by scipy.stats.bootstrap on the resamples that our seeded generator draws,
                 permutation tests by scipy.stats.permutation_test, Holm's correction by its definition
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


# Statistics

class Random:
    """xoshiro256** seeded by splitmix64: graph/support/random.hpp."""
    MASK = 2**64 - 1

    def __init__(self, seed):
        self.state = []
        for _ in range(4):
            seed = (seed + 0x9E3779B97F4A7C15) & self.MASK
            z = (seed ^ (seed >> 30)) * 0xBF58476D1CE4E5B9 & self.MASK
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB & self.MASK
            self.state.append(z ^ (z >> 31))

    def __call__(self):
        def rotate(x, k):
            return ((x << k) | (x >> (64 - k))) & self.MASK
        s = self.state
        result = rotate(s[1] * 5 & self.MASK, 7) * 9 & self.MASK
        t = s[1] << 17 & self.MASK
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= t
        s[3] = rotate(s[3], 45)
        return result

    def below(self, bound):
        while (x := self()) < 2**64 % bound:
            pass
        return x % bound


def bootstrap_golden(values, resamples, seed, level):
    random = Random(seed)
    means = np.array([np.mean([values[random.below(len(values))] for _ in values]) for _ in range(resamples)])
    intervals = {}
    for name, method in (("percentile", "percentile"), ("bca", "BCa")):
        start = stats.bootstrap((values,), np.mean, n_resamples=2, method="percentile", vectorized=False)
        start.bootstrap_distribution = means
        interval = stats.bootstrap((values,), np.mean, n_resamples=0, bootstrap_result=start, method=method,
                                   confidence_level=level, axis=-1).confidence_interval
        intervals[name] = [float(interval.low), float(interval.high)]
    return {"values": values.tolist(), "resamples": resamples, "seed": seed, "level": level, **intervals}


def bootstrap_goldens(generator):
    for n, level in ((5, 0.95), (20, 0.9), (31, 0.99)):
        for draw in (generator.normal, generator.exponential, lambda size: generator.integers(0, 3, size)):
            yield bootstrap_golden(np.array(draw(size=n), dtype=float), 500, int(generator.integers(1000)), level)


def tied_bootstrap_goldens():
    """Few distinct values, so that many resamples have the mean of the sample. SciPy sees integers, whose sums are
    exact; the values are a tenth of them, whose sums are not. Intervals scale with the values."""
    for low in (3, 6, 9):
        tenths = np.repeat([2.0, 5.0], [low, 12 - low])
        golden = bootstrap_golden(tenths, 500, low, 0.95)
        golden["values"] = (tenths / 10).tolist()
        for name in ("percentile", "bca"):
            golden[name] = [bound / 10 for bound in golden[name]]
        yield golden


def permutation_goldens(generator):
    """Exact tests: n pairs, all 2^n sign patterns."""
    for n in (2, 3, 5, 8, 11):
        for shift in (0.0, 0.8):
            for digits in (8, 0):
                x, y = generator.normal(size=n).round(digits), (generator.normal(size=n) + shift).round(digits)
                test = stats.permutation_test((x, y), lambda a, b: np.mean(a - b), permutation_type="samples",
                                              n_resamples=np.inf)
                yield {"differences": (x - y).tolist(), "p": float(test.pvalue)}


def holm_goldens(generator):
    for m in (1, 4, 9):
        p = (generator.uniform(size=m) ** 3).round(3)
        adjusted = [max(min(1.0, sum(other >= lower for other in p) * lower) for lower in p if lower <= value)
                    for value in p]
        yield {"p": p.tolist(), "adjusted": [float(value) for value in adjusted]}


def write_json(path, note, **lists):
    """{"note": ..., name: [one entry a line], ...}"""
    parts = [f'"note": {json.dumps(note)}']
    for name, entries in lists.items():
        lines = ",\n".join(json.dumps(entry) for entry in entries)
        parts.append(f'"{name}": [\n{lines}\n]')
    path.write_text("{" + ",\n".join(parts) + "}\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("tests/golden"))
    arguments = parser.parse_args()
    write_json(arguments.out / "metrics.json", "null: undefined",
               cases=list(metric_goldens(np.random.default_rng(20))))
    generator = np.random.default_rng(21)
    write_json(arguments.out / "statistics.json", "means of the values, of the differences",
               bootstrap=[*bootstrap_goldens(generator), *tied_bootstrap_goldens()], permutation=list(permutation_goldens(generator)),
               holm=list(holm_goldens(generator)))


if __name__ == "__main__":
    main()
