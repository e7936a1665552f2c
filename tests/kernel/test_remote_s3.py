"""Files in a bucket: the real client of S3 against a server on this machine that speaks its protocol."""

import hashlib
import re
import threading
from collections.abc import Iterator
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import astrodata_kernel as adk
import numpy as np
import pytest
from astrodata_kernel.errors import UnreadableFile
from astropy.io import fits

SIDE = 2000


class Bucket(BaseHTTPRequestHandler):
    """HeadObject, GetObject with ranges, and an empty listing of all else."""

    protocol_version = "HTTP/1.1"
    objects: ClassVar[dict[str, bytes]]
    sent: ClassVar[list[int]]

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, body: bool) -> None:
        path = self.path.partition("?")[0]
        found = self.objects.get(path)
        if found is None:
            listing = "list-type" in self.path
            said = b"<ListBucketResult><KeyCount>0</KeyCount></ListBucketResult>"
            said = said if listing else b"<Error><Code>NoSuchKey</Code></Error>"
            self.send_response(200 if listing else 404)
            self._send(said, body)
            return
        ranged = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        piece = found
        if ranged:
            start, last = map(int, ranged.groups())
            piece = found[start : last + 1]
            self.send_response(206)
            self.send_header(
                "Content-Range", f"bytes {start}-{start + len(piece) - 1}/{len(found)}"
            )
        else:
            self.send_response(200)
        self.send_header("ETag", f'"{hashlib.md5(found).hexdigest()}"')
        self.send_header("Last-Modified", formatdate(0, usegmt=True))
        if body:
            self.sent.append(len(piece))
        self._send(piece, body)

    def _send(self, said: bytes, body: bool) -> None:
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        if body:
            self.wfile.write(said)

    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[type[Bucket]]:
    class Own(Bucket):
        objects: ClassVar[dict[str, bytes]] = {}
        sent: ClassVar[list[int]] = []

    server = ThreadingHTTPServer(("127.0.0.1", 0), Own)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "nobody")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "nothing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-south-1")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    import s3fs

    s3fs.S3FileSystem.clear_instance_cache()
    yield Own
    s3fs.S3FileSystem.clear_instance_cache()
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_image_in_a_bucket_is_read_where_it_is_looked_at(bucket, tmp_path) -> None:
    values = np.random.default_rng(0).normal(size=(SIDE, SIDE)).astype("f4")
    fits.writeto(tmp_path / "sky.fits", values)
    whole = (tmp_path / "sky.fits").read_bytes()
    bucket.objects["/survey/night/sky.fits"] = whole
    dataset = adk.open("s3://survey/night/sky.fits")
    tile = adk.FitsViewer(dataset).request("tile", level=0, x=1, y=1).array()[0]
    np.testing.assert_array_equal(tile, values[512:1024, 512:1024])
    assert dataset.name == "sky.fits"
    assert sum(bucket.sent) < len(whole) / 2


def test_a_small_file_in_a_bucket_is_fetched(bucket, data) -> None:
    bucket.objects["/survey/m13.fits"] = (data / "compressed" / "m13.fits").read_bytes()
    viewer = adk.view("s3://survey/m13.fits")
    kept = fits.getdata(data / "compressed" / "m13.fits")
    np.testing.assert_array_equal(viewer.dataset.array[5:9, 3:7], kept[5:9, 3:7])


def test_what_is_not_in_a_bucket(bucket) -> None:
    with pytest.raises(UnreadableFile, match=r"s3://survey/none\.fits: there is nothing"):
        adk.open("s3://survey/none.fits")
