"""A graph as text for a terminal: one box a line, what follows it below it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .drawing import MARKS, Box
from .plain import shown

MOST, DEEPEST, LONGEST = 500, 24, 120


def tree(
    boxes: Sequence[Box],
    edges: Iterable[Sequence[str]],
    roots: Sequence[str] | None = None,
    *,
    arrow: str = "→",
    most: int = MOST,
) -> str:
    """Give a graph as an indented tree; a box that stands in it already is only named again.

    What follows alone stands below without a further indent, so that a chain of any length stays readable.

    Parameters
    ----------
    boxes
        What is told.
    edges
        From which box to which; what else they hold is not told. Cycles are allowed.
    roots
        Where it begins; by default with the boxes that no edge leads to.
    arrow
        What stands before a box that follows another one.
    most
        Lines at most; how many boxes are not told stands in the last.

    Examples
    --------
    >>> boxes = [Box("a", "read"), Box("b", "clean"), Box("c", "split"), Box("d", "draw")]
    >>> print(tree(boxes, [("a", "b"), ("b", "c"), ("b", "d")]))
    read
    → clean
      ├→ split
      └→ draw
    """
    known = {one.id: one for one in boxes}
    follow: dict[str, list[str]] = {ident: [] for ident in known}
    entered = set()
    for source, target in dict.fromkeys((edge[0], edge[1]) for edge in edges):
        if source in known and target in known:
            follow[source].append(target)
            entered.add(target)
    begin = [one for one in known if one not in entered] if roots is None else list(roots)
    # Boxes within a cycle that nothing leads into come last, from whichever is first.
    waiting = [(ident, "", "", 0) for ident in (*begin, *known) if ident in known][::-1]
    told: set[str] = set()
    lines: list[str] = []
    while waiting:
        ident, lead, below, depth = waiting.pop()
        if not depth and ident in told:
            continue
        if len(lines) >= most:
            left = len(known) - len(told)
            lines.append(f"… and {left:,} more" if left else "…")
            break
        again = ident in told
        text = _text(known[ident])
        lines.append(f"{lead}{text}{' (see above)' if again and follow[ident] else ''}")
        if again:
            continue
        told.add(ident)
        next_ = follow[ident]
        if len(next_) == 1:
            waiting.append((next_[0], f"{below}{arrow} ", below, depth + 1))
            continue
        # The indent ends somewhere: what is deeper than a terminal is wide could not be read.
        room = "  " if depth else ""
        for number, one in reversed(list(enumerate(next_))):
            last = number == len(next_) - 1
            lead_, rest = ("└", "  ") if last else ("├", "│ ")
            if len(below) >= 2 * DEEPEST:
                waiting.append((one, f"{below}{arrow} ", below, depth + 1))
            else:
                waiting.append(
                    (one, f"{below}{room}{lead_}{arrow} ", f"{below}{room}{rest}", depth + 1)
                )
    return "\n".join(lines)


def _text(box: Box) -> str:
    state = f"{MARKS.get(box.state, '•')} {box.state}" if box.state else ""
    told = (shown(box.title, LONGEST), shown(box.subtitle, LONGEST), state)
    return "  ".join(one for one in told if one)
