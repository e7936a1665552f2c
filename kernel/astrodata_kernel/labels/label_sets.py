"""Classes that labels may have: names, colours, keys, families, and how they change."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from ..errors import BadRequest, UnknownName

PALETTE = (
    "#0072b2",
    "#d55e00",
    "#009e73",
    "#cc79a7",
    "#e69f00",
    "#56b4e9",
    "#882255",
    "#999933",
    "#44aa99",
    "#332288",
    "#aa4499",
    "#ddcc77",
    "#117733",
    "#88ccee",
    "#cc6677",
    "#7f7f7f",
)
"""After Okabe and Ito, then Tol's muted ones: told apart by the colour-blind, the first ones best."""

KEYS = "1234567890"
MOST = 1_000
"""Classes of a set at most."""


@dataclass(frozen=True)
class LabelClass:
    """A class: its name, colour ``"#rrggbb"``, key on the keyboard, and the class that it is a kind of."""

    name: str
    color: str
    hotkey: str | None = None
    parent: str | None = None


@dataclass(frozen=True)
class LabelSet:
    """The classes that labels may have.

    Parameters
    ----------
    classes
        In their order. Without any, every text is a label.
    multiple
        Whether an event may have several classes at once.

    Examples
    --------
    >>> kinds = LabelSet.of(["noise", "glitch", {"name": "blip", "parent": "glitch"}])
    >>> kinds.names, kinds["blip"].hotkey, kinds.path("blip")
    (('noise', 'glitch', 'blip'), '3', ('glitch', 'blip'))
    """

    classes: tuple[LabelClass, ...] = ()
    multiple: bool = False

    @classmethod
    def of(cls, classes: Any, multiple: bool | None = None) -> LabelSet:
        """Give the set of names, of mappings with ``name`` and what else is known, or of classes.

        Colours and keys that are not given are chosen: colours that the colour-blind tell apart, and digits.

        Raises
        ------
        BadRequest
            A name twice, a colour that is none, a key for two classes, a parent that is not there.
        """
        if isinstance(classes, LabelSet):
            return (
                classes if multiple is None else checked(replace(classes, multiple=bool(multiple)))
            )
        if classes is None:
            return cls((), bool(multiple))
        if isinstance(classes, str | Mapping) or not isinstance(classes, Iterable):
            raise BadRequest(f"classes={classes!r}: give a list of names, or of mappings")
        made = cls((), bool(multiple))
        return checked(replace(made, classes=tuple(completed(made, classes))))

    @property
    def names(self) -> tuple[str, ...]:
        """Names in their order."""
        return tuple(one.name for one in self.classes)

    def __getitem__(self, name: str) -> LabelClass:
        for one in self.classes:
            if one.name == name:
                return one
        close = difflib.get_close_matches(str(name), self.names, 1, 0.5) or self.names[:8]
        hint = f"did you mean {', '.join(map(repr, close))}?" if close else "there are none"
        raise UnknownName(f"there is no class {name!r}; {hint}")

    def __contains__(self, name: object) -> bool:
        return any(one.name == name for one in self.classes)

    def __len__(self) -> int:
        return len(self.classes)

    def path(self, name: str) -> tuple[str, ...]:
        """Give the family of a class from the most general one down to itself."""
        found = [self[name].name]
        while (parent := self[found[0]].parent) is not None:
            found.insert(0, parent)
        return tuple(found)

    def under(self, name: str) -> tuple[str, ...]:
        """Give a class and all that are a kind of it."""
        self[name]
        return tuple(one for one in self.names if name in self.path(one))

    def merged(self, other: Any) -> tuple[LabelSet, list[str]]:
        """Give a set with the classes of both, and what had to be decided.

        A class of both keeps the colour, key and parent that it has here.

        Parameters
        ----------
        other
            What `of` takes; colours that are chosen for names without any clash with nothing.
        """
        LabelSet.of(other)
        given = other.classes if isinstance(other, LabelSet) else other or ()
        both = [facts for facts in map(_facts, given) if facts["name"] in self]
        said = [text for facts in both if (text := _clash(self[facts["name"]], facts.get("color")))]
        new = completed(self, [one for one in given if _facts(one)["name"] not in self])
        merged, more = changed(self, [{"op": "add", **asdict(one)} for one in new])
        return merged, [*said, *more]


