"""The examples in docstrings run, and public names have docstrings."""

import doctest
import importlib
import inspect
import pkgutil

import astrodata_kernel as adk
import pytest
from astrodata_kernel.data_tests import registered

MODULES = sorted(
    module.name for module in pkgutil.walk_packages(adk.__path__, prefix="astrodata_kernel.")
)


@pytest.mark.parametrize("name", ["astrodata_kernel", *MODULES])
def test_examples_in_docstrings_give_what_they_say(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A check that an example makes known must be gone again for the tests that come after it.
    monkeypatch.setattr(registered, "_known", {})
    outcome = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert outcome.failed == 0


@pytest.mark.parametrize("name", ["Catalog", "FitsViewer"])
def test_a_public_class_has_a_runnable_example(name: str) -> None:
    assert ">>>" in (inspect.getdoc(getattr(adk, name)) or "")


@pytest.mark.parametrize("name", adk.__all__)
def test_every_public_name_says_what_it_gives(name: str) -> None:
    assert inspect.getdoc(getattr(adk, name))
