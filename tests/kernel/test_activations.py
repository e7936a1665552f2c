"""Burnt areas as the emergency service delivers them, on the pixels of scenes."""

import json
import zipfile
from datetime import UTC, datetime

import astrodata_kernel as adk
import numpy as np
import pyogrio
import pytest
import rasterio
import shapely
from astrodata_kernel.datasets.scene_arrays import Grid
from astrodata_kernel.errors import (
    BadRequest,
    DamagedFile,
    TooLarge,
    UnreadableFile,
    UnsupportedFormat,
)
from astrodata_kernel.testing.scenes import safe_folder
from pyproj import Transformer
from rasterio.features import rasterize
from rasterio.transform import Affine

NAME = "EMSR382_AOI01_{product}_{edition}_{layer}A_r1_v1"
GRID = Grid("EPSG:32632", (20.0, 0.0, 500_000.0, 0.0, -20.0, 5_000_000.0), (150, 200))


def degrees(*points: tuple[float, float]) -> shapely.Polygon:
    """Give a polygon of longitudes and latitudes from metres right of and below the grid's corner."""
    change = Transformer.from_crs(32632, 4326, always_xy=True)
    return shapely.Polygon([change.transform(500_000 + x, 5_000_000 - y) for x, y in points])


SCAR = degrees((400, 300), (2900, 500), (2400, 2500), (1500, 1200))
WATER = degrees((3000, 2000), (3900, 2000), (3900, 2900))


def write(path, shapes, crs="EPSG:4326", **fields) -> None:
    pyogrio.raw.write(
        path,
        np.array([shapely.to_wkb(one) for one in shapes], object),
        [np.array(values, object) for values in fields.values()],
        list(fields),
        geometry_type="Polygon",
        crs=crs,
        driver="ESRI Shapefile" if str(path).endswith("shp") else "GeoJSON",
    )


@pytest.fixture
def folder(tmp_path):
    """A delivery with a delineation and a grading, in shapefiles and in GeoJSON."""
    inside = tmp_path / "EMSR382"
    inside.mkdir()
    write(
        inside / f"{NAME.format(product='DEL', edition='PRODUCT', layer='observedEvent')}.shp",
        [SCAR, WATER],
        event_type=["5-Wildfire", "3-Flood"],
        obj_desc=["Forest fire", "River"],
    )
    parts = [SCAR, shapely.affinity.translate(SCAR, 0.004, 0)]
    write(
        inside / f"{NAME.format(product='GRA', edition='MONIT01', layer='naturalLandUse')}.json",
        [*parts, WATER],
        damage_gra=["Destroyed", "Possibly damaged", "Not Analysed"],
    )
    write(
        inside / f"{NAME.format(product='GRA', edition='MONIT01', layer='observedEvent')}.json",
        [SCAR],
        event_type=["Wildfire"],
    )
    return inside


def pack(folder, to):
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as out:
        for one in folder.iterdir():
            out.write(one, f"deliveries/{one.name}")
    return to


def inside(shape, grid=GRID):
    """Tell for each pixel whether its centre lies in a polygon of degrees, by shapely alone."""
    change = Transformer.from_crs(4326, grid.crs, always_xy=True)
    moved = shapely.transform(shape, lambda x, y: change.transform(x, y), interleaved=False)
    x, y = np.meshgrid(grid.x, grid.y)
    return shapely.contains_xy(moved, x, y), moved


@pytest.mark.parametrize("packed", [False, True])
def test_what_burnt_is_a_mask_on_the_pixels_of_a_scene(folder, tmp_path, packed) -> None:
    path = pack(folder, tmp_path / "EMSR382.zip") if packed else folder
    fire = adk.sentinel.activation(path, product="DEL")
    assert (fire.code, fire.area, fire.product) == ("EMSR382", "AOI01", "DEL")
    assert fire.notes == ("1 polygons of other events were left out",)
    mask = fire.mask(GRID)
    expected, moved = inside(SCAR)
    np.testing.assert_array_equal(mask, expected.astype("u1"))
    np.testing.assert_array_equal(
        mask, rasterize([(moved, 1)], GRID.shape, transform=Affine(*GRID.transform), dtype="uint8")
    )
    assert fire.mask(GRID, all_touched=True).sum() > mask.sum()


