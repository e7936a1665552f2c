"""What one does with a scene: reflectance on other grids, masks, xarray, stacks, copies in tiles."""

import pickle
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import astrodata_kernel as adk
import numpy as np
import pytest
import rasterio
from astrodata_kernel.datasets.scene_stack import stack
from astrodata_kernel.errors import BadRequest, Cancelled, UnknownName
from astrodata_kernel.readers import sentinel_transcode
from astrodata_kernel.readers.scratch import folder as scratch
from astrodata_kernel.testing.scenes import landscape, safe_folder
from rasterio.enums import Resampling


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Path:
    scl = np.full((120, 120), 4, "u1")
    scl[:10, :10] = np.arange(100).reshape(10, 10) % 12
    return safe_folder(tmp_path_factory.mktemp("safe"), scl=scl)


def test_bands_are_found_by_any_usual_spelling(product: Path) -> None:
    scene = adk.open(product)
    assert scene.named("b8").name == scene.named("B8").name == scene.named("B08").name == "B08"
    assert scene.named("b8a").name == "B8A"
    assert "B08" in scene.bands
    assert "B10" not in scene.bands
    assert scene.bands[1].name == "B02"
    assert scene.bands[:2].names == ["B01", "B02"]


def test_the_whole_scene_is_a_cube_of_reflectance_on_its_finest_grid(product: Path) -> None:
    scene = adk.open(product)
    assert scene.shape == scene.array.shape == (12, 240, 240)
    assert scene.dtype == np.float32
    np.testing.assert_array_equal(scene.array[7, 10:20, 5:9], scene.band("B08")[10:20, 5:9])
    np.testing.assert_array_equal(
        scene.array[10, 10:20, 5:9], scene.band("B11", resolution=10)[10:20, 5:9]
    )


def test_finer_grids_are_interpolated_as_gdal_does(product: Path) -> None:
    scene = adk.open(product)
    found = scene.band("B11", resolution=10)
    assert found.shape == (240, 240)
    path = next(product.rglob("*_B11_20m.jp2"))
    with rasterio.open(path) as handle:
        truth = handle.read(1, out_shape=(240, 240), resampling=Resampling.bilinear)
    # GDAL rounds to whole numbers.
    np.testing.assert_allclose(found[...] * 1e4 + 1000, truth, atol=0.51)


def test_coarser_grids_are_the_mean_of_what_they_cover(product: Path) -> None:
    scene = adk.open(product)
    fine = scene.band("B08")[...]
    np.testing.assert_allclose(
        scene.band("B08", resolution=20)[...], fine.reshape(120, 2, 120, 2).mean((1, 3)), atol=1e-6
    )
    np.testing.assert_allclose(
        scene.band("B08", resolution=60)[...], fine.reshape(40, 6, 40, 6).mean((1, 3)), atol=1e-6
    )
    # No whole number of pixels: each counts by the share that is covered.
    odd = scene.band("B08", resolution=15)[...]
    assert odd.shape == (160, 160)
    assert odd.mean() == pytest.approx(fine.mean(), rel=1e-4)


def test_a_part_of_a_resampled_band_is_that_of_the_whole(product: Path) -> None:
    scene = adk.open(product)
    for name, resolution in (("B11", 10), ("B08", 20), ("B01", 10), ("B08", 15), ("SCL", 10)):
        array = scene.band(name, resolution=resolution)
        whole = array[...]
        np.testing.assert_allclose(array[7:41, 3:77], whole[7:41, 3:77], atol=1e-6)
        np.testing.assert_allclose(array[5:90:7, 2:60:5], whole[5:90:7, 2:60:5], atol=1e-6)
        np.testing.assert_allclose(array[-1, ::-9], whole[-1, ::-9], atol=1e-6)


def test_classes_take_the_nearest_pixel_and_are_never_averaged(product: Path) -> None:
    scene = adk.open(product)
    scl = scene.scl()[...]
    assert scene.scl().dtype == np.uint8
    np.testing.assert_array_equal(scene.scl(resolution=10)[...], scl.repeat(2, 0).repeat(2, 1))
    assert set(np.unique(scene.scl(resolution=60)[...])) <= set(np.unique(scl))
    assert set(np.unique(scene.overview("SCL", 30))) <= set(np.unique(scl))


