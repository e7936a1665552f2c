"""Whatever is opened gives a data set or one clear sentence: nothing crashes, hangs or changes a file."""

import os
import subprocess
import sys
import threading
import warnings
from pathlib import Path

import astrodata_kernel as adk
import numpy as np
import pytest
from astrodata_kernel.errors import (
    AstrodataError,
    DamagedFile,
    TooLarge,
    UnreadableFile,
    UnsupportedFormat,
)
from astrodata_kernel.readers.caps import caps
from astrodata_kernel.testing import bits_flipped, fits_file
from astropy.io import fits

DATA = Path(__file__).parent.parent / "data"
IMAGE = [
    "SIMPLE  =                    T",
    "BITPIX  =                    8",
    "NAXIS   =                    2",
    "NAXIS1  =                    4",
    "NAXIS2  =                    3",
]


def said(error: AstrodataError, name: str) -> None:
    """Hold an error to one sentence that names the file."""
    text = str(error)
    if name not in text or "\n" in text:
        raise AssertionError(f"{text!r} is no clear sentence about {name}")


def with_card(card: str, cards: list[str] = IMAGE) -> list[str]:
    """Give cards of which the one of the same keyword is another one."""
    keyword = card[:8].strip()
    kept = [card if old[:8].strip() == keyword else old for old in cards]
    return kept if card in kept else [*kept, card]


@pytest.mark.parametrize(
    ("name", "error", "said"),
    [
        ("derived_m13_truncated.fits", DamagedFile, r"HDU 0: truncated.*180,000 bytes.*82,880"),
        ("not_fits_idcompspec.fits", UnsupportedFormat, r"text that begins with '# Thu 16:08"),
        ("group_invalid.fits", UnsupportedFormat, r"none of its 1 HDUs holds data"),
        ("verify.fits", UnsupportedFormat, r"HDU 0: no data"),
    ],
)
def test_each_broken_file_gets_its_sentence(
    name: str, error: type[AstrodataError], said: str
) -> None:
    path = DATA / "broken" / name
    before = path.read_bytes(), path.stat().st_mtime_ns
    with pytest.raises(error, match=rf"{name}.*{said}") as caught:
        adk.open(path)
    assert "\n" not in str(caught.value)
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before


def test_an_axis_of_777_million_pixels_without_data_does_not_hide_the_tables() -> None:
    dataset = adk.open(DATA / "broken" / "zerowidth.fits")
    assert dataset.kind == "table"
    assert dataset.parts[0].note == "no data"
    for part in dataset.parts[1:]:
        rows = dataset.hdu(part.index).table[:3]
        with fits.open(DATA / "broken" / "zerowidth.fits") as hdus:
            assert rows.colnames == hdus[part.index].columns.names
            assert len(rows) == min(3, len(hdus[part.index].data))


def test_a_wrong_checksum_opens_and_fails_its_check() -> None:
    dataset = adk.open(DATA / "broken" / "checksum_false.fits")
    assert dataset.array[:2, :2].shape == (2, 2)
    failed = [check for check in dataset.checks() if not check.ok]
    assert failed
    assert all("checksum_false.fits, HDU" in check.message for check in failed)


def test_a_right_checksum_passes_its_check(tmp_path: Path) -> None:
    path = tmp_path / "good.fits"
    table = fits.BinTableHDU.from_columns([fits.Column("x", "E", array=np.arange(9.0))])
    fits.HDUList([fits.PrimaryHDU(np.eye(5)), table]).writeto(path, checksum=True)
    checks = adk.open(path).checks()
    assert len(checks) == 4
    assert all(check.ok for check in checks)
    content = bytearray(path.read_bytes())
    content[-2880] ^= 1
    path.write_bytes(content)
    assert [check.ok for check in adk.open(path).checks()] == [True, True, False, False]


def test_an_empty_file_a_folder_and_a_missing_path_are_unreadable(tmp_path: Path) -> None:
    (tmp_path / "empty.fits").touch()
    (tmp_path / "folder.fits").mkdir()
    for name, said in (
        ("empty.fits", "is empty"),
        ("folder.fits", "is a folder"),
        ("missing.fits", "does not exist"),
    ):
        with pytest.raises(UnreadableFile, match=rf"{name} {said}"):
            adk.open(tmp_path / name)
        with pytest.raises(FileNotFoundError):
            adk.open(str(tmp_path / name))


