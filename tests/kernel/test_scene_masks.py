"""Layers of classes over a scene: what the browser gets, the editor's Python twins, and saving."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import astrodata_kernel as adk
import numpy as np
import pytest
import rasterio
import shapely
from astrodata_kernel.errors import BadRequest, UnknownName
from astrodata_kernel.processing.scene_names import SCL_COLOURS
from astrodata_kernel.sentinel.activations import Activation
from astrodata_kernel.testing.scenes import safe_folder

SIZE = 240


@pytest.fixture(scope="module")
def scl() -> np.ndarray:
    made = np.full((SIZE // 2, SIZE // 2), 4, "u1")
    made[:30] = 6
    made[60:80, 20:70] = 9
    return made


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory, scl: np.ndarray) -> Path:
    return safe_folder(tmp_path_factory.mktemp("safe"), size=SIZE, bands=["B04"], scl=scl)


@pytest.fixture
def viewer(product: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("JUPYTERHUB_USER", "ada")
    made = adk.view(product)
    yield made
    made.close()


@pytest.fixture
def burnt() -> np.ndarray:
    made = np.zeros((SIZE, SIZE), bool)
    made[100:140, 30:90] = True
    made[7, 200] = True
    return made


def layer(viewer: Any, name: str) -> dict[str, Any]:
    (found,) = [one for one in viewer.overlays if one["name"] == name]
    return dict(found)


def classes(viewer: Any, name: str, box: Any = (0, 0, SIZE, SIZE), step: int = 1) -> np.ndarray:
    return np.asarray(viewer.request("classes", name=name, box=list(box), step=step).array()[0])


# --- the scene's own layers ----------------------------------------------------------------------


def test_a_scene_brings_its_classification_and_its_clouds(viewer: Any, scl: np.ndarray) -> None:
    assert [one["name"] for one in viewer.overlays] == ["SCL", "cloud"]
    assert not any(one["visible"] for one in viewer.overlays)
    told = layer(viewer, "SCL")["classes"]
    assert [one["color"] for one in told] == list(SCL_COLOURS)
    assert told[6]["name"] == "water"
    assert told[6]["pixels"] is None  # nobody has looked yet
    full = np.repeat(np.repeat(scl, 2, 0), 2, 1)
    np.testing.assert_array_equal(classes(viewer, "SCL"), full[::-1])
    np.testing.assert_array_equal(classes(viewer, "cloud"), (full == 9)[::-1])
    water = layer(viewer, "SCL")["classes"][6]
    assert (water["pixels"], water["hectares"], water["share"]) == (14400, 144.0, 0.25)


def test_windows_are_parts_of_the_whole(viewer: Any, scl: np.ndarray) -> None:
    full = np.repeat(np.repeat(scl, 2, 0), 2, 1)[::-1]
    np.testing.assert_array_equal(classes(viewer, "SCL", (33, 51, 190, 203)), full[51:203, 33:190])
    np.testing.assert_array_equal(classes(viewer, "SCL", step=4), full[::4, ::4])
    meta = viewer.request("classes", name="SCL", box=[-50, -50, 999, 17], step=2).meta
    assert (meta["box"], meta["shape"]) == ([0, 0, SIZE, 17], [1, 9, 120])


def test_a_scene_without_classes_has_no_such_layers(tmp_path: Path) -> None:
    viewer = adk.view(safe_folder(tmp_path, level="L1C", size=60, bands=["B04"]))
    assert viewer.overlays == []
    with pytest.raises(UnknownName, match="there is no layer 'SCL' over the scene: there are none"):
        classes(viewer, "SCL")
    viewer.close()


def test_layers_of_the_scene_follow_the_date_and_masks_stay(
    tmp_path: Path, scl: np.ndarray, burnt: np.ndarray
) -> None:
    folders = [
        safe_folder(
            tmp_path / str(day),
            size=SIZE,
            bands=["B04"],
            scl=scl if day == 1 else np.full_like(scl, 11),
            date=datetime(2022, 7, day, 10, tzinfo=UTC),
        )
        for day in (1, 6)
    ]
    viewer = adk.view(folders)
    viewer.show_mask(burnt, "burnt")
    shown = [classes(viewer, "SCL")[0, 0]]
    version = layer(viewer, "SCL")["version"]
    viewer.date = 1 - viewer.date
    assert layer(viewer, "SCL")["version"] > version
    assert layer(viewer, "SCL")["classes"][11]["pixels"] is None
    shown.append(classes(viewer, "SCL")[0, 0])
    assert sorted(shown) == [4, 11]
    np.testing.assert_array_equal(viewer.mask("burnt"), burnt)
    viewer.close()


@pytest.mark.parametrize(
    ("box", "step"),
    [([0, 0, 0, 5], 1), ([300, 0, 400, 5], 1), ([0, 0, 9, 9], 0), ([0, 0, 9], 1), ("box", 1)],
)
def test_a_window_of_nothing_is_refused(viewer: Any, box: Any, step: int) -> None:
    with pytest.raises(BadRequest):
        viewer.request("classes", name="SCL", box=box, step=step)


# --- masks ---------------------------------------------------------------------------------------


def test_a_mask_is_shown_with_its_hectares(viewer: Any, burnt: np.ndarray) -> None:
    viewer.show_mask(burnt, "burnt", color="red")
    assert viewer.masks == ["burnt"]
    np.testing.assert_array_equal(viewer.mask("burnt"), burnt)
    np.testing.assert_array_equal(classes(viewer, "burnt"), burnt[::-1])
    (told,) = layer(viewer, "burnt")["classes"]
    assert (told["color"], told["pixels"], told["hectares"]) == ("#ff0000", 2401, 24.01)
    # The one pixel is seen from far away.
    assert classes(viewer, "burnt", step=16)[(SIZE - 1 - 7) // 16, 200 // 16] == 1
    viewer.remove_mask("burnt")
    assert viewer.masks == []
    with pytest.raises(UnknownName, match="no mask 'burnt'"):
        viewer.mask("burnt")


def test_grades_of_damage_have_names_and_colours(viewer: Any, burnt: np.ndarray) -> None:
    viewer.show_mask(np.where(burnt, 3, 0), "grades")
    told = layer(viewer, "grades")["classes"]
    assert [one["value"] for one in told] == [1, 2, 3, 4]
    assert told[2]["name"] == "highly damaged"
    assert [one["pixels"] for one in told] == [0, 0, 2401, 0]
    viewer.show_mask(np.where(burnt, 2, 0), "kinds", classes=["road", "river"], color={2: "blue"})
    told = layer(viewer, "kinds")["classes"]
    assert [(one["name"], one["color"]) for one in told][1] == ("river", "#0000ff")


def test_geometries_and_activations_are_masks(viewer: Any) -> None:
    left, bottom, right, top = viewer.scene.grid().bounds
    shape = shapely.box(left + 100, bottom + 200, left + 400, bottom + 700)
    viewer.show_mask(shape, "area")
    assert viewer.mask("area").sum() == 30 * 50
    assert viewer.mask("area")[-70:-20, 10:40].all()
    crs = viewer.scene.crs
    found = Activation("EMSR1", "AOI01", "GRA", crs, (shape,), ((shape, 4),))
    viewer.show_mask(found, "grading")
    np.testing.assert_array_equal(viewer.mask("grading"), 4 * viewer.mask("area"))
    far = shapely.box(right + 1e4, top, right + 2e4, top + 100)
    for given in (far, Activation("EMSR1", "AOI01", "DEL", crs, (far,))):
        with pytest.raises(BadRequest, match="outside of the scene"):
            viewer.show_mask(given, "far")
    assert viewer.masks == ["area", "grading"]


@pytest.mark.parametrize(
    ("mask", "said"),
    [
        (np.zeros((5, 5), bool), r"shape \(5, 5\) and the scene \(240, 240\)"),
        (np.full((SIZE, SIZE), 77), "0 to 15"),
        (np.full((SIZE, SIZE), 0.5), "fractions"),
        (object(), "is no mask"),
        (None, "is no mask"),
    ],
)
def test_what_is_no_mask_is_refused(viewer: Any, mask: Any, said: str) -> None:
    with pytest.raises(BadRequest, match=said):
        viewer.show_mask(mask, "bad")
    assert viewer.masks == []


def test_names_are_the_masks_own(viewer: Any, burnt: np.ndarray) -> None:
    for name in ("SCL", "cloud", "", "a\nb", "x" * 61):
        with pytest.raises(BadRequest):
            viewer.show_mask(burnt, name)
    with pytest.raises(BadRequest, match="color 'reddish'"):
        viewer.show_mask(burnt, "burnt", color="reddish")
    assert viewer.masks == []


def test_a_mask_of_the_same_name_takes_the_place_and_can_be_taken_back(
    viewer: Any, burnt: np.ndarray
) -> None:
    viewer.show_mask(burnt, "burnt")
    viewer.paint([(5, 5)], 9)
    painted = viewer.mask("burnt")
    viewer.show_mask(~burnt, "burnt")
    np.testing.assert_array_equal(viewer.mask("burnt"), ~burnt)
    assert viewer.undo_mask()
    np.testing.assert_array_equal(viewer.mask("burnt"), painted)


def test_looks_are_set_and_checked(viewer: Any, burnt: np.ndarray) -> None:
    viewer.show_mask(burnt, "burnt")
    viewer.set_overlay("SCL", visible=True, opacity=0.3)
    viewer.request("overlay_set", name="burnt", values={"outline_only": True})
    viewer.request("overlay_set", name="burnt", values={"colors": {"1": "#00ff00"}})
    assert (layer(viewer, "SCL")["visible"], layer(viewer, "SCL")["opacity"]) == (True, 0.3)
    assert layer(viewer, "burnt")["outline_only"]
    assert layer(viewer, "burnt")["classes"][0]["color"] == "#00ff00"
    for bad in ({"opacity": 2}, {"colour": "red"}, {"colors": {1: "no"}}):
        with pytest.raises(BadRequest):
            viewer.set_overlay("burnt", **bad)


def test_the_answers_hide_none_of_the_catalogues(viewer: Any) -> None:
    kinds = {kind: getattr(viewer, name) for kind, name in viewer._handlers.items()}
    for kind, answer in kinds.items():
        if kind.startswith(("catalogue_", "mask_", "overlay_")):
            assert answer.answers_kind == kind


def test_a_figure_has_the_layers_that_are_shown(viewer: Any, burnt: np.ndarray) -> None:
    viewer.show_mask(burnt, "burnt", color="red")
    (axes, *_) = viewer.figure().axes
    painted = axes.images[-1].get_array()
    inside, edge, beside = painted[-1 - 120, 60], painted[-1 - 100, 60], painted[-1 - 20, 60]
    assert [tuple(one) for one in (inside, edge)] == [(255, 0, 0, 128), (255, 0, 0, 255)]
    assert beside[3] == 0
    count = len(axes.images)
    viewer.masks_visible = False
    assert len(viewer.figure().axes[0].images) == count - 1


# --- the editor ----------------------------------------------------------------------------------


def test_python_paints_as_the_hand_does(viewer: Any) -> None:
    viewer.edit_mask("new")
    assert (viewer.masks, viewer.mask_editing, viewer.masks_panel) == (["new"], "new", True)
    viewer.paint([(20, 30), (60, 30)], 5)
    by_python = viewer.mask("new")
    assert by_python[SIZE - 1 - 30, 20:61].all()
    viewer.undo_mask()
    assert not viewer.mask("new").any()
    viewer.request(
        "mask_paint", name="new", points=[[20, 30], [40, 30]], size=5, value=1, stroke="s"
    )
    viewer.request(
        "mask_paint", name="new", points=[[40, 30], [60, 30]], size=5, value=1, stroke="s"
    )
    np.testing.assert_array_equal(viewer.mask("new"), by_python)
    told = layer(viewer, "new")
    assert (told["undo"], told["redo"], told["unsaved"]) == (1, 0, True)
    viewer.request("mask_fill", name="new", points=[[10, 10], [10, 60], [60, 60]], value=1)
    viewer.request("mask_turn", name="new", back=True)
    viewer.request("mask_turn", name="new", back=True)
    assert not viewer.mask("new").any()
    assert viewer.redo_mask()
    np.testing.assert_array_equal(viewer.mask("new"), by_python)
    viewer.brush_value = 0
    viewer.fill([(-10, -10), (300, -10), (300, 300), (-10, 300)])
    assert not viewer.mask("new").any()
    viewer.edit_mask(None)
    assert viewer.mask_editing == ""


def test_which_mask_is_painted_is_clear(viewer: Any, burnt: np.ndarray) -> None:
    with pytest.raises(BadRequest, match="which mask"):
        viewer.paint([(1, 1)])
    viewer.show_mask(burnt, "a")
    viewer.paint([(1, 1)], 3)
    viewer.show_mask(burnt, "b")
    with pytest.raises(BadRequest, match="which mask"):
        viewer.paint([(1, 1)])
    viewer.mask_editing = "b"
    viewer.paint([(1, 1)], 3)
    assert viewer.mask("b")[SIZE - 2, 1]
    with pytest.raises(UnknownName, match="there are a, b"):
        viewer.mask_editing = "c"
    viewer.remove_mask("b")
    assert viewer.mask_editing == ""
    with pytest.raises(UnknownName):
        viewer.request("mask_paint", name="SCL", points=[[1, 1]], size=3, value=1)


def test_classes_of_a_new_mask_are_named(viewer: Any) -> None:
    viewer.request("mask_new", name="grades", grades=True)
    assert [one["value"] for one in layer(viewer, "grades")["classes"]] == [1, 2, 3, 4]
    viewer.edit_mask("plain")
    viewer.paint([(9, 9)], 5, 3)
    assert [one["value"] for one in layer(viewer, "plain")["classes"]] == [1, 3]


# --- files ---------------------------------------------------------------------------------------


def test_what_is_saved_is_what_was_painted(
    viewer: Any, burnt: np.ndarray, tmp_path: Path, product: Path
) -> None:
    viewer.show_mask(burnt, "burnt")
    viewer.paint([(5, 5), (30, 70)], 7)
    viewer.fill([(150, 150), (200, 150), (170, 220)])
    asked = viewer.request("mask_save", name="burnt", path=str(tmp_path / "burnt.tif"))
    assert not asked.meta["there"]
    assert not layer(viewer, "burnt")["unsaved"]
    with rasterio.open(tmp_path / "burnt.tif") as image:
        np.testing.assert_array_equal(image.read(1), viewer.mask("burnt"))
        assert tuple(image.transform)[:6] == viewer.scene.grid().transform
        tags = image.tags()
    assert (tags["who"], tags["scene"]) == ("ada", product.name)
    assert datetime.fromisoformat(tags["when"]).tzinfo is not None
    history = json.loads(tags["history"])
    assert [(one["who"], one["what"]) for one in history] == [
        ("ada", "brush class 1"),
        ("ada", "polygon class 1"),
    ]
    viewer.show_mask(tmp_path / "burnt.tif", "again")
    np.testing.assert_array_equal(viewer.mask("again"), viewer.mask("burnt"))
    assert viewer.mask_history("again") == history
    viewer.save_mask("burnt", tmp_path / "burnt.geojson")
    viewer.show_mask(tmp_path / "burnt.geojson", "polygons")
    np.testing.assert_array_equal(viewer.mask("polygons"), viewer.mask("burnt"))


def test_a_file_that_is_there_is_asked_about(
    viewer: Any, burnt: np.ndarray, tmp_path: Path
) -> None:
    path = tmp_path / "burnt.tif"
    path.write_text("mine")
    viewer.show_mask(burnt, "burnt")
    with pytest.raises(BadRequest, match="is there already"):
        viewer.save_mask("burnt", path)
    assert viewer.request("mask_save", name="burnt", path=str(path)).meta["there"]
    assert path.read_text() == "mine"
    viewer.request("mask_save", name="burnt", path=str(path), overwrite=True)
    viewer.request("mask_add", path=str(path))  # by its own name: what is there is the same
    np.testing.assert_array_equal(viewer.mask("burnt"), burnt)


def test_the_state_brings_masks_of_files_back(
    viewer: Any, burnt: np.ndarray, tmp_path: Path
) -> None:
    assert "overlays" not in viewer.state()
    viewer.show_mask(burnt, "burnt", color="blue")
    viewer.set_overlay("SCL", visible=True)
    assert [one["name"] for one in viewer.state()["overlays"]] == ["SCL"]
    viewer.save_mask("burnt", tmp_path / "burnt.tif")
    state = json.loads(json.dumps(viewer.state()))
    again = adk.view(state.pop("source"), **state)
    np.testing.assert_array_equal(again.mask("burnt"), burnt)
    assert layer(again, "burnt")["classes"][0]["color"] == "#0000ff"
    assert layer(again, "SCL")["visible"]
    assert again.state() == viewer.state()
    viewer.paint([(5, 5)], 3)  # what the file does not have is not told as its content
    assert [one["name"] for one in viewer.state()["overlays"]] == ["SCL"]
    again.close()
