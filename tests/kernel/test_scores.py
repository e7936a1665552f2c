"""Scores against scikit-learn and PyOD, their calibration and evaluation, and points that break scores."""

import sys

import numpy as np
import pytest
from astrodata_kernel.errors import BadRequest, MissingPackage, UnknownName
from astrodata_kernel.latent import Garage, Latents
from astrodata_kernel.latent.scores import calibrate, compare_scores, evaluate, names, score
from scipy.stats import multivariate_normal, spearmanr
from sklearn.ensemble import IsolationForest
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.neighbors import LocalOutlierFactor, NearestNeighbors

RNG = np.random.default_rng(9)
USUAL = RNG.normal(size=(400, 4)) * [1, 2, 3, 4]
OTHERS = np.vstack([RNG.normal(size=(50, 4)) * [1, 2, 3, 4], np.full((5, 4), 25.0)])
PLAIN = sorted(set(names()) - {"reconstruction", "ensemble"})


@pytest.mark.parametrize("name", PLAIN)
@pytest.mark.parametrize("with_reference", [False, True])
def test_every_score_is_highest_where_nothing_else_is(name, with_reference):
    if with_reference:
        found = score(name, OTHERS, USUAL)
        assert set(np.argsort(found)[-5:]) == set(range(50, 55))
    else:
        found = score(name, np.vstack([USUAL, [[40, -40, 40, -40]]]))
        assert found.argmax() == 400
    assert found.dtype == np.float64
    assert np.isfinite(found).all()


@pytest.mark.parametrize("name", PLAIN)
def test_points_that_are_not_finite_have_no_score_and_change_no_other(name):
    z = USUAL[:100].copy()
    z[[3, 50]] = [[np.nan] * 4, [np.inf] * 4]
    found = score(name, Latents(z), np.vstack([USUAL, np.full((2, 4), np.nan)]))
    assert np.flatnonzero(np.isnan(found)).tolist() == [3, 50]
    good = np.isfinite(z).all(axis=1)
    np.testing.assert_allclose(found[good], score(name, z[good], USUAL))
    assert np.isnan(score(name, z[[3, 50]])).all()


@pytest.mark.parametrize("name", PLAIN)
@pytest.mark.parametrize("width", [1, 512])
def test_one_dimension_and_five_hundred_are_scored(name, width):
    z = RNG.normal(size=(60, width)).astype("f4")
    z[7] += 30
    found = score(name, z)
    assert np.isfinite(found).all()
    if width == 1:
        assert found.argmax() == 7


@pytest.mark.parametrize("name", PLAIN)
def test_a_million_points_in_one_place_are_scored_alike_and_finite(name):
    found = score(name, np.full((1_000_000, 2), 3.0, "f4"))
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found, found[0])
    expected = {"knn": 0.0, "default": 0.0, "lof": 1.0, "mahalanobis": 0.0, "garage": 0.0}
    if name in expected:
        assert found[0] == expected[name]


@pytest.mark.parametrize("name", PLAIN)
def test_a_point_beside_many_in_one_place_is_the_most_anomalous(name):
    reference = np.zeros((500, 3))
    found = score(name, [[0, 0, 0], [1e-3, 0, 0]], reference)
    assert np.isfinite(found).all()
    # A tree has nothing to cut in one place, and says so.
    assert found[1] > found[0] or name == "isolation_forest"


def test_neighbour_distances_are_those_of_scikit_learn():
    near = NearestNeighbors(n_neighbors=10).fit(USUAL)
    np.testing.assert_allclose(score("knn", OTHERS, USUAL), near.kneighbors(OTHERS)[0][:, -1])
    np.testing.assert_allclose(score("knn", USUAL), near.kneighbors()[0][:, -1])
    np.testing.assert_allclose(score("knn", USUAL, mean=True), near.kneighbors()[0].mean(axis=1))


