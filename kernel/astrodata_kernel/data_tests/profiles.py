"""What a data set was like, in a small file: a reference that later data can be compared with."""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import BadRequest, DamagedFile, UnreadableFile
from ..writing import write_whole
from .checks_columns import missing_of, numbers_of
from .distances import POINTS
from .findings import plain
from .given import Given
from .samples import Sample

FORMAT = 1
QUANTILES = 101
BARS = 24
CATEGORIES = 1000
"""Values of a column of texts that are counted one by one; the rarest others are counted together."""

_LARGEST = 64 << 20


@dataclass(frozen=True)
class Profile:
    """What a data set was like: of each column counts, quantiles, shares in bins; of latents some points.

    Parameters
    ----------
    name
        Of the data.
    rows
        Their number.
    columns
        By name: ``kind``, ``dtype``, ``unit``, ``count``, ``missing``; of numbers ``min``, ``max``,
        ``infinite``, ``quantiles`` (101, of finite values; ``exact`` says whether of all), ``edges`` between
        bins of about equal counts and ``counts`` in them, ``bars`` (ends of 24 equal bins) and ``heights``;
        of texts and flags ``values`` with counts and ``others``. Times are seconds since 1970, UTC.
    points
        Of latents, ``names`` and at most 1,000 ``z`` drawn by chance; None of other data.

    Examples
    --------
    >>> import pandas as pd
    >>> made = profile(pd.DataFrame({"x": [1.0, 2.0, None, 4.0]}))
    >>> made.columns["x"]["count"], made.columns["x"]["missing"], made.columns["x"]["max"]
    (4, 1, 4.0)
    """

    name: str
    rows: int
    columns: Mapping[str, Mapping[str, Any]]
    points: Mapping[str, Any] | None = field(default=None, repr=False)

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON knows it."""
        return {
            "format": FORMAT,
            "what": "astrodata profile",
            "name": self.name,
            "rows": self.rows,
            "columns": {name: dict(told) for name, told in self.columns.items()},
            "points": None if self.points is None else dict(self.points),
        }

    @property
    def hash(self) -> str:
        """``sha256:`` of what it tells, whatever it is called."""
        told = {**self.to_json(), "name": ""}
        text = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write it to a JSON file.

        Raises
        ------
        UnreadableFile
            The disk is full, or the folder does not take it.
        """
        text = json.dumps({**self.to_json(), "hash": self.hash}, indent=1, allow_nan=False)
        return write_whole(path, text.encode() + b"\n")

    @staticmethod
    def load(path: str | os.PathLike[str]) -> Profile:
        """Give the profile that `save` wrote.

        Raises
        ------
        UnreadableFile
            No such file.
        DamagedFile
            It is no profile, or was changed since.
        """
        file = Path(path)
        try:
            if file.stat().st_size > _LARGEST:
                raise DamagedFile(f"{file.name} is too large for a profile")
            told = json.loads(file.read_bytes())
        except OSError as error:
            raise UnreadableFile(f"{path} cannot be read: {error.strerror or error}") from None
        except (ValueError, RecursionError):
            raise DamagedFile(f"{file.name} is no profile: it is not JSON") from None
        return _of_json(told, file.name)


def _of_json(told: Any, name: str) -> Profile:
    if not isinstance(told, dict) or told.get("what") != "astrodata profile":
        raise DamagedFile(f"{name} is no profile: make one with profile(data).save(path)")
    if told.get("format") != FORMAT:
        raise DamagedFile(f"{name} is a profile of format {told.get('format')!r}: this is {FORMAT}")
    try:
        made = Profile(str(told["name"]), int(told["rows"]), dict(told["columns"]), told["points"])
        same = made.hash == told["hash"]
    except (KeyError, TypeError, ValueError) as error:
        raise DamagedFile(f"{name} is a damaged profile ({error}): make it again") from None
    if not same:
        raise DamagedFile(f"{name} was changed since it was written: make the profile again")
    return made


def profile(
    data: Any,
    columns: Sequence[str] | None = None,
    *,
    bins: int = 10,
    name: str | None = None,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], None] | None = None,
) -> Profile:
    """Give what data are like, so that later ones can be compared with them.

    Parameters
    ----------
    data
        Whatever `Tests.run` takes.
    columns
        Those that count; all with comparable values by default.
    bins
        Of the population stability index, of about equal counts.
    name
        What the data are called.
    progress, cancelled
        Told the share done, 0 to 1; called between blocks, it raises to give the work up.

    Raises
    ------
    UnknownName
        A column that is not there.
    BadRequest
        Fewer than two bins.
    """
    from .sources import given

    if not 2 <= bins <= 1000:
        raise BadRequest(f"{bins} bins: give 2 to 1,000")
    source = given(data, name)
    kinds = ("number", "flag", "text", "time", "vector")
    names = (
        [c.name for c in source.columns.values() if c.kind in kinds] if columns is None else columns
    )
    gathered = {n: _Gathered(source.column(n).kind) for n in names}
    points = _Points(source)
    wanted = [*dict.fromkeys([*names, *points.names])]
    parts = 0.0
    rows = 0
    for block in source.blocks(wanted):
        if cancelled is not None:
            cancelled()
        for n in names:
            if n in block:
                gathered[n].take(block.values(n))
        points.take(block)
        rows += len(block.frame)
        parts = min(1.0, rows / max(source.count or 1, 1))
        if progress is not None:
            progress(0.9 * parts)
    told = {}
    for n in names:
        column = source.column(n)
        told[n] = {
            "kind": column.kind,
            "dtype": column.dtype,
            "unit": column.unit,
            **gathered[n].told(bins),
        }
    _count_again(source, told, gathered, cancelled)
    if progress is not None:
        progress(1.0)
    return Profile(
        source.name, source.count if source.count is not None else rows, told, points.told()
    )


