import hashlib
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import astrodata_kernel as adk
import numpy as np
import pytest
from astrodata_kernel.errors import (
    AstrodataError,
    Cancelled,
    DataCheckFailed,
    MissingPackage,
    TooLarge,
    UnreadableFile,
    UnsupportedFormat,
)
from astrodata_kernel.readers import cloud, http_ranges, ranges, remote
from astrodata_kernel.readers.addresses import plain, shown
from astrodata_kernel.readers.caps import caps
from astropy.io import fits


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_args: object) -> None:
        pass


class Odd(BaseHTTPRequestHandler):
    """Answers that no sound server gives."""

    def do_GET(self) -> None:
        if self.path == "/short":
            self.send_response(200)
            self.send_header("Content-Length", "100000")
            self.end_headers()
            self.wfile.write(b"SIMPLE  =")
        elif self.path == "/length":
            self.send_response(200)
            self.send_header("Content-Length", "lots")
            self.end_headers()
        elif self.path == "/local":
            self.send_response(302)
            self.send_header("Location", "file:///etc/passwd")
            self.end_headers()
        else:
            self.wfile.write(b"nonsense\r\n\r\n")

    def log_message(self, *_args: object) -> None:
        pass


def serve(handler: object) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def site(data: Path) -> Iterator[str]:
    yield from serve(partial(Quiet, directory=str(data)))


@pytest.fixture
def odd() -> Iterator[str]:
    yield from serve(Odd)


def test_an_address_opens_like_a_file(site: str, data: Path) -> None:
    url = f"{site}/compressed/m13.fits"
    seen: list[float] = []
    dataset = adk.open(url, progress=seen.append)
    expected = fits.getdata(data / "compressed" / "m13.fits")
    np.testing.assert_array_equal(dataset.array[5:9], expected[5:9])
    assert dataset.name == "m13.fits"
    assert dataset.provenance.path == url
    assert dataset.provenance.sha256.startswith("eb3e208e")
    assert seen[-1] == 1


def test_what_is_not_there_is_told_with_the_answer(site: str) -> None:
    with pytest.raises(UnreadableFile, match=r"nowhere\.fits: the server answers 404"):
        adk.open(f"{site}/nowhere.fits")


def test_a_server_that_is_not_there_is_told(site: str) -> None:
    with pytest.raises(UnreadableFile, match="cannot be fetched"):
        adk.open("http://127.0.0.1:9/m13.fits")


def test_a_connection_that_breaks_off_is_told(odd: str) -> None:
    with pytest.raises(UnreadableFile, match="9 of 100,000 bytes"):
        adk.open(f"{odd}/short")


@pytest.mark.parametrize("path", ["/length", "/nonsense", "/local"])
def test_odd_answers_give_one_sentence(odd: str, path: str) -> None:
    with pytest.raises(AstrodataError, match=path):
        adk.open(odd + path)


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "memory://bucket/m13.fits", "gopher://x/y", "javascript://x/y"]
)
def test_other_schemes_are_refused(url: str) -> None:
    with pytest.raises(UnsupportedFormat, match="copy the file here first"):
        adk.open(url)


