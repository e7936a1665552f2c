"""What makes the state of a viewer: the traits that were changed, as values and as words of Python."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def changed_traits(widget: Any, names: Iterable[str]) -> dict[str, Any]:
    """Give those of a widget's traits that are not as they are to begin with, by name."""
    traits = widget.traits()
    values = {name: getattr(widget, name) for name in names}
    return {name: value for name, value in values.items() if value != traits[name].default()}


def as_words(values: Mapping[str, Any]) -> str:
    """Give values as the further arguments of a call: ``, stretch='log', plane=3``."""
    return "".join(f", {name}={value!r}" for name, value in values.items())
