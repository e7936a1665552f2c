"""Files from the network, fetched to the temporary folder."""

from __future__ import annotations

import re
import tempfile
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from ..errors import TooLarge, UnreadableFile, UnsupportedFormat
from .caps import caps
from .gunzip import folder

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
    scheme = urlsplit(url).scheme.lower()
    if scheme not in ("http", "https", "ftp"):
        raise UnsupportedFormat(
            f"{url}: addresses of the form {scheme}:// cannot be opened; copy the file here first"
        )
    with _lock:
        if url not in _known or not _known[url].exists():
            _known[url] = _fetch(url, progress)
        return _known[url]


def _fetch(url: str, progress: Callable[[float], None] | None) -> Path:
    name = unquote(PurePosixPath(urlsplit(url).path).name).replace("/", "_") or "download"
    target = Path(tempfile.mkdtemp(dir=folder())) / name
    try:
        with urllib.request.urlopen(url, timeout=_SECONDS) as reply, target.open("wb") as out:  # noqa: S310
            total = int(reply.headers.get("Content-Length") or 0)
            while chunk := reply.read(_CHUNK):
                out.write(chunk)
                if out.tell() > caps.expanded_bytes:
                    raise TooLarge(f"{url} is larger than {caps.expanded_bytes:,} bytes")
                if progress is not None and total:
                    progress(min(1.0, out.tell() / total))
            if total and out.tell() != total:
                raise UnreadableFile(
                    f"{url}: the connection ended after {out.tell():,} of {total:,} bytes; try again"
                )
    except urllib.error.HTTPError as error:
        raise UnreadableFile(f"{url}: the server answers {error.code} {error.reason}") from None
    except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
        raise UnreadableFile(
            f"{url} cannot be reached: {getattr(error, 'reason', error)}"
        ) from None
    return target
