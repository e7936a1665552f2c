"""Files from the network: read by ranges where that is possible, else fetched to the temporary folder."""

from __future__ import annotations

import http.client
import shutil
import tempfile
import urllib.error
import urllib.request
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..errors import AstrodataError, TooLarge, UnreadableFile, UnsupportedFormat
from .addresses import is_url as is_url
from .addresses import name_of, scheme_of, shown
from .caps import caps
from .cloud import STORES, CloudSource
from .http_ranges import HEAD_BYTES, SECONDS, HttpSource
from .once import Once, Progress
from .ranges import RemoteBytes
from .scratch import folder

WHOLE_BYTES = 4 << 20
"""Files up to this size are fetched whole: one request is sooner done than some."""

_CHUNK = 1 << 20
_LEFT_FREE = 1 << 30
_fetched: Once[Path] = Once(Path.exists)
_known: weakref.WeakValueDictionary[str, RemoteBytes] = weakref.WeakValueDictionary()
"""What is read by ranges at present, with the pages that came: viewers of one file share them."""


def located(
    url: str, wants: Callable[[bytes], bool], progress: Progress | None = None
) -> Path | RemoteBytes:
    """Give what is at an address: its bytes by ranges, or the path of a copy, fetched once a session.

    Parameters
    ----------
    url
        Of scheme http, https, ftp, or of an object store whose package is installed (``s3://``).
    wants
        Tells from the first bytes whether the file can be read by ranges.
    progress
        Told the share done while a file is fetched whole; may raise `Cancelled`.

    Raises
    ------
    UnsupportedFormat
        Another scheme.
    UnreadableFile
        Nothing is there, or the connection fails; the text says which.
    TooLarge
        More than is allowed, or than the temporary folder has room for.
    """
    scheme = scheme_of(url)
    if scheme not in ("http", "https", "ftp", *STORES):
        raise UnsupportedFormat(
            f"{shown(url)}: addresses of the form {scheme}:// cannot be opened; copy the file here first"
        )
    if scheme == "ftp":
        return _fetched.get(url, lambda told: _from_ftp(url, told), progress)
    if scheme in STORES:
        cloud = CloudSource(url)
        remote = RemoteBytes(cloud, name_of(url))
        wanted = remote.size > WHOLE_BYTES and wants(remote.read(0, HEAD_BYTES))
        if wanted:
            return _again(url, remote)
        return _fetched.get(
            (url, cloud.facts), lambda told: _by_ranges(remote, url, told), progress
        )
    source = HttpSource(url)
    reply, head = source.begin()
    if reply is not None:
        key = (url, reply.headers.get("ETag"), reply.headers.get("Last-Modified"))
        with reply:
            return _fetched.get(key, lambda told: _streamed(reply, url, told), progress)
    if source.facts.size > WHOLE_BYTES and wants(head):
        return _again(url, RemoteBytes(source, name_of(url), head))
    return _fetched.get((url, source.facts), lambda told: _whole(source, url, told), progress)


def _again(url: str, remote: RemoteBytes) -> RemoteBytes:
    """Give what was opened before, with its pages, unless the file is another one now."""
    known = _known.get(url)
    if known is None or known.source.facts != remote.source.facts:
        known = _known[url] = remote
    return known


def _whole(source: HttpSource, url: str, told: Progress) -> Path:
    with source.whole() as reply:
        return _streamed(reply, url, told)


def _from_ftp(url: str, told: Progress) -> Path:
    try:
        with urllib.request.urlopen(url, timeout=SECONDS) as reply:  # noqa: S310
            return _streamed(reply, url, told)
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise _unreadable(url, error) from None


def _streamed(reply: Any, url: str, told: Progress) -> Path:
    said = reply.headers.get("Content-Length") or "0"
    if not said.isascii() or not said.isdigit():
        raise UnreadableFile(
            f"{shown(url)}: the server tells {said[:40]!r} as the size of the file"
        )
    total = int(said)
    try:
        target = _target(url, total)
        done = False
        try:
            with target.open("wb") as out:
                while chunk := reply.read(_CHUNK):
                    out.write(chunk)
                    _refuse_beyond(url, out.tell())
                    if total:
                        told(min(1.0, out.tell() / total))
                if total and out.tell() != total:
                    raise _broken_off(url, out.tell(), total)
            done = True
        finally:
            if not done:
                shutil.rmtree(target.parent, ignore_errors=True)
    except http.client.IncompleteRead as error:
        raise _broken_off(url, len(error.partial), total or None) from None
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise _unreadable(url, error) from None
    return target


def _by_ranges(remote: RemoteBytes, url: str, told: Progress) -> Path:
    _refuse_beyond(url, remote.size)
    target = _target(url, remote.size)
    done = False
    try:
        with target.open("wb") as out:
            while out.tell() < remote.size:
                start = out.tell()
                ranges = [(start, min(start + 4 * _CHUNK, remote.size))]
                out.writelines(remote.source.get(ranges))
                told(out.tell() / remote.size)
        done = True
    finally:
        if not done:
            shutil.rmtree(target.parent, ignore_errors=True)
    return target


def _target(url: str, size: int) -> Path:
    _refuse_beyond(url, size)
    if shutil.disk_usage(folder()).free < size + _LEFT_FREE:
        raise TooLarge(
            f"{shown(url)}: its {size:,} bytes would fill the disk of {folder().parent}: make room there, or "
            "set TMPDIR"
        )
    return Path(tempfile.mkdtemp(dir=folder())) / name_of(url)


def _refuse_beyond(url: str, size: int) -> None:
    if size > caps.expanded_bytes:
        raise TooLarge(f"{shown(url)} is larger than {caps.expanded_bytes:,} bytes")


def _unreadable(url: str, error: Exception) -> AstrodataError:
    if isinstance(error, AstrodataError):
        return error
    reason = str(getattr(error, "reason", error)).replace(url, shown(url))
    return UnreadableFile(
        f"{shown(url)} cannot be fetched: {reason}; check the address and the network"
    )


def _broken_off(url: str, count: int, total: int | None) -> UnreadableFile:
    of = "" if total is None else f" of {total:,}"
    return UnreadableFile(
        f"{shown(url)}: the connection ended after {count:,}{of} bytes; try again"
    )
