"""The classes as the labeller shows and changes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import BadRequest


def class_facts(log: Any, counts: Mapping[str, int]) -> list[dict[str, Any]]:
    """Give the classes with what a view needs; labels without a class of their own stand behind them."""
    found = [
        {
            "name": one.name,
            "color": one.color,
            "hotkey": one.hotkey or "",
            "parent": one.parent,
            "count": int(counts.get(one.name, 0)),
        }
        for one in log.label_set.classes
    ]
    known = {facts["name"] for facts in found}
    rest = [name for name, count in counts.items() if count > 0 and name not in known]
    return found + [
        {"name": name, "color": "#7f7f7f", "hotkey": "", "parent": None, "count": int(counts[name])}
        for name in sorted(rest)
    ]


def change_classes(log: Any, change: Mapping[str, Any]) -> None:
    """Change one class: ``{"what": "add" | "rename" | "recolour" | "hotkey", "name", ...}``.

    Raises
    ------
    BadRequest
        No such change, or one that contradicts what is there.
    """
    what, name = change.get("what"), change.get("name")
    if not isinstance(name, str):
        raise BadRequest(f"{name!r} is no name of a class: give a text")
    if what == "add":
        facts = {key: change[key] for key in ("color", "hotkey", "parent") if key in change}
        if name.strip() in log.label_set:
            raise BadRequest(f"there is a class {name.strip()!r} already: give another name")
        log.change_classes(add=[{"name": name, **facts}])
    elif what == "rename":
        log.change_classes(rename={name: change.get("to")})
    elif what == "recolour":
        log.change_classes(recolour={name: change.get("color")})
    elif what == "hotkey":
        log.change_classes(hotkeys={name: change.get("hotkey") or None})
    else:
        raise BadRequest(f"{what!r}: classes are changed by add, rename, recolour or hotkey")
