"""What training gives back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

COLUMNS = ["round", "start", "epoch", "loss", "val_loss", "learning_rate", "seconds"]


@dataclass(eq=False)
class Training:
    """A trained model, and how it came about.

    Parameters
    ----------
    model
        With the weights of its best epoch.
    history
        One row an epoch of each start: round, start, epoch, loss, val_loss, learning_rate, seconds.
    starts
        One row a start: round, start, seed, val_loss (its best), epoch, collapsed (why, or empty).
    best
        (round, start) of the model.
    stopped
        ``"finished"`` or ``"cancelled"``.
    notes
        What a person should know: a smaller batch, a checkpoint that could not be written, a shortcut.
    facts
        Printable facts: preset, engine, seeds, hash of the traces, run in MLflow.
    test_rows
        Numbers of the traces that were never looked at, or None.
    """

    model: Any
    history: pd.DataFrame
    starts: pd.DataFrame
    best: tuple[int, int]
    stopped: str = "finished"
    notes: list[str] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    test_rows: npt.NDArray[np.int64] | None = None

    @property
    def collapsed(self) -> pd.DataFrame:
        """The starts that collapsed, with the reason of each."""
        return self.starts[self.starts.collapsed != ""].reset_index(drop=True)

    @property
    def val_loss(self) -> float:
        """Validation loss of the model."""
        of_best = (self.starts["round"] == self.best[0]) & (self.starts.start == self.best[1])
        return float(self.starts.val_loss[of_best].iloc[0])

    def __repr__(self) -> str:
        dead = len(self.collapsed)
        return (
            f"<Training: {len(self.starts)} starts, {dead} collapsed, {self.stopped}; best is start "
            f"{self.best[1]} of round {self.best[0]}, val_loss {self.val_loss:.4g}>"
        )

    def _repr_html_(self) -> str:
        from ..drawing import svg_of
        from .figures import history_figure

        return f"<pre>{self!r}".replace("<Training", "&lt;Training") + (
            f"</pre>{svg_of(history_figure(self.history, self.starts))}"
        )
