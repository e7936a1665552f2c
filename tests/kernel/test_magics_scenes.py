"""Scenes in magics: an index as a map, what burnt between two dates."""

from pathlib import Path

import astrodata_kernel as adk
import numpy as np
import pytest
import rasterio
from astrodata_kernel.magics import astro
from astrodata_kernel.models import save
from astrodata_kernel.processing.burnt_result import BurntMap
from astrodata_kernel.processing.normalise import PercentileScaling
from astrodata_kernel.testing.fires import built

REAL = Path(__file__).parents[2] / "examples" / "data" / "sentinel2_43RCP"


@pytest.fixture(scope="module")
def fire(tmp_path_factory):
    scenes = [scene.with_offset(0, 1e-4) for scene in adk.open_scenes(REAL)]
    return built(tmp_path_factory.mktemp("fires"), *scenes, count=1)[0]


@pytest.fixture(autouse=True)
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fire) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, path in (("before", fire.before), ("after", fire.after), ("burnt.tif", fire.burnt)):
        (tmp_path / name).symlink_to(path)
    return tmp_path


def test_index_gives_the_viewer_and_keeps_the_map(capsys, fire) -> None:
    viewer = astro("index after NBR --offset 0 --save nbr.tif")
    assert isinstance(viewer, adk.SceneViewer)
    assert viewer.bands == ["NBR"]
    assert "kept in nbr.tif" in capsys.readouterr().out
    with rasterio.open("nbr.tif") as file:
        np.testing.assert_array_equal(file.read(1), fire.scenes()[1].index("NBR")[:])


def test_index_takes_a_formula_and_a_resolution_of_the_file(capsys) -> None:
    viewer = astro(
        'index after "(B8A - B12) / (B8A + B12)" --offset=0 --resolution 60 --save x.tif'
    )
    assert viewer.bands == ["(B8A - B12) / (B8A + B12)"]
    assert "x.tif in pixels of 60 m; the viewer shows the scene's own" in capsys.readouterr().out
    with rasterio.open("x.tif") as file:
        assert file.shape == (22, 22)


def test_burnt_gives_map_mask_hectares_and_scores(capsys, fire) -> None:
    made = astro("burnt before after --offset 0 --threshold 0.2 --mask burnt.tif --save out.tif")
    assert isinstance(made, BurntMap)
    assert (made.method, made.threshold) == ("dNBR", 0.2)
    assert "kept in out.tif" in capsys.readouterr().out
    assert f"{made.hectares:,.1f} ha burnt by dNBR" in repr(made)
    expected = adk.processing.scores.scores(fire.truth(), made.mask.values, area=fire.scenes()[0])
    assert made.scores.iou[0] == pytest.approx(expected.iou[0])
    assert made.scores.truth_ha[0] == pytest.approx(expected.truth_ha[0])
    with rasterio.open("out.tif") as file:
        np.testing.assert_array_equal(file.read(1), made.mask.values)
    assert "<img" in made._repr_html_()


def test_burnt_takes_an_activation_of_the_emergency_service(fire, workspace) -> None:
    name = workspace / "EMSR999_AOI01_01_DEL.tif"
    name.write_bytes(fire.burnt.read_bytes())
    made = astro(f"burnt before after --offset 0 --mask {name.name}")
    np.testing.assert_array_equal(made.truth, fire.truth())


def test_burnt_asks_a_network_of_the_workspace(capsys, fire, workspace) -> None:
    import keras

    bands = ("B04", "B8A", "B12")
    inputs = keras.Input((2, 16, 16, 3))
    # As dNBR does: what was green and is not.
    lost = keras.layers.Conv3D(1, (2, 1, 1), activation="sigmoid", use_bias=False, name="lost")
    model = keras.Model(inputs, keras.layers.Reshape((16, 16, 1))(lost(inputs)))
    kernel = np.zeros((2, 1, 1, 3, 1), "f4")
    kernel[0, ..., 1, 0], kernel[1, ..., 1, 0] = 9, -9
    model.get_layer("lost").set_weights([kernel])
    folder = adk.Catalog().folder / "models"
    folder.mkdir(parents=True)
    save(model, folder / "mine.keras")
    assert astro("burnt before after --offset 0 --model mine") is None
    assert "mine.scaling.json" in capsys.readouterr().out
    scenes = fire.scenes()
    values = [np.stack([s.band(name, 10)[:] for name in bands], axis=-1) for s in scenes]
    scaling = PercentileScaling.fit(values, bands=bands)
    scaling.save(folder / "mine.scaling.json")
    made = astro("burnt before after --offset 0 --model mine --mask burnt.tif")
    assert made.method == "model mine"
    first, second = (scaling.apply(one)[..., 1] for one in values)
    np.testing.assert_allclose(made.values, 1 / (1 + np.exp(-9 * (first - second))), atol=1e-5)
    assert made.scores.iou[0] > 0


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("index after", "takes SCENE and INDEX behind it, 1 came"),
        ("index after NBR x y", "4 came; what has spaces goes in quotes"),
        ("index after NBR", "--offset -1000 for baselines from 04.00"),
        ("index after NBX --offset 0", "did you mean NBR?"),
        ("index burnt.tif NBR", "burnt.tif"),
        ("index after NBR --offset x", "--offset x is no number"),
        ("index after NBR --offset 0 --resolution 20", "name one to save it in"),
        ("index after NBR --offset 0 --save a.png", "as a.tif"),
        ("index nowhere NBR", "nowhere does not exist"),
        ("burnt before after --offst 0", "did you mean '--offset'"),
        ("burnt after before --offset 0", "give the scene before the fire first"),
        ("burnt before after --offset 0 --mask no.tif", "no such file"),
        ("burnt before after --offset 0 --model none", "there is no model and no run 'none'"),
        ("burnt before after --offset 0 --threshold", "--threshold needs a value"),
    ],
)
def test_what_is_wrong_is_a_sentence(capsys, line: str, said: str) -> None:
    assert astro(line) is None
    assert said in capsys.readouterr().out
