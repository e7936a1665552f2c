"""A whole scene through a network: windows, their blending, and what is read at a time."""

import tracemalloc
from pathlib import Path

import astrodata_kernel as adk
import dask.array
import numpy as np
import pytest
from astrodata_kernel.errors import BadRequest, Cancelled
from astrodata_kernel.processing.normalise import PercentileScaling
from astrodata_kernel.processing.patch_sets import PatchSet
from astrodata_kernel.processing.scores import scores
from astrodata_kernel.processing.tiled import predict_lazily, predict_scene
from astrodata_kernel.processing.tiled_windows import Blend, hann, starts
from astrodata_kernel.testing.fires import built
from scipy.ndimage import uniform_filter

REAL = Path(__file__).parents[2] / "examples" / "data" / "sentinel2_43RCP"


@pytest.fixture(scope="module")
def image():
    return np.random.default_rng(2).random((75, 101, 3)).astype("f4")


def local(windows):
    """Look at each pixel by itself: the result knows nothing of windows."""
    return windows[..., 0] * np.float32(2) - windows[..., 2]


@pytest.mark.parametrize(
    ("size", "overlap", "batch", "block"),
    [
        (16, 0, 1, 512),
        (16, 4, 8, 30),
        (32, 31, 5, 75),
        (24, 12, 3, 7),
        (128, 32, 4, 20),
        (5, 2, 64, 41),
    ],
)
def test_what_looks_at_pixels_alone_is_exact_whatever_the_windows(
    image, size, overlap, batch, block
) -> None:
    made = predict_scene(local, image, size=size, overlap=overlap, batch=batch, block=block)
    assert made.dtype == np.float32
    np.testing.assert_array_equal(made, local(image))


@pytest.mark.parametrize(
    ("length", "size", "stride"), [(75, 16, 12), (16, 16, 4), (7, 16, 4), (17, 16, 16)]
)
def test_windows_reach_every_pixel_and_none_lies_beyond_the_scene(length, size, stride) -> None:
    firsts = starts(length, size, stride)
    seen = {n for first in firsts for n in range(first, first + size)}
    assert set(range(length)) <= seen
    assert max(firsts) + size <= max(length, size)


def test_the_weights_of_windows_add_up_to_one_everywhere() -> None:
    # The mean of ones is one, and of two constants never beyond them.
    blend = Blend((slice(10, 60), slice(0, 40)), 16)
    total = np.zeros((50, 40))
    for y in starts(70, 16, 10):
        for x in starts(40, 16, 10):
            blend.add((y, x), np.ones((16, 16), "f4"))
            inside = max(y, 10) - 10, min(y + 16, 60) - 10
            if inside[1] > inside[0]:
                total[inside[0] : inside[1], x : x + 16] += 1
    assert total.min() >= 1
    np.testing.assert_array_equal(blend.values, 1)
    assert hann(16).min() > 0


def test_the_mean_of_windows_is_weighted_by_where_a_pixel_lies_in_them() -> None:
    made = predict_scene(
        lambda windows: np.arange(len(windows), dtype="f4")[:, None, None] + 0 * windows[..., 0],
        np.zeros((16, 24, 1)),
        size=16,
        overlap=8,
    )
    weight = hann(16)
    first, second = weight[8:], weight[:8]
    np.testing.assert_allclose(made[0, 8:16], second / (first + second), rtol=1e-5)
    assert (made[:, :8] == 0).all()
    assert (made[:, 16:] == 1).all()


def test_nothing_gives_nothing_and_its_neighbours_are_seen(image) -> None:
    holed = image.copy()
    holed[10:14, 20:60, 1] = np.nan
    holed[40:, :, :] = np.nan
    seen = []
    made = predict_scene(
        lambda windows: (seen.append(np.isnan(windows).any()), local(windows))[1],
        holed,
        size=16,
        overlap=4,
    )
    np.testing.assert_array_equal(np.isnan(made), np.isnan(holed).any(axis=-1))
    assert not any(seen)
    known = np.isfinite(made)
    np.testing.assert_array_equal(made[known], local(image)[known])


