import json
import shutil
from pathlib import Path

import astrodata_kernel as adk
import numpy as np
import pytest
from astrodata_kernel.data_tests import Tests, run_declared
from astrodata_kernel.errors import BadRequest, UnknownName

GAIA = Path(__file__).parents[1] / "data" / "table_gaia_cone.fits"
TESTS = [
    {"check": "unique", "on": "source_id", "level": "stop"},
    {"check": "unit", "on": "ra", "unit": "deg", "level": "stop"},
    {"check": "nan_share", "on": "radial_velocity", "at_most": 0.1, "level": "warn"},
]


@pytest.fixture
def catalog(tmp_path: Path) -> adk.Catalog:
    shutil.copy(GAIA, tmp_path / "gaia.fits")
    made = adk.Catalog(tmp_path)
    made.add(tmp_path / "gaia.fits")
    return made


def record(catalog: adk.Catalog) -> Path:
    [path] = (catalog.root / "astrodata").glob("*.json")
    return path


def test_tests_are_kept_with_a_data_set_and_run_from_it(catalog: adk.Catalog) -> None:
    entry = catalog.declare_tests("gaia", Tests.of(TESTS))
    assert list(entry.tests) == TESTS
    kept = adk.Catalog(catalog.root)["gaia"]
    assert kept == entry
    report = run_declared(kept)
    assert report.ok
    assert report.name == "gaia"
    assert [one.check for one in report.warned] == ["nan_share"]
    stored = np.asarray(adk.open(GAIA).table["radial_velocity"], float)
    assert report.warned[0].numbers["share"] == np.isnan(stored).mean()


def test_records_without_tests_are_as_before_and_still_read(catalog: adk.Catalog) -> None:
    told = json.loads(record(catalog).read_text())
    assert "tests" not in told
    assert catalog["gaia"].tests == ()
    catalog.declare_tests("gaia", TESTS)
    catalog.declare_tests("gaia", [])
    assert json.loads(record(catalog).read_text()) == told
    with pytest.raises(BadRequest, match="no tests are declared for 'gaia'"):
        run_declared(catalog["gaia"])


def test_tests_outlive_new_tags_and_the_file_added_again(catalog: adk.Catalog) -> None:
    catalog.declare_tests("gaia", TESTS)
    assert list(catalog.retag("gaia", ["stars"]).tests) == TESTS
    assert list(catalog.add(catalog.root / "gaia.fits").tests) == TESTS
    assert list(catalog["gaia"].tests) == TESTS
    assert len({catalog["gaia"], catalog["gaia"]}) == 1


@pytest.mark.parametrize(
    "tests",
    ["rows", {"check": "rows"}, 3, [3], [{"on": "x"}], [{"check": "range", "at_least": {1}}]],
)
def test_what_is_no_list_of_tests_is_refused(catalog: adk.Catalog, tests) -> None:
    with pytest.raises(BadRequest):
        catalog.declare_tests("gaia", tests)
    assert catalog["gaia"].tests == ()


def test_a_name_without_a_data_set_is_told(catalog: adk.Catalog) -> None:
    with pytest.raises(UnknownName, match="did you mean 'gaia'"):
        catalog.declare_tests("gaja", TESTS)


def test_a_record_with_senseless_tests_is_left_out_and_said(catalog: adk.Catalog) -> None:
    told = json.loads(record(catalog).read_text())
    record(catalog).write_text(json.dumps({**told, "tests": ["rows"]}))
    with pytest.warns(UserWarning, match="no record of a data set"):
        assert list(catalog) == []
