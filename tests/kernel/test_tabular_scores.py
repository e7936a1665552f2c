"""Measures of predictions are scikit-learn's, nothing missing is left out silently, and figures show them."""

import json

import numpy as np
import pandas as pd
import pytest
from astrodata_kernel.errors import BadRequest
from astrodata_kernel.training import svg_of
from astrodata_kernel.training.tabular import (
    confusion_figure,
    learning_figure,
    metrics,
    precision_recall_figure,
    residuals_figure,
    roc_figure,
)
from sklearn import metrics as scores


@pytest.fixture
def three() -> tuple[pd.Series, pd.Series, pd.DataFrame]:
    """Give 300 rows of three classes, with predictions that are mostly right."""
    rng = np.random.default_rng(0)
    truth = rng.choice(["galaxy", "quasar", "star"], 300, p=[0.5, 0.1, 0.4])
    chances = rng.dirichlet([1, 1, 1], 300)
    chances[np.arange(300), np.searchsorted(["galaxy", "quasar", "star"], truth)] += 0.7
    table = pd.DataFrame(chances / chances.sum(axis=1, keepdims=True))
    table.columns = ["galaxy", "quasar", "star"]
    return pd.Series(truth), table.idxmax(axis=1), table


def test_measures_of_classes_are_scikit_learns(three: tuple) -> None:
    truth, said, chances = three
    found = metrics(truth, said, chances)
    one_hot = pd.get_dummies(truth)
    wanted = {
        "accuracy": scores.accuracy_score(truth, said),
        "balanced_accuracy": scores.balanced_accuracy_score(truth, said),
        "f1_macro": scores.f1_score(truth, said, average="macro"),
        "roc_auc": scores.roc_auc_score(truth, chances, multi_class="ovr"),
        "average_precision": scores.average_precision_score(one_hot, chances, average="macro"),
        "log_loss": scores.log_loss(truth, chances),
    }
    assert {name: found[name] for name in wanted} == pytest.approx(wanted)
    assert found["confusion"] == scores.confusion_matrix(truth, said).tolist()
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_two_classes_are_measured_by_the_last_one() -> None:
    truth, chance = [0, 0, 1, 1, 0], [0.1, 0.6, 0.5, 0.9, 0.2]
    table = np.column_stack([1 - np.array(chance), chance])
    found = metrics(truth, [0, 1, 1, 1, 0], table, classes=[0, 1])
    assert found["roc_auc"] == pytest.approx(scores.roc_auc_score(truth, chance))
    assert found["average_precision"] == pytest.approx(
        scores.average_precision_score(truth, chance)
    )


def test_measures_of_values_are_scikit_learns() -> None:
    rng = np.random.default_rng(0)
    truth = rng.normal(size=100)
    said = truth + 0.1 * rng.normal(size=100)
    assert metrics(truth, said) == pytest.approx(
        {
            "rmse": scores.root_mean_squared_error(truth, said),
            "mae": scores.mean_absolute_error(truth, said),
            "median_absolute_error": scores.median_absolute_error(truth, said),
            "r2": scores.r2_score(truth, said),
            "rows": 100,
        }
    )


def test_a_measure_without_meaning_is_none() -> None:
    assert metrics([1.0, 1.0], [1.0, 2.0], task="regression")["r2"] is None
    found = metrics([1, 1], [1, 0], np.array([[0.1, 0.9], [0.6, 0.4]]), classes=[0, 1])
    assert found["roc_auc"] is None
    assert found["average_precision"] is None
    assert found["accuracy"] == 0.5
    assert found["log_loss"] > 0


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (
            ([1.0, np.nan, 2.5], [1.0, 1.0, 1.0]),
            "1 of 3 true values are missing, the first is number 1",
        ),
        (([1, 0], pd.array([None, 1], "Int64")), "1 of 2 predicted values are missing"),
        (([1, 0], [1]), "2 true values and 1 predicted"),
        (([], []), "no row"),
        (([1.0, 2.5], [np.inf, 1.0]), "number 0 is infinite"),
        (([1, 0], [1, 0], np.ones((2, 3))), r"shape \(2, 3\) for 2 rows of 2 classes"),
        (([1, 0], [1, 0], np.full((2, 2), np.nan)), "2 of 2 rows have no probabilities"),
        (([1, 2], [1, 0], pd.DataFrame(np.eye(2), columns=[0, 1])), "class 2 is none of"),
    ],
)
def test_what_is_missing_is_told_and_not_left_out(arguments: tuple, text: str) -> None:
    with pytest.raises(BadRequest, match=text):
        metrics(*arguments)


def test_curves_show_each_class_and_its_measure(three: tuple) -> None:
    truth, _, chances = three
    for draw, word in ((roc_figure, "area"), (precision_recall_figure, "mean")):
        figure = draw(truth, chances)
        texts = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
        assert len(texts) == 4
        assert texts[1].startswith(f"quasar: {word} ")
        assert svg_of(figure).startswith("<svg")
    with pytest.raises(BadRequest, match="all rows are of one class"):
        roc_figure(["star"] * 2, pd.DataFrame(np.eye(2), columns=["quasar", "star"]))
    with pytest.raises(BadRequest, match=r"TableModel\.probabilities"):
        roc_figure(truth, chances.to_numpy())


def test_a_confusion_shows_each_count(three: tuple) -> None:
    truth, said, _ = three
    texts = [text.get_text() for text in confusion_figure(truth, said).axes[0].texts]
    wanted = scores.confusion_matrix(truth, said).ravel()
    assert [int(text.split("\n")[0]) for text in texts] == wanted.tolist()


def test_residuals_have_the_targets_unit_and_names_are_no_formulas() -> None:
    rng = np.random.default_rng(0)
    truth = rng.normal(size=6000)
    figure = residuals_figure(truth, truth + 0.1, unit="mag")
    assert figure.axes[0].get_ylabel() == "predicted − true [mag]"
    odd = ["$\\bad$", "<script>"] * 3
    page = svg_of(confusion_figure(odd, odd))
    assert "<script" not in page


def test_a_history_is_drawn_round_by_round() -> None:
    history = pd.DataFrame(
        {"step": [1, 2], "train_loss": [2.0, 1.0], "validation_loss": [2.0, 1.5]}
    )
    lines = learning_figure(history).axes[0].lines
    assert [line.get_label() for line in lines] == ["train: loss", "validation: loss"]
    with pytest.raises(BadRequest, match="only XGBoost and Keras"):
        learning_figure(pd.DataFrame())
