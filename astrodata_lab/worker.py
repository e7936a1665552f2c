"""The process in which files of unknown origin are read, one call after the other.

A request is a line of JSON, ``{"call": "module:function", "args": [...]}``; a reply is a line of
JSON and, for a function that gives bytes, those bytes. With ``"progress": true`` the function is given
a callable as well, and what it is told goes before the reply as lines ``{"progress": ...}``. Nothing is
pickled: a file that takes over this process cannot reach further through its answers.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import select
import sys
import traceback
import warnings
from functools import partial
from importlib import import_module
from typing import Any, BinaryIO

from astrodata_kernel.errors import AstrodataError

IDLE_SECONDS = 300
"""An idle worker leaves after this time: on a hub its memory is somebody else's."""


def main(memory: int) -> None:
    """Serve the process that started this one until it goes, or is silent for long."""
    requests = os.fdopen(os.dup(0), "rb")
    replies = os.fdopen(os.dup(1), "wb")
    # A library that prints must not speak into the replies.
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1):
        os.dup2(null, descriptor)
    _limit(memory)
    warnings.simplefilter("ignore")
    while _wait(requests):
        line = requests.readline()
        if not line:
            return
        _reply(replies, line)


def _limit(memory: int) -> None:
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource  # not on Windows

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if memory:
            resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        os.nice(5)


def _wait(requests: BinaryIO) -> bool:
    if sys.platform == "win32":  # select takes sockets only
        return True
    return bool(select.select([requests], [], [], IDLE_SECONDS)[0])


def _reply(replies: BinaryIO, line: bytes) -> None:
    data = b""
    try:
        request = json.loads(line)
        module, function = request["call"].split(":")
        more = {"progress": partial(_tell, replies)} if request.get("progress") else {}
        value = getattr(import_module(module), function)(*request["args"], **more)
        if isinstance(value, bytes):
            data, value = value, None
        head = json.dumps({"ok": True, "value": _plain(value), "bytes": len(data)})
    except BaseException as error:  # noqa: BLE001 - whatever a reader raises is an answer too
        data = b""
        head = json.dumps({"ok": False, "error": _told(error)})
    replies.write(head.encode() + b"\n" + data)
    replies.flush()


def _tell(replies: BinaryIO, share: float) -> None:
    replies.write(json.dumps({"progress": _plain(share)}).encode() + b"\n")
    replies.flush()


def _told(error: BaseException) -> dict[str, str]:
    if isinstance(error, AstrodataError):
        return {"code": error.code, "message": str(error)}
    if isinstance(error, MemoryError):
        return {
            "code": "too-large",
            "message": "This needs more memory than a preview may take: open it in a notebook.",
        }
    return {"code": "internal", "message": traceback.format_exc()}


def _plain(value: Any) -> Any:
    """Give what JSON can hold: no NaN (browsers refuse it), no type of NumPy's."""
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if hasattr(value, "item"):
        return _plain(value.item())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return str(value)


if __name__ == "__main__":
    main(int(sys.argv[1]))
