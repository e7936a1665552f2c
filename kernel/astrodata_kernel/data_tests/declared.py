"""Tests of data as they are declared, and their run over data."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ..errors import AstrodataError, BadRequest, UnknownName, closest
from .findings import Finding
from .given import Given
from .hints import fits, schema_of, words_of
from .outcomes import Report, Result
from .registered import Check, arguments_of, check_called, checks, made_with

LEVELS = ("stop", "warn")
_ON = ("on", "column", "columns")


@dataclass(frozen=True)
class Declared:
    """One test: what is asked, of which columns, with which arguments, and what a failure means."""

    check: str
    on: tuple[str, ...] | None
    arguments: Mapping[str, Any]
    level: str = "stop"

    def made(self) -> Check:
        """Give the check, for one run."""
        found = made_with(check_called(self.check), self.arguments)
        found.on = self.on
        return found

    def to_json(self) -> dict[str, Any]:
        """Give it as it is declared.

        Raises
        ------
        BadRequest
            An argument that only Python holds.
        """
        on: Any = None if self.on is None else list(self.on) if len(self.on) > 1 else self.on[0]
        told = {
            "check": self.check,
            **({} if on is None else {"on": on}),
            **self.arguments,
            "level": self.level,
        }
        try:
            return dict(json.loads(json.dumps(told, allow_nan=False)))
        except (TypeError, ValueError):
            raise BadRequest(
                f"the test {self.check!r} has an argument that only Python holds: a file needs a path, "
                "or columns told in words"
            ) from None


class Tests:
    """Tests that data must pass, known to make sense before any data are read.

    Parameters
    ----------
    declared
        The tests; `of` makes them of mappings.

    Examples
    --------
    >>> import pandas as pd
    >>> tests = Tests.of([{"check": "range", "on": "x", "at_least": 0, "level": "warn"}])
    >>> report = tests.run(pd.DataFrame({"x": [1.0, -2.0]}))
    >>> report.ok, report.warned[0].first
    (True, (1,))
    """

    __test__ = False  # pytest takes the name for its own

    def __init__(self, declared: Sequence[Declared]) -> None:
        self.declared = tuple(declared)

    @classmethod
    def of(cls, tests: Any) -> Tests:
        """Give tests of a list of mappings ``{check, on, level, ...}``, as YAML and JSON hold them.

        Raises
        ------
        UnknownName
            A check or an argument that there is not; the text names the nearest.
        BadRequest
            An argument of another type, or one that makes no sense.
        """
        if isinstance(tests, Tests):
            return tests
        if isinstance(tests, Mapping):
            tests = [tests]
        if isinstance(tests, str) or not isinstance(tests, Sequence):
            raise BadRequest(f"tests are a list of mappings, not {type(tests).__name__}")
        return cls([_declared(one, number) for number, one in enumerate(tests, 1)])

    def __len__(self) -> int:
        return len(self.declared)

    def __iter__(self) -> Iterator[Declared]:
        return iter(self.declared)

    def __repr__(self) -> str:
        return f"<{len(self)} tests: {', '.join(one.check for one in self)}>"

    def to_json(self) -> list[dict[str, Any]]:
        """Give the tests as they are declared, for YAML, JSON and the catalogue."""
        return [one.to_json() for one in self]

    def run(
        self,
        data: Any,
        name: str | None = None,
        reference: Any = None,
        progress: Callable[[float], None] | None = None,
        cancelled: Callable[[], None] | None = None,
    ) -> Report:
        """Look at data once, block by block, and tell what holds.

        Parameters
        ----------
        data
            A path, an entry of the catalogue, a `Dataset`, a DataFrame, an astropy table, `Latents`, an
            array or a mapping of names to arrays.
        name
            What it is called in the report; the file's name by default.
        reference
            What drift is measured against: a path, data, or a `Profile`.
        progress
            Told the share done, 0 to 1.
        cancelled
            Called between blocks; it raises to give the work up.

        Raises
        ------
        UnknownName
            A column that the data do not have; the text names the nearest.
        BadRequest
            A check that cannot be asked of this kind of data, or of a column.
        AstrodataError
            The data cannot be read.
        """
        from .sources import given

        check = cancelled or (lambda: None)
        tell = progress or (lambda _: None)
        started = datetime.now(UTC)
        source = given(data, name)
        made = [one.made() for one in self]
        for one in made:
            if one.reference is None:
                one.reference = reference
        names = [one.columns(source) for one in made]
        for one, columns in zip(made, names, strict=True):
            check()
            one.begin(source, columns)
        _look(source, made, names, check, lambda share: tell(0.95 * share))
        results = []
        for number, (declared, one) in enumerate(zip(self, made, strict=True)):
            check()
            results += [_result(declared, found) for found in one.end(check)]
            tell(0.95 + 0.05 * (number + 1) / len(made))
        return Report(
            name=source.name,
            kind=source.kind,
            path=source.path,
            rows=source.count,
            started=started.isoformat(timespec="seconds"),
            seconds=(datetime.now(UTC) - started).total_seconds(),
            results=tuple(results),
        )


def _look(source: Given, made: list[Check], names: list[list[str]], check: Any, tell: Any) -> None:
    """Show each block to all checks that want to see values: the data are read once."""
    looking = [
        one
        for one, wanted in zip(made, names, strict=True)
        if one.reads and (wanted or not one.takes_columns)
    ]
    wanted = list(
        dict.fromkeys(n for one, each in zip(made, names, strict=True) if one.reads for n in each)
    )
    if not wanted:
        return
    done, total = 0, max(source.count or 1, 1) * (len(wanted) if source.kind == "scene" else 1)
    for block in source.blocks(wanted):
        check()
        for one in looking:
            one.take(block)
        done += len(block.frame) or next((len(a) for a in block.arrays.values()), 0)
        tell(min(1.0, done / total))


def _result(declared: Declared, found: Finding) -> Result:
    outcome = "passed" if found.ok else "failed" if declared.level == "stop" else "warned"
    return Result(declared.check, declared.level, outcome, **vars(found))


def _declared(told: Any, number: int) -> Declared:
    if isinstance(told, Declared):
        return told
    if not isinstance(told, Mapping) or not isinstance(told.get("check"), str):
        raise BadRequest(
            f"test {number}: give a mapping with check: NAME, such as check: nan_share"
        )
    name = told["check"]
    try:
        kind = check_called(name)
        return _checked(dict(told), name, kind)
    except AstrodataError as error:
        raise type(error)(f"test {number}, {name}: {error}") from None


def _checked(told: dict[str, Any], name: str, kind: type[Check]) -> Declared:
    del told["check"]
    level = told.pop("level", "stop")
    if level not in LEVELS:
        raise BadRequest(f"level {level!r}: give 'stop' or 'warn'")
    known = arguments_of(kind)
    on = None
    if kind.takes_columns:
        given = [key for key in _ON if key in told and key not in known]
        if len(given) > 1:
            raise BadRequest(f"{' and '.join(given)} say the same: give one")
        on = _columns(told.pop(given[0])) if given else None
    for key in told:
        if key not in known:
            every = [*known, *(_ON[:1] if kind.takes_columns else ()), "level"]
            same = {k.casefold(): k for k in every}.get(str(key).casefold(), str(key))
            hint = closest(same, every).removeprefix("; ") or f"it takes {', '.join(every)}"
            raise UnknownName(f"it has no argument {key!r}: {hint}")
    for key, (hint, default) in known.items():
        if key not in told:
            if not _has_default(default):
                raise BadRequest(f"it needs {key!r}, {words_of(hint)}")
        elif not fits(told[key], hint):
            raise BadRequest(f"{key} is {told[key]!r}: give {words_of(hint)}")
    made_with(kind, told)  # says what makes no sense
    return Declared(name, on, told, level)


def _has_default(default: Any) -> bool:
    import dataclasses
    import inspect

    return default is not dataclasses.MISSING and default is not inspect.Parameter.empty


def _columns(on: Any) -> tuple[str, ...]:
    names = [on] if isinstance(on, str) else on
    if (
        not isinstance(names, list | tuple)
        or not names
        or not all(isinstance(n, str) for n in names)
    ):
        raise BadRequest(f"on is {on!r}: give the name of a column, or a list of them")
    return tuple(dict.fromkeys(names))


def json_schema() -> dict[str, Any]:
    """Give the JSON Schema of a list of tests: one of the checks each, with its arguments."""
    column = {"type": "string", "minLength": 1}
    on = {"anyOf": [column, {"type": "array", "items": column, "minItems": 1}]}
    every = []
    for name, kind in sorted(checks().items()):
        known = arguments_of(kind)
        properties: dict[str, Any] = {
            "check": {"const": name},
            "level": {"enum": list(LEVELS), "default": "stop"},
        }
        if kind.takes_columns:
            properties |= {key: on for key in _ON if key not in known}
        properties |= {key: schema_of(hint) for key, (hint, _) in known.items()}
        needed = [key for key, (_, default) in known.items() if not _has_default(default)]
        every.append(
            {
                "title": name,
                "description": kind.about,
                "type": "object",
                "properties": properties,
                "required": ["check", *needed],
                "additionalProperties": False,
            }
        )
    return {"type": "array", "items": {"oneOf": every}}
