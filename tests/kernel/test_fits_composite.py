"""Three images as red, green and blue."""

import io

import numpy as np
import pytest
from astrodata_kernel import FitsViewer
from astrodata_kernel.datasets import Dataset
from astrodata_kernel.errors import BadRequest
from astropy.io import fits


@pytest.fixture
def three(tmp_path):
    """Paths of three images: ramps to the right, upwards, and both."""
    y, x = np.mgrid[:40, :50].astype("f4")
    for name, values in (("red", x), ("green", 10 * y), ("blue", x + y)):
        fits.writeto(tmp_path / f"{name}.fits", values)
    return [tmp_path / f"{name}.fits" for name in ("red", "green", "blue")]


def test_three_images_are_one_viewer_of_three_planes(three) -> None:
    viewer = FitsViewer.rgb(*three, limits="minmax")
    assert viewer.composite
    assert viewer.request("describe").meta["planes"] == 3
    assert viewer.band_limits_in_force() == [(0, 49), (0, 390), (0, 88)]
    viewer.band_limits = ["minmax", [0.0, 100.0], "minmax"]
    assert viewer.band_limits_in_force()[1] == (0, 100)
    assert viewer.request("probe", x=3, y=2).meta["text"] == "red 3, green 20, blue 5"
    np.testing.assert_array_equal(
        viewer.request("tile", level=0, x=0, y=0, plane=1).array()[0],
        fits.getdata(three[1]),
    )


def test_the_figure_shows_each_band_between_its_limits(three, tmp_path) -> None:
    viewer = FitsViewer.rgb(*three, band_limits=[[0, 49], [0, 390], [0, 88]], stretch="sqrt")
    drawn = viewer.figure().axes[0].images[0].get_array()
    y, x = np.mgrid[:40, :50]
    wanted = np.sqrt(np.stack([x / 49, y / 39, (x + y) / 88], axis=-1))
    np.testing.assert_allclose(drawn, wanted, atol=1e-6)
    made = io.BytesIO()
    viewer.figure().savefig(made, format="png")
    assert made.getvalue().startswith(b"\x89PNG")


def test_what_is_no_composite_is_told(three) -> None:
    with pytest.raises(BadRequest, match=r"red\.fits has 1 planes: red, green and blue are three"):
        FitsViewer(three[0], composite=True)
    viewer = FitsViewer.rgb(*three)
    for wrong in (["minmax", "zscale", [3, 1]], ["minmax", "zscale", "loud"], [1, 2, 3]):
        with pytest.raises(BadRequest):
            viewer.band_limits = wrong
    other = Dataset.of_array(np.zeros((40, 51), "f4"), "other")
    with pytest.raises(BadRequest, match="has no WCS on the sky"):
        FitsViewer.rgb(three[0], three[1], other)
