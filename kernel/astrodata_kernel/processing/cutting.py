"""Pieces of an image about places, each read when it is looked at: what encoders and labellers eat."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..errors import BadRequest, MissingPackage
from .sky import part_of, places_of

if TYPE_CHECKING:
    from .events import Events

Array = npt.NDArray[Any]
EDGES = ("fill", "shift", "drop", "refuse")
SCALES = ("standard", "asinh", "minmax", "zscale")
LARGEST = 4096
"""Pixels of a side."""

AT_ONCE = 256
"""Pieces of one chunk of the Dask array."""


class Cutouts:
    """Pieces of one image, as an array of shape (n, rows, columns) that is read piece by piece.

    Made by `adk.processing.raster.cutouts`.

    Attributes
    ----------
    shape, dtype
        Of all pieces together; float32, or float64 for 64-bit images.
    positions
        Shape (n, 2): x and y of the middles that were asked for, in pixels from 0.
    corners
        Shape (n, 2): x and y of the first pixel of each piece in the image.
    ids
        Of the pieces, shape (n,).
    inside
        Boolean, shape (n,): whether a piece lies in the image as a whole.
    """

    def __init__(
        self,
        image: Any,
        places: Array,
        size: tuple[int, int],
        ids: Array,
        edge: str = "fill",
        fill: float = np.nan,
        scale: str | None = None,
    ) -> None:
        self._image, self._fill, self._scale = image, fill, scale
        self._plane = getattr(image, "array", image)
        rows, columns = size
        height, width = self._plane.shape
        half = np.array([columns / 2, rows / 2])
        # Of all pieces the one whose middle is nearest to the place, as astropy's Cutout2D has it.
        corners = np.ceil(places - half).astype(np.int64)
        last = np.array([width - columns, height - rows])
        inside = ((corners >= 0) & (corners <= last)).all(axis=1)
        if edge == "refuse" and not inside.all():
            raise BadRequest(
                f"{int((~inside).sum()):,} of {len(inside):,} cutouts reach beyond the image, the first at "
                f"{tuple(places[~inside][0])}"
            )
        if edge == "shift":
            if (last < 0).any():
                raise BadRequest(f"no cutout of {columns} x {rows} fits {width} x {height} pixels")
            corners = np.clip(corners, 0, last)
            inside = np.ones(len(inside), bool)
        if edge == "drop":
            places, corners, ids = places[inside], corners[inside], ids[inside]
            inside = inside[inside]
        self.positions, self.corners, self.ids, self.inside = places, corners, ids, inside
        self.shape = (len(places), rows, columns)
        self.dtype = np.dtype(np.float64 if self._plane.dtype.itemsize > 4 else np.float32)

    def __len__(self) -> int:
        return self.shape[0]

    def __repr__(self) -> str:
        return f"<{len(self):,} cutouts of {self.shape[2]} x {self.shape[1]} pixels>"

    def __getitem__(self, which: Any) -> Array:
        """Give one piece by its number, or those of a slice or of some numbers."""
        if isinstance(which, slice | Sequence | np.ndarray):
            return self._some(np.arange(len(self))[which])
        row = int(which)
        if not -len(self) <= row < len(self):
            raise IndexError(f"cutout {row}: there are {len(self)}")
        return self._one(row % len(self))

    def wcs(self, row: int) -> Any:
        """Give the `astropy.wcs.WCS` of a piece, or None for an image without a sky."""
        whole = getattr(self._image, "wcs", None)
        if whole is None:
            return None
        x, y = (int(one) for one in self.corners[row])
        return part_of(whole, x, y, (self.shape[1], self.shape[2]))

    @property
    def array(self) -> Any:
        """The pieces as a Dask array of shape (n, rows, columns), read as it is computed.

        Raises
        ------
        MissingPackage
            Dask is not installed.
        """
        try:
            import dask.array as da
        except ImportError:
            raise MissingPackage(
                "a Dask array needs dask: pip install 'astrodata-lab[train]'; without it slice the cutouts: "
                "pieces[:100]"
            ) from None
        rows = da.from_array(np.arange(len(self)), chunks=AT_ONCE)
        sizes = (rows.chunks[0], *((n,) for n in self.shape[1:]))
        return rows.map_blocks(
            self._some,
            dtype=self.dtype,
            new_axis=[1, 2],
            chunks=sizes,
            meta=np.empty((0, 0, 0), self.dtype),
        )

    def events(self) -> Events:
        """Give the pieces as events: what `adk.Labeller` and the map show behind a point."""
        from .events import Events, digest_of

        provenance = getattr(self._image, "provenance", None)
        whole = provenance.sha256 if provenance else digest_of(self._plane)
        asked = f"{self.shape[1:]}{self._fill}{self._scale}".encode()
        found = hashlib.sha256(whole.encode() + self.corners.tobytes() + asked)
        return Events("images", self, self.ids, digest=found.hexdigest())

    def grid(
        self, columns: int = 10, rows: Sequence[int] | Array | None = None, gap: int = 2
    ) -> Array:
        """Give pieces side by side in one image, NaN between them.

        Parameters
        ----------
        columns
            Pieces in a line.
        rows
            Numbers of the pieces; all by default, a thousand at most.
        gap
            Pixels between two pieces.

        Returns
        -------
        ndarray
            Float, the first piece at the lower left, as images are drawn.
        """
        wanted = np.arange(len(self))[:1000] if rows is None else np.asarray(rows)[:1000]
        columns = max(1, min(int(columns), len(wanted) or 1))
        lines = -(-len(wanted) // columns)
        _, height, width = self.shape
        made = np.full(
            (max(0, lines * (height + gap) - gap), columns * (width + gap) - gap),
            np.nan,
            self.dtype,
        )
        for place, row in enumerate(wanted):
            y, x = divmod(place, columns)
            y, x = y * (height + gap), x * (width + gap)
            made[y : y + height, x : x + width] = self._one(int(row))
        return made

    def _some(self, rows: Array) -> Array:
        made = np.empty((len(rows), *self.shape[1:]), self.dtype)
        # Along the file: neighbours share what was read for the one before.
        for place in np.argsort(self.corners[rows, 1], kind="stable"):
            made[place] = self._one(int(rows[place]))
        return made

    def _one(self, row: int) -> Array:
        x, y = (int(one) for one in self.corners[row])
        _, rows, columns = self.shape
        height, width = self._plane.shape
        piece = np.full((rows, columns), self._fill, self.dtype)
        top, left = max(0, -y), max(0, -x)
        bottom, right = min(rows, height - y), min(columns, width - x)
        if bottom > top and right > left:
            read = self._plane[y + top : y + bottom, x + left : x + right]
            piece[top:bottom, left:right] = _scaled(np.asarray(read, self.dtype), self._scale)
        return piece


def cutouts(
    image: Any,
    positions: Any,
    size: int | tuple[int, int],
    *,
    edge: str = "fill",
    fill: float = np.nan,
    scale: str | None = None,
    ids: npt.ArrayLike | None = None,
) -> Cutouts:
    """Give pieces of an image about some places, each read when it is looked at.

    Parameters
    ----------
    image
        Data set of kind ``"image"``, or an array of shape (rows, columns) that may be read as it is sliced.
    positions
        The middles: a `SkyCoord`, or x and y in pixels from 0, shape (n, 2).
    size
        Pixels of a side, or (rows, columns); 1 to 4,096.
    edge
        What becomes of a piece that reaches beyond the image: ``"fill"``, ``"shift"`` (moved inside),
        ``"drop"`` or ``"refuse"``.
    fill
        Value beyond the edge.
    scale
        How each piece is normalised: None; ``"standard"``, in robust standard deviations from its median;
        ``"asinh"`` of those; or to 0 to 1 between limits: ``"minmax"``, ``"zscale"`` or a central percentage
        such as ``"99.5%"``.
    ids
        Of the pieces; by default 0, 1, ...

    Returns
    -------
    Cutouts
        Slices like an array (n, rows, columns); ``.array`` is a Dask array, ``.wcs(i)`` the WCS of one,
        ``.events()`` what `adk.Labeller` takes, ``.grid()`` many in one image.

    Raises
    ------
    BadRequest
        Not an image, positions that are none, or a size, an edge or a scale that does not exist.

    Examples
    --------
    >>> pieces = cutouts(np.arange(100.0).reshape(10, 10), [[5, 5], [0, 0]], 3)
    >>> pieces[0]
    array([[44., 45., 46.],
           [54., 55., 56.],
           [64., 65., 66.]])
    >>> pieces.inside
    array([ True, False])
    """
    from .events import as_ids

    plane = getattr(image, "array", image)
    if len(plane.shape) != 2:
        raise BadRequest(
            f"cutouts of an array of shape {tuple(plane.shape)}: give an image (rows, columns)"
        )
    if edge not in EDGES:
        raise BadRequest(f"edge {edge!r} is unknown: there are {', '.join(EDGES)}")
    _check_scale(scale)
    sizes = (size, size) if np.ndim(size) == 0 else tuple(size)  # type: ignore[arg-type]
    if len(sizes) != 2 or not all(int(n) == n and 1 <= n <= LARGEST for n in sizes):
        raise BadRequest(f"cutouts of {size} pixels: give 1 to {LARGEST}, or (rows, columns)")
    places = places_of(positions, getattr(image, "wcs", None))
    rows, columns = (int(n) for n in sizes)
    return Cutouts(image, places, (rows, columns), as_ids(ids, len(places)), edge, fill, scale)


def _check_scale(scale: str | None) -> None:
    from .raster import limits

    if scale is not None and scale not in SCALES:
        try:
            limits(np.zeros(1), scale)
        except BadRequest:
            raise BadRequest(
                f"scale {scale!r} is unknown: there are {', '.join(SCALES)} and central percentages such as "
                '"99.5%"'
            ) from None


def _scaled(values: Array, scale: str | None) -> Array:
    from .raster import limits

    if scale is None:
        return values
    if scale in ("standard", "asinh"):
        good = values[np.isfinite(values)]
        if not good.size:
            return values
        middle = np.median(good)
        spread = 1.4826 * np.median(np.abs(good - middle)) or good.std() or 1.0
        values = (values - middle) / spread
        return np.arcsinh(values) if scale == "asinh" else values
    low, high = limits(values, scale)
    return np.clip((values - low) / (high - low), 0, 1)
