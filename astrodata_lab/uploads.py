"""Uploads that are under way: whose turn it is, and whether there is room for them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import time
import uuid
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import anyio

from .refusals import Refusal
from .staging import Clash, Facts, Staging, home_of, leftovers, sweep, what_is_at

MAX_CHUNK = 16 << 20
"""Bytes of one request."""
SPARE = 16 << 20
"""Bytes that an upload leaves free: the records of what was uploaded need a place too."""

_SESSIONS = 200
_EARLY = 30.0
"""Seconds that bytes wait here for those before them, which another connection brings."""
_ACTIVE = 600.0
"""Seconds after its last bytes for which an upload still keeps the room that it needs."""

FreeBytes = Callable[[str], int]


class _Session:
    """One page that sends an upload; who begins the same one later takes it over."""

    def __init__(self, staging: Staging) -> None:
        self.staging = staging
        self.turn = asyncio.Condition()
        self.ended = False
        self.touched = time.monotonic()

    async def end(self) -> None:
        """Let go of those who wait; the browser begins again from what is here."""
        async with self.turn:
            self.ended = True
            self.turn.notify_all()


class Uploads:
    """The uploads of a server.

    Parameters
    ----------
    max_bytes
        Of one upload; 0 for no limit.
    keep_seconds
        How long those that nobody goes on with are kept.
    free_bytes
        Gives the bytes that may be written to a folder, where a quota says so and the disk does not.
    """

    def __init__(
        self, max_bytes: int, keep_seconds: float, free_bytes: FreeBytes | None = None
    ) -> None:
        self._max_bytes = max_bytes
        self._keep_seconds = keep_seconds
        self._free_bytes = free_bytes or _free_on_disk
        self._sessions: dict[str, _Session] = {}
        self._finished: dict[str, tuple[Path, str]] = {}

    async def begin(self, folder: Path, facts: Facts, fresh: bool) -> dict[str, Any]:
        """Begin an upload, or go on with one of the same facts.

        Parameters
        ----------
        folder
            Where it goes.
        facts
            What it will be.
        fresh
            Forget what is here of it.

        Returns
        -------
        dict
            ``id`` of what follows, the ``key`` by which it can be discarded, how many bytes the server
            ``have`` and their ``hash`` by blocks, and what is ``taken``: what has the name already, or None.

        Raises
        ------
        Refusal
            ``too-large``, or ``no-space``, before anything is written.
        """
        if self._max_bytes and facts.size > self._max_bytes:
            raise Refusal(
                "too-large",
                f"{facts.name} has {_size(facts.size)}, and this server takes uploads of at most "
                f"{_size(self._max_bytes)}: copy it by another way, and add it by its path.",
            )
        staging = await self._staging(folder, facts)
        await _in_thread(sweep, folder, self._keep_seconds, self._used() | {staging.home})
        await self._refuse_without_space(staging, fresh)
        have, hashed = await _in_thread(staging.open, fresh)
        ident = uuid.uuid4().hex
        self._sessions[ident] = _Session(staging)
        while len(self._sessions) > _SESSIONS:
            await self._sessions.pop(min(self._sessions, key=self._touched)).end()
        taken = await _in_thread(what_is_at, folder / facts.name)
        return {"id": ident, "key": facts.key, "have": have, "hash": hashed, "taken": taken}

    async def append(self, ident: str, offset: int, data: bytes, wanted: str) -> int:
        """Keep bytes as `Staging.append` does, in the order of their offsets; give how many are here.

        Raises
        ------
        Refusal
            ``out-of-step`` when those before them do not come.
        """
        if len(data) > MAX_CHUNK:
            raise Refusal("too-large", f"One request brings at most {MAX_CHUNK:,} bytes.")
        session = self._session(ident)
        staging = session.staging
        async with session.turn:
            try:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_EARLY):
                        await session.turn.wait_for(lambda: session.ended or staging.have >= offset)
                self._session(ident)
                return await _in_thread(staging.append, offset, data, wanted)
            except BaseException:
                # What was sent behind these has no place any more. The session stays: it knows the hash.
                session.ended = True
                raise
            finally:
                session.touched = time.monotonic()
                session.turn.notify_all()

    async def finish(self, ident: str, wanted: str, clash: Clash) -> tuple[Path, str]:
        """Give the file or folder its name as `Staging.finish` does, and return its path and SHA-256.

        Who has not heard the answer may ask again.
        """
        if ident in self._finished:
            return self._finished[ident]
        session = self._session(ident)
        async with session.turn:
            done: tuple[Path, str] = await _in_thread(session.staging.finish, wanted, clash)
            self._sessions.pop(ident, None)
            session.ended = True
            session.turn.notify_all()
        self._finished[ident] = done
        while len(self._finished) > _SESSIONS:
            del self._finished[next(iter(self._finished))]
        return done

    async def discard(self, folder: Path, key: str) -> None:
        """Forget an upload into a folder and what is here of it."""
        home = home_of(folder, key)
        await self._take_over(home)
        for staging, _ in await _in_thread(lambda: list(leftovers(folder))):
            if staging.home == home:
                await _in_thread(staging.discard)

    async def listing(self, folder: Path) -> list[dict[str, Any]]:
        """Give the uploads into a folder that have not ended, those first that were written to last.

        ``idle`` is for how many seconds nothing came of them, as far as this server knows: a page that is
        gone says no farewell.
        """
        await _in_thread(sweep, folder, self._keep_seconds, self._used())
        found = await _in_thread(
            lambda: [(staging, written, staging.look()) for staging, written in leftovers(folder)]
        )
        idle = {one.staging.home: time.monotonic() - one.touched for one in self._sessions.values()}
        return [
            {
                "key": staging.facts.key,
                "name": staging.facts.name,
                "folder": staging.facts.folder,
                "size": staging.facts.size,
                "have": have,
                "idle": idle.get(staging.home, max(0.0, time.time() - written)),
            }
            for staging, written, have in sorted(found, key=lambda one: -one[1])
        ]

    async def _staging(self, folder: Path, facts: Facts) -> Staging:
        """Give the bytes of an upload, from who has sent it so far: their hash need not be made again."""
        before = await self._take_over(home_of(folder, facts.key))
        return before or Staging(folder, facts)

    async def _take_over(self, home: Path) -> Staging | None:
        for ident, session in list(self._sessions.items()):
            if session.staging.home == home:
                self._sessions.pop(ident, None)
                await session.end()
                return session.staging
        return None

    async def _refuse_without_space(self, staging: Staging, fresh: bool) -> None:
        folder, size = staging.folder, staging.facts.size
        have = 0 if fresh else await _in_thread(staging.look)
        free = await _in_thread(self._free_bytes, str(folder))
        promised = await _in_thread(self._promised_beside, folder)
        room = free - promised - SPARE
        if size - have > room:
            raise Refusal(
                "no-space",
                f"{staging.facts.name} needs {_size(size - have)}, and {_size(max(0, room))} are free "
                f"on the disk of the server{' beside what is being uploaded' if promised else ''}: "
                "remove something there, or choose another folder for uploads.",
            )

    def _promised_beside(self, folder: Path) -> int:
        """Give the bytes that other uploads to the same disk will still bring."""
        disk = folder.stat().st_dev
        return sum(
            session.staging.facts.size - session.staging.have
            for session in list(self._sessions.values())
            if self._is_active(session) and _disk_of(session.staging.folder) == disk
        )

    def _is_active(self, session: _Session) -> bool:
        return time.monotonic() - session.touched < _ACTIVE

    def _used(self) -> set[Path]:
        return {
            session.staging.home
            for session in self._sessions.values()
            if self._is_active(session) and not session.ended
        }

    def _touched(self, ident: str) -> float:
        return self._sessions[ident].touched

    def _session(self, ident: str) -> _Session:
        session = self._sessions.get(ident)
        if session is None or session.ended:
            # Another page goes on with it, bytes before were refused, or the server was started anew.
            raise Refusal("out-of-step", "This upload is not under way any more: begin it again.")
        return session


async def _in_thread(function: Callable[..., Any], *args: Any) -> Any:
    # Disks and network homes are slow, and hashing lets other threads run.
    return await anyio.to_thread.run_sync(partial(function, *args))


def _free_on_disk(folder: str) -> int:
    return shutil.disk_usage(folder).free


def _disk_of(folder: Path) -> int | None:
    try:
        return os.stat(folder).st_dev  # noqa: PTH116 - one call in a loop over many
    except OSError:
        return None


def _size(count: int) -> str:
    return f"{count / 1e9:.2f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"
