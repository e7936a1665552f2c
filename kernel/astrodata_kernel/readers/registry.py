"""Which reader takes a file, decided by its first bytes and never by its name."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import Protocol, cast

from ..datasets import Dataset, Provenance
from ..errors import AstrodataError, BadRequest, DamagedFile, UnreadableFile, UnsupportedFormat
from .filebytes import Bytes
from .hashing import FileDigest, RemoteDigest
from .many import concatenated, files_of, is_pattern
from .reopening import reopening

HEAD = 4096
"""Bytes from a file's beginning that readers are shown."""

GROUP = "astrodata_kernel.readers"
"""Entry-point group by which other packages bring readers."""

# Named, not imported: what a format needs is loaded when a file of it turns up. Text comes last, since
# almost anything is text.
BUILT_IN = (
    "astrodata_kernel.readers.fits:FitsReader",
    "astrodata_kernel.readers.sentinel:SceneReader",
    "astrodata_kernel.readers.sentinel:SafeReader",
    "astrodata_kernel.readers.sentinel:StacReader",
    "astrodata_kernel.readers.waveforms:DaidreamReader",
    "astrodata_kernel.readers.arrays:NumpyReader",
    "astrodata_kernel.readers.strain:StrainReader",
    "astrodata_kernel.readers.hdf5:Hdf5Reader",
    "astrodata_kernel.readers.root:RootReader",
    "astrodata_kernel.readers.wavedump:WaveDumpReader",
    "astrodata_kernel.readers.wavedump_text:WaveDumpTextReader",
    "astrodata_kernel.readers.table:ParquetReader",
    "astrodata_kernel.readers.table:CsvReader",
)


class Reader(Protocol):
    """What turns the bytes of a family of formats into data sets.

    `astrodata_kernel.testing.ReaderTests` holds a reader to what everything else relies on.
    """

    name: str
    version: str

    def sniff(self, head: bytes, path: Path) -> bool:
        """Tell from the first `HEAD` bytes of a file whether it is one of ours."""

    def open(self, path: Path, provenance: Provenance, part: int | str | None = None) -> Dataset:
        """Give the data set of a file, or of one part of it, without reading its values."""


@cache
def readers() -> tuple[Reader, ...]:
    """Give all readers: those of other packages first, then our own."""
    found: list[Reader] = []
    for point in entry_points(group=GROUP):
        try:
            found.append(point.load()())
        except Exception as error:  # noqa: BLE001 - a broken plug-in must not take the others along
            warnings.warn(
                f"the reader {point.name!r} of another package cannot be loaded and is left out: {error}",
                stacklevel=2,
            )
    for home in BUILT_IN:
        module, name = home.split(":")
        found.append(getattr(import_module(module), name)())
    return tuple(found)


def open_dataset(
    path_or_url: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    kind: str | None = None,
    hdu: int | str | None = None,
    progress: Callable[[float], None] | None = None,
    *,
    bands: Sequence[str] | None = None,
    offset: float | Mapping[str, float] | None = None,
    scale: float | Mapping[str, float] | None = None,
) -> Dataset:
    """Give the data set of a file: its facts at once, its values when they are asked for.

    Parameters
    ----------
    path_or_url
        A file of this machine, or an address: ``http``, ``https``, ``ftp``, or ``s3`` and its like where
        their package is installed. FITS is read by ranges, where the server gives them; all else is fetched
        to the temporary folder. Several files of waveforms, as a list or a pattern such as
        ``"run3/*.npz"``, make one data set. A folder is one of Zarr, or a scene of Sentinel-2: SAFE, a
        download of Sentinel Hub, or a patch with a file for each band.
    kind
        Take only this kind: ``"image"``, ``"cube"``, ``"spectrum"``, ``"table"``, ``"waveforms"``,
        ``"strain"`` or ``"scene"``. A file with several parts then gives its first one of the kind. An array
        of two axes is also taken as waveforms, and one of one axis as strain, when that is wanted.
    hdu
        Number or name of the part (HDU, npz member, array of HDF5 or Zarr) to open.
    progress
        Told the share done, 0 to 1, while a file is fetched or expanded. What it raises, such as
        `Cancelled`, gives that up and leaves nothing behind.
    bands
        Names of the layers of a GeoTIFF that does not tell them.
    offset, scale
        Of a scene's bands, for all or by name: reflectance = (DN + offset) * scale. They come before what the
        product's metadata say.

    Returns
    -------
    Dataset

    Raises
    ------
    UnreadableFile
        No such file, a folder, an empty file, or no permission. It is a FileNotFoundError too.
    UnsupportedFormat
        Content that no reader knows, or not of the kind asked for.
    DamagedFile, TooLarge
        Content that is cut short, contradicts itself, or declares sizes beyond the caps.
    """
    if not isinstance(path_or_url, (str, os.PathLike)):
        return _opened_together(list(path_or_url), kind, hdu, progress)
    from .addresses import is_url

    text = os.fspath(path_or_url)
    if not is_url(text):
        if is_pattern(text):
            return _opened_together(files_of(text), kind, hdu, progress)
        dataset = _of_file(Path(text).expanduser(), "", hdu, progress)
    else:
        dataset = _of_address(text, hdu, progress)
    if bands is not None or offset is not None or scale is not None:
        dataset = _told(dataset, bands, offset, scale)
    return dataset if kind is None else _of_kind(dataset, kind, hdu)


