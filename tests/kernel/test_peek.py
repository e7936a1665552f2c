import io
import json
from pathlib import Path

import numpy as np
import pytest
from astrodata_kernel.errors import AstrodataError, TooLarge
from astrodata_kernel.readers import peek
from astrodata_kernel.testing import fits_file, parquet_file
from astropy.io import fits
from PIL import Image


def picture(path: Path, **options: object) -> np.ndarray:
    with Image.open(io.BytesIO(peek.thumbnail(path, **options))) as image:
        assert image.format == "PNG"
        return np.asarray(image.convert("RGB"))


def test_sniff_tells_the_facts(data: Path) -> None:
    path = data / "compressed" / "m13.fits"
    facts = peek.sniff(path)
    assert (facts["name"], facts["format"], facts["kind"]) == ("m13.fits", "FITS", "image")
    assert (facts["shape"], facts["dtype"], facts["size"]) == ([300, 300], "int16", 184320)
    assert [part["index"] for part in facts["parts"]] == [0]


@pytest.mark.parametrize(
    "name", ["mef_hst_stis_raw.fits", "table_gaia_cone.fits", "broken/zerowidth.fits"]
)
def test_all_that_it_tells_is_plain_json(data: Path, name: str) -> None:
    for facts in (peek.sniff(data / name), peek.header(data / name)):
        assert json.loads(json.dumps(facts, allow_nan=False)) == facts


def test_a_wrong_checksum_is_among_the_warnings(data: Path) -> None:
    warnings = peek.sniff(data / "broken" / "checksum_false.fits")["warnings"]
    assert any("CHECKSUM" in text for text in warnings)


def test_what_is_wrong_with_other_parts_is_among_the_warnings(tmp_path: Path) -> None:
    path = tmp_path / "two.fits"
    fits.HDUList([fits.PrimaryHDU(np.eye(3)), fits.ImageHDU(np.zeros((99, 99)))]).writeto(path)
    path.write_bytes(path.read_bytes()[:20_000])
    facts = peek.sniff(path)
    assert facts["kind"] == "image"
    assert any("truncated" in text for text in facts["warnings"])


def test_header_cards_come_as_keyword_value_and_comment(data: Path) -> None:
    shown = peek.header(data / "compressed" / "m13.fits")
    assert ["NAXIS1", 300, "length of data axis 1"] in shown["cards"] or any(
        card[:2] == ["NAXIS1", 300] for card in shown["cards"]
    )
    assert shown["truncated"] is False


def test_markup_in_a_card_comes_as_the_text_that_it_is(tmp_path: Path) -> None:
    path = fits_file(
        tmp_path / "markup.fits",
        [
            "SIMPLE  =                    T",
            "BITPIX  =                    8",
            "NAXIS   =                    1",
            "NAXIS1  =                    4",
            "OBJECT  = '<img src=x onerror=alert(1)>'",
        ],
        b"abcd",
    )
    cards = {key: value for key, value, _ in peek.header(path)["cards"]}
    assert cards["OBJECT"] == "<img src=x onerror=alert(1)>"


def test_a_header_without_end_of_cards_is_shortened(tmp_path: Path) -> None:
    path = fits_file(
        tmp_path / "long.fits",
        [
            "SIMPLE  =                    T",
            "BITPIX  =                    8",
            "NAXIS   =                    1",
            "NAXIS1  =                    4",
            *[f"HISTORY line {n}" for n in range(6000)],
        ],
        b"abcd",
    )
    shown = peek.header(path)
    assert len(shown["cards"]) == 5000
    assert shown["truncated"] is True


def test_a_thumbnail_fits_into_its_size_and_shows_the_image(data: Path) -> None:
    shown = picture(data / "compressed" / "m13.fits", size=64)
    assert max(shown.shape[:2]) <= 64
    assert shown.std() > 5


def test_the_first_row_is_at_the_bottom(tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(0, 1, (40, 40))
    values[:10] += 50
    fits.writeto(tmp_path / "a.fits", values)
    shown = picture(tmp_path / "a.fits").astype(float)
    assert shown[-5:].mean() > shown[:5].mean()


def test_nan_is_told_apart(tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(0, 1, (20, 20))
    values[0, 0] = np.nan
    fits.writeto(tmp_path / "a.fits", values)
    shown = picture(tmp_path / "a.fits")
    assert len(set(shown[-1, 0])) > 1
    assert len(set(shown[5, 5])) == 1


@pytest.mark.parametrize(
    "values",
    [
        np.full((9, 9), np.nan),
        np.zeros((9, 9)),
        np.full((9, 9), np.inf),
        np.array([[1e308, -1e308], [np.inf, np.nan]]),
        np.zeros((1, 5000)),
        np.zeros((5000, 1)),
        np.zeros((2, 3, 4, 5)),
        np.zeros(1),
        np.full(100, np.nan),
        np.arange(300_000.0),
    ],
    ids=lambda values: f"{values.shape}-{values.flat[0]}",
)
def test_values_without_contrast_still_give_a_picture(tmp_path: Path, values: np.ndarray) -> None:
    np.save(tmp_path / "a.npy", values)
    shown = picture(tmp_path / "a.npy", size=96)
    assert 1 <= max(shown.shape[:2]) <= 96


def test_each_kind_has_a_picture(data: Path, tmp_path: Path) -> None:
    table = parquet_file(tmp_path / "t.parquet", {"n": np.arange(3)})
    for path in (data / "spectrum_sdss_J2202.fits", table, data / "compressed" / "m13_rice.fits"):
        assert picture(path).size


def test_a_part_can_be_asked_for(data: Path) -> None:
    path = data / "mef_hst_wfpc2_4chip.fits"
    assert peek.header(path, hdu=3)["hdu"] == 3
    assert picture(path, hdu=3).shape[:2] == (40, 40)


def test_a_compressed_image_in_one_large_tile_gets_no_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peek, "_COMPRESSED_PIXELS", 10_000)
    values = np.zeros((300, 300), "i2")
    fits.CompImageHDU(values, tile_shape=(300, 300)).writeto(tmp_path / "one.fits")
    fits.CompImageHDU(values, tile_shape=(1, 300)).writeto(tmp_path / "rows.fits")
    with pytest.raises(TooLarge, match=r"one\.fits, HDU 1: 90,000 pixels"):
        peek.thumbnail(tmp_path / "one.fits", size=30)
    assert picture(tmp_path / "rows.fits", size=30).size


def test_a_damaged_file_is_refused_as_everywhere(data: Path) -> None:
    for act in (peek.sniff, peek.header, peek.thumbnail):
        with pytest.raises(AstrodataError, match="truncated"):
            act(data / "broken" / "derived_m13_truncated.fits")
