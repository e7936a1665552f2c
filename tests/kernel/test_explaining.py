"""Importances of columns: true ones are found, they are scikit-learn's and SHAP's own, and they say "
"what to mind."""

import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from astrodata_kernel.errors import BadRequest, Cancelled, MissingPackage, UnknownName
from astrodata_kernel.explaining import Importance, importance
from astrodata_kernel.processing.tabular import TableParts, split_table, table_of
from astrodata_kernel.training.tabular import TableModel, train_model

TABLES = Path(__file__).parents[2] / "examples" / "data" / "tables"
FOUR = ("random_forest", "k_neighbours", "xgboost", "keras")
SMALL = {
    "random_forest": {"n_estimators": 20},
    "xgboost": {"n_estimators": 20},
    "keras": {"epochs": 25},
}
WITH_SHAP = pytest.mark.skipif(find_spec("shap") is None, reason="SHAP is an extra of its own")


@pytest.fixture(scope="module")
def known() -> TableParts:
    """Give a table of which two columns decide, and three are noise."""
    rng = np.random.default_rng(1)
    table = pd.DataFrame(rng.normal(size=(900, 5)), columns=["a", "b", "c", "d", "e"])
    table["kind"] = np.where(2 * table["b"] + table["d"] > 0, "signal", "noise")
    return split_table(table, "kind", stratify=True)


@pytest.fixture(scope="module")
def models(known: TableParts) -> dict[str, TableModel]:
    """Give each kind of model of that table."""
    return {
        name: train_model(known.train, target="kind", model=name, parameters=SMALL.get(name))
        for name in FOUR
    }


@pytest.fixture(scope="module")
def hearts() -> TableParts:
    """Give real rows, some of whose columns tell nearly the same."""
    return split_table(table_of(TABLES / "cardio.npz"), "y", stratify=True)


@pytest.mark.parametrize("name", FOUR)
def test_the_two_columns_that_decide_come_first(
    known: TableParts, models: dict[str, TableModel], name: str
) -> None:
    found = importance(models[name], known.test, "kind", repeats=5)
    assert found.table.index[:2].tolist() == ["b", "d"]
    assert found.table["mean"].iloc[1] > 5 * found.table["mean"].iloc[2:].abs().max()
    assert found.metric == "roc_auc"
    assert found.base > 0.9
    assert found.values.shape == (5, 5)
    np.testing.assert_allclose(found.table["mean"], found.values.mean(axis=1))
    assert not found.notes


@pytest.mark.slow
@WITH_SHAP
@pytest.mark.parametrize("name", FOUR)
def test_shap_finds_the_two_columns_and_adds_up(
    known: TableParts, models: dict[str, TableModel], name: str
) -> None:
    found = importance(models[name], known.test, "kind", method="shap", rows=30)
    assert found.table.index[:2].tolist() == ["b", "d"]
    assert found.values.shape == (30, 5)
    assert found.residual < 1e-5
    np.testing.assert_allclose(found.base + found.values.sum(axis=1), found.outputs, atol=1e-5)
    margin = name == "xgboost"
    assert found.metric == f"{'margin (log-odds)' if margin else 'probability'} of signal"
    chances = models[name].probabilities(known.test.loc[found.features.index])["signal"]
    wanted = np.log(chances / (1 - chances)) if margin else chances
    np.testing.assert_allclose(found.outputs, wanted, rtol=1e-4, atol=1e-4)
    again = importance(models[name], known.test, "kind", method="shap", rows=30)
    np.testing.assert_array_equal(again.values, found.values)


def test_permutation_is_scikit_learns_own(known: TableParts, models: dict[str, TableModel]) -> None:
    from sklearn.inspection import permutation_importance

    plain = models["random_forest"].model
    x, y = known.test.drop(columns="kind"), known.test["kind"]
    theirs = permutation_importance(
        plain, x, y, scoring="roc_auc", n_repeats=4, random_state=7
    ).importances
    for model in (models["random_forest"], plain):
        found = importance(model, known.test, "kind", repeats=4, seed=7)
        columns = [x.columns.get_loc(name) for name in found.table.index]
        np.testing.assert_allclose(found.values, theirs[columns], atol=1e-12)
    accuracy = permutation_importance(plain, x, y, n_repeats=2, random_state=0).importances_mean
    found = importance(plain, x, y, metric="accuracy", repeats=2).table["mean"]
    np.testing.assert_allclose(found[list(x.columns)], accuracy, atol=1e-12)


