"""From labels to numbers: which label means "this is what I look for", and how much."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import BadRequest, UnknownName

Positive = str | Iterable[str] | Mapping[str, float] | None

SOUGHT = ("anomaly", "anomalous", "abnormal", "outlier", "interesting", "signal", "yes", "true")
"""Names of classes that are taken for what is looked for where nobody says it."""


@dataclass(frozen=True)
class Targets:
    """Labelled rows, and what their labels say.

    Parameters
    ----------
    rows
        Numbers of the labelled events, ascending.
    values
        float64 of the same shape, 0 to 1: how much each is what is looked for.
    names
        Text of the same shape: the label, of several the one that is looked for most.
    """

    rows: npt.NDArray[np.int64]
    values: npt.NDArray[np.float64]
    names: npt.NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def found(self) -> int:
        """How many are more what is looked for than not."""
        return int((self.values > 0.5).sum())

    @property
    def two_sided(self) -> bool:
        """True where there is something to tell from something else."""
        return bool(len(self.values)) and bool(self.values.min() < self.values.max())


def labels_of(log: Any = None, labels: Mapping[Any, Any] | None = None) -> dict[Any, Any]:
    """Give label by id from a label log, or from a mapping.

    Raises
    ------
    BadRequest
        Both are given.
    """
    if log is not None and labels is not None:
        raise BadRequest("a log and labels: give one of them")
    if labels is not None:
        return dict(labels)
    if log is None:
        return {}
    if isinstance(log, Mapping):
        return dict(log)
    log.refresh()
    # Of all annotators: what was decided between them, else one's own, else the latest of others.
    return dict(log.labelled("*"))


def relevance_of(labels: Iterable[Any], positive: Positive, classes: Iterable[str] = ()) -> Any:
    """Give the function from a label to how much it is what is looked for, 0 to 1.

    Parameters
    ----------
    labels
        Those that will be asked about: names, lists of names, booleans or numbers from 0 to 1.
    positive
        A class, classes, or a number from 0 to 1 by class; None takes the class that has one of the names in
        `SOUGHT`.
    classes
        Names of a label set, where there is one.

    Raises
    ------
    BadRequest
        None of the classes is named so that it is clear which is looked for.
    UnknownName
        A class of `positive` that the label set does not have.
    """
    labels, classes = list(labels), list(classes)
    known = {name for label in labels for name in _names(label)} | {str(name) for name in classes}
    if positive is None:
        weights = {name: 1.0 for name in known if name.lower() in SOUGHT}
        if not weights and any(_names(label) for label in labels):
            raise BadRequest(
                f"which of the classes {', '.join(sorted(known))} is looked for? Say it with "
                'positive="NAME" (or a list, or a number from 0 to 1 by class)'
            )
    elif isinstance(positive, Mapping):
        weights = {str(name): float(value) for name, value in positive.items()}
        if not all(0 <= value <= 1 for value in weights.values()):
            raise BadRequest("positive gives numbers from 0 to 1 by class")
    else:
        weights = dict.fromkeys([positive] if isinstance(positive, str) else positive, 1.0)
        missing = sorted(set(weights) - known)
        # Without a label set nobody knows yet which classes there will be.
        if missing and classes:
            raise UnknownName(
                f"no class is called {', '.join(missing)}: there are {', '.join(sorted(known))}"
            )

    def relevance(label: Any) -> float:
        names = _names(label)
        if names:
            return max(weights.get(name, 0.0) for name in names)
        value = float(label) if isinstance(label, bool | int | float | np.generic) else 0.0
        if not 0 <= value <= 1:
            raise BadRequest(f"the label {label!r}: numbers go from 0 to 1")
        return value

    return relevance


def targets_of(
    ids: npt.NDArray[Any],
    labels: Mapping[Any, Any],
    positive: Positive = None,
    classes: Iterable[str] = (),
) -> Targets:
    """Give the labels as numbers, for the rows that have them.

    Parameters
    ----------
    ids
        Of the events, shape (n,).
    labels
        Label by id. Ids that the events lack are left out: a log may be older than a selection.
    positive, classes
        As of `relevance_of`.
    """
    relevance = relevance_of(labels.values(), positive, classes)
    rows = rows_of(ids, labels)
    order = sorted(rows.items(), key=lambda pair: pair[1])
    return Targets(
        np.array([row for _, row in order], np.int64),
        np.array([relevance(labels[ident]) for ident, _ in order], np.float64),
        np.array([_main(labels[ident], relevance) for ident, _ in order], dtype=np.str_),
    )


def rows_of(ids: npt.NDArray[Any], wanted: Iterable[Any]) -> dict[Any, int]:
    """Give the row of each wanted id that is there.

    Thousands of labels are looked up among millions of ids: sorting the few and searching them costs one pass
    over the many, and no dictionary of them.
    """
    few = list(wanted)
    if not few or not len(ids):
        return {}
    if ids.dtype.kind in "iu":
        numbers = {int(i): i for i in few if isinstance(i, int | np.integer)}
        asked = np.array(sorted(numbers), np.int64)
        rows = np.flatnonzero(np.isin(ids, asked))
        return {numbers[int(ids[row])]: int(row) for row in rows}
    texts = set(few)
    return {ident: row for row, ident in enumerate(ids.tolist()) if ident in texts}


def classes_of(log: Any) -> tuple[str, ...]:
    """Give the names of a log's classes, none where it has no label set."""
    label_set = getattr(log, "label_set", None)
    return tuple(getattr(label_set, "names", ()) or ())


def _names(label: Any) -> list[str]:
    if isinstance(label, str):
        return [label]
    if isinstance(label, list | tuple | set | frozenset):
        return [str(name) for name in label]
    return []


def _main(label: Any, relevance: Any) -> str:
    names = _names(label)
    if not names:
        return str(label)
    return max(sorted(names), key=lambda name: relevance(name))
