"""Lineage: from a content to what it was made from, and to what was made of it."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import astrodata_kernel as adk
import numpy as np
import pytest
from astrodata_kernel.datasets import Dataset
from astrodata_kernel.errors import (
    AstrodataError,
    BadRequest,
    TooLarge,
    UnknownName,
    UnreadableFile,
    UnsupportedFormat,
)
from astrodata_kernel.lineage import LineageWriter, Store, lineage_folder
from astrodata_kernel.lineage.records import step_of


def digest(of):
    content = of if isinstance(of, bytes) else repr(of).encode()
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def file(content, path):
    return {"hash": digest(content), "kind": "file", "path": path}


def record(run, step, inputs, outputs, **more):
    made = {
        name: one if isinstance(one, dict) and "kind" in one else {"hash": one, "kind": "table"}
        for name, one in outputs.items()
    }
    times = {"started": "2026-11-22T03:50:12+00:00", "ended": "2026-11-22T03:50:13+00:00"}
    told = {"run": run, "pipeline": "cardio", "step": step, "block": f"block_{step}", **times}
    return {**told, "inputs": inputs, "outputs": made, "state": "finished", **more}


def write_run(root, run, raw, made_by=None, model=None, writer=None, content=None):
    """Write the records of a run of three steps, and give their ids by step."""
    content = content or digest(b"raw")
    table, split = digest(("table", content)), digest(("train", content))

    def taken(key, origin):
        return {"table": {"hash": key, "kind": "table", "from": origin}}

    parameters = {"seed": 0, "trees": [1, 2]}
    git = {"commit": "c0ffee", "dirty": True}
    read = {"path": {"hash": content, "kind": "file", "path": str(raw), "size": 3}}
    train = {"train": split, "test": digest(("test", content))}
    done = {"model": digest(model or f"{run} model")}
    steps = [
        record(run, "read", read, {"table": table}, parameters=parameters, git=git),
        record(run, "split", taken(table, "read.table"), train),
        record(run, "fit", taken(split, "split.train"), done),
    ]
    ids = {}
    own = writer or LineageWriter(lineage_folder(root))
    for one in steps:
        cached = {"cached": True, "made_by": made_by[one["step"]]} if made_by else {}
        ids[one["step"]] = own.append({**one, **cached})
    if writer is None:
        own.close()
    return ids


def test_a_result_leads_back_to_the_raw_file_and_the_file_forward_to_the_result(tmp_path):
    raw = tmp_path / "cardio.npz"
    raw.write_bytes(b"raw")
    write_run(tmp_path, "first", raw)
    store = Store(tmp_path)
    back = store.back(digest("first model"))
    assert [step.name for step in back.steps] == ["read", "split", "fit"]
    assert [(one.name, one.key) for one in back.files] == [("cardio.npz", digest(b"raw"))]
    assert back.runs == ("first",)
    assert back.steps[0].parameters == {"seed": 0, "trees": [1, 2]}
    assert back.steps[0].git == {"commit": "c0ffee", "dirty": True}
    forward = store.forward(raw)
    assert [step.name for step in forward.steps] == ["read", "split", "fit"]
    assert digest("first model") in [one.key for one in forward.artifacts]
    assert store.forward(digest("first model")).notes == ("no run of this workspace has used this",)
    assert store.back(raw).notes == (
        "no run of this workspace has made this: it is a source, used by 1 run",
    )


def test_back_shows_of_a_step_with_several_outputs_only_the_one_that_was_used(tmp_path):
    write_run(tmp_path, "first", tmp_path / "a.npz")
    store = Store(tmp_path)
    names = {one.name for one in store.back(digest("first model")).artifacts}
    assert "split.train" in names
    assert "split.test" not in names
    assert "split.test" in {one.name for one in store.back("first").artifacts}


def test_equal_contents_of_two_runs_are_not_mixed_up(tmp_path):
    # Both filters leave the same table, of different files.
    for run, source in (("one", b"A"), ("two", b"B")):
        with LineageWriter(lineage_folder(tmp_path)) as writer:
            given = {"path": {"hash": digest(source), "kind": "file", "path": f"/data/{run}.npz"}}
            writer.append(record(run, "read", given, {"table": digest("same")}))
            taken = {"table": {"hash": digest("same"), "kind": "table", "from": "read.table"}}
            writer.append(record(run, "mean", taken, {"value": digest(run)}))
    store = Store(tmp_path)
    assert [one.path for one in store.back(digest("one")).files] == ["/data/one.npz"]
    forward = store.forward(digest(b"B"))
    assert {step.run for step in forward.steps} == {"two"}
    assert digest("one") not in {one.key for one in forward.artifacts}
    # Asked for the content itself both have made it.
    assert len(store.back(digest("same")).steps) == 2


def test_a_file_that_one_run_made_and_another_one_read_joins_them(tmp_path):
    with LineageWriter(lineage_folder(tmp_path)) as writer:
        made = {"file": {"hash": digest("f"), "kind": "file", "path": "/out/f.parquet", "size": 3}}
        writer.append(record("one", "save", {"path": file(b"raw", "/data/raw")}, made))
        writer.append(record("two", "load", {"path": file("f", "/copy/f")}, {"t": digest("t")}))
    store = Store(tmp_path)
    assert store.back(digest("t")).runs == ("one", "two")
    assert [step.name for step in store.forward(digest(b"raw")).steps] == ["save", "load"]


def test_what_the_cache_had_leads_to_the_run_that_computed_it(tmp_path):
    raw = tmp_path / "a.npz"
    first = write_run(tmp_path, "first", raw)
    for number in range(20):
        write_run(tmp_path, f"again{number}", raw, made_by=first, model="first model")
    store = Store(tmp_path)
    back = store.back(digest("first model"))
    assert {step.run for step in back.steps} == {"first"}
    assert not any(step.cached for step in back.steps)
    own = store.back("again7")
    assert {step.run for step in own.steps} == {"again7"}
    assert all(step.cached for step in own.steps)
    forward = store.forward(digest(b"raw"))
    assert (len(forward.steps), len(forward.runs)) == (3, 21)


def test_what_is_asked_for_is_a_path_a_hash_a_data_set_a_run_or_its_output(tmp_path, monkeypatch):
    path = tmp_path / "a.npz"
    np.savez(path, x=np.arange(4.0))
    content = "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()
    write_run(tmp_path, "first", path, content=content)
    store = Store(tmp_path)
    for what in (path, str(path), content, content[7:], content[:20]):
        assert len(store.forward(what).steps) == 3, what
    monkeypatch.chdir(tmp_path)
    assert len(store.forward("a.npz").steps) == 3
    assert len(adk.open(path).lineage("forward").steps) == 3
    assert adk.open(path).lineage(root=tmp_path).files[0].path == str(path)
    assert [step.name for step in store.back("first:split.train").steps] == ["read", "split"]
    assert len(store.back("first:split").asked) == 2
    assert len(store.back("first").steps) == 3


def test_what_nobody_knows_is_refused_with_the_nearest_name(tmp_path):
    write_run(tmp_path, "20261122-035012-cardio-3f2a", tmp_path / "cardio.npz")
    store = Store(tmp_path)
    with pytest.raises(UnknownName, match="did you mean '20261122-035012-cardio-3f2a'"):
        store.back("20261122-035013-cardio-3f2b")
    with pytest.raises(
        UnknownName, match=r"has no output 'split.trian'; did you mean 'split.train'"
    ):
        store.back("20261122-035012-cardio-3f2a:split.trian")
    with pytest.raises(UnreadableFile, match=r"no run knows of it; did you mean .*cardio.npz"):
        store.back(tmp_path / "cardoi.npz")
    with pytest.raises(UnknownName, match="begins with sha256:00000000"):
        store.back("sha256:00000000")
    with pytest.raises(BadRequest, match="list has no lineage"):
        store.back([1])
    memory = Dataset.of_array(np.zeros(3), "mine")
    with pytest.raises(BadRequest, match=r"mine was made in memory.*Save it"):
        memory.lineage()
    with pytest.raises(BadRequest, match='give "back" or "forward"'):
        memory.lineage("sideways")


def test_a_file_that_no_run_has_met_is_answered_plainly(tmp_path):
    path = tmp_path / "new.csv"
    path.write_text("x\n1\n")
    for direction in ("back", "forward"):
        lineage = getattr(Store(tmp_path), direction)(path)
        assert lineage.notes == ("no run of this workspace has used or made this file",)
        assert (lineage.steps, lineage.runs) == ((), ())
        assert "no run of this workspace" in lineage.text()
        assert "no run of this workspace" in lineage._repr_html_()
        assert "new.csv" in lineage.to_svg()


def test_a_file_that_has_changed_since_says_so(tmp_path):
    path = tmp_path / "a.npz"
    path.write_bytes(b"raw")
    write_run(tmp_path, "first", path)
    path.write_bytes(b"other")
    lineage = Store(tmp_path).forward(path)
    assert len(lineage.steps) == 3
    (note,) = lineage.notes
    assert "has changed since runs used or made it" in note
    path.unlink()
    lineage = Store(tmp_path).forward(path)
    assert len(lineage.steps) == 3
    assert "is not there any more" in lineage.notes[0]


def test_only_what_is_new_is_read_again(tmp_path):
    raw = tmp_path / "a.npz"
    with LineageWriter(lineage_folder(tmp_path)) as writer:
        write_run(tmp_path, "first", raw, writer=writer)
        store = Store(tmp_path)
        assert len(store) == 3
        # Whoever reads the beginning again meets this.
        size = writer.path.stat().st_size
        content = writer.path.read_bytes()
        with writer.path.open("r+b") as file:
            file.write(b" " * (size - 1))
        write_run(tmp_path, "second", raw, writer=writer)
        assert len(store) == 6
        assert store.warnings == ()
        assert len(store.back("first").steps) == 3
        with writer.path.open("r+b") as file:
            file.write(content)
    write_run(tmp_path, "third", raw)
    assert len(store) == 9
    assert store.forward(digest(b"raw")).runs == ("first", "second", "third")


def test_a_file_of_records_that_was_cut_or_taken_away_is_read_anew(tmp_path):
    raw = tmp_path / "a.npz"
    write_run(tmp_path, "first", raw)
    store = Store(tmp_path)
    assert len(store) == 3
    (path,) = lineage_folder(tmp_path).iterdir()
    path.unlink()
    assert len(store) == 0
    assert "is gone: all records were read anew" in store.warnings[0]


def test_spoilt_lines_are_left_out_and_told_once(tmp_path):
    write_run(tmp_path, "first", tmp_path / "a.npz")
    (path,) = lineage_folder(tmp_path).iterdir()
    lines = path.read_bytes().splitlines()
    spoilt = [
        b"no json",
        b"[" * 100_000,
        b'{"format":2,"id":"n","step":"later"}',
        b'{"format":1,"id":"i","step":"s","outputs":[1]}',
        lines[0][:50],
        b"\xff\xfe",
        b"",
        b'{"format":1,"id":"ours","outputs":{"t":{"hash":"'
        + digest("first model").encode()
        + b'"}}]}',
    ]
    path.write_bytes(b"\n".join([*lines, *spoilt * 3, lines[1][:60]]))
    store = Store(tmp_path)
    lineage = store.back(digest("first model"))
    assert len(lineage.steps) == 3
    assert set(store.warnings) <= set(lineage.notes)
    told = "\n".join(store.warnings)
    assert "format 2, this package reads up to 1; upgrade astrodata-lab" in told
    assert "it is no JSON" in told
    assert len(store.warnings) == len(set(store.warnings)) < 8
    before = store.warnings
    store.back(digest("first model"))
    assert store.warnings == before


def test_a_line_that_is_half_there_counts_when_it_is_whole(tmp_path):
    write_run(tmp_path, "first", tmp_path / "a.npz")
    (path,) = lineage_folder(tmp_path).iterdir()
    content = path.read_bytes()
    path.write_bytes(content[:-10])
    store = Store(tmp_path)
    assert len(store) == 2
    with path.open("ab") as file:
        file.write(content[-10:])
    assert len(store) == 3
    assert store.warnings == ()


def test_a_record_that_others_wrote_in_their_way_counts_as_well(tmp_path):
    folder = lineage_folder(tmp_path)
    folder.mkdir(parents=True)
    told = {"step": "s", "outputs": {"t": {"hash": digest("t"), "kind": "tèst"}}}
    line = json.dumps({**told, "id": "x", "format": 1, "run": "rün"}, ensure_ascii=False)
    (folder / "others.jsonl").write_text(f"  {line}  \n\n", encoding="utf-8")
    store = Store(tmp_path)
    assert [step.run for step in store.back(digest("t")).steps] == ["rün"]
    assert len(store.back("rün").steps) == 1
    assert store.warnings == ()


def test_a_copy_of_a_file_of_records_counts_once(tmp_path):
    write_run(tmp_path, "first", tmp_path / "a.npz")
    (path,) = lineage_folder(tmp_path).iterdir()
    path.with_name("copy.jsonl").write_bytes(path.read_bytes())
    store = Store(tmp_path)
    assert len(store) == 3
    assert "it is a copy" in store.warnings[0]


def test_pipes_links_and_folders_among_the_records_keep_nobody_waiting(tmp_path):
    write_run(tmp_path, "first", tmp_path / "a.npz")
    folder = lineage_folder(tmp_path)
    os.mkfifo(folder / "pipe.jsonl")
    (folder / "link.jsonl").symlink_to("/dev/zero")
    (folder / "folder.jsonl").mkdir()
    store = Store(tmp_path)
    assert len(store.back(digest("first model")).steps) == 3
    assert store.warnings == ()


def test_cycles_end(tmp_path):
    with LineageWriter(lineage_folder(tmp_path)) as writer:
        names = ["a", "b", "c"]
        for name, follower in zip(names, [*names[1:], "a"], strict=True):
            given = {"x": {"hash": digest(name), "kind": "table", "from": f"{name}.x"}}
            writer.append(record("r", follower, given, {"x": digest(follower)}))
        # A filter that takes nothing away.
        same = {"x": {"hash": digest("a"), "kind": "table"}}
        writer.append(record("r", "same", same, {"x": digest("a")}))
    store = Store(tmp_path)
    for lineage in (store.back(digest("a")), store.forward(digest("b")), store.back("r")):
        assert len(lineage.steps) == 4
        assert lineage.to_svg().count('class="astrodata-step"') == 4
        assert lineage.text()
        assert lineage.to_prov()["wasDerivedFrom"]
    assert all(one.made for one in store.back("r").artifacts)


def test_hashes_that_are_none_join_nothing(tmp_path):
    with LineageWriter(lineage_folder(tmp_path)) as writer:
        for number, bad in enumerate(
            [None, 5, "", "sha256:xyz", "<b>", {"a": 1}, digest("x")[:30]]
        ):
            given = {"in": {"hash": bad, "kind": "table"}}
            writer.append(record(f"run{number}", "s", given, {"out": bad}))
    store = Store(tmp_path)
    for number in range(7):
        lineage = store.back(f"run{number}")
        assert len(lineage.steps) == 1
        assert len(lineage.artifacts) == 2
        assert "<b>" not in lineage.to_svg()
        assert lineage.to_prov()
        assert len(lineage.to_openlineage()) == 2
    assert store.warnings == ()


def test_a_writer_is_shared_by_threads_and_not_by_processes(tmp_path):
    writer = LineageWriter(lineage_folder(tmp_path))
    writer.append(record("main", "s", {}, {}))

    def write(name):
        for _ in range(50):
            writer.append(record(name, "s", {}, {"x": digest(name)}))

    threads = [threading.Thread(target=write, args=(f"t{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    own = writer.path
    code = (
        "import os, sys; from astrodata_kernel.lineage import LineageWriter\n"
        "w = LineageWriter(sys.argv[1]); r = {'run': 'p', 'step': 's'}; w.append(r)\n"
        "child = os.fork(); w.append(r); w.close()\n"
        "sys.exit(child and os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))"
    )
    subprocess.run([sys.executable, "-c", code, str(own.parent)], check=True)
    writer.close()
    store = Store(tmp_path)
    assert len(store) == 201 + 3
    assert store.warnings == ()
    assert len(list(own.parent.iterdir())) == 3
    writer.append(record("later", "s", {}, {}))
    assert writer.path != own
    writer.close()


@pytest.mark.skipif(sys.platform != "linux", reason="limits of files as Linux has them")
def test_a_disk_that_is_full_says_so_and_leaves_no_half_record(tmp_path):
    code = (
        "import resource, signal, sys; from astrodata_kernel.lineage import LineageWriter\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))\n"
        "writer = LineageWriter(sys.argv[1])\n"
        "for n in range(10):\n"
        "    try: writer.append({'run': 'r', 'step': 's', 'parameters': {'x': 'y' * 1000}})\n"
        "    except Exception as error: print(type(error).__name__, error); break\n"
        "writer.append({'run': 'r', 'step': 's'})\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(lineage_folder(tmp_path))],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("UnreadableFile the lineage was not written")
    assert "Free some space" in done.stdout
    store = Store(tmp_path)
    assert len(store) == 3
    assert store.warnings == ()
    for path in lineage_folder(tmp_path).iterdir():
        assert path.read_bytes().endswith(b"}\n")


def test_a_record_that_is_too_long_is_refused(tmp_path):
    writer = LineageWriter(lineage_folder(tmp_path))
    with pytest.raises(TooLarge, match="Give long values as a file"):
        writer.append({"run": "r", "step": "s", "parameters": {"x": "y" * (1 << 24)}})
    assert writer.path is None


def test_values_that_json_does_not_have_are_written_as_text(tmp_path):
    odd = {"nan": float("nan"), "np": np.float32(0.5), "path": Path("/a"), "set": {2, 1}, 3: 10**30}
    odd["array"], odd["deep"] = np.arange(3), json.loads("[" * 50 + "]" * 50)
    with LineageWriter(lineage_folder(tmp_path)) as writer:
        writer.append({**record("r", "s", {}, {}), "parameters": odd})
    (step,) = Store(tmp_path).back("r").steps
    assert step.parameters["nan"] == "nan"
    assert step.parameters["np"] == 0.5
    assert step.parameters["set"] == [1, 2]
    assert step.parameters["array"] == [0, 1, 2]
    assert step.parameters["3"] == hex(10**30)


def test_of_thousands_of_runs_only_those_are_looked_at_that_may_answer(tmp_path, monkeypatch):
    with LineageWriter(lineage_folder(tmp_path)) as writer:
        for number in range(2_000):
            given = {"path": file(str(number % 10), f"/data/{number % 10}.npz")}
            writer.append(record(f"run{number}", "s", given, {"t": digest(("t", number))}))
    store = Store(tmp_path)
    parsed = []

    def counted(told):
        parsed.append(told)
        return step_of(told)

    monkeypatch.setattr("astrodata_kernel.lineage.stores.step_of", counted)
    assert len(store.back(digest(("t", 77))).steps) == 1
    # Those that name one of the two contents, and no others.
    assert len(parsed) == 200
    assert len(store.back(digest(("t", 87))).steps) == 1
    assert len(parsed) == 200
    forward = store.forward("/data/3.npz")
    assert len(forward.steps) == 200
    assert forward.text().splitlines()[2].startswith("401 steps and contents are too many")


def test_it_is_saved_as_the_ending_says(tmp_path):
    write_run(tmp_path, "first", tmp_path / "a.npz")
    lineage = Store(tmp_path).back("first")
    assert lineage.save(tmp_path / "x.svg").read_text().startswith("<svg ")
    assert "activity" in json.loads(lineage.save(tmp_path / "x.json").read_text())
    lines = lineage.save(tmp_path / "x.ndjson").read_text().splitlines()
    assert [json.loads(line)["eventType"] for line in lines].count("START") == 3
    with pytest.raises(UnsupportedFormat, match=r"not as .png"):
        lineage.save(tmp_path / "x.png")
    with pytest.raises(AstrodataError, match="cannot be written"):
        lineage.save(tmp_path / "nowhere" / "x.svg")


def test_a_record_that_names_another_ones_computation_stands_for_itself(tmp_path):
    with LineageWriter(lineage_folder(tmp_path)) as writer:
        other = writer.append(record("one", "other", {}, {"x": digest("other")}))
        told = record("two", "mine", {}, {"x": digest("mine")})
        writer.append({**told, "cached": True, "made_by": other})
    (step,) = Store(tmp_path).back(digest("mine")).steps
    assert (step.run, step.name) == ("two", "mine")


def test_damaged_names_within_lines_harm_no_other_answer(tmp_path):
    write_run(tmp_path, "first", tmp_path / "cardio.npz")
    (path,) = lineage_folder(tmp_path).iterdir()
    with path.open("ab") as file:
        file.write(b'{"format":1,"id":"\xff","run":"\\q","path":"\\q","step":"s"}\n')
    store = Store(tmp_path)
    with pytest.raises(UnreadableFile, match="did you mean"):
        store.back(tmp_path / "cardoi.npz")
    with pytest.raises(UnknownName, match="no record"):
        store.back("20261122-035013-cardio-3f2b")
    assert len(store.back("first").steps) == 3
