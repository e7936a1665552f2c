"""The astronomy display API over the image viewer: scripts that know it run here unchanged."""

from __future__ import annotations

import numbers
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import ipywidgets
import numpy as np

from ..errors import BadRequest
from ..processing.raster import limits as display_limits
from ..processing.sky import coordinates_at, pixel_of
from ..readers.in_memory import held
from ..writing import write_whole
from .fits import COLORMAPS, FitsViewer
from .image_display_catalogs import DisplayedCatalogs

if TYPE_CHECKING:
    from astropy.coordinates import SkyCoord
    from astropy.units import Quantity
    from astropy.visualization import BaseInterval, BaseStretch

EMPTY = "No image yet: <code>display.load_image(path)</code> shows one."
MAPS = {"gray": "grey", "Greys_r": "grey"}
"""Matplotlib's names of colour maps that are called otherwise here."""


class Told(NamedTuple):
    """What was set by an object of astropy, and the value of the viewer's trait that it made."""

    given: Any
    made: Any


class ImageDisplay(DisplayedCatalogs, ipywidgets.VBox):  # type: ignore[misc]
    """Images by label, as the astronomy display API (AIDA, ``astro-image-display-api``) has them.

    Each image is a `FitsViewer` with all that it can do, in `viewers`. One of them is on show, the one that
    was loaded last or chosen above the picture. What is set before an image is loaded is that image's.

    Methods take and ignore further keywords, as the API wants it.

    Examples
    --------
    >>> import numpy as np
    >>> from astropy.visualization import AsinhStretch
    >>> display = ImageDisplay()
    >>> display.load_image(np.arange(12.0).reshape(3, 4), image_label="ramp")
    >>> display.set_cuts((2, 9))
    >>> display.set_stretch(AsinhStretch())
    >>> display.viewers["ramp"].stretch, display.viewers["ramp"].limits
    ('asinh', [2.0, 9.0])
    """

    def __init__(self) -> None:
        super().__init__()
        self.viewers: dict[str | None, FitsViewer] = {}
        """The viewer of each image; None stands for one without a label."""
        self._given: dict[str | None, Any] = {}
        self._told: dict[tuple[str | None, str], Told] = {}
        self._shown: str | None = None
        self._buttons = ipywidgets.ToggleButtons(style={"button_width": "auto"})
        self._buttons.observe(lambda change: self._show(change["new"]), "value")
        self.children = (ipywidgets.HTML(EMPTY),)

    def load_image(
        self,
        data: Any,
        image_label: str | None = None,
        *,
        hdu: int | str | None = None,
        **_further: Any,
    ) -> None:
        """Load an image and show it whole.

        Parameters
        ----------
        data
            A path or URL, a `Dataset`, an HDU, an `NDData` or `CCDData`, or an array (rows, columns).
        image_label
            What it is called. An image that was called so is replaced; without a label, the only one.
        hdu
            Number or EXTNAME of the HDU; the first one with an image by default.

        Raises
        ------
        AstrodataError
            What cannot be read, or holds no image.
        """
        label = self._label(image_label)
        held_here = held(data, "array" if label is None else str(label))
        viewer = FitsViewer(data if held_here is None else held_here, hdu)
        old = self.viewers.get(label)
        self.viewers[label] = viewer
        self._given[label] = viewer.dataset if held_here is None else data
        if old is not None:
            old.close()
            self._told = {key: told for key, told in self._told.items() if key[0] != label}
        elif self._told and len(self.viewers) == 1:
            self._apply_what_was_set_before(label)
        for catalog in self._catalogs:
            self._draw_catalog(viewer, catalog)
        self._offer(label)

    def get_image(self, image_label: str | None = None, **_further: Any) -> Any:
        """Give what was loaded, or the `Dataset` of what was loaded by its path.

        Raises
        ------
        ValueError
            No such image, or none is named and there are several.
        """
        self._viewer(image_label)
        return self._given[self._label(image_label)]

    @property
    def image_labels(self) -> tuple[str, ...]:
        """Labels of the images that have one."""
        return tuple(label for label in self.viewers if label is not None)

    def set_cuts(
        self,
        cuts: tuple[float, float] | BaseInterval,
        image_label: str | None = None,
        **_further: Any,
    ) -> None:
        """Set the values that are shown in the first and in the last colour.

        Parameters
        ----------
        cuts
            (low, high), or an interval of `astropy.visualization`. Min-max, zscale and percentiles follow
            another plane or HDU; of any other interval the limits are taken as they are now.
        image_label
            Of the image.

        Raises
        ------
        TypeError
            What is neither.
        ValueError
            No such image, or low is not below high.
        """
        from astropy.visualization import BaseInterval, ManualInterval

        if isinstance(cuts, tuple) and len(cuts) == 2:
            cuts = ManualInterval(*cuts)
        if not isinstance(cuts, BaseInterval):
            raise TypeError(
                f"cuts {cuts!r} must be (low, high) or an interval of astropy.visualization"
            )
        self._set("limits", image_label, cuts)

    def get_cuts(self, image_label: str | None = None, **_further: Any) -> BaseInterval:
        """Give the cuts as an interval of `astropy.visualization`."""
        return self._get("limits", image_label)

    def set_stretch(
        self, stretch: BaseStretch, image_label: str | None = None, **_further: Any
    ) -> None:
        """Set the brightness as a function of value.

        Parameters
        ----------
        stretch
            Of `astropy.visualization`: linear, sqrt, squared, log, asinh, sinh or histogram equalisation,
            with the parameters that it has by default.
        image_label
            Of the image.

        Raises
        ------
        TypeError
            What is no stretch of astropy's.
        ValueError
            No such image, or a stretch that the viewer does not have.
        """
        from astropy.visualization import BaseStretch

        if not isinstance(stretch, BaseStretch):
            raise TypeError(f"Stretch {stretch!r} is not valid: give one of astropy.visualization")
        self._set("stretch", image_label, stretch)

    def get_stretch(self, image_label: str | None = None, **_further: Any) -> BaseStretch:
        """Give the stretch as an object of `astropy.visualization`."""
        return self._get("stretch", image_label)

    def set_colormap(self, map_name: str, image_label: str | None = None, **_further: Any) -> None:
        """Set the colours.

        Parameters
        ----------
        map_name
            ``gray``, or a colour map of the viewer; ``_r`` at its end turns it round.
        image_label
            Of the image.

        Raises
        ------
        ValueError
            A colour map that is not known here, or no such image.
        """
        self._set("colormap", image_label, str(map_name))

    def get_colormap(self, image_label: str | None = None, **_further: Any) -> str:
        """Give the name of the colours, as they were set or by Matplotlib's name."""
        return str(self._get("colormap", image_label))

    def set_viewport(
        self,
        center: SkyCoord | tuple[float, float] | None = None,
        fov: Quantity | float | None = None,
        image_label: str | None = None,
        **_further: Any,
    ) -> None:
        """Set where one looks.

        Parameters
        ----------
        center
            A `SkyCoord`, or 0-based pixels (x, y); as it is by default.
        fov
            Field of view along the height of the picture: an angle, or a number of pixels; as it is by
            default.
        image_label
            Of the image.

        Raises
        ------
        TypeError
            A centre or a field that is neither, or one on the sky for an image without a WCS.
        astropy.units.UnitTypeError
            A field that is no angle.
        ValueError
            No such image, a place that its projection does not reach, or a field that is not above 0.
        """
        from astropy import units as u
        from astropy.coordinates import SkyCoord

        viewer = self._viewer(image_label)
        label = self._label(image_label)
        wcs = viewer.dataset.wcs
        now = self.get_viewport(image_label=label)
        center = now["center"] if center is None else center
        fov = now["fov"] if fov is None else fov
        if isinstance(center, SkyCoord):
            if wcs is None:
                raise TypeError("Center must be a tuple (x, y): this image has no WCS")
            x, y = pixel_of(wcs, center)
        elif isinstance(center, tuple) and len(center) == 2:
            x, y = map(float, center)
        else:
            raise TypeError(f"Invalid value for center: {center!r} is no SkyCoord and no (x, y)")
        if isinstance(fov, u.Quantity):
            if not fov.unit.is_equivalent(u.deg):
                raise u.UnitTypeError(f"Incorrect unit for fov: {fov.unit} is no unit of an angle")
            if wcs is None:
                raise TypeError("FOV must be a float, in pixels: this image has no WCS")
            across = float(fov.to_value(u.deg)) / _scale(wcs)
        elif isinstance(fov, numbers.Real):
            across = float(fov)
        else:
            raise TypeError(f"Invalid value for fov: {fov!r} is no angle and no number of pixels")
        if not (np.isfinite([x, y, across]).all() and across > 0):
            raise BadRequest(
                f"center {center}, fov {fov}: give finite numbers, and a field above 0"
            )
        viewer.view = {"x": x, "y": y, "zoom": viewer.height / across}
        self._told[label, "view"] = Told((center, fov), dict(viewer.view))

    def get_viewport(
        self, sky_or_pixel: str | None = None, image_label: str | None = None, **_further: Any
    ) -> dict[str, Any]:
        """Give where one looks, as `set_viewport` takes it.

        Parameters
        ----------
        sky_or_pixel
            ``"sky"`` or ``"pixel"``; by default on the sky where the image has a WCS.
        image_label
            Of the image.

        Returns
        -------
        dict
            ``center``, ``fov`` and ``image_label``. An image that is shown whole, as it was loaded, has its
            longer side as its field.

        Raises
        ------
        ValueError
            No such image, another word, or no WCS where the sky is asked for.
        """
        from astropy import units as u
        from astropy.coordinates import SkyCoord

        if sky_or_pixel not in (None, "sky", "pixel"):
            raise BadRequest(f"sky_or_pixel must be 'sky', 'pixel' or None, not {sky_or_pixel!r}")
        viewer = self._viewer(image_label)
        label = self._label(image_label)
        wcs = viewer.dataset.wcs
        if sky_or_pixel == "sky" and wcs is None:
            raise BadRequest("WCS is not set: this image has pixels only")
        on_sky = wcs is not None and sky_or_pixel != "pixel"
        center, fov = self._looked_at(viewer, label)
        if on_sky and not isinstance(center, SkyCoord):
            center = coordinates_at(wcs, *center)
        elif not on_sky and isinstance(center, SkyCoord):
            center = pixel_of(wcs, center)
        if on_sky and not isinstance(fov, u.Quantity):
            fov = _scale(wcs) * fov * u.deg
        elif not on_sky and isinstance(fov, u.Quantity):
            fov = float(fov.to_value(u.deg)) / _scale(wcs)
        return {"center": center, "fov": fov, "image_label": label}

    def save(
        self,
        filename: str | os.PathLike[str],
        overwrite: bool = False,
        image_label: str | None = None,
        **_further: Any,
    ) -> None:
        """Write what is seen to a file.

        Parameters
        ----------
        filename
            As of `FitsViewer.save`: ``.png``, ``.pdf``, ``.svg`` for a figure, ``.fits`` for the pixels.
        overwrite
            Whether a file that is there is replaced.
        image_label
            Of the image; the one on show by default. A display without images gives an empty picture.

        Raises
        ------
        FileExistsError
            There is such a file.
        ValueError
            Another ending, or no such image.
        """
        target = Path(filename)
        if target.exists() and not overwrite:
            raise FileExistsError(f"{target} is there: overwrite=True replaces it")
        if self.viewers:
            label = self._shown if image_label is None else image_label
            self._viewer(label).save(target)
        else:
            write_whole(target, _nothing(target.suffix.removeprefix(".")))

    # --- images, what was set on them, which is on show ---------------------------------------------

    def _label(self, image_label: str | None) -> str | None:
        labels = self.image_labels
        if image_label is not None or not labels:
            return image_label
        if len(labels) > 1:
            raise BadRequest(
                f"Multiple image labels defined: {', '.join(map(repr, labels))}; give image_label"
            )
        return labels[0]

    def _viewer(self, image_label: str | None) -> FitsViewer:
        label = self._label(image_label)
        if label not in self.viewers:
            known = ", ".join(map(repr, self.image_labels)) or "no images with a label"
            raise BadRequest(f"Image label {label!r} not found: there are {known}")
        return self.viewers[label]

    def _on_show(self) -> FitsViewer | None:
        return self.viewers.get(self._shown)

    def _set(self, trait: str, image_label: str | None, given: Any) -> None:
        label = self._label(image_label)
        if label is None and not self.viewers:
            _MADE[trait](given, None)
            self._told[None, trait] = Told(given, None)
            return
        viewer = self._viewer(image_label)
        for name, value in _MADE[trait](given, viewer).items():
            setattr(viewer, name, value)
        self._told[label, trait] = Told(given, _now(viewer, trait))

    def _get(self, trait: str, image_label: str | None) -> Any:
        label = self._label(image_label)
        told = self._told.get((label, trait))
        if label is None and not self.viewers:
            if told is None:
                told = self._told[None, trait] = Told(_GIVEN[trait](_DEFAULTS[trait]), None)
            return told.given
        now = _now(self._viewer(image_label), trait)
        # What was set is given back, unless a hand has changed it since.
        if told is None or told.made != now:
            told = self._told[label, trait] = Told(_GIVEN[trait](now), now)
        return told.given

    def _apply_what_was_set_before(self, label: str | None) -> None:
        before, self._told = self._told, {}
        for (_, trait), told in before.items():
            self._set(trait, label, told.given)

    def _looked_at(self, viewer: FitsViewer, label: str | None) -> tuple[Any, Any]:
        view = viewer.view
        told = self._told.get((label, "view"))
        if view and told is not None and told.made == view:
            return told.given  # type: ignore[no-any-return]
        if view:
            return (view["x"], view["y"]), viewer.height / view["zoom"]
        rows, columns = viewer.dataset.shape[-2:]
        return ((columns - 1) / 2, (rows - 1) / 2), float(max(rows, columns))

    def _offer(self, label: str | None) -> None:
        options = [("image" if one is None else str(one), one) for one in self.viewers]
        with self._buttons.hold_sync():
            self._buttons.options = options
            self._buttons.value = label
        self._show(label)

    def _show(self, label: str | None) -> None:
        viewer = self.viewers.get(label)
        if viewer is None:
            return
        self._shown = label
        self.children = (viewer,) if len(self.viewers) == 1 else (self._buttons, viewer)


