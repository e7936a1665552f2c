"""Training of one model: progress, cancel, checkpoints, and a kill in the middle."""

import signal
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from astrodata_kernel.errors import BadRequest, TrainingFailed
from astrodata_kernel.models import waveform_cae, waveform_vae
from astrodata_kernel.models.weights import fresh_weights
from astrodata_kernel.testing.synthetic import pulses
from astrodata_kernel.training import Plateau, collapse, fit, split

RNG = np.random.default_rng(2)


def model_of(seed=3, **options):
    model = waveform_cae(512, **options)
    model.set_weights(fresh_weights([w.shape for w in model.weights], seed))
    return model


def test_training_lowers_the_loss_and_tells_of_each_epoch():
    told = []
    done = fit(model_of(), pulses(300), epochs=4, batch_size=20, progress=told.append, track=False)
    assert done.history.val_loss.iloc[-1] < 0.8 * done.history.val_loss.iloc[0]
    assert [record["epoch"] for record in told] == [0, 1, 2, 3]
    assert done.history.columns[:5].tolist() == ["round", "start", "epoch", "loss", "val_loss"]
    assert done.stopped == "finished"
    assert len(done.collapsed) == 0


def test_the_model_has_the_weights_of_its_best_epoch():
    x, held = pulses(200), pulses(60, seed=9)
    # So high a rate that some epochs are worse than those before.
    done = fit(
        model_of(), x, validation=held, epochs=8, batch_size=20, learning_rate=0.02, track=False
    )
    losses = done.history.val_loss
    made = done.model.predict(held, verbose=0)
    assert np.mean(np.sum((made - held) ** 2, axis=1)) == pytest.approx(losses.min(), rel=1e-3)
    assert done.val_loss == losses.min()


def test_the_order_of_the_traces_comes_from_the_seed():
    runs = [
        fit(model_of(), pulses(100), epochs=1, batch_size=20, seed=seed, track=False)
        for seed in (1, 1, 2)
    ]
    losses = [run.history.loss[0] for run in runs]
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)
    assert losses[0] != losses[2]


def test_a_cancelled_training_gives_what_there_is():
    asked = []

    def cancelled():
        asked.append(1)
        return len(asked) > 12  # in the third of epochs with five batches

    done = fit(
        model_of(),
        pulses(125),
        epochs=50,
        batch_size=20,
        cancelled=cancelled,
        track=False,
    )
    assert done.stopped == "cancelled"
    assert len(done.history) == 2
    assert np.isfinite(done.val_loss)


def test_an_epoch_that_is_given_up_leaves_the_weights_as_they_were():
    model, asked = model_of(), []
    before = model.get_weights()

    def cancelled():
        asked.append(1)
        return len(asked) > 3  # in the middle of the first epoch

    done = fit(model, pulses(125), epochs=2, batch_size=20, cancelled=cancelled, track=False)
    assert len(done.history) == 0
    for a, b in zip(done.model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(a, b)


def test_an_interrupt_of_the_kernel_ends_training_and_keeps_the_best():
    def interrupt(record):
        if record["epoch"] == 1:
            raise KeyboardInterrupt

    done = fit(model_of(), pulses(60), epochs=9, progress=interrupt, track=False)
    assert done.stopped == "cancelled"
    assert len(done.history) == 2


KILLED = """
    import os, signal, sys
    from astrodata_kernel.models import waveform_cae
    from astrodata_kernel.testing.synthetic import pulses
    from astrodata_kernel.training import fit
    from astrodata_kernel.models.weights import fresh_weights

    batches = 0

    def killer():
        global batches
        batches += 1
        if batches == 18:  # epochs have eight batches: in the middle of the third
            os.kill(os.getpid(), signal.SIGKILL)
        return False

    model = waveform_cae(512)
    model.set_weights(fresh_weights([w.shape for w in model.weights], 3))
    fit(model, pulses(200), epochs=4, batch_size=20, checkpoint=sys.argv[1], cancelled=killer, track=False)
"""


def test_a_training_that_was_killed_goes_on_and_ends_as_an_undisturbed_one(tmp_path):
    path = tmp_path / "checkpoint.npz"
    command = [sys.executable, "-c", textwrap.dedent(KILLED), str(path)]
    ended = subprocess.run(command, capture_output=True, text=True)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    told = []
    resumed = fit(
        model_of(seed=99),  # the checkpoint's weights count, not these
        pulses(200),
        epochs=4,
        batch_size=20,
        checkpoint=path,
        progress=told.append,
        track=False,
    )
    whole = fit(model_of(), pulses(200), epochs=4, batch_size=20, track=False)
    assert len(resumed.history) == 4
    np.testing.assert_allclose(resumed.history.val_loss, whole.history.val_loss, rtol=1e-3)
    for a, b in zip(resumed.model.get_weights(), whole.model.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-3)
    # Two epochs came from the checkpoint, with the seconds that they took then.
    assert [record["epoch"] for record in told] == [0, 1, 2, 3]
    assert [p.name for p in tmp_path.iterdir()] == ["checkpoint.npz"]


def test_more_epochs_go_on_from_a_finished_training(tmp_path):
    path = tmp_path / "checkpoint.npz"
    options = {"batch_size": 20, "checkpoint": path, "track": False}
    fit(model_of(), pulses(100), epochs=2, **options)
    longer = fit(model_of(), pulses(100), epochs=3, **options)
    whole = fit(model_of(), pulses(100), epochs=3, batch_size=20, track=False)
    np.testing.assert_allclose(longer.history.loss, whole.history.loss, rtol=1e-3)


def test_the_checkpoint_of_another_training_is_refused(tmp_path):
    path = tmp_path / "checkpoint.npz"
    fit(model_of(), pulses(100), epochs=1, checkpoint=path, track=False)
    with pytest.raises(BadRequest, match="another training"):
        fit(model_of(), pulses(100, seed=5), epochs=1, checkpoint=path, track=False)
    fit(model_of(), pulses(100, seed=5), epochs=1, checkpoint=path, resume=False, track=False)


def test_a_damaged_checkpoint_begins_anew(tmp_path):
    path = tmp_path / "checkpoint.npz"
    fit(model_of(), pulses(100), epochs=1, checkpoint=path, track=False)
    path.write_bytes(path.read_bytes()[:-300])
    done = fit(model_of(), pulses(100), epochs=1, checkpoint=path, track=False)
    assert len(done.history) == 1


def test_a_disk_that_takes_no_checkpoint_costs_no_training(tmp_path):
    path = tmp_path / "no such folder" / "checkpoint.npz"
    done = fit(model_of(), pulses(60), epochs=1, checkpoint=path, track=False)
    assert len(done.history) == 1
    assert "cannot be written" in done.notes[0]
    assert list(tmp_path.iterdir()) == []


def test_the_variational_model_trains():
    model = waveform_vae(512, filters=(2, 4, 8), seed=0)
    done = fit(model, pulses(200), epochs=3, batch_size=20, track=False)
    assert done.history.loss.iloc[-1] < done.history.loss.iloc[0]


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        (lambda: pulses(20)[:, :500], 'pad them .* how="pad"'),
        (lambda: np.zeros((20, 600), np.float32), 'trim them .* how="trim"'),
        (lambda: np.where(np.arange(20)[:, None] == 3, np.nan, pulses(20)), "the first is trace 3"),
        (lambda: pulses(20)[0], "holds no traces"),
        (lambda: pulses(1), "leaves nothing"),
        (lambda: np.zeros((0, 512)), "holds no traces"),
    ],
)
def test_traces_that_cannot_be_trained_on_are_refused(wrong, text):
    with pytest.raises(BadRequest, match=text):
        fit(model_of(), wrong(), epochs=1, track=False)


