#!/usr/bin/env python3
"""The tables of docs/engine.md from a run of attnflow_engine_bench:

    build/release/attnflow_engine_bench --benchmark_out=engine.json --benchmark_out_format=json
    bench/engine_tables.py engine.json

Both sides are timed by the processor time of one thread in the same run.
"""
import json
import sys

PHASES = ["sweeps", "meeting", "chains", "waves"]
NAMES = {"peaked": "peaked", "no_skip": "no skip, sigma 1"}


def family_name(name):
    causal, _, sigma = name.rpartition("sigma")
    if name in NAMES:
        return NAMES[name]
    return f"causal, sigma {sigma}" if causal else f"uneven keys, sigma {sigma}"


def three_digits(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def rounded(value):
    """To two digits: a ratio says no more."""
    digits = max(0, len(str(int(value))) - 2)
    return f"{round(value, -digits):,.0f}" if value >= 10 else f"{value:.2g}"


def share(percent):
    if percent == 0:
        return ""
    return f"{percent:.0f} %" if percent >= 1 else f"{percent:.2g} %"


def rows_of(file, what):
    with open(file, encoding="utf-8") as text:
        for row in json.load(text)["benchmarks"]:
            parts = row["name"].split("/")
            if parts[1] == what and not row.get("error_occurred"):
                yield parts[2], int(parts[3]), int(parts[4]), row


def table(file, what, title):
    print(f"| {title} | layers | tokens | error bound | seconds | {' | '.join(PHASES)} | times a LEMON loop |")
    print("|---|" + "---:|" * (5 + len(PHASES)))
    for family, layers, tokens, row in sorted(rows_of(file, what), key=lambda r: (r[0], -r[1], r[2])):
        seconds = row["lemon_loop_s"] / row["x_lemon"]
        shares = " | ".join(share(row.get("%" + phase, 0)) for phase in PHASES)
        print(f"| {family_name(family)} | {layers} | {tokens} | {row['error_bound']:.1e} | {three_digits(seconds)} | "
              f"{shares} | {rounded(row['x_lemon'])} |")
    print()


def single_pairs(file):
    print("| single pairs | layers | tokens | error bound | µs | LEMON's µs | times LEMON |")
    print("|---|" + "---:|" * 6)
    for family, layers, tokens, row in sorted(rows_of(file, "single_pair"), key=lambda r: (r[0], -r[1], r[2])):
        print(f"| {family_name(family)} | {layers} | {tokens} | {row['error_bound']:.1e} | {three_digits(row['median_us'])} | "
              f"{three_digits(row['lemon_us'])} | {rounded(row['x_lemon'])} |")
    print()


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    table(sys.argv[1], "all_pairs", "all pairs")
    table(sys.argv[1], "last_row", "last token's row")
    single_pairs(sys.argv[1])


main()
