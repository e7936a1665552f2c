"""Who may ask: each verb of each route needs a person who is known, and who may."""

from __future__ import annotations

import json
import warnings

import pytest
from jupyter_server.auth import Authorizer, User
from jupyter_server.utils import JupyterServerAuthWarning
from tornado.httpclient import HTTPClientError
from tornado.web import create_signed_value
from traitlets.config import Config

from astrodata_lab.routes import ROUTES

VERBS = [
    (route, verb.upper())
    for route, handler in ROUTES.items()
    for verb in ("get", "post", "put", "patch", "delete")
    if verb in vars(handler)
]
ACTIONS = {"GET": "read", "POST": "write", "DELETE": "write"}


class NobodyMay(Authorizer):
    """Refuses all, and remembers what was asked."""

    asked: list[tuple[str, str]] = []  # noqa: RUF012 - the server makes the instance

    def is_authorized(self, handler, user, action, resource):
        self.asked.append((action, resource))
        return False


async def refused(jp_fetch, route, verb, **options):
    body = "{}" if verb == "POST" else None
    with pytest.raises(HTTPClientError) as caught:
        await jp_fetch("astrodata-lab", route, method=verb, body=body, **options)
    assert "error" in json.loads(caught.value.response.body)
    return caught.value.code


def test_the_table_of_verbs_is_complete():
    assert len(VERBS) == len(ROUTES) + 3


@pytest.mark.parametrize(("route", "verb"), VERBS)
async def test_who_has_no_token_gets_nothing(jp_fetch, root, lab, route, verb):
    headers = {"Authorization": "token wrong"}
    assert await refused(jp_fetch, route, verb, headers=headers) in (401, 403)


class TestCookie:
    """Forms on other sites send the cookie too: without the XSRF token they get nowhere."""

    @pytest.fixture
    def jp_server_config(self, jp_server_config):
        config = Config(jp_server_config)
        config.PasswordIdentityProvider.cookie_name = "person"
        return config

    @pytest.fixture
    def headers(self, jp_serverapp):
        person = jp_serverapp.identity_provider.user_to_cookie(User("someone"))
        secret = jp_serverapp.web_app.settings["cookie_secret"]
        cookie = create_signed_value(secret, "person", person).decode()
        return {"Authorization": "", "Cookie": f"person={cookie}"}

    async def test_who_is_known_by_a_cookie_may_look(self, jp_fetch, root, lab, headers):
        assert (await jp_fetch("astrodata-lab", "datasets", headers=headers)).code == 200

    @pytest.mark.parametrize("verb", ["POST", "DELETE"])
    async def test_a_cookie_alone_changes_nothing(self, jp_fetch, root, lab, headers, verb):
        assert await refused(jp_fetch, "datasets", verb, headers=headers) == 403


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
        assert NobodyMay.asked == [(ACTIONS[verb], "contents")]


def test_the_server_finds_no_handler_without_a_guard(jp_configurable_serverapp, jp_server_config):
    with warnings.catch_warnings():
        warnings.simplefilter("error", JupyterServerAuthWarning)
        app = jp_configurable_serverapp(config=jp_server_config)
    app.web_app.settings["astrodata_lab"].close()
