"""A classifier in MLflow: with the labels that made it, and the curve of what they found."""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import BadRequest
from ..readers import scratch
from ..training.tracking import Tracker
from .classifier_files import save_classifier
from .curves import curve_figure

if TYPE_CHECKING:
    from .learners import Learner


def keep(learner: Learner, tracker: Tracker | None, name: str) -> str:
    """Keep what a learner has learnt as a run, register its classifier, and give the run's id."""
    learnt = learner.learnt
    if learnt.classifier is None:
        raise BadRequest(
            "there is no classifier to keep: label events of two classes, then learner.update()"
        )
    tracker = tracker or Tracker(name=name)
    curve, rate = learner.curve(), learner.rate()
    with tracker.run() as run, tempfile.TemporaryDirectory(dir=scratch.folder()) as folder:
        run.parameters({"kind": "label classifier", **facts(learner)})
        run.metrics(
            {
                "labels": float(len(learnt.targets)),
                "found": float(learnt.targets.found),
                "unbiased_rate": rate.value,
                "unbiased_rate_low": rate.low,
                "unbiased_rate_high": rate.high,
            }
        )
        run.curve("found_by_labels", curve.spent.tolist(), curve.found.tolist())
        _artifacts(Path(folder), learner, curve)
        run.artifacts(folder)
        run.register(name, "classifier")
    return run.ident


def facts(learner: Learner) -> dict[str, Any]:
    """Give what a classifier came from: hashes of labels and latents, settings, classes."""
    learnt, made = learner.learnt, learner.classifier
    return {
        "model": learner.model,
        "strategy": learner.strategy,
        "seed": learner.seed,
        "classes": ", ".join(made.classes) if made else "",
        "positive": "" if learner.positive is None else str(learner.positive),
        "label_log": learnt.log_digest,
        "latents": learner.latents.digest,
        **{f"latents_{key}": value for key, value in learner.latents.facts.items()},
    }


def _artifacts(folder: Path, learner: Learner, curve: Any) -> None:
    from ..drawing import svg_of

    classifier = learner.classifier
    assert classifier is not None  # noqa: S101 - keep() has looked
    place = folder / "classifier"
    place.mkdir()
    save_classifier(classifier, place / "classifier.npz")
    (place / "MLmodel").write_text(_mlmodel(classifier.width), encoding="utf-8")
    curve.to_csv(folder / "curve.csv", index=False)
    (folder / "curve.svg").write_text(svg_of(curve_figure(curve)), encoding="utf-8")
    if hasattr(learner.log, "table"):
        learner.log.table().to_csv(folder / "labels.csv", index=False)


def _mlmodel(width: int) -> str:
    # MLflow's own description of a model, so that `mlflow.pyfunc.load_model` gives it without a pickle. JSON
    # is YAML too.
    return json.dumps(
        {
            "artifact_path": "classifier",
            "flavors": {
                "python_function": {
                    "loader_module": "astrodata_kernel.learning.classifier_files",
                    "data": "classifier.npz",
                }
            },
            "metadata": {"latents": width},
            "utc_time_created": time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime()),
        },
        indent=1,
    )
