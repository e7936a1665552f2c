"""The table viewer and what it stands on, held to astropy and NumPy."""

import io
import json
from pathlib import Path

import astrodata_kernel as adk
import numpy as np
import pandas as pd
import pytest
from astrodata_kernel.errors import BadRequest, DamagedFile, UnknownName, UnsupportedFormat
from astrodata_kernel.processing.table_curves import error_column, phases
from astrodata_kernel.processing.table_order import ordered
from astrodata_kernel.processing.table_statistics import density_of
from astrodata_kernel.processing.table_units import unit_of
from astrodata_kernel.processing.tables import BLOCK, Rows
from astrodata_kernel.widgets.table import TableViewer
from astropy import units as u
from astropy.io import fits
from astropy.table import MaskedColumn, QTable, Table
from astropy.time import Time

DATA = Path(__file__).parent.parent / "data"
GAIA = DATA / "table_gaia_cone.fits"
EXAMPLES = Path(__file__).parent.parent.parent / "examples" / "data"
TESS = EXAMPLES / "table_tess_lightcurve_TIC25155310.fits"


def page(viewer, start=0, count=50, columns=(), where="", sort=(), row=None):
    return viewer.request(
        "page",
        start=start,
        count=count,
        columns=list(columns),
        where=where,
        sort=list(sort),
        row=row,
        patience=60,
    ).meta


@pytest.fixture(scope="module")
def gaia() -> Table:
    return Table.read(GAIA, unit_parse_strict="silent")


@pytest.fixture
def mixed(tmp_path) -> Path:
    """A table of each kind of column, with values that are missing."""
    n = 500
    random = np.random.default_rng(2)
    number = random.normal(size=n)
    number[::7] = np.nan
    table = Table(
        {
            "count": MaskedColumn(random.integers(0, 40, n), mask=np.arange(n) % 11 == 0),
            "value": number,
            "flag": random.integers(0, 2, n).astype(bool),
            "name": np.array([f"Ä{i:03d}".encode("ascii", "replace").decode() for i in range(n)]),
            "vector": random.normal(size=(n, 5)).astype("f4"),
        }
    )
    path = tmp_path / "mixed.fits"
    table.write(path)
    with fits.open(path, mode="update") as hdus:
        arrays = np.empty(n, object)
        arrays[:] = [np.arange(i % 4, dtype="i4") for i in range(n)]
        lengths = fits.Column("varying", "PJ()", array=arrays)
        hdus[1] = fits.BinTableHDU.from_columns([*hdus[1].columns, lengths], hdus[1].header)
    return path


# --- rows ---------------------------------------------------------------------------------------------


def test_pages_hold_the_values_that_astropy_reads(gaia) -> None:
    viewer = TableViewer(GAIA)
    found = page(viewer, 4000, 20)
    assert found["total"] == len(gaia) == 4876
    assert found["rows"] == list(range(4000, 4020))
    for name, cells in zip(gaia.colnames, found["cells"], strict=True):
        expected = np.asarray(gaia[name][4000:4020])
        assert [type(expected[0])(cell) for cell in cells if cell != "NaN"] == [
            value for value in expected if value == value
        ]


def test_columns_tell_their_unit_type_and_description(gaia) -> None:
    columns = {one["name"]: one for one in TableViewer(GAIA).request("describe").meta["columns"]}
    assert columns["parallax"]["unit"] == "mas"
    assert columns["parallax"]["dtype"] == "float64"
    assert columns["parallax"]["error"] == "parallax_error"
    assert columns["ra"]["description"] == gaia["ra"].description == "Right ascension"
    tess = {one["name"]: one for one in TableViewer(TESS).request("describe").meta["columns"]}
    assert tess["PDCSAP_FLUX"]["description"] == "aperture phot. PDC flux"


def test_missing_values_vectors_and_columns_of_variable_length_are_told_apart(mixed) -> None:
    viewer = TableViewer(mixed)
    kinds = {one["name"]: one["kind"] for one in viewer.request("describe").meta["columns"]}
    assert kinds == {
        "count": "number",
        "value": "number",
        "flag": "flag",
        "name": "text",
        "vector": "vector",
        "varying": "vector",
    }
    cells = dict(zip(viewer.book.rows.names, page(viewer, 0, 12)["cells"], strict=True))
    assert cells["count"][0] is None
    assert cells["count"][11] is None
    assert cells["value"][0] == cells["value"][7] == "NaN"
    assert cells["flag"][0] in ("true", "false")
    assert cells["vector"][3].endswith("…] 5")
    assert [cells["varying"][i] for i in range(3)] == ["[] 0", "[0] 1", "[0 1] 2"]


