"""What AstroData, the ICSC library, left: its runs become ours, its tables are found, its pickles stay."""

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest
import yaml
from astrodata_kernel.errors import DamagedFile, UnreadableFile, UnsupportedFormat
from astrodata_kernel.tracking import Tracker, import_astrodata, sqlite_files
from astrodata_kernel.tracking.old_stores import runs_in_files

ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n"
EXPERIMENT, PARENT, CHILD = "812345678901234567", "a" * 32, "b" * 32


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def old_run(folder, ident, name, status=3, stage="active"):
    facts = {
        "artifact_uri": (folder / ident / "artifacts").as_uri(),
        "end_time": 1700000009000,
        "entry_point_name": "",
        "experiment_id": EXPERIMENT,
        "lifecycle_stage": stage,
        "run_id": ident,
        "run_name": name,
        "run_uuid": ident,
        "source_name": "",
        "source_type": 4,
        "source_version": "",
        "start_time": 1700000000000,
        "status": status,
        "tags": [],
        "user_id": "giannuzzi",
    }
    write(folder / ident / "meta.yaml", yaml.safe_dump(facts))
    return folder / ident


@pytest.fixture
def project(tmp_path):
    """Give a project's folder as AstroData 0.1 with MLflow's plain files leaves it."""
    folder = tmp_path / "taxi" / "mlruns" / EXPERIMENT
    write(folder / "meta.yaml", yaml.safe_dump({"name": "taxi", "lifecycle_stage": "active"}))
    run = old_run(folder, PARENT, "XGBRegressor")
    write(run / "params" / "n_estimators", "100")
    write(run / "params" / "objective", "reg:squarederror")
    write(run / "metrics" / "RMSE_train", "1700000001000 3.5 0\n1700000002000 2.5 1\n")
    write(run / "metrics" / "nested" / "MAE", "1700000002000 1.25 0\n")
    write(run / "metrics" / "broken", "what is this\n")
    write(run / "tags" / "mlflow.runName", "XGBRegressor")
    write(run / "tags" / "is_final", "True")
    write(run / "artifacts" / "model" / "MLmodel", "flavors: {}\n")
    write(run / "artifacts" / "model" / "model.pkl", "a pickle")
    child = old_run(folder, CHILD, "fold 1", status=4)
    write(child / "tags" / "mlflow.parentRunId", PARENT)
    old_run(folder, "c" * 32, "thrown away", stage="deleted")
    (tmp_path / "taxi" / "mlruns" / "models").mkdir()
    output = tmp_path / "taxi" / "astrodata_files"
    table = pd.DataFrame({"distance": [1.0, 2.0], "fare": [5, 7]})
    (output / "processed_data").mkdir(parents=True)
    (output / "preml").mkdir()
    table.to_parquet(output / "processed_data" / "processed_data.parquet", index=False)
    table[["distance"]].to_parquet(output / "preml" / "train_features.parquet", index=False)
    write(output / "preml" / "OHE.pkl", "a pickle")
    return tmp_path / "taxi"


@pytest.fixture
def tracker(tmp_path):
    return Tracker(f"sqlite:///{tmp_path / 'runs.db'}", system_metrics=None)


def check(tracker, made):
    client = tracker.client()
    run = client.get_run(made.runs[PARENT])
    assert (run.info.run_name, run.info.status) == ("XGBRegressor", "FINISHED")
    assert (run.info.start_time, run.info.end_time) == (1700000000000, 1700000009000)
    assert run.data.params == {"n_estimators": "100", "objective": "reg:squarederror"}
    assert run.data.metrics == {"RMSE_train": 2.5, "nested/MAE": 1.25}
    points = client.get_metric_history(run.info.run_id, "RMSE_train")
    told = [(p.step, p.timestamp, p.value) for p in points]
    assert told == [(0, 1700000001000, 3.5), (1, 1700000002000, 2.5)]
    assert run.data.tags["is_final"] == "True"
    fold = client.get_run(made.runs[CHILD])
    assert fold.info.status == "FAILED"
    assert fold.data.tags["mlflow.parentRunId"] == made.runs[PARENT]
    assert client.get_experiment(run.info.experiment_id).name == "taxi"
    return client, run


def test_runs_in_plain_files_and_tables_are_brought_in(project, tracker):
    made = import_astrodata(project, tracker)
    client, run = check(tracker, made)
    assert made.new == 2
    names = {item.path for item in client.list_artifacts(run.info.run_id, "model")}
    assert names == {"model/MLmodel", "model/model.pkl"}
    told = {one.name: (one.rows, one.columns) for one in made.files}
    assert told == {
        "processed_data": (2, ("distance", "fare")),
        "preml/train_features": (2, ("distance",)),
    }
    assert all(one.path.is_file() for one in made.files)
    assert any("OHE.pkl: a pickle" in note for note in made.notes)
    assert any("'broken' cannot be read" in note for note in made.notes)
    assert "2 of 2 runs are new, 2 tables" in str(made)