def test_outlier_factors_are_those_of_scikit_learn():
    own = LocalOutlierFactor(n_neighbors=20).fit(USUAL)
    np.testing.assert_allclose(score("lof", USUAL), -own.negative_outlier_factor_, rtol=1e-6)
    new = LocalOutlierFactor(n_neighbors=20, novelty=True).fit(USUAL)
    np.testing.assert_allclose(score("lof", OTHERS, USUAL), -new.score_samples(OTHERS), rtol=1e-6)


def test_more_points_in_one_place_than_neighbours_are_as_dense_as_the_densest_others():
    found = score("lof", np.vstack([USUAL, np.repeat(USUAL[:1], 50, axis=0)]))
    assert np.isfinite(found).all()
    assert np.ptp(found[[0, *range(400, 450)]]) < 1e-12
    assert found[0] == pytest.approx(1)
    assert found.max() < 100


def test_the_isolation_forest_is_that_of_scikit_learn():
    forest = IsolationForest(n_estimators=300, max_samples=256, random_state=0).fit(USUAL)
    found = score("isolation_forest", OTHERS, USUAL)
    assert spearmanr(found, -forest.score_samples(OTHERS)).statistic > 0.99
    moved = score("isolation_forest", OTHERS * 1e-3 + 1e6, USUAL * 1e-3 + 1e6)
    assert spearmanr(found, moved).statistic > 0.9


def test_mahalanobis_distances_are_those_of_the_covariance():
    turned = np.linalg.inv(np.cov(USUAL, rowvar=False))
    away = OTHERS - USUAL.mean(axis=0)
    expected = np.sqrt(np.einsum("ij,jk,ik->i", away, turned, away))
    np.testing.assert_allclose(score("mahalanobis", OTHERS, USUAL), expected)


def test_kernel_densities_are_sums_of_gaussians():
    sample = USUAL[:50]
    found = score("kde", OTHERS, sample)
    covariance = np.cov(sample, rowvar=False) * 50 ** (-2 / 8)
    density = [multivariate_normal(one, covariance).pdf(OTHERS[:50]) for one in sample]
    expected = -np.log(np.mean(density, axis=0))
    np.testing.assert_allclose(found[:50] - expected, (found[:50] - expected)[0], atol=1e-6)


def test_the_garage_scores_as_it_does_itself():
    garage = Garage.fit(USUAL, 0.99)
    expected = garage.score(OTHERS)
    np.testing.assert_array_equal(score("garage", OTHERS, garage=garage), expected)
    np.testing.assert_array_equal(score("garage", OTHERS, USUAL, coverage=0.99), expected)


def test_histograms_and_tails_are_those_of_pyod():
    uniform = RNG.random((500, 3))
    uniform[0], uniform[1] = 0, 1
    assert np.allclose(score("hbos", uniform), score("pyod:HBOS", uniform))
    assert np.allclose(score("ecod", USUAL), score("pyod:ECOD", USUAL))
    beside = np.array([[0.5, 0.5, 1.04], [0.5, 0.5, 1.2], [-3, 0.2, 0.9]])
    theirs = score("pyod:HBOS", beside, uniform)
    np.testing.assert_allclose(score("hbos", beside, uniform), theirs)


def test_detectors_of_pyod_are_found_by_name_and_others_are_not():
    found = score("pyod:KNN", OTHERS, USUAL, n_neighbors=10)
    np.testing.assert_allclose(found, score("knn", OTHERS, USUAL))
    assert np.isfinite(score("pyod:copod", USUAL)).all()
    for wrong in ("pyod:Nothing", "pyod:base", "pyod:../os", "pyod:"):
        with pytest.raises(UnknownName, match="PyOD has no detector"):
            score(wrong, USUAL)
    with pytest.raises(BadRequest, match="pyod:KNN"):
        score("pyod:KNN", USUAL, nonsense=1)


