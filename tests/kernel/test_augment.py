import numpy as np
import pytest
from astrodata_kernel.errors import BadRequest
from astrodata_kernel.processing.augment import apply, batches, compose, dihedral, inverse
from astrodata_kernel.processing.splits import by_event, class_balance
from hypothesis import given
from hypothesis import strategies as st

ks = st.integers(0, 7)
shapes = st.sampled_from([(3, 5), (4, 4), (3, 4, 2), (2, 3, 4, 2), (2, 2, 3, 3, 1)])


@given(shapes, ks)
def test_each_transform_is_undone_by_its_inverse(shape: tuple[int, ...], k: int) -> None:
    image = np.arange(np.prod(shape)).reshape(shape)
    np.testing.assert_array_equal(dihedral(dihedral(image, k), inverse(k)), image)


@given(ks, ks)
def test_two_transforms_are_the_one_that_they_compose(first: int, then: int) -> None:
    image = np.arange(15).reshape(3, 5)
    both = dihedral(dihedral(image, first), then)
    np.testing.assert_array_equal(dihedral(image, compose(first, then)), both)


def test_the_eight_transforms_are_eight() -> None:
    image = np.arange(9).reshape(3, 3)
    assert len({dihedral(image, k).tobytes() for k in range(8)}) == 8


@pytest.mark.parametrize("k", range(8))
def test_transforms_are_quarter_turns_of_an_image_and_of_its_mirror(k: int) -> None:
    image = np.arange(24).reshape(2, 3, 4)  # rows, columns, bands
    start = image[:, ::-1] if k >= 4 else image
    np.testing.assert_array_equal(dihedral(image, k), np.rot90(start, k % 4))


@pytest.mark.parametrize("k", range(8))
def test_every_date_is_turned_like_one_image(k: int) -> None:
    dates = np.arange(2 * 3 * 3 * 2).reshape(2, 3, 3, 2)
    np.testing.assert_array_equal(
        dihedral(dates, k), np.stack([dihedral(date, k) for date in dates])
    )


def test_axes_say_where_rows_and_columns_are() -> None:
    dates = np.arange(24).reshape(2, 3, 4)
    np.testing.assert_array_equal(
        dihedral(dates, 1, axes=(1, 2)), np.stack([np.rot90(d) for d in dates])
    )


@pytest.mark.parametrize("k", [-1, 8, 1.5, True])
def test_a_transform_that_is_none_is_refused(k: int) -> None:
    with pytest.raises(BadRequest, match="0 to 7"):
        dihedral(np.zeros((2, 2)), k)


def test_dask_images_turn_lazily() -> None:
    dask = pytest.importorskip("dask.array")
    image = np.arange(30).reshape(5, 6)
    turned = dihedral(dask.from_array(image, chunks=2), 5)
    assert isinstance(turned, dask.Array)
    np.testing.assert_array_equal(turned.compute(), dihedral(image, 5))


def test_a_mask_turns_with_its_image() -> None:
    image = np.arange(2 * 4 * 4 * 3).reshape(2, 4, 4, 3)
    mask = image[0, ..., 0]
    for k in range(8):
        turned, with_it = apply(image, mask, k)
        np.testing.assert_array_equal(turned[0, ..., 0], with_it)


def test_a_mask_of_another_size_is_refused() -> None:
    with pytest.raises(BadRequest, match="one grid"):
        apply(np.zeros((4, 4, 2)), np.zeros((4, 5)), 1)


def test_batches_of_an_epoch_hold_every_pair_once_and_together() -> None:
    masks = np.arange(5 * 3 * 3).reshape(5, 3, 3)
    images = np.stack([masks, -masks], axis=-1)
    seen = []
    for image, mask in batches(images, masks, size=2, seed=3):
        np.testing.assert_array_equal(image[..., 0], mask)
        seen += [int(m.min()) // 9 for m in mask]
    assert sorted(seen) == list(range(5))


def test_the_seed_decides_the_batches() -> None:
    masks = np.arange(6 * 3 * 3).reshape(6, 3, 3)
    images = masks[..., None]

    def epoch(seed: int) -> list[bytes]:
        return [m.tobytes() for _, m in batches(images, masks, seed=seed)]

    assert epoch(1) == epoch(1)
    assert epoch(1) != epoch(2)


def test_patches_that_are_not_square_keep_their_shape() -> None:
    masks = np.arange(8 * 2 * 3).reshape(8, 2, 3)
    assert all(m.shape[1:] == (2, 3) for _, m in batches(masks[..., None], masks, seed=0))


@given(st.lists(st.integers(0, 9), min_size=3, max_size=40), st.integers(0, 99))
def test_no_event_is_in_two_parts(numbers: list[int], seed: int) -> None:
    events = [f"EMSR{n}" for n in numbers]
    if len(set(events)) < 2:
        with pytest.raises(BadRequest, match="stays whole"):
            by_event(events, seed=seed)
        return
    parts = by_event(events, seed=seed)
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(events)))
    named = [{events[i] for i in part} for part in parts]
    assert all(named)
    assert not named[0] & named[1]


def test_twenty_three_events_divide_into_sixteen_and_seven() -> None:
    first, second = by_event([f"e{i}" for i in range(23)])
    assert (len(first), len(second)) == (16, 7)


def test_the_balance_tells_shares_and_patches_without_a_burn() -> None:
    masks = np.zeros((3, 2, 2), "u1")
    masks[0] = [[1, 1], [0, 0]]
    masks[1] = [[4, 0], [0, 0]]
    told = class_balance(masks, ["b", "a", "b"])
    assert told.index.tolist() == ["a", "b", "all"]
    assert told.loc["all", ["class 0", "class 1", "class 4"]].tolist() == [9 / 12, 2 / 12, 1 / 12]
    assert told.loc["b", ["patches", "empty", "class 1"]].tolist() == [2, 1, 0.25]


def test_masks_of_probabilities_have_no_balance() -> None:
    with pytest.raises(BadRequest, match="classes"):
        class_balance(np.full((1, 2, 2), 0.5))
