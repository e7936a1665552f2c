"""Explore and label real SiPM traces in a browser, together: ``panel serve examples/explorer_app.py``.

Labels are kept in the folder that the server was started in, each annotator's in a log of their own.
"""

from pathlib import Path

import astrodata_kernel as adk
import numpy as np

dataset = adk.open(Path(__file__).parent / "data" / "sipm" / "wave0.dat")
traces = np.asarray(dataset.array[:], dtype=np.float64)

# Any latents do; those of a trained encoder come from adk.latent.encode(dataset, encoder). Here they are the
# six directions in which the traces differ most.
centred = traces - traces.mean(axis=0)
directions = np.linalg.svd(centred, full_matrices=False)[2][:6]
z = centred @ directions.T

latents = adk.latent.Latents(
    z,
    columns={"peak": np.ptp(traces, axis=1), "area": -centred.sum(axis=1)},
    facts={"data": dataset.provenance.digest.result()},
)
scores = {name: adk.latent.scores.score(name, z) for name in ("mahalanobis", "knn")}
labels = adk.labels.session(
    "sipm", dataset="wave0.dat", classes=["one pulse", "several pulses", "noise"]
)

adk.reports.explorer_app(
    latents, events=dataset, labels=labels, scores=scores, title="SiPM traces"
).servable(title="SiPM traces")
