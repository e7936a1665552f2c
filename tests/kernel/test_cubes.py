import subprocess
import sys
from pathlib import Path

import astrodata_kernel as adk
import numpy as np
import pytest
from astrodata_kernel.errors import AstrodataError, BadRequest, Cancelled, TooLarge
from astrodata_kernel.processing import cubes
from astrodata_kernel.readers.in_memory import of_hdu
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.wcs import WCS
from regions import CirclePixelRegion, CircleSkyRegion, PixCoord
from scipy.ndimage import map_coordinates

CO = Path(__file__).parent.parent.parent / "examples" / "data" / "cube_l1448_13co.fits"
REST = 110.201354 * u.GHz
RNG = np.random.default_rng(6)


@pytest.fixture(scope="module")
def co():
    return adk.open(CO)


@pytest.fixture(scope="module")
def values():
    return fits.getdata(CO).astype(float)


def written(path, values, **cards):
    header = fits.Header()
    header.update(CTYPE1="RA---TAN", CTYPE2="DEC--TAN", CRVAL1=10.0, CRVAL2=20.0)
    header.update(CDELT1=-1e-3, CDELT2=1e-3, CRPIX1=5.0, CRPIX2=5.0, BUNIT="Jy")
    header.update(cards)
    fits.writeto(path, values, header)
    return adk.open(path)


def small(path, shape=(6, 8, 9), **cards):
    return written(path, RNG.normal(size=shape).astype("f4"), **cards)


LINES = {"CRPIX3": 1.0, "RESTFRQ": REST.to_value(u.Hz)}


# --- the spectral axis -------------------------------------------------------------------------------


def test_the_axis_is_what_astropy_makes_of_the_header(co) -> None:
    axis = cubes.spectral_axis(co)
    wanted = WCS(fits.getheader(CO)).sub([3]).wcs_pix2world(np.arange(53)[:, None], 0)[:, 0]
    assert axis.unit == u.m / u.s
    np.testing.assert_allclose(axis.value, wanted, rtol=1e-12)
    np.testing.assert_allclose(cubes.spectral_axis(co, "km/s").value, wanted / 1000, rtol=1e-12)
    numbers = cubes.spectral_axis(co, "channel")
    assert numbers.value.tolist() == list(range(53))


def test_velocities_become_frequencies_by_the_rest_frequency_and_the_convention(co) -> None:
    speed = cubes.spectral_axis(co)
    found = cubes.spectral_axis(co, u.GHz, rest=REST)
    plain = u.Quantity(speed.value, speed.unit)
    np.testing.assert_allclose(found.value, plain.to_value(u.GHz, u.doppler_optical(REST)))
    radio = cubes.spectral_axis(co, "km/s", "radio", rest=REST)
    wanted = plain.to(u.GHz, u.doppler_optical(REST)).to_value("km/s", u.doppler_radio(REST))
    np.testing.assert_allclose(radio.value, wanted)
    with pytest.raises(BadRequest, match="no rest frequency"):
        cubes.spectral_axis(co, "GHz")


