"""The GPUs that this process may use, and how full they are, as NVIDIA's driver tells it (NVML)."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol, cast

from ..lineage.plain import shown

MOST = 64
"""Devices that are looked at: none of our machines has more."""

NO_GPU = "No GPU is here: work runs on the CPU."
NO_PACKAGE = (
    "A GPU is here, but not the package that tells of it: run "
    '"pip install astrodata-lab[gpu]" in this environment.'
)
NO_PART = (
    "A GPU is here, but this process may use no part of it: ask for a slice when the server starts."
)
HIDDEN = "CUDA_VISIBLE_DEVICES leaves this process no GPU."

_LARGEST = 1 << 50
_LONGEST = 100
_NO_DRIVER = (9, 12)
"""NVML's numbers for a driver that is not loaded, and for a library that is not there."""
_FILES = (Path("/dev/nvidiactl"), Path("/dev/dxg"))
_FIRST_PIDS = "pid:[4026531836]"
"""Linux's name for the process numbers of the machine itself; those of containers are others."""


class Nvml(Protocol):
    """What is asked of the module ``pynvml`` (of the package nvidia-ml-py)."""

    NVMLError: type[Exception]

    def nvmlInit(self) -> None:  # noqa: N802
        """Begin."""

    def nvmlDeviceGetCount(self) -> int:  # noqa: N802
        """Give how many cards there are."""

    def nvmlDeviceGetHandleByIndex(self, index: int) -> Any:  # noqa: N802
        """Give a card."""

    def nvmlDeviceGetMigMode(self, card: Any) -> Sequence[int]:  # noqa: N802
        """Tell whether a card is divided into slices, now and after the next reset."""

    def nvmlDeviceGetMaxMigDeviceCount(self, card: Any) -> int:  # noqa: N802
        """Give how many slices a card can have."""

    def nvmlDeviceGetMigDeviceHandleByIndex(self, card: Any, index: int) -> Any:  # noqa: N802
        """Give a slice; many places may be empty."""

    def nvmlDeviceGetName(self, device: Any) -> str | bytes:  # noqa: N802
        """Give the name of a card or slice."""

    def nvmlDeviceGetUUID(self, device: Any) -> str | bytes:  # noqa: N802
        """Give what tells a card or slice from all others."""

    def nvmlDeviceGetMemoryInfo(self, device: Any) -> Any:  # noqa: N802
        """Give memory of a card or slice: ``total`` and ``used``."""

    def nvmlDeviceGetUtilizationRates(self, device: Any) -> Any:  # noqa: N802
        """Give how busy a card is: ``gpu``, in per cent."""

    def nvmlDeviceGetComputeRunningProcesses(self, device: Any) -> Iterable[Any]:  # noqa: N802
        """Give the processes on a card or slice: ``pid`` and ``usedGpuMemory``."""


@dataclass(frozen=True, slots=True)
class Device:
    """A GPU, or a slice of one.

    Parameters
    ----------
    name
        As the driver calls it, such as ``"NVIDIA H200"``.
    uuid
        What tells it from all others; empty where the driver does not say.
    memory
        Its memory in bytes.
    used
        Bytes of it that are taken, by whomever; None where the driver does not say.
    own
        Bytes of it that this process takes; None where the driver does not say, as in containers, where
        process numbers are others than its own.
    utilisation
        Share of the last moments in which it worked, 0 to 1; None where the driver does not say. Of slices it
        never does.
    mig
        Whether it is a slice of a GPU (MIG).
    """

    name: str
    uuid: str
    memory: int
    used: int | None
    own: int | None
    utilisation: float | None
    mig: bool


class DeviceList(list[Device]):
    """Devices, with a sentence where there is none, or none that can be asked.

    Parameters
    ----------
    found
        The devices.
    note
        The sentence; empty where there is nothing to say.
    """

    def __init__(self, found: Iterable[Device] = (), note: str = "") -> None:
        super().__init__(found)
        self.note = note


def devices(nvml: Nvml | None = None) -> DeviceList:
    """Give the GPUs and slices that this process may use; where there is none, ``.note`` says why.

    ``CUDA_VISIBLE_DEVICES`` counts, by number (in the driver's order) or by name. Numbers come from the
    package nvidia-ml-py (extra ``gpu``); nothing is started on a device for them.

    Parameters
    ----------
    nvml
        The library to ask; by default the one that is installed.

    >>> for device in devices():
    ...     print(f"{device.name}: {device.used} of {device.memory} bytes")  # doctest: +SKIP
    NVIDIA H200: 5204213760 of 150754820096 bytes
    """
    if nvml is None:
        nvml = _library()
        if nvml is None:
            hidden = any(path.exists() for path in _FILES)
            return DeviceList((), NO_PACKAGE if hidden else NO_GPU)
    note = _begun(nvml)
    if note:
        return DeviceList((), note)
    cards = _count(_asked(nvml, "Count"))
    parts = [part for index in range(cards) for part in _parts(nvml, index)]
    known = [made for part in parts if (made := _device(nvml, *part)) is not None]
    found = _visible(known, os.environ.get("CUDA_VISIBLE_DEVICES"))
    if found:
        return DeviceList(found)
    if known:
        return DeviceList((), HIDDEN)
    return DeviceList((), NO_PART if cards else NO_GPU)


