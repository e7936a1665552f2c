"""Models of tables: what they learn, that they are the same each time, and that they come back from files."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from astrodata_kernel.errors import (
    BadRequest,
    Cancelled,
    DamagedFile,
    UnknownName,
    UnreadableFile,
    UnsupportedFormat,
)
from astrodata_kernel.processing.tabular import TableParts, split_table, table_of
from astrodata_kernel.training.tabular import ESTIMATORS, TableModel, metrics, train_model
from astrodata_kernel.training.tabular.estimator_arrays import KEPT

TABLES = Path(__file__).parents[2] / "examples" / "data" / "tables"
FOUR = ("random_forest", "k_neighbours", "xgboost", "keras")
SMALL = {
    "random_forest": {"n_estimators": 25},
    "xgboost": {"n_estimators": 30},
    "keras": {"epochs": 12},
}


@pytest.fixture(scope="module")
def parts() -> TableParts:
    """Give the heart beats of unborn children, 176 of 1,831 of them pathologic."""
    return split_table(table_of(TABLES / "cardio.npz"), "y", stratify=True)


@pytest.fixture(scope="module")
def stars() -> pd.DataFrame:
    """Give magnitudes of stars, whose third one nearly follows from the two others."""
    names = ["phot_g_mean_mag", "phot_bp_mean_mag", "phot_rp_mean_mag"]
    return table_of(TABLES / "gaia_cone.fits", columns=names).dropna()[:1200]


@pytest.fixture(scope="module")
def models(parts: TableParts) -> dict[str, TableModel]:
    """Give each kind of model, trained on the same parts."""
    return {
        name: train_model(
            parts.train, parts.validation, target="y", model=name, parameters=SMALL.get(name)
        )
        for name in (*FOUR, "linear")
    }


@pytest.mark.parametrize("name", [*FOUR, "linear"])
def test_each_kind_finds_pathologic_hearts(
    parts: TableParts, models: dict[str, TableModel], name: str
) -> None:
    model = models[name]
    said, likely = model.predict(parts.test), model.probabilities(parts.test)
    found = metrics(parts.test["y"], said, likely)
    assert found["roc_auc"] > 0.95
    assert found["balanced_accuracy"] > 0.8
    assert model.classes == (0, 1)
    assert said.index.equals(parts.test.index)
    assert list(likely.columns) == [0, 1]
    np.testing.assert_allclose(likely.sum(axis=1), 1, atol=1e-6)


@pytest.mark.parametrize("name", FOUR)
def test_each_kind_tells_a_magnitude_in_its_unit(stars: pd.DataFrame, name: str) -> None:
    parts = split_table(stars)
    given = dict(SMALL.get(name, {}), **({"epochs": 40} if name == "keras" else {}))
    model = train_model(
        parts.train, parts.validation, target="phot_g_mean_mag", model=name, parameters=given
    )
    assert model.task == "regression"
    found = metrics(parts.test["phot_g_mean_mag"], model.predict(parts.test))
    assert found["r2"] > 0.97
    with pytest.raises(BadRequest, match="no probabilities"):
        model.probabilities(parts.test)


@pytest.mark.parametrize("name", [*FOUR, "linear"])
def test_a_model_comes_back_from_its_folder_the_same(
    parts: TableParts, models: dict[str, TableModel], tmp_path: Path, name: str
) -> None:
    model = models[name]
    again = TableModel.load(model.save(tmp_path / name))
    assert again.digest() == model.digest()
    pd.testing.assert_frame_equal(
        again.probabilities(parts.test), model.probabilities(parts.test), check_exact=True
    )
    pd.testing.assert_series_equal(again.predict(parts.test), model.predict(parts.test))
    pd.testing.assert_frame_equal(again.history, model.history)
    assert type(again.model) is type(model.model)
    assert b"pickle" not in b"".join(p.read_bytes() for p in (tmp_path / name).iterdir())


MADE_HERE = """
from astrodata_kernel.processing.tabular import split_table, table_of
from astrodata_kernel.training.tabular import train_model
parts = split_table(table_of({path!r}), "y", stratify=True)
for name, given in {small!r}.items():
    model = train_model(parts.train, parts.validation, target="y", model=name, parameters=given)
    print(name, model.digest())
