"""Many starts: the schemes, the engines, the dead ones, and the record in MLflow."""

import numpy as np
import pytest
from astrodata_kernel.errors import BadRequest, TrainingFailed, UnknownName
from astrodata_kernel.models import load, waveform_cae
from astrodata_kernel.models.weights import fresh_weights
from astrodata_kernel.testing.synthetic import pulses
from astrodata_kernel.training import PRESETS, Preset, Tracker, multistart
from astrodata_kernel.training.collapses import same_losses
from astrodata_kernel.training.dask_engine import DaskEngine
from astrodata_kernel.training.jax_engine import JaxEngine
from astrodata_kernel.training.keras_engine import KerasEngine
from astrodata_kernel.training.presets import Round
from astrodata_kernel.training.starts import Job, Start

SMALL = Preset("small", "for tests", (Round(3, 2), Round(2, 2)), batch_size=20, learning_rate=3e-3)


def job_of(seeds=(1, 2), epochs=2, **options):
    model = waveform_cae(512)
    shapes = [w.shape for w in model.weights]
    starts = [Start(0, i, seed, fresh_weights(shapes, seed)) for i, seed in enumerate(seeds)]
    x = pulses(130)
    return Job(model.architecture, x[:90], x[90:], starts, epochs, batch_size=20, **options)


def run(engine, job):
    return engine.run(job, lambda _record: None, lambda: False)


def test_the_presets_have_the_published_numbers_of_starts_and_epochs():
    slides = PRESETS["slides"]
    assert [(r.starts, r.epochs) for r in slides.rounds] == [(50, 20), *[(10, 20)] * 4]
    assert slides.model_epochs == 1800
    assert slides.batch_size == 100
    assert slides.split == (6000, 1500, 2500)
    released = PRESETS["released"]
    assert [(r.starts, r.epochs) for r in released.rounds] == [(10, 5), *[(3, 5)] * 4]
    assert released.seeds(1) == (20845, 568234, 9182)
    assert released.architecture["filters"] == (4, 8, 16)
    assert released.seeds(0)[0] == 8888
    assert released.min_rate == 1e-5


@pytest.mark.parametrize("together", [None, 1, 2])
def test_the_jax_engine_agrees_with_keras(together):
    job = job_of()
    ours, peer = run(JaxEngine(together), job), run(KerasEngine(), job)
    for a, b in zip(ours, peer, strict=True):
        for record, other in zip(a.history, b.history, strict=True):
            assert record["loss"] == pytest.approx(other["loss"], rel=1e-5)
            assert record["val_loss"] == pytest.approx(other["val_loss"], rel=1e-5)
        for w, v in zip(a.weights, b.weights, strict=True):
            np.testing.assert_allclose(w, v, atol=1e-5)


@pytest.mark.parametrize(
    "options", [{"kernel_size": 8}, {"filters": (3, 2)}, {"latent_activation": "relu"}]
)
def test_the_jax_network_is_the_keras_one_for_other_architectures(options):
    from astrodata_kernel.training.jax_network import Network

    model = waveform_cae(512, **options)
    weights = [0.3 * np.random.default_rng(0).standard_normal(w.shape) for w in model.weights]
    weights = [w.astype(np.float32) for w in weights]
    model.set_weights(weights)
    network, x = Network(model.architecture), pulses(9)
    z = network.encode(weights, x)
    np.testing.assert_allclose(z, model.encoder.predict(x, verbose=0), atol=1e-4, rtol=1e-5)
    np.testing.assert_allclose(
        network.decode(weights, z), model.predict(x, verbose=0), atol=1e-3, rtol=1e-4
    )


def test_networks_that_the_blocks_do_not_fit_are_refused_by_the_jax_engine():
    with pytest.raises(BadRequest, match="multiple of 512"):
        multistart(SMALL, pulses(40, 576), "jax", track=False)


@pytest.mark.parametrize("engine", ["keras", "jax"])
def test_the_best_living_start_goes_through_all_rounds(engine):
    told = []
    done = multistart(SMALL, pulses(120), engine, progress=told.append, track=False)
    assert len(done.starts) == 5
    assert len(done.history) == 10 == len(told)
    alive = done.starts[done.starts.collapsed == ""]
    assert done.val_loss == alive.val_loss.min()
    chosen = alive[alive.val_loss == alive.val_loss.min()].iloc[0]
    assert done.best == (chosen["round"], chosen.start)
    held = done.model.predict(pulses(30, seed=5), verbose=0)
    assert held.std() > 0
    assert len(done.test_rows) == 30


def test_seeds_in_parallel_on_dask_give_what_one_after_another_gives():
    from distributed import Client, LocalCluster

    job = job_of(seeds=(1, 2, 3), epochs=1)
    with (
        LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address="127.0.0.1:0"
        ) as cluster,
        Client(cluster) as client,
    ):
        ours = run(DaskEngine(client), job)
    for a, b in zip(ours, run(KerasEngine(), job), strict=True):
        assert a.start.seed == b.start.seed
        assert a.val_loss == pytest.approx(b.val_loss, rel=1e-5)


def with_dead_starts(monkeypatch, dead):
    from astrodata_kernel.training import multistarts

    def weights(shapes, seed):
        made = fresh_weights(shapes, seed)
        if seed in dead:
            # ReLU never fires: no trace reaches the latents, and none the output.
            for i in range(1, 6, 2):
                made[i] = made[i] - 100
        return made

    monkeypatch.setattr(multistarts, "fresh_weights", weights)


