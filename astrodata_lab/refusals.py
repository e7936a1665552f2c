"""What a request gets when it does not get what it asked for: a status, a code and a sentence."""

from __future__ import annotations

import os
import re
from http import HTTPStatus

from astrodata_kernel.errors import AstrodataError

STATUS = {
    "bad-request": 400,
    "forbidden": 403,
    "unknown-name": 404,
    "unreadable": 404,
    "name-taken": 409,
    "out-of-step": 409,
    "too-large": 413,
    "unsupported": 415,
    "damaged": 422,
    "check-failed": 422,
    "no-local-files": 501,
    "busy": 503,
    "time-out": 504,
    "no-space": 507,
}
"""The HTTP status of each code; the codes are those of ``astrodata_kernel.errors`` and our own."""


class Refusal(Exception):
    """A request that is answered with a clear sentence in place of data.

    Parameters
    ----------
    code
        One of `STATUS`; another one stands for a fault of ours (500).
    message
        What happened, where, and what to do.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    @property
    def status(self) -> int:
        """The HTTP status."""
        return STATUS.get(self.code, HTTPStatus.INTERNAL_SERVER_ERROR)


def refusal_for(error: BaseException) -> Refusal | None:
    """Give the refusal that stands for an error, or None for a fault of ours."""
    if isinstance(error, Refusal):
        return error if error.code in STATUS else None
    if isinstance(error, AstrodataError) and error.code in STATUS:
        return Refusal(error.code, str(error))
    return None


def without_root(text: str, root: str) -> str:
    """Give `text` with paths relative to the server's root: where that root is, stays here."""
    for prefix in sorted({root, os.path.realpath(root)}, key=len, reverse=True):
        base = prefix.rstrip(os.sep)
        if base:
            # Not in the middle of a longer path or name.
            here = rf"(?<![\w./-]){re.escape(base)}"
            text = re.sub(here + re.escape(os.sep), "", text)
            text = re.sub(here + r"(?![\w.-])", "the root folder", text)
    return text
