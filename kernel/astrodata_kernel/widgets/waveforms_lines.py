"""Traces as a screen draws them: exact envelopes, aligned, beside what a model makes of them."""

from __future__ import annotations

import contextlib
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..datasets import Dataset
from ..errors import AstrodataError, BadRequest, UnknownName
from .waveforms_jobs import Jobs

LONG = 1 << 20
"""Samples of a trace from which on a pyramid stands for it."""

LINES = ("data", "reconstruction", "residual")
MOST = 50
"""Traces shown at once."""

_ALIGNED = 1 << 24  # samples of a window that are read to align it
_MODEL_TRACES = 64
_CACHE_BYTES = 1 << 30

Values = npt.NDArray[Any]
Reconstruct = Callable[[Values], Any]


class Lines:
    """What is drawn of single traces.

    Parameters
    ----------
    dataset
        Where the traces are from; it names the file in whose stead pyramids are kept.
    traces
        Its values, shape (traces, samples).
    model
        Has ``reconstruct`` or ``predict``, or is itself a function of float32 (n, samples); or None.
    jobs
        Where pyramids are built.
    """

    def __init__(self, dataset: Dataset, traces: Any, model: Any, jobs: Jobs) -> None:
        self._traces = traces
        self.samples = int(traces.shape[1])
        self._polarity = -1 if dataset.meta.get("polarity") == -1 else 1
        self._reconstruct = _callable(model)
        self._jobs = jobs
        self._known: OrderedDict[int, Values] = OrderedDict()
        self._references: dict[tuple[int, str], float] = {}
        self._pyramids: OrderedDict[int, Any] = OrderedDict()
        self._model_lock, self._lock = threading.Lock(), threading.Lock()
        origin = dataset.provenance
        self._cache, self._key = None, None
        if origin is not None and self.samples > LONG:
            self._cache = _cache_folder()
            self._key = f"{origin.path}|{origin.size}|{origin.mtime}|{dataset.part}"

    def check(self, ids: Sequence[int]) -> list[int]:
        """Give trace numbers as they are, or raise BadRequest for those that there are not, or too many."""
        count = self._traces.shape[0]
        if len(ids) > MOST:
            raise BadRequest(f"{len(ids)} traces at once: at most {MOST} are drawn")
        for trace in ids:
            if not 0 <= trace < count:
                raise BadRequest(f"trace {trace}: there are {count}, from 0")
        return [int(trace) for trace in ids]

    def shifts(self, ids: Sequence[int], align: str | None) -> list[int]:
        """Give by how many samples each trace is late against the first one; 0 where that cannot be told."""
        if align is None or len(ids) < 2:
            return [0] * len(ids)
        if align not in ("peak", "threshold"):
            raise UnknownName(f"align {align!r}: traces are aligned by peak or threshold")
        missing = [i for i in ids if (i, align) not in self._references]
        for trace in missing:
            self._references[trace, align] = self._reference(trace, align)
        first, *others = (self._references[i, align] for i in ids)
        if np.isnan(first):
            return [0] * len(ids)
        return [0, *(0 if np.isnan(r) else round(r - first) for r in others)]

    def envelopes(
        self,
        ids: Sequence[int],
        start: int,
        stop: int,
        columns: int,
        *,
        shifts: Sequence[int] | None = None,
        line: str = "data",
        patience: float = 0.0,
        check: Callable[[], None] = lambda: None,
    ) -> Values:
        """Give the lowest and highest values of stretches of some traces.

        Returns
        -------
        ndarray
            float32, shape (2, traces, columns); NaN where there is nothing. With as many columns as samples,
            both are the samples.

        Raises
        ------
        BadRequest
            Traces or samples that there are not.
        NotYet
            A long trace's pyramid is being built.
        """
        if not 0 <= start < stop <= self.samples or not 1 <= columns <= 20_000:
            raise BadRequest(
                f"samples {start} to {stop} in {columns} columns: a trace has samples 0 to {self.samples}"
            )
        columns = min(columns, stop - start)
        out = np.full((2, len(ids), columns), np.nan, np.float32)
        made = None if line == "data" else self._made(ids, line)
        with np.errstate(over="ignore"):
            for i, (trace, shift) in enumerate(zip(ids, shifts or [0] * len(ids), strict=True)):
                check()
                series = None if made is None else made[i]
                ends = start + shift, stop + shift
                out[:, i] = self._one(trace, series, *ends, columns, patience)
        return out

    def values(self, ids: Sequence[int], sample: int) -> list[Any]:
        """Give the exact values of some traces at a sample; None beyond their ends."""
        inside = 0 <= sample < self.samples
        return [self._traces[int(i), int(sample)] if inside else None for i in ids]

    def pulses(self, ids: Sequence[int]) -> list[list[dict[str, float]]]:
        """Give the pulses of each of some traces: start, peak and stop in samples, and height."""
        from ..processing.waveforms.pulses import find_pulses

        if self.samples > LONG:
            return [[] for _ in ids]
        out: list[list[dict[str, float]]] = []
        for trace in ids:
            found = find_pulses(self._row(trace)[None], polarity=self._polarity, workers=1)
            # The highest ones, where a noisy trace has hundreds.
            found = found.nlargest(100, "height").sort_values("start")
            out.append(
                [
                    {
                        "start": int(p.start),
                        "peak": int(p.peak_sample),
                        "stop": int(p.stop),
                        "height": float(p.height),
                    }
                    for p in found.itertuples()
                ]
            )
        return out

    def _one(
        self,
        trace: int,
        series: Values | None,
        start: int,
        stop: int,
        columns: int,
        patience: float,
    ) -> tuple[Values, Values]:
        from ..processing.waveforms.envelopes import envelope

        inside = start >= 0 and stop <= self.samples
        if series is None and inside and stop - start > LONG:
            pyramid = self._pyramid(trace, patience)
            low, high = pyramid.envelope(trace, start, stop, columns)
            return low, high
        if not inside and stop - start > _ALIGNED:
            raise BadRequest(
                f"{stop - start} samples cannot be aligned at once: zoom in to {_ALIGNED} or fewer"
            )
        a, b = max(0, start), min(self.samples, stop)
        if a >= b:
            nothing = np.full(columns, np.nan, np.float32)
            return nothing, nothing
        part = self._row(trace, a, b) if series is None else series[a:b]
        if not inside:
            padded = np.full(stop - start, np.nan, np.result_type(part.dtype, np.float32))
            padded[a - start : b - start] = part
            part = padded
        low, high = envelope(part, 0, len(part), columns)
        return low, high

    def _row(self, trace: int, start: int = 0, stop: int | None = None) -> Values:
        return np.asarray(self._traces[int(trace), start : self.samples if stop is None else stop])

    def _reference(self, trace: int, align: str) -> float:
        if self.samples > _ALIGNED:
            raise BadRequest(f"traces of more than {_ALIGNED} samples are not aligned here")
        if align == "peak":
            from ..processing.waveforms.measures import features

            measured = features(self._row(trace)[None], polarity=self._polarity, workers=1)
            return float(measured["position"].iloc[0])
        from ..processing.waveforms.pulses import find_pulses

        found = find_pulses(self._row(trace)[None], polarity=self._polarity, workers=1)
        return float(found["start"].iloc[0]) if len(found) else float("nan")

    def _made(self, ids: Sequence[int], line: str) -> list[Values]:
        if line not in LINES:
            raise UnknownName(f"line {line!r}: there are {', '.join(LINES)}")
        models = self._reconstructed(ids)
        if line == "reconstruction":
            return models
        return [self._row(i).astype(np.float32) - m for i, m in zip(ids, models, strict=True)]

    def _reconstructed(self, ids: Sequence[int]) -> list[Values]:
        if self._reconstruct is None:
            raise BadRequest("this viewer was given no model: WaveformViewer(source, model=...)")
        with self._model_lock:
            missing = [i for i in dict.fromkeys(ids) if i not in self._known]
            if missing:
                rows = np.stack([self._row(i).astype(np.float32) for i in missing])
                for i, row in zip(missing, _through(self._reconstruct, rows), strict=True):
                    self._known[i] = row
            found = [self._known[i] for i in ids]
            while len(self._known) > _MODEL_TRACES:
                self._known.popitem(last=False)
        return found

    def _pyramid(self, trace: int, patience: float) -> Any:
        from ..processing.waveforms.envelopes import Pyramid

        with self._lock:
            # One for each trace: while one is built, the others answer.
            pyramid = self._pyramids.get(trace)
            if pyramid is None:
                pyramid = Pyramid(self._traces, self._cache, self._key)
                self._pyramids[trace] = pyramid
            self._pyramids.move_to_end(trace)
            while len(self._pyramids) > MOST:
                self._pyramids.popitem(last=False)

        def build(job: Any) -> None:
            pyramid.levels(trace, progress=job.tell, cancelled=job.check)
            if self._cache is not None:
                _prune(self._cache)

        # Not keyed by number alone: one that was forgotten is built, or loaded, anew.
        self._jobs.ask(("levels", trace, id(pyramid)), build, f"levels {trace}", patience)
        return pyramid


