"""rio-tiler and titiler: ``peer_tiler.py first FILE...`` or ``tiles|http FILE SIDE COUNT``."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import time
import urllib.parse

from places import EDGE, corners, tell, timed

SETTINGS = {"GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR", "GDAL_CACHEMAX": "200"}
"""What titiler's own guide recommends."""
SERVER = """
import uvicorn
from fastapi import FastAPI
from titiler.core.factory import TilerFactory
app = FastAPI()
app.include_router(TilerFactory().router)
uvicorn.run(app, host="127.0.0.1", port={port}, log_level="error", access_log=False)
"""


def first(files: list[str]) -> None:
    """Read three bands at the size of a picture, and the limits to paint them by."""
    import numpy as np
    from rio_tiler.io import Reader

    wall, cpu = time.perf_counter(), time.process_time()
    for file in files:
        with Reader(file) as image:
            picture = image.preview(max_size=1024).data[0]
        np.percentile(picture, (0.5, 99.5))
    tell(wall=time.perf_counter() - wall, cpu=time.process_time() - cpu)


def tiles(file: str, side: int, count: int) -> None:
    """Read tiles of the web's grid, about as large as ours, in this process."""
    from rio_tiler.io import Reader

    with Reader(file) as image:
        tell(**timed(lambda tile: image.tile(*tile, tilesize=EDGE), _tiles(image, side, count)))


def over_http(file: str, side: int, count: int) -> None:
    """Ask a titiler of one worker for the same tiles, as numbers."""
    from rio_tiler.io import Reader

    with Reader(file) as image:
        wanted = _tiles(image, side, count)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen([sys.executable, "-c", SERVER.format(port=port)])
    try:
        link = _connected(port, server)
        query = urllib.parse.urlencode({"url": file, "tilesize": EDGE})

        def tile(place: tuple[int, int, int]) -> bytes:
            x, y, z = place
            link.request("GET", f"/tiles/WebMercatorQuad/{z}/{x}/{y}.npy?{query}")
            answer = link.getresponse()
            data = answer.read()
            if answer.status != 200:
                raise SystemExit(f"titiler answered {answer.status}: {data[:200]!r}")
            return data

        tell(**timed(tile, wanted))
    finally:
        server.terminate()
        server.wait()


def _connected(port: int, server: subprocess.Popen[bytes]) -> http.client.HTTPConnection:
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    while True:
        try:
            link.connect()
            return link
        except ConnectionRefusedError:
            if server.poll() is not None:
                raise SystemExit("titiler ended before it listened") from None
            time.sleep(0.1)


def _tiles(image: object, side: int, count: int) -> list[tuple[int, int, int]]:
    """Give the web's tiles in the middles of ours, where a pixel is nearest to one of the file."""
    from rasterio.warp import transform

    data = image.dataset
    middles = [(EDGE * (x + 0.5), EDGE * (y + 0.5)) for y, x in corners(side, count)]
    easts, norths = zip(*(data.transform * place for place in middles), strict=True)
    lons, lats = transform(data.crs, "EPSG:4326", easts, norths)
    zoom = image.maxzoom - 1  # tiles of 512 pixels: one level less than those of 256
    found = [image.tms.tile(lon, lat, zoom) for lon, lat in zip(lons, lats, strict=True)]
    return [(tile.x, tile.y, tile.z) for tile in found]


if __name__ == "__main__":
    os.environ.update(SETTINGS)
    if sys.argv[1] == "first":
        first(sys.argv[2:])
    else:
        work = tiles if sys.argv[1] == "tiles" else over_http
        work(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
