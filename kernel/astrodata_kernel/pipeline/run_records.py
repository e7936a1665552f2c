"""What is written down of a run while it goes on, by a thread that also says that the run is alive."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import Cancelled
from ..runs import RunFolder
from .making import Made
from .steps import Step

if TYPE_CHECKING:
    from .pipelines import Pipeline

Hear = Callable[[str, Mapping[str, float], int | None], None]

BEAT = 5.0
"""Seconds between two signs of life."""

_PAUSE = 0.3  # seconds between two looks and two writings


class RunRecord:
    """The record of a run under way.

    Parameters
    ----------
    folder
        Of the run.
    record
        Its first content.
    tell
        Told the record after each change, or None.
    cancelled
        Asked now and then whether the run shall end.
    hear
        Told each number of a step under way: its step, the numbers, the epoch.
    """

    def __init__(
        self,
        folder: RunFolder,
        record: dict[str, Any],
        tell: Callable[[Mapping[str, Any], bool], None] | None,
        cancelled: Callable[[], bool] | None,
        hear: Hear | None = None,
    ) -> None:
        self._hear = hear
        self.folder = folder
        self._record, self._tell, self._asked = record, tell, cancelled
        self._lock = threading.RLock()
        self._began: dict[str, float] = {}
        self._changed = threading.Event()
        self._end = threading.Event()
        self._cancel = threading.Event()

    @classmethod
    def begin(
        cls,
        pipeline: Pipeline,
        values: Mapping[str, Any],
        steps: Sequence[Step],
        root: Path,
        tell: Callable[[Mapping[str, Any], bool], None] | None,
        cancelled: Callable[[], bool] | None,
        hear: Hear | None = None,
    ) -> RunRecord:
        """Make the folder of a run, and its record."""
        told = {
            step.name: {
                "block": step.block.name,
                "stage": step.block.stage,
                "state": "waiting",
                "share": 0.0,
                "text": "",
                "needs": list(dict.fromkeys(ref.step for ref in step.needs)),
            }
            for step in steps
        }
        facts = {
            "parameters": {name: _shown(value) for name, value in values.items()},
            "steps": told,
            "source": None if pipeline.source is None else str(pipeline.source),
            "notes": [],
        }
        folder = RunFolder.create(root, pipeline.name, facts)
        with contextlib.suppress(Exception):  # blocks of a session cannot be written as YAML
            (folder.path / "pipeline.yaml").write_text(pipeline.to_yaml(), encoding="utf-8")
        made = cls(folder, folder.read(), tell, cancelled, hear)
        made._say()
        return made

    @contextlib.contextmanager
    def alive(self) -> Iterator[None]:
        """Have a thread say for a block that the run lives, write what changes, and see who wants its end."""
        thread = threading.Thread(target=self._watch, name="astrodata-run", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._end.set()
            thread.join()

    def cancelled(self) -> bool:
        """Tell whether the run shall end."""
        return self._cancel.is_set()

    def check(self) -> None:
        """Raise `Cancelled` when the run shall end."""
        if not self._cancel.is_set() and self.folder.cancel_asked():
            self._cancel.set()
        if self._cancel.is_set():
            raise Cancelled("the run was cancelled")

    def teller(self, name: str) -> Callable[[float, str], None]:
        """Give what a step tells its progress to."""

        def tell(share: float, text: str) -> None:
            self.moved(name, share, text)

        return tell

    def moved(self, name: str, share: float, text: str) -> None:
        """Note how far a step is."""
        with self._lock:
            told = self._record["steps"][name]
            told["share"], told["text"] = float(share), str(text)[:500]
        self._changed.set()

    def listener(self, name: str) -> Callable[[dict[str, float], int | None], None]:
        """Give what a step tells its numbers to, while it is under way."""

        def hear(values: dict[str, float], step: int | None) -> None:
            self.heard(name, values, step)

        return hear

    def heard(self, name: str, values: Mapping[str, float], step: int | None) -> None:
        """Note numbers of a step that is under way."""
        with self._lock:
            told = self._record["steps"][name]
            told.setdefault("metrics", {}).update(values)
            told["epoch"] = step
        self._changed.set()
        if self._hear is not None:
            self._hear(name, values, step)

    def began(self, name: str) -> None:
        """Note that a step is under way."""
        with self._lock:
            self._began[name] = time.monotonic()
            self._record["steps"][name]["state"] = "running"
        self._event(name, "running")

    def done(self, name: str, made: Made) -> None:
        """Note what a step gave."""
        result = made.result
        with self._lock:
            told = self._record["steps"][name]
            told |= {
                "state": "finished" if made.computed else "cached",
                "share": 1.0,
                "text": "",
                "seconds": round(result.seconds, 3),
                "outputs": {n: {"hash": k.hash, "kind": k.kind} for n, k in result.outputs.items()},
            }
            metrics = {n: value for n, value, _ in result.numbers}
            if metrics:
                told["metrics"] = metrics
            if result.notes:
                told["notes"] = list(result.notes)
        self._event(name, told["state"])

    def broke(self, name: str, error: BaseException, made: Made | None = None) -> None:
        """Note that a step failed, or was cancelled."""
        if made is not None:
            self.done(name, made)
        state = "cancelled" if isinstance(error, (Cancelled, KeyboardInterrupt)) else "failed"
        with self._lock:
            told = self._record["steps"][name]
            told |= {"state": state, "error": str(error)}
            if name in self._began:
                told["seconds"] = round(time.monotonic() - self._began[name], 3)
        self._event(name, state)

    def tested(self, name: str, output: str, report: Mapping[str, Any]) -> None:
        """Note the outcome of data tests."""
        with self._lock:
            tests = self._record["steps"][name].setdefault("tests", {})
            tests[output] = dict(report)
        self._changed.set()

    def fact(self, name: str, value: Any) -> None:
        """Note something of the run itself, such as its run in MLflow."""
        with self._lock:
            self._record[name] = value
        self._changed.set()

    def note(self, text: str) -> None:
        """Keep a sentence for whoever looks at the run."""
        with self._lock:
            self._record.setdefault("notes", []).append(text)
        self._changed.set()

    def end(self, state: str, error: str | None) -> None:
        """Write the end of the run."""
        from ..runs.run_folder import now

        with self._lock:
            for told in self._record["steps"].values():
                if told["state"] in ("waiting", "running"):
                    running = told["state"] == "running"
                    told["state"] = "cancelled" if running else "skipped"
            self._record |= {"state": state, "ended": now(), "error": error}
            self.folder.write(self._record)
        self._say(last=True)

    def _event(self, name: str, state: str) -> None:
        # A run that goes on matters more than its diary.
        with contextlib.suppress(OSError):
            self.folder.event({"step": name, "state": state})
        self._changed.set()

    def _watch(self) -> None:
        beat = time.monotonic()
        while not self._end.wait(_PAUSE):
            if self.folder.cancel_asked() or (self._asked is not None and self._asked()):
                self._cancel.set()
            if self._changed.is_set():
                self._changed.clear()
                with contextlib.suppress(OSError), self._lock:
                    self.folder.write(self._record)
                self._say()
            if time.monotonic() - beat >= BEAT:
                self.folder.beat()
                beat = time.monotonic()

    def _say(self, last: bool = False) -> None:
        if self._tell is not None:
            with self._lock:
                self._tell(self._record, last)


def _shown(value: Any) -> Any:
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    if isinstance(value, Mapping):
        return {str(k): _shown(v) for k, v in value.items()}
    return [_shown(v) for v in value] if isinstance(value, (list, tuple)) else str(value)
