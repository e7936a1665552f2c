from pathlib import Path

import astrodata_kernel as adk
import numpy as np
import pytest
from astrodata_kernel.readers import fits_bands, fits_tiles
from astrodata_kernel.readers.fits import FitsReader
from astrodata_kernel.readers.fits_tiles import CompressedImage
from astrodata_kernel.testing import ReaderTests
from astropy.io import fits
from astropy.wcs import WCS, DistortionLookupTable

DATA = Path(__file__).parent.parent / "data"
EXAMPLES = DATA.parent.parent / "examples" / "data"
REAL = sorted([*DATA.glob("*.fits"), *DATA.glob("compressed/*"), *DATA.glob("scaled/*")])
REAL += sorted(EXAMPLES.glob("*.fits"))


def arrays(path: Path) -> list[int]:
    """Give the HDUs of a file in which astropy finds an array."""
    with fits.open(path) as hdus:
        return [n for n, hdu in enumerate(hdus) if hdu.is_image and hdu.data is not None]


ARRAYS = [(path, hdu) for path in REAL for hdu in arrays(path)]
IDS = [f"{path.name}[{hdu}]" for path, hdu in ARRAYS]


class TestImage(ReaderTests):
    kind = "image"
    reader = FitsReader()
    slack = 2880

    def expected(self):
        return np.random.default_rng(0).normal(size=(37, 53)).astype("f4")

    def make_file(self, folder: Path) -> Path:
        path = folder / "image.fits"
        fits.writeto(path, self.expected(), checksum=True)
        return path


class TestUnsignedImage(TestImage):
    def expected(self):
        return np.random.default_rng(0).integers(0, 65536, (21, 34)).astype("u2")


class TestCube(TestImage):
    kind = "cube"

    def expected(self):
        return np.arange(5 * 6 * 7, dtype="i4").reshape(5, 6, 7)


class TestSpectrum(TestImage):
    kind = "spectrum"

    def expected(self):
        return np.linspace(0, 1, 1001)


class TestCompressed(TestImage):
    codec = "RICE_1"

    def expected(self):
        return np.random.default_rng(0).integers(0, 500, (45, 70)).astype("i2")

    def make_file(self, folder: Path) -> Path:
        path = folder / "compressed.fits"
        hdu = fits.CompImageHDU(self.expected(), compression_type=self.codec, tile_shape=(10, 16))
        hdu.writeto(path)
        return path


class TestGzip1(TestCompressed):
    codec = "GZIP_1"


class TestGzip2(TestCompressed):
    codec = "GZIP_2"


class TestHcompress(TestCompressed):
    codec = "HCOMPRESS_1"


class TestPlio(TestCompressed):
    codec = "PLIO_1"


class TestTable(ReaderTests):
    kind = "table"
    reader = FitsReader()
    slack = 2880

    def expected(self):
        rng = np.random.default_rng(0)
        return {
            "id": np.arange(200),
            "flux": rng.normal(size=200).astype("f4"),
            "name": np.array([f"star {n}" for n in range(200)]),
            "bright": rng.random(200) < 0.5,
        }

    def make_file(self, folder: Path) -> Path:
        path = folder / "table.fits"
        formats = {"id": "K", "flux": "E", "name": "8A", "bright": "L"}
        columns = [
            fits.Column(name, formats[name], array=values)
            for name, values in self.expected().items()
        ]
        fits.BinTableHDU.from_columns(columns).writeto(path)
        return path


class TestExtensions(TestImage):
    slack = 3 * 2880
    """What is cut from the table behind the image is noted, and does not keep the image from opening."""

    def make_file(self, folder: Path) -> Path:
        path = folder / "extensions.fits"
        table = fits.BinTableHDU.from_columns([fits.Column("x", "E", array=[1.0])], name="T")
        image = fits.ImageHDU(self.expected(), name="SCI")
        fits.HDUList([fits.PrimaryHDU(), image, table]).writeto(path)
        return path


