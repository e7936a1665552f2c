"""Garbage: what deleted runs left is told, then removed; nothing else is touched."""

import os
import shutil
from datetime import timedelta

import pytest
from astrodata_kernel.errors import BadRequest
from astrodata_kernel.tracking import Registry, Tracker, collect_garbage
from astrodata_kernel.tracking.trackers import ARTIFACTS

NOW = timedelta(0)


@pytest.fixture
def tracker(tmp_path):
    return Tracker(f"sqlite:///{tmp_path / 'runs.db'}", system_metrics=None)


@pytest.fixture
def root(tmp_path):
    return tmp_path / ARTIFACTS


def run_with(tracker, text, delete=True):
    with tracker.run() as run:
        run.text("model.txt", text)
    if delete:
        tracker.client().delete_run(run.ident)
    return run.ident


def known(tracker):
    from mlflow.entities import ViewType

    client = tracker.client()
    homes = [one.experiment_id for one in client.search_experiments()]
    return {run.info.run_id for run in client.search_runs(homes, run_view_type=ViewType.ALL)}


def test_deleted_runs_are_told_with_their_bytes_and_removed_when_asked_to(tracker, root):
    kept, gone = run_with(tracker, "a", delete=False), run_with(tracker, "b" * 5000)
    told = collect_garbage(tracker, NOW)
    assert (told.runs, told.folders, told.removed) == ((gone,), (root / gone,), False)
    assert told.bytes > 5000
    assert "would remove 1 deleted runs and 1 folders" in str(told)
    assert known(tracker) == {kept, gone}
    done = collect_garbage(tracker, NOW, dry_run=False)
    assert (done.runs, done.bytes, done.removed) == ((gone,), told.bytes, True)
    assert known(tracker) == {kept}
    assert (root / kept / "artifacts" / "model.txt").read_text() == "a"
    assert not (root / gone).exists()
    assert collect_garbage(tracker, NOW, dry_run=False).runs == ()


def test_what_was_deleted_a_moment_ago_stays_by_default(tracker, root):
    gone = run_with(tracker, "b")
    assert collect_garbage(tracker, dry_run=False).runs == ()
    assert (root / gone).is_dir()


def test_a_run_that_a_registered_version_comes_from_stays(tracker, root):
    used = run_with(tracker, "model", delete=False)
    copied = run_with(tracker, "model", delete=False)
    Registry(tracker).register(used, "model.txt", "text")
    other = run_with(tracker, "x", delete=False)
    source = (root / copied / "artifacts" / "model.txt").as_uri()
    tracker.client().create_model_version("text", source, run_id=other)
    for ident in (used, copied, other):
        tracker.client().delete_run(ident)
    done = collect_garbage(tracker, NOW, dry_run=False)
    assert (done.runs, done.folders) == ((), ())
    assert sum("registered model" in line for line in done.kept) == 3
    assert all((root / ident).is_dir() for ident in (used, copied, other))


def test_folders_of_runs_that_nobody_knows_go_and_other_folders_stay(tracker, root):
    run_with(tracker, "a", delete=False)
    orphan = root / ("0" * 32)
    (orphan / "artifacts").mkdir(parents=True)
    (orphan / "artifacts" / "x.txt").write_text("x")
    (root / "models").mkdir()
    (root / "mine").mkdir()
    assert collect_garbage(tracker, timedelta(hours=1)).folders == ()
    assert collect_garbage(tracker, NOW, dry_run=False).folders == (orphan,)
    assert not orphan.exists()
    assert (root / "models").is_dir()
    assert (root / "mine").is_dir()


def test_what_another_store_in_the_folder_may_know_stays(tracker, root):
    run_with(tracker, "mine", delete=False)
    folder = root / ("a" * 32)
    (folder / "artifacts").mkdir(parents=True)
    long_ago = 1_000_000_000
    os.utime(folder, (long_ago, long_ago))
    os.utime(folder / "artifacts", (long_ago, long_ago))
    (root.parent / "other.db").touch()
    found = collect_garbage(tracker)
    assert found.folders == ()
    assert any("other.db may know them" in one for one in found.kept)


def test_links_lead_nowhere(tracker, root, tmp_path):
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "data.txt").write_text("years of work")
    gone = run_with(tracker, "b")
    (root / gone / "artifacts" / "link").symlink_to(precious)
    linked = run_with(tracker, "c")
    shutil.rmtree(root / linked)
    (root / linked).symlink_to(precious)
    (root / ("1" * 32)).symlink_to(precious)
    done = collect_garbage(tracker, NOW, dry_run=False)
    assert done.folders == (root / gone,)
    assert done.bytes < 20_000
    assert any("is a link" in line for line in done.kept)
    assert (precious / "data.txt").read_text() == "years of work"
    root.rename(tmp_path / "elsewhere")
    root.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(BadRequest, match="is a link"):
        collect_garbage(tracker, NOW, dry_run=False)


def test_a_run_whose_files_are_elsewhere_is_left_alone(tracker, tmp_path):
    client = tracker.client()
    place = tmp_path / "elsewhere"
    home = client.create_experiment("other", artifact_location=place.as_uri())
    run = client.create_run(home)
    client.log_text(run.info.run_id, "x", "x.txt")
    client.delete_run(run.info.run_id)
    done = collect_garbage(tracker, NOW, dry_run=False)
    assert (done.runs, done.folders) == ((), ())
    assert "its files are not in" in done.kept[0]
    assert list(place.rglob("x.txt"))


def test_a_server_s_garbage_is_the_server_s():
    with pytest.raises(BadRequest, match="mlflow gc"):
        collect_garbage(Tracker("http://127.0.0.1:9"))
