"""Scores of anomalies on labelled tables: ours beside PyOD's detectors, by the protocol of PyOD's table.

Each set is split 60/40, standardised by the larger part, every detector is fitted on that part without its
labels and judged on the other; mean and standard deviation over five seeds.
"""

import argparse
import os
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from astrodata_kernel.latent.scores import score
from ecg import beats
from sklearn.decomposition import PCA
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

VARIABLE = "ASTRODATA_ADBENCH"
OURS = ("default", "mahalanobis", "knn", "lof", "isolation_forest", "kde", "hbos", "ecod")
PEERS = ("IForest", "LOF", "KNN", "HBOS", "ECOD")

Table = tuple[np.ndarray, np.ndarray]


def tables(folder: Path | None) -> Iterator[tuple[str, Table]]:
    """Give the name, the values and the labels of each set."""
    for path in sorted(folder.glob("*.npz")) if folder else ():
        with np.load(path, allow_pickle=False) as kept:
            yield path.stem.split("_", 1)[-1], (kept["X"].astype(float), kept["y"].astype(int))
    windows, abnormal = beats()
    abnormal = abnormal.astype(int)
    yield "ECG beats, 128 samples", (windows, abnormal)
    yield "ECG beats, PCA to 8", (PCA(8).fit_transform(windows), abnormal)


def detectors() -> dict[str, Callable[[np.ndarray, np.ndarray, int], np.ndarray]]:
    """Give what judges points after it was fitted on others: (others, points, seed) to scores."""
    from importlib import import_module

    found = {}
    for name in OURS:
        seeded = {"default", "isolation_forest"} & {name}

        def ours(fitted, points, seed, name=name, seeded=seeded):
            return score(name, points, fitted, **({"seed": seed} if seeded else {}))

        found[f"ours: {name}"] = ours
    for name in PEERS:
        kind = getattr(import_module(f"pyod.models.{name.lower()}"), name)

        def peer(fitted, points, seed, kind=kind):
            made = kind(random_state=seed) if kind.__name__ == "IForest" else kind()
            return made.fit(fitted).decision_function(points)

        found[f"PyOD: {name}"] = peer
    found["distance from the mean"] = lambda fitted, points, _seed: np.linalg.norm(
        points - fitted.mean(axis=0), axis=1
    )
    found["random"] = lambda _fitted, points, seed: np.random.default_rng(seed).random(len(points))
    return found


def measured(folder: Path | None, seeds: int) -> pd.DataFrame:
    """Give ROC-AUC, average precision and seconds of each detector, set and seed."""
    rows, judges = [], detectors()
    for table, (values, labels) in tables(folder):
        for seed in range(seeds):
            fitted, points, _, truth = train_test_split(
                values, labels, test_size=0.4, random_state=seed
            )
            scaler = StandardScaler().fit(fitted)
            fitted, points = scaler.transform(fitted), scaler.transform(points)
            for name, judge in judges.items():
                start = time.perf_counter()
                found = judge(fitted, points, seed)
                seconds = time.perf_counter() - start
                area = roc_auc_score(truth, found)
                precision = average_precision_score(truth, found)
                rows.append((table, name, seed, area, precision, seconds))
    columns = ["set", "detector", "seed", "roc_auc", "average_precision", "seconds"]
    return pd.DataFrame(rows, columns=columns)


def table_of(found: pd.DataFrame, column: str) -> str:
    """Give a Markdown table of mean and standard deviation, a row a set, the best of each in bold."""
    means = found.pivot_table(index="set", columns="detector", values=column, sort=False)
    spreads = found.pivot_table(
        index="set", columns="detector", values=column, aggfunc="std", sort=False
    )
    lines = ["| set | " + " | ".join(means.columns) + " |", "|---" * (len(means.columns) + 1) + "|"]
    for name, row in means.iterrows():
        cells = []
        for detector, value in row.items():
            text = f"{value:.3f} ± {spreads.loc[name, detector]:.3f}"
            cells.append(f"**{text}**" if value >= row.max() - 5e-4 else text)
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    lines.append("| mean | " + " | ".join(f"{value:.3f}" for value in means.mean()) + " |")
    return "\n".join(lines)


def lost(found: pd.DataFrame) -> list[str]:
    """Give a line for each set on which a detector of PyOD beats our default score."""
    means = found.pivot_table(index="set", columns="detector", values="roc_auc", sort=False)
    peers = [name for name in means.columns if name.startswith("PyOD")]
    lines = []
    for name, row in means.iterrows():
        best = row[peers].idxmax()
        if row[best] > row["ours: default"]:
            lines.append(f"- {name}: {best} {row[best]:.3f}, ours {row['ours: default']:.3f}")
    return lines


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--data",
        type=Path,
        default=os.environ.get(VARIABLE) and Path(os.environ[VARIABLE]),
        help="folder of ADBench's .npz",
    )
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()
    folder = options.data
    if folder is None or not any(folder.glob("*.npz")):
        print(
            f"The sets of ADBench are not here (tried {folder}): give the folder of their .npz files with "
            f"--data or {VARIABLE}. What follows is the ECG alone, which is too easy to choose a score by.\n"
        )
        folder = None
    warnings.simplefilter("ignore")
    found = measured(folder, options.seeds)
    for column, label in (("roc_auc", "ROC-AUC"), ("average_precision", "Average precision")):
        print(f"{label}, mean ± standard deviation over {options.seeds} seeds\n")
        print(table_of(found, column) + "\n")
    print("Sets on which a detector of PyOD has the greater ROC-AUC than our default:\n")
    print("\n".join(lost(found)) or "none")
    seconds = found.groupby("detector", sort=False).seconds.sum()
    print(
        "\nSeconds over all: " + ", ".join(f"{name} {value:.1f}" for name, value in seconds.items())
    )


if __name__ == "__main__":
    main()
