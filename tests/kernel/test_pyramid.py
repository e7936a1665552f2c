import numpy as np
import pytest
from astrodata_kernel.errors import BadRequest
from astrodata_kernel.processing import pyramid
from astrodata_kernel.processing.pyramid import Planes
from astrodata_kernel.processing.raster import block_mean


class Watched:
    """An array that remembers how many pixels were asked of it at once."""

    def __init__(self, array: np.ndarray) -> None:
        self.array, self.shape, self.most = array, array.shape, 0

    def __getitem__(self, key: object) -> np.ndarray:
        part = self.array[key]
        self.most = max(self.most, part.size)
        return part


@pytest.fixture
def image() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(1300, 1700)).astype("f4")


def test_full_resolution_tiles_make_up_the_image(image: np.ndarray) -> None:
    planes = Planes(image)
    tiles = [[planes.tile(0, x, y)[0] for x in range(4)] for y in range(3)]
    np.testing.assert_array_equal(np.block(tiles), image)


def test_a_tile_of_a_level_is_the_mean_of_its_pixels(image: np.ndarray) -> None:
    tile, reduction = Planes(image).tile(1, 1, 1)
    assert reduction == "block mean"
    np.testing.assert_array_equal(tile, block_mean(image, 2)[512:1024, 512:1024])


def test_the_coarsest_level_is_one_tile(image: np.ndarray) -> None:
    planes = Planes(image)
    tile, _ = planes.tile(planes.levels - 1, 0, 0)
    assert tile.shape == (-(-1300 // 4), -(-1700 // 4))


def test_an_overview_is_no_longer_than_asked_and_says_its_step(image: np.ndarray) -> None:
    overview, step, reduction = Planes(image).overview(1000)
    assert (overview.shape, step, reduction) == ((650, 850), 2, "block mean")


def test_a_small_image_is_its_own_overview() -> None:
    overview, step, reduction = Planes(np.eye(3)).overview(1024)
    assert (step, reduction) == (1, "full")
    np.testing.assert_array_equal(overview, np.eye(3))


def test_a_large_image_is_never_read_whole(
    image: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pyramid, "EXACT_PIXELS", 512 * 512)
    watched = Watched(image)
    planes = Planes(watched)
    overview, step, reduction = planes.overview(100)
    tile, how = planes.tile(2, 0, 0)
    _, whole = planes.sample()
    assert (reduction, how, whole) == ("strided", "strided", False)
    assert watched.most <= 512 * 512
    np.testing.assert_array_equal(overview, image[::step, ::step])
    np.testing.assert_array_equal(tile, image[::4, ::4][:512, :512])


def test_planes_of_a_hypercube_are_numbered_in_c_order() -> None:
    cube = np.arange(2 * 3 * 4 * 5).reshape(2, 3, 4, 5)
    planes = Planes(cube)
    assert planes.count == 6
    np.testing.assert_array_equal(planes.tile(0, 0, 0, plane=4)[0], cube[1, 1])


@pytest.mark.parametrize("where", [(0, 4, 0), (0, 0, 3), (3, 0, 0), (-1, 0, 0), (0, -1, 0)])
def test_a_tile_outside_the_image_is_refused(image: np.ndarray, where: tuple[int, ...]) -> None:
    with pytest.raises(BadRequest, match="outside an image of 1700 x 1300"):
        Planes(image).tile(*where)


@pytest.mark.parametrize("plane", [-1, 1])
def test_a_plane_that_is_not_there_is_refused(image: np.ndarray, plane: int) -> None:
    with pytest.raises(BadRequest, match="planes 0 to 0"):
        Planes(image).tile(0, 0, 0, plane=plane)


@pytest.mark.parametrize("width", [0, -5, 100_000])
def test_an_overview_of_absurd_width_is_refused(image: np.ndarray, width: int) -> None:
    with pytest.raises(BadRequest, match="1 to 8192"):
        Planes(image).overview(width)


def test_one_axis_is_no_image() -> None:
    with pytest.raises(BadRequest, match="two axes"):
        Planes(np.zeros(4))
