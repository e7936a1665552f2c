"""Where a pixel of a scene lies on the ground: latitude and longitude, UTM or map coordinates, MGRS."""

from __future__ import annotations

import math
import threading
from typing import Any

from ..datasets.scene_arrays import Grid
from ..datasets.scene_warp import transformer
from ..errors import BadRequest, MissingPackage

WGS84 = "EPSG:4326"

_BANDS = "CDEFGHJKLMNPQRSTUVWX"
_COLUMNS = ("ABCDEFGH", "JKLMNPQR", "STUVWXYZ")
_ROWS = "ABCDEFGHJKLMNPQRSTUV"


class Places:
    """Tells places of one grid; any thread may ask.

    Parameters
    ----------
    grid
        Of the pixels, rows from the north.
    """

    def __init__(self, grid: Grid) -> None:
        self._grid = grid
        self._lock = threading.Lock()
        self._transformers: dict[tuple[str, str], Any] = {}

    def at(self, x: float, y: float) -> dict[str, Any] | None:
        """Give frame, lon, lat, easting, northing, mgrs and text of a place in pixels, y from the south.

        None where the grid has no CRS; lon, lat and mgrs are None where nothing leads there.
        """
        grid = self._grid
        if not grid.crs:
            return None
        dx, _, left, _, dy, top = grid.transform
        easting = left + dx * (x + 0.5)
        northing = top + dy * (grid.shape[0] - 1 - y + 0.5)
        place: dict[str, Any] = {"lon": None, "lat": None, "mgrs": None}
        zone = utm_zone(grid.crs)
        ground = f"{easting:.0f} m E {northing:.0f} m N" if zone else f"{easting:g} {northing:g}"
        texts = [f"UTM {zone} {ground}" if zone else f"{grid.crs} {ground}"]
        lonlat = self._to(grid.crs, WGS84, easting, northing)
        if lonlat is not None:
            lon, lat = lonlat
            square = self._mgrs(lon, lat)
            place |= {"lon": lon, "lat": lat, "mgrs": square}
            # A map in these degrees would say the same once more.
            others = [] if grid.crs == WGS84 else texts
            texts = [f"{_angle(lat, 'NS')} {_angle(lon, 'EW')}", *others]
            texts += [f"MGRS {square}"] if square else []
        frame = "WGS 84" if lonlat is not None else "map"
        return {
            "frame": frame,
            "easting": easting,
            "northing": northing,
            **place,
            "text": ", ".join(texts),
        }

    def _mgrs(self, lon: float, lat: float) -> str | None:
        # A scene reaches beyond its zone: its squares there are those of the next one.
        zone = standard_zone(lon, lat)
        if not zone:
            return None
        found = self._to(WGS84, f"EPSG:{326 if lat >= 0 else 327}{zone:02d}", lon, lat)
        return None if found is None else mgrs(zone, lat, *found)

    def _to(self, source: str, target: str, x: float, y: float) -> tuple[float, float] | None:
        try:
            with self._lock:
                known = self._transformers.get((source, target))
                if known is None:
                    known = self._transformers[(source, target)] = transformer(source, target)
                found = known.transform(x, y)
        except (BadRequest, MissingPackage):
            return None  # the coordinates of the map are told all the same
        return (float(found[0]), float(found[1])) if all(map(math.isfinite, found)) else None


def standard_zone(lon: float, lat: float) -> int:
    """Give the number of the UTM zone of a place, 0 near the poles, where there is none."""
    if not -80 <= lat <= 84:
        return 0
    if 56 <= lat < 64 and 3 <= lon < 12:
        return 32  # Norway's
    if lat >= 72 and 0 <= lon < 42:
        return next(zone for east, zone in ((9, 31), (21, 33), (33, 35), (42, 37)) if lon < east)
    return int((lon + 180) // 6) % 60 + 1


def mgrs(zone: int, lat: float, easting: float, northing: float) -> str:
    """Give the reference of the Military Grid Reference System of a place of a UTM zone, to 1 m."""
    band = _BANDS[min(int((lat + 80) // 8), len(_BANDS) - 1)]
    column = _COLUMNS[(zone - 1) % 3][int(easting // 1e5) - 1]
    # Even zones begin with F.
    row = _ROWS[(int(northing // 1e5) + (0 if zone % 2 else 5)) % len(_ROWS)]
    return f"{zone:02d}{band}{column}{row} {int(easting % 1e5):05d} {int(northing % 1e5):05d}"


def utm_zone(crs: str) -> str:
    """Give the UTM zone of a CRS of WGS 84, such as ``"33N"``, or an empty text."""
    code = crs.upper().removeprefix("EPSG:")
    zone = int(code[3:]) if len(code) == 5 and code.isdigit() else 0
    halves = {"326": "N", "327": "S"}
    return f"{zone}{halves[code[:3]]}" if 1 <= zone <= 60 and code[:3] in halves else ""


def _angle(degrees: float, signs: str) -> str:
    return f"{abs(degrees):.5f}° {signs[degrees < 0]}"
