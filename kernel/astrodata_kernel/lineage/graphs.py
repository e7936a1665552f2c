"""The answer to a question about lineage: contents, steps, and what led to what."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from ..errors import UnsupportedFormat
from ..writing import write_whole
from .plain import shown
from .records import Item, Step

if TYPE_CHECKING:
    from .boxes import Picture


@dataclass(frozen=True, slots=True)
class Artifact:
    """A content that went into steps or came out of one; equal bytes are one artifact.

    Parameters
    ----------
    key
        Its hash, ``sha256:…``; a text of its own for what has none.
    kind
        ``"file"``, ``"table"``, ``"model"``, ..., or "" where no record says.
    names
        As which outputs of steps it is known, ``step.output``.
    paths
        Where it was read or written.
    size
        In bytes, or None.
    made
        Whether a step of this lineage made it.

    Examples
    --------
    >>> Artifact("sha256:" + "0" * 64, "file", (), ("/data/a.fits",), 2880, False).name
    'a.fits'
    """

    key: str
    kind: str
    names: tuple[str, ...]
    paths: tuple[str, ...]
    size: int | None
    made: bool

    @property
    def path(self) -> str:
        """The first of its paths, or ""."""
        return self.paths[0] if self.paths else ""

    @property
    def name(self) -> str:
        """What people call it: its file's name, or the output that it is."""
        return PurePath(self.path).name or (*self.names, self.key[:19])[0]


@dataclass
class _Gathered:
    """What is known of a content so far."""

    kind: str = ""
    names: dict[str, None] = field(default_factory=dict)
    paths: dict[str, None] = field(default_factory=dict)
    size: int | None = None
    made: bool = False

    def take(self, item: Item) -> None:
        # Who takes something may only know that it is a value; who made it knows more.
        if item.kind == "file" or self.kind in ("", "value"):
            self.kind = item.kind or self.kind
        self.size = item.size if self.size is None else self.size
        if item.path:
            self.paths[item.path] = None


