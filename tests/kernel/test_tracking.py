"""Runs: what is written while they last, how they end, and what they came from."""

import gc
import json
import os
import subprocess
import sys
import threading
from hashlib import sha256
from pathlib import Path

import pytest
from astrodata_kernel import compute
from astrodata_kernel.compute.gpus import Device
from astrodata_kernel.errors import BadRequest, Cancelled, ServiceFailed, UnreadableFile
from astrodata_kernel.tracking import Tracker, code_version, environment
from astrodata_kernel.tracking.buffers import Buffer
from astrodata_kernel.tracking.system_metrics import (
    Sampler,
    gpu_numbers,
)


@pytest.fixture
def tracker(tmp_path):
    return Tracker(f"sqlite:///{tmp_path / 'astrodata' / 'runs.db'}", "tests", system_metrics=None)


def kept(tracker, run):
    return tracker.client().get_run(run.ident)


def test_without_an_address_the_workspace_keeps_the_runs_and_the_environment_may_name_another(
    tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    assert Tracker().address == f"sqlite:///{tmp_path / 'astrodata' / 'mlflow.db'}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://ada:secret@mlflow.infn.it/x")
    assert Tracker().address == "https://ada:secret@mlflow.infn.it/x"
    assert Tracker().shown == "https://mlflow.infn.it/x"


def test_the_tracker_of_training_is_this_one():
    from astrodata_kernel import training

    assert training.Tracker is Tracker


def test_all_that_a_run_is_told_is_read_back_with_mlflow(tracker, tmp_path):
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "a.txt").write_text("a")
    source = tmp_path / "cone.csv"
    source.write_bytes(b"1,2\n")
    digest = "sha256:" + sha256(source.read_bytes()).hexdigest()
    with tracker.run("night", tags={"colour": "red"}) as run:
        run.parameters({"net": {"width": 8, "steps": (1, 2)}, "rate": 0.1})
        for step in range(1200):
            run.metrics({"loss": 1 / (1 + step), "broken": float("nan")}, step)
        run.curve("found", [5, 10], [0.5, 0.75])
        run.artifacts(tmp_path / "made", "files")
        run.artifacts(source)
        run.text("words/notes.txt", "hello")
        run.dataset("cone", digest, source, "validation", {"rows": 1})
        run.tags({"shape": "round"})
    made, client = kept(tracker, run), tracker.client()
    assert (made.info.status, made.info.run_name) == ("FINISHED", "night")
    assert made.data.params == {"net.width": "8", "net.steps": "1, 2", "rate": "0.1"}
    assert set(made.data.metrics) == {"loss", "found"}
    points = client.get_metric_history(run.ident, "loss")
    assert [(p.step, p.value) for p in points] == [(i, 1 / (1 + i)) for i in range(1200)]
    assert [p.step for p in client.get_metric_history(run.ident, "found")] == [5, 10]
    assert (made.data.tags["colour"], made.data.tags["shape"]) == ("red", "round")
    names = {item.path for item in client.list_artifacts(run.ident)}
    assert names == {"environment.json", "files", "words", "cone.csv"}
    (given,) = made.inputs.dataset_inputs
    assert given.dataset.name == "cone"
    assert digest == "sha256:" + sha256(b"1,2\n").hexdigest()
    assert digest.removeprefix("sha256:").startswith(given.dataset.digest)
    words = {tag.key: tag.value for tag in given.tags}
    assert words == {"mlflow.data.context": "validation", "astrodata.hash": digest}
    assert json.loads(given.dataset.source) == {"uri": source.as_uri()}


def test_a_figure_is_kept_as_svg_and_what_is_none_is_refused(tracker, tmp_path):
    from matplotlib.figure import Figure

    figure = Figure()
    figure.subplots().plot([1, 2])
    with tracker.run() as run:
        run.figure("line", figure)
        run.figure("drawn.svg", "<svg xmlns='http://www.w3.org/2000/svg'/>")
        with pytest.raises(BadRequest, match="Matplotlib"):
            run.figure("line", 5)
        with pytest.raises(BadRequest, match="<svg"):
            run.figure("line", "a text")
    for name in ("line.svg", "drawn.svg"):
        path = tracker.client().download_artifacts(run.ident, name, str(tmp_path))
        assert Path(path).read_text().startswith("<svg")


@pytest.mark.parametrize("name", ["../out.txt", "/etc/x", ""])
def test_an_artifact_stays_in_its_run(tracker, name):
    with tracker.run() as run, pytest.raises(BadRequest, match="artifact"):
        run.text(name, "x")


def test_a_parameter_that_changes_a_missing_folder_and_a_hash_that_is_none_are_told(
    tracker, tmp_path
):
    with tracker.run() as run:
        run.parameters({"rate": 1})
        with pytest.raises(BadRequest, match="rate"):
            run.parameters({"rate": 2})
        with pytest.raises(UnreadableFile, match="does not exist"):
            run.artifacts(tmp_path / "nothing")
        with pytest.raises(BadRequest, match="sha256"):
            run.dataset("cone", "unknown")
        run.parameters({"odd name, really?": 1})
    assert kept(tracker, run).data.params["odd name_ really_"] == "1"


