"""Strategies of scikit-activeml, by name."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import BadRequest, MissingPackage, UnknownName
from .sights import Sight

CANDIDATES = 5000
"""Free events that a strategy is shown at most: many of them compare each with each."""

_PARZEN = (
    "ProbabilisticAL",
    "EpistemicUncertaintySampling",
    "MonteCarloEER",
    "ValueOfInformationEER",
)


def activeml(name: str) -> Callable[[Sight, int], npt.NDArray[np.int64]]:
    """Give a pool strategy of scikit-activeml as one of ours.

    Parameters
    ----------
    name
        Of a class in `skactiveml.pool`, such as ``"CoreSet"``, ``"TypiClust"`` or ``"UncertaintySampling"``.

    Raises
    ------
    MissingPackage
        scikit-activeml is not installed.
    UnknownName
        It has no such strategy.
    BadRequest
        The strategy wants more than latents, labels and a classifier.
    """
    if not find_spec("skactiveml"):
        raise MissingPackage(
            f'strategy="skactiveml:{name}" needs scikit-activeml; run "pip install astrodata-lab[active]" in '
            "this kernel's environment"
        )
    from skactiveml import pool
    from skactiveml.base import SingleAnnotatorPoolQueryStrategy

    kind = getattr(pool, name, None)
    if not (inspect.isclass(kind) and issubclass(kind, SingleAnnotatorPoolQueryStrategy)):
        names = sorted(
            each
            for each in pool.__all__
            if inspect.isclass(getattr(pool, each))
            and issubclass(getattr(pool, each), SingleAnnotatorPoolQueryStrategy)
        )
        raise UnknownName(f"scikit-activeml has no strategy {name!r}: it has {', '.join(names)}")

    def chosen(sight: Sight, n: int) -> npt.NDArray[np.int64]:
        return _ask(kind, name, sight, n)

    return chosen


def _ask(kind: Any, name: str, sight: Sight, n: int) -> npt.NDArray[np.int64]:
    known = sight.targets
    if not len(known) or (not known.two_sided and "clf" in _wanted(kind)):
        return sight.best(sight.scores, n)
    free = np.flatnonzero(sight.free)
    if len(free) > CANDIDATES:
        free = np.sort(sight.random(2).choice(free, CANDIDATES, replace=False))
    rows = np.concatenate([known.rows, free])
    answers = np.full(len(rows), np.nan)
    answers[: len(known)] = known.values > 0.5
    candidates = np.arange(len(known), len(rows))
    try:
        strategy = _made(kind, sight.seed)
        picked = strategy.query(
            X=sight.scaled[rows],
            y=answers,
            candidates=candidates,
            batch_size=min(n, len(candidates)),
            **_models(kind, name, sight.seed),
        )
    except (TypeError, ValueError) as error:
        raise BadRequest(
            f"skactiveml:{name} cannot be asked with latents and labels alone: {str(error)[:200]}"
        ) from error
    return rows[np.asarray(picked, np.int64)]


def _wanted(kind: Any) -> set[str]:
    return set(inspect.signature(kind.query).parameters)


def _made(kind: Any, seed: int) -> Any:
    options: dict[str, Any] = {"random_state": seed}
    known = inspect.signature(kind.__init__).parameters
    if "classes" in known:
        options["classes"] = [0, 1]
    return kind(**{key: value for key, value in options.items() if key in known})


def _models(kind: Any, name: str, seed: int) -> dict[str, Any]:
    from skactiveml.classifier import (
        MixtureModelClassifier,
        ParzenWindowClassifier,
        SklearnClassifier,
    )
    from sklearn.ensemble import RandomForestClassifier

    given: dict[str, Any] = {}
    wanted = _wanted(kind)
    if name in _PARZEN:
        given["clf"] = ParzenWindowClassifier(classes=[0, 1], random_state=seed)
    elif name == "FourDs":
        given["clf"] = MixtureModelClassifier(classes=[0, 1], random_state=seed)
    elif "clf" in wanted:
        given["clf"] = SklearnClassifier(
            RandomForestClassifier(random_state=seed), classes=[0, 1], random_state=seed
        )
    if "ensemble" in wanted:
        given["ensemble"] = [
            SklearnClassifier(RandomForestClassifier(random_state=seed + i), classes=[0, 1])
            for i in range(3)
        ]
    if "discriminator" in wanted:
        given["discriminator"] = ParzenWindowClassifier(classes=[0, 1], random_state=seed)
    return given
