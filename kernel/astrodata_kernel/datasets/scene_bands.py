"""Bands of a scene: facts, and what makes physical values of their numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, SupportsIndex, overload

import numpy as np

from ..errors import BadRequest, UnknownName
from .scene_arrays import Calibration, Raster


@dataclass(frozen=True)
class Band:
    """One layer of a scene.

    Parameters
    ----------
    name
        ``"B08"``, ``"SCL"``, ...
    raster
        Its pixels, as fine as the product has them.
    role
        ``"reflectance"``, ``"classes"`` (of which numbers have no mean), ``"mask"`` or ``"quantity"``.
    wavelength, bandwidth
        Central wavelength and width in nm, None where there is none.
    resolution
        Size of a pixel in m.
    offset, scale
        Physical value = (DN + offset) * scale; None where the product does not say.
    saturated
        DN that stands for a saturated pixel, None for none.
    unit
        Of the physical values.
    coarser
        The same at other resolutions (m), where the product brings it.
    note
        Why it cannot be read, "" where it can.
    """

    name: str
    raster: Raster = field(repr=False)
    role: str = "reflectance"
    wavelength: float | None = None
    bandwidth: float | None = None
    resolution: float = 10.0
    offset: float | None = None
    scale: float | None = None
    saturated: float | None = None
    unit: str = ""
    coarser: Mapping[float, Raster] = field(default_factory=dict, repr=False)
    note: str = ""

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.raster.grid.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the numbers."""
        return self.raster.dtype

    @property
    def in_classes(self) -> bool:
        """Whether its numbers are names of classes, which are never averaged."""
        return self.role in ("classes", "mask")

    def calibration(self, where: str) -> Calibration:
        """Give what makes physical values of its numbers.

        Raises
        ------
        BadRequest
            Its offset or scale is not known.
        """
        if self.offset is None or self.scale is None:
            missing = " and ".join(
                word for word in ("offset", "scale") if getattr(self, word) is None
            )
            raise BadRequest(
                f"{where}, band {self.name}: its {missing} are not told by any metadata, so that there is no "
                "reflectance; give them, as adk.open(path, offset=-1000, scale=1e-4) for products of "
                "baseline 04.00 and later or offset=0 for older ones, or use .dn() for the numbers"
            )
        blank = {self.raster.nodata, self.saturated}
        if self.role == "reflectance" and self.dtype.kind in "ui":
            blank.add(0.0)
        return Calibration(
            self.offset, self.scale, tuple(sorted(b for b in blank if b is not None))
        )


class Bands(tuple[Band, ...]):
    """Bands in order, also by name: ``bands["B08"]``, ``"B08" in bands``, ``bands.names``."""

    __slots__ = ()

    @property
    def names(self) -> list[str]:
        """Their names."""
        return [band.name for band in self]

    def __contains__(self, key: object) -> bool:
        return key in self.names if isinstance(key, str) else super().__contains__(key)

    @overload
    def __getitem__(self, key: SupportsIndex | str) -> Band: ...
    @overload
    def __getitem__(self, key: slice) -> Bands: ...
    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str):
            found: Band | None = next((band for band in self if band.name == key), None)
            if found is None:
                raise UnknownName(f"no band {key!r}: there are {', '.join(self.names)}")
            return found
        found_at = super().__getitem__(key)
        return Bands(found_at) if isinstance(key, slice) else found_at


def band_name(text: str) -> str:
    """Give the usual name of a band: ``"b8"`` and ``"B8"`` are B08, ``"b8a"`` is B8A."""
    upper = text.strip().upper()
    if upper[:1] == "B" and upper[1:].isdigit() and len(upper) < 4:
        return f"B{int(upper[1:]):02d}"
    return upper if upper[:1] == "B" and upper[1:-1].isdigit() else text.strip()
