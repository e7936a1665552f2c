"""Baselines of burnt areas, on fires that are built into two real scenes of Sentinel-2."""

import hashlib
import json
from pathlib import Path

import astrodata_kernel as adk
import numpy as np
import pytest
import rasterio
from astrodata_kernel.errors import BadRequest, UnreadableFile
from astrodata_kernel.processing import burnt
from astrodata_kernel.processing.burnt_files import save_map
from astrodata_kernel.processing.burnt_result import burnt_map
from astrodata_kernel.testing.fires import CHAR, built
from astrodata_kernel.testing.scenes import safe_folder

REAL = Path(__file__).parents[2] / "examples" / "data" / "sentinel2_43RCP"


@pytest.fixture(scope="module")
def real():
    return adk.open_scenes(REAL)


@pytest.fixture(scope="module")
def calibrated(real):
    return [scene.with_offset(0, 1e-4) for scene in real]


@pytest.fixture(scope="module")
def fires(calibrated, tmp_path_factory):
    return built(tmp_path_factory.mktemp("fires"), *calibrated, count=4)


@pytest.fixture(scope="module")
def pair(fires):
    return fires[0].scenes()


# --- the real scenes --------------------------------------------------------------------------------


def test_the_two_real_dates_open_with_crs_date_baseline_and_twelve_bands(real) -> None:
    assert [f"{scene.date:%Y-%m-%d}" for scene in real] == ["2020-06-04", "2020-08-13"]
    for scene in real:
        assert (scene.crs, scene.level, scene.baseline) == ("EPSG:4326", "L2A", "02.14")
        assert (scene.satellite, scene.tile) == ("Sentinel-2B", "43RCP")
        assert scene.bands.names == [
            *("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B11", "B12")
        ]
        assert scene.grid().shape == (264, 264)
        assert scene.named("B11").resolution == 20


def test_their_offset_is_not_told_and_is_given_by_who_knows_the_baseline(real) -> None:
    assert real[0].offset is None
    with pytest.raises(BadRequest, match="offset"):
        burnt.dnbr(*real)
    assert float(np.median(real[0].with_offset(0, 1e-4).band("B08")[:])) == pytest.approx(0.2924)


# --- the fires --------------------------------------------------------------------------------------


def test_a_fire_starts_from_files_that_open_like_the_real_ones(fires, calibrated) -> None:
    before, after = fires[3].scenes()
    assert [scene.date for scene in (before, after)] == [scene.date for scene in calibrated]
    assert before.bands.names == calibrated[0].bands.names
    assert before.crs == "EPSG:4326"
    assert before.grid().shape == (132, 132)
    assert before.grid().same(after.grid())
    assert adk.open(fires[3].before).offset is None
    told = json.loads((fires[3].after / "metadata.json").read_text())
    assert "never was" in told["built"]


def test_the_same_seed_builds_the_same_files_and_another_one_others(
    fires, calibrated, tmp_path
) -> None:
    def digest(folder: Path) -> str:
        files = sorted(folder.rglob("*.tif"))
        return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()

    again = built(tmp_path / "again", *calibrated, count=1)[0]
    other = built(tmp_path / "other", *calibrated, count=1, seed=1)[0]
    assert digest(again.after) == digest(fires[0].after)
    assert digest(other.after) != digest(fires[0].after)


def test_what_burnt_has_grades_islands_and_the_signs_of_char(fires) -> None:
    for fire in fires:
        truth, grades = fire.truth(), fire.truth(grading=True)
        assert 0.05 < truth.mean() < 0.5
        np.testing.assert_array_equal(grades > 0, truth == 1)
        assert {2, 3} < set(np.unique(grades)) <= {0, 1, 2, 3, 4}
    before, after = fires[0].scenes()
    worst = fires[0].truth(grading=True) == 4
    change = {
        name: float(np.median((after.band(name, 10)[:] - before.band(name, 10)[:])[worst]))
        for name in ("B04", "B08", "B12")
    }
    assert change["B08"] < -0.1  # the near infrared falls most
    assert change["B08"] < change["B04"] < 0.02
    assert set(CHAR) == set(before.bands.names)


def test_a_place_is_of_the_real_land_and_scenes_of_two_places_are_refused(
    fires, calibrated, tmp_path
) -> None:
    before, _ = fires[0].scenes()
    real = calibrated[0].band("B03")[:132, :132]
    same = np.abs(before.band("B03")[:] - real) < 0.01
    assert same.mean() > 0.9
    with pytest.raises(BadRequest, match="two dates of one place"):
        built(tmp_path, calibrated[0], adk.open(REAL.parent / "sentinel2_29RKH"))
    with pytest.raises(BadRequest, match="do not fit"):
        built(tmp_path, *calibrated, parts=9)