def _told(
    dataset: Dataset,
    bands: Sequence[str] | None,
    offset: float | Mapping[str, float] | None,
    scale: float | Mapping[str, float] | None,
) -> Dataset:
    if dataset.kind != "scene":
        raise BadRequest(
            f"{dataset.name} is of kind {dataset.kind!r}: bands, offset and scale are those of scenes"
        )
    from ..datasets.scene import Scene

    scene = cast("Scene", dataset)
    if bands is not None:
        scene = scene.with_bands(bands)
    return scene.with_offset(offset, scale)


def _of_file(
    path: Path, address: str, hdu: int | str | None, progress: Callable[[float], None] | None
) -> Dataset:
    if os.path.isdir(path):  # noqa: PTH112 - which is False for what is no path, and does not raise
        from .zarr_folders import is_zarr, open_zarr

        if is_zarr(path):
            return open_zarr(path, hdu)
        from .sentinel import open_scene_folder

        return open_scene_folder(path, hdu)
    status = _status_of_file(path)
    try:
        reader, content = _reader_of(path, progress)
    except AstrodataError:
        raise
    except OSError as error:
        raise UnreadableFile(f"{path} cannot be read: {error.strerror or error}") from None
    provenance = Provenance(
        path=address or str(Path(os.path.abspath(path))),  # noqa: PTH100 - links stay
        size=status.st_size,
        mtime=status.st_mtime,
        reader=reader.name,
        reader_version=reader.version,
        digest=FileDigest(path, status),
    )
    return _opened(reader, content, provenance, hdu, path.name)


def _of_address(
    url: str, hdu: int | str | None, progress: Callable[[float], None] | None
) -> Dataset:
    from .addresses import shown
    from .remote import located

    def taker(head: bytes, name: str) -> Reader | None:
        return next(
            (
                r
                for r in readers()
                if getattr(r, "reads_ranges", False) and r.sniff(head, Path(name))
            ),
            None,
        )

    found = located(url, lambda head: taker(head, "") is not None, progress)
    if isinstance(found, Path):
        return _of_file(found, shown(url), hdu, progress)
    reader = taker(found.read(0, HEAD), found.name)
    if reader is None:
        raise DamagedFile(f"{shown(url)} begins otherwise than it did a moment ago: open it again")
    facts = found.source.facts
    provenance = Provenance(
        path=shown(url),
        size=facts.size,
        mtime=facts.mtime,
        reader=reader.name,
        reader_version=reader.version,
        digest=RemoteDigest(found),
    )
    return _opened(reader, found, provenance, hdu, found.name)


