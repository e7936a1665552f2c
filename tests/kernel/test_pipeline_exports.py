"""Pipelines that others run: Snakemake itself, and a server that runs batch jobs."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import blocks_for_tests as given
import pytest
from astrodata_kernel.commands.parsing import main
from astrodata_kernel.errors import BadRequest, UnknownName
from astrodata_kernel.pipeline import Pipeline
from astrodata_kernel.pipeline.snakemake_export import Exported, rule_names, run_step

HELPERS = Path(given.__file__).parent

YAML = """\
astrodata: 1
name: sums
parameters: {size: 4, factor: 1.5, text: "it's {a}.txt", tag: "007"}
steps:
  count: {block: "blocks_for_tests:count", with: {upto: "${size}"}}
  all: {block: "blocks_for_tests:total", from: count, with: {factor: "${factor}"}}
  class: {block: "blocks_for_tests:read_text", with: {path: "${text}"}}
  é-x: {block: "blocks_for_tests:total", from: count}
  ends: {block: "blocks_for_tests:ends", from: {numbers: [all, é-x]}}
"""


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """Give a folder with a pipeline and its raw file."""
    folder = tmp_path / "my study"
    folder.mkdir()
    (folder / "it's {a}.txt").write_text("first")
    (folder / "other.txt").write_text("other")
    (folder / "sums.yaml").write_text(YAML)
    return folder


def snakemake(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "snakemake", "--cores", "2", "--nocolor", *words]
    env = {**os.environ, "PYTHONPATH": str(HELPERS)}
    return subprocess.run(
        command, cwd=folder, env=env, capture_output=True, text=True, timeout=200, check=False
    )


def results(folder: Path) -> dict[str, str]:
    return {
        f"{path.stem}.{output}": digest
        for path in folder.glob("workflow/results/*.json")
        for output, digest in json.loads(path.read_text()).items()
    }


def hashes(run: Any) -> dict[str, str]:
    return {name: run.outputs.hash_of(name) for name in run.outputs}


@pytest.mark.slow
def test_snakemake_gives_the_same_hashes_and_does_again_only_what_changed(
    study: Path, tmp_path: Path
) -> None:
    pipeline = Pipeline.from_yaml(study / "sums.yaml")
    snakefile = pipeline.to_snakemake(study / "workflow", workspace=study, factor=2)
    assert snakefile == study / "workflow/Snakefile"
    alone = pipeline.run(workspace=tmp_path / "alone", factor=2)

    done = snakemake(study)
    assert done.returncode == 0, done.stderr
    assert results(study) == hashes(alone)
    # Values lie in the workspace: a run without Snakemake finds them.
    assert pipeline.run(workspace=study, factor=2).computed == ()

    again = snakemake(study)
    assert again.returncode == 0, again.stderr
    assert "Nothing to be done" in again.stderr + again.stdout

    other = snakemake(study, "--config", "text=other.txt")
    assert other.returncode == 0, other.stderr
    assert [line for line in other.stderr.splitlines() if line.startswith("✓")] == [
        next(line for line in other.stderr.splitlines() if line.startswith("✓ class"))
    ]
    assert results(study) == hashes(
        pipeline.run(workspace=tmp_path / "alone", factor=2, text="other.txt")
    )

    (study / "other.txt").write_text("changed")
    assert snakemake(study, "--config", "text=other.txt").returncode == 0
    assert results(study) == hashes(
        pipeline.run(workspace=tmp_path / "alone", factor=2, text="other.txt")
    )


@pytest.mark.slow
def test_a_step_that_fails_ends_snakemake_and_leaves_no_result(study: Path) -> None:
    pipeline = (
        Pipeline("bad", base=study).add("count", given.count).add("bad", given.breaks, "count")
    )
    pipeline.to_snakemake(study / "workflow", workspace=study)
    done = snakemake(study)
    assert done.returncode == 1
    assert "step 'bad' (breaks): ZeroDivisionError: no number" in done.stderr
    assert set(results(study)) == {"count.numbers"}


def test_a_workflow_says_of_each_step_what_decides_it(study: Path) -> None:
    pipeline = Pipeline.from_yaml(study / "sums.yaml")
    pipeline.to_snakemake(study / "workflow", workspace=study)
    plain = Exported(study / "workflow", {}, "..")
    more = Exported(study / "workflow", {"factor": 3}, "..")
    # A parameter changes the step that names it, and those that come after it.
    assert {name for name in pipeline.steps if plain.key(name) != more.key(name)} == {"all"}
    changed = {name for name in pipeline.steps if plain.words(name) != more.words(name)}
    assert changed == {"all", "ends"}
    assert "tag" not in plain.words("ends")
    # A path that Snakemake would take for a wildcard is watched through the key.
    assert plain.files("class") == []
    other = Exported(study / "workflow", {"text": "other.txt"}, "..")
    assert other.files("class") == [str(study / "other.txt")]
    before = plain.key("class")
    os.utime(study / "it's {a}.txt", ns=(1, 1))
    assert plain.key("class") != before
    # A step that is done at each run is another one each time.
    text = (study / "workflow/pipeline.yaml").read_text()
    (study / "workflow/pipeline.yaml").write_text(
        text.replace(
            "    block: blocks_for_tests:count",
            "    cache: false\n    block: blocks_for_tests:count",
        )
    )
    always = Exported(study / "workflow", {}, "..")
    assert always.key("count") != always.key("count")


def test_a_workflow_refuses_what_its_pipeline_does_not_take(study: Path) -> None:
    Pipeline.from_yaml(study / "sums.yaml").to_snakemake(study / "workflow", workspace=study)
    with pytest.raises(UnknownName, match="did you mean 'size'"):
        Exported(study / "workflow", {"sise": 3}, "..")
    with pytest.raises(BadRequest, match="7 is no text"):
        Exported(study / "workflow", {"tag": 7}, "..")


def test_a_step_takes_those_before_it_from_the_cache_and_says_when_they_differ(
    study: Path,
) -> None:
    pipeline = Pipeline.from_yaml(study / "sums.yaml")
    beside = study / "results"
    for name in ("count", "all"):
        run = run_step(pipeline, name, beside / f"{name}.json", root=study)
    assert run.computed == ("all",)
    assert set(run.outputs) == {"count.numbers", "all.total"}
    (beside / "all.json").write_text('{"total": "sha256:0"}')
    with pytest.raises(BadRequest, match="run snakemake with --forcerun all_"):
        run_step(pipeline, "ends", beside / "ends.json", root=study)
    assert not (beside / "ends.json").exists()


def test_a_step_that_is_never_kept_is_done_by_its_own_rule_alone(tmp_path: Path) -> None:
    marks = tmp_path / "marks"
    pipeline = Pipeline("p", base=tmp_path).add("a", given.count, cache=False, marks=str(marks))
    pipeline.add("t", given.total, "a")
    for name in ("a", "t"):
        run_step(pipeline, name, tmp_path / "results" / f"{name}.json", root=tmp_path)
    assert len(list(marks.iterdir())) == 1


def test_another_workflow_and_other_files_are_not_overwritten(study: Path) -> None:
    pipeline = Pipeline.from_yaml(study / "sums.yaml")
    (study / "Snakefile").write_text("rule mine:\n    shell: 'true'\n")
    (study / "more").mkdir()
    (study / "more/config.yaml").write_text("mine: 1\n")
    for folder in (study, study / "more"):
        with pytest.raises(BadRequest, match="choose a folder of its own"):
            pipeline.to_snakemake(folder, workspace=study)
    pipeline.to_snakemake(study / "workflow", workspace=study)
    pipeline.to_snakemake(study / "workflow", workspace=study, factor=9)
    assert "factor: 9" in (study / "workflow/config.yaml").read_text()
    with pytest.raises(UnknownName, match="no parameter 'sise'"):
        pipeline.to_snakemake(study / "workflow", workspace=study, sise=9)


def test_rules_have_names_that_snakemake_takes() -> None:
    pipeline = Pipeline("p")
    for name in ("all", "a-b", "a_b", "é"):
        pipeline.add(name, given.count)
    assert rule_names(pipeline) == {"all": "all_", "a-b": "a_b", "a_b": "a_b_", "é": "_"}


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Any]:
    """Give the server of the tests of batch jobs, which runs what is submitted."""
    place = Path(__file__).with_name("test_compute_batch.py")
    spec = importlib.util.spec_from_file_location("batch_server_of_tests", place)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    (tmp_path / "jobs").mkdir()
    with module.Dispatcher(tmp_path / "jobs") as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_a_batch_job_gives_the_same_hashes(
    study: Path,
    tmp_path: Path,
    platform: Any,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    monkeypatch.setenv("PATH", path)
    monkeypatch.setenv("PYTHONPATH", str(HELPERS))
    monkeypatch.setenv("VKD_API_URL", f"http://127.0.0.1:{platform.server_port}/api/v1")
    words = ["--workspace", str(study), "export", "batch", str(study / "sums.yaml"), "-p", "tag=3"]
    words += ["--queue", "gpu", "--cpu", "4", "--memory", "8Gi", "--gpu-memory", "10Gi"]
    assert main(words) == 0
    fields = json.loads(capsys.readouterr().out)
    assert fields["sandbox"]["pipeline.yaml"] == Pipeline.from_yaml(study / "sums.yaml").to_yaml()
    asked = ("queue", "cpu_request", "memory_request", "gpu_memory_request", "name")
    assert [fields[name] for name in asked] == ["gpu", 4, "8Gi", "10Gi", "sums"]
    assert platform.listed == {}

    assert main([*words, "--submit"]) == 0
    assert capsys.readouterr().out == "sums\n"
    assert platform.listed["sums"]["succeeded"] == 1, platform.printed["sums"]
    pipeline = Pipeline.from_yaml(study / "sums.yaml")
    here = pipeline.run(workspace=study, tag="3")
    assert here.computed == ()
    assert hashes(here) == hashes(pipeline.run(workspace=tmp_path / "alone", tag="3"))


def test_the_job_of_a_pipeline_starts_where_its_files_are_there(study: Path) -> None:
    pipeline = Pipeline.from_yaml(study / "sums.yaml")
    job = pipeline.to_batch({"size": 2}, workspace=study.parent, there="/shared/ada", queue="short")
    assert "cd /shared/ada\n" in job.script
    assert job.script.endswith(
        "astrodata --workspace . step --base 'my study' \"$pipeline\" -p size=2\n"
    )
    with pytest.raises(UnknownName, match="no parameter 'sise'"):
        pipeline.to_batch({"sise": 2})


def test_the_command_writes_a_workflow(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = study / "workflow"
    words = ["--workspace", str(study), "export", "snakemake", str(study / "sums.yaml")]
    assert main([*words, str(target), "-p", "size=7"]) == 0
    assert f"--snakefile {target / 'Snakefile'}" in capsys.readouterr().out
    config = (target / "config.yaml").read_text().splitlines()
    assert "size: 7" in config
    assert "workspace: .." in config
