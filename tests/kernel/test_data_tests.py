import json
from pathlib import Path

import astrodata_kernel.data_tests as data_tests
import jsonschema
import numpy as np
import pandas as pd
import pytest
from astrodata_kernel.data_tests import Tests, checks, json_schema
from astrodata_kernel.errors import BadRequest, Cancelled, DataCheckFailed, UnknownName

EXAMPLES = Path(__file__).parents[2] / "examples" / "data"
TESS = EXAMPLES / "table_tess_lightcurve_TIC25155310.fits"

FRAME = pd.DataFrame(
    {
        "id": [1, 2, 3, 3, 5],
        "x": [0.5, np.nan, 3.0, -1.0, np.inf],
        "label": ["a", "a", "b", None, "a"],
        "when": pd.to_datetime(
            ["2018-08-01", "2018-08-02", "2018-08-02", "2018-08-01", "2018-08-09"]
        ),
    }
)


def run(*tests: dict, data=FRAME, **more):
    return Tests.of(list(tests)).run(data, **more)


def only(*tests: dict, data=FRAME, **more):
    report = run(*tests, data=data, **more)
    [result] = report.results
    return result


def test_a_range_tells_which_rows_are_outside_and_leaves_missing_values_out() -> None:
    found = only({"check": "range", "on": "x", "at_least": 0, "at_most": 10})
    assert (found.ok, found.failing, found.first) == (False, 2, (3, 4))
    assert found.numbers["examples"] == [-1.0, "inf"]
    assert "1 missing" in found.note
    assert (
        only({"check": "range", "on": "x", "at_least": 0, "tolerate": 0.2, "at_most": 1e9}).ok
        is False
    )
    assert (
        only({"check": "range", "on": "x", "at_least": -1, "tolerate": 0.2, "at_most": 9}).ok
        is True
    )


def test_a_range_of_times_is_told_as_texts() -> None:
    found = only(
        {"check": "range", "on": "when", "at_least": "2018-08-01", "at_most": "2018-08-05"}
    )
    assert (found.failing, found.first) == (1, (4,))
    with pytest.raises(BadRequest, match="'soon' is no time"):
        run({"check": "range", "on": "when", "at_least": "soon"})


def test_shares_of_missing_values_are_those_of_pandas() -> None:
    report = run({"check": "nan_share", "at_most": 0.1})
    assert {r.column: r.numbers["share"] for r in report} == FRAME.isna().mean().to_dict()
    assert [r.column for r in report.failed] == ["x", "label"]
    assert only({"check": "nan_share", "on": "x", "at_most": 0.2}).ok


def test_finite_values_are_neither_infinite_nor_missing() -> None:
    assert only({"check": "finite", "on": "x"}).first == (1, 4)
    assert only({"check": "finite", "on": "x", "missing": True}).first == (4,)


def test_values_that_are_not_allowed_are_named() -> None:
    found = only({"check": "allowed", "on": "label", "values": ["a"]})
    assert (found.failing, found.numbers["others"]) == (1, ["b"])
    assert only({"check": "allowed", "on": "id", "values": [1, 2, 3]}).first == (4,)


def test_repeated_rows_and_values_are_those_of_pandas() -> None:
    found = only({"check": "duplicates", "on": ["id"]})
    assert list(found.first) == np.flatnonzero(FRAME.duplicated("id")).tolist() == [3]
    assert only({"check": "duplicates", "on": "id", "at_most": 0.2}).ok
    assert only({"check": "duplicates"}).ok
    assert only({"check": "unique", "on": "id"}).first == (3,)
    assert only({"check": "unique", "on": "x"}).ok


def test_hashes_do_not_tell_what_holds_equal_values() -> None:
    rng = np.random.default_rng(5)
    values = rng.integers(0, 40, (300, 2))
    texts = rng.choice(["a", "b", None], 300)
    plain = pd.DataFrame({"a": values[:, 0], "b": values[:, 1] / 2, "c": texts})
    other = plain.astype({"a": "Int64", "b": "Float64", "c": "category"})
    wanted = int(plain.duplicated().sum())
    assert wanted > 0
    for frame in (plain, other):
        assert only({"check": "duplicates"}, data=frame).failing == wanted


def test_times_rise_with_gaps_of_some_length_at_most() -> None:
    found = only({"check": "monotonic", "on": "when"})
    assert (found.ok, found.first) == (False, (3,))
    assert only({"check": "monotonic", "on": "when", "strictly": True}).first == (2, 3)
    day = 86_400.0
    found = only({"check": "monotonic", "on": "when", "gap_at_most": 2 * day})
    assert (found.numbers["gaps"], found.numbers["widest"], found.first) == (1, 8 * day, (3, 4))


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int64", "uint64", "float32"])
def test_steps_of_small_whole_numbers_do_not_overflow(dtype: str) -> None:
    frame = pd.DataFrame({"n": np.array([120, 5, 125, 3], dtype)})
    found = only({"check": "monotonic", "on": "n", "gap_at_most": 100}, data=frame)
    assert (found.numbers["turns"], found.numbers["gaps"], found.numbers["widest"]) == (2, 1, 120)


