"""Region files of DS9 and of CASA (CRTF), read by statements, so that an error has a line and a column.

The package `regions` knows what a statement means. It skips what it cannot read, and names no place; here
each statement is looked at first, and whatever is left out is told.
"""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import DamagedFile, TooLarge, UnreadableFile, UnsupportedFormat
from .region_shapes import MOST

FORMATS = {"reg": "ds9", "ds9": "ds9", "crtf": "crtf"}
"""Format by the ending of a file's name."""

LARGEST = 1 << 24
"""Bytes of a region file."""

MOST_GLOBALS = 100
"""Statements on what follows, all of which are read again with each region."""

_FRAMES = ("image", "icrs", "fk5", "j2000", "fk4", "b1950", "galactic", "ecliptic")
_STRANGE = re.compile(r"linear|amplifier|detector|physical|tile|wcs[a-z0]?")
_STRANGE_SHAPES = (
    "vector",
    "ruler",
    "compass",
    "projection",
    "panda",
    "epanda",
    "bpanda",
    "cpanda",
)
_PARAMETERS = {
    "circle": (3,),
    "ellipse": (4, 5, *range(7, 99, 2)),
    "box": (4, 5, *range(7, 99, 2)),
    "annulus": tuple(range(4, 99)),
    "polygon": tuple(range(6, 40_001, 2)),
    "line": (4,),
    "point": (2,),
    "text": (2,),
}
_CRTF = ("box", "centerbox", "rotbox", "poly", "circle", "annulus", "ellipse", "line", "vector")
_CRTF_NAMES = (*_CRTF, "text", "symbol")
_NEWLINE = re.compile(r"\r\n|\r|\n")
_NUMBER = r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?"
_VALUE = re.compile(
    rf"{_NUMBER}[\"'dripDRIP]?|[+-]?\d+:\d+(:\d+(\.\d*)?)?|[+-]?\d+[hd]\d+m(\d+(\.\d*)?s?)?"
)


@dataclass(frozen=True)
class _Place:
    """Where a statement stands, both from 1."""

    name: str
    line: int
    column: int

    def wrong(self, said: str, after: int = 0) -> DamagedFile:
        return DamagedFile(f"{self.name}, line {self.line}, column {self.column + after}: {said}")


def read(path: str | os.PathLike[str]) -> tuple[Any, list[str]]:
    """Read a region file of DS9 or CRTF.

    Returns
    -------
    tuple
        `regions.Regions`, and sentences on what was left out.

    Raises
    ------
    DamagedFile
        A syntax error: the text names file, line and column.
    UnreadableFile, TooLarge, UnsupportedFormat
        No file, one beyond 16 MB, or no text.
    """
    target = Path(path)
    try:
        if target.stat().st_size > LARGEST:
            raise TooLarge(f"{target} is larger than {LARGEST >> 20} MB, which no region file is")
        content = target.read_bytes()
    except OSError as error:
        raise UnreadableFile(
            f"{target} cannot be read: {error.strerror or error}. Check the path"
        ) from None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    return parse(text, target.name)


def parse(text: str, name: str = "the text") -> tuple[Any, list[str]]:
    """Parse the text of a region file; as `read`, which tells more."""
    from regions import Regions

    if len(text) > LARGEST:
        raise TooLarge(f"{name} is larger than {LARGEST >> 20} MB, which no region file is")
    if "\0" in text:
        raise UnsupportedFormat(f"{name} is no text: a region file of DS9 or CRTF is wanted")
    statements = _crtf(text, name) if re.match(r"\s*#CRTF", text) else _ds9(text, name)
    found: list[Any] = []
    notes: list[str] = []
    for made, said in statements:
        found += made
        notes += said
        if len(found) > MOST:
            raise TooLarge(f"{name} has more than {MOST:,} regions: take a part of it")
    return Regions(found), _shortened(notes)


