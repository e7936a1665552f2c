"""The features of each trace, against NumPy and SciPy one trace at a time."""

import itertools

import dask.array as da
import numpy as np
import pytest
from astrodata_kernel.datasets.lazy import MemoryArray
from astrodata_kernel.errors import BadRequest, Cancelled
from astrodata_kernel.processing.waveforms import synthesize
from astrodata_kernel.processing.waveforms.measures import COLUMNS, features
from astrodata_kernel.processing.waveforms.pulses import find_pulses
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage, stats


def rest(x, length):
    head = x[:length].astype(float)
    base = float(np.median(head))
    away = np.abs(head - base)
    mad = float(np.median(away.astype(x.dtype).astype(float)))
    spread = 1.4826022185056018 * mad or np.sqrt(np.pi / 2) * away.mean()
    inside = away[away <= 4 * spread]
    return base, np.sqrt(np.mean(inside**2))


def crossing(d, peak, level, step):
    if not d[peak] > 0:
        return np.nan
    side = d[:peak] if step < 0 else d[peak + 1 :]
    low = np.flatnonzero(side < level)
    if not low.size:
        return np.nan
    i = low[-1] if step < 0 else low[0] + peak + 1
    return i - step * (level - d[i]) / (d[i - step] - d[i])


def reached(d, share):
    if not d.sum() > 0:
        return np.nan
    running = np.cumsum(d)
    j = np.flatnonzero(running >= share * d.sum())[0]
    return max(0, j - (running[j] - share * d.sum()) / d[j])


def row_of(trace, length, polarity, threshold, ends=None, least=0.0):
    x = trace.astype(np.result_type(trace.dtype.newbyteorder("="), np.float32))
    base, rms = rest(x, length)
    d = polarity * (x.astype(float) - base)
    peak, high = d.max(), threshold * max(rms, least)
    at = int(d.argmax())
    label, count = ndimage.label(d > high / 2)
    tops = ndimage.maximum(d, label, range(1, count + 1)) if count else []
    runs = [(v, len(list(group))) for v, group in itertools.groupby(x.tolist())]
    return {
        "baseline": base,
        "baseline_rms": rms,
        "peak": peak,
        "position": at,
        "integral": d.sum(),
        "rise_time": crossing(d, at, 0.9 * peak, -1) - crossing(d, at, 0.1 * peak, -1),
        "width": crossing(d, at, 0.5 * peak, 1) - crossing(d, at, 0.5 * peak, -1),
        "t50": reached(d, 0.5),
        "t90": reached(d, 0.9),
        "kurtosis": stats.kurtosis(d),
        "pulses": int((np.asarray(tops) >= high).sum()),
        "saturated": any(
            n >= 3
            and v in (x.min(), x.max())
            and abs(v - base) > high
            and (ends is None or v in ends)
            for v, n in runs
        ),
        "bad": False,
    }


def compare(traces, length, polarity=1, threshold=5.0, **options):
    frame = features(traces, length, polarity, threshold=threshold)
    assert tuple(frame.columns) == COLUMNS
    rows = [row_of(t, length, polarity, threshold, **options) for t in traces]
    for name in COLUMNS:
        expected = [row[name] for row in rows]
        np.testing.assert_allclose(
            frame[name], expected, rtol=1e-9, atol=1e-9 * np.ptp(traces), err_msg=name
        )


def pulses_on_noise(count, samples, seed=0):
    rng = np.random.default_rng(seed)
    time = np.arange(samples)
    centre = samples * rng.uniform(0.3, 0.9, (count, 1))
    height = rng.uniform(2, 40, (count, 1))
    return height * np.exp(-(((time - centre) / (samples / 30)) ** 2)) + rng.standard_normal(
        (count, samples)
    )


