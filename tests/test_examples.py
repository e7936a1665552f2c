"""The example notebooks run from top to bottom."""

import shutil
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

EXAMPLES = Path(__file__).parent.parent / "examples"


SMALLER = {
    "burnt_area.ipynb": ("epochs=6,", "epochs=2,"),
    "daidream.ipynb": ("synthesize(10_000,", "synthesize(2_000,"),
}
"""What is written otherwise in a notebook, so that its trainings take seconds."""


@pytest.mark.parametrize("name", sorted(path.name for path in EXAMPLES.glob("*.ipynb")))
def test_the_notebook_runs(name: str, tmp_path: Path) -> None:
    for folder in ("data", "pipelines"):
        shutil.copytree(EXAMPLES / folder, tmp_path / folder)
    text = (EXAMPLES / name).read_text("utf-8")
    if name in SMALLER:
        assert SMALLER[name][0] in text
        text = text.replace(*SMALLER[name])
    notebook = nbformat.reads(text, as_version=4)
    NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(tmp_path)}}).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert sum("widget-view" in str(output.get("data", {})) for output in outputs) >= 3


def test_the_data_are_those_of_their_provenance() -> None:
    import hashlib

    provenance = (EXAMPLES / "data" / "PROVENANCE.md").read_text()
    files = sorted(p for p in (EXAMPLES / "data").rglob("*") if p.is_file() and p.suffix != ".md")
    assert files
    for path in files:
        assert hashlib.sha256(path.read_bytes()).hexdigest() in provenance
