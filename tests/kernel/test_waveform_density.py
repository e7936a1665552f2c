"""Many traces as one picture, against pictures painted pixel by pixel."""

import itertools

import numpy as np
import pytest
from astrodata_kernel.datasets.lazy import MemoryArray
from astrodata_kernel.errors import BadRequest, Cancelled
from astrodata_kernel.processing.waveforms import heat_map, persistence

RNG = np.random.default_rng(0)
TRACES = RNG.standard_normal((31, 101)).astype(np.float32)
TRACES[2, 10:20] = np.nan
TRACES[3] = np.nan
TRACES[4, 5] = np.inf


def painted(traces, columns, rows, low, high):
    counts = np.zeros((rows, columns), int)
    edges = np.arange(columns + 1) * traces.shape[1] // columns
    for trace in traces:
        for c in range(columns):
            values = trace[edges[c] : edges[c + 1] + 1]
            values = values[np.isfinite(values)]
            if values.size:
                bottom = np.floor((float(values.min()) - low) * (rows / (high - low)))
                top = np.floor((float(values.max()) - low) * (rows / (high - low)))
                counts[int(max(bottom, 0)) : int(max(min(top, rows - 1) + 1, 0)), c] += 1
    return counts


@pytest.mark.parametrize(("columns", "rows"), [(13, 9), (101, 40), (1, 1)])
@pytest.mark.parametrize("wrap", [np.asarray, MemoryArray])
def test_each_trace_counts_once_in_each_pixel_that_it_crosses(columns, rows, wrap):
    counts, (low, high) = persistence(wrap(TRACES), columns, rows)
    np.testing.assert_array_equal(counts, painted(TRACES, columns, rows, low, high))
    assert low == np.nanmin(TRACES)
    assert high >= np.nanmax(TRACES[np.isfinite(TRACES)])


def test_what_lies_beyond_the_limits_is_not_drawn():
    counts, limits = persistence(TRACES, 13, 9, (-0.5, 0.5))
    np.testing.assert_array_equal(counts, painted(TRACES, 13, 9, -0.5, 0.5))
    assert limits == (-0.5, 0.5)


def test_a_line_has_no_gap_between_two_columns():
    steep = np.repeat([[0.0, 1.0]], 4, axis=1).reshape(1, -1)
    counts, _ = persistence(steep, 8, 50)
    assert (counts[:, 3] == 1).all()


def test_a_window_and_a_selection_are_drawn_alone():
    some = [0, 5, 6, 30]
    counts, limits = persistence(TRACES, 10, 8, samples=(20, 80), select=some)
    np.testing.assert_array_equal(counts, painted_window(some, *limits))


def painted_window(some, low, high):
    # The window's last column ends with the window: nothing of what follows is known there.
    return painted(TRACES[some, 20:80], 10, 8, low, high)


def test_more_columns_than_samples_are_not_made():
    assert persistence(TRACES, 1000, 5)[0].shape == (5, 101)


def test_constant_and_empty_traces_have_limits_that_hold():
    counts, (low, high) = persistence(np.full((3, 10), 2.0), 5, 4)
    assert low < 2 < high
    assert counts.sum() == 15
    assert persistence(np.full((3, 10), np.nan), 5, 4)[0].sum() == 0


@pytest.mark.parametrize("dtype", [">i2", "u2", "f8", ">f4"])
def test_every_type_of_number_is_drawn(dtype):
    values = np.arange(40).reshape(4, 10).astype(dtype)
    counts, limits = persistence(values, 10, 40)
    np.testing.assert_array_equal(counts, painted(values.astype(float), 10, 40, *limits))


def test_the_heat_map_holds_the_mean_of_its_blocks():
    rows, columns = np.arange(6) * 31 // 5, np.arange(8) * 101 // 7
    finite = np.where(np.isinf(TRACES), 1.0, TRACES)
    expected = [
        [np.nanmean(finite[a:b, c:d]) for c, d in itertools.pairwise(columns)]
        for a, b in itertools.pairwise(rows)
    ]
    np.testing.assert_allclose(heat_map(finite, 7, 5), expected, atol=1e-6)


def test_a_row_of_nothing_but_nan_stays_nan_in_the_heat_map():
    picture = heat_map(TRACES, 7, 100)
    assert picture.shape == (31, 7)
    assert np.isnan(picture[3]).all()
    assert np.isfinite(picture[[0, 1, 5]]).all()


def test_the_heat_map_of_a_selection_has_its_traces():
    expected = np.add.reduceat(TRACES[[1, 30]], [0, 50], axis=1) / [50, 51]
    np.testing.assert_allclose(heat_map(TRACES, 2, 2, select=[1, 30]), expected, atol=1e-6)


@pytest.mark.parametrize("paint", [persistence, heat_map])
def test_work_is_given_up_when_it_is_cancelled(paint):
    def cancelled():
        raise Cancelled("nobody waits")

    with pytest.raises(Cancelled):
        paint(TRACES, cancelled=cancelled)


@pytest.mark.parametrize("paint", [persistence, heat_map])
@pytest.mark.parametrize(
    "wrong", [{"columns": 0}, {"samples": (5, 5)}, {"select": [31]}, {"select": []}]
)
def test_pictures_that_cannot_be_are_refused(paint, wrong):
    with pytest.raises(BadRequest):
        paint(TRACES, **wrong)


def test_limits_that_are_no_limits_are_refused():
    with pytest.raises(BadRequest):
        persistence(TRACES, limits=(1, 1))
    with pytest.raises(BadRequest):
        persistence(TRACES[0])
