"""Regions of scenes: statistics, crops and files, against rasterio and xarray; cutouts with their place."""

import io
import threading
import warnings
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import astrodata_kernel as adk
import numpy as np
import pandas as pd
import pytest
import rasterio
from astrodata_kernel.datasets.scene_arrays import Grid
from astrodata_kernel.errors import BadRequest, TooLarge, UnknownName, UnreadableFile
from astrodata_kernel.processing import scene_areas
from astrodata_kernel.processing.scene_areas import Area, area_of, box_of
from astrodata_kernel.readers import geotiff_writing, sentinel_transcode
from astrodata_kernel.testing.scenes import safe_folder
from astrodata_kernel.widgets import scene_areas as widget_areas
from astropy.io import fits
from astropy.wcs import WCS
from rasterio.features import geometry_mask
from regions import CirclePixelRegion, PixCoord

SIZE = 240
SMALL = "astrodata_kernel.widgets.scene.EXACT_PIXELS"
"""From how many pixels on bands are written anew."""
FIRST = datetime(2022, 3, 1, 10, 6, 1, tzinfo=UTC)
TRIANGLE = {"shape": "polygon", "points": [[20.2, 30.1], [180.7, 60.4], [90.3, 220.6]]}
BOX = {"shape": "box", "x": 99.5, "y": 49.5, "width": 20, "height": 10, "angle": 0}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two dates; the northern half of the second is under cloud."""
    root, made = tmp_path_factory.mktemp("dates"), []
    for number in range(2):
        scl = np.full((SIZE // 2, SIZE // 2), 4, "u1")
        if number:
            scl[: SIZE // 4] = 8
        date = FIRST + timedelta(days=10 * number)
        bands = ["B02", "B04", "B08", "B12"]
        made.append(safe_folder(root, size=SIZE, seed=number, date=date, scl=scl, bands=bands))
    return made


@pytest.fixture
def viewer(folders: list[Path]) -> Any:
    made = adk.view(folders)
    yield made
    made.close()


def inside_of(shape: dict[str, Any], scene: Any) -> np.ndarray:
    """Which pixels lie inside a polygon, as rasterio says it."""
    grid = scene.grid()
    dx, _, left, _, dy, top = grid.transform
    ring = [(left + dx * (x + 0.5), top + dy * (SIZE - 1 - y + 0.5)) for x, y in shape["points"]]
    geometry = {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
    return ~geometry_mask([geometry], grid.shape, rasterio.Affine(*grid.transform))


def test_pixels_of_an_area_are_those_that_rasterio_finds(viewer: Any) -> None:
    area = viewer.area(TRIANGLE)
    whole = np.zeros((SIZE, SIZE), bool)
    whole[area.rows, area.columns] = area.inside
    np.testing.assert_array_equal(whole, inside_of(TRIANGLE, viewer.scene))
    assert area.pixels == whole.sum()
    circle = viewer.area(CirclePixelRegion(PixCoord(50, 60), 7.3))
    y, x = np.mgrid[:SIZE, :SIZE]
    expected = np.hypot(x - 50, SIZE - 1 - y - 60) < 7.3
    whole[:] = False
    whole[circle.rows, circle.columns] = circle.inside
    np.testing.assert_array_equal(whole, expected)


def test_statistics_are_those_of_the_bands_and_indices_inside(viewer: Any) -> None:
    found = viewer.area_statistics(TRIANGLE, indices=["NBR", "B12 / B08"]).set_index("name")
    inside = inside_of(TRIANGLE, viewer.scene)
    assert list(found.index) == ["B02", "B04", "B08", "B12", "NBR", "B12 / B08"]
    for name, row in found.iterrows():
        scene = viewer.scene
        array = scene.band(name, 10) if name in scene.bands else scene.index(name, 10)
        values = array[:][inside].astype(float)
        assert row["n"] == values.size
        assert row["mean"] == pytest.approx(values.mean(), rel=1e-6)
        assert row["std"] == pytest.approx(values.std(), rel=1e-5)
        assert (row["min"], row["max"]) == (values.min(), values.max())
        expected = np.percentile(values, [5, 50, 95])
        assert row[["p5", "median", "p95"]].tolist() == pytest.approx(expected, rel=1e-5)
        assert row["hectares"] == pytest.approx(values.size / 100)
        assert row["cloud"] == 0
    assert found.attrs["pixels"] == inside.sum()


def test_pixels_under_cloud_count_only_if_they_are_wanted(viewer: Any) -> None:
    inside = inside_of(TRIANGLE, viewer.scene)
    cloudy = viewer.scenes[1].cloud_mask(resolution=10)[:]
    masked = viewer.area_statistics(TRIANGLE, all_dates=True)
    assert masked["date"].nunique() == 2
    second = masked[masked["date"] == masked["date"].max()].set_index("name")
    assert second.loc["B08", "n"] == (inside & ~cloudy).sum()
    assert second.loc["B08", "cloud"] == pytest.approx((inside & cloudy).sum() / inside.sum())
    values = viewer.scenes[1].index("NBR", 10)[:]
    assert second.loc["NBR", "mean"] == pytest.approx(
        values[inside & ~cloudy].mean(dtype=float), rel=1e-6
    )
    whole = viewer.area_statistics(TRIANGLE, clouds=True, all_dates=True)
    assert (whole["n"] == inside.sum()).all()
    viewer.area_clouds = True
    assert viewer.area_statistics(TRIANGLE, all_dates=True).equals(whole)


def test_an_area_under_cloud_altogether_has_no_numbers(viewer: Any) -> None:
    viewer.date = 1
    row = viewer.area_statistics({"shape": "point", "x": 5, "y": 200}, indices=["NBR"]).iloc[0]
    assert (row["n"], row["cloud"], row["hectares"]) == (0, 1, 0)
    assert np.isnan(row["mean"])


def test_a_crop_is_the_part_of_the_whole(viewer: Any) -> None:
    found = viewer.crop(TRIANGLE, ["B08", "SCL"])
    assert found["B08"].chunks is not None
    inside = inside_of(TRIANGLE, viewer.scene)
    whole = viewer.scene.to_xarray(["B08", "SCL"], 10)
    expected = whole.where(inside).sel(x=found["x"], y=found["y"])
    np.testing.assert_array_equal(found["B08"].values, expected["B08"].values)
    assert found["SCL"].dtype == np.uint8
    np.testing.assert_array_equal(found["SCL"].values, expected["SCL"].fillna(0).values)
    dx, _, left, _, dy, top = found.attrs["transform"]
    assert found["x"].values[0] == left + dx / 2
    assert found["y"].values[0] == top + dy / 2
    both = viewer.crop(BOX, all_dates=True)
    assert dict(both.sizes) == {"time": 2, "y": 10, "x": 20}
    stacked = adk.stack(list(viewer.scenes), resolution=10).sel(x=both["x"], y=both["y"])
    np.testing.assert_array_equal(both["B12"].values, stacked["B12"].values)
    viewer.date = 1
    np.testing.assert_array_equal(viewer.crop(BOX)["B12"].values, both["B12"].values[1])


def test_a_geotiff_is_cropped_and_lies_where_it_should(viewer: Any, tmp_path: Path) -> None:
    path = viewer.export(TRIANGLE, tmp_path / "area.tif", bands=["B08", "NBR"])
    inside = inside_of(TRIANGLE, viewer.scene)
    scene = viewer.scene
    with rasterio.open(path) as file:
        assert file.crs.to_epsg() == 32633
        assert file.descriptions == ("B08", "NBR")
        assert file.tags()["DATE"].startswith("2022-03-01")
        assert np.isnan(file.nodata)
        row, column = (
            int(v)
            for v in rasterio.transform.rowcol(
                rasterio.Affine(*scene.grid().transform), *file.xy(0, 0)
            )
        )
        part = slice(row, row + file.height), slice(column, column + file.width)
        for number, array in enumerate((scene.band("B08"), scene.index("NBR", 10)), 1):
            expected = np.where(inside[part], array[part], np.nan)
            np.testing.assert_array_equal(file.read(number), expected)
        assert inside[part].sum() == inside.sum()


def test_numbers_and_classes_are_written_as_they_are(viewer: Any, tmp_path: Path) -> None:
    with rasterio.open(viewer.export(BOX, tmp_path / "n.tif", numbers=True)) as file:
        assert (file.dtypes[0], file.nodata, file.count) == ("uint16", 0, 4)
        assert file.shape == (10, 20)
        rows = slice(SIZE - 55, SIZE - 45)
        np.testing.assert_array_equal(file.read(3), viewer.scene.dn("B08")[rows, 90:110])
    with rasterio.open(viewer.export(BOX, tmp_path / "scl.tif", bands="SCL")) as file:
        assert file.dtypes == ("uint8",)
        assert (file.read(1) == 4).all()
    viewer.date = 1
    north = {**BOX, "y": 119.5, "height": 40}
    with rasterio.open(viewer.export(north, tmp_path / "c.tif", "B08", clouds=False)) as file:
        values = file.read(1)
        assert np.isnan(values[:20]).all()
        assert np.isfinite(values[20:]).all()


def test_statistics_are_written_as_csv(viewer: Any, tmp_path: Path) -> None:
    viewer.regions = None
    viewer.shapes = [TRIANGLE]
    path = viewer.export(None, tmp_path / "area.csv", clouds=False)
    found = pd.read_csv(path, parse_dates=["date"])
    expected = viewer.area_statistics(clouds=False, all_dates=True)
    assert found["name"].tolist() == expected["name"].tolist()
    assert found["mean"].tolist() == pytest.approx(expected["mean"].tolist())


@pytest.mark.parametrize(
    ("region", "said"),
    [
        ({**BOX, "x": 900}, "lies outside of .* 240 x 240 pixels"),
        ({"shape": "circle", "x": 5.5, "y": 5.5, "radius": 0.2}, "draw it larger"),
        ({"shape": "line", "points": [[0, 0], [9, 9]]}, "a line has no inside"),
        ({"shape": "circle", "x": 1, "y": 1}, "radius"),
        (7, "there is no region 7: there are 2"),
        (None, "there are 2 regions: select one"),
        ("area", "a str is no region"),
    ],
)
def test_an_area_that_is_none_is_told_in_one_sentence(
    viewer: Any, tmp_path: Path, region: Any, said: str
) -> None:
    viewer.shapes = [BOX, TRIANGLE]
    for what in (
        viewer.area_statistics,
        viewer.crop,
        lambda one: viewer.export(one, tmp_path / "none.tif"),
    ):
        with pytest.raises(BadRequest, match=said):
            what(region)
    assert not list(tmp_path.iterdir())


def test_the_selected_region_is_meant_where_none_is_named(viewer: Any) -> None:
    with pytest.raises(BadRequest, match="there is no region: select one"):
        viewer.area_statistics()
    viewer.shapes = [BOX, TRIANGLE]
    viewer.selected = 0
    assert viewer.area().pixels == 200
    assert viewer.area(1).pixels == inside_of(TRIANGLE, viewer.scene).sum()
    assert viewer.area(viewer.regions[0]).pixels == 200


def test_what_cannot_be_written_leaves_nothing(
    viewer: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(BadRequest, match=r"end the name in \.tif"):
        viewer.export(BOX, tmp_path / "a.png")
    with pytest.raises(UnknownName, match="B99"):
        viewer.export(BOX, tmp_path / "a.tif", bands=["B99"])
    with pytest.raises(UnknownName, match="NBR"):
        viewer.export(BOX, tmp_path / "a.tif", bands=["NBR"], numbers=True)
    with pytest.raises(BadRequest, match="no bands are named"):
        viewer.export(BOX, tmp_path / "a.tif", bands=[])
    with pytest.raises(UnreadableFile, match="cannot be written"):
        viewer.export(BOX, tmp_path / "no" / "a.tif")
    monkeypatch.setattr(geotiff_writing, "_LEFT_FREE", 1 << 60)
    with pytest.raises(TooLarge, match="no room"):
        viewer.export(BOX, tmp_path / "a.tif")
    monkeypatch.setattr(scene_areas, "MOST_PIXELS", 100)
    with pytest.raises(BadRequest, match="draw a smaller one"):
        viewer.area_statistics(BOX)
    assert not list(tmp_path.iterdir())


def test_hectares_follow_the_units_of_the_map() -> None:
    def area(crs: str, step: float, top: float) -> Area:
        return area_of(BOX, Grid(crs, (step, 0, 10, 0, -step, top), (SIZE, SIZE)), "it")

    assert area("EPSG:32633", 10, 4e6).pixel_hectares == pytest.approx(0.01)
    assert np.isnan(area("", 1, 0).pixel_hectares)
    # A thousandth of a degree is 111.2 m, and 78.7 m to the east at 45 degrees.
    degree = area("EPSG:4326", 1e-3, 45.19).pixel_hectares
    assert degree == pytest.approx(0.1112 * 0.0787 * 100, rel=2e-3)


# --- what the browser asks ------------------------------------------------------------------------------


def test_the_browser_gets_rows_as_they_are_read(
    viewer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = {"shape": TRIANGLE, "indices": ["NBR", "NDVI"], "date": 1}
    whole = viewer.request("scene_area", **ask).meta
    assert whole["next"] is None
    viewer.date = 1
    expected = viewer.area_statistics(TRIANGLE)
    assert [row["name"] for row in whole["rows"]] == expected["name"].tolist()
    assert [row["mean"] for row in whole["rows"]] == expected["mean"].tolist()
    assert whole["hectares"] == pytest.approx(expected.attrs["hectares"])
    monkeypatch.setattr(widget_areas, "PATIENCE", -1.0)
    rows, at = [], 0
    while at is not None:
        some = viewer.request("scene_area", **ask, first=at).meta
        assert len(some["rows"]) == (2 if some["next"] is None else 1)
        rows, at = [*rows, *some["rows"]], some["next"]
    assert rows == whole["rows"]


def test_the_browser_gets_a_histogram_by_date(viewer: Any) -> None:
    meta = viewer.request("scene_histogram", shape=TRIANGLE, name="NBR", clouds=True).meta
    assert (len(meta["dates"]), meta["total"], meta["left"]) == (2, 2, 0)
    inside = inside_of(TRIANGLE, viewer.scene)
    for scene, counts in zip(viewer.scenes, meta["counts"], strict=True):
        values = scene.index("NBR", 10)[:][inside]
        np.testing.assert_array_equal(counts, np.histogram(values, meta["edges"])[0])
    masked = viewer.request("scene_histogram", shape=TRIANGLE, name="NBR").meta
    assert sum(masked["counts"][1]) < inside.sum() == sum(masked["counts"][0])


def test_the_browser_gets_files(viewer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    made = viewer.request("scene_export", shape=BOX, what="tif", bands=["B08"])
    with rasterio.open(io.BytesIO(bytes(made.buffers[0]))) as file:
        assert file.shape == (10, 20)
    made = viewer.request("scene_export", shape=BOX, what="csv")
    assert bytes(made.buffers[0]).startswith(b"date,name,n,mean")
    with pytest.raises(BadRequest, match="unknown"):
        viewer.request("scene_export", shape=BOX, what="exe")
    monkeypatch.setattr(widget_areas, "MOST_BYTES", 100)
    with pytest.raises(BadRequest, match="too many to send"):
        viewer.request("scene_export", shape=BOX, what="tif")


# --- cutouts that know where they lie -------------------------------------------------------------------


def test_what_is_seen_is_saved_with_its_place(viewer: Any, tmp_path: Path) -> None:
    viewer.bands = ["B12", "B08", "B04"]
    path = viewer.save(tmp_path / "seen.tif", box=(9.6, 20, 30.2, 51))
    grid = viewer.scene.grid()
    with rasterio.open(path) as file:
        assert file.descriptions == ("B12", "B08", "B04")
        assert file.bounds[:2] == (grid.bounds[0] + 100, grid.bounds[1] + 200)
        rows = slice(SIZE - 52, SIZE - 20)
        np.testing.assert_array_equal(file.read(2), viewer.scene.band("B08")[rows, 10:31])
    reply = viewer.request("save", what="tif", box=[9.6, 20, 30.2, 51])
    assert reply.meta["name"].endswith(".tif")
    with rasterio.open(io.BytesIO(bytes(reply.buffers[0]))) as file:
        assert file.count == 3


def test_a_cutout_in_fits_has_the_coordinates_of_the_map(viewer: Any, tmp_path: Path) -> None:
    viewer.bands = "B08"
    viewer.save(tmp_path / "seen.fits", box=(10, 20, 30, 51))
    with fits.open(tmp_path / "seen.fits") as hdus:
        header, values = hdus[0].header, hdus[0].data
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it finds the date in days, too
            x, y = WCS(header).wcs_pix2world(3, 4, 0)
        assert header["MAPCRS"] == "EPSG:32633"
        assert header["DATE-OBS"].startswith("2022-03-01T10:06:01")
        grid = viewer.scene.grid()
        column = round((float(x) - grid.x[0]) / 10)
        row = round((grid.y[0] - float(y)) / 10)
        assert values[4, 3] == viewer.scene.band("B08")[row : row + 1, column : column + 1][0, 0]
        assert (column, row) == (13, SIZE - 1 - 24)


def test_a_box_is_whole_pixels() -> None:
    grid = Grid("EPSG:32633", (10, 0, 0, 0, -10, 1000), (100, 80))
    area = box_of(10, 20, 30, 50, grid)
    assert (area.rows, area.columns) == (slice(50, 80), slice(10, 30))
    assert area.transform == (10, 0, 100, 0, -10, 500)


# --- bands that are written anew ------------------------------------------------------------------------


@pytest.fixture
def slow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A viewer whose bands are written anew, and what lets that begin."""
    monkeypatch.setattr(SMALL, 1000)
    begin = threading.Event()
    real = sentinel_transcode._written

    def held(raster: Any, told: Any, classes: bool) -> Any:
        while not begin.wait(0.01):
            told(0.0)
        return real(raster, told, classes)

    monkeypatch.setattr(sentinel_transcode, "_written", held)
    folder = safe_folder(tmp_path, size=SIZE, bands=["B02", "B03", "B04"])
    made = adk.view(folder)
    yield made, begin
    begin.set()
    made.close()


