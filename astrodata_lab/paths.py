"""The one place where a request becomes a path on this machine."""

from __future__ import annotations

import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_core.paths import is_hidden
from jupyter_server.services.contents.filemanager import FileContentsManager
from jupyter_server.utils import ensure_async, to_os_path
from tornado.web import HTTPError

from .refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jupyter_server.services.contents.manager import ContentsManager

MAX_NAME = 255
"""Bytes of a file's name, as file systems take them."""

_DRIVE = re.compile(r"[A-Za-z]:[\\/]")
_NOT_IN_NAMES = re.compile(r"[/\\\x00-\x1f\x7f]")


def local_root(contents_manager: ContentsManager) -> Path:
    """Give the folder that the contents manager shows.

    Raises
    ------
    Refusal
        When it shows none of this machine (a bucket, a database).
    """
    if not isinstance(contents_manager, FileContentsManager):
        raise Refusal(
            "no-local-files",
            "This server keeps its files elsewhere, not in a local folder: open the data set in a "
            "notebook by its address.",
        )
    return Path(contents_manager.root_dir).absolute()


async def local_path(
    contents_manager: ContentsManager,
    api_path: str,
    allowed_roots: Sequence[str] = (),
    *,
    folders: bool = False,
) -> Path:
    """Give the local file that a Contents-API path names.

    The contents manager decides first, so that its root, its rule for hidden files and its own
    checks hold here too. It follows symbolic links; we follow them out of the root only into the
    `allowed_roots`.

    Parameters
    ----------
    contents_manager
        The server's own.
    api_path
        Relative to the root, with slashes, as JupyterLab's file browser shows it.
    allowed_roots
        Folders of the administrator's choice, into which symbolic links may lead.
    folders
        Take a folder too: some data sets are folders.

    Raises
    ------
    Refusal
        For every path that is not a readable, regular file inside the root or one of them.
    """
    path, mode = await _found(contents_manager, api_path, allowed_roots)
    if stat.S_ISDIR(mode) and not folders:
        raise Refusal("unreadable", f"{api_path} is a folder: choose a file in it.")
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise Refusal("unreadable", f"{api_path} is not a regular file: choose a file with data.")
    return path


async def local_folder(
    contents_manager: ContentsManager, api_path: str, allowed_roots: Sequence[str] = ()
) -> Path:
    """Give the local folder that a Contents-API path names, as `local_path` does; empty for the root.

    Raises
    ------
    Refusal
        For every path that is no folder inside the root or one of the `allowed_roots`.
    """
    if not api_path:
        return local_root(contents_manager).resolve()
    path, mode = await _found(contents_manager, api_path, allowed_roots)
    if not stat.S_ISDIR(mode):
        raise Refusal("unreadable", f"{api_path} is no folder: choose one for uploads.")
    return path


def refuse_as_new_name(contents_manager: ContentsManager, name: str) -> None:
    """Refuse what cannot be the name of a new file or folder in a folder of the root.

    Raises
    ------
    Refusal
        For what is longer than file systems take, holds separators or control characters, or is hidden
        where the contents manager hides such files.
    """
    try:
        long = len(name.encode()) > MAX_NAME
    except UnicodeEncodeError:
        long = True
    if not name.strip() or long or name in (".", "..") or _NOT_IN_NAMES.search(name):
        raise Refusal(
            "bad-request",
            f"{name[:40]!r} is no name for a file on the server: rename it first, without slashes, on one "
            f"line, in at most {MAX_NAME} bytes.",
        )
    if name.startswith(".") and not contents_manager.allow_hidden:
        raise Refusal(
            "forbidden", f"{name} is a hidden file, and this server takes none: rename it."
        )


async def _found(
    contents_manager: ContentsManager, api_path: str, allowed_roots: Sequence[str]
) -> tuple[Path, int]:
    """Give what a path names, and its mode."""
    root = local_root(contents_manager)
    _refuse_what_climbs(api_path)
    await _ask(contents_manager, api_path)
    try:
        named = Path(to_os_path(api_path, str(root)))
        target = named.resolve(strict=True)
        mode = target.stat().st_mode
    except (OSError, RuntimeError, ValueError) as error:
        raise _missing(api_path) from error
    homes = [root.resolve(), *(Path(one).resolve() for one in allowed_roots)]
    home = next((one for one in homes if target.is_relative_to(one)), None)
    if home is None:
        raise Refusal(
            "forbidden",
            f"{api_path} is a symbolic link that leaves the folder which this server shows: copy "
            "the file into it, or open it by its path in a notebook.",
        )
    if not contents_manager.allow_hidden and is_hidden(str(target), str(home)):
        raise _missing(api_path)
    # By its name under the root the browser can ask for it again, and the catalogue finds it.
    return (target if home == homes[0] else named), mode


def is_plain_inside(root: Path, path: Path) -> bool:
    """Tell whether a path of a record is a regular file or folder that lies in the root, links followed."""
    try:
        target = path.resolve(strict=True)
        mode = target.stat().st_mode
    except (OSError, RuntimeError, ValueError):
        return False
    return target.is_relative_to(root.resolve()) and (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def _refuse_what_climbs(api_path: str) -> None:
    if not api_path.strip("/"):
        raise Refusal("bad-request", "No path was given: name a file, relative to the root.")
    if "\0" in api_path:
        raise Refusal("bad-request", "A path cannot hold a NUL character: check the file's name.")
    if api_path.startswith(("/", "\\")) or _DRIVE.match(api_path):
        raise Refusal(
            "forbidden",
            f"{api_path} is an absolute path: give it relative to the folder which this server "
            "shows.",
        )
    if ".." in re.split(r"[\\/]", api_path):
        raise Refusal(
            "forbidden",
            f"{api_path} climbs with '..': give the path from the folder which this server shows.",
        )


async def _ask(contents_manager: ContentsManager, api_path: str) -> None:
    try:
        if not contents_manager.allow_hidden and await ensure_async(
            contents_manager.is_hidden(api_path)
        ):
            raise _missing(api_path)
        await ensure_async(contents_manager.get(api_path, content=False))
    except HTTPError as error:
        if error.status_code == 403:
            raise Refusal("forbidden", f"{api_path} may not be read by this server.") from error
        raise _missing(api_path) from error
    except (OSError, ValueError) as error:
        # A name that is too long, or bytes that the file system does not take.
        raise _missing(api_path) from error


def _missing(api_path: str) -> Refusal:
    return Refusal(
        "unreadable",
        f"There is no file {api_path} under the folder which this server shows: check the name, "
        "or refresh the file browser.",
    )
