"""One step done: inputs from the cache, the block's work, outputs and lineage kept. Runs on workers too."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from ..errors import AstrodataError, Cancelled, DamagedFile, StepFailed
from ..lineage.writers import LineageWriter, lineage_folder
from ..runs.run_folder import now
from ..user import user_name
from .block_types import Block
from .caching import Cache, Result
from .claims import Claims
from .kept_values import Kept
from .registry import package_of
from .sources import Source
from .working import Heard, Tell, Work


@dataclass(frozen=True)
class Job:
    """All that a worker needs to do a step.

    Parameters
    ----------
    root
        The workspace.
    run, pipeline, step
        Names, for the lineage.
    block
        What is done.
    key
        Of the result.
    inputs
        Hashes of the inputs by name; of those that take many, a list each.
    origins
        Where each comes from, as ``"step.output"``.
    parameters, told
        Checked, and as plain values.
    sources
        Raw data that it reads.
    anew
        Whether it is done although there is a result.
    code_version
        Commit of the folder that is worked in.
    base
        Folder that relative paths start from.
    code
        Hash of the block's code when the run began.
    """

    root: str
    run: str
    pipeline: str
    step: str
    block: Block
    key: str
    inputs: Mapping[str, list[str]]
    origins: Mapping[str, list[str]]
    parameters: Mapping[str, Any]
    told: Mapping[str, Any]
    sources: list[Source] = field(default_factory=list)
    anew: bool = False
    code_version: Mapping[str, Any] | None = None
    base: str = "."
    code: str = ""


@dataclass(frozen=True)
class Made:
    """What became of a job.

    Parameters
    ----------
    result
        What is kept.
    computed
        False where another run made it meanwhile.
    """

    result: Result
    computed: bool


def make(
    job: Job,
    tell: Tell | None = None,
    cancelled: Callable[[], bool] | None = None,
    client: Callable[[], Any] | None = None,
    heard: Heard | None = None,
) -> Made:
    """Do a step, or take what another run made of it meanwhile.

    Raises
    ------
    StepFailed
        The block raised something else than an error of this package.
    AstrodataError
        What the block raised, with the step's name before it.
    """
    store = Cache(job.root)
    work = _work(job, store, tell, cancelled, client, heard)

    def waiting(text: str) -> None:
        if tell is not None:
            tell(0.0, text)

    with Claims(store.folder / "claims").hold(job.key, work.check, waiting):
        found = kept_result(job, store)
        if found is not None:
            return Made(found, computed=False)
        return Made(_computed(job, store, work), computed=True)


def _computed(job: Job, store: Cache, work: Work) -> Result:
    started, began = now(), time.monotonic()
    try:
        work.check()
        for source in job.sources:
            source.check()
        inputs: dict[str, Any] = {}
        for port in job.block.inputs:
            values = [store.get(digest) for digest in job.inputs.get(port.name, [])]
            if port.many:
                inputs[port.name] = values
            elif values:
                inputs[port.name] = values[0]
        outputs = job.block.run(inputs, job.parameters, work)
        # What a file was changed into while it was read must not be kept under the hash that it had.
        for source in job.sources:
            source.check()
        kept = {name: store.put(value) for name, value in outputs.items()}
    except Cancelled:
        raise
    except BaseException as error:  # noqa: BLE001 - an interrupt is told by the lineage too
        state = "cancelled" if isinstance(error, KeyboardInterrupt) else "failed"
        told = {"state": state, "outputs": {}, "error": _text(error)[:2000]}
        _write(job, {"started": started, "ended": now(), **told}, work.used)
        raise _named(job, error) from (None if isinstance(error, AstrodataError) else error)
    ended = {"ended": now(), "state": "finished", "outputs": _told(kept)}
    record = _write(job, {"started": started, **ended}, work.used)
    seconds = time.monotonic() - began
    result = Result(job.key, kept, work.numbers, work.notes, record, seconds, work.used)
    store.remember(result)
    store.clear_work(job.key)
    return result


def kept_result(job: Job, store: Cache) -> Result | None:
    """Give what was made before, if it still holds, and write down that the run took it."""
    found = None if job.anew else store.result(job.key)
    if found is None:
        return None
    if job.block.holds is not None:
        try:
            outputs = {name: store.get(kept.hash) for name, kept in found.outputs.items()}
        except DamagedFile:
            return None
        if not job.block.holds(job.parameters, outputs, _work(job, store)):
            return None
    _remember_use(job, found)
    return found


def _work(
    job: Job,
    store: Cache,
    tell: Tell | None = None,
    cancelled: Callable[[], bool] | None = None,
    client: Callable[[], Any] | None = None,
    heard: Heard | None = None,
) -> Work:
    folder = store.work_folder(job.key)
    return Work(tell, cancelled, folder, client, Path(job.root), Path(job.base), heard)


def _remember_use(job: Job, result: Result) -> None:
    at = now()
    facts = {"started": at, "ended": at, "state": "finished", "outputs": _told(result.outputs)}
    _write(job, {**facts, "cached": True, "made_by": result.record}, result.used)


def _told(outputs: Mapping[str, Kept]) -> dict[str, dict[str, Any]]:
    return {name: asdict(kept) for name, kept in outputs.items()}


def _named(job: Job, error: BaseException) -> BaseException:
    before = f"step {job.step!r} ({job.block.name}): "
    if isinstance(error, AstrodataError):
        return error.saying(before + _text(error))
    if isinstance(error, Exception):
        return StepFailed(f"{before}{type(error).__name__}: {_text(error)}")
    return error


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - an error whose own text fails
        return type(error).__name__


def _write(job: Job, facts: Mapping[str, Any], used: Mapping[str, Any]) -> str:
    inputs: dict[str, Any] = {}
    for name, hashes in job.inputs.items():
        several = len(hashes) > 1
        for number, digest in enumerate(hashes):
            place = f"{name}[{number}]" if several else name
            inputs[place] = {"hash": digest, "kind": "value", "from": job.origins[name][number]}
    inputs |= {source.name: source.to_json() for source in job.sources}
    inputs |= used
    return _writer(job.root, os.getpid()).append(
        {
            "run": job.run,
            "pipeline": job.pipeline,
            "step": job.step,
            "block": job.block.name,
            "version": job.block.version,
            "code": job.code,
            "package": package_of(job.block),
            "parameters": dict(job.told),
            "inputs": inputs,
            **facts,
            "git": job.code_version,
            "user": user_name(),
            "host": os.uname().nodename,
            "python": platform.python_version(),
        }
    )


def flush_lineage(root: Path) -> None:
    """Have what this process wrote of the lineage be on the disk."""
    _writer(str(root), os.getpid()).flush()


@cache
def _writer(root: str, _process: int) -> LineageWriter:
    return LineageWriter(lineage_folder(Path(root)))
