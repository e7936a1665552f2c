"""Tables of files are the same to data tests, to `table_of` and to the blocks of a pipeline."""

import datetime as dt
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import astrodata_kernel as adk
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astrodata_kernel import blocks
from astrodata_kernel.data_tests import Tests, read_with_schema
from astrodata_kernel.data_tests.sources import given
from astrodata_kernel.errors import BadRequest, UnreadableFile, UnsupportedFormat
from astrodata_kernel.pipeline import Pipeline, block
from astrodata_kernel.processing.tabular import table_of
from astrodata_kernel.readers import text_columns

TEXT = """z,off,local,fine,day,name,count,trimmed,id,flag,void,mixed
2020-01-01T10:00:00Z,2020-01-01T12:00+02:00,2020-01-01 10:00,\
2020-01-01T00:00:00.123456789,2020-01-01,NA,NA, 1.5,\
18446744073709551615,true,,1
2020-01-01T10:00:00.5Z,2020-01-01T12:00+01:00,2020-01-01T10:00:01,\
2020-01-01,2021-05-06,"Na, K",7, 2 ,1,FALSE,NaN,\
2020-01-01
n/a,NULL,,NA,#N/A,,3,nan,,NA,NA,
"""
TYPES = {
    "z": "datetime64[us, UTC]",
    "off": "datetime64[us, UTC]",
    "local": "datetime64[us]",
    "fine": "datetime64[ns]",
    "day": "datetime64[us]",
    "name": "str",
    "count": "Int64",
    "trimmed": "float64",
    "id": "UInt64",
    "flag": "boolean",
    "void": "float64",
    "mixed": "str",
}


def in_blocks(path: Path) -> pd.DataFrame:
    source = given(path)
    assert {c.dtype.lower() for c in source.columns.values() if c.kind == "other"} == set()
    return pd.concat([one.frame for one in source.blocks(list(source.columns))])


def test_a_text_file_is_the_same_to_all_who_read_it(tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / "t.csv"
    path.write_text(TEXT)
    table = table_of(path)
    assert table.dtypes.astype(str).to_dict() == TYPES
    assert table["off"].dt.hour.tolist()[:2] == [10, 11]
    assert table["name"].tolist()[:2] == ["NA", "Na, K"]
    assert table["id"].tolist()[:2] == [2**64 - 1, 1]
    assert table["trimmed"].tolist()[:2] == [1.5, 2.0]
    assert table.drop(columns=["name", "mixed"]).isna().iloc[2].sum() == len(TYPES) - 3
    monkeypatch.setattr(text_columns, "_BLOCK_BYTES", 200)
    for again in (in_blocks(path), read_with_schema(path, {}), blocks.read_table(path=path)):
        pd.testing.assert_frame_equal(again, table, check_index_type=False)
    assert (
        Tests.of([{"check": "schema", "columns": {"z": "time", "count": "integer"}}]).run(path).ok
        is False
    )


def test_a_word_after_many_numbers_makes_texts_of_them(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(text_columns, "_BLOCK_BYTES", 500)
    path = tmp_path / "t.csv"
    path.write_text("a,b\n" + "".join(f"{n},{n}\n" for n in range(500)) + "none,0.5\n")
    table = table_of(path)
    assert table["a"].iloc[[0, -1]].tolist() == ["0", "none"]
    assert table["b"].iloc[[0, -1]].tolist() == [0.0, 0.5]
    assert [column[1] for column in adk.open(path).table.columns] == ["string", "double"]


def test_bytes_of_another_encoding_do_not_end_the_reading(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"name,n\n" + b"star,1\n" * 12000 + b"caf\xe9,2\n")
    assert table_of(path)["name"].iloc[-1] == "caf\ufffd"
    pd.testing.assert_frame_equal(in_blocks(path), table_of(path), check_index_type=False)


PARQUET = {
    "day": pa.array([dt.date(2020, 1, 2), None]),
    "far": pa.array([2_000_000_000, 0], pa.int32()).cast(pa.date32()),
    "price": pa.array([Decimal("1.25"), None]),
    "whole": pa.array([Decimal(2**53 + 1), None], pa.decimal128(18, 0)),
    "class": pa.array(["b", "a"]).dictionary_encode(),
    "rome": pa.array([dt.datetime(2020, 1, 1)] * 2, pa.timestamp("ms", "Europe/Rome")),
    "seconds": pa.array([1, 2], pa.timestamp("s")),
    "bytes": pa.array([b"a", None]),
    "small": pa.array([1, None], pa.uint8()),
    "flag": pa.array([True, None]),
    "half": pa.array(np.array([1, 2], np.float16)),
}


def test_dates_decimals_and_categories_of_parquet_have_a_kind(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table(PARQUET), path)
    table = table_of(path)
    pd.testing.assert_frame_equal(in_blocks(path), table, check_index_type=False)
    kinds = {name: column.kind for name, column in given(path).columns.items()}
    assert [n for n, kind in kinds.items() if kind == "time"] == ["day", "far", "rome", "seconds"]
    assert [n for n, kind in kinds.items() if kind == "number"] == [
        "price",
        "whole",
        "small",
        "half",
    ]
    assert [n for n, kind in kinds.items() if kind == "text"] == ["class", "bytes"]
    assert table["whole"].tolist() == [2**53 + 1, pd.NA]
    assert table["day"][0] == pd.Timestamp("2020-01-02")
    assert str(table["rome"].dtype) == "datetime64[us, Europe/Rome]"
    assert table["class"].dtype == pd.CategoricalDtype(["b", "a"])
    report = Tests.of(
        [
            {"check": "range", "on": "day", "at_least": "2020-01-03"},
            {"check": "range", "on": "price", "at_most": 1},
            {"check": "schema", "columns": {"class": "category"}},
        ]
    ).run(path)
    assert [one.outcome for one in report.results] == ["failed", "failed", "passed"]


def test_lists_of_one_length_become_columns_and_others_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"v": [[1.0, 2.0], [3.0, 4.0]], "r": [[1], [1, 2]], "n": [1, 2]}), path)
    with pytest.raises(UnsupportedFormat, match=r"'r' .* columns=\['n'\]"):
        table_of(path)
    with pytest.raises(BadRequest, match="a second 'n'"):
        table_of(path, columns=["n", "n"])
    assert table_of(path, columns=["n", "v"]).to_dict("list") == {
        "n": [1, 2], "v_0": [1.0, 3.0], "v_1": [2.0, 4.0]
    }  # fmt: skip


