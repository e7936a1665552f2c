"""A first look at a file, for whoever lists files: what it is, its header, a small picture of it.

Functions of a local path that give plain values, so that they can run in another process.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np

from ..datasets import Dataset, Part
from ..datasets.lazy import Values
from ..datasets.scene import Scene
from ..errors import BadRequest, TooLarge
from .caps import caps
from .fits_tiles import CompressedImage
from .registry import open_dataset

_CHECKED_BYTES = 64 << 20
"""Checksums are verified by the way in files up to this size."""
_CARDS = 5000
_FACTS = 40
_LONGEST = 1000
"""Characters of a fact."""
_TRACES = 24
"""Traces of waveforms in a thumbnail."""
_COMPRESSED_PIXELS = 64 << 20
"""A compressed image of which more pixels would be decompressed gets no thumbnail."""


def sniff(path: Path) -> dict[str, Any]:
    """Give what a file is: name, format, kind, shape, dtype, size, mtime, unit, parts and warnings.

    Raises
    ------
    AstrodataError
        What `open_dataset` raises.
    """
    dataset = open_dataset(path)
    provenance = dataset.provenance
    if provenance is None:
        raise BadRequest(f"{dataset.name} is in memory, not in a file")
    warnings = [str(text) for text in dataset.meta.get("warnings", ())]
    if provenance.size <= _CHECKED_BYTES:
        warnings += [check.message for check in dataset.checks() if not check.ok]
    # What is wrong with the parts that were not opened.
    warnings += [
        f"part {part.index} {part.name}: {part.note}"
        for part in dataset.parts
        if part.kind and part.note
    ]
    return {
        "name": dataset.name,
        "format": provenance.reader,
        "kind": dataset.kind,
        "shape": list(dataset.shape),
        "dtype": str(dataset.dtype) if dataset.kind != "table" else "",
        "size": provenance.size,
        "mtime": provenance.mtime,
        "unit": str(dataset.meta.get("unit", "")),
        "parts": [plain_part(part) for part in dataset.parts],
        "warnings": warnings,
    }


def plain_part(part: Part) -> dict[str, Any]:
    """Give a part as plain values."""
    return {
        "index": part.index,
        "name": part.name,
        "version": part.version,
        "kind": part.kind,
        "shape": list(part.shape),
        "dtype": part.dtype,
        "unit": part.unit,
        "note": part.note,
    }


def header(path: Path, hdu: int | None = None) -> dict[str, Any]:
    """Give the header cards of a part as (keyword, value, comment), the parts, and what else is known.

    At most 5,000 cards come; ``truncated`` says that there are more. ``facts`` are [name, text] of what
    formats without cards know: columns of a table, sampling of waveforms, product of a scene.
    """
    dataset = open_dataset(path, hdu=hdu)
    cards = list(dataset.meta.get("header", ()))
    return {
        "hdu": dataset.part,
        "parts": [plain_part(part) for part in dataset.parts],
        "cards": [[key, _plain(value), comment] for key, value, comment in cards[:_CARDS]],
        "truncated": len(cards) > _CARDS,
        "facts": _facts(dataset),
    }


def _facts(dataset: Dataset) -> list[list[str]]:
    found: dict[str, Any] = {
        key.replace("_", " "): value
        for key, value in dataset.meta.items()
        if key not in ("header", "warnings")
    }
    if isinstance(dataset, Scene):
        found["bands"] = [band.name for band in dataset.bands]
    if dataset.kind == "table":
        found["columns"] = [
            f"{name} {dtype}" + (f" [{unit}]" if unit else "")
            for name, dtype, unit in dataset.table.columns
        ]
    told = ((name, _told(value)) for name, value in found.items())
    return [[str(name)[:_LONGEST], text] for name, text in told if text][:_FACTS]


def _told(value: Any) -> str:
    """Give a plain value as a short text, empty for what is none."""
    if isinstance(value, list | tuple):
        few = [_told(one) for one in value[:_FACTS]]
        more = [f"and {len(value) - _FACTS} more"] if len(value) > _FACTS else []
        value = ", ".join([*filter(None, few), *more])
    plain = isinstance(value, str | int | float | np.integer | np.floating)
    return str(value)[:_LONGEST] if plain else ""


def _plain(value: Any) -> Any:
    if isinstance(value, float) and not np.isfinite(value):
        return str(value)  # JSON has no word for it
    return value if isinstance(value, str | int | float | bool) or value is None else str(value)


def thumbnail(path: Path, hdu: int | None = None, size: int = 128) -> bytes:
    """Give a PNG of at most `size` pixels: an image in zscale and asinh, a series as a line, traces as many.

    Raises
    ------
    TooLarge
        A compressed image that would have to be decompressed whole.
    """
    from PIL import Image

    dataset = open_dataset(path, hdu=hdu)
    if dataset.kind == "table":
        picture = _table_picture(size)
    elif dataset.kind in ("spectrum", "strain"):
        picture = _line_picture(dataset, size)
    elif dataset.kind == "waveforms":
        picture = _traces_picture(dataset, size)
    elif isinstance(dataset, Scene):
        picture = _scene_picture(dataset, size)
    else:
        picture = _image_picture(dataset, size)
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "PNG")
    return out.getvalue()


def _image_picture(dataset: Dataset, size: int) -> Values:
    from astropy.visualization import AsinhStretch, ZScaleInterval

    array = dataset.array
    middle = tuple(n // 2 for n in array.shape[:-2])
    rows, columns = array.shape[-2:]
    step = max(1, -(-max(rows, columns) // size))
    if isinstance(array, CompressedImage):
        touched = array.pixels_decompressed(step)
        if touched > _COMPRESSED_PIXELS:
            raise TooLarge(
                f"{dataset.name}, HDU {dataset.part}: {touched:,} pixels would have to be decompressed for "
                "a thumbnail; open it to look at parts of it"
            )
    plane = np.asarray(array[(*middle, slice(None, None, step), slice(None, None, step))], "f8")
    finite = plane[np.isfinite(plane)]
    if finite.size == 0:
        return np.full((*plane.shape, 3), 128, "u1")
    low, high = ZScaleInterval().get_limits(finite)
    if not high > low:
        low, high = low - 0.5, high + 0.5
    with np.errstate(invalid="ignore", over="ignore"):
        scaled = np.clip((plane - low) / (high - low), 0, 1)
    shown = AsinhStretch()(np.nan_to_num(scaled, nan=0.0))
    grey = (255 * shown).astype("u1")
    picture = np.repeat(grey[..., None], 3, axis=2)
    picture[np.isnan(plane)] = (70, 90, 120)
    return picture[::-1]  # row 0 is the bottom one


def _scene_picture(scene: Scene, size: int) -> Values:
    """Give red, green and blue as the eye sees them, or the first band in grey."""
    names: list[str] = [name for name in ("B04", "B03", "B02") if name in scene.bands.names]
    if len(names) < 3:
        first: str = (scene.bands or scene.layers)[0].name
        names = [first] * 3
    planes = {name: np.asarray(scene.overview(name, size), "f8") for name in dict.fromkeys(names)}
    rows, columns = (min(plane.shape[i] for plane in planes.values()) for i in (0, 1))
    out = np.zeros((rows, columns, 3), "u1")
    for channel, name in enumerate(names):
        plane = planes[name][:rows, :columns]
        known = plane[np.isfinite(plane) & (plane != 0)]
        low, high = np.percentile(known, [2, 98]) if known.size else (0.0, 1.0)
        share = (plane - low) / ((high - low) or 1.0)
        out[..., channel] = 255 * np.clip(np.nan_to_num(share, nan=0.0), 0, 1)
    return out  # row 0 is the northern one


def _line_picture(dataset: Dataset, size: int) -> Values:
    values = dataset.array
    step = max(1, values.size // (64 * size))
    sample = _tame(np.asarray(values[::step], "f8").ravel())
    edges = np.linspace(0, sample.size, size + 1).astype(int)
    picture = np.full((size, size, 3), 24, "u1")
    finite = sample[np.isfinite(sample)]
    if finite.size == 0:
        return picture
    low, high = np.percentile(finite, [0.5, 99.5])
    span = (high - low) or 1.0
    for column in range(size):
        piece = sample[edges[column] : max(edges[column] + 1, edges[column + 1])]
        piece = piece[np.isfinite(piece)]
        if piece.size:
            at = np.clip((np.array([piece.max(), piece.min()]) - low) / span, 0, 1)
            top, bottom = ((1 - at) * (size - 1)).astype(int)
            picture[top : bottom + 1, column] = (120, 190, 255)
    return picture


def _tame(values: Values) -> Values:
    """Give values of which any two have a finite difference; a picture without a scale looks the same."""
    finite = values[np.isfinite(values)]
    return values / 4 if finite.size and np.abs(finite).max() > 1e307 else values


def _traces_picture(dataset: Dataset, size: int) -> Values:
    """Give some traces over each other, brighter where more of them meet."""
    count, samples = dataset.array.shape
    step = max(1, samples // (16 * size))
    shown_ones = sorted({i * (count - 1) // (_TRACES - 1) for i in range(_TRACES)})
    some = _tame(np.array([dataset.array[i, ::step] for i in shown_ones], "f8"))
    met = np.zeros((size, size))
    finite = some[np.isfinite(some)]
    if finite.size:
        low, high = finite.min(), finite.max()
        span = (high - low) or 1.0
        edges = np.linspace(0, len(some[0]), size + 1).astype(int)
        for one in some:
            for column in range(size):
                # With the next column's first sample, so that the line is not broken.
                piece = one[edges[column] : edges[column + 1] + 1]
                piece = piece[np.isfinite(piece)]
                if piece.size:
                    at = (np.array([piece.max(), piece.min()]) - low) / span
                    top, bottom = ((1 - at) * (size - 1)).astype(int)
                    met[top : bottom + 1, column] += 1
    share = np.sqrt(met / max(1.0, met.max()))[..., None]
    shown: Values = (24 + share * (np.array([190, 225, 255]) - 24)).astype("u1")
    return shown


def _table_picture(size: int) -> Values:
    picture = np.full((size, size, 3), 24, "u1")
    pitch = max(4, size // 8)
    picture[::pitch] = picture[:, ::pitch] = (90, 110, 130)
    picture[:pitch] = (60, 90, 130)
    return picture


def lower_caps(expanded_bytes: int) -> None:
    """Take less in this process: what the panel looks at must not fill the server's disk or memory."""
    caps.expanded_bytes = caps.member_bytes = expanded_bytes
    caps.header_blocks = min(caps.header_blocks, 1000)
