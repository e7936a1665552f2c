"""Ranges of files in object stores, through fsspec where the store's package is installed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from importlib import import_module
from typing import Any

from ..errors import AstrodataError, DataCheckFailed, MissingPackage, UnreadableFile
from .addresses import shown
from .ranges import Facts, Range

STORES = {"s3": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "az": "adlfs", "abfs": "adlfs"}
"""Package that knows each kind of store."""


class CloudSource:
    """A file in an object store.

    Who one is, the store's package takes from where it always does (environment, profile); without, a public
    bucket is asked as nobody.

    Raises
    ------
    MissingPackage
        The store's package is not installed.
    UnreadableFile
        Nothing is there, or it may not be read.
    """

    def __init__(self, url: str) -> None:
        self.shown = shown(url)
        scheme, _, rest = url.partition("://")
        self._path = rest
        # Such stores give one range a request; fsspec asks for many at the same time.
        self.skips, self.at_once, self.tried = 64 << 10, 64, True
        self._files, info = self._opened(scheme.lower())
        self.facts = _facts(info)

    def get(self, wanted: Sequence[Range]) -> list[bytes]:
        """Give the bytes of some ranges (start, stop).

        Raises
        ------
        UnreadableFile, DataCheckFailed
            They cannot be had, or are another file's.
        """
        starts, stops = [start for start, _ in wanted], [stop for _, stop in wanted]
        try:
            pieces = self._files.cat_ranges([self._path] * len(wanted), starts, stops)
            now = _facts(self._files.info(self._path))
        except Exception as error:  # noqa: BLE001 - each store's package has errors of its own
            raise self._unreadable(error) from None
        if now != self.facts:
            raise DataCheckFailed(
                f"{self.shown} is another file than when it was opened ({self.facts.size:,} bytes then, "
                f"{now.size:,} now): open it again"
            )
        return [bytes(piece) for piece in pieces]

    def _opened(self, scheme: str) -> tuple[Any, Any]:
        package = STORES[scheme]
        try:
            fsspec = import_module("fsspec")
            made = fsspec.filesystem(scheme)
        except ImportError:
            raise MissingPackage(
                f"{self.shown}: addresses of the form {scheme}:// need the package {package} "
                f"(pip install {package}), or copy the file here first"
            ) from None
        try:
            return made, made.info(self._path)
        except Exception as error:  # noqa: BLE001 - each store's package has errors of its own
            if scheme != "s3" or isinstance(error, FileNotFoundError):
                raise self._unreadable(error) from None
        try:
            public = fsspec.filesystem(scheme, anon=True)
            return public, public.info(self._path)
        except Exception as error:  # noqa: BLE001 - each store's package has errors of its own
            raise self._unreadable(error) from None

    def _unreadable(self, error: Exception) -> AstrodataError:
        # What the packages say may hold signed addresses: only the kind of the error is told.
        if isinstance(error, FileNotFoundError):
            return UnreadableFile(f"{self.shown}: there is nothing at this address; check it")
        return UnreadableFile(
            f"{self.shown} cannot be read ({type(error).__name__}): check the address, the network and "
            "whether you may read it"
        )


def _facts(info: Any) -> Facts:
    changed = info.get("LastModified") or info.get("mtime") or info.get("created")
    mtime = changed.timestamp() if isinstance(changed, datetime) else 0.0
    tag = str(info.get("ETag") or info.get("etag") or info.get("md5Hash") or "")
    return Facts(int(info.get("size") or 0), mtime, tag)
