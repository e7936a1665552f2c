"""Files of waveforms: DAIDREAM's npz, WaveDump's records, plain arrays, several files at once."""

import struct
import zipfile
from pathlib import Path

import astrodata_kernel as adk
import h5py
import numpy as np
import pytest
from astrodata_kernel.errors import (
    BadRequest,
    DamagedFile,
    UnknownName,
    UnreadableFile,
    UnsupportedFormat,
)
from astrodata_kernel.readers.wavedump import WaveDumpReader
from astrodata_kernel.readers.waveforms import DaidreamReader
from astrodata_kernel.testing import ReaderTests

DATA = Path(__file__).parent.parent / "data" / "waveforms"
RNG = np.random.default_rng(0)


def daidream(path: Path, n=5, samples=40, save=np.savez_compressed, **changes) -> dict:
    arrays = {
        "signal": RNG.random((n, samples)).astype("f4"),
        "noise": RNG.standard_normal((n, samples)).astype("f4"),
        "peak": RNG.random(n).astype("f4"),
        "peak_position": np.arange(n) * 2.5,
        "shift": np.arange(n),
        **changes,
    }
    arrays = {key: value for key, value in arrays.items() if value is not None}
    save(path, **arrays)
    return arrays


def record(samples, event=0, channel=0, time=7, board=31) -> bytes:
    samples = np.asarray(samples, "<u2")
    head = struct.pack("<6I", 24 + samples.nbytes, board, 0, channel, event, time)
    return head + samples.tobytes()


class TestDaidreamReader(ReaderTests):
    kind = "waveforms"
    reader = DaidreamReader()

    def make_file(self, folder):
        values = self.expected()
        np.savez(
            folder / "set.npz", signal=values - 1, noise=np.ones_like(values), peak=values[:, 0]
        )
        return folder / "set.npz"

    def expected(self):
        return np.arange(60.0, dtype=np.float32).reshape(5, 12)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_a_daidream_file_gives_noise_and_signal_added_up(tmp_path, save):
    arrays = daidream(tmp_path / "a.npz", save=save)
    ds = adk.open(tmp_path / "a.npz")
    assert (ds.kind, ds.shape, ds.dtype) == ("waveforms", (5, 40), np.float32)
    np.testing.assert_allclose(np.asarray(ds.array), arrays["signal"] + arrays["noise"])
    np.testing.assert_allclose(
        ds.array[1:3, 5:20:2], (arrays["signal"] + arrays["noise"])[1:3, 5:20:2]
    )
    for name in ("signal", "noise"):
        np.testing.assert_array_equal(ds.hdu(name).array[:], arrays[name])
    assert ds.has_table
    assert ds.table.colnames == ["peak", "peak_position", "shift"]
    np.testing.assert_array_equal(ds.table[1:3]["peak_position"], [2.5, 5.0])
    assert ds.meta["arrays"] == ["trace", "signal", "noise"]
    with pytest.raises(UnknownName):
        ds.hdu("nothing")


def test_an_uncompressed_file_is_read_by_position(tmp_path):
    daidream(tmp_path / "a.npz", n=300, samples=1000, save=np.savez)
    array = adk.open(tmp_path / "a.npz").hdu("noise").array
    assert type(array).__name__ == "PositionedArray"


def test_noise_alone_is_a_data_set_too(tmp_path):
    daidream(tmp_path / "a.npz", signal=None)
    assert [p.name for p in adk.open(tmp_path / "a.npz").parts] == ["noise"]


def test_columns_that_do_not_belong_to_the_traces_are_left_out_and_told(tmp_path):
    daidream(tmp_path / "a.npz", peak=np.arange(4.0), mu=np.array(["a"] * 5))
    ds = adk.open(tmp_path / "a.npz")
    assert ds.table.colnames == ["peak_position", "shift"]
    assert "4 values for 5 traces" in ds.meta["warnings"][0]


def test_signal_and_noise_of_different_shapes_are_refused(tmp_path):
    daidream(tmp_path / "a.npz", noise=np.zeros((4, 40)))
    with pytest.raises(
        DamagedFile, match=r"a\.npz: signal has shape \(5, 40\) and noise \(4, 40\)"
    ):
        adk.open(tmp_path / "a.npz")


def test_pickled_objects_are_refused_unread(tmp_path):
    daidream(tmp_path / "a.npz", noise=np.array([{"a": 1}], object))
    with pytest.raises(UnsupportedFormat, match="pickled"):
        adk.open(tmp_path / "a.npz")


