"""Nearest neighbours against scikit-learn, and points that make trees slow."""

import sys

import numpy as np
import pytest
from astrodata_kernel.errors import BadRequest, MissingPackage
from astrodata_kernel.latent import Latents, NeighbourIndex, neighbours
from astrodata_kernel.latent.distinct import places_of
from sklearn.neighbors import NearestNeighbors

RNG = np.random.default_rng(11)


@pytest.mark.parametrize("metric", ["euclidean", "manhattan", "chebyshev", "cosine"])
@pytest.mark.parametrize("width", [1, 2, 8, 16, 512])
def test_neighbours_are_those_of_scikit_learn(metric, width):
    away = 10 if metric == "cosine" else 0
    # Rounded: in few dimensions many points lie in one place.
    z = np.round(RNG.normal(size=(500, width)), 1 if width < 3 else 8) + away
    query = RNG.normal(size=(90, width)) + away
    distances, rows = neighbours(z, query, 7, metric=metric)
    oracle = NearestNeighbors(n_neighbors=7, metric=metric, algorithm="brute").fit(z)
    np.testing.assert_allclose(distances, oracle.kneighbors(query)[0], atol=1e-7)
    assert all(len(set(row)) == 7 for row in rows.tolist())
    if metric == "euclidean":
        np.testing.assert_allclose(np.linalg.norm(z[rows] - query[:, None], axis=2), distances)


def test_points_far_from_the_origin_have_exact_distances():
    z = 1e6 + RNG.normal(size=(300, 20))
    distances, rows = neighbours(z, z, 1)
    assert (distances == 0).all()
    assert rows[:, 0].tolist() == list(range(300))


def test_points_that_are_not_finite_are_nobodys_neighbours():
    z = np.array([[0.0, 0], [np.nan, 0], [1, 0], [np.inf, 0]])
    distances, rows = neighbours(Latents(z), [[0.1, 0], [np.nan, 1]], 3)
    assert rows.tolist() == [[0, 2, -1], [-1, -1, -1]]
    np.testing.assert_allclose(distances, [[0.1, 0.9, np.inf], [np.nan] * 3])
    with pytest.raises(BadRequest, match="none of these points is finite"):
        NeighbourIndex([[np.nan]])


@pytest.mark.parametrize("width", [1, 4, 16])
def test_a_million_points_in_one_place_are_one_place(width):
    z = np.zeros((1_000_000, width), "f4")
    z[-1] = 1
    distances, rows = neighbours(z, [np.zeros(width), np.ones(width)], 4)
    assert (distances[0] == 0).all()
    assert len(set(rows[0].tolist())) == 4
    assert rows[1, 0] == 999_999
    np.testing.assert_allclose(distances[1], [0, *[np.sqrt(width)] * 3])


@pytest.mark.parametrize("metric", ["euclidean", "manhattan", "chebyshev", "cosine"])
def test_the_approximate_index_finds_nearly_all(metric):
    # Far from 0, where single precision alone would tell few of them apart.
    z = RNG.normal(size=(6000, 12)) + (1e6 if metric != "cosine" else 0)
    near, exact = NeighbourIndex(z, metric=metric).query(z[:200], 10)
    distances, found = NeighbourIndex(z, "approximate", metric=metric).query(z[:200], 10)
    shared = np.mean([len(set(a) & set(b)) / 10 for a, b in zip(exact, found, strict=True)])
    assert shared > 0.9
    assert (np.diff(distances, axis=1) >= 0).all()
    same = exact == found
    np.testing.assert_allclose(distances[same], near[same], rtol=1e-6, atol=1e-7)


def test_an_approximate_index_says_what_it_needs(monkeypatch):
    monkeypatch.setitem(sys.modules, "faiss", None)
    with pytest.raises(MissingPackage, match=r'pip install "astrodata-lab\[projections\]"'):
        NeighbourIndex(RNG.normal(size=(6000, 12)), "approximate")


def test_requests_that_make_no_sense_are_refused():
    z = RNG.normal(size=(10, 2))
    for call, text in (
        (lambda: neighbours(z, [[1, 2, 3]]), r"give \(m, 2\)"),
        (lambda: neighbours(z, [1, 2], 0), "at least 1"),
        (lambda: neighbours(z, [1, 2], metric="hamming"), "there are chebyshev"),
        (lambda: NeighbourIndex(z, "quick"), "approximate"),
        (lambda: neighbours(np.zeros((3, 2)), [1, 2], metric="cosine"), "no direction"),
    ):
        with pytest.raises(BadRequest, match=text):
            call()


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_places_are_those_of_numpys_unique(dtype):
    z = RNG.integers(0, 4, size=(2000, 3)).astype(dtype) * -0.5
    places = places_of(z)
    unique, inverse, counts = np.unique(z, axis=0, return_inverse=True, return_counts=True)
    assert len(places) == len(unique)
    np.testing.assert_array_equal(z[places.first][places.place], z)
    np.testing.assert_array_equal(places.counts[places.place], counts[inverse.reshape(-1)])
