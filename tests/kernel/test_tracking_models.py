"""Models in runs: kept with signature and card, and loaded without this package."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from astrodata_kernel.errors import BadRequest
from astrodata_kernel.tracking import Registry, Tracker
from astropy.table import Table
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

COLUMNS = ["phot_g_mean_mag", "phot_bp_mean_mag", "parallax"]

PLAIN_KERAS = """
import sys
import numpy as np, keras
model = keras.models.load_model(sys.argv[1])
np.save(sys.argv[3], model.predict(np.load(sys.argv[2]), verbose=0))
assert not [name for name in sys.modules if name.startswith("astrodata")], "not plain"
"""

PLAIN_MLFLOW = """
import sys
import mlflow.pyfunc, numpy as np, pandas as pd
table = pd.read_csv(sys.argv[2])
model = mlflow.pyfunc.load_model(sys.argv[1])
np.save(sys.argv[3], np.asarray(model.predict(table)))
assert not [name for name in sys.modules if name.startswith("astrodata")], "not plain"
"""


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


def artifact(run, name):
    return tracker().client().download_artifacts(run.ident, name, None)


def elsewhere(code, *words):
    """Run code in a Python of its own, and give what it wrote."""
    names = ("PATH", "HOME", "LD_LIBRARY_PATH")
    kept = {name: os.environ[name] for name in names if name in os.environ}
    kept |= {"KERAS_BACKEND": "tensorflow", "MLFLOW_DISABLE_TELEMETRY": "true"}
    command = [sys.executable, "-c", code, *map(str, words)]
    done = subprocess.run(command, env=kept, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return np.load(words[-1])


def test_a_keras_model_is_loaded_by_plain_keras_alone(workspace, stars):
    rows, target = stars
    model = small_net()
    model.compile("adam", "mse")
    model.fit(rows, target, epochs=1, verbose=0)
    with tracker().run() as run:
        kept = run.model(model, "net", example=rows, lineage_hash="sha256:" + "a" * 64)
    assert (kept.kind, kept.format, kept.needs) == ("keras", "keras", ())
    np.save("rows.npy", rows.to_numpy(np.float32))
    found = elsewhere(PLAIN_KERAS, artifact(run, "net/data/model.keras"), "rows.npy", "found.npy")
    np.testing.assert_allclose(found, model.predict(rows, verbose=0), rtol=1e-5)
    assert "sha256:" + "a" * 64 in Path(artifact(run, "net/MODEL.md")).read_text()
    assert "keras==" in Path(artifact(run, "net/requirements.txt")).read_text()


def test_an_autoencoder_with_layers_of_ours_is_loaded_by_plain_keras_and_keeps_its_encoder_here(
    workspace,
):
    from astrodata_kernel.models import waveform_cae

    traces = np.random.default_rng(1).normal(size=(6, 64)).astype(np.float32)
    model = waveform_cae(64)
    with tracker().run() as run:
        kept = run.model(model, "cae", example=traces)
        Registry().register(run, kept, "cae")
    assert kept.needs == ()
    np.save("rows.npy", traces)
    found = elsewhere(PLAIN_KERAS, artifact(run, "cae/data/model.keras"), "rows.npy", "found.npy")
    np.testing.assert_allclose(found, model.predict(traces, verbose=0), atol=1e-5)
    again = Registry().load("cae", 1)
    z = model.encoder.predict(traces[..., None], verbose=0)
    np.testing.assert_allclose(again.encoder.predict(traces[..., None], verbose=0), z, atol=1e-6)


def test_a_loss_of_ours_does_not_stand_in_the_way_of_plain_keras(workspace, stars):
    from astrodata_kernel.models.losses import sum_of_squares

    rows, target = stars
    model = small_net()
    model.compile("adam", sum_of_squares)
    model.fit(rows, target, epochs=1, verbose=0)
    with tracker().run() as run:
        kept = run.model(model, "net", example=rows)
    assert kept.needs == ()
    np.save("rows.npy", rows.to_numpy(np.float32))
    found = elsewhere(PLAIN_KERAS, artifact(run, "net/data/model.keras"), "rows.npy", "found.npy")
    np.testing.assert_allclose(found, model.predict(rows, verbose=0), rtol=1e-5)


def test_a_model_with_a_layer_of_another_package_says_what_it_needs(workspace):
    from astrodata_kernel.models.layers import UpsampledTranspose
    from astrodata_kernel.models.saving import keras

    model = keras.Sequential([keras.Input((16, 1)), UpsampledTranspose(1, 8)])
    with tracker().run() as run:
        kept = run.model(model, "up", example=np.ones((3, 16, 1), np.float32))
    assert kept.needs == ("astrodata_kernel",)
    assert (
        "Import astrodata_kernel.models.saving first"
        in Path(artifact(run, "up/MODEL.md")).read_text()
    )


@pytest.mark.parametrize("kind", ["forest", "line", "boosted", "booster"])
def test_a_model_of_a_table_is_loaded_by_mlflow_alone_and_by_its_version_here(
    workspace, stars, kind
):
    rows, target = stars
    rows = rows.assign(count=range(len(rows)))  # whole numbers, as tables have them
    if kind in ("boosted", "booster"):
        xgboost = pytest.importorskip("xgboost")
        model = xgboost.XGBRegressor(n_estimators=4).fit(rows, target)
        model = model if kind == "boosted" else model.get_booster()
        expected = model.predict(rows if kind == "boosted" else xgboost.DMatrix(rows))
    else:
        forest = RandomForestRegressor(5, random_state=1)
        model = forest if kind == "forest" else make_pipeline(StandardScaler(), LinearRegression())
        expected = model.fit(rows, target).predict(rows)
    with tracker().run() as run:
        kept = run.model(model, kind, example=rows)
    version = Registry().register(run, kept, kind, lineage_hash="sha256:" + "b" * 64)
    assert (version.hash, version.lineage_hash) == (kept.hash, "sha256:" + "b" * 64)
    again = Registry().load(kind, 1)
    given = rows
    if kind == "booster":
        given = xgboost.DMatrix(rows)
    np.testing.assert_allclose(again.predict(given), expected, rtol=1e-6)
    rows.astype("float64").to_csv("rows.csv", index=False)
    found = elsewhere(PLAIN_MLFLOW, artifact(run, kind), "rows.csv", "found.npy")
    np.testing.assert_allclose(found.ravel(), expected, rtol=1e-5)


def test_the_signature_names_the_columns_and_takes_a_missing_number(workspace, stars):
    from mlflow.models import Model

    rows, target = stars
    rows = rows.assign(count=range(len(rows)))
    with tracker().run() as run:
        run.model(LinearRegression().fit(rows, target), "line", example=rows)
    described = Model.load(str(Path(artifact(run, "line")) / "MLmodel"))
    types = {column.name: column.type.name for column in described.signature.inputs}
    assert types == dict.fromkeys(rows.columns, "double")
    assert described.metadata["astrodata"]["run"] == run.ident
    example = json.loads(Path(artifact(run, "line/input_example.json")).read_text())
    assert len(example["data"]) == 5


def test_what_is_no_model_and_an_example_that_is_none_are_refused(workspace, stars):
    rows, target = stars
    line = LinearRegression().fit(rows, target)
    with tracker().run() as run:
        with pytest.raises(BadRequest, match="Keras, XGBoost or scikit-learn, not dict"):
            run.model({}, example=rows)
        with pytest.raises(BadRequest, match="example"):
            run.model(line, example=rows[:0])
        with pytest.raises(BadRequest, match="shape"):
            run.model(line, example=[1.0, 2.0])
        with pytest.raises(BadRequest, match="does not take the example"):
            run.model(line, example=rows[["parallax"]])
