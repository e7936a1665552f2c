import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from astrodata_kernel.datasets import Dataset
from astrodata_kernel.errors import (
    AstrodataError,
    BadRequest,
    Cancelled,
    UnknownName,
    UnreadableFile,
    UnsupportedFormat,
)
from astrodata_kernel.processing.waveforms import synthesize
from astrodata_kernel.widgets.base import STATIC
from astrodata_kernel.widgets.waveforms import WaveformViewer
from astrodata_kernel.widgets.waveforms_jobs import Job, Jobs, NotYet

LONG_WAIT = 120.0


@pytest.fixture(scope="module")
def traces() -> np.ndarray[Any, Any]:
    made: np.ndarray[Any, Any] = synthesize(60, seed=1)[0]
    return made


@pytest.fixture
def viewer(traces: np.ndarray[Any, Any]):
    made = WaveformViewer(traces)
    yield made
    made.close()


def columns_of(reply: Any) -> list[str]:
    return [column["name"] for column in reply.meta["columns"]]


# --- sources ----------------------------------------------------------------------------------------


def test_the_built_bundle_is_there_and_small_enough_for_each_cell_to_carry() -> None:
    assert 10_000 < (STATIC / "waveforms.js").stat().st_size < 250_000
    assert (STATIC / "waveforms.css").stat().st_size > 1000


def test_describe_tells_what_the_browser_needs_to_know(viewer: WaveformViewer) -> None:
    meta = viewer.request("describe").meta
    assert (meta["traces"], meta["samples"], meta["dtype"]) == (60, 9728, "float32")
    assert meta["columns"][:4] == ["trace", "baseline", "baseline_rms", "peak"]
    assert meta["has_model"] is False


def test_facts_come_from_the_data_set(traces: np.ndarray[Any, Any]) -> None:
    meta = {"unit": "mV", "sample_period": 4e-9, "polarity": -1, "warnings": ["a cut record"]}
    source = replace(Dataset.of_array(traces[:4]), kind="waveforms", meta=meta)
    viewer = WaveformViewer(source)
    told = viewer.request("describe").meta
    assert (told["unit"], told["sample_period"], told["warnings"]) == ("mV", 4e-9, ["a cut record"])
    viewer.table  # noqa: B018 - measures
    units = {
        c["name"]: c["unit"] for c in viewer.request("table", start=0, count=1).meta["columns"]
    }
    assert (units["peak"], units["position"]) == ("mV", "s")


def test_a_path_and_one_trace_are_sources(tmp_path: Path, traces: np.ndarray[Any, Any]) -> None:
    np.save(tmp_path / "many.npy", traces[:3])
    assert WaveformViewer(tmp_path / "many.npy").request("describe").meta["traces"] == 3
    assert WaveformViewer(traces[0]).request("describe").meta["traces"] == 1


def test_columns_of_the_file_stand_beside_what_is_measured(
    tmp_path: Path, traces: np.ndarray[Any, Any]
) -> None:
    paths = [tmp_path / "a.npz", tmp_path / "b.npz"]
    for path in paths:
        np.savez(path, signal=traces[:3], noise=traces[3:6], peak=[0.1, 0.2, 0.3])
    viewer = WaveformViewer(paths)
    names = viewer.request("describe").meta["columns"]
    assert {"file", "peak", "measured_peak", "width"} <= set(names)
    assert viewer.table["peak"].tolist() == [0.1, 0.2, 0.3] * 2
    highest = viewer.dataset.array[:].max(axis=1) - viewer.table["baseline"]
    np.testing.assert_allclose(viewer.table["measured_peak"], highest, rtol=1e-5)


@pytest.mark.parametrize(
    ("source", "error"),
    [
        (np.zeros((2, 3, 4)), BadRequest),
        (np.zeros((0, 100)), UnsupportedFormat),
        (np.zeros((3, 4), complex), BadRequest),
        (np.array([[1, "a"]], dtype=object), BadRequest),
        ([[1.0, 2.0], [1.0]], BadRequest),
        ("/nowhere/traces.npy", UnreadableFile),
    ],
)
def test_what_holds_no_traces_is_refused_in_words(source: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match=r"\w+ \w+"):
        WaveformViewer(source)


