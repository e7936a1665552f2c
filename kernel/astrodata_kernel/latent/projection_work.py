"""What the process of a map does: fit a sample, put the others into it, tell how far it is."""

from __future__ import annotations

import json
import os
import queue
import re
import sys
import threading
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
_BLOCK = 16_384
_STARTED, _FITTED = 0.05, 0.8  # shares of the work, where there are points beside the sample


class Teller:
    """Tells the share done on the process' own standard output, one line of JSON each."""

    def __init__(self, stream: Any, whole: bool) -> None:
        self._stream, self._end = stream, 1.0 if whole else _FITTED
        self._last = 0.0

    def fitted(self, share: float) -> None:
        """Tell the share of the fit."""
        self.share(_STARTED + share * (self._end - _STARTED))

    def placed(self, share: float) -> None:
        """Tell the share of the points beside the sample."""
        self.share(self._end + share * (1 - self._end))

    def share(self, share: float) -> None:
        """Tell the share of all."""
        if share >= self._last + 0.01:
            self._last = share
            self.fact(share=round(share, 3))

    def fact(self, **facts: Any) -> None:
        """Tell anything."""
        self._stream.write(json.dumps(facts) + "\n")
        self._stream.flush()


class Listener:
    """A stream that finds how far a package is in what it prints."""

    def __init__(self, teller: Teller, pattern: str, total: int) -> None:
        self._teller, self._pattern, self._total = teller, re.compile(pattern), total

    def write(self, text: str) -> int:
        """Take some of what is printed."""
        found = self._pattern.search(text)
        if found:
            self._teller.fitted(int(found.group(1)) / self._total)
        return len(text)

    def flush(self) -> None:
        """Do nothing."""


def umap(fitted: Array, rest: Array, order: dict[str, Any], teller: Teller) -> tuple[Array, Array]:
    """Give the map of the sample and of the others by UMAP."""
    from umap import UMAP

    options = {"n_neighbors": 15, **order["options"]}
    options["n_neighbors"] = min(options["n_neighbors"], len(fitted) - 1)
    bar = {"file": Listener(teller, r"(\d+)%", 100), "mininterval": 0.2}
    made = UMAP(
        n_components=order["dims"],
        random_state=order["seed"],
        verbose=True,
        tqdm_kwds=bar,
        **({"init": "random"} if len(fitted) < 3 * order["dims"] + 10 else {}),
        **options,
    )
    first = made.fit_transform(fitted)
    made.verbose = False
    return first, _in_blocks(made.transform, rest, order["dims"], teller)


def pacmap(
    fitted: Array, rest: Array, order: dict[str, Any], teller: Teller
) -> tuple[Array, Array]:
    """Give the map of the sample and of the others by PaCMAP."""
    from pacmap import PaCMAP

    options = {"n_neighbors": 10, **order["options"]}
    options["n_neighbors"] = min(options["n_neighbors"], max(2, len(fitted) // 3))
    made = PaCMAP(
        n_components=order["dims"],
        random_state=order["seed"],
        verbose=True,
        save_tree=bool(len(rest)),
        **options,
    )
    sys.stdout = Listener(teller, r"Iteration:\s*(\d+)", 450)  # type: ignore[assignment]
    first = made.fit_transform(fitted)
    made.verbose = False
    return first, _in_blocks(lambda z: made.transform(z, basis=fitted), rest, order["dims"], teller)


def tsne(fitted: Array, rest: Array, order: dict[str, Any], teller: Teller) -> tuple[Array, Array]:
    """Give the map of the sample and of the others by openTSNE."""
    from openTSNE import TSNE

    options = {"perplexity": 30, **order["options"]}
    options["perplexity"] = min(options["perplexity"], (len(fitted) - 1) / 3)
    steps = options.get("early_exaggeration_iter", 250) + options.get("n_iter", 500)
    seen: list[int] = []

    def step(_iteration: int, _error: float, _embedding: Any) -> None:
        seen.append(1)
        teller.fitted(10 * len(seen) / max(1, steps))

    made = TSNE(
        n_components=order["dims"],
        random_state=order["seed"],
        callbacks=[step],
        callbacks_every_iters=10,
        **({"negative_gradient_method": "bh"} if order["dims"] > 2 else {}),
        **options,
    ).fit(fitted)
    place = _in_blocks(made.transform, rest, order["dims"], teller) if len(rest) else rest[:, :0]
    return np.asarray(made), place


def _in_blocks(transform: Any, rest: Array, dims: int, teller: Teller) -> Array:
    out = np.empty((len(rest), dims))
    for start in range(0, len(rest), _BLOCK):
        out[start : start + _BLOCK] = transform(rest[start : start + _BLOCK])
        teller.placed(min(1.0, (start + _BLOCK) / len(rest)))
    return out


def work(folder: Path, stream: Any) -> None:
    """Make the map that is ordered in a folder."""
    order = json.loads((folder / "order.json").read_text(encoding="utf-8"))
    points = np.load(folder / "points.npy", mmap_mode="r", allow_pickle=False)
    rows = np.load(folder / "fitted.npy", allow_pickle=False)
    beside = np.ones(len(points), bool)
    beside[rows] = False
    # The packages work in single precision: centred and scaled as a whole, nothing is lost.
    centre = points[rows].mean(axis=0, dtype=np.float64)
    scale = float(np.abs(points[rows] - centre).max()) or 1.0
    fitted = ((points[rows] - centre) / scale * 10).astype(np.float32)
    rest = ((points[beside] - centre) / scale * 10).astype(np.float32)
    teller = Teller(stream, whole=not beside.any())
    methods = {"umap": umap, "pacmap": pacmap, "tsne": tsne}
    teller.share(_STARTED)
    try:
        first, others = methods[order["method"]](fitted, rest, order, teller)
    # Whatever a package says about its options belongs to the person who gave them.
    except Exception as error:  # noqa: BLE001
        teller.fact(failure=f"{type(error).__name__}: {str(error)[:300]}")
        return
    out = np.empty((len(points), order["dims"]), np.float32)
    out[rows] = first
    if beside.any():
        out[beside] = others
    np.save(folder / "map.npy", out, allow_pickle=False)
    teller.fact(done=True)


def _orders(lines: queue.SimpleQueue[str]) -> None:
    for line in sys.stdin:
        lines.put(line.rstrip("\n"))
    # The kernel holds the other end: when it is gone, nobody waits for the map.
    os._exit(0)


def main() -> None:
    """Make the maps that are ordered on standard input, a folder a line."""
    warnings.simplefilter("ignore")
    own = sys.stdout
    # UMAP loads it for a map that is not made here, which takes longer than the map.
    sys.modules["tensorflow"] = None  # type: ignore[assignment]
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=_orders, args=(lines,), daemon=True).start()
    while True:
        folder = Path(lines.get())
        sys.stdout = sys.stderr  # packages print; what is told to the kernel is ours
        work(folder, own)


if __name__ == "__main__":
    main()
