"""Clusters and densities of latents, told beside what made them."""

import numpy as np
import pytest
from astrodata_kernel.errors import BadRequest, UnknownName
from astrodata_kernel.latent import Latents, cluster, clusters, local_density
from sklearn.cluster import HDBSCAN
from sklearn.metrics import adjusted_rand_score

RNG = np.random.default_rng(2)
CENTRES = np.array([[0, 0, 0], [9, 0, 0], [0, 9, 9]])
TRUTH = np.repeat([0, 1, 2], [300, 200, 100])
BLOBS = CENTRES[TRUTH] + RNG.normal(size=(600, 3))


@pytest.mark.parametrize(
    ("method", "options"),
    [("hdbscan", {}), ("hdbscan", {"sample": 300}), ("kmeans", {"n_clusters": 3})],
)
def test_clusters_are_found_and_numbered_by_their_size(method, options):
    found = cluster(BLOBS, method, **options)
    labels = found.columns["cluster"]
    assert labels.dtype == np.int64
    kept = labels >= 0
    assert kept.mean() > 0.9
    assert adjusted_rand_score(TRUTH[kept], labels[kept]) > 0.98
    assert np.bincount(labels[kept]).argmax() == 0
    assert found.lineage["cluster"]["made_by"] == method
    assert found.lineage["cluster"]["of"] == Latents(BLOBS).digest


def test_hdbscan_is_that_of_scikit_learn():
    ours = cluster(BLOBS, min_cluster_size=10).columns["cluster"]
    theirs = HDBSCAN(min_cluster_size=10, copy=True).fit_predict(BLOBS)
    assert adjusted_rand_score(ours, theirs) == 1


def test_points_that_are_not_finite_are_in_no_cluster():
    z = BLOBS.copy()
    z[5] = np.nan
    for method in ("hdbscan", "kmeans"):
        assert cluster(z, method).columns["cluster"][5] == -1
    assert np.isnan(local_density(z).columns["local_density"][5])


def test_many_points_in_one_place_are_a_cluster():
    z = np.zeros((200_000, 4), "f4")
    assert (cluster(z).columns["cluster"] == 0).all()
    assert (cluster(z, "kmeans").columns["cluster"] == 0).all()
    assert np.isfinite(local_density(z).columns["local_density"]).all()
    z = np.concatenate([z, RNG.normal(size=(300, 4)) + 20])
    labels = cluster(z, min_cluster_size=20).columns["cluster"]
    assert (labels[:200_000] == 0).all()
    assert (labels[200_000:] != 0).all()


def test_k_means_learns_from_batches_where_there_are_many(monkeypatch):
    monkeypatch.setattr(clusters, "_MANY", 100)
    labels = cluster(BLOBS, "kmeans", n_clusters=3).columns["cluster"]
    assert adjusted_rand_score(TRUTH, labels) > 0.98


@pytest.mark.parametrize("width", [1, 3])
def test_the_density_of_a_uniform_box_is_its_number_of_points(width):
    z = RNG.random((4000, width))
    density = local_density(z, 30).columns["local_density"]
    middle = ((z > 0.25) & (z < 0.75)).all(axis=1)
    assert np.median(density[middle]) == pytest.approx(np.log(4000), abs=0.15)


def test_densities_of_five_hundred_dimensions_are_finite():
    found = local_density(RNG.normal(size=(60, 512)) * 1e-3).columns["local_density"]
    assert np.isfinite(found).all()


def test_requests_that_make_no_sense_are_refused():
    with pytest.raises(UnknownName, match="hdbscan"):
        cluster(BLOBS, "dbscan")
    for call in (
        lambda: cluster(BLOBS, "kmeans", clusters=3),
        lambda: cluster(BLOBS, "kmeans", n_clusters=0),
        lambda: cluster(BLOBS, min_cluster_size=1),
        lambda: cluster([[np.nan]]),
        lambda: local_density(BLOBS, 0),
    ):
        with pytest.raises(BadRequest):
            call()


def test_fewer_points_than_a_cluster_has_are_noise():
    assert cluster(BLOBS[:3]).columns["cluster"].tolist() == [-1, -1, -1]
    assert sorted(cluster(BLOBS[:3], "kmeans").columns["cluster"].tolist()) == [0, 1, 2]
