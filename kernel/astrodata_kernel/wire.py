"""Arrays to bytes: the one module that knows byte order, dtypes and buffers.

Mirror of ``src/core/wire.ts``. What crosses to the browser is little-endian, C-ordered and of one of
six dtypes; ``tests/contract`` keeps both sides to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

DTYPES = ("u1", "i2", "u2", "i4", "u4", "f4")
"""The closed set of dtypes on the wire, each little-endian."""


@dataclass(frozen=True, slots=True)
class Reply:
    """Answer to one request: printable facts and the bytes that they describe.

    Parameters
    ----------
    meta
        What the bytes are; for an array ``shape`` (bands, rows, columns) and ``dtype`` (one of `DTYPES`).
    buffers
        The bytes, little-endian and C-ordered.
    """

    meta: Mapping[str, Any]
    buffers: Sequence[memoryview] = ()

    def array(self, buffer: int = 0) -> npt.NDArray[Any]:
        """Give buffer number `buffer` back as an array of ``meta["shape"]``."""
        return decode(self.meta, self.buffers[buffer])


def wire_dtype(dtype: np.dtype[Any]) -> str:
    """Give the wire's dtype for values of `dtype`, the narrowest that holds an image of it.

    64-bit values become ``f4``: they are painted from it, and read out from the kernel.
    """
    native = np.dtype(dtype).newbyteorder("=")
    if native.kind == "b":
        return "u1"
    if native == np.int8:
        return "i2"
    name = f"{native.kind}{native.itemsize}"
    if name in DTYPES:
        return name
    if native.kind in "iuf":
        return "f4"
    raise TypeError(f"values of type {native} have no place on the wire: give numbers")


def encode(array: npt.ArrayLike) -> tuple[dict[str, Any], memoryview]:
    """Give ``({"shape", "dtype"}, bytes)`` of an array.

    Parameters
    ----------
    array
        Numbers of any byte order and layout, 1 to 3 dimensions; a 2-D image gets one band.

    Returns
    -------
    tuple
        ``shape`` as (bands, rows, columns) for images, ``dtype`` from `DTYPES`, and the bytes.

    Raises
    ------
    TypeError
        Values that are not numbers.
    """
    values = np.asarray(array)
    dtype = wire_dtype(values.dtype)
    # A float64 beyond float32's range is painted as infinite, which is what the eye should see.
    with np.errstate(over="ignore"):
        ready = np.ascontiguousarray(values, dtype=np.dtype(f"<{dtype}"))
    shape = ready.shape if ready.ndim != 2 else (1, *ready.shape)
    return {"shape": list(shape), "dtype": dtype}, memoryview(ready.reshape(-1).view(np.uint8).data)


def decode(meta: Mapping[str, Any], buffer: bytes | memoryview) -> npt.NDArray[Any]:
    """Give the array that `encode` wrote, read-only, without copying.

    Raises
    ------
    ValueError
        A dtype outside `DTYPES`, or a buffer whose length is not that of the shape.
    """
    name = str(meta["dtype"])
    if name not in DTYPES:
        raise ValueError(f"unknown dtype {name!r} on the wire: expected one of {', '.join(DTYPES)}")
    shape = tuple(int(n) for n in meta["shape"])
    dtype = np.dtype(f"<{name}")
    expected = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
    if memoryview(buffer).nbytes != expected:
        raise ValueError(
            f"a {name} array of shape {shape} needs {expected} bytes, "
            f"{memoryview(buffer).nbytes} came"
        )
    return np.frombuffer(buffer, dtype=dtype).reshape(shape)
