"""The way along the records: from a content to what it was made from, or to what was made of it."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from itertools import chain
from typing import TYPE_CHECKING

from .graphs import Lineage
from .records import Item, Step
from .wanted import Wanted

if TYPE_CHECKING:
    from .stores import Store

Found = tuple[list[Step], set[str], set[str]]
"""Steps, contents, and runs that were met."""


def backwards(store: Store, asked: Wanted) -> Found:
    """Give the steps that led to what is asked for.

    An input that says from which step it came is followed within its run: two runs may make equal contents
    of different things. One that does not was a file, and is followed to whoever made those bytes.
    """
    steps: dict[str, Step] = {}
    keys, seen = set(asked.keys), set()
    waiting = [(key, asked.run) for key in asked.keys]
    if asked.whole_run:
        own = store.of_run(asked.run)
        steps = {step.id: step for step in own}
        waiting = [
            (item.key, step.run if item.origin else "") for step in own for item in step.inputs
        ]
        keys.update(key for key, _ in waiting)
    while waiting:
        key, run = waiting.pop()
        if (key, run) in seen:
            continue
        seen.add((key, run))
        keys.add(key)
        for step in _makers(store, key, run, asked.run):
            if step.id not in steps:
                steps[step.id] = step
                waiting += [(one.key, step.run if one.origin else "") for one in step.inputs]
    return list(steps.values()), keys, {step.run for step in steps.values()}


def forwards(store: Store, asked: Wanted) -> Found:
    """Give the steps that what is asked for went into, and all that followed, in all runs."""
    met: dict[str, Step] = {}
    keys, seen = set(asked.keys), set()
    waiting = [(key, asked.run, not asked.run) for key in asked.keys]
    if asked.run:
        waiting += [(key, "", False) for key in asked.keys]
    if asked.whole_run:
        met = {step.id: step for step in store.of_run(asked.run)}
    while waiting:
        key, run, anywhere = waiting.pop()
        if (key, run) in seen:
            continue
        seen.add((key, run))
        users = store.users(key)
        if run:
            followers: Iterable[Step] = users.get(run, ())
        else:
            followers = (
                step
                for step in chain.from_iterable(users.values())
                # What came from a step of its own run was made anew there, perhaps of something else.
                if anywhere or any(one.key == key and not one.origin for one in step.inputs)
            )
        for step in followers:
            if step.id in met:
                continue
            met[step.id] = step
            for item in step.outputs:
                waiting += [(item.key, step.run, False), (item.key, "", False)]
    runs = {step.run for step in met.values()}
    own = asked.run if asked.whole_run else ""
    steps = _distinct(store, met.values(), own)
    for step in steps:
        keys.update(one.key for one in (*step.inputs, *step.outputs))
    return steps, keys, runs


def graph_of(
    asked: Wanted, steps: list[Step], keys: set[str], runs: set[str], direction: str, store: Store
) -> Lineage:
    """Give the answer: the steps with the contents that were met, and what has to be said."""
    notes = list(asked.notes)
    if not steps:
        used = {run for key in asked.keys for run in store.users(key)}
        made = {run for key in asked.keys for run in store.makers(key)}
        if direction == "back" and used:
            notes.append(
                f"no run of this workspace has made this: it is a source, used by {len(used):,} "
                f"run{'s' * (len(used) > 1)}"
            )
        elif direction == "forward" and made:
            notes.append("no run of this workspace has used this")
        else:
            what = "file" if asked.path else "content"
            notes.append(f"no run of this workspace has used or made this {what}")
    if asked.whole_run:
        keys = keys | {one.key for step in steps for one in (*step.inputs, *step.outputs)}
    met = {one.key: one for step in steps for one in (*step.inputs, *step.outputs)}
    alone = [met.get(key) or _known(store, asked, key) for key in asked.keys]
    return Lineage(
        asked.about,
        _ordered(steps),
        keys,
        alone,
        direction=direction,
        runs=sorted(runs),
        notes=[*notes, *store.warnings],
    )


def _known(store: Store, asked: Wanted, key: str) -> Item:
    """Give what any record says of a content, or only what was asked."""
    for step in chain.from_iterable((*store.users(key).values(), *store.makers(key).values())):
        for one in (*step.inputs, *step.outputs):
            if one.key == key:
                return one
    return Item("", key, "file" if asked.path else "", "", asked.path, None)


def _makers(store: Store, key: str, run: str, own: str) -> list[Step]:
    made = store.made_in(run).get(key) if run else None
    if made:
        return made if run == own else _distinct(store, made, own)
    return _distinct(store, chain.from_iterable(store.makers(key).values()), own)


def _distinct(store: Store, steps: Iterable[Step], own: str) -> list[Step]:
    """Give each computation once: what the cache had as what computed it, and equal ones as the first."""
    found: dict[object, Step] = {}
    for given in steps:
        step = given
        if step.cached and step.made_by and step.run != own:
            step = _computation(store, step)
        told = step.id if step.run == own and own else step.computation
        first = found.setdefault(told, step)
        if step.started < first.started:
            found[told] = step
    return list(found.values())


def _computation(store: Store, step: Step) -> Step:
    """Give the step that computed what another one took from the cache, if that is what its record says."""
    found = store.by_id(step.made_by)
    if found is None or not {one.key for one in step.outputs} <= {one.key for one in found.outputs}:
        return step
    return found


def _ordered(steps: Iterable[Step]) -> list[Step]:
    """Give steps by their time, but none before what it took was made: clocks differ, and times are equal."""
    known = sorted(steps, key=lambda step: (step.started, step.ended, step.id))
    made = {item.key for step in known for item in step.outputs}
    takers: dict[str, list[int]] = {}
    missing = []
    for number, step in enumerate(known):
        wanted = {item.key for item in step.inputs} & made
        missing.append(len(wanted))
        for key in wanted:
            takers.setdefault(key, []).append(number)
    ready = [number for number, count in enumerate(missing) if not count]
    found: dict[int, Step] = {}
    while ready:
        number = heapq.heappop(ready)
        found[number] = known[number]
        for item in known[number].outputs:
            for taker in takers.pop(item.key, ()):
                missing[taker] -= 1
                if not missing[taker]:
                    heapq.heappush(ready, taker)
    # What is left stands in a cycle that nothing leads into.
    return [*found.values(), *(step for number, step in enumerate(known) if number not in found)]