def test_dates_come_to_the_model_as_an_axis(image) -> None:
    both = np.stack([image, image + 1])
    shapes = set()

    def later_less_first(windows):
        shapes.add(windows.shape[1:])
        return (windows[:, 1] - windows[:, 0])[..., :1]

    made = predict_scene(later_less_first, both, size=20, overlap=10)
    assert shapes == {(2, 20, 20, 3)}
    np.testing.assert_allclose(made, 1, rtol=1e-6)


def test_the_same_map_comes_lazily_and_in_blocks_of_any_size(image) -> None:
    def looks_around(windows):
        return (windows + np.roll(windows, 1, axis=1) + np.roll(windows, -1, axis=2)).mean(axis=-1)

    whole = predict_scene(looks_around, image, size=32, overlap=8)
    lazy = predict_lazily(looks_around, image, size=32, overlap=8, block=40)
    assert lazy.chunks == ((40, 35), (40, 40, 21))
    np.testing.assert_array_equal(lazy.compute(), whole)
    np.testing.assert_array_equal(
        predict_scene(
            looks_around, dask.array.from_array(image, (30, 30, 3)), size=32, overlap=8, block=33
        ),
        whole,
    )


def test_a_large_scene_is_never_in_memory_as_a_whole() -> None:
    reads = []

    def made(block_info=None):
        (rows, columns, _) = block_info[None]["array-location"]
        reads.append((rows, columns))
        shape = (rows[1] - rows[0], columns[1] - columns[0], 4)
        return np.full(shape, rows[0], "f4")

    # 2,048 x 2,048 x 4 float32 are 67 MB; the result is 17.
    scene = dask.array.map_blocks(
        made, chunks=((256,) * 8, (256,) * 8, (4,)), dtype="f4", meta=np.empty((0, 0, 0), "f4")
    )
    predict_scene(local, scene[:64, :64], size=32, overlap=8)  # what is imported is not the scene's
    reads.clear()
    tracemalloc.start()
    try:
        out = predict_scene(local, scene, size=64, overlap=16, block=256)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < out.nbytes + 22e6
    assert len(reads) <= 9 * 64
    np.testing.assert_array_equal(out[::256, 0], np.arange(8) * 256)


