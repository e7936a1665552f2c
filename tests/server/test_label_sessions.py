"""What the sidebar is told of label sessions, also where their folder holds what nobody expects."""

from __future__ import annotations

import json
import os
import shutil

import numpy as np
import pytest
from astrodata_kernel.catalog import Catalog
from astrodata_kernel.labels import session

from astrodata_lab import label_sessions
from astrodata_lab.label_sessions import MOST_CLASSES, MOST_SESSIONS

pytestmark = pytest.mark.usefixtures("before")

HOSTILE = "<img src=x onerror=alert(1)>\"'&amp;"


@pytest.fixture
def begin(root):
    """Begin a session under the server's root; gives its log."""
    logs = []

    def begin(name, annotator="ada", classes=("normal", "anomaly"), dataset="traces"):
        logs.append(session(name, root=root, dataset=dataset, classes=classes, annotator=annotator))
        return logs[-1]

    yield begin
    for log in logs:
        log.close()


@pytest.fixture
def listed(ask):
    async def listed():
        status, body = await ask("labels")
        assert status == 200, body
        return body

    return listed


async def test_without_labels_the_list_is_empty_and_looking_leaves_no_trace(listed, root):
    assert await listed() == {"sessions": [], "warnings": []}
    assert not (root / "astrodata").exists()


async def test_a_session_has_its_counts_by_class_and_annotator_and_its_colours(listed, begin, root):
    log = begin("beats", classes=[{"name": "normal", "color": "#112233"}, "anomaly"])
    log.put([1, 2, 3], "normal")
    log.put(4, "anomaly")
    begin("beats", "grace", classes=None).put([3, 4], "anomaly")
    [one] = (await listed())["sessions"]
    folder = log.folder.relative_to(root.resolve()).as_posix()
    assert (one["name"], one["path"], one["dataset"]) == ("beats", folder, "traces")
    assert one["classes"] == [
        {"name": "normal", "color": "#112233", "count": 3},
        {"name": "anomaly", "color": log.label_set["anomaly"].color, "count": 3},
    ]
    assert one["annotators"] == [
        {"name": "ada", "count": 4, "counts": [3, 1]},
        {"name": "grace", "count": 2, "counts": [0, 2]},
    ]
    assert one["labelled"] == 4  # events, however many have labelled each
    newest = max(path.stat().st_mtime for path in log.folder.iterdir())
    assert one["changed"] == pytest.approx(newest, abs=5)


async def test_labels_that_come_and_go_are_in_the_next_list(listed, begin):
    log = begin("beats")

    async def counts():
        return [one["count"] for one in (await listed())["sessions"][0]["classes"]]

    assert await counts() == [0, 0]
    log.put([1, 2], "normal")
    assert await counts() == [2, 0]
    log.put(2, "anomaly")
    assert await counts() == [1, 1]
    log.undo()
    assert await counts() == [2, 0]
    log.change_classes(rename={"normal": "quiet"})
    [one] = (await listed())["sessions"]
    assert one["classes"][0]["name"] == "quiet"


async def test_those_that_changed_last_come_first(listed, begin):
    for name in ("old", "older"):
        log = begin(name)
        log.put(1, "normal")
        for path in log.folder.iterdir():
            os.utime(path, (1e9, 1e9))
        os.utime(log.folder, (1e9, 1e9))
    begin("new").put(1, "normal")
    assert [one["name"] for one in (await listed())["sessions"]] == ["new", "old", "older"]


async def test_the_data_set_of_a_session_is_found_by_its_bytes_and_by_its_name(listed, begin, root):
    np.save(root / "traces.npy", np.zeros((5, 8), "f4"))
    entry = Catalog(root).add(root / "traces.npy", name="my traces")
    begin("by bytes", dataset={"name": "as it was called", "digest": entry.sha256}).put(1, "normal")
    begin("by name", dataset="my traces").put(1, "normal")
    begin("unknown", dataset="elsewhere").put(1, "normal")
    found = {one["name"]: one["source"] for one in (await listed())["sessions"]}
    source = {
        "name": "my traces",
        "path": "traces.npy",
        "kind": "image",
        "format": entry.format,
        "state": "ok",
    }
    assert found == {"by bytes": source, "by name": source, "unknown": None}
    (root / "traces.npy").unlink()
    missing = {one["name"]: one["source"] for one in (await listed())["sessions"]}
    assert missing["by name"]["state"] == "missing"


async def test_hostile_names_are_text_of_a_decent_length(listed, begin):
    long = "x" * 190
    log = begin(HOSTILE, HOSTILE, classes=[HOSTILE, long], dataset=HOSTILE)
    log.put(1, HOSTILE)
    [one] = (await listed())["sessions"]
    assert one["name"] == one["dataset"] == one["annotators"][0]["name"] == HOSTILE
    assert [part["name"] for part in one["classes"]] == [HOSTILE, long]


def lines(folder, *records):
    """Write a log as nobody of ours would."""
    text = "".join(f"{json.dumps(record)}\n" for record in records)
    (folder / "eve-host-1-abc.jsonl").write_text(text, encoding="utf-8")


def put(number=1, who="eve", label="normal", **more):
    return {
        "do": "put",
        "n": number,
        "clock": number,
        "who": who,
        "ids": [number],
        "label": label,
    } | more


