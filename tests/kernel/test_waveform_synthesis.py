"""The published generator, against a slow and plain one and against its published figures."""

import numpy as np
import pytest
from astrodata_kernel.errors import BadRequest
from astrodata_kernel.processing.waveforms import TRIM, synthesize
from scipy.stats import lognorm


def test_the_noise_has_the_published_rms_and_maximum():
    traces, _ = synthesize(1500, amplitude=0.0, seed=11)
    assert traces.std() == pytest.approx(0.0054, abs=0.00015)
    assert np.median(traces.max(axis=1)) == pytest.approx(0.0142, abs=0.0004)


def test_a_trace_is_the_sum_of_its_pulses_evaluated_one_by_one():
    traces, truth = synthesize(3, noise_level=0.7, seed=5)
    draws = np.random.Generator(np.random.Philox(key=5, counter=[0, 0, 0, 0])).random((3, 104))
    time = np.arange(10_000.0)
    for trace, row, true in zip(traces, draws, truth.itertuples(), strict=True):
        expected = np.zeros(10_000)
        for number, uniform in enumerate(row[:100]):
            pulse = lognorm.pdf(time, 0.2, loc=-2000 + 12_000 * uniform, scale=np.exp(6))
            expected += 0.7 * (-1) ** number * pulse
        signal = lognorm.pdf(time, true.sigma, loc=true.shift, scale=np.exp(true.mu))
        expected += true.integral * signal
        np.testing.assert_allclose(trace, expected[TRIM[0] : -TRIM[1]], atol=2e-8, rtol=2e-6)


def test_a_trace_has_9728_samples():
    traces, _ = synthesize(1)
    assert traces.shape == (1, 9728)
    assert traces.dtype == np.float32
    assert 10_000 - sum(TRIM) == 9728 == 19 * 512


def test_the_traces_are_the_same_whatever_the_number_of_workers():
    one, truth_of_one = synthesize(600, seed=3, workers=1)
    two, truth_of_two = synthesize(600, seed=3, workers=2)
    np.testing.assert_array_equal(one, two)
    assert truth_of_one.equals(truth_of_two)


def test_a_longer_set_begins_with_the_shorter_one_and_another_seed_gives_another_set():
    short, _ = synthesize(10, seed=3)
    long, _ = synthesize(300, seed=3)
    other, _ = synthesize(10, seed=4)
    np.testing.assert_array_equal(short, long[:10])
    assert not np.array_equal(short, other)


def test_a_fixed_amplitude_is_the_height_of_the_pulse_at_its_true_position():
    traces, truth = synthesize(50, noise_level=0, amplitude=0.3, seed=2)
    np.testing.assert_allclose(traces.max(axis=1), 0.3, rtol=1e-4)
    np.testing.assert_allclose(traces.argmax(axis=1), truth.position, atol=1)
    np.testing.assert_allclose(traces.sum(axis=1), truth.integral, rtol=0.012)  # 99 % lies inside


def test_noise_alone_has_no_position():
    _, truth = synthesize(5, amplitude=0.0)
    assert truth.position.isna().all()
    assert (truth.amplitude == 0).all()


def test_amplitudes_are_drawn_log_uniform_up_to_one():
    _, truth = synthesize(3000, seed=1)
    share = np.log(truth.amplitude / truth.amplitude.min()) / -np.log(truth.amplitude.min())
    assert truth.amplitude.between(0.0011, 1).all()
    np.testing.assert_allclose(np.quantile(share, [0.25, 0.5, 0.75]), [0.25, 0.5, 0.75], atol=0.04)


def test_an_amplitude_for_each_trace_is_taken():
    _, truth = synthesize(3, amplitude=[0.1, 0.0, 1.0])
    assert truth.amplitude.tolist() == [0.1, 0.0, 1.0]


@pytest.mark.parametrize(
    ("n", "options"),
    [(-1, {}), (2, {"noise_level": -1}), (2, {"amplitude": -0.1}), (2, {"amplitude": [1, 2, 3]})],
)
def test_impossible_sets_are_refused(n, options):
    with pytest.raises(BadRequest):
        synthesize(n, **options)


def test_progress_ends_at_one():
    seen = []
    synthesize(600, progress=seen.append)
    assert seen[-1] == 1
    assert seen == sorted(seen)
