"""The report of tests of data: what held, what did not, and where."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from ..errors import DamagedFile, DataCheckFailed, UnreadableFile
from ..writing import write_whole
from .given import Place

FORMAT = 1
OUTCOMES = ("passed", "warned", "failed")
_LARGEST = 64 << 20
_TOLD = 4  # failures that an error names


@dataclass(frozen=True)
class Result:
    """What one check saw of one column; `outcome` is ``"passed"``, ``"warned"`` or ``"failed"``.

    The other fields are those of `Finding`.
    """

    check: str
    level: str
    outcome: str
    ok: bool
    seen: str
    allowed: str
    column: str = ""
    failing: int = 0
    first: tuple[Place, ...] = ()
    numbers: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""
    picture: Mapping[str, Any] | None = field(default=None, repr=False)

    def told(self) -> str:
        """Give it in a sentence."""
        where = f" of column {self.column}" if self.column else ""
        first = f", first in {_rows(self.first[:3])}" if self.first else ""
        return f"{self.check}{where}: {self.seen}, where {self.allowed} was asked for{first}"


@dataclass(frozen=True)
class Report:
    """What became of tests of some data.

    Parameters
    ----------
    name, kind, path, rows
        Of the data.
    started
        When, ISO 8601, UTC.
    seconds
        How long it took.
    results
        In the order of the tests; some tests have one for each column.

    Examples
    --------
    >>> import pandas as pd
    >>> from astrodata_kernel.data_tests import Tests
    >>> report = Tests.of([{"check": "rows", "at_least": 3}]).run(pd.DataFrame({"x": [1, 2]}))
    >>> report.ok, report.table.outcome.tolist()
    (False, ['failed'])
    """

    name: str
    kind: str
    path: str | None
    rows: int | None
    started: str
    seconds: float
    results: tuple[Result, ...] = field(repr=False)

    @property
    def ok(self) -> bool:
        """Whether nothing failed at level stop."""
        return not self.failed

    @property
    def failed(self) -> list[Result]:
        """What failed at level stop."""
        return [one for one in self if one.outcome == "failed"]

    @property
    def warned(self) -> list[Result]:
        """What failed at level warn."""
        return [one for one in self if one.outcome == "warned"]

    def __len__(self) -> int:
        return len(self.results)

    def __iter__(self) -> Iterator[Result]:
        return iter(self.results)

    def __bool__(self) -> bool:
        return self.ok

    @property
    def summary(self) -> str:
        """Give all of it in a line."""
        passed = len(self) - len(self.failed) - len(self.warned)
        parts = [f"{passed:,} passed"]
        parts += [f"{len(self.warned):,} warned"] if self.warned else []
        parts += [f"{len(self.failed):,} failed"] if self.failed else []
        return f"{self.name}: {', '.join(parts)}"

    def __str__(self) -> str:
        bad = [f"  {one.outcome}: {one.told()}" for one in (*self.failed, *self.warned)]
        return "\n".join([self.summary, *bad])

    @property
    def table(self) -> pd.DataFrame:
        """Give a row for each result: check, column, level, outcome, seen, allowed, failing, first, note."""
        names = (
            "check",
            "column",
            "level",
            "outcome",
            "seen",
            "allowed",
            "failing",
            "first",
            "note",
        )
        rows = [[getattr(one, name) for name in names] for one in self]
        return pd.DataFrame(rows, columns=list(names))

    def raise_if_failed(self) -> Report:
        """Give the report itself, unless something failed at level stop.

        Raises
        ------
        DataCheckFailed
            It names the file, the columns and the first rows.
        """
        failed = self.failed
        if not failed:
            return self
        where = self.path or self.name
        told = "; ".join(one.told() for one in failed[:_TOLD])
        more = f"; and {len(failed) - _TOLD:,} more" if len(failed) > _TOLD else ""
        count = f"{len(failed):,} data test{'s' if len(failed) > 1 else ''} failed"
        raise DataCheckFailed(f"{where}: {count}. {told}{more}. Rows are counted from 0")

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON knows it."""
        return {
            "format": FORMAT,
            "what": "astrodata data tests",
            "name": self.name,
            "kind": self.kind,
            "path": self.path,
            "rows": self.rows,
            "started": self.started,
            "seconds": self.seconds,
            "ok": self.ok,
            "results": [
                {
                    **vars(one),
                    "first": [list(p) if isinstance(p, tuple) else p for p in one.first],
                    "numbers": dict(one.numbers),
                    "picture": None if one.picture is None else dict(one.picture),
                }
                for one in self
            ],
        }

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write it to a JSON file.

        Raises
        ------
        UnreadableFile
            The disk is full, or the folder does not take it.
        """
        text = json.dumps(_plain(self.to_json()), indent=1, ensure_ascii=False, allow_nan=False)
        return write_whole(path, text.encode("utf-8", "replace") + b"\n")

    @staticmethod
    def load(path: str | os.PathLike[str]) -> Report:
        """Give the report that `save` wrote.

        Raises
        ------
        UnreadableFile
            No such file.
        DamagedFile
            It is no report, or one of another format.
        """
        file = Path(path)
        try:
            if file.stat().st_size > _LARGEST:
                raise DamagedFile(f"{file.name} is too large for a report")
            told = json.loads(file.read_bytes())
        except OSError as error:
            raise UnreadableFile(f"{path} cannot be read: {error.strerror or error}") from None
        except (ValueError, RecursionError):
            raise DamagedFile(f"{file.name} is no report: it is not JSON") from None
        try:
            if told["what"] != "astrodata data tests" or told["format"] != FORMAT:
                raise ValueError(f"{told['what']} of format {told['format']}")
            return Report(
                *(told[key] for key in ("name", "kind", "path", "rows", "started", "seconds")),
                tuple(_result(one) for one in told["results"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise DamagedFile(f"{file.name} is no report of this format: {error}") from None

    def _repr_html_(self) -> str:
        from .markup import report_html

        return report_html(self)


def _result(told: Mapping[str, Any]) -> Result:
    first = tuple(tuple(map(int, p)) if isinstance(p, list) else int(p) for p in told["first"])
    made = Result(**{**told, "first": first})
    texts = (made.check, made.level, made.seen, made.allowed, made.column, made.note)
    if made.outcome not in OUTCOMES or not all(isinstance(text, str) for text in texts):
        raise ValueError(f"a result {str(made.outcome)[:40]!r}")
    if made.picture is not None:
        shares = [*made.picture["data"], *made.picture["reference"], *made.picture["ends"]]
        if not all(isinstance(share, int | float) for share in shares):
            raise ValueError("a picture of something else than numbers")
    int(made.failing)
    return made


def _rows(first: tuple[Place, ...]) -> str:
    if isinstance(first[0], tuple):
        return ", ".join(f"[{', '.join(map(str, place))}]" for place in first)
    return f"row{'s' if len(first) > 1 else ''} {', '.join(f'{row}' for row in first)}"


def _plain(value: Any) -> Any:
    """Give JSON without NaN and infinities, which it does not know."""
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return str(value)
    return value
