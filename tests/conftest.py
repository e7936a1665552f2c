"""What holds for all Python tests."""

import pytest
from hypothesis import settings

# How long an example takes says nothing on a machine that does other things as well.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the notebooks: at the end the longest of them would run while the other cores wait."""
    items.sort(key=lambda item: item.path.name != "test_examples.py")
