"""Categories as columns of 0 and 1."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd

from ...errors import BadRequest, DamagedFile
from .columns import checked, from_json, kind_of, listed, no_missing, plain, row, to_json

MOST = 1000
"""Categories of one column; more are names or numbers, and no categories."""


@dataclass(frozen=True)
class OneHot:
    """Columns of 0 and 1, one for each category that a training part has.

    Parameters
    ----------
    categories
        Of each column, ascending.
    unknown
        What a category does that the training part has not: ``"error"``, or ``"ignore"``, whose row is 0 in
        all of the column's categories.

    Examples
    --------
    >>> learnt = OneHot.fit(pd.DataFrame({"band": ["g", "r"]}), unknown="ignore")
    >>> learnt.transform(pd.DataFrame({"band": ["r", "z"], "x": [1, 2]})).to_dict("list")
    {'band=g': [0, 0], 'band=r': [1, 0], 'x': [1, 2]}
    """

    categories: Mapping[str, tuple[Any, ...]]
    unknown: str = "error"

    @classmethod
    def fit(
        cls,
        table: pd.DataFrame,
        columns: str | Iterable[str] | None = None,
        unknown: str = "error",
    ) -> Self:
        """Give the categories of a training part.

        Parameters
        ----------
        table
            The training part alone.
        columns
            Those to turn; by default all that hold text.
        unknown
            ``"error"`` or ``"ignore"``.

        Raises
        ------
        BadRequest
            A column with missing values, of dates or of numbers with a fraction, or with too many categories.
        UnknownName
            A column that is not there.
        """
        if unknown not in ("error", "ignore"):
            raise BadRequest(f"unknown={unknown!r}: there are 'error' and 'ignore'")
        if columns is None:
            names = [name for name in checked(table).columns if kind_of(table[name]) == "text"]
        else:
            names = listed(columns)
        checked(table, names)
        return cls({name: _categories(table, name) for name in names}, unknown)

    @property
    def names(self) -> list[str]:
        """Names of the columns that are made, as ``"band=g"``."""
        return [f"{name}={each}" for name, found in self.categories.items() for each in found]

    def transform(self, table: pd.DataFrame) -> pd.DataFrame:
        """Give the table with each column's categories in its place, as whole numbers 0 and 1.

        Raises
        ------
        UnknownName
            A column that was learnt and is not there.
        BadRequest
            A category that is not known, or a missing value, where these are errors; the text names the
            column and its first such row.
        """
        checked(table, self.categories)
        made: dict[Any, Any] = {}
        for name in table.columns:
            if name not in self.categories:
                if name in made:
                    raise BadRequest(f"the table has a column {name!r} already: rename it")
                made[name] = table[name]
                continue
            column = table[name].astype(object)
            if self.unknown == "error":
                self._refuse(table, name, column)
            for category in self.categories[name]:
                new = f"{name}={category}"
                if new in made or new in table.columns:
                    raise BadRequest(f"column {name!r} would make a second {new!r}: rename one")
                made[new] = (column == category).fillna(False).to_numpy(bool).astype(np.uint8)
        found = pd.DataFrame(made, index=table.index)
        found.attrs = dict(table.attrs)
        return found

    def _refuse(self, table: pd.DataFrame, name: str, column: pd.Series) -> None:
        no_missing(table, name, "OneHot")
        bad = np.flatnonzero(~column.isin(self.categories[name]).to_numpy())
        if len(bad):
            raise BadRequest(
                f"column {name!r} has {column.iloc[bad[0]]!r} in row {row(table, bad[0])}, which the "
                "training part "
                f'has not ({len(bad):,} rows in all): fit with unknown="ignore", or with more rows'
            )

    def to_json(self) -> str:
        """Give what was learnt as JSON text."""
        found = {name: list(each) for name, each in self.categories.items()}
        return to_json("one-hot", {"categories": found, "unknown": self.unknown})

    @classmethod
    def from_json(cls, text: str | bytes | Mapping[str, Any]) -> Self:
        """Give what `to_json` has written.

        Raises
        ------
        DamagedFile
            Something else.
        """
        found, unknown = from_json("one-hot", text, ["categories", "unknown"])
        if not isinstance(found, Mapping) or unknown not in ("error", "ignore"):
            raise DamagedFile("this JSON does not hold a one-hot: its categories are none")
        for each in found.values():
            if not isinstance(each, list) or not all(
                isinstance(v, str | int | float | bool) for v in each
            ):
                raise DamagedFile("this JSON does not hold a one-hot: its categories are none")
        return cls({name: tuple(each) for name, each in found.items()}, unknown)


def _categories(table: pd.DataFrame, name: str) -> tuple[Any, ...]:
    column = table[name]
    kind = kind_of(column)
    if kind in ("date", "other"):
        first = f", in row {row(table, 0)} {column.iloc[0]!r}"[:90] if len(column) else ""
        held = "dates" if kind == "date" else "values of several kinds"
        raise BadRequest(f"column {name!r} holds {held}{first}, and no categories: leave it out")
    no_missing(table, name, "OneHot")
    found = [plain(value) for value in column.astype(object).unique()]
    if len(found) > MOST:
        raise BadRequest(
            f"column {name!r} has {len(found):,} different values, more than {MOST:,}: these are no "
            "categories; leave it out, or join some of them"
        )
    for value in found:
        if isinstance(value, float) and not value.is_integer():
            at = int(np.flatnonzero((column == value).to_numpy())[0])
            raise BadRequest(
                f"column {name!r} holds {value!r} in row {row(table, at)}: numbers with a fraction "
                "are no categories"
            )
    return tuple(sorted(found, key=lambda value: (str(type(value)), value)))
