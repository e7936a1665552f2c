import gzip
import os
import subprocess
import sys
import threading
from pathlib import Path

import astrodata_kernel as adk
import numpy as np
import pytest
from astrodata_kernel.errors import AstrodataError, Cancelled, DamagedFile, TooLarge
from astrodata_kernel.readers import gunzip, scratch
from astrodata_kernel.readers.caps import caps
from astropy.io import fits


@pytest.fixture
def zipped(tmp_path: Path, data: Path) -> Path:
    path = tmp_path / "m13.fits.gz"
    path.write_bytes(gzip.compress((data / "compressed" / "m13.fits").read_bytes()))
    return path


def test_a_gzipped_fits_file_opens_as_what_is_in_it(zipped: Path, data: Path) -> None:
    dataset = adk.open(zipped)
    assert (dataset.name, dataset.kind) == ("m13.fits.gz", "image")
    expected = fits.getdata(data / "compressed" / "m13.fits")
    np.testing.assert_array_equal(dataset.array[::3, 5:9], expected[::3, 5:9])


def test_its_provenance_is_the_gzipped_file(zipped: Path) -> None:
    provenance = adk.open(zipped).provenance
    assert provenance.path == str(zipped)
    assert provenance.size == zipped.stat().st_size


def test_it_is_expanded_once_until_it_changes(zipped: Path) -> None:
    first = gunzip.expanded(zipped)
    assert gunzip.expanded(zipped) == first
    zipped.write_bytes(gzip.compress(b"other"))
    second = gunzip.expanded(zipped)
    assert second != first
    assert second.read_bytes() == b"other"


def test_nothing_is_written_beside_it(zipped: Path) -> None:
    adk.open(zipped).array[...]
    assert [path.name for path in zipped.parent.iterdir()] == [zipped.name]
    assert scratch.folder().stat().st_mode & 0o077 == 0


def test_progress_is_told(zipped: Path) -> None:
    seen: list[float] = []
    adk.open(zipped, progress=seen.append)
    assert seen
    assert all(0 < share <= 1 for share in seen)


def test_messages_name_the_file_and_not_its_copy(tmp_path: Path, data: Path) -> None:
    path = tmp_path / "cut.fits.gz"
    path.write_bytes(gzip.compress((data / "broken" / "derived_m13_truncated.fits").read_bytes()))
    with pytest.raises(DamagedFile, match=r"^cut\.fits\.gz, HDU 0"):
        adk.open(path)


@pytest.mark.parametrize("kept", [12, 20, 300, -1, -8])
def test_a_damaged_stream_is_told_and_leaves_nothing(zipped: Path, kept: int) -> None:
    content = zipped.read_bytes()
    zipped.write_bytes(content[:kept])
    before = set(scratch.folder().iterdir())
    with pytest.raises(DamagedFile, match=r"m13\.fits\.gz.*copy or download it again"):
        adk.open(zipped)
    assert set(scratch.folder().iterdir()) == before


def test_a_flipped_byte_is_told(zipped: Path) -> None:
    content = bytearray(zipped.read_bytes())
    content[len(content) // 2] ^= 0xFF
    zipped.write_bytes(content)
    with pytest.raises(DamagedFile, match=r"m13\.fits\.gz"):
        adk.open(zipped)


def test_a_bomb_is_stopped_at_the_cap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "bomb.fits.gz"
    header = fits.Header({"SIMPLE": True, "BITPIX": 8, "NAXIS": 1, "NAXIS1": 1 << 30})
    with gzip.open(path, "wb") as file:
        file.write(header.tostring().encode())
        for _ in range(32):
            file.write(bytes(1 << 20))
    monkeypatch.setattr(caps, "expanded_bytes", 8 << 20)
    before = set(scratch.folder().iterdir())
    with pytest.raises(TooLarge, match=r"bomb\.fits\.gz expands to more than 8,388,608 bytes"):
        adk.open(path)
    assert set(scratch.folder().iterdir()) == before


def test_a_full_disk_is_told(zipped: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gunzip, "_LEFT_FREE", 1 << 62)
    with pytest.raises(TooLarge, match="TMPDIR"):
        adk.open(zipped)


def test_gzipped_prose_is_of_no_format(tmp_path: Path) -> None:
    path = tmp_path / "prose.fits.gz"
    path.write_bytes(gzip.compress(b"Dear diary, nothing here.\n"))
    with pytest.raises(AstrodataError, match="Dear diary"):
        adk.open(path)


def test_the_folder_goes_with_its_process_and_those_of_killed_ones_are_swept(
    tmp_path: Path,
) -> None:
    code = "from astrodata_kernel.readers.scratch import folder; print(folder()); import os; {end}"

    def run(end: str) -> Path:
        out = subprocess.run(
            [sys.executable, "-u", "-c", code.format(end=end)],
            env={**os.environ, "TMPDIR": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        ).stdout
        return Path(out.strip())

    assert not run("pass").exists()
    killed = run("os.kill(os.getpid(), 9)")
    assert killed.exists()
    run("pass")
    assert not killed.exists()


def test_two_who_want_it_at_once_share_one_expansion(
    zipped: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expand, begun, go_on = gunzip._expand, threading.Event(), threading.Event()
    count = []

    def slowly(*words: object) -> Path:
        count.append(1)
        begun.set()
        go_on.wait()
        return expand(*words)

    monkeypatch.setattr(gunzip, "_expand", slowly)
    found: list[Path] = []
    waited = threading.Event()
    first = threading.Thread(target=lambda: found.append(gunzip.expanded(zipped)))
    second = threading.Thread(
        target=lambda: found.append(gunzip.expanded(zipped, lambda _: waited.set()))
    )
    first.start()
    begun.wait()
    second.start()
    waited.wait()  # who waits is told how far it is
    go_on.set()
    first.join()
    second.join()
    assert (len(count), len(set(found))) == (1, 1)


def test_a_cancelled_expansion_leaves_nothing_and_can_be_made_later(zipped: Path) -> None:
    def cancel(_share: float) -> None:
        raise Cancelled("enough")

    before = set(scratch.folder().iterdir())
    with pytest.raises(Cancelled):
        adk.open(zipped, progress=cancel)
    assert set(scratch.folder().iterdir()) == before
    assert adk.open(zipped).shape == (300, 300)


def test_the_room_is_looked_for_before_the_work(
    zipped: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gunzip, "_LEFT_FREE", 1 << 62)
    seen: list[float] = []
    with pytest.raises(TooLarge, match=r"m13\.fits\.gz would fill the disk"):
        adk.open(zipped, progress=seen.append)
    assert not seen
