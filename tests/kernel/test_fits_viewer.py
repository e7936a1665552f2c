from pathlib import Path

import astrodata_kernel as adk
import numpy as np
import pytest
import traitlets
from astrodata_kernel.errors import AstrodataError, BadRequest, UnsupportedFormat
from astrodata_kernel.widgets.base import STATIC
from astropy.coordinates import SkyCoord
from astropy.io import fits

DATA = Path(__file__).parent.parent / "data"
M13 = DATA / "compressed" / "m13.fits"
GALACTIC_CENTRE = DATA.parent.parent / "examples" / "data" / "image_2mass_k_galactic_centre.fits"


@pytest.fixture
def cube(tmp_path: Path) -> Path:
    path = tmp_path / "cube.fits"
    fits.writeto(path, np.arange(3 * 4 * 5, dtype="f4").reshape(3, 4, 5))
    return path


def test_the_built_bundle_is_there_and_small_enough_for_each_cell_to_carry() -> None:
    assert (STATIC / "fits.js").stat().st_size < 250_000
    assert (STATIC / "fits.css").stat().st_size > 0


def test_a_tile_at_full_resolution_is_the_array() -> None:
    viewer = adk.FitsViewer(M13)
    reply = viewer.request("tile", level=0, x=0, y=0)
    assert (reply.meta["shape"], reply.meta["dtype"]) == ([1, 300, 300], "i2")
    np.testing.assert_array_equal(reply.array()[0], fits.getdata(M13))


@pytest.mark.parametrize("codec", ["rice", "gzip", "hcomp", "plio"])
def test_each_compressed_twin_gives_the_same_tile(codec: str) -> None:
    viewer = adk.FitsViewer(DATA / "compressed" / f"m13_{codec}.fits")
    tile = viewer.request("tile", level=0, x=0, y=0).array()[0]
    np.testing.assert_array_equal(tile, fits.getdata(M13))


def test_tiles_of_a_scaled_image_hold_physical_values() -> None:
    viewer = adk.FitsViewer(GALACTIC_CENTRE)
    whole = fits.getdata(GALACTIC_CENTRE)
    reply = viewer.request("tile", level=0, x=1, y=1)
    assert (reply.meta["shape"], reply.meta["dtype"]) == ([1, 208, 209], "f4")
    np.testing.assert_allclose(reply.array()[0], whole[512:, 512:], rtol=1e-6)


def test_an_overview_covers_the_whole_image() -> None:
    reply = adk.FitsViewer(GALACTIC_CENTRE).request("overview", width=400)
    assert (reply.meta["shape"], reply.meta["step"]) == ([1, 360, 361], 2)
    assert reply.meta["reduction"] == "block mean"


def test_describe_tells_what_the_browser_needs_to_know() -> None:
    meta = adk.FitsViewer(GALACTIC_CENTRE).request("describe").meta
    assert (meta["width"], meta["height"], meta["planes"], meta["levels"]) == (721, 720, 1, 2)
    assert (meta["tile"], meta["frame"], meta["hdu"]) == (512, "FK5", 0)
    assert meta["hdus"][0]["viewable"] is True


def test_extensions_of_one_name_are_told_apart_and_empty_ones_cannot_be_picked() -> None:
    viewer = adk.FitsViewer(DATA / "mef_hst_wfpc2_4chip.fits")
    meta = viewer.request("describe").meta
    assert [(h["name"], h["version"]) for h in meta["hdus"][1:]] == [
        ("SCI", 1),
        ("SCI", 2),
        ("SCI", 3),
        ("SCI", 4),
    ]
    assert [h["viewable"] for h in meta["hdus"]] == [False, True, True, True, True]
    assert meta["hdus"][0]["note"]


def test_picking_another_hdu_shows_another_image() -> None:
    path = DATA / "mef_hst_wfpc2_4chip.fits"
    viewer = adk.FitsViewer(path, hdu=2)
    np.testing.assert_array_equal(
        viewer.request("tile", level=0, x=0, y=0).array()[0], fits.getdata(path, 2)
    )
    viewer.hdu = 4
    np.testing.assert_array_equal(
        viewer.request("tile", level=0, x=0, y=0).array()[0], fits.getdata(path, 4)
    )
    np.testing.assert_array_equal(
        viewer.request("tile", level=0, x=0, y=0, hdu=3).array()[0], fits.getdata(path, 3)
    )


