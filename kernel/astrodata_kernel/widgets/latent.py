"""The explorer of a latent space: points, the garage that one draws on them, and what they decode to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import traitlets

from ..errors import BadRequest
from ..processing.events import Events, as_ids, events_of
from ..wire import Reply, encode
from . import linking
from .base import STATIC, Cancel, answers
from .latent_checks import (
    axis_facts,
    checked_mask,
    checked_names,
    checked_period,
    first_garage,
    first_limits,
    latents_or_encoded,
    noise_of,
)
from .latent_columns import Columns, inside_and_outside
from .latent_curves import Curves
from .latent_cut import Cut, Mask
from .latent_events import ShowingWidget
from .latent_garage import CuttingWidget
from .latent_history import history_frame, history_reply
from .latent_labels import LabellingWidget
from .latent_points import CHUNK, Points
from .latent_projecting import ProjectingWidget
from .latent_raster import MANY, RasterWidget
from .latent_selecting import SelectingWidget

LIMITS = ("all", "98%", "garage")
TABS = ("map", "matrix", "history")
WORDS = {"signal": ("no", "yes"), "noise only": ("no", "yes")}
AXES = 8
"""Latents in the scatter matrix to begin with, at most."""


class LatentExplorer(
    SelectingWidget,
    ShowingWidget,
    LabellingWidget,
    ProjectingWidget,
    RasterWidget,
    CuttingWidget,
):
    """Map and scatter matrix of latents: select, label, look behind a point, cut the garage.

    Parameters
    ----------
    latents
        Latents, shape (n, z), or (n,) of one latent; a `Latents` table, whose columns can be mapped and
        coloured by too; None encodes `traces`.
    columns
        What points can be mapped and coloured by: a DataFrame, or values by name, n each.
    events
        What is behind the points: whatever `adk.processing.events.events_of` takes. By default `traces`.
    labels
        A `LabelLog`, into which selected points are labelled.
    ids
        Of the points; by default those of `latents` or of the events, else 0, 1, ...
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
        Encodes `traces` when there are no `latents`: whatever `adk.latent.encode` takes.
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
    link
        Names the data: views of the same name share what is selected. By default the hash of the events.
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
    >>> explorer.select("z0 > 2") == (z[:, 0] > 2).sum() == len(explorer.selected)
    np.True_
    """

    _esm = STATIC / "latent.js"
    _css = STATIC / "latent.css"

    tab = traitlets.Enum(TABS, "map", help="What is shown.").tag(sync=True)
    color = traitlets.Unicode(
        help='What points are coloured by: a column, "garage" for inside and outside, "" for nothing.'
    ).tag(sync=True)
    size = traitlets.Unicode(help='Column that sizes the points of the map, "" for none.').tag(
        sync=True
    )
    renderer = traitlets.Enum(
        ("auto", "card", "cpu"),
        "auto",
        help='What draws many points: "auto" takes the graphics card where there is one, else a density.',
    ).tag(sync=True)
    point = traitlets.Int(
        -1, min=-1, help="Number of the point whose curves are shown, or -1."
    ).tag(sync=True)
    axes = traitlets.List(
        traitlets.Int(min=0), help="Numbers of the latents in the scatter matrix."
    ).tag(sync=True)
    limits = traitlets.Enum(
        LIMITS, "all", help="What the panels span: all points, their central 98 %, or the garage."
    ).tag(sync=True)
    height = traitlets.Int(640, min=200, help="Height of map and matrix in CSS pixels.").tag(
        sync=True
    )

    def __init__(
        self,
        latents: Any = None,
        columns: Any = None,
        *,
        events: Any = None,
        labels: Any = None,
        ids: npt.ArrayLike | None = None,
        truth: npt.ArrayLike | None = None,
        noise: npt.ArrayLike | None = None,
        garage: Any = None,
        traces: Any = None,
        encoder: Any = None,
        decoder: Callable[[Any], Any] | Any = None,
        names: Sequence[str] | None = None,
        sample_period: float | None = None,
        history: Any = None,
        splits: Any = None,
        link: str | None = None,
        **traits: Any,
    ) -> None:
        table = latents if hasattr(latents, "lineage") and hasattr(latents, "ids") else None
        z = latents_or_encoded(latents if table is None else table.z, traces, encoder)
        count, width = z.shape
        self.events = _events_of(traces if events is None else events, count)
        if traces is None and self.events is not None and self.events.kind == "waveforms":
            traces = self.events.source
        truth, noise = checked_mask(truth, count, "truth"), checked_mask(noise, count, "noise")
        noise = noise_of(noise, truth, splits)
        known = _named(table, columns)
        cut = Cut(z, noise, truth)
        if names is None and table is not None:
            names = table.names
        self._names = checked_names(names, width)
        self._points = Points(
            _ids_of(ids, table, self.events, count),
            self._names,
            cut,
            Columns(count, known, _given(splits, truth, noise), WORDS),
        )
        self.labels = labels
        self._curves = Curves(count, width, traces, decoder)
        self._period = checked_period(
            sample_period or (self.events.sample_period if self.events else None)
        )
        self._history = None if history is None else history_frame(history)
        self._facts = axis_facts(cut, self._names)
        self._lock = threading.RLock()
        first = first_garage(garage, cut)
        self._begin_cutting(cut, first)
        self._begin_selecting(link or _link_of(self.events, table))
        self._begin_projecting()
        if labels is not None:
            self._show_labels()
        has_cut = garage is not None or truth is not None or noise is not None
        traits.setdefault(
            "tab", "matrix" if width == 1 or has_cut or decoder is not None else "map"
        )
        traits.setdefault("axes", list(range(min(width, AXES))))
        traits.setdefault("color", next(iter(known or self._points.columns.given), ""))
        if labels is not None and not known:
            traits["color"] = "label"
        if not traits["color"] and has_cut:
            traits["color"] = "garage"
        traits.setdefault("limits", first_limits(first, self._facts))
        across = self._points.names()
        traits.setdefault("x", across[0])
        traits.setdefault("y", across[min(1, len(across) - 1)])
        super().__init__(garage=first, **traits)
        linking.join(self)

    # --- traits -----------------------------------------------------------------------------------

    @traitlets.validate("color")
    def _color_is_known(self, proposal: dict[str, Any]) -> str:
        name = str(proposal["value"])
        known = ["", "garage", *self._points.all_names()]
        if name not in known:
            raise BadRequest(f"there is no column {name!r}; there are: {', '.join(known[1:])}")
        return name

    @traitlets.validate("size")
    def _size_is_known(self, proposal: dict[str, Any]) -> str:
        name = str(proposal["value"])
        if name:
            self._points.values(name)
        return name

    @traitlets.validate("point")
    def _point_is_there(self, proposal: dict[str, Any]) -> int:
        point = int(proposal["value"])
        if point >= len(self._points):
            raise BadRequest(f"point {point}: there are points 0 to {len(self._points) - 1}")
        return point

    @traitlets.validate("axes")
    def _axes_are_there(self, proposal: dict[str, Any]) -> list[int]:
        axes = sorted(set(proposal["value"]))
        if not axes or axes[-1] >= len(self._names):
            raise BadRequest(f"axes {axes}: give some of 0 to {len(self._names) - 1}")
        return axes

    # --- what the browser asks --------------------------------------------------------------------

    @answers("describe")
    def _describe(self) -> Reply:
        # While one looks at the points, what the first lasso needs is loaded.
        threading.Thread(target=_warm_up, name="astrodata-warm-up", daemon=True).start()
        cut, points = self._cut, self._points
        noise, signals = (0 if m is None else int(m.sum()) for m in (cut.noise, cut.truth))
        given = points.columns.given
        return Reply(
            {
                "points": len(points),
                "many": self._many,
                "invalid": int((~cut.finite).sum()),
                "chunk": CHUNK,
                "axes": self._facts,
                "median": self._steps.first.median.tolist(),
                "columns": points.columns.facts(),
                "numbers": points.facts(),
                "group": given[0] if given else "",
                "noise": noise,
                "signals": signals,
                "traces": self._curves.has_traces,
                "decoder": self._curves.has_decoder,
                "events": self.events.kind if self.events else "",
                "labels": self._label_facts() if self.labels is not None else None,
                "history": self._history is not None,
                "sample_period": self._period,
                "warnings": self._warnings(),
            }
        )

    @answers("column")
    def _column(self, name: str) -> Reply:
        facts, codes = self._coded(name)
        if self._many:
            return Reply(facts)
        parts = [encode(codes[i : i + 4 * CHUNK])[1] for i in range(0, len(codes), 4 * CHUNK)]
        return Reply(facts, parts)

    @answers("point")
    def _answer_point(self, point: int) -> Reply:
        z = self._of(point)
        with self._lock:
            inside = bool(self._cut.inside[point])
        row = int(point)
        values = [list(pair) for pair in self._points.columns.texts(row)]
        facts = [list(pair) for pair in self.events.facts(row)[1:]] if self.events else []
        texts = [f"{value:.6g}" for value in z]
        return Reply(
            {
                "point": row,
                "id": str(self._points.ids[row]),
                "z": texts,
                "inside": inside,
                "values": values,
                "facts": facts,
            }
        )

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

    def _coded(self, name: str) -> tuple[dict[str, Any], npt.NDArray[np.uint8]]:
        return inside_and_outside(self._cut) if name == "garage" else self._points.codes(name)

    def _of(self, point: int) -> npt.NDArray[Any]:
        if not 0 <= point < len(self._points):
            raise BadRequest(f"point {point}: there are points 0 to {len(self._points) - 1}")
        return self._cut.columns[:, int(point)]

    def _warnings(self) -> list[str]:
        said = []
        wrong = np.flatnonzero(~self._cut.finite)
        if len(wrong):
            some = ", ".join(str(self._points.ids[row]) for row in wrong[:5])
            said.append(
                f"{len(wrong):,} of {len(self._points):,} points have latents that are NaN or infinite: "
                f"they are not on show, and never inside the garage. Ids: {some}"
                + (", ..." if len(wrong) > 5 else ".")
            )
        said += [
            f"{axis['name']} is constant: this model has collapsed on it."
            for axis in self._facts
            if axis["constant"]
        ]
        return said


def _given(splits: Any, truth: Mask | None, noise: Mask | None) -> dict[str, Any]:
    given = {"split": splits, "signal": truth}
    if noise is not None and (truth is None or (noise == truth).any()):
        given["noise only"] = noise
    return {name: values for name, values in given.items() if values is not None}


def _warm_up() -> None:
    import pandas  # noqa: F401 - for the first column of categories

    from ..latent.polygons import warm_up

    warm_up()


def _events_of(source: Any, count: int) -> Events | None:
    if source is None:
        return None
    if isinstance(source, np.ndarray) and source.ndim == 3 and source.shape[2] == 1:
        source = source[:, :, 0]  # traces as Keras takes them
    events = events_of(source)
    if len(events) != count:
        raise BadRequest(f"{len(events):,} events for {count:,} points: give one for each")
    return events


def _ids_of(ids: Any, table: Any, events: Events | None, count: int) -> npt.NDArray[Any]:
    if ids is not None:
        return as_ids(ids, count)
    if table is not None:
        return as_ids(table.ids, count)
    if events is not None:
        return events.ids
    return np.arange(count, dtype=np.int32 if count > MANY else np.int64)


def _named(table: Any, columns: Any) -> dict[str, Any]:
    named = {} if table is None else dict(table.columns)
    if columns is not None:
        named |= {str(name): columns[name] for name in columns}
    return named


def _link_of(events: Events | None, table: Any) -> str | None:
    if events is not None:
        return events.link
    data = None if table is None else table.facts.get("data")
    return None if data is None else str(data)
