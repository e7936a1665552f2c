"""The contract of a reader, as tests to inherit."""

# ruff: noqa: D102 - the names of tests are their sentences

from __future__ import annotations

import hashlib
import threading
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..datasets import Dataset, Provenance
from ..errors import AstrodataError, UnknownName
from ..readers.hashing import FileDigest
from ..readers.registry import HEAD, Reader
from .synthetic import bits_flipped, cut

_FOREIGN = (
    b"",
    b"\0",
    b"\0" * HEAD,
    b"\xff" * HEAD,
    b"This is prose.\nIt has no columns and no keywords.\n",
    b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n",
    b"\x89PNG\r\n\x1a\n" + b"\0" * 100,
)


class ReaderTests:
    """Tests that hold a reader to what the rest of the package relies on.

    Subclass it in a test module, give the four things below, and pytest runs the rest::

        class TestMyReader(ReaderTests):
            kind = "image"
            reader = MyReader()

            def make_file(self, folder):
                path = folder / "small.mine"
                write_mine(path, self.expected())
                return path

            def expected(self):
                return np.arange(12.0).reshape(3, 4)
    """

    kind: str
    """Kind of the data set that the file holds."""

    reader: Reader
    """The reader under test."""

    notices_any_cut = True
    """Whether a file that lost its last bytes can be told; text, for one, may end anywhere."""

    slack = 0
    """Bytes at the end of the file that may be missing without harm, such as padding."""

    def make_file(self, folder: Path) -> Path:
        """Write a small file into a folder, and give its path."""
        raise NotImplementedError

    def expected(self) -> npt.NDArray[Any] | Mapping[str, npt.NDArray[Any]]:
        """Give the physical values in the file: an array, or the columns of a table by name."""
        raise NotImplementedError

    def opened(self, path: Path, part: int | str | None = None) -> Dataset:
        """Give the data set that the reader makes of a file."""
        status = path.stat()
        provenance = Provenance(
            str(path),
            status.st_size,
            status.st_mtime,
            self.reader.name,
            self.reader.version,
            FileDigest(path, status),
        )
        return self.reader.open(path, provenance, part)

    def test_it_has_a_name_and_a_version(self) -> None:
        _must(bool(self.reader.name) and bool(self.reader.version), "a reader needs both")

    def test_it_knows_its_own_content_whatever_the_name(self, tmp_path: Path) -> None:
        path = self.make_file(tmp_path)
        renamed = path.rename(path.with_name("what.ever"))
        _must(self.reader.sniff(_head(renamed), renamed), "it does not know its own file")

    def test_it_leaves_other_content_to_others(self, tmp_path: Path) -> None:
        path = self.make_file(tmp_path)
        for head in _FOREIGN:
            _must(not self.reader.sniff(head, path), f"it takes {head[:20]!r} for its own")

    def test_the_facts_are_there_at_once(self, tmp_path: Path) -> None:
        path = self.make_file(tmp_path)
        dataset = self.opened(path)
        expected = self.expected()
        _must(dataset.kind == self.kind, f"kind {dataset.kind!r} instead of {self.kind!r}")
        _must(dataset.name == path.name, f"name {dataset.name!r} instead of {path.name!r}")
        if isinstance(expected, Mapping):
            length = len(next(iter(expected.values())))
            _must(dataset.shape == (length, len(expected)), f"shape {dataset.shape}")
        else:
            _must(dataset.shape == expected.shape, f"shape {dataset.shape}")
            _must(dataset.dtype == expected.dtype, f"dtype {dataset.dtype}")
            _must(dataset.dtype.isnative, "values come in the byte order of the machine")

    def test_opening_reads_no_values(self, tmp_path: Path) -> None:
        dataset = self.opened(self.make_file(tmp_path))
        _must(isinstance(dataset.meta.get("warnings", []), list), "warnings are a list of texts")
        _must(not isinstance(dataset.contents, np.ndarray), "contents are lazy")

    def test_values_are_physical(self, tmp_path: Path) -> None:
        dataset = self.opened(self.make_file(tmp_path))
        expected = self.expected()
        if isinstance(expected, Mapping):
            _must(dataset.table.colnames == list(expected), f"columns {dataset.table.colnames}")
            for name, values in expected.items():
                np.testing.assert_array_equal(np.asarray(dataset.table[name]), values, name)
        else:
            np.testing.assert_array_equal(np.asarray(dataset.array), expected)

    def test_a_slice_is_that_of_the_whole(self, tmp_path: Path) -> None:
        dataset = self.opened(self.make_file(tmp_path))
        expected = self.expected()
        rng = np.random.default_rng(0)
        for _ in range(40):
            if isinstance(expected, Mapping):
                length = len(dataset.table)
                key = _random_slice(rng, length, forward=True)
                rows = dataset.table[key]
                for name, values in expected.items():
                    np.testing.assert_array_equal(np.asarray(rows[name]), values[key], str(key))
            else:
                keys = tuple(_random_key(rng, n) for n in expected.shape)
                got = dataset.array[keys]
                np.testing.assert_array_equal(got, expected[keys], str(keys))
                _must(np.asarray(got).dtype == dataset.dtype, f"dtype {np.asarray(got).dtype}")

    def test_what_was_read_can_be_written_to(self, tmp_path: Path) -> None:
        dataset = self.opened(self.make_file(tmp_path))
        if not isinstance(self.expected(), Mapping):
            first = dataset.array[...]
            first[...] = 0
            np.testing.assert_array_equal(dataset.array[...], self.expected())

    def test_the_bytes_behind_it_are_told(self, tmp_path: Path) -> None:
        path = self.make_file(tmp_path)
        provenance = self.opened(path).provenance
        content = path.read_bytes()
        _must(provenance is not None, "a file has a provenance")
        if provenance is not None:
            _must(provenance.size == len(content), f"size {provenance.size}")
            _must(provenance.sha256 == hashlib.sha256(content).hexdigest(), "another SHA-256")

    def test_each_part_opens_or_says_why_not(self, tmp_path: Path) -> None:
        dataset = self.opened(self.make_file(tmp_path))
        _must(len(dataset.parts) > 0, "a file has parts")
        for number, part in enumerate(dataset.parts):
            _must(part.index == number, "parts are numbered from 0")
            if part.kind and not part.note:
                _must(dataset.hdu(number).part == number, f"part {number} gives another one")
            else:
                _must(bool(part.note), f"part {number} does not say why it cannot be opened")
                _refused(lambda number=number: dataset.hdu(number))

    def test_a_part_that_is_not_there_is_an_unknown_name(self, tmp_path: Path) -> None:
        path = self.make_file(tmp_path)
        for part in ("no such part", 10_000, -1):
            try:
                self.opened(path, part)
            except UnknownName:
                continue
            raise AssertionError(f"part {part!r} was opened")

    def test_threads_may_read_at_once(self, tmp_path: Path) -> None:
        dataset = self.opened(self.make_file(tmp_path))
        failures: list[Exception] = []

        def read() -> None:
            try:
                for _ in range(5):
                    _read_all(dataset)
            except Exception as error:  # noqa: BLE001 - told by the test's own thread
                failures.append(error)

        threads = [threading.Thread(target=read) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        _must(not failures, f"{failures}")

    def test_the_file_stays_as_it_was(self, tmp_path: Path) -> None:
        path = self.make_file(tmp_path)
        before, names = path.read_bytes(), sorted(tmp_path.iterdir())
        _read_all(self.opened(path))
        _must(path.read_bytes() == before, "the file was changed")
        _must(sorted(tmp_path.iterdir()) == names, "files were left beside it")

    def test_a_file_cut_short_is_refused_and_not_worse(self, tmp_path: Path) -> None:
        path = self.make_file(tmp_path)
        size = path.stat().st_size - self.slack
        for share in (0.1, 0.3, 0.5, 0.7, 0.9):
            short = cut(path, tmp_path / "short", max(1, int(share * size)))
            refused = _sound_or_refused(lambda short=short: self.opened(short))
            if self.notices_any_cut:
                _must(refused, f"{share:.0%} of the file pass for the whole")

    def test_flipped_bits_are_refused_and_not_worse(self, tmp_path: Path) -> None:
        content = self.make_file(tmp_path).read_bytes()
        for seed in range(60):
            damaged = tmp_path / "damaged"
            damaged.write_bytes(bits_flipped(content, seed, 1 + seed % 8))
            _sound_or_refused(lambda damaged=damaged: self.opened(damaged))


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD)


