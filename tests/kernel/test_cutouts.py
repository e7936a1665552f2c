import numpy as np
import pytest
from astrodata_kernel import open as open_dataset
from astrodata_kernel.errors import BadRequest
from astrodata_kernel.processing.events import events_of
from astrodata_kernel.processing.raster import cutouts
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.nddata import Cutout2D
from astropy.wcs import WCS, DistortionLookupTable, Sip

RNG = np.random.default_rng(5)
IMAGE = RNG.normal(size=(100, 120)).astype("f4")


def with_sip() -> WCS:
    wcs = WCS(naxis=2)
    wcs.wcs.ctype, wcs.wcs.crval, wcs.wcs.crpix = (
        ("RA---TAN-SIP", "DEC--TAN-SIP"),
        (10, 20),
        (50, 60),
    )
    wcs.wcs.cdelt = (-1e-3, 1e-3)
    a = np.zeros((3, 3))
    a[2, 0] = 1e-5
    wcs.sip = Sip(a, a.T, None, None, wcs.wcs.crpix)
    return wcs


@pytest.fixture
def image(tmp_path):
    path = tmp_path / "image.fits"
    fits.writeto(path, IMAGE, with_sip().to_header(relax=True))
    return open_dataset(path)


@pytest.mark.parametrize("size", [5, 8, (4, 7)])
def test_pieces_and_their_wcs_are_those_of_cutout2d(image, size) -> None:
    places = np.concatenate([RNG.uniform(0, 100, (30, 2)), [[0, 0], [119, 99], [50.5, 20.5]]])
    pieces = cutouts(image, places, size)
    for row, place in enumerate(places):
        wanted = Cutout2D(
            IMAGE, tuple(place), size, wcs=with_sip(), mode="partial", fill_value=np.nan
        )
        np.testing.assert_array_equal(pieces[row], wanted.data)
        assert pieces.inside[row] == np.isfinite(wanted.data).all()
        for corner in ((0, 0), (2, 3)):
            np.testing.assert_allclose(
                pieces.wcs(row).all_pix2world(*corner, 0), wanted.wcs.all_pix2world(*corner, 0)
            )


def test_places_on_the_sky_are_found_by_the_wcs(image) -> None:
    sky = SkyCoord.from_pixel([30.2, 70.8], [40.1, 50.0], with_sip())
    pieces = cutouts(image, sky, 5)
    np.testing.assert_allclose(pieces.positions, [[30.2, 40.1], [70.8, 50.0]], atol=1e-3)
    with pytest.raises(BadRequest, match="no WCS"):
        cutouts(IMAGE, sky, 5)


def test_lookup_tables_of_distortions_move_with_the_piece() -> None:
    class Distorted:
        array, wcs = IMAGE, with_sip()

    table = np.linspace(0, 3, 12, dtype="f4").reshape(3, 4)
    for name in ("cpdis1", "cpdis2"):
        setattr(Distorted.wcs, name, DistortionLookupTable(table, (1, 1), (1, 1), (40, 40)))
    piece = cutouts(Distorted(), [[60, 50]], 9)
    x, y = piece.corners[0]
    wanted = Distorted.wcs.all_pix2world(x + 2, y + 3, 0)
    np.testing.assert_allclose(piece.wcs(0).all_pix2world(2, 3, 0), wanted)


def test_a_dask_array_gives_the_same_pieces_and_reads_them_when_it_is_computed() -> None:
    da = pytest.importorskip("dask.array")

    class Counting:
        shape, dtype, reads = IMAGE.shape, IMAGE.dtype, 0

        def __getitem__(self, key):
            Counting.reads += 1
            return IMAGE[key]

    pieces = cutouts(Counting(), RNG.uniform(0, 100, (600, 2)), 6)
    lazy = pieces.array
    assert isinstance(lazy, da.Array)
    assert (lazy.shape, lazy.dtype, lazy.numblocks[0], Counting.reads) == ((600, 6, 6), "f4", 3, 0)
    np.testing.assert_array_equal(lazy[10:20].compute(scheduler="sync"), pieces[10:20])
    assert Counting.reads <= 256 + 10
    np.testing.assert_array_equal(lazy.compute(), pieces[:])


