import numpy as np
import pytest
from astrodata_kernel import open as open_dataset
from astrodata_kernel.errors import BadRequest
from astrodata_kernel.processing import measure
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.modeling.models import Gaussian2D, Moffat2D
from astropy.wcs import WCS
from regions import CirclePixelRegion, CircleSkyRegion, PixCoord, PolygonPixelRegion

RNG = np.random.default_rng(2)
Y, X = np.mgrid[:120, :150]
SIGMA, FWHM = 3.0, 2.3548 * 3.0


@pytest.fixture
def star():
    """A star at (70.3, 60.8) with 1,000 at its top on a sky of 50."""
    return Gaussian2D(1000, 70.3, 60.8, SIGMA, SIGMA)(X, Y) + 50 + RNG.normal(0, 1, X.shape)


@pytest.fixture
def image(star, tmp_path):
    wcs = WCS(naxis=2)
    wcs.wcs.ctype, wcs.wcs.crval, wcs.wcs.crpix = ("RA---TAN", "DEC--TAN"), (10, 20), (75, 60)
    wcs.wcs.cdelt = (-1e-3, 1e-3)
    header = wcs.to_header()
    header["BUNIT"] = "Jy"
    path = tmp_path / "star.fits"
    fits.writeto(path, star, header)
    return open_dataset(path)


class Watched:
    """An array that notes how many pixels were read of it."""

    def __init__(self, values):
        self.values, self.shape, self.dtype, self.read = values, values.shape, values.dtype, 0

    def __getitem__(self, key):
        found = self.values[key]
        self.read += found.size
        return found


def test_statistics_are_those_of_the_pixels_whose_centre_is_inside(star) -> None:
    star[58, 71] = np.nan
    watched = Watched(star)
    circle = CirclePixelRegion(PixCoord(70, 60), 5)
    box = PolygonPixelRegion(PixCoord([-5, 3, 3, -5], [-5, -5, 3, 3]))
    away = CirclePixelRegion(PixCoord(-50, -50), 5)
    table = measure.statistics(watched, [circle, box, away])
    inside = np.hypot(X - 70, Y - 60) < 5
    values = star[inside & np.isfinite(star)]
    assert table["pixels"].tolist() == [values.size, 9, 0]
    assert table["blank"].tolist() == [1, 0, 0]
    assert table["sum"][0] == pytest.approx(values.sum())
    assert table["median"][0] == pytest.approx(np.median(values))
    assert table["std"][0] == pytest.approx(values.std())
    assert (table["x"][0], table["y"][0]) == (70, 61)
    assert np.isnan(table["mean"][2])
    assert watched.read < 300


def test_a_region_of_the_sky_is_placed_by_the_wcs_and_values_have_the_unit(image) -> None:
    from astropy import units as u

    sky = CircleSkyRegion(SkyCoord.from_pixel(70, 60, image.wcs), 5e-3 * u.deg)
    table = measure.statistics(image, sky)
    assert table["mean"].unit == u.Jy
    assert 60 <= table["pixels"][0] <= 90
    with pytest.raises(BadRequest, match="no WCS"):
        measure.statistics(image.array, sky)


def test_a_line_is_read_between_pixels_and_ends_in_nan() -> None:
    plane = (2.0 * X + 3 * Y).astype(float)
    table = measure.line(plane, (10, 10), (40, 50))
    assert len(table) == 51
    np.testing.assert_allclose(table["value"], 2 * table["x"] + 3 * table["y"])
    assert table["distance"][-1] == pytest.approx(50)
    wide = measure.line(plane, (10, 10), (40, 50), width=5)
    np.testing.assert_allclose(wide["value"], table["value"])
    beyond = measure.line(plane, (140, 10), (160, 10))
    assert np.isnan(beyond["value"][-1])
    assert np.isfinite(beyond["value"][0])
    assert np.isnan(measure.line(plane, (-90, -90), (-80, -80))["value"]).all()


