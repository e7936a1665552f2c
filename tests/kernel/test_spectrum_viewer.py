"""The spectrum viewer and what it stands on, held to astropy."""

import json
import math
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import astrodata_kernel as adk
import numpy as np
import pytest
from astrodata_kernel.errors import BadRequest, UnknownName, UnsupportedFormat
from astrodata_kernel.processing.spectra1d import spectrum_of
from astrodata_kernel.processing.spectral_measures import measured, smoothed
from astrodata_kernel.processing.spectral_units import (
    converted,
    line_list,
    line_named,
    to_air,
    to_vacuum,
)
from astrodata_kernel.widgets.spectrum import SpectrumViewer
from astropy import units as u
from astropy.io import fits
from astropy.table import QTable, Table

DATA = Path(__file__).parent.parent / "data"
SDSS = DATA / "spectrum_sdss_J2202.fits"
RYDBERG = 109_677.576
AXIS = {"unit": "own", "medium": "vacuum", "reference": 6564.6}


@pytest.fixture(scope="module")
def sdss() -> list[np.ndarray]:
    with fits.open(SDSS) as hdus:
        return [hdu.data.astype(float) for hdu in hdus]


def gaussian(x, center, sigma, area):
    height = area / (sigma * math.sqrt(2 * math.pi))
    return height * np.exp(-0.5 * ((x - center) / sigma) ** 2)


# --- reading ------------------------------------------------------------------------------------------


def test_extensions_without_names_are_known_by_what_they_hold(sdss) -> None:
    found = spectrum_of(adk.open(SDSS))
    flux, inverse, log_wave, good = sdss
    np.testing.assert_array_equal(found.flux, flux)
    np.testing.assert_allclose(found.axis, 10**log_wave)
    assert (found.unit, found.medium) == ("Angstrom", "vacuum")
    assert found.flux_unit == "1E-17 erg/cm^2/s/Ang"
    # The second array holds inverse variances: pixels without weight are those of the mask.
    there = inverse > 0
    np.testing.assert_allclose(found.error[there], 1 / np.sqrt(inverse[there]))
    assert np.isnan(found.error[~there]).all()
    np.testing.assert_array_equal(found.bad, good == 0)
    assert any("inverse variances" in note for note in found.notes)


def test_errors_that_are_errors_stay_errors(tmp_path) -> None:
    random = np.random.default_rng(1)
    flux = 3 + random.normal(size=400) * 0.2
    path = tmp_path / "spectrum.fits"
    parts = [
        fits.PrimaryHDU(flux),
        fits.ImageHDU(np.full(400, 0.2)),
        fits.ImageHDU(np.linspace(4000, 7000, 400)),
    ]
    fits.HDUList(parts).writeto(path)
    found = spectrum_of(adk.open(path))
    np.testing.assert_allclose(found.error, 0.2)
    np.testing.assert_allclose(found.axis, np.linspace(4000, 7000, 400))


def test_a_table_as_sdss_writes_it_opens_as_a_spectrum(tmp_path) -> None:
    log = 3.6 + 1e-4 * np.arange(2000)
    flux = np.random.default_rng(0).normal(5, 1, 2000).astype("f4")
    ivar = np.full(2000, 4.0, "f4")
    ivar[:3] = 0
    mask = np.zeros(2000, "i4")
    mask[10:20] = 1 << 16
    spectrum = Table({"flux": flux, "loglam": log.astype("f4"), "ivar": ivar, "and_mask": mask})
    about = Table({"Z": [0.123], "CLASS": ["GALAXY"]})
    hdus = [fits.PrimaryHDU(), fits.table_to_hdu(spectrum), fits.table_to_hdu(about)]
    hdus[0].header["BUNIT"] = "1E-17 erg/cm^2/s/Ang"
    hdus[1].name, hdus[2].name = "COADD", "SPECOBJ"
    path = tmp_path / "spec-1234-56789-0001.fits"
    fits.HDUList(hdus).writeto(path)
    viewer = adk.view(path)
    assert isinstance(viewer, SpectrumViewer)
    found = viewer.spectrum
    np.testing.assert_allclose(found.axis, 10 ** log.astype("f4").astype(float))
    np.testing.assert_array_equal(found.flux, flux)
    assert np.isnan(found.error[:3]).all()
    assert found.error[3:].tolist() == [0.5] * 1997
    assert np.flatnonzero(found.bad).tolist() == list(range(10, 20))
    assert viewer.redshift == pytest.approx(0.123)
    assert found.flux_unit == "1E-17 erg/cm^2/s/Ang"
    assert isinstance(adk.view(path, kind="table"), adk.TableViewer)


