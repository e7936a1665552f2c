"""The code on a page of the documentation runs, from its first block to its last."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import matplotlib as mpl
import pytest
from IPython import get_ipython
from IPython.testing.globalipapp import start_ipython

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
BLOCKS = re.compile(r"```(python|bash|yaml|ipython|text)\n(.*?)```", re.DOTALL)
TOLD = re.compile(r"^(\S+)  # (\(.*\))$", re.MULTILINE)
"""What a line gives, said behind it: a tuple."""


@pytest.mark.parametrize(
    "page", ["astrodata.md", "fits.md", "latent.md", "magics.md", "sentinel.md"]
)
def test_the_code_of_a_page_runs(page: str, tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    Path("data").symlink_to(ROOT / "examples" / "data")
    Path("images").mkdir()
    mpl.use("agg")
    text = (DOCS / page).read_text("utf-8")
    blocks = BLOCKS.findall(text)
    assert sum(language.endswith("python") for language, _ in blocks) > 5
    names: dict[str, object] = {}
    for number, (language, block) in enumerate(blocks):
        if language == "python":
            exec(compile(block, f"{page}, block {number}", "exec"), names)
            for expression, value in TOLD.findall(block):
                assert eval(expression, names) == ast.literal_eval(value)
        elif language == "bash":
            run_commands(block)
        elif language == "ipython":
            capsys.readouterr()
            run_cell(block, names)
        elif language == "text":  # what the cell before it prints
            printed = capsys.readouterr().out
            assert [line for line in block.splitlines() if line not in printed] == []
        else:  # a file that is called as its first line says
            Path(block.splitlines()[0].removeprefix("# ")).write_text(block, "utf-8")
    drawn = re.findall(r"images/[\w-]+\.svg", "".join(block for _, block in blocks))
    for picture in drawn:
        assert Path(picture).read_text("utf-8").count("<path") > 5
        assert (DOCS / picture).is_file()
    if page == "astrodata.md":
        assert set(re.findall(r"\]\((images/.*?\.svg)\)", text)) == set(drawn)


def run_cell(cell: str, names: dict[str, object]) -> None:
    """Run a cell of a notebook, with the names of the page's code; what a magic says is wrong is an error."""
    shell = start_ipython() or get_ipython()
    shell.user_ns.update(names)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("astrodata_kernel.magics._spoken", lambda work: work())
        shell.run_cell(cell).raise_error()
    names.update({name: shell.user_ns[name] for name in shell.user_ns if name[0] != "_"})


def run_commands(commands: str) -> None:
    """Run lines of a shell, where the commands of this environment are found first."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    made = subprocess.run(
        ["bash", "-eu", "-c", commands],
        env={**os.environ, "PATH": path},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    assert made.returncode == 0, f"{commands}\n{made.stdout}"
