import json
from pathlib import Path

import astrodata_kernel as adk
import numpy as np
import pandas as pd
import pytest
import scipy.stats
from astrodata_kernel.data_tests import Profile, Tests, profile
from astrodata_kernel.data_tests.distances import (
    energy,
    kolmogorov_smirnov,
    population_stability,
    smirnov_of_quantiles,
)
from astrodata_kernel.data_tests.samples import Sample
from astrodata_kernel.errors import BadRequest, DamagedFile, UnknownName, UnreadableFile
from astrodata_kernel.latent import Latents

GAIA = Path(__file__).parents[1] / "data" / "table_gaia_cone.fits"


@pytest.fixture
def frames() -> tuple[pd.DataFrame, pd.DataFrame]:
    rng = np.random.default_rng(7)
    old = pd.DataFrame({"x": rng.normal(0, 1, 3000), "c": rng.choice(["a", "b"], 3000)})
    new = pd.DataFrame({"x": rng.normal(0.6, 1, 2000), "c": rng.choice(["a", "b", "z"], 2000)})
    old.loc[:299, "x"] = np.nan
    return old, new


def drift(data, reference, **test):
    return Tests.of([{"check": "drift", **test}]).run(data, reference=reference)


def psi_by_hand(old, new, edges) -> float:
    def shares(values):
        inside = np.histogram(values[~np.isnan(values)], [-np.inf, *edges, np.inf])[0]
        counts = np.append(inside, np.isnan(values).sum())
        return np.maximum(counts, 0.5) / len(values)

    p, q = shares(old), shares(new)
    return float(((q - p) * np.log(q / p)).sum())


def test_the_index_is_the_one_computed_by_hand(frames) -> None:
    old, new = frames
    report = drift(new, old, on="x")
    edges = np.nanquantile(old.x, np.linspace(0, 1, 11)[1:-1])
    wanted = psi_by_hand(old.x.to_numpy(), new.x.to_numpy(), edges)
    assert report.results[0].numbers["psi"] == pytest.approx(wanted, rel=1e-12)
    assert not report.ok
    assert drift(old, old, on="x").results[0].numbers["psi"] == 0


def test_categories_that_are_new_are_counted_together(frames) -> None:
    old, new = frames
    found = drift(new, old, on="c").results[0]
    p = np.array([(old.c == "a").sum(), (old.c == "b").sum(), 0.5]) / 3000
    q = np.array([(new.c == "a").sum(), (new.c == "b").sum(), (new.c == "z").sum()]) / 2000
    assert found.numbers["psi"] == pytest.approx(((q - p) * np.log(q / p)).sum(), rel=1e-12)


def test_the_known_value_of_the_index() -> None:
    assert population_stability([50, 50], [70, 30]) == pytest.approx(0.2 * np.log(7 / 3))
    assert population_stability([1, 1, 0], [2, 2, 0]) == 0


def test_kolmogorov_and_smirnov_are_those_of_scipy(frames) -> None:
    old, new = frames
    wanted = scipy.stats.ks_2samp(old.x.dropna(), new.x)
    found = drift(new, old, on="x", method="ks").results[0]
    assert found.numbers == {"statistic": wanted.statistic, "p": wanted.pvalue}
    assert not found.ok
    assert "approximate" not in found.note
    assert drift(old, old, on="x", method="ks", p_at_least=0.9).ok
    assert not drift(new, old, on="x", method="ks", p_at_least=0.01, at_most=1).ok


def test_a_profile_gives_the_same_index_and_says_that_ks_is_approximate(frames, tmp_path) -> None:
    old, new = frames
    path = profile(old, name="old").save(tmp_path / "old.json")
    exact = drift(new, old, on=["x", "c"])
    frozen = drift(new, path, on=["x", "c"])
    assert [r.numbers for r in frozen] == [r.numbers for r in exact]
    true = drift(new, old, on="x", method="ks").results[0].numbers["statistic"]
    found = drift(new, Profile.load(path), on="x", method="ks").results[0]
    assert found.numbers["statistic"] <= true <= found.numbers["statistic"] + 0.01 + 1 / 2000
    assert "approximate" in found.note
    assert "0.01 higher" in found.note


def test_quantiles_of_equal_values_do_not_mislead() -> None:
    rng = np.random.default_rng(1)
    old, new = rng.integers(0, 3, 4000).astype(float), rng.integers(0, 4, 3000).astype(float)
    quantiles = np.quantile(old, np.linspace(0, 1, 101))
    statistic, p, more = smirnov_of_quantiles(quantiles, len(old), new)
    true, _ = kolmogorov_smirnov(old, new)
    assert statistic == pytest.approx(true, abs=more)
    assert p < 1e-6


def test_the_energy_distance_of_one_dimension_is_that_of_scipy() -> None:
    rng = np.random.default_rng(3)
    x, y = rng.normal(0, 1, 200), rng.normal(0.5, 2, 300)
    distance, p = energy(x[:, None], y[:, None])
    assert distance == pytest.approx(scipy.stats.energy_distance(x, y), rel=1e-9)
    assert p == 1 / 500


def test_p_values_of_equal_clouds_are_even() -> None:
    rng = np.random.default_rng(4)
    ps = [energy(rng.normal(size=(40, 3)), rng.normal(size=(50, 3)), 99, i)[1] for i in range(100)]
    assert scipy.stats.kstest(ps, "uniform").pvalue > 0.001
    same = rng.normal(size=(30, 2))
    assert energy(same, same, 99)[0] == pytest.approx(0, abs=1e-6)
    assert energy(same, same, 99)[1] == 1.0


