"""Tables over images, against astropy's own places and angles."""

from pathlib import Path

import astrodata_kernel as adk
import numpy as np
import pandas as pd
import pytest
from astrodata_kernel.errors import BadRequest, NameTaken, UnknownName, UnsupportedFormat
from astrodata_kernel.processing.catalogue_columns import find_columns
from astrodata_kernel.processing.catalogue_rows import CatalogueRows
from astrodata_kernel.processing.catalogues import coordinate_of, pixels_of_block
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.table import MaskedColumn, QTable, Table
from astropy.wcs import WCS

ROOT = Path(__file__).parents[2]
IMAGE = ROOT / "examples" / "data" / "image_2mass_k_galactic_centre.fits"
GAIA = ROOT / "tests" / "data" / "table_gaia_cone.fits"


def polar_image(path, size=200, crval=(30.0, 85.0)):
    wcs = WCS(naxis=2)
    wcs.wcs.ctype, wcs.wcs.crval = ("RA---TAN", "DEC--TAN"), crval
    wcs.wcs.crpix, wcs.wcs.cdelt = (size / 2, size / 2), (-10 / size, 10 / size)
    fits.writeto(path, np.zeros((size, size), "f4"), wcs.to_header())
    return path


@pytest.fixture
def viewer(tmp_path):
    return adk.FitsViewer(polar_image(tmp_path / "pole.fits"))


@pytest.fixture
def gaia():
    return Table(fits.getdata(GAIA))


def places(viewer, name):
    """Give the places as they travel, in array pixels."""
    reply = viewer.request("catalogue_places", name=name)
    return reply.array()[0].astype(float) + reply.meta["origin"]


def bits(viewer, name):
    reply = viewer.request("catalogue_bits", name=name)
    rows = reply.meta["rows"]
    return np.unpackbits(reply.array()[0], axis=1, count=rows, bitorder="little").astype(bool)


# --- places -----------------------------------------------------------------------------------------


def test_rows_lie_where_astropy_puts_them(viewer, gaia) -> None:
    catalogue = viewer.add_catalogue(GAIA, "gaia")
    sky = SkyCoord(gaia["ra"], gaia["dec"], unit="deg")
    wanted = np.transpose(viewer.dataset.wcs.world_to_pixel(sky))
    assert np.isfinite(wanted).all()
    np.testing.assert_allclose(places(viewer, "gaia"), wanted, atol=1e-4)
    assert (len(catalogue), catalogue.unplaced) == (4876, 0)


def test_rows_behind_the_projection_have_no_place_and_are_counted(viewer, gaia) -> None:
    far = Table({"ra": [30.0, 30.0, np.nan, 40.0], "dec": [85.0, -85.0, 85.0, 95.0]})
    catalogue = viewer.add_catalogue(far, "far")
    assert np.isnan(places(viewer, "far"))[:, 0].tolist() == [False, True, True, True]
    assert catalogue.unplaced == 3
    assert viewer.request("catalogue_places", name="far").meta["unplaced"] == 3


def test_places_keep_a_five_hundredth_of_a_pixel_in_an_image_of_twenty_thousand(tmp_path) -> None:
    path = tmp_path / "wide.fits"
    fits.writeto(path, np.zeros((2, 20_000), "u1"))
    viewer = adk.FitsViewer(path)
    x = np.random.default_rng(0).uniform(0, 20_000, 10_000)
    viewer.add_catalogue({"x": x, "y": np.ones(len(x))}, "wide")
    assert np.abs(places(viewer, "wide")[:, 0] - x).max() < 1 / 500


