"""Noise spectra over all traces, against SciPy's, and noise made white."""

import dask.array as da
import numpy as np
import pytest
from astrodata_kernel.datasets.lazy import MemoryArray
from astrodata_kernel.errors import BadRequest
from astrodata_kernel.processing.waveforms.spectra import Periodogram, psd, whiten
from scipy import signal

RNG = np.random.default_rng(0)
WHITE = RNG.standard_normal((60, 3000))
COLOURED = signal.lfilter([1.0], [1, -0.9], RNG.standard_normal((60, 4000)), axis=1)[:, 1000:] + 100


@pytest.mark.parametrize("segment", [256, 255, 1000, 3000])
@pytest.mark.parametrize("dtype", ["f4", "f8", ">f4"])
def test_welch_is_the_mean_of_scipys(segment, dtype):
    traces = COLOURED.astype(dtype)
    frequencies, density = psd(traces, 0.25, segment)
    expected = signal.welch(traces.astype(float), 4.0, nperseg=segment, axis=1)
    np.testing.assert_allclose(frequencies, expected[0])
    bound = 1e-3 if "4" in dtype else 1e-9  # float32 rounds samples near 100 to 1e-5
    np.testing.assert_allclose(density[1:], expected[1].mean(axis=0)[1:], rtol=bound)


def test_the_median_is_scipys_over_all_stretches_and_does_not_see_a_few_pulses():
    clean = psd(WHITE, 1.0, 300, "median").density
    stretches = np.lib.stride_tricks.sliding_window_view(WHITE, 300, axis=1)[:, ::150].reshape(
        -1, 300
    )
    powers = signal.periodogram(stretches, window="hann", axis=1)[1]
    bias = signal.welch(
        stretches.reshape(1, -1), nperseg=300, noverlap=0, average="median", axis=1
    )[1][0] / np.median(powers, axis=0)
    np.testing.assert_allclose(clean[1:-1], (np.median(powers, axis=0) * bias)[1:-1])
    struck = WHITE.copy()
    struck[:3, 1000:1100] += 1000
    np.testing.assert_allclose(psd(struck, 1.0, 300, "median").density, clean, rtol=0.15)
    assert psd(struck, 1.0, 300).density[1] > 100 * clean[1]


def test_the_periodogram_is_that_of_whole_traces():
    made = psd(COLOURED, 0.5, method="periodogram")
    expected = signal.periodogram(COLOURED, 2.0, detrend=False, axis=1)[1].mean(axis=0)
    assert isinstance(made, Periodogram)
    np.testing.assert_allclose(made.density, expected)


@pytest.mark.parametrize("method", ["welch", "median", "periodogram"])
def test_the_spectrum_is_the_same_for_every_kind_of_array_and_number_of_workers(method):
    expected = psd(COLOURED, method=method, workers=1)
    threads = psd(MemoryArray(COLOURED), method=method, workers=3)
    np.testing.assert_array_equal(threads.density, expected.density)
    dask = psd(da.from_array(COLOURED, chunks=(11, 900)), method=method)
    np.testing.assert_allclose(dask.density, expected.density)


def test_white_noise_has_its_variance_spread_over_all_frequencies():
    frequencies, density = psd(3 * WHITE, 1e-3)
    assert frequencies[-1] == 500
    assert density[2:-2].mean() == pytest.approx(9 / 500, rel=0.02)


def test_whole_numbers_are_taken():
    np.testing.assert_allclose(
        psd(np.round(COLOURED * 100).astype(">u2")).density[1:],
        1e4 * psd(COLOURED).density[1:],
        rtol=0.01,
    )


def test_traces_with_gaps_are_left_out():
    holed = np.concatenate([WHITE, np.full((3, 3000), np.nan), WHITE[:1]])
    holed[-1, 5] = np.inf
    np.testing.assert_allclose(psd(holed).density, psd(WHITE).density)
    with pytest.raises(BadRequest, match="free of NaN"):
        psd(holed[60:])
    with pytest.raises(BadRequest, match="free of NaN"):
        psd(holed[60:], method="median")


def test_short_and_single_traces_have_a_spectrum():
    assert psd(np.arange(5.0)).frequencies.shape == (3,)
    assert psd([4.0], method="periodogram").density == 16
    assert psd(np.ones((3, 1))).density == 0


def test_whitened_noise_is_white_and_of_variance_one():
    for spectrum in (
        psd(COLOURED[:40], 0.5, 512),
        psd(COLOURED[:40] - 100, 0.5, method="periodogram"),
    ):
        made = whiten(COLOURED[40:] - 100, spectrum, 0.5)[:, 100:-100]
        assert made.std() == pytest.approx(1, abs=0.03)
        after = psd(made, 0.5, 256).density[2:-2]
        np.testing.assert_allclose(after, 1.0, rtol=0.25)


def test_whitening_takes_every_kind_of_array_and_spoils_no_other_trace():
    spectrum = psd(WHITE)
    expected = whiten(WHITE, spectrum, workers=1)
    np.testing.assert_array_equal(whiten(MemoryArray(WHITE), spectrum, workers=3), expected)
    lazy = whiten(da.from_array(WHITE, chunks=(7, 1000)), spectrum)
    np.testing.assert_array_equal(lazy.compute(), expected)
    holed = WHITE.copy()
    holed[3, 8] = np.nan
    made = whiten(holed, spectrum)
    assert np.isnan(made[3]).all()
    np.testing.assert_array_equal(np.delete(made, 3, 0), np.delete(expected, 3, 0))


def test_a_frequency_without_noise_is_left_out():
    spectrum = psd(WHITE, method="periodogram")
    spectrum.density[0] = 0
    np.testing.assert_allclose(whiten(WHITE, spectrum).mean(axis=1), 0, atol=1e-9)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: psd(WHITE, method="best"),
        lambda: psd(WHITE, segment=4000),
        lambda: psd(WHITE, segment=0),
        lambda: psd(WHITE, 0.0),
        lambda: psd(WHITE, segment=100, method="periodogram"),
        lambda: whiten(WHITE, ([0, 1], [1.0])),
        lambda: whiten(WHITE, ([0, 1], [1.0, -1])),
        lambda: whiten(WHITE, ([0, 1], [0.0, 0])),
        lambda: whiten(WHITE, ([1, 0], [1.0, 1])),
        lambda: whiten(WHITE, ([0, 1], [1.0, np.nan])),
        lambda: whiten(WHITE, ([0, 1], [1.0, 1]), np.inf),
    ],
)
def test_impossible_spectra_are_refused(wrong):
    with pytest.raises(BadRequest):
        wrong()