def test_display_formats_of_the_header_are_kept() -> None:
    viewer = TableViewer(TESS)
    cells = page(viewer, 0, 3, ["QUALITY", "PSF_CENTR1", "TIME"])["cells"]
    with fits.open(TESS) as hdus:
        data = hdus[1].data[:3]
        assert [int(cell, 2) for cell in cells[0]] == data["QUALITY"].tolist()
        assert [float(cell) for cell in cells[2]] == data["TIME"].tolist()


def test_scattered_rows_are_those_that_were_asked_for(tmp_path) -> None:
    n = 60_000
    random = np.random.default_rng(0)
    path = tmp_path / "many.fits"
    values = random.normal(size=n)
    Table({"i": np.arange(n), "v": values}).write(path)
    rows = Rows(adk.open(path))
    wanted = random.integers(0, n, 300)
    found = rows.page(wanted, ["v", "i"])
    np.testing.assert_array_equal(found["i"], wanted)
    np.testing.assert_array_equal(found["v"], values[wanted])


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_text_and_parquet_are_shown_like_fits(tmp_path, ending) -> None:
    frame = pd.DataFrame({"a": [3, 1, 2], "b": ["x", "y", "z"], "c": [0.5, None, 2.5]})
    path = tmp_path / f"t.{ending}"
    frame.to_csv(path, index=False) if ending == "csv" else frame.to_parquet(path)
    viewer = TableViewer(path, sort=["a", "desc"])
    assert page(viewer, sort=["a", "desc"])["cells"] == [
        ["3", "2", "1"],
        ["x", "z", "y"],
        ["0.5", "2.5", None],
    ]


def test_tables_in_memory_of_each_kind_are_shown() -> None:
    quantities = QTable({"t": Time(["2018-08-01", "2020-01-01"]), "f": [1.5, 2.5] * u.Jy})
    viewer = adk.view(quantities)
    assert isinstance(viewer, TableViewer)
    assert page(viewer)["cells"] == [["2018-08-01", "2020-01-01"], ["1.5", "2.5"]]
    assert viewer.request("describe").meta["columns"][1]["unit"] == "Jy"
    frame = pd.DataFrame({"n": pd.array([1, None], dtype="Int64"), "s": ["a", None]})
    assert page(adk.view(frame))["cells"] == [["1", None], ["a", None]]
    structured = np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")])
    assert page(adk.view(structured))["cells"] == [["1"], ["2"]]


# --- order --------------------------------------------------------------------------------------------


def test_sorting_is_stable_with_what_is_missing_last(mixed) -> None:
    table = Table.read(mixed)
    viewer = TableViewer(mixed)
    for name in ("count", "value"):
        for direction in ("asc", "desc"):
            viewer.sort = [name, direction]
            values = np.ma.filled(np.ma.asarray(table[name]).astype(float), np.nan)
            keys = values if direction == "asc" else -values
            expected = sorted(
                range(len(table)),
                key=lambda i: (np.isnan(keys[i]), keys[i] if keys[i] == keys[i] else 0),
            )
            assert viewer.filtered.tolist() == expected
    viewer.sort = ["name", "desc"]
    assert viewer.filtered.tolist() == list(range(len(table)))[::-1]


def test_filters_hold_as_in_numpy(gaia) -> None:
    viewer = TableViewer(GAIA)
    viewer.filter = "parallax > 1 & (phot_g_mean_mag < 15 | radial_velocity < 0)"
    with np.errstate(invalid="ignore"):
        expected = (gaia["parallax"] > 1) & (
            (gaia["phot_g_mean_mag"] < 15) | (gaia["radial_velocity"] < 0)
        )
    np.testing.assert_array_equal(viewer.filtered, np.flatnonzero(np.asarray(expected)))
    viewer.sort = ["parallax", "desc"]
    best = viewer.filtered[0]
    assert gaia["parallax"][best] == gaia["parallax"][np.asarray(expected)].max()
    assert page(viewer, 0, 1, ["parallax"], viewer.filter, viewer.sort)["rows"] == [best]


def test_large_whole_numbers_are_compared_exactly(gaia) -> None:
    viewer = TableViewer(GAIA)
    ident = int(gaia["source_id"][17])
    viewer.filter = f"source_id == {ident}"
    assert viewer.filtered.tolist() == [17]
    # Neighbours that are one number as floats.
    viewer = TableViewer({"id": ident + np.arange(4)}, filter=f"id == {ident + 2}")
    assert viewer.filtered.tolist() == [2]
    viewer.filter = f"id in [{ident}, {ident + 3}]"
    assert viewer.filtered.tolist() == [0, 3]


