"""What is meant by a data set's path or entry: itself, its events, and the latents kept of them."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import AstrodataError, BadRequest, closest
from .places import place_of

if TYPE_CHECKING:
    from ..latent import Latents
    from ..processing.events import Events

Source = str | os.PathLike[str]
"""A path, an address, or an entry of the catalogue, which is a path too."""

RAW, TRIM = 10_000, (125, 147)
"""Published traces have 10,000 samples, of which 9,728 are used."""


def opened(source: Source, hdu: int | str | None = None, kind: str | None = None) -> Any:
    """Give the data set of a path or entry."""
    from ..readers.registry import open_dataset

    return open_dataset(source, kind, hdu=hdu)


def stem_of(source: Source) -> str:
    """Give the name that what is made of a data set is kept under."""
    from ..catalog import Entry

    return Path(source.name if isinstance(source, Entry) else source).stem


def events_behind(source: Source, hdu: int | str | None = None) -> Events:
    """Give the events of a path or entry.

    Raises
    ------
    BadRequest
        A picture of one scene: it has no events by itself.
    """
    from ..processing.events import events_of

    dataset = opened(source, hdu)
    if dataset.kind == "table":
        return events_of(dataset.table.read().to_pandas())
    if dataset.kind == "image" and dataset.provenance and dataset.provenance.reader != "FITS":
        dataset = opened(source, hdu, kind="waveforms")
    if dataset.kind not in ("waveforms", "cube"):
        raise BadRequest(
            f"{dataset.name} is of kind {dataset.kind}; events are traces, a stack of pictures or rows. "
            "Pieces of an image: adk.Labeller(adk.processing.raster.cutouts(image, xy, size), ...)"
        )
    return events_of(dataset)


def name_in_catalogue(source: Source) -> str:
    """Give the name of a data set in the catalogue; one that is not there yet is added.

    A session knows its data set by name, and the sidebar opens it from there.
    """
    from ..catalog import Catalog, Entry

    if isinstance(source, Entry):
        return source.name
    # Another machine's file, or a folder that nobody may write: labels go on without.
    with contextlib.suppress(AstrodataError, OSError):
        return Catalog().add(source).name
    return stem_of(source)


def encoded(source: Source, events: Events, model: Any, name: str) -> Latents:
    """Give the latents of events, those that are kept if the same encoder made them of the same data."""
    from ..latent import encode
    from ..latent.encoding import digest_of_encoder

    path = place_of("latents", f"{stem_of(source)}-{name}", ".parquet")
    encoder = digest_of_encoder(getattr(model, "encoder", model))
    for kept in _kept_latents(events):
        if kept.facts.get("encoder") == encoder:
            return kept
    latents = encode(events, model, path=path)
    print(f"{len(latents):,} latents, kept in {path}")  # noqa: T201 - who waits sees what came of it
    return latents


def fitted(events: Events, model: Any) -> Events:
    """Give events as an encoder takes them: published traces are trimmed as in the publication."""
    wanted = getattr(model, "n_samples", None)
    if events.kind != "waveforms" or events.shape[1] != RAW or wanted != RAW - sum(TRIM):
        return events
    import numpy as np

    from ..processing.events import Events

    print(f"trimmed to {RAW - sum(TRIM):,} samples, as published")  # noqa: T201
    traces = np.asarray(events.source)[:, TRIM[0] : -TRIM[1]]
    return Events(
        "waveforms",
        traces,
        events.ids,
        digest=events.digest,
        sample_period=events.sample_period,
    )


def latents_behind(events: Events) -> Latents:
    """Give the latents that are kept of events, the last made; of rows their numbers.

    Raises
    ------
    BadRequest
        There are none; says which encoders there are.
    """
    from ..latent import Latents
    from .encoders import models

    kept = next(_kept_latents(events), None)
    if kept is not None:
        return kept
    if events.kind == "rows":
        numbers = events.source.select_dtypes(include=["number"])
        if numbers.shape[1]:
            z = numbers.to_numpy("f8")
            # Columns of other units must not drown the rest.
            spread = numbers.std().fillna(0).to_numpy("f8")
            z = (z - numbers.mean().to_numpy("f8")) / [s if s > 0 else 1.0 for s in spread]
            return Latents(z, events.ids, names=[str(name) for name in numbers.columns])
    known = ", ".join(models()) or "none yet, train one first"
    raise BadRequest(f"which encoder? encoder=MODEL, or --encoder MODEL; there are: {known}")


def _kept_latents(events: Events) -> Iterator[Latents]:
    from ..catalog import Catalog
    from ..latent import Latents

    files = (Catalog().folder / "latents").glob("*.parquet")
    for path in sorted(files, key=_time_of, reverse=True):
        # One that is damaged, or was written by something else, is no reason not to go on.
        with contextlib.suppress(AstrodataError, OSError):
            kept = Latents.load(path)
            if kept.facts.get("data") == events.digest and len(kept) == len(events):
                yield kept


def _time_of(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def none_of(what: str, word: str, known: list[str], otherwise: str) -> str:
    """Give the sentence that there is no such thing, with what is close to it."""
    return f"there is no {what} {word!r}{closest(word, known)}; {otherwise}"
