"""Blocks of images, cubes and catalogues: cutouts, grids, stretches, photometry, moments, spectra."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np

from ..pipeline import Work, block
from .step_help import working

Frame = Literal["pixels", "icrs", "fk5", "fk4", "galactic"]


@block(outputs=("cutouts", "inside"))
def cutouts(
    image: Any,
    catalogue: Any,
    *,
    size: int | tuple[int, int],
    columns: tuple[str, str] = ("x", "y"),
    frame: Frame = "pixels",
    edge: Literal["fill", "shift", "drop", "refuse"] = "fill",
    fill: float = float("nan"),
    scale: str | None = None,
) -> Any:
    """Cut pieces out of an image, one about each place of a catalogue.

    Parameters
    ----------
    image
        A data set of an image, or an array of shape (rows, columns).
    catalogue
        Table with a row a place.
    size, edge, fill, scale
        As of `adk.processing.raster.cutouts`.
    columns
        Of the catalogue: x and y in pixels from 0, or the two angles in degrees.
    frame
        ``"pixels"``, or the frame of the angles.

    Returns
    -------
    cutouts : ndarray
        Shape (n, rows, columns).
    inside : ndarray
        Whether each lies in the image as a whole.
    """
    from ..processing.raster import cutouts as cut

    places = _places(catalogue, columns, frame)
    made = cut(image, places, size, edge=edge, fill=fill, scale=scale)
    return np.asarray(made[:]), made.inside


@block(outputs=("image", "file"))
def reproject_image(
    image: Any,
    onto: Any,
    *,
    order: Literal["bilinear", "nearest"] = "bilinear",
    work: Work | None = None,
) -> Any:
    """Put an image on the pixels of another one, by the WCS of both.

    Parameters
    ----------
    image, onto
        Data sets with a sky.
    order
        As of `adk.processing.reprojection.reprojected`.

    Returns
    -------
    image : ndarray
        NaN where the image does not reach.
    file : Path
        The same as FITS with its WCS.
    """
    from astropy.io import fits

    from ..processing.reprojection import reprojected

    values = np.asarray(reprojected(image, onto, order).array[:])
    place = working(work).folder / "reprojected.fits"
    fits.PrimaryHDU(values, onto.wcs.to_header()).writeto(place, overwrite=True)
    return values, place


@block(outputs=("image",))
def stretch_image(
    image: Any,
    *,
    stretch: Literal["linear", "sqrt", "square", "log", "asinh", "sinh", "histogram"] = "asinh",
    limits: str | tuple[float, float] = "99.5%",
) -> Any:
    """Bring an image to 0 to 1 as a viewer shows it.

    Parameters
    ----------
    image
        A data set of an image, or an array.
    stretch
        As of the viewer.
    limits
        What becomes 0 and 1, or ``"zscale"``, ``"minmax"`` or a central percentage such as ``"99.5%"``.

    Returns
    -------
    ndarray
        float32; NaN stays NaN.
    """
    from ..processing.raster import limits as limits_of
    from ..processing.stretches import norm_of

    values = np.asarray(getattr(image, "array", image)[:], np.float64)
    low, high = limits_of(values, limits) if isinstance(limits, str) else limits
    made = np.ma.filled(norm_of(stretch, low, high, values)(values), np.nan).astype(np.float32)
    made[~np.isfinite(values)] = np.nan
    return made


@block(outputs=("images", "scaling"))
def scale_images(
    images: Any,
    reference: Any = None,
    *,
    percentiles: tuple[float, float] = (1.0, 99.0),
    bands: list[str] = [],  # noqa: B006
    nodata: float | None = None,
) -> Any:
    """Bring each band of images to 0 to 1, between percentiles that are found once.

    Parameters
    ----------
    images
        Shape (..., bands).
    reference
        Images that the percentiles are found in, those of a training; `images` themselves by default.
    percentiles, bands, nodata
        As of `adk.processing.normalise.PercentileScaling.fit`.

    Returns
    -------
    images : ndarray
        float32.
    scaling : dict
        The limits, for others.
    """
    import json

    from ..processing.normalise import PercentileScaling

    found = PercentileScaling.fit(
        images if reference is None else reference, percentiles, bands, nodata
    )
    return found.apply(np.asarray(images), bands), json.loads(found.text)


@block(outputs=("images", "masks"))
def augment_images(images: Any, masks: Any = None, *, seed: int = 0) -> Any:
    """Turn or mirror each image at random, and its mask with it.

    Parameters
    ----------
    images
        Shape (n, rows, columns) or (n, ..., rows, columns, bands).
    masks
        Shape (n, rows, columns), or none.
    seed
        Of the draw.

    Returns
    -------
    images, masks : ndarray
        Of the same shapes; None where no masks came.
    """
    from ..processing.augment import batches

    beside = np.zeros(images.shape[:1] + _plane(images), np.uint8) if masks is None else masks
    count = max(1, len(images))
    turned, with_it = next(batches(images, beside, count, seed, shuffle=False))
    return turned, None if masks is None else with_it


@block(outputs=("table",))
def measure_sources(
    image: Any,
    catalogue: Any,
    *,
    radius: float,
    annulus: tuple[float, float] | None = None,
    columns: tuple[str, str] = ("x", "y"),
    frame: Frame = "pixels",
) -> Any:
    """Measure what lies within circles about the places of a catalogue, each beside its own sky.

    Parameters
    ----------
    image
        A data set of an image, or an array of shape (rows, columns).
    catalogue
        Table with a row a place.
    radius, annulus
        In pixels, as of `adk.processing.measure.photometry`.
    columns, frame
        As of `cutouts`.

    Returns
    -------
    pandas.DataFrame
        A row a source: ``x``, ``y``, ``pixels``, ``sum``, ``background``, ``background_std``, ``flux``.
    """
    from ..processing.measure import photometry
    from ..processing.tabular import table_of

    return table_of(photometry(image, _places(catalogue, columns, frame), radius, annulus))


@block(outputs=("table",))
def find_sources(image: Any, *, threshold: float, fwhm: float) -> Any:
    """Find the stars of an image by DAOFIND.

    Parameters
    ----------
    image
        A data set of an image, or an array of shape (rows, columns).
    threshold
        Above the median of the image, in its unit.
    fwhm
        Width of a star in pixels.

    Returns
    -------
    pandas.DataFrame
        ``x``, ``y`` in pixels from 0, ``flux``, ``peak``, ``sharpness``: a row a star.
    """
    import pandas as pd
    from photutils.detection import DAOStarFinder

    plane = np.asarray(getattr(image, "array", image)[:], np.float64)
    found = DAOStarFinder(threshold=threshold, fwhm=fwhm)(
        plane - np.nanmedian(plane), mask=~np.isfinite(plane)
    )
    names = {"x_centroid": "x", "y_centroid": "y", "flux": "flux", "peak": "peak"}
    names["sharpness"] = "sharpness"
    empty = pd.DataFrame({new: np.empty(0) for new in names.values()})
    if found is None:
        return empty
    return pd.DataFrame({new: np.asarray(found[old], float) for old, new in names.items()})


@block(outputs=("map", "file"))
def cube_moment(
    cube: Any,
    *,
    order: Literal[0, 1, 2] = 0,
    channels: tuple[int, int] | None = None,
    threshold: float | None = None,
    stokes: str | int | None = None,
    unit: str | None = None,
    work: Work | None = None,
) -> Any:
    """Make a moment map of a cube: integral, mean or dispersion along its spectral axis.

    Parameters
    ----------
    cube
        A data set of a cube.
    order, channels, threshold, stokes, unit
        As of `adk.processing.cubes.moment`.

    Returns
    -------
    map : ndarray
        Shape (rows, columns).
    file : Path
        The same as FITS with its WCS and unit.
    """
    from ..processing.cubes import moment

    work = working(work)
    made = moment(
        cube,
        order,
        channels,
        threshold=threshold,
        stokes=stokes,
        unit=unit,
        check=work.check,
        progress=work.progress,
    )
    place: Path = work.folder / f"moment{order}.fits"
    made.writeto(place, overwrite=True)
    return np.asarray(made.data, np.float64), place


@block(outputs=("table",))
def cube_spectrum(
    cube: Any,
    *,
    at: tuple[float, float] | dict[str, Any],
    statistic: Literal["mean", "sum", "median"] = "mean",
    stokes: str | int | None = None,
    unit: str | None = None,
    work: Work | None = None,
) -> Any:
    """Give the spectrum of a cube at a pixel or in a region.

    Parameters
    ----------
    cube
        A data set of a cube.
    at
        Pixel x and y, or a region such as ``{shape: circle, x: 3, y: 4, radius: 2}``.
    statistic, stokes, unit
        As of `adk.processing.cubes.spectrum`.

    Returns
    -------
    pandas.DataFrame
        A row a channel.
    """
    from ..processing.cubes import spectrum
    from ..processing.tabular import table_of

    work = working(work)
    place = (at, None) if isinstance(at, dict) else at
    run = {"check": work.check, "progress": work.progress}
    return table_of(spectrum(cube, *place, statistic, stokes, unit, **run))


@block(outputs=("table",))
def cone_of_catalogue(
    catalogue: Any,
    *,
    centre: str,
    radius: float,
    columns: tuple[str, str] = ("ra", "dec"),
    frame: Literal["icrs", "fk5", "fk4", "galactic"] = "icrs",
    work: Work | None = None,
) -> Any:
    """Give the rows of a catalogue within an angle of a place on the sky.

    Parameters
    ----------
    catalogue
        Table, or data set of one.
    centre
        As a person writes it: ``"17h45m40s -29d00m28s"`` or degrees.
    radius
        In degrees.
    columns
        The two angles, in degrees.
    frame
        Of the columns and of the centre.

    Returns
    -------
    pandas.DataFrame
    """
    from ..processing.catalogue_columns import find_columns
    from ..processing.catalogue_rows import CatalogueRows
    from ..processing.catalogues import coordinate_of, within
    from ..processing.tabular import table_of

    rows = CatalogueRows(catalogue)
    found = find_columns(rows, True, ra=columns[0], dec=columns[1], frame=frame)
    kept = within(rows, found, None, coordinate_of(centre, frame), radius, working(work).check)
    return table_of(catalogue)[kept].reset_index(drop=True)


def _places(catalogue: Any, columns: tuple[str, str], frame: str) -> Any:
    from ..errors import UnknownName, closest

    for name in columns:
        if name not in catalogue:
            raise UnknownName(f"the catalogue has no column {name!r}{closest(name, catalogue)}")
    first, second = (catalogue[name].to_numpy(np.float64) for name in columns)
    if frame == "pixels":
        return np.column_stack([first, second])
    from astropy.coordinates import SkyCoord

    return SkyCoord(first, second, unit="deg", frame=frame)


def _plane(images: Any) -> tuple[int, ...]:
    return images.shape[1:3] if images.ndim <= 4 else images.shape[-3:-1]