class Lineage:
    """What something was made from, or what was made of it.

    In a notebook it draws itself; ``print(lineage.text())`` is for a terminal.

    Parameters
    ----------
    about
        What was asked for, in words.
    steps
        The steps, the first first.
    keys
        The contents to show; others of the steps are left out.
    asked
        What was asked for; shown even where no step has it.
    direction
        ``"back"`` or ``"forward"``.
    runs
        Ids of all runs that were met, also of those whose steps the cache had; by default of the steps'.
    notes
        What has to be said, in sentences.

    Examples
    --------
    >>> from astrodata_kernel.lineage.records import step_of
    >>> raw, table = "sha256:" + "a" * 64, "sha256:" + "b" * 64
    >>> step = step_of({
    ...     "format": 1, "id": "1", "run": "r", "pipeline": "p", "step": "read", "block": "read_table",
    ...     "inputs": {"path": {"hash": raw, "kind": "file", "path": "/data/a.csv"}},
    ...     "outputs": {"table": {"hash": table, "kind": "table"}},
    ... })
    >>> print(Lineage("r", [step], {raw, table}).text())
    r was made by 1 step of 1 run from 1 file
    read.table  table
    ← read  read_table
    ← a.csv  file
    """

    def __init__(
        self,
        about: str,
        steps: Iterable[Step] = (),
        keys: Iterable[str] = (),
        asked: Sequence[Item] = (),
        *,
        direction: str = "back",
        runs: Sequence[str] | None = None,
        notes: Iterable[str] = (),
    ) -> None:
        self.about, self.direction = shown(about, 500), direction
        self.steps = tuple(steps)
        self.notes = tuple(notes)
        self.asked = tuple(one.key for one in asked)
        found = [step.run for step in self.steps] if runs is None else runs
        self.runs = tuple(run for run in dict.fromkeys(found) if run)
        self._asked, self._keys = tuple(asked), {*keys, *self.asked}

    @cached_property
    def artifacts(self) -> tuple[Artifact, ...]:
        """The contents, in the order in which steps met them."""
        found: dict[str, _Gathered] = {}
        for step in self.steps:
            for item in step.inputs:
                if item.key in self._keys:
                    found.setdefault(item.key, _Gathered()).take(item)
            for item in step.outputs:
                if item.key in self._keys:
                    known = found.setdefault(item.key, _Gathered())
                    known.take(item)
                    known.names[f"{step.name}.{item.name}"] = None
                    # What a step only passes on it has not made.
                    known.made |= all(one.key != item.key for one in step.inputs)
        for item in self._asked:
            found.setdefault(item.key, _Gathered()).take(item)
        return tuple(
            Artifact(key, one.kind, tuple(one.names), tuple(one.paths), one.size, one.made)
            for key, one in found.items()
        )

    @property
    def files(self) -> tuple[Artifact, ...]:
        """The raw sources: files that no step of this lineage made."""
        return tuple(one for one in self.artifacts if not one.made and one.path)

    @cached_property
    def edges(self) -> tuple[tuple[str, str, str], ...]:
        """From what to what, and the name of the input or output: keys of contents, and ids of steps."""
        found: dict[tuple[str, str, str], None] = {}
        for step in self.steps:
            for item in step.inputs:
                if item.key in self._keys:
                    found[item.key, step.id, item.name] = None
            for item in step.outputs:
                if item.key in self._keys:
                    found[step.id, item.key, item.name] = None
        return tuple(found)

    @cached_property
    def _picture(self) -> Picture:
        from .boxes import picture_of

        return picture_of(self)

    def to_prov(self) -> dict[str, Any]:
        """Give all of it as W3C PROV-JSON: entities, activities, agents, and how they belong together."""
        from .prov_json import prov_of

        return prov_of(self)

    def to_openlineage(self, namespace: str = "astrodata") -> list[dict[str, Any]]:
        """Give all of it as OpenLineage run events: for each step its start, and its end or failure.

        Parameters
        ----------
        namespace
            Of the jobs and of the data that are no files.
        """
        from .openlineage_events import events_of

        return events_of(self, namespace)

    def to_svg(self, *, alone: bool = True) -> str:
        """Give the drawing as SVG; beyond 200 boxes it is summed up by step of the pipelines.

        Parameters
        ----------
        alone
            Whether it becomes a file of its own, or stands in a page that has colours.
        """
        from .drawing import draw

        picture = self._picture
        return draw(picture.boxes, picture.edges, self.headline, alone=alone)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write it, as the ending of the file says.

        Parameters
        ----------
        path
            ``.svg`` (drawing), ``.json`` (W3C PROV-JSON), or ``.ndjson`` and ``.jsonl`` (OpenLineage events,
            one a line).

        Raises
        ------
        UnsupportedFormat
            Another ending.
        UnreadableFile
            It cannot be written.
        """
        ending = Path(path).suffix.lower()
        if ending == ".svg":
            return write_whole(path, self.to_svg().encode())
        if ending == ".json":
            return write_whole(path, json.dumps(self.to_prov(), indent=1).encode())
        if ending in (".ndjson", ".jsonl"):
            lines = (json.dumps(event) + "\n" for event in self.to_openlineage())
            return write_whole(path, "".join(lines).encode())
        raise UnsupportedFormat(
            f"{path}: lineage is written as .svg (drawing), .json (W3C PROV) or .ndjson (OpenLineage), "
            f"not as {ending or 'a file without ending'}"
        )

    @property
    def headline(self) -> str:
        """What it is, in one sentence."""
        about = self.about
        if about.startswith("sha256:"):
            called = next((one.name for one in self.artifacts if one.key == about), "")
            about = f"{about[:19]}…"
            about = f"{called} ({about})" if called and not called.startswith("sha256:") else about
        if not self.steps:
            return f"{about}: no steps"
        steps = _counted(len(self.steps), "step")
        runs = _counted(len(self.runs), "run")
        if self.direction == "forward":
            return f"{about} went into {steps} of {runs}"
        files = _counted(len(self.files), "file")
        return f"{about} was made by {steps} of {runs} from {files}"

    def text(self) -> str:
        """Give it as text for a terminal: what was asked for, and below it what it was made from, or into."""
        from .trees import tree

        picture = self._picture
        edges, arrow = [(edge[0], edge[1]) for edge in picture.edges], "→"
        if self.direction != "forward":
            edges, arrow = [edge[::-1] for edge in edges], "←"
        ends = {edge[1] for edge in edges}
        # Of a run many things are asked for: those first that nothing else was made of.
        roots = sorted(picture.asked, key=lambda one: one in ends)
        told = [self.headline, *self.notes, *picture.notes]
        told.append(tree(picture.boxes, edges, roots or None, arrow=arrow))
        return "\n".join(line for line in told if line)

    def __repr__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        told = "".join(f"<div>{escape(text)}</div>" for text in (*self.notes, *self._picture.notes))
        return (
            f"<div><b>{escape(self.headline)}</b>{told}"
            f'<div style="overflow:auto;max-height:900px">{self.to_svg(alone=False)}</div></div>'
        )


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
