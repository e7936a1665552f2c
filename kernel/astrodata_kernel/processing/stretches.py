"""How values between two limits become brightness, by the names that viewers and maps share."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import BadRequest

STRETCHES = ("linear", "sqrt", "square", "log", "asinh", "sinh", "histogram")


def norm_of(stretch: str, low: float, high: float, sample: npt.ArrayLike) -> Any:
    """Give Matplotlib's norm of a stretch: `low` becomes 0, `high` 1, and what is beyond them too.

    Parameters
    ----------
    stretch
        One of `STRETCHES`.
    low, high
        Limits, low < high.
    sample
        Values that stand for all; ``"histogram"`` gives each brightness to as many of them.

    Raises
    ------
    BadRequest
        Another name.
    """
    from astropy import visualization as av

    if stretch not in STRETCHES:
        raise BadRequest(f"stretch {stretch!r} is unknown: there are {', '.join(STRETCHES)}")
    if stretch == "histogram":
        values = np.asarray(sample)
        inside = values[(values >= low) & (values <= high)]
        made: Any = av.HistEqStretch(inside if inside.size > 1 else np.array([low, high]))
    else:
        made = {
            "linear": av.LinearStretch,
            "sqrt": av.SqrtStretch,
            "square": av.SquaredStretch,
            "log": lambda: av.LogStretch(1000),
            "asinh": lambda: av.AsinhStretch(0.1),
            "sinh": av.SinhStretch,
        }[stretch]()
    return av.ImageNormalize(vmin=low, vmax=high, stretch=made, clip=True)