@pytest.mark.parametrize(("path", "hdu"), ARRAYS, ids=IDS)
def test_real_pixels_are_those_that_astropy_gives(path: Path, hdu: int) -> None:
    dataset, expected = adk.open(path, hdu=hdu), fits.getdata(path, hdu)
    np.testing.assert_array_equal(np.asarray(dataset.array), expected)
    assert dataset.dtype == expected.dtype.newbyteorder("=")
    assert dataset.shape == expected.shape
    rng = np.random.default_rng(hdu)
    for _ in range(25):
        ends = [sorted(int(n) for n in rng.integers(0, length + 1, 2)) for length in expected.shape]
        key = tuple(slice(a, b, int(rng.integers(1, 9))) for a, b in ends)
        np.testing.assert_array_equal(dataset.array[key], expected[key], str(key))


@pytest.mark.parametrize("path", REAL, ids=lambda path: path.name)
def test_headers_are_those_that_astropy_gives(path: Path) -> None:
    with fits.open(path, disable_image_compression=True) as hdus:
        for part in adk.open(path).parts:
            if part.note:
                continue
            shown = adk.open(path, hdu=part.index).meta["header"]
            given = {key: value for key, value, _ in shown}
            for card in hdus[part.index].header.cards:
                if card.keyword not in ("COMMENT", "HISTORY", "") and isinstance(card.value, str):
                    assert str(given[card.keyword]).rstrip() == card.value.rstrip()
                elif isinstance(card.value, bool | int | float):
                    assert given[card.keyword] == card.value


@pytest.mark.parametrize(
    ("dtype", "header"),
    [
        ("u1", {}),
        ("i1", {}),
        ("i2", {}),
        ("u2", {}),
        ("i4", {}),
        ("u4", {}),
        ("i8", {}),
        ("u8", {}),
        ("f4", {}),
        ("f8", {}),
        ("i2", {"BLANK": -7}),
        ("i4", {"BLANK": 3}),
        ("u1", {"BLANK": 255}),
        ("i8", {"BLANK": 5}),
        ("i2", {"BSCALE": 0.25, "BZERO": 10.5}),
        ("i4", {"BSCALE": 2.0, "BZERO": -3.0, "BLANK": 5}),
        ("f4", {"BSCALE": 2.5, "BZERO": 1.0}),
        ("f8", {"BZERO": -100.0}),
    ],
)
def test_scaling_is_that_of_astropy(tmp_path: Path, dtype: str, header: dict) -> None:
    path = tmp_path / "scaled.fits"
    rng = np.random.default_rng(3)
    values = rng.normal(0, 9, (17, 23)) if dtype[0] == "f" else rng.integers(0, 100, (17, 23))
    fits.writeto(path, values.astype(dtype))
    for key, value in header.items():
        fits.setval(path, key, value=value)
    expected = fits.getdata(path)
    array = adk.open(path).array
    np.testing.assert_array_equal(array[...], expected)
    np.testing.assert_array_equal(array[1::3, ::5], expected[1::3, ::5])
    assert array.dtype == expected.dtype.newbyteorder("=")


def test_a_pixel_may_be_blank_by_the_number_zero(tmp_path: Path) -> None:
    path = tmp_path / "blank.fits"
    fits.writeto(path, np.array([[0, 1], [2, 3]], "i2"))
    fits.setval(path, "BLANK", value=0)
    np.testing.assert_array_equal(adk.open(path).array[...], [[np.nan, 1], [2, 3]])


def test_a_blank_unsigned_pixel_is_nan_too(tmp_path: Path) -> None:
    path = tmp_path / "blank.fits"
    fits.writeto(path, np.array([[0, 1], [40000, 65535]], "u2"))
    fits.setval(path, "BLANK", value=-32768)
    np.testing.assert_array_equal(adk.open(path).array[...], [[np.nan, 1], [40000, 65535]])


