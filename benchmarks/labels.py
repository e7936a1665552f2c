"""Labels: acknowledged on the disk, and a million of them folded, beside SQLite in the same run.

A label counts as acknowledged when it would survive a power cut: ours is one line and an fsync, SQLite's one
commit with ``journal_mode=WAL, synchronous=FULL``. The two take turns. "the disk alone" writes a line to a
bare file and syncs it: below that nobody gets. SQLite in WAL mode does not work on network folders, a log
does.

    python benchmarks/labels.py [--folder FOLDER] [--labels 300] [--events 1000000]
"""

from __future__ import annotations

import argparse
import os
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from astrodata_kernel.labels import LabelLog, sessions
from astrodata_kernel.labels.lines import line_of, now

ROUNDS = 5
CLASSES = ["noise", "glitch", "signal"]
COLUMNS = ("who", "time", "id", "label", "seconds", "score", "source")
TABLE = f"CREATE TABLE labels ({', '.join(COLUMNS)})"


def database(path: Path) -> sqlite3.Connection:
    """Give a database that syncs at each commit, without waiting for a network folder's locks."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute(TABLE)
    return connection


def row(number: int) -> tuple[object, ...]:
    """Give a label as the database keeps it."""
    label = CLASSES[number % 3]
    return ("ada", now(), number, label, 0.8, number * 1e-3, "hotkey")


def acknowledged(folder: Path, labels: int) -> dict[str, list[np.ndarray]]:
    """Give the times of labels, in milliseconds, by who keeps them and round."""
    log = LabelLog(folder / "log", "ada", CLASSES)
    base = database(folder / "labels.sqlite")
    bare = os.open(folder / "bare", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    line = line_of({"n": 1, "time": now(), "who": "ada", "do": "put", "ids": [1], "label": "noise"})

    def put(number: int) -> None:
        log.put(number, CLASSES[number % 3], seconds=0.8, score=number * 1e-3, source="hotkey")

    def insert(number: int) -> None:
        base.execute("INSERT INTO labels VALUES (?, ?, ?, ?, ?, ?, ?)", row(number))

    def disk(_: int) -> None:
        os.write(bare, line)
        os.fsync(bare)

    ways: dict[str, Callable[[int], None]] = {
        "LabelLog.put": put,
        "SQLite WAL, FULL": insert,
        "the disk alone": disk,
    }
    times: dict[str, list[np.ndarray]] = {name: [] for name in ways}
    number = 0
    for _ in range(ROUNDS):
        taken: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(labels):
            for name, way in ways.items():
                start = time.perf_counter()
                way(number)
                taken[name].append(1e3 * (time.perf_counter() - start))
            number += 1
        for name in ways:
            times[name].append(np.array(taken[name]))
    base.close()
    os.close(bare)
    return times


def write_log(folder: Path, events: int) -> None:
    """Write a log of single labels, as if they had been given."""
    folder.mkdir(parents=True)
    head = {"n": 0, "clock": 1, "time": now(), "do": "open", "writer": "0" * 12, "who": "ada"}
    with (folder / f"ada-host-1-{'0' * 12}.jsonl").open("wb") as file:
        file.write(line_of(head))
        for number in range(events):
            facts = dict(zip(COLUMNS, row(number), strict=True))
            ids = [facts.pop("id")]
            stamp = {"n": number + 1, "clock": 1_700_000_000_000_000 + number}
            file.write(line_of({**stamp, **facts, "do": "put", "ids": ids}))


def write_base(path: Path, events: int) -> None:
    """Write the same into a database."""
    base = database(path)
    base.execute("BEGIN")
    base.executemany("INSERT INTO labels VALUES (?, ?, ?, ?, ?, ?, ?)", map(row, range(events)))
    base.execute("COMMIT")
    base.execute("CREATE INDEX by_id ON labels (id)")
    base.close()


def fold_log(folder: Path) -> None:
    """Read the log and give who has which label; print seconds and memory."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    log = LabelLog(folder, "ada")
    labelled = log.labelled()
    print(time.perf_counter() - start, len(labelled), before)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def fold_base(path: Path) -> None:
    """Do the same with the database: the last label of each id, and the whole history into memory."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    base = sqlite3.connect(path)
    history = base.execute("SELECT * FROM labels").fetchall()
    last = "SELECT id, label FROM labels WHERE rowid IN (SELECT max(rowid) FROM labels GROUP BY id)"
    labelled = dict(base.execute(last))
    print(time.perf_counter() - start, len(labelled), before)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    del history


def in_a_process(what: str, path: Path) -> tuple[float, float]:
    """Give seconds and MB of a fold in a process of its own."""
    command = [sys.executable, __file__, "--only", what, "--folder", str(path)]
    first, last = subprocess.run(
        command, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    seconds, _, before = first.split()
    return float(seconds), (int(last) - int(before)) / 1e3


def seconds(work: Callable[[], object]) -> float:
    """Give the time of one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def print_acknowledged(times: dict[str, list[np.ndarray]], labels: int) -> None:
    """Print p50 and p95 of each way, median and range of the rounds."""
    print(f"label acknowledged, ms; {ROUNDS} rounds of {labels}: median (range)")
    medians = {}
    for name, rounds in times.items():
        cells = []
        for share in (50, 95):
            each = [float(np.percentile(one, share)) for one in rounds]
            medians[name, share] = statistics.median(each)
            cells.append(
                f"p{share} {medians[name, share]:7.3f} ({min(each):.3f} to {max(each):.3f})"
            )
        print(f"  {name:20}{cells[0]:34}{cells[1]}")
    ratio = [medians["SQLite WAL, FULL", p] / medians["LabelLog.put", p] for p in (50, 95)]
    print(f"  SQLite / LabelLog: {ratio[0]:.2f} at p50, {ratio[1]:.2f} at p95")


