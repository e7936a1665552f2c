"""Where the numbers of a page come from: hashes, versions, the commit."""

from __future__ import annotations

import platform
import re
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from .points import Points

PACKAGES = (
    "astrodata-lab",
    "numpy",
    "pandas",
    "scipy",
    "scikit-learn",
    "keras",
    "bokeh",
    "datashader",
)


def origins_of(points: Points, garage: Any = None) -> list[tuple[str, str]]:
    """Give pairs of name and text that tell where a page's numbers come from."""
    latents, facts = points.latents, dict(points.latents.facts or {})
    found = [
        ("made", datetime.now(UTC).astimezone().isoformat(timespec="seconds")),
        ("latents", f"{len(latents):,} points of {len(latents.names)}; SHA-256 {latents.digest}"),
    ]
    found += [(name, _words(facts.pop(name))) for name in ("data", "encoder") if name in facts]
    if points.events is not None:
        found.append(("events", f"{points.events!r}; SHA-256 {points.events.digest}"))
    if points.labelled is not None and points.labelled.log is not None:
        found.append(("label log", f"SHA-256 {points.labelled.log.digest}"))
    if garage is not None:
        found.append(
            ("garage", f"{type(garage).__name__}, coverage {getattr(garage, 'coverage', '?')}")
        )
    found += [(f"latents: {name}", _words(value)) for name, value in facts.items()]
    for column, line in dict(latents.lineage or {}).items():
        found.append((f"column {column}", _words(line)))
    found.append(("versions", versions()))
    commit = commit_of(Path.cwd())
    if commit:
        found.append(("commit", commit))
    return found


def versions() -> str:
    """Give Python and the packages that count, with their versions."""
    found = [f"Python {platform.python_version()}"]
    for name in PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return ", ".join(found)


def commit_of(folder: Path) -> str:
    """Give the commit that a folder's git repository is at; nothing where there is none.

    Git's own files are read: to run git in a folder is to run what its configuration says.
    """
    try:
        for place in (folder, *folder.parents):
            kept = place / ".git"
            if kept.is_file():  # a work tree points to where its repository keeps it
                kept = place / kept.read_text("utf-8").removeprefix("gitdir:").strip()
            if (kept / "HEAD").is_file():
                return _head(kept)
    except (OSError, UnicodeDecodeError):
        pass
    return ""


def _head(kept: Path) -> str:
    head = (kept / "HEAD").read_text("utf-8").strip()
    if not head.startswith("ref:"):
        return head if _COMMIT.fullmatch(head) else ""
    ref = head.removeprefix("ref:").strip()
    if not _REF.fullmatch(ref) or ".." in ref:
        return ""
    shared = kept / "commondir"
    common = kept / shared.read_text("utf-8").strip() if shared.is_file() else kept
    loose = common / ref
    if loose.is_file():
        commit = loose.read_text("utf-8").strip()
        return commit if _COMMIT.fullmatch(commit) else ""
    packed = common / "packed-refs"
    for line in packed.read_text("utf-8").splitlines() if packed.is_file() else []:
        commit, _, name = line.partition(" ")
        if name == ref and _COMMIT.fullmatch(commit):
            return commit
    return ""


def _words(value: Any) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{name}: {_words(part)}" for name, part in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_words(part) for part in value)
    return str(value)


_COMMIT = re.compile("[0-9a-f]{40}|[0-9a-f]{64}")
_REF = re.compile(r"refs/[\w./-]+")
