"""The launcher's notebooks run from top to bottom, and find what is there to be found."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

TEMPLATES = Path(__file__).parent.parent / "astrodata_lab" / "templates"

FOUND = {
    "astrodata": "assert traces.shape == (3, 2000)",
    # Bright stars are found where they were drawn.
    "fits": """
        bright = checked[checked.mag < 18]
        assert len(bright) > 5 and bright.found.mean() > 0.9 and bright.pixels_away.median() < 0.2
        assert adk.Catalog()["stars"].path == str(example.path.resolve())
        """,
    "burnt-area": """
        assert found.scores.iou.iloc[0] > 0.9 > 0.5 > table.iou[0.27]
        assert Path("burnt.tif").is_file()
        """,
    # Noise stays in the garage, and high pulses do not.
    "daidream": """
        assert rates[0].value < 0.1 and rates[-1].value > 0.9
        """,
}


@pytest.mark.parametrize("name", sorted(FOUND))
def test_the_template_runs(name: str, tmp_path: Path) -> None:
    notebook = nbformat.read(TEMPLATES / f"{name}.ipynb", as_version=4)
    lines = [line.strip() for line in FOUND[name].strip().splitlines()]
    notebook.cells.append(nbformat.v4.new_code_cell("\n".join(lines)))
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert any("widget-view" in str(output.get("data", {})) for output in outputs)
    assert not any(output.get("name") == "stderr" for output in outputs)


def test_each_template_is_tried() -> None:
    assert sorted(FOUND) == sorted(path.stem for path in TEMPLATES.glob("*.ipynb"))
