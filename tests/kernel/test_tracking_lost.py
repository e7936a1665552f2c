"""Runs whose process was killed: ended in the store by whoever comes next, and no others."""

import os
import subprocess

import pytest
from astrodata_kernel.commands import main
from astrodata_kernel.runs import RunFolder
from astrodata_kernel.tracking import Tracker, collect_garbage
from astrodata_kernel.tracking.lost_runs import FOLDER, PARENT, PROCESS, end_lost_runs, process

DIED = 1_700_000_000


@pytest.fixture
def tracker(tmp_path, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return Tracker(root=tmp_path, system_metrics=None)


@pytest.fixture(scope="module")
def dead():
    """Give the number of a process that has ended."""
    done = subprocess.Popen(["true"])
    done.wait()
    return done.pid


def begun(tracker, **tags):
    client = tracker.client()
    words = {name: value for name, value in tags.items() if value is not None}
    return client.create_run(tracker.experiment_id(client), tags=words).info.run_id


def of_pipeline(tracker, root, pid, **more):
    """Give a run of MLflow and its folder, as a process of that number left them."""
    folder = RunFolder.create(root, "cardio", {"pid": pid})
    ident = begun(tracker, **{FOLDER: folder.id}, **more)
    folder.write({**folder.read(), "mlflow": {"run": ident, "uri": tracker.shown}})
    if pid != os.getpid():
        os.utime(folder.path / "alive", (DIED, DIED))
    return ident


def states(tracker, *idents):
    client = tracker.client()
    return [client.get_run(ident).info.status for ident in idents]


def test_the_run_of_a_killed_process_is_ended_at_its_last_sign_with_what_is_within_it(
    tracker, tmp_path, dead
):
    killed = of_pipeline(tracker, tmp_path, dead)
    fold = begun(tracker, **{PARENT: killed})
    alive = of_pipeline(tracker, tmp_path, os.getpid())
    bare = begun(tracker, **{PROCESS: process().rpartition(" ")[0] + f" {dead}"})
    ours = begun(tracker, **{PROCESS: process()})
    elsewhere = begun(tracker, **{PROCESS: f"another-boot node7 {dead}"})
    unknown = begun(tracker)
    # A folder that names another run, and a name that is a path, prove nothing.
    stolen = begun(tracker, **{FOLDER: RunFolder.create(tmp_path, "p", {"pid": dead}).id})
    path = begun(tracker, **{FOLDER: str(tmp_path / "astrodata/runs/x")})
    with tracker.run() as run:
        assert states(tracker, killed, fold, bare) == ["KILLED"] * 3
        others = (alive, ours, elsewhere, unknown, stolen, path, run.ident)
        assert states(tracker, *others) == ["RUNNING"] * 7
    assert tracker.client().get_run(killed).info.end_time == DIED * 1000
    assert end_lost_runs(tracker) == ()


def test_listing_runs_and_collecting_garbage_end_them_too(tracker, tmp_path, dead, capsys):
    first = of_pipeline(tracker, tmp_path, dead)
    assert main(["--workspace", str(tmp_path), "runs"]) == 0
    assert " lost " in capsys.readouterr().out
    assert states(tracker, first) == ["KILLED"]
    second = of_pipeline(tracker, tmp_path, dead)
    collect_garbage(tracker)
    assert states(tracker, second) == ["RUNNING"]  # told only
    collect_garbage(tracker, dry_run=False)
    assert states(tracker, second) == ["KILLED"]


def test_a_server_s_runs_and_a_store_that_cannot_be_read_are_left_alone(tmp_path):
    assert end_lost_runs(Tracker("http://127.0.0.1:9")) == ()
    (tmp_path / "runs.db").write_text("no database")
    assert end_lost_runs(Tracker(f"sqlite:///{tmp_path / 'runs.db'}")) == ()
