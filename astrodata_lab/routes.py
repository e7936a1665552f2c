"""The routes of the sidebar, each one: parse, ask, reply. ``src/lab/api.ts`` is their mirror."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterable
from typing import Any

from astrodata_kernel import environment
from jupyter_server.auth.decorator import authorized
from jupyter_server.utils import url_path_join
from tornado.web import authenticated

from .handler import Handler
from .notebook_templates import template
from .refusals import Refusal, without_root
from .upload_routes import UploadsHandler

MIN_THUMBNAIL, MAX_THUMBNAIL = 16, 512
MAX_NAME = 200
MAX_TAGS = 50
LINES = "application/x-ndjson"


class VersionHandler(Handler):
    """What this half says of itself, for the panel's handshake."""

    @authenticated
    @authorized
    async def get(self) -> None:
        """Give version, protocol and environment."""
        self.reply(environment.hello())


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
        cards = self.argument("cards")
        if cards is not None and not re.fullmatch(r"[0-9]{1,4}", cards):
            raise Refusal("bad-request", "cards must be a number from 0 to 9999.")
        shown = await self.lab.previews.header(
            local, self.hdu(), None if cards is None else int(cards)
        )
        self.reply({**self.shown(shown), "path": path})


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
        # Who scrolls through a long list leaves most pictures behind before a worker is free.
        png = await self.lab.previews.thumbnail(
            local, self.hdu(), int(text), wanted=lambda: not self.gone
        )
        self.set_header("X-Content-Type-Options", "nosniff")
        # The browser asks again, and gets 304 while Tornado's ETag is the same.
        self.set_header("Cache-Control", "private, no-cache")
        self.finish(png, set_content_type="image/png")


class DatasetsHandler(Handler):
    """The catalogue."""

    @authenticated
    @authorized
    async def get(self) -> None:
        """Give all data sets, or that there is nothing new since the version that the caller has."""
        body = await self.lab.records.listing(self.root, self.argument("known") or "")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.finish(body)

    @authenticated
    @authorized
    async def post(self) -> None:
        """Add a file or folder by its path, if it has the expected bytes; or bring a removed one back."""
        body = self.get_json_body()
        if isinstance(body, dict) and isinstance(body.get("restore"), str):
            self.reply(await self.lab.records.restore(self.root, body["restore"]), 201)
            return
        path, wanted = read_wanted(body)
        local = await self.local(path, folders=True)
        self.reply(await self.lab.records.add(self.root, local, **wanted), 201)

    @authenticated
    @authorized
    async def patch(self) -> None:
        """Give a data set another name, or other tags."""
        name, changes = self.named(), read_changes(self.get_json_body())
        self.reply(await self.lab.records.change(self.root, name, changes))

    @authenticated
    @authorized
    async def delete(self) -> None:
        """Take a data set out of the catalogue; its file stays."""
        await self.lab.records.remove(self.root, self.named())
        self.set_status(204)
        self.finish()


class VerifyHandler(Handler):
    """Whether a file still has the bytes that were recorded."""

    @authenticated
    @authorized
    async def post(self) -> None:
        """Give lines of JSON: how far it is, and at last its state or an error. Who leaves, cancels."""
        self.set_header("X-Content-Type-Options", "nosniff")
        verifying = self.lab.records.verify(self.root, self.named(), self._tell)
        self._task = asyncio.ensure_future(verifying)
        try:
            line = self.shown(await self._task)
        except asyncio.CancelledError:
            if self.gone:
                return
            raise
        except Exception as error:
            if not self._begun:
                raise
            _, code, message = self.told(error)
            line = {"error": {"code": code, "message": message}}
        await self._send(line)
        self.finish(set_content_type=LINES)

    def on_connection_close(self) -> None:
        """Give the work up."""
        super().on_connection_close()
        if self._task is not None:
            self._task.cancel()

    def _tell(self, share: float) -> None:
        if not self.gone and self._task is not None and not self._task.done():
            self._send({"progress": share})

    def _send(self, line: Any) -> Any:
        self._begun = True
        self.set_header("Content-Type", LINES)
        self.write(json.dumps(line) + "\n")
        return self.flush()

    _begun = False
    _task: asyncio.Future[dict[str, Any]] | None = None


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


class TemplatesHandler(Handler):
    """The notebooks that the launcher makes."""

    @authenticated
    @authorized
    async def get(self) -> None:
        """Give the notebook of a template."""
        self.reply(template(self.argument("name") or ""))


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
    if name is not None:
        _refuse_no_name(name)
    _refuse_no_tags(tags)
    if expect is not None and not _is_expectation(expect):
        raise Refusal("bad-request", "expect must hold a size in bytes and a sha256 in hex.")
    return body["path"], {"name": name, "tags": tags, "expect": expect}


def read_changes(body: Any) -> dict[str, Any]:
    """Give name and tags from the body of a PATCH, those of them that it has.

    Raises
    ------
    Refusal
        When there is neither, or one of them is not of its type.
    """
    changes = (
        {k: v for k, v in body.items() if k in ("name", "tags")} if isinstance(body, dict) else {}
    )
    if not changes:
        raise Refusal("bad-request", 'The body must be a JSON object with "name" or "tags".')
    _refuse_no_name(changes.get("name", "x"))
    _refuse_no_tags(changes.get("tags", []))
    return changes


def _refuse_no_name(name: Any) -> None:
    if not (isinstance(name, str) and 0 < len(name) <= MAX_NAME):
        raise Refusal("bad-request", f"name must be a text of 1 to {MAX_NAME} characters.")


def _refuse_no_tags(tags: Any) -> None:
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise Refusal("bad-request", "tags must be a list of texts.")
    if len(tags) > MAX_TAGS:
        raise Refusal("bad-request", f"A data set has at most {MAX_TAGS} tags.")


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
    "verify": VerifyHandler,
    "labels": LabelsHandler,
    "runs": RunsHandler,
    "pipelines": PipelinesHandler,
    "models": ModelsHandler,
    "templates": TemplatesHandler,
    "uploads": UploadsHandler,
}


SECTIONS: dict[str, tuple[str, ...]] = {
    "compute": (),
    "labels": ("labels",),
    "models": ("models",),
    "runs": ("pipelines", "runs"),
    "templates": ("templates",),
}
"""What an administrator may switch off, and the routes that are its alone: sections of the panel, and the
launcher's templates."""


def handlers(base_url: str, disabled: Iterable[str] = ()) -> list[tuple[str, type[Handler]]]:
    """Give the routes under the server's base URL, without those of `disabled` sections."""
    absent = {name for section in disabled for name in SECTIONS[section]}
    return [
        (re.escape(url_path_join(base_url, "astrodata-lab", name)), handler)
        for name, handler in ROUTES.items()
        if name not in absent
    ]
