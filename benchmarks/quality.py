"""How well the garage finds pulses, beside the baselines: rates with intervals and efficiency curves.

``--write docs`` writes the tables and the figure that docs/daidream.md shows.
"""

import argparse
import os
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from astrodata_kernel.latent import (
    compare,
    comparison_table,
    detectors,
    efficiency,
    efficiency_figure,
    encode,
    latent_histograms,
)
from astrodata_kernel.latent.garage import Garage
from astrodata_kernel.processing.waveforms import synthesize
from astrodata_kernel.training import history_figure, multistart
from astrodata_kernel.training.presets import Round

AMPLITUDES = (0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.05)
LEVELS = (0.5, 1.0)
SCHEMES = {
    "quick": {},
    # A tenth of the slides' scheme: minutes instead of hours on two cores, the same four rounds.
    "tenth": {"rounds": (Round(10, 8), *[Round(2, 8)] * 4)},
    "slides": None,
}


def trained(level: float, scheme: str):
    """Give a training on 10,000 traces of a noise level, and say how long it took."""
    traces, _ = synthesize(10_000, level, seed=1)
    began, cpu = time.perf_counter(), time.process_time()
    changes = SCHEMES[scheme]
    name = "slides" if changes is None else "quick"
    done = multistart(name, traces, "jax", track=False, **(changes or {}))
    print(
        f"\nnoise level {level:g}: {len(done.history)} model-epochs in "
        f"{time.perf_counter() - began:.0f} s ({time.process_time() - cpu:.0f} CPU-s), "
        f"{len(done.collapsed)} of {len(done.starts)} starts collapsed, val_loss {done.val_loss:.4f}"
    )
    return done


def curves(found, noise: np.ndarray, level: float, wanted: float):
    """Give each detector's efficiency on pulses of log-uniform amplitude, at equal false positives."""
    amplitudes = 10 ** np.random.default_rng(5).uniform(-3, -1, 5000)
    traces, truth = synthesize(5000, level, amplitudes, seed=900)
    made = {}
    for one in found:
        if one.name == "garage, 3 sigma":
            continue
        threshold = float(np.quantile(one.score(noise), 1 - wanted, method="higher"))
        made[one.name] = efficiency(one.score(traces), truth.amplitude, threshold)
    return made


def main() -> None:
    """Train, compare and print; write the figures where they are wanted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scheme", choices=SCHEMES, default="quick")
    parser.add_argument("--levels", type=float, nargs="+", default=LEVELS)
    parser.add_argument("--rate", type=float, default=0.008, help="wanted false positives")
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    pieces = []
    for level in options.levels:
        done = trained(level, options.scheme)
        noise, _ = synthesize(4000, level, 0.0, seed=100)
        found = detectors(noise, done.model)
        fresh, _ = synthesize(10_000, level, 0.0, seed=101)
        signals = {a: synthesize(1000, level, a, seed=200 + i)[0] for i, a in enumerate(AMPLITUDES)}
        table = comparison_table(compare(found, fresh, signals, options.rate))
        title = (
            f"Per cent tagged at noise level {level:g}, thresholds at {100 * options.rate:g} % of "
            "5,000 noise traces, counted on 5,000 others and on 1,000 signals each"
        )
        print(f"{title}\n{table}")
        pieces.append(f"{title}:\n\n{table}\n")
        if options.write:
            images = options.write / "images"
            shown = efficiency_figure(
                curves(found, fresh, level, options.rate),
                f"noise level {level:g}, {100 * options.rate:g} % false positives",
            )
            shown.savefig(images / f"efficiency-{level:g}.svg", metadata={"Date": None})
            history_figure(done.history, done.starts).savefig(
                images / f"history-{level:g}.svg", metadata={"Date": None}
            )
            mixed, truth = synthesize(4000, level, seed=300)
            groups = {
                "noise": encode(fresh[:4000], done.model),
                "signals, A > 0.02": encode(mixed[(truth.amplitude > 0.02).to_numpy()], done.model),
            }
            garage = Garage.fit(encode(noise, done.model))
            latent_histograms(groups, garage).savefig(
                images / f"latents-{level:g}.svg", metadata={"Date": None}
            )
    if options.write:
        pieces.insert(0, "# How many signals each detector tags\n")
        (options.write / "daidream-quality.md").write_text("\n".join(pieces), encoding="utf-8")


if __name__ == "__main__":
    main()
