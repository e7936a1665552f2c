"""Labels as Label Studio's JSON: tasks with annotations, each a list of results."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import BadRequest, DamagedFile

if TYPE_CHECKING:
    from .label_log import LabelLog

_KEPT = ("note", "confidence", "score", "model", "dataset", "source")
_PLAIN = [100, 100]
"""Size of an image that is not known: then per cent are pixels."""


def studio_of(log: LabelLog, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give labels as Label Studio has them: a task for each event, an annotation for each label.

    Raises
    ------
    BadRequest
        Pixel masks, which it packs in a way of its own.
    """
    tasks: dict[Any, dict[str, Any]] = {}
    for number, row in enumerate(rows, 1):
        ident = row["id"]
        if ident not in tasks:
            tasks[ident] = {
                "id": len(tasks) + 1,
                "data": {"event_id": ident, "session": log.name},
                "annotations": [],
                "predictions": [],
            }
        meta = {key: row[key] for key in _KEPT if row[key] is not None}
        tasks[ident]["annotations"].append(
            {
                "id": number,
                "completed_by": {"email": row["annotator"]},
                "created_at": row["time"],
                "updated_at": row["time"],
                "lead_time": row["seconds"],
                "ground_truth": row["do"] == "adjudicate",
                "was_cancelled": False,
                "result": [{"id": f"r{number}", **_result(row), "meta": meta}],
            }
        )
    return list(tasks.values())


def rows_of_studio(given: Any) -> list[dict[str, Any]]:
    """Give the records of what Label Studio's JSON tells.

    Raises
    ------
    DamagedFile
        There are results that are not known here.
    """
    rows = []
    for task in given:
        data = task.get("data") or {}
        ident = data.get("event_id", data.get("id", task["id"]))
        for annotation in task.get("annotations") or []:
            if annotation.get("was_cancelled"):
                continue
            for result in annotation["result"]:
                meta = result.get("meta") or {}
                meta = {key: meta.get(key) for key in _KEPT}
                if isinstance(meta["note"], list):
                    meta["note"] = "\n".join(map(str, meta["note"]))
                label, region = _told(result, ident)
                rows.append(
                    {
                        "do": "adjudicate" if annotation.get("ground_truth") else "put",
                        "id": ident,
                        "label": label,
                        "region": region,
                        "annotator": _who(annotation.get("completed_by")),
                        "time": annotation.get("created_at"),
                        "seconds": annotation.get("lead_time"),
                        **meta,
                    }
                )
    return rows


def _result(row: Mapping[str, Any]) -> dict[str, Any]:
    names = row["label"] if isinstance(row["label"], list) else [row["label"]]
    several = {"several": True} if isinstance(row["label"], list) else {}
    region = row["region"]
    common = {"from_name": "label", "to_name": "event", "origin": "manual"}
    if region is None:
        return {**common, "type": "choices", "value": {"choices": names, **several}}
    kind = region["kind"]
    if kind == "interval":
        value = {"start": region["start"], "end": region["stop"], "timeserieslabels": names}
        if "channel" in region:
            value["channel"] = region["channel"]
        return {**common, "type": "timeserieslabels", "value": {**value, **several}}
    if kind == "mask":
        raise BadRequest(
            f"event {row['id']!r} has a mask of pixels, which Label Studio packs in a way of its own: export "
            "as COCO, CSV or Parquet"
        )
    size = region.get("size") or _PLAIN
    height, width = size
    known = {"original_width": width, "original_height": height, "sized": "size" in region}
    if kind == "polygon":
        points = [[100 * x / width, 100 * y / height] for x, y in region["points"]]
        value = {"points": points, "closed": True, "polygonlabels": names}
        return {**common, "type": "polygonlabels", **known, "value": {**value, **several}}
    value = {
        "x": 100 * region["x"] / width,
        "y": 100 * region["y"] / height,
        "width": 100 * region["width"] / width,
        "height": 100 * region["height"] / height,
        "rotation": 0,
        "rectanglelabels": names,
    }
    return {**common, "type": "rectanglelabels", **known, "value": {**value, **several}}


def _told(result: Mapping[str, Any], ident: Any) -> tuple[Any, dict[str, Any] | None]:
    kind, value = result["type"], result["value"]
    if kind not in ("choices", "timeserieslabels", "rectanglelabels", "polygonlabels"):
        raise DamagedFile(
            f"task of event {ident!r} has a result of type {kind!r}: choices, rectanglelabels, polygonlabels "
            "and timeserieslabels can be taken"
        )
    names = value[kind]
    label = names if value.get("several") or len(names) != 1 else names[0]
    if kind == "choices":
        return label, None
    if kind == "timeserieslabels":
        region = {"kind": "interval", "start": value["start"], "stop": value["end"]}
        return label, region | ({"channel": value["channel"]} if "channel" in value else {})
    width, height = result["original_width"], result["original_height"]
    size = {"size": [height, width]} if result.get("sized", True) else {}
    if kind == "polygonlabels":
        points = [[_pixels(x, width), _pixels(y, height)] for x, y in value["points"]]
        return label, {"kind": "polygon", "points": points, **size}
    if value.get("rotation"):
        raise DamagedFile(f"task of event {ident!r} has a turned box: draw it as a polygon")
    sides = (("x", width), ("y", height), ("width", width), ("height", height))
    return label, {"kind": "box", **{k: _pixels(value[k], n) for k, n in sides}, **size}


def _pixels(share: float, length: float) -> float:
    # Through per cent and back the last digits are noise.
    return round(share * length / 100, 9)


def _who(given: Any) -> str | None:
    if isinstance(given, Mapping):
        given = given.get("email") or given.get("id")
    return None if given is None else str(given)
