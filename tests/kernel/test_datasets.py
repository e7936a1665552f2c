import numpy as np
import pytest
from astrodata_kernel.datasets import Dataset, LazyArray, MemoryArray, Part
from astrodata_kernel.datasets.dataset import part_number
from astrodata_kernel.errors import AstrodataError, BadRequest, UnknownName, UnsupportedFormat

PARTS = (
    Part(0, "PRIMARY", 1),
    Part(1, "SCI", 1, "image", (2, 2)),
    Part(2, "ERR", 1, "image", (2, 2)),
    Part(3, "SCI", 2, "image", (2, 2)),
)


@pytest.mark.parametrize(
    ("which", "number"),
    [(2, 2), ("2", 2), ("SCI", 1), ("sci", 1), ("SCI,2", 3), ("sci, 2", 3), ("err,1", 2)],
)
def test_a_part_is_found_by_number_name_and_version(which: int | str, number: int) -> None:
    assert part_number(PARTS, which, "a.fits") == number


@pytest.mark.parametrize(
    ("which", "said"),
    [
        (4, "a.fits has no part 4: it has parts 0 to 3"),
        (-1, "has no part -1"),
        ("SCJ", "did you mean SCI"),
        ("SCI,9", "SCI"),
        ("", "called ''"),
    ],
)
def test_a_part_that_is_not_there_is_told_with_a_suggestion(which: int | str, said: str) -> None:
    with pytest.raises(UnknownName, match=said):
        part_number(PARTS, which, "a.fits")


@pytest.mark.parametrize(
    ("shape", "kind"), [((4,), "spectrum"), ((4, 4), "image"), ((2, 4, 4), "cube")]
)
def test_an_array_in_memory_is_a_data_set(shape: tuple[int, ...], kind: str) -> None:
    values = np.arange(np.prod(shape)).reshape(shape)
    dataset = Dataset.of_array(values)
    assert (dataset.kind, dataset.shape, dataset.provenance) == (kind, shape, None)
    np.testing.assert_array_equal(dataset.array[...], values)
    assert dataset.checks() == ()
    assert dataset.wcs is None
    assert dataset.hdu(0) is dataset


def test_a_number_is_no_data_set() -> None:
    with pytest.raises(UnsupportedFormat, match="give an array"):
        Dataset.of_array(3.0)


def test_an_array_in_memory_comes_in_the_byte_order_of_the_machine() -> None:
    array = MemoryArray(np.arange(6, dtype=">i4").reshape(2, 3))
    assert array.dtype.isnative
    assert array[0].dtype.isnative
    np.testing.assert_array_equal(np.asarray(array), [[0, 1, 2], [3, 4, 5]])


def test_an_array_tells_its_size_without_reading() -> None:
    array = LazyArray((10**9, 10**9), "f8")
    assert (array.ndim, array.size, len(array)) == (2, 10**18, 10**9)
    assert "1000000000" in repr(array)


def test_what_memory_cannot_hold_is_refused_with_what_to_do() -> None:
    class Endless(LazyArray):
        def _read(self, block):
            return np.empty([s.stop - s.start for s in block], self.dtype)

    with pytest.raises(AstrodataError, match="read a smaller slice"):
        Endless((1 << 25, 1 << 25), "f8")[...]


def test_an_array_casts_when_numpy_asks_for_another_type() -> None:
    array = MemoryArray(np.arange(3))
    assert np.asarray(array, "f4").dtype == np.float32


def test_a_data_set_shows_its_facts_and_no_markup_of_others() -> None:
    dataset = Dataset.of_array(np.eye(2), name="<img src=x onerror=alert(1)>")
    shown = dataset._repr_html_()
    assert "<img" not in shown
    assert "2 × 2" in shown


def test_a_list_as_index_is_refused() -> None:
    with pytest.raises(BadRequest, match="integers and slices"):
        MemoryArray(np.arange(3))[[0, 1]]