def test_a_dead_start_is_not_the_best_however_low_its_loss(monkeypatch):
    with_dead_starts(monkeypatch, {8888, 8890})
    # Held-out traces so small that giving nothing, as the dead ones do, costs least.
    held = 0.01 * np.random.default_rng(0).standard_normal((60, 512))
    done = multistart(SMALL, pulses(120), validation=held, rounds=(Round(3, 1),), track=False)
    assert done.starts.start[done.starts.collapsed != ""].tolist() == [0, 2]
    assert done.best == (0, 1)
    assert done.starts.val_loss[1] > done.starts.val_loss[0]
    assert done.collapsed.collapsed.str.contains("one value").all()


def test_where_all_starts_collapse_a_remedy_is_told(monkeypatch):
    with_dead_starts(monkeypatch, {8888, 8889, 8890})
    with pytest.raises(TrainingFailed, match=r"all 3 starts collapsed .*linear"):
        multistart(SMALL, pulses(60), rounds=(Round(3, 1),), track=False)


def test_starts_of_different_seeds_with_one_loss_are_suspicious():
    assert same_losses([6.9103, 7.5, 6.9103, 8.1]) == [True, False, True, False]
    assert same_losses([1.0]) == [False]


def test_halving_ends_most_starts_early_and_says_so():
    done = multistart(SMALL, pulses(80), "jax", rounds=(Round(5, 4),), halving=True, track=False)
    assert done.history.groupby("start").size().tolist().count(4) == 1
    assert done.history.groupby("start").size().sum() == 4 + 4 * 1
    assert "shortcut" in done.notes[0]


def test_the_garage_can_choose():
    noise = 0.01 * np.random.default_rng(0).standard_normal((400, 512)).astype(np.float32)
    signals = pulses(100, seed=4)
    done = multistart(
        SMALL,
        pulses(120),
        "jax",
        choose="garage",
        noise=noise,
        signals=signals,
        track=False,
    )
    assert done.starts.figure.between(0, 1).all()
    best = done.starts[(done.starts["round"] == done.best[0]) & (done.starts.start == done.best[1])]
    assert best.figure.iloc[0] == done.starts.figure[done.starts.collapsed == ""].min()
    with pytest.raises(BadRequest, match="noise-only"):
        multistart(SMALL, pulses(60), choose="garage", track=False)


@pytest.mark.parametrize("engine", ["keras", "jax"])
def test_a_training_that_was_ended_goes_on_from_its_checkpoints(tmp_path, engine):
    class Ended(Exception):
        pass

    def end(record):
        if record["start"] == 1 and record["epoch"] == 1:
            raise Ended

    options = {"rounds": (Round(3, 2),), "track": False}
    with pytest.raises(Ended):
        multistart(SMALL, pulses(100), engine, folder=tmp_path, progress=end, **options)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert set(before) == {"round0-start00.npz", "round0-start01.npz"}
    resumed = multistart(SMALL, pulses(100), engine, folder=tmp_path, **options)
    whole = multistart(SMALL, pulses(100), engine, **options)
    np.testing.assert_allclose(resumed.history.loss, whole.history.loss, rtol=1e-3)
    assert (tmp_path / "round0-start00.npz").read_bytes() == before["round0-start00.npz"]


def test_a_cancelled_scheme_gives_the_best_so_far():
    done = []

    def cancelled():
        return len(done) >= 3

    result = multistart(
        SMALL, pulses(80), "jax", progress=done.append, cancelled=cancelled, track=False
    )
    assert result.stopped == "cancelled"
    assert len(result.history) >= 3


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"preset": "nonsense"}, UnknownName),
        ({"engine": "abacus"}, UnknownName),
        ({"choose": "the stars"}, UnknownName),
        ({"rounds": ()}, BadRequest),
    ],
)
def test_names_and_schemes_that_are_none_are_refused(wrong, error):
    with pytest.raises(error):
        multistart(**{"preset": SMALL, "traces": pulses(20), "track": False, **wrong})


def test_a_run_is_kept_with_its_parameters_curves_figure_and_model(tmp_path):
    from mlflow.tracking import MlflowClient

    tracker = Tracker(f"sqlite:///{tmp_path / 'runs.db'}", name="a test")
    done = multistart(SMALL, pulses(60), "jax", track=tracker)
    assert done.notes == []
    client = MlflowClient(tracker.address)
    kept = client.get_run(done.facts["mlflow_run"])
    assert kept.info.status == "FINISHED"
    assert kept.data.params["preset"] == "small"
    assert kept.data.params["data"] == done.facts["data"]
    assert kept.data.params["architecture.latent_dim"] == "4"
    curve = client.get_metric_history(done.facts["mlflow_run"], "round0/start01/val_loss")
    expected = done.history[(done.history["round"] == 0) & (done.history.start == 1)].val_loss
    np.testing.assert_allclose([point.value for point in curve], expected)
    assert kept.data.metrics["val_loss"] == pytest.approx(done.val_loss)
    names = {item.path for item in client.list_artifacts(done.facts["mlflow_run"])}
    assert names == {
        "environment.json",
        "history.csv",
        "history.svg",
        "model.keras",
        "starts.csv",
    }
    path = client.download_artifacts(done.facts["mlflow_run"], "model.keras", str(tmp_path))
    x = pulses(3)
    again = load(path).predict(x, verbose=0)
    np.testing.assert_allclose(again, done.model.predict(x, verbose=0), atol=1e-6)


def test_a_store_that_cannot_be_reached_costs_no_training(tmp_path):
    (tmp_path / "file").write_text("in the way")
    tracker = Tracker(f"sqlite:///{tmp_path / 'file' / 'runs.db'}")
    done = multistart(SMALL, pulses(60), "jax", rounds=(Round(2, 1),), track=tracker)
    assert "not kept" in done.notes[-1]
    assert len(done.history) == 2