@pytest.mark.parametrize(
    ("error", "status"),
    [(ValueError, "FAILED"), (KeyboardInterrupt, "KILLED"), (Cancelled, "KILLED")],
)
def test_a_run_that_raises_keeps_its_numbers_and_says_how_it_ended(tracker, error, status):
    with pytest.raises(error), tracker.run() as run:  # noqa: PT012
        run.metrics({"loss": 0.5}, 3)
        raise error("enough")
    made = kept(tracker, run)
    assert (made.info.status, made.data.metrics) == (status, {"loss": 0.5})


def test_a_trial_within_a_run_points_to_it(tracker):
    with tracker.run() as run, run.nested("trial 1", {"number": "1"}) as trial:
        trial.metrics({"score": 0.5})
    made = kept(tracker, trial)
    assert made.data.tags["mlflow.parentRunId"] == run.ident
    assert (made.info.run_name, made.data.metrics) == ("trial 1", {"score": 0.5})


def test_numbers_reach_the_store_while_the_run_lasts(tracker):
    with tracker.run() as run:
        told = threading.Event()
        write = run._buffer._send
        run._buffer._send = lambda items: (write(items), told.set())
        run.metrics({"loss": 0.5})
        assert told.wait(60)
        assert kept(tracker, run).data.metrics == {"loss": 0.5}


def test_what_a_store_does_not_take_is_tried_again_and_told_at_the_end():
    sent, refused = [], []

    def send(items):
        if len(refused) < 2:
            refused.append(len(items))
            raise ServiceFailed("it is locked")
        sent.extend(items)

    buffer = Buffer(send)
    buffer.add([1, 2])
    assert buffer.flush() == "it is locked"
    while len(refused) < 2:
        buffer.flush()
    buffer.add([3])
    assert (buffer.close(), sent) == ("", [1, 2, 3])

    def never(_items):
        raise ServiceFailed("it is locked")

    buffer = Buffer(never)
    buffer.add([1, 2])
    assert buffer.close() == "2 numbers were not kept: it is locked"


def test_a_number_that_is_refused_is_dropped_with_a_note_and_those_behind_it_are_kept():
    sent = []

    def send(items):
        bad = [item for item in items if item % 7 == 3]
        if bad:
            raise BadRequest(f"{bad[0]} is no number")
        sent.extend(items)

    buffer = Buffer(send)
    buffer.add(range(20))
    assert buffer.flush() == ""
    assert sent == [item for item in range(20) if item % 7 != 3]
    assert buffer.close() == "3 numbers were refused: 3 is no number"

    asked = []

    def none(items):
        asked.append(len(items))
        raise BadRequest("the run was deleted")

    buffer = Buffer(none)
    buffer.add(range(1000))
    assert "not kept: the run was deleted" in buffer.close()
    # A store that takes nothing is not asked for each number, of which it would be asked 1,999 times. The
    # buffer's own thread may have tried once or twice before the buffer was closed.
    assert len(asked) < 500


def test_mlflow_refuses_one_number_and_keeps_the_others(tracker):
    from mlflow.entities import Metric

    def work():
        with tracker.run() as run:
            run.send([Metric("loss", 1.0, -5, 0), Metric("loss", 0.5, 5, 1)])
            run.metrics({"big": 1.0}, 2**70)
            run.metrics({"last": 2.0})
        return run

    with pytest.warns(UserWarning, match="2 numbers were refused"):
        run = work()
    assert kept(tracker, run).data.metrics == {"loss": 0.5, "last": 2.0}


