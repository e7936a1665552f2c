"""Conditions on columns, written as people write them: ``score > 3 & peak < 0.02``.

The text is parsed into a tree of which each node is of a short list; nothing of it is ever run as Python.
"""

from __future__ import annotations

import ast
import difflib
import io
import operator
import tokenize
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import BadRequest

Array = npt.NDArray[Any]
LONGEST = 2_000
"""Characters of an expression at most."""

_WORDS = {"&": "and", "|": "or", "~": "not", "&&": "and", "||": "or", "!": "not"}
_ORDER: dict[type, Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_SUMS: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
    ast.Mod: np.mod,
    ast.Pow: np.power,
}
FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    name: getattr(np, name)
    for name in ("abs", "sqrt", "log", "log10", "exp", "sin", "cos", "floor", "ceil", "isnan")
}


class Expression:
    """A condition, parsed and ready for columns.

    Parameters
    ----------
    text
        Comparisons (``<  <=  >  >=  ==  !=  in [..]``) of columns, numbers and "texts", joined by ``&`` or
        ``and``, ``|`` or ``or``, ``~`` or ``not``; ``+ - * / % **`` and abs, sqrt, log, log10, exp, sin, cos,
        floor, ceil, isnan. A column whose name is no plain word stands in backticks.
    names
        The columns that there are.

    Raises
    ------
    BadRequest
        It is no condition; the text says where.

    Examples
    --------
    >>> condition = Expression("score > 3 & peak < 0.02", ["score", "peak"])
    >>> condition.mask({"score": np.array([4.0, 5.0]), "peak": np.array([0.01, 0.5])}.get, 2)
    array([ True, False])
    """

    def __init__(self, text: str, names: Iterable[str]) -> None:
        self.text = str(text).strip()
        known = list(names)
        if not self.text:
            raise BadRequest("an empty expression: write a condition, such as score > 3")
        if len(self.text) > LONGEST:
            raise BadRequest(f"an expression of {len(self.text):,} characters: {LONGEST:,} at most")
        plain, self._quoted = _plain(self.text)
        try:
            self._tree = ast.parse(plain, mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            why = getattr(error, "msg", "it is nested too deeply")
            raise BadRequest(f"{self.text!r} cannot be read: {why}") from None
        self.names: tuple[str, ...] = tuple(dict.fromkeys(self._check(self._tree, known)))

    def mask(self, values: Callable[[str], Any], count: int) -> npt.NDArray[np.bool_]:
        """Give the points for which it holds.

        Parameters
        ----------
        values
            Gives the values of a column, shape (n,), for its name.
        count
            n.

        Raises
        ------
        BadRequest
            It compares texts with numbers, or is no condition.
        """
        try:
            with np.errstate(all="ignore"):
                found = np.asarray(self._value(self._tree, values))
        except (TypeError, ValueError, np.exceptions.DTypePromotionError) as error:
            raise BadRequest(f"{self.text!r} does not fit its columns: {error}") from None
        if found.dtype != np.bool_:
            raise BadRequest(
                f"{self.text!r} is no condition: compare something, such as {self.text} > 0"
            )
        return np.array(np.broadcast_to(found, (count,)))

    def _check(self, node: ast.AST, known: list[str]) -> list[str]:
        if isinstance(node, ast.BoolOp):
            return [name for part in node.values for name in self._check(part, known)]
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub | ast.UAdd):
            return self._check(node.operand, known)
        if isinstance(node, ast.BinOp) and type(node.op) in _SUMS:
            return self._check(node.left, known) + self._check(node.right, known)
        if isinstance(node, ast.Compare):
            for how, against in zip(node.ops, node.comparators, strict=True):
                listed = isinstance(against, ast.List | ast.Tuple)
                if isinstance(how, ast.In | ast.NotIn) != listed:
                    raise self._wrong(node, 'write  name in ["a", "b"]')
            parts = [self._check(part, known) for part in (node.left, *node.comparators)]
            return [name for part in parts for name in part]
        if isinstance(node, ast.List | ast.Tuple):
            for part in node.elts:
                negative = isinstance(part, ast.UnaryOp) and isinstance(part.op, ast.USub)
                if not isinstance(part.operand if negative else part, ast.Constant):  # type: ignore[attr-defined]
                    raise self._wrong(node, "a list holds numbers or texts")
            return [name for part in node.elts for name in self._check(part, known)]
        if isinstance(node, ast.Call):
            called = node.func.id if isinstance(node.func, ast.Name) else ""
            if called not in FUNCTIONS or len(node.args) != 1 or node.keywords:
                raise self._wrong(node, f"the functions are {', '.join(FUNCTIONS)}, of one value")
            return self._check(node.args[0], known)
        if isinstance(node, ast.Constant) and isinstance(node.value, bool | int | float | str):
            return []
        if isinstance(node, ast.Name):
            name = self._quoted.get(node.id, node.id)
            if name not in known:
                close = difflib.get_close_matches(name, known, 1, 0.5)
                hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(known)}"
                raise BadRequest(f"there is no column {name!r}; {hint}")
            return [name]
        raise self._wrong(node, "only comparisons of columns, numbers and texts are understood")

    def _wrong(self, node: ast.AST, what: str) -> BadRequest:
        part = ast.unparse(node)
        for mark, name in self._quoted.items():
            part = part.replace(mark, f"`{name}`")
        return BadRequest(f"{part!r} in {self.text!r}: {what}")

    def _value(self, node: ast.AST, values: Callable[[str], Any]) -> Any:
        if isinstance(node, ast.BoolOp):
            join = np.logical_and if isinstance(node.op, ast.And) else np.logical_or
            found = self._truth(node.values[0], values)
            for part in node.values[1:]:
                found = join(found, self._truth(part, values))
            return found
        if isinstance(node, ast.UnaryOp):
            if isinstance(node.op, ast.Not):
                return np.logical_not(self._truth(node.operand, values))
            value = self._value(node.operand, values)
            return np.negative(value) if isinstance(node.op, ast.USub) else value
        if isinstance(node, ast.BinOp):
            join = _SUMS[type(node.op)]
            return join(self._value(node.left, values), self._value(node.right, values))
        if isinstance(node, ast.Compare):
            return self._compared(node, values)
        if isinstance(node, ast.Call):
            name = node.func.id  # type: ignore[attr-defined]
            return FUNCTIONS[name](self._value(node.args[0], values))
        if isinstance(node, ast.Constant):
            # Numbers become floats: Python's own integers would grow without end in 9**9**9.
            number = isinstance(node.value, int | float) and not isinstance(node.value, bool)
            if isinstance(node.value, int) and 1 << 53 < node.value < 1 << 63:
                return np.int64(node.value)  # an identifier, of which a float would be a neighbour
            return np.float64(node.value) if number else node.value
        assert isinstance(node, ast.Name)  # noqa: S101 - `_check` let nothing else through
        return values(self._quoted.get(node.id, node.id))

    def _truth(self, node: ast.AST, values: Callable[[str], Any]) -> Any:
        found = np.asarray(self._value(node, values))
        if found.dtype != np.bool_:
            raise self._wrong(node, "compare it with something: it is neither true nor false")
        return found

    def _compared(self, node: ast.Compare, values: Callable[[str], Any]) -> Any:
        found: Any = True
        left = self._value(node.left, values)
        for how, against in zip(node.ops, node.comparators, strict=True):
            if isinstance(how, ast.In | ast.NotIn):
                assert isinstance(against, ast.List | ast.Tuple)  # noqa: S101 - as above
                one: Any = np.zeros(np.shape(left), bool)
                for part in against.elts:
                    one = one | _same(left, self._value(part, values))
                one = ~one if isinstance(how, ast.NotIn) else one
                right = left
            else:
                right = self._value(against, values)
                if isinstance(how, ast.Eq | ast.NotEq):
                    one = _same(left, right)
                    one = ~one if isinstance(how, ast.NotEq) else one
                else:
                    one = _ORDER[type(how)](left, right)
            found = np.logical_and(found, one)
            left = right
        return found


