"""Champions served by MLflow's own command."""

from pathlib import Path

import numpy as np
import pytest
from astrodata_kernel.tracking import Registry, Tracker
from astropy.table import Table
from serving import served
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
    with served(f"models:/{kind}@champion", Tracker().address, Path("serve.log")) as ask:
        answer = ask(body)
    found = np.asarray(answer["predictions"], dtype=float)
    np.testing.assert_allclose(found.ravel(), np.ravel(expected), rtol=1e-4)
