"""What was found of how much columns matter, as a table, values of each repeat or row, and figures."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import Any

import numpy as np
import pandas as pd

SHOWN = 20


@dataclass(frozen=True, eq=False)
class Importance:
    """How much each column, or group of columns, matters to a model; `importance` makes it.

    Parameters
    ----------
    method
        ``"permutation"`` or ``"shap"``.
    metric
        What gets worse when a column is shuffled; of SHAP, the output that the values make up.
    table
        A row for each column or group, those that matter most first. ``mean`` and ``std`` and, by
        permutation, ``repeat 1``, ...: the loss of a score, or the gain of an error, in units of the
        metric. By SHAP the mean and spread of the values' sizes over the rows; of three classes and more,
        their sum over these.
    values
        In the order of the table. By permutation of shape (columns, repeats); by SHAP (rows, columns), or
        (rows, columns, classes) for three classes and more.
    base
        By permutation the metric of the rows as they are; by SHAP what each row's values add up to its output
        from, of each class where there are three and more.
    target
        Name of what is predicted.
    rows, seed
        How many were looked at, and what decided the draws.
    notes
        What to keep in mind, in words.
    correlated
        Columns that tell the same, to be given as ``group=``.
    outputs, features, classes, residual
        By SHAP only: the output of each row, its columns (NaN of groups), the classes, and how far the sums
        of the values are from the outputs at most.

    Examples
    --------
    >>> table = pd.DataFrame({"mean": [0.3, 0.0], "std": [0.01, 0.01]}, index=["x", "noise"])
    >>> made = Importance("permutation", "r2", table, np.array([[0.3], [0.0]]), 0.9, "y", 50, 0)
    >>> made
    <Importance by permutation of 2 columns to 'y': x, noise>
    """

    method: str
    metric: str
    table: pd.DataFrame
    values: Any
    base: Any
    target: str
    rows: int
    seed: int
    notes: tuple[str, ...] = ()
    correlated: tuple[tuple[str, ...], ...] = ()
    outputs: Any = field(default=None, repr=False)
    features: pd.DataFrame | None = field(default=None, repr=False)
    classes: tuple[Any, ...] = ()
    residual: float | None = None

    def figure(self, most: int = SHOWN) -> Any:
        """Give bars of the columns that matter most, with their spread.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from .figures import bars

        return bars(self, most)

    def summary_figure(self, most: int = SHOWN, of: Any = None) -> Any:
        """Give a point for each row and column: its SHAP value, coloured by how high the column is.

        Parameters
        ----------
        most
            Columns that are shown, those that matter most.
        of
            Class whose values are shown, where there are three and more; the last one by default.

        Returns
        -------
        matplotlib.figure.Figure

        Raises
        ------
        BadRequest
            A permutation, which tells nothing of single rows.
        UnknownName
            A class that there is not.
        """
        from .figures import swarm

        return swarm(self, most, of)

    def __repr__(self) -> str:
        first = ", ".join(str(name) for name in self.table.index[:4])
        more = ", ..." if len(self.table) > 4 else ""
        return f"<Importance by {self.method} of {len(self.table)} columns to {self.target!r}: {first}{more}>"

    def _repr_html_(self) -> str:
        from ..drawing import svg_of

        about = f"{self.method}, {self.metric}, {self.rows:,} rows"
        base = "" if np.ndim(self.base) else f", {float(self.base):.4g} as they are"
        if self.method == "shap":
            base = "" if self.residual is None else f"; sums are right to {self.residual:.1g}"
        notes = "".join(f"<li>{escape(note)}</li>" for note in self.notes)
        rows = "".join(
            f"<tr><th style='text-align:left'>{escape(str(name))}</th><td>{mean:.4g}</td><td>± "
            f"{std:.2g}</td></tr>"
            for name, mean, std in self.table[["mean", "std"]].head(SHOWN).itertuples()
        )
        more = len(self.table) - SHOWN
        rest = f"<p>{more} more columns</p>" if more > 0 else ""
        return (
            f"<p><b>Importance for {escape(self.target)}</b>: {escape(about)}{escape(base)}</p>"
            + (f"<ul>{notes}</ul>" if notes else "")
            + ""
            ""
            ""
            ""
            ""
            f"<div>{svg_of(self.figure())}</div><details><summary>Table</summary><table>{rows}</table>{rest}"
            "</details>"
        )
