"""GeoTIFF, folders of bands, downloads of Sentinel Hub, and STAC items."""

import json
import shutil
import threading
from datetime import UTC, datetime
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import astrodata_kernel as adk
import numpy as np
import pytest
import rasterio
from astrodata_kernel.errors import (
    BadRequest,
    DamagedFile,
    UnreadableFile,
    UnsupportedFormat,
)
from astrodata_kernel.readers.sentinel import SceneReader, open_scenes
from astrodata_kernel.readers.sentinel_names import L2A_BANDS, SEDM_BANDS
from astrodata_kernel.testing import ReaderTests

ITEM = "S2A_29RKH_20200219_0_L2A.json"


def tiff(path: Path, values: Any, names: tuple[str, ...] = (), **profile: Any) -> Path:
    """Write a GeoTIFF of (layers, rows, columns)."""
    values = np.asarray(values)
    settings = {
        "crs": "EPSG:32633",
        "transform": rasterio.Affine(10, 0, 500000, 0, -10, 4600000),
        **profile,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    count, rows, columns = values.shape
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        count=count,
        height=rows,
        width=columns,
        dtype=values.dtype,
        **settings,
    ) as out:
        out.write(values)
        for number, name in enumerate(names, 1):
            out.set_band_description(number, name)
    return path


def numbers(count: int, size: int = 8, dtype: str = "u2") -> Any:
    return (np.arange(count * size * size).reshape(count, size, size) + 1).astype(dtype)


class TestSceneReader(ReaderTests):
    kind = "scene"
    reader = SceneReader()
    # GDAL finds what is missing when it is read.
    slack = 1 << 20

    def make_file(self, folder: Path) -> Path:
        return tiff(folder / "small.tif", self.expected(), tiled=True, blockxsize=16, blockysize=16)

    def expected(self) -> Any:
        return numbers(3, 40)


def test_a_file_of_many_bands_takes_their_names_from_itself(tmp_path: Path) -> None:
    path = tiff(tmp_path / "many.tif", numbers(3), ("B4", "B8A", "scl"))
    scene = adk.open(path)
    assert scene.bands.names == ["B04", "B8A"]
    assert scene.layers.names == ["SCL"]
    assert scene.crs == "EPSG:32633"
    assert scene.bands["B8A"].wavelength == 864.7
    np.testing.assert_array_equal(scene.dn("B8A")[...], numbers(3)[1])
    ring = np.array(scene.footprint["coordinates"][0])
    assert ring[:, 0].min() == pytest.approx(15.0, abs=1e-3)
    assert ring[:, 1].max() == pytest.approx(41.55, abs=0.01)


def test_nothing_told_is_unknown_and_can_be_given(tmp_path: Path) -> None:
    path = tiff(tmp_path / "plain.tif", numbers(2))
    scene = adk.open(path)
    assert scene.bands.names == ["band 1", "band 2"]
    assert (scene.offset, scene.scale, scene.date, scene.baseline) == (None, None, None, "")
    assert any("bands=[" in text for text in scene.meta["warnings"])
    assert any("offset" in text for text in scene.meta["warnings"])
    with pytest.raises(BadRequest, match="offset and scale are not told"):
        scene.band("band 1")
    told = adk.open(path, bands=["B04", "B08"], offset=0, scale=1e-4)
    np.testing.assert_allclose(told.band("B08")[...], numbers(2)[1] * 1e-4, rtol=1e-6)
    with pytest.raises(BadRequest, match="has 2 layers"):
        adk.open(path, bands=["B04"])


def test_numbers_with_decimals_are_reflectance_already(tmp_path: Path) -> None:
    values = np.linspace(0, 1, 128, dtype="f4").reshape(2, 8, 8)
    scene = adk.open(tiff(tmp_path / "floats.tif", values, ("B04", "B08")))
    assert (scene.offset, scene.scale) == (0.0, 1.0)
    np.testing.assert_array_equal(scene.band("B08")[...], values[1])


def test_a_geotiff_that_is_called_jp2_is_a_geotiff(data: Path) -> None:
    path = data / "sentinel2" / "B02_is_really_geotiff.jp2"
    scene = adk.open(path)
    assert scene.meta["driver"] == "GTiff"
    assert scene.crs == "EPSG:32619"
    assert scene.shape == (1, 122, 122)
    with rasterio.open(path) as handle:
        np.testing.assert_array_equal(scene.dn("band 1")[...], handle.read(1))


