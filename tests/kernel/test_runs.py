"""Folders of runs: what a process writes, and what others make of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest
from astrodata_kernel.errors import (
    BadRequest,
    DamagedFile,
    TooLarge,
    UnknownName,
    UnreadableFile,
)
from astrodata_kernel.runs import RunFolder, cancel, clocks, remove_run, run_of, runs, runs_folder


def step(**facts):
    return {"block": "read_table", "stage": "ingest", "state": "waiting", "share": 0.0, **facts}


def test_a_run_is_listed_with_what_its_process_wrote(tmp_path):
    folder = RunFolder.create(tmp_path, "Cardio, first try", {"parameters": {"seed": 3}})
    record = folder.read()
    steps = {
        "read": step(state="finished", outputs={"table": {"hash": "sha256:00", "kind": "table"}}),
        "fit": step(state="running", share=0.5, metrics={"loss": 0.25, "bad": float("nan")}),
    }
    folder.write({**record, "steps": steps})
    (found,) = runs(tmp_path)
    assert found.id == folder.id
    assert "-cardio_first_try-" in folder.id
    assert (found.pipeline, found.state, found.parameters) == (
        "Cardio, first try",
        "running",
        {"seed": 3},
    )
    assert found.share == 0.75
    assert found.steps["fit"]["metrics"] == {"loss": 0.25, "bad": "nan"}
    assert found.seconds >= 0
    json.dumps(found.as_record(), allow_nan=False)
    assert run_of(folder.path) == run_of(folder.id, tmp_path) == found


def test_runs_that_begin_within_one_second_have_folders_of_their_own_and_the_newest_is_first(
    tmp_path,
):
    made = []
    threads = [
        threading.Thread(target=lambda: made.append(RunFolder.create(tmp_path, "p").id))
        for _ in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 20
    listed = runs(tmp_path)
    assert [run.id for run in listed] == sorted(made, reverse=True)
    few = runs(tmp_path, most=5)
    assert [run.id for run in few] == [run.id for run in listed[:5]]
    assert few.warnings == ("There are 20 runs: the 5 newest are listed.",)


def test_a_run_without_a_heartbeat_is_lost_and_its_record_still_says_that_it_runs(tmp_path):
    folder = RunFolder.create(tmp_path, "p", {"host": "elsewhere", "boot": "another"})
    long_ago = time.time() - 31
    os.utime(folder.path / "alive", (long_ago, long_ago))
    assert run_of(folder.id, tmp_path).state == "lost"
    assert folder.read()["state"] == "running"
    folder.beat()
    assert run_of(folder.id, tmp_path).state == "running"


def test_a_run_whose_process_lives_here_is_not_lost_when_it_is_silent(tmp_path):
    folder = RunFolder.create(tmp_path, "p")
    long_ago = time.time() - 90  # work that holds the interpreter, or a slow disk
    os.utime(folder.path / "alive", (long_ago, long_ago))
    assert run_of(folder.id, tmp_path).state == "running"


def test_looking_at_runs_writes_nothing_unless_another_clock_matters(tmp_path, monkeypatch):
    here = RunFolder.create(tmp_path, "here")
    elsewhere = RunFolder.create(tmp_path, "elsewhere", {"host": "elsewhere", "boot": "another"})
    made = []
    file = tempfile.mkstemp
    monkeypatch.setattr(tempfile, "mkstemp", lambda **given: made.append(given) or file(**given))
    monkeypatch.setattr(clocks, "_known", {})
    dead = RunFolder.create(tmp_path, "dead", {"pid": 2**31 - 2})
    made.clear()
    assert [one.state for one in runs(tmp_path)].count("running") == 2
    assert run_of(dead.id, tmp_path).state == "lost"
    assert made == []
    long_ago = time.time() - 31
    os.utime(elsewhere.path / "alive", (long_ago, long_ago))
    monkeypatch.setattr(os, "access", lambda *_: False)  # as it is on a disk that is read only
    assert run_of(elsewhere.id, tmp_path).state == "lost"
    assert made == []
    monkeypatch.undo()
    monkeypatch.setattr(clocks, "_known", {})
    monkeypatch.setattr(tempfile, "mkstemp", lambda **given: made.append(given) or file(**given))
    for _ in range(3):
        assert run_of(elsewhere.id, tmp_path).state == "lost"
    assert len(made) == 1
    assert run_of(here.id, tmp_path).state == "running"


def test_the_time_of_a_folder_that_takes_no_files_is_ours(tmp_path):
    since = clocks.seconds_since(tmp_path / "is not there", time.time() - 100)
    assert abs(since - 100) < 60


def test_the_wish_to_cancel_goes_through_no_link(tmp_path):
    folder = RunFolder.create(tmp_path, "p")
    (folder.path / "cancel").symlink_to(tmp_path / "outside")
    with pytest.raises(UnreadableFile, match="cannot be cancelled"):
        folder.ask_cancel()
    assert not (tmp_path / "outside").exists()


def test_a_run_whose_process_died_on_this_machine_is_lost_at_once(tmp_path):
    code = (
        "from astrodata_kernel.runs import RunFolder; import os, sys\n"
        "print(RunFolder.create(sys.argv[1], 'p').id, flush=True)\n"
        "os.kill(os.getpid(), 9)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == -9
    assert run_of(done.stdout.strip(), tmp_path).state == "lost"


def test_a_run_whose_number_another_process_has_now_is_lost_at_once(tmp_path):
    # As after a container was started again: its processes are counted from 1 once more.
    assert run_of(RunFolder.create(tmp_path, "p", {"start": "1"}).path).state == "lost"
    assert run_of(RunFolder.create(tmp_path, "p", {"start": None}).path).state == "running"
    assert run_of(RunFolder.create(tmp_path, "p").path).state == "running"


def test_a_run_whose_process_was_killed_and_is_not_yet_buried_is_lost_at_once(tmp_path):
    code = (
        "from astrodata_kernel.runs import RunFolder; import sys\n"
        "print(RunFolder.create(sys.argv[1], 'p').id, flush=True)\n"
        "sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        ident = process.stdout.readline().strip()
        assert run_of(ident, tmp_path).state == "running"
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert run_of(ident, tmp_path).state == "lost"


def test_a_record_is_told_anew_when_it_has_changed(tmp_path):
    folder = RunFolder.create(tmp_path, "p")
    assert run_of(folder.id, tmp_path).state == "running"
    folder.write({**folder.read(), "state": "failed", "error": "line one\nline two\x1b[31m"})
    found = run_of(folder.id, tmp_path)
    assert (found.state, found.error) == ("failed", "line one\nline two [31m")
    assert found.seconds is None


def test_a_run_is_asked_to_end_only_while_it_runs(tmp_path):
    folder = RunFolder.create(tmp_path, "p")
    assert not folder.cancel_asked()
    assert cancel(folder.id, tmp_path)
    assert folder.cancel_asked()
    assert run_of(folder.id, tmp_path).cancel_asked
    folder.write({**folder.read(), "state": "cancelled"})
    assert not cancel(folder.id, tmp_path)


def test_only_a_run_that_has_ended_is_removed(tmp_path):
    folder = RunFolder.create(tmp_path, "p")
    with pytest.raises(BadRequest, match="still runs: cancel it first"):
        remove_run(folder.id, tmp_path)
    assert folder.path.is_dir()
    folder.write({**folder.read(), "state": "finished"})
    remove_run(folder.id, tmp_path)
    assert list(runs_folder(tmp_path).iterdir()) == []
    broken = runs_folder(tmp_path) / "20260101-000000-p-0000"
    broken.mkdir()
    (broken / "run.json").write_text("{")
    remove_run(broken.name, tmp_path)
    assert not broken.exists()


def test_an_unknown_run_is_answered_with_the_nearest_one(tmp_path):
    folder = RunFolder.create(tmp_path, "cardio")
    with pytest.raises(UnknownName, match=f"did you mean '{folder.id}'"):
        run_of(f"{folder.id}x", tmp_path)
    with pytest.raises(UnknownName, match=r"there is no run '\.\./\.\.'"):
        cancel("../..", tmp_path)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "run.json").write_text('{"format": 1}')
    with pytest.raises(UnknownName, match="there is no run"):
        remove_run(tmp_path / "mine", tmp_path)


def test_events_are_read_from_where_the_last_reading_ended(tmp_path):
    folder = RunFolder.create(tmp_path, "p")
    folder.event({"step": "read", "state": "running"})
    first, offset = folder.events()
    assert [event["step"] for event in first] == ["read"]
    folder.event({"step": "fit"})
    with (folder.path / "events.jsonl").open("ab") as file:
        file.write(b'spoilt\n{"step": "half')
    second, offset = folder.events(offset)
    assert [event["step"] for event in second] == ["fit"]
    assert folder.events(offset) == ([], offset)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux")
def test_an_event_that_a_full_disk_does_not_take_says_so(tmp_path):
    folder = RunFolder.create(tmp_path, "p")
    (folder.path / "events.jsonl").symlink_to("/dev/full")
    with pytest.raises(UnreadableFile, match=r"No space left on device.*Free some space"):
        folder.event({"step": "read"})


HOSTILE = {
    "no_json": (b"{", "is no JSON"),
    "deep": (b"[" * 200_000, "is no JSON"),
    "a_list": (b"[1]", "is no record of a run"),
    "newer": (b'{"format": 2}', "has format 2, this package reads up to 1"),
    "huge": (b" " * ((4 << 20) + 1), "has more than 4,194,304 bytes"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_folder_that_is_none_of_a_run_is_left_out_with_a_sentence(tmp_path, name):
    content, said = HOSTILE[name]
    good = RunFolder.create(tmp_path, "p")
    bad = runs_folder(tmp_path) / f"20260101-000000-{name}-0000"
    bad.mkdir()
    (bad / "run.json").write_bytes(content)
    listed = runs(tmp_path)
    assert [run.id for run in listed] == [good.id]
    (told,) = listed.warnings
    assert bad.name in told
    assert said in told
    with pytest.raises((DamagedFile, TooLarge)):
        run_of(bad.name, tmp_path)


def test_pipes_and_links_keep_nobody_waiting_and_lead_nowhere(tmp_path):
    place = runs_folder(tmp_path)
    good = RunFolder.create(tmp_path, "p")
    (place / "piped").mkdir()
    os.mkfifo(place / "piped" / "run.json")
    (place / "linked").mkdir()
    (place / "linked" / "run.json").symlink_to(good.path / "run.json")
    (place / "elsewhere").symlink_to(good.path)
    (place / "a file").write_text("")
    listed = runs(tmp_path)
    assert [run.id for run in listed] == [good.id]
    assert len(listed.warnings) == 2
    with pytest.raises(UnknownName):
        run_of("elsewhere", tmp_path)


def test_a_folder_whose_run_begins_right_now_is_no_damage(tmp_path):
    RunFolder.create(tmp_path, "p")
    (runs_folder(tmp_path) / "29991231-235959-p-0000").mkdir()
    listed = runs(tmp_path)
    assert (len(listed), listed.warnings) == (1, ())


def test_what_a_hostile_record_holds_is_checked_and_of_bounded_length(tmp_path):
    folder = RunFolder.create(tmp_path, "p")
    record = {
        "format": 1,
        "pipeline": "<script>" + "x" * 1000,
        "state": "lost",
        "parameters": {f"p{i}": ["y" * 3000] for i in range(500)},
        "started": 7,
        "pid": -1,
        "steps": {
            "a": {"share": 1e400, "metrics": {"m": "text", "n": 10**400}, "outputs": [1]},
            "b": 5,
            "c\u202e": {"state": "exploded", "error": "e" * 100_000, "text": "t" * 5000},
        },
        "mlflow": {"run": 1},
    }
    (folder.path / "run.json").write_text(json.dumps(record))
    (found,) = runs(tmp_path)
    assert found.state == "failed"  # nobody but the reader says "lost"
    assert (found.started, found.pid, found.user) == ("", None, "")
    assert len(found.pipeline) == 201
    assert list(found.steps) == ["a", "c "]
    assert found.steps["a"]["metrics"] == {}
    assert found.steps["a"]["share"] == 0
    assert found.steps["c "]["state"] == "waiting"
    told = found.as_record()
    assert len(json.dumps(told, allow_nan=False)) < 400_000
    assert "<script>" not in runs(tmp_path)._repr_html_()


def test_the_record_is_replaced_whole_while_others_read(tmp_path):
    folder = RunFolder.create(tmp_path, "p")
    ended = threading.Event()
    seen = []

    def read():
        while not ended.is_set():
            seen.append(folder.read().get("count", 0))

    reader = threading.Thread(target=read)
    reader.start()
    for count in range(50):
        folder.write({**folder.read(), "count": count, "filling": "z" * 10_000})
    ended.set()
    reader.join()
    assert seen == sorted(seen)
    assert {path.name for path in folder.path.iterdir()} == {"run.json", "alive"}


def test_a_record_that_would_not_be_read_again_is_not_written(tmp_path):
    folder = RunFolder.create(tmp_path, "p")
    with pytest.raises(TooLarge, match="4,194,304 at most"):
        folder.write({f"k{i}": "x" * 10_000 for i in range(500)})
    assert folder.read()["state"] == "running"


def test_no_run_can_be_kept_where_nothing_can_be_written(tmp_path):
    (tmp_path / "astrodata").write_text("a file stands in the way")
    with pytest.raises(UnreadableFile, match="no run can be kept in"):
        RunFolder.create(tmp_path, "p")
    assert runs(tmp_path) == []


def test_reading_runs_needs_nothing_but_python_itself():
    code = (
        "import sys, astrodata_kernel.runs as r; r.runs('/nowhere'); r.RunFacts\n"
        "print(sorted({'numpy', 'pandas', 'astropy', 'pyarrow'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
