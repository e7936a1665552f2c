"""Functions run over chunks of traces."""

import threading

import dask.array as da
import numpy as np
import pytest
from astrodata_kernel.datasets import Dataset
from astrodata_kernel.datasets.lazy import LazyArray, MemoryArray
from astrodata_kernel.errors import BadRequest, Cancelled
from astrodata_kernel.processing.waveforms.chunks import map_traces, to_dask, traces_of, transform

TRACES = np.arange(200.0).reshape(20, 10)


class OnDisk(LazyArray):
    def __init__(self, values):
        super().__init__(values.shape, values.dtype)
        self.values, self.blocks = values, []

    def _read(self, block):
        self.blocks.append(block)
        return self.values[block]


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_results_come_in_the_order_of_the_traces(workers):
    parts = map_traces(lambda rows: rows[:, 0], TRACES, chunk=30, workers=workers)
    assert [len(p) for p in parts] == [3] * 6 + [2]
    np.testing.assert_array_equal(np.concatenate(parts), TRACES[:, 0])


def test_a_lazy_array_is_read_chunk_by_chunk():
    source = OnDisk(TRACES)
    map_traces(np.sum, source, chunk=50)
    assert sorted((b[0].start, b[0].stop) for b in source.blocks) == [
        (0, 5),
        (5, 10),
        (10, 15),
        (15, 20),
    ]


def test_a_dask_array_keeps_its_chunks_but_for_cut_traces():
    source = da.from_array(TRACES, chunks=((7, 0, 13), (4, 6)))
    parts = map_traces(np.shape, source)
    assert parts == [(7, 10), (13, 10)]


def test_what_goes_along_with_the_traces_is_cut_as_they_are():
    along = np.arange(20)
    for source in (TRACES, MemoryArray(TRACES), da.from_array(TRACES, chunks=(6, 3))):
        made = transform(lambda rows, more: rows + more[:, None], source, along, chunk=30)
        np.testing.assert_array_equal(made, TRACES + along[:, None])
        parts = map_traces(lambda rows, more: rows[:, 0] - 10 * more, source, along, chunk=30)
        np.testing.assert_array_equal(np.concatenate(parts), 0)
    with pytest.raises(BadRequest, match="each of 20"):
        map_traces(np.sum, TRACES, [1, 2])


def test_traces_become_a_dask_array_of_whole_traces():
    made = to_dask(OnDisk(TRACES), chunk=50)
    assert made.chunks == ((5,) * 4, (10,))
    np.testing.assert_array_equal(made.compute(), TRACES)
    assert to_dask(made) is made


@pytest.mark.parametrize("dtype", ["f4", ">f4", "i2", "u2", "?", "f2"])
def test_chunks_are_float32_where_that_is_exact(dtype):
    (chunk,) = map_traces(lambda rows: rows, TRACES.astype(dtype))
    assert chunk.dtype == np.float32
    assert chunk.dtype.isnative


@pytest.mark.parametrize("dtype", ["f8", ">f8", "i4", ">u8"])
def test_chunks_are_float64_where_float32_would_round(dtype):
    (chunk,) = map_traces(lambda rows: rows, TRACES.astype(dtype))
    assert chunk.dtype == np.float64


def test_data_sets_masked_arrays_and_lists_are_traces():
    assert traces_of(Dataset.of_array(TRACES)).shape == (20, 10)
    assert traces_of([1, 2, 3]).shape == (1, 3)
    assert traces_of(MemoryArray(np.arange(5)))[0, 2] == 2
    masked = traces_of(np.ma.MaskedArray([[1, 2], [3, 4]], [[False, True], [False, False]]))
    np.testing.assert_array_equal(masked, [[1, np.nan], [3, 4]])


def test_progress_ends_at_one():
    for source in (TRACES, da.from_array(TRACES, chunks=(6, 3))):
        seen = []
        map_traces(np.sum, source, chunk=30, progress=seen.append)
        assert seen[-1] == 1
        assert seen == sorted(seen)


@pytest.mark.parametrize("workers", [1, 3])
def test_work_is_given_up_when_it_is_cancelled(workers):
    for source in (TRACES, da.from_array(TRACES, chunks=(6, 3))):
        called = []

        def cancelled(called=called):
            called.append(threading.get_ident())
            raise Cancelled("nobody waits")

        with pytest.raises(Cancelled):
            map_traces(np.sum, source, chunk=10, workers=workers, cancelled=cancelled)
        assert len(called) < 20


def test_an_error_of_the_function_is_the_callers():
    def fails(rows):
        raise BadRequest("not these")

    with pytest.raises(BadRequest, match="not these"):
        map_traces(fails, TRACES, chunk=10, workers=2)
