"""What holds for all Python tests."""

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the notebooks: at the end the longest of them would run while the other cores wait."""
    items.sort(key=lambda item: item.path.name != "test_examples.py")
