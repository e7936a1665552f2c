"""Masks: painted like shapely says, saved and read back, and what is no mask is refused in words."""

import json
from pathlib import Path
from typing import Any

import astrodata_kernel.processing.mask_edits as editing
import numpy as np
import pyogrio
import pytest
import rasterio
import shapely
from astrodata_kernel.datasets.scene_arrays import Grid
from astrodata_kernel.errors import (
    AstrodataError,
    BadRequest,
    DamagedFile,
    UnreadableFile,
    UnsupportedFormat,
)
from astrodata_kernel.processing.class_windows import commonest, highest
from astrodata_kernel.processing.mask_edits import EditedMask
from astrodata_kernel.sentinel.mask_files import MaskFacts, write_mask
from astrodata_kernel.sentinel.mask_reading import checked, from_geometry, read_mask
from astrodata_kernel.sentinel.mask_shapes import hectares_of_pixel
from pyproj import Transformer

GRID = Grid("EPSG:32633", (10.0, 0.0, 399960.0, 0.0, -10.0, 4600020.0), (80, 100))
FACTS = MaskFacts(
    "burnt",
    {1: "burnt", 3: "highly damaged"},
    "ada",
    "2026-01-02T03:04:05Z",
    "S2A_X.SAFE",
    "ab12",
    [{"who": "ada", "when": "2026-01-02T03:04:00Z", "what": "brush class 1"}],
)


@pytest.fixture
def mask() -> Any:
    rng = np.random.default_rng(5)
    made = np.where(rng.random(GRID.shape) < 0.25, 1, 0).astype("u1")
    made[20:40, 30:70] = 3
    made[25:30, 40:50] = 0
    return made


# --- the brush and the polygon -------------------------------------------------------------------


@pytest.mark.parametrize("size", [0.3, 1, 2, 7.3, 40])
def test_a_stroke_paints_the_pixels_near_its_path(size: float) -> None:
    rng = np.random.default_rng(int(10 * size))
    for count in (1, 2, 6):
        points = rng.uniform(-15, 115, (count, 2))
        painted = EditedMask(np.zeros(GRID.shape, "u1"))
        painted.paint(points, size, 2)
        rows, columns = np.mgrid[0:80, 0:100]
        path = shapely.LineString(points) if count > 1 else shapely.Point(points[0])
        near = shapely.distance(path, shapely.points(columns, 79 - rows)) <= size / 2
        for x, y in np.floor(points + 0.5).astype(int):
            if 0 <= x < 100 and 0 <= y < 80:
                near[79 - y, x] = True
        np.testing.assert_array_equal(painted.values, 2 * near)


def test_a_polygon_fills_what_rasterio_fills() -> None:
    rng = np.random.default_rng(1)
    for _ in range(20):
        corners = rng.uniform([-20, -20], [120, 100], (7, 2))
        filled = EditedMask(np.zeros(GRID.shape, "u1"))
        filled.fill(corners, 3)
        left, top = GRID.transform[2], GRID.transform[5]
        ground = np.column_stack(
            [left + 10 * (corners[:, 0] + 0.5), top - 10 * (79.5 - corners[:, 1])]
        )
        polygon = shapely.make_valid(shapely.Polygon(ground))
        expected = rasterio.features.rasterize(
            [(polygon, 3)],
            out_shape=GRID.shape,
            transform=rasterio.Affine(*GRID.transform),
            dtype="uint8",
        )
        np.testing.assert_array_equal(filled.values, expected)


def test_steps_are_taken_back_and_done_again(mask: Any) -> None:
    edited = EditedMask(mask)
    states = [edited.values.copy()]
    rng = np.random.default_rng(2)
    for number in range(12):
        if number % 3 == 2:
            edited.fill(rng.uniform(0, 80, (5, 2)), number % 4)
        else:
            edited.paint(rng.uniform(0, 80, (3, 2)), 9, number % 4)
        states.append(edited.values.copy())
    assert edited.undoable == 12
    for state in reversed(states[:-1]):
        edited.undo()
        np.testing.assert_array_equal(edited.values, state)
        np.testing.assert_array_equal(edited.counts, np.bincount(state.ravel(), minlength=16))
    assert edited.undo() is None
    for state in states[1:]:
        edited.redo()
        np.testing.assert_array_equal(edited.values, state)
    edited.undo()
    edited.paint([(5, 5)], 30, 2)
    assert edited.redoable == 0


