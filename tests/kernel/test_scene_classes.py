"""Classes of scenes at lower resolutions: none that is not there, and windows of large layers."""

import threading
from pathlib import Path
from typing import Any

import astrodata_kernel as adk
import numpy as np
import pytest
import rasterio
from astrodata_kernel.datasets.scene_arrays import Grid
from astrodata_kernel.errors import BadRequest, TooLarge
from astrodata_kernel.processing.class_windows import highest, highest_of_cells
from astrodata_kernel.processing.mask_edits import EditedMask
from astrodata_kernel.reports.scene_masks import on_picture
from astrodata_kernel.sentinel import mask_reading
from astrodata_kernel.sentinel.mask_reading import from_geometry, read_mask
from astrodata_kernel.testing.scenes import safe_folder
from astrodata_kernel.widgets import scene_masks_layers
from shapely.geometry import GeometryCollection, LineString, box, mapping

GRID = Grid("EPSG:32633", (10.0, 0.0, 399960.0, 0.0, -10.0, 4600020.0), (80, 100))


@pytest.fixture(scope="module")
def scl() -> np.ndarray:
    """Vegetation and high clouds in stripes of three pixels: a mean of both would be water."""
    made = np.full((800, 800), 4, "u1")
    made[:, ::3] = 9
    made[::7] = 9
    return made


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory, scl: np.ndarray) -> Path:
    return safe_folder(tmp_path_factory.mktemp("safe"), size=1600, bands=["B04"], scl=scl)


def test_no_class_comes_about_between_two_others(product: Path) -> None:
    scene = adk.open(product)
    every = slice(0, 800)
    for step in (2, 4, 8):
        assert set(np.unique(scene.read("SCL", every, every, step))) <= {4, 9}
    assert scene.transcode(["SCL"]).wait(60)
    for step in (2, 4, 8):
        assert set(np.unique(scene.read("SCL", every, every, step))) <= {4, 9}


def test_windows_of_a_large_layer_are_read_alone_and_its_classes_counted_meanwhile(
    product: Path, scl: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scene_masks_layers, "AT_ONCE", 10_000)
    counted = threading.Event()
    viewer = adk.view(product)
    viewer.observe(lambda _change: counted.set(), "overlays")
    full = np.repeat(np.repeat(scl, 2, 0), 2, 1)[::-1]
    for name, expected in (("SCL", full), ("cloud", full == 9)):
        counted.clear()
        asked = viewer.request("classes", name=name, box=[301, 200, 400, 333], step=1)
        np.testing.assert_array_equal(asked.array()[0], expected[200:333, 301:400])
        assert counted.wait(30)
        (told,) = [one for one in viewer.overlays if one["name"] == name]
        pixels = {one["value"]: one["pixels"] for one in told["classes"]}
        assert pixels[9 if name == "SCL" else 1] == (full == 9).sum()
        whole = viewer.request("classes", name=name, box=[0, 0, 1600, 1600], step=2)
        np.testing.assert_array_equal(whole.array()[0], expected[::2, ::2])
    viewer.close()


# --- masks on small maps ---------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 3, 7, 20, 33, 80, 200])
def test_a_cell_has_the_highest_class_of_the_pixels_in_it(count: int) -> None:
    rng = np.random.default_rng(count)
    values = (rng.random((80, 61)) < 0.02) * rng.integers(1, 5, (80, 61))
    rows, columns = np.linspace(3, 85, count + 1), np.linspace(-4, 61, count + 1)
    found = highest_of_cells(values.astype("u1"), rows, columns)
    for i in range(count):
        for j in range(count):
            part = np.zeros((0, 0))
            inside = [
                np.flatnonzero((np.arange(n) + 0.5 >= e[at]) & (np.arange(n) + 0.5 < e[at + 1]))
                for e, at, n in ((rows, i, 80), (columns, j, 61))
            ]
            middle = [(rows[i] + rows[i + 1]) / 2, (columns[j] + columns[j + 1]) / 2]
            for axis, n in enumerate((80, 61)):
                width = (rows, columns)[axis][1] - (rows, columns)[axis][0]
                if not inside[axis].size and width < 1 and 0 <= middle[axis] < n:
                    inside[axis] = np.array([int(middle[axis])])
            part = values[np.ix_(*inside)]
            assert found[i, j] == (part.max() if part.size else 0)


def test_whole_blocks_are_those_of_the_viewer() -> None:
    values = np.random.default_rng(0).integers(0, 5, (60, 90)).astype("u1")
    edges = np.arange(0, 61, 6.0), np.arange(0, 91, 6.0)
    np.testing.assert_array_equal(highest_of_cells(values, *edges), highest(values, 6))


