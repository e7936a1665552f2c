"""Features of events: what is measured of their traces, and their places in a latent space."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ..errors import BadRequest
from .definitions import nearest
from .ready import Features, event_ids, id_dtype_of, known_unit

_SAMPLES = 1 << 24
"""Of traces that are measured at once."""

_MEANING = {
    "baseline": ("", "median of the first samples"),
    "baseline_rms": ("", "RMS about the baseline, outliers left out"),
    "peak": ("", "largest height above the baseline, along the polarity"),
    "position": ("time", "time of the peak from the first sample"),
    "integral": ("charge", "sum of all heights"),
    "rise_time": ("time", "from 10 % to 90 % of the peak"),
    "width": ("time", "full width at half of the peak"),
    "t50": ("time", "when the running integral reaches 50 %"),
    "t90": ("time", "when the running integral reaches 90 %"),
    "kurtosis": ("none", "excess kurtosis of all samples"),
    "pulses": ("none", "how many pulses; more than one is pile-up"),
    "saturated": ("none", "whether samples stick at the converter's end"),
    "bad": ("none", "whether the trace holds NaN or infinities, or is constant"),
}
_TYPES = {"pulses": "int64", "saturated": "bool", "bad": "bool"}


def features_of_waveforms(
    dataset: Any,
    *,
    ids: Any = None,
    baseline_samples: int | None = None,
    threshold: float = 5.0,
    polarity: int | None = None,
    sample_period: float | None = None,
    unit: str | None = None,
) -> Features:
    """Give what `processing.waveforms.features` measures of each trace.

    Parameters
    ----------
    dataset
        Waveforms, or an array of shape (traces, samples).
    ids
        Of the traces; 0, 1, ... by default, as label sessions have them.
    baseline_samples, threshold
        As of `processing.waveforms.features`.
    polarity, sample_period, unit
        What the data set tells by default; seconds, and the unit of its values.
    """
    meta = dict(getattr(dataset, "meta", None) or {})
    values = getattr(dataset, "array", dataset)
    period = meta.get("sample_period") if sample_period is None else sample_period
    sign = meta.get("polarity", 1) if polarity is None else polarity
    of_values = known_unit(meta.get("unit", "") if unit is None else unit)
    of_time = "s" if period else ""
    units = {"": of_values, "time": of_time, "none": "", "charge": f"{of_values} {of_time}".strip()}
    columns = {
        name: {"dtype": _TYPES.get(name, "float64"), "unit": units[what], "description": told}
        for name, (what, told) in _MEANING.items()
    }

    def blocks() -> Iterator[pd.DataFrame]:
        from ..processing.waveforms import features

        traces = np.atleast_2d(values) if isinstance(values, np.ndarray) else values
        count, samples = traces.shape
        names = event_ids(ids, count)
        step = max(1, _SAMPLES // max(1, samples))
        for start in range(0, count, step):
            frame = features(
                traces[start : start + step], baseline_samples, sign, period, threshold
            )
            frame.insert(0, "event_id", names[start : start + step])
            yield frame

    source = {
        "function": "astrodata_kernel.processing.waveforms.features",
        "parameters": {
            "baseline_samples": baseline_samples,
            "threshold": threshold,
            "polarity": int(sign),
            "sample_period": period,
        },
    }
    told = "Heights and times of traces" + ("" if of_time else "; times count samples")
    return Features("waveforms", columns, blocks, "event", id_dtype_of(ids), source, told)


def features_of_latents(latents: Any, *, columns: Sequence[str] = ()) -> Features:
    """Give latents, and some of their columns; another encoder is another definition.

    Parameters
    ----------
    latents
        `Latents`, or whatever `Latents.of` takes.
    columns
        Names of scores and projections that go along.
    """
    from ..latent.latents import Latents

    table = Latents.of(latents)
    lost = [name for name in columns if name not in table.columns]
    if lost:
        raise BadRequest(
            f"the latents have no column {lost[0]!r}; {nearest(lost[0], list(table.columns))}"
        )
    told = {
        name: {"dtype": str(table.dtype), "description": f"latent {i}"}
        for i, name in enumerate(table.names)
    }
    for name in columns:
        made_by = table.lineage[name].get("made_by", "given")
        kind = table.columns[name].dtype
        told[name] = {
            "dtype": "string"
            if kind.kind == "O"
            else kind.name
            if kind.kind != "M"
            else "timestamp",
            "description": f"made by {made_by}"[:1000],
        }
    frame = table.table()[["id", *told]].rename(columns={"id": "event_id"})
    source = {
        "function": "astrodata_kernel.latent.encode",
        "encoder": table.facts.get("encoder"),
        "columns": {name: table.lineage[name].get("made_by", "given") for name in columns},
    }
    return Features(
        "latents",
        told,
        lambda: iter([frame]),
        "event",
        id_dtype_of(table.ids),
        source,
        "Points of a latent space",
    )