def test_parts_of_a_stroke_are_one_step(mask: Any) -> None:
    edited = EditedMask(mask)
    edited.paint([(5, 5), (40, 40)], 7, 1, stroke="a")
    edited.paint([(40, 40), (70, 30)], 7, 1, stroke="a")
    edited.paint([(70, 30), (70, 60)], 7, 1, stroke="b")
    assert edited.undoable == 2
    edited.undo()
    edited.undo()
    np.testing.assert_array_equal(edited.values, mask)


def test_a_step_that_changes_nothing_is_none() -> None:
    edited = EditedMask(np.ones(GRID.shape, "u1"))
    edited.paint([(5, 5)], 7, 1)
    edited.paint([(500, 500)], 7, 0)
    edited.fill([(-50, -50), (-20, -50), (-20, -20)], 0)
    assert edited.undoable == 0


def test_small_holes_are_filled_with_what_is_around_them(mask: Any) -> None:
    mask[:] = 0
    mask[10:50, 10:50] = 2
    mask[20, 20] = mask[30:40, 30:40] = 0
    mask[9, 60:63] = mask[11, 60:63] = mask[10, 60] = 1
    edited = EditedMask(mask)
    edited.fill_holes(50)
    expected = mask.copy()
    expected[20, 20] = 2
    np.testing.assert_array_equal(edited.values, expected)
    edited.fill_holes(100)
    assert (edited.values[10:50, 10:50] == 2).all()
    assert edited.values[10, 61] == 0  # open to one side
    assert [one["what"] for one in edited.history] == ["holes filled, 2 times"]


@pytest.mark.parametrize(
    ("points", "size", "value"),
    [
        ([], 5, 1),
        ([(1, 2, 3)], 5, 1),
        ([(1, float("nan"))], 5, 1),
        ([(1, 2)], 0, 1),
        ([(1, 2)], float("nan"), 1),
        ([(1, 2)], 1e9, 1),
        ([(1, 2)], 5, 16),
        ([(1, 2)], 5, -1),
        ([(1, 2)], 5, 1.5),
        ([(1, 2)], 5, "x"),
        ([(0, 0)] * (editing.MOST_POINTS + 1), 5, 1),
    ],
)
def test_a_stroke_that_is_none_is_refused(mask: Any, points: Any, size: Any, value: Any) -> None:
    edited = EditedMask(mask)
    with pytest.raises(BadRequest):
        edited.paint(points, size, value)
    np.testing.assert_array_equal(edited.values, mask)


def test_a_polygon_without_an_area_is_refused(mask: Any) -> None:
    edited = EditedMask(mask)
    for corners in ([(1, 1), (5, 5)], [(1, 1), (5, 5), (9, 9)], [(1, 1)] * 5):
        with pytest.raises(BadRequest):
            edited.fill(corners, 1)
    assert edited.undoable == 0


# --- what the screen shows -----------------------------------------------------------------------


def test_what_burnt_in_one_pixel_is_seen_from_far_away() -> None:
    values = np.zeros((37, 41), "u1")
    values[36, 40], values[3, 5] = 2, 1
    seen = highest(values, 8)
    assert seen.shape == (5, 6)
    assert (seen[4, 5], seen[0, 0], seen.sum()) == (2, 1, 3)


def test_the_commonest_class_stands_for_a_block() -> None:
    values = np.random.default_rng(0).integers(0, 4, (50, 70)).astype("u1")
    seen = commonest(values, 8)
    for row in range(seen.shape[0]):
        for column in range(seen.shape[1]):
            block = values[8 * row : 8 * row + 8, 8 * column : 8 * column + 8]
            counts = np.bincount(block.ravel(), minlength=4)
            assert seen[row, column] == np.flatnonzero(counts == counts.max())[-1]


# --- files ---------------------------------------------------------------------------------------


