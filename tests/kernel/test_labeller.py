import json
import resource
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from astrodata_kernel.errors import BadRequest, UnknownName, UnreadableFile
from astrodata_kernel.labels import LabelLog
from astrodata_kernel.learning import Learner
from astrodata_kernel.processing.events import Events
from astrodata_kernel.widgets.base import STATIC
from astrodata_kernel.widgets.label import AHEAD, Labeller
from astrodata_kernel.widgets.label_queue import APART, Order, Repeats

CLASSES = ["glitch", "noise"]


@pytest.fixture
def traces() -> np.ndarray[Any, Any]:
    return np.random.default_rng(0).normal(size=(60, 100)).astype("f4")


@pytest.fixture
def log(tmp_path: Path) -> LabelLog:
    return LabelLog(tmp_path / "log", "ada", CLASSES)


class Hand:
    """Asks a labeller as its view does: each step under a name of its own."""

    def __init__(self, labeller: Labeller) -> None:
        self.labeller, self.steps = labeller, 0

    def __call__(self, kind: str, **msg: Any) -> dict[str, Any]:
        self.steps += 1
        msg = {"key": f"k{self.steps}", "without": [], **msg}
        return dict(self.labeller.request(kind, **msg).meta)

    def put(self, row: int, label: str, **more: Any) -> dict[str, Any]:
        return self("put", row=row, label=[label], **more)

    @property
    def ahead(self) -> list[tuple[int, int]]:
        meta = self.labeller.request("state", without=[]).meta
        return [(one["row"], one["turn"]) for one in meta["ahead"]]


def test_the_built_bundle_is_there_and_small_enough_for_each_cell_to_carry() -> None:
    assert (STATIC / "label.js").stat().st_size < 120_000
    assert (STATIC / "label.css").stat().st_size > 0


def test_a_label_is_in_the_log_when_it_is_answered(traces, log) -> None:
    labeller = Labeller(traces, log, scores=np.arange(60.0))
    meta = Hand(labeller).put(3, "glitch", note="odd", confidence=0.75, seconds=1.5)
    assert meta["mark"] == {
        "row": 3,
        "label": ["glitch"],
        "note": "odd",
        "confidence": 0.75,
        "skipped": False,
        "regions": [],
    }
    [row] = LabelLog(log.folder, "ada").table().to_dict("records")
    assert (row["id"], row["label"], row["note"], row["score"]) == (3, "glitch", "odd", 3.0)
    assert (row["confidence"], row["seconds"], row["source"]) == (0.75, 1.5, "hotkey")
    assert (labeller.remaining, labeller.counts) == (59, {"glitch": 1, "noise": 0})
    np.testing.assert_array_equal(labeller.selected, [3])


def test_the_highest_score_comes_first_and_what_has_none_last(traces, log) -> None:
    scores = np.arange(60.0)
    scores[59] = np.nan
    labeller = Labeller(traces, log, scores=scores)
    assert [row for row, _ in Hand(labeller).ahead] == list(range(58, 58 - AHEAD, -1))
    assert any("no finite score" in w for w in labeller.request("describe").meta["warnings"])


def test_what_is_labelled_or_skipped_is_not_asked_again_by_another_kernel(traces, log) -> None:
    hand = Hand(Labeller(traces, log))
    hand.put(0, "glitch")
    hand("skip", row=1)
    again = Labeller(traces, LabelLog(log.folder, "ada"))
    meta = again.request("describe").meta
    assert [one["row"] for one in meta["ahead"][:2]] == [2, 3]
    assert (meta["labelled"], meta["skipped"], meta["remaining"]) == (1, 1, 58)
    # To another person all of them are new.
    other = Labeller(traces, LabelLog(log.folder, "bob"))
    assert other.remaining == 60


def test_rows_that_the_view_holds_are_not_offered_to_it(traces, log) -> None:
    meta = Labeller(traces, log).request("state", without=[0, 2]).meta
    assert [one["row"] for one in meta["ahead"][:3]] == [1, 3, 4]


def test_a_step_that_is_sent_twice_is_done_once_also_from_two_threads(traces, log) -> None:
    labeller = Labeller(traces, log)

    def send() -> None:
        labeller.request("put", key="same", row=5, label=["noise"])

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (log.events()["do"] == "put").sum() == 1
    labeller.request("undo", key="back")
    meta = labeller.request("undo", key="back").meta
    assert (meta["mark"]["row"], meta["labelled"]) == (5, 0)
    assert (log.events()["do"] == "undo").sum() == 1


