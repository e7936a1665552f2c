"""Names of Sentinel-2: bands, layers, products and files."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

WAVELENGTHS = {
    "B01": (442.7, 21.0, 60),
    "B02": (492.4, 66.0, 10),
    "B03": (559.8, 36.0, 10),
    "B04": (664.6, 31.0, 10),
    "B05": (704.1, 15.0, 20),
    "B06": (740.5, 15.0, 20),
    "B07": (782.8, 20.0, 20),
    "B08": (832.8, 106.0, 10),
    "B8A": (864.7, 21.0, 20),
    "B09": (945.1, 20.0, 60),
    "B10": (1373.5, 31.0, 60),
    "B11": (1613.7, 91.0, 20),
    "B12": (2202.4, 175.0, 20),
}
"""Central wavelength and width in nm of Sentinel-2A (MSI user guide), and resolution in m, where a product
does not tell its own."""

L1C_BANDS = tuple(WAVELENGTHS)
L2A_BANDS = tuple(name for name in L1C_BANDS if name != "B10")
EUROSAT_BANDS = (*(n for n in L1C_BANDS if n != "B8A"), "B8A")
"""EuroSAT has the narrow near infrared last."""
SEDM_BANDS = (*L2A_BANDS, "AOT", "SCL", "SNW", "CLD", "dataMask")
"""The 17 layers that SpaceEconomyDataManager asks Sentinel Hub for."""

COMMON = {
    "coastal": "B01",
    "blue": "B02",
    "green": "B03",
    "red": "B04",
    "rededge1": "B05",
    "rededge2": "B06",
    "rededge3": "B07",
    "nir": "B08",
    "nir08": "B8A",
    "nir09": "B09",
    "cirrus": "B10",
    "swir16": "B11",
    "swir22": "B12",
    "scl": "SCL",
    "aot": "AOT",
    "wvp": "WVP",
}
"""Names of STAC's electro-optical extension."""

ROLES = {
    "SCL": "classes",
    "CM": "classes",
    "DEL": "classes",
    "GRA": "classes",
    "CLM": "mask",
    "CLP": "quantity",
    "dataMask": "mask",
    "cloud_mask": "classes",
    "QA10": "mask",
    "QA20": "mask",
    "QA60": "mask",
    "MSK_CLDPRB": "quantity",
    "MSK_SNWPRB": "quantity",
    "MSK_CLOUDS": "mask",
    "MSK_CLASSI_OPAQUE": "mask",
    "MSK_CLASSI_CIRRUS": "mask",
    "MSK_CLASSI_SNOW": "mask",
}

_BAND = re.compile(r"(?:^|[_\-.])B(0?[1-9]|1[0-2]|8A)(?:[_\-.](\d\d)m)?$", re.IGNORECASE)
_LAYER = re.compile(
    r"(?:^|[_\-.])(SCL|AOT|WVP|TCI|CLD|SNW|CLM|CLP|QA10|QA20|QA60|cloud_mask|dataMask|DEL|GRA|CM)"
    r"(?:[_\-.](\d\d)m?)?$",
    re.IGNORECASE,
)
_PRODUCT = re.compile(
    r"(S2[A-D])_MSI(L1C|L2A)_(\d{8}T\d{6})(?:_N(\d{4}))?(?:_R(\d{3}))?(?:_T(\d\d[A-Z]{3}))?"
)
_GEE = re.compile(r"(\d{8}T\d{6})_\d{8}T\d{6}_T(\d\d[A-Z]{3})$")
_SEN2R = re.compile(
    r"(S2[A-D])([12][AC])_(\d{8})_(\d{3})_([^_]*)_([A-Z0-9]+)_(\d+)$", re.IGNORECASE
)
_RANGE = re.compile(r"^([^_]+)_([^_]+)_(\d{4}-\d\d-\d\d)_(\d{4}-\d\d-\d\d)$")
_EUROSAT = re.compile(
    r"(AnnualCrop|Forest|HerbaceousVegetation|Highway|Industrial|Pasture|PermanentCrop|Residential|River"
    r"|SeaLake)_\d+$"
)


@dataclass(frozen=True)
class Facts:
    """What a name tells."""

    date: datetime | None = None
    until: datetime | None = None
    level: str = ""
    baseline: str = ""
    satellite: str = ""
    tile: str = ""
    area: str = ""


