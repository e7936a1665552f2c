"""Requests between a widget's view in the browser and the kernel.

Mirror of ``src/core/request.ts``; the protocol is told in ``docs/architecture.md``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anywidget

from .. import environment
from ..environment import PROTOCOL
from ..running_cell import say_busy
from ..wire import Reply
from .answering import Answering, Cancel, answers, forget_route

__all__ = ["PROTOCOL", "STATIC", "Cancel", "Channel", "RequestWidget", "answers"]

MARK = "astrodata_lab"
"""Key in the metadata of an output; ``src/lab/handshake/lostViewers.ts`` has it too."""

STATIC = Path(__file__).parent.parent / "static"


class Channel(anywidget.AnyWidget):  # type: ignore[misc]
    """Private model on which a widget's requests and answers travel, and nothing else.

    ipykernel sends a message from the browser to the thread that last published on its comm. A widget
    whose traits are written by a running cell would be answered by that cell's thread, after the cell.
    Nobody but the request handlers ever writes here, so this comm stays on the message thread.
    """

    _esm = "export default {};"

    def __init__(self) -> None:
        super().__init__()
        self.forget_route()  # opening the comm from a cell counts as publishing

    def forget_route(self) -> None:
        """Let the browser decide again which thread gets the next request."""
        forget_route(self.comm)


class RequestWidget(Answering, anywidget.AnyWidget):  # type: ignore[misc]
    """Widget whose bytes travel as answers to requests, which subclasses mark with `answers`."""

    channel = anywidget.WidgetTrait().tag(sync=True)

    def __init__(self, **kwargs: Any) -> None:
        self._begin_answering()
        channel = Channel()
        channel.on_msg(self._on_frame)
        super().__init__(channel=channel, **kwargs)

    @answers("hello")
    def _hello(self) -> Reply:
        return Reply(environment.hello())

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle is None:
            return None
        data, metadata = bundle
        # What a notebook keeps: by it the page tells what became of a viewer whose kernel has gone.
        made_by = {"version": environment.version(), "protocol": PROTOCOL}
        return data, {**metadata, MARK: made_by}

    def _on_frame(self, _channel: Channel, frame: Any, _buffers: Any) -> None:
        self._take_frame(frame)

    def _post(self, content: dict[str, Any], buffers: list[memoryview]) -> None:
        self.channel.send(content, buffers)
        self.channel.forget_route()
        say_busy()

    def close(self) -> None:
        """Close the widget and its channel."""
        super().close()
        if self.channel is not None:
            self.channel.close()
