import hashlib
import os
import threading
from dataclasses import replace
from pathlib import Path

import astrodata_kernel as adk
import pytest
from astrodata_kernel.errors import Cancelled, DataCheckFailed, UnreadableFile
from astrodata_kernel.readers import hashing
from astrodata_kernel.readers.hashing import FileDigest


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(hashing, "_CHUNK", 1 << 10)
    made = tmp_path / "bytes"
    made.write_bytes(os.urandom(100_000))
    return made


def test_the_hash_is_that_of_the_bytes(path: Path) -> None:
    digest = FileDigest(path, path.stat())
    assert digest.progress == 0
    assert digest.result() == hashlib.sha256(path.read_bytes()).hexdigest()
    assert digest.progress == 1


def test_nothing_is_hashed_before_it_is_asked_for(data: Path) -> None:
    provenance = adk.open(data / "compressed" / "m13.fits").provenance
    assert provenance.hashing == 0
    assert not [t for t in threading.enumerate() if t.name == "astrodata-hash"]
    assert provenance.sha256.startswith("eb3e208e")
    assert provenance.hashing == 1


def test_progress_is_told_while_one_waits(path: Path) -> None:
    seen: list[float] = []
    FileDigest(path, path.stat()).result(seen.append)
    assert seen[-1] == 1
    assert all(0 <= share <= 1 for share in seen)


def test_a_file_that_changed_since_it_was_opened_has_no_hash(path: Path) -> None:
    digest = FileDigest(path, path.stat())
    with path.open("ab") as file:
        file.write(b"more")
    with pytest.raises(DataCheckFailed, match=r"100,000 bytes then, 100,004 now"):
        digest.result()


def test_a_file_that_went_away_is_told(path: Path) -> None:
    digest = FileDigest(path, path.stat())
    path.unlink()
    with pytest.raises(UnreadableFile, match="open it again"):
        digest.result()


class Held:
    """A file whose reading waits until it is let go."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.started, self.go = threading.Event(), threading.Event()
        sound = hashlib.sha256

        def held(*args: object) -> object:
            self.started.set()
            self.go.wait(60)
            return sound(*args)

        monkeypatch.setattr(hashing.hashlib, "sha256", held)


def test_cancelled_hashing_ends_and_can_begin_anew(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Held(monkeypatch)
    digest = FileDigest(path, path.stat())
    digest.start()
    held.started.wait(60)
    digest.cancel()
    held.go.set()
    with pytest.raises(Cancelled, match="cancelled"):
        digest.result()
    assert digest.result() == hashlib.sha256(path.read_bytes()).hexdigest()


def test_two_who_ask_at_once_share_one_run(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held = Held(monkeypatch)
    digest = FileDigest(path, path.stat())
    results: list[str] = []
    threads = [threading.Thread(target=lambda: results.append(digest.result())) for _ in range(3)]
    for thread in threads:
        thread.start()
    held.started.wait(60)
    assert len([t for t in threading.enumerate() if t.name == "astrodata-hash"]) == 1
    held.go.set()
    for thread in threads:
        thread.join()
    assert len(results) == 3
    assert len(set(results)) == 1


def test_a_mark_is_made_of_a_few_pieces_and_tells_files_apart(tmp_path: Path) -> None:
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        file.truncate(1 << 42)  # all of it could not be read here
    status = path.stat()
    digest = FileDigest(path, status)
    mark = digest.mark()
    assert mark == FileDigest(path, status).mark()
    moved = path.rename(tmp_path / "moved")
    assert FileDigest(moved, moved.stat()).mark() == mark
    with moved.open("r+b") as file:
        file.write(b"1")
    os.utime(moved, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert FileDigest(moved, moved.stat()).mark() not in (None, mark)
    os.utime(moved, ns=(0, 0))
    assert FileDigest(moved, status).mark() is None
    moved.unlink()
    assert FileDigest(moved, status).mark() is None


def test_a_file_without_a_mark_is_told_by_its_path(data: Path) -> None:
    provenance = adk.open(data / "compressed" / "m13.fits").provenance
    assert len(provenance.content_key) == 1
    gone = FileDigest(data / "gone", Path(provenance.path).stat())
    assert replace(provenance, digest=gone).content_key == (
        provenance.path,
        provenance.size,
        provenance.mtime,
    )
