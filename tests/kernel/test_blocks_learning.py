"""Blocks that train, and blocks of what was learnt: twice, in two workspaces, and ended in the middle."""

from pathlib import Path

import astrodata_kernel as adk
import numpy as np
import pandas as pd
import pytest
from astrodata_kernel import blocks
from astrodata_kernel.errors import BadRequest, Cancelled
from astrodata_kernel.pipeline import Pipeline, block
from astrodata_kernel.pipeline.run_records import RunRecord
from astrodata_kernel.testing.synthetic import pulses

EXAMPLES = Path(__file__).parents[2] / "examples" / "data"
CARDIO = EXAMPLES / "tables" / "cardio.npz"
GAIA = EXAMPLES / "tables" / "gaia_cone.fits"


@pytest.fixture
def steady(tmp_path):
    """Run a pipeline twice, and in another workspace: nothing is done again, and the same comes."""

    def run(pipeline, but=(), **options):
        first, again, other = (
            pipeline.run(workspace=tmp_path / place, track=False, progress=False, **options)
            for place in ("one", "one", "two")
        )
        assert set(first.computed) == set(pipeline.steps)
        assert again.computed == ()
        hashes, others = (
            {name: one.outputs.hash_of(name) for name in one.outputs if name not in but}
            for one in (first, other)
        )
        assert others == hashes
        return first

    return run


@block(stage="ingest", outputs=("traces", "truth"))
def some_pulses(*, n: int = 300, seed: int = 0, height: float = 1.0):
    """Make pulses with noise, of half of them nothing but noise."""
    rng = np.random.default_rng(seed)
    signal = np.arange(n) % 2 == 1
    shape = pulses(n, 256, seed)
    noise = rng.normal(0, 0.05, shape.shape).astype(np.float32)
    truth = pd.DataFrame({"amplitude": np.where(signal, 10 ** rng.uniform(-1, 1, n), 0.0)})
    scale = truth["amplitude"].to_numpy(np.float32)[:, None] * height
    return np.abs(noise + scale * shape), truth


def test_models_of_tables_learn_predict_are_measured_explained_and_drawn(steady):
    pipeline = (
        Pipeline("cardio")
        .add("read", blocks.read_table, path=CARDIO)
        .add("split", blocks.split_table, "read", target="y", stratify=True)
        .add(
            "forest",
            blocks.train_sklearn,
            "split.train",
            target="y",
            parameters={"n_estimators": 20, "max_depth": 5},
        )
        .add(
            "trees",
            blocks.train_xgboost,
            "split.train",
            "split.validation",
            target="y",
            n_estimators=30,
            max_depth=3,
            early_stopping_rounds=5,
        )
        .add(
            "net",
            blocks.train_keras,
            "split.train",
            "split.validation",
            target="y",
            hidden=[8],
            epochs=4,
        )
    )
    for name in ("forest", "trees", "net"):
        pipeline.add(f"{name}_metrics", blocks.metrics, f"{name}.model", "split.test")
    pipeline.add("told", blocks.predict, "forest.model", "split.test")
    pipeline.add("of_columns", blocks.column_metrics, "told", truth="y", task="classification")
    pipeline.add("why", blocks.importance, "forest.model", "split.test", repeats=2)
    for figure in ("roc", "precision_recall", "confusion"):
        pipeline.add(figure, getattr(blocks, f"figure_{figure}"), "forest.model", "split.test")
    pipeline.add("rounds", blocks.figure_history, "trees.history")
    run = steady(pipeline)

    found = {name: run.outputs[f"{name}_metrics"] for name in ("forest", "trees", "net")}
    assert found["forest"]["roc_auc"] > 0.95
    assert found["trees"]["roc_auc"] > 0.95
    assert run.metrics["forest_metrics.roc_auc"] == found["forest"]["roc_auc"]
    told = run.outputs["told"]
    assert {"predicted", "probability_0", "probability_1"} <= {str(one) for one in told.columns}
    assert run.outputs["of_columns"]["accuracy"] == found["forest"]["accuracy"]
    why = run.outputs["why.table"]
    assert list(why.columns[:3]) == ["column", "mean", "std"]
    assert len(why) == 21
    assert "<svg" in run.outputs["why.figure"].svg
    assert len(run.outputs["net.history"]) == 4


