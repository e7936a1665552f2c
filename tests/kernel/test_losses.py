import numpy as np
import pytest
from astrodata_kernel.models import losses
from hypothesis import given, settings
from hypothesis import strategies as st

masks = st.lists(st.booleans(), min_size=4, max_size=36)
seeds = st.integers(0, 2**32 - 1)
LOSSES = [
    losses.dice,
    losses.jaccard,
    losses.dice_jaccard,
    losses.dice_jaccard_crossentropy,
]


def value(loss: object, true: object, found: object) -> float:
    return float(loss(np.asarray(true, "f4"), np.asarray(found, "f4")))


@pytest.mark.parametrize("loss", LOSSES)
@given(mask=masks)
@settings(max_examples=20)
def test_equal_masks_cost_exactly_nothing(loss: object, mask: list[bool]) -> None:
    assert value(loss, mask, mask) == 0


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("fill", [0, 1])
def test_empty_and_full_masks_cost_nothing_when_equal(loss: object, fill: int) -> None:
    mask = np.full((2, 8, 8, 1), fill)
    assert value(loss, mask, mask) == 0


@pytest.mark.parametrize("loss", LOSSES[:3])
def test_masks_that_do_not_meet_cost_one(loss: object) -> None:
    mask = np.arange(16) % 2
    assert value(loss, mask, 1 - mask) == pytest.approx(1, abs=1e-6)


@given(seeds, st.floats(1e-7, 1))
@settings(max_examples=40)
def test_the_scores_are_related_by_j_is_d_over_two_minus_d(seed: int, strength: float) -> None:
    rng = np.random.default_rng(seed)
    true, found = rng.integers(0, 2, 30), rng.random(30) * strength
    d, j = 1 - value(losses.dice, true, found), 1 - value(losses.jaccard, true, found)
    assert j == pytest.approx(d / (2 - d), abs=1e-6)


@given(seeds)
@settings(max_examples=20)
def test_sums_go_over_the_whole_tensor(seed: int) -> None:
    rng = np.random.default_rng(seed)
    true, found = rng.integers(0, 2, (2, 4, 4, 1)), rng.random((2, 4, 4, 1))
    both = true.sum() + found.sum()
    assert value(losses.dice, true, found) == pytest.approx(
        1 - 2 * (true * found).sum() / both, abs=1e-5
    )


def test_the_parts_are_weighted() -> None:
    rng = np.random.default_rng(0)
    true, found = rng.integers(0, 2, 50), rng.random(50)
    d, j = value(losses.dice, true, found), value(losses.jaccard, true, found)
    entropy = -(true * np.log(found) + (1 - true) * np.log(1 - found)).mean()
    assert value(losses.dice_jaccard, true, found) == pytest.approx((d + j) / 2, abs=1e-6)
    assert value(losses.dice_jaccard_crossentropy, true, found) == pytest.approx(
        0.4 * d + 0.4 * j + 0.2 * entropy, abs=1e-5
    )


def test_a_mask_without_the_axis_of_its_one_channel_is_the_same_mask() -> None:
    true, found = np.eye(4)[None], np.eye(4)[None, ..., None]
    assert value(losses.dice, true, found) == 0


def test_certainty_that_is_wrong_costs_a_finite_amount() -> None:
    assert np.isfinite(value(losses.dice_jaccard_crossentropy, [0, 1], [1, 0]))


def test_half_precision_does_not_overflow_the_sums() -> None:
    mask = np.ones((512, 512), "f2")
    assert float(losses.dice(mask, mask)) == 0
