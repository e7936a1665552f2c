import json
import threading
from typing import Any

import numpy as np
import pytest
import shapely
from astrodata_kernel.errors import BadRequest, UnknownName
from astrodata_kernel.labels import LabelLog
from astrodata_kernel.latent.expressions import Expression
from astrodata_kernel.latent.polygons import inside_polygon
from astrodata_kernel.widgets.latent import LatentExplorer

Array = np.ndarray[Any, Any]


def star(corners: int, wiggles: int) -> Array:
    angle = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    radius = 1 + 0.7 * np.sin(wiggles * angle)
    return np.c_[radius * np.cos(angle), radius * np.sin(angle)]


@pytest.fixture
def z() -> Array:
    return np.random.default_rng(0).normal(size=(100_000, 3))


@pytest.fixture
def explorer(z: Array) -> LatentExplorer:
    names = np.array(["noise", "pulse"], dtype=object)[(z[:, 0] > 1).astype(int)]
    return LatentExplorer(z, {"score": np.abs(z[:, 2]), "kind": names}, ids=np.arange(len(z)) + 7)


def bits(reply: Any, count: int, buffer: int = 0) -> Array:
    packed = np.frombuffer(reply.buffers[buffer], np.uint8)
    return np.unpackbits(packed, count=count, bitorder="little").astype(bool)


@pytest.mark.parametrize(("corners", "wiggles"), [(3, 0), (5, 2), (300, 7), (4000, 31)])
def test_a_lasso_selects_what_shapely_says_on_100_000_points(explorer, z, corners, wiggles) -> None:
    polygon = star(corners, wiggles)
    wanted = shapely.contains_xy(shapely.Polygon(polygon), z[:, 0], z[:, 1])
    reply = explorer.request("lasso", polygon=polygon.tolist())
    assert reply.meta["count"] == wanted.sum() > 100
    np.testing.assert_array_equal(bits(reply, len(z)), wanted)
    np.testing.assert_array_equal(explorer.mask, wanted)
    np.testing.assert_array_equal(explorer.selected, np.flatnonzero(wanted) + 7)
    assert sum(memoryview(one).nbytes for one in reply.buffers) == 2 * len(z) // 8


def test_a_lasso_that_crosses_itself_holds_what_an_odd_number_of_turns_goes_around() -> None:
    bow = [[0, 0], [2, 2], [2, 0], [0, 2]]
    x, y = np.array([0.2, 1.8, 1.0, 1.0]), np.array([1.0, 1.0, 0.2, 1.8])
    assert inside_polygon(x, y, bow).tolist() == [True, True, False, False]


@pytest.mark.parametrize(
    "polygon",
    [
        [],
        [[0, 0], [1, 1]],
        [[0, 0], [1, np.nan], [1, 1]],
        "abc",
        [[0, 0, 0]] * 4,
        [[0, [1]], [1, 1]],
    ],
)
def test_a_polygon_that_is_none_is_refused_and_the_selection_stays(explorer, polygon) -> None:
    explorer.select("z0 > 2")
    before = explorer.selection
    with pytest.raises(BadRequest, match="polygon"):
        explorer.request("lasso", polygon=polygon)
    assert explorer.selection == before


def test_points_that_are_not_finite_and_flat_polygons_hold_nothing() -> None:
    x = np.array([np.nan, np.inf, 0.5], "f4")
    assert inside_polygon(x, np.full(3, 0.5, "f4"), [[0, 0], [1, 0], [1, 1], [0, 1]]).tolist() == [
        False,
        False,
        True,
    ]
    assert not inside_polygon(x, x, [[0, 0], [1, 1], [2, 2], [0, 0]])[2]
    assert not inside_polygon(x, np.zeros(3), [[0, 0], [1, 0], [2, 0]]).any()


