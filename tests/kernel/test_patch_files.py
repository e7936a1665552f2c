import json
import struct
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import astrodata_kernel as adk
import numpy as np
import pytest
from astrodata_kernel.drawing import svg_of
from astrodata_kernel.errors import (
    AstrodataError,
    BadRequest,
    DamagedFile,
    MissingPackage,
    NameTaken,
    TooLarge,
    UnreadableFile,
    UnsupportedFormat,
)
from astrodata_kernel.processing import augment, raster
from astrodata_kernel.processing.patch_batches import prepared, turned
from astrodata_kernel.processing.patch_files import ENDINGS
from astrodata_kernel.processing.patch_sets import PatchSet
from astrodata_kernel.processing.splits import balance_figure, class_balance, sampling_weights
from astrodata_kernel.readers.caps import caps

SCENE = Path(__file__).parents[2] / "examples" / "data" / "sentinel2_29RKH"
BANDS = ["B8A", "B11", "B12"]


def some(event: str, dtype: str = "f4", dates: int = 2, mask: str | None = "u1") -> PatchSet:
    """Give patches of noise with gaps, negative zeros and a mask."""
    rng = np.random.default_rng(len(event))
    values = rng.normal(400, 300, (dates, 40, 56, 2))
    image = np.abs(values).astype(dtype) if dtype != "f4" else values.astype("f4")
    if dtype == "f4":
        image[..., 3, 4, :], image[..., 5, 5, 0] = np.nan, -0.0
        image[..., 6, 6, 1] = np.float32(1e-40)
    if dates == 1:
        image = image[0]
    burnt = None if mask is None else (rng.random((40, 56)) > 0.7).astype(mask)
    return PatchSet.of(image, burnt, bands=["B08", "NBR"], size=16, event=event, name=event)