def test_eurosat_has_its_narrow_near_infrared_last(data: Path) -> None:
    path = data / "sentinel2" / "eurosat" / "AnnualCrop_1.tif"
    scene = adk.open(path)
    assert scene.bands.names[8:] == ["B09", "B10", "B11", "B12", "B8A"]
    assert (scene.level, scene.crs, scene.shape) == ("L1C", "EPSG:32635", (13, 64, 64))
    assert scene.bands["B8A"].resolution == 10
    # Cirrus sees next to nothing of the ground, the narrow near infrared much.
    assert scene.dn("B10")[...].mean() == pytest.approx(11.57, abs=0.01)
    assert scene.dn("B8A")[...].mean() == pytest.approx(2030.5, abs=0.1)


def test_a_band_of_a_decimated_cog_keeps_the_pixels_of_its_file(data: Path) -> None:
    scene = adk.open(data / "sentinel2" / "cog" / "B01.tif", offset=0, scale=1e-4)
    assert scene.bands.names == ["B01"]
    assert scene.crs == "EPSG:32629"
    assert scene.bands["B01"].resolution == 600
    with rasterio.open(data / "sentinel2" / "cog" / "B01.tif") as handle:
        np.testing.assert_array_equal(scene.dn("B01")[10:50, 3:9], handle.read(1)[10:50, 3:9])


@pytest.mark.parametrize(
    ("name", "count", "bands"),
    [
        ("Etna_S2L2A_2023-07-01_2023-07-13.tiff", 17, SEDM_BANDS),
        ("a_S2_2023-07-01_2023-07-13.tiff", 12, L2A_BANDS),
    ],
)
def test_names_of_area_satellite_and_period_are_understood(
    tmp_path: Path, name: str, count: int, bands: tuple[str, ...]
) -> None:
    scene = adk.open(tiff(tmp_path / name, numbers(count)))
    assert [*scene.bands.names, *scene.layers.names] == list(bands)
    assert scene.satellite == "Sentinel-2"
    assert scene.date == datetime(2023, 7, 1, tzinfo=UTC)
    assert scene.meta["period"][1] == datetime(2023, 7, 13, tzinfo=UTC)
    assert scene.meta["area"] == name.partition("_")[0]


def hub(folder: Path, script: str, values: Any) -> Path:
    folder.mkdir(parents=True)
    payload = {
        "input": {
            "data": [
                {
                    "type": "sentinel-2-l2a",
                    "dataFilter": {
                        "timeRange": {"from": "2019-08-17T00:00:00Z", "to": "2019-10-06T00:00:00Z"}
                    },
                }
            ]
        },
        "evalscript": script,
    }
    (folder / "request.json").write_text(json.dumps({"payload": payload, "url": "https://x"}))
    tiff(folder / "response.tiff", values)
    return folder


FLOATS = """//VERSION=3
function setup() { return { input: [{ bands: ["B02", "B8A", "B12"] }],
  output: { bands: 3, sampleType: "FLOAT32" } }; }
function evaluatePixel(sample) { return [sample.B12, sample.B8A, sample.B02]; }"""
NUMBERS = FLOATS.replace("FLOAT32", "UINT16").replace("bands: [", "units: 'DN', bands: [")


def test_a_download_of_sentinel_hub_has_the_bands_that_its_script_returns(tmp_path: Path) -> None:
    values = numbers(3, dtype="f4") / 1000
    scene = adk.open(hub(tmp_path / "4f2a", FLOATS, values))
    assert scene.name == "4f2a"
    assert scene.bands.names == ["B12", "B8A", "B02"]  # as returned, not as asked for
    assert scene.level == "L2A"
    assert scene.meta["period"][0] == scene.date == datetime(2019, 8, 17, tzinfo=UTC)
    np.testing.assert_array_equal(scene.band("B12")[...], values[0])
    assert adk.open(tmp_path / "4f2a" / "response.tiff").bands.names == scene.bands.names


def test_digital_numbers_of_sentinel_hub_carry_no_offset(tmp_path: Path) -> None:
    scene = adk.open(hub(tmp_path / "4f2a", NUMBERS, numbers(3)))
    assert (scene.offset, scene.scale) == (0.0, 1e-4)


def test_a_script_that_computes_gives_no_names(tmp_path: Path) -> None:
    script = FLOATS.replace("sample.B12,", "2.5 * sample.B12,")
    scene = adk.open(hub(tmp_path / "4f2a", script, numbers(3, dtype="f4")))
    assert scene.bands.names == ["band 1", "band 2", "band 3"]