@pytest.mark.parametrize("samples", [17, 63, 64, 65, 200, 1000])
@pytest.mark.parametrize("polarity", [1, -1])
def test_every_column_agrees_with_numpy(samples, polarity):
    traces = polarity * pulses_on_noise(30, samples).astype(np.float32) + np.float32(50)
    compare(traces, max(1, samples // 16), polarity)
    compare(traces, samples // 3, polarity, threshold=2.0)


@pytest.mark.parametrize("dtype", ["f2", ">f4", "f8", ">f8", "i2", ">i2", "u2", ">u4", "i4", "i8"])
def test_every_type_of_number_is_measured(dtype):
    traces = (pulses_on_noise(20, 500) * 8 + 600).astype(dtype)
    kind, bits = np.dtype(dtype).kind, np.dtype(dtype).itemsize * 8
    ends = None if kind == "f" else (0, 255, 1023, 4095, 16383, 2**bits - 1)
    least = 0.0 if kind == "f" else np.sqrt(1 / 12)
    compare(traces, 50, ends=ends, least=least)


@settings(deadline=None, max_examples=60)
@given(
    st.integers(2, 200).flatmap(lambda n: st.lists(st.integers(-3, 3), min_size=n, max_size=n)),
    st.integers(1, 40),
    st.sampled_from([1, -1]),
)
def test_coarse_numbers_with_their_ties_agree_with_numpy(values, length, polarity):
    trace = np.array([values], np.float32)
    if np.ptp(trace):
        compare(trace, min(length, trace.shape[1]), polarity, threshold=1.5)


def test_the_published_traces_agree_with_numpy():
    traces, truth = synthesize(40, noise_level=0.5, amplitude=0.5, seed=3)
    compare(traces, 608)
    frame = features(traces)
    np.testing.assert_allclose(frame.position, truth.position, atol=40)
    np.testing.assert_allclose(frame.peak, 0.5, atol=0.05)
    assert frame.width.between(500, 850).all()


@pytest.mark.parametrize(
    "wrap", [MemoryArray, lambda a: da.from_array(a, chunks=(7, 100)), np.asfortranarray, list]
)
@pytest.mark.parametrize("workers", [1, 3])
def test_the_result_is_the_same_for_every_kind_of_array_and_number_of_workers(wrap, workers):
    traces = pulses_on_noise(40, 300)
    expected = features(traces, workers=1, chunk=1 << 30)
    assert features(wrap(traces), workers=workers, chunk=1000).equals(expected)


def test_times_and_integrals_are_in_seconds_with_a_sample_period():
    traces = pulses_on_noise(5, 300)
    plain, timed = features(traces), features(traces, sample_period=4e-9)
    for name in COLUMNS:
        scaled = name in ("position", "integral", "rise_time", "width", "t50", "t90")
        np.testing.assert_allclose(timed[name], plain[name] * (4e-9 if scaled else 1))


def test_the_pile_up_count_is_that_of_find_pulses():
    traces, _ = synthesize(30, seed=8)
    traces[:, 2000:] += 2 * traces[:, :-2000]
    counts = find_pulses(traces).groupby("trace").size().reindex(range(30), fill_value=0)
    np.testing.assert_array_equal(features(traces).pulses, counts)
    assert counts.max() > 1


def test_traces_with_nan_or_infinity_and_constant_ones_are_bad():
    traces = pulses_on_noise(6, 100)
    traces[1, 70], traces[2, 3], traces[3] = np.nan, -np.inf, 7.0
    traces[4] = np.nan
    frame = features(traces)
    assert frame.bad.tolist() == [False, True, True, True, True, False]
    assert frame.loc[[1, 2, 4]].drop(columns=["pulses", "saturated", "bad"]).isna().all(axis=None)
    constant = frame.loc[3]
    assert (constant.baseline, constant.baseline_rms, constant.peak, constant.integral) == (
        7,
        0,
        0,
        0,
    )
    assert constant[["position", "width", "kurtosis"]].isna().all()
    assert (frame.pulses[[1, 2, 3, 4]] == 0).all()


def test_one_trace_of_one_sample_is_a_constant_one():
    assert features([3.0]).bad.tolist() == [True]
    assert len(features(np.arange(5.0))) == 1


def test_no_trace_gives_an_empty_table():
    frame = features(np.empty((0, 10), ">i2"))
    assert tuple(frame.columns) == COLUMNS
    assert len(frame) == 0


def test_a_clipped_pulse_is_saturated():
    traces = np.round(pulses_on_noise(4, 400) * 60 + 1000)
    clipped = np.minimum(traces, 1800)
    assert features(clipped).saturated.tolist() == (traces.max(axis=1) > 1820).tolist()
    assert not features(traces).saturated.any()


def test_integers_are_saturated_at_the_ends_of_a_converter_only():
    rng = np.random.default_rng(1)
    quiet = rng.integers(500, 503, (3, 400)).astype("u2")
    assert not features(quiet).saturated.any()
    for end, flat in ((4095, True), (3000, False), (0, True), (1023, True)):
        quiet[:, 200:210] = end
        assert features(quiet).saturated.all() == flat
    quiet[:, 200:210] = 500
    quiet[:, 200:202] = 4095  # two samples are a sharp pulse
    assert not features(quiet).saturated.any()


def test_huge_and_tiny_values_give_no_warning():
    noise = pulses_on_noise(2, 100)
    for scale in (1e-300, 1e-40, 1e150, 1e300):
        frame = features(noise * scale)
        assert not frame.bad.any()
        np.testing.assert_allclose(frame.position, features(noise).position)


def test_work_is_given_up_when_it_is_cancelled():
    def cancelled():
        raise Cancelled("nobody waits")

    with pytest.raises(Cancelled):
        features(np.zeros((10, 10)), cancelled=cancelled)


@pytest.mark.parametrize(
    ("traces", "options"),
    [
        (np.zeros((2, 2, 2)), {}),
        (np.zeros((3, 0)), {}),
        (np.array([[object()]]), {}),
        (np.zeros((2, 2), complex), {}),
        ([[1.0, 2.0], [1.0]], {}),
        (np.zeros((2, 9)), {"polarity": 0}),
        (np.zeros((2, 9)), {"threshold": 0}),
        (np.zeros((2, 9)), {"baseline_samples": 0}),
        (np.zeros((2, 9)), {"sample_period": -1}),
    ],
)
def test_what_cannot_be_measured_is_refused(traces, options):
    with pytest.raises(BadRequest):
        features(traces, **options)
