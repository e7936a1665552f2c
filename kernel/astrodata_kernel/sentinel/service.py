"""Talks to a service through its own client: can be given up at any time, and tells errors in words."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable
from typing import Any, TypeVar

from ..errors import AstrodataError, ServiceFailed

Result = TypeVar("Result")
Check = Callable[[], None]

EACH = 0.1
"""Seconds between two looks at whether somebody gave up."""

UNUSED = ("insufficient_processing_units", "insufficient processing units", "quota")
"""How the services say that an account has used up what it had."""


def asked(work: Callable[[], Result], check: Check, what: str) -> Result:
    """Give what the client of a service answers.

    Parameters
    ----------
    work
        Calls the client, which may wait for minutes.
    check
        Called while it does; what it raises gives the answer up. The thread that waits ends by itself, and
        what it still receives is not used.
    what
        Such as ``"piece 2 of 6"``, for errors.

    Raises
    ------
    ServiceFailed
        Credentials, quota, a refusal or no answer; the text says which.
    """
    from sentinelhub.exceptions import SHRateLimitWarning

    # The client warns each time that it is told to wait; what comes of it is told by the error.
    warnings.simplefilter("ignore", SHRateLimitWarning)
    found: list[Result] = []
    wrong: list[BaseException] = []

    def run() -> None:
        try:
            found.append(work())
        except BaseException as error:  # noqa: BLE001 - raised again where somebody waits
            wrong.append(error)

    thread = threading.Thread(target=run, daemon=True, name="astrodata-service")
    thread.start()
    while thread.is_alive():
        check()
        thread.join(EACH)
    if wrong:
        raise _in_words(wrong[0], what) from None
    return found[0]


def _in_words(error: BaseException, what: str) -> BaseException:
    """Give the error to raise. The client's own texts hold addresses and answers: they are not passed on."""
    if isinstance(error, AstrodataError) or not isinstance(error, Exception):
        return error
    kind = type(error).__name__
    response = getattr(getattr(error, "request_exception", error), "response", None)
    status = getattr(response, "status_code", None)
    said = str(getattr(response, "text", "") or "")[:2000].lower()
    if kind in (
        "InvalidClientError",
        "UnauthorizedClientError",
        "InvalidGrantError",
        "MissingTokenError",
    ):
        return ServiceFailed(
            f"{what}: the service does not know this client and secret, or they have expired; make new "
            "ones in its dashboard"
        )
    if kind == "OutOfRequestsException" or status == 429:
        return ServiceFailed(
            f"{what}: the service takes no more requests at present (its rate limit); try again in some "
            "minutes"
        )
    if status is not None and any(text in said for text in UNUSED):
        return ServiceFailed(
            f"{what}: the processing units or requests of this account are used up; its dashboard tells when "
            "there are new ones"
        )
    if status in (401, 403):
        return ServiceFailed(
            f"{what}: the service refuses this account ({status}); check its rights and whether it has "
            "expired"
        )
    if status is not None:
        return ServiceFailed(f"{what}: the service answered {status}{_reason(response)}")
    if "Timeout" in kind or "Timeout" in type(getattr(error, "request_exception", None)).__name__:
        return ServiceFailed(f"{what}: no answer in time; try again, or give a longer timeout")
    if isinstance(error, OSError) or getattr(error, "request_exception", None) is not None:
        return ServiceFailed(
            f"{what}: the service cannot be reached; check the network and its address"
        )
    return ServiceFailed(f"{what}: the answer of the service is of no use ({kind})")


def _reason(response: Any) -> str:
    """Give what the service itself says is wrong with a request, in one line."""
    try:
        told = response.json()["error"]["message"]
    except Exception:  # noqa: BLE001 - an answer may be anything
        return ""
    return f": {' '.join(str(told).split())[:300]}"