def floats_of(values: Any) -> Any:
    """Give the values that are there as float64: times as seconds since 1970."""
    found = numbers_of(values)
    there = found[~(missing_of(values) | missing_of(found))]
    return there.astype(np.int64) / 1e6 if found.dtype.kind == "M" else there.astype(np.float64)


class _Gathered:
    """What is gathered of one column."""

    def __init__(self, kind: str) -> None:
        self.words = kind in ("text", "flag")
        self.count = self.missing = self.infinite = 0
        self.low, self.high = np.inf, -np.inf
        self.sample = Sample()
        self.infinities: list[float] = []
        self.counter: Counter[str] = Counter()

    def take(self, values: Any) -> None:
        gone = missing_of(values)
        self.count += gone.size
        self.missing += int(gone.sum())
        if self.words:
            counts = values[~gone].astype("str").value_counts()
            self.counter.update(dict(zip(counts.index, map(int, counts), strict=True)))
            if len(self.counter) > 100 * CATEGORIES:
                # Ids and the like: the rarest are not worth their memory.
                self.counter = Counter(dict(self.counter.most_common(10 * CATEGORIES)))
            return
        found = floats_of(values)
        finite = found[np.isfinite(found)]
        self.infinite += found.size - finite.size
        if finite.size:
            self.low, self.high = min(self.low, finite.min()), max(self.high, finite.max())
        self.sample.take(finite)

    def told(self, bins: int) -> dict[str, Any]:
        base: dict[str, Any] = {"count": self.count, "missing": self.missing}
        if self.words:
            kept = dict(self.counter.most_common(CATEGORIES))
            there = self.count - self.missing
            return {**base, "values": kept, "others": there - sum(kept.values())}
        held = self.sample.values()
        base |= {"infinite": self.infinite, "exact": self.sample.exact}
        if not held.size:
            return {**base, "min": None, "max": None, "quantiles": [], "edges": [], "counts": [0]}
        quantiles = np.quantile(held, np.linspace(0, 1, QUANTILES))
        quantiles[0], quantiles[-1] = self.low, self.high
        edges = np.unique(np.quantile(held, np.linspace(0, 1, bins + 1)[1:-1]))
        low, high = quantiles[1], quantiles[-2]
        bars = np.linspace(low, high, BARS + 1) if high > low else np.array([low - 0.5, low + 0.5])
        return {
            **base,
            "min": plain(self.low),
            "max": plain(self.high),
            "quantiles": quantiles.tolist(),
            "edges": edges.tolist(),
            "counts": counted(held, edges).tolist(),
            "bars": bars.tolist(),
            "heights": np.histogram(held, bars)[0].tolist(),
        }


def counted(values: Any, edges: Any) -> Any:
    """Count values in the bins between edges; the first and the last bin have no other end."""
    return np.bincount(np.searchsorted(edges, values, "right"), minlength=len(edges) + 1)


def _count_again(
    source: Given, told: dict[str, Any], gathered: Mapping[str, _Gathered], cancelled: Any
) -> None:
    """Count all values of columns whose bins were found with a sample, and infinite ones."""
    names = [
        n
        for n, g in gathered.items()
        if not g.words and (not g.sample.exact or g.infinite) and told[n]["quantiles"]
    ]
    if not names:
        return
    counts = {n: np.zeros(len(told[n]["edges"]) + 1, np.int64) for n in names}
    heights = {n: np.zeros(len(told[n]["bars"]) - 1, np.int64) for n in names}
    for block in source.blocks(names):
        if cancelled is not None:
            cancelled()
        for n in names:
            if n in block:
                values = floats_of(block.values(n))
                counts[n] += counted(values, np.asarray(told[n]["edges"]))
                heights[n] += np.histogram(values[np.isfinite(values)], told[n]["bars"])[0]
    for n in names:
        told[n] |= {"counts": counts[n].tolist(), "heights": heights[n].tolist()}


class _Points:
    """Some points of latents."""

    def __init__(self, source: Given) -> None:
        self.names = list(source.source.names) if source.kind == "latents" else []
        self.sample = Sample(2 * POINTS)

    def take(self, block: Any) -> None:
        if self.names:
            z = block.frame[self.names].to_numpy(np.float64)
            self.sample.take(z[np.isfinite(z).all(axis=1)])

    def told(self) -> dict[str, Any] | None:
        if not self.names:
            return None
        return {"names": self.names, "z": self.sample.drawn(POINTS).tolist()}
