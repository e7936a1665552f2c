import json
import math
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from astrodata_kernel.errors import BadRequest, UnknownName
from astrodata_kernel.labels import LabelLog, LabelSet, mask_of, mask_region


@pytest.fixture
def log(tmp_path: Path) -> LabelLog:
    return LabelLog(tmp_path / "log", "ada", ["noise", "glitch"])


def test_a_label_is_in_the_file_when_put_returns(log: LabelLog) -> None:
    number = log.put(7, "glitch", "rings", confidence=0.9, seconds=1.5, score=3.25, source="hotkey")
    [path] = log.folder.glob("ada-*.jsonl")
    last = json.loads(path.read_bytes().splitlines()[-1])
    assert (last["n"], last["ids"], last["label"], last["who"]) == (number, [7], "glitch", "ada")
    assert (last["note"], last["confidence"], last["seconds"]) == ("rings", 0.9, 1.5)
    assert (last["score"], last["source"]) == (3.25, "hotkey")


def test_the_table_has_one_row_for_each_id_and_annotator(log: LabelLog) -> None:
    log.put([1, 2], "noise")
    log.put(2, "glitch", note="second look")
    bob = LabelLog(log.folder, "bob")
    bob.put(2, "noise", score=1.0)
    assert log.refresh() == 1
    table = log.table()
    rows = [tuple(row) for row in table[["id", "label", "annotator"]].to_numpy().tolist()]
    assert sorted(rows) == [(1, "noise", "ada"), (2, "glitch", "ada"), (2, "noise", "bob")]
    assert str(table.time.dtype) == "datetime64[us, UTC]"
    assert log.table("bob").score.tolist() == [1.0]
    assert log.annotators == ["ada", "bob"]
    assert log.counts() == {"noise": 2, "glitch": 1}
    assert log.counts(by="annotator")["bob"] == {"noise": 1, "glitch": 0}
    assert log.counts(who="ada") == {"noise": 1, "glitch": 1}


def test_labels_are_this_annotators_unless_another_is_asked_for(log: LabelLog) -> None:
    log.put(1, "noise")
    LabelLog(log.folder, "bob").put([1, 2], "glitch")
    log.refresh()
    assert log.labelled() == {1: "noise"}
    assert log.labelled("bob") == {1: "glitch", 2: "glitch"}
    assert log.labelled("*") == {1: "noise", 2: "glitch"}
    log.adjudicate(1, "glitch", "settled")
    assert log.labelled("*") == {1: "glitch", 2: "glitch"}
    assert log.verdicts == {1: "glitch"}
    assert log.table().set_index("annotator").verdict.to_dict()["ada"] == "glitch"
    assert log.label_of(1) == "noise"


def test_none_takes_a_label_away_and_the_history_keeps_it(log: LabelLog) -> None:
    log.put([1, 2], "noise")
    log.put(1, None)
    assert log.labelled() == {2: "noise"}
    assert log.events()[["id", "label"]].isna().sum().tolist() == [0, 1]


def test_undo_and_redo_are_events_and_give_what_they_are_about(log: LabelLog) -> None:
    log.put(1, "noise")
    log.put([1, 2], "glitch")
    undone = log.undo()
    assert (undone["ids"], undone["label"], undone["do"]) == ([1, 2], "glitch", "put")
    assert log.labelled() == {1: "noise"}
    assert log.can_redo
    assert log.redo()["ids"] == [1, 2]
    assert log.labelled() == {1: "glitch", 2: "glitch"}
    assert [log.undo()["ids"], log.undo()["ids"], log.undo()] == [[1, 2], [1], None]
    assert not log.can_undo
    assert log.labelled() == {}
    assert log.redo()["ids"] == [1]
    log.put(3, "noise")
    assert not log.can_redo
    assert log.redo() is None
    assert log.events().do.tolist().count("undo") == 5  # of 2, 2 and 1 ids
    again = LabelLog(log.folder, "ada")
    assert again.labelled() == log.labelled() == {1: "noise", 3: "noise"}
    assert again.undo()["ids"] == [3]


def test_undo_leaves_others_and_another_kernel_of_the_same_person_alone(log: LabelLog) -> None:
    log.put(1, "noise")
    LabelLog(log.folder, "bob").put(2, "noise")
    second = LabelLog(log.folder, "ada")
    second.put(3, "glitch")
    log.refresh()
    assert log.undo()["ids"] == [1]
    assert log.undo() is None
    assert second.undo()["ids"] == [3]
    log.refresh()
    assert log.labelled("*") == {2: "noise"}


