"""Bands in JPEG 2000 written anew as tiled GeoTIFF, in the background, once a session.

A window of JPEG 2000 costs some fifty times that of a tiled file, and a whole band some 15 s of a processor's
time. The copies lie in the process's own temporary folder and go with it.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from ..datasets.lazy import Values
from ..errors import AstrodataError, Cancelled, DamagedFile, TooLarge, UnreadableFile
from .geotiff_writing import profile_of
from .once import Once, Progress
from .scratch import folder
from .sentinel_gdal import SETTINGS, GdalFile, needed
from .sentinel_raster import GdalRaster

TILE = 512
_STRIP = 1024
_THREADS = min(4, os.cpu_count() or 1)
_LEFT_FREE = 1 << 30
_copies: Once[GdalFile] = Once(lambda file: Path(file.place).exists())
_done: dict[Any, GdalFile] = {}


def copy_of(raster: GdalRaster) -> GdalFile | None:
    """Give the tiled copy of a layer, None where there is none (yet), or where it holds no more.

    A copy that was removed is no copy, and neither is one of a file that changed since.
    """
    key = (raster.file.key, raster.index)
    made = _done.get(key)
    if made is None or (Path(made.place).exists() and not _changed(raster.file)):
        return made
    _done.pop(key, None)
    return None


def _changed(file: GdalFile) -> bool:
    """Tell whether a file is another one than when it was opened; one that is gone is none."""
    try:
        status = file.local.stat() if file.local is not None else None
    except OSError:
        return False
    return status is not None and file.stamp != (status.st_size, status.st_mtime_ns)


def transcoded(
    raster: GdalRaster, progress: Progress | None = None, classes: bool = False
) -> GdalFile:
    """Give the tiled copy of a layer, made when it is first wanted, once for all who want it.

    Parameters
    ----------
    raster
        A layer.
    progress
        Told the share done; what it raises, such as `Cancelled`, gives the work up and leaves nothing behind.
    classes
        Whether its numbers are classes, of which no means are made for its lower resolutions.

    Raises
    ------
    TooLarge
        The temporary folder has no room.
    UnreadableFile, DamagedFile
        The band cannot be read, or the copy not be written.
    """
    key = (raster.file.key, raster.index)
    made = _copies.get(key, lambda told: _written(raster, told, classes), progress)
    _done[key] = made
    return made


def _written(raster: GdalRaster, told: Progress, classes: bool) -> GdalFile:
    rasterio = needed()
    from rasterio.enums import Resampling
    from rasterio.windows import Window

    rows, columns = raster.grid.shape
    size = rows * columns * raster.dtype.itemsize
    home = folder()
    if shutil.disk_usage(home).free < 2 * size + _LEFT_FREE:
        raise TooLarge(
            f"{home.parent} has no room for a tiled copy of {raster.file.name} ({size:,} bytes): make room "
            "there, or set TMPDIR"
        )
    name = Path(tempfile.mkdtemp(dir=home, prefix="scene-")) / "band.tif"
    done = False
    try:
        with rasterio.Env(**SETTINGS, GDAL_TIFF_INTERNAL_MASK="NO"):
            with rasterio.open(name, "w", **_profile(raster)) as out:
                for share, (block, values) in _blocks(raster):
                    window = Window(
                        block[1].start, block[0].start, values.shape[1], values.shape[0]
                    )
                    out.write(values, 1, window=window)
                    told(0.9 * share)
            factors = [n for n in (2, 4, 8, 16, 32, 64) if n * TILE < 2 * max(rows, columns)]
            if factors:
                with rasterio.open(name, "r+") as out:
                    way = Resampling.nearest if classes else Resampling.average
                    out.build_overviews(factors, way)
        told(1.0)
        done = True
    except rasterio.errors.RasterioError as error:
        raise UnreadableFile(
            f"a tiled copy of {raster.file.name} cannot be written to {home.parent} "
            f"({str(error)[:160]}): make room there, or set TMPDIR"
        ) from None
    finally:
        if not done:
            shutil.rmtree(name.parent, ignore_errors=True)
    return GdalFile.at(name, raster.file.name)


def _blocks(raster: GdalRaster) -> Iterator[tuple[float, tuple[tuple[slice, slice], Values]]]:
    """Give the blocks of a layer with the share done, decoded by some threads, each with its own handle."""
    rows, columns = raster.grid.shape
    side = max(_STRIP, *raster.facts.block)
    blocks = [
        (slice(top, min(top + side, rows)), slice(left, min(left + side, columns)))
        for top in range(0, rows, side)
        for left in range(0, columns, side)
    ]
    with ThreadPoolExecutor(_THREADS, "astrodata-decode") as pool:
        waiting: deque[tuple[tuple[slice, slice], Future[Values]]] = deque()
        try:
            for number, block in enumerate(blocks):
                waiting.append((block, pool.submit(raster.window, raster.file, None, *block)))
                # No more in memory than the threads need to stay busy.
                while len(waiting) > 2 * _THREADS or (waiting and number == len(blocks) - 1):
                    first, work = waiting.popleft()
                    yield (number + 1 - len(waiting)) / len(blocks), (first, work.result())
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _profile(raster: GdalRaster) -> dict[str, Any]:
    return {
        **profile_of(raster.grid, raster.dtype, nodata=raster.nodata),
        "tiled": True,
        "blockxsize": TILE,
        "blockysize": TILE,
        # At its quickest: every GDAL has it, and reading is what matters.
        "zlevel": 1,
    }


class Transcoding:
    """Layers that are written anew in the background, one after the other.

    Parameters
    ----------
    rasters
        The layers; those that are no JPEG 2000 are left out.
    report
        Told the share done of all, 0 to 1, by the thread that works.
    classes
        Which of the layers hold classes.
    """

    def __init__(
        self,
        rasters: Sequence[GdalRaster],
        report: Callable[[float], None] | None = None,
        classes: Sequence[GdalRaster] = (),
    ) -> None:
        self._rasters = [raster for raster in rasters if raster.is_jpeg2000]
        self._classes = list(classes)
        self._report = report
        self._cancelled = threading.Event()
        self._finished = threading.Event()
        self._error: Exception | None = None
        self.progress = 0.0
        self._thread = threading.Thread(target=self._run, name="astrodata-transcode", daemon=True)
        self._thread.start()

    @property
    def bands(self) -> int:
        """How many layers there are to write."""
        return len(self._rasters)

    @property
    def done(self) -> bool:
        """Whether it is over: done, cancelled or failed."""
        return self._finished.is_set()

    @property
    def cancelled(self) -> bool:
        """Whether it was told to stop."""
        return self._cancelled.is_set()

    @property
    def error(self) -> Exception | None:
        """What went wrong, or `Cancelled`; None while nothing has."""
        return self._error

    def cancel(self) -> None:
        """Stop; bands that are whole stay."""
        self._cancelled.set()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it is over, at most `timeout` seconds, and tell whether it is.

        Raises
        ------
        AstrodataError
            What went wrong; `Cancelled` after `cancel`.
        """
        over = self._finished.wait(timeout)
        if over and self._error is not None:
            raise self._error
        return over

    def _run(self) -> None:
        try:
            for number, raster in enumerate(self._rasters):
                in_classes = any(raster is one for one in self._classes)
                transcoded(raster, lambda share, at=number: self._tell(at + share), in_classes)  # type: ignore[misc]
            self._tell(float(len(self._rasters)))
        except AstrodataError as error:
            self._error = error
        except Exception as error:  # noqa: BLE001 - told to whoever waits
            self._error = DamagedFile(
                f"a band cannot be written anew ({type(error).__name__}: {error})"
            )
        finally:
            self._finished.set()

    def _tell(self, bands: float) -> None:
        if self._cancelled.is_set():
            raise Cancelled("writing the bands anew was cancelled")
        self.progress = bands / max(1, len(self._rasters))
        if self._report is not None:
            self._report(self.progress)
