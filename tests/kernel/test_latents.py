"""The table of latents: ids, columns, lineage, and the files that keep it."""

import json
import pickle

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import zarr
from astrodata_kernel.errors import (
    BadRequest,
    DamagedFile,
    DataCheckFailed,
    UnknownName,
    UnreadableFile,
)
from astrodata_kernel.latent import Latents, encode
from astrodata_kernel.processing.raster import cutouts

RNG = np.random.default_rng(3)


def some(n=20, d=3):
    times = np.datetime64("2026-01-01T00:00:00", "us") + np.arange(n)
    return Latents(
        RNG.normal(size=(n, d)).astype("f4"),
        [f"é{i}" for i in range(n)],
        {
            "score": np.linspace(0, 1, n),
            "name": [None if i == 2 else f"n{i}" for i in range(n)],
            "seen": np.arange(n) % 2 == 0,
            "at": times,
            "count": np.arange(n),
        },
        facts={"data": "abc", "encoder": "def"},
    ).with_columns({"made_by": "umap", "parameters": {"seed": 1}}, umap0=np.zeros(n))


def test_latents_go_where_an_array_goes():
    z = RNG.normal(size=(5, 2))
    latents = Latents(z)
    assert len(latents) == 5
    assert latents.shape == (5, 2)
    assert latents.ndim == 2
    assert latents.dtype == np.float64
    np.testing.assert_array_equal(latents, z)
    np.testing.assert_array_equal(latents[1:3, 0], z[1:3, 0])
    np.testing.assert_array_equal(np.asarray(latents, np.float32), z.astype("f4"))
    np.testing.assert_array_equal(np.concatenate([latents, latents]), np.concatenate([z, z]))
    pd.testing.assert_frame_equal(pd.DataFrame(latents), pd.DataFrame(z))
    assert np.shares_memory(latents.z, z)
    with pytest.raises(ValueError, match="read-only"):
        latents.z[0] = 1


@pytest.mark.parametrize("ending", ["parquet", "zarr"])
def test_what_is_saved_is_loaded_again_with_its_lineage(tmp_path, ending):
    latents = some()
    path = latents.save(tmp_path / f"z.{ending}")
    latents.save(path)
    again = Latents.load(path)
    pd.testing.assert_frame_equal(again.table(), latents.table())
    assert again.z.dtype == np.float32
    assert again.digest == latents.digest
    assert dict(again.facts) == {"data": "abc", "encoder": "def"}
    assert again.lineage["umap0"] == {
        "made_by": "umap",
        "parameters": {"seed": 1},
        "of": latents.digest,
    }
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("ending", ["parquet", "zarr"])
def test_tables_without_a_point_and_with_nan_are_kept(tmp_path, ending):
    for z in (np.empty((0, 2)), np.array([[np.nan, 1], [np.inf, 2], [0, 0]])):
        again = Latents.load(Latents(z).save(tmp_path / f"z.{ending}"))
        np.testing.assert_array_equal(again, z)


def test_the_digest_tells_ids_and_latents_and_nothing_else():
    latents = some()
    assert latents.with_columns(other=np.ones(20)).digest == latents.digest
    assert Latents(latents.z, range(20)).digest != latents.digest
    moved = latents.z.copy()
    moved[3, 1] += 1e-3
    assert Latents(moved, latents.ids).digest != latents.digest


def test_a_file_whose_points_were_changed_is_refused(tmp_path):
    path = some().save(tmp_path / "z.parquet")
    table = pq.read_table(path)
    changed = table.set_column(1, "z0", [np.zeros(20, "f4")])
    pq.write_table(changed.replace_schema_metadata(table.schema.metadata), path)
    with pytest.raises(DataCheckFailed, match="encode again"):
        Latents.load(path)
    assert Latents.of(pd.read_parquet(path)).shape == (20, 3)


def test_files_that_are_no_latents_are_refused_in_words(tmp_path):
    with pytest.raises(UnreadableFile, match="no such file"):
        Latents.load(tmp_path / "gone.parquet")
    with pytest.raises(UnreadableFile, match="no such folder"):
        Latents.load(tmp_path / "gone.zarr")
    with pytest.raises(BadRequest, match=r"\.parquet or \.zarr"):
        some().save(tmp_path / "z.csv")
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 nothing PAR1")
    with pytest.raises(DamagedFile):
        Latents.load(tmp_path / "bad.parquet")
    pd.DataFrame({"x": [1.0]}).to_parquet(tmp_path / "other.parquet")
    with pytest.raises(BadRequest, match="z0, z1"):
        Latents.load(tmp_path / "other.parquet")
    (tmp_path / "bad.zarr").mkdir()
    (tmp_path / "bad.zarr" / "zarr.json").write_text("{")
    with pytest.raises(DamagedFile):
        Latents.load(tmp_path / "bad.zarr")