def test_nothing_stays_nothing_when_it_is_resampled(tmp_path: Path) -> None:
    numbers = np.full((12, 12), 3000, "u2")
    numbers[:, :6] = 0
    scene = adk.open(safe_folder(tmp_path, size=24, numbers={"B11": numbers}))
    fine = scene.band("B11", resolution=10)[...]
    assert np.isnan(fine[:, :12]).all()
    np.testing.assert_allclose(
        fine[:, 12:], 0.2, atol=1e-6
    )  # no grey between nothing and something
    coarse = scene.band("B11", resolution=60)[...]
    assert np.isnan(coarse[:, :2]).all()
    np.testing.assert_allclose(coarse[:, 2:], 0.2, atol=1e-6)


def test_clouds_are_classes_of_the_scene_classification(product: Path) -> None:
    scene = adk.open(product)
    scl = scene.scl()[...]
    np.testing.assert_array_equal(scene.cloud_mask()[...], np.isin(scl, (3, 8, 9, 10)))
    np.testing.assert_array_equal(scene.cloud_mask((2,))[...], scl == 2)
    assert scene.cloud_mask(resolution=10).shape == (240, 240)
    assert scene.cloud_share == 0.125


def test_clouds_come_from_probabilities_where_there_is_no_classification(
    product: Path, tmp_path: Path
) -> None:
    from astrodata_kernel.testing.scenes import write_jpeg2000

    made = safe_folder(tmp_path, level="L1C", size=24)
    with pytest.raises(UnknownName, match="neither a scene classification"):
        adk.open(made).cloud_mask()
    quality = next(made.rglob("IMG_DATA")).parent / "QI_DATA"
    probability = np.arange(144, dtype="u1").reshape(12, 12) % 101
    write_jpeg2000(quality / "MSK_CLDPRB_20m.jp2", probability, 32633, (399960.0, 4600020.0), 20)
    scene = adk.open(made)
    np.testing.assert_array_equal(scene.cloud_mask()[...], probability >= 40)
    np.testing.assert_array_equal(scene.cloud_mask(probability=80)[...], probability >= 80)


def test_offsets_that_one_gives_come_before_those_of_the_metadata(product: Path) -> None:
    scene = adk.open(product)
    assert scene.with_offset(0).offset == 0
    assert scene.with_offset({"B04": 0.0}).offset["B04"] == 0
    assert scene.with_offset({"B04": 0.0}).offset["B08"] == -1000
    assert adk.open(product, offset=0).band("B08")[0, 0] == pytest.approx(
        scene.band("B08")[0, 0] + 0.1, abs=1e-6
    )
    with pytest.raises(UnknownName, match="B99"):
        scene.with_offset({"B99": 0.0})


def test_offsets_are_for_scenes_only(data: Path) -> None:
    with pytest.raises(BadRequest, match="are those of scenes"):
        adk.open(data / "mef_hst_stis_raw.fits", offset=1)


def test_pictures_come_from_lower_resolutions(tmp_path: Path) -> None:
    numbers = landscape("B08", 1200, added=1000)
    scene = adk.open(safe_folder(tmp_path, size=1200, bands=["B08"], numbers={"B08": numbers}))
    picture = scene.overview("B08", 300)
    assert picture.shape == (300, 300)
    mean = numbers.reshape(300, 4, 300, 4).mean((1, 3)) * 1e-4 - 0.1
    assert np.abs(picture - mean).mean() < 0.005
    part = scene.read("B08", slice(400, 800), slice(0, 400), 4)
    np.testing.assert_allclose(part, picture[100:200, :100], atol=1e-6)
    odd = scene.read("B08", slice(0, 1200), slice(0, 1200), 7)
    assert odd.shape == (172, 172)


