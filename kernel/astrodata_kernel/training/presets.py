"""Schemes of starts and restarts, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..errors import BadRequest, UnknownName


@dataclass(frozen=True)
class Round:
    """Some starts, of which the best goes on.

    Parameters
    ----------
    starts
        How many.
    epochs
        Of each.
    seeds
        Of the starts; made from the preset's seed where there are none.
    """

    starts: int
    epochs: int
    seeds: tuple[int, ...] = ()


@dataclass(frozen=True)
class Preset:
    """A scheme of training: the network, rounds of starts, and the optimizer's settings.

    The first round starts from fresh weights, each later one from the best model so far with a new
    optimizer and another order of the traces.
    """

    name: str
    title: str
    rounds: tuple[Round, ...]
    architecture: Mapping[str, Any] = field(default_factory=dict)
    learning_rate: float = 1e-3
    min_rate: float = 0.0
    batch_size: int = 100
    split: tuple[int, int, int] = (6000, 1500, 2500)
    seed: int = 8888

    @property
    def model_epochs(self) -> int:
        """Number of epochs of all starts of all rounds."""
        return sum(each.starts * each.epochs for each in self.rounds)

    def seeds(self, number: int) -> tuple[int, ...]:
        """Give the seeds of the starts of a round."""
        each = self.rounds[number]
        made = tuple(self.seed + 1000 * number + start for start in range(each.starts))
        return (*each.seeds, *made[len(each.seeds) :])[: each.starts]


PRESETS = {
    "slides": Preset(
        "slides",
        "as shown: 50 starts x 20 epochs, then four times 10 restarts x 20 epochs of the best",
        (Round(50, 20), *[Round(10, 20)] * 4),
        {"filters": (2, 4, 8)},
    ),
    "released": Preset(
        "released",
        "as released: 10 starts x 5 epochs, then four times 3 restarts x 5 epochs of the best",
        (Round(10, 5), *[Round(3, 5, (20845, 568234, 9182))] * 4),
        {"filters": (4, 8, 16)},
        min_rate=1e-5,
    ),
    "quick": Preset(
        "quick",
        "minutes on two cores: 4 starts x 3 epochs, then twice 2 restarts x 4 epochs of the best",
        (Round(4, 3), *[Round(2, 4)] * 2),
        {"filters": (2, 4, 8)},
    ),
}


def preset_of(preset: str | Preset, **changes: Any) -> Preset:
    """Give a preset by its name, with changes to its fields or to the network's arguments.

    Raises
    ------
    UnknownName
        No preset has the name.
    BadRequest
        A scheme without starts or epochs.
    """
    if isinstance(preset, str):
        if preset not in PRESETS:
            raise UnknownName(f"there is no preset {preset!r}: there are {', '.join(PRESETS)}")
        preset = PRESETS[preset]
    fields = {key: changes.pop(key) for key in list(changes) if key in Preset.__dataclass_fields__}
    made = replace(preset, **fields)
    made = replace(made, architecture={**made.architecture, **changes})
    if not made.rounds or any(r.starts < 1 or r.epochs < 1 for r in made.rounds):
        raise BadRequest("a preset needs rounds of at least one start and one epoch each")
    return made
