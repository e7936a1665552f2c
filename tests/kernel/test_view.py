"""`adk.view` gives each kind its viewer."""

from pathlib import Path

import astrodata_kernel as adk
import numpy as np
import pytest
from astrodata_kernel.errors import UnsupportedFormat

DATA = Path(__file__).parent.parent / "data"


@pytest.mark.parametrize(
    ("path", "viewer"),
    [
        ("compressed/m13.fits", "FitsViewer"),
        ("waveforms/sipm/wave0.dat", "WaveformViewer"),
        ("waveforms/gw/H-H1_LOSC_4_V2-1126259446-32.hdf5", "StrainViewer"),
        ("table_gaia_cone.fits", "TableViewer"),
        ("spectrum_sdss_J2202.fits", "SpectrumViewer"),
    ],
)
def test_a_file_opens_in_the_viewer_of_its_kind(path, viewer):
    assert type(adk.view(DATA / path)).__name__ == viewer


def test_an_array_is_an_image_unless_it_is_said_to_be_traces():
    values = np.arange(12.0).reshape(3, 4)
    assert isinstance(adk.view(values), adk.FitsViewer)
    assert isinstance(adk.view(values, kind="waveforms"), adk.WaveformViewer)
    with pytest.raises(UnsupportedFormat):
        adk.view(values, kind="strain")


def test_a_data_set_a_part_and_options_reach_the_viewer():
    ds = adk.open(DATA / "mef_hst_wfpc2_4chip.fits")
    assert adk.view(ds, hdu=3, stretch="asinh").hdu == 3
    assert adk.view(ds, stretch="asinh").stretch == "asinh"
