"""How the output of each row is made up of its columns, by the SHAP package."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..errors import MissingPackage
from ..processing.tabular.columns import numbers
from .asking import Asked

BACKGROUND, AT_ONCE, ROUNDS = 50, 10, 4
EXACT = ("RandomForest", "ExtraTrees", "DecisionTree", "ExtraTree", "XGB")
"""Beginnings of the names of models whose trees SHAP walks itself."""

Values = npt.NDArray[np.float64]


def shap_package() -> Any:
    """Give the `shap` module.

    Raises
    ------
    MissingPackage
        It is not installed.
    """
    try:
        with warnings.catch_warnings():
            # Its colour maps, with the newest Matplotlib.
            warnings.simplefilter("ignore", PendingDeprecationWarning)
            warnings.simplefilter("ignore", DeprecationWarning)
            import shap
    except ImportError as error:
        raise MissingPackage(
            f'SHAP values need the package shap ({error}); run "pip install astrodata-lab[shap]" in this '
            'kernel\'s environment, then restart the kernel; or use method="permutation"'
        ) from None
    return shap


def shap_values(
    asked: Asked,
    groups: Mapping[str, list[str]],
    rows: int,
    seed: int,
    tell: Callable[[float], None],
    check: Callable[[], None],
) -> dict[str, Any]:
    """Give the fields of `Importance` by SHAP."""
    package = shap_package()
    draw = np.random.default_rng(seed)
    chosen = np.sort(draw.permutation(len(asked.x))[:rows])
    x = _numbers(asked.x.iloc[chosen])
    if type(asked.plain).__name__.startswith(EXACT):
        parts, base, outputs, what = _of_trees(package, asked, x, tell, check)
    else:
        behind = _numbers(asked.x.iloc[np.sort(draw.permutation(len(asked.x))[:BACKGROUND])])
        parts, base, outputs, what = _of_any(package, asked, x, behind, seed, tell, check)
    # Two classes mirror each other: the last one is told.
    classes = asked.classes
    if parts.ndim == 3 and parts.shape[2] == 2:
        parts, base, outputs = parts[:, :, 1], base[1], outputs[:, 1]
    if parts.ndim == 3:
        what += " of each class"
    elif classes is not None:
        what += f" of {classes[-1]}"
    off = float(np.abs(parts.sum(axis=1) + base - outputs).max())
    spread = float(np.ptp(outputs)) or 1.0
    notes = ()
    if off > 1e-3 * spread:
        notes = (f"the values of a row add up to its output only to within {off:.2g}",)
    names = list(groups)
    at = {column: number for number, column in enumerate(asked.columns)}
    summed = np.stack(
        [parts[:, [at[column] for column in groups[name]]].sum(axis=1) for name in names], axis=1
    )
    sizes = np.abs(summed) if summed.ndim == 2 else np.abs(summed).sum(axis=2)
    table = pd.DataFrame(
        {"mean": sizes.mean(axis=0), "std": sizes.std(axis=0)}, pd.Index(names, name="column")
    )
    order = np.argsort(-table["mean"].to_numpy(), kind="stable")
    return {
        "metric": what,
        "table": table.iloc[order],
        "values": summed[:, order],
        "base": float(base) if np.ndim(base) == 0 else np.asarray(base, float),
        "rows": len(x),
        "outputs": outputs,
        "residual": off,
        "classes": tuple(classes) if classes is not None else (),
        "features": pd.DataFrame(
            {
                name: x[groups[name][0]] if len(groups[name]) == 1 else np.nan
                for name in table.index[order]
            }
        ),
        "notes": notes,
    }


def _numbers(x: pd.DataFrame) -> pd.DataFrame:
    made = {name: numbers(x, name, "that SHAP values are of") for name in x.columns}
    return pd.DataFrame(made, index=x.index)


def _of_trees(
    package: Any, asked: Asked, x: pd.DataFrame, tell: Any, check: Any
) -> tuple[Values, Any, Values, str]:
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # of other libraries' newest versions; the sum is checked below
        explainer = package.TreeExplainer(asked.plain)
    found = []
    for start in range(0, len(x), 20 * AT_ONCE):
        check()
        found.append(np.asarray(explainer.shap_values(x.iloc[start : start + 20 * AT_ONCE]), float))
        tell(min(1.0, (start + 20 * AT_ONCE) / len(x)))
    parts = np.concatenate(found)
    base = np.squeeze(np.asarray(explainer.expected_value, float))
    if type(asked.plain).__name__.startswith("XGB"):
        outputs = np.asarray(asked.plain.predict(x, output_margin=True), float)
        return parts, base, outputs, "margin (log-odds)" if asked.classes else "output"
    if asked.classes is None:
        return parts, base, np.asarray(asked.predict(x), float), "output"
    return parts, base, asked.probabilities(x), "probability"


def _of_any(
    package: Any,
    asked: Asked,
    x: pd.DataFrame,
    behind: pd.DataFrame,
    seed: int,
    tell: Any,
    check: Any,
) -> tuple[Values, Any, Values, str]:
    def output(values: Any) -> Values:
        check()
        rows = pd.DataFrame(values, columns=asked.columns)
        if asked.classes is None:
            return np.asarray(asked.predict(rows), float)
        return asked.probabilities(rows)

    before = np.random.get_state()  # noqa: NPY002 - SHAP seeds NumPy's own generator: the notebook's is put back
    try:
        masker = package.maskers.Independent(behind.to_numpy(), max_samples=BACKGROUND)
        explainer = package.explainers.Permutation(output, masker, seed=seed)
        parts, bases = [], []
        for start in range(0, len(x), AT_ONCE):
            check()
            made = explainer(
                x.iloc[start : start + AT_ONCE].to_numpy(),
                max_evals=ROUNDS * (2 * len(asked.columns) + 1),
                silent=True,
            )
            parts.append(made.values)
            bases.append(made.base_values)
            tell(min(1.0, (start + AT_ONCE) / len(x)))
    finally:
        np.random.set_state(before)  # noqa: NPY002
    what = "output" if asked.classes is None else "probability"
    return np.concatenate(parts), np.concatenate(bases)[0], output(x.to_numpy()), what
