import json
import warnings

import astrodata_kernel as adk
import numpy as np
import pytest
import traitlets
from astrodata_kernel.errors import (
    BadRequest,
    DamagedFile,
    TooLarge,
    UnreadableFile,
    UnsupportedFormat,
)
from astrodata_kernel.processing import measure, region_files
from astrodata_kernel.processing.image_parts import pixel_area
from astrodata_kernel.processing.region_shapes import (
    MOST,
    checked,
    region_of,
    regions_of,
    shapes_of,
)
from astrodata_kernel.processing.region_writing import written
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.modeling.models import Gaussian2D
from astropy.wcs import WCS
from astropy.wcs.utils import proj_plane_pixel_area
from contourpy import contour_generator
from photutils.aperture import CircularAperture, aperture_photometry
from regions import (
    CircleAnnulusPixelRegion,
    CirclePixelRegion,
    CircleSkyRegion,
    EllipsePixelRegion,
    LinePixelRegion,
    PixCoord,
    PointPixelRegion,
    PolygonPixelRegion,
    RectanglePixelRegion,
    Regions,
    TextPixelRegion,
)

Y, X = np.mgrid[:120, :150]
ALL = [
    {"shape": "circle", "x": 70.0, "y": 60.0, "radius": 12.0, "text": "a; star", "color": "#ff0000"},
    {"shape": "ellipse", "x": 30.0, "y": 40.0, "width": 30.0, "height": 8.0, "angle": 30.0},
    {"shape": "box", "x": 100.0, "y": 70.0, "width": 20.0, "height": 9.0, "angle": 75.0, "group": "g 1"},
    {"shape": "polygon", "points": [[10.0, 10.0], [40.0, 12.0], [25.0, 33.0]], "group": "g 1"},
    {"shape": "line", "points": [[5.0, 100.0], [105.0, 25.0]], "exclude": True},
    {"shape": "point", "x": 71.4, "y": 59.6, "color": "cyan"},
]  # fmt: skip


@pytest.fixture
def wcs():
    made = WCS(naxis=2)
    made.wcs.ctype, made.wcs.crval, made.wcs.crpix = ("RA---TAN", "DEC--TAN"), (10, 60), (75, 60)
    made.wcs.cd = np.array([[-0.8, 0.6], [0.6, 0.8]]) / 3600
    return made


@pytest.fixture
def values():
    return Gaussian2D(1000, 70, 60, 3, 3)(X, Y) + np.random.default_rng(2).normal(50, 1, X.shape)


@pytest.fixture
def viewer(values, wcs, tmp_path):
    header = wcs.to_header()
    header["BUNIT"] = "Jy"
    path = tmp_path / "star.fits"
    fits.writeto(path, values, header)
    return adk.FitsViewer(path)


def _nearly(shapes, others):
    assert [one["shape"] for one in shapes] == [one["shape"] for one in others]
    for one, other in zip(shapes, others, strict=True):
        assert one.keys() == other.keys()
        for key, value in one.items():
            if isinstance(value, (float, list)):
                np.testing.assert_allclose(np.asarray(other[key]), value, atol=2e-4)
            else:
                assert other[key] == value


# --- shapes and regions -------------------------------------------------------------------------------


def test_shapes_are_the_regions_of_the_package_and_come_back_the_same() -> None:
    kinds = ["Circle", "Ellipse", "Rectangle", "Polygon", "Line", "Point"]
    found = regions_of(checked(ALL))
    assert [type(one).__name__ for one in found] == [f"{kind}PixelRegion" for kind in kinds]
    assert found[0].meta["text"] == "a; star"
    assert found[2].meta["tag"] == ["g 1"]
    back, notes = shapes_of(found)
    assert back == ALL
    assert not notes


