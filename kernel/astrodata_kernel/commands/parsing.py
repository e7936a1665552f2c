"""The words of the command ``astrodata``, and its exit codes."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from ..errors import (
    AstrodataError,
    BadRequest,
    Cancelled,
    DataCheckFailed,
    UnknownName,
    UnreadableFile,
)
from . import exports, lineages, runs
from .terminal import warn

EXIT = """\
exit codes: 0 done; 1 a step failed; 2 wrong words, parameters or files; 3 a data test failed;
            130 cancelled or interrupted
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Do what the words say, and give the exit code."""
    parser = argparse.ArgumentParser(
        prog="astrodata",
        description="Pipelines of AstroData Lab: run them, look at runs, ask where data came from.",
        epilog=EXIT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--workspace",
        metavar="FOLDER",
        help="whose cache, runs and lineage (the nearest one upwards)",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    runs.add_to(commands)
    lineages.add_to(commands)
    exports.add_to(commands)
    words = parser.parse_args(argv)
    try:
        return int(words.do(words))
    except KeyboardInterrupt:
        warn("interrupted")
        return 130
    except BrokenPipeError:
        # `astrodata runs | head`: whoever read has gone.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except AstrodataError as error:
        warn(f"astrodata {words.command}: {error}")
        return code_of(error)


def code_of(error: AstrodataError) -> int:
    """Give the exit code of an error."""
    if isinstance(error, Cancelled):
        return 130
    if isinstance(error, DataCheckFailed):
        return 3
    # What is found before anything runs is a matter of words and files; it has no run.
    if isinstance(error, (BadRequest, UnknownName, UnreadableFile)) and not hasattr(error, "run"):
        return 2
    return 1
