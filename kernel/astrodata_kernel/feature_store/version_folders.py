"""Folders of versions: there when they are whole, gone at once, and no number given twice."""

from __future__ import annotations

import re
import shutil
import uuid
from pathlib import Path

from ..errors import UnreadableFile
from ..writing import write_whole
from .definitions import Definition

_VERSION = re.compile(r"v(\d{4,6})")
_REMOVED = re.compile(r"\.v(\d{4,6})\.removed")


def numbers(home: Path) -> list[int]:
    """Give the versions that a view's folder has, the oldest first."""
    return _found(home, _VERSION)


def free_number(home: Path) -> int:
    """Give the number after all that are there, or were there."""
    return 1 + max([0, *numbers(home), *_found(home, _REMOVED)])


def removed(home: Path, number: int) -> None:
    """Remove a version; its number stays taken, because parts elsewhere may tell it.

    Raises
    ------
    UnreadableFile
        The folder cannot be changed.
    """
    aside = home / f".{uuid.uuid4().hex}.removed"
    try:
        (home / f".v{number:04}.removed").touch()
        (home / f"v{number:04}").rename(aside)
    except FileNotFoundError:
        return  # somebody else removed it
    except OSError as error:
        raise UnreadableFile(f"{home} cannot be changed: {error.strerror or error}") from None
    shutil.rmtree(aside, ignore_errors=True)


def placed(home: Path, number: int, made: Definition) -> bool:
    """Make a version's folder whole or not at all; False where another one has the number."""
    hidden = home / f".{uuid.uuid4().hex}.new"
    try:
        (hidden / "parts").mkdir(parents=True)
        write_whole(hidden / "view.json", made.to_json())
        target = home / f"v{number:04}"
        try:
            hidden.rename(target)
        except OSError:
            if not target.exists():
                raise
            return False
        return True
    finally:
        shutil.rmtree(hidden, ignore_errors=True)


def _found(home: Path, pattern: re.Pattern[str]) -> list[int]:
    try:
        names = [path.name for path in home.iterdir()]
    except OSError:
        return []
    return sorted(int(found[1]) for found in map(pattern.fullmatch, names) if found)