@pytest.mark.parametrize(
    ("cards", "kind", "unit"),
    [
        ({"CTYPE3": "FREQ", "CRVAL3": 1.1e11, "CDELT3": 1e6, "CUNIT3": "Hz"}, "frequency", "Hz"),
        ({"CTYPE3": "FREQ", "CRVAL3": 110.0, "CDELT3": 1e-3, "CUNIT3": "GHz"}, "frequency", "GHz"),
        ({"CTYPE3": "FREQ", "CRVAL3": 1.1e11, "CDELT3": -1e6}, "frequency", "Hz"),
        ({"CTYPE3": "FREQ-LOG", "CRVAL3": 1.1e11, "CDELT3": 1e9}, "frequency", "Hz"),
        ({"CTYPE3": "VRAD", "CRVAL3": 1e3, "CDELT3": 50.0, "CUNIT3": "m/s"}, "velocity", "m / s"),
        ({"CTYPE3": "VELO", "CRVAL3": 1.0, "CDELT3": 0.5, "CUNIT3": "km/s"}, "velocity", "km / s"),
        ({"CTYPE3": "VOPT-F2W", "CRVAL3": 1e6, "CDELT3": 1e4}, "velocity", "m / s"),
        ({"CTYPE3": "WAVE", "CRVAL3": 2.1, "CDELT3": 1e-3, "CUNIT3": "um"}, "wavelength", "um"),
        (
            {"CTYPE3": "WAVE-LOG", "CRVAL3": 500.0, "CDELT3": 1.0, "CUNIT3": "nm"},
            "wavelength",
            "nm",
        ),
        (
            {"CTYPE3": "AWAV", "CRVAL3": 4750.0, "CDELT3": 1.25, "CUNIT3": "Angstrom"},
            "air wavelength",
            "Angstrom",
        ),
    ],
)
def test_each_kind_of_axis_is_told_in_its_own_unit_and_in_all_others(
    tmp_path, cards, kind, unit
) -> None:
    cube = small(tmp_path / "cube.fits", **LINES, **cards)
    axes = cubes.axes_of(cube)
    assert (axes.kind, u.Unit(axes.unit)) == (kind, u.Unit(unit))
    reference = WCS(fits.getheader(tmp_path / "cube.fits")).sub([3])
    wanted = reference.wcs_pix2world(np.arange(6)[:, None], 0)[:, 0] * reference.wcs.cunit[0]
    axis = cubes.spectral_axis(cube)
    np.testing.assert_allclose(axis.to_value(wanted.unit), wanted.value, rtol=1e-9)
    for other in ("GHz", "Angstrom", "km/s", "eV"):
        told = cubes.spectral_axis(cube, other)
        assert told.unit == u.Unit(other)
        assert np.isfinite(told.value).all()
    if kind == "frequency":
        relativistic = cubes.spectral_axis(cube, "km/s", "relativistic")
        plain = u.Quantity(axis.value, axis.unit)
        np.testing.assert_allclose(
            relativistic.value, plain.to_value("km/s", u.doppler_relativistic(REST)), rtol=1e-9
        )


def test_wavelengths_in_air_are_those_in_vacuum_to_frequencies(tmp_path) -> None:
    cards = {"CTYPE3": "AWAV", "CRVAL3": 4750.0, "CDELT3": 1.25, "CUNIT3": "Angstrom"}
    cube = small(tmp_path / "muse.fits", **LINES, **cards)
    reference = WCS(fits.getheader(tmp_path / "muse.fits")).sub([3])
    reference.wcs.sptr("WAVE-A2W")  # wcslib's own way
    vacuum = reference.wcs_pix2world(np.arange(6)[:, None], 0)[:, 0] * u.m
    found = cubes.spectral_axis(cube, "GHz").value
    np.testing.assert_allclose(found, vacuum.to_value("GHz", u.spectral()), rtol=1e-9)


def test_words_that_are_no_ctype_are_understood_all_the_same(tmp_path) -> None:
    cube = small(tmp_path / "old.fits", CTYPE3="velocity", CRVAL3=3.0, CDELT3=2.0, CUNIT3="km/s")
    np.testing.assert_allclose(cubes.spectral_axis(cube, "km/s").value, 5 + 2.0 * np.arange(6))
    aips = small(
        tmp_path / "aips.fits",
        CTYPE3="VELO-LSR",
        CRVAL3=1e3,
        CDELT3=10.0,
        CRPIX3=1.0,
        VELREF=257,
        CUNIT3="m/s",
    )
    assert (cubes.axes_of(aips).convention, cubes.axes_of(aips).frame) == ("radio", "LSRK")


@pytest.mark.parametrize(
    "cards",
    [
        {"CTYPE3": "FREQ", "CRVAL3": 1e9, "CDELT3": 1e6, "CUNIT3": "furlong"},
        {"CTYPE3": "FREQ", "CRVAL3": "nine", "CDELT3": 1e6},
        {"CTYPE3": "WAVE-TAB", "CRVAL3": 1.0, "CDELT3": 1.0},
        {"CTYPE3": "WAVE-LOG", "CRVAL3": -1.0, "CDELT3": 1.0},
        {"CTYPE3": "VOPT-F2W", "CRVAL3": 1e3, "CDELT3": 10.0},
    ],
)
def test_a_spectral_axis_without_sense_gives_channel_numbers_and_says_why(tmp_path, cards) -> None:
    cube = small(tmp_path / "odd.fits", **cards)
    axes = cubes.axes_of(cube)
    assert axes.kind == "channel"
    assert "channels are numbered" in axes.note
    assert cubes.spectral_axis(cube).value.tolist() == list(range(6))
    with pytest.raises(BadRequest, match="no spectral axis"):
        cubes.spectral_axis(cube, "GHz")
    assert cubes.moment(cube, 0).header["BUNIT"] == "Jy"
    assert np.isfinite(cubes.moment(cube, 1).data).any()


