import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astrodata_kernel.errors import BadRequest, DamagedFile, UnreadableFile
from astrodata_kernel.processing.normalise import PercentileScaling
from astrodata_kernel.processing.raster import mosaic, patches
from hypothesis import given
from hypothesis import strategies as st


@given(
    st.integers(1, 20),
    st.integers(1, 20),
    st.integers(1, 8),
    st.integers(1, 8),
    st.sampled_from(["f4", "f8", "u2", "i4", "?"]),
    st.sampled_from(["mean", "window"]),
    st.sampled_from(["reflect", "edge", "constant"]),
)
def test_a_mosaic_of_patches_is_the_image_to_the_last_bit(
    rows: int, columns: int, size: int, stride: int, dtype: str, blend: str, pad: str
) -> None:
    stride = min(stride, size)
    values = np.random.default_rng(0).normal(0, 1000, (rows, columns, 2))
    image = values.astype(dtype) if dtype != "u2" else np.abs(values).astype(dtype)
    cut = patches(image, size, stride, pad=pad)
    assert cut.shape[1:] == (size, size, 2)
    again = mosaic(cut, image.shape, stride, blend=blend)
    assert again.dtype == image.dtype
    np.testing.assert_array_equal(again, image)


@pytest.mark.parametrize("shape", [(7, 9), (7, 9, 3), (2, 7, 9, 3)])
def test_dates_and_bands_stay_in_their_places(shape: tuple[int, ...]) -> None:
    image = np.arange(np.prod(shape), dtype="f4").reshape(shape)
    np.testing.assert_array_equal(mosaic(patches(image, 4, 3), shape, 3), image)


def test_patches_that_do_not_overlap_stand_row_by_row() -> None:
    image = np.arange(24).reshape(4, 6)
    cut = patches(image, 2)
    assert cut.shape == (6, 2, 2)
    np.testing.assert_array_equal(cut[4], image[2:, 2:4])


def test_the_last_patch_mirrors_the_image_beyond_its_edge() -> None:
    image = np.arange(5)[None].repeat(2, 0)
    assert patches(image, 2)[-1].tolist() == [[4, 3], [4, 3]]


def test_predictions_are_averaged_where_patches_overlap() -> None:
    cut = np.stack([np.full((2, 2), 0.0), np.full((2, 2), 1.0)])
    assert mosaic(cut, (2, 3), 1)[0].tolist() == [0, 0.5, 1]


def test_a_window_blends_without_a_seam() -> None:
    cut = np.stack([np.zeros((8, 8)), np.ones((8, 8))])
    ramp = mosaic(cut, (8, 12), 4, blend="window")[0]
    assert (np.diff(ramp) >= 0).all()
    assert np.diff(ramp).max() < 0.5
    np.testing.assert_allclose(ramp, 1 - ramp[::-1], atol=1e-12)


def test_the_bands_of_predictions_may_be_others_than_those_of_the_image() -> None:
    image = np.random.default_rng(1).random((2, 10, 11, 4))
    cut = patches(image, 4, 2)
    assert mosaic(cut[:, 0, ..., :1], image.shape[1:3], 2).shape == (10, 11, 1)


def test_patches_without_a_value_leave_the_rest_alone() -> None:
    image = np.ones((4, 6))
    image[0, 0] = np.nan
    again = mosaic(patches(image, 4, 2), image.shape, 2)
    np.testing.assert_array_equal(again, image)


def test_dask_gives_the_same_lazily() -> None:
    dask = pytest.importorskip("dask.array")
    image = np.random.default_rng(1).random((2, 10, 11, 3))
    lazy = dask.from_array(image, chunks=(1, 4, 5, 3))
    cut = patches(lazy, 4, 3)
    again = mosaic(cut, image.shape, 3, blend="window")
    assert isinstance(cut, dask.Array)
    assert isinstance(again, dask.Array)
    assert again.shape == image.shape
    np.testing.assert_array_equal(cut.compute(scheduler="sync"), patches(image, 4, 3))
    np.testing.assert_array_equal(again.compute(scheduler="sync"), image)


def test_another_number_of_patches_is_refused_with_the_number_that_fits() -> None:
    with pytest.raises(BadRequest, match="which are 3 x 3"):
        mosaic(np.zeros((4, 4, 4)), (10, 10))


@pytest.mark.parametrize(("size", "stride"), [(0, None), (4, 5), (4, 0)])
def test_a_stride_that_leaves_pixels_out_is_refused(size: int, stride: int | None) -> None:
    with pytest.raises(BadRequest, match="stride"):
        patches(np.zeros((8, 8)), size, stride)


