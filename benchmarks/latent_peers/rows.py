"""The rows of the suite: what is asked of a tool, and what becomes a number."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from .points import points
from .sessions import Sessions

Found = dict[str, Any]
Step = dict[str, Any]
ALL = ("ours", "scatter", "atlas", "holoviews", "bokeh")
SMALL, MIDDLE, LARGE = 100_000, 1_000_000, 5_000_000


@dataclass(frozen=True)
class Row:
    """One row: its measures are columns of its table."""

    name: str
    title: str
    columns: tuple[str, ...]
    measure: Callable[[Sessions, str, bool], Found]
    tools: tuple[str, ...] = ALL
    once: bool = False
    """Passes or fails: one run is enough."""

    def runs(self, wanted: int) -> int:
        """Give how often it is measured."""
        return 1 if self.once else wanted


def shown(
    count: int, kind: str = "groups", seconds: float = 120, hand: str = "lasso"
) -> list[Step]:
    """Give the steps that show points."""
    made = f"own.drag = {hand!r}; prepare({count}, {kind!r})"
    return [
        {"do": "python", "name": "made", "code": made, "needed": True},
        {"do": "frame", "name": "frame", "code": "show()", "seconds": seconds, "needed": True},
    ]


@cache
def expected(count: int) -> int:
    """Give how many points the small lasso holds."""
    return int((points(count)[2] == 0).sum())


def lasso(shape: str, count: int | None, seconds: float = 60, **more: Any) -> Step:
    """Give the step of a lasso."""
    return {
        "do": "lasso",
        "name": shape,
        "shape": shape,
        "expected": count,
        "seconds": seconds,
        "code": 'getattr(own, "mouse", str)("lasso")',
        **more,
    }


def first_frame(sessions: Sessions, tool: str, quick: bool) -> Found:
    """B1: from running the cell to the first of several equal pictures."""
    row: Found = {}
    for count, name in ((SMALL, "100 k, s"), (MIDDLE, "1 M, s"), (LARGE, "5 M, s")):
        found = sessions.run(tool, shown(count // (10 if quick else 1)))
        row |= {name: _seconds(found), **_wrong(found)}
        if found.get("frame"):
            frame = found["frame"]
            if frame.get("width"):
                row["picture, px"] = f"{frame['width']} x {frame['height']}"
    return row


def pan(sessions: Sessions, tool: str, quick: bool) -> Found:
    """B2: a drag of twenty steps over a million points."""
    drag = {
        "do": "pan",
        "name": "pan",
        "moves": 20,
        "by": 4,
        "code": 'getattr(own, "mouse", str)("pan")',
    }
    found = sessions.run(tool, [*shown(MIDDLE // (10 if quick else 1), hand="pan"), drag])
    row = _wrong(found)
    if found.get("pan"):
        frames = found["pan"]["frames"]
        row |= {
            "frame, ms": statistics.median(frames),
            "longest frame, ms": max(frames),
            "whole again, ms": found["pan"]["settled"],
            "moved of 80 px": found["pan"]["moved"],
        }
    return row


def lassos(sessions: Sessions, tool: str, quick: bool) -> Found:
    """B3: from letting go to a boolean mask in the kernel with just the points that were drawn around."""
    count = MIDDLE // (10 if quick else 1)
    steps = [lasso("small", expected(count)), lasso("all", count)]
    found = sessions.run(tool, [*shown(count), *steps])
    row = _wrong(found)
    for name in ("small", "all"):
        one = found.get(name)
        if one:
            row |= {
                f"{name}, ms": _arrived(one),
                f"{name}: picture, ms": one["settled"],
                f"{name}: longest block of the hand, ms": one["longest"],
            }
    return row


def large_lasso(sessions: Sessions, tool: str, quick: bool) -> Found:
    """B4: a lasso around five million points reaches the kernel, or not."""
    count = LARGE // (10 if quick else 1)
    found = sessions.run(tool, [*shown(count), lasso("all", count)])
    row = _wrong(found)
    one = found.get("all")
    if one:
        came = isinstance(_arrived(one), float | int)
        row["arrives"] = "yes" if came else f"no: {_arrived(one)}"
        row["ms"] = one["ms"]
        row["connection lost"] = "yes" if one["lost"] else "no"
    return row


def memory(sessions: Sessions, tool: str, quick: bool) -> Found:
    """B5: what the page holds more than before."""
    row: Found = {}
    for count, name in ((MIDDLE, "1 M"), (LARGE, "5 M")):
        before, after = ({"do": "memory", "name": name} for name in ("before", "after"))
        found = sessions.run(tool, [before, *shown(count // (10 if quick else 1)), after])
        row |= _wrong(found)
        if found.get("before") and found.get("after"):
            row |= {
                f"{name}: {title}, MB": found["after"][key] - found["before"][key]
                for key, title in (
                    ("heap", "heap and arrays"),
                    ("renderer", "page's process"),
                    ("gpu", "GPU's process"),
                )
            }
    return row


def offline(sessions: Sessions, tool: str, _quick: bool) -> Found:
    """B6: nothing but the notebook's server answers."""
    row: Found = {}
    for inline, name in ((False, "as it is by default"), (True, "scripts in the notebook")):
        found = sessions.run(tool, shown(SMALL, seconds=45), offline=True, inline=inline)
        row |= {name: _draws(found), **_wrong(found)}
    return row


def without_gpu(sessions: Sessions, tool: str, _quick: bool) -> Found:
    """B7: no WebGPU, then no WebGL either."""
    ask = {"do": "webgpu", "name": "webgpu"}
    without = sessions.run(tool, [ask, *shown(SMALL, seconds=45)])
    neither = sessions.run(tool, shown(SMALL, seconds=45), args=["--disable-3d-apis"])
    said = "without WebGPU"
    return {
        said: _draws(without) + (" (there was WebGPU)" if without.get("webgpu") else ""),
        "without WebGPU and WebGL": _draws(neither),
        **_wrong(neither),
        **_wrong(without),
    }


