"""A finished run as an RO-Crate: a folder that tells anybody what was done, with what, and what came out."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import AstrodataError, BadRequest, DamagedFile, UnreadableFile
from ..writing import write_whole
from .crate_files import CrateFiles
from .crate_metadata import METADATA, WORKFLOW, metadata_of, person_of
from .plain import shown
from .stores import Store

RECORD = "run.json"
LARGEST = 4 << 20
"""Bytes of a run's record at most."""

FILES = ("link", "copy")


def crate(
    run_folder: str | os.PathLike[str],
    target: str | os.PathLike[str],
    store: Store | None = None,
    *,
    files: str = "link",
    files_of: Callable[[str], Sequence[Path]] | None = None,
    licence: str | None = None,
    author: str | Mapping[str, str] | None = None,
    name: str | None = None,
) -> Path:
    """Write the RO-Crate of a run that has ended: its pipeline, steps, parameters, inputs and outputs.

    It is a crate of version 1.1 by the profile Workflow Run Crate 0.5, or Process Run Crate where the run has
    no pipeline file: one ``CreateAction`` for the run, and one for each of its steps.

    Parameters
    ----------
    run_folder
        Of the run.
    target
        Folder that is made; nothing may be there.
    store
        The records of the workspace; by default of the one that the run is in.
    files
        What becomes of the files that the run read: ``"link"`` names where they are, with their hashes, and
        ``"copy"`` brings them along.
    files_of
        Gives the files that the cache has of a hash; without it outputs are named and not brought along.
    licence
        Of the crate: an address such as ``https://creativecommons.org/licenses/by/4.0/``, or a text.
    author
        Whose it is: a name, or a mapping with ``name`` and, if wanted, ``orcid`` and ``affiliation``; by
        default the user who ran it.
    name
        Of the crate; by default the pipeline's and the run's.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    BadRequest
        The run still runs, left no records, or something is at the target already.
    DataCheckFailed
        A file that shall be copied has changed since the run read it.
    UnreadableFile, DamagedFile
        Something cannot be read or written; nothing is left behind.
    """
    source, place = Path(run_folder), Path(target)
    if files not in FILES:
        raise BadRequest(f'files={files!r}: give "link" (name them) or "copy" (bring them along)')
    if place.exists():
        raise BadRequest(f"{place} is there already: give the path of a new folder")
    record = _record(source)
    if record.get("state") == "running":
        raise BadRequest(f"run {source.name} still runs: export it when it has ended")
    known = store or Store(source.resolve().parents[2])
    known.refresh()
    steps = known.of_run(source.name)
    if not steps:
        raise BadRequest(f"{known.folder} has no record of a step of run {source.name}")
    half = place.with_name(f".{place.name}-{secrets.token_hex(4)}.part")
    try:
        half.mkdir(parents=True)
        kept = CrateFiles(half, copy=files == "copy", files_of=files_of)
        workflow = (source / WORKFLOW).is_file()
        if workflow:
            kept.add(source / WORKFLOW, WORKFLOW)
        metadata = metadata_of(
            record,
            steps,
            kept,
            workflow=workflow,
            licence=licence,
            author=person_of(author, steps[0].user),
            name=name or f"{shown(record.get('pipeline'))}, run {source.name}",
        )
        write_whole(half / METADATA, json.dumps(metadata, indent=1).encode())
        half.rename(place)
    except AstrodataError:
        raise
    except OSError as error:
        raise UnreadableFile(
            f"{place} cannot be written: {error.strerror or error}. Free some space or choose another folder"
        ) from None
    finally:
        shutil.rmtree(half, ignore_errors=True)
    return place


def _record(folder: Path) -> dict[str, Any]:
    path = folder / RECORD
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise UnreadableFile(
            f"{path} cannot be read: {error.strerror or error}. Give the folder of a run"
        ) from None
    try:
        record = json.loads(content, parse_constant=str) if len(content) <= LARGEST else None
    except (ValueError, RecursionError):
        record = None
    if not isinstance(record, dict):
        raise DamagedFile(f"{path} is no record of a run")
    return {**record, "id": folder.name}
