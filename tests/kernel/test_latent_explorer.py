import json
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from astrodata_kernel.datasets.lazy import MemoryArray
from astrodata_kernel.errors import BadRequest, Cancelled, UnknownName
from astrodata_kernel.latent import Garage
from astrodata_kernel.latent.rates import wilson
from astrodata_kernel.widgets.base import STATIC, Cancel
from astrodata_kernel.widgets.latent import CHUNK, LatentExplorer


@pytest.fixture
def z() -> np.ndarray[Any, Any]:
    return np.random.default_rng(0).normal(size=(2000, 3)).astype("f4")


@pytest.fixture
def truth() -> np.ndarray[Any, Any]:
    return np.arange(2000) % 4 == 0


def move(
    explorer: LatentExplorer, turn: int, axis: int, low: float, high: float, gesture: str = "a"
):
    return explorer.request(
        "move", view="v", turn=turn, gesture=gesture, axis=axis, low=low, high=high
    ).meta


def test_the_built_bundle_is_there_and_small_enough_for_each_cell_to_carry() -> None:
    assert (STATIC / "latent.js").stat().st_size < 180_000
    assert (STATIC / "latent.css").stat().st_size > 0


def test_the_garage_is_fitted_on_the_noise_only_points(z, truth) -> None:
    assert LatentExplorer(z, truth=truth).garage == Garage.fit(z[~truth])
    assert LatentExplorer(z, noise=truth).garage == Garage.fit(z[truth])
    assert LatentExplorer(z).garage == Garage.fit(z)
    splits = np.where(truth, "noise", "test")
    assert LatentExplorer(z, splits=splits).garage == Garage.fit(z[truth])


def test_each_drag_counts_exactly_what_the_garage_contains(z, truth) -> None:
    explorer = LatentExplorer(z, truth=truth)
    rng = np.random.default_rng(1)
    for turn in range(30):
        low, high = np.sort(rng.normal(size=2)).tolist()
        state = move(explorer, turn, int(rng.integers(3)), low, high)
        inside = explorer.garage.contains(z)
        assert state["garage"] == explorer.garage.intervals.tolist()
        assert (state["inside"], state["outside"]) == (inside.sum(), (~inside).sum())
        for facts, mask in ((state["noise"], ~truth), (state["signal"], truth)):
            count, total = int((~inside & mask).sum()), int(mask.sum())
            assert (facts["count"], facts["total"], facts["value"]) == (count, total, count / total)
            np.testing.assert_allclose([facts["low"], facts["high"]], wilson(count, total))


def test_a_limit_exactly_on_a_float32_point_keeps_the_point(z) -> None:
    explorer = LatentExplorer(z)
    edge = float(z[7, 0])
    assert move(explorer, 0, 0, edge, 10.0)["inside"] == explorer.garage.contains(z).sum()
    above = np.nextafter(edge, np.inf)
    state = move(explorer, 1, 0, above, 10.0)
    assert state["inside"] == explorer.garage.contains(z).sum()
    assert not explorer.garage.contains(z[7:8])[0]


def test_the_drags_of_one_gesture_are_one_step_to_undo_and_redo(z) -> None:
    explorer = LatentExplorer(z)
    first = explorer.garage
    for turn in range(5):
        move(explorer, turn, 0, -1.0 - turn, 1.0)
    drawn = explorer.garage
    state = move(explorer, 9, 1, -0.5, 0.5, gesture="b")
    assert (state["undo"], state["redo"]) == (2, 0)
    state = explorer.request("step", what="undo").meta
    assert (explorer.garage, state["undo"], state["redo"]) == (drawn, 1, 1)
    explorer.undo()
    assert explorer.garage == first
    explorer.undo()
    assert explorer.garage == first
    explorer.redo()
    assert explorer.garage == drawn
    explorer.reset()
    assert explorer.garage == first
    explorer.undo()
    assert explorer.garage == drawn
    assert explorer.counts()["inside"] == drawn.contains(z).sum()


def test_a_new_step_after_an_undo_ends_what_could_be_redone(z) -> None:
    explorer = LatentExplorer(z)
    move(explorer, 0, 0, -1.0, 1.0)
    explorer.undo()
    assert move(explorer, 1, 0, -2.0, 1.0, gesture="b")["redo"] == 0


def test_of_two_drags_the_newer_one_wins_whichever_comes_last(z) -> None:
    explorer = LatentExplorer(z)
    move(explorer, 5, 0, -1.0, 1.0)
    state = move(explorer, 4, 0, -2.0, 2.0)
    assert state["garage"][0] == [-1.0, 1.0]