def test_a_regression_is_drawn_with_its_residuals(steady):
    pipeline = (
        Pipeline("stars")
        .add(
            "read",
            blocks.read_table,
            path=GAIA,
            columns=["ra", "dec", "parallax", "phot_g_mean_mag"],
        )
        .add("clean", blocks.fill_missing, "read", how="drop")
        .add("split", blocks.split_table, "clean.train", target="phot_g_mean_mag")
        .add("line", blocks.train_sklearn, "split.train", target="phot_g_mean_mag", model="linear")
        .add("figure", blocks.figure_residuals, "line", "split.test", unit="mag")
        .add("told", blocks.predict, "line", "split.test")
    )
    run = steady(pipeline)
    assert "probability" not in " ".join(run.outputs["told"].columns)


# --- networks of waveforms --------------------------------------------------------------------------


def test_waveforms_become_latents_with_maps_scores_clusters_garage_and_pages(steady):
    pipeline = (
        Pipeline("pulses")
        .add("noise", some_pulses, n=240, seed=1, height=0.0)
        .add("fresh", some_pulses, n=200, seed=2, height=0.0)
        .add("some", some_pulses, n=200, seed=3)
        .add(
            "train",
            blocks.train_waveforms,
            "some.traces",
            rounds=[(2, 2), (1, 1)],
            split=(120, 40, 40),
            batch_size=20,
            filters=[2, 4],
            latent_dim=3,
        )
        .add("z_noise", blocks.encode, "noise.traces", "train.model")
        .add("z_fresh", blocks.encode, "fresh.traces", "train.model")
        .add("z", blocks.encode, "some.traces", "train.model")
        .add("mapped", blocks.project, "z")
        .add("scored", blocks.scores, "mapped", "z_noise", names=["default", "mahalanobis"])
        .add("dense", blocks.local_density, "scored")
        .add("grouped", blocks.cluster, "dense", method="kmeans", options={"n_clusters": 3})
        .add("garage", blocks.garage, "z_noise", "z", false_positive_rate=0.05)
        .add("ellipse", blocks.garage, "z_noise", shape="ellipse", false_positive_rate=None)
        .add("density", blocks.garage, "z_noise", shape="density", false_positive_rate=0.05)
        .add("rates", blocks.garage_rates, "garage.garage", "z_fresh", "z")
        .add("found", blocks.efficiency, "garage.table", "some.truth", bin_width=0.5)
        .add("curve", blocks.figure_efficiency, "found.table", "found.fit")
        .add("losses", blocks.figure_history, "train.history", "train.starts")
        .add("histograms", blocks.figure_latents, "z_noise", "z", "garage.garage")
        .add(
            "worth",
            blocks.compare_scores,
            "z",
            "some.truth",
            "z_noise",
            column="amplitude",
            names=["knn"],
        )
    )
    run = steady(pipeline)
    out = run.outputs
    assert "seconds" not in out["train.history"]
    assert len(out["train.starts"]) == 3
    assert len(out["train.history"]) == 5
    grouped = out["grouped"]
    assert {"pca0", "score_default", "score_mahalanobis", "local_density", "cluster"} <= set(
        grouped.columns
    )
    assert len(grouped) == 200
    table = out["garage.table"]
    assert list(table.columns) == ["id", "score", "outside"]
    assert table["outside"].sum() == out["rates"].set_index("group").loc["found", "count"]
    half = out["ellipse.table"]["id"].tolist()  # by lot, in the order that they had
    assert len(half) == 120
    assert half == sorted(set(half) & set(range(240)))
    assert out["rates"]["total"].tolist() == [200, 200]
    assert run.metrics["rates.false_positives"] == out["rates"]["rate"][0]
    assert out["found.table"]["total"].sum() == 100
    assert set(out["worth"]["score"]) > {"knn"}


def test_detectors_are_compared_on_traces_of_few_amplitudes(steady):
    pipeline = (
        Pipeline("detectors")
        .add("noise", blocks.synthetic_waveforms, n=40, amplitude=0.0, seed=1)
        .add("fresh", blocks.synthetic_waveforms, n=60, amplitude=0.0, seed=2)
        .add("signals", blocks.synthetic_waveforms, n=6, amplitude=[0.1, 10.0] * 3, seed=3)
        .add(
            "table",
            blocks.compare_detectors,
            from_={
                "noise": "noise.traces",
                "fresh": "fresh.traces",
                "signals": "signals.traces",
                "truth": "signals.truth",
            },
            false_positive_rate=0.05,
        )
    )
    table = steady(pipeline).outputs["table"]
    assert sorted(table["amplitude"].unique()) == [0, 0.1, 10]
    assert table.query("detector == 'peak cut' and amplitude == 10")["rate"].iloc[0] == 1


