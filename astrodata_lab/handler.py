"""What the routes of the sidebar share: their arguments, and the one way in which errors are told."""

from __future__ import annotations

import contextlib
import json
import os
import re
import uuid
from http.client import responses
from typing import TYPE_CHECKING, Any

from jupyter_server.base.handlers import APIHandler
from tornado.web import HTTPError

from .paths import local_folder, local_path, local_root
from .refusals import Refusal, refusal_for, without_root

if TYPE_CHECKING:
    from pathlib import Path

    from .app import AstrodataLab


class Handler(APIHandler):
    """One route."""

    auth_resource = "contents"

    gone = False
    """Whether the caller has left before the answer."""

    @property
    def lab(self) -> AstrodataLab:
        """The server's half."""
        return self.settings["astrodata_lab"]

    @property
    def root(self) -> Path:
        """The folder that the contents manager shows."""
        return local_root(self.contents_manager)

    def argument(self, name: str) -> str | None:
        """Give a query argument as it was sent: Tornado's own would replace control characters."""
        values = self.request.query_arguments.get(name)
        try:
            return values[-1].decode() if values else None
        except UnicodeDecodeError as error:
            raise Refusal("bad-request", f"The argument {name} is not UTF-8 text.") from error

    async def file(self) -> tuple[str, Path]:
        """Give the path that was asked for and the local file behind it, or the folder that is a data set."""
        path = self.argument("path") or ""
        return path, await self.local(path, folders=True)

    async def local(self, path: str, folders: bool = False) -> Path:
        """Give the local file, or folder where `folders` may be, behind a path."""
        return await local_path(
            self.contents_manager, path, self.lab.allowed_roots, folders=folders
        )

    async def folder(self, path: str) -> Path:
        """Give the local folder behind a path; an empty one is the root."""
        if path and path == self.lab.upload_folder:
            # The administrator's choice, of which nobody need know.
            with contextlib.suppress(OSError):
                (self.root / path).mkdir(parents=True, exist_ok=True)
        return await local_folder(self.contents_manager, path, self.lab.allowed_roots)

    def hdu(self) -> int | str | None:
        """Give the HDU asked for: its number, its name, or None for the first with data."""
        text = self.argument("hdu")
        if not text:
            return None
        return int(text) if re.fullmatch(r"[0-9]{1,6}", text) else text

    def named(self) -> str:
        """Give the name of a data set that was asked for."""
        name = self.argument("name")
        if not name:
            raise Refusal("bad-request", "No name was given: name the data set.")
        return name

    def on_connection_close(self) -> None:
        """Remember that nobody waits for the answer."""
        self.gone = True

    def shown(self, value: Any, keep: tuple[str, ...] = ()) -> Any:
        """Give an answer whose texts say nothing of where the root is; what is under `keep` is as it was."""
        root = str(self.root)
        roots = {root.rstrip(os.sep), os.path.realpath(root).rstrip(os.sep)} - {""}

        def told(value: Any) -> Any:
            if isinstance(value, str):
                # Answers are long and asked for each second: most texts name no path at all.
                return without_root(value, root) if any(one in value for one in roots) else value
            if isinstance(value, list):
                return [told(one) for one in value]
            if isinstance(value, dict):
                return {k: one if k in keep else told(one) for k, one in value.items()}
            return value

        return told(value)

    def update_api_activity(self) -> None:
        """Count as activity what changes something.

        The panel looks at its lists by itself: a server with an open page and a run that hangs must look
        as idle as it is, or its hub never ends it.
        """
        if self.request.method != "GET":
            super().update_api_activity()

    def reply(self, value: Any, status: int = 200) -> None:
        """Send JSON."""
        self.set_status(status)
        self.set_header("X-Content-Type-Options", "nosniff")
        self.finish(json.dumps(value))

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Send an error as one code and one sentence; of a fault of ours only its log's number."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        status_code, code, message = self.told(error, status_code)
        self.reply({"error": {"code": code, "message": message}}, status_code)

    def told(self, error: BaseException | None, status_code: int = 500) -> tuple[int, str, str]:
        """Give status, code and sentence of an error."""
        refusal = refusal_for(error) if error is not None else None
        if refusal is not None:
            root = getattr(self.contents_manager, "root_dir", "")
            return refusal.status, refusal.code, without_root(refusal.message, root)
        if isinstance(error, HTTPError):
            code = "forbidden" if status_code in (401, 403) else "bad-request"
            reason = error.log_message or responses.get(status_code, "Unknown error")
            return status_code, code, reason
        number = uuid.uuid4().hex[:8]
        self.log.error("astrodata_lab fault %s: %s", number, error)
        return (
            status_code,
            "internal",
            f"The server failed at this; its log has the reason under {number}.",
        )

    def log_exception(self, *exc_info: Any) -> None:
        """Keep refusals out of the log, which are answers, and whole addresses, which may hold a token."""
        error = exc_info[1]
        if refusal_for(error) is not None:
            return
        request = f"{self.request.method} {self.request.path}"
        if isinstance(error, HTTPError):
            self.log.warning("%s: %s", request, error)
        else:
            self.log.error("Uncaught exception in %s", request, exc_info=exc_info)
