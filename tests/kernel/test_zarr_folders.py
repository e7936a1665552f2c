"""Folders of Zarr as data sets: what is read of them, and what of them is not believed."""

import json
import os
import pickle
import sys
from pathlib import Path

import astrodata_kernel as adk
import numpy as np
import pytest
import zarr
from astrodata_kernel.errors import (
    DamagedFile,
    MissingPackage,
    TooLarge,
    UnknownName,
    UnreadableFile,
    UnsupportedFormat,
)
from astrodata_kernel.readers.caps import caps

IMAGE = np.random.default_rng(1).normal(size=(60, 90)).astype("f4")
TRACES = np.arange(20_000).reshape(20, 1000).astype(">i2")


@pytest.fixture
def group(tmp_path: Path) -> Path:
    made = zarr.create_group(tmp_path / "run.zarr")
    image = made.create_array("deep/image", data=IMAGE, chunks=(16, 16), shards=(32, 32))
    image.attrs["units"] = "adu"
    made.create_array("traces", data=TRACES, chunks=(5, 1000))
    return tmp_path / "run.zarr"


def write_old(folder: Path, **told) -> Path:
    """Write an array of format 2, whose metadata say anything."""
    folder.mkdir()
    facts = {"zarr_format": 2, "shape": [4], "chunks": [4], "dtype": "<f8", "fill_value": 0}
    facts |= {"compressor": None, "filters": None, "order": "C", **told}
    (folder / ".zarray").write_text(json.dumps(facts))
    return folder


def test_a_group_has_its_arrays_as_parts_and_reads_what_a_slice_touches(group: Path):
    dataset = adk.open(group)
    assert (dataset.kind, dataset.shape, dataset.meta["unit"]) == ("image", (60, 90), "adu")
    assert [(part.name, part.kind) for part in dataset.parts] == [
        ("/deep/image", "image"),
        ("/traces", "image"),
    ]
    np.testing.assert_array_equal(dataset.array[3:50:7, ::-5], IMAGE[3:50:7, ::-5])
    traces = adk.open(group, kind="waveforms", hdu="/traces")
    assert (traces.kind, traces.dtype) == ("waveforms", np.dtype("=i2"))
    np.testing.assert_array_equal(np.asarray(traces.array), TRACES)
    with pytest.raises(UnknownName, match="/deep/image"):
        adk.open(group, hdu="/deep/imag")


def test_an_array_of_the_older_format_is_read_too(tmp_path: Path):
    cube = np.arange(6000.0).reshape(10, 20, 30)
    old = zarr.open_array(
        tmp_path / "old.zarr",
        mode="w",
        shape=cube.shape,
        chunks=(5, 7, 30),
        dtype="f8",
        zarr_format=2,
    )
    old[:] = cube
    dataset = adk.open(tmp_path / "old.zarr")
    assert (dataset.kind, [part.name for part in dataset.parts]) == ("cube", ["/"])
    np.testing.assert_array_equal(dataset.array[2:9:3, 4], cube[2:9:3, 4])


def test_the_catalogue_knows_it_by_all_its_bytes(group: Path, tmp_path: Path):
    catalog = adk.Catalog(tmp_path)
    entry = catalog.add(group)
    assert (entry.kind, entry.format) == ("image", "Zarr")
    assert entry.size == sum(path.stat().st_size for path in group.rglob("*") if path.is_file())
    assert [one.state for one in catalog.verify()] == ["ok"]
    chunk = next((group / "traces" / "c").rglob("0"))
    chunk = chunk if chunk.is_file() else next(path for path in chunk.rglob("*") if path.is_file())
    chunk.write_bytes(chunk.read_bytes()[:-1] + b"x")
    assert [one.state for one in catalog.verify()] == ["changed"]


def test_no_codec_runs_what_a_folder_says(tmp_path: Path):
    class Run:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "ran"),)

    for number, (compressor, filters) in enumerate(
        [({"id": "pickle"}, None), (None, [{"id": "pickle"}]), (None, [{"id": "json2"}])]
    ):
        folder = write_old(tmp_path / f"{number}.zarr", compressor=compressor, filters=filters)
        (folder / "0").write_bytes(pickle.dumps(Run()))
        with pytest.raises(
            UnsupportedFormat, match=r"coded by '(pickle|json2)', which is not read"
        ):
            adk.open(folder)
    objects = write_old(tmp_path / "objects.zarr", dtype="|O", filters=[{"id": "pickle"}])
    (objects / "0").write_bytes(pickle.dumps(Run()))
    with pytest.raises(UnsupportedFormat, match="pickle"):
        adk.open(objects)
    assert not (tmp_path / "ran").exists()


def test_what_is_damaged_is_told_and_leaves_the_other_arrays(group: Path):
    (group / "broken").mkdir()
    for text in ('{"zarr_format": 3, "node_type": "array"}', "[]", "{", '{"zarr_format": 9}'):
        (group / "broken" / "zarr.json").write_text(text)
        parts = adk.open(group).parts
        assert [part.name for part in parts] == ["/broken", "/deep/image", "/traces"]
        assert parts[0].note.startswith("damaged: ")
    with pytest.raises(UnsupportedFormat, match=r"run\.zarr, /broken: damaged"):
        adk.open(group, hdu="/broken")
    for chunk in (group / "deep" / "image" / "c").rglob("*"):
        if chunk.is_file():
            chunk.write_bytes(b"no chunk")
    with pytest.raises(DamagedFile, match=r"run\.zarr, /deep/image: cannot be read"):
        adk.open(group).array[:]
    assert adk.open(group, hdu="/traces").array[3, 4] == 3004


def test_sizes_links_and_folders_without_arrays_are_refused(
    group: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    huge = write_old(tmp_path / "huge.zarr", shape=[1 << 40], chunks=[1 << 40])
    with pytest.raises(UnsupportedFormat, match=r"chunks of .* are too large"):
        adk.open(huge)
    zarr.create_group(tmp_path / "empty.zarr")
    with pytest.raises(UnsupportedFormat, match=r"empty\.zarr holds no array"):
        adk.open(tmp_path / "empty.zarr")
    with monkeypatch.context() as patch:
        patch.setattr(caps, "objects", 1)
        with pytest.raises(TooLarge, match="more than 1 arrays"):
            adk.open(group)
        patch.setattr("astrodata_kernel.readers.zarr_folders._FILES", 3)
        with pytest.raises(TooLarge, match="more than 3 files"):
            adk.open(group)
    (group / "traces" / "c" / "out").symlink_to("/etc/hostname")
    with pytest.raises(UnreadableFile, match="holds a link, traces/c/out"):
        adk.open(group)


def test_without_the_package_it_says_what_to_install(group: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "zarr", None)
    with pytest.raises(MissingPackage, match=r"run\.zarr is a folder of Zarr.*\[scale\]"):
        adk.open(group)