def _read_all(dataset: Dataset) -> None:
    if dataset.kind == "table":
        dataset.table[:]
    else:
        np.asarray(dataset.array)


def _sound_or_refused(open_it: Callable[[], Dataset]) -> bool:
    """Tell whether a file is refused; reading a data set that was given must never fail otherwise."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            dataset = open_it()
        except Warning:
            raise
        except Exception:  # noqa: BLE001 - the registry turns what a library says into DamagedFile
            return True
        try:
            if dataset.kind == "table":
                dataset.table[:5]
            else:
                dataset.array[tuple(slice(0, 64) for _ in dataset.shape)]
            dataset.checks()
        except AstrodataError:
            return True
    return False


def _refused(act: Callable[[], Any]) -> None:
    try:
        act()
    except AstrodataError:
        return
    raise AssertionError("it was not refused")


def _random_slice(rng: np.random.Generator, length: int, forward: bool = False) -> slice:
    start, stop = sorted(int(n) for n in rng.integers(0, length + 1, 2))
    step = int(rng.integers(1, 5))
    if forward or rng.random() < 0.7:
        return slice(start, stop, step)
    return slice(stop, start or None, -step)


def _random_key(rng: np.random.Generator, length: int) -> int | slice:
    if rng.random() < 0.2:
        return int(rng.integers(-length, length))
    return _random_slice(rng, length)


def _must(condition: bool, otherwise: str) -> None:
    if not condition:
        raise AssertionError(otherwise)
