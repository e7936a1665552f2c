"""A whole record of strain, conditioned as asked: in chunks, so that its length does not matter."""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from threading import Event
from typing import Any, Generic, TypeVar

import numpy as np

from ...errors import BadRequest
from .conditioning import LONGEST, band_gain, band_pass, check_band, notch, whiten
from .gaps import Values, checked_rate, checked_series, stop_if
from .qtransform import q_limits, q_transform
from .spectra import asd

CHUNK = 1 << 22
"""Samples conditioned at once: 17 minutes at 4096 Hz."""

Kind = TypeVar("Kind")


class Kept(Generic[Kind]):
    """What was computed before, the newest of it up to a number of bytes."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._known: OrderedDict[Hashable, tuple[Kind, int]] = OrderedDict()
        self._bytes = 0

    def get(self, key: Hashable, make: Callable[[], Kind], size: Callable[[Kind], int]) -> Kind:
        """Give the thing of a key, made now if it is not known; `size` counts its bytes."""
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key][0]
        made = make()
        with self._lock:
            if key not in self._known:
                self._known[key] = (made, size(made))
                self._bytes += self._known[key][1]
            while self._bytes > self._most and len(self._known) > 1:
                self._bytes -= self._known.popitem(last=False)[1][1]
        return made


@dataclass(frozen=True, slots=True)
class Settings:
    """What is done to a record: whitened, then without `notches` (Hz), then within `band` (Hz)."""

    whiten: bool = False
    band: tuple[float | None, float | None] | None = None
    notches: tuple[float, ...] = ()

    @property
    def raw(self) -> bool:
        """Whether nothing is done."""
        return not (self.whiten or self.band or self.notches)

    @property
    def reach(self) -> float:
        """Seconds that a filter remembers, and more."""
        edges = [edge for edge in self.band or () if edge]
        ringing = [5 * 30 / (math.pi * line) for line in self.notches if line > 0]
        return min(64.0, max(2 * LONGEST, *ringing, *(10 / edge for edge in edges), 0.0))


class Bench:
    """A record on which settings are tried out.

    Parameters
    ----------
    series
        Shape (samples,), in memory or lazy.
    sample_rate
        In Hz.
    """

    def __init__(self, series: Any, sample_rate: float | None) -> None:
        self.rate = checked_rate(sample_rate)
        self._series = series
        self._chunks: Kept[Values] = Kept(256 << 20)
        self._spectra: Kept[tuple[Values, Values]] = Kept(16 << 20)

    def __len__(self) -> int:
        return len(self._series)

    @property
    def duration(self) -> float:
        """Seconds of the record."""
        return len(self) / self.rate

    def check(self, settings: Settings) -> None:
        """Raise `BadRequest` for a band or notch that this sample rate does not have."""
        if settings.band is not None:
            check_band(self.rate, *settings.band)
        for line in settings.notches:
            if not 0 < line < self.rate / 2:
                raise BadRequest(
                    f"a notch at {line:g} Hz: at {self.rate:g} Hz a line lies above 0 and below "
                    f"{self.rate / 2:g} Hz"
                )

    def samples(self, start: float, stop: float) -> tuple[int, int]:
        """Give the first sample and one beyond the last of a span in seconds, within the record."""
        if not (math.isfinite(start) and math.isfinite(stop) and start < stop):
            raise BadRequest(f"seconds {start} to {stop}: give two times, the earlier one first")
        first = min(max(0, math.floor(start * self.rate + 1e-6)), len(self))
        last = min(max(0, math.ceil(stop * self.rate - 1e-6)), len(self))
        if first >= last:
            raise BadRequest(
                f"seconds {start:.6g} to {stop:.6g} hold no sample: the record lasts from 0 to "
                f"{self.duration:.6g} s"
            )
        return first, last

    def read(
        self, first: int, last: int, settings: Settings, cancel: Event | None = None
    ) -> Values:
        """Give samples [first, last) after conditioning; float32 but for raw ones, NaN in gaps."""
        self.check(settings)
        parts = []
        for chunk in range(first // CHUNK, (last - 1) // CHUNK + 1):
            stop_if(cancel)
            values = self._chunks.get(
                (chunk, settings), lambda n=chunk: self._chunk(n, settings), lambda v: v.nbytes
            )
            parts.append(values[max(0, first - chunk * CHUNK) : last - chunk * CHUNK])
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def view(self, settings: Settings) -> _View:
        """Give the whole conditioned record as something that slices."""
        return _View(self, settings)

    def spectrum(self, settings: Settings, longest: float = 4.0) -> tuple[Values, Values]:
        """Give frequencies and amplitude spectral density of the whole record."""
        return self._spectra.get(
            (settings, longest),
            lambda: asd(self.view(settings), self.rate, longest=longest),
            lambda known: known[0].nbytes + known[1].nbytes,
        )

    def q_span(self, center: float, window: float, q: float, low: float) -> tuple[float, float]:
        """Give the seconds that a Q-transform is made of: enough around the window to know the noise."""
        around = window / 2 + max(8.0, 4 * q / low)
        return max(0.0, center - around), min(self.duration, center + around)

    def q_transform(
        self,
        center: float,
        window: float,
        q: float,
        frange: tuple[float, float],
        settings: Settings,
        *,
        columns: int = 1000,
        rows: int = 300,
        cancel: Event | None = None,
        progress: Callable[[float], None] | None = None,
    ) -> tuple[Values, Values, Values]:
        """Give energy, frequencies and times (seconds of the record) around a time.

        The band acts on the rows as its filter would on their frequencies: energies stay relative to the
        noise before the band, and fade outside of it. Frequencies out of reach of `q` are left out.
        """
        self.check(settings)
        start, stop = self.q_span(center, window, q, frange[0])
        if not start < stop:
            raise BadRequest(
                f"{center:g} s lies outside of the record, which lasts {self.duration:.6g} s"
            )
        first, last = self.samples(start, stop)
        lowest, highest = q_limits(self.rate, (last - first) / self.rate, q)
        low, high = max(frange[0], lowest), min(frange[1], highest)
        if not low < high:
            raise BadRequest(
                f"frequencies {frange[0]:g} to {frange[1]:g} Hz: with q {q:g}, "
                f"{(last - first) / self.rate:.4g} s at {self.rate:g} Hz reach from {lowest:.4g} to "
                f"{highest:.4g} Hz"
            )
        before_band = Settings(settings.whiten, None, settings.notches)
        values = self.read(first, last, before_band, cancel)
        begin = first / self.rate
        t_range = (
            max(0.0, center - window / 2 - begin),
            min((last - first) / self.rate, center + window / 2 - begin),
        )
        energy, frequencies, times = q_transform(
            values,
            self.rate,
            q=q,
            frange=(low, high),
            t_range=t_range,
            columns=columns,
            rows=rows,
            cancel=cancel,
            progress=progress,
        )
        if settings.band is not None:
            gain = band_gain(frequencies, self.rate, *settings.band)
            energy *= np.square(gain, dtype=np.float32)[:, np.newaxis]
        return energy, frequencies, times + begin

    def _chunk(self, chunk: int, settings: Settings) -> Values:
        first, last = chunk * CHUNK, min(len(self), (chunk + 1) * CHUNK)
        if settings.raw:
            return checked_series(self._series[first:last])
        margin = round(settings.reach * self.rate)
        begin, end = max(0, first - margin), min(len(self), last + margin)
        values = checked_series(self._series[begin:end])
        if not np.isfinite(values).any():
            return np.full(last - first, np.nan, np.float32)
        if settings.whiten:
            values = whiten(values, self.rate, spectrum=self.spectrum(Settings(), LONGEST))
        if settings.notches:
            values = notch(values, self.rate, settings.notches)
        if settings.band is not None:
            values = band_pass(values, self.rate, *settings.band)
        # Strain of 1e-21 is far from the least that a float32 holds, 1e-38.
        return values[first - begin : last - begin].astype(np.float32)


class _View:
    """A conditioned record that slices like an array."""

    def __init__(self, bench: Bench, settings: Settings) -> None:
        self._bench, self._settings = bench, settings

    def __len__(self) -> int:
        return len(self._bench)

    def __getitem__(self, key: slice) -> Values:
        first, last, step = key.indices(len(self))
        return self._bench.read(first, last, self._settings)[::step]
