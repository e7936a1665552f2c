"""What is shipped is complete, and needs no Node where it arrives."""

import json
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def without_node(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Give an environment whose PATH has git and no Node."""
    folder = tmp_path_factory.mktemp("bin")
    (folder / "python").symlink_to(sys.executable)
    return {**os.environ, "PATH": str(folder)}


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory, without_node: dict[str, str]) -> Path:
    out = tmp_path_factory.mktemp("sdist")
    return _build("sdist", ROOT, out, without_node)


@pytest.fixture(scope="module")
def wheel(
    tmp_path_factory: pytest.TempPathFactory, sdist: Path, without_node: dict[str, str]
) -> Path:
    source = tmp_path_factory.mktemp("source")
    with tarfile.open(sdist) as archive:
        # Python 3.11.2, which is Debian 12's, knows no filter, and 3.12 warns without one.
        archive.extractall(
            source, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {})
        )
    return _build("wheel", next(source.iterdir()), tmp_path_factory.mktemp("wheel"), without_node)


def _build(target: str, source: Path, out: Path, env: dict[str, str]) -> Path:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(out)],
        cwd=source,
        env=env,
        check=True,
        capture_output=True,
    )
    return next(out.iterdir())


def test_a_wheel_built_from_the_sdist_without_node_holds_both_halves(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    version = json.loads((ROOT / "package.json").read_text())["version"]
    data = f"astrodata_lab-{version}.data/data/"
    for wanted in (
        "astrodata_lab/routes.py",
        "astrodata_lab/templates/fits.ipynb",
        "astrodata_lab/locale/it_IT/LC_MESSAGES/astrodata_lab.json",
        "astrodata_kernel/__init__.py",
        "astrodata_kernel/static/fits.js",
        "astrodata_kernel/static/fits.css",
        "astrodata_kernel/testing/__init__.py",
        f"{data}share/jupyter/labextensions/astrodata-lab/package.json",
        f"{data}share/jupyter/labextensions/astrodata-lab/install.json",
        f"{data}etc/jupyter/jupyter_server_config.d/astrodata_lab.json",
    ):
        assert wanted in names
    assert any("labextensions/astrodata-lab/schemas" in name for name in names)
    assert any("labextensions/astrodata-lab/static/remoteEntry" in name for name in names)


def test_the_wheel_holds_nothing_else(wheel: Path) -> None:
    tops = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {t.split("-")[0] for t in tops} == {"astrodata_lab", "astrodata_kernel"}


def test_no_committed_file_names_a_registry() -> None:
    locks = [ROOT / "package-lock.json", ROOT / "ui-tests" / "package-lock.json"]
    for path in [*locks, ROOT / "constraints.txt"]:
        assert "http" not in "".join(
            line for line in path.read_text().splitlines() if "resolved" in line or "index" in line
        )