def test_an_hdu_without_an_image_cannot_be_shown() -> None:
    viewer = adk.FitsViewer(DATA / "mef_hst_wfpc2_4chip.fits")
    with pytest.raises(AstrodataError):
        viewer.hdu = 0
    assert viewer.hdu == 1


def test_a_table_is_no_image_and_says_so() -> None:
    with pytest.raises(UnsupportedFormat, match=r"table_gaia_cone.*not an image"):
        adk.FitsViewer(DATA / "table_gaia_cone.fits")


def test_an_image_behind_a_table_is_found(tmp_path: Path) -> None:
    path = tmp_path / "both.fits"
    table = fits.BinTableHDU.from_columns([fits.Column("t", "E", array=[1.0, 2.0])])
    fits.HDUList([fits.PrimaryHDU(), table, fits.ImageHDU(np.eye(3))]).writeto(path)
    assert adk.FitsViewer(path).hdu == 2
    assert adk.view(path).hdu == 1


def test_a_plane_of_a_cube_is_its_own_image(cube: Path) -> None:
    viewer = adk.FitsViewer(cube)
    viewer.plane = 2
    np.testing.assert_array_equal(
        viewer.request("tile", level=0, x=0, y=0).array()[0], fits.getdata(cube)[2]
    )
    assert viewer.request("describe").meta["planes"] == 3


def test_a_viewer_begins_with_the_plane_that_it_is_told(cube: Path) -> None:
    assert adk.FitsViewer(cube, plane=2).plane == 2


def test_a_plane_beyond_the_cube_is_refused(cube: Path) -> None:
    with pytest.raises(BadRequest, match="planes 0 to 2"):
        adk.FitsViewer(cube).request("tile", level=0, x=0, y=0, plane=3)


def test_nan_travels_as_nan() -> None:
    viewer = adk.FitsViewer(DATA / "compressed" / "compressed_with_nan.fits")
    assert np.isnan(viewer.request("tile", level=0, x=0, y=0).array()).sum() == 1


def test_a_blank_integer_is_nan() -> None:
    viewer = adk.FitsViewer(DATA / "scaled" / "blank.fits")
    assert np.isnan(viewer.request("tile", level=0, x=0, y=0).array()).all()


def test_limits_are_those_of_the_image(cube: Path) -> None:
    viewer = adk.FitsViewer(cube)
    assert viewer.request("limits", limits="minmax").meta["low"] == 0
    assert viewer.request("limits", limits="minmax", plane=1).meta["high"] == 39
    assert viewer.request("limits", limits="minmax").meta["sampled"] is False


def test_limits_of_a_constant_image_lie_apart() -> None:
    meta = (
        adk.FitsViewer(DATA / "scaled" / "fixed-1890_uint16_constant.fits").request("limits").meta
    )
    assert meta["low"] < 1890 < meta["high"]


def test_the_read_out_is_the_pixel_and_its_place_on_the_sky() -> None:
    meta = adk.FitsViewer(GALACTIC_CENTRE).request("probe", x=100.4, y=199.6).meta
    assert (meta["x"], meta["y"]) == (100, 200)
    assert meta["value"] == pytest.approx(float(fits.getdata(GALACTIC_CENTRE)[200, 100]))
    assert meta["sky"]["frame"] == "FK5"

    from astropy.wcs import WCS

    lon, lat = WCS(fits.getheader(GALACTIC_CENTRE)).wcs_pix2world(100.4, 199.6, 0)
    assert (meta["sky"]["lon"], meta["sky"]["lat"]) == pytest.approx((float(lon), float(lat)))
    assert meta["sky"]["text"].startswith("17h4")


def test_the_read_out_of_a_nan_and_of_what_lies_outside() -> None:
    viewer = adk.FitsViewer(DATA / "scaled" / "blank.fits")
    inside = viewer.request("probe", x=0, y=0).meta
    outside = viewer.request("probe", x=-5, y=0).meta
    assert (inside["value"], inside["text"]) == (None, "NaN")
    assert (outside["value"], outside["text"]) == (None, "outside")


def test_an_image_without_wcs_has_no_sky(cube: Path) -> None:
    viewer = adk.FitsViewer(cube)
    assert viewer.request("probe", x=0, y=0).meta["sky"] is None
    assert viewer.request("describe").meta["frame"] == ""


