"""The field of stars that notebooks begin with."""

from __future__ import annotations

import numpy as np
from astrodata_kernel.testing import stars
from astropy.io import fits
from astropy.wcs import WCS


def test_the_image_holds_the_light_of_its_stars_where_the_truth_says(tmp_path):
    made = stars.field(tmp_path / "new" / "stars.fits", count=2, shape=(120, 200), seed=5)
    with fits.open(made.path) as file:
        pixels, header = file[0].data, file[0].header
    assert pixels.shape == (120, 200)
    brightest = made.truth.iloc[0]
    # The brightest pixel is that of the brightest star.
    row, column = np.unravel_index(pixels.argmax(), pixels.shape)
    assert np.hypot(column - brightest.x, row - brightest.y) < 1.5
    light = float((pixels - stars.BACKGROUND).sum())
    scatter = np.sqrt(pixels.size * stars.BACKGROUND + made.truth.counts.sum())
    assert abs(light - made.truth.counts.sum()) < 5 * scatter
    ra, dec = WCS(header).all_pix2world(made.truth.x, made.truth.y, 0)
    np.testing.assert_allclose([ra, dec], [made.truth.ra, made.truth.dec], atol=1e-9)


def test_the_same_seed_gives_the_same_bytes_and_another_does_not(tmp_path):
    first, again, other = (
        stars.field(tmp_path / f"{n}.fits", count=5, shape=(60, 60), seed=seed)
        for n, seed in enumerate((1, 1, 2))
    )
    assert first.path.read_bytes() == again.path.read_bytes() != other.path.read_bytes()
    assert first.truth.equals(again.truth)
    assert first.truth.mag.is_monotonic_increasing
