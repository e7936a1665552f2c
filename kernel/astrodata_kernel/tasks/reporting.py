"""How this session stands: versions, memory, devices, runs under way, cluster, what is not installed."""

from __future__ import annotations

import os
import platform
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from ..amounts import bytes_text
from ..environment import DISTRIBUTION, PROTOCOL, FrontEnd, environment, front_end
from .tables import Facts

if TYPE_CHECKING:
    from ..compute import Cluster
    from ..compute.gpus import Device, DeviceList
    from ..compute.resources import Usage
    from ..runs import RunFacts

_TOLD = ("ipykernel", "numpy", "astropy", "keras", "tensorflow", "jax", "dask", "mlflow")
_FOR_DEVELOPERS = ("lab", "test", "bench", "all")
_OTHER_BUILDS = ("-cpu", "-skinny")
"""Distributions of the same package whose name is without it do as well: a hub's own TensorFlow."""


@dataclass(frozen=True)
class Status:
    """How a session stands, from `status`; a cell that ends with it shows it.

    Attributes
    ----------
    versions
        Of Python, this package and those that matter, by name; what is not installed is not there.
    workspace
        Its folder.
    datasets
        Number of data sets in its catalogue.
    process
        Id of the kernel's process.
    usage
        Memory, cores and disk that may be used and are, as `astrodata_kernel.compute.usage` gives them.
    devices
        GPUs and slices that this process may use, as `astrodata_kernel.compute.devices` gives them.
    runs
        Runs of pipelines under way in the workspace, whichever process does them.
    cluster
        The one that is open in this session, or None.
    store
        Where MLflow keeps runs, without user and password.
    store_exists
        Whether it is there yet; None for one that is no file.
    missing
        Packages that are not installed by the extra that brings them.
    page
        What the page of JupyterLab said of itself, or None where none has greeted it.
    """

    versions: dict[str, str]
    workspace: Path
    datasets: int
    process: int
    usage: Usage
    devices: DeviceList
    runs: tuple[RunFacts, ...]
    cluster: Cluster | None
    store: str
    store_exists: bool | None
    missing: dict[str, tuple[str, ...]]
    page: FrontEnd | None

    @property
    def commands(self) -> dict[str, str]:
        """The command that installs each extra that is missing."""
        here, this = environment(), self.versions.get(DISTRIBUTION, "")
        return {extra: here.install(extra, version=this) for extra in self.missing}

    def facts(self) -> Facts:
        """Give all of it as texts by name."""
        versions = [f"{name} {version}" for name, version in self.versions.items()]
        under_way = [
            f"{run.id}: {run.share:.0%}{', asked to end' if run.cancel_asked else ''}"
            for run in self.runs
        ]
        kept = "" if self.store_exists in (None, True) else " (nothing is kept yet)"
        missing = [
            f"{self.commands[extra]}  # {', '.join(of)}" for extra, of in self.missing.items()
        ]
        return Facts(
            {
                "versions": ", ".join(versions),
                "kernel": f"process {self.process}, {sys.executable}, protocol {PROTOCOL}",
                "JupyterLab's page": "none has greeted it"
                if self.page is None
                else self.page.told(),
                "workspace": f"{self.workspace}, data sets: {self.datasets:,}",
                "memory": _memory(self.usage),
                "cores": f"{self.usage.cpu.total:g}",
                "disk": f"{bytes_text(self.usage.disk.free)} free of {bytes_text(self.usage.disk.total)}",
                "GPU": tuple(map(_device, self.devices)) or self.devices.note,
                "runs under way": tuple(under_way) or "none",
                "cluster": "none" if self.cluster is None else repr(self.cluster).strip("<>"),
                "MLflow": f"{self.store}{kept}",
                "not installed": tuple(missing) or "nothing",
            }
        )

    def __repr__(self) -> str:
        return repr(self.facts())

    def _repr_html_(self) -> str:
        return self.facts()._repr_html_()


def status() -> Status:
    """Give how this session stands; nothing is started, loaded or written for it.

    >>> status().versions["python"].split(".")[0]
    '3'
    """
    from ..catalog import Catalog
    from ..compute import current, devices, usage
    from ..runs import runs
    from ..tracking import Tracker
    from ..tracking.stores import sqlite_path

    catalog, tracker = Catalog(), Tracker()
    file = sqlite_path(tracker.address)
    return Status(
        versions=_versions(),
        workspace=catalog.root,
        datasets=len(catalog),
        process=os.getpid(),
        usage=usage(),
        devices=devices(),
        runs=tuple(run for run in runs() if run.state == "running"),
        cluster=current(),
        store=tracker.shown,
        store_exists=None if file is None else file.exists(),
        missing=_missing(),
        page=front_end(),
    )


def _memory(usage: Usage) -> str:
    memory = usage.memory
    told = f"{bytes_text(memory.total)} of the {memory.scope}"
    if memory.used is not None:
        told = f"{bytes_text(memory.used)} taken of {told}"
    return told if memory.own is None else f"{told}, {bytes_text(memory.own)} by this process"


def _device(device: Device) -> str:
    taken = "" if device.used is None else f"{bytes_text(device.used)} taken of "
    if device.utilisation is None:
        busy = f"utilisation not reported{' on MIG' if device.mig else ''}"
    else:
        busy = f"{device.utilisation:.0%} busy"
    return f"{device.name}: {taken}{bytes_text(device.memory)}, {busy}"


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for name in (DISTRIBUTION, *_TOLD):
        version = _version(name)
        if version is not None:
            found[name] = version
    return found


def _missing() -> dict[str, tuple[str, ...]]:
    """Give the packages that are not installed, by the extra that brings them."""
    from packaging.requirements import Requirement

    missing: dict[str, set[str]] = {}
    try:
        extras = metadata.metadata(DISTRIBUTION).get_all("Provides-Extra") or []
        wanted = [Requirement(text) for text in metadata.requires(DISTRIBUTION) or []]
    except metadata.PackageNotFoundError:  # on the path, and not installed
        return {}
    for extra in extras:
        for one in wanted:
            # An extra that is made of others is told by them.
            if one.marker is None or one.name == DISTRIBUTION or extra in _FOR_DEVELOPERS:
                continue
            of_extra = one.marker.evaluate({"extra": extra}) and not one.marker.evaluate(
                {"extra": ""}
            )
            if of_extra and _version(one.name) is None:
                missing.setdefault(extra, set()).add(one.name)
    return {extra: tuple(sorted(names)) for extra, names in sorted(missing.items())}


def _version(distribution: str) -> str | None:
    names = [distribution, *(f"{distribution}{build}" for build in _OTHER_BUILDS)]
    names += [distribution.removesuffix(b) for b in _OTHER_BUILDS if distribution.endswith(b)]
    for name in names:
        try:
            return metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return None