@pytest.mark.parametrize("dtype", [">f4", "i2", "f8", "u2"])
def test_every_type_of_number_is_trained_on(dtype):
    x = (pulses(40) * 100).astype(dtype)
    done = fit(model_of(), x, epochs=1, track=False)
    assert np.isfinite(done.history.loss[0])


def test_a_loss_that_is_nan_at_once_is_told():
    with pytest.raises(TrainingFailed, match="normalise"):
        fit(model_of(), pulses(40) * np.float32(1e30), epochs=2, track=False)


def test_the_plateau_is_that_of_keras():
    keras = pytest.importorskip("keras")
    losses = [5, 4, 4, 4, 3.99995, 4, 4, 4, 3, 3, 3, 3, 3, 3, 3, 3, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2]
    settings = {"factor": 0.5, "patience": 3, "cooldown": 2, "min_delta": 1e-4}
    peer = keras.callbacks.ReduceLROnPlateau(monitor="val_loss", min_lr=2e-4, **settings)
    model = model_of()
    model.compile(optimizer=keras.optimizers.Adam(1e-3))
    peer.set_model(model)
    peer.on_train_begin()
    ours, rate = Plateau(**settings, min_rate=2e-4), 1e-3
    for epoch, loss in enumerate(losses):
        peer.on_epoch_end(epoch, {"val_loss": loss})
        rate = ours.next_rate(loss, rate)
        assert rate == pytest.approx(float(model.optimizer.learning_rate), rel=1e-6), epoch
    assert rate < 1e-3


def test_the_split_is_that_of_the_slides_and_holds_each_trace_once():
    parts = split(10_000)
    assert [len(part) for part in parts] == [6000, 1500, 2500]
    assert sorted(np.concatenate(parts)) == list(range(10_000))
    assert [len(part) for part in split(20)] == [12, 3, 5]
    assert [len(part) for part in split(3)] == [1, 1, 1]
    with pytest.raises(BadRequest):
        split(2)


def test_a_model_without_life_is_found():
    z, x = RNG.normal(size=(50, 4)), RNG.normal(size=(50, 30))
    assert collapse(z, x * 0.9, x) == ("", [])
    assert "one value" in collapse(np.full((50, 4), 2.0), x, x)[0]
    assert "alike" in collapse(z, np.tile(x[:1], (50, 1)), x)[0]
    assert "NaN" in collapse(z * np.nan, x, x)[0]
    one_dead = z.copy()
    one_dead[:, 2] = 0
    assert collapse(one_dead, x * 0.9, x) == ("", [2])