def test_order_is_kept_across_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    from astrodata_kernel.data_tests import table_blocks

    monkeypatch.setattr(table_blocks, "ROWS", 2)
    assert only({"check": "monotonic", "on": "when"}).first == (3,)
    assert only({"check": "unique", "on": "id"}).first == (3,)
    assert only({"check": "range", "on": "x", "at_least": 0, "at_most": 9}).first == (3, 4)


def test_the_rarest_class_has_its_share() -> None:
    found = only({"check": "class_balance", "on": "label", "at_least": 0.3})
    assert (found.ok, found.numbers["counts"]) == (False, {"a": 3, "b": 1})
    assert "b: 25 %" in found.seen
    assert only({"check": "class_balance", "on": "label", "at_least": 0.25}).ok
    found = only({"check": "class_balance", "on": "label", "at_least": 0.1, "classes": ["a", "c"]})
    assert "c: 0 %" in found.seen


def test_rows_are_counted() -> None:
    assert only({"check": "rows", "at_least": 5, "at_most": 5}).ok
    assert not only({"check": "rows", "at_least": 6}).ok


def test_a_light_curve_passes_what_holds_of_it() -> None:
    report = run(
        {"check": "monotonic", "on": "TIME", "strictly": True},
        {"check": "nan_share", "on": "TIME", "at_most": 0.05},
        {"check": "unit", "on": "TIME", "unit": "d"},
        {"check": "unit", "on": "SAP_FLUX", "unit": "electron / s"},
        {"check": "unit", "on": "TIMECORR", "unit": "s", "equivalent": True},
        {"check": "unit", "on": "TIMECORR", "unit": "s", "level": "warn"},
        {"check": "monotonic", "on": "TIME", "gap_at_most": 0.5, "level": "warn"},
        data=TESS,
    )
    from astropy.io import fits

    time = np.asarray(fits.getdata(TESS)["TIME"], float)
    assert report.ok
    assert [r.outcome for r in report].count("warned") == 2
    assert report.results[1].numbers["share"] == np.isnan(time).mean()
    steps = np.diff(time[np.isfinite(time)])
    assert report.results[-1].numbers["widest"] == steps.max() == pytest.approx(1.13, abs=0.01)
    [row] = report.results[-1].first
    assert time[row] - np.nanmax(time[:row]) == steps.max()


@pytest.mark.parametrize(
    ("test", "words"),
    [
        ({"check": "rnage", "on": "x"}, "did you mean 'range'"),
        ({"check": "range", "on": "x", "atleast": 1}, "did you mean 'at_least'"),
        ({"check": "rows", "at_least": 1, "on": "x"}, "no argument 'on'"),
    ],
)
def test_unknown_checks_and_arguments_name_the_nearest(test: dict, words: str) -> None:
    with pytest.raises(UnknownName, match=f"test 1, .*{words}"):
        Tests.of([test])


def test_an_unknown_column_names_the_nearest() -> None:
    with pytest.raises(UnknownName, match="no column 'lable': did you mean label"):
        run({"check": "nan_share", "on": "lable"})


@pytest.mark.parametrize(
    ("test", "words"),
    [
        ({"check": "range", "on": "x"}, "give at_least, at_most or both"),
        ({"check": "range", "on": "x", "at_least": 3, "at_most": 1}, "holds no value"),
        ({"check": "nan_share", "at_most": "few"}, "give a number"),
        ({"check": "nan_share", "at_most": 3}, "no share"),
        ({"check": "nan_share", "level": "ignore"}, "'stop' or 'warn'"),
        ({"check": "allowed", "on": "x"}, "needs 'values'"),
        ({"check": "range", "on": "x", "column": "x", "at_least": 1}, "say the same"),
        ({"check": "unit", "on": "x", "unit": "parsnip"}, "no unit"),
        ({"check": "drift", "method": "psi", "p_at_least": 0.1}, "no p-value"),
        ({"check": "schema"}, "give columns"),
        ({"check": "schema", "columns": {"x": "flaot64"}}, "did you mean 'float64'"),
        ({}, "check: NAME"),
        (3, "check: NAME"),
    ],
)
def test_arguments_that_make_no_sense_are_refused_before_data_are_read(test, words: str) -> None:
    with pytest.raises(BadRequest, match=words):
        Tests.of([test])


def test_a_check_that_cannot_be_asked_of_a_column_says_so() -> None:
    with pytest.raises(BadRequest, match=r"cannot be asked of column 'label'.*'text'"):
        run({"check": "range", "on": "label", "at_least": 1})


def test_the_json_schema_takes_what_the_tests_take() -> None:
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    good = [
        {"check": "range", "on": ["x", "y"], "at_least": 0, "level": "warn"},
        {"check": "nan_share", "column": "x", "at_most": 0.1},
        {"check": "schema", "columns": {"x": "float64"}, "ordered": True},
        {"check": "drift", "method": "ks", "p_at_least": 0.01},
        {"check": "rows", "at_least": 1},
    ]
    assert not list(validator.iter_errors(good))
    assert len(Tests.of(good)) == 5
    bad = [
        {"check": "rnage", "on": "x"},
        {"check": "range", "on": 3, "at_least": 0},
        {"check": "rows", "at_least": 1.5},
        {"check": "drift", "method": "guess"},
        {"check": "allowed", "on": "x"},
        {"check": "nan_share", "atmost": 0.1},
    ]
    for one in bad:
        assert list(validator.iter_errors([one])), one
        with pytest.raises((BadRequest, UnknownName)):
            Tests.of([one])
    assert json.loads(json.dumps(schema)) == schema