def colours(sessions: Sessions, tool: str, quick: bool) -> Found:
    """Select a tenth of a million points from Python, then colour all by another column."""
    steps = [
        {"do": "change", "name": one, "code": f"own.{one}()", "seconds": 60}
        for one in ("tenth", "recolour")
    ]
    found = sessions.run(tool, [*shown(MIDDLE // (10 if quick else 1)), *steps])
    row = _wrong(found)
    for one, name in (("tenth", "10 % selected, s"), ("recolour", "recoloured, s")):
        if found.get(one):
            ms = found[one]["ms"]
            row[name] = (
                "no such call" if "not callable" in str(found[one]["said"]) else ms and ms / 1e3
            )
    return row


def thumbnails(sessions: Sessions, tool: str, quick: bool) -> Found:
    """From letting go of a lasso to the pictures of all thumbnails in sight."""
    count = SMALL // (10 if quick else 1)
    steps = [
        {"do": "python", "name": "made", "code": f"prepare({count})", "needed": True},
        {"do": "frame", "name": "frame", "code": "with_events()", "seconds": 120, "needed": True},
        {"do": "thumbnails", "name": "thumbnails", "repeats": 24, "seconds": 30},
    ]
    found = sessions.run(tool, steps)
    row = _wrong(found)
    times = sorted(one[0] for one in found.get("thumbnails") or [] if one)
    if times:
        row |= {
            "p50, ms": statistics.median(times),
            "p95, ms": times[min(len(times) - 1, round(0.95 * len(times)))],
            "lassos": f"{len(times)} of 24",
            "thumbnails": found["thumbnails"][0][1] if found["thumbnails"][0] else None,
        }
    return row


def very_many(sessions: Sessions, tool: str, quick: bool) -> Found:
    """10 and 100 million points by density: the picture, and each turn of the wheel."""
    row: Found = {}
    for count, name in ((10_000_000, "10 M"), (100_000_000, "100 M")):
        zoom = {"do": "zoom", "name": "zoom", "turns": 3, "seconds": 120, "quiet": 12}
        steps = [*shown(count // (10 if quick else 1), seconds=150), zoom]
        found = sessions.run(tool, steps)
        row |= {f"{name}: picture, s": _seconds(found), **_wrong(found)}
        turns = [one for one in found.get("zoom") or [] if one is not None]
        if turns:
            # A tool may stretch the picture that it has; the sharp one comes after it.
            row[f"{name}: zoomed, s"] = statistics.median(one["last"] for one in turns) / 1e3
    return row


def _wrong(found: Found) -> Found:
    return {"failed": found["failed"]} if found.get("failed") else {}


def _seconds(found: Found) -> float | str:
    frame = found.get("frame")
    if not frame:
        return "no picture"
    return (
        frame["ms"] / 1e3 if frame["ms"] is not None else f"no picture {frame['said'] or ''}"[:120]
    )


def _draws(found: Found) -> str:
    frame = found.get("frame")
    return "draws" if frame and frame["ms"] is not None else "no picture"


def _arrived(one: Found) -> float | str:
    if one["ms"] is None:
        others = sorted(set(one.get("others") or []))
        return f"other counts: {others}" if others else "nothing came"
    return max(0.0, one["ms"])


def _right(sessions: Sessions, tool: str, quick: bool) -> Found:
    from .oracle import right

    return right(sessions, tool, quick)


ROWS = (
    Row(
        "B1",
        "first picture that stays, from running the cell",
        ("100 k, s", "1 M, s", "5 M, s", "picture, px"),
        first_frame,
    ),
    Row(
        "B2",
        "a pan over 1 M points",
        ("frame, ms", "longest frame, ms", "whole again, ms", "moved of 80 px"),
        pan,
    ),
    Row(
        "B3",
        "lasso of 1 M points, until the kernel has a boolean mask of just the right count",
        tuple(
            f"{name}{what}"
            for name in ("small", "all")
            for what in (", ms", ": picture, ms", ": longest block of the hand, ms")
        ),
        lassos,
    ),
    Row("B4", "lasso of 5 M points", ("arrives", "ms", "connection lost"), large_lasso),
    Row(
        "B5",
        "memory of the page beyond an empty notebook",
        tuple(
            f"{count}: {what}, MB"
            for count in ("1 M", "5 M")
            for what in ("heap and arrays", "page's process", "GPU's process")
        ),
        memory,
    ),
    Row(
        "B6",
        "start without a network, 100 k points",
        ("as it is by default", "scripts in the notebook"),
        offline,
        once=True,
    ),
    Row(
        "B7",
        "start without WebGPU, 100 k points",
        ("without WebGPU", "without WebGPU and WebGL"),
        without_gpu,
        (*ALL, "atlas26"),
        once=True,
    ),
    Row(
        "B8",
        "concave lasso of 100 k points beside Shapely",
        ("selected", "wrong, by the tool's own polygon", "wrong beyond 3 px of the hand's line"),
        _right,
        once=True,
    ),
    Row("colours", "colours of 1 M points change", ("10 % selected, s", "recoloured, s"), colours),
    Row(
        "thumbnails",
        "lasso to thumbnails, 100 k waveforms",
        ("p50, ms", "p95, ms", "lassos", "thumbnails"),
        thumbnails,
        ("ours",),
    ),
    Row(
        "large",
        "very many points by density",
        ("10 M: picture, s", "10 M: zoomed, s", "100 M: picture, s", "100 M: zoomed, s"),
        very_many,
        ("ours", "holoviews"),
    ),
)
