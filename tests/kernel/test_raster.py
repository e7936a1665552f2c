import numpy as np
import pytest
from astrodata_kernel.errors import BadRequest
from astrodata_kernel.processing.raster import block_mean, counted, levels, limits
from hypothesis import given
from hypothesis import strategies as st


def slow_block_mean(image: np.ndarray, factor: int) -> np.ndarray:
    rows = [
        [
            image[y : y + factor, x : x + factor].astype(float)
            for x in range(0, image.shape[1], factor)
        ]
        for y in range(0, image.shape[0], factor)
    ]
    return np.array([[np.nan if np.isnan(b).all() else np.nanmean(b) for b in row] for row in rows])


@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_block_mean_is_the_mean_of_each_block_without_nan(
    rows: int, columns: int, factor: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    image = rng.normal(size=(rows, columns)).astype("f4")
    image[rng.random(image.shape) < 0.3] = np.nan
    np.testing.assert_allclose(
        block_mean(image, factor), slow_block_mean(image, factor), rtol=1e-5, atol=1e-6
    )


def test_block_mean_of_integers_does_not_overflow() -> None:
    image = np.full((4, 4), 32767, "i2")
    np.testing.assert_array_equal(block_mean(image, 2), np.full((2, 2), 32767.0))


def test_infinities_do_not_warn() -> None:
    assert np.isnan(block_mean(np.array([[np.inf, -np.inf]], "f4"), 2)).all()


@pytest.mark.parametrize(("side", "count"), [(1, 1), (512, 1), (513, 2), (20_000, 7)])
def test_levels_halve_until_one_tile_holds_all(side: int, count: int) -> None:
    assert levels(10, side) == count


def test_zscale_is_that_of_astropy() -> None:
    from astropy.visualization import ZScaleInterval

    image = np.random.default_rng(1).normal(100, 5, (80, 90))
    assert limits(image, "zscale") == pytest.approx(ZScaleInterval().get_limits(image))


def test_percentage_leaves_out_equal_tails() -> None:
    assert limits(np.arange(1001.0), "99%") == pytest.approx((5, 995))


def test_minmax_leaves_out_nan_and_infinities() -> None:
    assert limits([np.nan, -1, 4, np.inf], "minmax") == (-1, 4)


@pytest.mark.parametrize("mode", ["zscale", "minmax", "99.5%"])
@pytest.mark.parametrize("value", [0.0, 1890.0, -3e-18])
def test_a_constant_image_still_has_limits_apart(mode: str, value: float) -> None:
    low, high = limits(np.full((5, 5), value), mode)
    assert low < value < high


@pytest.mark.parametrize("mode", ["zscale", "minmax", "99.5%"])
def test_an_image_of_nothing_but_nan_has_limits_too(mode: str) -> None:
    assert limits(np.full((3, 3), np.nan), mode) == (0, 1)


@pytest.mark.parametrize("mode", ["zscal", "0%", "101%", "x%", "99", ""])
def test_unknown_limits_are_refused_with_what_is_known(mode: str) -> None:
    with pytest.raises(BadRequest, match=r"zscale.*minmax.*99\.5%"):
        limits(np.zeros(3), mode)


def test_values_are_counted_in_bins_below_above_and_without_a_number() -> None:
    sample = np.array([[-5, 0, 0.5, 1, 2], [3, 4, np.nan, np.inf, -np.inf]], "f4")
    counts, facts = counted(sample, 0, 4, 4)
    assert counts.tolist() == [2, 1, 1, 2]
    assert counts.dtype == np.uint32
    assert facts == {"low": 0, "high": 4, "below": 2, "above": 1, "blank": 1}
    whole = np.arange(100, dtype="i8")
    assert counted(whole, 0, 99, 10)[0].sum() == 100


@pytest.mark.parametrize(
    ("low", "high", "bins"), [(1, 1, 4), (0, np.nan, 4), (0, 1, 0), (0, 1, 99_999)]
)
def test_a_histogram_without_a_range_or_bins_is_refused(low, high, bins) -> None:
    with pytest.raises(BadRequest):
        counted(np.zeros(3), low, high, bins)
