"""The map of the web under a scene: which tiles, where they lie, and whom the browser asks."""

import threading
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import astrodata_kernel as adk
import numpy as np
import pytest
from astrodata_kernel.errors import AstrodataError, BadRequest
from astrodata_kernel.widgets.scene_basemap import EARTH, MOST_TILES, host_of, tiles_of
from pyproj import Transformer

EXAMPLE = Path(__file__).parents[2] / "examples" / "data" / "sentinel2_29RKH"
DATA = Path(__file__).parents[1] / "data" / "sentinel2"
DEGREES = DATA / "ssl4eo" / "20200604T054639_20200604T054831_T43RCP"


@pytest.fixture
def viewer() -> Iterator[Any]:
    made = adk.view(EXAMPLE, bands=["B12", "B11", "B8A"])
    yield made
    made.close()


def asked(viewer: Any, box: Any = (-60, -60, 610, 610), scale: float = 0.8) -> dict[str, Any]:
    meta: dict[str, Any] = viewer.request("basemap", box=list(box), scale=scale).meta
    return meta


def test_no_map_is_asked_for_until_it_is_switched_on(viewer: Any) -> None:
    assert viewer.basemap == ""
    assert asked(viewer) == {"tiles": [], "host": "", "attribution": "", "level": 0}
    assert "basemap" not in viewer.state()


def test_the_map_is_told_with_its_host_and_whose_it_is(viewer: Any) -> None:
    viewer.basemap = "osm"
    told = asked(viewer)
    assert told["host"] == "tile.openstreetmap.org"
    assert told["attribution"] == "© OpenStreetMap contributors"
    assert 4 <= len(told["tiles"]) <= MOST_TILES
    key = told["tiles"][0]["key"]
    assert told["tiles"][0]["url"] == f"https://tile.openstreetmap.org/{key}.png"
    assert viewer.state()["basemap"] == "osm"


@pytest.mark.parametrize("source", [EXAMPLE, DEGREES])
def test_corners_of_tiles_lie_where_the_ground_has_them(source: Path) -> None:
    scene = adk.open(source)
    grid = scene.grid()
    rows, columns = grid.shape
    level, tiles = tiles_of(scene, (0, 0, columns, rows), 1.0)
    to_map = Transformer.from_crs("EPSG:3857", grid.crs, always_xy=True)
    for column, row, corners in tiles:
        for (i, j), (x, y) in zip([(0, 0), (1, 0), (1, 1), (0, 1)], corners, strict=True):
            web = EARTH * ((column + i) / 2**level - 0.5), EARTH * (0.5 - (row + j) / 2**level)
            ground = to_map.transform(*web)
            expected = (
                (ground[0] - grid.transform[2]) / grid.transform[0] - 0.5,
                rows - 0.5 - (ground[1] - grid.transform[5]) / grid.transform[4],
            )
            np.testing.assert_allclose((x, y), expected, atol=1e-3)


def test_tiles_cover_the_view_in_about_its_pixels(viewer: Any) -> None:
    viewer.basemap = "osm"
    box = (-60, -60, 610, 610)
    corners = np.array([tile["corners"] for tile in asked(viewer, box)["tiles"]])
    assert corners[..., 0].min() <= box[0]
    assert corners[..., 0].max() >= box[2]
    assert corners[..., 1].min() <= box[1]
    assert corners[..., 1].max() >= box[3]
    side = np.hypot(*(corners[:, 1] - corners[:, 0]).T) * 0.8
    assert ((side > 256 / 1.6) & (side < 256 * 1.6)).all()
    upper_left, upper_right, lower_right, lower_left = np.moveaxis(corners, 1, 0)
    # The browser lays each by the nearest affine map: a corner is off by a quarter of what is left over.
    left_over = upper_right + lower_left - upper_left - lower_right
    assert np.abs(left_over).max() * 0.8 / 4 < 0.5


def test_closer_views_have_finer_tiles_and_far_ones_no_more_than_some(viewer: Any) -> None:
    viewer.basemap = "osm"
    levels = [
        asked(viewer, (270 - half, 270 - half, 270 + half, 270 + half), 300 / half)["level"]
        for half in (2000, 200, 20, 2)
    ]
    assert levels == sorted(levels)
    assert levels[0] < levels[1] < levels[2]
    assert levels[-1] <= 19
    assert len(asked(viewer, (0, 0, 500, 500), 1e6)["tiles"]) <= MOST_TILES
    assert asked(viewer, (-1e6, -1e6, 1e6, 1e6), 1e-3)["level"] < 5


def test_a_server_of_ones_own_can_be_asked(viewer: Any) -> None:
    paths: list[str] = []

    class Tiles(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            paths.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"tile")

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Tiles)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        viewer.basemap_attribution = "Us"
        viewer.basemap = f"http://127.0.0.1:{server.server_port}/{{z}}/{{x}}/{{-y}}.png?key=1"
        told = asked(viewer)
        assert paths == []  # the kernel fetches nothing
        with urllib.request.urlopen(told["tiles"][0]["url"]) as answer:
            assert answer.read() == b"tile"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    level, column, row = map(int, told["tiles"][0]["key"].split("/"))
    assert paths == [f"/{level}/{column}/{2**level - 1 - row}.png?key=1"]
    assert (told["host"], told["attribution"]) == ("127.0.0.1", "Us")


@pytest.mark.parametrize(
    "template",
    [
        "google",
        "ftp://example.org/{z}/{x}/{y}.png",
        "javascript:alert(1)//{z}{x}{y}",
        "https://example.org/tiles.png",
        "https://{x}.example.org/{z}/{x}/{y}",
        "https://example.org/{z}/{x}/{y}/{token}",
        "https://me:secret@example.org/{z}/{x}/{y}",
        "https://[::1/{z}/{x}/{y}",
        "https:///{z}/{x}/{y}",
    ],
)
def test_addresses_that_are_none_are_refused(viewer: Any, template: str) -> None:
    with pytest.raises(BadRequest, match="basemap") as refused:
        viewer.basemap = template
    assert "secret" not in str(refused.value)
    assert viewer.basemap == ""
    assert host_of("https://example.org/{z}/{x}/{y}") == "example.org"


@pytest.mark.parametrize(
    ("box", "scale"),
    [
        ((0, 0, 10), 1.0),
        ((0, 0, float("nan"), 10), 1.0),
        ((10, 0, 0, 10), 1.0),
        ((0, 0, 10, 10), 0.0),
    ],
)
def test_boxes_that_are_none_are_refused(viewer: Any, box: Any, scale: float) -> None:
    viewer.basemap = "osm"
    with pytest.raises(AstrodataError, match="box"):
        asked(viewer, box, scale)


def test_how_the_picture_lies_over_it_is_part_of_the_state(viewer: Any) -> None:
    viewer.basemap, viewer.picture_opacity = "osm", 0.4
    assert "basemap='osm'" in viewer.code()
    assert "picture_opacity=0.4" in viewer.code()
