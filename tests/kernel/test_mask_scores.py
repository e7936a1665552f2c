"""Scores of masks: beside scikit-learn's, for each event and in all, in pixels and in hectares."""

import astrodata_kernel as adk
import numpy as np
import pandas as pd
import pytest
import xarray
from astrodata_kernel.datasets.scene_arrays import Grid
from astrodata_kernel.errors import BadRequest
from astrodata_kernel.processing.scores import scores, scores_figure
from astrodata_kernel.processing.scores_areas import hectares, pixel_areas
from pyproj import Geod
from sklearn.metrics import f1_score, jaccard_score, precision_score, recall_score

UTM = Grid("EPSG:32643", (10.0, 0.0, 300000.0, 0.0, -10.0, 3400020.0), (30, 40))


@pytest.fixture
def drawn():
    rng = np.random.default_rng(5)
    truth = rng.random((3, 30, 40)) < 0.3
    probability = np.clip(rng.normal(0.35, 0.2, truth.shape) + 0.3 * truth, 0, 1).astype("f4")
    return truth, probability


def test_each_score_is_that_of_scikit_learn(drawn) -> None:
    truth, probability = drawn
    table = scores(truth, probability, ["a", "b", "b"], thresholds=(0.2, 0.5, 0.8))
    assert list(table.event.unique()) == ["a", "b", "all"]
    for event, part in (("a", [0]), ("b", [1, 2]), ("all", [0, 1, 2])):
        for limit in (0.2, 0.5, 0.8):
            row = table[(table.event == event) & (table.threshold == limit)].iloc[0]
            true, found = truth[part].ravel(), probability[part].ravel() >= np.float32(limit)
            assert row.iou == pytest.approx(jaccard_score(true, found))
            assert row.dice == pytest.approx(f1_score(true, found))
            assert row.precision == pytest.approx(precision_score(true, found))
            assert row.recall == pytest.approx(recall_score(true, found))
            assert row.tp + row.fp + row.fn + row.tn == true.size


def test_what_is_not_judged_counts_nowhere() -> None:
    truth = np.array([[1, 1, 0, 0, 255, 1]], np.uint8)
    probability = np.array([[0.9, np.nan, 0.9, 0.1, 0.9, 0.1]], "f4")
    row = scores(truth, probability, thresholds=(0.5,)).iloc[0]
    assert (row.tp, row.fp, row.fn, row.tn, row.left_out) == (1, 1, 1, 1, 2)


def test_a_mask_knows_no_threshold_and_grades_are_burnt() -> None:
    truth = np.array([[4, 0, 1]], np.uint8)
    table = scores(truth, np.array([[1, 1, 255]], np.uint8))
    assert len(table) == 2
    assert np.isnan(table.threshold).all()
    assert (table.tp[0], table.fp[0], table.left_out[0]) == (1, 1, 1)
    with pytest.raises(BadRequest, match="no curve"):
        scores_figure(table)


def test_an_event_without_a_fire_is_not_a_number_and_says_why() -> None:
    none, some = np.zeros((4, 4), np.uint8), np.eye(4, dtype=np.uint8)
    table = scores(
        {"none": none, "some": some},
        {"none": some.astype("f4"), "some": none.astype("f4")},
        thresholds=(0.5,),
    ).set_index("event")
    assert table.loc["none"][["iou", "dice", "recall"]].isna().all()
    assert table.note["none"] == "nothing burnt in the truth"
    assert table.precision["none"] == 0
    assert (table.iou["some"], table.recall["some"]) == (0, 0)
    assert np.isnan(table.precision["some"])
    assert (table.fp["all"], table.fn["all"], table.note["all"]) == (4, 4, "")


def test_hectares_of_a_projection_are_pixels_times_their_area(drawn) -> None:
    truth, probability = drawn
    row = scores(truth[0], probability[0], thresholds=(0.5,), area=UTM).iloc[0]
    assert row.truth_ha == pytest.approx(truth[0].sum() * 0.01)
    assert row.predicted_ha == pytest.approx((probability[0] >= 0.5).sum() * 0.01)
    assert scores(truth[0], probability[0], area=400.0).truth_ha[0] == pytest.approx(
        truth[0].sum() * 0.04
    )
    assert scores(truth[0], probability[0]).truth_ha.isna().all()
    feet = Grid("EPSG:2263", (10.0, 0.0, 9e5, 0.0, -10.0, 2e5), (2, 2))
    assert pixel_areas(feet)[0, 0] == pytest.approx(100 * 0.3048006096**2)


@pytest.mark.parametrize("top", [70.0, 30.475, 0.05, -40.0])
def test_hectares_in_degrees_are_those_of_the_ellipsoid(top: float) -> None:
    grid = Grid("EPSG:4326", (0.01, 0.0, 73.29, 0.0, -0.02, top), (5, 7))
    ring = [(73.29, top), (73.36, top), (73.36, top - 0.1), (73.29, top - 0.1)]
    # Along parallels, as pixels are: geodesics between corners would bulge.
    sides = list(zip(ring, ring[1:] + ring[:1], strict=True))
    lon, lat = (np.concatenate([np.linspace(a[i], b[i], 200) for a, b in sides]) for i in (0, 1))
    expected = abs(Geod(ellps="WGS84").polygon_area_perimeter(lon, lat)[0])
    assert pixel_areas(grid).sum() * 7 == pytest.approx(expected, rel=1e-7)
    assert hectares(np.ones((5, 7), np.uint8), grid) == pytest.approx(expected / 1e4, rel=1e-7)


def test_maps_that_know_their_grid_need_no_area(drawn) -> None:
    truth, probability = drawn
    attributes = {"crs": UTM.crs, "transform": UTM.transform}
    found = xarray.DataArray(probability[0], dims=("y", "x"), attrs=attributes)
    assert scores(truth[0], found, thresholds=(0.5,)).truth_ha[0] == pytest.approx(
        truth[0].sum() * 0.01
    )


def test_what_does_not_go_together_is_refused(drawn) -> None:
    truth, probability = drawn
    with pytest.raises(BadRequest, match="one of each"):
        scores(truth, probability[:2])
    with pytest.raises(BadRequest, match="one of each"):
        scores(truth, probability, ["a"])
    with pytest.raises(BadRequest, match="both are"):
        scores(truth[0], probability[0].T)
    with pytest.raises(BadRequest, match="0 to 1"):
        scores(truth, probability, thresholds=(50,))
    with pytest.raises(BadRequest, match="same names"):
        scores({"a": truth[0]}, {"b": probability[0]})
    with pytest.raises(BadRequest, match="own grid"):
        scores(truth[0], probability[0], area=UTM.scaled(2))
    with pytest.raises(BadRequest, match="no area"):
        scores({"a": truth[0]}, {"a": probability[0]}, area={"b": 100.0})


def test_the_curves_are_a_figure_that_a_cell_shows(drawn) -> None:
    truth, probability = drawn
    table = scores(truth, probability, thresholds=np.linspace(0.1, 0.9, 9))
    assert isinstance(table, pd.DataFrame)
    figure = scores_figure(table)
    left, right = figure.axes
    assert (left.get_xlabel(), right.get_xlabel()) == ("recall", "threshold of the probability")
    assert len(right.lines) == 4
    assert figure._repr_png_()[0].startswith(b"\x89PNG")
    assert adk.processing.scores.scores is scores
