"""The notebooks that the launcher makes, as the server gives them."""

from __future__ import annotations

import json
import re

import nbformat
import pytest

from astrodata_lab.notebook_templates import FOLDER, names


async def test_a_template_comes_as_the_notebook_that_it_is(ask):
    assert names() == ["astrodata", "burnt-area", "daidream", "fits"]
    for name in names():
        status, given = await ask("templates", name=name)
        assert status == 200
        assert given == json.loads((FOLDER / f"{name}.ipynb").read_text("utf-8"))


@pytest.mark.parametrize("name", ["", "fit", "../notebook_templates", "fits.ipynb", "/etc/passwd"])
async def test_another_name_is_refused_with_those_that_there_are(ask, name):
    status, given = await ask("templates", name=name)
    assert status == 404
    assert given["error"]["code"] == "unknown-name"
    assert "astrodata, burnt-area, daidream, fits" in given["error"]["message"]


@pytest.mark.parametrize("name", names())
def test_a_template_is_valid_and_has_no_outputs(name):
    notebook = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
    nbformat.validate(notebook)
    assert notebook.nbformat == 4
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code)
    assert notebook.cells[0].cell_type == "markdown"
    assert re.match(r"# \S", notebook.cells[0].source)


@pytest.mark.parametrize("name", [name for name in names() if name != "astrodata"])
def test_a_template_says_in_its_first_code_what_to_change(name):
    notebook = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
    first = next(cell for cell in notebook.cells if cell.cell_type == "code")
    assert "CHANGE THIS" in first.source
