"""Small pictures of traces and strain for the panel."""

import io
from pathlib import Path

import numpy as np
import pytest
from astrodata_kernel.readers.peek import sniff, thumbnail
from PIL import Image

DATA = Path(__file__).parent.parent / "data" / "waveforms"
GW150914 = DATA / "gw" / "H-H1_LOSC_4_V2-1126259446-32.hdf5"


def picture(path, size=64):
    return np.asarray(Image.open(io.BytesIO(thumbnail(path, size=size))))


def test_traces_are_drawn_over_each_other():
    shown = picture(DATA / "sipm" / "wave0.dat")
    assert shown.shape == (64, 64, 3)
    bright = shown[..., 2] > 100
    # The baseline runs through at the bottom, the pulses begin near the middle.
    assert bright[-6:].any(axis=0).all()
    assert bright[:30, 28:40].any()
    assert not bright[:30, :20].any()


@pytest.mark.parametrize(
    "values", [np.full((3, 50), np.nan), np.zeros((1, 5)), np.array([[np.inf, 1, 2]])]
)
def test_traces_without_a_picture_are_no_error(tmp_path, values):
    np.savez(tmp_path / "a.npz", noise=values, signal=np.zeros_like(values))
    assert picture(tmp_path / "a.npz").shape == (64, 64, 3)


def test_strain_is_a_line():
    assert (picture(GW150914)[..., 2] == 255).any(axis=0).all()


def test_sniffing_tells_kind_and_warnings():
    facts = sniff(DATA / "sipm" / "wave0.dat")
    assert (facts["kind"], facts["format"], facts["shape"]) == ("waveforms", "WaveDump", [293, 406])
    assert any("is cut" in text for text in facts["warnings"])
    assert sniff(GW150914)["kind"] == "strain"
