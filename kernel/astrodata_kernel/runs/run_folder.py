"""The folder of one run: what its process writes, and what others ask of it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..environment import upgrade
from ..errors import DamagedFile, TooLarge, UnreadableFile
from ..lineage.plain import as_json, dumped, plain
from ..plain_files import open_plain
from ..user import user_name
from ..workspace import FOLDER, workspace
from ..writing import write_whole
from .processes import this_process

FORMAT = 1
ROOM = "runs"
RECORD, EVENTS, ALIVE, CANCEL = "run.json", "events.jsonl", "alive", "cancel"
LARGEST = 4 << 20
"""Bytes of a record at most, written or read."""

LONGEST = 20_000
"""Characters of a text within a record: a traceback, not all of a log."""

MOST_EVENTS = 4 << 20
"""Bytes of events that are read at once."""


def runs_folder(root: str | os.PathLike[str] | None = None) -> Path:
    """Give the folder of the workspace that keeps the runs; it need not be there."""
    return workspace(root) / FOLDER / ROOM


def now() -> str:
    """Give the time in UTC as ISO 8601 tells it, with microseconds."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


class RunFolder:
    """The folder of one run: its record, its events, its heartbeat and the wish that it ends.

    Parameters
    ----------
    path
        Of a folder that is there; `create` makes one.

    Examples
    --------
    >>> import tempfile
    >>> folder = RunFolder.create(tempfile.mkdtemp(), "cardio", {"parameters": {"seed": 0}})
    >>> folder.read()["state"]
    'running'
    >>> folder.ask_cancel()
    >>> folder.cancel_asked()
    True
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)

    @classmethod
    def create(
        cls,
        root_folder: str | os.PathLike[str],
        pipeline: str,
        facts: Mapping[str, Any] | None = None,
    ) -> RunFolder:
        """Make the folder of a new run, with a first record and a heartbeat, and give it.

        Parameters
        ----------
        root_folder
            The workspace, not a folder within it: the run is kept in its ``astrodata/runs``.
        pipeline
            The pipeline's name; the id of the run tells time (UTC) and name.
        facts
            What the record says beside id, pipeline, state, time and process, such as ``parameters``.

        Raises
        ------
        UnreadableFile
            It cannot be made.
        """
        place = Path(root_folder) / FOLDER / ROOM
        name = re.sub(r"[^a-z0-9_]+", "_", pipeline.lower()).strip("_")[:40] or "pipeline"
        try:
            place.mkdir(parents=True, exist_ok=True)
            while True:
                time = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
                path = place / f"{time}-{name}-{secrets.token_hex(2)}"
                try:
                    path.mkdir()  # fails where there is one: two runs never share a folder
                    break
                except FileExistsError:
                    continue
        except OSError as error:
            raise UnreadableFile(
                f"no run can be kept in {place}: {error.strerror or error}. Free some space, ask for the "
                "permission, or choose another workspace"
            ) from None
        folder = cls(path)
        folder.beat()
        folder.write({**first_record(pipeline), **(facts or {})})
        return folder

    @property
    def id(self) -> str:
        """The run's name, which is its folder's."""
        return self.path.name

    def write(self, record: Mapping[str, Any]) -> None:
        """Replace the record, whole; a text beyond 20,000 characters is cut.

        Raises
        ------
        TooLarge
            It is longer than what is read again.
        UnreadableFile
            The disk does not take it; the record that was there stays.
        """
        written = dumped(plain({**record, "format": FORMAT, "id": self.id}, LONGEST))
        if len(written) > LARGEST:
            raise TooLarge(
                f"the record of run {self.id} has {len(written):,} bytes: {LARGEST:,} at most. Make fewer "
                "steps of one run, or give long parameters as files"
            )
        write_whole(self.path / RECORD, written)

    def read(self) -> dict[str, Any]:
        """Give the record as it stands.

        Raises
        ------
        UnreadableFile, TooLarge, DamagedFile
            There is none, or none that can be read; the text says why.
        """
        return read_record(self.path)[0]

    def event(self, event: Mapping[str, Any]) -> None:
        """Append a line to the events, with the time.

        Raises
        ------
        UnreadableFile
            The disk does not take it; nothing half is left where that can be helped.
        """
        line = as_json({"time": now(), **event}) + b"\n"
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_CLOEXEC", 0)
        try:
            handle = os.open(self.path / EVENTS, flags, 0o666)
            try:
                before = os.fstat(handle).st_size
                if os.write(handle, line) != len(line):
                    os.ftruncate(handle, before)
                    raise OSError("the disk took a part of it only")
            finally:
                os.close(handle)
        except OSError as error:
            raise UnreadableFile(
                f"run {self.id}: {self.path / EVENTS} cannot be written ({error.strerror or error}). "
                "Free some space"
            ) from None

    def events(self, since: int = 0) -> tuple[list[dict[str, Any]], int]:
        """Give the events behind an offset in bytes, and the offset behind them.

        A line that is half there is given when it is whole; a spoilt one is left out.
        """
        try:
            with open_plain(self.path / EVENTS) as file:
                file.seek(max(0, since))
                block = file.read(MOST_EVENTS)
        except OSError:
            return [], since
        end = block.rfind(b"\n") + 1
        if not end and len(block) == MOST_EVENTS:
            return [], since + len(block)  # no event of ours is that long
        found = []
        for line in block[:end].splitlines():
            with contextlib.suppress(ValueError, RecursionError):
                event = json.loads(line, parse_constant=str)
                if isinstance(event, dict):
                    found.append(event)
        return found, since + end

    def beat(self) -> None:
        """Say that the run's process lives; once every few seconds is enough. It never fails."""
        path = self.path / ALIVE
        # A full disk still takes a time, and a heartbeat is no reason to end hours of work.
        with contextlib.suppress(OSError):
            try:
                os.utime(path)
            except FileNotFoundError:
                path.touch()

    def cancel_asked(self) -> bool:
        """Tell whether somebody asked the run to end; cheap enough for every step of training."""
        try:
            os.stat(self.path / CANCEL)  # noqa: PTH116 - a Path's costs twice
        except OSError:
            return False
        return True

    def ask_cancel(self) -> None:
        """Ask the run to end; its process looks for this.

        Raises
        ------
        UnreadableFile
            The folder cannot be written.
        """
        try:
            # Not through a link, which could lead anywhere, nor into a pipe, which would hold us.
            flags = (
                os.O_WRONLY
                | os.O_CREAT
                | getattr(os, "O_NOFOLLOW", 0)
                | getattr(os, "O_NONBLOCK", 0)
            )
            os.close(os.open(self.path / CANCEL, flags, 0o666))
        except OSError as error:
            raise UnreadableFile(
                f"run {self.id} cannot be cancelled: {self.path} cannot be written "
                f"({error.strerror or error}). Cancel it where it was started, as its owner"
            ) from None