def test_what_the_viewer_cannot_show_is_told() -> None:
    ring = CircleAnnulusPixelRegion(PixCoord(5, 5), 2, 4)
    both = CirclePixelRegion(PixCoord(1, 1), 2) | CirclePixelRegion(PixCoord(2, 1), 2)
    shapes, notes = shapes_of([ring, both, ring, TextPixelRegion(PixCoord(3, 4), "here")])
    assert shapes == [{"shape": "point", "x": 3.0, "y": 4.0, "text": "here"}]
    assert "2 CircleAnnulusPixelRegions are left out" in notes[0]
    assert "1 CompoundPixelRegion is left out" in notes[1]
    assert "shown as a point" in notes[2]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"shape": "star", "x": 1, "y": 2}, "'star' is no shape"),
        ({"shape": "circle", "x": 1, "y": 2}, "'radius' is missing"),
        ({"shape": "circle", "x": 1, "y": 2, "radius": 0}, "without an extent"),
        ({"shape": "circle", "x": np.nan, "y": 2, "radius": 1}, "nan is no place"),
        ({"shape": "point", "x": 1e300, "y": 2}, "no place"),
        ({"shape": "polygon", "points": [[1, 2], [3, 4]]}, "with 2 points"),
        ({"shape": "point", "x": 1, "y": 2, "color": "url(#x)"}, "is no colour"),
        ({"shape": "point", "x": "left", "y": 2}, "left"),
        (5, "is no shape"),
    ],
)
def test_a_shape_that_is_none_is_refused_by_its_number(wrong, said) -> None:
    with pytest.raises(BadRequest, match=rf"region 1: .*{said}"):
        checked([ALL[0], wrong])


# --- files --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["ds9", "crtf"])
@pytest.mark.parametrize("sky", [False, True])
def test_a_file_that_was_written_is_read_by_the_package_and_by_the_viewer(form, sky, wcs) -> None:
    text = written(ALL, form, wcs if sky else None)
    theirs = Regions.parse(text, format=form)
    assert len(theirs) == len(ALL)
    mine, notes = region_files.parse(text)
    assert not notes
    wanted = [{**one} for one in ALL]
    if form == "crtf":  # knows no groups
        wanted = [{key: value for key, value in one.items() if key != "group"} for one in wanted]
    for found in (mine, theirs):
        _nearly(wanted, shapes_of(found, wcs)[0])


def test_ds9_counts_from_one_and_has_half_axes() -> None:
    text = written(ALL[:2])
    assert "circle(71.000000,61.000000,12.000000)" in text
    assert "ellipse(31.000000,41.000000,15.000000,4.000000,30.000000)" in text