def test_each_frame_is_turned_to_that_of_the_image(tmp_path) -> None:
    viewer = adk.FitsViewer(IMAGE)
    sky = SkyCoord([266.4, 266.5], [-28.9, -29.1], unit="deg")
    wanted = np.transpose(viewer.dataset.wcs.world_to_pixel(sky))
    tables = {
        "galactic": ({"GLON": sky.galactic.l.deg, "GLAT": sky.galactic.b.deg}, {}),
        "fk4": (
            {"a": sky.fk4.ra.deg, "b": sky.fk4.dec.deg},
            {"ra": "a", "dec": "b", "frame": "fk4"},
        ),
        "radians": (Table({"RA": sky.ra.to(u.rad), "DEC": sky.dec.to(u.rad)}), {}),
        "hours": (QTable({"ra": sky.ra.to(u.hourangle), "dec": sky.dec}), {}),
        "texts": (
            {"ra": [*sky.ra.to_string("hour", sep=":")], "dec": [*sky.dec.to_string(sep=":")]},
            {},
        ),
        "mixed": (QTable({"sky_centroid": sky.galactic, "flux": [1, 2]}), {}),
        "pandas": (pd.DataFrame({"RAJ2000": sky.ra.deg, "DEJ2000": sky.dec.deg}), {}),
        "sextractor": ({"X_IMAGE": wanted[:, 0] + 1, "Y_IMAGE": wanted[:, 1] + 1}, {}),
        "photutils": ({"x_centroid": wanted[:, 0], "y_centroid": wanted[:, 1]}, {}),
    }
    for name, (table, told) in tables.items():
        table = Table(table) if isinstance(table, dict) else table
        viewer.add_catalogue(table, name, **told)
        np.testing.assert_allclose(places(viewer, name), wanted, atol=2e-3, err_msg=name)


def test_one_bad_text_leaves_the_other_rows_their_places(viewer) -> None:
    rows = {"ra": ["02:00:00", "nonsense", "", "02:01:00"], "dec": ["85:00:00"] * 4}
    assert viewer.add_catalogue(rows, "texts").unplaced == 2


def test_what_does_not_come_back_through_a_distortion_has_no_place() -> None:
    wcs = WCS(naxis=2)
    wcs.wcs.ctype, wcs.wcs.crval = ("RA---TAN-SIP", "DEC--TAN-SIP"), (10, 10)
    wcs.wcs.crpix, wcs.wcs.cdelt = (50, 50), (-1e-3, 1e-3)
    from astropy.wcs import Sip

    a = np.zeros((4, 4))
    a[3, 0] = -4e-4  # the map folds back some thirty pixels from the middle
    wcs.sip = Sip(a, a * 0, None, None, (50, 50))
    wcs.wcs.set()
    sky = SkyCoord(10 + np.linspace(-0.2, 0.2, 41), np.full(41, 10.0), unit="deg")
    found = pixels_of_block(wcs, sky)
    good = np.isfinite(found).all(axis=1)
    assert 0 < good.sum() < 41
    back = wcs.pixel_to_world(*found[good].T)
    assert back.separation(sky[good]).to_value("deg").max() < 1e-4


def test_rows_too_far_from_the_middle_are_left_out(viewer, gaia) -> None:
    catalogue = viewer.add_catalogue(GAIA, "near", max_separation=1 * u.deg)
    middle = viewer.dataset.wcs.pixel_to_world(99.5, 99.5)
    near = SkyCoord(gaia["ra"], gaia["dec"], unit="deg").separation(middle) <= 1 * u.deg
    assert np.array_equal(np.isfinite(places(viewer, "near")[:, 0]), near)
    assert catalogue.beyond == (~near).sum()


# --- columns ----------------------------------------------------------------------------------------


