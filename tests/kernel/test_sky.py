from typing import Any

import numpy as np
import pytest
from astrodata_kernel.errors import BadRequest
from astrodata_kernel.processing.graticules import graticule
from astrodata_kernel.processing.sky import frame_name, pixel_of, place, world
from astropy.coordinates import SkyCoord
from astropy.wcs import WCS


def sky(
    crval: tuple[float, float] = (266.4, -29.0),
    step: float = 1 / 3600,
    types: tuple[str, str] = ("RA---TAN", "DEC--TAN"),
    turned: float = 0.0,
) -> WCS:
    wcs = WCS(naxis=2)
    wcs.wcs.ctype, wcs.wcs.crval, wcs.wcs.crpix = types, crval, (300.5, 200.5)
    cosine, sine = np.cos(np.radians(turned)), np.sin(np.radians(turned))
    wcs.wcs.cd = step * np.array([[-cosine, sine], [sine, cosine]])
    wcs.wcs.radesys = "ICRS" if types[0].startswith("RA") else ""
    wcs.wcs.set()
    return wcs


BOX = (-0.5, -0.5, 599.5, 399.5)


def of(lines: Any) -> list[np.ndarray]:
    """Give the lines one by one."""
    breaks = np.flatnonzero(np.isnan(lines[:, 0]))
    return [part[~np.isnan(part[:, 0])] for part in np.split(lines, breaks + 1) if len(part) > 1]


@pytest.mark.parametrize("system", ["icrs", "galactic", "barycentricmeanecliptic"])
def test_places_are_those_of_astropy_in_each_system(system) -> None:
    wcs = sky(turned=30)
    x, y = np.random.default_rng(0).uniform(0, 600, (2, 50))
    wanted = SkyCoord.from_pixel(x, y, wcs).transform_to(system).spherical
    lon, lat = world(wcs, x, y, "ecliptic" if system.startswith("bary") else system)
    np.testing.assert_allclose(lon, wanted.lon.deg, atol=1e-9)
    np.testing.assert_allclose(lat, wanted.lat.deg, atol=1e-9)


def test_a_place_is_told_by_frame_numbers_and_words() -> None:
    wcs = sky()
    own = place(wcs, 299.5, 199.5)
    assert own is not None
    assert (own["frame"], own["text"]) == ("ICRS", "17h45m36.00s -29d00m00.0s")
    degrees = place(wcs, 299.5, 199.5, "own", "degrees")
    assert degrees is not None
    assert degrees["text"] == "266.40000° -29.00000°"
    galactic = place(wcs, 299.5, 199.5, "galactic")
    wanted = SkyCoord(266.4, -29.0, unit="deg").galactic
    assert galactic is not None
    assert galactic["frame"] == "Galactic"
    assert (galactic["lon"], galactic["lat"]) == pytest.approx((wanted.l.deg, wanted.b.deg))
    assert place(wcs, 1, 1, "pixel") is None
    assert frame_name(wcs, "ecliptic") == "Ecliptic"
    with pytest.raises(BadRequest, match="system 'fk6' is unknown"):
        place(wcs, 1, 1, "fk6")


def test_beyond_an_all_sky_projection_there_is_no_place() -> None:
    wcs = sky((0, 0), 0.5, ("GLON-AIT", "GLAT-AIT"))
    assert place(wcs, 299.5, 199.5) is not None
    assert place(wcs, -299.0, -190.0) is None


@pytest.mark.parametrize("system", ["own", "galactic"])
@pytest.mark.parametrize("crval", [(266.4, -29.0), (0.01, 60.0), (10.0, 89.9)])
def test_each_line_of_a_graticule_has_one_round_longitude_or_latitude(system, crval) -> None:
    wcs = sky(crval, 2 / 3600, turned=20)
    found = graticule(wcs, BOX, system, "degrees", 6)
    lines = of(found.lines)
    assert len(lines) >= 6
    for line in lines:
        lon, lat = world(wcs, line[:, 0], line[:, 1], system)
        spread_lat = np.ptp(lat)
        about = (lon - lon[len(lon) // 2] + 180) % 360 - 180
        spread_lon = np.ptp(about * np.cos(np.radians(lat)))
        # Straight pieces between 97 points of a side are off by less than a pixel of 2 seconds.
        assert min(spread_lat, spread_lon) < 2 / 3600
        inside = (line[:, 0] >= -0.5) & (line[:, 0] <= 599.5)
        assert inside.all()
    texts = {label["text"] for label in found.labels}
    assert len(texts) == len({(label["text"], label["axis"]) for label in found.labels})
    assert {label["axis"] for label in found.labels} == {"lon", "lat"}


def test_labels_stand_where_their_lines_leave_the_picture_and_say_their_value() -> None:
    wcs = sky()
    found = graticule(wcs, BOX, lines=4)
    assert found.frame == "ICRS"
    for label in found.labels:
        lon, lat = (float(v) for v in world(wcs, label["x"], label["y"]))
        if label["axis"] == "lon":
            assert label["y"] == pytest.approx(-0.5)
            assert label["text"].startswith("17h4")
            seconds = float(label["text"].split("m")[1].rstrip("s"))
            assert (lon / 15 * 3600) % 60 == pytest.approx(seconds, abs=0.01)
        else:
            assert label["x"] == pytest.approx(-0.5)
            assert label["text"].startswith("−2")
            minutes = float(label["text"].split("°")[1].rstrip("′"))
            assert (abs(lat) * 60) % 60 == pytest.approx(minutes, abs=0.01)


def test_the_compass_follows_the_rotation_of_the_image() -> None:
    found = graticule(sky(turned=0, crval=(10, 0)), BOX)
    assert found.north == pytest.approx([0, 1], abs=1e-3)
    assert found.east == pytest.approx([-1, 0], abs=1e-3)
    assert found.scale == pytest.approx(1 / 3600, rel=1e-4)
    turned = graticule(sky(turned=90, crval=(10, 0)), BOX)
    assert turned.north == pytest.approx([1, 0], abs=1e-3)


def test_a_graticule_needs_a_box_and_a_sky() -> None:
    with pytest.raises(BadRequest, match="no extent"):
        graticule(sky(), (0, 0, 0, 5))
    empty = graticule(None, BOX)
    assert (len(empty.lines), empty.labels, empty.north, empty.frame) == (0, [], None, "")


def test_a_whole_sky_has_lines_and_no_line_across_its_seam() -> None:
    wcs = sky((0, 0), 0.6, ("GLON-AIT", "GLAT-AIT"))
    for line in of(graticule(wcs, BOX, lines=6).lines):
        assert np.hypot(*np.diff(line, axis=0).T).max() < 20


def test_a_pixel_is_found_for_a_place_on_the_sky() -> None:
    wcs = sky()
    assert pixel_of(wcs, SkyCoord(266.4, -29.0, unit="deg")) == pytest.approx((299.5, 199.5))
    with pytest.raises(BadRequest, match="no single place"):
        pixel_of(wcs, SkyCoord(86.4, 29.0, unit="deg"))
    with pytest.raises(BadRequest, match="no WCS"):
        pixel_of(None, SkyCoord(0, 0, unit="deg"))


@pytest.mark.parametrize(
    "box", ["abc", [1, 2], [0, 0, np.nan, 5], [0, 0, np.inf, 5], 3, [5, 5, 0, 0]]
)
def test_what_is_no_box_is_told(box) -> None:
    with pytest.raises(BadRequest, match=r"box"):
        graticule(None, box)
