"""The two example pipelines, as they are shipped: twice, and in another workspace, with the same hashes."""

from pathlib import Path

import pytest
from astrodata_kernel.pipeline import Pipeline
from astrodata_kernel.tracking import Registry, Tracker

PIPELINES = Path(__file__).parents[2] / "examples" / "pipelines"


def run_twice_and_elsewhere(name, tmp_path, **parameters):
    pipeline = Pipeline.from_yaml(PIPELINES / name)
    place = {"track": False, "progress": False}
    first, again, other = (
        pipeline.run(workspace=tmp_path / one, **place, **parameters)
        for one in ("one", "one", "two")
    )
    assert set(first.computed) == set(pipeline.steps)
    assert again.computed == ()
    for output in first.outputs:
        assert other.outputs.hash_of(output) == first.outputs.hash_of(output), output
    return first


@pytest.mark.slow
def test_a_table_goes_from_its_file_to_a_registered_model(tmp_path, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    run = run_twice_and_elsewhere("cardio.yaml", tmp_path, trees=20)
    for step in ("forest_metrics", "boosted_metrics"):
        assert run.outputs[step]["roc_auc"] > 0.98
    assert run.record["steps"]["read"]["state"] == "finished"
    registry = Registry(Tracker(f"sqlite:///{tmp_path}/one/astrodata/mlflow.db"))
    version = registry.version("cardio", "challenger")
    assert version.lineage_hash == run.outputs.hash_of("boosted.model")


@pytest.mark.slow
def test_waveforms_become_latents_and_a_garage(tmp_path):
    run = run_twice_and_elsewhere("garage.yaml", tmp_path, traces=240, split=[160, 40, 40])
    rates = run.outputs["rates"].set_index("group")["rate"]
    assert rates["false positives"] < 0.1 < rates["found"]
    assert len(run.outputs["train.starts"]) == 8
    assert "<svg" in run.outputs["curve"].svg