def test_an_ambiguous_table_and_one_without_places_name_their_columns(viewer) -> None:
    both = Table({"RA": [1.0], "DEC": [1.0], "RAJ2000": [1.0], "DEJ2000": [1.0]})
    with pytest.raises(BadRequest, match="RA, DEC and RAJ2000, DEJ2000"):
        viewer.add_catalogue(both)
    assert find_columns(CatalogueRows(both), True, ra="RA", dec="DEC").first == "RA"
    with pytest.raises(BadRequest, match="columns are flux, mag"):
        viewer.add_catalogue(Table({"flux": [1.0], "mag": [2.0]}))
    lengths = Table({"x": [1.0], "y": [2.0]}, units={"x": u.kpc, "y": u.kpc})
    with pytest.raises(BadRequest, match="columns are x, y"):
        viewer.add_catalogue(lengths)
    with pytest.raises(BadRequest, match="both ra= and dec="):
        viewer.add_catalogue(both, ra="RA")
    with pytest.raises(UnknownName, match=r"'nope'.*RA, DEC"):
        viewer.add_catalogue(both, ra="nope", dec="DEC")


def test_a_ucd_decides_between_two_pairs() -> None:
    table = Table({"RA": [1.0], "DEC": [1.0], "RAJ2000": [1.0], "DEJ2000": [1.0]})
    table["RAJ2000"].info.meta = {"ucd": "pos.eq.ra;meta.main"}
    table["DEJ2000"].info.meta = {"ucd": "pos.eq.dec;meta.main"}
    assert find_columns(CatalogueRows(table), True).first == "RAJ2000"


def test_an_image_without_a_sky_takes_pixels_only(tmp_path) -> None:
    fits.writeto(tmp_path / "plain.fits", np.zeros((9, 9), "f4"))
    viewer = adk.FitsViewer(tmp_path / "plain.fits")
    table = Table({"ra": [1.0], "dec": [2.0], "x": [3.0], "y": [4.0]})
    viewer.add_catalogue(table, "pixels")
    assert places(viewer, "pixels").tolist() == [[3.0, 4.0]]
    with pytest.raises(BadRequest, match="no WCS"):
        viewer.add_catalogue(Table({"ra": [1.0], "dec": [2.0]}))
    with pytest.raises(BadRequest, match="no WCS"):
        viewer.add_catalogue(table, ra="ra", dec="dec")


def test_what_is_no_table_is_told(viewer, tmp_path) -> None:
    with pytest.raises(UnsupportedFormat, match="no table"):
        viewer.add_catalogue(3)
    with pytest.raises(UnsupportedFormat, match="no rows"):
        viewer.add_catalogue(Table({"ra": [], "dec": []}))
    with pytest.raises(UnsupportedFormat, match=r"galactic_centre.*image is no table"):
        viewer.add_catalogue(IMAGE)
    assert viewer.catalogues == {}


# --- selection --------------------------------------------------------------------------------------


def test_a_cone_selects_what_astropy_finds_within(viewer, gaia) -> None:
    viewer.add_catalogue(GAIA, "gaia")
    centre = SkyCoord(10.0, 85.3, unit="deg")
    wanted = np.flatnonzero(
        SkyCoord(gaia["ra"], gaia["dec"], unit="deg").separation(centre) <= 40 * u.arcmin
    )
    assert len(wanted) > 20
    assert np.array_equal(viewer.cone("gaia", centre, 40 * u.arcmin), wanted)
    assert np.array_equal(viewer.selected_rows["gaia"], wanted)
    reply = viewer.request(
        "catalogue_cone", name="gaia", radius=40, unit="arcmin", text="00:40:00 85:18:00"
    )
    assert reply.meta["count"] == len(wanted)
    for wrong, radius in ((centre, -1), (centre, 2 * u.m), ("here", 1)):
        with pytest.raises(BadRequest, match=r"radius|centre"):
            viewer.cone("gaia", wrong, radius)


def test_a_cone_about_rows_of_pixels_goes_by_the_images_sky(viewer) -> None:
    viewer.add_catalogue({"x": [99.0, 99.0], "y": [99.0, 140.0]}, "pixels")
    centre = viewer.dataset.wcs.pixel_to_world(99, 99)
    assert viewer.cone("pixels", centre, 1.0).tolist() == [0]
    assert viewer.cone("pixels", centre, 3.0).tolist() == [0, 1]


