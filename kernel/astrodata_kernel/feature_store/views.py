"""A version of a feature view: rows are added as parts, and read by event, time and column."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from ..errors import AstrodataError, BadRequest, UnknownName
from .checking import checked
from .definitions import KEYS, Column, Definition, nearest
from .event_ids import ids_of
from .manifests import MANIFEST, listing
from .part_writing import write_part
from .parts import Part, check_part
from .pieces import Wanted, framed, pieces, read_piece
from .times import micros, moment


class FeatureView:
    """A version of a view, as `FeatureStore.define` and ``store[name]`` give it.

    Attributes
    ----------
    definition
        Name, columns, source and whatever else was defined.
    version
        Number of the definition, from 1.
    folder
        Of this version: ``view.json``, ``parts/`` with Parquet files that anything can read, and
        ``manifest.json``, which is made again from those files when it is lost.

    Examples
    --------
    >>> import tempfile
    >>> from astrodata_kernel.feature_store import FeatureStore
    >>> view = FeatureStore(tempfile.mkdtemp()).define("pulses", columns={"peak": "float64"})
    >>> _ = view.write({"event_id": [1, 2], "peak": [3.0, 4.0]}, at="2026-01-01")
    >>> _ = view.write({"event_id": [2], "peak": [4.5]}, at="2026-01-01")  # a correction
    >>> view.read(["peak"], engine="pandas")["peak"].tolist()
    [3.0, 4.5]
    """

    def __init__(self, folder: Path, definition: Definition, version: int, root: Path) -> None:
        self.folder = folder
        self.definition = definition
        self.version = version
        self._root = root
        self._told: set[str] = set()

    @property
    def name(self) -> str:
        """Of the view."""
        return self.definition.name

    @property
    def columns(self) -> tuple[Column, ...]:
        """The features."""
        return self.definition.columns

    @property
    def parts(self) -> list[Part]:
        """What was written, the oldest first."""
        return listing(self.folder, self.definition, self.version)[0]

    @property
    def problems(self) -> list[str]:
        """What lies among the parts and is none, or is damaged; it is left out of whatever is read."""
        return listing(self.folder, self.definition, self.version)[1]

    def __len__(self) -> int:
        """Rows that were written, corrections and what they correct included."""
        return sum(part.rows for part in self.parts)

    def __repr__(self) -> str:
        return f"<FeatureView {self.name}@v{self.version}: {', '.join(self.definition.names)}>"

    def _repr_html_(self) -> str:
        from .shown import view_html

        return view_html(self)

    def write(
        self, table: Any, *, made_by: str | None = None, at: Any = None, created: Any = None
    ) -> Part:
        """Add rows as one part; when this returns they are on the disk.

        Rows of an event and a time that are there already correct them: the latest written count, unless one
        asks ``as_of`` before. Content that stands already, in the same blocks, is not written again.

        Parameters
        ----------
        table
            A DataFrame, also Dask's, a table of astropy or PyArrow, `Latents`, a mapping of arrays,
            `Features`, or an iterator of such tables for what does not fit in memory. Columns: ``event_id``,
            the features, and ``event_time`` unless `at` is given; times without a zone are UTC. NaN is kept
            as missing.
        made_by
            Hash or run of the lineage.
        at
            Time from which all rows hold.
        created
            Time of writing; now by default. Older ones are for what comes from elsewhere.

        Returns
        -------
        Part
            The new part, or that which has the same content.

        Raises
        ------
        BadRequest
            Columns, types or units that are not those of the view; the text names column and row.
        UnreadableFile
            The disk is full, or the folder does not take it; nothing was added.
        """
        if made_by is not None and not (
            isinstance(made_by, str) and made_by.isprintable() and made_by
        ):
            raise BadRequest("made_by is the text of a hash or of a run, such as 'sha256:…'")
        held = None if at is None else moment(at, "at")
        parts = self.parts
        if created is None:
            stamp = pd.Timestamp.now("UTC").as_unit("us")
            # A clock that was set back must not turn corrections over.
            newest = max((part.created for part in parts), default=0)
            stamp = max(stamp, pd.Timestamp(newest + 1, unit="us", tz="UTC").as_unit("us"))
        else:
            stamp = moment(created, "created")

        # What others write meanwhile is later than our stamp, and counts too unless we write of the past.
        until = None if created is None else micros(stamp)

        def known(content: str) -> Part | str:
            there = [part for part in self.parts if part.content == content]
            before = [part for part in there if until is None or part.created <= until]
            if before and self._stands(before[-1], until):
                return before[-1]
            taken = {part.file for part in there}
            names = (f"{content[7:39]}{f'-{n}' if n > 1 else ''}.parquet" for n in count(1))
            return next(name for name in names if name not in taken)

        blocks = self._blocks(table, held)
        file, _new = write_part(
            self.folder / "parts", self.definition, self.version, blocks, stamp, made_by, known
        )
        found = [part for part in self.parts if part.file == file]
        if not found:
            raise UnknownName(f"{self.name}@v{self.version} was removed while it was written to")
        return found[0]

    def read(
        self,
        columns: Sequence[str] | None = None,
        events: Any = None,
        from_: Any = None,
        to: Any = None,
        as_of: Any = None,
        engine: Literal["duckdb", "dask", "pandas"] = "duckdb",
    ) -> Any:
        """Give rows, of each event and time the one that was written last.

        Parameters
        ----------
        columns
            Features, and ``created_time`` where it is wanted; all by default. ``event_id`` and ``event_time``
            come with them.
        events
            Ids; all by default.
        from_, to
            First time, and the time before which the last one lies.
        as_of
            What was written later is left out.
        engine
            ``"duckdb"``: a relation, which reads when it is asked (``.df()``, ``.filter(...)``), of a
            connection that can open nothing but this view. ``"dask"``: a Dask DataFrame, with a million rows
            a partition at most, about. ``"pandas"``: a DataFrame, sorted by event and time.

        Returns
        -------
        DuckDBPyRelation, dask.dataframe.DataFrame or pandas.DataFrame
            Only needed columns and row groups are read.

        Raises
        ------
        UnknownName
            No such column.
        BadRequest
            Ids of another type, or no such engine.
        MissingPackage
            The engine is not installed.
        DamagedFile
            A part whose pages cannot be read (of a Dask DataFrame and a relation: when they are computed).
        """
        if engine not in ("duckdb", "dask", "pandas"):
            raise BadRequest(
                f"engine {str(engine)[:40]!r}: {nearest(str(engine), ['duckdb', 'dask', 'pandas'])}"
            )
        names = self.names_of(columns)
        wanted = Wanted(
            None if events is None else ids_of(events, self.definition.id_dtype),
            None if from_ is None else micros(moment(from_, "from_")),
            None if to is None else micros(moment(to, "to")),
        )
        parts = wanted.of(self.parts_as_of(as_of))
        if engine == "duckdb":
            return self._relation(parts, names, wanted)
        cut = pieces(self.folder / "parts", parts, wanted)
        empty = framed(self.definition.schema.empty_table().select(names))
        if engine == "dask":
            return _dask(cut, names, empty)
        frames = [frame for piece in cut if len(frame := read_piece(piece, names))]
        if not frames:
            return empty
        whole = frames[0] if len(frames) == 1 else pd.concat(frames, ignore_index=True)
        return whole.sort_values(["event_id", "event_time"], ignore_index=True)

    def names_of(self, columns: Sequence[str] | None) -> list[str]:
        """Give the names of what is read: event and time, then the columns that are asked for."""
        if columns is None:
            return [*KEYS, *self.definition.names]
        given = [columns] if isinstance(columns, str) else list(columns)
        for name in given:
            if name not in (*KEYS, *self.definition.names):
                raise UnknownName(
                    f"{self.name}@v{self.version} has no column {str(name)[:80]!r}; "
                    f"{nearest(str(name), self.definition.names)}"
                )
        return list(dict.fromkeys(["event_id", "event_time", *given]))

    def parts_as_of(self, as_of: Any = None) -> list[Part]:
        """Give the parts that were there at a time, and warn of files that are left out."""
        parts, problems = listing(self.folder, self.definition, self.version)
        for problem in problems:
            if problem not in self._told:
                self._told.add(problem)
                warnings.warn(f"{self.name}@v{self.version}: {problem}", stacklevel=3)
        return _until(parts, as_of)

    def contents(self, as_of: Any = None) -> list[str]:
        """Give the hashes of the rows of each part that was there at a time, the oldest first.

        Two times with the same ones have the same rows; `verify` tells whether these are what was written.
        """
        return [part.content for part in _until(self.parts, as_of)]

    def verify(self) -> list[str]:
        """Read all parts and give what is wrong: damaged and foreign files, rows that were changed."""
        parts, problems = listing(self.folder, self.definition, self.version)
        for part in parts:
            try:
                check_part(self.folder / "parts" / part.file, self.definition, part)
            except AstrodataError as error:
                problems.append(str(error))
        return problems

    def rebuild(self) -> list[Part]:
        """Make the manifest again from the parts themselves, and give them."""
        with contextlib.suppress(OSError):
            (self.folder / MANIFEST).unlink()
        return self.parts

    def lineage(self) -> dict[str, Any]:
        """Give where the parts come from: what the lineage knows, by each hash or run that made some."""
        from ..lineage import Store

        store = Store(self._root)
        made = dict.fromkeys(part.made_by for part in self.parts if part.made_by is not None)
        return {made_by: store.back(made_by) for made_by in made}

    def _blocks(self, table: Any, held: Any) -> Iterator[Any]:
        rows = 0
        for block in _each(table):
            made = checked(self.definition, block, held, rows)
            rows += len(made)
            yield made

    def _stands(self, part: Part, until: int | None) -> bool:
        """Tell whether no later part, of until a time, says otherwise of what a part has."""
        folder, names = self.folder / "parts", [*KEYS[:2], *self.definition.names]
        known = [one for one in self.parts if until is None or one.created <= until]
        later = [one for one in known if (one.created, one.file) > (part.created, part.file)]
        for piece in pieces(folder, [part], Wanted()):
            mine = read_piece(piece, names)
            for other in pieces(folder, later, replace(piece.wanted, ids=None)):
                theirs = read_piece(other, names)
                both = mine.merge(theirs, on=list(KEYS[:2]), suffixes=(None, "\0"))
                for name in self.definition.names:
                    one, two = both[name], both[f"{name}\0"]
                    same = (one == two).astype("boolean").fillna(False) | (one.isna() & two.isna())
                    if not same.all():
                        return False
        return True

    def _relation(self, parts: list[Part], names: list[str], wanted: Wanted) -> Any:
        from .engine import connection, quoted, selection

        folder = self.folder / "parts"
        made = connection([folder])
        if parts:
            query, told = selection(folder, parts, self.definition, names, wanted)
            return made.sql(query, params=told)
        made.register("nothing", self.definition.schema.empty_table())
        return made.sql(f"SELECT {', '.join(map(quoted, names))} FROM nothing")  # noqa: S608


def _until(parts: list[Part], as_of: Any) -> list[Part]:
    if as_of is None:
        return parts
    last = micros(moment(as_of, "as_of", down=True))
    return [part for part in parts if part.created <= last]


def _each(table: Any) -> Iterable[Any]:
    from .ready import Features

    if isinstance(table, Features):
        return table.blocks()
    if hasattr(table, "partitions") and hasattr(table, "compute"):
        return (one.compute() for one in table.partitions)
    plain = hasattr(table, "columns") or hasattr(table, "colnames") or isinstance(table, Mapping)
    if not plain and (isinstance(table, Iterator | list | tuple)):
        return table
    return [table]


def _dask(cut: list[Any], names: list[str], empty: pd.DataFrame) -> Any:
    try:
        import dask.dataframe as dd
    except ImportError:
        from ..errors import MissingPackage

        raise MissingPackage(
            'engine="dask" needs Dask\'s DataFrames: pip install "astrodata-lab[scale]", or give '
            'engine="pandas"'
        ) from None
    if not cut:
        return dd.from_pandas(empty, npartitions=1)
    return dd.from_map(read_piece, cut, columns=names, meta=empty)
