"""Pulses found in all traces, against a labelling by SciPy."""

import dask.array as da
import numpy as np
import pytest
from astrodata_kernel.datasets.lazy import MemoryArray
from astrodata_kernel.errors import BadRequest
from astrodata_kernel.processing.waveforms import synthesize
from astrodata_kernel.processing.waveforms.pulses import find_pulses
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

COLUMNS = ["trace", "start", "peak_sample", "stop", "height", "area", "width"]


def labelled(d, high, min_width=1, min_distance=1):
    above = d > high / 2
    if min_distance > 1:  # fill gaps that are too short, but none at the ends
        gaps, _ = ndimage.label(~above)
        for gap in ndimage.find_objects(gaps):
            at = gap[0]
            if at.start and at.stop < d.size and at.stop - at.start < min_distance:
                above[at] = True
    found = []
    for (at,) in ndimage.find_objects(ndimage.label(above)[0]):
        part = d[at]
        if part.max() >= high and part.size >= min_width:
            peak = at.start + int(part.argmax())
            found.append([at.start, peak, at.stop, part.max(), part.sum(), part.size])
    return found


@settings(deadline=None, max_examples=80)
@given(
    st.integers(2, 260).flatmap(lambda n: st.lists(st.integers(0, 9), min_size=n, max_size=n)),
    st.integers(1, 4),
    st.integers(1, 5),
    st.sampled_from([1, -1]),
)
def test_pulses_are_the_stretches_that_scipy_labels(values, min_width, min_distance, polarity):
    # A baseline of -1 and 1 has a median of 0 and an RMS of 1.
    trace = polarity * np.array([-1, 1] * 16 + values, np.float32)
    found = find_pulses(trace, 6.0, 32, polarity, min_width, min_distance)
    expected = labelled(polarity * trace, 6.0, min_width, min_distance)
    np.testing.assert_allclose(found[COLUMNS[1:]].to_numpy(), np.reshape(expected, (-1, 6)))
    assert (found.trace == 0).all()


@pytest.mark.parametrize("wrap", [MemoryArray, lambda a: da.from_array(a, chunks=(5, 1000))])
@pytest.mark.parametrize("dtype", ["f4", ">f8", "i2", ">u2"])
def test_every_kind_of_array_gives_the_same_pulses(wrap, dtype):
    traces = (500 + 100 * np.random.default_rng(2).standard_gamma(0.1, (20, 3000))).astype(dtype)
    one = find_pulses(traces, workers=1)
    assert len(one) > 20
    assert one.trace.is_monotonic_increasing
    assert find_pulses(wrap(traces), workers=3, chunk=3000 * 3).equals(one)


def test_published_pulses_are_found_where_they_are():
    traces, truth = synthesize(60, noise_level=0.05, amplitude=0.1, seed=4)
    # Some of the generator's pulses reach into the default baseline.
    clear = (truth["shift"] > 1000).to_numpy()
    found = find_pulses(traces[clear], 10.0)
    largest = found.loc[found.groupby("trace").height.idxmax()]
    assert largest.trace.tolist() == list(range(int(clear.sum())))
    np.testing.assert_allclose(largest.peak_sample, truth.position[clear], atol=30)
    np.testing.assert_allclose(largest.height, 0.1, atol=0.003)


def test_the_noise_of_a_pulse_in_the_baseline_does_not_hide_others():
    trace = np.random.default_rng(0).standard_normal(2000)
    trace[30:40] += 100
    trace[1000:1010] += 20
    found = find_pulses(trace, 8.0, 200)
    assert found.start.tolist() == [30, 1000]


def test_a_coarse_converter_needs_more_than_one_step():
    trace = np.full(400, 100, "u2")
    trace[300], trace[350:353] = 101, 103
    assert find_pulses(trace).start.tolist() == [350]


def test_gaps_and_bad_traces_have_no_pulses_and_give_no_warning():
    traces = np.zeros((5, 200))
    traces[:, ::2] = 1.0
    traces[0, 100:120] = 50
    traces[0, 110] = np.nan
    traces[1] = np.nan
    traces[2] = 7.0
    traces[3, 100] = np.inf
    found = find_pulses(traces, baseline_samples=50)
    assert found[["trace", "start", "stop"]].to_numpy().tolist() == [[0, 100, 110], [0, 111, 120]]
    assert find_pulses([5.0]).empty
    assert find_pulses(np.empty((0, 5))).columns.tolist() == COLUMNS


@pytest.mark.parametrize(
    "options",
    [
        {"threshold": -1},
        {"threshold": np.nan},
        {"polarity": 2},
        {"min_width": 0},
        {"min_distance": 0},
    ],
)
def test_impossible_searches_are_refused(options):
    with pytest.raises(BadRequest):
        find_pulses(np.zeros((2, 10)), **options)