def git(folder, *words):
    who = ["-c", "user.name=Ada", "-c", "user.email=ada@infn.it", "-c", "commit.gpgsign=false"]
    done = subprocess.run(
        ["git", *who, *words], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def test_a_run_knows_the_commit_and_whether_a_file_was_changed_since(tracker, tmp_path):
    place = tmp_path / "code"
    place.mkdir()
    assert code_version(place).why == "the folder is in no Git repository"
    git(place, "init", "-q")
    assert code_version(place).why == "the repository has no commit yet"
    (place / "a.py").write_text("1")
    git(place, "add", "a.py")
    git(place, "commit", "-q", "-m", "one")
    commit = git(place, "rev-parse", "HEAD")
    assert code_version(place).facts() == {"commit": commit, "dirty": False}
    (place / "new.py").write_text("not known to Git")
    assert code_version(place).dirty is False
    (place / "a.py").write_text("22")
    assert code_version(place).dirty is True
    with tracker.run(folder=place) as run:
        pass
    tags = kept(tracker, run).data.tags
    assert (tags["mlflow.source.git.commit"], tags["astrodata.git.dirty"]) == (commit, "True")


def test_asking_a_repository_for_its_version_starts_none_of_its_programs(tmp_path):
    git(tmp_path, "init", "-q")
    (tmp_path / "a.py").write_text("1")
    git(tmp_path, "add", "a.py")
    git(tmp_path, "commit", "-q", "-m", "one")
    trap, trace = tmp_path / "trap.sh", tmp_path / "it-ran"
    trap.write_text(f"#!/bin/sh\ntouch {trace}\n")
    trap.chmod(0o755)
    git(tmp_path, "config", "core.fsmonitor", str(trap))
    git(tmp_path, "config", "filter.trap.clean", str(trap))
    git(tmp_path, "config", "filter.trap.required", "true")
    (tmp_path / ".git" / "info").mkdir(exist_ok=True)
    (tmp_path / ".git" / "info" / "attributes").write_text("* filter=trap\n")
    (tmp_path / "a.py").write_text("2")
    assert code_version(tmp_path).dirty is True
    assert not trace.exists()


def test_a_half_clone_fetches_nothing_when_it_is_asked_for_its_version(tmp_path):
    git(tmp_path, "init", "-q")
    (tmp_path / "a.py").write_text("1")
    git(tmp_path, "add", "a.py")
    git(tmp_path, "commit", "-q", "-m", "one")
    trap, trace = tmp_path / "trap.sh", tmp_path / "it-ran"
    trap.write_text(f"#!/bin/sh\ntouch {trace}\n")
    trap.chmod(0o755)
    for name, value in (
        ("core.repositoryFormatVersion", "1"),
        ("extensions.partialClone", "evil"),
        ("remote.evil.url", str(tmp_path)),
        ("remote.evil.promisor", "true"),
        ("remote.evil.uploadpack", str(trap)),
    ):
        git(tmp_path, "config", name, value)
    head = (tmp_path / ".git" / "HEAD").read_text().split()[1]
    (tmp_path / ".git" / head).write_text("1" * 40 + "\n")
    code_version(tmp_path)
    assert not trace.exists()


def test_without_git_without_a_folder_and_in_somebody_elses_repository_there_are_words(
    tmp_path, monkeypatch
):
    assert "no such folder" in code_version(tmp_path / "nothing").why
    git(tmp_path, "init", "-q")
    if os.geteuid() == 0:
        os.chown(tmp_path, 65534, 65534)
        os.chown(tmp_path / ".git", 65534, 65534)
        assert code_version(tmp_path).why == "the repository belongs to somebody else"
    monkeypatch.setenv("PATH", str(tmp_path))
    assert code_version(tmp_path).commit is None
    assert "no Git here" in code_version(tmp_path).why


def test_a_run_tells_packages_and_user_but_no_variable_of_the_environment(
    tracker, tmp_path, monkeypatch
):
    monkeypatch.setenv("SOME_TOKEN", "very-secret-token")
    monkeypatch.setenv("LOGNAME", "ada")
    with tracker.run() as run:
        pass
    made = kept(tracker, run)
    assert (made.info.user_id, made.data.tags["mlflow.user"]) == ("ada", "ada")
    path = tracker.client().download_artifacts(run.ident, "environment.json", str(tmp_path))
    text = Path(path).read_text()
    assert made.data.tags["astrodata.environment"] == "sha256:" + sha256(text.encode()).hexdigest()
    facts = json.loads(text)
    assert facts["python"] == ".".join(map(str, sys.version_info[:3]))
    assert {"numpy", "pandas", "astrodata-lab", "mlflow-skinny"} <= set(facts["packages"])
    assert facts["packages"] == environment()["packages"]
    everything = text + str(made.data.tags)
    assert "very-secret-token" not in everything


def test_memory_and_cpu_of_the_process_are_sampled_while_a_run_lasts(tmp_path):
    tracker = Tracker(f"sqlite:///{tmp_path / 'runs.db'}", system_metrics=0.01)
    with tracker.run() as run:
        seen = threading.Event()
        write = run._buffer._send
        run._buffer._send = lambda items: (write(items), seen.set())
        assert seen.wait(60)
    numbers = kept(tracker, run).data.metrics
    assert numbers["system/process_memory_usage_megabytes"] > 10
    assert 0 < numbers["system/system_memory_usage_percentage"] <= 100
    assert 0 <= numbers["system/cpu_utilization_percentage"] <= 100
    gc.collect()
    assert "system metrics" not in {thread.name for thread in threading.enumerate()}


def test_a_slice_of_a_gpu_tells_its_memory_and_no_utilisation():
    card = Device("card", "GPU-1", 8_000_000, 2_000_000, None, 0.5, mig=False)
    part = Device("slice", "MIG-1", 4_000_000, 1_000_000, 500_000, None, mig=True)
    unknown = Device("unknown", "", 4_000_000, None, None, None, mig=False)
    assert gpu_numbers([card, part, unknown]) == {
        "system/gpu_0_memory_usage_megabytes": 2.0,
        "system/gpu_0_memory_usage_percentage": 25.0,
        "system/gpu_0_utilization_percentage": 50.0,
        "system/gpu_1_memory_usage_megabytes": 1.0,
        "system/gpu_1_memory_usage_percentage": 25.0,
        "system/gpu_1_process_memory_usage_megabytes": 0.5,
    }


@pytest.mark.gpu
def test_a_gpu_tells_its_memory():
    found = compute.devices()
    if not found:
        pytest.skip(found.note)
    numbers = Sampler(1.0, lambda *_: None).sample()
    assert 0 < numbers["system/gpu_0_memory_usage_percentage"] <= 100