# --- dNBR and its relatives -------------------------------------------------------------------------


def test_dnbr_is_the_nbr_before_less_that_after_on_every_kind_of_array(pair) -> None:
    before, after = pair
    expected = before.index("NBR")[:] - after.index("NBR")[:]
    lazy = burnt.dnbr(before, after, judged=False)
    assert type(lazy.data).__module__.startswith("dask")
    np.testing.assert_array_equal(lazy.values, expected)
    np.testing.assert_array_equal(
        burnt.dnbr(before.index("NBR")[:], after.index("NBR")[:]), expected
    )
    bands = [{name: scene.band(name, 10)[:] for name in ("B08", "B12")} for scene in pair]
    np.testing.assert_array_equal(burnt.dnbr(*bands), expected)
    sets = [scene.to_xarray(["B08", "B12"], 10) for scene in pair]
    np.testing.assert_array_equal(burnt.dnbr(*sets).values, expected)
    assert lazy.attrs["crs"] == "EPSG:4326"
    assert lazy.attrs["resolution"] == 10


def test_rbr_and_rdnbr_follow_their_formulas() -> None:
    before, after = np.array([[0.64, 0.0]], "f4"), np.array([[0.04, 0.1]], "f4")
    np.testing.assert_allclose(burnt.rbr(before, after), [[0.6 / 1.641, -0.1 / 1.001]], rtol=1e-5)
    np.testing.assert_allclose(burnt.rdnbr(before, after), [[0.75, np.nan]], rtol=1e-5)


def test_cloud_shadow_water_and_nothing_are_not_judged(pair) -> None:
    before, after = pair
    classes = after.scl(10)[:]
    mask = burnt.burnt_by_dnbr(before, after).values
    assert set(np.unique(mask)) == {0, 1, 255}
    assert (mask[np.isin(classes, [3, 6, 8, 9, 10])] == 255).all()
    assert (mask[before.scl(10)[:] == 6] == 255).all()
    assert np.isin(classes, [3, 6, 9]).any()
    assert 255 not in burnt.burnt_by_dnbr(before, after, judged=False).values
    gap = np.array([[0.5, np.nan]], "f4")
    assert burnt.burnt_by_dnbr(gap, gap - 0.5).tolist() == [[1, 255]]


def test_a_scene_on_another_grid_is_laid_on_that_of_the_first(calibrated, pair) -> None:
    whole = burnt.dnbr(calibrated[0], pair[1], judged=False)
    assert whole.shape == (264, 264)
    assert np.isnan(whole.values).mean() == pytest.approx(0.75, abs=0.01)


def test_severity_has_the_classes_of_the_usgs_and_of_effis() -> None:
    values = np.array([[-0.3, -0.2, 0.0, 0.1, 0.27, 0.44, 0.66, np.nan]], "f4")
    assert burnt.severity(values).tolist() == [[0, 1, 2, 3, 4, 5, 6, 255]]
    assert burnt.severity(values, "effis").tolist() == [[0, 0, 0, 1, 2, 3, 4, 255]]
    with pytest.raises(BadRequest, match="usgs or effis"):
        burnt.severity(values, "mtbs")


def test_bais2_needs_the_later_scene_only(pair) -> None:
    _, after = pair
    mask = burnt.burnt_by_bais2(after, 0.65)
    values = burnt.bais2(after, judged=False).values
    np.testing.assert_allclose(values, after.index("BAIS2", 10)[:], rtol=1e-6)
    judged = mask.values != 255
    np.testing.assert_array_equal((mask.values == 1)[judged], (values >= 0.65)[judged])
    assert mask.attrs["threshold"] == 0.65


def test_maps_of_different_shapes_are_refused_by_name() -> None:
    with pytest.raises(BadRequest, match="2 x 2 and 3 x 3"):
        burnt.dnbr(np.zeros((2, 2)), np.zeros((3, 3)))
    with pytest.raises(BadRequest, match="finite"):
        burnt.above(np.zeros((2, 2), "f4"), np.nan)


# --- thresholds -------------------------------------------------------------------------------------


def test_the_best_threshold_is_that_of_all_that_could_be_tried() -> None:
    rng = np.random.default_rng(3)
    truth = rng.random((40, 50)) < 0.2
    values = np.round(rng.normal(0, 1, truth.shape) + 1.2 * truth, 1).astype("f4")
    values[0, :5] = np.nan
    best = burnt.best_threshold(values, truth)

    def iou(threshold: float) -> float:
        known = np.isfinite(values)
        found = (values >= np.float32(threshold)) & known
        return (found & truth).sum() / (found | (truth & known)).sum()

    assert iou(best) == max(iou(one) for one in np.unique(values[np.isfinite(values)]))


