"""Labels and their history as tables."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from .folding import Fold
from .lines import Event, Id, Label

COLUMNS = (
    "id",
    "label",
    "annotator",
    "time",
    "note",
    "confidence",
    "seconds",
    "score",
    "model",
    "dataset",
    "region",
    "source",
)
_NUMBERS = ("confidence", "seconds", "score")


def standing(fold: Fold, who: str | None = None) -> list[tuple[Id, Event, Label]]:
    """Give id, event and present label of all labels that stand."""
    found = []
    for one in fold.annotators if who is None else [who]:
        for ident, event in fold.labels.get(one, {}).items():
            found.append((ident, event, fold.label(event)))
        for (ident, _), event in fold.regions.get(one, {}).items():
            found.append((ident, event, fold.label(event)))
    return [row for row in found if row[2] is not None]


def label_table(fold: Fold, who: str | None = None) -> pd.DataFrame:
    """Give the labels that stand; see `LabelLog.table`."""
    rows = standing(fold, who)
    columns = _columns([ident for ident, _, _ in rows], [event for _, event, _ in rows])
    columns["label"] = _objects(_public(label) for _, _, label in rows)
    verdicts = fold.verdicts
    columns["verdict"] = _objects(_public(fold.label(verdicts.get(ident))) for ident, _, _ in rows)
    return pd.DataFrame(columns)


def event_table(fold: Fold) -> pd.DataFrame:
    """Give the whole history; see `LabelLog.events`."""
    known = {}
    for event in fold.events:
        known.setdefault(event.ref, []).append(event)
    ids: list[Id] = []
    events: list[Event] = []
    for event in fold.events:
        about = [event] if event.target is None else known.get(event.target, [])
        for one in about:
            ids += one.ids
            events += [event] * len(one.ids)
    columns = _columns(ids, events)
    columns["label"] = _objects(_public(event.label) for event in events)
    columns["do"] = _objects(event.do for event in events)
    columns["undone"] = np.array([event.ref in fold.undone for event in events], bool)
    columns["edited"] = np.array([event.edited for event in events], bool)
    columns["by"] = _objects(event.by for event in events)
    columns["writer"] = _objects(event.writer for event in events)
    columns["number"] = np.array([event.number for event in events], np.int64)
    return pd.DataFrame(columns)


def id_array(ids: list[Id]) -> np.ndarray | pd.Series:
    """Give ids as whole numbers where all are, else as they are."""
    if all(type(one) is int for one in ids):
        return np.array(ids, np.int64)
    return _objects(ids)


def _columns(ids: list[Id], events: list[Event]) -> dict[str, Any]:
    columns: dict[str, Any] = dict.fromkeys(COLUMNS)
    columns["id"] = id_array(ids)
    columns["annotator"] = _objects(event.who for event in events)
    times = [event.time for event in events]
    columns["time"] = pd.to_datetime(times, utc=True, errors="coerce", format="ISO8601")
    for name in _NUMBERS:
        values = [getattr(event, name) for event in events]
        columns[name] = np.array(values, np.float64)
    for name in ("note", "model", "dataset", "region", "source"):
        columns[name] = _objects(getattr(event, name) for event in events)
    return columns


def _objects(values: Iterable[Any]) -> pd.Series:
    # Not np.array, which would make a second axis of labels that are lists; and not pandas' own type for
    # texts, which refuses some that names of files have.
    return pd.Series(np.fromiter(values, dtype=object), dtype=object)


def _public(label: Label) -> str | list[str] | None:
    return list(label) if isinstance(label, tuple) else label
