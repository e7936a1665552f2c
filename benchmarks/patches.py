"""Patching, augmentation and batches for training, ours beside the naive loop, in one process.

The naive loop is what tutorials show: Python over the positions, `numpy.rot90` and `numpy.flip` for each
patch, `numpy.stack` for each batch. Results are compared to the last bit before anything is measured.
"""

import argparse
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from astrodata_kernel.processing import augment, raster
from astrodata_kernel.processing.normalise import PercentileScaling
from astrodata_kernel.processing.patch_sets import PatchSet
from astrodata_kernel.training.data import order_of
from astrodata_kernel.training.masks_data import Pairs

SIZE, BANDS, BATCH = 128, 13, 8


def main() -> None:
    """Print patches per second, by wall and by CPU, and the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a small scene, one round")
    parser.add_argument("--training", action="store_true", help="a step of the U-Net beside it")
    options = parser.parse_args()
    side, rounds = (1100, 3) if options.quick else (3000, 5)
    scene, mask = landscape(side)
    print(f"{side} x {side} pixels, {BANDS} bands, patches of {SIZE} pixels, batches of {BATCH}")
    print(f"{'':46}{'patches/s':>11}{'per CPU-s':>11}{'ratio':>8}{'CPU ratio':>11}")

    cut = raster.patches(scene, SIZE)
    same(cut, naive_patches(scene))
    count = len(cut)
    compare(
        "patches of a scene",
        count,
        rounds,
        {"naive loop": lambda: naive_patches(scene), "ours": lambda: raster.patches(scene, SIZE)},
    )
    half = SIZE // 2
    small = scene[: side // 2, : side // 2]
    same(raster.patches(small, SIZE, half), naive_patches(small, half))
    compare(
        "patches that overlap by half",
        len(raster.patches(small, SIZE, half)),
        rounds,
        {
            "naive loop": lambda: naive_patches(small, half),
            "ours": lambda: raster.patches(small, SIZE, half),
        },
    )

    masks = raster.patches(mask, SIZE)
    ks = augment.draw(np.random.default_rng(1), count)
    order = order_of(0, 0, count)
    same_batches(naive_turned(cut, masks, order, ks), our_turned(cut, masks, order, ks))
    compare(
        "augmentation, image and mask together",
        count,
        rounds,
        {
            "naive loop": lambda: drain(naive_turned(cut, masks, order, ks)),
            "ours": lambda: drain(our_turned(cut, masks, order, ks)),
        },
    )

    scaling = PercentileScaling.fit(cut)
    for dtype, title in ((np.float32, "reflectance"), (np.uint16, "digital numbers")):
        with np.errstate(invalid="ignore"):
            images = cut if dtype == np.float32 else (cut * 1e4).astype(dtype)
        limits = scaling if dtype == np.float32 else PercentileScaling.fit(images)
        pairs = Pairs(images, masks, np.arange(count), limits)
        same_batches(naive_input(pairs, 0), pairs.epoch(0, BATCH, seed=0))
        compare(
            f"training's input of {title}: turned, scaled, gaps",
            count,
            rounds,
            {
                "naive loop": lambda pairs=pairs: drain(naive_input(pairs, 0)),
                "ours": lambda pairs=pairs: drain(pairs.epoch(0, BATCH, seed=0)),
            },
        )
    files(PatchSet.of(scene, mask, size=SIZE), options.quick)
    if options.training:
        training(cut, masks, scaling)


def landscape(side: int) -> tuple[np.ndarray, np.ndarray]:
    """Give reflectance with a few gaps, and a mask of blots."""
    rng = np.random.default_rng(0)
    scene = rng.random((side, side, BANDS), np.float32) * 0.4
    scene[:20, :30] = np.nan
    mask = (np.add.outer(np.arange(side), np.arange(side)) // 90 % 5 == 0).astype(np.uint8)
    return scene, mask


def naive_patches(image: np.ndarray, stride: int = SIZE) -> np.ndarray:
    """Pad the image, go through the positions, and stack."""
    beyond = [max(0, -(-(n - SIZE) // stride)) * stride + SIZE - n for n in image.shape[:2]]
    if any(beyond):
        image = np.pad(image, ((0, beyond[0]), (0, beyond[1]), (0, 0)), mode="reflect")
    cut = []
    for y in range(0, image.shape[0] - SIZE + 1, stride):
        for x in range(0, image.shape[1] - SIZE + 1, stride):
            cut.append(image[y : y + SIZE, x : x + SIZE])  # noqa: PERF401 - the loop is the point
    return np.stack(cut)


def naive_turn(array: np.ndarray, k: int) -> np.ndarray:
    """Turn one array by what NumPy has for it."""
    return np.rot90(np.flip(array, 1) if k >= 4 else array, k % 4)


def naive_turned(
    images: np.ndarray, masks: np.ndarray, order: np.ndarray, ks: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Turn pair by pair and stack each batch."""
    for start in range(0, len(order), BATCH):
        those, seen = [], []
        for i, k in zip(order[start : start + BATCH], ks[start : start + BATCH], strict=True):
            those.append(naive_turn(images[i], k))
            seen.append(naive_turn(masks[i], k))
        yield np.stack(those), np.stack(seen)


