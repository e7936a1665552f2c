"""A table and the name of a model in, a model that has learnt out."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from ...errors import BadRequest, Cancelled
from ...processing.tabular.columns import checked, kind_of, no_missing, numbers, plain, row
from .boosting import fit_boosted
from .choices import estimator_of, task_of
from .model import TableModel, features_of

MOST_CLASSES = 20
"""Different whole numbers of a target that are taken as classes, when nobody tells the task."""

TREES_AT_ONCE = 10


def train_model(
    train: pd.DataFrame,
    validation: pd.DataFrame | None = None,
    *,
    target: str,
    model: str = "random_forest",
    task: str = "auto",
    seed: int = 0,
    parameters: Mapping[str, Any] | None = None,
    progress: Callable[[float], object] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> TableModel:
    """Give a model that has learnt to tell one column of a table from all others.

    The same table, parameters and seed give the same model, in any process of one machine with the same
    packages. A Keras network that learns on a GPU is the exception: sums are taken there in no fixed order.

    Parameters
    ----------
    train
        Numbers and flags in all columns but the target. It stays as it is.
    validation
        Rows of the same columns, by which XGBoost (with ``early_stopping_rounds``) and Keras decide when to
        stop; others do not look at it. An empty one is none.
    target
        Column to be predicted.
    model
        One of `MODELS`, or the dotted name of an estimator in `ESTIMATORS`. ``"k_neighbours"`` and
        ``"linear"`` scale the columns first (``.model`` is a pipeline of both), as ``"keras"`` does within
        the network.
    task
        ``"classification"`` or ``"regression"``; ``"auto"`` takes text, flags, and whole numbers of at most
        20 values as classes.
    seed
        Of everything that is drawn.
    parameters
        Of the estimator, by the names that its library gives them. Those of ``"keras"``: ``hidden`` (64, 64),
        ``epochs`` 60, ``batch_size`` 64, ``learning_rate`` 0.001, and ``patience`` 10, the epochs without a
        lower validation loss after which it stops and goes back to the best. ``"xgboost"`` has ``n_jobs`` 1.
    progress
        Told the share done, 0 to 1.
    cancelled
        Asked now and then: True gives the work up. A single call into scikit-learn comes to its end first.

    Returns
    -------
    TableModel

    Raises
    ------
    UnknownName
        A model, parameter or column that there is not.
    BadRequest
        A column of text or dates, missing values where the model takes none, one class only, or parameters
        that the estimator refuses.
    TrainingFailed
        The loss of a network became NaN.
    Cancelled
        It was given up.
    MissingPackage
        XGBoost or Keras is not installed.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> table = pd.DataFrame({"x": rng.normal(size=80), "noise": rng.normal(size=80)})
    >>> table["kind"] = np.where(table["x"] > 0, "star", "galaxy")
    >>> made = train_model(table, target="kind", model="linear")
    >>> made.classes, made.predict(pd.DataFrame({"x": [3.0], "noise": [0.0]})).tolist()
    (('galaxy', 'star'), ['star'])
    """
    own = task_of(model)
    if seed < 0:
        raise BadRequest(f"a seed of {seed}: give a whole number from 0")
    columns = tuple(name for name in checked(train, [target]).columns if name != target)
    if not columns:
        raise BadRequest(
            f"the table has no column but the target {target!r}: nothing to learn from"
        )
    if not len(train):
        raise BadRequest("the training part has no row: nothing to learn from")
    no_missing(train, target, "a target", "dropna")
    task = _task(train, target, task, own, model)
    held = validation if validation is not None and len(checked(validation)) else None
    given = dict(parameters or {})
    if model == "keras":
        estimator, gaps = None, False
    else:
        estimator = estimator_of(model, task, seed, given)
        gaps = model == "xgboost" or bool(estimator.__sklearn_tags__().input_tags.allow_nan)
    x = features_of(train, columns, gaps)
    classes, y = _answers(train, target, task)
    known = None
    if held is not None:
        checked(held, [target, *columns])
        no_missing(held, target, "a target", "dropna")
        known = features_of(held, columns, gaps), _answers_as(held, target, classes)

    def check() -> None:
        if cancelled is not None and cancelled():
            raise Cancelled(f"the training of {model} was given up")

    def tell(share: float) -> None:
        if progress is not None:
            progress(share)

    check()
    tell(0.0)
    history, notes = pd.DataFrame(), []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            if model == "keras":
                from .networks import fit_network

                estimator, history = fit_network(
                    x, y, known, classes, seed=seed, parameters=given, tell=tell, check=check
                )
            elif model == "xgboost":
                history = fit_boosted(estimator, x, y, known, tell, check)
            else:
                labels = y if classes is None else np.array(classes)[y]
                _fit(estimator, x, labels, tell, check)
        except ValueError as error:
            if isinstance(error, BadRequest):
                raise
            raise BadRequest(f"{model} cannot learn so: {str(error)[:300]}") from None
    for each in caught:
        if issubclass(each.category, UserWarning):  # ConvergenceWarning is one
            text = " ".join(str(each.message).split())[:200]
            if text not in notes:
                notes.append(text)
    tell(1.0)
    return TableModel(
        name=model,
        model=estimator,
        columns=columns,
        target=target,
        task=task,
        classes=classes,
        seed=seed,
        parameters=given,
        gaps=gaps,
        history=history,
        notes=tuple(notes),
    )


def _fit(estimator: Any, x: Any, y: Any, tell: Any, check: Any) -> None:
    wanted = getattr(estimator, "n_estimators", 0)
    grows = "warm_start" in estimator.get_params() and not isinstance(
        getattr(estimator, "class_weight", None), str
    )
    if not grows or not isinstance(wanted, int) or "Forest" not in type(estimator).__name__:
        estimator.fit(x, y)
        return
    # Tree by tree it is the same forest, and somebody may give it up.
    before = estimator.warm_start
    estimator.set_params(warm_start=True)
    for count in [*range(TREES_AT_ONCE, wanted, TREES_AT_ONCE), wanted]:
        check()
        estimator.set_params(n_estimators=count)
        estimator.fit(x, y)
        tell(count / max(wanted, 1))
    estimator.set_params(warm_start=before)


def _task(table: pd.DataFrame, target: str, task: str, own: str | None, model: str) -> str:
    if task not in ("auto", "classification", "regression"):
        raise BadRequest(f"task {task!r}: there are 'auto', 'classification' and 'regression'")
    if own is not None and task not in ("auto", own):
        raise BadRequest(f"{model} is for {own}, not for {task}: choose another of ESTIMATORS")
    if own is not None or task != "auto":
        return own or task
    kind = kind_of(table[target])
    whole = pd.api.types.is_integer_dtype(table[target].dtype)
    few = whole and table[target].nunique() <= MOST_CLASSES
    return "classification" if few or kind in ("text", "flag") else "regression"


def _answers(table: pd.DataFrame, target: str, task: str) -> tuple[tuple[Any, ...] | None, Any]:
    if task == "regression":
        return None, numbers(table, target, "to be predicted")
    kind = kind_of(table[target])
    if kind in ("date", "other"):
        numbers(table, target, "or classes to be predicted")  # which refuses them
    values = [plain(value) for value in table[target].astype(object)]
    found = tuple(sorted(set(values)))
    if len(found) < 2:
        raise BadRequest(
            f"the target {target!r} is {found[0]!r} in all rows: a model learns to tell two classes "
            "apart at least"
        )
    codes = {value: number for number, value in enumerate(found)}
    return found, np.array([codes[value] for value in values], np.int64)


def _answers_as(table: pd.DataFrame, target: str, classes: tuple[Any, ...] | None) -> Any:
    if classes is None:
        return numbers(table, target, "to be predicted")
    codes = {value: number for number, value in enumerate(classes)}
    found = [codes.get(plain(value), -1) for value in table[target].astype(object)]
    if -1 in found:
        at = found.index(-1)
        raise BadRequest(
            f"the target {target!r} is {plain(table[target].iloc[at])!r} in row {row(table, at)} of "
            "the validation, a class that the training part has not: divide the table with stratify=True"
        )
    return np.array(found, np.int64)
