"""The routes of the sidebar, each one: parse, ask, reply. ``src/lab/api.ts`` is their mirror."""

from __future__ import annotations

import json
import os
import re
import uuid
from http.client import responses
from typing import TYPE_CHECKING, Any

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import url_path_join
from tornado.web import HTTPError, authenticated

from ._version import __version__
from .paths import local_path, local_root
from .refusals import Refusal, refusal_for, without_root

if TYPE_CHECKING:
    from pathlib import Path

    from .app import AstrodataLab

MIN_THUMBNAIL, MAX_THUMBNAIL = 16, 512
MAX_NAME = 200


class Handler(APIHandler):
    """What the routes share: their arguments, and the one way in which errors are told."""

    auth_resource = "contents"

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
        """Give the path that was asked for and the local file behind it."""
        path = self.argument("path") or ""
        return path, await local_path(self.contents_manager, path)

    def hdu(self) -> int | str | None:
        """Give the HDU asked for: its number, its name, or None for the first with data."""
        text = self.argument("hdu")
        if not text:
            return None
        return int(text) if re.fullmatch(r"[0-9]{1,6}", text) else text

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

    def reply(self, value: Any, status: int = 200) -> None:
        """Send JSON."""
        self.set_status(status)
        self.set_header("X-Content-Type-Options", "nosniff")
        self.finish(json.dumps(value))

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Send an error as one code and one sentence; of a fault of ours only its log's number."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        refusal = refusal_for(error) if error is not None else None
        if refusal is not None:
            status_code, code, message = refusal.status, refusal.code, refusal.message
            message = without_root(message, getattr(self.contents_manager, "root_dir", ""))
        elif isinstance(error, HTTPError):
            code = "forbidden" if status_code in (401, 403) else "bad-request"
            message = error.log_message or responses.get(status_code, "Unknown error")
        else:
            code, number = "internal", uuid.uuid4().hex[:8]
            self.log.error("astrodata_lab fault %s: %s", number, error)
            message = f"The server failed at this; its log has the reason under {number}."
        self.reply({"error": {"code": code, "message": message}}, status_code)

    def log_exception(self, *exc_info: Any) -> None:
        """Keep refusals, which are answers, out of the log of failures."""
        if refusal_for(exc_info[1]) is None:
            super().log_exception(*exc_info)


class VersionHandler(Handler):
    """The version of this half, for the panel's handshake."""

    @authenticated
    @authorized
    async def get(self) -> None:
        """Give the version."""
        self.reply({"version": __version__})


class SniffHandler(Handler):
    """What a file holds."""

    @authenticated
    @authorized
    async def get(self) -> None:
        """Give format, kind, shape and parts."""
        path, local = await self.file()
        facts = await self.lab.previews.sniff(local)
        notes = [without_root(note, str(self.root)) for note in facts.get("warnings", [])]
        self.reply({**facts, "path": path, "warnings": notes})


class HeaderHandler(Handler):
    """The header of one HDU."""

    @authenticated
    @authorized
    async def get(self) -> None:
        """Give the cards as [keyword, value, comment]."""
        path, local = await self.file()
        self.reply({**await self.lab.previews.header(local, self.hdu()), "path": path})


class ThumbnailHandler(Handler):
    """A small picture of a file."""

    @authenticated
    @authorized
    async def get(self) -> None:
        """Give a PNG."""
        _, local = await self.file()
        text = self.argument("size") or "128"
        if not re.fullmatch(r"[0-9]{1,4}", text) or not MIN_THUMBNAIL <= int(text) <= MAX_THUMBNAIL:
            raise Refusal(
                "bad-request", f"size must be from {MIN_THUMBNAIL} to {MAX_THUMBNAIL} pixels."
            )
        png = await self.lab.previews.thumbnail(local, self.hdu(), int(text))
        self.set_header("X-Content-Type-Options", "nosniff")
        # The browser asks again, and gets 304 while Tornado's ETag is the same.
        self.set_header("Cache-Control", "private, no-cache")
        self.finish(png, set_content_type="image/png")