def test_columns_of_a_group_are_shuffled_together() -> None:
    from sklearn.linear_model import LinearRegression

    rng = np.random.default_rng(0)
    table = pd.DataFrame({"a": rng.normal(size=500), "noise": rng.normal(size=500)})
    table["b"] = table["a"] + 1e-9 * rng.normal(size=500)
    truth = table["a"] - table["b"] + table["noise"]  # nothing of it is left of a and b
    model = LinearRegression().fit(table, truth)
    model.coef_ = np.array([1.0, 1.0, -1.0])
    model.intercept_ = 0.0
    alone = importance(model, table, truth)
    assert alone.table["mean"]["a"] > 1  # the trap: a difference that only one of them loses
    assert alone.correlated == (("a", "b"),)
    assert "a, b are strongly correlated" in alone.notes[0]
    together = importance(model, table, truth, group=alone.correlated)
    assert together.table["mean"]["a + b"] == pytest.approx(0, abs=1e-6)
    assert together.notes == ()
    named = importance(model, table, truth, group={"colour": ["a", "b"]})
    assert set(named.table.index) == {"colour", "noise"}


@WITH_SHAP
def test_shap_values_of_a_group_are_the_sum_of_its_columns(hearts: TableParts) -> None:
    model = train_model(hearts.train, target="y", parameters={"n_estimators": 10})
    alone = importance(model, hearts.test, "y", method="shap", rows=40)
    group = importance(
        model,
        hearts.test,
        "y",
        method="shap",
        rows=40,
        group={"histogram": ["X_16", "X_17", "X_18"]},
    )
    at = [alone.table.index.get_loc(name) for name in ("X_16", "X_17", "X_18")]
    mine = group.values[:, group.table.index.get_loc("histogram")]
    np.testing.assert_allclose(mine, alone.values[:, at].sum(axis=1))


@pytest.mark.parametrize("name", FOUR)
def test_real_columns_are_ranked_and_those_that_tell_the_same_are_named(
    hearts: TableParts, name: str
) -> None:
    model = train_model(hearts.train, target="y", model=name, parameters=SMALL.get(name))
    found = importance(model, hearts.test, "y", metric="average_precision", repeats=2)
    assert ("X_0", "X_16", "X_17", "X_18") in found.correlated
    assert any("X_11, X_12" in note for note in found.notes)
    assert found.table["mean"].iloc[0] > 0.02
    assert found.table["mean"].is_monotonic_decreasing


def test_an_error_that_grows_is_a_gain() -> None:
    from sklearn.ensemble import RandomForestRegressor

    names = ["phot_g_mean_mag", "phot_bp_mean_mag", "phot_rp_mean_mag"]
    stars = table_of(TABLES / "gaia_cone.fits", columns=names).dropna()[:600]
    x, y = stars[names[1:]], stars[names[0]]
    model = RandomForestRegressor(20, random_state=0).fit(x[:400], y[:400])
    found = importance(model, x[400:], y[400:], metric="rmse", repeats=3)
    assert found.base < 0.3
    assert (found.table["mean"] > 0.3).all()
    assert found.target == "phot_g_mean_mag"


@WITH_SHAP
def test_three_classes_have_values_each(hearts: TableParts) -> None:
    table = hearts.train.drop(columns="y")
    table["rate"] = pd.cut(table["X_0"], [-9, -0.5, 0.5, 9], labels=["low", "middle", "high"])
    model = train_model(table, target="rate", model="xgboost", parameters={"n_estimators": 5})
    found = importance(model, table, "rate", method="shap", rows=25)
    assert found.classes == ("high", "low", "middle")
    assert found.values.shape == (25, 21, 3)
    assert found.table.index[0] == "X_0"
    sums = found.base + found.values.sum(axis=1)
    np.testing.assert_allclose(sums, found.outputs, atol=1e-4)
    assert "of low" in found.summary_figure(of="low").axes[0].get_xlabel()
    with pytest.raises(UnknownName, match="no class 'lo': there are low"):
        found.summary_figure(of="lo")


@WITH_SHAP
def test_shap_leaves_the_notebooks_random_numbers_alone(
    known: TableParts, models: dict[str, TableModel]
) -> None:
    np.random.seed(3)  # noqa: NPY002 - what a user's notebook does
    first = np.random.get_state()[1].copy()  # noqa: NPY002
    importance(models["k_neighbours"], known.test, "kind", method="shap", rows=3)
    np.testing.assert_array_equal(first, np.random.get_state()[1])  # noqa: NPY002