def test_a_cut_file_is_refused(tmp_path):
    daidream(tmp_path / "a.npz")
    whole = (tmp_path / "a.npz").read_bytes()
    (tmp_path / "cut.npz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DamagedFile, match=r"cut\.npz"):
        adk.open(tmp_path / "cut.npz")


def test_many_compressed_members_do_not_pile_up_in_memory(tmp_path, monkeypatch):
    from astrodata_kernel.readers import arrays

    monkeypatch.setattr(arrays, "_KEPT_BYTES", 2 * 5 * 40 * 4)
    for i in range(4):
        daidream(tmp_path / f"{i}.npz")
    together = adk.open(str(tmp_path / "*.npz"))
    first = np.asarray(together.array)
    held = [one() for one in arrays._kept.values()]
    assert len([one for one in held if one is not None]) <= 2
    np.testing.assert_array_equal(np.asarray(together.array), first)


def test_several_files_are_one_lazy_data_set(tmp_path):
    one, two = daidream(tmp_path / "a.npz"), daidream(tmp_path / "b.npz", n=3)
    for source in ([tmp_path / "a.npz", tmp_path / "b.npz"], str(tmp_path / "?.npz")):
        ds = adk.open(source)
        assert ds.shape == (8, 40)
        whole = np.concatenate([one["signal"] + one["noise"], two["signal"] + two["noise"]])
        np.testing.assert_allclose(np.asarray(ds.array), whole)
        np.testing.assert_allclose(ds.array[3:7, 2:9], whole[3:7, 2:9])
        np.testing.assert_allclose(ds.array[1::3], whole[1::3])
        np.testing.assert_allclose(ds.array[7], whole[7])
        assert list(ds.table["file"]) == ["a.npz"] * 5 + ["b.npz"] * 3
        np.testing.assert_allclose(ds.table[4:6]["peak"], [one["peak"][4], two["peak"][0]])
        assert ds.name == "a.npz and 1 more"
        assert len(ds.provenance.sha256) == 64
        assert ds.meta["files"] == ["a.npz", "b.npz"]
    np.testing.assert_allclose(
        np.asarray(adk.open(str(tmp_path / "*.npz"), hdu="noise").array)[:5], one["noise"]
    )


def test_files_that_do_not_go_together_are_named(tmp_path):
    daidream(tmp_path / "a.npz")
    daidream(tmp_path / "b.npz", samples=50)
    np.save(tmp_path / "c.npy", np.arange(5))
    with pytest.raises(UnsupportedFormat, match=r"b\.npz has traces of 50 samples, a\.npz of 40"):
        adk.open([tmp_path / "a.npz", tmp_path / "b.npz"])
    with pytest.raises(UnsupportedFormat, match=r"c\.npy"):
        adk.open([tmp_path / "a.npz", tmp_path / "c.npy"])
    with pytest.raises(UnreadableFile, match="no file fits"):
        adk.open(str(tmp_path / "*.root"))
    with pytest.raises(UnreadableFile):
        adk.open([])


@pytest.mark.parametrize("dtype", ["f4", ">f4", "i2", ">i2", "u1", "f8"])
def test_any_array_of_two_axes_is_taken_as_traces_when_that_is_wanted(tmp_path, dtype):
    values = (RNG.random((4, 30)) * 100).astype(dtype)
    np.save(tmp_path / "a.npy", values)
    np.savez(tmp_path / "a.npz", traces=values, other=np.arange(3))
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["group/traces"] = values
    for name in ("a.npy", "a.npz", "a.h5"):
        assert adk.open(tmp_path / name).kind == "image"
        ds = adk.open(tmp_path / name, kind="waveforms")
        assert ds.kind == "waveforms"
        assert ds.dtype == np.dtype(dtype).newbyteorder("=")
        np.testing.assert_array_equal(np.asarray(ds.array), values)
        assert ds.meta["sample_period"] is None


def test_an_array_of_other_axes_is_no_traces(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((2, 3, 4)))
    with pytest.raises(UnsupportedFormat, match="waveforms"):
        adk.open(tmp_path / "a.npy", kind="waveforms")
    with pytest.raises(UnsupportedFormat):
        adk.Dataset.of_array(np.zeros(4), kind="waveforms")
    made = adk.Dataset.of_array(np.zeros((4, 5)), kind="waveforms").taken_as(
        "waveforms", sample_period=1e-9
    )
    assert made.meta["sample_period"] == 1e-9


class TestWaveDumpReader(ReaderTests):
    kind = "waveforms"
    reader = WaveDumpReader()
    notices_any_cut = False  # the last record is left out and told, as in the real acquisition

    def make_file(self, folder):
        path = folder / "wave0.dat"
        path.write_bytes(b"".join(record(t, event=i) for i, t in enumerate(self.expected())))
        return path

    def expected(self):
        return np.arange(200, dtype=np.uint16).reshape(4, 50)


def test_the_sipm_acquisition_has_293_whole_traces_and_says_that_one_is_cut():
    ds = adk.open(DATA / "sipm" / "wave0.dat")
    assert (ds.kind, ds.shape, ds.dtype) == ("waveforms", (293, 406), np.uint16)
    assert "record 293 is cut (812 of 836 bytes)" in ds.meta["warnings"][0]
    assert not ds.checks()[0].ok
    assert ds.meta["sample_period"] == 1e-9
    assert ds.meta["adc_bits"] == 10
    assert ds.meta["channel"] == "channel 2"
    raw = np.fromfile(DATA / "sipm" / "wave0.dat", np.uint8)
    expected = raw[: 293 * 836].reshape(293, 836)[:, 24:].copy().view("<u2")
    np.testing.assert_array_equal(np.asarray(ds.array), expected)
    np.testing.assert_array_equal(ds.array[10:20:3, 100:130:2], expected[10:20:3, 100:130:2])
    np.testing.assert_array_equal(ds.array[292, 5], expected[292, 5])
    headers = raw[: 293 * 836].reshape(293, 836)[:, :24].copy().view("<u4")
    np.testing.assert_array_equal(ds.table["trigger_time"], headers[:, 5])
    np.testing.assert_array_equal(ds.table[5:9]["event"], headers[5:9, 4])


def test_the_hpge_acquisition_is_read_with_its_rate():
    ds = adk.open(DATA / "hpge" / "wave0.dat")
    assert ds.shape == (8, 10_000)
    assert ds.meta["sample_period"] == 4e-9
    assert ds.meta["trigger"] == 4000
    assert ds.checks()[0].ok


def test_channels_in_one_file_are_parts(tmp_path):
    path = tmp_path / "run.bin"
    traces = RNG.integers(0, 4096, (12, 30))
    path.write_bytes(
        b"".join(record(t, event=i // 3, channel=(0, 2, 5)[i % 3]) for i, t in enumerate(traces))
    )
    ds = adk.open(path)
    assert [p.name for p in ds.parts] == ["all channels", "channel 0", "channel 2", "channel 5"]
    np.testing.assert_array_equal(np.asarray(ds.hdu("channel 2").array), traces[1::3])
    np.testing.assert_array_equal(ds.hdu("channel 5").array[1:3, 4:9], traces[2::3][1:3, 4:9])
    assert ds.hdu("channel 5").table["event"].tolist() == [0, 1, 2, 3]
    assert "sample rate is not known" in ds.meta["warnings"][0]


def test_records_of_different_lengths_are_refused_with_the_record(tmp_path):
    path = tmp_path / "wave0.dat"
    lengths = [50, 50, 50, 60, 50, 50]
    path.write_bytes(b"".join(record(np.zeros(n), event=i) for i, n in enumerate(lengths)))
    with pytest.raises(DamagedFile, match=r"wave0\.dat, record \d"):
        np.asarray(adk.open(path).array)


def test_files_without_headers_are_read_by_their_configuration(tmp_path):
    traces = RNG.integers(0, 4096, (6, 25)).astype("<u2")
    (tmp_path / "wave1.dat").write_bytes(traces.tobytes())
    (tmp_path / "WaveDumpConfig.txt").write_text(
        "OPEN USB 0 0\nRECORD_LENGTH 25\nOUTPUT_FILE_HEADER NO\nPULSE_POLARITY NEGATIVE\n"
        "POST_TRIGGER 50\n# Digitizer 730\nDigitizer DT5730\n"
    )
    ds = adk.open(tmp_path / "wave1.dat")
    np.testing.assert_array_equal(np.asarray(ds.array), traces)
    assert ds.meta["polarity"] == -1
    assert ds.meta["sample_period"] == 2e-9
    assert not ds.has_table


def test_a_file_shorter_than_one_record_is_refused(tmp_path):
    (tmp_path / "wave0.dat").write_bytes(record(np.zeros(50))[:60])
    (tmp_path / "WaveDumpConfig.txt").write_text("OUTPUT_FILE_HEADER YES\n")
    with pytest.raises((DamagedFile, UnsupportedFormat)):
        adk.open(tmp_path / "wave0.dat")


TEXT = """Record Length: 4
BoardID: 31
Channel: 0
Event Number: {event}
Pattern: 0x0000
Trigger Time Stamp: {time}
DC offset (DAC): 0x1999
{a}
2
3
4
"""


def test_text_of_wavedump_is_read(tmp_path):
    path = tmp_path / "wave0.txt"
    path.write_text("".join(TEXT.format(event=i, time=100 * i, a=i) for i in range(3)))
    ds = adk.open(path)
    np.testing.assert_array_equal(np.asarray(ds.array), [[i, 2, 3, 4] for i in range(3)])
    assert ds.table["trigger_time"].tolist() == [0, 100, 200]
    assert ds.table["dc_offset"][0] == 0x1999


def test_text_whose_last_record_is_cut_is_read_without_it(tmp_path):
    path = tmp_path / "wave0.txt"
    path.write_text("".join(TEXT.format(event=i, time=0, a=i) for i in range(3))[:-4])
    ds = adk.open(path)
    assert ds.shape == (2, 4)
    assert "record 2 is cut (2 of 4 samples)" in ds.meta["warnings"][-1]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Record Length: 4\n1\n2\n", "truncated"),
        ("Record Length: 2\n1\nword\n", "something else"),
        ("Record Length: 2\n1\n2\nRecord Length: 3\n1\n2\n3\n", "record 1: has 3 samples"),
    ],
)
def test_text_that_contradicts_itself_is_refused(tmp_path, text, reason):
    (tmp_path / "wave0.txt").write_text(text)
    with pytest.raises(DamagedFile, match=reason):
        adk.open(tmp_path / "wave0.txt")


def test_zip_members_with_a_hostile_header_do_not_reach_beyond_the_file(tmp_path):
    daidream(tmp_path / "a.npz", save=np.savez)
    data = bytearray((tmp_path / "a.npz").read_bytes())
    at = data.index(b"'shape': (5, 40)")
    data[at : at + 16] = b"'shape': (9, 99)"
    (tmp_path / "b.npz").write_bytes(bytes(data))
    with zipfile.ZipFile(tmp_path / "b.npz") as archive:
        assert archive.namelist()
    with pytest.raises((DamagedFile, BadRequest)):
        np.asarray(adk.open(tmp_path / "b.npz").array)


class TestRootReader:
    uproot = pytest.importorskip("uproot")

    @pytest.fixture
    def path(self, tmp_path):
        path = tmp_path / "run.root"
        with self.uproot.recreate(path) as file:
            values = {
                "wave": RNG.integers(0, 4096, (50, 64)).astype("u2"),
                "energy": np.arange(50.0),
                "channel": np.arange(50) % 4,
            }
            types = {"wave": ("u2", (64,)), "energy": "f8", "channel": "i8"}
            file.mktree("events", types).extend(values)
        return path

    def test_branches_of_one_length_are_traces_and_scalars_their_table(self, path):
        ds = adk.open(path)
        assert (ds.kind, ds.shape) == ("waveforms", (50, 64))
        with self.uproot.open(path) as file:
            expected = file["events/wave"].array(library="np")
        np.testing.assert_array_equal(np.asarray(ds.array), expected)
        np.testing.assert_array_equal(ds.array[10:30:7, 5:9], expected[10:30:7, 5:9])
        assert ds.table["energy"].tolist() == list(range(50))
        assert ds.table[3:5]["channel"].tolist() == [3, 0]

    def test_a_file_without_traces_is_refused(self, tmp_path):
        with self.uproot.recreate(tmp_path / "a.root") as file:
            file.mktree("tree", {"energy": "f8"}).extend({"energy": np.arange(5.0)})
        with pytest.raises(UnsupportedFormat, match="no tree with a branch of traces"):
            adk.open(tmp_path / "a.root")

    def test_a_cut_file_is_refused(self, path, tmp_path):
        (tmp_path / "cut.root").write_bytes(path.read_bytes()[:700])
        with pytest.raises(DamagedFile):
            np.asarray(adk.open(tmp_path / "cut.root").array)

    def test_without_uproot_the_extra_is_named(self, path, monkeypatch):
        from astrodata_kernel.errors import MissingPackage
        from astrodata_kernel.readers import root

        monkeypatch.setattr(root, "find_spec", lambda _name: None)
        with pytest.raises(MissingPackage, match=r"astrodata-lab\[root\]"):
            adk.open(path)
