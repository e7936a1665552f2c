"""Training of networks that draw masks: events, gaps, turns, scores, cancel and resume."""

import json
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
from astrodata_kernel import models
from astrodata_kernel.errors import BadRequest
from astrodata_kernel.models import losses
from astrodata_kernel.models.weights import fresh_weights
from astrodata_kernel.processing.normalise import PercentileScaling
from astrodata_kernel.processing.patch_sets import PatchSet
from astrodata_kernel.training import Live, Tracker, fit_masks
from astrodata_kernel.training.masks import iou_and_dice, known_only, validated
from astrodata_kernel.training.masks_data import Pairs, divided


def burns(n: int = 24, seed: int = 0) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Give series of two dates with a bright square in the first channel of the last one; six events."""
    rng = np.random.default_rng(seed)
    images = rng.normal(0.2, 0.05, (n, 2, 16, 16, 2)).astype("f4")
    masks = np.zeros((n, 16, 16), "u1")
    for mask, image in zip(masks, images, strict=True):
        y, x = rng.integers(0, 8, 2)
        mask[y : y + 8, x : x + 8] = 1
        image[-1, ..., 0] += 0.6 * mask
    return images, masks, [f"fire {i // 4}" for i in range(n)]


def pixels(n: int = 12, seed: int = 0) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Give the last date of the series alone, for a network that is quick."""
    images, masks, events = burns(n, seed)
    return np.ascontiguousarray(images[:, -1]), masks, events


def threshold(seed: int = 3):
    """Give the smallest network there is."""
    keras.utils.set_random_seed(seed)
    layers = [
        keras.Input((16, 16, 2)),
        keras.layers.Conv2D(1, 1, activation="sigmoid", name="mask"),
    ]
    return keras.Sequential(layers)


FAST = {"learning_rate": 1e-2, "batch_size": 4, "track": False}


class Told:
    """Takes in the epochs, and how far each is."""

    def __init__(self) -> None:
        self.epochs: list[int] = []
        self.shares: list[float] = []

    def __call__(self, record: dict) -> None:
        self.epochs.append(record["epoch"])

    def during(self, epoch: int, share: float, loss: float) -> None:
        self.shares.append(share)


def numbers(n: int = 24) -> PatchSet:
    """Give patches of one date as they are stored, with their scaling; a row of each is not known."""
    images, masks, events = pixels(n)
    masks[:, :1] = 255
    return PatchSet(
        (images * 1e4).clip(0).astype("u2"),
        masks,
        tuple(events),
        ("s",) * n,
        np.zeros((n, 2), int),
        ("B08", "B12"),
    ).fit_scaling()


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory):
    """Train once, and keep all that can be kept of it: most of a short training is TensorFlow's tracing."""
    pytest.importorskip("mlflow")
    folder = tmp_path_factory.mktemp("trained")
    told, tracker = Told(), Tracker(f"sqlite:///{folder / 'mlflow.db'}")
    done = fit_masks(threshold(), numbers(), epochs=3, progress=told, **{**FAST, "track": tracker})
    return done, told, tracker


def dated(n: int) -> PatchSet:
    images, masks, events = burns(n)
    return PatchSet(images, masks, tuple(events), ("s",) * n, np.zeros((n, 2), int))


@pytest.mark.parametrize("make", [models.plain_unet, models.convlstm_unet])
def test_a_network_of_dates_beats_the_empty_mask_on_events_it_has_not_seen(make) -> None:
    model = make((2, 16, 16, 2), filters=(4,), bottleneck=8, dropout=0.0)
    model.set_weights(fresh_weights([w.shape for w in model.weights], 8))
    done = fit_masks(model, dated(24), epochs=6, **{**FAST, "learning_rate": 3e-2})
    assert done.history.val_iou.max() > 0.5  # the empty mask has 0
    iou, dice = done.history.val_iou, done.history.val_dice
    np.testing.assert_allclose(iou, dice / (2 - dice), rtol=1e-6)
    assert (done.stopped, len(done.collapsed), done.notes) == ("finished", 0, [])