def test_xarray_has_coordinates_of_pixel_centres_and_the_crs(product: Path) -> None:
    scene = adk.open(product)
    made = scene.to_xarray(["B08", "B11", "SCL"], resolution=20, chunk=64)
    assert dict(made.sizes) == {"y": 120, "x": 120}
    assert made.attrs["crs"] == "EPSG:32633"
    assert float(made.x[0]) == 399970
    assert float(made.y[0]) == 4600010
    assert made.B08.chunks == ((64, 56), (64, 56))
    assert made.SCL.dtype == np.uint8
    np.testing.assert_array_equal(made.B11.values, scene.band("B11")[...])
    np.testing.assert_array_equal(made.B08.values, scene.band("B08", resolution=20)[...])


def test_xarray_takes_all_bands_at_the_finest_resolution(product: Path) -> None:
    made = adk.open(product).to_xarray()
    assert list(made.data_vars) == adk.open(product).bands.names
    assert dict(made.sizes) == {"y": 240, "x": 240}


def test_dates_are_stacked_in_order_on_one_grid(tmp_path: Path) -> None:
    days = [datetime(2022, 7, day, 10, tzinfo=UTC) for day in (20, 5)]
    scenes = [
        adk.open(safe_folder(tmp_path / "late", date=days[0], size=48)),
        # Without offset, shifted by 60 m and of another baseline: reflectance is the same.
        adk.open(
            safe_folder(
                tmp_path / "early",
                date=days[1],
                size=48,
                offset=None,
                baseline="03.00",
                corner=(400020.0, 4600020.0),
            )
        ),
    ]
    cube = stack(scenes, ["B08", "SCL"], resolution=20)
    assert dict(cube.sizes) == {"time": 2, "y": 24, "x": 24}
    assert list(cube.time.values.astype("datetime64[D]").astype(str)) == [
        "2022-07-05",
        "2022-07-20",
    ]
    early, late = cube.B08.values
    np.testing.assert_array_equal(late, scenes[0].band("B08", resolution=20)[...])
    assert np.isnan(early[:, :3]).all()
    np.testing.assert_array_equal(early[:, 3:], scenes[1].band("B08", resolution=20)[:, :21])
    assert (cube.SCL.values[0][:, :3] == 0).all()


def test_scenes_of_two_utm_zones_are_stacked_on_one_grid(tmp_path: Path) -> None:
    # The same ground at 12 degrees east, where zones 32 and 33 meet: a slope along the meridian.
    from pyproj import Transformer

    x, y = Transformer.from_crs(32633, 32632, always_xy=True).transform(251000.0, 4500000.0)
    corners = {32633: (250000.0, 4501200.0), 32632: (round(x, -1) - 1200, round(y, -1) + 1200)}
    scenes = []
    for day, (epsg, corner) in enumerate(corners.items(), 1):
        side = 240
        east = corner[0] + 10 * (np.arange(side) + 0.5)
        north = corner[1] - 10 * (np.arange(side) + 0.5)
        grid = np.meshgrid(east, north)
        lat = Transformer.from_crs(epsg, 4326, always_xy=True).transform(*grid)[1]
        numbers = (1000 + (lat - 40.5) * 5e4).astype("u2")
        made = safe_folder(
            tmp_path / str(epsg),
            epsg=epsg,
            corner=corner,
            bands=["B02", "B08"],
            numbers={"B08": numbers},
            date=datetime(2022, 7, day, tzinfo=UTC),
        )
        scenes.append(adk.open(made))
    cube = stack(scenes, ["B08", "SCL"])
    here, there = cube.B08.values
    both = np.isfinite(there)
    assert 0.2 < both.mean() < 1
    # A pixel is 4.5e-4; half of one at the very edge, and numbers are whole.
    off = np.abs(here - there)[both]
    assert off.mean() < 6e-5
    assert off.max() < 3.5e-4
    assert set(np.unique(cube.SCL.values[1])) == {0, 4}
    np.testing.assert_array_equal(cube.B08[1, 50:70, 80:99].values, there[50:70, 80:99])