def _shortened(notes: list[str]) -> list[str]:
    more = len(notes) - 10
    return notes if more <= 0 else [*notes[:10], f"and {more} more of the kind"]


def _understood(text: str, form: str, place: _Place) -> tuple[list[Any], list[str]]:
    """Give what the package `regions` makes of one statement, with what it warned of."""
    from regions import Regions

    try:
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            made = list(Regions.parse(text, format=form))
    except Exception as error:  # noqa: BLE001 - its parsers raise whatever went wrong inside
        said = str(error).strip().splitlines()
        raise place.wrong(said[0] if said else type(error).__name__) from None
    end = "" if made else "; it is left out"
    return made, [f"{place.name}, line {place.line}: {warning.message}{end}" for warning in told]


def _note(globals_: list[str], statement: str, place: _Place) -> None:
    if len(globals_) >= MOST_GLOBALS:
        raise TooLarge(
            f"{place.name}, line {place.line}: more than {MOST_GLOBALS} global statements; leave some out"
        )
    globals_.append(statement)


# --- DS9 ------------------------------------------------------------------------------------------------


def _ds9(text: str, name: str) -> Iterator[tuple[list[Any], list[str]]]:
    frame: str | None = "image"
    told_frame = ""
    globals_: list[str] = []
    group, composites = "", 0
    for place, statement in _ds9_statements(text, name):
        lower = statement.lower()
        if lower.startswith("global"):
            _check_texts(statement, place)
            _note(globals_, statement, place)
            continue
        word = re.match(r"#?\s*[+-]?\s*([a-zA-Z][a-zA-Z0-9]*)?", statement)
        what = (word[1] or "").lower() if word else ""
        start = word.start(1) if word and word[1] else 0
        if what in _FRAMES:
            frame = what
        elif _STRANGE.fullmatch(what):
            frame, told_frame = None, what
            yield [], [f"{name}, line {place.line}: coordinates in {what!r} are left out"]
        elif what in _STRANGE_SHAPES:
            yield [], [f"{name}, line {place.line}: a {what} is left out"]
        elif what == "composite":
            composites += 1
            group = f"composite {composites}"
        elif what not in _PARAMETERS:
            said = what or statement[:20]
            raise place.wrong(f"{said!r} is no shape and no coordinate system of DS9", start)
        elif frame is None:
            yield [], [f"{name}, line {place.line}: a {what} in {told_frame!r} is left out"]
        else:
            whole = _check_ds9(statement, what, start, place)
            made, notes = _understood("\n".join([*globals_, frame, whole]), "ds9", place)
            for region in made if group else ():
                region.meta["tag"] = [group]
            yield made, notes
        if group and what in _PARAMETERS and "||" not in statement:
            group = ""


def _ds9_statements(text: str, name: str) -> Iterator[tuple[_Place, str]]:
    for number, line in enumerate(_NEWLINE.split(text), 1):
        for column, part in () if _is_comment(line.strip()) else _parts(line):
            statement = part.strip()
            if statement and not _is_comment(statement):
                yield _Place(name, number, column + len(part) - len(part.lstrip()) + 1), statement


def _is_comment(statement: str) -> bool:
    return statement.startswith("#") and not re.match(r"#\s*(text|composite)\b", statement)


def _parts(line: str) -> Iterator[tuple[int, str]]:
    """Split a line at its semicolons, but not within the braces and quotes of its properties."""
    start, properties, closing = 0, False, ""
    for i, char in enumerate(line):
        if closing:
            closing = "" if char == closing else closing
        elif char == "#":
            properties = True
        elif properties and char in "{\"'":
            closing = "}" if char == "{" else char
        elif char == ";":
            yield start, line[start:i]
            start, properties = i + 1, False
    yield start, line[start:]


