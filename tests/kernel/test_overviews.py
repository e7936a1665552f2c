"""Block-averaged levels of large images: made in the background, shared, cancelled, never taken for whole."""

import os
import shutil
import subprocess
import sys
import threading
from collections import OrderedDict
from pathlib import Path

import astrodata_kernel as adk
import numpy as np
import pytest
from astrodata_kernel.errors import AstrodataError, Cancelled, TooLarge
from astrodata_kernel.processing import overviews, preparations, pyramid
from astrodata_kernel.processing.overviews import Layout, build
from astrodata_kernel.processing.pyramid import Planes
from astrodata_kernel.processing.raster import block_mean
from astrodata_kernel.readers.scratch import folder
from astropy.io import fits

EVERY = slice(0, 2601), slice(0, 3700)


@pytest.fixture(autouse=True)
def few_pixels_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have images of some megapixels treated as those of hundreds."""
    monkeypatch.setattr(pyramid, "EXACT_PIXELS", 512 * 512)
    monkeypatch.setattr(overviews, "BLOCK_VALUES", 1 << 17)


@pytest.fixture
def image() -> np.ndarray:
    values = np.random.default_rng(0).normal(100, 5, (2601, 3700)).astype("f4")
    values[100:900, 200:1003] = np.nan
    values[5, 5] = np.nan
    return values


@pytest.fixture
def file(tmp_path: Path, image: np.ndarray) -> Path:
    path = tmp_path / "sky.fits"
    fits.writeto(path, image)
    return path


@pytest.mark.parametrize("width", [700, 1024])
def test_each_level_is_the_mean_of_its_blocks_without_nan(
    image: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setattr(overviews, "OVERVIEW", width)
    planes = Planes(image)
    layout = Layout.of(planes, image.dtype, "this image")
    path = tmp_path / "levels.fits"
    averages = build(planes, 0, layout, path)
    assert [level.step for level in layout.all] == ([2, 4, 8, 6] if width == 700 else [2, 4, 8])
    with fits.open(path) as hdus:
        for hdu, level in zip(hdus, layout.all, strict=True):
            expected = block_mean(image, level.step)
            np.testing.assert_allclose(averages.part(*EVERY, level.step), expected, rtol=1e-6)
            np.testing.assert_array_equal(hdu.data, averages.part(*EVERY, level.step))
            assert hdu.header["STEP"] == level.step


@pytest.mark.parametrize("dtype", ["u1", "i2", "u4", "f8"])
@pytest.mark.parametrize("shape", [(1, 9000), (9000, 1), (1025, 1030), (3, 2500)])
def test_each_type_and_shape_has_its_means(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dtype: str, shape: tuple[int, int]
) -> None:
    monkeypatch.setattr(pyramid, "EXACT_PIXELS", 1)
    monkeypatch.setattr(overviews, "OVERVIEW", 300)
    values = (np.random.default_rng(1).random(shape) * 200).astype(dtype)
    planes = Planes(values)
    layout = Layout.of(planes, values.dtype)
    averages = build(planes, 0, layout, tmp_path / "levels.fits")
    for level in layout.all:
        made = averages.part(slice(0, shape[0]), slice(0, shape[1]), level.step)
        np.testing.assert_allclose(made, block_mean(values, level.step), rtol=1e-6)


def test_infinities_have_no_mean_and_no_warning(tmp_path: Path) -> None:
    values = np.ones((1100, 1100), "f4")
    values[0, 0], values[0, 1], values[500, 500] = np.inf, -np.inf, np.inf
    planes = Planes(values)
    averages = build(planes, 0, Layout.of(planes, values.dtype), tmp_path / "levels.fits")
    level = averages.part(slice(0, 1100), slice(0, 1100), 2)
    assert np.isnan(level[0, 0])
    assert level[250, 250] == np.inf
    assert level[1, 1] == 1


def test_pixels_first_then_means(file: Path, image: np.ndarray) -> None:
    viewer = adk.FitsViewer(file)
    assert viewer.preparing["state"] == "offered"
    first = viewer.request("overview", width=1024)
    assert first.meta["reduction"] == "strided"
    np.testing.assert_array_equal(first.array()[0], image[::4, ::4])
    told = viewer.prepare()
    assert (told["state"], told["done"]) == ("done", 1.0)
    overview = viewer.request("overview", width=1024)
    assert (overview.meta["reduction"], overview.meta["step"]) == ("block mean", 4)
    np.testing.assert_allclose(overview.array()[0], block_mean(image, 4), rtol=1e-6)
    tile = viewer.request("tile", level=1, x=1, y=2)
    assert tile.meta["reduction"] == "block mean"
    np.testing.assert_allclose(
        tile.array()[0], block_mean(image, 2)[1024:1536, 512:1024], rtol=1e-6
    )
    np.testing.assert_array_equal(
        viewer.request("tile", level=0, x=1, y=2).array()[0], image[1024:1536, 512:1024]
    )


def test_two_viewers_of_one_file_share_them_and_no_others_do(
    file: Path, image: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    adk.FitsViewer(file).prepare()
    built = []
    monkeypatch.setattr(preparations, "build", lambda *a: built.append(a))
    other = adk.FitsViewer(file)
    other.request("overview", width=1024)
    assert other.preparing["state"] == "done"
    assert other.request("overview", width=1024).meta["reduction"] == "block mean"
    assert not built
    fits.writeto(file, image + 1, overwrite=True)
    changed = adk.FitsViewer(file)
    assert changed.request("overview", width=1024).meta["reduction"] == "strided"
    changed.prepare()
    assert built


def test_a_copy_of_a_file_finds_its_overviews_and_a_changed_one_does_not(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewer = adk.FitsViewer(file)
    viewer.prepare()
    copied = tmp_path / "copies" / "another.fits"
    copied.parent.mkdir()
    shutil.copy2(file, copied)
    built = []
    monkeypatch.setattr(preparations, "build", lambda *a: built.append(a))
    other = adk.FitsViewer(copied)
    assert other.prepare()["state"] == "done"
    assert other._planes[0].prepared[0] is viewer._planes[0].prepared[0]
    assert not built
    # One value is another one now; size and time are as they were.
    times = copied.stat()
    with copied.open("r+b") as changed:
        changed.seek(2880)
        changed.write(b"\x41\x20\0\0")
    os.utime(copied, ns=(times.st_atime_ns, times.st_mtime_ns))
    adk.FitsViewer(copied).prepare()
    assert built
    # What is kept beside a file lies beside each of them.
    monkeypatch.undo()
    for path in (file, copied):
        adk.FitsViewer(path, overviews="beside").prepare()
        assert Path(f"{path}.0.0.overviews.fits").exists()


def test_nothing_is_written_beside_the_file_unless_that_is_asked_for(file: Path) -> None:
    adk.FitsViewer(file).prepare()
    assert [path.name for path in file.parent.iterdir()] == ["sky.fits"]
    viewer = adk.FitsViewer(file, overviews="beside")
    viewer.prepare()
    kept = file.parent / "sky.fits.0.0.overviews.fits"
    assert sorted(path.name for path in file.parent.iterdir()) == ["sky.fits", kept.name]
    assert fits.getheader(kept)["STEP"] == 2


def test_what_lies_beside_is_used_again_only_while_it_is_of_the_same_bytes(
    file: Path, image: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = []
    made = preparations.build
    monkeypatch.setattr(preparations, "build", lambda *a: built.append(1) or made(*a))

    def session() -> int:
        """Give how many were built by a kernel that knows of none."""
        monkeypatch.setattr(preparations, "_all", OrderedDict())
        built.clear()
        viewer = adk.FitsViewer(file, overviews="beside")
        assert viewer.prepare()["state"] == "done"
        assert viewer.request("overview", width=1024).meta["reduction"] == "block mean"
        return len(built)

    assert [session(), session()] == [1, 0]
    kept = file.parent / "sky.fits.0.0.overviews.fits"
    whole = kept.read_bytes()
    kept.write_bytes(whole[:-2880])
    assert [session(), session()] == [1, 0]
    fits.writeto(file, image + 1, overwrite=True)
    assert [session(), session()] == [1, 0]
    assert kept.read_bytes() != whole


def test_a_killed_kernel_leaves_nothing_that_would_be_taken_for_whole(
    file: Path, tmp_path: Path
) -> None:
    code = (
        "import os, sys; import astrodata_kernel as adk\n"
        "from astrodata_kernel.processing import overviews, pyramid\n"
        "pyramid.EXACT_PIXELS, overviews.BLOCK_VALUES = 512 * 512, 1 << 17\n"
        "take = overviews._Building._take\n"
        "def die(self, values, top, left):\n"
        "    take(self, values, top, left)\n"
        "    if top > 1000: os.kill(os.getpid(), 9)\n"
        "overviews._Building._take = die\n"
        "adk.FitsViewer(sys.argv[1], overviews='beside').prepare()\n"
    )
    killed = subprocess.run([sys.executable, "-c", code, file], check=False)
    assert killed.returncode == -9
    assert not (tmp_path / "sky.fits.0.0.overviews.fits").exists()
    viewer = adk.FitsViewer(file, overviews="beside")
    assert viewer.request("overview", width=1024).meta["reduction"] == "strided"
    assert viewer.prepare()["state"] == "done"


class Gate:
    """A lazy array whose pixels come after `open` was set; it counts how often it was read."""

    def __init__(self, values: np.ndarray) -> None:
        self.values, self.shape, self.dtype = values, values.shape, values.dtype
        self.open, self.reached = threading.Event(), threading.Event()
        self.most = 0

    def __getitem__(self, key: tuple[slice, ...]) -> np.ndarray:
        part = self.values[key]
        if key[-1].step in (None, 1):
            self.most = max(self.most, part.size)
            self.reached.set()
            self.open.wait()
        return part


def begun(gate: Gate, key: str) -> tuple[Planes, preparations.Preparation]:
    planes = Planes(gate)
    found = preparations.prepare(planes, 0, gate.dtype, (key, id(gate)))
    assert found is not None
    gate.reached.wait()
    return planes, found


def test_a_cancel_gives_the_work_up_and_leaves_no_file(image: np.ndarray) -> None:
    gate = Gate(image)
    planes, found = begun(gate, "cancelled")
    assert found.state == "running"
    found.cancel()
    gate.open.set()
    found.wait()
    assert (found.state, found.averages) == ("cancelled", None)
    assert not found.path.exists()
    assert not list(found.path.parent.glob(".*.part"))
    assert planes.overview(1024)[2] == "strided"
    again = preparations.prepare(planes, 0, gate.dtype, ("cancelled", id(gate)))
    assert again is found
    again = preparations.prepare(planes, 0, gate.dtype, ("cancelled", id(gate)), again=True)
    again.wait()
    assert planes.overview(1024)[2] == "block mean"


def test_work_that_no_viewer_wants_any_more_is_given_up(image: np.ndarray) -> None:
    gate = Gate(image)
    _, found = begun(gate, "left")
    found.join(1)
    found.join(2)
    found.leave(1)
    assert not found.abandoned
    found.leave(2)
    gate.open.set()
    found.wait()
    assert (found.state, found.abandoned) == ("cancelled", True)


def test_the_memory_is_that_of_some_blocks(image: np.ndarray) -> None:
    gate = Gate(image)
    gate.open.set()
    _, found = begun(gate, "memory")
    found.wait()
    assert found.state == "done"
    assert gate.most <= 1 << 17


def test_another_plane_takes_its_turn_and_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "cube.fits"
    values = np.random.default_rng(0).normal(size=(2, 1100, 1200)).astype("f4")
    fits.writeto(path, values)
    viewer = adk.FitsViewer(path)
    for plane in (0, 1, 0, 1, 0):
        viewer.plane = plane
        viewer.request("overview", width=600)
    assert viewer.prepare()["state"] == "done"
    tile = viewer.request("tile", level=1, x=0, y=0).array()[0]
    np.testing.assert_allclose(tile, block_mean(values[0], 2)[:512, :512], rtol=1e-5)


def test_none_are_made_where_that_is_wanted_or_needless(file: Path, tmp_path: Path) -> None:
    viewer = adk.FitsViewer(file, overviews="off")
    viewer.request("overview", width=1024)
    assert viewer.preparing["state"] == "offered"
    fits.writeto(tmp_path / "small.fits", np.eye(30))
    small = adk.FitsViewer(tmp_path / "small.fits")
    small.request("overview", width=1024)
    assert small.preparing["state"] == "whole"


def test_a_full_disk_is_told_and_the_viewer_lives_on(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(overviews, "_LEFT_FREE", 1 << 62)
    viewer = adk.FitsViewer(file)
    told = viewer.prepare()
    assert told["state"] == "failed"
    assert "set TMPDIR" in told["said"]
    assert viewer.request("overview", width=1024).meta["reduction"] == "strided"


def test_what_fails_on_the_way_is_told(file: Path) -> None:
    viewer = adk.FitsViewer(file)
    viewer.request("describe")
    os.truncate(file, 3_000_000)
    told = viewer.prepare()
    assert told["state"] == "failed"
    assert "sky.fits" in told["said"]


def test_levels_beyond_the_cap_of_the_session_are_given_up(
    file: Path, tmp_path: Path, image: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewer = adk.FitsViewer(file)
    viewer.prepare()
    monkeypatch.setattr(preparations, "SESSION_BYTES", 15_000_000)
    fits.writeto(tmp_path / "other.fits", image)
    adk.FitsViewer(tmp_path / "other.fits").prepare()
    left = list((folder() / "overviews").glob("*.fits"))
    assert sum(path.stat().st_size for path in left) <= 15_000_000
    # Who has them open goes on, and others have them made anew.
    assert viewer.request("overview", width=1024).meta["reduction"] == "block mean"
    assert adk.FitsViewer(file).prepare()["state"] == "done"


def test_an_image_in_memory_has_them_too(image: np.ndarray) -> None:
    viewer = adk.view(image)
    viewer.request("overview", width=1024)
    viewer.prepare()
    assert viewer.request("overview", width=1024).meta["reduction"] == "block mean"


def test_an_error_on_the_way_leaves_no_file(image: np.ndarray, tmp_path: Path) -> None:
    planes = Planes(image)
    layout = Layout.of(planes, image.dtype)

    def told(share: float) -> None:
        if share > 0.5:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        build(planes, 0, layout, tmp_path / "levels.fits", told)
    assert not list(tmp_path.iterdir())
    with pytest.raises(AstrodataError, match=r"cannot be written|no room"):
        build(planes, 0, layout, Path("/proc/levels.fits"))


def test_an_image_of_terapixels_gets_none(tmp_path: Path) -> None:
    planes = Planes(np.broadcast_to(np.float32(1), (3_000_000, 3_000_000)))
    layout = Layout.of(planes, np.dtype("f4"))
    with pytest.raises(TooLarge):
        build(planes, 0, layout, tmp_path / "levels.fits")
