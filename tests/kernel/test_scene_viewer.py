"""The viewer of satellite scenes: bands as colours, indices as maps, and what lies under a pixel."""

from pathlib import Path
from typing import Any

import astrodata_kernel as adk
import numpy as np
import pytest
import rasterio
from astrodata_kernel.datasets.scene_arrays import Grid
from astrodata_kernel.errors import AstrodataError, BadRequest, UnknownName, UnsupportedFormat
from astrodata_kernel.testing.scenes import safe_folder
from astrodata_kernel.widgets.base import STATIC
from astrodata_kernel.widgets.scene import PRESETS, SceneViewer
from astrodata_kernel.widgets.scene_places import Places, standard_zone, utm_zone
from astropy.table import Table
from pyproj import Transformer


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Path:
    scl = np.full((600, 600), 4, "u1")
    scl[:300] = 6
    return safe_folder(tmp_path_factory.mktemp("safe"), size=1200, scl=scl)


@pytest.fixture
def viewer(product: Path) -> Any:
    made = adk.view(product)
    yield made
    made.close()


def tile(viewer: Any, **what: Any) -> np.ndarray:
    return np.asarray(viewer.request("tile", **{"level": 0, "x": 0, "y": 0, **what}).array())


def test_the_built_bundle_is_there_and_small_enough_for_each_cell_to_carry() -> None:
    assert (STATIC / "scene.js").stat().st_size < 330_000
    assert (STATIC / "scene.css").stat().st_size > 0


def test_a_scene_is_shown_in_true_colour(viewer: Any) -> None:
    assert isinstance(viewer, SceneViewer)
    assert (viewer.bands, viewer.preset, viewer.composite) == (["B04", "B03", "B02"], "true", True)
    facts = viewer.request("describe").meta
    assert (facts["width"], facts["height"], facts["planes"]) == (1200, 1200, 3)
    assert facts["kind"] == "image"  # a cube would bring spectra along
    assert facts["frame"] == ""


def test_tiles_are_the_bands_north_up(viewer: Any) -> None:
    scene = viewer.scene
    given = tile(viewer)
    for number, name in enumerate(viewer.bands):
        north_up = scene.band(name)[-512:, :512][::-1]
        np.testing.assert_array_equal(given[number], north_up)
        np.testing.assert_array_equal(tile(viewer, plane=number)[0], north_up)
    upper = tile(viewer, x=2, y=2, bands=["B08"])
    np.testing.assert_array_equal(upper[0], scene.band("B08")[:176, 1024:][::-1])


def test_coarser_bands_and_classes_come_on_the_finest_grid(viewer: Any) -> None:
    scene = viewer.scene
    given = tile(viewer, y=1, bands=["B12", "B01", "SCL"])
    rows = slice(1200 - 1024, 1200 - 512)
    for number, name in enumerate(["B12", "B01", "SCL"]):
        np.testing.assert_array_equal(given[number], scene.band(name, 10)[rows, :512][::-1])


def test_reduced_tiles_come_from_the_files_own_lower_resolutions(viewer: Any) -> None:
    scene = viewer.scene
    given = tile(viewer, level=2, bands=["B04", "B12", "SCL"])
    every, half = slice(0, 1200), slice(0, 600)
    np.testing.assert_array_equal(given[0], scene.read("B04", every, every, 4)[::-1])
    np.testing.assert_array_equal(given[1], scene.read("B12", half, half, 2)[::-1])
    assert (given[2, :140] == 4).all()
    assert (given[2, 160:] == 6).all()


