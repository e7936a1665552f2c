"""Data sets divided by event, never by patch, and how their classes are balanced."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import BadRequest
from .burnt import NOT_JUDGED


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
        Classes as whole numbers, shape (n, rows, columns) or (n, rows, columns, 1); read one by one. 255 of
        bytes, where nothing was judged, is no class: shares are those of the other pixels.
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
        if mask.dtype == np.uint8:
            mask = mask[mask != NOT_JUDGED]
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
        share = {f"class {c}": counts[name].get(c, 0) / max(1, pixels) for c in classes}
        rows[name] = {
            "patches": facts[name][0],
            "pixels": pixels,
            **share,
            "empty": facts[name][1],
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def sampling_weights(masks: Any, empty: float = 0.5) -> npt.NDArray[np.float64]:
    """Give how often to draw each patch, so that patches without any burnt pixel do not drown the others.

    Parameters
    ----------
    masks
        Shape (n, rows, columns) or (n, rows, columns, 1), above 0 where it burnt (255 of bytes is where
        nothing was judged); read one by one.
    empty
        Share of the draws that goes to patches of nothing but 0.

    Returns
    -------
    ndarray
        float64 that add up to 1, for ``numpy.random.Generator.choice(n, n, p=...)``. All are equal where
        there is one sort of patch only.

    Raises
    ------
    BadRequest
        No mask, or a share that is none.
    """
    if not 0 <= empty < 1:
        raise BadRequest(f"a share of {empty} for empty patches: give a number from 0, below 1")
    if len(masks) == 0:
        raise BadRequest("no mask is given: weights need at least one")
    burnt = np.array([_burns(np.asarray(masks[i])) for i in range(len(masks))])
    if burnt.all() or not burnt.any():
        return np.full(len(burnt), 1 / len(burnt))
    return np.where(burnt, (1 - empty) / burnt.sum(), empty / (~burnt).sum())


def _burns(mask: npt.NDArray[Any]) -> bool:
    burnt = mask > 0
    if mask.dtype == np.uint8:
        burnt &= mask != NOT_JUDGED
    return bool(burnt.any())


def balance_figure(balance: Any) -> Any:
    """Draw the table of `class_balance`: the classes above 0 of each event, as shares of its pixels.

    Returns
    -------
    matplotlib.figure.Figure
    """
    from ..drawing import CellFigure

    classes = [name for name in balance.columns if name.startswith("class ") and name != "class 0"]
    figure = CellFigure(figsize=(6, 0.9 + 0.28 * len(balance)), layout="constrained")
    axes = figure.subplots()
    left = np.zeros(len(balance))
    places = np.arange(len(balance))
    for number, name in enumerate(classes):
        share = 100 * balance[name].to_numpy(float)
        axes.barh(places, share, left=left, color=f"C{number + 1}", label=name)
        left += share
    facts = zip(places, left, balance["patches"], balance["empty"], strict=True)
    for place, end, patches, empty in facts:
        text = f" {end:.1f} %, {patches} patches, {empty} empty"
        axes.text(end, place, text, va="center", fontsize="small")
    axes.set_yticks(places, list(balance.index))
    axes.invert_yaxis()
    axes.set_xlim(0, max(float(left.max()) * 1.6, 1))
    axes.set_xlabel("share of the pixels, %")
    if len(classes) > 1:
        axes.legend(fontsize="small", loc="lower right")
    return figure