def test_undo_leads_back_to_the_event_and_redo_forth(traces, log) -> None:
    hand = Hand(Labeller(traces, log))
    hand.put(0, "glitch")
    hand.put(0, "noise")
    hand("skip", row=1)
    meta = hand("undo", of=None)
    assert (meta["mark"]["row"], meta["mark"]["skipped"], meta["skipped"]) == (1, False, 0)
    assert hand("undo", of=None)["mark"]["label"] == ["glitch"]
    meta = hand("redo", of=None)
    assert (meta["mark"]["label"], meta["id"], meta["redo"]) == (["noise"], "0", True)
    for _ in range(2):
        hand("undo", of=None)
    meta = hand("undo", of=None)
    assert (meta["mark"], meta["undo"]) == (None, False)


def test_an_undo_of_a_label_that_was_never_saved_undoes_nothing_else(traces, log) -> None:
    hand = Hand(Labeller(traces, log))
    hand.put(0, "glitch")
    with pytest.raises(UnknownName):
        hand("put", key="failed", row=1, label=["nosuch"])
    with pytest.raises(BadRequest, match="never saved"):
        hand("undo", of="failed")
    assert log.label_of(0) == "glitch"


def test_a_full_disk_is_told_and_the_event_stays_open(traces, log) -> None:
    labeller = Labeller(traces, log)
    hand = Hand(labeller)
    hand.put(0, "glitch")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    old = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1, before[1]))
    try:
        with pytest.raises(UnreadableFile, match="cannot be written"):
            hand("put", key="full", row=1, label=["noise"])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, old)
    assert labeller.remaining == 59
    assert hand("put", key="full", row=1, label=["noise"])["labelled"] == 2
    known = LabelLog(log.folder, "ada").labelled()
    assert known == {0: "glitch", 1: "noise"}


def test_an_event_that_was_passed_over_comes_in_the_next_pass(traces, log) -> None:
    hand = Hand(Labeller(traces[:3], log))
    hand("pass", row=0)
    hand("skip", row=1)
    hand.put(2, "noise")
    meta = hand("pass", row=0)
    assert (meta["ahead"], meta["passed"], meta["skipped"]) == ([], 1, 1)
    meta = hand("again")
    assert [one["row"] for one in meta["ahead"]] == [0, 1]


def test_the_blind_get_no_score_no_reason_and_nothing_of_others(traces, log) -> None:
    LabelLog(log.folder, "bob").put(4, "noise")
    labeller = Labeller(traces, log, scores=np.arange(60.0), queue=[4, 5])
    labeller.refresh()
    meta = labeller.request("event", row=4).meta
    assert meta["others"] == [{"annotator": "bob", "label": ["noise"]}]
    assert meta["score"] == 4.0
    labeller.blind = True
    meta = labeller.request("event", row=4).meta
    assert (meta["others"], meta["score"], meta["reason"]) == ([], None, "")
    # A view that can see again is answered before its trait has come.
    assert labeller.request("event", row=4, blind=False).meta["score"] == 4.0
    # The score is still written with the label.
    Hand(labeller).put(4, "glitch")
    assert log.table("ada")["score"].tolist() == [4.0]


def test_a_share_comes_again_without_its_label_and_is_compared(traces, log) -> None:
    labeller = Labeller(traces, log, repeat=0.5)
    hand = Hand(labeller)
    for row in range(APART + 2):
        meta = hand.put(row, "glitch")
    row, turn = meta["ahead"][0]["row"], meta["ahead"][0]["turn"]
    assert turn > 0
    assert row < 2
    assert labeller.consistency is None
    assert labeller.request("event", row=row, turn=turn).meta["label"] == []
    assert labeller.request("event", row=row).meta["label"] == ["glitch"]
    meta = hand.put(row, "noise", turn=turn)
    assert meta["consistency"] == {"same": 0, "of": 1}
    assert meta["labelled"] == APART + 2
    second = meta["ahead"][0]
    assert second["turn"] > turn
    meta = hand.put(second["row"], "glitch", turn=second["turn"])
    assert meta["consistency"] == {"same": 1, "of": 2}
    assert (log.events()["source"] == "repeat").sum() == 2


def test_a_repetition_that_is_skipped_keeps_its_label(traces, log) -> None:
    hand = Hand(Labeller(traces, log, repeat=0.5))
    for row in range(APART + 2):
        meta = hand.put(row, "glitch")
    first = meta["ahead"][0]
    meta = hand("skip", row=first["row"], turn=first["turn"])
    assert log.label_of(first["row"]) == "glitch"
    assert first not in meta["ahead"]
    assert meta["skipped"] == 0