def test_a_geotiff_says_where_who_when_and_of_what(tmp_path: Path, mask: Any) -> None:
    path = write_mask(tmp_path / "burnt.tif", mask, GRID, FACTS)
    with rasterio.open(path) as image:
        np.testing.assert_array_equal(image.read(1), mask)
        assert image.crs.to_epsg() == 32633
        assert tuple(image.transform)[:6] == GRID.transform
        assert image.profile["compress"] == "deflate"
        assert (image.dtypes[0], image.compression.name) == ("uint8", "deflate")
        tags = image.tags()
    assert (tags["who"], tags["when"], tags["scene"]) == ("ada", FACTS.when, "S2A_X.SAFE")
    assert tags["scene_sha256"] == "ab12"
    assert json.loads(tags["classes"]) == {"1": "burnt", "3": "highly damaged"}
    values, facts, notes = read_mask(path, GRID)
    np.testing.assert_array_equal(values, mask)
    assert (facts.who, facts.classes, facts.history) == ("ada", FACTS.classes, FACTS.history)
    assert notes == []


def test_geojson_holds_polygons_in_degrees_with_their_areas(tmp_path: Path, mask: Any) -> None:
    path = write_mask(tmp_path / "burnt.geojson", mask, GRID, FACTS)
    meta, _, shapes, _ = pyogrio.raw.read(path)
    assert meta["crs"] == "EPSG:4326"
    assert shapely.is_valid(shapely.from_wkb(shapes)).all()
    told = json.loads(path.read_text())
    properties = [one["properties"] for one in told["features"]]
    area = sum(one["area_ha"] for one in properties)
    assert area == pytest.approx(0.01 * (mask > 0).sum())
    assert {one["class"] for one in properties} == {1, 3}
    first = properties[0]
    assert (first["who"], first["when"], first["scene"]) == ("ada", FACTS.when, "S2A_X.SAFE")
    for feature in told["features"]:
        outer = shapely.LinearRing(feature["geometry"]["coordinates"][0])
        assert outer.is_ccw  # as the standard has it
    values, facts, _ = read_mask(path, GRID)
    np.testing.assert_array_equal(values, mask)
    assert facts.classes == FACTS.classes


def test_polygons_that_cross_the_antimeridian_are_cut(tmp_path: Path) -> None:
    lon, lat = 179.999, 10.0
    x, y = Transformer.from_crs("EPSG:4326", "EPSG:32660", always_xy=True).transform(lon, lat)
    grid = Grid("EPSG:32660", (10.0, 0.0, x - 500, 0.0, -10.0, y + 400), (80, 100))
    mask = np.zeros(grid.shape, "u1")
    mask[10:70, 10:90] = 1
    path = write_mask(tmp_path / "far.geojson", mask, grid, FACTS)
    (feature,) = json.loads(path.read_text())["features"]
    assert feature["geometry"]["type"] == "MultiPolygon"
    assert shapely.geometry.shape(feature["geometry"]).area < 1e-3
    assert feature["properties"]["area_ha"] == pytest.approx(48)


def test_a_file_that_is_there_is_not_written_over(tmp_path: Path, mask: Any) -> None:
    for name in ("a.tif", "a.geojson"):
        path = tmp_path / name
        path.write_text("mine")
        with pytest.raises(BadRequest, match="is there already"):
            write_mask(path, mask, GRID, FACTS)
        assert path.read_text() == "mine"
        write_mask(path, mask, GRID, FACTS, overwrite=True)
        assert read_mask(path, GRID)[0].any()
    with pytest.raises(BadRequest, match=r"\.tif or \.geojson"):
        write_mask(tmp_path / "a.png", mask, GRID, FACTS)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["a.geojson", "a.tif"]


def test_a_mask_on_another_grid_gives_each_pixel_the_nearest_class(tmp_path: Path) -> None:
    coarse = Grid("EPSG:32633", (20.0, 0.0, 399960.0, 0.0, -20.0, 4600020.0), (40, 50))
    mask = np.random.default_rng(3).integers(0, 4, (40, 50)).astype("u1")
    path = write_mask(tmp_path / "coarse.tif", mask, coarse, FACTS)
    values, _, notes = read_mask(path, GRID)
    np.testing.assert_array_equal(values, np.repeat(np.repeat(mask, 2, 0), 2, 1))
    assert "another grid (50 x 40 pixels in EPSG:32633)" in notes[0]