# --- pictures ---------------------------------------------------------------------------------------


def test_the_persistence_image_counts_each_trace_once_a_pixel(viewer: WaveformViewer) -> None:
    reply = viewer.request("picture", image="persistence", columns=300, rows=80, patience=LONG_WAIT)
    meta = reply.meta
    counts = reply.array()[0]
    assert (meta["ready"], counts.shape, meta["total"]) == (True, (80, 300), 60)
    assert meta["most"] == counts.max() <= 60
    assert (counts.sum(axis=0) >= 60).all()
    assert meta["values"][0] == viewer.dataset.array[:].min()


def test_the_heat_map_tells_the_first_trace_of_each_row(
    viewer: WaveformViewer, traces: np.ndarray[Any, Any]
) -> None:
    reply = viewer.request(
        "picture",
        image="heat map",
        columns=10,
        rows=15,
        samples=[0, 1000],
        where={"trace": [30, None]},
        patience=LONG_WAIT,
    )
    assert (reply.meta["shape"], reply.meta["total"]) == ([1, 15, 10], 30)
    ids = np.frombuffer(reply.buffers[1], "<i4")
    assert ids.tolist() == list(range(30, 60, 2))
    np.testing.assert_allclose(reply.array()[0, 0, 0], traces[30:32, :100].mean(), rtol=1e-4)


def test_a_zoom_asks_for_its_own_window(
    viewer: WaveformViewer, traces: np.ndarray[Any, Any]
) -> None:
    reply = viewer.request(
        "picture",
        image="persistence",
        columns=50,
        rows=20,
        samples=[100, 150],
        values=[-0.01, 0.01],
        patience=LONG_WAIT,
    )
    assert (reply.meta["samples"], reply.meta["values"]) == ([100, 150], [-0.01, 0.01])
    low, high = traces[:, 100:102].min(axis=1), traces[:, 100:102].max(axis=1)
    touching = ((low < 0.01) & (high >= -0.01)).sum()
    assert reply.array()[0][:, 0].max() <= touching


def test_a_filter_that_nothing_passes_gives_an_empty_picture(viewer: WaveformViewer) -> None:
    where = {"trace": [1000, 2000]}
    reply = viewer.request("picture", image="persistence", columns=9, rows=9, where=where)
    assert (reply.meta["ready"], reply.meta["total"], len(reply.buffers)) == (True, 0, 0)
    step = viewer.request("step", trace=0, by=1, where=where).meta
    assert (step["trace"], step["total"]) == (None, 0)
    assert viewer.request("table", start=0, count=10, where=where).meta["total"] == 0


def test_a_pixel_tells_which_traces_cross_it(
    viewer: WaveformViewer, traces: np.ndarray[Any, Any]
) -> None:
    found = viewer.request(
        "crossing", samples=[4000, 4010], values=[0.1, 0.2], patience=LONG_WAIT
    ).meta
    part = traces[:, 4000:4011]
    wanted = np.flatnonzero((part.min(axis=1) <= 0.2) & (part.max(axis=1) >= 0.1))
    assert found["traces"] == wanted.tolist()
    assert found["total"] == len(wanted) > 0


def test_traces_of_nan_and_constant_ones_are_drawn_as_gaps_and_lines() -> None:
    values = np.full((3, 200), np.nan, "f4")
    values[1] = 7.0
    viewer = WaveformViewer(values)
    image = viewer.request("picture", image="persistence", columns=200, rows=10, patience=LONG_WAIT)
    assert image.array().sum() == 200
    heat = viewer.request("picture", image="heat map", columns=20, rows=3, patience=LONG_WAIT)
    assert np.isnan(heat.array()[0, 0]).all()
    assert heat.meta["values"] == [6.5, 7.5]
    low, high = viewer.request("envelope", traces=[0, 1], start=0, stop=200, columns=10).array()
    assert np.isnan(low[0]).all()
    assert (high[1] == 7).all()
    assert viewer.table["bad"].tolist() == [True, True, True]
    probe = viewer.request("probe", traces=[0, 1], samples=[3, 999]).meta["values"]
    assert [p["text"] for p in probe] == ["NaN", "outside"]


