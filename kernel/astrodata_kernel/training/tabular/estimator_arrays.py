"""Estimators of scikit-learn as plain values and arrays, and back: real ones, without pickle.

A tree is rebuilt by ``sklearn.tree._tree.Tree.__setstate__``, which is private but what pickle itself
calls; its nodes are checked before, since scikit-learn walks them in C. Neighbours are fitted again with
their own rows, which is all that they learn. Others get their constructor's parameters and what fitting has
added to them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt

from ...errors import DamagedFile, UnsupportedFormat

Arrays = dict[str, npt.NDArray[Any]]

KEPT = (
    "sklearn.discriminant_analysis.LinearDiscriminantAnalysis",
    "sklearn.dummy.DummyClassifier",
    "sklearn.dummy.DummyRegressor",
    "sklearn.ensemble.ExtraTreesClassifier",
    "sklearn.ensemble.ExtraTreesRegressor",
    "sklearn.ensemble.RandomForestClassifier",
    "sklearn.ensemble.RandomForestRegressor",
    "sklearn.linear_model.BayesianRidge",
    "sklearn.linear_model.ElasticNet",
    "sklearn.linear_model.HuberRegressor",
    "sklearn.linear_model.Lasso",
    "sklearn.linear_model.LinearRegression",
    "sklearn.linear_model.LogisticRegression",
    "sklearn.linear_model.Ridge",
    "sklearn.linear_model.RidgeClassifier",
    "sklearn.naive_bayes.GaussianNB",
    "sklearn.neighbors.KNeighborsClassifier",
    "sklearn.neighbors.KNeighborsRegressor",
    "sklearn.pipeline.Pipeline",
    "sklearn.preprocessing.LabelBinarizer",
    "sklearn.preprocessing.StandardScaler",
    "sklearn.tree.DecisionTreeClassifier",
    "sklearn.tree.DecisionTreeRegressor",
    "sklearn.tree.ExtraTreeClassifier",
    "sklearn.tree.ExtraTreeRegressor",
)
"""Estimators that can be kept; none else is ever made from a file."""

_SHORT = {name.rpartition(".")[2]: name for name in KEPT}
_LEARNT = re.compile(r"_?[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+)*_?")
_PLAIN_KINDS = "biufUS"
_DEEPEST = 12


def taken(estimator: Any) -> tuple[Any, Arrays]:
    """Give an estimator as JSON values and arrays; both are the same for the same fit.

    Raises
    ------
    UnsupportedFormat
        An estimator, or something within it, that is not of `KEPT`.
    """
    arrays: Arrays = {}
    return _taken(estimator, arrays, type(estimator).__name__), arrays


def made(values: Any, arrays: Mapping[str, npt.NDArray[Any]]) -> Any:
    """Give the estimator of `taken`.

    Raises
    ------
    DamagedFile
        Values that are none of it, or trees that would lead out of their arrays.
    """
    try:
        found = _made(values, arrays, 0)
        _check_widths(found)
        return found
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError) as error:
        if isinstance(error, DamagedFile):
            raise
        raise DamagedFile(
            f"the model's values are not those of an estimator: {str(error)[:160]}"
        ) from None


def _taken(value: Any, arrays: Arrays, where: str) -> Any:
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float) and not isinstance(value, np.floating):
        return value if math.isfinite(value) else {"float": repr(value)}
    if isinstance(value, np.generic | np.ndarray):
        return _taken_array(np.asarray(value), isinstance(value, np.generic), arrays, where)
    if isinstance(value, list | tuple):
        kind = "list" if isinstance(value, list) else "tuple"
        return {kind: [_taken(each, arrays, where) for each in value]}
    if isinstance(value, dict):
        pairs = [[_taken(k, arrays, where), _taken(v, arrays, where)] for k, v in value.items()]
        return {"dict": pairs}
    if type(value).__name__ == "Tree" and type(value).__module__ == "sklearn.tree._tree":
        return _taken_tree(value, arrays)
    return _taken_estimator(value, arrays, where)


def _taken_array(values: Any, scalar: bool, arrays: Arrays, where: str) -> Any:
    if values.dtype == object and all(isinstance(each, str) for each in values.flat):
        return {"names": values.tolist()}
    if values.dtype.kind not in _PLAIN_KINDS:
        raise UnsupportedFormat(f"{where} holds an array of {values.dtype}, {_ELSE}")
    name = f"a{len(arrays)}"
    arrays[name] = np.array(values, order="C")
    return {"scalar" if scalar else "array": name}


_ELSE = (
    "which cannot be kept without pickle: log it with MLflow (mlflow.sklearn.log_model), or choose a random "
    "forest, k-neighbours, linear or XGBoost model"
)


def _taken_estimator(value: Any, arrays: Arrays, where: str) -> Any:
    name = type(value).__name__
    if _class(_SHORT.get(name, "")) is not type(value):
        raise UnsupportedFormat(f"{where} is or holds a {name}, {_ELSE}")
    parameters = value.get_params(deep=False)
    if parameters.get("memory") is not None:
        raise UnsupportedFormat(f"{where} has a memory= of its own, {_ELSE}")
    told = {key: _taken(each, arrays, where) for key, each in sorted(parameters.items())}
    if name.startswith("KNeighbors"):
        y = value._y if "Regressor" in name else value.classes_[value._y]
        rows = {"x": _taken(value._fit_X, arrays, where), "y": _taken(y, arrays, where)}
        rows["names"] = _taken(getattr(value, "feature_names_in_", None), arrays, where)
        return {"estimator": _SHORT[name], "parameters": told, "rows": rows}
    fresh = vars(type(value)(**parameters))
    learnt = {key: each for key, each in sorted(vars(value).items()) if key not in fresh}
    kept = {key: _taken(each, arrays, where) for key, each in learnt.items()}
    return {"estimator": _SHORT[name], "parameters": told, "learnt": kept}


def _class(name: str) -> Any:
    if name not in KEPT:
        return None
    room, _, last = name.rpartition(".")
    return getattr(import_module(room), last)


def _taken_tree(tree: Any, arrays: Arrays) -> Any:
    state = tree.__getstate__()
    nodes = state["nodes"]
    # Without the gaps between C's fields, whose bytes mean nothing.
    packed = np.dtype([(name, nodes.dtype[name].str) for name in nodes.dtype.names])
    _, (features, classes, outputs), *_ = tree.__reduce__()
    n, v, c = (f"a{len(arrays) + i}" for i in range(3))
    arrays[n] = nodes.astype(packed)
    arrays[v] = np.ascontiguousarray(state["values"])
    arrays[c] = np.asarray(classes)
    facts = {"features": int(features), "outputs": int(outputs), "depth": int(state["max_depth"])}
    return {"tree": {**facts, "nodes": n, "values": v, "classes": c}}


def _made(value: Any, arrays: Mapping[str, npt.NDArray[Any]], depth: int) -> Any:
    if depth > _DEEPEST:
        raise DamagedFile("the model's values are nested too deeply")
    if not isinstance(value, dict):
        return value
    if "estimator" in value:
        return _made_estimator(value, arrays, depth)
    ((kind, held),) = value.items()
    if kind == "float":
        return float(held)
    if kind == "array":
        return np.array(arrays[held])
    if kind == "scalar":
        return arrays[held][()]
    if kind == "names":
        return np.array([str(each) for each in held], dtype=object)
    if kind in ("list", "tuple"):
        found = [_made(each, arrays, depth + 1) for each in held]
        return found if kind == "list" else tuple(found)
    if kind == "dict":
        return {_made(k, arrays, depth + 1): _made(v, arrays, depth + 1) for k, v in held}
    if kind == "tree":
        return _made_tree(held, arrays)
    raise DamagedFile(f"the model's values have a {str(kind)[:40]!r}, which is not known here")


def _made_estimator(value: Any, arrays: Mapping[str, npt.NDArray[Any]], depth: int) -> Any:
    name = str(value["estimator"])
    cls = _class(name)
    if cls is None:
        raise DamagedFile(f"the model is a {name[:80]!r}, which is not made from files")
    parameters = {k: _made(v, arrays, depth + 1) for k, v in value["parameters"].items()}
    if parameters.get("memory") is not None:
        raise DamagedFile("the model names a folder of its own for a cache, which is not used")
    estimator = cls(**parameters)
    if "rows" in value:
        rows = {k: _made(v, arrays, depth + 1) for k, v in value["rows"].items()}
        x = rows["x"]
        if rows["names"] is not None:
            import pandas as pd

            x = pd.DataFrame(x, columns=rows["names"])
        return estimator.fit(x, rows["y"])
    for key, each in value["learnt"].items():
        # Never over a method, and never Python's own.
        if not _LEARNT.fullmatch(key) or hasattr(cls, key) or key in parameters:
            raise DamagedFile(f"the model sets {str(key)[:40]!r}, which no {name} has learnt")
        setattr(estimator, key, _made(each, arrays, depth + 1))
    return estimator


def _made_tree(facts: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]]) -> Any:
    from sklearn.tree._tree import NODE_DTYPE, Tree

    nodes, values = arrays[facts["nodes"]], arrays[facts["values"]]
    classes = np.asarray(arrays[facts["classes"]], np.intp).reshape(-1)
    features, outputs, depth = (int(facts[name]) for name in ("features", "outputs", "depth"))
    if set(nodes.dtype.names or ()) != set(NODE_DTYPE.names):
        raise DamagedFile("the model's trees were written by another version of scikit-learn")
    wrong = _leads_out(nodes, values, features, outputs, classes, depth)
    if wrong:
        raise DamagedFile(f"the model holds a tree that cannot be walked: {wrong}")
    state = {
        "max_depth": depth,
        "node_count": len(nodes),
        "nodes": np.zeros(len(nodes), NODE_DTYPE),
        "values": np.ascontiguousarray(values, np.float64),
    }
    for name in NODE_DTYPE.names:
        state["nodes"][name] = nodes[name]
    tree = Tree(features, classes, outputs)
    tree.__setstate__(state)
    return tree


def _leads_out(
    nodes: Any, values: Any, features: int, outputs: int, classes: Any, depth: int
) -> str:
    """Give what is wrong with a tree; empty when each way down ends in a leaf of its own."""
    count = len(nodes)
    if nodes.ndim != 1 or not count or features < 1 or outputs != 1 or len(classes) != 1:
        return "it has no nodes, columns or outputs"
    if not 0 <= depth <= count or not 1 <= classes[0] <= 1_000_000:
        return "its depth or classes"
    if values.shape != (count, 1, int(classes[0])) or values.dtype.kind != "f":
        return "its values do not fit its nodes"
    left, right, feature = (
        np.asarray(nodes[name], np.int64) for name in ("left_child", "right_child", "feature")
    )
    leaf = (left == -1) & (right == -1)
    place = np.arange(count)
    # Children come after their parent: whoever walks down arrives.
    down = (left > place) & (right > place) & (left < count) & (right < count)
    inside = (feature >= 0) & (feature < features)
    if not (leaf | (down & inside)).all():
        return "its branches do not end, or ask for columns that there are not"
    return ""


def _check_widths(estimator: Any) -> None:
    """Refuse trees that would look beyond the columns that scikit-learn checks for them."""
    for _, step in getattr(estimator, "steps", ()):
        _check_widths(step)
    trees = list(getattr(estimator, "estimators_", ()))
    for each in [estimator, *trees] if trees or hasattr(estimator, "tree_") else ():
        tree = getattr(each, "tree_", None)
        width = each.n_features_in_
        if width != estimator.n_features_in_ or (tree is not None and tree.n_features != width):
            raise DamagedFile("the model's trees take other columns than the model")
        if tree is None and each is not estimator:
            raise DamagedFile("the model's trees are none")
