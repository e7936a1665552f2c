"""Checks by name: our own, those of the user's decorator, and those of other packages."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Mapping
from dataclasses import fields
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any, ClassVar, get_type_hints

import numpy as np

from ..errors import BadRequest, DataCheckFailed, UnknownName, closest
from .findings import Failing, Finding, percent
from .given import Block, Given

GROUP = "astrodata_kernel.data_checks"
"""Entry-point group by which other packages bring checks: a point's name is the check's."""

SCALARS = ("number", "flag", "text", "time")

_HOMES = (
    "checks_columns",
    "checks_rows",
    "checks_repeated",
    "checks_schema",
    "checks_places",
    "checks_drift",
)
_known: dict[str, type[Check]] = {}


class Check:
    """What is asked of data; subclasses are dataclasses, whose fields are the arguments.

    An instance serves one run: `begin`, `take` for each block, `end`.
    """

    name: ClassVar[str] = ""
    about: ClassVar[str] = ""
    """One line on what it asks, for the JSON Schema."""
    kinds: ClassVar[tuple[str, ...]] = (*SCALARS, "vector")
    """Kinds of columns that it can be asked of."""
    data: ClassVar[tuple[str, ...]] = ()
    """Kinds of data that it can be asked of; of any where there is none."""
    takes_columns: ClassVar[bool] = True
    """Whether it is asked of columns, as `on`."""
    reads: ClassVar[bool] = True
    """Whether it looks at values."""

    on: tuple[str, ...] | None = None
    """Columns that were named."""
    reference: Any = None
    """What the run was given to compare with."""

    def columns(self, given: Given) -> list[str]:
        """Give the columns that it is asked of: those that were named, or all of the right kind.

        Raises
        ------
        UnknownName
            A column that is not there.
        BadRequest
            A column, or data, of which this cannot be asked.
        """
        if self.data and given.kind not in self.data:
            raise BadRequest(
                f"{self.name!r} cannot be asked of {given.name}, which is of kind {given.kind!r}: it is for "
                f"{', '.join(self.data)}"
            )
        if not self.takes_columns:
            return []
        if self.on is None:
            found = [c.name for c in given.columns.values() if c.kind in self.kinds]
            if not found:
                raise BadRequest(
                    f"{self.name!r} cannot be asked of {given.name}: it has no column of kind "
                    f"{' or '.join(self.kinds)}"
                )
            return found
        for name in self.on:
            column = given.column(name)
            if column.kind not in self.kinds:
                raise BadRequest(
                    f"{self.name!r} cannot be asked of column {name!r} of {given.name}, which is of kind "
                    f"{column.kind!r} ({column.dtype}): it is for {', '.join(self.kinds)}"
                )
        return list(self.on)

    def begin(self, given: Given, names: list[str]) -> None:
        """Get ready for data of which `names` are the columns to look at."""
        self.given, self.names = given, names

    def take(self, block: Block) -> None:
        """Look at a block; for scenes it holds some of the columns only."""

    def end(self, cancelled: Callable[[], None]) -> list[Finding]:
        """Give what was seen."""
        raise TypeError(f"the check {self.name!r} does not say what it saw")


def check(name: str, *, whole: bool = False) -> Callable[[Any], Any]:
    """Give the decorator that makes a function or a `Check` known by a name.

    Parameters
    ----------
    name
        By which tests ask for it.
    whole
        The function gets the data as `Given`, once, and says True, False or `Finding` objects; else it gets
        the values of each column, block by block (a Series, or an array of samples or pixels), and gives
        booleans of the same shape: where it holds.

    Notes
    -----
    What follows the first parameter of the function are arguments of the test, checked against their
    annotations.

    Raises
    ------
    BadRequest
        A name that one of our own checks has.

    Examples
    --------
    >>> import pandas as pd
    >>> @check("even")
    ... def even(values, *, of: int = 2):
    ...     "Multiples of a number."
    ...     return values % of == 0
    >>> from astrodata_kernel.data_tests import Tests
    >>> Tests.of([{"check": "even", "on": "n"}]).run(pd.DataFrame({"n": [2, 3]})).failed[0].first
    (1,)
    """

    def register(made: Any) -> Any:
        own = _built_in().get(name)
        if own is not None and own is not made:
            raise BadRequest(f"{name!r} is one of this package's checks: choose another name")
        _known[name] = _as_check(name, made, whole)
        return made

    return register


def built_in(name: str) -> Callable[[type[Check]], type[Check]]:
    """Give the decorator of this package's own checks."""

    def register(made: type[Check]) -> type[Check]:
        made.name = name
        made.about = (inspect.getdoc(made) or "").partition("\n")[0]
        return made

    return register


@cache
def _built_in() -> dict[str, type[Check]]:
    found: dict[str, type[Check]] = {}
    for home in _HOMES:
        module = import_module(f".{home}", __package__)
        for value in vars(module).values():
            own = (
                isinstance(value, type)
                and issubclass(value, Check)
                and value.__module__ == module.__name__
            )
            if own and value.name:
                found[value.name] = value
    return found