def test_a_drag_that_was_taken_back_moves_nothing(z) -> None:
    explorer = LatentExplorer(z)
    before, cancel = explorer.garage, Cancel()
    cancel.set()
    with pytest.raises(Cancelled):
        explorer._move("v", 1, "a", 0, -1.0, 1.0, cancel=cancel)
    assert explorer.garage is before


def test_drags_from_many_threads_leave_counts_and_garage_in_agreement(z) -> None:
    explorer = LatentExplorer(z)

    def drag(view: int) -> None:
        for turn in range(20):
            explorer.request(
                "move", view=str(view), turn=turn, gesture="g", axis=view % 3,
                low=-1 - turn / 9, high=1.0,
            )  # fmt: skip

    threads = [threading.Thread(target=drag, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert explorer.counts()["inside"] == explorer.garage.contains(z).sum()


def test_intervals_that_are_none_are_refused_and_change_nothing(z) -> None:
    explorer = LatentExplorer(z)
    before = explorer.garage
    for turn, (low, high) in enumerate([(1.0, -1.0), (np.nan, 1.0), (-np.inf, 0.0)]):
        with pytest.raises(BadRequest):
            move(explorer, turn, 0, low, high)
    with pytest.raises(BadRequest):
        move(explorer, 9, 3, 0.0, 1.0)
    assert explorer.garage is before


def test_python_sets_a_garage_or_intervals(z) -> None:
    explorer = LatentExplorer(z)
    first = explorer.garage
    explorer.garage = first.moved(1, -0.5, 0.5)
    assert explorer.counts()["inside"] == first.moved(1, -0.5, 0.5).contains(z).sum()
    explorer.garage = [[-1, 1]] * 3
    assert explorer.counts()["inside"] == (np.abs(z) <= 1).all(axis=1).sum()
    assert explorer.get_state("garage")["garage"] == [[-1, 1]] * 3
    explorer.undo()
    explorer.undo()
    assert explorer.garage == first
    with pytest.raises(BadRequest, match="3 latents"):
        explorer.garage = [[-1, 1]] * 2
    with pytest.raises(BadRequest, match="no garage"):
        explorer.garage = "wide"


def test_a_garage_that_is_no_box_is_refused(z) -> None:
    from astrodata_kernel.latent import EllipseGarage

    with pytest.raises(BadRequest, match="EllipseGarage is no box"):
        LatentExplorer(z, garage=EllipseGarage.fit(z))


def test_calibrating_is_what_the_garage_does_and_can_be_undone(z, truth) -> None:
    explorer = LatentExplorer(z, truth=truth)
    before = explorer.garage
    state = explorer.request("calibrate", rate=0.05).meta
    assert explorer.garage == before.calibrate(z[~truth], 0.05)
    assert state["noise"]["count"] == int(0.05 * 1500)
    assert state["calibration"]["false_positive_rate"] == 0.05
    explorer.undo()
    assert explorer.garage == before
    with pytest.raises(BadRequest, match="0 < rate < 1"):
        explorer.request("calibrate", rate=1.5)


def test_without_noise_there_is_no_false_positive_rate(z) -> None:
    explorer = LatentExplorer(z)
    assert explorer.false_positive_rate is None
    assert explorer.counts()["noise"] is None
    with pytest.raises(BadRequest, match="no noise-only points"):
        explorer.request("calibrate", rate=0.01)


def test_the_exported_cut_and_the_saved_one_read_back_the_same(z, tmp_path: Path) -> None:
    explorer = LatentExplorer(z)
    move(explorer, 0, 0, -1.25, 1.0 / 3.0)
    text = explorer.request("export").meta["text"]
    assert Garage.from_json(text) == explorer.garage
    assert Garage.load(explorer.save_garage(tmp_path / "cut.json")) == explorer.garage


def test_points_travel_as_float32_in_messages_below_4_megabytes() -> None:
    z = np.arange(2 * (CHUNK + 5), dtype="f4").reshape(-1, 2)
    explorer = LatentExplorer(z)
    assert explorer.request("describe").meta["chunk"] == CHUNK
    parts = [explorer.request("values", name="z1", start=start) for start in (0, CHUNK)]
    assert max(part.buffers[0].nbytes for part in parts) <= 4 << 20
    joined = np.concatenate([part.array().ravel() for part in parts])
    np.testing.assert_array_equal(joined, z[:, 1])
    with pytest.raises(UnknownName):
        explorer.request("values", name="z2", start=0)


def test_nan_latents_are_counted_said_and_never_inside(z, truth) -> None:
    z[3, 1] = np.nan
    z[5, 0] = np.inf
    explorer = LatentExplorer(z, truth=truth)
    state = explorer.counts()
    inside = explorer.garage.contains(z)
    assert not inside[3]
    assert not inside[5]
    assert (state["inside"], state["invalid"]) == (inside.sum(), 2)
    assert state["noise"]["count"] == (~inside & ~truth).sum()
    facts = explorer.request("describe").meta
    assert any(w.startswith("2 of 2,000 points have latents") for w in facts["warnings"])
    json.dumps(facts, allow_nan=False)
    explorer.select({"box": {"x": "z0", "x_range": [-100, 100]}})
    assert not {3, 5} & set(explorer.selected.tolist())
    with pytest.raises(BadRequest, match="nothing to show"):
        LatentExplorer(np.full((4, 2), np.nan))


def test_a_constant_latent_is_called_collapsed(z) -> None:
    z[:, 2] = 0.25
    explorer = LatentExplorer(z)
    facts = explorer.request("describe").meta
    assert facts["axes"][2]["constant"]
    assert "z2 is constant: this model has collapsed on it." in facts["warnings"]
    assert explorer.counts()["inside"] == explorer.garage.contains(z).sum()


def test_a_wholly_collapsed_model_is_shown_and_cannot_be_calibrated() -> None:
    explorer = LatentExplorer(np.ones((500, 2)), noise=np.ones(500, bool))
    assert explorer.counts()["inside"] == 500
    with pytest.raises(BadRequest, match="collapsed"):
        explorer.calibrate(0.01)


@pytest.mark.parametrize("width", [1, 2, 8])
def test_one_to_eight_latents_can_be_shown(width: int) -> None:
    z = np.random.default_rng(0).normal(size=(100, width))
    explorer = LatentExplorer(z[:, 0] if width == 1 else z)
    assert explorer.axes == list(range(width))
    assert len(explorer.request("describe").meta["axes"]) == width
    np.testing.assert_array_equal(explorer.z, z)


def test_a_marked_rectangle_is_counted_inside_and_outside_the_garage(z) -> None:
    explorer = LatentExplorer(z)
    assert explorer.selected.tolist() == []
    box = {"x": "z0", "x_range": [0.5, -0.5], "y": "z2", "y_range": [0, 9]}
    explorer.request("select", step={"op": "replace", "box": box})
    assert explorer.selection[0]["box"]["x_range"] == [-0.5, 0.5]
    mask = (np.abs(z[:, 0]) <= 0.5) & (z[:, 2] >= 0)
    np.testing.assert_array_equal(explorer.selected, np.flatnonzero(mask))
    state = explorer.request("state").meta
    inside = explorer.garage.contains(z)
    assert state["selected"] == {
        "count": mask.sum(),
        "inside": (mask & inside).sum(),
        "outside": (mask & ~inside).sum(),
    }


def test_a_continuous_column_becomes_a_byte_a_point(z) -> None:
    values = np.linspace(0, 100, 2000)
    values[10] = np.nan
    explorer = LatentExplorer(z, columns={"peak": values})
    reply = explorer.request("column", name="peak")
    codes = np.frombuffer(reply.buffers[0], "u1")
    low, high = np.nanpercentile(values, [1, 99])
    assert (reply.meta["low"], reply.meta["high"]) == pytest.approx((low, high))
    assert (codes[10], reply.meta["missing"]) == (255, 1)
    shown = low + (high - low) * codes / 252
    good = np.arange(2000) != 10
    np.testing.assert_allclose(shown[good], np.clip(values[good], low, high), atol=0.25)


def test_categories_keep_their_names_and_many_share_one_colour(z) -> None:
    frame = pd.DataFrame(
        {
            "kind": pd.Categorical(["a", "b"] * 1000),
            "many": [f"k{i % 40:02d}" if i % 40 else "often" for i in range(2000)],
            "maybe": ["x", None] * 1000,
            "whole": pd.array([1, None] * 1000, dtype="Int64"),
            "flag": z[:, 0] > 0,
        }
    )
    explorer = LatentExplorer(z, columns=frame)
    kind = explorer.request("column", name="kind")
    assert [c["name"] for c in kind.meta["categories"]] == ["a", "b"]
    np.testing.assert_array_equal(np.frombuffer(kind.buffers[0], "u1"), np.arange(2000) % 2)
    many = explorer.request("column", name="many").meta["categories"]
    assert len(many) == 10
    assert many[-1]["name"] == "31 others"
    assert sum(c["count"] for c in many) == 2000
    assert explorer.request("column", name="maybe").meta["missing"] == 1000
    assert explorer.request("column", name="whole").meta["kind"] == "continuous"
    assert [c["name"] for c in explorer.request("column", name="flag").meta["categories"]] == [
        "False",
        "True",
    ]


def test_ordered_categories_keep_their_order_and_unused_ones_stay_away(z) -> None:
    grades = pd.Categorical.from_codes(
        np.arange(2000) % 4 - 1, ["low", "high", "middle", "never"], ordered=True
    )
    explorer = LatentExplorer(z, columns={"grade": grades, "plain": grades.as_unordered()})
    for name, wanted in (
        ("grade", ["low", "high", "middle"]),
        ("plain", ["high", "low", "middle"]),
    ):
        reply = explorer.request("column", name=name)
        assert [one["name"] for one in reply.meta["categories"]] == wanted
        assert reply.meta["missing"] == 500
        codes = np.frombuffer(reply.buffers[0], "u1")
        assert [codes[i] for i in range(4)] == [255, *(wanted.index(k) for k in grades[1:4])]
        assert [name, "low"] in explorer.request("point", point=1).meta["values"]


def test_all_columns_can_be_asked_for_and_a_wrong_name_says_which_there_are(z, truth) -> None:
    columns = {"signal": z[:, 0], "day": np.arange(2000).astype("datetime64[D]")}
    explorer = LatentExplorer(z, columns=columns, truth=truth)
    names = [column["name"] for column in explorer.request("describe").meta["columns"]]
    assert names == ["given signal", "signal", "day"]
    said = explorer.request("column", name="given signal").meta["categories"]
    assert said == [{"name": "no", "count": 1500}, {"name": "yes", "count": 500}]
    for name in names:
        explorer.request("column", name=name)
    with pytest.raises(UnknownName, match="there are: given signal"):
        explorer.request("column", name="nosuch")
    with pytest.raises(BadRequest, match="no column 'nosuch'"):
        explorer.color = "nosuch"


def test_a_point_tells_its_latents_and_columns(z, truth) -> None:
    explorer = LatentExplorer(
        z, truth=truth, columns={"amplitude": z[:, 0], "name": ["<b>"] * 2000}
    )
    meta = explorer.request("point", point=4).meta
    assert meta["z"] == [f"{v:.6g}" for v in z[4].astype(float)]
    assert ["name", "<b>"] in meta["values"]
    assert meta["inside"] == explorer.garage.contains(z[4:5])[0]
    with pytest.raises(BadRequest, match="points 0 to 1999"):
        explorer.request("point", point=2000)
    with pytest.raises(BadRequest):
        explorer.point = 2000


def decoder(z: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    time = np.linspace(0, 1, 50, dtype="f4")
    return (z[:, :1] * np.sin(6 * time) + z[:, 1:2] * time)[..., None]


def test_a_point_shows_its_trace_what_it_decodes_to_and_the_difference(z) -> None:
    traces = np.random.default_rng(2).normal(size=(2000, 50)).astype("f4")
    explorer = LatentExplorer(z, traces=MemoryArray(traces), decoder=decoder)
    reply = explorer.request("curves", point=11)
    got = {
        curve["name"]: np.frombuffer(buffer, "f4")
        for curve, buffer in zip(reply.meta["curves"], reply.buffers, strict=True)
    }
    made = decoder(z[11:12])[0, :, 0]
    np.testing.assert_array_equal(got["trace"], traces[11])
    np.testing.assert_array_equal(got["decoded"], made)
    np.testing.assert_array_equal(got["residual"], traces[11] - made)
    assert reply.meta["loss"] == pytest.approx(np.sum((traces[11] - made) ** 2))
    reply = explorer.request("curves", point=-1, z=[1.0, 2.0, 3.0])
    assert [curve["name"] for curve in reply.meta["curves"]] == ["decoded"]
    np.testing.assert_array_equal(
        np.frombuffer(reply.buffers[0], "f4"), decoder(np.array([[1, 2, 3]], "f4"))[0, :, 0]
    )


def test_long_curves_travel_as_lowest_and_highest_values(z) -> None:
    traces = np.random.default_rng(2).normal(size=(5, 30_000)).astype("f4")
    reply = LatentExplorer(z[:5], traces=traces).request("curves", point=2)
    curve = reply.meta["curves"][0]
    assert (curve["shape"], curve["samples"]) == ([1, 2, 4000], 30_000)
    low, high = np.frombuffer(reply.buffers[0], "f4").reshape(2, -1)
    assert (low.min(), high.max()) == (traces[2].min(), traces[2].max())


def test_what_a_decoder_does_wrong_is_told(z) -> None:
    def broken(_z: Any) -> Any:
        raise RuntimeError("no weights")

    for wrong, words in (
        (broken, "RuntimeError: no weights"),
        (lambda _z: np.zeros(7), r"shape \(7,\)"),
        (lambda z: np.zeros((2, 7)), r"it has to give \(1, samples\)"),
    ):
        with pytest.raises(BadRequest, match=words):
            LatentExplorer(z, decoder=wrong).request("curves", point=0)
    with pytest.raises(BadRequest, match="no decoder"):
        LatentExplorer(z, decoder=3)
    short = LatentExplorer(z, traces=np.zeros((2000, 60), "f4"), decoder=decoder)
    meta = short.request("curves", point=0).meta
    assert [curve["name"] for curve in meta["curves"]] == ["trace", "decoded"]
    assert "60 samples and the decoder gives 50" in meta["notes"][0]
    with pytest.raises(BadRequest, match="3 finite numbers"):
        short.request("curves", point=0, z=[1.0, None, 2.0])


def test_without_traces_and_decoder_no_curves_are_offered(z) -> None:
    explorer = LatentExplorer(z)
    facts = explorer.request("describe").meta
    assert (facts["traces"], facts["decoder"], facts["history"]) == (False, False, False)
    assert explorer.request("curves", point=0).meta["curves"] == []
    with pytest.raises(BadRequest, match="no history"):
        explorer.request("history")


def test_a_model_with_a_decoder_is_taken_and_traces_are_encoded_when_there_is_no_z() -> None:
    class Model:
        decoder = staticmethod(decoder)

    traces = np.random.default_rng(0).normal(size=(20, 50)).astype("f4")
    explorer = LatentExplorer(traces=traces, encoder=lambda t: t[:, :3], decoder=Model())
    np.testing.assert_array_equal(explorer.z, traces[:, :3])
    assert explorer.request("describe").meta["decoder"]
    with pytest.raises(BadRequest, match="give z"):
        LatentExplorer(traces=traces)


def test_the_history_of_all_starts_marks_the_collapsed_ones(z) -> None:
    rows = [
        {"round": r, "start": s, "epoch": e, "loss": 2.0, "val_loss": 10.0 / (1 + e + s)}
        for r in range(2)
        for s in range(3)
        for e in range(4)
    ]
    frame = pd.DataFrame(rows)
    frame["collapsed"] = np.where(frame.start == 1, "no spread in z", "")
    frame.loc[0, "val_loss"] = np.nan
    reply = LatentExplorer(z, history=frame).request("history")
    json.dumps(reply.meta, allow_nan=False)
    assert [s["collapsed"] for s in reply.meta["starts"]] == ["", "no spread in z", ""] * 2
    assert [r["end"] for r in reply.meta["rounds"]] == [4, 8]
    epochs, losses = reply.array()[0]
    assert epochs.tolist() == [1, 2, 3, 4] * 3 + [5, 6, 7, 8] * 3
    np.testing.assert_array_equal(losses, frame.val_loss.astype("f4"))
    with pytest.raises(BadRequest, match="epoch is missing"):
        LatentExplorer(z, history=frame.drop(columns="epoch"))


def test_a_training_is_a_history(z) -> None:
    class Training:
        history = pd.DataFrame(
            {"round": [0, 0], "start": [0, 1], "epoch": [0, 0], "val_loss": [1, 2]}
        )
        starts = pd.DataFrame({"round": [0, 0], "start": [0, 1], "collapsed": ["", "constant"]})

    meta = LatentExplorer(z, history=Training()).request("history").meta
    assert [s["collapsed"] for s in meta["starts"]] == ["", "constant"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"truth": [True]}, "truth has shape"),
        ({"noise": np.full(2000, 2)}, "give booleans"),
        ({"columns": {"peak": [1.0]}}, "column 'peak'"),
        ({"splits": ["noise"]}, "column 'split'"),
        ({"names": ["a"]}, "1 names for 3 latents"),
        ({"traces": np.zeros((3, 10))}, "3 events for 2,000 points"),
        ({"sample_period": -1}, "sample period"),
        ({"axes": [3]}, "axes"),
        ({"garage": np.zeros((2, 2))}, "garage of shape"),
    ],
)
def test_arguments_that_do_not_fit_are_refused_with_what_to_give(z, arguments, words) -> None:
    with pytest.raises(BadRequest, match=words):
        LatentExplorer(z, **arguments)


def test_a_garage_that_is_small_among_the_points_is_what_the_panels_span(z, truth) -> None:
    assert LatentExplorer(z, truth=truth).limits == "all"
    z[truth] *= 100
    assert LatentExplorer(z, truth=truth).limits == "garage"
    assert LatentExplorer(z, truth=truth, limits="98%").limits == "98%"