def test_what_burnt_in_one_pixel_is_seen_on_a_small_map(product: Path) -> None:
    scene = adk.open(product)
    mask = np.zeros((1600, 1600), "u1")
    mask[801, 333] = 1
    drawn = adk.reports.scene_map(scene, "B04", mask=mask, size=2.0, dpi=50)
    assert drawn.overlay.numbers.shape[0] < 100
    assert drawn.overlay.numbers.sum() == 1
    row, column = np.argwhere(drawn.overlay.numbers)[0]
    left, top = drawn.grid.x[column], drawn.grid.y[row]
    own = scene.grid()
    assert abs(left - own.x[333]) <= drawn.grid.transform[0] / 2
    assert abs(top - own.y[801]) <= drawn.grid.transform[0] / 2
    part = Grid(own.crs, own.transform, (800, 800))
    assert not on_picture(mask, own, part).any()


# --- masks that take the place of others -----------------------------------------------------------


def test_a_mask_that_takes_the_place_of_another_brings_its_own_history(
    product: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTERHUB_USER", "ada")
    viewer = adk.view(product)
    viewer.edit_mask("burnt")
    viewer.paint([[50, 50]], 9)
    viewer.save_mask("burnt", tmp_path / "ada.tif")
    viewer.fill([[0, 0], [30, 0], [0, 30]])
    assert len(viewer.mask_history("burnt")) == 2
    viewer.show_mask(tmp_path / "ada.tif", "burnt")
    told = viewer.mask_history("burnt")
    assert [(one["who"], one["what"]) for one in told] == [("ada", "brush class 1")]
    viewer.show_mask(np.ones((1600, 1600), bool), "burnt")
    assert viewer.mask_history("burnt") == []
    viewer.undo_mask("burnt")
    viewer.undo_mask("burnt")
    assert [one["what"] for one in viewer.mask_history("burnt")] == [
        "brush class 1",
        "polygon class 1",
    ]
    viewer.redo_mask("burnt")
    assert len(viewer.mask_history("burnt")) == 1
    # Polygons have no history, whichever of their endings they have.
    viewer.save_mask("burnt", tmp_path / "burnt.json")
    assert "overlays" not in viewer.state()
    viewer.close()


def test_the_same_pixels_with_another_history_are_a_step() -> None:
    edited = EditedMask(np.ones((5, 6), "u1"))
    step = {"who": "eve", "when": "2022", "what": "drawn"}
    assert edited.replace(edited.values.copy(), "replaced", history=[step]) is not None
    assert edited.history == [step]
    assert edited.replace(edited.values.copy(), "replaced", history=[step]) is None
    assert edited.undo() is not None
    assert edited.history == []


# --- what cannot be filled -------------------------------------------------------------------------


def test_lines_are_no_part_of_a_mask() -> None:
    left, top = 399960.0, 4600020.0
    square = box(left + 100, top - 200, left + 200, top - 100)
    line = LineString([(left, top), (left + 900, top - 700)])
    found, _ = from_geometry(GeometryCollection([square, line]), None, GRID, "it")
    assert found.sum() == 100
    painted = EditedMask(np.zeros((80, 100), "u1"))
    # A square with a spike, which is mended to a square and a line.
    painted.fill([(10, 10), (20, 10), (20, 20), (60, 20), (20, 20), (10, 20)])
    assert painted.values.sum() == 100


def test_features_without_a_place_are_left_out_and_others_refused() -> None:
    degrees = mapping(box(13.802, 41.536, 13.808, 41.54))
    features: list[Any] = [
        {"type": "Feature", "geometry": None, "properties": "none"},
        {"type": "Feature", "geometry": degrees, "properties": None},
    ]
    whole = {"type": "FeatureCollection", "features": features}
    found, notes = from_geometry(whole, None, GRID, "it")
    assert found.any()
    assert notes == ["it: 1 shapes without an area were left out"]
    with pytest.raises(BadRequest, match="a int where a geometry or feature belongs"):
        from_geometry({"type": "FeatureCollection", "features": [1]}, None, GRID, "it")


def test_a_mask_of_wide_numbers_is_not_read_into_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with rasterio.open(
        tmp_path / "wide.tif", "w", driver="GTiff", width=100, height=80, count=1, dtype="float64",
        crs=GRID.crs, transform=rasterio.Affine(*GRID.transform),
    ) as out:  # fmt: skip
        out.write(np.ones((80, 100)), 1)
    assert read_mask(tmp_path / "wide.tif", GRID)[0].sum() == 8000
    monkeypatch.setattr(mask_reading, "MOST_BYTES", 8000)
    with pytest.raises(TooLarge, match="100 x 80 pixels of 8 bytes"):
        read_mask(tmp_path / "wide.tif", GRID)