# --- lines ------------------------------------------------------------------------------------------


def test_envelopes_are_exact_at_every_zoom(
    viewer: WaveformViewer, traces: np.ndarray[Any, Any]
) -> None:
    for start, stop, columns in [(0, 9728, 300), (17, 4001, 301), (100, 150, 300)]:
        reply = viewer.request("envelope", traces=[3, 5], start=start, stop=stop, columns=columns)
        low, high = reply.array()
        n = min(columns, stop - start)
        edges = start + np.arange(n + 1) * (stop - start) // n
        for line, trace in zip(high, (3, 5), strict=True):
            parts = np.maximum.reduceat(traces[trace, :stop], edges[:-1])
            np.testing.assert_array_equal(line, parts)
        assert reply.meta["exact"] == (n == stop - start)
        if reply.meta["exact"]:
            np.testing.assert_array_equal(low[0], traces[3, start:stop])


def test_a_long_trace_is_answered_from_a_pyramid_that_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    series = np.random.default_rng(0).normal(size=(1, 3_000_000)).astype("f4")
    np.save(tmp_path / "long.npy", series)
    viewer = WaveformViewer(tmp_path / "long.npy", features=False)
    reply = viewer.request(
        "envelope", traces=[0], start=5, stop=2_999_999, columns=700, patience=LONG_WAIT
    )
    low, high = reply.array()[:, 0]
    edges = 5 + np.arange(701) * 2_999_994 // 700
    np.testing.assert_array_equal(low, np.minimum.reduceat(series[0, :2_999_999], edges[:-1]))
    np.testing.assert_array_equal(high, np.maximum.reduceat(series[0, :2_999_999], edges[:-1]))
    assert len(list((tmp_path / "cache").rglob("*.envelope.npz"))) == 1


def test_aligned_traces_have_their_peaks_above_each_other(
    viewer: WaveformViewer, traces: np.ndarray[Any, Any]
) -> None:
    reply = viewer.request(
        "envelope", traces=[0, 4], start=0, stop=9728, columns=9728, align="peak"
    )
    highs = reply.array()[1]
    shift = int(traces[4].argmax()) - int(traces[0].argmax())
    assert reply.meta["shifts"] == [0, shift]
    assert abs(np.nanargmax(highs[1]) - np.nanargmax(highs[0])) == 0
    assert np.isnan(highs[1]).sum() == abs(shift)
    with pytest.raises(UnknownName, match="peak or threshold"):
        viewer.request("envelope", traces=[0, 4], start=0, stop=9, columns=9, align="middle")


def test_reconstruction_and_residual_come_from_the_model(traces: np.ndarray[Any, Any]) -> None:
    class Half:
        def predict(self, rows: np.ndarray[Any, Any], verbose: int = 1) -> np.ndarray[Any, Any]:
            assert verbose == 0
            return rows[..., None] / 2

    viewer = WaveformViewer(traces, model=Half())
    assert viewer.has_model
    reply = viewer.request(
        "envelope",
        traces=[7],
        start=0,
        stop=100,
        columns=100,
        lines=["data", "reconstruction", "residual"],
    )
    data, made, rest = (reply.array(i)[0, 0] for i in range(3))
    np.testing.assert_array_equal(made, data / 2)
    np.testing.assert_array_equal(rest, data - data / 2)


