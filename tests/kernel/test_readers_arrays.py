import os
import pickle
import zipfile
from pathlib import Path

import astrodata_kernel as adk
import h5py
import numpy as np
import pytest
from astrodata_kernel.errors import AstrodataError, DamagedFile, UnsupportedFormat
from astrodata_kernel.readers.arrays import NumpyReader
from astrodata_kernel.readers.hdf5 import Hdf5Reader
from astrodata_kernel.testing import ReaderTests


class TestNpy(ReaderTests):
    kind = "image"
    reader = NumpyReader()

    def expected(self):
        return np.random.default_rng(0).normal(size=(31, 44))

    def make_file(self, folder: Path) -> Path:
        path = folder / "values.npy"
        np.save(path, self.expected())
        return path


class TestBigEndianNpy(TestNpy):
    def make_file(self, folder: Path) -> Path:
        path = folder / "values.npy"
        np.save(path, self.expected().astype(">f8"))
        return path


class TestFortranNpy(TestNpy):
    kind = "cube"

    def expected(self):
        return np.arange(4 * 5 * 6, dtype="i4").reshape(4, 5, 6)

    def make_file(self, folder: Path) -> Path:
        path = folder / "values.npy"
        np.save(path, np.asfortranarray(self.expected()))
        return path


class TestRecords(ReaderTests):
    kind = "table"
    reader = NumpyReader()

    def expected(self):
        return {"t": np.arange(50.0), "n": np.arange(50, dtype="i4")}

    def make_file(self, folder: Path) -> Path:
        path = folder / "records.npy"
        columns = self.expected()
        np.save(path, np.rec.fromarrays(list(columns.values()), names=list(columns)))
        return path


class TestNpz(TestNpy):
    def make_file(self, folder: Path) -> Path:
        path = folder / "values.npz"
        np.savez_compressed(path, first=self.expected(), second=np.arange(4), text="no numbers")
        return path


class TestHdf5(TestNpy):
    reader = Hdf5Reader()

    def make_file(self, folder: Path) -> Path:
        path = folder / "values.h5"
        with h5py.File(path, "w") as file:
            file.create_dataset(
                "group/first", data=self.expected(), chunks=(8, 8), compression="gzip"
            )
            file["group/second"] = np.arange(5)
            file["text"] = "no numbers"
        return path


@pytest.mark.parametrize(
    ("axes", "kind"), [(1, "spectrum"), (2, "image"), (3, "cube"), (4, "cube")]
)
def test_the_number_of_axes_gives_the_kind(tmp_path: Path, axes: int, kind: str) -> None:
    np.save(tmp_path / "a.npy", np.zeros((2,) * axes))
    assert adk.open(tmp_path / "a.npy").kind == kind
    assert adk.open(tmp_path / "a.npy", kind=kind).kind == kind


def test_a_kind_that_it_is_not_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.zeros((2, 2)))
    with pytest.raises(UnsupportedFormat, match=r"a\.npy holds no 'cube': it holds image"):
        adk.open(tmp_path / "a.npy", kind="cube")


class Bomb:
    def __reduce__(self):
        return os.system, ("touch exploded",)


def test_pickled_objects_are_never_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    np.save("bomb.npy", np.array([Bomb()], dtype=object), allow_pickle=True)
    np.savez("bomb.npz", inside=np.array([Bomb()], dtype=object))
    Path("plain.npy").write_bytes(pickle.dumps(Bomb()))
    for name in ("bomb.npy", "bomb.npz", "plain.npy"):
        with pytest.raises(UnsupportedFormat):
            adk.open(name)
    assert not Path("exploded").exists()


def npy(header: bytes, body: bytes = b"", version: bytes = b"\x01\x00") -> bytes:
    return b"\x93NUMPY" + version + len(header).to_bytes(2, "little") + header + body


@pytest.mark.parametrize(
    "header",
    [
        b"{'descr': '<f8', 'fortran_order': False, 'shape': (999999999, 999999999), }\n",
        b"{'descr': '<f8', 'fortran_order': False, 'shape': (4294967296, 4294967296, 2), }\n",
        b"{'descr': '<f8', 'fortran_order': True, 'shape': (999999999, 999999999), }\n",
        b"{'descr': '<f8', 'fortran_order': False, 'shape': (-5, 3), }\n",
        b"{'descr': '|V0', 'fortran_order': False, 'shape': (5,), }\n",
        b"{'descr': '|O', 'fortran_order': False, 'shape': (2,), }\n",
        b"{'descr': '<f8', 'fortran_order': False, 'shape': 'abc', }\n",
        b"(" * 5000 + b"\n",
        b"__import__('os').system('touch exploded')\n",
        b"{'descr': [('a', '<f8'), ('a', '<f8')], 'fortran_order': False, 'shape': (2,), }\n",
        b"",
    ],
)
def test_a_hostile_npy_header_is_refused(
    tmp_path: Path, header: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "hostile.npy"
    path.write_bytes(npy(header, b"\0" * 64))
    with pytest.raises(AstrodataError, match=r"hostile\.npy"):
        adk.open(path)
    assert not Path("exploded").exists()


def test_a_header_that_claims_to_be_gigabytes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "long.npy"
    path.write_bytes(b"\x93NUMPY\x02\x00" + (1 << 31).to_bytes(4, "little") + b" " * 1000)
    with pytest.raises(DamagedFile, match=r"long\.npy"):
        adk.open(path)


def test_an_npz_bomb_opens_as_facts_and_is_refused_when_read(tmp_path: Path) -> None:
    path = tmp_path / "bomb.npz"
    header = b"{'descr': '|u1', 'fortran_order': False, 'shape': (99999999999,), }\n"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inside.npy", npy(header, b"\0" * (1 << 20)))
    with pytest.raises(AstrodataError, match=r"bomb\.npz"):
        adk.open(path).array[:3]


def test_an_npz_whose_member_grows_beyond_its_header_is_not_read_on(tmp_path: Path) -> None:
    path = tmp_path / "more.npz"
    header = b"{'descr': '|u1', 'fortran_order': False, 'shape': (4,), }\n"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inside.npy", npy(header, b"\1" * (1 << 20)))
    np.testing.assert_array_equal(adk.open(path).array[...], [1, 1, 1, 1])


def test_an_encrypted_npz_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "locked.npz"
    np.savez(path, a=np.arange(3))
    content = bytearray(path.read_bytes())
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + at] |= 1
    path.write_bytes(content)
    with pytest.raises(AstrodataError, match=r"locked\.npz"):
        adk.open(path)


