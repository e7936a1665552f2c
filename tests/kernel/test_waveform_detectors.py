"""Scores of the plain detectors, against NumPy and against what was measured on the published set."""

import dask.array as da
import numpy as np
import pytest
from astrodata_kernel.datasets.lazy import MemoryArray
from astrodata_kernel.errors import BadRequest
from astrodata_kernel.processing.waveforms import synthesize
from astrodata_kernel.processing.waveforms.detectors import (
    integral_score,
    matched_filter_score,
    moving_average_score,
    peak_score,
    pulse_template,
    threshold_at,
)
from astrodata_kernel.processing.waveforms.spectra import psd
from scipy import signal, stats

RNG = np.random.default_rng(0)
TRACES = RNG.standard_normal((23, 700)) + 1.5
TEMPLATE = pulse_template(300, 4.0, 0.4)
SCORES = {
    "peak": peak_score,
    "integral": integral_score,
    "moving average": lambda t, **run: moving_average_score(t, 16, **run),
    "matched": lambda t, **run: matched_filter_score(t, TEMPLATE, **run),
    "weighted": lambda t, **run: matched_filter_score(t, TEMPLATE, psd(TRACES, segment=128), **run),
}
each = pytest.mark.parametrize("score", SCORES.values(), ids=SCORES)


@each
@pytest.mark.parametrize("dtype", ["f8", ">f4", "i2", ">u2"])
def test_every_kind_of_array_and_number_gives_the_same_scores(score, dtype):
    traces = (TRACES * 100 + 1000).astype(dtype)
    expected = score(traces.astype(float))
    assert (expected.shape, expected.dtype) == ((23,), np.float64)
    for other in (traces, MemoryArray(traces), da.from_array(traces, chunks=(5, 300))):
        np.testing.assert_allclose(score(other, workers=3), expected, rtol=1e-4)
    np.testing.assert_allclose(score(traces[2]), expected[2:3], rtol=1e-4)


@each
def test_a_trace_with_nan_has_no_score_and_spoils_no_other(score):
    holed = TRACES.copy()
    holed[4, 100], holed[5] = np.nan, 2.0
    made = score(holed)
    np.testing.assert_array_equal(np.isnan(made), np.arange(23) == 4)
    np.testing.assert_allclose(np.delete(made, [4, 5]), np.delete(score(TRACES), [4, 5]))
    assert score(np.empty((0, 700))).shape == (0,)


@each
def test_falling_pulses_score_as_rising_ones_with_the_polarity_turned(score):
    np.testing.assert_allclose(score(-TRACES, polarity=-1), score(TRACES))
    with pytest.raises(BadRequest):
        score(TRACES, polarity=0)


def test_peak_integral_and_moving_average_are_those_of_numpy():
    windows = np.lib.stride_tricks.sliding_window_view(TRACES, 64, axis=1).mean(axis=2)
    base = np.median(TRACES[:, :43], axis=1)
    np.testing.assert_allclose(peak_score(TRACES), TRACES.max(axis=1))
    np.testing.assert_allclose(integral_score(TRACES), TRACES.sum(axis=1))
    np.testing.assert_allclose(moving_average_score(TRACES, 64), windows.max(axis=1))
    np.testing.assert_allclose(moving_average_score(TRACES, 900), TRACES.mean(axis=1))
    rest = {"baseline_samples": None}
    np.testing.assert_allclose(peak_score(TRACES, **rest), TRACES.max(axis=1) - base)
    np.testing.assert_allclose(integral_score(TRACES, **rest), TRACES.sum(axis=1) - 700 * base)
    np.testing.assert_allclose(
        moving_average_score(TRACES, 64, baseline_samples=43), windows.max(axis=1) - base
    )


def test_the_plain_matched_filter_is_a_correlation_with_the_template():
    unit = TEMPLATE / np.linalg.norm(TEMPLATE)
    expected = [signal.correlate(trace, unit, "full", "direct").max() for trace in TRACES]
    np.testing.assert_allclose(matched_filter_score(TRACES, TEMPLATE), expected, rtol=1e-5)
    np.testing.assert_allclose(
        matched_filter_score(TRACES, 7 * TEMPLATE), matched_filter_score(TRACES, TEMPLATE)
    )


def test_a_lone_pulse_scores_its_norm():
    trace = np.zeros(3000)
    trace[1000:1300] = 2 * TEMPLATE
    assert matched_filter_score(trace, TEMPLATE)[0] == pytest.approx(2 * np.linalg.norm(TEMPLATE))


