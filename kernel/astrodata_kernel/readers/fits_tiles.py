"""Tile-compressed FITS images: of what is sliced, only the tiles that hold it are decompressed.

The tiles' bytes are read by position and checked before astropy's decoders, which are C and trust what they
are given, see them.
"""

from __future__ import annotations

import itertools
import math
import zlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..datasets.lazy import Block, LazyArray, Values
from ..errors import AstrodataError, DamagedFile, TooLarge, UnsupportedFormat
from .caps import caps
from .filebytes import Bytes, allocate
from .fits_arrays import STORED, Scaling
from .fits_bands import Bands
from .fits_columns import Column, columns_of, heap_pieces, small_table
from .fits_structure import Hdu

CODECS = ("RICE_1", "RICE_ONE", "GZIP_1", "GZIP_2", "PLIO_1", "HCOMPRESS_1", "NOCOMPRESS")

_BAND_BYTES = 16 << 20
_FAR_BAND_BYTES = 4 << 20
"""Of a file that lies elsewhere: what nobody looks at is not fetched either."""
_WORTH_A_TABLE = 400_000
"""So many pixels are decompressed in the time that astropy takes to open one small table."""
_DATA = ("COMPRESSED_DATA", "GZIP_COMPRESSED_DATA", "UNCOMPRESSED_DATA")
_NUMBERS = ("ZSCALE", "ZZERO", "ZBLANK")


