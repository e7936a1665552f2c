"""The garage cut: its percentiles, its calibration, its shapes and its file."""

import json

import numpy as np
import pytest
from astrodata_kernel.errors import BadRequest, DamagedFile, UnreadableFile
from astrodata_kernel.latent import DensityGarage, EllipseGarage, Garage, rate

RNG = np.random.default_rng(7)
NOISE = RNG.normal(size=(4000, 4)) * [1, 2, 0.1, 5] + [0, 10, -3, 1]
SHAPES = [Garage, EllipseGarage, DensityGarage]


def test_the_limits_are_the_percentiles_of_three_standard_deviations():
    garage = Garage.fit(NOISE)
    expected = np.percentile(NOISE, [0.135, 50, 99.865], axis=0)
    np.testing.assert_allclose(garage.intervals, expected[[0, 2]].T)
    np.testing.assert_allclose(garage.median, expected[1])


@pytest.mark.parametrize("correlation", [0.0, 0.5, 1.0])
def test_false_positives_on_its_own_noise_lie_between_one_cut_and_four(correlation):
    rng = np.random.default_rng(1)
    common = rng.normal(size=(20_000, 1))
    z = correlation * common + (1 - correlation) * rng.normal(size=(20_000, 4))
    outside = Garage.fit(z).rate_outside(z).value
    assert 0.0026 <= outside <= 0.0108


def test_a_trace_is_noise_only_inside_all_intervals():
    garage = Garage(np.array([[-1.0, 1.0], [0.0, 2.0]]), np.array([0.0, 1.0]))
    points = [[0, 1], [1, 2], [1.0001, 1], [0, -0.1], [np.nan, 1]]
    assert garage.contains(points).tolist() == [True, True, False, False, False]
    assert garage.score([[0.5, 1.0]])[0] == 0.5
    assert garage.score([[0.0, 4.0]])[0] == 3.0
    assert np.isinf(garage.score([[np.nan, 1]])[0])


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("wanted", [0.05, 0.01, 0.002])
def test_calibration_lets_the_wanted_share_of_held_out_noise_out(shape, wanted):
    garage = shape.fit(NOISE[:2000]).calibrate(NOISE[2000:], wanted)
    outside = ~garage.contains(NOISE[2000:])
    assert outside.sum() == int(2000 * wanted)
    facts = garage.calibration
    assert facts["low"] <= facts["counted"] <= facts["high"]
    assert facts["counted"] == outside.mean()


def test_too_little_noise_cannot_calibrate_a_small_rate():
    with pytest.raises(BadRequest, match="at least 1000"):
        Garage.fit(NOISE).calibrate(NOISE[:999], 0.001)


@pytest.mark.parametrize("shape", SHAPES)
def test_what_lies_far_away_is_outside_and_the_centre_is_inside(shape):
    garage = shape.fit(NOISE)
    assert not garage.contains(np.array([[50, 10, -3, 1.0], [0, 10, 3, 1]])).any()
    assert garage.contains(np.median(NOISE, axis=0)[None]).all()
    assert 0 < garage.rate_outside(NOISE).value < 0.02


@pytest.mark.parametrize("shape", SHAPES)
def test_the_garage_comes_back_from_its_file_as_it_was(shape, tmp_path):
    garage = shape.fit(NOISE[:1000]).calibrate(NOISE[1000:], 0.01)
    path = garage.save(tmp_path / "garage.json")
    again = Garage.load(path)
    assert type(again) is shape
    np.testing.assert_array_equal(again.score(NOISE), garage.score(NOISE))
    assert again.calibration == garage.calibration
    assert [p.name for p in tmp_path.iterdir()] == ["garage.json"]


def test_a_moved_limit_changes_one_interval_and_drops_the_calibration():
    garage = Garage.fit(NOISE).calibrate(NOISE, 0.01)
    moved = garage.moved(2, -4.0, -2.5)
    assert moved.intervals[2].tolist() == [-4.0, -2.5]
    np.testing.assert_array_equal(moved.intervals[[0, 1, 3]], garage.intervals[[0, 1, 3]])
    assert moved.calibration is None
    # Past the median the interval still means what it says.
    past = garage.moved(2, 1.0, 2.0)
    assert past.contains([[0, 10, 1.5, 1]]).all()
    assert not past.contains([[0, 10, -3, 1]]).any()


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[1]", '{"format": "astrodata-garage", "kind": "heart"}', "not json", "null"],
)
def test_text_that_is_no_garage_is_refused(text):
    with pytest.raises(DamagedFile, match="no garage"):
        Garage.from_json(text)


def test_a_garage_with_something_missing_is_refused():
    facts = json.loads(Garage.fit(NOISE).to_json())
    del facts["median"]
    with pytest.raises(DamagedFile):
        Garage.from_json(json.dumps(facts))


def test_a_folder_that_takes_no_file_leaves_nothing_behind(tmp_path):
    with pytest.raises(UnreadableFile, match="cannot be written"):
        Garage.fit(NOISE).save(tmp_path / "no such folder" / "garage.json")
    assert list(tmp_path.iterdir()) == []


def test_a_collapsed_axis_is_its_one_value_and_nothing_else():
    z = NOISE[:, :2].copy()
    z[:, 1] = 3.0
    garage = Garage.fit(z)
    assert garage.contains([[0, 3.0]]).all()
    assert not garage.contains([[0, 3.1]]).any()
    assert np.isinf(garage.score([[0, 3.1]])[0])
    for shape in (EllipseGarage, DensityGarage):
        with pytest.raises(BadRequest, match="collapsed"):
            shape.fit(z)


def test_noise_with_nan_is_fitted_without_it():
    z = NOISE.copy()
    z[::10, 1] = np.nan
    assert Garage.fit(z).points == 3600
    with pytest.raises(BadRequest, match="no noise-only point"):
        Garage.fit(np.full((5, 2), np.nan))


@pytest.mark.parametrize("shape", [(4,), (2, 2, 2), (5, 3)])
def test_latents_of_another_shape_are_refused(shape):
    with pytest.raises(BadRequest):
        Garage.fit(NOISE).contains(np.zeros(shape)) if shape != (4,) else Garage.fit(np.zeros(4))


@pytest.mark.parametrize(
    ("intervals", "median"),
    [([[1, 0]], [0]), ([[0, np.inf]], [0]), ([0, 1], [0]), ([[0, 1]], [0, 1])],
)
def test_intervals_that_are_none_are_refused(intervals, median):
    with pytest.raises(BadRequest):
        Garage(np.array(intervals, float), np.array(median, float))


def test_a_rate_tells_its_interval_and_nothing_counted_is_unknown():
    five = rate(np.arange(100) < 5)
    assert (five.count, five.total, five.value) == (5, 100, 0.05)
    # Wilson's interval of 5 in 100, as tabulated.
    assert five.low == pytest.approx(0.02154, abs=1e-5)
    assert five.high == pytest.approx(0.11175, abs=1e-5)
    assert rate(np.zeros(50, bool)).low == 0
    assert rate([]).high == 1
    assert "unknown" in str(rate([]))
