"""Maps of scenes: pictures with scale bar, north and legend, their files, and small multiples of dates."""

import io
import re
import zlib
from pathlib import Path
from typing import Any

import astrodata_kernel as adk
import numpy as np
import pytest
import rasterio
from astrodata_kernel.datasets.scene_arrays import Grid
from astrodata_kernel.errors import AstrodataError, BadRequest, UnknownName, UnsupportedFormat
from astrodata_kernel.reports.scene_furniture import bar_of, wrapped
from astrodata_kernel.reports.scene_ground import Ground
from astrodata_kernel.sentinel.ground_areas import areas_of_rows
from astrodata_kernel.testing.scenes import safe_folder
from PIL import Image
from pyproj import Geod, Transformer

GEOD = Geod(ellps="WGS84")
DATA = Path(__file__).parents[1] / "data" / "sentinel2"
EXAMPLE = Path(__file__).parents[2] / "examples" / "data" / "sentinel2_29RKH"
BANDS = ["B02", "B03", "B04", "B08", "B12"]


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Any:
    scl = np.full((120, 120), 4, "u1")
    scl[:30, :60] = 9
    return adk.open(safe_folder(tmp_path_factory.mktemp("safe"), bands=BANDS, scl=scl))


@pytest.fixture(scope="module")
def desert() -> Any:
    return adk.open(EXAMPLE)


def drawn(scene: Any, bands: Any = None, **settings: Any) -> Any:
    return adk.reports.scene_map(scene, bands, **{"size": 4.0, "dpi": 100, **settings})


def words(figure: Any) -> str:
    """Give all text of a figure."""
    made = io.BytesIO()
    from matplotlib import rc_context

    with rc_context({"svg.fonttype": "none"}):
        figure.savefig(made, format="svg")
    return " ".join(re.findall(r"<text[^>]*>([^<]*)</text>", made.getvalue().decode()))


def length_of(ground: Ground, bar: Any) -> float:
    (west, east), (south, north) = ground.lonlat(*zip(bar.start, bar.end, strict=True))
    return float(GEOD.inv(west, south, east, north)[2])


# --- what stands on a map -------------------------------------------------------------------------------


def test_a_map_says_who_saw_what_when_and_whose_data_it_is(scene: Any) -> None:
    told = words(drawn(scene, "true", title="A fire"))
    assert "A fire" in told
    assert "Sentinel-2A L2A" in told
    assert "tile 33TWG" in told
    assert "2022-07-14 10:06 UTC" in told
    assert "red B04, green B03, blue B02" in told
    assert "Contains modified Copernicus Sentinel data 2022" in told
    assert "WGS 84 / UTM zone 33N (EPSG:32633)" in told


def test_an_index_has_a_colour_bar_with_its_name(scene: Any) -> None:
    told = words(drawn(scene, "NBR", size=7))
    assert "Normalized Burn" in told
    assert "reflectance" in words(drawn(scene, "B12"))


def test_what_is_not_wanted_is_not_there(scene: Any) -> None:
    figure = drawn(
        scene,
        "NBR",
        title="",
        legend=False,
        scale_bar=False,
        north=False,
        graticule=False,
        attribution="",
    )
    assert figure.scale_bar is None
    told = words(figure)
    assert "Burn" not in told
    assert "Copernicus" not in told
    assert "° " not in told
    assert "km" not in told


@pytest.mark.parametrize(
    ("crs", "box"),
    [
        ("EPSG:32633", (399960, 4490220, 509760, 4600020)),
        ("EPSG:32601", (166000, 9200000, 270000, 9300000)),
        ("EPSG:4326", (73.29, 30.45, 73.32, 30.48)),
        ("EPSG:4326", (10.0, 59.0, 13.0, 61.0)),
        ("EPSG:3857", (1.2e6, 6.0e6, 1.3e6, 6.1e6)),
    ],
)
def test_the_scale_bar_is_as_long_as_it_says(crs: str, box: tuple[float, ...]) -> None:
    ground = Ground(crs)
    bar = bar_of(ground, box, ((box[2] - box[0]) / 5, (box[3] - box[1]) / 5))
    assert length_of(ground, bar) == pytest.approx(bar.metres, rel=1e-4)
    assert 0.1 < (bar.end[0] - bar.start[0]) / (box[2] - box[0]) <= 0.2801
    assert str(int(f"{bar.metres:.0e}"[0])) in "125"