def _same(left: Any, right: Any) -> Any:
    text = [isinstance(side, str) for side in (left, right)]
    if any(text) and not all(text):
        column = np.asarray(right if text[0] else left)
        if column.dtype.kind in "iufb":
            raise ValueError("a column of numbers is compared with a text")
    return np.asarray(left == right, dtype=bool)


def _plain(text: str) -> tuple[str, dict[str, str]]:
    """Give the text with words for & | ~, and names in backticks as names that Python can read."""
    quoted: dict[str, str] = {}
    parts = text.split("`")
    if len(parts) % 2 == 0:
        raise BadRequest(f"{text!r}: a backtick is missing")
    for i in range(1, len(parts), 2):
        mark = f"_quoted_{i}_"
        quoted[mark] = parts[i]
        parts[i] = mark
    joined = "".join(parts)
    made = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(joined).readline):
            if token.type == tokenize.COMMENT:
                raise BadRequest(f"{text!r}: there are no comments in a condition")
            if token.type in (tokenize.NEWLINE, tokenize.NL, tokenize.ENDMARKER):
                continue
            made.append(_WORDS.get(token.string, token.string))
    except (tokenize.TokenError, SyntaxError, IndentationError) as error:
        raise BadRequest(f"{text!r} cannot be read: {error.args[0]}") from None
    return " ".join(made), quoted
