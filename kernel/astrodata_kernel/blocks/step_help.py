"""What blocks share: their step, where files lie, parameters that are given."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..pipeline import Work


def working(work: Work | None) -> Work:
    """Give the step, or one that tells nobody where a block is called in plain Python."""
    return Work() if work is None else work


def place_of(path: Path, work: Work) -> Path:
    """Give where a file shall lie that people chose: relative paths start where those of raw data do."""
    return work.base / path.expanduser()


def given(**parameters: Any) -> dict[str, Any]:
    """Give the parameters that are not None: where nothing is said, the library's own default holds."""
    return {name: value for name, value in parameters.items() if value is not None}


@contextmanager
def off_the_pool(work: Work) -> Iterator[Any]:
    """Give the Dask client to spread parts with, or None; on a worker another step may run meanwhile.

    A step that waits for its parts on a thread of the workers that the parts need would wait for ever.
    """
    client = work.client
    if client is None or not _in_task():
        yield client
        return
    from distributed import rejoin, secede

    secede()
    try:
        yield client
    finally:
        rejoin()


def _in_task() -> bool:
    from distributed import get_worker

    try:
        get_worker()
    except ValueError:
        return False
    return True
