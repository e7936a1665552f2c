"""Points that every tool gets: eight round groups on a circle, with empty room between them.

A lasso through the empty room holds the same points in each tool, whatever its pixels: counts can be held
against each other exactly. Runs inside the kernels of all environments: NumPy alone.
"""

import time

import numpy as np

GROUPS = 8
NAMES = np.array([f"group {i}" for i in range(GROUPS)])
SPREAD = 0.06


def points(count):
    """Give x, y as float32 of shape (count,), and the group of each point as small integers."""
    rng = np.random.default_rng(20)
    group = rng.integers(0, GROUPS, count).astype(np.int8)
    angle = 2 * np.pi * group / GROUPS
    # Not further than three widths from the middle: the rim of the group is sharp.
    radius = SPREAD * np.minimum(np.sqrt(-2 * np.log(1 - rng.random(count))), 3)
    turn = 2 * np.pi * rng.random(count)
    x = np.cos(angle) + radius * np.cos(turn)
    y = np.sin(angle) + radius * np.sin(turn)
    return x.astype(np.float32), y.astype(np.float32), group


def scattered(count):
    """Give x, y as float32, all over a square; one group."""
    rng = np.random.default_rng(21)
    x, y = rng.uniform(-1, 1, (2, count)).astype(np.float32)
    x[:4], y[:4] = [-1, -1, 1, 1], [-1, 1, -1, 1]
    return x, y, (x > 0).astype(np.int8)


class Arrivals:
    """When the kernel held a boolean mask, and how many points it has."""

    def __init__(self):
        self.all = []
        self.mask = None

    def note(self, mask):
        """Take a mask, boolean of shape (n,); the clock is read when it is whole."""
        assert mask.dtype == bool
        self.mask = mask
        self.all.append((time.time(), int(np.count_nonzero(mask))))

    def since(self):
        """Give what arrived since the last call."""
        found, self.all = self.all, []
        return found