# --- astropy's objects and the viewer's words ------------------------------------------------------------

_DEFAULTS = {"limits": "zscale", "stretch": "linear", "colormap": ("grey", False)}


def _now(viewer: FitsViewer, trait: str) -> Any:
    return (viewer.colormap, viewer.reverse) if trait == "colormap" else getattr(viewer, trait)


def _limits_of(interval: Any, viewer: FitsViewer | None) -> dict[str, Any]:
    from astropy import visualization as av

    kind = type(interval)
    if kind is av.MinMaxInterval:
        return {"limits": "minmax"}
    if kind is av.PercentileInterval:
        return {"limits": f"{interval.upper_percentile - interval.lower_percentile:g}%"}
    if kind is av.ZScaleInterval and vars(interval) == vars(av.ZScaleInterval()):
        return {"limits": "zscale"}
    if viewer is None:
        return {}
    sample = viewer.sample()
    finite = sample[np.isfinite(sample)]
    low, high = interval.get_limits(finite) if finite.size else (0.0, 1.0)
    if kind is not av.ManualInterval and not low < high:
        low, high = display_limits(finite, "minmax")
    return {"limits": [float(low), float(high)]}


def _interval_of(limits: Any) -> Any:
    from astropy import visualization as av

    if limits == "zscale":
        return av.ZScaleInterval()
    if limits == "minmax":
        return av.MinMaxInterval()
    if isinstance(limits, str):
        return av.PercentileInterval(float(limits.removesuffix("%")))
    return av.ManualInterval(*limits)