def test_categories_that_row_groups_do_not_share_stay_categories(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    parts = [pa.table({"c": pa.array(one).dictionary_encode()}) for one in (["b", "a"], ["c", "a"])]
    with pq.ParquetWriter(path, parts[0].schema) as writer:
        for part in parts:
            writer.write_table(part)
    for table in (
        table_of(path),
        read_with_schema(path, {}),
        read_with_schema(path, {"c": "category"}),
    ):
        assert table["c"].tolist() == ["b", "a", "c", "a"]
        assert sorted(table["c"].cat.categories) == ["a", "b", "c"]


@block(stage="ingest", outputs=("table",))
def some_categories():
    """Make categories of all types."""
    days = pd.to_datetime(["2020-01-01", "2021-01-01", "2020-01-01"])
    return pd.DataFrame(
        {
            "text": pd.Categorical(["x", "y", "x"], ["z", "y", "x"], ordered=True),
            "whole": pd.Categorical([3, 1, None], [3, 2, 1], ordered=True),
            "flag": pd.Categorical([True, None, False]),
            "time": pd.Categorical(days),
            "plain": [1, 2, 3],
        }
    )


def test_categories_pass_from_step_to_step(tmp_path: Path) -> None:
    pipeline = Pipeline("p").add("made", some_categories)
    pipeline.add("chosen", "select_columns", "made", but=["plain"])
    run = pipeline.run(workspace=tmp_path, track=False, progress=False)
    wanted = some_categories()
    pd.testing.assert_frame_equal(run.outputs["made"], wanted)
    pd.testing.assert_frame_equal(run.outputs["chosen"], wanted.drop(columns="plain"))


@pytest.mark.parametrize("groups", [0, 1])
def test_a_parquet_file_without_rows_is_an_empty_table_to_all(tmp_path: Path, groups: int) -> None:
    path = tmp_path / "none.parquet"
    none = pa.table(PARQUET).slice(0, 0)
    with pq.ParquetWriter(path, none.schema) as writer:
        for _ in range(groups):
            writer.write_table(none)
    assert table_of(path).shape == (0, len(PARQUET))
    made = read_with_schema(
        path, {"price": {"from": "price", "dtype": "float32"}}, ["price", "day"]
    )
    assert made.dtypes.astype(str).tolist() == ["float32", "datetime64[us]"]
    assert len(made) == 0
    report = Tests.of([{"check": "nan_share"}, {"check": "rows", "at_least": 1}]).run(path)
    assert [one.check for one in report.failed] == ["rows"]


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_file_of_no_bytes_says_that_it_is_empty(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"none.{ending}"
    path.touch()
    for reads in (table_of, given, lambda path: read_with_schema(path, {})):
        with pytest.raises(UnreadableFile, match=rf"none\.{ending} is empty \(0 bytes\)"):
            reads(path)


def test_statistics_of_a_damaged_footer_do_not_end_the_process(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"id": range(90), "flux": np.arange(90.0)}), path, row_group_size=17)
    code = (
        "import sys\n"
        "from astrodata_kernel.data_tests import Tests\n"
        "from astrodata_kernel.errors import AstrodataError\n"
        "whole = open(sys.argv[1], 'rb').read()\n"
        "tests, told = Tests.of([{'check': 'nan_share'}]), 0\n"
        "begin = len(whole) - 8 - int.from_bytes(whole[-8:-4], 'little')\n"
        # Here are the types of the columns, which stand elsewhere too: PyArrow aborts where the two differ.
        "for at in range(begin, begin + 40):\n"
        "    open(sys.argv[2], 'wb').write(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])\n"
        "    try: tests.run(sys.argv[2])\n"
        "    except AstrodataError: told += 1\n"
        "print(told > 0)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, path, tmp_path / "d.parquet"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.stdout.strip(), run.returncode) == ("True", 0), run.stderr[-800:]
