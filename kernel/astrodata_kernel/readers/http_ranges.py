"""Ranges of a file by HTTP: several in one request where the server knows how."""

from __future__ import annotations

import email.utils
import http.client
import re
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from typing import IO, Any

from ..errors import AstrodataError, DataCheckFailed, UnreadableFile
from .addresses import plain, shown
from .ranges import Facts, OneAtATime, Range

SECONDS = 30.0
"""After which a server that says nothing is given up."""

PAUSES = (0.3, 1.0)
"""Seconds before a request is made again that may go well another time."""

HEAD_BYTES = 64 << 10
_AT_ONCE = 100
_PASSING = (408, 429, 500, 502, 503, 504)
_REASONS = {
    401: "the server wants to know who you are: sign in there, and copy the file here",
    403: "the server does not let you have it; check the address, and whether the file is public",
    404: "the server has nothing at this address; check it",
    410: "the server says that it is gone for good",
}


class HttpSource:
    """A file at an HTTP address.

    Parameters
    ----------
    url
        With user and password, where it needs them: they are sent to this server alone and never shown.
    """

    def __init__(self, url: str) -> None:
        self.shown = shown(url)
        self._url, self._secret = plain(url)
        self.facts = Facts(0, 0.0, "")
        self.skips, self.at_once, self.tried = 0, _AT_ONCE, False

    def begin(self) -> tuple[Any, bytes]:
        """Ask for the first bytes: they come with the facts, or the whole file where there are no ranges.

        Returns
        -------
        tuple
            None and the first bytes; or the reply, of which nothing was read, where the server has no ranges.

        Raises
        ------
        UnreadableFile
            Nothing is there, or the connection fails; the text says which.
        """
        reply = self._ask([(0, HEAD_BYTES)])
        total = _total(reply)
        if reply.status != 206 or total is None:
            return reply, b""
        with reply:
            head = self._read(reply, min(HEAD_BYTES, total))
            self.facts = _facts(reply, total)
        return None, head

    def whole(self) -> Any:
        """Ask for the whole file; gives the reply, of which nothing was read."""
        return self._ask([])

    def get(self, wanted: Sequence[Range]) -> list[bytes]:
        """Give the bytes of some ranges (start, stop).

        Raises
        ------
        OneAtATime
            The server does not take several; it is not asked for several again.
        UnreadableFile
            The connection fails, or the file is no longer there.
        DataCheckFailed
            The file is another one than it was.
        """
        for pause in (*PAUSES, None):
            try:
                return self._get(wanted)
            except _BrokenOff as error:
                if pause is None:
                    raise UnreadableFile(str(error)) from None
                time.sleep(pause)
        raise AssertionError("never reached")

    def _get(self, wanted: Sequence[Range]) -> list[bytes]:
        several = len(wanted) > 1
        try:
            reply = self._ask(wanted)
        except UnreadableFile:
            if several and not self.tried:
                raise self._one_at_a_time() from None
            raise
        with reply:
            parts = _boundary(reply) if several else None
            if several and (reply.status != 206 or parts is None):
                raise self._one_at_a_time()
            if reply.status != 206:
                raise DataCheckFailed(
                    f"{self.shown}: the server no longer gives parts of the file; open it again"
                )
            if parts is None:
                return [self._piece(reply, wanted[0])]
            pieces = self._pieces(reply, parts, wanted)
        self.tried = True
        return pieces

    def _one_at_a_time(self) -> OneAtATime:
        # A way to the server and back costs as much as so many bytes.
        self.at_once, self.tried, self.skips = 1, True, 64 << 10
        return OneAtATime(self.shown)

    def _piece(self, reply: Any, wanted: Range) -> bytes:
        self._check(_facts(reply, _total(reply)))
        return self._read(reply, wanted[1] - wanted[0])

    def _pieces(self, reply: Any, boundary: bytes, wanted: Sequence[Range]) -> list[bytes]:
        facts = _facts(reply, None)
        most = sum(stop - start for start, stop in wanted) + 400 * (len(wanted) + 1)
        body = self._read(reply, most, exactly=False)
        found: dict[int, bytes] = {}
        at = 0
        while (at := body.find(b"--" + boundary, at)) >= 0:
            at += len(boundary) + 2
            end = body.find(b"\r\n\r\n", at)
            place = re.search(
                rb"content-range:\s*bytes (\d+)-(\d+)/(\d+)", body[at:end], re.IGNORECASE
            )
            if end < 0 or place is None:
                break
            start, last, total = (int(number) for number in place.groups())
            self._check(Facts(total, facts.mtime, facts.tag))
            found[start] = body[end + 4 : end + 4 + last + 1 - start]
            at = end + 4 + len(found[start])
        pieces = [found.get(start, b"")[: stop - start] for start, stop in wanted]
        if any(
            len(piece) != stop - start for piece, (start, stop) in zip(pieces, wanted, strict=True)
        ):
            raise self._one_at_a_time()
        return pieces

    def _check(self, now: Facts) -> None:
        was = self.facts
        size = now.size or was.size
        if (size, now.mtime or was.mtime, now.tag or was.tag) != (was.size, was.mtime, was.tag):
            raise DataCheckFailed(
                f"{self.shown} is another file than when it was opened ({was.size:,} bytes then, "
                f"{size:,} now): open it again"
            )

    def _read(self, reply: IO[bytes], count: int, exactly: bool = True) -> bytes:
        try:
            data = reply.read(count)
        except http.client.IncompleteRead as error:
            data = error.partial
        except (OSError, http.client.HTTPException) as error:
            raise _BrokenOff(
                f"{self.shown}: the connection broke off ({error}); try again"
            ) from None
        if exactly and len(data) != count:
            raise _BrokenOff(
                f"{self.shown}: the connection ended after {len(data):,} of {count:,} bytes; try again"
            )
        return data

    def _ask(self, wanted: Sequence[Range]) -> Any:
        for pause in (*PAUSES, None):
            try:
                return _opener().open(self._request(wanted), timeout=SECONDS)
            except urllib.error.HTTPError as error:
                error.close()
                if error.code not in _PASSING or pause is None:
                    raise UnreadableFile(self._refusal(error)) from None
            except (OSError, ValueError, http.client.HTTPException) as error:
                if isinstance(error, AstrodataError):
                    raise
                reason = getattr(error, "reason", error)
                broken = isinstance(reason, ConnectionResetError | BrokenPipeError | TimeoutError)
                if not broken or pause is None:
                    raise UnreadableFile(
                        f"{self.shown} cannot be fetched: {_line(reason)}; check the address and the network"
                    ) from None
            time.sleep(pause)
        raise AssertionError("never reached")

    def _request(self, wanted: Sequence[Range]) -> urllib.request.Request:
        headers = {"Accept-Encoding": "identity"}
        if wanted:
            ranges = ",".join(f"{start}-{stop - 1}" for start, stop in wanted)
            headers["Range"] = f"bytes={ranges}"
        request = urllib.request.Request(self._url, headers=headers)  # noqa: S310
        for key, value in self._secret.items():
            request.add_unredirected_header(key, value)  # to this server, and to no other one
        return request

    def _refusal(self, error: urllib.error.HTTPError) -> str:
        why = _REASONS.get(error.code, "check the address")
        return f"{self.shown}: the server answers {error.code} {_line(error.reason)}; {why}"


