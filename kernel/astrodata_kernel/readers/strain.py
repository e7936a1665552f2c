"""Strain and other long series in HDF5: GWOSC's files, gwpy's, and arrays with a sample rate."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..datasets import Dataset, Part, Provenance
from ..datasets.dataset import part_number
from ..errors import DamagedFile
from .arrays import contents_of, dataset_of
from .hdf5 import Hdf5Array, arrays_of

_PERIODS = ("dx", "Xspacing", "sample_period", "dt", "delta_t", "sampling_interval")
_TINY = 1e-30
_SEGMENTS = 100_000
_RATES = ("sample_rate", "sampling_rate", "fs", "SamplingRate", "samplerate")
_TIMES = ("", "s", "sec", "secs", "second", "seconds")
_STARTS = ("x0", "Xstart", "gps_start", "t0", "start_time", "epoch", "GPSstart")


class StrainReader:
    """Reads one-dimensional arrays of HDF5 files that tell a sample rate."""

    name = "HDF5 strain"
    version = "1"

    def sniff(self, head: bytes, path: Path) -> bool:
        """Tell from the attributes of an HDF5 file's arrays whether one is a sampled series."""
        if not head.startswith(b"\x89HDF\r\n\x1a\n"):
            return False
        import h5py

        try:
            with h5py.File(path, "r", locking=False) as file:
                return bool(_series_of(arrays_of(file, path.name)))
        except Exception:  # noqa: BLE001 - the plain HDF5 reader says what is wrong with it
            return False

    def open(self, path: Path, provenance: Provenance, part: int | str | None = None) -> Dataset:
        """Give one series, the first where none is named.

        Raises
        ------
        DamagedFile
            The file has changed since it was recognised.
        """
        import h5py

        name = Path(provenance.path).name
        file = h5py.File(path, "r", locking=False)
        try:
            found = arrays_of(file, name)
            series = _series_of(found)
            if not series:
                raise DamagedFile(
                    f"{name} holds no series with a sample rate any more; copy it again"
                )
            names = {one.name for one, _, _ in series}
            # Whatever else the file holds comes behind the series.
            others = [(one, array) for one, array in found if one.kind and one.name not in names]
            parts = (
                *(
                    replace(one, index=i, kind="strain", unit=_unit(array))
                    for i, (one, array, _) in enumerate(series)
                ),
                *(replace(one, index=i) for i, (one, _) in enumerate(others, len(series))),
            )
            number = 0 if part is None else part_number(parts, part, name)
            if number < len(series):
                array, period = series[number][1:]
                meta = self._meta(file, array, period)
            else:
                array = others[number - len(series)][1]
                meta = {"unit": _unit(array), "warnings": []}
            contents = contents_of(array, parts[number], Hdf5Array)
        except BaseException:
            file.close()
            raise
        weakref.finalize(contents, file.close)
        return dataset_of(
            contents,
            parts,
            parts[number],
            provenance,
            meta,
            lambda other: self.open(path, provenance, other),
        )

    @staticmethod
    def _meta(file: Any, array: Any, period: float) -> dict[str, Any]:
        attributes = array.attrs
        channel = _text(attributes.get("channel", "")) or _text(attributes.get("name", ""))
        before, colon, _ = channel.partition(":")
        detector = _text(_value(file, "meta/Detector")) or (before if colon else "")
        told = [*(attributes.get(key) for key in _STARTS), _value(file, "meta/GPSstart")]
        start = next((one for one in map(_number, told) if one is not None), 0.0)
        segments, warnings = _segments(file)
        is_strain = array.name.lower().endswith("strain")
        return {
            "unit": _unit(array) or ("strain" if is_strain else ""),
            "sample_period": period,
            "sample_rate": 1 / period,
            "gps_start": start,
            "detector": detector,
            "channel": channel or array.name.rpartition("/")[2],
            "segments": segments,
            "warnings": warnings,
        }


def _series_of(found: Sequence[tuple[Part, Any]]) -> list[tuple[Part, Any, float]]:
    series = []
    for part, array in found:
        if part.note or part.kind != "spectrum" or array.dtype.kind not in "fi":
            continue
        period = _period(array.attrs)
        # A mask of bits at one sample a second goes with the strain; it is none itself.
        if period is not None and not array.name.startswith("/quality/"):
            series.append((part, array, period))
    return series


def _period(attributes: Any) -> float | None:
    axis = next((attributes[key] for key in ("xunit", "Xunits") if key in attributes), "")
    if _text(axis).strip().lower() in _TIMES:
        for name in _PERIODS:
            period = _number(attributes.get(name))
            if period and _TINY < period < 1 / _TINY:
                return period
    for name in _RATES:
        rate = _number(attributes.get(name))
        if rate and _TINY < rate < 1 / _TINY:
            return 1 / rate
    return None


def _number(value: Any) -> float | None:
    """Give a single finite number, also where it comes as an array of one; None for anything else."""
    if value is None or np.size(value) != 1 or np.asarray(value).dtype.kind not in "iuf":
        return None
    number = float(np.asarray(value).ravel()[0])
    return number if np.isfinite(number) else None


def _unit(array: Any) -> str:
    found = (_text(array.attrs.get(key)) for key in ("unit", "units", "Yunits"))
    return next((text for text in found if text), "")


def _text(value: Any) -> str:
    value = value.ravel()[0] if isinstance(value, np.ndarray) and value.size == 1 else value
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value if isinstance(value, str) else ""


def _value(file: Any, path: str) -> Any:
    try:
        item = file.get(path)
        return None if item is None or item.shape != () else item[()]
    except (OSError, RuntimeError, KeyError, ValueError, AttributeError):
        return None


def _segments(file: Any) -> tuple[list[dict[str, Any]], list[str]]:
    """Give the spans of GPS seconds in which each data-quality flag holds, and what could not be told."""
    segments: list[dict[str, Any]] = []
    warnings: list[str] = []
    for mask, names in (
        ("quality/simple/DQmask", "quality/simple/DQShortnames"),
        ("quality/injections/Injmask", "quality/injections/InjShortnames"),
    ):
        try:
            bits, labels = file[mask], [_text(name) for name in file[names][:64]]
            if bits.ndim != 1 or bits.dtype.kind not in "iu" or bits.size > 1 << 24:
                continue
            start, step = _number(bits.attrs["Xstart"]), _number(bits.attrs["Xspacing"])
            if start is None or step is None:
                continue
            values = bits[:]
        except (KeyError, OSError, RuntimeError, TypeError, ValueError, AttributeError):
            continue
        for bit, name in enumerate(labels):
            firsts, stops = _runs((values >> bit) & 1)
            if len(segments) + len(firsts) > _SEGMENTS:
                warnings.append(f"flag {name} has {len(firsts):,} segments: they are left out")
                continue
            for first, stop in zip(firsts.tolist(), stops.tolist(), strict=True):
                segments.append(
                    {
                        "name": name,
                        "start": start + first * step,
                        "stop": start + stop * step,
                        "bit": bit,
                    }
                )
    return segments, warnings


def _runs(flags: npt.NDArray[Any]) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    edges = np.diff(np.concatenate([[0], flags.astype(np.int8), [0]]))
    return np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
