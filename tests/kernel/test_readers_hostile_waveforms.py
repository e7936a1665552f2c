"""Waveforms and strain from files that are damaged, odd, many, or made to do harm."""

import contextlib
import gzip
import os
import struct
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import astrodata_kernel as adk
import h5py
import numpy as np
import pytest
from astrodata_kernel.errors import (
    AstrodataError,
    DamagedFile,
    DataCheckFailed,
    UnreadableFile,
    UnsupportedFormat,
)
from astrodata_kernel.readers import reopening
from astrodata_kernel.readers.peek import sniff, thumbnail
from astrodata_kernel.readers.root import RootReader
from astrodata_kernel.readers.wavedump import WaveDumpReader
from astrodata_kernel.readers.wavedump_text import WaveDumpTextReader
from astrodata_kernel.readers.waveforms import DaidreamReader
from astrodata_kernel.testing import ReaderTests, bits_flipped

DATA = Path(__file__).parent.parent / "data" / "waveforms"
RNG = np.random.default_rng(0)


def record(samples, event=0, channel=0, time=7, dtype="<u2") -> bytes:
    data = np.asarray(samples, dtype).tobytes()
    return struct.pack("<6I", 24 + len(data), 31, 0, channel, event, time) + data


def wavedump(path: Path, traces, channels=(0,), dtype="<u2") -> Path:
    path.write_bytes(
        b"".join(
            record(t, i // len(channels), channels[i % len(channels)], i, dtype)
            for i, t in enumerate(traces)
        )
    )
    return path


def daidream(path: Path, n=5, samples=40, save=np.savez, **changes) -> Path:
    noise = RNG.standard_normal((n, samples)).astype("f4")
    arrays = {"signal": noise * 2, "noise": noise, "peak": RNG.random(n), **changes}
    save(path, **arrays)
    return path


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


# WaveDump's configuration


@pytest.mark.parametrize(
    "line",
    [
        "RECORD_LENGTH " + "9" * 5000,
        "RECORD_LENGTH 999999999",
        "POST_TRIGGER 1.2.3",
        "POST_TRIGGER ....",
        "POST_TRIGGER 900",
        "Digitizer 7" + "5" * 5000,
        "BASELINE_LEVEL 1e400",
        "\0\xff\0",
    ],
    ids=lambda line: line[:20],
)
def test_nonsense_in_the_configuration_costs_no_more_than_its_facts(tmp_path, line):
    traces = RNG.integers(0, 4096, (3, 20))
    wavedump(tmp_path / "wave0.dat", traces)
    (tmp_path / "WaveDumpConfig.txt").write_text(line + "\n", encoding="latin-1")
    ds = adk.open(tmp_path / "wave0.dat")
    np.testing.assert_array_equal(np.asarray(ds.array), traces)
    assert ds.meta["trigger"] is None
    # The same file without headers, which only a sound configuration can cut into records.
    (tmp_path / "wave1.dat").write_bytes(traces.astype("<u2").tobytes())
    with (tmp_path / "WaveDumpConfig.txt").open("a") as file:
        file.write("OUTPUT_FILE_HEADER NO\n")
    with pytest.raises(AstrodataError):
        adk.open(tmp_path / "wave1.dat")


def test_empty_lines_without_end_take_no_time_without_end(tmp_path):
    wavedump(tmp_path / "wave0.dat", np.zeros((3, 9)))
    (tmp_path / "WaveDumpConfig.txt").write_text("\n" * 500_000 + "POST_TRIGGER 0\n")
    assert adk.open(tmp_path / "wave0.dat").meta["trigger"] == 9
    (tmp_path / "a.txt").write_text("Record Length: 1\n" + "\n" * 1_000_000 + "5\n")
    assert adk.open(tmp_path / "a.txt").array[0, 0] == 5


def test_without_headers_the_name_tells_the_channel(tmp_path):
    (tmp_path / "WaveDumpConfig.txt").write_text("RECORD_LENGTH 4\nOUTPUT_FILE_HEADER NO\n")
    (tmp_path / "wave12.dat").write_bytes(np.full((3, 4), 9, "<u2").tobytes())
    ds = adk.open(tmp_path / "wave12.dat")
    assert (ds.meta["channel"], ds.shape) == ("channel 12", (3, 4))


def test_a_pipe_in_the_place_of_the_configuration_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "WaveDumpConfig.txt")
    assert adk.open(wavedump(tmp_path / "wave0.dat", np.zeros((3, 9)))).shape == (3, 9)