def test_without_pyod_its_detectors_say_what_they_need(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyod", None)
    monkeypatch.setitem(sys.modules, "pyod.models", None)
    with pytest.raises(MissingPackage, match=r'pip install "astrodata-lab\[detectors\]"'):
        score("pyod:KNN", USUAL)


def test_the_default_score_feels_no_scales_and_finds_clumps():
    clump = np.vstack([RNG.normal(size=(500, 3)), 5 + 0.01 * RNG.normal(size=(15, 3))])
    truth = np.arange(515) >= 500
    found = score("default", clump)
    assert roc_auc_score(truth, found) > 0.99
    assert roc_auc_score(truth, score("knn", clump)) < 0.9
    scaled = score("default", clump * [1, 1e6, 1e-6])
    np.testing.assert_allclose(found, scaled, rtol=1e-6)


def test_a_thinned_reference_scores_nearly_alike():
    z = RNG.normal(size=(6000, 5))
    for name in ("knn", "lof", "kde", "default"):
        whole, thin = score(name, z, sample=6000), score(name, z, sample=1500, seed=1)
        assert spearmanr(whole, thin).statistic > (0.5 if name == "lof" else 0.8)
        np.testing.assert_array_equal(thin, score(name, z, sample=1500, seed=1))


def test_reconstruction_errors_are_mean_squares():
    traces = RNG.normal(size=(30, 16)).astype("f4")
    z = traces[:, :2].copy()
    z[4] = np.nan
    found = score("reconstruction", z, traces=traces, model=lambda x: x * 0.5)
    expected = np.mean((traces * 0.5) ** 2, axis=1)
    expected[4] = np.nan
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    for options, text in (
        ({}, "needs traces="),
        ({"traces": traces[:3], "model": lambda x: x}, "3 events for 30 points"),
        ({"traces": traces, "model": lambda x: x[:, :3]}, "the model gave"),
        ({"traces": traces, "model": 3}, "rebuilds nothing"),
    ):
        with pytest.raises(BadRequest, match=text):
            score("reconstruction", z, **options)


def test_members_that_agree_up_to_their_axes_do_not_disagree():
    z = RNG.normal(size=(200, 3))
    members = [z @ RNG.normal(size=(3, 3)) + RNG.normal(size=3) for _ in range(4)]
    assert score("ensemble", z, members=members).max() < 1e-9
    members[2][17] += 9
    assert score("ensemble", z, members=members).argmax() == 17


def test_members_may_be_models_or_scores():
    traces = RNG.normal(size=(20, 8))
    traces[6] *= 50
    members = [lambda x: x * 0.9, lambda x: x * 0.8]
    assert score("ensemble", traces[:, :2], members=members, traces=traces).argmax() == 6
    ranks = np.arange(20.0)
    other = np.r_[19.0, np.arange(19)]
    assert score("ensemble", traces[:, :2], members=[ranks, other]).argmax() == 0
    for wrong in (None, [ranks], [ranks, ranks[:3]]):
        with pytest.raises(BadRequest, match="members"):
            score("ensemble", traces[:, :2], members=wrong)


def test_requests_that_make_no_sense_are_refused():
    with pytest.raises(UnknownName, match="there are default"):
        score("nothing", USUAL)
    for call, text in (
        (lambda: score("knn", USUAL, neighbours=3), "it has k, mean, sample, seed"),
        (lambda: score("knn", USUAL, k=0), "at least 1"),
        (lambda: score("knn", USUAL, USUAL[:, :2]), "2 dimensions for points of 4"),
        (lambda: score("knn", USUAL, USUAL * np.nan), "no point of the reference"),
        (lambda: score("default", USUAL, share=2), "share"),
        (lambda: score("kde", USUAL, bandwidth=-1), "bandwidth"),
        (lambda: score("hbos", USUAL, bins=0), "bins"),
    ):
        with pytest.raises(BadRequest, match=text):
            call()


def test_a_calibration_lets_the_wanted_share_through():
    reference = RNG.normal(size=10_000)
    found = calibrate([0.0, 9.0, np.nan], np.r_[reference, np.nan], 0.01)
    assert found.rate.count == 100
    assert found.rate.low < 0.01 < found.rate.high
    assert found.flagged.count == 1
    assert found.flagged.total == 2
    assert found.left_out == 1
    assert found.above([9.0, np.nan, 0.0]).tolist() == [True, False, False]
    equal = calibrate([1.0], np.ones(500), 0.01)
    assert equal.rate.count == 0
    for rate in (0, 1, 0.0001):
        with pytest.raises(BadRequest):
            calibrate([1.0], np.arange(100), rate)


@pytest.mark.parametrize("steps", [0, 3])
def test_evaluations_are_those_of_scikit_learn(steps):
    truth = RNG.random(800) < 0.1
    values = RNG.normal(size=800) + 1.5 * truth
    values = np.round(values) if steps else values
    found = evaluate(truth, values)
    assert found.roc_auc.value == pytest.approx(roc_auc_score(truth, values))
    assert found.average_precision.value == pytest.approx(average_precision_score(truth, values))
    for one in (found.roc_auc, found.average_precision, *found.recall_at.values()):
        assert 0 <= one.low < one.value < one.high <= 1
    assert found == evaluate(truth, values)


def test_the_intervals_hold_the_truth_as_often_as_they_say():
    area, held = 0.8413, {"roc_auc": 0, "average_precision": 0}  # Phi(sqrt(2) / sqrt(2))
    truth = np.arange(300) < 40
    exact = np.mean(
        [
            average_precision_score(truth, RNG.normal(size=300) + np.sqrt(2) * truth)
            for _ in range(400)
        ]
    )
    for _ in range(200):
        found = evaluate(truth, RNG.normal(size=300) + np.sqrt(2) * truth)
        held["roc_auc"] += found.roc_auc.low <= area <= found.roc_auc.high
        one = found.average_precision
        held["average_precision"] += one.low <= exact <= one.high
    assert held["roc_auc"] >= 180
    assert held["average_precision"] >= 172


def test_scores_without_a_truth_to_tell_have_no_value():
    empty = evaluate([0, 0, 0], [1.0, 2, 3])
    assert np.isnan(empty.roc_auc.value)
    assert (empty.roc_auc.low, empty.roc_auc.high) == (0, 1)
    assert np.isnan(empty.average_precision.value)
    perfect = evaluate([0, 0, 1, 1], [1, 2, 3, np.nan], recall_at=(1, 10))
    assert perfect.roc_auc.value == 1
    assert perfect.roc_auc.low < 0.5
    assert perfect.left_out == 1
    assert perfect.recall_at[10].value == 1
    for truth, values in (([0, 1], [1.0]), ([0, 2], [1.0, 2]), (["a", "b"], [1.0, 2])):
        with pytest.raises(BadRequest):
            evaluate(truth, values)


def test_scores_are_compared_beside_the_simplest_ones():
    z = np.vstack([USUAL, OTHERS[50:] + RNG.normal(size=(5, 4)), [[np.nan] * 4]])
    truth = np.r_[np.zeros(400), np.ones(6)].astype(bool)
    found = compare_scores(z, truth, recall_at=(10,))
    rows = found.set_index("score")
    assert rows.index[-2:].tolist() == ["distance from the mean", "random"]
    assert rows.loc["default", "roc_auc"] > 0.99
    assert rows.loc["default", "recall_at_10"] == 1
    assert 0.1 < rows.loc["random", "roc_auc"] < 0.9
    assert (rows.left_out == 1).all()
    assert (rows.roc_auc_low <= rows.roc_auc).all()
    few = compare_scores(z, truth, ["knn"], reference=USUAL, options={"knn": {"k": 3}})
    assert few.score.tolist() == ["knn", "distance from the mean", "random"]


def test_scores_are_reached_through_the_package():
    import astrodata_kernel as adk

    assert adk.latent.scores.names() == names()
    assert {"latent", "scores"} <= {"latent", *dir(adk.latent)}