def test_self_consistency_survives_a_restart_and_an_undo(traces, log) -> None:
    hand = Hand(Labeller(traces, log, repeat=0.5))
    for row in range(APART + 2):
        meta = hand.put(row, "glitch")
    first = meta["ahead"][0]
    hand.put(first["row"], "glitch", turn=first["turn"])
    again = Labeller(traces, LabelLog(log.folder, "ada"), repeat=0.5)
    assert again.consistency == {"same": 1, "of": 1}
    assert hand("undo", of=None)["consistency"] is None
    assert hand("redo", of=None)["consistency"] == {"same": 1, "of": 1}


def test_several_classes_are_allowed_where_the_label_set_says_so(traces, tmp_path) -> None:
    hand = Hand(Labeller(traces, LabelLog(tmp_path / "m", "ada", CLASSES, multiple=True)))
    assert hand("put", row=0, label=["noise", "glitch"])["mark"]["label"] == ["glitch", "noise"]
    assert hand("put", row=0, label=[])["labelled"] == 0
    single = Hand(Labeller(traces, LabelLog(tmp_path / "s", "ada", CLASSES)))
    with pytest.raises(BadRequest, match="one class"):
        single("put", row=0, label=["noise", "glitch"])


def test_regions_stand_beside_the_label_of_the_event(log) -> None:
    images = np.zeros((4, 8, 8), "f4")
    hand = Hand(Labeller(images, log))
    box = {"kind": "box", "x": 1, "y": 2, "width": 3, "height": 1.5}
    meta = hand.put(0, "glitch", region=box)
    assert meta["mark"]["regions"] == [{"region": box, "label": ["glitch"]}]
    assert (meta["mark"]["label"], meta["labelled"]) == ([], 1)
    assert hand.put(0, "noise")["mark"]["regions"][0]["region"] == box
    assert hand("undo", of=None)["mark"]["label"] == []
    assert hand("undo", of=None)["mark"]["regions"] == []
    with pytest.raises(BadRequest, match="no region"):
        hand.put(0, "glitch", region={"kind": "circle"})


def test_classes_are_added_renamed_and_recoloured(traces, log) -> None:
    hand = Hand(Labeller(traces, log))
    hand.put(0, "glitch")
    hand("classes", change={"what": "add", "name": "blip"})
    hand("classes", change={"what": "rename", "name": "glitch", "to": "spike"})
    meta = hand("classes", change={"what": "recolour", "name": "noise", "color": "#123456"})
    found = [(one["name"], one["color"], one["count"]) for one in meta["classes"]]
    assert [name for name, _, _ in found] == ["spike", "noise", "blip"]
    assert found[0][2] == 1
    assert found[1][1] == "#123456"
    assert log.label_of(0) == "spike"
    for change in (
        {"what": "add", "name": "blip"},
        {"what": "paint", "name": "blip"},
        {"what": "rename", "name": "blip", "to": "noise"},
        {"what": "rename", "name": None, "to": "x"},
        {"what": "hotkey", "name": "blip", "hotkey": "12"},
    ):
        with pytest.raises(BadRequest):
            hand("classes", change=change)


def test_a_log_without_classes_gets_them_from_the_labeller(traces, tmp_path) -> None:
    labeller = Labeller(traces, tmp_path / "log", classes=["a", {"name": "b", "hotkey": "b"}])
    classes = labeller.request("describe").meta["classes"]
    assert [(one["name"], one["hotkey"]) for one in classes] == [("a", "1"), ("b", "b")]
    bare = Labeller(traces, tmp_path / "bare")
    assert bare.request("describe").meta["classes"] == []
    assert Hand(bare).put(0, "anything")["classes"][0]["name"] == "anything"


def test_classes_beside_a_log_are_added_to_those_that_it_has(traces, log) -> None:
    labeller = Labeller(traces, log, classes=["blip", "noise", "hum"])
    classes = labeller.request("state").meta["classes"]
    assert [one["name"] for one in classes] == ["glitch", "noise", "blip", "hum"]
    keys, colours = ({one[what] for one in classes} for what in ("hotkey", "color"))
    assert (keys, len(colours)) == ({"1", "2", "3", "4"}, 4)


