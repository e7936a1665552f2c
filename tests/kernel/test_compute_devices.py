"""GPUs, slices of them, and what of them a run holds: by a library that stands in for NVIDIA's."""

# ruff: noqa: N802 - the names are NVIDIA's
import os
from pathlib import Path
from types import SimpleNamespace

import pytest
from astrodata_kernel import compute
from astrodata_kernel.compute import gpus
from astrodata_kernel.compute.device_seconds import DeviceSeconds, held_devices

GB = 10**9
HOSTILE = "NVIDIA <script>\x1b[31m\u202e" + "X" * 500


class Refused(Exception):
    def __init__(self, value=3):
        super().__init__(f"NVML said {value}")
        self.value = value


class Card:
    def __init__(self, name="NVIDIA H200", uuid="GPU-1", memory=None, **facts):
        self.name, self.uuid = name, uuid
        self.memory = memory or SimpleNamespace(total=140 * GB, used=35 * GB)
        self.busy = facts.get("busy", 37)
        self.slices = facts.get("slices")
        self.processes = facts.get("processes", [])


class Library:
    """Cards as ``pynvml`` tells of them: what a card does not have raises its error."""

    NVMLError = Refused

    def __init__(self, *cards, starts=None):
        self.cards, self.starts = cards, starts

    def nvmlInit(self):
        if self.starts is not None:
            raise self.starts

    def nvmlDeviceGetCount(self):
        return len(self.cards)

    def nvmlDeviceGetHandleByIndex(self, index):
        return self.cards[index] if self.cards[index] is not None else self._refuse()

    def nvmlDeviceGetMigMode(self, card):
        return self._refuse() if card.slices is None else [1, 1]

    def nvmlDeviceGetMaxMigDeviceCount(self, card):
        return len(card.slices)

    def nvmlDeviceGetMigDeviceHandleByIndex(self, card, index):
        return card.slices[index] if card.slices[index] is not None else self._refuse()

    def nvmlDeviceGetName(self, card):
        return card.name

    def nvmlDeviceGetUUID(self, card):
        return card.uuid

    def nvmlDeviceGetMemoryInfo(self, card):
        return card.memory

    def nvmlDeviceGetUtilizationRates(self, card):
        return self._refuse() if card.busy is None else SimpleNamespace(gpu=card.busy)

    def nvmlDeviceGetComputeRunningProcesses(self, card):
        return card.processes

    def _refuse(self):
        raise Refused


