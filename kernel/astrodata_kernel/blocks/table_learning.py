"""Blocks of models that learn from tables: training, predictions, measures, what they rest on."""

from __future__ import annotations

from typing import Any, Literal

from ..pipeline import Work, block
from .step_help import given, working

Task = Literal["auto", "classification", "regression"]
Value = None | bool | int | float | str


@block(stage="train", outputs=("model",))
def train_sklearn(
    train: Any,
    validation: Any = None,
    *,
    target: str,
    model: str = "random_forest",
    task: Task = "auto",
    seed: int = 0,
    parameters: dict[str, Value] = {},  # noqa: B006
    work: Work | None = None,
) -> Any:
    """Train a model of scikit-learn on a table.

    Parameters
    ----------
    train, validation
        Tables of numbers; the second may be missing.
    target
        Column to be predicted.
    model
        ``"random_forest"``, ``"k_neighbours"``, ``"linear"``, or the dotted name of an estimator, as of
        `adk.training.tabular.train_model`.
    task
        ``"auto"`` tells by the target.
    seed
        Of all that is drawn.
    parameters
        Of the estimator, by the names that scikit-learn gives them.

    Returns
    -------
    TableModel
    """
    return _trained(train, validation, target, model, task, seed, parameters, work)


@block(stage="train", outputs=("model", "history"))
def train_xgboost(
    train: Any,
    validation: Any = None,
    *,
    target: str,
    task: Task = "auto",
    seed: int = 0,
    n_estimators: int | None = None,
    max_depth: int | None = None,
    learning_rate: float | None = None,
    subsample: float | None = None,
    colsample_bytree: float | None = None,
    min_child_weight: float | None = None,
    reg_lambda: float | None = None,
    early_stopping_rounds: int | None = None,
    parameters: dict[str, Value] = {},  # noqa: B006
    work: Work | None = None,
) -> Any:
    """Train boosted trees of XGBoost on a table.

    Parameters
    ----------
    train, validation
        Tables of numbers; the second, which may be missing, decides when to stop.
    target
        Column to be predicted.
    task
        ``"auto"`` tells by the target.
    seed
        Of all that is drawn.
    n_estimators, max_depth, learning_rate, subsample, colsample_bytree, min_child_weight, reg_lambda
        Of XGBoost, whose own defaults hold where nothing is said.
    early_stopping_rounds
        Rounds without a better validation after which it stops.
    parameters
        Others of XGBoost, by its names.

    Returns
    -------
    model : TableModel
    history : pandas.DataFrame
        A row a round.
    """
    chosen = given(
        n_estimators=n_estimators,
        max_depth=max_depth,
        learning_rate=learning_rate,
        subsample=subsample,
        colsample_bytree=colsample_bytree,
        min_child_weight=min_child_weight,
        reg_lambda=reg_lambda,
        early_stopping_rounds=early_stopping_rounds,
    )
    both = {**parameters, **chosen}
    made = _trained(train, validation, target, "xgboost", task, seed, both, work)
    return made, made.history


@block(stage="train", outputs=("model", "history"))
def train_keras(
    train: Any,
    validation: Any = None,
    *,
    target: str,
    task: Task = "auto",
    seed: int = 0,
    hidden: list[int] | None = None,
    epochs: int | None = None,
    batch_size: int | None = None,
    learning_rate: float | None = None,
    patience: int | None = None,
    work: Work | None = None,
) -> Any:
    """Train a dense network of Keras on a table.

    Parameters
    ----------
    train, validation
        Tables of numbers; the second, which may be missing, decides when to stop.
    target
        Column to be predicted.
    task
        ``"auto"`` tells by the target.
    seed
        Of the weights and the order.
    hidden, epochs, batch_size, learning_rate, patience
        As of `adk.training.tabular.train_model`, whose defaults hold where nothing is said.

    Returns
    -------
    model : TableModel
    history : pandas.DataFrame
        A row an epoch.
    """
    chosen = given(
        hidden=hidden,
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        patience=patience,
    )
    made = _trained(train, validation, target, "keras", task, seed, chosen, work)
    return made, made.history


