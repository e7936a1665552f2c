import shutil
import subprocess
import sys
from pathlib import Path

import astrodata_kernel as adk
import numpy as np
import pytest

ADD = """
import sys
import astrodata_kernel as adk
sys.stdin.readline()
print(adk.Catalog(sys.argv[1]).add(sys.argv[2]).name)
"""


def test_a_file_that_somebody_else_adds_at_the_same_time_gets_one_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    np.save(tmp_path / "a.npy", np.eye(2))
    catalog = adk.Catalog(tmp_path)
    catalog.add(tmp_path / "a.npy")
    # As seen by one who looked just before the other wrote.
    monkeypatch.setattr(adk.Catalog, "__iter__", lambda _self: iter(()))
    assert catalog.add(tmp_path / "a.npy").name == "a"
    monkeypatch.undo()
    assert len(catalog) == 1


def test_four_processes_that_add_at_once_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    paths = []
    for number in range(4):
        folder = tmp_path / str(number % 2)
        folder.mkdir(exist_ok=True)
        np.save(folder / "same.npy", np.full((2, 2), number % 2))
        paths.append(folder / "same.npy")
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", ADD, tmp_path, path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for path in paths
    ]
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    names = [process.communicate(timeout=120)[0].strip() for process in processes]
    assert set(names) == {"same", "same-2"}
    assert {entry.name for entry in adk.Catalog(tmp_path)} == {"same", "same-2"}


def test_a_catalogue_moves_with_its_folder_and_records_of_missing_files_stay(
    tmp_path: Path,
) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    np.save(old / "a.npy", np.eye(2))
    adk.Catalog(old).add(old / "a.npy")
    shutil.move(old, new)
    assert [check.state for check in adk.Catalog(new).verify()] == ["ok"]
    (new / "a.npy").unlink()
    assert [check.state for check in adk.Catalog(new).verify()] == ["missing"]
    assert len(adk.Catalog(new)) == 1
