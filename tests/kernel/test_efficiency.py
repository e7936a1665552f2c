"""Efficiency curves: bins, intervals and the error function."""

import numpy as np
import pytest
from astrodata_kernel.errors import BadRequest
from astrodata_kernel.latent import efficiency
from scipy.special import erf
from scipy.stats import binomtest

RNG = np.random.default_rng(3)
AMPLITUDES = 10 ** RNG.uniform(-3, 0, 20_000)
SHARE = 0.5 + 0.5 * erf((np.log10(AMPLITUDES) - np.log10(0.0056)) / 0.15)
TAGGED = RNG.random(20_000) < SHARE


def test_the_fit_finds_the_curve_that_made_the_data():
    found = efficiency(TAGGED, AMPLITUDES)
    assert found.midpoint == pytest.approx(0.0056, rel=4 * found.midpoint_error)
    assert 0.001 < found.midpoint_error < 0.05
    assert found.width == pytest.approx(0.15, abs=0.03)
    assert found.curve(0.0056) == pytest.approx(0.5, abs=0.06)
    assert found.amplitude_at(0.5) == pytest.approx(found.midpoint)
    assert found.amplitude_at(0.99) > found.midpoint


def test_false_positives_do_not_pull_the_curve():
    noisy = TAGGED | (RNG.random(20_000) < 0.03)
    found = efficiency(noisy, AMPLITUDES)
    assert found.floor == pytest.approx(0.03, abs=0.01)
    assert found.midpoint == pytest.approx(0.0056, rel=4 * found.midpoint_error)
    assert found.width == pytest.approx(0.15, abs=0.03)
    assert found.curve(found.amplitude_at(0.99)) == pytest.approx(0.99)


def test_each_bin_counts_its_signals():
    table = efficiency(TAGGED, AMPLITUDES, bin_width=0.25).table
    assert table.total.sum() == 20_000
    for row in table.itertuples():
        inside = (row.low <= AMPLITUDES) & (row.high > AMPLITUDES)
        assert row.total == inside.sum()
        assert row.tagged == TAGGED[inside].sum()
        expected = binomtest(row.tagged, row.total).proportion_ci(0.6827, "wilson")
        assert row.lower == pytest.approx(expected.low, abs=1e-6)
        assert row.upper == pytest.approx(expected.high, abs=1e-6)


def test_scores_are_tagged_above_their_threshold_and_noise_is_left_out():
    scores = np.array([0.1, 2.0, 3.0, 9.0])
    found = efficiency(scores, [0.5, 0.5, 0.5, 0.0], 2.0)
    assert found.table.tagged.sum() == 1
    assert found.table.total.sum() == 3


@pytest.mark.parametrize("flag", [True, False])
def test_where_all_or_none_are_tagged_there_is_no_fit(flag):
    found = efficiency(np.full(50, flag), AMPLITUDES[:50])
    assert np.isnan(found.midpoint)
    assert "no amplitude" in found.note


def test_an_efficiency_that_does_not_rise_is_not_fitted():
    found = efficiency(RNG.random(2000) < 0.5 - 0.4 * (AMPLITUDES[:2000] > 0.03), AMPLITUDES[:2000])
    assert found.note
    assert np.isnan(found.midpoint)


@pytest.mark.parametrize(
    ("scores", "amplitudes"),
    [([True], [0.1, 0.2]), ([1.0, 2.0], [0.1, 0.2]), ([True, False], [0.0, -1.0])],
)
def test_what_does_not_fit_together_is_refused(scores, amplitudes):
    with pytest.raises(BadRequest):
        efficiency(scores, amplitudes)
