"""Whatever a FITS file holds, the viewer shows it or says one sentence, and lives on."""

import os
import warnings
from collections.abc import Callable
from pathlib import Path

import astrodata_kernel as adk
import numpy as np
import pytest
from astrodata_kernel.errors import AstrodataError, DamagedFile, DataCheckFailed, UnsupportedFormat
from astrodata_kernel.testing import fits_file
from astropy.io import fits

BROKEN = Path(__file__).parent.parent / "data" / "broken"
IMAGE = [
    "SIMPLE  =                    T",
    "BITPIX  =                  -32",
    "NAXIS   =                    2",
    "NAXIS1  =                    4",
    "NAXIS2  =                    3",
]
VALUES = np.arange(12, dtype=">f4").reshape(3, 4)


def shown(viewer: adk.FitsViewer) -> np.ndarray:
    """Ask for all that a view asks for, and give the picture."""
    facts = viewer.request("describe").meta
    overview = viewer.request("overview", width=1024)
    viewer.request("tile", level=facts["levels"] - 1, x=0, y=0)
    tile = viewer.request("tile", level=0, x=0, y=0).array()
    low, high = (viewer.request("limits").meta[key] for key in ("low", "high"))
    assert low < high
    for limits in ("minmax", "99.5%"):
        meta = viewer.request("limits", limits=limits).meta
        assert meta["low"] < meta["high"]
    viewer.request("histogram", low=low, high=high, wide=True)
    viewer.request("probe", x=0, y=0)
    viewer.request("graticule", box=[0, 0, 1, 1])
    viewer.request("preparing")
    assert overview.array().shape[0] == 1
    return tile[0]


def one_sentence(error: AstrodataError, *words: str) -> None:
    text = str(error)
    assert "\n" not in text
    assert all(word in text for word in words), text


@pytest.mark.parametrize("path", sorted(BROKEN.iterdir()), ids=lambda path: path.name)
def test_each_broken_file_is_shown_or_gets_its_sentence(path: Path) -> None:
    before = path.read_bytes()
    if path.name == "checksum_false.fits":
        viewer = adk.FitsViewer(path)
        assert shown(viewer).size
        assert not all(check.ok for check in viewer.dataset.checks())
    else:
        with pytest.raises(AstrodataError) as caught:
            adk.FitsViewer(path)
        one_sentence(caught.value, path.name)
    assert path.read_bytes() == before


@pytest.mark.parametrize("value", [0.0, 5.0, -1e30, 1e300, np.nan, np.inf])
def test_an_image_of_one_value_is_shown(tmp_path: Path, value: float) -> None:
    path = tmp_path / "constant.fits"
    fits.writeto(path, np.full((30, 40), value))
    with np.errstate(over="ignore"):
        expected = np.full((30, 40), value).astype("f4")
    np.testing.assert_array_equal(shown(adk.FitsViewer(path)), expected)


def test_an_image_that_is_blank_everywhere_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "blank.fits"
    fits.writeto(path, np.full((30, 40), -9, "i2"))
    fits.setval(path, "BLANK", value=-9)
    assert np.isnan(shown(adk.FitsViewer(path))).all()


@pytest.mark.parametrize("shape", [(1, 1), (1, 1_000_000), (1_000_000, 1), (1, 1, 1, 1)])
def test_images_of_odd_shapes_are_shown_and_averaged(
    tmp_path: Path, shape: tuple[int, ...]
) -> None:
    path = tmp_path / "odd.fits"
    values = np.arange(np.prod(shape), dtype="f4").reshape(shape)
    fits.writeto(path, values)
    viewer = adk.FitsViewer(path)
    expected = values.reshape(shape[-2:])[:512, :512]
    np.testing.assert_array_equal(shown(viewer), expected)
    assert viewer.prepare()["state"] in ("whole", "done")
    assert shown(viewer).shape == expected.shape


