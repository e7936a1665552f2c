"""The state of the image viewer, to which each of its parts adds its own, and the code that rebuilds it."""

from __future__ import annotations

from typing import Any, ClassVar

from ..datasets import Dataset
from .base import RequestWidget
from .saved_state import as_words, changed_traits


class StateWidget(RequestWidget):
    """Gives the state of an image viewer; all of its parts that have one stand on this.

    A part names its traits in `_saved`. What is no trait it adds in a `state` or `code` of its own, to what
    ``super()`` gives.
    """

    dataset: Dataset

    _saved: ClassVar[tuple[str, ...]] = ()
    """Names of the traits of a class that make the state; those of all its bases count too."""

    def state(self) -> dict[str, Any]:
        """Give what the viewer shows and how, as plain values: source, hdu, and the traits that were changed.

        `adk.view(state.pop("source"), **state)` shows the same again.
        """
        names = [name for part in type(self).__mro__ for name in vars(part).get("_saved", ())]
        provenance = self.dataset.provenance
        source = provenance.path if provenance else self.dataset.name
        return {"source": source, "hdu": self.dataset.part, **changed_traits(self, names)}

    def code(self) -> str:
        """Give the Python that shows the same again."""
        state = self.state()
        source, hdu = state.pop("source"), state.pop("hdu")
        if self.dataset.provenance is None:
            return (
                f"# {source} is an array in memory: give it in its place\n"
                f"adk.view(array{as_words(state)})"
            )
        return f"adk.view({source!r}{as_words({'hdu': hdu, **state} if hdu else state)})"
