"""How good predictions are, as plain numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from ...errors import BadRequest
from ...processing.tabular.columns import kind_of, plain


def metrics(
    truth: Any,
    predicted: Any,
    probabilities: Any = None,
    *,
    task: str = "auto",
    classes: Sequence[Any] | None = None,
) -> dict[str, Any]:
    """Give the measures of a classification or regression, as plain numbers that JSON takes.

    Parameters
    ----------
    truth, predicted
        Classes or values of the same rows. Columns of an index are compared row by row in their order.
    probabilities
        As of `TableModel.probabilities`: a DataFrame with a column for each class, or an array of shape
        (n, classes) and `classes`.
    task
        ``"classification"``, ``"regression"``, or ``"auto"``: numbers with a fraction are of a regression.
    classes
        In the order of the columns of an array; by default those that occur, ascending.

    Returns
    -------
    dict
        Of classes: ``accuracy``, ``balanced_accuracy``, ``f1_macro``, ``classes``, ``confusion`` (truth down,
        prediction across), ``rows``; with probabilities ``roc_auc``, ``average_precision`` and
        ``log_loss``. Of two classes these are those of the last one; of more the mean of each class against
        all others. Of values: ``rmse``, ``mae``, ``median_absolute_error`` in the target's unit, ``r2``,
        ``rows``. None stands where a measure has no meaning: a curve of one class only, or r2 of equal
        values.

    Raises
    ------
    BadRequest
        Different lengths, no row, missing values (they are never left out silently; the text tells how many
        and where the first is), or probabilities of other rows or classes.

    Examples
    --------
    >>> metrics([0.0, 1.5, 2.0], [0.0, 1.0, 2.0])["mae"]
    0.16666666666666666
    >>> metrics(["a", "b", "b"], ["a", "b", "a"])["confusion"]
    [[1, 0], [1, 1]]
    """
    right, said = (
        pd.Series(truth).reset_index(drop=True),
        pd.Series(predicted).reset_index(drop=True),
    )
    if len(right) != len(said):
        raise BadRequest(f"{len(right)} true values and {len(said)} predicted: give one for each")
    if not len(right):
        raise BadRequest("there is no row to be measured")
    for name, values in (("true", right), ("predicted", said)):
        bad = np.flatnonzero(values.isna().to_numpy())
        if len(bad):
            raise BadRequest(
                f"{len(bad):,} of {len(values):,} {name} values are missing, the first is number "
                f"{bad[0]}: leave those rows out of both"
            )
    if task == "auto":
        task = "regression" if probabilities is None and _continuous(right) else "classification"
    if task == "regression":
        return _of_values(right, said)
    if task != "classification":
        raise BadRequest(f"task {task!r}: there are 'auto', 'classification' and 'regression'")
    return _of_classes(right, said, probabilities, classes)


def _continuous(values: pd.Series) -> bool:
    if kind_of(values) != "number":
        return False
    found = values.to_numpy(np.float64)
    return bool((found != np.rint(found)).any()) or len(np.unique(found)) > 20


def _of_values(truth: pd.Series, predicted: pd.Series) -> dict[str, Any]:
    try:
        right, said = truth.to_numpy(np.float64), predicted.to_numpy(np.float64)
    except (ValueError, TypeError) as error:
        raise BadRequest(f"values of a regression are numbers: {str(error)[:120]}") from None
    off = said - right
    if not np.isfinite(off).all():
        raise BadRequest(
            f"value number {np.flatnonzero(~np.isfinite(off))[0]} is infinite: leave it out"
        )
    spread = float(((right - right.mean()) ** 2).sum())
    return {
        "rmse": math.sqrt(float((off**2).mean())),
        "mae": float(np.abs(off).mean()),
        "median_absolute_error": float(np.median(np.abs(off))),
        "r2": 1 - float((off**2).sum()) / spread if spread > 0 else None,
        "rows": len(right),
    }


def _of_classes(
    truth: pd.Series, predicted: pd.Series, probabilities: Any, classes: Any
) -> dict[str, Any]:
    from sklearn import metrics as scores

    if isinstance(probabilities, pd.DataFrame):
        classes = list(probabilities.columns)
    right = [plain(value) for value in truth.astype(object)]
    said = [plain(value) for value in predicted.astype(object)]
    seen = set(right) | set(said)
    order = sorted(seen, key=_place) if classes is None else [plain(value) for value in classes]
    if not seen <= set(order):
        odd = min(seen - set(order), key=_place)
        raise BadRequest(f"class {odd!r} is none of {order}: give the classes of the probabilities")
    codes = {value: number for number, value in enumerate(order)}
    y, z = np.array([codes[v] for v in right]), np.array([codes[v] for v in said])
    table = scores.confusion_matrix(y, z, labels=range(len(order)))
    rows = table.sum(axis=1)
    recall = np.diag(table)[rows > 0] / rows[rows > 0]
    labels = np.flatnonzero(rows + table.sum(axis=0))
    found: dict[str, Any] = {
        "accuracy": float((y == z).mean()),
        "balanced_accuracy": float(recall.mean()),
        "f1_macro": float(scores.f1_score(y, z, labels=labels, average="macro", zero_division=0.0)),
        "classes": order,
        "confusion": table.tolist(),
        "rows": len(y),
    }
    if probabilities is None:
        return found
    p = np.asarray(probabilities, np.float64)
    if p.shape != (len(y), len(order)):
        raise BadRequest(
            f"probabilities of shape {p.shape} for {len(y)} rows of {len(order)} classes: give one a class"
        )
    bad = np.flatnonzero(~np.isfinite(p).all(axis=1))
    if len(bad):
        raise BadRequest(
            f"{len(bad):,} of {len(p):,} rows have no probabilities, the first is number {bad[0]}: "
            "leave them out"
        )
    return {**found, **_of_probabilities(y, p)}


def _of_probabilities(y: Any, p: Any) -> dict[str, Any]:
    from sklearn import metrics as scores

    # Two classes mirror each other: the last one, as of 1, True or "signal", is the one that is sought.
    sought = [1] if p.shape[1] == 2 else range(p.shape[1])
    areas, precisions = [], []
    for number in sought:
        mine = y == number
        if mine.all() or not mine.any():
            continue
        areas.append(scores.roc_auc_score(mine, p[:, number]))
        precisions.append(scores.average_precision_score(mine, p[:, number]))
    whole = len(areas) == len(sought)
    own = np.clip(p[np.arange(len(y)), y], np.finfo(float).eps, 1.0)
    return {
        "roc_auc": float(np.mean(areas)) if whole else None,
        "average_precision": float(np.mean(precisions)) if whole else None,
        "log_loss": float(-np.log(own).mean()),
    }


def _place(value: Any) -> tuple[str, Any]:
    kind = "number" if isinstance(value, int | float) else type(value).__name__
    return kind, value
