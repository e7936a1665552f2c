"""What is behind a point of a latent space: traces, images or rows of a table, by number and by id."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..errors import BadRequest, UnknownName
from .cutting import Cutouts
from .thumbnails import of_images, of_rows, of_traces

if TYPE_CHECKING:
    from ..datasets.lazy import LazyTable

Array = npt.NDArray[Any]
KINDS = ("waveforms", "images", "rows")


class Events:
    """Traces, images or rows that each have an id.

    Parameters
    ----------
    kind
        ``"waveforms"``, ``"images"`` or ``"rows"``.
    source
        Shape (n, samples), (n, height, width) or (n, height, width, bands), an array or one that is read as
        it is sliced; for rows, a DataFrame.
    ids
        Numbers or texts, shape (n,), each once; by default 0, 1, ...
    digest
        SHA-256 that names the data; by default that of its shape and of some of its events.
    sample_period
        Seconds from sample to sample of waveforms, where it is known.
    facts
        Table of n rows with what is known of each event beside its values, read when it is asked for.
    link
        Names the data for views that go together, at no cost; by default the digest.

    Raises
    ------
    BadRequest
        A source of another shape, ids of another number, or one id twice.

    Examples
    --------
    >>> events = Events("waveforms", np.zeros((3, 100), "f4"), ids=["a", "b", "c"])
    >>> events.row_of("b"), events.thumbnails([0, 1], 32, 16).shape
    (1, (2, 16, 32))
    """

    def __init__(
        self,
        kind: str,
        source: Any,
        ids: npt.ArrayLike | None = None,
        *,
        digest: str | Callable[[], str] | None = None,
        sample_period: float | None = None,
        facts: LazyTable | None = None,
        link: str | None = None,
    ) -> None:
        shape = tuple(source.shape)
        wanted = {"waveforms": (2,), "images": (3, 4), "rows": (2,)}
        if kind not in wanted:
            raise BadRequest(f"events of kind {kind!r}: there are {', '.join(KINDS)}")
        if len(shape) not in wanted[kind]:
            raise BadRequest(
                f"{kind} of shape {shape}: give (n, samples) for waveforms, (n, height, width) or "
                "(n, height, width, bands) for images"
            )
        self.kind, self.source, self.shape = kind, source, shape
        self.sample_period = sample_period
        self.ids = as_ids(ids, shape[0])
        self._digest = digest
        self._facts = facts
        self._link = link

    def __len__(self) -> int:
        return int(self.shape[0])

    def __repr__(self) -> str:
        return f"<{len(self):,} {self.kind} of shape {self.shape[1:]}>"

    def array(self, row: int) -> Array:
        """Give the values of an event: (samples,), (height, width[, bands]) or (columns,).

        Raises
        ------
        BadRequest
            There is no such row.
        """
        row = self._checked(row)
        if self.kind == "rows":
            return np.asarray(self.source.iloc[row])
        return np.asarray(self.source[row])

    def row_of(self, ident: Any) -> int:
        """Give the number of the event with an id.

        Raises
        ------
        UnknownName
            No event has it.
        """
        row = self._rows.get(ident)
        if row is None and isinstance(ident, str) and self.ids.dtype.kind == "i":
            row = self._rows.get(int(ident)) if ident.lstrip("-").isdigit() else None
        if row is None:
            raise UnknownName(f"no event has the id {ident!r}; there are {len(self):,} events")
        return row

    def thumbnails(self, rows: Sequence[int] | Array, width: int, height: int) -> Array:
        """Give small pictures of events.

        Parameters
        ----------
        rows
            Numbers of n events.
        width, height
            Of each picture in pixels.

        Returns
        -------
        ndarray
            uint8: (n, height, width), the opacity of the ink, for waveforms and rows; (n, height, width, 3),
            red, green and blue, for images.
        """
        wanted = [self._checked(int(row)) for row in rows]
        if not (4 <= width <= 1024 and 4 <= height <= 1024):
            raise BadRequest(f"thumbnails of {width} x {height} pixels: give 4 to 1024")
        if self.kind == "images":
            return of_images([self.array(row) for row in wanted], width, height)
        if self.kind == "waveforms":
            return of_traces([self.array(row) for row in wanted], width, height)
        return of_rows(self._scaled(wanted), width, height)

    def facts(self, row: int) -> list[tuple[str, str]]:
        """Give what is known of an event as pairs of name and text, its id first."""
        row = self._checked(row)
        found = [("id", str(self.ids[row]))]
        if self.kind == "rows":
            found += [(str(name), _text(value)) for name, value in self.source.iloc[row].items()]
        elif self._facts is not None:
            one = self._facts[row : row + 1]
            found += [(name, _text(one[name][0])) for name in one.colnames]
        return found

    @cached_property
    def digest(self) -> str:
        """SHA-256 in hexadecimal that names the data."""
        if callable(self._digest):
            return self._digest()  # of a large file this takes its time: only who asks waits
        return self._digest or digest_of(self.source)

    @property
    def link(self) -> str:
        """What views of the same data have in common."""
        return self._link or self.digest

    @cached_property
    def _rows(self) -> dict[Any, int]:
        return {ident: row for row, ident in enumerate(self.ids.tolist())}

    @cached_property
    def _middle(self) -> tuple[Array, Array, list[str]]:
        numbers = self.source.select_dtypes(include=["number", "bool"])
        values = numbers.iloc[:: max(1, len(numbers) // 10_000)].to_numpy(np.float64)
        middle = np.nanmedian(values, axis=0)
        spread = np.nanmedian(np.abs(values - middle), axis=0) * 1.4826
        return middle, np.where(spread > 0, spread, 1.0), list(numbers.columns)

    def _scaled(self, rows: list[int]) -> Array:
        middle, spread, names = self._middle
        return (self.source[names].iloc[rows].to_numpy(np.float64) - middle) / spread

    def _checked(self, row: int) -> int:
        if not 0 <= int(row) < len(self):
            raise BadRequest(f"event {row}: there are events 0 to {len(self) - 1}")
        return int(row)


def events_of(source: Any, ids: npt.ArrayLike | None = None) -> Events:
    """Give the events of a data set, an array or a table.

    Parameters
    ----------
    source
        A data set of kind "waveforms" or "cube"; cutouts; an array, in memory or read as sliced, of shape
        (n, samples), (n, height, width) or (n, height, width, bands); a DataFrame; or events.
    ids
        Of the events; by default 0, 1, ...

    Raises
    ------
    BadRequest
        Nothing that has events.
    """
    if isinstance(source, Events):
        if ids is None:
            return source
        return Events(
            source.kind,
            source.source,
            ids,
            digest=source._digest,
            sample_period=source.sample_period,
            facts=source._facts,
            link=source._link,
        )
    if isinstance(source, Cutouts):
        return events_of(source.events(), ids)
    if hasattr(source, "iloc") and hasattr(source, "columns"):
        return Events("rows", source, ids)
    if hasattr(source, "provenance") and hasattr(source, "kind"):
        return _of_dataset(source, ids)
    array = source if hasattr(source, "shape") else np.asarray(source)
    if len(array.shape) == 2:
        return Events("waveforms", array, ids)
    if len(array.shape) in (3, 4):
        return Events("images", array, ids)
    raise BadRequest(
        f"a {type(source).__name__} of shape {tuple(array.shape)} has no events: give traces (n, samples), "
        "images (n, height, width) or a DataFrame"
    )


def link_of(dataset: Any) -> str | None:
    """Give what views of a data set have in common, without reading it; None for one in memory."""
    found = dataset.provenance
    return found and f"{found.path}|{found.size}|{found.mtime}|{dataset.part}"


def as_ids(ids: npt.ArrayLike | None, count: int) -> Array:
    """Give ids as int64 or as texts, shape (count,), each once.

    Raises
    ------
    BadRequest
        Another number of ids, one that is neither number nor text, or one that comes twice.
    """
    if ids is None:
        return np.arange(count)
    values = np.asarray(ids)
    if values.shape != (count,):
        raise BadRequest(f"{values.size:,} ids for {count:,} events: give one for each")
    whole = values.dtype.kind == "f" and bool((np.mod(values, 1) == 0).all())
    if values.dtype.kind in "iu" or whole:
        values = values.astype(np.int64)
    elif values.dtype.kind in "OUT":
        values = np.array([str(ident) for ident in values], dtype=object)
    else:
        raise BadRequest(f"ids of type {values.dtype}: give whole numbers or texts")
    unique, counts = np.unique(values, return_counts=True)
    if len(unique) < count:
        some = ", ".join(str(ident) for ident in unique[counts > 1][:5])
        raise BadRequest(f"{count - len(unique):,} ids come more than once, such as {some}")
    return values


def digest_of(source: Any) -> str:
    """Give a SHA-256 of the shape, the type and some rows of an array or a table.

    Reading everything only to name it would cost as much as working on it.
    """
    count = int(source.shape[0])
    kind = "" if hasattr(source, "iloc") else str(source.dtype)
    found = hashlib.sha256(f"{tuple(source.shape)}{kind}".encode())
    for i in sorted({i * (count - 1) // 15 for i in range(16)} if count else set()):
        row = source.iloc[i].to_json() if hasattr(source, "iloc") else None
        found.update(row.encode() if row else np.ascontiguousarray(source[i]).tobytes())
    return found.hexdigest()


def _of_dataset(dataset: Any, ids: npt.ArrayLike | None) -> Events:
    if dataset.kind == "waveforms":
        return Events(
            "waveforms",
            dataset.array,
            ids,
            digest=(lambda: dataset.provenance.sha256) if dataset.provenance else None,
            sample_period=dataset.meta.get("sample_period"),
            facts=dataset.table if dataset.has_table else None,
            link=link_of(dataset),
        )
    if dataset.kind == "cube" and len(dataset.shape) in (3, 4):
        return Events("images", dataset.array, ids)
    raise BadRequest(
        f"{dataset.name} is of kind {dataset.kind!r}: events are traces, a stack of images or rows; pieces "
        "of an image come from adk.processing.raster.cutouts(image, xy, size).events()"
    )


def _text(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float | np.floating) else str(value)