def test_the_configuration_tells_baseline_and_trigger():
    meta = adk.open(DATA / "sipm" / "wave0.dat").meta
    assert (meta["dc_offset"], meta["trigger"], meta["polarity"]) == (10, 325, 1)


@pytest.mark.parametrize(
    ("model", "dtype", "period"),
    [
        ("Digitizer V1721", "u1", 2e-9),
        ("Digitizer DT5742B", "f4", 2e-10),
        ("Digitizer N6725", "u2", 4e-9),
    ],
)
def test_samples_are_as_wide_as_the_digitiser_writes_them(tmp_path, model, dtype, period):
    traces = RNG.integers(0, 255, (5, 12)).astype(dtype) + (0.25 if dtype == "f4" else 0)
    wavedump(tmp_path / "wave0.dat", traces, dtype="<" + dtype)
    (tmp_path / "WaveDumpConfig.txt").write_text(model + "\n")
    ds = adk.open(tmp_path / "wave0.dat")
    assert ds.dtype == np.dtype(dtype)
    assert ds.parts[0].dtype == str(np.dtype(dtype))
    np.testing.assert_array_equal(np.asarray(ds.array), traces)
    np.testing.assert_array_equal(ds.array[1:4:2, 3:9:4], traces[1:4:2, 3:9:4])
    assert ds.meta["sample_period"] == pytest.approx(period)


def test_the_x742_tells_its_rate_by_a_setting(tmp_path):
    wavedump(tmp_path / "wave0.dat", np.zeros((2, 8)), dtype="<f4")
    (tmp_path / "WaveDumpConfig.txt").write_text("Digitizer 742\nDRS4_FREQUENCY 2 # 1 GHz\n")
    assert adk.open(tmp_path / "wave0.dat").meta["sample_period"] == 1e-9


def test_an_odd_number_of_bytes_means_samples_of_one_byte(tmp_path):
    wavedump(tmp_path / "wave0.dat", np.full((4, 13), 200), dtype="u1")
    ds = adk.open(tmp_path / "wave0.dat")
    assert (ds.dtype, ds.shape) == (np.uint8, (4, 13))
    assert (np.asarray(ds.array) == 200).all()


def test_a_configuration_of_another_digitiser_is_suspected(tmp_path):
    wavedump(tmp_path / "wave0.dat", np.zeros((3, 9)))
    (tmp_path / "WaveDumpConfig.txt").write_text("Digitizer 742\n")
    with pytest.raises(DamagedFile, match=r"wave0\.dat: records of 42 bytes.*configuration"):
        adk.open(tmp_path / "wave0.dat")


# WaveDump's records


@pytest.mark.parametrize("samples", [10, 3000, 60_000])
def test_any_slice_of_records_is_that_of_the_file(tmp_path, samples):
    traces = RNG.integers(0, 16_384, (37, samples)).astype("u2")
    array = adk.open(wavedump(tmp_path / "a", traces)).array
    for key in (
        np.s_[3:30:4, 2:9:3],
        np.s_[:, -1],
        np.s_[5],
        np.s_[::-3, 1:8],
        np.s_[7:7],
        np.s_[:],
    ):
        np.testing.assert_array_equal(array[key], traces[key])