@pytest.mark.parametrize(
    ("model", "fit", "fwhm"),
    [
        (Gaussian2D(1000, 70.3, 60.8, SIGMA, SIGMA), "gauss", FWHM),
        (Moffat2D(1000, 70.3, 60.8, 4.0, 2.5), "moffat", Moffat2D(1, 0, 0, 4.0, 2.5).fwhm),
    ],
)
def test_the_width_of_a_star_is_found_by_a_fit(model, fit, fwhm) -> None:
    plane = Watched(model(X, Y) + 50 + RNG.normal(0, 0.5, X.shape))
    found = measure.radial(plane, (69, 62), 25, fit=fit)
    assert found.centre == pytest.approx((70.3, 60.8), abs=0.15)
    assert found.fwhm == pytest.approx(fwhm, rel=0.05)
    assert found.background == pytest.approx(50, abs=4)
    assert found.table["value"][0] == pytest.approx(1000, rel=0.1)
    assert plane.read < 70 * 70
    kept = measure.radial(plane, (69, 62), 25, fit=fit, recentre=False)
    assert kept.centre == (69, 62)


def test_where_nothing_shines_there_is_no_width() -> None:
    flat = measure.radial(np.full((40, 40), 7.0), (20, 20), 10)
    assert np.isnan(flat.fwhm)
    assert flat.model is None
    blank = measure.radial(np.full((40, 40), np.nan), (20, 20), 10)
    assert np.isnan(blank.fwhm)


def test_the_curve_of_growth_reaches_the_whole_flux(star) -> None:
    table = measure.growth(star, (70.3, 60.8), 20)
    whole = 1000 * 2 * np.pi * SIGMA**2
    assert table["flux"][-1] == pytest.approx(whole, rel=0.01)
    assert table["area"][4] == pytest.approx(np.pi * 25)
    assert table.meta["background"] == pytest.approx(50, abs=0.5)
    within = measure.growth(star, (70.3, 60.8), 20, background=50)["flux"][2]
    assert within / whole == pytest.approx(1 - np.exp(-0.5), rel=0.02)


def test_photometry_takes_the_sky_of_each_source_off(image) -> None:
    whole = 1000 * 2 * np.pi * SIGMA**2
    table = measure.photometry(image, [[70.3, 60.8], [20, 20], [-99, 5]], 12, (15, 25))
    assert table["flux"].unit == "Jy"
    assert table["flux"][0].value == pytest.approx(whole, rel=0.01)
    assert table["background"][0].value == pytest.approx(50, abs=0.3)
    assert abs(table["flux"][1].value) < 200
    assert np.isnan(table["flux"][2].value)
    plain = measure.photometry(image, SkyCoord.from_pixel([70.3], [60.8], image.wcs), 12)
    assert plain["sum"][0] == plain["flux"][0]
    assert plain["pixels"][0] == pytest.approx(np.pi * 144)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda: measure.statistics(np.zeros((2, 2, 2)), []), "no image"),
        (lambda: measure.statistics(np.zeros((9, 9)), 5), "no region"),
        (lambda: measure.statistics(np.zeros((9, 9)), ["x"]), "no region"),
        (lambda: measure.radial(np.zeros((9, 9)), (50, 50), 5), "lies beyond"),
        (lambda: measure.radial(np.zeros((9, 9)), (5, 5), 0), "give 2 to"),
        (lambda: measure.radial(np.zeros((9, 9)), (5, 5), 5, fit="airy"), "moffat and gauss"),
        (lambda: measure.growth(np.zeros((9, 9)), (np.nan, 5), 5), "finite"),
        (lambda: measure.photometry(np.zeros((9, 9)), [[1, 1]], 5, (3, 4)), "ring outside"),
        (lambda: measure.line(np.zeros((9, 9)), (0, 0), (1e9, 0)), "too long"),
    ],
)
def test_what_cannot_be_measured_is_refused_in_words(wrong, said) -> None:
    with pytest.raises(BadRequest, match=said):
        wrong()


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (2, 3), (3, 3)])
def test_the_profile_of_an_image_of_few_pixels_is_measured_without_a_fit(shape) -> None:
    found = measure.radial(np.ones(shape), (0, 0), 2)
    assert found.centre == (0.0, 0.0)
    assert np.isnan(found.fwhm)
