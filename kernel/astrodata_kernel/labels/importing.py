"""Labels from files: all of them, in one line of the log, or none."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from ..errors import AstrodataError, BadRequest, DamagedFile, TooLarge, UnknownName, UnreadableFile
from . import given as check
from .coco import rows_of_coco
from .exporting import format_of, looks_whole
from .fits_tables import read_fits
from .label_log import LabelLog
from .label_sets import LabelSet
from .label_studio import rows_of_studio
from .regions import checked_region, key_of

_LONGEST = 1 << 30
_SPREAD = ("confidence", "seconds", "score")
_CELLS = ("annotator", "time", "note", "model", "dataset", "region", "source", "kind", "id_type")


def import_labels(
    log: LabelLog,
    path: str | os.PathLike[str],
    format: str | None = None,  # noqa: A002
    *,
    ids: Any = None,
    annotator: str | None = None,
    add_classes: bool = False,
) -> int:
    """Take the labels of a file into a log: all of them, or none. It is one step to undo.

    Parameters
    ----------
    log
        Where they go. They count from now on: a label that an annotator has in the log gives way to the one
        in the file.
    path
        ``.csv``, ``.parquet``, ``.fits`` with the columns ``id`` and ``label`` at least, or ``.json``.
    format
        As in `LabelLog.export`; for JSON the content tells.
    ids
        Ids that the data set has; anything with ``ids`` does. Without them, every id is taken.
    annotator
        Whose labels these are; by default as the file says, else the log's annotator.
    add_classes
        Whether classes that the log does not have are added.

    Returns
    -------
    int
        Number of labels.

    Raises
    ------
    UnreadableFile, DamagedFile, UnsupportedFormat, TooLarge
        The file cannot be read; the text says where.
    UnknownName
        Ids that the data set lacks, or classes that the log lacks.
    BadRequest
        Labels or regions that are none.
    """
    source = Path(path)
    kind = format_of(source, format)
    content = _content(source)
    known = None if ids is None else set(check.ids_of(getattr(ids, "ids", ids)))
    rows, classes = _rows(source, kind, content, known)
    if known is not None:
        _check_ids(rows, known, source)
    wanted, new = _classes(log, rows, classes, add_classes, source)
    rows = _last_of_each(rows, annotator)
    record: dict[str, Any] = {
        "do": "import",
        "source": {"file": source.name, "sha256": hashlib.sha256(content).hexdigest()},
        "items": _items(rows, wanted, annotator, log.annotator, source),
    }
    if not record["items"]:
        raise BadRequest(f"{source} has no labels: nothing was taken")
    if new:
        record["change"] = new
    log.append(record)
    return len(rows)


def _content(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > _LONGEST:
            raise TooLarge(f"{path} has {size:,} bytes: {_LONGEST:,} at most; import it in parts")
        return path.read_bytes()
    except OSError as error:
        raise UnreadableFile(f"{path} cannot be read: {error.strerror or error}") from None


def _rows(
    path: Path, kind: str, content: bytes, known: set[Any] | None
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    try:
        if kind in ("coco", "label-studio"):
            given = json.loads(content)
            if isinstance(given, list):
                return [_completed(row) for row in rows_of_studio(given)], []
            rows, classes = rows_of_coco(given, known)
            return [_completed(row) for row in rows], classes
        return _flat_rows(_frame(path, kind, content), known), []
    except AstrodataError as error:
        raise type(error)(f"{_named(error, path)}; nothing was taken") from None
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError) as error:
        raise DamagedFile(
            f"{path} is damaged, or no {kind} file: {type(error).__name__}: {str(error)[:120]}; nothing was "
            "taken"
        ) from None


def _named(error: AstrodataError, path: Path) -> str:
    text = str(error).removesuffix("; nothing was taken")
    return text if str(path) in text else f"{path}: {text}"


def _frame(path: Path, kind: str, content: bytes) -> pd.DataFrame:
    if kind == "fits":
        return read_fits(path, content)
    if kind == "parquet":
        import pyarrow

        try:
            return pd.read_parquet(io.BytesIO(content))
        except (pyarrow.ArrowException, OSError) as error:
            raise DamagedFile(f"{path} is damaged, or no Parquet file: {error}") from None
    return _csv_frame(content)


def _csv_frame(content: bytes) -> pd.DataFrame:
    # Not by pandas, which fills up rows that were cut short.
    text = content.decode("utf-8-sig")
    before = csv.field_size_limit(len(text) + 1)
    try:
        head, *rows = [
            row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row
        ] or [[]]
    except csv.Error as error:
        raise DamagedFile(f"it is no CSV file: {error}") from None
    finally:
        csv.field_size_limit(before)
    if not head:
        raise DamagedFile("it is empty")
    for number, row in enumerate(rows, 1):
        if len(row) != len(head):
            raise DamagedFile(f"row {number} has {len(row)} cells where {len(head)} are wanted")
    if len(set(head)) < len(head):
        raise DamagedFile(f"a column is there twice: {', '.join(head[:12])}")
    return pd.DataFrame(rows, columns=head, dtype=object)


def _flat_rows(frame: pd.DataFrame, known: set[Any] | None) -> list[dict[str, Any]]:
    if "id" not in frame or "label" not in frame:
        raise DamagedFile(
            f"it has the columns {', '.join(map(str, frame.columns[:12]))}: id and label are wanted"
        )
    types = frame["id_type"].tolist() if "id_type" in frame else None
    ids = _ids(frame["id"].tolist(), types, known)
    columns = {"label": [_label(cell, row) for row, cell in enumerate(frame["label"], 1)]}
    for name in _SPREAD:
        if name in frame:
            columns[name] = [_number(cell, name, row) for row, cell in enumerate(frame[name], 1)]
    for name in _CELLS:
        if name in frame:
            columns[name] = [None if _is_none(cell) else str(cell) for cell in frame[name]]
    rows = []
    for at, ident in enumerate(ids):
        row = {name: column[at] for name, column in columns.items()}
        if row["label"] is None:
            continue  # a list of events in which not all have a label
        kind = row.pop("kind", None)
        if kind not in (None, "label", "verdict"):
            raise DamagedFile(f"row {at + 1} is of the kind {kind!r}: label or verdict is wanted")
        for name in ("region", "source"):
            if row.get(name) is not None:
                row[name] = _parsed(row[name], name, at + 1)
        do = "adjudicate" if kind == "verdict" else "put"
        rows.append(_completed({**row, "id": ident, "do": do}))
    return rows


def _ids(cells: list[Any], types: list[Any] | None, known: set[Any] | None) -> list[Any]:
    if types is not None:
        return [int(c) if kind == "int" else str(c) for c, kind in zip(cells, types, strict=True)]
    for row, cell in enumerate(cells, 1):
        if _is_none(cell) or not isinstance(cell, str | int):
            raise DamagedFile(f"row {row} has the id {cell!r}: whole numbers or texts are wanted")
    whole = all(isinstance(cell, str) and looks_whole(cell) for cell in cells)
    if whole and (known is None or any(type(one) is int for one in known)):
        return [int(cell) for cell in cells]
    return cells


def _label(cell: Any, row: int) -> Any:
    if _is_none(cell):
        return None
    text = str(cell)
    if not text.startswith("["):
        return text
    try:
        found = json.loads(text)
    except ValueError:
        return text
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise DamagedFile(f"row {row} has the label {text[:40]!r}: a list of classes is wanted")
    return found


def _number(cell: Any, name: str, row: int) -> float | None:
    if _is_none(cell):
        return None
    try:
        return float(cell)
    except (TypeError, ValueError):
        raise DamagedFile(f"row {row} has {name} {str(cell)[:40]!r}, which is no number") from None


def _parsed(cell: str, name: str, row: int) -> Any:
    try:
        return json.loads(cell)
    except (ValueError, RecursionError):
        if name == "source":
            return cell
        raise DamagedFile(f"row {row} has a region that is no JSON: {cell[:40]!r}") from None


def _is_none(cell: Any) -> bool:
    return cell is None or (isinstance(cell, float) and cell != cell) or cell is pd.NA or cell == ""


def _completed(row: Mapping[str, Any]) -> dict[str, Any]:
    label = row["label"]
    names = label if isinstance(label, list) and label else [label]
    if not all(isinstance(name, str) for name in names):
        raise DamagedFile(f"id {str(row['id'])[:40]!r} has the label {str(label)[:40]!r}")
    return {
        "do": row["do"],
        "id": row["id"],
        "label": row["label"],
        "who": row.get("annotator"),
        "time": row.get("time"),
        "note": check.text_of("note", row.get("note")),
        "confidence": check.number_of("confidence", row.get("confidence"), 0, 1),
        "seconds": check.number_of("seconds", row.get("seconds"), 0),
        "score": check.number_of("score", row.get("score")),
        "model": check.text_of("model", row.get("model")),
        "dataset": check.text_of("dataset", row.get("dataset")),
        "region": checked_region(row.get("region")),
        "source": check.json_of("source", row.get("source")),
    }


def _check_ids(rows: list[dict[str, Any]], known: set[Any], path: Path) -> None:
    lacking = list(dict.fromkeys(row["id"] for row in rows if row["id"] not in known))
    if lacking:
        raise UnknownName(
            f"{path} labels {len(lacking):,} ids that the data set lacks, "
            f"{', '.join(map(repr, lacking[:5]))} among them; nothing was taken"
        )


def _classes(
    log: LabelLog,
    rows: Iterable[Mapping[str, Any]],
    told: list[dict[str, Any]],
    add: bool,
    path: Path,
) -> tuple[LabelSet, list[dict[str, Any]]]:
    have = log.label_set
    used = dict.fromkeys(
        name
        for row in rows
        for name in ([row["label"]] if isinstance(row["label"], str) else row["label"])
    )
    new = [name for name in used if name not in have]
    if not new or (not len(have) and not add):
        return have, []
    if not add:
        raise UnknownName(
            f"{path} has labels that are no class of the log: {', '.join(map(repr, new[:5]))}; nothing was "
            "taken. add_classes=True adds them"
        )
    facts = {one["name"]: one for one in told}
    given = list(told) if told else new
    given += [name for name in new if name not in facts] if told else []
    return log.classes_with(given)


def _last_of_each(rows: list[dict[str, Any]], annotator: str | None) -> list[dict[str, Any]]:
    # The last row counts where a file labels the same thing twice.
    found = {}
    for row in rows:
        key = (row["do"], row["id"], annotator or row["who"], key_of(row["region"]))
        found.pop(key, None)
        found[key] = row
    return list(found.values())


def _items(
    rows: list[dict[str, Any]], label_set: LabelSet, annotator: str | None, own: str, path: Path
) -> list[dict[str, Any]]:
    items: dict[str, dict[str, Any]] = {}
    for row in rows:
        try:
            facts = {key: value for key, value in row.items() if key != "id" and value is not None}
            facts["label"] = check.label_of(row["label"], label_set)
            facts["who"] = check.annotator_of(annotator or row["who"] or own)
            [ident] = check.ids_of(row["id"])
            facts["time"] = check.text_of("time", row["time"])
        except AstrodataError as error:
            raise type(error)(f"{path}, id {row['id']!r}: {error}; nothing was taken") from None
        facts = {key: value for key, value in facts.items() if value is not None}
        # Ids with all else in common are one item.
        key = json.dumps(facts, sort_keys=True)
        items.setdefault(key, {**facts, "ids": []})["ids"].append(ident)
    return list(items.values())
