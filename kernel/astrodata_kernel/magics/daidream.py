"""Magics of the DAIDREAM path: train an autoencoder, encode traces, cut the garage."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..errors import BadRequest
from .browsing import opened
from .encoders import encoder_of, models
from .places import folder_of, place_of
from .words import last, split_words

RAW, TRIM = 10_000, (125, 147)
"""Published traces have 10,000 samples, of which 9,728 are used."""


def train(words: Sequence[str]) -> Any:
    """Train, keep the model in the workspace, and give the training."""
    if not words or words[0] != "daidream":
        raise BadRequest("%astro train: say what to train: %astro train daidream PATH|NAME")
    word, options = split_words(
        "train daidream", words[1:], ["--preset", "--engine", "--as", "--hdu"], "path or name"
    )
    from ..models import save
    from ..training import multistart
    from ..training.live import Live
    from ..training.presets import preset_of

    preset = preset_of(last(options["--preset"]) or "quick")
    traces = _traces(word, last(options["--hdu"]))
    name = last(options["--as"]) or f"{_stem(word)}-{preset.name}"
    path = place_of("models", name, ".keras")
    done = multistart(
        preset,
        traces,
        last(options["--engine"]) or "keras",
        progress=Live(preset.model_epochs),
        folder=folder_of("checkpoints") / path.stem,
        n_samples=traces.shape[1],
    )
    save(done.model, path)
    done.facts["model"] = str(path)
    print(f"kept as {path.stem} ({path}); next: %astro garage NOISE --model {path.stem}")  # noqa: T201
    for note in done.notes:
        print(note)  # noqa: T201
    return done


def encode_data(words: Sequence[str]) -> Any:
    """Encode traces, keep the latents as Parquet, and give them as a table."""
    word, options = split_words("encode", words, ["--model", "--hdu"], "path or name")
    import pandas as pd

    from ..latent import encode

    model, name = _model(last(options["--model"]))
    path = place_of("latents", f"{_stem(word)}-{name}", ".parquet")
    z = encode(_traces(word, last(options["--hdu"]), model.n_samples), model, path=path)
    print(f"{len(z):,} latents, kept in {path}")  # noqa: T201
    return pd.DataFrame(z, columns=[f"z{i}" for i in range(z.shape[1])]).rename_axis("id")


def garage_of(words: Sequence[str]) -> Any:
    """Cut the garage of noise-only traces: fitted on one half, calibrated on the other."""
    word, options = split_words("garage", words, ["--model", "--rate", "--hdu"], "path or name")
    from ..latent import Garage, encode

    model, name = _model(last(options["--model"]))
    wanted = last(options["--rate"]) or "0.01"
    try:
        rate = float(wanted)
    except ValueError:
        raise BadRequest(
            f"%astro garage: --rate {wanted} is no number; give one such as 0.01"
        ) from None
    z = encode(_traces(word, last(options["--hdu"]), model.n_samples), model)
    half = len(z) // 2
    garage = Garage.fit(z[:half]).calibrate(z[half:], rate)
    path = garage.save(place_of("garages", f"{_stem(word)}-{name}", ".json"))
    print(f"false positives on held-out noise: {garage.rate_outside(z[half:])}; kept in {path}")  # noqa: T201
    return garage


def _traces(word: str, hdu: str | None, n_samples: int | None = None) -> Any:
    import numpy as np

    dataset = opened(word, hdu)
    if dataset.kind == "image":
        dataset = opened(word, hdu, kind="waveforms")
    if dataset.kind != "waveforms":
        raise BadRequest(
            f"{dataset.name} is of kind {dataset.kind}; give waveforms, an array (traces, samples)"
        )
    traces = np.asarray(dataset.array)
    if traces.shape[1] == RAW and n_samples in (None, RAW - sum(TRIM)):
        print(f"trimmed to {RAW - sum(TRIM):,} samples, as published")  # noqa: T201
        traces = traces[:, TRIM[0] : -TRIM[1]]
    return traces


def _stem(word: str) -> str:
    return Path(word).stem


def _model(word: str | None) -> tuple[Any, str]:
    if word is None:
        raise BadRequest(
            f"which model? --model NAME; there are: {', '.join(models()) or 'none yet'}"
        )
    return encoder_of(word)