def test_records_of_rare_and_crowded_channels_are_picked(tmp_path):
    count = 3000
    channel = np.where(np.arange(count) % 401 == 7, 9, np.arange(count) % 3)
    traces = RNG.integers(0, 4096, (count, 16)).astype("u2")
    (tmp_path / "a").write_bytes(
        b"".join(record(t, i, channel[i], i) for i, t in enumerate(traces))
    )
    ds = adk.open(tmp_path / "a")
    for number in (0, 1, 2, 9):
        one = ds.hdu(f"channel {number}")
        rows = np.flatnonzero(channel == number)
        np.testing.assert_array_equal(np.asarray(one.array), traces[rows])
        np.testing.assert_array_equal(one.array[1:200:7, 3:9], traces[rows][1:200:7, 3:9])
        assert one.table["event"].tolist() == rows.tolist()
        assert one.table[2:5]["trigger_time"].tolist() == rows[2:5].tolist()
        assert len(one.table[3:3]) == 0


def test_files_of_single_channels_put_together_have_channels(tmp_path):
    parts = [wavedump(tmp_path / f"{c}", np.full((700, 4), c), (c,)).read_bytes() for c in (1, 6)]
    (tmp_path / "both").write_bytes(b"".join(parts))
    ds = adk.open(tmp_path / "both")
    assert [part.name for part in ds.parts] == ["all channels", "channel 1", "channel 6"]
    assert (ds.hdu("channel 6").array[:] == 6).all()


def test_one_record_and_the_beginning_of_another_are_told_from_other_formats(tmp_path):
    (tmp_path / "a").write_bytes(record(np.arange(50)) + record(np.arange(50))[:10])
    ds = adk.open(tmp_path / "a")
    assert ds.shape == (1, 50)
    assert not ds.checks()[0].ok
    (tmp_path / "b").write_bytes(record(np.arange(50))[:-10])
    with pytest.raises(UnsupportedFormat, match="b is of no format"):
        adk.open(tmp_path / "b")


def test_lengths_that_change_and_change_back_are_found_when_they_are_read(tmp_path):
    lengths = [50] * 20 + [60, 40] + [50] * 30
    (tmp_path / "a").write_bytes(
        b"".join(record(np.zeros(n), event=i) for i, n in enumerate(lengths))
    )
    array = adk.open(tmp_path / "a").array
    assert array[:20].shape == (20, 50)
    with pytest.raises(DamagedFile, match=r"a, record 20: takes 144 bytes"):
        array[:, 3]


@pytest.mark.parametrize("samples", [100, 30_000])
def test_zipped_records_are_recognised_and_find_their_configuration(tmp_path, samples):
    traces = RNG.integers(0, 4096, (6, samples)).astype("u2")
    plain = wavedump(tmp_path / "plain", traces)
    (tmp_path / "wave0.dat.gz").write_bytes(gzip.compress(plain.read_bytes()))
    (tmp_path / "WaveDumpConfig.txt").write_text("Digitizer 730\n")
    ds = adk.open(tmp_path / "wave0.dat.gz")
    np.testing.assert_array_equal(np.asarray(ds.array), traces)
    assert ds.meta["sample_period"] == 2e-9


def test_zipped_bytes_that_only_begin_like_records_are_refused(tmp_path):
    (tmp_path / "a.gz").write_bytes(gzip.compress(record(np.zeros(5000)) + b"\xff" * 9000))
    with pytest.raises(AstrodataError):
        adk.open(tmp_path / "a.gz")


# WaveDump's text


def text_record(samples, length=None, channel="3", time="12") -> str:
    numbers = "\n".join(map(str, samples))
    return (
        f"Record Length: {len(samples) if length is None else length}\nBoardID: 31\n"
        f"Channel: {channel}\nEvent Number: 0\nPattern: 0x0000\nTrigger Time Stamp: {time}\n"
        f"DC offset (DAC): 0x1999\nStart Index Cell: 77\n{numbers}\n"
    )


def test_corrected_samples_in_text_have_decimals(tmp_path):
    (tmp_path / "a.txt").write_text(text_record([1.5, 2, -3.25]) + text_record([1, 2, 3]))
    ds = adk.open(tmp_path / "a.txt")
    assert ds.dtype == np.float32
    np.testing.assert_array_equal(np.asarray(ds.array), [[1.5, 2, -3.25], [1, 2, 3]])
    assert ds.table["start_cell"].tolist() == [77, 77]
    assert ds.checks()[0].ok


