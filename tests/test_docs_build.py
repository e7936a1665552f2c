"""The documentation becomes pages without a warning: links lead somewhere, docstrings are well formed."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import astrodata_kernel as adk
import pytest

ROOT = Path(__file__).parent.parent
REFERENCE = ROOT / "docs/reference.rst"


@pytest.mark.slow
def test_the_documentation_is_built_without_a_warning(tmp_path) -> None:
    # Sphinx writes the pages of the reference beside what they are made from.
    source = shutil.copytree(
        ROOT / "docs", tmp_path / "docs", ignore=shutil.ignore_patterns("_build", "reference")
    )
    shutil.copy(ROOT / "CONTRIBUTING.md", tmp_path)
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    options = ["--fail-on-warning", "--keep-going", "--quiet"]
    made = subprocess.run(
        [sys.executable, "-m", "sphinx", *options, source, tmp_path / "pages"],
        text=True,
        capture_output=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    index = (tmp_path / "pages/index.html").read_text("utf-8")
    for page in (ROOT / "docs").glob("*.md"):
        assert f'href="{page.stem}.html"' in index or page.stem == "index"
    viewer = (tmp_path / "pages/reference/astrodata_kernel.view.html").read_text("utf-8")
    assert adk.view.__doc__.splitlines()[0].split("`")[0] in viewer


def test_the_reference_has_every_public_name() -> None:
    listed = set(re.findall(r"^   ([\w.]+)$", REFERENCE.read_text("utf-8"), re.MULTILINE))
    rooms = set(adk._ROOMS) - {"processing"}
    functions = {f"processing.{name}" for name in adk.processing.__all__}
    assert listed == {*adk.__all__, *rooms, *functions} - {"load_ipython_extension"}
