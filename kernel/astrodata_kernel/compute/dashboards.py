"""Where a browser finds a cluster's dashboard, also behind a hub."""

from __future__ import annotations

import os
import re
from urllib.parse import urlsplit

_PLAIN = "{scheme}://{host}:{port}/status"
"""Dask's own template: nobody has chosen another."""
_SECRET = re.compile(r"token|secret|passw|pwd|key|auth|cred|cookie|session", re.IGNORECASE)
_FIELD = re.compile(r"\{(\w+)\}")


def dashboard_link(host: str, port: int) -> str:
    """Give the address of a dashboard on this machine, as the user's browser reaches it.

    The template ``distributed.dashboard.link`` of Dask's configuration, where somebody has set it (names in
    braces are of the environment, unless they sound like what lets one in); else the hub's proxy, whose
    prefix is ``JUPYTERHUB_SERVICE_PREFIX``; else the plain address.
    """
    import dask.config

    template = str(dask.config.get("distributed.dashboard.link", _PLAIN))
    if template != _PLAIN:
        given = {"scheme": "http", "host": host, "port": str(port)}
        made = _filled(template, given)
        if made is not None:
            return made
    prefix = os.environ.get("JUPYTERHUB_SERVICE_PREFIX")
    if prefix:
        return f"{prefix.rstrip('/')}/proxy/{port}/status"
    return f"http://{host}:{port}/status"


def safe_link(link: str | None) -> str | None:
    """Give a link that a page may hold: a path or http(s), without user and password; else None."""
    if not link:
        return None
    try:
        parts = urlsplit(link)
    except ValueError:
        return None
    if parts.scheme not in ("", "http", "https") or link.startswith("//"):
        return None
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()


def _filled(template: str, given: dict[str, str]) -> str | None:
    values = dict(given)
    for name in _FIELD.findall(template):
        if name not in values:
            if _SECRET.search(name) or name not in os.environ:
                return None
            values[name] = os.environ[name]
    made = _FIELD.sub(lambda found: values[found.group(1)], template)
    # Prefixes end with a slash, and templates go on with one.
    return re.sub(r"(?<!:)/{2,}", "/", made)
