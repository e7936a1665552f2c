"""Small multiples: one place on several dates, painted alike."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import astrodata_kernel as adk
import numpy as np
import pytest
from astrodata_kernel.errors import BadRequest
from astrodata_kernel.reports.scene_ground import Ground
from astrodata_kernel.testing.scenes import safe_folder
from matplotlib.text import Text
from pyproj import Transformer

DATA = Path(__file__).parents[1] / "data" / "sentinel2"


@pytest.fixture(scope="module")
def dates(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    folder = tmp_path_factory.mktemp("dates")
    days = [(16, 32634), (1, 32633), (6, 32633)]
    made = []
    for number, (day, epsg) in enumerate(days):
        corner = (399960.0, 4600020.0)
        if epsg == 32634:
            x, y = Transformer.from_crs(32633, 32634, always_xy=True).transform(400500.0, 4599500.0)
            corner = (round(x, -1), round(y, -1))
        path = safe_folder(
            folder / str(number), bands=["B02", "B03", "B04", "B08", "B12"], seed=1, epsg=epsg,
            corner=corner, date=datetime(2022, 7, day, 10, 6, 1, tzinfo=UTC),
        )  # fmt: skip
        made.append(adk.open(path))
    return [made[1], made[0], made[2]]


def test_small_multiples_stand_by_date_with_one_bar(dates: list[Any], tmp_path: Path) -> None:
    told: list[float] = []
    figure = adk.reports.scene_dates(
        dates, "NBR", columns=2, title="Three days", size=5, dpi=100, progress=told.append
    )
    assert figure.dates == ["2022-07-01", "2022-07-06", "2022-07-16"]
    assert len(figure.axes) == 4  # and one colour bar
    text = " ".join(one.get_text() for one in figure.findobj(Text))
    assert text.count("cloud 12%") == 3
    assert text.count("Normalized Burn Ratio") == 1
    assert text.count(figure.scale_bar.text) == 1
    assert told[-1] == 1
    bar = figure.scale_bar
    length = Ground(figure.grid.crs).metres(bar.start, bar.end)
    assert length == pytest.approx(bar.metres, rel=0.01)
    assert figure.save(tmp_path / "dates.pdf").read_bytes().startswith(b"%PDF")
    with pytest.raises(BadRequest, match=r"\.svg"):
        figure.save(tmp_path / "dates.tif")


def test_all_dates_have_the_same_limits_and_the_grid_of_the_first(dates: list[Any]) -> None:
    figure = adk.reports.scene_dates(dates, "B08", limits="minmax", size=7)
    norm = figure.style.norms[0]
    every = [np.nanmax(one.band("B08")[:]) for one in dates]
    assert norm.vmax == pytest.approx(max(every), rel=0.05)
    assert figure.grid.crs == "EPSG:32633"
    assert figure.grid.bounds == pytest.approx(dates[0].grid().bounds)
    pictures = [np.asarray(axes.images[0].get_array()) for axes in figure.axes[:3]]
    assert (pictures[0][..., 3] == 255).all()
    # The one of another zone covers a part of it.
    assert 0.3 < (pictures[2][..., 3] == 255).mean() < 0.8


def test_a_stack_gives_the_same_maps_as_its_scenes(dates: list[Any]) -> None:
    stack = adk.stack(dates[:1] + dates[2:], ["B08", "B12"])
    by_stack = adk.reports.scene_dates(stack, "NBR", limits=[-0.5, 0.8], size=5)
    by_scene = adk.reports.scene_dates([dates[0], dates[2]], "NBR", limits=[-0.5, 0.8], size=5)
    assert by_stack.dates == by_scene.dates
    for one, other in zip(by_stack.axes[:2], by_scene.axes[:2], strict=True):
        first, second = (
            np.asarray(axes.images[0].get_array()).astype(int) for axes in (one, other)
        )
        assert np.abs(first - second).mean() < 3


def test_dates_that_cannot_be_drawn_are_said(dates: list[Any]) -> None:
    with pytest.raises(BadRequest, match="no scenes"):
        adk.reports.scene_dates([])
    undated = adk.open(DATA / "eurosat" / "AnnualCrop_1.tif")
    with pytest.raises(BadRequest, match="no date"):
        adk.reports.scene_dates([dates[0], undated])
    with pytest.raises(BadRequest, match="columns"):
        adk.reports.scene_dates(dates, columns=0)
    with pytest.raises(BadRequest, match="give one"):
        adk.reports.scene_map(dates)

    def give_up() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        adk.reports.scene_dates(dates, cancel=give_up)
