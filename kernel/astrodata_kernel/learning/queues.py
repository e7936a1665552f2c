"""What to label next, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..errors import BadRequest
from .draws import random_order, skipped_of
from .sights import Sight
from .strategies import DEFAULT, strategy_of
from .targets import Positive, classes_of, labels_of, rows_of, targets_of

if TYPE_CHECKING:
    import pandas as pd

RANDOM = "random"
"""The reason of the rows that were drawn."""


@dataclass(frozen=True, eq=False)
class Queue:
    """Events to label, in order, each with the reason why.

    Parameters
    ----------
    rows
        Row numbers in the latents, the first to label first.
    ids
        Their ids.
    reasons
        Of each: ``"random"`` for the random share, else the strategy's name.
    strategy
        That chose the others.
    seed
        Of the draw.
    positive
        What is looked for, as it was given.
    everything
        Ids of all events that the draw is from.

    Examples
    --------
    >>> z = np.random.default_rng(0).normal(size=(200, 2))
    >>> made = queue("anomaly", z, scores=np.linalg.norm(z, axis=1), n=10)
    >>> len(made), made.reasons.count("random")
    (10, 1)
    """

    rows: npt.NDArray[np.int64]
    ids: npt.NDArray[Any]
    reasons: tuple[str, ...]
    strategy: str
    seed: int
    positive: Positive = None
    everything: npt.NDArray[Any] = field(default_factory=lambda: np.empty(0, np.int64), repr=False)

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.ids.tolist())

    @cached_property
    def random_ids(self) -> npt.NDArray[Any]:
        """All ids in the order of the draw: the random rows of every queue of this seed are its beginning."""
        return self.everything[random_order(self.everything, self.seed)]

    def reason_of(self, ident: Any) -> str:
        """Give why an event is in the queue, or nothing where it is not."""
        return self._reasons.get(ident, "")

    def source_of(self, ident: Any) -> str:
        """Give what a label's ``source`` says of it: ``"queue:random"``, ``"queue:guided"``, or "python"."""
        reason = self.reason_of(ident)
        return f"queue:{reason}" if reason else "python"

    def table(self) -> pd.DataFrame:
        """Give the queue as a table: id, row, reason."""
        import pandas as pd

        return pd.DataFrame({"id": self.ids, "row": self.rows, "reason": list(self.reasons)})

    @cached_property
    def _reasons(self) -> dict[Any, str]:
        return dict(zip(self.ids.tolist(), self.reasons, strict=True))


def queue(
    strategy: str | None,
    latents: Any,
    log: Any = None,
    *,
    labels: Mapping[Any, Any] | None = None,
    positive: Positive = None,
    scores: npt.ArrayLike | None = None,
    n: int = 50,
    random_share: float = 0.1,
    seed: int = 0,
    cancelled: Callable[[], None] | None = None,
) -> Queue:
    """Give the events to label next.

    Parameters
    ----------
    strategy
        A name in `STRATEGIES`, or ``"skactiveml:NAME"``; None takes the one that finds most.
    latents
        `Latents`, or an array of shape (n, d). Points that are not finite are never asked for.
    log, labels
        The labels there are: a `LabelLog`, or label by id.
    positive
        What is looked for: a class, classes, or a number from 0 to 1 by class; by default a class that is
        called "anomaly", "signal" or alike.
    scores
        Anomaly scores, shape (n,); by default `adk.latent.scores.score("default", latents)`.
    n
        How many events.
    random_share
        Share of them that is drawn from all events, above 0: without it no rate could be told. One of two and
        more is random always; of queues of one event, one in ``1 / random_share``.
    seed
        Of the draw, the same in all of a session.
    cancelled
        Called now and then; it raises to give the work up.

    Returns
    -------
    Queue

    Raises
    ------
    BadRequest
        Scores of another number, a random share of 0, or labels of which it is not clear what is looked for.
    UnknownName
        No strategy has the name.
    MissingPackage
        The strategy is another package's.
    """
    name = strategy or DEFAULT
    choose = strategy_of(name)
    if not 0 < random_share <= 1:
        raise BadRequest(
            f"a random share of {random_share:g}: give more than 0 and at most 1; without random labels "
            "nobody could tell how many anomalies there are"
        )
    if n < 1:
        raise BadRequest(f"a queue of {n} events: give 1 or more")
    sight, ids, kept = sight_of(
        latents, log, labels=labels, positive=positive, scores=scores, seed=seed
    )
    if cancelled is not None:
        sight = replace(sight, cancelled=cancelled)
    everything = ids[kept]
    if not sight.free.any():
        # Nothing is left to ask for.
        empty = np.empty(0, np.int64)
        return Queue(empty, ids[empty], (), name, seed, positive, everything)
    share = 1.0 if name == RANDOM else random_share
    drawn = _drawn(sight, everything, _random_count(n, share, len(sight.targets)), seed)
    free = sight.free.copy()
    free[drawn] = False
    others = replace(sight, free=free)
    wanted = min(n - len(drawn), int(free.sum()))
    chosen = choose(others, wanted) if wanted else np.empty(0, np.int64)
    rows, reasons = _merged(chosen, drawn, name, sight.random(3))
    return Queue(kept[rows], everything[rows], reasons, name, seed, positive, everything)


