"""Runs beside each other: what differs first, as a table and as lines across axes."""

import pytest
from astrodata_kernel.errors import BadRequest, UnknownName
from astrodata_kernel.tracking import Tracker, compare


@pytest.fixture(scope="module")
def tracker(tmp_path_factory):
    path = tmp_path_factory.mktemp("runs") / "runs.db"
    made = Tracker(f"sqlite:///{path}", "nets", system_metrics=None)
    for number, (rate, shape) in enumerate([(1e-4, "wide"), (1e-2, "deep"), (1.0, "<b>odd$</b>")]):
        with made.run(f"run {number}") as run:
            run.parameters({"rate": rate, "shape": shape, "seed": 1, "loss": "mse"})
            run.metrics({"loss": 1.0 / (number + 1), "epochs": 10, "system/cpu": 5.0})
            if number:
                run.metrics({"found": number / 10})
    return made


def test_what_differs_stands_first_and_numbers_are_numbers(tracker):
    made = compare(tracker=tracker)
    assert list(made.table.columns) == [
        "name", "rate", "shape", "found", "loss ", "loss", "seed", "epochs", "status",
    ]  # fmt: skip
    assert made.differing == ("rate", "shape", "found", "loss ")
    rows = made.table.set_index("name")
    assert rows.loc["run 1", "rate"] == 1e-2
    assert rows.loc["run 2", "loss "] == pytest.approx(1 / 3)
    assert rows["found"].isna().sum() == 1
    assert set(rows["status"]) == {"FINISHED"}


def test_runs_and_columns_may_be_chosen(tracker):
    ids = list(compare("nets", tracker=tracker).table.index)
    made = compare(ids[:2], metrics=["system/cpu"], parameters=["shape"], tracker=tracker)
    assert list(made.table.index) == ids[:2]
    assert (made.parameters, made.metrics) == (("shape",), ("system/cpu",))


def test_the_picture_has_a_line_a_run_and_an_axis_for_each_thing_that_differs(tracker):
    made = compare(tracker=tracker)
    axes = made.figure("loss ").axes[0]
    runs = [line for line in axes.lines if len(line.get_xdata()) == len(made.differing) != 2]
    assert len(runs) == 3
    words = {text.get_text() for text in axes.texts}
    assert {"rate", "shape", "found", "loss ", "wide", "deep"} <= words
    assert {"0.0001", "0.01", "1"} <= words  # a logarithmic axis: its middle is a hundredth
    places = sorted(float(line.get_ydata()[0]) for line in runs)
    assert places == pytest.approx([0, 0.5, 1])
    with pytest.raises(UnknownName, match="did you mean 'found'"):
        made.figure("foun")


def test_a_page_shows_the_names_of_others_as_text(tracker):
    page = compare(tracker=tracker)._repr_html_()
    assert page.startswith("<svg")
    assert "<b>odd" not in page
    assert "&lt;b&gt;odd" in page


def test_what_is_not_there_is_told_with_the_closest_name(tracker, tmp_path):
    with pytest.raises(UnknownName, match="did you mean 'nets'"):
        compare("netz", tracker=tracker)
    with pytest.raises(UnknownName, match="did you mean 'rate'"):
        compare(parameters=["rat"], tracker=tracker)
    with pytest.raises(UnknownName, match="no such thing"):
        compare(["0" * 32], tracker=tracker)
    with pytest.raises(BadRequest, match="no run"):
        compare([], tracker=tracker)


def test_one_run_alone_is_shown_too(tracker):
    (first, *_rest) = compare(tracker=tracker).table.index
    made = compare([first], tracker=tracker)
    assert made.differing == ()
    assert made._repr_html_().startswith("<svg")
