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
    from jupyter_server.services.contents.manager import ContentsManager

_DRIVE = re.compile(r"[A-Za-z]:[\\/]")


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


async def local_path(contents_manager: ContentsManager, api_path: str) -> Path:
    """Give the local file that a Contents-API path names.

    The contents manager decides first, so that its root, its rule for hidden files and its own
    checks hold here too. It follows symbolic links; we do not follow them out of the root.

    Parameters
    ----------
    contents_manager
        The server's own.
    api_path
        Relative to the root, with slashes, as JupyterLab's file browser shows it.

    Raises
    ------
    Refusal
        For every path that is not a readable, regular file inside the root.
    """
    root = local_root(contents_manager)
    _refuse_what_climbs(api_path)
    await _ask(contents_manager, api_path)
    try:
        target = Path(to_os_path(api_path, str(root))).resolve(strict=True)
        mode = target.stat().st_mode
    except (OSError, RuntimeError, ValueError) as error:
        raise _missing(api_path) from error
    if not target.is_relative_to(root.resolve()):
        raise Refusal(
            "forbidden",
            f"{api_path} is a symbolic link that leaves the folder which this server shows: copy "
            "the file into it, or open it by its path in a notebook.",
        )
    if not contents_manager.allow_hidden and is_hidden(str(target), str(root.resolve())):
        raise _missing(api_path)
    if stat.S_ISDIR(mode):
        raise Refusal("unreadable", f"{api_path} is a folder: choose a file in it.")
    if not stat.S_ISREG(mode):
        raise Refusal("unreadable", f"{api_path} is not a regular file: choose a file with data.")
    return target


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