def sight_of(
    latents: Any,
    log: Any = None,
    *,
    labels: Mapping[Any, Any] | None = None,
    positive: Positive = None,
    scores: npt.ArrayLike | None = None,
    seed: int = 0,
    skipped: frozenset[Any] | None = None,
) -> tuple[Sight, npt.NDArray[Any], npt.NDArray[np.int64]]:
    """Give what a strategy looks at, all ids, and the rows of the latents that are finite."""
    table = as_latents(latents)
    ids = table.ids
    kept = np.flatnonzero(table.finite)
    if not len(kept):
        raise BadRequest(f"none of the {len(table):,} points is finite: there is nothing to label")
    given = scores_of(table, scores)
    found = labels_of(log, labels)
    targets = targets_of(ids[kept], found, positive, classes_of(log))
    free = np.ones(len(kept), bool)
    free[targets.rows] = False
    passed = skipped_of(log) if skipped is None else skipped
    free[list(rows_of(ids[kept], passed).values())] = False
    return Sight(table.z[kept], given[kept], targets, free, seed), ids, kept


def as_latents(latents: Any) -> Any:
    """Give anything with latents as `Latents`."""
    from ..latent.latents import Latents

    return Latents.of(latents)


def scores_of(table: Any, scores: npt.ArrayLike | None) -> npt.NDArray[np.float64]:
    """Give anomaly scores of all points: those given, or the default score; a NaN among them is lowest.

    Raises
    ------
    BadRequest
        Another number of scores than of points.
    """
    if scores is None:
        from ..latent.scores import score

        found = np.asarray(score("default", table.z), np.float64)
    else:
        found = np.array(scores, np.float64)
    if found.shape != (len(table),):
        raise BadRequest(f"{found.size:,} scores for {len(table):,} points: give one for each")
    some = found[np.isfinite(found)]
    low, high = (some.min(), some.max()) if len(some) else (0.0, 0.0)
    return np.nan_to_num(found, nan=low, posinf=high, neginf=low)


def _random_count(n: int, share: float, labelled: int) -> int:
    if n > 1:
        return max(1, round(n * share))
    # One at a time: the first, and then one in so many.
    return int((labelled + 1) * share) - int(labelled * share) if labelled else 1


def _drawn(
    sight: Sight, everything: npt.NDArray[Any], count: int, seed: int
) -> npt.NDArray[np.int64]:
    order = random_order(everything, seed)
    return order[sight.free[order]][:count]


def _merged(
    chosen: npt.NDArray[np.int64],
    drawn: npt.NDArray[np.int64],
    name: str,
    rng: np.random.Generator,
) -> tuple[npt.NDArray[np.int64], tuple[str, ...]]:
    total = len(chosen) + len(drawn)
    # Spread over the queue, and not at places that one could learn to know.
    edges = np.linspace(0, total, len(drawn) + 1)
    places = {int(rng.integers(int(low), int(high))) for low, high in pairwise(edges)}
    random_rows, other_rows = iter(drawn.tolist()), iter(chosen.tolist())
    rows = [next(random_rows if i in places else other_rows) for i in range(total)]
    return np.array(rows, np.int64), tuple(RANDOM if i in places else name for i in range(total))