def test_a_set_of_patches_brings_masks_events_and_scaling(trained) -> None:
    done, told, _ = trained
    assert np.isfinite(done.history.loss).all()  # what is not known costs nothing
    assert done.history.loss.iloc[-1] < done.history.loss.iloc[0]
    assert {"loss", "val_loss", "iou", "dice", "val_iou", "val_dice"} <= set(done.history.columns)
    assert done.facts["validation_patches"] == 8  # two of six events
    assert "IoU" in done._repr_html_()
    assert (told.epochs, told.shares[:4]) == ([0, 1, 2], [0.25, 0.5, 0.75, 1])
    with pytest.raises(BadRequest, match="leave masks out"):
        fit_masks(threshold(), numbers(), np.zeros((24, 16, 16)))


def test_the_run_is_kept_with_its_scores_events_scaling_and_model(trained, tmp_path: Path) -> None:
    from mlflow.tracking import MlflowClient

    done, _, tracker = trained
    client = MlflowClient(tracker.address)
    run = client.get_run(done.facts["mlflow_run"])
    told = run.data.params
    assert (told["kind"], told["epochs"], told["batch_size"]) == ("fit_masks", "3", "4")
    curve = client.get_metric_history(run.info.run_id, "round0/start00/val_iou")
    assert [point.value for point in curve] == done.history.val_iou.tolist()
    kept = Path(client.download_artifacts(run.info.run_id, "", str(tmp_path)))
    events = json.loads((kept / "events.json").read_text())
    assert told["events.validation"] == ", ".join(events["validation"])
    assert sorted(events["training"] + events["validation"]) == [f"fire {i}" for i in range(6)]
    # A network is asked with the limits that it was trained with.
    scaling = PercentileScaling.load(kept / "model.scaling.json")
    assert scaling == numbers().scaling
    images = scaling.apply(numbers().images[:4])
    again = models.load(kept / "model.keras")
    np.testing.assert_array_equal(again(images), done.model(images))


def test_a_trained_network_is_saved_and_compiled_with_its_own_loss(trained, tmp_path: Path) -> None:
    trained[0].model.save(tmp_path / "unet.keras")
    again = keras.saving.load_model(tmp_path / "unet.keras")
    assert again.loss is losses.dice_jaccard_crossentropy


@pytest.mark.parametrize("ending", [".npy", ".npz", ".zarr"])
def test_patches_on_disk_are_read_some_at_a_time(tmp_path: Path, ending: str) -> None:
    images, masks, events = pixels(96)
    sides = [slice(0, 48), slice(48, 96)]
    sets = [
        PatchSet(images[s], masks[s], tuple(events[s]), ("s",) * 48, np.zeros((48, 2), int))
        for s in sides
    ]
    for number, one in enumerate(sets):
        one.save(tmp_path / f"{number}{ending}")
    lazy = PatchSet.join(
        [PatchSet.load(tmp_path / f"{number}{ending}", lazy=True) for number in (0, 1)]
    )
    # Joined and chosen they are on disk still.
    assert not isinstance(lazy.choose([3, 90]).images, np.ndarray)
    np.testing.assert_array_equal(lazy.choose([90, 3]).images[:, 2:4], images[[90, 3], 2:4])
    inside, outside = (divided(one, None, None, 0.3, 0)[0] for one in (PatchSet.join(sets), lazy))
    assert inside.digest() == outside.digest()
    reads = []

    class Watched(type(lazy.images)):
        def _read(self, block):
            reads.append(len(range(block[0].start, block[0].stop)))
            return super()._read(block)

    lazy.images.__class__ = Watched
    for first, second in zip(
        *(side.epoch(0, 4, seed=1) for side in (inside, outside)), strict=True
    ):
        np.testing.assert_array_equal(first[0], second[0])
        np.testing.assert_array_equal(first[1], second[1])
    assert set(reads) == {1}


def test_a_cancelled_training_goes_on_from_its_checkpoint_as_an_undisturbed_one(
    tmp_path: Path,
) -> None:
    images, masks, events = pixels(12)
    path = tmp_path / "checkpoint.npz"
    told, asked = Told(), []

    def cancelled() -> bool:
        asked.append(1)
        return len(asked) > 3  # in the second of epochs with two batches

    given = {"events": events, "epochs": 3, **FAST}
    begun = fit_masks(threshold(), images, masks, checkpoint=path, cancelled=cancelled, **given)
    assert (begun.stopped, len(begun.history)) == ("cancelled", 1)
    assert np.isfinite(begun.val_loss)
    # The checkpoint's weights count.
    resumed = fit_masks(threshold(9), images, masks, checkpoint=path, progress=told, **given)
    whole = fit_masks(threshold(), images, masks, **given)
    np.testing.assert_allclose(resumed.history.val_loss, whole.history.val_loss, rtol=1e-3)
    assert told.epochs == [0, 1, 2]
    with pytest.raises(BadRequest, match="another training"):
        fit_masks(threshold(), images + 1, masks, checkpoint=path, **given)


