"""Strain and other long series in HDF5: GWOSC's files, gwpy's, and arrays with a sample rate."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..datasets import Dataset, Part, Provenance
from ..datasets.dataset import part_number
from ..errors import DamagedFile
from .hdf5 import Hdf5Array, arrays_of

_PERIODS = ("dx", "Xspacing", "sample_period", "dt", "delta_t", "sampling_interval")
_RATES = ("sample_rate", "sampling_rate", "fs", "SamplingRate", "samplerate")
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
            series = _series_of(arrays_of(file, name))
            if not series:
                raise DamagedFile(
                    f"{name} holds no series with a sample rate any more; copy it again"
                )
            parts = tuple(
                Part(i, one.name, 1, "strain", tuple(array.shape), str(array.dtype))
                for i, (one, array, _) in enumerate(series)
            )
            number = 0 if part is None else part_number(parts, part, name)
            array, period = series[number][1:]
            contents = Hdf5Array(array)
            meta = self._meta(file, array, period)
        except BaseException:
            file.close()
            raise
        weakref.finalize(contents, file.close)
        return Dataset(
            kind="strain",
            name=name,
            shape=contents.shape,
            dtype=contents.dtype,
            meta=meta,
            provenance=provenance,
            contents=contents,
            parts=parts,
            part=number,
            open_part=lambda other: self.open(path, provenance, other),
        )

    @staticmethod
    def _meta(file: Any, array: Any, period: float) -> dict[str, Any]:
        attributes = array.attrs
        channel = _text(attributes.get("channel", attributes.get("name", "")))
        detector = _text(_value(file, "meta/Detector")) or channel.partition(":")[0]
        start = next((float(attributes[k]) for k in _STARTS if _number(attributes.get(k))), None)
        if start is None:
            told = _value(file, "meta/GPSstart")
            start = float(told) if _number(told) else 0.0
        unit = _text(attributes.get("unit", attributes.get("Yunits", "")))
        is_strain = array.name.lower().endswith("strain")
        return {
            "unit": unit or ("strain" if is_strain else ""),
            "sample_period": period,
            "sample_rate": 1 / period,
            "gps_start": start,
            "detector": detector,
            "channel": channel or array.name.rpartition("/")[2],
            "segments": _segments(file),
            "warnings": [],
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
    for name in _PERIODS:
        value = attributes.get(name)
        if _number(value) and float(value) > 0:
            return float(value)
    for name in _RATES:
        value = attributes.get(name)
        if _number(value) and float(value) > 0:
            return 1 / float(value)
    return None


def _number(value: Any) -> bool:
    return value is not None and np.ndim(value) == 0 and np.asarray(value).dtype.kind in "iuf"


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value if isinstance(value, str) else ""


def _value(file: Any, path: str) -> Any:
    try:
        item = file.get(path)
        return None if item is None or item.shape != () else item[()]
    except (OSError, RuntimeError, KeyError, ValueError, AttributeError):
        return None


def _segments(file: Any) -> list[dict[str, Any]]:
    """Give the spans of time, in GPS seconds, in which each data-quality flag holds."""
    segments: list[dict[str, Any]] = []
    for mask, names in (
        ("quality/simple/DQmask", "quality/simple/DQShortnames"),
        ("quality/injections/Injmask", "quality/injections/InjShortnames"),
    ):
        try:
            bits, labels = file[mask], [_text(name) for name in file[names][:64]]
            if bits.ndim != 1 or bits.dtype.kind not in "iu" or bits.size > 1 << 24:
                continue
            start, step = float(bits.attrs["Xstart"]), float(bits.attrs["Xspacing"])
            values = bits[:]
        except (KeyError, OSError, RuntimeError, TypeError, ValueError, AttributeError):
            continue
        for bit, name in enumerate(labels):
            for first, stop in _runs((values >> bit) & 1):
                segments.append(
                    {
                        "name": name,
                        "start": start + first * step,
                        "stop": start + stop * step,
                        "bit": bit,
                    }
                )
    return segments


def _runs(flags: npt.NDArray[Any]) -> list[tuple[int, int]]:
    edges = np.diff(np.concatenate([[0], flags.astype(np.int8), [0]]))
    return list(
        zip(np.flatnonzero(edges == 1).tolist(), np.flatnonzero(edges == -1).tolist(), strict=True)
    )