def test_thresholds_are_chosen_over_several_events_together(fires) -> None:
    maps = [burnt.dnbr(*fire.scenes()) for fire in fires[:3]]
    truths = [fire.truth() for fire in fires[:3]]
    best = burnt.best_threshold(maps, truths)
    assert 0.0 < best < 0.5
    one = burnt.best_threshold(np.stack([m.values for m in maps]), np.stack(truths))
    assert one == best
    with pytest.raises(BadRequest, match="one mask"):
        burnt.best_threshold(maps, truths[:2])
    with pytest.raises(BadRequest, match="no pixel"):
        burnt.best_threshold(maps[0], np.zeros_like(truths[0]))


def test_a_threshold_of_no_map_is_refused() -> None:
    with pytest.raises(BadRequest, match="no map"):
        burnt.best_threshold([], [])


def test_otsu_divides_two_heaps_and_refuses_one_value() -> None:
    values = np.concatenate([np.random.default_rng(0).normal(m, 0.05, 500) for m in (0.1, 0.7)])
    assert 0.2 < burnt.best_threshold(values.reshape(20, 50), method="otsu") < 0.65
    with pytest.raises(BadRequest, match="same"):
        burnt.best_threshold(np.ones((3, 3)), method="otsu")


# --- maps and files ---------------------------------------------------------------------------------


def test_a_map_has_hectares_scores_and_a_picture(fires, pair) -> None:
    made = burnt_map(*pair, threshold=0.2, truth=fires[0].truth())
    mask = made.mask.values
    assert made.hectares == pytest.approx((mask == 1).sum() * 94.9e-4, rel=0.01)
    assert sum(made.severity.values()) == pytest.approx(made.hectares)
    assert made.scores.tp.iloc[0] == ((mask == 1) & (fires[0].truth() == 1)).sum()
    page = made._repr_html_()
    assert "data:image/png;base64" in page
    (legend,) = made.figure().legends
    assert [text.get_text() for text in legend.texts] == ["burnt", "truth", "not judged"]
    with pytest.raises(BadRequest, match="do not say where they lie"):
        burnt_map(*pair, values=made.values.values)
    assert "ha burnt by dNBR" in page


def test_a_scene_that_is_all_cloud_has_no_hectares_and_says_why(tmp_path) -> None:
    cloud = np.full((30, 30), 9, "u1")
    before = adk.open(safe_folder(tmp_path / "before", size=60, bands=["B08", "B12"]))
    after = adk.open(safe_folder(tmp_path / "after", size=60, bands=["B08", "B12"], scl=cloud))
    made = burnt_map(before, after, truth=np.ones((60, 60), "u1"))
    assert np.isnan(made.hectares)
    assert "nothing can be judged" in str(made)
    assert set(made.scores.note) == {"no pixel was judged"}
    with pytest.raises(BadRequest, match="no pixel can be judged"):
        burnt.best_threshold(made.values, made.truth)


def test_a_map_is_kept_as_geotiff_with_its_crs_and_nodata(pair, tmp_path) -> None:
    made = burnt_map(*pair)
    with rasterio.open(made.save(tmp_path / "burnt.tif")) as file:
        assert str(file.crs) == "EPSG:4326"
        assert file.nodata == 255
        assert file.tags()["method"] == "dNBR"
        np.testing.assert_array_equal(file.read(1), made.mask.values)
        assert file.transform[:6] == pytest.approx(pair[0].grid().transform)
    with rasterio.open(save_map(tmp_path / "dnbr.tif", made.values)) as file:
        np.testing.assert_array_equal(file.read(1), made.values.values)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["burnt.tif", "dnbr.tif"]


def test_a_map_that_cannot_be_kept_leaves_nothing_behind(pair, tmp_path) -> None:
    with pytest.raises(BadRequest, match="where it lies"):
        save_map(tmp_path / "x.tif", np.zeros((3, 3), "f4"))
    with pytest.raises(BadRequest, match="complex64"):
        save_map(tmp_path / "x.tif", np.zeros((132, 132), "c8"), pair[0])
    with pytest.raises(UnreadableFile, match="another folder"):
        save_map(tmp_path / "none" / "x.tif", np.zeros((132, 132), "f4"), pair[0])
    assert not list(tmp_path.iterdir())
