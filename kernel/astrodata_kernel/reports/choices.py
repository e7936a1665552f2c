"""What is selected in the application: steps over the columns of its points."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import BadRequest, UnknownName
from ..latent.selections import Chooser, words_of
from .points import LABEL, Points

Rows = npt.NDArray[np.int64]


class Choice:
    """The selection of an application, changed step by step.

    Parameters
    ----------
    points
        The points to select from; `points` may be replaced when labels change.
    """

    def __init__(self, points: Points) -> None:
        self.points = points
        z = np.asarray(points.latents.finite)
        self._chooser = Chooser(self._values, self._names, z, self._nearest, self._texts)
        self.steps: list[dict[str, Any]] = []

    @property
    def mask(self) -> npt.NDArray[np.bool_] | None:
        """Boolean, shape (n,); None while nothing is selected."""
        return self._chooser.mask(self.steps) if self.steps else None

    @property
    def rows(self) -> Rows:
        """Numbers of the selected points."""
        return np.empty(0, np.int64) if not self.steps else np.flatnonzero(self.mask)

    @property
    def words(self) -> str:
        """The selection as a person reads it."""
        return words_of(self.steps)

    def take(self, step: Mapping[str, Any] | None) -> None:
        """Add a step, or clear the selection with None.

        Raises
        ------
        BadRequest, UnknownName
            The step means nothing here; the selection stays as it was.
        """
        made = [] if step is None else self._chooser.checked([*self.steps, step])
        if made:
            self._chooser.mask(made)  # a condition that does not fit its columns says so here
        self.steps = made

    def forget(self) -> None:
        """Work the selection out anew: labels changed."""
        self._chooser.forget()

    def _names(self) -> list[str]:
        return self.points.colour_names

    def _values(self, name: str) -> Any:
        values = self.points.columns.get(name)
        if values is None or values.dtype.kind not in "iufb":
            raise UnknownName(f"there is no column of numbers {name!r}")
        return values

    def _texts(self, name: str) -> Any:
        if name == LABEL and self.points.labelled is not None:
            return self.points.labelled.text()
        values = self.points.columns.get(name)
        if values is None:
            raise UnknownName(f"there is no column {name!r}")
        return np.array([str(value) for value in values], dtype=object)

    def _nearest(self, row: int, k: int) -> Rows:
        raise BadRequest("neighbours are found in the explorer of a notebook")
