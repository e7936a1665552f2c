"""Spectral indices of Sentinel-2: nineteen by default, a catalogue by name, and formulas of one's own.

`DEFAULT` is the set that a burnt-area and vegetation study of one scene asks for, told in
``indices_default.json``. Of the twenty-one that are usual, two are left out because others say the same:
SAVI, whose free soil constant OSAVI fixes and MSAVI finds in each pixel, and EVI2, which stands in for EVI
where a sensor has no blue band. What remains: greenness (NDVI EVI OSAVI MSAVI GNDVI ARVI GEMI), chlorophyll
and pigments by the red edge that Sentinel-2 is there for (NDRE MCARI TCARI ARI LCI), water (NDMI NDWI) and
burns (NBR NBR2 BAI BAIS2 MIRBI). SAVI and EVI2 are still to be had by name: they are in the catalogue.

``indices_catalogue.json`` holds the 245 indices of the Awesome Spectral Indices catalogue (its schema v0,
which is being replaced, hence a copy; MIT licence inside) that Sentinel-2's bands can give.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import BadRequest, UnknownName
from .indices_formula import Graph, Meaning, parse

BANDS = ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B10", "B11", "B12")
"""Bands of Sentinel-2, by wavelength."""

_PRECISIONS: dict[str, type[np.floating[Any]]] = {"double": np.float64, "single": np.float32}


@dataclass(frozen=True)
class Index:
    """An index: what it is called, its formula on reflectance, and where it is from.

    Attributes
    ----------
    name
        Short name, as ``"NBR"``.
    formula
        Text of band names (``B08``, or the catalogue's letters, as ``N``) and numbers.
    long_name, domain, source
        For people; `domain` is as ``"burn"``, `source` a paper.
    range
        Values that are usual on land, for display; None where nobody tells.
    constants
        Values of the letters that are no bands.
    """

    name: str
    formula: str
    long_name: str = ""
    domain: str = ""
    source: str = ""
    range: tuple[float, float] | None = None
    constants: tuple[tuple[str, float], ...] = ()

    @property
    def bands(self) -> tuple[str, ...]:
        """The bands that the formula takes, by wavelength."""
        return bands_of([self])


@cache
def _packaged(name: str) -> dict[str, Any]:
    return dict(json.loads(files(__package__).joinpath(name).read_text("utf-8")))


@cache
def _defaults() -> dict[str, Index]:
    return {
        name: Index(
            name,
            told["formula"],
            told["long_name"],
            source=told["source"],
            range=(float(told["range"][0]), float(told["range"][1])),
        )
        for name, told in _packaged("indices_default.json")["indices"].items()
    }


@cache
def _catalogued() -> dict[str, Index]:
    whole = _packaged("indices_catalogue.json")
    return {
        name: Index(
            name,
            told["formula"],
            told["long_name"],
            told["domain"],
            told["source"],
            constants=tuple(whole["of_index"].get(name, {}).items()),
        )
        for name, told in whole["indices"].items()
    }


DEFAULT: tuple[str, ...] = tuple(_defaults())
"""Names of the nineteen default indices."""


def names() -> list[str]:
    """List every index that is known by name, the default ones first."""
    return [*DEFAULT, *sorted(set(_catalogued()) - set(DEFAULT))]


def find(name: str) -> Index:
    """Give the index of a name; the default set goes before the catalogue.

    Raises
    ------
    UnknownName
        There is none; the text names the nearest.
    """
    found = _defaults().get(name) or _catalogued().get(name)
    if found is None:
        close = difflib.get_close_matches(name, names(), 3) or difflib.get_close_matches(
            name.upper(), names(), 3
        )
        hint = f"did you mean {', '.join(close)}?" if close else "see indices.names()"
        raise UnknownName(f"no index is called {name[:60]!r}: {hint}")
    return found


def bands_of(wanted: Any) -> tuple[str, ...]:
    """Give the bands that indices take, by wavelength.

    Parameters
    ----------
    wanted
        As of `compute`.

    Raises
    ------
    UnknownName, BadRequest
        As of `compute`.
    """
    used = {str(node[1]) for node in _graph(_chosen(wanted), {})[0].nodes if node[0] == "band"}
    return tuple(band for band in BANDS if band in used)


def compute(
    names: Any,
    bands: Mapping[str, Any],
    scale: Any = 1e-4,
    offset: Any = 0.0,
    *,
    nodata: float | None = None,
    constants: Mapping[str, float] | None = None,
    out: Mapping[str, npt.NDArray[Any]] | None = None,
    workers: int | None = None,
    precision: str = "double",
) -> dict[str, Any]:
    """Compute any set of indices in one pass over the bands.

    Parameters
    ----------
    names
        A name or several (`names()` lists them), a formula as ``"(B08 - B11) / (B08 + B11)"``, an `Index`, or
        a mapping of names of one's own to formulas. A formula is read, never run; `indices_formula.parse`
        says what it may hold.
    bands
        Arrays of one shape by band name (``"B02"`` to ``"B12"``, ``"B8A"``; ``"B2"`` is understood): digital
        numbers or reflectances, of NumPy, Dask or xarray. What is masked is NaN in the result.
    scale, offset
        reflectance = (number + offset) * scale; one number each, or one for each band by name. Bands that
        are reflectances already: scale 1.
    nodata
        Number that stands for no measurement, as 0 in Sentinel-2's products; NaN in the result. By default
        every number is taken as it is.
    constants
        Values of letters in formulas, as ``{"L": 0.5}``; they go before the catalogue's.
    out
        Arrays to fill, by name, in place of new ones; not with Dask.
    workers
        Threads; as many as there are cores by default.
    precision
        ``"double"`` computes in float64. ``"single"`` takes two thirds of the time, and is as good
        to 1e-5 but where a denominator nearly vanishes, as those of EVI, ARVI and BAI can.

    Returns
    -------
    dict
        float32 of the bands' shape by name, in the order asked for. A zero denominator,
        the root or logarithm of what has none, and whatever is beyond float32 give NaN, never infinity and
        never a warning. Dask arrays give Dask arrays: nothing is read yet, and the indices of a chunk are
        made together, so compute them together (``dask.compute(result)``). xarray gives `DataArray` with the
        coordinates of the bands.

    Raises
    ------
    UnknownName
        A name that no index has.
    BadRequest
        A formula that cannot be read, a band that is missing, bands of different shapes or coordinates.

    Examples
    --------
    >>> import numpy as np
    >>> bands = {"B08": np.array([3000, 0], "u2"), "B12": np.array([1000, 0], "u2")}
    >>> compute("NBR", bands)["NBR"].tolist()
    [0.5, nan]
    """
    from .indices_arrays import Work
    from .indices_engine import Calibration, program

    chosen = _chosen(names)
    graph, places = _graph(chosen, dict(constants or {}))
    todo = program(graph, places)
    given = _given(bands)
    missing = [band for band in BANDS if band in todo.bands and band not in given]
    if missing:
        users = [i.name for i in chosen if set(missing) & set(bands_of([i]))]
        raise BadRequest(
            f"band {', '.join(missing)} is missing for {', '.join(users)}: give it, or leave out "
            f"{'that index' if len(users) == 1 else 'those indices'} (there are {', '.join(given)})"
        )
    if not todo.bands:
        raise BadRequest(f"{chosen[0].name} takes no band: a formula names one, as B08")
    ways = {
        band: Calibration(_of(scale, band, "scale"), _of(offset, band, "offset"), nodata)
        for band in todo.bands
    }
    if precision not in _PRECISIONS:
        raise BadRequest(f'precision {precision!r} is unknown: give "double" or "single"')
    told = tuple((index.name, index.long_name) for index in chosen)
    work = Work(told, todo, ways, workers, _PRECISIONS[precision])
    return work.on({band: given[band] for band in todo.bands}, out)


def _chosen(wanted: Any) -> list[Index]:
    if isinstance(wanted, Mapping):
        return [Index(str(name), formula) for name, formula in wanted.items()]
    several: Sequence[Any] = [wanted] if isinstance(wanted, str | Index) else list(wanted)
    if not several:
        raise BadRequest("no index is named: give one or more, as 'NBR', or indices.DEFAULT")
    chosen = {}
    for one in several:
        if isinstance(one, str) and not re.fullmatch(r"\w+", one.strip()):
            one = Index(one, one)
        index = one if isinstance(one, Index) else find(str(one).strip())
        chosen[index.name] = index
    return list(chosen.values())


def _graph(chosen: Sequence[Index], constants: Mapping[str, float]) -> tuple[Graph, list[int]]:
    graph = Graph()
    known = _packaged("indices_catalogue.json")
    letters, usual = known["bands"], known["constants"]
    places = []
    for index in chosen:
        values = {**usual, **dict(index.constants), **constants}

        def meaning(name: str, values: Mapping[str, float] = values) -> Meaning | None:
            # A value that the user gives goes before a letter of the same name.
            if name in constants:
                return "number", float(constants[name])
            band = letters.get(name) or _band(name)
            if band:
                return "band", band
            return ("number", float(values[name])) if name in values else None

        places.append(parse(_without_kernels(index.formula), graph, meaning))
    return graph, places


def _without_kernels(formula: str) -> str:
    """Write k(a, b) of the catalogue (``kNR``) out: the radial kernel whose width is the mean of a and b."""

    def written(found: re.Match[str]) -> str:
        a, b = found.groups()
        return "1" if a == b else f"exp(-(({a} - {b}) / ({a} + {b})) ** 2 * 2)"

    return re.sub(r"\bk([BGRNL])([BGRNL])\b", written, formula) if "k" in formula else formula


def _band(name: str) -> str | None:
    found = re.fullmatch(r"[Bb]0?(\d{1,2}|8[Aa])", str(name))
    if not found:
        return None
    band = f"B{found[1].upper().zfill(2)}"
    return band if band in BANDS else None


def _given(bands: Mapping[str, Any]) -> dict[str, Any]:
    letters = _packaged("indices_catalogue.json")["bands"]
    given: dict[str, Any] = {}
    for name, values in bands.items():
        band = _band(name) or letters.get(name)
        if band is None:
            continue  # SCL, a cloud mask: no formula asks for them
        if band in given:
            raise BadRequest(f"band {band} is given twice, also as {name!r}: give it once")
        given[band] = values
    return given


def _of(number: Any, band: str, what: str) -> float:
    if isinstance(number, Mapping):
        by_band = {_band(name) or name: value for name, value in number.items()}
        if band not in by_band:
            raise BadRequest(f"no {what} is given for band {band}")
        number = by_band[band]
    value = float(number)
    if not np.isfinite(value):
        raise BadRequest(f"the {what} of band {band} is {value}: give a finite number")
    return value
