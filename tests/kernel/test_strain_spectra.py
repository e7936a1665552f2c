import numpy as np
import pytest
from astrodata_kernel.errors import BadRequest, Cancelled
from astrodata_kernel.processing.strain import asd, spectrogram
from scipy import signal

RATE = 1024.0


@pytest.fixture
def noise() -> np.ndarray:
    return np.random.default_rng(3).normal(size=64 * 1024)


@pytest.mark.parametrize("average", ["median", "mean"])
def test_the_density_is_that_of_scipys_welch(noise: np.ndarray, average: str) -> None:
    frequencies, amplitude = asd(noise, RATE, seconds=2, average=average)
    wanted, power = signal.welch(
        noise, RATE, "hann", 2048, detrend="constant", average=average, scaling="density"
    )
    np.testing.assert_allclose(frequencies, wanted)
    np.testing.assert_allclose(amplitude, np.sqrt(power), rtol=1e-9)


def test_white_noise_of_variance_one_has_the_density_two_over_the_rate(noise: np.ndarray) -> None:
    frequencies, amplitude = asd(noise, RATE)
    assert frequencies[1] == 0.25
    inner = amplitude[4:-4]
    assert np.mean(inner**2) == pytest.approx(2 / RATE, rel=0.02)


def test_an_odd_stretch_counts_each_frequency_once(noise: np.ndarray) -> None:
    frequencies, amplitude = asd(noise, RATE, seconds=1001 / RATE, average="mean")
    _, power = signal.welch(noise, RATE, "hann", 1001, noverlap=500, detrend="constant")
    assert frequencies.size == 501
    np.testing.assert_allclose(amplitude, np.sqrt(power), rtol=1e-9)


def test_gaps_do_not_poison_the_density(noise: np.ndarray) -> None:
    holed = noise.copy()
    holed[10_000:10_050] = np.nan
    holed[30_000] = np.inf
    _, amplitude = asd(holed, RATE, seconds=1)
    assert np.isfinite(amplitude).all()
    np.testing.assert_allclose(amplitude, asd(noise, RATE, seconds=1)[1], rtol=0.4)


def test_stretches_become_shorter_where_gaps_leave_no_longer_one(noise: np.ndarray) -> None:
    holed = noise.copy()
    holed[::1024] = np.nan
    frequencies, amplitude = asd(holed, RATE)
    assert 1 / frequencies[1] < 1
    assert np.isfinite(amplitude).all()
    with pytest.raises(BadRequest, match=r"no stretch of 2 s without one"):
        asd(holed, RATE, seconds=2)


def test_a_glitch_moves_the_mean_and_not_the_median(noise: np.ndarray) -> None:
    loud = noise.copy()
    loud[20_000:20_010] += 1000
    clean = asd(noise, RATE)[1][10:-10]
    assert np.median(asd(loud, RATE)[1][10:-10] / clean) == pytest.approx(1, abs=0.1)
    assert np.median(asd(loud, RATE, average="mean")[1][10:-10] / clean) > 3


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"series": np.zeros(20), "sample_rate": RATE}, "20 samples .* too short .* at least 32"),
        ({"series": np.zeros(4096), "sample_rate": None}, "sample rate .* unknown"),
        ({"series": np.zeros(4096), "sample_rate": -1}, "positive number of Hz"),
        ({"series": np.zeros(4096), "sample_rate": RATE, "seconds": 9}, "takes 0.0312 to 4 s"),
        ({"series": np.zeros((2, 4096)), "sample_rate": RATE, "seconds": 1}, "one axis"),
        ({"series": np.zeros(4096), "sample_rate": RATE, "average": "mode"}, '"median" or "mean"'),
        ({"series": np.zeros(4096), "sample_rate": RATE, "overlap": 1}, "overlap"),
        ({"series": np.full(4096, np.nan), "sample_rate": RATE}, "gaps"),
    ],
)
def test_what_has_no_spectrum_is_refused_with_the_limits(arguments: dict, words: str) -> None:
    with pytest.raises(BadRequest, match=words):
        asd(**arguments)


def test_a_spectrogram_is_the_density_of_each_stretch(noise: np.ndarray) -> None:
    amplitude, frequencies, times = spectrogram(noise, RATE, seconds=1)
    assert amplitude.dtype == np.float32
    assert amplitude.shape == (frequencies.size, times.size)
    _, wanted = asd(noise[512:1536], RATE, seconds=1, average="mean")
    assert times[1] == 1.0
    np.testing.assert_allclose(amplitude[:, 1], wanted, rtol=1e-4)


def test_a_spectrogram_shows_when_a_tone_begins(noise: np.ndarray) -> None:
    time = np.arange(noise.size) / RATE
    tone = noise * 0.01 + np.where(time > 40, np.sin(2 * np.pi * 100 * time), 0)
    amplitude, frequencies, times = spectrogram(tone, RATE, seconds=1, columns=200)
    assert amplitude.shape[1] == 200
    row = amplitude[np.argmin(abs(frequencies - 100))]
    assert row[times > 41].min() > 50 * row[times < 39].max()


def test_a_stretch_that_touches_a_gap_is_a_column_without_data(noise: np.ndarray) -> None:
    holed = noise.copy()
    holed[5000] = np.nan
    amplitude, _, times = spectrogram(holed, RATE, seconds=1, overlap=0)
    blank = np.isnan(amplitude).all(axis=0)
    assert times[blank].tolist() == [4.5]
    assert np.isfinite(amplitude[:, ~blank]).all()


def test_a_spectrogram_that_nobody_waits_for_is_given_up(noise: np.ndarray) -> None:
    from threading import Event

    cancel = Event()
    cancel.set()
    with pytest.raises(Cancelled):
        spectrogram(noise, RATE, cancel=cancel)