def test_another_zip_is_not_taken_for_arrays(tmp_path: Path) -> None:
    path = tmp_path / "notes.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("notes.txt", "hello")
    with pytest.raises(UnsupportedFormat, match=r"notes\.npz"):
        adk.open(path)


def test_a_narrow_slice_of_a_long_array_is_right(tmp_path: Path) -> None:
    path = tmp_path / "long.npy"
    values = np.arange(200_000, dtype="i4").reshape(100_000, 2)
    np.save(path, values)
    array = adk.open(path).array
    np.testing.assert_array_equal(array[:, 1], values[:, 1])
    np.testing.assert_array_equal(array[::1000, 0], values[::1000, 0])


def test_hdf5_units_are_told(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["x"] = np.eye(3)
        file["x"].attrs["units"] = "mV"
    assert adk.open(tmp_path / "a.h5").meta["unit"] == "mV"


def test_hdf5_arrays_are_found_by_their_path(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["deep/er/x"] = np.eye(3)
        file["y"] = np.arange(4.0)
    names = [part.name for part in adk.open(tmp_path / "a.h5").parts]
    assert sorted(names) == ["/deep/er/x", "/y"]
    assert adk.open(tmp_path / "a.h5", hdu="/deep/er/x").shape == (3, 3)


def test_hdf5_links_and_values_in_other_files_are_not_followed(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "secret.h5", "w") as file:
        file["x"] = np.eye(3)
    (tmp_path / "raw").write_bytes(b"\1" * 64)
    layout = h5py.VirtualLayout((3, 3), "f8")
    layout[:] = h5py.VirtualSource(tmp_path / "secret.h5", "x", (3, 3))
    with h5py.File(tmp_path / "outside.h5", "w") as file:
        file["link"] = h5py.ExternalLink(str(tmp_path / "secret.h5"), "/x")
        file.create_dataset("raw", (8,), "f8", external=[(str(tmp_path / "raw"), 0, 64)])
        file.create_virtual_dataset("virtual", layout)
    with pytest.raises(UnsupportedFormat, match=r"outside\.h5.*another file"):
        adk.open(tmp_path / "outside.h5")
    for name in ("/link", "/raw", "/virtual"):
        with pytest.raises(UnsupportedFormat, match="another file"):
            adk.open(tmp_path / "outside.h5", hdu=name)


def test_a_ring_of_hdf5_groups_ends(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "ring.h5", "w") as file:
        file.create_group("a")["back"] = file["/"]
        file["a/soft"] = h5py.SoftLink("/a")
        file["a/x"] = np.eye(2)
    dataset = adk.open(tmp_path / "ring.h5")
    assert dataset.shape == (2, 2)
    assert len(dataset.parts) < 5


def test_a_huge_hdf5_array_that_was_never_written_is_read_by_slices(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "huge.h5", "w") as file:
        file.create_dataset("x", (10**9, 10**9), "f8", chunks=(100, 100), fillvalue=2.5)
    dataset = adk.open(tmp_path / "huge.h5")
    np.testing.assert_array_equal(dataset.array[5:7, -2:], np.full((2, 2), 2.5))
    with pytest.raises(AstrodataError, match="smaller slice"):
        np.asarray(dataset.array)


def test_a_truncated_hdf5_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "cut.h5"
    with h5py.File(path, "w") as file:
        file["x"] = np.zeros(10_000)
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(DamagedFile, match=r"cut\.h5.*copy or download it again"):
        adk.open(path)


def test_an_hdf5_table_opens_as_one(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "t.h5", "w") as file:
        file["t"] = np.rec.fromarrays([np.arange(3), np.ones(3)], names="n,x")
    dataset = adk.open(tmp_path / "t.h5")
    assert (dataset.kind, dataset.shape) == ("table", (3, 2))
    np.testing.assert_array_equal(dataset.table["n"], [0, 1, 2])
