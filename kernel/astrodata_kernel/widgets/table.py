"""The viewer of tables: rows as they are looked at, columns against each other, light curves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import traitlets

from ..datasets import Dataset
from ..errors import BadRequest, UnsupportedFormat
from ..processing.table_curves import LightCurveFacts, error_column, phases
from ..processing.table_statistics import column_histogram, column_statistics
from ..wire import Reply
from .base import STATIC, answers
from .table_asking import AskingTable
from .table_book import Book, Work
from .table_plotting import CHUNK, MANY, PlottingTable
from .table_saving import SavingTable


class TableViewer(AskingTable, PlottingTable, SavingTable):
    """Viewer of a table of any length, sorted, filtered and plotted; of times and fluxes as a light curve.

    Parameters
    ----------
    source
        A path or URL, an open `Dataset` of kind ``"table"``, an astropy ``Table`` or ``QTable``, a pandas
        ``DataFrame``, a structured array, or a mapping of names to columns.
    hdu
        Number or EXTNAME of the HDU to show first; the first table by default.
    **traits
        Initial values of the traits below.

    Raises
    ------
    AstrodataError
        A source that cannot be read, or that holds no table.

    Examples
    --------
    >>> viewer = TableViewer({"mag": [18.2, 21.0, 19.5], "name": ["a", "b", "c"]}, filter="mag > 19")
    >>> viewer.sort = ["mag", "asc"]
    >>> viewer.table()["name"].tolist()
    ['c', 'b']
    """

    _esm = STATIC / "table.js"
    _css = STATIC / "table.css"

    hdu = traitlets.Int(0, help="Number of the HDU on show.").tag(sync=True)
    columns = traitlets.List(
        traitlets.Unicode(), help="Columns on show, in their order; [] shows all."
    ).tag(sync=True)
    filter = traitlets.Unicode(
        "",
        help='Condition on columns, such as "parallax > 5 & mag < 18"; rows that do not pass are not shown.',
    ).tag(sync=True)
    sort = traitlets.List(
        traitlets.Unicode(), help='Order of the rows: [column, "asc" or "desc"]; [] as they come.'
    ).tag(sync=True)
    row = traitlets.Int(-1, help="Number of the row in the foreground, from 0; -1 is none.").tag(
        sync=True
    )
    x = traitlets.Unicode("", help="Column across the plot; empty for no plot.").tag(sync=True)
    y = traitlets.Unicode("", help="Column up the plot.").tag(sync=True)
    x_log = traitlets.Bool(False, help="Whether the axis across is logarithmic.").tag(sync=True)
    y_log = traitlets.Bool(False, help="Whether the axis up is logarithmic.").tag(sync=True)
    x_flip = traitlets.Bool(False, help="Whether the axis across runs to the left.").tag(sync=True)
    y_flip = traitlets.Bool(False, help="Whether the axis up runs downwards.").tag(sync=True)
    marks = traitlets.Enum(
        ("points", "line", "both"), "points", help="How rows are drawn in the plot."
    ).tag(sync=True)
    errors = traitlets.Bool(
        False, help="Whether error bars are drawn, of columns such as FLUX_ERR beside FLUX."
    ).tag(sync=True)
    good_only = traitlets.Bool(
        True,
        help="Whether a light curve leaves out rows whose quality is not 0, or that have no error above 0.",
    ).tag(sync=True)
    period = traitlets.Float(
        None,
        allow_none=True,
        help="Period in the unit of the times by which a light curve is folded; None does not fold.",
    ).tag(sync=True)
    epoch = traitlets.Float(0.0, help="Time of phase 0, counted as the column of times is.").tag(
        sync=True
    )
    height = traitlets.Int(320, min=120, help="Height of the rows in CSS pixels.").tag(sync=True)
    selection = traitlets.Dict(
        {"count": 0, "version": 0}, read_only=True, help="How many rows are selected."
    ).tag(sync=True)

    _saved = (
        "hdu",
        "columns",
        "filter",
        "sort",
        "x",
        "y",
        "x_log",
        "y_log",
        "x_flip",
        "y_flip",
        "marks",
        "errors",
        "good_only",
        "period",
        "epoch",
        "height",
    )

    def __init__(self, source: Any, hdu: int | str | None = None, **traits: Any) -> None:
        self._work = Work()
        self.dataset: Dataset | None = None
        self.name = "table"
        table = source
        if isinstance(source, str | Path) or hasattr(source, "__fspath__"):
            from ..readers.registry import open_dataset

            table = open_dataset(source)
        if isinstance(table, Dataset):
            self.dataset = table = _table_of(table, hdu)
            self.name = table.name
        self.book = Book(table)
        traits["hdu"] = 0 if self.dataset is None else self.dataset.part
        curve = self.book.curve
        if curve is not None:
            traits = {"x": curve.time, "y": curve.flux, **traits}
        super().__init__(**traits)

    # --- Python's side ----------------------------------------------------------------------------

    @property
    def selected(self) -> npt.NDArray[np.int64]:
        """Numbers of the selected rows, ascending; set numbers, or a boolean array of all rows."""
        return np.flatnonzero(self.book.selected)

    @selected.setter
    def selected(self, numbers: npt.ArrayLike) -> None:
        self._select(self.book.mask_of(numbers), "replace")

    @property
    def filtered(self) -> npt.NDArray[np.int64]:
        """Numbers of the rows that pass the filter, in the order on show."""
        return self._numbers("filtered")

    def select_box(
        self,
        x_range: Sequence[float],
        y_range: Sequence[float],
        op: str = "replace",
    ) -> None:
        """Select the rows of a box in the plot, in the values of its columns; of a folded one x is the phase.

        Parameters
        ----------
        x_range, y_range
            Lowest and highest value.
        op
            ``"replace"``, ``"add"``, ``"subtract"`` or ``"intersect"``.
        """
        if not self.x or not self.y:
            raise BadRequest("nothing is plotted: set x and y to columns first")
        self._select(self.in_box(self.x, self.y, x_range, y_range, self._fold()), op)

    def goto(self, row: int) -> None:
        """Bring a row into the foreground, by its number in the file from 0.

        Raises
        ------
        BadRequest
            There is no such row, or it does not pass the filter.
        """
        self.book.mask_of([row])
        mask = self.book.mask(self.filter)
        if mask is not None and not mask[row]:
            raise BadRequest(f"row {row} does not pass the filter {self.filter!r}")
        self.row = int(row)

    def statistics(self, column: str) -> dict[str, Any]:
        """Give what the values of a column are like, of the rows that pass the filter.

        See `astrodata_kernel.processing.table_statistics.column_statistics`.
        """
        return column_statistics(self.book.rows, column, self.book.mask(self.filter))

    def histogram(
        self, column: str, bins: int = 100, limits: tuple[float, float] | None = None
    ) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.float64]]:
        """Give the counts and the edges of a column's histogram, of the rows that pass the filter."""
        mask = self.book.mask(self.filter)
        counts, low, high = column_histogram(self.book.rows, column, bins, mask, limits)
        return counts[1], np.linspace(low, high, bins + 1)

    @property
    def is_light_curve(self) -> bool:
        """Whether the table has a column of times and one of fluxes."""
        return self.book.curve is not None

    def light_curve(self) -> Any:
        """Give the light curve on show as a `QTable`: time, phase where it is folded, flux and its error.

        ``meta`` says what is added to the times to give days of ``system``.

        Raises
        ------
        UnsupportedFormat
            The table is no light curve.
        """
        curve = self._curve()
        flux = self.y if self.y in self.book.rows.numbers else curve.flux
        error = error_column(flux, self.book.rows.numbers)
        names = [curve.time, flux, *([error] if error else [])]
        numbers = np.flatnonzero(self.plotted())
        found = self.book.rows.table(numbers, names)
        found.rename_columns(names, ["time", "flux", *(["flux_err"] if error else [])])
        if self.period is not None:
            times = self.book.rows.page(numbers, [curve.time])[curve.time]
            turned = phases(np.ma.filled(times.astype(float), np.nan), self.period, self.epoch)
            found.add_column(turned, index=1, name="phase")
        found.meta = {"zero": curve.zero, "system": curve.system, "flux": flux}
        return found

    def close(self) -> None:
        """Close the widget and give up what it still computes."""
        self._work.jobs.close()
        super().close()

    # --- traits -----------------------------------------------------------------------------------

    @traitlets.validate("columns")
    def _columns_exist(self, proposal: dict[str, Any]) -> list[str]:
        names = list(dict.fromkeys(proposal["value"]))
        for name in names:
            self.book.rows.facts(name)
        return names

    @traitlets.validate("filter")
    def _filter_is_possible(self, proposal: dict[str, Any]) -> str:
        self.book.condition(proposal["value"])
        return str(proposal["value"]).strip()

    @traitlets.validate("sort")
    def _sort_is_possible(self, proposal: dict[str, Any]) -> list[str]:
        self.book.check_sort(proposal["value"])
        return list(proposal["value"])

    @traitlets.validate("row")
    def _row_exists(self, proposal: dict[str, Any]) -> int:
        row = int(proposal["value"])
        if not -1 <= row < self.book.rows.count:
            raise BadRequest(f"row {row}: the table has rows 0 to {self.book.rows.count - 1}")
        return row

    @traitlets.validate("x", "y")
    def _axis_exists(self, proposal: dict[str, Any]) -> str:
        name = str(proposal["value"])
        if name and self.book.rows.facts(name).kind not in ("number", "flag", "time"):
            raise BadRequest(f"column {name!r} has no numbers to plot")
        return name

    @traitlets.validate("period")
    def _period_is_possible(self, proposal: dict[str, Any]) -> float | None:
        period = proposal["value"]
        if period is not None and not (math.isfinite(period) and period > 0):
            raise BadRequest(f"period {period}: give a positive number, or None")
        return None if period is None else float(period)

    @traitlets.observe("hdu")
    def _show_hdu(self, change: dict[str, Any]) -> None:
        if self.dataset is None or change["new"] == self.dataset.part:
            return
        self.dataset = _table_of(self.dataset, change["new"])
        self.book = Book(self.dataset)
        curve = self.book.curve
        with self.hold_trait_notifications():
            self.columns, self.sort, self.filter, self.row = [], [], "", -1
            self.x, self.y = (curve.time, curve.flux) if curve else ("", "")
        self._tell()

    # --- requests ---------------------------------------------------------------------------------

    @answers("describe")
    def _describe(self) -> Reply:
        rows, curve = self.book.rows, self.book.curve
        parts = () if self.dataset is None else self.dataset.parts
        warnings = [] if self.dataset is None else self.dataset.meta.get("warnings", ())
        return Reply(
            {
                "name": self.name,
                "hdu": 0 if self.dataset is None else self.dataset.part,
                "rows": rows.count,
                "points": rows.count,
                "chunk": CHUNK,
                "many": rows.count > MANY,
                "columns": [
                    {
                        "name": column.name,
                        "kind": column.kind,
                        "dtype": column.dtype,
                        "unit": column.unit,
                        "description": column.description,
                        "error": error_column(column.name, rows.numbers),
                    }
                    for column in rows.columns
                ],
                "parts": [
                    {"index": part.index, "name": part.name, "rows": part.shape[0]}
                    for part in parts
                    if part.kind == "table" and not part.note
                ],
                "curve": None if curve is None else _curve_meta(curve),
                "warnings": [str(warning) for warning in warnings],
            }
        )

    # --- inside -----------------------------------------------------------------------------------

    def _select(self, mask: npt.NDArray[np.bool_], op: str) -> None:
        self.book.select(mask, op)
        self._tell()

    def _tell(self) -> None:
        count = int(self.book.selected.sum())
        version = self.selection["version"] + 1
        self.set_trait("selection", {"count": count, "version": version})

    def _fold(self) -> tuple[float, float] | None:
        curve = self.book.curve
        folded = self.period is not None and curve is not None and self.x == curve.time
        return (self.period, self.epoch) if folded else None

    def _curve(self) -> LightCurveFacts:
        if self.book.curve is None:
            raise UnsupportedFormat(
                f"{self.name} is no light curve: it has no column of times beside one of fluxes"
            )
        return self.book.curve


def _table_of(dataset: Dataset, hdu: int | str | None) -> Dataset:
    """Give a data set's part with a table: the one that is asked for, or the first.

    Raises
    ------
    UnsupportedFormat
        There is none.
    """
    if hdu is not None:
        dataset = dataset.hdu(hdu)
    if dataset.has_table:
        return dataset
    if hdu is None:
        for part in dataset.parts:
            if part.kind == "table" and not part.note:
                return dataset.hdu(part.index)
    raise UnsupportedFormat(
        f"{dataset.name}, part {dataset.part} is of kind {dataset.kind!r}: no table"
    )


def _curve_meta(curve: LightCurveFacts) -> dict[str, Any]:
    return {
        "time": curve.time,
        "flux": curve.flux,
        "fluxes": list(curve.fluxes),
        "quality": curve.quality,
        "zero": curve.zero,
        "system": curve.system,
        "unit": curve.unit,
    }
