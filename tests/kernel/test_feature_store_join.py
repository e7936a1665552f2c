"""Labels joined with what was known of their events by then: nothing comes from later."""

import tempfile
from pathlib import Path
from typing import Any

import astrodata_kernel as adk
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from astrodata_kernel.errors import BadRequest, DamagedFile, UnknownName
from astrodata_kernel.feature_store import FeatureStore, FeatureView
from hypothesis import given, settings
from hypothesis import strategies as st

START = pd.Timestamp("2026-01-01", tz="UTC")
HOSTILE = [
    'a"b',
    "x'; DROP TABLE labels; --",
    "select",
    "file",
    "number",
    "label_row",
    "ü ñ",
    "a,b:c@d",
]


@pytest.fixture
def store(tmp_path: Path) -> FeatureStore:
    return FeatureStore(tmp_path)


def at(*minutes: float) -> list[pd.Timestamp]:
    return [(START + pd.Timedelta(minutes=one)).round("us") for one in minutes]


def put(view: FeatureView, rows: list[tuple[Any, float, float]], written: float = 0) -> None:
    """Write (id, minute, value) as known from a minute on."""
    ids, minutes, values = zip(*rows, strict=True)
    frame = pd.DataFrame({"event_id": list(ids), "event_time": at(*minutes), "v": list(values)})
    view.write(frame, created=at(written)[0])


def labels(*rows: tuple[Any, float]) -> pd.DataFrame:
    ids, minutes = zip(*rows, strict=True)
    return pd.DataFrame({"event_id": list(ids), "label_time": at(*minutes), "label": "glitch"})


def missing(values: pd.Series) -> list[Any]:
    return [None if pd.isna(value) else value for value in values]


def test_a_label_gets_the_newest_features_that_held_by_then(store: FeatureStore) -> None:
    view = store.define("f", columns={"v": "float64"})
    put(view, [(1, 0, 10.0), (1, 5, 15.0), (1, 9, 19.0), (2, 5, 25.0)])
    given = labels((1, 7), (1, 5), (1, 4.99), (2, 4), (2, 100), (3, 100), (1, 9))
    given.index = list("abcdefg")
    found = store.join(given, ["f:v"])
    assert missing(found["v"]) == [15.0, 15.0, 10.0, None, 25.0, None, 19.0]
    assert found.drop(columns="v").equals(given)


def test_features_of_the_future_are_never_used(store: FeatureStore) -> None:
    view = store.define("f", columns={"v": "float64"})
    past = [(i, float(i), 0.0) for i in range(50)]
    put(view, past)
    # Of each event features from one microsecond after its label on tell the answer.
    soon = pd.Timedelta("1us") / pd.Timedelta("1min")
    put(
        view,
        [(i, 60 + i + soon + step, 1.0) for i in range(50) for step in (0, 1, 1000)],
        written=1,
    )
    asked = labels(*((i, 60.0 + i) for i in range(50)))
    found = store.join(asked, ["f"], times=True)
    assert found["v"].tolist() == [0.0] * 50
    assert (found["f.event_time"] <= found["label_time"]).all()
    asked["label_time"] += pd.Timedelta("1us")
    assert store.join(asked, ["f"])["v"].tolist() == [1.0] * 50


def test_a_label_between_microseconds_does_not_see_what_holds_after_it(store: FeatureStore) -> None:
    view = store.define("f", columns={"v": "float64"})
    put(view, [(1, 0, 0.0)])
    view.write({"event_id": [1], "v": [1.0]}, at=START + pd.Timedelta("2us"), created=START)
    asked = pd.DataFrame(
        {"event_id": [1], "label_time": [START.as_unit("ns") + pd.Timedelta(1999, "ns")]}
    )
    assert store.join(asked, ["f"])["v"].tolist() == [0.0]


def test_what_was_written_later_is_left_out_as_of_a_time(store: FeatureStore) -> None:
    view = store.define("f", columns={"v": "float64"})
    put(view, [(1, 0, 1.0), (2, 0, 2.0)], written=10)
    put(view, [(1, 0, 1.5)], written=20)
    put(view, [(1, 3, 1.7)], written=30)
    asked = labels((1, 5), (2, 5))
    for when, expected in ((40, [1.7, 2.0]), (25, [1.5, 2.0]), (15, [1.0, 2.0]), (5, [None, None])):
        assert missing(store.join(asked, ["f"], as_of=at(when)[0])["v"]) == expected


def test_features_older_than_the_tolerance_are_none(store: FeatureStore) -> None:
    view = store.define("f", columns={"v": "float64"})
    put(view, [(1, 0, 1.0), (2, 4, 2.0)])
    asked = labels((1, 5), (2, 5), (1, 1))
    assert missing(store.join(asked, ["f"], tolerance="1min")["v"]) == [None, 2.0, 1.0]
    assert missing(store.join(asked, ["f"], tolerance="5min")["v"]) == [1.0, 2.0, 1.0]
    for odd in ("soon", "-1 min", object()):
        with pytest.raises(BadRequest, match="no length of time"):
            store.join(asked, ["f"], tolerance=odd)