def _opened_together(
    paths: list[str | os.PathLike[str]] | list[str],
    kind: str | None,
    hdu: int | str | None,
    progress: Callable[[float], None] | None,
) -> Dataset:
    if not paths:
        raise UnreadableFile("a list of no files: give at least one path")
    wanted = kind or "waveforms"
    datasets = []
    for number, path in enumerate(paths):
        # Not kept open: there may be thousands.
        datasets.append(reopening(partial(open_dataset, path, wanted, hdu)))
        if progress is not None:
            progress((number + 1) / len(paths))
    return concatenated(datasets)


def _status_of_file(path: Path) -> os.stat_result:
    try:
        status = path.stat()
        if not path.is_file():
            raise UnreadableFile(f"{path} is neither a file nor a link to one")
        with path.open("rb"):
            pass
    except FileNotFoundError as error:
        if isinstance(error, UnreadableFile):
            raise
        raise UnreadableFile(
            f"{path} does not exist: check the path (you are in {Path.cwd()})"
        ) from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise UnreadableFile(f"{str(path)!r} cannot be read: {why}") from None
    if status.st_size == 0:
        raise UnreadableFile(f"{path} is empty (0 bytes): copy or download it again")
    return status


def _reader_of(path: Path, progress: Callable[[float], None] | None) -> tuple[Reader, Path]:
    from .gunzip import expanded, gunzipped_head, is_gzip

    with path.open("rb") as file:
        head = file.read(HEAD)
    zipped = is_gzip(head)
    inner = gunzipped_head(path, HEAD) if zipped else head
    for reader in readers():
        if not reader.sniff(inner, path):
            continue
        if not zipped:
            return reader, path
        # Some look further than at the first bytes, and can do so only now.
        content = expanded(path, progress)
        again = next((other for other in readers() if other.sniff(inner, content)), None)
        if again is not None:
            return again, content
    known = ", ".join(reader.name for reader in readers())
    raise UnsupportedFormat(
        f"{path.name} is of no format that can be read here ({known}): {_looks_like(inner)}"
    )


def _looks_like(head: bytes) -> str:
    start = head[:40]
    if head and all(byte in b"\t\n\r\f" or 32 <= byte < 127 for byte in head[:512]):
        line = next((text for text in head[:512].decode("ascii").splitlines() if text.strip()), "")
        return f"it holds text that begins with {line[:40]!r}, whatever its name says"
    return f"it begins with the bytes {start[:8].hex(' ')}"


def _opened(
    reader: Reader, place: Path | Bytes, provenance: Provenance, part: int | str | None, name: str
) -> Dataset:
    try:
        # Open bytes come to readers only that say so.
        return reader.open(cast("Path", place), provenance, part).renamed(name)
    except AstrodataError:
        raise
    except OSError as error:
        raise UnreadableFile(f"{name} cannot be read: {error.strerror or error}") from error
    except Exception as error:
        # What a library says of bytes that it did not expect.
        raise DamagedFile(
            f"{name} begins like {reader.name}, but cannot be read as such "
            f"({type(error).__name__}: {str(error)[:200]}): it may be damaged; copy or download it again"
        ) from error


def _of_kind(dataset: Dataset, kind: str, hdu: int | str | None) -> Dataset:
    if dataset.kind == kind:
        return dataset
    if hdu is None:
        for part in dataset.parts:
            if part.kind == kind and not part.note:
                return dataset.hdu(part.index)
    if (dataset.kind, kind) in (("image", "waveforms"), ("spectrum", "strain")):
        return dataset.taken_as(kind)
    if hdu is None and kind in ("waveforms", "strain"):
        plain = "image" if kind == "waveforms" else "spectrum"
        for part in dataset.parts:
            if part.kind == plain and not part.note:
                return dataset.hdu(part.index).taken_as(kind)
    if dataset.kind == "scene":
        # What asks for waveforms here is mostly a list of files, which only those make together.
        raise UnsupportedFormat(
            f"{dataset.name} is a satellite scene: open it by itself, or several by "
            "adk.open_scenes([...]), and give their list to adk.view or adk.stack"
        )
    kinds = ", ".join(sorted({part.kind for part in dataset.parts if part.kind}))
    raise UnsupportedFormat(f"{dataset.name} holds no {kind!r}: it holds {kinds or dataset.kind}")
