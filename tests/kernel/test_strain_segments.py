from itertools import pairwise
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
from astrodata_kernel.errors import BadRequest, DamagedFile, UnreadableFile, UnsupportedFormat
from astrodata_kernel.processing.strain import (
    by_name,
    intersect,
    invert,
    merge,
    overlap,
    read_glitches,
)
from astropy.table import MaskedColumn, Table
from hypothesis import given
from hypothesis import strategies as st

INTERVALS = st.lists(
    st.tuples(st.integers(0, 40), st.integers(0, 10)).map(lambda pair: (pair[0], sum(pair))),
    max_size=8,
)


def seconds(intervals) -> set[int]:
    return {second for start, stop in intervals for second in range(int(start), int(stop))}


@given(INTERVALS, INTERVALS)
def test_intervals_are_sets_of_seconds(one, other) -> None:
    merged = merge(one)
    assert seconds(merged) == seconds(one)
    assert all(a[1] < b[0] for a, b in pairwise(merged))
    assert seconds(intersect(one, other)) == seconds(one) & seconds(other)
    assert seconds(invert(one, (5, 35))) == set(range(5, 35)) - seconds(one)


def test_intervals_that_touch_become_one() -> None:
    assert merge([(3, 4), (1, 2), (2, 3)]) == [(1, 4)]
    assert intersect([(1, 2)], [(2, 3)]) == []
    assert invert([], (0, 2)) == [(0, 2)]
    assert invert([(-5, 50)], (0, 2)) == []


def test_segments_are_cut_to_a_window_and_keep_the_rest() -> None:
    segments = [
        {"name": "DATA", "start": 0, "stop": 32, "bit": 0},
        {"name": "CAT2", "start": 0, "stop": 5, "bit": 2},
    ]
    assert overlap(segments, (10, 20)) == [{"name": "DATA", "start": 10, "stop": 20, "bit": 0}]


def test_flags_come_in_order_of_their_first_mention_with_merged_intervals() -> None:
    segments = [
        {"name": "B", "start": 0, "stop": 1},
        {"name": "A", "start": 3, "stop": 4},
        {"name": "B", "start": 1, "stop": 2},
    ]
    assert by_name(segments) == {"B": [(0, 2)], "A": [(3, 4)]}
    assert list(by_name(segments)) == ["B", "A"]


@pytest.mark.parametrize("interval", [(2, 1), ("a", 1), (1,), 5, (float("nan"), 1)])
def test_what_is_no_interval_is_refused(interval) -> None:
    with pytest.raises(BadRequest, match="interval"):
        merge([interval])


GLITCHES = {"time": [12.5, 10.25], "frequency": [300.0, 60.0], "snr": [9.5, 7.0]}
EXPECTED = [
    {"time": 10.25, "frequency": 60.0, "snr": 7.0, "duration": None, "label": "Whistle"},
    {"time": 12.5, "frequency": 300.0, "snr": 9.5, "duration": None, "label": "Blip"},
]


def test_glitches_are_read_from_all_usual_tables(tmp_path: Path) -> None:
    columns = {**GLITCHES, "label": ["Blip", "Whistle"]}
    csv = tmp_path / "glitches.csv"
    csv.write_text("GPStime,peakFreq,snr,ml_label\n12.5,300.0,9.5,Blip\n10.25,60.0,7.0,Whistle\n")
    table = tmp_path / "table.hdf5"
    with h5py.File(table, "w") as file:
        rows = np.array(
            [(12.5, 300.0, 9.5, b"Blip"), (10.25, 60.0, 7.0, b"Whistle")],
            dtype=[("peak_time", "f8"), ("peak_frequency", "f4"), ("snr", "f4"), ("label", "S9")],
        )
        file["triggers"] = rows
    arrays = tmp_path / "arrays.h5"
    with h5py.File(arrays, "w") as file:
        for name, values in GLITCHES.items():
            file[f"H1/{name}"] = values
        file["H1/label"] = [b"Blip", b"Whistle"]
    records = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    for source in (csv, str(csv), table, arrays, Table(columns), pd.DataFrame(columns), columns):
        assert read_glitches(source) == EXPECTED, source
    assert read_glitches(records) == EXPECTED
    assert read_glitches([]) == []


def test_what_a_glitch_lacks_is_none_and_one_without_time_is_left_out() -> None:
    table = Table({"gps": MaskedColumn([1.0, 2.0, 3.0], mask=[False, True, False])})
    table["snr"] = MaskedColumn([5.0, 6.0, 7.0], mask=[True, False, False])
    assert read_glitches(table) == [
        {"time": 1.0, "frequency": None, "snr": None, "duration": None, "label": ""},
        {"time": 3.0, "frequency": None, "snr": 7.0, "duration": None, "label": ""},
    ]
    assert read_glitches([{"time": 1.0, "snr": 3.0}, {"time": 0.5}])[0]["snr"] is None


def test_tables_that_hold_no_glitches_are_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match=r"no column of GPS times.*its columns are a, b"):
        read_glitches({"a": [1], "b": [2]})
    with pytest.raises(BadRequest, match="'time' holds something else than numbers"):
        read_glitches({"time": ["noon"]})
    with pytest.raises(UnreadableFile, match="no such file"):
        read_glitches(tmp_path / "none.csv")
    with pytest.raises(BadRequest, match="records"):
        read_glitches([1, 2])
    broken = tmp_path / "broken.hdf5"
    broken.write_bytes(b"\x89HDF\r\n\x1a\nno more")
    with pytest.raises(DamagedFile, match=r"broken\.hdf5"):
        read_glitches(broken)
    ragged = tmp_path / "ragged.csv"
    ragged.write_text("time,snr\n1,2\n1,2,3,4\n")
    with pytest.raises(UnsupportedFormat, match=r"ragged\.csv is no CSV table"):
        read_glitches(ragged)