def test_the_browser_hears_how_far_the_bands_are(slow: Any) -> None:
    viewer, begin = slow
    told = viewer.request("transcoding").meta
    assert (told["state"], told["bands"], told["done"]) == ("running", 3, 0)
    begin.set()
    viewer.transcoding.wait(60)
    told = viewer.request("transcoding").meta
    assert (told["state"], told["done"], told["said"]) == ("done", 1, "")
    with pytest.raises(BadRequest, match="wish"):
        viewer.request("transcoding", wish="hurry")


def test_the_browser_stops_it_and_begins_again(slow: Any) -> None:
    viewer, begin = slow
    assert viewer.request("transcoding", wish="cancel").meta["state"] == "cancelled"
    begin.set()
    assert viewer.request("transcoding", wish="again").meta["state"] in ("running", "done")
    viewer.transcoding.wait(60)
    assert viewer.request("transcoding").meta["state"] == "done"


def test_why_the_bands_cannot_be_written_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SMALL, 1000)
    monkeypatch.setattr(sentinel_transcode, "_LEFT_FREE", 1 << 60)
    viewer = adk.view(safe_folder(tmp_path, size=SIZE, bands=["B04"]))
    with pytest.raises(TooLarge):
        viewer.transcoding.wait(60)
    told = viewer.request("transcoding").meta
    assert told["state"] == "failed"
    assert "has no room for a tiled copy" in told["said"]
    assert viewer.request("tile", level=0, x=0, y=0).meta["shape"] == [1, 240, 240]
    viewer.close()


def test_a_copy_that_is_gone_or_of_another_file_is_not_used(tmp_path: Path) -> None:
    scene = adk.open(safe_folder(tmp_path, size=SIZE, bands=["B04"]))
    raster = scene.named("B04").raster
    whole = scene.dn("B04")[:]
    every = slice(0, SIZE)
    small = scene.read("B04", every, every, 2)
    scene.transcode(["B04"]).wait(60)
    copy = sentinel_transcode.copy_of(raster)
    assert copy is not None
    Path(copy.place).unlink()
    np.testing.assert_array_equal(scene.read("B04", every, every, 2), small)
    np.testing.assert_array_equal(scene.dn("B04")[:], whole)
    assert sentinel_transcode.copy_of(raster) is None
    scene.transcode(["B04"]).wait(60)
    assert sentinel_transcode.copy_of(raster) is not None
    assert raster.file.local is not None
    raster.file.local.write_bytes(b"another file")
    with pytest.raises(Exception, match="changed since it was opened"):
        scene.dn("B04")[:5, :5]


def test_there_is_nothing_to_write_anew_in_other_files(viewer: Any) -> None:
    assert viewer.request("transcoding").meta["state"] == "none"
