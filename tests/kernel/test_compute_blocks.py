"""Dask arrays of very many blocks."""

import dask.array as da
import numpy as np
import pytest
from astrodata_kernel import compute
from astrodata_kernel.errors import BadRequest


@pytest.fixture(scope="module")
def local():
    with compute.cluster("local", 2, memory="700 MB", dashboard=False) as cluster:
        yield cluster


def test_blocks_are_where_they_say_in_threads_and_on_workers(local):
    values = np.arange(7 * 5, dtype=float).reshape(7, 5)
    array = da.from_array(values, chunks=(3, 2)).map_blocks(np.sqrt) + 1
    with compute.cluster("none", 2) as here:
        for cluster in (local, here):
            made = np.zeros_like(values)
            for where, block in compute.each_block(None, array, cluster=cluster):
                made[where] = block
            np.testing.assert_array_equal(made, np.sqrt(values) + 1)


def test_the_first_of_a_hundred_thousand_blocks_are_there_before_the_others_are_begun(local):
    array = da.ones((1_000_000, 4), chunks=(10, 4)).map_blocks(lambda block: 2 * block)
    assert array.npartitions == 100_000
    run = compute.each_block(np.sum, array)
    first = [next(run) for _ in range(3)]
    run.close()
    assert [float(total) for _, total in first] == [80.0] * 3
    assert first[2][0] == (slice(20, 30), slice(0, 4))
    # What was begun is given up: the scheduler has a few tasks of it, not a graph of all blocks.
    assert len(local.made.scheduler.tasks) < 1000


@pytest.mark.slow
def test_a_hundred_thousand_blocks_are_all_worked_on(local):
    array = da.ones((1_000_000, 4), chunks=(10, 4)) + 1
    assert sum(float(total) for _, total in compute.each_block(np.sum, array)) == 8_000_000


def test_arrays_that_cannot_be_cut_or_sent_are_told(local):
    with pytest.raises(BadRequest, match="no Dask array"):
        compute.each_block(np.sum, np.ones(3))
    unknown = da.ones(10, chunks=5)
    with pytest.raises(BadRequest, match="compute_chunk_sizes"):
        compute.each_block(np.sum, unknown[unknown > 0])
    heavy = da.from_array(np.ones(10_000_000), chunks=1_000_000)
    with pytest.raises(BadRequest, match="80 MB of data within its graph"):
        compute.each_block(np.sum, heavy)
    with compute.cluster("none"):
        assert sum(float(total) for _, total in compute.each_block(np.sum, heavy)) == 1e7