def print_folds(folder: Path, events: int) -> None:
    """Print the times of folds, and of what is done with a log that is already large."""
    write_log(folder / "astrodata/labels/large", events)
    write_base(folder / "large.sqlite", events)
    large = folder / "astrodata/labels/large"
    folds: dict[str, list[tuple[float, float]]] = {"log": [], "base": []}
    for _ in range(ROUNDS):
        folds["log"].append(in_a_process("log", large))
        folds["base"].append(in_a_process("base", folder / "large.sqlite"))
    print(
        f"\nfold of {events:,} label events, history in memory: median (range) of {ROUNDS} processes"
    )
    middle = {}
    for name, what in (("log", "LabelLog"), ("base", "SQLite")):
        each = [one[0] for one in folds[name]]
        middle[name] = statistics.median(each)
        print(
            f"  {what:20}{middle[name]:7.2f} s ({min(each):.2f} to {max(each):.2f})"
            f"{folds[name][0][1]:9.0f} MB"
        )
    print(f"  SQLite / LabelLog: {middle['base'] / middle['log']:.2f}")
    log = LabelLog(large, "bob", CLASSES)
    other = LabelLog(large, "ada")
    taken = {"another label, acknowledged": seconds(lambda: log.put(1, "noise"))}
    taken["the second, acknowledged"] = seconds(lambda: log.put(2, "noise"))
    taken["refresh with 2 new events"] = seconds(other.refresh)
    taken["refresh without any"] = seconds(other.refresh)
    taken["undo"] = seconds(log.undo)
    taken["label of one id"] = seconds(lambda: other.label_of(5))
    taken["counts"] = seconds(other.counts)
    taken["labels of all ids"] = seconds(other.labelled)
    taken["a lasso of all ids, one event"] = seconds(lambda: log.put(range(events), "glitch"))
    taken["table as a DataFrame"] = seconds(other.table)
    taken["list of sessions, first"] = seconds(lambda: sessions(folder))
    taken["list of sessions, again"] = seconds(lambda: sessions(folder))
    print(f"\nwith {events:,} events there")
    for name, value in taken.items():
        print(f"  {name:32}{1e3 * value:10.2f} ms")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help="on the disk to be measured")
    parser.add_argument("--labels", type=int, default=300)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--only", choices=("log", "base"), help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.only:
        (fold_log if wanted.only == "log" else fold_base)(wanted.folder)
        return
    with tempfile.TemporaryDirectory(dir=wanted.folder) as name:
        folder = Path(name)
        print_acknowledged(acknowledged(folder, wanted.labels), wanted.labels)
        print_folds(folder, wanted.events)


if __name__ == "__main__":
    main()
