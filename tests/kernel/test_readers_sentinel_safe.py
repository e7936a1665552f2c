import shutil
import threading
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import astrodata_kernel as adk
import numpy as np
import pytest
import rasterio
from astrodata_kernel.errors import (
    BadRequest,
    DamagedFile,
    TooLarge,
    UnknownName,
    UnreadableFile,
    UnsupportedFormat,
)
from astrodata_kernel.readers.peek import header, sniff, thumbnail
from astrodata_kernel.readers.sentinel_xml import parsed, product_facts
from astrodata_kernel.testing.scenes import landscape, safe_folder, write_jpeg2000

L1C = "S2A_MSIL1C_20201031T004711_N0209_R102_T53JQJ_20201031T022859"
OLD = "S2A_MSIL2A_20190212T192651_N0212_R013_T07HFE_20201007T160857.SAFE"
NEW = "S2B_MSIL2A_20220413T150759_N0400_R025_T33XWJ_20220414T082126.SAFE"
L2A_NAMES = ["B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B11", "B12"]
L1C_NAMES = [*L2A_NAMES[:10], "B10", "B11", "B12"]


@pytest.fixture
def zipped(data: Path) -> Path:
    return data / "sentinel2" / f"{L1C}.zip"


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return safe_folder(tmp_path_factory.mktemp("safe"))


def copied(product: Path, folder: Path) -> Path:
    return Path(shutil.copytree(product, folder / product.name))


def packed(product: Path, archive: Path) -> Path:
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as out:
        for path in sorted(product.rglob("*")):
            if path.is_file():
                out.write(path, f"{product.name}/{path.relative_to(product)}")
    return archive


def changed(product: Path, folder: Path, old: str, new: str, name: str = "MTD_MSIL2A.xml") -> Path:
    made = copied(product, folder)
    path = next(made.rglob(name))
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    return made


def test_a_zip_of_level_1c_tells_what_its_metadata_tell(zipped: Path) -> None:
    scene = adk.open(zipped)
    assert scene.kind == "scene"
    assert scene.bands.names == L1C_NAMES
    assert scene.crs == "EPSG:32753"
    assert scene.date == datetime(2020, 10, 31, 0, 47, 11, 24000, UTC)
    assert (scene.level, scene.baseline, scene.satellite) == ("L1C", "02.09", "Sentinel-2A")
    assert scene.tile == "53JQJ"
    assert (scene.offset, scene.scale) == (0.0, 1e-4)
    assert scene.bands["B08"].wavelength == 832.8
    assert scene.bands["B12"].wavelength == 2202.4
    assert scene.cloud_share == pytest.approx(0.111)
    ring = scene.footprint["coordinates"][0]
    assert ring[0] == [137.398812097997, -28.99359958874151]  # longitude first
    assert ring[0] == ring[-1]


def test_pixels_of_a_zip_are_those_that_rasterio_reads(zipped: Path) -> None:
    scene = adk.open(zipped)
    with zipfile.ZipFile(zipped) as archive:
        member = next(name for name in archive.namelist() if name.endswith("_B08.jp2"))
    with rasterio.open(f"/vsizip/{zipped}/{member}") as handle:
        truth = handle.read(1)
        assert scene.bands["B08"].raster.grid.transform == tuple(handle.transform[:6])
    assert truth[10, 15] == 6144
    np.testing.assert_array_equal(scene.dn("B08")[...], truth)
    reflectance = scene.band("B08")[...]
    assert reflectance.dtype == np.float32
    assert reflectance[10, 15] == pytest.approx(0.6144)
    np.testing.assert_array_equal(np.isnan(reflectance), truth == 0)


def test_the_size_of_a_band_is_that_of_its_file(zipped: Path) -> None:
    # The product's metadata say 10,980 x 10,980 pixels of 10 m; the files were reduced to 20 x 20.
    scene = adk.open(zipped)
    assert scene.bands["B02"].shape == (20, 20)
    assert scene.bands["B02"].resolution == 5490
    assert scene.shape == (13, 20, 20)


def test_clouds_of_old_products_are_their_polygons(zipped: Path) -> None:
    mask = adk.open(zipped).cloud_mask()
    assert mask.shape == (20, 20)
    assert mask.dtype == bool
    assert 0.02 < mask[...].mean() < 0.2  # the product says 11 %


