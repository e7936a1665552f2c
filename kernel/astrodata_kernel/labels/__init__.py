"""Labels: who said what about which event, in logs that are only ever appended to.

>>> import tempfile
>>> from astrodata_kernel.labels import LabelLog
>>> log = LabelLog(tempfile.mkdtemp(), annotator="ada", classes=["noise", "glitch"])
>>> log.put([3, 7], "glitch"), log.put(4, "noise", note="baseline only")
(2, 3)
>>> log.counts()
{'noise': 1, 'glitch': 2}
"""

from __future__ import annotations

from ..lazy_names import lazy_names

# Loaded when first asked for: the list of sessions is read by the server, the rest is not.
_HOMES = {
    "Agreement": "agreeing",
    "LabelClass": "label_sets",
    "LabelLog": "label_log",
    "LabelSet": "label_sets",
    "SelfConsistency": "agreeing",
    "Session": "listing",
    "agreement": "agreeing",
    "disagreements": "agreeing",
    "import_labels": "importing",
    "mask_of": "regions",
    "mask_region": "regions",
    "self_consistency": "agreeing",
    "session": "listing",
    "sessions": "listing",
}

__all__ = sorted(_HOMES)
__getattr__, __dir__ = lazy_names(__name__, _HOMES)
