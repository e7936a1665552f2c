import threading
import tracemalloc

import numpy as np
import pytest
from astrodata_kernel.errors import BadRequest, Cancelled
from astrodata_kernel.processing.strain import q_limits, q_transform

RATE = 2048.0
TIME = np.arange(16 * 2048) / RATE


def sine_gaussian(time: float, frequency: float, q: float, amplitude: float = 1.0) -> np.ndarray:
    """A burst exp(-(t / tau)^2) sin(2 pi f t), of Q = 2 pi tau f (Chatterji 2004)."""
    tau = q / (2 * np.pi * frequency)
    shifted = TIME - time
    return amplitude * np.exp(-((shifted / tau) ** 2)) * np.sin(2 * np.pi * frequency * shifted)


def noise(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=TIME.size)


@pytest.mark.parametrize("q", [6.0, 12.0, 40.0])
@pytest.mark.parametrize("frequency", [50.0, 140.0, 450.0])
@pytest.mark.parametrize("t_range", [None, (7.0, 9.0)])
def test_a_sine_gaussian_peaks_at_its_time_and_frequency(q, frequency, t_range) -> None:
    series = 0.01 * noise() + sine_gaussian(8.123, frequency, q)
    energy, frequencies, times = q_transform(
        series, RATE, q=q, frange=(20, 600), t_range=t_range, columns=800, rows=200
    )
    row, column = np.unravel_index(energy.argmax(), energy.shape)
    step = times[1] - times[0]
    assert abs(times[column] - 8.123) <= step + 0.1 * q / frequency / (2 * np.pi)
    # The level of the noise is known to some percent, which moves a broad peak.
    assert abs(np.log(frequencies[row] / frequency)) < 0.5 / q + np.log(30) / 200


def test_energy_falls_with_time_as_the_bursts_own_autocorrelation() -> None:
    # For a sine-Gaussian seen with a window of the same Q the overlap falls as exp(-dt^2 / tau^2); the
    # bisquare window stands for the Gaussian one.
    q, frequency = 12.0, 100.0
    series = 1e-3 * noise() + sine_gaussian(8.0, frequency, q)
    energy, frequencies, times = q_transform(
        series, RATE, q=q, frange=(frequency, 110), t_range=(7.8, 8.2), columns=401, rows=2
    )
    tau = q / (2 * np.pi * frequency)
    row = energy[0] / energy[0].max()
    near = np.abs(times - 8.0) < tau
    np.testing.assert_allclose(row[near], np.exp(-(((times - 8.0) / tau)[near] ** 2)), atol=0.05)
    assert frequencies[0] == pytest.approx(frequency)


def test_noise_lies_about_one_in_every_row_whatever_its_colour() -> None:
    spectrum = np.fft.rfft(noise())
    spectrum /= 1 + (np.fft.rfftfreq(TIME.size, 1 / RATE) / 30) ** 2
    energy, _, _ = q_transform(
        1e-21 * np.fft.irfft(spectrum),
        RATE,
        t_range=(2, 14),
        columns=1000,
        rows=100,
        frange=(60, 600),
    )
    assert energy.dtype == np.float32
    np.testing.assert_allclose(np.median(energy[:30], axis=1), 1, atol=0.35)


def test_the_median_of_columns_no_wider_than_tiles_is_one() -> None:
    energy, _, _ = q_transform(noise(), RATE, frange=(40, 60), columns=2000, rows=20)
    assert np.median(energy) == pytest.approx(1, abs=0.15)
    assert energy.mean() == pytest.approx(1 / np.log(2), rel=0.15)


def test_a_burst_shorter_than_a_column_is_not_lost() -> None:
    series = 0.01 * noise() + sine_gaussian(8.0, 500, 5)
    fine, _, _ = q_transform(series, RATE, q=5, frange=(100, 550), columns=4000, rows=60)
    coarse, _, times = q_transform(series, RATE, q=5, frange=(100, 550), columns=20, rows=60)
    assert coarse.max() == pytest.approx(fine.max(), rel=0.1)
    assert abs(times[coarse.max(axis=0).argmax()] - 8.0) <= (times[1] - times[0])


