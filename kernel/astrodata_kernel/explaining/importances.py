"""How much each column matters to a model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd

from ..errors import BadRequest, Cancelled
from ..processing.tabular.columns import checked, listed
from .asking import Asked
from .correlations import correlated_columns, in_words
from .permuting import permuted
from .results import Importance
from .shap_values import shap_values

Groups = Mapping[str, Sequence[str]] | Sequence[Sequence[str]]


def importance(
    model: Any,
    table: pd.DataFrame,
    target: Any,
    *,
    method: str = "permutation",
    metric: str | None = None,
    repeats: int = 10,
    seed: int = 0,
    group: Groups | None = None,
    rows: int = 200,
    progress: Callable[[float], object] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Importance:
    """Give how much each column of a table matters to what a model predicts.

    Parameters
    ----------
    model
        A `TableModel`, or any object with ``predict`` (and ``predict_proba`` or, of Keras, a probability
        for each class) that has learnt from the columns of `table`.
    table
        Rows that the model has not learnt from: on those that it knows, a column that it has learnt by heart
        seems to matter.
    target
        Name of the column that is predicted, or its values.
    method
        ``"permutation"``: how much worse the predictions become when a column is shuffled, by scikit-learn.
        ``"shap"``: how the output of each row is made up of its columns. Exact for trees of scikit-learn (of
        the probability) and of XGBoost (of its margin: log-odds); sampled in permutations for others, against
        at most 50 rows of the table.
    metric
        For permutation, one of those that `astrodata_kernel.training.tabular.metrics` gives. By default
        ``"roc_auc"`` where there are probabilities, ``"accuracy"`` of other classes, ``"r2"`` of values.
    repeats
        How often each column is shuffled.
    seed
        Of everything that is drawn.
    group
        Columns that are shuffled together, whose SHAP values are added up: ``{"colour": ["g-r", "r-i"]}``, or
        lists of names such as ``Importance.correlated``. Others stay alone.
    rows
        At most so many, drawn by the seed, are explained by SHAP.
    progress
        Told the share done, 0 to 1.
    cancelled
        Asked between two shuffles or some rows: True gives the work up.

    Returns
    -------
    Importance

    Raises
    ------
    BadRequest
        Another method or metric, a metric without meaning for these rows, or groups that overlap.
    UnknownName
        A column that is not there.
    MissingPackage
        SHAP is not installed.
    Cancelled
        It was given up.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LinearRegression
    >>> rng = np.random.default_rng(0)
    >>> table = pd.DataFrame({"x": rng.normal(size=200), "noise": rng.normal(size=200)})
    >>> made = LinearRegression().fit(table, 3 * table["x"])
    >>> importance(made, table, 3 * table["x"]).table["mean"].round(1).to_dict()
    {'x': 2.0, 'noise': 0.0}
    """
    if method not in ("permutation", "shap"):
        raise BadRequest(f"method {method!r}: there are 'permutation' and 'shap'")
    if repeats < 1 or rows < 1 or seed < 0:
        raise BadRequest("repeats and rows are whole numbers above 0, a seed is 0 or above")
    if method == "shap" and metric is not None:
        raise BadRequest(f"SHAP values have no metric, and {metric!r} was given: leave it out")
    truth, name = _truth(table, target)
    if len(table) < 2:
        raise BadRequest(f"{len(table)} rows: give two at least, better some hundreds")
    asked = Asked(model, table, truth, name)
    together = _groups(asked.columns, group)

    def check() -> None:
        if cancelled is not None and cancelled():
            raise Cancelled("the importance of columns was given up")

    def tell(share: float) -> None:
        if progress is not None:
            progress(share)

    check()
    tell(0.0)
    pairs = correlated_columns(asked.x, seed)
    notes = in_words(pairs, together)
    if method == "permutation":
        facts = permuted(asked, truth, together, metric, repeats, seed, tell, check)
    else:
        facts = shap_values(asked, together, rows, seed, tell, check)
    tell(1.0)
    found = facts.pop("notes", ())
    return Importance(
        method=method,
        target=name,
        seed=seed,
        notes=(*notes, *found),
        correlated=tuple(pairs),
        **facts,
    )


def _truth(table: Any, target: Any) -> tuple[pd.Series, str]:
    if isinstance(target, str):
        return checked(table, [target])[target], target
    values = pd.Series(target)
    if len(values) != len(checked(table)):
        raise BadRequest(
            f"{len(values)} values of the target for {len(table)} rows: give one for each"
        )
    return values, str(values.name or "target")


def _groups(columns: Sequence[str], group: Groups | None) -> dict[str, list[str]]:
    given: Mapping[str, Sequence[str]]
    if group is None:
        given = {}
    elif isinstance(group, Mapping):
        given = {str(name): listed(members) for name, members in group.items()}
    else:
        given = {" + ".join(map(str, listed(each))): listed(each) for each in group}
    seen: list[str] = []
    for name, members in given.items():
        for member in members:
            if member not in columns:
                raise BadRequest(f"group {name!r} has {member!r}, which the model does not look at")
            if member in seen:
                raise BadRequest(f"column {member!r} is in two groups: leave it in one")
            seen.append(member)
        if not members:
            raise BadRequest(f"group {name!r} has no column: leave it out")
    made: dict[str, list[str]] = {}
    for column in columns:
        name = next((n for n, members in given.items() if column in members), None)
        if name is None and column in given:
            raise BadRequest(f"group {column!r} has the name of a column: call it otherwise")
        made.setdefault(column if name is None else name, []).append(column)
    return made
