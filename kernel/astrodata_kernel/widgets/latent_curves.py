"""The curves behind a point: its trace, what its latents decode to, and the difference."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import AstrodataError, BadRequest
from ..wire import encode
from .pictures import travelling

Values = npt.NDArray[np.float32]


class Curves:
    """Traces and a decoder.

    Parameters
    ----------
    count, width
        Numbers of points and of latents.
    traces
        Shape (points, samples): an array, a lazy array or a data set; or None.
    decoder
        What gives (m, samples) of float32 (m, latents); a model with ``.decoder`` gives that; or None.

    Raises
    ------
    BadRequest
        Traces of another number or shape, or a decoder that cannot be called.
    """

    def __init__(self, count: int, width: int, traces: Any, decoder: Any) -> None:
        self._traces = _checked_traces(traces, count)
        decoder = getattr(decoder, "decoder", None) or decoder
        if decoder is not None and not callable(decoder):
            raise BadRequest(f"a {type(decoder).__name__} is no decoder: give what can be called")
        self._decoder, self._width, self._count = decoder, width, count
        self._turn = threading.Lock()

    @property
    def has_traces(self) -> bool:
        """Whether there is a trace behind each point."""
        return self._traces is not None

    @property
    def has_decoder(self) -> bool:
        """Whether latents can be decoded."""
        return self._decoder is not None

    def trace(self, point: int) -> Values:
        """Give the trace behind a point."""
        if self._traces is None:
            raise BadRequest("there are no traces: give traces=")
        if not 0 <= point < self._count:
            raise BadRequest(f"point {point}: there are points 0 to {self._count - 1}")
        return np.asarray(self._traces[point], dtype=np.float32)

    def decode(self, z: npt.ArrayLike) -> Values:
        """Give what latents decode to.

        Raises
        ------
        BadRequest
            No decoder, latents that are not finite numbers, or a decoder that failed.
        """
        if self._decoder is None:
            raise BadRequest("there is no decoder: give decoder=")
        latents = np.asarray(z, dtype=np.float32).reshape(1, -1)
        if latents.shape[1] != self._width or not np.isfinite(latents).all():
            raise BadRequest(f"z = {latents[0].tolist()}: give {self._width} finite numbers")
        try:
            # One at a time: not every decoder can be called from two threads at once.
            with self._turn:
                made = _array(self._decoder(latents))
        except AstrodataError:
            raise
        except Exception as error:
            raise BadRequest(
                f"the decoder failed on latents of shape {latents.shape}: "
                f"{type(error).__name__}: {error}"
            ) from error
        if made.ndim < 2 or made.shape[0] != 1 or made.size < 2:
            raise BadRequest(
                f"the decoder gave shape {made.shape} for latents of shape {latents.shape}: "
                "it has to give (1, samples)"
            )
        return made.reshape(-1).astype(np.float32)

    def reply(
        self, point: int, z: npt.NDArray[np.float64] | None
    ) -> tuple[list[dict[str, Any]], list[memoryview], list[str], dict[str, float]]:
        """Give the curves of a point, or of latents, as they travel.

        Returns
        -------
        curves, buffers, notes, measures
            Of each curve ``name``, ``shape`` (1, 1, samples) or (1, 2, columns) and ``dtype``; its bytes;
            what a person should know; sum of squares and rms of the difference.
        """
        named: dict[str, Values] = {}
        notes: list[str] = []
        measures: dict[str, float] = {}
        if point >= 0 and self.has_traces:
            named["trace"] = self.trace(point)
        if z is not None and self.has_decoder:
            if np.isfinite(z).all():
                named["decoded"] = self.decode(z)
            else:
                notes.append("The latents of this point are not finite: nothing can be decoded.")
        if len(named) == 2:
            trace, decoded = named["trace"], named["decoded"]
            if len(trace) == len(decoded):
                residual = named["residual"] = trace - decoded
                squares = float(np.sum(np.square(residual, dtype=np.float64)))
                if np.isfinite(squares):
                    measures = {"loss": squares, "rms": float(np.sqrt(squares / len(residual)))}
            else:
                notes.append(
                    f"The trace has {len(trace):,} samples and the decoder gives {len(decoded):,}: "
                    "give the traces as they were encoded to see the difference."
                )
        curves, buffers = [], []
        for name, values in named.items():
            meta, buffer = encode(travelling(values))
            curves.append({"name": name, "samples": len(values), **meta})
            buffers.append(buffer)
        return curves, buffers, notes, measures


def _array(made: Any) -> npt.NDArray[Any]:
    if hasattr(made, "detach"):  # a torch tensor that knows its gradient
        made = made.detach().cpu()
    return np.asarray(made)


def _checked_traces(traces: Any, count: int) -> Any:
    traces = getattr(traces, "array", traces)
    if traces is None:
        return None
    shape = tuple(np.shape(traces)) if not hasattr(traces, "shape") else tuple(traces.shape)
    if len(shape) == 3 and shape[2] == 1 and isinstance(traces, np.ndarray):
        traces, shape = traces[:, :, 0], shape[:2]
    if len(shape) != 2 or shape[0] != count:
        raise BadRequest(f"traces of shape {shape}: give one for each of the {count} points")
    return traces if hasattr(traces, "shape") else np.asarray(traces)
