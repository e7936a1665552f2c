"""AstroData Lab: what the viewer does."""

import harness


def imported(_path: str) -> object:
    """Import what opening a first file would import."""
    import anywidget  # noqa: F401
    import astrodata_kernel as adk
    import astrodata_kernel.widgets.fits
    import astropy.io.fits  # noqa: F401
    from astrodata_kernel.readers import gunzip, registry, remote  # noqa: F401
    from astropy.visualization import ZScaleInterval  # noqa: F401

    registry.readers()
    return adk


def first(adk: object, path: str, side: int) -> object:
    """Open, and give the first frame with zscale."""
    viewer = adk.FitsViewer(path)
    reply = viewer.request("overview", width=-(-side // 20))
    limits = viewer.request("limits", limits="zscale").meta
    viewer.close()
    told = {"reduction": reply.meta["reduction"], "limits": [limits["low"], limits["high"]]}
    return lambda: {**told, "pixels": harness.digest(reply.array()[0])}


def warmed(path: str) -> object:
    """Open, and have everything averaged in the background, as a viewer that is looked at for a while."""
    viewer = imported(path).FitsViewer(path)
    viewer.request("overview", width=1024)
    viewer.prepare()
    return viewer.dataset.array


def cut(array: object, _path: str, side: int) -> object:
    """Read tiles."""
    return harness.tiles(lambda y, x, n: array[y : y + n, x : x + n], side)


def averaged(adk: object, path: str, _side: int) -> object:
    """Make the overviews of the whole image."""
    viewer = adk.FitsViewer(path)
    told = viewer.prepare()
    reply = viewer.request("overview", width=1024)
    return {"state": told["state"], "reduction": reply.meta["reduction"], "pixels": ""}


harness.run(
    {
        "first": (imported, first),
        "tiles": (lambda path: imported(path).open(path).array, cut),
        "rice": (warmed, cut),
        "averages": (imported, averaged),
    }
)
