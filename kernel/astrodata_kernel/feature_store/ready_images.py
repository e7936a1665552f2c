"""Features of images: sources within circles, and indices in areas of scenes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ..errors import BadRequest
from .definitions import nearest
from .ready import Features, event_ids, id_dtype_of, known_unit

_STATISTICS = ("n", "mean", "std", "min", "p5", "median", "p95", "max")


def features_of_photometry(
    image: Any,
    *,
    positions: Any,
    radius: float,
    annulus: tuple[float, float] | None = None,
    ids: Any = None,
) -> Features:
    """Give what `processing.measure.photometry` measures of each source.

    Parameters
    ----------
    image, positions, radius, annulus
        As it takes them; radii in pixels.
    ids
        Of the sources; 0, 1, ... by default.
    """
    from ..processing.image_parts import image_of

    given = image_of(image)[2]
    unit = known_unit("" if given is None else str(given))
    told = {
        "x": ("pix", "column of the source, from 0"),
        "y": ("pix", "row of the source, from 0"),
        "pixels": ("pix2", "area within the circle"),
        "sum": (unit, "sum within the circle"),
        "background": (unit, "sky of a pixel"),
        "background_std": (unit, "deviation of the sky"),
        "flux": (unit, "sum without the sky"),
    }

    def blocks() -> Iterator[pd.DataFrame]:
        from ..processing.measure import photometry

        table = photometry(image, positions, radius, annulus)
        columns = {
            name: np.asarray(getattr(table[name], "value", table[name]), float) for name in told
        }
        yield pd.DataFrame({"event_id": event_ids(ids, len(table)), **columns})

    source = {
        "function": "astrodata_kernel.processing.measure.photometry",
        "parameters": {
            "radius": float(radius),
            "annulus": None if annulus is None else list(map(float, annulus)),
        },
    }
    columns = {
        name: {"dtype": "float64", "unit": u, "description": d} for name, (u, d) in told.items()
    }
    return Features(
        "photometry", columns, blocks, "source", id_dtype_of(ids), source, "Sources within circles"
    )


def features_of_areas(
    scenes: Sequence[Any],
    *,
    areas: Mapping[str, Any],
    indices: Any,
    statistics: Sequence[str] = ("mean", "std", "median"),
    clouds: bool = False,
) -> Features:
    """Give statistics of indices in areas of scenes, each with the time of its scene.

    Parameters
    ----------
    scenes
        Dates; each must have one.
    areas
        By name, as `processing.scene_areas.area_of` gives them, of the finest grid of the first scene.
    indices
        Names or formulas.
    statistics
        Of ``n``, ``mean``, ``std``, ``min``, ``p5``, ``median``, ``p95``, ``max``.
    clouds
        Whether pixels under cloud count.
    """
    given, scenes = _index_names(indices), list(scenes)
    for what in statistics or [""]:
        if what not in _STATISTICS:
            raise BadRequest(f"no statistic {what!r}; {nearest(what, _STATISTICS)}")
    for scene in scenes:
        if scene.date is None:
            raise BadRequest(f"{scene.name} has no date: its statistics would hold at no time")
    if len({scene.date for scene in scenes}) < len(scenes):
        raise BadRequest(
            "two scenes have the same date: an area has one value of it; leave one out"
        )
    columns = {
        f"{name}_{what}": {
            "dtype": "int64" if what == "n" else "float64",
            "description": f"{'number of pixels' if what == 'n' else what} of {name}",
        }
        for name in given
        for what in statistics
    }
    columns["cloud"] = {"dtype": "float64", "description": "share of the area under cloud"}

    def blocks() -> Iterator[pd.DataFrame]:
        from ..processing.scene_areas import statistics as measured

        for place, area in areas.items():
            rows = measured(scenes, area, indices, bands=(), clouds=clouds)
            made = []
            for date, some in rows.groupby("date", sort=False):
                by_name = some.set_index("name")
                found = {f"{n}_{w}": by_name.at[n, w] for n in given for w in statistics}
                cloud = by_name["cloud"].iloc[0]
                made.append({"event_id": str(place), "event_time": date, **found, "cloud": cloud})
            yield pd.DataFrame(made)

    source = {
        "function": "astrodata_kernel.processing.scene_areas.statistics",
        "parameters": {"indices": given, "clouds": clouds},
    }
    return Features(
        "areas", columns, blocks, "area", "string", source, "Indices in areas of scenes"
    )


def _index_names(indices: Any) -> dict[str, str]:
    """Give the formula of each index by the name that its statistics have."""
    from ..processing.indices import Index, find

    if isinstance(indices, Mapping):
        return {str(name): str(formula) for name, formula in indices.items()}
    several = [indices] if isinstance(indices, str | Index) else list(indices)
    found = {}
    for one in several:
        if isinstance(one, str) and not one.strip().isidentifier():
            found[one] = one
        else:
            index = one if isinstance(one, Index) else find(one.strip())
            found[index.name] = index.formula
    return found