@pytest.mark.parametrize(
    ("cards", "expected", "unit", "medium"),
    [
        (
            {"CRVAL1": 400.0, "CDELT1": 0.5, "CUNIT1": "nm"},
            400 + 0.5 * np.arange(50),
            "nm",
            "vacuum",
        ),
        (
            {"CRVAL1": 5000.0, "CD1_1": 2.0, "CRPIX1": 11, "CTYPE1": "AWAV", "CUNIT1": "Angstrom"},
            5000 + 2.0 * (np.arange(50) - 10),
            "Angstrom",
            "air",
        ),
        (
            {"CRVAL1": 3.7, "CDELT1": 1e-3, "DC-FLAG": 1},
            10 ** (3.7 + 1e-3 * np.arange(50)),
            "Angstrom",
            "vacuum",
        ),
        (
            {"CRVAL1": 1.4e9, "CDELT1": 1e6, "CTYPE1": "FREQ", "CUNIT1": "Hz"},
            1.4e9 + 1e6 * np.arange(50),
            "Hz",
            "vacuum",
        ),
        ({}, np.arange(50), "pix", "vacuum"),
    ],
)
def test_headers_tell_the_axis(tmp_path, cards, expected, unit, medium) -> None:
    path = tmp_path / "s.fits"
    header = fits.Header(list(cards.items()))
    fits.PrimaryHDU(np.arange(50.0), header).writeto(path)
    found = spectrum_of(adk.open(path))
    np.testing.assert_allclose(found.axis, expected)
    assert (found.unit, found.medium) == (unit, medium)


def test_an_axis_that_is_even_in_its_logarithm_is_that_of_astropys_wcs(tmp_path) -> None:
    from astropy.wcs import WCS

    header = fits.Header(
        [
            ("CTYPE1", "WAVE-LOG"),
            ("CRVAL1", 5e-7),
            ("CDELT1", 1e-10),
            ("CRPIX1", 1.0),
            ("CUNIT1", "m"),
        ]
    )
    path = tmp_path / "s.fits"
    fits.PrimaryHDU(np.zeros(200), header).writeto(path)
    expected = WCS(header).all_pix2world(np.arange(200), 0)[0]
    np.testing.assert_allclose(spectrum_of(adk.open(path)).axis, expected, rtol=1e-12)


def test_arrays_quantities_and_tables_are_spectra_too() -> None:
    wave = np.linspace(1.0, 2.0, 30) * u.um
    flux = np.arange(30.0) * u.Jy
    viewer = adk.view(QTable({"wavelength": wave, "flux": flux}), kind=None)
    assert isinstance(viewer, adk.TableViewer)  # a table of one's own is shown as what it is
    found = SpectrumViewer(QTable({"wavelength": wave, "flux": flux})).spectrum
    assert (found.unit, found.flux_unit) == ("um", "Jy")
    found = SpectrumViewer((wave, flux, flux / 10)).spectrum
    np.testing.assert_allclose(found.error[1:], np.arange(1, 30) / 10)
    assert SpectrumViewer(np.arange(5.0)).spectrum.unit == "pix"
    assert isinstance(adk.view(flux), SpectrumViewer)


def test_axes_that_run_downwards_are_turned() -> None:
    found = SpectrumViewer((np.array([7000.0, 6000, 5000]), np.array([1.0, 2, 3]))).spectrum
    assert found.axis.tolist() == [5000, 6000, 7000]
    assert found.flux.tolist() == [3, 2, 1]


