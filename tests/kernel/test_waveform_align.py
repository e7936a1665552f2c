"""When pulses arrive, and traces shifted so that all arrive at once."""

import dask.array as da
import numpy as np
import pytest
from astrodata_kernel.datasets.lazy import MemoryArray
from astrodata_kernel.errors import BadRequest
from astrodata_kernel.processing.waveforms.alignment import align, arrival

RNG = np.random.default_rng(0)
CENTRES = RNG.uniform(150, 350, 30)
PULSES = 50 * np.exp(-(((np.arange(500) - CENTRES[:, None]) / 8) ** 2))
TRACES = PULSES + 0.1 * RNG.standard_normal((30, 500)) + 7


def shifted(traces, positions, to, fill):
    out = np.full_like(traces, fill)
    for i, position in enumerate(positions):
        if np.isfinite(position):
            by = round(to - position)
            for j in range(traces.shape[1]):
                if 0 <= j - by < traces.shape[1]:
                    out[i, j] = traces[i, j - by]
    return out


def test_the_peak_is_where_the_largest_sample_is():
    np.testing.assert_array_equal(arrival(TRACES), TRACES.argmax(axis=1))
    np.testing.assert_array_equal(arrival(-TRACES, polarity=-1), TRACES.argmax(axis=1))


def test_a_constant_fraction_does_not_depend_on_the_height():
    small = (TRACES - 7) / 3 + 7
    half = arrival(TRACES, "constant-fraction")
    np.testing.assert_allclose(half, CENTRES - 8 * np.sqrt(np.log(2)), atol=0.1)
    np.testing.assert_allclose(arrival(small, "constant-fraction"), half, atol=0.02)
    tenth = arrival(TRACES, "constant-fraction", fraction=0.1)
    np.testing.assert_allclose(tenth, CENTRES - 8 * np.sqrt(np.log(10)), atol=0.2)


def test_a_threshold_is_crossed_first_where_it_is_in_multiples_of_the_noise():
    found = arrival(TRACES, "threshold", threshold=50.0)
    rms = TRACES[:, :31].std(axis=1)
    away = 8 * np.sqrt(np.log(50 / (50 * rms)))
    np.testing.assert_allclose(found, CENTRES - away, atol=1)
    assert np.isnan(arrival(TRACES, "threshold", threshold=1e4)).all()


@pytest.mark.parametrize("by", ["peak", "threshold", "constant-fraction", CENTRES])
@pytest.mark.parametrize("to", [None, 0, 250, 700])
def test_traces_are_shifted_to_the_same_sample(by, to):
    options = {"threshold": 50.0} if isinstance(by, str) else {}
    positions = arrival(TRACES, by, **options) if isinstance(by, str) else CENTRES
    at = round(float(np.median(positions))) if to is None else to
    made = align(TRACES, by, to, **options)
    np.testing.assert_array_equal(made, shifted(TRACES, positions, at, np.nan))


def test_aligned_pulses_lie_on_top_of_each_other():
    made = align(TRACES, "peak", 250, fill=7.0)
    assert set(made.argmax(axis=1)) == {250}
    assert made.mean(axis=0).max() > 55


@pytest.mark.parametrize("wrap", [MemoryArray, np.asfortranarray])
@pytest.mark.parametrize("dtype", ["f4", ">i2", "u2"])
def test_every_kind_of_array_and_number_is_aligned(wrap, dtype):
    traces = TRACES.astype(dtype)
    expected = align(traces.astype(np.float32))
    assert expected.dtype == np.float32
    np.testing.assert_array_equal(align(wrap(traces)), expected)
    lazy = align(da.from_array(traces, chunks=(7, 100)))
    np.testing.assert_array_equal(lazy.compute(), expected)


def test_a_trace_without_a_position_is_left_empty():
    traces = TRACES.copy()
    traces[3] = np.nan
    traces[4] = 5.0
    traces[5, 100] = np.nan
    made = align(traces, "constant-fraction")
    assert np.isnan(made[[3, 4]]).all()
    assert np.nanmax(made[5]) > 50
    assert np.isnan(align(traces[3:4])).all()
    np.testing.assert_array_equal(align(traces[3:4], fill=-1), -1)
    assert np.isnan(arrival([5.0], "threshold")).all()
    assert align(np.empty((0, 9))).shape == (0, 9)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: align(TRACES, "middle"),
        lambda: align(TRACES, [1, 2, 3]),
        lambda: align(TRACES, CENTRES, threshold=3),
        lambda: arrival(TRACES, "constant-fraction", fraction=1),
        lambda: arrival(TRACES, threshold=-1),
        lambda: arrival(TRACES, polarity=0),
        lambda: arrival(np.zeros((2, 2, 2))),
    ],
)
def test_impossible_alignments_are_refused(wrong):
    with pytest.raises(BadRequest):
        wrong()
