"""What engines take and give: starts of a training, each with its weights, seed and history."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from ..errors import BadRequest, UnreadableFile
from ..writing import write_whole
from .plateau import Plateau

Weights = list[npt.NDArray[np.float32]]
Record = dict[str, Any]
"""One epoch of one start: round, start, epoch, loss, val_loss, learning_rate, seconds."""


@dataclass
class State:
    """All that a start needs to go on after an epoch as if nothing had happened."""

    key: str
    epoch: int = 0
    weights: Weights = field(default_factory=list)
    optimizer: list[npt.NDArray[Any]] = field(default_factory=list)
    best_weights: Weights = field(default_factory=list)
    best_loss: float = float("inf")
    best_epoch: int = -1
    rate: float = 1e-3
    batch_size: int = 100
    plateau: Plateau = field(default_factory=Plateau)
    history: list[Record] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the state to a file, which has its name only when it is whole.

        Raises
        ------
        UnreadableFile
            The disk is full, or the folder does not take it.
        """
        arrays = {
            f"{name}{i}": array
            for name in ("weights", "optimizer", "best_weights")
            for i, array in enumerate(getattr(self, name))
        }
        facts = {
            "key": self.key,
            "epoch": self.epoch,
            "best_loss": self.best_loss,
            "best_epoch": self.best_epoch,
            "rate": self.rate,
            "batch_size": self.batch_size,
            "plateau": asdict(self.plateau),
            "history": self.history,
            "notes": self.notes,
        }
        arrays["facts"] = np.frombuffer(json.dumps(facts).encode(), np.uint8)
        write_whole(path, lambda file: np.savez(file, **arrays))

    def keep(self, path: Path | None) -> None:
        """Write a checkpoint; a disk that is full costs the checkpoint, not the training."""
        if path is None:
            return
        try:
            self.save(path)
        except UnreadableFile as error:
            note = f"checkpoints cannot be written: {error}"
            if note not in self.notes:
                self.notes.append(note)

    def close_epoch(
        self,
        identity: tuple[int, int],
        loss: float,
        val_loss: float,
        seconds: float,
        weights: Weights,
        more: Record | None = None,
    ) -> None:
        """Take in an epoch that ended: its record, its weights, and the learning rate of the next.

        Parameters
        ----------
        identity
            Round and start, for the record.
        loss, val_loss, seconds
            Of the epoch.
        weights
            At its end, arrays that nobody changes any more.
        more
            What else its record tells.
        """
        self.history.append(
            {
                "round": identity[0],
                "start": identity[1],
                "epoch": self.epoch,
                "loss": loss,
                "val_loss": val_loss,
                "learning_rate": self.rate,
                "seconds": round(seconds, 3),
                **(more or {}),
            }
        )
        self.weights = weights
        if val_loss < self.best_loss:
            self.best_loss, self.best_epoch, self.best_weights = val_loss, self.epoch, weights
        self.epoch += 1
        self.rate = self.plateau.next_rate(val_loss, self.rate)

    @classmethod
    def load(cls, path: str | os.PathLike[str], key: str) -> State | None:
        """Give the state of a file, or None where there is none that is whole.

        Raises
        ------
        BadRequest
            The file belongs to another training: other traces, settings or starting weights.
        """
        source = Path(path)
        if not source.exists():
            return None
        try:
            with source.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
                facts = json.loads(bytes(file["facts"]))
                lists = {
                    name: [
                        file[f"{name}{i}"] for i in range(len(file.files)) if f"{name}{i}" in file
                    ]
                    for name in ("weights", "optimizer", "best_weights")
                }
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None
        if facts.pop("key") != key:
            raise BadRequest(
                f"{source} is the checkpoint of another training (other traces, settings or seed): give "
                "another path, delete it, or pass resume=False"
            )
        facts["plateau"] = Plateau(**facts["plateau"])
        return cls(key=key, **facts, **lists)


@dataclass(frozen=True)
class Start:
    """One start of one round."""

    round: int
    number: int
    seed: int
    weights: Weights = field(repr=False)


@dataclass
class Finished:
    """A start that ended: its best weights, and its history."""

    start: Start
    weights: Weights = field(repr=False)
    val_loss: float
    epoch: int
    history: list[Record] = field(repr=False)
    notes: list[str] = field(default_factory=list)
    stopped: str = "finished"


@dataclass(frozen=True)
class Job:
    """Starts of one round, and what they share."""

    architecture: dict[str, Any]
    train: npt.NDArray[np.float32] = field(repr=False)
    validation: npt.NDArray[np.float32] = field(repr=False)
    starts: Sequence[Start]
    epochs: int
    learning_rate: float = 1e-3
    batch_size: int = 100
    plateau: Plateau = field(default_factory=Plateau)
    folder: Path | None = None
    key: str = ""

    def path(self, start: Start) -> Path | None:
        """Give where the checkpoint of a start is kept."""
        if self.folder is None:
            return None
        return self.folder / f"round{start.round}-start{start.number:02d}.npz"

    def state(self, start: Start, optimizer: list[npt.NDArray[Any]]) -> State:
        """Give where a start was left by its checkpoint, or its beginning with a fresh optimizer."""
        key = f"{self.key}|{start.round}|{start.number}|{start.seed}"
        path = self.path(start)
        return (State.load(path, key) if path else None) or State(
            key,
            weights=list(start.weights),
            optimizer=optimizer,
            best_weights=list(start.weights),
            rate=self.learning_rate,
            batch_size=min(self.batch_size, len(self.train)),
            plateau=replace(self.plateau),
        )


class Engine(Protocol):
    """Trains the starts of a job."""

    name: str

    def run(
        self,
        job: Job,
        report: Callable[[Record], None],
        cancelled: Callable[[], bool],
    ) -> list[Finished]:
        """Give each start's end; `report` is told of every epoch."""