@pytest.mark.parametrize(
    "source",
    [
        np.zeros((3, 3)),
        (np.arange(3.0), np.arange(4.0)),
        {"a": [1.0, 2.0], "b": [3.0, 4.0]},
        (np.full(4, np.nan), np.arange(4.0)),
        "text that is no file.fits",
    ],
)
def test_what_is_no_spectrum_is_refused(source) -> None:
    with pytest.raises((UnsupportedFormat, adk.errors.UnreadableFile)):
        SpectrumViewer(source)


def test_an_image_or_a_table_of_something_else_is_refused() -> None:
    for name in ("scaled/blank.fits", "table_gaia_cone.fits"):
        with pytest.raises(UnsupportedFormat):
            SpectrumViewer(DATA / name)


def test_fluxes_of_nothing_but_nan_and_one_pixel_are_shown() -> None:
    for flux in (np.full(40, np.nan), np.array([1.0])):
        viewer = SpectrumViewer(flux)
        meta = viewer.request("curve", **AXIS, columns=100).meta
        assert meta["pixels"] == len(flux)
        assert viewer.request("probe", x=0.0, **AXIS).meta["pixel"] == 0
        with pytest.raises(BadRequest, match="pixels of use"):
            viewer.measure(0, 50)


# --- units, air, lines --------------------------------------------------------------------------------


@pytest.mark.parametrize("unit", ["Angstrom", "nm", "um", "GHz", "eV"])
def test_units_are_converted_as_astropy_does(unit) -> None:
    viewer = SpectrumViewer(SDSS, unit=unit)
    own = viewer.spectrum.axis * u.AA
    expected = own.to(u.Unit(unit), u.spectral())
    found = viewer.table()
    np.testing.assert_allclose(found.columns[0].to_value(unit), expected.value, rtol=1e-13)
    reply = viewer.request("curve", **{**AXIS, "unit": unit}, columns=4096)
    x = reply.meta["zero"] + reply.array()[0, 0].astype(float)
    assert (np.diff(x) > 0).all()


def test_velocities_are_about_the_line_at_its_redshift() -> None:
    viewer = SpectrumViewer(SDSS, unit="km/s", reference="C IV 1548", redshift=2.5)
    rest = 1548.204 * 3.5 * u.AA
    expected = (viewer.spectrum.axis * u.AA).to(u.km / u.s, u.doppler_optical(rest))
    np.testing.assert_allclose(
        viewer.table().columns[0].value, expected.value, rtol=1e-9, atol=1e-6
    )
    assert viewer.observed("C IV 1548") == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
    ("vacuum", "air"),
    # Pairs of NIST.
    [(6564.632, 6562.819), (4862.691, 4861.333), (5891.583, 5889.950), (10833.306, 10830.340)],
)
def test_wavelengths_in_air_are_those_of_nist(vacuum, air) -> None:
    assert float(to_air(vacuum)) == pytest.approx(air, abs=0.004)


def test_air_and_vacuum_are_the_inverse_of_each_other() -> None:
    wave = np.linspace(900, 30_000, 5000)
    np.testing.assert_allclose(to_vacuum(to_air(wave)), wave, rtol=1e-12)
    assert to_air(1500.0) == 1500.0


def test_a_spectrum_in_air_is_shown_in_vacuum_and_back() -> None:
    wave = np.linspace(4000, 9000, 100)
    viewer = SpectrumViewer((wave, np.ones(100)), source_medium="air")
    assert viewer.medium == "air"
    np.testing.assert_array_equal(viewer.table()["wavelength"].value, wave)
    viewer.medium = "vacuum"
    np.testing.assert_allclose(viewer.table()["wavelength"].value, to_vacuum(wave))


def test_the_lines_of_hydrogen_are_those_of_rydberg() -> None:
    series = {"Ly": 1, "H": 2, "Pa": 3}
    greek = {"alpha": 1, "beta": 2, "gamma": 3, "delta": 4, "epsilon": 5}
    tried = 0
    for line in line_list():
        name, _, letter = line.name.partition("-")
        if name in series and letter in greek:
            low, high = series[name], series[name] + greek[letter]
            expected = 1e8 / (RYDBERG * (1 / low**2 - 1 / high**2))
            assert line.wavelength == pytest.approx(expected, rel=2e-5)
            tried += 1
    assert tried >= 11


