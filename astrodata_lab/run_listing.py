"""The runs of pipelines as the sidebar sees them: how far, how they ended, and what would do one again."""

from __future__ import annotations

import hashlib
import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from astrodata_kernel.errors import BadRequest, UnknownName
from astrodata_kernel.lineage.plain import shown
from astrodata_kernel.plain_files import is_plain, open_plain
from astrodata_kernel.runs import cancel, run_of, runs, runs_folder
from astrodata_kernel.runs.facts import ENDED
from astrodata_kernel.runs.run_folder import read_record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from astrodata_kernel.runs import RunFacts

    from .workers import WorkerPool

MOST_RUNS, MOST_STEPS, MOST_NOTES = 100, 200, 20
"""Beyond these the list would be none that a person reads, nor an answer of decent size."""

LONGEST, LONGEST_ERROR = 300, 4_000
"""Characters of a text, and of an error, that are shown."""

LONGEST_PARAMETERS = 40_000
"""Characters of a run's parameters that fit into a cell."""

LARGEST_YAML = 1 << 20
"""Bytes of a pipeline's file that are compared with what was run."""

CUT = 20_000
"""Characters beyond which the record of a run cuts a text."""

_NAME = re.compile(r"[^/\\\0]{1,255}")
_SQLITE = "sqlite:///"


class Runs:
    """The runs of the workspace, read in worker processes: their records are anyone's files.

    Parameters
    ----------
    pool
        Where they are read.
    seconds
        Longest time for all of them.
    """

    def __init__(self, pool: WorkerPool, seconds: float) -> None:
        self._pool = pool
        self._seconds = seconds

    async def listing(self, root: Path) -> dict[str, Any]:
        """Give the newest runs, and a sentence for each that cannot be read."""
        return await self._pool.call(f"{__name__}:listing", str(root), seconds=self._seconds)

    async def one(self, root: Path, ident: str) -> dict[str, Any]:
        """Give all of one run; its parameters also as Python writes them.

        Raises
        ------
        Refusal
            There is none, or none that can be read.
        """
        facts = await self._pool.call(f"{__name__}:one", str(root), ident, seconds=self._seconds)
        # Python is written here: a process that read a hostile file must not write code.
        return {**facts, "parameters": literals(facts["parameters"])}

    async def cancel(self, root: Path, ident: str) -> bool:
        """Ask a run to end, and tell whether that is of use.

        Raises
        ------
        Refusal
            There is none, or the folder belongs to somebody else.
        """
        return await self._pool.call(f"{__name__}:ask_end", str(root), ident, seconds=self._seconds)


def literals(values: Mapping[str, Any] | None) -> list[dict[str, str]] | None:
    """Give names and values as a person reads them and as Python does, or None for what fits no cell."""
    if values is None:
        return None
    return [
        {"name": name, "text": shown(str(value), LONGEST), "python": repr(value)}
        for name, value in values.items()
    ]


def listing(root: str) -> dict[str, Any]:
    """Give the newest runs under `root`; runs in a worker."""
    place = Path(root).resolve()
    found = runs(place, MOST_RUNS)
    return {
        "runs": [_row(facts, place) for facts in found],
        "warnings": list(found.warnings),
    }


def one(root: str, ident: str) -> dict[str, Any]:
    """Give all of one run; runs in a worker.

    Raises
    ------
    BadRequest, UnknownName
        No name of a run, or of none that is here.
    UnreadableFile, TooLarge, DamagedFile
        Its record cannot be read.
    """
    place = Path(root).resolve()
    facts = run_of(_checked(ident, place), place)
    record, _ = read_record(facts.path)
    raw = record.get("steps")
    raw = raw if isinstance(raw, dict) else {}
    steps = [
        {"name": name, **_step(step), **_told(_raw_step(raw, name))}
        for name, step in facts.steps.items()
    ]
    kept = _most(steps)
    return {
        **_row(facts, place),
        "user": facts.user,
        "host": facts.host,
        "parameters": _parameters(record.get("parameters")),
        "again": _again(facts, record, place),
        "steps": kept,
        "more": len(steps) - len(kept),
        "notes": _texts(record.get("notes")),
        "error": _end_of(facts.error),
    }


def ask_end(root: str, ident: str) -> bool:
    """Ask a run to end, and tell whether that is of use; runs in a worker."""
    place = Path(root).resolve()
    return cancel(_checked(ident, place), place)


def _checked(ident: str, root: Path) -> str:
    """Give the id, if it is one: a run is never asked for by a path."""
    if _NAME.fullmatch(ident) is None or ident.startswith("."):
        raise BadRequest(f"{shown(ident)!r} is no run's id: take one of the list")
    try:
        mode = (runs_folder(root) / ident).lstat().st_mode
    except OSError:
        mode = 0
    if not stat.S_ISDIR(mode):
        raise UnknownName(f"there is no run {shown(ident)!r} any more: look at the list again")
    return ident


def _row(facts: RunFacts, root: Path) -> dict[str, Any]:
    states = [step["state"] for step in facts.steps.values()]
    running = [(n, s) for n, s in facts.steps.items() if s["state"] == "running"]
    return {
        "id": facts.id,
        "pipeline": facts.pipeline,
        "state": facts.state,
        "share": round(facts.share, 4),
        "started": facts.started,
        "ended": facts.ended,
        "seconds": facts.seconds,
        "cancelling": facts.state == "running" and facts.cancel_asked,
        "running": [
            {"name": name, "text": shown(step["text"], LONGEST), "share": step["share"]}
            for name, step in running[:3]
        ],
        "counts": {
            "steps": len(states),
            "ended": sum(state in ENDED for state in states),
            "computed": states.count("finished"),
            "cached": states.count("cached"),
        },
        "mlflow": _mlflow(facts.mlflow, root),
    }


