"""Blocks of tables, waveforms, strain, images and cubes: small real data, twice, in two workspaces."""

from pathlib import Path

import astrodata_kernel as adk
import numpy as np
import pandas as pd
import pytest
from astrodata_kernel import blocks
from astrodata_kernel.errors import BadRequest, UnknownName
from astrodata_kernel.pipeline import Pipeline, block
from astrodata_kernel.processing.tabular import table_of

EXAMPLES = Path(__file__).parents[2] / "examples" / "data"
CARDIO = EXAMPLES / "tables" / "cardio.npz"
GAIA = EXAMPLES / "tables" / "gaia_cone.fits"
SIPM = EXAMPLES / "sipm" / "wave0.dat"
STRAIN = EXAMPLES / "gw" / "H-H1_LOSC_4_V2-1126259446-32.hdf5"


@pytest.fixture
def steady(tmp_path):
    """Run a pipeline twice, and in another workspace: nothing is done again, and the same comes."""

    def run(pipeline, **options):
        first, again, other = (
            pipeline.run(workspace=tmp_path / place, track=False, progress=False, **options)
            for place in ("one", "one", "two")
        )
        assert set(first.computed) == set(pipeline.steps)
        assert again.computed == ()
        hashes = {name: first.outputs.hash_of(name) for name in first.outputs}
        assert {name: other.outputs.hash_of(name) for name in other.outputs} == hashes
        return first

    return run


# --- tables -----------------------------------------------------------------------------------------


@block(stage="ingest", outputs=("table",))
def stars_with_gaps(*, path: str):
    """Read stars, of which some have no radial velocity, with a text beside."""
    table = table_of(path)
    made = table[["source_id", "ra", "dec", "parallax", "phot_g_mean_mag"]].copy()
    made.loc[made.index[::7], "parallax"] = np.nan
    made["bright"] = np.where(made["phot_g_mean_mag"] < 15, "yes", "no")
    return pd.concat([made, made.iloc[:5]], ignore_index=True)


def test_a_table_is_cleaned_divided_filled_coded_and_standardised_by_its_training_part(steady):
    pipeline = (
        Pipeline("stars")
        .add("read", stars_with_gaps, path=str(GAIA))
        .add("clean", blocks.drop_duplicates, "read")
        .add("chosen", blocks.select_columns, "clean", but=["source_id"])
        .add("split", blocks.split_table, "chosen", stratify="bright", seed=3)
    )
    parts = {part: f"split.{part}" for part in ("train", "validation", "test")}
    pipeline.add("fill", blocks.fill_missing, from_=parts, columns=["parallax"])
    parts = {part: f"fill.{part}" for part in parts}
    pipeline.add("code", blocks.one_hot, from_=parts, columns=["bright"])
    parts = {part: f"code.{part}" for part in parts}
    pipeline.add("scale", blocks.standardise, from_=parts, columns=["ra", "dec", "parallax"])
    run = steady(pipeline)

    assert len(run.outputs["read"]) - len(run.outputs["clean"]) == 5
    assert run.metrics["clean.dropped"] == 5
    train, test = run.outputs["scale.train"], run.outputs["scale.test"]
    assert list(train.columns) == [
        *("ra", "dec", "parallax", "phot_g_mean_mag", "bright=no", "bright=yes")
    ]
    assert train["ra"].mean() == pytest.approx(0, abs=1e-9)
    assert test["ra"].mean() != pytest.approx(0, abs=1e-9)
    assert not train.isna().any().any()
    assert '"ra"' in run.outputs["scale.learnt"]
    shares = [run.outputs[f"split.{part}"]["bright"].eq("yes").mean() for part in ("train", "test")]
    assert shares[0] == pytest.approx(shares[1], abs=0.01)