def test_the_list_of_lines_is_in_order_with_names_of_their_own_and_a_source() -> None:
    lines = line_list()
    assert len({line.name for line in lines}) == len(lines) > 80
    waves = [line.wavelength for line in lines]
    assert waves == sorted(waves)
    text = json.loads((Path(adk.__file__).parent / "processing" / "lines.json").read_text("utf-8"))
    assert "NIST" in text["source"]
    assert text["licence"]
    # Doublets whose ratio of wavelengths everybody knows.
    ratio = line_named("[O III] 5008").wavelength / line_named("[O III] 4960").wavelength
    assert ratio == pytest.approx(5008.240 / 4960.295, rel=1e-9)


def test_names_that_no_line_has_are_refused() -> None:
    viewer = SpectrumViewer(SDSS)
    with pytest.raises(UnknownName, match="H-alpha"):
        viewer.reference = "Halpha"
    with pytest.raises(UnknownName):
        viewer.lines = ["H-alpha", "nothing of the kind"]
    viewer.lines = ["h-alpha", "forbidden"]
    assert viewer.lines == ["H-alpha", "forbidden"]


def test_units_of_an_axis_without_any_are_refused() -> None:
    viewer = SpectrumViewer(np.arange(9.0))
    with pytest.raises(BadRequest, match="axis_unit"):
        viewer.unit = "nm"
    with pytest.raises(BadRequest):
        viewer.request("curve", **{**AXIS, "unit": "nm"}, columns=10)
    with pytest.raises(BadRequest):
        converted([1.0], "Jy", "nm")


# --- what is drawn ------------------------------------------------------------------------------------


@pytest.mark.parametrize("columns", [37, 500, 4096])
def test_the_envelope_has_the_lowest_and_the_highest_flux_of_each_stretch(sdss, columns) -> None:
    reply = SpectrumViewer(SDSS).request("curve", **AXIS, columns=columns)
    _, low, high, lower, upper = reply.array()[0].astype(float)
    flux = sdss[0]
    edges = np.arange(len(low) + 1) * len(flux) // len(low)
    parts = [flux[a:b] for a, b in pairwise(edges)]
    np.testing.assert_array_equal(low, [part.min() for part in parts])
    np.testing.assert_array_equal(high, [part.max() for part in parts])
    there = np.isfinite(lower)
    assert (lower[there] <= high[there]).all()
    assert (upper[there] >= low[there]).all()


def test_a_stretch_is_each_of_its_pixels_and_one_more_on_both_sides(sdss) -> None:
    reply = SpectrumViewer(SDSS).request("curve", **AXIS, columns=1000, x_range=[5000, 5100])
    wave = 10 ** sdss[2]
    inside = np.flatnonzero((wave >= 5000) & (wave <= 5100))
    rows = slice(inside[0] - 1, inside[-1] + 2)
    assert reply.meta["exact"]
    x = reply.meta["zero"] + reply.array()[0, 0].astype(float)
    np.testing.assert_allclose(x, wave[rows], atol=1e-4)
    np.testing.assert_array_equal(reply.array()[0, 1], sdss[0][rows])


def test_the_read_out_is_the_nearest_pixel(sdss) -> None:
    viewer = SpectrumViewer(SDSS)
    wave = 10 ** sdss[2]
    for pixel in (0, 1234, len(wave) - 1):
        found = viewer.request("probe", x=float(wave[pixel] + 0.1), **AXIS).meta
        assert found["pixel"] == pixel
        assert found["flux"] == sdss[0][pixel]
        turned = viewer.request(
            "probe", x=float(2.99792458e9 / wave[pixel]), **{**AXIS, "unit": "GHz"}
        )
        assert turned.meta["pixel"] == pixel


