"""Tests that are kept with an entry of the catalogue."""

from __future__ import annotations

from typing import Any

from ..errors import BadRequest
from .declared import Tests
from .outcomes import Report


def run_declared(entry: Any, **run: Any) -> Report:
    """Run the tests that are declared with a data set of the catalogue.

    Parameters
    ----------
    entry
        Of the catalogue: ``catalog["name"]``.
    **run
        ``reference``, ``progress`` and ``cancelled`` of `Tests.run`.

    Raises
    ------
    BadRequest
        It has none: declare them with ``catalog.declare_tests``.
    UnknownName
        A check or a column that there is not (any more).
    AstrodataError
        The file cannot be read.
    """
    if not entry.tests:
        raise BadRequest(
            f"no tests are declared for {entry.name!r}: catalog.declare_tests({entry.name!r}, [...]) does"
        )
    # By its path: text is then read in blocks.
    return Tests.of(list(entry.tests)).run(entry.path, name=entry.name, **run)
