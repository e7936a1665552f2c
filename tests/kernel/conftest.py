"""What the kernel's tests share."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def data() -> Path:
    """Give the folder of real files, whose provenance stands in its PROVENANCE.md."""
    return Path(__file__).parent.parent / "data"


@pytest.fixture(autouse=True, scope="module")
def clusters_end_with_their_file() -> Iterator[None]:
    """End what a test that failed has left open: the pipelines of the next file would run on it, and wait."""
    yield
    clusters = sys.modules.get("astrodata_kernel.compute.clusters")
    for one in [] if clusters is None else clusters.opened():
        one.close()
