"""Pipelines beside the peers: AstroData's own example, overhead of a step, questions of lineage, two workers.

    python benchmarks/pipeline.py [--only example,steps,lineage,scale] [--astrodata FOLDER] [--quick]

``example`` is the green-taxi regression of AstroData 0.1.0, whose repository ``--astrodata`` names (or the
variable ASTRODATA_PEER): its program as it is, with Git and DVC in a folder of its own, and ours, in
``pipeline_peers/taxi_ours.py``, on the same synthetic table of the same shape. Both are timed as a whole
process, a second time as they are, and their lines counted without comments, docstrings and empty ones.
``steps`` are trivial ones in a chain, each takes what the one before it gave. ``lineage`` asks what a
result was made from, and what became of a raw file, among 10,000 runs. ``scale`` is that program.
Snakemake's numbers hold its own start. The peer is installed once, into an environment under ``--cache``.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
import tokenize
from pathlib import Path
from typing import Any

import scale as scale_program
from astrodata_kernel.lineage import LineageWriter, Store, lineage_folder
from latent_peers.places import Missing, Tool, python_of
from latent_peers.tables import load_of_machine, machine
from pipeline_peers import taxi_peer, taxi_table

HERE = Path(__file__).parent
PEERS = HERE / "pipeline_peers"
ASTRODATA = Tool(
    "AstroData 0.1.0",
    "",
    "",
    "astrodata",
    # Newer releases of MLflow do not take its models: its example ends with an error then.
    (
        *("dvc==3.67.1", "gitpython==3.*", "hyperopt==0.3.0", "mlflow==3.1.4", "numpy==2.*"),
        *("pandas==2.*", "pyarrow<21", "pydantic==2.*", "scikit-learn==1.*", "tqdm"),
        *("xgboost-cpu==3.*", "setuptools<81"),
    ),
)
PARTS = ("example", "steps", "lineage", "scale")


def main() -> None:
    """Print a table for each part, as it is measured."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default=",".join(PARTS), help=f"of {', '.join(PARTS)}")
    parser.add_argument("--quick", action="store_true", help="a tenth of everything, to try it")
    parser.add_argument("--astrodata", type=Path, default=os.environ.get("ASTRODATA_PEER"))
    parser.add_argument(
        "--cache", type=Path, default=Path(tempfile.gettempdir(), "astrodata-pipeline-peers")
    )
    options = parser.parse_args()
    wanted = [part.strip() for part in options.only.split(",")]
    if unknown := set(wanted) - set(PARTS):
        parser.error(f"{', '.join(unknown)}: there are {', '.join(PARTS)}")
    options.cache.mkdir(parents=True, exist_ok=True)
    tenth = 10 if options.quick else 1
    print(machine())
    for part in wanted:
        before = os.getloadavg()[0]
        print(f"\n## {part}\n", flush=True)
        if part == "example":
            example(
                options.astrodata,
                options.cache,
                taxi_table.ROWS // tenth,
                2 if options.quick else 10,
            )
        elif part == "steps":
            steps(1_000 // tenth, 100 // tenth)
        elif part == "lineage":
            lineage(10_000 // tenth)
        else:
            workers(10_000 // tenth, 1 if options.quick else 3)
        print(f"\nload of the machine: {load_of_machine(before)}", flush=True)


def example(astrodata: Path | None, cache: Path, rows: int, trials: int) -> None:
    """Compare AstroData's example with ours."""
    table = taxi_table.written(cache / f"taxi-{rows}.parquet", rows)
    print(f"{rows:,} trips, {trials} trials for each of two models\n")
    print("| program | lines | first run, s | second run, s |\n|---|---|---|---|")
    ours = PEERS / "taxi_ours.py"
    with tempfile.TemporaryDirectory() as folder:
        # A folder that keeps runs is a workspace, whatever lies above it.
        Path(folder, "astrodata/runs").mkdir(parents=True)
        command = [sys.executable, str(ours), str(table), str(trials)]
        mine = [timed(command, Path(folder)) for _ in range(2)]
    print(f"| AstroData Lab | {lines_of(ours)} | {mine[0]:.1f} | {mine[1]:.1f} |", flush=True)
    if astrodata is None or not (Path(astrodata) / taxi_peer.PROGRAM).is_file():
        print("\nskipped: AstroData; give the folder of its repository by --astrodata")
        return
    try:
        python = python_of(ASTRODATA, cache, ())
    except Missing as error:
        print(f"\nskipped: AstroData ({error})")
        return
    files = [Path(astrodata, "examples/astrotaxi", f"{name}.py") for name in taxi_peer.FILES]
    written = sum(map(lines_of, files))
    settings = lines_of(Path(astrodata, "examples/astrotaxi/config.yaml"))
    with tempfile.TemporaryDirectory() as folder:
        place = taxi_peer.project(Path(astrodata).resolve(), table, Path(folder), trials)
        command = [str(python), taxi_peer.PROGRAM]
        theirs = [timed(command, place, str(Path(astrodata).resolve())) for _ in range(2)]
    print(f"| AstroData 0.1.0 | {written} + {settings} | {theirs[0]:.1f} | {theirs[1]:.1f} |")
    ratios = [theirs[number] / mine[number] for number in range(2)]
    ratio = (written + settings) / lines_of(ours)
    print(f"| peer / ours | {ratio:.1f} | {ratios[0]:.1f} | {ratios[1]:.1f} |")


def timed(command: list[str], folder: Path, path: str = "") -> float:
    """Run a program in a folder, and give the seconds that the whole process took."""
    env = {key: value for key, value in os.environ.items() if key != "MLFLOW_TRACKING_URI"}
    start = time.perf_counter()
    ran = subprocess.run(
        command, cwd=folder, env={**env, "PYTHONPATH": path}, capture_output=True, text=True
    )
    took = time.perf_counter() - start
    if ran.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {ran.returncode}: {ran.stderr[-2000:]}")
    return took


def lines_of(path: Path) -> int:
    """Give the lines that say something: no comments, no docstrings, no empty ones."""
    if path.suffix != ".py":
        texts = [line.strip() for line in path.read_text("utf-8").splitlines()]
        return sum(bool(text) and not text.startswith("#") for text in texts)
    idle = (tokenize.NL, tokenize.COMMENT, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT)
    idle += (tokenize.ENCODING, tokenize.ENDMARKER)
    found: set[int] = set()
    begins = True
    with path.open("rb") as file:
        for token in tokenize.tokenize(file.readline):
            if token.type not in idle and not (begins and token.type == tokenize.STRING):
                found.update(range(token.start[0], token.end[0] + 1))
            if token.type not in (tokenize.NL, tokenize.COMMENT):
                begins = token.type in idle
    return len(found)


def steps(count: int, rules: int) -> None:
    """Compare what a trivial step costs."""
    print("| tool | steps | first, ms a step | again, ms a step |\n|---|---|---|---|")
    tools = {
        "AstroData Lab: record, lineage, cache": ("ours", count),
        "joblib.Memory: cache": ("joblib", count),
        "dask.delayed: nothing is kept": ("dask", count),
        "Snakemake: a process a step, files": ("snakemake", rules),
    }
    for title, (name, many) in tools.items():
        command = [sys.executable, str(PEERS / "thousand.py"), name, str(many)]
        ran = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        found = json.loads(ran.stdout.splitlines()[-1])
        told = f"{1000 * found['first']:.2f} | {1000 * found['again']:.2f}"
        print(f"| {title} | {many:,} | {told} |", flush=True)


def lineage(runs: int) -> None:
    """Ask among the records of many runs, of three steps each, which all read one file."""
    with tempfile.TemporaryDirectory() as root:
        raw = Path(root, "raw.npz")
        raw.write_bytes(b"raw")
        models = _records(Path(root), raw, runs)
        size = sum(file.stat().st_size for file in lineage_folder(root).iterdir())
        store = Store(root)
        print(f"{runs:,} runs, {3 * runs:,} records, {size / 1e6:.1f} MB\n")
        print("| question | steps in the answer | ms |\n|---|---|---|")
        asked = {
            "first one: what was this model made from": lambda: store.back(models[runs // 2]),
            "another: what was that model made from": lambda: store.back(models[runs // 3]),
            "what was made of the raw file": lambda: store.forward(raw),
            "the same again": lambda: store.forward(raw),
        }
        for title, ask in asked.items():
            start = time.perf_counter()
            found = ask()
            took = time.perf_counter() - start
            print(f"| {title} | {len(found.steps):,} | {1000 * took:,.1f} |", flush=True)


def _records(root: Path, raw: Path, runs: int) -> list[str]:
    """Write the records of runs of three steps; the first is the same in all of them."""
    source = {"hash": _digest(b"raw"), "kind": "file", "path": str(raw), "size": 3}
    table = _digest(b"table")
    models = []
    with LineageWriter(lineage_folder(root)) as writer:
        for number in range(runs):
            chosen, model = _digest(f"split {number}".encode()), _digest(f"model {number}".encode())
            models.append(model)
            chain: list[tuple[str, dict[str, Any], str]] = [
                ("read", {"path": source}, table),
                (
                    "split",
                    {"table": {"hash": table, "kind": "table", "from": "read.table"}},
                    chosen,
                ),
                ("fit", {"train": {"hash": chosen, "kind": "table", "from": "split.train"}}, model),
            ]
            for step, inputs, output in chain:
                made = {"value": {"hash": output, "kind": "table", "size": 1000}}
                told = {"run": f"run-{number}", "pipeline": "taxi", "step": step, "block": step}
                told |= {"inputs": inputs, "outputs": made, "state": "finished"}
                told |= {"parameters": {"seed": number}, "started": "2026-01-01T00:00:00+00:00"}
                writer.append({**told, "ended": "2026-01-01T00:00:01+00:00"})
    return models


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def workers(traces: int, runs: int) -> None:
    """Compare one worker with two, and look at the memory."""
    with tempfile.TemporaryDirectory() as folder:
        path = scale_program.written(Path(folder, "traces.npy"), traces)
        found = scale_program.speed_up(path, runs)
        size = scale_program.DATA if runs > 1 else scale_program.DATA // 2
        held = scale_program.beyond_memory(Path(folder, "large.npy"), size)
    print(f"{traces:,} x {scale_program.SAMPLES:,} samples\n\n| workers | s |\n|---|---|")
    for count, times in found.items():
        print(f"| {count} | {scale_program.told(times)} |")
    print(f"| speed-up | {min(found[1]) / min(found[2]):.2f} |")
    limit = scale_program.LIMIT
    print(f"\n{held['bytes'] / 1e6:,.0f} MB of traces, workers of {limit / 1e6:,.0f} MB each\n")
    print("| process | peak, MB | of the data |\n|---|---|---|")
    for name, peak in held["peaks"].items():
        print(f"| {name} | {peak / 1e6:,.0f} | {peak / held['bytes']:.2f} |")


if __name__ == "__main__":
    main()
