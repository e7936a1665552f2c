"""What the sidebar is told of runs, and how one is ended; also of folders that hold what nobody expects."""

from __future__ import annotations

import hashlib
import json
import os

import pytest
from astrodata_kernel.runs import RunFolder

from astrodata_lab.run_listing import MOST_RUNS, MOST_STEPS

HOSTILE = "<img src=x onerror=alert(1)>\"'&amp;"


@pytest.fixture
def begin(root):
    """Begin a run under the server's root; gives its folder."""

    def begin(pipeline="cardio", **facts):
        steps = facts.pop("steps", {"read": {"block": "read_table", "state": "waiting"}})
        return RunFolder.create(root, pipeline, {"steps": steps, **facts})

    return begin


@pytest.fixture
def listed(ask):
    async def listed():
        status, body = await ask("runs")
        assert status == 200, body
        return body

    return listed


def change(folder, **facts):
    folder.write({**folder.read(), **facts})


async def test_without_runs_the_list_is_empty_and_looking_leaves_no_trace(listed, root):
    assert await listed() == {"runs": [], "warnings": []}
    assert not (root / "astrodata").exists()


async def test_a_run_under_way_tells_its_share_and_the_step_that_runs(listed, begin):
    steps = {
        "read": {"block": "read_table", "state": "finished", "share": 1, "seconds": 2.5},
        "train": {"block": "train_cae", "state": "running", "share": 0.5, "text": "epoch 5 of 10"},
    }
    folder = begin(steps=steps)
    [one] = (await listed())["runs"]
    assert (one["id"], one["pipeline"], one["state"]) == (folder.id, "cardio", "running")
    assert one["share"] == 0.75
    assert one["running"] == [{"name": "train", "text": "epoch 5 of 10", "share": 0.5}]
    assert one["counts"] == {"steps": 2, "ended": 1, "computed": 1, "cached": 0}
    assert one["seconds"] >= 0
    change(folder, state="finished", ended=folder.read()["started"])
    [one] = (await listed())["runs"]
    assert (one["state"], one["share"], one["seconds"]) == ("finished", 1.0, 0.0)


async def test_a_run_whose_process_is_gone_is_lost(listed, begin):
    folder = begin()
    change(folder, pid=2**31 - 2)
    [one] = (await listed())["runs"]
    assert (one["state"], one["seconds"]) == ("lost", None)


async def test_all_of_a_run_is_asked_for_by_its_id(ask, begin, root):
    (root / "cardio.yaml").write_text("astrodata: 1\n")
    digest = hashlib.sha256(b"astrodata: 1\n").hexdigest()
    steps = {
        "read": {
            "block": "read_table",
            "stage": "ingest",
            "state": "finished",
            "share": 1,
            "seconds": 0.25,
            "outputs": {"table": {"hash": "sha256:" + "0" * 64, "kind": "table"}},
            "metrics": {"rows": 12, "loss": "nan"},
            "tests": {"table": {"ok": False, "report": "x.json", "summary": "1 of 2 tests failed"}},
            "notes": ["two rows were left out"],
        }
    }
    folder = begin(
        steps=steps,
        source=str(root / "cardio.yaml"),
        source_sha256=digest,
        parameters={
            "seed": 3,
            "rate": 1.0,
            "big": 2**60,
            "name": "it's",
            "deep": {"a": [None, True]},
        },
        notes=["not kept in MLflow"],
    )
    status, one = await ask("runs", id=folder.id)
    assert status == 200
    assert one["again"] == {"path": "cardio.yaml", "copy": False, "source": None}
    [step] = one["steps"]
    assert step["tests"] == [{"output": "table", "ok": False, "summary": "1 of 2 tests failed"}]
    assert step["metrics"] == {"rows": 12, "loss": "nan"}
    assert (step["notes"], one["notes"]) == (["two rows were left out"], ["not kept in MLflow"])
    # As they were, whatever JavaScript makes of numbers.
    assert {p["name"]: p["python"] for p in one["parameters"]} == {
        "seed": "3",
        "rate": "1.0",
        "big": str(2**60),
        "name": '"it\'s"',
        "deep": "{'a': [None, True]}",
    }


