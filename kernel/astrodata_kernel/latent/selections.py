"""Selections of points: a list of steps that can be printed, and the points that they mean."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import BadRequest, UnknownName
from .expressions import Expression

Mask = npt.NDArray[np.bool_]
Step = dict[str, Any]
OPS = ("replace", "add", "subtract", "intersect")
SHAPES = ("box", "lasso", "where", "categories", "nearest", "kept", "steps", "rows")
_GIVEN = 50
_DEEPEST = 20
LONGEST = 200
"""Steps of a selection at most."""


class Chooser:
    """Turns steps of selection into points.

    Parameters
    ----------
    values
        Gives the values of a column, shape (n,), for its name; raises `UnknownName`.
    names
        The columns that there are.
    valid
        Boolean, shape (n,): what can be selected at all.
    nearest
        Gives the numbers of the k points nearest to one: ``nearest(row, k)``.
    texts
        Gives the text of each value of a categorical column.
    """

    def __init__(
        self,
        values: Callable[[str], npt.NDArray[Any]],
        names: Callable[[], Sequence[str]],
        valid: Mask,
        nearest: Callable[[int, int], npt.NDArray[np.int64]],
        texts: Callable[[str], npt.NDArray[Any]],
    ) -> None:
        self._values, self._names, self._valid = values, names, valid
        self._nearest, self._texts = nearest, texts
        self.kept: dict[str, list[Step]] = {}
        """Selections that were given a name."""
        self._rows: OrderedDict[str, npt.NDArray[np.uint8]] = OrderedDict()
        self._given = 0
        self._depth = 0
        self._last: tuple[str, Mask] | None = None

    def checked(self, steps: Any) -> list[Step]:
        """Give steps as they are kept, after a look at each.

        Raises
        ------
        BadRequest, UnknownName
            Steps that mean nothing here; the text says which.
        """
        if steps is None:
            return []
        if isinstance(steps, Mapping):
            steps = [steps]
        if isinstance(steps, str | bytes) or not isinstance(steps, Sequence):
            raise BadRequest(f"{steps!r} is no selection: give a list of steps")
        if len(steps) > LONGEST:
            raise BadRequest(
                f"a selection of {len(steps)} steps: {LONGEST} at most; keep it by name"
            )
        found = [self._step(step) for step in steps]
        # What comes before a replacement means nothing any more.
        last = max((i for i, step in enumerate(found) if step["op"] == "replace"), default=0)
        return found[last:]

    def mask(self, steps: Sequence[Step]) -> Mask:
        """Give the points of checked steps, boolean of shape (n,), read-only."""
        mask = np.zeros(len(self._valid), bool)
        first = 0
        before = self._key(steps[:-1])
        if self._last is not None and len(steps) > 1 and self._last[0] == before:
            mask, first = self._last[1].copy(), len(steps) - 1
        elif self._last is not None and self._last[0] == self._key(steps):
            return self._last[1]
        for step in steps[first:]:
            one = self.shape(step) & self._valid
            if step["op"] == "replace":
                mask = one
            elif step["op"] == "add":
                mask |= one
            elif step["op"] == "subtract":
                mask &= ~one
            else:
                mask &= one
        mask.flags.writeable = False
        self._last = (self._key(steps), mask)
        return mask

    def forget(self) -> None:
        """Work everything out anew: a column changed."""
        self._last = None

    def shape(self, step: Mapping[str, Any]) -> Mask:
        """Give the points of one step alone, without what came before."""
        if "box" in step:
            return self._box(step["box"])
        if "lasso" in step:
            from .polygons import inside_polygon  # loads Numba

            lasso = step["lasso"]
            x, y = self._values(lasso["x"]), self._values(lasso["y"])
            return inside_polygon(x, y, lasso["polygon"])
        if "where" in step:
            return Expression(step["where"], self._names()).mask(self._column, len(self._valid))
        if "categories" in step:
            wanted = step["categories"]
            return np.isin(self._texts(wanted["column"]), wanted["names"])
        if "nearest" in step:
            mask = np.zeros(len(self._valid), bool)
            mask[self._nearest(step["nearest"]["row"], step["nearest"]["k"])] = True
            return mask
        if "steps" in step:
            return self.mask_of(step["steps"]["of"])
        return np.unpackbits(self._rows[step["rows"]], count=len(self._valid)).astype(bool)

    def give(self, mask: Mask) -> str:
        """Keep points that somebody chose one by one, and give the name that stands for them in a step."""
        self._given += 1
        name = f"given {self._given}"
        self._rows[name] = np.packbits(mask)
        while len(self._rows) > _GIVEN:
            self._rows.popitem(last=False)
        return name

    def mask_of(self, steps: Sequence[Step]) -> Mask:
        """Give the points of steps that are not those on show."""
        before = self._last
        try:
            return self.mask(steps)
        finally:
            self._last = before

    def _box(self, box: Mapping[str, Any]) -> Mask:
        mask = np.ones(len(self._valid), bool)
        for side in ("x", "y"):
            if side in box:
                low, high = (np.float64(end) for end in box[f"{side}_range"])
                values = self._values(box[side])
                mask &= (values >= low) & (values <= high)
        return mask

    def _column(self, name: str) -> npt.NDArray[Any]:
        try:
            return self._values(name)
        except UnknownName:
            return self._texts(name)

    def _step(self, step: Any) -> Step:
        if not isinstance(step, Mapping):
            raise BadRequest(f"{step!r} is no step of a selection: {_WANTED}")
        shapes = [name for name in SHAPES if name in step]
        op = step.get("op", "replace")
        if len(shapes) != 1 or op not in OPS or set(step) - {"op", shapes[0]}:
            raise BadRequest(f"{dict(step)!r} is no step of a selection: {_WANTED}")
        name = shapes[0]
        try:
            made = getattr(self, f"_checked_{name}")(step[name])
        except (TypeError, KeyError, ValueError) as error:
            if isinstance(error, BadRequest | UnknownName):
                raise
            raise BadRequest(f"{dict(step)!r} is no step of a selection: {_WANTED}") from None
        # A name may be given to another selection later: what is kept is what it means now.
        return {"op": op, "steps" if name == "kept" else name: made}

    def _checked_box(self, box: Mapping[str, Any]) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for side in ("x", "y"):
            if box.get(side) is None:
                continue
            low, high = sorted(float(end) for end in box[f"{side}_range"])
            if not (np.isfinite(low) and np.isfinite(high)):
                raise BadRequest(f"{dict(box)!r}: the ends of a range are finite numbers")
            made[side], made[f"{side}_range"] = self._named(box[side]), [low, high]
        if "x" not in made:
            raise BadRequest(f"{dict(box)!r}: a box has x and x_range")
        return made

    def _checked_lasso(self, lasso: Mapping[str, Any]) -> dict[str, Any]:
        from .polygons import as_polygon

        polygon = as_polygon(lasso["polygon"]).tolist()
        return {"x": self._named(lasso["x"]), "y": self._named(lasso["y"]), "polygon": polygon}

    def _checked_where(self, text: str) -> str:
        return Expression(text, self._names()).text

    def _checked_categories(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        self._texts(wanted["column"])
        return {"column": wanted["column"], "names": [str(name) for name in wanted["names"]]}

    def _checked_nearest(self, wanted: Mapping[str, Any]) -> dict[str, int]:
        row, k = int(wanted["row"]), int(wanted["k"])
        if not (0 <= row < len(self._valid) and 1 <= k <= 10_000):
            raise BadRequest(f"the {k} points nearest to point {row}: give 1 to 10,000 of a point")
        return {"row": row, "k": k}

    def _checked_kept(self, name: str) -> dict[str, Any]:
        if name not in self.kept:
            raise UnknownName(f"no selection is kept as {name!r}; there are {', '.join(self.kept)}")
        return {"name": name, "of": self.kept[name]}

    def _checked_steps(self, steps: Mapping[str, Any]) -> dict[str, Any]:
        self._depth += 1
        try:
            if self._depth > _DEEPEST:
                raise BadRequest(f"selections within selections: {_DEEPEST} deep at most")
            return {"name": str(steps["name"]), "of": self.checked(steps["of"])}
        finally:
            self._depth -= 1

    def _checked_rows(self, name: str) -> str:
        if name not in self._rows:
            raise UnknownName(
                f"the points of {name!r} are not known here any more: select them anew"
            )
        return name

    def _named(self, name: Any) -> str:
        self._values(str(name))
        return str(name)

    def _key(self, steps: Sequence[Step]) -> str:
        return json.dumps(steps, sort_keys=True)


def words_of(steps: Sequence[Step]) -> str:
    """Give a selection as a person reads it: ``lasso in z0, z1 and not score > 3``."""
    said = ""
    for step in steps:
        joined = {"replace": "", "add": " or ", "subtract": " and not ", "intersect": " and "}
        said += (joined[step["op"]] if said else "") + _words(step)
    return said


def _words(step: Mapping[str, Any]) -> str:
    if "box" in step:
        box = step["box"]
        sides = [
            f"{box[side]} {box[f'{side}_range'][0]:.4g} to {box[f'{side}_range'][1]:.4g}"
            for side in ("x", "y")
            if side in box
        ]
        return ", ".join(sides)
    if "lasso" in step:
        lasso = step["lasso"]
        return f"lasso in {lasso['x']}, {lasso['y']}"
    if "where" in step:
        return f"({step['where']})"
    if "categories" in step:
        return f"{step['categories']['column']} in {', '.join(step['categories']['names'])}"
    if "nearest" in step:
        return f"{step['nearest']['k']} nearest to point {step['nearest']['row']}"
    return f"“{step['steps']['name']}”" if "steps" in step else "points from elsewhere"


_WANTED = (
    'give {"op": "replace", "add", "subtract" or "intersect"} with one of "box": {"x", "x_range"[, "y", '
    '"y_range"]}, "lasso": {"x", "y", "polygon"}, "where": text, "categories": {"column", "names"}, '
    '"nearest": {"row", "k"}, "kept": name'
)
