from pathlib import Path

import numpy as np
import pytest
from astrodata_kernel.errors import BadRequest, UnknownName
from astrodata_kernel.labels import LabelClass, LabelLog, LabelSet
from astrodata_kernel.labels.label_sets import PALETTE


def test_colours_and_keys_that_are_not_given_are_chosen() -> None:
    kinds = LabelSet.of(
        ["a", {"name": "b", "color": PALETTE[0]}, {"name": "c", "hotkey": "1"}, "d"]
    )
    assert [one.color for one in kinds.classes] == [PALETTE[1], PALETTE[0], PALETTE[2], PALETTE[3]]
    assert [one.hotkey for one in kinds.classes] == ["2", "3", "1", "4"]
    many = LabelSet.of([f"class {n}" for n in range(40)])
    assert [one.hotkey for one in many.classes][8:12] == ["9", "0", None, None]
    assert len({one.color for one in many.classes}) == len(PALETTE)


# Machado, Oliveira and Fernandes (2009), severity 1.
BLINDNESS = {
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
}


@pytest.mark.parametrize("kind", BLINDNESS)
def test_the_first_colours_are_told_apart_by_the_colour_blind(kind: str) -> None:
    rgb = np.array([[int(c[i : i + 2], 16) / 255 for i in (1, 3, 5)] for c in PALETTE[:6]])
    seen = np.clip((rgb**2.2) @ np.array(BLINDNESS[kind]).T, 0, 1) ** (1 / 2.2)
    apart = np.linalg.norm(seen[:, None] - seen[None], axis=-1)
    assert apart[np.triu_indices(6, 1)].min() > 0.12


@pytest.mark.parametrize(
    "classes",
    [
        "noise",
        {"a": 1},
        5,
        ["a", "a"],
        [""],
        ["a\nb"],
        ["x" * 201],
        [5],
        [{"color": "#112233"}],
        [{"name": "a", "shape": "round"}],
        [{"name": "a", "color": "red"}],
        [{"name": "a", "color": "#12345"}],
        [{"name": "a", "hotkey": "ab"}],
        [{"name": "a", "hotkey": "1"}, {"name": "b", "hotkey": "1"}],
        [{"name": "a", "parent": "nobody"}],
        [{"name": "a", "parent": "b"}, {"name": "b", "parent": "a"}],
        [f"class {n}" for n in range(1001)],
    ],
)
def test_classes_that_contradict_themselves_are_refused_before_anything_is_made(
    tmp_path: Path, classes: object
) -> None:
    with pytest.raises(BadRequest):
        LabelLog(tmp_path / "log", "ada", classes)
    assert not (tmp_path / "log").exists()


def test_classes_have_families(tmp_path: Path) -> None:
    log = LabelLog(
        tmp_path,
        "ada",
        [
            "noise",
            "signal",
            {"name": "chirp", "parent": "signal"},
            {"name": "BBH", "parent": "chirp"},
        ],
    )
    kinds = log.label_set
    assert kinds.path("BBH") == ("signal", "chirp", "BBH")
    assert kinds.under("signal") == ("signal", "chirp", "BBH")
    changed = log.change_classes(remove=["chirp"], rename={"signal": "astrophysical"})
    assert changed.path("BBH") == ("astrophysical", "BBH")
    assert LabelLog(tmp_path, "bob").label_set == changed


def test_the_folder_keeps_its_classes_and_new_ones_are_added(tmp_path: Path) -> None:
    first = LabelLog(tmp_path, "ada", ["a", {"name": "b", "color": "#112233"}])
    again = LabelLog(tmp_path, "bob")
    assert again.label_set == first.label_set
    third = LabelLog(tmp_path, "cleo", ["b", "c"])
    assert third.label_set.names == ("a", "b", "c")
    assert third.label_set["b"].color == "#112233"
    assert third.warnings == []
    assert [one.hotkey for one in third.label_set.classes] == ["1", "2", "3"]


def test_the_same_class_in_another_colour_keeps_the_first_and_warns(tmp_path: Path) -> None:
    LabelLog(tmp_path, "ada", [{"name": "a", "color": "#112233"}])
    with pytest.warns(
        UserWarning, match="'a' is #112233 in one label set and #445566 in the other"
    ):
        log = LabelLog(tmp_path, "bob", LabelSet((LabelClass("a", "#445566"),)))
    assert log.label_set["a"].color == "#112233"
    one, said = LabelSet.of(["x", "y"]).merged(LabelSet.of(["y", "x", "z"]))
    assert one.names == ("x", "y", "z")
    assert len(said) == 2


