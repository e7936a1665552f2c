"""The environment of a kernel: what it says of itself, and which commands change it."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
import warnings
from importlib import metadata
from pathlib import Path

import astrodata_kernel as adk
import pytest
from astrodata_kernel import environment
from astrodata_kernel.environment import PROTOCOL, TOOLKIT, Environment
from astrodata_kernel.errors import MissingPackage
from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


@pytest.fixture
def nobody_yet(monkeypatch):
    monkeypatch.setattr(environment, "_front_end", None)


@pytest.fixture
def half(monkeypatch):
    """An environment with the server's half alone."""
    real = environment.find_spec
    gone = {"scipy", "photutils"}
    monkeypatch.setattr(environment, "find_spec", lambda name: None if name in gone else real(name))


def test_the_toolkit_is_what_its_extra_brings():
    names = {Requirement(text).name for text in PROJECT["optional-dependencies"]["kernel"]}
    assert {"scikit-learn" if name == "sklearn" else name for name in TOOLKIT} == names


def test_each_extra_of_kernels_brings_the_toolkit():
    extras = PROJECT["optional-dependencies"]
    alone = {
        "kernel",
        "tensorflow",
        "root",
        "s3",
        "films",
        "gpu",
        "gateway",
        "jobqueue",
        "test",
        "bench",
        "docs",
    }

    def brings(extra: str) -> set[str]:
        own = [Requirement(text) for text in extras[extra]]
        nested = [one.extras for one in own if one.name == PROJECT["name"]]
        return {extra}.union(*(brings(name) for names in nested for name in names))

    assert {extra for extra in extras if "kernel" in brings(extra)} == set(extras) - (
        alone - {"kernel"}
    )


def test_the_server_half_needs_nothing_of_the_toolkit():
    base = {Requirement(text).name for text in PROJECT["dependencies"]}
    kernel = {Requirement(text).name for text in PROJECT["optional-dependencies"]["kernel"]}
    assert not base & kernel


def test_this_environment_is_the_one_of_this_process():
    here = environment.environment()
    assert (here.python, here.prefix) == (sys.executable, sys.prefix)
    assert here.pip
    assert not here.conda
    command = here.install("kernel", version="0.0.1").replace(
        "pip install", "pip --version; exit; :"
    )
    said = subprocess.run(command, shell=True, capture_output=True, text=True, check=True).stdout
    assert said.startswith("pip ")


@pytest.mark.parametrize(
    ("cfg", "uv"),
    [("home = /usr/bin\nuv = 0.9.1\n", True), ("home = /srv/uv = x\n", False), (None, False)],
)
def test_an_environment_that_uv_made_is_known_by_what_uv_writes(tmp_path, monkeypatch, cfg, uv):
    if cfg is not None:
        (tmp_path / "pyvenv.cfg").write_text(cfg)
    (tmp_path / "conda-meta").mkdir()
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    here = environment.environment()
    assert (here.prefix, here.uv, here.conda) == (str(tmp_path), uv, True)


def test_hello_is_what_the_browser_may_read():
    said = json.loads(json.dumps(environment.hello()))
    assert (said["protocol"], said["version"]) == (PROTOCOL, metadata.version("astrodata-lab"))
    assert Environment(**said["environment"]) == environment.environment()


def test_an_environment_with_the_server_half_alone_opens_files_and_refuses_viewers(half, tmp_path):
    (tmp_path / "t.csv").write_text("x,y\n1,2\n3,4\n")
    assert adk.open(tmp_path / "t.csv").kind == "table"
    adk.__dict__.pop("FitsViewer", None)
    with pytest.raises(MissingPackage) as refused:
        adk.FitsViewer  # noqa: B018 - asked for by its name
    told = str(refused.value)
    assert "(photutils, scipy)" in told
    version = metadata.version("astrodata-lab")
    assert f'{sys.executable} -m pip install "astrodata-lab[kernel]=={version}"' in told


def test_who_upgrades_gets_the_half_that_is_there(half, monkeypatch):
    assert environment.upgrade().endswith('--upgrade "astrodata-lab"')
    monkeypatch.undo()
    assert environment.upgrade().endswith('--upgrade "astrodata-lab[kernel]"')


class TestThePage:
    def answers(self):
        from astrodata_kernel.widgets.compute import ComputeAnswers

        class Comm:
            def on_msg(self, _listener):
                pass

        return ComputeAnswers(Comm())

    def test_says_its_version_and_is_told_the_kernels(self, nobody_yet):
        assert environment.front_end() is None
        said = self.answers().request("hello", version="1.2.3", protocol=PROTOCOL).meta
        assert said == environment.hello()
        assert environment.front_end().told() == f"1.2.3, protocol {PROTOCOL}"

    def test_of_another_protocol_is_told_in_status_with_the_command(self, nobody_yet):
        self.answers().request("hello", version="9.0", protocol=PROTOCOL + 1)
        told = str(adk.tasks.status())
        assert f"9.0, protocol {PROTOCOL + 1}: this kernel has" in told
        assert f'{sys.executable} -m pip install "astrodata-lab[kernel]==9.0"' in told

    def test_that_has_not_come_is_said_so(self, nobody_yet):
        assert "none has greeted it" in str(adk.tasks.status())

    @pytest.mark.parametrize(
        "wrong", [{"version": 3, "protocol": 1}, {"version": "1", "protocol": True}]
    )
    def test_that_greets_otherwise_is_refused_and_not_remembered(self, nobody_yet, wrong):
        with pytest.raises(adk.errors.BadRequest):
            self.answers().request("hello", **wrong)
        assert environment.front_end() is None


def test_a_viewer_is_shown_with_the_version_that_made_it():
    import numpy as np

    viewer = adk.view(np.zeros((4, 4), "f4"))
    _, kept = viewer._repr_mimebundle_()
    viewer.close()
    # No path: notebooks are given away.
    assert kept == {
        "astrodata_lab": {"version": metadata.version("astrodata-lab"), "protocol": PROTOCOL}
    }


def test_a_record_of_a_newer_version_is_left_out_with_the_command_and_never_said_to_be_damaged(
    tmp_path,
):
    (tmp_path / "t.csv").write_text("x,y\n1,2\n")
    catalog = adk.Catalog(tmp_path)
    catalog.add(tmp_path / "t.csv", "here")
    [file] = (tmp_path / "astrodata").glob("*.json")
    file.write_text(json.dumps({**json.loads(file.read_text()), "schema": 2}))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert list(adk.Catalog(tmp_path)) == []
    [told] = [str(one.message) for one in caught]
    assert "it has schema 2, this package reads up to 1; upgrade astrodata-lab: " in told
    assert f'{sys.executable} -m pip install --upgrade "astrodata-lab[kernel]"' in told
    assert "remove" not in told