def test_a_file_of_ds9_with_all_that_people_write_is_understood(wcs) -> None:
    text = """# Region file format: DS9 version 4.1; made by hand
global color=green dashlist=8 3 width=1 font="helvetica 10 normal roman" select=1
image
circle 11 21 5 # text={one; two} color=red tag={bright}
-ellipse(11,21,5,3); box(30,40,10,20)
# composite(50,50,0) || composite=1
point(51,51) || # point=x
line(1,1,5,5)
icrs;circle(0:40:00.0,+60:00:00.0,5") # text='the middle'
image
# text(5,6) text={a note}
"""
    regions, notes = region_files.parse(text, "hand.reg")
    shapes, more = shapes_of(regions, wcs)
    assert not notes
    assert more == ["1 TextPixelRegion is shown as a point"]
    names = ["circle", "ellipse", "box", "point", "line", "circle", "point"]
    assert [one["shape"] for one in shapes] == names
    assert (shapes[0]["x"], shapes[0]["color"], shapes[0]["text"]) == (10, "red", "one; two")
    assert shapes[0]["group"] == "bright"
    assert shapes[1]["exclude"]
    assert shapes[2]["angle"] == 0
    assert shapes[3]["group"] == shapes[4]["group"] == "composite 1"
    assert shapes[5]["radius"] == pytest.approx(5, rel=1e-6)
    assert (shapes[5]["x"], shapes[5]["y"]) == pytest.approx((74, 59), abs=1e-6)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("image\ncircle(1,2,3)\n  circl(1,2,3)", "line 3, column 3: 'circl' is no shape"),
        ("image\ncircle(10,2O,30)", "line 2, column 11: '2O' is no number"),
        ("image; point(1,2); circle(1,2", "line 1, column 26: the bracket is never closed"),
        ("circle 1,2,3)", "line 1, column 13: a bracket closes"),
        ("polygon(1,2,3,4)", "line 1, column 9: a polygon of 4 numbers"),
        ("point(1,2) # text={no end", "line 1, column 19: the brace is never closed"),
        ("point(1,2) 7", "line 1, column 12: '7' is not understood"),
        ("fk5\npoint(10,95)", "line 2, column 1: Latitude"),
        ("\n%&!", "line 2, column 1: '%&!' is no shape"),
        ("#CRTF\ncircle[[1pix, 2pix], 3]", "line 2, column 22: 3 has no unit"),
        ("#CRTF\n circle[[1pix, 2pix], 3pix", "line 2, column 8: the bracket is never closed"),
        ("#CRTFv0\n\nring[[1pix, 2pix], 3pix]", "line 3, column 1: 'ring' is no region"),
        ("#CRTF\ncircle(1,2,3)", "line 2, column 7: '\\[' is wanted"),
        ("#CRTF\ncircle[[1pix, twopix], 3pix]", "line 2, column 15: 'twopix' is no number"),
        ("#CRTF\ncircle[[1pix, 2pix], 3pix], hue=red", "line 2, column 1: \"hue\""),
        ("#CRTF\ncircle[[1pix, 2pix]]", "line 2, column 1: Not in proper format"),
    ],
)  # fmt: skip
def test_a_syntax_error_names_file_line_and_column_and_changes_nothing(
    text, said, viewer, tmp_path
) -> None:
    path = tmp_path / "wrong.reg"
    path.write_text(text)
    viewer.shapes = ALL
    with pytest.raises(DamagedFile, match=f"^wrong.reg, {said}"):
        viewer.load_regions(path)
    with pytest.raises(DamagedFile):
        viewer.regions = path
    assert viewer.shapes == ALL


def test_what_a_file_has_beyond_the_viewer_is_told_with_its_line(viewer) -> None:
    text = "image\nannulus(5,5,2,4)\nvector(1,2,3,4)\nphysical\ncircle(1,2,3)\n"
    text += 'image;circle(9,9,2")\npoint(3,4)'
    with pytest.warns(UserWarning, match="left out") as told:
        viewer.add_regions(text)
    said = "\n".join(str(one.message) for one in told)
    assert "line 3: a vector is left out" in said
    assert "line 5: a circle in 'physical' is left out" in said
    assert "line 6: " in said
    assert "1 CircleAnnulusPixelRegion is left out" in said
    assert [one["shape"] for one in viewer.shapes] == ["point"]


def test_files_that_are_none_are_refused_in_words(viewer, tmp_path) -> None:
    with pytest.raises(UnreadableFile, match=r"none\.reg"):
        viewer.load_regions(tmp_path / "none.reg")
    (tmp_path / "binary.reg").write_bytes(b"circle\0(1,2,3)")
    with pytest.raises(UnsupportedFormat, match="is no text"):
        viewer.load_regions(tmp_path / "binary.reg")
    (tmp_path / "latin.reg").write_bytes("point(1,2) # text={Größe}".encode("latin-1"))
    assert viewer.load_regions(tmp_path / "latin.reg")[0].meta["text"] == "Größe"
    many = "\n".join(["point(1,2)"] * (MOST + 1))
    with pytest.raises(TooLarge, match="more than 5,000"):
        region_files.parse(many, "many.reg")
    with pytest.raises(BadRequest, match=r"\.reg"):
        viewer.save_regions(tmp_path / "regions.txt")
    flat = adk.FitsViewer(adk.Dataset.of_array(np.zeros((5, 5))))
    with pytest.raises(BadRequest, match="no WCS"):
        flat.regions = "fk5; circle(10,20,5)"
    with pytest.raises(BadRequest, match="no WCS"):
        flat.save_regions(tmp_path / "sky.reg", sky=True)


