"""The code of a viewer, cut at its paths, for a notebook in another folder."""

import json
from pathlib import Path

import astrodata_kernel as adk
import numpy as np
from astrodata_kernel.widgets.documents import code_parts

DATA = Path(__file__).parent.parent / "data"


def test_the_code_of_a_file_is_cut_at_its_path_from_the_working_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    name = 'it\'s "flat".npy'
    np.save(name, np.zeros((20, 30), "f4"))
    viewer = adk.view(name, stretch="log", height=700)
    assert json.loads(code_parts(viewer)) == {
        "pieces": ["adk.view(", ", stretch='log')"],
        "sources": [name],
    }


def test_a_file_of_another_folder_keeps_its_whole_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = str(DATA / "table_gaia_cone.fits")
    told = json.loads(code_parts(adk.view(path)))
    assert told["sources"] == [path]
    assert told["pieces"][0] == "adk.TableViewer("


def test_what_has_no_file_or_no_code_has_no_pieces():
    values = np.zeros((4, 40), "f4")
    for viewer in (adk.view(values), adk.view(values, kind="waveforms")):
        assert json.loads(code_parts(viewer)) == {"pieces": [], "sources": []}
