"""The routes of uploads. ``src/lab/uploadApi.ts`` is their mirror."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

from jupyter_server.auth.decorator import authorized
from tornado.web import authenticated

from .handler import Handler
from .paths import refuse_as_new_name
from .refusals import Refusal
from .staging import Clash, Facts

if TYPE_CHECKING:
    from jupyter_server.services.contents.manager import ContentsManager

MAX_FILES = 20_000
"""Files of one folder."""
MAX_DEPTH = 32
MAX_BYTES = 1 << 53
"""Beyond this, numbers of JavaScript have no single bytes."""

_HIDDEN = frozenset({".zarray", ".zattrs", ".zgroup", ".zmetadata"})
"""Hidden files without which a folder is no Zarr array."""
_CLASHES = ("ask", "replace", "keep-both")


class UploadsHandler(Handler):
    """Files and folders that come from a browser."""

    @authenticated
    @authorized
    async def get(self) -> None:
        """Give the uploads into a folder that have not ended."""
        folder = await self.folder(self.argument("folder") or "")
        self.reply({"uploads": await self.lab.uploads.listing(folder)})

    @authenticated
    @authorized
    async def post(self) -> None:
        """Begin an upload, go on with one, or give one its name when all its bytes are here."""
        body = self.get_json_body()
        if not isinstance(body, dict):
            raise Refusal("bad-request", "The body must be a JSON object.")
        if "finish" in body:
            path, sha256 = await self.lab.uploads.finish(*read_finish(body))
            self.reply({"name": path.name, "sha256": sha256}, 201)
            return
        folder = await self.folder(_text(body, "into"))
        facts = read_facts(self.contents_manager, body)
        fresh = body.get("fresh") is True
        self.reply(await self.lab.uploads.begin(folder, facts, fresh), 201)

    @authenticated
    @authorized
    async def put(self) -> None:
        """Take the next bytes, the body as it is."""
        ident, wanted = self.argument("id") or "", self.argument("hash") or ""
        offset = self.argument("offset") or ""
        if not re.fullmatch(r"[0-9]{1,16}", offset) or not _is_hash(wanted):
            raise Refusal("bad-request", "Give an offset in bytes, and a hash in hex.")
        have = await self.lab.uploads.append(ident, int(offset), self.request.body, wanted)
        self.reply({"have": have})

    @authenticated
    @authorized
    async def delete(self) -> None:
        """Forget an upload and its bytes."""
        folder = await self.folder(self.argument("folder") or "")
        key = self.argument("key") or ""
        if not re.fullmatch(r"[0-9a-f]{32}", key):
            raise Refusal("bad-request", "Give the key of the upload.")
        await self.lab.uploads.discard(folder, key)
        self.set_status(204)
        self.finish()


def read_finish(body: dict[str, Any]) -> tuple[str, str, Clash]:
    """Give id, hash and what to do about a taken name, from the body of a POST.

    Raises
    ------
    Refusal
        When one of them is not of its type.
    """
    ident, wanted, clash = _text(body, "finish"), _text(body, "hash"), body.get("clash", "ask")
    if not _is_hash(wanted) or clash not in _CLASHES:
        raise Refusal("bad-request", f"Give a hash in hex, and a clash of {', '.join(_CLASHES)}.")
    return ident, wanted, cast("Clash", clash)


def read_facts(contents_manager: ContentsManager, body: dict[str, Any]) -> Facts:
    """Give what an upload will be, from the body of a POST.

    Raises
    ------
    Refusal
        For names that may not be made here, too many files, and what is not of its type.
    """
    name, mark, modified = _text(body, "name"), _text(body, "mark"), body.get("modified")
    folder, told = body.get("folder") is True, body.get("files")
    refuse_as_new_name(contents_manager, name)
    if not _is_hash(mark) or type(modified) is not int:
        raise Refusal("bad-request", "Give a mark in hex, and modified in milliseconds.")
    if not isinstance(told, list) or not told:
        raise Refusal("bad-request", f"{name} has no files: give their paths and sizes.")
    if len(told) > MAX_FILES:
        raise Refusal(
            "too-large",
            f"{name} has {len(told):,} files, and an upload has at most {MAX_FILES:,}: pack them into one, "
            "or copy them by another way and add the folder by its path.",
        )
    files = tuple(_file(one) for one in told)
    if folder:
        for path, _ in files:
            _refuse_as_inner_path(contents_manager, path)
        _refuse_what_collides([path for path, _ in files])
    elif [path for path, _ in files] != [""]:
        raise Refusal("bad-request", f"{name} is one file: give it an empty path.")
    if sum(size for _, size in files) > MAX_BYTES:
        raise Refusal("too-large", f"{name} is too large for a browser to send.")
    return Facts(name, folder, files, modified, mark)


def _file(one: Any) -> tuple[str, int]:
    if not (isinstance(one, list) and len(one) == 2):
        raise Refusal("bad-request", "Each of the files must be a path and a size.")
    path, size = one
    if not isinstance(path, str) or type(size) is not int or not 0 <= size <= MAX_BYTES:
        raise Refusal("bad-request", "Each of the files must be a path and a size in bytes.")
    return path, size


def _refuse_as_inner_path(contents_manager: ContentsManager, path: str) -> None:
    names = path.split("/")
    if len(names) > MAX_DEPTH:
        raise Refusal("bad-request", f"{path[:60]}… lies more than {MAX_DEPTH} folders deep.")
    for name in names:
        if name not in _HIDDEN:
            refuse_as_new_name(contents_manager, name)


def _refuse_what_collides(paths: list[str]) -> None:
    """Refuse two files of one path, and a file where another one needs a folder."""
    taken = set(paths)
    folders = {path[:at] for path in paths for at, one in enumerate(path) if one == "/"}
    if len(taken) < len(paths) or taken & folders:
        raise Refusal("bad-request", "Two of the files have the same path.")


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str):
        raise Refusal("bad-request", f"{name} must be a text.")
    return value


def _is_hash(text: str) -> bool:
    return re.fullmatch(r"[0-9a-f]{64}", text) is not None