@pytest.mark.parametrize("size", [246, 1206])
def test_levels_lie_over_each_other_whatever_the_size(tmp_path: Path, size: int) -> None:
    column = np.arange(size, dtype="u2")[:, None] * 8 + 2000
    ramp = np.broadcast_to(column, (size, size))
    viewer = SceneViewer(
        safe_folder(tmp_path, size=size, bands=["B08"], numbers={"B08": ramp}), bands="B08"
    )
    picture = viewer.request("overview", width=100)
    step = picture.meta["step"]
    whole = viewer.scene.band("B08")[::-1]
    rows = np.minimum(np.arange(0, size, step) + step // 2, size - 1)
    slope = 8e-4
    assert np.abs(picture.array()[0][:, 5] - whole[rows][:, 5]).max() <= step * slope
    viewer.close()


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_set_the_bands(viewer: Any, preset: str) -> None:
    viewer.bands = "B08"
    assert (viewer.preset, viewer.composite) == ("", False)
    viewer.preset = preset
    assert viewer.bands == list(PRESETS[preset][1])
    assert viewer.composite
    assert len(viewer.band_limits_in_force()) == 3
    assert SceneViewer(viewer.scene, preset=preset, transcode=False).bands == viewer.bands


def test_an_index_and_a_formula_are_shown_as_maps(viewer: Any) -> None:
    viewer.bands = "NBR"
    expected = viewer.scene.index("NBR", 10)[-512:, :512][::-1]
    np.testing.assert_array_equal(tile(viewer)[0], expected)
    assert viewer.request("describe").meta["planes"] == 1
    assert not viewer.composite
    low, high = viewer.limits_in_force()
    assert -1 <= low < high <= 1
    viewer.bands = ["(B08 - B12) / (B08 + B12)"]
    np.testing.assert_allclose(tile(viewer)[0], expected, rtol=1e-5, atol=1e-6)
    low_level = tile(viewer, level=1, bands=["NBR"])[0]
    values = {name: tile(viewer, level=1, bands=[name])[0] for name in ("B08", "B12")}
    made = adk.processing.indices.compute("NBR", values, scale=1.0)["NBR"]
    np.testing.assert_allclose(low_level, made, rtol=1e-5)


def test_limits_in_numbers_go_with_what_they_were_about(viewer: Any) -> None:
    viewer.limits = [0.0, 0.3]
    viewer.band_limits = ["99%", [0.0, 0.2], "minmax"]
    viewer.bands = "NDVI"
    assert (viewer.limits, viewer.band_limits) == ("99%", None)


def test_the_number_of_the_browser_and_the_bands_follow_each_other(viewer: Any) -> None:
    first = viewer.hdu
    viewer.bands = "B08"
    assert viewer.hdu != first
    viewer.hdu = first
    assert (viewer.preset, viewer.composite) == ("true", True)
    with pytest.raises(UnknownName):
        viewer.hdu = 99


def test_the_probe_tells_reflectance_class_and_place(viewer: Any, product: Path) -> None:
    x, y = 700, 250
    told = viewer.request("probe", x=x, y=y).meta
    row = 1199 - y
    for name in ("B02", "B03", "B04"):
        path = next(product.glob(f"GRANULE/*/IMG_DATA/R10m/*_{name}_10m.jp2"))
        with rasterio.open(path) as file:
            number = int(file.read(1)[row, x])
            easting, northing = file.xy(row, x)
            crs = file.crs
        assert told["bands"][name] == pytest.approx((number - 1000) * 1e-4, abs=1e-6)
    place = told["sky"]
    assert (place["easting"], place["northing"]) == (easting, northing)
    lon, lat = Transformer.from_crs(crs, "EPSG:4326", always_xy=True).transform(easting, northing)
    assert (place["lon"], place["lat"]) == (pytest.approx(lon), pytest.approx(lat))
    assert f"UTM 33N {easting:.0f} m E {northing:.0f} m N" in place["text"]
    assert place["text"].startswith(f"{lat:.5f}° N {lon:.5f}° E")
    assert told["class"] == "vegetation"
    assert viewer.request("probe", x=x, y=1190).meta["class"] == "water"
    assert told["text"].endswith("vegetation")


def test_the_probe_tells_classes_by_name_and_says_where_nothing_is(viewer: Any) -> None:
    viewer.bands = "SCL"
    assert viewer.request("probe", x=5, y=5).meta["text"] == "SCL 4 vegetation"
    told = viewer.request("probe", x=-5, y=5).meta
    assert (told["text"], told["value"]) == ("outside", None)


def test_zones_of_both_halves_of_the_earth_are_told() -> None:
    zones = ["EPSG:32633", "EPSG:32719", "EPSG:3857", "EPSG:32661", ""]
    assert [utm_zone(crs) for crs in zones] == ["33N", "19S", "", "", ""]


@pytest.mark.parametrize(
    ("crs", "easting", "northing", "expected"),
    [
        ("EPSG:32631", 448251, 5411932, "31UDQ 48251 11932"),  # the Eiffel Tower
        ("EPSG:32618", 323394, 4307396, "18SUJ 23394 07396"),  # the White House
        ("EPSG:32753", 720000, 6900000, "53JQK 20000 00000"),
        ("EPSG:32632", 857000, 4600000, "33TUF"),  # beyond its zone the next one's
        ("EPSG:3857", 255422, 6250866, "31UDQ"),
    ],
)
def test_places_are_told_in_the_military_grid(
    crs: str, easting: float, northing: float, expected: str
) -> None:
    grid = Grid(crs, (1.0, 0.0, easting - 9.0, 0.0, -1.0, northing + 9.0), (18, 18))
    place = Places(grid).at(8.6, 8.6)
    assert place is not None
    assert place["mgrs"].startswith(expected)


def test_a_map_in_degrees_tells_them_once() -> None:
    grid = Grid("EPSG:4326", (0.1, 0.0, 10.0, 0.0, -0.1, 46.0), (10, 10))
    place = Places(grid).at(4, 4)
    assert place is not None
    assert place["text"] == f"45.45000° N 10.45000° E, MGRS {place['mgrs']}"


def test_zones_follow_norway_svalbard_and_end_at_the_poles() -> None:
    places = [(5.3, 60.4), (5.3, 50.0), (16.0, 78.0), (8.0, 78.0), (180.0, 0.0), (10.0, 85.0)]
    assert [standard_zone(*place) for place in places] == [32, 31, 33, 31, 1, 0]


def test_a_place_without_a_map_is_none_and_one_of_nonsense_keeps_its_numbers() -> None:
    transform = (10.0, 0.0, 0.0, 0.0, -10.0, 20.0)
    assert Places(Grid("", transform, (2, 2))).at(0, 0) is None
    odd = Places(Grid("EPSG:999999", transform, (2, 2))).at(0, 0)
    assert odd is not None
    assert (odd["lon"], odd["text"]) == (None, "EPSG:999999 5 5")


def test_state_and_code_show_the_same_again(viewer: Any, product: Path) -> None:
    assert viewer.state() == {"source": str(product)}
    viewer.bands = ["B12", "NBR", "B04"]
    viewer.limits = [0.0, 0.5]
    viewer.stretch = "sqrt"
    state = viewer.state()
    again = adk.view(state.pop("source"), **state)
    assert again.state() == viewer.state()
    assert again.composite
    np.testing.assert_array_equal(tile(again), tile(viewer))
    coded = eval(viewer.code(), {"adk": adk})
    assert coded.state() == viewer.state()
    viewer.composite = False
    state = viewer.state()
    assert not adk.view(state.pop("source"), **state).composite


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ("B99", "no band 'B99'"),
        (["B04", "B3X", "B02"], "no band 'B3X'"),
        ("NBRX", "no band 'NBRX'"),
        (["B04", "B03"], "2 bands"),
        ([], "0 bands"),
        ("B08 +", "formula 'B08 \\+'"),
    ],
)
def test_bands_that_are_not_there_are_named(viewer: Any, bad: Any, said: str) -> None:
    with pytest.raises(AstrodataError, match=said):
        viewer.bands = bad
    assert viewer.bands == ["B04", "B03", "B02"]
    with pytest.raises(AstrodataError, match=said):
        SceneViewer(viewer.scene, bands=bad)


