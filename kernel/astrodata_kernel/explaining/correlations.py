"""Columns that tell the same, between which no importance can choose."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

STRONG = 0.8
"""Rank correlation from which on two columns are said to tell the same."""

MOST_ROWS = 5000


def correlated_columns(x: pd.DataFrame, seed: int = 0) -> list[tuple[str, ...]]:
    """Give groups of columns of which each is strongly correlated with another one of its group.

    Parameters
    ----------
    x
        Numbers; of more than 5,000 rows that many are drawn by the seed.

    Examples
    --------
    >>> correlated_columns(pd.DataFrame({"a": [1, 2, 3, 4], "b": [1, 4, 9, 16], "c": [1, -1, -1, 1]}))
    [('a', 'b')]
    """
    if len(x) > MOST_ROWS:
        x = x.sample(MOST_ROWS, random_state=seed)
    ranks = x.rank().to_numpy(float, na_value=np.nan)
    there = ~np.isnan(ranks)
    means = np.where(there, ranks, 0.0).sum(axis=0) / np.maximum(there.sum(axis=0), 1)
    ranks = np.where(there, ranks, means)
    ranks = ranks - ranks.mean(axis=0)
    spread = np.sqrt((ranks**2).sum(axis=0))
    spread[spread == 0] = np.inf
    ranks /= spread
    strong = np.abs(ranks.T @ ranks) >= STRONG
    found, left = [], set(range(x.shape[1]))
    while left:
        reached = {left.pop()}
        edge = set(reached)
        while edge:
            edge = {int(n) for at in edge for n in np.flatnonzero(strong[at]) if int(n) in left}
            reached |= edge
            left -= edge
        if len(reached) > 1:
            found.append(tuple(str(x.columns[n]) for n in sorted(reached)))
    return sorted(found)


def in_words(found: list[tuple[str, ...]], groups: Mapping[str, list[str]]) -> tuple[str, ...]:
    """Give a warning for each set of correlated columns that are not in one group."""
    home = {column: name for name, members in groups.items() for column in members}
    return tuple(
        f"{', '.join(columns)} are strongly correlated (rank correlation of {STRONG} or more): a "
        "model that is denied one of them looks at the others, so that each seems to matter less than it "
        "does, or not at all. "
        "Ask for them together with group=importance.correlated"
        for columns in found
        if len({home.get(column) for column in columns}) > 1
    )