async def test_a_run_of_a_pipeline_without_a_file_is_done_again_from_its_own_copy(ask, begin, root):
    folder = begin()
    assert (await ask("runs", id=folder.id))[1]["again"] is None
    (folder.path / "pipeline.yaml").write_text("astrodata: 1\n")
    where = f"astrodata/runs/{folder.id}/pipeline.yaml"
    own = {"path": where, "copy": True, "source": None}
    assert (await ask("runs", id=folder.id))[1]["again"] == own
    change(folder, source=str(root / "gone.yaml"))
    assert (await ask("runs", id=folder.id))[1]["again"] == {**own, "source": "gone.yaml"}


async def test_a_file_that_changed_since_the_run_is_told_and_the_run_s_own_copy_taken(
    ask, begin, root
):
    file = root / "cardio.yaml"
    file.write_text("astrodata: 1\nname: other\n")
    digest = hashlib.sha256(b"astrodata: 1\nname: cardio\n").hexdigest()
    folder = begin(source=str(file), source_sha256=digest)
    changed = {"path": "cardio.yaml", "copy": False, "source": "cardio.yaml"}
    assert (await ask("runs", id=folder.id))[1]["again"] == changed
    (folder.path / "pipeline.yaml").write_text("astrodata: 1\n")
    where = f"astrodata/runs/{folder.id}/pipeline.yaml"
    own = {"path": where, "copy": True, "source": "cardio.yaml"}
    assert (await ask("runs", id=folder.id))[1]["again"] == own
    # Steps that were added in Python are in no file; runs of older versions told nothing of theirs.
    change(folder, source_sha256=None)
    assert (await ask("runs", id=folder.id))[1]["again"] == own
    record = folder.read()
    del record["source_sha256"]
    folder.write(record)
    unknown = {"path": "cardio.yaml", "copy": False, "source": None}
    assert (await ask("runs", id=folder.id))[1]["again"] == unknown


async def test_parameters_that_were_cut_or_are_too_long_are_not_given_as_the_same(ask, begin):
    for parameters in ({"text": "x" * 30_000}, {"list": list(range(20_000))}):
        folder = begin(parameters=parameters)
        assert (await ask("runs", id=folder.id))[1]["parameters"] is None


async def test_the_run_in_mlflow_is_told_without_names_passwords_and_the_root(listed, begin, root):
    begin(mlflow={"run": "a1", "uri": f"sqlite:///{root}/astrodata/mlflow.db"})
    begin(mlflow={"run": "a2", "uri": "https://ada:secret@ml.example:8443/x?token=secret#secret"})
    begin(mlflow={"run": "a3", "uri": "javascript:alert(1)"})
    begin(mlflow={"run": "a5", "uri": "sqlite:///somewhere/mlflow.db"})
    begin(mlflow={"run": "a4/../../x", "uri": "https://ml.example"})
    body = await listed()
    told = {one["mlflow"]["run"]: one["mlflow"] for one in body["runs"] if one["mlflow"]}
    assert told == {
        "a1": {"run": "a1", "address": None, "file": "astrodata/mlflow.db"},
        "a2": {"run": "a2", "address": "https://ml.example:8443/x", "file": None},
        "a3": {"run": "a3", "address": None, "file": None},
        "a5": {"run": "a5", "address": None, "file": None},
    }
    assert "secret" not in json.dumps(body)


async def test_a_run_is_cancelled_by_its_id(ask, begin, listed):
    folder = begin()
    status, body = await ask("runs", "POST", {"id": folder.id, "do": "cancel"})
    assert (status, body) == (202, {"asked": True})
    assert folder.cancel_asked()
    assert (await listed())["runs"][0]["cancelling"] is True
    change(folder, state="cancelled")
    assert (await ask("runs", "POST", {"id": folder.id, "do": "cancel"}))[1] == {"asked": False}