@pytest.mark.parametrize(
    ("card", "said"),
    [
        ("NAXIS1  =           4000000000", "truncated"),
        ("NAXIS2  =                  700", "truncated"),
        ("NAXIS2  =                   -3", "not a size"),
        ("NAXIS2  =                  1.5", "not a size"),
        ("NAXIS2  = 'three   '", "not a size"),
        ("NAXIS   =                    3", "NAXIS3"),
        ("NAXIS1  =  9223372036854775807", "truncated"),
        ("BITPIX  =                   12", "BITPIX"),
    ],
)
def test_axis_lengths_that_lie_are_told(tmp_path: Path, card: str, said: str) -> None:
    cards = [card if old[:8] == card[:8] else old for old in IMAGE]
    path = fits_file(tmp_path / "lies.fits", cards, VALUES.tobytes())
    with pytest.raises(AstrodataError) as caught:
        adk.FitsViewer(path)
    one_sentence(caught.value, "lies.fits", "HDU 0", said)


def test_a_shorter_axis_than_the_data_is_told_as_a_note(tmp_path: Path) -> None:
    path = fits_file(tmp_path / "more.fits", IMAGE, VALUES.tobytes() + bytes(9000))
    viewer = adk.FitsViewer(path)
    np.testing.assert_array_equal(shown(viewer), VALUES)
    assert any("after the last HDU" in note for note in viewer.request("describe").meta["warnings"])


def test_an_axis_of_length_zero_shows_no_image(tmp_path: Path) -> None:
    cards = [
        *IMAGE[:2],
        "NAXIS   =                    3",
        *IMAGE[3:],
        "NAXIS3  =                    0",
    ]
    path = fits_file(tmp_path / "nothing.fits", cards)
    with pytest.raises(UnsupportedFormat) as caught:
        adk.FitsViewer(path)
    one_sentence(caught.value, "nothing.fits", "HDU 0", "no data")


SKY = [
    "CTYPE1  = 'RA---TAN-SIP'",
    "CTYPE2  = 'DEC--TAN-SIP'",
    "CRVAL1  =                 10.0",
    "CRVAL2  =                 20.0",
    "CRPIX1  =                  2.0",
    "CRPIX2  =                  2.0",
    "CDELT1  =               -0.001",
    "CDELT2  =                0.001",
]


