"""From events to latents, through any encoder, in chunks that can be taken up again."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..datasets.lazy import LazyArray
from ..errors import BadRequest, OutOfMemory
from ..models.backend import on_gpu, out_of_memory
from ..processing.events import Events, events_of
from ..writing import write_whole
from .latents import Latents

Array = npt.NDArray[np.float32]
CHUNK = 2048
"""Events that are read and encoded at once; fewer where they are large."""
_CHUNK_BYTES = 256 << 20


def encode(
    traces: Any,
    encoder: Any,
    *,
    path: str | os.PathLike[str] | None = None,
    ids: npt.ArrayLike | None = None,
    batch_size: int = 1000,
    compiled: bool | None = None,
    client: Any = None,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], None] | None = None,
) -> Latents:
    """Give the latents of traces, images or rows of a table.

    Parameters
    ----------
    traces
        Shape (n, samples), (n, height, width) or (n, height, width, bands): an array, a lazy array, a data
        set, a DataFrame of numbers, or events of `adk.processing.events`, read in chunks.
    encoder
        A model of `adk.models`, its ``.encoder``, any Keras model, or a function from events to latents.
    path
        Parquet file (or Zarr folder) to keep them in, for `Latents.load`. Chunks that are done lie in a
        folder beside it until all are; a call that was ended goes on from them.
    ids
        Of the events; by default those that they have, or their numbers.
    batch_size
        Of Keras' ``predict``; halved when the device's memory is too small.
    compiled
        True wants the compiled encoder for CPUs, False Keras; by default the compiled one where the encoder
        is of its kind and there is no GPU.
    client
        A `distributed.Client`, on whose workers the chunks are encoded.
    progress
        Told the share done, 0 to 1.
    cancelled
        Called between chunks; it raises to give the work up. What is done stays beside `path`.

    Returns
    -------
    Latents
        float32, shape (n, z), with the hashes of the data and of the encoder as facts. An event with NaN has
        latents of NaN.

    Raises
    ------
    BadRequest
        Events of another shape than the encoder takes, or ids of another number.
    OutOfMemory
        The device's memory does not hold one event.

    Examples
    --------
    >>> from astrodata_kernel.testing.synthetic import pulses
    >>> encode(pulses(5), lambda traces: traces[:, :2])
    <5 latents of 2 dimensions>
    """
    # One refusal for all of them, before anything is read.
    if not hasattr(traces, "kind") and len(np.shape(traces)) < 2:
        raise BadRequest(f"an array of shape {np.shape(traces)}: give (traces, samples)")
    events = events_of(traces, ids)
    encoder = getattr(encoder, "encoder", encoder)
    _fits(events, encoder)
    work = _worker(encoder, compiled, batch_size)
    chunk = _chunk_rows(events)
    starts = range(0, len(events), chunk)
    facts = {"data": events.digest, "encoder": digest_of_encoder(encoder)}
    parts = _Parts(None if path is None else Path(path), {**facts, "chunk": chunk})
    done: dict[int, Array] = {start: z for start in starts if (z := parts.known(start)) is not None}
    todo = [start for start in starts if start not in done]
    told = progress or (lambda _share: None)
    told(len(done) / max(1, len(starts)))
    results = _on_cluster(client, events, encoder, batch_size, todo, chunk) if client else None
    for start in todo:
        if cancelled is not None:
            cancelled()
        if results is not None:
            z = np.asarray(results[start].result(), np.float32)
        else:
            z = _encoded(work, _rows(events, start, chunk))
        done[start] = z
        parts.keep(start, z)
        told(len(done) / len(starts))
    z = np.concatenate([done[start] for start in starts]) if done else np.empty((0, 0), np.float32)
    latents = Latents(z, events.ids, facts=facts)
    parts.finish(latents)
    return latents


def _chunk_rows(events: Events) -> int:
    row = 4 * int(np.prod(events.shape[1:], dtype=np.int64))
    return int(np.clip(_CHUNK_BYTES // max(1, row), 1, CHUNK))


def _rows(events: Events, start: int, count: int) -> Array:
    source = events.source
    stop = min(start + count, len(events))
    if events.kind == "rows":
        part = source.iloc[start:stop].to_numpy()
    elif isinstance(source, np.ndarray | LazyArray):
        part = np.asarray(source[start:stop])
    else:
        part = np.stack([events.array(row) for row in range(start, stop)])
    try:
        return np.ascontiguousarray(part, dtype=np.float32)
    except (TypeError, ValueError):
        raise BadRequest(
            "these events hold more than numbers: give the columns that the encoder was trained with"
        ) from None


def _encoded(work: Callable[[Any], Any], rows: Array) -> Array:
    flat = rows.reshape(len(rows), -1)
    with np.errstate(invalid="ignore", over="ignore"):
        bad = ~np.isfinite(flat.sum(axis=1, dtype=np.float64))
    if bad.any():
        rows = rows.copy()
        rows[bad] = 0
    z = np.array(work(rows), dtype=np.float32)
    if z.ndim != 2 or len(z) != len(rows):
        raise BadRequest(f"the encoder gave an array of shape {z.shape} for {len(rows)} events")
    z[bad] = np.nan
    return z


def _fits(events: Events, encoder: Any) -> None:
    shape = getattr(encoder, "input_shape", None)
    if not isinstance(shape, tuple) or not all(n is None or isinstance(n, int) for n in shape):
        return
    wanted, given = shape[1:], events.shape[1:]
    # One channel may stand for none.
    if wanted[-1:] == (1,) and len(wanted) == len(given) + 1:
        wanted = wanted[:-1]
    same = len(wanted) == len(given)
    if same and all(n is None or n == m for n, m in zip(wanted, given, strict=True)):
        return
    if same and events.kind == "waveforms":
        how = "trim" if given[0] > wanted[0] else "pad"
        raise BadRequest(
            f"the traces have {given[0]:,} samples, the encoder takes {wanted[0]:,}: {how} them with "
            f'adk.processing.waveforms.fit_length(traces, {wanted[0]}, how="{how}")'
        )
    raise BadRequest(
        f"these are {events.kind} of shape {given}, the encoder takes events of shape {wanted}: it is for "
        "another kind of data; give the events that it was trained for, or another encoder"
    )


def _worker(encoder: Any, compiled: bool | None, batch_size: int) -> Callable[[Any], Any]:
    if not hasattr(encoder, "predict"):
        if not callable(encoder):
            raise BadRequest(
                f"a {type(encoder).__name__} is no encoder: give a Keras model or a function"
            )
        work: Callable[[Any], Any] = encoder
        return work
    if compiled is not False:
        from .compiled_encoder import CompiledEncoder

        made = CompiledEncoder.of(encoder) if compiled or not on_gpu() else None
        if made is not None:
            return made
        if compiled:
            raise BadRequest(
                "this encoder has other layers than the compiled one takes (convolutions of stride 2 with "
                "averages, then a dense layer): pass compiled=False"
            )
    return _Predictor(encoder, batch_size)


class _Predictor:
    """Keras' predict, in batches that the device's memory holds."""

    def __init__(self, model: Any, batch_size: int) -> None:
        self._model, self._batch = model, batch_size

    def __call__(self, rows: Any) -> Any:
        while True:
            try:
                return self._model.predict(rows, batch_size=self._batch, verbose=0)
            except Exception as error:
                if not out_of_memory(error):
                    raise
                if self._batch == 1:
                    raise OutOfMemory(
                        "the device's memory does not hold the encoder for one trace: free it (restart "
                        "other kernels) or pass compiled=True to encode on the CPU"
                    ) from error
                self._batch //= 2


def _on_cluster(
    client: Any, events: Events, encoder: Any, batch_size: int, starts: list[int], chunk: int
) -> dict[int, Any]:
    from .compiled_encoder import CompiledEncoder

    made = CompiledEncoder.of(encoder) if hasattr(encoder, "layers") else encoder
    if made is None:
        made = encoder
    shared = client.scatter([made], broadcast=True)[0]
    return {
        start: client.submit(_remote, shared, _rows(events, start, chunk), batch_size)
        for start in starts
    }


def _remote(encoder: Any, rows: Any, batch_size: int) -> Any:
    work = _Predictor(encoder, batch_size) if hasattr(encoder, "predict") else encoder
    return _encoded(work, rows)


class _Parts:
    """Chunks that are done, in a folder beside the file that they will become."""

    def __init__(self, path: Path | None, facts: dict[str, Any]) -> None:
        self._path = path
        self._folder = None if path is None else path.with_name(path.name + ".parts")
        if path is None or self._folder is None:
            return
        from .latents_files import checked_format

        checked_format(path)  # before hours of work, not after
        self._folder.mkdir(parents=True, exist_ok=True)
        about = self._folder / "about.json"
        text = json.dumps(facts, sort_keys=True)
        if not about.exists() or about.read_text(encoding="utf-8") != text:
            # Parts of other events or of another encoder are of no use here.
            for old in self._folder.glob("*.npy"):
                old.unlink()
            write_whole(about, text.encode())

    def known(self, start: int) -> Array | None:
        if self._folder is None:
            return None
        try:
            return np.load(self._folder / f"{start}.npy", allow_pickle=False)
        except (OSError, ValueError, EOFError):
            return None

    def keep(self, start: int, z: Array) -> None:
        if self._folder is not None:
            write_whole(self._folder / f"{start}.npy", lambda file: np.save(file, z))

    def finish(self, latents: Latents) -> None:
        if self._path is None or self._folder is None:
            return
        latents.save(self._path)
        shutil.rmtree(self._folder, ignore_errors=True)


def digest_of_encoder(encoder: Any) -> str:
    """Give a SHA-256 of the kind and the weights of an encoder."""
    found = hashlib.sha256(type(encoder).__name__.encode())
    for weight in encoder.get_weights() if hasattr(encoder, "get_weights") else []:
        found.update(np.ascontiguousarray(weight).tobytes())
    # Of a function there is its code; what it closes over is not looked at.
    code = getattr(encoder, "__code__", None)
    if code is not None:
        found.update(code.co_code + repr(code.co_names).encode())
        found.update(repr([c for c in code.co_consts if not hasattr(c, "co_code")]).encode())
    return found.hexdigest()