def test_an_array_in_memory_is_viewed_too() -> None:
    viewer = adk.view(np.arange(6.0).reshape(2, 3))
    np.testing.assert_array_equal(
        viewer.request("tile", level=0, x=0, y=0).array(), [[[0, 1, 2], [3, 4, 5]]]
    )


@pytest.mark.parametrize("limits", ["minmax", "99.5%", [1.0, 2.0]])
def test_limits_can_be_set(limits: object) -> None:
    viewer = adk.FitsViewer(M13, limits=limits)
    assert viewer.limits == limits


@pytest.mark.parametrize("limits", ["zscaled", [2.0, 1.0], [0.0, float("nan")]])
def test_limits_that_mean_nothing_are_refused(limits: object) -> None:
    with pytest.raises(BadRequest):
        adk.FitsViewer(M13, limits=limits)


def test_an_unknown_stretch_is_refused_with_the_known_ones() -> None:
    with pytest.raises(traitlets.TraitError, match="linear"):
        adk.FitsViewer(M13, stretch="arcsinh")


def test_no_array_is_a_trait() -> None:
    state = adk.FitsViewer(GALACTIC_CENTRE).get_state()
    state = {k: v for k, v in state.items() if k not in ("_esm", "_css")}
    assert len(str(state)) < 2000
    assert not any(isinstance(v, (bytes, memoryview, np.ndarray)) for v in state.values())


def test_a_missing_file_is_told_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"nowhere\.fits"):
        adk.FitsViewer(tmp_path / "nowhere.fits")


def test_a_histogram_counts_each_pixel_of_the_plane(cube: Path) -> None:
    viewer = adk.FitsViewer(cube)
    reply = viewer.request("histogram", plane=1, low=20, high=39, bins=4)
    assert reply.array().ravel().tolist() == [5, 5, 5, 5]
    assert (reply.meta["below"], reply.meta["above"], reply.meta["sampled"]) == (0, 0, False)
    wide = viewer.request("histogram", plane=1, low=25, high=26, bins=4, wide=True)
    assert wide.meta["low"] <= 20.1
    assert wide.array().sum() >= 18


def test_places_are_told_in_the_system_that_is_wanted() -> None:
    viewer = adk.FitsViewer(GALACTIC_CENTRE, system="galactic", angles="degrees")
    galactic = viewer.request("probe", x=360, y=360).meta["sky"]
    assert galactic["frame"] == "Galactic"
    assert min(galactic["lon"], 360 - galactic["lon"]) < 1
    assert viewer.request("probe", x=360, y=360, system="icrs").meta["sky"]["frame"] == "ICRS"
    assert viewer.request("probe", x=360, y=360, system="pixel").meta["sky"] is None


def test_a_graticule_is_answered_for_the_part_that_is_seen() -> None:
    viewer = adk.FitsViewer(GALACTIC_CENTRE)
    reply = viewer.request("graticule", box=[100, 100, 400, 300], lines=5)
    points = reply.array()[0]
    assert points.shape[1] == 2
    good = points[~np.isnan(points[:, 0])]
    assert ((good >= [100, 100]) & (good <= [400, 300])).all()
    assert reply.meta["frame"] == "FK5"
    assert reply.meta["scale"] > 0
    nothing = adk.FitsViewer(DATA / "compressed" / "m13.fits").request(
        "graticule", box=[0, 0, 9, 9], system="pixel"
    )
    assert (nothing.array().size, nothing.meta["labels"]) == (0, [])


def test_one_goes_to_a_place_on_the_sky_or_to_a_pixel() -> None:
    viewer = adk.FitsViewer(GALACTIC_CENTRE)
    wcs = viewer.dataset.wcs
    viewer.goto(SkyCoord.from_pixel(100, 200, wcs), zoom=4)
    assert viewer.view == pytest.approx({"x": 100, "y": 200, "zoom": 4})
    viewer.goto(10, 20)
    assert viewer.view == {"x": 10.0, "y": 20.0, "zoom": 4.0}
    with pytest.raises(BadRequest, match="no place"):
        viewer.goto(np.nan, 1)


def test_places_that_are_none() -> None:
    viewer = adk.view(np.zeros((5, 6)))
    for x, y in ((float("nan"), 1), (1, float("inf")), ("a", 1)):
        with pytest.raises(BadRequest, match="is no place"):
            viewer.goto(x, y)
    for x, y in ((float("nan"), 1), (1, float("-inf"))):
        with pytest.raises(BadRequest, match="is no place"):
            viewer.request("probe", x=x, y=y)