@pytest.mark.parametrize(
    "cards",
    [
        # Distortions that grow so fast that nothing finds the pixel of a place.
        [*SKY, "A_ORDER = 2", "B_ORDER = 2", "A_2_0   = 1E8", "B_0_2   = -1E8", "A_1_1   = 1E9"],
        [*SKY, "A_ORDER = 2", "B_ORDER = 2", "A_2_0   = 0.4", "B_0_2   = 0.4"],
        [*SKY, "A_ORDER = 99", "B_ORDER = 99"],
        [*SKY[:2], "CD1_1   = 0.0", "CD1_2   = 0.0", "CD2_1   = 0.0", "CD2_2   = 0.0"],
        [*SKY[:2], "CRVAL2  = 1E300", "CRPIX1  = -1E300"],
        ["CTYPE1  = 'RA---XYZ'", "CTYPE2  = 'DEC--XYZ'"],
        ["CTYPE1  = 'RA---TAN'", "CTYPE2  = 'GLAT-TAN'"],
        ["WCSAXES = 4000000"],
    ],
)
def test_a_sky_that_makes_no_sense_leaves_the_pixels(tmp_path: Path, cards: list[str]) -> None:
    path = fits_file(tmp_path / "sky.fits", [*IMAGE, *cards], VALUES.tobytes())
    viewer = adk.FitsViewer(path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_array_equal(shown(viewer), VALUES)
        for system in ("icrs", "galactic", "ecliptic"):
            viewer.request("probe", x=3, y=2, system=system)
            viewer.request("graticule", box=[-5, -5, 9, 9], system=system)


def test_headers_that_inherit_from_each_other_are_read(tmp_path: Path) -> None:
    path = tmp_path / "inherit.fits"
    image = fits.ImageHDU(VALUES, fits.Header({"INHERIT": True}), "A")
    other = fits.ImageHDU(VALUES + 1, fits.Header({"INHERIT": True, "EXTNAME": "A"}), "A", ver=1)
    primary = fits.PrimaryHDU(header=fits.Header({"INHERIT": True, "BUNIT": "Jy"}))
    fits.HDUList([primary, image, other]).writeto(path, output_verify="ignore")
    viewer = adk.FitsViewer(path)
    np.testing.assert_array_equal(shown(viewer), VALUES)
    viewer.hdu = 2
    np.testing.assert_array_equal(shown(viewer), VALUES + 1)


def test_duplicated_keywords_and_cards_that_are_no_text_are_read(tmp_path: Path) -> None:
    cards = [
        *IMAGE,
        "OBJECT  = 'first   '",
        "OBJECT  = 'second  '",
        "BUNIT   = 'Jy      '",
        "BUNIT   = 'K       '",
        "CRVAL1  = 1.0",
        "CRVAL1  = 2.0",
        "NO EQUAL SIGN HERE",
        "lower   = 'keyword '",
        "BADSTR  = 'without an end",
    ]
    path = fits_file(tmp_path / "odd.fits", cards, VALUES.tobytes())
    content = path.read_bytes()
    path.write_bytes(content.replace(b"second  ", "sécond\x01\x1b".encode("latin-1")))
    viewer = adk.FitsViewer(path)
    np.testing.assert_array_equal(shown(viewer), VALUES)
    header = viewer.dataset.meta["header"]
    assert next(value for key, value, _ in header if key == "OBJECT") == "first"
    assert all(text.isprintable() for card in header for text in map(str, card))


@pytest.fixture
def large(tmp_path: Path) -> Path:
    path = tmp_path / "open.fits"
    first = np.random.default_rng(0).normal(size=(900, 1100)).astype("f4")
    fits.HDUList([fits.PrimaryHDU(first), fits.ImageHDU(first + 1)]).writeto(path)
    return path


def shrink(path: Path) -> None:
    os.truncate(path, 100_000)


def empty(path: Path) -> None:
    os.truncate(path, 0)


def write_over(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(9000)
        file.write(b"other pixels")
    os.utime(path, (1, 1))


def append(path: Path) -> None:
    with path.open("ab") as file:
        file.write(bytes(2880))


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (shrink, DamagedFile),
        (empty, DamagedFile),
        (write_over, DataCheckFailed),
        (append, DataCheckFailed),
    ],
)
@pytest.mark.parametrize("compressed", [False, True])
def test_a_file_that_is_written_to_while_it_is_open_is_told(
    large: Path, change: Callable[[Path], None], error: type[AstrodataError], compressed: bool
) -> None:
    if compressed:
        values = fits.getdata(large)
        image = fits.CompImageHDU(values, tile_shape=(1, 1100))
        other = fits.CompImageHDU(values, tile_shape=(1, 1100))
        fits.HDUList([fits.PrimaryHDU(), image, other]).writeto(large, overwrite=True)
    viewer = adk.FitsViewer(large)
    viewer.request("describe")
    change(large)
    for _ in range(2):
        with pytest.raises(error) as caught:
            viewer.request("tile", level=0, x=1, y=1)
        one_sentence(caught.value, "open.fits", "again")
    viewer.request("describe")
    with pytest.raises(AstrodataError):
        viewer.request("tile", level=0, x=1, y=1, hdu=viewer.hdu + 1)


@pytest.mark.parametrize("way", ["deleted", "replaced"])
def test_a_file_whose_name_is_taken_away_is_shown_as_it_was(
    large: Path, tmp_path: Path, way: str
) -> None:
    expected = fits.getdata(large), fits.getdata(large, 1)
    viewer = adk.FitsViewer(large)
    if way == "deleted":
        large.unlink()
    else:
        fits.writeto(tmp_path / "other.fits", np.zeros((4, 4)))
        (tmp_path / "other.fits").replace(large)
    np.testing.assert_array_equal(shown(viewer), expected[0][:512, :512])
    viewer.hdu = 1
    np.testing.assert_array_equal(shown(viewer), expected[1][:512, :512])
    if way == "deleted":
        with pytest.raises(FileNotFoundError, match=r"open\.fits does not exist"):
            adk.FitsViewer(large)
    else:
        assert adk.FitsViewer(large).dataset.shape == (4, 4)