def test_a_filter_over_several_blocks_is_the_one_over_all() -> None:
    values = np.random.default_rng(1).normal(size=2 * BLOCK + 7)
    viewer = TableViewer({"v": values}, filter="v > 1")
    np.testing.assert_array_equal(viewer.filtered, np.flatnonzero(values > 1))


@pytest.mark.parametrize(
    "text", ["parallax >", "nothing > 3", "__import__('os')", "parallax", "parallax > 'x'"]
)
def test_a_filter_that_means_nothing_is_refused_and_the_old_one_holds(text) -> None:
    viewer = TableViewer(GAIA, filter="parallax > 5")
    before = len(viewer.filtered)
    with pytest.raises(BadRequest):
        page(viewer, where=text)
    assert viewer.filter == "parallax > 5"
    assert len(viewer.filtered) == before


def test_orders_of_what_has_no_order_are_refused(mixed) -> None:
    viewer = TableViewer(mixed)
    for sort in (["vector", "asc"], ["value", "up"], ["value"]):
        with pytest.raises(BadRequest):
            viewer.sort = sort
    with pytest.raises(UnknownName, match="value"):
        viewer.sort = ["valu", "asc"]


def test_work_that_takes_long_tells_how_far_it_is() -> None:
    viewer = TableViewer({"v": np.random.default_rng(3).normal(size=100_000)})
    msg = {"start": 0, "count": 5, "columns": [], "where": "v > 0", "sort": ["v", "asc"]}
    first = viewer.request("page", **msg, patience=0.0).meta
    assert first["ready"] or 0 <= first["progress"] <= 1
    assert viewer.request("page", **msg, patience=60).meta["ready"]


def test_what_is_looked_for_is_found_from_a_place_on_and_round(mixed) -> None:
    viewer = TableViewer(mixed)

    def find(text, start):
        msg = {"text": text, "start": start, "columns": [], "patience": 60}
        return viewer.request("find", **msg).meta

    assert find("042", 0)["row"] == 42
    assert find("042", 43)["row"] == 42
    assert find("no such thing", 0)["row"] is None
    with pytest.raises(BadRequest):
        find("  ", 0)


def test_equal_values_keep_their_order_both_ways() -> None:
    values = np.array([2, 1, 2, 1, 2])
    assert ordered(values, None).tolist() == [1, 3, 0, 2, 4]
    assert ordered(values, None, True).tolist() == [0, 2, 4, 1, 3]


# --- statistics, plot ---------------------------------------------------------------------------------


def test_statistics_are_those_of_numpy(gaia) -> None:
    viewer = TableViewer(GAIA, filter="phot_g_mean_mag < 16")
    mask = np.asarray(gaia["phot_g_mean_mag"]) < 16
    values = np.asarray(gaia["radial_velocity"], np.float64)[mask]
    finite = values[np.isfinite(values)]
    found = viewer.statistics("radial_velocity")
    assert found["rows"] == mask.sum()
    assert found["missing"] == np.isnan(values).sum()
    for name, expected in (
        ("min", finite.min()),
        ("max", finite.max()),
        ("mean", finite.mean()),
        ("std", finite.std()),
        ("median", np.median(finite)),
    ):
        assert found[name] == pytest.approx(expected, rel=1e-12)
    counts, edges = viewer.histogram("radial_velocity", 20)
    np.testing.assert_array_equal(counts, np.histogram(finite, edges)[0])


def test_moments_do_not_lose_digits_where_the_mean_is_large() -> None:
    values = 1e9 + np.random.default_rng(0).normal(size=3 * BLOCK)
    found = TableViewer({"v": values}).statistics("v")
    assert found["std"] == pytest.approx(values.std(), rel=1e-9)


def test_texts_are_counted() -> None:
    found = TableViewer({"s": ["a", "b", "a", "c", "a"]}).statistics("s")
    assert found["different"] == 3
    assert found["frequent"][0] == ["a", 3]


def test_values_travel_with_all_their_digits() -> None:
    values = np.array([2459000.123456789, np.nan, -1e-12])
    reply = TableViewer({"t": values}).request("values", name="t", start=0)
    found = reply.array(0).astype("f8") + reply.array(1).astype("f8")
    np.testing.assert_allclose(found.ravel(), values, rtol=1e-14)


def test_a_density_counts_each_point_in_its_pixel() -> None:
    random = np.random.default_rng(5)
    x, y = random.normal(size=(2, 50_000))
    found = density_of(x, y, (-2, 2), (-1, 3), 40, 30)
    expected = np.histogram2d(y, x, (30, 40), [(-1, 3), (-2, 2)])[0]
    # Where a value lies on a limit, both may round it to another side.
    assert np.abs(found.astype(int) - expected).sum() <= 4


