"""Which code ran: the commit of the folder that is worked in, and whether it was changed since."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

_WAIT_S = 5.0
# A repository's settings must start no program: it may be a download.
_QUIET = (
    "-c",
    "core.fsmonitor=false",
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "core.pager=cat",
    "--no-optional-locks",
)


@dataclass(frozen=True)
class CodeVersion:
    """A commit and whether files of it were changed; or why there is none.

    Parameters
    ----------
    commit
        Hash of the commit, or None.
    dirty
        Whether a file that Git knows differs from it, or None. Files that it does not know do not count: to
        list them takes minutes where data lies beside code.
    why
        In words where there is no commit, else empty.
    """

    commit: str | None
    dirty: bool | None
    why: str = ""

    def facts(self) -> dict[str, str | bool | None] | None:
        """Give commit and dirty by name, or None where there is no commit."""
        return {"commit": self.commit, "dirty": self.dirty} if self.commit else None


def code_version(folder: str | os.PathLike[str] | None = None) -> CodeVersion:
    """Give the version of the code in a folder; never an error.

    Parameters
    ----------
    folder
        The current folder by default.

    Examples
    --------
    >>> code_version("/").commit is None
    True
    """
    place = Path(folder) if folder is not None else Path.cwd()
    rc, text = _git(place, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    if rc != 0:
        return CodeVersion(None, None, _why(place, rc, text))
    commit = text.strip()
    off = _without_filters(place)
    if off is None:
        return CodeVersion(commit, None)
    rc, text = _git(
        place, *off, "status", "--porcelain", "--untracked-files=no", "--ignore-submodules=all"
    )
    return CodeVersion(commit, bool(text.strip()) if rc == 0 else None)


def _without_filters(place: Path) -> list[str] | None:
    """Give the words that switch off programs which the repository's settings run on its files.

    Those of the user's own settings, as for large files, stay. None where it cannot be told.
    """
    words: list[str] = []
    rc, text = _git(
        *(place, "config", "--show-scope", "--includes", "--name-only", "-z"),
        *("--get-regexp", r"^filter\."),
    )
    if rc == 1:
        return words  # there are none
    pieces = text.split("\0")[:-1]
    if rc != 0 or len(pieces) % 2:
        return None
    for scope, name in zip(pieces[::2], pieces[1::2], strict=True):
        if scope in ("global", "system"):
            continue
        if "=" in name or "\n" in name:
            return None
        words += ["-c", f"{name}=false" if name.endswith(".required") else f"{name}="]
    return words


def _why(place: Path, rc: int, text: str) -> str:
    if rc in (_NO_GIT, _TOO_LONG):
        return text
    rc, text = _git(place, "rev-parse", "--git-dir")
    if rc == 0:
        return "the repository has no commit yet"
    if "dubious ownership" in text:
        return "the repository belongs to somebody else"
    if "not a git repository" in text:
        return "the folder is in no Git repository"
    return "Git cannot read the repository"


_NO_GIT, _TOO_LONG = -1, -2


def _git(place: Path, *words: str) -> tuple[int, str]:
    # Neither the repository that the environment names nor another language's texts.
    kept = {
        name: os.environ[name] for name in ("PATH", "HOME", "XDG_CONFIG_HOME") if name in os.environ
    }
    settings = {
        **kept,
        "LC_ALL": "C",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        # A clone that has not all would fetch what it lacks, by a command that its settings name.
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_ALLOW_PROTOCOL": "none",
    }
    try:
        done = subprocess.run(  # noqa: S603 - fixed words, no shell
            ["git", *_QUIET, *words],  # noqa: S607 - the user's own git
            cwd=place,
            env=settings,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_WAIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return _TOO_LONG, f"Git did not answer within {_WAIT_S:g} s"
    except OSError:
        return _NO_GIT, "there is no Git here, or no such folder"
    return done.returncode, done.stdout if done.returncode == 0 else done.stderr
