"""GeoTIFFs of scenes, areas and masks in UTM and in degrees: rasterio finds everything where it was."""

from pathlib import Path
from typing import Any

import astrodata_kernel as adk
import numpy as np
import pytest
import rasterio
from astrodata_kernel.datasets.scene_arrays import Grid
from astrodata_kernel.errors import BadRequest
from astrodata_kernel.readers.geotiff_writing import GeoTiff
from astrodata_kernel.sentinel.ground_areas import areas_of_rows, mean_area
from astrodata_kernel.sentinel.mask_shapes import hectares_of
from pyproj import Geod, Transformer
from shapely.geometry import box

GRIDS = {
    "EPSG:32633": (10.0, 0.0, 399960.0, 0.0, -10.0, 4600020.0),
    "EPSG:4326": (1e-4, 0.0, 14.5, 0.0, -1e-4, 41.5),
}
ROWS, COLUMNS = 70, 90
LAST = {"shape": "box", "x": COLUMNS - 1, "y": 30, "width": 5, "height": 13, "angle": 0}


@pytest.fixture(params=GRIDS)
def source(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, np.ndarray]:
    """A file of two bands in int16 of which -9999 is nothing and 0 is a value."""
    values = np.random.default_rng(1).integers(0, 9000, (2, ROWS, COLUMNS)).astype("i2")
    values[:, 20:25, 80:] = -9999
    values[:, 40, 88] = 0
    path = tmp_path / "scene.tif"
    with rasterio.open(
        path, "w", driver="GTiff", width=COLUMNS, height=ROWS, count=2, dtype="int16",
        crs=request.param, transform=rasterio.Affine(*GRIDS[request.param]), nodata=-9999,
    ) as out:  # fmt: skip
        out.write(values)
        out.descriptions = ("B04", "B08")
    return path, values


def test_an_area_at_the_edge_keeps_its_place_and_what_stands_for_nothing(
    source: Any, tmp_path: Path
) -> None:
    path, values = source
    viewer = adk.view(path)
    made = viewer.export(LAST, tmp_path / "area.tif", numbers=True)
    with rasterio.open(path) as whole, rasterio.open(made) as part:
        assert part.crs == whole.crs
        assert part.descriptions == ("B04", "B08")
        assert part.nodata == -9999
        rows, columns = part.shape
        assert columns == 3
        window = rasterio.windows.from_bounds(*part.bounds, whole.transform)
        assert (round(window.row_off), round(window.col_off)) == (ROWS - 1 - 36, 87)
        at = round(window.row_off)
        np.testing.assert_array_equal(part.read(), values[:, at : at + rows, 87:])
        assert part.bounds.right == pytest.approx(whole.bounds.right, abs=1e-9)
    viewer.close()


@pytest.mark.parametrize("shape", ["column", "pixel", "circle"])
def test_areas_of_any_width_lie_where_their_pixels_are(
    source: Any, tmp_path: Path, shape: str
) -> None:
    path, values = source
    given = {
        "column": {"shape": "box", "x": 0, "y": 30, "width": 1, "height": 13, "angle": 0},
        "pixel": {"shape": "point", "x": COLUMNS - 1, "y": 0},
        "circle": {"shape": "circle", "x": 40, "y": 30, "radius": 7.3},
    }[shape]
    viewer = adk.view(path)
    area = viewer.area(given)
    made = viewer.export(given, tmp_path / "area.tif", numbers=True)
    y, x = np.mgrid[:ROWS, :COLUMNS]
    inside = {
        "column": (x == 0) & (abs(ROWS - 1 - y - 30) <= 6),
        "pixel": (x == COLUMNS - 1) & (y == ROWS - 1),
        "circle": np.hypot(x - 40, ROWS - 1 - y - 30) < 7.3,
    }[shape]
    expected = np.where(inside, values[0], -9999)
    with rasterio.open(path) as whole, rasterio.open(made) as part:
        window = rasterio.windows.from_bounds(*part.bounds, whole.transform).round_offsets()
        place = [round(window.row_off), round(window.col_off)]
        rows, columns = part.shape
        found = np.full((ROWS, COLUMNS), -9999, "i2")
        found[place[0] : place[0] + rows, place[1] : place[1] + columns] = part.read(1)
        np.testing.assert_array_equal(found, expected)
        corners = part.bounds
    geod, degrees = Geod(ellps="WGS84"), str(viewer.scene.crs) == "EPSG:4326"
    if degrees:  # the share of the box that is inside, on the ellipsoid
        ground = abs(geod.geometry_area_perimeter(box(*corners))[0]) / 1e4
        assert area.pixels * area.pixel_hectares == pytest.approx(
            ground * area.inside.mean(), rel=1e-4
        )
    else:
        assert area.pixels * area.pixel_hectares == pytest.approx(inside.sum() / 100)
    viewer.close()