def test_by_default_the_log_is_a_session_of_the_workspace(traces, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    labeller = Labeller(traces, classes=CLASSES)
    Hand(labeller).put(0, "glitch")
    assert tmp_path in Path(labeller.log.folder).parents
    assert Labeller(traces).counts == {"glitch": 1, "noise": 0}
    named = Labeller(traces, "night 1", classes=CLASSES)
    assert named.log.folder != labeller.log.folder


def test_text_ids_and_numbers_beyond_javascript_stay_what_they_are(traces, tmp_path) -> None:
    huge = np.arange(60) + 2**60
    for ids in (huge, [f"trace {i}" for i in range(60)]):
        log = LabelLog(tmp_path / str(type(ids)), "ada", CLASSES)
        labeller = Labeller(Events("waveforms", traces, ids), log)
        Hand(labeller).put(7, "noise")
        known = huge[7].item() if ids is huge else "trace 7"
        assert list(log.labelled()) == [known]
        labeller.current = known
        assert (labeller.row, labeller.current) == (7, known)
        assert labeller.request("describe").meta["start"]["id"] == str(known)


def test_labels_of_ids_that_the_events_lack_are_counted_and_kept(traces, log) -> None:
    log.put([3, 1000, "elsewhere"], "noise")
    labeller = Labeller(traces, log)
    meta = labeller.request("describe").meta
    assert (meta["labelled"], labeller.remaining) == (1, 59)
    assert any(w.startswith("2 labels in this log are of ids") for w in meta["warnings"])


def test_long_traces_travel_as_lowest_and_highest_values(log) -> None:
    traces = np.random.default_rng(2).normal(size=(2, 30_000)).astype("f4")
    traces[0, 7] = np.nan
    reply = Labeller(traces, log).request("event", row=0)
    low, high = reply.array()[0]
    assert (reply.meta["samples"], reply.meta["shape"]) == (30_000, [1, 2, 4000])
    assert (np.nanmin(low), np.nanmax(high)) == (np.nanmin(traces[0]), np.nanmax(traces[0]))
    assert reply.meta["invalid"] == 1
    json.dumps(reply.meta, allow_nan=False)


@pytest.mark.parametrize(
    ("shape", "sent", "step"),
    [((8, 6), [1, 8, 6], 1), ((5, 5, 4), [3, 5, 5], 1), ((3000, 10), [1, 1000, 4], 3)],
)
def test_images_travel_in_one_band_or_three_and_large_ones_thinned(log, shape, sent, step) -> None:
    image = np.random.default_rng(0).normal(size=(1, *shape))
    reply = Labeller(image, log).request("event", row=0)
    assert (reply.meta["shape"], reply.meta["step"]) == (sent, step)
    assert (reply.meta["height"], reply.meta["width"]) == shape[:2]
    first = image[0, ::step, ::step] if len(shape) == 2 else image[0, ::step, ::step, 0]
    np.testing.assert_array_equal(reply.array()[0], first.astype("f4"))


def test_events_without_a_finite_value_and_constant_ones_are_shown(log) -> None:
    for values in (np.full((1, 50), np.nan), np.ones((1, 50)), np.full((1, 4, 4), np.inf)):
        meta = Labeller(values, log).request("event", row=0).meta
        json.dumps(meta, allow_nan=False)
        for low, high in meta.get("limits", [(meta.get("low"), meta.get("high"))]):
            assert np.isfinite([low, high]).all()


def test_rows_of_a_table_are_shown_as_their_values(log) -> None:
    frame = pd.DataFrame({"flux": [1.5, 2.5], "kind": ["<b>", "star"]})
    reply = Labeller(frame, log).request("event", row=0)
    assert ["kind", "<b>"] in reply.meta["facts"]
    assert reply.buffers == []


def test_thumbnails_come_in_one_answer(traces, log) -> None:
    reply = Labeller(traces, log).request("thumbnails", rows=[3, 1], width=32, height=16)
    assert reply.meta["shape"] == [2, 16, 32]
    assert (reply.array() == 255).any(axis=(1, 2)).all()
    colour = Labeller(np.zeros((2, 4, 4)), log).request("thumbnails", rows=[0], width=8, height=8)
    assert colour.meta["shape"] == [1, 8, 24]
    for wrong in (
        {"rows": [], "width": 8, "height": 8},
        {"rows": [0], "width": 900, "height": 900},
    ):
        with pytest.raises(BadRequest):
            Labeller(traces, log).request("thumbnails", **wrong)


def test_a_queue_is_ids_a_strategy_or_a_queue_with_reasons(traces, log) -> None:
    labeller = Labeller(traces, log, queue=[5, 3, 5])
    assert Hand(labeller).ahead == [(5, 0), (3, 0)]
    assert labeller.request("state").meta["total"] == 2
    z = traces[:, :3]
    labeller = Labeller(traces, log, queue="anomaly", latents=z, scores=np.arange(60.0))
    meta = labeller.request("state").meta
    assert meta["total"] == 60
    assert {one["reason"] for one in meta["ahead"]} == {"anomaly", "random"}
    drawn = next(one["row"] for one in meta["ahead"] if one["reason"] == "random")
    Hand(labeller).put(drawn, "noise")
    assert log.table()["source"].tolist() == ["queue:random"]
    with pytest.raises(BadRequest, match="give latents"):
        Labeller(traces, log, queue="anomaly")
    with pytest.raises(UnknownName):
        Labeller(traces, log, queue=[99])


def test_a_learner_is_told_after_each_batch_and_what_it_learnt_comes_first(log) -> None:
    rng = np.random.default_rng(0)
    z = np.concatenate([rng.normal(size=(200, 2)), rng.normal(size=(20, 2)) + 8])
    learner = Learner(z, log, positive="glitch", scores=rng.normal(size=220), strategy="classifier")
    labeller = Labeller(z, log, learner=learner, batch=4)
    hand = Hand(labeller)
    for row, label in ((0, "noise"), (1, "noise"), (200, "glitch")):
        meta = hand.put(row, label)
    assert meta["order"] == 0
    hand.put(201, "glitch")
    assert learner.wait(60)
    meta = labeller.request("state").meta
    assert (meta["order"], meta["learning"]) == (1, "learnt once")
    guided = [one["row"] for one in meta["ahead"] if one["reason"] != "random"][:10]
    assert sum(row >= 200 for row in guided) >= 8
    assert meta["total"] == 220


def test_a_learner_that_fails_is_told_and_labels_go_on(traces, log) -> None:
    learner = Learner(traces[:, :2], log, scores=np.arange(60.0))
    labeller = Labeller(traces, log, learner=learner, batch=1)
    meta = Hand(labeller).put(0, "glitch")
    learner.wait(60)
    meta = labeller.request("state").meta
    assert "looked for" in meta["learning"]
    assert meta["labelled"] == 1


def test_a_million_events_are_asked_for_at_once() -> None:
    order = Order(1_000_000, np.arange(1_000_000)[::-1])
    order.labelled[500_000:] = True
    assert order.ahead(3, [499_999]) == [499_998, 499_997, 499_996]
    assert order.remaining == 500_000


def test_repetitions_are_a_share_and_never_close_to_the_first_time() -> None:
    repeats, labelled = Repeats(0.1, seed=1), np.zeros(1000, bool)
    distance, drawn = [], 0
    for row in range(1000):
        labelled[row] = True
        repeats.note(row)
        repeats.draw(labelled)
        for again, turn in list(repeats.open):
            distance.append(row - again)
            drawn += 1
            repeats.close(again, turn)
    assert 90 <= drawn <= 100
    assert min(distance) >= APART


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"scores": [1.0]}, "scores of shape"),
        ({"repeat": 0.9}, "repeat=0.9"),
        ({"learner": 3}, "does not learn"),
        ({"batch": 0}, "batch=0"),
        ({"queue": 3}, "queue=3"),
        ({"row": 60}, "events 0 to 59"),
    ],
)
def test_arguments_that_do_not_fit_are_refused_with_what_to_give(
    traces, log, arguments, words
) -> None:
    with pytest.raises(BadRequest, match=words):
        Labeller(traces, log, **arguments)


