"""What burnt by thresholds: dNBR and its relatives, BAIS2, classes of severity.

The baselines that a network is measured against. Each function takes scenes, bands, or maps that are made
already, and gives the kind that it gets: NumPy, Dask or xarray. Nothing of scenes is read until it is
computed.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import BadRequest
from .burnt_maps import index_map, on_values, together

NOT_JUDGED = 255
"""In masks and classes: cloud, water, or nothing was measured."""

SEVERITY: dict[str, tuple[tuple[str, float], ...]] = {
    # Key and Benson 2006, Landscape Assessment, RMRS-GTR-164-CD, table LA-2.
    "usgs": (
        ("regrowth, high", -np.inf),
        ("regrowth, low", -0.25),
        ("unburnt", -0.1),
        ("low", 0.1),
        ("moderate-low", 0.27),
        ("moderate-high", 0.44),
        ("high", 0.66),
    ),
    # The European Forest Fire Information System's.
    "effis": (
        ("unburnt", -np.inf),
        ("low", 0.1),
        ("moderate", 0.256),
        ("high", 0.42),
        ("very high", 0.66),
    ),
}
"""Names of the classes of severity, and the dNBR from which each begins."""


def dnbr(before: Any, after: Any, *, resolution: float | None = None, judged: bool = True) -> Any:
    """Give dNBR, the NBR before less that after: high where it burnt.

    Parameters
    ----------
    before, after
        Two scenes; or bands by name (a mapping or an `xarray.Dataset`, reflectances of B08 and B12); or NBR
        itself as arrays of one shape. The later scene is laid on the grid of the earlier one.
    resolution
        Pixel size of scenes in m; that of the finest band by default.
    judged
        Leave out what scenes say is cloud, shadow of cloud or water: NaN there.

    Returns
    -------
    array
        float32, shape (rows, columns); NaN where it cannot be told. Of scenes a lazy `xarray.DataArray` with
        their grid in ``attrs``.

    Raises
    ------
    BadRequest
        Shapes, or coordinate systems, that do not go together; reflectance that is not known.
    """
    first, second = _pair(before, after, resolution, judged)
    return together(lambda a, b: a - b, first, second, "dNBR")


def rbr(before: Any, after: Any, *, resolution: float | None = None, judged: bool = True) -> Any:
    """Give the relativised burn ratio, dNBR / (NBR before + 1.001) (Parks et al. 2014).

    Parameters and errors are those of `dnbr`.
    """
    first, second = _pair(before, after, resolution, judged)
    return together(lambda a, b: (a - b) / (a + np.float32(1.001)), first, second, "RBR")


def rdnbr(before: Any, after: Any, *, resolution: float | None = None, judged: bool = True) -> Any:
    """Give the relative dNBR, ``dNBR / sqrt(|NBR before|)`` (Miller and Thode 2007); NaN where that is 0.

    Parameters and errors are those of `dnbr`.
    """

    def relative(a: Any, b: Any) -> Any:
        root = np.sqrt(np.abs(a))
        return (a - b) / np.where(root > 0, root, np.float32(np.nan))

    first, second = _pair(before, after, resolution, judged)
    return together(relative, first, second, "RdNBR")


def severity(values: Any, scheme: str = "usgs") -> Any:
    """Give the class of severity of each pixel.

    Parameters
    ----------
    values
        dNBR, from `dnbr`.
    scheme
        Name of `SEVERITY`: ``"usgs"`` or ``"effis"``.

    Returns
    -------
    array
        uint8: the number of the class in ``SEVERITY[scheme]``; 255 where nothing can be told.

    Raises
    ------
    BadRequest
        There is no such scheme.
    """
    if scheme not in SEVERITY:
        raise BadRequest(f"severity {scheme!r} is unknown: give {' or '.join(SEVERITY)}")
    edges = np.array([begin for _, begin in SEVERITY[scheme][1:]], np.float32)

    def classed(part: Any) -> Any:
        numbers = np.digitize(part, edges).astype(np.uint8)
        numbers[~np.isfinite(part)] = NOT_JUDGED
        return numbers

    facts = {"classes": [name for name, _ in SEVERITY[scheme]], "nodata": NOT_JUDGED}
    return on_values(classed, values, np.uint8, "severity", facts)


def burnt_by_dnbr(
    before: Any,
    after: Any,
    threshold: float = 0.27,
    *,
    resolution: float | None = None,
    judged: bool = True,
) -> Any:
    """Give what burnt as a mask: where dNBR is at least a threshold.

    Parameters
    ----------
    before, after, resolution, judged
        As of `dnbr`.
    threshold
        0.27 by default, from which severity is moderate (USGS); `best_threshold` finds that of an area.

    Returns
    -------
    array
        uint8: 1 burnt, 0 not, 255 not judged.

    Raises
    ------
    BadRequest
        As of `dnbr`.
    """
    return above(dnbr(before, after, resolution=resolution, judged=judged), threshold)


def burnt_by_bais2(
    after: Any, threshold: float = 0.8, *, resolution: float | None = None, judged: bool = True
) -> Any:
    """Give what burnt as a mask by one scene alone: where BAIS2 (Filipponi 2018) is at least a threshold.

    Parameters
    ----------
    after
        A scene, its bands by name, or BAIS2 itself.
    threshold
        It depends on the land: `best_threshold` finds it.
    resolution, judged
        As of `dnbr`.

    Returns
    -------
    array
        uint8: 1 burnt, 0 not, 255 not judged.

    Raises
    ------
    BadRequest
        Reflectance that is not known.
    """
    return above(index_map("BAIS2", after, resolution=resolution, judged=judged), threshold)


def bais2(after: Any, *, resolution: float | None = None, judged: bool = True) -> Any:
    """Give BAIS2 of a scene or of bands, without what is cloud or water; as `burnt_by_bais2` takes it."""
    return index_map("BAIS2", after, resolution=resolution, judged=judged)


def above(values: Any, threshold: float) -> Any:
    """Give a mask of a map: 1 where it is at least a threshold, 0 below, 255 where it is NaN.

    Raises
    ------
    BadRequest
        The threshold is no finite number.
    """
    limit = np.float32(threshold)
    if not np.isfinite(limit):
        raise BadRequest(f"a threshold of {threshold}: give a finite number")

    def mask(part: Any) -> Any:
        # Compared as float32, the type of the map: 0.1 of a map is 0.1.
        return np.where(np.isnan(part), NOT_JUDGED, np.asarray(part, np.float32) >= limit).astype(
            np.uint8
        )

    return on_values(
        mask, values, np.uint8, "burnt", {"threshold": float(threshold), "nodata": NOT_JUDGED}
    )


def best_threshold(values: Any, truth: Any = None, method: str = "iou") -> float:
    """Give the threshold of a map, found on events whose truth is known, or by the map alone.

    Parameters
    ----------
    values
        A map, or several: dNBR, BAIS2, probabilities; high where it burnt. NaN is left out.
    truth
        What burnt: as many masks; above 0 is burnt, 255 and NaN are left out.
    method
        ``"iou"``: the threshold with the best intersection over union of all pixels together, exactly.
        ``"otsu"``: the one that divides the values into two classes that differ most (Otsu 1979), without
        any truth.

    Returns
    -------
    float
        Burnt is what is at least this.

    Raises
    ------
    BadRequest
        No value, no burnt pixel, another number of masks, or an unknown method.
    """
    maps = _several(values)
    if not maps:
        raise BadRequest("no map is given: a threshold is found of at least one")
    if method == "otsu":
        known = np.concatenate([np.ravel(one) for one in maps])
        return _otsu(known[np.isfinite(known)])
    if method != "iou":
        raise BadRequest(f'method {method!r} is unknown: give "iou" or "otsu"')
    masks = _several(truth) if truth is not None else []
    if [one.shape for one in maps] != [one.shape for one in masks]:
        raise BadRequest(
            "the best threshold needs one mask of what burnt for each map, of its shape"
        )
    scores = np.concatenate([np.ravel(one) for one in maps])
    marks = np.concatenate([np.ravel(one).astype(np.float32) for one in masks])
    known = np.isfinite(scores) & np.isfinite(marks) & (marks != NOT_JUDGED)
    if not known.any():
        raise BadRequest("no pixel can be judged: there is cloud, water or nothing everywhere")
    scores, burnt = scores[known], marks[known] > 0
    if not burnt.any():
        raise BadRequest("no pixel of the masks burnt: a threshold cannot be chosen by them")
    order = np.argsort(-scores, kind="stable")
    scores, hits = scores[order], np.cumsum(burnt[order])
    overlap = hits / (burnt.sum() + np.arange(1, hits.size + 1) - hits)
    # Equal values fall on one side together: only the last of them can be a cut.
    last = np.append(scores[1:] != scores[:-1], True)
    return float(scores[np.argmax(np.where(last, overlap, -1))])


def _otsu(values: npt.NDArray[Any]) -> float:
    values = np.sort(values.astype(np.float64))
    if values.size < 2 or values[0] == values[-1]:
        raise BadRequest("all values are the same, or there are none: nothing divides them")
    count = np.arange(1, values.size)
    below = np.cumsum(values)[:-1]
    above_ = values.sum() - below
    between = count * (values.size - count) * (below / count - above_ / (values.size - count)) ** 2
    between[values[1:] == values[:-1]] = -1
    return float(values[1 + np.argmax(between)])


def _pair(before: Any, after: Any, resolution: float | None, judged: bool) -> tuple[Any, Any]:
    first = index_map("NBR", before, resolution=resolution, judged=judged)
    return first, index_map("NBR", after, like=before, resolution=resolution, judged=judged)


def _several(maps: Any) -> list[npt.NDArray[Any]]:
    many = isinstance(maps, list | tuple) and (not maps or np.ndim(maps[0]) > 0)
    xarray = sys.modules.get("xarray")
    made = []
    for one in maps if many else [maps]:
        plain = one.values if xarray and isinstance(one, xarray.DataArray) else np.asarray(one)
        made.append(plain)
    return made