def test_scenes_that_cannot_be_stacked_say_why(product: Path) -> None:
    scene = adk.open(product)
    with pytest.raises(BadRequest, match="no scenes"):
        stack([])
    with pytest.raises(BadRequest, match="has no date"):
        stack([replace(scene, date=None)])
    with pytest.raises(BadRequest, match=r"is in no CRS and .* in EPSG:32633"):
        stack([scene, replace(scene, crs="")])


def test_an_index_is_that_of_its_reflectances(product: Path) -> None:
    scene = adk.open(product)
    near, short = (scene.band(name, resolution=10)[...].astype("f8") for name in ("B08", "B12"))
    found = scene.index("NBR")
    assert found.shape == (240, 240)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found[...], (near - short) / (near + short), atol=1e-6)
    np.testing.assert_array_equal(found[9:33:3, 4:8], found[...][9:33:3, 4:8])
    assert scene.index("(B8A - B12) / (B8A + B12)").shape == (120, 120)
    with pytest.raises(UnknownName):
        scene.index("XYZ")


def test_a_scene_can_be_sent_to_another_process(product: Path) -> None:
    array = adk.open(product).band("B11", resolution=10)
    again = pickle.loads(pickle.dumps(array))
    np.testing.assert_array_equal(again[3:9, 4:8], array[3:9, 4:8])


def test_bands_are_written_anew_in_the_background_and_read_the_same(tmp_path: Path) -> None:
    scene = adk.open(safe_folder(tmp_path, size=1200, bands=["B04", "B08", "B11"]))
    before = {name: scene.dn(name)[...] for name in scene.bands.names}
    work = scene.transcode()
    assert work.wait(60)
    assert work.progress == 1
    for band in scene.bands:
        copy = sentinel_transcode.copy_of(band.raster)
        assert copy is not None
        assert scratch() in Path(copy.place).parents
        with rasterio.open(copy.place) as handle:
            assert handle.block_shapes == [(512, 512)]
            assert handle.crs.to_epsg() == 32633
        np.testing.assert_array_equal(scene.dn(band.name)[...], before[band.name])
    # A copy that somebody removed is made anew, and the band read from its own file until then.
    Path(sentinel_transcode.copy_of(scene.bands["B04"].raster).place).unlink()
    np.testing.assert_array_equal(scene.dn("B04")[5:50, 5:50], before["B04"][5:50, 5:50])


def test_writing_anew_is_cancelled_and_leaves_nothing_behind(tmp_path: Path) -> None:
    scene = adk.open(safe_folder(tmp_path, size=1200, bands=["B02"]))
    raster = scene.bands["B02"].raster
    before = {path.name for path in scratch().iterdir()}

    def refuse(share: float) -> None:
        raise Cancelled("enough")

    with pytest.raises(Cancelled, match="enough"):
        sentinel_transcode.transcoded(raster, refuse)
    assert {path.name for path in scratch().iterdir()} == before
    assert sentinel_transcode.copy_of(raster) is None
    work = sentinel_transcode.Transcoding([raster], lambda share: work_cancel())

    def work_cancel() -> None:
        raise Cancelled("gone")

    with pytest.raises(Cancelled):
        work.wait(60)


def test_what_is_no_jpeg_2000_is_not_written_anew(data: Path) -> None:
    scene = adk.open(data / "sentinel2" / "eurosat" / "AnnualCrop_1.tif")
    with pytest.raises(BadRequest, match="nothing of it is in JPEG 2000"):
        scene.transcode()


def test_a_scene_shows_its_facts_and_no_markup_of_its_metadata(product: Path) -> None:
    shown = adk.open(product)._repr_html_()
    assert "2022-07-14 10:06:01 UTC" in shown
    assert "-1000.0, 0.0001" in shown
    assert "<script" not in adk.open(product).renamed("<script>x</script>")._repr_html_()


def test_importing_the_package_loads_no_gdal() -> None:
    import subprocess
    import sys

    code = "import sys, astrodata_kernel.readers.sentinel; print('rasterio' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
