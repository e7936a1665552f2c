"""The files of a feature store: read by others, written by several at once, killed, damaged and foreign."""

import json
import multiprocessing
import os
import random
import shutil
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astrodata_kernel.errors import UnreadableFile
from astrodata_kernel.feature_store import FeatureStore, FeatureView, stores
from astrodata_kernel.feature_store.engine import connection

DAY = "2026-01-01T00:00:00Z"
COLUMNS = {
    "peak": {"dtype": "float64", "unit": "mV", "description": "height"},
    "kind": {"dtype": "string"},
}
SPAWN = multiprocessing.get_context("spawn")


@pytest.fixture
def view(tmp_path: Path) -> FeatureView:
    source = {"pipeline": "sipm", "output": "features.table"}
    return FeatureStore(tmp_path).define("pulses", columns=COLUMNS, source=source)


def put(view: FeatureView, ids: Any, peak: float = 1.0, **more: Any) -> Any:
    ids = list(ids)
    frame = pd.DataFrame({"event_id": ids, "peak": np.full(len(ids), peak), "kind": "a"})
    return view.write(frame, at=DAY, **more)


def parquet(view: FeatureView) -> Path:
    return view.folder / "parts"


def test_pyarrow_pandas_and_duckdb_read_the_parts_without_our_code(view: FeatureView) -> None:
    put(view, range(5), made_by="sha256:" + "a" * 64)
    put(view, range(5, 9), 2.0)
    folder = parquet(view)
    table = pq.read_table(folder)
    assert table.column_names == ["event_id", "event_time", "created_time", "peak", "kind"]
    assert table.schema.field("event_time").type == pa.timestamp("us", "UTC")
    assert table.schema.field("peak").metadata[b"unit"] == b"mV"
    assert table.schema.metadata[b"astrodata.view"] == b"pulses"
    frame = pd.read_parquet(folder)
    assert sorted(frame["event_id"]) == list(range(9))
    assert frame["event_time"].unique().tolist() == [pd.Timestamp(DAY)]
    found = duckdb.sql(f"SELECT sum(peak), count(*) FROM '{folder}/*.parquet'").fetchall()
    assert found == [(13.0, 9)]


def test_a_part_tells_what_it_is(view: FeatureView) -> None:
    part = put(view, range(5), made_by="sha256:" + "a" * 64)
    told = pq.read_metadata(parquet(view) / part.file)
    about = {
        k.decode(): v.decode() for k, v in told.metadata.items() if k.startswith(b"astrodata.")
    }
    assert about["astrodata.view"] == "pulses"
    assert about["astrodata.version"] == "1"
    assert about["astrodata.made_by"] == "sha256:" + "a" * 64
    assert about["astrodata.source_hash"] == view.definition.source_hash
    assert json.loads(about["astrodata.source"]) == dict(view.definition.source)
    assert json.loads(about["astrodata.units"]) == {"peak": "mV", "kind": ""}
    assert about["astrodata.content"][7:39] == Path(part.file).stem
    for column in (0, 1):
        assert told.row_group(0).column(column).statistics.has_min_max


def test_the_manifest_is_made_again_from_the_parts(view: FeatureView) -> None:
    put(view, [1])
    put(view, [2])
    parts, path = view.parts, view.folder / "manifest.json"
    kept = json.loads(path.read_text())
    assert [one["file"] for one in kept["parts"]] == [part.file for part in parts]
    for content in (
        b"",
        b"{",
        b"[]",
        b'{"format": 1}',
        json.dumps({**kept, "parts": [{}]}).encode(),
    ):
        path.write_bytes(content)
        assert view.parts == parts
        assert json.loads(path.read_text()) == kept
    path.unlink()
    assert view.rebuild() == parts
    assert json.loads(path.read_text()) == kept


def test_parts_that_came_from_elsewhere_by_copying_count(view: FeatureView, tmp_path: Path) -> None:
    other = FeatureStore(tmp_path / "other").define(
        "pulses", columns=COLUMNS, source=dict(view.definition.source)
    )
    part = put(other, [7])
    put(view, [1])
    shutil.copy(parquet(other) / part.file, parquet(view))
    assert view.read(["peak"], engine="pandas")["event_id"].tolist() == [1, 7]


