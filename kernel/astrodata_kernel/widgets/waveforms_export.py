"""Selected traces written to a file, a chunk at a time."""

from __future__ import annotations

import zipfile
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from ..errors import BadRequest
from ..writing import write_whole

if TYPE_CHECKING:
    import os

    import pandas as pd

_CHUNK = 1 << 22  # samples read at once


def save_traces(path: str | os.PathLike[str], traces: Any, table: pd.DataFrame) -> Path:
    """Write some traces and their table as an npz file.

    Parameters
    ----------
    path
        Where it shall be; it has that name only once it is whole.
    traces
        Shape (traces, samples); only those of the table are read.
    table
        One row for each trace to write; the index is its number.

    Returns
    -------
    Path
        The file: ``traces``, ``trace`` (int64, their numbers) and each of the table's columns.

    Raises
    ------
    BadRequest
        An empty table.
    UnreadableFile
        The file cannot be written; nothing is left behind.
    """
    ids = table.index.to_numpy(np.int64)
    if not len(ids):
        raise BadRequest("no trace passes the filter: there is nothing to write")

    def write(file: IO[bytes]) -> None:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as npz:
            with npz.open("traces.npy", "w", force_zip64=True) as member:
                _write_rows(member, traces, ids)
            columns = {"trace": ids, **{n: table[n].to_numpy() for n in table.columns}}
            for name, values in columns.items():
                if values.dtype == object:
                    values = values.astype(str)
                with npz.open(f"{_member(name)}.npy", "w") as member:
                    np.lib.format.write_array(member, values, allow_pickle=False)

    return write_whole(path, write)


def _write_rows(member: IO[bytes], traces: Any, ids: Any) -> None:
    samples, dtype = int(traces.shape[1]), np.dtype(traces.dtype).newbyteorder("=")
    header = {
        "descr": np.lib.format.dtype_to_descr(dtype),
        "fortran_order": False,
        "shape": (len(ids), samples),
    }
    np.lib.format.write_array_header_1_0(member, header)
    rows = iter(ids.tolist())
    while part := list(islice(rows, max(1, _CHUNK // samples))):
        for trace in part:
            member.write(np.ascontiguousarray(traces[trace, :], dtype).tobytes())


def _member(name: str) -> str:
    # A column's name may hold what a path must not.
    cleaned = name.replace("/", "_").replace("\\", "_")
    return f"column_{cleaned}" if cleaned == "traces" else cleaned