@given(st.integers(0, 2**32 - 1), st.sampled_from(["f4", "u2", "i2"]), st.integers(1, 60))
def test_limits_are_the_percentiles_of_all_images(seed: int, dtype: str, count: int) -> None:
    rng = np.random.default_rng(seed)
    images = [(rng.normal(300, 200, (n, count, 3)) ** 2 / 300).astype(dtype) for n in (1, 4)]
    found = PercentileScaling.fit(images)
    flat = np.concatenate([i.reshape(-1, 3) for i in images]).astype("f4").astype("f8")
    np.testing.assert_allclose(found.low, np.percentile(flat, 1, axis=0), rtol=1e-6)
    np.testing.assert_allclose(found.high, np.percentile(flat, 99, axis=0), rtol=1e-6)


def test_negative_values_nan_and_nodata_are_in_order_or_left_out() -> None:
    image = np.array([-3, np.nan, -1, 0, 2, np.inf, 9], "f4")[:, None]
    found = PercentileScaling.fit([image], (0, 100), nodata=9)
    assert (found.low, found.high, found.values) == ((-3.0,), (2.0,), (4,))


def test_limits_that_were_saved_scale_identically(tmp_path: Path) -> None:
    image = np.random.default_rng(0).normal(size=(20, 30, 2)).astype("f4")
    image[0, 0] = np.nan
    made = PercentileScaling.fit([image], bands=("B08", "B12"))
    kept = PercentileScaling.load(made.save(tmp_path / "limits.json"))
    assert kept == made
    scaled = kept.apply(image)
    np.testing.assert_array_equal(scaled, made.apply(image))
    assert scaled.dtype == np.float32
    assert np.isnan(scaled[0, 0]).all()
    assert (np.nanmin(scaled), np.nanmax(scaled)) == (0, 1)


def test_a_generator_is_read_twice_by_a_function_that_makes_it() -> None:
    images = [np.arange(8.0).reshape(4, 2) for _ in range(3)]
    assert PercentileScaling.fit(lambda: iter(images)) == PercentileScaling.fit(images)


def test_a_constant_band_does_not_divide_by_zero() -> None:
    image = np.full((4, 4, 1), 7.0)
    scaling = PercentileScaling.fit([image])
    assert scaling.apply(np.array([[6.0], [7.0], [8.0]])).ravel().tolist() == [0, 0, 1]


def test_dask_is_scaled_lazily() -> None:
    dask = pytest.importorskip("dask.array")
    image = np.random.default_rng(0).random((6, 6, 3)).astype("f4")
    scaling = PercentileScaling.fit([image])
    lazy = scaling.apply(dask.from_array(image, chunks=(2, 3, 1)))
    np.testing.assert_array_equal(lazy.compute(scheduler="sync"), scaling.apply(image))


def test_other_bands_than_those_of_the_limits_are_refused() -> None:
    scaling = PercentileScaling.fit([np.ones((2, 2, 2))], bands=("B04", "B08"))
    with pytest.raises(BadRequest, match="B08, B04"):
        scaling.apply(np.ones((2, 2, 2)), bands=("B08", "B04"))
    with pytest.raises(BadRequest, match="2 bands"):
        scaling.apply(np.ones((2, 2, 3)))


def test_a_band_without_values_is_named() -> None:
    image = np.ones((2, 2, 2))
    image[..., 1] = np.nan
    with pytest.raises(BadRequest, match="band B08 has no value"):
        PercentileScaling.fit([image], bands=("B04", "B08"))


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"format": "astrodata percentile scaling 1"}'])
def test_a_file_that_holds_no_limits_is_told(tmp_path: Path, text: str) -> None:
    file = tmp_path / "limits.json"
    file.write_text(text)
    with pytest.raises(DamagedFile, match=r"limits\.json"):
        PercentileScaling.load(file)


@pytest.mark.parametrize("change", [{"low": ["nan"]}, {"values": [math.inf]}, {"high": [1, 2]}])
def test_a_limit_that_is_no_number_is_damage(tmp_path: Path, change: dict[str, Any]) -> None:
    file = PercentileScaling.fit([np.ones((2, 2, 1))]).save(tmp_path / "limits.json")
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    with pytest.raises(DamagedFile):
        PercentileScaling.load(file)


def test_limits_that_are_not_there_are_told(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="cannot be read"):
        PercentileScaling.load(tmp_path / "none.json")
