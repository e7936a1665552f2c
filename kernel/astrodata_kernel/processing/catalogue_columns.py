"""Which columns of a table say where its rows lie on an image."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import BadRequest, UnknownName
from .catalogue_rows import CatalogueRows, listed
from .table_units import unit_of

EQUATORIAL: tuple[tuple[tuple[str, str], ...], ...] = (
    (
        *(("ra", "dec"), ("ra", "de"), ("ra", "decl"), ("_ra", "_de"), ("ra_deg", "dec_deg")),
        *(("radeg", "decdeg"), ("radeg", "dedeg"), ("right_ascension", "declination")),
        *(("ramean", "decmean"), ("s_ra", "s_dec"), ("alpha", "delta")),
    ),
    (("raj2000", "dej2000"), ("ra_j2000", "dec_j2000"), ("_raj2000", "_dej2000")),
    (("ra_icrs", "de_icrs"), ("ra_icrs", "dec_icrs")),
    (("alpha_j2000", "delta_j2000"), ("alphawin_j2000", "deltawin_j2000")),
)
"""Names of columns of right ascension and declination, whatever their case. Those of one line mean the
same, the first first; two lines in one table are ambiguous."""

OTHER_SKY: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    ("galactic", (("glon", "glat"), ("l", "b"), ("gal_lon", "gal_lat"))),
    ("barycentricmeanecliptic", (("elon", "elat"), ("ecl_lon", "ecl_lat"))),
    ("", (("lon", "lat"),)),
)
"""The same of other systems, by astropy's name of the frame; looked for where no pair above is there."""

PIXELS: tuple[tuple[int, tuple[tuple[str, str], ...]], ...] = (
    (
        0,
        (
            *(("x_centroid", "y_centroid"), ("xcentroid", "ycentroid"), ("x_fit", "y_fit")),
            *(("x_center", "y_center"), ("xcenter", "ycenter"), ("x_0", "y_0"), ("x", "y")),
            *(("x_pixel", "y_pixel"), ("xpix", "ypix")),
        ),
    ),
    (1, (("x_image", "y_image"), ("xwin_image", "ywin_image"), ("xpsf_image", "ypsf_image"))),
)
"""Names of columns of pixels by the number of the first pixel: 0 as in photutils, 1 in SExtractor."""


@dataclass(frozen=True)
class WhereColumns:
    """Which columns say where a row lies.

    Attributes
    ----------
    first, second
        Longitude and latitude, or x and y; both are one column of `SkyCoord`.
    frame
        astropy's name of their frame, empty for pixels.
    origin
        Number of the first pixel.
    """

    first: str
    second: str
    frame: str = ""
    origin: int = 0

    @property
    def on_sky(self) -> bool:
        """Whether they are of the sky."""
        return bool(self.frame)


def find_columns(
    rows: CatalogueRows,
    on_sky: bool,
    *,
    ra: str | None = None,
    dec: str | None = None,
    x: str | None = None,
    y: str | None = None,
    frame: str = "icrs",
) -> WhereColumns:
    """Find the columns that say where rows lie.

    Parameters
    ----------
    rows
        The table.
    on_sky
        Whether the image has a WCS; columns of the sky are then taken before those of pixels.
    ra, dec, x, y
        Names that are known; `ra` alone for a column of `SkyCoord`.
    frame
        astropy's name of the frame of `ra` and `dec`.

    Raises
    ------
    BadRequest
        Half a pair, no pair, or more than one; the text names the columns that there are.
    UnknownName
        A column that is not there.
    """
    if (ra, dec, x, y) != (None, None, None, None):
        return _told(rows, on_sky, ra, dec, x, y, frame)
    if on_sky:
        mixed = [name for name in rows.names if rows.coordinates(name) is not None]
        if len(mixed) > 1:
            raise _ambiguous([(name, name) for name in mixed])
        if mixed:
            return WhereColumns(mixed[0], mixed[0], "icrs")
        found = _by_ucd(rows) or _equatorial(rows)
        if found:
            return WhereColumns(*found, frame)
        for own, pairs in OTHER_SKY:
            found = _first(rows, pairs, _may_be_angle)
            if found:
                return WhereColumns(*found, own or frame)
    many = [(origin, _first(rows, pairs, _may_be_pixel)) for origin, pairs in PIXELS]
    there = [(origin, pair) for origin, pair in many if pair]
    if len(there) > 1:
        raise _ambiguous([pair for _, pair in there], "x=, y=")
    if there:
        return WhereColumns(*there[0][1], "", there[0][0])
    what = "of sky or pixel" if on_sky else "of pixel (the image has no WCS)"
    raise BadRequest(
        f"no columns {what} coordinates were recognised: name them by ra= and dec=, or by x= and y=; the "
        f"columns are {listed(rows.names)}"
    )


