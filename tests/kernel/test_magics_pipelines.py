"""``%astro run`` and ``%%astro pipeline``."""

from pathlib import Path

import pytest
from IPython import get_ipython
from IPython.testing.globalipapp import start_ipython

YAML = """\
astrodata: 1
name: sums
parameters: {size: 4, who: Ada}
steps:
  count: {block: 'blocks_for_tests:count', with: {upto: '${size}'}}
  total: {block: 'blocks_for_tests:total', from: count}
"""


@pytest.fixture(scope="module")
def shell():
    ipython = start_ipython() or get_ipython()
    ipython.run_line_magic("load_ext", "astrodata_kernel")
    return ipython


@pytest.fixture(autouse=True)
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my sums.yaml").write_text(YAML)
    return tmp_path


def test_a_file_is_run_with_parameters_and_the_run_is_bound(shell) -> None:
    run = shell.run_line_magic("astro", "run 'my sums.yaml' -p size=5 --as done")
    assert run.outputs["total"] == 10
    assert shell.user_ns["done"] is run
    again = shell.run_line_magic("astro", "run 'my sums.yaml' -p size=5 -p who=Bob")
    assert again.computed == ()
    assert shell.run_line_magic("astro", "run 'my sums.yaml' --fresh total").computed == (
        "count",
        "total",
    )


def test_a_cell_is_a_pipeline(shell) -> None:
    run = shell.run_cell_magic("astro", "pipeline -p size=3 --upto count", YAML)
    assert run.computed == ("count",)
    assert run.outputs["count"] == [0, 1, 2]


def test_a_dry_run_gives_the_plan_and_does_nothing(shell, workspace: Path) -> None:
    plan = shell.run_cell_magic("astro", "pipeline --dry-run", YAML)
    assert plan.to_do == ("count", "total")
    assert not (workspace / "astrodata").exists()


@pytest.mark.parametrize(
    ("line", "cell", "told"),
    [
        ("pipline", YAML, "did you mean 'pipeline'?"),
        ("pipeline", YAML.replace("count}", "cont}"), "line 6: step 'total' takes 'cont'"),
        ("pipeline -p sise=3", YAML, "did you mean 'size'?"),
        ("pipeline -p size", YAML, "-p size tells no value: write NAME=VALUE"),
        ("pipeline --uptoo total", YAML, "did you mean '--upto'?"),
        ("pipeline --as 3x", YAML, "give a name that Python takes"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(
    shell, capsys, line: str, cell: str, told: str
) -> None:
    assert shell.run_cell_magic("astro", line, cell) is None
    assert told in capsys.readouterr().out
