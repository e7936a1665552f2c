"""Pipelines among processes: kills, two runs at once, clusters whose workers die."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import astrodata_kernel as adk
import blocks_for_tests as given
import pytest
from astrodata_kernel.pipeline import Cache, Pipeline

HELPERS = Path(given.__file__).parent

YAML = """\
astrodata: 1
name: many
parameters: {{rows: 20000, pause: 0.0}}
steps:
{steps}
"""


def many(folder: Path, count: int = 12) -> Path:
    steps = ["  a: {block: 'blocks_for_tests:count', with: {upto: 4}}"]
    steps += ["  t: {block: 'blocks_for_tests:total', from: a}"]
    for number in range(count):
        steps.append(
            f"  n{number}: {{block: 'blocks_for_tests:total', from: a, with: {{factor: {number}}}}}"
        )
        steps.append(
            f"  table{number}: {{block: 'blocks_for_tests:seeded', from: n{number}, with: "
            "{rows: '${rows}', pause: '${pause}', marks: '%s'}}" % (folder / "marks")
        )
    path = folder / "many.yaml"
    path.write_text(YAML.format(steps="\n".join(steps)))
    return path


def command(root: Path, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "astrodata_kernel.commands", "--workspace", str(root), *words],
        env={**os.environ, "PYTHONPATH": str(HELPERS)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def finished(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


@pytest.mark.slow
def test_a_run_that_is_killed_at_any_point_goes_on_and_leaves_nothing_half(tmp_path: Path) -> None:
    path = many(tmp_path)
    values = tmp_path / "astrodata/cache/values"
    rng = random.Random(7)
    done: set[str] = set()
    for kill in range(8):
        process = command(tmp_path, "run", str(path), "--quiet", "-p", "pause=0.05")
        # Killed when it has got some way, wherever that is: in the middle of a block, or of a writing.
        wanted = len(done) + rng.randint(1, 3)
        while process.poll() is None and len(_results(tmp_path)) < wanted:
            time.sleep(0.001)
        time.sleep(rng.random() * 0.05)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        now = _results(tmp_path)
        assert done <= now, f"after kill {kill}, what was done is gone"
        done = now
        assert Cache(tmp_path).damaged() == []
    code, out, err = finished(command(tmp_path, "run", str(path), "--json", "-p", "pause=0.05"))
    assert code == 0, err
    assert len(json.loads(out)["computed"]) <= 26 - len(done)
    assert finished(command(tmp_path, "run", str(path), "--json", "-p", "pause=0.05"))[0] == 0
    other = tmp_path / "other"
    other.mkdir()
    code, clean, err = finished(command(other, "run", str(path), "--json", "-p", "pause=0.05"))
    assert json.loads(clean)["outputs"] == json.loads(out)["outputs"]
    lost = [one.state for one in adk.runs.runs(tmp_path) if one.state == "lost"]
    assert len(lost) == 8 - sum(one.state == "finished" for one in adk.runs.runs(tmp_path)) + 2
    assert Cache(tmp_path).prune(0, dry_run=True) >= 0
    assert values.exists()
    # No step was done twice after its result was kept: only those that a kill interrupted.
    marks = [p.name.partition("-")[0] for p in (tmp_path / "marks").iterdir()]
    assert len(marks) <= 24 + 8


def _results(root: Path) -> set[str]:
    return {p.name for p in (root / "astrodata/cache/results").rglob("*.json") if p.name[0] != "."}


def test_two_runs_at_once_do_each_step_once(tmp_path: Path) -> None:
    path = many(tmp_path, 6)
    first = command(tmp_path, "run", str(path), "--json", "-p", "pause=0.2")
    second = command(tmp_path, "run", str(path), "--json", "-p", "pause=0.2")
    (code, out, err), (code2, out2, err2) = finished(first), finished(second)
    assert (code, code2) == (0, 0), err + err2
    one, two = json.loads(out), json.loads(out2)
    assert one["outputs"] == two["outputs"]
    assert not set(one["computed"]) & set(two["computed"])
    # One of the steps has the block, parameters and inputs of another one.
    assert len(one["computed"]) + len(two["computed"]) == 13
    assert len(list((tmp_path / "marks").iterdir())) == 6


def test_the_claim_of_a_process_that_was_killed_is_taken_over(tmp_path: Path) -> None:
    path = many(tmp_path, 1)
    process = command(tmp_path, "run", str(path), "--quiet", "-p", "pause=60")
    claims = tmp_path / "astrodata/cache/claims"
    while not (tmp_path / "marks").exists() and process.poll() is None:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert len(list(claims.iterdir())) == 1
    # Its place in the cache is free for whoever comes, at once.
    pipeline = Pipeline.from_yaml(path)
    key = pipeline.plan(workspace=tmp_path, pause=60).keys["table0"]
    assert (claims / key).exists()
    from astrodata_kernel.pipeline.claims import Claims

    said: list[str] = []
    with Claims(claims).hold(key, lambda: None, said.append):
        assert said == []
    assert not (claims / key).exists()


def test_an_interrupt_and_the_end_of_a_batch_job_cancel_the_run(tmp_path: Path) -> None:
    path = many(tmp_path, 1)
    for number, sign in enumerate((signal.SIGINT, signal.SIGTERM)):
        root = tmp_path / str(number)
        root.mkdir()
        process = command(root, "run", str(path), "-p", "pause=60")
        assert process.stderr is not None
        for line in process.stderr:
            if "▶ table0" in line:
                break
        process.send_signal(sign)
        code, _, err = finished(process)
        assert code == 130, err
        assert "run the pipeline again to go on" in err
        assert [one.state for one in adk.runs.runs(root)] == ["cancelled"]


def test_exit_codes_tell_what_went_wrong(tmp_path: Path) -> None:
    good = many(tmp_path, 1)
    bad = tmp_path / "bad.yaml"
    bad.write_text(good.read_text() + "  oh: {block: 'blocks_for_tests:breaks', from: t}\n")
    tested = tmp_path / "tested.yaml"
    tested.write_text(good.read_text() + "tests:\n  table0: [{check: rows, at_least: 1000000}]\n")
    for words, wanted, told in (
        (["run", str(good)], 0, ""),
        (["run", str(bad)], 1, "step 'oh' (breaks): ZeroDivisionError: no number"),
        (["run", str(good), "-p", "rowz=3"], 2, "did you mean 'rows'"),
        (["run", str(tmp_path / "no.yaml")], 2, "No such file"),
        (["run", str(tested)], 3, "step 'table0' gave table that fails its tests"),
        (["run"], 2, "usage"),
        (["run", str(good), "--dry-run"], 0, ""),
    ):
        code, out, err = finished(command(tmp_path, *words))
        assert (code, told in err) == (wanted, True), (words, code, out, err)
    assert "astrodata/runs" not in out


@pytest.mark.slow
def test_on_a_cluster_a_worker_that_dies_loses_nothing(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(HELPERS))
    pipeline = Pipeline("p").add("a", given.count).add("t", given.total, "a")
    pipeline.add("d", given.dies, "t", unless=str(tmp_path / "died"))
    pipeline.add("fit", given.slow_training, "a", epochs=3)
    with adk.compute.cluster("local", 2) as cluster:
        run = pipeline.run(workspace=tmp_path, cluster=cluster, track=False)
        assert sorted(run.computed) == ["a", "d", "fit", "t"]
        assert (tmp_path / "died").exists()
        assert run.outputs["d"] == 3
        assert run.metrics["fit.loss"] == pytest.approx(1 / 3)
        assert pipeline.run(workspace=tmp_path, cluster=cluster, track=False).computed == ()
    here = tmp_path / "here"
    here.mkdir()
    alone = pipeline.run(workspace=here, cluster=False, track=False)
    assert {n: alone.outputs.hash_of(n) for n in alone.outputs} == {
        n: run.outputs.hash_of(n) for n in run.outputs
    }


def test_an_error_on_a_cluster_is_the_same_as_here_and_a_damaged_value_made_anew(
    tmp_path: Path,
) -> None:
    (tmp_path / "x.txt").write_text("no number")
    bad = Pipeline("p", base=tmp_path).add("a", given.read_text, path="x.txt")
    bad.add("bad", given.total, "a", marks=str(tmp_path / "marks"))
    sums = Pipeline("p", {"t": 1.0, "u": 2.0}).add("a", given.count, upto=4)
    for name in ("t", "u"):  # both may find the damage, and it is mended once
        sums.add(name, given.total, "a", factor=f"${{{name}}}")
    with adk.compute.cluster("threads", 2) as cluster:
        with pytest.raises(adk.errors.StepFailed, match=r"step 'bad' \(total\): TypeError"):
            bad.run(workspace=tmp_path, cluster=cluster, track=False)
        assert len(list((tmp_path / "marks").iterdir())) == 1  # it was not tried again
        run = sums.run(workspace=tmp_path, cluster=cluster, track=False)
        path = next(iter(Cache(tmp_path).files_of(run.outputs.hash_of("a"))))
        path.write_bytes(path.read_bytes().replace(b"3", b"7"))  # as long as before
        again = sums.run(workspace=tmp_path, cluster=cluster, track=False, t=3.0, u=4.0)
    assert sorted(again.computed) == ["a", "t", "u"]
    assert (again.outputs["t"], again.outputs["u"]) == (18, 24)