@pytest.mark.parametrize("url", ["http://", "http://[", "http://a b/c", "http://127.0.0.1:x/y"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(AstrodataError):
        adk.open(url)


def test_more_than_is_allowed_is_not_fetched(site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caps, "expanded_bytes", 1000)
    with pytest.raises(TooLarge, match="larger than 1,000 bytes"):
        adk.open(f"{site}/scaled/blank.fits")


class Site:
    """A server of one file by ranges, which counts what it sends, and can be told to behave otherwise."""

    def __init__(self, path: Path) -> None:
        self.path, self.size = path, path.stat().st_size
        self.tag, self.several, self.ranges = '"first"', True, True
        self.sent = self.asked = 0
        self.most = 0
        self.codes: list[int] = []
        self.cut: list[int] = []
        self.users: list[str | None] = []
        self.lock = threading.Lock()

    def answer(self, to: BaseHTTPRequestHandler) -> None:
        with self.lock:
            self.asked += 1
            self.users.append(to.headers.get("Authorization"))
            code = self.codes.pop(0) if self.codes else 0
            cut = self.cut.pop(0) if self.cut else 0
        if code:
            to.send_response(code)
            to.send_header("Content-Length", "0")
            to.end_headers()
            return
        wanted = re.findall(r"(\d+)-(\d+)", to.headers.get("Range", ""))
        self.most = max(self.most, len(wanted))
        places = [(int(a), min(int(b), self.size - 1)) for a, b in wanted]
        if not self.ranges or not places or (len(places) > 1 and not self.several):
            to.send_response(200)
            to.send_header("Content-Length", str(self.size))
            to.send_header("ETag", self.tag)
            to.end_headers()
            self.send(to, self.read(0, self.size - 1) if len(places) < 2 else b"")
            return
        to.send_response(206)
        to.send_header("ETag", self.tag)
        if len(places) == 1:
            body = self.read(*places[0])
            to.send_header("Content-Range", f"bytes {places[0][0]}-{places[0][1]}/{self.size}")
        else:
            to.send_header("Content-Type", "multipart/byteranges; boundary=a1--b2")
            pieces = [
                f"\r\n--a1--b2\r\nContent-Type: application/fits\r\nContent-Range: bytes {a}-{b}/"
                f"{self.size}\r\n\r\n".encode()
                + self.read(a, b)
                for a, b in places
            ]
            body = b"".join([*pieces, b"\r\n--a1--b2--\r\n"])
        to.send_header("Content-Length", str(len(body)))
        to.end_headers()
        self.send(to, body[: len(body) - cut])

    def read(self, first: int, last: int) -> bytes:
        with self.path.open("rb") as file:
            file.seek(first)
            return file.read(last + 1 - first)

    def send(self, to: BaseHTTPRequestHandler, body: bytes) -> None:
        to.wfile.write(body)
        with self.lock:
            self.sent += len(body)


def served(path: Path) -> Iterator[tuple[Site, str]]:
    site = Site(path)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.answer(self)

        def log_message(self, *_args: object) -> None:
            pass

    with contextmanager(serve)(Handler) as address:
        yield site, f"{address}/sky.fits"


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_ranges, "PAUSES", (0.0, 0.0))


@pytest.fixture(scope="module")
def sky(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a sparse image of 400 MB in which each 100th row holds its number."""
    path = tmp_path_factory.mktemp("sky") / "sky.fits"
    header = fits.Header(
        {"SIMPLE": True, "BITPIX": -32, "NAXIS": 2, "NAXIS1": 10_000, "NAXIS2": 10_000}
    )
    head = header.tostring().encode()
    with path.open("wb") as file:
        file.write(head)
        for row in range(0, 10_000, 100):
            file.seek(len(head) + row * 40_000)
            file.write(np.full(10_000, row, ">f4").tobytes())
        file.truncate(len(head) + -(-400_000_000 // 2880) * 2880)
    return path


@pytest.fixture
def large(sky: Path, at_once: None) -> Iterator[tuple[Site, str]]:
    yield from served(sky)


@pytest.fixture
def small(
    tmp_path: Path, at_once: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Site, str]]:
    monkeypatch.setattr(remote, "WHOLE_BYTES", 0)
    path = tmp_path / "sky.fits"
    values = np.random.default_rng(0).normal(size=(600, 700)).astype("f4")
    extra = fits.ImageHDU(np.arange(200_000, dtype="i4").reshape(400, 500), name="EXTRA")
    fits.HDUList([fits.PrimaryHDU(values), extra]).writeto(path, checksum=True)
    yield from served(path)


def test_an_overview_and_a_tile_of_400_megabytes_take_a_few(large: tuple[Site, str]) -> None:
    site, url = large
    viewer = adk.FitsViewer(url)
    assert site.sent < 100_000
    overview = viewer.request("overview", width=1024)
    assert overview.meta["reduction"] == "strided"
    assert site.sent < 7_000_000
    tile = viewer.request("tile", level=0, x=7, y=9)
    assert site.sent < 12_000_000
    assert site.asked < 40
    rows = tile.array()[0][:, 0]
    expected = [row if row % 100 == 0 else 0 for row in range(9 * 512, 10 * 512)]
    np.testing.assert_array_equal(rows, expected)


def test_what_was_fetched_is_not_fetched_again(large: tuple[Site, str]) -> None:
    site, url = large
    viewer, other = adk.FitsViewer(url), adk.FitsViewer(url)
    viewer.request("overview", width=1024)
    sent = site.sent
    assert viewer.request("limits").meta["sampled"] is True
    other.request("overview", width=1024)
    viewer.request("overview", width=1024)
    assert site.sent == sent


def test_it_is_told_that_few_rows_stand_for_all_and_all_are_read_only_when_asked(
    large: tuple[Site, str],
) -> None:
    site, url = large
    viewer = adk.FitsViewer(url)
    viewer.request("overview", width=1024)
    viewer.request("tile", level=5, x=0, y=0)
    told = viewer.preparing
    assert (told["state"], told["bytes"]) == ("offered", 400_000_000)
    assert told["rows"] >= 100
    assert site.sent < 14_000_000


def test_a_server_that_gives_one_range_at_a_time_is_asked_for_more_of_them(
    large: tuple[Site, str],
) -> None:
    site, url = large
    site.several = False
    viewer = adk.FitsViewer(url)
    tile = viewer.request("tile", level=0, x=7, y=9).array()[0]
    np.testing.assert_array_equal(np.flatnonzero(tile[:, 0]) + 9 * 512, np.arange(4700, 5120, 100))
    assert site.sent < 25_000_000
    before = site.asked
    viewer.request("tile", level=0, x=8, y=9)
    assert site.asked - before < 3


def test_pages_are_given_up_when_there_are_too_many(
    large: tuple[Site, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, url = large
    monkeypatch.setattr(ranges, "CACHE_BYTES", 1 << 20)
    dataset = adk.open(url)
    for row in range(0, 1000, 100):
        np.testing.assert_array_equal(dataset.array[row, :3], [row] * 3)
    np.testing.assert_array_equal(dataset.array[:2000:100, 0], np.arange(0, 2000, 100))
    pages = dataset.array._file._pages
    assert len(pages._kept) * ranges.PAGE <= 1 << 20


def test_all_of_a_file_by_ranges_is_what_is_in_it(small: tuple[Site, str]) -> None:
    site, url = small
    dataset = adk.open(url)
    with fits.open(site.path) as hdus:
        np.testing.assert_array_equal(dataset.array[...], hdus[0].data)
        np.testing.assert_array_equal(
            dataset.array[5:500:7, 3:600:11], hdus[0].data[5:500:7, 3:600:11]
        )
        np.testing.assert_array_equal(dataset.hdu("EXTRA").array[::3, 9], hdus[1].data[::3, 9])
    assert all(check.ok for check in dataset.checks())
    assert dataset.provenance.sha256 == hashlib.sha256(site.path.read_bytes()).hexdigest()
    assert (dataset.name, dataset.provenance.size) == ("sky.fits", site.size)


def test_a_compressed_image_and_a_table_are_read_by_ranges(
    tmp_path: Path, at_once: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "WHOLE_BYTES", 0)
    path = tmp_path / "both.fits"
    values = np.random.default_rng(0).integers(0, 9999, (3000, 1000)).astype("i4")
    table = fits.BinTableHDU.from_columns([fits.Column("n", "J", array=np.arange(90_000))])
    image = fits.CompImageHDU(values, compression_type="RICE_1", tile_shape=(1, 1000))
    fits.HDUList([fits.PrimaryHDU(), image, table]).writeto(path)
    with contextmanager(served)(path) as (site, url):
        dataset = adk.open(url)
        np.testing.assert_array_equal(dataset.array[100:140, 5:900], values[100:140, 5:900])
        assert site.sent < site.size / 3
        np.testing.assert_array_equal(
            dataset.hdu(2).table[70_000:70_003]["n"], [70_000, 70_001, 70_002]
        )
        assert site.sent < site.size / 2


def test_a_server_without_ranges_gives_a_copy_with_progress(small: tuple[Site, str]) -> None:
    site, url = small
    site.ranges = False
    seen: list[float] = []
    dataset = adk.open(url, progress=seen.append)
    np.testing.assert_array_equal(dataset.array[...], fits.getdata(site.path))
    assert seen[-1] == 1
    assert (dataset.array.far, dataset.provenance.path) == (False, url)


def test_a_cancelled_copy_leaves_nothing_and_can_be_made_later(small: tuple[Site, str]) -> None:
    site, url = small
    site.ranges = False
    from astrodata_kernel.readers.scratch import folder

    before = set(folder().rglob("*"))

    def cancel(_share: float) -> None:
        raise Cancelled("enough")

    with pytest.raises(Cancelled):
        adk.open(url, progress=cancel)
    assert set(folder().rglob("*")) == before
    assert adk.open(url).shape == (600, 700)


@pytest.mark.parametrize("several", [True, False])
def test_a_file_that_changed_meanwhile_is_told(small: tuple[Site, str], several: bool) -> None:
    site, url = small
    site.several = several
    viewer = adk.FitsViewer(url)
    viewer.request("probe", x=3, y=3)
    site.tag = '"second"'
    with pytest.raises(DataCheckFailed, match=r"sky\.fits is another file than when it was opened"):
        viewer.request("tile", level=0, x=1, y=1)
    assert viewer.request("probe", x=3, y=3).meta["value"] is not None
    assert adk.open(url).array[599, 699] == fits.getdata(site.path)[599, 699]


def test_passing_troubles_are_tried_again(small: tuple[Site, str]) -> None:
    site, url = small
    site.codes = [503, 429]
    dataset = adk.open(url)
    site.codes, site.cut = [500], [0, 100]
    np.testing.assert_array_equal(dataset.array[300:310], fits.getdata(site.path)[300:310])


def test_lasting_troubles_are_one_sentence_and_the_viewer_lives_on(small: tuple[Site, str]) -> None:
    site, url = small
    viewer = adk.FitsViewer(url)
    viewer.request("probe", x=3, y=3)
    for code, why in ((404, "nothing at this address"), (403, "does not let you"), (500, "500")):
        site.codes = [code] * 40
        with pytest.raises(UnreadableFile, match=rf"sky\.fits: the server answers.*{why}"):
            viewer.request("tile", level=0, x=1, y=1)
        site.codes = []
    assert viewer.request("probe", x=3, y=3).meta["value"] is not None
    assert viewer.request("tile", level=0, x=1, y=1).meta["shape"] == [1, 88, 188]


def test_user_and_password_go_to_the_server_and_nowhere_else(small: tuple[Site, str]) -> None:
    site, url = small
    secret = (
        url.replace("://", "://annqx:s%40cretqx@") + "?obs=5&X-Amz-Signature=abc123&token=xyzqx"
    )
    viewer = adk.FitsViewer(secret)
    assert site.users[0] == "Basic YW5ucXg6c0BjcmV0cXg="
    said = repr(viewer.state()) + viewer.code() + repr(viewer.dataset) + repr(viewer.get_state())
    site.codes = [403] * 9
    with pytest.raises(UnreadableFile) as caught:
        viewer.request("tile", level=0, x=1, y=1)
    said += str(caught.value)
    with pytest.raises(UnreadableFile) as caught:
        adk.open(secret.replace("sky.fits", "none.fits"))
    said += str(caught.value)
    for word in ("annqx", "cretqx", "abc123", "xyzqx", "YW5ucXg"):
        assert word not in said
    assert "obs=5" in said


def test_a_redirection_elsewhere_does_not_take_the_password_along(small: tuple[Site, str]) -> None:
    site, url = small

    class Elsewhere(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(302)
            self.send_header("Location", url)
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            pass

    with contextmanager(serve)(Elsewhere) as address:
        assert adk.open(address.replace("://", "://ann:secret@") + "/x.fits").shape == (600, 700)
    assert set(site.users) == {None}


def test_a_store_whose_package_is_missing_says_which_one() -> None:
    with pytest.raises(MissingPackage, match=r"pip install adlfs"):
        adk.open("az://bucket/m13.fits")


def test_a_store_is_read_by_ranges_through_fsspec(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fsspec = pytest.importorskip("fsspec")
    monkeypatch.setitem(cloud.STORES, "memory", "fsspec")
    monkeypatch.setattr(remote, "WHOLE_BYTES", 0)
    values = np.random.default_rng(0).normal(size=(600, 700)).astype("f4")
    fits.writeto(tmp_path / "sky.fits", values)
    store = fsspec.filesystem("memory")
    store.pipe("/bucket/sky.fits", (tmp_path / "sky.fits").read_bytes())
    dataset = adk.open("memory://bucket/sky.fits")
    np.testing.assert_array_equal(dataset.array[5:500:7, 3:600:11], values[5:500:7, 3:600:11])
    assert dataset.array.far
    store.pipe("/bucket/sky.fits", b"short")
    with pytest.raises(DataCheckFailed, match="another file"):
        dataset.array[599]
    with pytest.raises(UnreadableFile, match="nothing at this address"):
        adk.open("memory://bucket/none.fits")
    store.pipe("/bucket/table.csv", b"a,b\n1,2\n")
    assert adk.open("memory://bucket/table.csv").kind == "table"


def test_addresses_are_shown_without_what_lets_one_in() -> None:
    assert shown("https://u:p@host:8/a?x=1&sig=q#part") == "https://host:8/a?x=1&sig=..."
    assert plain("https://u:p@host:8/a b?x=1")[0] == "https://host:8/a%20b?x=1"


def test_a_cutout_of_a_file_elsewhere_takes_its_pixels_only(large: tuple[Site, str]) -> None:
    site, url = large
    viewer = adk.FitsViewer(url)
    made = viewer.cutout(box=[100, 100, 163, 163])
    assert made.data.shape == (64, 64)
    assert "SHA-256" not in str(made.header["HISTORY"])
    assert site.sent < 2_000_000
