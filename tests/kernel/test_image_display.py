"""The astronomy display API: images and catalogues by label, in astropy's words."""

import inspect

import astrodata_kernel as adk
import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.nddata import CCDData, NDData
from astropy.table import Table
from astropy.visualization import (
    AsinhStretch,
    AsymmetricPercentileInterval,
    HistEqStretch,
    LogStretch,
    ManualInterval,
    MinMaxInterval,
    PercentileInterval,
    PowerStretch,
    SqrtStretch,
    ZScaleInterval,
)
from astropy.wcs import WCS

API = (
    *("load_image", "get_image", "image_labels", "set_cuts", "get_cuts", "set_stretch"),
    *("get_stretch", "set_colormap", "get_colormap", "save", "load_catalog", "get_catalog"),
    *("remove_catalog", "catalog_labels", "set_catalog_style", "get_catalog_style"),
    *("set_viewport", "get_viewport"),
)
"""The names of ImageViewerInterface in astro-image-display-api."""


@pytest.fixture
def display():
    made = adk.ImageDisplay()
    yield made
    made.close()


@pytest.fixture
def wcs():
    made = WCS(naxis=2)
    made.wcs.ctype = ("RA---TAN", "DEC--TAN")
    made.wcs.crval, made.wcs.crpix, made.wcs.cdelt = (150, 2), (30.5, 20.5), (-0.001, 0.001)
    return made


@pytest.fixture
def image():
    return np.random.default_rng(0).normal(100, 5, (40, 60)).astype("f4")


def test_has_the_whole_api_and_says_what_each_does():
    for name in API:
        member = inspect.getattr_static(adk.ImageDisplay, name)
        assert inspect.getdoc(member), name


@pytest.mark.parametrize("kind", ["path", "dataset", "array", "hdu", "nddata", "ccd"])
def test_takes_what_people_have(display, image, wcs, tmp_path, kind):
    path = tmp_path / "sky.fits"
    CCDData(image, unit="adu", wcs=wcs).write(path)
    given = {
        "path": path,
        "dataset": lambda: adk.open(path),
        "array": image,
        "hdu": fits.PrimaryHDU(image, wcs.to_header()),
        "nddata": NDData(image, wcs=wcs),
        "ccd": CCDData(image, unit="adu", wcs=wcs),
    }[kind]
    display.load_image(given() if callable(given) else given, image_label="one")
    viewer = display.viewers["one"]
    np.testing.assert_array_equal(viewer.request("tile", level=0, x=0, y=0).array()[0], image)
    assert (viewer.dataset.wcs is None) == (kind == "array")
    assert viewer.dataset.meta.get("unit", "") == (
        "" if kind in ("array", "hdu", "nddata") else "adu"
    )
    display.load_image(display.get_image(), image_label="again")
    assert display.image_labels == ("one", "again")


def test_a_label_is_needed_where_there_are_several(display, image):
    display.load_image(image)
    assert display.image_labels == ()
    assert display.get_colormap() == "gray"
    display.load_image(image, image_label="a")
    display.set_colormap("magma")
    assert display.get_colormap("a") == "magma"
    display.load_image(image, image_label="b")
    for call in (display.get_viewport, display.get_cuts, display.get_image):
        with pytest.raises(ValueError, match="Multiple image labels defined: 'a', 'b'"):
            call()
        with pytest.raises(ValueError, match="Image label 'c' not found: there are 'a', 'b'"):
            call(image_label="c")


def test_the_newest_image_is_on_show_and_buttons_choose_another(display, image):
    assert "No image yet" in display.children[0].value
    display.load_image(image, image_label="a")
    assert display.children == (display.viewers["a"],)
    display.load_image(image, image_label="b")
    buttons, shown = display.children
    assert shown is display.viewers["b"]
    buttons.value = "a"
    assert display.children[1] is display.viewers["a"]


def test_an_image_of_the_same_label_replaces_it(display, image):
    display.load_image(image, image_label="a")
    display.set_cuts((0, 1))
    first = display.viewers["a"]
    display.load_image(2 * image, image_label="a")
    assert display.viewers["a"] is not first
    assert first.comm is None
    assert isinstance(display.get_cuts(), ZScaleInterval)
    assert len(display.children) == 1


