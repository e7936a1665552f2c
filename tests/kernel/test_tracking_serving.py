"""Champions served by MLflow's own command."""

import json
import os
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np
import pytest
from astrodata_kernel.tracking import Registry, Tracker
from astropy.table import Table
from sklearn.linear_model import LinearRegression

COLUMNS = ["phot_g_mean_mag", "phot_bp_mean_mag", "parallax"]


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return tmp_path


@pytest.fixture
def stars(data):
    """Give magnitudes and parallaxes of Gaia's stars, and the red magnitude to be told from them."""
    table = Table.read(data / "table_gaia_cone.fits")[[*COLUMNS, "phot_rp_mean_mag"]].to_pandas()
    table = table.astype("float64").dropna()[:400].reset_index(drop=True)
    return table[COLUMNS], table["phot_rp_mean_mag"]


def small_net(width=3):
    from astrodata_kernel.models.saving import keras

    keras.utils.set_random_seed(1)
    layers = [keras.Input((width,)), keras.layers.Dense(4, "relu"), keras.layers.Dense(1)]
    return keras.Sequential(layers)


def tracker():
    return Tracker(system_metrics=None)


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def asked(server, port, path, body=None):
    """Give the answer of a server that may still be starting; its end is an error."""
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"http://127.0.0.1:{port}/{path}", body, headers)
    while True:
        assert server.poll() is None, "the server ended"
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.read()
        except urllib.error.HTTPError as error:
            raise AssertionError(error.read()) from error
        except (urllib.error.URLError, ConnectionError):
            try:
                server.wait(0.2)
            except subprocess.TimeoutExpired:
                continue


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["net", "line"])
def test_mlflow_models_serve_answers_with_the_predictions_of_the_champion(workspace, stars, kind):
    rows, target = stars
    if kind == "net":
        model = small_net()
        model.compile("adam", "mse")
        model.fit(rows, target, epochs=1, verbose=0)
        expected = model.predict(rows[:7], verbose=0)
        body = {"inputs": rows[:7].to_numpy(np.float32).tolist()}
    else:
        model = LinearRegression().fit(rows, target)
        expected = model.predict(rows[:7])
        body = {"dataframe_split": rows[:7].to_dict("split")}
    with tracker().run() as run:
        kept = run.model(model, kind, example=rows)
    Registry().register(run, kept, kind)
    Registry().promote(kind, 1, reason="served in a test")
    port = free_port()
    programs = Path(sys.executable).parent
    command = [str(programs / "mlflow"), "models", "serve"]
    options = ["-m", f"models:/{kind}@champion", "--env-manager", "local"]
    settings = {
        **os.environ,
        "MLFLOW_TRACKING_URI": Tracker().address,
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
    }
    with Path("serve.log").open("wb") as log:
        server = subprocess.Popen(
            [*command, *options, "--host", "127.0.0.1", "-p", str(port)],
            env=settings,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        asked(server, port, "ping")
        answer = json.loads(asked(server, port, "invocations", json.dumps(body).encode()))
    finally:
        os.killpg(server.pid, 15)
        server.wait(60)
    found = np.asarray(answer["predictions"], dtype=float)
    np.testing.assert_allclose(found.ravel(), np.ravel(expected), rtol=1e-4)