@pytest.mark.parametrize("do", ["GET", "POST"])
@pytest.mark.parametrize(
    "given", ["..", ".", "", ".hidden", "{path}", "../runs/{id}", "a\0b", "x/y", "\\x"]
)
async def test_a_run_is_never_asked_for_by_a_path(ask, begin, tmp_path, do, given):
    inside, outside = begin(), RunFolder.create(tmp_path, "secret")
    ident = given.format(path=outside.path, id=inside.id)
    if do == "GET":
        status, body = await ask("runs", id=ident)
    else:
        status, body = await ask("runs", "POST", {"id": ident, "do": "cancel"})
    assert (status, body["error"]["code"]) == (400, "bad-request")
    assert not inside.cancel_asked()
    assert not outside.cancel_asked()


async def test_a_run_behind_a_link_is_none_of_ours(ask, begin, listed, tmp_path):
    outside, inside = RunFolder.create(tmp_path, "secret"), begin()
    (inside.path.parent / "20260101-000000-link-0000").symlink_to(outside.path)
    assert [one["id"] for one in (await listed())["runs"]] == [inside.id]
    for ident in ("20260101-000000-link-0000", "20260101-000000-nothing-0000"):
        status, body = await ask("runs", "POST", {"id": ident, "do": "cancel"})
        assert (status, body["error"]["code"]) == (404, "unknown-name")
    assert not outside.cancel_asked()


@pytest.mark.parametrize(
    "body", [None, [], {}, {"id": 7, "do": "cancel"}, {"id": "a"}, {"id": "a", "do": "rm"}]
)
async def test_a_wish_that_makes_no_sense_is_refused(ask, root, body):
    status, reply = await ask("runs", "POST", body)
    assert (status, reply["error"]["code"]) == (400, "bad-request")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"\xff\xfe",
        b'{"format": 99}',
        b"[" * 100_000,
        b'{"format": 1, "steps": 7}',
    ],
)
async def test_a_record_that_is_none_hides_no_other_run(listed, begin, root, content):
    begin("sound")
    broken = begin("broken")
    (broken.path / "run.json").write_bytes(content)
    body = await listed()
    assert "sound" in [one["pipeline"] for one in body["runs"]]
    assert len(body["runs"]) + len(body["warnings"]) == 2
    assert str(root) not in json.dumps(body)


async def test_a_pipe_in_place_of_a_record_keeps_nobody_waiting(listed, begin):
    broken = begin("broken")
    (broken.path / "run.json").unlink()
    os.mkfifo(broken.path / "run.json")
    assert (await listed())["runs"] == []


async def test_hostile_texts_are_short_and_printable(ask, listed, begin):
    bad = HOSTILE + "\u202e\n" + "x" * 100_000
    step = {
        "block": bad,
        "state": "running",
        "share": 1e9,
        "text": bad,
        "error": bad,
        "metrics": {bad: 1},
        "outputs": {bad: {"hash": bad, "kind": bad}},
        "tests": {bad: {"ok": "yes", "summary": bad}, "b": 7},
        "notes": [bad, 7],
    }
    folder = begin(bad, steps={bad: step}, notes=[bad], mlflow=[bad], source=bad, started=bad)
    [one] = (await listed())["runs"]
    _, details = await ask("runs", id=folder.id)
    assert len(json.dumps([one, details])) < 60_000
    assert 0 <= one["share"] <= 1

    def texts(value):
        if isinstance(value, str):
            yield value
        for inner in value.items() if isinstance(value, dict) else ():
            yield from (text for part in inner for text in texts(part))
        for part in value if isinstance(value, list) else ():
            yield from texts(part)

    assert all(line.isprintable() for text in texts([one, details]) for line in text.splitlines())


async def test_of_many_runs_and_steps_the_newest_and_those_that_matter_are_given(
    ask, listed, begin
):
    steps = {f"step {i}": {"block": "b", "state": "cached"} for i in range(MOST_STEPS + 50)}
    steps["last"] = {"block": "b", "state": "failed", "error": "no"}
    many = begin(steps=steps)
    for _ in range(MOST_RUNS):
        begin("small")
    body = await listed()
    assert len(body["runs"]) == MOST_RUNS
    assert any("101 runs" in warning for warning in body["warnings"])
    _, one = await ask("runs", id=many.id)
    assert (len(one["steps"]), one["more"]) == (MOST_STEPS, 51)
    assert one["steps"][-1]["name"] == "last"