def assert_same(first: PatchSet, second: PatchSet) -> None:
    for name in ("images", "masks"):
        one, other = getattr(first, name), getattr(second, name)
        if one is None:
            assert other is None
            continue
        one, other = np.asarray(one[:]), np.asarray(other[:])
        assert (one.dtype, one.shape) == (other.dtype, other.shape)
        assert one.tobytes() == other.tobytes()
    np.testing.assert_array_equal(first.positions, second.positions)
    for name in ("events", "scenes", "bands", "origins", "scaling"):
        assert getattr(first, name) == getattr(second, name)


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_set_comes_back_to_the_last_bit_with_all_that_is_known(
    tmp_path: Path, ending: str
) -> None:
    for number, made in enumerate(
        [
            PatchSet.join([some("fire é"), some("b", "f4")]).fit_scaling(),
            some("a", "u2", dates=1, mask="?"),
            some("a", "f8", mask=None),
            some("", "i2", mask="f4"),
        ]
    ):
        path = made.save(tmp_path / f"{number}{ending}")
        assert_same(PatchSet.load(path), made)
        assert_same(PatchSet.load(path, lazy=True), made)
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".")]


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_file_that_is_there_is_replaced_only_when_that_is_said(
    tmp_path: Path, ending: str
) -> None:
    path = some("first").save(tmp_path / f"set{ending}")
    with pytest.raises(NameTaken, match="overwrite=True"):
        some("second").save(path)
    assert PatchSet.load(path).events[0] == "first"
    other = some("second", dates=1, mask=None)
    assert_same(PatchSet.load(other.save(path, overwrite=True)), other)


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_file_cut_short_is_told_in_one_sentence(tmp_path: Path, ending: str) -> None:
    path = some("a").save(tmp_path / f"set{ending}")
    for file in path.rglob("*") if path.is_dir() else [path]:
        if file.is_file():
            file.write_bytes(file.read_bytes()[: file.stat().st_size * 2 // 3])
    with pytest.raises(AstrodataError) as told:
        PatchSet.load(path)
    assert "set" in str(told.value)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("content", [b"", b"%PDF-1.7 something else", bytes(400)])
def test_a_foreign_file_is_told_in_one_sentence(
    tmp_path: Path, ending: str, content: bytes
) -> None:
    path = tmp_path / f"set{ending}"
    path.write_bytes(content)
    with pytest.raises(AstrodataError, match=r"set"):
        PatchSet.load(path)


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_file_that_is_missing_is_told(tmp_path: Path, ending: str) -> None:
    with pytest.raises(UnreadableFile, match="does not exist"):
        PatchSet.load(tmp_path / f"none{ending}")


@pytest.mark.parametrize("ending", [".npy", ".csv"])
def test_facts_that_are_missing_or_changed_are_told(tmp_path: Path, ending: str) -> None:
    path = some("a").save(tmp_path / f"set{ending}")
    beside = tmp_path / f"set{ending}.json"
    told = json.loads(beside.read_text())
    changes = [
        {"images": {"shape": [2**40, 16, 16, 2], "dtype": "<f4"}},
        {"images": {"shape": [12, 2, 16, 16, 3], "dtype": "<f4"}},
        {"images": {"shape": [12, 2, 16, 16, 2], "dtype": "|O"}},
        {"positions": [[0, 0]]},
        {"event": [True] * 12},
        {"scenes": ["another"]},
        {"format": "of the future"},
        {"scaling": {"low": [1]}},
    ]
    for change in changes:
        beside.write_text(json.dumps(told | change))
        with pytest.raises(DamagedFile, match="holds no whole set"):
            PatchSet.load(path)
    beside.write_text("[" * 100_000)
    with pytest.raises(DamagedFile):
        PatchSet.load(path)
    beside.unlink()
    with pytest.raises(UnreadableFile, match=r"json is missing"):
        PatchSet.load(path)


def test_pickled_objects_in_an_npz_are_never_read(tmp_path: Path) -> None:
    path = some("a").save(tmp_path / "set.npz")
    with zipfile.ZipFile(path) as archive:
        facts = archive.read("facts.npy")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("facts.npy", facts)
        with archive.open("images.npy", "w") as file:
            np.save(file, np.array([{}], object), allow_pickle=True)
    with pytest.raises(AstrodataError, match="images"):
        PatchSet.load(path)


def test_pickled_objects_in_an_npy_are_never_read(tmp_path: Path) -> None:
    path = some("a").save(tmp_path / "set.npy")
    np.save(path, np.array([{}], object), allow_pickle=True)
    with pytest.raises(UnsupportedFormat, match="pickled Python objects"):
        PatchSet.load(path)


@pytest.mark.parametrize("ending", [".npz", ".parquet", ".zarr"])
def test_a_bomb_is_refused_before_its_memory_is_taken(
    tmp_path: Path, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = some("a").save(tmp_path / f"set{ending}")
    monkeypatch.setattr(caps, "member_bytes", 1000)
    with pytest.raises(TooLarge, match="more than the 1,000"):
        PatchSet.load(path)


def test_a_record_whose_length_lies_is_refused(tmp_path: Path) -> None:
    path = some("a").save(tmp_path / "set.tfrecord")
    content = bytearray(path.read_bytes())
    content[:8] = struct.pack("<Q", 1 << 50)
    path.write_bytes(content)
    with pytest.raises(DamagedFile, match="cut short"):
        PatchSet.load(path)


def test_a_flipped_bit_of_a_record_is_found(tmp_path: Path) -> None:
    path = some("a").save(tmp_path / "set.tfrecord")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(DamagedFile, match="check differs"):
        PatchSet.load(path)


def test_records_are_read_by_tensorflow_as_its_users_do(tmp_path: Path) -> None:
    tf = pytest.importorskip("tensorflow")
    made = some("a")
    path = made.save(tmp_path / "set.tfrecord")
    wanted = {
        "image": tf.io.FixedLenFeature([], tf.string),
        "event": tf.io.FixedLenFeature([], tf.string),
        "image_shape": tf.io.FixedLenFeature([4], tf.int64),
    }
    first = next(iter(tf.data.TFRecordDataset(str(path))))
    one = tf.io.parse_single_example(first, wanted)
    values = tf.reshape(tf.io.decode_raw(one["image"], tf.float32), one["image_shape"])
    np.testing.assert_array_equal(values.numpy(), made.images[0])
    assert one["event"].numpy() == b"a"


@pytest.mark.parametrize(("package", "ending"), [("tensorflow", ".tfrecord"), ("zarr", ".zarr")])
def test_a_package_that_is_missing_is_named(
    tmp_path: Path, package: str, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingPackage, match="pip install"):
        some("a").save(tmp_path / f"set{ending}")


def test_parquet_has_events_and_bands_as_columns(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    made = PatchSet.join([some("a", dates=1), some("bb", dates=1)])
    path = made.save(tmp_path / "set.parquet")
    table = parquet.read_table(
        path, columns=["event", "band 1 NBR"], filters=[("event", "=", "bb")]
    )
    assert len(table) == 12
    first = np.array(table["band 1 NBR"][0].as_py(), "f4").reshape(16, 16)
    np.testing.assert_array_equal(first, made.images[12, ..., 1])


def test_csv_has_a_row_a_pixel_and_refuses_what_is_large(tmp_path: Path) -> None:
    import pandas as pd

    path = some("a", dates=1).save(tmp_path / "set.csv")
    table = pd.read_csv(path)
    assert len(table) == 12 * 16 * 16
    assert table.columns.tolist()[:6] == ["patch", "event", "scene", "date", "row", "column"]
    assert (table.row.max(), table.column.max()) == (47, 63)
    dask = pytest.importorskip("dask.array")
    large = PatchSet.of(dask.zeros((9000, 9000, 1), chunks=1000), size=1000)
    with pytest.raises(BadRequest, match="small sets"):
        large.save(tmp_path / "large.csv")


def test_a_folder_of_something_else_is_not_replaced(tmp_path: Path) -> None:
    folder = tmp_path / "set.zarr"
    folder.mkdir()
    (folder / "thesis.txt").write_text("mine")
    with pytest.raises(NameTaken, match="something else"):
        some("a").save(folder, overwrite=True)
    assert (folder / "thesis.txt").read_text() == "mine"


def test_an_ending_that_says_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match=r"\.parquet"):
        some("a").save(tmp_path / "set.xyz")
    with pytest.raises(BadRequest, match="no patches"):
        some("a").choose([]).save(tmp_path / "set.npz")


def test_a_scene_is_cut_strip_by_strip_and_goes_back_to_the_map(tmp_path: Path) -> None:
    scene = adk.open(SCENE)
    whole = np.stack([scene.band(name)[:] for name in BANDS], axis=-1)
    made = PatchSet.of(scene, whole[..., 0] > 0.3, bands=BANDS, size=100, stride=80, event="fire")
    assert hasattr(made.images, "dask")
    np.testing.assert_array_equal(made.images.compute(), raster.patches(whole, 100, 80))
    np.testing.assert_array_equal(made.mosaic(blend="window"), whole)
    origin = made.origins[scene.name]
    assert (origin.crs, origin.transform) == (scene.crs, scene.grid().transform)
    # Lazily into a file, some patches at a time, and back onto the map.
    kept = PatchSet.load(made.save(tmp_path / "fire.npz"))
    np.testing.assert_array_equal(kept.mosaic(), whole)
    np.testing.assert_array_equal(kept.mosaic(kept.masks), whole[..., 0] > 0.3)


def test_dates_and_indices_are_channels_of_one_array() -> None:
    scene = adk.open(SCENE)
    made = PatchSet.of([scene, scene], bands=["B12", "NBR2", "B8A - B11"], size=128).compute()
    assert made.images.shape == (25, 2, 128, 128, 3)
    assert made.origins[scene.name].dates == ("2020-02-19T11:34:25",) * 2
    again = made.mosaic()
    for date in (0, 1):
        np.testing.assert_array_equal(again[date, ..., 0], scene.band("B12")[:])
        np.testing.assert_array_equal(again[date, ..., 1], scene.index("NBR2")[:])
        np.testing.assert_array_equal(again[date, ..., 2], scene.index("B8A - B11")[:])
    with pytest.raises(BadRequest, match="name bands"):
        PatchSet.of(scene.to_xarray(["B12"]), bands=["B99"])


def test_a_mask_on_another_grid_is_refused() -> None:
    with pytest.raises(BadRequest, match="scene's grid"):
        PatchSet.of(np.zeros((20, 30, 2)), np.zeros((30, 20)), size=10)


def test_patches_of_plain_arrays_are_kept_without_an_origin(tmp_path: Path) -> None:
    made = some("a")
    bare = replace(made, origins={})
    again = PatchSet.load(bare.save(tmp_path / "bare.npz"))
    assert (again.scenes, dict(again.origins)) == (made.scenes, {})
    with pytest.raises(BadRequest, match="'a' has no origin"):
        replace(made, origins={"b": made.origins["a"]})


def test_sets_that_differ_cannot_be_joined() -> None:
    first = some("a")
    for other, text in (
        (some("b", dates=1), "cut both alike"),
        (some("b", mask=None), "masks to all"),
        (some("b").fit_scaling(), "different scalings"),
        (PatchSet.of(np.zeros((2, 20, 20, 2)), np.zeros((20, 20)), size=16, name="a"), "cut both"),
    ):
        with pytest.raises(BadRequest, match=text):
            PatchSet.join([first, other])
    same = PatchSet.of(
        np.zeros((2, 20, 20, 2)), np.zeros((20, 20)), bands=first.bands, size=16, name="a"
    )
    with pytest.raises(BadRequest, match="two different scenes"):
        PatchSet.join([first, same])


def test_a_split_keeps_events_whole_and_the_training_lends_its_scaling() -> None:
    every = PatchSet.join([some("a" * n) for n in range(1, 8)])
    training, held = every.split((0.7, 0.3), seed=2)
    assert not set(training.events) & set(held.events)
    assert len(training) + len(held) == len(every)
    training = training.fit_scaling()
    held = held.with_scaling(training.scaling)
    np.testing.assert_array_equal(held.scaled(), training.scaling.apply(held.images))
    with pytest.raises(BadRequest, match="no scaling"):
        every.scaled()


def test_a_mosaic_of_some_patches_is_empty_where_one_is_missing() -> None:
    made = some("a", dates=1)
    again = made.choose(np.arange(len(made)) != 1).mosaic()
    assert np.isnan(again[:16, 16:32]).all()
    np.testing.assert_array_equal(again[:, 32:], made.mosaic()[:, 32:])
    overlapping = PatchSet.of(np.zeros((20, 20, 1)), size=16, stride=4)
    with pytest.raises(BadRequest, match="1 of the 4 patches"):
        overlapping.choose([0, 1, 2]).mosaic()


def test_the_share_of_known_pixels_is_told() -> None:
    made = some("a")
    assert made.known()[0] == 1 - 1 / 256
    assert (made.known()[1:] == 1).all()


def test_balance_is_a_table_a_picture_and_weights() -> None:
    made = PatchSet.join([some("a"), some("bb")])
    table = made.balance()
    assert table.index.tolist() == ["a", "bb", "all"]
    assert svg_of(balance_figure(table)).startswith("<svg")
    masks = np.zeros((10, 4, 4))
    masks[3, 0, 0] = 1
    weights = sampling_weights(masks)
    masks[5:] = 255  # not judged
    np.testing.assert_array_equal(sampling_weights(masks.astype("u1")), weights)
    shares = class_balance(masks.astype("u1")).loc["all"]
    assert (shares.pixels, shares["class 1"]) == (80, 1 / 80)
    assert weights[3] == 0.5
    assert weights.sum() == pytest.approx(1)


@pytest.mark.parametrize("dtype", ["f4", "u2", "u1", "?", "f8", ">i2"])
@pytest.mark.parametrize("shape", [(9, 6, 6), (9, 6, 6, 3), (9, 2, 6, 6, 3)])
def test_images_are_turned_together_as_one_by_one(dtype: str, shape: tuple[int, ...]) -> None:
    images = np.random.default_rng(0).normal(0, 50, shape).astype(dtype)
    which, ks = np.array([8, 0, 1, 2, 3, 4, 5, 6]), np.arange(8)
    axes = (0, 1) if len(shape) == 3 else None
    wanted = np.stack(
        [augment.dihedral(images[i], k, axes) for i, k in zip(which, ks, strict=True)]
    )
    found = turned(images, which, ks)
    np.testing.assert_array_equal(found, wanted)
    assert found.dtype == wanted.dtype


@pytest.mark.parametrize("dtype", ["f4", "u2", "f8"])
def test_batches_are_scaled_as_the_scaling_does_and_have_no_gaps(dtype: str) -> None:
    rng = np.random.default_rng(0)
    images = rng.normal(300, 100, (5, 2, 8, 8, 3)).astype(dtype)
    images[..., 2] = 7  # a constant band
    if dtype != "u2":
        images[1, 0, 2, 3, 1], images[1, 1, 4, 4, 0] = np.nan, np.inf
    made = PatchSet(images, None, ("",) * 5, ("",) * 5, np.zeros((5, 2), int)).fit_scaling()
    batch, known = prepared(images, [1, 0], [3, 6], made.scaling)
    wanted = made.scaling.apply(images[[1, 0]])
    gaps = ~np.isfinite(images[[1, 0]])
    wanted[gaps] = 0
    for i, k in enumerate((3, 6)):
        np.testing.assert_array_equal(batch[i], augment.dihedral(wanted[i], k))
        there = ~gaps[i].any(axis=(0, -1))
        np.testing.assert_array_equal(known[i], augment.dihedral(there, k))
    assert batch.dtype == np.float32


def test_images_that_are_not_square_are_not_turned_by_a_quarter() -> None:
    with pytest.raises(BadRequest, match="by a quarter"):
        turned(np.zeros((2, 4, 6)), [0], [1])
    batch, _ = next(iter(augment.batches(np.zeros((8, 4, 6, 1)), np.zeros((8, 4, 6)), 8)))
    assert batch.shape == (8, 4, 6, 1)
