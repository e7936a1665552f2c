"""Ids of events are kept and found exactly, or refused in words."""

import numpy as np
import pandas as pd
import pytest
from astrodata_kernel.errors import BadRequest
from astrodata_kernel.feature_store import FeatureStore, FeatureView

DAY = "2026-01-01T00:00:00Z"


@pytest.fixture
def store(tmp_path) -> FeatureStore:
    return FeatureStore(tmp_path)


@pytest.fixture
def numbers(store: FeatureStore) -> FeatureView:
    view = store.define("numbers", columns={"x": "float64"})
    view.write({"event_id": np.array([1, 2**63 - 1], np.uint64), "x": [1.0, 2.0]}, at=DAY)
    return view


@pytest.fixture
def texts(store: FeatureStore) -> FeatureView:
    view = store.define("texts", columns={"x": "float64"}, id_dtype="string")
    view.write({"event_id": ["a", "b" * 1024, "é" * 512], "x": [1.0, 2.0, 3.0]}, at=DAY)
    return view


@pytest.mark.parametrize("engine", ["pandas", "duckdb"])
def test_unsigned_ids_are_found_and_those_beyond_int64_are_refused(numbers, engine: str) -> None:
    def found(ids):
        made = numbers.read(events=ids, engine=engine)
        return (made if engine == "pandas" else made.df())["x"].tolist()

    assert found(np.array([2**63 - 1], np.uint64)) == [2.0]
    assert found(pd.Series([2**63 - 1], dtype="UInt64")) == [2.0]
    # As int64 it is -2, which another event might be.
    for beyond in (np.array([2**64 - 2], np.uint64), [2**64 - 2], [10**30]):
        with pytest.raises(
            BadRequest, match=r"beyond 9,223,372,036,854,775,807.*id_dtype='string'"
        ):
            found(beyond)


def test_ids_beyond_int64_are_neither_written_nor_joined(numbers, store: FeatureStore) -> None:
    ids = np.array([3, 2**64 - 2], np.uint64)
    with pytest.raises(BadRequest, match=r"row 1: the id 18446744073709551614 is beyond"):
        numbers.write({"event_id": ids, "x": [1.0, 2.0]}, at=DAY)
    labels = pd.DataFrame({"event_id": ids, "label_time": pd.Timestamp("2026-02-01")})
    with pytest.raises(BadRequest, match="the id 18446744073709551614 is beyond"):
        store.join(labels, ["numbers"])


@pytest.mark.parametrize("engine", ["pandas", "duckdb"])
def test_long_ids_are_kept_as_they_are(texts, engine: str) -> None:
    made = texts.read(events=["b" * 1024, "é" * 512, "b" * 1000], engine=engine)
    made = made if engine == "pandas" else made.df()
    assert sorted(made["x"]) == [2.0, 3.0]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("a\0", "has a NUL character"),
        ("b" * 1025, "has 1,025 bytes, more than 1,024"),
        ("é" * 513, "has 1,026 bytes"),
    ],
)
def test_ids_that_would_not_be_found_again_are_refused(texts, store, wrong: str, said: str) -> None:
    with pytest.raises(BadRequest, match=f"'event_id', row 1: the id .* {said}"):
        texts.write({"event_id": ["x", wrong], "x": [1.0, 2.0]}, at=DAY)
    assert len(texts.parts) == 1
    # NumPy's own texts end before the first NUL: event "a" would be given for it.
    with pytest.raises(BadRequest, match=said):
        texts.read(events=[wrong], engine="pandas")
    labels = pd.DataFrame({"event_id": [wrong], "label_time": pd.Timestamp("2026-02-01")})
    with pytest.raises(BadRequest, match=said):
        store.join(labels, ["texts"])