@pytest.mark.parametrize(
    ("cuts", "limits"),
    [
        ((95.0, 105.0), [95.0, 105.0]),
        (ManualInterval(90, 110), [90.0, 110.0]),
        (MinMaxInterval(), "minmax"),
        (PercentileInterval(99.5), "99.5%"),
        (ZScaleInterval(), "zscale"),
    ],
)
def test_cuts_are_the_viewers_limits(display, image, cuts, limits):
    display.load_image(image)
    display.set_cuts(cuts)
    assert display.viewers[None].limits == limits
    kept = display.get_cuts()
    assert kept is cuts or kept.get_limits(image) == cuts


def test_other_intervals_are_taken_from_the_pixels(display, image):
    display.load_image(image)
    interval = AsymmetricPercentileInterval(2, 60)
    display.set_cuts(interval)
    assert display.viewers[None].limits == pytest.approx(list(np.percentile(image, [2, 60])))
    assert display.get_cuts() is interval


def test_what_a_hand_changed_is_told(display, image):
    display.load_image(image)
    display.set_cuts((95, 105))
    display.set_stretch(LogStretch())
    display.set_viewport(center=(3, 4), fov=10)
    viewer = display.viewers[None]
    viewer.limits, viewer.stretch, viewer.colormap, viewer.reverse = (
        [1.0, 2.0],
        "sqrt",
        "heat",
        True,
    )
    viewer.view = {"x": 10.0, "y": 11.0, "zoom": viewer.height / 20}
    assert display.get_cuts().get_limits(image) == (1.0, 2.0)
    assert isinstance(display.get_stretch(), SqrtStretch)
    assert display.get_colormap() == "heat_r"
    assert display.get_viewport() == {"center": (10, 11), "fov": 20, "image_label": None}


def test_wrong_cuts_change_nothing(display, image):
    display.load_image(image)
    for wrong in ("zscale", (1, 2, 3), None):
        with pytest.raises(TypeError, match="must be"):
            display.set_cuts(wrong)
    with pytest.raises(ValueError, match="low < high"):
        display.set_cuts((5, 5))
    assert isinstance(display.get_cuts(), ZScaleInterval)


def test_cuts_of_a_constant_image(display):
    display.load_image(np.full((5, 6), 7.0))
    display.set_cuts(AsymmetricPercentileInterval(1, 99))
    low, high = display.viewers[None].limits
    assert low < 7 < high or low <= 7 < high


@pytest.mark.parametrize("name", ["linear", "sqrt", "square", "log", "asinh", "sinh", "histogram"])
def test_each_stretch_of_the_viewer_has_one_of_astropy(display, image, name):
    display.load_image(image)
    viewer = display.viewers[None]
    viewer.stretch = name
    given = display.get_stretch()
    viewer.stretch = "linear"
    display.set_stretch(given)
    assert viewer.stretch == name
    assert display.get_stretch() is given


def test_stretches_that_the_viewer_lacks(display, image):
    display.load_image(image)
    for wrong in (LogStretch(17), AsinhStretch(0.3), PowerStretch(0.4)):
        with pytest.raises(ValueError, match=r"no stretch .* there are LinearStretch"):
            display.set_stretch(wrong)
    with pytest.raises(TypeError, match="not valid"):
        display.set_stretch("log")
    display.set_stretch(HistEqStretch(image))
    assert display.viewers[None].stretch == "histogram"


def test_what_is_set_before_an_image_is_the_images(display, image):
    before = display.get_stretch()
    assert display.get_stretch() is before
    display.set_stretch(AsinhStretch())
    display.set_cuts((1, 2))
    display.set_colormap("viridis_r")
    display.load_image(image, image_label="late")
    viewer = display.viewers["late"]
    assert (viewer.stretch, viewer.limits) == ("asinh", [1.0, 2.0])
    assert (viewer.colormap, viewer.reverse) == ("viridis", True)
    with pytest.raises(ValueError, match="unknown"):
        adk.ImageDisplay().set_colormap("jet")


def test_colour_maps_by_matplotlibs_names(display, image):
    display.load_image(image)
    for name, made in (("gray", "grey"), ("gray_r", "grey"), ("inferno_r", "inferno")):
        display.set_colormap(name)
        assert display.viewers[None].colormap == made
        assert display.viewers[None].reverse == name.endswith("_r")
        assert display.get_colormap() == name
    with pytest.raises(ValueError, match="'jet' is unknown: there are cool, "):
        display.set_colormap("jet")


