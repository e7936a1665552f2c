"""XGBoost, round by round."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from ...errors import BadRequest


def fit_boosted(
    estimator: Any,
    x: pd.DataFrame,
    y: Any,
    held: tuple[pd.DataFrame, Any] | None,
    tell: Callable[[float], None],
    check: Callable[[], None],
) -> pd.DataFrame:
    """Fit an estimator of XGBoost, and give what it tells of each round.

    Returns
    -------
    pandas.DataFrame
        A row each round: ``step``, ``train_<measure>`` and, with a validation, ``validation_<measure>``.

    Raises
    ------
    BadRequest
        Names of columns that XGBoost does not take, or an early stop without a validation.
    """
    from xgboost.callback import TrainingCallback

    for name in x.columns:
        if any(sign in str(name) for sign in "[]<"):
            raise BadRequest(f"XGBoost takes no column name with [, ] or <: rename {name!r}")
    if estimator.early_stopping_rounds and held is None:
        raise BadRequest("early_stopping_rounds needs a validation part: give one")
    rounds = estimator.n_estimators or 100

    class Watch(TrainingCallback):  # type: ignore[misc]
        def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
            check()
            tell((epoch + 1) / rounds)
            return False

    estimator.set_params(callbacks=[Watch()])
    watched = [(x, y), *([] if held is None else [held])]
    try:
        estimator.fit(x, y, eval_set=watched, verbose=False)
    finally:
        estimator.set_params(callbacks=None)
    told = estimator.evals_result()
    columns = {
        f"{part}_{measure}": values
        for part, key in zip(("train", "validation"), told, strict=False)
        for measure, values in told[key].items()
    }
    made = pd.DataFrame(columns)
    made.insert(0, "step", range(1, len(made) + 1))
    return made