def test_a_ring_of_links_a_dangling_one_and_a_pipe_are_unreadable(tmp_path: Path) -> None:
    (tmp_path / "ring").symlink_to(tmp_path / "ring")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    (tmp_path / "loop").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    for name in ("ring", "dangling", "loop", "loop/loop", "pipe", "ring/m13.fits"):
        with pytest.raises(UnreadableFile, match=name):
            adk.open(tmp_path / name)


@pytest.mark.parametrize("path", ["", "\0", "a\0b.fits", "x" * 5000, "/dev/null", "/proc/self/mem"])
def test_what_is_no_path_of_a_file_is_unreadable(path: str) -> None:
    with pytest.raises(AstrodataError):
        adk.open(path)


def test_a_file_without_permission_is_unreadable(tmp_path: Path) -> None:
    path = tmp_path / "secret.fits"
    path.write_bytes((DATA / "compressed" / "m13.fits").read_bytes())
    path.chmod(0)
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(folder.stat().st_mode | 0o055)  # for root, who has to become somebody else
    code = (
        "import os, sys; import astrodata_kernel as adk; import astrodata_kernel.readers.fits\n"
        "adk.open(sys.argv[2])\n"
        "if os.geteuid() == 0: os.setuid(65534)\n"
        "try: adk.open(sys.argv[1])\n"
        "except adk.errors.UnreadableFile as error: print(error)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, path, DATA / "compressed" / "m13.fits"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "secret.fits" in run.stdout
    assert "Permission denied" in run.stdout


@pytest.mark.parametrize(
    "name", ["<b>bold</b>.fits", "it's.fits", 'say "hi".fits', "a b  c.fits", "ä☄.fits"]
)
def test_a_file_may_have_any_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / name.replace("/", "∕")
    path.write_bytes((DATA / "compressed" / "m13.fits").read_bytes())
    dataset = adk.open(path)
    assert dataset.name == path.name
    assert "<b>bold" not in dataset._repr_html_()
    path.write_bytes(path.read_bytes()[:50_000])
    with pytest.raises(DamagedFile) as caught:
        adk.open(path)
    assert path.name in str(caught.value)


def test_markup_in_a_header_is_never_markup_in_the_notebook(tmp_path: Path) -> None:
    cards = [*IMAGE, "BUNIT   = '<img src=x onerror=alert(1)>'", "OBJECT  = '<script>x</script>'"]
    dataset = adk.open(fits_file(tmp_path / "markup.fits", cards, bytes(12)))
    shown = dataset._repr_html_()
    assert "<img" not in shown
    assert "&lt;img" in shown
    assert ("OBJECT", "<script>x</script>", "") in [tuple(card) for card in dataset.meta["header"]]


@pytest.mark.parametrize(
    "card",
    [
        "BITPIX  =                    7",
        "BITPIX  = 'sixteen'",
        "BITPIX",
        "NAXIS   =                   -1",
        "NAXIS   =                 9999",
        "NAXIS1  =                   -4",
        "NAXIS1  =                  4.5",
        "NAXIS1  = 'four'",
        "NAXIS1  =            777777701",
        "NAXIS1  = 99999999999999999999999999999999999999999999999999999999999999999999",
        "NAXIS2  =",
    ],
)
def test_a_header_that_cannot_be_is_refused(tmp_path: Path, card: str) -> None:
    path = fits_file(tmp_path / "wrong.fits", with_card(card), bytes(12))
    with pytest.raises(AstrodataError, match=r"wrong\.fits"):
        adk.open(path)


@pytest.mark.parametrize(
    "card",
    [
        "BSCALE  = 'two'",
        "BSCALE  =               1.E999",
        "BZERO   = NaN",
        "BLANK   = 'none'",
        "BLANK   =                  2.5",
        "BLANK   = 99999999999999999999999",
        "BUNIT   =                    5",
        "BUNIT   = 'unbalanced",
        "EXTVER  = 'x'",
        "CTYPE1  =                    1",
        "CTYPE1  = 'RA---XYZ'",
        "CTYPE1  = 'RA---TAN-SIP'",
        "CDELT1  =                  0.0",
        "WCSAXES =           2000000000",
        "WCSAXES =                   -1",
        "CUNIT1  = 'bananas'",
        "DATE-OBS= 'yesterday'",
        "CONTINUE  'alone&'",
        "HIERARCH ESO",
        "HIERARCH = = =",
        "lower   =                    1",
        "        =                    1",
        "ÿþýü = 1",
        "A\tB     = '\x01\x02'",
        "GROUPS  =                    T",
        "PCOUNT  =                   -1",
        "XTENSION= 'TABLE'",
        "ZIMAGE  =                    T",
    ],
)
def test_nonsense_beside_the_structure_is_no_harm(tmp_path: Path, card: str) -> None:
    cards = [*IMAGE, "CTYPE1  = 'RA---TAN'", "CTYPE2  = 'DEC--TAN'"]
    path = fits_file(tmp_path / "odd.fits", with_card(card, cards), bytes(range(12)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            dataset = adk.open(path)
        except AstrodataError as error:
            said(error, "odd.fits")
            return
        assert dataset.array[...].shape == (3, 4)
        assert dataset.meta["header"]
        assert dataset.checks() is not None
        _ = dataset.wcs
        assert dataset._repr_html_()
        assert all(isinstance(text, str) for text in dataset.meta["warnings"])


def test_the_warnings_of_astropy_become_notes(tmp_path: Path) -> None:
    path = fits_file(tmp_path / "odd.fits", [*IMAGE, "BAD KEY!= 5"], bytes(12))
    with warnings.catch_warnings(record=True) as leaked:
        warnings.simplefilter("always")
        dataset = adk.open(path)
        _ = dataset.wcs, dataset.array[...], dataset.checks()
    assert leaked == []


def test_a_header_that_never_ends_is_refused_early(tmp_path: Path) -> None:
    path = tmp_path / "endless.fits"
    path.write_bytes("".join(card.ljust(80) for card in IMAGE).encode() + b" " * (1 << 20))
    with pytest.raises(DamagedFile, match=r"endless\.fits, HDU 0: its header has no END card"):
        adk.open(path)


def test_a_header_beyond_the_cap_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caps, "header_blocks", 10)
    cards = [*IMAGE, *["COMMENT x"] * 5000]
    with pytest.raises(TooLarge, match="longer than 10 blocks"):
        adk.open(fits_file(tmp_path / "long.fits", cards, bytes(12)))


def test_more_hdus_than_the_cap_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caps, "hdus", 5)
    path = tmp_path / "many.fits"
    fits.HDUList([fits.PrimaryHDU(), *[fits.ImageHDU(np.eye(2)) for _ in range(9)]]).writeto(path)
    with pytest.raises(TooLarge, match=r"many\.fits has more than 5 HDUs"):
        adk.open(path)


def test_a_cut_last_part_is_noted_and_the_others_open(tmp_path: Path) -> None:
    path = tmp_path / "two.fits"
    fits.HDUList([fits.PrimaryHDU(np.eye(3)), fits.ImageHDU(np.zeros((99, 99)))]).writeto(path)
    path.write_bytes(path.read_bytes()[:20_000])
    dataset = adk.open(path)
    np.testing.assert_array_equal(dataset.array[...], np.eye(3))
    assert "truncated" in dataset.parts[1].note
    with pytest.raises(
        DamagedFile, match=r"two\.fits, HDU 1: truncated.*[Cc]opy or download it again"
    ):
        dataset.hdu(1)


def test_a_header_with_lookup_table_distortions_still_has_its_sky(tmp_path: Path) -> None:
    cards = [
        *IMAGE,
        "CTYPE1  = 'RA---TAN'",
        "CTYPE2  = 'DEC--TAN'",
        "CPDIS1  = 'LOOKUP'",
        "DP1     = 'EXTVER: 1'",
        "D2IMDIS1= 'LOOKUP'",
    ]
    assert adk.open(fits_file(tmp_path / "hst.fits", cards, bytes(12))).wcs.has_celestial


def test_what_follows_the_last_part_is_left_out_and_said(tmp_path: Path) -> None:
    path = tmp_path / "tail.fits"
    fits.writeto(path, np.eye(3))
    path.write_bytes(path.read_bytes() + b"junk" * 2000)
    dataset = adk.open(path)
    assert len(dataset.parts) == 1
    assert any("8,000 bytes after the last HDU" in text for text in dataset.meta["warnings"])


def test_a_file_that_shrinks_while_it_is_open_is_told_and_ends_nothing(tmp_path: Path) -> None:
    path = tmp_path / "shrinks.fits"
    fits.writeto(path, np.zeros((2000, 2000), "f4"))
    compressed = tmp_path / "shrinks_too.fits"
    fits.CompImageHDU(np.arange(250_000, dtype="i4").reshape(500, 500)).writeto(compressed)
    table = tmp_path / "shrinks_also.fits"
    fits.BinTableHDU.from_columns([fits.Column("x", "D", array=np.zeros(99_999))]).writeto(table)
    array, tiles = adk.open(path).array, adk.open(compressed).array
    rows = adk.open(table).table
    for file in (path, compressed, table):
        os.truncate(file, 12_000)
    for read in (lambda: array[-1], lambda: tiles[-1], lambda: rows[-5:]):
        with pytest.raises(DamagedFile, match=r"shrinks.*fits"):
            read()


COMPRESSED_CARDS = [
    ("ZVAL2", 100_000_000),
    ("ZVAL2", 0),
    ("ZVAL2", -4),
    ("ZVAL1", 0),
    ("ZVAL1", 2**40),
    ("ZTILE1", 0),
    ("ZTILE1", -5),
    ("ZTILE1", 1),
    ("ZTILE1", 2**40),
    ("ZTILE2", 10**9),
    ("ZNAXIS1", 2**31),
    ("ZNAXIS2", 10**15),
    ("ZNAXIS1", 0),
    ("ZNAXIS", 999),
    ("ZNAXIS", -1),
    ("ZBITPIX", 17),
    ("ZCMPTYPE", "ZSTD_99"),
    ("PCOUNT", 2**50),
    ("PCOUNT", 0),
    ("THEAP", 2**50),
    ("THEAP", -1),
    ("TFIELDS", 10**6),
    ("TFIELDS", 0),
    ("TFORM1", "1PB(99999999999999)"),
    ("TFORM1", "9999999PB"),
    ("TFORM1", "1PQ(3)"),
    ("TFORM1", "1J"),
    ("TFORM1", "????"),
    ("TTYPE1", "SOMETHING"),
    ("NAXIS1", 3),
    ("NAXIS1", 2**40),
    ("NAXIS2", 2**33),
    ("ZQUANTIZ", "WHATEVER"),
    ("ZDITHER0", -99999),
    ("ZBLANK", "none"),
]


@pytest.mark.parametrize(("keyword", "value"), COMPRESSED_CARDS)
@pytest.mark.parametrize("codec", ["RICE_1", "GZIP_2", "HCOMPRESS_1", "PLIO_1"])
def test_a_compressed_image_with_an_absurd_header_is_read_or_refused(
    tmp_path: Path, codec: str, keyword: str, value: object
) -> None:
    path = tmp_path / "absurd.fits"
    values = np.arange(64 * 64, dtype="i2").reshape(64, 64)
    fits.CompImageHDU(values, compression_type=codec, tile_shape=(16, 16)).writeto(path)
    with fits.open(path, disable_image_compression=True) as hdus:
        text = hdus[1].header.tostring(padding=False)
        start = hdus[1]._header_offset
    cards = [text[n : n + 80] for n in range(0, len(text), 80)]
    shown = f"'{value}'" if isinstance(value, str) else f"{value:>20}"
    cards = with_card(f"{keyword:<8}= {shown}".ljust(80), cards)
    if cards[-1][:8].strip() == keyword:
        cards = [cards[-1] if card[:3] == "END" else card for card in cards[:-1]]
        cards.append("END".ljust(80))
    content = bytearray(path.read_bytes())
    content[start : start + 80 * len(cards)] = "".join(cards).encode()
    path.write_bytes(content)
    try:
        dataset = adk.open(path)
        if dataset.kind == "table":
            dataset.table[:3]
        else:
            dataset.array[tuple(slice(0, 20) for _ in dataset.shape)]
    except AstrodataError as error:
        said(error, "absurd.fits")


def test_a_gzip_tile_that_is_a_bomb_is_refused(tmp_path: Path) -> None:
    import gzip

    path = tmp_path / "bomb.fits"
    fits.CompImageHDU(
        np.random.default_rng(0).integers(0, 2**31, (600, 600)).astype("i4"),
        compression_type="GZIP_1",
        tile_shape=(600, 600),
    ).writeto(path)
    bomb = gzip.compress(bytes(64 << 20))
    with fits.open(path, disable_image_compression=True) as hdus:
        heap = hdus[1]._data_offset + hdus[1].header["NAXIS1"] * hdus[1].header["NAXIS2"]
    content = bytearray(path.read_bytes())
    content[heap : heap + len(bomb)] = bomb
    path.write_bytes(content)
    with pytest.raises(DamagedFile, match=r"bomb\.fits, HDU 1: a tile does not hold"):
        adk.open(path).array[:5, :5]


def test_rows_that_point_outside_of_the_heap_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "heap.fits"
    column = fits.Column("x", "PJ()", array=np.array([np.arange(3), np.arange(4)], dtype=object))
    fits.BinTableHDU.from_columns([column]).writeto(path)
    with fits.open(path) as hdus:
        data = hdus[1]._data_offset
    sound = path.read_bytes()
    for count, offset in ((2**31 - 1, 0), (3, 2**31 - 1), (-1, 0), (1, -4)):
        content = bytearray(sound)
        content[data : data + 8] = np.array([count, offset], ">i4").tobytes()
        path.write_bytes(content)
        with pytest.raises(DamagedFile, match=r"heap\.fits, HDU 1.*outside of the table's heap"):
            adk.open(path).table[:]


def sample(folder: Path, kind: str) -> Path:
    path = folder / f"{kind}.fits"
    rng = np.random.default_rng(1)
    image = rng.integers(0, 900, (20, 24)).astype("i2")
    header = fits.Header({"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "BUNIT": "adu"})
    if kind == "image":
        fits.writeto(path, image, fits.Header({**header, "BLANK": 3}), checksum=True)
    elif kind == "cube":
        fits.writeto(path, rng.normal(size=(3, 8, 9)).astype("f4"), header)
    elif kind == "table":
        columns = [
            fits.Column("n", "J", array=np.arange(9), null=4),
            fits.Column("s", "5A", array=["x"] * 9),
            fits.Column(
                "v", "PE()", array=np.array([np.ones(n % 3) for n in range(9)], dtype=object)
            ),
        ]
        fits.BinTableHDU.from_columns(columns).writeto(path)
    else:
        fits.CompImageHDU(image, compression_type=kind, tile_shape=(5, 24)).writeto(path)
    return path


@pytest.mark.parametrize(
    "kind", ["image", "cube", "table", "RICE_1", "GZIP_1", "GZIP_2", "HCOMPRESS_1", "PLIO_1"]
)
def test_random_damage_to_headers_gives_a_data_set_or_one_sentence(
    tmp_path: Path, kind: str
) -> None:
    sound = sample(tmp_path, kind)
    content = sound.read_bytes()
    with fits.open(sound, disable_image_compression=True) as hdus:
        headers = slice(0, hdus[-1]._data_offset)
    path = tmp_path / "damaged.fits"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for seed in range(120):
            # Within the headers, and for the last third anywhere.
            within = headers if seed < 80 else slice(None)
            path.write_bytes(bits_flipped(content, seed, 1 + seed % 7, within))
            try:
                dataset = adk.open(path)
                if dataset.kind == "table":
                    dataset.table[:4]
                else:
                    dataset.array[tuple(slice(0, 6) for _ in dataset.shape)]
                dataset.checks()
                _ = dataset.wcs
            except AstrodataError as error:
                said(error, "damaged.fits")


def test_opening_from_many_threads_leaves_the_filters_of_warnings_as_they_were(
    tmp_path: Path,
) -> None:
    path = fits_file(
        tmp_path / "odd.fits", [*IMAGE, "BAD KEY!= 5", "CTYPE1  = 'RA---XYZ'"], bytes(12)
    )
    before, shown = list(warnings.filters), warnings.showwarning

    def work() -> None:
        for _ in range(20):
            _ = adk.open(path).wcs

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert warnings.filters == before
    assert warnings.showwarning is shown


def test_descriptors_are_given_back(tmp_path: Path) -> None:
    paths = [sample(tmp_path, kind) for kind in ("image", "table", "RICE_1")]
    for path in paths:
        adk.open(path)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(20):
        for path in paths:
            dataset = adk.open(path)
            _ = dataset.table[:2] if dataset.kind == "table" else dataset.array[0]
    del dataset
    assert len(list(Path("/proc/self/fd").iterdir())) <= before + 1


def test_an_overview_of_a_large_image_needs_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "large.fits"
    header = fits.Header(
        {"SIMPLE": True, "BITPIX": -32, "NAXIS": 2, "NAXIS1": 20_000, "NAXIS2": 20_000}
    )
    with path.open("wb") as file:
        file.write(header.tostring().encode())
        file.truncate(len(header.tostring()) + -(-(4 * 20_000**2) // 2880) * 2880)
    code = (
        "import resource, sys; import astrodata_kernel as adk; import astropy.io.fits\n"
        "adk.open(sys.argv[2]).array[:]\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "array = adk.open(sys.argv[1]).array\n"
        "assert array[::20, ::20].shape == (1000, 1000)\n"
        "assert array[5000:5512, 7000:7512].shape == (512, 512)\n"
        "assert array[:, 19_999].shape == (20_000,)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, path, DATA / "compressed" / "m13.fits"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(run.stdout) < 50_000  # kibibytes
