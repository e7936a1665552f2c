"""The DAIDREAM path: train an autoencoder and keep it, encode traces, cut the garage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import BadRequest
from .encoders import encoder_of
from .places import folder_of, place_of
from .sources import RAW, TRIM, Source, opened, stem_of

if TYPE_CHECKING:
    from ..latent import Garage, Latents
    from ..training import Training


def train_daidream(
    source: Source,
    *,
    preset: str = "quick",
    engine: str = "keras",
    name: str | None = None,
    hdu: int | str | None = None,
) -> Training:
    """Train an autoencoder on traces, keep its model in the workspace, and give the training.

    Parameters
    ----------
    source
        Path or catalogue entry of waveforms, shape (traces, samples).
    preset
        Scheme of training, as `astrodata_kernel.training.multistart` takes it.
    engine
        ``"keras"``, ``"dask"`` or ``"jax"``.
    name
        Of the model in the workspace; by default the data set's with the preset's behind it.
    hdu
        Number or name of the part to take.

    Raises
    ------
    AstrodataError
        The data set is none of waveforms, or the training cannot be done or came to nothing.
    """
    from ..models import save
    from ..training import multistart
    from ..training.live import Live
    from ..training.presets import preset_of

    scheme = preset_of(preset)
    traces = _traces(source, hdu)
    path = place_of("models", name or f"{stem_of(source)}-{scheme.name}", ".keras")
    done = multistart(
        scheme,
        traces,
        engine,
        progress=Live(scheme.model_epochs),
        folder=folder_of("checkpoints") / path.stem,
        n_samples=traces.shape[1],
    )
    save(done.model, path)
    done.facts["model"] = str(path)
    print(f"the model is kept as {path.stem} ({path})")  # noqa: T201 - who waits sees what came of it
    for note in done.notes:
        print(note)  # noqa: T201
    return done


def encode(source: Source, model: str, *, hdu: int | str | None = None) -> Latents:
    """Encode traces, keep the latents in the workspace as Parquet, and give them.

    Parameters
    ----------
    source
        Path or catalogue entry of waveforms, shape (traces, samples).
    model
        Name of a model that is kept, path of a ``.keras`` file, or id or name of a run.
    hdu
        Number or name of the part to take.

    Raises
    ------
    AstrodataError
        There is no such model, or the traces do not fit it.
    """
    from ..latent import encode as encode_traces

    network, name = encoder_of(model)
    path = place_of("latents", f"{stem_of(source)}-{name}", ".parquet")
    latents = encode_traces(_traces(source, hdu, network.n_samples), network, path=path)
    print(f"{len(latents):,} latents, kept in {path}")  # noqa: T201
    return latents


def garage(
    source: Source, model: str, *, rate: float = 0.01, hdu: int | str | None = None
) -> Garage:
    """Cut the garage of noise-only traces, fitted on one half and calibrated on the other; it is kept.

    Parameters
    ----------
    source
        Path or catalogue entry of noise-only waveforms, shape (traces, samples).
    model
        As of `encode`.
    rate
        Share of noise-only traces that may lie outside, 0 to 1.
    hdu
        Number or name of the part to take.

    Raises
    ------
    AstrodataError
        There is no such model, the traces do not fit it, or are too few for the rate.
    """
    from ..latent import Garage
    from ..latent import encode as encode_traces

    network, name = encoder_of(model)
    z = encode_traces(_traces(source, hdu, network.n_samples), network)
    half = len(z) // 2
    made = Garage.fit(z[:half]).calibrate(z[half:], rate)
    path = made.save(place_of("garages", f"{stem_of(source)}-{name}", ".json"))
    print(f"false positives on held-out noise: {made.rate_outside(z[half:])}; kept in {path}")  # noqa: T201
    return made


def _traces(source: Source, hdu: int | str | None, n_samples: int | None = None) -> Any:
    import numpy as np

    dataset = opened(source, hdu)
    if dataset.kind == "image":
        dataset = opened(source, hdu, kind="waveforms")
    if dataset.kind != "waveforms":
        raise BadRequest(
            f"{dataset.name} is of kind {dataset.kind}; give waveforms, an array (traces, samples)"
        )
    traces = np.asarray(dataset.array)
    if traces.shape[1] == RAW and n_samples in (None, RAW - sum(TRIM)):
        print(f"trimmed to {RAW - sum(TRIM):,} samples, as published")  # noqa: T201
        traces = traces[:, TRIM[0] : -TRIM[1]]
    return traces
