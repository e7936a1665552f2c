"""What the commands print, and where."""

from __future__ import annotations

import sys


def say(text: str) -> None:
    """Print what was asked for."""
    print(text)  # noqa: T201 - a command speaks to the terminal


def warn(text: str) -> None:
    """Print what is no part of the answer, where a pipe does not take it."""
    print(text, file=sys.stderr)  # noqa: T201 - a command speaks to the terminal
