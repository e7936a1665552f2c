"""What a run gives back: its outputs, what was computed, and how all of it came about."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import UnknownName, closest
from ..runs import RunFolder
from ..workspace import workspace
from .caching import Cache

if TYPE_CHECKING:
    from ..lineage import Lineage


class Outputs(Mapping[str, Any]):
    """Values of a run by ``"step.output"``, or by the step where it gives one; read when they are asked."""

    def __init__(self, hashes: Mapping[str, str], cache: Cache) -> None:
        self._hashes, self._cache = dict(hashes), cache

    def __getitem__(self, name: str) -> Any:
        return self._cache.get(self.hash_of(name))

    def hash_of(self, name: str) -> str:
        """Give the hash of a value, ``"sha256:…"``.

        Raises
        ------
        UnknownName
            There is none of that name.
        """
        if name in self._hashes:
            return self._hashes[name]
        of_step = [one for one in self._hashes if one.partition(".")[0] == name]
        if len(of_step) == 1:
            return self._hashes[of_step[0]]
        known = of_step or list(self._hashes)
        told = ", ".join(known[:12]) or "nothing"
        raise UnknownName(f"this run gave no {name!r}{closest(name, self._hashes)}; it gave {told}")

    def __contains__(self, name: object) -> bool:
        return name in self._hashes  # and not by reading the value

    def __iter__(self) -> Iterator[str]:
        return iter(self._hashes)

    def __len__(self) -> int:
        return len(self._hashes)

    def __repr__(self) -> str:
        return f"<Outputs {', '.join(self._hashes)}>"


class Run:
    """A run of a pipeline, under way or ended.

    Parameters
    ----------
    folder
        Of the run.
    root
        The workspace.
    told
        Whether a table of its steps stands above already.

    Examples
    --------
    >>> import tempfile
    >>> from astrodata_kernel.pipeline import Pipeline, block
    >>> @block(stage="ingest")
    ... def one():
    ...     return 1
    >>> run = Pipeline("p").add("a", one).run(workspace=tempfile.mkdtemp(), progress=False)
    >>> run.state, run.computed, dict(run.outputs)
    ('finished', ('a',), {'a.value': 1})
    """

    def __init__(self, folder: RunFolder, root: Path, told: bool = False) -> None:
        self.folder, self.root = folder, root
        self._told = told

    @classmethod
    def of(cls, ident: str, workspace_root: str | os.PathLike[str] | None = None) -> Run:
        """Give a run of the workspace by its id, whichever process does or did it.

        Raises
        ------
        UnknownName
            There is none.
        """
        from ..runs import run_of

        root = workspace(workspace_root)
        return cls(RunFolder(run_of(ident, root).path), root)

    @property
    def id(self) -> str:
        """Of the run."""
        return self.folder.id

    @property
    def record(self) -> dict[str, Any]:
        """All that is written down of it."""
        return self.folder.read()

    @property
    def state(self) -> str:
        """``"running"``, ``"finished"``, ``"failed"`` or ``"cancelled"``."""
        return str(self.record["state"])

    @property
    def outputs(self) -> Outputs:
        """What the steps gave."""
        hashes = {
            f"{step}.{name}": one["hash"]
            for step, told in self.record["steps"].items()
            for name, one in (told.get("outputs") or {}).items()
        }
        return Outputs(hashes, Cache(self.root))

    @property
    def computed(self) -> tuple[str, ...]:
        """Names of the steps whose blocks really ran."""
        return tuple(
            name for name, told in self.record["steps"].items() if told.get("state") == "finished"
        )

    @property
    def metrics(self) -> dict[str, float]:
        """The last of the numbers that the steps told, by ``"step.name"``."""
        return {
            # JSON has no NaN: the record tells it as a word.
            f"{step}.{name}": float(value)
            for step, told in self.record["steps"].items()
            for name, value in (told.get("metrics") or {}).items()
        }

    @property
    def notes(self) -> list[str]:
        """Sentences of the steps."""
        return [
            f"{step}: {note}"
            for step, told in self.record["steps"].items()
            for note in told.get("notes") or []
        ] + list(self.record.get("notes") or [])

    def lineage(self) -> Lineage:
        """Give the graph of all that this run used and made, back to raw bytes."""
        from ..lineage import Store

        return Store(self.root).back(self.id)

    def crate(self, target: str | os.PathLike[str], **about: Any) -> Path:
        """Write the run as an RO-Crate: its outputs, its pipeline, and who made what of what.

        Parameters
        ----------
        target
            The folder, which is made.
        **about
            As of `adk.runs.crate`: ``files="copy"`` takes the raw files along, ``licence``, ``author``,
            ``name``.

        Raises
        ------
        BadRequest
            The folder is there already.
        UnreadableFile
            It cannot be written.
        """
        from ..runs import crate

        return crate(self.folder.path, Path(target), files_of=Cache(self.root).files_of, **about)

    def cancel(self) -> None:
        """Ask the run to end, whichever process does it."""
        self.folder.ask_cancel()

    def __repr__(self) -> str:
        record = self.record
        states = [told.get("state") for told in record["steps"].values()]
        done = f"{states.count('finished')} computed, {states.count('cached')} as before"
        return f"<Run {self.id} of {record['pipeline']}: {record['state']}, {done}>"

    def _repr_html_(self) -> str:
        from ..lineage.drawing import draw
        from .planning import boxes
        from .telling import table_of

        record = self.record
        notes = "".join(f"<p>{escape(note)}</p>" for note in self.notes)
        if not self._told:
            return table_of({**record, "notes": []}) + notes
        # The table stands above: the same steps as a graph say more than the same again.
        rows = (
            (name, step["block"], step["state"], step.get("needs", ()))
            for name, step in record["steps"].items()
        )
        return draw(*boxes(rows), title=record["pipeline"]) + notes