def test_the_scale_bar_of_a_map_is_true_on_the_ground(scene: Any, desert: Any) -> None:
    for one in (scene, desert):
        figure = drawn(one, size=5)
        ground = Ground(figure.grid.crs)
        assert length_of(ground, figure.scale_bar) == pytest.approx(
            figure.scale_bar.metres, rel=0.01
        )
        assert figure.scale_bar.text in words(figure)


def test_the_arrow_points_to_true_north(desert: Any) -> None:
    figure = drawn(desert)
    left, bottom, right, top = figure.grid.bounds
    x, y = (left + right) / 2, (bottom + top) / 2
    to_degrees = Transformer.from_crs("EPSG:32629", "EPSG:4326", always_xy=True)
    lon, lat = to_degrees.transform(x, y)
    # West of the central meridian, north leans to the right of the grid's; the usual first-order formula.
    convergence = -np.degrees(np.arctan(np.tan(np.radians(lon + 9)) * np.sin(np.radians(lat))))
    assert figure.north == pytest.approx(convergence, abs=0.01)
    assert "true north is 1.0° right of up" in words(figure)
    assert Ground("EPSG:4326").north(12.0, 50.0) == pytest.approx(0, abs=1e-9)


def test_degrees_stand_where_their_lines_meet_the_edge(desert: Any) -> None:
    figure = drawn(desert, size=7)
    axes = figure.axes[0]
    to_degrees = Transformer.from_crs("EPSG:32629", "EPSG:4326", always_xy=True)
    left, bottom, *_ = figure.grid.bounds
    labels = [(tick.get_position()[0], tick.get_text()) for tick in axes.get_xticklabels()]
    assert len(labels) >= 3
    for x, text in labels:
        lon, _ = to_degrees.transform(x, bottom)
        assert f"{-lon:.1f}° W" == text
    for tick in axes.get_yticklabels():
        _, lat = to_degrees.transform(left, tick.get_position()[1])
        assert f"{lat:.1f}° N" == tick.get_text()


def test_the_maps_own_coordinates_can_stand_there(desert: Any) -> None:
    labels = [tick.get_text() for tick in drawn(desert, graticule="map").axes[0].get_xticklabels()]
    assert labels == ["200 km", "250 km", "300 km"]


def test_a_map_of_degrees_is_not_stretched() -> None:
    scene = adk.open(DATA / "ssl4eo" / "20200604T054639_20200604T054831_T43RCP")
    figure = drawn(scene, size=5)
    place = figure.axes[0].get_position()
    wide, high = figure.get_size_inches() * (place.width, place.height)
    left, bottom, right, top = figure.grid.bounds
    middle = (bottom + top) / 2
    across, up = (
        GEOD.line_length(*zip(*ends, strict=True))
        for ends in (((left, middle), (right, middle)), ((left, bottom), (left, top)))
    )
    assert high / wide == pytest.approx(up / across, rel=0.005)


def test_classes_have_the_legend_of_the_classification(scene: Any) -> None:
    figure = drawn(scene, "SCL")
    told = words(figure)
    assert "vegetation" in told
    assert "cloud, high probability" in told
    assert "12.5%" in told
    assert "water" not in told
    picture = figure.painted()
    assert tuple(picture[0, 0]) == (255, 255, 255, 255)
    assert tuple(picture[-1, -1]) == (0, 160, 0, 255)


# --- masks and clouds -----------------------------------------------------------------------------------


def test_a_mask_has_colour_outline_and_hectares(scene: Any) -> None:
    mask = np.zeros((240, 240), bool)
    mask[100:150, 60:100] = True
    plain, over = drawn(scene), drawn(scene, mask=mask)
    told = words(over)
    assert "burnt" in told
    assert "20 ha" in told
    before, after = plain.painted(), over.painted()
    rows, columns = before.shape[:2]
    inside = after[int(125 / 240 * rows), int(80 / 240 * columns)].astype(int)
    assert inside[0] > inside[2] + 20
    np.testing.assert_array_equal(before[:20], after[:20])


def test_hectares_are_of_what_is_seen(scene: Any) -> None:
    left, _, _, top = scene.grid().bounds
    mask = np.ones((240, 240), bool)
    half = Grid("EPSG:32633", (10.0, 0.0, left, 0.0, -10.0, top), (240, 120))
    assert drawn(scene, mask=mask).overlay.hectares == {1: pytest.approx(576.0)}
    assert drawn(scene, mask=mask, area=half).overlay.hectares == {1: pytest.approx(288.0)}


