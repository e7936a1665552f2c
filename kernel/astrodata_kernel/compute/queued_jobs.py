"""The jobs that a cluster's workers are: which the batch system refused, and whether any is still there."""

from __future__ import annotations

import re
import shutil
import subprocess
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import ServiceFailed

_QUIET = 10.0
"""Seconds without a worker after which the batch system is asked; between two questions too."""
_ANSWER = 20.0
"""Seconds in which it answers, or is asked again later."""
_LOOK = 0.05
_LONGEST = 1000
"""Characters of what a batch system said."""


_IDS = "ids"


@dataclass(frozen=True)
class _Question:
    """How a batch system is asked for jobs: a line for each, of its id, its state and the reason of that."""

    words: tuple[str, ...]
    """With the ids in the place of `_IDS`."""
    between: str
    """Of two ids."""
    ended: Mapping[str, str]
    """States in which a job will not give a worker (any more), in words."""
    unknown: str | None = None
    """What it says, failing, of jobs that it has forgotten."""


_ENDED_IN_SLURM = (
    *("BOOT_FAIL", "CANCELLED", "COMPLETED", "DEADLINE", "FAILED", "NODE_FAIL", "OUT_OF_MEMORY"),
    *("PREEMPTED", "REVOKED", "SPECIAL_EXIT", "TIMEOUT"),
)
_QUESTIONS = {
    "slurm": _Question(
        ("squeue", "--noheader", "--states=all", "--format=%i %T %r", "--jobs", _IDS),
        ",",
        {name: name for name in _ENDED_IN_SLURM},
        "Invalid job id",
    ),
    "htcondor": _Question(
        ("condor_q", _IDS, "-autoformat", "ClusterId", "JobStatus", "HoldReason"),
        " ",
        {"3": "removed", "4": "completed", "5": "held"},
    ),
}


class QueuedJobs:
    """What became of the jobs of one cluster.

    Parameters
    ----------
    system
        The batch system's name.
    kind
        `dask_jobqueue`'s class of its jobs.
    """

    def __init__(self, system: str, kind: Any) -> None:
        self.kind = _telling(kind, self)
        """The class to make the jobs of: it tells what becomes of each."""
        self.made: Any = None
        """The cluster of Dask's, when it is there."""
        self._system = system
        self._lock = threading.Lock()
        self._there: dict[str, str] = {}
        self._refused: dict[str, str] = {}
        self._gone: set[str] = set()
        self._seen = self._asked = time.monotonic()

    def took(self, name: str, ident: str) -> None:
        """Note that the batch system has taken a job, and under which id."""
        with self._lock:
            self._there[name] = ident
            self._gone.discard(name)
            self._seen = time.monotonic()

    def refused(self, name: str, why: str) -> None:
        """Note what it said when it refused one."""
        with self._lock:
            self._refused[name] = why

    def closed(self, name: str) -> None:
        """Note that a job was ended, by us or because its worker was gone."""
        with self._lock:
            self._there.pop(name, None)
            self._gone.add(name)

    def wait(self) -> None:
        """Wait until the batch system has taken all jobs that are wanted.

        Raises
        ------
        ServiceFailed
            It refused some, which are not wanted any more then; the text holds what it said.
        """
        while True:
            wanted = {str(name) for name in list(self.made.worker_spec)}
            with self._lock:
                left = wanted - self._there.keys() - self._refused.keys() - self._gone
            if not left:
                break
            time.sleep(_LOOK)
        with self._lock:
            told = self._refused.copy()
            self._refused.clear()
        if told:
            for name in [name for name in list(self.made.worker_spec) if str(name) in told]:
                del self.made.worker_spec[name]
            raise ServiceFailed(
                f"{self._system} refused {len(told)} of {len(wanted)} jobs: {_short(told.values())}"
            )

    def check(self) -> None:
        """Tell that no worker is there and none will come; cheap enough for ten times a second.

        Raises
        ------
        ServiceFailed
            All jobs have ended or are held, or none is asked for; the text holds what the batch system says.
        """
        now = time.monotonic()
        if self.made.scheduler_info["workers"]:
            self._seen = now
            return
        if now - max(self._seen, self._asked) < _QUIET:
            return
        self._asked = now
        wanted = {str(name) for name in list(self.made.worker_spec)}
        with self._lock:
            there = self._there.copy()
            gone = self._gone & wanted
        if wanted - there.keys() - gone:
            return  # they are being asked for
        if not wanted:
            raise ServiceFailed(
                f"no worker is there to do this, and no job of {self._system} is asked for: ask for some "
                "with .scale(2)"
            )
        ended = _ended(self._system, list(there.values()))
        if len(ended) == len(there):
            said = _short([*ended, *(["their workers went away"] if gone else [])])
            raise ServiceFailed(
                f"no worker is there to do this, and none will come: the jobs of {self._system} have ended "
                f"({said}). Look at what they printed (log_directory=), and whether the nodes see this "
                "environment and reach this machine"
            )


