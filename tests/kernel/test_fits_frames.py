"""Several images beside each other: what they are aligned by, and what they have in common."""

import numpy as np
import pytest
from astrodata_kernel import FitsFrames, FitsViewer
from astrodata_kernel.datasets import Dataset
from astrodata_kernel.errors import BadRequest
from astropy.io import fits
from astropy.wcs import WCS
from traitlets import TraitError


@pytest.fixture
def images(tmp_path):
    """Two images of one sky, the second turned by 20 degrees."""
    y, x = np.mgrid[:80, :100]
    for number, angle in ((0, 0.0), (1, 20.0)):
        wcs = WCS(naxis=2)
        wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
        wcs.wcs.crval, wcs.wcs.crpix = [10, 41], [50, 40]
        c, s = np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))
        wcs.wcs.cd = 0.001 * np.array([[-c, s], [s, c]])
        values = (100 * number + x + y).astype("f4")
        fits.PrimaryHDU(values, wcs.to_header()).writeto(tmp_path / f"image{number}.fits")
    return [tmp_path / f"image{number}.fits" for number in (0, 1)]


def test_images_with_a_sky_are_put_on_the_pixels_of_the_first(images) -> None:
    frames = FitsFrames(*images, stretch="asinh")
    assert (frames.align, len(frames), frames.viewers[1].stretch) == ("sky", 2, "asinh")
    assert [one.dataset.shape for one in frames] == [(80, 100), (80, 100)]
    first, second = (one.dataset.wcs.pixel_to_world(20, 30) for one in frames)
    assert first.separation(second).arcsec < 1e-6
    assert np.isnan(frames.viewers[1].dataset.array[0, 0])  # its corner is turned away
    assert frames.frames == [f"anywidget:{one.model_id}" for one in frames.viewers]


def test_by_pixels_they_are_left_as_they_are_and_looks_stay(images) -> None:
    frames = FitsFrames(*images)
    frames.viewers[1].colormap = "magma"
    before = frames.frames
    frames.align = "pixels"
    assert frames.frames != before
    assert frames.viewers[1].colormap == "magma"
    assert frames.viewers[1].dataset.array[0, 0] == 100
    assert frames.request("describe").meta == {"names": ["image0.fits", "image1.fits"], "sky": True}


def test_the_browser_sets_how_they_are_aligned_too(images) -> None:
    frames = FitsFrames(*images)
    frames.set_state({"align": "pixels"})
    assert frames.viewers[1].dataset.array[0, 0] == 100
    frames.set_state({"align": "sky"})
    assert np.isnan(frames.viewers[1].dataset.array[0, 0])


def test_images_without_a_sky_are_aligned_by_pixels_and_the_sky_is_refused(images) -> None:
    plain = Dataset.of_array(np.zeros((80, 90), "f4"), "plain")
    frames = FitsFrames(images[0], plain)
    assert frames.align == "pixels"
    with pytest.raises(BadRequest, match="plain has no WCS"):
        frames.align = "sky"
    assert (frames.align, len(frames.viewers)) == ("pixels", 2)
    with pytest.raises(BadRequest, match="plain has no WCS"):
        FitsFrames(images[0], plain, align="sky")
    with pytest.raises(BadRequest, match="1 images: give two to 8"):
        FitsFrames(images[0])
    with pytest.raises(TraitError):
        FitsFrames(*images, mode="fade")


def test_matched_images_have_the_limits_and_colours_of_one(images) -> None:
    frames = FitsFrames(FitsViewer(images[0], limits=[0, 50], colormap="heat"), images[1])
    assert frames.viewers[1].limits == "zscale"
    frames.matched = True
    assert frames.viewers[1].limits == [0, 50]
    assert frames.viewers[1].colormap == "heat"
    frames.viewers[1].stretch = "log"
    assert frames.viewers[0].stretch == "log"
    frames.viewers[0].limits = "minmax"
    low, high = frames.viewers[0].limits
    assert frames.viewers[1].limits == [low, high]
    assert (low, high) == (0, 178)
    frames.matched = False
    frames.viewers[0].stretch = "sqrt"
    assert frames.viewers[1].stretch == "log"


def test_each_image_keeps_its_own_plane_and_its_colours_when_it_is_aligned_anew(images) -> None:
    cube = Dataset.of_array(np.arange(3 * 80 * 100, dtype="f4").reshape(3, 80, 100), "cube")
    channels = [FitsViewer(cube, plane=number) for number in (0, 2)]
    frames = FitsFrames(*channels, images[0], FitsViewer.rgb(images[0], images[1], images[0]))
    assert [one.plane for one in frames] == [0, 2, 0, 0]
    assert [one.composite for one in frames] == [False, False, False, True]
    assert frames.viewers[2].request("tile", level=0, x=0, y=0).array()[0, 0, 0] == 0
    pair = FitsFrames(FitsViewer.rgb(images[0], images[1], images[0]), images[1])
    pair.align = "pixels"
    assert [one.composite for one in pair] == [True, False]


def test_only_the_viewers_on_show_stay_open(images) -> None:
    from ipywidgets.widgets.widget import _instances

    before = set(_instances)
    given = FitsViewer(images[0])
    frames = FitsFrames(given, images[1])
    with pytest.raises(BadRequest, match="no WCS"):
        FitsFrames(images[0], Dataset.of_array(np.zeros((80, 90), "f4")), align="sky")
    fresh = {_instances[key] for key in set(_instances) - before}
    assert {one for one in fresh if isinstance(one, FitsViewer)} == {given, *frames.viewers}