def _stretches() -> dict[str, Any]:
    from astropy import visualization as av

    return {
        "linear": av.LinearStretch(),
        "sqrt": av.SqrtStretch(),
        "square": av.SquaredStretch(),
        "log": av.LogStretch(),
        "asinh": av.AsinhStretch(),
        "sinh": av.SinhStretch(),
    }


def _stretch_of(stretch: Any, _viewer: FitsViewer | None) -> dict[str, Any]:
    from astropy.visualization import HistEqStretch

    if isinstance(stretch, HistEqStretch):
        return {"stretch": "histogram"}
    for name, one in _stretches().items():
        if type(one) is type(stretch) and vars(one) == vars(stretch):
            return {"stretch": name}
    raise BadRequest(
        f"the viewer has no stretch {type(stretch).__name__} with {vars(stretch)}: there are "
        f"{', '.join(type(one).__name__ for one in _stretches().values())} with the parameters that they "
        "have by default, and HistEqStretch"
    )


def _astropy_stretch(name: str) -> Any:
    from astropy.visualization import HistEqStretch

    return HistEqStretch(np.array([0.0, 1.0])) if name == "histogram" else _stretches()[name]


def _colours_of(name: str, _viewer: FitsViewer | None) -> dict[str, Any]:
    turned = name not in MAPS and name.endswith("_r")
    plain = name.removesuffix("_r") if turned else name
    plain = MAPS.get(plain, plain)
    if plain not in COLORMAPS:
        known = sorted({"gray", *COLORMAPS})
        raise BadRequest(
            f"colour map {name!r} is unknown: there are {', '.join(known)}, and each with _r"
        )
    return {"colormap": plain, "reverse": turned}


def _name_of(colours: tuple[str, bool]) -> str:
    name, turned = colours
    return ("gray" if name == "grey" else name) + ("_r" if turned else "")


_MADE = {"limits": _limits_of, "stretch": _stretch_of, "colormap": _colours_of}
_GIVEN = {"limits": _interval_of, "stretch": _astropy_stretch, "colormap": _name_of}


def _scale(wcs: Any) -> float:
    """Give the degrees of a pixel's height."""
    from astropy.wcs.utils import proj_plane_pixel_scales

    return float(proj_plane_pixel_scales(wcs)[1])


def _nothing(ending: str) -> bytes:
    import io

    from ..drawing import CellFigure
    from .fits_saving import FIGURES

    if ending.lower() not in FIGURES:
        raise BadRequest(f"there is no image to write as {ending!r}: load one first")
    made = io.BytesIO()
    figure = CellFigure(figsize=(7, 4))
    figure.text(0.5, 0.5, "no image", ha="center")
    figure.savefig(made, format=ending.lower())
    return made.getvalue()
