import errno
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import astrodata_kernel as adk
import numpy as np
import pytest
from astrodata_kernel.catalog import records
from astrodata_kernel.errors import (
    BadRequest,
    DamagedFile,
    DataCheckFailed,
    NameTaken,
    UnknownName,
)

M13 = Path(__file__).parent.parent / "data" / "compressed" / "m13.fits"
SHA256 = "eb3e208edbe302cae0ea45d17ab618930d85847da3f5e6ffd53d9410ec0a5a45"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    shutil.copy(M13, tmp_path / "m13.fits")
    return tmp_path


def test_an_entry_knows_its_bytes_and_opens(root: Path) -> None:
    catalog = adk.Catalog(root)
    entry = catalog.add(root / "m13.fits", tags=["cluster"])
    assert (entry.name, entry.kind, entry.shape) == ("m13", "image", (300, 300))
    assert (entry.size, entry.sha256, entry.relative) == (184320, SHA256, "m13.fits")
    assert catalog["m13"] == entry
    assert entry.open().shape == (300, 300)
    assert adk.open(entry).provenance.sha256 == SHA256
    assert adk.FitsViewer(entry).request("describe").meta["width"] == 300


def test_records_are_plain_json_in_one_folder(root: Path) -> None:
    adk.Catalog(root).add(root / "m13.fits")
    [record] = (root / "astrodata").iterdir()
    assert json.loads(record.read_text())["path"] == "m13.fits"


def test_another_catalogue_object_sees_the_same(root: Path) -> None:
    adk.Catalog(root).add(root / "m13.fits")
    other = adk.Catalog(root)
    assert [entry.name for entry in other] == ["m13"]
    assert len(other) == 1
    assert "m13" in other
    assert "m14" not in other


def test_a_moved_workspace_keeps_its_data_sets(root: Path, tmp_path_factory) -> None:
    adk.Catalog(root).add(root / "m13.fits")
    moved = tmp_path_factory.mktemp("new") / "place"
    shutil.copytree(root, moved)
    assert adk.Catalog(moved)["m13"].path == str(moved / "m13.fits")


def test_a_file_outside_the_workspace_is_kept_by_its_whole_path(root: Path) -> None:
    entry = adk.Catalog(root).add(M13)
    assert entry.relative is None
    assert adk.Catalog(root)["m13"].path == str(M13)


def test_removing_forgets_the_record_and_leaves_the_file(root: Path) -> None:
    catalog = adk.Catalog(root)
    catalog.add(root / "m13.fits")
    catalog.remove("m13")
    assert list(catalog) == []
    assert (root / "m13.fits").read_bytes() == M13.read_bytes()


def test_an_unknown_name_is_told_with_a_suggestion(root: Path) -> None:
    catalog = adk.Catalog(root)
    catalog.add(root / "m13.fits", name="hercules")
    for act in (catalog.__getitem__, catalog.remove):
        with pytest.raises(UnknownName, match="did you mean 'hercules'"):
            act("herkules")


def test_a_given_name_that_is_taken_is_refused(root: Path) -> None:
    catalog = adk.Catalog(root)
    catalog.add(root / "m13.fits", name="a")
    shutil.copy(M13, root / "other.fits")
    with pytest.raises(NameTaken, match="'a'"):
        catalog.add(root / "other.fits", name="a")
    assert catalog["a"].relative == "m13.fits"


def test_files_of_one_name_get_numbers(root: Path) -> None:
    catalog = adk.Catalog(root)
    for folder in ("x", "y", "z"):
        (root / folder).mkdir()
        shutil.copy(M13, root / folder / "m13.fits")
        catalog.add(root / folder / "m13.fits")
    assert [entry.name for entry in catalog] == ["m13", "m13-2", "m13-3"]


def test_adding_the_same_file_again_refreshes_its_record(root: Path) -> None:
    catalog = adk.Catalog(root)
    first = catalog.add(root / "m13.fits", tags=["kept"])
    np.save(root / "m13.fits.npy", np.eye(3))
    (root / "m13.fits.npy").replace(root / "m13.fits")
    again = catalog.add(root / "m13.fits")
    assert len(catalog) == 1
    assert (again.name, again.tags, again.added) == (first.name, ("kept",), first.added)
    assert again.sha256 != first.sha256
    assert again.shape == (3, 3)


