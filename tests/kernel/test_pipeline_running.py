"""Pipelines run: what is computed, what is kept, and what a person is told."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import astrodata_kernel as adk
import blocks_for_tests as given
import numpy as np
import pytest
from astrodata_kernel.errors import BadRequest, Cancelled, StepFailed, UnknownName, UnreadableFile
from astrodata_kernel.pipeline import Cache, Pipeline, Run, block


def sums(root: Path) -> Pipeline:
    marks = str(root / "marks")
    made = Pipeline("sums", {"size": 4, "factor": 1.0})
    made.add("count", given.count, upto="${size}", marks=marks)
    made.add("total", given.total, "count", factor="${factor}", marks=marks)
    return made.add("ends", given.ends, ["total", "total"])


def marks(root: Path) -> list[str]:
    folder = root / "marks"
    return sorted(p.name.partition("-")[0] for p in folder.iterdir()) if folder.exists() else []


def test_a_second_run_computes_nothing(tmp_path: Path) -> None:
    first = sums(tmp_path).run(workspace=tmp_path)
    assert first.computed == ("count", "total", "ends")
    assert first.outputs["total"] == 6
    assert first.outputs["ends.most"] == first.outputs["ends.least"] == 6
    again = sums(tmp_path).run(workspace=tmp_path)
    assert again.computed == ()
    assert dict(again.outputs) == dict(first.outputs)
    assert marks(tmp_path) == ["count", "total"]


def test_a_changed_parameter_does_only_what_depends_on_it(tmp_path: Path) -> None:
    sums(tmp_path).run(workspace=tmp_path)
    run = sums(tmp_path).run(workspace=tmp_path, factor=2.0)
    assert run.computed == ("total", "ends")
    assert run.outputs["total"] == 12


def test_what_gives_the_same_as_before_ends_the_work_behind_it(tmp_path: Path) -> None:
    pipeline = sums(tmp_path).add("again", given.total, "count")
    pipeline.run(workspace=tmp_path)
    # Another code that counts the same: what follows has the inputs that it had.
    other = Pipeline("sums", {"size": 4, "factor": 1.0})

    @block(stage="ingest", outputs=("numbers",), name="count")
    def counted(*, upto: int = 3) -> list[int]:
        return [*range(upto)]

    other.add("count", counted, upto="${size}")
    other.add("total", given.total, "count", factor="${factor}", marks=str(tmp_path / "marks"))
    assert other.run(workspace=tmp_path).computed == ("count",)


def test_a_file_counts_by_its_bytes_and_not_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "one.txt").write_text("hello")
    (tmp_path / "two.txt").write_text("hello")
    pipeline = Pipeline("text", {"path": "one.txt"}, base=tmp_path)
    pipeline.add("read", given.read_text, path="${path}")
    assert pipeline.run(workspace=tmp_path).computed == ("read",)
    assert pipeline.run(workspace=tmp_path, path="two.txt").computed == ()
    (tmp_path / "one.txt").write_text("other")
    run = pipeline.run(workspace=tmp_path)
    assert (run.computed, run.outputs["read"]) == (("read",), "other")


def test_a_missing_file_is_told_before_anything_runs(tmp_path: Path) -> None:
    pipeline = sums(tmp_path).add("read", given.read_text, path="nowhere.txt")
    with pytest.raises(UnreadableFile, match=r"step 'read': path = 'nowhere.txt'"):
        pipeline.run(workspace=tmp_path)
    assert marks(tmp_path) == []


def test_a_name_of_the_catalogue_is_its_file(tmp_path: Path) -> None:
    np.save(tmp_path / "ramp.npy", np.arange(6.0).reshape(2, 3))
    adk.Catalog(tmp_path).add(tmp_path / "ramp.npy", name="ramp of mine")
    pipeline = Pipeline("named", base=tmp_path / "elsewhere")

    @block(stage="ingest")
    def size(*, path: adk.pipeline.File) -> int:
        return path.stat().st_size

    pipeline.add("read", size, path="ramp of mine")
    assert (
        pipeline.run(workspace=tmp_path).outputs["read"] == (tmp_path / "ramp.npy").stat().st_size
    )


def test_upto_does_what_a_step_needs_and_no_more(tmp_path: Path) -> None:
    run = sums(tmp_path).run(workspace=tmp_path, upto="total")
    assert run.computed == ("count", "total")
    with pytest.raises(UnknownName, match=r"no step 'totl'; did you mean 'total'"):
        sums(tmp_path).run(workspace=tmp_path, upto="totl")


def test_fresh_does_steps_anew(tmp_path: Path) -> None:
    sums(tmp_path).run(workspace=tmp_path)
    assert sums(tmp_path).run(workspace=tmp_path, fresh=["total"]).computed == ("total",)
    assert sums(tmp_path).run(workspace=tmp_path, fresh=True).computed == ("count", "total", "ends")


def test_a_step_without_cache_is_done_each_time(tmp_path: Path) -> None:
    pipeline = Pipeline("p").add("a", given.count, cache=False).add("b", given.total, "a")
    pipeline.run(workspace=tmp_path)
    assert pipeline.run(workspace=tmp_path).computed == ("a",)


def test_the_code_of_a_block_counts_and_its_comments_do_not(tmp_path: Path) -> None:
    text = "from astrodata_kernel.pipeline import block\nTIMES = 2\n\n"
    text += "def helper(x):\n    return x * TIMES\n\n"
    text += "@block\ndef work(value):\n    '''Say.'''\n    return helper(value)\n"

    def computed(source: str) -> tuple[str, ...]:
        path = tmp_path / "one_module.py"
        path.write_text(source)
        space: dict[str, object] = {"__name__": "one_module"}
        import linecache

        linecache.clearcache()
        exec(compile(source, str(path), "exec"), space)
        run = (
            Pipeline("p")
            .add("a", given.count)
            .add("t", given.total, "a")
            .add("w", space["work"], "t")
        ).run(workspace=tmp_path)
        return run.computed

    assert computed(text) == ("a", "t", "w")
    assert computed(text.replace("'''Say.'''", "'''Say more.'''\n    # why")) == ()
    assert computed(text.replace("TIMES = 2", "TIMES = 3")) == ("w",)
    assert computed(text.replace("x * TIMES", "x + TIMES")) == ("w",)


def test_values_of_all_kinds_come_back(tmp_path: Path, data: Path) -> None:
    import pandas as pd
    from astrodata_kernel.latent import Garage, Latents
    from matplotlib.figure import Figure

    cache = Cache(tmp_path)
    rng = np.random.default_rng(0)
    z = rng.normal(size=(200, 2))
    table = pd.DataFrame(
        {"x": [1.5, None], "name": ["a", "b"], "when": pd.to_datetime(["2020", "2021"])}
    )
    file = tmp_path / "some name.bin"
    file.write_bytes(b"\0\1")
    figure = Figure()
    figure.subplots().plot([1, 2])
    fits = adk.open(next(iter(sorted(data.rglob("*.fits")))))
    for value in (
        table, rng.normal(size=(3, 4)), np.float32(2.5), {"a": [1, None, "x"]}, "text", file,
        Latents(z), Garage.fit(z), figure, fits, {"t": table, "z": z}, [z, "x"],
    ):  # fmt: skip
        kept = cache.put(value)
        assert cache.put(value) == kept
        back = cache.get(kept.hash)
        assert cache.put(back).hash == kept.hash, kept.kind
    pd.testing.assert_frame_equal(cache.get(cache.put(table).hash), table)
    back = cache.get(cache.put(z).hash)
    np.testing.assert_array_equal(back, z)
    back[0] = 0  # a copy of its own: what others read stays
    np.testing.assert_array_equal(cache.get(cache.put(z).hash), z)
    assert cache.get(cache.put(file).hash).read_bytes() == b"\0\1"
    assert cache.get(cache.put(fits).hash).provenance.sha256 == fits.provenance.sha256


def test_what_cannot_be_kept_is_told(tmp_path: Path) -> None:
    @block
    def socket(numbers):
        import socket

        return socket.socket

    pipeline = Pipeline("p").add("a", given.count).add("b", socket, "a")
    with pytest.raises(BadRequest, match=r"step 'b' \(socket\): .* cannot be kept"):
        pipeline.run(workspace=tmp_path)


def test_a_block_that_raises_names_the_step_and_keeps_what_was_done(tmp_path: Path) -> None:
    pipeline = sums(tmp_path).add("bad", given.breaks, "total").add("after", given.ends, ["bad"])
    with pytest.raises(
        StepFailed, match=r"step 'bad' \(breaks\): ZeroDivisionError: no number"
    ) as told:
        pipeline.run(workspace=tmp_path)
    run = told.value.run  # type: ignore[attr-defined]
    states = {name: step["state"] for name, step in run.record["steps"].items()}
    assert states == {
        "count": "finished", "total": "finished", "ends": "finished", "bad": "failed", "after": "skipped",
    }  # fmt: skip
    assert run.state == "failed"
    assert "no number" in run.record["error"]
    assert Run.of(run.id, tmp_path).outputs["total"] == 6


def test_a_cancelled_run_goes_on_from_its_checkpoint(tmp_path: Path) -> None:
    flag = tmp_path / "go"
    pipeline = (
        Pipeline("p").add("a", given.count).add("fit", given.slow_training, "a", until=str(flag))
    )
    seen = threading.Event()

    def progress(record: dict[str, object]) -> None:
        step = record["steps"]["fit"]  # type: ignore[index]
        if step["share"] > 0:
            seen.set()

    with pytest.raises(Cancelled, match="run the pipeline again to go on") as told:
        pipeline.run(workspace=tmp_path, progress=progress, cancelled=seen.is_set, track=False)
    run = told.value.run  # type: ignore[attr-defined]
    assert run.record["steps"]["fit"]["state"] == "cancelled"
    flag.touch()
    again = pipeline.run(workspace=tmp_path, track=False)
    assert again.computed == ("fit",)
    assert again.notes == ["fit: began with epoch 1"]
    assert not list((tmp_path / "astrodata/cache/work").glob("*"))


def test_others_cancel_a_run_by_its_id(tmp_path: Path) -> None:
    flag = tmp_path / "go"
    pipeline = (
        Pipeline("p").add("a", given.count).add("fit", given.slow_training, "a", until=str(flag))
    )

    def progress(record: dict[str, object]) -> None:
        if record["steps"]["fit"]["share"] > 0:  # type: ignore[index]
            adk.runs.cancel(record["id"], tmp_path)

    with pytest.raises(Cancelled):
        pipeline.run(workspace=tmp_path, progress=progress, track=False)
    assert [one.state for one in adk.runs.runs(tmp_path)] == ["cancelled"]


def test_lineage_leads_back_to_raw_bytes_and_forward(tmp_path: Path) -> None:
    (tmp_path / "raw.txt").write_text("hello")

    @block
    def long(text):
        return len(text)

    pipeline = Pipeline("text", base=tmp_path).add("read", given.read_text, path="raw.txt")
    pipeline.add("long", long, "read")
    run = pipeline.run(workspace=tmp_path)
    back = adk.lineage.Store(tmp_path).back(run.outputs.hash_of("long"))
    assert [Path(one.path).name for one in back.files] == ["raw.txt"]
    assert {step.name for step in back.steps} == {"read", "long"}
    forward = adk.lineage.Store(tmp_path).forward(tmp_path / "raw.txt")
    assert run.outputs.hash_of("long") in {one.key for one in forward.artifacts}
    assert {step.name for step in run.lineage().steps} == {"read", "long"}


def test_the_plan_says_what_is_done_and_what_is_not(tmp_path: Path) -> None:
    pipeline = sums(tmp_path)
    assert pipeline.plan(workspace=tmp_path).to_do == ("count", "total", "ends")
    pipeline.run(workspace=tmp_path)
    plan = pipeline.plan(workspace=tmp_path, factor=3.0)
    assert (plan.done, plan.to_do) == (("count",), ("total", "ends"))
    assert "count" in plan.text()
    assert plan._repr_html_().startswith("<")
    assert marks(tmp_path) == ["count", "total"]


def test_a_damaged_value_is_made_anew(tmp_path: Path) -> None:
    run = sums(tmp_path).run(workspace=tmp_path)
    cache = Cache(tmp_path)
    path = next(iter(cache.files_of(run.outputs.hash_of("count"))))
    path.write_text("[0, 1]")
    assert cache.damaged() == [run.outputs.hash_of("count")]
    again = sums(tmp_path).run(workspace=tmp_path)
    assert again.computed == ("count",)
    assert again.outputs["count"] == [0, 1, 2, 3]
    assert cache.damaged() == []


def test_a_value_that_was_changed_in_place_is_made_anew_while_the_run_goes_on(
    tmp_path: Path,
) -> None:
    run = sums(tmp_path).run(workspace=tmp_path)
    path = next(iter(Cache(tmp_path).files_of(run.outputs.hash_of("count"))))
    path.write_bytes(path.read_bytes().replace(b"3", b"7"))  # as long as before
    again = sums(tmp_path).run(workspace=tmp_path, factor=2.0)
    assert again.computed == ("count", "total", "ends")
    assert again.outputs["total"] == 12


def test_a_cache_of_an_older_version_is_left_alone_and_done_anew(tmp_path: Path) -> None:
    sums(tmp_path).run(workspace=tmp_path)
    for path in (tmp_path / "astrodata/cache/results").rglob("*.json"):
        path.write_text(json.dumps({**json.loads(path.read_text()), "format": 0}))
    assert sums(tmp_path).run(workspace=tmp_path).computed == ("count", "total", "ends")


def test_pruning_leaves_what_results_name(tmp_path: Path) -> None:
    import os

    run = sums(tmp_path).run(workspace=tmp_path)
    cache = Cache(tmp_path)
    assert cache.prune(30) == 0
    old = 1_000_000_000
    for path in [*cache.folder.glob("results/*/*"), *cache.folder.glob("values/*/*")]:
        os.utime(path, (old, old))
    assert cache.prune(30, dry_run=True) > 0
    assert run.outputs["total"] == 6
    assert cache.prune(30) > 0
    assert sums(tmp_path).run(workspace=tmp_path).computed == ("count", "total", "ends")


def test_a_full_disk_is_told_and_nothing_half_is_kept(tmp_path: Path) -> None:
    import resource

    pipeline = Pipeline("p").add("a", given.count).add("r", given.ramp, "t", size=1_000_000)
    pipeline.add("t", given.total, "a")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    import signal

    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, hard))
    try:
        with pytest.raises(UnreadableFile, match=r"step 'r' \(ramp\): .*free some space"):
            pipeline.run(workspace=tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    assert Cache(tmp_path).damaged() == []
    assert not list((tmp_path / "astrodata/cache/values").glob(".new-*"))
    assert pipeline.run(workspace=tmp_path).computed == ("r",)


def test_a_train_block_opens_a_run_of_mlflow(tmp_path: Path, monkeypatch) -> None:
    from astrodata_kernel.tracking import Tracker

    tracker = Tracker(f"sqlite:///{tmp_path / 'mlflow.db'}", system_metrics=None)
    pipeline = Pipeline("p", {"epochs": 3}).add("a", given.count)
    pipeline.add("fit", given.slow_training, "a", epochs="${epochs}")
    pipeline.add("drawn", given.drawn, "fit")
    run = pipeline.run(workspace=tmp_path, track=tracker)
    kept = tracker.client().get_run(run.record["mlflow"]["run"])
    assert kept.data.params["epochs"] == "3"
    assert kept.data.params["fit.block"] == "slow_training"
    assert kept.data.metrics["fit.loss"] == pytest.approx(1 / 3)
    assert kept.data.tags["astrodata.fit.weights"] == run.outputs.hash_of("fit")
    assert kept.info.status == "FINISHED"
    files = {one.path for one in tracker.client().list_artifacts(kept.info.run_id)}
    assert files == {"environment.json", "pipeline.yaml", "drawn.value.svg"}
    history = tracker.client().get_metric_history(kept.info.run_id, "fit.loss")
    assert [one.step for one in history] == [0, 1, 2]
    # A run in which nothing is trained is none that one wants to compare, unless it is asked for.
    monkeypatch.setenv("MLFLOW_TRACKING_URI", tracker.address)
    assert pipeline.run(workspace=tmp_path).record["mlflow"] is None
    asked = pipeline.run(workspace=tmp_path, track=True).record["mlflow"]["run"]
    assert tracker.client().get_run(asked).data.metrics["fit.loss"] == pytest.approx(1 / 3)


def test_a_store_that_fails_ends_no_run(tmp_path: Path) -> None:
    from astrodata_kernel.tracking import Tracker

    (tmp_path / "mlflow.db").write_bytes(b"this is no database" * 100)
    tracker = Tracker(f"sqlite:///{tmp_path / 'mlflow.db'}", system_metrics=None)
    pipeline = Pipeline("p").add("a", given.count).add("fit", given.slow_training, "a")
    run = pipeline.run(workspace=tmp_path, track=tracker)
    assert run.state == "finished"
    assert any("not kept in MLflow" in note for note in run.notes)
