"""Which models there are, and the plain object of each with its parameters set."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Any

from ...errors import BadRequest, MissingPackage, UnknownName

MODELS = ("random_forest", "k_neighbours", "xgboost", "keras", "linear")
"""Models that have a name of their own."""

_BOTH = {
    "sklearn.ensemble": (
        "AdaBoost",
        "ExtraTrees",
        "GradientBoosting",
        "HistGradientBoosting",
        "RandomForest",
    ),
    "sklearn.tree": ("DecisionTree", "ExtraTree"),
    "sklearn.neighbors": ("KNeighbors",),
    "sklearn.neural_network": ("MLP",),
    "sklearn.dummy": ("Dummy",),
}
_CLASSIFIERS = (
    "sklearn.discriminant_analysis.LinearDiscriminantAnalysis",
    "sklearn.discriminant_analysis.QuadraticDiscriminantAnalysis",
    "sklearn.linear_model.LogisticRegression",
    "sklearn.linear_model.RidgeClassifier",
    "sklearn.linear_model.SGDClassifier",
    "sklearn.naive_bayes.GaussianNB",
    "sklearn.svm.LinearSVC",
    "sklearn.svm.SVC",
)
_REGRESSORS = (
    "sklearn.linear_model.BayesianRidge",
    "sklearn.linear_model.ElasticNet",
    "sklearn.linear_model.HuberRegressor",
    "sklearn.linear_model.Lasso",
    "sklearn.linear_model.LinearRegression",
    "sklearn.linear_model.Ridge",
    "sklearn.linear_model.SGDRegressor",
    "sklearn.svm.LinearSVR",
    "sklearn.svm.SVR",
)


def _named(end: str) -> tuple[str, ...]:
    return tuple(f"{room}.{name}{end}" for room, names in _BOTH.items() for name in names)


# A name is looked up here before anything is imported by it: a pipeline's YAML must not load any module.
ESTIMATORS: Mapping[str, str] = {
    **dict.fromkeys((*_named("Classifier"), *_CLASSIFIERS), "classification"),
    **dict.fromkeys((*_named("Regressor"), *_REGRESSORS), "regression"),
}
"""Estimators of scikit-learn that can be named, and the task of each."""


def task_of(model: str) -> str | None:
    """Give the task of a named estimator; None where a model does both.

    Raises
    ------
    UnknownName
        No such model; the text names the nearest.
    """
    if model in MODELS:
        return None
    if model not in ESTIMATORS:
        known = [*MODELS, *ESTIMATORS]
        close = difflib.get_close_matches(str(model), known, 3, 0.5) or list(MODELS)
        raise UnknownName(
            f"there is no model {str(model)[:80]!r}: there are {', '.join(close)} (all are in ESTIMATORS)"
        )
    return ESTIMATORS[model]


def estimator_of(model: str, task: str, seed: int, parameters: Mapping[str, Any]) -> Any:
    """Give the unfitted estimator of scikit-learn or XGBoost, its seed and parameters set.

    Raises
    ------
    UnknownName
        A parameter that it has not; the text names the nearest.
    BadRequest
        A parameter that is no plain value.
    MissingPackage
        XGBoost is not installed.
    """
    made = _plain_estimator(model, task)
    known = made.get_params()
    check_parameters(model, parameters, known)
    if "random_state" in known:
        made.set_params(random_state=seed)
    if model == "xgboost":
        # Whatever the machine's number of cores, sums are taken in one order.
        made.set_params(n_jobs=1)
    made.set_params(**parameters)
    if model not in ("k_neighbours", "linear"):
        return made
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    # Distances and penalties mean nothing between columns of different units.
    return make_pipeline(StandardScaler(), made)


def check_parameters(model: str, parameters: Mapping[str, Any], known: Iterable[str]) -> None:
    """Refuse parameters that a model has not, or that are no plain values.

    Raises
    ------
    UnknownName, BadRequest
        As of `estimator_of`.
    """
    names = list(known)
    for name, value in parameters.items():
        if name not in names:
            close = difflib.get_close_matches(str(name), names, 3, 0.5) or names[:8]
            raise UnknownName(f"{model} has no parameter {name!r}: there are {', '.join(close)}")
        try:
            json.dumps(value)
        except (TypeError, ValueError):
            raise BadRequest(
                f"parameter {name!r} of {model} is {type(value).__name__}: give a number, text, or a list or "
                "mapping of these"
            ) from None


def _plain_estimator(model: str, task: str) -> Any:
    labelled = task == "classification"
    if model == "xgboost":
        try:
            import xgboost
        except ImportError:
            raise MissingPackage(
                'XGBoost is not installed; run "pip install astrodata-lab[pipeline]" in this kernel\'s '
                "environment, then restart the kernel"
            ) from None
        return xgboost.XGBClassifier() if labelled else xgboost.XGBRegressor()
    if model == "random_forest":
        from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

        return RandomForestClassifier() if labelled else RandomForestRegressor()
    if model == "k_neighbours":
        from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

        return KNeighborsClassifier() if labelled else KNeighborsRegressor()
    if model == "linear":
        from sklearn.linear_model import LogisticRegression, Ridge

        return LogisticRegression(max_iter=1000) if labelled else Ridge()
    room, _, name = model.rpartition(".")
    return getattr(import_module(room), name)()
