"""What is known of a run, as others may show it: checked, of bounded length, with its state worked out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..lineage.plain import plain, shown
from .clocks import SILENT
from .processes import has_ended

STATES = ("running", "finished", "failed", "cancelled", "lost")
STEP_STATES = ("waiting", "running", "cached", "finished", "failed", "cancelled", "skipped")
ENDED = ("cached", "finished", "skipped")
LONGEST_TEXT, MOST_STEPS, MOST_MEMBERS, LONGEST_ERROR = 1_000, 5_000, 100, 10_000


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What is known of one run.

    Every text is of bounded length, but none is escaped: who shows it in a page does that.

    Parameters
    ----------
    id, path
        The run's name, and its folder.
    pipeline
        The pipeline's name.
    state
        ``"running"``, ``"finished"``, ``"failed"``, ``"cancelled"``, or ``"lost"`` for one that says that it
        runs but whose process does not live any more.
    parameters
        Of the pipeline.
    started, ended
        In UTC, as ISO 8601; `ended` is None for one that has not, and for a lost one.
    user, host, pid
        Whose process it is.
    steps
        By name, in order: ``block``, ``stage``, ``state``, ``share`` (0 to 1), ``text``, ``seconds``,
        ``outputs`` (name to ``hash`` and ``kind``), ``error`` and ``metrics``.
    source
        The YAML file's path, or None.
    mlflow
        ``run`` and ``uri``, or None.
    error
        Why it failed, or None.
    cancel_asked
        Whether somebody asked it to end.
    device_seconds
        Seconds for which its processes held a GPU, times the number of GPUs, so far; 0 where nobody counted.

    Examples
    --------
    >>> import tempfile
    >>> from astrodata_kernel.runs import RunFolder, run_of
    >>> folder = RunFolder.create(tempfile.mkdtemp(), "cardio")
    >>> facts = run_of(folder.path)
    >>> facts.pipeline, facts.state, facts.share
    ('cardio', 'running', 0.0)
    """

    id: str
    path: Path
    pipeline: str
    state: str
    parameters: dict[str, Any]
    started: str
    ended: str | None
    user: str
    host: str
    pid: int | None
    steps: dict[str, dict[str, Any]] = field(repr=False)
    source: str | None
    mlflow: dict[str, str] | None
    error: str | None
    cancel_asked: bool = False
    device_seconds: float = 0.0

    @property
    def share(self) -> float:
        """How much of the run is done, 0 to 1: the mean over its steps."""
        if self.state == "finished":
            return 1.0
        done = [1.0 if one["state"] in ENDED else one["share"] for one in self.steps.values()]
        return sum(done) / len(done) if done else 0.0

    @property
    def seconds(self) -> float | None:
        """Time that it took, or takes so far; None where that cannot be told."""
        if self.ended is None and self.state != "running":
            return None
        try:
            begin = datetime.fromisoformat(self.started)
            end = datetime.now(UTC) if self.ended is None else datetime.fromisoformat(self.ended)
            return max(0.0, (end - begin).total_seconds())
        except (ValueError, TypeError):  # no time, or one without a zone beside one with
            return None

    def as_record(self) -> dict[str, Any]:
        """Give all of it as JSON takes it, the path as text."""
        names = [name for name in self.__dataclass_fields__ if name != "path"]
        facts = {name: getattr(self, name) for name in names}
        return {**facts, "path": str(self.path), "share": self.share, "seconds": self.seconds}


def facts_of(folder: Path, record: Mapping[str, Any]) -> RunFacts:
    """Give the facts of a record, whoever wrote it; what is of no use is left out."""
    pid, state = record.get("pid"), record.get("state")
    mlflow = record.get("mlflow")
    parameters = record.get("parameters")
    return RunFacts(
        id=folder.name,
        path=folder,
        pipeline=shown(record.get("pipeline")) or folder.name,
        # "lost" is worked out and never written: who writes it does not know what it says.
        state=state if state in STATES and state != "lost" else "failed",
        parameters=_plain(parameters) if isinstance(parameters, dict) else {},
        started=shown(record.get("started"), 40),
        ended=shown(record.get("ended"), 40) or None,
        user=shown(record.get("user")),
        host=shown(record.get("host")),
        pid=pid if type(pid) is int and 0 < pid < 1 << 31 else None,
        steps=_steps(record.get("steps")),
        source=shown(record.get("source"), LONGEST_TEXT) or None,
        mlflow={key: shown(mlflow.get(key), LONGEST_TEXT) for key in ("run", "uri")}
        if isinstance(mlflow, dict)
        else None,
        error=_long(record.get("error")),
        device_seconds=max(0.0, _number(record.get("device_seconds")) or 0.0),
    )


def is_lost(record: Mapping[str, Any], silent: Callable[[], float]) -> bool:
    """Tell whether the process of a run that says that it runs does not live any more.

    Parameters
    ----------
    record
        Of the run.
    silent
        Gives the seconds since its last heartbeat, by the clock of the file system; asked where it matters.
    """
    ended = has_ended(record)
    if ended is None:
        return abs(silent()) > SILENT
    # One that lives: work that holds the interpreter, or a slow disk, keeps it from saying so. After long,
    # another process may have its number.
    return ended or abs(silent()) > 20 * SILENT


def _steps(given: Any) -> dict[str, dict[str, Any]]:
    if not isinstance(given, dict):
        return {}
    pairs = [(name, one) for name, one in given.items() if isinstance(one, dict)]
    return {shown(name): _step(one) for name, one in pairs[:MOST_STEPS]}


def _step(given: Mapping[str, Any]) -> dict[str, Any]:
    state, outputs, metrics = (given.get(name) for name in ("state", "outputs", "metrics"))
    share, seconds = _number(given.get("share")), _number(given.get("seconds"))
    return {
        "block": shown(given.get("block")),
        "stage": shown(given.get("stage")),
        "state": state if state in STEP_STATES else "waiting",
        "share": min(1.0, max(0.0, share or 0.0)),
        "text": shown(given.get("text"), LONGEST_TEXT),
        "seconds": seconds,
        "outputs": {
            shown(name): {"hash": shown(one.get("hash")), "kind": shown(one.get("kind"))}
            for name, one in list(outputs.items())[:MOST_MEMBERS]
            if isinstance(one, dict)
        }
        if isinstance(outputs, dict)
        else {},
        "error": _long(given.get("error")),
        "metrics": {
            shown(name): value
            for name, value in list(metrics.items())[:MOST_MEMBERS]
            # A metric that is not finite is written as text: JSON has no number for it.
            if _number(value) is not None or value in ("nan", "inf", "-inf")
        }
        if isinstance(metrics, dict)
        else {},
    }


def _number(value: Any) -> float | None:
    if type(value) not in (int, float) or not abs(value) < 1e300:
        return None
    return float(value)


def _long(value: Any) -> str | None:
    """Give a text of several lines, such as a traceback."""
    if not isinstance(value, str) or not value:
        return None
    # Tracebacks tell at their end what went wrong.
    cut = value if len(value) <= LONGEST_ERROR else f"…{value[-LONGEST_ERROR:]}"
    return "\n".join(shown(line, LONGEST_ERROR) for line in cut.splitlines())


def _plain(value: dict[str, Any]) -> dict[str, Any]:
    kept = plain(value, LONGEST_TEXT, deepest=6)
    return {shown(name): one for name, one in list(kept.items())[:MOST_MEMBERS]}
