"""Blocks that the tests of pipelines use from other processes, by ``blocks_for_tests:name``."""

import os
import time
from pathlib import Path

import numpy as np
import pandas as pd
from astrodata_kernel.pipeline import File, Work, block


def _mark(folder: Path | None, name: str) -> None:
    """Leave a file for each time that a block really runs."""
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}-{time.time_ns()}").touch()


@block(stage="ingest", outputs=("numbers",))
def count(*, upto: int = 3, marks: Path | None = None) -> list[int]:
    """Count."""
    _mark(marks, "count")
    return list(range(upto))


@block(stage="ingest", outputs=("text",))
def read_text(*, path: File) -> str:
    """Read a text."""
    return Path(path).read_text()


@block(outputs=("total",))
def total(numbers, *, factor: float = 1.0, marks: Path | None = None):
    """Add numbers up."""
    _mark(marks, "total")
    return sum(numbers) * factor


@block(outputs=("most", "least"))
def ends(*numbers):
    """Give the largest and the smallest."""
    return max(numbers), min(numbers)


@block(outputs=("table",))
def seeded(number, *, rows: int = 100, pause: float = 0.0, marks: Path | None = None):
    """Give a table that a number decides, after a while."""
    _mark(marks, f"table{number}")
    time.sleep(pause)
    rng = np.random.default_rng(int(number))
    return pd.DataFrame({"x": rng.normal(size=rows), "name": [f"r{n}" for n in range(rows)]})


@block(outputs=("array",))
def ramp(start: int, *, size: int = 1000):
    """Give a ramp."""
    return np.arange(start, start + size, dtype="float32")


@block(stage="train", outputs=("weights",))
def slow_training(numbers, *, epochs: int = 5, until: Path | None = None, work: Work):
    """Train by epochs, with a checkpoint after each; waits for a file within the second epoch."""
    done = work.folder / "epochs"
    first = int(done.read_text()) if done.exists() else 0
    for epoch in range(first, epochs):
        while until is not None and epoch == 1 and not until.exists():
            work.check()
            time.sleep(0.01)
        work.progress((epoch + 1) / epochs, f"epoch {epoch + 1}")
        work.metrics({"loss": 1 / (1 + epoch)}, epoch)
        done.write_text(str(epoch + 1))
    work.note(f"began with epoch {first}")
    return [float(sum(numbers)) + first * 0]


@block
def breaks(value):
    """Raise."""
    raise ZeroDivisionError("no number")


@block
def dies(value, *, unless: Path):
    """End the process that it runs in, the first time."""
    if not unless.exists():
        unless.touch()
        os._exit(9)
    return value


@block(stage="visualise")
def drawn(numbers):
    """Draw numbers."""
    from matplotlib.figure import Figure

    figure = Figure()
    figure.subplots().plot(numbers)
    return figure
