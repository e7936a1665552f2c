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


def test_a_cell_that_ends_with_a_figure_shows_it():
    from IPython.core.formatters import DisplayFormatter

    figure = adk.view(np.arange(30.0).reshape(5, 6)).figure()
    data, metadata = DisplayFormatter().format(figure)
    assert data["image/png"][:4] == b"\x89PNG"
    assert 0.8 < metadata["image/png"]["width"] / (72 * figure.get_figwidth()) < 1.2


@pytest.mark.parametrize("stretch", STRETCHES)
def test_the_labels_of_the_colour_bar_lie_between_the_limits_and_apart(viewer, stretch) -> None:
    viewer.stretch = stretch
    bar = viewer.figure().axes[1]
    at = bar.get_yticks()
    assert len(at) >= 2
    low, high = viewer.limits_in_force()
    assert ((at >= low) & (at <= high)).all()
    places = bar.transData.transform([(0, value) for value in at])[:, 1]
    assert (np.diff(places) > 5).all()


def test_a_cutout_takes_its_lookup_tables_of_distortion_along(tmp_path) -> None:
    from astropy.wcs import DistortionLookupTable

    wcs = WCS(naxis=2)
    wcs.wcs.ctype, wcs.wcs.crval = ("RA---TAN", "DEC--TAN"), (10, 40)
    wcs.wcs.crpix, wcs.wcs.cdelt = (50, 40), (-1e-3, 1e-3)
    table = np.add.outer(np.arange(5), np.arange(5) ** 2).astype("f4") / 4
    for name in ("cpdis1", "cpdis2"):
        setattr(wcs, name, DistortionLookupTable(table, (1, 1), (1, 1), (20, 20)))
    hdus = wcs.to_fits(relax=True)
    hdus[0].data = np.arange(80 * 100, dtype="f4").reshape(80, 100)
    hdus.writeto(tmp_path / "distorted.fits")
    viewer = adk.FitsViewer(tmp_path / "distorted.fits")
    assert viewer.dataset.wcs.cpdis1 is not None
    part = adk.open(viewer.save(tmp_path / "part.fits", box=[20, 10, 59.4, 39.4]))
    assert part.array[4, 3] == viewer.dataset.array[14, 23]
    assert len(part.parts) == 3
    np.testing.assert_allclose(
        part.wcs.all_pix2world(3, 4, 0), wcs.all_pix2world(23, 14, 0), rtol=0, atol=1e-10
    )
    # By itself the header tells of no tables that it does not have.
    assert "CPDIS1" not in viewer.cutout(box=[20, 10, 59, 39]).header


def test_a_cutout_is_made_of_a_file_whose_name_no_header_can_hold(tmp_path) -> None:
    path = tmp_path / "größe.fits"
    fits.writeto(path, np.zeros((4, 5), "f4"))
    assert "gr??e.fits" in str(adk.FitsViewer(path).cutout().header["HISTORY"])
    made = adk.FitsViewer(adk.Dataset.of_array(np.zeros((3, 4, 5), "f4"), "Würfel"))
    assert made.moment(0).cutout().data.shape == (4, 5)