def test_tiles_of_bands_that_are_not_there_are_refused(viewer: Any) -> None:
    with pytest.raises(UnknownName, match="B99"):
        tile(viewer, bands=["B99"])
    with pytest.raises(BadRequest, match="no bands"):
        tile(viewer, bands=[])
    with pytest.raises(BadRequest, match="outside"):
        tile(viewer, x=7)


def test_a_scene_without_the_visible_bands_shows_what_it_has(tmp_path: Path) -> None:
    viewer = SceneViewer(safe_folder(tmp_path, size=60, bands=["B08", "B12"]))
    assert (viewer.bands, viewer.preset) == (["B08"], "")
    with pytest.raises(UnknownName, match="no band 'B11'"):
        viewer.preset = "burn"
    offered = [choice["text"] for choice in viewer.choices]
    assert "NBR" in offered
    assert "NDVI" not in offered
    assert not [choice for choice in viewer.choices if choice["group"] == "Colours"]
    with pytest.raises(BadRequest, match="sepia"):
        SceneViewer(viewer.scene, preset="sepia")


def test_without_offset_numbers_are_shown_and_indices_refused(tmp_path: Path) -> None:
    path = tmp_path / "area_Sentinel2_20220701_20220714.tiff"
    numbers = np.arange(12 * 60 * 60, dtype="u2").reshape(12, 60, 60)
    profile = {"driver": "GTiff", "width": 60, "height": 60, "count": 12, "dtype": "uint16"}
    place = rasterio.Affine(10, 0, 4e5, 0, -10, 46e5)
    with rasterio.open(path, "w", crs="EPSG:32633", transform=place, **profile) as file:
        file.write(numbers)
        file.descriptions = [*(f"B{n:02d}" for n in range(1, 10)), "B8A", "B11", "B12"]
    viewer = adk.view(path)
    assert viewer.preset == "true"
    np.testing.assert_array_equal(tile(viewer)[0], numbers[3][::-1])
    assert not [choice for choice in viewer.choices if choice["group"] == "Indices"]
    with pytest.raises(BadRequest, match="offset"):
        viewer.bands = "NBR"
    viewer.close()


