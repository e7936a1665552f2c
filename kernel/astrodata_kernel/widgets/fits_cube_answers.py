"""What the kernel answers of cubes: what they are, and spectra, with a file in which each lies together."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import AstrodataError, BadRequest
from ..wire import Reply, encode
from .base import answers
from .fits_cube_core import PATIENCE, later, readable
from .fits_cube_maps import CubeMaps
from .waveforms_jobs import Job, NotYet

UNITS = {
    "velocity": ("km/s", "m/s"),
    "frequency": ("GHz", "MHz", "kHz", "Hz"),
    "wavelength": ("Angstrom", "nm", "um", "mm", "cm", "m"),
    "energy": ("eV", "keV"),
}
"""That the browser offers."""

RECHUNKED = 64 << 20
"""Bytes of a cube from which on its spectra are worth a file of their own."""


class CubeAnswers(CubeMaps):
    """Answers the browser about a cube; `CubeWidget` adds the traits."""

    @answers("cube")
    def _describe_cube(
        self,
        hdu: int | None = None,
        unit: str | None = None,
        convention: str | None = None,
        rest: str | None = None,
    ) -> Reply:
        cube = self._cube_of(hdu)
        told = self._cube_told(cube, unit, convention, rest)
        axes = cube.axes
        note = axes.note
        try:
            axis = axes.values(**told)
        except BadRequest as error:
            note = f"{note}; {error}" if note else str(error)
            axis = axes.values(unit=readable(axes))
        values = np.asarray(axis.value, np.float64)
        high = values.astype(np.float32)
        low = (values - high.astype(np.float64)).astype(np.float32)
        named = axes.kind != "channel" and told["unit"] != "channel"
        from ..processing.cubes import quantity_name

        meta, first = encode(high[None])
        return Reply(
            {
                **meta,
                "hdu": cube.dataset.part,
                "lead": list(axes.shape[:-2]),
                "channel_axis": axes.channel,
                "stokes_axis": axes.stokes,
                "polarisations": list(axes.polarisations),
                "kind": axes.kind,
                "quantity": quantity_name(axis.unit) if named else "channel",
                "unit": axis.unit.to_string() if named else "",
                "frame": axes.frame,
                "convention": told["convention"] or axes.convention,
                "rest": told["rest"] or axes.rest,
                "units": _offered(axes),
                "value_unit": cube.unit,
                "note": note,
            },
            [first, encode(low[None])[1]],
        )

    @answers("spectrum")
    def _answer_spectrum(
        self,
        x: float | None = None,
        y: float | None = None,
        region: dict[str, Any] | None = None,
        statistic: str = "mean",
        hdu: int | None = None,
        plane: int | None = None,
        view: str = "",
        patience: float = PATIENCE,
    ) -> Reply:
        from ..processing.cube_spectra import raw_spectrum

        cube = self._cube_of(hdu)
        others = self._cube_others(cube, plane)
        file = self._spectra_file(cube)
        if region is None:
            values, counts = raw_spectrum(cube, x, _given(y), statistic, others)
        else:
            shape = dict(region)

            def work(job: Job[Any]) -> Any:
                return raw_spectrum(cube, shape, None, statistic, others, job.check, job.tell)

            key = ("spectrum", cube.dataset.part, others, repr(shape), statistic)
            try:
                values, counts = self._cube_jobs.ask(key, work, f"spectrum {view}", patience)
            except NotYet as not_yet:
                return later(not_yet, "reading the spectrum")
        meta, buffer = encode(values[None])
        told = {"x": x, "y": y, "pixels": int(counts.max(initial=0)), "statistic": statistic}
        return Reply({**meta, **told, "ready": True, "file": file}, [buffer])

    @answers("cube_cancel")
    def _answer_cancel(self, what: str, view: str = "", hdu: int | None = None) -> Reply:
        """Give up a view's moment, slice or spectrum under way, or the file of spectra."""
        if what == "file":
            number = self._cube_of(hdu).dataset.part
            self._spectra_refused[number] = "given up"
            self._cube_jobs.give_up(("file", number))
        else:
            self._cube_jobs.leave(f"{what} {view}")
        return Reply({})

    # --- parts ------------------------------------------------------------------------------------

    def _spectra_file(self, cube: Any) -> dict[str, Any]:
        """Tell of the file of spectra, which is begun when a cube is worth it."""
        number = cube.dataset.part
        if cube.blocks is not None:
            return {"state": "ready"}
        size = int(np.prod(cube.axes.shape, dtype=np.int64)) * cube.array.dtype.itemsize
        # All of a file that lies elsewhere would come through the network for it.
        if size < RECHUNKED or getattr(cube.array, "far", False):
            return {"state": "none"}
        if number in self._spectra_refused:
            return {"state": "refused", "note": self._spectra_refused[number]}

        def work(job: Job[Any]) -> Any:
            from ..processing import cubes

            cube.blocks = cubes.rechunk(cube, check=job.check, progress=job.tell)

        try:
            self._cube_jobs.ask(("file", number), work, "file", 0.0, lasting=True)
        except NotYet as not_yet:
            return {"state": "working", "progress": not_yet.progress}
        except AstrodataError as error:
            self._spectra_refused[number] = str(error)
            return {"state": "refused", "note": str(error)}
        return {"state": "ready"}


def _given(y: float | None) -> float:
    if y is None:
        raise BadRequest("a spectrum is that of a pixel x, y, or of a region")
    return y


def _offered(axes: Any) -> list[str]:
    if axes.kind == "channel":
        return []
    return [unit for units in UNITS.values() for unit in units]