@pytest.mark.parametrize("epsg", [32633, 32650])
def test_a_mask_of_another_place_is_refused(tmp_path: Path, epsg: int) -> None:
    far = Grid(f"EPSG:{epsg}", (10.0, 0.0, 600000.0, 0.0, -10.0, 5600020.0), (40, 50))
    path = write_mask(tmp_path / "far.tif", np.ones((40, 50), "u1"), far, FACTS)
    with pytest.raises(BadRequest, match=r"far\.tif lies outside of the scene"):
        read_mask(path, GRID)


def test_a_raster_without_a_place_is_taken_if_it_has_the_pixels(tmp_path: Path, mask: Any) -> None:
    bare = Grid("", (1.0, 0.0, 0.0, 0.0, -1.0, 0.0), GRID.shape)
    path = write_mask(tmp_path / "bare.tif", mask, bare, FACTS)
    values, _, notes = read_mask(path, GRID)
    np.testing.assert_array_equal(values, mask)
    assert "does not say where it is" in notes[0]
    with pytest.raises(BadRequest, match="cannot be laid over"):
        read_mask(path, Grid(GRID.crs, GRID.transform, (10, 10)))
    with pytest.raises(BadRequest, match="save it as"):
        write_mask(tmp_path / "bare.geojson", mask, bare, FACTS)


def test_what_is_no_mask_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "cut.tif").write_bytes(b"II*\x00nothing more")
    (tmp_path / "cut.geojson").write_text('{"type": "FeatureCollection", "features": [{"ty')
    (tmp_path / "mask.txt").write_text("1 0 1")
    (tmp_path / "led.json").write_text("<OGRVRTDataSource><OGRVRTLayer/></OGRVRTDataSource>")
    (tmp_path / "cut.shp").write_bytes(b"\x00\x00\x27\x0a" + bytes(40))
    wrong = {
        "missing.tif": UnreadableFile,
        "cut.tif": DamagedFile,
        "cut.geojson": DamagedFile,
        "cut.shp": DamagedFile,
        "mask.txt": UnsupportedFormat,
        "led.json": UnsupportedFormat,
    }
    for name, error in wrong.items():
        with pytest.raises(error, match=name.replace(".", r"\.")):
            read_mask(tmp_path / name, GRID)


def test_values_that_are_no_classes_are_refused() -> None:
    np.testing.assert_array_equal(checked(np.array([[0, 255]], "u1"), "m"), [[0, 1]])
    np.testing.assert_array_equal(checked(np.array([[0.0, np.nan, 3]]), "m"), [[0, 0, 3]])
    np.testing.assert_array_equal(checked(np.array([[9, 1]]), "m", nodata=9), [[0, 1]])
    for bad in ([[0, 16]], [[-1, 1]], [[0.5, 1]], [["a", "b"]], [[1j, 0]]):
        with pytest.raises(BadRequest):
            checked(np.array(bad), "m")


def test_tags_of_a_hostile_file_do_no_harm(tmp_path: Path, mask: Any) -> None:
    path = write_mask(tmp_path / "odd.tif", mask, GRID, FACTS)
    with rasterio.open(path, "r+") as image:
        image.update_tags(classes="[" * 5000, history='[1, {"who": 7}, null]', who="x" * 5000)
    _, facts, _ = read_mask(path, GRID)
    assert facts.classes == {}
    assert facts.history == [{"who": "7", "when": "", "what": ""}]
    assert len(facts.who) == 200


def test_a_shapefile_says_its_class_and_its_system(tmp_path: Path, mask: Any) -> None:
    shapes = np.array([box(10, 20, 40, 30), box(50, 50, 60, 60)])
    named: dict[str, Any] = {"fields": ["CLASS"], "geometry_type": "Polygon"}
    pyogrio.raw.write(
        tmp_path / "a.shp", shapely.to_wkb(shapes), [np.array([2, 4])], crs=GRID.crs, **named
    )
    values, _, _ = read_mask(tmp_path / "a.shp", GRID)
    assert (values[20:30, 10:40] == 2).all()
    assert (values[50:60, 50:60] == 4).all()
    assert (values > 0).sum() == 400
    (tmp_path / "a.prj").unlink()
    with pytest.raises(BadRequest, match=r"a\.shp does not say its CRS"):
        read_mask(tmp_path / "a.shp", GRID)