@pytest.mark.parametrize("quantize", ["NO_DITHER", "SUBTRACTIVE_DITHER_1", "SUBTRACTIVE_DITHER_2"])
@pytest.mark.parametrize("codec", ["RICE_1", "GZIP_1", "GZIP_2", "HCOMPRESS_1"])
@pytest.mark.parametrize("tile", [(1, 90), (16, 16), (70, 90)])
def test_quantised_floats_are_those_that_astropy_gives(
    tmp_path: Path, quantize: str, codec: str, tile: tuple[int, int]
) -> None:
    if codec == "HCOMPRESS_1" and min(tile) < 4:
        tile = (8, 90)
    values = np.random.default_rng(1).normal(100, 5, (70, 90)).astype("f4")
    values[3, 4] = np.nan
    method = {"NO_DITHER": -1, "SUBTRACTIVE_DITHER_1": 1, "SUBTRACTIVE_DITHER_2": 2}[quantize]
    path = tmp_path / "quantised.fits"
    fits.CompImageHDU(
        values, compression_type=codec, tile_shape=tile, quantize_method=method, dither_seed=42
    ).writeto(path)
    expected = fits.getdata(path, 1)
    array = adk.open(path).array
    for key in (
        np.s_[...],
        np.s_[::7, ::3],
        np.s_[33:52, 20:41],
        np.s_[-1, :],
        np.s_[5::30, 7::40],
    ):
        np.testing.assert_array_equal(array[key], expected[key], str(key))


