"""What the kernel's tests share."""

from pathlib import Path

import pytest


@pytest.fixture
def data() -> Path:
    """Give the folder of real files, whose provenance stands in its PROVENANCE.md."""
    return Path(__file__).parent.parent / "data"