SPOILT = {
    "no json": lambda folder: (folder / "session.json").write_text("{"),
    "a list": lambda folder: (folder / "session.json").write_text("[1, 2]"),
    "deep json": lambda folder: (folder / "session.json").write_text("[" * 100_000),
    "bytes": lambda folder: (folder / "session.json").write_bytes(bytes(range(256)) * 100),
    "numbers for names": lambda folder: (folder / "session.json").write_text(
        json.dumps({"name": 7, "dataset": {"name": [1], "digest": {}}, "created": 1e999})
    ),
    "names without end": lambda folder: (folder / "session.json").write_text(
        json.dumps({"name": "n" * 500_000, "dataset": {"name": "d" * 400_000}})
    ),
    "half a character": lambda folder: (folder / "session.json").write_text(
        '{"name": "\\ud800", "dataset": {"name": "\\udcff\\u0000"}}'
    ),
    "control characters": lambda folder: (folder / "session.json").write_text(
        json.dumps({"name": "a\nb\x1b[31m\u202e", "dataset": {"name": "\x00"}})
    ),
    "a folder for a record": lambda folder: (
        (folder / "session.json").unlink(),
        (folder / "session.json").mkdir(),
    ),
    "a pipe for a record": lambda folder: (
        (folder / "session.json").unlink(),
        os.mkfifo(folder / "session.json"),
    ),
    "a pipe for a log": lambda folder: os.mkfifo(folder / "eve-host-1-abc.jsonl"),
    "a folder for a log": lambda folder: (folder / "eve-host-1-abc.jsonl").mkdir(),
    "a link that leads to itself": lambda folder: (folder / "a.jsonl").symlink_to("a.jsonl"),
    "a log without end": lambda folder: (folder / "a.jsonl").symlink_to("/dev/zero"),
    "a record without end": lambda folder: (
        (folder / "session.json").unlink(),
        (folder / "session.json").symlink_to("/dev/zero"),
    ),
    "half a line": lambda folder: (folder / "a-b-1-c.jsonl").write_text('{"do": "pu'),
    "lines of nothing": lambda folder: (folder / "a-b-1-c.jsonl").write_bytes(b"\n" * 1000),
    "strange labels": lambda folder: lines(
        folder,
        put(1, label={"a": 1}),
        put(2, label=["normal", 3]),
        put(3, label="x" * 100_000),
        put(4, who="y" * 100_000),
        put(5, clock=2**70),
        put(6, time="year 99999"),
        {
            "do": "classes",
            "n": 7,
            "who": "eve",
            "change": [{"op": "recolour", "name": "normal", "color": "url(x)"}],
        },
        {"do": "classes", "n": 8, "who": "eve", "change": "none"},
    ),
}


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT.keys())
async def test_a_spoilt_session_does_not_hide_the_others(listed, begin, root, lab, spoil):
    # /dev/zero has no end: what would read it all is ended by its limits, and the test fails.
    begin("sound").put(1, "normal")
    spoilt = begin("spoilt")
    spoilt.put(1, "normal")
    spoilt.close()
    spoil(spoilt.folder)
    body = await listed()
    found = {one["path"]: one for one in body["sessions"]}
    sound = next(one for one in found.values() if one["name"] == "sound")
    assert sound["labelled"] == 1
    text = json.dumps(body)
    assert len(text) < 100_000
    assert str(root) not in text
    for one in found.values():
        names = [one["name"], one["dataset"], *(part["name"] for part in one["classes"])]
        assert all(len(name) <= 201 for name in names)
        assert all(name.isprintable() for name in names)
        colours = [part["color"] for part in one["classes"]]
        assert all(c is None or (len(c) == 7 and c[0] == "#") for c in colours)
        assert one["changed"] is None or 0 <= one["changed"] < 1e11


async def test_a_session_that_lies_elsewhere_is_not_listed(listed, begin, root, tmp_path_factory):
    log = begin("inside")
    log.put(1, "normal")
    outside = tmp_path_factory.mktemp("outside") / "secret"
    shutil.copytree(log.folder, outside)
    (log.folder.parent / "link").symlink_to(outside)
    body = await listed()
    assert [one["path"] for one in body["sessions"]] == [
        log.folder.relative_to(root.resolve()).as_posix()
    ]
    assert str(outside) not in json.dumps(body)


async def test_names_of_folders_that_are_no_text_are_no_fault_of_the_server(listed, begin):
    log = begin("sound")
    log.put(1, "normal")
    shutil.copytree(log.folder, log.folder.parent / os.fsdecode(b"\xff\xfe"))
    shutil.copytree(log.folder, log.folder.parent / "line\nbreak")
    paths = [one["path"] for one in (await listed())["sessions"]]
    assert len(paths) == 3
    assert {os.fsencode(path).rpartition(b"/")[2] for path in paths} >= {
        b"\xff\xfe",
        b"line\nbreak",
    }


async def test_more_sessions_and_classes_than_one_reads_are_counted(listed, begin, root):
    log = begin("first", classes=[f"class {i}" for i in range(40)])
    log.put(1, "class 39")
    for i in range(MOST_SESSIONS + 5):
        shutil.copytree(log.folder, log.folder.parent / f"copy-{i:03}")
    body = await listed()
    assert len(body["sessions"]) == MOST_SESSIONS
    assert any("206 label sessions" in warning for warning in body["warnings"])
    one = body["sessions"][0]
    assert len(one["classes"]) == MOST_CLASSES
    assert one["more"]["classes"] == 40 - MOST_CLASSES
    # What is used is shown rather than what is not.
    assert one["classes"][-1] | {"color": None} == {"name": "class 39", "color": None, "count": 1}


def test_a_list_that_nothing_changed_is_not_read_again(begin, root, monkeypatch):
    log = begin("beats")
    log.put(1, "normal")
    first = label_sessions.listing(str(root))
    read = []
    monkeypatch.setattr(label_sessions, "_read", lambda *args: read.append(args))
    assert label_sessions.listing(str(root)) == first
    assert read == []