# --- geometries ----------------------------------------------------------------------------------


def box(x0: float, y0: float, x1: float, y1: float) -> Any:
    """A box in pixels from the upper left corner, on the ground."""
    left, top = GRID.transform[2], GRID.transform[5]
    return shapely.box(left + 10 * x0, top - 10 * y1, left + 10 * x1, top - 10 * y0)


def test_geometries_are_filled_in_their_own_system() -> None:
    expected = np.zeros(GRID.shape, "u1")
    expected[20:30, 10:40] = 1
    shape = box(10, 20, 40, 30)
    np.testing.assert_array_equal(from_geometry(shape, None, GRID, "m")[0], expected)
    to_degrees = Transformer.from_crs(GRID.crs, "EPSG:4326", always_xy=True)
    degrees = shapely.transform(shape, lambda x, y: to_degrees.transform(x, y), interleaved=False)
    geojson = shapely.geometry.mapping(degrees)
    feature = {"type": "Feature", "properties": {"class": 4}, "geometry": geojson}
    for given, number in ((geojson, 1), (feature, 4)):
        made, _ = from_geometry(given, None, GRID, "m")
        np.testing.assert_array_equal(made, number * expected)
    every = {"type": "FeatureCollection", "features": [feature, {**feature, "properties": None}]}
    np.testing.assert_array_equal(from_geometry(every, None, GRID, "m")[0], 4 * expected)
    made, _ = from_geometry([shape, box(0, 0, 5, 5)], None, GRID, "m")
    assert made.sum() == expected.sum() + 25


def test_an_invalid_polygon_is_mended_and_told() -> None:
    left, top = GRID.transform[2], GRID.transform[5]
    bow = shapely.Polygon(
        [(left, top), (left + 400, top - 400), (left + 400, top), (left, top - 400)]
    )
    made, notes = from_geometry(bow, None, GRID, "bow")
    assert made.sum() == pytest.approx(800, rel=0.1)
    assert notes == ["bow: 1 invalid polygons were mended"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (shapely.Point(400000, 4600000), "no polygon with an area"),
        (shapely.Polygon(), "no polygon with an area"),
        (shapely.box(500000, 4700000, 500100, 4700100), "outside of the scene"),
        (shapely.box(0, 0, float("inf"), 1), "no finite numbers"),
        ({"type": "Polygon", "coordinates": "x"}, "no geometry"),
        ({"type": "Nonsense"}, "no geometry"),
        ({"type": "FeatureCollection", "features": []}, "no polygon with an area"),
        (7, "is no mask"),
    ],
)
def test_what_is_no_area_of_the_scene_is_refused(given: Any, said: str) -> None:
    with pytest.raises(BadRequest, match=said):
        from_geometry(given, None, GRID, "m")


def test_areas_are_those_on_the_ground() -> None:
    assert hectares_of_pixel(GRID) == pytest.approx(0.01)
    feet = Grid("EPSG:2263", (100.0, 0.0, 0.0, 0.0, -100.0, 0.0), (4, 4))
    assert hectares_of_pixel(feet) == pytest.approx((100 * 1200 / 3937) ** 2 / 1e4)
    for crs in ("EPSG:4326", "", "nonsense"):
        assert hectares_of_pixel(Grid(crs, GRID.transform, GRID.shape)) is None


def test_areas_in_degrees_are_those_on_the_ellipsoid(tmp_path: Path) -> None:
    grid = Grid("EPSG:4326", (0.001, 0.0, 14.0, 0.0, -0.001, 60.0), (50, 50))
    mask = np.zeros(grid.shape, "u1")
    mask[10:20, 10:20] = 1
    told = json.loads(write_mask(tmp_path / "d.geojson", mask, grid, FACTS).read_text())
    expected = 1.11412 * 0.5583 * 100  # 0.01 degrees at 60 degrees north, in hectares
    assert told["features"][0]["properties"]["area_ha"] == pytest.approx(expected, rel=0.01)


def test_errors_are_the_houses(tmp_path: Path) -> None:
    with pytest.raises(AstrodataError):
        read_mask(tmp_path, GRID)
