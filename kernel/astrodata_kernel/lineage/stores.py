"""The records of a workspace, and the two questions that they answer: from what, and what of it."""

from __future__ import annotations

import contextlib
import gc
import json
import os
import re
from collections.abc import Iterable
from typing import Any

from .graphs import Lineage
from .plain import as_json
from .record_files import RecordFiles
from .records import NoRecord, Step, step_of
from .walking import backwards, forwards, graph_of
from .wanted import wanted
from .writers import lineage_folder

_decoded = json.JSONDecoder(parse_constant=str).decode
_HASHES = re.compile(rb'"hash":"(?:sha256:)?([0-9a-f]{64})"').findall
_RUNS = re.compile(rb'"run":"((?:[^"\\]|\\.)*)"').findall
_PATHS = re.compile(rb'"path":"((?:[^"\\]|\\.)*)"').findall


class Store:
    """All records of the steps of a workspace, by what went in, what came out, run and path.

    They are read when a question is asked; the next question reads only what is new since.

    Parameters
    ----------
    root
        Folder of the workspace; by default the one that the current folder is in.

    Examples
    --------
    >>> import tempfile
    >>> from astrodata_kernel.lineage import LineageWriter, Store, lineage_folder
    >>> root = tempfile.mkdtemp()
    >>> raw, table = "sha256:" + "a" * 64, "sha256:" + "b" * 64
    >>> with LineageWriter(lineage_folder(root)) as writer:
    ...     number = writer.append({
    ...         "run": "first", "pipeline": "cardio", "step": "read", "block": "read_table",
    ...         "inputs": {"path": {"hash": raw, "kind": "file", "path": "/data/cardio.npz"}},
    ...         "outputs": {"table": {"hash": table, "kind": "table"}},
    ...     })
    >>> store = Store(root)
    >>> [file.path for file in store.back(table).files]
    ['/data/cardio.npz']
    >>> [step.name for step in store.forward("/data/cardio.npz").steps]
    ['read']
    """

    def __init__(self, root: str | os.PathLike[str] | None = None) -> None:
        self.folder = lineage_folder(root)
        self._files = RecordFiles(self.folder)
        self.digests: dict[str, tuple[tuple[int, ...], str]] = {}
        """SHA-256 of files that were asked for, with what tells that they did not change since."""
        self._forget()

    def _forget(self) -> None:
        self._lines: list[bytes] = []
        self._steps: dict[int, Step | None] = {}
        self._index: dict[str, dict[bytes, list[int]]] = {"hash": {}, "run": {}, "path": {}}
        self._indexed = dict.fromkeys(self._index, 0)
        self._numbers: dict[str, int] = {}
        self._numbered = 0
        self._makers: dict[str, dict[str, list[Step]]] = {}
        self._users: dict[str, dict[str, list[Step]]] = {}
        self._made_in: dict[str, dict[str, list[Step]]] = {}

    def __len__(self) -> int:
        self.refresh()
        return len(self._lines)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What had to be left out, in sentences, each told once."""
        return tuple(self._files.warnings)

    def refresh(self) -> None:
        """Read what is new; each question does so itself."""
        new, anew = self._files.read()
        if anew:
            self._forget()
        if new:
            self._lines += new
            self._makers.clear()
            self._users.clear()
            self._made_in.clear()

    def back(self, what: Any) -> Lineage:
        """Give what something was made from, back to the files that no run has made.

        Parameters
        ----------
        what
            The path of a file, which is hashed now; a hash, ``sha256:`` and at least its first eight
            digits; a data set; a run's id; or an output of a run as ``run:step.output``.

        Raises
        ------
        UnreadableFile
            A path where nothing is, and which no record knows.
        UnknownName
            A run, step or hash that no record knows.
        BadRequest
            A data set that was made in memory.
        """
        return self._answer(what, "back")

    def forward(self, what: Any) -> Lineage:
        """Give what was made from something, in all runs; takes and raises what `back` does."""
        return self._answer(what, "forward")

    def _answer(self, what: Any, direction: str) -> Lineage:
        # Many small objects that stay make the collector search them again and again.
        collecting = gc.isenabled()
        gc.disable()
        try:
            self.refresh()
            asked = wanted(self, what)
            found = backwards(self, asked) if direction == "back" else forwards(self, asked)
            return graph_of(asked, *found, direction, self)
        finally:
            if collecting:
                gc.enable()

    # What the questions are answered with.

    def step(self, number: int) -> Step | None:
        """Give the step of a line, or None for a line that is damaged."""
        if number not in self._steps:
            try:
                self._steps[number] = step_of(_decoded(self._lines[number].decode()))
            except (NoRecord, ValueError, RecursionError) as error:
                why = str(error) if isinstance(error, NoRecord) else "it is no JSON"
                self._files.tell(f"{self.folder}: damaged records are left out: {why}")
                self._steps[number] = None
        return self._steps[number]

    def steps(self, numbers: Iterable[int]) -> list[Step]:
        """Give the steps of lines, without those that are damaged."""
        return [step for step in map(self.step, numbers) if step is not None]

    def by_id(self, ident: str) -> Step | None:
        """Give the step of a record's id, or None."""
        for number in range(self._numbered, len(self._lines)):
            line = self._lines[number]
            start = line.index(b'"id":"') + 6
            self._numbers.setdefault(
                line[start : line.find(b'"', start)].decode("ascii", "replace"), number
            )
        self._numbered = len(self._lines)
        found = self._numbers.get(ident)
        return None if found is None else self.step(found)

    def of_run(self, run: str) -> list[Step]:
        """Give the steps of a run, in the order of their records."""
        return [step for step in self.steps(self._known("run", run)) if step.run == run]

    def of_path(self, path: str) -> list[Step]:
        """Give the steps that read or wrote a path."""
        return [
            step
            for step in self.steps(self._known("path", path))
            if any(one.path == path for one in (*step.inputs, *step.outputs))
        ]

    def made_in(self, run: str) -> dict[str, list[Step]]:
        """Give the steps of a run by what they made; no other run is looked at for it."""
        if run not in self._made_in:
            found = self._made_in[run] = {}
            for step in self.of_run(run):
                for key in {one.key for one in step.outputs}:
                    found.setdefault(key, []).append(step)
        return self._made_in[run]

    def makers(self, key: str) -> dict[str, list[Step]]:
        """Give the steps that made a content, by run."""
        if key not in self._makers:
            self._related(key)
        return self._makers[key]

    def users(self, key: str) -> dict[str, list[Step]]:
        """Give the steps that a content went into, by run."""
        if key not in self._users:
            self._related(key)
        return self._users[key]

    def hashes(self, beginning: str) -> list[str]:
        """Give the known hashes that begin so, ``sha256:`` and digits; eleven at most."""
        start = beginning.removeprefix("sha256:").encode()
        known = self._up_to_date("hash")
        found = [one for one in known if one.startswith(start)]
        return [f"sha256:{one.decode()}" for one in found[:11]]

    def runs(self) -> list[str]:
        """Give the ids of all runs."""
        return _texts(self._up_to_date("run"))

    def paths(self) -> list[str]:
        """Give all paths that a record names."""
        return _texts(self._up_to_date("path"))

    def _related(self, key: str) -> None:
        makers: dict[str, list[Step]] = {}
        users: dict[str, list[Step]] = {}
        for step in self.steps(self._known("hash", key.removeprefix("sha256:"))):
            if any(one.key == key for one in step.outputs):
                makers.setdefault(step.run, []).append(step)
            if any(one.key == key for one in step.inputs):
                users.setdefault(step.run, []).append(step)
        self._makers[key], self._users[key] = makers, users

    def _known(self, index: str, text: str) -> list[int]:
        return self._up_to_date(index).get(as_json(text)[1:-1], [])

    def _up_to_date(self, index: str) -> dict[bytes, list[int]]:
        """Give the lines by what they name, read off the lines as they are: that is ten times the parser.

        A name within a parameter is found as well: who asks compares with the step itself.
        """
        known = self._index[index]
        find = {"hash": _HASHES, "run": _RUNS, "path": _PATHS}[index]
        for number in range(self._indexed[index], len(self._lines)):
            for name in set(find(self._lines[number])):
                known.setdefault(name, []).append(number)
        self._indexed[index] = len(self._lines)
        return known


def _texts(found: Iterable[bytes]) -> list[str]:
    texts = []
    for one in found:
        with contextlib.suppress(ValueError):  # of a line that is damaged
            texts.append(str(json.loads(b'"' + one + b'"')))
    return texts