@pytest.mark.parametrize("row", [-1, 60])
def test_an_event_that_is_not_there_is_refused(traces, log, row) -> None:
    hand = Hand(Labeller(traces, log))
    for kind, msg in (
        ("put", {"label": ["noise"]}),
        ("skip", {}),
        ("pass", {}),
    ):
        with pytest.raises(BadRequest, match="events 0 to 59"):
            hand(kind, row=row, **msg)
    with pytest.raises(BadRequest, match="events 0 to 59"):
        hand.labeller.request("event", row=row)


def test_two_kernels_that_label_at_once_lose_nothing(traces, tmp_path) -> None:
    folder = tmp_path / "log"
    LabelLog(folder, "ada", CLASSES).close()
    program = """
import sys, numpy as np
from astrodata_kernel.labels import LabelLog
from astrodata_kernel.widgets.label import Labeller
who, first = sys.argv[2], int(sys.argv[3])
labeller = Labeller(np.zeros((60, 10), "f4"), LabelLog(sys.argv[1], who))
for row in range(first, 60, 2):
    labeller.request("put", key=str(row), row=row, label=["noise"])
"""
    runs = [
        subprocess.Popen([sys.executable, "-c", program, str(folder), who, str(first)])
        for who, first in (("ada", 0), ("ada", 1), ("bob", 0))
    ]
    assert [run.wait(120) for run in runs] == [0, 0, 0]
    log = LabelLog(folder, "ada")
    assert sorted(log.labelled()) == list(range(60))
    assert sorted(log.labelled("bob")) == list(range(0, 60, 2))
    assert log.warnings == []
    assert Labeller(traces, log).remaining == 0
