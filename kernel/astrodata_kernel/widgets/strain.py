"""The bench for detector strain: time, spectrum, spectrogram and Q-transform, linked."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets

from ..datasets import Dataset
from ..errors import BadRequest, UnsupportedFormat
from ..wire import Reply, encode
from .base import STATIC, Cancel, RequestWidget, answers
from .fits import COLORMAPS

if TYPE_CHECKING:
    import os

    from ..processing.strain.bench import Bench, Settings

PANELS = ("time", "asd", "spectrogram", "q")
_KEPT_BYTES = 128 << 20
_GLITCHES = 2000
_COUNTED = 1 << 24  # samples up to which gaps are counted before anybody looks


class StrainViewer(RequestWidget):
    """Viewer of detector strain whose filters and Q-transform follow the controls.

    Parameters
    ----------
    source
        A path or URL, an open `Dataset` of kind ``"strain"`` or ``"spectrum"`` (1-D), or a 1-D array.
    glitches
        Table of glitches to mark: whatever `processing.strain.read_glitches` takes.
    sample_rate
        In Hz, where the source does not tell it.
    gps_start
        GPS time of the first sample, where the source does not tell it.
    **traits
        Initial values of the traits below.

    Raises
    ------
    AstrodataError
        A source that cannot be read, is no series, or does not tell its sample rate.

    Examples
    --------
    >>> import numpy as np
    >>> noise = np.random.default_rng(0).normal(size=4096 * 8)
    >>> viewer = StrainViewer(noise, sample_rate=4096, center=4.0, window=1.0)
    >>> energy, frequencies, times = viewer.q_transform(rows=50, columns=100)
    >>> energy.shape, bool(0.5 < np.median(energy) < 2)
    ((50, 100), True)
    """

    _esm = STATIC / "strain.js"
    _css = STATIC / "strain.css"

    center = traitlets.Float(help="GPS second in the middle of the Q-transform.").tag(sync=True)
    window = traitlets.Float(
        2.0, min=0.5, max=8.0, help="Seconds that the Q-transform and the selected ASD span."
    ).tag(sync=True)
    span = traitlets.List(
        traitlets.Float(),
        None,
        allow_none=True,
        minlen=2,
        maxlen=2,
        help="First and last GPS second of time series and spectrogram; None shows the whole record.",
    ).tag(sync=True)
    q = traitlets.Float(12.0, min=4.0, max=64.0, help="Frequency over bandwidth of a tile.").tag(
        sync=True
    )
    frange = traitlets.List(
        traitlets.Float(), minlen=2, maxlen=2, help="First and last frequency on show, Hz."
    ).tag(sync=True)
    whiten = traitlets.Bool(True, help="Divide by the noise's own spectrum.").tag(sync=True)
    band = traitlets.List(
        traitlets.Float(allow_none=True),
        None,
        allow_none=True,
        minlen=2,
        maxlen=2,
        help="[low, high] of the band-pass in Hz, None on an open side; None for no band-pass.",
    ).tag(sync=True)
    notches = traitlets.List(
        traitlets.Float(), help="Frequencies in Hz of lines that are taken out."
    ).tag(sync=True)
    panels = traitlets.List(
        traitlets.Enum(PANELS), PANELS, help='Which of "time", "asd", "spectrogram", "q" are shown.'
    ).tag(sync=True)
    colormap = traitlets.Enum(COLORMAPS, "viridis", help="Colours from low to high.").tag(sync=True)
    height = traitlets.Int(240, min=120, help="Height of a panel in CSS pixels.").tag(sync=True)

    def __init__(
        self,
        source: str | os.PathLike[str] | Dataset | Sequence[float] | np.ndarray[Any, Any],
        *,
        glitches: Any = None,
        sample_rate: float | None = None,
        gps_start: float | None = None,
        **traits: Any,
    ) -> None:
        from ..processing.strain.bench import Bench, Kept
        from ..processing.strain.qtransform import q_limits
        from ..processing.strain.segments import read_glitches

        self._dataset = _with_series(source)
        meta = self._dataset.meta
        rate = _rate(self._dataset.name, sample_rate, meta)
        start = meta.get("gps_start") if gps_start is None else gps_start
        self._epoch = float(start or 0.0)
        self._has_epoch = start is not None
        self._bench: Bench = Bench(self._dataset.array, rate)
        if not len(self._bench):
            raise UnsupportedFormat(f"{self._dataset.name}: the series has no samples")
        self._glitches = [] if glitches is None else read_glitches(glitches)
        self._kept: Kept[Reply] = Kept(_KEPT_BYTES)
        if "frange" not in traits:
            _, highest = q_limits(rate, self._bench.duration, float(traits.get("q", 12.0)))
            high = min(1024.0, math.floor(10 * highest) / 10 or highest)
            traits["frange"] = [20.0 if high > 40 else high / 50, high]
        traits.setdefault("center", self._epoch + self._bench.duration / 2)
        super().__init__(**traits)

    @property
    def dataset(self) -> Dataset:
        """The data set on show."""
        return self._dataset

    @property
    def sample_rate(self) -> float:
        """Samples a second."""
        return self._bench.rate

    def q_transform(
        self, rows: int = 300, columns: int = 1000
    ) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        """Give what the Q-transform's panel shows.

        Returns
        -------
        tuple
            Energy, float32 (rows, columns), over the median of the noise; frequencies in Hz; GPS seconds.
        """
        energy, frequencies, times = self._bench.q_transform(
            self.center - self._epoch,
            self.window,
            self.q,
            tuple(self.frange),
            self._settings(),
            rows=rows,
            columns=columns,
        )
        return energy, frequencies, times + self._epoch

    def series(self) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        """Give ``(GPS seconds, values)`` of the window around `center`, conditioned as on show."""
        first, last = self._window(self.center - self._epoch, self.window)
        values = self._bench.read(first, last, self._settings())
        return self._epoch + np.arange(first, last) / self._bench.rate, np.array(values)

    def asd(self) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        """Give ``(Hz, amplitude spectral density)`` of the whole record, conditioned as on show."""
        frequencies, amplitude = self._bench.spectrum(self._settings())
        return frequencies.copy(), amplitude.copy()

    # --- traits -----------------------------------------------------------------------------------

    @traitlets.validate("center")
    def _center_is_in_the_record(self, proposal: dict[str, Any]) -> float:
        center, end = float(proposal["value"]), self._epoch + self._bench.duration
        if not self._epoch <= center <= end:
            raise BadRequest(
                f"center {center!r}: the record lasts from {self._epoch!r} to {end!r} s"
            )
        return center

    @traitlets.validate("span")
    def _span_is_in_order(self, proposal: dict[str, Any]) -> Any:
        span = proposal["value"]
        if span is not None and not (all(map(math.isfinite, span)) and span[0] < span[1]):
            raise BadRequest(f"span {span}: give two GPS seconds, the earlier one first")
        return span

    @traitlets.validate("frange")
    def _frequencies_are_possible(self, proposal: dict[str, Any]) -> Any:
        low, high = proposal["value"]
        nyquist = self._bench.rate / 2
        if not 0 < low < high <= nyquist:
            raise BadRequest(
                f"frange [{low:g}, {high:g}]: give two frequencies above 0 and up to {nyquist:g} Hz, the "
                "lower one first"
            )
        return proposal["value"]

    @traitlets.validate("band", "notches")
    def _filters_are_possible(self, proposal: dict[str, Any]) -> Any:
        value = proposal["value"]
        key = proposal["trait"].name
        self._bench.check(_settings(False, **{"band": None, "notches": (), key: value}))
        return value

    # --- requests ---------------------------------------------------------------------------------

    @answers("describe")
    def _describe(self) -> Reply:
        meta, bench = self._dataset.meta, self._bench
        from ..processing.strain.segments import by_name, overlap

        end = self._epoch + bench.duration
        inside = overlap(meta.get("segments", ()), (self._epoch, end))
        return Reply(
            {
                "name": self._dataset.name,
                "detector": str(meta.get("detector", "")),
                "unit": str(meta.get("unit", "")),
                "sample_rate": bench.rate,
                "epoch": self._epoch,
                "gps": self._has_epoch,
                "duration": bench.duration,
                "samples": len(bench),
                "flags": [
                    {"name": name, "spans": [[a - self._epoch, b - self._epoch] for a, b in spans]}
                    for name, spans in by_name(inside).items()
                ],
                "glitches": self._marks(end),
                "warnings": [*meta.get("warnings", ()), *self._notes()],
            }
        )

    @answers("series")
    def _series(
        self,
        start: float,
        stop: float,
        columns: int = 1000,
        settings: Mapping[str, Any] | None = None,
        *,
        cancel: Cancel,
    ) -> Reply:
        wanted = _asked(settings)
        first, last = self._bench.samples(start, stop)
        columns = _count(columns, 20_000)

        def make() -> Reply:
            from ..processing.strain.pictures import envelope_of

            low, high = envelope_of(self._bench, first, last, columns, wanted, cancel)
            meta, buffer = encode(np.stack([low, high]))
            rate = self._bench.rate
            where = {"start": first / rate, "stop": last / rate, "exact": low.size == last - first}
            return Reply({**meta, **where, "unit": self._unit(wanted)}, [buffer])

        return self._known(("series", first, last, columns, wanted), make)

    @answers("asd")
    def _asd(
        self,
        center: float,
        window: float,
        settings: Mapping[str, Any] | None = None,
        points: int = 1500,
        *,
        cancel: Cancel,
    ) -> Reply:
        from ..processing.strain.pictures import thinned
        from ..processing.strain.spectra import asd

        wanted = _asked(settings)
        first, last = self._window(center, window)

        def make() -> Reply:
            curves = {"whole": self._bench.spectrum(wanted)}
            cancel.check()
            values = self._bench.read(first, last, wanted, cancel)
            try:
                curves["selected"] = asd(values, self._bench.rate)
            except BadRequest:
                # All of the window may be a gap; the whole record still has its curve.
                curves["selected"] = (np.empty(0), np.empty(0))
            meta: dict[str, Any] = {"unit": self._unit(wanted, "/√Hz")}
            buffers = []
            for name, (frequencies, amplitude) in curves.items():
                curve = thinned(frequencies[1:], amplitude[1:], _count(points, 20_000))
                meta[name], buffer = encode(np.stack(curve))
                buffers.append(buffer)
            return Reply(meta, buffers)

        return self._known(("asd", first, last, points, wanted), make)

    @answers("spectrogram")
    def _spectrogram(
        self,
        start: float,
        stop: float,
        frange: Sequence[float],
        columns: int = 400,
        rows: int = 200,
        settings: Mapping[str, Any] | None = None,
        *,
        cancel: Cancel,
    ) -> Reply:
        wanted = _asked(settings)
        low, high = self._frange(frange)
        first, last = self._bench.samples(start, stop)
        columns, rows = _count(columns, 4000), _count(rows, 2000)

        def make() -> Reply:
            from ..processing.strain.pictures import log_spectrogram, percentiles

            image, seconds = log_spectrogram(
                self._bench, first, last, (low, high), columns, rows, wanted, cancel
            )
            meta, buffer = encode(image)
            rate = self._bench.rate
            where = {"start": first / rate, "stop": last / rate, "low": low, "high": high}
            limits = percentiles(image)
            return Reply(
                {
                    **meta,
                    **where,
                    "limits": limits,
                    "seconds": seconds,
                    "unit": self._unit(wanted, "/√Hz"),
                },
                [buffer],
            )

        return self._known(("spectrogram", first, last, low, high, columns, rows, wanted), make)

    @answers("q")
    def _q(
        self,
        center: float,
        window: float,
        q: float,
        frange: Sequence[float],
        columns: int = 500,
        rows: int = 200,
        settings: Mapping[str, Any] | None = None,
        *,
        cancel: Cancel,
    ) -> Reply:
        wanted = _asked(settings)
        low, high = self._frange(frange)
        columns, rows = _count(columns, 4000), _count(rows, 2000)
        center, window, q = float(center), float(window), float(q)

        def make() -> Reply:
            from ..processing.strain.pictures import peak_of

            energy, frequencies, times = self._bench.q_transform(
                center,
                window,
                q,
                (low, high),
                wanted,
                columns=columns,
                rows=rows,
                cancel=cancel,
            )
            step = (times[-1] - times[0]) / (times.size - 1) if times.size > 1 else window
            half = (frequencies[-1] / frequencies[0]) ** (0.5 / max(1, rows - 1))
            meta, buffer = encode(energy)
            return Reply(
                {
                    **meta,
                    "start": float(times[0] - step / 2),
                    "stop": float(times[-1] + step / 2),
                    "low": float(frequencies[0] / half),
                    "high": float(frequencies[-1] * half),
                    "q": q,
                    "peak": peak_of(energy, frequencies, times),
                },
                [buffer],
            )

        return self._known(("q", center, window, q, low, high, columns, rows, wanted), make)

    # --- parts ------------------------------------------------------------------------------------

    def _known(self, key: tuple[Any, ...], make: Callable[[], Reply]) -> Reply:
        return self._kept.get(key, make, lambda reply: sum(b.nbytes for b in reply.buffers))

    def _settings(self) -> Settings:
        return _settings(self.whiten, self.band, self.notches)

    def _window(self, center: float, window: float) -> tuple[int, int]:
        return self._bench.samples(center - window / 2, center + window / 2)

    def _frange(self, frange: Sequence[float]) -> tuple[float, float]:
        low, high = self._frequencies_are_possible({"value": list(frange)})
        return float(low), float(high)

    def _unit(self, settings: Settings, per: str = "") -> str:
        unit = "σ" if settings.whiten else str(self._dataset.meta.get("unit", ""))
        return f"{unit}{per}" if unit else per.replace("/", "1/", 1)

    def _marks(self, end: float) -> list[dict[str, Any]]:
        inside = [mark for mark in self._glitches if self._epoch <= mark["time"] <= end]
        if len(inside) > _GLITCHES:
            loud = sorted(inside, key=lambda mark: mark["snr"] or 0.0)[-_GLITCHES:]
            inside = sorted(loud, key=lambda mark: mark["time"])
        return [{**mark, "time": mark["time"] - self._epoch} for mark in inside]

    def _notes(self) -> list[str]:
        notes = []
        bench = self._bench
        if len(bench) <= _COUNTED:
            from ..processing.strain.bench import Settings
            from ..processing.strain.gaps import stretches

            gaps = stretches(~np.isfinite(bench.read(0, len(bench), Settings())))
            if len(gaps):
                seconds = float((gaps[:, 1] - gaps[:, 0]).sum() / bench.rate)
                what = "1 gap" if len(gaps) == 1 else f"{len(gaps)} gaps"
                notes.append(
                    f"{what} without data, {seconds:.4g} s together: spectra are made of what is there, "
                    "filters bridge gaps and leave them blank; what lies within a second of one is less sure"
                )
        outside = sum(
            not self._epoch <= mark["time"] <= self._epoch + bench.duration
            for mark in self._glitches
        )
        if outside:
            notes.append(f"{outside} of {len(self._glitches)} glitches lie outside of this record")
        return notes


def _with_series(source: Any) -> Dataset:
    if isinstance(source, Dataset):
        dataset = source
    elif isinstance(source, str) or hasattr(source, "__fspath__"):
        from ..readers.registry import open_dataset

        dataset = open_dataset(source)
    else:
        dataset = Dataset.of_array(source)
    if dataset.kind not in ("strain", "spectrum") or len(dataset.shape) != 1:
        raise UnsupportedFormat(
            f"{dataset.name}: a {dataset.kind} of shape {dataset.shape} is no series; StrainViewer shows "
            "strain and other 1-D series"
        )
    if dataset.dtype.kind not in "iuf":
        raise UnsupportedFormat(f"{dataset.name}: {dataset.dtype} values are no series of numbers")
    return dataset


def _rate(name: str, given: float | None, meta: Any) -> float:
    rate, period = meta.get("sample_rate"), meta.get("sample_period")
    found = given or rate or (1 / period if period else None)
    if found is None:
        raise BadRequest(
            f"{name} does not tell its sample rate: give it in Hz, StrainViewer(..., sample_rate=4096)"
        )
    return float(found)


def _settings(
    whiten: bool, band: Sequence[float | None] | None, notches: Sequence[float]
) -> Settings:
    from ..processing.strain.bench import Settings

    try:
        low, high = (None, None) if band is None else (e if e is None else float(e) for e in band)
        lines = tuple(sorted({float(line) for line in notches}))
    except (TypeError, ValueError):
        raise BadRequest(
            f"band {band!r}, notches {notches!r}: a band is [low, high] in Hz, notches are numbers"
        ) from None
    open_ = low is None and high is None
    return Settings(bool(whiten), None if open_ else (low, high), lines)


def _asked(settings: Mapping[str, Any] | None) -> Settings:
    known = {"whiten": False, "band": None, "notches": (), **(settings or {})}
    if len(known) > 3:
        raise BadRequest(f"settings {', '.join(known)}: whiten, band and notches are known")
    return _settings(**known)


def _count(wanted: int, most: int) -> int:
    number = int(wanted)
    if not 1 <= number <= most:
        raise BadRequest(f"{wanted} columns or rows: 1 to {most}")
    return number