def _mlflow(told: Mapping[str, str] | None, root: Path) -> dict[str, Any] | None:
    """Give the run in MLflow, with what opens its store: an address, or a file."""
    if told is None or re.fullmatch(r"[0-9a-zA-Z]{1,64}", told["run"]) is None:
        return None
    uri = told["uri"]
    made: dict[str, Any] = {"run": told["run"], "address": None, "file": None}
    if uri.startswith(("http://", "https://")):
        made["address"] = bare_address(uri)
    elif uri.startswith(_SQLITE):
        path = Path(uri.removeprefix(_SQLITE).split("?")[0])
        # A relative one starts where the kernel was, which nobody knows.
        made["file"] = _inside(path, root) if path.is_absolute() else None
    return made


def bare_address(uri: str) -> str | None:
    """Give an address of the web without name, password, question and fragment; None for what is none."""
    try:
        parts = urlsplit(uri)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not host or not host.isprintable():
        return None
    host = f"[{host}]" if ":" in host else host
    return shown(f"{parts.scheme}://{host}{'' if port is None else f':{port}'}{parts.path}", 1_000)


def _again(facts: RunFacts, record: Mapping[str, Any], root: Path) -> dict[str, Any] | None:
    """Give the YAML that the run can be done again from: its file, or the copy that the run keeps.

    ``source`` is the file that the run was read from, where that is not any more what was run.
    """
    source = Path(facts.source) if facts.source else None
    if source is not None and not source.is_absolute():
        source = None
    there = source is not None and is_plain(source)
    if source is not None and there and _is_as_run(source, record):
        return {"path": _inside(source, root), "copy": False, "source": None}
    changed = None if source is None else _inside(source, root)
    copy = facts.path / "pipeline.yaml"
    # Not through a link: `Contents` shows none that leaves the root either.
    if is_plain(copy):
        return {"path": _inside(copy, root), "copy": True, "source": changed}
    return {"path": changed, "copy": False, "source": changed} if there else None


def _is_as_run(path: Path, record: Mapping[str, Any]) -> bool:
    """Tell whether a file has still the text that the run was read from."""
    if "source_sha256" not in record:
        return True  # of a version that did not tell
    try:
        with open_plain(path) as file:
            content = file.read(LARGEST_YAML + 1)
    except OSError:
        return False
    return hashlib.sha256(content).hexdigest() == record["source_sha256"]


def _inside(path: Path, root: Path) -> str:
    """Give a path from the root, or the whole one of a file elsewhere."""
    if path.is_absolute() and path.is_relative_to(root):
        return path.relative_to(root).as_posix()
    return path.as_posix()


def _parameters(given: Any) -> dict[str, Any] | None:
    """Give the parameters of a run, if they are whole and fit into a cell."""
    if not isinstance(given, dict):
        return {}
    if len(repr(given)) > LONGEST_PARAMETERS or _is_cut(given):
        return None
    return given


def _is_cut(value: Any) -> bool:
    if isinstance(value, str):
        return len(value) >= CUT
    if isinstance(value, dict):
        return any(_is_cut(one) for pair in value.items() for one in pair)
    return isinstance(value, list) and any(_is_cut(one) for one in value)


def _step(step: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **{name: step[name] for name in ("block", "stage", "state", "share", "seconds")},
        "text": shown(step["text"], LONGEST),
        "error": _end_of(step["error"]),
        "metrics": dict(list(step["metrics"].items())[:12]),
        "outputs": dict(list(step["outputs"].items())[:12]),
    }


def _told(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Give the outcome of data tests and the notes of a step, whoever wrote them."""
    tests = raw.get("tests")
    pairs = list(tests.items())[:12] if isinstance(tests, dict) else []
    return {
        "tests": [
            {
                "output": shown(output),
                "ok": one.get("ok") is True,
                "summary": shown(one.get("summary"), LONGEST),
            }
            for output, one in pairs
            if isinstance(one, dict)
        ],
        "notes": _texts(raw.get("notes")),
    }


def _raw_step(raw: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    step = raw.get(name)
    return step if isinstance(step, dict) else {}


def _texts(given: Any) -> list[str]:
    if not isinstance(given, list):
        return []
    return list(dict.fromkeys(shown(one, LONGEST) for one in given[:MOST_NOTES]))


def _end_of(error: str | None) -> str | None:
    """Give the end of an error: tracebacks tell there what went wrong."""
    if error is None or len(error) <= LONGEST_ERROR:
        return error
    return f"…{error[-LONGEST_ERROR:]}"


def _most(steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give steps in their order, of too many rather those that somebody looks for."""
    if len(steps) <= MOST_STEPS:
        return steps
    told = {s["name"] for s in steps if s["state"] in ("running", "failed", "cancelled")}
    ranked = sorted(range(len(steps)), key=lambda i: (steps[i]["name"] not in told, i))
    return [steps[i] for i in sorted(ranked[:MOST_STEPS])]
