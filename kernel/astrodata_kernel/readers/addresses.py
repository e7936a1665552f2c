"""Addresses of files, and what of them may be shown."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import SplitResult, quote, unquote, urlsplit, urlunsplit

from ..errors import UnreadableFile

_SECRET = re.compile(
    r"sig$|sign|token|secret|passw|pwd|auth|cred|session|(api|access|private)[-_]?key|^key|awsaccess",
    re.IGNORECASE,
)
"""Names in a query that stand before what lets one in."""


def is_url(text: str) -> bool:
    """Tell an address from a path; a Windows drive is a path."""
    return re.match(r"[A-Za-z][A-Za-z0-9+.-]+://", text) is not None


def scheme_of(url: str) -> str:
    """Give what stands before ``://``, in small letters."""
    return url.partition("://")[0].lower()


def shown(url: str) -> str:
    """Give an address without user, password and the keys in its query: what messages and states hold."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url.rpartition("@")[2]
    pairs = [_without_secret(pair) for pair in parts.query.split("&")] if parts.query else []
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path, "&".join(pairs), ""))


def shown_within(value: Any) -> Any:
    """Give a value, or a nest of mappings and sequences, with each address in it as it may be shown."""
    if isinstance(value, Mapping):
        return {name: shown_within(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [shown_within(one) for one in value]
    return shown(value) if isinstance(value, str) and "://" in value else value


def _without_secret(pair: str) -> str:
    name, equals, _ = pair.partition("=")
    return f"{name}=..." if equals and _SECRET.search(unquote(name)) else pair


def plain(url: str) -> tuple[str, dict[str, str]]:
    """Give an address as a request names it, and the headers that its user and password make.

    Raises
    ------
    UnreadableFile
        It is none.
    """
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise UnreadableFile(f"{shown(url)} is no address: {error}") from None
    if not parts.hostname:
        raise UnreadableFile(f"{shown(url)} is no address: it names no server")
    user, at, host = parts.netloc.rpartition("@")
    headers = {}
    if at:
        word = ":".join(unquote(part) for part in user.partition(":")[::2])
        headers["Authorization"] = "Basic " + base64.b64encode(word.encode()).decode()
    path = quote(parts.path, safe="/%:=&?~#+!$,;'@()*[]")
    made = SplitResult(parts.scheme, host if at else parts.netloc, path, parts.query, "")
    return urlunsplit(made), headers


def name_of(url: str) -> str:
    """Give a name for the file that is at an address, fit for a folder of ours."""
    try:
        path = urlsplit(url).path
    except ValueError:
        path = ""
    name = unquote(PurePosixPath(path).name)
    safe = "".join("_" if c in "/\\" or ord(c) < 32 else c for c in name)[-100:]
    return "download" if safe in ("", ".", "..") else safe