def test_a_request_that_is_none_is_damage(tmp_path: Path) -> None:
    folder = hub(tmp_path / "4f2a", FLOATS, numbers(3))
    (folder / "request.json").write_text("[1, 2")
    with pytest.raises(DamagedFile, match=r"4f2a/request\.json is no request to Sentinel Hub"):
        adk.open(folder)


def test_patches_of_ssl4eo_take_their_facts_from_metadata(data: Path) -> None:
    folder = data / "sentinel2" / "ssl4eo" / "20200604T054639_20200604T054831_T43RCP"
    scene = adk.open(folder)
    assert scene.bands.names == ["B01", "B02", "B8A", "B11"]
    assert [band.resolution for band in scene.bands] == [60, 10, 20, 20]
    assert scene.crs == "EPSG:4326"
    assert scene.date == datetime(2020, 6, 4, 5, 46, 39, tzinfo=UTC)
    assert (scene.level, scene.baseline, scene.satellite) == ("L2A", "02.14", "Sentinel-2B")
    assert scene.tile == "43RCP"
    assert scene.offset is None
    assert scene.cloud_share == pytest.approx(0.04184628)
    with rasterio.open(folder / "B2.tif") as handle:
        np.testing.assert_array_equal(scene.dn("B02")[...], handle.read(1))
        assert scene.dn("B02").shape == handle.shape
    assert scene.with_offset(0, 1e-4).band("B11", resolution=10).shape == (264, 264)


def test_patches_of_bigearthnet_and_major_tom_tell_by_their_names(tmp_path: Path) -> None:
    name = "S2B_MSIL2A_20170613T101031_N9999_R022_T33UUP_26_57"
    for band, size in (("B02", 120), ("B05", 60), ("B09", 20)):
        place = rasterio.Affine(1200 / size, 0, 500000, 0, -1200 / size, 4600000)
        tiff(tmp_path / name / f"{name}_{band}.tif", numbers(1, size), transform=place)
    scene = adk.open(tmp_path / name)
    assert scene.bands.names == ["B02", "B05", "B09"]
    assert [band.resolution for band in scene.bands] == [10, 20, 60]
    assert scene.date == datetime(2017, 6, 13, 10, 10, 31, tzinfo=UTC)
    assert (scene.level, scene.baseline, scene.tile) == ("L2A", "99.99", "33UUP")
    assert scene.satellite == "Sentinel-2B"

    name = "S2B_MSIL2A_20200223T032739_N9999_R018_T48QUE_20230924T183543"
    folder = tmp_path / "199U" / "199U_1099R" / name
    tiff(folder / "B08.tif", numbers(1, 60))
    cloud = np.zeros((1, 60, 60), "u1")
    cloud[0, :5] = [[1], [2], [3], [0], [0]]
    tiff(folder / "cloud_mask.tif", cloud)
    scene = adk.open(folder)
    assert scene.layers.names == ["cloud_mask"]
    assert scene.cloud_mask()[...].sum() == 180
    assert scene.date == datetime(2020, 2, 23, 3, 27, 39, tzinfo=UTC)


def test_names_of_sen2r_tell_satellite_day_and_bands(tmp_path: Path) -> None:
    scene = adk.open(
        tiff(tmp_path / "S2A2A_20190723_022_Barbellino_BOA_10.tif", numbers(11), nodata=65535)
    )
    assert scene.bands.names == [name for name in L2A_BANDS if name != "B8A"]
    assert (scene.date, scene.level) == (datetime(2019, 7, 23, tzinfo=UTC), "L2A")
    assert adk.open(
        tiff(tmp_path / "S2A2A_20190723_022_Barbellino_SCL_20.tif", numbers(1, dtype="u1"))
    ).layers.names == ["SCL"]


def test_all_scenes_below_a_folder_open_in_the_order_of_their_dates(tmp_path: Path) -> None:
    for day in ("2023-07-13", "2023-07-01"):
        tiff(tmp_path / "S2" / f"etna_S2_{day}_{day}.tiff", numbers(12))
    hub(tmp_path / "raw" / "ab12", FLOATS, numbers(3, dtype="f4"))
    scenes = open_scenes(tmp_path)
    assert [scene.date.date().isoformat() for scene in scenes] == [
        "2019-08-17",
        "2023-07-01",
        "2023-07-13",
    ]
    with pytest.raises(UnreadableFile, match=r"folder with 2 scenes \(etna_S2"):
        adk.open(tmp_path / "S2")
    with pytest.raises(BadRequest, match="no scenes"):
        open_scenes([])
    assert {scene.offset for scene in open_scenes(tmp_path, offset=-1000)} == {-1000}


