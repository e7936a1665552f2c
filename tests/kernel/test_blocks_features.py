"""Blocks of feature views: what they keep, read and join, and when they do it anew."""

import datetime as dt
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from astrodata_kernel import blocks
from astrodata_kernel.errors import BadRequest, DamagedFile, DataCheckFailed, UnknownName
from astrodata_kernel.feature_store import FeatureStore
from astrodata_kernel.lineage import Store
from astrodata_kernel.pipeline import Pipeline, Work, block

DAY = "2026-01-01T00:00:00Z"
KEPT = {
    "flag": ([True, False], "bool", "bool"),
    "gaps": (pd.array([True, None], "boolean"), "bool", "boolean"),
    "small": (np.array([1, -2], np.int8), "int8", "int8"),
    "large": (np.array([2**64 - 1, 0], np.uint64), "uint64", "uint64"),
    "count": (pd.array([1, None], "Int16"), "int16", "Int16"),
    "half": (np.array([1, 2], np.float16), "float32", "float32"),
    "single": (np.array([1, 2], np.float32), "float32", "float32"),
    "double": (pd.array([1.5, None], "Float64"), "float64", "float64"),
    "text": (["a", None], "string", "str"),
    "object": (pd.Series(["a", "b"], dtype=object), "string", "str"),
    "class": (pd.Categorical(["g", "r"]), "string", "str"),
    "year": (pd.Categorical([2025, 2026]), "int64", "int64"),
    "night": (pd.Categorical(pd.to_datetime(["2026-01-01", None])), "timestamp", "datetime64[us, UTC]"),
    "rome": (
        pd.to_datetime(["2026-01-01 01:00", "2026-07-01 02:00"]).tz_localize("Europe/Rome"),
        "timestamp",
        "datetime64[us, UTC]",
    ),
    "date": ([dt.date(2026, 1, 1), None], "timestamp", "datetime64[us, UTC]"),
}  # fmt: skip


def test_columns_of_all_types_that_parquet_keeps_become_features(tmp_path: Path) -> None:
    table = pd.DataFrame({"event_id": [1, 2], **{name: one[0] for name, one in KEPT.items()}})
    blocks.write_features(table, view="all", at=DAY, work=Work(root=tmp_path))
    view = FeatureStore(tmp_path)["all"]
    assert {c.name: c.dtype for c in view.columns} == {n: one[1] for n, one in KEPT.items()}
    kept = view.read(engine="pandas")
    assert kept[list(KEPT)].dtypes.astype(str).to_dict() == {n: one[2] for n, one in KEPT.items()}
    assert kept["large"].tolist() == [2**64 - 1, 0]
    assert kept["class"].tolist() == ["g", "r"]
    assert kept["rome"].dt.hour.tolist() == [0, 0]
    assert kept["date"][0] == pd.Timestamp(DAY)
    assert kept["count"].tolist() == [1, pd.NA]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([1 + 2j, 0j], "complex128"),
        (pd.to_timedelta([1, 2], "s"), "duration"),
        ([[1.0], [2.0]], "list"),
        ([Decimal("1.5"), Decimal(2)], "decimal128"),
        ([{"a": 1}, {"a": 2}], "struct"),
        (["a", 1], "several types, str first and in row 1 int"),
        ([None, None], "no value at all"),
        (
            np.array(["2026-01-01T00:00:00.000000001"] * 2, "M8[ns]"),
            "finer than a microsecond",
        ),
    ],
)
def test_columns_that_no_view_keeps_are_refused_by_name(tmp_path: Path, values, said: str) -> None:
    table = pd.DataFrame({"event_id": [1, 2], "good": [1, 2], "odd": values})
    with pytest.raises(BadRequest, match=f"column 'odd'.*{said}"):
        blocks.write_features(table, view="odd", at=DAY, work=Work(root=tmp_path))


@block(stage="ingest", outputs=("labels",))
def some_labels():
    """Make labels with times."""
    days = pd.to_datetime(["2026-01-15", "2026-02-15", "2025-12-01"], utc=True)
    return pd.DataFrame({"event_id": [1, 1, 2], "label_time": days, "label": ["a", "b", "c"]})


def test_a_view_is_read_and_joined_anew_only_where_it_has_other_parts(tmp_path: Path) -> None:
    place = {"track": False, "progress": False}

    def view_of(root: Path, created: str):
        view = FeatureStore(root).define(
            "pulses", columns={"peak": {"dtype": "float64", "unit": "mV"}}
        )
        view.write({"event_id": [1, 2], "peak": [1.0, 2.0]}, at=DAY, created=created)
        return view

    view = view_of(tmp_path / "one", "2026-01-02")
    pipeline = Pipeline("p").add("read", "read_features", view="pulses")
    pipeline.add("count", "select_columns", "read.table", columns=["peak"])
    pipeline.add("labels", some_labels)
    pipeline.add("join", "join_features", "labels", views=["pulses:peak"])

    def run(where="one"):
        return pipeline.run(workspace=tmp_path / where, **place)

    first = run()
    table = first.outputs["read.table"]
    assert table["peak"].tolist() == [1.0, 2.0]
    assert table.attrs["units"] == {"peak": "mV"}
    [part] = view.parts
    told = {"name": "pulses", "version": 1, "content": [part.content]}
    assert first.outputs["read.view"] == told
    assert first.outputs["join.views"] == [told]
    joined = first.outputs["join.table"]
    assert joined["peak"].tolist()[:2] == [1.0, 1.0]
    assert np.isnan(joined["peak"][2])  # nothing held by then
    assert run().computed == ()
    # The same rows elsewhere, written at another time, are the same.
    view_of(tmp_path / "two", "2026-01-03")
    other = run("two").outputs
    assert {name: other.hash_of(name) for name in other} == {
        name: first.outputs.hash_of(name) for name in first.outputs
    }

    view.write({"event_id": [1], "peak": [9.0]}, at="2026-02-01", created="2026-02-02")
    second = run()
    assert set(second.computed) == {"read", "count", "join"}
    assert second.outputs["join.table"]["peak"].tolist()[:2] == [1.0, 9.0]
    FeatureStore(tmp_path / "one").define("pulses", columns={"peak": "float32"})
    third = run()
    assert third.outputs["read.view"]["version"] == 2
    assert len(third.outputs["read.table"]) == 0