def test_a_plain_network_is_asked_for_its_probabilities(
    known: TableParts, models: dict[str, TableModel]
) -> None:
    through = importance(models["keras"], known.test, "kind", repeats=2)
    plain = importance(models["keras"].model, known.test, "kind", repeats=2)
    np.testing.assert_allclose(plain.values, through.values, atol=1e-9)


def test_work_can_be_given_up_and_tells_how_far_it_is(
    known: TableParts, models: dict[str, TableModel]
) -> None:
    told: list[float] = []
    with pytest.raises(Cancelled):
        importance(
            models["random_forest"],
            known.test,
            "kind",
            progress=told.append,
            cancelled=lambda: len(told) > 4,
        )
    assert len(told) == 5
    importance(models["random_forest"], known.test, "kind", repeats=1, progress=told.append)
    assert told[-1] == 1


def test_without_shap_the_extra_is_named(
    known: TableParts, models: dict[str, TableModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "shap", None)
    with pytest.raises(MissingPackage, match=r"astrodata-lab\[shap\]"):
        importance(models["xgboost"], known.test, "kind", method="shap")


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ({"method": "lime"}, BadRequest, "'permutation' and 'shap'"),
        ({"metric": "auc"}, BadRequest, "roc_auc"),
        ({"metric": "rmse"}, BadRequest, "no metric 'rmse' of this model"),
        ({"method": "shap", "metric": "roc_auc"}, BadRequest, "leave it out"),
        ({"repeats": 0}, BadRequest, "above 0"),
        ({"group": {"g": ["a", "z"]}}, BadRequest, "'z', which the model does not look at"),
        ({"group": [["a", "b"], ["b", "c"]]}, BadRequest, "'b' is in two groups"),
        ({"target": "sort"}, UnknownName, "no column 'sort'"),
        ({"target": [1, 2]}, BadRequest, "2 values of the target"),
    ],
)
def test_what_cannot_be_asked_says_why(
    known: TableParts, models: dict[str, TableModel], arguments: dict, error: type, text: str
) -> None:
    with pytest.raises(error, match=text):
        importance(models["random_forest"], known.test, **{"target": "kind", **arguments})


def test_rows_of_one_class_have_no_curve_to_lose(
    known: TableParts, models: dict[str, TableModel]
) -> None:
    rows = known.test[known.test["kind"] == "noise"]
    with pytest.raises(BadRequest, match="roc_auc has no meaning for these rows"):
        importance(models["random_forest"], rows, "kind")


def test_the_figures_show_the_columns_in_order(
    known: TableParts, models: dict[str, TableModel]
) -> None:
    found = importance(models["random_forest"], known.test, "kind", repeats=3)
    axes = found.figure(most=3).axes[0]
    assert [each.get_text() for each in axes.get_yticklabels()][::-1] == list(found.table.index[:3])
    assert [bar.get_width() for bar in axes.patches][::-1] == found.table["mean"][:3].tolist()
    with pytest.raises(BadRequest, match="single rows"):
        found.summary_figure()


@WITH_SHAP
def test_a_point_stands_for_each_row_and_column(
    known: TableParts, models: dict[str, TableModel]
) -> None:
    found = importance(models["random_forest"], known.test, "kind", method="shap", rows=50)
    axes = found.summary_figure(most=2).axes[0]
    for number, drawn in enumerate(axes.collections):
        np.testing.assert_array_equal(drawn.get_offsets()[:, 0], found.values[:, number])
        off = drawn.get_offsets()[:, 1] - (1 - number)
        assert np.abs(off).max() < 0.5


def test_names_of_columns_reach_the_page_only_escaped() -> None:
    from sklearn.linear_model import LinearRegression

    name = r"<img src=x onerror=alert(1)> $\frac$"
    rng = np.random.default_rng(0)
    table = pd.DataFrame({name: rng.normal(size=60), "x": rng.normal(size=60)})
    model = LinearRegression().fit(table, table[name])
    page = importance(model, table, table[name].rename("<b>$\\bad$"), repeats=2)._repr_html_()
    assert "<img" not in page
    assert "<b>$" not in page
    assert "<svg" in page
    assert isinstance(importance(model, table, table[name], repeats=2), Importance)