def test_a_cube_without_a_header_has_channels() -> None:
    cube = adk.Dataset.of_array(RNG.normal(size=(4, 5, 6)))
    assert cubes.spectral_axis(cube).value.tolist() == [0, 1, 2, 3]
    assert cubes.plane_names(cube)[2] == "channel 2"


@pytest.mark.parametrize("unit", ["Jy", "nonsense", 7, "s"])
def test_a_unit_that_is_none_of_spectra_is_refused(co, unit) -> None:
    with pytest.raises(BadRequest, match="no unit of spectra"):
        cubes.spectral_axis(co, unit)


@pytest.mark.parametrize("rest", ["-3 GHz", "3 Jy", "words", [1, 2] * u.GHz, "nan GHz"])
def test_a_rest_that_is_none_is_refused(co, rest) -> None:
    with pytest.raises(BadRequest, match="no rest frequency or wavelength"):
        cubes.spectral_axis(co, "GHz", rest=rest)


def test_a_cube_with_an_axis_of_no_length_says_so() -> None:
    cube = adk.Dataset.of_array(np.zeros((0, 4, 5)))
    for ask in (cubes.spectral_axis, cubes.moment, cubes.plane_names):
        with pytest.raises(BadRequest, match="axis of length 0"):
            ask(cube)
    with pytest.raises(BadRequest, match="no cube"):
        cubes.spectral_axis(np.zeros((4, 5)))


# --- polarisations -----------------------------------------------------------------------------------


def test_planes_of_four_axes_are_named_by_polarisation_and_channel(tmp_path) -> None:
    stokes = {"CTYPE4": "STOKES", "CRVAL4": 1.0, "CDELT4": 1.0, "CRPIX4": 1.0}
    axis = {"CTYPE3": "FREQ", "CRVAL3": 1e9, "CDELT3": 1e6}
    cube = small(tmp_path / "iquv.fits", (4, 6, 8, 9), **axis, **stokes)
    names = cubes.plane_names(cube)
    assert (names[0], names[5], names[6], names[23]) == (
        "I, channel 0",
        "I, channel 5",
        "Q, channel 0",
        "V, channel 5",
    )
    whole = np.asarray(cube.array)
    found = cubes.spectrum(cube, 3, 2, stokes="U")
    np.testing.assert_array_equal(found["value"].value, whole[2, :, 2, 3])
    np.testing.assert_allclose(
        cubes.moment(cube, 0, stokes=3).data, whole[3].astype(float).sum(axis=0) * 1e6, rtol=1e-9
    )
    blocks = cubes.rechunk(cube)
    fast = cubes.Cube(cube)
    fast.blocks = blocks
    np.testing.assert_array_equal(cubes.spectrum(fast, 3, 2, stokes="U")["value"], found["value"])
    with pytest.raises(BadRequest, match="no Stokes 'X': there are I, Q, U, V"):
        cubes.spectrum(cube, 3, 2, stokes="X")


def test_the_order_of_stokes_and_channels_does_not_matter(tmp_path) -> None:
    stokes = {"CTYPE3": "STOKES", "CRVAL3": -5.0, "CDELT3": -1.0, "CRPIX3": 1.0}
    axis = {"CTYPE4": "VRAD", "CRVAL4": 1e3, "CDELT4": 1e2, "CUNIT4": "m/s", "CRPIX4": 1.0}
    cube = small(tmp_path / "linear.fits", (6, 2, 8, 9), **axis, **stokes)
    assert cubes.plane_names(cube)[:3] == ["XX, channel 0", "YY, channel 0", "XX, channel 1"]
    found = cubes.spectrum(cube, 0, 0, stokes="YY")
    np.testing.assert_array_equal(found["value"].value, np.asarray(cube.array)[:, 1, 0, 0])
    np.testing.assert_allclose(found["velocity"].value, 1e3 + 1e2 * np.arange(6))


# --- spectra -----------------------------------------------------------------------------------------


def test_the_spectrum_at_a_pixel_is_its_column_of_the_cube(co, values) -> None:
    table = cubes.spectrum(co, 50.4, 19.6, unit="km/s")
    np.testing.assert_array_equal(table["value"], values[:, 20, 50])
    assert table["velocity"].unit == u.km / u.s
    assert table["pixels"].tolist() == [1] * 53


