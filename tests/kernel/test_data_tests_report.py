import json

import numpy as np
import pandas as pd
import pytest
from astrodata_kernel.data_tests import Report, Tests
from astrodata_kernel.errors import DamagedFile, DataCheckFailed, UnreadableFile

TESTS = [
    {"check": "range", "on": "x", "at_least": 0},
    {"check": "nan_share", "on": "x", "level": "warn"},
    {"check": "rows", "at_least": 1},
    {"check": "drift", "on": "x", "at_most": 100},
]
FRAME = pd.DataFrame({"x": [1.0, np.nan, -3.0]})


@pytest.fixture
def report() -> Report:
    return Tests.of(TESTS).run(FRAME, name="beats", reference=pd.DataFrame({"x": [1.0, 2.0]}))


def test_a_report_tells_what_failed_warned_and_passed(report: Report) -> None:
    assert not report.ok
    assert [one.check for one in report.failed] == ["range"]
    assert [one.check for one in report.warned] == ["nan_share"]
    assert report.table.outcome.tolist() == ["failed", "warned", "passed", "passed"]
    assert report.table.loc[0, "first"] == (2,)
    assert report.summary == "beats: 2 passed, 1 warned, 1 failed"
    assert "failed: range of column x: -3 to 1" in str(report)


def test_an_error_names_the_file_the_column_and_the_row(report: Report, tmp_path) -> None:
    with pytest.raises(
        DataCheckFailed, match=r"beats: 1 data test failed\. range of column x: .* in row 2"
    ):
        report.raise_if_failed()
    FRAME.to_parquet(tmp_path / "f.parquet")
    found = Tests.of(TESTS[:1]).run(tmp_path / "f.parquet")
    with pytest.raises(DataCheckFailed, match=r"/f\.parquet: 1 data test failed"):
        found.raise_if_failed()
    good = Tests.of(TESTS[1:3]).run(FRAME)
    assert good.raise_if_failed() is good


def test_a_report_comes_back_from_its_file(report: Report, tmp_path) -> None:
    path = report.save(tmp_path / "r.json")
    told = json.loads(path.read_text())
    assert (told["format"], told["ok"], told["results"][0]["first"]) == (1, False, [2])
    back = Report.load(path)
    assert back == report
    assert back._repr_html_() == report._repr_html_()


def test_a_pixel_keeps_its_place_in_a_file(tmp_path) -> None:
    values = np.zeros((3, 4))
    values[1, 2] = np.inf
    report = Tests.of([{"check": "finite"}]).run(values)
    assert report.failed[0].first == ((1, 2),)
    assert Report.load(report.save(tmp_path / "r.json")).failed[0].first == ((1, 2),)
    assert "[1, 2]" in report._repr_html_()


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"format": 9, "what": "astrodata data tests"}', "[" * 9999]
)
def test_a_file_that_is_no_report_is_refused(text: str, tmp_path) -> None:
    (tmp_path / "r.json").write_text(text)
    with pytest.raises(DamagedFile, match=r"r\.json is no report"):
        Report.load(tmp_path / "r.json")


def test_a_report_that_is_gone_is_told(tmp_path) -> None:
    with pytest.raises(UnreadableFile):
        Report.load(tmp_path / "none.json")


def test_the_page_has_marks_in_words_and_pictures_with_words(report: Report) -> None:
    html = report._repr_html_()
    for words in (
        ">✗</span> failed",
        ">!</span> warned",
        ">✓</span> passed",
        "row 2",
        "bars are the data",
    ):
        assert words in html
    assert html.count("<svg") == 1


def test_text_of_a_file_reaches_the_page_only_escaped(tmp_path) -> None:
    bad = "<img src=x onerror=alert(1)>"
    quote = "'onload='alert(1)"
    frame = pd.DataFrame({bad: ["<b>", quote], quote: [1.0, 2.0]})
    tests = [
        {"check": "allowed", "on": bad, "values": ["<i>"]},
        {"check": "class_balance", "on": bad, "at_least": 0.9},
        {"check": "drift", "on": [bad, quote]},
    ]
    report = Tests.of(tests).run(frame, name=bad, reference=frame)
    for html in (report._repr_html_(), Report.load(report.save(tmp_path / "r"))._repr_html_()):
        assert "<img" not in html
        assert "<b>&lt;img" in html
        assert quote not in html
        assert "<i>" not in html


def test_a_report_of_a_hostile_file_draws_nothing_of_its_own(report: Report, tmp_path) -> None:
    told = report.to_json()
    told["results"][3]["picture"]["data"] = ["<script>"] * 24
    (tmp_path / "r.json").write_text(json.dumps(told))
    with pytest.raises(DamagedFile):
        Report.load(tmp_path / "r.json")
    told = report.to_json()
    told["results"][0]["outcome"] = "<script>"
    (tmp_path / "r.json").write_text(json.dumps(told))
    with pytest.raises(DamagedFile):
        Report.load(tmp_path / "r.json")
