"""The loop: labels teach a classifier, which orders the events to label next."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..errors import BadRequest
from ..latent.rates import Rate
from .background import Newest
from .classifiers import MODELS, Classifier
from .curves import curve
from .draws import unbiased_rate
from .predicting import Predictor
from .queues import Queue, as_latents, queue, scores_of
from .strategies import DEFAULT, strategy_of
from .targets import Positive, Targets, classes_of, labels_of, targets_of

if TYPE_CHECKING:
    import pandas as pd

    from ..training.tracking import Tracker


@dataclass(frozen=True, eq=False)
class Learnt:
    """What a round of learning has given.

    Parameters
    ----------
    scores
        float64, shape (n,): how much each event is expected to be what is looked for, 0 to 1; NaN for points
        that are not finite.
    classifier
        None as long as there are no labels of two classes.
    targets
        The labels that it was learnt from.
    turn
        Number of the order that it answers.
    log_digest
        Of the label log at that time, or nothing.
    """

    scores: npt.NDArray[np.float64]
    classifier: Classifier | None
    targets: Targets
    turn: int
    log_digest: str


class Learner:
    """Learns from a label log, at once or in the background, and says what to label next.

    Parameters
    ----------
    latents
        `Latents`, or an array of shape (n, d).
    log
        A `LabelLog`, or label by id (which may change).
    positive
        What is looked for: a class, classes, or a number from 0 to 1 by class; by default a class that is
        called "anomaly", "signal" or alike.
    model
        ``"random_forest"``, or ``"head"``: one linear layer on the latents.
    scores
        Anomaly scores, shape (n,), for the time before there are labels; the default score without.
    strategy
        Of the queues; None takes the one that finds most.
    client
        A `distributed.Client`, on whose workers events are predicted; the latents travel there once.
    seed
        Of the forest and of the random share.

    Raises
    ------
    BadRequest
        Another model, or scores of another number.
    UnknownName
        No strategy has the name.

    Examples
    --------
    >>> z = np.concatenate([np.random.default_rng(0).normal(size=(300, 2)), np.full((5, 2), 6.0)])
    >>> learner = Learner(z, {0: "noise", 1: "noise", 300: "signal"}, scores=np.abs(z).max(axis=1))
    >>> learner.update()
    >>> sorted(learner.order[:5].tolist())
    [300, 301, 302, 303, 304]
    """

    def __init__(
        self,
        latents: Any,
        log: Any,
        *,
        positive: Positive = None,
        model: str = "random_forest",
        scores: npt.ArrayLike | None = None,
        strategy: str | None = None,
        client: Any = None,
        seed: int = 0,
    ) -> None:
        if model not in MODELS:
            raise BadRequest(f"a classifier {model!r}: there are {', '.join(MODELS)}")
        strategy_of(strategy or DEFAULT)
        self.latents, self.log = as_latents(latents), log
        self.positive, self.model, self.seed = positive, model, seed
        self.strategy = strategy or DEFAULT
        self._kept = np.flatnonzero(self.latents.finite)
        if not len(self._kept):
            raise BadRequest(
                f"none of the {len(self.latents):,} points is finite: nothing to learn"
            )
        self._base = scores_of(self.latents, scores)
        self._predictor = Predictor(self.latents.z[self._kept], client)
        self._background = Newest("astrodata-learning", self._tell)
        self._lock = threading.Lock()
        self._turn = 0
        self._watchers: list[Callable[[Learner], None]] = []
        self._learnt = self._first()

    # --- learning ---------------------------------------------------------------------------------

    def update(self) -> None:
        """Learn from the labels there are, and come back when it is done.

        Raises
        ------
        BadRequest
            It is not clear which class is looked for.
        """
        self._learn(*self._order(), lambda: None)

    def update_soon(self) -> None:
        """Learn from the labels there are in the background.

        The labels are read now. What is being learnt is let finish; of orders that wait, the newest is done.
        What goes wrong is kept in `error`, and `watch` tells when there is something new.
        """
        labels, turn, digest = self._order()

        self._background.start(partial(self._learn, labels, turn, digest))

    def cancel(self) -> None:
        """Give up what is learnt in the background; what was learnt before stays."""
        self._background.cancel()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for the background; False when it took longer than `timeout` seconds."""
        return self._background.wait(timeout)

    def watch(self, told: Callable[[Learner], None]) -> None:
        """Call a function, in the learner's thread, after each learning in the background."""
        self._watchers.append(told)

    # --- what there is ----------------------------------------------------------------------------

    @property
    def busy(self) -> bool:
        """True while the background learns."""
        return self._background.busy

    @property
    def error(self) -> BaseException | None:
        """What the last learning in the background ended with; None when it was done."""
        return self._background.error

    @property
    def learnt(self) -> Learnt:
        """The newest that was learnt."""
        return self._learnt

    @property
    def scores(self) -> npt.NDArray[np.float64]:
        """How much each event is expected to be what is looked for, 0 to 1; the anomaly's rank at first."""
        return self._learnt.scores

    @property
    def classifier(self) -> Classifier | None:
        """The newest classifier; None as long as there are no labels of two classes."""
        return self._learnt.classifier

    @property
    def order(self) -> npt.NDArray[np.int64]:
        """Row numbers by `scores`, the highest first, labelled ones too; points that are not finite last."""
        return np.argsort(-self.scores, kind="stable").astype(np.int64)

    def queue(self, n: int = 50, *, random_share: float = 0.1) -> Queue:
        """Give the events to label next; see `adk.learning.queue`."""
        return queue(
            self.strategy,
            self.latents,
            self.log,
            positive=self.positive,
            scores=self._base,
            n=n,
            random_share=random_share,
            seed=self.seed,
        )

    def rate(self, confidence: float = 0.95) -> Rate:
        """Give the share of what is looked for among all events; see `adk.learning.unbiased_rate`."""
        return unbiased_rate(self.log, self._draw(), confidence=confidence)

    def curve(self, present: int | None = None) -> pd.DataFrame:
        """Give anomalies found against labels spent, beside a random order; see `adk.learning.curve`.

        Parameters
        ----------
        present
            Number of anomalies among all events where it is known; else the unbiased rate stands for it.
        """
        return curve(
            self.log,
            total=len(self._kept),
            positive=self.positive,
            present=self.rate() if present is None else present,
        )

    def track(self, tracker: Tracker | None = None, *, name: str = "label-classifier") -> str:
        """Keep classifier, labels and curve in MLflow, register the classifier, and give the run's id.

        Parameters
        ----------
        tracker
            Says where; the workspace's store by default.
        name
            Under which the classifier is registered.

        Raises
        ------
        BadRequest
            Nothing has been learnt yet.
        MissingPackage
            MLflow is not installed.
        """
        from .runs import keep

        return keep(self, tracker, name)

    def __repr__(self) -> str:
        known = self._learnt.targets
        return (
            f"<Learner {self.model}, {self.strategy}: {len(self.latents):,} events, {len(known):,} labelled, "
            f"{known.found:,} found>"
        )

    # --- inside -----------------------------------------------------------------------------------

    def _first(self) -> Learnt:
        from scipy.stats import rankdata

        scores = np.full(len(self.latents), np.nan)
        scores[self._kept] = (rankdata(self._base[self._kept]) - 0.5) / len(self._kept)
        nothing = Targets(np.empty(0, np.int64), np.empty(0), np.empty(0, np.str_))
        return Learnt(scores, None, nothing, 0, "")

    def _order(self) -> tuple[Mapping[Any, Any], int, str]:
        labels = labels_of(self.log)
        with self._lock:
            self._turn += 1
            return labels, self._turn, str(getattr(self.log, "digest", ""))

    def _learn(
        self, labels: Mapping[Any, Any], turn: int, digest: str, cancelled: Callable[[], None]
    ) -> None:
        ids = self.latents.ids[self._kept]
        known = targets_of(ids, labels, self.positive, classes_of(self.log))
        scores, made = self._first().scores, None
        if len(np.unique(known.names)) > 1:
            z = self.latents.z[self._kept[known.rows]]
            made = Classifier.fit(self.model, z, known.names, seed=self.seed, cancelled=cancelled)
            worth = np.array([known.values[known.names == name].mean() for name in made.classes])
            scores = np.full(len(self.latents), np.nan)
            scores[self._kept] = self._predictor.probabilities(made, cancelled) @ worth
        scores.setflags(write=False)
        with self._lock:
            # An older order that took longer must not undo a newer one.
            if turn > self._learnt.turn:
                self._learnt = Learnt(scores, made, known, turn, digest)

    def _draw(self) -> Queue:
        empty = np.empty(0, np.int64)
        everything = self.latents.ids[self._kept]
        return Queue(
            empty, self.latents.ids[empty], (), self.strategy, self.seed, self.positive, everything
        )

    def _tell(self) -> None:
        for told in self._watchers:
            told(self)
