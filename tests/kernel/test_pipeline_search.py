"""Searches: trials that Optuna chooses, pruned, resumed, each a run of MLflow."""

from __future__ import annotations

import time
from pathlib import Path

import astrodata_kernel as adk
import pytest
from astrodata_kernel.errors import BadRequest, UnknownName
from astrodata_kernel.pipeline import Pipeline, Run, Work, block
from astrodata_kernel.tracking import Tracker


@block(stage="ingest")
def start(*, at: int) -> int:
    return at


@block(stage="evaluate")
def valley(at, *, x: float, kind: str = "square", work: Work):
    """Give a valley whose floor is at 2."""
    value = (x - 2) ** 2 + at + (0 if kind == "square" else 5)
    work.metrics({"depth": value})
    return value


@block(stage="train")
def epochs(at, *, rate: float, work: Work):
    for epoch in range(20):
        work.metrics({"score": rate * (epoch + 1)}, epoch)
        time.sleep(0.03)  # an epoch takes its time; a trial that is pruned ends before them all
        work.check()
    return rate


def valleys() -> Pipeline:
    made = Pipeline("valley", {"x": 0.0, "at": 0}).add("start", start, at="${at}")
    return made.add("valley", valley, "start", x="${x}")


def test_the_best_is_found_and_the_search_goes_on_under_its_name(tmp_path: Path) -> None:
    space = {"x": {"from": -10.0, "to": 10.0}, "valley.kind": ["square", "high"]}
    kept = {"workspace": tmp_path, "direction": "minimize", "track": False}
    first = valleys().search(space, "valley.depth", trials=8, **kept)
    assert len(first.table) == 8
    told: list[dict[str, object]] = []
    found = valleys().search(space, "valley.depth", trials=30, progress=told.append, **kept)
    assert len(found.table) == 30
    assert len(told) == 22
    assert abs(found.best["x"] - 2) < 1.5
    assert found.best["valley.kind"] == "square"
    assert found.value == found.table.value.min()
    run = Run.of(found.run, tmp_path)
    assert run.outputs["valley"] == found.value
    assert run.record["steps"]["start"]["state"] == "cached"
    for what in ("history", "importance", "parallel", "slice"):
        assert found.figure(what).axes
    assert "best valley.depth" in found._repr_html_()
    assert valleys().search(space, "valley.value", trials=3, **kept).value >= 0


def test_each_trial_is_a_run_of_mlflow(tmp_path: Path) -> None:
    tracker = Tracker(f"sqlite:///{tmp_path / 'mlflow.db'}", system_metrics=None)
    found = valleys().search(
        {"x": [1.0, 2.0, 3.0]},
        "valley.depth",
        trials=3,
        direction="minimize",
        workspace=tmp_path,
        track=tracker,
    )
    kept = tracker.client().search_runs([str(tracker.experiment_id())])
    assert len(kept) == 3
    best = [one for one in kept if one.data.params["x"] == str(found.best["x"])]
    assert best[0].data.metrics["valley.depth"] == found.value
    assert {one.data.tags["astrodata.search"] for one in kept} == {found.study.study_name}


def test_trials_that_fall_behind_are_pruned(tmp_path: Path) -> None:
    pipeline = Pipeline("p", {"rate": 1.0}).add("start", start, at=1)
    pipeline.add("fit", epochs, "start", rate="${rate}")
    # The first five are let through; after them the bad ones end early.
    found = pipeline.search(
        {"rate": {"from": 0.1, "to": 1.0}}, "fit.score", trials=12, workspace=tmp_path, track=False
    )
    assert (found.table.state == "pruned").any()
    assert found.value == found.table.value.max()


def test_side_by_side_on_a_cluster(tmp_path: Path) -> None:
    with adk.compute.cluster("threads", 2) as cluster:
        found = valleys().search(
            {"x": {"from": -10.0, "to": 10.0}},
            "valley.depth",
            trials=10,
            direction="minimize",
            cluster=cluster,
            at_once=2,
            workspace=tmp_path,
            track=False,
        )
    assert list(found.table.state) == ["complete"] * 10


def test_a_search_that_was_ended_gives_what_there_is(tmp_path: Path) -> None:
    done: list[object] = []
    found = valleys().search(
        {"x": {"from": -10.0, "to": 10.0}},
        "valley.depth",
        trials=50,
        direction="minimize",
        workspace=tmp_path,
        track=False,
        progress=done.append,
        cancelled=lambda: len(done) >= 3,
    )
    assert 3 <= len(found.table) < 50


@pytest.mark.parametrize(
    ("space", "metric", "error", "told"),
    [
        ({"y": [1]}, "valley.depth", UnknownName, "no parameter 'y'"),
        ({"valley.kid": [1]}, "valley.depth", UnknownName, "did you mean 'kind'"),
        ({"x": 3}, "valley.depth", BadRequest, "give choices as a list"),
        ({"x": {"from": 0, "tu": 1}}, "valley.depth", BadRequest, "did you mean 'to'"),
        ({"x": {"from": 2.0, "to": 1.0}}, "valley.depth", BadRequest, "x: "),
        ({}, "valley.depth", BadRequest, "at least one parameter"),
        ({"x": [1.0]}, "vally.depth", UnknownName, "did you mean 'valley'"),
        ({"x": [1.0]}, "valley.dept", UnknownName, "did you mean 'valley.depth'"),
    ],
)
def test_what_cannot_be_searched_is_told(tmp_path: Path, space, metric, error, told) -> None:
    with pytest.raises(error, match=told):
        valleys().search(space, metric, trials=2, workspace=tmp_path, track=False)
