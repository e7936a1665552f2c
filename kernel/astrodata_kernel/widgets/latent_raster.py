"""Maps of more points than a browser holds: counted here, by Datashader on Dask, as large as the screen."""

from __future__ import annotations

import threading
import uuid
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..errors import BadRequest, MissingPackage
from ..wire import Reply, encode
from .base import Cancel, RequestWidget, answers
from .latent_columns import MISSING
from .latent_cut import Mask
from .latent_points import Points

if TYPE_CHECKING:
    import pandas as pd

MANY = 10_000_000
"""Points beyond which the map is painted from counts of the kernel."""

_LARGEST = 4096
_ROWS = 5_000_000


class RasterWidget(RequestWidget):
    """Answers for maps of very many points; a subclass sets what is declared here."""

    _points: Points
    _lock: threading.RLock
    _cut: Any
    mask: Mask
    shown: Mask
    selection: Any
    filters: Any
    color: str

    @property
    def _many(self) -> bool:
        return len(self._points) > MANY

    @answers("raster")
    def _raster(
        self,
        x: str,
        y: str,
        x_range: list[float],
        y_range: list[float],
        width: int,
        height: int,
        color: str = "",
        *,
        cancel: Cancel,
    ) -> Reply:
        """Count the points of each pixel, the lowest row first.

        Returns
        -------
        Reply
            Two buffers: counts, u4 of shape (2, height, width), of what is shown and of what is selected; and
            bytes of the column to colour by, u1 of shape (height, width): the mean of a continuous one, the
            most frequent category else. The second is empty without a column.
        """
        width, height = int(width), int(height)
        if not (1 <= width <= _LARGEST and 1 <= height <= _LARGEST):
            raise BadRequest(f"a map of {width} x {height} pixels: give 1 to {_LARGEST}")
        spans = [tuple(float(end) for end in span) for span in (x_range, y_range)]
        if not all(np.isfinite(span).all() and span[1] > span[0] for span in spans):
            raise BadRequest(f"a map of {x_range} and {y_range}: give [low, high] of each")
        with self._lock:
            columns: dict[str, npt.NDArray[Any]] = {
                "x": self._points.values(x),
                "y": self._points.values(y),
            }
            if self.filters or not self._points.valid.all():
                columns["shown"] = self.shown
            if self.selection:
                columns["selected"] = self.mask.view(np.uint8)
            kind = ""
            if color:
                facts, columns["code"] = self._coded(color)
                kind = facts["kind"]
        cancel.check()
        counts, codes = _counted(columns, kind, spans, width, height)
        meta, buffer = encode(counts)
        return Reply(meta, [buffer, encode(codes)[1]])

    @answers("near")
    def _near(
        self, x: str, y: str, at: list[float], reach: list[float], *, cancel: Cancel
    ) -> Reply:
        """Find the point nearest to a place of the map, or -1 when none is within reach."""
        across, up = self._points.values(x), self._points.values(y)
        best, found = 1.0, -1
        for start in range(0, len(across), _ROWS):
            cancel.check()
            part = slice(start, start + _ROWS)
            dx = (across[part] - np.float64(at[0])) / reach[0]
            dy = (up[part] - np.float64(at[1])) / reach[1]
            near = np.flatnonzero((np.abs(dx) <= 1) & (np.abs(dy) <= 1) & self.shown[part])
            if len(near):
                distance = dx[near] ** 2 + dy[near] ** 2
                nearest = int(distance.argmin())
                if distance[nearest] <= best:
                    best, found = float(distance[nearest]), start + int(near[nearest])
        return Reply({"point": found})

    def _coded(self, name: str) -> tuple[dict[str, Any], npt.NDArray[np.uint8]]:
        """Give a column as bytes to colour by."""
        raise NotImplementedError


class _Rows:
    """Gives some rows of columns as a table, without a copy."""

    def __init__(self, columns: dict[str, npt.NDArray[Any]]) -> None:
        self._columns = columns
        self._name = uuid.uuid4().hex

    def __call__(self, start: int) -> pd.DataFrame:
        """Give the rows from one on."""
        import pandas as pd

        stop = min(start + _ROWS, len(self._columns["x"]))
        part = {name: values[start:stop] for name, values in self._columns.items()}
        return pd.DataFrame(part, index=pd.RangeIndex(start, stop), copy=False)

    def __dask_tokenize__(self) -> str:
        # Dask would read all values for a name otherwise.
        return self._name


def _counted(
    columns: dict[str, npt.NDArray[Any]],
    kind: str,
    spans: list[tuple[float, ...]],
    width: int,
    height: int,
) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint8]]:
    try:
        import dask
        import dask.dataframe as dd
        import datashader as ds
    except ImportError as error:
        raise MissingPackage(
            f"a map of more than {MANY:,} points needs {error.name}: pip install "
            '"astrodata-lab[scale]" in this kernel\'s environment, then restart the kernel'
        ) from None
    import pandas as pd

    count = len(columns["x"])
    starts = list(range(0, count, _ROWS))
    # Not from_pandas: that makes a Python list of all row numbers, half a minute for 100 million.
    table = dd.from_map(
        _Rows(columns),
        starts,
        meta=pd.DataFrame({name: values[:0] for name, values in columns.items()}),
        divisions=(*starts, count - 1),
    )
    if "shown" in columns:
        table = table[table["shown"]]
    canvas = ds.Canvas(width, height, x_range=spans[0], y_range=spans[1])
    wanted: dict[str, Any] = {"shown": ds.count()}
    if "selected" in columns:
        # Ones and zeros are summed: a count would take all that is not NaN.
        wanted["selected"] = ds.sum("selected")
    if kind == "continuous":
        wanted["code"] = ds.mean("code")
    with dask.config.set(scheduler="threads"), np.errstate(invalid="ignore"):
        made = canvas.points(table, "x", "y", agg=ds.summary(**wanted))
        codes = np.zeros((0, 0), np.uint8)
        if kind == "continuous":
            codes = np.nan_to_num(made["code"].to_numpy()).round().astype(np.uint8)
        elif kind:
            codes = _frequent(canvas, table, ds)
    counts = np.zeros((2, height, width), np.uint32)
    counts[0] = made["shown"].to_numpy()
    if "selected" in columns:
        counts[1] = np.nan_to_num(made["selected"].to_numpy())
    return counts, codes


def _frequent(canvas: Any, table: Any, ds: Any) -> npt.NDArray[np.uint8]:
    """Give the byte that comes most often in each pixel."""
    # There are ten categories at most, and 255 for none: in sixteen they still differ.
    by = ds.by(ds.category_modulo("code", 16), ds.count())
    found = canvas.points(table, "x", "y", agg=by)
    codes: npt.NDArray[np.uint8] = found.to_numpy().argmax(axis=2).astype(np.uint8)
    codes[codes == MISSING % 16] = MISSING
    return codes
