"""What Prometheus gets from the server's own ``/metrics``, and the dashboard that is drawn from it."""

import asyncio
import json
import re
from pathlib import Path

import pytest
from astrodata_kernel.runs import RunFolder
from prometheus_client.parser import text_string_to_metric_families

from astrodata_lab import metrics

DASHBOARD = Path(__file__).parents[2] / "docs/grafana/astrodata.json"
# A slice and a card, as the package nvidia-ml-py would tell of them.
PYNVML = """
from types import SimpleNamespace as N
class NVMLError(Exception): pass
def nvmlInit(): pass
def nvmlDeviceGetCount(): return 2
def nvmlDeviceGetHandleByIndex(index): return ("card", index)
def nvmlDeviceGetMigMode(card): return [1 - card[1], 0]
def nvmlDeviceGetMaxMigDeviceCount(card): return 1
def nvmlDeviceGetMigDeviceHandleByIndex(card, index): return ("slice", index)
def nvmlDeviceGetName(device): return 'H200 "x"\\n' + device[0]
def nvmlDeviceGetUUID(device): return "GPU-" + device[0]
def nvmlDeviceGetMemoryInfo(device): return N(total=1000, used=250)
def nvmlDeviceGetUtilizationRates(device): return N(gpu=40)
"""


@pytest.fixture
def scrape(jp_fetch, lab):
    """Scrape until there are numbers: each scrape gets those that the one before it has asked for."""

    async def scrape():
        for _ in range(500):
            reply = await jp_fetch("metrics")
            found = {one.name: one for one in text_string_to_metric_families(reply.body.decode())}
            if found["astrodata_measured_timestamp_seconds"].samples:
                return found
            await asyncio.sleep(0.02)
        raise AssertionError("nothing was measured")

    return scrape


def ran(root, user, seconds, **facts):
    folder = RunFolder.create(root, "cardio", {"user": user, "device_seconds": seconds, **facts})
    return folder.id


async def test_prometheus_gets_the_machine_the_gpus_and_who_held_them(
    root, scrape, tmp_path, monkeypatch
):
    (tmp_path / "pynvml.py").write_text(PYNVML)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("MEM_LIMIT", "5000000000")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    hers = ran(root, 'ada"\n', 12.5, state="finished")
    ran(root, "grace", 0)
    ran(root, "mallory", "many")
    ran(root, "mallory", -7)
    (root / "astrodata/runs/broken").mkdir()

    found = await scrape()

    def of(name):
        return {tuple(one.labels.values()): one.value for one in found[f"astrodata_{name}"].samples}

    assert of("run_gpu_seconds") == {("cardio", hers, 'ada" '): 12.5}
    assert of("runs") == {
        ("running",): 3,
        ("finished",): 1,
        ("failed",): 0,
        ("cancelled",): 0,
        ("lost",): 0,
    }
    names = {("0", 'H200 "x" slice', "GPU-slice"): 1000, ("1", 'H200 "x" card', "GPU-card"): 1000}
    assert of("gpu_memory_bytes") == names
    assert set(of("gpu_memory_used_bytes").values()) == {250}
    # Of slices nobody tells, and nothing is made up.
    assert of("gpu_utilisation_ratio") == {("1", 'H200 "x" card', "GPU-card"): 0.4}
    assert 0 < of("memory_bytes")[()] <= 5_000_000_000
    assert of("cpus")[()] > 0
    assert of("disk_bytes")[()] >= of("disk_used_bytes")[()] > 0


async def test_each_metric_of_the_dashboard_is_there_and_none_is_left_undrawn(jp_fetch, lab):
    reply = await jp_fetch("metrics")
    there = set(re.findall(r"^# TYPE (astrodata_\w+)", reply.body.decode(), re.MULTILINE))
    board = json.loads(DASHBOARD.read_text())
    asked = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    asked += [one["definition"] for one in board["templating"]["list"] if "definition" in one]
    drawn = {name for text in asked for name in re.findall(r"\bastrodata_\w+", text)}
    assert drawn == there


async def test_a_measurement_that_fails_leaves_the_last_numbers(lab, monkeypatch):
    answers = [metrics.Refusal("time-out", "the disk does not answer"), {"memory": None}]

    async def call(*_given, **_options):
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(lab.metrics._pool, "call", call)
    before = list(lab.metrics.collect())
    await lab.metrics._measure()
    await lab.metrics._measure()
    assert answers == []
    assert list(lab.metrics.collect()) == before


async def test_a_second_server_of_a_process_takes_the_place_of_the_first(lab, jp_serverapp):
    again = metrics.Metrics(lab.metrics._pool, 1)
    again.publish(lambda: Path(), jp_serverapp.io_loop)
    try:
        assert lab.metrics not in metrics.REGISTRY._collector_to_names
    finally:
        again.close()
    assert again not in metrics.REGISTRY._collector_to_names
