"""astropy, in the ways that people read images with it."""

import sys

import harness
import numpy as np
from astropy.io import fits
from astropy.visualization import ZScaleInterval


def nothing(_path: str) -> None:
    """All is imported."""


def naive(_made: object, path: str, _side: int) -> object:
    """Read all of it, and scale all of it."""
    data = fits.getdata(path, memmap=False)
    limits = ZScaleInterval().get_limits(data)
    return lambda: {"limits": list(map(float, limits)), "pixels": harness.digest(data[::20, ::20])}


def section(_made: object, path: str, _side: int) -> object:
    """Stride by `.section`."""
    with fits.open(path, memmap=False) as hdus:
        frame = np.asarray(hdus[0].section[::20, ::20])
    limits = ZScaleInterval().get_limits(frame)
    return lambda: {"limits": list(map(float, limits)), "pixels": harness.digest(frame)}


def mapped(_made: object, path: str, _side: int) -> object:
    """Stride by the memory map."""
    with fits.open(path, memmap=True) as hdus:
        frame = np.array(hdus[0].data[::20, ::20])
    limits = ZScaleInterval().get_limits(frame)
    return lambda: {"limits": list(map(float, limits)), "pixels": harness.digest(frame)}


def averages(_made: object, path: str, side: int) -> object:
    """Average blocks of all pixels, as for an overview."""
    from astropy.nddata import block_reduce

    block_reduce(fits.getdata(path), -(-side // 1024), np.mean)
    return {"pixels": ""}


def opened(number: int, mapping: bool, part: str) -> object:
    """Give what opens an HDU and gives its pixels."""

    def ready(path: str) -> object:
        return getattr(fits.open(path, memmap=mapping)[number], part)

    return ready


def cut(pixels: object, _path: str, side: int) -> object:
    """Read tiles."""
    return harness.tiles(lambda y, x, n: pixels[y : y + n, x : x + n], side)


which = sys.argv.pop(1)
harness.run(
    {
        "naive": {"first": (nothing, naive), "averages": (nothing, averages)},
        "section": {
            "first": (nothing, section),
            "tiles": (opened(0, False, "section"), cut),
            "rice": (opened(1, False, "section"), cut),
        },
        "memmap": {"first": (nothing, mapped), "tiles": (opened(0, True, "data"), cut)},
    }[which]
)
