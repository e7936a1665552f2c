"""The pipelines that lie in the workspace as YAML: found without looking long, read without trust."""

from __future__ import annotations

import os
import re
import stat
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from astrodata_kernel.lineage.plain import plain, shown

from .run_listing import LONGEST

if TYPE_CHECKING:
    from .workers import WorkerPool

MOST_PIPELINES, MOST_PARAMETERS, MOST_ENTRIES = 100, 60, 5_000
"""Pipelines and parameters that are listed, and names of files that are looked at."""

DEEPEST = 3
"""Folders below the root that are looked into."""

SECONDS = 5.0
"""Longest time to look: a network folder may be slow, and what was found by then is of use."""

LARGEST = 1 << 17
"""Bytes of a file: the longest pipelines that people write are a tenth of it."""

MOST_NODES, DEEPEST_VALUE = 20_000, 6
LONGEST_DEFAULT = 4_000

_IS_PIPELINE = re.compile(rb"^[\"']?astrodata[\"']?\s*:", re.MULTILINE)
_NOT = ("astrodata", "node_modules", "__pycache__", "lost+found")
_Found = dict[str, Any]
_known: dict[str, tuple[tuple[int, ...], _Found | None]] = {}


class Pipelines:
    """The pipelines of the workspace, found in worker processes.

    Parameters
    ----------
    pool
        Where they are looked for.
    seconds
        Longest time for it.
    """

    def __init__(self, pool: WorkerPool, seconds: float) -> None:
        self._pool = pool
        self._seconds = seconds

    async def listing(self, root: Path) -> dict[str, Any]:
        """Give the pipelines by their paths, and a sentence where not all was looked at."""
        found = await self._pool.call(f"{__name__}:listing", str(root), seconds=self._seconds)
        for pipeline in found["pipelines"]:
            # Python is written here: a process that read a hostile file must not write code.
            pipeline["parameters"] = [_told(one) for one in pipeline["parameters"]]
        return found


def _told(parameter: dict[str, Any]) -> dict[str, Any]:
    """Give a parameter with its default as a person types it."""
    value = parameter["value"]
    text = value if isinstance(value, str) else repr(value)
    return {"name": parameter["name"], "text": text, "is_text": isinstance(value, str)}


def listing(root: str) -> dict[str, Any]:
    """Give the pipelines under `root`; runs in a worker."""
    place = Path(root).resolve()
    until = time.monotonic() + SECONDS
    told: list[str] = []
    found: list[_Found] = []
    paths = _paths(place, until, told)
    for path, status in paths:
        if len(found) >= MOST_PIPELINES:
            told.append(f"There are more pipelines: the first {MOST_PIPELINES} are listed.")
            break
        if time.monotonic() > until:
            told.append("Looking for pipelines took too long: not all are listed.")
            break
        name = path.relative_to(place).as_posix()
        mark = (status.st_ino, status.st_size, status.st_mtime_ns)
        if name not in _known or _known[name][0] != mark:
            if len(_known) > 10 * MOST_PIPELINES:
                _known.clear()
            _known[name] = (mark, _read(path))
        facts = _known[name][1]
        if facts is not None:
            found.append({"path": name, **facts, "parameters": [*facts["parameters"]]})
    return {"pipelines": found, "warnings": list(dict.fromkeys(told))}


def _paths(root: Path, until: float, told: list[str]) -> list[tuple[Path, os.stat_result]]:
    """Give the YAML files, those first that lie least deep, and none behind a link."""
    found: list[tuple[Path, os.stat_result]] = []
    folders, looked = [root], 0
    for _ in range(DEEPEST + 1):
        below: list[Path] = []
        for folder in folders:
            try:
                with os.scandir(folder) as entries:
                    for entry in entries:
                        looked += 1
                        if looked > MOST_ENTRIES or time.monotonic() > until:
                            told.append(
                                "The folder holds many files: pipelines are listed from the part of it that "
                                "was looked at."
                            )
                            return sorted(found, key=_by_depth)
                        if entry.name.startswith(".") or entry.name in _NOT:
                            continue
                        status = entry.stat(follow_symlinks=False)
                        if stat.S_ISDIR(status.st_mode):
                            below.append(Path(entry.path))
                        elif stat.S_ISREG(status.st_mode) and entry.name.endswith(
                            (".yaml", ".yml")
                        ):
                            found.append((Path(entry.path), status))
            except OSError:
                continue  # nothing to list for who may not look into it
        folders = sorted(below)
    return sorted(found, key=_by_depth)


def _by_depth(one: tuple[Path, os.stat_result]) -> tuple[int, str]:
    return len(one[0].parts), str(one[0])


def _read(path: Path) -> _Found | None:
    """Give what a file says of its pipeline, or None where it is none."""
    try:
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0)
        with os.fdopen(os.open(path, flags), "rb") as file:
            content = file.read(LARGEST + 1)
    except OSError:
        return None
    if _IS_PIPELINE.search(content) is None:
        return None
    bare = {"name": shown(path.stem), "description": "", "parameters": [], "problem": None}
    if len(content) > LARGEST:
        return bare | {"problem": "The file is too long to be read for a list."}
    try:
        import yaml
    except ImportError:  # the server's environment may lack it
        return bare
    try:
        root = yaml.compose(content.decode("utf-8-sig"), Loader=yaml.SafeLoader)
        return bare | _facts(yaml, root)
    except yaml.MarkedYAMLError as error:
        line = "" if error.problem_mark is None else f"line {error.problem_mark.line + 1}: "
        return bare | {"problem": shown(f"{line}{error.problem or error.context}", LONGEST)}
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        return bare | {"problem": shown(f"It is no YAML ({type(error).__name__}).", LONGEST)}


def _facts(yaml: Any, root: Any) -> _Found:
    """Give name, description and parameters; an anchor is one node, however often it is named."""
    if not isinstance(root, yaml.MappingNode):
        return {}
    loader = yaml.SafeLoader("")
    count = [0]

    def value(node: Any, depth: int = 0) -> Any:
        count[0] += 1
        if depth > DEEPEST_VALUE or count[0] > MOST_NODES:
            raise ValueError("it repeats itself too often")
        if isinstance(node, yaml.MappingNode):
            return {str(value(k, depth + 1)): value(v, depth + 1) for k, v in node.value}
        if isinstance(node, yaml.SequenceNode):
            return [value(one, depth + 1) for one in node.value]
        return plain(loader.construct_object(node, deep=True), LONGEST_DEFAULT)

    made: _Found = {}
    for key, node in root.value:
        if key.value == "name" and isinstance(node, yaml.ScalarNode):
            made["name"] = shown(node.value) or "?"
        elif key.value == "description" and isinstance(node, yaml.ScalarNode):
            made["description"] = shown(node.value, LONGEST)
        elif key.value == "parameters" and isinstance(node, yaml.MappingNode):
            made["parameters"] = [
                {"name": shown(key.value), "value": value(node)}
                for key, node in node.value[:MOST_PARAMETERS]
                if isinstance(key, yaml.ScalarNode)
            ]
    return made
