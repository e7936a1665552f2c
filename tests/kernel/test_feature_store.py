"""Feature views: defined, versioned, written, corrected and read by event, time and column."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import dask.dataframe as dd
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from astrodata_kernel.errors import (
    BadRequest,
    DamagedFile,
    MissingPackage,
    UnknownName,
    UnsupportedFormat,
)
from astrodata_kernel.feature_store import FeatureStore, FeatureView
from astrodata_kernel.feature_store.pieces import Wanted, apart, pieces
from astrodata_kernel.lineage import LineageWriter, lineage_folder
from astropy import units as u
from astropy.table import QTable, Table
from astropy.time import Time
from astropy.utils.masked import Masked

COLUMNS = {
    "peak": {"dtype": "float64", "unit": "mV", "description": "height above the baseline"},
    "count": {"dtype": "int32"},
}
DAY = "2026-01-01T00:00:00Z"


@pytest.fixture
def store(tmp_path: Path) -> FeatureStore:
    return FeatureStore(tmp_path)


@pytest.fixture
def view(store: FeatureStore) -> FeatureView:
    return store.define("pulses", columns=COLUMNS)


def table(ids: Any, peak: Any = None, count: Any = None, **more: Any) -> pd.DataFrame:
    ids = list(ids)
    peak = np.arange(len(ids), dtype=float) if peak is None else peak
    count = np.arange(len(ids)) if count is None else count
    return pd.DataFrame({"event_id": ids, "peak": peak, "count": count, **more})


def read(view: FeatureView, engine: str, *args: Any, **kwargs: Any) -> pd.DataFrame:
    found = view.read(*args, engine=engine, **kwargs)
    frame = {
        "duckdb": lambda: found.df(),
        "dask": lambda: found.compute(),
        "pandas": lambda: found,
    }[engine]()
    return frame.sort_values(["event_id", "event_time"], ignore_index=True)


ENGINES = pytest.mark.parametrize("engine", ["duckdb", "dask", "pandas"])


def test_the_same_definition_is_the_same_version_and_another_one_is_new(
    store: FeatureStore,
) -> None:
    first = store.define("pulses", columns=COLUMNS, tags=["b", "a"])
    assert store.define("pulses", columns=COLUMNS, tags=["a", "b", "a"]).version == 1
    first.write(table([1]), at=DAY)
    changed = {**COLUMNS, "peak": {"dtype": "float64", "unit": "V"}}
    assert store.define("pulses", columns=changed).version == 2
    assert store["pulses"].version == 2
    assert len(store["pulses"]) == 0
    assert read(store["pulses@v1"], "pandas")["peak"].tolist() == [0.0]
    assert store.versions("pulses") == [1, 2]
    assert store.define("pulses", columns=COLUMNS, tags=["a", "b"]).version == 1


def test_a_definition_is_read_again_as_it_was_given(store: FeatureStore) -> None:
    source = {"pipeline": "cardio", "output": "features.table"}
    made = store.define(
        "a-b_1", columns=COLUMNS, entity="source", id_dtype="string", source=source, description="two\nlines",
        tags=["x"],
    )  # fmt: skip
    assert FeatureStore(store.root)["a-b_1"].definition == made.definition
    facts = json.loads((made.folder / "view.json").read_text())
    assert facts["columns"]["peak"] == COLUMNS["peak"]
    assert facts["source"] == source
    function = store.define("of-function", columns=COLUMNS, source=pd.read_csv)
    assert function.definition.source["function"].endswith("read_csv")


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"name": "../x"}, "cannot name a view"),
        ({"name": "Pulses"}, "such as 'pulses'"),
        ({"name": ""}, "cannot name a view"),
        ({"columns": {}}, "needs columns"),
        ({"columns": {"event_id": "int64"}}, "rename it"),
        ({"columns": {"a": "int8", "A": "int8"}}, "capitals aside"),
        ({"columns": {"a": "flaot64"}}, "did you mean 'float64'"),
        ({"columns": {"a": {"unit": "mV"}}}, "has no dtype"),
        ({"columns": {"a": {"dtype": "int8", "unti": "mV"}}}, "did you mean 'unit'"),
        ({"columns": {"a": {"dtype": "int8", "unit": "parrot"}}}, "no unit 'parrot'"),
        ({"columns": {"a\nb": "int8"}}, "cannot be printed"),
        ({"columns": COLUMNS, "id_dtype": "float64"}, "'int64' or 'string'"),
        ({"columns": COLUMNS, "source": lambda: 0}, "found again"),
        ({"columns": COLUMNS, "source": {"a": object()}}, "JSON"),
        ({"columns": COLUMNS, "source": {"a": float("nan")}}, "JSON"),
    ],
)
def test_a_definition_that_is_none_is_refused_in_words(
    store: FeatureStore, told: dict[str, Any], said: str
) -> None:
    with pytest.raises(BadRequest, match=said):
        store.define(**{"name": "pulses", "columns": COLUMNS, **told})
    assert store.views() == []


def test_a_view_that_is_not_there_is_told_with_the_nearest_name(
    view: FeatureView, store: FeatureStore
) -> None:
    with pytest.raises(UnknownName, match="did you mean 'pulses'"):
        store["pulse"]
    with pytest.raises(UnknownName, match="no version 7; there are: v1"):
        store["pulses@v7"]
    assert "pulses" in store
    assert "pulse" not in store
    assert "../x" not in store


def test_a_removed_version_is_gone_and_its_number_is_not_given_again(
    view: FeatureView, store: FeatureStore
) -> None:
    view.write(table([1]), at=DAY)
    store.define("pulses", columns={"peak": "float64"})
    store.remove("pulses", 2)
    assert store["pulses"].version == 1
    assert store.define("pulses", columns={"peak": "float32"}).version == 3
    store.remove("pulses")
    assert store.views() == []
    with pytest.raises(UnknownName, match="no view"):
        store.remove("pulses")
    assert store.define("pulses", columns=COLUMNS).version == 4
    assert len(store["pulses"]) == 0


def test_a_definition_of_a_newer_format_is_refused_and_others_are_still_listed(
    view: FeatureView, store: FeatureStore
) -> None:
    store.define("other", columns=COLUMNS)
    facts = json.loads((view.folder / "view.json").read_text())
    (view.folder / "view.json").write_text(json.dumps({**facts, "format": 2}))
    with pytest.raises(UnsupportedFormat, match=r"format 2.*upgrade"):
        store["pulses"]
    assert [one.name for one in store.views()] == ["other"]
    assert "format 2" in store.problems[0]
    assert store.define("pulses", columns=COLUMNS).version == 2


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"format": 1}', b"[" * 100_000, b'{"format": "x"}']
)
def test_a_damaged_definition_is_told(
    view: FeatureView, store: FeatureStore, content: bytes
) -> None:
    (view.folder / "view.json").write_bytes(content)
    with pytest.raises(DamagedFile, match="defines no view"):
        store["pulses"]


def test_a_definition_that_was_edited_is_told(view: FeatureView, store: FeatureStore) -> None:
    facts = json.loads((view.folder / "view.json").read_text())
    facts["columns"]["peak"]["unit"] = "V"
    (view.folder / "view.json").write_text(json.dumps(facts))
    with pytest.raises(DamagedFile, match="not to be edited"):
        store["pulses"]


@ENGINES
def test_rows_come_back_as_they_were_written(view: FeatureView, engine: str) -> None:
    when = pd.to_datetime(["2026-01-03", "2026-01-01", "2026-01-02"]).tz_localize("Europe/Rome")
    view.write(table([3, 1, 2], event_time=when))
    found = read(view, engine)
    assert found["event_id"].tolist() == [1, 2, 3]
    assert found["peak"].tolist() == [1.0, 2.0, 0.0]
    assert found["event_time"].tolist() == when[[1, 2, 0]].tz_convert("UTC").tolist()
    assert list(found.columns) == ["event_id", "event_time", "created_time", "peak", "count"]
    assert list(read(view, engine, ["count"]).columns) == ["event_id", "event_time", "count"]


@ENGINES
def test_events_and_times_choose_rows(view: FeatureView, engine: str) -> None:
    when = pd.date_range("2026-01-01", periods=10, freq="D")
    view.write(table(range(10), event_time=when))
    assert read(view, engine, events=[7, 2, 2, 99])["event_id"].tolist() == [2, 7]
    assert read(view, engine, from_="2026-01-03", to="2026-01-05")["event_id"].tolist() == [2, 3]
    both = read(view, engine, events=np.array([1, 2]), from_=when[2].to_pydatetime())
    assert both["event_id"].tolist() == [2]
    assert read(view, engine, events=[99]).empty
    assert read(view, engine, events=[]).empty


@ENGINES
def test_a_correction_counts_and_what_was_known_before_can_be_asked_for(
    view: FeatureView, engine: str
) -> None:
    first = view.write(table([1, 2], [1.0, 2.0]), at=DAY, created="2026-01-02")
    view.write(table([2, 3], [5.0, 6.0]), at=DAY, created="2026-01-04")
    view.write(table([9], [9.0]), at="2026-05-01", created="2026-05-02")
    assert first.rows == 2
    assert read(view, engine)["peak"].tolist() == [1.0, 5.0, 6.0, 9.0]
    assert read(view, engine, as_of="2026-01-03")["peak"].tolist() == [1.0, 2.0]
    assert read(view, engine, events=[2])["peak"].tolist() == [5.0]
    assert read(view, engine, as_of="2026-01-01").empty


def test_the_same_content_is_stored_once_in_whatever_order(view: FeatureView) -> None:
    one = view.write(table([1, 2], [1.0, 2.0], [3, 4]), at=DAY, made_by="run-1")
    two = view.write(table([2, 1], [2.0, 1.0], [4, 3]), at=DAY, made_by="run-2")
    assert one == two
    assert [part.made_by for part in view.parts] == ["run-1"]
    assert view.write(table([1, 2], [1.0, 2.0], [3, 4]), at="2026-01-02").file != one.file


@ENGINES
def test_a_correction_that_is_taken_back_counts_again(view: FeatureView, engine: str) -> None:
    for peak in (1.0, 2.0, 1.0, 1.0):
        view.write(table([1], [peak], [0]), at=DAY)
    assert read(view, engine)["peak"].tolist() == [1.0]
    assert len(view.parts) == 3
    view.write(table([2], [2.0], [0]), at=DAY)
    view.write(table([1], [1.0], [0]), at=DAY)
    assert len(view.parts) == 4
    assert view.verify() == []


def test_history_may_be_written_in_any_order(view: FeatureView) -> None:
    for day, peak in ((4, 1.0), (2, 1.0), (3, 2.0), (2, 1.0), (5, 1.0)):
        view.write(table([1], [peak], [0]), at=DAY, created=f"2026-01-0{day}")
    known = [
        read(view, "pandas", as_of=f"2026-01-0{day}")["peak"].tolist() for day in (1, 2, 3, 4, 5)
    ]
    assert known == [[], [1.0], [2.0], [1.0], [1.0]]
    assert len(view.parts) == 3


@ENGINES
def test_two_parts_of_the_same_moment_always_give_the_same_row(
    view: FeatureView, engine: str
) -> None:
    for peak in range(6):
        view.write(table([1], [float(peak)]), at=DAY, created="2026-01-02")
    last = max(view.parts, key=lambda part: part.file)
    expected = pd.read_parquet(view.folder / "parts" / last.file)["peak"].tolist()
    assert read(view, engine)["peak"].tolist() == expected


@ENGINES
def test_gaps_and_every_type_come_back(store: FeatureStore, engine: str) -> None:
    types = {
        name: name for name in ("bool", "int8", "int64", "uint64", "float32", "string", "timestamp")
    }
    view = store.define("types", columns=types, id_dtype="string")
    given = pd.DataFrame(
        {
            "event_id": ["b", "a", "ü"],
            "bool": pd.array([True, None, False], "boolean"),
            "int8": pd.array([-128, None, 127], "Int8"),
            "int64": [2**62 + 1, 1, -1],
            "uint64": pd.array([2**64 - 1, None, 0], "UInt64"),
            "float32": np.array([0.1, np.nan, np.inf], np.float32),
            "string": ["x'\"\0", None, ""],
            "timestamp": pd.to_datetime(["2026-01-01", None, "1900-01-01"]),
        }
    )
    view.write(given, at=DAY)
    relation = (
        view.read(engine="duckdb").to_arrow_table().to_pandas() if engine == "duckdb" else None
    )
    found = (
        read(view, engine)
        if relation is None
        else relation.sort_values("event_id", ignore_index=True)
    )
    assert found["event_id"].tolist() == ["a", "b", "ü"]
    assert found["float32"].tolist()[1:] == [np.float32(0.1), np.inf]
    assert found["string"].tolist()[1:] == ["x'\"\0", ""]
    assert found["int64"].tolist() == [1, 2**62 + 1, -1]
    assert found.iloc[0].isna()[["bool", "int8", "uint64", "float32", "string", "timestamp"]].all()
    if engine != "duckdb":
        assert found["uint64"].tolist()[1:] == [2**64 - 1, 0]
        assert found["int8"].tolist()[1:] == [-128, 127]
        assert found["timestamp"].tolist()[1] == pd.Timestamp("2026-01-01", tz="UTC")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"peak": None}, "'peak' of the view 'pulses' is missing: there are"),
        ({"extra": [1, 2]}, "'extra' is not defined"),
        ({"Peak": [1.0, 2.0]}, "did you mean 'peak'"),
        ({"created_time": [0, 0]}, "told by `created`"),
        ({"event_time": ["2026-01-01"] * 2}, "leave `at` out"),
        ({"count": [1.5, 2.0]}, "'count', row 0: 1.5 is no int32"),
        ({"count": [1, 2**31]}, "'count', row 1: 2147483648 is no int32"),
        ({"count": [True, False]}, "'count' is of type bool"),
        ({"peak": ["1.0", "2.0"]}, "'peak' is of type"),
        ({"peak": [1.0, "x"]}, "'peak', row 1: 'x' is of type str"),
        ({"peak": [[1.0], [2.0]]}, "'peak'"),
        ({"event_id": [1, 1]}, "event 1 comes twice.*rows 0 and 1"),
        ({"event_id": [1.5, 2]}, "'event_id', row 0: 1.5"),
        ({"event_id": [1, None]}, "'event_id', row 1: an event without an id"),
        ({"event_id": ["a", "b"]}, "the view defines int64"),
    ],
)
def test_tables_that_are_not_as_defined_are_told_by_column_and_row(
    view: FeatureView, change: dict[str, Any], said: str
) -> None:
    given: dict[str, Any] = {"event_id": [1, 2], "peak": [1.0, 2.0], "count": [1, 2], **change}
    frame = pd.DataFrame({name: value for name, value in given.items() if value is not None})
    with pytest.raises(BadRequest, match=said):
        view.write(frame, at=DAY)
    assert view.parts == []
    assert list((view.folder / "parts").iterdir()) == []


@pytest.mark.parametrize(
    ("times", "said"),
    [
        ([1.0, 2.0], "numbers tell neither"),
        (["2026-01-01", "soon"], "row 1: 'soon' is no time"),
        ([pd.Timestamp("2026-01-01"), pd.NaT], "row 1"),
        (np.array([0, 1], "datetime64[ns]"), "row 1: .* finer than a microsecond"),
    ],
)
def test_times_that_are_none_are_told(view: FeatureView, times: Any, said: str) -> None:
    with pytest.raises(BadRequest, match=said):
        view.write(table([1, 2], event_time=times))


@pytest.mark.parametrize("at", [0, "soon", None, float("nan"), [1]])
def test_a_time_of_validity_that_is_none_is_told(view: FeatureView, at: Any) -> None:
    with pytest.raises(BadRequest, match="time"):
        view.write(table([1, 2]), at=at)


def test_no_rows_and_odd_things_are_refused(view: FeatureView) -> None:
    for given in (table([]), iter([]), iter([table([])])):
        with pytest.raises(BadRequest, match="no rows"):
            view.write(given, at=DAY)
    for odd in (3, "x"):
        with pytest.raises(BadRequest, match="has no rows that a view can keep"):
            view.write(odd, at=DAY)
    with pytest.raises(BadRequest, match="made_by"):
        view.write(table([1]), at=DAY, made_by=3)
    with pytest.raises(BadRequest, match="different lengths"):
        view.write({"event_id": [1], "peak": [1.0, 2.0], "count": [1]}, at=DAY)
    assert view.parts == []


def test_units_of_astropy_are_turned_and_those_that_cannot_be_are_told(view: FeatureView) -> None:
    given = QTable({"event_id": [1, 2], "peak": [1.0, 2.0] * u.V, "count": [1, 2]})
    view.write(given, at=Time(DAY[:-1], scale="utc"))
    assert read(view, "pandas")["peak"].tolist() == [1000.0, 2000.0]
    given["peak"] = [1.0, 2.0] * u.s
    with pytest.raises(BadRequest, match="'peak' is in 's', and the view defines 'mV'"):
        view.write(given, at=DAY)
    frame = table([3])
    frame.attrs["units"] = {"count": "mV"}
    with pytest.raises(BadRequest, match="'count' is in 'mV', and the view defines 'no unit'"):
        view.write(frame, at=DAY)


def test_masked_values_and_times_of_astropy_are_taken(view: FeatureView) -> None:
    given = Table({"event_id": [1, 2], "peak": [1.0, 2.0], "count": [1, 2]}, masked=True)
    given["peak"].mask = [False, True]
    given["event_time"] = Time(["2026-01-01", "2026-01-02"], scale="utc")
    view.write(given)
    found = read(view, "pandas")
    assert found["peak"].isna().tolist() == [False, True]
    assert found["event_time"].dt.day.tolist() == [1, 2]


def test_a_masked_quantity_and_the_bytes_of_fits_are_taken(store: FeatureStore) -> None:
    view = store.define("fits", columns=COLUMNS, id_dtype="string")
    peak = Masked(np.array([1.0, 2.0], ">f8") * u.V, mask=[True, False])
    ids = np.array([b"one", b"two"], "S5")
    view.write(QTable({"event_id": ids, "peak": peak, "count": np.array([1, 2], ">i2")}), at=DAY)
    found = read(view, "pandas")
    assert found["event_id"].tolist() == ["one", "two"]
    assert found["peak"].isna().tolist() == [True, False]
    assert found["peak"].tolist()[1] == 2000.0
    assert found["count"].tolist() == [1, 2]
    times = Time(["2026-01-01", "2026-01-02"], scale="utc")
    times[1] = np.ma.masked
    with pytest.raises(BadRequest, match=r"'event_time', row 1"):
        view.write(Table({"event_id": ids, "peak": [1.0, 2], "count": [1, 2], "event_time": times}))


def test_a_time_that_is_none_among_gaps_is_told_with_its_row(store: FeatureStore) -> None:
    view = store.define("times", columns={"t": "timestamp"})
    with pytest.raises(BadRequest, match="'t', row 2: 'soon'"):
        view.write({"event_id": [1, 2, 3], "t": pd.Series([None, "2026-01-01", "soon"])}, at=DAY)


def test_the_library_that_a_table_is_of_does_not_matter(store: FeatureStore) -> None:
    columns = {f"f{i}": "float64" for i in range(100)} | {"s": "string"}
    view = store.define("wide", columns=columns)
    chance = np.random.default_rng(0)
    frame = pd.DataFrame(chance.normal(size=(30_000, 100)), columns=list(columns)[:-1])
    frame["s"] = chance.choice(["a", "bc", None], 30_000)
    frame.insert(0, "event_id", chance.permutation(30_000))
    one = view.write(frame, at=DAY)
    assert len(one.groups) > 1
    assert view.write(pa.Table.from_pandas(frame, preserve_index=False), at=DAY) == one
    assert view.verify() == []


def test_a_part_written_in_blocks_is_as_one_written_at_once(store: FeatureStore) -> None:
    one, two = (store.define(name, columns=COLUMNS) for name in ("one", "two"))
    whole = table(range(1000))
    assert one.write(whole, at=DAY).rows == 1000
    assert two.write((whole[i : i + 7] for i in range(0, 1000, 7)), at=DAY).rows == 1000
    assert len(two.parts) == 1
    assert read(one, "pandas", ["peak"]).equals(read(two, "pandas", ["peak"]))
    assert two.verify() == []
    with pytest.raises(BadRequest, match=r"event 3 comes twice.*two blocks"):
        two.write([table([1, 3]), table([3, 4])], at=DAY)
    with pytest.raises(BadRequest, match="'peak', row 3"):
        two.write([table([1, 3]), table([5, 6], [1.0, "x"])], at=DAY)
    assert len(two.parts) == 1


def test_partitions_of_dask_are_blocks_of_a_part(view: FeatureView) -> None:
    view.write(dd.from_pandas(table(range(100)), npartitions=7), at=DAY)
    assert read(view, "pandas")["peak"].tolist() == list(range(100))
    assert len(view.parts) == 1


def test_columns_in_another_order_are_the_same_version(
    store: FeatureStore, view: FeatureView
) -> None:
    again = store.define("pulses", columns=dict(reversed(COLUMNS.items())))
    assert again.version == 1
    again.write(table([1]), at=DAY)
    assert view.problems == []
    assert len(view) == 1


def test_without_duckdb_or_dask_the_extra_is_named(
    view: FeatureView, monkeypatch: pytest.MonkeyPatch
) -> None:
    view.write(table([1]), at=DAY)
    monkeypatch.setitem(sys.modules, "duckdb", None)
    monkeypatch.setitem(sys.modules, "dask.dataframe", None)
    with pytest.raises(MissingPackage, match=r"astrodata-lab\[pipeline\]"):
        view.read()
    with pytest.raises(MissingPackage, match=r"astrodata-lab\[scale\]"):
        view.read(engine="dask")
    assert len(view.read(engine="pandas")) == 1


def test_neither_duckdb_nor_dask_is_loaded_before_it_is_needed() -> None:
    code = (
        "import sys, astrodata_kernel.feature_store as f; f.FeatureStore; f.features_of_waveforms; "
        "sys.exit(any(name in sys.modules for name in ('duckdb', 'dask', 'keras', 'mlflow')))"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_a_clock_that_was_set_back_does_not_turn_corrections_over(view: FeatureView) -> None:
    view.write(table([1], [1.0]), at=DAY, created="2090-01-01")
    view.write(table([1], [2.0]), at=DAY)
    assert read(view, "pandas")["peak"].tolist() == [2.0]


def test_ten_events_of_a_large_view_cost_as_many_row_groups(view: FeatureView) -> None:
    rows, blocks = 600_000, 3
    size = rows // blocks
    for first in range(0, rows, size):
        view.write(table(range(first, first + size)), at=DAY)
    events = [5, 6, 7, 599_990, 599_991, 599_992, 599_993, 599_994, 599_995, 599_996]
    groups = sum(len(part.groups) for part in view.parts)
    cut = pieces(view.folder / "parts", view.parts, Wanted(ids=tuple(events)))
    needed = sum(len(numbers) for piece in cut for _, numbers in piece.files)
    assert (groups, needed) == (12, 2)
    before = pa.total_allocated_bytes()
    pa.default_memory_pool().release_unused()
    found = read(view, "pandas", ["peak"], events=events)
    assert pa.total_allocated_bytes() - before < 1 << 20
    assert found["event_id"].tolist() == events
    told = view.read(["peak"], events=events).explain("analyze")
    # One file in three is not opened; of the others DuckDB reads one group of four each.
    assert "Row Groups Scanned: 2 / 8" in told
    assert '"count"' not in told


def test_parts_that_may_share_events_are_found(view: FeatureView) -> None:
    view.write(table([1, 5]), at="2026-01-01")
    view.write(table([3, 9]), at="2026-01-01")
    view.write(table([1, 9]), at="2026-01-02")
    view.write(table([20, 30]), at="2026-01-01")
    alone, several = apart(view.parts)
    assert sorted(part.ids for part in alone) == [(1, 9), (20, 30)]
    assert [[part.ids for part in group] for group in several] == [[(1, 5), (3, 9)]]


def test_large_overlapping_parts_are_read_in_pieces_that_share_nothing(store: FeatureStore) -> None:
    view = store.define("wide", columns={"v": "int64"})
    count = 200_000
    for add in range(3):
        view.write({"event_id": np.arange(count) * 2 + add, "v": np.full(count, add)}, at=DAY)
    cut = pieces(view.folder / "parts", view.parts, Wanted(), size=100_000)
    assert len(cut) > 3
    found = read(view, "dask")
    assert found["event_id"].is_unique
    ids = np.concatenate([np.arange(count) * 2 + add for add in range(3)])
    expected = pd.DataFrame({"event_id": ids, "v": np.repeat([0, 1, 2], count)})
    expected = expected.groupby("event_id")["v"].max()
    assert found["v"].tolist() == expected.tolist()


def test_columns_engines_and_ids_that_are_none_are_told(view: FeatureView) -> None:
    view.write(table([1]), at=DAY)
    with pytest.raises(UnknownName, match="did you mean 'peak'"):
        view.read(["peek"])
    with pytest.raises(BadRequest, match="did you mean 'duckdb'"):
        view.read(engine="duckbd")  # type: ignore[arg-type]
    with pytest.raises(BadRequest, match="whole numbers"):
        view.read(events=["1"])
    with pytest.raises(BadRequest, match="from_"):
        view.read(from_=3)


def test_the_lineage_of_a_view_is_that_of_its_parts(view: FeatureView, tmp_path: Path) -> None:
    made, raw = "sha256:" + "b" * 64, "sha256:" + "a" * 64
    with LineageWriter(lineage_folder(tmp_path)) as writer:
        writer.append(
            {
                "run": "first", "pipeline": "cardio", "step": "features", "block": "features",
                "inputs": {"path": {"hash": raw, "kind": "file", "path": "/data/a.dat"}},
                "outputs": {"table": {"hash": made, "kind": "table"}},
            }
        )  # fmt: skip
    view.write(table([1]), at=DAY, made_by=made)
    view.write(table([2]), at=DAY)
    found = view.lineage()
    assert list(found) == [made]
    assert [file.path for file in found[made].files] == ["/data/a.dat"]


def test_the_store_and_a_view_show_themselves_with_every_text_escaped(store: FeatureStore) -> None:
    columns = {"<b>x</b>": {"dtype": "float64", "unit": "mV", "description": "<script>1</script>"}}
    view = store.define("odd", columns=columns, description="<i>", tags=["<u>"])
    view.write({"event_id": [1], "<b>x</b>": [1.0]}, at=DAY, made_by="<img>")
    shown = view._repr_html_() + store._repr_html_()
    for text in ("<b>x", "<script", "<i>", "<u>", "<img"):
        assert text not in shown
    for text in (
        "&lt;b&gt;x",
        "mV",
        "2026-01-01T00:00:00+00:00",
        "1 in 1 parts",
        "version 1",
        "kB",
    ):
        assert text in shown
    assert repr(store).endswith("odd@v1>")
