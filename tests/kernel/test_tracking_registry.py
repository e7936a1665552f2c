"""The registry: versions promoted with a reason, loaded by alias, refused where they are code."""

import os

import pytest
from astrodata_kernel.errors import BadRequest, DamagedFile, UnknownName, UnsupportedFormat
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


def tracker():
    return Tracker(system_metrics=None)


def artifact(run, name):
    return tracker().client().download_artifacts(run.ident, name, None)


def test_a_pickle_is_loaded_in_the_workspace_of_its_own_and_nowhere_else(workspace, stars):
    rows, target = stars
    line = LinearRegression().fit(rows, target)
    with tracker().run() as run:
        kept = run.model(line, "line", example=rows)
    if kept.format != "cloudpickle":
        pytest.skip("with skops it is no pickle")
    registry = Registry()
    registry.register(run, kept, "line")
    assert isinstance(registry.load("line", 1), LinearRegression)
    (workspace / "other").mkdir()
    os.chdir(workspace / "other")
    with pytest.raises(UnsupportedFormat, match="not in this workspace's own store"):
        Registry(Tracker(f"sqlite:///{workspace / 'astrodata' / 'mlflow.db'}")).load("line", 1)
    os.chdir(workspace)
    (path,) = workspace.rglob("model.pkl")
    before = path.read_bytes()
    path.write_bytes(before + b" ")
    with pytest.raises(UnsupportedFormat, match="its files changed"):
        registry.load("line", 1)
    path.write_bytes(before)
    path.chmod(0o666)
    with pytest.raises(UnsupportedFormat, match=r"others may write model\.pkl"):
        registry.load("line", 1)
    path.chmod(0o644)
    if os.geteuid() == 0:
        os.chown(path, 65534, 65534)
        with pytest.raises(UnsupportedFormat, match="not a file of this user"):
            registry.load("line", 1)
        os.chown(path, 0, 0)
    path.rename(path.with_suffix(".real"))
    path.symlink_to(path.with_suffix(".real"))
    with pytest.raises(UnsupportedFormat, match="not a file of this user"):
        registry.load("line", 1)


def test_a_pickle_whose_run_told_no_hash_is_refused(workspace, stars):
    rows, target = stars
    with tracker().run() as run:
        kept = run.model(LinearRegression().fit(rows, target), "line", example=rows)
        if kept.format != "cloudpickle":
            pytest.skip("with skops it is no pickle")
        folder = artifact(run, "line")
        run.artifacts(folder, "copy")
    Registry().register(run, "copy", "line")
    with pytest.raises(UnsupportedFormat, match="told its hash"):
        Registry().load("line", 1)


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


def test_a_name_is_escaped_where_the_registry_is_shown(workspace, stars):
    rows, target = stars
    with tracker().run() as run:
        kept = run.model(LinearRegression().fit(rows, target), "line", example=rows)
    Registry().register(run, kept, "<b>bold's")
    page = Registry()._repr_html_()
    assert "<b>bold" not in page
    assert "&lt;b&gt;bold" in page
