"""Tables of a report: classes and annotators, agreement, rates, how well scores tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from markupsafe import Markup

from ..errors import AstrodataError, UnknownName
from ..latent.rates import Rate, rate
from .markup import swatch, table_of
from .points import Points

Mask = npt.NDArray[np.bool_]


def rate_text(found: Rate) -> str:
    """Give a rate with its interval in per cent."""
    if not found.total:
        return "–"
    return f"{100 * found.value:.2f} % [{100 * found.low:.2f}, {100 * found.high:.2f}]"


def counts_table(points: Points) -> Markup:
    """Give how many points each annotator put into each class."""
    known = points.labelled
    table, counts = known.table, known.counts()
    people = sorted(map(str, table["annotator"].unique())) if "annotator" in table else []
    given = [Counter(table.loc[table["annotator"].astype(str) == one, "label"]) for one in people]
    labelled = known.codes[known.codes >= 0]
    rows = [
        [
            swatch(name, colour),
            f"{counts[code]:,}",
            rate_text(rate(labelled == code)),
            *[f"{each[name]:,}" for each in given],
        ]
        for code, (name, colour) in enumerate(zip(known.names, known.colours, strict=True))
    ]
    rows.append(["all", f"{len(labelled):,}", "", *[f"{each.total():,}" for each in given]])
    heads = ["class", "points", "share of the labelled, 95 % interval", *people]
    return table_of(heads, rows)


def agreement_part(points: Points) -> Markup:
    """Give how far annotators agree, where more than one labelled."""
    log = points.labelled.log
    table = points.labelled.table
    if log is None or "annotator" not in table or table["annotator"].nunique() < 2:
        return Markup("")
    from ..labels import agreement, disagreements

    try:
        found, disputed = agreement(log), disagreements(log)
    except AstrodataError as error:
        return Markup('<p class="note">{}</p>').format(str(error))
    rows = [
        [
            f"{one} and {other}",
            f"{found.shared[one, other]:,}",
            f"{100 * found.observed[one, other]:.2f} %",
            f"{kappa:.3f}",
        ]
        for (one, other), kappa in found.cohen.items()
    ]
    heads = ["annotators", "events of both", "same label", "Cohen's kappa"]
    told = f"Krippendorff's alpha of all is {found.krippendorff:.3f}; {len(disputed):,} events are disputed."
    return Markup('<h3>Agreement</h3>{}<p class="note">{}</p>').format(table_of(heads, rows), told)


def rates_table(points: Points, garage: Any, positive: Sequence[str]) -> Markup:
    """Give what share of each class is outside the garage, and the rates where positives are named."""
    known = points.labelled
    z = np.asarray(points.latents.z)
    finite = np.asarray(points.latents.finite)
    outside = np.zeros(len(points), bool)
    outside[finite] = ~np.asarray(garage.contains(z[finite]))
    rows: list[list[Any]] = []
    if known is not None and positive:
        truth = truth_of(points, positive)
        labelled = (known.codes >= 0) & finite
        rows.append(_rate_row("false positives: others outside", outside, labelled & ~truth))
        rows.append(_rate_row("true positives: positives outside", outside, labelled & truth))
    if known is not None:
        for code, (name, colour) in enumerate(zip(known.names, known.colours, strict=True)):
            rows.append(_rate_row(swatch(name, colour), outside, (known.codes == code) & finite))
        rows.append(_rate_row("no label", outside, (known.codes < 0) & finite))
    rows.append(_rate_row("all points", outside, finite))
    heads = ["outside the garage", "points", "of", "share, 95 % interval (Wilson)"]
    return table_of(heads, rows)


def scores_table(
    points: Points, calibrations: Mapping[str, Any], positive: Sequence[str]
) -> Markup:
    """Give the threshold of each score, and how well it tells the positives."""
    truth = truth_of(points, positive) if positive and points.labelled is not None else None
    rows = []
    for name in points.scores:
        values = np.asarray(points.columns[name], dtype=np.float64)
        calibrated = calibrations.get(name)
        row = [name, f"{np.nanmedian(values) if np.isfinite(values).any() else np.nan:.4g}"]
        if calibrated is None:
            row += ["–", "–", "–"]
        else:
            above = int((values > calibrated.threshold).sum())
            row += [f"{calibrated.threshold:.6g}", rate_text(calibrated.rate), f"{above:,}"]
        row += _told(values, truth, points) if truth is not None else []
        rows.append(row)
    heads = ["score", "median", "threshold", "false positives, 95 % interval", "points above"]
    if truth is not None:
        heads += ["ROC-AUC, 95 % interval", "average precision, 95 % interval"]
    return table_of(heads, rows)


def truth_of(points: Points, positive: Sequence[str]) -> Mask:
    """Give which points are of the positive classes.

    Raises
    ------
    UnknownName
        There is no such class.
    """
    known = points.labelled
    names = [] if known is None else known.names
    for name in positive:
        if name not in names:
            raise UnknownName(f"there is no class {name!r}; there are {', '.join(names) or 'none'}")
    return np.isin(known.codes, [names.index(name) for name in positive])  # type: ignore[union-attr]


def _told(values: npt.NDArray[Any], truth: Mask, points: Points) -> list[str]:
    from ..latent import scores

    among = (points.labelled.codes >= 0) & np.isfinite(values)
    if not truth[among].any() or truth[among].all():
        return ["–", "–"]
    found = scores.evaluate(truth[among], values[among])
    return [_interval(found.roc_auc), _interval(found.average_precision)]


def _rate_row(name: Any, flags: Mask, among: Mask) -> list[Any]:
    found = rate(flags[among])
    return [name, f"{found.count:,}", f"{found.total:,}", rate_text(found)]


def _interval(found: Any) -> str:
    return f"{found.value:.3f} [{found.low:.3f}, {found.high:.3f}]"