def test_pixels_of_degrees_have_the_area_of_the_ellipsoid() -> None:
    grid = Grid("EPSG:4326", (0.01, 0.0, 10.0, 0.0, -0.01, 60.0), (100, 100))
    of_row = areas_of_rows(grid)[:, 0]
    square = GEOD.polygon_area_perimeter([10, 10.01, 10.01, 10], [59.0, 59.0, 59.01, 59.01])[0]
    assert of_row[-1] == pytest.approx(abs(square), rel=1e-4)


def test_grades_of_damage_have_their_names(scene: Any) -> None:
    grades = np.zeros((240, 240), np.uint8)
    for grade in range(1, 5):
        grades[40 * grade : 40 * grade + 40, 100:200] = grade
    told = words(drawn(scene, "NBR", mask=grades, size=7))
    for name in ("negligible to slight", "moderately", "highly", "completely destroyed", "40 ha"):
        assert name in told
    named = words(
        drawn(scene, mask=grades, mask_name={1: "oak", 2: "pine", 3: "heath", 4: "maquis"})
    )
    assert "maquis" in named


def test_an_activation_of_rasters_tells_its_grades_on_a_map(scene: Any, tmp_path: Path) -> None:
    grid = scene.grid()
    grades = np.zeros((1, *grid.shape), np.uint8)
    grades[0, 40:80, 100:200] = 3
    for product, values in (("GRA", grades), ("DEL", np.minimum(grades, 1))):
        with rasterio.open(
            tmp_path / f"EMSR382_AOI01_01_{product}.tif",
            mode="w",
            driver="GTiff",
            dtype="uint8",
            count=1,
            crs=grid.crs,
            width=grid.shape[1],
            height=grid.shape[0],
            transform=rasterio.Affine(*grid.transform),
        ) as out:
            out.write(values)
    both = adk.sentinel.activation(tmp_path)
    assert "highly damaged" in words(drawn(scene, "NBR", mask=both, size=7))
    burnt = adk.sentinel.activation(tmp_path, product="DEL")
    assert "highly damaged" not in words(drawn(scene, "NBR", mask=burnt, size=7))


def test_a_mask_on_coarser_pixels_or_in_a_file_lies_in_its_place(
    scene: Any, tmp_path: Path
) -> None:
    coarse = np.zeros((120, 120), np.uint8)
    coarse[20:40, 30:50] = 1
    place = rasterio.Affine(20, 0, 399960.0, 0, -20, 4600020.0)
    path = tmp_path / "mask.tif"
    profile = {"driver": "GTiff", "height": 120, "width": 120, "count": 1, "dtype": "uint8"}
    with rasterio.open(path, "w", **profile, crs="EPSG:32633", transform=place) as out:
        out.write(coarse, 1)
    by_array, by_file = drawn(scene, mask=coarse), drawn(scene, mask=path)
    np.testing.assert_array_equal(by_array.overlay.numbers, by_file.overlay.numbers)
    assert by_array.overlay.hectares == {0: pytest.approx(560.0), 1: pytest.approx(16.0)}


def test_clouds_can_be_hatched(scene: Any) -> None:
    figure = drawn(scene, clouds=True)
    assert "cloud" in words(figure)
    hatched = [one for one in figure.axes[0].collections if getattr(one, "hatches", None)]
    assert len(hatched) == 1


# --- pictures -------------------------------------------------------------------------------------------


def test_the_picture_has_the_values_of_the_scene(scene: Any) -> None:
    figure = drawn(scene, "B08", size=7, limits="minmax")
    assert figure.grid.shape == (240, 240)  # no finer than the scene
    np.testing.assert_allclose(figure.values[0], scene.band("B08")[:], rtol=1e-6)
    index = drawn(scene, "(B08 - B04) / (B08 + B04)", size=7)
    np.testing.assert_allclose(
        index.values[0], scene.index("(B08 - B04) / (B08 + B04)")[:], rtol=1e-5, atol=1e-6
    )