def test_what_reaches_beyond_the_edge_is_filled_moved_left_out_or_refused() -> None:
    places = [[0, 0], [60, 50], [119, 99]]
    zeros = cutouts(IMAGE, places, 8, fill=0)
    assert np.isfinite(zeros[:]).all()
    assert (zeros[0][:4] == 0).all()
    shifted = cutouts(IMAGE, places, 8, edge="shift")
    np.testing.assert_array_equal(shifted[0], IMAGE[:8, :8])
    np.testing.assert_array_equal(shifted[2], IMAGE[-8:, -8:])
    dropped = cutouts(IMAGE, places, 8, edge="drop", ids=["a", "b", "c"])
    assert (len(dropped), dropped.ids.tolist()) == (1, ["b"])
    with pytest.raises(BadRequest, match="2 of 3 cutouts reach beyond"):
        cutouts(IMAGE, places, 8, edge="refuse")
    with pytest.raises(BadRequest, match="fits"):
        cutouts(IMAGE, places, 101, edge="shift")


def test_pieces_are_normalised_one_by_one() -> None:
    places = [[30, 30], [60, 50], [0, 0]]
    for one in cutouts(100 * IMAGE + 7, places, 20, scale="minmax")[:2]:
        assert (one.min(), one.max()) == (0, 1)
    standard = cutouts(100 * IMAGE + 7, places, 20, scale="standard")
    plain = cutouts(IMAGE, places, 20)
    middle = np.median(plain[0])
    spread = 1.4826 * np.median(np.abs(plain[0] - middle))
    np.testing.assert_allclose(standard[0], (plain[0] - middle) / spread, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(
        cutouts(100 * IMAGE + 7, places, 20, scale="asinh")[0], np.arcsinh(standard[0]), rtol=1e-5
    )
    for scale in ("zscale", "95%"):
        one = cutouts(IMAGE, places, 20, scale=scale)[1]
        assert (one >= 0).all()
        assert (one <= 1).all()
    assert np.isnan(cutouts(IMAGE, places, 20, scale="standard")[2]).any()
    assert (cutouts(np.ones((30, 30)), [[9, 9]], 5, scale="standard")[0] == 0).all()


def test_pieces_become_events_with_ids_and_a_digest_of_their_own() -> None:
    pieces = cutouts(IMAGE, [[10, 10], [50, 50]], 8, ids=["p", "q"])
    events = events_of(pieces)
    assert (events.kind, events.ids.tolist()) == ("images", ["p", "q"])
    np.testing.assert_array_equal(events.array(1), pieces[1])
    assert events.thumbnails([0, 1], 16, 16).shape == (2, 16, 16, 3)
    assert events.digest != cutouts(IMAGE, [[10, 10], [50, 51]], 8).events().digest
    assert events.digest == cutouts(IMAGE, [[10, 10], [50, 50]], 8).events().digest


def test_a_grid_shows_pieces_side_by_side() -> None:
    pieces = cutouts(IMAGE, [[10, 10], [50, 50], [70, 30]], 8)
    grid = pieces.grid(columns=2, gap=1)
    assert grid.shape == (17, 17)
    np.testing.assert_array_equal(grid[:8, 9:], pieces[1])
    np.testing.assert_array_equal(grid[9:, :8], pieces[2])
    assert np.isnan(grid[8]).all()
    assert cutouts(IMAGE, np.zeros((0, 2)), 8).grid().size == 0


@pytest.mark.parametrize(
    ("positions", "size", "more", "said"),
    [
        ([[0, np.nan]], 8, {}, "1 of 1 positions are not finite"),
        ([[0, 0, 0]], 8, {}, "give a SkyCoord"),
        ("here", 8, {}, "give a SkyCoord"),
        ([[0, 0]], 10**6, {}, "1 to 4096"),
        ([[0, 0]], 0, {}, "1 to 4096"),
        ([[0, 0]], 8, {"edge": "wrap"}, "edge 'wrap' is unknown"),
        ([[0, 0]], 8, {"scale": "log"}, "scale 'log' is unknown"),
        ([[0, 0]], 8, {"ids": [1, 2]}, "ids"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(positions, size, more, said) -> None:
    with pytest.raises(BadRequest, match=said):
        cutouts(IMAGE, positions, size, **more)
    with pytest.raises(BadRequest, match="give an image"):
        cutouts(IMAGE[None], [[0, 0]], 8)
