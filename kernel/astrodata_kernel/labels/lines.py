"""One line of a log: an event as JSON, with a checksum by which an edited line is told.

A line is whole when it ends with a line feed. Its last member is ``"sum"``, the CRC-32 of what stands before
it. A line whose checksum is wrong but that still tells an event is *kept* and marked as edited: labels must
not vanish because somebody opened the file in an editor. A line that tells no event is left out. Both are
said in a warning that names file and line.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import repeat
from operator import le
from typing import Any, NamedTuple

Id = int | str
Label = str | tuple[str, ...] | None
LONGEST = 1 << 28
"""Bytes of a line at most."""

_SUM = 18  # ,"sum":"xxxxxxxx"}
_LOW, _HIGH = -(2**63), 2**63
_PLAIN = {"n", "clock", "time", "who", "do", "ids", "label", "sum"}
_PLAIN |= {"note", "confidence", "seconds", "score", "source"}
LABELLING = frozenset({"put", "skip", "adjudicate"})
"""What an undo can take back, beside imports."""


class Event(NamedTuple):
    """What one line tells; an import tells one for each of its labels.

    The first four order all events of a folder: `clock` is microseconds since 1970, or more where the clock
    of the machine stood behind what the writer had seen already.
    """

    clock: int
    writer: str
    number: int
    part: int
    do: str
    who: str
    time: str
    ids: tuple[Id, ...]
    label: Label = None
    note: str | None = None
    confidence: float | None = None
    seconds: float | None = None
    score: float | None = None
    model: str | None = None
    dataset: str | None = None
    source: Any = None
    region: dict[str, Any] | None = None
    by: str = ""
    target: tuple[str, int] | None = None
    change: tuple[Any, ...] = ()
    edited: bool = False

    @property
    def ref(self) -> tuple[str, int]:
        """Which line this is."""
        return (self.writer, self.number)


class NoEvent(ValueError):
    """A line that tells nothing; the text says why."""


def now() -> str:
    """Give the time as it is written: ISO 8601 in UTC."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def line_of(record: Mapping[str, Any]) -> bytes:
    """Give the line of a record, with its checksum and its line feed."""
    # Characters beyond ASCII are escaped: names of files may hold halves of them, which UTF-8 refuses.
    text = json.dumps(record, separators=(",", ":"), allow_nan=False).encode("ascii")
    return b'%b,"sum":"%08x"}\n' % (text[:-1], zlib.crc32(text[:-1]))


def is_whole(line: bytes) -> bool:
    """Whether a line, without its line feed, is as it was written."""
    return line[-10:-2] == b"%08x" % zlib.crc32(line[:-_SUM]) and line[-_SUM:-10] == b',"sum":"'


def records_of(lines: list[bytes]) -> list[Any]:
    """Give the records of lines that are whole: read at once, which is quicker than one by one."""
    records = json.loads(b"[" + b",".join(lines) + b"]")
    if len(records) != len(lines):
        raise NoEvent("lines that are no records")
    return list(records)


def record_of(line: bytes) -> dict[str, Any]:
    """Give the record of one line, whatever it is.

    Raises
    ------
    NoEvent
        It is no JSON, or no object.
    """
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise NoEvent(f"it is no JSON ({str(error)[:80]})") from None
    if not isinstance(record, dict):
        raise NoEvent("it is no record")
    return record


def is_plain(record: Any) -> bool:
    """Whether a record is nothing but a label, as nearly all are."""
    return type(record) is dict and record.get("do") == "put" and record.keys() <= _PLAIN


def plain_puts(
    records: list[dict[str, Any]],
    head: Mapping[str, Any],
    clock: int,
    number: int,
    same: dict[str | None, str | None],
) -> list[Event] | None:
    """Give the events of plain records with one id each that follow each other; None for all else.

    `events_of_record` says the same of them, in four times the time: here each look is at all of them.

    Parameters
    ----------
    records
        Of which `is_plain` is true.
    head, clock
        As there.
    number
        That the first one has if it follows.
    same
        Texts that come again and again, each kept once.
    """
    try:
        ids = [record["ids"] for record in records]
        if set(map(type, ids)) != {list}:
            return None
        idents = [ident for [ident] in ids]
        numbers, clocks, times, given_by = (
            [record[name] for record in records] for name in ("n", "clock", "time", "who")
        )
        label, note, source, confidence, seconds, score = (
            [record.get(name) for record in records]
            for name in ("label", "note", "source", "confidence", "seconds", "score")
        )
        if (
            set(map(type, idents)) not in ({int}, {str})
            or (type(idents[0]) is int and not (min(idents) >= _LOW and max(idents) < _HIGH))
            or numbers != list(range(number, number + len(records)))
            or set(map(type, numbers)) | set(map(type, clocks)) != {int}
            or not (clock <= clocks[0] and clocks[-1] < _HIGH)
            or not all(map(le, clocks, clocks[1:]))
            or set(map(type, times)) | set(map(type, given_by)) | set(map(type, label)) != {str}
            or not set(map(type, note)) | set(map(type, source)) <= {str, type(None)}
            or not {*map(type, confidence), *map(type, seconds), *map(type, score)}
            <= {float, type(None)}
        ):
            return None
    except (KeyError, TypeError, ValueError):
        return None
    once = same.setdefault
    who = [once(one, one) for one in given_by]
    rows = zip(
        clocks,
        repeat(head["writer"]),
        numbers,
        repeat(0),
        repeat("put"),
        who,
        times,
        zip(idents, strict=True),
        [once(one, one) for one in label],
        note,
        confidence,
        seconds,
        score,
        repeat(head["model"]),
        repeat(head["dataset"]),
        [once(one, one) for one in source],
        repeat(None),
        who,
        repeat(None),
        repeat(()),
        repeat(False),
        strict=False,
    )
    return list(map(Event._make, rows))


