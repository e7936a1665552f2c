"""Detectors side by side, on the published traces."""

import numpy as np
import pytest
from astrodata_kernel.drawing import svg_of
from astrodata_kernel.errors import BadRequest
from astrodata_kernel.latent import (
    Detector,
    Garage,
    compare,
    comparison_table,
    detectors,
    efficiency,
    efficiency_figure,
    latent_histograms,
)
from astrodata_kernel.models import waveform_cae
from astrodata_kernel.processing.waveforms import synthesize


def test_the_baselines_find_what_was_measured_of_them():
    # Published noise; shares of pulses found at 1 % false positives, as measured with other code.
    noise, _ = synthesize(800, 1.0, 0.0, seed=1)
    fresh, _ = synthesize(1600, 1.0, 0.0, seed=2)
    signals = {a: synthesize(200, 1.0, a, seed=3)[0] for a in (0.015, 0.03)}
    found = compare(detectors(noise), fresh, signals).set_index(["detector", "amplitude"]).rate
    assert found["peak cut", 0.015] == pytest.approx(0.15, abs=0.12)
    assert found["integral", 0.015] == pytest.approx(0.70, abs=0.12)
    assert found["matched filter", 0.015] == pytest.approx(0.74, abs=0.14)
    assert found["matched filter, PSD-weighted", 0.015] == pytest.approx(0.94, abs=0.08)
    for name in ("peak cut", "integral", "moving average", "matched filter, PSD-weighted"):
        assert found[name, 0.0] <= 0.035
        assert found[name, 0.03] >= 0.94


def test_thresholds_come_from_one_half_of_the_noise_and_rates_from_the_other():
    noise = np.concatenate([np.linspace(0, 1, 100), np.full(100, 5.0)])[:, None]
    signals = {1.0: np.array([[0.5], [2.0]])}
    rows = compare([Detector("value", lambda x: x[:, 0])], noise, signals, 0.05)
    assert rows.rate.tolist() == [1.0, 0.5]
    assert rows.threshold[0] == pytest.approx(94 / 99)
    fixed = compare([Detector("value", lambda x: x[:, 0], 10.0)], noise, signals)
    assert fixed.rate.tolist() == [0.0, 0.0]


def test_too_little_noise_sets_no_threshold():
    with pytest.raises(BadRequest, match="at least 200"):
        compare([], np.zeros((150, 5)), {}, 0.01)


def test_an_encoder_brings_its_garages_and_an_untrained_one():
    noise, _ = synthesize(300, 1.0, 0.0, seed=1)
    found = detectors(noise, waveform_cae())
    assert [one.name for one in found[:3]] == [
        "garage, 3 sigma",
        "garage, calibrated",
        "random encoder, calibrated",
    ]
    assert found[0].threshold == 1.0
    scores = found[0].score(noise)
    assert 0.9 < (scores <= 1).mean() < 1


def test_tables_and_figures_are_made():
    noise = np.random.default_rng(0).normal(size=(400, 1))
    rows = compare([Detector("one", lambda x: x[:, 0])], noise, {0.5: noise + 1, 2.0: noise + 9})
    lines = comparison_table(rows).split("\n")
    assert lines[0] == "| detector | false positives % | A = 0.5 | A = 2 |"
    assert lines[2].startswith("| one | ")
    assert lines[2].endswith("| 100.0 [99.0, 100.0] |")
    amplitudes = 10 ** np.random.default_rng(0).uniform(-3, -1, 500)
    curve = efficiency(
        amplitudes * np.random.default_rng(1).lognormal(0, 0.3, 500) > 0.01, amplitudes
    )
    all_found = efficiency(np.ones(500, bool), amplitudes)
    assert "<svg" in svg_of(efficiency_figure({"garage": curve, "all": all_found}))
    z = np.random.default_rng(0).normal(size=(500, 4))
    assert "<svg" in svg_of(latent_histograms({"noise": z, "test": z + 1}, Garage.fit(z)))
    constant = np.tile([[0.0, 1.0]], (50, 1))
    assert "<svg" in svg_of(latent_histograms({"noise": constant}, Garage.fit(constant)))
