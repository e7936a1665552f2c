"""Data sets divided by event, never by patch, and how their classes are balanced."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import BadRequest


def by_event(
    events: Sequence[str], shares: Sequence[float] = (0.7, 0.3), seed: int = 0
) -> list[npt.NDArray[np.int64]]:
    """Divide patches so that all patches of an event are in one part.

    Patches of one event show the same fire on the same days: a network that has seen some of them knows the
    others, and a score on these would tell nothing.

    Parameters
    ----------
    events
        Event of each patch, as ``"EMSR382_AOI01"``.
    shares
        Of the events for each part, as (training, test); they add up to 1.
    seed
        Decides which events.

    Returns
    -------
    list of ndarray
        Numbers of the patches of each part, ascending. Each part has at least one event.

    Raises
    ------
    BadRequest
        Fewer events than parts, or shares that do not add up to 1.
    """
    parts = np.asarray(shares, float)
    if parts.size == 0 or not (parts > 0).all() or not np.isclose(parts.sum(), 1):
        raise BadRequest(f"shares {tuple(shares)}: give positive ones that add up to 1")
    names, which = np.unique(np.asarray(events, str), return_inverse=True)
    if len(names) < len(parts):
        raise BadRequest(
            f"{len(names)} events cannot be divided into {len(parts)} parts: an event stays whole, "
            "so there must be one for each"
        )
    order = np.random.default_rng(seed).permutation(len(names))
    ends = np.rint(np.cumsum(parts) * len(names)).astype(int)
    for i in range(len(ends)):  # none stays without an event
        ends[i] = min(max(ends[i], i + 1), len(names) - (len(ends) - 1 - i))
    groups = np.split(order, ends[:-1])
    return [np.flatnonzero(np.isin(which, group)) for group in groups]


def class_balance(masks: Any, events: Sequence[str] | None = None) -> Any:
    """Count the pixels of each class, for each event and in all.

    Parameters
    ----------
    masks
        Classes as whole numbers, shape (n, rows, columns) or (n, rows, columns, 1); read one by one.
    events
        Event of each mask; without it there is only the sum.

    Returns
    -------
    pandas.DataFrame
        A row for each event and ``"all"``: ``patches``, ``pixels``, a column ``class 0``, ``class 1``, ... of
        the share of each class, and ``empty``, the patches that have class 0 only.

    Raises
    ------
    BadRequest
        Masks that are no classes, or as many events as there are no masks.
    """
    import pandas as pd

    if events is not None and len(events) != len(masks):
        raise BadRequest(f"{len(events)} events for {len(masks)} masks: give one for each")
    if len(masks) == 0:
        raise BadRequest("no mask is given: a balance needs at least one")
    counts: dict[str, dict[int, int]] = {}
    facts: dict[str, list[int]] = {}
    for i in range(len(masks)):
        mask = np.asarray(masks[i])
        values, sizes = np.unique(mask, return_counts=True)
        if not np.array_equal(values, np.rint(values)) or (values < 0).any():
            raise BadRequest(f"mask {i} holds values that are no classes: give 0, 1, 2, ...")
        for name in {"all", *([str(events[i])] if events is not None else [])}:
            row = counts.setdefault(name, {})
            for value, size in zip(values.tolist(), sizes.tolist(), strict=True):
                row[int(value)] = row.get(int(value), 0) + size
            fact = facts.setdefault(name, [0, 0])
            fact[0] += 1
            fact[1] += not values.any()
    classes = sorted({value for row in counts.values() for value in row})
    rows = {}
    for name in [*sorted(set(counts) - {"all"}), "all"]:
        pixels = sum(counts[name].values())
        share = {f"class {c}": counts[name].get(c, 0) / pixels for c in classes}
        rows[name] = {
            "patches": facts[name][0],
            "pixels": pixels,
            **share,
            "empty": facts[name][1],
        }
    return pd.DataFrame.from_dict(rows, orient="index")
