"""Our first picture, and tiles: ``peer_ours.py first|tiles PRODUCT SIDE COUNT``."""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor

from places import EDGE, corners, tell, timed

BANDS = ["B04", "B03", "B02"]


def first(product: str) -> None:
    """Open a product and answer all that the viewer asks for until its first picture is painted."""
    import astrodata_kernel as adk
    import rasterio  # noqa: F401 - imports are no work of ours

    adk.SceneViewer, adk.open  # noqa: B018 - nor are those of the package
    wall, cpu = time.perf_counter(), time.process_time()
    viewer = adk.SceneViewer(product, transcode=False)
    viewer.request("describe", hdu=0)

    def plane(number: int) -> None:
        viewer.request("overview", width=1024, hdu=0, plane=number)
        viewer.request("limits", limits=viewer.limits, hdu=0, plane=number)

    # The browser asks for the three of them at once, and a thread answers each.
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(plane, range(3)))
    tell(wall=time.perf_counter() - wall, cpu=time.process_time() - cpu)


def tiles(product: str, side: int, count: int) -> None:
    """Give tiles of one band, from JPEG 2000 and from the session's tiled copy; keep that for the peers."""
    import astrodata_kernel as adk
    from astrodata_kernel.readers.sentinel_transcode import copy_of

    scene = adk.open(product)
    places = corners(side, count)

    def tile(place: tuple[int, int]) -> object:
        return viewer.request("tile", level=0, y=place[0], x=place[1], bands=["B04"])

    viewer = adk.SceneViewer(scene, transcode=False)
    found = {"jp2": timed(tile, places[: max(3, count // 10)])}
    wall, cpu = time.perf_counter(), time.process_time()
    scene.transcode(["B04"]).wait()
    took = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    found["copy"] = timed(tile, places)
    tell(**found, transcoding=took, edge=EDGE, place=copy_of(scene.named("B04").raster).place)
    sys.stdin.readline()  # the copy goes with this process


if __name__ == "__main__":
    if sys.argv[1] == "first":
        first(sys.argv[2])
    else:
        tiles(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