def test_a_box_selects_the_rows_in_it_that_are_shown(viewer, gaia) -> None:
    catalogue = viewer.add_catalogue(GAIA, "gaia")
    catalogue.where = "phot_g_mean_mag < 15"
    x, y = viewer.dataset.wcs.world_to_pixel(SkyCoord(gaia["ra"], gaia["dec"], unit="deg"))
    wanted = (x >= 80) & (x <= 120) & (y >= 70) & (y <= 110) & (gaia["phot_g_mean_mag"] < 15)
    reply = viewer.request("catalogue_select", box=[80, 70, 120, 110])
    assert reply.meta["selected"] == {"gaia": int(wanted.sum())}
    selected, shown = bits(viewer, "gaia")
    assert np.array_equal(selected, wanted)
    assert np.array_equal(shown, gaia["phot_g_mean_mag"] < 15)
    viewer.request("catalogue_select", box=[80, 70, 100, 110], op="subtract")
    assert np.array_equal(viewer.selected_rows["gaia"], np.flatnonzero(wanted & ~(x <= 100)))


def test_rows_are_selected_by_mask_by_number_and_step_by_step(viewer) -> None:
    viewer.add_catalogue({"x": np.arange(5.0), "y": np.arange(5.0)}, "five")
    viewer.select_rows("five", np.array([True, False, False, False, True]))
    assert viewer.selected_rows["five"].tolist() == [0, 4]
    viewer.select_rows("five", [1, 4], "toggle")
    assert viewer.selected_rows["five"].tolist() == [0, 1]
    assert viewer.catalogue_layers[0]["selected"] == 2
    viewer.select_rows("five", [])
    assert viewer.selected_rows["five"].tolist() == []
    for wrong in ([5], [-1], [0.5], np.ones(4, bool), [[1]]):
        with pytest.raises(BadRequest):
            viewer.select_rows("five", wrong)
    with pytest.raises(UnknownName, match=r"'six'.*'five'"):
        viewer.select_rows("six", [1])


def test_no_trait_grows_with_the_rows(viewer) -> None:
    n = 200_000
    viewer.add_catalogue({"x": np.zeros(n), "y": np.zeros(n)}, "many")
    viewer.select_rows("many", np.ones(n, bool))
    assert len(str(viewer.catalogue_layers)) < 2000
    assert viewer.request("catalogue_bits", name="many").buffers[0].nbytes == n / 4


# --- rows -------------------------------------------------------------------------------------------


def listed(viewer, name, start=0, stop=100):
    return viewer.request("catalogue_rows", name=name, start=start, stop=stop).meta


def test_rows_are_listed_in_order_and_those_without_a_value_last(viewer) -> None:
    mag = MaskedColumn([3.0, 1.0, np.nan, 2.0, 9.0], mask=[False, False, False, False, True])
    table = Table({"x": np.arange(5.0), "y": np.arange(5.0), "mag": mag, "n": list("bdaec")})
    catalogue = viewer.add_catalogue(table, "five", sort="mag")
    assert listed(viewer, "five")["rows"] == [1, 3, 0, 2, 4]
    assert [cells[2] for cells in listed(viewer, "five")["cells"]] == ["1", "2", "3", "NaN", "–"]
    catalogue.sort = "-mag"
    assert listed(viewer, "five")["rows"][:3] == [0, 3, 1]
    catalogue.sort = "n"
    assert listed(viewer, "five")["rows"] == [2, 0, 4, 1, 3]
    catalogue.where = 'mag > 1.5 | n == "d"'
    assert listed(viewer, "five")["rows"] == [0, 1, 3]
    assert viewer.request("catalogue_find", name="five", row=3).meta["at"] == 2
    assert viewer.request("catalogue_find", name="five", row=4).meta["at"] == -1
    viewer.request("catalogue_select", name="five", span=[1, 2])
    assert viewer.selected_rows["five"].tolist() == [1, 3]
    catalogue.only_selected = True
    assert listed(viewer, "five")["total"] == 2
    for wrong in ("mag >", "nope > 1", "__import__('os')", "mag"):
        with pytest.raises(BadRequest):
            catalogue.where = wrong
    assert catalogue.where == 'mag > 1.5 | n == "d"'
    with pytest.raises(UnknownName):
        catalogue.sort = "nope"


