from typing import Any

import numpy as np
import pandas as pd
import pytest
from astrodata_kernel.datasets import Dataset
from astrodata_kernel.errors import BadRequest, UnknownName
from astrodata_kernel.processing.events import Events, events_of
from astrodata_kernel.processing.thumbnails import of_images, of_rows, of_traces

Array = np.ndarray[Any, Any]


@pytest.fixture
def traces() -> Array:
    time = np.linspace(0, 1, 500)
    return np.stack([np.sin(k * time * 6) for k in range(1, 6)]).astype("f4")


def test_traces_images_and_tables_become_events_by_their_shape(traces: Array) -> None:
    images = np.zeros((3, 8, 6))
    table = pd.DataFrame({"a": [1, 2], "b": [0.5, 1.5]})
    found = [events_of(source) for source in (traces, images, images[..., None], table)]
    assert [events.kind for events in found] == ["waveforms", "images", "images", "rows"]
    assert [len(events) for events in found] == [5, 3, 3, 2]
    assert events_of(found[0]) is found[0]
    renamed = events_of(found[0], ids=list("abcde"))
    assert renamed.row_of("c") == 2
    assert renamed.digest == found[0].digest


def test_a_data_set_of_waveforms_is_named_by_the_hash_of_its_file(tmp_path, traces: Array) -> None:
    import hashlib

    import astrodata_kernel as adk

    path = tmp_path / "traces.npy"
    np.save(path, traces)
    events = events_of(adk.open(path, kind="waveforms"))
    assert events.digest == hashlib.sha256(path.read_bytes()).hexdigest()
    np.testing.assert_array_equal(events.array(3), traces[3])
    with pytest.raises(BadRequest, match="kind 'image'"):
        events_of(Dataset.of_array(traces))


def test_what_has_no_events_is_refused() -> None:
    for source in (np.zeros(5), 3.0, "text"):
        with pytest.raises(BadRequest):
            events_of(source)


@pytest.mark.parametrize(
    ("ids", "words"),
    [
        ([1, 2], "2 ids for 5 events"),
        ([1, 2, 3, 3, 4], "such as 3"),
        ([1.5, 2, 3, 4, 5], "whole numbers or texts"),
        ([True] * 5, "whole numbers or texts"),
    ],
)
def test_ids_that_do_not_fit_are_refused(traces: Array, ids: Any, words: str) -> None:
    with pytest.raises(BadRequest, match=words):
        events_of(traces, ids)


def test_an_event_is_found_by_its_id_and_an_unknown_one_is_told(traces: Array) -> None:
    events = events_of(traces, ids=[10, 20, 30, 40, 50])
    assert (events.row_of(30), events.row_of("30")) == (2, 2)
    with pytest.raises(UnknownName, match="'abc'"):
        events.row_of("abc")
    for row in (-1, 5):
        with pytest.raises(BadRequest, match="0 to 4"):
            events.array(row)


def test_the_ink_of_a_trace_reaches_its_extremes_in_each_column(traces: Array) -> None:
    picture = of_traces([traces[2]], 50, 31)[0] > 0
    assert picture.any(axis=0).all()  # no gap
    low, high = traces[2].min(), traces[2].max()
    for column in range(50):
        part = traces[2][column * 10 : (column + 1) * 10]
        rows = np.flatnonzero(picture[:, column])
        top, bottom = ((high - value) / (high - low) * 30 for value in (part.max(), part.min()))
        assert rows.min() <= round(top) + 1
        assert rows.max() >= round(bottom) - 1


@pytest.mark.parametrize("step", [1, -1])
def test_a_steep_edge_is_one_line_up_and_down(step: int) -> None:
    trace = np.where(np.arange(200) < 100, 0.0, 1.0)[::step]
    picture = of_traces([trace], 20, 40)[0] > 0
    assert picture.any(axis=0).all()
    assert (picture.sum(axis=0) == 40).any()


def test_thumbnails_of_odd_traces_are_pictures_too() -> None:
    odd = [np.full(10, np.nan), np.full(10, 3.0), np.r_[np.nan, 1.0, 2.0], np.array([5.0])]
    pictures = of_traces(odd, 16, 9)
    assert not pictures[0].any()
    assert (np.flatnonzero(pictures[1].any(axis=1)) == [4]).all()  # constant: a line in the middle
    assert pictures[2].any()
    assert pictures[3].any()
    spikes = np.zeros(100_000)
    spikes[77_777] = 1
    assert of_traces([spikes], 20, 10)[0, 0].any()  # a single sample is not lost


def test_images_keep_their_aspect_and_nan_is_black() -> None:
    image = np.ones((10, 20))
    image[:, :10] = np.linspace(0, 9, 10)[:, None]
    image[0, 0] = np.nan
    picture = of_images([image], 40, 40)[0]
    assert picture.shape == (40, 40, 3)
    assert not picture[:10].any()
    assert not picture[30:].any()
    assert picture[11:30].any()
    assert (picture[..., 0] == picture[..., 2]).all()
    colours = np.zeros((4, 4, 5), np.uint8)
    colours[..., 1] = 200
    assert of_images([colours], 8, 8)[0, 4, 4].tolist() == [0, 200, 0]
    assert not of_images([np.full((4, 4), np.nan)], 8, 8).any()


def test_rows_are_bars_up_and_down_from_the_median() -> None:
    values = np.array([[5.0, -5.0, 0.0, np.nan]])
    picture = of_rows(values, 40, 21)[0] > 0
    assert picture[:11, :10].all()
    assert not picture[12:, :10].any()
    assert picture[10:, 10:20].all()
    assert picture[:, 20:].sum() == 20
    assert events_of(pd.DataFrame({"a": [1, 2], "name": ["x", "y"]})).thumbnails([1], 8, 8).any()


def test_facts_of_an_event_are_read_from_its_row() -> None:
    table = pd.DataFrame({"flux": [1.23456789, 2.0], "name": ["<b>", "y"]})
    assert events_of(table, ids=["p", "q"]).facts(0) == [
        ("id", "p"),
        ("flux", "1.23457"),
        ("name", "<b>"),
    ]


def test_sizes_and_numbers_out_of_bounds_are_refused(traces: Array) -> None:
    events = Events("waveforms", traces)
    for width, height in ((2, 10), (10, 5000)):
        with pytest.raises(BadRequest, match="give 4 to 1024"):
            events.thumbnails([0], width, height)
    with pytest.raises(BadRequest):
        events.thumbnails([7], 10, 10)
    with pytest.raises(BadRequest, match="of kind 'sounds'"):
        Events("sounds", traces)