class CompressedImage(LazyArray):
    """Pixels of a tile-compressed HDU.

    A band is the tiles side by side along the last axis, and those that follow along the axis before it.
    `Bands` keeps them: most images are compressed row by row, and the viewer's tiles that lie side by side
    need the same rows.

    Parameters
    ----------
    file, hdu
        The file's bytes and the HDU.
    shape
        Of the image, in NumPy's order.
    scaling
        From stored numbers to physical values.
    name
        What messages call the file.

    Raises
    ------
    DamagedFile, TooLarge
        The header contradicts itself or the table, or declares tiles beyond the caps.
    """

    def __init__(
        self, file: Bytes, hdu: Hdu, shape: Sequence[int], scaling: Scaling, name: str
    ) -> None:
        super().__init__(shape, scaling.dtype)
        self._file, self._hdu, self._scaling = file.called(name), hdu, scaling
        self._where = f"{name}, HDU {hdu.index}"
        self._stored = np.dtype(STORED[scaling.bitpix]).newbyteorder("=")
        # A single row, where there is but one axis.
        self._axes = (1,) * (2 - self.ndim) + self.shape
        self._tile = (1,) * (2 - self.ndim) + self._tile_shape()
        self._grid = tuple(-(-n // t) for n, t in zip(self._axes, self._tile, strict=True))
        self._columns = self._known_columns()
        self._settings = self._checked_settings()
        self._bands = Bands(self._axes, self._tile, self._stored)

    @property
    def far(self) -> bool:
        """Whether reading costs ways through the network."""
        return self._file.far

    def pixels_decompressed(self, step: int) -> int:
        """Give how many pixels are decompressed for every `step`-th pixel of one plane."""
        rows, columns = self._axes[-2:]
        visited = min(self._grid[-2], -(-rows // step)) * self._tile[-2]
        return min(visited, rows) * columns * math.prod(self._tile[:-2])

    def _tile_shape(self) -> tuple[int, ...]:
        tile = []
        for n, length in zip(range(self.ndim, 0, -1), self.shape, strict=True):
            declared = self._hdu.integer(f"ZTILE{n}", length if n == 1 else 1)
            if declared < 1:
                raise DamagedFile(f"{self._where}: ZTILE{n} = {declared} in its header is no size")
            tile.append(min(declared, length))
        taken = math.prod(tile) * 8
        if taken > caps.tile_bytes:
            raise TooLarge(f"{self._where}: one of its tiles takes {taken:,} bytes decompressed")
        return tuple(tile)

    def _known_columns(self) -> dict[str, Column]:
        rows, tiles = self._hdu.integer("NAXIS2"), math.prod(self._grid)
        if rows != tiles:
            raise DamagedFile(
                f"{self._where}: its table has {rows:,} rows for the {tiles:,} tiles of its image; the "
                "file is damaged, copy or download it again"
            )
        columns = {column.name.upper(): column for column in columns_of(self._hdu, self._file.name)}
        known = {name: columns[name] for name in (*_DATA, *_NUMBERS) if name in columns}
        for name, column in known.items():
            good = (
                bool(column.items)
                if name in _DATA
                else column.repeat == 1 and column.code in "IJKED"
            )
            if not good:
                raise DamagedFile(
                    f"{self._where}: its column {name} cannot have format {column.form!r}"
                )
        if "COMPRESSED_DATA" not in known:
            raise DamagedFile(f"{self._where}: its table lacks the column COMPRESSED_DATA")
        return known

    def _checked_settings(self) -> dict[str, Any]:
        codec = self._hdu.text("ZCMPTYPE")
        if codec not in CODECS:
            raise UnsupportedFormat(f"{self._where}: compression {codec or '(none)'!r} is unknown")
        settings: dict[str, Any] = {
            "ZIMAGE": True,
            "ZCMPTYPE": codec,
            "ZBITPIX": self._scaling.bitpix,
        }
        allowed = {
            "BLOCKSIZE": range(1, 1025),
            "BYTEPIX": (1, 2, 4, 8),
            "SCALE": range(1 << 31),
            "SMOOTH": (0, 1),
        }
        number = 0
        for n in range(1, 21):
            key, value = self._hdu.text(f"ZNAME{n}").upper(), self._hdu.value(f"ZVAL{n}")
            if key not in allowed:
                continue
            if isinstance(value, float) and value.is_integer():
                value = int(value)
            if not isinstance(value, int) or value not in allowed[key]:
                raise DamagedFile(f"{self._where}: {key} = {value!r} is no setting of {codec}")
            number += 1
            settings |= {f"ZNAME{number}": key, f"ZVAL{number}": int(value)}
        quantized = self._hdu.text("ZQUANTIZ")
        if quantized in ("NO_DITHER", "SUBTRACTIVE_DITHER_1", "SUBTRACTIVE_DITHER_2"):
            settings["ZQUANTIZ"] = quantized
        blank = self._hdu.value("BLANK" if self._hdu.value("ZBLANK") is None else "ZBLANK")
        if isinstance(blank, int) and -(1 << 31) <= blank < 1 << 31:
            settings["ZBLANK"] = int(blank)
        return settings

    @property
    def _seed(self) -> int:
        return min(max(self._hdu.integer("ZDITHER0", 1), 1), 10_000)

    @property
    def _dithered(self) -> bool:
        return "SUBTRACTIVE" in str(self._settings.get("ZQUANTIZ", ""))

    def _read(self, block: Block) -> Values:
        full = (slice(0, 1, 1),) * (2 - self.ndim) + block
        counts = [len(range(s.start, s.stop, s.step)) for s in full]
        out = allocate(counts, self._stored, self._where)
        self._file.check()
        if out.size and not self._bands.fill(full, out):
            across = full[-1].start - full[-1].start // self._tile[-1] * self._tile[-1]
            columns = slice(across, across + full[-1].stop - full[-1].start, full[-1].step)
            leading = [list(self._picks(axis, full[axis])) for axis in range(len(full) - 2)]
            for chosen in itertools.product(*leading):
                tiles = tuple(tile for tile, _, _ in chosen)
                places = tuple(place for _, _, place in chosen)
                for below, inside, target in self._groups(full[-2], full[-1]):
                    part = self._band(tiles, below, full[-1])[..., columns].take(inside, axis=-2)
                    for axis, (_, pick, _) in enumerate(chosen):
                        part = part.take(pick, axis=axis)
                    out[(*places, target)] = part
        shape = [len(range(s.start, s.stop, s.step)) for s in block]
        return self._scaling.apply(out.reshape(shape))

    def _picks(self, axis: int, wanted: slice) -> Iterator[tuple[int, Values, slice]]:
        """Give for each tile along an axis that holds something wanted where it is, and where it goes."""
        size = self._tile[axis]
        numbers = np.arange(wanted.start, wanted.stop, wanted.step)
        tiles = numbers // size
        starts = np.flatnonzero(np.diff(tiles, prepend=-1))
        for start, stop in zip(starts, [*starts[1:], len(numbers)], strict=True):
            tile = int(tiles[start])
            yield tile, numbers[start:stop] - tile * size, slice(int(start), int(stop))

    def _groups(self, rows: slice, columns: slice) -> Iterator[tuple[Values, Values, slice]]:
        """Give the tiles of each band along the last but one axis, the wanted rows in it and their place."""
        size = self._tile[-2]
        width = -(-columns.stop // self._tile[-1]) - columns.start // self._tile[-1]
        taken = max(1, width * math.prod(self._tile) * 8)
        many = max(1, (_FAR_BAND_BYTES if self.far else _BAND_BYTES) // taken)
        picks = list(self._picks(-2, rows))
        adjoining = picks[-1][0] - picks[0][0] == len(picks) - 1
        if (adjoining and len(picks) > 1) or many == 1:
            # Bands begin at the same tiles whatever is sliced, so that one that is kept is found again.
            keyed = itertools.groupby(picks, key=lambda pick: pick[0] // many)
            groups = [(key, list(group)) for key, group in keyed]
        else:
            chunks = [picks[n : n + many] for n in range(0, len(picks), many)]
            groups = [(-1, chunk) for chunk in chunks]
        for key, group in groups:
            if key >= 0:
                tiles = np.arange(key * many, min((key + 1) * many, self._grid[-2]))
            else:
                tiles = np.array([tile for tile, _, _ in group])
            place = {int(tile): n for n, tile in enumerate(tiles)}
            inside = np.concatenate([place[tile] * size + pick for tile, pick, _ in group])
            yield tiles, inside, slice(group[0][2].start, group[-1][2].stop)

    def _band(self, leading: tuple[int, ...], below: Values, columns: slice) -> Values:
        first = columns.start // self._tile[-1]
        last = -(-columns.stop // self._tile[-1])
        regular = len(below) == 1 or bool(below[-1] - below[0] == len(below) - 1)
        key = (leading, int(below[0]), len(below), first, last)
        band = self._bands.get(key) if regular else None
        if band is None:
            band = self._decoded(leading, below, first, last)
            if regular:
                self._bands.keep(key, band)
        return band

    def _decoded(self, leading: tuple[int, ...], below: Values, first: int, last: int) -> Values:
        numbers = [int(n) for n in below]
        whole = (first, last) == (0, self._grid[-1])
        joined = numbers[-1] - numbers[0] == len(numbers) - 1 and whole
        if self._dithered and not joined and len(numbers) > 1:
            # Noise that was added follows the tiles' numbers, which only tiles in a row keep.
            pieces = [
                self._run(leading, run, first, last) for run in self._runs(numbers, first, last)
            ]
            return np.concatenate(pieces, axis=-2)
        height = sum(min(self._tile[-2], self._axes[-2] - n * self._tile[-2]) for n in numbers)
        width = min(last * self._tile[-1], self._axes[-1]) - first * self._tile[-1]
        lead = [
            min(t, n - i * t)
            for i, t, n in zip(leading, self._tile[:-2], self._axes[:-2], strict=True)
        ]
        index = np.ravel_multi_index(
            (*(np.array(i) for i in leading), below[:, None], np.arange(first, last)[None]),
            self._grid,
        ).ravel()
        return self._decompress(index, (*lead, height, width))

    def _runs(self, numbers: list[int], first: int, last: int) -> Iterator[list[int]]:
        """Give tiles in pieces, of which each costs less decompressed through than tile by tile."""
        strip = (last - first) * math.prod(self._tile)
        most = _WORTH_A_TABLE // strip if (first, last) == (0, self._grid[-1]) else -1
        run: list[int] = []
        for number in numbers:
            if run and number - run[-1] - 1 > most:
                yield run
                run = []
            run.append(number)
        yield run

    def _run(self, leading: tuple[int, ...], run: list[int], first: int, last: int) -> Values:
        size = self._tile[-2]
        band = self._decoded(leading, np.arange(run[0], run[-1] + 1), first, last)
        starts = [(number - run[0]) * size for number in run]
        return np.concatenate([band[..., start : start + size, :] for start in starts], axis=-2)

    def _decompress(self, index: Values, shape: tuple[int, ...]) -> Values:
        from astropy.io import fits

        cards, rows, heap = self._small_table(index)
        for n, length in enumerate(reversed(shape), 1):
            cards |= {f"ZNAXIS{n}": length, f"ZTILE{n}": min(self._tile[-n], length)}
        cards["ZNAXIS"] = len(shape)
        if self._dithered:
            cards["ZDITHER0"] = self._seed + int(index[0])
        content = small_table(cards, rows, heap)
        try:
            with (
                np.errstate(all="ignore"),
                fits.open(content, memmap=False, do_not_scale_image_data=True) as hdus,
            ):
                band = np.asarray(hdus[1].data)
        except AstrodataError:
            raise
        except Exception as error:
            raise DamagedFile(
                f"{self._where}: its compressed tiles cannot be read ({type(error).__name__}: "
                f"{str(error)[:160]}); the file may be damaged, copy or download it again"
            ) from error
        return band.astype(self._stored, copy=False).reshape(shape)

    def _small_table(self, index: Values) -> tuple[dict[str, Any], Values, bytes]:
        """Give description, rows and heap of a table of just some tiles, each checked."""
        width = self._hdu.integer("NAXIS1")
        low, high = int(index.min()), int(index.max()) + 1
        if (high - low) <= 4 * len(index):
            raw = self._file.read_exactly(self._hdu.data_offset + low * width, (high - low) * width)
            rows = np.frombuffer(raw, np.uint8).reshape(-1, width)[index - low]
        else:
            at = [self._hdu.data_offset + int(n) * width for n in index]
            raw = b"".join(self._file.read_exactly(start, width) for start in at)
            rows = np.frombuffer(raw, np.uint8).reshape(-1, width)
        cards = dict(self._settings)
        pieces: list[Values] = []
        heap: list[bytes] = []
        filled = 0
        for number, (name, column) in enumerate(self._columns.items(), 1):
            cards |= {f"TTYPE{number}": name, f"TFORM{number}": f"1{column.code}"}
            if not column.items:
                pieces.append(column.stored(rows))
                continue
            cards[f"TFORM{number}"] = f"1Q{column.items}"
            lengths, offsets = column.descriptors(rows)
            found = heap_pieces(self._file, self._hdu, lengths, offsets, column.item_bytes)
            pairs = np.zeros((len(rows), 2), ">i8")
            for row, piece in enumerate(found):
                checked = self._checked(name, piece)
                pairs[row] = len(checked) // column.item_bytes, filled
                heap.append(checked)
                filled += len(checked)
            pieces.append(pairs.view(np.uint8))
        cards["TFIELDS"] = len(self._columns)
        return cards, np.concatenate(pieces, axis=1), b"".join(heap)

    def _checked(self, name: str, piece: bytes) -> bytes:
        pixels = math.prod(self._tile)
        codec = str(self._settings["ZCMPTYPE"])
        if not piece or name == "UNCOMPRESSED_DATA":
            return piece
        if name == "GZIP_COMPRESSED_DATA" or codec.startswith("GZIP"):
            return _checked_gzip(piece, 8 * pixels, self._where)
        if codec == "HCOMPRESS_1":
            rows, columns = (int(n) for n in np.frombuffer(piece[2:10].ljust(8, b"\0"), ">i4"))
            if len(piece) < 14 or rows < 1 or columns < 1 or rows * columns > pixels:
                raise DamagedFile(
                    f"{self._where}: a tile says that it has {rows} x {columns} pixels; the file is "
                    "damaged, copy or download it again"
                )
        if codec == "PLIO_1":
            _check_plio(piece, self._where)
        return piece


def _checked_gzip(piece: bytes, most: int, where: str) -> bytes:
    # The decoder would take all that comes out.
    try:
        decoder = zlib.decompressobj(wbits=31)
        size = len(decoder.decompress(piece, most + 1))
    except zlib.error as error:
        raise DamagedFile(
            f"{where}: a tile is damaged ({error}); copy or download the file again"
        ) from None
    if size > most or not decoder.eof:
        raise DamagedFile(
            f"{where}: a tile does not hold the bytes of its pixels; the file is damaged"
        )
    return piece[: len(piece) - len(decoder.unused_data)]


def _check_plio(piece: bytes, where: str) -> None:
    # A line list tells its own length, and how many of its words are a header.
    words = np.frombuffer(piece[: len(piece) // 2 * 2], ">i2").astype(np.int64)
    if len(words) >= 7 and words[2] <= 0:
        length, first = (int(words[4]) << 15) + int(words[3]), int(words[1])
    else:
        length, first = (int(words[2]), 3) if len(words) > 3 else (-1, 0)
    if not (0 <= length <= len(words) and 3 <= first <= len(words)):
        raise DamagedFile(
            f"{where}: a tile's list of pixels says that it has {length:,} words where there are "
            f"{len(words):,}; the file is damaged, copy or download it again"
        )