def test_a_cut_last_record_of_text_is_among_the_checks(tmp_path):
    (tmp_path / "a.txt").write_text(text_record([1, 2]) + text_record([1], 2))
    check = adk.open(tmp_path / "a.txt").checks()[0]
    assert (check.ok, check.message[:18]) == (False, "record 1 is cut (1")


def test_words_and_giants_in_the_header_of_a_record_are_minus_one(tmp_path):
    (tmp_path / "a.txt").write_text(
        text_record([1, 2], channel="TR_0_0", time="9" * 30) + text_record([3, 4], time="9" * 5000)
    )
    ds = adk.open(tmp_path / "a.txt")
    assert ds.table["channel"].tolist() == [-1, 3]
    assert ds.table["trigger_time"].tolist() == [-1, -1]


@pytest.mark.parametrize("length", ["0", "9" * 30, "9" * 5000])
def test_impossible_lengths_in_text_are_refused(tmp_path, length):
    (tmp_path / "a.txt").write_text(text_record([1, 2], length))
    with pytest.raises(DamagedFile, match=r"a\.txt"):
        adk.open(tmp_path / "a.txt")


# DAIDREAM's files


def test_a_spectrum_and_its_noise_are_no_traces(tmp_path):
    np.savez(tmp_path / "a.npz", signal=np.arange(9.0), noise=np.ones(9))
    ds = adk.open(tmp_path / "a.npz")
    assert ds.kind == "spectrum"
    assert [part.name for part in ds.parts] == ["signal", "noise"]
    np.savez(tmp_path / "b.npz", signal=np.ones((3, 9)), noise=np.ones(9))
    assert adk.open(tmp_path / "b.npz", kind="waveforms").shape == (3, 9)


def test_what_else_lies_in_a_file_does_no_harm(tmp_path):
    path = daidream(
        tmp_path / "a.npz",
        complex=np.zeros((5, 40), complex),
        words=np.full((5, 40), "x"),
        objects=np.full((5, 40), None),
        records=np.zeros(5, [("a", "f4")]),
        number=np.float64(3),
        reconstruction=np.ones((5, 40), "f4"),
    )
    ds = adk.open(path)
    assert [part.name for part in ds.parts] == ["trace", "signal", "noise", "reconstruction"]
    assert ds.table.colnames == ["peak"]
    assert any("records" in text for text in ds.meta["warnings"])
    for part in ds.parts:
        assert ds.hdu(part.index).array[:].shape == (5, 40)


def test_a_header_that_reaches_into_the_next_member_is_refused(tmp_path):
    path = daidream(tmp_path / "a.npz")
    data = path.read_bytes()
    # The signal comes first: with a row more, its last one would be bytes of the noise.
    path.write_bytes(data.replace(b"'shape': (5, 40)", b"'shape': (6, 40)"))
    with pytest.raises(DamagedFile):
        np.asarray(adk.open(path).array)


@pytest.mark.parametrize("dtype", [">f4", ">i2", "u1", "f8", "f2", "?"])
def test_sums_are_float32_whatever_is_added_up(tmp_path, dtype):
    values = (RNG.random((4, 9)) * 9).astype(dtype)
    np.savez(tmp_path / "a.npz", signal=values, noise=values)
    ds = adk.open(tmp_path / "a.npz")
    assert ds.dtype == np.float32
    np.testing.assert_array_equal(np.asarray(ds.array), values.astype("f4") * 2)
    assert ds.hdu("noise").dtype.isnative


def test_values_beyond_float32_become_infinite_and_nan_stays(tmp_path):
    signal = np.array([[1e300, np.inf, np.nan, 1.0]])
    np.savez(tmp_path / "a.npz", signal=signal, noise=np.array([[1.0, -np.inf, 1.0, 1.0]]))
    np.testing.assert_array_equal(
        np.asarray(adk.open(tmp_path / "a.npz").array), [[np.inf, np.nan, np.nan, 2.0]]
    )


