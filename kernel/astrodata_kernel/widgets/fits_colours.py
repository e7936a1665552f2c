"""The viewer's colour maps as tables, for figures; mirror of ``src/core/colormap.ts``."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

_RAMPS: dict[str, tuple[tuple[tuple[float, ...], tuple[float, ...]], ...]] = {
    # Those of SAOImage: places and heights of the corners of red, green and blue.
    "heat": (((0, 0.34, 1), (0, 1, 1)), ((0, 1), (0, 1)), ((0, 0.65, 0.98, 1), (0, 0, 1, 1))),
    "cool": (
        ((0, 0.29, 0.76, 1), (0, 0, 0.1, 1)),
        ((0, 0.22, 0.96, 1), (0, 0, 1, 1)),
        ((0, 0.53, 1), (0, 1, 1)),
    ),
    "rainbow": (
        ((0, 0.2, 0.6, 0.8, 1), (1, 0, 0, 1, 1)),
        ((0, 0.2, 0.4, 0.8, 1), (0, 0, 1, 1, 0)),
        ((0, 0.4, 0.6, 1), (1, 1, 0, 0)),
    ),
    "grey": (((0, 1), (0, 1)),) * 3,
}


def colour_table(name: str) -> npt.NDArray[np.float64]:
    """Give the 256 colours of a map, shape (256, 3), 0 to 1; needs Matplotlib for its own maps."""
    at = np.linspace(0, 1, 256)
    if name in _RAMPS:
        return np.stack([np.interp(at, *channel) for channel in _RAMPS[name]], axis=1)
    if name == "cubehelix":
        # D. A. Green, Bull. Astr. Soc. India 39, 289 (2011): start 0.5, -1.5 rotations, hue 1, gamma 1.
        angle = 2 * np.pi * (0.5 / 3 + 1 - 1.5 * at)
        amplitude = at * (1 - at) / 2
        turns: Any = np.array([[-0.14861, 1.78277], [-0.29227, -0.90649], [1.97294, 0.0]])
        waves = turns @ np.stack([np.cos(angle), np.sin(angle)])
        return np.clip(at[:, None] + amplitude[:, None] * waves.T, 0, 1)
    from matplotlib import colormaps

    return np.asarray(colormaps[name](at)[:, :3])
