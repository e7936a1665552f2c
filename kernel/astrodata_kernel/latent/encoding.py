"""From traces to latents, through any encoder, in chunks that can be taken up again."""

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

from ..errors import BadRequest, OutOfMemory
from ..models.backend import on_gpu, out_of_memory
from ..writing import write_whole

Latents = npt.NDArray[np.float32]
CHUNK = 2048
"""Traces that are read and encoded at once."""


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
    """Give the latents of traces.

    Parameters
    ----------
    traces
        Shape (n, samples): an array, a lazy array, or a data set of kind "waveforms", read in chunks.
    encoder
        A model of `adk.models`, its ``.encoder``, any Keras model, or a function from traces to latents.
    path
        Parquet file to keep them in, with the columns ``id``, ``z0``, ``z1``, ... Chunks that are done lie in
        a folder beside it until all are; a call that was ended goes on from them.
    ids
        Of the traces, for the file; their numbers by default.
    batch_size
        Of Keras' ``predict``; halved when the device's memory is too small.
    compiled
        True wants the compiled encoder for CPUs, False Keras; by default the compiled one where the encoder
        is of its kind and there is no GPU.
    client
        A `distributed.Client`, on whose workers the chunks are encoded; the traces must be readable there.
    progress
        Told the share done, 0 to 1.
    cancelled
        Called between chunks; it raises to give the work up. What is done stays beside `path`.

    Returns
    -------
    ndarray
        float32, shape (n, z). A trace with NaN has latents of NaN.

    Raises
    ------
    BadRequest
        Traces of another length than the encoder takes, or ids of another number.
    OutOfMemory
        The device's memory does not hold one trace.
    """
    source = getattr(traces, "array", traces)
    if len(source.shape) != 2:
        raise BadRequest(f"an array of shape {tuple(source.shape)}: give (traces, samples)")
    encoder = getattr(encoder, "encoder", encoder)
    _fits(source, encoder)
    names = None if ids is None else np.asarray(ids)
    if names is not None and names.shape != (source.shape[0],):
        raise BadRequest(f"{names.size} ids for {source.shape[0]} traces: give one for each")
    work = _worker(encoder, compiled, batch_size)
    starts = range(0, source.shape[0], CHUNK)
    parts = _Parts(None if path is None else Path(path), source, encoder)
    done: dict[int, Latents] = {
        start: z for start in starts if (z := parts.known(start)) is not None
    }
    todo = [start for start in starts if start not in done]
    told = progress or (lambda _share: None)
    told(len(done) / max(1, len(starts)))
    results = _on_cluster(client, source, encoder, batch_size, todo) if client else None
    for start in todo:
        if cancelled is not None:
            cancelled()
        if results is not None:
            z = np.asarray(results[start].result(), np.float32)
        else:
            z = _chunk(work, source, start)
        done[start] = z
        parts.keep(start, z)
        told(len(done) / len(starts))
    latents = (
        np.concatenate([done[start] for start in starts]) if done else np.empty((0, 0), np.float32)
    )
    parts.finish(latents, names)
    return latents


def _chunk(work: Callable[[Any], Any], source: Any, start: int) -> Latents:
    rows = np.ascontiguousarray(np.asarray(source[start : start + CHUNK]), dtype=np.float32)
    with np.errstate(invalid="ignore", over="ignore"):
        bad = ~np.isfinite(rows.sum(axis=1, dtype=np.float64))
    if bad.any():
        rows = rows.copy()
        rows[bad] = 0
    z = np.array(work(rows), dtype=np.float32)
    if z.ndim != 2 or len(z) != len(rows):
        raise BadRequest(f"the encoder gave an array of shape {z.shape} for {len(rows)} traces")
    z[bad] = np.nan
    return z


def _fits(source: Any, encoder: Any) -> None:
    wanted = getattr(encoder, "input_shape", (None, None))[1]
    if wanted is not None and source.shape[1] != wanted:
        how = "trim" if source.shape[1] > wanted else "pad"
        raise BadRequest(
            f"the traces have {source.shape[1]:,} samples, the encoder takes {wanted:,}: {how} them with "
            f'adk.processing.waveforms.fit_length(traces, {wanted}, how="{how}")'
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
    client: Any, source: Any, encoder: Any, batch_size: int, starts: list[int]
) -> dict[int, Any]:
    from .compiled_encoder import CompiledEncoder

    made = CompiledEncoder.of(encoder) if hasattr(encoder, "layers") else encoder
    if made is None:
        made = encoder
    shared = client.scatter([made], broadcast=True)[0]
    return {
        start: client.submit(_remote, shared, np.asarray(source[start : start + CHUNK]), batch_size)
        for start in starts
    }


def _remote(encoder: Any, rows: Any, batch_size: int) -> Any:
    work = _Predictor(encoder, batch_size) if hasattr(encoder, "predict") else encoder
    return _chunk(work, rows, 0)


class _Parts:
    """Chunks that are done, in a folder beside the file that they will become."""

    def __init__(self, path: Path | None, source: Any, encoder: Any) -> None:
        self._path = path
        self._folder = None if path is None else path.with_name(path.name + ".parts")
        self._facts: dict[str, Any] = {}
        if self._folder is None:
            return
        self._facts = {
            "data": _digest_of(source),
            "encoder": _digest_of_encoder(encoder),
            "chunk": CHUNK,
        }
        self._folder.mkdir(parents=True, exist_ok=True)
        about = self._folder / "about.json"
        text = json.dumps(self._facts, sort_keys=True)
        if not about.exists() or about.read_text(encoding="utf-8") != text:
            # Parts of other traces or of another encoder are of no use here.
            for old in self._folder.glob("*.npy"):
                old.unlink()
            write_whole(about, text.encode())

    def known(self, start: int) -> Latents | None:
        if self._folder is None:
            return None
        try:
            return np.load(self._folder / f"{start}.npy", allow_pickle=False)
        except (OSError, ValueError, EOFError):
            return None

    def keep(self, start: int, z: Latents) -> None:
        if self._folder is not None:
            write_whole(self._folder / f"{start}.npy", lambda file: np.save(file, z))

    def finish(self, latents: Latents, ids: Any) -> None:
        if self._path is None or self._folder is None:
            return
        import pyarrow as pa
        import pyarrow.parquet as pq

        columns = {"id": np.arange(len(latents)) if ids is None else ids}
        columns |= {f"z{i}": latents[:, i] for i in range(latents.shape[1])}
        table = pa.table(columns).replace_schema_metadata({"astrodata": json.dumps(self._facts)})
        write_whole(self._path, lambda file: pq.write_table(table, file))
        shutil.rmtree(self._folder, ignore_errors=True)


def _digest_of(source: Any) -> str:
    # Shape and some rows: reading everything only to name it would cost as much as encoding it.
    found = hashlib.sha256(f"{tuple(source.shape)}{source.dtype}".encode())
    count = source.shape[0]
    for i in sorted({i * (count - 1) // 15 for i in range(16)} if count else set()):
        found.update(np.ascontiguousarray(source[i]).tobytes())
    return found.hexdigest()


def _digest_of_encoder(encoder: Any) -> str:
    found = hashlib.sha256(type(encoder).__name__.encode())
    for weight in encoder.get_weights() if hasattr(encoder, "get_weights") else []:
        found.update(np.ascontiguousarray(weight).tobytes())
    return found.hexdigest()
