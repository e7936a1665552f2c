"""Columns brought to a common scale, and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd

from ...errors import BadRequest, DamagedFile
from .columns import checked, from_json, kind_of, listed, numbers, to_json


@dataclass(frozen=True)
class Standardise:
    """The centre and spread of columns, learnt from a training part: (value - centre) / spread.

    Parameters
    ----------
    how
        ``"mean_std"``: mean and standard deviation; ``"robust"``: median and the distance of the quartiles,
        which a few wild values do not move.
    centres, spreads
        Of each column, in its unit. The spread of a column of one value is 1.

    Examples
    --------
    >>> learnt = Standardise.fit(pd.DataFrame({"x": [1.0, 3.0], "y": [0, 1]}), but="y")
    >>> learnt.transform(pd.DataFrame({"x": [5.0], "y": [1]})).to_dict("list")
    {'x': [3.0], 'y': [1]}
    """

    how: str
    centres: Mapping[str, float]
    spreads: Mapping[str, float]

    @classmethod
    def fit(
        cls,
        table: pd.DataFrame,
        columns: str | Iterable[str] | None = None,
        how: str = "mean_std",
        but: str | Iterable[str] = (),
    ) -> Self:
        """Give the centres and spreads of a training part; missing values are left aside.

        Parameters
        ----------
        table
            The training part alone.
        columns
            Those to scale; by default all of numbers. Flags are none.
        how
            ``"mean_std"`` or ``"robust"``.
        but
            Columns that stay as they are, as the target.

        Raises
        ------
        BadRequest
            Another way, a column of text or dates, an infinite number, or a column without a value.
        UnknownName
            A column that is not there.
        """
        if how not in ("mean_std", "robust"):
            raise BadRequest(f"to standardise by {how!r}: there are 'mean_std' and 'robust'")
        left = listed(but)
        if columns is None:
            names = [n for n in checked(table, left).columns if kind_of(table[n]) == "number"]
        else:
            names = listed(columns)
        checked(table, [*names, *left])
        centres, spreads = {}, {}
        for name in names:
            if name in left:
                continue
            values = numbers(table, name, "to be standardised")
            if np.isnan(values).all():
                raise BadRequest(
                    f"column {name!r} has no value to be standardised by: leave it out"
                )
            if how == "mean_std":
                centre, spread = np.nanmean(values), np.nanstd(values)
            else:
                low, centre, high = np.nanpercentile(values, [25, 50, 75])
                spread = high - low
            # As scikit-learn does: what rounding leaves of a single value is no spread.
            tiny = 10 * np.finfo(float).eps * abs(centre)
            centres[name] = float(centre)
            spreads[name] = float(spread) if spread > tiny else 1.0
        return cls(how, centres, spreads)

    def transform(self, table: pd.DataFrame) -> pd.DataFrame:
        """Give the table with its columns scaled, as float64; missing values stay missing.

        Raises
        ------
        UnknownName
            A column that was learnt and is not there.
        BadRequest
            A column of text or dates, or an infinite number.
        """
        return self._turned(
            table, lambda values, name: (values - self.centres[name]) / self.spreads[name]
        )

    def inverse(self, table: pd.DataFrame) -> pd.DataFrame:
        """Give the table in the units that it had; of columns that it lacks nothing is asked.

        Raises
        ------
        BadRequest
            A column of text or dates, or an infinite number.
        """
        held = [name for name in self.centres if name in checked(table).columns]
        return self._turned(
            table, lambda values, name: values * self.spreads[name] + self.centres[name], held
        )

    def _turned(self, table: pd.DataFrame, turn: Any, names: Iterable[str] | None = None) -> Any:
        names = self.centres if names is None else names
        new = {
            name: turn(numbers(checked(table, names), name, "to be standardised"), name)
            for name in names
        }
        made = (
            checked(table).assign(**new) if all(isinstance(n, str) for n in new) else table.copy()
        )
        for name in new:
            if not isinstance(name, str):
                made[name] = new[name]
        if "units" in table.attrs:
            # What was standardised is in no unit, and what it was in before is not told here.
            left = {name: unit for name, unit in table.attrs["units"].items() if name not in new}
            made.attrs = {**table.attrs, "units": left}
        return made

    def to_json(self) -> str:
        """Give what was learnt as JSON text."""
        facts = {"how": self.how, "centres": dict(self.centres), "spreads": dict(self.spreads)}
        return to_json("standardise", facts)

    @classmethod
    def from_json(cls, text: str | bytes | Mapping[str, Any]) -> Self:
        """Give what `to_json` has written.

        Raises
        ------
        DamagedFile
            Something else, or a spread that is none.
        """
        how, centres, spreads = from_json("standardise", text, ["how", "centres", "spreads"])
        try:
            centres = {name: float(value) for name, value in centres.items()}
            spreads = {name: float(value) for name, value in spreads.items()}
        except (AttributeError, TypeError, ValueError):
            raise DamagedFile("this JSON does not hold a standardise: no numbers") from None
        right = np.isfinite([*centres.values(), *spreads.values()]).all()
        if how not in ("mean_std", "robust") or centres.keys() != spreads.keys() or not right:
            raise DamagedFile("this JSON does not hold a standardise: its parts contradict it")
        if any(value <= 0 for value in spreads.values()):
            raise DamagedFile("this JSON does not hold a standardise: a spread is not above 0")
        return cls(how, centres, spreads)
