#!/usr/bin/env python3
"""Counts the rooms of each top folder, the includes between them, and those that run up.

    tests/contract/rooms.py [COMMIT]

A room is what stands directly in the folder: a folder or a module (its .hpp and .cpp). An arrow is a pair of rooms
of which one includes the other. Arrows run up against the order of tests/contract/rooms.txt; for a commit without
that file, as few run up as some order allows.
"""
import pathlib
import re
import subprocess
import sys
import tarfile
import tempfile

TOPS = ["graph", "attention", "algorithms", "experiments"]
INCLUDE = re.compile(r'\s*#\s*include\s*"([^"]+)"')


def room_of(path, top):
    first, _, rest = path.removeprefix(top + "/").partition("/")
    return first if rest else first.rsplit(".", 1)[0]


def arrows_of(root, top):
    """(rooms, arrows as pairs from the room that includes to the included one)"""
    rooms, arrows = set(), set()
    for file in sorted((root / top).rglob("*.[hc]pp")):
        room = room_of(file.relative_to(root).as_posix(), top)
        rooms.add(room)
        for line in file.read_text(encoding="utf-8").splitlines():
            match = INCLUDE.match(line)
            if match and match[1].startswith(top + "/"):
                included = room_of(match[1], top)
                if included != room:
                    arrows.add((room, included))
    return rooms, arrows


def order_of(root, top):
    """Rooms of rooms.txt by height, of nested ones the lowest place that the outer room has."""
    listed = root / "tests/contract/rooms.txt"
    if not listed.exists():
        return None
    names = [line.strip() for line in listed.read_text(encoding="utf-8").splitlines()]
    names = [name for name in names if name == top or name.startswith(top + "/")]
    return {room_of(name + "/", top) if name != top else "": place for place, name in enumerate(names)}


def reached(start, arrows):
    found, open_rooms = set(), [start]
    while open_rooms:
        room = open_rooms.pop()
        for a, b in arrows:
            if a == room and b not in found:
                found.add(b)
                open_rooms.append(b)
    return found


def fewest_up(rooms, arrows):
    """Arrows that run up in the best order. All of them lie on circles, so each knot of circles is ordered by itself:
    the best order of a set of rooms is that of all but its highest one, which then sends arrows down only."""
    up = []
    on_circle = {r for r in rooms if r in reached(r, arrows)}
    knots = {frozenset(r for r in on_circle if a in reached(r, arrows) and r in reached(a, arrows)) for a in on_circle}
    for knot in knots:
        names = sorted(knot)
        into = [sum(1 << names.index(a) for a, b in arrows if b == name and a in knot) for name in names]
        # By set of rooms that stand lowest: how few arrows run up, and the highest room of that set.
        best = [(0, None)] + [(len(arrows) + 1, None)] * (2 ** len(names) - 1)
        for lower in range(2 ** len(names)):
            for r in range(len(names)):
                if lower >> r & 1:
                    continue
                cost = best[lower][0] + (into[r] & lower).bit_count()
                if cost < best[lower | 1 << r][0]:
                    best[lower | 1 << r] = (cost, r)
        height, lower = {}, 2 ** len(names) - 1
        while lower:
            height[names[best[lower][1]]] = lower.bit_count()
            lower ^= 1 << best[lower][1]
        up += [(a, b) for a, b in arrows if a in knot and b in knot and height[b] > height[a]]
    return sorted(up)


def up_arrows(rooms, arrows, order):
    if order is None:
        return fewest_up(rooms, arrows)
    height = lambda room: order.get(room, order.get("", -1))
    return sorted((a, b) for a, b in arrows if height(b) > height(a))


def report(root):
    print(f"{'folder':<12} {'rooms':>5} {'arrows':>6} {'up':>3}")
    for top in TOPS:
        rooms, arrows = arrows_of(root, top)
        up = up_arrows(rooms, arrows, order_of(root, top))
        print(f"{top:<12} {len(rooms):>5} {len(arrows):>6} {len(up):>3}  {', '.join(f'{a} -> {b}' for a, b in up)}".rstrip())


def main():
    here = pathlib.Path(__file__).resolve().parents[2]
    if len(sys.argv) == 1:
        return report(here)
    with tempfile.TemporaryDirectory() as folder:
        archive = subprocess.Popen(["git", "-C", here, "archive", sys.argv[1]], stdout=subprocess.PIPE)
        with tarfile.open(fileobj=archive.stdout, mode="r|") as tar:
            tar.extractall(folder, filter="data")
        report(pathlib.Path(folder))


main()
