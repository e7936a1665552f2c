import numpy as np
import pytest
from astrodata_kernel.errors import BadRequest
from astrodata_kernel.processing.strain import asd, band_pass, notch, whiten
from astrodata_kernel.processing.strain.conditioning import band_gain

RATE = 1024.0
TIME = np.arange(32 * 1024) / RATE


def coloured(seed: int = 0) -> np.ndarray:
    """Noise that falls by a factor of 300 over the band, with a line at 60 Hz."""
    white = np.random.default_rng(seed).normal(size=TIME.size)
    spectrum = np.fft.rfft(white)
    frequencies = np.fft.rfftfreq(TIME.size, 1 / RATE)
    spectrum /= 1 + (frequencies / 8) ** 1.5
    return 1e-21 * (np.fft.irfft(spectrum) + 0.3 * np.sin(2 * np.pi * 60 * TIME))


def test_whitened_noise_has_the_same_density_everywhere() -> None:
    out = whiten(coloured(), RATE)
    frequencies, amplitude = asd(out, RATE, seconds=2)
    inner = amplitude[(frequencies > 5) & (frequencies < 500) & (abs(frequencies - 60) > 3)]
    np.testing.assert_allclose(inner, np.sqrt(2 / RATE), rtol=0.6)
    assert out[2048:-2048].std() == pytest.approx(1, rel=0.05)


def test_whitening_moves_nothing_in_time() -> None:
    pulse = coloured()
    at = 20_000
    pulse[at] += 1e-19
    out = whiten(pulse, RATE)
    assert np.argmax(np.abs(out)) == at
    np.testing.assert_allclose(
        (out - whiten(coloured(), RATE))[at - 30 : at],
        (out - whiten(coloured(), RATE))[at + 1 : at + 31][::-1],
        atol=0.3,
    )


def test_a_glitch_reaches_no_further_than_half_of_the_filter() -> None:
    spectrum = asd(coloured(), RATE, seconds=1)
    loud = coloured()
    loud[16_384] += 1e-15
    difference = whiten(loud, RATE, spectrum=spectrum) - whiten(coloured(), RATE, spectrum=spectrum)
    far = np.abs(np.arange(TIME.size) - 16_384) > 512
    assert np.abs(difference[far]).max() < 1e-6 * np.abs(difference).max()


def test_the_ends_do_not_ring() -> None:
    out = whiten(coloured(), RATE)
    assert np.abs(out[:1024]).max() < 6
    assert np.abs(out[-1024:]).max() < 6


@pytest.mark.parametrize(
    "act",
    [
        lambda series: whiten(series, RATE),
        lambda series: band_pass(series, RATE, 20, 200),
        lambda series: notch(series, RATE, [60]),
    ],
    ids=["whiten", "band_pass", "notch"],
)
def test_gaps_stay_gaps_and_poison_nothing(act) -> None:
    holed = coloured()
    holed[10_000:10_600] = np.nan
    out = act(holed)
    assert np.isnan(out[10_000:10_600]).all()
    rest = np.delete(out, np.s_[10_000:10_600])
    assert np.isfinite(rest).all()
    far = np.r_[2048:7000, 14_000:30_000]
    scale = act(coloured())[far].std()
    assert np.abs(out[far] - act(coloured())[far]).max() < 0.5 * scale
    near = np.r_[8000:10_000, 10_600:12_600]
    assert np.abs(out[near]).max() < 10 * scale


def test_a_band_pass_keeps_what_lies_within_and_drops_the_rest() -> None:
    tones = {f: np.sin(2 * np.pi * f * TIME) for f in (5, 100, 400)}
    out = band_pass(sum(tones.values()), RATE, 35, 350 / 2)
    inner = slice(4096, -4096)
    np.testing.assert_allclose(out[inner], tones[100][inner], atol=0.01)


@pytest.mark.parametrize(("low", "high", "kept"), [(None, 50, 10), (50, None, 300)])
def test_a_band_may_be_open_on_a_side(low, high, kept) -> None:
    tones = np.sin(2 * np.pi * 10 * TIME) + np.sin(2 * np.pi * 300 * TIME)
    out = band_pass(tones, RATE, low, high)
    np.testing.assert_allclose(
        out[4096:-4096], np.sin(2 * np.pi * kept * TIME)[4096:-4096], atol=0.01
    )


def test_the_gain_is_what_the_filter_does() -> None:
    for frequency in (20.0, 35.0, 100.0, 170.0):
        tone = np.sin(2 * np.pi * frequency * TIME)
        out = band_pass(tone, RATE, 35, 150)[8192:-8192]
        gain = out.std() / tone[8192:-8192].std()
        assert band_gain([frequency], RATE, 35, 150)[0] == pytest.approx(gain, abs=0.005)
    assert band_gain([1.0, 500.0], RATE, None, None).tolist() == [1, 1]


def test_a_notch_takes_out_the_line_and_leaves_its_neighbours() -> None:
    series = sum(np.sin(2 * np.pi * f * TIME) for f in (60, 75, 120))
    out = notch(series, RATE, [60, 120])
    wanted = np.sin(2 * np.pi * 75 * TIME)
    assert np.abs(out - wanted)[8192:-8192].max() < 0.05


def test_no_line_and_no_band_change_nothing() -> None:
    series = coloured()
    np.testing.assert_array_equal(notch(series, RATE, []), series)
    np.testing.assert_array_equal(band_pass(series, RATE, None, None), series)


@pytest.mark.parametrize("dtype", [">f8", "i2", "f4"])
def test_any_real_numbers_are_taken(dtype: str) -> None:
    series = (1000 * np.random.default_rng(0).normal(size=8192)).astype(dtype)
    assert whiten(series, RATE).dtype == np.float64
    assert np.isfinite(band_pass(series, RATE, 20, 200)).all()


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda: band_pass(np.zeros(999), RATE, 35, 600), r"\[35 Hz, 600 Hz\].*below 512 Hz"),
        (lambda: band_pass(np.zeros(999), RATE, 0, 100), "above 0"),
        (lambda: band_pass(np.zeros(999), RATE, 100, 50), "low edge comes first"),
        (lambda: notch(np.zeros(999), RATE, [512]), "512 Hz is not possible.*below 512 Hz"),
        (lambda: band_pass(np.zeros(10), RATE, 20, 200), "10 samples .* too short"),
        (lambda: notch(np.zeros(10), RATE, [60]), "too short"),
        (lambda: whiten(np.zeros(10), RATE), "too short for a spectrum"),
        (lambda: whiten(np.full(4096, 3.0), RATE), "constant"),
        (lambda: whiten(np.full(4096, np.nan), RATE), "missing"),
        (lambda: whiten(np.zeros(4096, complex), RATE), "real numbers, not complex128"),
        (lambda: whiten([[1.0]], RATE), "one axis"),
        (
            lambda: whiten(np.ones(999), RATE, spectrum=asd(coloured(), RATE, seconds=4)),
            "too short for a whitening filter of 3.999 s",
        ),
    ],
)
def test_what_cannot_be_filtered_is_refused_with_the_limits(act, words: str) -> None:
    with pytest.raises(BadRequest, match=words):
        act()
