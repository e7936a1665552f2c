"""fitsio, which is CFITSIO."""

import fitsio
import harness


def first(_made: object, path: str, _side: int) -> object:
    """Stride."""
    with fitsio.FITS(path) as file:
        frame = file[0][::20, ::20]
    return lambda: {"pixels": harness.digest(frame)}


def cut(hdu: object, _path: str, side: int) -> object:
    """Read tiles."""
    return harness.tiles(lambda y, x, n: hdu[y : y + n, x : x + n], side)


def opened(number: int) -> object:
    """Give what opens an HDU."""

    def ready(path: str) -> object:
        file = fitsio.FITS(path)
        ready.kept = file
        return file[number]

    return ready


harness.run(
    {
        "first": (lambda _path: None, first),
        "tiles": (opened(0), cut),
        "rice": (opened(1), cut),
    }
)
