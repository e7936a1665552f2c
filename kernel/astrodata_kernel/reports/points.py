"""Points with all that is known of them: columns, scores, labels, and what is behind each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..errors import BadRequest, UnknownName
from ..latent import Latents
from ..processing.events import Events, events_of
from .looks import colours_of
from .rasters import Colouring

Array = npt.NDArray[Any]
LABEL = "label"
MOST_CLASSES = 12
"""Different values of a column up to which each has a colour of its own."""


@dataclass(frozen=True)
class Labelled:
    """The class of each point.

    Parameters
    ----------
    names, colours
        Of the classes.
    codes
        int16, shape (n,): number of the class, -1 where there is none.
    given
        The labels by id, those of other ids too.
    elsewhere
        Labels of ids that are not among the points.
    log
        Where they are kept, or None.
    """

    names: list[str]
    colours: list[str]
    codes: npt.NDArray[np.int16]
    given: Mapping[Any, str]
    elsewhere: int = 0
    log: Any = None

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row for each label given to an event: id, label as text, and annotator where there is a log."""
        if self.log is None:
            return pd.DataFrame({"id": list(self.given), "label": list(self.given.values())})
        found = self.log.table()
        found = found[found["label"].notna() & found["region"].isna()]
        return found.assign(label=[label_text(label) for label in found["label"]])

    def counts(self) -> npt.NDArray[np.int64]:
        """Give how many points each class has."""
        return np.bincount(self.codes[self.codes >= 0], minlength=len(self.names))

    def text(self) -> Array:
        """Give the name of each point's class, shape (n,); empty where there is none."""
        return np.array([*self.names, ""], dtype=object)[self.codes]


