from pathlib import Path

import astrodata_kernel as adk
import numpy as np
import pandas as pd
import pytest
from astrodata_kernel.data_tests import Tests
from astrodata_kernel.data_tests.sources import given
from astrodata_kernel.errors import BadRequest, DamagedFile, UnsupportedFormat
from astrodata_kernel.latent import Latents

DATA = Path(__file__).parents[1] / "data"
EXAMPLES = Path(__file__).parents[2] / "examples" / "data"
TESS = EXAMPLES / "table_tess_lightcurve_TIC25155310.fits"


def only(test: dict, data):
    [result] = Tests.of([test]).run(data).results
    return result


def test_the_same_table_gives_the_same_in_fits_parquet_text_and_memory(tmp_path) -> None:
    names = ["TIME", "CADENCENO", "SAP_FLUX", "QUALITY"]
    frame = adk.open(TESS).table.read(names).to_pandas()
    frame.to_parquet(tmp_path / "t.parquet", row_group_size=3000)
    frame.to_csv(tmp_path / "t.csv", index=False)
    tests = Tests.of(
        [
            {"check": "nan_share", "on": names},
            {"check": "range", "on": "SAP_FLUX", "at_least": 0, "at_most": 20_000},
            {"check": "monotonic", "on": "TIME", "gap_at_most": 0.01},
            {"check": "duplicates", "on": ["TIME", "QUALITY"]},
            {"check": "class_balance", "on": "QUALITY", "at_least": 0.1},
            {"check": "schema", "columns": {"TIME": "number", "QUALITY": "integer"}},
        ]
    )
    wanted = tests.run(frame).table.drop(columns=["note", "seen", "allowed"])
    assert (wanted.outcome == "failed").sum() > 3
    for source in (TESS, tmp_path / "t.parquet", tmp_path / "t.csv", adk.open(tmp_path / "t.csv")):
        found = tests.run(source).table.drop(columns=["note", "seen", "allowed"])
        pd.testing.assert_frame_equal(found, wanted)


def test_a_parquet_file_of_one_row_group_is_read_in_blocks(tmp_path, monkeypatch) -> None:
    from astrodata_kernel.data_tests import table_blocks

    monkeypatch.setattr(table_blocks, "ROWS", 1000)
    frame = pd.DataFrame({"x": np.arange(5500.0), "n": pd.array([None, *range(5499)], "Int64")})
    frame.to_parquet(tmp_path / "x.parquet", row_group_size=10_000)
    source = given(tmp_path / "x.parquet")
    blocks = list(source.blocks(["x", "n"]))
    assert [len(b.frame) for b in blocks] == [1000] * 5 + [500]
    assert {str(b.frame.n.dtype) for b in blocks} == {"Int64"}
    assert (
        only({"check": "range", "on": "x", "at_most": 5000}, tmp_path / "x.parquet").first[0]
        == 5001
    )