def test_parts_that_are_not_there_stay_away(steady):
    pipeline = (
        Pipeline("one-part")
        .add("read", blocks.read_table, path=CARDIO, columns=["X", "y"])
        .add("scale", blocks.standardise, "read", but=["y"])
    )
    run = steady(pipeline)
    assert run.outputs["scale.test"] is None
    assert run.outputs["scale.train"]["y"].sum() == 176


def test_columns_of_two_tables_are_joined_by_name_or_by_order(steady):
    pipeline = (
        Pipeline("join")
        .add("read", blocks.read_table, path=GAIA)
        .add("places", blocks.select_columns, "read", columns=["source_id", "ra", "dec"])
        .add("light", blocks.select_columns, "read", columns=["source_id", "phot_g_mean_mag"])
        .add("magnitude", blocks.select_columns, "read", columns=["phot_g_mean_mag"])
        .add("by_id", blocks.join_tables, "places", "light", on=["source_id"])
        .add("by_order", blocks.join_tables, "places", "magnitude")
    )
    run = steady(pipeline)
    pd.testing.assert_frame_equal(run.outputs["by_id"], run.outputs["by_order"])


def test_tables_that_do_not_belong_together_are_refused():
    left = pd.DataFrame({"x": [1, 2], "n": [0, 1]})
    with pytest.raises(BadRequest, match="2 and 3 rows"):
        blocks.join_tables(left, pd.DataFrame({"y": [1, 2, 3]}))
    with pytest.raises(BadRequest, match="both tables have a column 'x'"):
        blocks.join_tables(left, left)
    with pytest.raises(UnknownName, match="'m'"):
        blocks.join_tables(left, left, on=["m"])
    with pytest.raises(BadRequest, match="cannot be joined"):
        blocks.join_tables(left, pd.DataFrame({"x": [1, 1]}), on=["x"])


# --- waveforms --------------------------------------------------------------------------------------


def test_waveforms_go_through_a_chain_of_filters_to_features_and_pictures(steady):
    filters = [
        {"filter": "band_pass", "high": 2e8},
        {"filter": "notch", "frequency": 5e7},
        {"filter": "moving_average", "width": 3},
        {"filter": "invert"},
        {"filter": "normalise"},
    ]
    pipeline = (
        Pipeline("sipm")
        .add("open", blocks.open_data, path=SIPM)
        .add("read", blocks.read_waveforms, path=SIPM, rows=(0, 100), trim=(6, 0))
        .add("rest", blocks.subtract_baseline, "read")
        .add("filtered", blocks.filter_waveforms, "rest", filters=filters)
        .add("aligned", blocks.align_waveforms, "rest", fill=0.0)
        .add("cut", blocks.fit_length, "aligned", length=256)
        .add("slower", blocks.resample_waveforms, "cut", factor=0.5)
        .add("features", blocks.waveform_features, "open")
        .add("pulses", blocks.find_pulses, "rest", threshold=8.0)
        .add("spectrum", blocks.waveform_spectrum, "rest")
        .add("white", blocks.whiten_waveforms, "rest", "spectrum")
        .add("density", blocks.waveform_density, "rest", columns=100, rows=50)
        .add("scores", blocks.waveform_scores, "rest", detectors=["peak", "integral"])
        .add("seen", blocks.view, "rest", title="SiPM")
    )
    run = steady(pipeline)
    out = run.outputs
    opened = adk.open(SIPM)
    period = opened.meta["sample_period"]
    assert len(out["features"]) == opened.shape[0]
    pd.testing.assert_frame_equal(
        out["features"],
        adk.processing.waveforms.features(opened, None, opened.meta["polarity"], period),
    )
    assert out["read"].shape == (100, opened.shape[1] - 6)
    np.testing.assert_array_equal(out["read"].array[:], opened.array[:100, 6:])
    assert out["filtered"].meta["sample_period"] == period
    assert np.abs(out["filtered"].array[:]).max() == pytest.approx(1, abs=1e-5)
    assert out["slower"].shape == (100, 128)
    assert out["slower"].meta["sample_period"] == pytest.approx(2 * period)
    assert np.median(out["rest"].array[:, :16]) == pytest.approx(0, abs=2)
    assert out["density.counts"].shape == (50, 100)
    assert list(out["scores"].columns) == ["peak", "integral"]
    assert np.asarray(out["white"].array[:]).var() == pytest.approx(1, rel=0.5)
    assert "<svg" in out["seen"].svg


