import asyncio
import threading
from typing import Any

import numpy as np
import pytest
from astrodata_kernel.errors import BadRequest, Cancelled, UnknownName
from astrodata_kernel.widgets.base import PROTOCOL, Cancel, RequestWidget, answers
from astrodata_kernel.wire import Reply, encode


class Slow(RequestWidget):
    """Answers when it is let go, and counts how often it worked."""

    _esm = "export default {};"

    def __init__(self) -> None:
        super().__init__()
        self.go, self.begun, self.calls = threading.Event(), threading.Event(), 0
        self.sent: list[tuple[dict[str, Any], Any, str]] = []
        self.channel.send = self._note

    def _note(self, content: dict[str, Any], buffers: Any = None) -> None:
        self.sent.append((content, buffers, threading.current_thread().name))

    @answers("work")
    def _work(self, size: int = 1, *, cancel: Cancel) -> Reply:
        self.calls += 1
        self.begun.set()
        assert self.go.wait(30)
        cancel.check()
        meta, buffer = encode(np.zeros((1, size), "u1"))
        return Reply(meta, [buffer])

    @answers("broken")
    def _broken(self) -> Reply:
        raise ZeroDivisionError("a defect of ours")


@pytest.fixture
def widget():
    slow = Slow()
    yield slow
    slow.close()


def frame(kind: str, ident: str = "a", **msg: Any) -> dict[str, Any]:
    return {"id": ident, "kind": kind, "msg": msg}


async def until(condition) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.001)


def test_a_request_from_python_gives_what_the_browser_gets(widget: Slow) -> None:
    widget.go.set()
    reply = widget.request("work", size=3)
    assert (reply.meta["shape"], reply.array().nbytes) == ([1, 1, 3], 3)


def test_a_kernel_whose_cell_runs_says_so_again_after_each_answer(
    widget: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = []
    monkeypatch.setattr(
        "astrodata_kernel.widgets.base.say_busy", lambda: said.append(len(widget.sent))
    )
    widget.go.set()
    widget._take_frame(frame("work", "1"))
    widget._take_frame(frame("work", "2"))
    assert said == [1, 2]


def test_hello_names_the_protocol_and_the_version(widget: Slow) -> None:
    meta = widget.request("hello").meta
    assert meta["protocol"] == PROTOCOL
    assert meta["version"].count(".") >= 2


def test_an_unknown_kind_is_refused_with_the_known_ones(widget: Slow) -> None:
    with pytest.raises(UnknownName, match=r"'tilt'.*broken, hello, work"):
        widget.request("tilt")


def test_keys_that_the_handler_does_not_have_are_a_bad_request(widget: Slow) -> None:
    with pytest.raises(BadRequest, match="sizes"):
        widget.request("work", sizes=3)


def test_a_frame_is_answered_once_and_by_its_id(widget: Slow) -> None:
    widget.go.set()
    widget._on_frame(widget.channel, frame("work", size=2), [])
    [(content, buffers, _)] = widget.sent
    assert (content["id"], content["ok"], content["meta"]["shape"]) == ("a", True, [1, 1, 2])
    assert bytes(buffers[0]) == b"\0\0"


@pytest.mark.parametrize(
    "junk", [None, 3, "tile", [], {}, {"id": 4, "kind": "work"}, {"kind": "work"}]
)
def test_a_message_that_is_no_frame_is_left_alone(widget: Slow, junk: Any) -> None:
    widget._on_frame(widget.channel, junk, [])
    assert widget.sent == []


@pytest.mark.parametrize("msg", [None, [], "x", 7])
def test_a_message_without_keys_is_answered_all_the_same(widget: Slow, msg: Any) -> None:
    widget._on_frame(widget.channel, {"id": "a", "kind": "hello", "msg": msg}, [])
    assert widget.sent[0][0]["ok"] is True


def test_a_defect_becomes_an_answer_and_a_line_in_the_log(
    widget: Slow, caplog: pytest.LogCaptureFixture
) -> None:
    widget._on_frame(widget.channel, frame("broken"), [])
    error = widget.sent[0][0]["error"]
    assert error["code"] == "internal"
    assert error["message"] == "broken failed in the kernel: ZeroDivisionError: a defect of ours"
    assert "a defect of ours" in caplog.text


def test_a_repeated_id_is_answered_from_what_is_there(widget: Slow) -> None:
    widget.go.set()
    for _ in range(3):
        widget._on_frame(widget.channel, frame("work"), [])
    assert widget.calls == 1
    assert len(widget.sent) == 3
    assert widget.sent[0][0] == widget.sent[2][0]


def test_work_leaves_the_message_thread_and_the_answer_returns_to_it(widget: Slow) -> None:
    async def main() -> None:
        widget._on_frame(widget.channel, frame("work", "slow"), [])
        await until(widget.begun.is_set)
        # The thread of messages is free while the first request works.
        widget._on_frame(widget.channel, frame("hello", "quick"), [])
        await until(lambda: len(widget.sent) == 1)
        widget.go.set()
        await until(lambda: len(widget.sent) == 2)

    asyncio.run(main())
    assert [content["id"] for content, _, _ in widget.sent] == ["quick", "slow"]
    here = threading.current_thread().name
    assert {thread for _, _, thread in widget.sent} == {here}


def test_asking_again_while_it_works_gives_one_answer(widget: Slow) -> None:
    async def main() -> None:
        for _ in range(3):
            widget._on_frame(widget.channel, frame("work"), [])
        widget.go.set()
        await until(lambda: widget.sent)

    asyncio.run(main())
    assert (widget.calls, len(widget.sent)) == (1, 1)


def test_a_cancelled_request_is_never_sent_and_frees_its_place(widget: Slow) -> None:
    async def main() -> None:
        widget._on_frame(widget.channel, frame("work", "gone"), [])
        await until(widget.begun.is_set)
        widget._on_frame(widget.channel, {"id": "gone", "kind": "cancel"}, [])
        widget.go.set()
        await until(lambda: not widget._running)

    asyncio.run(main())
    assert widget.sent == []


def test_cancelling_what_is_not_there_does_nothing(widget: Slow) -> None:
    widget._on_frame(widget.channel, {"id": "never", "kind": "cancel"}, [])
    assert widget.sent == []


def test_a_handler_that_looks_at_cancel_stops() -> None:
    cancel = Cancel()
    cancel.set()
    with pytest.raises(Cancelled):
        cancel.check()


def test_only_the_latest_replies_are_kept(widget: Slow) -> None:
    for number in range(40):
        widget._on_frame(widget.channel, frame("hello", str(number)), [])
    assert len(widget._recent) == 16


def test_closing_the_widget_closes_its_channel() -> None:
    widget = Slow()
    widget.close()
    assert widget.channel.comm is None
