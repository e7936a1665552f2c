"""What the sidebar is told of registered models: read without MLflow, from stores that may be anything."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from astrodata_lab import model_listing

MAKE = """
from sklearn.linear_model import LinearRegression
from astrodata_kernel.tracking import Registry, Tracker

tracker = Tracker(system_metrics=None)
with tracker.run() as run:
    run.metrics({"rmse": 0.5, "r2": float("nan")})
    kept = run.model(LinearRegression().fit([[0], [1]], [0, 2]), example=[[0.0], [1.0]])
registry = Registry(tracker)
registry.register(run, kept, "line", lineage_hash="sha256:" + "a" * 64)
registry.promote("line", 1, reason="the first")
registry.register(run, kept, "line")
registry.promote("line", 2, reason="half the error")
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A store that MLflow itself has made."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "astrodata" / "runs").mkdir(parents=True)
    clean = {k: v for k, v in os.environ.items() if k != "MLFLOW_TRACKING_URI"}
    subprocess.run([sys.executable, "-c", MAKE], cwd=folder, check=True, env=clean)
    return (folder / "astrodata" / "mlflow.db").read_bytes()


@pytest.fixture
def store(root, made, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    (root / "astrodata").mkdir()
    path = Path(root / "astrodata" / "mlflow.db")
    path.write_bytes(made)
    return path


@pytest.fixture
def listed(ask):
    async def listed():
        status, body = await ask("models")
        assert status == 200, body
        return body

    return listed


async def warned(listed, root):
    body = await listed()
    assert body["models"] == []
    [warning] = body["warnings"]
    assert str(root) not in warning
    return warning


async def test_without_a_store_the_list_is_empty_and_looking_makes_none(listed, root, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    assert await listed() == {"models": [], "address": None, "warnings": []}
    assert not (root / "astrodata").exists()


async def test_a_model_has_its_versions_with_aliases_reasons_numbers_and_lineage(
    listed, store, made
):
    [one] = (await listed())["models"]
    assert (one["name"], one["count"]) == ("line", 2)
    new, old = one["versions"]
    assert (new["version"], new["aliases"], new["lineage"]) == (2, ["champion"], None)
    assert (old["version"], old["aliases"], old["lineage"]) == (
        1,
        ["challenger"],
        "sha256:" + "a" * 64,
    )
    assert new["metrics"] == {"rmse": 0.5}
    assert [(r["alias"], r["reason"]) for r in new["reasons"]] == [("champion", "half the error")]
    assert old["reasons"][0]["reason"] == "was champion: half the error"
    assert new["created"] >= old["created"] > 1e9
    assert new["run"] == old["run"]
    assert store.read_bytes() == made


async def test_a_store_elsewhere_is_named_without_its_secrets(listed, root, store, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://ada:secret@ml.example/at?token=secret")
    body = await listed()
    assert (body["models"], body["address"]) == ([], "https://ml.example/at")
    assert "https://ml.example/at (MLFLOW_TRACKING_URI)" in body["warnings"][0]
    assert "secret" not in json.dumps(body)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "postgresql://ada:secret@db/x")
    assert "secret" not in await warned(listed, root)


async def test_a_store_that_is_named_and_is_our_own_is_read(listed, store, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{store}")
    assert len((await listed())["models"]) == 1


async def test_a_locked_store_is_told_and_read_once_it_is_free(listed, root, store, monkeypatch):
    with closing(sqlite3.connect(store, isolation_level=None)) as writer:
        writer.execute("BEGIN EXCLUSIVE")
        assert "locked" in await warned(listed, root)
    assert len((await listed())["models"]) == 1


@pytest.mark.parametrize("content", [b"x" * 5_000, b"SQLite format 3\0" + b"\xff" * 8_000])
async def test_a_damaged_store_is_told(listed, root, store, content):
    store.write_bytes(content)
    assert "damaged" in await warned(listed, root)


async def test_a_store_that_is_cut_off_or_spoilt_is_no_fault_of_the_server(
    listed, root, store, made
):
    for cut in range(0, len(made), len(made) // 12):
        store.write_bytes(made[:cut])
        await listed()
        store.write_bytes(made[:cut] + b"\xff" * 3_000 + made[cut + 3_000 :])
        await listed()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("DROP TABLE latest_metrics", "latest_metrics"),
        ("ALTER TABLE registered_model_aliases RENAME COLUMN alias TO nick", "alias"),
        (
            "DROP TABLE model_versions; CREATE VIEW model_versions AS SELECT 1 AS name",
            "model_versions",
        ),
    ],
)
async def test_a_store_of_other_tables_is_told(listed, root, store, change, said):
    with closing(sqlite3.connect(store)) as base:
        base.executescript(change)
    text = await warned(listed, root)
    assert "another version of MLflow" in text
    assert said in text


async def test_a_link_or_a_pipe_in_place_of_the_store_is_not_opened(listed, root, store, tmp_path):
    other = tmp_path / "other.db"
    store.rename(other)
    store.symlink_to(other)
    assert "no plain file" in await warned(listed, root)
    store.unlink()
    os.mkfifo(store)
    assert "no plain file" in await warned(listed, root)


def test_a_store_that_is_made_to_be_read_for_ever_is_left(tmp_path, monkeypatch, made):
    monkeypatch.setattr(model_listing, "SECONDS", 0.0)
    (tmp_path / "astrodata").mkdir()
    path = tmp_path / "astrodata" / "mlflow.db"
    path.write_bytes(made)
    with closing(sqlite3.connect(path)) as base:
        base.executescript(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000) "
            "INSERT INTO registered_models (name, last_updated_time) SELECT 'm' || i, i FROM n"
        )
    assert "too long" in model_listing.listing(str(tmp_path))["warnings"][0]


async def test_hostile_values_are_short_and_of_their_kind(listed, store):
    bad = "<img src=x>\u202e\n" + "x" * 2_000
    with closing(sqlite3.connect(store)) as base:
        base.execute("PRAGMA foreign_keys = OFF")
        base.execute("UPDATE registered_models SET last_updated_time = 'now'")
        base.execute("UPDATE model_versions SET run_id = ?, creation_time = 1e300", (bad,))
        base.execute("UPDATE model_version_tags SET value = ?", (bad,))
        base.execute(
            "UPDATE registered_model_tags SET value = ?",
            (
                json.dumps(
                    {"alias": "champion", "version": "2", "reason": bad, "who": bad, "when": 7}
                ),
            ),
        )
        base.execute(
            "INSERT INTO registered_models (name, last_updated_time) VALUES (?, 1)", (bad,)
        )
        base.execute(
            "UPDATE registered_model_aliases SET version = 'two' WHERE alias = 'challenger'"
        )
        base.commit()
    body = await listed()
    assert len(json.dumps(body)) < 10_000
    by_name = {one["name"]: one for one in body["models"]}
    assert all(name.isprintable() and len(name) <= 257 for name in by_name)
    new, old = by_name["line"]["versions"]
    assert (new["run"], new["created"], new["metrics"], old["lineage"]) == (None, None, {}, None)
    assert (by_name["line"]["changed"], old["aliases"]) == (None, [])
    assert new["reasons"][0]["reason"].isprintable()
