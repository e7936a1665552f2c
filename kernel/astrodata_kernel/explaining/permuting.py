"""How much worse a model predicts when columns are shuffled, by scikit-learn."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from ..errors import BadRequest
from .asking import Asked

HIGHER_IS_BETTER = (
    "accuracy",
    "balanced_accuracy",
    "f1_macro",
    "roc_auc",
    "average_precision",
    "r2",
)
LOWER_IS_BETTER = ("log_loss", "rmse", "mae", "median_absolute_error")


class _Places:
    """Stands for the model where scikit-learn asks for an estimator; the scorer knows the real one."""

    def fit(self, *_: Any) -> None:
        raise TypeError("the model has learnt already")


def permuted(
    asked: Asked,
    truth: pd.Series,
    groups: Mapping[str, list[str]],
    metric: str | None,
    repeats: int,
    seed: int,
    tell: Callable[[float], None],
    check: Callable[[], None],
) -> dict[str, Any]:
    """Give the fields of `Importance` by `sklearn.inspection.permutation_importance`.

    What it shuffles are the numbers of rows, one column of them for each group: so that columns of a group
    take the values of the same other row, and a group of one is scikit-learn's own result.
    """
    from sklearn.inspection import permutation_importance

    chosen = _metric(asked, metric)
    sign = 1.0 if chosen in HIGHER_IS_BETTER else -1.0
    names, count = list(groups), len(asked.x)
    told: list[float] = []
    wanted = 1 + len(names) * repeats
    straight = np.arange(count)

    def score(_: Any, places: Any, _truth: Any) -> float:
        check()
        x = asked.x
        new = {}
        for number, name in enumerate(names):
            order = places[:, number]
            if not np.array_equal(order, straight):
                new.update({column: x[column].array.take(order) for column in groups[name]})
        if new:
            x = x.copy()
            for column, values in new.items():
                x[column] = values
        value = asked.measures(x, truth).get(chosen)
        if value is None:
            raise BadRequest(
                f"{chosen} has no meaning for these rows (all of one class or value?): choose another "
                "metric, or give other rows"
            )
        told.append(float(value))  # the first is of the rows as they are
        tell(len(told) / wanted)
        return sign * told[-1]

    found = permutation_importance(
        _Places(),
        np.repeat(straight[:, None], len(names), axis=1),
        truth.to_numpy(),
        scoring=score,
        n_repeats=repeats,
        random_state=seed,
    )
    values = np.asarray(found.importances)
    table = pd.DataFrame(
        {"mean": values.mean(axis=1), "std": values.std(axis=1)},
        index=pd.Index(names, name="column"),
    )
    each = {f"repeat {n + 1}": values[:, n] for n in range(values.shape[1])}
    table = pd.concat([table, pd.DataFrame(each, index=table.index)], axis=1)
    order = np.argsort(-table["mean"].to_numpy(), kind="stable")
    return {
        "metric": chosen,
        "table": table.iloc[order],
        "values": values[order],
        "base": told[0],
        "rows": count,
    }


def _metric(asked: Asked, metric: str | None) -> str:
    if metric is None:
        return "roc_auc" if asked.classes is not None else "accuracy" if asked.labelled else "r2"
    if asked.labelled:
        known = ["accuracy", "balanced_accuracy", "f1_macro"]
        known += ["roc_auc", "average_precision", "log_loss"] if asked.classes is not None else []
    else:
        known = ["r2", "rmse", "mae", "median_absolute_error"]
    if metric not in known:
        close = difflib.get_close_matches(str(metric), known, 1, 0.6) or known
        raise BadRequest(
            f"there is no metric {metric!r} of this model: there is {', '.join(close)}"
        )
    return metric