@block(outputs=("table",))
def predict(model: Any, table: Any) -> Any:
    """Predict the target of each row.

    Parameters
    ----------
    model
        Of `train_sklearn`, `train_xgboost` or `train_keras`.
    table
        Which has the columns that it was trained with.

    Returns
    -------
    pandas.DataFrame
        The table with ``predicted`` and, of classes, ``probability_<class>`` each.
    """
    made = table.assign(predicted=model.predict(table))
    found = _chances(model, table)
    if found is None:
        return made
    return made.assign(**{f"probability_{name}": found[name] for name in found.columns})


@block(stage="evaluate", outputs=("metrics",))
def metrics(model: Any, table: Any, *, work: Work | None = None) -> Any:
    """Measure how good a model is on a table that it was not trained on.

    Parameters
    ----------
    model
        Of `train_sklearn`, `train_xgboost` or `train_keras`.
    table
        With the target.

    Returns
    -------
    dict
        As of `adk.training.tabular.metrics`.
    """
    from ..training.tabular import metrics as measured

    probabilities = _chances(model, table)
    found = measured(table[model.target], model.predict(table), probabilities, task=model.task)
    return _told(found, work)


@block(stage="evaluate", outputs=("metrics",))
def column_metrics(
    table: Any,
    *,
    truth: str,
    predicted: str = "predicted",
    task: Task = "auto",
    work: Work | None = None,
) -> Any:
    """Measure how good a column of predictions is, wherever they come from.

    Parameters
    ----------
    table
        With both columns.
    truth, predicted
        Names of the columns.
    task
        As of `adk.training.tabular.metrics`.

    Returns
    -------
    dict
    """
    from ..training.tabular import metrics as measured

    return _told(measured(table[truth], table[predicted], task=task), work)


@block(stage="evaluate", outputs=("table", "figure"))
def importance(
    model: Any,
    table: Any,
    *,
    method: Literal["permutation", "shap"] = "permutation",
    metric: str | None = None,
    repeats: int = 10,
    seed: int = 0,
    group: list[list[str]] | None = None,
    rows: int = 200,
    work: Work | None = None,
) -> Any:
    """Tell which columns the predictions of a model rest on.

    Parameters
    ----------
    model
        Of `train_sklearn`, `train_xgboost` or `train_keras`.
    table
        With the target, of rows that it was not trained on.
    method, metric, repeats, seed, group, rows
        As of `adk.explaining.importance`.

    Returns
    -------
    table : pandas.DataFrame
        A row a column, ``column``, ``mean`` and ``std`` first.
    figure : Figure
    """
    from ..explaining import importance as measured

    work = working(work)
    found = measured(
        model,
        table,
        model.target,
        method=method,
        metric=metric,
        repeats=repeats,
        seed=seed,
        group=group,
        rows=rows,
        progress=work.progress,
        cancelled=work.cancelled,
    )
    for note in found.notes:
        work.note(note)
    return found.table.rename_axis("column").reset_index(), found.figure()


def _trained(
    train: Any,
    validation: Any,
    target: str,
    model: str,
    task: str,
    seed: int,
    parameters: dict[str, Any],
    work: Work | None,
) -> Any:
    from ..training.tabular import train_model

    work = working(work)
    made = train_model(
        train,
        validation,
        target=target,
        model=model,
        task=task,
        seed=seed,
        parameters=parameters,
        progress=work.progress,
        cancelled=work.cancelled,
    )
    for row in made.history.to_dict("records"):
        step = int(row.pop("step", 0))
        work.metrics({name: value for name, value in row.items() if value is not None}, step)
    for note in made.notes:
        work.note(note)
    return made


def _told(found: dict[str, Any], work: Work | None) -> dict[str, Any]:
    numbers = {
        name: float(value)
        for name, value in found.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }
    working(work).metrics(numbers)
    return found


def _chances(model: Any, table: Any) -> Any:
    """Give the probabilities of classes, None of a model that tells none, as a support vector machine."""
    told = model.name == "keras" or hasattr(model.model, "predict_proba")
    return model.probabilities(table) if model.task == "classification" and told else None
