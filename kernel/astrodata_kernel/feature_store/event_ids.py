"""Ids of events: what can be one, and be found again by all that reads a part."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..errors import BadRequest

LONGEST = 1024
"""Bytes of an id in UTF-8. Parquet keeps no statistics of values beyond 4,096, by which parts are found."""


def ids_of(events: Any, id_dtype: str) -> tuple[Any, ...]:
    """Give ids sorted and each once, of the type that a view has.

    Raises
    ------
    BadRequest
        Ids of another type, whole numbers that int64 does not hold, and texts that no view can have.
    """
    values = events.to_numpy() if hasattr(events, "to_numpy") else events
    if not isinstance(values, np.ndarray) and id_dtype == "string":
        # NumPy's own texts end before the first NUL, so that another event would be found.
        values = np.array([values] if isinstance(values, str) else list(values), dtype=object)
    values = np.atleast_1d(values)
    if id_dtype == "int64":
        if values.size and values.dtype.kind not in "iu":
            values = _whole(values)
        return tuple(int(one) for one in np.unique(_within(values)))
    bad = [one for one in values.tolist() if not isinstance(one, str)]
    if bad:
        raise BadRequest(f"ids such as {str(bad[0])[:40]!r}: the ids of this view are texts")
    found = sorted(set(map(str, values)))
    for one in found:
        if wrong := _wrong(one):
            raise BadRequest(f"the id {one[:40]!r} {wrong}: no view has such an event")
    return tuple(found)


def check_texts(ids: pa.Array, first: int) -> None:
    """Refuse texts that are not found again once they are written.

    Parameters
    ----------
    ids
        Of rows.
    first
        Number of the first row, for errors.

    Raises
    ------
    BadRequest
        One with a NUL character, or a very long one; the text names the row.
    """
    long = pc.greater(pc.binary_length(ids), LONGEST)
    bad = pc.or_(long, pc.match_substring_regex(ids, r"\x00"))
    rows = np.flatnonzero(pc.fill_null(bad, False).to_numpy(zero_copy_only=False))
    if rows.size:
        one = ids[int(rows[0])].as_py()
        raise BadRequest(
            f"column 'event_id', row {first + int(rows[0])}: the id {one[:40]!r} {_wrong(one)}: give a "
            "shorter name of plain letters, such as a hash of it"
        )


def _wrong(one: str) -> str:
    if "\0" in one:
        return "has a NUL character"
    size = len(one.encode("utf-8", "surrogatepass"))
    return f"has {size:,} bytes, more than {LONGEST:,}" if size > LONGEST else ""


def _within(values: Any) -> Any:
    """Give whole numbers as int64: those beyond it would come back as other, negative ones."""
    if values.dtype.kind == "u" and values.size and values.max() > np.iinfo(np.int64).max:
        raise BadRequest(beyond(int(values.max())))
    return values.astype(np.int64)


def beyond(one: int) -> str:
    """Give the words on a whole number that is no int64."""
    return (
        f"the id {one} is beyond 9,223,372,036,854,775,807, which int64 holds at most: give ids as texts, "
        "to a view with id_dtype='string'"
    )


def _whole(values: Any) -> Any:
    held = values.tolist()
    try:
        made = [int(one) for one in held]
        same = all(
            not isinstance(a, str | bool) and a == b for a, b in zip(held, made, strict=True)
        )
    except (TypeError, ValueError, OverflowError):
        same, made = False, []
    if not same:
        raise BadRequest(
            f"ids such as {str(values.reshape(-1)[0])[:40]!r}: the ids of this view are whole numbers"
        )
    limits = np.iinfo(np.int64)
    if wrong := [one for one in made if not limits.min <= one <= limits.max]:
        raise BadRequest(beyond(wrong[0]))
    return np.array(made, np.int64)