def test_a_filter_with_a_parameter_that_it_has_not_is_refused():
    for bad in ({"filter": "notch", "width": 3}, {"filter": "low_pass"}):
        pipeline = Pipeline("bad").add("open", blocks.open_data, path=SIPM)
        pipeline.add("filtered", blocks.filter_waveforms, "open", filters=[bad])
        with pytest.raises(BadRequest, match="filters"):
            pipeline.plan()


def test_traces_that_are_more_than_fits_are_worked_on_in_pieces(tmp_path, monkeypatch):
    from astrodata_kernel.blocks import trace_values

    monkeypatch.setattr(trace_values, "_AT_ONCE", 1000)
    monkeypatch.setattr(trace_values, "_IN_MEMORY", 0)
    traces = np.random.default_rng(0).normal(size=(57, 100)).astype(np.float32)
    seen = []

    work = adk.pipeline.Work(lambda share, _text: seen.append(share), folder=tmp_path)
    made = blocks.subtract_baseline(traces, work=work)
    assert isinstance(made, np.memmap)
    np.testing.assert_array_equal(made, adk.processing.waveforms.subtract_baseline(traces))
    assert len(seen) == 6


def test_features_on_a_cluster_are_those_of_one_process(tmp_path):
    traces = tmp_path / "traces.npy"
    np.save(traces, np.random.default_rng(1).normal(size=(400, 64)).astype(np.float32))

    @block(stage="ingest", outputs=("traces",))
    def memory():
        return np.load(traces)

    pipeline = (
        Pipeline("features")
        .add("open", blocks.open_data, path=SIPM)
        .add("of_file", blocks.waveform_features, "open")
        .add("made", memory)
        .add("of_array", blocks.waveform_features, "made")
    )
    alone = pipeline.run(workspace=tmp_path / "one", track=False, progress=False)
    with adk.compute.cluster("threads", workers=2) as cluster:
        spread = pipeline.run(
            workspace=tmp_path / "two", track=False, progress=False, cluster=cluster
        )
    for name in ("of_file.table", "of_array.table"):
        assert alone.outputs.hash_of(name) == spread.outputs.hash_of(name)


def test_synthetic_traces_come_with_their_truth(steady):
    pipeline = Pipeline("made").add(
        "traces", blocks.synthetic_waveforms, n=6, noise_level=0.1, amplitude=0.5, seed=2
    )
    run = steady(pipeline)
    assert run.outputs["traces.traces"].shape == (6, 9728)
    assert (run.outputs["traces.truth"]["amplitude"] == 0.5).all()


# --- strain -----------------------------------------------------------------------------------------


def test_strain_is_conditioned_whitened_and_transformed(steady, tmp_path):
    glitches = tmp_path / "glitches.csv"
    glitches.write_text("GPStime,snr,label\n1126259462.4,24,chirp\n1126259450,8,blip\n")
    pipeline = (
        Pipeline("strain")
        .add("read", blocks.open_data, path=STRAIN)
        .add("clean", blocks.condition_strain, "read", low=20.0, high=500.0, lines=[60.0])
        .add("white", blocks.whiten_strain, "read")
        .add("spectrum", blocks.strain_spectrum, "read")
        .add("energy", blocks.q_transform, "white", t_range=(15.0, 18.0), columns=60, rows=20)
        .add("glitches", blocks.read_glitches, path=glitches)
        .add("seen", blocks.view, "white")
    )
    run = steady(pipeline)
    assert run.outputs["white"].meta["sample_rate"] == 4096
    assert run.outputs["energy.energy"].shape == (20, 60)
    assert run.outputs["glitches"]["label"].tolist() == ["blip", "chirp"]
    assert run.outputs["spectrum"]["frequency"].max() == 2048