def test_progress_grows_to_one_and_a_prediction_can_be_given_up(image) -> None:
    shares = []
    predict_scene(local, image, size=16, overlap=4, batch=3, block=40, progress=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert len(shares) > 10
    asked = iter([False, False, True])
    with pytest.raises(Cancelled):
        predict_scene(local, image, size=16, overlap=4, cancelled=lambda: next(asked))


def test_scenes_are_read_on_the_grid_of_the_first_and_the_map_knows_it() -> None:
    pair = [scene.with_offset(0, 1e-4) for scene in adk.open_scenes(REAL)]
    made = predict_scene(
        lambda windows: windows[:, 0, :, :, 0] - windows[:, 1, :, :, 0],
        pair,
        bands=["NBR", "B11"],
        size=64,
        overlap=16,
        block=100,
    )
    expected = adk.processing.burnt.dnbr(*pair, judged=False)
    np.testing.assert_array_equal(made.values, expected.values)
    assert made.attrs["crs"] == "EPSG:4326"
    np.testing.assert_array_equal(made.x, expected.x)
    coarse = predict_scene(lambda w: w[..., 0], pair[1], bands=["B8A"], resolution=20, size=64)
    np.testing.assert_array_equal(coarse.values, pair[1].band("B8A")[:])


def test_the_scaling_that_a_network_was_trained_with_chooses_the_bands() -> None:
    scene = adk.open_scenes(REAL)[1].with_offset(0, 1e-4)
    bands = ("B04", "B12")
    stack = np.stack([scene.band(name, 10)[:] for name in bands], axis=-1)
    scaling = PercentileScaling.fit(stack[None], bands=bands)
    made = predict_scene(lambda w: w[..., 1], scene, scaling=scaling, size=64)
    np.testing.assert_array_equal(made.values, scaling.apply(stack)[..., 1])
    with pytest.raises(BadRequest, match="1 bands, the scaling 2"):
        predict_scene(local, np.zeros((9, 9, 1)), scaling=scaling, size=4, overlap=1)


def test_blending_leaves_less_of_a_seam_than_windows_side_by_side() -> None:
    y, x = np.mgrid[:80, :80]
    field = (np.sin(x / 9) + np.cos(y / 7) + np.sin((x + y) / 11))[..., None].astype("f4")

    def near(windows):
        """Look around each pixel, and see 0 beyond the window as a convolution does."""
        return uniform_filter(windows[..., 0], (0, 7, 7), mode="constant")

    def steps(overlap: int) -> tuple[float, float]:
        made = predict_scene(near, field, size=16, overlap=overlap, batch=25)
        jumps = np.abs(np.diff(made, axis=1))
        seams = np.arange(15, 79, 16)
        return jumps[:, seams].mean(), np.delete(jumps, seams, axis=1).mean()

    beside, inside = steps(0)
    assert beside > 1.5 * inside  # there are seams to be seen
    blended, _ = steps(8)
    assert blended < 0.7 * beside


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Train a small network on three fires, and give it with the scaling and the fourth."""
    import keras

    pair = [scene.with_offset(0, 1e-4) for scene in adk.open_scenes(REAL)]
    fires = built(tmp_path_factory.mktemp("fires"), *pair, count=4)
    patches = PatchSet.join(
        [
            PatchSet.of(
                list(fire.scenes()),
                fire.truth(),
                bands=["B04", "B8A", "B12"],
                size=44,
                event=fire.name,
                name=fire.name,
            )
            for fire in fires[:3]
        ]
    )
    patches = patches.compute().fit_scaling()
    keras.utils.set_random_seed(3)
    net = adk.models.plain_unet((2, 44, 44, 3), filters=(4,), bottleneck=8, dropout=0.0)
    done = adk.training.fit_masks(
        net, patches, epochs=6, batch_size=4, learning_rate=3e-2, track=False
    )
    return done.model, patches.scaling, fires[3]


def test_a_network_trained_on_fires_beats_the_empty_mask_on_another_place(trained) -> None:
    model, scaling, fire = trained
    made = predict_scene(model, list(fire.scenes()), size=44, overlap=16, scaling=scaling)
    truth = fire.truth()
    table = scores(
        [truth] * 2,
        [made.values, np.zeros_like(made.values)],
        ["network", "empty"],
        thresholds=(0.5,),
    )
    iou = table.set_index("event").iou
    assert iou["empty"] == 0
    assert iou["network"] > 0.25
    # Dates come as the patches of the training had them, whatever the order they are given in.
    turned = predict_scene(model, fire.scenes()[::-1], size=44, overlap=16, scaling=scaling)
    np.testing.assert_array_equal(turned.values, made.values)


def test_a_network_is_asked_in_batches_of_few_sizes(image) -> None:
    sizes = []

    class Network:
        def predict_on_batch(self, windows):
            sizes.append(len(windows))
            return local(windows)

    made = predict_scene(Network(), image, size=16, overlap=4, batch=6, block=40)
    np.testing.assert_array_equal(made, local(image))
    assert set(sizes) == {6}


def test_windows_that_a_network_was_not_built_for_are_told_with_those_that_it_takes(
    trained,
) -> None:
    model, scaling, fire = trained
    with pytest.raises(BadRequest, match=r"takes windows of \(2, 44, 44, 3\), these are \(2, 32"):
        predict_scene(model, fire.scenes(), size=32, overlap=8, scaling=scaling)
    with pytest.raises(BadRequest, match="these are"):
        predict_scene(model, fire.scenes()[1], size=44, scaling=scaling)


def test_what_cannot_be_predicted_is_said(image) -> None:
    with pytest.raises(BadRequest, match="smaller than the window"):
        predict_scene(local, image, size=16, overlap=16)
    with pytest.raises(BadRequest, match="blocks of 0 pixels"):
        predict_lazily(local, image, size=16, overlap=4, block=0)
    with pytest.raises(BadRequest, match="rows, columns, bands"):
        predict_scene(local, image[..., 0])
    with pytest.raises(BadRequest, match="neither a network nor a function"):
        predict_scene("model.keras", image)
    with pytest.raises(BadRequest, match=r"it is to give \(8, 16, 16\)"):
        predict_scene(lambda windows: windows, image, size=16, overlap=4)
    with pytest.raises(BadRequest, match="no bands"):
        predict_scene(local, adk.open_scenes(REAL)[0], bands=[])
