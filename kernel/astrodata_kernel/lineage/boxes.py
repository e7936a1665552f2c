"""What of a lineage is drawn: a box for each step and content, or one for all that are alike."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..amounts import bytes_text
from .drawing import Box
from .plain import plain, shown

if TYPE_CHECKING:
    from .graphs import Artifact, Lineage
    from .records import Step

MOST = 200
"""Boxes beyond which nobody finds one any more."""

_LONGEST_PARAMETER, _MOST_PARAMETERS = 80, 12


@dataclass(frozen=True)
class Picture:
    """What is drawn.

    Parameters
    ----------
    boxes, edges
        The graph.
    asked
        The boxes of what was asked for.
    notes
        What has to be said about it, in sentences.
    """

    boxes: Sequence[Box]
    edges: Sequence[tuple[str, str, str]]
    asked: Sequence[str]
    notes: Sequence[str] = ()


def picture_of(lineage: Lineage) -> Picture:
    """Give what is drawn of a lineage."""
    count = len(lineage.steps) + len(lineage.artifacts)
    if count > MOST:
        return _summed_up(lineage, count)
    boxes = [_artifact(one) for one in lineage.artifacts]
    boxes += [_step(one) for one in lineage.steps]
    # The name of an input is told where a step has several, and what goes in is called otherwise.
    several = {step.id for step in lineage.steps if len(step.inputs) > 1}
    called = {one.key: one.name for one in lineage.artifacts}
    edges = [
        (a, b, name if b in several and not called[a].endswith(f".{name}") else "")
        for a, b, name in lineage.edges
    ]
    return Picture(boxes, edges, lineage.asked)


def _artifact(one: Artifact) -> Box:
    kind = "file" if one.path and (one.kind in ("file", "") or not one.names) else "data"
    told = [one.kind] if one.kind else []
    if one.size is not None:
        told.append(bytes_text(one.size))
    if len(one.names) > 1:
        told.append(f"also {one.names[1]}")
    tip = [one.key[:71], *one.names[:5], *one.paths[:5]]
    return Box(one.key, one.name, " · ".join(told), kind, "", "\n".join(tip))


def _step(one: Step) -> Box:
    state = "failed" if one.state == "failed" else "cached" if one.cached else "finished"
    block = f"{one.block} {one.version}".strip()
    tip = [f"{one.pipeline} · {one.name}", block, f"run {one.run}"]
    tip += [f"{name} = {_value(value)}" for name, value in _few(one.parameters)]
    if len(one.parameters) > _MOST_PARAMETERS:
        tip.append(f"and {len(one.parameters) - _MOST_PARAMETERS} more parameters")
    tip += [text for text in (f"{one.started} to {one.ended}", one.package, one.code[:19]) if text]
    if one.git:
        tip.append(
            f"commit {one.git['commit'][:12]}{', changed since' if one.git['dirty'] else ''}"
        )
    # That a step has finished is said by what it made: only what is not as usual is marked.
    return Box(
        one.id, one.name, block, "step", state if state != "finished" else "", "\n".join(tip)
    )


def _few(parameters: dict[str, object]) -> list[tuple[str, object]]:
    return list(parameters.items())[:_MOST_PARAMETERS]


def _value(value: object) -> str:
    text = json.dumps(plain(value, _LONGEST_PARAMETER, deepest=3))
    return shown(text, _LONGEST_PARAMETER)


def _summed_up(lineage: Lineage, count: int) -> Picture:
    """Give a box for each step of each pipeline, and one for all contents that lie between the same."""
    by, told_by = _place, "step of the pipeline"
    if len(set(map(by, lineage.steps))) > MOST // 2:
        by, told_by = _block, "block"
    members: dict[str, list[Step]] = {}
    group: dict[str, str] = {}
    for step in lineage.steps:
        group[step.id] = by(step)
        members.setdefault(by(step), []).append(step)
    alike = _alike(lineage, group)
    for ident, found in alike.items():
        group.update((one.key, ident) for one in found)
    several = len({step.pipeline for step in lineage.steps}) > 1
    boxes = [_steps(ident, steps, several, by is _block) for ident, steps in members.items()]
    boxes += [_artifacts(ident, found) for ident, found in alike.items()]
    notes = [f"{count:,} steps and contents are too many to draw: they are summed up by {told_by}"]
    if len(boxes) > 2 * MOST:
        notes.append(f"{len(boxes) - 2 * MOST:,} of {len(boxes):,} boxes are left out even so")
        boxes = boxes[: 2 * MOST]
    edges = dict.fromkeys((group[a], group[b], "") for a, b, _ in lineage.edges)
    asked = dict.fromkeys(group[key] for key in lineage.asked if key in group)
    return Picture(boxes, list(edges), list(asked), notes)


def _place(step: Step) -> str:
    return f"step:{step.pipeline}\n{step.name}\n{step.block}"


def _block(step: Step) -> str:
    return f"step:{step.block}"


def _alike(lineage: Lineage, group: dict[str, str]) -> dict[str, list[Artifact]]:
    """Give the contents that lie between the same groups of steps, by what tells them from others."""
    before: dict[str, set[str]] = {one.key: set() for one in lineage.artifacts}
    behind: dict[str, set[str]] = {one.key: set() for one in lineage.artifacts}
    for source, target, _ in lineage.edges:
        if target in before and source in group:
            before[target].add(group[source])
        if source in behind and target in group:
            behind[source].add(group[target])
    asked = set(lineage.asked)
    found: dict[object, list[Artifact]] = {}
    for one in lineage.artifacts:
        place = (frozenset(before[one.key]), frozenset(behind[one.key]))
        found.setdefault((one.kind, one.key in asked, *place), []).append(one)
    return {f"data:{number}": alike for number, alike in enumerate(found.values())}


def _steps(ident: str, steps: Sequence[Step], several: bool, by_block: bool) -> Box:
    runs, first = len({step.run for step in steps}), steps[0]
    failed = sum(step.state == "failed" for step in steps)
    title = f"{first.pipeline}.{first.name}" if several else first.name
    told = f"{len(steps):,} × {first.block}"
    if by_block:
        title, told = first.block, f"{len(steps):,} steps"
    told += f", {failed:,} failed" if failed else ""
    tip = f"{title}\n{first.block}\n{len(steps):,} steps of {runs:,} runs"
    return Box(ident, title, told, "step", "", tip)


def _artifacts(ident: str, found: Sequence[Artifact]) -> Box:
    if len(found) == 1:
        one = _artifact(found[0])
        return Box(ident, one.title, one.subtitle, one.kind, "", one.tip)
    kinds = sorted({one.kind or "content" for one in found})
    names = list(dict.fromkeys(one.name for one in found))
    files = all(_artifact(one).kind == "file" for one in found)
    told = f"{names[0]}, …" if len(names) > 1 else names[0]
    title = f"{len(found):,} × {kinds[0] if len(kinds) == 1 else 'content'}"
    return Box(ident, title, told, "file" if files else "data", "", "\n".join(names[:20]))