def test_adding_subtracting_and_intersecting_follow_each_other(explorer, z) -> None:
    explorer.select("z0 > 1")
    explorer.select({"box": {"x": "z1", "x_range": [1, 9]}}, "add")
    explorer.select("score < 0.5", "subtract")
    explorer.select({"categories": {"column": "kind", "names": ["pulse"]}}, "intersect")
    wanted = ((z[:, 0] > 1) | (z[:, 1] >= 1)) & ~(np.abs(z[:, 2]) < 0.5) & (z[:, 0] > 1)
    np.testing.assert_array_equal(explorer.mask, wanted)
    assert [step["op"] for step in explorer.selection] == [
        "replace",
        "add",
        "subtract",
        "intersect",
    ]
    words = explorer.request("mask").meta["words"]
    assert words == "(z0 > 1) or z1 1 to 9 and not (score < 0.5) and kind in pulse"
    json.dumps(explorer.selection)
    # What can be printed means the same in another explorer of the points.
    other = LatentExplorer(
        z, {"score": np.abs(z[:, 2]), "kind": explorer._points.columns.texts_of("kind")}
    )
    other.selection = json.loads(json.dumps(explorer.selection))
    np.testing.assert_array_equal(other.mask, wanted)


def test_filters_hide_points_and_what_is_hidden_is_not_selected(explorer, z) -> None:
    explorer.select("z0 > 0")
    explorer.filters = [{"where": "score < 1"}, {"box": {"x": "z1", "x_range": [0, 1]}}]
    shown = (np.abs(z[:, 2]) < 1) & (z[:, 1] >= 0) & (z[:, 1] <= 1)
    reply = explorer.request("mask")
    np.testing.assert_array_equal(bits(reply, len(z), 1), shown)
    np.testing.assert_array_equal(explorer.mask, shown & (z[:, 0] > 0))
    assert reply.meta["filter"] == "(score < 1) and z1 0 to 1"
    explorer.filters = []
    assert explorer.mask.sum() == (z[:, 0] > 0).sum()


def test_one_goes_back_and_forward_through_selections(explorer) -> None:
    for text in ("z0 > 0", "z0 > 1", "z0 > 2"):
        explorer.request("select", step={"op": "replace", "where": text})
    meta = explorer.request("travel", what="back").meta
    assert (meta["back"], meta["forward"]) == (2, 1)
    assert meta["words"] == "(z0 > 1)"
    assert explorer.request("travel", what="forward").meta["words"] == "(z0 > 2)"
    for _ in range(9):
        explorer.back()
    assert explorer.selection == []


def test_a_kept_selection_means_what_it_meant_when_it_was_kept(explorer, z) -> None:
    explorer.select("z0 > 1")
    explorer.keep("right")
    explorer.select({"kept": "right"}, "subtract")
    explorer.select("z1 > 1")
    explorer.select({"kept": "right"}, "subtract")
    explorer.keep("right")  # under the same name, and made of the old one
    np.testing.assert_array_equal(explorer.mask, (z[:, 1] > 1) & ~(z[:, 0] > 1))
    explorer.select({"kept": "right"})
    np.testing.assert_array_equal(explorer.mask, (z[:, 1] > 1) & ~(z[:, 0] > 1))
    explorer.request("forget", name="right")
    with pytest.raises(UnknownName, match="right"):
        explorer.select({"kept": "right"})
    explorer.select(None)
    with pytest.raises(BadRequest, match="nothing is selected"):
        explorer.keep("empty")


def test_python_selects_by_ids_by_mask_and_by_expression(explorer, z) -> None:
    assert explorer.select([7, 9, 11]) == 3
    assert explorer.selected.tolist() == [7, 9, 11]
    assert explorer.select(z[:, 0] > 3, "add") == 3 + (z[:, 0] > 3).sum()
    with pytest.raises(UnknownName, match=r"1 ids are not among the points, such as 3"):
        explorer.select([3, 8])
    with pytest.raises(BadRequest, match="mask of shape"):
        explorer.select([True, False])
    table = explorer.selected_table()
    assert list(table.columns) == ["id", "z0", "z1", "z2", "score", "kind"]
    assert (table["score"] == np.abs(table["z2"])).all()