def our_turned(
    images: np.ndarray, masks: np.ndarray, order: np.ndarray, ks: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Give the same by what `augment.batches` calls."""
    from astrodata_kernel.processing.patch_batches import turned

    for start in range(0, len(order), BATCH):
        those, by = order[start : start + BATCH], ks[start : start + BATCH]
        yield turned(images, those, by), turned(masks, those, by)


def naive_input(pairs: Pairs, epoch: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Give the batches of `Pairs.epoch`, patch by patch: scale, turn, fill the gaps, stack."""
    rng = np.random.default_rng([0, epoch, 1])
    order = order_of(0, epoch, len(pairs))
    ks = augment.draw(rng, len(order))
    low, high = np.array(pairs.scaling.low), np.array(pairs.scaling.high)
    for start in range(0, len(order), BATCH):
        images, truths = [], []
        for i, k in zip(order[start : start + BATCH], ks[start : start + BATCH], strict=True):
            image = naive_turn(pairs.images[i], k)
            known = np.isfinite(image).all(axis=-1)
            scaled = np.clip((image - low) / (high - low), 0, 1).astype(np.float32)
            images.append(np.nan_to_num(scaled, nan=0.0))
            mask = naive_turn(pairs.masks[i], k)
            truths.append(np.stack([np.where(known, mask, 0), known], -1).astype(np.float32))
        yield np.stack(images), np.stack(truths)


def files(patches: PatchSet, quick: bool) -> None:
    """Print how fast sets are written and read, and how large they are."""
    some = patches.choose(np.arange(min(len(patches), 32 if quick else 200)))
    size = some.images.nbytes / 1e6
    print(f"\n{len(some)} patches of reflectance in files, {size:.0f} MB in memory")
    print(f"{'':14}{'write MB/s':>12}{'read MB/s':>12}{'of the size':>13}")
    for ending in (".npz", ".npy", ".parquet", ".zarr", ".tfrecord"):
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            path = folder / f"set{ending}"
            some.choose([0]).save(folder / f"first{ending}")  # loads the package
            for first in folder.glob("first*"):
                shutil.rmtree(first) if first.is_dir() else first.unlink()
            times = [time.perf_counter()]
            some.save(path)
            times.append(time.perf_counter())
            found = PatchSet.load(path)
            times.append(time.perf_counter())
            same(found.images, some.images)
            stored = sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())
            print(
                f"{ending:14}{size / (times[1] - times[0]):12.0f}{size / (times[2] - times[1]):12.0f}"
                f"{stored / some.images.nbytes:13.2f}"
            )


def training(cut: np.ndarray, masks: np.ndarray, scaling: PercentileScaling) -> None:
    """Print patches per second of the plain U-Net fed by either input."""
    import keras
    from astrodata_kernel.models import plain_unet
    from astrodata_kernel.models.losses import dice_jaccard_crossentropy
    from astrodata_kernel.training.keras_engine import compiled
    from astrodata_kernel.training.masks import known_only

    keras.utils.set_random_seed(0)
    pairs = Pairs(cut, masks, np.arange(len(cut))[: 4 * BATCH], scaling)
    model = compiled(plain_unet((SIZE, SIZE, BANDS)), 1e-3, known_only(dice_jaccard_crossentropy))

    def epoch(batches: Iterator[tuple[np.ndarray, np.ndarray]]) -> None:
        for images, truth in batches:
            model.train_on_batch(images, truth)

    compare(
        f"training the plain U-Net on {keras.backend.backend()}",
        len(pairs),
        2,
        {
            "naive loop": lambda: epoch(naive_input(pairs, 0)),
            "ours": lambda: epoch(pairs.epoch(0, BATCH, seed=0)),
        },
    )


def compare(title: str, count: int, rounds: int, works: dict[str, Callable[[], object]]) -> None:
    """Measure contenders in turns, so that what else runs on the machine meets all of them."""
    walls: dict[str, list[float]] = {name: [] for name in works}
    cpus: dict[str, list[float]] = {name: [] for name in works}
    for turn in range(rounds + 1):
        for name, work in works.items():
            wall, cpu = time.perf_counter(), time.process_time()
            made = work()
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            del made
            if turn:
                walls[name].append(wall)
                cpus[name].append(cpu)
    print(title)
    base = None
    for name in works:
        wall, cpu = statistics.median(walls[name]), statistics.median(cpus[name])
        base = base or (wall, cpu)
        ratio = f"{base[0] / wall:8.1f}{base[1] / cpu:11.1f}"
        print(f"  {name:44}{count / wall:11,.0f}{count / cpu:11,.0f}{ratio}", flush=True)


def drain(batches: Iterator[object]) -> None:
    """Go through batches."""
    for _ in batches:
        pass


def same(one: np.ndarray, other: np.ndarray) -> None:
    """Stop where two arrays differ in a bit."""
    assert one.dtype == other.dtype
    np.testing.assert_array_equal(one, other)


def same_batches(one: Iterator[tuple], other: Iterator[tuple]) -> None:
    """Stop where two epochs differ."""
    for ours, theirs in zip(one, other, strict=True):
        for a, b in zip(ours, theirs, strict=True):
            same(a, b)


if __name__ == "__main__":
    main()