def test_the_newest_grading_is_taken_and_the_worse_class_counts(folder) -> None:
    fire = adk.sentinel.activation(folder)
    assert fire.product == "GRA"
    assert "1 polygons without a class of damage were left out" in fire.notes
    classes = fire.mask(GRID, grading=True)
    scar, _ = inside(SCAR)
    other, _ = inside(shapely.affinity.translate(SCAR, 0.004, 0))
    np.testing.assert_array_equal(classes == 4, scar)
    np.testing.assert_array_equal(classes == 2, other & ~scar)
    np.testing.assert_array_equal(fire.mask(GRID), scar)
    with pytest.raises(BadRequest, match="has no classes of damage"):
        adk.sentinel.activation(folder, product="DEL").mask(GRID, grading=True)


def test_rasters_that_cannot_be_laid_on_a_scene_are_named(tmp_path) -> None:
    path = tmp_path / "EMSR382_AOI01_01_DEL.tif"
    path.write_bytes(b"<VRTDataset rasterXSize='9' rasterYSize='9'></VRTDataset>")
    with pytest.raises(DamagedFile, match=r"_DEL\.tif cannot be read"):
        adk.sentinel.activation(path).mask(GRID)
    path.unlink()
    place = Affine(20, 0, 500_000, 0, -20, 5_000_000)
    with rasterio.open(path, "w", "GTiff", 9, 9, 1, transform=place, dtype="uint8") as image:
        image.write(np.ones((1, 9, 9), "u1"))
    with pytest.raises(BadRequest, match="does not say its CRS"):
        adk.sentinel.activation(path).mask(GRID)


def test_rasters_are_put_on_other_pixels(tmp_path) -> None:
    grading = np.zeros((60, 80), "u1")
    grading[10:40, 20:50] = 3
    there = Affine(40, 0, 500_000, 0, -40, 5_000_000)
    for product, values in (("GRA", grading), ("DEL", (grading > 0).astype("u1"))):
        with rasterio.open(
            tmp_path / f"EMSR382_AOI01_01_{product}.tif",
            mode="w",
            driver="GTiff",
            dtype="uint8",
            count=1,
            crs="EPSG:32632",
            width=80,
            height=60,
            transform=there,
        ) as out:
            out.write(values, 1)
    fire = adk.sentinel.activation(tmp_path)
    expected = np.zeros(GRID.shape, "u1")
    twice = grading.repeat(2, 0).repeat(2, 1)
    expected[:120, :160] = twice
    assert fire.has_grades
    np.testing.assert_array_equal(fire.mask(GRID, grading=True), expected)
    np.testing.assert_array_equal(fire.mask(GRID), expected > 0)
    only = adk.sentinel.activation(tmp_path / "EMSR382_AOI01_01_GRA.tif")
    np.testing.assert_array_equal(only.mask(GRID), expected > 0)
    with pytest.raises(BadRequest, match="no polygons to match"):
        adk.sentinel.activation(tmp_path, date="2019-08-17").match([])


def test_scenes_are_matched_by_time_and_place(folder, tmp_path) -> None:
    def scene(day: int, month: int, corner=(500_000, 5_000_000)):
        when = datetime(2019, month, day, 10, tzinfo=UTC)
        home = tmp_path / f"{month}-{day}-{corner[0]}"
        return adk.open(safe_folder(home, date=when, corner=corner, epsg=32632))

    before, early, after, late = scene(10, 8), scene(1, 7), scene(20, 8), scene(9, 9)
    elsewhere = scene(19, 8, (700_000, 4_000_000))
    fire = adk.sentinel.activation(folder, date="2019-08-17")
    found = fire.match([late, before, elsewhere, after, early], least=0.2)
    assert [match.scene for match in found] == [early, before, after, late]
    assert [round(match.days) for match in found] == [-47, -7, 3, 23]
    assert all(0.2 < match.covered <= 1 for match in found)
    assert fire.pair([late, before, after, early], least=0.2) == (before, after)
    with pytest.raises(BadRequest, match="before the fire"):
        fire.pair([after], least=0.2)
    with pytest.raises(BadRequest, match="does not say when it burnt"):
        adk.sentinel.activation(folder).match([before])
    assert fire.mask(before).shape == before.grid().shape