def test_a_selection_by_label_follows_what_is_labelled_later(z, tmp_path) -> None:
    log = LabelLog(tmp_path / "log", annotator="ada", classes=["glitch"])
    explorer = LatentExplorer(z[:100], labels=log)
    explorer.select([3, 4, 5])
    explorer.label("glitch")
    by_label = {"categories": {"column": "label", "names": ["glitch"]}}
    explorer.selection = [{"op": "replace", **by_label}]
    explorer.filters = [by_label]
    assert explorer.selected.tolist() == np.flatnonzero(explorer.shown).tolist() == [3, 4, 5]
    log.put([9], "glitch")
    explorer.refresh_labels()
    assert explorer.selected.tolist() == np.flatnonzero(explorer.shown).tolist() == [3, 4, 5, 9]
    assert explorer.request("label_step", what="undo").meta["counts"] == {"glitch": 3}
    assert explorer.request("mask").meta["count"] == 3


def test_the_points_nearest_to_one_are_selected(explorer, z) -> None:
    explorer.request("select", step={"op": "replace", "nearest": {"row": 5, "k": 20}})
    order = np.argsort(((z - z[5]) ** 2).sum(axis=1))
    assert set(np.flatnonzero(explorer.mask)) == set(order[:20])
    with pytest.raises(BadRequest):
        explorer.select({"nearest": {"row": 5, "k": 0}})


def test_a_point_is_found_by_its_id(explorer) -> None:
    assert explorer.request("find", text=" 12 ").meta["point"] == 5
    with pytest.raises(UnknownName, match="'6'"):
        explorer.request("find", text="6")
    named = LatentExplorer(np.eye(3), ids=["GW150914", "GW151226", "blip"])
    assert named.request("find", text="gw1512").meta["point"] == 1


def test_histograms_count_the_selection_among_what_is_shown(explorer, z) -> None:
    explorer.select("score > 1")
    reply = explorer.request("histogram", name="score", bins=10)
    chosen, shown = reply.array()[0]
    score = np.abs(z[:, 2])
    edges = np.linspace(score.min(), score.max(), 11)
    np.testing.assert_array_equal(shown, np.histogram(score, edges)[0])
    np.testing.assert_array_equal(chosen, np.histogram(score[score > 1], edges)[0])


def test_float64_points_travel_with_what_float32_leaves_out() -> None:
    z = 1e6 + np.random.default_rng(0).normal(size=(1000, 2)) * 1e-6
    reply = LatentExplorer(z).request("values", name="z0", start=0)
    first, rest = (np.frombuffer(one, "f4").astype(float) for one in reply.buffers)
    assert np.abs(first - z[:, 0]).max() > 1e-6
    assert np.abs(first + rest - z[:, 0]).max() < 1e-9
    assert len(LatentExplorer(z.astype("f4")).request("values", name="z0", start=0).buffers) == 1


def test_views_of_the_same_data_share_what_is_selected(z) -> None:
    traces = np.random.default_rng(1).normal(size=(50, 16)).astype("f4")
    one = LatentExplorer(z[:50], events=traces)
    two = LatentExplorer(z[50:100], events=traces)
    alone = LatentExplorer(z[:50])
    one.select("z0 > 0")
    np.testing.assert_array_equal(two.selected, one.selected)
    two.select([3, 4])
    assert one.selected.tolist() == [3, 4]
    one.select(None)
    assert two.selected.tolist() == []
    assert alone.selected.tolist() == []


def test_a_waveform_viewer_of_the_same_file_shows_what_is_selected(z, tmp_path) -> None:
    import astrodata_kernel as adk

    np.save(tmp_path / "traces.npy", np.random.default_rng(1).normal(size=(80, 32)).astype("f4"))
    data = adk.open(tmp_path / "traces.npy", kind="waveforms")
    explorer, viewer = LatentExplorer(z[:80], events=data), adk.WaveformViewer(data)
    explorer.select([5, 9, 11])
    assert (viewer.trace, viewer.traces) == (5, [9, 11])
    explorer.select(None)
    assert viewer.trace == 5
    explorer.select(np.arange(80))
    assert (viewer.trace, len(viewer.traces)) == (0, 49)