def test_an_old_baseline_without_offsets_has_none_to_add(data: Path) -> None:
    scene = adk.open(data / "sentinel2" / OLD)
    assert (scene.baseline, scene.level) == ("02.12", "L2A")
    assert (scene.offset, scene.scale) == (0.0, 1e-4)
    assert scene.crs == "EPSG:32707"
    assert scene.date == datetime(2019, 2, 12, 19, 26, 51, 24000, UTC)
    assert scene.bands.names == L2A_NAMES
    assert scene.layers.names == ["SCL", "AOT", "WVP"]
    assert scene.layers["AOT"].scale == pytest.approx(1e-3)
    assert scene.cloud_share == pytest.approx(0.51580326)


def test_baseline_04_brings_its_offset_in_its_metadata(data: Path) -> None:
    scene = adk.open(data / "sentinel2" / NEW)
    assert scene.baseline == "04.00"
    assert (scene.offset, scene.scale) == (-1000.0, 1e-4)
    assert scene.crs == "EPSG:32633"
    assert scene.satellite == "Sentinel-2B"
    assert scene.bands["B8A"].wavelength == 864
    assert scene.bands["B08"].shape == (10980, 10980)
    assert [band.resolution for band in scene.bands] == [
        20,
        10,
        10,
        10,
        *[20] * 3,
        10,
        20,
        60,
        20,
        20,
    ]


def test_metadata_without_images_say_which_file_is_missing(data: Path) -> None:
    scene = adk.open(data / "sentinel2" / NEW)
    assert "there are metadata and no images" in scene.meta["warnings"]
    with pytest.raises(UnreadableFile, match=r"band B08.*T33XWJ_20220413T150759_B08_10m"):
        scene.band("B08")[:2, :2]


def test_the_offset_is_read_and_not_guessed_from_the_date(tmp_path: Path) -> None:
    # An old scene that was processed anew carries the offset too; a new one may not.
    before = datetime(2018, 7, 1, 10, 0, 0, tzinfo=UTC)
    again = adk.open(safe_folder(tmp_path / "a", date=before, baseline="05.00", size=24))
    assert (again.date.year, again.offset) == (2018, -1000.0)
    after = datetime(2023, 7, 1, 10, 0, 0, tzinfo=UTC)
    plain = adk.open(
        safe_folder(tmp_path / "b", date=after, offset=None, baseline="03.01", size=24)
    )
    assert (plain.date.year, plain.offset) == (2023, 0.0)


def test_reflectance_adds_the_offset_and_leaves_nothing_and_saturation_out(tmp_path: Path) -> None:
    numbers = np.array([[0, 1000], [11000, 65535]], "u2").repeat(12, 0).repeat(12, 1)
    scene = adk.open(safe_folder(tmp_path, size=24, numbers={"B04": numbers}))
    found = scene.band("B04")[::12, ::12]
    np.testing.assert_allclose(found, [[np.nan, 0], [1, np.nan]], atol=1e-7)
    np.testing.assert_array_equal(
        scene.saturated("B04")[::12, ::12], [[False, False], [False, True]]
    )
    np.testing.assert_array_equal(scene.dn("B04")[...], numbers)


def test_offsets_of_level_1c_are_read_for_each_band(tmp_path: Path) -> None:
    made = safe_folder(
        tmp_path, level="L1C", size=24, numbers={"B05": np.full((12, 12), 3000, "u2")}
    )
    xml = made / "MTD_MSIL1C.xml"
    xml.write_text(xml.read_text().replace('band_id="4">-1000', 'band_id="4">-500'))
    scene = adk.open(made)
    assert scene.bands.names == L1C_NAMES
    assert scene.offset["B05"] == -500
    assert scene.offset["B06"] == -1000
    assert scene.band("B05")[3, 3] == pytest.approx(0.25)


def test_a_zip_reads_like_its_folder(product: Path, tmp_path: Path) -> None:
    folder, archive = adk.open(product), adk.open(packed(product, tmp_path / "product.zip"))
    assert archive.bands.names == folder.bands.names
    for name in ("B02", "B11", "SCL"):
        np.testing.assert_array_equal(archive.band(name)[...], folder.band(name)[...])


def test_a_product_opens_by_a_file_of_its_metadata(product: Path) -> None:
    whole = adk.open(product)
    for path in (product / "MTD_MSIL2A.xml", next(product.rglob("MTD_TL.xml"))):
        scene = adk.open(path)
        assert scene.bands.names == whole.bands.names
        assert scene.date == whole.date


def test_a_folder_that_holds_one_product_is_that_product(product: Path) -> None:
    assert adk.open(product.parent).date == adk.open(product).date


def test_a_missing_band_is_named_with_its_file(product: Path, tmp_path: Path) -> None:
    made = copied(product, tmp_path)
    next(made.rglob("*_B05_20m.jp2")).unlink()
    scene = adk.open(made)
    assert "B05" not in scene.bands
    assert any("B05" in text for text in scene.meta["warnings"])
    with pytest.raises(
        UnknownName, match=r"lists band B05, but the file .*_B05_20m\.jp2 is not there"
    ):
        scene.band("B05")


