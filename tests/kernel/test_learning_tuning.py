"""Fine-tuning of an encoder with labels: both parts of its loss, and that nothing else is touched."""

from pathlib import Path

import numpy as np
import pytest
from astrodata_kernel.errors import BadRequest
from astrodata_kernel.learning import fine_tune
from astrodata_kernel.learning.tuning import _parts, _with_labels
from astrodata_kernel.learning.weak import weak_loss
from astrodata_kernel.models import load, save, waveform_cae, waveform_vae
from astrodata_kernel.models.weights import fresh_weights

BEATS = Path(__file__).parents[2] / "examples" / "data" / "ecg_beats.npz"
with np.load(BEATS) as kept:
    # Heart beats, the first 40 abnormal ones behind 200 usual ones, of unit spread.
    ABNORMAL = kept["abnormal"]
    ROWS = np.concatenate([np.flatnonzero(~ABNORMAL)[:200], np.flatnonzero(ABNORMAL)[:40]])
    TRACES = (kept["beats"][ROWS] / np.float32(1000)).astype("f4")
TRACES = (TRACES - np.median(TRACES)) / TRACES.std()
LABELS = dict.fromkeys(range(30), "usual") | dict.fromkeys(range(200, 215), "odd")


def model_of(kind=waveform_cae, **options):
    model = kind(128, filters=(4, 8), latent_dim=3, output_activation="linear", **options)
    model.set_weights(fresh_weights([w.shape for w in model.weights], 3))
    return model


def test_labels_teach_the_encoder_to_tell_classes_apart(tmp_path):
    model = model_of()
    before = [w.copy() for w in model.get_weights()]
    told = []
    done = fine_tune(
        model,
        TRACES,
        labels=LABELS,
        epochs=8,
        batch_size=20,
        learning_rate=3e-3,
        progress=told.append,
        track=False,
    )
    found = done.probabilities(TRACES)
    assert done.classes == ("odd", "usual")
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-5)
    unseen_usual, unseen_odd = found[30:200, 1] > 0.5, found[215:, 0] > 0.5
    assert unseen_usual.mean() + unseen_odd.mean() > 1.8
    assert len(told) == len(done.history) == 8
    assert done.facts["labelled"] == 45
    # The model that was given is as it was; the new one is a model like any other.
    for one, other in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    again = load(save(done.model, tmp_path / "tuned.keras"))
    np.testing.assert_array_equal(
        again.encoder.predict(TRACES[:9], verbose=0),
        done.model.encoder.predict(TRACES[:9], verbose=0),
    )


def test_a_variational_encoder_can_be_taught_too():
    done = fine_tune(
        model_of(waveform_vae, seed=1), TRACES, labels=LABELS, epochs=1, batch_size=50, track=False
    )
    assert np.isfinite(done.val_loss)
    assert done.probabilities(TRACES[:4]).shape == (4, 2)


def test_a_training_that_was_cancelled_goes_on_from_its_checkpoint(tmp_path):
    asked = []

    def cancelled():
        asked.append(1)
        return len(asked) > 9

    options = {"labels": LABELS, "batch_size": 50, "track": False, "seed": 4}
    path = tmp_path / "state"
    first = fine_tune(model_of(), TRACES, epochs=3, checkpoint=path, cancelled=cancelled, **options)
    assert first.stopped == "cancelled"
    rest = fine_tune(model_of(), TRACES, epochs=3, checkpoint=path, **options)
    whole = fine_tune(model_of(), TRACES, epochs=3, **options)
    assert len(rest.history) == 3
    np.testing.assert_allclose(rest.history.loss, whole.history.loss, rtol=1e-4)


def test_the_loss_is_squares_and_cross_entropy_with_their_weights():
    rng = np.random.default_rng(0)
    x, made = rng.normal(size=(2, 5, 8)).astype("f4")
    logits = rng.normal(size=(5, 3)).astype("f4")
    number = np.array([0, 2, 1, 0, 0])
    tell, rebuild = np.array([1.5, 2, 0, 0, 1]), np.array([1, 0.5, 1, 2, 0])
    truth = np.column_stack([x, number, tell, rebuild]).astype("f4")
    share = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    expected = rebuild * ((x - made) ** 2).sum(axis=1) - tell * np.log(share[range(5), number])
    found = np.asarray(weak_loss(truth, np.concatenate([made, logits], axis=1)))
    np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_classes_and_parts_weigh_the_same_however_few_labels_there_are():
    numbers = np.full(1000, -1)
    numbers[:30], numbers[30:36] = 0, 1
    rows = _with_labels(np.zeros((1000, 4), "f4"), numbers, np.arange(1000), 7.0, repeat=True)
    number, tell, rebuild = rows[:, 4], rows[:, 5], rows[:, 6]
    labelled = tell > 0
    assert labelled.mean() == pytest.approx(0.25, abs=0.03)
    sums = [tell[labelled & (number == k)].sum() for k in (0, 1)]
    assert sums[0] == pytest.approx(sums[1], rel=1e-5)
    assert tell.mean() == pytest.approx(7.0, rel=1e-5)
    assert rebuild.mean() == pytest.approx(1.0, rel=1e-5)
    # A trace that comes again is rebuilt once.
    assert rebuild[labelled].sum() / rebuild.sum() == pytest.approx(0.036, rel=1e-3)


def test_each_class_is_on_both_sides_and_each_trace_once():
    numbers = np.repeat([-1, 0, 1], [50, 2, 9])
    training, held = _parts(numbers, 0.2, 3)
    assert sorted([*training, *held]) == list(range(61))
    assert set(numbers[held]) == set(numbers[training]) == {-1, 0, 1}


def test_a_run_is_kept_with_the_hash_of_the_labels(tmp_path):
    from astrodata_kernel.training import Tracker
    from mlflow.tracking import MlflowClient

    uri = f"sqlite:///{tmp_path}/runs.db"
    done = fine_tune(model_of(), TRACES, labels=LABELS, epochs=1, batch_size=50, track=Tracker(uri))
    run = MlflowClient(uri).get_run(done.facts["mlflow_run"])
    assert run.data.params["kind"] == "fine-tuning with labels"
    assert run.data.params["labels"] == done.facts["labels"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"labels": {0: "a", 1: "a"}}, "two classes"),
        ({"labels": {0: "a", 1: "a", 2: "b"}}, "two classes"),
        ({"labels": {}}, "0 of the traces are labelled"),
        ({"labels": LABELS, "weight": -1}, "from 0 upwards"),
        ({"labels": LABELS, "ids": [1, 2]}, "2 ids for 240 traces"),
        ({"labels": LABELS, "validation": 1.5}, "between 0 and 1"),
    ],
)
def test_what_cannot_be_taught_is_said(options, words):
    with pytest.raises(BadRequest, match=words):
        fine_tune(model_of(), TRACES, track=False, **options)


def test_a_model_without_an_encoder_is_refused():
    class Other:
        def predict(self, rows, **_options):
            return rows

    with pytest.raises(BadRequest, match=r"\.encoder"):
        fine_tune(Other(), TRACES, labels=LABELS, track=False)
