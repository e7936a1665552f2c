"""A table of latents: what each event became, with ids, columns and where all of it came from."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..errors import BadRequest, UnknownName
from ..processing.events import as_ids

Array = npt.NDArray[Any]
Lineage = dict[str, Any]
_LATENT = re.compile(r"z\d+")
_SHOWN = 5  # ids that an error names


@dataclass(frozen=True, eq=False)
class Latents:
    """Points of a latent space with their ids, columns, and the lineage of each column.

    It goes where an array of shape (n, d) goes: NumPy functions take it, ``len``, ``shape`` and slices work.
    The arrays are those that were given, not copies, and cannot be written through the table.

    Parameters
    ----------
    z
        Latents, shape (n, d); float32 and float64 stay as they are, other numbers become float64. Points may
        be NaN or infinite: `finite` and `invalid` tell which.
    ids
        Whole numbers or texts, shape (n,), each once; 0, 1, ... by default.
    columns
        Scores, projections, labels and whatever else is known of each point: name to shape (n,).
    names
        Of the latents; z0, z1, ... by default.
    facts
        What is known of all of it, as JSON knows it: ``"data"`` and ``"encoder"`` are the hashes of what the
        latents were made from and with.
    lineage
        Of the columns: name to ``{"made_by", "parameters", "of"}``, where ``of`` is a `digest`.

    Raises
    ------
    BadRequest
        Arrays of other shapes or types, an id that comes twice, or a name that does.

    Examples
    --------
    >>> latents = Latents(np.eye(3), ids=["a", "b", "c"], columns={"score": [1.0, 2.0, 3.0]})
    >>> latents.shape, latents.rows_of(["c", "a"]).tolist()
    ((3, 3), [2, 0])
    >>> latents.table().columns.tolist()
    ['id', 'z0', 'z1', 'z2', 'score']
    """

    z: Array
    ids: Array = None  # type: ignore[assignment]
    columns: Mapping[str, Array] = None  # type: ignore[assignment]
    names: tuple[str, ...] = None  # type: ignore[assignment]
    facts: Mapping[str, Any] = None  # type: ignore[assignment]
    lineage: Mapping[str, Lineage] = None  # type: ignore[assignment]

    def __init__(
        self,
        z: npt.ArrayLike,
        ids: npt.ArrayLike | None = None,
        columns: Mapping[str, Any] | None = None,
        *,
        names: list[str] | tuple[str, ...] | None = None,
        facts: Mapping[str, Any] | None = None,
        lineage: Mapping[str, Lineage] | None = None,
    ) -> None:
        values = _floats(z)
        count, width = values.shape
        given = tuple(f"z{i}" for i in range(width)) if names is None else tuple(map(str, names))
        if len(given) != width or len({*given, "id"}) != width + 1:
            raise BadRequest(
                f"{len(given)} names for {width} latents: give each another name, and none 'id'"
            )
        kept = {
            str(name): _column(str(name), part, count) for name, part in dict(columns or {}).items()
        }
        taken = sorted(set(kept) & {*given, "id"})
        if taken:
            raise BadRequest(
                f"the column {taken[0]!r} has the name of a latent or of the ids: rename it"
            )
        told = {name: dict(about) for name, about in dict(lineage or {}).items() if name in kept}
        put = object.__setattr__
        put(self, "z", _frozen(values))
        put(self, "ids", _frozen(as_ids(_plain_ids(ids), count)))
        put(self, "columns", MappingProxyType(kept))
        put(self, "names", given)
        put(self, "facts", MappingProxyType(dict(facts or {})))
        put(self, "lineage", MappingProxyType({name: told.get(name, _given()) for name in kept}))

    def __len__(self) -> int:
        return len(self.z)

    def __getitem__(self, key: Any) -> Any:
        return self.z[key]

    def __iter__(self) -> Iterator[Array]:
        return iter(self.z)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return np.array(self.z, dtype=dtype, copy=copy)

    def __repr__(self) -> str:
        bad = len(self) - int(self.finite.sum())
        rest = f", {bad:,} not finite" if bad else ""
        columns = f"; {', '.join(self.columns)}" if self.columns else ""
        return f"<{len(self):,} latents of {self.shape[1]} dimensions{rest}{columns}>"

    def __reduce__(self) -> Any:
        facts = {"names": self.names, "facts": dict(self.facts), "lineage": dict(self.lineage)}
        return _made_again, (self.z, self.ids, dict(self.columns), facts)

    @property
    def shape(self) -> tuple[int, int]:
        """Number of points and of dimensions."""
        return self.z.shape  # type: ignore[return-value]

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the latents."""
        return self.z.dtype

    @property
    def ndim(self) -> int:
        """Always 2."""
        return 2

    @cached_property
    def finite(self) -> npt.NDArray[np.bool_]:
        """Which points have no NaN and no infinity, shape (n,)."""
        found = np.isfinite(self.z).all(axis=1)
        found.flags.writeable = False
        return found

    @property
    def invalid(self) -> Array:
        """Ids of the points that are not finite."""
        return self.ids[~self.finite]

    @cached_property
    def digest(self) -> str:
        """SHA-256 in hexadecimal of the ids and the latents."""
        found = hashlib.sha256(f"{self.shape}{self.z.dtype.str}{self.ids.dtype.kind}".encode())
        if self.ids.dtype.kind == "i":
            found.update(np.ascontiguousarray(self.ids, "<i8").data)
        else:
            for ident in self.ids:
                text = ident.encode("utf-8", "surrogatepass")
                found.update(len(text).to_bytes(4, "little") + text)
        for start in range(0, len(self), 65536):
            part = self.z[start : start + 65536]
            found.update(np.ascontiguousarray(part, part.dtype.newbyteorder("<")).data)
        return found.hexdigest()

    def with_columns(self, lineage: Mapping[str, Any] | None = None, **values: Any) -> Latents:
        """Give the table with more columns, or newer ones in the place of old ones.

        Parameters
        ----------
        lineage
            ``{"made_by", "parameters", "of"}`` of all of them, or one of each by name. ``of`` is this table's
            `digest` where it is not told.
        **values
            Columns, shape (n,) each.

        Returns
        -------
        Latents
            Another table of the same points.
        """
        told = dict(lineage or {})
        of_each = told if told and set(told) <= set(values) else dict.fromkeys(values, told)
        new = {
            name: {
                "made_by": "given",
                "parameters": {},
                "of": self.digest,
                **(of_each.get(name) or {}),
            }
            for name in values
        }
        return self._with({**self.columns, **values}, {**self.lineage, **new})

    def without_columns(self, *names: str) -> Latents:
        """Give the table with fewer columns.

        Raises
        ------
        UnknownName
            No such column.
        """
        lost = [name for name in names if name not in self.columns]
        if lost:
            raise UnknownName(
                f"no column {lost[0]!r}; there are: {', '.join(self.columns) or 'none'}"
            )
        return self._with({k: v for k, v in self.columns.items() if k not in names}, self.lineage)

    def _with(self, columns: Mapping[str, Any], lineage: Mapping[str, Lineage]) -> Latents:
        made = Latents(self.z, None, columns, names=self.names, facts=self.facts, lineage=lineage)
        # The ids are known to be good, and the hash to be this one.
        object.__setattr__(made, "ids", self.ids)
        for known in ("digest", "finite", "_index"):
            if known in self.__dict__:
                made.__dict__[known] = self.__dict__[known]
        return made

    def table(self) -> pd.DataFrame:
        """Give everything as a table: id, the latents, the columns."""
        latents = {name: self.z[:, i] for i, name in enumerate(self.names)}
        return pd.DataFrame({"id": self.ids, **latents, **self.columns})

    @cached_property
    def _index(self) -> pd.Index[Any]:
        return pd.Index(self.ids)

    def rows_of(self, ids: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """Give the row of each id.

        Raises
        ------
        UnknownName
            Ids that are not there; it names some.
        """
        wanted = np.atleast_1d(np.asarray(_plain_ids(ids)))
        if not wanted.size:
            return np.empty(0, np.int64)
        if (self.ids.dtype.kind == "i") != (wanted.dtype.kind in "iu"):
            raise UnknownName(
                f"ids such as {wanted[0]!r}: these latents have "
                f"{'whole numbers' if self.ids.dtype.kind == 'i' else 'texts'} as ids"
            )
        rows = self._index.get_indexer(pd.Index(wanted)).astype(np.int64)
        if (rows < 0).any():
            lost = wanted[rows < 0]
            some = ", ".join(str(ident) for ident in lost[:_SHOWN])
            raise UnknownName(f"{len(lost):,} ids are not among these {len(self):,}: {some}")
        return rows

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the table to a Parquet file or a Zarr folder, by the ending of its name.

        It has its name only when it is whole; what was there before stays until then.

        Raises
        ------
        BadRequest
            Another ending, or a column that the format cannot hold.
        UnreadableFile
            The disk is full, or the folder does not take it.
        MissingPackage
            Zarr without the package of that name.
        """
        from .latents_files import write

        return write(self, Path(path))

    @staticmethod
    def load(path: str | os.PathLike[str]) -> Latents:
        """Give the table that `save` or `encode` wrote, or one of any Parquet file with columns z0, z1, ...

        Raises
        ------
        UnreadableFile
            No such file.
        DamagedFile
            Bytes that are no such table.
        DataCheckFailed
            Points or ids that are others than those whose hash the file tells.
        """
        from .latents_files import read

        return read(Path(path))

    @classmethod
    def of(cls, source: Any) -> Latents:
        """Give latents of latents, an array, a table with columns z0, z1, ... or a file.

        Raises
        ------
        BadRequest
            Something else.
        """
        if isinstance(source, Latents):
            return source
        if isinstance(source, str | os.PathLike):
            return cls.load(source)
        if isinstance(source, pd.DataFrame):
            return of_table(source)
        return cls(getattr(source, "array", source))


def of_table(table: pd.DataFrame, names: list[str] | None = None, **told: Any) -> Latents:
    """Give the latents of a table with columns id (or an index), z0, z1, ..., and others.

    Raises
    ------
    BadRequest
        No column of the name z0.
    """
    width = names or sorted(
        (str(name) for name in table.columns if _LATENT.fullmatch(str(name))),
        key=lambda x: int(x[1:]),
    )
    lost = [name for name in width if name not in table.columns]
    if not width or lost:
        raise BadRequest(
            f"a table with the columns {', '.join(map(str, table.columns[:8]))}: latents are its columns "
            "z0, z1, ...; rename them, or pass table[[...]].to_numpy()"
        )
    parts = [table[name].to_numpy() for name in width]
    z = np.stack([_floats(part)[:, 0] for part in parts], axis=1)
    ids = table["id"].to_numpy() if "id" in table.columns else table.index.to_numpy()
    rest = {str(n): table[n].to_numpy() for n in table.columns if n not in {*width, "id"}}
    return Latents(z, ids, rest, names=width, **told)


def _floats(z: npt.ArrayLike) -> Array:
    try:
        values = np.asarray(z)
        if values.dtype.kind not in "fiub" and values.dtype.kind != "O":
            raise TypeError(values.dtype)
        if values.dtype not in (np.float32, np.float64):
            values = values.astype(np.float32 if values.dtype == np.float16 else np.float64)
    except (TypeError, ValueError) as error:
        raise BadRequest(f"latents are real numbers of shape (n, d): {str(error)[:80]}") from None
    if values.ndim == 1:
        values = values[:, None]
    if values.ndim != 2:
        raise BadRequest(f"latents of shape {values.shape}: give an array of shape (n, d)")
    return values


def _column(name: str, values: Any, count: int) -> Array:
    found = values.to_numpy() if hasattr(values, "to_numpy") else np.asarray(values)
    if found.shape != (count,):
        raise BadRequest(
            f"the column {name!r} has shape {found.shape}: give one value for each of {count:,}"
        )
    if found.dtype.kind in "UST" or (found.dtype.kind == "O"):
        found = np.array([_text(value) for value in found], dtype=object)
        kinds = {type(value) for value in found if value is not None}
        if kinds - {str}:
            found = _numbers_of(found)
    elif found.dtype.kind not in "biufmM":
        raise BadRequest(
            f"the column {name!r} is of type {found.dtype}: give numbers, times or texts"
        )
    return _frozen(found)


def _text(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, str):
        return str(value)
    missing = value is None or value is pd.NA or (isinstance(value, float) and value != value)
    return None if missing else value


def _numbers_of(values: Array) -> Array:
    try:
        return np.array([np.nan if value is None else value for value in values], dtype=np.float64)
    except (TypeError, ValueError):
        return np.array([None if value is None else str(value) for value in values], dtype=object)


def _plain_ids(ids: Any) -> Any:
    return ids.to_numpy() if hasattr(ids, "to_numpy") else ids


def _frozen(values: Array) -> Array:
    view = values.view()
    view.flags.writeable = False
    return view


def _given() -> Lineage:
    return {"made_by": "given", "parameters": {}, "of": None}


def _made_again(z: Array, ids: Array, columns: dict[str, Array], told: dict[str, Any]) -> Latents:
    return Latents(z, ids, columns, **told)