def test_the_lineage_of_what_is_read_leads_through_the_view_to_the_raw_data(tmp_path: Path) -> None:
    raw = tmp_path / "raw.csv"
    raw.write_text("event_id,peak\n1,1.5\n2,2.5\n")
    place = {"workspace": tmp_path, "track": False, "progress": False}
    wrote = Pipeline("wrote").add("table", "read_table", path=raw)
    wrote.add("kept", "write_features", "table", view="pulses", at=DAY).run(**place)
    reads = Pipeline("reads").add("read", "read_features", view="pulses")
    reads.add("count", "select_columns", "read.table", columns=["peak"])
    reads.add("labels", some_labels)
    reads.add("join", "join_features", "labels", views=["pulses:peak"])
    for computed in (4, 0):  # and of what the cache gives
        run = reads.run(**place)
        assert len(run.computed) == computed
        for name in ("count.table", "join.table"):
            found = Store(tmp_path).back(run.outputs.hash_of(name))
            assert [one.path for one in found.files] == [str(raw)]
            assert {step.name for step in found.steps} >= {"table", name.partition(".")[0]}


def test_rows_and_versions_of_a_view_are_chosen(tmp_path: Path) -> None:
    store, work = FeatureStore(tmp_path), Work(root=tmp_path)
    view = store.define("pulses", columns={"peak": "float64", "width": "float64"})
    view.write(
        {"event_id": [1], "peak": [1.0], "width": [2.0]}, at="2026-01-01", created="2026-01-02"
    )
    view.write(
        {"event_id": [1], "peak": [3.0], "width": [4.0]}, at="2026-02-01", created="2026-02-02"
    )
    store.define("pulses", columns={"peak": "float32"})

    def read(**options):
        table, told = blocks.read_features(view="pulses@v1", columns=["peak"], work=work, **options)
        return table["peak"].tolist(), len(told["content"])

    assert read() == ([1.0, 3.0], 2)
    assert read(start="2026-01-15") == ([3.0], 2)
    assert read(end="2026-01-15") == ([1.0], 2)
    assert read(as_of="2026-01-15") == ([1.0], 1)
    with pytest.raises(UnknownName, match="did you mean 'pulses'"):
        blocks.read_features(view="pulse", work=work)
    with pytest.raises(UnknownName, match="did you mean 'peak'"):
        blocks.read_features(view="pulses", columns=["peek"], work=work)
    labels = some_labels()
    with pytest.raises(UnknownName, match="did you mean 'pulses'"):
        blocks.join_features(labels, views=["pulse:peak"], work=work)
    old, _ = blocks.join_features(
        labels, views=["pulses@v1"], tolerance="20 days", times=True, work=work
    )
    assert old["peak"].tolist()[:2] == [1.0, 3.0]
    assert "pulses.event_time" in old


def test_a_view_whose_rows_were_changed_is_not_read(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    store = FeatureStore(tmp_path)
    view = store.define("pulses", columns={"peak": "float64"})
    part = view.write({"event_id": [1, 2], "peak": [1.0, 2.0]}, at=DAY)
    path = view.folder / "parts" / part.file
    table, told = pq.read_table(path), pq.read_metadata(path).metadata
    changed = table.set_column(3, table.schema.field("peak"), [[1.0, 2.5]])
    with pq.ParquetWriter(path, table.schema) as writer:
        writer.write_table(changed)
        writer.add_key_value_metadata(
            {k: told[k] for k in (b"astrodata.content", b"astrodata.groups")}
        )
    for reads in (
        lambda work: blocks.read_features(view="pulses", work=work),
        lambda work: blocks.join_features(some_labels(), views=["pulses:peak"], work=work),
    ):
        with pytest.raises(DataCheckFailed, match=r"pulses@v1: .* rows are others than those"):
            reads(Work(root=tmp_path))


def test_what_a_training_part_taught_is_applied_to_another_table() -> None:
    train = pd.DataFrame({"x": [1.0, None, 3.0], "band": ["g", "r", "g"], "y": [0, 1, 0]})
    filled, _, _, fills = blocks.fill_missing(train, columns=["x"], how="mean")
    coded, _, _, codes = blocks.one_hot(filled)
    scaled, _, _, scales = blocks.standardise(coded, columns=["x"])
    new = pd.DataFrame({"x": [None, 4.0], "band": ["r", "g"]})
    made = new
    for learnt in (fills, codes, scales):
        made = blocks.apply_learnt(learnt, made)
    assert made["x"].tolist() == pytest.approx([0.0, 2 / np.std([1.0, 2.0, 3.0])])
    assert made[["band=g", "band=r"]].to_numpy().tolist() == [[0, 1], [1, 0]]
    pd.testing.assert_frame_equal(blocks.apply_learnt(scales, coded), scaled)
    with pytest.raises(BadRequest, match="has 'z' in row 0"):
        blocks.apply_learnt(codes, pd.DataFrame({"x": [1.0], "band": ["z"]}))
    for text in ("{}", "no JSON", '{"astrodata": "one-cold"}', 3, None):
        with pytest.raises(DamagedFile, match="fill_missing, one_hot or standardise"):
            blocks.apply_learnt(text, new)