def test_masked_stretches_are_told(sdss) -> None:
    shaded = SpectrumViewer(SDSS).request("curve", **AXIS, columns=100).meta["shaded"]
    wave, bad = 10 ** sdss[2], sdss[3] == 0
    inside = np.zeros(len(wave), bool)
    for low, high in shaded:
        inside |= (wave >= low) & (wave <= high)
    np.testing.assert_array_equal(inside, bad)


def test_smoothing_is_a_mean_that_nan_takes_no_part_in() -> None:
    flux = np.array([1.0, 2, 3, np.nan, 5, 6, 7, 8, 9])
    found = smoothed(flux, "boxcar", 3)
    assert np.isnan(found[3])
    assert found[1] == pytest.approx(2)
    assert found[2] == pytest.approx(2.5)
    assert found[6] == pytest.approx(7)
    np.testing.assert_array_equal(smoothed(flux, "gaussian", 1), flux)
    flat = smoothed(np.full(100, 4.0), "gaussian", 9)
    np.testing.assert_allclose(flat, 4.0)


def test_smoothing_keeps_the_flux_of_a_line() -> None:
    x = np.arange(400.0)
    line = gaussian(x, 200, 3, 10)
    for how in ("boxcar", "gaussian"):
        found = smoothed(line, how, 9)
        assert found.sum() == pytest.approx(10, rel=1e-3)
        assert found.max() < line.max()


# --- measures -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("area", [40.0, -12.0])
def test_a_line_that_was_put_in_is_measured(area) -> None:
    x = np.linspace(6000, 6200, 801)
    random = np.random.default_rng(3)
    sigma = 0.02
    flux = 2 + 0.001 * (x - 6100) + gaussian(x, 6103.2, 4.1, area) + random.normal(0, sigma, x.size)
    viewer = SpectrumViewer((x, flux, np.full(x.size, sigma)), flux_unit="Jy", redshift=0.5)
    found = viewer.measure(6050, 6150)
    assert found["center"].unit == u.AA

    def near(name, value):
        return abs(found[name][0].value - value) < 5 * found[f"{name}_err"][0].value

    assert near("center", 6103.2)
    assert near("centroid", 6103.2)
    assert near("fwhm", 4.1 * 2.3548)
    assert near("flux", area)
    assert near("ew", -area / 2.0032)
    assert found["ew_rest"][0] == found["ew"][0] / 1.5
    assert found["fwhm_velocity"][0].value == pytest.approx(
        299792.458 * 4.1 * 2.3548 / 6103.2, rel=0.03
    )
    assert found["flux"].unit == u.Jy * u.AA
    assert len(viewer.measures) == 1


def test_the_fit_is_that_of_astropy() -> None:
    from astropy.modeling import fitting, models

    viewer = SpectrumViewer(SDSS)
    spectrum = viewer.spectrum
    found = measured(spectrum, 5300, 5560)
    inside = (spectrum.axis >= 5300) & (spectrum.axis <= 5560) & ~spectrum.bad
    inside &= np.isfinite(spectrum.error)
    x, y, w = spectrum.axis[inside], spectrum.flux[inside], 1 / spectrum.error[inside]
    start = models.Gaussian1D(found["amplitude"] * 1.2, found["center"] + 3, found["sigma"] * 0.8)
    model = fitting.TRFLSQFitter()(start + models.Linear1D(0, 2), x, y, weights=w)
    assert found["center"] == pytest.approx(model.mean_0.value, rel=1e-5)
    assert found["fwhm"] == pytest.approx(model[0].fwhm, rel=1e-2)


def test_measures_are_the_same_from_each_axis_and_from_the_browser() -> None:
    own = SpectrumViewer(SDSS).measure(5300, 5560)
    other = SpectrumViewer(SDSS, unit="nm", medium="air")
    ends = to_air(np.array([5300.0, 5560.0])) / 10
    again = other.measure(*ends)
    for name in ("centroid", "flux", "ew", "fwhm"):
        assert again[name][0].value == pytest.approx(own[name][0].value, rel=1e-9)
    viewer = SpectrumViewer(SDSS)
    reply = viewer.request("measure", low=5300.0, high=5560.0, **AXIS)
    measure = reply.meta["measures"][0]
    assert measure["center"] == own["center"][0].value
    assert viewer.measures["center"][0] == own["center"][0]
    assert json.dumps(dict(reply.meta), allow_nan=False)
    viewer.clear_measures()
    assert len(viewer.measures) == 0


