"""Pixels of scenes: spectra of one date, and indices of many."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import astrodata_kernel as adk
import numpy as np
import pytest
from astrodata_kernel.errors import AstrodataError, BadRequest, Cancelled, UnknownName
from astrodata_kernel.processing import indices, scene_series
from astrodata_kernel.processing.scene_series import series, spectrum
from astrodata_kernel.testing.scenes import safe_folder
from astrodata_kernel.widgets import scene_pixels

SIZE = 240
FIRST = datetime(2022, 3, 1, 10, 6, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Four dates; the eastern half of the third is under cloud."""
    root, made = tmp_path_factory.mktemp("dates"), []
    for number in range(4):
        scl = np.full((SIZE // 2, SIZE // 2), 4, "u1")
        if number == 2:
            scl[:, SIZE // 4 :] = 9
        date = FIRST + timedelta(days=10 * number)
        made.append(safe_folder(root, size=SIZE, seed=number, date=date, scl=scl))
    return made


@pytest.fixture(scope="module")
def scenes(folders: list[Path]) -> list[Any]:
    return [adk.open(folder) for folder in folders]


@pytest.fixture
def viewer(folders: list[Path]) -> Any:
    made = adk.view(folders)
    yield made
    made.close()


def test_a_spectrum_is_what_the_bands_hold_at_the_pixel(scenes: list[Any]) -> None:
    scene = scenes[0]
    found = spectrum(scene, 30, 50)
    row, column = SIZE - 1 - 50, 30
    assert found["band"].tolist()[:3] == ["B01", "B02", "B03"]
    assert found["wavelength"].is_monotonic_increasing
    for _, one in found.iterrows():
        expected = scene.band(one["band"], 10)[row : row + 1, column : column + 1][0, 0]
        assert one["reflectance"] == expected
        assert one["resolution"] == scene.named(one["band"]).resolution
    assert found.attrs == {"x": 30, "y": 50, "cloud": False}


def test_a_series_is_each_index_of_each_date(scenes: list[Any]) -> None:
    found = series(scenes[::-1], 200, 10, clouds=True)
    assert list(found.columns) == [*indices.DEFAULT, "cloud"]
    assert found.index.name == "date"
    assert found.index.is_monotonic_increasing
    assert found["cloud"].tolist() == [False, False, True, False]
    row, column = SIZE - 1 - 10, 200
    for number, scene in enumerate(scenes):
        for name in indices.DEFAULT:
            expected = scene.index(name, 10)[row : row + 1, column : column + 1][0, 0]
            assert found[name].iloc[number] == pytest.approx(expected, rel=1e-6, nan_ok=True)


def test_values_under_cloud_are_nothing_unless_they_are_asked_for(scenes: list[Any]) -> None:
    masked = series(scenes, 200, 10, "NBR")
    whole = series(scenes, 200, 10, "NBR", clouds=True)
    assert np.isnan(masked["NBR"].iloc[2])
    assert np.isfinite(whole["NBR"]).all()
    clear = series(scenes, 20, 10, ["NBR", "(B08 - B04) / (B08 + B04)"])
    assert not clear["cloud"].any()
    assert np.isfinite(clear.iloc[:, :2]).all(axis=None)


def test_a_place_is_told_by_its_coordinates_too(scenes: list[Any]) -> None:
    scene, grid = scenes[0], scenes[0].grid()
    expected = spectrum(scene, 30, 50)
    x, y = grid.x[30], grid.y[SIZE - 1 - 50]
    assert spectrum(scene, x, y, crs=scene.crs).equals(expected)
    from pyproj import Transformer

    lon, lat = Transformer.from_crs(scene.crs, "EPSG:4326", always_xy=True).transform(x, y)
    found = series(scenes, lon, lat, "NBR", crs="EPSG:4326")
    assert (found.attrs["x"], found.attrs["y"]) == (30, 50)


def test_scenes_of_another_zone_are_laid_on_the_first_ones_pixels(
    tmp_path: Path, scenes: list[Any]
) -> None:
    from pyproj import Transformer

    left, top = Transformer.from_crs(32633, 32632, always_xy=True).transform(399960, 4600020)
    corner = (left // 10 * 10 - 600, top // 10 * 10 + 600)
    ramp = np.full((480, 480), 3000, "u2")
    numbers = {"B08": ramp, "B12": ramp[:240, :240] - 1000}
    there = safe_folder(
        tmp_path,
        size=480,
        epsg=32632,
        corner=corner,
        tile="32TQM",
        numbers=numbers,
        date=FIRST + timedelta(days=99),
        bands=["B08", "B12"],
    )
    found = series([*scenes, adk.open(there)], 120, 120, ["NBR", "NDVI"])
    assert found["NBR"].iloc[-1] == pytest.approx((0.2 - 0.1) / (0.2 + 0.1), rel=1e-5)
    assert np.isnan(found["NDVI"].iloc[-1])  # it has no B04
    assert np.isfinite(found["NDVI"].iloc[0])


def test_blocks_are_read_once(scenes: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Any] = []
    real = scene_series._Blocks._read

    def counted(self: Any, at: Any, array: Any) -> Any:
        read.append(at)
        return real(self, at, array)

    monkeypatch.setattr(scene_series._Blocks, "_read", counted)
    scene_series._blocks.__init__()  # type: ignore[misc]
    first = series(scenes, 5, 5)
    bands = len(indices.bands_of(indices.DEFAULT))
    assert len(read) == len(scenes) * (bands + 1)  # and the clouds
    near = series(scenes, 6, 7)
    assert len(read) == len(scenes) * (bands + 1)
    assert not near.equals(first)


def test_no_more_blocks_are_kept_than_there_is_room_for(
    scenes: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scene_series, "KEPT_BYTES", 50_000)
    kept = scene_series._Blocks()
    monkeypatch.setattr(scene_series, "_blocks", kept)
    series(scenes, 5, 5)
    assert sum(block.nbytes for block in kept._kept.values()) <= 50_000
    assert kept._bytes == sum(block.nbytes for block in kept._kept.values())


def test_a_series_is_given_up_between_dates(scenes: list[Any]) -> None:
    told: list[float] = []

    def stop(share: float) -> None:
        told.append(share)
        if len(told) == 3:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        series(scenes, 5, 5, "NBR", progress=stop)
    assert told == [0, 0.25, 0.5]


@pytest.mark.parametrize(
    ("x", "y", "crs", "said"),
    [
        (240, 5, None, r"pixel \(240, 5\) lies outside of .* 240 x 240 pixels"),
        (-1, 5, None, "lies outside"),
        (np.nan, 5, None, "finite numbers"),
        ("a", 5, None, "two numbers"),
        (0.0, 0.0, "EPSG:4326", "lies outside|lies nowhere"),
        (1, 1, "EPSG:nonsense", "cannot be used here"),
    ],
)
def test_a_place_outside_is_told(
    scenes: list[Any], x: Any, y: Any, crs: str | None, said: str
) -> None:
    with pytest.raises(BadRequest, match=said):
        series(scenes, x, y, "NBR", crs=crs)
    with pytest.raises(BadRequest, match=said):
        spectrum(scenes[0], x, y, crs=crs)


def test_what_cannot_be_a_series_is_told(scenes: list[Any], tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="no scenes"):
        series([], 1, 1)
    with pytest.raises(BadRequest, match="has no date"):
        series([replace(scenes[0], date=None)], 1, 1, "NBR")
    with pytest.raises(UnknownName, match="NOSUCH"):
        series(scenes, 1, 1, "NOSUCH")
    two = adk.open(safe_folder(tmp_path, size=60, bands=["B04", "B08"]))
    with pytest.raises(UnknownName, match="B12"):
        series([two], 1, 1, "NBR")


def test_numbers_without_a_scale_are_numbers(tmp_path: Path) -> None:
    import rasterio

    path = tmp_path / "raw.tif"
    profile = {"driver": "GTiff", "width": 20, "height": 10, "count": 2, "dtype": "uint16"}
    place = {"crs": "EPSG:32633", "transform": rasterio.Affine(10, 0, 4e5, 0, -10, 46e5)}
    with rasterio.open(path, "w", **profile, **place) as out:
        for number, name in enumerate(("B04", "B08"), 1):
            out.write(np.full((10, 20), 1000 * number, "u2"), number)
            out.set_band_description(number, name)
    scene = adk.open(path)
    found = spectrum(scene, 3, 4)
    assert found["number"].tolist() == [1000, 2000]
    with pytest.raises(BadRequest, match="its offset and scale are not told"):
        series([replace(scene, date=FIRST)], 3, 4, "NDVI")


# --- the viewer ---------------------------------------------------------------------------------------


def test_the_viewer_gives_both_of_its_scenes(viewer: Any, scenes: list[Any]) -> None:
    assert viewer.spectrum(30, 50).equals(spectrum(scenes[0], 30, 50))
    viewer.date = 1
    assert viewer.spectrum(30, 50).equals(spectrum(scenes[1], 30, 50))
    viewer.series_indices = ["NBR", "NDMI"]
    assert viewer.series(200, 10).equals(series(scenes, 200, 10, ["NBR", "NDMI"]))
    viewer.series_clouds = True
    assert np.isfinite(viewer.series(200, 10)["NBR"]).all()
    assert np.isnan(viewer.series(200, 10, clouds=False)["NBR"].iloc[2])


def test_pins_make_tables_and_code(viewer: Any) -> None:
    viewer.pixels = [[3, 4], [3, 4], [200, 10]]
    assert viewer.pixels == [[3, 4], [200, 10]]
    table = viewer.pixel_table()
    assert len(table) == 8
    assert table[["x", "y"]].drop_duplicates().to_numpy().tolist() == [[3, 4], [200, 10]]
    assert len(viewer.pixel_table("spectrum")) == 2 * len(viewer.scene.bands)
    code = viewer.pixel_code()
    compile(code, "code", "exec")
    assert "viewer.series(200, 10, indices=['NBR', 'NDVI']" in code
    assert viewer.state()["pixels"] == [[3, 4], [200, 10]]
    with pytest.raises(BadRequest, match="unknown"):
        viewer.pixel_table("other")
    viewer.pixels = []
    with pytest.raises(BadRequest, match="no pixel"):
        viewer.pixel_table()


def test_pins_outside_and_unknown_indices_change_nothing(viewer: Any) -> None:
    viewer.pixels = [[1, 2]]
    with pytest.raises(BadRequest, match="outside"):
        viewer.pixels = [[240, 0]]
    with pytest.raises(BadRequest, match="at most"):
        viewer.pixels = [[n, 0] for n in range(scene_pixels.MOST_PINS + 1)]
    with pytest.raises(UnknownName):
        viewer.series_indices = ["NOSUCH"]
    with pytest.raises(BadRequest):
        viewer.series_indices = []
    assert viewer.pixels == [[1, 2]]
    assert viewer.series_indices == ["NBR", "NDVI"]


def test_the_browser_gets_a_spectrum_of_the_date_that_it_names(
    viewer: Any, scenes: list[Any]
) -> None:
    meta = viewer.request("scene_spectrum", x=200, y=10, date=2).meta
    assert meta["cloud"] is True
    assert meta["class"] == "cloud, high probability"
    assert meta["date"].startswith("2022-03-21")
    assert "UTM 33N" in meta["place"]
    expected = spectrum(scenes[2], 200, 10)
    assert [one["band"] for one in meta["bands"]] == expected["band"].tolist()
    assert [one["value"] for one in meta["bands"]] == expected["reflectance"].tolist()
    with pytest.raises(BadRequest, match="date 9"):
        viewer.request("scene_spectrum", x=1, y=1, date=9)


def test_the_browser_gets_the_dates_as_they_are_read(
    viewer: Any, scenes: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = {"x": 200, "y": 10, "indices": ["NBR"]}
    whole = viewer.request("scene_series", **ask).meta
    assert (whole["first"], whole["total"], len(whole["dates"])) == (0, 4, 4)
    assert whole["cloud"] == [False, False, True, False]
    monkeypatch.setattr(scene_pixels, "PATIENCE", -1.0)
    some = [viewer.request("scene_series", **ask, first=n).meta for n in range(4)]
    assert [one["dates"] for one in some] == [[date] for date in whole["dates"]]
    assert [v for one in some for v in one["values"]["NBR"]] == whole["values"]["NBR"]
    expected = series(scenes, 200, 10, "NBR", clouds=True)["NBR"]
    assert whole["values"]["NBR"] == pytest.approx(expected.tolist())
    assert viewer.request("scene_series", **ask, first=4).meta["dates"] == []


def test_bad_questions_of_the_browser_are_told(viewer: Any) -> None:
    for wrong in (
        {"x": 1, "y": 1, "indices": []},
        {"x": 1, "y": 1, "indices": ["B08 +"]},
        {"x": 1e9, "y": 1, "indices": ["NBR"]},
    ):
        with pytest.raises(AstrodataError):
            viewer.request("scene_series", **wrong)
    viewer.pixels = [[3, 4]]
    text = viewer.request("scene_pixels_text", what="series").meta["text"]
    assert text.splitlines()[0] == "x,y,date,NBR,NDVI,cloud"
