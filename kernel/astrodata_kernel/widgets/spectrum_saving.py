"""What leaves the spectrum viewer: figures, tables with units, its state, the code that shows it again."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from ..datasets import Dataset
from ..errors import BadRequest, MissingPackage
from ..processing.spectra1d import Spectrum1d, is_wavelength
from ..processing.spectral_measures import gaussian_on_line
from ..processing.spectral_units import line_list
from ..wire import Reply
from ..writing import write_whole
from .base import RequestWidget, answers
from .saved_state import as_words, changed_traits
from .spectrum_source import Drawn
from .table_saving import table_bytes

FIGURES = ("png", "pdf", "svg")
TABLES = ("fits", "csv", "ecsv", "parquet")
FORMATS = (*FIGURES, *TABLES, "json", "py")


class SavingSpectrum(RequestWidget):
    """Saves what a spectrum viewer shows; a subclass sets what is declared here, and the traits."""

    dataset: Dataset | None
    spectrum: Spectrum1d
    redshift: Any
    medium: Any
    smoothing: Any
    width: Any
    errors: Any
    mask: Any
    lines: Any
    x_range: Any
    y_range: Any
    _drawn: Drawn
    _measures: list[dict[str, Any]]
    _saved: tuple[str, ...]

    def state(self) -> dict[str, Any]:
        """Give what the viewer shows and how, as plain values: source, hdu, and the traits that were changed.

        `adk.SpectrumViewer(state.pop("source"), **state)` shows the same again.
        """
        provenance = None if self.dataset is None else self.dataset.provenance
        source = provenance.path if provenance else self.spectrum.name
        part = {} if self.dataset is None or not self.dataset.part else {"hdu": self.dataset.part}
        return {"source": source, **part, **changed_traits(self, self._saved)}

    def code(self) -> str:
        """Give the Python that shows the same again."""
        state = self.state()
        source = state.pop("source")
        words = as_words(state)
        if self.dataset is None or self.dataset.provenance is None:
            return (
                f"# {source} is in memory: give it in its place\nadk.SpectrumViewer(source{words})"
            )
        return f"adk.SpectrumViewer({source!r}{words})"

    def figure(self, width: float = 9.0) -> Any:
        """Draw what is seen as a Matplotlib figure, `width` inches wide.

        Raises
        ------
        MissingPackage
            Matplotlib is not installed.
        """
        try:
            from ..drawing import CellFigure
        except ImportError:
            raise MissingPackage("a figure needs Matplotlib: pip install matplotlib") from None
        place = (self._unit(), str(self.medium), self._reference())
        axis = self._drawn.axis(place)
        flux = self._drawn.flux(str(self.smoothing), float(self.width))
        figure = CellFigure(figsize=(width, 0.5 * width), layout="constrained")
        axes = figure.add_subplot()
        spectrum = self.spectrum
        if self.errors and spectrum.error is not None:
            low, high = flux - spectrum.error, flux + spectrum.error
            axes.fill_between(axis, low, high, color="0.8", linewidth=0)
        if self.mask and spectrum.bad is not None:
            ends = self._drawn._shaded(axis, 0, len(axis))
            for left, right in ends:
                axes.axvspan(left, right, color="tab:red", alpha=0.12, linewidth=0)
        axes.plot(axis, flux, color="black", linewidth=0.7)
        for measure in self._measures:
            x = np.linspace(measure["low"], measure["high"], 300)
            axes.plot(self._drawn.moved(x, place), gaussian_on_line(measure, x), color="tab:orange")
        axes.set_xlim(*(self.x_range or (min(axis[0], axis[-1]), max(axis[0], axis[-1]))))
        if self.y_range:
            axes.set_ylim(*self.y_range)
        self._draw_lines(axes, place)
        axes.set_xlabel(axis_label(place[0], place[1]))
        axes.set_ylabel(f"Flux ({spectrum.flux_unit})" if spectrum.flux_unit else "Flux")
        axes.set_title(f"{spectrum.name}, z = {self.redshift:g}", fontsize=10)
        return figure

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write what is seen to a file, by the ending of its name.

        Parameters
        ----------
        path
            ``.png``, ``.pdf`` or ``.svg`` (a figure), ``.fits``, ``.ecsv``, ``.parquet`` or ``.csv`` (the
            spectrum in the unit on show), ``.json`` (the state) or ``.py`` (the code that shows it again). A
            file that is there is replaced.

        Raises
        ------
        BadRequest
            Another ending.
        """
        target = Path(path)
        write_whole(target, self._bytes(target.suffix.removeprefix(".").lower()))
        return target

    @answers("save")
    def _answer_save(self, what: str) -> Reply:
        made = self._bytes(what)
        stem = Path(self.spectrum.name).name.split(".")[0] or "spectrum"
        return Reply({"name": f"{stem}.{what}", "bytes": len(made)}, [memoryview(made)])

    def table(self) -> Any:
        """Give the spectrum as a table."""
        raise NotImplementedError

    def _unit(self) -> str:
        raise NotImplementedError

    def _reference(self) -> float:
        raise NotImplementedError

    def _draw_lines(self, axes: Any, place: tuple[str, str, float]) -> None:
        if not self.spectrum.has_units:
            return
        low, high = axes.get_xlim()
        last = -np.inf
        inside = []
        for line in line_list():
            if line.name in self.lines or line.group in self.lines:
                at = self._drawn.place_of(line.wavelength * (1 + self.redshift), *place)
                if low < at < high:
                    inside.append((at, line.label))
        for at, label in sorted(inside):
            axes.axvline(at, color="tab:blue", alpha=0.4, linewidth=0.7)
            if (at - last) / (high - low) > 0.018:
                axes.text(
                    at,
                    0.99,
                    label,
                    transform=axes.get_xaxis_transform(),
                    rotation=90,
                    fontsize=7,
                    va="top",
                )
                last = at

    def _bytes(self, what: str) -> bytes:
        if what in FIGURES:
            made = io.BytesIO()
            self.figure().savefig(made, format=what, dpi=200)
            return made.getvalue()
        if what in TABLES:
            return table_bytes(self.table(), what)
        if what == "json":
            return json.dumps(self.state(), indent=1).encode()
        if what == "py":
            return f"import astrodata_kernel as adk\n\n{self.code()}\n".encode()
        raise BadRequest(f"format {what!r} is unknown: there are {', '.join(FORMATS)}")


def axis_label(unit: str, medium: str) -> str:
    """Give what the axis of a figure is called."""
    if unit == "pix":
        return "pixel"
    names = {"km/s": "Velocity", "GHz": "Frequency", "Hz": "Frequency", "eV": "Energy"}
    if unit in names:
        return f"{names[unit]} ({unit})"
    return f"Wavelength in {medium} ({unit})" if is_wavelength(unit) else unit
