"""What two dates beside each other need: each its own classification, and pictures of one kind."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import astrodata_kernel as adk
import numpy as np
import pytest
from astrodata_kernel.errors import BadRequest
from astrodata_kernel.testing.scenes import safe_folder

SIZE = 60


def made(folder: Path, month: int, number: int, level: str = "L2A") -> Path:
    """Write a scene whose pixels are all of one class."""
    scl = np.full((SIZE // 2, SIZE // 2), number, "u1")
    given = {"scl": scl} if level == "L2A" else {}
    when = datetime(2022, month, 14, 10, 6, 1, tzinfo=UTC)
    return safe_folder(folder, size=SIZE, bands=["B04"], date=when, level=level, **given)  # type: ignore[arg-type]


@pytest.fixture
def viewer(tmp_path: Path) -> Any:
    scenes = [made(tmp_path, 6, 4), made(tmp_path, 7, 6), made(tmp_path, 8, 0, "L1C")]
    shown = adk.view(scenes, bands=["B04"])
    yield shown
    shown.close()


def classes(viewer: Any, name: str, **more: Any) -> list[int]:
    reply = viewer.request("classes", name=name, box=[0, 0, SIZE, SIZE], step=4, **more)
    assert reply.meta["shape"] == [1, SIZE // 4, SIZE // 4]
    return sorted(set(np.asarray(reply.array()).ravel().tolist()))


def test_each_date_has_its_own_classification(viewer: Any) -> None:
    assert classes(viewer, "SCL") == [4]
    assert [classes(viewer, "SCL", date=date) for date in (0, 1)] == [[4], [6]]
    viewer.date = 1
    assert [classes(viewer, "SCL", date=date) for date in (0, 1)] == [[4], [6]]


def test_a_date_without_a_classification_has_no_class(viewer: Any) -> None:
    assert classes(viewer, "SCL", date=2) == [255]


def test_a_mask_is_the_same_on_all_dates(viewer: Any) -> None:
    viewer.show_mask(np.ones((SIZE, SIZE), bool), "burnt")
    assert [classes(viewer, "burnt", date=date) for date in (0, 1, 2)] == [[1]] * 3


def test_classes_of_a_date_that_is_not_there_are_refused(viewer: Any) -> None:
    with pytest.raises(BadRequest, match="date 7 does not exist"):
        classes(viewer, "SCL", date=7)


def test_what_was_reduced_is_read_anew_once_bands_are_written_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from astrodata_kernel.widgets import scene as widget

    monkeypatch.setattr(widget, "EXACT_PIXELS", 100)
    folder = safe_folder(tmp_path, size=1440, bands=["B04"])
    viewer: Any = adk.view(folder, bands=["B04"], transcode=False)
    assert viewer.request("transcoding").meta["rewritten"] == 0
    before = viewer.request("overview", width=100).array()
    viewer.transcode = True
    viewer.transcoding.wait(60)
    told = viewer.request("transcoding").meta
    assert (told["state"], told["rewritten"] > 0) == ("done", True)
    after = viewer.request("overview", width=100).array()
    assert not np.array_equal(before, after)
    # Means of blocks, as tiles have them.
    tile = viewer.request("tile", level=1, x=0, y=0, hdu=0, plane=0)
    assert tile.meta["reduction"] == "block mean"
    # There already: nothing is of another kind than before.
    viewer.transcode = False
    viewer.transcode = True
    viewer.transcoding.wait(60)
    assert viewer.request("transcoding").meta["rewritten"] == told["rewritten"]
    viewer.close()
