"""What a hub takes for activity: work that makes progress, and no page or thread that only looks on."""

from __future__ import annotations

import asyncio
import contextlib
import json

import pytest
from astrodata_kernel.runs import RunFolder
from astrodata_kernel.runs.run_folder import ALIVE

TRAINS = """
import pathlib, time
import astrodata_kernel as adk
from astrodata_kernel.pipeline import run_records

run_records.BEAT = 0.1  # a heart that beats often, so that the test is short

@adk.pipeline.block(stage="train", outputs=("epochs",))
def train(*, work=None):
    for epoch in range(1, 3):
        while not pathlib.Path(f"epoch-{epoch}").exists():  # it hangs
            work.check()
            time.sleep(0.01)
        work.progress(epoch / 3, f"epoch {epoch}")
    return epoch

adk.pipeline.Pipeline("long").add("train", train).run(track=False)
"""


async def until(condition, deadline=60):
    """Wait for a condition, and give what it gives."""
    async with asyncio.timeout(deadline):
        while not (found := condition()):
            await asyncio.sleep(0.02)
        return found


@contextlib.asynccontextmanager
async def kernel_of(server):
    """Give a kernel of the server, with a client to it."""
    kernels = server.kernel_manager
    ident = await kernels.start_kernel(path="")
    client = kernels.get_kernel(ident).client()
    client.start_channels()
    try:
        await client.wait_for_ready(timeout=60)
        yield kernels.get_kernel(ident), client
    finally:
        client.stop_channels()
        await kernels.shutdown_kernel(ident, now=True)


@pytest.fixture
def server_activity(jp_fetch):
    """What the hub is told: when the server last did something."""

    async def server_activity():
        return json.loads((await jp_fetch("api", "status")).body)["last_activity"]

    return server_activity


async def test_a_run_counts_as_activity_while_it_progresses_and_not_while_it_hangs(
    jp_serverapp, server_activity, ask, root
):
    (root / "astrodata").mkdir()
    async with kernel_of(jp_serverapp) as (kernel, client):
        client.execute(TRAINS)
        [listed] = await until(lambda: list((root / "astrodata" / "runs").glob("*/run.json")))
        run = RunFolder(folder := listed.parent)
        await until(lambda: run.read()["steps"]["train"]["state"] == "running")
        for epoch in (1, 2):
            # What was told of it has arrived when nothing more comes while its heart beats.
            told = None
            while told != kernel.last_activity:
                told = kernel.last_activity
                await beats_of(folder, 5)
            at_rest = await server_activity()
            for _ in range(3):  # the panel looks on
                status, body = await ask("runs")
                assert (status, body["runs"][0]["state"]) == (200, "running")
                await beats_of(folder, 2)
            assert kernel.last_activity == told
            assert await server_activity() == at_rest
            (root / f"epoch-{epoch}").touch()
            await until(lambda told=told: kernel.last_activity > told)
            assert await server_activity() > at_rest


async def beats_of(folder, count):
    """Wait until the heart of a run has beaten some times."""
    for _ in range(count):
        before = (folder / ALIVE).stat().st_mtime_ns
        await until(lambda before=before: (folder / ALIVE).stat().st_mtime_ns != before)


async def test_what_a_person_does_in_the_panel_counts_and_what_it_asks_by_itself_does_not(
    server_activity, ask, root
):
    before = await server_activity()
    for route in ("version", "datasets", "labels", "runs", "pipelines", "models"):
        assert (await ask(route))[0] == 200
    assert await server_activity() == before
    assert (await ask("datasets", "POST", {"path": "m13.fits"}))[0] == 201
    assert await server_activity() > before
