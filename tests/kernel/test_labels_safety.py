"""What happens to labels when processes die, disks fill up, clocks turn and files are edited."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import pytest
from astrodata_kernel.errors import TooLarge, UnreadableFile
from astrodata_kernel.labels import LabelLog, label_log

LABELS_UNTIL_KILLED = """
import sys
from astrodata_kernel.labels import LabelLog
log = LabelLog(sys.argv[1], "ada")
start = int(sys.argv[2])
for ident in range(start, start + 100_000):
    # Long lines, so that some kills hit the midst of one.
    log.put([ident, *(f"{ident}-{part}" for part in range(2_000))], "kept")
    print(ident, flush=True)
"""

LABELS_AT_ONCE = """
import sys
from astrodata_kernel.labels import LabelLog
log = LabelLog(sys.argv[1], sys.argv[2], ["a", "b"])
sys.stdin.readline()
for ident in range(200):
    log.put(ident, "ab"[ident % 2])
    if ident % 10 == 0:
        log.refresh()
    if ident % 50 == 49:
        log.undo()
"""

FILLS_THE_DISK = """
import resource, sys
from astrodata_kernel.errors import UnreadableFile
from astrodata_kernel.labels import LabelLog
log = LabelLog(sys.argv[1], "ada")
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
resource.setrlimit(resource.RLIMIT_FSIZE, (3000, hard))
given = 0
try:
    for given in range(1000):
        log.put(given, "kept")
except UnreadableFile as error:
    print(error)
try:
    log.put(list(range(10_000, 12_000)), "too much")
except UnreadableFile as error:
    print(error)
assert log.label_of(given) is None and log.label_of(10_000) is None, log.labelled()
assert log.refresh() == 0 and log.warnings == []
assert log.undo()["ids"] == [given - 1] and log.redo()["ids"] == [given - 1]
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
log.put(5000, "kept")
print(given)
"""

READS_ONLY = """
import os, sys
from astrodata_kernel.errors import UnreadableFile
from astrodata_kernel.labels import LabelLog
if os.geteuid() == 0:
    os.setgid(65534), os.setuid(65534)  # permissions mean nothing to root
log = LabelLog(sys.argv[1], "bob")
assert log.labelled("ada") == {1: "kept"}
for act in (lambda: log.put(2, "lost"), lambda: LabelLog(sys.argv[1] + "/sub", "bob")):
    try:
        act()
    except UnreadableFile as error:
        print(error)