def test_what_was_brought_in_is_not_doubled(project, tracker):
    first = import_astrodata(project, tracker)
    again = import_astrodata(project / "mlruns", tracker)
    assert (again.new, again.runs) == (0, first.runs)


def test_a_store_in_sqlite_of_any_version_is_read_too(project, tracker, tmp_path):
    old = Tracker(f"sqlite:///{project / 'mlflow.db'}", system_metrics=None)
    first = import_astrodata(project / "mlruns", old)
    with closing(sqlite3.connect(project / "mlflow.db")) as base:
        base.execute("UPDATE alembic_version SET version_num = 'ffff0000ffff'")
        base.commit()
    shutil.rmtree(project / "mlruns")
    made = import_astrodata(f"sqlite:///{project / 'mlflow.db'}", tracker)
    assert made.new == 2
    made.runs.update({name: made.runs[ident] for name, ident in first.runs.items()})
    client, run = check(tracker, made)
    assert {item.path for item in client.list_artifacts(run.info.run_id)} == {"model"}


def test_links_and_damaged_files_are_left_where_they_are(project, tracker, tmp_path):
    write(tmp_path / "secret.txt", "a token")
    run = project / "mlruns" / EXPERIMENT / PARENT
    (run / "artifacts" / "link.txt").symlink_to(tmp_path / "secret.txt")
    (run / "params" / "link").symlink_to(tmp_path / "secret.txt")
    (run / "meta.yaml").write_text("!!python/object/apply:os.system ['touch it-ran']")
    write(project / "astrodata_files" / "preml" / "bad.parquet", "no table")
    made = import_astrodata(project, tracker)
    assert any("cannot be read" in note and "meta.yaml" in note for note in made.notes)
    assert any("bad.parquet" in note for note in made.notes)
    client = tracker.client()
    assert client.list_artifacts(made.runs[PARENT]) == []
    assert "link" not in client.get_run(made.runs[PARENT]).data.params
    assert not Path("it-ran").exists()


def test_pipes_and_endless_views_are_left_and_hold_nobody(project, tracker, tmp_path, monkeypatch):
    run = project / "mlruns" / EXPERIMENT / PARENT
    for name in ("meta.yaml", "params/pipe", "metrics/pipe", "artifacts/pipe"):
        (run / name).unlink(missing_ok=True)
        os.mkfifo(run / name)
    os.mkfifo(project / "astrodata_files" / "preml" / "pipe.parquet")
    os.mkfifo(project / "pipe.db")
    found = {one.ident: one for one in runs_in_files(project / "mlruns")}
    assert "cannot be read: it is no file" in found[PARENT].notes[0]
    assert found[CHILD].notes == []
    with pytest.raises(UnreadableFile, match=r"pipe\.db is no file"):
        import_astrodata(project / "pipe.db", tracker)
    store = tmp_path / "old.db"
    with closing(sqlite3.connect(store)) as base:
        for name in ("experiments", "params", "tags", "metrics"):
            base.execute(f"CREATE TABLE {name} (x)")
        base.execute(f"CREATE VIEW runs AS {ENDLESS}")
        base.commit()
    with pytest.raises(DamagedFile, match="has no table runs"):
        import_astrodata(store, tracker)
    # What still asks for endless work is interrupted.
    monkeypatch.setattr(sqlite_files, "MOST_STEPS", 1_000_000)
    with (
        sqlite_files.reading(store) as base,
        pytest.raises(sqlite3.OperationalError, match="inter"),
    ):
        base.execute("SELECT count(*) FROM runs").fetchone()
    # SQLite opens a journal by itself.
    os.mkfifo(tmp_path / "old.db-journal")
    with pytest.raises(UnreadableFile, match="journal is no file"):
        import_astrodata(store, tracker)


def test_a_description_that_grows_without_end_is_not_written_out(project):
    run = project / "mlruns" / EXPERIMENT / PARENT
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    write(run / "meta.yaml", "\n".join([*lines, "run_name: *a11", "status: *a11"]))
    (bomb,) = [one for one in runs_in_files(project / "mlruns") if one.ident == PARENT]
    assert (bomb.name, bomb.status) == ("", "FINISHED")


def test_all_runs_may_go_to_one_experiment(project, tracker):
    made = import_astrodata(project, tracker, experiment="from AstroData")
    run = tracker.client().get_run(made.runs[PARENT])
    assert tracker.client().get_experiment(run.info.experiment_id).name == "from AstroData"


def test_what_is_none_of_it_is_told(tracker, tmp_path):
    with pytest.raises(UnreadableFile, match="does not exist"):
        import_astrodata(tmp_path / "nothing", tracker)
    with pytest.raises(UnsupportedFormat, match="nothing of AstroData"):
        import_astrodata(tmp_path, tracker)
    write(tmp_path / "other.db", "no database")
    with pytest.raises(DamagedFile, match="no store of MLflow"):
        import_astrodata(tmp_path / "other.db", tracker)
