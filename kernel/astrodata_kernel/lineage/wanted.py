"""What a question about lineage is about: a file, a content, a run, or an output of one."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import BadRequest, UnknownName, UnreadableFile, closest
from .plain import shown
from .records import Item, Step, hash_of

if TYPE_CHECKING:
    from .stores import Store

_BEGINNING = re.compile(r"sha256:[0-9a-f]{8,63}")
_RUN = re.compile(r"\d{8}-\d{6}-[a-z0-9_]{1,40}-[0-9a-f]{4}(:.*)?", re.DOTALL)
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Wanted:
    """What is asked for.

    Parameters
    ----------
    about
        In words.
    keys
        The contents that are meant.
    run
        The run that they belong to, or "": then any.
    whole_run
        Whether all of the run is meant.
    path
        The file that is meant, or "".
    notes
        What has to be said about it, in sentences.
    """

    about: str
    keys: tuple[str, ...]
    run: str = ""
    whole_run: bool = False
    path: str = ""
    notes: tuple[str, ...] = ()


def wanted(store: Store, what: Any) -> Wanted:
    """Give what is meant by a path, a hash, a data set, a run or an output of a run.

    Raises
    ------
    UnreadableFile, UnknownName, BadRequest
        Nothing is; the text says why.
    """
    if hasattr(what, "provenance"):
        return _of_dataset(store, what)
    try:
        text = os.fspath(what)
    except TypeError:
        text = None
    if not isinstance(text, str) or not text:
        raise BadRequest(
            f"{type(what).__name__} has no lineage: give a path, a hash, a data set, a run's id or "
            "run:step.output"
        )
    key = hash_of(text)
    if key is not None:
        return Wanted(key, (key,))
    if _BEGINNING.fullmatch(text.lower()):
        return _of_beginning(store, text.lower())
    run, _, place = text.partition(":")
    if isinstance(what, str) and store.of_run(run):
        return _of_output(store, run, place) if place else _of_run(store, run)
    if isinstance(what, str) and _RUN.fullmatch(text) and not Path(text).exists():
        hint = closest(run, map(shown, store.runs()))
        raise UnknownName(f"no record in {store.folder} is of run {shown(run)}{hint}")
    return _of_path(store, text)


def _of_dataset(store: Store, dataset: Any) -> Wanted:
    provenance = dataset.provenance
    if provenance is None:
        raise BadRequest(
            f"{shown(getattr(dataset, 'name', '')) or 'the data set'} was made in memory: no file is behind "
            "it, so there is no lineage. Save it and open the file, or make it by a step of a pipeline"
        )
    return _of_content(store, f"sha256:{provenance.sha256}", str(provenance.path))


def _of_beginning(store: Store, text: str) -> Wanted:
    found = store.hashes(text)
    if len(found) == 1:
        return Wanted(found[0], (found[0],))
    if found:
        raise UnknownName(f"{text} is the beginning of several hashes: {', '.join(found[:10])}")
    raise UnknownName(f"no record in {store.folder} has a hash that begins with {text}")


def _of_run(store: Store, run: str) -> Wanted:
    keys = dict.fromkeys(one.key for step in store.of_run(run) for one in step.outputs)
    return Wanted(f"run {shown(run)}", tuple(keys), run, whole_run=True)


def _of_output(store: Store, run: str, place: str) -> Wanted:
    made = {f"{step.name}.{one.name}": one for step in store.of_run(run) for one in step.outputs}
    keys = tuple(one.key for name, one in made.items() if place in (name, name.split(".")[0]))
    if keys:
        return Wanted(f"{shown(run)}:{shown(place)}", keys, run)
    hint = closest(place, made) or f"; it has {', '.join(list(made)[:8])}"
    raise UnknownName(f"run {shown(run)} has no output {shown(place)!r}{hint}")


def _of_path(store: Store, text: str) -> Wanted:
    path = Path(text).expanduser()
    try:
        there = path.stat()
    except (OSError, ValueError):
        there = None
    if there is not None and stat.S_ISREG(there.st_mode):
        return _of_content(store, digest_of(store, path), str(path.resolve()), _absolute(path))
    for name in dict.fromkeys((_absolute(path), text)):
        item = _last(store, name)
        if item is not None:
            said = "is a folder" if there is not None else "is not there any more"
            return Wanted(
                name,
                (item.key,),
                path=name,
                notes=(f"{shown(name, 500)} {said}: what runs knew of it",),
            )
    if there is not None:
        return Wanted(str(path), (f"none:{path}",), path=str(path.resolve()))
    hint = closest(_absolute(path), (shown(one, 500) for one in store.paths()))
    raise UnreadableFile(f"{shown(text, 500)} is no file, and no run knows of it{hint}")


def _of_content(store: Store, key: str, *paths: str) -> Wanted:
    known = store.makers(key) or store.users(key)
    if not known:
        for path in dict.fromkeys(paths):
            item = _last(store, path)
            if item is not None and item.kind == "file" and item.hashed:
                note = (
                    f"{shown(path, 500)} has changed since runs used or made it: this is the lineage of "
                    f"what it was, {item.key[:19]}…; now it is {key[:19]}…"
                )
                return Wanted(path, (item.key,), path=path, notes=(note,))
            if item is not None:
                # Of a table or model the hash is that of its content, not of the file that keeps it.
                return Wanted(path, (item.key,), path=path)
    return Wanted(paths[0], (key,), path=paths[0])


def _absolute(path: Path) -> str:
    # Links stay: records name a path as it was given.
    return os.path.abspath(path)  # noqa: PTH100


def _last(store: Store, path: str) -> Item | None:
    """Give what the newest record knows of a path, rather what was made there than what was read."""
    steps = sorted(store.of_path(path), key=_ended)
    for step in reversed(steps):
        for item in (*step.outputs, *step.inputs):
            if item.path == path:
                return item
    return None


def _ended(step: Step) -> str:
    return step.ended or step.started


def digest_of(store: Store, path: Path) -> str:
    """Give the SHA-256 of a file as ``sha256:…``; one that did not change is hashed once.

    Raises
    ------
    UnreadableFile
        It cannot be read.
    """
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            mark = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
            known = store.digests.get(str(path.resolve()))
            if known is not None and known[0] == mark:
                return known[1]
            digest = hashlib.sha256()
            while block := file.read(_BLOCK):
                digest.update(block)
    except OSError as error:
        raise UnreadableFile(f"{path} cannot be read: {error.strerror or error}") from None
    key = f"sha256:{digest.hexdigest()}"
    store.digests[str(path.resolve())] = (mark, key)
    return key
