"""What the server's half does not do for anybody: ask other hosts, share with other sites, tell its token."""

from __future__ import annotations

import json
import logging
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from tornado.httpclient import HTTPClientError
from traitlets.config import Config

from astrodata_lab.routes import ROUTES

WITH_A_PATH = ["sniff", "header", "thumbnail"]
HOSTILE = "<img src=x onerror=alert(1)>\"'&amp;</script>\u202e"


@pytest.fixture
def elsewhere():
    """A host that counts who asks it; gives its address and the paths that were asked for."""
    asked = []

    class Counting(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_error(404)

        do_HEAD = do_GET  # noqa: N815 - the name that http.server looks for

        def log_message(self, *args):
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Counting)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/m13.fits", asked
    server.shutdown()
    thread.join()
    server.server_close()


async def test_no_route_asks_another_host_for_anybody(ask, root, elsewhere):
    address, asked = elsewhere
    forms = [address, address.removeprefix("http:"), f"s3://x@{address[7:]}", f"/vsicurl/{address}"]
    # A file of that name, and a scene that points there, are no ways out either.
    (root / "scene.json").write_text(
        json.dumps(
            {
                "type": "Feature",
                "stac_version": "1.0.0",
                "id": "x",
                "properties": {"datetime": "2024-01-01T00:00:00Z"},
                "geometry": None,
                "links": [],
                "assets": {"B04": {"href": address, "type": "image/tiff"}},
            }
        )
    )
    for path in [*forms, "scene.json"]:
        for route in WITH_A_PATH:
            status, answer = await ask(route, path=path)
            assert status != 200 or path == "scene.json", answer
        status, answer = await ask("datasets", "POST", {"path": path, "name": "x"})
        assert status != 201 or path == "scene.json", answer
    assert asked == []


async def test_no_answer_is_shared_with_other_sites(
    http_server_client, jp_serverapp, root, lab, person
):
    for route in ROUTES:
        for more in (
            {},
            {"Origin": "https://elsewhere.example"},
            {"Origin": "null", "Referer": "https://elsewhere.example/"},
        ):
            url = f"{jp_serverapp.base_url}astrodata-lab/{route}"
            reply = await http_server_client.fetch(
                url, headers={**person, **more}, raise_error=False
            )
            assert not [name for name in reply.headers if name.startswith("Access-Control")]
            assert reply.headers["X-Content-Type-Options"] == "nosniff"
            assert "default-src 'none'" in reply.headers["Content-Security-Policy"]


async def test_what_is_hostile_in_a_query_is_told_in_json_and_no_log_line_is_made_of_it(
    jp_fetch, root, lab, caplog
):
    caplog.set_level(logging.INFO)
    for route in ROUTES:
        params = dict.fromkeys(
            ("path", "name", "id", "hdu", "size", "known", "cards"), f"{HOSTILE}\nforged"
        )
        try:
            reply = await jp_fetch("astrodata-lab", route, params=params)
        except HTTPClientError as error:
            reply = error.response
        assert reply.headers["Content-Type"].startswith("application/json"), route
        json.loads(reply.body)
    assert "\nforged" not in "".join(record.getMessage() for record in caplog.records)


async def test_the_log_tells_no_token_even_of_what_failed(
    jp_fetch, jp_serverapp, root, lab, caplog, monkeypatch
):
    caplog.set_level(logging.DEBUG)
    token = jp_serverapp.identity_provider.token
    assert len(token) > 20

    async def fails(*args, **kwargs):
        raise RuntimeError("a fault of ours")

    for work in (
        lab.previews,
        lab.records,
        lab.runs,
        lab.models,
        lab.label_sessions,
        lab.pipelines,
    ):
        for name in ("listing", "sniff", "header", "thumbnail"):
            if hasattr(work, name):
                monkeypatch.setattr(work, name, fails)
    answers = []
    for route in ROUTES:
        try:
            reply = await jp_fetch(
                "astrodata-lab", route, params={"path": "m13.fits", "token": token}
            )
        except HTTPClientError as error:
            reply = error.response
        answers.append((reply.code, reply.body.decode()))
    logged = "\n".join(f"{record.getMessage()}{record.exc_text or ''}" for record in caplog.records)
    assert {code for code, _ in answers} >= {200, 500}
    assert "a fault of ours" in logged
    assert "a fault of ours" not in "".join(body for _, body in answers)
    assert token not in logged + "".join(body for _, body in answers)


class TestLimits:
    """What an administrator sets."""

    @pytest.fixture
    def shared(self, tmp_path):
        """A disk beside the root, and one that nobody allowed."""
        for name in ("shared", "private"):
            (tmp_path / name / ".hidden").mkdir(parents=True)
        return tmp_path / "shared"

    @pytest.fixture
    def jp_server_config(self, jp_server_config, shared):
        config = Config(jp_server_config)
        config.AstrodataLab.allowed_roots = [str(shared)]
        config.AstrodataLab.disabled_sections = ["models", "runs", "compute", "templates"]
        config.AstrodataLab.upload_folder = "data/uploads/"
        config.AstrodataLab.max_waiting = 7
        return config

    async def test_links_into_allowed_folders_are_followed_and_others_are_not(
        self, ask, root, shared
    ):
        for place in (shared, shared / ".hidden", shared.parent / "private"):
            (place / "m13.fits").write_bytes((root / "m13.fits").read_bytes())
        (root / "disk").symlink_to(shared)
        (root / "out").symlink_to(shared.parent / "private")
        (shared / "way-out.fits").symlink_to("../private/m13.fits")
        assert (await ask("sniff", path="disk/m13.fits"))[0] == 200
        for path in ("out/m13.fits", "disk/way-out.fits"):
            status, answer = await ask("sniff", path=path)
            assert (status, answer["error"]["code"]) == (403, "forbidden")
        assert (await ask("sniff", path="disk/.hidden/m13.fits"))[0] == 404
        status, added = await ask("datasets", "POST", {"path": "disk/m13.fits"})
        # As the browser names it: it can ask for its picture.
        assert (status, added["path"]) == (201, "disk/m13.fits")

    async def test_a_section_that_is_switched_off_has_no_routes(self, ask, jp_fetch, root):
        assert (await ask("labels"))[0] == 200
        for route in ("runs", "models", "pipelines", "templates"):
            for verb, body in (("GET", None), ("POST", "{}")):
                with pytest.raises(HTTPClientError) as caught:
                    await jp_fetch("astrodata-lab", route, method=verb, body=body)
                assert caught.value.code == 404

    def test_the_page_is_told_what_the_panel_must_know(self, jp_serverapp, lab):
        told = jp_serverapp.web_app.settings["page_config_data"]["astrodataLab"]
        assert json.loads(json.dumps(told)) == {
            "disabledSections": ["models", "runs", "compute", "templates"],
            "uploadFolder": "data/uploads",
        }

    async def test_the_folder_for_uploads_is_made_when_it_is_needed(self, ask, root):
        assert not (root / "data").exists()
        assert await ask("uploads", folder="data/uploads") == (200, {"uploads": []})
        assert (root / "data" / "uploads").is_dir()
        assert (await ask("uploads", folder="data/others"))[0] == 404

    def test_every_pool_turns_away_what_is_too_much(self, lab):
        pools = [one for one in vars(lab).values() if type(one).__name__ == "WorkerPool"]
        assert len(pools) >= 3
        assert {pool._queue for pool in pools} == {7}
