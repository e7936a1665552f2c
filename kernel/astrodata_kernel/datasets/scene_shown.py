"""A scene's facts as a notebook shows them."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .scene import Scene


def shown(scene: Scene) -> str:
    """Give a table of what is known of a scene, and what is not, as HTML; its texts are texts."""
    date = scene.date
    facts = {
        "sensed": _known(date and date.strftime("%Y-%m-%d %H:%M:%S UTC")),
        "product": " ".join(p for p in (scene.satellite, scene.level, scene.tile) if p),
        "baseline": _known(scene.baseline),
        "bands": ", ".join(scene.bands.names),
        "layers": ", ".join(scene.layers.names),
        "CRS": _known(scene.crs),
        "offset, scale": f"{_known(scene.offset)}, {_known(scene.scale)}",
        "cloud": "" if scene.cloud_share is None else f"{100 * scene.cloud_share:.1f} %",
        "file": "" if scene.provenance is None else scene.provenance.path,
        "note": "; ".join(map(str, scene.meta.get("warnings", ()))),
    }
    rows = "".join(
        f"<tr><th style='text-align:left'>{key}</th>"
        f"<td style='text-align:left'>{escape(value)}</td></tr>"
        for key, value in facts.items()
        if value
    )
    return f"<b>{escape(scene.name)}</b><table>{rows}</table>"


def _known(value: Any) -> str:
    return "unknown" if value in (None, "") else str(value)