"""


@pytest.mark.slow
def test_the_same_fit_has_the_same_hash_in_other_processes(models: dict[str, TableModel]) -> None:
    small = {name: SMALL.get(name, {}) for name in (*FOUR, "linear")}
    code = MADE_HERE.format(path=str(TABLES / "cardio.npz"), small=small)
    processes = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    found = [process.communicate()[0].split() for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert found[0] == found[1]
    assert found[0] == [part for name in small for part in (name, models[name].digest())]


@pytest.mark.parametrize("name", FOUR[::2])
def test_another_seed_gives_another_model(parts: TableParts, name: str) -> None:
    given = {"n_estimators": 5} | ({"subsample": 0.5} if name == "xgboost" else {})
    first, second = (
        train_model(parts.train, target="y", model=name, seed=seed, parameters=given).digest()
        for seed in (0, 1)
    )
    assert first != second


def test_the_plain_objects_work_without_this_package(
    parts: TableParts, models: dict[str, TableModel], tmp_path: Path
) -> None:
    """What is in a folder, read by each library alone, in a process that never imports this package."""
    for name in ("xgboost", "keras"):
        models[name].save(tmp_path / name)
    x = parts.test.drop(columns="y")
    np.save(tmp_path / "x.npy", x.to_numpy())
    code = f"""
