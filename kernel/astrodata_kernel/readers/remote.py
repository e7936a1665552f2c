"""Files from the network, fetched to the temporary folder."""

from __future__ import annotations

import http.client
import re
import tempfile
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from ..errors import AstrodataError, TooLarge, UnreadableFile, UnsupportedFormat
from .caps import caps
from .scratch import folder

_CHUNK = 1 << 20
_SECONDS = 30
_lock = threading.Lock()
_known: dict[str, Path] = {}


def is_url(text: str) -> bool:
    """Tell an address from a path; a Windows drive is a path."""
    return re.match(r"[A-Za-z][A-Za-z0-9+.-]+://", text) is not None


def fetched(url: str, progress: Callable[[float], None] | None = None) -> Path:
    """Give the path of a local copy of what is at an address, fetched once a session.

    Raises
    ------
    UnsupportedFormat
        A scheme other than http, https and ftp.
    UnreadableFile
        Nothing is there, or the connection fails; the text says which.
    """
    scheme = url.partition("://")[0].lower()
    if scheme not in ("http", "https", "ftp"):
        raise UnsupportedFormat(
            f"{url}: addresses of the form {scheme}:// cannot be opened; copy the file here first"
        )
    with _lock:
        if url not in _known or not _known[url].exists():
            _known[url] = _fetch(url, progress)
        return _known[url]


def _fetch(url: str, progress: Callable[[float], None] | None) -> Path:
    try:
        target = Path(tempfile.mkdtemp(dir=folder())) / _name_of(url)
        with urllib.request.urlopen(url, timeout=_SECONDS) as reply, target.open("wb") as out:  # noqa: S310
            total = int(reply.headers.get("Content-Length") or 0)
            while chunk := reply.read(_CHUNK):
                out.write(chunk)
                if out.tell() > caps.expanded_bytes:
                    raise TooLarge(f"{url} is larger than {caps.expanded_bytes:,} bytes")
                if progress is not None and total:
                    progress(min(1.0, out.tell() / total))
            if total and out.tell() != total:
                raise _broken_off(url, out.tell(), total)
    except urllib.error.HTTPError as error:
        error.close()
        raise UnreadableFile(
            f"{url}: the server answers {error.code} {error.reason}; check the address"
        ) from None
    except http.client.IncompleteRead as error:
        raise _broken_off(url, len(error.partial), None) from None
    except (OSError, ValueError, http.client.HTTPException) as error:
        if isinstance(error, AstrodataError):
            raise
        raise UnreadableFile(
            f"{url} cannot be fetched: {getattr(error, 'reason', error)}; check the address and the network"
        ) from None
    return target


def _name_of(url: str) -> str:
    name = unquote(PurePosixPath(urlsplit(url).path).name)
    plain = "".join("_" if c in "/\\" or ord(c) < 32 else c for c in name)[-100:]
    return "download" if plain in ("", ".", "..") else plain


def _broken_off(url: str, count: int, total: int | None) -> UnreadableFile:
    of = "" if total is None else f" of {total:,}"
    return UnreadableFile(f"{url}: the connection ended after {count:,}{of} bytes; try again")