# --- images, cubes, catalogues ----------------------------------------------------------------------


def test_stars_of_an_image_are_found_measured_cut_out_scaled_and_turned(steady):
    pipeline = (
        Pipeline("cluster")
        .add("image", blocks.open_data, path=EXAMPLES / "m13.fits")
        .add("stars", blocks.find_sources, "image", threshold=400.0, fwhm=3.0)
        .add("light", blocks.measure_sources, "image", "stars", radius=4.0, annulus=(6.0, 9.0))
        .add("pieces", blocks.cutouts, "image", "stars", size=16, edge="drop")
        .add("turned", blocks.augment_images, "pieces.cutouts", seed=4)
        .add("shown", blocks.stretch_image, "image")
        .add("onto", blocks.reproject_image, "image", "image", order="nearest")
        .add("seen", blocks.view, "image")
    )
    run = steady(pipeline)
    stars = run.outputs["stars"]
    assert len(stars) > 5
    assert len(run.outputs["light"]) == len(stars)
    assert run.outputs["pieces.cutouts"].shape[1:] == (16, 16)
    assert run.outputs["pieces.inside"].all()
    assert run.outputs["turned.masks"] is None
    np.testing.assert_allclose(
        np.sort(run.outputs["turned.images"], axis=None),
        np.sort(run.outputs["pieces.cutouts"], axis=None),
    )
    shown = run.outputs["shown"]
    assert (shown.min(), shown.max()) == (0, 1)
    image = adk.open(EXAMPLES / "m13.fits")
    np.testing.assert_allclose(run.outputs["onto.image"], image.array[:])
    again = adk.open(run.outputs["onto.file"])
    assert again.wcs.celestial.wcs.crval == pytest.approx(image.wcs.celestial.wcs.crval)


def test_places_in_a_column_that_is_not_there_are_refused():
    with pytest.raises(UnknownName, match=r"'xx'.*'x'"):
        blocks.cutouts(
            np.zeros((9, 9)), pd.DataFrame({"x": [1], "y": [1]}), size=3, columns=("xx", "y")
        )


def test_a_cube_gives_moments_and_spectra(steady):
    pipeline = (
        Pipeline("cube")
        .add("cube", blocks.open_data, path=EXAMPLES / "cube_l1448_13co.fits")
        .add("moment", blocks.cube_moment, "cube", order=1, channels=(18, 36), threshold=1.0)
        .add("pixel", blocks.cube_spectrum, "cube", at=(53, 50), unit="km/s")
        .add(
            "region",
            blocks.cube_spectrum,
            "cube",
            at={"shape": "circle", "x": 53, "y": 50, "radius": 3},
        )
    )
    run = steady(pipeline)
    again = adk.open(run.outputs["moment.file"])
    np.testing.assert_array_equal(again.array[:], run.outputs["moment.map"])
    assert run.outputs["pixel"].attrs["units"]["velocity"] == "km / s"
    assert (run.outputs["region"]["pixels"] > 1).all()


def test_a_catalogue_is_cut_to_a_cone_and_images_are_scaled_by_percentiles(steady):
    pipeline = (
        Pipeline("cone")
        .add("read", blocks.open_data, path=GAIA)
        .add("cone", blocks.cone_of_catalogue, "read", centre="11.8 85.25", radius=0.1)
    )
    run = steady(pipeline)
    assert 0 < len(run.outputs["cone"]) < 4876
    images = np.random.default_rng(0).normal(size=(4, 8, 8, 2)).astype(np.float32)
    scaled, told = blocks.scale_images(images, percentiles=(0.0, 100.0))
    assert (scaled.min(), scaled.max()) == (0, 1)
    assert told["percentiles"] == [0, 100]