def test_what_another_kernel_undid_meanwhile_is_not_undone_twice(log: LabelLog) -> None:
    log.put(1, "noise")
    log.put(2, "noise")
    second = LabelLog(log.folder, "ada")
    assert second.undo()["ids"] == [2]
    log.refresh()
    assert log.undo()["ids"] == [1]


def test_skips_are_kept_until_there_is_a_label(log: LabelLog) -> None:
    log.put(4, "noise")
    log.skip([3, 4, 5])
    assert log.skipped == {3, 5}
    log.put(3, "glitch")
    assert log.skipped == {5}
    assert log.seen == {3, 4, 5}
    assert [log.undo()["do"], log.undo()["do"]] == ["put", "skip"]
    assert log.skipped == frozenset()
    assert LabelLog(log.folder, "ada").labelled() == {4: "noise"}


def test_ids_are_whole_numbers_or_texts_from_whatever_holds_them(log: LabelLog) -> None:
    log.put(np.arange(3), "noise")
    log.put(np.array(["a", "b"]), "noise")
    log.put(pd.Series([5, 6]), "noise")
    log.put(np.int16(9), "noise")
    log.put("7", np.str_("glitch"), np.str_("a note"))
    log.put([2**63 - 1, -(2**63)], "noise")
    labels = LabelLog(log.folder, "ada").labelled()
    assert list(labels) == [0, 1, 2, "a", "b", 5, 6, 9, "7", 2**63 - 1, -(2**63)]
    for bad in ([], 1.5, [None], [True], 2**63, [[1]], b"x", [(1, 2)]):
        with pytest.raises((BadRequest, TypeError)):
            log.put(bad, "noise")
    assert LabelLog(log.folder, "ada").labelled() == labels


@pytest.mark.parametrize(
    "bad",
    [
        {"confidence": 1.5},
        {"confidence": "much"},
        {"seconds": -1},
        {"score": math.inf},
        {"note": 5},
        {"source": {"at": object()}},
        {"source": {"at": math.nan}},
        {"region": {"kind": "circle"}},
        {"region": {"kind": "interval", "start": 5, "stop": 1}},
        {"region": {"kind": "box", "x": math.nan, "y": 0, "width": 1, "height": 1}},
        {"region": {"kind": "polygon", "points": [[0, 0], [1, 1]]}},
        {"region": {"kind": "mask", "size": [2, 2], "counts": [1, 1]}},
        {"region": {"kind": "interval", "start": 1, "stop": 2, "colour": "red"}},
    ],
)
def test_what_cannot_be_kept_is_refused_and_nothing_is_written(log: LabelLog, bad: dict) -> None:
    before = log.digest
    with pytest.raises(BadRequest):
        log.put(1, "noise", **bad)
    assert log.digest == before
    assert log.labelled() == {}


def test_a_score_that_is_nan_is_none_and_texts_may_hold_any_character(log: LabelLog) -> None:
    log.put("\udc80 α\n\x00", "noise", note="“quoted”\n\ttwo lines \u2028 \udcff", score=math.nan)
    again = LabelLog(log.folder, "ada")
    assert again.warnings == []
    assert again.labelled() == {"\udc80 α\n\x00": "noise"}
    [row] = again.table().to_dict("records")
    assert row["note"] == "“quoted”\n\ttwo lines \u2028 \udcff"
    assert math.isnan(row["score"])


def test_parts_of_an_event_have_labels_beside_its_own(log: LabelLog) -> None:
    interval = {"kind": "interval", "start": 100, "stop": 250.5, "channel": "H1"}
    box = {"kind": "box", "x": 1, "y": 2, "width": 3, "height": 4}
    log.put(1, "noise")
    log.put(1, "glitch", region=interval)
    log.put(1, "glitch", region=box)
    log.put(1, "noise", region=dict(reversed(box.items())))
    assert log.label_of(1) == "noise"
    found = log.table()
    assert found.label.tolist() == ["noise", "glitch", "noise"]
    assert found.region.tolist()[1:] == [interval, box]
    assert log.counts() == {"noise": 2, "glitch": 1}
    log.put(1, None, region=box)
    assert len(log.table()) == 2
    log.undo()
    assert len(LabelLog(log.folder, "ada").table()) == 3