def test_a_training_that_is_cancelled_at_once_leaves_the_network_as_it_was() -> None:
    images, masks, events = pixels(12)
    model = threshold()
    before = model.get_weights()
    done = fit_masks(model, images, masks, events=events, cancelled=lambda: True, **FAST)
    assert (done.stopped, len(done.history)) == ("cancelled", 0)
    for kept, weight in zip(before, done.model.get_weights(), strict=True):
        np.testing.assert_array_equal(kept, weight)
    assert "cancelled" in done._repr_html_()


def test_bands_in_another_order_are_no_validation() -> None:
    made = numbers()
    other = replace(made, bands=("B12", "B08"), scaling=None)
    with pytest.raises(BadRequest, match="validation of the bands B12, B08"):
        fit_masks(threshold(), made, validation=other, track=False)


def test_the_model_has_the_weights_of_its_best_epoch() -> None:
    images, masks, events = pixels()
    held = pixels(8, seed=5)[:2]
    done = fit_masks(
        threshold(),
        images,
        masks,
        events=events,
        validation=held,
        epochs=6,
        batch_size=4,
        learning_rate=0.1,
        track=False,
    )
    pairs = Pairs(*held, np.arange(8))
    counted = known_only(losses.dice_jaccard_crossentropy)
    found, _ = validated(done.model, pairs, counted, 3)
    assert found == pytest.approx(done.history.val_loss.min(), rel=1e-4)
    assert done.val_loss == done.history.val_loss.min()


def test_the_validation_loss_is_that_of_all_pixels_whatever_the_batch() -> None:
    images, masks, _ = pixels(7)
    masks[:3] = 0
    pairs, model = Pairs(images, masks, np.arange(7)), threshold()
    found = [validated(model, pairs, known_only(losses.dice), size) for size in (1, 3, 7)]
    for loss, counts in found[1:]:
        assert loss == pytest.approx(found[0][0], rel=1e-5)
        np.testing.assert_array_equal(counts, found[0][1])


def test_each_epoch_is_turned_otherwise_and_a_seed_repeats_it() -> None:
    images, masks, _ = pixels(6)
    pairs = Pairs(images, masks, np.arange(6))
    first, second, again = (
        [np.concatenate(part) for part in zip(*pairs.epoch(n, 4, seed=1), strict=True)]
        for n in (0, 1, 0)
    )
    np.testing.assert_array_equal(first[0], again[0])
    assert not np.array_equal(first[0], second[0])
    # The mask goes with its image: the bright square is where it burnt.
    np.testing.assert_array_equal(first[0][..., 0] > 0.5, first[1][..., 0] > 0.5)
    plain = np.concatenate([images for images, _ in pairs.epoch(0, 4, seed=1, augment=False)])
    assert {patch.tobytes() for patch in plain} == {patch.tobytes() for patch in images}


def test_pixels_that_are_not_known_count_nowhere() -> None:
    images, masks, _ = pixels(4)
    masks = masks.astype("f4")
    images[0, :4, :, 1] = np.nan  # of one band
    masks[1, 8:] = np.nan
    batch, truth = Pairs(images, masks, np.arange(4)).batch(np.arange(4))
    bytes_ = np.where(np.isnan(masks), 255, masks).astype("u1")
    np.testing.assert_array_equal(Pairs(images, bytes_, np.arange(4)).batch(np.arange(4))[1], truth)
    assert np.isfinite(batch).all()
    assert (batch[0, :4, :, 1] == 0).all()
    assert (batch[0, :4, :, 0] != 0).all()
    assert not truth[0, :4].any()
    assert not truth[1, 8:].any()
    assert truth[2:, ..., 1].all()
    # Whatever is drawn there costs nothing, in any loss.
    guess = np.random.default_rng(0).uniform(0.1, 0.9, (4, 16, 16, 1)).astype("f4")
    other = guess.copy()
    other[0, :4], other[1, 8:] = 0.999, 0.001
    for loss in (losses.dice_jaccard_crossentropy, losses.jaccard, "binary_crossentropy"):
        costs = [np.mean(known_only(loss)(truth, one)) for one in (guess, other)]
        assert costs[0] == pytest.approx(costs[1], rel=1e-6)
    known = truth[..., 1] > 0
    alone = losses.dice(masks[known], guess[..., 0][known])
    assert float(known_only(losses.dice)(truth, guess)) == pytest.approx(float(alone), rel=1e-5)


