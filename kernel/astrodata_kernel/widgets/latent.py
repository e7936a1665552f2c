"""The explorer of a latent space: points, the garage that one draws on them, and what they decode to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import traitlets

from ..errors import BadRequest
from ..latent.garage import Garage
from ..latent.rates import Rate
from ..wire import Reply, encode
from .base import STATIC, Cancel, RequestWidget, answers
from .latent_checks import (
    as_garage,
    axis_facts,
    checked_mask,
    checked_names,
    checked_period,
    first_garage,
    first_limits,
    latents_or_encoded,
    noise_of,
)
from .latent_columns import Columns
from .latent_curves import Curves
from .latent_cut import Cut, Mask, Steps, checked_selection, facts_of
from .latent_history import history_frame, history_reply

if TYPE_CHECKING:
    import os
    from pathlib import Path

LIMITS = ("all", "98%", "garage")
WORDS = {"signal": ("no", "yes"), "noise only": ("no", "yes")}
CHUNK = 1_000_000
"""Points of one latent in one message: 4 MB."""


class LatentExplorer(RequestWidget):
    """Scatter matrix of latents on which the garage is drawn, dragged and counted.

    Parameters
    ----------
    z
        Latents, shape (n, z), or (n,) of one latent; None encodes `traces`.
    columns
        What points can be coloured by: a DataFrame, or values by name, n each.
    truth
        Boolean, shape (n,): which points are signals. They give the true-positive rate.
    noise
        Boolean, shape (n,): which points are noise only. They give the false-positive rate; by default what
        `splits` calls "noise", else what `truth` does not call signal.
    garage
        To begin with; by default fitted on the noise-only points, on all of them where there are none.
    traces
        Shape (n, samples), an array, lazy array or data set: the trace behind each point.
    encoder
        Encodes `traces` when there is no `z`: whatever `adk.latent.encode` takes.
    decoder
        Gives (m, samples) for float32 latents (m, z); or a model that has a ``.decoder``.
    names
        Of the latents; z0, z1, ... by default.
    sample_period
        Seconds from sample to sample of the traces.
    history
        Of the training: a DataFrame (round, start, epoch, loss, val_loss, collapsed), or a training.
    splits
        Text, shape (n,): "noise", "train", "test" or other names; histograms are shown side by side.
    **traits
        Initial values of the traits below.

    Raises
    ------
    BadRequest
        Arguments that do not fit each other, or no finite point.

    Examples
    --------
    >>> z = np.random.default_rng(0).normal(size=(1000, 2))
    >>> explorer = LatentExplorer(z, garage=[[-1, 1], [-1, 1]])
    >>> bool(explorer.counts()["inside"] == (np.abs(z) <= 1).all(axis=1).sum())
    True
    """

    _esm = STATIC / "latent.js"
    _css = STATIC / "latent.css"

    garage = traitlets.Any(
        help="The garage that is drawn, a `Garage`; intervals [[low, high], ...] can be set too."
    ).tag(sync=True, to_json=lambda garage, _: garage.intervals.tolist())
    color = traitlets.Unicode(
        help='What points are coloured by: a column, "garage" for inside and outside, "" for nothing.'
    ).tag(sync=True)
    point = traitlets.Int(
        -1, min=-1, help="Number of the point whose curves are shown, or -1."
    ).tag(sync=True)
    selection = traitlets.Dict(
        default_value=None,
        allow_none=True,
        help='Rectangle that was marked: {"x": axis, "x_range": [low, high], "y", "y_range"}; or None.',
    ).tag(sync=True)
    axes = traitlets.List(traitlets.Int(min=0), help="Numbers of the latents on show.").tag(
        sync=True
    )
    limits = traitlets.Enum(
        LIMITS, "all", help="What the panels span: all points, their central 98 %, or the garage."
    ).tag(sync=True)
    height = traitlets.Int(640, min=200, help="Height of the scatter matrix in CSS pixels.").tag(
        sync=True
    )

    def __init__(
        self,
        z: npt.ArrayLike | None = None,
        *,
        columns: Any = None,
        truth: npt.ArrayLike | None = None,
        noise: npt.ArrayLike | None = None,
        garage: Garage | npt.ArrayLike | None = None,
        traces: Any = None,
        encoder: Any = None,
        decoder: Callable[[Any], Any] | Any = None,
        names: Sequence[str] | None = None,
        sample_period: float | None = None,
        history: Any = None,
        splits: Any = None,
        **traits: Any,
    ) -> None:
        latents = latents_or_encoded(z, traces, encoder)
        count, width = latents.shape
        truth, noise = checked_mask(truth, count, "truth"), checked_mask(noise, count, "noise")
        noise = noise_of(noise, truth, splits)
        self._columns = Columns(count, columns, _given(splits, truth, noise), WORDS)
        self._curves = Curves(count, width, traces, decoder)
        self._cut = Cut(latents, noise, truth)
        self._names = checked_names(names, width)
        self._period = checked_period(sample_period)
        self._history = None if history is None else history_frame(history)
        self._facts = axis_facts(self._cut, self._names)
        first = first_garage(garage, self._cut)
        self._steps = Steps(first)
        self._cut.use(first)
        self._lock = threading.RLock()
        self._gesture: str | None = None
        self._turns: dict[str, int] = {}
        traits.setdefault("axes", list(range(width)))
        traits.setdefault("color", next(iter(self._columns.given), "garage"))
        traits.setdefault("limits", first_limits(first, self._facts))
        super().__init__(garage=first, **traits)

    # --- for Python -------------------------------------------------------------------------------

    @property
    def z(self) -> npt.NDArray[np.float64]:
        """The latents, float64 of shape (n, z), read-only."""
        return self._cut.columns.T

    @property
    def selected(self) -> npt.NDArray[np.int64]:
        """Numbers of the points in the marked rectangle; none without one."""
        if self.selection is None:
            return np.empty(0, np.int64)
        return np.flatnonzero(self._cut.chosen(self.selection))

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
        return self._state(self.selection)

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

    @traitlets.validate("color")
    def _color_is_known(self, proposal: dict[str, Any]) -> str:
        name = str(proposal["value"])
        known = ["", "garage", *(column["name"] for column in self._columns.facts())]
        if name not in known:
            raise BadRequest(f"there is no column {name!r}; there are: {', '.join(known[1:])}")
        return name

    @traitlets.validate("point")
    def _point_is_there(self, proposal: dict[str, Any]) -> int:
        point = int(proposal["value"])
        if point >= len(self._cut.finite):
            raise BadRequest(f"point {point}: there are points 0 to {len(self._cut.finite) - 1}")
        return point

    @traitlets.validate("axes")
    def _axes_are_there(self, proposal: dict[str, Any]) -> list[int]:
        axes = sorted(set(proposal["value"]))
        if not axes or axes[-1] >= len(self._names):
            raise BadRequest(f"axes {axes}: give some of 0 to {len(self._names) - 1}")
        return axes

    @traitlets.validate("selection")
    def _selection_is_one(self, proposal: dict[str, Any]) -> dict[str, Any] | None:
        return checked_selection(proposal["value"], len(self._names))

    # --- what the browser asks --------------------------------------------------------------------

    @answers("describe")
    def _describe(self) -> Reply:
        cut = self._cut
        noise, signals = (0 if m is None else int(m.sum()) for m in (cut.noise, cut.truth))
        given = self._columns.given
        return Reply(
            {
                "points": len(cut.finite),
                "invalid": int((~cut.finite).sum()),
                "chunk": CHUNK,
                "axes": self._facts,
                "median": self._steps.first.median.tolist(),
                "columns": self._columns.facts(),
                "group": given[0] if given else "",
                "noise": noise,
                "signals": signals,
                "traces": self._curves.has_traces,
                "decoder": self._curves.has_decoder,
                "history": self._history is not None,
                "sample_period": self._period,
                "warnings": self._warnings(),
            }
        )

    @answers("points")
    def _points(self, axis: int, start: int) -> Reply:
        if not (0 <= axis < len(self._names) and 0 <= start <= len(self._cut.finite)):
            raise BadRequest(f"there are no points of latent {axis} from {start}")
        meta, buffer = encode(self._cut.columns[axis, start : start + CHUNK][None, None])
        return Reply({**meta, "axis": axis, "start": start}, [buffer])

    @answers("column")
    def _column(self, name: str) -> Reply:
        facts, codes = self._columns.codes(name)
        parts = [encode(codes[i : i + 4 * CHUNK])[1] for i in range(0, len(codes), 4 * CHUNK)]
        return Reply(facts, parts)

    @answers("state")
    def _answer_state(self, selection: Any = None) -> Reply:
        return Reply(self._state(selection))

    @answers("move")
    def _move(
        self,
        view: str,
        turn: int,
        gesture: str,
        axis: int,
        low: float,
        high: float,
        selection: Any = None,
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
            return Reply(self._state(selection))

    @answers("step")
    def _answer_step(self, what: str, selection: Any = None) -> Reply:
        steps = {"undo": self.undo, "redo": self.redo, "reset": self.reset}
        if what not in steps:
            raise BadRequest(f"{what!r}: a step is one of {', '.join(steps)}")
        with self._lock:
            steps[what]()
            return Reply(self._state(selection))

    @answers("calibrate")
    def _answer_calibrate(self, rate: float, selection: Any = None) -> Reply:
        with self._lock:
            self.calibrate(float(rate))
            return Reply(self._state(selection))

    @answers("export")
    def _export(self) -> Reply:
        return Reply({"name": "garage.json", "text": self.garage.to_json()})

    @answers("point")
    def _answer_point(self, point: int) -> Reply:
        z = self._of(point)
        with self._lock:
            inside = bool(self._cut.inside[point])
        values = [list(pair) for pair in self._columns.texts(int(point))]
        texts = [f"{value:.6g}" for value in z]
        return Reply({"point": int(point), "z": texts, "inside": inside, "values": values})

    @answers("curves")
    def _answer_curves(
        self, point: int, z: Sequence[float] | None = None, *, cancel: Cancel
    ) -> Reply:
        point = int(point)
        latents = None if point < 0 else self._of(point)
        if z is not None:
            latents = np.array(z, dtype=np.float64)  # null becomes NaN
            if latents.shape != (len(self._names),) or not np.isfinite(latents).all():
                raise BadRequest(f"z = {z}: give {len(self._names)} finite numbers")
        cancel.check()
        curves, buffers, notes, measures = self._curves.reply(point, latents)
        finite = latents is not None and bool(np.isfinite(latents).all())
        return Reply(
            {
                "point": point,
                "z": latents.tolist() if latents is not None and finite else None,
                "curves": curves,
                "notes": notes,
                **measures,
            },
            buffers,
        )

    @answers("history")
    def _answer_history(self) -> Reply:
        if self._history is None:
            raise BadRequest("there is no history: give history=")
        meta, buffer = history_reply(self._history)
        return Reply(meta, [buffer])

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

    def _state(self, selection: Any) -> dict[str, Any]:
        selection = checked_selection(selection, len(self._names))
        with self._lock:
            cut, garage = self._cut, self.garage
            inside = int(np.count_nonzero(cut.inside))
            chosen = None
            if selection is not None:
                mask = cut.chosen(selection)
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

    def _of(self, point: int) -> npt.NDArray[np.float64]:
        if not 0 <= point < len(self._cut.finite):
            raise BadRequest(f"point {point}: there are points 0 to {len(self._cut.finite) - 1}")
        return self._cut.columns[:, int(point)]

    def _warnings(self) -> list[str]:
        said = []
        invalid = int((~self._cut.finite).sum())
        if invalid:
            said.append(
                f"{invalid:,} of {len(self._cut.finite):,} points have latents that are NaN or infinite: "
                "they are not in the panels, and never inside the garage."
            )
        said += [
            f"{axis['name']} is constant: this model has collapsed on it."
            for axis in self._facts
            if axis["constant"]
        ]
        if self._cut.rate(self._cut.noise) is None:
            said.append(
                "No point is known to be noise only (noise= or splits=): there is no false-positive rate."
            )
        return said


def _given(splits: Any, truth: Mask | None, noise: Mask | None) -> dict[str, Any]:
    given = {"split": splits, "signal": truth}
    if noise is not None and (truth is None or (noise == truth).any()):
        given["noise only"] = noise
    return {name: values for name, values in given.items() if values is not None}