@pytest.fixture(autouse=True)
def all_visible(monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


@pytest.fixture
def first_pids(monkeypatch):
    """As on a machine without containers: process numbers are what the driver tells of."""
    monkeypatch.setattr(gpus, "_FIRST_PIDS", str(Path("/proc/self/ns/pid").readlink()))


def test_a_card_tells_memory_and_how_busy_it_is():
    (found,) = compute.devices(Library(Card()))
    assert (found.name, found.uuid) == ("NVIDIA H200", "GPU-1")
    assert (found.memory, found.used) == (140 * GB, 35 * GB)
    assert (found.utilisation, found.mig) == (0.37, False)


def test_of_a_divided_card_each_slice_is_told_and_never_a_utilisation():
    part = SimpleNamespace(total=18 * GB, used=2 * GB)
    # Old drivers say 0 % for slices, which is no measurement.
    first = Card("NVIDIA H200 MIG 1g.18gb", "MIG-a", part, busy=0)
    second = Card(b"NVIDIA H200 MIG 1g.18gb", b"MIG-b", part, busy=None)
    card = Card(slices=[None, first, None, second, None, None, None])
    found = compute.devices(Library(card))
    assert [(one.uuid, one.mig, one.utilisation) for one in found] == [
        ("MIG-a", True, None),
        ("MIG-b", True, None),
    ]
    assert {one.memory for one in found} == {18 * GB}
    assert {one.name for one in found} == {"NVIDIA H200 MIG 1g.18gb"}


def test_a_divided_card_of_which_no_slice_is_ours_says_what_to_do():
    found = compute.devices(Library(Card(slices=[None] * 7)))
    assert list(found) == []
    assert "ask for a slice" in found.note


def test_without_a_driver_there_is_no_gpu_and_a_driver_in_trouble_is_another_thing():
    for value in (9, 12):
        assert compute.devices(Library(Card(), starts=Refused(value))).note == gpus.NO_GPU
    assert compute.devices(Library()).note == gpus.NO_GPU
    trouble = compute.devices(Library(Card(), starts=Refused(18))).note
    assert "does not answer: NVML said 18" in trouble


def test_without_the_package_a_gpu_is_not_passed_over_in_silence(tmp_path, monkeypatch):
    monkeypatch.setattr(gpus, "find_spec", lambda name: None)
    monkeypatch.setattr(gpus, "_FILES", (tmp_path / "nvidiactl",))
    assert compute.devices().note == gpus.NO_GPU
    (tmp_path / "nvidiactl").touch()
    assert 'pip install astrodata-lab[gpu]"' in compute.devices().note


def test_a_library_that_is_older_than_slices_tells_of_cards(monkeypatch):
    for name in ("MigMode", "MaxMigDeviceCount", "MigDeviceHandleByIndex"):
        monkeypatch.delattr(Library, f"nvmlDeviceGet{name}")
    assert len(compute.devices(Library(Card(), Card(uuid="GPU-2")))) == 2


def test_a_card_that_was_lost_does_not_hide_the_others():
    found = compute.devices(Library(None, Card(uuid="GPU-2")))
    assert [one.uuid for one in found] == ["GPU-2"]


@pytest.mark.parametrize(
    ("chosen", "seen"),
    [
        ("1", ["GPU-2"]),
        ("2,0", ["GPU-3", "GPU-1"]),
        ("GPU-3", ["GPU-3"]),
        ("0,7,1", ["GPU-1"]),
        ("0,0", ["GPU-1"]),
        ("", []),
        ("-1", []),
        ("none", []),
        ("9" * 400, []),
    ],
)
def test_the_devices_are_those_that_cuda_would_take(monkeypatch, chosen, seen):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", chosen)
    found = compute.devices(Library(*(Card(uuid=f"GPU-{n}") for n in (1, 2, 3))))
    assert [one.uuid for one in found] == seen
    assert bool(found) == (found.note != gpus.HIDDEN)


@pytest.mark.parametrize("nonsense", [-1, 2**64 - 1, float("nan"), "12", None, True])
def test_numbers_that_are_none_are_not_told(nonsense):
    memory = SimpleNamespace(total=140 * GB, used=nonsense)
    (found,) = compute.devices(Library(Card(memory=memory, busy=nonsense)))
    assert found.used is None
    assert found.utilisation is None
    none = SimpleNamespace(total=nonsense, used=1)
    assert list(compute.devices(Library(Card(memory=none)))) == []


def test_more_than_all_of_it_is_all_and_a_name_is_one_line_that_can_be_shown():
    memory = SimpleNamespace(total=GB, used=2 * GB)
    (found,) = compute.devices(Library(Card(HOSTILE, b"\xff\xfe", memory)))
    assert found.used == GB
    assert len(found.name) <= 101
    assert found.name.isprintable()
    assert found.uuid.isprintable()


def test_what_this_process_takes_is_told_where_the_drivers_process_numbers_are_ours(first_pids):
    mine = SimpleNamespace(pid=os.getpid(), usedGpuMemory=3 * GB)
    other = SimpleNamespace(pid=os.getpid() + 1, usedGpuMemory=9 * GB)
    (found,) = compute.devices(Library(Card(processes=[mine, other, mine])))
    assert found.own == 6 * GB
    (found,) = compute.devices(Library(Card(processes=[other])))
    assert found.own == 0
    unknown = SimpleNamespace(pid=os.getpid(), usedGpuMemory=None)
    (found,) = compute.devices(Library(Card(processes=[unknown])))
    assert found.own is None


def test_in_a_container_another_process_of_the_same_number_is_not_ours(monkeypatch):
    monkeypatch.setattr(gpus, "_FIRST_PIDS", "pid:[1]")
    somebody = SimpleNamespace(pid=os.getpid(), usedGpuMemory=3 * GB)
    (found,) = compute.devices(Library(Card(processes=[somebody])))
    assert found.own is None


def opens(proc, process, *files):
    folder = proc / process / "fd"
    folder.mkdir(parents=True)
    for number, file in enumerate(files):
        (folder / str(number)).symlink_to(file)


def children(proc, process, *pids):
    folder = proc / process / "task" / "1"
    folder.mkdir(parents=True)
    (folder / "children").write_text(" ".join(pids))


def test_a_gpu_is_held_by_who_began_cuda_and_not_by_who_asks_the_driver(tmp_path):
    asks = tmp_path / "asks"
    opens(asks, "self", "/dev/nvidiactl", "/dev/nvidia0", "/dev/null")
    assert held_devices(asks) == 0
    works = tmp_path / "works"
    opens(works, "self", "/dev/nvidiactl", "/dev/nvidia-uvm", "/dev/nvidia0", "/dev/nvidia3")
    assert held_devices(works) == 2
    assert held_devices(tmp_path / "nowhere") == 0


def test_a_gpu_is_held_by_workers_that_this_process_started(tmp_path):
    opens(tmp_path, "self", "/dev/null")
    children(tmp_path, "self", "7", "8")
    opens(tmp_path, "7", "/dev/null")
    children(tmp_path, "7", "9")
    for pid in ("8", "9"):  # two workers on one card
        opens(tmp_path, pid, "/dev/nvidia-uvm", "/dev/nvidia0")
    assert held_devices(tmp_path) == 1


def test_seconds_count_while_a_gpu_is_held_times_the_number_of_gpus(tmp_path, monkeypatch):
    clock = SimpleNamespace(now=100.0)
    monkeypatch.setattr("astrodata_kernel.compute.device_seconds.time.monotonic", lambda: clock.now)
    held = DeviceSeconds(tmp_path)
    clock.now = 105.0
    held.look()
    assert held.seconds == 0
    opens(tmp_path / "proc", "self", "/dev/nvidia-uvm", "/dev/nvidia0", "/dev/nvidia1")
    clock.now = 107.0
    held.look()
    held.look()
    assert held.seconds == 4


def test_a_run_tells_in_its_record_for_how_long_it_held_gpus(tmp_path, monkeypatch):
    from astrodata_kernel.pipeline import Pipeline
    from astrodata_kernel.runs import run_of

    monkeypatch.setattr("astrodata_kernel.compute.device_seconds.held_devices", lambda proc: 2)
    pipeline = Pipeline("waves")
    pipeline.add("make", "synthetic_waveforms", n=2)
    facts = run_of(pipeline.run(workspace=tmp_path).id, tmp_path)
    assert 0 < facts.device_seconds <= 2 * facts.seconds + 0.1
    monkeypatch.setattr("astrodata_kernel.compute.device_seconds.held_devices", lambda proc: 0)
    assert run_of(pipeline.run(workspace=tmp_path).id, tmp_path).device_seconds == 0
