"""Memory, CPU and GPU of this process while a run lasts, in MLflow's names."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Self

_CGROUPS = Path("/sys/fs/cgroup")
_MB = 1e6  # MLflow's megabyte


def cgroup_memory(root: Path = _CGROUPS) -> tuple[int, int] | None:
    """Give the bytes in use and the limit of the container, or None where there is no limit.

    What the kernel would give back at once (file cache that is not in use) does not count.

    Parameters
    ----------
    root
        Where the control groups are mounted.
    """
    for used, limit, stat, inactive in (
        ("memory.current", "memory.max", "memory.stat", "inactive_file"),
        (
            "memory/memory.usage_in_bytes",
            "memory/memory.limit_in_bytes",
            "memory/memory.stat",
            "total_inactive_file",
        ),
    ):
        try:
            most = int((root / limit).read_text())
            taken = int((root / used).read_text())
        except (OSError, ValueError):  # "max" is no limit
            continue
        if most >= 2**60:  # version 1 has no word for "no limit"
            continue
        return max(taken - _line(root / stat, inactive), 0), most
    return None


def cgroup_cpus(root: Path = _CGROUPS) -> float:
    """Give how many CPUs this process may use: the machine's, its affinity's or the container's share."""
    count = float(
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    try:
        quota, period = (root / "cpu.max").read_text().split()
        return min(count, int(quota) / int(period))
    except (OSError, ValueError):
        return count


def _line(path: Path, name: str) -> int:
    try:
        for line in path.read_text().splitlines():
            if line.startswith(f"{name} "):
                return int(line.split()[1])
    except (OSError, ValueError):
        pass
    return 0


class Sampler:
    """Tells numbers of this process every so many seconds, from a thread of its own.

    Parameters
    ----------
    every
        Seconds between two samples.
    tell
        Takes numbers by name and the number of the sample.
    """

    def __init__(self, every: float, tell: Callable[[Mapping[str, float], int], object]) -> None:
        self._every, self._tell = every, tell
        self._process = import_module("psutil").Process()
        self._machine = import_module("psutil")
        self._cpu = self._spent()
        self._gpu = _nvml()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="system metrics", daemon=True)

    @classmethod
    def started(
        cls, every: float | None, tell: Callable[[Mapping[str, float], int], object]
    ) -> Self | None:
        """Give one that runs, or None where none is wanted or `psutil` is missing."""
        if not every or find_spec("psutil") is None:
            return None
        made = cls(every, tell)
        made._thread.start()
        return made

    def stop(self) -> None:
        """End it; a sample that is being taken is told first."""
        self._stop.set()
        self._thread.join()

    def sample(self) -> dict[str, float]:
        """Give the numbers of now: memory in megabytes and per cent, CPU per cent since the last sample."""
        resident = float(self._process.memory_info().rss)
        inside = cgroup_memory()
        if inside is None:
            memory = self._machine.virtual_memory()
            inside = int(memory.total - memory.available), int(memory.total)
        before, self._cpu = self._cpu, self._spent()
        wall = max(self._cpu[0] - before[0], 1e-9)
        share = (self._cpu[1] - before[1]) / wall / cgroup_cpus()
        return {
            "system/process_memory_usage_megabytes": resident / _MB,
            "system/system_memory_usage_megabytes": inside[0] / _MB,
            "system/system_memory_usage_percentage": 100 * inside[0] / inside[1],
            "system/cpu_utilization_percentage": min(100 * share, 100.0),
            **(gpu_numbers(self._gpu) if self._gpu is not None else {}),
        }

    def _spent(self) -> tuple[float, float]:
        from time import monotonic

        times = self._process.cpu_times()
        return monotonic(), float(times.user + times.system)

    def _work(self) -> None:
        number = 0
        while not self._stop.wait(self._every):
            try:
                self._tell(self.sample(), number)
            except self._machine.Error:
                return
            number += 1


def gpu_numbers(nvml: Any) -> dict[str, float]:
    """Give memory of each GPU, and its utilisation where the driver reports it: for slices (MIG) it does not.

    ``memory_usage`` is of the whole card, whoever uses it, or of the whole slice (``gpu_0_mig_1``) where the
    card is cut into slices; ``process_memory_usage`` is of this process alone, where the driver tells it: in
    some containers it does not.

    Parameters
    ----------
    nvml
        The module `pynvml`, initialised.
    """
    found: dict[str, float] = {}
    for name, device in _devices(nvml):
        try:
            memory = nvml.nvmlDeviceGetMemoryInfo(device)
            found[f"{name}_memory_usage_megabytes"] = memory.used / _MB
            found[f"{name}_memory_usage_percentage"] = 100 * memory.used / memory.total
        except nvml.NVMLError:
            continue
        with suppress(nvml.NVMLError):
            own = _own_bytes(nvml.nvmlDeviceGetComputeRunningProcesses(device))
            if own is not None:
                found[f"{name}_process_memory_usage_megabytes"] = own / _MB
        with suppress(nvml.NVMLError):
            use = nvml.nvmlDeviceGetUtilizationRates(device)
            found[f"{name}_utilization_percentage"] = float(use.gpu)
    return found


def _devices(nvml: Any) -> Iterator[tuple[str, Any]]:
    """Give the cards by name, and of one that is cut into slices those that are seen from here."""
    for index in range(nvml.nvmlDeviceGetCount()):
        name = f"system/gpu_{index}"
        try:
            card = nvml.nvmlDeviceGetHandleByIndex(index)
        except nvml.NVMLError:
            continue
        slices = []
        with suppress(nvml.NVMLError):  # a card that knows no slices
            if nvml.nvmlDeviceGetMigMode(card)[0]:
                for number in range(nvml.nvmlDeviceGetMaxMigDeviceCount(card)):
                    with suppress(nvml.NVMLError):  # not made, or somebody else's
                        one = nvml.nvmlDeviceGetMigDeviceHandleByIndex(card, number)
                        slices.append((f"{name}_mig_{number}", one))
        yield from slices or [(name, card)]


def _own_bytes(processes: Iterable[Any]) -> int | None:
    """Give what this process holds, of what each one does; None where that is not told."""
    own = [one.usedGpuMemory for one in processes if one.pid == os.getpid()]
    told = [used for used in own if used is not None]
    return sum(told) if told else None


def _nvml() -> Any:
    if find_spec("pynvml") is None:
        return None
    module = import_module("pynvml")
    try:
        module.nvmlInit()
    except module.NVMLError:
        return None
    return module