def test_a_band_that_no_product_has_is_an_unknown_name(product: Path) -> None:
    with pytest.raises(UnknownName, match="has no band 'B10'"):
        adk.open(product).band("B10")


def test_without_product_metadata_the_numbers_are_there_and_reflectance_is_not(
    product: Path, tmp_path: Path
) -> None:
    made = copied(product, tmp_path)
    (made / "MTD_MSIL2A.xml").unlink()
    scene = adk.open(made)
    assert (scene.offset, scene.scale) == (None, None)
    assert scene.date == datetime(2022, 7, 14, 10, 6, 1, tzinfo=UTC)  # its name says so
    assert any("MTD_MSIL2A.xml is missing" in text for text in scene.meta["warnings"])
    assert scene.dn("B08")[:1, :1].dtype == np.uint16
    with pytest.raises(BadRequest, match=r"band B08: its offset and scale are not told.*adk\.open"):
        scene.band("B08")
    told = adk.open(made, offset=-1000, scale=1e-4)
    np.testing.assert_array_equal(told.band("B08")[...], adk.open(product).band("B08")[...])


def test_a_quantification_that_is_missing_leaves_the_scale_unknown(
    product: Path, tmp_path: Path
) -> None:
    made = changed(
        product, tmp_path, "<BOA_QUANTIFICATION_VALUE>10000</BOA_QUANTIFICATION_VALUE>", ""
    )
    scene = adk.open(made)
    assert scene.scale is None
    with pytest.raises(BadRequest, match="scale"):
        scene.band("B02")
    assert scene.with_offset(scale=1e-4, offset=-1000).band("B02")[:1].shape == (1, 240)


def test_offsets_that_a_product_should_list_and_does_not_are_unknown(tmp_path: Path) -> None:
    late = adk.open(safe_folder(tmp_path / "late", size=60, bands=["B08"], offset=None))
    assert (late.baseline, late.offset, late.scale) == ("04.00", None, 1e-4)
    assert any("no metadata tell offset of B08" in text for text in late.meta["warnings"])
    early = adk.open(
        safe_folder(tmp_path / "early", size=60, bands=["B08"], offset=None, baseline="03.01")
    )
    assert (early.baseline, early.offset) == ("03.01", 0.0)


def test_numbers_that_are_none_are_damage(product: Path, tmp_path: Path) -> None:
    made = changed(product, tmp_path, ">-1000<", ">lots<")
    with pytest.raises(DamagedFile, match=r"MTD_MSIL2A\.xml: BOA_ADD_OFFSET is 'lots'"):
        adk.open(made)


def test_bands_in_different_systems_are_refused(product: Path, tmp_path: Path) -> None:
    made = copied(product, tmp_path)
    path = next(made.rglob("*_B03_10m.jp2"))
    path.unlink()
    write_jpeg2000(path, landscape("B03", 240), 32632, (399960.0, 4600020.0), 10)
    with pytest.raises(DamagedFile, match=r"band B03 is in EPSG:32632 and band B02 in EPSG:32633"):
        adk.open(made)


def test_bands_of_different_places_are_refused(product: Path, tmp_path: Path) -> None:
    made = copied(product, tmp_path)
    path = next(made.rglob("*_B03_10m.jp2"))
    path.unlink()
    write_jpeg2000(path, landscape("B03", 120), 32633, (399960.0, 4600020.0), 10)
    with pytest.raises(DamagedFile, match=r"band B03 \(120 x 120 pixels\) covers another area"):
        adk.open(made)


def test_a_damaged_band_is_named(product: Path, tmp_path: Path) -> None:
    made = copied(product, tmp_path)
    path = next(made.rglob("*_B02_10m.jp2"))
    path.write_bytes(b"this is no image" * 40)
    with pytest.raises(
        DamagedFile, match=r"_B02_10m\.jp2 is neither a whole GeoTIFF nor JPEG 2000"
    ):
        adk.open(made)


def test_a_band_cut_short_is_named_when_it_is_read(product: Path, tmp_path: Path) -> None:
    made = copied(product, tmp_path)
    path = next(made.rglob("*_B02_10m.jp2"))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(DamagedFile, match="_B02_10m"):
        adk.open(made).band("B02")[...]


