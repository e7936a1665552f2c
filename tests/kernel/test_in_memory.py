"""What Python holds already, shown like a file."""

import astrodata_kernel as adk
import numpy as np
import pytest
from astrodata_kernel.errors import UnsupportedFormat
from astrodata_kernel.readers.in_memory import held
from astropy.io import fits
from astropy.nddata import CCDData
from astropy.wcs import WCS


@pytest.fixture
def wcs():
    made = WCS(naxis=2)
    made.wcs.ctype, made.wcs.crval = ("RA---TAN", "DEC--TAN"), (150, 2)
    made.wcs.crpix, made.wcs.cdelt = (30.5, 20.5), (-0.001, 0.001)
    return made


@pytest.fixture
def image():
    return np.random.default_rng(0).normal(100, 5, (40, 60)).astype("f4")


def shown(viewer):
    return viewer.request("tile", level=0, x=0, y=0).array()[0]


def test_an_hdu_is_shown_with_its_sky_unit_and_header(image, wcs) -> None:
    hdu = fits.ImageHDU(image, wcs.to_header(), name="SCI")
    hdu.header["BUNIT"] = "MJy/sr"
    for viewer in (adk.view(hdu, stretch="log"), adk.FitsViewer(hdu)):
        np.testing.assert_array_equal(shown(viewer), image)
        assert viewer.dataset.meta["unit"] == "MJy/sr"
        assert "MJy/sr" in viewer.request("probe", x=3, y=4).meta["text"]
        assert viewer.dataset.wcs.wcs_pix2world([[2, 3]], 0)[0] == pytest.approx(
            wcs.wcs_pix2world([[2, 3]], 0)[0]
        )


def test_an_open_file_of_astropys_is_shown(data) -> None:
    with fits.open(data / "mef_hst_wfpc2_4chip.fits") as hdus:
        first = next(hdu for hdu in hdus if hdu.is_image and hdu.data is not None)
        viewer = adk.view(hdus)
        np.testing.assert_array_equal(
            viewer.dataset.array[:5, :5]
            if first.data.ndim == 2
            else viewer.dataset.array[0, :5, :5],
            first.data[..., :5, :5].reshape(-1, 5, 5)[0],
        )


def test_compressed_and_scaled_hdus_are_shown_in_physical_values(image) -> None:
    packed = fits.CompImageHDU(image.astype("i2"), compression_type="RICE_1")
    np.testing.assert_array_equal(shown(adk.view(packed)), image.astype("i2"))
    scaled = fits.PrimaryHDU(image.astype("i2"))
    scaled.scale("int16", bzero=100, bscale=2)
    np.testing.assert_array_equal(shown(adk.view(scaled)), scaled.data)


def test_axes_tell_the_kind() -> None:
    assert held(fits.PrimaryHDU(np.zeros((2, 3, 4), "f4"))).kind == "cube"
    assert held(fits.PrimaryHDU(np.zeros(4, "f4"))).kind == "spectrum"
    assert held(np.zeros((3, 4))).kind == "image"
    assert held("m31.fits") is None


def test_masked_pixels_of_ccd_data_are_blank(image, wcs) -> None:
    mask = np.zeros(image.shape, bool)
    mask[3, 4] = True
    viewer = adk.view(CCDData(image, unit="Jy", wcs=wcs, mask=mask), stretch="asinh")
    assert np.isnan(shown(viewer)[3, 4])
    assert np.isfinite(shown(viewer)).sum() == image.size - 1
    assert viewer.dataset.meta["unit"] == "Jy"
    assert viewer.dataset.wcs is not None


def test_an_hdu_without_pixels() -> None:
    with pytest.raises(UnsupportedFormat, match="PRIMARY has no pixels"):
        adk.view(fits.PrimaryHDU())
    with pytest.raises(UnsupportedFormat, match="none of the 1 HDUs has pixels"):
        adk.view(fits.HDUList([fits.PrimaryHDU()]))