@pytest.mark.parametrize(
    ("statistic", "by"), [("mean", np.mean), ("sum", np.sum), ("median", np.median)]
)
def test_the_spectrum_in_a_region_is_that_of_the_pixels_inside(co, values, statistic, by) -> None:
    y, x = np.mgrid[:105, :105]
    inside = np.hypot(x - 100, y - 50) < 7.5
    wanted = by(values[:, inside], axis=1)
    sky = co.wcs.pixel_to_world(100, 50)
    scale = 0.006388889 * u.deg
    fast = cubes.Cube(co)
    fast.blocks = cubes.rechunk(co)
    for cube in (co, fast):
        for region in (
            {"shape": "circle", "x": 100, "y": 50, "radius": 7.5},
            CirclePixelRegion(PixCoord(100, 50), 7.5),
            CircleSkyRegion(sky, 7.5 * scale),
        ):
            table = cubes.spectrum(cube, region, statistic=statistic)
            np.testing.assert_allclose(table["value"], wanted, rtol=1e-6)
            assert table["pixels"][0] == inside.sum()


def test_pixels_without_a_value_do_not_count_and_channels_of_them_have_none(tmp_path) -> None:
    whole = RNG.normal(size=(5, 8, 9))
    whole[2] = np.nan
    whole[3, :4] = np.nan
    cube = written(tmp_path / "holes.fits", whole)
    for statistic, by in (("mean", np.nanmean), ("sum", np.nansum), ("median", np.nanmedian)):
        table = cubes.spectrum(
            cube,
            {"shape": "box", "x": 4, "y": 4, "width": 5, "height": 5, "angle": 0},
            statistic=statistic,
        )
        part = whole[:, 2:7, 2:7].reshape(5, -1)
        assert table["pixels"].tolist() == np.isfinite(part).sum(axis=1).tolist()
        assert np.isnan(table["value"][2])
        keep = [0, 1, 3, 4]
        np.testing.assert_allclose(table["value"].value[keep], by(part[keep], axis=1))
    for order in (0, 1, 2):
        assert np.isfinite(cubes.moment(cube, order, channels=(2, 2)).data).sum() == 0


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ((200, 3), "lies outside"),
        ((np.nan, 3), "finite"),
        (({"shape": "circle", "x": 500, "y": 3, "radius": 2},), "no pixel of the cube"),
        (({"shape": "circle", "x": 5, "y": 3, "radius": 1e8},), "too large"),
        (({"shape": "star"},), "no shape"),
        (({"shape": "circle", "x": 5},), "missing"),
        (("a", 3), "two numbers"),
        ((7,), "no region"),
    ],
)
def test_places_that_are_none_are_refused(co, where, said) -> None:
    with pytest.raises(BadRequest, match=said):
        cubes.spectrum(co, *where)


# --- moments -----------------------------------------------------------------------------------------


def test_moments_are_those_of_the_formulas(co, values) -> None:
    speed = cubes.spectral_axis(co, "km/s").value[:, None, None]
    taken = np.where(values >= 0.3, values, 0)
    with np.errstate(invalid="ignore"):
        mean = (taken * speed).sum(axis=0) / taken.sum(axis=0)
        spread = np.sqrt((taken * (speed - mean) ** 2).sum(axis=0) / taken.sum(axis=0))
    found = [cubes.moment(co, order, unit="km/s", threshold=0.3) for order in (0, 1, 2)]
    width = 0.06642361
    np.testing.assert_allclose(
        found[0].data[taken.any(axis=0)], (taken.sum(axis=0) * width)[taken.any(axis=0)], rtol=1e-6
    )
    np.testing.assert_allclose(found[1].data, mean, rtol=1e-9)
    np.testing.assert_allclose(found[2].data, spread, rtol=1e-6, atol=1e-6)
    assert np.isnan(found[0].data[~taken.any(axis=0)]).all()
    assert [one.header["BUNIT"] for one in found] == ["km s-1"] * 3
    whole = cubes.moment(co, 0)
    np.testing.assert_allclose(whole.data, values.sum(axis=0) * 66.42361, rtol=1e-6)


def test_a_map_has_the_sky_of_the_cube(co) -> None:
    hdu = cubes.moment(co, 0)
    sky, wanted = WCS(hdu.header), WCS(fits.getheader(CO)).celestial
    x, y = np.array([0, 104.0, 40]), np.array([3, 50, 104.0])
    np.testing.assert_allclose(
        sky.wcs_pix2world(x, y, 0), wanted.wcs_pix2world(x, y, 0), rtol=1e-12
    )
    dataset = of_hdu(hdu, "integrated")
    assert (dataset.kind, dataset.meta["unit"]) == ("image", "m s-1")
    np.testing.assert_allclose(dataset.wcs.wcs_pix2world(x, y, 0), wanted.wcs_pix2world(x, y, 0))


