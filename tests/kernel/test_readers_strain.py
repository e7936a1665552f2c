"""Strain: GWOSC's files, gwpy's layout, and series with a sample rate."""

from pathlib import Path

import astrodata_kernel as adk
import h5py
import numpy as np
import pytest
from astrodata_kernel.errors import DamagedFile, UnsupportedFormat
from astrodata_kernel.readers.strain import StrainReader
from astrodata_kernel.testing import ReaderTests

GW150914 = Path(__file__).parent.parent / "data/waveforms/gw/H-H1_LOSC_4_V2-1126259446-32.hdf5"


class TestStrainReader(ReaderTests):
    kind = "strain"
    reader = StrainReader()

    def make_file(self, folder):
        with h5py.File(folder / "s.hdf5", "w") as file:
            file["strain/Strain"] = self.expected()
            file["strain/Strain"].attrs.update(Xspacing=1 / 1024, Xstart=10)
        return folder / "s.hdf5"

    def expected(self):
        return np.random.default_rng(0).standard_normal(4096)


def test_gw150914_comes_with_its_rate_time_and_flags():
    ds = adk.open(GW150914)
    assert (ds.kind, ds.shape, ds.dtype) == ("strain", (131072,), np.float64)
    assert ds.meta["sample_rate"] == 4096
    assert ds.meta["gps_start"] == 1126259446
    assert ds.meta["detector"] == "H1"
    assert ds.meta["unit"] == "strain"
    with h5py.File(GW150914, locking=False) as file:
        np.testing.assert_array_equal(ds.array[1000:2000], file["strain/Strain"][1000:2000])
    names = {segment["name"] for segment in ds.meta["segments"]}
    assert {"DATA", "CBC_CAT1", "NO_CBC_HW_INJ"} <= names
    data = next(s for s in ds.meta["segments"] if s["name"] == "DATA")
    assert (data["start"], data["stop"]) == (1126259446, 1126259478)


def test_flags_that_come_and_go_are_several_segments(tmp_path):
    with h5py.File(tmp_path / "s.hdf5", "w") as file:
        file["strain/Strain"] = np.zeros(4 * 16)
        file["strain/Strain"].attrs.update(Xspacing=1 / 16, Xstart=100)
        file["quality/simple/DQmask"] = np.array([1, 3, 0, 2], np.uint32)
        file["quality/simple/DQmask"].attrs.update(Xspacing=1.0, Xstart=100)
        file["quality/simple/DQShortnames"] = np.array([b"DATA", b"CAT1"])
    found = adk.open(tmp_path / "s.hdf5").meta["segments"]
    assert [(s["name"], s["start"], s["stop"], s["bit"]) for s in found] == [
        ("DATA", 100, 102, 0),
        ("CAT1", 101, 102, 1),
        ("CAT1", 103, 104, 1),
    ]


def test_the_channels_of_a_gwpy_file_are_parts(tmp_path):
    with h5py.File(tmp_path / "s.hdf", "w") as file:
        for i, name in enumerate(("H1:LDAS-STRAIN", "V1:h_16384Hz")):
            file[name] = np.full(64, float(i))
            file[name].attrs.update(x0=968654552.0, dx=2.0**-6, unit="strain", channel=name)
    ds = adk.open(tmp_path / "s.hdf")
    assert [part.name for part in ds.parts] == ["/H1:LDAS-STRAIN", "/V1:h_16384Hz"]
    other = ds.hdu(1)
    assert (other.meta["detector"], other.meta["sample_rate"]) == ("V1", 64)
    assert other.array[5] == 1


@pytest.mark.parametrize("name", ["sample_rate", "fs", "sampling_rate"])
def test_any_series_with_a_sample_rate_is_one(tmp_path, name):
    with h5py.File(tmp_path / "s.h5", "w") as file:
        file["x"] = np.arange(100.0)
        file["x"].attrs[name] = 50
    ds = adk.open(tmp_path / "s.h5")
    assert (ds.kind, ds.meta["sample_period"]) == ("strain", 0.02)


def test_an_array_without_a_rate_is_strain_only_when_that_is_wanted(tmp_path):
    with h5py.File(tmp_path / "s.h5", "w") as file:
        file["x"] = np.arange(100.0)
    assert adk.open(tmp_path / "s.h5").kind == "spectrum"
    ds = adk.open(tmp_path / "s.h5", kind="strain")
    assert ds.kind == "strain"
    assert ds.meta["sample_rate"] is None
    with pytest.raises(UnsupportedFormat):
        adk.open(tmp_path / "s.h5", kind="waveforms")


@pytest.mark.parametrize("value", ["fast", [1.0, 2.0], 0.0, -5.0])
def test_a_rate_that_is_none_is_not_believed(tmp_path, value):
    with h5py.File(tmp_path / "s.h5", "w") as file:
        file["x"] = np.arange(100.0)
        file["x"].attrs["sample_rate"] = value
    assert adk.open(tmp_path / "s.h5").kind == "spectrum"


def test_masks_of_a_wrong_shape_cost_the_segments_and_nothing_else(tmp_path):
    with h5py.File(tmp_path / "s.hdf5", "w") as file:
        file["strain/Strain"] = np.zeros(64)
        file["strain/Strain"].attrs.update(Xspacing=0.5, Xstart=0)
        file["quality/simple/DQmask"] = np.zeros((2, 2))
        file["quality/simple/DQShortnames"] = np.array([b"DATA"])
    assert adk.open(tmp_path / "s.hdf5").meta["segments"] == []


def test_a_cut_file_is_refused(tmp_path):
    (tmp_path / "cut.hdf5").write_bytes(GW150914.read_bytes()[:500_000])
    with pytest.raises(DamagedFile, match=r"cut\.hdf5"):
        adk.open(tmp_path / "cut.hdf5")