def test_a_small_picture_reads_no_more_than_it_shows(desert: Any) -> None:
    figure = drawn(desert, "B12", size=2, dpi=50, legend=False)
    assert figure.grid.shape[1] < 100
    whole, part = desert.band("B12")[:], figure.values[0]
    assert np.nanmean(part) == pytest.approx(np.nanmean(whole), rel=0.01)
    assert figure.grid.bounds == pytest.approx(desert.grid().bounds)


def test_a_part_lies_where_the_scene_has_it(desert: Any) -> None:
    figure = drawn(desert, "B12", area=(-11.5, 24.6, -11.3, 24.8), size=7)
    left, bottom, _, top = figure.grid.bounds
    grid = desert.grid()
    column = round((left - grid.transform[2]) / 200)
    row = round((grid.transform[5] - top) / 200)
    rows, columns = figure.grid.shape
    expected = desert.band("B12")[row : row + rows, column : column + columns]
    np.testing.assert_allclose(figure.values[0], expected, rtol=1e-6)
    west, south = Transformer.from_crs("EPSG:32629", "EPSG:4326", always_xy=True).transform(
        left, bottom
    )
    assert (west, south) == pytest.approx((-11.5, 24.6), abs=0.01)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_png_has_the_pixels_that_were_asked_for(scene: Any, tmp_path: Path, theme: str) -> None:
    path = drawn(scene, size=(5, 4), dpi=120, theme=theme).save(tmp_path / "map.png")
    with Image.open(path) as image:
        assert image.size == (600, 480)
        corner = image.convert("RGB").getpixel((2, 2))
    assert corner == ((255, 255, 255) if theme == "light" else (17, 20, 24))


# --- files ----------------------------------------------------------------------------------------------


def test_svg_has_text_as_text(scene: Any, tmp_path: Path) -> None:
    path = drawn(scene, title="Dollars $x_1$ & <b>").save(tmp_path / "map.svg")
    told = path.read_text()
    assert "Dollars $x_1$ &amp; &lt;b&gt;" in told
    assert "2022-07-14 10:06 UTC" in told


def test_pdf_has_text_as_text(scene: Any, tmp_path: Path) -> None:
    content = drawn(scene, title="Map").save(tmp_path / "map.pdf").read_bytes()
    assert content.startswith(b"%PDF")
    streams = re.findall(rb"stream\r?\n(.*?)endstream", content, re.DOTALL)
    pages = b"".join(zlib.decompressobj().decompress(one) for one in streams if one[:1] == b"x")
    assert b" Tf" in pages
    assert b"TJ" in pages or b"Tj" in pages
    assert b"FontDescriptor" in content or b"DejaVuSans" in content


def test_a_geotiff_is_the_picture_on_its_place(scene: Any, tmp_path: Path) -> None:
    mask = np.zeros((240, 240), bool)
    mask[100:150, 60:100] = True
    figure = drawn(scene, "true", mask=mask)
    path = figure.save(tmp_path / "map.tif")
    with rasterio.open(path) as file:
        assert file.crs.to_epsg() == 32633
        assert tuple(file.bounds) == pytest.approx(scene.grid().bounds)
        assert (file.count, set(file.dtypes)) == (4, {"uint8"})
        assert file.colorinterp[3].name == "alpha"
        np.testing.assert_array_equal(np.moveaxis(file.read(), 0, -1), figure.painted())
        assert file.tags()["ATTRIBUTION"] == "Contains modified Copernicus Sentinel data 2022"


def test_a_geotiff_can_hold_the_values(scene: Any, tmp_path: Path) -> None:
    figure = drawn(scene, ["NBR", "B08", "B04"])
    path = figure.save(tmp_path / "values.tif", values=True)
    with rasterio.open(path) as file:
        assert set(file.dtypes) == {"float32"}
        assert np.isnan(file.nodata)
        assert file.descriptions == ("NBR", "B08", "B04")
        assert file.tags()["TIFFTAG_DATETIME"].startswith("2022:07:14 10:06")
        assert file.tags()["SCENE"] == scene.name
        np.testing.assert_array_equal(file.read(), np.stack(figure.values))


def test_nothing_is_replaced_unasked(scene: Any, tmp_path: Path) -> None:
    figure = drawn(scene)
    path = figure.save(tmp_path / "map.png")
    before = path.read_bytes()
    with pytest.raises(BadRequest, match="overwrite=True"):
        figure.save(path)
    assert path.read_bytes() == before
    figure.save(path, overwrite=True)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["map.png"]