def test_a_mask_of_pixels_goes_through_the_log(log: LabelLog) -> None:
    random = np.random.default_rng(3)
    for mask in (random.random((7, 5)) > 0.5, np.ones((2, 3), bool), np.zeros((1, 4), bool)):
        log.put(1, "glitch", region=mask_region(mask))
        region = LabelLog(log.folder, "ada").table().region.iloc[-1]
        np.testing.assert_array_equal(mask_of(region), mask)


def test_several_classes_are_kept_in_one_order_where_the_set_allows_them(tmp_path: Path) -> None:
    log = LabelLog(tmp_path, "ada", ["a", "b", "c"], multiple=True)
    log.put(1, ["c", "a"])
    log.put(2, "b")
    assert LabelLog(tmp_path, "ada").labelled() == {1: ["a", "c"], 2: ["b"]}
    assert log.counts() == {"a": 1, "b": 1, "c": 1}
    log.put(1, [])
    assert log.label_of(1) is None
    single = LabelLog(tmp_path / "single", "ada", ["a", "b"])
    single.put(1, ["a"])
    assert single.label_of(1) == "a"
    with pytest.raises(BadRequest, match="one class"):
        single.put(1, ["a", "b"])


def test_a_class_that_is_not_there_is_refused_and_without_classes_all_texts_are_labels(
    log: LabelLog, tmp_path: Path
) -> None:
    with pytest.raises(UnknownName, match="did you mean 'glitch'"):
        log.put(1, "glich")
    free = LabelLog(tmp_path / "free", "ada", [])
    free.put(1, "whatever")
    assert free.label_set == LabelSet()
    assert free.counts() == {"whatever": 1}
    for bad in ("", "  ", 5, ["a", 5], "x" * 300):
        with pytest.raises(BadRequest):
            free.put(1, bad)


def test_data_set_and_model_are_noted_with_each_label(tmp_path: Path) -> None:
    data = {"name": "ecg", "digest": "ab" * 32}
    log = LabelLog(tmp_path, "ada", dataset=data, model="cae-7")
    log.put(1, "beat")
    log.put(2, "beat", model="vae-1")
    found = LabelLog(tmp_path, "bob").table()
    assert found.dataset.tolist() == ["ab" * 32] * 2
    assert found.model.tolist() == ["cae-7", "vae-1"]
    assert LabelLog(tmp_path, "bob").dataset == data
    with pytest.warns(UserWarning, match="this one is another"):
        other = LabelLog(tmp_path, "bob", dataset={"name": "ecg", "digest": "cd" * 32})
    other.put(1, "beat")
    assert other.table("bob").dataset.tolist() == ["cd" * 32]


def test_the_digest_names_the_state_whoever_reads(log: LabelLog) -> None:
    empty = LabelLog(log.folder.parent / "other", "ada").digest
    log.put(1, "noise")
    first = log.digest
    assert first != empty
    assert LabelLog(log.folder, "bob").digest == first
    LabelLog(log.folder, "bob").put(1, "noise")
    log.refresh()
    assert log.digest not in (first, empty)
    assert log.digest == LabelLog(log.folder, "cleo").digest


def test_the_default_annotator_is_the_hubs_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTERHUB_USER", "grace")
    assert LabelLog(tmp_path).annotator == "grace"
    monkeypatch.delenv("JUPYTERHUB_USER")
    assert LabelLog(tmp_path).annotator
    for bad in ("", "two\nlines", "x" * 101):
        with pytest.raises(BadRequest):
            LabelLog(tmp_path, bad)


def test_a_hostile_annotator_stays_a_name(tmp_path: Path) -> None:
    log = LabelLog(tmp_path / "log", "../../<b>/x y-z")
    log.put(1, "a")
    assert LabelLog(tmp_path / "log", "bob").annotators == ["../../<b>/x y-z"]
    assert [path.name for path in tmp_path.iterdir()] == ["log"]


def test_threads_of_one_kernel_can_share_a_log(log: LabelLog) -> None:
    def work(start: int) -> None:
        for ident in range(start, start + 40):
            log.put(ident, "noise")
            log.refresh()

    threads = [threading.Thread(target=work, args=(100 * n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(log.labelled()) == len(LabelLog(log.folder, "bob").labelled("ada")) == 160


def test_importing_the_room_and_its_list_of_sessions_loads_nothing_heavy() -> None:
    code = (
        "import sys, astrodata_kernel.labels as labels; labels.LabelLog; labels.sessions('/nowhere');"
        "print(*sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.split(".")[0] for name in run.stdout.split()}
    assert not loaded & {"numpy", "pandas", "scipy", "pyarrow", "astropy"}