def first_record(pipeline: str) -> dict[str, Any]:
    """Give what the record of a run says when its process has just begun."""
    return {
        "pipeline": pipeline,
        "state": "running",
        "parameters": {},
        "started": now(),
        "ended": None,
        "user": user_name(),
        **this_process(),
        "steps": {},
        "source": None,
        "mlflow": None,
        "error": None,
    }


def read_record(folder: Path) -> tuple[dict[str, Any], os.stat_result]:
    """Give the record of a run's folder, and what the file system knows of it.

    Raises
    ------
    UnreadableFile, TooLarge, DamagedFile
        There is none, or none that can be read; the text says why.
    """
    path = folder / RECORD
    try:
        with open_plain(path) as file:
            status = os.fstat(file.fileno())
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise UnreadableFile(
            f"{path} cannot be read: {error.strerror or error}. The folder is none of a run, or the "
            "run could not begin"
        ) from None
    if len(content) > LARGEST:
        raise TooLarge(f"{path} has more than {LARGEST:,} bytes: no run writes that much")
    try:
        record = json.loads(content, parse_constant=str)
    except (ValueError, RecursionError):
        raise DamagedFile(f"{path} is no JSON: something else wrote it") from None
    if not isinstance(record, dict) or type(record.get("format")) is not int:
        raise DamagedFile(f"{path} is no record of a run")
    if record["format"] > FORMAT:
        raise DamagedFile(
            f"{path} has format {record['format']}, this package reads up to {FORMAT}; {upgrade()}"
        )
    return record, status
