#!/usr/bin/env python3
"""Attention larger than memory: peak memory and read rate of attnflow on a file that this script makes.

    bounded_memory.py --folder /some/disk [--layers 8] [--heads 32] [--tokens 4096] [--attnflow build/release/attnflow]

The file holds random F16 attention, every head its own, LAYERS x HEADS x TOKENS^2 x 2 bytes, and is deleted at the end.
Each program starts with no page of it in memory: plain reading (the yardstick), `attnflow validate`, `attnflow
attribute` with rollout, `attnflow run`. Printed: seconds, megabytes of the file a second, processor seconds, and the
largest resident set, pages of the mapped file included. `--data-limit` sets RLIMIT_DATA, so that a program that allocates more fails. Needs
Debian's python3-numpy.
"""

import argparse
import json
import os
import resource
import struct
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

CONFIG = """methods = ["rollout"]
[dataset]
path = "{path}"
[axes]
layer = "top"
source = "cls"
skip_weight = 0.5
heads = "mean"
[evaluation]
references = ["position"]
metrics = ["spearman"]
"""


def write_attention(path, layers, heads, n):
    """Rows of exponential weights, which sum to 1 up to the rounding of F16."""
    shape = [layers, heads, n, n]
    size = 2 * layers * heads * n * n
    header = json.dumps({"attentions": {"dtype": "F16", "shape": shape, "data_offsets": [0, size]},
                         "position": {"dtype": "F32", "shape": [n], "data_offsets": [size, size + 4 * n]}}).encode()
    header += b" " * (-len(header) % 8)
    rng = np.random.default_rng(1)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(header)) + header)
        for _ in range(layers * heads):
            weights = rng.standard_exponential((n, n), dtype=np.float32)
            weights /= weights.sum(axis=1, keepdims=True)
            file.write(weights.astype(np.float16).tobytes())
        file.write(np.arange(n, dtype=np.float32).tobytes())
        file.flush()
        os.fsync(file.fileno())


def forget(path):
    """Drops the file from the page cache."""
    with open(path, "rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def read_plainly(path):
    buffer = bytearray(1 << 20)
    with open(path, "rb", buffering=0) as file:
        while file.readinto(buffer):
            pass


def measured(command, data_limit):
    """Seconds, processor seconds and peak resident bytes of a program."""
    def limit():
        if data_limit:
            resource.setrlimit(resource.RLIMIT_DATA, (data_limit, data_limit))
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, preexec_fn=limit)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}: exit code {process.returncode}")
    return time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--attnflow", default=Path(__file__).resolve().parents[1] / "build/release/attnflow")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--layers", type=int, default=8)
    parser.add_argument("--heads", type=int, default=32)
    parser.add_argument("--tokens", type=int, default=4096)
    parser.add_argument("--data-limit", type=int, default=0, help="bytes; 0 for none")
    parser.add_argument("--keep", action="store_true", help="leave the file, and use it if it is there")
    arguments = parser.parse_args()
    path = arguments.folder / "bounded_memory.safetensors"
    config, out = arguments.folder / "bounded_memory.toml", arguments.folder / "bounded_memory_run"
    arguments.folder.mkdir(parents=True, exist_ok=True)
    config.write_text(CONFIG.format(path=path))
    try:
        if not (arguments.keep and path.exists()):
            write_attention(path, arguments.layers, arguments.heads, arguments.tokens)
        size = path.stat().st_size
        network = 8 * arguments.layers * arguments.tokens ** 2
        print(f"file {size / 1e9:.2f} GB, fused network {network / 1e9:.2f} GB")
        print(f"{'':<22} {'s':>8} {'MB/s':>8} {'CPU s':>8} {'peak GB':>8}")
        forget(path)
        start, processor_start = time.perf_counter(), time.process_time()
        read_plainly(path)
        seconds, processor = time.perf_counter() - start, time.process_time() - processor_start
        print(f"{'plain reading':<22} {seconds:>8.1f} {size / seconds / 1e6:>8.0f} {processor:>8.1f}", flush=True)
        for name, command in (
                ("validate", ["validate", path]),
                ("attribute, rollout", ["attribute", path, "--method", "rollout", "--format", "csv"]),
                ("run, rollout", ["run", config, "--jobs", "1", "--out", out])):
            forget(path)
            seconds, processor, peak = measured([arguments.attnflow, *command], arguments.data_limit)
            print(f"{name:<22} {seconds:>8.1f} {size / seconds / 1e6:>8.0f} {processor:>8.1f} {peak / 1e9:>8.2f}",
                  flush=True)
    finally:
        config.unlink()
        subprocess.run(["rm", "-rf", out])
        if not arguments.keep:
            path.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