def test_damaged_and_foreign_files_are_told_and_left_out(view: FeatureView, tmp_path: Path) -> None:
    good = put(view, [1])
    folder = parquet(view)
    content = (folder / good.file).read_bytes()
    (folder / f"{'0' * 32}.parquet").write_bytes(content[: len(content) // 2])
    (folder / f"{'1' * 32}.parquet").write_bytes(b"")
    (folder / f"{'2' * 32}.parquet").write_bytes(content)
    pd.DataFrame({"event_id": [9]}).to_parquet(folder / f"{'3' * 32}.parquet")
    (folder / "mine.parquet").write_bytes(content)
    (folder / "notes.txt").write_text("<b>")
    (folder / f"{'4' * 32}.parquet").mkdir()
    other = FeatureStore(tmp_path).define("others", columns=COLUMNS)
    shutil.copy(parquet(other) / put(other, [5]).file, folder)
    assert len(view.problems) == 8
    assert all("left out" in problem for problem in view.problems)
    assert any("name is not that of its content" in problem for problem in view.problems)
    with pytest.warns(UserWarning, match="left out"):
        assert view.read(["peak"], engine="pandas")["event_id"].tolist() == [1]
    assert view.read(["peak"]).df()["event_id"].tolist() == [1]  # told once
    assert "Left out" in view._repr_html_()
    assert len(view.verify()) == 8


def test_rows_that_somebody_changed_are_found(view: FeatureView) -> None:
    part = put(view, [1, 2])
    path = parquet(view) / part.file
    table = pq.read_table(path)
    changed = table.set_column(3, table.schema.field("peak"), pa.array([5.0, 6.0]))
    pq.write_table(changed.replace_schema_metadata(pq.read_metadata(path).metadata), path)
    assert "others than those that were written" in view.verify()[0]


FLIPS = """
import sys
from pathlib import Path
from astrodata_kernel.errors import DamagedFile
from astrodata_kernel.feature_store import FeatureStore
from astrodata_kernel.feature_store.parts import part_of

view = FeatureStore(sys.argv[1])["pulses"]
[path] = (view.folder / "parts").glob("*.parquet")
whole = path.read_bytes()
footer = int.from_bytes(whole[-8:-4], "little")
told = 0
for at in range(len(whole) - 8 - footer, len(whole) - 8):
    path.write_bytes(whole[:at] + bytes([whole[at] ^ 16]) + whole[at + 1 :])
    try:
        part_of(path, view.definition, view.version)
    except DamagedFile:
        told += 1
print(told)
"""


def test_no_flipped_bit_of_a_footer_ends_the_process(view: FeatureView, tmp_path: Path) -> None:
    # PyArrow ends it over damaged statistics; so it is tried in another one.
    put(view, range(50))
    done = subprocess.run(
        [sys.executable, "-c", FLIPS, tmp_path], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 1000


def test_a_damaged_part_is_healed_by_writing_its_content_again(view: FeatureView) -> None:
    part = put(view, [1, 2])
    path = parquet(view) / part.file
    path.write_bytes(path.read_bytes()[:100])
    assert view.parts == []
    assert put(view, [1, 2]).file == part.file
    assert view.problems == []
    assert view.verify() == []


def test_files_can_be_read_by_the_group_as_any_other(view: FeatureView, tmp_path: Path) -> None:
    part = put(view, [1])
    plain = tmp_path / "plain"
    plain.write_text("")
    mode = stat.S_IMODE(plain.stat().st_mode)
    for path in (
        view.folder / "view.json",
        view.folder / "manifest.json",
        parquet(view) / part.file,
    ):
        assert stat.S_IMODE(path.stat().st_mode) == mode


def test_writing_to_a_version_that_was_removed_is_told(view: FeatureView, tmp_path: Path) -> None:
    FeatureStore(tmp_path).remove("pulses")
    with pytest.raises(UnreadableFile, match="see whether the view was removed"):
        put(view, [1])
    assert not view.folder.exists()


def test_duckdb_opens_nothing_but_the_view(view: FeatureView, tmp_path: Path) -> None:
    put(view, [1])
    (tmp_path / "secret.csv").write_text("a\n1\n")
    made = connection([parquet(view)])
    for query in (
        f"SELECT * FROM read_csv('{tmp_path}/secret.csv')",
        f"SELECT * FROM read_parquet('{parquet(view)}/../../x.parquet')",
        f"COPY (SELECT 1) TO '{tmp_path}/out.csv'",
        "INSTALL httpfs",
        "SELECT * FROM 'https://example.org/x.parquet'",
        "ATTACH 'x.db'",
        "SET enable_external_access = true",
        "SET memory_limit = '1TB'",
    ):
        with pytest.raises(duckdb.Error):
            made.sql(query).fetchall()
    assert not (tmp_path / "out.csv").exists()
    settings = dict(made.sql("SELECT name, value FROM duckdb_settings()").fetchall())
    assert settings["autoinstall_known_extensions"] == "false"
    assert settings["autoload_known_extensions"] == "false"
    assert int(settings["threads"]) <= len(os.sched_getaffinity(0))
    assert not settings["temp_directory"].startswith(str(tmp_path.parent / "astrodata"))


def define_and_write(root: str, number: int, start: Any) -> None:
    store = FeatureStore(root)
    start.wait()
    for version in range(3):
        columns = {"peak": "float64", f"c{version}": "int64"}
        view = store.define("shared", columns=columns)
        own = store.define("shared", columns={**columns, f"of{number}": "bool"})
        ids = np.arange(50)
        for shift in (0, number + 1):
            view.write(
                {"event_id": ids + 100 * shift, "peak": ids * 1.0, f"c{version}": ids}, at=DAY
            )
        own.write(
            {"event_id": ids, "peak": ids * 1.0, f"c{version}": ids, f"of{number}": ids > 5}, at=DAY
        )


def test_several_processes_define_and_write_at_once(tmp_path: Path) -> None:
    count = 4
    start = SPAWN.Barrier(count)
    made = [
        SPAWN.Process(target=define_and_write, args=(str(tmp_path), number, start))
        for number in range(count)
    ]
    for one in made:
        one.start()
    for one in made:
        one.join(120)
    assert [one.exitcode for one in made] == [0] * count
    store = FeatureStore(tmp_path)
    views = [store.view("shared", version) for version in store.versions("shared")]
    digests = [view.definition.digest for view in views]
    assert len(digests) == len(set(digests)) == 3 * (1 + count)
    for view in views:
        shared = len(view.columns) == 2
        assert len(view.parts) == (1 + count if shared else 1)
        assert view.verify() == []
        assert len(view.read(engine="pandas")) == 50 * (1 + count if shared else 1)
    left = [path.name for path in (store.folder / "shared").rglob(".*")]
    assert left == []


@pytest.mark.parametrize("looked", ["free_number", "placed"])
def test_what_another_defines_at_the_same_moment_is_not_defined_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, looked: str
) -> None:
    real, others = getattr(stores, looked), []

    def late(*given: Any) -> Any:
        if not others:
            others.append(None)
            others.append(FeatureStore(tmp_path).define("pulses", columns=COLUMNS))
        return real(*given)

    monkeypatch.setattr(stores, looked, late)
    store = FeatureStore(tmp_path)
    assert store.define("pulses", columns=COLUMNS).version == others[1].version == 1
    assert store.versions("pulses") == [1]


def write_for_ever(root: str) -> None:
    store = FeatureStore(root)
    number = 0
    while True:
        number += 1
        view = store.define("killed", columns={"peak": "float64", f"c{number % 5}": "int64"})
        ids = np.arange(2000) + number
        view.write({"event_id": ids, "peak": ids * 1.0, f"c{number % 5}": ids}, at=DAY)


def test_a_writer_that_is_killed_leaves_nothing_half_written(tmp_path: Path) -> None:
    chance = random.Random(7)
    store = FeatureStore(tmp_path)
    rows = 0
    for _ in range(4):
        writer = SPAWN.Process(target=write_for_ever, args=(str(tmp_path),))
        writer.start()
        deadline = time.monotonic() + 60
        wanted = rows + 2000 * chance.randint(1, 9)
        while total(store) < wanted and time.monotonic() < deadline:
            os.sched_yield()
        os.kill(writer.pid or 0, signal.SIGKILL)
        writer.join(60)
        rows = total(store)
        assert rows >= wanted
        assert store.problems == []
        for version in store.versions("killed"):
            assert store.view("killed", version).verify() == []
    again = FeatureStore(tmp_path).define("killed", columns={"peak": "float64", "c1": "int64"})
    old = time.time() - 3 * 24 * 3600
    for path in parquet(again).glob(".*"):
        os.utime(path, (old, old))
    left = parquet(again) / f".{'a' * 32}.incoming"
    left.write_bytes(b"PAR1")
    os.utime(left, (old, old))
    again.write({"event_id": [10**9], "peak": [1.0], "c1": [1]}, at=DAY)
    assert list(parquet(again).glob(".*")) == []


def total(store: FeatureStore) -> int:
    return sum(len(store.view("killed", version)) for version in store.versions("killed"))
