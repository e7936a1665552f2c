"""Fires that never were, built into real scenes: pairs before and after, with what burnt known to the pixel.

The land is real, at two real dates, and so is every change between them: crops that were harvested or grew.
The fires are made. Perimeters are contours of smoothed noise with unburnt islands; inside, each pixel is a
mixture of the land of the later date and of char, by a severity that varies; pixels at the edge are mixed
once more. Beside them lies what is often taken for burnt land: a cloud with its shadow, shadow that nobody
marked, open water, a flooded field.

How well a method does on them tells that it works, not how well it would do on real fires.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..datasets.scene import Scene
from ..errors import BadRequest

CHAR: Mapping[str, float] = {
    "B01": 0.045,
    "B02": 0.050,
    "B03": 0.055,
    "B04": 0.065,
    "B05": 0.072,
    "B06": 0.080,
    "B07": 0.085,
    "B08": 0.090,
    "B8A": 0.095,
    "B09": 0.100,
    "B11": 0.135,
    "B12": 0.140,
}
"""Reflectance of fresh char by band: a smooth curve of our own through published points, not a measured
spectrum.

Red and near infrared lie by (0.1, 0.06), about which burnt land gathers and from which BAI measures its
distances (Martin and Chuvieco 1998). Both short-wave bands are alike, so that MIRBI, 10 B12 - 9.8 B11 + 2, is
about 2 (Trigg and Flasse 2001). The near infrared falls most, the visible little, and 2.2 um rises where
plants stood; which of Sentinel-2's bands tell burnt land, Huang et al. 2016 measured (Remote Sensing 8, 873).
"""

WATER: Mapping[str, float] = {
    **dict.fromkeys(("B01", "B02"), 0.05),
    **dict.fromkeys(("B03",), 0.06),
    **dict.fromkeys(("B04", "B05"), 0.045),
    **dict.fromkeys(("B06", "B07", "B08", "B8A", "B09"), 0.025),
    **dict.fromkeys(("B11", "B12"), 0.012),
}
"""Reflectance of somewhat turbid water by band."""

CLOUD = 0.6
SHADOW = 0.45
"""Share of the light that is left in the shadow of a cloud."""

NOISE = 0.002
"""Noise of the sensor that is added, as reflectance."""

GRADES = (0.3, 0.5, 0.7, 0.85)
"""Share of char in a pixel from which damage is of grade 1, 2, 3, 4."""

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Fire:
    """A fire that was built, in files.

    Parameters
    ----------
    name
        Such as ``"built-0"``.
    place
        Which part of the real scenes it lies in; fires of one place share their land.
    before, after
        Folders of the two scenes, a GeoTIFF a band. Like the real ones they do not say offset and scale,
        which are 0 and 1e-4.
    burnt, grading
        GeoTIFFs on the finest bands' pixels: 0 and 1, and classes of damage 0 to 4.
    """

    name: str
    place: int
    before: Path
    after: Path
    burnt: Path
    grading: Path

    def scenes(self) -> tuple[Any, Any]:
        """Open both scenes, with offset and scale."""
        from ..readers.registry import open_dataset

        first, second = (
            open_dataset(one, offset=0, scale=1e-4) for one in (self.before, self.after)
        )
        return first, second

    def truth(self, grading: bool = False) -> npt.NDArray[np.uint8]:
        """Read what burnt, or the classes of damage."""
        from ..readers.sentinel_gdal import needed

        with needed().open(self.grading if grading else self.burnt) as file:
            made: npt.NDArray[np.uint8] = file.read(1)
        return made


def built(
    folder: str | os.PathLike[str],
    before: Scene,
    after: Scene,
    count: int = 8,
    parts: int = 2,
    seed: int = 0,
) -> list[Fire]:
    """Build fires into two real scenes, and write them as files.

    Parameters
    ----------
    folder
        Where to put them; a folder for each is made.
    before, after
        Real scenes of one place on one grid, with reflectance and without a fire between them.
    count
        Of fires. They take the places in turn, each time turned or mirrored in another way.
    parts
        The scenes are divided into parts x parts places.
    seed
        Of perimeters, severity, confusers and noise; the same files come of the same seed.

    Returns
    -------
    list of Fire
        In the order in which they were made.

    Raises
    ------
    BadRequest
        Scenes on different grids, or too small to be divided.
    """
    names = [name for name in before.bands.names if name in CHAR and name in after.bands.names]
    if not names or not before.grid().same(after.grid()):
        raise BadRequest(
            f"{before.name} and {after.name} are not two dates of one place on one grid"
        )
    coarsest = max(before.named(name).resolution for name in names)
    finest = min(before.named(name).resolution for name in names)
    step = round(coarsest / finest)
    size = min(before.grid().shape) // parts // step * step
    if size < 32:
        raise BadRequest(
            f"{before.name} has {min(before.grid().shape)} pixels a side: {parts} x {parts} places of at "
            "least 32 do not fit"
        )
    root = Path(folder)
    return [
        _build(root, (before, after), names, k, parts, size, np.random.default_rng([seed, k]))
        for k in range(count)
    ]


def _build(
    root: Path,
    scenes: tuple[Scene, Scene],
    names: list[str],
    k: int,
    parts: int,
    size: int,
    rng: np.random.Generator,
) -> Fire:
    from ..processing.augment import dihedral

    place = k % parts**2
    turn = (k // parts**2 * 3 + place) % 8
    row, column = (n * size for n in divmod(place, parts))
    land = _Land(size, rng)
    folder = root / f"built-{k}"
    grid = scenes[0].grid()
    finest = min(scenes[0].named(name).resolution for name in names)
    for scene, which in zip(scenes, ("before", "after"), strict=True):
        own = folder / f"{folder.name}-{which}"
        own.mkdir(parents=True, exist_ok=True)
        made = {}
        for name in names:
            factor = round(scene.named(name).resolution / finest)
            part = scene.band(name)[
                row // factor : (row + size) // factor, column // factor : (column + size) // factor
            ]
            real = np.ascontiguousarray(dihedral(part, turn))
            made[name] = land.seen(real, name, factor, burnt=which == "after")
            _write(own / f"{name}.tif", _numbers(made[name], rng), grid, (row, column), factor)
        scl = land.classes(made, later=which == "after")
        _write(own / "SCL.tif", scl, grid, (row, column), size // scl.shape[0])
        _tell(own / "metadata.json", scene, which, k)
    for name, values in (("burnt", land.burnt), ("grading", land.grading)):
        _write(folder / f"{name}.tif", values, grid, (row, column), 1)
    return Fire(
        f"built-{k}",
        place,
        folder / f"built-{k}-before",
        folder / f"built-{k}-after",
        folder / "burnt.tif",
        folder / "grading.tif",
    )


class _Land:
    """What is put onto one place: the fire, and what may be taken for one."""

    def __init__(self, size: int, rng: np.random.Generator) -> None:
        from scipy.ndimage import gaussian_filter

        self.size = size
        y, x = np.mgrid[:size, :size] / size
        centre = rng.uniform(0.35, 0.65, 2)
        # A hill of noise: its contour is the perimeter, its holes are islands.
        hill = 0.9 - 2.2 * np.hypot(y - centre[0], x - centre[1])
        relief = hill + 0.35 * _smooth(size, size / 9, rng) + 0.12 * _smooth(size, size / 40, rng)
        islands = _smooth(size, size / 26, rng) > 1.35
        inside = (relief > np.quantile(relief, rng.uniform(0.68, 0.85))) & ~islands
        fraction = gaussian_filter(inside.astype(np.float64), 0.8)
        severity = np.clip(0.7 + 0.2 * _smooth(size, size / 12, rng), 0.3, 1.0)
        self.char = fraction * severity
        self.burnt = (fraction >= 0.5).astype(np.uint8)
        self.grading = (np.digitize(self.char, GRADES) * self.burnt).astype(np.uint8)
        self.grading[(self.burnt == 1) & (self.grading == 0)] = 1
        self.tone = 1 + 0.12 * _smooth(size, 1.5, rng)  # white ash here, black char there
        free = fraction < 1e-3
        self.cloud = self._blob(0.1, rng)
        shifted = np.roll(self.cloud, (size // 10, -size // 12), (0, 1))
        self.marked_shadow = np.where(self.cloud > 0, 0, shifted)
        self.shadow = self._blob(0.09, rng) * (self.cloud == 0)
        self.water = self._blob(0.07, rng) * free
        self.flood = self._field(rng) * free

    def _blob(self, radius: float, rng: np.random.Generator) -> Array:
        y, x = np.mgrid[: self.size, : self.size] / self.size
        at = rng.uniform(0.1, 0.9, 2)
        away = np.hypot(y - at[0], x - at[1]) + 0.02 * _smooth(self.size, self.size / 30, rng)
        return np.clip((radius - away) / 0.03, 0, 1)

    def _field(self, rng: np.random.Generator) -> Array:
        at = rng.integers(0, self.size - self.size // 6, 2)
        field = np.zeros((self.size, self.size))
        field[at[0] : at[0] + self.size // 7, at[1] : at[1] + self.size // 9] = 0.8
        return field

    def seen(self, real: Array, name: str, factor: int, *, burnt: bool) -> Array:
        """Give a band of the place as reflectance, on pixels `factor` times as large as the finest."""
        values = _mixed(real, WATER[name], _coarse(self.water, factor))
        if not burnt:
            return values
        char = np.clip(CHAR[name] * _coarse(self.tone, factor), 0.01, None)
        values = _mixed(values, char, _coarse(self.char, factor))
        values = _mixed(values, WATER[name], _coarse(self.flood, factor))
        dark = _coarse(np.maximum(self.shadow, self.marked_shadow), factor)
        return _mixed(values * (1 - (1 - SHADOW) * dark), CLOUD, _coarse(self.cloud, factor))

    def classes(self, bands: Mapping[str, Array], *, later: bool) -> npt.NDArray[np.uint8]:
        """Give the scene classification, of half the finest resolution."""
        near, red = (_coarse(bands[name], 2) for name in ("B08", "B04"))
        scl = np.where((near - red) / (near + red) > 0.3, 4, 5).astype(np.uint8)
        scl[_coarse(self.water, 2) > 0.5] = 6
        if later:
            scl[_coarse(self.marked_shadow, 2) > 0.3] = 3
            scl[_coarse(self.cloud, 2) > 0.1] = 9
        return scl


def _mixed(values: Array, other: Any, share: Array) -> Array:
    made: Array = values * (1 - share) + other * share
    return made


def _smooth(size: int, width: float, rng: np.random.Generator) -> Array:
    """Give noise of a width in pixels, of mean 0 and deviation 1."""
    from scipy.ndimage import gaussian_filter

    noise = gaussian_filter(rng.standard_normal((size, size)), width, mode="reflect")
    made: Array = (noise - noise.mean()) / noise.std()
    return made


def _coarse(values: Array, factor: int) -> Array:
    rows, columns = (n // factor for n in values.shape)
    made: Array = values.reshape(rows, factor, columns, factor).mean(axis=(1, 3))
    return made


def _numbers(reflectance: Array, rng: np.random.Generator) -> npt.NDArray[np.uint16]:
    noisy = reflectance + rng.normal(0, NOISE, reflectance.shape)
    return np.clip(np.rint(noisy * 1e4), 1, 65534).astype(np.uint16)


def _write(path: Path, values: Array, grid: Any, corner: tuple[int, int], factor: int) -> None:
    from ..readers.sentinel_gdal import needed

    rasterio = needed()
    dx, _, left, _, dy, top = grid.transform
    place = rasterio.Affine(
        dx * factor, 0, left + corner[1] * dx, 0, dy * factor, top + corner[0] * dy
    )
    facts: dict[str, Any] = {"height": values.shape[0], "width": values.shape[1], "count": 1}
    facts |= {"dtype": values.dtype, "crs": grid.crs or None, "transform": place}
    with rasterio.open(path, "w", driver="GTiff", compress="deflate", **facts) as file:
        file.write(values, 1)


def _tell(path: Path, scene: Scene, which: str, k: int) -> None:
    date: datetime | None = scene.date
    told = {
        "PRODUCT_ID": f"built_{k}_{which}",
        "built": f"a fire that never was, built into {scene.name}; turned, so not at its place",
        "PROCESSING_BASELINE": scene.baseline,
        "SPACECRAFT_NAME": scene.satellite,
        "system:time_start": None if date is None else int(date.timestamp() * 1000),
    }
    path.write_text(json.dumps(told, indent=1) + "\n", "utf-8")
