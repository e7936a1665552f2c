"""Two columns of a table as points: their values for the browser, counts of very many, boxes that select."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import BadRequest
from ..processing.row_masks import Mask
from ..processing.table_curves import error_column, phases
from ..processing.table_order import as_floats
from ..processing.table_statistics import density_of, extent
from ..wire import Reply, encode
from .base import Cancel, RequestWidget, answers
from .table_book import Book, Work
from .waveforms_jobs import NotYet

CHUNK = 500_000
"""Values of a column in one message."""

MANY = 4_000_000
"""Rows beyond which points are counted in the kernel, and only counts travel."""

PATIENCE = 0.3

Floats = npt.NDArray[np.float64]


class PlottingTable(RequestWidget):
    """Answers for the plot of two columns; a subclass sets what is declared here, and the traits."""

    book: Book
    filter: Any
    good_only: Any
    y: Any
    period: Any
    epoch: Any
    _work: Work

    def plotted(self) -> Mask:
        """Give the rows that the plot shows, boolean: they pass the filter, and are of good quality."""
        return self._plotted(self.book.mask(self.filter), self.good_only, str(self.y))

    def _plotted(self, mask: Mask | None, good: bool, flux: str) -> Mask:
        rows, curve = self.book.rows, self.book.curve
        found = np.ones(rows.count, bool) if mask is None else mask.copy()
        if good and curve is not None:
            if curve.quality:
                found &= np.ma.getdata(rows.column(curve.quality)) == 0
            error = error_column(flux, rows.numbers) if flux in curve.fluxes else ""
            if error:
                # Cadences without a measurement have a flux and an error of 0 in some products.
                with np.errstate(invalid="ignore"):
                    found &= ~(as_floats(rows.column(error)) <= 0)
        return found

    @answers("bits")
    def _answer_bits(
        self,
        where: str = "",
        good: bool = True,
        flux: str = "",
        view: str = "",
        patience: float = PATIENCE,
    ) -> Reply:
        """Give a bit a row, two buffers: what is plotted, what is selected."""
        try:
            mask = self._work.mask(self.book, where, view, patience)
        except NotYet as not_yet:
            return Reply({"ready": False, "progress": not_yet.progress, "doing": "filtering"})
        shown = self._plotted(mask, good, flux)
        made = [np.packbits(one, bitorder="little") for one in (shown, self.book.selected)]
        meta = {"shown": int(shown.sum()), "selected": int(self.book.selected.sum())}
        return Reply({"ready": True, **meta}, [encode(one[None, None])[1] for one in made])

    @answers("values")
    def _answer_values(self, name: str, start: int, *, cancel: Cancel) -> Reply:
        """Give a stretch of a column as float32, and what that leaves out of its values."""
        values = self.book.rows.column(str(name), cancel.check)
        if not 0 <= int(start) <= len(values):
            raise BadRequest(f"there are no values of {name!r} from {start}")
        part = as_floats(values[int(start) : int(start) + CHUNK])
        meta, buffer = encode(part[None, None])
        buffers = [buffer]
        if values.dtype.itemsize > 4 or values.dtype.kind == "M":
            with np.errstate(invalid="ignore", over="ignore"):
                rest = part - part.astype(np.float32).astype(np.float64)
            rest[~np.isfinite(rest)] = 0
            buffers.append(encode(rest[None, None])[1])
        return Reply({**meta, "name": name, "start": int(start)}, buffers)

    @answers("extent")
    def _answer_extent(self, name: str, log: bool = False, *, cancel: Cancel) -> Reply:
        """Give a column's lowest and highest value, of the positive ones for a logarithmic axis."""
        found = extent(self.book.rows.column(str(name), cancel.check), bool(log))
        low, high = found or (None, None)
        errors = error_column(str(name), self.book.rows.numbers)
        return Reply({"name": name, "low": low, "high": high, "error": errors})

    @answers("raster")
    def _answer_raster(
        self,
        x: Mapping[str, Any],
        y: Mapping[str, Any],
        x_range: Sequence[float],
        y_range: Sequence[float],
        width: int,
        height: int,
        where: str = "",
        good: bool = True,
        *,
        cancel: Cancel,
    ) -> Reply:
        """Count shown and selected points of each pixel: u4 (2, height, width), the lowest row first."""
        across, up = self._placed(x, cancel), self._placed(y, cancel)
        shown = self._plotted(self.book.mask(where, cancel.check), good, str(y["name"]))
        spans = [(float(a), float(b)) for a, b in (x_range, y_range)]
        size = int(width), int(height)
        layers = [density_of(across, up, spans[0], spans[1], *size, shown, cancel.check)]
        chosen = shown & self.book.selected
        layers.append(density_of(across, up, spans[0], spans[1], *size, chosen, cancel.check))
        meta, buffer = encode(np.stack(layers))
        return Reply({**meta, "drawn": int(layers[0].sum())}, [buffer])

    def in_box(
        self,
        x: str,
        y: str,
        x_range: Sequence[float],
        y_range: Sequence[float],
        fold: Sequence[float] | None = None,
    ) -> Mask:
        """Give the plotted rows whose values lie in a box, both ends included.

        Parameters
        ----------
        x, y
            Columns across and up.
        x_range, y_range
            Lowest and highest value of each.
        fold
            Period and epoch: `x` is then a phase of that, in [-0.5, 0.5).
        """
        mask = self.plotted()
        for name, ends, turn in ((x, x_range, fold), (y, y_range, None)):
            low, high = sorted(float(end) for end in ends)
            if not (math.isfinite(low) and math.isfinite(high)):
                raise BadRequest(f"a box from {low} to {high}: give finite numbers")
            values = as_floats(self.book.rows.column(name))
            if turn is not None:
                values = phases(values, float(turn[0]), float(turn[1]))
            with np.errstate(invalid="ignore"):
                mask &= (values >= low) & (values <= high)
        return mask

    def _placed(self, axis: Mapping[str, Any], cancel: Cancel) -> Floats:
        """Give a column as it lies along an axis: folded, logarithmic, or the other way round."""
        values = as_floats(self.book.rows.column(str(axis["name"]), cancel.check))
        if axis.get("fold"):
            values = phases(values, *map(float, axis["fold"]))
        if axis.get("log"):
            with np.errstate(all="ignore"):
                values = np.where(values > 0, np.log10(values), np.nan)
        return -values if axis.get("flip") else values