# --- the viewer ---------------------------------------------------------------------------------------


def test_regions_are_set_by_pixels_sky_files_and_text(viewer, wcs, tmp_path) -> None:
    centre = SkyCoord(10, 60, unit="deg")
    viewer.regions = [CircleSkyRegion(centre, 7 * u.arcsec), PointPixelRegion(PixCoord(1, 2))]
    circle, point = viewer.regions
    assert isinstance(viewer.regions, Regions)
    assert (circle.center.x, circle.center.y, circle.radius) == pytest.approx((74, 59, 7), abs=1e-5)
    assert viewer.sky_regions[0].center.separation(centre) < 1e-6 * u.arcsec
    viewer.selected = 1
    assert viewer.selected[0].center.x == point.center.x
    assert viewer.selected_shapes == [1]
    viewer.regions = EllipsePixelRegion(PixCoord(3, 4), 5, 6, 7 * u.deg)
    assert viewer.selected_shapes == []
    added = viewer.add_regions("image; circle(4,5,6)")
    assert added[0].center.x == 3
    assert (len(viewer.shapes), viewer.selected_shapes) == (2, [1])
    path = viewer.save_regions(tmp_path / "out.crtf", sky=False, selected=True)
    assert [type(one).__name__ for one in Regions.read(path, format="crtf")] == [
        "CirclePixelRegion"
    ]
    path = viewer.save_regions(tmp_path / "out.reg")
    assert Regions.read(path)[0].to_pixel(wcs).width == pytest.approx(5, rel=1e-6)
    assert adk.FitsViewer(viewer.dataset, regions=str(path)).shapes[1]["radius"] == pytest.approx(6)
    for wrong in (5, [5], {"shape": "star"}):
        with pytest.raises(BadRequest):
            viewer.regions = wrong
    with pytest.raises((traitlets.TraitError, BadRequest)):
        viewer.selected = [7]
    assert len(viewer.shapes) == 2


def test_regions_and_contours_are_part_of_the_state_and_of_the_code(viewer) -> None:
    viewer.shapes = ALL
    viewer.contours(levels=[200, 500], color="red")
    state = viewer.state()
    assert json.loads(json.dumps(state)) == state
    assert state["shapes"] == ALL
    again = eval(viewer.code(), {"adk": adk})
    assert again.state() == state
    viewer.contours(np.zeros((4, 4)) + np.eye(4), levels=[0.5])
    assert len(viewer.state()["contour_sets"]) == 1
    viewer.clear_contours()
    assert "contour_sets" not in viewer.state()


def test_a_figure_has_the_regions_and_contours_on_it(viewer) -> None:
    before = viewer.figure().axes[0]
    marks = len(before.patches) + len(before.lines)
    viewer.shapes = ALL
    lines = sum(len(found) for found in viewer.contours(levels=[300]).values())
    after = viewer.figure().axes[0]
    assert len(after.patches) + len(after.lines) == marks + len(ALL) + lines
    assert [text.get_text() for text in after.texts] == ["a; star"]


def test_the_browser_reads_and_writes_files_through_requests(viewer) -> None:
    viewer.shapes = ALL
    reply = viewer.request("regions_write", form="ds9", sky=True)
    assert reply.meta["name"] == "star.reg"
    back = viewer.request("regions_read", text=bytes(reply.buffers[0]).decode(), name="star.reg")
    _nearly(ALL, back.meta["shapes"])
    assert len(viewer.shapes) == len(ALL)
    with pytest.raises(DamagedFile, match="line 1, column 1"):
        viewer.request("regions_read", text="circl(1,2,3)", name="x.reg")


# --- measuring ----------------------------------------------------------------------------------------