def test_viewport_in_pixels(display, image):
    display.load_image(image)
    assert display.get_viewport() == {"center": (29.5, 19.5), "fov": 60, "image_label": None}
    display.set_viewport(center=(10, 12))
    display.set_viewport(fov=30)
    assert display.get_viewport() == {"center": (10, 12), "fov": 30, "image_label": None}
    viewer = display.viewers[None]
    assert viewer.view == {"x": 10, "y": 12, "zoom": viewer.height / 30}


def test_viewport_on_the_sky_agrees_with_astropy(display, image, wcs):
    display.load_image(NDData(image, wcs=wcs))
    centre = SkyCoord(150.01, 2.005, unit="deg")
    display.set_viewport(center=centre, fov=36 * u.arcsec)
    sky = display.get_viewport()
    assert sky["center"] is centre
    assert sky["fov"] == 36 * u.arcsec
    pixel = display.get_viewport("pixel")
    assert pixel["center"] == pytest.approx([float(v) for v in wcs.world_to_pixel(centre)])
    assert pixel["fov"] == pytest.approx(10)
    display.set_viewport(**pixel)
    again = display.get_viewport("sky")
    assert again["center"].separation(centre) < 1e-6 * u.arcsec
    assert again["fov"].to_value("arcsec") == pytest.approx(36)


def test_viewports_that_cannot_be(display, image, wcs):
    display.load_image(image, image_label="plain")
    with pytest.raises(TypeError, match="Center must be a tuple"):
        display.set_viewport(center=SkyCoord(1, 2, unit="deg"))
    with pytest.raises(TypeError, match="FOV must be a float"):
        display.set_viewport(fov=1 * u.arcmin)
    with pytest.raises(ValueError, match="WCS is not set"):
        display.get_viewport("sky")
    with pytest.raises(ValueError, match="sky_or_pixel must be"):
        display.get_viewport("screen")
    with pytest.raises(u.UnitTypeError, match="Incorrect unit for fov"):
        display.set_viewport(fov=3 * u.m)
    for wrong in ({"center": "here"}, {"center": (1, 2, 3)}, {"fov": "wide"}):
        with pytest.raises(TypeError, match="Invalid value"):
            display.set_viewport(**wrong)
    for wrong in ({"fov": 0}, {"fov": -3}, {"center": (np.nan, 0)}):
        with pytest.raises(ValueError, match="finite numbers"):
            display.set_viewport(**wrong)
    display.load_image(NDData(image, wcs=wcs), image_label="sky")
    with pytest.raises(ValueError, match="reaches"):
        display.set_viewport(center=SkyCoord(330, -2, unit="deg"), image_label="sky")


def test_looks_do_not_move_the_picture(display, image):
    display.load_image(image)
    display.set_viewport(center=(30, 20), fov=12)
    before = display.get_viewport()
    display.set_cuts((1, 2))
    display.set_stretch(LogStretch())
    display.set_colormap("magma")
    assert display.get_viewport() == before


def test_saves_what_is_on_show(display, image, tmp_path):
    target = tmp_path / "seen.png"
    display.save(target)
    assert target.read_bytes().startswith(b"\x89PNG")
    with pytest.raises(FileExistsError, match="overwrite"):
        display.save(target)
    with pytest.raises(ValueError, match="no image"):
        display.save(tmp_path / "nothing.fits")
    display.load_image(image, image_label="a")
    display.load_image(2 * image, image_label="b")
    display.save(target, overwrite=True)
    display.save(tmp_path / "b.fits")
    display.save(tmp_path / "a.fits", image_label="a")
    np.testing.assert_array_equal(fits.getdata(tmp_path / "b.fits"), 2 * image)
    np.testing.assert_array_equal(fits.getdata(tmp_path / "a.fits"), image)


@pytest.fixture
def stars(wcs):
    x, y = np.array([5.0, 30.0, 55.0]), np.array([4.0, 20.0, 36.0])
    return Table({"x": x, "y": y, "coord": wcs.pixel_to_world(x, y), "mag": [1.0, 2.0, 3.0]})


@pytest.mark.parametrize("columns", ["xy", "sky", "all"])
def test_rows_lie_where_astropy_puts_them(display, image, wcs, stars, columns):
    display.load_image(NDData(image, wcs=wcs))
    given = {"xy": ["x", "y", "mag"], "sky": ["coord", "mag"], "all": stars.colnames}[columns]
    display.load_catalog(stars[given], use_skycoord=columns != "xy", catalog_label="stars")
    viewer = display.viewers[None]
    viewer.select_rows("stars", [0, 1, 2])
    found = display.get_catalog()
    np.testing.assert_allclose(found["x"], stars["x"], atol=1e-6)
    np.testing.assert_allclose(found["y"], stars["y"], atol=1e-6)
    assert max(found["coord"].separation(stars["coord"])) < 1e-6 * u.arcsec
    assert list(found["mag"]) == [1, 2, 3]
    viewer.goto_row("stars", 2)
    assert (viewer.view["x"], viewer.view["y"]) == pytest.approx((55, 36), abs=1e-5)


