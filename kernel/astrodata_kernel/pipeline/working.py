"""What a block is given while it works: progress, cancel, a folder of its own, Dask, numbers to keep."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..errors import Cancelled
from ..readers import scratch
from ..workspace import workspace

Tell = Callable[[float, str], None]
Heard = Callable[[dict[str, float], int | None], None]
_PAUSE = 0.2  # seconds between two looks whether the work shall end


class Work:
    """The step that a block works for.

    By itself it tells nobody and is never cancelled, so that a block can be called in plain Python.

    Parameters
    ----------
    tell
        Told the share done and a few words.
    cancelled
        Asked whether the work shall end.
    folder
        Of the step's own: what is left in it is there again when the step is resumed after a kill, and
        goes when the step is done.
    client
        Gives the Dask client to work with, or None.
    root
        The workspace, by default that of the current folder.
    base
        Folder that relative paths start from, by default the current one.
    heard
        Told numbers as soon as they are kept, with their step.
    """

    def __init__(
        self,
        tell: Tell | None = None,
        cancelled: Callable[[], bool] | None = None,
        folder: Path | Callable[[], Path] | None = None,
        client: Callable[[], Any] | None = None,
        root: Path | None = None,
        base: Path | None = None,
        heard: Heard | None = None,
    ) -> None:
        self._tell, self._cancelled, self._heard = tell, cancelled, heard
        self._folder, self._client = folder, client
        self._looked, self._ended = 0.0, False
        self.root = workspace(root)
        """The workspace."""
        self.base = Path.cwd() if base is None else base
        """Folder that relative paths start from."""
        self._lock = threading.Lock()
        self.numbers: list[tuple[str, float, int | None]] = []
        """Numbers to keep: name, value, step."""
        self.notes: list[str] = []
        """Sentences to tell."""
        self.used: dict[str, dict[str, str]] = {}
        """What went into the step besides its inputs, by name, as the lineage tells it."""

    def progress(self, share: float, text: str = "") -> None:
        """Tell the share done, 0 to 1, and a few words; raises `Cancelled` like `check`."""
        if self._tell is not None:
            self._tell(min(1.0, max(0.0, float(share))), str(text))
        self.check()

    def check(self) -> None:
        """Raise `Cancelled` when the work shall end; cheap enough for each turn of a loop."""
        if self.cancelled():
            raise Cancelled("the run was cancelled")

    def cancelled(self) -> bool:
        """Tell whether the work shall end, as `check` does by raising."""
        now = time.monotonic()
        if self._cancelled is not None and not self._ended and now - self._looked >= _PAUSE:
            self._looked = now
            self._ended = self._cancelled()
        return self._ended

    @property
    def folder(self) -> Path:
        """A folder of the step's own, for checkpoints."""
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(dir=scratch.folder(), prefix="step-"))
        elif callable(self._folder):
            self._folder = self._folder()
        self._folder.mkdir(parents=True, exist_ok=True)
        return self._folder

    @property
    def client(self) -> Any:
        """The Dask client to work with, or None: then the work is done here."""
        return None if self._client is None else self._client()

    def metrics(self, values: Mapping[str, float], step: int | None = None) -> None:
        """Keep numbers by name, of an epoch if one is given; they are kept in MLflow too."""
        with self._lock:
            self.numbers += [(str(k), float(v), step) for k, v in values.items()]
        if self._heard is not None:
            self._heard({str(k): float(v) for k, v in values.items()}, step)

    def uses(self, name: str, digest: str, kind: str = "value") -> None:
        """Tell of a value that went into the step and is none of its inputs, nor named by a parameter.

        Parameters
        ----------
        name
            Under which the lineage shows it.
        digest
            ``sha256:…`` of the value, as the step that made it has told it.
        kind
            What it is: ``"table"``, ``"model"``, ...
        """
        with self._lock:
            self.used[str(name)] = {"hash": str(digest), "kind": kind}

    def note(self, text: str) -> None:
        """Keep a sentence that whoever looks at the run should read."""
        with self._lock:
            self.notes.append(str(text))