def completed(there: LabelSet, new: Any) -> list[LabelClass]:
    """Give further classes for a set, with colours and keys that are still free where none are given."""
    given = [_facts(one) for one in new]
    colours = [facts["color"] for facts in given if facts.get("color")]
    keys = [facts["hotkey"] for facts in given if facts.get("hotkey")]
    made = there
    for facts in given:
        made = replace(made, classes=(*made.classes, _completed(facts, made, colours, keys)))
    return list(made.classes[len(there) :])


def checked(given: LabelSet) -> LabelSet:
    """Give a label set after a look at it.

    Raises
    ------
    BadRequest
        It contradicts itself; the text says where.
    """
    names, keys = list(given.names), [one.hotkey for one in given.classes if one.hotkey]
    if len(names) > MOST:
        raise BadRequest(f"{len(names):,} classes: {MOST:,} at most")
    for twice, what in ((names, "class"), (keys, "key")):
        doubled = next((one for one in twice if twice.count(one) > 1), None)
        if doubled is not None:
            raise BadRequest(f"the {what} {doubled!r} is there twice: give each once")
    for one in given.classes:
        seen, parent = {one.name}, one.parent
        while parent is not None:
            if parent not in given:
                raise BadRequest(f"class {one.name!r} is a kind of {parent!r}, which is no class")
            if parent in seen:
                raise BadRequest(f"class {one.name!r} is a kind of itself")
            seen.add(parent)
            parent = given[parent].parent
    return given


def changed(given: LabelSet, steps: Sequence[Mapping[str, Any]]) -> tuple[LabelSet, list[str]]:
    """Give a label set after changes, and what could not be done as it was asked.

    Changes come out of logs of several people, who may have changed the same thing at once: what has no
    meaning any more is left out and said; nothing is raised.
    """
    said = []
    for step in steps:
        try:
            given = checked(_step(given, step, said))
        except (BadRequest, UnknownName, KeyError, TypeError, ValueError) as error:
            said.append(f"a change of the classes was left out: {error}")
    return given, said


def translated(name: str, steps: Sequence[Mapping[str, Any]]) -> str | None:
    """Give the name that a label has after changes of the classes, or None if it was taken away."""
    found: str | None = name
    for step in steps:
        if step.get("op") == "rename" and step.get("name") == found:
            found = step.get("to")
        elif step.get("op") == "remove" and step.get("name") == found:
            found = step.get("into")
        if found is None:
            return None
    return found


def valid_name(name: Any) -> str:
    """Give the name of a class.

    Raises
    ------
    BadRequest
        It is none.
    """
    if not isinstance(name, str):
        raise BadRequest(f"{name!r} is no name of a class: give a text")
    if not name.strip() or len(name) > 200 or any(ord(c) < 32 or ord(c) == 127 for c in name):
        raise BadRequest(f"{name[:40]!r} is no name of a class: 1 to 200 characters on one line")
    return str(name).strip()


def valid_colour(colour: Any) -> str:
    """Give a colour as ``"#rrggbb"``."""
    if not isinstance(colour, str) or not re.fullmatch(r"#[0-9A-Fa-f]{6}", colour):
        raise BadRequest(f"{str(colour)[:40]!r} is no colour: write it as '#rrggbb'")
    return str(colour).lower()


def valid_key(key: Any) -> str | None:
    """Give a key of the keyboard, or None."""
    if key in (None, ""):
        return None
    if not isinstance(key, str) or len(key) != 1 or not key.isprintable() or key == " ":
        raise BadRequest(f"{str(key)[:40]!r} is no key: give one character")
    return str(key)