def test_channels_are_chosen_by_number_or_by_value(co, values) -> None:
    by_number = cubes.moment(co, 0, channels=(40, 10)).data
    np.testing.assert_allclose(by_number, values[10:41].sum(axis=0) * 66.42361, rtol=1e-6)
    axis = cubes.spectral_axis(co, "km/s").value
    ends = [axis[10] - 0.01, axis[40] + 0.01] * u.km / u.s
    np.testing.assert_array_equal(cubes.moment(co, 0, spectral_range=ends).data, by_number)
    for wrong in (
        {"channels": (0, 53)},
        {"channels": "all"},
        {"spectral_range": [90, 95] * u.km / u.s},
    ):
        with pytest.raises(BadRequest, match="channel"):
            cubes.moment(co, 0, **wrong)
    with pytest.raises(BadRequest, match="order 3"):
        cubes.moment(co, 3)


def test_channels_of_unequal_width_count_by_their_width(tmp_path) -> None:
    cards = {"CTYPE3": "WAVE-LOG", "CRVAL3": 500.0, "CDELT3": 50.0, "CUNIT3": "nm", "CRPIX3": 1.0}
    cube = small(tmp_path / "log.fits", **cards)
    edges = 500 * np.exp((np.arange(7) - 0.5) * 50 / 500)
    wanted = (np.asarray(cube.array, float) * np.diff(edges)[:, None, None]).sum(axis=0)
    found = cubes.moment(cube, 0)
    np.testing.assert_allclose(found.data, wanted, rtol=1e-9)
    assert u.Unit(found.header["BUNIT"]) == u.Jy * u.nm


# --- slices ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [1, 4])
def test_a_slice_is_what_scipy_finds_between_the_pixels(co, values, width) -> None:
    path = [(10.2, 12.7), (60, 80), (100, 30)]
    found, header = cubes.position_velocity(co, path, width=width)
    corners = np.array(path)
    lengths = np.hypot(*np.diff(corners, axis=0).T)
    at = np.linspace(0, lengths.sum(), round(lengths.sum()) + 1)
    along = np.concatenate([[0], np.cumsum(lengths)])
    points = np.column_stack([np.interp(at, along, corners[:, i]) for i in (0, 1)])
    step = np.gradient(points, axis=0)
    normal = np.column_stack([-step[:, 1], step[:, 0]]) / np.hypot(*step.T)[:, None]
    wanted = np.mean(
        [
            [map_coordinates(channel, (points + k * normal).T[::-1], order=1) for channel in values]
            for k in np.arange(width) - (width - 1) / 2
        ],
        axis=0,
    )
    np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-12)
    places = co.wcs.pixel_to_world(*points.T)
    total = places[:-1].separation(places[1:]).sum()
    assert header["CDELT1"] * (len(points) - 1) == pytest.approx(total.deg)
    wcs = WCS(header)
    axis = cubes.spectral_axis(co)
    np.testing.assert_allclose(wcs.wcs_pix2world([[0, 52]], 0)[0], [0, axis[52].value], atol=1e-9)


def test_a_slice_along_places_on_the_sky_and_of_some_channels(co) -> None:
    ends = [(20, 20), (70, 60)]
    sky = SkyCoord([co.wcs.pixel_to_world(*end) for end in ends])
    by_pixel, _ = cubes.position_velocity(co, ends)
    by_sky, header = cubes.position_velocity(co, sky, channels=(5, 9))
    np.testing.assert_allclose(by_sky, by_pixel[5:10], rtol=1e-6, atol=1e-7)
    axis = cubes.spectral_axis(co)
    assert WCS(header).wcs_pix2world([[0, 0]], 0)[0, 1] == pytest.approx(axis[5].value)


