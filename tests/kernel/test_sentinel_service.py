"""Search and download with the real client, against a server here that speaks the same endpoints."""

import contextlib
import json
import logging
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import astrodata_kernel as adk
import numpy as np
import pytest
import rasterio
from astrodata_kernel.errors import BadRequest, Cancelled, ServiceFailed, UnreadableFile
from astrodata_kernel.sentinel import areas, requesting
from rasterio.io import MemoryFile
from rasterio.transform import from_bounds
from rasterio.warp import transform

SECRET = "hushhush-1234"
AREA = (10.40, 46.05, 10.44, 46.08)
"""Some kilometres of the Alps."""


def value_at(x: np.ndarray, y: np.ndarray, band: int) -> np.ndarray:
    """Give what the server says the ground has, by metres of UTM."""
    return ((x // 10) % 200 * 20 + (y // 10) % 20 + 1000 * (band % 5)).astype("u2")


class Service(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    said: list[dict]
    wrong: list[tuple[int, dict]]
    hold: threading.Event

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/token":
            ok = SECRET.encode() in body
            token = {"access_token": "t0ken-abc", "expires_in": 3600, "token_type": "Bearer"}
            refused = {"error": "invalid_client", "error_description": "no such client"}
            self._say(200 if ok else 401, token if ok else refused)
            return
        asked = json.loads(body)
        self.said.append({"path": self.path, "token": self.headers["Authorization"], **asked})
        self.hold.wait()
        if self.wrong:
            self._say(*self.wrong.pop(0))
        elif self.path.endswith("/process"):
            self._send(200, "image/tiff", self._image(asked))
        else:
            self._say(200, self._listed(asked))

    def _image(self, asked: dict) -> bytes:
        bounds = asked["input"]["bounds"]["bbox"]
        width, height = asked["output"]["width"], asked["output"]["height"]
        epsg = int(asked["input"]["bounds"]["properties"]["crs"].rsplit("/", 1)[1])
        count = 17 if "AOT" in asked["evalscript"] else 14
        there = from_bounds(*bounds, width, height)
        y, x = np.mgrid[0:height, 0:width] + 0.5
        x, y = there.c + there.a * x, there.f + there.e * y
        with MemoryFile() as memory:
            with memory.open(
                driver="GTiff",
                dtype="uint16",
                count=count,
                width=width,
                height=height,
                crs=f"EPSG:{epsg}",
                transform=there,
            ) as out:
                for band in range(count):
                    out.write(value_at(x, y, band), band + 1)
            return memory.read()

    def _listed(self, asked: dict) -> dict:
        page = int(asked.get("next", 0))
        features = [
            {
                "id": f"S2B_{day}",
                "geometry": {"type": "Point", "coordinates": [10, 46]},
                "properties": {"datetime": f"2022-04-{day}T10:15:59Z", "eo:cloud_cover": cloud},
            }
            for day, cloud in ((("13", 3.5), ("10", 60)) if page == 0 else (("08", 0.0),))
        ]
        return {"features": features, "context": {"next": 1} if page == 0 else {}}

    def _say(self, status: int, what: dict) -> None:
        self._send(status, "application/json", json.dumps(what).encode())

    def _send(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with contextlib.suppress(OSError):  # given up
            self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture
def service(monkeypatch, tmp_path):
    class Own(Service):
        said: list[dict] = []  # noqa: RUF012
        wrong: list[tuple[int, dict]] = []  # noqa: RUF012
        hold = threading.Event()

    Own.hold.set()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Own)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    home = f"http://127.0.0.1:{server.server_port}"
    # Only here: elsewhere tokens are never sent in the open.
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SH_BASE_URL", home)
    monkeypatch.setenv("SH_TOKEN_URL", f"{home}/token")
    monkeypatch.setenv("SH_CLIENT_ID", f"client of {server.server_port}")
    monkeypatch.setenv("SH_CLIENT_SECRET", SECRET)
    yield Own
    Own.hold.set()
    server.shutdown()
    thread.join()
    server.server_close()


def fetch(tmp_path, **more):
    return adk.sentinel.request(
        AREA, "2022-04-01", "2022-04-15", name="alp_1", folder=tmp_path / "out", **more
    )


def test_an_area_comes_as_a_scene_pixel_by_pixel(service, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(areas, "MOST", 150)
    monkeypatch.setattr(areas.Grid.pieces, "__defaults__", (150,))
    shares: list[float] = []
    scene = fetch(tmp_path, progress=shares.append)
    path = tmp_path / "out" / "alp-1_S2L2A_2022-04-01_2022-04-15.tiff"
    with rasterio.open(path) as image:
        assert image.descriptions == requesting.BANDS["L2A"]
        assert image.crs.to_epsg() == 32632
        assert len(service.said) > 4
        rows, columns = np.mgrid[0 : image.height, 0 : image.width] + 0.5
        x = image.transform.c + image.transform.a * columns
        y = image.transform.f + image.transform.e * rows
        for band in (1, 8, 14):
            np.testing.assert_array_equal(image.read(band), value_at(x, y, band - 1))
        left, bottom, right, top = image.bounds
        lon, lat = transform(image.crs, 4326, [left, right], [bottom, top])
        assert lon[0] <= AREA[0] < AREA[2] <= lon[1]
        assert lat[0] <= AREA[1] < AREA[3] <= lat[1]
    assert scene.kind == "scene"
    np.testing.assert_allclose(
        scene.band("B08")[:5, :7], 1e-4 * value_at(x, y, 7)[:5, :7], rtol=1e-6
    )
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_asks_for_what_was_wished(service, tmp_path) -> None:
    fetch(tmp_path, max_cloud=20, order="mostRecent", resolution=20, level="L1C")
    said = service.said[0]
    assert said["token"] == "Bearer t0ken-abc"
    data = said["input"]["data"][0]
    assert data["type"] == "sentinel-2-l1c"
    assert data["dataFilter"]["maxCloudCoverage"] == 20
    assert data["dataFilter"]["mosaickingOrder"] == "mostRecent"
    assert data["dataFilter"]["timeRange"]["from"].startswith("2022-04-01T00:00:00")
    assert data["dataFilter"]["timeRange"]["to"].startswith("2022-04-15T23:59:59")
    bounds, output = said["input"]["bounds"]["bbox"], said["output"]
    assert (bounds[2] - bounds[0]) / output["width"] == 20
    assert output["responses"][0]["format"]["type"] == "image/tiff"


def test_pieces_that_are_there_are_not_asked_for_again(service, tmp_path) -> None:
    fetch(tmp_path)
    count = len(service.said)
    fetch(tmp_path)
    assert len(service.said) == count


def test_nothing_that_lets_one_in_is_written_or_shown(service, tmp_path, caplog, capsys) -> None:
    caplog.set_level(logging.DEBUG)
    account = adk.sentinel.Account()
    scene = fetch(tmp_path, account=account)
    shown = (
        repr(account) + repr(scene) + repr(scene.meta) + caplog.text + "".join(capsys.readouterr())
    )
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) >= 3
    for text in (shown, *(path.read_bytes().decode("latin1") for path in files)):
        assert SECRET not in text
        assert "t0ken-abc" not in text
    assert not (tmp_path / "home").exists()


def test_a_search_lists_by_time_through_all_pages(service) -> None:
    found = adk.sentinel.search(AREA, "2022-04-01", "2022-04-15", max_cloud=70)
    assert [one.name for one in found] == ["S2B_08", "S2B_10", "S2B_13"]
    assert [one.cloud for one in found] == [0, 60, 3.5]
    assert found[0].date.isoformat() == "2022-04-08T10:15:59+00:00"
    asked = service.said[0]
    assert asked["path"].endswith("/search")
    assert asked["filter"] == "eo:cloud_cover <= 70"
    assert asked["bbox"] == pytest.approx(list(AREA))
    assert asked["collections"] == ["sentinel-2-l2a"]


UNITS = {"error": {"message": "You have insufficient processing units", "code": "X"}}


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((403, UNITS), "piece 1 of 1: the processing units .* are used up"),
        ((403, {"error": {"message": "no"}}), "refuses this account"),
        ((400, {"error": {"message": "bad bands"}}), "answered 400: bad bands"),
        ((200, {"not": "an image"}), "the answer is no GeoTIFF"),
    ],
)
def test_refusals_are_told_in_words(service, tmp_path, answer, words) -> None:
    service.wrong.append(answer)
    with pytest.raises(ServiceFailed, match=words):
        fetch(tmp_path)
    assert not list(tmp_path.rglob("*.tiff"))
    assert fetch(tmp_path).kind == "scene"


def test_an_error_of_the_server_is_tried_again(service, tmp_path) -> None:
    service.wrong.append((503, {}))
    assert fetch(tmp_path).kind == "scene"
    assert len(service.said) == 2


def test_a_wrong_secret(service, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("SH_CLIENT_SECRET", "wrong")
    monkeypatch.setenv("SH_CLIENT_ID", "another")
    with pytest.raises(ServiceFailed, match="does not know this client and secret") as refused:
        fetch(tmp_path)
    assert "wrong" not in str(refused.value)


def test_no_credentials(service, tmp_path, monkeypatch) -> None:
    monkeypatch.delenv("SH_CLIENT_SECRET")
    with pytest.raises(ServiceFailed, match="set SH_CLIENT_ID and SH_CLIENT_SECRET"):
        fetch(tmp_path)
    with pytest.raises(BadRequest, match="there are sentinel-hub, copernicus"):
        adk.sentinel.Account("nasa")


def test_nobody_there(service, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("SH_TOKEN_URL", "http://127.0.0.1:9/token")
    monkeypatch.setenv("SH_CLIENT_ID", "somebody else")
    with pytest.raises(ServiceFailed, match="cannot be reached"):
        fetch(tmp_path)


def test_a_download_is_given_up_at_once_and_goes_on_later(service, tmp_path) -> None:
    service.hold.clear()

    def cancel() -> None:
        if service.said:
            raise Cancelled("given up")

    with pytest.raises(Cancelled):
        fetch(tmp_path, cancel=cancel)
    assert not service.hold.is_set()  # the server still holds the answer back
    assert not list((tmp_path / "out").glob("*.tiff"))
    service.hold.set()
    assert fetch(tmp_path).kind == "scene"


@pytest.mark.parametrize(
    ("area", "words"),
    [
        ((10, 46, 9, 47), "west < east"),
        ((10, 85, 11, 86), "UTM ends"),
        ((0, 0, 10, 10), "ask for parts"),
        ((1, 2, 3), "west, south, east, north"),
        ((1, 2, 3, float("nan")), "finite"),
        ({"type": "Polygon", "coordinates": []}, "no coordinates"),
        ("lots", "no such file"),
    ],
)
def test_areas_that_cannot_be(service, tmp_path, area, words) -> None:
    with pytest.raises((BadRequest, UnreadableFile), match=words):
        adk.sentinel.request(area, "2022-04-01", "2022-04-02", folder=tmp_path)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"level": "L3"}, "there are L2A, L1C"),
        ({"order": "best"}, "there are leastCC"),
        ({"max_cloud": 120}, "0 to 100"),
        ({"resolution": 0}, "metres above 0"),
    ],
)
def test_wishes_that_cannot_be(service, tmp_path, wrong, words) -> None:
    with pytest.raises(BadRequest, match=words):
        fetch(tmp_path, **wrong)
    assert not service.said


