"""A hub puts what lets one in into a kernel's environment: nothing that the kernel writes or shows has it."""

from __future__ import annotations

import json

import astrodata_kernel as adk
import numpy as np
import pytest

TOKENS = {
    name: f"secret-of-{name.lower().replace('_', '-')}"
    for name in (
        "ACCESS_TOKEN",
        "AWS_SECRET_ACCESS_KEY",
        "CDSE_CLIENT_SECRET",
        "IAM_CLIENT_SECRET",
        "JPY_API_TOKEN",
        "JUPYTERHUB_API_TOKEN",
        "JUPYTER_TOKEN",
        "MLFLOW_TRACKING_PASSWORD",
        "MLFLOW_TRACKING_TOKEN",
        "REFRESH_TOKEN",
    )
}


@adk.pipeline.block(stage="train", outputs=("numbers",))
def learn(*, work=None):
    """Learn nothing much."""
    work.metrics({"loss": 0.5}, 0)
    work.progress(0.5, "half")
    return [1.0, 2.0]


@pytest.fixture
def hub(monkeypatch, tmp_path):
    """The environment of a hub's kernel, and a workspace."""
    for name, value in TOKENS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("JUPYTERHUB_SERVICE_PREFIX", "/user/ada/")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "astrodata").mkdir()
    return tmp_path


def test_runs_lineage_and_mlflow_keep_no_token(hub, capfd):
    run = adk.pipeline.Pipeline("learns").add("learn", learn).run(track=True, progress="lines")
    told = [run.lineage()._repr_html_(), repr(run)]
    kept = [path for path in hub.rglob("*") if path.is_file()]
    names = {path.name for path in kept}
    assert {"run.json", "mlflow.db"} <= names
    out = capfd.readouterr()
    assert "learns: finished" in out.err
    contents = {path: path.read_bytes() for path in kept}
    contents |= {str(n): text.encode() for n, text in enumerate([*told, out.out, out.err])}
    assert telling(contents) == []


def test_widgets_and_their_state_hold_no_token(hub):
    np.save("pulses.npy", np.random.default_rng(0).normal(size=(20, 64)).astype("f4"))
    contents = {}
    for viewer in (
        adk.view(np.zeros((8, 8), "f4")),
        adk.WaveformViewer("pulses.npy"),
        adk.LatentExplorer(np.random.default_rng(0).normal(size=(20, 2))),
    ):
        name = type(viewer).__name__
        contents[name] = json.dumps(viewer.get_state(), default=str).encode()
        contents[f"{name} as it is shown"] = json.dumps(
            viewer._repr_mimebundle_(), default=str
        ).encode()
        viewer.close()
    assert all(len(one) > 50 for one in contents.values())
    assert telling(contents) == []


def telling(contents):
    """Give the names of the contents that hold a token."""
    return [
        str(name)
        for name, content in contents.items()
        if any(token.encode() in content for token in TOKENS.values())
    ]
