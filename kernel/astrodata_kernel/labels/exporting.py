"""Labels that stand, written into files that others read."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from ..errors import BadRequest
from ..writing import write_whole
from .coco import coco_of
from .fits_tables import fits_bytes
from .label_studio import studio_of
from .tables import id_array, standing

if TYPE_CHECKING:
    from .label_log import LabelLog

ENDINGS = {
    ".csv": "csv",
    ".parquet": "parquet",
    ".fits": "fits",
    ".fit": "fits",
    ".json": "coco",
}
FORMATS = ("csv", "parquet", "fits", "coco", "label-studio")
TEXTS = ("note", "model", "dataset")


def export_labels(log: LabelLog, path: str | os.PathLike[str], format: str | None) -> Path:  # noqa: A002
    """Write the labels of a log into a file; see `LabelLog.export`."""
    target = Path(path)
    kind = format_of(target, format)
    if not target.parent.is_dir():
        raise BadRequest(f"there is no folder {target.parent}: make it, or choose another")
    rows = records(log)
    if kind in ("coco", "label-studio"):
        made = coco_of(log, rows) if kind == "coco" else studio_of(log, rows)
        return write_whole(target, json.dumps(made, indent=1, allow_nan=False).encode())
    frame = flat(rows)
    writers: dict[str, Callable[[], bytes]] = {
        "csv": lambda: frame.to_csv(index=False, lineterminator="\n").encode("utf-8"),
        "parquet": lambda: _parquet(frame),
        "fits": lambda: fits_bytes(frame),
    }
    try:
        return write_whole(target, writers[kind]())
    except UnicodeEncodeError as error:
        raise BadRequest(
            f"{target.name}: an id or a note has half a character, which this format cannot hold "
            f"({error.reason}); export as FITS"
        ) from None


def format_of(path: Path, given: str | None) -> str:
    """Give the format that is asked for, or that a file's name tells.

    Raises
    ------
    BadRequest
        There is no such format.
    """
    found = ENDINGS.get(path.suffix.lower()) if given is None else given
    if found not in FORMATS:
        raise BadRequest(
            f"{path.name if given is None else given!r}: labels are kept as {', '.join(FORMATS)}; name the "
            "file .csv, .parquet, .fits or .json, or give format="
        )
    return found


def records(log: LabelLog) -> list[dict[str, Any]]:
    """Give what stands as records: the labels, and then the verdicts."""
    fold = log.fold
    rows = [("put", *row) for row in standing(fold)]
    for ident, event in fold.verdicts.items():
        label = fold.label(event)
        rows += [("adjudicate", ident, event, label)] if label is not None else []
    return [
        {
            "do": do,
            "id": ident,
            "label": list(label) if isinstance(label, tuple) else label,
            "annotator": event.who,
            "time": event.time,
            "note": event.note,
            "confidence": event.confidence,
            "seconds": event.seconds,
            "score": event.score,
            "model": event.model,
            "dataset": event.dataset,
            "region": event.region,
            "source": event.source,
        }
        for do, ident, event, label in rows
    ]


def flat(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Give records as a table of numbers and texts; what is more than that is JSON in a text."""
    ids = [row["id"] for row in rows]
    columns: dict[str, Any] = {"id": id_array(ids)}
    if not all(type(one) is int for one in ids):
        columns["id"] = [str(one) for one in ids]
        if any(type(one) is int or looks_whole(one) for one in ids):
            columns["id_type"] = ["int" if type(one) is int else "str" for one in ids]
    columns["label"] = [_cell(row["label"]) for row in rows]
    for name in ("annotator", "time"):
        columns[name] = [row[name] for row in rows]
    for name in ("confidence", "seconds", "score"):
        columns[name] = pd.array([row[name] for row in rows], dtype="float64")
    for name in TEXTS:
        columns[name] = [row[name] or "" for row in rows]
    for name in ("region", "source"):
        columns[name] = [_json(row[name]) for row in rows]
    columns["kind"] = ["label" if row["do"] == "put" else "verdict" for row in rows]
    return pd.DataFrame(columns)


def looks_whole(text: Any) -> bool:
    """Whether a text would be read as a whole number."""
    digits = text[1:] if isinstance(text, str) and text.startswith("-") else text
    return isinstance(digits, str) and digits.isascii() and digits.isdigit()


def _cell(label: str | list[str]) -> str:
    # A class that looks like a list of classes is written as a list of itself.
    return label if isinstance(label, str) and label[:1] != "[" else json.dumps(_list(label))


def _list(label: str | list[str]) -> list[str]:
    return [label] if isinstance(label, str) else label


def _json(value: Any) -> str:
    return "" if value is None else json.dumps(value)


def _parquet(frame: pd.DataFrame) -> bytes:
    file = io.BytesIO()
    frame.to_parquet(file, index=False)
    return file.getvalue()