def test_equal_values_keep_their_order_whichever_way_they_run(viewer) -> None:
    table = {"x": np.arange(5.0), "y": np.arange(5.0), "n": [1, 2, 1, 2, 1]}
    catalogue = viewer.add_catalogue(table, "ties", sort="n")
    assert listed(viewer, "ties")["rows"] == [0, 2, 4, 1, 3]
    catalogue.sort = "-n"
    assert listed(viewer, "ties")["rows"] == [1, 3, 0, 2, 4]
    viewer.add_catalogue(Table({"x": [1.0], "y": [1.0], "v": [[1, 2]]}), "vectors")
    with pytest.raises(BadRequest, match="single value"):
        viewer.catalogues["vectors"].sort = "v"
    with pytest.raises(BadRequest):
        viewer.catalogues["vectors"].where = "v > 1"
    assert listed(viewer, "vectors")["cells"] == [["1", "1", "[1 2]"]]


def test_a_page_reads_the_rows_that_are_listed_and_no_whole_column(
    viewer, gaia, monkeypatch
) -> None:
    catalogue = viewer.add_catalogue(GAIA, "gaia")
    dataset = adk.open(GAIA)
    read = []
    rows_of = type(dataset.table).rows
    take_of = type(dataset.table).take
    monkeypatch.setattr(
        type(dataset.table),
        "rows",
        lambda self, start, stop, names: (
            read.append(stop - start) or rows_of(self, start, stop, names)
        ),
    )
    monkeypatch.setattr(
        type(dataset.table),
        "take",
        lambda self, rows, names: read.append(len(rows)) or take_of(self, rows, names),
    )
    listed(viewer, "gaia", 100, 120)
    viewer.request("catalogue_row", name="gaia", row=7)
    assert read == [20, 1]
    assert len(catalogue) == len(gaia)


def test_a_page_of_a_file_has_what_astropy_reads(viewer, gaia) -> None:
    viewer.add_catalogue(GAIA, "gaia")
    page = listed(viewer, "gaia", 1000, 1003)
    assert page["rows"] == [1000, 1001, 1002]
    assert [cells[0] for cells in page["cells"]] == [str(i) for i in gaia["source_id"][1000:1003]]
    assert page["columns"][1] == {"name": "ra", "unit": "deg", "number": True}
    row = viewer.request("catalogue_row", name="gaia", row=1000).meta
    assert [cell["name"] for cell in row["cells"]][:3] == ["source_id", "ra", "dec"]


def test_columns_colour_by_numbers_or_by_categories(viewer) -> None:
    table = Table(
        {
            "x": np.arange(60.0),
            "y": np.arange(60.0),
            "mag": np.linspace(10, 20, 60),
            "flag": np.arange(60) % 3,
            "note": np.array(["a", "b"])[np.arange(60) % 2],
        }
    )
    catalogue = viewer.add_catalogue(table, "sixty", color="mag", size="mag")
    reply = viewer.request("catalogue_codes", name="sixty", column="mag")
    assert reply.meta["kind"] == "continuous"
    assert (reply.array().ravel()[0], reply.array().ravel()[-1]) == (0, 252)
    catalogue.color = "flag"
    reply = viewer.request("catalogue_codes", name="sixty", column="flag")
    assert [one["name"] for one in reply.meta["categories"]] == ["0", "1", "2"]
    assert viewer.catalogue_layers[0]["by"] == "flag"
    catalogue.color = "red"
    assert viewer.catalogue_layers[0]["color"] == "#ff0000"
    assert viewer.catalogue_layers[0]["by"] == ""
    for name, wrong in (("color", "rde"), ("size", "note"), ("size", 0), ("marker", "star")):
        with pytest.raises(BadRequest):
            setattr(catalogue, name, wrong)