def test_selections_from_many_threads_leave_mask_and_steps_in_agreement(explorer, z) -> None:
    def go(seed: int) -> None:
        rng = np.random.default_rng(seed)
        for _ in range(10):
            explorer.request("select", step={"op": "replace", "where": f"z0 > {rng.normal():.3f}"})

    threads = [threading.Thread(target=go, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    bound = float(explorer.selection[0]["where"].split(">")[1])
    np.testing.assert_array_equal(explorer.mask, z[:, 0] > bound)


@pytest.mark.parametrize(
    "step",
    [
        {"op": "replace"},
        {"op": "xor", "where": "z0 > 1"},
        {"op": "replace", "where": "z0 > 1", "box": {}},
        {"op": "replace", "box": {"x": "z0"}},
        {"op": "replace", "box": {"x": "z0", "x_range": [0, np.inf]}},
        {"op": "replace", "box": {"x": "z9", "x_range": [0, 1]}},
        {"op": "replace", "rows": "given 9"},
        {"op": "replace", "kept": "no"},
        {"op": "replace", "steps": {"name": "a", "of": [{"where": "nosuch > 1"}]}},
        {"op": "replace", "categories": {"column": "nosuch", "names": []}},
        {"op": "replace", "nearest": {"row": 10**9, "k": 1}},
        "z0 > 1",
        [1],
    ],
)
def test_steps_that_mean_nothing_are_refused(explorer, step) -> None:
    with pytest.raises((BadRequest, UnknownName)):
        explorer.request("select", step=step)
    assert explorer.selection == []


def test_selections_within_selections_end_somewhere(explorer) -> None:
    step: dict[str, Any] = {"op": "replace", "where": "z0 > 0"}
    for _ in range(50):
        step = {"op": "replace", "steps": {"name": "a", "of": [step]}}
    with pytest.raises(BadRequest, match="deep at most"):
        explorer.select(step)


VALUES = {
    "score": np.arange(5.0),
    "peak": np.array([1, 2, 3, 4, np.nan]),
    "my col": np.array(["a", "b", "a", "a", "c"], dtype=object),
    "flag": np.array([True, False, True, False, True]),
}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("score > 3 & peak < 9", [0, 0, 0, 0, 0]),
        ("score > 2 & peak < 9", [0, 0, 0, 1, 0]),
        ("score>1 and not peak<4", [0, 0, 0, 1, 1]),
        ("`my col` == 'a' | score>=4", [1, 0, 1, 1, 1]),
        ("`my col` in ['a', \"c\"]", [1, 0, 1, 1, 1]),
        ("`my col` not in ['a']", [0, 1, 0, 0, 1]),
        ("1 < score < 3", [0, 0, 1, 0, 0]),
        ("log10(score + 1) > 0.5", [0, 0, 0, 1, 1]),
        ("~(score > 2) | isnan(peak)", [1, 1, 1, 0, 1]),
        ("score in [0, 4]", [1, 0, 0, 0, 1]),
        ("flag & score > 1", [0, 0, 1, 0, 1]),
        ("score ** 2 - 1 == 8", [0, 0, 0, 1, 0]),
        ("9**9**9**9 > score", [1, 1, 1, 1, 1]),
        ("1 > 0", [1, 1, 1, 1, 1]),
        ("`my col` == 'it is \"&\" here'", [0, 0, 0, 0, 0]),
    ],
)
def test_conditions_are_read_as_people_write_them(text, wanted) -> None:
    mask = Expression(text, VALUES).mask(VALUES.__getitem__, 5)
    assert mask.astype(int).tolist() == wanted


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty expression"),
        ("score", "no condition"),
        ("scor > 1", "did you mean 'score'"),
        ("score > 'a'", "does not fit"),
        ("score == 'a'", "does not fit"),
        ("score >", "cannot be read"),
        ("`score > 1", "backtick"),
        ("score > 1 # x", "comments"),
        ("score and flag", "neither true nor false"),
        ("__import__('os').system('x') > 1", "the functions are"),
        ("score.real > 1", "only comparisons"),
        ("(lambda: 1)() > 1", "the functions are"),
        ("[x for x in score] == 1", "only comparisons|write"),
        ("f'{score}' == 'a'", "only comparisons"),
        ("score[0] > 1", "only comparisons"),
        ("(score := 3) > 1", "only comparisons"),
        ("'a' in `my col`", "write"),
        ("(" * 500 + "1" + ")" * 500, "cannot be read"),
        ("score > " + "1" * 3000, "characters"),
    ],
)
def test_what_is_no_condition_is_refused_in_words(text, words) -> None:
    with pytest.raises(BadRequest, match=words):
        Expression(text, VALUES).mask(VALUES.__getitem__, 5)
