"""What is written down of a run while it goes on, by a thread that also says that the run is alive."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..compute.device_seconds import DeviceSeconds
from ..errors import AstrodataError, Cancelled, TooLarge
from ..readers.addresses import shown_within
from ..runs import RunFolder
from ..runs.run_folder import now
from ..writing import write_whole
from .making import Made
from .steps import Step

if TYPE_CHECKING:
    from .pipelines import Pipeline

Hear = Callable[[str, Mapping[str, float], int | None], None]

BEAT = 5.0
"""Seconds between two signs of life."""

_MOST, _LONGEST = 100, 500  # notes of a step, and characters of one
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
        self._devices = DeviceSeconds()

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
            "parameters": {name: shown_within(value) for name, value in values.items()},
            "steps": told,
            "source": None if pipeline.source is None else str(pipeline.source),
            "source_sha256": pipeline.source_sha256,
            "notes": [],
        }
        folder = RunFolder.create(root, pipeline.name, facts)
        with contextlib.suppress(AstrodataError):  # blocks of a session cannot be written as YAML
            write_whole(folder.path / "pipeline.yaml", pipeline.to_yaml().encode())
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

    @property
    def shown_parameters(self) -> dict[str, Any]:
        """The pipeline's parameters, without passwords of addresses."""
        return dict(self._record["parameters"])

    def cancelled(self) -> bool:
        """Tell whether the run shall end."""
        return self._cancel.is_set()

    def check(self) -> None:
        """Raise `Cancelled` when the run shall end."""
        self._look()
        if self._cancel.is_set():
            raise Cancelled("the run was cancelled")

    def teller(self, name: str) -> Callable[[float, str], None]:
        """Give what a step tells its progress to."""
        return partial(self.moved, name)

    def moved(self, name: str, share: float, text: str) -> None:
        """Note how far a step is."""
        with self._lock:
            told = self._record["steps"][name]
            told["share"], told["text"] = float(share), str(text)[:500]
        self._changed.set()

    def listener(self, name: str) -> Callable[[dict[str, float], int | None], None]:
        """Give what a step tells its numbers to, while it is under way."""
        return partial(self.heard, name)

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
                told["notes"] = [note[:_LONGEST] for note in result.notes[:_MOST]]
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

    def end(self, state: str, error: BaseException | None) -> None:
        """Write the end of the run; what goes wrong with that never hides what ended it."""
        with self._lock:
            for told in self._record["steps"].values():
                if told["state"] in ("waiting", "running"):
                    running = told["state"] == "running"
                    told["state"] = "cancelled" if running else "skipped"
            text = None if error is None else str(error)
            self._look_at_devices()
            self._record |= {"state": state, "ended": now(), "error": text}
            try:
                try:
                    self.folder.write(self._record)
                except TooLarge:
                    for told in self._record["steps"].values():
                        told.pop("notes", None)
                        told.pop("metrics", None)
                    self.folder.write(self._record)
            except AstrodataError as lost:
                if error is None:
                    raise
                error.add_note(f"the end of the run was not written down: {lost}")
        self._say(last=True)

    def _event(self, name: str, state: str) -> None:
        # A run that goes on matters more than its diary.
        with contextlib.suppress(OSError):
            self.folder.event({"step": name, "state": state})
        self._changed.set()

    def _watch(self) -> None:
        beat = time.monotonic()
        pause = _PAUSE
        while not self._end.wait(pause):
            self._look()
            if self._changed.is_set():
                self._changed.clear()
                began = time.monotonic()
                with self._lock:
                    record = deepcopy(self._record)
                # A record that is too long, or a full disk, ends no run.
                with contextlib.suppress(AstrodataError, OSError):
                    self.folder.write(record)
                self._say()
                pause = max(_PAUSE, 10 * (time.monotonic() - began))
            if time.monotonic() - beat >= BEAT:
                self.folder.beat()
                beat = time.monotonic()
                self._look_at_devices()

    def _look_at_devices(self) -> None:
        with self._lock:
            before = self._devices.seconds
            self._devices.look()
            self._record["device_seconds"] = round(self._devices.seconds, 3)
            if self._devices.seconds > before:
                self._changed.set()

    def _look(self) -> None:
        if self._cancel.is_set():
            return
        if self.folder.cancel_asked():
            self._cancel.set()
            return
        try:
            if self._asked is not None and self._asked():
                self._cancel.set()
        except Exception as error:  # noqa: BLE001 - a question that fails ends the run: nobody could end it else
            self.note(f"what was asked whether to go on failed: {type(error).__name__}: {error}")
            self._cancel.set()

    def _say(self, last: bool = False) -> None:
        if self._tell is None:
            return
        with self._lock:
            record = deepcopy(self._record)
        try:
            self._tell(record, last)
        except Exception as error:  # noqa: BLE001 - whoever looks on must not end the work
            self._tell = None
            self.note(f"progress is told no more: {type(error).__name__}: {error}")