assert log.labelled("*") == {1: "kept"}
"""


def run(code: str, *arguments: object) -> list[str]:
    command = [sys.executable, "-W", "error", "-c", code, *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, check=True, timeout=120
    ).stdout.splitlines()


@pytest.mark.slow
def test_twenty_kernels_killed_at_random_moments_lose_no_acknowledged_label(tmp_path: Path) -> None:
    chance = random.Random(11)
    acknowledged: list[int] = []
    for turn in range(20):
        child = subprocess.Popen(
            [sys.executable, "-c", LABELS_UNTIL_KILLED, tmp_path, str(turn * 1_000_000)],
            stdout=subprocess.PIPE,
            text=True,
        )
        wanted = chance.randint(1, 25)
        for seen, line in enumerate(child.stdout, 1):
            acknowledged.append(int(line))
            if seen == wanted:
                # Not in step with the acknowledgements.
                until = time.perf_counter() + chance.random() * 0.02
                while time.perf_counter() < until:
                    pass
                os.kill(child.pid, signal.SIGKILL)
        child.stdout.close()
        assert child.wait(60) == -signal.SIGKILL
    with warnings.catch_warnings(record=True):
        warnings.simplefilter("always")
        log = LabelLog(tmp_path, "ada")
    labels = log.labelled()
    assert len(acknowledged) >= 20
    assert all(labels[ident] == "kept" for ident in acknowledged)
    assert all(labels[f"{ident}-1999"] == "kept" for ident in acknowledged)
    assert all("cut while it was written" in text for text in log.warnings)
    log.put(-1, "after")
    assert log.label_of(-1) == "after"


def test_two_processes_that_label_one_session_at_once_lose_nothing(tmp_path: Path) -> None:
    people = ("ada", "ada", "bob")
    children = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", LABELS_AT_ONCE, tmp_path, who],
            stdin=subprocess.PIPE,
            text=True,
        )
        for who in people
    ]
    for child in children:
        child.stdin.write("go\n")
        child.stdin.close()
    assert [child.wait(120) for child in children] == [0, 0, 0]
    log = LabelLog(tmp_path, "cleo")
    assert log.warnings == []
    events = log.events()
    assert len(events[events.do == "put"]) == 3 * 200
    assert events.groupby("writer").undone.sum().tolist() == [4, 4, 4]
    assert log.label_set.names == ("a", "b")
    kept = {i: "ab"[i % 2] for i in range(200) if i % 50 != 49}
    assert log.labelled("bob") == kept
    assert log.labelled("ada").items() >= kept.items()


def test_a_fork_writes_a_log_of_its_own(tmp_path: Path) -> None:
    code = (
        "import os, sys\n"
        "from astrodata_kernel.labels import LabelLog\n"
        "log = LabelLog(sys.argv[1], 'ada'); log.put(1, 'a')\n"
        "if os.fork() == 0:\n"
        "    log.put(2, 'b'); os._exit(0)\n"
        "os.wait(); log.put(3, 'c'); log.refresh(); print(sorted(log.labelled()))\n"
    )
    assert run(code, tmp_path) == ["[1, 2, 3]"]
    assert len(list(tmp_path.glob("ada-*.jsonl"))) == 2


def test_a_full_disk_is_said_and_later_labels_are_whole(tmp_path: Path) -> None:
    first, second, given = run(FILLS_THE_DISK, tmp_path)
    assert "the label was not taken" in first
    assert "earlier labels are safe" in second
    log = LabelLog(tmp_path, "bob")
    assert log.warnings == []
    assert list(log.labelled("ada")) == [*range(int(given)), 5000]


def test_a_read_only_folder_can_be_looked_at_and_says_so_when_labelled() -> None:
    folder = Path(tempfile.mkdtemp())
    try:
        LabelLog(folder, "ada").put(1, "kept")
        (folder / "session.json").chmod(0o444)
        folder.chmod(0o555)
        told = run(READS_ONLY, folder)
        assert "the label was not taken" in told[0]
        assert "cannot be a folder of labels" in told[1]
    finally:
        folder.chmod(0o755)
        shutil.rmtree(folder)


def test_a_file_in_place_of_the_folder_is_said(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("not a folder")
    with pytest.raises(UnreadableFile, match="cannot be a folder"):
        LabelLog(tmp_path / "log", "ada")


def closed_log(folder: Path, count: int = 5) -> Path:
    """Give the file of a writer that is gone."""
    code = (
        "import sys\n"
        "from astrodata_kernel.labels import LabelLog\n"
        "log = LabelLog(sys.argv[1], 'ada')\n"
        "for ident in range(int(sys.argv[2])): log.put(ident, 'a')\n"
    )
    run(code, folder, count)
    [path] = folder.glob("ada-*.jsonl")
    return path


def test_a_half_written_last_line_is_left_out_and_nothing_is_written_behind_it(
    tmp_path: Path,
) -> None:
    path = closed_log(tmp_path)
    content = path.read_bytes()
    path.write_bytes(content[:-20])
    with pytest.warns(UserWarning, match=f"{path.name}, line 6: it was cut while"):
        log = LabelLog(tmp_path, "ada")
    assert list(log.labelled()) == [0, 1, 2, 3]
    log.put(9, "b")
    assert path.read_bytes() == content[:-20]
    with pytest.warns(UserWarning, match="line 6"):
        again = LabelLog(tmp_path, "ada")
    assert list(again.labelled()) == [0, 1, 2, 3, 9]


def test_a_line_that_is_on_its_way_is_read_when_it_is_whole(tmp_path: Path) -> None:
    log, bob = LabelLog(tmp_path, "ada"), LabelLog(tmp_path, "bob")
    log.put(1, "a")
    [path] = tmp_path.glob("ada-*.jsonl")
    log.put(2, "a")
    content = path.read_bytes()
    path.write_bytes(content[:-9])
    assert bob.refresh() == 1
    assert bob.warnings == []
    with path.open("ab") as file:
        file.write(content[-9:])
    assert bob.refresh() == 1
    assert list(bob.labelled("ada")) == [1, 2]


def test_an_edited_line_counts_as_it_stands_and_is_told(tmp_path: Path) -> None:
    path = closed_log(tmp_path)
    path.write_bytes(path.read_bytes().replace(b'"ids":[2],"label":"a"', b'"ids":[2],"label":"z"'))
    with pytest.warns(UserWarning, match=f"{path.name}, line 4: it was edited"):
        log = LabelLog(tmp_path, "ada")
    assert log.label_of(2) == "z"
    assert log.events().set_index("id").edited.to_dict()[2]
    assert len(log.labelled()) == 5


@pytest.mark.parametrize(
    "line",
    [
        b"{nonsense",
        b"",
        b"[1, 2]",
        b"null",
        b'{"n":3,"do":"put","ids":[]}',
        b'{"n":3,"do":"put","ids":[[1]],"label":"a"}',
        b'{"n":3,"do":"put","ids":[1.5],"label":"a"}',
        b'{"n":3,"do":"put","ids":[true],"label":"a"}',
        b'{"n":3,"do":"put","ids":[99999999999999999999],"label":"a"}',
        b'{"n":3,"do":"put","ids":[7],"label":{"a":1}}',
        b'{"n":3,"do":"put","ids":[7],"label":[]}',
        b'{"n":3,"do":"put","ids":[7],"label":"a","score":"high"}',
        b'{"n":3,"do":"put","ids":[7],"label":"a","region":5}',
        b'{"n":3,"do":"undo","of":7}',
        b'{"n":3,"do":"import","items":7}',
        b'{"n":3,"do":"classes","change":[7]}',
        b'{"n":3,"do":"fly","ids":[7]}',
        b'{"n":"three","do":"put","ids":[7],"label":"a"}',
        b'{"n":3,"clock":"now","do":"put","ids":[7],"label":"a"}',
        b"[" * 100_000,
        b'{"n":' + b"9" * 5_000 + b"}",
        b"\xff\xfe\x00",
    ],
)
def test_a_line_that_tells_nothing_is_left_out_and_all_others_count(
    tmp_path: Path, line: bytes
) -> None:
    path = closed_log(tmp_path)
    lines = path.read_bytes().splitlines()
    lines[3] = line
    path.write_bytes(b"\n".join(lines) + b"\n")
    with pytest.warns(UserWarning, match=f"{path.name}, line 4"):
        log = LabelLog(tmp_path, "ada")
    assert list(log.labelled()) == [0, 1, 3, 4]
    log.put(2, "b")
    assert log.label_of(2) == "b"


def test_a_file_of_other_line_ends_is_as_good(tmp_path: Path) -> None:
    path = closed_log(tmp_path)
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    log = LabelLog(tmp_path, "ada")
    assert (log.warnings, len(log.labelled())) == ([], 5)


def test_missing_doubled_and_swapped_lines_are_told(tmp_path: Path) -> None:
    path = closed_log(tmp_path)
    head, *lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([head, lines[0], lines[3], lines[1], lines[1], lines[4]]))
    with pytest.warns(UserWarning, match=r"line 3: 2 events before it are missing"):
        log = LabelLog(tmp_path, "ada")
    assert sorted(log.labelled()) == [0, 1, 3, 4]
    assert any("is a copy" in text for text in log.warnings)


def test_a_copy_of_a_log_in_the_folder_doubles_nothing(tmp_path: Path) -> None:
    path = closed_log(tmp_path)
    shutil.copy(path, tmp_path / "a copy of it.jsonl")
    with pytest.warns(UserWarning, match="is a copy"):
        log = LabelLog(tmp_path, "ada")
    assert len(log.events()) == 5


def test_a_log_without_its_first_line_still_counts(tmp_path: Path) -> None:
    path = closed_log(tmp_path)
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[1:]))
    assert len(LabelLog(tmp_path, "bob").labelled("ada")) == 5


def test_what_is_no_log_in_the_folder_is_said_and_does_not_hang(tmp_path: Path) -> None:
    closed_log(tmp_path)
    os.mkfifo(tmp_path / "pipe.jsonl")
    (tmp_path / "folder.jsonl").mkdir()
    (tmp_path / "empty.jsonl").touch()
    (tmp_path / "session.json").write_text("{half")
    with pytest.warns(UserWarning, match="cannot be read"):
        log = LabelLog(tmp_path, "ada")
    assert len(log.labelled()) == 5
    assert sum("pipe.jsonl" in text or "folder.jsonl" in text for text in log.warnings) == 2
    assert any("session.json" in text for text in log.warnings)


@pytest.mark.parametrize("how", ["replaced", "cut", "edited", "gone"])
def test_a_log_that_changes_under_an_open_one_is_read_anew(tmp_path: Path, how: str) -> None:
    path = closed_log(tmp_path)
    log = LabelLog(tmp_path, "bob")
    lines = path.read_bytes().splitlines(keepends=True)
    if how == "replaced":
        (tmp_path / "new").write_bytes(b"".join(lines[:-1]))
        (tmp_path / "new").replace(path)
    elif how == "cut":
        path.write_bytes(b"".join(lines[:-1]))
    elif how == "edited":
        path.write_bytes(b"".join([*lines[:4], lines[4] + b"{}\n", *lines[5:]]))
    else:
        path.unlink()
    with pytest.warns(UserWarning, match="anew|gone"):
        log.refresh()
    left = {"replaced": 4, "cut": 4, "edited": 5, "gone": 0}[how]
    assert len(log.labelled("ada")) == left
    log.put(1, "b")
    assert log.refresh() == 0


@pytest.mark.parametrize("how", ["removed", "replaced"])
def test_a_log_that_is_taken_away_under_its_writer_loses_no_later_label(
    tmp_path: Path, how: str
) -> None:
    log = LabelLog(tmp_path, "ada")
    log.put(1, "a")
    [path] = tmp_path.glob("*.jsonl")
    if how == "removed":
        path.unlink()
    else:
        shutil.copy(path, tmp_path / "by the editor")
        (tmp_path / "by the editor").replace(path)
    log.put(2, "b")
    log.put(3, "b")
    with pytest.warns(UserWarning, match="gone|anew"):
        log.refresh()
    left = {"removed": [2, 3], "replaced": [1, 2, 3]}[how]
    assert sorted(LabelLog(tmp_path, "bob").labelled("ada")) == sorted(log.labelled()) == left
    assert log.undo()["ids"] == [3]


def test_a_line_on_the_disk_whose_put_was_interrupted_is_counted(tmp_path: Path) -> None:
    log = LabelLog(tmp_path, "ada")
    log.put(1, "a")
    # As an interrupt leaves it that comes when the line is on the disk.
    stamp = {"clock": log._clock + 1, "time": "", "who": "ada"}
    log._writer.append({**stamp, "do": "put", "ids": [2], "label": "b"})
    log.put(3, "c")
    again = LabelLog(tmp_path, "ada")
    assert log.labelled() == again.labelled() == {1: "a", 2: "b", 3: "c"}
    assert (log.refresh(), log.warnings, again.warnings) == (0, [], [])
    assert log.digest == again.digest


def test_the_first_label_that_is_refused_leaves_nothing_behind(tmp_path: Path) -> None:
    log = LabelLog(tmp_path, "ada")
    with pytest.raises(TooLarge):
        log.put(["x" * 1_000_000 + str(n) for n in range(300)], "a")
    log.put(1, "a")
    assert (log.refresh(), log.warnings, log.labelled()) == (0, [], {1: "a"})


class Clock:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.seconds = 1_800_000_000

    def time_ns(self) -> int:
        return self.seconds * 1_000_000_000


def test_a_clock_that_goes_backwards_does_not_turn_labels_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr(label_log, "time", clock)
    log = LabelLog(tmp_path, "ada")
    log.put(1, "first")
    clock.seconds -= 3600
    log.put(1, "second")
    assert log.label_of(1) == "second"
    later = LabelLog(tmp_path, "ada")
    later.put(1, "third")
    clock.seconds -= 3600
    later.put(1, "fourth")
    log.refresh()
    assert log.label_of(1) == LabelLog(tmp_path, "ada").label_of(1) == "fourth"
    assert [one["ids"] for one in (later.undo(), later.undo())] == [[1], [1]]
    assert LabelLog(tmp_path, "ada").label_of(1) == "second"


def test_between_two_open_kernels_the_time_decides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr(label_log, "time", clock)
    one, other = LabelLog(tmp_path, "ada"), LabelLog(tmp_path, "ada")
    for label in ("a", "b", "c"):
        one.put(1, label)
    clock.seconds += 60
    other.put(1, "later")  # has seen nothing of the three
    clock.seconds -= 30
    one.put(1, "between")
    for log in (one, other):
        log.refresh()
        assert log.label_of(1) == "later"
    assert LabelLog(tmp_path, "bob").labelled("ada") == {1: "later"}


def test_the_same_events_fold_to_the_same_labels_however_they_are_read(tmp_path: Path) -> None:
    chance = random.Random(5)
    logs = [LabelLog(tmp_path, who, ["a", "b", "c"]) for who in ("ada", "bob", "ada")]
    for _ in range(300):
        log = chance.choice(logs)
        act = chance.random()
        ids = chance.sample(range(20), chance.randint(1, 4))
        if act < 0.5:
            log.put(ids, chance.choice([*"abc", None]))
        elif act < 0.6:
            log.skip(ids)
        elif act < 0.75:
            log.undo()
        elif act < 0.85:
            log.redo()
        elif act < 0.9:
            log.adjudicate(ids[0], chance.choice("abc"))
        else:
            log.refresh()
    for log in logs:
        log.refresh()
    fresh = LabelLog(tmp_path, "cleo")
    for log in (*logs, fresh):
        assert log.labelled("ada") == logs[0].labelled("ada")
        assert log.labelled("bob") == logs[0].labelled("bob")
        assert log.verdicts == logs[0].verdicts
        assert log.digest == fresh.digest
        assert log.warnings == []


def test_refresh_reads_new_bytes_only(tmp_path: Path) -> None:
    log, bob = LabelLog(tmp_path, "ada"), LabelLog(tmp_path, "bob")
    log.put(list(range(1000)), "a")
    bob.refresh()
    [path] = tmp_path.glob("ada-*.jsonl")
    offset = bob._files.files[path.name].offset
    assert offset == path.stat().st_size
    log.put(5, "b")
    with path.open("r+b") as file:
        file.write(b"?")  # nobody looks there any more
    assert bob.refresh() == 1
    assert bob.labelled("ada")[5] == "b"
    assert json.loads(path.read_bytes()[offset:])["ids"] == [5]
