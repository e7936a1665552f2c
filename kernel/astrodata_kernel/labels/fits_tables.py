"""Labels as a FITS table: texts that FITS cannot hold are written with escapes."""

from __future__ import annotations

import io
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

from ..errors import DamagedFile

_NAME = "LABELS"


def fits_bytes(frame: pd.DataFrame) -> bytes:
    """Give the bytes of a FITS file with one binary table."""
    from astropy.io import fits

    columns = []
    for name in frame:
        values = frame[name].to_numpy()
        if values.dtype.kind in "if":
            columns.append(
                fits.Column(name, "K" if values.dtype.kind == "i" else "D", array=values)
            )
            continue
        # FITS knows ASCII only, and drops blanks at the end.
        texts = [_escaped(text) for text in values.tolist()]
        width = max(map(len, texts), default=1) or 1
        columns.append(fits.Column(name, f"{width}A", array=np.array(texts, f"S{width}")))
    table = fits.BinTableHDU.from_columns(columns, name=_NAME)
    table.header["ESCAPED"] = (True, "texts have Python's escapes: \\x20, \\u03b1, \\\\")
    file = io.BytesIO()
    fits.HDUList([fits.PrimaryHDU(), table]).writeto(file, checksum=True)
    return file.getvalue()


def read_fits(path: Path, content: bytes) -> pd.DataFrame:
    """Give the first table of the content of a FITS file, texts as texts.

    Raises
    ------
    DamagedFile
        It is cut, or there is none.
    """
    from astropy.io import fits

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with fits.open(io.BytesIO(content), checksum=True) as hdus:
                tables = [hdu for hdu in hdus if isinstance(hdu, fits.BinTableHDU)]
                if not tables:
                    raise ValueError("there is no table")
                return _frame(tables[0])
    except Warning as error:
        raise DamagedFile(f"{path} is damaged: {error}; nothing was taken") from None
    except (OSError, ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        raise DamagedFile(
            f"{path} is no FITS file with a table: {error}; nothing was taken"
        ) from None


def _frame(table: object) -> pd.DataFrame:
    columns = {}
    escaped = bool(table.header.get("ESCAPED", False))
    for name in table.columns.names:
        values = np.asarray(table.data[name])
        if values.ndim != 1:
            continue
        if values.dtype.kind in "US":
            texts = [str(text) for text in values]
            texts = [_plain(text) for text in texts] if escaped else texts
            columns[name.lower()] = np.fromiter(texts, object)
        else:
            columns[name.lower()] = values.astype(values.dtype.newbyteorder("="))
    return pd.DataFrame(columns)


def _escaped(text: str) -> str:
    safe = str(text).encode("unicode_escape").decode("ascii")
    bare = safe.rstrip(" ")
    return bare + "\\x20" * (len(safe) - len(bare))


def _plain(text: str) -> str:
    return text.encode("ascii").decode("unicode_escape")