def test_a_slice_beyond_the_image_and_over_blanks_has_no_values_there(tmp_path) -> None:
    whole = RNG.normal(size=(3, 10, 12))
    whole[1, 4, 5] = np.nan
    cube = written(tmp_path / "holes.fits", whole)
    found, header = cubes.position_velocity(cube, [(-4, 4), (15, 4)])
    assert np.isnan(found[:, :4]).all()
    assert np.isnan(found[:, 16:]).all()
    np.testing.assert_allclose(found[0, 4:16], whole[0, 4])
    assert np.isnan(found[1, 9])
    np.testing.assert_allclose(found[1, 4:9], whole[1, 4, :5])  # a neighbour that is not asked
    assert header["CTYPE2"] == "CHANNEL"
    for path in ([(1, 1)], [(0, 0), (0, 0)], [(0, 0), (1e9, 0)], [(0, np.inf), (1, 1)]):
        with pytest.raises(BadRequest):
            cubes.position_velocity(cube, path)
    with pytest.raises(BadRequest, match="width"):
        cubes.position_velocity(cube, [(0, 0), (5, 5)], width=0)


# --- out of memory -----------------------------------------------------------------------------------


def test_a_dask_array_of_the_cube_gives_its_values(co, values) -> None:
    pytest.importorskip("dask")
    lazy = cubes.lazy(co)
    assert lazy.shape == co.shape
    np.testing.assert_allclose(
        lazy.mean(axis=0).compute(), values.mean(axis=0), rtol=1e-4, atol=1e-6
    )


def test_the_file_of_spectra_holds_the_same_values_whatever_the_memory(co, tmp_path) -> None:
    whole = np.asarray(co.array)
    for memory in (1 << 12, 1 << 18, 1 << 28):
        blocks = cubes.rechunk(co, folder=tmp_path, memory=memory)
        everything = blocks.spectra(slice(0, 105), slice(0, 105))
        np.testing.assert_array_equal(everything.transpose(2, 0, 1), whole)
        blocks.close()
        assert list(tmp_path.iterdir()) == []


def test_the_file_of_spectra_is_refused_beyond_the_disk_and_goes_when_it_is_given_up(
    co, tmp_path
) -> None:
    with pytest.raises(TooLarge, match="on disk"):
        cubes.rechunk(co, folder=tmp_path, disk=1000)
    shares = []

    def check() -> None:
        if len(shares) == 3:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        cubes.rechunk(co, folder=tmp_path, memory=1 << 18, check=check, progress=shares.append)
    assert shares == sorted(shares)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("work", ["moment", "position_velocity", "spectrum"])
def test_long_work_tells_how_far_it_is_and_is_given_up_when_asked(co, work) -> None:
    more = {
        "moment": (),
        "position_velocity": ([(0, 0), (90, 90)],),
        "spectrum": ({"shape": "circle", "x": 50, "y": 50, "radius": 30},),
    }[work]
    shares: list[float] = []
    getattr(cubes, work)(co, *more, progress=shares.append)
    assert shares[-1] == 1

    def stop() -> None:
        raise Cancelled("enough")

    with pytest.raises(Cancelled):
        getattr(cubes, work)(co, *more, check=stop)


