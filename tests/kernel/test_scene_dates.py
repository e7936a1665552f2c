"""Several dates in the viewer of scenes: on one grid, one set of limits, compared and remembered."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import astrodata_kernel as adk
import numpy as np
import pytest
from astrodata_kernel.datasets.scene_stack import stack
from astrodata_kernel.datasets.scenes_together import by_date
from astrodata_kernel.errors import AstrodataError, BadRequest, UnknownName, UnsupportedFormat
from astrodata_kernel.testing.scenes import safe_folder
from astrodata_kernel.widgets.scene import SceneViewer
from astrodata_kernel.widgets.scene_dates_grid import laid, on_one_grid

BANDS = ["B02", "B03", "B04", "B08", "B12"]
DAYS = [datetime(2022, month, 14, 10, 6, 1, tzinfo=UTC) for month in (6, 7, 8)]
SIZE = 240
EAST, NORTH = 399960.0, 4600020.0


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    home = tmp_path_factory.mktemp("dates")
    return [
        safe_folder(home, size=SIZE, bands=BANDS, date=day, seed=number)
        for number, day in enumerate(DAYS)
    ]


@pytest.fixture(scope="module")
def shifted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A scene of the same zone whose pixels lie a third of one off, and which covers half of the others."""
    home = tmp_path_factory.mktemp("shifted")
    corner = (EAST + 1203.3, NORTH - 3.3)
    return safe_folder(home, size=SIZE, bands=BANDS, date=DAYS[1], corner=corner, seed=5)


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same ground in the next zone to the west, some pixels off."""
    from pyproj import Transformer

    x, y = Transformer.from_crs("EPSG:32633", "EPSG:32632", always_xy=True).transform(EAST, NORTH)
    home = tmp_path_factory.mktemp("zone")
    corner = (float(round(x, -1)) - 120, float(round(y, -1)) + 90)
    return safe_folder(
        home, size=SIZE, bands=BANDS, date=DAYS[2], epsg=32632, corner=corner, tile="32TQM", seed=6
    )


@pytest.fixture
def viewer(folders: list[Path]) -> Any:
    made = adk.view([folders[2], folders[0], folders[1]])
    yield made
    made.close()


def tile(viewer: Any, **what: Any) -> np.ndarray:
    return np.asarray(viewer.request("tile", **{"level": 0, "x": 0, "y": 0, **what}).array())


def north_up(values: Any) -> np.ndarray:
    return np.asarray(values)[::-1]


def test_scenes_go_by_their_dates_in_any_zone_and_those_without_one_last(viewer: Any) -> None:
    local = timezone(timedelta(hours=2))
    dates = [None, datetime(2022, 6, 14, 1), datetime(2022, 6, 14, 2, tzinfo=local)]
    undated, at_one, at_midnight = (replace(viewer.scene, date=when) for when in dates)
    ordered = by_date([undated, at_one, at_midnight])
    assert [one.date for one in ordered] == [at_midnight.date, at_one.date, None]


def test_a_list_of_paths_or_scenes_is_shown_by_date(viewer: Any, folders: list[Path]) -> None:
    assert isinstance(viewer, SceneViewer)
    assert [scene.date for scene in viewer.scenes] == [replace_ms(day) for day in DAYS]
    assert [one["date"][:10] for one in viewer.dates] == ["2022-06-14", "2022-07-14", "2022-08-14"]
    assert {one["level"] for one in viewer.dates} == {"L2A"}
    assert {one["satellite"] for one in viewer.dates} == {"Sentinel-2A"}
    assert viewer.date == 0
    assert viewer.scene is viewer.scenes[0]
    of_scenes = adk.view([adk.open(folder) for folder in folders[:2]])
    assert len(of_scenes.scenes) == 2
    of_scenes.close()
    alone = adk.view([folders[0]])
    assert (len(alone.scenes), len(alone.dates)) == (1, 1)
    alone.close()


def replace_ms(day: datetime) -> datetime:
    return day.replace(microsecond=24000)


def test_tiles_of_each_date_are_its_bands(viewer: Any) -> None:
    for number, scene in enumerate(viewer.scenes):
        viewer.date = number
        assert viewer.scene is scene
        given = tile(viewer)
        by_number = [tile(viewer, hdu=viewer.dates[number]["hdu"], plane=p)[0] for p in range(3)]
        for plane, name in enumerate(viewer.bands):
            np.testing.assert_array_equal(given[plane], north_up(scene.band(name)[:]))
            np.testing.assert_array_equal(by_number[plane], given[plane])
    told = viewer.request("tile", level=0, x=0, y=0, date=1, bands=["B04", "B03", "B02"]).meta
    assert (told["date"], told["bands"]) == (1, ["B04", "B03", "B02"])
    first = tile(viewer, date=0, bands=["B12"])[0]
    np.testing.assert_array_equal(first, north_up(viewer.scenes[0].band("B12", 10)[:]))


def test_a_scene_on_the_grid_of_the_first_stays_as_it_is(folders: list[Path]) -> None:
    scenes = [adk.open(folder) for folder in folders]
    assert all(a is b for a, b in zip(on_one_grid(scenes), scenes, strict=True))


@pytest.mark.parametrize("which", ["shifted", "elsewhere"])
def test_a_scene_on_another_grid_comes_as_the_stack_resamples_it(
    folders: list[Path], which: str, request: pytest.FixtureRequest
) -> None:
    first, other = adk.open(folders[0]), adk.open(request.getfixturevalue(which))
    viewer = SceneViewer([first, other], bands=["B04", "B12", "SCL"], date=1)
    made = viewer.scenes[1]
    assert made.grid().same(first.grid())
    expected = stack([first, other], ["B04", "B12", "SCL"], 10.0, like=first)
    given = tile(viewer)
    for plane, name in enumerate(viewer.bands):
        values = north_up(expected[name][1])
        np.testing.assert_allclose(given[plane], values, rtol=1e-6, atol=1e-7)
        assert np.isfinite(values).any()
    nothing = np.isnan(given[0]).mean()
    assert (0.4 < nothing < 0.6) if which == "shifted" else (0 < nothing < 0.3)
    np.testing.assert_array_equal(given[2] == 0, given[2] != 4)
    viewer.close()


@pytest.mark.parametrize("which", ["shifted", "elsewhere"])
def test_overviews_of_a_resampled_scene_lie_where_its_pixels_do(
    folders: list[Path], which: str, request: pytest.FixtureRequest
) -> None:
    first, other = adk.open(folders[0]), adk.open(request.getfixturevalue(which))
    made = laid(other, first)
    every = slice(0, SIZE), slice(0, SIZE)
    whole = made.band("B08")[:]
    for step in (4, 5):
        small = made.read("B08", *every, step)
        means = np.full(small.shape, np.nan)
        for i, j in np.ndindex(small.shape):
            block = whole[i * step : (i + 1) * step, j * step : (j + 1) * step]
            means[i, j] = block.mean()
        both = np.isfinite(small) & np.isfinite(means)
        assert both.mean() > 0.4
        assert np.median(np.abs(small[both] - means[both])) < 0.02
        assert np.corrcoef(small[both], means[both])[0, 1] > 0.97
    classes = made.read("SCL", *every, 8)
    assert set(np.unique(classes)) == {0, 4}


def test_a_resampled_scene_gives_indices_and_cloud_masks(
    folders: list[Path], elsewhere: Path
) -> None:
    first, other = adk.open(folders[0]), adk.open(elsewhere)
    made = laid(other, first)
    b8, b12 = (made.band(name)[:] for name in ("B08", "B12"))
    nbr = made.index("NBR")[:]
    known = np.isfinite(nbr)
    np.testing.assert_allclose(nbr[known], ((b8 - b12) / (b8 + b12))[known], rtol=1e-4, atol=1e-5)
    assert made.cloud_mask().shape == (SIZE, SIZE)
    assert made.crs == "EPSG:32633"


def test_the_date_is_chosen_by_number_or_by_day(viewer: Any) -> None:
    viewer.show_date("2022-07-14")
    assert viewer.date == 1
    viewer.show_date(date(2022, 8, 14))
    assert viewer.date == 2
    viewer.show_date(replace_ms(DAYS[0]))
    assert viewer.date == 0
    viewer.hdu = viewer.dates[2]["hdu"]
    assert (viewer.date, viewer.scene) == (2, viewer.scenes[2])
    for wrong in ("2021-01-01", 3, -1, "", None, True):
        with pytest.raises(BadRequest, match=r"2022-06-14, 2022-07-14|dates 0 to 2"):
            viewer.show_date(wrong)
    assert viewer.date == 2


def test_another_date_keeps_bands_limits_and_plane(viewer: Any) -> None:
    viewer.preset = "false"
    viewer.plane = 2
    viewer.band_limits = [[0.0, 0.5], "99%", [0.0, 0.2]]
    viewer.date = 1
    assert (viewer.preset, viewer.plane, viewer.composite) == ("false", 2, True)
    assert viewer.band_limits == [[0.0, 0.5], "99%", [0.0, 0.2]]
    viewer.bands = "NBR"
    assert (viewer.plane, viewer.composite, viewer.date) == (0, False, 1)
    np.testing.assert_array_equal(tile(viewer)[0], north_up(viewer.scenes[1].index("NBR", 10)[:]))


def test_one_set_of_limits_holds_for_all_dates_that_of_the_clearest(folders: list[Path]) -> None:
    shares = [0.8, 0.1, None]
    scenes = [
        replace(adk.open(folder), cloud_share=cloud)
        for folder, cloud in zip(folders, shares, strict=True)
    ]
    viewer = SceneViewer(scenes)
    asked = [
        viewer.request("limits", limits="98%", hdu=one["hdu"], plane=1).meta for one in viewer.dates
    ]
    assert len({(one["low"], one["high"]) for one in asked}) == 1
    assert [one["hdu"] for one in asked] == [one["hdu"] for one in viewer.dates]
    alone = SceneViewer(scenes[1])
    expected = alone.request("limits", limits="98%", plane=1).meta
    assert (asked[0]["low"], asked[0]["high"]) == (expected["low"], expected["high"])
    in_force = viewer.band_limits_in_force()
    viewer.date = 2
    assert viewer.band_limits_in_force() == in_force == alone.band_limits_in_force()
    assert [one["cloud"] for one in viewer.dates] == shares
    viewer.close()
    alone.close()


def test_a_thumbnail_is_a_small_picture_in_the_limits_and_colours_on_show(viewer: Any) -> None:
    reply = viewer.request("thumbnail", date=1)
    assert reply.meta["date"] == 1
    assert (reply.meta["height"], reply.meta["width"]) == (80, 80)
    picture = reply.array()
    assert (picture.shape, picture.dtype) == ((80, 80, 3), np.uint8)
    values = viewer.scenes[1].band("B04")[1::3, 1::3]
    low, high = viewer.band_limits_in_force()[0]
    red = 255 * np.clip((values - low) / (high - low), 0, 1)
    assert np.median(np.abs(picture[..., 0] - red)) < 12
    viewer.reverse = True
    np.testing.assert_array_equal(viewer.request("thumbnail", date=1).array(), 255 - picture)
    viewer.bands = "NBR"
    coloured = viewer.request("thumbnail", date=1, size=40).array()
    assert coloured.shape[2] == 3
    assert len(np.unique(coloured.reshape(-1, 3), axis=0)) > 20
    for wrong in ({"date": 3}, {"date": 0, "size": 4}, {"date": 0, "size": 9999}):
        with pytest.raises(BadRequest):
            viewer.request("thumbnail", **wrong)


def test_what_a_date_does_not_cover_is_grey_in_its_thumbnail(
    folders: list[Path], shifted: Path
) -> None:
    viewer = adk.view([folders[0], shifted])
    picture = viewer.request("thumbnail", date=1).array()
    assert (picture[:, :38] == 128).all()
    assert not (picture[:, 42:-2] == 128).all(axis=2).any()
    viewer.close()


def test_comparing_begins_with_the_next_date(viewer: Any) -> None:
    viewer.compare = "swipe"
    assert viewer.other == 1
    viewer.compare_with("2022-08", "side")
    assert (viewer.other, viewer.compare) == (2, "side")
    viewer.compare = ""
    viewer.date = 2
    viewer.other = None
    viewer.compare = "side"
    assert viewer.other == 1
    with pytest.raises(BadRequest, match="'swipe' and 'side'"):
        viewer.compare_with(0, "blend")
    with pytest.raises(BadRequest, match="dates 0 to 2"):
        viewer.other = 7
    assert viewer.other == 1


def test_one_date_cannot_be_compared(folders: list[Path]) -> None:
    viewer = adk.view(folders[0])
    with pytest.raises(BadRequest, match="one date only"):
        viewer.compare = "swipe"
    assert viewer.compare == ""
    assert len(viewer.dates) == 1
    viewer.close()


def test_the_state_brings_the_same_view_again(viewer: Any) -> None:
    viewer.preset = "burn" if "B11" in viewer.scene.bands else "false"
    viewer.show_date(1)
    viewer.compare_with(2, "swipe")
    viewer.swipe, viewer.max_cloud = 0.25, 0.4
    state = viewer.state()
    again = adk.view(state.pop("source"), **state)
    assert again.state() == viewer.state()
    names = ("date", "other", "compare", "swipe", "max_cloud", "bands")
    assert [getattr(again, n) for n in names] == [getattr(viewer, n) for n in names]
    np.testing.assert_array_equal(tile(again), tile(viewer))
    code = viewer.code()
    assert code.startswith("adk.view(['")
    from_code = eval(code, {"adk": adk})
    assert from_code.state() == viewer.state()
    for one in (again, from_code):
        one.close()


def test_the_code_of_scenes_in_memory_says_so(folders: list[Path]) -> None:
    scenes = [replace(adk.open(folder), provenance=None) for folder in folders[:2]]
    viewer = SceneViewer(scenes, date="2022-07-14", compare="side")
    assert viewer.date == 1
    assert viewer.other == 0
    assert "adk.view([scene, ...], date=1, other=0, compare='side')" in viewer.code()
    viewer.close()


def test_a_date_without_a_band_on_show_says_so_when_one_moves_there(
    folders: list[Path], tmp_path: Path
) -> None:
    fewer = safe_folder(
        tmp_path, size=SIZE, bands=["B02", "B03", "B04"], date=DAYS[1], seed=1, tile="33TWG"
    )
    viewer = adk.view([folders[0], fewer])
    viewer.date = 1
    viewer.date = 0
    assert [one["error"] for one in viewer.dates] == ["", ""]
    viewer.bands = "NBR"
    assert viewer.dates[0]["error"] == ""
    assert "S2A_MSIL2A_20220714" in viewer.dates[1]["error"]
    for moved in (lambda: viewer.show_date(1), lambda: viewer.compare_with(1)):
        with pytest.raises(UnknownName, match=r"S2A_MSIL2A_20220714.*no band 'B08'"):
            moved()
    with pytest.raises(UnknownName, match="no band 'B08'"):
        viewer.compare = "side"
    assert (viewer.date, viewer.compare, viewer.bands) == (0, "", ["NBR"])
    viewer.preset = "true"
    viewer.compare = "side"
    with pytest.raises(UnknownName, match="no band 'B08'"):
        viewer.bands = "NDVI"
    assert viewer.bands == ["B04", "B03", "B02"]
    viewer.close()


def test_scenes_that_cannot_be_laid_over_each_other_are_refused(
    folders: list[Path], tmp_path: Path
) -> None:
    first = adk.open(folders[0])
    far = adk.open(safe_folder(tmp_path, size=60, bands=["B04"], date=DAYS[1], corner=(5e5, 5e6)))
    other_zone = adk.open(
        safe_folder(tmp_path, size=60, bands=["B04"], date=DAYS[2], epsg=32733, tile="33KWA")
    )
    for source, says in (
        ([first, replace(first, date=None)], "has no date"),
        ([first, replace(first, crs="")], "has no CRS"),
        ([first, far], "do not overlap"),
        ([first, other_zone], "do not overlap"),
        ([], "no scenes"),
    ):
        with pytest.raises(BadRequest, match=says):
            SceneViewer(source)
    with pytest.raises(UnsupportedFormat, match="no satellite scene"):
        SceneViewer([first, adk.Dataset.of_array(np.zeros((3, 3)), "zeros")])
    with pytest.raises(AstrodataError, match=r"does not exist|missing"):
        adk.view([folders[0], folders[0].parent / "missing.SAFE"])


def test_the_pixel_under_the_pointer_is_that_of_the_date_asked_for(viewer: Any) -> None:
    number = viewer.dates[2]["hdu"]
    told = viewer.request("probe", x=10, y=20, hdu=number).meta
    expected = viewer.scenes[2].band("B04")[SIZE - 1 - 20, 10]
    assert told["value"] == pytest.approx(float(expected))
    assert told["class"] == "vegetation"


def test_the_browser_says_date_and_number_in_one_message(viewer: Any) -> None:
    seen = []
    viewer.observe(lambda change: seen.append(viewer.scene), "hdu")
    for message in ({"date": 2, "hdu": 2}, {"hdu": 1, "date": 1}):
        viewer.set_state(message)
    assert seen == [viewer.scenes[2], viewer.scenes[1]]
    assert (viewer.date, viewer.hdu, viewer.bands) == (1, 1, ["B04", "B03", "B02"])