def _library() -> Nvml | None:
    # Another package of the same name may be there, and of any age: what it lacks is not asked.
    return None if find_spec("pynvml") is None else cast("Nvml", import_module("pynvml"))


def _begun(nvml: Nvml) -> str:
    """Begin, and give a sentence about why that cannot be."""
    try:
        nvml.nvmlInit()
    except nvml.NVMLError as error:
        if getattr(error, "value", None) in _NO_DRIVER:
            return NO_GPU
        return (
            f"The driver of the GPU does not answer: {shown(str(error), _LONGEST)}. Restart the server, "
            "or ask who looks after the machine."
        )
    return ""


def _parts(nvml: Nvml, index: int) -> Iterator[tuple[Any, bool]]:
    """Give a card, or its slices where it is divided, and whether they are slices."""
    card = _asked(nvml, "HandleByIndex", index)
    if card is None:
        return
    mode = _asked(nvml, "MigMode", card)
    if not mode or mode[0] != 1:
        yield card, False
        return
    for place in range(_count(_asked(nvml, "MaxMigDeviceCount", card))):
        part = _asked(nvml, "MigDeviceHandleByIndex", card, place)
        if part is not None:
            yield part, True


def _device(nvml: Nvml, handle: Any, mig: bool) -> Device | None:
    """Give what is known of a card or slice; None for one without memory, which is not ours to use."""
    memory = _asked(nvml, "MemoryInfo", handle)
    total = _number(getattr(memory, "total", None))
    if not total:
        return None
    used = _number(getattr(memory, "used", None))
    return Device(
        name=_text(_asked(nvml, "Name", handle)) or "GPU",
        uuid=_text(_asked(nvml, "UUID", handle)),
        memory=total,
        used=None if used is None else min(used, total),
        own=_own(nvml, handle),
        # Of a slice the driver knows none; some give a number all the same, which is none of it.
        utilisation=None if mig else _share(_asked(nvml, "UtilizationRates", handle)),
        mig=mig,
    )


def _own(nvml: Nvml, handle: Any) -> int | None:
    """Give the bytes of this process, where the driver's process numbers are ours."""
    try:
        first = str(Path("/proc/self/ns/pid").readlink()) == _FIRST_PIDS
    except OSError:
        first = False
    if not first:
        return None
    running = _asked(nvml, "ComputeRunningProcesses", handle)
    if running is None:
        return None
    mine = [one for one in running if getattr(one, "pid", None) == os.getpid()]
    taken = [_number(getattr(one, "usedGpuMemory", None)) for one in mine]
    return None if None in taken else sum(one for one in taken if one is not None)


def _visible(known: list[Device], chosen: str | None) -> list[Device]:
    """Give the devices that CUDA would take: it goes by the list, up to the first that is not there."""
    if chosen is None:
        return known
    found: list[Device] = []
    for word in chosen.split(","):
        name = word.strip()
        if name.isdecimal():
            here = known[int(name) : int(name) + 1] if len(name) < 4 else []
        else:
            here = [one for one in known if name and one.uuid.startswith(name)][:1]
        if not here:
            break
        found += [one for one in here if one not in found]
    return found


def _asked(nvml: Nvml, what: str, *given: Any) -> Any:
    """Give an answer of the driver's; None where it, or the library by its age, has none."""
    try:
        return getattr(nvml, f"nvmlDeviceGet{what}")(*given)
    except (nvml.NVMLError, AttributeError, TypeError, ValueError):
        return None


def _count(value: Any) -> int:
    return min(_number(value) or 0, MOST)


def _number(value: Any) -> int | None:
    # The driver says "unknown" with the largest number that there is.
    good = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LARGEST
    return value if good else None


def _share(rates: Any) -> float | None:
    percent = _number(getattr(rates, "gpu", None))
    return None if percent is None or percent > 100 else percent / 100


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        value = value.decode(errors="replace")
    return shown(value, _LONGEST) if isinstance(value, str) else ""
