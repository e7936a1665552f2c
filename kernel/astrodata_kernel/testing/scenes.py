"""Small products of Sentinel-2 in ESA's layout, made of numbers that one gives or of a simple landscape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..readers.sentinel_gdal import needed
from ..readers.sentinel_names import L1C_BANDS, L2A_BANDS, WAVELENGTHS


def safe_folder(
    folder: Path,
    *,
    level: str = "L2A",
    baseline: str = "04.00",
    offset: float | None = -1000,
    date: datetime = datetime(2022, 7, 14, 10, 6, 1, tzinfo=UTC),
    size: int = 240,
    epsg: int = 32633,
    corner: tuple[float, float] = (399960.0, 4600020.0),
    tile: str = "33TWG",
    bands: Sequence[str] | None = None,
    numbers: Mapping[str, npt.NDArray[Any]] | None = None,
    scl: npt.NDArray[Any] | None = None,
    seed: int = 0,
) -> Path:
    """Write a SAFE folder with JPEG 2000 bands and the metadata that readers need, and give its path.

    Parameters
    ----------
    folder
        Where to put it.
    level, baseline, date, tile
        What its name and metadata say.
    offset
        BOA_ADD_OFFSET or RADIO_ADD_OFFSET of all bands; None leaves the element out, as before 04.00.
    size
        Pixels of 10 m on a side, a multiple of 6.
    epsg, corner
        UTM zone, and easting and northing of the upper left corner in m.
    bands
        Those to write; all of the level when None.
    numbers
        DN of some bands, uint16, each on its own grid; a simple landscape for the others.
    scl
        Scene classification at 20 m; all vegetation when None. Only of level L2A.
    seed
        Of the landscape.
    """
    stamp = date.strftime("%Y%m%dT%H%M%S")
    orbit = f"N{baseline.replace('.', '')}_R122_T{tile}"
    name = f"S2A_MSI{level}_{stamp}_{orbit}_{stamp}.SAFE"
    granule = f"{level}_T{tile}_A036861_{stamp}"
    images = folder / name / "GRANULE" / granule / "IMG_DATA"
    chosen = list(bands if bands is not None else L2A_BANDS if level == "L2A" else L1C_BANDS)
    given = dict(numbers or {})
    listed = []
    sizes: dict[str, int] = {band: WAVELENGTHS[band][2] for band in chosen}
    if level == "L2A":
        sizes["SCL"] = 20
        given["SCL"] = np.full((size // 2, size // 2), 4, "u1") if scl is None else scl
    for band, metres in sizes.items():
        side = size * 10 // metres
        values = given.get(band)
        if values is None:
            values = landscape(band, side, seed, 0 if offset is None else -offset)
        inside = f"R{metres}m/" if level == "L2A" else ""
        ending = f"_{metres}m" if level == "L2A" else ""
        stem = f"{inside}T{tile}_{stamp}_{band}{ending}"
        write_jpeg2000(images / f"{stem}.jp2", values, epsg, corner, metres)
        listed.append(f"GRANULE/{granule}/IMG_DATA/{stem}")
    made = folder / name
    kind = "1C" if level == "L1C" else "2A"
    (made / f"MTD_MSI{level}.xml").write_text(
        _product_xml(name, level, kind, baseline, date, offset, listed)
    )
    (made / "GRANULE" / granule / "MTD_TL.xml").write_text(
        _tile_xml(tile, kind, date, epsg, corner, size)
    )
    return made


def landscape(band: str, side: int, seed: int = 0, added: float = 0) -> npt.NDArray[np.uint16]:
    """Give DN of a place with fields and a lake: bright in the near infrared where there are plants."""
    rng = np.random.default_rng(seed)
    bumps = rng.uniform(0, 2 * np.pi, (4, 2))
    y, x = np.mgrid[0:side, 0:side] / side
    plants = np.zeros((side, side))
    for n, (a, b) in enumerate(bumps, 1):
        plants += np.sin(2 * np.pi * n * x + a) * np.sin(2 * np.pi * n * y + b) / n
    plants = (plants - plants.min()) / (np.ptp(plants) or 1)
    wavelength = WAVELENGTHS[band][0] if band in WAVELENGTHS else 800.0
    leaf = 0.04 + 0.4 / (1 + np.exp(-(wavelength - 720) / 15)) * np.exp(
        -max(0, wavelength - 1300) / 700
    )
    soil = 0.08 + 0.22 * min(wavelength, 1600) / 1600
    values = 1e4 * (plants * leaf + (1 - plants) * soil)
    values[(x - 0.7) ** 2 + (y - 0.3) ** 2 < 0.01] = 1e4 * (0.06 if wavelength < 600 else 0.01)
    return (values + added + rng.normal(0, 10, values.shape)).clip(1, 65534).astype(np.uint16)


def write_jpeg2000(
    path: Path, values: npt.NDArray[Any], epsg: int, corner: tuple[float, float], metres: float
) -> None:
    """Write a lossless JPEG 2000 with its place on the ground."""
    rasterio = needed()
    path.parent.mkdir(parents=True, exist_ok=True)
    left, top = corner
    with (
        rasterio.Env(GDAL_PAM_ENABLED="NO"),
        rasterio.open(
            path,
            "w",
            driver="JP2OpenJPEG",
            height=values.shape[0],
            width=values.shape[1],
            count=1,
            dtype=values.dtype,
            crs=f"EPSG:{epsg}",
            transform=rasterio.Affine(metres, 0, left, 0, -metres, top),
            QUALITY="100",
            REVERSIBLE="YES",
            # Six as in ESA's files, of which the coarsest gives a picture at once.
            RESOLUTIONS=str(min(6, int(np.log2(min(values.shape))) + 1)),
        ) as out,
    ):
        out.write(values, 1)


def _product_xml(
    name: str,
    level: str,
    kind: str,
    baseline: str,
    date: datetime,
    offset: float | None,
    images: Sequence[str],
) -> str:
    time = date.strftime("%Y-%m-%dT%H:%M:%S.024Z")
    word = "BOA" if level == "L2A" else "RADIO"
    listed = "".join(f"<IMAGE_FILE>{image}</IMAGE_FILE>" for image in images)
    if level == "L2A":
        scales = (
            "<QUANTIFICATION_VALUES_LIST><BOA_QUANTIFICATION_VALUE>10000</BOA_QUANTIFICATION_VALUE>"
            "</QUANTIFICATION_VALUES_LIST>"
        )
    else:
        scales = "<QUANTIFICATION_VALUE>10000</QUANTIFICATION_VALUE>"
    offsets = ""
    if offset is not None:
        each = "".join(
            f'<{word}_ADD_OFFSET band_id="{n}">{offset:g}</{word}_ADD_OFFSET>' for n in range(13)
        )
        offsets = f"<{word}_ADD_OFFSET_VALUES_LIST>{each}</{word}_ADD_OFFSET_VALUES_LIST>"
    spectra = "".join(
        f'<Spectral_Information bandId="{n}" physicalBand="{band}"><RESOLUTION>{metres}</RESOLUTION>'
        f"<Wavelength><MIN>{centre - width / 2}</MIN><MAX>{centre + width / 2}</MAX>"
        f"<CENTRAL>{centre}</CENTRAL></Wavelength></Spectral_Information>"
        for n, (band, (centre, width, metres)) in enumerate(WAVELENGTHS.items())
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><n1:Level-{kind}_User_Product '
        f'xmlns:n1="https://psd-14.sentinel2.eo.esa.int/PSD/User_Product_Level-{kind}.xsd">'
        f"<n1:General_Info><Product_Info><PRODUCT_START_TIME>{time}</PRODUCT_START_TIME>"
        f"<PRODUCT_URI>{name}</PRODUCT_URI><PROCESSING_LEVEL>Level-{kind}</PROCESSING_LEVEL>"
        f"<PROCESSING_BASELINE>{baseline}</PROCESSING_BASELINE><Datatake>"
        "<SPACECRAFT_NAME>Sentinel-2A</SPACECRAFT_NAME></Datatake><Product_Organisation><Granule_List>"
        f"<Granule>{listed}</Granule></Granule_List></Product_Organisation></Product_Info>"
        "<Product_Image_Characteristics><Special_Values><SPECIAL_VALUE_TEXT>NODATA</SPECIAL_VALUE_TEXT>"
        "<SPECIAL_VALUE_INDEX>0</SPECIAL_VALUE_INDEX></Special_Values><Special_Values>"
        "<SPECIAL_VALUE_TEXT>SATURATED</SPECIAL_VALUE_TEXT><SPECIAL_VALUE_INDEX>65535</SPECIAL_VALUE_INDEX>"
        f"</Special_Values>{scales}{offsets}<Spectral_Information_List>{spectra}"
        "</Spectral_Information_List></Product_Image_Characteristics></n1:General_Info>"
        "<n1:Quality_Indicators_Info><Cloud_Coverage_Assessment>12.5</Cloud_Coverage_Assessment>"
        f"</n1:Quality_Indicators_Info></n1:Level-{kind}_User_Product>"
    )


def _tile_xml(
    tile: str, kind: str, date: datetime, epsg: int, corner: tuple[float, float], size: int
) -> str:
    time = date.strftime("%Y-%m-%dT%H:%M:%S.160Z")
    sizes = "".join(
        f'<Size resolution="{metres}"><NROWS>{size * 10 // metres}</NROWS>'
        f"<NCOLS>{size * 10 // metres}</NCOLS></Size>"
        for metres in (10, 20, 60)
    )
    places = "".join(
        f'<Geoposition resolution="{metres}"><ULX>{corner[0]}</ULX><ULY>{corner[1]}</ULY>'
        f"<XDIM>{metres}</XDIM><YDIM>-{metres}</YDIM></Geoposition>"
        for metres in (10, 20, 60)
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><n1:Level-{kind}_Tile_ID '
        f'xmlns:n1="https://psd-14.sentinel2.eo.esa.int/PSD/S2_PDI_Level-{kind}_Tile_Metadata.xsd">'
        f"<n1:General_Info><TILE_ID>S2A_OPER_MSI_L{kind}_TL_MSFT_20220714T100601_A036861_T{tile}_N04.00"
        f"</TILE_ID><SENSING_TIME>{time}</SENSING_TIME></n1:General_Info><n1:Geometric_Info>"
        f"<Tile_Geocoding><HORIZONTAL_CS_CODE>EPSG:{epsg}</HORIZONTAL_CS_CODE>{sizes}{places}"
        f"</Tile_Geocoding></n1:Geometric_Info></n1:Level-{kind}_Tile_ID>"
    )
