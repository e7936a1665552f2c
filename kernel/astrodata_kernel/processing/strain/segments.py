"""Data quality: intervals in which a flag holds, and tables of glitches.

A segment is a mapping with ``name``, ``start`` and ``stop`` (GPS seconds), as `Dataset.meta["segments"]` has
them; an interval is a pair (start, stop), stop excluded.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import BadRequest, DamagedFile, UnreadableFile, UnsupportedFormat

Interval = tuple[float, float]

# What the usual tables call their columns: Omicron, Gravity Spy, PyCBC, GWpy.
_ALIASES = {
    "time": ("time", "gps", "gps_time", "gpstime", "peak_time", "event_time", "tpeak", "end_time"),
    "frequency": ("frequency", "peak_frequency", "peakfreq", "central_freq", "freq", "fpeak"),
    "snr": ("snr", "snr_max", "omicron_snr", "rho"),
    "label": ("label", "ml_label", "class", "name", "type"),
    "duration": ("duration",),
}


def merge(intervals: Iterable[Sequence[float]]) -> list[Interval]:
    """Give intervals in order of time, those that touch or overlap as one.

    Raises
    ------
    BadRequest
        One that ends before it begins, or has no numbers.
    """
    out: list[Interval] = []
    for start, stop in sorted(map(_checked, intervals)):
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(stop, out[-1][1]))
        elif stop > start:
            out.append((start, stop))
    return out


def intersect(one: Iterable[Sequence[float]], other: Iterable[Sequence[float]]) -> list[Interval]:
    """Give the intervals that lie in both of two lists."""
    a, b = merge(one), merge(other)
    out: list[Interval] = []
    i = j = 0
    while i < len(a) and j < len(b):
        start, stop = max(a[i][0], b[j][0]), min(a[i][1], b[j][1])
        if start < stop:
            out.append((start, stop))
        if a[i][1] < b[j][1]:
            i += 1
        else:
            j += 1
    return out


def invert(intervals: Iterable[Sequence[float]], window: Sequence[float]) -> list[Interval]:
    """Give what of a window no interval covers."""
    start, stop = _checked(window)
    out: list[Interval] = []
    for first, last in merge(intervals):
        if min(first, stop) > start:
            out.append((start, min(first, stop)))
        start = max(start, last)
    if start < stop:
        out.append((start, stop))
    return out


def overlap(segments: Iterable[Mapping[str, Any]], window: Sequence[float]) -> list[dict[str, Any]]:
    """Give the segments that reach into a window, cut to it."""
    low, high = _checked(window)
    out = []
    for segment in segments:
        start, stop = max(low, float(segment["start"])), min(high, float(segment["stop"]))
        if start < stop:
            out.append({**segment, "start": start, "stop": stop})
    return out


def by_name(segments: Iterable[Mapping[str, Any]]) -> dict[str, list[Interval]]:
    """Give the merged intervals of each flag, flags in order of their first mention."""
    lists: dict[str, list[Interval]] = {}
    for segment in segments:
        found = lists.setdefault(str(segment["name"]), [])
        found.append((float(segment["start"]), float(segment["stop"])))
    return {name: merge(intervals) for name, intervals in lists.items()}


def read_glitches(source: Any) -> list[dict[str, Any]]:
    """Give glitches in order of time, each as ``time``, ``frequency``, ``snr``, ``duration``, ``label``.

    Parameters
    ----------
    source
        A CSV or HDF5 file, an `astropy.table.Table`, a pandas DataFrame, or records (mappings). A column of
        GPS times is needed; the usual names of Omicron, Gravity Spy, PyCBC and GWpy tables are known. HDF5
        holds one table, or one array for each column.

    Returns
    -------
    list
        `frequency` (Hz), `snr` and `duration` (s) are None where the table has none, `label` is then empty.
        Rows without a time are left out.

    Raises
    ------
    UnreadableFile, UnsupportedFormat, DamagedFile
        A file that cannot be read as a table.
    BadRequest
        A table without a time.
    """
    table, name = _columns_of(source)
    found = {
        wanted: next((table[key] for key in names if key in table), None)
        for wanted, names in _ALIASES.items()
    }
    if found["time"] is None:
        raise BadRequest(
            f"{name} has no column of GPS times: call it one of {', '.join(_ALIASES['time'])}; "
            f"its columns are {', '.join(table) or 'none'}"
        )
    times = _numbers(found["time"], name, "time")
    if found["label"] is None:
        found["label"] = np.full(times.size, "")
    numbers = {
        key: np.full(times.size, np.nan) if found[key] is None else _numbers(found[key], name, key)
        for key in ("frequency", "snr", "duration")
    }
    order = [i for i in np.argsort(times, kind="stable") if np.isfinite(times[i])]
    return [
        {
            "time": float(times[i]),
            **{key: float(v[i]) if np.isfinite(v[i]) else None for key, v in numbers.items()},
            "label": _text(found["label"][i]),
        }
        for i in order
    ]


def _checked(interval: Sequence[float]) -> Interval:
    try:
        start, stop = (float(edge) for edge in interval)
    except (TypeError, ValueError):
        raise BadRequest(f"interval {interval!r}: give (start, stop) in GPS seconds") from None
    if not start <= stop:
        raise BadRequest(f"interval ({start!r}, {stop!r}): it ends before it begins")
    return start, stop


def _columns_of(source: Any) -> tuple[dict[str, Any], str]:
    if isinstance(source, str | os.PathLike):
        path = Path(source)
        if not path.is_file():
            raise UnreadableFile(f"{path}: there is no such file")
        read = _from_hdf5 if path.suffix.lower() in (".h5", ".hdf5", ".hdf") else _from_csv
        return _lower(read(path)), path.name
    if hasattr(source, "colnames"):
        return _lower({key: source[key] for key in source.colnames}), "the table"
    if hasattr(source, "columns"):
        return _lower({str(key): source[key].to_numpy() for key in source.columns}), "the table"
    if isinstance(source, Mapping):
        return _lower(dict(source)), "the table"
    records = list(source)
    if not all(isinstance(record, Mapping) for record in records):
        raise BadRequest("glitches: give a file, a table, or records with a time each")
    keys = list(dict.fromkeys(key for record in records for key in record)) or ["time"]
    return _lower({key: [record.get(key) for record in records] for key in keys}), "the list"


def _lower(columns: Mapping[str, Any]) -> dict[str, Any]:
    return {key.lower(): value for key, value in columns.items()}


def _from_csv(path: Path) -> dict[str, Any]:
    from astropy.table import Table

    try:
        table = Table.read(path, format="ascii.csv")
    except Exception as error:  # noqa: BLE001 - its readers raise what they come across
        raise UnsupportedFormat(f"{path.name} is no CSV table: {_first_line(error)}") from None
    return {key: table[key] for key in table.colnames}


def _from_hdf5(path: Path) -> dict[str, Any]:
    import h5py

    columns: dict[str, Any] = {}
    try:
        with h5py.File(path, "r") as file:

            def visit(name: str, item: Any) -> None:
                if isinstance(item, h5py.Dataset) and item.ndim == 1:
                    if item.dtype.names:
                        columns.update({field: item[field] for field in item.dtype.names})
                    else:
                        columns.setdefault(name.rpartition("/")[2], item[:])

            file.visititems(visit)
    except OSError as error:
        raise DamagedFile(f"{path.name} cannot be read as HDF5: {_first_line(error)}") from None
    return columns


def _numbers(column: Any, name: str, key: str) -> Any:
    try:
        filled = column.filled(np.nan) if hasattr(column, "filled") else column
        values = np.asarray(getattr(filled, "value", filled))
        if values.dtype == object:
            values = np.array([np.nan if value is None else value for value in values])
        return values.astype(np.float64)
    except (TypeError, ValueError):
        raise BadRequest(f"{name}: column {key!r} holds something else than numbers") from None


def _text(value: Any) -> str:
    if value is None or value is np.ma.masked:
        return ""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
