"""What goes wrong around pipelines: it is told, and nothing wrong is kept."""

from __future__ import annotations

import json
import math
from pathlib import Path

import astrodata_kernel as adk
import blocks_for_tests as given
import numpy as np
import pandas as pd
import pytest
from astrodata_kernel.errors import (
    AstrodataError,
    BadRequest,
    Cancelled,
    DataCheckFailed,
    StepFailed,
    UnknownName,
)
from astrodata_kernel.pipeline import File, Pipeline, Work, block
from astrodata_kernel.pipeline.steps import substituted


def test_a_file_that_changes_while_it_is_read_is_not_kept_under_its_old_hash(
    tmp_path: Path,
) -> None:
    path = tmp_path / "raw.txt"
    path.write_text("old")
    changed = []

    @block(stage="ingest")
    def read(*, path: File) -> str:
        if not changed:
            changed.append(True)
            path.write_text("newer")
        return path.read_text()

    pipeline = Pipeline("p", base=tmp_path).add("read", read, path="raw.txt")
    with pytest.raises(DataCheckFailed, match="changed while the run used it"):
        pipeline.run(workspace=tmp_path)
    path.write_text("old")
    run = pipeline.run(workspace=tmp_path)
    assert (run.computed, run.outputs["read"]) == (("read",), "old")


