"""Stores that cannot be used: clear words after a bounded wait, and a training is never lost to one."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing

import pandas as pd
import pytest
from astrodata_kernel.errors import (
    DamagedFile,
    ServiceFailed,
    UnreadableFile,
    UnsupportedFormat,
)
from astrodata_kernel.tracking import Tracker, stores
from astrodata_kernel.tracking.stores import MLFLOW_TAG, client_of, in_words, sqlite_path
from astrodata_kernel.training.results import COLUMNS, Training
from astrodata_kernel.training.tracking import tracked

HOLDS_THE_LOCK = """
import sqlite3, sys
base = sqlite3.connect(sys.argv[1], isolation_level=None)
base.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
sys.stdin.readline()
"""

FILLS_THE_DISK = """
import resource, sys, warnings
from astrodata_kernel.errors import AstrodataError
from astrodata_kernel.tracking import Tracker
tracker = Tracker(sys.argv[1], system_metrics=None)
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("always")
    with tracker.run() as run:
        resource.setrlimit(resource.RLIMIT_FSIZE, (8192, hard))
        try:
            run.parameters({f"name{i}": "x" * 5000 for i in range(200)})
        except AstrodataError as error:
            print(type(error).__name__, error)
        run.metrics({"loss": 0.5})
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
print("worked on")
"""

HAS_NO_RIGHTS = """
import os, sys
from astrodata_kernel.errors import UnreadableFile
from astrodata_kernel.tracking.stores import _look
from pathlib import Path
if os.geteuid() == 0:
    os.setgid(65534), os.setuid(65534)  # permissions mean nothing to root
for path in sys.argv[1:]:
    try:
        _look(Path(path), True, 1.0)
    except UnreadableFile as error:
        print(error)
"""


@pytest.fixture
def store(tmp_path):
    path = tmp_path / "runs.db"
    with Tracker(f"sqlite:///{path}", system_metrics=None).run() as run:
        run.metrics({"loss": 1.0})
    return path


@pytest.fixture
def locked(store):
    words = [sys.executable, "-c", HOLDS_THE_LOCK, str(store)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "locked\n"
        yield store
        other.stdin.write("\n")


def test_a_store_that_another_process_has_locked_is_told_after_a_wait(locked):
    with pytest.raises(ServiceFailed, match="locked by another process"):
        client_of(f"sqlite:///{locked}", wait=0.2)


def test_a_training_is_kept_whole_when_its_store_is_locked(locked, monkeypatch):
    monkeypatch.setattr(stores, "WAIT_S", 0.2)
    row = [0, 0, 0, 1.0, 1.0, 0.1, 0.1]
    history = pd.DataFrame([row], columns=COLUMNS)
    columns = ["round", "start", "seed", "val_loss", "epoch", "collapsed"]
    starts = pd.DataFrame([[0, 0, 1, 1.0, 0, ""]], columns=columns)
    training = Training(None, history, starts, (0, 0))
    tracked(Tracker(f"sqlite:///{locked}"), training, {})
    (note,) = training.notes
    assert "not kept" in note
    assert "locked by another process" in note
    assert "mlflow_run" not in training.facts


@pytest.mark.slow
def test_a_run_whose_store_is_locked_under_it_works_on_and_tells_what_was_lost(store):
    tracker = Tracker(f"sqlite:///{store}", system_metrics=None)
    words = [sys.executable, "-c", HOLDS_THE_LOCK, str(store)]
    told = pytest.warns(UserWarning, match="1 number was not kept.*locked.*stays open")
    with told, tracker.run() as run:
        other = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert other.stdout.readline() == "locked\n"
        run.metrics({"loss": 0.5})
    other.communicate("\n")
    assert len(run.notes) == 2
    assert tracker.client().get_run(run.ident).info.status == "RUNNING"


def alter(path, version):
    with closing(sqlite3.connect(path)) as base:
        base.execute("UPDATE alembic_version SET version_num = ?", (version,))
        base.commit()


def test_a_store_of_a_newer_mlflow_is_told_with_the_version_that_wrote_it(store):
    with closing(sqlite3.connect(store)) as base:
        base.execute("UPDATE tags SET value = '9.1.0' WHERE key = ?", (MLFLOW_TAG,))
        base.commit()
    alter(store, "ffff0000ffff")
    before = store.read_bytes()
    with pytest.raises(
        UnsupportedFormat, match=r"newer MLflow.*ffff0000ffff.*9\.1\.0.*pip install"
    ):
        Tracker(f"sqlite:///{store}").client()
    assert store.read_bytes() == before


def test_a_store_of_an_older_mlflow_is_told_how_to_bring_up_to_date(store):
    alter(store, "451aebb31d03")
    with pytest.raises(UnsupportedFormat, match=r"older MLflow.*mlflow db upgrade"):
        Tracker(f"sqlite:///{store}").client()


def test_a_file_that_is_no_database_and_a_folder_in_its_place_are_told(tmp_path):
    (tmp_path / "runs.db").write_bytes(b"not a database " * 100)
    with pytest.raises(DamagedFile, match="no SQLite database"):
        Tracker(f"sqlite:///{tmp_path / 'runs.db'}").client()
    (tmp_path / "folder.db").mkdir()
    with pytest.raises(UnreadableFile, match="cannot be written"):
        Tracker(f"sqlite:///{tmp_path / 'folder.db'}").client()
    with pytest.raises(UnreadableFile, match="cannot be written"):
        Tracker(f"sqlite:///{tmp_path / 'runs.db' / 'below.db'}").client()


def test_a_disk_that_fills_up_is_told_and_the_work_goes_on(tmp_path):
    words = [sys.executable, "-c", FILLS_THE_DISK, f"sqlite:///{tmp_path / 'runs.db'}"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=200, check=False)
    assert "worked on" in done.stdout, done.stderr
    assert "UnreadableFile" in done.stdout
    assert "free some space" in done.stdout


def test_a_folder_and_a_file_without_rights_are_told(tmp_path, store):
    tmp_path.chmod(0o755)
    store.chmod(0o444)
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o555)
    words = [
        sys.executable,
        "-c",
        HAS_NO_RIGHTS,
        str(closed / "runs.db"),
        str(closed / "a" / "b.db"),
    ]
    for folder in (tmp_path, *list(tmp_path.parents)[:-1]):
        if os.geteuid() == 0 and folder.stat().st_uid == 0 and not folder.stat().st_mode & 0o001:
            folder.chmod(folder.stat().st_mode | 0o011)
    done = subprocess.run(
        [*words, str(store)], capture_output=True, text=True, timeout=200, check=False
    )
    lines = done.stdout.splitlines()
    assert len(lines) == 3, done.stderr
    assert all("cannot be written" in line for line in lines)


def test_a_server_that_is_not_there_is_told_without_its_password():
    import requests

    address = "http://ada:secret@127.0.0.1:9/x"
    with pytest.raises(ServiceFailed, match="does not answer") as caught, in_words(address):
        requests.get(address, timeout=5)
    assert "secret" not in str(caught.value)
    assert sqlite_path("http://127.0.0.1") is None
