import threading
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import astrodata_kernel as adk
import numpy as np
import pytest
from astrodata_kernel.errors import AstrodataError, TooLarge, UnreadableFile, UnsupportedFormat
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
    yield f"http://127.0.0.1:{server.server_port}"
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
    "url", ["file:///etc/passwd", "s3://bucket/m13.fits", "gopher://x/y", "javascript://x/y"]
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
