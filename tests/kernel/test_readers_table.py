import subprocess
import sys
from pathlib import Path

import astrodata_kernel as adk
import numpy as np
import pytest
from astrodata_kernel.errors import AstrodataError, BadRequest, DamagedFile, UnknownName
from astrodata_kernel.readers.table import CsvReader, ParquetReader
from astrodata_kernel.testing import ReaderTests, parquet_file

COLUMNS = {
    "id": np.arange(90),
    "flux": np.random.default_rng(0).normal(size=90),
    "name": np.array([f"star {n}" for n in range(90)]),
}


class TestCsv(ReaderTests):
    kind = "table"
    reader = CsvReader()
    notices_any_cut = False
    delimiter = ","

    def expected(self):
        return COLUMNS

    def make_file(self, folder: Path) -> Path:
        path = folder / "table.csv"
        rows = zip(*COLUMNS.values(), strict=True)
        lines = [self.delimiter.join(COLUMNS)]
        lines += [self.delimiter.join(map(str, row)) for row in rows]
        path.write_text("\n".join(lines) + "\n")
        return path


class TestTabs(TestCsv):
    delimiter = "\t"


class TestSemicolons(TestCsv):
    delimiter = ";"


class TestParquet(ReaderTests):
    kind = "table"
    reader = ParquetReader()

    def expected(self):
        return COLUMNS

    def make_file(self, folder: Path) -> Path:
        return parquet_file(folder / "table.parquet", COLUMNS, rows_in_group=17)


def test_missing_values_are_masked(tmp_path: Path) -> None:
    path = tmp_path / "gaps.csv"
    path.write_text("n,x,s\n1,0.5,a\n,,\n3,1.5,c\n")
    table = adk.open(path).table[:]
    assert list(table["n"].mask) == [False, True, False]
    assert table["n"].dtype.kind == "i"
    assert list(table["x"].mask) == [False, True, False]
    assert table["s"][2] == "c"


def test_a_column_of_nothing_but_gaps_is_read(tmp_path: Path) -> None:
    path = tmp_path / "void.csv"
    path.write_text("n,nothing\n1,\n2,\n")
    table = adk.open(path).table[:]
    assert len(table) == 2
    assert all(table["nothing"].mask)


def test_quoted_fields_keep_their_commas_and_lines(tmp_path: Path) -> None:
    path = tmp_path / "quoted.csv"
    path.write_text('name,n\n"a, b",1\n"two\nlines",2\n')
    assert [str(name) for name in adk.open(path).table["name"]] == ["a, b", "two\nlines"]


def test_a_byte_order_mark_is_no_part_of_a_name(tmp_path: Path) -> None:
    path = tmp_path / "mark.csv"
    path.write_bytes(b"\xef\xbb\xbfa,b\n1,2\n3,4\n")
    assert adk.open(path).table.colnames == ["a", "b"]


def test_a_row_of_another_length_names_the_row(tmp_path: Path) -> None:
    path = tmp_path / "ragged.csv"
    path.write_text("a,b\n" + "1,2\n" * 30 + "1,2,3\n")
    with pytest.raises(DamagedFile, match=r"ragged\.csv.*32"):
        adk.open(path)


def test_markup_in_a_table_is_shown_as_text(tmp_path: Path) -> None:
    path = tmp_path / "markup.csv"
    path.write_text("<script>,b\n<img src=x onerror=alert(1)>,2\n3,4\n")
    shown = adk.open(path)._repr_html_()
    assert "<script>" not in shown
    assert "<img" not in shown
    assert "&lt;img" in shown


def test_dates_and_truths_are_read(tmp_path: Path) -> None:
    path = tmp_path / "dates.csv"
    path.write_text("when,ok\n2020-01-01,true\n2021-05-06,false\n")
    table = adk.open(path).table[:]
    assert table["when"][1] == np.datetime64("2021-05-06")
    assert list(table["ok"]) == [True, False]


def test_rows_across_row_groups_are_joined(tmp_path: Path) -> None:
    path = parquet_file(tmp_path / "groups.parquet", {"n": np.arange(100)}, rows_in_group=7)
    table = adk.open(path).table
    for start, stop in ((0, 100), (6, 8), (13, 15), (99, 100), (50, 50), (0, 0)):
        np.testing.assert_array_equal(table[start:stop]["n"], np.arange(start, stop))


def test_a_parquet_file_without_rows_says_so_or_opens(tmp_path: Path) -> None:
    path = parquet_file(tmp_path / "none.parquet", {"n": np.arange(0)})
    dataset = adk.open(path)
    assert dataset.shape == (0, 1)
    assert len(dataset.table[:5]) == 0
    assert "none.parquet" in dataset._repr_html_()


def test_an_unknown_column_is_told_with_those_that_there_are(tmp_path: Path) -> None:
    path = parquet_file(tmp_path / "t.parquet", {"n": np.arange(3)})
    with pytest.raises(UnknownName, match="columns are n"):
        adk.open(path).table["m"]


def test_a_table_takes_slices_and_names_only(tmp_path: Path) -> None:
    table = adk.open(parquet_file(tmp_path / "t.parquet", {"n": np.arange(3)})).table
    for key in (0, [0, 1]):
        with pytest.raises(BadRequest, match="slice of rows"):
            table[key]
    with pytest.raises(BadRequest, match="forwards"):
        table[::-1]


def test_a_table_has_no_array_and_an_array_no_table(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.eye(2))
    with pytest.raises(AstrodataError, match=r"use ds\.array"):
        _ = adk.open(tmp_path / "a.npy").table
    with pytest.raises(AstrodataError, match=r"use ds\.table"):
        _ = adk.open(parquet_file(tmp_path / "t.parquet", {"n": np.arange(3)})).array


def test_tables_are_read_without_pandas(tmp_path: Path, data: Path) -> None:
    csv = tmp_path / "t.csv"
    csv.write_text("a,b\n1,x\n,y\n")
    parquet = parquet_file(
        tmp_path / "t.parquet", {"n": np.arange(3), "s": np.array(["a", "b", "c"])}
    )
    code = (
        # Half a second, where there is one; and there must not have to be one.
        "import sys; sys.modules['pandas'] = None\n"
        "import astrodata_kernel as adk\n"
        "print([len(adk.open(path).table[:]) for path in sys.argv[1:]])"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, csv, parquet, data / "table_gaia_cone.fits"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.strip() == "[2, 3, 4876]"


def test_scattered_rows_of_parquet_are_read_group_by_group(tmp_path: Path) -> None:
    names = np.array([f"row {n}" for n in range(5000)])
    path = parquet_file(
        tmp_path / "groups.parquet", {"n": np.arange(5000), "name": names}, rows_in_group=100
    )
    table = adk.open(path).table
    rows = [4999, 3, 2500, 3, 0]
    found = table.take(rows, ["name", "n"])
    assert found["n"].tolist() == rows
    assert found["name"].tolist() == [f"row {n}" for n in rows]
