"""Paths that lead somewhere else, and files that are not what they seem: one clear sentence each."""

from __future__ import annotations

import itertools
import json
import os
from urllib.parse import quote

import pytest
from jupyter_server.services.contents.manager import AsyncContentsManager
from tornado.httpclient import HTTPClientError
from traitlets.config import Config

pytestmark = pytest.mark.usefixtures("before")

ROUTES = ["sniff", "header", "thumbnail", "datasets"]


@pytest.fixture
def outside(root):
    """A secret beside the root, and ways to it."""
    secret = root.parent / "secret.fits"
    secret.write_bytes((root / "m13.fits").read_bytes())
    (root / "link.fits").symlink_to(secret)
    (root / "absolute.fits").symlink_to("/etc/passwd")
    (root / "folder-out").symlink_to(root.parent)
    (root / "loop.fits").symlink_to("loop.fits")
    (root / "dangling.fits").symlink_to("nowhere.fits")
    (root / "empty.fits").touch()
    (root / "folder").mkdir()
    (root / "scene.SAFE").mkdir()
    (root / ".hidden").mkdir()
    (root / ".hidden" / "m13.fits").write_bytes(secret.read_bytes())
    (root / ".m13.fits").write_bytes(secret.read_bytes())
    (root / "to-hidden.fits").symlink_to(".hidden/m13.fits")
    os.mkfifo(root / "pipe.fits")
    return secret


REFUSED = {
    "": (400, "bad-request", "No path"),
    "/": (400, "bad-request", "No path"),
    "..": (403, "forbidden", ".."),
    "../secret.fits": (403, "forbidden", ".."),
    "folder/../../secret.fits": (403, "forbidden", ".."),
    "./../secret.fits": (403, "forbidden", ".."),
    "..\\secret.fits": (403, "forbidden", ".."),
    "%2e%2e/secret.fits": (404, "unreadable", "no file"),
    "..%2fsecret.fits": (404, "unreadable", "no file"),
    "/etc/passwd": (403, "forbidden", "absolute"),
    "//etc/passwd": (403, "forbidden", "absolute"),
    "\\\\host\\share": (403, "forbidden", "absolute"),
    "C:\\Windows\\win.ini": (403, "forbidden", "absolute"),
    "c:/windows": (403, "forbidden", "absolute"),
    "m13.fits\0.png": (400, "bad-request", "NUL"),
    "missing.fits": (404, "unreadable", "missing.fits"),
    "m13.fits/inside": (404, "unreadable", "no file"),
    "x" * 5000: (404, "unreadable", "no file"),
    "folder": (404, "unreadable", "folder without a scene"),
    "scene.SAFE": (415, "unsupported", "no metadata"),
    "empty.fits": (404, "unreadable", "empty"),
    "pipe.fits": (404, "unreadable", "not a regular file"),
    ".m13.fits": (404, "unreadable", "no file"),
    ".hidden/m13.fits": (404, "unreadable", "no file"),
    "to-hidden.fits": (404, "unreadable", "no file"),
    "link.fits": (403, "forbidden", "symbolic link"),
    "absolute.fits": (403, "forbidden", "symbolic link"),
    "folder-out/secret.fits": (403, "forbidden", "symbolic link"),
    "loop.fits": (404, "unreadable", "no file"),
    "dangling.fits": (404, "unreadable", "no file"),
}


def ask_for(ask, route, path):
    if route == "datasets":
        return ask("datasets", "POST", {"path": path})
    return ask(route, path=path)


async def test_a_path_that_names_no_file_of_the_root_is_refused(ask, root, outside):
    for path, (status, code, words) in REFUSED.items():
        for route in ROUTES:
            got, body = await ask_for(ask, route, path)
            assert (got, body["error"]["code"]) == (status, code), (route, path)
            message = body["error"]["message"]
            assert words in message, (route, path)
            assert str(root.parent) not in message, (route, path)
            assert "\n" not in message, (route, path)
    assert (await ask("datasets"))[1]["datasets"] == []


async def test_what_is_encoded_in_the_address_is_decoded_before_it_is_judged(
    jp_serverapp, http_server_client, jp_auth_header, lab, outside
):
    encoded = ["..%2Fsecret.fits", "%2e%2e/secret.fits", "%2E%2E%2Fsecret.fits", "%2Fetc%2Fpasswd"]
    for route, path in itertools.product(ROUTES[:3], encoded):
        url = f"{jp_serverapp.base_url}astrodata-lab/{route}?path={path}"
        with pytest.raises(HTTPClientError) as caught:
            await http_server_client.fetch(url, headers=jp_auth_header)
        assert caught.value.code == 403, (route, path)


async def test_a_path_that_is_no_text_is_refused(
    jp_serverapp, http_server_client, jp_auth_header, lab, root
):
    url = f"{jp_serverapp.base_url}astrodata-lab/sniff?path=%ff%fe"
    with pytest.raises(HTTPClientError) as caught:
        await http_server_client.fetch(url, headers=jp_auth_header)
    assert caught.value.code == 400
    assert json.loads(caught.value.response.body)["error"]["code"] == "bad-request"


async def test_a_symbolic_link_inside_the_root_is_followed(ask, root):
    (root / "alias.fits").symlink_to("m13.fits")
    assert (await ask("sniff", path="alias.fits"))[0] == 200


HOSTILE = [
    "<b>bold.fits",
    "<img src=x onerror=alert(1)>.fits",
    'it\'s "quoted".fits',
    " spaces around .fits ",
    "a;b&c=d?e#f%41.fits",
    "back\\slash.fits",
    "line\nbreak.fits",
    "bell\x07.fits",
    "ünï→☉.fits",
]


async def test_a_hostile_name_is_plain_text_in_json(ask, jp_fetch, root):
    for name in HOSTILE:
        (root / name).write_bytes((root / "m13.fits").read_bytes())
        status, facts = await ask("sniff", path=name)
        assert (status, facts["path"]) == (200, name)
        assert (await ask("thumbnail", path=name))[0] == 200, name
        status, added = await ask("datasets", "POST", {"path": name})
        assert (status, added["path"]) == (201, name)
        reply = await jp_fetch("astrodata-lab", "datasets")
        assert reply.headers["Content-Type"].startswith("application/json")
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
        assert await ask("datasets", "DELETE", name=added["name"]) == (204, None)
        (root / name).unlink()


async def test_a_missing_file_with_a_hostile_name_is_told_in_json(jp_fetch, lab, root):
    with pytest.raises(HTTPClientError) as caught:
        await jp_fetch("astrodata-lab", "sniff", params={"path": "<script>alert(1)<!-- -->"})
    reply = caught.value.response
    assert reply.headers["Content-Type"].startswith("application/json")
    assert reply.headers["X-Content-Type-Options"] == "nosniff"


class Elsewhere(AsyncContentsManager):
    """A contents manager whose files are not on this machine."""


class TestNoLocalFiles:
    @pytest.fixture
    def jp_server_config(self, jp_server_config):
        config = Config(jp_server_config)
        config.ServerApp.contents_manager_class = Elsewhere
        return config

    async def test_a_manager_without_a_local_root_is_told(self, ask):
        for route in ROUTES:
            status, body = await ask(route, path=quote("m13.fits"))
            assert (status, body["error"]["code"]) == (501, "no-local-files"), route