def test_units_of_a_parquet_file_are_those_in_its_metadata(tmp_path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq
    from astropy.table import Table

    field = pa.field("v", pa.float64(), metadata={"unit": "km/s"})
    pq.write_table(pa.table({"v": [1.0]}, pa.schema([field])), tmp_path / "a.parquet")
    assert only(
        {"check": "unit", "on": "v", "unit": "m/s", "equivalent": True}, tmp_path / "a.parquet"
    ).ok
    table = Table({"d": [1.0, 2.0]})
    table["d"].unit = "pc"
    table.write(tmp_path / "b.parquet")
    assert only({"check": "unit", "on": "d", "unit": "pc"}, tmp_path / "b.parquet").ok
    frame = pd.DataFrame({"m": [1.0]})
    frame.attrs["units"] = {"m": "mag"}
    assert only({"check": "unit", "on": "m", "unit": "mag"}, frame).ok
    frame.to_parquet(tmp_path / "c.parquet")
    assert only({"check": "unit", "on": "m", "unit": "mag"}, tmp_path / "c.parquet").ok


def test_types_of_text_are_those_of_all_of_its_rows(tmp_path, monkeypatch) -> None:
    from astrodata_kernel.readers import text_columns

    monkeypatch.setattr(text_columns, "_BLOCK_BYTES", 200)
    later = [i if i < 150 else i + 0.5 for i in range(200)]
    gone = ["" if i == 3 else i for i in range(200)]
    word = ["no" if i == 199 else i for i in range(200)]
    lines = [";".join(map(str, row)) for row in zip(range(200), later, gone, word, strict=True)]
    (tmp_path / "t.csv").write_text("a;b;c;d\n" + "\n".join(lines) + "\n")
    source = given(tmp_path / "t.csv")
    assert {n: c.dtype for n, c in source.columns.items()} == {
        "a": "int64", "b": "float64", "c": "Int64", "d": "str"
    }  # fmt: skip
    assert source.count == 200
    assert len(list(source.blocks(["a"]))) > 3
    assert only({"check": "range", "on": "b", "at_most": 198}, tmp_path / "t.csv").first == (
        198,
        199,
    )
    (tmp_path / "bad.csv").write_text("a,b\n1,2\n3,4\n1,2,3\n")
    with pytest.raises((DamagedFile, UnsupportedFormat)):
        given(tmp_path / "bad.csv")


def test_images_tell_pixels_and_their_sky() -> None:
    image = EXAMPLES / "m13.fits"
    pixels = np.asarray(adk.open(image).array)
    found = only({"check": "range", "on": "values", "at_most": 2000}, image)
    assert found.failing == int((pixels > 2000).sum()) > 0
    assert pixels[found.first[0]] > 2000
    assert found.first[0] == tuple(np.argwhere(pixels > 2000)[0])
    wcs = only({"check": "wcs"}, image)
    assert wcs.ok
    assert "RA---TAN" in wcs.seen
    assert not only({"check": "wcs", "scale_at_most": 0.1}, image).ok
    assert not only({"check": "wcs"}, DATA / "scaled/blank.fits").ok
    assert only({"check": "nan_share", "at_most": 0.5}, DATA / "scaled/blank.fits").failing == 1


def test_the_scale_of_the_sky_is_that_of_astropy() -> None:
    from astropy.wcs.utils import proj_plane_pixel_scales

    image = EXAMPLES / "image_2mass_k_galactic_centre.fits"
    wanted = proj_plane_pixel_scales(adk.open(image).wcs) * 3600
    np.testing.assert_allclose(only({"check": "wcs"}, image).numbers["scale"], wanted)


def test_scenes_tell_their_bands_and_their_ground() -> None:
    scene = adk.open(EXAMPLES / "sentinel2_29RKH")
    report = Tests.of([{"check": "nan_share", "on": ["B01", "B11"]}, {"check": "wcs"}]).run(scene)
    for result, name in zip(report.results, ["B01", "B11"], strict=False):
        assert result.numbers["share"] == np.isnan(np.asarray(scene.band(name))).mean()
    assert "EPSG:32629" in report.results[2].seen
    assert report.results[2].ok


def test_traces_tell_samples_features_and_what_the_file_tells() -> None:
    traces = adk.open(DATA / "waveforms/sipm/wave0.dat")
    values = np.asarray(traces.array)
    report = Tests.of(
        [
            {"check": "range", "on": "samples", "at_least": 0, "at_most": 1023},
            {"check": "nan_share", "on": ["samples", "width"], "at_most": 1},
            {"check": "saturated", "at_most": 0},
            {"check": "range", "on": "peak", "at_least": 0},
            {"check": "monotonic", "on": "event"},
            {"check": "rows", "at_least": 293, "at_most": 293},
        ]
    ).run(traces)
    from astrodata_kernel.processing.waveforms import features

    wanted = features(values, sample_period=traces.meta["sample_period"])
    assert report.results[0].numbers["min"] == values.min()
    assert report.results[2].numbers["share"] == wanted.width.isna().mean()
    assert report.results[3].failing == int(wanted.saturated.sum())
    assert report.results[4].numbers["max"] == wanted.peak.max()
    assert report.results[5].ok
    assert report.results[6].ok


def test_beats_of_an_array_are_tested_as_they_are() -> None:
    beats = np.load(EXAMPLES / "ecg_beats.npz", allow_pickle=False)
    found = only({"check": "range", "on": "values", "at_most": 1000}, beats["beats"])
    assert found.failing == int((beats["beats"] > 1000).sum())
    balance = only({"check": "class_balance", "at_least": 0.1}, beats["abnormal"])
    abnormal = int(beats["abnormal"].sum())
    assert balance.numbers["counts"] == {"False": 1869 - abnormal, "True": abnormal}
    both = {"beats": beats["beats"], "abnormal": beats["abnormal"]}
    report = Tests.of([{"check": "finite"}, {"check": "rows", "at_least": 1869}]).run(both)
    assert report.ok
    assert {r.column for r in report} == {"beats", "abnormal", ""}


def test_latents_are_tables_of_their_points() -> None:
    z = np.random.default_rng(0).normal(size=(50, 2))
    z[3, 1] = np.nan
    latents = Latents(z, columns={"score": np.arange(50.0)})
    assert only({"check": "finite", "on": ["z1"]}, latents).first == (3,)
    assert only({"check": "range", "on": "score", "at_most": 40}, latents).failing == 9


@pytest.mark.parametrize(
    ("test", "data", "words"),
    [
        ({"check": "wcs"}, pd.DataFrame({"x": [1]}), "of kind 'table'"),
        ({"check": "monotonic", "on": "values"}, np.zeros((3, 3)), "kind 'vector'"),
        ({"check": "schema", "columns": {"x": None}}, np.zeros((3, 3)), "of kind 'array'"),
        ({"check": "saturated"}, np.zeros((3, 3)), "is for waveforms"),
        ({"check": "duplicates"}, np.zeros((3, 3)), "no column of kind"),
    ],
)
def test_what_cannot_be_asked_of_a_kind_says_so(test: dict, data, words: str) -> None:
    with pytest.raises(BadRequest, match=words):
        Tests.of([test]).run(data)


@pytest.mark.parametrize("data", [3, object(), [object()], None])
def test_what_is_no_data_is_refused(data) -> None:
    with pytest.raises(UnsupportedFormat, match="no data that can be tested"):
        given(data)


def test_tables_without_rows_are_tables() -> None:
    empty = pd.DataFrame({"x": pd.Series(dtype=float), "c": pd.Series(dtype=str)})
    report = Tests.of(
        [
            {"check": "nan_share"},
            {"check": "range", "on": "x", "at_least": 0},
            {"check": "monotonic", "on": "x"},
            {"check": "duplicates"},
            {"check": "unique", "on": "c"},
            {"check": "schema", "columns": {"x": "float64"}},
        ]
    ).run(empty)
    assert report.ok
    assert not only({"check": "class_balance", "on": "c", "at_least": 0.1}, empty).ok
