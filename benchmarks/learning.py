"""Anomalies found by a simulated annotator after 50, 100, 200 and 500 labels, for each order of labelling.

The annotator knows the truth. Ten events are labelled at a time, then each strategy looks at the labels
anew; all of them see the same scaled latents and the same isolation-forest scores. The peers ask for events
by their own order alone, as published; ours spends one label in ten at random, as it does in use, and is also
shown without. Sets: the heart beats of the tests, as six principal components, and ADBench's tables, from
``--data`` or ASTRODATA_ADBENCH. The constants of "guided" were chosen
among some thirty variants on these same sets, partly with the same seeds.
"""

import argparse
import os
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
from astrodata_kernel.learning import queue
from astrodata_kernel.learning.sights import Sight, scaled
from astrodata_kernel.learning.strategies import strategy_of
from astrodata_kernel.learning.targets import Targets
from ecg import beats
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from threadpoolctl import threadpool_limits

BUDGETS = (50, 100, 200, 500)
BATCH = 10
Order = Callable[[np.ndarray, np.ndarray, dict[int, str], int], np.ndarray]


def alone(strategy: str, z: np.ndarray, scores: np.ndarray, labels: dict, seed: int) -> np.ndarray:
    """Give the next rows of a strategy without a random share."""
    rows = np.array(sorted(labels), np.int64)
    names = np.array([labels[row] for row in rows], dtype=np.str_)
    free = np.ones(len(z), bool)
    free[rows] = False
    known = Targets(rows, (names == "anomaly").astype(float), names)
    return strategy_of(strategy)(Sight(z, scores, known, free, seed), BATCH)


def as_used(
    strategy: str, z: np.ndarray, scores: np.ndarray, labels: dict, seed: int
) -> np.ndarray:
    """Give the next rows as the product does, one in ten of them at random."""
    return queue(
        strategy, z, labels=labels, positive="anomaly", scores=scores,
        n=BATCH, seed=seed,
    ).rows  # fmt: skip


ORDERS: dict[str, Order] = {
    "random order": partial(alone, "random"),
    "isolation-forest order": partial(alone, "anomaly"),
    "Astronomaly, neighbour score": partial(alone, "astronomaly"),
    "Protege, expected improvement": partial(alone, "protege"),
    "random forest": partial(alone, "classifier"),
    "ours (guided), 10 % at random": partial(as_used, "guided"),
    "ours (guided), none at random": partial(alone, "guided"),
}


def label(order: Order, z: np.ndarray, truth: np.ndarray, seed: int) -> list[int]:
    """Give the anomalies found after each budget."""
    forest = IsolationForest(n_estimators=100, random_state=seed).fit(z)
    scores = -forest.score_samples(z)
    labels: dict[int, str] = {}
    found = [0]
    while len(labels) < min(BUDGETS[-1], len(z)):
        for row in order(z, scores, labels, seed):
            labels[int(row)] = "anomaly" if truth[row] else "normal"
            found.append(found[-1] + int(truth[row]))
    return [found[min(budget, len(found) - 1)] for budget in BUDGETS]


def sets(folder: Path | None) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Give name, scaled latents and truth of each set."""
    windows, abnormal = beats()
    traces = (windows - np.median(windows)) / windows.std()
    parts = PCA(6, random_state=0).fit_transform(traces)
    yield "ECG beats, 6 principal components", scaled(parts), abnormal
    for path in sorted(folder.glob("*.npz")) if folder else []:
        with np.load(path, allow_pickle=False) as kept:
            yield path.stem, scaled(kept["X"]), kept["y"].astype(bool)


def main() -> None:
    """Print a table for each set, and one of all."""
    parser = argparse.ArgumentParser(description=__doc__)
    given = os.environ.get("ASTRODATA_ADBENCH")
    parser.add_argument("--data", type=Path, default=Path(given) if given else None)
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()
    if options.data is None:
        print("without ADBench's tables: give their folder with --data or ASTRODATA_ADBENCH")
    shares: dict[str, list[np.ndarray]] = {name: [] for name in ORDERS}
    for title, z, truth in sets(options.data):
        print(
            f"\n{title}: {len(z):,} events, {truth.sum():,} anomalies ({100 * truth.mean():.1f} %)"
        )
        print(f"{'found after':32}" + "".join(f"{budget:>16}" for budget in BUDGETS) + "   seconds")
        most = np.minimum(truth.sum(), BUDGETS)
        for name, order in ORDERS.items():
            start = time.perf_counter()
            found = np.array([label(order, z, truth, seed) for seed in range(options.seeds)])
            taken = (time.perf_counter() - start) / options.seeds
            cells = "".join(
                f"{f'{mean:.1f} ± {spread:.1f}':>16}"
                for mean, spread in zip(found.mean(axis=0), found.std(axis=0), strict=True)
            )
            print(f"{name:32}{cells}{taken:10.1f}", flush=True)
            shares[name].append(found.mean(axis=0) / most)
    print("\nmean over the sets of the share of what could be found at best")
    for name, each in shares.items():
        print(f"{name:32}" + "".join(f"{100 * value:14.1f} %" for value in np.mean(each, axis=0)))


if __name__ == "__main__":
    with threadpool_limits(1):
        main()