def test_verify_tells_what_changed_and_what_vanished(root: Path) -> None:
    catalog = adk.Catalog(root)
    for name in ("same", "changed", "gone"):
        shutil.copy(M13, root / f"{name}.fits")
        catalog.add(root / f"{name}.fits")
    stamp = (root / "changed.fits").stat()
    with (root / "changed.fits").open("r+b") as file:
        file.seek(5000)
        file.write(b"\x7f")
    # Neither the size nor the time gives it away.
    os.utime(root / "changed.fits", ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    (root / "gone.fits").unlink()
    seen: list[float] = []
    states = {v.name: v.state for v in catalog.verify(seen.append)}
    assert states == {"same": "ok", "changed": "changed", "gone": "missing"}
    assert seen[-1] == 1


def test_a_folder_is_verified_by_the_files_of_its_scene(root: Path, data: Path) -> None:
    catalog = adk.Catalog(root)
    shutil.copytree(data / "sentinel2" / "cog", root / "scene")
    entry = catalog.add(root / "scene", name="scene")
    assert (entry.kind, entry.state()) == ("scene", "ok")
    assert [one.state for one in catalog.verify()] == ["ok"]
    band = root / "scene" / "SCL.tif"
    band.write_bytes(band.read_bytes()[:-1] + b"\0")
    assert [one.state for one in catalog.verify()] == ["changed"]
    shutil.rmtree(root / "scene")
    assert [one.state for one in catalog.verify()] == ["missing"]


def test_what_is_not_as_expected_is_not_recorded(root: Path) -> None:
    catalog = adk.Catalog(root)
    with pytest.raises(DataCheckFailed, match="184,319"):
        catalog.add(root / "m13.fits", expect={"size": 184319})
    with pytest.raises(DataCheckFailed, match="SHA-256"):
        catalog.add(root / "m13.fits", expect={"sha256": "0" * 64})
    assert len(catalog) == 0
    assert catalog.add(root / "m13.fits", expect={"size": 184320, "sha256": SHA256}).name == "m13"


def test_a_damaged_file_is_not_recorded(root: Path) -> None:
    (root / "cut.fits").write_bytes(M13.read_bytes()[:100_000])
    with pytest.raises(DamagedFile, match="truncated"):
        adk.Catalog(root).add(root / "cut.fits")
    assert len(adk.Catalog(root)) == 0


@pytest.mark.parametrize("name", ["", "  ", "two\nlines", "x" * 300])
def test_names_that_are_none_are_refused(root: Path, name: str) -> None:
    with pytest.raises(BadRequest):
        adk.Catalog(root).add(root / "m13.fits", name=name)


@pytest.mark.parametrize("name", ["../../escape", "a/b", "<b>'\"", "ä ö", "..", "con\\x"])
def test_a_hostile_name_stays_a_name(root: Path, name: str) -> None:
    catalog = adk.Catalog(root)
    catalog.add(root / "m13.fits", name=name)
    assert catalog[name].name == name
    [record] = (root / "astrodata").iterdir()
    assert record.resolve().parent == (root / "astrodata").resolve()


def test_tags_can_be_changed(root: Path) -> None:
    catalog = adk.Catalog(root)
    catalog.add(root / "m13.fits", tags=["a", "a", "b"])
    assert catalog["m13"].tags == ("a", "b")
    catalog.retag("m13", ["c"])
    assert adk.Catalog(root)["m13"].tags == ("c",)


def test_a_damaged_record_is_said_once_and_loses_nothing(root: Path) -> None:
    catalog = adk.Catalog(root)
    catalog.add(root / "m13.fits")
    (root / "astrodata" / "bad-00000000.json").write_text("{nonsense")
    with pytest.warns(UserWarning, match="bad-00000000.json"):
        assert [entry.name for entry in catalog] == ["m13"]
    assert [entry.name for entry in catalog] == ["m13"]
    assert (root / "astrodata" / "bad-00000000.json").exists()


def test_what_a_crash_left_behind_is_ignored(root: Path) -> None:
    catalog = adk.Catalog(root)
    catalog.add(root / "m13.fits")
    (root / "astrodata" / ".new-abc.tmp").write_text("{half")
    assert len(catalog) == 1


def test_a_folder_without_hard_links_works_too(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object) -> None:
        raise OSError(errno.EPERM, "no hard links here")

    monkeypatch.setattr(records.os, "link", refuse)
    catalog = adk.Catalog(root)
    catalog.add(root / "m13.fits", name="a")
    shutil.copy(M13, root / "b.fits")
    with pytest.raises(NameTaken):
        catalog.add(root / "b.fits", name="a")
    assert len(catalog) == 1


def test_the_nearest_workspace_upwards_is_the_default(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    adk.Catalog(root).add(root / "m13.fits")
    deep = root / "notebooks" / "deep"
    deep.mkdir(parents=True)
    monkeypatch.chdir(deep)
    assert adk.Catalog().root == root.resolve()


ADDS = """
import sys
import astrodata_kernel as adk
from pathlib import Path
root, worker, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
sys.stdin.readline()
catalog = adk.Catalog(root)
for number in range(count):
    catalog.add(root / worker / str(number) / "same.npy")
"""


def test_two_kernels_that_add_at_once_lose_nothing(root: Path) -> None:
    count = 25
    for worker in "ab":
        for number in range(count):
            folder = root / worker / str(number)
            folder.mkdir(parents=True)
            np.save(folder / "same.npy", np.full((2, 2), number))
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", ADDS, str(root), worker, str(count)],
            stdin=subprocess.PIPE,
            text=True,
        )
        for worker in "ab"
    ]
    for process in workers:
        process.stdin.write("go\n")
        process.stdin.close()
    assert [process.wait(120) for process in workers] == [0, 0]
    entries = list(adk.Catalog(root))
    assert len({entry.name for entry in entries}) == 2 * count
    assert {entry.relative for entry in entries} == {
        f"{worker}/{number}/same.npy" for worker in "ab" for number in range(count)
    }
    assert not list((root / "astrodata").glob("*.tmp"))


