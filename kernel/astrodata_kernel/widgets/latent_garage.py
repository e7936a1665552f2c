"""The garage of an explorer: drawn, dragged, counted, undone."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import traitlets

from ..errors import BadRequest
from ..latent.garage import Garage
from ..latent.rates import Rate
from ..wire import Reply
from .base import Cancel, RequestWidget, answers
from .latent_checks import as_garage
from .latent_cut import Cut, Mask, Steps, facts_of

if TYPE_CHECKING:
    import os
    from pathlib import Path


class CuttingWidget(RequestWidget):
    """Intervals of the latents and who is inside of them; a subclass calls `_begin_cutting`."""

    garage = traitlets.Any(
        help="The garage that is drawn, a `Garage`; intervals [[low, high], ...] can be set too."
    ).tag(sync=True, to_json=lambda garage, _: garage.intervals.tolist())

    selection: Any
    mask: Mask
    _lock: threading.RLock

    def _begin_cutting(self, cut: Cut, first: Garage) -> None:
        self._cut = cut
        self._steps = Steps(first)
        self._cut.use(first)
        self._gesture: str | None = None
        self._turns: dict[str, int] = {}

    # --- for Python -------------------------------------------------------------------------------

    @property
    def z(self) -> npt.NDArray[Any]:
        """The latents, floats of shape (n, z), read-only."""
        return self._cut.columns.T

    @property
    def false_positive_rate(self) -> Rate | None:
        """Share of the noise-only points outside the garage; None without such points."""
        with self._lock:
            return self._cut.rate(self._cut.noise)

    @property
    def true_positive_rate(self) -> Rate | None:
        """Share of the signals outside the garage; None without a truth."""
        with self._lock:
            return self._cut.rate(self._cut.truth)

    def counts(self) -> dict[str, Any]:
        """Give the counts as the view shows them.

        Returns
        -------
        dict
            ``total``, ``inside``, ``outside``, ``invalid`` (not finite, and so outside); ``noise`` and
            ``signal`` with count outside, total, value and interval, or None; and more.
        """
        return self._state()

    def undo(self) -> None:
        """Give the garage back as it was before the last step."""
        self._step(self._steps.back)

    def redo(self) -> None:
        """Take an undone step again."""
        self._step(self._steps.forth)

    def reset(self) -> None:
        """Go back to the garage that it began with, which can be undone."""
        self._put(self._steps.first)

    def calibrate(self, false_positive_rate: float = 0.01) -> Garage:
        """Scale the garage until a wanted share of the noise-only points is outside.

        The noise-only points of the explorer are counted: give held-out ones for an honest figure.

        Raises
        ------
        BadRequest
            No noise-only points, or too few of them for the rate.
        """
        if self._cut.rate(self._cut.noise) is None:
            raise BadRequest(
                "there are no noise-only points, so there is no false-positive rate to calibrate to: "
                "give noise= or splits="
            )
        self._put(self.garage.calibrate(self.z[self._cut.noise], false_positive_rate))
        return self.garage  # type: ignore[no-any-return]

    def save_garage(self, path: str | os.PathLike[str]) -> Path:
        """Write the garage to a JSON file, which `Garage.load` reads."""
        return self.garage.save(path)  # type: ignore[no-any-return]

    # --- traits -----------------------------------------------------------------------------------

    @traitlets.validate("garage")
    def _garage_fits(self, proposal: dict[str, Any]) -> Garage:
        return as_garage(proposal["value"], self._steps.now)

    @traitlets.observe("garage")
    def _garage_changed(self, change: dict[str, Any]) -> None:
        with self._lock:
            if change["new"] is not self._steps.now:
                self._steps.to(change["new"], self._gesture)
            self._cut.use(change["new"])

    # --- what the browser asks --------------------------------------------------------------------

    @answers("state")
    def _answer_state(self) -> Reply:
        return Reply(self._state())

    @answers("move")
    def _move(
        self,
        view: str,
        turn: int,
        gesture: str,
        axis: int,
        low: float,
        high: float,
        *,
        cancel: Cancel,
    ) -> Reply:
        with self._lock:
            cancel.check()
            # Two workers: what was asked earlier must not win because it came later.
            if turn > self._turns.get(view, -1):
                self._turns[view] = turn
                garage = self.garage.moved(int(axis), float(low), float(high))
                if (garage.intervals != self.garage.intervals).any():
                    self._put(garage, f"{view}/{gesture}")
            return Reply(self._state())

    @answers("step")
    def _answer_step(self, what: str) -> Reply:
        steps = {"undo": self.undo, "redo": self.redo, "reset": self.reset}
        if what not in steps:
            raise BadRequest(f"{what!r}: a step is one of {', '.join(steps)}")
        with self._lock:
            steps[what]()
            return Reply(self._state())

    @answers("calibrate")
    def _answer_calibrate(self, rate: float) -> Reply:
        with self._lock:
            self.calibrate(float(rate))
            return Reply(self._state())

    @answers("export")
    def _export(self) -> Reply:
        return Reply({"name": "garage.json", "text": self.garage.to_json()})

    # --- the rest ---------------------------------------------------------------------------------

    def _put(self, garage: Garage, gesture: str | None = None) -> None:
        with self._lock:
            self._gesture = gesture
            try:
                self.garage = garage
            finally:
                self._gesture = None

    def _step(self, step: Callable[[], Garage]) -> None:
        with self._lock:
            self.garage = step()

    def _state(self) -> dict[str, Any]:
        with self._lock:
            cut, garage = self._cut, self.garage
            inside = int(np.count_nonzero(cut.inside))
            chosen = None
            if self.selection:
                mask = self.mask
                total = int(np.count_nonzero(mask))
                within = int(np.count_nonzero(mask & cut.inside))
                chosen = {"count": total, "inside": within, "outside": total - within}
            return {
                "garage": garage.intervals.tolist(),
                "total": len(cut.inside),
                "inside": inside,
                "outside": len(cut.inside) - inside,
                "invalid": int((~cut.finite).sum()),
                "outside_each": cut.outside_each(),
                "noise": facts_of(cut.rate(cut.noise)),
                "signal": facts_of(cut.rate(cut.truth)),
                "calibration": garage.calibration,
                "undo": len(self._steps.before),
                "redo": len(self._steps.after),
                "selected": chosen,
            }
