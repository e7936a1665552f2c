"""Maps of latents: PCA against scikit-learn, the packages in their own process."""

import numpy as np
import pytest
from astrodata_kernel.errors import BadRequest, Cancelled, MissingPackage, OutOfMemory, UnknownName
from astrodata_kernel.latent import Latents, project, projection_process, projections
from sklearn.decomposition import PCA
from sklearn.metrics import silhouette_score

RNG = np.random.default_rng(4)


def mapped(latents, method, dims=2):
    return np.stack([latents.columns[f"{method}{i}"] for i in range(dims)], axis=1)


@pytest.mark.parametrize("whiten", [False, True])
def test_pca_is_that_of_scikit_learn_but_for_the_directions(whiten):
    z = RNG.normal(size=(300, 6)) @ RNG.normal(size=(6, 6))
    ours = mapped(project(z, dims=3, whiten=whiten), "pca", 3)
    theirs = PCA(3, whiten=whiten, svd_solver="full").fit_transform(z)
    np.testing.assert_allclose(np.abs(ours), np.abs(theirs), rtol=1e-4, atol=1e-5)


def test_a_projection_is_columns_with_a_lineage_of_their_own():
    latents = Latents(RNG.normal(size=(30, 4)), columns={"score": np.arange(30)})
    found = project(project(latents, seed=3), dims=3, sample=20)
    assert list(found.columns) == ["score", "pca0", "pca1", "pca2"]
    assert found.lineage["pca2"] == {
        "made_by": "pca",
        "parameters": {"dims": 3, "seed": 0, "sample": 20},
        "of": latents.digest,
    }
    assert found.digest == latents.digest


def test_points_that_are_not_finite_are_kept_out_of_the_map():
    z = RNG.normal(size=(50, 3))
    z[4, 1], z[9, 0] = np.nan, np.inf
    found = mapped(project(z), "pca")
    assert np.flatnonzero(np.isnan(found).all(axis=1)).tolist() == [4, 9]
    with pytest.raises(BadRequest, match="none of these points is finite"):
        project(z * np.nan)


@pytest.mark.parametrize("scale", [1e-200, 1.0, 1e200])
@pytest.mark.parametrize("width", [1, 512])
def test_pca_takes_one_dimension_five_hundred_and_any_scale(width, scale):
    found = mapped(project(RNG.normal(size=(40, width)) * min(scale, 1e30)), "pca")
    assert np.isfinite(found).all()
    if width == 1:
        assert (found[:, 1] == 0).all()


def test_many_points_in_one_place_lie_in_the_middle_of_the_map():
    assert (mapped(project(np.ones((100_000, 8), "f4")), "pca") == 0).all()
    for method in ("umap", "pacmap", "tsne"):
        with pytest.raises(BadRequest, match="1 different points are too few"):
            project(np.ones((1000, 3)), method)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("method", ["umap", "pacmap", "tsne"])
def test_neighbourhoods_are_mapped_with_a_seed_and_a_sample(method):
    label = np.repeat([0, 1], 60)
    z = RNG.normal(size=(120, 5)) + 12 * label[:, None]
    z[7] = z[8]
    z[3] = np.nan
    told = []
    found = mapped(project(z, method, progress=told.append, seed=1), method)
    good = np.isfinite(found).all(axis=1)
    assert np.flatnonzero(~good).tolist() == [3]
    assert silhouette_score(found[good], label[good]) > 0.5
    np.testing.assert_array_equal(found[7], found[8])
    assert told[0] == 0
    assert told[-1] == 1
    assert told == sorted(told)
    assert len(told) > 2  # how often it is told depends on how fast the machine is
    np.testing.assert_array_equal(mapped(project(z, method, seed=1), method), found)
    thin = mapped(project(z, method, seed=1, sample=80), method)
    assert silhouette_score(thin[good], label[good]) > 0.5
    with pytest.raises(BadRequest, match=method):
        project(z, method, no_such_option=1)


def process_of(method, asked, options=None):
    z = RNG.normal(size=(200, 4))
    told = []
    return lambda: projection_process.projected(
        method, z, np.arange(200), 2, 0, options or {}, told.append, lambda: asked(told)
    )


def test_a_map_that_nobody_waits_for_ends_its_process():
    seen = []

    def asked(told):
        seen.append(projection_process)
        if told:
            raise Cancelled("enough")

    projection_process.end_workers()
    with pytest.raises(Cancelled):
        process_of("tsne", asked, {"n_iter": 1_000_000})()
    assert seen
    assert projection_process._idle == []


def test_a_process_that_was_killed_is_told_as_want_of_memory(monkeypatch):
    projection_process.end_workers()
    made = []
    own = projection_process._Worker

    def remembered():
        made.append(own())
        return made[-1]

    monkeypatch.setattr(projection_process, "_Worker", remembered)

    def asked(told):
        if told:
            made[0]._process.kill()

    with pytest.raises(OutOfMemory, match="give a sample"):
        process_of("tsne", asked, {"n_iter": 1_000_000})()
    assert projection_process._idle == []


def test_what_is_missing_or_wrong_is_said_in_words(monkeypatch):
    z = RNG.normal(size=(30, 3))
    monkeypatch.setattr(projections, "find_spec", lambda _name: None)
    with pytest.raises(MissingPackage, match=r'pip install "astrodata-lab\[projections\]"'):
        project(z, "umap")
    with pytest.raises(UnknownName, match="pca, umap, pacmap, tsne"):
        project(z, "isomap")
    for wrong in ({"dims": 0}, {"sample": 3}, {"components": 2}):
        with pytest.raises(BadRequest):
            project(z, **wrong)


def test_pca_can_be_given_up():
    def cancelled():
        raise Cancelled("enough")

    with pytest.raises(Cancelled):
        project(RNG.normal(size=(30, 3)), cancelled=cancelled)
