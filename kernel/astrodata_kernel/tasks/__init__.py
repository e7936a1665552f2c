"""What a session does in one go, as one call each: train and keep, encode and keep, label, list, tell.

What ``%astro`` runs and prints with ``--code`` where the library has no single call for it. Models, latents
and garages are kept in the workspace's folder ``astrodata`` under the names that these functions take.
"""

from __future__ import annotations

from ..lazy_names import lazy_names

# Loaded when first asked for: most of them need pandas, widgets or Keras.
_HOMES = {
    "burnt": "mapping",
    "cluster_now": "clusters",
    "datasets": "listing",
    "encode": "daidream",
    "explore": "exploring",
    "garage": "daidream",
    "index": "mapping",
    "info": "listing",
    "label": "labelling",
    "labels": "labelling",
    "scale_cluster": "clusters",
    "status": "reporting",
    "stop_cluster": "clusters",
    "train_daidream": "daidream",
}

__all__ = sorted(_HOMES)
__getattr__, __dir__ = lazy_names(__name__, _HOMES)