def test_crooked_polygons_are_mended_and_told(tmp_path) -> None:
    bow = shapely.Polygon([(9, 45), (9.01, 45.01), (9.01, 45), (9, 45.01)])
    path = tmp_path / f"{NAME.format(product='DEL', edition='PRODUCT', layer='observedEvent')}.json"
    write(path, [bow, SCAR], event_type=["Wildfire", "Wildfire"])
    fire = adk.sentinel.activation(path)
    assert "1 invalid polygons were mended" in fire.notes[0]
    assert all(one.is_valid for one in fire.burnt)
    assert fire.mask(GRID).any()


def test_a_shapefile_without_a_projection(folder) -> None:
    shape = next(folder.glob("*DEL*.shp"))
    shape.with_suffix(".prj").unlink()
    with pytest.raises(BadRequest, match=r"does not say its CRS .* give crs="):
        adk.sentinel.activation(shape)
    assert adk.sentinel.activation(shape, crs="EPSG:4326").mask(GRID).any()


def test_what_is_no_activation(folder, tmp_path) -> None:
    with pytest.raises(UnreadableFile, match="there is no such file"):
        adk.sentinel.activation(tmp_path / "none")
    other = tmp_path / "roads.geojson"
    other.write_text("{}")
    with pytest.raises(UnsupportedFormat, match="no layer of an activation"):
        adk.sentinel.activation(other)
    with pytest.raises(BadRequest, match="there are DEL, GRA"):
        adk.sentinel.activation(folder, product="FEP")
    with pytest.raises(BadRequest, match="a day such as"):
        adk.sentinel.activation(folder, date="soon")
    broken = next(folder.glob("*DEL*.shp"))
    broken.write_bytes(b"nothing of use")
    with pytest.raises(DamagedFile, match=broken.name):
        adk.sentinel.activation(folder, product="DEL")


def test_hostile_zips(tmp_path) -> None:
    path = tmp_path / "EMSR382.zip"
    path.write_bytes(b"PK no zip")
    with pytest.raises(DamagedFile, match="no sound zip"):
        adk.sentinel.activation(path)
    name = f"{NAME.format(product='DEL', edition='PRODUCT', layer='observedEvent')}.json"
    for member, data, error, words in (
        (f"../{name}", "{}", DamagedFile, "leads out of the zip"),
        (f"/{name}", "{}", DamagedFile, "leads out of the zip"),
        (name, " " * (8 << 20), TooLarge, "would expand"),
    ):
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
            out.writestr(member, data)
        with pytest.raises(error, match=words):
            adk.sentinel.activation(path)


def test_a_scene_that_does_not_say_where_it_is(folder) -> None:
    nowhere = Grid("", GRID.transform, GRID.shape)
    with pytest.raises(BadRequest, match="where on the ground"):
        adk.sentinel.activation(folder).mask(nowhere)


def test_polygons_that_miss_the_scene_give_an_empty_mask(folder) -> None:
    far = Grid("EPSG:32633", (20.0, 0.0, 300_000.0, 0.0, -20.0, 3_000_000.0), (50, 60))
    mask = adk.sentinel.activation(folder).mask(far)
    assert mask.shape == (50, 60)
    assert not mask.any()


def test_json_of_another_layer_is_left(folder) -> None:
    path = folder / f"{NAME.format(product='GRA', edition='MONIT01', layer='imageFootprint')}.json"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": []}))
    assert adk.sentinel.activation(folder).product == "GRA"
