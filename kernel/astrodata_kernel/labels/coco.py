"""Labels as JSON in the manner of COCO: images, categories, and annotations with boxes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import DamagedFile
from .regions import flags_of, mask_of, mask_region, runs_of

if TYPE_CHECKING:
    from .label_log import LabelLog

_KEPT = (
    "annotator",
    "time",
    "note",
    "confidence",
    "seconds",
    "score",
    "model",
    "dataset",
    "source",
)


def coco_of(log: LabelLog, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Give labels as COCO has them.

    Boxes, polygons and masks are annotations with ``bbox`` and ``segmentation``. A label of a whole event is
    one without either, which readers of boxes pass over. Each has what is known of it in ``attributes``.
    """
    ids = list(dict.fromkeys(row["id"] for row in rows))
    whole = all(type(ident) is int and ident >= 0 for ident in ids)
    numbers = {ident: ident if whole else at + 1 for at, ident in enumerate(ids)}
    names = list(dict.fromkeys([*log.label_set.names, *(n for row in rows for n in _names(row))]))
    categories = {name: at + 1 for at, name in enumerate(names)}
    annotations = []
    for row in rows:
        classes = _names(row)
        for name in classes:
            annotation = {
                "id": len(annotations) + 1,
                "image_id": numbers[row["id"]],
                "category_id": categories[name],
                "iscrowd": 0,
                **_shape(row["region"]),
                "attributes": {key: row[key] for key in _KEPT if row[key] is not None},
            }
            if isinstance(row["label"], list):
                annotation["attributes"]["classes"] = classes
            if row["do"] == "adjudicate":
                annotation["attributes"]["verdict"] = True
            annotations.append(annotation)
    return {
        "info": {"description": log.name, "digest": log.digest},
        "images": [
            {"id": numbers[ident], "file_name": str(ident), "event_id": ident} for ident in ids
        ],
        "categories": [_category(log, name, at) for name, at in categories.items()],
        "annotations": annotations,
    }


def rows_of_coco(given: Any, known: Any) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Give records and classes of what COCO's JSON tells.

    Parameters
    ----------
    given
        The JSON, parsed.
    known
        Ids that there are, or None: an image is known by ``event_id``, ``id`` or ``file_name``, whichever is
        among them.

    Raises
    ------
    DamagedFile
        It contradicts itself.
    """
    images = {image["id"]: _ident(image, known) for image in given["images"]}
    names = {one["id"]: one["name"] for one in given["categories"]}
    rows, told = [], set()
    for annotation in given["annotations"]:
        if annotation["image_id"] not in images or annotation["category_id"] not in names:
            raise DamagedFile(
                f"annotation {annotation.get('id')!r} is of an image or a category that is not there"
            )
        ident = images[annotation["image_id"]]
        facts = annotation.get("attributes") or {}
        region = _region(annotation)
        row = {key: facts.get(key) for key in _KEPT}
        row["do"] = "adjudicate" if facts.get("verdict") else "put"
        row |= {"id": ident, "label": names[annotation["category_id"]], "region": region}
        if isinstance(facts.get("classes"), list):
            row["label"] = facts["classes"]
            once = (ident, str(region), str(row))
            if once in told:
                continue
            told.add(once)
        rows.append(row)
    classes = [_class(one) for one in given["categories"]]
    return rows, classes


def _names(row: Mapping[str, Any]) -> list[str]:
    return row["label"] if isinstance(row["label"], list) else [row["label"]]


def _category(log: LabelLog, name: str, number: int) -> dict[str, Any]:
    made: dict[str, Any] = {"id": number, "name": name, "supercategory": ""}
    if name in log.label_set:
        one = log.label_set[name]
        made |= {"supercategory": one.parent or "", "color": one.color, "hotkey": one.hotkey}
    return made


def _class(category: Mapping[str, Any]) -> dict[str, Any]:
    made = {"name": category["name"]}
    for key in ("color", "hotkey"):
        if category.get(key):
            made[key] = category[key]
    if category.get("supercategory") and "color" in category:
        made["parent"] = category["supercategory"]
    return made


def _ident(image: Mapping[str, Any], known: Any) -> Any:
    given = [image.get("event_id"), image["id"], image.get("file_name")]
    given = [one for one in given if one is not None]
    return next((one for one in given if known is not None and one in known), given[0])


def _shape(region: dict[str, Any] | None) -> dict[str, Any]:
    if region is None:
        return {"segmentation": []}
    if region["kind"] == "box":
        box = [region[side] for side in ("x", "y", "width", "height")]
        made = {"bbox": box, "area": box[2] * box[3], "segmentation": []}
        return {**made, "image_size": region["size"]} if "size" in region else made
    if region["kind"] == "polygon":
        xs, ys = zip(*region["points"], strict=True)
        box = [min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)]
        around = [*zip(xs, ys, strict=True)]
        pairs = zip(around, around[1:] + around[:1], strict=True)
        area = abs(sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in pairs)) / 2
        flat = [number for point in region["points"] for number in point]
        made = {"bbox": box, "area": area, "segmentation": [flat]}
        return {**made, "image_size": region["size"]} if "size" in region else made
    if region["kind"] == "mask":
        mask = mask_of(region)
        # COCO counts column by column.
        counts = {"size": region["size"], "counts": runs_of(mask.ravel(order="F"))}
        rows, columns = mask.any(axis=1).nonzero()[0], mask.any(axis=0).nonzero()[0]
        box = [0, 0, 0, 0]
        if len(rows):
            box = [columns[0], rows[0], columns[-1] - columns[0] + 1, rows[-1] - rows[0] + 1]
        return {"bbox": [int(n) for n in box], "area": int(mask.sum()), "segmentation": counts}
    return {"segmentation": [], "region": region}


def _region(annotation: Mapping[str, Any]) -> dict[str, Any] | None:
    parts, box = annotation.get("segmentation"), annotation.get("bbox")
    size = {"size": annotation["image_size"]} if "image_size" in annotation else {}
    if annotation.get("region") is not None:
        return annotation["region"]
    if isinstance(parts, Mapping):
        if not isinstance(parts["counts"], list):
            raise DamagedFile(
                f"annotation {annotation.get('id')!r} has a packed mask: decode it with pycocotools first"
            )
        height, width = parts["size"]
        checked = {"kind": "mask", "size": [width, height], "counts": parts["counts"]}
        mask_of(checked)
        return mask_region(flags_of(parts["counts"]).reshape(width, height).T)
    if parts:
        if len(parts) > 1:
            raise DamagedFile(
                f"annotation {annotation.get('id')!r} has {len(parts)} polygons: one is wanted"
            )
        numbers = list(parts[0])
        points = [list(point) for point in zip(numbers[::2], numbers[1::2], strict=True)]
        return {"kind": "polygon", "points": points, **size}
    if box:
        x, y, width, height = box
        return {"kind": "box", "x": x, "y": y, "width": width, "height": height, **size}
    return None