def test_what_is_seen_and_masks_lie_on_the_scene(source: Any, tmp_path: Path) -> None:
    path, _ = source
    viewer = adk.view(path)
    viewer.show_mask(np.eye(ROWS, COLUMNS, dtype=bool), "burnt")
    viewer.save(tmp_path / "seen.tif", box=[10, 20, 41, 50])
    viewer.save_mask("burnt", tmp_path / "mask.tif")
    viewer.map(tmp_path / "map.tif", size=6)
    with rasterio.open(path) as whole:
        for name in ("seen", "mask", "map"):
            with rasterio.open(tmp_path / f"{name}.tif") as part:
                assert part.crs == whole.crs
                if name == "seen":
                    window = rasterio.windows.from_bounds(*part.bounds, whole.transform)
                    assert [round(one) for one in window.flatten()] == [10, ROWS - 51, 32, 31]
                else:
                    assert part.bounds == pytest.approx(whole.bounds)
        with rasterio.open(tmp_path / "mask.tif") as part:
            assert (part.descriptions, part.nodata) == (("burnt",), None)
            np.testing.assert_array_equal(part.read(1), np.eye(ROWS, COLUMNS))
    # A mask in degrees has hectares, too.
    (burnt,) = [one for one in viewer.overlays if one["name"] == "burnt"]
    assert 0.4 < burnt["classes"][0]["hectares"] < 1.1
    viewer.close()


def test_maps_of_the_web_stretch_the_ground_and_hectares_know_it() -> None:
    grid = Grid("EPSG:3857", (10.0, 0.0, 1.5e6, 0.0, -10.0, 5.6e6), (200, 100))
    areas = areas_of_rows(grid)
    assert areas is not None
    geod = Geod(ellps="WGS84")
    back = Transformer.from_crs("EPSG:3857", "EPSG:4326", always_xy=True)
    for row in (0, 199):
        lower = 5.6e6 - 10 * (row + 1)
        lon, lat = back.transform(
            [1.5e6, 1.501e6, 1.501e6, 1.5e6], [lower, lower, lower + 10, lower + 10]
        )
        assert areas[row, 0] == pytest.approx(
            abs(geod.polygon_area_perimeter(lon, lat)[0]) / 100, rel=1e-4
        )
    assert mean_area(grid) == pytest.approx(areas.mean())
    shape = box(*grid.bounds)
    assert hectares_of(shape, grid) == pytest.approx(areas.sum() * 100 / 1e4, rel=1e-3)
    far = Grid("EPSG:4326", (0.1, 0.0, 0.0, 0.0, -0.1, 60.0), (300, 10))
    assert mean_area(far) is None  # no one area is that of all


def test_values_that_no_program_reads_are_refused(tmp_path: Path) -> None:
    grid = Grid("", (1.0, 0.0, 0.0, 0.0, -1.0, 0.0), (2, 3))
    with pytest.raises(BadRequest, match="does not hold complex64"):
        GeoTiff(grid, np.complex64, lambda out: None).save(tmp_path / "a.tif")
    assert not list(tmp_path.iterdir())