HUGE = """
import resource, sys
import numpy as np
import astrodata_kernel as adk
from astrodata_kernel.processing import cubes
from astropy.table import QTable
from regions import CirclePixelRegion
from scipy.ndimage import map_coordinates
ds = adk.open(sys.argv[1])
cubes.spectrum(ds, 0, 0)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
table = cubes.spectrum(ds, 700, 300)
assert table["value"].value[5] == 7 and np.count_nonzero(table["value"]) == 1
region = {"shape": "circle", "x": 700, "y": 300, "radius": 5}
assert abs(cubes.spectrum(ds, region, statistic="sum")["value"].value[5] - 7) < 1e-6
assert cubes.moment(ds, 0, channels=(0, 9)).data[300, 700] == 7
image, _ = cubes.position_velocity(ds, [(690, 300), (710, 300)])
assert image[5, 10] == 7
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def test_a_cube_larger_than_memory_is_worked_on_in_little_of_it(tmp_path) -> None:
    # 3.4 GB that are a hole on the disk but for one value.
    shape = (810, 1024, 1024)
    header = fits.PrimaryHDU(np.zeros((1, 1, 1), "f4")).header
    header.update({f"NAXIS{i + 1}": n for i, n in enumerate(reversed(shape))})
    path = tmp_path / "huge.fits"
    with path.open("wb") as file:
        head = header.tostring().encode()
        file.write(head)
        file.seek(len(head) + 4 * ((5 * 1024 + 300) * 1024 + 700))
        file.write(np.array([7], ">f4").tobytes())
        size = len(head) + 4 * int(np.prod(shape))
        file.truncate(-(-size // 2880) * 2880)
    found = subprocess.run(
        [sys.executable, "-c", HUGE, str(path)], capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stderr
    assert int(found.stdout) < 300


# --- the viewer --------------------------------------------------------------------------------------


def test_the_viewer_gives_spectra_moments_and_slices_in_its_unit(values) -> None:
    viewer = adk.view(CO)
    assert viewer.spectral_axis().unit == u.km / u.s
    np.testing.assert_array_equal(viewer.spectrum(50, 20)["value"], values[:, 20, 50])
    viewer.channel_range = [10, 40]
    shown = viewer.moment(0, colormap="heat")
    assert (shown.colormap, shown.dataset.meta["unit"]) == ("heat", "km s-1")
    np.testing.assert_allclose(
        shown.dataset.array[:], values[10:41].sum(axis=0) * 0.06642361, rtol=1e-6
    )
    image, _ = viewer.position_velocity([(0, 50), (104, 50)])
    np.testing.assert_allclose(image, values[:, 50], rtol=1e-6)
    viewer.rest, viewer.spectral_unit = "110.201354 GHz", "GHz"
    assert viewer.spectrum(50, 20)["frequency"].unit == u.GHz
    for name, wrong in (("spectral_unit", "Jy"), ("rest", "soon")):
        with pytest.raises(BadRequest):
            setattr(viewer, name, wrong)


def test_an_image_has_no_spectra() -> None:
    viewer = adk.FitsViewer(CO.parent / "m13.fits")
    with pytest.raises(BadRequest, match="show a cube first"):
        viewer.spectrum(3, 4)
    with pytest.raises(BadRequest, match="show a cube first"):
        viewer.request("cube")


def test_a_moment_map_is_an_hdu_of_the_viewer_and_code_tells_how_it_was_made(values) -> None:
    viewer = adk.view(CO, plane=7)
    reply = viewer.request("moment", order=0, channels=[3, 9], view="one", patience=30)
    number = reply.meta["hdu"]
    viewer.hdu = number
    facts = viewer.request("describe").meta
    assert (facts["kind"], facts["unit"], facts["hdus"][-1]["index"]) == ("image", "km s-1", number)
    tile = viewer.request("tile", level=0, x=0, y=0).array()[0]
    np.testing.assert_allclose(tile, values[3:10].sum(axis=0) * 0.06642361, rtol=1e-5)
    assert viewer.code().endswith("cube_l1448_13co.fits').moment(channels=[3, 9])")
    assert viewer.state()["hdu"] == 0
    content = bytes(viewer.request("cube_file").buffers[0])
    hdu = fits.PrimaryHDU.fromstring(content)
    np.testing.assert_allclose(hdu.data, tile, rtol=1e-6)
    assert "channels 3 to 9" in str(hdu.header["HISTORY"])
    viewer.hdu = 0
    assert viewer.request("describe").meta["kind"] == "cube"
    with pytest.raises(BadRequest, match="no moment map"):
        viewer.request("cube_file")


def test_the_browser_hears_how_far_work_is_and_may_give_it_up() -> None:
    viewer = adk.view(CO)
    first = viewer.request("moment", order=1, view="one", patience=0)
    assert first.meta["ready"] in (False, True)
    viewer.request("cube_cancel", what="moment", view="one")
    again = viewer.request("moment", order=1, view="one", patience=30)
    assert again.meta["ready"]


def test_a_cube_that_is_worth_it_gets_a_file_of_its_spectra_which_goes_with_the_viewer(
    monkeypatch,
) -> None:
    from astrodata_kernel.widgets import fits_cube_answers

    monkeypatch.setattr(fits_cube_answers, "RECHUNKED", 1000)
    viewer = adk.view(CO)
    slow = viewer.request("spectrum", x=50, y=20)
    viewer._cube_jobs.ask(("file", 0), lambda job: None, "file", 30.0, lasting=True)
    fast = viewer.request("spectrum", x=50, y=20)
    assert (slow.meta["file"]["state"], fast.meta["file"]["state"]) == ("working", "ready")
    np.testing.assert_array_equal(slow.array(), fast.array())
    assert viewer.rechunked
    path = viewer._cube_of(0).blocks.path
    assert path.exists()
    viewer.close()
    assert not path.exists()


def test_a_file_of_spectra_that_is_refused_is_told_and_spectra_are_read_all_the_same(
    monkeypatch,
) -> None:
    from astrodata_kernel.processing import cubes as module
    from astrodata_kernel.widgets import fits_cube_answers

    def refuse(*_args, **_kwargs):
        raise TooLarge("no room on the disk")

    monkeypatch.setattr(fits_cube_answers, "RECHUNKED", 1000)
    monkeypatch.setattr(module, "rechunk", refuse)
    viewer = adk.view(CO)
    states = []
    while not states or states[-1]["state"] == "working":
        reply = viewer.request("spectrum", x=1, y=2)
        assert np.isfinite(reply.array()).all()
        states.append(reply.meta["file"])
    assert states[-1] == {"state": "refused", "note": "no room on the disk"}
    with pytest.raises(AstrodataError, match="no room"):
        viewer.rechunk()


def test_a_place_along_any_further_axis_is_that_of_the_plane_on_show(tmp_path) -> None:
    stokes = {"CTYPE4": "STOKES", "CRVAL4": 1.0, "CDELT4": 1.0, "CRPIX4": 1.0}
    axis = {"CTYPE3": "FREQ", "CRVAL3": 1e9, "CDELT3": 1e6, "CTYPE5": "TIME"}
    cube = small(tmp_path / "times.fits", (3, 2, 4, 8, 9), **axis, **stokes)
    whole = np.asarray(cube.array).astype(float)
    viewer = adk.view(cube, plane=cubes.axes_of(cube).plane(0, (2, 1)))
    assert viewer.plane == 20
    np.testing.assert_array_equal(viewer.spectrum(3, 4)["value"].value, whole[2, 1, :, 4, 3])
    np.testing.assert_array_equal(
        viewer.spectrum(3, 4, stokes="I")["value"].value, whole[2, 0, :, 4, 3]
    )
    wanted = whole[2, 1].sum(axis=0) * 1e-3
    made = viewer.moment(0)
    np.testing.assert_allclose(np.asarray(made.dataset.array), wanted, rtol=1e-9)
    cards = made.dataset.meta["header"]
    assert "axis 5 at 2, Q" in "".join(str(value) for key, value, _ in cards if key == "HISTORY")
    cut, _ = viewer.position_velocity([[0, 4], [8, 4]])
    np.testing.assert_allclose(cut, whole[2, 1, :, 4, :], rtol=1e-6)
    np.testing.assert_array_equal(
        cubes.spectrum(cube, 3, 4, stokes=(1, 0))["value"].value, whole[1, 0, :, 4, 3]
    )
    number = viewer.request("moment", order=0, threshold=0.0, patience=30).meta["hdu"]
    np.testing.assert_allclose(
        np.nan_to_num(viewer.request("tile", level=0, x=0, y=0, hdu=number, plane=0).array()[0]),
        np.where(whole[2, 1] >= 0, whole[2, 1], 0).sum(axis=0) * 1e-3,
        rtol=1e-5,
    )
    viewer.channel_range = [1, 2]
    viewer.hdu = number
    assert viewer.code().endswith(".moment(channels=[0, 3], threshold=0.0, stokes=(2, 1))")
    again = eval(viewer.code(), {"adk": adk})
    np.testing.assert_allclose(again.dataset.array[:], viewer.dataset.array[:])
    for wrong in ((3, 0), (0, 0, 0), (0, -1)):
        with pytest.raises(BadRequest, match="along axes of lengths"):
            cubes.spectrum(cube, 3, 4, stokes=wrong)


def test_no_file_of_spectra_is_made_of_a_cube_that_lies_elsewhere(co, monkeypatch) -> None:
    from astrodata_kernel.widgets import fits_cube_answers

    monkeypatch.setattr(fits_cube_answers, "RECHUNKED", 1000)
    viewer = adk.view(CO)
    monkeypatch.setattr(type(viewer.dataset.array), "far", True)
    reply = viewer.request("spectrum", x=50, y=20)
    assert reply.meta["file"] == {"state": "none"}
    assert not viewer.rechunked


def test_pins_and_paths_without_a_place_are_refused() -> None:
    viewer = adk.view(CO, pinned=[{"x": 3, "y": 4}], slice_path=[[0, 0], [5, 5]])
    kept = viewer.state()
    for name, wrong in (
        ("pinned", [{"x": np.nan, "y": 1}]),
        ("pinned", [{"x": 1}]),
        ("pinned", [{"shape": "circle", "x": 1, "y": 1, "radius": -1}]),
        ("slice_path", [[0, 0], [np.inf, 5]]),
    ):
        with pytest.raises(BadRequest):
            setattr(viewer, name, wrong)
    assert viewer.state() == kept
    with pytest.raises(BadRequest, match="finite number"):
        viewer.request("moment", threshold="x", patience=30)