def test_each_region_is_measured_on_the_pixels_that_the_package_finds_inside(
    viewer, values
) -> None:
    viewer.shapes = ALL
    table = viewer.measure()
    assert table["shape"].tolist() == [one["shape"] for one in ALL]
    assert table["mean"].unit == u.Jy
    for row, region in zip(table[:4], viewer.regions[:4], strict=True):
        inside = region.to_mask(mode="center").to_image(values.shape) > 0
        found = values[inside]
        assert row["pixels"] == found.size
        assert row["sum"].value == pytest.approx(found.sum())
        assert row["median"].value == pytest.approx(np.median(found))
        assert row["std"].value == pytest.approx(found.std())
        assert row["area"].to_value("arcsec2") == pytest.approx(found.size, rel=1e-5)
    along = measure.line(values, (5, 100), (105, 25))["value"]
    assert table["mean"][4].value == pytest.approx(along.mean())
    assert table["sum"][5].value == pytest.approx(values[60, 71])
    viewer.selected = [2, 0]
    assert viewer.measure()["region"].tolist() == [2, 0]
    assert viewer.measure(3)["region"].tolist() == [3]
    with pytest.raises(BadRequest, match="no region 9"):
        viewer.measure(9)


def test_the_panel_gets_the_same_numbers_and_a_curve(viewer, values) -> None:
    shapes = checked(ALL)
    reply = viewer.request("measure", shapes=shapes[:1], curve="histogram")
    row = viewer_row = reply.meta["rows"][0]
    inside = values[np.hypot(X - 70, Y - 60) < 12]
    assert row["sum"] == pytest.approx(inside.sum())
    assert json.loads(json.dumps(viewer_row)) == row
    low, high, count = reply.array()[0]
    assert count.sum() == inside.size
    assert (low[0], high[-1]) == pytest.approx((inside.min(), inside.max()), rel=1e-6)
    table = measure.histogram(values, region_of(shapes[0]), bins=10)
    assert table["count"].tolist() == np.histogram(inside, 10)[0].tolist()

    growth = viewer.request("measure", shapes=shapes[:1], curve="growth", annulus=[20, 30])
    facts = {fact["name"]: fact["value"] for fact in growth.meta["facts"]}
    aperture = aperture_photometry(values, CircularAperture((70, 60), 12))["aperture_sum"][0]
    assert facts["flux"] == pytest.approx(aperture - facts["sky of a pixel"] * np.pi * 144)
    assert growth.array()[0, 1, -1] == pytest.approx(facts["flux"], rel=1e-5)

    radial = viewer.request("measure", shapes=shapes[:1], curve="radial", fit="gauss")
    facts = {fact["name"]: fact["value"] for fact in radial.meta["facts"]}
    assert facts["FWHM"] == pytest.approx(3 * 2.3548, rel=0.03)
    assert facts["FWHM on the sky"] == pytest.approx(facts["FWHM"], rel=1e-4)
    dot = viewer.request("measure", shapes=shapes[5:], curve="radial", radius=15)
    assert dot.array().shape == (1, 3, 15)

    line = viewer.request("measure", shapes=shapes[4:5], curve="line", width=3)
    np.testing.assert_allclose(
        line.array()[0, 1], measure.line(values, (5, 100), (105, 25), 3)["value"], rtol=1e-6
    )
    with pytest.raises(BadRequest, match="draw a line"):
        viewer.request("measure", shapes=shapes[:1], curve="line")
    with pytest.raises(BadRequest, match="no growth"):
        viewer.request("measure", shapes=shapes[1:2], curve="growth")


