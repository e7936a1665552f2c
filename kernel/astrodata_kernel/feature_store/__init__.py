"""Feature views: named, versioned tables of what events are, as plain Parquet, joined with labels in time.

>>> import tempfile
>>> import pandas as pd
>>> from astrodata_kernel.feature_store import FeatureStore
>>> store = FeatureStore(tempfile.mkdtemp())
>>> view = store.define("pulses", columns={"peak": {"dtype": "float64", "unit": "mV"}})
>>> part = view.write(pd.DataFrame({"event_id": [1, 2], "peak": [3.5, 4.5]}), at="2026-01-01T00:00:00Z")
>>> labels = pd.DataFrame({"event_id": [2, 9], "label_time": pd.to_datetime(["2026-02-01"] * 2)})
>>> store.join(labels, ["pulses:peak"])["peak"].tolist()
[4.5, nan]
"""

from __future__ import annotations

from ..lazy_names import lazy_names

# Loaded when first asked for: pandas and PyArrow take a second.
_HOMES = {
    "Column": "definitions",
    "Definition": "definitions",
    "FeatureStore": "stores",
    "FeatureView": "views",
    "Features": "ready",
    "Part": "parts",
    "features_of_areas": "ready_images",
    "features_of_latents": "ready_events",
    "features_of_photometry": "ready_images",
    "features_of_waveforms": "ready_events",
}

__all__ = sorted(_HOMES)
__getattr__, __dir__ = lazy_names(__name__, _HOMES)
