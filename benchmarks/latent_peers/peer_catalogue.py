"""A catalogue over an image in AstroData Lab's viewer, as benchmarks/catalogue.py drives it."""

import tempfile

import astrodata_kernel as adk
import numpy as np
from astropy.io import fits
from astropy.table import Table
from astropy.wcs import WCS
from points import Arrivals

SIDE = 4000

arrivals = Arrivals()
viewer = None
table = None
path = None


def _image():
    wcs = WCS(naxis=2)
    wcs.wcs.ctype, wcs.wcs.crval = ("RA---TAN", "DEC--TAN"), (150, 2)
    wcs.wcs.crpix, wcs.wcs.cdelt = (SIDE / 2, SIDE / 2), (-1e-4, 1e-4)
    return wcs


def warm():
    """Load what the first picture of a kernel does."""
    prepare(1000, 100)
    show()
    viewer.request("overview")
    viewer.request("catalogue_select", box=[0, 0, 50, 50])
    viewer.close()


def prepare(count, side=SIDE):
    """Write the image and make the rows; this is not timed."""
    global table, path
    rng = np.random.default_rng(0)
    path = tempfile.mkdtemp(prefix="astrodata-catalogue-") + "/field.fits"
    fits.writeto(path, rng.normal(100, 5, (side, side)).astype("f4"), _image().to_header())
    # A rim of a hundredth is left free, so that a box about all of them begins beside them.
    sky = _image().pixel_to_world(*rng.uniform(0.01 * side, 0.99 * side, (2, count)))
    table = Table({"ra": sky.ra.deg, "dec": sky.dec.deg, "mag": rng.normal(18, 2, count)})


def show(catalogue=True, height=800):
    """Give what the cell shows: the image in grey, the rows in colour."""
    global viewer
    viewer = adk.view(path, limits=[80, 120], height=height)
    if catalogue:
        stars = viewer.add_catalogue(table, "stars", color="#ff3000")
        viewer.observe(lambda _: arrivals.note(stars.selected), "catalogue_layers")
    else:
        viewer.colormap = "inferno"  # a picture counts as there once it has colours
    return viewer


def cone():
    """Give the seconds and the rows of a cone in the kernel."""
    import time

    from astropy.coordinates import SkyCoord

    began = time.perf_counter()
    rows = viewer.cone("stars", SkyCoord(150, 2, unit="deg"), 0.05)
    return time.perf_counter() - began, len(rows)
