"""The viewer of traces: all of them as one picture, some of them as lines, and a table that filters them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import traitlets

from ..datasets import Dataset
from ..errors import BadRequest, UnknownName
from ..processing.events import link_of
from ..wire import Reply, encode
from . import linking
from .base import STATIC, Cancel, RequestWidget, answers
from .fits import COLORMAPS
from .waveforms_features import Features, positive
from .waveforms_jobs import Job, Jobs, NotYet
from .waveforms_lines import MOST, Lines
from .waveforms_pictures import Picture, crossing, heat_map_of, persistence_of
from .waveforms_source import with_traces

if TYPE_CHECKING:
    import os
    from pathlib import Path

    import pandas as pd

    Source = str | os.PathLike[str] | Dataset | npt.ArrayLike

MODES = ("overlay", "stack", "align")
IMAGES = ("persistence", "heat map")
BRIGHTNESS = ("linear", "sqrt", "log")

PATIENCE = 0.2
"""Seconds for which a request waits for its picture, before it answers how far that is."""

_ROWS = 500
_CROSSING = 200


class WaveformViewer(RequestWidget):
    """Viewer of many traces: their persistence image or heat map, single traces, and their features.

    Parameters
    ----------
    source
        A path or URL, or several; an open `Dataset` of kind ``"waveforms"`` (or of one or two axes); or an
        array of shape (traces, samples).
    model
        What reconstructs traces: an object with ``reconstruct`` or ``predict``, such as a Keras autoencoder,
        or a function, of float32 traces of shape (n, samples). Its lines and the residuals are then shown.
    features
        A table with a row for each trace, instead of the features that are measured here; False for none.
    **traits
        Initial values of the traits below.

    Raises
    ------
    AstrodataError
        A source that cannot be read or holds no traces, or a table of another length.

    Examples
    --------
    >>> traces = np.random.default_rng(0).normal(size=(50, 400)).astype("f4")
    >>> viewer = WaveformViewer(traces, filter={"trace": [10, 19]}, trace=12)
    >>> viewer.selection
    array([10, 11, 12, 13, 14, 15, 16, 17, 18, 19])
    >>> low, high = viewer.request("envelope", traces=[12], start=0, stop=400, columns=4).array()[:, 0]
    >>> bool(high[0] == traces[12, :100].max())
    True
    """

    _esm = STATIC / "waveforms.js"
    _css = STATIC / "waveforms.css"

    trace = traitlets.Int(0, help="Number of the trace in the foreground, from 0.").tag(sync=True)
    traces = traitlets.List(
        traitlets.Int(), maxlen=MOST, help="Numbers of further traces that are drawn with it."
    ).tag(sync=True)
    mode = traitlets.Enum(MODES, "overlay", help="How several traces are drawn.").tag(sync=True)
    align_by = traitlets.Enum(
        ("peak", "threshold"), "peak", help="What lies above each other in the mode align."
    ).tag(sync=True)
    image = traitlets.Enum(IMAGES, "persistence", help="How all traces are drawn.").tag(sync=True)
    colormap = traitlets.Enum(COLORMAPS, "viridis", help="Colours from low to high.").tag(sync=True)
    brightness = traitlets.Enum(
        BRIGHTNESS, "log", help="Brightness of the persistence image as a function of the count."
    ).tag(sync=True)
    filter = traitlets.Dict(
        help="Traces that count: column -> [low, high], both included, None on an open side."
    ).tag(sync=True)
    sort = traitlets.List(
        traitlets.Unicode(), ["trace", "asc"], help='Order of the table: [column, "asc" or "desc"].'
    ).tag(sync=True)
    time_range = traitlets.List(
        traitlets.Int(),
        None,
        allow_none=True,
        minlen=2,
        maxlen=2,
        help="First sample on show, and one beyond the last; None shows all.",
    ).tag(sync=True)
    value_range = traitlets.List(
        traitlets.Float(),
        None,
        allow_none=True,
        minlen=2,
        maxlen=2,
        help="Values at the lower and the upper edge; None fits what is shown.",
    ).tag(sync=True)
    height = traitlets.Int(260, min=120, help="Height of a picture in CSS pixels.").tag(sync=True)
    has_model = traitlets.Bool(
        False, read_only=True, help="Whether there are reconstructions."
    ).tag(sync=True)

    def __init__(
        self,
        source: Source,
        *,
        model: Any = None,
        features: pd.DataFrame | bool | None = None,
        **traits: Any,
    ) -> None:
        self._jobs = Jobs()
        self._dataset, self._traces = with_traces(source)
        self._lines = Lines(self._dataset, self._traces, model, self._jobs)
        self._features = Features(self._dataset, self._traces, features, self._jobs)
        self._table = self._features.table
        super().__init__(**traits)
        self.set_trait("has_model", model is not None)
        self.link = link_of(self._dataset)
        linking.join(self)

    @property
    def dataset(self) -> Dataset:
        """The data set on show."""
        return self._dataset

    @property
    def table(self) -> pd.DataFrame:
        """What is known of all traces; measured first, if need be."""
        return self._features.wait_for(lambda: self._table.frame(np.arange(self._table.count)))

    @property
    def selection(self) -> npt.NDArray[np.int64]:
        """Numbers of the traces that pass the filter, ascending; features are measured first, if need be."""
        return self._features.wait_for(lambda: np.flatnonzero(self._table.mask(self.filter)))

    def follow_selection(self, ids: npt.NDArray[Any]) -> None:
        """Show the traces that another view of the same data selected: as many as are drawn at once."""
        numbers = [int(one) for one in ids[:MOST] if isinstance(one, int | np.integer)]
        found = [one for one in numbers if 0 <= one < self._traces.shape[0]]
        if found:
            self.trace, self.traces = found[0], found[1:]

    def selected_table(self) -> pd.DataFrame:
        """Give what is known of the traces that pass the filter, one row a trace."""
        return self._features.wait_for(lambda: self._table.frame(self.selection))

    def save_selection(self, path: str | os.PathLike[str]) -> Path:
        """Write the traces that pass the filter, and what is known of them, as an npz file.

        Parameters
        ----------
        path
            Where it shall be; it has that name only once it is whole.

        Returns
        -------
        Path
            The file: ``traces`` (selected, samples), ``trace`` (their numbers), and each column of the table.

        Raises
        ------
        BadRequest
            No trace passes the filter.
        UnreadableFile
            The file cannot be written.
        """
        from .waveforms_export import save_traces

        return save_traces(path, self._traces, self.selected_table())

    def close(self) -> None:
        """Close the widget and give up what it still computes."""
        self._jobs.close()
        super().close()

    # --- traits -----------------------------------------------------------------------------------

    @traitlets.validate("trace")
    def _trace_exists(self, proposal: dict[str, Any]) -> int:
        return self._lines.check([proposal["value"]])[0]

    @traitlets.validate("traces")
    def _traces_exist(self, proposal: dict[str, Any]) -> list[int]:
        return self._lines.check(list(dict.fromkeys(proposal["value"])))

    @traitlets.validate("filter")
    def _filter_is_possible(self, proposal: dict[str, Any]) -> dict[str, Any]:
        self._table.check_filter(proposal["value"])
        return {name: list(limits) for name, limits in proposal["value"].items()}

    @traitlets.validate("sort")
    def _sort_is_possible(self, proposal: dict[str, Any]) -> list[str]:
        self._table.check_sort(proposal["value"])
        return list(proposal["value"])

    @traitlets.validate("time_range")
    def _samples_exist(self, proposal: dict[str, Any]) -> Any:
        ends, samples = proposal["value"], self._lines.samples
        if ends is not None and not 0 <= ends[0] < ends[1] <= samples:
            raise BadRequest(f"time_range {ends}: a trace has samples 0 to {samples}")
        return ends

    @traitlets.validate("value_range")
    def _values_are_in_order(self, proposal: dict[str, Any]) -> Any:
        ends = proposal["value"]
        if ends is not None and not (all(map(math.isfinite, ends)) and ends[0] < ends[1]):
            raise BadRequest(f"value_range {ends}: give two finite numbers, the lower one first")
        return ends

    # --- requests ---------------------------------------------------------------------------------

    @answers("describe")
    def _describe(self) -> Reply:
        meta, table = self._dataset.meta, self._table
        return Reply(
            {
                "name": self._dataset.name,
                "title": str(meta.get("title", "")),
                "traces": table.count,
                "samples": self._lines.samples,
                "dtype": str(self._traces.dtype),
                "unit": str(meta.get("unit", "")),
                "sample_period": positive(meta.get("sample_period")),
                "trigger": meta.get("trigger"),
                "channel": str(meta.get("channel", "") or ""),
                "has_model": self.has_model,
                "columns": table.names,
                "warnings": [str(w) for w in meta.get("warnings", ())],
            }
        )

    @answers("picture")
    def _picture(
        self,
        image: str,
        columns: int,
        rows: int,
        samples: Sequence[int] | None = None,
        values: Sequence[float] | None = None,
        where: Mapping[str, Any] | None = None,
        view: str = "",
        patience: float = PATIENCE,
    ) -> Reply:
        if image not in IMAGES:
            raise UnknownName(f"image {image!r}: there are {', '.join(IMAGES)}")
        columns, rows = _size(columns), _size(rows)
        start, stop = (0, self._lines.samples) if samples is None else map(int, samples)
        try:
            chosen = self._table.order(where or {}, ("trace", "asc"))
        except NotYet as not_yet:
            return _later(not_yet, "measuring")
        facts = {"image": image, "samples": [start, stop], "total": len(chosen)}
        if not len(chosen):
            return Reply({**facts, "ready": True})
        limits = None if values is None else (float(values[0]), float(values[1]))
        key = ("picture", image, columns, rows, start, stop, limits, _text(where))

        def work(job: Job[Any]) -> Picture:
            draw = persistence_of if image == "persistence" else heat_map_of
            return draw(self._traces, job, columns, rows, limits, (start, stop), chosen)

        try:
            meta, buffers = self._jobs.ask(key, work, f"picture {view}", patience)
        except NotYet as not_yet:
            return _later(not_yet, "drawing")
        return Reply({**facts, **meta, "ready": True}, buffers)

    @answers("crossing")
    def _crossing(
        self,
        samples: Sequence[int],
        values: Sequence[float],
        where: Mapping[str, Any] | None = None,
        view: str = "",
        patience: float = PATIENCE,
    ) -> Reply:
        start, stop = map(int, samples)
        low, high = map(float, values)
        if not 0 <= start < stop <= self._lines.samples:
            raise BadRequest(
                f"samples {start} to {stop}: a trace has samples 0 to {self._lines.samples}"
            )
        stop = min(
            stop + 1, self._lines.samples
        )  # the line to the next sample belongs to the pixel

        def work(job: Job[Any]) -> npt.NDArray[np.int64]:
            return crossing(self._traces, start, stop, low, high, job)

        try:
            passed = self._table.mask(where or {})
            key = ("crossing", start, stop, low, high)
            found = self._jobs.ask(key, work, f"crossing {view}", patience)
        except NotYet as not_yet:
            return _later(not_yet, "looking")
        found = found[passed[found]]
        return Reply({"ready": True, "traces": found[:_CROSSING].tolist(), "total": len(found)})

    @answers("envelope")
    def _envelope(
        self,
        traces: Sequence[int],
        start: int,
        stop: int,
        columns: int,
        align: str | None = None,
        lines: Sequence[str] = ("data",),
        patience: float = PATIENCE,
        *,
        cancel: Cancel,
    ) -> Reply:
        ids = self._lines.check(traces)
        shifts = self._lines.shifts(ids, align)
        buffers: list[memoryview] = []
        meta: dict[str, Any] = {}
        try:
            for line in lines:
                found = self._lines.envelopes(
                    ids,
                    int(start),
                    int(stop),
                    int(columns),
                    shifts=shifts,
                    line=line,
                    patience=patience,
                    check=cancel.check,
                )
                meta, buffer = encode(found)
                buffers.append(buffer)
        except NotYet as not_yet:
            return _later(not_yet, "building the pyramid")
        facts = {"traces": ids, "start": int(start), "stop": int(stop), "shifts": shifts}
        count = meta["shape"][2] if meta else 0
        exact = count == stop - start
        return Reply(
            {**meta, **facts, "exact": exact, "lines": list(lines), "ready": True}, buffers
        )

    @answers("probe")
    def _probe(self, traces: Sequence[int], samples: Sequence[int]) -> Reply:
        ids = self._lines.check(traces)
        unit = str(self._dataset.meta.get("unit", ""))
        found = []
        for trace, sample in zip(ids, samples, strict=True):
            value = self._lines.values([trace], int(sample))[0]
            text = "outside" if value is None else _value_text(value, unit)
            number = None if value is None or not np.isfinite(value) else float(value)
            found.append({"trace": trace, "sample": int(sample), "value": number, "text": text})
        return Reply({"values": found})

    @answers("pulses")
    def _pulses(self, traces: Sequence[int], align: str | None = None) -> Reply:
        ids = self._lines.check(traces)
        return Reply({"pulses": self._lines.pulses(ids), "shifts": self._lines.shifts(ids, align)})

    @answers("table")
    def _page(
        self,
        start: int,
        count: int,
        where: Mapping[str, Any] | None = None,
        sort: Sequence[str] = ("trace", "asc"),
        trace: int | None = None,
    ) -> Reply:
        table = self._table
        try:
            ids = table.order(where or {}, sort)
        except NotYet as not_yet:
            return _later(not_yet, "measuring")
        start = max(0, min(int(start), len(ids)))
        page = ids[start : start + min(int(count), _ROWS)]
        return Reply(
            {
                "ready": True,
                "total": len(ids),
                "start": start,
                "columns": table.describe(),
                "rows": table.rows(page),
                "place": None if trace is None else _place(ids, trace),
                "progress": self._features.progress(),
            }
        )

    @answers("step")
    def _step(
        self,
        trace: int,
        by: int,
        where: Mapping[str, Any] | None = None,
        sort: Sequence[str] = ("trace", "asc"),
    ) -> Reply:
        try:
            ids = self._table.order(where or {}, sort)
        except NotYet as not_yet:
            return _later(not_yet, "measuring")
        if not len(ids):
            return Reply({"ready": True, "trace": None, "place": None, "total": 0})
        place = _place(ids, trace)
        if place is not None:
            place = min(max(place + by, 0), len(ids) - 1)
        elif tuple(sort) == ("trace", "asc"):
            after = int(np.searchsorted(ids, trace))
            place = min(max(after if by > 0 else after - 1, 0), len(ids) - 1)
        else:
            place = 0 if by > 0 else len(ids) - 1
        return Reply({"ready": True, "trace": int(ids[place]), "place": place, "total": len(ids)})

    @answers("histogram")
    def _histogram(
        self, column: str, bins: int = 60, where: Mapping[str, Any] | None = None
    ) -> Reply:
        try:
            found = self._table.histogram(column, int(bins), where or {})
        except NotYet as not_yet:
            return _later(not_yet, "measuring")
        meta, buffer = encode(found.pop("counts"))
        return Reply({**meta, **found, "column": column, "ready": True}, [buffer])


def _later(not_yet: NotYet, doing: str) -> Reply:
    return Reply({"ready": False, "progress": not_yet.progress, "doing": doing})


def _place(ids: npt.NDArray[np.int64], trace: int) -> int | None:
    found = np.flatnonzero(ids == trace)
    return int(found[0]) if len(found) else None


def _size(pixels: int) -> int:
    if not 1 <= pixels <= 8192:
        raise BadRequest(f"{pixels} pixels: give 1 to 8192")
    return int(pixels)


def _text(where: Mapping[str, Any] | None) -> str:
    return json.dumps(where or {}, default=str)


def _value_text(value: Any, unit: str) -> str:
    text = f"{value:.7g}" if isinstance(value, np.floating) else str(value)
    return f"{'NaN' if text == 'nan' else text} {unit}".rstrip()
