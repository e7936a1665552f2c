"""Tables as they are given, checked against a view's definition and made what its parts hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ..errors import BadRequest
from ..processing.table_units import unit_of
from .definitions import DTYPES, TIME, Column, Definition, nearest
from .event_ids import beyond, check_texts
from .times import moments

_KINDS = {
    "bool": pa.types.is_boolean,
    "int": pa.types.is_integer,
    "float": lambda kind: pa.types.is_floating(kind) or pa.types.is_integer(kind),
    "string": lambda kind: pa.types.is_string(kind) or pa.types.is_large_string(kind),
}


def checked(definition: Definition, table: Any, at: Any = None, first: int = 0) -> pa.Table:
    """Give the rows of a table as a part holds them, without their time of writing, sorted by id and time.

    Parameters
    ----------
    definition
        Of the view.
    table
        A DataFrame, a PyArrow table, an astropy Table (whose units are compared and turned), `Latents`, or a
        mapping of arrays, with ``event_id``, the features, and ``event_time`` unless `at` is given.
    at
        Time from which all rows hold, as `times.moment` gives it.
    first
        Number of the first row, for errors.

    Raises
    ------
    BadRequest
        A column that is missing or not defined, a value that the column's type cannot hold, units that
        cannot be turned into each other, or an event that comes twice; the text names column and row.
    """
    given, units = _columns(table)
    _known(definition, list(given), at)
    lengths = {len(values) for values in given.values()}
    if len(lengths) != 1:
        raise BadRequest(
            f"columns of different lengths: {', '.join(map(str, sorted(lengths)))} rows"
        )
    count = lengths.pop()
    id_column = Column("event_id", definition.id_dtype)
    made = {"event_id": _array(id_column, given["event_id"], "", first)}
    if made["event_id"].null_count:
        row = int(np.flatnonzero(pc.is_null(made["event_id"]).to_numpy(zero_copy_only=False))[0])
        raise BadRequest(f"column 'event_id', row {first + row}: an event without an id")
    if definition.id_dtype == "string":
        check_texts(made["event_id"], first)
    if at is None:
        times = moments(_plain(given["event_time"]), "column 'event_time'", first=first)
    else:
        times = pd.Series(at).repeat(count).reset_index(drop=True)
    made["event_time"] = pa.array(times, TIME)
    for column in definition.columns:
        made[column.name] = _array(column, given[column.name], units.get(column.name, ""), first)
    return _sorted(pa.table(made), first)


def _columns(table: Any) -> tuple[dict[str, Any], dict[str, str]]:
    """Give the columns by name, and the units of those that tell one."""
    from ..latent.latents import Latents

    if isinstance(table, Latents):
        frame = table.table()
        return {("event_id" if n == "id" else str(n)): frame[n] for n in frame.columns}, {}
    if isinstance(table, pa.RecordBatch):
        table = pa.Table.from_batches([table])
    if isinstance(table, pa.Table):
        told = {
            f.name: (f.metadata or {}).get(b"unit", b"").decode("utf-8", "replace")
            for f in table.schema
        }
        if len(told) < len(table.schema):
            raise BadRequest("two columns have the same name: rename one")
        return {name: table[name].combine_chunks() for name in table.column_names}, told
    if isinstance(table, pd.DataFrame):
        if "event_id" not in table.columns and table.index.name == "event_id":
            table = table.reset_index()
        if not table.columns.is_unique:
            raise BadRequest("two columns have the same name: rename one")
        told = table.attrs.get("units")
        told = {str(k): str(v) for k, v in told.items()} if isinstance(told, Mapping) else {}
        return {str(name): table[name] for name in table.columns}, told
    if hasattr(table, "colnames"):
        columns = {str(name): table[name] for name in table.colnames}
        units = {n: str(c.unit) for n, c in columns.items() if getattr(c, "unit", None) is not None}
        return columns, units
    if isinstance(table, Mapping):
        return {str(name): values for name, values in table.items()}, {}
    raise BadRequest(
        f"a {type(table).__name__} has no rows that a view can keep: give a DataFrame, a table of astropy or "
        "PyArrow, latents, or a mapping of arrays"
    )


def _known(definition: Definition, given: list[str], at: Any) -> None:
    wanted = ["event_id", *([] if at is not None else ["event_time"]), *definition.names]
    for name in given:
        if name in wanted:
            continue
        if name == "event_time":
            raise BadRequest("the table has a column 'event_time': leave `at` out, or the column")
        if name == "created_time":
            raise BadRequest(
                "'created_time' is told by `created`, for all rows: leave the column out"
            )
        raise BadRequest(
            f"column {name!r} is not defined in the view {definition.name!r}: leave it out, or define the "
            f"view with it; {nearest(name, wanted)}"
        )
    for name in wanted:
        if name not in given:
            hint = "give it, or `at`, the time from which all rows hold; "
            raise BadRequest(
                f"column {name!r} of the view {definition.name!r} is missing: "
                f"{hint if name == 'event_time' else ''}{nearest(name, given)}"
            )


def _plain(values: Any) -> Any:
    """Give a column as pandas, NumPy or Arrow knows it, what is masked as missing."""
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    if isinstance(values, pa.Array):
        return values.to_pandas() if pa.types.is_timestamp(values.type) else values
    if isinstance(values, pd.Series) or hasattr(values, "datetime64"):
        return values
    mask = getattr(values, "mask", None)
    # Of NumPy's masked arrays and astropy's, which are no subclass of them.
    kept = (
        values.data
        if isinstance(values, np.ma.MaskedArray)
        else getattr(values, "unmasked", values)
    )
    plain = np.asarray(getattr(kept, "value", kept))
    if plain.dtype.kind == "U" and isinstance(kept, list | tuple):
        plain = np.asarray(kept, dtype=object)  # NumPy's own texts lose a NUL at their end
    if plain.dtype.kind == "S":
        plain = np.char.decode(plain, "utf-8", "replace")
    if not plain.dtype.isnative:  # as FITS has it
        plain = plain.astype(plain.dtype.newbyteorder("="))
    if mask is None or not np.any(mask):
        return plain
    return pd.Series(plain.astype(object)).mask(np.broadcast_to(mask, plain.shape), None)


def _array(column: Column, values: Any, unit: str, first: int) -> pa.Array:
    plain = _plain(values)
    if np.ndim(plain) != 1 and not hasattr(plain, "datetime64"):
        raise BadRequest(
            f"column {column.name!r} has shape {np.shape(plain)}: give one value for each row"
        )
    if column.dtype == "timestamp":
        return _times(column, plain, first)
    try:
        # What is NaN is missing, whichever library says so.
        found = plain if isinstance(plain, pa.Array) else pa.array(plain, from_pandas=True)
    except (pa.ArrowException, OverflowError, UnicodeError):
        raise BadRequest(_mixed(column, plain, first)) from None
    if isinstance(found, pa.ChunkedArray):
        found = found.combine_chunks()
    if pa.types.is_dictionary(found.type):
        found = found.dictionary_decode()
    if pa.types.is_float16(found.type):
        found = found.cast(pa.float32())
    if pa.types.is_floating(found.type):
        found = pc.if_else(pc.is_nan(found), pa.scalar(None, found.type), found)
    if found.null_count == len(found):
        return pa.nulls(len(found), DTYPES[column.dtype])
    kind = column.dtype.removeprefix("u").rstrip("0123456789")
    # As pandas has whole numbers with gaps.
    whole = kind == "int" and pa.types.is_floating(found.type)
    if not whole and not _KINDS[kind](found.type):
        raise BadRequest(
            f"column {column.name!r} is of type {found.type}, row {first} has {str(found[0])[:40]!r}; "
            f"the view defines {column.dtype}"
        )
    return _cast(column, _in_unit(column, found, unit), first)


def _times(column: Column, plain: Any, first: int) -> pa.Array:
    if isinstance(plain, pa.Array):
        plain = plain.to_pandas()
    if hasattr(plain, "datetime64"):
        plain = plain.utc.datetime64
    series = pd.Series(plain).reset_index(drop=True)
    if isinstance(series.dtype, pd.CategoricalDtype):
        series = series.astype(series.cat.categories.dtype)
    there = series.notna()
    made = pd.Series(pd.NaT, index=series.index, dtype="datetime64[us, UTC]")
    if there.any():
        what = f"column {column.name!r}"
        try:
            made[there] = moments(series[there], what).to_numpy()
        except BadRequest:
            for row in series.index[there]:  # the number of the row, gaps counted
                moments(series[[row]], what, first=first + int(row))
            raise
    return pa.array(made, TIME, from_pandas=True)


def _in_unit(column: Column, found: pa.Array, unit: str) -> pa.Array:
    if unit == column.unit or not unit:
        return found
    have, want = unit_of(unit), unit_of(column.unit)
    scale = None
    if have is not None:
        from astropy import units as u

        try:
            scale = float(have.to(u.dimensionless_unscaled if want is None else want))
        except u.UnitsError:
            scale = None
    if scale is None:
        raise BadRequest(
            f"column {column.name!r} is in {unit!r}, and the view defines {column.unit or 'no unit'!r}: turn "
            "it into that one"
        )
    if scale == 1:
        return found
    if not column.dtype.startswith("float"):
        raise BadRequest(
            f"column {column.name!r} is in {unit!r}, and whole numbers of {column.unit!r} are kept: turn and "
            "round it"
        )
    return pc.multiply(found.cast(pa.float64()), scale).cast(DTYPES[column.dtype])


def _cast(column: Column, found: pa.Array, first: int) -> pa.Array:
    kind = DTYPES[column.dtype]
    try:
        made = found.cast(kind)
        exact = True
        if kind == pa.float32() and found.type == pa.float64():
            back = made.cast(pa.float64())
            exact = bool(pc.all(pc.equal(back, found)).as_py() in (True, None))
    except pa.ArrowException:
        exact = False
    if exact:
        return made
    row, value = 0, found[0]
    for row, value in enumerate(found):  # noqa: B007 -- the last one is told
        try:
            same = not value.is_valid or value.cast(kind).as_py() == value.as_py()
        except pa.ArrowException:
            same = False
        if not same:
            break
    if column.name == "event_id" and kind == pa.int64() and pa.types.is_integer(found.type):
        raise BadRequest(f"column 'event_id', row {first + row}: {beyond(value.as_py())}")
    raise BadRequest(
        f"column {column.name!r}, row {first + row}: {value.as_py()!r} is no {column.dtype} without loss; if "
        f"the loss is meant, turn the column into {column.dtype} before, or define it as {found.type}"
    )


def _mixed(column: Column, plain: Any, first: int) -> str:
    wanted = {"string": str, "bool": bool}.get(column.dtype, (int, float, np.number))
    for row, value in enumerate(plain):
        missing = value is None or value is pd.NA or (isinstance(value, float) and value != value)
        if not missing and (
            not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool)
        ):
            return (
                f"column {column.name!r}, row {first + row}: {str(value)[:40]!r} is of type "
                f"{type(value).__name__}; the view defines {column.dtype}"
            )
    return f"column {column.name!r} has values that are no {column.dtype}"


def _sorted(table: pa.Table, first: int) -> pa.Table:
    keys = [("event_id", "ascending"), ("event_time", "ascending")]
    order = pc.sort_indices(table, keys)
    made = table.take(order)
    if len(made) > 1:
        one, two = made.slice(0, len(made) - 1), made.slice(1)
        same = pc.and_(
            pc.equal(one["event_id"], two["event_id"]),
            pc.equal(one["event_time"], two["event_time"]),
        )
        if pc.any(same).as_py():
            place = int(np.flatnonzero(same.to_numpy())[0])
            rows = sorted(order.to_numpy()[place : place + 2].tolist())
            raise BadRequest(
                f"event {made['event_id'][place].as_py()!r} comes twice at the same time, in rows "
                f"{first + rows[0]} and {first + rows[1]}: keep one"
            )
    return made
