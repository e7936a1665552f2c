import json
from pathlib import Path

import astrodata_kernel as adk
import numpy as np
import pytest
from astrodata_kernel.errors import BadRequest
from astrodata_kernel.widgets.fits import STRETCHES
from astropy.io import fits
from astropy.wcs import WCS

IMAGE = Path(__file__).parents[2] / "examples" / "data" / "image_2mass_k_galactic_centre.fits"
GOLDEN = Path(__file__).parents[1] / "contract" / "golden"


@pytest.fixture
def viewer():
    return adk.FitsViewer(IMAGE, stretch="asinh", limits=[450, 900])


def test_the_state_has_what_was_changed_and_shows_the_same_again(viewer) -> None:
    viewer.view = {"x": 100, "y": 120, "zoom": 2}
    state = viewer.state()
    assert json.loads(json.dumps(state)) == {
        "source": str(IMAGE),
        "hdu": 0,
        "stretch": "asinh",
        "limits": [450, 900],
        "view": {"x": 100, "y": 120, "zoom": 2},
    }
    again = adk.view(state.pop("source"), **state)
    assert again.state() == viewer.state()


def test_the_code_shows_the_same_again(viewer, tmp_path) -> None:
    assert eval(viewer.code(), {"adk": adk}).state() == viewer.state()
    names: dict = {}
    exec(viewer.save(tmp_path / "view.py").read_text(), names)
    assert "in memory" in adk.FitsViewer(adk.Dataset.of_array(np.zeros((4, 4)))).code()


def test_a_cutout_has_the_pixels_that_are_seen_and_their_sky(viewer, tmp_path) -> None:
    path = viewer.save(tmp_path / "part.fits", box=[99.6, 49.6, 150.2, 80.3])
    whole, header = fits.getdata(IMAGE, header=True)
    with fits.open(path) as made:
        np.testing.assert_allclose(made[0].data, whole[50:81, 100:151], rtol=1e-6)
        wcs = WCS(made[0].header)
        assert "SHA-256" in str(made[0].header["HISTORY"])
    np.testing.assert_allclose(
        wcs.all_pix2world(3, 4, 0), WCS(header).all_pix2world(103, 54, 0), atol=1e-9
    )


def test_what_is_seen_by_default_follows_the_view(viewer) -> None:
    assert viewer.cutout().data.shape == (720, 721)
    viewer.view = {"x": 360, "y": 360, "zoom": 10}
    rows, columns = viewer.cutout().data.shape
    assert (rows, columns) == (49, 77)


@pytest.mark.parametrize(
    ("ending", "start"), [("png", b"\x89PNG"), ("pdf", b"%PDF"), ("svg", b"<?xml")]
)
def test_a_figure_is_written_in_each_format(viewer, tmp_path, ending, start) -> None:
    viewer.graticule = True
    path = viewer.save(tmp_path / f"figure.{ending}", box=[0, 0, 60, 40])
    assert path.read_bytes().startswith(start)
    reply = viewer.request("save", what=ending, box=[0, 0, 60, 40])
    assert reply.meta["name"] == f"image_2mass_k_galactic_centre.{ending}"
    assert bytes(reply.buffers[0]).startswith(start)


def test_a_figure_shows_the_pixels_on_axes_of_the_sky(viewer) -> None:
    figure = viewer.figure([100, 50, 150, 80])
    axes = figure.axes[0]
    drawn = axes.images[0]
    np.testing.assert_allclose(drawn.get_array(), fits.getdata(IMAGE)[50:81, 100:151], rtol=1e-6)
    assert tuple(drawn.get_extent()) == (99.5, 150.5, 49.5, 80.5)
    assert axes.wcs.wcs.ctype[0].startswith("RA")
    assert axes.coords[0].get_axislabel() == "Right ascension"
    viewer.system = "galactic"
    shown = viewer.figure([100, 50, 150, 80])
    shown.canvas.draw()
    assert not shown.axes[0].coords[0].get_ticklabel_visible()
    viewer.system = "pixel"
    assert viewer.figure([0, 0, 9, 9]).axes[0].get_xlabel() == "x, pixels from 0"


@pytest.mark.parametrize("stretch", STRETCHES)
def test_figures_stretch_as_the_browser_does(viewer, stretch) -> None:
    viewer.stretch = stretch
    drawn = viewer.figure().axes[0].images[0]
    norm, colours = drawn.norm, drawn.cmap
    golden = json.loads((GOLDEN / "stretches.json").read_text())
    at = 450 + 450 * np.array(golden["at"])
    if stretch in golden:
        np.testing.assert_allclose(norm(at), golden[stretch], atol=1e-6)
    else:
        assert (np.diff(norm(at)) >= 0).all()
    viewer.reverse = True
    backwards = viewer.figure().axes[0].images[0].cmap
    np.testing.assert_allclose(backwards(0.0), colours(1.0), atol=0.01)


@pytest.mark.parametrize(
    ("box", "said"),
    [
        ([0, 0, 1], "left, bottom"),
        ([0, 0, np.nan, 4], "left, bottom"),
        ([900, 0, 950, 9], "no pixel"),
    ],
)
def test_a_box_that_is_none_is_refused(viewer, box, said) -> None:
    with pytest.raises(BadRequest, match=said):
        viewer.cutout(box)


def test_another_ending_is_refused_and_nothing_is_written(viewer, tmp_path) -> None:
    with pytest.raises(BadRequest, match="'bmp' is unknown"):
        viewer.save(tmp_path / "figure.bmp")
    assert list(tmp_path.iterdir()) == []
