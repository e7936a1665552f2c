"""Traps of learning from data, which blocks keep people out of."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from astrodata_kernel import blocks
from astrodata_kernel.errors import BadRequest
from astrodata_kernel.explaining.correlations import correlated_columns
from astrodata_kernel.feature_store import FeatureStore
from astrodata_kernel.latent import Latents
from astrodata_kernel.pipeline import Pipeline, Work, block


def stars(rows=60):
    rng = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "x": rng.normal(size=rows),
            "w": rng.normal(5, 2, size=rows),
            "band": rng.choice(["g", "r"], rows),
            "y": rng.choice(["galaxy", "star"], rows),
            "n": rng.integers(0, 2, rows),
        }
    )


def test_the_target_stays_as_it_is():
    table = stars()
    scaled = blocks.standardise(table, target="n")[0]
    assert scaled.n.equals(table.n)
    assert abs(scaled.x.mean()) < 1e-9
    coded = blocks.one_hot(table, target="y")[0]
    assert coded.y.equals(table.y)
    assert "band=g" in coded
    gaps = table.drop(columns=["band", "y"]).astype({"n": float})
    gaps.loc[3, ["x", "n"]] = None
    filled = blocks.fill_missing(gaps, target="n")[0]
    assert filled.x.notna().all()
    assert filled.n.isna().sum() == 1


def test_a_saved_part_comes_back_without_the_numbers_of_its_rows(tmp_path: Path):
    part = stars().iloc[[5, 9, 40]]
    path = blocks.save_table(part, path=tmp_path / "part.parquet")
    assert list(blocks.read_table(path=path).columns) == list(part.columns)


def test_noise_in_the_order_of_time_makes_a_fair_garage():
    rng = np.random.default_rng(0)
    z = rng.normal(size=(4000, 2))
    z[2000:] += 1.5
    _, table = blocks.garage(Latents(z), false_positive_rate=None)
    assert table.outside.mean() < 0.03


def test_columns_that_share_gaps_are_not_alike_by_them():
    rng = np.random.default_rng(0)
    one, two = rng.normal(size=(2, 4000))
    gone = rng.random(4000) < 0.85
    table = pd.DataFrame({"a": np.where(gone, np.nan, one), "b": np.where(gone, np.nan, two)})
    assert correlated_columns(table) == []


def test_features_that_were_corrected_since_are_written_again(tmp_path: Path):
    @block
    def table(*, peaks: list[float]):
        return pd.DataFrame({"event_id": [1, 2], "peak": peaks})

    made = Pipeline("p", {"peaks": [1.0, 2.0]}).add("t", table, peaks="${peaks}")
    made.add("kept", "write_features", "t", view="pulses", at="2026-01-01")

    def peaks(values):
        run = made.run(workspace=tmp_path, peaks=values)
        return list(
            FeatureStore(tmp_path)["pulses"].read(engine="pandas").sort_values("event_id").peak
        ), run

    assert peaks([1.0, 2.0])[0] == [1.0, 2.0]
    assert peaks([1.0, 9.0])[0] == [1.0, 9.0]
    assert peaks([1.0, 2.0])[0] == [1.0, 2.0]
    assert peaks([1.0, 2.0])[1].computed == ()


def test_rows_of_a_part_keep_their_numbers_as_events(tmp_path: Path):
    part = pd.DataFrame({"peak": [1.0, 2.0]}, index=[40, 90])
    work = Work(root=tmp_path)
    blocks.write_features(part, view="pulses", at="2026-01-01", work=work)
    assert sorted(FeatureStore(tmp_path)["pulses"].read(engine="pandas").event_id) == [40, 90]
    with pytest.raises(BadRequest, match="neither a column event_id nor numbers"):
        blocks.write_features(part.set_axis(["a", "b"]), view="pulses", at="2026-01-01", work=work)


def test_keys_that_are_missing_join_nothing():
    left = pd.DataFrame({"k": [1.0, None], "a": [1, 2]})
    with pytest.raises(BadRequest, match="1 rows of the first table lack k, the first is row 1"):
        blocks.join_tables(left, left.rename(columns={"a": "b"}), on=["k"])
    whole = left.fillna(2)
    with pytest.raises(BadRequest, match="both tables have a column 'a'"):
        blocks.join_tables(whole, whole, on=["k"])


def test_models_without_probabilities_are_measured_too():
    table = stars()[["x", "w", "n"]]
    model = blocks.train_sklearn(table, target="n", model="sklearn.svm.SVC", task="classification")
    model = model[0] if isinstance(model, tuple) else model
    assert blocks.metrics(model, table)["accuracy"] > 0.4
    assert "predicted" in blocks.predict(model, table)


def test_standardised_columns_are_in_no_unit():
    table = stars()[["x", "w"]]
    table.attrs["units"] = {"x": "mag", "w": "s"}
    assert blocks.standardise(table, columns=["x"])[0].attrs["units"] == {"w": "s"}


def test_limits_of_bands_are_those_of_the_training(tmp_path: Path):
    from astrodata_kernel.blocks.patching import patch_set, values_of
    from astrodata_kernel.processing.patch_sets import PatchSet

    rng = np.random.default_rng(0)
    images = rng.random((8, 4, 4, 1)).astype("float32")
    images[4:] *= 100
    events = ("a",) * 4 + ("b",) * 4
    positions = np.zeros((8, 2), int)
    known = PatchSet(images, None, events, events, positions, ("B04",)).fit_scaling()
    parts = blocks.split_patches(values_of(known), shares=(0.5, 0.5))
    train, test = map(patch_set, parts)
    high = float(np.ravel(train.scaling.high)[0])
    assert high <= float(train.images.max())
    assert np.ravel(test.scaling.high)[0] == high