def test_a_box_in_the_plot_selects_its_rows(gaia) -> None:
    viewer = TableViewer(GAIA, x="phot_g_mean_mag", y="parallax", filter="parallax < 5")
    reply = viewer.request("select", op="replace", box=[[12, 14], [1, 3]])
    g, p = np.asarray(gaia["phot_g_mean_mag"]), np.asarray(gaia["parallax"])
    expected = np.flatnonzero((g >= 12) & (g <= 14) & (p >= 1) & (p <= 3))
    np.testing.assert_array_equal(viewer.selected, expected)
    assert reply.meta["count"] == len(expected) == viewer.selection["count"]
    shown, selected = (
        np.unpackbits(np.frombuffer(b, np.uint8), bitorder="little")[: len(gaia)]
        for b in viewer.request("bits", where=viewer.filter, patience=60).buffers
    )
    np.testing.assert_array_equal(np.flatnonzero(selected), expected)
    np.testing.assert_array_equal(shown.astype(bool), p < 5)


def test_rows_are_selected_by_number_place_and_all_that_pass() -> None:
    viewer = TableViewer({"v": [5, 3, 9, 1]}, sort=["v", "asc"], filter="v > 2")
    viewer.request("select", op="replace", places=[0, 1])
    assert viewer.selected.tolist() == [0, 1]
    viewer.request("select", op="toggle", places=[1, 1])
    assert viewer.selected.tolist() == [1]
    viewer.request("select", op="replace", every=True)
    assert viewer.selected.tolist() == [0, 1, 2]
    viewer.selected = [3]
    assert viewer.selected.tolist() == [3]
    assert len(viewer.table("selected")) == 0  # it does not pass the filter
    with pytest.raises(BadRequest):
        viewer.selected = [4]


# --- light curves -------------------------------------------------------------------------------------


def test_a_table_of_times_and_fluxes_opens_as_a_light_curve() -> None:
    viewer = adk.view(TESS)
    assert viewer.is_light_curve
    assert (viewer.x, viewer.y) == ("TIME", "PDCSAP_FLUX")
    curve = viewer.request("describe").meta["curve"]
    header = fits.getheader(TESS, 1)
    assert curve["zero"] == header["BJDREFI"] + header["BJDREFF"] == 2457000
    assert curve["system"] == "BJD (TDB)"
    assert curve["fluxes"] == ["PDCSAP_FLUX", "SAP_FLUX"]


def test_the_light_curve_is_what_the_file_holds_of_good_quality() -> None:
    viewer = TableViewer(TESS)
    data = fits.getdata(TESS, 1)
    # Cadences without a measurement are told as 0 ± 0.
    good = (data["QUALITY"] == 0) & (data["PDCSAP_FLUX_ERR"] > 0)
    found = viewer.light_curve()
    np.testing.assert_array_equal(np.asarray(found["flux"].value), data["PDCSAP_FLUX"][good])
    np.testing.assert_array_equal(found["time"].to_value("d"), data["TIME"][good])
    assert found["flux"].unit == u.electron / u.s
    viewer.good_only = False
    assert len(viewer.light_curve()) == len(data)


def test_folding_gives_phases_about_the_epoch() -> None:
    times = np.array([10.0, 11.0, 12.5, 13.0, 9.0])
    assert phases(times, 2.0, 10.0).tolist() == [0.0, -0.5, 0.25, -0.5, -0.5]
    viewer = TableViewer(TESS, period=3.2888, epoch=1327.5187)
    found = viewer.light_curve()
    depth = np.asarray(found["flux"].value)
    usual = np.isfinite(depth) & (depth > 0)
    inside = usual & (np.abs(found["phase"]) < 0.01)
    outside = usual & (np.abs(found["phase"]) > 0.1)
    # WASP-126 b takes 0.6 % of the light.
    drop = 1 - np.median(depth[inside]) / np.median(depth[outside])
    assert drop == pytest.approx(0.0062, abs=0.001)
    viewer.select_box([-0.01, 0.01], [0, 1e9])
    turned = phases(fits.getdata(TESS, 1)["TIME"][viewer.selected], 3.2888, 1327.5187)
    assert np.abs(turned).max() <= 0.01


@pytest.mark.parametrize("period", [0.0, -1.0, float("inf"), float("nan")])
def test_periods_that_are_none_are_refused(period) -> None:
    viewer = TableViewer(TESS)
    with pytest.raises(BadRequest):
        viewer.period = period
    assert viewer.period is None


