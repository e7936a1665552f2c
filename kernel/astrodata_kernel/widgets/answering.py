"""Requests that are answered, however they come: found by kind, run in threads, cancelled, answered once.

What is told of frames is told in ``docs/architecture.md``. ``base.py`` has the widgets that answer, and
``compute.py`` what answers the panel.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import cache
from typing import Any, ClassVar, TypeVar

from ..errors import AstrodataError, BadRequest, Cancelled, UnknownName
from ..wire import Reply

_KEPT_REPLIES = 16
_log = logging.getLogger(__name__)

Handler = TypeVar("Handler", bound=Callable[..., Reply])


def answers(kind: str) -> Callable[[Handler], Handler]:
    """Mark a method as the answer to requests of `kind`; its keywords are the message's keys."""

    def mark(method: Handler) -> Handler:
        method.answers_kind = kind  # type: ignore[attr-defined]
        return method

    return mark


@cache
def _pool() -> ThreadPoolExecutor:
    # All widgets of a kernel share one message thread: reading and reducing happen here instead. Two
    # workers keep a slow tile from holding up the read-out under the cursor.
    return ThreadPoolExecutor(max_workers=2, thread_name_prefix="astrodata-requests")


class Cancel(threading.Event):
    """Tells a running handler that nobody waits for its answer any more."""

    def check(self) -> None:
        """Raise `Cancelled` when the request was cancelled."""
        if self.is_set():
            raise Cancelled("the request was cancelled")


def forget_route(comm: Any) -> None:
    """Let the browser, which names the message thread, decide again who gets the next request of a comm.

    ipykernel notes on the comm who published last, and for each id who answered it; the latter notes would
    pile up as well. Where there are no such notes (another ipykernel), the first request brings the comm to
    the message thread, as soon as the kernel is idle once.
    """
    notes = getattr(comm, "__dict__", {})
    notes.pop("_reply_subshell_id", None)
    notes.get("_reply_subshell_ids", {}).clear()


class Answering:
    """Something that answers requests: subclasses mark methods with `answers`, and say how answers are sent.

    Each method runs in a worker thread, gets the message's keys as keywords and, if it takes ``cancel``, a
    `Cancel` to look at between steps.
    """

    _handlers: ClassVar[dict[str, str]] = {}
    _running: dict[str, Cancel]
    _recent: OrderedDict[str, tuple[dict[str, Any], list[memoryview]]]
    _book: threading.Lock

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._handlers = {
            member.answers_kind: name
            for base in reversed(cls.__mro__)
            for name, member in vars(base).items()
            if callable(member) and hasattr(member, "answers_kind")
        }

    def _begin_answering(self) -> None:
        """Make what is remembered of requests; before the first one comes."""
        self._running = {}
        self._recent = OrderedDict()
        self._book = threading.Lock()

    def _post(self, content: dict[str, Any], buffers: list[memoryview]) -> None:
        """Send an answer."""
        raise NotImplementedError

    def _answering_pool(self) -> Executor:
        """Give the threads in which requests are answered."""
        return _pool()

    def request(self, kind: str, **msg: Any) -> Reply:
        """Give the kernel's answer to a request, just as the browser would get it.

        Parameters
        ----------
        kind
            What is asked, such as ``"tile"``.
        **msg
            The keys of the message.

        Returns
        -------
        Reply
            ``meta`` and ``buffers``.

        Raises
        ------
        AstrodataError
            What the browser would get as ``ok: false``.
        """
        return self._call(kind, msg, Cancel())

    def _call(self, kind: str, msg: Mapping[str, Any], cancel: Cancel) -> Reply:
        name = self._handlers.get(kind)
        if name is None:
            known = ", ".join(sorted(self._handlers))
            raise UnknownName(f"{type(self).__name__} does not answer {kind!r}: it knows {known}")
        handler = getattr(self, name)
        signature = inspect.signature(handler)
        extra = {"cancel": cancel} if "cancel" in signature.parameters else {}
        try:
            bound = signature.bind(**{**msg, **extra})
        except TypeError as error:
            raise BadRequest(f"request {kind!r}: {error}") from None
        return handler(*bound.args, **bound.kwargs)  # type: ignore[no-any-return]

    def _take_frame(self, frame: Any) -> None:
        if not isinstance(frame, dict) or not isinstance(frame.get("id"), str):
            return  # not one of ours; nothing could be answered
        ident, kind, msg = frame["id"], frame.get("kind"), frame.get("msg") or {}
        if kind == "cancel":
            with self._book:
                cancel = self._running.get(ident)
            if cancel is not None:
                cancel.set()
            return
        with self._book:
            if ident in self._running:
                return  # asked again while it is being made: one answer is enough
            known = self._recent.get(ident)
            if known is None:
                cancel = self._running[ident] = Cancel()
        if known is not None:
            self._post(*known)
            return
        self._start(ident, str(kind), msg if isinstance(msg, dict) else {}, cancel)

    def _start(self, ident: str, kind: str, msg: dict[str, Any], cancel: Cancel) -> None:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self._deliver(ident, *self._answer(kind, msg, cancel))
            return

        async def answer() -> None:
            content, buffers = await loop.run_in_executor(
                self._answering_pool(), self._answer, kind, msg, cancel
            )
            # Sent from the task, not from the worker: the task carries the context of the message, by
            # which ipykernel keeps this comm on the message thread.
            self._deliver(ident, content, buffers)

        task = loop.create_task(answer())
        _tasks.add(task)
        task.add_done_callback(_tasks.discard)

    def _answer(
        self, kind: str, msg: dict[str, Any], cancel: Cancel
    ) -> tuple[dict[str, Any], list[memoryview]]:
        try:
            cancel.check()
            reply = self._call(kind, msg, cancel)
        except AstrodataError as error:
            return {"ok": False, "error": {"code": error.code, "message": str(error)}}, []
        except Exception as error:  # noqa: BLE001 - each request is answered, whatever happened
            _log.exception("request %r failed", kind)
            message = f"{kind} failed in the kernel: {type(error).__name__}: {error}"
            return {"ok": False, "error": {"code": "internal", "message": message}}, []
        return {"ok": True, "meta": dict(reply.meta)}, list(reply.buffers)

    def _deliver(self, ident: str, content: dict[str, Any], buffers: list[memoryview]) -> None:
        content = {"id": ident, **content}
        with self._book:
            cancelled = self._running.pop(ident).is_set()
            if not cancelled:
                self._recent[ident] = (content, buffers)
                while len(self._recent) > _KEPT_REPLIES:
                    self._recent.popitem(last=False)
        if not cancelled:
            self._post(content, buffers)


_tasks: set[asyncio.Task[None]] = set()
"""Answers under way: the event loop itself keeps only weak references to its tasks."""