def test_a_zipped_npz_is_a_data_set_of_waveforms_too(tmp_path):
    path = daidream(tmp_path / "a.npz")
    (tmp_path / "b.gz").write_bytes(gzip.compress(path.read_bytes()))
    assert adk.open(tmp_path / "b.gz").kind == "waveforms"


# Several files


def test_thousands_of_files_do_not_stay_open(tmp_path, monkeypatch):
    monkeypatch.setattr(reopening, "_OPEN", 3)
    for i in range(30):
        daidream(tmp_path / f"{i}.npz", n=2)
    before = open_files()
    ds = adk.open(str(tmp_path / "*.npz"))
    first = np.asarray(ds.array)
    table = ds.table[:]
    # Three arrays by position in each.
    assert open_files() - before <= 3 * 3
    np.testing.assert_array_equal(np.asarray(ds.array), first)
    np.testing.assert_array_equal(ds.table[17:43]["peak"], table["peak"][17:43])
    noise = ds.hdu("noise")
    np.testing.assert_allclose(np.asarray(noise.array) * 3, first, rtol=1e-6)
    assert len(ds.checks()) == 0


def test_threads_may_read_files_that_are_closed_meanwhile(tmp_path, monkeypatch):
    monkeypatch.setattr(reopening, "_OPEN", 2)
    for i in range(8):
        wavedump(tmp_path / f"wave{i}.dat", np.full((5, 9), i))
    ds = adk.open(str(tmp_path / "*.dat"))
    parts = adk.open([tmp_path / "wave0.dat", tmp_path / "wave1.dat"])
    wrong = []

    def read(step):
        for i in range(200):
            row = (i * step) % 40
            if not (ds.array[row] == row // 5).all() or not (parts.array[7] == 1).all():
                wrong.append(row)

    threads = [threading.Thread(target=read, args=(step,)) for step in (1, 7, 13, 39)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    assert not wrong


def test_a_file_that_was_replaced_meanwhile_is_noticed(tmp_path, monkeypatch):
    monkeypatch.setattr(reopening, "_OPEN", 1)
    for i in range(3):
        daidream(tmp_path / f"{i}.npz")
    ds = adk.open(str(tmp_path / "*.npz"))
    daidream(tmp_path / "0.npz", n=3)
    with pytest.raises(DataCheckFailed, match=r"0\.npz changed"):
        ds.array[0]
    (tmp_path / "1.npz").unlink()
    with pytest.raises(UnreadableFile, match=r"1\.npz"):
        ds.array[7]


def test_files_come_by_number_and_keep_apart_what_is_called_alike(tmp_path):
    for run in ("run10", "run2"):
        (tmp_path / run).mkdir()
        for name in ("wave11.dat", "wave3.dat"):
            wavedump(tmp_path / run / name, np.full((2, 4), int(run[3:])))
    ds = adk.open(str(tmp_path / "*" / "*.dat"))
    assert ds.table["file"][::2].tolist() == [
        "run2/wave3.dat",
        "run2/wave11.dat",
        "run10/wave3.dat",
        "run10/wave11.dat",
    ]
    assert ds.array[:, 0].tolist() == [2] * 4 + [10] * 4


def test_files_share_the_parts_that_each_has(tmp_path):
    daidream(tmp_path / "a.npz", extra=np.zeros((5, 40)))
    daidream(tmp_path / "b.npz", n=3)
    ds = adk.open(str(tmp_path / "?.npz"))
    assert [(part.index, part.name, part.shape) for part in ds.parts] == [
        (0, "trace", (8, 40)),
        (1, "signal", (8, 40)),
        (2, "noise", (8, 40)),
    ]
    assert ds.meta["arrays"] == ["trace", "signal", "noise"]
    again = ds.hdu("signal")
    assert (again.part, again.shape, again.hdu("trace").part) == (1, (8, 40), 0)
    assert ds.hdu(0) is ds


def test_what_the_files_differ_in_is_told(tmp_path):
    wavedump(tmp_path / "wave0.dat", np.full((2, 8), 5), (0,))
    np.save(tmp_path / "wave1.npy", np.full((2, 8), -1, "i2"))
    ds = adk.open([tmp_path / "wave0.dat", tmp_path / "wave1.npy"])
    assert ds.dtype == np.int32
    assert ds.array[:, 0].tolist() == [5, 5, -1, -1]
    assert "uint16, int16: read as int32" in ds.meta["warnings"][-1]
    assert any("unit" in text for text in ds.meta["warnings"])
    assert ds.meta["channel"] is None
    assert ds.table.colnames == ["file"]


def test_a_cut_record_in_one_of_the_files_names_the_file(tmp_path):
    wavedump(tmp_path / "a.dat", np.zeros((3, 9)))
    whole = (tmp_path / "a.dat").read_bytes()
    (tmp_path / "b.dat").write_bytes(whole[:-5])
    ds = adk.open(str(tmp_path / "*.dat"))
    assert ds.shape == (5, 9)
    assert any(text.startswith("b.dat: record 2 is cut") for text in ds.meta["warnings"])
    assert [check.ok for check in ds.checks()] == [True, False]


def test_tables_and_other_files_among_them_are_refused_by_name(tmp_path):
    daidream(tmp_path / "a.npz")
    (tmp_path / "b.csv").write_text("a,b\n1,2\n")
    with pytest.raises(UnsupportedFormat, match=r"b\.csv"):
        adk.open([tmp_path / "a.npz", tmp_path / "b.csv"])
    with pytest.raises(UnreadableFile, match=r"c\.npz"):
        adk.open([tmp_path / "a.npz", tmp_path / "c.npz"])


@pytest.mark.parametrize(
    "pattern", ["a\0*", "~nobody-of-this-name/*.npz", "*" * 300, "x" * 5000 + "*", "[", "no[thing"]
)
def test_patterns_that_fit_nothing_are_told(tmp_path, monkeypatch, pattern):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UnreadableFile):
        adk.open(pattern)


def test_a_file_whose_name_looks_like_a_pattern_is_a_file(tmp_path):
    daidream(tmp_path / "run[1].npz")
    assert adk.open(tmp_path / "run[1].npz").name == "run[1].npz"


def test_a_question_mark_in_an_address_is_no_pattern(tmp_path):
    daidream(tmp_path / "a.npz")

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        ds = adk.open(f"http://127.0.0.1:{server.server_port}/a.npz?run=1")
        assert ds.shape == (5, 40)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


# Strain


def series(path: Path, attributes, values=None, name="x") -> Path:
    with h5py.File(path, "w") as file:
        file[name] = np.arange(100.0) if values is None else values
        file[name].attrs.update(attributes)
    return path


def test_what_else_a_file_of_strain_holds_can_be_opened(tmp_path):
    path = series(tmp_path / "s.h5", {"sample_rate": 10.0})
    with h5py.File(path, "a") as file:
        file["a_traces"] = np.arange(12.0).reshape(3, 4)
        file["table"] = np.zeros(3, [("t", "f4")])
    ds = adk.open(path)
    assert [(part.name, part.kind) for part in ds.parts] == [
        ("/x", "strain"),
        ("/a_traces", "image"),
        ("/table", "table"),
    ]
    assert ds.hdu("/a_traces").array[1, 2] == 6
    assert adk.open(path, kind="waveforms").shape == (3, 4)
    assert adk.open(path, kind="table").table.colnames == ["t"]


def test_a_spectrum_in_frequency_is_no_strain(tmp_path):
    path = series(tmp_path / "a.h5", {"x0": 0.0, "dx": 0.25, "xunit": "Hz", "unit": "1/Hz"})
    assert adk.open(path).kind == "spectrum"
    path = series(tmp_path / "b.h5", {"x0": 5.0, "dx": 0.25, "xunit": "s", "name": "plain name"})
    ds = adk.open(path)
    assert (ds.kind, ds.meta["gps_start"], ds.meta["detector"]) == ("strain", 5, "")


def test_numbers_in_arrays_of_one_are_numbers(tmp_path):
    path = series(tmp_path / "a.h5", {"Xspacing": np.array([0.5]), "Xstart": np.array([[7]])})
    meta = adk.open(path).meta
    assert (meta["sample_rate"], meta["gps_start"]) == (2, 7)


@pytest.mark.parametrize("value", [np.inf, np.nan, 1e-320, 1e308, True, 1j, b"5", np.zeros(0)])
def test_a_rate_beyond_reason_is_not_believed(tmp_path, value):
    for name in ("sample_rate", "dx"):
        assert adk.open(series(tmp_path / f"{name}.h5", {name: value})).kind == "spectrum"


def test_a_start_that_is_no_time_is_zero(tmp_path):
    path = series(tmp_path / "a.h5", {"dx": 0.5, "x0": np.nan, "epoch": "today"})
    assert adk.open(path).meta["gps_start"] == 0


def test_flags_that_flicker_do_not_fill_the_memory(tmp_path):
    path = series(tmp_path / "s.h5", {"Xspacing": 1.0, "Xstart": 0}, name="strain/Strain")
    with h5py.File(path, "a") as file:
        mask = np.tile(np.array([1, 2], np.uint32), 1 << 18)
        mask[:10] |= 4
        file["quality/simple/DQmask"] = mask
        file["quality/simple/DQmask"].attrs.update(Xspacing=1.0, Xstart=0)
        file["quality/simple/DQShortnames"] = np.array([b"A", b"B", b"C"])
    meta = adk.open(path).meta
    assert [segment["name"] for segment in meta["segments"]] == ["C"]
    assert [text[:6] for text in meta["warnings"]] == ["flag A", "flag B"]


def test_a_rate_can_be_given_to_what_has_none(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros(50))
    plain = adk.open(tmp_path / "a.npy", kind="strain")
    given = plain.taken_as("strain", sample_rate=4096)
    assert given.meta["sample_period"] == 1 / 4096
    assert plain.taken_as("strain", sample_period=0.5).meta["sample_rate"] == 2
    traces = adk.Dataset.of_array(np.zeros((2, 5)), kind="waveforms")
    assert traces.taken_as("waveforms", sample_rate=1e9).meta["sample_period"] == 1e-9


# ROOT


class TestRoot:
    uproot = pytest.importorskip("uproot")

    def write(self, path, **branches):
        with self.uproot.recreate(path) as file:
            types = {key: (a.dtype, a.shape[1:]) for key, a in branches.items()}
            file.mktree("tree", types).extend(branches)
        return path

    def test_the_longest_arrays_are_the_traces(self, tmp_path):
        path = self.write(
            tmp_path / "a.root",
            position=np.zeros((5, 3)),
            wave=np.ones((5, 50), "i2"),
            t=np.arange(5),
        )
        ds = adk.open(path)
        assert [part.name for part in ds.parts] == ["tree/position", "tree/wave"]
        assert (ds.part, ds.shape) == (1, (5, 50))
        assert ds.hdu(0).shape == (5, 3)
        assert ds.table.colnames == ["t"]
        assert len(ds.table[2:2]) == 0

    def test_a_colon_in_a_path_is_part_of_it(self, tmp_path):
        folder = tmp_path / "12:30"
        folder.mkdir()
        assert adk.open(self.write(folder / "a:b.root", wave=np.ones((5, 50)))).shape == (5, 50)

    def test_a_tree_that_was_saved_twice_is_there_once(self, tmp_path):
        path = tmp_path / "a.root"
        with self.uproot.recreate(path) as file:
            file.mktree("tree", {"wave": ("f4", (20,))}).extend({"wave": np.zeros((3, 20), "f4")})
            file.mktree("tree", {"wave": ("f4", (20,))}).extend({"wave": np.ones((5, 20), "f4")})
        ds = adk.open(path)
        assert [part.name for part in ds.parts] == ["tree/wave"]
        assert (ds.shape, ds.array[4, 3]) == ((5, 20), 1)

    def test_any_damage_is_refused_or_harmless(self, tmp_path):
        whole = self.write(
            tmp_path / "a.root", wave=RNG.random((20, 50)), t=np.arange(20)
        ).read_bytes()
        harmless_or_refused(tmp_path, whole)


# All of them


def harmless_or_refused(folder, content, seeds=40):
    for seed in range(seeds):
        damaged = bits_flipped(content, seed, 1 + seed % 8)
        if seed % 4 == 0:
            damaged = damaged[: max(30, len(damaged) * (seed + 1) // (seeds + 1))]
        path = folder / "damaged"
        path.write_bytes(damaged)
        with contextlib.suppress(AstrodataError):
            ds = adk.open(path)
            if ds.kind != "table":
                ds.array[tuple(slice(0, 8) for _ in ds.shape)]
            if ds.has_table:
                ds.table[:5]
            ds.checks()
            thumbnail(path, size=16)
            sniff(path)


@pytest.mark.parametrize("make", ["records", "text", "stored", "compressed", "strain"])
def test_any_damage_is_refused_or_harmless(tmp_path, make):
    path = tmp_path / "whole"
    if make == "records":
        wavedump(path, RNG.integers(0, 4096, (9, 30)), (0, 1))
    elif make == "text":
        path.write_text("".join(text_record(RNG.integers(0, 99, 20)) for _ in range(5)))
    elif make == "strain":
        series(path, {"Xspacing": 0.5, "Xstart": 1}, name="strain/Strain")
    else:
        with path.open("wb") as file:
            daidream(file, save=np.savez if make == "stored" else np.savez_compressed)
    harmless_or_refused(tmp_path, path.read_bytes())


@pytest.mark.parametrize(
    "values",
    [
        np.array([[1e308, -1e308, 1.0]]),
        np.array([[np.inf, -np.inf, np.nan]]),
        np.zeros((1, 1)),
        np.zeros((500, 2), "u1"),
        np.full((3, 7), -5, ">i2"),
        RNG.random((2, 100_000)),
    ],
    ids=lambda values: f"{values.shape}-{values.flat[0]}",
)
def test_traces_of_any_kind_have_a_picture(tmp_path, values):
    np.savez(tmp_path / "a.npz", noise=values, peak=np.zeros(len(values)))
    assert thumbnail(tmp_path / "a.npz", size=32).startswith(b"\x89PNG")
    path = series(tmp_path / "s.h5", {"dx": 0.1}, values[0].astype("f8"))
    assert thumbnail(path, size=32).startswith(b"\x89PNG")


# The contract of a reader, for those that the other tests do not hold to it


class TestWaveDumpTextReader(ReaderTests):
    kind = "waveforms"
    reader = WaveDumpTextReader()
    notices_any_cut = False  # the last record is left out and told

    def make_file(self, folder):
        path = folder / "wave0.txt"
        path.write_text("".join(text_record(trace) for trace in self.expected()))
        return path

    def expected(self):
        return np.arange(84, dtype=np.int32).reshape(6, 14)


class TestRootReader(ReaderTests):
    uproot = pytest.importorskip("uproot")
    kind = "waveforms"
    reader = RootReader()

    def make_file(self, folder):
        with self.uproot.recreate(folder / "a.root") as file:
            file.mktree("t", {"w": ("f4", (12,))}).extend({"w": self.expected()})
        return folder / "a.root"

    def expected(self):
        return np.arange(60, dtype=np.float32).reshape(5, 12)


class TestCompressedDaidreamReader(ReaderTests):
    kind = "waveforms"
    reader = DaidreamReader()

    def make_file(self, folder):
        noise = np.ones((5, 12), ">f4")
        np.savez_compressed(folder / "a.npz", signal=self.expected() - 1, noise=noise)
        return folder / "a.npz"

    def expected(self):
        return np.arange(60, dtype=np.float32).reshape(5, 12)


class TestWaveDumpReaderOfChannels(ReaderTests):
    kind = "waveforms"
    reader = WaveDumpReader()
    notices_any_cut = False

    def make_file(self, folder):
        return wavedump(folder / "wave0.dat", self.expected(), (3, 1, 7))

    def expected(self):
        return np.random.default_rng(1).integers(0, 4096, (30, 25)).astype("u2")
