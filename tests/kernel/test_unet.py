from pathlib import Path

import numpy as np
import pytest
from astrodata_kernel import models
from astrodata_kernel.errors import BadRequest
from astrodata_kernel.models import losses


def test_the_network_of_nineteen_channels_has_455144_parameters() -> None:
    model = models.convlstm_unet((3, 64, 64, 19))
    assert model.count_params() == 455_144
    assert model.output_shape == (None, 64, 64, 1)
    layers = [layer.count_params() for layer in model.layers if "ConvLSTM" in type(layer).__name__]
    assert layers == [20_224, 55_424, 221_440, 110_720, 46_144, 1_192]


def test_seventeen_channels_take_453992() -> None:
    assert models.convlstm_unet((3, 32, 32, 17)).count_params() == 453_992


def test_a_saved_network_gives_the_same_mask(tmp_path: Path) -> None:
    images = np.random.default_rng(0).normal(0, 0.1, (1, 2, 16, 16, 2)).astype("f4")
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