def test_what_has_no_value_gives_no_number_and_no_error(tmp_path) -> None:
    blank = adk.FitsViewer(adk.Dataset.of_array(np.full((40, 40), np.nan)))
    circle = {"shape": "circle", "x": 20, "y": 20, "radius": 6}
    for curve in ("histogram", "growth", "radial"):
        row = blank.request("measure", shapes=[circle], curve=curve).meta["rows"][0]
        assert (row["pixels"], row["mean"]) == (0, None)
        assert row["blank"] == 109
    away = {"shape": "circle", "x": 900, "y": 20, "radius": 6}
    assert blank.request("measure", shapes=[away], curve="histogram").meta["rows"][0]["pixels"] == 0
    one = adk.FitsViewer(adk.Dataset.of_array(np.ones((1, 1))))
    dot = {"shape": "point", "x": 0.2, "y": -0.3}
    assert one.request("measure", shapes=[dot]).meta["rows"][0]["sum"] == 1
    assert one.contours(levels=3) is not None


class Watched:
    """An array of ones that notes the largest part that was read."""

    dtype = np.dtype("f4")

    def __init__(self, rows, columns):
        self.shape, self.largest, self.read = (rows, columns), 0, 0

    def __getitem__(self, key):
        part = np.ones(
            [len(range(*k.indices(n))) for k, n in zip(key, self.shape, strict=True)], "f4"
        )
        self.largest, self.read = max(self.largest, part.size), self.read + part.size
        return part


def test_a_large_region_is_read_in_blocks_and_a_huge_one_refused() -> None:
    watched = Watched(30_000, 30_000)
    table = measure.statistics(watched, RectanglePixelRegion(PixCoord(9000, 9000), 4000, 4000))
    assert table["sum"][0] == table["pixels"][0] == pytest.approx(4000**2, rel=1e-3)
    assert watched.largest <= 1 << 20
    watched.read = 0
    with pytest.raises(BadRequest, match="16 million"):
        measure.statistics(watched, CirclePixelRegion(PixCoord(9000, 9000), 4000))
    with pytest.raises(BadRequest, match="give 2 to"):
        measure.radial(watched, (9000, 9000), 4000)
    assert watched.read == 0
    measure.line(watched, (0, 0), (29_000, 29_000), width=5)
    assert watched.largest <= 1 << 20
    assert watched.read < 20_000_000


def test_the_solid_angle_of_a_pixel_is_that_of_the_wcs(wcs) -> None:
    area = proj_plane_pixel_area(wcs) * 3600**2
    assert pixel_area(wcs, 75, 60) == pytest.approx(area, rel=1e-6)
    assert np.isnan(pixel_area(None, 1, 1))


# --- contours -----------------------------------------------------------------------------------------


def test_contours_are_those_of_contourpy_on_the_same_pixels(values) -> None:
    found = measure.contours(values, [200, 600])
    for level, lines in found.items():
        wanted = contour_generator(z=values).lines(level)
        assert len(lines) == len(wanted)
        np.testing.assert_allclose(np.concatenate(lines), np.concatenate(wanted))
    assert len(measure.contours(values, 4)) == 4
    values[60, 70] = np.nan
    assert len(measure.contours(values, [600])[600.0]) >= 1


def test_contours_of_a_large_image_come_from_a_small_reading() -> None:
    class Hill(Watched):
        def __getitem__(self, key):
            super().__getitem__(key)
            axes = [np.arange(n)[k] for k, n in zip(key, self.shape, strict=True)]
            return np.exp(
                -(((axes[0][:, None] - 9000) / 3000) ** 2 + ((axes[1] - 7000) / 3000) ** 2)
            )

    hill = Hill(16_000, 16_000)
    line = np.concatenate(measure.contours(hill, [0.5])[0.5])
    radius = np.hypot(line[:, 0] - 7000, line[:, 1] - 9000)
    np.testing.assert_allclose(radius, 3000 * np.sqrt(np.log(2)), atol=2)
    assert hill.read < 2_000_000


