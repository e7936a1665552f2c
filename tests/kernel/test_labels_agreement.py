from pathlib import Path

import numpy as np
import pytest
from astrodata_kernel.errors import BadRequest
from astrodata_kernel.labels import (
    LabelLog,
    agreement,
    disagreements,
    self_consistency,
)
from sklearn.metrics import cohen_kappa_score


def people(folder: Path, given: dict[str, list], **more: object) -> LabelLog:
    for who, labels in given.items():
        with LabelLog(folder, who, **more) as log:
            for ident, label in enumerate(labels):
                if label is not None:
                    log.put(ident, label)
    return LabelLog(folder, "judge")


def test_alpha_is_that_of_krippendorffs_own_example(tmp_path: Path) -> None:
    # Krippendorff, "Computing Krippendorff's alpha-reliability" (2011), data C: nominal alpha 0.743.
    table = """
        1 2 3 3 2 1 4 1 2 . . .
        1 2 3 3 2 2 4 1 2 5 . 3
        . 3 3 3 2 3 4 2 2 5 1 .
        1 2 3 3 2 4 4 1 2 5 1 ."""
    rows = [line.split() for line in table.strip().splitlines()]
    given = {f"coder {n}": [None if c == "." else c for c in row] for n, row in enumerate(rows)}
    found = agreement(people(tmp_path, given))
    assert found.krippendorff == pytest.approx(0.743, abs=5e-4)
    assert len(found.cohen) == 6


def test_kappa_and_confusion_are_those_of_scikit_learn(tmp_path: Path) -> None:
    random = np.random.default_rng(2)
    truth = random.integers(0, 3, 60)
    given = {
        who: ["abc"[t] if random.random() < 0.7 else random.choice([*"abc"]) for t in truth]
        for who in ("ada", "bob", "cleo")
    }
    found = agreement(people(tmp_path, given))
    for (one, other), kappa in found.cohen.items():
        assert kappa == pytest.approx(cohen_kappa_score(given[one], given[other]))
        assert found.shared[one, other] == 60
        same = np.mean(np.array(given[one]) == np.array(given[other]))
        assert found.observed[one, other] == pytest.approx(same)
        a_b = found.confusion[one, other].loc["a", "b"]
        assert a_b == sum(p == ("a", "b") for p in zip(given[one], given[other], strict=True))
    assert found.table().shape == (3, 5)


def test_agreement_that_cannot_be_told_is_nan_and_one_alone_is_refused(tmp_path: Path) -> None:
    found = agreement(people(tmp_path / "same", {"ada": ["a", "a"], "bob": ["a", "a"]}))
    assert np.isnan(found.krippendorff)
    assert np.isnan(found.cohen["ada", "bob"])
    assert found.observed["ada", "bob"] == 1
    apart = agreement(people(tmp_path / "apart", {"ada": ["a", None], "bob": [None, "b"]}))
    assert np.isnan(apart.observed["ada", "bob"])
    with pytest.raises(BadRequest, match="only ada has labelled"):
        agreement(people(tmp_path / "one", {"ada": ["a"]}))
    with pytest.raises(BadRequest, match="nobody"):
        agreement(LabelLog(tmp_path / "none", "ada"))


def test_disagreements_are_a_queue_until_they_are_decided(tmp_path: Path) -> None:
    log = people(
        tmp_path,
        {"ada": ["a", "a", "b", "a"], "bob": ["a", "b", "b", "b"], "cleo": ["a", "c", "b", "a"]},
    )
    queue = disagreements(log)
    assert queue.id.tolist() == [1, 3]
    assert queue.labels[0] == {"ada": "a", "bob": "b", "cleo": "c"}
    assert queue.split.tolist() == pytest.approx([2 / 3, 1 / 3])
    log.adjudicate(1, "b", note="clear tail")
    assert disagreements(log).id.tolist() == [3]
    assert disagreements(log, decided=True).verdict.tolist() == ["b", None]
    assert log.labelled("*")[1] == "b"
    log.undo()
    assert disagreements(log).id.tolist() == [1, 3]
    log.adjudicate([1, 3], "a")
    log.adjudicate(3, None)
    assert log.verdicts == {1: "a"}
    assert disagreements(people(tmp_path / "one", {"ada": ["a"]})).empty


def test_several_classes_of_an_event_are_compared_as_one_label(tmp_path: Path) -> None:
    given = {"ada": [["a", "b"], ["a"]], "bob": [["b", "a"], ["b"]]}
    log = people(tmp_path, given, classes=["a", "b"], multiple=True)
    assert agreement(log).observed["ada", "bob"] == 0.5
    assert disagreements(log).labels[0] == {"ada": ["a"], "bob": ["b"]}


def test_self_consistency_compares_what_was_shown_a_second_time(tmp_path: Path) -> None:
    log = LabelLog(tmp_path, "ada", ["a", "b"])
    for ident, label in enumerate("aabb"):
        log.put(ident, label)
    log.put(0, "b")  # a correction
    for ident, label in ((0, "b"), (1, "b"), (2, "b"), (3, "b")):
        log.put(ident, label, source="repeat")
    log.put(3, "a", source="repeat")
    log.undo()
    found = self_consistency(log)
    assert (found.compared, found.same, found.rate) == (4, 3, 0.75)
    assert found.confusion.loc["a", "b"] == 1
    assert self_consistency(log, every=True).compared == 5
    nobody = self_consistency(log, "bob")
    assert nobody.compared == 0
    assert np.isnan(nobody.rate)
