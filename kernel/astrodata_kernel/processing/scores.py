"""How well masks of what burnt agree with the truth: for each event and in all, in shares and in hectares."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import BadRequest
from .burnt import NOT_JUDGED
from .scores_areas import hectares, pixel_areas

__all__ = ["hectares", "pixel_areas", "scores", "scores_figure"]

ALL = "all"
"""Name of the row of all events together."""

NO_TRUTH = "nothing burnt in the truth"
NOT_ONE = "no pixel was judged"

COLUMNS = (
    *("event", "threshold", "iou", "dice", "precision", "recall", "tp", "fp", "fn", "tn"),
    *("left_out", "truth_ha", "predicted_ha", "note"),
)


def scores(
    truth: Any,
    predicted: Any,
    events: Sequence[str] | None = None,
    thresholds: Sequence[float] = (0.3, 0.5, 0.7),
    area: Any = None,
) -> Any:
    """Give intersection over union, Dice, precision and recall at several thresholds.

    Parameters
    ----------
    truth
        What burnt: a mask of shape (rows, columns), several as (n, rows, columns) or a list, or a mapping of
        events to masks. Above 0 is burnt, so classes of damage will do.
    predicted
        Of the same shapes: probabilities, or masks of whole numbers (above 0 is burnt), which know no
        threshold.
    events
        Event of each mask; several masks may be of one event. By default each is one of its own.
    thresholds
        Burnt is what is at least this probable.
    area
        What makes hectares of pixels: a grid, a scene, m² of a pixel, or a mapping of events to these. By
        default the masks' own, where they are `DataArray` that know their grid.

    Returns
    -------
    pandas.DataFrame
        A row for each event and threshold, and those of ``"all"``, which are of all pixels together: ``iou``,
        ``dice``, ``precision``, ``recall``, the pixels ``tp``, ``fp``, ``fn``, ``tn``, ``left_out`` (NaN, or
        255 in masks, of either), ``truth_ha`` and ``predicted_ha`` (NaN where no area is known), ``note``.
        Where nothing of an event burnt, IoU, Dice and recall are NaN, and the note says so; where nothing was
        predicted, precision is.

    Raises
    ------
    BadRequest
        Different numbers or shapes, thresholds outside of 0 to 1, or no mask.
    """
    import pandas as pd

    pairs = _pairs(truth, predicted, events)
    limits = _limits(pairs, thresholds)
    rows: list[dict[str, Any]] = []
    totals: dict[str, dict[float, npt.NDArray[np.float64]]] = {}
    for name, true, found in pairs:
        areas = pixel_areas(_area_of(area, name, true, found), np.shape(true))
        own = totals.setdefault(name, {})
        for limit in limits:
            counts = _counts(_plain(true), _plain(found), limit, areas)
            own[limit] = own.get(limit, 0) + counts
    whole = {limit: np.sum([own[limit] for own in totals.values()], axis=0) for limit in limits}
    for name, own in [*totals.items(), (ALL, whole)]:
        rows += [_row(name, limit, own[limit]) for limit in limits]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def scores_figure(table: Any) -> Any:
    """Draw precision against recall, and IoU against the threshold: an event a line, all a thick one.

    Parameters
    ----------
    table
        From `scores`.

    Returns
    -------
    drawing.CellFigure
        It shows itself where a cell ends with it.

    Raises
    ------
    BadRequest
        The table holds no threshold, as that of masks.
    """
    from ..drawing import CellFigure

    known = table[np.isfinite(table.threshold)]
    if not len(known):
        raise BadRequest("scores of masks know no threshold: there is no curve to draw")
    figure = CellFigure(figsize=(8, 3.4), layout="constrained")
    left, right = figure.subplots(1, 2)
    for name, rows in known.groupby("event", sort=False):
        style: dict[str, Any] = {"lw": 1, "alpha": 0.7, "label": str(name), "marker": "."}
        if name == ALL:
            style = {"lw": 2.5, "color": "black", "label": "all", "marker": "o", "ms": 4}
        left.plot(rows.recall, rows.precision, **style)
        right.plot(rows.threshold, rows.iou, **style)
    left.set(xlabel="recall", ylabel="precision", xlim=(0, 1.02), ylim=(0, 1.02))
    right.set(
        xlabel="threshold of the probability",
        ylabel="intersection over union",
        xlim=(0, 1),
        ylim=(0, 1.02),
    )
    for axes in (left, right):
        axes.grid(alpha=0.3)
    if known.event.nunique() <= 12:
        right.legend(fontsize="small", loc="lower left")
    left.set_title("precision against recall, a point a threshold", fontsize="small")
    right.set_title("overlap with the truth", fontsize="small")
    return figure


def _counts(true: Any, found: Any, limit: float, areas: Any) -> npt.NDArray[np.float64]:
    """Give TP, FP, FN, TN, pixels that are left out, m² that burnt and that were predicted."""
    valid = _judged(true) & _judged(found)
    burnt = np.nan_to_num(true) > 0 if true.dtype.kind == "f" else true > 0
    said = found > 0 if np.isnan(limit) else np.nan_to_num(found, nan=-1) >= found.dtype.type(limit)
    burnt, said = burnt & valid, said & valid
    ground = [np.nan if areas is None else float((mask * areas).sum()) for mask in (burnt, said)]
    hits, alarms = int((burnt & said).sum()), int((said & ~burnt).sum())
    missed = int((burnt & ~said).sum())
    total = int(valid.sum())
    rest = total - hits - alarms - missed
    return np.array([hits, alarms, missed, rest, valid.size - total, *ground], np.float64)


def _judged(mask: Any) -> Any:
    if mask.dtype.kind == "f":
        return np.isfinite(mask)
    return np.ones(mask.shape, bool) if mask.dtype == bool else mask != NOT_JUDGED


def _row(name: str, limit: float, counts: npt.NDArray[np.float64]) -> dict[str, Any]:
    hits, alarms, missed = counts[:3]
    burnt = hits + missed

    def share(part: float, of: float, known: bool = True) -> float:
        return float(part / of) if known and of else float("nan")

    there = bool(burnt)
    return {
        "event": name,
        "threshold": limit,
        "iou": share(hits, hits + alarms + missed, there),
        "dice": share(2 * hits, 2 * hits + alarms + missed, there),
        "precision": share(hits, hits + alarms),
        "recall": share(hits, burnt),
        **{key: int(n) for key, n in zip(COLUMNS[6:11], counts[:5], strict=True)},
        "truth_ha": float(counts[5] / 1e4),
        "predicted_ha": float(counts[6] / 1e4),
        "note": "" if there else NO_TRUTH if counts[:4].any() else NOT_ONE,
    }


def _pairs(truth: Any, predicted: Any, events: Sequence[str] | None) -> list[tuple[str, Any, Any]]:
    if isinstance(truth, Mapping) or isinstance(predicted, Mapping):
        if not (isinstance(truth, Mapping) and isinstance(predicted, Mapping)) or set(truth) != set(
            predicted
        ):
            raise BadRequest(
                "truth and prediction are of different events: give both by the same names"
            )
        names, true, found = list(truth), list(truth.values()), [predicted[key] for key in truth]
    else:
        true, found = _listed(truth), _listed(predicted)
        names = [f"event {n}" for n in range(len(true))] if events is None else list(events)
    if not len(true) or not len(true) == len(found) == len(names):
        raise BadRequest(
            f"{len(true)} masks of the truth, {len(found)} predicted, {len(names)} events: give one of each"
        )
    pairs = []
    for name, one, other in zip(names, true, found, strict=True):
        one, other = (_squeezed(mask) for mask in (one, other))
        if np.shape(one) != np.shape(other) or np.ndim(one) != 2:
            raise BadRequest(
                f"{name}: a truth of shape {np.shape(one)} and a prediction of {np.shape(other)}: both are "
                "(rows, columns) of one grid"
            )
        pairs.append((str(name), one, other))
    return pairs


def _listed(masks: Any) -> list[Any]:
    if isinstance(masks, list | tuple):
        return list(masks)
    return [masks] if np.ndim(masks) == 2 else list(masks)


def _squeezed(mask: Any) -> Any:
    made = mask if hasattr(mask, "dtype") else np.asarray(mask)
    return made[..., 0] if np.ndim(made) == 3 and np.shape(made)[-1] == 1 else made


def _limits(pairs: list[tuple[str, Any, Any]], thresholds: Sequence[float]) -> list[float]:
    if all(np.dtype(found.dtype).kind in "iub" for _, _, found in pairs):
        return [float("nan")]
    limits = [float(one) for one in thresholds]
    if not limits or not all(0 <= one <= 1 for one in limits):
        raise BadRequest(f"thresholds {tuple(thresholds)}: give probabilities, 0 to 1")
    return limits


def _plain(mask: Any) -> npt.NDArray[Any]:
    xarray = sys.modules.get("xarray")
    made: npt.NDArray[Any] = np.asarray(
        mask.data if xarray and isinstance(mask, xarray.DataArray) else mask
    )
    return made


def _area_of(area: Any, name: str, true: Any, found: Any) -> Any:
    if isinstance(area, Mapping):
        if name not in area:
            raise BadRequest(f"no area is given for {name}")
        return area[name]
    if area is not None:
        return area
    return next((one for one in (true, found) if "transform" in getattr(one, "attrs", {})), None)