def test_a_list_of_scenes_is_told_how_it_is_opened(tmp_path: Path) -> None:
    path = tiff(tmp_path / "x.tif", numbers(1))
    with pytest.raises(UnsupportedFormat, match=r"x\.tif is a satellite scene: .*open_scenes"):
        adk.open([path, path])


def test_a_stac_item_reads_the_files_beside_it(data: Path) -> None:
    folder = data / "sentinel2" / "cog"
    scene = adk.open(folder / ITEM)
    assert scene.bands.names == ["B01"]
    assert scene.layers.names == ["SCL", "AOT"] or scene.layers.names == ["AOT", "SCL"]
    assert scene.crs == "EPSG:32629"
    assert scene.date == datetime(2020, 2, 19, 11, 34, 25, 405000, UTC)
    assert (scene.level, scene.baseline, scene.tile) == ("L2A", "02.14", "29RKH")
    assert (scene.offset, scene.scale) == (0.0, 1e-4)
    assert scene.cloud_share == pytest.approx(0.04051854)
    assert scene.footprint["coordinates"][0][0] == [-11.97923472537954, 25.286618366521218]
    with rasterio.open(folder / "B01.tif") as handle:
        truth = handle.read(1)
    np.testing.assert_allclose(
        scene.band("B01")[...], np.where(truth == 0, np.nan, truth * np.float32(1e-4)), rtol=1e-6
    )
    mask = scene.cloud_mask()[...]
    assert mask.sum() == 967 + 837 + 10434
    assert adk.open(folder).bands.names == ["B01"]


def test_an_offset_that_a_catalogue_took_out_is_not_added_again(data: Path, tmp_path: Path) -> None:
    shutil.copy(data / "sentinel2" / "cog" / "B01.tif", tmp_path)
    item = json.loads((data / "sentinel2" / "cog" / ITEM).read_text())
    item["assets"]["coastal"]["raster:bands"][0]["offset"] = -0.1
    (tmp_path / "a.json").write_text(json.dumps(item))
    assert adk.open(tmp_path / "a.json").offset == -1000
    item["properties"]["earthsearch:boa_offset_applied"] = True
    (tmp_path / "b.json").write_text(json.dumps(item))
    assert adk.open(tmp_path / "b.json").offset == 0


def test_an_item_without_scale_and_offset_leaves_them_unknown(data: Path, tmp_path: Path) -> None:
    shutil.copy(data / "sentinel2" / "cog" / "B01.tif", tmp_path)
    item = json.loads((data / "sentinel2" / "cog" / ITEM).read_text())
    del item["assets"]["coastal"]["raster:bands"]
    (tmp_path / "a.json").write_text(json.dumps(item))
    scene = adk.open(tmp_path / "a.json")
    assert (scene.offset, scene.scale) == (None, None)


def test_an_item_whose_files_are_elsewhere_opens_without_asking_for_them(
    data: Path, tmp_path: Path
) -> None:
    shutil.copy(data / "sentinel2" / "cog" / ITEM, tmp_path)
    scene = adk.open(tmp_path / ITEM)
    assert scene.bands.names == list(L2A_BANDS)
    assert [band.resolution for band in scene.bands] == [
        60,
        10,
        10,
        10,
        20,
        20,
        20,
        10,
        20,
        60,
        20,
        20,
    ]
    assert scene.bands["B08"].shape == (10980, 10980)
    assert scene.bands["B02"].wavelength == 490
    assert scene.dn("B11", resolution=10).shape == (10980, 10980)


@pytest.mark.parametrize(
    "href", ["/vsicurl/http://127.0.0.1/B02.tif", "/etc/passwd", "ftp://x/B02.tif"]
)
def test_assets_in_places_that_are_none_are_left_out(tmp_path: Path, href: str) -> None:
    tiff(tmp_path / "B03.tif", numbers(1))
    item = {
        "type": "Feature",
        "stac_version": "1.0.0",
        "properties": {},
        "assets": {"green": {"href": "./B03.tif"}, "blue": {"href": href, "type": "image/tiff"}},
    }
    (tmp_path / "item.json").write_text(json.dumps(item))
    scene = adk.open(tmp_path / "item.json")
    assert scene.bands.names == ["B03"]
    assert any("blue" in text for text in scene.meta["warnings"])