def test_a_zarr_folder_that_lost_a_piece_or_claims_too_much_is_refused(tmp_path):
    path = some().save(tmp_path / "z.zarr")
    meta = path / "z" / "zarr.json"
    text = meta.read_text()
    facts = json.loads(text)
    facts["shape"] = [10**15, 3]
    meta.write_text(json.dumps(facts))
    with pytest.raises(DamagedFile, match="pieces of z are missing"):
        Latents.load(path)
    meta.write_text(text)
    Latents.load(path)
    zarr.open_group(str(path))["z"][0] = 5
    with pytest.raises(DataCheckFailed):
        Latents.load(path)


def test_bad_tables_are_refused():
    z = np.zeros((3, 2))
    for ids, text in (([1, 1, 2], "more than once, such as 1"), ([1, 2], "for 3 events")):
        with pytest.raises(BadRequest, match=text):
            Latents(z, ids)
    with pytest.raises(BadRequest, match="'a' has shape"):
        Latents(z, columns={"a": [1]})
    with pytest.raises(BadRequest, match="rename"):
        Latents(z, columns={"z0": [1, 2, 3]})
    with pytest.raises(BadRequest, match="another name"):
        Latents(z, names=["a", "a"])
    for wrong in (np.zeros((2, 2, 2)), np.zeros((2, 2), complex), [["a", "b"]]):
        with pytest.raises(BadRequest):
            Latents(wrong)


def test_points_that_are_not_finite_are_listed():
    latents = Latents([[0, np.nan], [1, 1], [np.inf, 0]], ids=["a", "b", "c"])
    assert latents.finite.tolist() == [False, True, False]
    assert latents.invalid.tolist() == ["a", "c"]
    assert "2 not finite" in repr(latents)


def test_rows_are_found_by_id_and_unknown_ids_are_named():
    latents = Latents(np.zeros((3, 1)), [7, 8, 9])
    assert latents.rows_of([9, 7]).tolist() == [2, 0]
    assert latents.rows_of([]).tolist() == []
    with pytest.raises(UnknownName, match="2 ids are not among these 3: 1, 2"):
        latents.rows_of([1, 8, 2])
    with pytest.raises(UnknownName, match="whole numbers"):
        latents.rows_of(["7"])


def test_columns_of_any_source_become_numbers_times_or_texts():
    frame = pd.DataFrame({"z0": [1, 2], "z1": [3.0, None], "kind": pd.Categorical(["a", None])})
    latents = Latents.of(frame.set_index(pd.Index(["p", "q"])))
    assert latents.ids.tolist() == ["p", "q"]
    assert latents.columns["kind"].tolist() == ["a", None]
    assert latents.invalid.tolist() == ["q"]
    mixed = latents.with_columns(n=[None, 3], flag=pd.array([True, None], dtype="boolean"))
    assert mixed.columns["n"].dtype == np.float64
    assert mixed.columns["flag"].tolist()[0] == 1
    assert list(mixed.without_columns("n").columns) == ["kind", "flag"]
    with pytest.raises(UnknownName):
        mixed.without_columns("m")


def test_latents_travel_to_other_processes():
    latents = some()
    again = pickle.loads(pickle.dumps(latents))
    pd.testing.assert_frame_equal(again.table(), latents.table())
    assert again.lineage["umap0"] == latents.lineage["umap0"]


def test_images_and_rows_of_tables_are_encoded_too():
    images = RNG.normal(size=(6, 8, 8)).astype("f4")
    images[2, 0, 0] = np.nan
    z = encode(images, lambda x: x.mean(axis=(1, 2))[:, None])
    assert z.invalid.tolist() == [2]
    pieces = cutouts(images[0], [[2, 2], [4, 4]], 3)
    assert encode(pieces, lambda x: x.reshape(len(x), -1)).shape == (2, 9)
    frame = pd.DataFrame({"a": [1.0, 2], "b": [3, 4]})
    np.testing.assert_array_equal(encode(frame, lambda x: x), [[1, 3], [2, 4]])
    with pytest.raises(BadRequest, match="more than numbers"):
        encode(frame.assign(c="x"), lambda x: x)


def test_an_encoder_for_another_kind_of_data_is_refused():
    class OfImages:
        input_shape = (None, 64, 64, 1)

        def predict(self, rows, **_kw):
            return rows[:, :2, 0]

    assert encode(np.ones((3, 64, 64), "f4"), OfImages()).shape == (3, 2)
    for wrong in (np.zeros((3, 64), "f4"), np.zeros((3, 32, 32), "f4")):
        with pytest.raises(BadRequest, match="another kind of data"):
            encode(wrong, OfImages())


def test_what_encode_writes_is_read_with_the_hashes_of_data_and_encoder(tmp_path):
    x = RNG.normal(size=(10, 30)).astype("f4")
    z = encode(x, lambda rows: rows[:, :2], path=tmp_path / "z.parquet", ids=range(5, 15))
    again = Latents.load(tmp_path / "z.parquet")
    pd.testing.assert_frame_equal(again.table(), z.table())
    assert dict(again.facts) == dict(z.facts)
    assert set(z.facts) == {"data", "encoder"}
    assert encode(x, lambda rows: rows[:, 1:3]).facts["encoder"] != z.facts["encoder"]
    with pytest.raises(BadRequest, match=r"\.zarr"):
        encode(x, lambda rows: rows[:, :2], path=tmp_path / "z.csv")