def test_contours_of_another_image_lie_where_its_sky_is(viewer, wcs, tmp_path) -> None:
    # The same sky twice as coarse and turned: the star lies at (30, 20) there.
    other = WCS(naxis=2)
    other.wcs.ctype = wcs.wcs.ctype
    star = wcs.pixel_to_world(70, 60)
    other.wcs.crval, other.wcs.crpix = (star.ra.deg, star.dec.deg), (31, 21)
    other.wcs.cdelt = (-2 / 3600, 2 / 3600)
    y, x = np.mgrid[:50, :60]
    path = tmp_path / "other.fits"
    fits.writeto(path, Gaussian2D(1, 30, 20, 4, 4)(x, y), other.to_header())
    found = viewer.contours(path, levels=[0.5], smooth=0)
    line = np.concatenate(found[0.5])
    radius = np.hypot(line[:, 0] - 70, line[:, 1] - 60)
    np.testing.assert_allclose(radius, 2 * 4 * np.sqrt(2 * np.log(2)), atol=0.2)
    shown = viewer.contour_sets[0]
    sent = viewer.request("contours", contours=shown).array()[0]
    np.testing.assert_allclose(sent[: len(found[0.5][0])], found[0.5][0], rtol=1e-5)
    again = eval(viewer.code(), {"adk": adk})
    assert again.request("contours", contours=shown).meta["shape"] == [1, len(sent), 2]
    # Without a sky they lie where their own pixels are.
    plain = viewer.contours(
        adk.Dataset.of_array(Gaussian2D(1, 30, 20, 4, 4)(x, y)), [0.5], smooth=0
    )
    centre = np.concatenate(plain[0.5]).mean(axis=0)
    assert centre == pytest.approx((30, 20), abs=0.3)
    assert viewer.contours(viewer, levels=2).keys() == viewer.contours(levels=2).keys()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda v: v.contours(levels=[]), "1 to 50 numbers"),
        (lambda v: v.contours(levels=[np.nan]), "1 to 50 numbers"),
        (lambda v: v.contours(levels=0), "1 to 50"),
        (lambda v: v.contours(levels="high"), "how many"),
        (lambda v: v.contours(5), "no contours"),
        (lambda v: v.contours(smooth=-1), "smoothing"),
        (lambda v: v.contours(np.random.default_rng(1).normal(size=(2000, 2000)), 50, smooth=0), "more than"),
        (lambda v: setattr(v, "contour_sets", [{"levels": []}]), "give source and levels"),
    ],
)  # fmt: skip
def test_contours_that_cannot_be_drawn_are_refused_in_words(viewer, wrong, said) -> None:
    with pytest.raises(BadRequest, match=said):
        wrong(viewer)
    assert viewer.contour_sets == []


def test_contours_of_an_image_that_is_gone_are_told(viewer) -> None:
    gone = {"source": "memory:1", "levels": [1.0]}
    with pytest.raises(adk.errors.UnknownName, match="draw them anew"):
        viewer.request("contours", contours=gone)


def test_nothing_heavy_is_loaded_for_a_viewer_without_regions() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        viewer = adk.FitsViewer(adk.Dataset.of_array(np.zeros((4, 4))))
    assert viewer.shapes == viewer.selected_shapes == viewer.contour_sets == []


def test_polygons_of_the_package_that_are_regular_are_polygons() -> None:
    from regions import RegularPolygonPixelRegion

    shapes, _ = shapes_of([RegularPolygonPixelRegion(PixCoord(5, 5), 6, 3)])
    assert len(shapes[0]["points"]) == 6
    assert (
        shapes_of([PolygonPixelRegion(PixCoord([1, 2, 3], [1, 5, 2]))])[0][0]["shape"] == "polygon"
    )
    assert shapes_of([LinePixelRegion(PixCoord(1, 2), PixCoord(3, 4))])[0][0]["points"][1] == [3, 4]


@pytest.mark.parametrize(
    "text",
    [
        "global color=red\n" * 5000 + "image\ncircle(1,2,3)\n" * 5000,
        "#CRTFv0\n" + "global coord=J2000\n" * 5000 + "circle[[1pix, 2pix], 3pix]\n" * 5000,
    ],
)
def test_global_statements_without_end_are_refused_by_their_line(text) -> None:
    with pytest.raises(TooLarge, match=r"line 10[12]: more than 100 global"):
        region_files.parse(text)
