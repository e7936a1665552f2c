"""The bytes of XGBoost's models, checked before its C++ code walks the trees that they tell of."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

import numpy as np

from ...errors import DamagedFile

_NUMBERS = {
    b"i": ">i1",
    b"U": ">u1",
    b"I": ">i2",
    b"l": ">i4",
    b"L": ">i8",
    b"d": ">f4",
    b"D": ">f8",
}
_DEEPEST = 16
_PER_NODE = {
    "base_weights": "f",
    "default_left": "iu",
    "left_children": "i",
    "loss_changes": "f",
    "parents": "i",
    "right_children": "i",
    "split_conditions": "f",
    "split_indices": "i",
    "split_type": "iu",
    "sum_hessian": "f",
}
_CATEGORIES = ("categories", "categories_nodes", "categories_segments", "categories_sizes")


def check_booster(data: bytes, width: int, classes: int) -> None:
    """Refuse UBJSON of a booster that is not one of trees, or whose trees lead out of their arrays.

    Parameters
    ----------
    data
        As of ``Booster.save_raw("ubj")``.
    width
        Number of columns.
    classes
        Number of classes; 0 of a regression.

    Raises
    ------
    DamagedFile
        Anything that XGBoost would not have written for such a model.
    """
    try:
        held = _Reader(data).whole()
        learner = held["learner"]
        _check_learner(learner, width, classes)
    except (KeyError, TypeError, ValueError, IndexError, struct.error, AttributeError) as error:
        if isinstance(error, DamagedFile):
            raise
        raise DamagedFile(
            f"XGBoost's model is none that can be checked: {str(error)[:120]}"
        ) from None


def _check_learner(learner: Mapping[str, Any], width: int, classes: int) -> None:
    facts = learner["learner_model_param"]
    groups = classes if classes > 2 else 1
    told = int(facts["num_class"]), int(facts["num_feature"]), int(facts["num_target"])
    if told != (0 if groups == 1 else groups, width, 1):
        raise DamagedFile("XGBoost's model takes or gives other columns than model.json says")
    names, types = learner["feature_names"], learner["feature_types"]
    booster = learner["gradient_booster"]
    model = booster["model"]
    trees, owners = model["trees"], np.asarray(model["tree_info"], np.int64)
    ends = np.asarray(model["iteration_indptr"], np.int64)
    right = (
        booster["name"] == "gbtree"
        and int(model["gbtree_model_param"]["num_trees"]) == len(trees) == len(owners)
        and int(model["gbtree_model_param"]["num_parallel_tree"]) >= 1
        and len(names) in (0, width)
        and len(types) in (0, width)
        and all(isinstance(each, str) for each in (*names, *types))
        and ((owners >= 0) & (owners < groups)).all()
        and len(ends) > 0
        and ends[0] == 0
        and ends[-1] == len(trees)
        and (np.diff(ends) >= 0).all()
    )
    if not right:
        raise DamagedFile("XGBoost's model contradicts itself: its trees are not those it tells of")
    for number, tree in enumerate(trees):
        wrong = _broken_tree(tree, width)
        if wrong or int(tree["id"]) != number:
            raise DamagedFile(
                f"XGBoost's model: tree {number} cannot be walked: {wrong or 'its id'}"
            )


def _broken_tree(tree: Mapping[str, Any], width: int) -> str:
    facts = tree["tree_param"]
    count = int(facts["num_nodes"])
    if (
        count < 1
        or int(facts["num_feature"]) != width
        or int(facts["size_leaf_vector"]) not in (0, 1)
    ):
        return "its number of nodes or columns"
    for name, kinds in _PER_NODE.items():
        values = tree[name]
        if not isinstance(values, np.ndarray) or values.dtype.kind not in kinds:
            return f"its {name} are none"
        if len(values) != count:
            return "its arrays have different lengths"
    if any(len(tree[name]) for name in _CATEGORIES) or np.any(tree["split_type"]):
        return "it has categories, of which a table of numbers has none"
    left, right = tree["left_children"], tree["right_children"]
    if ((left == -1) != (right == -1)).any():
        return "a node has one child"
    inner = np.flatnonzero(left != -1)
    for child in (left[inner], right[inner]):
        # Whoever is the child of one node only, and never the root, is in no circle.
        if ((child < 1) | (child >= count)).any() or (tree["parents"][child] != inner).any():
            return "its branches do not end"
    if (left[inner] == right[inner]).any():
        return "two branches are one"
    split = tree["split_indices"][inner]
    return (
        "it asks for columns that there are not" if ((split < 0) | (split >= width)).any() else ""
    )


class _Reader:
    """Reads UBJSON as XGBoost writes it."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def whole(self) -> Any:
        found = self._value(self._take(1), 0)
        if self._at != len(self._data):
            raise DamagedFile("XGBoost's model has bytes after its end")
        return found

    def _take(self, count: int) -> bytes:
        if count < 0 or self._at + count > len(self._data):
            raise DamagedFile("XGBoost's model is cut short")
        self._at += count
        return self._data[self._at - count : self._at]

    def _number(self, mark: bytes) -> Any:
        kind = np.dtype(_NUMBERS[mark])
        return np.frombuffer(self._take(kind.itemsize), kind)[0].item()

    def _length(self) -> int:
        mark = self._take(1)
        if mark not in b"iUIlL":
            raise DamagedFile("XGBoost's model has a length that is no whole number")
        return int(self._number(mark))

    def _text(self) -> str:
        return self._take(self._length()).decode()

    def _value(self, mark: bytes, depth: int) -> Any:
        if depth > _DEEPEST:
            raise DamagedFile("XGBoost's model is nested too deeply")
        if mark in _NUMBERS:
            return self._number(mark)
        if mark == b"S":
            return self._text()
        if mark in (b"T", b"F", b"Z"):
            return {b"T": True, b"F": False, b"Z": None}[mark]
        if mark == b"[":
            return self._array(depth)
        if mark == b"{":
            found = {}
            while (mark := self._take(1)) != b"}":
                self._at -= 1
                name = self._text()
                if name in found:
                    raise DamagedFile(f"XGBoost's model has two {name[:40]!r}")
                found[name] = self._value(self._take(1), depth + 1)
            return found
        raise DamagedFile(f"XGBoost's model has a mark {mark!r} that is not known")

    def _array(self, depth: int) -> Any:
        mark = self._take(1)
        if mark == b"$":
            kind = np.dtype(_NUMBERS[self._take(1)])
            if self._take(1) != b"#":
                raise DamagedFile("XGBoost's model has an array without a length")
            count = self._length()
            return np.frombuffer(self._take(count * kind.itemsize), kind)
        if mark == b"#":
            count = self._length()
            if not 0 <= count <= len(self._data):
                raise DamagedFile("XGBoost's model is cut short")
            return [self._value(self._take(1), depth + 1) for _ in range(count)]
        found = []
        while mark != b"]":
            found.append(self._value(mark, depth + 1))
            mark = self._take(1)
        return found
