#!/usr/bin/env python3
"""What attnflow does when it is killed, when the disk is full, under limits, in folders that cannot be written, and with
links, pipes and devices under every name that it reads or writes; and with inputs that are large or say that they are.

    tests/survival.py build/release/attnflow [--whole] [--seed N] [PART...]

PARTS: kills, steps, full, limits, readonly, names, patience; all when none is named. Without --whole a short slice of each, for ctest.
Needs no package. What needs a mount of its own (full, readonly) is left out, and said to be, where the system gives no
user namespace. Exit code 0, 1 with the first failures, 77 where all was left out.
"""

import argparse
import json
import os
import pathlib
import random
import re
import resource
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

SOURCE = pathlib.Path(__file__).resolve().parent.parent
PATIENCE = 60  # seconds that a command may take on a busy machine before it counts as one that hangs
CONFIG = """
methods = ["raw_attention", "rollout", "attention_flow", "column_sum"]
dataset.path = "data.safetensors"
dataset.limit = 20
axes.heads = ["mean", "max"]
axes.skip_weight = [0.25, 0.5]
axes.layer = "all"
evaluation.references = ["blank_out", "method(rollout)"]
statistics.resamples = 100
output.attributions = true
"""
TEXT_CONFIG = """
methods = ["rollout", "column_sum"]
model.path = "model"
model.cache = "cache"
dataset.sentences = "sentences.tsv"
axes.source = "cls"
evaluation.references = ["blank_out", "grad_norm"]
statistics.resamples = 100
"""


class Failures:
    def __init__(self):
        self.seen = []

    def check(self, holds, what):
        if not holds:
            self.seen.append(what)
            print("FAILED: " + what, flush=True)
            if len(self.seen) >= 10:
                sys.exit("too many failures")
        return holds


class Result:
    def __init__(self, code, out, err, seconds):
        self.code, self.out, self.err, self.seconds = code, out, err, seconds

    def is_refusal(self):
        """Exit code 2 and one message."""
        return self.code == 2 and self.err.startswith("attnflow: ") and len(self.err) < 3000


class Bench:
    """Inputs, runs of them, and commands to try, in a folder of their own."""

    def __init__(self, attnflow, folder):
        self.attnflow = str(pathlib.Path(attnflow).resolve())
        self.folder = pathlib.Path(folder)
        self.made = self.folder / "made"
        self.made.mkdir()
        shutil.copy(SOURCE / "experiments/data/sva_dev200.safetensors", self.made / "data.safetensors")
        shutil.copytree(SOURCE / "experiments/models/sva-bert-6x8", self.made / "model")
        lines = (SOURCE / "experiments/data/sva_sentences.tsv").read_text().splitlines()[:7]
        (self.made / "sentences.tsv").write_text("\n".join(lines) + "\n")
        (self.made / "grid.toml").write_text(CONFIG)
        (self.made / "text.toml").write_text(TEXT_CONFIG)
        (self.made / "tmp").mkdir()
        (self.made / "cache").mkdir()
        for words in (
            "run grid.toml --out done --quiet",
            "run grid.toml --out a --shard 1/2 --quiet",
            "run grid.toml --out b --shard 2/2 --quiet",
            "run grid.toml --out old --quiet --set axes.skip_weight=0.5",
            "generate diffuse --out p.max --layers 3 --tokens 6",
        ):
            result = self.run(self.made, words)
            if result.code != 0:
                sys.exit(f"{words}: exit code {result.code}: {result.err}")

    def copy(self, name):
        place = self.folder / name
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(self.made, place, symlinks=True)
        return place

    def start(self, place, words, limits=(), **files):
        def prepare():
            for kind, value in limits:
                resource.setrlimit(kind, (value, value))

        environment = dict(os.environ, TMPDIR=str(place / "tmp"), TERM="dumb")
        files = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **files}
        return subprocess.Popen(
            [self.attnflow] + words.split(), cwd=place, env=environment, preexec_fn=prepare, text=True, **files
        )

    def run(self, place, words, limits=(), **files):
        begin = time.monotonic()
        process = self.start(place, words, limits, **files)
        try:
            out, err = process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            return Result(None, out or "", err or "", PATIENCE)
        return Result(process.returncode, out or "", err or "", time.monotonic() - begin)


