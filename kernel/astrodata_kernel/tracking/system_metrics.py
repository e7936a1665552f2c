"""Memory, CPU and GPUs of this process and its container while a run lasts, in MLflow's names."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Self

from ..compute.gpus import Device, devices
from ..compute.resources import cpu, memory

_MB = 1e6  # MLflow's megabyte


class Sampler:
    """Tells numbers of now every so many seconds, from a thread of its own.

    Parameters
    ----------
    every
        Seconds between two samples.
    tell
        Takes numbers by name and the number of the sample.
    """

    def __init__(self, every: float, tell: Callable[[Mapping[str, float], int], object]) -> None:
        self._every, self._tell = every, tell
        self._cpu = cpu()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="system metrics", daemon=True)

    @classmethod
    def started(
        cls, every: float | None, tell: Callable[[Mapping[str, float], int], object]
    ) -> Self | None:
        """Give one that runs, or None where none is wanted."""
        if not every:
            return None
        made = cls(every, tell)
        made._thread.start()
        return made

    def stop(self) -> None:
        """End it; a sample that is being taken is told first."""
        self._stop.set()
        self._thread.join()

    def sample(self) -> dict[str, float]:
        """Give the numbers of now: memory in megabytes and per cent, CPU per cent since the last sample.

        Memory and CPU are those of the container, where it has limits; what nobody tells is left out.
        """
        taken, before, self._cpu = memory(), self._cpu, cpu()
        busy = self._cpu.busy(before)
        found: dict[str, float] = {}
        if taken.own is not None:
            found["system/process_memory_usage_megabytes"] = taken.own / _MB
        if taken.used is not None:
            found["system/system_memory_usage_megabytes"] = taken.used / _MB
            found["system/system_memory_usage_percentage"] = 100 * taken.used / taken.total
        if busy is not None:
            found["system/cpu_utilization_percentage"] = min(100 * busy / self._cpu.total, 100.0)
        return found | gpu_numbers(devices())

    def _work(self) -> None:
        number = 0
        while not self._stop.wait(self._every):
            self._tell(self.sample(), number)
            number += 1


def gpu_numbers(found: Iterable[Device]) -> dict[str, float]:
    """Give memory of each GPU, and its utilisation where the driver reports it: for slices (MIG) it does not.

    They are numbered as this process may use them. ``memory_usage`` is of the whole card or slice, whoever
    takes it; ``process_memory_usage`` is of this process alone, where the driver tells it: in containers it
    does not.
    """
    numbers: dict[str, float] = {}
    for index, one in enumerate(found):
        name = f"system/gpu_{index}"
        if one.used is not None:
            numbers[f"{name}_memory_usage_megabytes"] = one.used / _MB
            numbers[f"{name}_memory_usage_percentage"] = 100 * one.used / one.memory
        if one.own is not None:
            numbers[f"{name}_process_memory_usage_megabytes"] = one.own / _MB
        if one.utilisation is not None:
            numbers[f"{name}_utilization_percentage"] = 100 * one.utilisation
    return numbers