@dataclass(frozen=True)
class Points:
    """Latents with columns, labels and events.

    Parameters
    ----------
    latents
        The points.
    events
        What is behind them, or None.
    labelled
        Their classes, or None.
    scores
        Names of the columns that are scores.
    """

    latents: Latents
    events: Events | None = None
    labelled: Labelled | None = None
    scores: tuple[str, ...] = field(default=())

    def __len__(self) -> int:
        return len(self.latents)

    @cached_property
    def columns(self) -> dict[str, Array]:
        """The latents and all columns, shape (n,) each, by name."""
        z = np.asarray(self.latents.z)
        found = {name: z[:, i] for i, name in enumerate(self.latents.names)}
        return found | {str(name): np.asarray(v) for name, v in self.latents.columns.items()}

    @property
    def numbers(self) -> list[str]:
        """Names of the columns that an axis can have."""
        return [name for name, values in self.columns.items() if values.dtype.kind in "iuf"]

    def axes(self, wanted: Iterable[str] | None = None) -> tuple[str, str]:
        """Give the columns of a map: those wanted, else the newest projection, else the first latents.

        Raises
        ------
        UnknownName
            No column of numbers has such a name.
        BadRequest
            Not two of them.
        """
        if wanted is not None:
            names = [str(name) for name in wanted]
            for name in names:
                if name not in self.numbers:
                    raise UnknownName(
                        f"a map has no axis {name!r}; there are {', '.join(self.numbers[:20])}"
                    )
            if len(names) != 2:
                raise BadRequest(f"a map of {names}: give the names of two columns")
            return names[0], names[1]
        pairs = [
            (name, name[:-1] + "1")
            for name in self.latents.columns
            if str(name).endswith("0") and name[:-1] + "1" in self.latents.columns
        ]
        names = [name for pair in pairs[-1:] for name in pair] or list(self.latents.names[:2])
        if len(names) == 1:  # one latent: against the first score, or alone
            names.append(next(iter(self.scores), names[0]))
        return str(names[0]), str(names[1])

    def colouring(self, name: str | None) -> Colouring:
        """Give the colours that a column gives the points.

        Raises
        ------
        UnknownName
            No such column.
        """
        if name is None or name == "":
            return Colouring()
        if name == LABEL and self.labelled is not None:
            known = self.labelled
            return Colouring(LABEL, known.codes, known.names, known.colours)
        values = self.columns.get(name)
        if values is None:
            raise UnknownName(f"there is no column {name!r}; there are {', '.join(self.columns)}")
        if values.dtype.kind in "iuf" and not self._few(name):
            finite = values[np.isfinite(values)]
            low, high = np.percentile(finite, [1, 99]) if finite.size else (0.0, 1.0)
            return Colouring(name, values=values, low=float(low), high=float(high))
        codes, texts = self._categories(name)
        return Colouring(name, codes, texts, colours_of(len(texts)))

    @property
    def colour_names(self) -> list[str]:
        """Names of the columns that can give colour."""
        own = [LABEL] if self.labelled is not None else []
        return own + [name for name in self.columns if name not in own]

    def event_rows(self, rows: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """Give the events behind points, -1 where there is none."""
        rows = np.asarray(rows, dtype=np.int64)
        if self.events is None:
            return np.full(len(rows), -1, np.int64)
        if len(self.events) == len(self) and self._same_ids:
            return rows
        found = np.full(len(rows), -1, np.int64)
        for i, ident in enumerate(np.asarray(self.latents.ids)[rows].tolist()):
            try:
                found[i] = self.events.row_of(ident)
            except UnknownName:
                continue
        return found

    @cached_property
    def _same_ids(self) -> bool:
        return bool(np.array_equal(np.asarray(self.events.ids), np.asarray(self.latents.ids)))  # type: ignore[union-attr]

    def _few(self, name: str) -> bool:
        values = self.columns[name]
        return values.dtype.kind in "iu" and len(np.unique(values)) <= MOST_CLASSES

    def _categories(self, name: str) -> tuple[npt.NDArray[np.int16], list[str]]:
        codes, unique = pd.factorize(pd.Series(self.columns[name]), sort=False)
        counts = np.bincount(codes[codes >= 0], minlength=len(unique))
        order = np.argsort(-counts, kind="stable")
        place = np.empty(len(unique) + 1, np.int64)
        place[order] = np.arange(len(unique))
        place[-1] = -1
        # Beyond the palette all are one class, the last.
        names = [str(unique[i]) for i in order]
        if len(names) > MOST_CLASSES:
            rest = f"{len(names) - MOST_CLASSES + 1} others"
            place = np.minimum(place, MOST_CLASSES - 1)
            names = [*names[: MOST_CLASSES - 1], rest]
        return place[codes].astype(np.int16), names


def points_of(
    latents: Any,
    events: Any = None,
    labels: Any = None,
    scores: Any = None,
) -> Points:
    """Give points with what is known of them.

    Parameters
    ----------
    latents
        Latents, an array (n, d), a DataFrame or a file of latents.
    events
        What `events_of` takes, in the latents' order where it has no ids of its own; or None.
    labels
        A label log, a mapping from id to class, or None.
    scores
        Names of columns, a mapping from name to values of shape (n,), a DataFrame, or None.

    Raises
    ------
    BadRequest, UnknownName
        Scores of another length, or columns that there are not.
    """
    found = Latents.of(latents)
    if not len(found):
        raise BadRequest("there is no point: give latents of shape (n, d) with at least one")
    found, names = _with_scores(found, scores)
    behind = None
    if events is not None:
        behind = events_of(events)
        if not isinstance(events, Events) and len(behind) == len(found):
            behind = events_of(behind, found.ids)  # they have no ids of their own
    return Points(found, behind, labelled_of(labels, found), names)


def labelled_of(labels: Any, latents: Latents) -> Labelled | None:
    """Give the classes of points after a label log, or a mapping from id to class."""
    if labels is None:
        return None
    if isinstance(labels, Mapping):
        return _labelled(labels, [], [], latents, None)
    labels.refresh()
    classes = labels.label_set.classes
    names, colours = [one.name for one in classes], [one.color for one in classes]
    # What was decided between annotators, else one's own, else the latest of others.
    return _labelled(labels.labelled("*"), names, colours, latents, labels)


def label_text(label: Any) -> str:
    """Give a label as text; several classes of one event are joined by plus signs."""
    if isinstance(label, list | tuple | set | np.ndarray):
        return " + ".join(str(one) for one in label)
    return str(label)


def _labelled(
    of_id: Mapping[Any, Any],
    names: list[str],
    colours: list[str],
    latents: Latents,
    log: Any,
) -> Labelled:
    texts = {ident: label_text(label) for ident, label in of_id.items() if label is not None}
    names = list(dict.fromkeys([*names, *texts.values()]))
    number = {name: i for i, name in enumerate(names)}
    places = {ident: row for row, ident in enumerate(np.asarray(latents.ids).tolist())}
    codes = np.full(len(latents), -1, np.int16)
    elsewhere = 0
    for ident, text in texts.items():
        row = places.get(ident)
        if row is None:
            elsewhere += 1
        else:
            codes[row] = number[text]
    return Labelled(names, colours_of(len(names), colours), codes, texts, elsewhere, log)


def _with_scores(latents: Latents, scores: Any) -> tuple[Latents, tuple[str, ...]]:
    if scores is None:
        return latents, ()
    if isinstance(scores, str):
        scores = [scores]
    if isinstance(scores, pd.DataFrame):
        scores = {str(name): scores[name].to_numpy() for name in scores.columns}
    if isinstance(scores, Mapping):
        made = {}
        for name, values in scores.items():
            array = np.asarray(values, dtype=np.float64)
            if array.shape != (len(latents),):
                raise BadRequest(
                    f"the score {name!r} has the shape {array.shape}: there are {len(latents):,} points"
                )
            made[str(name)] = array
        if set(made) & {"lineage", "self"}:
            raise BadRequest("a score called 'lineage' or 'self': give it another name")
        return latents.with_columns(**made), tuple(made)
    names = tuple(str(name) for name in scores)
    for name in names:
        if name not in latents.columns:
            there = ", ".join(map(str, latents.columns)) or "none"
            raise UnknownName(f"the latents have no column {name!r}; there are {there}")
    return latents, names
