"""Pipelines as YAML: what is wrong is told with file and line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from astrodata_kernel.errors import (
    AstrodataError,
    BadRequest,
    TooLarge,
    UnknownName,
    UnreadableFile,
)
from astrodata_kernel.pipeline import Pipeline, json_schema

GOOD = """\
astrodata: 1
name: sums
parameters:
  size: 4
  factor: 1.0
steps:
  total:
    block: blocks_for_tests:total
    from: {numbers: count}
    with: {factor: "${factor}"}
  count:
    block: blocks_for_tests:count
    with: {upto: "${size}"}
"""


def test_steps_are_done_in_the_order_of_their_needs(tmp_path: Path) -> None:
    path = tmp_path / "sums.yaml"
    path.write_text(GOOD)
    pipeline = Pipeline.from_yaml(path)
    assert [step.name for step in pipeline.order] == ["count", "total"]
    run = pipeline.run(workspace=tmp_path, upto=None)
    assert run.outputs["total"] == 6
    assert run.record["source"] == str(path)
    assert (run.folder.path / "pipeline.yaml").exists()


def test_text_is_a_pipeline_too_and_goes_back_to_text(tmp_path: Path) -> None:
    pipeline = Pipeline.from_yaml(GOOD)
    again = Pipeline.from_yaml(pipeline.to_yaml())
    assert again.to_yaml() == pipeline.to_yaml()
    pipeline.run(workspace=tmp_path)
    assert again.run(workspace=tmp_path).computed == ()


WRONG = [
    ("    from: {numbers: count}\n", "", BadRequest,
     r"block total needs the input 'numbers'"),
    ("  count:", "  total:", BadRequest,
     r"bad.yaml, line 11: 'total' is there twice"),
    ("  size: 4", "  size: [4", BadRequest,
     r"bad.yaml, line 5: "),
    ("  size: 4", "  fresh: 4", BadRequest,
     r"line 3: a parameter cannot be called 'fresh'"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "error", "told"), WRONG)
def test_what_is_wrong_is_told_with_its_line(
    tmp_path: Path, old: str, new: str, error: type[Exception], told: str
) -> None:
    assert old in GOOD
    path = tmp_path / "bad.yaml"
    path.write_text(GOOD.replace(old, new, 1))
    with pytest.raises(error, match=told) as raised:
        Pipeline.from_yaml(path).run(workspace=tmp_path)
    assert isinstance(raised.value, AstrodataError)
    assert not (tmp_path / "astrodata" / "runs").exists()


def test_a_circle_is_told_with_its_steps() -> None:
    text = GOOD.replace(
        '  count:\n    block: blocks_for_tests:count\n    with: {upto: "${size}"}',
        "  count:\n    block: blocks_for_tests:total\n    from: total",
    )
    with pytest.raises(BadRequest, match=r"in a circle: total <- count <- total"):
        Pipeline.from_yaml(text)


def test_hostile_text_takes_no_memory_and_runs_nothing() -> None:
    laughs = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{b}: &{b} [{', '.join([f'*{a}'] * 10)}]\n"
        for a, b in zip("abcdefg", "bcdefgh", strict=True)
    )
    with pytest.raises((TooLarge, BadRequest)):
        Pipeline.from_yaml(laughs)
    with pytest.raises(BadRequest, match="line 1"):
        Pipeline.from_yaml("!!python/object/apply:os.system ['true']\n")
    with pytest.raises((TooLarge, BadRequest)):
        Pipeline.from_yaml("[" * 5000 + "\n")
    with pytest.raises((TooLarge, BadRequest)):
        Pipeline.from_yaml("a: &a [*a]\n")
    with pytest.raises(TooLarge):
        Pipeline.from_yaml("# x\n" * (1 << 20))


def test_a_file_that_is_not_there_is_told() -> None:
    with pytest.raises(UnreadableFile, match=r"nowhere.yaml: No such file"):
        Pipeline.from_yaml("nowhere.yaml")


def test_texts_of_a_command_line_become_what_the_defaults_are() -> None:
    pipeline = Pipeline.from_yaml(GOOD)
    assert pipeline.chosen({"size": "7", "factor": "2"}) == {"size": 7, "factor": 2}
    with pytest.raises(UnknownName, match="did you mean 'size'"):
        pipeline.chosen({"sise": "7"})


def test_parameters_stand_within_texts_and_dollars_stay(tmp_path: Path) -> None:
    from astrodata_kernel.pipeline import block

    @block(stage="ingest")
    def say(*, text: str) -> str:
        return text

    pipeline = Pipeline("p", {"n": 3, "who": "Ada"}).add(
        "say", say, text="$$5 for ${who}, ${n} times"
    )
    assert pipeline.run(workspace=tmp_path).outputs["say"] == "$5 for Ada, 3 times"


def test_the_published_schema_takes_what_runs_and_refuses_what_does_not() -> None:
    import yaml
    from jsonschema import Draft202012Validator

    schema = json_schema()
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    validator.validate(yaml.safe_load(GOOD))
    assert not validator.is_valid(yaml.safe_load(GOOD.replace("name: sums", "")))
    assert json.loads(json.dumps(schema)) == schema


def test_the_schema_in_the_docs_is_that_of_the_blocks() -> None:
    published = Path(__file__).parents[2] / "docs" / "pipeline.schema.json"
    # Made by: astrodata schema > docs/pipeline.schema.json
    assert json.loads(published.read_text()) == json_schema()


def test_the_examples_hold_to_the_schema() -> None:
    import yaml
    from jsonschema import Draft202012Validator

    validator = Draft202012Validator(json_schema())
    found = sorted((Path(__file__).parents[2] / "examples" / "pipelines").glob("*.yaml"))
    assert len(found) >= 2
    for path in found:
        validator.validate(yaml.safe_load(path.read_text()))


def test_data_tests_are_checked_when_the_text_is_read() -> None:
    with pytest.raises(AstrodataError, match=r"line 15: .*did you mean 'nan_share'"):
        Pipeline.from_yaml(GOOD + "tests:\n  count: [{check: nan_shar, on: x, at_most: 0.1}]\n")
    with pytest.raises(UnknownName, match=r"line 15: there is no step 'cont' to test"):
        Pipeline.from_yaml(GOOD + "tests:\n  cont: []\n")


def test_on_and_no_are_words_as_people_mean_them() -> None:
    from astrodata_kernel.pipeline.yaml_reading import read_yaml

    told = read_yaml("{on: yes, off: no, real: true, not: False, 1: 2}").value
    assert told == {"on": "yes", "off": "no", "real": True, "not": False, "1": 2}
