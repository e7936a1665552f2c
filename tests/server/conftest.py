"""A real Jupyter server with the extension, over a temporary folder of real files."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest
from jupyter_server.auth import User
from tornado.httpclient import HTTPClientError
from tornado.web import create_signed_value
from traitlets.config import Config

DATA = Path(__file__).parent.parent / "data"


@pytest.fixture
def jp_server_config():
    return Config(
        {
            "ServerApp": {
                "jpserver_extensions": {"astrodata_lab": True},
                "allow_unauthenticated_access": False,
            },
            "PasswordIdentityProvider": {"cookie_name": "person"},
        }
    )


@pytest.fixture
def lab(jp_serverapp):
    """The server's half; its worker processes end with the test."""
    lab = jp_serverapp.web_app.settings["astrodata_lab"]
    yield lab
    lab.close()


@pytest.fixture
def root(jp_root_dir):
    """The folder that the server shows, with a few data sets in it."""
    for name in ("compressed/m13.fits", "spectrum_sdss_J2202.fits", "table_gaia_cone.fits"):
        shutil.copy(DATA / name, jp_root_dir)
    shutil.copytree(DATA / "broken", jp_root_dir / "broken")
    return jp_root_dir


@pytest.fixture
def before(root):
    """What each file holds before the test; afterwards it must hold the same."""
    digests = {path: digest(path) for path in root.rglob("*") if path.is_file()}
    yield digests
    assert {path: digest(path) for path in digests} == digests


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def person(jp_serverapp):
    """The headers of a browser in which somebody has logged in."""
    provider = jp_serverapp.identity_provider
    secret = jp_serverapp.web_app.settings["cookie_secret"]
    cookie = create_signed_value(secret, "person", provider.user_to_cookie(User("someone")))
    return {"Cookie": f"person={cookie.decode()}"}


@pytest.fixture
def ask(jp_fetch, lab):
    """Ask a route: gives the status and the JSON, or the bytes of a picture."""

    async def ask(route, method="GET", body=None, **params):
        try:
            reply = await jp_fetch(
                "astrodata-lab",
                route,
                method=method,
                params={key: value for key, value in params.items() if value is not None},
                body=json.dumps(body) if method in ("POST", "PATCH") else None,
            )
        except HTTPClientError as error:
            reply = error.response
        if reply.headers.get("Content-Type") == "image/png":
            return reply.code, reply.body
        return reply.code, json.loads(reply.body) if reply.body else None

    return ask