def test_a_space_that_changed_its_width_only_is_told_though_its_mean_stays() -> None:
    rng = np.random.default_rng(5)
    old = Latents(rng.normal(0, 1, (1500, 4)))
    same, wider = Latents(rng.normal(0, 1, (1200, 4))), Latents(rng.normal(0, 1.5, (1200, 4)))
    assert drift(same, old, method="latent").ok
    found = drift(wider, old, method="latent").results[0]
    assert not found.ok
    assert found.numbers["p"] <= 0.01
    assert found.numbers["points"] == [1000, 1000]
    assert not drift(wider.table(), old.table(), method="latent").ok


def test_a_profile_of_latents_keeps_points(tmp_path) -> None:
    rng = np.random.default_rng(6)
    z = rng.normal(0, 1, (5000, 3))
    z[7] = np.nan
    path = profile(Latents(z)).save(tmp_path / "z.json")
    assert len(Profile.load(path).points["z"]) == 1000
    assert drift(Latents(rng.normal(0, 1, (800, 3))), path, method="latent").ok
    assert not drift(Latents(rng.normal(1, 1, (800, 3))), path, method="latent").ok
    with pytest.raises(BadRequest, match="has no points of"):
        drift(Latents(z), profile(pd.DataFrame({"z0": [1.0]})), method="latent")


def test_a_file_is_compared_with_a_file(tmp_path) -> None:
    table = adk.open(GAIA).table.read(["parallax", "phot_g_mean_mag"]).to_pandas()
    table["parallax"] *= 1.3
    table.to_parquet(tmp_path / "new.parquet")
    tests = [
        {
            "check": "drift",
            "on": ["parallax", "phot_g_mean_mag"],
            "reference": str(GAIA),
            "method": m,
        }
        for m in ("psi", "ks")
    ]
    report = Tests.of(tests).run(tmp_path / "new.parquet")
    assert {r.column for r in report.failed} == {"parallax"}
    assert report.results[1].numbers["psi"] == 0
    assert report.results[3].numbers["p"] == 1


def test_a_profile_tells_what_numpy_tells() -> None:
    made = profile(GAIA)
    table = adk.open(GAIA).table.read(["ra", "radial_velocity"])
    speed = np.asarray(np.ma.filled(table["radial_velocity"], np.nan), float)
    told = made.columns["radial_velocity"]
    assert (told["count"], told["missing"]) == (4876, int(np.isnan(speed).sum()))
    assert (told["min"], told["max"]) == (np.nanmin(speed), np.nanmax(speed))
    assert told["quantiles"] == np.nanquantile(speed, np.linspace(0, 1, 101)).tolist()
    assert sum(told["counts"]) == told["count"] - told["missing"]
    assert told["unit"] == "km s-1"
    assert made.columns["ra"]["exact"]


def test_a_profile_knows_its_hash_and_one_that_was_changed_is_refused(tmp_path) -> None:
    frame = pd.DataFrame({"x": [1.0, 2.0, np.inf], "t": pd.to_datetime(["2020-01-01"] * 3)})
    made = profile(frame, name="one")
    assert made.hash == profile(frame, name="two").hash
    assert made.hash != profile(frame.assign(x=[1.0, 2.0, 3.0])).hash
    path = made.save(tmp_path / "p.json")
    assert Profile.load(path) == made
    told = json.loads(path.read_text())
    assert sum(told["columns"]["x"]["counts"]) == 3
    told["columns"]["x"]["counts"][0] += 1
    path.write_text(json.dumps(told))
    with pytest.raises(DamagedFile, match="changed since"):
        Profile.load(path)
    path.write_text("{}")
    with pytest.raises(DamagedFile, match="no profile"):
        Profile.load(path)
    with pytest.raises(UnreadableFile):
        Profile.load(tmp_path / "none.json")


def test_a_sample_of_many_is_even_and_its_bins_are_counted_exactly(monkeypatch) -> None:
    from astrodata_kernel.data_tests import profiles

    sample = Sample(kept=1000)
    for start in range(0, 100_000, 5000):
        sample.take(np.arange(start, start + 5000, dtype=float))
    held = sample.values()
    assert not sample.exact
    assert 500 <= len(held) <= 1000
    assert scipy.stats.kstest(held / 100_000, "uniform").pvalue > 0.001
    monkeypatch.setattr(profiles, "Sample", lambda *a: Sample(1000))
    values = np.random.default_rng(2).normal(size=50_000)
    told = profile(pd.DataFrame({"x": values})).columns["x"]
    assert not told["exact"]
    edges = [-np.inf, *told["edges"], np.inf]
    assert told["counts"] == np.histogram(values, edges)[0].tolist()
    assert (told["min"], told["max"]) == (values.min(), values.max())


def test_drift_says_what_it_lacks(frames) -> None:
    old, new = frames
    with pytest.raises(BadRequest, match="nothing to compare with"):
        Tests.of([{"check": "drift", "on": "x"}]).run(new)
    with pytest.raises(UnknownName, match="no column 'xx'; did you mean 'x'"):
        drift(new.rename(columns={"x": "xx"}), old, on="xx")
    with pytest.raises(UnreadableFile, match="no such file"):
        drift(new, "nowhere.json", on="x")
    with pytest.raises(BadRequest, match="they cannot be compared"):
        drift(new.assign(x="many"), old, on="x")
    with pytest.raises(BadRequest, match="no columns z0"):
        drift(new, old, method="latent")
