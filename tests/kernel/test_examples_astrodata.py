"""The example pipelines give the same from Python and from a terminal, once."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astrodata_kernel.lineage import Store
from astrodata_kernel.pipeline import Pipeline, Run

EXAMPLES = Path(__file__).parents[2] / "examples"
PIPELINES = EXAMPLES / "pipelines"
TABLE = EXAMPLES / "data" / "tables" / "cardio.npz"

# Fewer traces than the file says: the training takes seconds then.
FEW: dict[str, dict[str, Any]] = {
    "cardio": {},
    "garage": {"traces": 200, "split": [120, 40, 40]},
}


@pytest.fixture(autouse=True)
def own_store(monkeypatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> dict[str, Run]:
    """Give the runs of this process that were made so far."""
    return {}


def here(name: str, runs: dict[str, Run], folder: Path) -> Run:
    """Run an example in this process, in a workspace of its own, unless that is done."""
    if name not in runs:
        pipeline = Pipeline.from_yaml(PIPELINES / f"{name}.yaml")
        runs[name] = pipeline.run(workspace=folder, progress=False, **FEW[name])
    return runs[name]


def in_a_terminal(workspace: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Call the command from a folder that is neither the workspace nor that of the examples."""
    command = [sys.executable, "-m", "astrodata_kernel.commands", "--workspace", str(workspace)]
    environment = {**os.environ, "PYTHONHASHSEED": "7"}
    return subprocess.run(
        [*command, *words],
        cwd=workspace.parent,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("name", FEW)
def test_an_example_has_the_same_hashes_in_python_and_in_a_terminal(
    name, runs, tmp_path, tmp_path_factory
) -> None:
    run = here(name, runs, tmp_path_factory.mktemp(name))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    chosen = [word for key, value in FEW[name].items() for word in ("-p", f"{key}={value}")]
    made = in_a_terminal(
        elsewhere, "run", str(PIPELINES / f"{name}.yaml"), "--json", "--quiet", *chosen
    )
    assert made.returncode == 0, made.stderr
    told = json.loads(made.stdout)
    assert told["outputs"] == {one: run.outputs.hash_of(one) for one in run.outputs}
    assert told["computed"] == list(run.computed)
    assert set(told["computed"]) == set(run.record["steps"])


@pytest.mark.parametrize("name", FEW)
def test_the_second_run_of_an_example_computes_nothing(name, runs, tmp_path_factory) -> None:
    run = here(name, runs, tmp_path_factory.mktemp(name))
    pipeline = Pipeline.from_yaml(PIPELINES / f"{name}.yaml")
    again = pipeline.run(workspace=run.root, progress=False, **FEW[name])
    assert again.computed == ()
    assert dict(again.outputs._hashes) == dict(run.outputs._hashes)


def test_the_examples_find_what_they_are_about(runs, tmp_path_factory) -> None:
    cardio = here("cardio", runs, tmp_path_factory.mktemp("cardio")).outputs
    for step in ("forest_metrics", "boosted_metrics"):
        assert cardio[step]["roc_auc"] > 0.98
    garage = here("garage", runs, tmp_path_factory.mktemp("garage")).outputs
    rates = garage["rates"].set_index("group")["rate"]
    assert rates["false positives"] < 0.1 < rates["found"]
    assert len(garage["train.starts"]) == 8
    assert "<svg" in garage["curve"].svg


def test_another_garage_needs_no_other_training(runs, tmp_path_factory) -> None:
    run = here("garage", runs, tmp_path_factory.mktemp("garage"))
    pipeline = Pipeline.from_yaml(PIPELINES / "garage.yaml")
    chosen = {**FEW["garage"], "false_positive_rate": 0.1}
    other = pipeline.run(workspace=run.root, progress=False, **chosen)
    assert "garage" in other.computed
    assert not {"train", "latents", "noise_latents", "some"} & set(other.computed)


def test_the_lineage_of_a_model_leads_to_its_file_and_back(runs, tmp_path_factory) -> None:
    run = here("cardio", runs, tmp_path_factory.mktemp("cardio"))
    store = Store(run.root)
    back = store.back(f"{run.id}:boosted.model")
    assert [Path(one.path) for one in back.files] == [TABLE]
    assert {"read", "clean", "split", "scale", "boosted"} == {step.name for step in back.steps}
    forward = store.forward(TABLE)
    assert run.outputs.hash_of("boosted.model") in {one.key for one in forward.artifacts}
    assert run.outputs.hash_of("registered") in {one.key for one in forward.artifacts}


def test_the_model_of_the_table_is_registered_with_its_lineage(
    runs, tmp_path_factory, monkeypatch
) -> None:
    from astrodata_kernel.tracking import Registry

    run = here("cardio", runs, tmp_path_factory.mktemp("cardio"))
    monkeypatch.chdir(run.root)
    version = Registry().version("cardio", "challenger")
    assert version.lineage_hash == run.outputs.hash_of("boosted.model")
    model, rows = run.outputs["boosted.model"], run.outputs["scale.test"]
    loaded = Registry().load("cardio", "challenger")
    np.testing.assert_array_equal(loaded.predict(rows[list(model.columns)]), model.predict(rows))


def test_a_table_that_is_not_as_it_should_be_stops_the_pipeline(tmp_path) -> None:
    values = dict(np.load(TABLE))
    values["X"][3, 5] = np.nan
    np.savez(tmp_path / "bad.npz", **values)
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    words = ("run", str(PIPELINES / "cardio.yaml"), "-p", f"source={tmp_path / 'bad.npz'}")
    made = in_a_terminal(workspace, *words, "--quiet")
    assert made.returncode == 3
    assert "X_5" in made.stderr
    assert "nan_share" in made.stderr


def test_the_notebook_runs_the_files_that_the_terminal_runs() -> None:
    cells = json.loads((EXAMPLES / "astrodata.ipynb").read_text("utf-8"))["cells"]
    text = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    for name in FEW:
        assert f'from_yaml("pipelines/{name}.yaml")' in text
