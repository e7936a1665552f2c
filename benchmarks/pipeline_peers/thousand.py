"""Many trivial steps in several tools, each in a process of its own: seconds a step, first and again."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from astrodata_kernel.pipeline import Pipeline, block


@block
def plus(value: int = 0, *, number: int = 0) -> int:
    """Add a number."""
    return value + number


def add(value: int, number: int) -> int:
    """Add a number."""
    return value + number


def ours(count: int, root: str) -> Callable[[], Any]:
    """Give what runs a pipeline of many steps, of which each takes what the one before it gave."""
    pipeline = Pipeline("thousand").add("s0", plus, number=0)
    for number in range(1, count):
        pipeline.add(f"s{number}", plus, f"s{number - 1}", number=number)

    def run() -> Any:
        done = pipeline.run(workspace=root, track=False, progress=False)
        return done.outputs[f"s{count - 1}"]

    return run


def joblib(count: int, root: str) -> Callable[[], Any]:
    """Give what calls a function that joblib keeps the results of."""
    from joblib import Memory

    kept = Memory(root, verbose=0).cache(add)

    def run() -> Any:
        value = 0
        for number in range(count):
            value = kept(value, number)
        return value

    return run


def dask(count: int, root: str) -> Callable[[], Any]:  # noqa: ARG001 - it keeps nothing
    """Give what computes a chain of delayed calls; nothing of it is kept."""
    from dask import delayed

    def run() -> Any:
        value: Any = 0
        for number in range(count):
            value = delayed(add)(value, number)
        return value.compute(scheduler="threads")

    return run


def snakemake(count: int, root: str) -> Callable[[], Any]:
    """Give what has Snakemake run a chain of rules, each a process of the shell's."""
    folder = Path(root)
    rules = [f"rule all:\n    input: 's{count - 1}.txt'\n"]
    for number in range(count):
        before = f"    input: 's{number - 1}.txt'\n" if number else ""
        sums = f"$(($(cat {{input}}) + {number}))" if number else "0"
        rules.append(
            f"rule s{number}:\n{before}    output: 's{number}.txt'\n    shell: 'echo {sums} > {{output}}'\n"
        )
    (folder / "Snakefile").write_text("\n".join(rules))

    def run() -> Any:
        command = [sys.executable, "-m", "snakemake", "--cores", "1", "--quiet", "all"]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
        return int((folder / f"s{count - 1}.txt").read_text())

    return run


def main() -> None:
    """Run one of them twice, and print what it took."""
    name, count = sys.argv[1], int(sys.argv[2])
    made = {"ours": ours, "joblib": joblib, "dask": dask, "snakemake": snakemake}[name]
    with tempfile.TemporaryDirectory() as root, tempfile.TemporaryDirectory() as other:
        made(2, other)()  # libraries are loaded
        run = made(count, root)
        took = []
        for _ in range(2):
            start = time.perf_counter()
            if run() != sum(range(count)):
                raise RuntimeError(f"{name}: a wrong sum")
            took.append((time.perf_counter() - start) / count)
    print(json.dumps({"first": took[0], "again": took[1], "steps": count}))


if __name__ == "__main__":
    main()
