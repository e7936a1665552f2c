"""The viewer of spectra of one dimension: units, errors, redshifted lines, measures of lines."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import traitlets

from ..datasets import Dataset
from ..errors import BadRequest, UnsupportedFormat
from ..processing.spectra1d import Spectrum1d, spectrum_of
from ..processing.spectral_measures import SMOOTHINGS, gaussian_on_line, measured, measures_table
from ..processing.spectral_units import MEDIA, UNITS, line_list, line_named
from ..wire import Reply, encode
from .base import STATIC, answers
from .spectrum_saving import SavingSpectrum
from .spectrum_source import Drawn

_COLUMNS = 4096

GROUPS = ["hydrogen", "helium", "forbidden", "ultraviolet", "stellar"]
"""Of lines that are drawn to begin with."""


class SpectrumViewer(SavingSpectrum):
    """Viewer of a spectrum: in any unit, at any redshift, with known lines over it.

    Parameters
    ----------
    source
        A path or URL; an open `Dataset` of kind ``"spectrum"`` or ``"table"``; an astropy ``Table`` with
        columns such as wavelength and flux; a ``specutils`` spectrum; (wavelengths, fluxes[, errors]), as
        arrays or quantities; or fluxes alone.
    hdu
        Number or EXTNAME of the HDU with the fluxes; the first with a spectrum by default.
    axis_unit, flux_unit, source_medium
        What the file's axis and fluxes are in, where it does not say that, or says it wrongly.
    **traits
        Initial values of the traits below.

    Raises
    ------
    AstrodataError
        A source that cannot be read, or that holds no spectrum.

    Examples
    --------
    >>> wave = np.linspace(4000.0, 7000.0, 3001)
    >>> flux = 1 + 5 * np.exp(-0.5 * ((wave - 5008.24) / 4) ** 2)
    >>> viewer = SpectrumViewer((wave, flux))
    >>> line = viewer.measure(4960, 5060)
    >>> print(f"{line['center'][0]:.2f}, {line['ew'][0]:.1f}")
    5008.24 Angstrom, -50.1 Angstrom
    """

    _esm = STATIC / "spectrum.js"
    _css = STATIC / "spectrum.css"

    redshift = traitlets.Float(
        0.0, help="By which the lines are moved: observed over rest wavelength, minus 1."
    ).tag(sync=True)
    unit = traitlets.Enum(
        ("own", *UNITS), "own", help="Unit of the axis; 'own' is the spectrum's."
    ).tag(sync=True)
    medium = traitlets.Enum(
        MEDIA, "vacuum", help="Whether wavelengths are told as in vacuum or as in air."
    ).tag(sync=True)
    reference = traitlets.Unicode(
        "H-alpha", help="Name of the line that is at velocity 0 where the unit is km/s."
    ).tag(sync=True)
    smoothing = traitlets.Enum(
        SMOOTHINGS, "none", help="How the fluxes on show are smoothed; measures never are."
    ).tag(sync=True)
    width = traitlets.Float(
        5.0, min=1.0, max=500.0, help="Of the smoothing in pixels: of the boxcar, or FWHM."
    ).tag(sync=True)
    errors = traitlets.Bool(True, help="Whether the band of errors is drawn.").tag(sync=True)
    mask = traitlets.Bool(True, help="Whether masked pixels are shaded.").tag(sync=True)
    lines = traitlets.List(
        traitlets.Unicode(),
        GROUPS,
        help="Names of the lines that are drawn, or of their groups; [] draws none.",
    ).tag(sync=True)
    x_range = traitlets.List(
        traitlets.Float(),
        None,
        allow_none=True,
        minlen=2,
        maxlen=2,
        help="Ends of the axis on show, in the unit on show; None shows all.",
    ).tag(sync=True)
    y_range = traitlets.List(
        traitlets.Float(),
        None,
        allow_none=True,
        minlen=2,
        maxlen=2,
        help="Fluxes at the lower and the upper edge; None fits what is shown.",
    ).tag(sync=True)
    height = traitlets.Int(360, min=120, help="Height of the plot in CSS pixels.").tag(sync=True)
    version = traitlets.Int(0, read_only=True, help="Counts the measures.").tag(sync=True)

    _saved = (
        *("redshift", "unit", "medium", "reference", "smoothing", "width", "errors", "mask"),
        *("lines", "x_range", "y_range", "height"),
    )

    def __init__(
        self,
        source: Any,
        hdu: int | str | None = None,
        *,
        axis_unit: str | None = None,
        flux_unit: str | None = None,
        source_medium: str | None = None,
        **traits: Any,
    ) -> None:
        self.dataset: Dataset | None = None
        found = source
        if isinstance(source, str | Path) or hasattr(source, "__fspath__"):
            from ..readers.registry import open_dataset

            found = open_dataset(source)
        if isinstance(found, Dataset):
            self.dataset = found = _spectrum_part(found, hdu)
        given = {"unit": axis_unit, "flux_unit": flux_unit, "medium": source_medium}
        self.spectrum: Spectrum1d = spectrum_of(found, **given)
        self._drawn = Drawn(self.spectrum)
        self._measures: list[dict[str, Any]] = []
        if self.spectrum.redshift is not None:
            traits.setdefault("redshift", self.spectrum.redshift)
        traits.setdefault("medium", self.spectrum.medium)
        super().__init__(**traits)

    # --- Python's side ----------------------------------------------------------------------------

    @property
    def measures(self) -> Any:
        """All measures so far, a `QTable` with a row a line, as of `measure`."""
        return measures_table(self._measures, self.spectrum)

    def measure(self, low: float, high: float) -> Any:
        """Measure the line between two places of the axis on show, and draw its fit.

        Parameters
        ----------
        low, high
            In the unit on show; the stretch holds the line and some continuum on both sides.

        Returns
        -------
        QTable
            One row, in the spectrum's own units: ``centroid``, ``flux``, ``ew`` (positive in absorption),
            ``ew_rest``, and of the fitted Gaussian ``center``, ``fwhm``, ``fwhm_velocity``, ``amplitude``;
            errors under ``..._err``. See `astrodata_kernel.processing.spectral_measures.measured`.

        Raises
        ------
        BadRequest
            Fewer than 8 pixels that are not masked.
        """
        return measures_table([self._measure(low, high)], self.spectrum)

    def clear_measures(self) -> None:
        """Forget all measures, and take their fits out of the plot."""
        self._measures = []
        self._tell()

    def table(self) -> Any:
        """Give the spectrum as a `QTable`, in the unit and the medium on show, with units."""
        return self._drawn.table(self._unit(), self.medium, self._reference())

    def observed(self, name: str) -> float:
        """Give where a line of the list lies on the axis on show, at the redshift on show.

        Parameters
        ----------
        name
            Such as ``"H-alpha"`` or ``"[O III] 5008"``.

        Raises
        ------
        UnknownName
            No such line.
        """
        return self._drawn.place_of(
            line_named(name).wavelength * (1 + self.redshift),
            self._unit(),
            self.medium,
            self._reference(),
        )

    # --- traits -----------------------------------------------------------------------------------

    @traitlets.validate("redshift")
    def _redshift_is_possible(self, proposal: dict[str, Any]) -> float:
        value = float(proposal["value"])
        if not -1 < value < 1000:
            raise BadRequest(f"redshift {value}: give a number above -1")
        return value

    @traitlets.validate("unit")
    def _unit_is_possible(self, proposal: dict[str, Any]) -> str:
        if proposal["value"] != "own" and not self.spectrum.has_units:
            raise BadRequest(
                f"{self.spectrum.name}: its axis has no unit; give axis_unit to SpectrumViewer"
            )
        return str(proposal["value"])

    @traitlets.validate("reference")
    def _reference_exists(self, proposal: dict[str, Any]) -> str:
        return line_named(proposal["value"]).name

    @traitlets.validate("lines")
    def _lines_exist(self, proposal: dict[str, Any]) -> list[str]:
        groups = {line.group for line in line_list()}
        return [name if name in groups else line_named(name).name for name in proposal["value"]]

    @traitlets.validate("x_range", "y_range")
    def _range_is_possible(self, proposal: dict[str, Any]) -> Any:
        ends = proposal["value"]
        if ends is not None and not (all(map(math.isfinite, ends)) and ends[0] < ends[1]):
            raise BadRequest(f"{ends}: give two finite numbers, the lower one first")
        return ends

    # --- requests ---------------------------------------------------------------------------------

    @answers("describe")
    def _describe(self) -> Reply:
        spectrum = self.spectrum
        warnings = [] if self.dataset is None else self.dataset.meta.get("warnings", ())
        return Reply(
            {
                "name": spectrum.name,
                "pixels": len(spectrum),
                "unit": spectrum.unit,
                "flux_unit": spectrum.flux_unit,
                "medium": spectrum.medium,
                "has_units": spectrum.has_units,
                "has_errors": spectrum.error is not None,
                "has_mask": spectrum.bad is not None,
                "redshift": spectrum.redshift,
                "lines": [
                    {
                        "name": line.name,
                        "label": line.label,
                        "wavelength": line.wavelength,
                        "group": line.group,
                        "seen": line.seen,
                    }
                    for line in line_list()
                ],
                "warnings": [*map(str, warnings), *spectrum.notes],
            }
        )

    @answers("curve")
    def _curve(
        self,
        unit: str,
        medium: str,
        reference: float,
        columns: int,
        smoothing: str = "none",
        width: float = 1.0,
        x_range: Sequence[float] | None = None,
    ) -> Reply:
        """Give lowest and highest values of stretches of pixels: f4 (1, 5, stretches).

        Rows: how far the middle of a stretch lies from ``zero``, lowest and highest flux, lower and upper
        edge of the errors; ``shaded`` are the masked stretches of the axis.
        """
        if not 1 <= int(columns) <= _COLUMNS:
            raise BadRequest(f"{columns} columns: give 1 to {_COLUMNS}")
        place = self._place(unit, medium, reference)
        rows, facts = self._drawn.curve(place, smoothing, float(width), x_range, int(columns))
        meta, buffer = encode(rows[None])
        return Reply({**meta, **facts}, [buffer])

    @answers("probe")
    def _probe(self, x: float, unit: str, medium: str, reference: float) -> Reply:
        """Give the pixel nearest to a place: its place, flux and error as they are."""
        return Reply(self._drawn.probe(float(x), self._place(unit, medium, reference)))

    @answers("measure")
    def _answer_measure(
        self, low: float, high: float, unit: str, medium: str, reference: float
    ) -> Reply:
        self._measured(float(low), float(high), self._place(unit, medium, reference))
        return self._fits(unit, medium, reference)

    @answers("measures")
    def _fits(self, unit: str, medium: str, reference: float) -> Reply:
        """Give all measures, and their fits as places and fluxes on the axis on show."""
        place = self._place(unit, medium, reference)
        found = []
        for measure in self._measures:
            x = np.linspace(measure["low"], measure["high"], 120)
            there = self._drawn.moved(x, place)
            fit = {
                "x": there.tolist(),
                "fit": gaussian_on_line(measure, x).tolist(),
                "continuum": (
                    measure["intercept"] + measure["slope"] * (x - measure["pivot"])
                ).tolist(),
            }
            numbers = {
                name: value if not isinstance(value, float) or math.isfinite(value) else None
                for name, value in measure.items()
            }
            found.append({**numbers, **fit})
        units = {"axis": self.spectrum.unit, "flux": self.spectrum.flux_unit}
        return Reply({"measures": found, "units": units})

    @answers("clear")
    def _answer_clear(self) -> Reply:
        self.clear_measures()
        return Reply({})

    # --- inside -----------------------------------------------------------------------------------

    def _unit(self) -> str:
        return self.spectrum.unit if self.unit == "own" else str(self.unit)

    def _reference(self) -> float:
        return line_named(self.reference).wavelength * (1 + self.redshift)

    def _place(self, unit: str, medium: str, reference: float) -> tuple[str, str, float]:
        unit = self.spectrum.unit if unit == "own" else unit
        if unit not in (*UNITS, self.spectrum.unit):
            raise BadRequest(f"unit {unit!r}: there are {', '.join(UNITS)}")
        if medium not in MEDIA:
            raise BadRequest(f"medium {medium!r}: there are {', '.join(MEDIA)}")
        return unit, medium, float(reference)

    def _measure(self, low: float, high: float) -> dict[str, Any]:
        return self._measured(low, high, (self._unit(), self.medium, self._reference()))

    def _measured(self, low: float, high: float, place: tuple[str, str, float]) -> dict[str, Any]:
        ends = self._drawn.back(np.array([low, high], np.float64), place)
        found = measured(self.spectrum, float(ends.min()), float(ends.max()), self.redshift)
        self._measures = [*self._measures, found]
        self._tell()
        return found

    def _tell(self) -> None:
        self.set_trait("version", self.version + 1)


def _spectrum_part(dataset: Dataset, hdu: int | str | None) -> Dataset:
    """Give a data set's part with fluxes: the one that is asked for, or the first that could be.

    Raises
    ------
    UnsupportedFormat
        There is none.
    """
    from ..processing.spectral_names import spectral_columns

    if hdu is not None:
        return dataset.hdu(hdu)
    if dataset.kind == "spectrum":
        return dataset
    for part in dataset.parts:
        if part.note or part.kind not in ("spectrum", "table"):
            continue
        found = dataset.hdu(part.index)
        if part.kind == "spectrum":
            return found
        if spectral_columns([(name, unit) for name, _, unit in found.table.columns]):
            return found
    raise UnsupportedFormat(
        f"{dataset.name} is of kind {dataset.kind!r}: it has no array of one axis and no table with columns "
        "such as wavelength and flux"
    )
