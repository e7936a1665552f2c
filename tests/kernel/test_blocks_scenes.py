"""Blocks of satellite scenes and patches: real scenes with fires built into them, in two workspaces."""

from pathlib import Path

import astrodata_kernel as adk
import numpy as np
import pytest
from astrodata_kernel import blocks
from astrodata_kernel.errors import BadRequest, Cancelled
from astrodata_kernel.pipeline import Pipeline
from astrodata_kernel.testing.fires import built
from astrodata_kernel.testing.scenes import safe_folder

EXAMPLES = Path(__file__).parents[2] / "examples" / "data"
REAL = sorted((EXAMPLES / "sentinel2_43RCP").iterdir())
COG = EXAMPLES / "sentinel2_29RKH"


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


@pytest.fixture(scope="module")
def fires(tmp_path_factory):
    real = [scene.with_offset(0, 1e-4) for scene in adk.open_scenes(REAL)]
    return built(tmp_path_factory.mktemp("fires"), *real, count=3)


def test_dates_are_stacked_measured_in_areas_and_followed_at_a_pixel(steady):
    shapes = {"field": {"shape": "circle", "x": 100, "y": 90, "radius": 6}}
    pipeline = (
        Pipeline("dates")
        .add(
            "open",
            blocks.open_scenes,
            paths=[str(one) for one in reversed(REAL)],
            offset=0,
            scale=1e-4,
        )
        .add("series", blocks.scene_series, "open", x=100, y=90, indices=["NDVI", "NBR"])
        .add("areas", blocks.scene_areas, "open", shapes=shapes, indices=["NDVI"], bands=["B04"])
        .add("stack", blocks.stack_scenes, "open", bands=["B04", "B08"], resolution=20)
    )
    run = steady(pipeline)
    scenes = run.outputs["open"]
    assert [f"{one.date:%m}" for one in scenes] == ["06", "08"]
    assert scenes[0].offset == 0
    series = run.outputs["series"]
    assert list(series.columns) == ["date", "NDVI", "NBR", "cloud"]
    assert len(run.outputs["areas"]) == 4
    assert set(run.outputs["areas"]["area"]) == {"field"}
    assert run.outputs["stack"].shape[:2] == (2, 2)
    assert 0 < np.nanmedian(run.outputs["stack"]) < 1


def test_clouds_indices_and_maps_come_of_a_scene(steady):
    scene = COG / "S2A_29RKH_20200219_0_L2A.json"
    pipeline = (
        Pipeline("scene")
        .add("open", blocks.open_data, path=scene)
        .add("clouds", blocks.mask_clouds, "open", resolution=200)
        .add("index", blocks.scene_index, "open", index="(B8A - B11) / (B8A + B11)")
        .add("map", blocks.figure_scene, "open", "clouds", bands="B8A", size=3)
        .add("seen", blocks.view, "open")
    )
    run = steady(pipeline)
    clouds = run.outputs["clouds"]
    assert clouds.dtype == bool
    assert 0 < clouds.mean() < 0.2
    values = run.outputs["index.values"]
    assert np.nanmax(np.abs(values)) <= 1
    again = adk.open(run.outputs["index.file"])
    assert again.crs == adk.open(scene).crs
    assert "<svg" in run.outputs["map"].svg


def test_what_burnt_is_mapped_and_scored_against_a_mask_that_is_read(steady, fires):
    fire = fires[0]
    pipeline = (
        Pipeline("fire")
        .add("before", blocks.open_data, path=fire.before, kind="scene", offset=0, scale=1e-4)
        .add("after", blocks.open_data, path=fire.after, kind="scene", offset=0, scale=1e-4)
        .add("truth", blocks.read_mask, "before", path=fire.burnt)
        .add("burnt", blocks.burnt_area, "before", "after", "truth", resolution=10)
        .add("scores", blocks.mask_scores, "truth", "burnt.change", thresholds=[0.1, 0.27])
        .add("curve", blocks.figure_mask_scores, "scores")
    )
    run = steady(pipeline)
    facts = run.outputs["burnt.facts"]
    np.testing.assert_array_equal(run.outputs["truth"], fire.truth())
    whole = run.outputs["scores"].query("event == 'all' and threshold == 0.27").iloc[0]
    assert facts["iou"] == pytest.approx(whole["iou"]) == run.metrics["burnt.iou"]
    assert facts["iou"] > 0.3
    assert facts["hectares"] > 0
    assert sum(run.outputs["burnt.severity"].values()) <= facts["hectares"] * 1.001


def patches_of(fires):
    pipeline = Pipeline("patches")
    for number, fire in enumerate(fires):
        dates = [str(fire.before), str(fire.after)]
        pipeline.add(f"dates{number}", blocks.open_scenes, paths=dates, offset=0, scale=1e-4)
        pipeline.add(f"truth{number}", blocks.read_mask, f"first{number}", path=fire.burnt)
        pipeline.add(
            f"first{number}", blocks.open_data, path=fire.before, kind="scene", offset=0, scale=1e-4
        )
        pipeline.add(
            f"patches{number}",
            blocks.scene_patches,
            f"dates{number}",
            f"truth{number}",
            bands=["B04", "B8A", "B12"],
            size=44,
            resolution=10,
            event=fire.name,
        )
    return pipeline.add("all", blocks.join_patches, [f"patches{n}" for n in range(len(fires))])


@pytest.mark.slow
def test_a_network_learns_masks_of_patches_and_draws_the_map_of_a_scene(steady, fires):
    pipeline = (
        patches_of(fires)
        .add("split", blocks.split_patches, "all", shares=(0.6, 0.4), seed=1)
        .add(
            "net",
            blocks.train_masks,
            "split.train",
            "split.test",
            filters=[4, 8],
            bottleneck=8,
            epochs=2,
        )
        .add(
            "drawn",
            blocks.predict_scene,
            "net.model",
            "dates0",
            "all",
            size=44,
            overlap=22,
            resolution=10,
        )
        .add("losses", blocks.figure_history, "net.history")
        .add("scores", blocks.mask_scores, "truth0", "drawn.values", thresholds=[0.5])
    )
    run = steady(pipeline)
    every = run.outputs["all"]
    assert len(every["events"]) == len(every["images"])
    assert set(every["events"]) == {fire.name for fire in fires}
    assert every["scaling"]["percentiles"] == [1, 99]
    sides = [set(run.outputs[f"split.{part}"]["events"]) for part in ("train", "test")]
    assert not sides[0] & sides[1]
    history = run.outputs["net.history"]
    assert {"val_iou", "val_loss", "epoch"} <= set(history.columns)
    assert "seconds" not in history
    assert run.outputs["drawn.values"].shape == run.outputs["truth0"].shape
    assert adk.open(run.outputs["drawn.file"]).crs == "EPSG:4326"


def test_what_are_no_patches_is_refused():
    with pytest.raises(BadRequest, match="no patches"):
        blocks.split_patches({"images": np.zeros((2, 4, 4, 1))})


def test_a_scene_in_jpeg_2000_is_written_anew_or_given_up(tmp_path, steady):
    scene = safe_folder(tmp_path)
    pipeline = (
        Pipeline("copy")
        .add("open", blocks.open_data, path=scene, kind="scene")
        .add("copied", blocks.transcode_scene, "open", bands=["B02"])
    )
    run = steady(pipeline)
    assert run.outputs["copied"].date == adk.open(scene).date

    def ended(share, text):
        raise Cancelled("enough")

    with pytest.raises(Cancelled):
        blocks.transcode_scene(adk.open(safe_folder(tmp_path / "b")), work=adk.pipeline.Work(ended))