def test_a_compressed_cube_and_a_compressed_line(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    for values, tile in (
        (rng.integers(0, 99, (7, 20, 31)).astype("i4"), (2, 8, 10)),
        (rng.integers(0, 99, 301).astype("i2"), (50,)),
    ):
        path = tmp_path / f"{values.ndim}.fits"
        fits.CompImageHDU(values, tile_shape=tile).writeto(path)
        array = adk.open(path).array
        np.testing.assert_array_equal(array[...], values)
        key = tuple(slice(1, None, 3) for _ in values.shape)
        np.testing.assert_array_equal(array[key], values[key])


def test_a_real_table_has_the_columns_and_rows_that_astropy_gives(data: Path) -> None:
    path = data / "table_gaia_cone.fits"
    table, expected = adk.open(path).table, fits.getdata(path, 1)
    assert table.colnames == list(expected.names)
    assert len(table) == len(expected)
    rows = table[100:300:7]
    for name in expected.names:
        np.testing.assert_array_equal(np.asarray(rows[name]), expected[name][100:300:7])
    units = {name: unit for name, _, unit in table.columns}
    assert units["ra"] == "deg"
    assert str(rows["ra"].unit) == "deg"


def test_a_table_of_odd_columns_is_read(tmp_path: Path) -> None:
    columns = [
        fits.Column("scaled", "I", array=[1, 2, 3]),
        fits.Column("gaps", "I", null=-1, array=[4, -1, 6]),
        fits.Column("unsigned", "J", bzero=2**31, array=np.array([1, 2, 2**32 - 1], "u4")),
        fits.Column("vector", "4E", array=np.arange(12).reshape(3, 4)),
        fits.Column(
            "ragged", "PJ()", array=np.array([np.arange(n) for n in (1, 2, 3)], dtype=object)
        ),
        fits.Column("complex", "C", array=[1j, 2, 3 + 1j]),
    ]
    path = tmp_path / "odd.fits"
    fits.BinTableHDU.from_columns(columns).writeto(path)
    fits.setval(path, "TSCAL1", value=0.5, ext=1)
    fits.setval(path, "TZERO1", value=10.0, ext=1)
    table = adk.open(path).table[1:]
    np.testing.assert_array_equal(table["scaled"], [11, 11.5])
    assert list(table["gaps"].mask) == [True, False]
    np.testing.assert_array_equal(table["unsigned"], [2, 2**32 - 1])
    np.testing.assert_array_equal(table["vector"], np.arange(12).reshape(3, 4)[1:])
    assert [list(row) for row in table["ragged"]] == [[0, 1], [0, 1, 2]]
    np.testing.assert_array_equal(table["complex"], [2, 3 + 1j])


def test_an_ascii_table_is_read(tmp_path: Path) -> None:
    columns = [
        fits.Column("n", "I5", array=[1, 2, 3]),
        fits.Column("name", "A4", array=["a", "bb", "ccc"]),
    ]
    path = tmp_path / "ascii.fits"
    fits.TableHDU.from_columns(columns).writeto(path)
    dataset = adk.open(path)
    assert (dataset.kind, dataset.shape) == ("table", (3, 2))
    rows = dataset.table[:2]
    assert list(rows["n"]) == [1, 2]
    assert [str(name) for name in rows["name"]] == ["a", "bb"]


def test_parts_of_one_name_are_told_apart_by_version(data: Path) -> None:
    path = data / "mef_hst_wfpc2_4chip.fits"
    dataset = adk.open(path)
    assert dataset.part == 1
    assert dataset.hdu("sci,3").part == 3
    np.testing.assert_array_equal(dataset.hdu("SCI,3").array[...], fits.getdata(path, 3))
    np.testing.assert_array_equal(adk.open(path, hdu=4).array[...], fits.getdata(path, 4))


def test_parts_without_data_say_so(data: Path) -> None:
    parts = adk.open(data / "mef_hst_stis_raw.fits").parts
    assert [bool(part.note) for part in parts] == [True, False, True, True, False, True, True]


def test_a_kind_can_be_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "both.fits"
    table = fits.BinTableHDU.from_columns([fits.Column("t", "E", array=[1.0])])
    fits.HDUList([fits.PrimaryHDU(np.eye(3)), table]).writeto(path)
    assert adk.open(path, kind="table").part == 1
    assert adk.open(path, kind="image").part == 0
    with pytest.raises(adk.errors.UnsupportedFormat, match="no 'cube'"):
        adk.open(path, kind="cube")


def test_the_sky_is_there_for_celestial_axes_only(data: Path) -> None:
    assert adk.open(data / "compressed" / "m13.fits").wcs.has_celestial
    assert adk.open(data / "compressed" / "m13_rice.fits").wcs.has_celestial
    assert adk.open(data / "mef_hst_stis_raw.fits").wcs is None
    assert adk.open(data / "scaled" / "blank.fits").wcs is None
    assert adk.open(data / "spectrum_sdss_J2202.fits").wcs is None


def test_the_sky_of_a_cube_is_that_of_its_planes(tmp_path: Path) -> None:
    path = tmp_path / "cube.fits"
    header = fits.Header(
        {
            "CTYPE1": "RA---TAN",
            "CTYPE2": "DEC--TAN",
            "CTYPE3": "FREQ",
            "CRVAL1": 10.0,
            "CRVAL2": 20.0,
        }
    )
    fits.writeto(path, np.zeros((2, 3, 4), "f4"), header)
    wcs = adk.open(path).wcs
    assert wcs.naxis == 2
    assert wcs.wcs_pix2world(-1, -1, 0)[0] == pytest.approx(10)


def test_slices_behave_as_those_of_numpy(data: Path) -> None:
    path = data / "compressed" / "m13.fits"
    array, expected = adk.open(path).array, fits.getdata(path)
    for key in (
        np.s_[5],
        np.s_[-1, -1],
        np.s_[..., 3],
        np.s_[3, ...],
        np.s_[10:5],
        np.s_[::-1, ::-7],
        np.s_[250:999, -5:],
        np.s_[np.int64(4), 1:9:2],
        np.s_[()],
    ):
        np.testing.assert_array_equal(array[key], expected[key], str(key))
    assert np.ndim(array[1, 2]) == 0


@pytest.mark.parametrize("key", [300, -301, (0, 300), (0, 0, 0)])
def test_an_index_outside_is_an_index_error(data: Path, key: object) -> None:
    with pytest.raises(IndexError):
        adk.open(data / "compressed" / "m13.fits").array[key]


@pytest.mark.parametrize("key", [[1, 2], np.array([True] * 300), None, "a", 1.5, True])
def test_an_index_that_is_no_slice_is_refused_with_what_to_do(data: Path, key: object) -> None:
    with pytest.raises(adk.errors.BadRequest, match="slice first"):
        adk.open(data / "compressed" / "m13.fits").array[key]


def test_lookup_tables_of_distortions_are_honoured_and_left_out_where_they_are_gone(
    tmp_path,
) -> None:
    wcs = WCS(naxis=2)
    wcs.wcs.ctype, wcs.wcs.crval, wcs.wcs.crpix = ("RA---TAN", "DEC--TAN"), (10, 20), (50, 60)
    wcs.wcs.cdelt = (-1e-3, 1e-3)
    moved = np.linspace(0, 3, 12, dtype="f4").reshape(3, 4)
    wcs.cpdis1 = DistortionLookupTable(moved, (1, 1), (1, 1), (40, 40))
    wcs.cpdis2 = DistortionLookupTable(-moved, (1, 1), (1, 1), (40, 40))
    wcs.wcs.set()
    made = wcs.to_fits(relax=True)
    made[0].data = np.zeros((120, 140), "f4")
    path = tmp_path / "distorted.fits"
    made.writeto(path)
    with fits.open(path) as hdus:
        wanted = WCS(hdus[0].header, hdus)
        at = np.array([[5.0, 60.0, 110.0], [7.0, 30.0, 90.0]])
        expected = wanted.all_pix2world(*at, 0)
    assert (
        np.abs(wanted.all_pix2world(*at, 0) - np.array(wanted.wcs_pix2world(*at, 0))).max() > 1e-4
    )
    np.testing.assert_allclose(adk.open(path).wcs.all_pix2world(*at, 0), expected)
    alone = tmp_path / "alone.fits"
    fits.writeto(alone, made[0].data, made[0].header)
    np.testing.assert_allclose(
        adk.open(alone).wcs.all_pix2world(*at, 0), wanted.wcs_pix2world(*at, 0)
    )


@pytest.fixture
def rows_of_rice(tmp_path: Path) -> tuple[Path, np.ndarray]:
    path = tmp_path / "rice.fits"
    values = np.random.default_rng(0).integers(0, 999, (1500, 1400)).astype("i2")
    fits.CompImageHDU(values, compression_type="RICE_1", tile_shape=(1, 1400)).writeto(path)
    return path, values


def test_what_was_decompressed_once_is_read_from_disk_and_memory_is_bounded(
    rows_of_rice: tuple[Path, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, values = rows_of_rice
    monkeypatch.setattr(fits_tiles, "_BAND_BYTES", 1 << 20)
    monkeypatch.setattr(fits_bands, "MEMORY_BYTES", 1 << 20)
    decompressed = []
    decompress = CompressedImage._decompress

    def counted(self: CompressedImage, index: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
        decompressed.append(shape)
        return decompress(self, index, shape)

    monkeypatch.setattr(CompressedImage, "_decompress", counted)
    array = adk.open(path).array
    np.testing.assert_array_equal(array[:, 300:500], values[:, 300:500])
    assert sum(rows for rows, _ in decompressed) == 1500  # each row once
    decompressed.clear()
    rng = np.random.default_rng(1)
    for _ in range(50):
        y, x = rng.integers(0, 1144, 2)
        np.testing.assert_array_equal(
            array[y : y + 256, x : x + 256], values[y : y + 256, x : x + 256]
        )
    np.testing.assert_array_equal(array[::7, ::5], values[::7, ::5])
    assert not decompressed
    assert array._bands._bytes <= 1 << 20


@pytest.mark.parametrize("tile", [(1, 90), (16, 16), (70, 90), (2, 7, 90)])
def test_bands_on_disk_are_those_that_were_decompressed(
    tmp_path: Path, tile: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    shape = (70, 90) if len(tile) == 2 else (5, 70, 90)
    values = np.random.default_rng(0).integers(0, 999, shape).astype("i4")
    path = tmp_path / "tiles.fits"
    fits.CompImageHDU(values, compression_type="GZIP_1", tile_shape=tile).writeto(path)
    array = adk.open(path).array
    np.testing.assert_array_equal(array[..., 3:40], values[..., 3:40])
    np.testing.assert_array_equal(array[..., 40:], values[..., 40:])
    monkeypatch.setattr(CompressedImage, "_decompress", None)
    for key in (np.s_[...], np.s_[..., 20:31, 5:77:3], np.s_[..., -1, :]):
        np.testing.assert_array_equal(array[key], values[key])


def test_without_room_on_the_disk_bands_are_decompressed_again(
    rows_of_rice: tuple[Path, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, values = rows_of_rice
    monkeypatch.setattr(fits_bands, "_LEFT_FREE", 1 << 62)
    array = adk.open(path).array
    for _ in range(2):
        np.testing.assert_array_equal(array[100:900, 5:50], values[100:900, 5:50])