def _telling(kind: Any, jobs: QueuedJobs) -> Any:
    """Give a class of jobs that tells what becomes of each, where Dask itself would log it and wait."""

    class Told(kind):  # type: ignore[misc]
        async def start(self) -> None:
            from distributed.core import Status

            try:
                await super().start()
            except Exception as error:  # noqa: BLE001 - whatever its command raises
                # Raised on, it would be printed by the loop and end no wait.
                self.status = Status.running
                jobs.refused(str(self.name), _said(error))
            else:
                jobs.took(str(self.name), str(self.job_id))

        async def close(self) -> None:
            jobs.closed(str(self.name))
            if self.job_id is not None:  # of one that was refused there is nothing to end
                await super().close()

    Told.__name__ = Told.__qualname__ = kind.__name__
    return Told


def _ended(system: str, idents: list[str]) -> list[str]:
    """Give what is known of those jobs that have ended; nothing where the batch system cannot be asked."""
    question = _QUESTIONS.get(system)
    if question is None or shutil.which(question.words[0]) is None:
        return []
    # HTCondor's ids are of a cluster of jobs, and a number within it.
    heads = [ident.partition(".")[0] for ident in idents]
    known = question.between.join(heads).split()
    words = [one for word in question.words for one in (known if word == _IDS else [word])]
    try:
        answer = subprocess.run(  # noqa: S603 - our words, and numbers that the batch system gave
            words,
            capture_output=True,
            timeout=_ANSWER,
            check=False,
            text=True,
            errors="replace",
        )
    except (OSError, subprocess.SubprocessError):
        return []
    if answer.returncode and (question.unknown is None or question.unknown not in answer.stderr):
        return []
    found = []
    lines = [line.split(maxsplit=2) for line in answer.stdout.splitlines() if line.strip()]
    states = {line[0]: line[1:] for line in lines if len(line) > 1}
    for head in heads:
        if head not in states:
            found.append(f"{head} is not listed any more")
            continue
        state, *why = states[head]
        if state in question.ended:
            found.append(" ".join([f"{head} {question.ended[state]}:", *why]).rstrip(":"))
    return found


def _said(error: Exception) -> str:
    """Give what a batch system printed, of all that dask-jobqueue says of its command."""
    text = str(error)
    printed = re.search(r"stdout:\n(.*)stderr:\n(.*)", text, re.DOTALL)
    said = " ".join(printed.groups()).strip() if printed else text
    return said or f"{type(error).__name__}, without a word"


def _short(texts: Iterable[str]) -> str:
    """Give what a batch system said on one line, the same once."""
    said = "; ".join(dict.fromkeys(" ".join(text.split()) for text in texts))
    said = "".join(letter for letter in said if letter.isprintable())
    return said if len(said) <= _LONGEST else f"{said[:_LONGEST]}…"
