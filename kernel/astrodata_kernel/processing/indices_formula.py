"""Formulas of band names, read from text into a graph in which no part stands twice. No text is ever run."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable
from typing import NoReturn

from ..errors import BadRequest

LONGEST = 2_000
"""Characters of a formula."""
DEEPEST = 200
"""Levels of brackets and signs within a formula."""
FUNCTIONS = {"sqrt": 1, "log": 1, "exp": 1, "abs": 1, "min": 2, "max": 2, "where": 3}
"""Functions that a formula may call, and how many arguments they take (`min` and `max`: two or more)."""

Meaning = tuple[str, str | float]
"""Of a name: ``("band", name)`` or ``("number", value)``."""

_BINARY = {ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "div"}
# The operation, and whether its operands change places.
_COMPARED = {
    ast.Lt: ("lt", False),
    ast.LtE: ("le", False),
    ast.Gt: ("lt", True),
    ast.GtE: ("le", True),
    ast.Eq: ("eq", False),
    ast.NotEq: ("ne", False),
}
_WHOLE_POWERS = (
    16  # up to here a power is a few products: many times quicker, and at least as exact
)


class Graph:
    """Operations of any number of formulas, each distinct one kept once.

    Attributes
    ----------
    nodes
        ``(operation, ...)``: of ``("band", name)`` and ``("number", value)`` no more, of all others the
        places of the operands, which stand before it.
    """

    def __init__(self) -> None:
        self.nodes: list[tuple[str | int | float, ...]] = []
        self._places: dict[tuple[str | int | float, ...], int] = {}

    def band(self, name: str) -> int:
        """Give the place of a band."""
        return self._place(("band", name))

    def number(self, value: float) -> int:
        """Give the place of a number."""
        return self._place(("number", float(value)))

    def add(self, operation: str, *operands: int) -> int:
        """Give the place of an operation on other places; what is known already is worked out now.

        Raises
        ------
        ArithmeticError, ValueError
            Numbers that have no such result, as 1 / 0.
        """
        known = [self._value(operand) for operand in operands]
        values = [value for value in known if value is not None]
        if len(values) == len(operands):
            return self.number(_worked_out(operation, values))
        if operation == "pow" and known[1] is not None:
            return self._power(operands[0], known[1])
        if operation == "div":
            if known[1] == 0:
                raise ZeroDivisionError("division by zero")
            above, below = self.nodes[operands[0]], self.nodes[operands[1]]
            if above[0] == "sub" and below == ("add", *above[1:]):
                return self._place(("ratio", *above[1:]))  # the most frequent of all, in one step
            # What tells whether a sum is zero but for rounding: one of its terms.
            term = next((o for o in self._terms(operands[1])), operands[1])
            return self._place(("div", *operands, term))
        return self._place((operation, *operands))

    def _terms(self, place: int) -> list[int]:
        operation, *rest = self.nodes[place]
        terms = [int(o) for o in rest] if operation in {"add", "sub"} else []
        return [term for term in terms if self._value(term) is None]

    def _value(self, place: int) -> float | None:
        operation, *rest = self.nodes[place]
        return float(rest[0]) if operation == "number" else None

    def _power(self, base: int, exponent: float) -> int:
        if exponent < 0:
            return self.add("div", self.number(1), self._power(base, -exponent))
        if exponent == 0.5:
            return self.add("sqrt", base)
        if not exponent.is_integer() or not 1 <= exponent <= _WHOLE_POWERS:
            return self._place(("pow", base, self.number(exponent)))
        if exponent == 1:
            return base
        half = self._power(base, exponent // 2)
        square = self.add("mul", half, half)
        return self.add("mul", square, base) if exponent % 2 else square

    def _place(self, node: tuple[str | int | float, ...]) -> int:
        place = self._places.get(node)
        if place is None:
            place = self._places[node] = len(self.nodes)
            self.nodes.append(node)
        return place


def _worked_out(operation: str, values: list[float]) -> float:
    a, b = values[0], values[1] if len(values) > 1 else 0.0
    results: dict[str, Callable[[], float]] = {
        "add": lambda: a + b,
        "sub": lambda: a - b,
        "mul": lambda: a * b,
        "div": lambda: a / b,
        "pow": lambda: math.pow(a, b),
        "neg": lambda: -a,
        "sqrt": lambda: math.sqrt(a),
        "log": lambda: math.log(a),
        "exp": lambda: math.exp(a),
        "abs": lambda: abs(a),
        "min": lambda: min(a, b),
        "max": lambda: max(a, b),
        "lt": lambda: float(a < b),
        "le": lambda: float(a <= b),
        "eq": lambda: float(a == b),
        "ne": lambda: float(a != b),
        "where": lambda: b if a else values[2],
    }
    result = results[operation]()
    if not math.isfinite(result):
        raise ArithmeticError("no finite result")
    return result


def parse(text: str, graph: Graph, meaning: Callable[[str], Meaning | None]) -> int:
    """Read a formula into a graph.

    Parameters
    ----------
    text
        Numbers, names, ``+ - * / **``, brackets, comparisons (1 where they hold, else 0) and
        ``sqrt log exp abs min max where``.
    graph
        Takes the operations; those that it has already are shared.
    meaning
        Gives what a name stands for, or None.

    Returns
    -------
    int
        Place of the result in the graph.

    Raises
    ------
    BadRequest
        Anything else; the text says at which character.
    """
    return _Parser(text, graph, meaning).result()


class _Parser:
    def __init__(self, text: str, graph: Graph, meaning: Callable[[str], Meaning | None]) -> None:
        self.text, self.graph, self.meaning = text, graph, meaning

    def result(self) -> int:
        text = self.text
        if not isinstance(text, str) or not text.strip():
            raise BadRequest("a formula is text such as '(B08 - B04) / (B08 + B04)'; this is empty")
        if len(text) > LONGEST:
            raise BadRequest(
                f"a formula of {len(text):,} characters: {LONGEST:,} are the most, write it shorter"
            )
        odd = next((i for i, letter in enumerate(text) if not " " <= letter <= "~"), None)
        if odd is not None:
            self._refuse(
                odd, f"{text[odd]!a} is no sign of a formula: use plain letters and + - * / **"
            )
        lead = len(text) - len(text.lstrip())
        try:
            tree = ast.parse(text.strip(), mode="eval")
        except SyntaxError as error:
            self._refuse(lead + (error.offset or 1) - 1, f"this is no formula ({error.msg})")
        except (ValueError, MemoryError, RecursionError):
            self._refuse(lead, "this cannot be read: too many signs or brackets within each other")
        self.lead = lead
        return self._read(tree.body, 0)

    def _refuse(self, at: int, why: str) -> NoReturn:
        shown = self.text if len(self.text) <= 120 else f"{self.text[:117]}..."
        raise BadRequest(f"formula {shown!r}, character {at + 1}: {why}")

    def _read(self, node: ast.AST, depth: int) -> int:
        at = self.lead + int(getattr(node, "col_offset", 0))
        if depth > DEEPEST:
            self._refuse(at, f"more than {DEEPEST} levels of brackets and signs; write it flatter")
        try:
            return self._read_one(node, depth + 1, at)
        except (ArithmeticError, ValueError) as error:
            if isinstance(error, BadRequest):
                raise
            self._refuse(at, f"these numbers have no result ({error})")

    def _read_one(self, node: ast.AST, depth: int, at: int) -> int:
        graph = self.graph
        match node:
            case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
                if not math.isfinite(float(value)):
                    self._refuse(at, "this number is too large")
                return graph.number(float(value))
            case ast.Name(id=name):
                return self._name(name, at)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return graph.add("neg", self._read(operand, depth))
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return self._read(operand, depth)
            case ast.BinOp(left=left, op=ast.Pow(), right=right):
                return graph.add("pow", self._read(left, depth), self._read(right, depth))
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
                return graph.add(
                    _BINARY[type(op)], self._read(left, depth), self._read(right, depth)
                )
            case ast.Compare():
                return self._compared(node, depth, at)
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
                return self._called(name, arguments, depth, at)
        return self._refuse(
            at,
            "only numbers, band names, + - * / **, comparisons and the functions "
            f"{', '.join(FUNCTIONS)} make a formula",
        )

    def _name(self, name: str, at: int) -> int:
        found = self.meaning(name)
        if found is None:
            self._refuse(
                at,
                f"{name} is no band of Sentinel-2 (B01 to B12, B8A) and no constant with a value; "
                "a constant's value can be given by name (constants)",
            )
        kind, value = found
        return self.graph.band(str(value)) if kind == "band" else self.graph.number(float(value))

    def _compared(self, node: ast.Compare, depth: int, at: int) -> int:
        terms = [self._read(term, depth) for term in (node.left, *node.comparators)]
        held: int | None = None
        for op, left, right in zip(node.ops, terms, terms[1:], strict=False):
            if type(op) not in _COMPARED:
                self._refuse(at, "compare by < <= > >= == or !=")
            name, turned = _COMPARED[type(op)]
            one = self.graph.add(name, *((right, left) if turned else (left, right)))
            held = one if held is None else self.graph.add("mul", held, one)
        assert held is not None  # noqa: S101 - a comparison has an operator
        return held

    def _called(self, name: str, arguments: list[ast.expr], depth: int, at: int) -> int:
        wanted = FUNCTIONS.get(name)
        if wanted is None:
            self._refuse(at, f"{name} is no function here: there are {', '.join(FUNCTIONS)}")
        several = name in {"min", "max"}
        if len(arguments) < wanted or (len(arguments) > wanted and not several):
            least = f"{wanted} or more" if several else wanted
            self._refuse(at, f"{name} takes {least} arguments, not {len(arguments)}")
        first, *others = (self._read(argument, depth) for argument in arguments)
        if not several:
            return self.graph.add(name, first, *others)
        for other in others:
            first = self.graph.add(name, first, other)
        return first