def _callable(model: Any) -> Reconstruct | None:
    if model is None:
        return None
    for name in ("reconstruct", "predict"):
        method = getattr(model, name, None)
        if callable(method):
            return _keras(method) if name == "predict" else method
    if callable(model):
        return model
    raise BadRequest(
        f"a model of type {type(model).__name__} has neither reconstruct nor predict: give a function of "
        "float32 traces (n, samples)"
    )


def _keras(predict: Any) -> Reconstruct:
    import inspect

    try:
        quiet = "verbose" in inspect.signature(predict).parameters
    except (TypeError, ValueError):
        quiet = False
    return (lambda rows: predict(rows, verbose=0)) if quiet else predict


def _through(reconstruct: Reconstruct, rows: Values) -> Values:
    try:
        made = np.asarray(reconstruct(rows), dtype=np.float32)
    except AstrodataError:
        raise
    except Exception as error:
        raise BadRequest(
            f"the model does not take {rows.shape[0]} traces of {rows.shape[1]} samples "
            f"({type(error).__name__}: {str(error)[:200]}): give one that was made for this length"
        ) from error
    if made.size != rows.size or made.shape[0] != rows.shape[0]:
        raise BadRequest(
            f"the model makes {made.shape} of traces of shape {rows.shape}: it must keep the shape"
        )
    return made.reshape(rows.shape)


def _cache_folder() -> Path:
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "astrodata-lab" / "envelopes"


def _prune(folder: Path) -> None:
    """Remove the pyramids that were made longest ago, beyond a gigabyte."""
    with contextlib.suppress(OSError):
        kept = sorted(folder.glob("*.envelope.npz"), key=lambda path: -path.stat().st_mtime)
        total = 0
        for path in kept:
            total += path.stat().st_size
            if total > _CACHE_BYTES:
                path.unlink(missing_ok=True)
