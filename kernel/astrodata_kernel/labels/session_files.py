"""The folder of a session, and the file that says what it is about."""

from __future__ import annotations

import contextlib
import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import UnreadableFile
from .lines import now

FILE = "session.json"
_LONGEST = 1 << 20


def make_folder(folder: Path, dataset: Mapping[str, str] | None, name: str | None = None) -> Path:
    """Make the folder of a session where there is none, and give it.

    Raises
    ------
    UnreadableFile
        It cannot be made, or is a file.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UnreadableFile(
            f"{folder} cannot be a folder of labels: {error.strerror or error}. Choose another place"
        ) from None
    facts = {"format": 1, "name": name or folder.name, "dataset": dataset, "created": now()}
    text = json.dumps(facts, indent=1).encode() + b"\n"
    # A folder that may only be read can still be looked at; the first label says what is wrong.
    with contextlib.suppress(OSError):
        handle = os.open(folder / FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        try:
            os.write(handle, text)
            os.fsync(handle)
        finally:
            os.close(handle)
    return folder.resolve()


def read_session(folder: Path) -> tuple[dict[str, Any], list[str]]:
    """Give what the session's file says, and what is wrong with it."""
    path = folder / FILE
    try:
        # A pipe in the place of the file would keep a reader waiting for ever.
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise OSError("it is no file")
            facts = json.loads(file.read(_LONGEST))
        if not isinstance(facts, dict):
            raise ValueError("it is no record")
    except FileNotFoundError:
        return {}, []
    except (OSError, ValueError, RecursionError) as error:
        return {}, [
            f"{path} cannot be read ({str(error)[:80]}): the session goes by its folder's name"
        ]
    return facts, []