def test_a_part_is_the_same_as_that_part_of_all() -> None:
    series = noise() + sine_gaussian(8.0, 200, 12, 3)
    whole, _, times = q_transform(series, RATE, frange=(50, 500), columns=1600, rows=40)
    part, _, some = q_transform(
        series, RATE, frange=(50, 500), t_range=(7.0, 9.0), columns=200, rows=40
    )
    same = (times > 7.0) & (times < 9.0)
    np.testing.assert_allclose(times[same], some)
    # Of high rows the coarse columns hold the largest tile; the two agree where columns are as fine.
    np.testing.assert_allclose(part[:20], whole[:20][:, same], rtol=1e-3, atol=1e-3)


def test_the_result_hangs_neither_on_scale_nor_offset() -> None:
    series = noise() + sine_gaussian(8.0, 200, 12, 3)
    one, _, _ = q_transform(series, RATE, frange=(50, 500), rows=20, columns=100)
    other, _, _ = q_transform(1e-22 * series + 1e-21, RATE, frange=(50, 500), rows=20, columns=100)
    np.testing.assert_allclose(other, one, rtol=2e-3, atol=1e-3)


def test_gaps_are_blank_and_poison_nothing() -> None:
    series = noise() + sine_gaussian(8.0, 200, 12, 5)
    holed = series.copy()
    holed[10_000:12_048] = np.nan
    energy, _, times = q_transform(holed, RATE, frange=(50, 500), columns=800, rows=60)
    blank = np.isnan(energy).all(axis=0)
    assert times[blank].min() == pytest.approx(10_000 / RATE, abs=0.03)
    assert times[blank].max() == pytest.approx(12_048 / RATE, abs=0.03)
    assert np.isfinite(energy[:, ~blank]).all()
    clean, _, _ = q_transform(series, RATE, frange=(50, 500), columns=800, rows=60)
    far = times > 7.5
    np.testing.assert_allclose(energy[:, far].max(), clean[:, far].max(), rtol=0.1)
    assert energy[:, ~blank].max() == energy[:, far].max()


def test_a_constant_series_has_no_energy() -> None:
    energy, _, _ = q_transform(np.full(8192, 4.0), RATE, frange=(50, 500), rows=5, columns=10)
    assert not energy.any()


def test_only_a_row_at_a_time_is_in_memory() -> None:
    series = np.random.default_rng(0).normal(size=1 << 20).astype(np.float32)
    q_transform(series[: 1 << 16], 16384.0, rows=2, columns=10)
    tracemalloc.start()
    energy, _, _ = q_transform(series, 16384.0, rows=200, columns=1000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # All tiles at once would be 200 rows of some 100,000 complex numbers.
    assert peak < energy.nbytes + 80 * 1e6


def test_progress_ends_at_one_and_cancel_gives_up() -> None:
    seen: list[float] = []
    q_transform(noise(), RATE, frange=(50, 500), rows=7, columns=10, progress=seen.append)
    assert len(seen) == 7
    assert seen[-1] == 1
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        q_transform(noise(), RATE, frange=(50, 500), cancel=cancel)


def test_the_limits_are_those_that_are_refused_beyond() -> None:
    low, high = q_limits(RATE, 16, 12)
    assert high < RATE / 2
    energy, frequencies, _ = q_transform(noise(), RATE, frange=(low, high), rows=9, columns=9)
    assert np.isfinite(energy).all()
    np.testing.assert_allclose(frequencies[[0, -1]], [low, high])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"frange": (20, 1024)}, "reach from 3 to 802.3 Hz"),
        ({"frange": (1, 500)}, "reach from 3 to"),
        ({"frange": (500, 50)}, "reach from"),
        ({"q": 3}, "q above 3.317"),
        ({"t_range": (0, 17), "frange": (20, 500)}, "lasts from 0 to 16 s"),
        ({"t_range": (5, 5), "frange": (20, 500)}, "lasts from 0 to 16 s"),
        ({"columns": 0, "frange": (20, 500)}, "columns 0"),
        ({"rows": 0, "frange": (20, 500)}, "rows 0"),
    ],
)
def test_what_tiles_do_not_reach_is_refused_with_the_limits(arguments: dict, words: str) -> None:
    with pytest.raises(BadRequest, match=words):
        q_transform(noise(), RATE, **arguments)


def test_a_series_too_short_for_any_frequency_says_so() -> None:
    with pytest.raises(BadRequest, match="too short for any frequency"):
        q_transform(np.ones(64), RATE, q=64)
    with pytest.raises(BadRequest, match="sample rate"):
        q_transform(noise(), None)