import os, sys
os.environ["KERAS_BACKEND"] = {sys.modules["keras"].backend.backend()!r}
import numpy as np, xgboost, keras
x = np.load({str(tmp_path / "x.npy")!r})
booster = xgboost.XGBClassifier()
booster.load_model({str(tmp_path / "xgboost" / "model.ubj")!r})
network = keras.saving.load_model({str(tmp_path / "keras" / "model.keras")!r})
assert "astrodata_kernel" not in sys.modules
np.save({str(tmp_path / "said.npy")!r}, [booster.predict_proba(x), network.predict(x, verbose=0)])
"""
    subprocess.run([sys.executable, "-c", code], check=True)
    boosted, network = np.load(tmp_path / "said.npy")
    wanted = models["xgboost"].probabilities(parts.test)
    np.testing.assert_array_equal(boosted.astype(float), wanted)
    np.testing.assert_allclose(network, models["keras"].probabilities(parts.test), atol=1e-6)
    forest = models["random_forest"].model
    np.testing.assert_array_equal(forest.predict(x), models["random_forest"].predict(parts.test))


def test_a_forest_that_grows_step_by_step_is_scikit_learns_own(parts: TableParts) -> None:
    from sklearn.ensemble import RandomForestClassifier

    told: list[float] = []
    model = train_model(
        parts.train, target="y", parameters={"n_estimators": 25}, seed=3, progress=told.append
    )
    x = parts.train.drop(columns="y")
    plain = RandomForestClassifier(25, random_state=3).fit(x, parts.train["y"])
    np.testing.assert_array_equal(
        plain.predict_proba(parts.test.drop(columns="y")), model.probabilities(parts.test)
    )
    assert told == sorted(told)
    assert told[0] == 0
    assert told[-1] == 1
    assert 0.4 in told
    assert not model.model.warm_start


@pytest.mark.parametrize("name", FOUR)
def test_a_training_can_be_given_up(parts: TableParts, name: str) -> None:
    asked: list[int] = []

    def cancelled() -> bool:
        asked.append(1)
        return len(asked) > (0 if name == "k_neighbours" else 2)

    with pytest.raises(Cancelled, match=name):
        train_model(parts.train, target="y", model=name, cancelled=cancelled)


@pytest.mark.parametrize("name", ["xgboost", "keras"])
def test_the_history_tells_each_round(models: dict[str, TableModel], name: str) -> None:
    history = models[name].history
    measure = {"xgboost": "logloss", "keras": "loss"}[name]
    assert list(history.columns) == ["step", f"train_{measure}", f"validation_{measure}"]
    assert history[f"train_{measure}"].iloc[-1] < history[f"train_{measure}"].iloc[0] / 2
    assert history["step"].tolist() == list(range(1, len(history) + 1))


def test_a_network_goes_back_to_its_best_epoch(parts: TableParts) -> None:
    given = {"epochs": 40, "patience": 2, "learning_rate": 0.03, "hidden": [32]}
    model = train_model(parts.train, parts.validation, target="y", model="keras", parameters=given)
    losses = model.history["validation_loss"]
    assert len(losses) < 40
    assert len(losses) - 1 - losses.idxmin() == 2
    likely = model.probabilities(parts.validation)
    found = metrics(parts.validation["y"], model.predict(parts.validation), likely)["log_loss"]
    assert found == pytest.approx(losses.min(), rel=1e-3)


def test_xgboost_stops_by_the_validation(parts: TableParts) -> None:
    given = {"n_estimators": 400, "early_stopping_rounds": 5}
    model = train_model(
        parts.train, parts.validation, target="y", model="xgboost", parameters=given
    )
    assert len(model.history) < 400
    with pytest.raises(BadRequest, match="needs a validation part"):
        train_model(parts.train, target="y", model="xgboost", parameters=given)


def test_classes_of_text_and_of_flags_come_back_as_they_were(
    parts: TableParts, tmp_path: Path
) -> None:
    words = parts.train.assign(y=np.where(parts.train["y"] == 1, "pathologic", "normal"))
    for name in FOUR:
        model = train_model(words, target="y", model=name, parameters=SMALL.get(name))
        assert model.classes == ("normal", "pathologic")
        assert set(model.predict(parts.test)) == {"normal", "pathologic"}
        again = TableModel.load(model.save(tmp_path / name))
        assert again.predict(parts.test).equals(model.predict(parts.test))
    flags = parts.train.assign(y=parts.train["y"] == 1)
    assert train_model(flags, target="y", model="linear").predict(parts.test).dtype == bool


@pytest.mark.parametrize("name", [n for n in KEPT if n in ESTIMATORS])
def test_every_estimator_that_is_kept_predicts_the_same_again(
    parts: TableParts, stars: pd.DataFrame, tmp_path: Path, name: str
) -> None:
    table, target = (
        (parts.validation, "y")
        if ESTIMATORS[name] == "classification"
        else (stars[:300], "phot_g_mean_mag")
    )
    model = train_model(table, target=target, model=name)
    again = TableModel.load(model.save(tmp_path / "model"))
    pd.testing.assert_series_equal(again.predict(table), model.predict(table), check_exact=True)
    assert again.digest() == model.digest()
    assert again.model.get_params().keys() == model.model.get_params().keys()
    if hasattr(model.model, "predict_proba"):
        pd.testing.assert_frame_equal(again.probabilities(table), model.probabilities(table))


@pytest.mark.parametrize("name", [n for n in ESTIMATORS if n not in KEPT])
def test_an_estimator_that_cannot_be_kept_says_what_to_do(
    parts: TableParts, stars: pd.DataFrame, tmp_path: Path, name: str
) -> None:
    few = {"n_estimators": 5} if "Boost" in name and "Hist" not in name else {}
    if "Quadratic" in name:  # two of the columns hardly vary within a class
        few = {"reg_param": 0.1}
    table, target = (
        (parts.validation, "y")
        if ESTIMATORS[name] == "classification"
        else (stars[:300], "phot_g_mean_mag")
    )
    model = train_model(table, target=target, model=name, parameters=few)
    assert len(model.predict(table)) == len(table)
    with pytest.raises(UnsupportedFormat, match="MLflow"):
        model.save(tmp_path / "model")
    assert not (tmp_path / "model" / "model.json").exists()


def test_a_solver_that_did_not_converge_leaves_a_note(parts: TableParts) -> None:
    model = train_model(parts.train, target="y", model="linear", parameters={"max_iter": 2})
    assert "converge" in model.notes[0]


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ({"target": "z"}, UnknownName, "no column 'z'"),
        ({"model": "random_forrest"}, UnknownName, "random_forest"),
        ({"model": "os.system"}, UnknownName, "there is no model"),
        ({"model": "sklearn.svm.SVR", "task": "classification"}, BadRequest, "for regression"),
        ({"parameters": {"n_estimator": 3}}, UnknownName, "n_estimators"),
        ({"parameters": {"n_estimators": -3}}, BadRequest, "n_estimators"),
        ({"parameters": {"criterion": print}}, BadRequest, "give a number, text"),
        ({"model": "keras", "parameters": {"hidden": 3}}, BadRequest, "width of each layer"),
        ({"model": "keras", "parameters": {"hiden": [3]}}, UnknownName, "hidden"),
        ({"task": "clustering"}, BadRequest, "'auto'"),
        ({"seed": -1}, BadRequest, "seed"),
    ],
)
def test_what_cannot_be_trained_says_why(
    parts: TableParts, arguments: dict, error: type, text: str
) -> None:
    with pytest.raises(error, match=text):
        train_model(parts.validation, **{"target": "y", **arguments})


def test_a_column_that_no_model_takes_is_named_with_its_row(parts: TableParts) -> None:
    table = parts.test[::6]
    gap = table.assign(X_3=table["X_3"].where(table.index != table.index[4]))
    where = repr(int(table.index[4]))
    with pytest.raises(BadRequest, match=f"'X_3' misses a value in 1 of 46 rows.*row {where}"):
        train_model(gap, target="y", model="k_neighbours")
    train_model(gap, target="y", parameters={"n_estimators": 2})  # a forest takes them
    with pytest.raises(BadRequest, match=r"'band' holds text, in row .*"):
        train_model(table.assign(band="g"), target="y")
    with pytest.raises(BadRequest, match="in all rows"):
        train_model(table.assign(y=1), target="y")
    with pytest.raises(BadRequest, match="a class that the training part has not"):
        train_model(table, table.assign(y=7), target="y", model="xgboost")
    model = train_model(table, target="y", parameters={"n_estimators": 2})
    with pytest.raises(UnknownName, match="no column 'X_3'"):
        model.predict(table.drop(columns="X_3"))
    assert len(model.predict(table[:0])) == 0
    assert model.predict(table[table.columns[::-1]]).equals(model.predict(table))


def test_a_folder_that_was_changed_is_no_model(
    models: dict[str, TableModel], tmp_path: Path
) -> None:
    with pytest.raises(UnreadableFile, match=r"no model\.json"):
        TableModel.load(tmp_path)
    for name, model in models.items():
        home = model.save(tmp_path / name)
        payload = next(path for path in home.iterdir() if path.name != "model.json")
        held = payload.read_bytes()
        payload.write_bytes(held[:-20])
        with pytest.raises(DamagedFile, match=r"not the file that model\.json was written with"):
            TableModel.load(home)
        payload.unlink()
        with pytest.raises(DamagedFile, match=r"which its model\.json names"):
            TableModel.load(home)
        (home / "model.json").write_text("{}")
        with pytest.raises(DamagedFile, match="holds no model"):
            TableModel.load(home)


def test_trees_that_lead_out_of_their_arrays_are_refused(parts: TableParts) -> None:
    from astrodata_kernel.training.tabular import estimator_arrays

    model = train_model(
        parts.validation, target="y", model="sklearn.tree.DecisionTreeClassifier"
    ).model
    values, arrays = estimator_arrays.taken(model)
    name = values["learnt"]["tree_"]["tree"]["nodes"]
    for field, node, wrong in (
        ("left_child", 0, 10**9),
        ("right_child", 0, 0),
        ("feature", 0, 21),
        ("feature", 0, -5),
        ("left_child", 0, -1),
    ):
        bad = arrays[name].copy()
        bad[field][node] = wrong
        with pytest.raises(DamagedFile, match="cannot be walked"):
            estimator_arrays.made(values, {**arrays, name: bad})
    values["learnt"]["n_features_in_"] = 3
    with pytest.raises(DamagedFile, match="other columns"):
        estimator_arrays.made(values, arrays)


def test_boosted_trees_that_lead_out_of_their_arrays_are_refused(
    models: dict[str, TableModel],
) -> None:
    """XGBoost itself ends the whole process on some of these."""
    from astrodata_kernel.training.tabular.booster_bytes import check_booster

    data = bytes(models["xgboost"].model.get_booster().save_raw("ubj"))
    check_booster(data, 21, 2)
    with pytest.raises(DamagedFile, match="other columns"):
        check_booster(data, 20, 2)
    with pytest.raises(DamagedFile, match="other columns"):
        check_booster(data, 21, 3)
    for name, wrong in (("left_children", 10**6), ("left_children", 0), ("split_indices", 21)):
        mark = name.encode() + b"[$l#L"
        at = data.index(mark) + len(mark) + 8
        bad = data[:at] + np.array([wrong], ">i4").tobytes() + data[at + 4 :]
        with pytest.raises(DamagedFile, match="tree 0 cannot be walked"):
            check_booster(bad, 21, 2)
    for bad in (data[:-1], data + b"}", b"", b"[" * 100, b"{L" + b"\xff" * 8):
        with pytest.raises(DamagedFile):
            check_booster(bad, 21, 2)


def test_a_booster_of_lines_is_not_kept(parts: TableParts, tmp_path: Path) -> None:
    given = {"booster": "gblinear", "n_estimators": 3}
    model = train_model(parts.validation, target="y", model="xgboost", parameters=given)
    with pytest.raises(UnsupportedFormat, match="MLflow"):
        model.save(tmp_path / "model")


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"estimator": "os.system", "parameters": {}, "learnt": {}}, "not made from files"),
        (
            {"estimator": "sklearn.linear_model.Ridge", "parameters": {}, "learnt": {"predict": 1}},
            "sets 'predict'",
        ),
        (
            {"estimator": "sklearn.linear_model.Ridge", "parameters": {}, "learnt": {"__x__": 1}},
            "sets '__x__'",
        ),
        ({"estimator": "sklearn.linear_model.Ridge", "parameters": {"q": 1}}, "not those of an"),
        ({"code": "import os"}, "not known here"),
        ({"array": "a7"}, "not those of an"),
    ],
)
def test_values_that_are_no_estimator_are_refused(values: dict, text: str) -> None:
    from astrodata_kernel.training.tabular import estimator_arrays

    with pytest.raises(DamagedFile, match=text):
        estimator_arrays.made(values, {})


def test_pickled_arrays_are_not_read(tmp_path: Path, models: dict[str, TableModel]) -> None:
    import hashlib
    import json

    home = models["linear"].save(tmp_path / "model")
    np.savez(home / "model.npz", a0=np.array([print], dtype=object))
    about = json.loads((home / "model.json").read_text())
    about["sha256"] = hashlib.sha256((home / "model.npz").read_bytes()).hexdigest()
    (home / "model.json").write_text(json.dumps(about))
    with pytest.raises(DamagedFile, match="arrays cannot be read"):
        TableModel.load(home)
