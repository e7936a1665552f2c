"""What ``--code`` prints is runnable Python, one call, and gives what the magic gives."""

from dataclasses import replace
from pathlib import Path

import astrodata_kernel as adk
import numpy as np
import pandas as pd
import pytest
from astrodata_kernel.magics.calls import Call, script_of, written
from astrodata_kernel.magics.table import COMMANDS
from astrodata_kernel.pipeline.planning import Plan
from astrodata_kernel.pipeline.results import Run
from astrodata_kernel.processing.burnt_result import BurntMap
from astrodata_kernel.tasks.reporting import Status
from astrodata_kernel.testing.fires import built
from astrodata_kernel.testing.synthetic import pulses
from code_of_magics import made_by_code
from hypothesis import given
from hypothesis import strategies as st
from IPython import get_ipython
from IPython.testing.globalipapp import start_ipython

REAL = Path(__file__).parents[2] / "examples" / "data" / "sentinel2_43RCP"
YAML = """\
astrodata: 1
name: sums
parameters: {size: 4, who: "Ada \\"\\"\\" \\\\"}
steps:
  count: {block: 'blocks_for_tests:count', with: {upto: '${size}'}}
  total: {block: 'blocks_for_tests:total', from: count}
"""
LINES = {
    "view": 'view "my traces" --hdu 0',
    "ls": "ls",
    "add": "add 'my traces.npy' --tag 'a \"b\"' --tag c",
    "info": "info 'my traces.npy'",
    "label": "label 'my traces' --classes 'normal,odd one' --session pulses --blind",
    "labels": "labels pulses",
    "index": 'index after "(B8A - B12) / (B8A + B12)" --offset 0 --resolution 60 --save x.tif',
    "burnt": "burnt before after --offset 0 --threshold 0.2 --mask burnt.tif",
    "run": "run 'my sums.yaml' -p size=5 -p who=7 --upto total --fresh count --no-track",
    "pipeline": "pipeline -p size=3 --dry-run",
    "cancel": "cancel {run}",
    "status": "status",
    "cluster start": "cluster start --kind threads --workers 1 --threads 1 --option dashboard=False",
    "cluster status": "cluster status",
    "cluster scale": "cluster scale 2",
    "cluster stop": "cluster stop",
}
"""A line of each subcommand; a later one may need what an earlier one kept."""

ELSEWHERE = {"train daidream", "encode", "garage", "explore"}
"""Those that need a model, tried in test_magics_daidream.py and test_magics_labelling.py."""


@pytest.fixture(scope="module")
def shell(tmp_path_factory):
    """A session in a workspace with traces, two scenes, a pipeline and a run."""
    ipython = start_ipython() or get_ipython()
    ipython.run_line_magic("load_ext", "astrodata_kernel")
    root = tmp_path_factory.mktemp("workspace")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{root / 'runs.db'}")
        np.save("my traces.npy", pulses(60))
        adk.Catalog().add("my traces.npy")
        adk.labels.session("pulses", classes=["normal", "odd one"]).put([1, 2], "normal")
        scenes = [scene.with_offset(0, 1e-4) for scene in adk.open_scenes(REAL)]
        fire = built(tmp_path_factory.mktemp("fires"), *scenes, count=1)[0]
        for name, path in (
            ("before", fire.before),
            ("after", fire.after),
            ("burnt.tif", fire.burnt),
        ):
            Path(name).symlink_to(path)
        Path("my sums.yaml").write_text(YAML)
        ipython.user_ns["run"] = adk.runs.RunFolder.create(root, "cardio").path.name
        yield ipython


def told(value) -> object:
    """Give what two results that are the same have in common."""
    if isinstance(value, adk.SceneViewer):
        return value.bands, value.dataset.name, Path("x.tif").read_bytes()
    if isinstance(value, adk.FitsViewer):
        return value.dataset.name, value.hdu
    if isinstance(value, adk.Labeller):
        return value.log.folder, value.blind, value.remaining
    if isinstance(value, adk.compute.Cluster):
        return value.kind, value.closed, len(value.made.worker_spec)
    if isinstance(value, pd.DataFrame):
        return value.to_csv()
    if isinstance(value, BurntMap):
        return value.hectares, value.mask.values.tolist(), value.scores.to_csv()
    if isinstance(value, Run):
        return dict(value.outputs), value.record["parameters"], value.record["mlflow"]
    if isinstance(value, Status):
        return replace(value, usage=None)  # which is another a moment later
    if isinstance(value, Plan):
        return value.to_do, value.text()
    return value


def test_each_subcommand_has_a_line_here_or_elsewhere() -> None:
    assert set(LINES) | ELSEWHERE == set(COMMANDS)


@pytest.mark.parametrize("name", LINES)
def test_the_code_of_a_subcommand_gives_what_the_magic_gives(shell, capsys, name: str) -> None:
    def astro(line: str) -> object:
        if COMMANDS[name].is_cell:
            return shell.run_cell_magic("astro", line, YAML)
        return shell.run_line_magic("astro", line)

    made = made_by_code(astro, LINES[name], capsys)
    by_code = told(made)
    if name == "cluster start":
        made.close()  # a magic opens no second one
    if name == "cluster stop":
        astro(LINES["cluster start"])
    by_magic = astro(LINES[name])
    assert told(by_magic) == by_code
    assert type(by_magic).__name__ == type(made).__name__


def test_code_binds_the_name_of_as(shell, capsys) -> None:
    shell.run_line_magic("astro", "ls --as found --code")
    assert capsys.readouterr().out.endswith("\n\nfound = adk.tasks.datasets()\n")


def test_code_names_the_entry_of_a_name_and_the_path_of_a_file(shell, capsys) -> None:
    shell.run_line_magic("astro", 'view "my traces" --code')
    shell.run_line_magic("astro", 'view "my traces.npy" --code')
    head = "import astrodata_kernel as adk\n\n"
    assert capsys.readouterr().out == (
        f'{head}adk.view(adk.Catalog()["my traces"])\n{head}adk.view("my traces.npy")\n'
    )


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(values)
def test_any_plain_value_is_written_as_it_is(value) -> None:
    assert eval(written(value)) == value


def test_keywords_that_python_does_not_take_are_written_as_a_mapping() -> None:
    call = Call("errors.closest", ("a",), {"two words": 1, "class": "x", "known": [True]})
    assert call.code() == 'adk.errors.closest("a", known=[True], **{"two words": 1, "class": "x"})'


def test_a_long_call_stands_on_several_lines(shell) -> None:
    call = Call("view", ("a" * 60,), {"hdu": "b" * 30, "kind": None})
    assert script_of(call, "made").splitlines()[2:] == [
        "made = adk.view(",
        f'    "{"a" * 60}",',
        f'    hdu="{"b" * 30}",',
        "    kind=None,",
        ")",
    ]