# By name: the command, and the command that repeats it after it was killed.
WRITERS = {
    "run": ("run grid.toml --out out --quiet --jobs 2", "run grid.toml --out out --quiet --resume"),
    "run --overwrite": ("run grid.toml --out old --quiet --overwrite", None),
    "run that grows": (
        "run grid.toml --out old --quiet --resume",
        "run grid.toml --out old --quiet --resume",
    ),
    "run of texts": ("run text.toml --out out --quiet", "run text.toml --out out --quiet --resume"),
    "run --shard": ("run grid.toml --out out --quiet --shard 1/2", "run grid.toml --out out --quiet --shard 1/2 --resume"),
    "merge": ("merge a b --out out --quiet", None),
    "merge --overwrite": ("merge a b --out old --quiet --overwrite", None),
    "evaluate": ("evaluate done --quiet --set evaluation.metrics=pearson", None),
    "report": ("report done", None),
    "figures csv": ("figures done --format csv", None),
    "figures svg": ("figures done --format svg", None),
    "extract": ("extract --model model --file sentences.tsv --with gradients --out x.safetensors", None),
    "generate": ("generate diffuse --out g.safetensors --tokens 100 --layers 12", None),
    "generate problem": ("generate diffuse --out g.max --tokens 60", None),
    "solve": ("solve p.max --flow p.flow", None),
}
READERS = {
    "show": "show done",
    "validate": "validate data.safetensors",
    "attribute": "attribute data.safetensors --example ex00000 --method attention_flow",
    "attribute a text": "attribute --model model --text hello --method rollout",
    "dry run": "run grid.toml --dry-run",
    "list": "list",
}


def has_node():
    return any(shutil.which(name) for name in ("node", "nodejs"))


def writers():
    return {name: words for name, words in WRITERS.items() if name != "figures svg" or has_node()}


def contents(place):
    """Name and bytes of all files but stores, whose bytes depend on their history, and locks."""
    found = {}
    for path in sorted(place.rglob("*")):
        name = str(path.relative_to(place))
        if path.is_symlink():
            found[name] = "link to " + os.readlink(path)
        elif path.is_file():
            own = path.name == "run.sqlite" or path.name == "run.lock"
            found[name] = "own" if own else path.read_bytes()
        else:
            found[name] = "folder"
    return found


def difference(found, expected):
    names = [n for n in set(found) | set(expected) if found.get(n) != expected.get(n)]
    return ", ".join(
        f"{n} {'is left' if n not in expected else 'is missing' if n not in found else 'differs'}" for n in sorted(names)
    )


def age(folder):
    """As if what lies there had been left long ago."""
    for path in folder.iterdir():
        os.utime(path, (1, 1))