def test_a_model_of_another_length_is_told_as_such(traces: np.ndarray[Any, Any]) -> None:
    def wrong(rows: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        raise ValueError("expected 512 samples")

    ask = {"traces": [0], "start": 0, "stop": 10, "columns": 10, "lines": ["reconstruction"]}
    with pytest.raises(BadRequest, match=r"9728 samples.*expected 512"):
        WaveformViewer(traces, model=wrong).request("envelope", **ask)
    with pytest.raises(BadRequest, match="must keep the shape"):
        WaveformViewer(traces, model=lambda rows: rows[:, ::2]).request("envelope", **ask)
    with pytest.raises(BadRequest, match="was given no model"):
        WaveformViewer(traces).request("envelope", **ask)
    with pytest.raises(BadRequest, match="neither reconstruct nor predict"):
        WaveformViewer(traces, model=3)


def test_pulses_are_marked_where_they_are(
    viewer: WaveformViewer, traces: np.ndarray[Any, Any]
) -> None:
    (found,) = viewer.request("pulses", traces=[0]).meta["pulses"]
    assert int(traces[0].argmax()) in [pulse["peak"] for pulse in found]
    assert all(p["start"] <= p["peak"] < p["stop"] for p in found)


def test_the_read_out_is_exact() -> None:
    values = np.array([[12345678901, 2], [3, 4]])
    viewer = WaveformViewer(values)
    found = viewer.request("probe", traces=[0, 1], samples=[0, 1]).meta["values"]
    assert [f["text"] for f in found] == ["12345678901", "4"]


@pytest.mark.parametrize(
    "msg",
    [
        {"traces": [99], "start": 0, "stop": 10, "columns": 10},
        {"traces": [0], "start": 10, "stop": 10, "columns": 10},
        {"traces": [0], "start": 0, "stop": 99999, "columns": 10},
        {"traces": [0], "start": 0, "stop": 10, "columns": 0},
        {"traces": [0] * 51, "start": 0, "stop": 10, "columns": 10},
    ],
)
def test_lines_that_there_are_not_are_a_bad_request(
    viewer: WaveformViewer, msg: dict[str, Any]
) -> None:
    with pytest.raises(BadRequest):
        viewer.request("envelope", **msg)


# --- table ------------------------------------------------------------------------------------------


def test_the_table_is_there_before_the_features_and_grows_with_them(
    viewer: WaveformViewer,
) -> None:
    first = viewer.request("table", start=0, count=5).meta
    assert [row[0] for row in first["rows"]] == [0, 1, 2, 3, 4]
    viewer.table  # noqa: B018 - waits for the features
    page = viewer.request("table", start=0, count=5)
    assert page.meta["progress"] is None
    assert {c["kind"] for c in page.meta["columns"]} == {"number", "flag"}
    assert all(value != "" for row in page.meta["rows"] for value in row)


def test_rows_are_sorted_and_filtered(viewer: WaveformViewer) -> None:
    table = viewer.table
    where = {"peak": [0.05, None], "pulses": [1, 1]}
    wanted = table[(table.peak >= 0.05) & (table.pulses == 1)].sort_values("peak", ascending=False)
    assert 0 < len(wanted) < 60
    page = viewer.request(
        "table", start=2, count=3, where=where, sort=["peak", "desc"], trace=int(wanted.index[4])
    ).meta
    assert (page["total"], page["start"], page["place"]) == (len(wanted), 2, 4)
    assert [row[0] for row in page["rows"]] == wanted.index[2:5].tolist()


def test_stepping_follows_filter_and_order(viewer: WaveformViewer) -> None:
    order = viewer.table.sort_values("peak", kind="stable").index.tolist()
    step = viewer.request("step", trace=order[3], by=1, sort=["peak", "asc"]).meta
    assert (step["trace"], step["place"]) == (order[4], 4)
    assert viewer.request("step", trace=order[-1], by=1, sort=["peak", "asc"]).meta["place"] == 59
    where = {"trace": [10, 20]}
    assert viewer.request("step", trace=5, by=1, where=where).meta["trace"] == 10
    assert viewer.request("step", trace=30, by=-1, where=where).meta["trace"] == 20


def test_nan_passes_no_filter_and_comes_last() -> None:
    table = pd.DataFrame({"score": [2.0, np.nan, 1.0, 3.0], "word": ["b", "a", "d", "c"]})
    viewer = WaveformViewer(np.zeros((4, 50)), features=table)
    for direction, wanted in (("asc", [2, 0, 3, 1]), ("desc", [3, 0, 2, 1])):
        page = viewer.request("table", start=0, count=9, sort=["score", direction]).meta
        assert [row[0] for row in page["rows"]] == wanted
    page = viewer.request("table", start=0, count=9, sort=["word", "desc"]).meta
    assert [row[2] for row in page["rows"]] == ["d", "c", "b", "a"]
    assert page["rows"][3][1] is None
    viewer.filter = {"score": [None, 9]}
    assert viewer.selection.tolist() == [0, 2, 3]


def test_a_histogram_counts_all_traces_and_those_that_the_others_let_pass(
    viewer: WaveformViewer,
) -> None:
    table = viewer.table
    reply = viewer.request(
        "histogram", column="peak", bins=20, where={"peak": [0.1, None], "trace": [0, 29]}
    )
    whole, part = reply.array()[0]
    assert (int(whole.sum()), int(part.sum())) == (60, 30)
    assert (reply.meta["low"], reply.meta["high"]) == (table.peak.min(), table.peak.max())
    edges = np.linspace(table.peak.min(), table.peak.max(), 21)
    if reply.meta["log"]:
        edges = np.geomspace(table.peak.min(), table.peak.max(), 21)
    np.testing.assert_allclose(whole, np.histogram(table.peak, edges)[0], atol=1)


def test_a_table_that_the_caller_brings_replaces_the_features() -> None:
    table = pd.DataFrame({"score": [1.0, np.inf, 3.0]})
    viewer = WaveformViewer(np.zeros((3, 10)), features=table)
    page = viewer.request("table", start=0, count=9)
    assert columns_of(page) == ["trace", "score"]
    assert page.meta["progress"] is None
    assert viewer.request("histogram", column="score").meta["missing"] == 1
    with pytest.raises(BadRequest, match="3 rows for 4 traces"):
        WaveformViewer(np.zeros((4, 10)), features=table)
    assert columns_of(
        WaveformViewer(np.zeros((4, 10)), features=False).request("table", start=0, count=1)
    ) == ["trace"]


# --- traits and Python ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("filter", {"peek": [0, 1]}, "did you mean 'peak'"),
        ("filter", {"peak": [2, 1]}, "holds nothing"),
        ("filter", {"peak": 3}, "is not"),
        ("sort", ["nothing", "asc"], "no column"),
        ("sort", ["peak", "up"], '"desc"'),
        ("trace", 60, "there are 60"),
        ("traces", [0, -1], "trace -1"),
        ("time_range", [0, 99999], "samples 0 to 9728"),
        ("value_range", [2.0, 1.0], "lower one first"),
    ],
)
def test_settings_that_cannot_be_are_refused_and_the_old_ones_stay(
    viewer: WaveformViewer, name: str, value: Any, message: str
) -> None:
    before = getattr(viewer, name)
    with pytest.raises(AstrodataError, match=message):
        setattr(viewer, name, value)
    assert getattr(viewer, name) == before


