from pathlib import Path

import keras
import numpy as np
import pytest
from astrodata_kernel import models
from astrodata_kernel.errors import BadRequest
from astrodata_kernel.models import losses


def burns(n: int, channels: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Give series of two dates with a bright square in the first channel of the last one, and its mask."""
    rng = np.random.default_rng(0)
    images = rng.normal(0, 0.1, (n, 2, 16, 16, channels)).astype("f4")
    masks = np.zeros((n, 16, 16, 1), "f4")
    for mask, image in zip(masks, images, strict=True):
        y, x = rng.integers(0, 8, 2)
        mask[y : y + 8, x : x + 8] = 1
        image[-1, ..., 0] += mask[..., 0]
    return images, masks


def test_the_network_of_nineteen_channels_has_455144_parameters() -> None:
    model = models.convlstm_unet((3, 64, 64, 19))
    assert model.count_params() == 455_144
    assert model.output_shape == (None, 64, 64, 1)
    layers = [layer.count_params() for layer in model.layers if "ConvLSTM" in type(layer).__name__]
    assert layers == [20_224, 55_424, 221_440, 110_720, 46_144, 1_192]


def test_seventeen_channels_take_453992() -> None:
    assert models.convlstm_unet((3, 32, 32, 17)).count_params() == 453_992


@pytest.mark.parametrize(
    ("make", "shape"),
    [
        (models.convlstm_unet, (2, 16, 16, 2)),
        (models.plain_unet, (2, 16, 16, 2)),
    ],
)
def test_a_network_learns_to_beat_the_empty_mask(make: object, shape: tuple[int, ...]) -> None:
    keras.utils.set_random_seed(1)
    images, masks = burns(8)
    model = make(shape, filters=(4, 8), bottleneck=8, dropout=0.0)
    model.compile(keras.optimizers.Adam(1e-2), losses.dice_jaccard_crossentropy)
    model.fit(images, masks, batch_size=4, epochs=12, verbose=0)
    found = np.asarray(model(images)) > 0.5
    overlap, union = (found & (masks > 0)).sum(), (found | (masks > 0)).sum()
    assert overlap / union > 0.5  # the empty mask has 0


def test_a_saved_network_gives_the_same_mask(tmp_path: Path) -> None:
    images, _ = burns(1)
    model = models.convlstm_unet((2, 16, 16, 2), filters=(2,), bottleneck=2)
    model.compile("adam", losses.dice_jaccard)
    again = models.load(models.save(model, tmp_path / "unet.keras"))
    np.testing.assert_array_equal(np.asarray(again(images)), np.asarray(model(images)))


def test_one_image_is_enough_for_the_plain_network() -> None:
    model = models.plain_unet((8, 12, 3), filters=(2,), bottleneck=2)
    assert model.output_shape == (None, 8, 12, 1)


@pytest.mark.parametrize("make", [models.convlstm_unet, models.plain_unet])
def test_a_size_that_cannot_be_halved_is_told_with_one_that_can(make: object) -> None:
    with pytest.raises(BadRequest, match="multiple of 4, as 20"):
        make((3, 18, 16, 2))


def test_a_shape_without_dates_is_refused() -> None:
    with pytest.raises(BadRequest, match="dates, rows, columns, channels"):
        models.convlstm_unet((16, 16, 2))
