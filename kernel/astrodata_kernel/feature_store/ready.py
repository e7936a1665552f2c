"""Features that this package measures, with their columns and units, before anything is computed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import numpy as np
import pandas as pd

from ..errors import BadRequest
from ..processing.table_units import unit_of
from .definitions import nearest

_HOMES = {
    "waveforms": "ready_events",
    "latents": "ready_events",
    "photometry": "ready_images",
    "areas": "ready_images",
}
_UNITS = {"ADC": "adu", "adc": "adu", "counts": "count"}


@dataclass(frozen=True)
class Features:
    """Features that can be defined as a view and written to it; nothing is computed before `blocks`.

    Attributes
    ----------
    kind
        ``"waveforms"``, ``"latents"``, ``"photometry"`` or ``"areas"``.
    columns, entity, id_dtype, source, description
        As `FeatureStore.define` takes them.
    blocks
        Gives the tables, one after the other.

    Examples
    --------
    >>> from astrodata_kernel.feature_store import features_of_waveforms
    >>> made = features_of_waveforms(np.eye(4, 64), unit="mV", sample_period=1e-9)
    >>> made.columns["integral"]["unit"], [len(block) for block in made.blocks()]
    ('mV s', [4])
    """

    kind: str
    columns: Mapping[str, Mapping[str, str]]
    blocks: Callable[[], Iterator[pd.DataFrame]] = field(repr=False)
    entity: str = "event"
    id_dtype: str = "int64"
    source: Mapping[str, Any] = field(default_factory=dict)
    description: str = ""


def features_of(kind: str, data: Any, **parameters: Any) -> Features:
    """Give the features of a kind.

    Raises
    ------
    BadRequest
        No such kind, or parameters that it does not have.
    """
    if kind not in _HOMES:
        raise BadRequest(
            f"no features are called {str(kind)[:40]!r}; {nearest(str(kind), list(_HOMES))}"
        )
    measure = getattr(import_module(f".{_HOMES[kind]}", __package__), f"features_of_{kind}")
    try:
        return measure(data, **parameters)
    except TypeError as error:
        raise BadRequest(f"features_of_{kind}: {str(error)[:160]}") from None


def event_ids(ids: Any, count: int) -> Any:
    """Give ids as an array, 0, 1, ... by default; see `processing.events.as_ids`."""
    from ..processing.events import as_ids

    return as_ids(ids.to_numpy() if hasattr(ids, "to_numpy") else ids, count)


def id_dtype_of(ids: Any) -> str:
    """Give the type of ids as a view names it."""
    return "int64" if ids is None or np.asarray(ids).dtype.kind in "iuf" else "string"


def known_unit(text: str) -> str:
    """Give a unit that astropy knows: instruments call their numbers as they like."""
    text = _UNITS.get(text, text)
    found = unit_of(text)
    return "" if found is None else text
