"""Small files made on the spot, sound and damaged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

CARD = 80
BLOCK = 2880


def fits_file(path: Path, cards: Sequence[str], data: bytes = b"") -> Path:
    """Write a FITS file from the text of its cards, however wrong, and give its path.

    Parameters
    ----------
    path
        The file to write.
    cards
        Text of each card; padded to 80 characters, END is added.
    data
        Bytes after the header, padded to a block.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "tiny.fits"
    >>> _ = fits_file(path, ["SIMPLE  = T", "BITPIX  = 8", "NAXIS   = 1", "NAXIS1  = 3"], b"abc")
    >>> path.stat().st_size
    5760
    """
    header = "".join(card.ljust(CARD)[:CARD] for card in [*cards, "END"]).encode("latin-1")
    header += b" " * (-len(header) % BLOCK)
    path.write_bytes(header + data + b"\0" * (-len(data) % BLOCK))
    return path


def parquet_file(
    path: Path, columns: Mapping[str, npt.NDArray[Any]], rows_in_group: int = 1 << 20
) -> Path:
    """Write columns of numbers or text to a Parquet file, and give its path."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table({name: pa.array(values.tolist()) for name, values in columns.items()})
    pq.write_table(table, path, row_group_size=rows_in_group)
    return path


def cut(source: Path, target: Path, count: int) -> Path:
    """Write the first `count` bytes of a file to another, and give its path."""
    target.write_bytes(source.read_bytes()[:count])
    return target


def bits_flipped(content: bytes, seed: int, count: int, within: slice = slice(None)) -> bytes:
    """Give bytes of which `count` bits are flipped at random, the same ones for the same seed.

    Parameters
    ----------
    content
        The bytes.
    seed
        Of the random numbers.
    count
        How many bits.
    within
        The part of the bytes that may be hit.
    """
    rng = np.random.default_rng(seed)
    damaged = bytearray(content)
    places = range(len(damaged))[within]
    for place in rng.integers(0, len(places), count):
        damaged[places[int(place)]] ^= 1 << int(rng.integers(0, 8))
    return bytes(damaged)


def pulses(n: int, samples: int = 512, seed: int = 0) -> npt.NDArray[np.float32]:
    """Give short traces with one Gaussian pulse each, on white noise of RMS 0.01.

    Parameters
    ----------
    n, samples
        Shape of the result, samples of which 100 at each end hold no pulse's centre.
    seed
        Of places, heights (0.2 to 1) and noise.

    Returns
    -------
    ndarray
        float32, shape (n, samples).
    """
    rng = np.random.default_rng(seed)
    t = np.arange(samples)
    centre, height = rng.uniform(100, samples - 100, (n, 1)), rng.uniform(0.2, 1, (n, 1))
    clean = height * np.exp(-((t - centre) ** 2) / 800)
    return (clean + 0.01 * rng.standard_normal((n, samples))).astype(np.float32)
