"""The registry: versions promoted with a reason, loaded by alias, refused where they are code."""

import os

import numpy as np
import pytest
from astrodata_kernel.errors import BadRequest, DamagedFile, UnknownName, UnsupportedFormat
from astrodata_kernel.tracking import Registry, Tracker
from astrodata_kernel.tracking.model_loading import load_folder
from astropy.table import Table
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from xgboost import XGBRegressor

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


def tracker():
    return Tracker(system_metrics=None)


def artifact(run, name):
    return tracker().client().download_artifacts(run.ident, name, None)


def test_a_model_of_scikit_learn_comes_back_from_any_folder_and_without_a_pickle(workspace, stars):
    rows, target = stars
    line = make_pipeline(StandardScaler(), XGBRegressor(n_estimators=3)).fit(rows, target)
    with tracker().run() as run:
        kept = run.model(line, "line", example=rows)
    assert kept.format == "skops"
    Registry().register(run, kept, "line")
    (workspace / "other").mkdir()
    os.chdir(workspace / "other")
    again = Registry(Tracker("sqlite:///../astrodata/mlflow.db")).load("line", 1)
    np.testing.assert_array_equal(again.predict(rows), line.predict(rows))


def test_no_pickle_is_loaded_whoever_made_it(workspace, stars):
    import mlflow.sklearn

    rows, target = stars
    folder = workspace / "made"
    with tracker().run() as run:
        model = LinearRegression().fit(rows, target)
        mlflow.sklearn.save_model(
            model, str(folder), serialization_format="cloudpickle", pip_requirements=[]
        )
        run.artifacts(folder, "line")
    Registry().register(run, "line", "line")
    with pytest.raises(UnsupportedFormat, match="the model is a pickle"):
        Registry().load("line", 1)


def test_types_that_could_run_code_are_not_built(tmp_path):
    from skops.io import dump

    folder = tmp_path / "model"
    folder.mkdir()
    dump({"run": os.system}, folder / "model.skops")
    text = "flavors: {sklearn: {pickled_model: model.skops, serialization_format: skops}}"
    (folder / "MLmodel").write_text(text)
    with pytest.raises(UnsupportedFormat, match=r"posix\.system.*could run code"):
        load_folder(folder)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("not: [yaml", DamagedFile),
        ("flavors: 5", DamagedFile),
        ("flavors: {python_function: {loader_module: os}}", UnsupportedFormat),
        ("flavors: {xgboost: {model_class: os.system, data: model.ubj}}", UnsupportedFormat),
        ("flavors: {xgboost: {data: ../../../secret.ubj}}", DamagedFile),
        ("flavors: {keras: {data: ../../../../..}}", DamagedFile),
        ("flavors: {keras: {save_exported_model: true}}", UnsupportedFormat),
        ("flavors: {sklearn: {pickled_model: model.pkl}}", UnsupportedFormat),
    ],
)
def test_a_description_that_is_hostile_runs_nothing(workspace, text, error):
    pytest.importorskip("xgboost")
    (workspace / "bad").mkdir()
    (workspace / "bad" / "MLmodel").write_text(text)
    (workspace / "bad" / "model.pkl").write_bytes(b"cos\nsystem\n(S'touch it-ran'\ntR.")
    with tracker().run() as run:
        run.artifacts("bad", "bad")
    Registry().register(run, "bad", "bad")
    with pytest.raises(error):
        Registry().load("bad", 1)
    assert not (workspace / "it-ran").exists()


def test_a_promotion_has_a_reason_and_the_former_champion_becomes_challenger(workspace, stars):
    rows, target = stars
    registry = Registry()
    with tracker().run() as run:
        kept = run.model(LinearRegression().fit(rows, target), "line", example=rows)
    for _ in range(3):
        registry.register(run, kept, "line")
    assert registry.models() == ["line"]
    assert [one.version for one in registry.versions("line")] == ["3", "2", "1"]
    with pytest.raises(BadRequest, match="reason"):
        registry.promote("line", 1, reason=" ")
    registry.promote("line", 1, reason="the only one")
    registry.promote("line", 2, reason="smaller error")
    assert registry.version("line", "champion").version == "2"
    assert registry.version("line", "challenger").version == "1"
    gone = registry.demote("line", reason="it leaks the target")
    assert (gone.version, gone.before) == (None, "2")
    with pytest.raises(UnknownName, match="champion"):
        registry.version("line", "champion")
    told = [(p.alias, p.version, p.before, p.reason) for p in registry.history("line")]
    assert told == [
        ("champion", "1", None, "the only one"),
        ("champion", "2", "1", "smaller error"),
        ("challenger", "1", None, "was champion: smaller error"),
        ("champion", None, "2", "it leaks the target"),
    ]
    assert all(one.who and one.when.endswith("+00:00") for one in registry.history("line"))
    page = registry._repr_html_()
    assert "<td>line</td>" in page
    assert "challenger" in page


def test_names_that_the_registry_does_not_know_are_told_with_the_closest(workspace, stars):
    rows, target = stars
    registry = Registry()
    assert "No model" in registry._repr_html_()
    with pytest.raises(UnknownName, match="nothing is kept"):
        registry.versions("line")
    assert not (workspace / "astrodata").exists()  # looking makes no store
    with tracker().run() as run:
        kept = run.model(LinearRegression().fit(rows, target), "line", example=rows)
    registry.register(run, kept, "gaia line")
    registry.promote("gaia line", 1, "nightly", reason="a try")
    with pytest.raises(UnknownName, match="did you mean 'gaia line'"):
        registry.versions("gaia-line")
    with pytest.raises(UnknownName, match="did you mean 'nightly'"):
        registry.version("gaia line", "nightl")
    with pytest.raises(UnknownName, match="version"):
        registry.promote("gaia line", 7, reason="x")
    with pytest.raises(UnknownName, match="nightly"):
        registry.demote("gaia line", "night", reason="x")
    for alias in ("v1", "latest", "two words", ""):
        with pytest.raises(BadRequest, match="alias"):
            registry.promote("gaia line", 1, alias, reason="x")


def test_an_artifact_that_is_none_of_the_run_is_not_registered(workspace):
    with tracker().run() as run:
        run.text("models/line/weights.txt", "1 2 3")
    for name in ("../other/artifacts/line", "/etc/passwd", "models/%2e%2e", "models?x"):
        with pytest.raises(BadRequest, match="no name of a"):
            Registry().register(run, name, "line")
    with pytest.raises(UnknownName, match=r"no artifact 'models/lime'; did you mean 'models/line'"):
        Registry().register(run, "models/lime", "line")
    assert Registry().models() == []
    assert Registry().register(run, "models/line", "line").version == "1"


def test_a_name_is_escaped_where_the_registry_is_shown(workspace, stars):
    rows, target = stars
    with tracker().run() as run:
        kept = run.model(LinearRegression().fit(rows, target), "line", example=rows)
    Registry().register(run, kept, "<b>bold's")
    page = Registry()._repr_html_()
    assert "<b>bold" not in page
    assert "&lt;b&gt;bold" in page