def test_a_map_shows_itself_in_a_notebook(scene: Any) -> None:
    data, size = drawn(scene)._repr_png_()
    assert data.startswith(b"\x89PNG")
    assert size["width"] > 100


@pytest.mark.parametrize(
    ("settings", "error", "said"),
    [
        ({"bands": "B99"}, UnknownName, "B99"),
        ({"bands": ["B02", "B03"]}, BadRequest, "three"),
        ({"area": (100, 10, 101, 11)}, BadRequest, "outside of"),
        ({"area": "nowhere.geojson"}, AstrodataError, "no such file"),
        ({"mask": np.zeros((10, 10), bool)}, BadRequest, "10 x 10 pixels"),
        ({"mask": np.full((240, 240), 0.5)}, BadRequest, "no classes"),
        ({"mask": "gone.tif"}, AstrodataError, "no such file"),
        ({"limits": [1, 0]}, BadRequest, "low < high"),
        ({"limits": "most"}, BadRequest, "unknown"),
        ({"stretch": "wide"}, BadRequest, "stretch"),
        ({"bands": "B08", "colormap": "pretty"}, BadRequest, "colour map"),
        ({"size": 0.2}, BadRequest, "inches"),
        ({"size": (3, 1)}, BadRequest, "room"),
        ({"dpi": 1e6}, BadRequest, "dots"),
        ({"theme": "pink"}, BadRequest, "theme"),
        ({"graticule": "mgrs"}, BadRequest, "graticule"),
    ],
)
def test_what_cannot_be_drawn_is_said(
    scene: Any, settings: dict[str, Any], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        drawn(scene, **settings)


def test_endings_and_values_that_are_none_are_said(scene: Any, tmp_path: Path) -> None:
    figure = drawn(scene)
    with pytest.raises(BadRequest, match=r"\.png, \.pdf, \.svg, \.tif"):
        figure.save(tmp_path / "map.bmp")
    with pytest.raises(BadRequest, match="GeoTIFF"):
        figure.save(tmp_path / "map.png", values=True)
    with pytest.raises(UnsupportedFormat, match="no satellite scene"):
        adk.reports.scene_map([np.zeros((3, 3))])
    assert not list(tmp_path.iterdir())


def test_long_titles_are_wrapped_and_never_leave_the_figure() -> None:
    lines = wrapped("S2A_MSIL2A_20200219T112111_N0214 " * 9, 10, 3.0, bold=True, most=3)
    assert len(lines) == 3
    assert lines[-1].endswith("…")
    assert wrapped("  ", 10, 3.0) == []


# --- of a viewer ----------------------------------------------------------------------------------------


def test_a_viewer_gives_the_map_of_what_it_shows(desert: Any, tmp_path: Path) -> None:
    viewer = adk.view(desert, bands="B12", stretch="sqrt", limits=[0.1, 0.6], colormap="heat")
    try:
        viewer.view = {"x": 300.0, "y": 100.0, "zoom": 8.0}
        mask = np.zeros((549, 549), np.uint8)
        mask[440:460, 290:310] = 1
        viewer.show_mask(mask, "fire", "#00ffff")
        figure = viewer.map(tmp_path / "map.svg", title="As seen", size=5)
        assert figure.style.names == ("B12",)
        assert (figure.style.norms[0].vmin, figure.style.norms[0].vmax) == (0.1, 0.6)
        assert figure.style.colours[-1].tolist() == [1, 1, 1]
        assert figure.overlay.hectares[1] == pytest.approx(1600.0)
        assert figure.overlay.colour(1).lower() == "#00ffff"
        left, bottom, right, top = figure.grid.bounds
        grid = desert.grid()
        assert ((left + right) / 2 - grid.transform[2]) / 200 == pytest.approx(300.5, abs=1)
        assert ((bottom + top) / 2 - grid.bounds[1]) / 200 == pytest.approx(100.5, abs=1)
        assert "As seen" in (tmp_path / "map.svg").read_text()
        with pytest.raises(BadRequest, match="overwrite"):
            viewer.map(tmp_path / "map.svg")
        viewer.bands = ["B12", "B11", "B8A"]
        colours = viewer.map(size=4, dpi=80)
        assert colours.style.names == ("B12", "B11", "B8A")
        assert [
            (one.vmin, one.vmax) for one in colours.style.norms
        ] == viewer.band_limits_in_force()
    finally:
        viewer.close()