def test_a_stretch_without_pixels_is_refused_and_the_viewer_lives_on() -> None:
    viewer = SpectrumViewer(SDSS)
    for low, high in ((5000, 5001), (1, 2), (3553, 3560)):
        with pytest.raises(BadRequest, match="pixels of use"):
            viewer.measure(low, high)
    assert len(viewer.measures) == 0
    assert viewer.request("curve", **AXIS, columns=10).meta["pixels"] == 4646


# --- what leaves --------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["fits", "ecsv", "parquet"])
def test_saved_spectra_have_the_unit_on_show(tmp_path, sdss, ending) -> None:
    viewer = SpectrumViewer(SDSS, unit="nm")
    found = QTable.read(viewer.save(tmp_path / f"out.{ending}"))
    np.testing.assert_allclose(found["wavelength"].to_value("AA"), 10 ** sdss[2])
    np.testing.assert_array_equal(found["flux"].value, sdss[0])


def test_figures_show_axis_lines_and_fits(tmp_path) -> None:
    viewer = SpectrumViewer(SDSS, redshift=2.5, x_range=[5200, 5700], lines=["ultraviolet"])
    viewer.measure(5300, 5560)
    axes = viewer.figure().axes[0]
    assert axes.get_xlabel() == "Wavelength in vacuum (Angstrom)"
    assert axes.get_xlim() == (5200, 5700)
    assert "C IV" in [text.get_text() for text in axes.texts]
    assert viewer.save(tmp_path / "f.png").read_bytes()[:4] == b"\x89PNG"
    with pytest.raises(BadRequest):
        viewer.save(tmp_path / "f.doc")


def test_state_and_code_show_the_same_again() -> None:
    viewer = SpectrumViewer(
        SDSS, redshift=2.51, unit="GHz", smoothing="gaussian", lines=["stellar"]
    )
    state = json.loads(json.dumps(viewer.state()))
    again = SpectrumViewer(state.pop("source"), **state)
    assert again.state() == viewer.state()
    assert eval(viewer.code(), {"adk": adk}).state() == viewer.state()


@pytest.mark.parametrize(
    "values", [{"redshift": -1.0}, {"x_range": [2.0, 1.0]}, {"width": 0.0}, {"unit": "parsec"}]
)
def test_settings_that_mean_nothing_are_refused(values) -> None:
    import traitlets

    viewer = SpectrumViewer(SDSS)
    before = viewer.state()
    for name, value in values.items():
        with pytest.raises((BadRequest, traitlets.TraitError)):
            setattr(viewer, name, value)
    assert viewer.state() == before


# --- hostile ones ------------------------------------------------------------------------------------


@pytest.mark.parametrize("nothing", [[], (), [[], []], None, 5, ["a", "b"]])
def test_what_is_no_spectrum_is_told(nothing) -> None:
    with pytest.raises(UnsupportedFormat):
        SpectrumViewer(nothing)


@pytest.mark.parametrize("unit", ["banana", "kg", ""])
def test_a_unit_that_is_none_of_a_spectral_axis_is_told(unit) -> None:
    with pytest.raises(BadRequest, match="no unit of a spectral axis"):
        SpectrumViewer(np.arange(10.0), axis_unit=unit)
    assert SpectrumViewer(np.arange(10.0), axis_unit="Angstroms").spectrum.unit == "Angstrom"