# --- what is kept -----------------------------------------------------------------------------------


def test_the_state_and_the_code_bring_catalogues_of_files_back(viewer) -> None:
    viewer.add_catalogue(GAIA, "gaia", color="phot_g_mean_mag", size=7, where="parallax > 1")
    viewer.add_catalogue({"x": [1.0], "y": [1.0]}, "loose")
    viewer.catalogue_panel = True
    state = viewer.state()
    assert [one["name"] for one in state["catalogues"]] == ["gaia"]
    again = eval(viewer.code(), {"adk": adk})
    assert again.state() == state
    assert again.catalogues["gaia"].where == "parallax > 1"
    assert "'loose' is a table in memory" in viewer.code()


def test_catalogues_have_names_of_their_own_and_go_when_they_are_told(viewer) -> None:
    viewer.add_catalogue(GAIA)
    viewer.add_catalogue(GAIA)
    assert list(viewer.catalogues) == ["table_gaia_cone", "table_gaia_cone 2"]
    with pytest.raises(NameTaken):
        viewer.add_catalogue(GAIA, "table_gaia_cone")
    viewer.remove_catalogue("table_gaia_cone")
    assert [one["name"] for one in viewer.catalogue_layers] == ["table_gaia_cone 2"]
    with pytest.raises(UnknownName, match="there are 'table_gaia_cone 2'"):
        viewer.request("catalogue_places", name="table_gaia_cone")


def test_one_goes_to_a_row_that_has_a_place(viewer) -> None:
    viewer.add_catalogue({"x": [12.5, np.nan], "y": [7.0, 1.0]}, "two")
    viewer.goto_row("two", 0, zoom=4)
    assert viewer.view == {"x": 12.5, "y": 7.0, "zoom": 4.0}
    with pytest.raises(BadRequest, match="row 1 of 'two' has no place"):
        viewer.goto_row("two", 1)


def test_what_a_person_writes_is_read_as_a_place() -> None:
    wanted = SkyCoord(266.416667, -29.007778, unit="deg")
    for text in ("17h45m40s -29d00m28s", "17:45:40 -29:00:28", "266.416667, -29.007778"):
        assert coordinate_of(text).separation(wanted) < 0.1 * u.arcsec
    assert coordinate_of("0 0", "galactic").icrs.ra.deg == pytest.approx(266.405, abs=1e-3)
    for wrong in ("", "the centre", "1 2 3 4 5 6 7 8", "10 99"):
        with pytest.raises(BadRequest, match="no place"):
            coordinate_of(wrong)


def test_masked_texts_and_places_of_bytes_are_read(viewer) -> None:
    names = MaskedColumn(np.array([b"02:00:00", b"02:01:00", b"02:02:00"]), mask=[0, 1, 0])
    table = Table({"ra": names, "dec": np.array([b"85:00:00"] * 3)})
    catalogue = viewer.add_catalogue(table, "bytes", where='dec == "85:00:00"')
    assert catalogue.unplaced == 1
    assert listed(viewer, "bytes")["cells"][1] == ["–", "85:00:00"]
    kept = viewer.select_rows("bytes", [0, 1])
    viewer.select_rows("bytes", [1, 2], "intersect")
    assert kept is None
    assert viewer.selected_rows["bytes"].tolist() == [1]
    with pytest.raises(BadRequest, match="no way to select"):
        viewer.select_rows("bytes", [0], "swap")
    with pytest.raises(BadRequest, match="'bytes' has rows 0 to 2"):
        viewer.select_rows("bytes", [3])


def test_a_frame_with_two_columns_of_one_name_is_refused(viewer) -> None:
    twice = pd.DataFrame([[1.0, 2.0, 3.0]], columns=["x", "y", "x"])
    with pytest.raises(UnsupportedFormat, match="one name"):
        viewer.add_catalogue(twice)