def test_two_that_begin_at_once_with_other_colours_agree_in_the_end(tmp_path: Path) -> None:
    first = LabelLog(tmp_path, "ada")
    second = LabelLog(tmp_path, "bob")
    first.change_classes(add=[{"name": "a", "color": "#112233"}])
    second.change_classes(add=[{"name": "a", "color": "#445566"}, "b"])
    for log in (first, second):
        with pytest.warns(UserWarning, match="it stays #112233"):
            log.refresh()
    assert first.label_set == second.label_set
    assert first.label_set.names == ("a", "b")


def test_labels_follow_a_rename_and_the_history_keeps_the_old_name(tmp_path: Path) -> None:
    log = LabelLog(tmp_path, "ada", ["a", "b", "c"])
    log.put([1, 2], "a")
    log.put(3, "b")
    log.change_classes(rename={"a": "alpha"}, recolour={"b": "#ABCDEF"}, hotkeys={"c": "x"})
    assert log.labelled() == {1: "alpha", 2: "alpha", 3: "b"}
    assert log.counts() == {"alpha": 2, "b": 1, "c": 0}
    assert log.events().label.tolist() == ["a", "a", "b"]
    assert (log.label_set["b"].color, log.label_set["c"].hotkey) == ("#abcdef", "x")
    log.put(4, "alpha")
    log.change_classes(rename={"alpha": "a"})
    log.change_classes(add=["alpha"])
    log.put(5, "alpha")
    assert LabelLog(tmp_path, "ada").labelled() == {1: "a", 2: "a", 3: "b", 4: "a", 5: "alpha"}


def test_removing_a_class_gives_its_labels_to_another_or_takes_them_away(tmp_path: Path) -> None:
    log = LabelLog(tmp_path, "ada", ["a", "b", "c"])
    for ident, label in enumerate("abc"):
        log.put(ident, label)
    log.change_classes(remove={"a": "b", "c": None})
    assert log.labelled() == {0: "b", 1: "b"}
    assert log.table().label.tolist() == ["b", "b"]
    assert log.counts() == {"b": 2}
    with pytest.raises(UnknownName):
        log.put(1, "a")
    again = LabelLog(tmp_path, "ada")
    again.change_classes(add=["c"])
    assert again.labelled() == {0: "b", 1: "b"}


def test_a_label_given_without_knowing_of_the_change_follows_it_too(tmp_path: Path) -> None:
    log = LabelLog(tmp_path, "ada", ["a", "b"])
    bob = LabelLog(tmp_path, "bob")
    bob.skip(0)
    log.change_classes(rename={"a": "alpha"}, remove={"b": None})
    bob.put(1, "a")
    bob.put(2, "b")
    log.refresh()
    # Of a class that is gone without another in its place the label stays: somebody gave it.
    assert log.labelled("bob") == {1: "alpha", 2: "b"}


def test_multiple_classes_can_be_allowed_later(tmp_path: Path) -> None:
    log = LabelLog(tmp_path, "ada", ["a", "b"])
    log.put(1, "a")
    log.change_classes(multiple=True)
    log.put(2, ["a", "b"])
    log.change_classes(rename={"a": "x"}, remove={"b": None})
    assert log.labelled() == {1: "x", 2: ["x"]}


@pytest.mark.parametrize(
    "change",
    [
        {"rename": {"a": "b"}},
        {"rename": {"nobody": "c"}},
        {"rename": {"a": ""}},
        {"recolour": {"a": "blue"}},
        {"hotkeys": {"a": "2"}},
        {"parents": {"a": "a"}},
        {"parents": {"a": "nobody"}},
        {"remove": {"a": "nobody"}},
        {"remove": ["nobody"]},
    ],
)
def test_a_change_that_contradicts_itself_changes_nothing(tmp_path: Path, change: dict) -> None:
    log = LabelLog(tmp_path, "ada", ["a", "b"])
    before = log.digest, log.label_set
    with pytest.raises((BadRequest, UnknownName)):
        log.change_classes(**change)
    assert (log.digest, log.label_set) == before


def test_a_label_set_without_classes_takes_every_label(tmp_path: Path) -> None:
    log = LabelLog(tmp_path, "ada", LabelSet.of([]))
    log.put(1, "odd")
    assert (log.label_set.names, log.warnings, log.counts()) == ((), [], {"odd": 1})
    log.change_classes(add=["even"])
    assert log.labelled() == {1: "odd"}
    with pytest.raises(UnknownName):
        log.put(2, "odd")
