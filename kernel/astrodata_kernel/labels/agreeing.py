"""How far annotators agree, with each other and with themselves."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..errors import BadRequest
from .label_log import LabelLog
from .label_reading import public
from .lines import Id, Label

_BLOCK = 100_000


@dataclass(frozen=True)
class Agreement:
    """How far annotators agree.

    Attributes
    ----------
    annotators
        Who is compared.
    krippendorff
        Krippendorff's alpha for nominal classes over all events that at least two labelled: 1 is agreement,
        0 what chance gives. NaN where nothing is compared, or only one class was ever given.
    cohen
        Cohen's kappa of each pair of annotators; NaN as above.
    observed
        Share of the same labels, of each pair.
    shared
        Number of events that both labelled, of each pair.
    confusion
        Of each pair: how often the first gave the row's class and the second the column's.
    """

    annotators: tuple[str, ...]
    krippendorff: float
    cohen: dict[tuple[str, str], float]
    observed: dict[tuple[str, str], float]
    shared: dict[tuple[str, str], int]
    confusion: dict[tuple[str, str], pd.DataFrame]

    def table(self) -> pd.DataFrame:
        """Give a row for each pair: annotators, shared, observed, kappa."""
        rows = [
            (one, other, self.shared[one, other], self.observed[one, other], kappa)
            for (one, other), kappa in self.cohen.items()
        ]
        return pd.DataFrame(rows, columns=["one", "other", "shared", "observed", "kappa"])


@dataclass(frozen=True)
class SelfConsistency:
    """How far an annotator agrees with earlier labels of the same events.

    `compared` and `same` are numbers of repeated labels, `rate` their share, `kappa` Cohen's, and
    `confusion` says how often the earlier class (row) became the later one (column).
    """

    annotator: str
    compared: int
    same: int
    rate: float
    kappa: float
    confusion: pd.DataFrame


def agreement(log: LabelLog) -> Agreement:
    """Tell how far the annotators of a log agree on events as a whole.

    Several classes of one event count as one label; verdicts do not count.

    Raises
    ------
    BadRequest
        Fewer than two annotators have labelled.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.mkdtemp()
    >>> for who, labels in (("ada", "aabb"), ("bob", "aaba")):
    ...     with LabelLog(folder, who) as log:
    ...         _ = [log.put(i, label) for i, label in enumerate(labels)]
    >>> _ = log.refresh()
    >>> found = agreement(log)
    >>> found.cohen, round(found.krippendorff, 3)
    ({('ada', 'bob'): 0.5}, 0.533)
    """
    people = [who for who in log.annotators if log.labelled(who)]
    if len(people) < 2:
        whom = f"only {people[0]} has" if people else "nobody has"
        raise BadRequest(f"{whom} labelled in {log.folder}: agreement needs two annotators")
    codes, names, _ = _codes(log, people)
    cohen, observed, shared, confusion = {}, {}, {}, {}
    for i, j in combinations(range(len(people)), 2):
        pair = (people[i], people[j])
        table = _confusion(codes[i], codes[j], len(names))
        shared[pair] = int(table.sum())
        observed[pair], cohen[pair] = _kappa(table)
        confusion[pair] = pd.DataFrame(table, names, names)
    alpha = _alpha(codes, len(names))
    return Agreement(tuple(people), alpha, cohen, observed, shared, confusion)


def disagreements(log: LabelLog, *, decided: bool = False) -> pd.DataFrame:
    """Give the events that annotators labelled differently, the most disputed first: a queue.

    Parameters
    ----------
    log
        The labels.
    decided
        Whether those with a verdict (`LabelLog.adjudicate`) are there too.

    Returns
    -------
    DataFrame
        id, labels (dict by annotator), split (share of the labels that are not the most frequent one),
        verdict.
    """
    people = [who for who in log.annotators if log.labelled(who)]
    rows: list[tuple[Any, ...]] = []
    if len(people) >= 2:
        codes, names, ids = _codes(log, people)
        low = np.where(codes < 0, len(names), codes).min(axis=0)
        verdicts = log.verdicts
        given = [log.labelled(who) for who in people]
        for row in np.flatnonzero(low < codes.max(axis=0)):
            ident = ids[row]
            if ident in verdicts and not decided:
                continue
            known = codes[:, row][codes[:, row] >= 0]
            split = 1 - np.bincount(known).max() / len(known)
            labels = {who: of[ident] for who, of in zip(people, given, strict=True) if ident in of}
            rows.append((ident, labels, float(split), verdicts.get(ident)))
    rows.sort(key=lambda row: -row[2])
    found = pd.DataFrame(rows, columns=["id", "labels", "split", "verdict"])
    verdict = pd.Series([row[3] for row in rows], dtype=object)
    return found.assign(verdict=verdict)


def self_consistency(
    log: LabelLog, annotator: str | None = None, *, every: bool = False
) -> SelfConsistency:
    """Tell how far an annotator gives the same label again.

    Parameters
    ----------
    log
        The labels.
    annotator
        Who; by default the log's own.
    every
        Compare each later label of an event with the one before, corrections too; otherwise only labels of
        events that were shown a second time (``put(..., source="repeat")``).
    """
    who = log.annotator if annotator is None else annotator
    before: dict[Id, Label] = {}
    pairs: list[tuple[Label, Label]] = []
    fold = log.fold
    for event in fold.events:
        if event.do != "put" or event.who != who or event.region is not None:
            continue
        label = fold.label(event)
        if event.ref in fold.undone or label is None:
            continue
        for ident in event.ids:
            if ident in before and (every or event.source == "repeat"):
                pairs.append((before[ident], label))
            before[ident] = label
    names = sorted({_name(label) for pair in pairs for label in pair})
    of = {name: code for code, name in enumerate(names)}
    first, second = (
        np.array([of[_name(pair[side])] for pair in pairs], np.int64) for side in (0, 1)
    )
    table = _confusion(first, second, len(names))
    rate, kappa = _kappa(table)
    same = int(np.trace(table))
    return SelfConsistency(who, len(pairs), same, rate, kappa, pd.DataFrame(table, names, names))


def _codes(log: LabelLog, people: list[str]) -> tuple[npt.NDArray[np.int64], list[str], list[Id]]:
    given = [log.labelled(who) for who in people]
    names = sorted({_name(label) for of in given for label in of.values()})
    of_name = {name: code for code, name in enumerate(names)}
    ids = list(dict.fromkeys(ident for of in given for ident in of))
    rows = {ident: row for row, ident in enumerate(ids)}
    codes = np.full((len(people), len(ids)), -1, np.int64)
    for person, of in enumerate(given):
        at = np.fromiter((rows[ident] for ident in of), np.int64, len(of))
        codes[person, at] = np.fromiter((of_name[_name(v)] for v in of.values()), np.int64, len(of))
    return codes, names, ids


def _name(label: Any) -> str:
    label = public(label)
    return " + ".join(sorted(label)) if isinstance(label, list) else str(label)


def _confusion(
    one: npt.NDArray[np.int64], other: npt.NDArray[np.int64], classes: int
) -> npt.NDArray[np.int64]:
    both = (one >= 0) & (other >= 0)
    cells = np.bincount(one[both] * classes + other[both], minlength=classes * classes)
    return cells.reshape(classes, classes)


def _kappa(table: npt.NDArray[np.int64]) -> tuple[float, float]:
    total = table.sum()
    if not total:
        return float("nan"), float("nan")
    observed = np.trace(table) / total
    expected = float(table.sum(axis=0) @ table.sum(axis=1)) / float(total) ** 2
    kappa = (observed - expected) / (1 - expected) if expected < 1 else float("nan")
    return float(observed), float(kappa)


def _alpha(codes: npt.NDArray[np.int64], classes: int) -> float:
    together = np.zeros((classes, classes))
    for start in range(0, codes.shape[1], _BLOCK):
        block = codes[:, start : start + _BLOCK]
        given = block >= 0
        units = np.nonzero(given)[1]
        cells = np.bincount(units * classes + block[given], minlength=block.shape[1] * classes)
        counts = cells.reshape(block.shape[1], classes).astype(np.float64)
        counts = counts[counts.sum(axis=1) >= 2]
        weights = 1 / (counts.sum(axis=1) - 1)
        together += (counts * weights[:, None]).T @ counts - np.diag(weights @ counts)
    margins = together.sum(axis=1)
    total = margins.sum()
    different = total**2 - float(margins @ margins)
    if not different:
        return float("nan")
    return float(1 - (total - 1) * (total - np.trace(together)) / different)
