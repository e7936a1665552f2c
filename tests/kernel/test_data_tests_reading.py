import hashlib
import json
from pathlib import Path

import astrodata_kernel as adk
import numpy as np
import pandas as pd
import pytest
from astrodata_kernel import blocks
from astrodata_kernel.data_tests import read_with_schema
from astrodata_kernel.errors import BadRequest, DataCheckFailed, UnknownName, UnreadableFile
from astrodata_kernel.pipeline import Pipeline

GAIA = Path(__file__).parents[1] / "data" / "table_gaia_cone.fits"


def test_a_file_is_read_with_other_names_types_and_units_and_stays_as_it_is() -> None:
    before = hashlib.sha256(GAIA.read_bytes()).digest()
    schema = {
        "speed": {"from": "radial_velocity", "dtype": "float64", "unit": "m/s"},
        "parallax": {"dtype": "float32", "unit": "arcsec"},
        "source_id": "str",
    }
    made = read_with_schema(GAIA, schema)
    stored = adk.open(GAIA).table.read().to_pandas()
    assert hashlib.sha256(GAIA.read_bytes()).digest() == before
    assert len(made) == 4876
    np.testing.assert_allclose(made.speed, stored.radial_velocity.astype(float) * 1000, rtol=1e-6)
    np.testing.assert_allclose(made.parallax, stored.parallax / 1000, rtol=1e-6)
    assert (made.source_id == stored.source_id.astype(str)).all()
    assert (made.ra == stored.ra).all()
    assert made.attrs["units"]["speed"] == "m/s"
    assert made.attrs["units"]["ra"] == "deg"
    assert made.dtypes[["speed", "parallax"]].astype(str).tolist() == ["float64", "float32"]


def test_blocks_together_are_the_whole(monkeypatch) -> None:
    from astrodata_kernel.data_tests import table_blocks

    monkeypatch.setattr(table_blocks, "ROWS", 1000)
    schema = {"g": {"from": "phot_g_mean_mag", "dtype": "float64"}}
    parts = list(read_with_schema(GAIA, schema, ["g", "ra"], blocks=True))
    assert [len(part) for part in parts] == [1000] * 4 + [876]
    assert parts[2].index[0] == 2000
    pd.testing.assert_frame_equal(pd.concat(parts), read_with_schema(GAIA, schema, ["g", "ra"]))


