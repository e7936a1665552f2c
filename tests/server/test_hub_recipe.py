"""The recipe for a hub says nothing that does not exist any more."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from jupyter_server.serverapp import ServerApp
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from jupyter_server_proxy.config import ServerProxy
from jupyterhub.app import JupyterHub
from jupyterhub.spawner import Spawner
from jupyterlab.labapp import LabApp
from traitlets import TraitError
from traitlets.config import PyFileConfigLoader

from astrodata_lab.app import AstrodataLab

ROOT = Path(__file__).parent.parent.parent
RECIPE = ROOT / "examples" / "hub"
PAGE = (ROOT / "docs" / "hub.md").read_text("utf-8")
KNOWN = (
    AstrodataLab,
    AsyncMappingKernelManager,
    JupyterHub,
    LabApp,
    ServerApp,
    ServerProxy,
    Spawner,
)


def configured(name):
    """Give a class that is configured by a name: its own, or that of one that it is made from."""
    for one in KNOWN:
        if name in {base.__name__ for base in one.__mro__}:
            return one
    raise AssertionError(f"no class {name} is configured on a hub")


def test_each_option_of_the_configuration_exists_and_takes_its_value():
    config = PyFileConfigLoader("jupyter_server_config.py", str(RECIPE)).load_config()
    for name, section in config.items():
        owner = configured(name)
        assert set(section) <= set(owner.class_traits(config=True)), name
        one = owner(config=config)  # which refuses a value of another type
        if owner is AstrodataLab:
            one.close()
    assert set(config.AstrodataLab) == set(AstrodataLab.class_traits(config=True))


def test_the_panel_is_as_without_a_configuration_until_somebody_changes_it():
    """What stands there is what holds anyway: an administrator sees the defaults."""
    config = PyFileConfigLoader("jupyter_server_config.py", str(RECIPE)).load_config()
    for key, trait in AstrodataLab.class_traits(config=True).items():
        assert config.AstrodataLab[key] == trait.default(), key


def test_each_option_that_the_page_names_exists():
    named = re.findall(r"\bc\.(\w+)\.(\w+)", PAGE)
    assert {owner for owner, _ in named} >= {"ServerApp", "JupyterHub", "Spawner"}
    for owner, key in named:
        assert key in configured(owner).class_traits(config=True), f"c.{owner}.{key}"
    for key in AstrodataLab.class_traits(config=True):
        assert f"`{key}`" in PAGE, key


def test_the_container_takes_files_and_extras_that_are_there():
    recipe = (RECIPE / "Containerfile").read_text("utf-8")
    copied = re.findall(r"^COPY (.*) \S+$", recipe, re.MULTILINE)
    sources = {
        source for line in copied for source in line.split() if not source.startswith("dist/")
    }
    assert sources == {"constraints.txt", "examples/hub/jupyter_server_config.py"}
    assert all((ROOT / source).is_file() for source in sources)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    [extras] = re.findall(r"^ARG EXTRAS=(\S+)$", recipe, re.MULTILINE)
    assert set(extras.split(",")) <= set(project["optional-dependencies"])
    [python] = re.findall(r"^FROM \S+/python:(3\.\d+)-", recipe, re.MULTILINE)
    assert f">={python}" in project["requires-python"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"allowed_roots": ["shared"]},
        {"upload_folder": "../up"},
        {"upload_folder": "/up"},
        {"disabled_sections": ["datasets"]},
    ],
)
def test_a_value_that_cannot_be_meant_is_refused_at_the_start(wrong):
    with pytest.raises(TraitError, match=next(iter(wrong))):
        AstrodataLab(**wrong)
