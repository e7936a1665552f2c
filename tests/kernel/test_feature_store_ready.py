"""Feature views of what this package measures: real waveforms, latents, sources and scenes, with units."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import astrodata_kernel as adk
import numpy as np
import pandas as pd
import pytest
from astrodata_kernel.errors import BadRequest
from astrodata_kernel.feature_store import (
    FeatureStore,
    features_of_areas,
    features_of_latents,
    features_of_photometry,
    features_of_waveforms,
)
from astrodata_kernel.latent import Latents
from astrodata_kernel.processing.measure import photometry
from astrodata_kernel.processing.scene_areas import area_of, statistics
from astrodata_kernel.processing.table_units import unit_of
from astrodata_kernel.processing.waveforms import features
from astrodata_kernel.testing.scenes import safe_folder
from astropy import units as u

ROOT = Path(__file__).parents[2]
TAKEN = "2020-06-27T21:58:00Z"
LATER = datetime(2199, 1, 1, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> FeatureStore:
    return FeatureStore(tmp_path)


@pytest.mark.parametrize(
    "path", ["tests/data/waveforms/sipm", "tests/data/waveforms/hpge", "examples/data/sipm"]
)
def test_features_of_real_waveforms_are_kept_with_their_units(
    store: FeatureStore, path: str
) -> None:
    traces = adk.open(ROOT / path / "wave0.dat")
    made = features_of_waveforms(traces)
    view = store.define_from(made)
    assert store.define_from("waveforms", traces).version == view.version == 1
    view.write(made, at=TAKEN)
    found = view.read(engine="pandas")
    period, polarity = traces.meta["sample_period"], traces.meta["polarity"]
    expected = features(traces.array[:], polarity=polarity, sample_period=period)
    pd.testing.assert_frame_equal(found[expected.columns], expected)
    units = {column.name: column.unit for column in view.columns}
    assert unit_of(units["peak"]) == u.adu
    assert unit_of(units["integral"]) == u.adu * u.s
    assert (units["width"], units["pulses"]) == ("s", "")
    assert all(column.description for column in view.columns)
    assert view.verify() == []


def test_labels_of_real_waveforms_are_joined_with_their_features(store: FeatureStore) -> None:
    traces = adk.open(ROOT / "examples/data/sipm/wave0.dat")
    made = features_of_waveforms(traces)
    view = store.define_from(made, name="sipm")
    view.write(made, at=TAKEN)
    frame = next(iter(made.blocks()))
    # What will be found out after the labels were given must not come with them.
    view.write(frame.assign(peak=-1.0), at=LATER)
    piled = frame["event_id"][frame["pulses"] > 1].tolist()
    with adk.labels.session(
        "sipm", store.root, classes=["single", "pile-up"], dataset=traces
    ) as log:
        log.put(piled, "pile-up")
        log.put([i for i in range(20) if i not in piled], "single")
        found = store.join(log, ["sipm:peak,pulses"], times=True)
    assert len(found) > 20
    assert ((found["pulses"] > 1) == (found["label"] == "pile-up")).all()
    assert (
        found["peak"].tolist()
        == frame.set_index("event_id").loc[found["event_id"], "peak"].tolist()
    )
    assert (found["sipm.event_time"] <= found["label_time"]).all()


def test_another_threshold_is_another_version_of_the_features(store: FeatureStore) -> None:
    traces = np.random.default_rng(0).normal(size=(5, 64))
    assert store.define_from("waveforms", traces).version == 1
    assert store.define_from("waveforms", traces, threshold=8).version == 2
    view = store.define_from("waveforms", traces, sample_period=1e-9, unit="mV")
    assert (view.version, view.columns[4].unit) == (3, "mV s")
    view = store.define_from("waveforms", traces, unit="my own")
    assert [column.unit for column in view.columns] == [""] * 13
    assert "count samples" in view.definition.description


def test_latents_are_kept_and_another_encoder_is_another_version(store: FeatureStore) -> None:
    z = np.random.default_rng(0).normal(size=(20, 3)).astype(np.float32)
    ids = [f"event {i}" for i in range(20)]
    latents = Latents(
        z, ids, {"score": np.arange(20.0), "word": ["x"] * 20}, facts={"encoder": "sha256:1"}
    )
    made = features_of_latents(latents, columns=["score", "word"])
    view = store.define_from(made)
    view.write(made, at=TAKEN)
    found = view.read(engine="pandas").set_index("event_id").loc[ids]
    np.testing.assert_array_equal(found[["z0", "z1", "z2"]].to_numpy(), z)
    assert found["score"].tolist() == list(range(20))
    assert [column.dtype for column in view.columns] == ["float32"] * 3 + ["float64", "string"]
    assert store.define_from("latents", Latents(z, ids, facts={"encoder": "sha256:2"})).version == 2
    plain = store.define_from("latents", Latents(z, facts={"encoder": "sha256:1"}), name="plain")
    plain.write(Latents(z), at=TAKEN)
    assert len(plain) == 20


def test_photometry_of_a_real_image_is_kept(store: FeatureStore) -> None:
    image = adk.open(ROOT / "examples/data/m13.fits")
    places = np.array([[100.0, 120.0], [150.0, 151.5], [-500.0, 3.0]])
    made = features_of_photometry(
        image, positions=places, radius=5, annulus=(8, 12), ids=["a", "b", "c"]
    )
    view = store.define_from(made)
    view.write(made, at="1991-01-01")
    found = view.read(engine="pandas")
    expected = photometry(image, places, 5, (8, 12))
    values = np.array(getattr(expected["flux"], "value", expected["flux"]))
    np.testing.assert_array_equal(found["flux"].to_numpy(float), values)
    assert np.isnan(values[2])
    assert view.columns[0].unit == "pix"
    assert view.definition.entity == "source"


def test_statistics_of_indices_hold_from_the_dates_of_their_scenes(
    store: FeatureStore, tmp_path: Path
) -> None:
    first = datetime(2022, 3, 1, 10, 6, 1, tzinfo=UTC)
    dates = [first + timedelta(days=10 * number) for number in range(2)]
    bands = ["B02", "B04", "B08", "B12"]
    scenes = [
        adk.open(safe_folder(tmp_path, size=240, seed=number, date=date, bands=bands))
        for number, date in enumerate(dates)
    ]
    box = {"shape": "box", "x": 99.5, "y": 49.5, "width": 20, "height": 10, "angle": 0}
    area = area_of(box, scenes[0].grid(), "it")
    made = features_of_areas(
        scenes, areas={"field": area}, indices=["NBR", "B12 / B08"], statistics=["mean", "n"]
    )
    view = store.define_from(made)
    view.write(made)
    found = view.read(engine="pandas")
    expected = statistics(scenes, area, ["NBR", "B12 / B08"], bands=()).set_index(["name", "date"])
    assert found["event_time"].tolist() == [pd.Timestamp(scene.date) for scene in scenes]
    assert found["NBR_mean"].tolist() == expected.loc["NBR", "mean"].tolist()
    assert found["B12 / B08_n"].tolist() == [200, 200]
    asked = pd.DataFrame(
        {"event_id": "field", "label_time": [dates[1], dates[1] + timedelta(seconds=1)]}
    )
    with pytest.raises(BadRequest, match="same date"):
        features_of_areas([scenes[0], scenes[0]], areas={"field": area}, indices=["NBR"])
    joined = store.join(asked, ["areas:NBR_mean"])
    assert joined["NBR_mean"].tolist() == found["NBR_mean"].tolist()


def test_kinds_and_parameters_that_are_none_are_told(store: FeatureStore) -> None:
    with pytest.raises(BadRequest, match="did you mean 'waveforms'"):
        store.define_from("waveform", np.zeros((2, 9)))
    with pytest.raises(BadRequest, match="treshold"):
        store.define_from("waveforms", np.zeros((2, 9)), treshold=3)
    with pytest.raises(BadRequest, match="no column 'score'"):
        features_of_latents(Latents(np.zeros((2, 2))), columns=["score"])
    with pytest.raises(BadRequest, match="did you mean 'mean'"):
        features_of_areas([], areas={}, indices=["NBR"], statistics=["meen"])
    assert store.views() == []