def test_no_event_is_on_both_sides() -> None:
    images, masks, events = pixels(24)
    training, held, notes = divided(images, masks, events, 0.3, 4)
    sides = [{events[i] for i in side.rows} for side in (training, held)]
    assert not sides[0] & sides[1]
    assert (len(sides[0]), len(sides[1]), notes) == (4, 2, [])
    _, _, notes = divided(images, masks, None, 0.3, 0)
    assert "give events" in notes[0]


def test_balanced_draws_take_patches_without_burns_half_of_the_time() -> None:
    images, masks, _ = pixels(40)
    masks[4:] = 0
    pairs = Pairs(images, masks, np.arange(40))
    truths = [
        truth
        for epoch in range(20)
        for _, truth in pairs.epoch(epoch, 8, seed=0, weights=pairs.weights())
    ]
    burnt = np.concatenate(truths)[..., 0].any(axis=(1, 2))
    assert 0.4 < burnt.mean() < 0.6
    done = fit_masks(threshold(), images[:12], masks[:12], epochs=1, balanced=True, **FAST)
    assert len(done.history) == 1


def test_progress_is_printed_with_the_iou(capsys: pytest.CaptureFixture[str]) -> None:
    images, masks, events = pixels(12)
    fit_masks(threshold(), images, masks, events=events, epochs=1, progress=Live(1), **FAST)
    assert "epoch 1 of 1" in capsys.readouterr().out


def test_a_network_that_draws_nothing_is_told() -> None:
    images, masks, events = pixels(12)
    model = threshold()
    model.get_layer("mask").set_weights([np.zeros((1, 1, 2, 1)), np.full(1, -20.0)])
    empty = fit_masks(
        model, images, masks, events=events, epochs=1, learning_rate=1e-9, track=False
    )
    assert "no burnt pixel" in empty.collapsed.collapsed[0]


def test_scores_of_empty_masks_are_those_of_equal_ones() -> None:
    assert iou_and_dice(0, 0, 0) == (1, 1)
    assert iou_and_dice(2, 3, 4) == (2 / 5, 4 / 7)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"masks": None}, "no masks"),
        ({"masks": np.zeros((12, 8, 8))}, "one mask of"),
        ({"masks": np.full((12, 16, 16), 4, "u1")}, "from 4 to 4: give 0 and 1"),
        ({"images": np.zeros((12, 16, 16))}, "images of shape"),
        ({"images": np.zeros((12, 16, 16, 3))}, "the model takes images of"),
        ({"events": ["one"] * 12}, "all patches are of one event"),
        ({"events": ["one"]}, "1 events for 12 patches"),
        ({"validation": 1.5}, "between 0 and 1"),
        ({"validation": (np.zeros((2, 8, 8, 2)), np.zeros((2, 8, 8)))}, "cut both alike"),
        ({"epochs": 0}, "numbers above 0"),
    ],
)
def test_what_cannot_be_trained_on_is_refused(change: dict, text: str) -> None:
    images, masks, events = pixels(12)
    given = {"images": images, "masks": masks, "events": events, "track": False, **change}
    with pytest.raises(BadRequest, match=text):
        fit_masks(threshold(), **given)


def test_a_model_that_gives_no_mask_is_refused() -> None:
    images, masks, events = pixels(12)
    model = keras.Sequential([keras.Input((16, 16, 2)), keras.layers.Flatten()])
    with pytest.raises(BadRequest, match="a probability a pixel"):
        fit_masks(model, images, masks, events=events, track=False)


def test_events_on_both_sides_of_sets_that_are_given_are_told() -> None:
    images, masks, events = pixels(12)
    made = PatchSet(images, masks, tuple(events), ("s",) * 12, np.zeros((12, 2), int))
    _, _, notes = divided(made, None, None, made.choose([0]), 0)
    assert "fire 0: on both sides" in notes[0]
