"""Blocks that keep: what they wrote is written again where it is gone, and else left alone."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from astrodata_kernel import blocks
from astrodata_kernel.errors import BadRequest, UnknownName
from astrodata_kernel.feature_store import FeatureStore
from astrodata_kernel.labels import session
from astrodata_kernel.pipeline import Pipeline, block
from astrodata_kernel.tracking import Registry, Tracker

EXAMPLES = Path(__file__).parents[2] / "examples" / "data"
CARDIO = EXAMPLES / "tables" / "cardio.npz"


@block(stage="ingest", outputs=("table", "array", "model"))
def some_values(*, seed: int = 0):
    """Make a table, an array and a network."""
    import keras

    rng = np.random.default_rng(seed)
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.set_weights([np.ones((2, 1), np.float32), np.zeros(1, np.float32)])
    table = pd.DataFrame({"x": rng.normal(size=5), "n": np.arange(5)})
    return table, rng.normal(size=(4, 2)), model


def test_files_are_written_beside_the_pipeline_and_again_where_they_are_gone(tmp_path):
    pipeline = (
        Pipeline("keep", base=tmp_path)
        .add("made", some_values)
        .add("view", blocks.view, "made.array")
        .add("parquet", blocks.save_table, "made.table", path="out/table.parquet")
        .add("csv", blocks.save_table, "made.table", path="out/table.csv")
        .add("npy", blocks.save_array, "made.array", path="out/array.npy")
        .add("model", blocks.save_model, "made.model", path="out/model.keras")
        .add("picture", blocks.save_file, "view", path="out/view.svg")
        .add("copy", blocks.save_file, "csv", path="out/copy.csv")
    )
    place = {"track": False, "progress": False}
    first = pipeline.run(workspace=tmp_path / "one", **place)
    out = tmp_path / "out"
    names = {"table.parquet", "table.csv", "array.npy", "model.keras", "view.svg", "copy.csv"}
    assert {one.name for one in out.iterdir()} == names
    pd.testing.assert_frame_equal(
        pd.read_parquet(out / "table.parquet"), first.outputs["made.table"]
    )
    np.testing.assert_array_equal(np.load(out / "array.npy"), first.outputs["made.array"])
    assert (out / "copy.csv").read_bytes() == (out / "table.csv").read_bytes()
    assert pipeline.run(workspace=tmp_path / "one", **place).computed == ()

    (out / "table.csv").write_text("something else")
    (out / "array.npy").unlink()
    (out / "model.keras").unlink()
    again = pipeline.run(workspace=tmp_path / "one", **place)
    assert set(again.computed) == {"csv", "npy", "model"}
    assert (out / "copy.csv").read_bytes() == (out / "table.csv").read_bytes()
    other = pipeline.run(workspace=tmp_path / "two", **place)
    for name in first.outputs:
        assert other.outputs.hash_of(name) == first.outputs.hash_of(name)


def test_what_a_file_cannot_hold_is_refused(tmp_path):
    table = pd.DataFrame({"x": [1]})
    with pytest.raises(BadRequest, match=r"\.parquet or \.csv"):
        blocks.save_table(table, path=tmp_path / "table.xlsx")
    with pytest.raises(BadRequest, match="no file and no figure"):
        blocks.save_file(table, path=tmp_path / "table.svg")


def test_a_model_is_registered_once_and_again_where_it_is_gone(tmp_path, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    pipeline = (
        Pipeline("register")
        .add("read", blocks.read_table, path=CARDIO)
        .add("forest", blocks.train_sklearn, "read", target="y", parameters={"n_estimators": 3})
        .add(
            "kept",
            blocks.register_model,
            "forest",
            "read",
            model_name="cardio",
            alias="champion",
            reason="the first one",
        )
    )
    place = {"workspace": tmp_path / "one", "track": False, "progress": False}
    first = pipeline.run(**place)
    assert pipeline.run(**place).computed == ()
    registry = Registry(Tracker(f"sqlite:///{tmp_path}/one/astrodata/mlflow.db"))
    version = registry.version("cardio", "champion")
    assert version.version == "1"
    assert version.lineage_hash == first.outputs.hash_of("forest")
    assert registry.history("cardio")[0].reason == "the first one"
    monkeypatch.chdir(
        tmp_path / "one"
    )  # scikit-learn's own files are loaded in their workspace alone
    loaded = registry.load("cardio")
    table = first.outputs["read"]
    np.testing.assert_array_equal(
        loaded.predict(table.drop(columns="y")), first.outputs["forest"].predict(table)
    )

    registry.tracker.client().delete_registered_model("cardio")
    assert pipeline.run(**place).computed == ("kept",)
    elsewhere = pipeline.run(**{**place, "workspace": tmp_path / "two"})
    assert elsewhere.outputs.hash_of("kept") == first.outputs.hash_of("kept")


def test_an_alias_needs_a_reason(tmp_path):
    with pytest.raises(BadRequest, match="needs a reason"):
        blocks.register_model(None, None, model_name="m", alias="champion")


def test_features_become_a_view_of_the_workspace(tmp_path):
    pipeline = (
        Pipeline("features")
        .add("traces", blocks.open_data, path=EXAMPLES / "sipm" / "wave0.dat")
        .add("features", blocks.waveform_features, "traces")
        .add(
            "view",
            blocks.write_features,
            "features",
            view="sipm",
            at="2026-01-01T00:00:00Z",
            units={"peak": "adu"},
        )
    )
    place = {"track": False, "progress": False}
    first = pipeline.run(workspace=tmp_path / "one", **place)
    assert pipeline.run(workspace=tmp_path / "one", **place).computed == ()
    store = FeatureStore(tmp_path / "one")
    units = {column.name: column.unit for column in store["sipm"].columns}
    assert units["peak"] == "adu"
    kept = store["sipm"].read(["peak"]).df().sort_values("event_id")
    np.testing.assert_array_equal(kept["peak"], first.outputs["features"]["peak"])
    store.remove("sipm")
    assert pipeline.run(workspace=tmp_path / "one", **place).computed == ("view",)
    other = pipeline.run(workspace=tmp_path / "two", **place)
    assert other.outputs.hash_of("view") == first.outputs.hash_of("view")


def test_labels_are_read_as_they_stand_at_each_run(tmp_path):
    root = tmp_path / "one"
    (root / "astrodata").mkdir(parents=True)
    log = session("glitches", root, classes=["noise", "glitch"], annotator="ada")
    log.put([3, 7], "glitch")
    pipeline = Pipeline("labels").add("labels", blocks.read_labels, session="glitches")
    place = {"workspace": root, "track": False, "progress": False}
    first = pipeline.run(**place)
    assert first.outputs["labels"]["id"].tolist() == [3, 7]
    same = pipeline.run(**place)
    assert same.outputs.hash_of("labels") == first.outputs.hash_of("labels")
    log.put(4, "noise")
    log.close()
    assert sorted(pipeline.run(**place).outputs["labels"]["id"]) == [3, 4, 7]
    wrong = Pipeline("labels").add("labels", blocks.read_labels, session="glitch")
    with pytest.raises(UnknownName, match="'glitches'"):
        wrong.run(**place)
    assert (
        json.loads(json.dumps(first.record["steps"]["labels"]["outputs"]))["table"]["kind"]
        == "table"
    )