def test_bad_values_are_told_by_file_column_and_row(tmp_path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("n,x\n1,0.5\ntwo,1\n3,\n4.5,nope\n")
    with pytest.raises(
        DataCheckFailed, match=r"t\.csv, column 'n': 2 .*'two' in row 1, '4\.5' in row 3"
    ):
        read_with_schema(path, {"n": "Int64"})
    made = read_with_schema(path, {"n": "Int64", "x": "float64"}, bad="missing")
    assert made.n.tolist() == [1, pd.NA, 3, pd.NA]
    assert made.x.isna().tolist() == [False, False, True, True]
    assert made.attrs["bad_values"] == {"n": 2, "x": 1}


@pytest.mark.parametrize(
    ("values", "dtype", "rows"),
    [
        ([1, 300, -129], "int8", [1, 2]),
        ([1, -1], "uint16", [1]),
        ([1.0, np.nan], "int32", [1]),
        ([1.0, np.inf], "Int64", [1]),
        ([2.0**63, 1.0], "int64", [0]),
        ([1e300, 1.0], "float32", [0]),
        (["yes", "maybe", None], "boolean", [1]),
        (["yes", None], "bool", [1]),
        (["2018-08-01", "2018-08-01T10:00:00.5", "soon", None], "time", [2]),
    ],
)
def test_values_that_a_type_does_not_hold_are_found(values: list, dtype: str, rows: list) -> None:
    with pytest.raises(DataCheckFailed) as told:
        read_with_schema(pd.DataFrame({"v": values}), {"v": dtype})
    for row in range(len(values)):
        assert (f"in row {row}" in str(told.value)) == (row in rows)


def test_values_that_a_type_holds_are_kept() -> None:
    frame = pd.DataFrame(
        {"a": ["1", " 2 "], "b": [1.0, 0.0], "c": [3.0, np.nan], "d": ["nan", "5"]}
    )
    made = read_with_schema(frame, {"a": "int64", "b": "bool", "c": "Int16", "d": "float32"})
    assert made.a.tolist() == [1, 2]
    assert made.b.tolist() == [True, False]
    assert made.c.tolist() == [3, pd.NA]
    assert made.d.isna().tolist() == [True, False]
    assert made.dtypes.astype(str).tolist() == ["int64", "bool", "Int16", "float32"]
    big = pd.DataFrame({"n": np.array([2**63 - 1, 1], np.int64)})
    assert read_with_schema(big, {"n": "Int64"}).n.tolist() == [2**63 - 1, 1]


def test_a_schema_is_read_from_yaml_and_json(tmp_path) -> None:
    (tmp_path / "s.yaml").write_text("columns:\n  x: {from: ra, unit: rad}\n")
    (tmp_path / "s.json").write_text(json.dumps({"x": {"from": "ra", "unit": "rad"}}))
    one, two = (read_with_schema(GAIA, tmp_path / f"s.{e}", ["x"]) for e in ("yaml", "json"))
    pd.testing.assert_frame_equal(one, two)
    np.testing.assert_allclose(one.x, np.radians(read_with_schema(GAIA, {}, ["ra"]).ra))
    with pytest.raises(UnreadableFile):
        read_with_schema(GAIA, tmp_path / "none.yaml")
    (tmp_path / "bad.yaml").write_text("a: [")
    with pytest.raises(BadRequest, match="no schema in YAML or JSON"):
        read_with_schema(GAIA, tmp_path / "bad.yaml")


def test_what_makes_no_sense_names_the_nearest() -> None:
    with pytest.raises(UnknownName, match="did you mean parallax"):
        read_with_schema(GAIA, {"paralax": "float64"})
    with pytest.raises(UnknownName, match="did you mean 'dtype'"):
        read_with_schema(GAIA, {"ra": {"dtyp": "float64"}})
    with pytest.raises(BadRequest, match="did you mean 'float64'"):
        read_with_schema(GAIA, {"ra": "flota64"})
    with pytest.raises(UnknownName, match="no column 'rra': did you mean 'ra'"):
        read_with_schema(GAIA, {}, ["rra"])
    with pytest.raises(BadRequest, match="two columns the name 'dec'"):
        read_with_schema(GAIA, {"dec": {"from": "ra"}})
    with pytest.raises(BadRequest, match="is for tables"):
        read_with_schema(np.zeros((2, 2)), {})


def test_units_that_cannot_be_had_are_told() -> None:
    with pytest.raises(
        DataCheckFailed, match="'ra' is in 'deg', which cannot be converted to 'km'"
    ):
        read_with_schema(GAIA, {"ra": {"unit": "km"}})
    frame = pd.DataFrame({"d": [1.0]})
    with pytest.raises(DataCheckFailed, match="tells no unit"):
        read_with_schema(frame, {"d": {"unit": "km"}})
    made = read_with_schema(frame, {"d": {"unit": "km", "stored_unit": "m"}})
    assert made.d.tolist() == [0.001]


def test_texts_of_a_schema_are_as_the_file_writes_them(tmp_path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("run,n,when,flag\n007,1,2020-01-01,yes\n010,NA,n/a,NA\n")
    schema = {
        "id": {"from": "run", "dtype": "str"},
        "n": "Int64",
        "when": "time",
        "flag": "boolean",
    }
    made = read_with_schema(path, schema)
    assert made.id.tolist() == ["007", "010"]
    assert made[["n", "when", "flag"]].isna().to_numpy().tolist() == [[False] * 3, [True] * 3]
    assert blocks.read_table(path=path)["run"].tolist() == [7, 10]
    pd.testing.assert_frame_equal(blocks.read_table(path=path, schema=schema), made)
    assert list(blocks.read_table(path=path, schema=schema, columns=["when", "id"])) == [
        "when",
        "id",
    ]


def test_values_that_must_be_there_are_missed_by_row(tmp_path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("n,x\n1,0.5\n,1\n,2\n")
    for dtype in ("Int64", "str", None):
        with pytest.raises(DataCheckFailed, match=r"t\.csv, column 'n': 2 values .*\(rows 1, 2\)"):
            blocks.read_table(path=path, schema={"n": {"dtype": dtype, "nullable": False}})
    kept = read_with_schema(path, {"n": {"nullable": True}, "x": {"nullable": False}})
    assert kept.n.tolist() == [1, pd.NA, pd.NA]
    with pytest.raises(BadRequest, match="nullable is 'no'; give true or false"):
        read_with_schema(path, {"n": {"nullable": "no"}})


def test_categories_of_other_blocks_are_categories_of_the_whole(monkeypatch) -> None:
    from astrodata_kernel.data_tests import table_blocks

    monkeypatch.setattr(table_blocks, "ROWS", 2)
    made = read_with_schema(pd.DataFrame({"c": ["b", "a", "c", "a"]}), {"c": "category"})
    assert made.c.dtype == pd.CategoricalDtype(["a", "b", "c"])
    assert made.c.tolist() == ["b", "a", "c", "a"]


def test_a_schema_is_a_parameter_of_a_pipeline_and_is_applied_to_any_format(tmp_path) -> None:
    schema = {
        "speed": {"from": "radial_velocity", "dtype": "float64", "unit": "m/s"},
        "source_id": "str",
    }
    text = f"""
astrodata: 1
name: p
steps:
  read:
    block: read_table
    with: {{path: {GAIA}, columns: [speed, source_id], schema: {json.dumps(schema)}}}
"""
    pipeline = Pipeline.from_yaml(text)
    run = pipeline.run(workspace=tmp_path, track=False, progress=False)
    wanted = read_with_schema(GAIA, schema, ["speed", "source_id"])
    pd.testing.assert_frame_equal(run.outputs["read"], wanted)
    assert run.outputs["read"].attrs["units"]["speed"] == "m/s"
    np.savez(tmp_path / "a.npz", X=np.arange(4.0).reshape(2, 2), y=[0, 1])
    made = blocks.read_table(
        path=tmp_path / "a.npz", schema={"first": {"from": "X_0", "dtype": "float32"}, "y": "bool"}
    )
    assert made.dtypes.astype(str).to_dict() == {"first": "float32", "X_1": "float64", "y": "bool"}
    assert made.y.tolist() == [False, True]
