"""Classifiers as arrays: the same votes as scikit-learn's, and files that are checked."""

import io
import json
import zipfile

import numpy as np
import pytest
from astrodata_kernel.errors import BadRequest, Cancelled, DamagedFile, UnreadableFile
from astrodata_kernel.learning import Classifier, load_classifier, save_classifier

RNG = np.random.default_rng(3)
Z = RNG.normal(size=(300, 4))
NAMES = np.where(Z[:, 1] > 1, "burst", np.where(Z[:, 0] > 0.5, "pulse", "noise"))
NEW = RNG.normal(size=(500, 4))


def test_the_forest_votes_as_scikit_learns_own():
    from sklearn.ensemble import RandomForestClassifier

    made = Classifier.fit("random_forest", Z, NAMES, seed=4)
    classes, numbers = np.unique(NAMES, return_inverse=True)
    weights = (len(NAMES) / len(classes) / np.bincount(numbers))[numbers]
    forest = RandomForestClassifier(n_estimators=0, warm_start=True, random_state=4)
    for count in range(20, 101, 20):
        forest.n_estimators = count
        forest.fit(Z.astype(np.float32), NAMES, sample_weight=weights)
    assert made.classes == tuple(forest.classes_)
    np.testing.assert_allclose(made.probabilities(NEW), forest.predict_proba(NEW), atol=1e-12)


@pytest.mark.parametrize("classes", [2, 3])
def test_the_head_is_a_logistic_regression(classes):
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    names = NAMES if classes == 3 else np.where(NAMES == "noise", "noise", "other")
    made = Classifier.fit("head", Z, names)
    scale = StandardScaler().fit(Z)
    line = LogisticRegression(max_iter=1000, class_weight="balanced").fit(scale.transform(Z), names)
    np.testing.assert_allclose(
        made.probabilities(NEW), line.predict_proba(scale.transform(NEW)), atol=1e-6
    )


@pytest.mark.parametrize("model", ["random_forest", "head"])
def test_a_file_gives_the_same_classifier(model, tmp_path):
    made = Classifier.fit(model, Z, NAMES)
    again = load_classifier(save_classifier(made, tmp_path / "made.npz"))
    assert (again.model, again.classes, again.width) == (model, made.classes, 4)
    np.testing.assert_array_equal(again.probabilities(NEW), made.probabilities(NEW))


def test_points_that_are_not_finite_have_no_probability():
    some = NEW.copy()
    some[3, 0], some[5, 2] = np.nan, np.inf
    found = Classifier.fit("random_forest", Z, NAMES).probabilities(some)
    assert np.flatnonzero(np.isnan(found).any(axis=1)).tolist() == [3, 5]


def test_chunks_change_nothing(monkeypatch):
    from astrodata_kernel.learning import classifiers

    made = Classifier.fit("random_forest", Z, NAMES)
    whole = made.probabilities(NEW)
    monkeypatch.setattr(classifiers, "CHUNK", 7)
    np.testing.assert_array_equal(made.probabilities(NEW), whole)


def test_a_classifier_that_nobody_waits_for_is_given_up():
    def cancelled():
        raise Cancelled("enough")

    with pytest.raises(Cancelled):
        Classifier.fit("random_forest", Z, NAMES, cancelled=cancelled)
    with pytest.raises(Cancelled):
        Classifier.fit("head", Z, NAMES).probabilities(NEW, cancelled)


@pytest.mark.parametrize(
    ("model", "z", "names", "words"),
    [
        ("oracle", Z, NAMES, "random_forest, head"),
        ("head", Z, ["one"] * 300, "two of them"),
        ("head", Z[:5], NAMES, "300 labels"),
        ("head", np.full((2, 2), np.nan), ["a", "b"], "finite"),
    ],
)
def test_what_cannot_be_learnt_is_said(model, z, names, words):
    with pytest.raises(BadRequest, match=words):
        Classifier.fit(model, z, names)


def test_latents_of_another_number_are_refused():
    with pytest.raises(BadRequest, match=r"takes \(n, 4\)"):
        Classifier.fit("head", Z, NAMES).probabilities(NEW[:, :3])


def rewritten(path, **changes):
    with np.load(path) as kept:
        arrays = {name: kept[name] for name in kept.files}
    for name, value in changes.items():
        if value is None:
            arrays.pop(name)
        else:
            arrays[name] = value(arrays[name])
    np.savez(path, **arrays)


def looped(left):
    left = left.copy()
    left[5] = 0
    return left


@pytest.mark.parametrize(
    ("model", "changes", "words"),
    [
        ("random_forest", {"left": looped}, "branches do not end"),
        ("random_forest", {"right": lambda a: a + len(a)}, "branches do not end"),
        ("random_forest", {"feature": lambda a: a + 4}, "asks for latents"),
        ("random_forest", {"roots": lambda a: a - 1}, "roots are not in it"),
        ("random_forest", {"value": lambda a: a[:, :2]}, "do not fit"),
        ("random_forest", {"threshold": lambda a: a * np.nan}, "not finite"),
        ("random_forest", {"threshold": lambda a: a.astype(int)}, "another kind"),
        ("head", {"slopes": lambda a: a[:2]}, "do not fit"),
        ("head", {"offsets": None}, "holds no classifier"),
        ("head", {"about": lambda a: np.array("{")}, "holds no classifier"),
        ("head", {"about": lambda a: np.array(json.dumps({"model": "x"}))}, "holds no classifier"),
        (
            "head",
            {"about": lambda a: np.array(json.dumps({"model": "head", "width": 4, "classes": []}))},
            "its model, classes",
        ),
    ],
)
def test_a_file_that_contradicts_itself_is_refused(tmp_path, model, changes, words):
    path = save_classifier(Classifier.fit(model, Z, NAMES), tmp_path / "made.npz")
    rewritten(path, **changes)
    with pytest.raises(DamagedFile, match=words):
        load_classifier(path)


def test_a_file_that_is_cut_or_missing_is_refused(tmp_path):
    path = save_classifier(Classifier.fit("head", Z, NAMES), tmp_path / "made.npz")
    whole = path.read_bytes()
    for size in (0, 10, len(whole) // 2, len(whole) - 30):
        path.write_bytes(whole[:size])
        with pytest.raises(DamagedFile, match=r"made\.npz"):
            load_classifier(path)
    with pytest.raises(UnreadableFile, match="does not exist"):
        load_classifier(tmp_path / "none.npz")


def test_a_file_with_pickled_objects_runs_nothing(tmp_path):
    class Trap:
        def __reduce__(self):
            return print, ("the trap was sprung",)

    path = save_classifier(Classifier.fit("head", Z, NAMES), tmp_path / "made.npz")
    buffer = io.BytesIO()
    np.save(buffer, np.array([Trap()], object), allow_pickle=True)
    with zipfile.ZipFile(path) as kept:
        parts = {name: kept.read(name) for name in kept.namelist()}
    parts["mean.npy"] = buffer.getvalue()
    with zipfile.ZipFile(path, "w") as made:
        for name, content in parts.items():
            made.writestr(name, content)
    with pytest.raises(DamagedFile):
        load_classifier(path)