@pytest.mark.parametrize("kind", ["cae", "vae"])
def test_one_autoencoder_is_the_same_in_each_workspace(steady, kind):
    pipeline = (
        Pipeline("one")
        .add("some", some_pulses, n=80)
        .add(
            "train",
            blocks.fit_autoencoder,
            "some.traces",
            kind=kind,
            filters=[2, 4],
            latent_dim=2,
            epochs=2,
            batch_size=16,
            seed=4,
        )
        .add("z", blocks.encode, "some.traces", "train.model")
        .add("page", blocks.report_page, "z", title="Pulses")
        .add("seen", blocks.view, "z", title="Pulses")
    )
    # A page tells when it was written.
    run = steady(pipeline, but={"page.page", "seen.shown"})
    assert run.outputs["z"].shape == (80, 2)
    assert "Pulses" in run.outputs["seen"].read_text()
    assert len(run.outputs["train.history"]) == 2
    assert "Pulses" in run.outputs["page"].read_text()


def test_the_weight_of_a_divergence_is_of_the_network_that_has_one():
    traces = pulses(40, 256)
    options = {"filters": [2], "latent_dim": 2, "epochs": 1}
    model, _ = blocks.fit_autoencoder(traces, kind="vae", kl_weight=0.25, **options)
    assert model.architecture["kl_weight"] == 0.25
    with pytest.raises(BadRequest, match="kind='vae' has and 'cae' has not"):
        blocks.fit_autoencoder(traces, kl_weight=0.25, **options)


def test_a_training_leaves_the_random_numbers_of_the_session_as_they_were():
    traces = pulses(40, 256)
    np.random.seed(3)  # noqa: NPY002 - what Keras draws from
    wanted = np.random.random(3)  # noqa: NPY002
    np.random.seed(3)  # noqa: NPY002
    blocks.fit_autoencoder(traces, filters=[2], epochs=1)
    np.testing.assert_array_equal(np.random.random(3), wanted)  # noqa: NPY002


@pytest.mark.parametrize("name", ["train_waveforms", "fit_autoencoder"])
def test_a_training_that_is_cancelled_gives_no_result_and_goes_on_from_its_checkpoint(
    tmp_path, name, monkeypatch
):
    options = {
        "train_waveforms": {
            "rounds": [(1, 4)],
            "split": (60, 20, 0),
            "filters": [2],
            "batch_size": 20,
        },
        "fit_autoencoder": {"epochs": 4, "filters": [2], "batch_size": 20},
    }[name]
    pipeline = (
        Pipeline("ended")
        .add("some", some_pulses, n=80)
        .add("train", getattr(blocks, name), "some.traces", **options)
    )
    place = {"workspace": tmp_path / "one", "track": False, "progress": False}
    epochs = []

    moved = RunRecord.moved

    def seen(record, step, share, text):
        moved(record, step, share, text)
        if "epoch" in text:
            epochs.append(text)
            # The question is asked now and then, by a thread: a short training would be over by then.
            assert record._cancel.wait(60)

    with monkeypatch.context() as heard:
        heard.setattr(RunRecord, "moved", seen)
        with pytest.raises(Cancelled) as ended:
            pipeline.run(**place, cancelled=lambda: bool(epochs))
    assert len(epochs) == 1
    assert ended.value.run.state == "cancelled"
    assert "train.model" not in ended.value.run.outputs

    resumed = pipeline.run(**place)
    assert resumed.computed == ("train",)
    whole = pipeline.run(workspace=tmp_path / "two", track=False, progress=False)
    for output in ("model", "history"):
        assert resumed.outputs.hash_of(f"train.{output}") == whole.outputs.hash_of(
            f"train.{output}"
        )


def test_what_has_no_picture_says_what_does():
    with pytest.raises(BadRequest, match="figure_"):
        blocks.view(pd.DataFrame({"x": [1]}), work=adk.pipeline.Work())


def test_in_python_a_view_is_the_viewer():
    assert isinstance(blocks.view(EXAMPLES / "m13.fits"), adk.FitsViewer)