def events_of_record(
    record: Mapping[str, Any], head: Mapping[str, Any], clock: int, edited: bool = False
) -> list[Event]:
    """Give the events of a record.

    Parameters
    ----------
    record
        As it stands in the file.
    head
        ``writer``, ``who``, ``dataset`` and ``model`` of the file.
    clock
        Of the line before: a line never sorts before it.
    edited
        Whether its checksum is wrong.

    Raises
    ------
    NoEvent
        It is none; the text says why.
    """
    try:
        return _events(record, head, clock, edited)
    except NoEvent:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise NoEvent(f"{type(error).__name__}: {str(error)[:80]}") from None


def _events(
    record: Mapping[str, Any], head: Mapping[str, Any], clock: int, edited: bool
) -> list[Event]:
    do, number = record["do"], record["n"]
    stamp = record.get("clock", clock)
    if type(stamp) is not int or type(number) is not int:
        raise NoEvent("its number or its clock is none")
    place = (stamp if clock <= stamp < _HIGH else clock, head["writer"], number)
    who, time = record.get("who", head["who"]), record.get("time", "")
    if type(who) is not str or type(time) is not str:
        raise NoEvent("it does not say who or when")
    if do == "put":
        return [_labelling(place, 0, do, who, time, record, head, who, edited)]
    if do in LABELLING:
        return [_labelling(place, 0, do, who, time, record, head, who, edited)]
    if do in ("undo", "redo"):
        writer, target = record["of"]
        if type(writer) is not str or type(target) is not int:
            raise NoEvent("it does not say of which event")
        return [Event(*place, 0, do, who, time, (), by=who, target=(writer, target), edited=edited)]
    if do == "import":
        events = [
            _labelling(
                place,
                part,
                item.get("do", "put"),
                _text(item.get("who", who)) or who,
                _text(item.get("time", time)) or time,
                item,
                head,
                who,
                edited,
            )
            for part, item in enumerate(record["items"])
        ]
        if "change" in record:
            steps = tuple(dict(step) for step in record["change"])
            change = Event(*place, len(events), "classes", who, time, (), by=who, change=steps)
            events.append(change)
        return events
    if do == "classes":
        change = tuple(dict(step) for step in record["change"])
        return [Event(*place, 0, do, who, time, (), by=who, change=change, edited=edited)]
    raise NoEvent(f"what it does, {str(do)[:40]!r}, is not known here: a newer version wrote it")


def _labelling(
    place: tuple[int, str, int],
    part: int,
    do: str,
    who: str,
    time: str,
    record: Mapping[str, Any],
    head: Mapping[str, Any],
    by: str,
    edited: bool,
) -> Event:
    given, label, get = record["ids"], record.get("label"), record.get
    if do not in LABELLING or type(given) is not list or not given:
        raise NoEvent("it labels nothing")
    kinds = {type(one) for one in given}
    if not kinds <= {int, str}:
        raise NoEvent("its ids are not whole numbers or texts")
    if int in kinds and not all(_LOW <= one < _HIGH for one in given if type(one) is int):
        raise NoEvent("an id is no 64-bit number")
    if type(label) is list:
        label = tuple(label)
        if not label or any(type(one) is not str for one in label):
            raise NoEvent("its label is none")
    elif label is not None and type(label) is not str:
        raise NoEvent("its label is none")
    region = get("region")
    if region is not None and type(region) is not dict:
        raise NoEvent("its region is none")
    return Event(
        *place,
        part,
        do,
        who,
        time,
        tuple(given),
        label,
        _text(get("note")),
        _number(get("confidence")),
        _number(get("seconds")),
        _number(get("score")),
        _text(get("model", head["model"])),
        _text(get("dataset", head["dataset"])),
        get("source"),
        region,
        by,
        None,
        (),
        edited,
    )


def _text(value: Any) -> str | None:
    if value is None or type(value) is str:
        return value
    raise NoEvent(f"{str(value)[:40]!r} is no text")


def _number(value: Any) -> float | None:
    if value is None or type(value) is float:
        return value
    if type(value) is int:
        return float(value)
    raise NoEvent(f"{str(value)[:40]!r} is no number")