def test_a_removed_data_set_comes_back_with_its_tags(root: Path) -> None:
    catalog = adk.Catalog(root)
    entry = catalog.add(root / "m13.fits", tags=["cluster"])
    catalog.remove("m13")
    with pytest.raises(UnknownName, match="m14"):
        catalog.restore("m14")
    assert catalog.restore("m13") == entry == catalog["m13"]
    with pytest.raises(UnknownName):
        catalog.restore("m13")


def test_a_removed_data_set_does_not_take_its_name_from_another(root: Path) -> None:
    catalog = adk.Catalog(root)
    catalog.add(root / "m13.fits", name="target", tags=["old"])
    catalog.remove("target")
    shutil.copy(M13, root / "b.fits")
    other = catalog.add(root / "b.fits", name="target")
    with pytest.raises(NameTaken, match="target"):
        catalog.restore("target")
    assert catalog["target"] == other
    catalog.rename("target", "b")
    assert catalog.restore("target").tags == ("old",)


def test_removed_records_are_kept_up_to_a_number(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "KEPT", 2)
    catalog = adk.Catalog(root)
    for number, name in enumerate("abc"):
        catalog.add(root / "m13.fits", name=name)
        catalog.remove(name)
        # In the order of their removal, also where the clock of a file system is coarse.
        put = records.file_of(root / "astrodata" / records.REMOVED, name)
        os.utime(put, (number, number))
    with pytest.raises(UnknownName):
        catalog.restore("a")
    assert catalog.restore("b").name == "b"


def test_a_data_set_can_be_renamed_and_keeps_all_else(root: Path) -> None:
    catalog = adk.Catalog(root)
    entry = catalog.add(root / "m13.fits", tags=["cluster"])
    renamed = catalog.rename("m13", " Hercules ")
    assert (renamed.name, renamed.tags, renamed.added) == ("Hercules", entry.tags, entry.added)
    assert [one.name for one in catalog] == ["Hercules"]
    assert catalog.rename("Hercules", "Hercules") == renamed
    assert len(catalog) == 1


def test_a_name_that_is_taken_or_none_is_refused_and_nothing_is_lost(root: Path) -> None:
    catalog = adk.Catalog(root)
    shutil.copy(M13, root / "b.fits")
    catalog.add(root / "m13.fits", name="a")
    catalog.add(root / "b.fits", name="b")
    with pytest.raises(NameTaken, match="'b' already"):
        catalog.rename("a", "b")
    with pytest.raises(BadRequest):
        catalog.rename("a", "two\nlines")
    with pytest.raises(UnknownName):
        catalog.rename("c", "d")
    assert {one.name: one.relative for one in catalog} == {"a": "m13.fits", "b": "b.fits"}


def test_single_data_sets_are_verified_and_tell_how_far_they_are(root: Path) -> None:
    catalog = adk.Catalog(root)
    catalog.add(root / "m13.fits")
    shutil.copy(M13, root / "other.fits")
    catalog.add(root / "other.fits")
    (root / "other.fits").unlink()
    seen: list[float] = []
    [one] = catalog.verify(seen.append, names=["m13"])
    assert (one.name, one.state, seen[-1]) == ("m13", "ok", 1)
    with pytest.raises(UnknownName):
        catalog.verify(names=["m31"])


def test_records_are_read_again_only_when_they_have_changed(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog = adk.Catalog(root)
    for name in "ab":
        catalog.add(root / "m13.fits" if name == "a" else shutil.copy(M13, root / "b.fits"), name)
        # Written long ago.
        os.utime(records.file_of(catalog.folder, name), (1e9, 1e9))
    assert len(catalog) == 2
    read: list[str] = []
    monkeypatch.setattr(records, "read", lambda path: read.append(path.name))
    assert len(catalog) == 2
    assert read == []
    monkeypatch.undo()
    catalog.retag("b", ["new"])
    records.file_of(catalog.folder, "a").unlink()
    assert [(one.name, one.tags) for one in catalog] == [("b", ("new",))]
    # A moment later somebody writes into the same file, within one tick of the clock.
    path = records.file_of(catalog.folder, "b")
    was = path.stat()
    path.write_text(path.read_text().replace("new", "own"))
    os.utime(path, ns=(was.st_atime_ns, was.st_mtime_ns))
    assert [one.tags for one in catalog] == [("own",)]
