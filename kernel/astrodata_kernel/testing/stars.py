"""A field of stars that never was, as a FITS image, with the truth about each star."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

ZERO_POINT = 26.5
"""Magnitude of a star of one count."""

BACKGROUND = 200.0
"""Counts of the sky in a pixel."""

CENTRE = (150.1, 2.2)
"""Right ascension and declination of the middle, in degrees: a dark field."""

EDGE = 12
"""Pixels along the edges in which no star's centre lies."""


@dataclass(frozen=True)
class Field:
    """A field of stars that was drawn, in a file.

    Parameters
    ----------
    path
        Of its FITS image.
    truth
        One row a star: ``x`` and ``y`` in pixels, of which the first one's centre is 0; ``ra`` and ``dec`` in
        degrees (ICRS); ``mag``; ``counts``.
    """

    path: Path
    truth: pd.DataFrame


def field(
    path: str | os.PathLike[str],
    count: int = 150,
    *,
    shape: tuple[int, int] = (300, 400),
    fwhm: float = 3.0,
    pixel: float = 0.5,
    seed: int = 0,
) -> Field:
    """Draw a field of stars, and write it as a FITS image with its place on the sky.

    Stars are Gaussian; faint ones are more frequent, as behind a thin slice of our galaxy. Each pixel has
    Poisson noise. The same image comes of the same seed.

    Parameters
    ----------
    path
        Of the file. One that is there is written over.
    count
        Of stars.
    shape
        Rows and columns, in pixels.
    fwhm
        Full width at half maximum of a star, in pixels.
    pixel
        Side of a pixel, in arcseconds.
    seed
        Of places, magnitudes and noise.

    Examples
    --------
    >>> import tempfile
    >>> made = field(Path(tempfile.mkdtemp()) / "stars.fits", count=3, shape=(40, 50))
    >>> len(made.truth), made.path.name
    (3, 'stars.fits')
    """
    import pandas as pd
    from astropy.io import fits
    from astropy.wcs import WCS

    rng = np.random.default_rng(seed)
    rows, columns = shape
    x = rng.uniform(EDGE, columns - EDGE, count)
    y = rng.uniform(EDGE, rows - EDGE, count)
    # Numbers grow by 10^0.3 a magnitude, between magnitudes 14 and 20.
    low, high = 10 ** (0.3 * 14), 10 ** (0.3 * 20)
    mag = np.log10(rng.uniform(low, high, count)) / 0.3
    counts = 10 ** (0.4 * (ZERO_POINT - mag))
    expected = np.full(shape, BACKGROUND)
    sigma = fwhm / np.sqrt(8 * np.log(2))
    down, across = np.arange(rows), np.arange(columns)
    for x_star, y_star, of_star in zip(x, y, counts, strict=True):
        profile = [
            np.exp(-((places - centre) ** 2) / (2 * sigma**2))
            for places, centre in ((down, y_star), (across, x_star))
        ]
        expected += of_star / (2 * np.pi * sigma**2) * np.outer(*profile)
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    wcs.wcs.crval = CENTRE
    wcs.wcs.crpix = [columns / 2, rows / 2]
    wcs.wcs.cdelt = [-pixel / 3600, pixel / 3600]
    wcs.wcs.cunit = ["deg", "deg"]
    wcs.wcs.radesys = "ICRS"
    header = wcs.to_header()
    header["OBJECT"] = ("drawn stars", "this sky never was")
    header["BUNIT"] = ("adu", "one count a photon")
    header["MAGZERO"] = (ZERO_POINT, "[mag] of one count")
    ra, dec = wcs.all_pix2world(x, y, 0)
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    fits.PrimaryHDU(rng.poisson(expected).astype(np.float32), header).writeto(
        target, overwrite=True
    )
    truth = pd.DataFrame({"x": x, "y": y, "ra": ra, "dec": dec, "mag": mag, "counts": counts})
    return Field(target, truth.sort_values("mag", ignore_index=True))