def test_drift_is_measured_anew_when_the_reference_changes(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    reference = tmp_path / "reference.parquet"
    pd.DataFrame({"x": rng.normal(size=200)}).to_parquet(reference)
    pipeline = Pipeline("p", base=tmp_path).add("n", given.count, upto=4)
    pipeline.add("t", given.total, "n").add("table", given.seeded, "t", rows=200)
    pipeline.test(
        "table",
        {
            "check": "drift",
            "on": "x",
            "method": "psi",
            "at_most": 0.5,
            "reference": "reference.parquet",
        },
    )
    assert pipeline.run(workspace=tmp_path).state == "finished"
    pd.DataFrame({"x": rng.normal(50, 1, size=200)}).to_parquet(reference)
    with pytest.raises(DataCheckFailed, match=r"step 'table' gave table that fails its tests"):
        pipeline.run(workspace=tmp_path)


def test_tests_of_one_output_count_together_and_must_be_of_a_step(tmp_path: Path) -> None:
    pipeline = Pipeline("p").add("n", given.count).add("t", given.total, "n")
    pipeline.add("table", given.seeded, "t", rows=10)
    pipeline.test("table", {"check": "rows", "at_least": 1})
    pipeline.test("table.table", {"check": "finite", "on": "x"})
    run = pipeline.run(workspace=tmp_path)
    report = json.loads((run.folder.path / "tests" / "table.table.json").read_text())
    assert len(report["results"]) == 2
    with pytest.raises(UnknownName, match="no step 'tabel' to test; did you mean 'table'"):
        pipeline.test("tabel", {"check": "rows", "at_least": 1}).run(workspace=tmp_path)


def test_a_block_cannot_change_what_the_next_run_is_given(tmp_path: Path) -> None:
    @block(stage="ingest")
    def grow(*, start: list[int] = [1], more: list[int]) -> list[int]:  # noqa: B006 - that is the point
        start.append(len(start))
        more.append(0)
        return [len(start), len(more)]

    pipeline = Pipeline("p", {"more": [5]}).add("grow", grow, more="${more}")
    for _ in range(3):
        assert pipeline.run(workspace=tmp_path, fresh=True).outputs["grow"] == [2, 2]


def test_runs_are_kept_in_the_store_of_their_workspace(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    pipeline = Pipeline("p").add("a", given.count).add("fit", given.slow_training, "a")
    run = pipeline.run(workspace=tmp_path / "there")
    assert run.record["mlflow"]["uri"].endswith("/there/astrodata/mlflow.db")
    assert list((tmp_path / "here").iterdir()) == []


def test_passwords_of_addresses_are_written_nowhere(tmp_path: Path) -> None:
    @block(stage="ingest")
    def fetch(*, url: str) -> int:
        return len(url)

    secret = "http://ada:SECRETPASS@host.example/data.fits?token=SECRETKEY"
    pipeline = Pipeline("p", {"url": secret}).add("fetch", fetch, url="${url}")
    run = pipeline.run(workspace=tmp_path)
    assert run.outputs["fetch"] == len(secret)
    for path in (tmp_path / "astrodata").rglob("*"):
        if path.is_file():
            assert b"SECRET" not in path.read_bytes(), path


def test_who_looks_on_cannot_end_the_work(tmp_path: Path) -> None:
    def broken(_record: object) -> None:
        raise ValueError("no screen")

    run = Pipeline("p").add("a", given.count).run(workspace=tmp_path, progress=broken)
    assert run.state == "finished"
    assert any("ValueError: no screen" in note for note in run.notes)


def test_a_run_that_shall_end_begins_nothing(tmp_path: Path) -> None:
    with pytest.raises(Cancelled) as told:
        Pipeline("p").add("a", given.count).run(workspace=tmp_path, cancelled=lambda: True)
    assert told.value.run.computed == ()  # type: ignore[attr-defined]


def test_numbers_that_are_none_come_back_and_are_shown(tmp_path: Path) -> None:
    @block(stage="evaluate")
    def bad(*numbers, work: Work):
        work.metrics({"loss": float("nan"), "most": float("inf")})
        return 1

    run = Pipeline("p").add("bad", bad).run(workspace=tmp_path, track=False)
    assert math.isnan(run.metrics["bad.loss"])
    assert run.metrics["bad.most"] == math.inf
    assert "nan" in run._repr_html_()


def test_many_long_notes_keep_no_run_from_its_end(tmp_path: Path) -> None:
    @block
    def chatty(*numbers, work: Work):
        for _ in range(2000):
            work.note("x" * 10_000)
        return 1

    run = Pipeline("p").add("chatty", chatty).run(workspace=tmp_path)
    assert run.state == "finished"
    assert (run.folder.path / "run.json").stat().st_size < 1 << 20


class Odd(AstrodataError):
    def __init__(self, where: str, what: str) -> None:
        super().__init__(f"{where}: {what}")
        self.where = where


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


def test_errors_with_odd_constructors_are_told_with_their_step(tmp_path: Path) -> None:
    import pickle

    @block
    def odd(*numbers):
        raise Odd("M13", "no star")

    @block
    def unspeakable(*numbers):
        raise Unspeakable

    with pytest.raises(Odd, match=r"step 'a' \(odd\): M13: no star") as told:
        Pipeline("p").add("a", odd).run(workspace=tmp_path)
    assert told.value.where == "M13"
    again = pickle.loads(pickle.dumps(Odd("M13", "no star")))
    assert (str(again), again.where) == ("M13: no star", "M13")
    with pytest.raises(StepFailed, match=r"step 'a' \(unspeakable\): Unspeakable: Unspeakable"):
        Pipeline("p").add("a", unspeakable).run(workspace=tmp_path)


@pytest.mark.parametrize(
    "text",
    ["{a: 2020-13-45}", "{a: !!int abc}", "{a: !!float abc}", "{a: !!bool abc}", "{a: !!timestamp abc}",
     "{a: !!int ''}", "{a: " + "9" * 5000 + "}"],
)  # fmt: skip
def test_yaml_that_is_no_value_is_told_with_its_line(text: str) -> None:
    with pytest.raises(BadRequest, match="line 1"):
        Pipeline.from_yaml(text + "\n")


def test_a_module_that_cannot_be_imported_is_told(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    for name, text in (
        ("bad_syntax", "def ("),
        ("bad_exit", "raise SystemExit(5)"),
        ("bad_value", "int('x')"),
    ):
        (tmp_path / f"{name}.py").write_text(text)
        with pytest.raises(UnknownName, match=f"block '{name}:x' cannot be loaded"):
            Pipeline("p").add("a", f"{name}:x")


def test_parameters_are_found_in_tuples_and_paths_and_quickly() -> None:
    values = {"a": 3, "name": "x.fits"}
    assert substituted(("${a}", 1), values, "") == (3, 1)
    assert substituted(Path("data/${name}"), values, "") == Path("data/x.fits")
    assert substituted("${" + " " * 100_000, values, "") == "${" + " " * 100_000


def test_no_parameter_hides_an_argument() -> None:
    for name in ("self", "upto", "search_seed"):
        with pytest.raises(BadRequest, match="that is an option of `run`"):
            Pipeline("p", {name: 1})

    @block
    def wrong(value, *, cache: bool = True):
        return value

    with pytest.raises(BadRequest, match="a parameter cannot be called 'cache'"):
        Pipeline("p").add("a", wrong, "b")


def test_asking_whether_an_output_is_there_reads_no_value(tmp_path: Path) -> None:
    run = Pipeline("p").add("a", given.count).run(workspace=tmp_path)
    next(iter(adk.pipeline.Cache(tmp_path).files_of(run.outputs.hash_of("a")))).unlink()
    assert "a.numbers" in run.outputs