def test_a_filter_on_text_is_refused_when_it_is_used() -> None:
    viewer = WaveformViewer(np.zeros((2, 9)), features=pd.DataFrame({"word": ["a", "b"]}))
    with pytest.raises(BadRequest, match="holds text"):
        viewer.request("table", start=0, count=1, where={"word": [0, 1]})
    with pytest.raises(BadRequest, match="only numbers have a histogram"):
        viewer.request("histogram", column="word")


def test_the_selection_is_what_passes_the_filter(viewer: WaveformViewer) -> None:
    assert viewer.selection.tolist() == list(range(60))
    viewer.filter = {"peak": [0.05, 0.5]}
    table = viewer.table
    wanted = np.flatnonzero((table.peak >= 0.05) & (table.peak <= 0.5))
    np.testing.assert_array_equal(viewer.selection, wanted)
    selected = viewer.selected_table()
    assert selected.index.tolist() == wanted.tolist()
    assert selected.index.name == "trace"


def test_a_saved_selection_holds_traces_numbers_and_columns(
    viewer: WaveformViewer, traces: np.ndarray[Any, Any], tmp_path: Path
) -> None:
    viewer.filter = {"peak": [0.05, None]}
    path = viewer.save_selection(tmp_path / "selected.npz")
    with np.load(path) as saved:
        np.testing.assert_array_equal(saved["trace"], viewer.selection)
        np.testing.assert_array_equal(saved["traces"], traces[viewer.selection])
        np.testing.assert_array_equal(saved["peak"], viewer.selected_table()["peak"])
    assert [p.name for p in tmp_path.iterdir()] == ["selected.npz"]