def test_days_that_cannot_be(service) -> None:
    for start, end, words in (
        ("2022-05-01", "2022-04-01", "before"),
        ("soon", "2022-04-01", "days such as"),
    ):
        with pytest.raises(BadRequest, match=words):
            adk.sentinel.search(AREA, start, end)


def test_geojson_of_all_kinds_is_an_area(tmp_path) -> None:
    shape = {"type": "Polygon", "coordinates": [[[1, 2], [3, 2], [3, 5], [1, 2]]]}
    feature = {"type": "Feature", "geometry": shape, "properties": {"coordinates": [9, 9]}}
    path = tmp_path / "area.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    for area in (shape, feature, path, (1, 2, 3, 5)):
        assert areas.box_of(area) == (1, 2, 3, 5)


@pytest.mark.parametrize(
    ("box", "epsg"),
    [
        ((10.4, 46.0, 10.5, 46.1), 32632),
        ((-70.5, -33.5, -70.4, -33.4), 32719),
        ((179.5, 1, 180, 1.1), 32660),
    ],
)
def test_grids_cover_the_area_on_whole_pixels(box, epsg) -> None:
    grid = areas.grid_of(box, 10)
    assert grid.epsg == epsg
    assert grid.left % 10 == 0
    assert grid.top % 10 == 0
    covered = np.zeros((grid.rows, grid.columns), int)
    for piece in grid.pieces(300):
        assert max(piece.rows, piece.columns) <= 300
        covered[
            piece.row : piece.row + piece.rows, piece.column : piece.column + piece.columns
        ] += 1
    assert (covered == 1).all()
    assert max(piece.columns for piece in areas.grid_of((10, 46, 11, 47), 10).pieces()) <= 2500