rows = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 8), st.sampled_from([0.0, 1.0])),
    min_size=1,
    max_size=4,
    unique_by=lambda row: row[:2],
)
written = st.lists(
    st.tuples(st.integers(0, 9), rows), min_size=0, max_size=5, unique_by=lambda one: one[0]
)
asked_for = st.lists(st.tuples(st.integers(0, 4), st.integers(-1, 10)), min_size=1, max_size=12)


def slowly(
    parts: list[tuple[int, list[Any]]],
    asked: list[tuple[int, int]],
    as_of: int | None,
    oldest: int | None,
) -> list[float | None]:
    """The join as its definition says it, in Python alone."""
    found = []
    for ident, when in asked:
        best: tuple[int, int] | None = None
        value = None
        for stamp, part in parts:
            if as_of is not None and stamp > as_of:
                continue
            for event, moment, one in part:
                holds = (
                    event == ident
                    and moment <= when
                    and (oldest is None or when - moment <= oldest)
                )
                if holds and (best is None or (moment, stamp) > best):
                    best, value = (moment, stamp), one
        found.append(value)
    return found


@settings(max_examples=25, deadline=None)
@given(
    written, asked_for, st.none() | st.integers(0, 9), st.none() | st.integers(0, 5), st.booleans()
)
def test_the_join_is_what_a_slow_one_in_python_gives(
    parts: list[tuple[int, list[Any]]],
    asked: list[tuple[int, int]],
    as_of: int | None,
    oldest: int | None,
    texts: bool,
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = FeatureStore(folder)
        name = (lambda i: f"e'{i}") if texts else int
        view = store.define("f", columns={"v": "float64"}, id_dtype="string" if texts else "int64")
        for stamp, part in parts:
            put(view, [(name(i), t, v) for i, t, v in part], written=stamp)
        table = labels(*((name(i), when) for i, when in asked))
        when = None if as_of is None else at(as_of)[0]
        tolerance = None if oldest is None else pd.Timedelta(minutes=oldest)
        found = store.join(table, ["f"], as_of=when, tolerance=tolerance, times=True)
        assert missing(found["v"]) == slowly(parts, asked, as_of, oldest)
        there = found[found["v"].notna()]
        assert (there["f.event_time"] <= there["label_time"]).all()
        for ident in {i for i, _ in asked}:
            for engine in ("pandas", "duckdb"):
                frame = view.read(["v"], events=[name(ident)], as_of=when, engine=engine)
                frame = frame.df() if engine == "duckdb" else frame
                newest = {}
                for stamp, part in sorted(parts, key=lambda one: one[0]):
                    if as_of is None or stamp <= as_of:
                        newest |= {t: v for i, t, v in part if i == ident}
                assert sorted(frame["v"].tolist()) == sorted(newest.values())


def test_names_with_quotes_are_harmless(tmp_path: Path) -> None:
    store = FeatureStore(tmp_path / 'it\'s a "place" [x]*?')
    view = store.define("f", columns=dict.fromkeys(HOSTILE, "float64"), id_dtype="string")
    values = {name: [float(i)] for i, name in enumerate(HOSTILE)}
    view.write({"event_id": ["'; --"], **values}, at=START)
    view.write({"event_id": ["'; --"], **{n: [v[0] + 1] for n, v in values.items()}}, at=START)
    table = pd.DataFrame({"an \"id'": ["'; --"], "a time'": [START], "x": [[1, {}]]})
    found = store.join(table, [("f", HOSTILE)], on="an \"id'", time="a time'")
    assert found[HOSTILE].iloc[0].tolist() == [1.0 + i for i in range(len(HOSTILE))]
    assert found["x"].tolist() == [[1, {}]]
    for engine in ("pandas", "dask", "duckdb"):
        frame = view.read(HOSTILE[:3], events=["'; --"], engine=engine)
        frame = {"pandas": lambda f: f, "dask": lambda f: f.compute(), "duckdb": lambda f: f.df()}[
            engine
        ](frame)
        assert frame[HOSTILE[:3]].iloc[0].tolist() == [1.0, 2.0, 3.0]


def test_views_versions_and_columns_are_asked_for_by_text_or_pair(store: FeatureStore) -> None:
    one = store.define("one", columns={"v": "float64", "w": "int64"})
    two = store.define("two", columns={"v": "float64"})
    one.write({"event_id": [1], "v": [1.0], "w": [7]}, at=START)
    two.write({"event_id": [1], "v": [2.0]}, at=START)
    newer = store.define("one", columns={"v": "float32"})
    newer.write({"event_id": [1], "v": np.array([3.0], "f4")}, at=START)
    asked = labels((1, 1), (2, 1))
    found = store.join(asked, ["one@v1: v , w", "two", "one"], full_names=True)
    assert list(found.columns[3:]) == ["one@v1.v", "one@v1.w", "two.v", "one@v2.v"]
    assert found.iloc[0, 3:].tolist() == [1.0, 7, 2.0, 3.0]
    assert found["one@v1.w"].dtype == "Int64"
    assert store.join(asked, [(one, ["w"]), two])[["w", "v"]].iloc[0].tolist() == [7, 2.0]
    with pytest.raises(BadRequest, match="full_names=True"):
        store.join(asked, ["one", "two"])
    with pytest.raises(BadRequest, match="once"):
        store.join(asked, ["two", "two"], full_names=True)
    store.define("three", columns={"label": "bool"})
    with pytest.raises(BadRequest, match="'label' of three is there twice"):
        store.join(asked, ["three"])


@pytest.mark.parametrize(
    ("views", "error", "said"),
    [
        ([], BadRequest, "no views are named"),
        (["g"], UnknownName, "there is no view 'g'"),
        (["f@v9"], UnknownName, "no version 9"),
        (["f:w"], UnknownName, "no column 'w'"),
        ([3], BadRequest, "is no view"),
        (["f:created_time"], BadRequest, "times=True"),
    ],
)
def test_views_that_are_not_there_are_told(
    store: FeatureStore, views: Any, error: type[Exception], said: str
) -> None:
    store.define("f", columns={"v": "float64"})
    with pytest.raises(error, match=said):
        store.join(labels((1, 1)), views)


def test_labels_that_cannot_be_joined_are_told(store: FeatureStore) -> None:
    put(store.define("f", columns={"v": "float64"}), [(1, 0, 1.0)])
    good = labels((1, 1), (2, 2))
    with pytest.raises(UnknownName, match=r"tell it with on=; did you mean 'event_id'"):
        store.join(good, ["f"], on="eventid")
    with pytest.raises(UnknownName, match="tell it with time="):
        store.join(good, ["f"], time="when")
    with pytest.raises(BadRequest, match=r"'label_time', row 1: 'NaT' is no time"):
        store.join(good.assign(label_time=[START, pd.NaT]), ["f"])
    with pytest.raises(BadRequest, match="numbers tell neither"):
        store.join(good.assign(label_time=[1.0, 2.0]), ["f"])
    with pytest.raises(BadRequest, match="whole numbers"):
        store.join(good.assign(event_id=["1", "2"]), ["f"])
    with pytest.raises(BadRequest, match="has no labels"):
        store.join(3, ["f"])


def test_a_log_and_a_session_of_labels_are_joined_by_their_own_columns(store: FeatureStore) -> None:
    view = store.define("f", columns={"v": "float64"})
    put(view, [(3, 0, 1.0)])
    with adk.labels.session(
        "shift one", store.root, classes=["noise", "glitch"], annotator="ada"
    ) as log:
        log.put([3, 7], "glitch")
        view.write({"event_id": [3], "v": [2.0]}, at="2199-01-01")
        found = store.join(log, ["f"])
    [session] = adk.labels.sessions(store.root)
    again = store.join(session, ["f"])
    assert found[["event_id", "label"]].values.tolist() == [[3, "glitch"], [7, "glitch"]]
    assert missing(found["v"]) == missing(again["v"]) == [1.0, None]
    assert found["label_time"].dt.tz is not None


def test_tables_of_others_and_no_labels_are_joined(store: FeatureStore) -> None:
    view = store.define("f", columns={"v": "float64", "n": "int16", "s": "string"})
    view.write({"event_id": [1], "v": [1.0], "n": [2], "s": ["x"]}, at=START)
    asked = labels((1, 1))
    assert store.join(pa.Table.from_pandas(asked), ["f:v"])["v"].tolist() == [1.0]
    assert store.join({"event_id": [1], "label_time": ["2026-02-01T00:00:00Z"]}, ["f:n"])[
        "n"
    ].tolist() == [2]
    empty = store.join(asked.iloc[:0], ["f"])
    assert (len(empty), list(empty.columns[3:])) == (0, ["v", "n", "s"])
    assert asked.columns.tolist() == ["event_id", "label_time", "label"]


def test_a_part_that_is_damaged_inside_is_named(store: FeatureStore) -> None:
    view = store.define("f", columns={"v": "float64"})
    part = view.write(
        {"event_id": np.arange(5000), "v": np.random.default_rng(0).normal(size=5000)}, at=START
    )
    path = view.folder / "parts" / part.file
    content = bytearray(path.read_bytes())
    content[4 : len(content) // 2] = bytes(len(content) // 2 - 4)
    path.write_bytes(content)
    with pytest.raises(DamagedFile, match=part.file):
        store.join(labels((1, 1)), ["f"])
    with pytest.raises(DamagedFile, match=part.file):
        view.read(engine="pandas")
    assert part.file in view.verify()[0]