def test_columns_of_errors_are_known_by_their_names() -> None:
    names = ["FLUX", "FLUX_ERR", "mag", "e_mag", "parallax", "parallax_error", "x"]
    assert [error_column(name, names) for name in ("FLUX", "mag", "parallax", "x")] == [
        "FLUX_ERR",
        "e_mag",
        "parallax_error",
        "",
    ]


# --- what leaves --------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["fits", "ecsv", "parquet"])
def test_saved_tables_have_the_rows_the_columns_and_the_units_on_show(
    tmp_path, gaia, ending
) -> None:
    viewer = TableViewer(
        GAIA, filter="parallax > 3", sort=["parallax", "desc"], columns=["source_id", "parallax"]
    )
    path = viewer.save(tmp_path / f"out.{ending}")
    found = QTable.read(path)
    assert found.colnames == ["source_id", "parallax"]
    assert found["parallax"].unit == u.mas
    rows = viewer.filtered
    np.testing.assert_array_equal(np.asarray(found["source_id"]), gaia["source_id"][rows])
    np.testing.assert_array_equal(found["parallax"].to_value("mas"), gaia["parallax"][rows])


def test_text_is_saved_with_missing_values_empty(tmp_path, mixed) -> None:
    viewer = TableViewer(mixed, columns=["name", "count", "flag"])
    found = pd.read_csv(viewer.save(tmp_path / "out.csv"))
    assert list(found.columns) == ["name", "count", "flag"]
    assert found["count"].isna().tolist() == (np.arange(500) % 11 == 0).tolist()
    viewer.columns = []
    with pytest.raises(BadRequest, match="vector"):
        viewer.save(tmp_path / "out.csv")


def test_selected_rows_are_copied_with_tabs_between(gaia) -> None:
    viewer = TableViewer(GAIA, columns=["source_id", "parallax"])
    viewer.selected = [2, 5]
    text = viewer.request("copy").meta["text"]
    again = pd.read_csv(io.StringIO(text), sep="\t")
    assert again["source_id"].tolist() == gaia["source_id"][[2, 5]].tolist()
    viewer.selected = []
    with pytest.raises(BadRequest, match="Ctrl"):
        viewer.request("copy")


def test_state_and_code_show_the_same_again() -> None:
    viewer = TableViewer(GAIA, filter="parallax > 1", sort=["ra", "asc"], x="ra", y="dec")
    state = json.loads(json.dumps(viewer.state()))
    again = TableViewer(state.pop("source"), **state)
    assert again.state() == viewer.state()
    rebuilt = eval(viewer.code(), {"adk": adk})
    assert rebuilt.state() == viewer.state()


# --- bad input ----------------------------------------------------------------------------------------


def test_a_file_without_a_table_is_refused() -> None:
    with pytest.raises(UnsupportedFormat, match="no table"):
        TableViewer(DATA / "scaled" / "blank.fits")


def test_what_is_no_table_is_refused() -> None:
    for source in (3.5, {"a": [1, 2], "b": [1]}):
        with pytest.raises(UnsupportedFormat):
            TableViewer(source)


def test_a_table_that_shrinks_while_it_is_open_gives_an_error_and_lives_on(tmp_path) -> None:
    path = tmp_path / "short.fits"
    Table({"v": np.arange(200_000)}).write(path)
    viewer = TableViewer(path)
    assert page(viewer, 0, 2)["cells"] == [["0", "1"]]
    path.write_bytes(path.read_bytes()[:100_000])
    with pytest.raises(DamagedFile):
        page(viewer, 190_000, 2)
    assert page(viewer, 0, 2)["cells"] == [["0", "1"]]


def test_an_empty_table_and_one_of_nothing_but_nan_are_shown() -> None:
    empty = TableViewer(Table({"v": np.zeros(0)}))
    assert page(empty)["total"] == 0
    assert empty.statistics("v")["min"] is None
    nothing = TableViewer({"v": np.full(9, np.nan)}, sort=["v", "desc"])
    assert nothing.filtered.tolist() == list(range(9))
    assert nothing.request("statistics", column="v", patience=60).meta["statistics"]["valid"] == 0
    assert nothing.request("extent", name="v").meta["low"] is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("e-/s", "electron / s"),
        ("BJD - 2457000, days", "d"),
        ("mas yr-1", "mas / yr"),
        ("1E-17 erg/cm^2/s/Ang", "1e-17 erg / (Angstrom s cm2)"),
    ],
)
def test_units_are_read_as_instruments_write_them(text, expected) -> None:
    assert unit_of(text).to_string() == expected


def test_texts_that_are_no_units_give_none() -> None:
    assert unit_of("no such unit") is None
    assert unit_of("LOG10(Angstroms)") is None
