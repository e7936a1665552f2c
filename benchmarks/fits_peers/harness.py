"""Runs one piece of work in a fresh process and tells what it took; the parent watches its memory."""

from __future__ import annotations

import hashlib
import json
import random
import sys
import time

import numpy as np


def digest(pixels: object) -> str:
    """Give a hash of pixels that is the same whatever their byte order was."""
    return hashlib.sha256(np.ascontiguousarray(pixels, "<f4")).hexdigest()[:12]


def places(side: int, count: int = 200, edge: int = 256) -> list[tuple[int, int]]:
    """Give corners (y, x) of the same tiles for every tool."""
    rng = random.Random(1)
    return [(rng.randrange(side - edge), rng.randrange(side - edge)) for _ in range(count)]


def tiles(read: object, side: int, edge: int = 256) -> dict[str, object]:
    """Read random tiles one after the other; give milliseconds of CPU and the hash of all pixels."""
    times, sha = [], hashlib.sha256()
    for y, x in places(side, edge=edge):
        before = time.process_time_ns()
        pixels = np.ascontiguousarray(read(y, x, edge), "<f4")
        times.append((time.process_time_ns() - before) / 1e6)
        sha.update(pixels)
    return {
        "p50": float(np.percentile(times, 50)),
        "p95": float(np.percentile(times, 95)),
        "pixels": sha.hexdigest()[:12],
    }


def run(rows: dict[str, object]) -> None:
    """Do the row that the command line names: `begin` and `end` on lines of their own, then what was found.

    A row is a pair of functions: the first makes ready (imports, warming) and is not measured, the second
    works on what it gave.
    """
    name, path, side = sys.argv[1], sys.argv[2], int(sys.argv[3])
    ready, work = rows[name]
    made = ready(path)
    print("begin", flush=True)
    sys.stdin.readline()
    wall, cpu = time.perf_counter(), time.process_time()
    found = work(made, path, side)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print("end", flush=True)
    sys.stdin.readline()
    found = found() if callable(found) else found  # hashes are not measured
    print(json.dumps({"wall": wall, "cpu": cpu, **found}), flush=True)
