"""Images on other grids, against the package reproject, and composites of three."""

import numpy as np
import pytest
from astrodata_kernel import open as open_dataset
from astrodata_kernel.datasets import Dataset
from astrodata_kernel.errors import BadRequest
from astrodata_kernel.processing.reprojection import composite, on_grid, reprojected
from astropy.io import fits
from astropy.wcs import WCS
from reproject import reproject_interp


def wcs_of(shape, centre, scale, angle=0.0, frame=("RA---TAN", "DEC--TAN")) -> WCS:
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = list(frame)
    wcs.wcs.crval = centre
    wcs.wcs.crpix = [shape[1] / 2, shape[0] / 2]
    turn = np.deg2rad(angle)
    wcs.wcs.cd = scale * np.array([[-np.cos(turn), np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return wcs


def smooth(shape) -> np.ndarray:
    y, x = np.mgrid[: shape[0], : shape[1]]
    return (100 + 40 * np.sin(x / 17) * np.cos(y / 23) + 0.05 * x).astype(np.float32)


@pytest.fixture
def make(tmp_path):
    def write(name, values, wcs=None) -> Dataset:
        path = tmp_path / f"{name}.fits"
        header = wcs.to_header() if wcs is not None else None
        fits.PrimaryHDU(values, header).writeto(path)
        return open_dataset(path)

    return write


@pytest.mark.parametrize(
    ("scale", "angle", "frame"),
    [
        (0.001, 0.0, ("RA---TAN", "DEC--TAN")),
        (0.0013, 33.0, ("RA---SIN", "DEC--SIN")),
        (0.0008, -70.0, ("GLON-CAR", "GLAT-CAR")),
    ],
)
@pytest.mark.parametrize("order", ["nearest", "bilinear"])
def test_an_image_on_another_grid_is_what_reproject_gives(make, scale, angle, frame, order) -> None:
    source = make("source", smooth((300, 260)), wcs_of((300, 260), (83.6, 22.0), 0.001))
    centre = (83.62, 22.02)
    if frame[0].startswith("GLON"):
        from astropy.coordinates import SkyCoord

        galactic = SkyCoord(*centre, unit="deg").galactic
        centre = (galactic.l.deg, galactic.b.deg)
    onto = make("onto", np.zeros((200, 240), "f4"), wcs_of((200, 240), centre, scale, angle, frame))
    ours = reprojected(source, onto, order)
    wanted, there = reproject_interp(
        (np.asarray(source.array), source.wcs),
        onto.wcs,
        shape_out=onto.shape,
        order={"nearest": "nearest-neighbor"}.get(order, order),
        roundtrip_coords=False,
    )
    found = np.asarray(ours.array)
    assert found.shape == onto.shape
    assert there.astype(bool).mean() > 0.2
    # At the very rim the two may take a pixel for in or out.
    assert (np.isfinite(found) != np.isfinite(wanted)).mean() < 0.005
    both = np.isfinite(found) & np.isfinite(wanted)
    apart = np.abs(found - wanted)[both]
    # Interpolated places are right to a fiftieth of a pixel; the steepest slope is 2.4 a pixel.
    assert np.median(apart) < 0.05
    assert (apart > (0.1 if order == "bilinear" else 3)).mean() < 0.001


def test_a_part_is_the_same_part_of_the_whole_and_reads_no_more(make) -> None:
    source = make("source", smooth((900, 800)), wcs_of((900, 800), (10.0, 41.0), 0.0005))
    onto = make("onto", np.zeros((900, 800), "f4"), wcs_of((900, 800), (10.01, 41.0), 0.0005, 12))
    ours = reprojected(source, onto)
    whole = np.asarray(ours.array)
    read = []
    inner = source.array._read
    source.array._read = lambda block: read.append(block) or inner(block)
    part = ours.array[400:464, 300:364]
    np.testing.assert_allclose(part, whole[400:464, 300:364], atol=0.1)
    rows, columns = read[-1]
    assert (rows.stop - rows.start) * (columns.stop - columns.start) < 120 * 120


def test_every_nth_pixel_reads_every_nth_of_the_source(make) -> None:
    source = make("source", smooth((1200, 1200)), wcs_of((1200, 1200), (10.0, 41.0), 0.0005))
    onto = make("onto", np.zeros((300, 300), "f4"), wcs_of((300, 300), (10.0, 41.0), 0.002))
    read = []
    inner = source.array._read
    source.array._read = lambda block: read.append(block) or inner(block)
    found = np.asarray(reprojected(source, onto).array)
    assert [one.step for one in read[-1]] == [3, 3] or [one.step for one in read[-1]] == [4, 4]
    middle = np.isfinite(found)
    assert middle.mean() > 0.95
    wanted = smooth((1200, 1200))[::4, ::4]
    assert np.abs(found - wanted)[middle].max() < 12  # four pixels of the steepest slope


def test_each_plane_of_a_cube_is_put_on_the_grid(make) -> None:
    cube = np.stack([smooth((60, 80)), smooth((60, 80)) * 2])
    source = make("cube", cube, wcs_of((60, 80), (10.0, 41.0), 0.001))
    onto = make("onto", np.zeros((60, 80), "f4"), wcs_of((60, 80), (10.0, 41.0), 0.001, 20))
    found = np.asarray(reprojected(source, onto).array)
    good = np.isfinite(found[0])
    assert found.shape == (2, 60, 80)
    assert 0.5 < good.mean() < 1
    np.testing.assert_allclose(found[1][good], 2 * found[0][good], rtol=1e-5)


def test_a_composite_puts_all_on_the_grid_of_the_first(make) -> None:
    wcs = wcs_of((100, 120), (10.0, 41.0), 0.001)
    red = make("red", smooth((100, 120)), wcs)
    green = make("green", 2 * smooth((100, 120)), wcs)
    blue = make("blue", smooth((90, 90)), wcs_of((90, 90), (10.0, 41.0), 0.0012, 30))
    made = composite(red, green, blue)
    assert (made.kind, made.shape) == ("cube", (3, 100, 120))
    assert on_grid(green, red) is green  # nothing is interpolated that need not be
    np.testing.assert_array_equal(made.array[:2], [smooth((100, 120)), 2 * smooth((100, 120))])
    middle = made.array[2, 40:60, 50:70]
    assert np.isfinite(middle).all()
    assert made.wcs.pixel_to_world(59, 49).separation(wcs.pixel_to_world(59, 49)).arcsec < 1e-6


def test_what_cannot_be_aligned_is_told(make) -> None:
    there = make("there", smooth((50, 60)), wcs_of((50, 60), (10.0, 41.0), 0.001))
    away = make("away", smooth((50, 60)), wcs_of((50, 60), (200.0, -41.0), 0.001))
    plain = make("plain", smooth((50, 60)))
    other = make("other", smooth((50, 61)))
    with pytest.raises(BadRequest, match=r"away.fits shows no part of the sky that there.fits"):
        reprojected(away, there)
    with pytest.raises(BadRequest, match=r"other.fits has no WCS"):
        on_grid(other, there)
    with pytest.raises(BadRequest, match="order 'cubic' is unknown: there are nearest, bilinear"):
        reprojected(there, away, "cubic")
    assert on_grid(plain, there) is plain  # of the same shape: by pixels
    with pytest.raises(BadRequest, match="is a cube"):
        composite(there, there, make("cube", np.zeros((2, 50, 60), "f4")))


def test_a_small_image_within_a_large_one_is_found(make) -> None:
    small = make("small", smooth((12, 12)), wcs_of((12, 12), (10.003, 40.0046), 0.0005))
    large = make("large", np.zeros((4000, 4000), "f4"), wcs_of((4000, 4000), (10.0, 40.0), 0.0005))
    seen = np.asarray(reprojected(small, large).array[1980:2030, 1960:2010])
    assert np.isfinite(seen).sum() > 100
    away = make("away", smooth((12, 12)), wcs_of((12, 12), (14.0, 40.0), 0.0005))
    with pytest.raises(BadRequest, match="no part of the sky"):
        reprojected(away, large)


def test_a_part_whose_number_is_not_its_place_is_put_on_a_grid_too(make) -> None:
    from dataclasses import replace

    image = make("one", smooth((40, 40)), wcs_of((40, 40), (10, 40), 0.001))
    # As of a viewer's second moment map: number 2 of two parts.
    moved = replace(image, part=2, parts=(*image.parts, replace(image.parts[0], index=2)))
    onto = make("other", smooth((40, 40)), wcs_of((40, 40), (10, 40), 0.001, 30))
    assert reprojected(moved, onto).parts[0].index == 0
    assert composite(moved, image, image).parts[0].name == "RGB"