@pytest.mark.parametrize(
    "cards",
    [
        {"COEFF0": 1e5, "COEFF1": 1e3},
        {"CRVAL1": 400.0, "CDELT1": 1.0, "DC-FLAG": 1},
        {"CTYPE1": "WAVE-LOG", "CRVAL1": 0.0, "CDELT1": 1.0},
        {"CTYPE1": "WAVE-LOG", "CRVAL1": 5000.0, "CDELT1": 1e30, "CUNIT1": "Angstrom"},
    ],
)
def test_an_axis_beyond_all_numbers_opens_or_is_told(tmp_path, cards) -> None:
    path = tmp_path / "wild.fits"
    fits.writeto(path, np.arange(20.0), fits.Header(cards))
    found = None
    with suppress(UnsupportedFormat):
        found = SpectrumViewer(path).spectrum.axis
    assert found is None or np.isfinite(found).all()


def test_an_array_too_long_is_told_before_it_is_read(tmp_path) -> None:
    path = tmp_path / "long.fits"
    header = fits.Header({"SIMPLE": True, "BITPIX": -64, "NAXIS": 1, "NAXIS1": 1 << 35})
    with path.open("wb") as file:
        file.write(header.tostring().encode())
        file.truncate(2880 + (8 << 35))
    with pytest.raises(UnsupportedFormat, match="34,359,738,368 values"):
        SpectrumViewer(path)


def test_of_a_table_the_columns_of_the_spectrum_are_read_and_no_others(
    tmp_path, monkeypatch
) -> None:
    from astrodata_kernel.datasets import LazyTable

    n = 50
    columns = {"wavelength": np.linspace(4000, 5000, n) * u.AA, "flux": np.ones(n)}
    Table({**columns, "picture": np.zeros((n, 1000))}).write(tmp_path / "one.fits")
    rows = {name: np.tile(np.asarray(values), (9, 1)) for name, values in columns.items()}
    Table(rows, units={"wavelength": "Angstrom"}).write(tmp_path / "many.fits")
    read = []
    for name in ("read", "rows"):
        method = getattr(LazyTable, name)

        def noted(self, *given, method=method):
            found = method(self, *given)
            read.append((found.colnames, len(found)))
            return found

        monkeypatch.setattr(LazyTable, name, noted)
    assert len(SpectrumViewer(tmp_path / "one.fits").spectrum) == n
    assert read == [(["wavelength", "flux"], 1), (["wavelength", "flux"], n)]
    read.clear()
    np.testing.assert_allclose(
        SpectrumViewer(tmp_path / "many.fits").spectrum.axis, rows["wavelength"][0]
    )
    assert read == [(["wavelength", "flux"], 1)]


def test_requests_without_sense_are_told() -> None:
    viewer = SpectrumViewer((np.linspace(4000, 7000, 300), np.ones(300)))
    with pytest.raises(BadRequest, match="10,000 pixels"):
        viewer.request("curve", **AXIS, columns=100, smoothing="gaussian", width=1e9)
    with pytest.raises(BadRequest, match="two finite numbers"):
        viewer.request("curve", **AXIS, columns=100, x_range=[math.nan, 5000])
    with pytest.raises(BadRequest, match="no stretch"):
        SpectrumViewer((np.full(300, 5000.0), np.arange(300.0))).measure(4000, 6000)


@pytest.mark.parametrize(("unit", "grows"), [("GHz", 3.0), ("eV", 3.0), ("nm", 1 / 3), ("km/s", 1)])
def test_widths_in_the_rest_frame_and_in_velocity_follow_the_kind_of_the_axis(unit, grows) -> None:
    x = np.linspace(-100, 100, 801) if unit == "km/s" else np.linspace(900, 1100, 801)
    middle = x[400] + 1
    flux = 1 + 5 * np.exp(-0.5 * ((x - middle) / 4) ** 2)
    viewer = SpectrumViewer((x * u.Unit(unit), flux), redshift=2.0)
    found = viewer.measure(x[0], x[-1])[0]
    assert found["ew_rest"].value / found["ew"].value == pytest.approx(grows)
    width = 4 * 2 * math.sqrt(2 * math.log(2))
    assert found["fwhm"].value == pytest.approx(width, rel=1e-3)
    wanted = width if unit == "km/s" else 299_792.458 * width / middle
    assert found["fwhm_velocity"].to_value("km/s") == pytest.approx(wanted, rel=1e-3)