def _check_ds9(statement: str, what: str, start: int, place: _Place) -> str:
    """Look whether a shape has what it needs, and give it with nothing left to guess."""
    _check_texts(statement, place)
    begin = start + len(what)
    inside = re.compile(r"\s*(\()?([^()#|]*)(\))?").match(statement, begin)
    if inside is None:  # it matches the empty string too
        raise place.wrong("nothing follows", begin)
    opened, closed = inside[1], inside[3]
    if opened and not closed:
        raise place.wrong("the bracket is never closed", inside.start(1))
    if closed and not opened:
        raise place.wrong("a bracket closes that was never opened", inside.start(3))
    rest = re.match(r"\s*(#|\|\||$)?", statement[inside.end() :])
    # DS9 writes a text as a comment, whose properties follow without a sign.
    if closed and not (rest and rest[1] is not None) and not statement.startswith("#"):
        raise place.wrong(
            f"{statement[inside.end() :].strip()[:20]!r} is not understood after the bracket",
            inside.end() + (rest.end() if rest else 0),
        )
    values = list(re.finditer(r"[^\s,]+", inside[2]))
    for value in values:
        if not _VALUE.fullmatch(value[0]):
            raise place.wrong(f"{value[0][:30]!r} is no number", inside.start(2) + value.start())
    if len(values) not in _PARAMETERS[what]:
        raise place.wrong(f"a {what} of {len(values)} numbers", inside.start(2))
    if what in ("ellipse", "box") and len(values) == 4:
        return f"{statement[: inside.end(2)]},0{statement[inside.end(2) :]}"
    return statement


def _check_texts(statement: str, place: _Place) -> None:
    for found in re.finditer(r"(?:text|tag)\s*=\s*\{", statement):
        if "}" not in statement[found.end() :]:
            raise place.wrong("the brace is never closed", found.end() - 1)


# --- CRTF -----------------------------------------------------------------------------------------------


def _crtf(text: str, name: str) -> Iterator[tuple[list[Any], list[str]]]:
    globals_: list[str] = []
    for number, line in enumerate(_NEWLINE.split(text), 1):
        statement = line.strip()
        if not statement or statement.startswith("#"):
            continue
        place = _Place(name, number, len(line) - len(line.lstrip()) + 1)
        if statement.startswith("global"):
            _understood(statement, "crtf", place)
            _note(globals_, statement, place)
            continue
        what = _check_crtf(statement, place)
        if what == "vector":
            yield [], [f"{name}, line {number}: a vector is left out"]
            continue
        yield _understood("\n".join([*globals_, statement]), "crtf", place)


def _check_crtf(statement: str, place: _Place) -> str:
    head = re.match(r"[+-]?\s*(?:ann\s+)?([a-zA-Z]*)\s*", statement)
    what = head[1] if head else ""
    if what.lower() not in _CRTF_NAMES or not head:
        said = f"{(what or statement)[:20]!r} is no region of CRTF"
        raise place.wrong(said, head.start(1) if head else 0)
    if not statement[head.end() :].startswith("["):
        raise place.wrong(f"'[' is wanted after {what}", head.end())
    end = _closing(statement, head.end(), place)
    if what.lower() in ("text", "symbol"):
        return what.lower()
    for value in re.finditer(r"[^\s,\[\]]+", statement[head.end() : end]):
        at = head.end() + value.start()
        if re.fullmatch(_NUMBER, value[0]):
            raise place.wrong(f"{value[0]} has no unit, such as pix, deg or arcsec", at)
        if not re.match(r"[+-]?\.?\d", value[0]):
            raise place.wrong(f"{value[0][:30]!r} is no number", at)
    return what.lower()


def _closing(statement: str, start: int, place: _Place) -> int:
    depth, quote = 0, ""
    for i, char in enumerate(statement[start:], start):
        if quote:
            quote = "" if char == quote else quote
        elif char in "\"'" and not statement[i - 1].isdigit():  # not arc seconds
            quote = char
        elif char in "[]":
            depth += 1 if char == "[" else -1
            if depth == 0:
                return i + 1
    raise place.wrong("the bracket is never closed", start)
