"""Who may ask: each verb of each route needs a person who is known, and who may."""

from __future__ import annotations

import json
import re
import warnings

import pytest
from jupyter_server.auth import Authorizer
from jupyter_server.utils import JupyterServerAuthWarning
from tornado.httpclient import HTTPClientError
from tornado.routing import Router
from tornado.web import RequestHandler
from traitlets.config import Config

from astrodata_lab.routes import ROUTES

VERBS = [
    (route, verb)
    for route, handler in ROUTES.items()
    for verb in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
    if getattr(handler, verb.lower()) is not RequestHandler._unimplemented_method
]
WRITING = [(route, verb) for route, verb in VERBS if verb not in ("GET", "HEAD")]


class NobodyMay(Authorizer):
    """Refuses all, and remembers what was asked."""

    asked: list[tuple[str, str]] = []  # noqa: RUF012 - the server makes the instance

    def is_authorized(self, handler, user, action, resource):
        self.asked.append((action, resource))
        return False


async def refused(jp_fetch, route, verb, **options):
    body = "{}" if verb in ("POST", "PUT", "PATCH") else None
    with pytest.raises(HTTPClientError) as caught:
        await jp_fetch("astrodata-lab", route, method=verb, body=body, **options)
    assert "error" in json.loads(caught.value.response.body)
    return caught.value.code


def test_all_that_the_server_has_of_ours_is_tried_here(jp_serverapp, lab):
    """Routes are found in the server, however they came there; ours are those of our package."""
    ours = {
        rule.matcher.regex.pattern.removesuffix("$")
        for rule in every_rule(jp_serverapp.web_app.default_router)
        if rule.target.__module__.startswith("astrodata_lab")
    }
    base = jp_serverapp.base_url
    assert ours == {re.escape(f"{base}astrodata-lab/{route}") for route in ROUTES}
    assert {route for route, _ in VERBS} == set(ROUTES)
    assert ("datasets", "DELETE") in WRITING


def every_rule(router):
    for rule in router.rules:
        if isinstance(rule.target, Router):
            yield from every_rule(rule.target)
        elif isinstance(rule.target, type):
            yield rule


@pytest.mark.parametrize(("route", "verb"), VERBS)
async def test_who_has_no_token_gets_nothing(jp_fetch, root, lab, route, verb):
    headers = {"Authorization": "token wrong"}
    assert await refused(jp_fetch, route, verb, headers=headers) in (401, 403)


class TestCookie:
    """Forms on other sites send the cookie too: without the XSRF token they get nowhere."""

    @pytest.fixture
    def headers(self, person):
        return {"Authorization": "", **person}

    async def test_who_is_known_by_a_cookie_may_look(self, jp_fetch, root, lab, headers):
        assert (await jp_fetch("astrodata-lab", "datasets", headers=headers)).code == 200

    @pytest.mark.parametrize(("route", "verb"), WRITING)
    async def test_a_cookie_alone_changes_nothing(self, jp_fetch, root, lab, headers, route, verb):
        assert await refused(jp_fetch, route, verb, headers=headers) == 403

    async def test_a_page_of_another_site_cannot_even_look(self, jp_fetch, root, lab, headers):
        elsewhere = {
            **headers,
            "Origin": "https://elsewhere.example",
            "Referer": "https://elsewhere.example/page",
        }
        assert await refused(jp_fetch, "datasets", "GET", headers=elsewhere) in (403, 404)


class TestAuthorizer:
    @pytest.fixture
    def jp_server_config(self, jp_server_config):
        config = Config(jp_server_config)
        config.ServerApp.authorizer_class = NobodyMay
        return config

    @pytest.mark.parametrize(("route", "verb"), VERBS)
    async def test_who_may_not_gets_nothing(self, jp_fetch, root, lab, route, verb):
        NobodyMay.asked.clear()
        assert await refused(jp_fetch, route, verb) == 403
        action = "read" if verb in ("GET", "HEAD") else "write"
        assert NobodyMay.asked == [(action, "contents")]


def test_the_server_finds_no_handler_without_a_guard(jp_configurable_serverapp, jp_server_config):
    with warnings.catch_warnings():
        warnings.simplefilter("error", JupyterServerAuthWarning)
        app = jp_configurable_serverapp(config=jp_server_config)
    app.web_app.settings["astrodata_lab"].close()