def _told(
    rows: CatalogueRows,
    on_sky: bool,
    ra: str | None,
    dec: str | None,
    x: str | None,
    y: str | None,
    frame: str,
) -> WhereColumns:
    for name in (ra, dec, x, y):
        if name is not None and name not in rows.names:
            raise UnknownName(f"there is no column {name!r}: the columns are {listed(rows.names)}")
    if ra is not None and (x, y) == (None, None):
        if rows.coordinates(ra) is not None and dec in (None, ra):
            return WhereColumns(ra, ra, "icrs")
        if dec is not None:
            if not on_sky:
                raise BadRequest(
                    "the image has no WCS to find places on the sky by: give x= and y="
                )
            frame_of(frame)
            return WhereColumns(ra, dec, frame)
    if x is not None and y is not None and (ra, dec) == (None, None):
        origin = 1 if (x.casefold(), y.casefold()) in PIXELS[1][1] else 0
        return WhereColumns(x, y, "", origin)
    raise BadRequest("give both ra= and dec=, or both x= and y=, or none of them")


def _by_ucd(rows: CatalogueRows) -> tuple[str, str] | None:
    def of(axis: str) -> list[str]:
        wanted = (f"pos.eq.{axis};meta.main", f"pos_eq_{axis}_main")
        return [name for name, ucd in rows.ucds.items() if ucd.casefold() in wanted]

    lon, lat = of("ra"), of("dec")
    return (lon[0], lat[0]) if len(lon) == len(lat) == 1 else None


def _equatorial(rows: CatalogueRows) -> tuple[str, str] | None:
    there = [pair for pairs in EQUATORIAL if (pair := _first(rows, pairs, _may_be_angle))]
    if len(there) > 1:
        raise _ambiguous(there)
    return there[0] if there else None


def _first(
    rows: CatalogueRows,
    pairs: Sequence[tuple[str, str]],
    fits: Callable[[CatalogueRows, str], bool],
) -> tuple[str, str] | None:
    for pair in pairs:
        found = [[name for name in rows.names if name.casefold() == one] for one in pair]
        kept = [[name for name in names if fits(rows, name)] for names in found]
        if all(len(names) == 1 for names in kept):
            return kept[0][0], kept[1][0]
        if all(kept):
            raise _ambiguous(list(zip(kept[0], kept[1], strict=False)))
    return None


def _ambiguous(pairs: Sequence[tuple[str, str]], how: str = "ra=, dec=") -> BadRequest:
    said = " and ".join(a if a == b else f"{a}, {b}" for a, b in pairs)
    return BadRequest(f"the table says more than once where its rows are: {said}; choose by {how}")


def _may_be_angle(rows: CatalogueRows, name: str) -> bool:
    unit = unit_of(rows.units[name])
    return unit is None or unit.physical_type in ("angle", "time")


def _may_be_pixel(rows: CatalogueRows, name: str) -> bool:
    unit = unit_of(rows.units[name])
    return unit is None or str(unit) in ("", "pix")


def frame_of(name: str) -> Any:
    """Give astropy's frame of a name."""
    from astropy.coordinates import frame_transform_graph

    found = frame_transform_graph.lookup_name(str(name).casefold())
    if found is None:
        raise BadRequest(
            f"frame {name!r} is unknown: give icrs, fk5, fk4, galactic or barycentricmeanecliptic"
        )
    return found()