def test_declared_tests_come_back_as_they_were() -> None:
    told = [{"check": "range", "on": ["x", "id"], "at_least": 0, "level": "warn"}]
    assert Tests.of(told).to_json() == told
    assert Tests.of(Tests.of(told).to_json()).to_json() == told


def test_a_check_of_the_user_is_asked_like_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    from astrodata_kernel.data_tests import registered

    monkeypatch.setattr(registered, "_known", {})

    @data_tests.check("odd")
    def odd(values, *, plus: int = 0):
        """Odd numbers."""
        return (values + plus) % 2 == 1

    @data_tests.check("small", whole=True)
    def small(given, *, rows: int):
        return given.count <= rows

    assert only({"check": "odd", "on": "id"}).first == (1,)
    assert only({"check": "odd", "on": "id", "plus": 1}).failing == 4
    assert not only({"check": "small", "rows": 3}).ok
    titles = [one["title"] for one in json_schema()["items"]["oneOf"]]
    assert {"odd", "small"} <= set(titles)
    with pytest.raises(BadRequest, match="plus is 'x': give a whole number"):
        Tests.of([{"check": "odd", "plus": "x"}])
    with pytest.raises(BadRequest, match="choose another name"):
        data_tests.check("range")(odd)
    with pytest.raises(DataCheckFailed, match="failed itself, with TypeError"):
        run({"check": "odd", "on": "label"})


def test_checks_of_other_packages_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib.metadata import EntryPoint

    from astrodata_kernel.data_tests import registered

    points = [
        EntryPoint("bounded", "operator:truth", registered.GROUP),
        EntryPoint("whole", "numbers:no_such_thing", registered.GROUP),
    ]
    monkeypatch.setattr(registered, "entry_points", lambda group: points)
    registered._of_packages.cache_clear()
    try:
        with pytest.warns(UserWarning, match="'whole' of another package cannot be loaded"):
            found = checks()
        assert "bounded" in found
        assert "whole" not in found
    finally:
        registered._of_packages.cache_clear()


def test_work_is_given_up_between_blocks() -> None:
    def stop() -> None:
        raise Cancelled("nobody waits")

    with pytest.raises(Cancelled):
        run({"check": "nan_share"}, cancelled=stop)
    shares: list[float] = []
    run({"check": "nan_share"}, progress=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_schemas_tell_types_missing_values_order_and_others() -> None:
    report = run(
        {
            "check": "schema",
            "columns": {
                "id": {"dtype": "int64", "unique": True},
                "x": {"dtype": "float32", "nullable": True},
                "label": {"dtype": "text", "allowed": ["a"]},
                "flux": "float64",
            },
            "others": False,
        }
    )
    found = {(r.column, r.allowed): r for r in report.failed}
    assert found["flux", "the column is there"]
    assert found["when", "no other columns"]
    assert found["x", "dtype('float32')"].seen == "float64"
    assert found["label", "no missing values"].first == (3,)
    assert found["label", "isin(['a'])"].first == (2,)
    assert found["id", "none repeated"].first == (3,)
    assert len(found) == 6


def test_columns_in_another_order_fail_an_ordered_schema() -> None:
    columns = {"x": "number", "id": "integer"}
    assert only({"check": "schema", "columns": columns}, data=FRAME[["id", "x"]]).ok is False
    columns["x"] = {"dtype": "number", "nullable": True}
    assert only({"check": "schema", "columns": columns}, data=FRAME[["id", "x"]]).ok is True
    found = run({"check": "schema", "columns": columns, "ordered": True}, data=FRAME[["id", "x"]])
    assert {r.allowed for r in found.failed} == {"columns in order"}


def test_a_schema_of_pandera_gives_what_pandera_gives() -> None:
    import pandera.pandas as pa

    schema = pa.DataFrameSchema(
        {
            "id": pa.Column(int, pa.Check.lt(5), unique=True),
            "x": pa.Column(float, pa.Check.in_range(0, 10), nullable=True),
        }
    )
    with pytest.raises(pa.errors.SchemaErrors) as told:
        schema.validate(FRAME, lazy=True)
    cases = told.value.failure_cases
    report = run({"check": "schema", "schema": schema})
    wanted = {(c, k): sorted(g["index"]) for (c, k), g in cases.groupby(["column", "check"])}
    names = {"field_uniqueness": "no value twice"}
    found = {(r.column, r.allowed): sorted(r.first) for r in report.failed}
    assert found == {(c, names.get(k, k)): rows for (c, k), rows in wanted.items()}
    with pytest.raises(BadRequest, match="only Python holds"):
        Tests.of([{"check": "schema", "schema": schema}]).to_json()