def kills(bench, failures, whole):
    counts = {"killed": 0, "ended before": 0, "stopped by a signal": 0}
    for name, (words, repeat) in writers().items():
        place = bench.copy("place")
        result = bench.run(place, words)
        failures.check(result.code == 0, f"{name}: exit code {result.code}: {result.err}")
        expected, seconds = contents(place), result.seconds
        before = contents(bench.made)
        # A command that has ended before its signal came tests nothing: until enough were hit.
        hit, trial = 0, 0
        while hit < (24 if whole else 2) and trial < (80 if whole else 2):
            number = random.choice([signal.SIGKILL] * 3 + [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
            if trial < 2:
                number = [signal.SIGKILL, signal.SIGTERM][trial]
            place = bench.copy("place")
            process = bench.start(place, words)
            time.sleep(random.uniform(0, seconds))
            process.send_signal(number)
            process.communicate()
            what = f"{name} after signal {number}"
            dead = process.returncode in (-number, 130)
            hit += dead
            trial += 1
            counts["ended before" if not dead else "killed" if number == signal.SIGKILL else "stopped by a signal"] += 1
            if not dead:
                failures.check(process.returncode == 0, f"{what}: exit code {process.returncode}")
            # No file is half: each is as before or as it is to be.
            for file, content in contents(place).items():
                known = content in (before.get(file), expected.get(file)) or "run.sqlite" in file or "run.next" in file
                scratch = number == signal.SIGKILL and (file.startswith("tmp/") or "/.attnflow-" in "/" + file)
                origin = file.endswith(("config.toml", "environment.json"))
                failures.check(known or scratch or origin, f"{what}: {file} is neither as before nor whole")
            if name.startswith(("run", "merge")):
                out = "old" if "overwrite" in name or "grows" in name else "out"
                shown = bench.run(place, f"show {out}")
                failures.check(shown.code == 0 or shown.is_refusal(), f"{what}: show: {shown.code} {shown.err}")
            age(place / "tmp")
            again = bench.run(place, repeat or words)
            was_done = name == "merge" and "holds a run already" in again.err
            failures.check(again.code == 0 or was_done, f"{what}: repeated: exit code {again.code}: {again.err}")
            left = difference(contents(place), expected)
            failures.check(not left, f"{what}: repeated: {left}")
    for name, words in READERS.items():
        seconds = bench.run(bench.made, words).seconds
        place = bench.copy("place")
        before = contents(place)
        for _ in range(8 if whole else 1):
            process = bench.start(place, words)
            time.sleep(random.uniform(0, seconds))
            process.kill()
            process.communicate()
            counts["killed" if process.returncode < 0 else "ended before"] += 1
            left = difference(contents(place), before)
            failures.check(not left, f"{name} killed: {left}")
    return counts


STEPS = "unlink,unlinkat,rename,renameat,renameat2,link,linkat"


def steps(bench, failures, whole):
    """Killed at each name that is made, changed or removed in a run: what no random time hits."""
    counts = {"killed": 0}
    strace = shutil.which("strace")
    if strace is None or subprocess.run([strace, "-o", os.devnull, "true"], stderr=subprocess.DEVNULL).returncode != 0:
        return None
    for name in ("run --overwrite", "merge --overwrite", "run that grows", "evaluate", "merge"):
        words, repeat = WRITERS[name]
        out = "done" if name == "evaluate" else "out" if name == "merge" else "old"
        place = bench.copy("place")
        shown_before = bench.run(place, f"show {out}").out
        failures.check(bench.run(place, words).code == 0, name)
        expected = contents(place)
        step, killed = 0, True
        while killed:
            step += 1 if whole else random.randint(1, 6)
            place = bench.copy("place")
            inject = f"inject={STEPS}:signal=SIGKILL:when={step}"
            command = [strace, "-f", "-o", os.devnull, "-e", "trace=" + STEPS, "-e", inject, bench.attnflow]
            environment = dict(os.environ, TMPDIR=str(place / "tmp"))
            result = subprocess.run(command + words.split(), cwd=place, env=environment, capture_output=True, text=True)
            killed = result.returncode == -signal.SIGKILL
            what = f"{name} killed at step {step}"
            if not killed:
                failures.check(result.returncode == 0, f"{what}: exit code {result.returncode}: {result.stderr}")
                continue
            counts["killed"] += 1
            shown = bench.run(place, f"show {out}")
            failures.check(shown.code == 0 or shown.is_refusal(), f"{what}: show: {shown.code} {shown.err}")
            table = f"{out}/results.csv"
            found = contents(place)
            if shown.code == 0 and table in found:
                new = all(found.get(file) == content for file, content in expected.items() if file.startswith(out + "/"))
                told = "older than its results" in shown.out + shown.err
                failures.check(new or told or shown.out == shown_before, f"{what}: show does not say that tables are old")
            again = bench.run(place, repeat or words)
            was_done = name == "merge" and "holds a run already" in again.err
            failures.check(again.code == 0 or was_done, f"{what}: repeated: exit code {again.code}: {again.err}")
            left = difference(contents(place), expected)
            failures.check(not left, f"{what}: repeated: {left}")
    return counts


def mounted(attnflow, part, arguments):
    """Runs a part of this script where it may mount; None where the system does not allow it."""
    command = ["unshare", "--user", "--map-root-user", "--mount"]
    if subprocess.run(command + ["true"], stderr=subprocess.DEVNULL).returncode != 0:
        return None
    words = [sys.executable, __file__, attnflow, part, "--inside", "--seed", str(arguments.seed)]
    return subprocess.run(command + words + (["--whole"] if arguments.whole else [])).returncode


def free_bytes(folder):
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize


def full(bench, failures, whole):
    """On a small disk of its own."""
    counts = {"refused": 0, "had room": 0}
    expected = {}
    for name, (words, repeat) in writers().items():
        place = bench.copy("place")
        failures.check(bench.run(place, words).code == 0, f"{name} with room")
        expected = contents(place)
        for room in (0, 4, 60, 250, 700, 1500) if whole else (60,):
            place = bench.copy("place")
            before = contents(place)
            ballast = bench.folder / "ballast"
            with open(ballast, "wb") as file:
                file.write(b"\0" * max(0, free_bytes(bench.folder) - room * 1024))
            what = f"{name} with {room} kB of disk"
            result = bench.run(place, words)
            # Where even the message finds no room.
            with open(bench.folder / "log", "w") as log:
                silent = bench.run(place, repeat or words, stderr=log, stdout=log)
            found = contents(place)
            ballast.unlink()
            (bench.folder / "log").unlink()
            if result.code == 0:
                counts["had room"] += 1
            else:
                counts["refused"] += 1
                failures.check(result.is_refusal(), f"{what}: exit code {result.code}: {result.err}")
                failures.check("space" in result.err or "full" in result.err, f"{what}: {result.err}")
                failures.check(silent.code in (0, 2), f"{what} and no room for messages: exit code {silent.code}")
                if silent.code == 2:
                    for file, content in before.items():
                        kept = found.get(file) in (content, expected.get(file))  # a run that grows says so first
                        kept = kept or (file.startswith("old/") and "overwrite" in name)
                        failures.check(kept, f"{what}: {file} was lost")
                    failures.check(not any(".attnflow-" in file for file in found), f"{what}: a half file is left")
            again = bench.run(place, repeat or words)
            if name == "merge" and "holds a run already" in again.err:
                again.code = 0
            failures.check(again.code == 0, f"{what}, then room: exit code {again.code}: {again.err}")
            left = difference(contents(place), expected)
            failures.check(not left, f"{what}, then room: {left}")
    return counts


def readonly(bench, failures, whole):
    """In a folder that is mounted read-only: what only reads works, what writes is refused."""
    counts = {"read": 0, "refused": 0}
    place = bench.copy("place")
    (bench.folder / "elsewhere").mkdir()
    subprocess.run(["mount", "--bind", str(place), str(place)], check=True)
    subprocess.run(["mount", "-o", "remount,ro,bind", str(place)], check=True)
    try:
        elsewhere = str(bench.folder / "elsewhere")
        readers = dict(READERS, report=f"report done --out {elsewhere}/r.html", merge=f"merge a b --out {elsewhere}/m --quiet")
        readers["figures"] = f"figures done --format csv --out {elsewhere}/f"
        for name, words in readers.items():
            result = bench.run(place, words)
            failures.check(result.code == 0, f"{name} in a read-only folder: exit code {result.code}: {result.err}")
            counts["read"] += 1
        for name, (words, _) in writers().items():
            result = bench.run(place, words)
            failures.check(result.is_refusal(), f"{name} in a read-only folder: exit code {result.code}: {result.err}")
            counts["refused"] += 1
    finally:
        subprocess.run(["umount", str(place)], check=True)
    return counts


def limits(bench, failures, whole):
    counts = {"done": 0, "refused": 0, "no program": 0}
    tried = {
        "-v": (resource.RLIMIT_AS, [n << 20 for n in (range(20, 420, 20) if whole else (60, 110))]),
        "-f": (resource.RLIMIT_FSIZE, [0, 1000, 10_000, 100_000, 1_000_000] if whole else [10_000]),
        "-n": (resource.RLIMIT_NOFILE, list(range(3, 20)) if whole else [9]),
        "-s": (resource.RLIMIT_STACK, [n << 10 for n in (64, 128, 256, 1024)] if whole else [128 << 10]),
    }
    commands = {name: words for name, (words, _) in writers().items()}
    commands.update(READERS)
    commands["16 threads"] = "run grid.toml --out out --quiet --jobs 16"
    for option, (kind, values) in tried.items():
        for value in values:
            # What the system needs to start any program is not ours.
            if bench.run(bench.made, "--version", [(kind, value)]).code != 0:
                counts["no program"] += 1
                continue
            for name, words in commands.items():
                place = bench.copy("place")
                before = contents(place)
                result = bench.run(place, words, [(kind, value)])
                what = f"{name} with ulimit {option} {value if option == '-n' else value >> 10}"
                if not failures.check(result.code is not None, f"{what}: hangs"):
                    continue
                failures.check(result.code == 0 or result.is_refusal(), f"{what}: exit code {result.code}: {result.err}")
                counts["done" if result.code == 0 else "refused"] += 1
                if option == "-v" and result.code == 2 and "memory" in result.err:
                    failures.check(any(c.isdigit() for c in result.err), f"{what}: no amount in: {result.err}")
                if name in READERS:
                    failures.check(not difference(contents(place), before), f"{what}: something changed")
                elif result.code == 2:
                    failures.check(
                        not any(".attnflow-" in file for file in contents(place)), f"{what}: a half file is left"
                    )
    return counts


INPUTS = {
    "grid.toml": ["run grid.toml --out out", "run grid.toml --dry-run"],
    "data.safetensors": [
        "validate data.safetensors",
        "attribute data.safetensors --method rollout",
        "run grid.toml --out out",
        "report done --out page.html",
    ],
    "sentences.tsv": ["extract --model model --file sentences.tsv --out x.safetensors", "run text.toml --out out"],
    "model/config.json": ["extract --model model --text hello --out x.safetensors", "run text.toml --out out"],
    "model/model.safetensors": ["attribute --model model --text hello --method rollout", "run text.toml --out out"],
    "model/tokenizer.json": ["extract --model model --text hello --out x.safetensors", "run text.toml --out out"],
    "p.max": ["solve p.max", "solve p.max --flow p.flow"],
    "done": ["show done", "report done", "evaluate done", "merge done --out out", "run grid.toml --out done"],
    "done/run.sqlite": ["show done", "report done --out page.html", "evaluate done", "merge done --out out",
                        "run grid.toml --out done --resume"],
}
OUTPUTS = {
    "page.html": "report done --out page.html",
    "done/report.html": "report done",
    "done/figures": "figures done --format csv",
    "done/results.csv": "evaluate done",
    "done/run.json": "evaluate done",
    "done/run.lock": "evaluate done",
    "out": "run grid.toml --out out",
    "out/run.sqlite": "run grid.toml --out out --resume",
    "out/run.lock": "run grid.toml --out out",
    "out/run.next": "merge a b --out out",
    "x.safetensors": "extract --model model --text hello --out x.safetensors",
    "g.safetensors": "generate diffuse --out g.safetensors",
    "g.max": "generate diffuse --out g.max",
    "p.flow": "solve p.max --flow p.flow",
}
KINDS = ["pipe", "link to a pipe", "link to /dev/zero", "link to /proc/self/environ", "folder", "socket",
         "link to a file", "link to nothing"]


def put(path, kind, place):
    """Something of that kind under that name; what it should not touch lies in `victims`."""
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.is_dir():
        shutil.rmtree(path)
    path.parent.mkdir(exist_ok=True)
    victims = place / "victims"
    victims.mkdir(exist_ok=True)
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "link to a pipe":
        os.mkfifo(victims / "pipe")
        path.symlink_to(victims / "pipe")
    elif kind.startswith("link to /"):
        path.symlink_to(kind.split()[-1])
    elif kind == "folder":
        (path / "inside").mkdir(parents=True)
    elif kind == "socket":
        listener = socket.socket(socket.AF_UNIX)
        cwd = os.getcwd()
        os.chdir(path.parent)  # the name of a socket may not be long
        listener.bind(path.name)
        os.chdir(cwd)
    elif kind == "link to a file":
        (victims / "file").write_text("mine")
        path.symlink_to(victims / "file")
    else:
        path.symlink_to(victims / "nothing")


def names(bench, failures, whole):
    counts = {"inputs": 0, "outputs": 0}
    for table in (INPUTS, OUTPUTS):
        for name, commands in table.items():
            for kind in KINDS if whole else random.sample(KINDS, 2):
                for words in commands if isinstance(commands, list) else [commands]:
                    place = bench.copy("place")
                    put(place / name, kind, place)
                    before = contents(place)
                    result = bench.run(place, words)
                    what = f"{words} with {name} as a {kind}"
                    # A text that is a link to a file is a text; a report without its dataset is one without examples; a
                    # folder that is there may be one for a run or for figures.
                    may_work = (
                        (kind == "link to a file" and table is INPUTS)
                        or words.startswith("report") and name == "data.safetensors"
                        or kind == "folder" and name in ("out", "done/figures")
                    )
                    failures.check(
                        result.is_refusal() or (may_work and result.code == 0),
                        f"{what}: exit code {result.code}: {result.err}",
                    )
                    after = contents(place)
                    lost = {n: c for n, c in before.items() if after.get(n) != c}
                    if result.code != 0:
                        failures.check(not lost, f"{what}: changed: {', '.join(lost)}")
                    victims = [n for n in set(before) | set(after) if n.startswith("victims") and before.get(n) != after.get(n)]
                    failures.check(not victims, f"{what}: {', '.join(victims)} changed")
                    counts["inputs" if table is INPUTS else "outputs"] += 1
    # Messages that cannot be written end nothing; results that cannot be written are an error.
    with open("/dev/full", "w") as no_room:
        for name, words in READERS.items():
            result = bench.run(bench.made, words, stdout=no_room)
            failures.check(result.is_refusal() and "standard output" in result.err, f"{name} > /dev/full: {result.err}")
        place = bench.copy("place")
        result = bench.run(place, "run grid.toml --out out --quiet", stderr=no_room)
        failures.check(result.code == 0, f"run 2> /dev/full: exit code {result.code}")
        result = bench.run(place, "run grid.toml --out done", stderr=no_room)
        failures.check(result.code == 2, f"a refusal 2> /dev/full: exit code {result.code}")
    return counts


def safetensors(path, tensors, metadata):
    """Writes float32 tensors: name, shape, bytes of one row, how many rows."""
    header, end = {"__metadata__": {key: json.dumps(value) for key, value in metadata.items()}}, 0
    for name, shape, row, rows in tensors:
        begin, end = end, end + len(row) * rows
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [begin, end]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for _, _, row, rows in tensors:
            for _ in range(rows):
                file.write(row)


def uniform(path, layers, heads, tokens):
    row = struct.pack("<f", 1 / tokens) * tokens
    scores = struct.pack(f"<{tokens}f", *range(tokens))
    safetensors(
        path,
        [("attentions", [layers, heads, tokens, tokens], row, layers * heads * tokens), ("blank_out", [tokens], scores, 1)],
        {"tokens": [f"t{i}" for i in range(tokens)]},
    )


def peak_of(bench, place, words):
    """Exit code and the most memory that the command held, in bytes."""
    process = bench.start(place, words, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, usage.ru_maxrss * 1024


def patience(bench, failures, whole):
    """What is large, or says that it is: done, or refused, and never for ever."""
    counts = {"done": 0, "refused": 0, "memory as said": 0}
    place = bench.copy("place")

    def expect(words, code, message=""):
        result = bench.run(place, words)
        what = f"{words}: exit code {result.code} after {result.seconds:.0f} s: {result.err[:300]}"
        failures.check(result.code == code and message in result.err, what)
        counts["refused" if code else "done"] += 1

    config = 'methods = ["rollout", "{method}"]\ndataset.path = "{data}"\nevaluation.references = ["blank_out"]\n' \
             "statistics.resamples = 100\n"
    # First, since a process begins with the memory that this one had at most by then.
    shapes = [(1, 1, 1500), (3, 2, 600), (12, 1, 300)]
    for layers, heads, tokens in shapes if whole else shapes[1:2]:
        uniform(place / "memory.safetensors", layers, heads, tokens)
        for method in ("rollout", "attention_flow", "raw_attention"):
            text = config.format(method=method, data="memory.safetensors").replace('"rollout", ', "")
            for more in ("", 'axes.heads = "late"\n') if whole and method == "attention_flow" else ("",):
                (place / "memory.toml").write_text(text + more)
                dry = bench.run(place, "run memory.toml --dry-run --jobs 1").out
                said = re.search(r"memory: at most about ([0-9.e+]+) GB", dry)
                code, peak = peak_of(bench, place, "run memory.toml --out memory --overwrite --quiet --jobs 1")
                what = f"{method} on {layers} layers of {tokens} tokens: {peak / 1e9:.2f} GB, said {said and said[1]}"
                room = (place / "memory.safetensors").stat().st_size
                if failures.check(code == 0 and said, what):
                    failures.check(peak - room <= float(said[1]) * 1e9 <= 10 * peak, what)
                    counts["memory as said"] += 1

    uniform(place / "layers.safetensors", 10_000, 2, 4)
    (place / "layers.toml").write_text(config.format(method="attention_flow", data="layers.safetensors"))
    expect("validate layers.safetensors", 0)
    expect("attribute layers.safetensors --method attention_flow", 0)
    expect("run layers.toml --out out --quiet", 0)
    expect("run layers.toml --dry-run --set axes.layer=all", 0)
    expect("run layers.toml --dry-run --set axes.layer=all --set axes.skip_weight=[0,0.1,0.2,0.3,0.4,0.5,0.6]", 2, "points")

    for points, message in (60_000, "points"), (1_000_000, "bytes"):
        values = ",".join(str(i / 1e6) for i in range(points))
        (place / "points.toml").write_text(CONFIG.replace("[0.25, 0.5]", f"[{values}]"))
        expect("run points.toml --dry-run", 2, message)
    megabytes = 100 if whole else 20
    for name, text in {"line.toml": "methods = [\"", "line.max": "p max ", "line.tsv": "text\n"}.items():
        with open(place / name, "w") as file:
            file.write(text)
            for _ in range(megabytes):
                file.write("1 " * 500_000)
    expect("run line.toml --dry-run", 2, "bytes")
    expect("solve line.max", 2, "longer")
    expect("extract --model model --file line.tsv --out x.safetensors", 2, "bytes")

    original = (place / "model/config.json").read_text()
    for key in ("num_hidden_layers", "hidden_size", "num_attention_heads", "intermediate_size", "vocab_size",
                "max_position_embeddings", "type_vocab_size"):
        for value in (2**31 - 1, 2**62):
            (place / "model/config.json").write_text(json.dumps({**json.loads(original), key: value}))
            expect("attribute --model model --text hello --method rollout", 2)
    (place / "model/config.json").write_text(original)

    if whole:
        tokenizer = json.loads((place / "model/tokenizer.json").read_text())
        first = len(tokenizer["model"]["vocab"])
        flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
        tokenizer["added_tokens"] += [{"id": first + i, "content": f"<x{i}>", **flags} for i in range(1_000_000)]
        (place / "model/tokenizer.json").write_text(json.dumps(tokenizer))
        expect("attribute --model model --text hello --method rollout", 2, "embeddings")
        for examples, code in ((100_000, 0), (1_000_000, 2)):
            names = [f"x{i}" for i in range(examples)]
            safetensors(
                place / "many.safetensors",
                [(f"{name}.attentions", [1, 1, 1, 1], struct.pack("<f", 1), 1) for name in names],
                {"examples": [{"id": name, "tokens": ["a"]} for name in names]},
            )
            (place / "many.toml").write_text(config.format(method="raw_attention", data="many.safetensors"))
            expect("validate many.safetensors", code)
            expect("run many.toml --out many --quiet --set evaluation.references=method(rollout)", code)
        uniform(place / "long.safetensors", 1, 1, 20_000)
        expect("validate long.safetensors", 0)
        expect("attribute long.safetensors --method raw_attention", 0)
    return counts


PARTS = {"kills": kills, "steps": steps, "full": full, "limits": limits, "readonly": readonly, "names": names, "patience": patience}
MOUNTED = {"full": 120, "readonly": 120}  # megabytes of the disk


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("attnflow")
    parser.add_argument("part", nargs="*")
    parser.add_argument("--whole", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_intermixed_args()
    random.seed(arguments.seed)
    failures = Failures()
    parts = arguments.part or list(PARTS)
    left_out = 0
    for part in parts:
        if part in MOUNTED and not arguments.inside:
            code = mounted(arguments.attnflow, part, arguments)
            if code is None:
                print(f"{part}: left out, the system gives no user namespace")
                left_out += 1
            elif code != 0:
                failures.seen.append(part)
            continue
        begin = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="attnflow-survival-") as folder:
            if part in MOUNTED:
                subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={MOUNTED[part]}m", "none", folder], check=True)
            try:
                counts = PARTS[part](Bench(arguments.attnflow, folder), failures, arguments.whole)
            finally:
                if part in MOUNTED:
                    subprocess.run(["umount", folder], check=True)
        if counts is None:
            print(f"{part}: left out, strace is not installed or may not trace")
            left_out += 1
            continue
        text = ", ".join(f"{count} {name}" for name, count in counts.items())
        print(f"{part}: {text} ({time.monotonic() - begin:.0f} s)", flush=True)
    if failures.seen:
        sys.exit(f"{len(failures.seen)} failures")
    if left_out == len(parts):
        sys.exit(77)  # a test that was skipped


if __name__ == "__main__":
    main()