def test_columns_by_other_names_and_the_table_stays(display, image, stars):
    display.load_image(image)
    table = Table({"col": stars["x"], "row": stars["y"], "coord": ["a", "b", "c"]})
    before = table.copy()
    display.load_catalog(table["col", "row"], x_colname="col", y_colname="row")
    assert table.colnames == before.colnames
    found = display.get_catalog(x_colname="i", y_colname="j", skycoord_colname="sky")
    assert sorted(found.colnames) == ["i", "j", "sky"]
    assert list(found["sky"]) == [None] * 3
    assert display.viewers[None].catalogues["catalog"].columns.first == "x"


def test_catalogues_without_the_columns_that_are_needed(display, image, stars):
    display.load_image(image)
    with pytest.raises(ValueError, match="Cannot use pixel coordinates without pixel columns"):
        display.load_catalog(stars["coord", "mag"])
    with pytest.raises(ValueError, match="Cannot use sky coordinates without"):
        display.load_catalog(stars["x", "y"], use_skycoord=True)
    with pytest.raises(ValueError, match="Cannot use pixel coordinates without"):
        display.load_catalog(stars["mag",], use_skycoord=False)
    assert display.viewers[None].catalogues == {}


def test_styles_are_drawn(display, image, stars):
    assert display.get_catalog_style()["color"] == "red"
    with pytest.raises(ValueError, match="Must load a catalog before"):
        display.set_catalog_style(color="blue")
    display.load_image(image)
    display.load_catalog(stars["x", "y", "mag"], catalog_label="s", catalog_style={"size": 9})
    drawn = display.viewers[None].catalogues["s"]
    assert (drawn.marker, drawn.color, drawn.size) == ("circle", "red", 9)
    display.set_catalog_style(shape="crosshair", color="mag", size=12, note="mine")
    assert (drawn.marker, drawn.color, drawn.size) == ("cross", "mag", 12)
    style = display.get_catalog_style()
    assert style == {
        "shape": "crosshair",
        "color": "mag",
        "size": 12,
        "note": "mine",
        "catalog_label": "s",
    }
    display.set_catalog_style(**style)
    with pytest.raises(ValueError, match="shape 'star' is unknown"):
        display.set_catalog_style(shape="star")
    display.load_catalog(stars["x", "y", "mag"], catalog_label="s")
    assert display.get_catalog_style() == style
    assert display.get_catalog_style("none of these") == {}


def test_catalogues_go_over_images_that_come_later(display, image, wcs, stars):
    display.load_catalog(stars, catalog_label="a", use_skycoord=True)
    display.load_catalog(stars["coord", "mag"], catalog_label="sky only", use_skycoord=True)
    display.load_image(image, image_label="plain")
    display.load_image(NDData(image, wcs=wcs), image_label="sky")
    assert list(display.viewers["plain"].catalogues) == ["a"]
    assert list(display.viewers["sky"].catalogues) == ["a", "sky only"]
    with pytest.raises(ValueError, match="Multiple catalog styles defined"):
        display.get_catalog()
    display.remove_catalog("a")
    assert display.catalog_labels == ("sky only",)
    assert list(display.viewers["plain"].catalogues) == []
    assert len(display.get_catalog("x", "y", "coord", "gone")) == 0
    with pytest.raises(ValueError, match="'gone' not found: there are 'sky only'"):
        display.remove_catalog("gone")
    with pytest.raises(TypeError, match="from a list"):
        display.remove_catalog(["a"])
    display.remove_catalog("*")
    assert display.catalog_labels == ()
    assert display.viewers["sky"].catalogues == {}


def test_further_keywords_are_ignored(display, image, stars, tmp_path):
    display.load_image(image, flavour="odd")
    display.load_catalog(stars["x", "y"], flavour="odd")
    display.set_cuts((1, 2), flavour="odd")
    display.set_viewport(fov=3, flavour="odd")
    display.save(tmp_path / "one.png", flavour="odd")
    assert display.get_viewport(flavour="odd")["fov"] == 3
