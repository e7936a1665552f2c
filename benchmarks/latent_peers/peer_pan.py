"""A large image in AstroData Lab's viewer, as benchmarks/pan.py drives it."""

import tempfile
import threading

import astrodata_kernel as adk
import numpy as np
from astropy.io import fits

viewer = None
_lock = threading.Lock()
_tiles = 0


def warm():
    """Load what the first picture of a kernel does."""
    path = tempfile.mkdtemp(prefix="astrodata-pan-") + "/small.fits"
    fits.writeto(path, np.zeros((600, 600), "f4"))
    show(path)
    viewer.request("tile", level=0, x=0, y=0)
    viewer.close()


def show(path, height=800):
    """Give what the cell shows, in colours: a picture counts as there once it has some."""
    global viewer
    viewer = adk.view(path, limits=[80, 120], height=height, colormap="inferno")
    answered = viewer._call

    def counted(kind, *rest):
        global _tiles
        if kind == "tile":
            with _lock:
                _tiles += 1
        return answered(kind, *rest)

    viewer._call = counted
    return viewer


def tiles():
    """Give how many tiles were asked for since the last question."""
    global _tiles
    with _lock:
        count, _tiles = _tiles, 0
    return count
