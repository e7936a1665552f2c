"""Abnormal heart beats found without labels: the autoencoder beside simple detectors."""

import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from astrodata_kernel.latent import EllipseGarage, encode
from astrodata_kernel.processing.waveforms import features, find_pulses
from astrodata_kernel.training import multistart
from astrodata_kernel.training.presets import Round
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.metrics import average_precision_score, roc_auc_score

DATA = Path(__file__).parent.parent / "tests/data/waveforms/ecg/MBA_ECG805_data.out"
RATE, HALF = 360.0, 64


def beats() -> tuple[np.ndarray, np.ndarray]:
    """Give windows of 128 samples about each beat, and whether it is labelled abnormal."""
    series, labels = np.loadtxt(DATA, delimiter=",").T
    found = find_pulses(
        series[None, :], threshold=6.0, baseline_samples=len(series), min_distance=int(0.25 * RATE)
    )
    peaks = found.peak_sample.to_numpy()
    peaks = peaks[(peaks >= HALF) & (peaks < len(series) - HALF)]
    rows = peaks[:, None] + np.arange(-HALF, HALF)
    return series[rows].astype(np.float32), labels[rows[:, HALF // 2 : -HALF // 2]].any(axis=1)


def main() -> None:
    """Print ROC-AUC and average precision of each detector."""
    windows, abnormal = beats()
    traces = ((windows - np.median(windows)) / windows.std()).astype(np.float32)
    done = multistart(
        "quick",
        traces,
        "jax",
        validation=traces[::5],
        track=False,
        rounds=(Round(6, 30), Round(2, 30)),
        filters=(4, 8),
        output_activation="linear",
        batch_size=50,
        learning_rate=3e-3,
    )
    z = encode(traces, done.model)
    rebuilt = done.model.predict(traces, verbose=0)
    simple = PCA(4).fit(traces)
    table = features(windows, sample_period=1 / RATE).drop(columns=["bad", "saturated"])
    table = table.fillna(table.median()).to_numpy(float)
    forest = IsolationForest(n_estimators=300, random_state=0).fit(table)
    scores = {
        "autoencoder, reconstruction error": np.sum((rebuilt - traces) ** 2, axis=1),
        "autoencoder, distance from the bulk": EllipseGarage.fit(z).score(z),
        "isolation forest on the latents": -IsolationForest(n_estimators=300, random_state=0)
        .fit(z)
        .score_samples(z),
        "PCA (4), reconstruction error": np.sum(
            (simple.inverse_transform(simple.transform(traces)) - traces) ** 2, axis=1
        ),
        "isolation forest on features": -forest.score_samples(table),
        "isolation forest on samples": -IsolationForest(n_estimators=300, random_state=0)
        .fit(traces)
        .score_samples(traces),
        "RMS of the window": windows.std(axis=1),
        "height of the beat": np.abs(windows[:, HALF] - np.median(windows, axis=1)),
    }
    share = abnormal.mean()
    print(f"{len(traces):,} beats, {abnormal.sum():,} abnormal ({100 * share:.1f} %)")
    print(f"{'':38}{'ROC-AUC':>9}{'average precision':>19}")
    for name, score in scores.items():
        auc, precision = roc_auc_score(abnormal, score), average_precision_score(abnormal, score)
        print(f"{name:38}{auc:9.3f}{precision:19.3f}")
    print(f"{'chance':38}{0.5:9.3f}{share:19.3f}")


if __name__ == "__main__":
    main()