@cache
def _of_packages() -> dict[str, type[Check]]:
    found: dict[str, type[Check]] = {}
    for point in entry_points(group=GROUP):
        try:
            found[point.name] = _as_check(point.name, point.load(), False)
        except Exception as error:  # noqa: BLE001 - a broken plug-in must not take the others along
            warnings.warn(
                f"the check {point.name!r} of another package cannot be loaded and is left out: {error}",
                stacklevel=2,
            )
    return found


def checks() -> dict[str, type[Check]]:
    """Give all checks by name: our own, those of other packages, and those of this session."""
    return {**_of_packages(), **_known, **_built_in()}


def check_called(name: str) -> type[Check]:
    """Give a check by its name.

    Raises
    ------
    UnknownName
        There is none; the text names the nearest.
    """
    every = checks()
    if name not in every:
        hint = (
            closest(str(name), every).removeprefix("; ") or f"there are {', '.join(sorted(every))}"
        )
        raise UnknownName(f"there is no check {name!r}: {hint}")
    return every[name]


def arguments_of(made: type[Check]) -> dict[str, tuple[Any, Any]]:
    """Give the arguments of a check: name to (annotation, default); without a default it must be given."""
    if issubclass(made, _OfFunction):
        return made.parameters
    hints = get_type_hints(made)
    # An argument of a name that Python keeps for itself, or that the class needs, ends with an underscore.
    return {
        f.name.rstrip("_"): (hints[f.name], f.default)
        for f in fields(made)  # type: ignore[arg-type]
    }


def made_with(kind: type[Check], arguments: Mapping[str, Any]) -> Check:
    """Give a check with its arguments."""
    if issubclass(kind, _OfFunction):
        return kind(**arguments)
    names = {f.name.rstrip("_"): f.name for f in fields(kind)}  # type: ignore[arg-type]
    return kind(**{names[key]: value for key, value in arguments.items()})


def _as_check(name: str, made: Any, whole: bool) -> type[Check]:
    if isinstance(made, type) and issubclass(made, Check):
        made.name = name
        made.about = made.about or (inspect.getdoc(made) or "").partition("\n")[0]
        return made
    if not callable(made):
        raise BadRequest(f"the check {name!r} is {type(made).__name__}: give a function or a Check")
    signature = inspect.signature(made)
    given = list(signature.parameters.values())
    if not given or any(p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in given):
        raise BadRequest(
            f"the check {name!r}: give a function of the values, and arguments with names of their own"
        )
    hints = get_type_hints(made)
    parameters = {p.name: (hints.get(p.name, Any), p.default) for p in given[1:]}
    about = (inspect.getdoc(made) or "").partition("\n")[0]
    base = _OfWhole if whole else _OfFunction
    return type(
        f"Check_{name}",
        (base,),
        {"name": name, "about": about, "function": staticmethod(made), "parameters": parameters},
    )


class _OfFunction(Check):
    """Where a function of the values holds."""

    function: ClassVar[Callable[..., Any]]
    parameters: ClassVar[dict[str, tuple[Any, Any]]] = {}

    def __init__(self, **arguments: Any) -> None:
        self.arguments = arguments

    def begin(self, given: Given, names: list[str]) -> None:
        super().begin(given, names)
        self.counts = {name: Failing() for name in names}

    def take(self, block: Block) -> None:
        for name in self.names:
            if name in block:
                values = block.values(name)
                holds = self._called(values)
                if np.shape(holds) != np.shape(values) or np.asarray(holds).dtype.kind not in "bO":
                    raise DataCheckFailed(
                        f"the check {self.name!r} gave {np.asarray(holds).dtype} of shape {np.shape(holds)} "
                        f"for values of shape {np.shape(values)}: give one True or False for each"
                    )
                held = holds.fillna(False) if hasattr(holds, "fillna") else holds
                self.counts[name].take(block, name, ~np.asarray(held, bool), values)

    def end(self, cancelled: Callable[[], None]) -> list[Finding]:
        return [
            Finding(
                not found.count,
                f"{found.count:,} of {found.seen:,} fail ({percent(found.share)})",
                self.about or self.name,
                name,
                found.count,
                tuple(found.first),
                {"examples": list(map(str, found.examples))},
            )
            for name, found in self.counts.items()
        ]

    def _called(self, value: Any) -> Any:
        try:
            return type(self).function(value, **self.arguments)
        except Exception as error:
            raise DataCheckFailed(
                f"the check {self.name!r} failed itself, with {type(error).__name__}: {str(error)[:200]}"
            ) from error


class _OfWhole(_OfFunction):
    """What a function says of all of the data."""

    takes_columns = False
    reads = False

    def take(self, block: Block) -> None:
        """Nothing: the function reads what it needs."""

    def end(self, cancelled: Callable[[], None]) -> list[Finding]:
        told = self._called(self.given)
        if isinstance(told, Finding):
            return [told]
        if isinstance(told, list | tuple) and all(isinstance(one, Finding) for one in told):
            return list(told)
        if not isinstance(told, bool | np.bool_):
            raise DataCheckFailed(
                f"the check {self.name!r} gave {type(told).__name__}: give True, False or Finding objects"
            )
        return [Finding(bool(told), "holds" if told else "does not hold", self.about or self.name)]
