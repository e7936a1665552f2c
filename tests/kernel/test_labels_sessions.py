import json
from pathlib import Path

import astrodata_kernel as adk
import numpy as np
import pytest
from astrodata_kernel.errors import BadRequest
from astrodata_kernel.labels import LabelLog, listing, session, sessions


def test_sessions_tell_name_data_set_counts_and_annotators(tmp_path: Path) -> None:
    np.save(tmp_path / "ecg.npy", np.eye(4))
    entry = adk.Catalog(tmp_path).add(tmp_path / "ecg.npy")
    log = session("ECG beats", tmp_path, dataset=entry, classes=["odd", "fine"], annotator="ada")
    log.put([1, 2], "odd")
    session("ECG beats", tmp_path, annotator="bob").put(1, "fine")
    session("empty", tmp_path, annotator="bob")
    found, empty = sessions(tmp_path)
    assert (found.name, found.folder) == ("ECG beats", log.folder)
    assert found.dataset == {"name": "ecg", "digest": entry.sha256}
    assert found.counts == {"odd": 2, "fine": 1}
    assert found.by_annotator == {"ada": {"odd": 2, "fine": 0}, "bob": {"odd": 0, "fine": 1}}
    assert found.annotators == ("ada", "bob")
    assert found.changed.endswith("Z")
    assert (empty.name, empty.counts, empty.changed) == ("empty", {}, None)
    assert len(adk.Catalog(tmp_path)) == 1
    assert sessions(tmp_path / "elsewhere") == []


def test_a_session_is_opened_again_by_its_name(tmp_path: Path) -> None:
    names = ["plain", "Plain", "a/b", "a b", "../../escape", "ä"]
    for name in names:
        session(name, tmp_path, annotator="ada").put(1, name)
    assert {one.name for one in sessions(tmp_path)} == set(names)
    for name in names:
        assert session(name, tmp_path, annotator="ada").labelled() == {1: name}
    home = (tmp_path / "astrodata" / "labels").resolve()
    assert all(one.folder.resolve().parent == home for one in sessions(tmp_path))
    for bad in ("", " ", "x" * 201, "two\nlines", None):
        with pytest.raises(BadRequest):
            session(bad, tmp_path)


def test_the_workspace_is_the_catalogues(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.save(tmp_path / "a.npy", np.eye(4))
    adk.Catalog(tmp_path).add(tmp_path / "a.npy")
    deep = tmp_path / "notebooks" / "deep"
    deep.mkdir(parents=True)
    monkeypatch.chdir(deep)
    log = session("here", annotator="ada")
    assert log.folder == (tmp_path / "astrodata" / "labels" / "here").resolve()
    assert [one.name for one in sessions()] == ["here"]
    assert adk.Catalog().root == tmp_path.resolve()


def test_large_sessions_are_counted_once_until_they_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "_LARGE", 3)
    log = session("big", tmp_path, annotator="ada")
    for ident in range(4):
        log.put(ident, "a")
    assert sessions(tmp_path)[0].counts == {"a": 4}
    summary = log.folder / ".summary.json"
    kept = json.loads(summary.read_text())
    kept["counts"] = {"a": 5}
    summary.write_text(json.dumps(kept))
    assert sessions(tmp_path)[0].counts == {"a": 5}  # from the summary
    log.put(4, "b")
    assert sessions(tmp_path)[0].counts == {"a": 4, "b": 1}
    for damaged in ("{half", "[]", '{"files": 3}'):
        summary.write_text(damaged)
        assert sessions(tmp_path)[0].counts == {"a": 4, "b": 1}


def test_a_spoilt_session_is_listed_with_its_problem(tmp_path: Path) -> None:
    log = session("spoilt", tmp_path, annotator="ada")
    log.put(1, "a")
    (log.folder / "session.json").write_text("[]")
    (log.folder / "bob-x-1-abc.jsonl").write_text("{nonsense\n")
    (tmp_path / "astrodata" / "labels" / "a file").write_text("")
    [found] = sessions(tmp_path)
    assert (found.name, found.counts) == ("spoilt", {"a": 1})
    assert len(found.problems) == 2
    with pytest.warns(UserWarning, match="tells no event"):
        assert LabelLog(log.folder, "ada").label_of(1) == "a"