class _BrokenOff(Exception):
    """A connection that ended before its time."""


def _opener() -> urllib.request.OpenerDirector:
    # Without handlers for file:, which a server must not be able to send one to.
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPRedirectHandler(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.UnknownHandler(),
    ):
        opener.add_handler(handler)
    return opener


def _line(text: object) -> str:
    # A server may say anything.
    said = "".join(c if c.isprintable() else " " for c in str(text))
    return re.sub(r"https?://\S+", lambda found: shown(found[0]), said)[:160]


def _total(reply: Any) -> int | None:
    found = re.fullmatch(r"bytes \d+-\d+/(\d+)", reply.headers.get("Content-Range", "").strip())
    return int(found[1]) if found else None


def _boundary(reply: Any) -> bytes | None:
    if reply.headers.get_content_type() != "multipart/byteranges":
        return None
    boundary = reply.headers.get_param("boundary")
    return boundary.encode() if isinstance(boundary, str) and boundary else None


def _facts(reply: Any, total: int | None) -> Facts:
    said = reply.headers.get("Last-Modified", "")
    try:
        mtime = email.utils.parsedate_to_datetime(said).timestamp() if said else 0.0
    except (ValueError, OverflowError):
        mtime = 0.0
    tag = reply.headers.get("ETag", "").strip()
    # A weak tag may differ between two servers of one name.
    return Facts(total or 0, mtime, "" if tag.startswith("W/") else tag)
