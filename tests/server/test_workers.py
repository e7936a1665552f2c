"""The processes that read files: limits of time and memory, and life after a death."""

from __future__ import annotations

import os

import anyio
import pytest

from astrodata_lab.previews import _Thumbnails
from astrodata_lab.refusals import Refusal, without_root
from astrodata_lab.workers import QUEUE, WorkerPool

# Functions of the standard library stand for readers that take long, die or talk.
SLOW = ("time:sleep", 600)
AT_ONCE = 120.0
"""Seconds: a limit that ends only a test that hangs."""


@pytest.fixture
def pool():
    pool = WorkerPool(1, 0)
    yield pool
    pool.close()


async def refusal(call):
    with pytest.raises(Refusal) as caught:
        await call
    return caught.value


async def test_a_worker_is_used_again(pool):
    first, second = [await pool.call("os:getpid", seconds=AT_ONCE) for _ in range(2)]
    assert first == second != os.getpid()


async def test_a_call_beyond_its_time_is_ended_with_its_process(pool):
    worker = await pool.call("os:getpid", seconds=AT_ONCE)
    error = await refusal(pool.call(*SLOW, seconds=0.2))
    assert (error.code, error.status) == ("time-out", 504)
    # The next call finds another process, and the one that slept is gone.
    assert await pool.call("os:getpid", seconds=AT_ONCE) != worker
    await gone(worker)


async def gone(process):
    with anyio.fail_after(AT_ONCE):
        while True:
            try:
                os.kill(process, 0)
            except ProcessLookupError:
                return
            await anyio.lowlevel.checkpoint()


async def test_a_request_that_is_given_up_ends_its_process(pool):
    worker = await pool.call("os:getpid", seconds=AT_ONCE)
    async with anyio.create_task_group() as group:
        group.start_soon(_call_slowly, pool)
        await anyio.lowlevel.checkpoint()
        group.cancel_scope.cancel()
    assert await pool.call("os:getpid", seconds=AT_ONCE) != worker
    await gone(worker)


async def _call_slowly(pool):
    await pool.call(*SLOW, seconds=AT_ONCE)


async def test_a_worker_that_dies_is_told_and_replaced(pool):
    error = await refusal(pool.call("os:abort", seconds=AT_ONCE))
    assert (error.code, error.status) == ("damaged", 422)
    assert await pool.call("os:getpid", seconds=AT_ONCE) > 0


async def test_a_worker_that_died_while_it_was_idle_is_not_noticed(pool):
    worker = await pool.call("os:getpid", seconds=AT_ONCE)
    os.kill(worker, 9)
    await gone_or_zombie(pool)
    assert await pool.call("os:getpid", seconds=AT_ONCE) != worker


async def gone_or_zombie(pool):
    with anyio.fail_after(AT_ONCE):
        while pool._idle[0].alive:
            await anyio.lowlevel.checkpoint()


async def test_memory_beyond_the_limit_is_refused_and_the_worker_lives():
    pool = WorkerPool(1, 2 << 30)
    try:
        worker = await pool.call("os:getpid", seconds=AT_ONCE)
        error = await refusal(pool.call("builtins:bytearray", 8 << 30, seconds=AT_ONCE))
        assert (error.code, error.status) == ("too-large", 413)
        assert await pool.call("os:getpid", seconds=AT_ONCE) == worker
    finally:
        pool.close()


async def test_what_a_reader_prints_is_not_taken_for_an_answer(pool):
    assert await pool.call("builtins:print", '{"ok": true, "value": 1}', seconds=AT_ONCE) is None
    assert await pool.call("os:system", "echo hello", seconds=AT_ONCE) == 0


async def test_numbers_that_json_has_no_word_for_are_null(pool):
    assert await pool.call("builtins:float", "nan", seconds=AT_ONCE) is None


async def test_a_fault_of_ours_is_no_refusal_of_the_file(pool):
    error = await refusal(pool.call("os:no_such_function", seconds=AT_ONCE))
    assert error.status == 500


async def test_a_module_in_the_users_folder_is_not_what_a_worker_imports(
    pool, tmp_path, monkeypatch
):
    (tmp_path / "json.py").write_text("raise SystemExit")
    monkeypatch.chdir(tmp_path)
    assert await pool.call("os:getpid", seconds=AT_ONCE) > 0


async def test_more_calls_than_the_queue_holds_are_turned_away(pool):
    await pool.call("os:getpid", seconds=AT_ONCE)
    async with anyio.create_task_group() as group:
        for _ in range(QUEUE + 1):
            group.start_soon(_call_slowly, pool)
        with anyio.fail_after(AT_ONCE):
            while pool._limiter.statistics().tasks_waiting < QUEUE:
                await anyio.lowlevel.checkpoint()
        assert (await refusal(pool.call("os:getpid", seconds=AT_ONCE))).status == 503
        group.cancel_scope.cancel()


async def test_a_slow_preview_is_a_504(ask, lab, root, monkeypatch):
    async def slow(*args, **kwargs):
        return await lab.previews._pool.call(*SLOW, seconds=0.2)

    monkeypatch.setattr(lab.previews, "_look", slow)
    for route in ("sniff", "header", "thumbnail"):
        status, body = await ask(route, path="m13.fits")
        assert (status, body["error"]["code"]) == (504, "time-out")


async def test_a_fault_of_ours_is_a_500_that_tells_the_log_and_not_the_page(
    ask, lab, root, monkeypatch, caplog
):
    async def broken(*args, **kwargs):
        raise RuntimeError(f"secret of {root}")

    monkeypatch.setattr(lab.previews, "_look", broken)
    status, body = await ask("sniff", path="m13.fits")
    assert (status, body["error"]["code"]) == (500, "internal")
    assert "secret" not in body["error"]["message"]


async def test_files_beyond_the_configured_size_have_no_preview(ask, lab, root, monkeypatch):
    monkeypatch.setattr(lab.previews, "_max_bytes", 1000)
    status, body = await ask("thumbnail", path="m13.fits")
    assert (status, body["error"]["code"]) == (413, "too-large")
    assert "m13.fits" in body["error"]["message"]


def test_the_thumbnails_that_were_used_last_are_kept():
    kept = _Thumbnails(10)
    kept.keep(("a",), b"1234")
    kept.keep(("b",), b"1234")
    assert kept.get(("a",)) == b"1234"
    kept.keep(("c",), b"1234")
    assert kept.get(("b",)) is None
    assert kept.get(("a",)) == b"1234"
    kept.keep(("d",), b"x" * 11)
    assert kept.get(("d",)) is None


def test_the_servers_root_is_cut_from_messages(tmp_path):
    root = str(tmp_path)
    assert without_root(f"{root}/a/b.fits is cut", root) == "a/b.fits is cut"
    assert without_root(f"nothing in {root}: add", root) == "nothing in the root folder: add"
    assert without_root(f"{root}-2/a.fits", root) == f"{root}-2/a.fits"
    assert without_root("/a/b", "/") == "/a/b"