def test_an_empty_selection_or_a_full_folder_leaves_no_file(
    viewer: WaveformViewer, tmp_path: Path
) -> None:
    with pytest.raises(UnreadableFile, match="cannot be written"):
        viewer.save_selection(tmp_path / "missing" / "selected.npz")
    viewer.filter = {"trace": [99, 100]}
    with pytest.raises(BadRequest, match="nothing to write"):
        viewer.save_selection(tmp_path / "selected.npz")
    assert list(tmp_path.iterdir()) == []


# --- long work --------------------------------------------------------------------------------------


@pytest.fixture
def jobs():
    made = Jobs()
    yield made
    made.close()


def test_work_that_takes_long_is_asked_after_with_its_progress(jobs: Jobs) -> None:
    told, go = threading.Event(), threading.Event()

    def work(job: Job[int]) -> int:
        job.tell(0.4)
        told.set()
        assert go.wait(LONG_WAIT)
        return 42

    with pytest.raises(NotYet):
        jobs.ask("answer", work)
    assert told.wait(LONG_WAIT)
    with pytest.raises(NotYet) as not_yet:
        jobs.ask("answer", work)
    assert not_yet.value.progress == 0.4
    go.set()
    assert jobs.ask("answer", work, patience=LONG_WAIT) == 42


def test_a_view_that_asks_for_something_else_has_its_old_work_given_up(jobs: Jobs) -> None:
    begun, ended = threading.Event(), threading.Event()
    caught: list[Exception] = []

    def endless(job: Job[int]) -> int:
        begun.set()
        try:
            while True:
                job.check()
        except Cancelled as cancelled:
            caught.append(cancelled)
            ended.set()
            raise

    with pytest.raises(NotYet):
        jobs.ask("old", endless, slot="picture")
    assert begun.wait(LONG_WAIT)
    assert jobs.ask("new", lambda job: 1, slot="picture", patience=LONG_WAIT) == 1
    assert ended.wait(LONG_WAIT)
    assert len(caught) == 1


def test_work_that_another_view_waits_for_goes_on(jobs: Jobs) -> None:
    go = threading.Event()

    def work(job: Job[str]) -> str:
        assert go.wait(LONG_WAIT)
        job.check()
        return "kept"

    for slot in ("one", "two"):
        with pytest.raises(NotYet):
            jobs.ask("shared", work, slot=slot)
    jobs.ask("other", lambda job: 1, slot="one", patience=LONG_WAIT)
    go.set()
    assert jobs.ask("shared", work, slot="two", patience=LONG_WAIT) == "kept"


def test_failed_work_tells_why_and_can_be_tried_again(jobs: Jobs) -> None:
    def broken(job: Job[int]) -> int:
        raise BadRequest("a cut record")

    with pytest.raises(BadRequest, match="a cut record"):
        jobs.ask("x", broken, patience=LONG_WAIT)
    assert jobs.ask("x", lambda job: 3, patience=LONG_WAIT) == 3


def test_requests_say_how_far_they_are(viewer: WaveformViewer) -> None:
    wanted = {"image": "persistence", "columns": 100, "rows": 50, "where": {"peak": [0.1, None]}}
    reply = viewer.request("picture", **wanted, patience=0.0)
    if not reply.meta["ready"]:
        assert set(reply.meta) == {"ready", "progress", "doing"}
        assert 0 <= reply.meta["progress"] <= 1
    count = len(viewer.table.query("peak >= 0.1"))
    reply = viewer.request("picture", **wanted, patience=LONG_WAIT)
    assert (reply.meta["ready"], reply.meta["total"]) == (True, count)


def test_a_closed_viewer_gives_its_work_up(traces: np.ndarray[Any, Any]) -> None:
    viewer = WaveformViewer(traces)
    viewer.close()
    with pytest.raises(Cancelled, match="closed"):
        viewer.request("picture", image="persistence", columns=10, rows=10)
