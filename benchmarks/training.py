"""Encoding, one epoch and the whole recipe, ours beside stock Keras, in one process on the same data.

``--gpu`` trains all 1,800 epochs of the recipe in one run where there is a GPU, beside three naive starts.
"""

import argparse
import os
import statistics
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from astrodata_kernel.latent.compiled_encoder import CompiledEncoder
from astrodata_kernel.models import sum_of_squares, waveform_cae
from astrodata_kernel.models.backend import keras_with_backend
from astrodata_kernel.models.weights import fresh_weights
from astrodata_kernel.processing.waveforms import synthesize
from astrodata_kernel.training.jax_engine import JaxEngine
from astrodata_kernel.training.presets import PRESETS
from astrodata_kernel.training.starts import Job, Start

keras = keras_with_backend()


def measure(work, repeats: int) -> tuple[float, float]:
    """Give the median wall and CPU seconds of some runs, after one to warm up."""
    work()
    walls, cpus = [], []
    for _ in range(repeats):
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    return statistics.median(walls), statistics.median(cpus)


def encoding(traces: np.ndarray, repeats: int) -> None:
    """Print traces per second of the compiled encoder and of Keras' predict."""
    model = waveform_cae()
    ours = CompiledEncoder.of(model.encoder)
    n = len(traces)
    rows = {
        "compiled encoder": lambda: ours(traces),
        "Keras predict, default (batch 32)": lambda: model.encoder.predict(traces, verbose=0),
        "Keras predict, tuned (batch 1000)": lambda: model.encoder.predict(
            traces, batch_size=1000, verbose=0
        ),
    }
    away = np.abs(ours(traces[:500]) - model.encoder.predict(traces[:500], verbose=0)).max()
    print(f"\nencoding {n:,} traces of 9,728 samples, largest difference {away:.1e}")
    print(f"{'':36}{'traces/s':>10}{'per CPU-s':>11}{'ratio':>8}{'CPU ratio':>11}")
    base = None
    for name, work in rows.items():
        wall, cpu = measure(work, repeats)
        base = base or (wall, cpu)
        ratio = f"{wall / base[0]:8.1f}{cpu / base[1]:11.1f}"
        print(f"{name:36}{n / wall:10,.0f}{n / cpu:11,.0f}{ratio}")


def epochs(train: np.ndarray, held: np.ndarray, repeats: int) -> None:
    """Print the time of one epoch (batch 100, validation included) of each implementation."""
    weights = fresh_weights([w.shape for w in waveform_cae().weights], 7)

    def stock(rewritten: bool, jit: bool | str):
        model = waveform_cae(rewritten=rewritten)
        model.set_weights(weights)
        model.compile(keras.optimizers.Adam(1e-3), sum_of_squares, jit_compile=jit)
        return lambda: model.fit(
            train, train, validation_data=(held, held), batch_size=100, verbose=0
        )

    architecture = waveform_cae().architecture

    def engine(made):
        state = {"epochs": 0}

        def one() -> None:
            # Each call goes on by an epoch from fresh weights: the work is the same.
            job = Job(architecture, train, held, [Start(0, 0, state["epochs"], weights)], 1)
            made.run(job, lambda _record: None, lambda: False)
            state["epochs"] += 1

        return one

    backend = keras.backend.backend()
    rows = {
        f"stock Keras fit, {backend}": stock(False, False),
        f"stock Keras fit, {backend}, XLA": stock(False, True),
        f"rewritten layer, Keras fit, {backend}": stock(True, False),
        "AstroData Lab, engine jax": engine(JaxEngine()),
    }
    print(f"\none epoch: {len(train):,} traces, batch 100, {len(held):,} to validate")
    print(f"{'':36}{'wall s':>10}{'CPU s':>11}{'ratio':>8}{'CPU ratio':>11}")
    base = None
    for name, work in rows.items():
        wall, cpu = measure(work, repeats)
        base = base or (wall, cpu)
        print(f"{name:36}{wall:10.2f}{cpu:11.2f}{base[0] / wall:8.2f}{base[1] / cpu:11.2f}")


def recipe(train: np.ndarray, held: np.ndarray, share: int) -> None:
    """Print a share of the slides' recipe, sequential naive Keras beside the engine, and the whole scaled."""
    scheme = PRESETS["slides"]
    starts, length = 2, scheme.rounds[0].epochs // share
    weights = waveform_cae(rewritten=False).weights
    made = [Start(0, i, i, fresh_weights([w.shape for w in weights], i)) for i in range(starts)]
    print(
        f"\nthe slides' recipe: {scheme.model_epochs:,} model-epochs; {starts} starts x {length} epochs "
        "measured, the rest scaled"
    )
    print(f"{'':36}{'wall s':>10}{'CPU s':>11}{'whole, h':>10}{'ratio':>8}  last val_loss")
    base = None
    for name in ("naive sequential Keras", "AstroData Lab, engine jax"):
        wall, cpu = time.perf_counter(), time.process_time()
        if base is None:
            last = [naive(start, train, held, length) for start in made]
        else:
            job = Job(waveform_cae().architecture, train, held, made, length)
            ended = JaxEngine().run(job, lambda _record: None, lambda: False)
            last = [one.history[-1]["val_loss"] for one in ended]
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        base = base or wall
        whole = wall / (starts * length) * scheme.model_epochs / 3600
        losses = ", ".join(f"{loss:.3f}" for loss in last)
        print(f"{name:36}{wall:10.1f}{cpu:11.1f}{whole:10.2f}{base / wall:8.2f}  {losses}")


def naive(start: Start, train: np.ndarray, held: np.ndarray, length: int) -> float:
    """Train one start as a notebook would: a new stock model, `fit`, nothing shared."""
    model = waveform_cae(rewritten=False)
    model.set_weights(start.weights)
    model.compile(keras.optimizers.Adam(1e-3), sum_of_squares)
    done = model.fit(
        train, train, validation_data=(held, held), batch_size=100, epochs=length, verbose=0
    )
    return done.history["val_loss"][-1]


def whole_on_gpu(train: np.ndarray, held: np.ndarray) -> None:
    """Print all 1,800 epochs on a GPU beside three naive starts of 20 epochs, scaled."""
    import jax
    from astrodata_kernel.training import multistart

    if jax.default_backend() == "cpu":
        print("\nno GPU: the whole recipe on one was not run")
        return
    wall = time.perf_counter()
    for seed in range(3):
        weights = fresh_weights([w.shape for w in waveform_cae().weights], seed)
        naive(Start(0, seed, seed, weights), train, held, 20)
    slow = (time.perf_counter() - wall) / 60 * PRESETS["slides"].model_epochs
    wall = time.perf_counter()
    done = multistart("slides", train, "jax", validation=held, track=False)
    fast = time.perf_counter() - wall
    print(f"\nall {len(done.history):,} epochs: {fast:.0f} s, val_loss {done.val_loss:.4f}")
    print(f"naive Keras, scaled from 3 starts: {slow:.0f} s, ratio {slow / fast:.1f}")


def main() -> None:
    """Run all parts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--share", type=int, default=10, help="of the recipe's epochs a start")
    parser.add_argument("--gpu", action="store_true")
    options = parser.parse_args()
    traces, _ = synthesize(10_000, seed=1)
    encoding(traces, options.repeats)
    epochs(traces[:6000], traces[6000:7500], options.repeats)
    recipe(traces[:6000], traces[6000:7500], options.share)
    if options.gpu:
        whole_on_gpu(traces[:6000], traces[6000:7500])


if __name__ == "__main__":
    main()
