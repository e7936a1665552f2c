"""What labels have cost and brought, beside labelling at random."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..errors import BadRequest
from ..latent.rates import Rate
from .targets import Positive, classes_of, labels_of, relevance_of

COLUMNS = ["spent", "found", "found_random", "random_low", "random_high"]


def curve(
    log: Any,
    *,
    total: int,
    positive: Positive = None,
    present: int | Rate | None = None,
) -> pd.DataFrame:
    """Give how many anomalies were found after each label, and how many a random order would have found.

    Parameters
    ----------
    log
        A `LabelLog`, or label by id in the order in which they were given.
    total
        Number of events that there are.
    positive
        What is looked for: a class, classes, or a number by class.
    present
        Number of anomalies among all events where it is known (in a simulation), or their rate as
        `unbiased_rate` gives it. Without it the columns of the random order are NaN.

    Returns
    -------
    DataFrame
        One row for each number of labels from 0: ``spent``, ``found``, ``found_random`` (the expectation),
        ``random_low`` and ``random_high`` (95 % of random orders lie between; with a rate, its interval is
        in it). An event that was labelled twice was spent once; its last label counts.

    Raises
    ------
    BadRequest
        More labels than events, or more anomalies.

    Examples
    --------
    >>> made = curve({"a": "signal", "b": "noise"}, total=100, present=10)
    >>> made.found.tolist(), made.found_random.tolist()
    ([0, 1, 1], [0.0, 0.1, 0.2])
    """
    labels = labels_of(log)
    order = [ident for ident in first_labelled(log) if ident in labels]
    if len(order) > total:
        raise BadRequest(
            f"{len(order):,} labels for {total:,} events: give the number of all events"
        )
    relevance = relevance_of(labels.values(), positive, classes_of(log))
    hits = np.array([relevance(labels[ident]) > 0.5 for ident in order], int)
    spent = np.arange(len(order) + 1)
    frame = pd.DataFrame({"spent": spent, "found": np.concatenate([[0], np.cumsum(hits)])})
    expected, low, high = random_band(spent, total, present)
    return frame.assign(found_random=expected, random_low=low, random_high=high)[COLUMNS]


def random_band(
    spent: npt.ArrayLike, total: int, present: int | Rate | None
) -> tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]]:
    """Give expectation, 2.5 % and 97.5 % of the anomalies found by labels in a random order."""
    from scipy.stats import hypergeom

    steps = np.asarray(spent)
    nothing = np.full(len(steps), np.nan)
    if present is None or (isinstance(present, Rate) and not present.total):
        return nothing, nothing.copy(), nothing.copy()
    if isinstance(present, Rate):
        middle = present.value * total
        few, many = int(np.floor(present.low * total)), int(np.ceil(present.high * total))
    else:
        if not 0 <= present <= total:
            raise BadRequest(f"{present:,} anomalies among {total:,} events cannot be")
        middle = few = many = present
    expected = steps * (middle / total if total else 0.0)
    low = hypergeom.ppf(0.025, total, few, steps)
    high = hypergeom.ppf(0.975, total, min(many, total), steps)
    return expected, low, high


def first_labelled(log: Any) -> Sequence[Any]:
    """Give the ids that have labels, in the order in which they first got one."""
    if isinstance(log, Mapping):
        return list(log)
    # The log's own order: a clock that goes backwards cannot change it.
    events = log.events()
    put = events[(events["do"] == "put") & events["label"].notna()]
    return list(dict.fromkeys(put["id"].tolist()))


def curve_figure(curves: pd.DataFrame | Mapping[str, pd.DataFrame], title: str = "") -> Any:
    """Give a picture of curves of found anomalies.

    Parameters
    ----------
    curves
        As `curve` gives it, or several by name; the random order is drawn from the first.
    title
        Above the picture.

    Returns
    -------
    matplotlib.figure.Figure
    """
    from ..drawing import CellFigure

    named = {"found": curves} if isinstance(curves, pd.DataFrame) else dict(curves)
    figure = CellFigure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    for number, (name, frame) in enumerate(named.items()):
        if not number and frame.found_random.notna().any():
            axes.fill_between(
                frame.spent, frame.random_low, frame.random_high, color="0.85", linewidth=0
            )
            axes.plot(
                frame.spent,
                frame.found_random,
                color="0.45",
                linestyle="--",
                label="random order, 95 %",
            )
        axes.plot(frame.spent, frame.found, color=f"C{number % 10}", label=name)
    axes.set_xlabel("labels spent")
    axes.set_ylabel("anomalies found")
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0)
    axes.legend(fontsize="small")
    if title:
        axes.set_title(title, fontsize="medium")
    return figure