def utc(text: str) -> datetime | None:
    """Give a time in ISO 8601 or as in names of products (``20220413T150759``), as UTC."""
    text = text.strip()
    try:
        if re.fullmatch(r"\d{8}T\d{6}", text):
            return datetime.strptime(text, "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def layer_name(stem: str) -> tuple[str, int | None] | None:
    """Give the band or layer that a file's name without its ending stands for, and its resolution if told."""
    if found := _BAND.search(stem):
        digits = found[1].upper()
        name = "B8A" if digits == "8A" else f"B{int(digits):02d}"
        return name, int(found[2]) if found[2] else None
    if found := _LAYER.search(stem):
        upper = found[1].upper()
        name = {"CLOUD_MASK": "cloud_mask", "DATAMASK": "dataMask"}.get(upper, upper)
        return name, int(found[2]) if found[2] else None
    return None


def facts_of(name: str) -> Facts:
    """Give what the name of a product, folder or file tells."""
    if found := _PRODUCT.search(name):
        baseline = found[4] or ""
        return Facts(
            utc(found[3]),
            None,
            found[2],
            f"{baseline[:2]}.{baseline[2:]}" if baseline else "",
            satellite(found[1]),
            found[6] or "",
        )
    stem = name.rpartition(".")[0] if "." in name[-6:] else name
    if found := _RANGE.search(stem):
        platform, level = _platform(found[2])
        return Facts(utc(found[3]), utc(found[4]), level, "", platform, "", found[1])
    if found := _SEN2R.search(stem):
        day = f"{found[3][:4]}-{found[3][4:6]}-{found[3][6:]}"
        # sen2r writes S2A2A: the satellite, then the level.
        return Facts(utc(day), None, f"L{found[2].upper()}", "", satellite(found[1]), "", found[5])
    if found := _GEE.search(stem):
        return Facts(utc(found[1]), tile=found[2])
    if _EUROSAT.search(stem):
        return Facts(level="L1C")
    if found := re.search(r"(?:^|_)T?(\d\d[A-Z]{3})_(\d{8}T\d{6})_", name):
        return Facts(utc(found[2]), tile=found[1])
    return Facts()


def satellite(text: str) -> str:
    """Give a satellite's name: ``"S2A"`` and ``"sentinel-2a"`` are Sentinel-2A."""
    found = re.fullmatch(r"(?:S|sentinel-?)2([A-D])", text, re.IGNORECASE)
    return f"Sentinel-2{found[1].upper()}" if found else text


def _platform(text: str) -> tuple[str, str]:
    found = re.search(r"(L1C|L2A)", text, re.IGNORECASE)
    level = found[1].upper() if found else ""
    plain = re.sub(r"[-]?(L1C|L2A)", "", text, flags=re.IGNORECASE)
    return ("Sentinel-2" if plain.upper() in ("S2", "SENTINEL2", "SENTINEL-2") else plain), level


def names_of_layers(stem: str, count: int, descriptions: Sequence[str | None]) -> tuple[str, ...]:
    """Give the names of the layers of one file: what it says itself, else what its name tells.

    ``"band 1"``, ``"band 2"``, ... where nothing does.
    """
    said = [(text or "").strip() for text in descriptions]
    if all(said) and len(set(said)) == count:
        return tuple(_said(text) for text in said)
    if count == 1:
        single = layer_name(stem)
        index = _SEN2R.search(stem)
        return (single[0] if single else index[6].upper() if index else "band 1",)
    if count == 3 and stem.upper().rpartition("_")[2] in ("TCI", "VISUAL"):
        return "TCI_R", "TCI_G", "TCI_B"
    if _EUROSAT.search(stem) and count == 13:
        return EUROSAT_BANDS
    if (found := _SEN2R.search(stem)) and found[6].upper() in ("BOA", "TOA"):
        near = "B08" if int(found[7]) < 20 else "B8A"
        skipped = {"B08", "B8A"} - {near} | ({"B10"} if found[6].upper() == "BOA" else set())
        bands = tuple(name for name in L1C_BANDS if name not in skipped)
        if len(bands) == count:
            return bands
    if (found := _RANGE.search(stem)) and "S2" in found[2].upper().replace("ENTINEL", "").replace(
        "-", ""
    ):
        known = {17: SEDM_BANDS, 12: L2A_BANDS, 13: L1C_BANDS}.get(count)
        if known:
            return known
    return tuple(f"band {number}" for number in range(1, count + 1))


def _said(text: str) -> str:
    found = layer_name(text.partition(",")[0].partition(" ")[0])
    return found[0] if found else COMMON.get(text.lower(), text)


def band_of_number(text: str) -> str | None:
    """Give the band of a number in metadata, where they are counted from 0 in the order of wavelengths."""
    return L1C_BANDS[int(text)] if text.isdigit() and int(text) < len(L1C_BANDS) else None
