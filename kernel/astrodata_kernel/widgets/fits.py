"""The image viewer: tiles of any 2-D HDU, or of a plane of a cube, painted in the browser."""

from __future__ import annotations

import math
import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets

from ..datasets import Dataset
from ..errors import BadRequest, UnsupportedFormat
from ..processing.graticules import graticule
from ..processing.pyramid import TILE, Planes
from ..processing.raster import counted
from ..processing.raster import limits as display_limits
from ..processing.sky import ANGLES, SYSTEMS, frame_name, pixel_of, place
from ..readers.in_memory import held
from ..wire import Reply, encode
from .base import STATIC, Cancel, answers
from .fits_catalogue import CatalogueWidget
from .fits_composite import BANDS, CompositeWidget
from .fits_cubes import CubeWidget
from .fits_overviews import PreparingWidget
from .fits_regions import RegionsWidget
from .opening import shown_name, shown_while_opening

if TYPE_CHECKING:
    import os

STRETCHES = ("linear", "sqrt", "square", "log", "asinh", "sinh", "histogram")
COLORMAPS = ("grey", "viridis", "inferno", "magma", "heat", "cubehelix", "cool", "rainbow")
VIEWABLE = ("image", "cube")


class FitsViewer(PreparingWidget, CubeWidget, CatalogueWidget, RegionsWidget, CompositeWidget):
    """Viewer of an image or cube at full resolution, whatever its size.

    Parameters
    ----------
    source
        A path or URL, an open `Dataset` of kind ``"image"`` or ``"cube"``, an HDU, an `NDData` or an array.
    hdu
        Number or EXTNAME of the HDU to show first; the first one with an image by default.
    **traits
        Initial values of the traits below.

    Raises
    ------
    AstrodataError
        A source that cannot be read, or that holds no image.

    Examples
    --------
    >>> import tempfile, numpy as np
    >>> from astropy.io import fits
    >>> path = tempfile.mkdtemp() + "/ramp.fits"
    >>> fits.writeto(path, np.arange(6, dtype="float32").reshape(2, 3))
    >>> viewer = FitsViewer(path, stretch="asinh")
    >>> viewer.request("tile", level=0, x=0, y=0).array()
    array([[[0., 1., 2.],
            [3., 4., 5.]]], dtype=float32)
    """

    _esm = STATIC / "fits.js"
    _css = STATIC / "fits.css"

    hdu = traitlets.Int(0, help="Number of the HDU on show.").tag(sync=True)
    plane = traitlets.Int(0, min=0, help="Plane of a cube, from 0.").tag(sync=True)
    stretch = traitlets.Enum(STRETCHES, "linear", help="Brightness as a function of value.").tag(
        sync=True
    )
    colormap = traitlets.Enum(COLORMAPS, "grey", help="Colours from low to high.").tag(sync=True)
    reverse = traitlets.Bool(False, help="Whether the colours run from high to low.").tag(sync=True)
    contrast = traitlets.Float(
        1.0, min=0.05, max=20.0, help="Slope of the brightness about its middle; 1 changes nothing."
    ).tag(sync=True)
    bias = traitlets.Float(
        0.5,
        min=-1.0,
        max=2.0,
        help="Stretched brightness that is shown as the middle one; 0.5 changes nothing.",
    ).tag(sync=True)
    limits = traitlets.Union(
        [
            traitlets.Unicode(),
            traitlets.List(traitlets.Float(), minlen=2, maxlen=2),
        ],
        default_value="zscale",
        help='"zscale", "minmax", a central percentage such as "99.5%", or [low, high] in data units.',
    ).tag(sync=True)
    view = traitlets.Dict(
        None,
        allow_none=True,
        help="Where one looks: centre x, y in 0-based array pixels and zoom in screen pixels per image "
        "pixel; None fits the image.",
    ).tag(sync=True)
    system = traitlets.Enum(
        SYSTEMS, "own", help="System in which places on the sky are told; 'own' is the image's."
    ).tag(sync=True)
    angles = traitlets.Enum(ANGLES, "sexagesimal", help="How angles are written.").tag(sync=True)
    graticule = traitlets.Bool(
        False,
        help="Whether lines of equal longitude and latitude, a compass and a scale bar are drawn.",
    ).tag(sync=True)
    histogram = traitlets.Bool(
        False, help="Whether the histogram of the values is shown, on which the limits are dragged."
    ).tag(sync=True)
    height = traitlets.Int(480, min=120, help="Height of the picture in CSS pixels.").tag(sync=True)

    def __init__(
        self,
        source: str | os.PathLike[str] | Dataset,
        hdu: int | str | None = None,
        **traits: Any,
    ) -> None:
        self._lock = threading.Lock()
        self._dataset = _with_image(source, hdu)
        self._by_hdu = {self._dataset.part: self._dataset}
        self._planes: dict[int, Planes] = {}
        self._samples: dict[tuple[int, int], tuple[np.ndarray[Any, Any], bool]] = {}
        super().__init__(hdu=self._dataset.part, **traits)

    _saved = (
        *("plane", "stretch", "colormap", "reverse", "contrast", "bias", "limits"),
        *("view", "system", "angles", "graticule", "histogram", "height"),
    )

    def limits_in_force(self) -> tuple[float, float]:
        """Give the values that are shown in the first and in the last colour."""
        if isinstance(self.limits, str):
            return display_limits(self.sample(), self.limits)
        return float(self.limits[0]), float(self.limits[1])

    def sample(self) -> np.ndarray[Any, Any]:
        """Give the values, of one axis, that stand for the plane on show in its limits and its histogram."""
        return self._sample(None, None)[1]

    @property
    def dataset(self) -> Dataset:
        """The data set of the HDU on show."""
        return self._of(self.hdu)

    def goto(self, where: Any, y: float | None = None, zoom: float | None = None) -> None:
        """Look at a place.

        Parameters
        ----------
        where
            A `SkyCoord`, or the 0-based pixel x.
        y
            The pixel y; not with a `SkyCoord`.
        zoom
            Screen pixels per image pixel; as it is by default, 1 where the whole image was on show.

        Raises
        ------
        BadRequest
            A place that the image's projection does not reach, or an image without a sky.
        """
        if y is None:
            x, y = pixel_of(self.dataset.wcs, where)
        else:
            try:
                x, y = float(where), float(y)
            except (TypeError, ValueError):
                raise BadRequest(
                    f"({where!r}, {y!r}) is no place: give numbers or a SkyCoord"
                ) from None
        if not (math.isfinite(x) and math.isfinite(y)):
            raise BadRequest(f"({x}, {y}) is no place: give finite numbers")
        zoom = zoom if zoom is not None else (self.view or {}).get("zoom", 1.0)
        self.view = {"x": x, "y": y, "zoom": float(zoom)}

    @traitlets.validate("hdu")
    def _hdu_holds_an_image(self, proposal: dict[str, Any]) -> int:
        number = int(proposal["value"])
        self._of(number)
        return number

    @traitlets.validate("limits")
    def _limits_are_known(self, proposal: dict[str, Any]) -> Any:
        limits = proposal["value"]
        if isinstance(limits, str):
            display_limits(np.zeros(1), limits)
        elif not (all(map(math.isfinite, limits)) and limits[0] < limits[1]):
            raise BadRequest(f"limits {limits}: give [low, high] as two finite numbers, low < high")
        return limits

    @traitlets.observe("hdu")
    def _first_plane_of_another_hdu(self, change: dict[str, Any]) -> None:
        if isinstance(
            change["old"], int
        ):  # the viewer's first HDU begins with the plane that is told
            self.plane = 0

    @answers("describe")
    def _describe(self, hdu: int | None = None) -> Reply:
        dataset = self._of(self.hdu if hdu is None else hdu)
        planes = self._planes_of(dataset)
        return Reply(
            {
                "name": dataset.name,
                "hdu": dataset.part,
                "kind": dataset.kind,
                "width": planes.columns,
                "height": planes.rows,
                "planes": planes.count,
                "levels": planes.levels,
                "tile": TILE,
                "unit": str(dataset.meta.get("unit", "")),
                "dtype": str(dataset.dtype),
                "frame": frame_name(dataset.wcs),
                "hdus": [
                    {
                        "index": part.index,
                        "name": part.name,
                        "version": part.version,
                        "kind": part.kind or "",
                        "shape": list(part.shape),
                        "dtype": part.dtype,
                        "unit": part.unit,
                        "note": part.note,
                        "viewable": part.kind in VIEWABLE and not part.note,
                    }
                    for part in dataset.parts
                ],
                "warnings": list(dataset.meta.get("warnings", ())),
            }
        )

    @answers("overview")
    def _overview(
        self, width: int = 1024, hdu: int | None = None, plane: int | None = None
    ) -> Reply:
        where, planes = self._where(hdu, plane)
        image, step, reduction = planes.overview(width, where["plane"])
        self._was_strided(where, planes, reduction)
        meta, buffer = encode(image)
        return Reply({**meta, **where, "step": step, "reduction": reduction}, [buffer])

    @answers("tile")
    def _tile(
        self,
        level: int,
        x: int,
        y: int,
        hdu: int | None = None,
        plane: int | None = None,
        *,
        cancel: Cancel,
    ) -> Reply:
        where, planes = self._where(hdu, plane)
        cancel.check()
        image, reduction = planes.tile(level, x, y, where["plane"])
        self._was_strided(where, planes, reduction)
        cancel.check()
        meta, buffer = encode(image)
        return Reply(
            {**meta, **where, "level": level, "x": x, "y": y, "reduction": reduction}, [buffer]
        )

    @answers("limits")
    def _limits(
        self, limits: str = "zscale", hdu: int | None = None, plane: int | None = None
    ) -> Reply:
        where, sample, whole = self._sample(hdu, plane)
        low, high = display_limits(sample, limits)
        return Reply({"low": low, "high": high, "limits": limits, "sampled": not whole, **where})

    @answers("histogram")
    def _histogram(
        self,
        low: float,
        high: float,
        bins: int = 256,
        wide: bool = False,
        hdu: int | None = None,
        plane: int | None = None,
    ) -> Reply:
        where, sample, whole = self._sample(hdu, plane)
        if wide:
            nearly_all = display_limits(sample, "99.9%")
            room = 0.1 * (high - low)
            low, high = min(low - room, nearly_all[0]), max(high + room, nearly_all[1])
        counts, facts = counted(sample, float(low), float(high), int(bins))
        meta, buffer = encode(counts[None])
        return Reply({**meta, **facts, "sampled": not whole, **where}, [buffer])

    @answers("graticule")
    def _graticule(
        self,
        box: list[float],
        lines: int = 6,
        system: str | None = None,
        angles: str | None = None,
        hdu: int | None = None,
        plane: int | None = None,
    ) -> Reply:
        where, _ = self._where(hdu, plane)
        wcs = self._of(where["hdu"]).wcs
        found = graticule(wcs, box, system or self.system, angles or self.angles, int(lines))
        meta, buffer = encode(found.lines)
        told = {
            name: getattr(found, name) for name in ("labels", "north", "east", "scale", "frame")
        }
        return Reply({**meta, **told, **where}, [buffer])

    @answers("probe")
    def _probe(
        self,
        x: float,
        y: float,
        hdu: int | None = None,
        plane: int | None = None,
        system: str | None = None,
        angles: str | None = None,
    ) -> Reply:
        if not (math.isfinite(x) and math.isfinite(y)):
            raise BadRequest(f"({x}, {y}) is no place: give finite numbers")
        where, planes = self._where(hdu, plane)
        dataset = self._of(where["hdu"])
        column, row = math.floor(x + 0.5), math.floor(y + 0.5)
        value: float | None = None
        text = "outside"
        if 0 <= column < planes.columns and 0 <= row < planes.rows:
            unit = str(dataset.meta.get("unit", ""))

            def pixel(number: int) -> Any:
                return planes.read(number, slice(row, row + 1), slice(column, column + 1))[0, 0]

            own = pixel(where["plane"])
            text = _value_text(own, unit)
            value = float(own) if np.isfinite(own) else None
            if self.composite:
                bands = [f"{name} {_value_text(pixel(i), '')}" for i, name in enumerate(BANDS)]
                text = f"{', '.join(bands)} {unit}".rstrip()
        sky = place(dataset.wcs, x, y, system or self.system, angles or self.angles)
        meta = {"x": column, "y": row, "value": value, "text": text, "sky": sky}
        return Reply({**meta, **where})

    def _sample(
        self, hdu: int | None, plane: int | None
    ) -> tuple[dict[str, int], np.ndarray[Any, Any], bool]:
        """Give the pixels that stand for a plane in its statistics, and whether they are all."""
        where, planes = self._where(hdu, plane)
        key = (where["hdu"], where["plane"])
        with self._lock:
            known = self._samples.get(key)
        if known is None:
            known = planes.sample(where["plane"])
            with self._lock:
                # A few planes at a time: a cube's samples would add up to the cube.
                while len(self._samples) >= len(BANDS):
                    del self._samples[next(iter(self._samples))]
                self._samples[key] = known
        return where, *known

    def _where(self, hdu: int | None, plane: int | None) -> tuple[dict[str, int], Planes]:
        where = {
            "hdu": self.hdu if hdu is None else int(hdu),
            "plane": self.plane if plane is None else int(plane),
        }
        return where, self._planes_of(self._of(where["hdu"]))

    def _of(self, hdu: int) -> Dataset:
        with self._lock:
            known = self._by_hdu.get(hdu)
        if known is None:
            known = _checked(self._dataset.hdu(hdu))
            with self._lock:
                known = self._by_hdu.setdefault(hdu, known)
        return known

    def _planes_of(self, dataset: Dataset) -> Planes:
        with self._lock:
            planes = self._planes.get(dataset.part)
            if planes is None:
                planes = self._planes[dataset.part] = Planes(dataset.array)
        return planes


def _with_image(source: str | os.PathLike[str] | Dataset, hdu: int | str | None) -> Dataset:
    from ..readers.registry import open_dataset

    here = held(source)
    if here is None:
        with shown_while_opening(shown_name(source)) as progress:
            here = open_dataset(source, hdu=hdu, progress=progress)
    elif hdu is not None:
        here = here.hdu(hdu)
    source = here
    if hdu is None and source.kind not in VIEWABLE:
        # A light curve's file may hold its image behind the table.
        behind = [part.index for part in source.parts if part.kind in VIEWABLE and not part.note]
        if behind:
            source = source.hdu(behind[0])
    return _checked(source)


def _checked(dataset: Dataset) -> Dataset:
    if dataset.kind not in VIEWABLE:
        raise UnsupportedFormat(
            f"{dataset.name}, HDU {dataset.part}: a {dataset.kind} of shape {dataset.shape} is not an "
            "image; FitsViewer shows 2-D images and planes of cubes"
        )
    return dataset


def _value_text(value: Any, unit: str) -> str:
    text = f"{value:.7g}" if isinstance(value, np.floating) else str(value)
    return f"{'NaN' if text == 'nan' else text} {unit}".rstrip()