def _facts(one: Any) -> dict[str, Any]:
    if isinstance(one, LabelClass):
        return asdict(one)
    if not isinstance(one, Mapping):
        return {"name": valid_name(one)}
    rest = set(one) - {"name", "color", "colour", "hotkey", "parent"}
    if rest or "name" not in one:
        raise BadRequest(f"{dict(one)!r} is no class: give name, and color, hotkey, parent")
    facts = dict(one)
    return {"color": facts.pop("colour", None), **facts}


def _completed(
    facts: Mapping[str, Any], there: LabelSet, colours: Iterable[str], keys: Iterable[str]
) -> LabelClass:
    used = [one.color for one in there.classes]
    free = [one for one in PALETTE if one not in used and one not in colours]
    taken = {one.hotkey for one in there.classes} | set(keys)
    color = valid_colour(facts.get("color") or (free or PALETTE)[0 if free else len(used) % 16])
    # A key that was given as none stays none.
    key = facts["hotkey"] if "hotkey" in facts else next((k for k in KEYS if k not in taken), None)
    parent = facts.get("parent")
    return LabelClass(
        valid_name(facts["name"]),
        color,
        valid_key(key),
        None if parent is None else valid_name(parent),
    )


def _step(given: LabelSet, step: Mapping[str, Any], said: list[str]) -> LabelSet:
    op, name = step["op"], step.get("name")
    if op == "multiple":
        return replace(given, multiple=bool(step["value"]))
    if op == "add":
        return _added(given, step, said)
    one = given[str(name)]
    if op == "rename":
        to = valid_name(step["to"])
        if to in given:
            raise BadRequest(f"{name!r} cannot become {to!r}, which is another class")
        return _each(given, lambda c: _renamed(c, one.name, to))
    if op == "remove":
        into = step.get("into")
        if into is not None:
            given[into]
        kept = replace(given, classes=tuple(c for c in given.classes if c.name != one.name))
        return _each(kept, lambda c: replace(c, parent=one.parent) if c.parent == one.name else c)
    if op == "recolour":
        colour = valid_colour(step["color"])
        return _each(given, lambda c: replace(c, color=colour) if c is one else c)
    if op == "hotkey":
        key = valid_key(step["hotkey"])
        return _each(given, lambda c: replace(c, hotkey=key) if c is one else c)
    if op == "parent":
        return _each(given, lambda c: replace(c, parent=step["parent"]) if c is one else c)
    raise BadRequest(f"{str(op)[:40]!r} is no change of classes")


def _added(given: LabelSet, step: Mapping[str, Any], said: list[str]) -> LabelSet:
    facts = {key: step[key] for key in ("name", "color", "hotkey", "parent") if key in step}
    new = _completed(facts, given, [], [])
    if new.name in given:
        clash = _clash(given[new.name], step.get("color"))
        said += [clash] if clash else []
        return given
    if new.hotkey is not None and any(c.hotkey == new.hotkey for c in given.classes):
        said.append(f"class {new.name!r} has no key: {new.hotkey!r} belongs to another class")
        new = replace(new, hotkey=None)
    return replace(given, classes=(*given.classes, new))


def _clash(there: LabelClass, color: Any) -> str | None:
    if not color or valid_colour(color) == there.color:
        return None
    return (
        f"class {there.name!r} is {there.color} in one label set and {color} in the other: it stays "
        f"{there.color}"
    )


def _each(given: LabelSet, change: Any) -> LabelSet:
    return replace(given, classes=tuple(change(one) for one in given.classes))


def _renamed(one: LabelClass, old: str, new: str) -> LabelClass:
    return replace(
        one,
        name=new if one.name == old else one.name,
        parent=new if one.parent == old else one.parent,
    )
