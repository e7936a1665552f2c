"""Three planes as red, green and blue, each with limits of its own."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets

from ..errors import BadRequest
from ..processing.pyramid import Planes
from ..processing.raster import limits as display_limits
from .fits_saving import Box, SavingWidget

if TYPE_CHECKING:
    import os

    from ..datasets import Dataset

BANDS = ("red", "green", "blue")


class CompositeWidget(SavingWidget):
    """Shows the three planes of a cube as colours; a subclass sets what is declared here."""

    limits: Any
    _of: Callable[[int], Dataset]

    composite = traitlets.Bool(
        False, help="Whether the three planes are shown as red, green and blue."
    ).tag(sync=True)
    band_limits = traitlets.Any(
        None,
        help="Limits of red, green and blue, each as `limits` takes them; None uses `limits` for each.",
    ).tag(sync=True)

    _saved = ("composite", "band_limits")

    @classmethod
    def rgb(
        cls,
        red: str | os.PathLike[str] | Dataset,
        green: str | os.PathLike[str] | Dataset,
        blue: str | os.PathLike[str] | Dataset,
        **traits: Any,
    ) -> Any:
        """Give the viewer of three images as colours, all on the pixels of the first one.

        Parameters
        ----------
        red, green, blue
            Paths, data sets, HDUs or arrays. Where the WCS of one differs from that of the first it is put on
            its grid as it is looked at; images without a WCS must have one shape.
        **traits
            Initial values of the viewer's traits.

        Raises
        ------
        AstrodataError
            A source that is no image, or images that cannot be put on one grid.
        """
        from ..processing.reprojection import composite
        from ..readers.in_memory import held
        from ..readers.registry import open_dataset

        images = [held(one) or open_dataset(one) for one in (red, green, blue)]
        return cls(composite(*images), **{"composite": True, **traits})

    def band_limits_in_force(self) -> list[tuple[float, float]]:
        """Give the values of red, green and blue that are shown as none and as all of the colour."""
        wanted = self.band_limits or [self.limits] * 3
        found = []
        for plane, limits in enumerate(wanted):
            if isinstance(limits, str):
                limits = display_limits(self._sample(None, plane)[1], limits)
            found.append((float(limits[0]), float(limits[1])))
        return found

    @traitlets.validate("composite")
    def _composite_has_three(self, proposal: dict[str, Any]) -> bool:
        if proposal["value"]:
            count = self._planes_of(self.dataset).count
            if count != 3:
                raise BadRequest(
                    f"{self.dataset.name} has {count} planes: red, green and blue are three; use "
                    "FitsViewer.rgb(red, green, blue)"
                )
        return bool(proposal["value"])

    @traitlets.validate("band_limits")
    def _band_limits_are_known(self, proposal: dict[str, Any]) -> Any:
        wanted = proposal["value"]
        if wanted is not None and not (isinstance(wanted, list | tuple) and len(wanted) == 3):
            raise BadRequest(f"band_limits {wanted!r}: give the limits of red, green and blue")
        for limits in wanted or ():
            if isinstance(limits, str):
                display_limits(np.zeros(1), limits)
            elif not (
                isinstance(limits, list | tuple)
                and len(limits) == 2
                and all(isinstance(end, int | float) and math.isfinite(end) for end in limits)
                and limits[0] < limits[1]
            ):
                raise BadRequest(
                    f"limits {limits}: give a name or [low, high], low < high, of each band"
                )
        return None if wanted is None else list(wanted)

    def _draw(self, figure: Any, axes: Any, planes: Planes, box: Box, step: int) -> None:
        if not self.composite:
            super()._draw(figure, axes, planes, box, step)
            return
        left, bottom, right, top = box
        bands = []
        for plane, limits in enumerate(self.band_limits_in_force()):
            image, _ = planes.reduced(plane, slice(bottom, top), slice(left, right), step)
            share = np.ma.filled(self._norm(plane, limits)(image.astype(np.float64)), np.nan)
            bands.append(np.nan_to_num(self._shaded(np.asarray(share))))
        axes.imshow(
            np.stack(bands, axis=-1),
            origin="lower",
            extent=self._extent(box, step, bands[0].shape),
            interpolation="nearest",
        )