def test_json_that_is_no_item_with_images_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "item.json"
    path.write_text('{"stac_version": "1.0.0", "assets": {}}')
    with pytest.raises(UnsupportedFormat, match="without images"):
        adk.open(path)
    path.write_text('{"stac_version": "1.0.0", "assets": ')
    with pytest.raises(DamagedFile, match="no whole JSON"):
        adk.open(path)


class _Ranges(SimpleHTTPRequestHandler):
    """Serves ranges, which cloud-optimised files are read by."""

    def send_head(self) -> Any:
        path = Path(self.translate_path(self.path))
        if not path.is_file():
            self.send_error(404)
            return None
        body = path.read_bytes()
        wanted = self.headers.get("Range", "")
        start, _, stop = wanted.removeprefix("bytes=").partition("-")
        first, last = int(start or 0), min(int(stop or len(body) - 1), len(body) - 1)
        self.send_response(206 if wanted else 200)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(last - first + 1))
        if wanted:
            self.send_header("Content-Range", f"bytes {first}-{last}/{len(body)}")
        self.end_headers()
        import io

        return io.BytesIO(body[first : last + 1])

    def log_message(self, *_: Any) -> None:
        pass


def test_assets_at_addresses_are_read_by_windows(data: Path, tmp_path: Path) -> None:
    folder = data / "sentinel2" / "cog"
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Ranges, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        home = f"http://127.0.0.1:{server.server_port}"
        item = json.loads((folder / ITEM).read_text())
        coastal = item["assets"]["coastal"]
        coastal |= {"href": f"{home}/B01.tif", "proj:shape": [183, 183]}
        coastal["proj:transform"] = [600, 0, 199980, 0, -600, 2800020]
        gone = {**item["assets"]["blue"], "href": f"{home}/B02.tif"}
        other = {**item["assets"]["nir09"], "href": f"{home}/SCL.tif"}
        item["assets"] = {"coastal": coastal, "blue": gone, "nir09": other}
        (tmp_path / "item.json").write_text(json.dumps(item))
        scene = adk.open(tmp_path / "item.json")
        with rasterio.open(folder / "B01.tif") as handle:
            np.testing.assert_array_equal(scene.dn("B01")[20:60, 5:30], handle.read(1)[20:60, 5:30])
        with pytest.raises(UnreadableFile, match=r"B02\.tif cannot be read from its address"):
            scene.dn("B02")[:5, :5]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_file_without_place_on_the_ground_says_so(tmp_path: Path) -> None:
    with pytest.warns(rasterio.errors.NotGeoreferencedWarning):
        path = tiff(tmp_path / "x.tif", numbers(1), crs=None, transform=rasterio.Affine.identity())
    scene = adk.open(path)
    assert scene.crs == ""
    assert scene.footprint is None
    assert any("no coordinate reference system" in text for text in scene.meta["warnings"])


def test_a_tiff_that_is_cut_or_none_is_named(tmp_path: Path) -> None:
    path = tiff(tmp_path / "cut.tif", numbers(1, 64))
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(DamagedFile, match=r"cut\.tif"):
        adk.open(path).dn("band 1")[...]
    (tmp_path / "no.tif").write_bytes(b"II*\0" + b"\xff" * 200)
    with pytest.raises(DamagedFile, match=r"no\.tif is neither a whole GeoTIFF nor JPEG 2000"):
        adk.open(tmp_path / "no.tif")


def test_pixels_askew_to_the_grid_are_refused(tmp_path: Path) -> None:
    place = rasterio.Affine(10, 2, 500000, 2, -10, 4600000)
    path = tiff(tmp_path / "askew.tif", numbers(1), transform=place)
    with pytest.raises(DamagedFile, match=r"askew\.tif lies askew"):
        adk.open(path)


def test_rows_that_begin_in_the_south_are_turned_around(tmp_path: Path) -> None:
    values = numbers(1, 64)
    north = adk.open(tiff(tmp_path / "B08_north.tif", values, names=["B08"]))
    top, size = 4_600_000, values.shape[1]
    place = rasterio.Affine(10, 0, 500_000, 0, 10, top - 10 * size)
    south = adk.open(
        tiff(tmp_path / "B08_south.tif", values[:, ::-1], names=["B08"], transform=place)
    )
    assert south.named("B08").raster.grid == north.named("B08").raster.grid
    np.testing.assert_array_equal(south.dn("B08")[10:20, 5:9], north.dn("B08")[10:20, 5:9])
    np.testing.assert_array_equal(south.overview("B08", 16), north.overview("B08", 16))
