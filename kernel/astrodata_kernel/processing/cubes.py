"""Cubes: spectra, moments and position-velocity slices, of cubes larger than memory too.

Nothing here holds a cube: blocks of the lazy array are read, by Dask's threads where Dask is installed. Pixel
coordinates and channels count from 0: ``cube.array[channel, y, x]``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import BadRequest, MissingPackage
from ..readers.fits_structure import plain_text
from .cube_axes import CubeAxes, rest_of, spectral_unit
from .cube_blocks import SpectralBlocks, rechunk
from .cube_header import axes_of
from .cube_moments import NAMES, chosen_channels, moment_map
from .cube_slices import path_points, slice_header, sliced
from .cube_source import BLOCK, Check, Cube, Pole, Progress
from .cube_spectra import raw_spectrum
from .sky import wcslib

__all__ = [
    "Cube",
    "CubeAxes",
    "SpectralBlocks",
    "axes_of",
    "lazy",
    "moment",
    "plane_names",
    "position_velocity",
    "rechunk",
    "rest_of",
    "spectral_axis",
    "spectral_unit",
    "spectrum",
]

Values = npt.NDArray[np.float64]


def spectral_axis(
    dataset: Any,
    unit: Any = None,
    doppler_convention: str | None = None,
    rest: Any = None,
) -> Any:
    """Give the value of each channel of a cube, in frequency, wavelength or velocity.

    Parameters
    ----------
    dataset
        Data set of kind ``"cube"``.
    unit
        Of frequency, wavelength, velocity or energy, or ``"channel"``; the header's own by default.
    doppler_convention
        ``"radio"``, ``"optical"`` or ``"relativistic"``: how velocities follow from frequencies; by default
        that of the axis, or ``"radio"`` for an axis that is none of velocities.
    rest
        Rest frequency or wavelength, such as ``110.201 * u.GHz``; the header's by default.

    Returns
    -------
    Quantity
        Of shape (channels,): a `SpectralCoord` that knows its rest and its convention, or the numbers of the
        channels where the header tells no spectral axis.

    Raises
    ------
    BadRequest
        What is no cube, a unit that is none of spectra, or one that needs a rest frequency.

    Examples
    --------
    >>> import numpy as np
    >>> from astrodata_kernel import Dataset
    >>> spectral_axis(Dataset.of_array(np.zeros((3, 4, 5))))
    <Quantity [0., 1., 2.]>
    """
    return Cube.of(dataset).axes.values(None, unit, doppler_convention, rest)


def plane_names(dataset: Any) -> list[str]:
    """Give what the planes of a cube are called, such as ``"I, channel 12"``, in the order of the viewer."""
    axes = Cube.of(dataset).axes
    return [axes.name(plane) for plane in range(math.prod(axes.shape[:-2]))]


def spectrum(
    dataset: Any,
    where: Any,
    y: float | None = None,
    statistic: str = "mean",
    stokes: Pole = None,
    unit: Any = None,
    doppler_convention: str | None = None,
    rest: Any = None,
    check: Check | None = None,
    progress: Progress | None = None,
) -> Any:
    """Give the spectrum at a pixel or in a region.

    Parameters
    ----------
    dataset
        Data set of kind ``"cube"``.
    where
        The pixel x; or a region of the package `regions`, of pixels or of the sky; or a dict such as
        ``{"shape": "circle", "x": 3, "y": 4, "radius": 2}``.
    y
        The pixel y; not with a region.
    statistic
        Of the pixels of a region with a value, at their centres: ``"mean"``, ``"sum"`` or ``"median"``.
    stokes
        Polarisation by name or number, the first one by default; of a cube with further axes the index along
        all but the spectral one and the picture's, as a tuple.
    unit, doppler_convention, rest
        As in `spectral_axis`.
    check
        Called between blocks; what it raises ends the work.
    progress
        Called with the share done, 0 to 1.

    Returns
    -------
    QTable
        ``channel``; the spectral axis, called ``frequency``, ``wavelength``, ``velocity`` or ``energy``
        where there is one; ``value`` with the unit of the cube; ``pixels`` with a value.

    Raises
    ------
    BadRequest
        A pixel outside of the cube, or a region without a pixel inside.
    """
    from astropy.table import QTable

    cube = Cube.of(dataset)
    others = cube.others(stokes)
    axis = cube.axes.values(None, unit, doppler_convention, rest)
    values, counts = raw_spectrum(cube, where, y, statistic, others, check, progress)
    table = QTable({"channel": np.arange(len(values))})
    if cube.axes.kind != "channel" and unit != "channel":
        table[quantity_name(axis.unit)] = axis
    known = known_unit(cube.unit)
    table["value"] = values if known is None else values * known
    if known is None and cube.unit:
        table["value"].info.description = f"in {cube.unit}"
    table["pixels"] = counts
    return table


def moment(
    dataset: Any,
    order: int = 0,
    channels: Sequence[int] | None = None,
    spectral_range: Any = None,
    threshold: float | None = None,
    stokes: Pole = None,
    unit: Any = None,
    doppler_convention: str | None = None,
    rest: Any = None,
    check: Check | None = None,
    progress: Progress | None = None,
) -> Any:
    """Give a moment map of a cube as a `PrimaryHDU`, with the WCS of the sky and its unit.

    Parameters
    ----------
    dataset
        Data set of kind ``"cube"``.
    order
        0: the integral over the spectral axis, the sum of value times channel width. 1: the mean of the
        spectral axis weighted by the values. 2: the dispersion about it, the square root of the second
        central moment, as CASA and CARTA have it (spectral-cube's order 2 is its square).
    channels
        The first and the last one; all by default.
    spectral_range
        Two values with a unit, instead of `channels`: those whose middle lies between them.
    threshold
        Values below it do not count.
    stokes
        As in `spectrum`.
    unit, doppler_convention, rest
        Of the spectral axis, as in `spectral_axis`.
    check, progress
        As in `spectrum`.

    Returns
    -------
    PrimaryHDU
        Float64, shape (rows, columns); NaN where no value counts, and for orders 1 and 2 where the values
        do not add up to more than 0.

    Raises
    ------
    BadRequest
        Another order, or channels that the cube does not have.
    """
    from astropy.io import fits

    if order not in (0, 1, 2) or isinstance(order, bool):
        raise BadRequest(f"order {order!r}: there are moments of order 0, 1 and 2")
    number = isinstance(threshold, int | float | np.number)
    if threshold is not None and not (number and math.isfinite(threshold)):
        raise BadRequest(f"threshold {threshold}: give a finite number")
    cube = Cube.of(dataset)
    others = cube.others(stokes)
    first, last = chosen_channels(cube, channels, spectral_range, doppler_convention, rest)
    numbers = np.arange(first, last + 1)
    told = (unit, doppler_convention, rest)
    axis = cube.axes.values(numbers, *told)
    edges = cube.axes.values(np.stack([numbers - 0.5, numbers + 0.5]), *told)
    widths = np.abs(np.diff(np.asarray(edges.value), axis=0))[0]
    image = moment_map(
        cube,
        order,
        (first, last),
        np.asarray(axis.value, float),
        widths,
        threshold,
        others,
        check,
        progress,
    )
    header = fits.Header()
    if cube.wcs is not None:
        with wcslib:
            header = cube.wcs.to_header(relax=True)
    text = _moment_unit(cube, order, axis)
    if text:
        header["BUNIT"] = plain_text(text)
    for key, value in (("SPECSYS", cube.axes.frame), ("OBJECT", _object(cube))):
        if value:
            header[key] = plain_text(value)
    pole = "".join(f", {word}" for word in cube.axes.words_of(others))
    header.add_history(
        plain_text(
            f"Moment {order} ({NAMES[order]}) of {cube.name}, channels {first} to {last} (from 0){pole}"
        )
    )
    if threshold is not None:
        header.add_history(f"Values below {threshold:g} do not count")
    return fits.PrimaryHDU(image, header)


def position_velocity(
    dataset: Any,
    path: Any,
    width: int = 1,
    channels: Sequence[int] | None = None,
    stokes: Pole = None,
    check: Check | None = None,
    progress: Progress | None = None,
) -> tuple[Values, Any]:
    """Give the spectra along a path, between pixels by straight lines, and the header of that picture.

    Parameters
    ----------
    dataset
        Data set of kind ``"cube"``.
    path
        Two places or more: a `SkyCoord`, or x and y of each in pixels. They are joined by straight lines on
        the image.
    width
        Pixels across the path whose mean is taken.
    channels, stokes, check, progress
        As in `moment`.

    Returns
    -------
    tuple
        Array of shape (channels, points), points about a pixel apart, NaN beyond the image; and its FITS
        header: offset along the path (degrees on the sky, or pixels), then the spectral axis.

    Raises
    ------
    BadRequest
        A path that is none, or too long, or a width beyond 1 to 1000.
    """
    cube = Cube.of(dataset)
    points = path_points(path, cube.wcs)
    chosen = chosen_channels(cube, channels, None)
    others = cube.others(stokes)
    values = sliced(cube, points, width, chosen, others, check, progress)
    history = f"Slice of {cube.name}, {width} pixels wide,"
    return values, slice_header(cube, points, chosen, cube.unit, history)


def lazy(dataset: Any) -> Any:
    """Give a cube as a Dask array of the shape of its file, in blocks of some megabytes.

    Raises
    ------
    MissingPackage
        Dask is not installed.
    """
    try:
        import dask.array as da
    except ImportError:
        raise MissingPackage(
            "a Dask array needs dask: pip install 'astrodata-lab[scale]'; without it slice the cube: "
            "ds.array[10:20]"
        ) from None
    cube = Cube.of(dataset)
    shape = cube.axes.shape
    columns = min(shape[-1], BLOCK)
    rows = min(shape[-2], max(1, BLOCK // columns))
    channels = max(1, BLOCK // (rows * columns))
    chunks: list[int] = [1] * (len(shape) - 2)
    chunks[cube.axes.channel] = min(channels, cube.axes.channels)
    return da.from_array(cube.array, chunks=(*chunks, rows, columns), name=False, asarray=True)


def quantity_name(unit: Any) -> str:
    """Give what is measured in a unit of spectra: frequency, wavelength, velocity, energy or wavenumber."""
    from astropy import units as u

    names = {
        "Hz": "frequency",
        "m": "wavelength",
        "m/s": "velocity",
        "J": "energy",
        "1/m": "wavenumber",
    }
    for plain, name in names.items():
        if unit.is_equivalent(u.Unit(plain)):
            return name
    return "channel"


def known_unit(text: str) -> Any:
    """Give the astropy unit of a BUNIT, or None where it tells none that is known."""
    from astropy import units as u

    if not text.strip():
        return None
    found = u.Unit(text, parse_strict="silent")
    return None if isinstance(found, u.UnrecognizedUnit) else found


def _moment_unit(cube: Cube, order: int, axis: Any) -> str:
    if cube.axes.kind == "channel":
        return "" if order else cube.unit
    if order:
        return _unit_text(axis.unit)
    known = known_unit(cube.unit)
    if known is None:
        return " ".join(one for one in (cube.unit, _unit_text(axis.unit)) if one)
    return _unit_text(known * axis.unit)


def _unit_text(unit: Any) -> str:
    from astropy import units as u

    try:
        return str(unit.to_string("fits"))
    except (u.UnitsError, ValueError):
        return str(unit.to_string())


def _object(cube: Cube) -> str:
    return str(getattr(cube.dataset, "meta", {}).get("object", ""))