@pytest.mark.parametrize(
    "name", ["../evil.jp2", "/etc/evil.jp2", "a/../../evil.jp2", "..\\evil.jp2"]
)
def test_an_archive_with_names_that_lead_out_of_it_is_refused(
    product: Path, tmp_path: Path, name: str
) -> None:
    archive = packed(product, tmp_path / "slip.zip")
    with zipfile.ZipFile(archive, "a") as out:
        out.writestr(name, b"x")
    with pytest.raises(DamagedFile, match=r"slip\.zip.*leads out of the archive"):
        adk.open(archive)


def test_a_bomb_in_an_archive_is_refused_before_it_grows(product: Path, tmp_path: Path) -> None:
    archive = packed(product, tmp_path / "bomb.zip")
    xml = f"{product.name}/MTD_MSIL2A.xml"
    with zipfile.ZipFile(archive) as old, zipfile.ZipFile(tmp_path / "b.zip", "w", 8) as out:
        for member in old.infolist():
            body = old.read(member)
            out.writestr(
                member.filename, body + b" " * (64 << 20) if member.filename == xml else body
            )
    with pytest.raises(TooLarge, match=r"b\.zip.*MTD_MSIL2A\.xml would grow"):
        adk.open(tmp_path / "b.zip")


def test_an_archive_cut_short_says_so(zipped: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.zip"
    cut.write_bytes(zipped.read_bytes()[:60_000])
    with pytest.raises((DamagedFile, UnsupportedFormat), match=r"cut\.zip"):
        adk.open(cut)


def test_xml_that_declares_entities_is_refused() -> None:
    bomb = (
        b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
        b'<!ENTITY b "&a;&a;&a;&a;&a;&a;">]><x>&b;</x>'
    )
    with pytest.raises(DamagedFile, match=r"MTD\.xml declares a document type"):
        parsed(bomb, "MTD.xml")
    reading = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>'
    with pytest.raises(DamagedFile, match="document type"):
        parsed(reading, "MTD.xml")


def test_xml_that_is_not_whole_or_too_deep_is_refused() -> None:
    with pytest.raises(DamagedFile, match="no whole XML"):
        parsed(b"<a><b></a>", "MTD.xml")
    with pytest.raises(DamagedFile, match="nested deeper"):
        parsed(b"<a>" * 100 + b"</a>" * 100, "MTD.xml")
    with pytest.raises(DamagedFile, match="no metadata of a Sentinel-2 product"):
        product_facts(b"<note/>", "MTD.xml")


def test_a_folder_without_a_scene_says_what_is_looked_for(tmp_path: Path) -> None:
    (tmp_path / "empty.SAFE").mkdir()
    with pytest.raises(UnsupportedFormat, match=r"empty\.SAFE has no metadata"):
        adk.open(tmp_path / "empty.SAFE")
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "readme.txt").write_text("nothing")
    with pytest.raises(UnreadableFile, match="is a folder without a scene"):
        adk.open(tmp_path / "notes")


def test_a_file_that_changed_is_not_read_as_if_it_had_not(product: Path, tmp_path: Path) -> None:
    made = copied(product, tmp_path)
    scene = adk.open(made)
    scene.dn("B02")[:2, :2]
    path = next(made.rglob("*_B02_10m.jp2"))
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(ValueError, match=r"_B02_10m\.jp2 changed since it was opened"):
        scene.dn("B02")[:2, :2]


def test_threads_read_at_once_and_get_the_same(product: Path) -> None:
    scene = adk.open(product)
    truth = {name: scene.dn(name)[...] for name in ("B02", "B08", "B11")}
    wrong: list[str] = []

    def read(seed: int) -> None:
        rng = np.random.default_rng(seed)
        for _ in range(40):
            name = rng.choice(list(truth))
            top, left = rng.integers(0, 80, 2)
            part = scene.dn(str(name))[top : top + 30, left : left + 30]
            if not np.array_equal(part, truth[name][top : top + 30, left : left + 30]):
                wrong.append(str(name))

    threads = [threading.Thread(target=read, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_the_panel_sees_what_a_product_is(zipped: Path) -> None:
    facts = sniff(zipped)
    assert (facts["kind"], facts["format"], facts["shape"]) == (
        "scene",
        "Sentinel-2 SAFE",
        [13, 20, 20],
    )
    assert ["BASELINE", "02.09", "processing baseline"] in header(zipped)["cards"]
    assert thumbnail(zipped).startswith(b"\x89PNG")


def test_the_bytes_behind_a_folder_have_a_hash(product: Path, tmp_path: Path) -> None:
    made = copied(product, tmp_path)
    first = adk.open(made).provenance.sha256
    assert adk.open(product).provenance.sha256 == first
    (made / "more.txt").write_text("x")
    assert adk.open(made).provenance.sha256 != first