class DatasetsHandler(Handler):
    """The catalogue."""

    @authenticated
    @authorized
    async def get(self) -> None:
        """Give all data sets."""
        listing = await self.lab.records.listing(self.root)
        notes = [without_root(note, str(self.root)) for note in listing["warnings"]]
        self.reply({**listing, "warnings": notes})

    @authenticated
    @authorized
    async def post(self) -> None:
        """Add a file by its path, if it has the bytes that are expected."""
        path, wanted = read_wanted(self.get_json_body())
        local = await local_path(self.contents_manager, path)
        self.reply(await self.lab.records.add(self.root, local, **wanted), 201)

    @authenticated
    @authorized
    async def delete(self) -> None:
        """Take a data set out of the catalogue; its file stays."""
        name = self.argument("name")
        if not name:
            raise Refusal("bad-request", "No name was given: name the data set to take out.")
        await self.lab.records.remove(self.root, name)
        self.set_status(204)
        self.finish()


class LabelsHandler(Handler):
    """The label sessions."""

    @authenticated
    @authorized
    async def get(self) -> None:
        """Give all label sessions, those first that changed last."""
        listing = await self.lab.label_sessions.listing(self.root)
        notes = [without_root(note, str(self.root)) for note in listing["warnings"]]
        self.reply({**listing, "warnings": notes})


class RunsHandler(Handler):
    """The runs of pipelines."""

    @authenticated
    @authorized
    async def get(self) -> None:
        """Give the newest runs, or all of the one that is asked for by its id."""
        ident = self.argument("id")
        if ident is None:
            found = await self.lab.runs.listing(self.root)
        else:
            found = await self.lab.runs.one(self.root, ident)
        self.reply(self.shown(found, keep=("again", "mlflow", "parameters")))

    @authenticated
    @authorized
    async def post(self) -> None:
        """Ask a run to end."""
        body = self.get_json_body()
        if not isinstance(body, dict) or not isinstance(body.get("id"), str):
            raise Refusal("bad-request", 'The body must be a JSON object with the "id" of a run.')
        if body.get("do") != "cancel":
            raise Refusal("bad-request", 'All that a run can be asked to is "do": "cancel".')
        self.reply({"asked": await self.lab.runs.cancel(self.root, body["id"])}, 202)


class PipelinesHandler(Handler):
    """The pipelines that lie in the workspace."""

    @authenticated
    @authorized
    async def get(self) -> None:
        """Give name, description and parameters of each."""
        self.reply(self.shown(await self.lab.pipelines.listing(self.root), keep=("parameters",)))


class ModelsHandler(Handler):
    """The registered models."""

    @authenticated
    @authorized
    async def get(self) -> None:
        """Give the models with their newest versions."""
        self.reply(self.shown(await self.lab.models.listing(self.root)))


def read_wanted(body: Any) -> tuple[str, dict[str, Any]]:
    """Give the path, and name, tags and expect, from the body of a POST.

    Raises
    ------
    Refusal
        When one of them is not of its type.
    """
    if not isinstance(body, dict) or not isinstance(body.get("path"), str):
        raise Refusal("bad-request", 'The body must be a JSON object with a "path".')
    name, tags, expect = body.get("name"), body.get("tags") or [], body.get("expect")
    if name is not None and not (isinstance(name, str) and 0 < len(name) <= MAX_NAME):
        raise Refusal("bad-request", f"name must be a text of 1 to {MAX_NAME} characters.")
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise Refusal("bad-request", "tags must be a list of texts.")
    if expect is not None and not _is_expectation(expect):
        raise Refusal("bad-request", "expect must hold a size in bytes and a sha256 in hex.")
    return body["path"], {"name": name, "tags": tags, "expect": expect}


def _is_expectation(expect: Any) -> bool:
    return (
        isinstance(expect, dict)
        and set(expect) <= {"size", "sha256"}
        and type(expect.get("size", 0)) is int
        and isinstance(expect.get("sha256", ""), str)
        and re.fullmatch(r"|[0-9a-f]{64}", expect.get("sha256", "")) is not None
    )


ROUTES: dict[str, type[Handler]] = {
    "version": VersionHandler,
    "sniff": SniffHandler,
    "header": HeaderHandler,
    "thumbnail": ThumbnailHandler,
    "datasets": DatasetsHandler,
    "labels": LabelsHandler,
    "runs": RunsHandler,
    "pipelines": PipelinesHandler,
    "models": ModelsHandler,
}


def handlers(base_url: str) -> list[tuple[str, type[Handler]]]:
    """Give the routes under the server's base URL."""
    return [
        (re.escape(url_path_join(base_url, "astrodata-lab", name)), handler)
        for name, handler in ROUTES.items()
    ]