@pytest.mark.parametrize("method", ["periodogram", "welch", "median"])
@pytest.mark.parametrize("samples", [700, 701])
def test_the_weighted_filters_score_is_a_signal_to_noise_ratio(method, samples):
    noise = signal.lfilter([1.0], [1, -0.9], RNG.standard_normal((900, 1200)), axis=1)[:, -samples:]
    spectrum = psd(noise[:600], 0.1, method=method)
    # In noise that is correlated over some ten samples: the largest of independent normal numbers.
    scores = matched_filter_score(noise[600:], TEMPLATE, spectrum, 0.1)
    assert 1.7 < np.median(scores) < 3.2
    # A pulse of known energy adds its own ratio: the root of the sum of |h|^2 over the noise's power.
    exact = 1 / np.abs(1 - 0.9 * np.exp(-2j * np.pi * np.fft.rfftfreq(8192))) ** 2
    ratio = np.sqrt(2 * (np.abs(np.fft.rfft(TEMPLATE, 8192)) ** 2 / exact).sum() / 8192)
    struck = noise[600:].copy()
    struck[:, 200:500] += 20 / ratio * TEMPLATE
    made = matched_filter_score(struck, TEMPLATE, spectrum, 0.1)
    assert made.mean() == pytest.approx(20, abs=0.8 if method == "periodogram" else 2)


def test_frequencies_without_noise_do_not_count():
    spectrum = psd(TRACES, method="periodogram")
    spectrum.density[0] = 0
    made = matched_filter_score(TRACES, TEMPLATE, spectrum)
    np.testing.assert_allclose(made, matched_filter_score(TRACES + 50, TEMPLATE, spectrum))


def test_the_template_is_the_published_pulse():
    template = pulse_template()
    pulse = stats.lognorm.pdf(np.arange(1, 9729), 0.4, scale=np.exp(6.7))
    np.testing.assert_allclose(
        template, pulse / stats.lognorm.pdf(np.exp(6.54), 0.4, scale=np.exp(6.7))
    )
    assert template.max() == pytest.approx(1, abs=1e-6)
    assert template.argmax() + 1 == pytest.approx(np.exp(6.7 - 0.16), abs=1)


def test_a_threshold_lets_no_more_noise_pass_than_was_asked_for():
    scores = RNG.standard_normal(1000)
    for rate in (0, 0.001, 0.01, 0.29, 0.5):
        cut = threshold_at(scores, rate)
        assert (scores > cut.value).sum() == round(1000 * rate)
        assert cut.low <= cut.false_positive_rate == rate <= cut.high
    ties = threshold_at([1, 1, 1, 2, np.nan], 0.5)
    assert (ties.value, ties.false_positive_rate) == (1, 0.25)


def test_the_thresholds_interval_holds_the_true_rate():
    inside = 0
    for _ in range(200):
        cut = threshold_at(RNG.standard_normal(400), 0.05)
        inside += cut.low <= stats.norm.sf(cut.value) <= cut.high
    assert inside >= 180


def test_the_detectors_find_as_many_published_pulses_as_was_measured():
    # Published figures: 400 signals, thresholds at 1 % of 800 noise traces. Here fewer, so wider.
    noise, _ = synthesize(600, amplitude=0.0, seed=101)
    spectrum = psd(synthesize(400, amplitude=0.0, seed=102)[0], method="periodogram")
    template = pulse_template()
    scores = {
        "peak": peak_score,
        "integral": integral_score,
        "plain": lambda t: matched_filter_score(t, template),
        "weighted": lambda t: matched_filter_score(t, template, spectrum),
    }
    cuts = {name: threshold_at(score(noise)).value for name, score in scores.items()}
    expected = {
        0.010: {"peak": 3, "integral": 39, "plain": 20, "weighted": 49},
        0.015: {"peak": 15, "integral": 70, "plain": 74, "weighted": 94},
        0.020: {"peak": 44, "integral": 93, "plain": 97, "weighted": 99.8},
        0.030: {"peak": 99, "integral": 100, "plain": 100, "weighted": 100},
    }
    for amplitude, row in expected.items():
        traces, _ = synthesize(150, amplitude=amplitude, seed=int(1e4 * amplitude))
        for name, share in row.items():
            found = 100 * (scores[name](traces) > cuts[name]).mean()
            slack = 4 + 40 * np.sqrt(share / 100 * (1 - share / 100))
            assert abs(found - share) <= slack, (name, amplitude, found)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: matched_filter_score(TRACES, []),
        lambda: matched_filter_score(TRACES, np.ones(701)),
        lambda: matched_filter_score(TRACES, np.zeros(20)),
        lambda: matched_filter_score(TRACES, [1, np.nan]),
        lambda: matched_filter_score(TRACES, TEMPLATE, ([0, 1], [1.0])),
        lambda: matched_filter_score(TRACES, TEMPLATE, ([0, 0.5], [0.0, 0.0])),
        lambda: matched_filter_score(TRACES, TEMPLATE, psd(TRACES), sample_period=0),
        lambda: moving_average_score(TRACES, 0),
        lambda: pulse_template(0),
        lambda: pulse_template(5, sigma=0),
        lambda: threshold_at([]),
        lambda: threshold_at([np.nan]),
        lambda: threshold_at([1.0], 1),
        lambda: threshold_at([1.0], -0.1),
    ],
)
def test_impossible_scores_are_refused(wrong):
    with pytest.raises(BadRequest):
        wrong()