def test_an_image_is_no_scene() -> None:
    with pytest.raises(UnsupportedFormat, match="no satellite scene"):
        SceneViewer(adk.Dataset.of_array(np.zeros((3, 3))))


def test_large_bands_are_written_anew_and_given_up_with_the_viewer(
    viewer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert viewer.transcoding is None  # small ones are read at once
    monkeypatch.setattr("astrodata_kernel.widgets.scene.EXACT_PIXELS", 1000)
    viewer.bands = "NBR"
    begun = viewer.transcoding
    assert begun.wait(60)
    assert begun.progress == 1
    viewer.transcode = False
    assert viewer.transcoding is None


def test_nothing_is_prepared_of_what_has_lower_resolutions(viewer: Any) -> None:
    assert viewer.request("preparing", wish="prepare").meta["state"] == "whole"
    assert viewer.prepare()["state"] == "whole"


def test_what_is_seen_is_saved(viewer: Any, tmp_path: Path) -> None:
    for name in ("true.png", "cutout.fits", "state.json", "code.py"):
        assert viewer.save(tmp_path / name, box=[0, 0, 50, 50]).stat().st_size
    viewer.bands = "NBR"
    assert viewer.save(tmp_path / "nbr.png", box=[0, 0, 50, 50]).stat().st_size


def test_regions_and_tables_by_pixels_lie_over_a_scene(viewer: Any) -> None:
    viewer.bands = "B08"
    circle = {"shape": "circle", "x": 100.0, "y": 100.0, "radius": 20.0}
    row = viewer.request("measure", shapes=[circle]).meta["rows"][0]
    y, x = np.mgrid[:1200, :1200]
    inside = (x - 100) ** 2 + (y - 100) ** 2 <= 400
    values = np.asarray(viewer.scene.band("B08"))[::-1][inside]
    assert row["mean"] == pytest.approx(values.mean(), rel=1e-2)
    viewer.add_catalogue(Table({"x": [10.0, 20.0], "y": [5.0, 6.0]}), name="points")
    placed = viewer.request("catalogue_places", name="points")
    assert placed.array().shape[-1] == 2
