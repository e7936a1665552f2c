"""A finished run as an RO-Crate: a folder that tells anybody what was done, with what, and what came out."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from ..errors import AstrodataError, BadRequest, UnreadableFile
from ..lineage.plain import shown
from ..lineage.stores import Store
from ..writing import write_whole
from .crate_files import CrateFiles
from .crate_metadata import METADATA, WORKFLOW, metadata_of, person_of
from .run_folder import read_record

FILES = ("link", "copy")


def crate(
    run_folder: str | os.PathLike[str],
    target: str | os.PathLike[str],
    store: Store | None = None,
    *,
    files: str = "link",
    files_of: Callable[[str], Mapping[Path, str]] | None = None,
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
        ``"copy"`` brings those along whose bytes have the hash that is recorded.
    files_of
        Gives the files that the cache has of a hash, each with its SHA-256 in hexadecimal; without it outputs
        are named and not brought along.
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
        A file that shall be copied has changed since the run read or made it.
    UnreadableFile, TooLarge, DamagedFile
        Something cannot be read or written; nothing is left behind.
    """
    source, place = Path(run_folder), Path(target)
    if files not in FILES:
        raise BadRequest(f'files={files!r}: give "link" (name them) or "copy" (bring them along)')
    if place.exists():
        raise BadRequest(f"{place} is there already: give the path of a new folder")
    record, _ = read_record(source)
    record["id"] = source.name
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
        # A link or pipe of that name is refused when it is opened, and not taken for none.
        workflow = os.path.lexists(source / WORKFLOW)
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
