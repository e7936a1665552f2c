"""Traces changed: each filter against NumPy's or SciPy's own, and on what real files hold."""

import dask.array as da
import numpy as np
import pytest
from astrodata_kernel.datasets.lazy import LazyArray, MemoryArray
from astrodata_kernel.errors import BadRequest
from astrodata_kernel.processing.waveforms.baselines import baseline, subtract_baseline
from astrodata_kernel.processing.waveforms.filters import (
    band_pass,
    fit_length,
    invert,
    moving_average,
    normalise,
    notch,
    resample,
    trim,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

RNG = np.random.default_rng(0)
TRACES = RNG.standard_normal((37, 500)).cumsum(axis=1)
FLOATS = TRACES.astype(np.float32)

ALL = {
    "subtract_baseline": subtract_baseline,
    "invert": invert,
    "normalise": normalise,
    "resample": lambda t, **run: resample(t, 1.5, **run),
    "band_pass": lambda t, **run: band_pass(t, 0.01, 0.1, **run),
    "notch": lambda t, **run: notch(t, 0.1, **run),
    "moving_average": lambda t, **run: moving_average(t, 7, **run),
    "pad": lambda t, **run: fit_length(t, 600, "pad", **run),
}
each = pytest.mark.parametrize("change", ALL.values(), ids=ALL)


@each
@pytest.mark.parametrize("dtype", ["f4", ">f8", "i2", ">u2", "i8"])
def test_every_kind_of_array_and_number_gives_the_same(change, dtype):
    traces = (TRACES * 10 + 1000).astype(dtype)
    floats = traces.astype(np.result_type(np.dtype(dtype).newbyteorder("="), np.float32))
    expected = change(floats, workers=1)
    assert expected.dtype == floats.dtype
    for other in (traces, MemoryArray(traces), np.asfortranarray(traces)):
        np.testing.assert_array_equal(change(other, workers=3, chunk=2000), expected)
    lazy = change(da.from_array(traces, chunks=(10, 200)))
    assert isinstance(lazy, da.Array)
    assert (lazy.shape, lazy.dtype) == (expected.shape, expected.dtype)
    np.testing.assert_array_equal(lazy.compute(), expected)


@each
def test_a_single_series_is_one_trace(change):
    np.testing.assert_array_equal(change(FLOATS[0]), change(FLOATS[:1]))


@each
def test_odd_traces_change_without_a_warning_and_spoil_no_other(change):
    odd = FLOATS.copy()
    odd[1, 30], odd[2], odd[3], odd[4, 7], odd[5] = np.nan, np.nan, 4.0, np.inf, 0.0
    made, plain = change(odd), change(FLOATS)
    np.testing.assert_array_equal(made[6:], plain[6:])
    assert np.isfinite(made[[0, 3, 5]]).all()
    assert np.isnan(made[2]).all()
    assert np.isfinite(change(np.array([[3.0], [-2.0]]))).all()
    assert change(np.empty((0, 500))).shape[0] == 0


@each
def test_what_is_given_is_left_as_it_is(change):
    before = FLOATS.copy()
    change(FLOATS)
    np.testing.assert_array_equal(FLOATS, before)


@settings(deadline=None, max_examples=100)
@given(
    st.lists(st.floats(-(2.0**100), 2.0**100, width=32), min_size=1, max_size=40),
    st.integers(1, 50),
)
def test_median_and_mean_are_those_of_numpy(values, samples):
    for trace in (np.array([values], np.float32), np.array([values])):
        head = trace[:, :samples].astype(float)
        np.testing.assert_array_equal(baseline(trace, samples), np.median(head, axis=1))
        np.testing.assert_allclose(
            baseline(trace, samples, "mean"), head.mean(axis=1), rtol=1e-9, atol=1e17
        )


def test_the_mode_of_integers_is_their_most_frequent_value():
    traces = RNG.integers(0, 9, (50, 40)).astype("u2")
    expected = [np.bincount(trace).argmax() for trace in traces]
    np.testing.assert_array_equal(baseline(traces, 40, "mode"), expected)


def test_the_mode_of_floats_is_where_most_of_them_are():
    traces = RNG.standard_normal((20, 3000)) * 0.1 + 5
    traces[:, ::3] += RNG.exponential(50, (20, 1000))
    np.testing.assert_allclose(baseline(traces, 3000, "mode"), 5, atol=0.15)
    assert (baseline(traces, 3000, "mean") > 15).all()


def test_a_baseline_leaves_out_nan_and_takes_a_sixteenth_by_default():
    traces = np.tile(np.r_[np.full(20, 3.0), np.full(300, 9.0)], (3, 1))
    traces[1, 5] = np.nan
    traces[2, :20] = np.inf
    np.testing.assert_array_equal(baseline(traces), [3, 3, np.nan])
    np.testing.assert_array_equal(subtract_baseline(traces)[:2, -1], [6, 6])


def test_an_inverted_unsigned_trace_is_negative():
    np.testing.assert_array_equal(invert(np.array([[1, 65535]], ">u2")), [[-1, -65535]])


def test_trimmed_traces_are_a_view_and_lazy_ones_read_what_is_left():
    made = trim(FLOATS, 125, 147)
    assert np.shares_memory(made, FLOATS)
    np.testing.assert_array_equal(made, FLOATS[:, 125:-147])
    lazy = trim(MemoryArray(FLOATS), 125, 147)
    assert isinstance(lazy, LazyArray)
    np.testing.assert_array_equal(lazy[3:30:2, ::-3], made[3:30:2, ::-3])
    np.testing.assert_array_equal(trim(MemoryArray(FLOATS[0]), 1, 0)[0], FLOATS[0, 1:])
    np.testing.assert_array_equal(trim(da.from_array(FLOATS), 0, 3), FLOATS[:, :-3])


def test_a_wanted_length_is_reached_by_cutting_or_repeating_at_the_end():
    np.testing.assert_array_equal(fit_length(FLOATS, 400), FLOATS[:, :400])
    padded = fit_length(MemoryArray(FLOATS), 520, "pad")
    np.testing.assert_array_equal(padded[:, :500], FLOATS)
    np.testing.assert_array_equal(padded[:, 500:], np.repeat(FLOATS[:, -1:], 20, axis=1))
    assert fit_length(FLOATS, 500, "pad") is FLOATS


@pytest.mark.parametrize(("length", "how", "hint"), [(600, "trim", "pad"), (400, "pad", "trim")])
def test_the_other_way_to_a_length_is_offered(length, how, hint):
    with pytest.raises(BadRequest, match=f"use how='{hint}'"):
        fit_length(FLOATS, length, how)


def test_normalised_traces_have_the_size_that_was_asked_for():
    np.testing.assert_allclose(np.abs(normalise(FLOATS)).max(axis=1), 1, rtol=1e-6)
    np.testing.assert_allclose(np.abs(normalise(TRACES, "area").sum(axis=1)), 1, rtol=1e-9)
    np.testing.assert_allclose((normalise(TRACES, "rms") ** 2).mean(axis=1), 1)
    made = normalise(FLOATS, "minmax")
    np.testing.assert_allclose([made.min(axis=1), made.max(axis=1)], [[0] * 37, [1] * 37])
    np.testing.assert_allclose(normalise(TRACES), TRACES / np.abs(TRACES).max(axis=1)[:, None])


@pytest.mark.parametrize("how", ["peak", "area", "rms", "minmax"])
def test_constant_traces_become_zero_and_those_with_nan_become_nan(how):
    traces = np.array([[2.0, 2, 2], [0, 0, 0], [np.nan, 1, 2], [1, -np.inf, 3], [1e-310, 0, 0]])
    made = normalise(traces, how)
    np.testing.assert_array_equal(made[:2], 0)
    assert np.isnan(made[2:4]).all()
    assert np.isfinite(made[4]).all()
    assert np.isfinite(normalise(np.float32([[1e-45, 0, 0], [1e38, -1e38, 0]]), how)).all()


@pytest.mark.parametrize(("factor", "up", "down"), [(2, 2, 1), (0.5, 1, 2), ((48e3, 32e3), 2, 3)])
def test_resampling_is_that_of_scipy(factor, up, down):
    rest = np.median(TRACES, axis=1)[:, None]
    expected = signal.resample_poly(TRACES - rest, up, down, axis=1, padtype="line") + rest
    np.testing.assert_allclose(resample(TRACES, factor), expected)


def test_resampling_keeps_a_baseline_up_to_the_ends():
    np.testing.assert_allclose(resample(np.full((2, 300), 8000.0), 0.3), 8000, rtol=1e-12)


def test_bands_are_those_of_scipy_without_delay():
    for low, high, kind in ((5.0, 40.0, "bandpass"), (None, 40.0, "low"), (5.0, None, "high")):
        edges = [e for e in (low, high) if e is not None]
        sections = signal.butter(
            4, edges if len(edges) == 2 else edges[0], kind, fs=200, output="sos"
        )
        expected = signal.sosfiltfilt(sections, TRACES, axis=1)
        np.testing.assert_allclose(band_pass(TRACES, low, high, 1 / 200), expected, atol=1e-9)
    sections = signal.tf2sos(*signal.iirnotch(50.0, 30.0, fs=200))
    expected = signal.sosfiltfilt(sections, TRACES, axis=1)
    np.testing.assert_allclose(notch(TRACES, 50.0, 30.0, 1 / 200), expected, atol=1e-9)


def test_a_notch_takes_its_frequency_out_and_leaves_the_others():
    time = np.arange(20_000) / 1000
    hum, tone = np.sin(2 * np.pi * 50 * time), np.sin(2 * np.pi * 80 * time)
    made = notch(hum + tone, 50.0, 30.0, 1e-3)[0]
    np.testing.assert_allclose(made[2000:-2000], tone[2000:-2000], atol=0.02)


@pytest.mark.parametrize("width", [1, 2, 7, 100, 499, 500, 2000])
def test_a_moving_average_is_the_mean_of_what_its_window_holds(width):
    expected = [
        [trace[max(0, j - width // 2) : max(0, j - width // 2 + width)].mean() for j in range(500)]
        for trace in TRACES[:3]
    ]
    np.testing.assert_allclose(moving_average(TRACES[:3], width), expected, atol=1e-11)


def test_a_moving_average_of_integers_is_exact_and_gaps_stay_where_they_are():
    traces = RNG.integers(0, 65536, (3, 4096)).astype("u2")
    made = moving_average(traces, 64)[:, 32:-31]
    windows = np.lib.stride_tricks.sliding_window_view(traces, 64, axis=1)
    np.testing.assert_array_equal(made, windows.mean(axis=2).astype(np.float32))
    gap = TRACES[:1].copy()
    gap[0, 250] = np.nan
    missing = np.flatnonzero(np.isnan(moving_average(gap, 5)[0]))
    assert missing.tolist() == [248, 249, 250, 251, 252]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: trim(FLOATS, 300, 200),
        lambda: trim(FLOATS, -1, 0),
        lambda: fit_length(FLOATS, 0),
        lambda: fit_length(FLOATS, 400, "cut"),
        lambda: normalise(FLOATS, "loud"),
        lambda: baseline(FLOATS, 0),
        lambda: baseline(FLOATS, method="best"),
        lambda: resample(FLOATS, 0),
        lambda: resample(FLOATS, (1, 2, 3)),
        lambda: resample(FLOATS, 1e-9),
        lambda: band_pass(FLOATS, None, None),
        lambda: band_pass(FLOATS, 0.3, 0.2),
        lambda: band_pass(FLOATS, 0.1, 0.5),
        lambda: band_pass(FLOATS, 0.1, 0.2, order=0),
        lambda: band_pass(FLOATS, 0.1, 0.2, sample_period=0),
        lambda: notch(FLOATS, 0.7),
        lambda: notch(FLOATS, 0.1, q=0),
        lambda: moving_average(FLOATS, 0),
    ],
)
def test_impossible_changes_are_refused(wrong):
    with pytest.raises(BadRequest):
        wrong()
