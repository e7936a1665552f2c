"""Lowest and highest values at any zoom: exact, with the pyramid and without."""

import itertools

import numpy as np
import pytest
from astrodata_kernel.datasets.lazy import LazyArray
from astrodata_kernel.errors import BadRequest, Cancelled
from astrodata_kernel.processing.waveforms import Pyramid, envelope
from hypothesis import given, settings
from hypothesis import strategies as st

SERIES = np.random.default_rng(0).standard_normal(100_003).astype(np.float32)


class OnDisk(LazyArray):
    def __init__(self, values):
        super().__init__(values.shape, values.dtype)
        self.values, self.read = values, 0

    def _read(self, block):
        part = self.values[block]
        self.read += part.size
        return part


def oracle(values, start, stop, columns):
    n = stop - start
    columns = min(columns, n)
    edges = [start + i * n // columns for i in range(columns + 1)]
    with np.errstate(all="ignore"):
        pieces = [values[a:b] for a, b in itertools.pairwise(edges)]
    low = [np.nan if np.isnan(p).all() else np.nanmin(p) for p in pieces]
    high = [np.nan if np.isnan(p).all() else np.nanmax(p) for p in pieces]
    return np.array(low), np.array(high)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 100_002), st.integers(1, 100_003), st.integers(1, 3000))
def test_the_pyramid_gives_the_envelope_of_the_samples_themselves(start, length, columns):
    stop = min(start + length, len(SERIES))
    for source in (SERIES, OnDisk(SERIES)):
        low, high = Pyramid(source).envelope(0, start, stop, columns)
        np.testing.assert_array_equal(low, oracle(SERIES, start, stop, columns)[0])
        np.testing.assert_array_equal(high, oracle(SERIES, start, stop, columns)[1])


@pytest.mark.parametrize("dtype", ["f4", ">f4", "f8", "i2", ">i2", "u2", "i4"])
def test_every_type_of_number_keeps_its_values(dtype):
    values = (SERIES * 1000).astype("i4").astype(dtype)
    low, high = Pyramid(values).envelope(0, 5, 99_999, 17)
    expected = envelope(values, 5, 99_999, 17)
    np.testing.assert_array_equal(low, expected[0])
    np.testing.assert_array_equal(high, expected[1])
    assert low.dtype == np.dtype(dtype).newbyteorder("=")


def test_nan_is_left_out_and_a_stretch_of_nothing_else_is_nan():
    values = SERIES.copy()
    values[1000:40_000] = np.nan
    values[::7] = np.nan
    low, high = Pyramid(values).envelope(0, 0, len(values), 20)
    expected = oracle(values, 0, len(values), 20)
    np.testing.assert_array_equal(low, expected[0])
    np.testing.assert_array_equal(high, expected[1])
    assert np.isnan(low).sum() == 6


def test_a_view_of_the_whole_reads_no_sample_of_the_file_once_the_pyramid_is_there():
    source = OnDisk(np.tile(SERIES, 10))
    pyramid = Pyramid(source)
    pyramid.levels()
    before = source.read
    pyramid.envelope(0, 0, source.shape[0], 200, snap=True)
    assert source.read == before


def test_the_pyramid_is_kept_and_taken_up_again(tmp_path):
    first, second = OnDisk(SERIES), OnDisk(SERIES)
    expected = Pyramid(first, tmp_path, "key").envelope(0, 0, 100_003, 50)
    again = Pyramid(second, tmp_path, "key")
    again.levels()
    assert second.read == 0
    np.testing.assert_array_equal(again.envelope(0, 0, 100_003, 50), expected)
    assert [p.suffix for p in tmp_path.iterdir()] == [".npz"]


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 cut", None])
def test_a_damaged_file_of_the_cache_is_built_anew(tmp_path, damage):
    Pyramid(SERIES, tmp_path, "key").levels()
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:-700] if damage is None else damage)
    low, _ = Pyramid(SERIES, tmp_path, "key").envelope(0, 0, 100_003, 5)
    np.testing.assert_array_equal(low, oracle(SERIES, 0, 100_003, 5)[0])


def test_a_cache_that_cannot_be_written_costs_nothing_else(tmp_path):
    (tmp_path / "file").write_text("in the way")
    low, _ = Pyramid(SERIES, tmp_path / "file" / "cache", "key").envelope(0, 0, 100_003, 5)
    np.testing.assert_array_equal(low, oracle(SERIES, 0, 100_003, 5)[0])


def test_each_trace_has_levels_of_its_own():
    traces = np.stack([SERIES, -SERIES])
    low, high = Pyramid(traces).envelope(1, 0, 100_003, 9)
    np.testing.assert_array_equal(-high, oracle(SERIES, 0, 100_003, 9)[0])
    np.testing.assert_array_equal(-low, oracle(SERIES, 0, 100_003, 9)[1])


def test_the_levels_take_a_twenty_eighth_of_the_samples():
    levels = Pyramid(np.zeros(1 << 20, np.float32)).levels()
    assert sum(level.nbytes for level in levels) <= (1 << 22) / 27


def test_work_is_given_up_when_it_is_cancelled():
    def cancelled():
        raise Cancelled("nobody waits")

    with pytest.raises(Cancelled):
        Pyramid(SERIES).levels(cancelled=cancelled)


@pytest.mark.parametrize("window", [(-1, 5, 2), (5, 5, 2), (0, 200_000, 2), (0, 5, 0)])
def test_windows_that_do_not_exist_are_refused(window):
    with pytest.raises(BadRequest):
        envelope(SERIES, *window)


def test_a_trace_that_does_not_exist_is_refused():
    with pytest.raises(BadRequest, match="trace 3"):
        Pyramid(SERIES).envelope(3, 0, 10, 2)
    with pytest.raises(BadRequest):
        Pyramid(np.zeros((2, 2, 2)))
    with pytest.raises(BadRequest):
        Pyramid(SERIES, cache="somewhere")
