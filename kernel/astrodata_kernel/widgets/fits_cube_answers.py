"""What the kernel answers of cubes: what they are, spectra, moment maps, slices, and files of them."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Hashable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ..datasets import Dataset, Part
from ..errors import AstrodataError, BadRequest
from ..processing.cube_axes import rest_of
from ..wire import Reply, encode
from .base import RequestWidget, answers
from .waveforms_jobs import Job, Jobs, NotYet

UNITS = {
    "velocity": ("km/s", "m/s"),
    "frequency": ("GHz", "MHz", "kHz", "Hz"),
    "wavelength": ("Angstrom", "nm", "um", "mm", "cm", "m"),
    "energy": ("eV", "keV"),
}
"""That the browser offers."""

RECHUNKED = 64 << 20
"""Bytes of a cube from which on its spectra are worth a file of their own."""

PATIENCE = 0.25
"""Seconds that a request waits for work before it says how far it is."""

_KEPT_MAPS = 6


class _CubeJobs(Jobs):
    """Work that a person can give up as well."""

    def leave(self, slot: str) -> None:
        """Give up what a slot asked for, unless another one wants it."""
        with self._lock:
            self._leave(slot, None)

    def give_up(self, key: Hashable) -> None:
        """Give up a piece of work."""
        with self._lock:
            job = self._jobs.pop(key, None)
            if job is not None:
                job.cancel()


class CubeAnswers(RequestWidget):
    """Answers the browser; `CubeWidget` adds the traits, and a subclass what is declared here."""

    hdu: Any
    plane: Any
    spectral_unit: Any
    doppler_convention: Any
    rest: Any
    _of: Callable[[int], Dataset]
    _dataset: Dataset
    _by_hdu: dict[int, Dataset]
    _planes: dict[int, Any]

    def __init__(self, **kwargs: Any) -> None:
        self._cubes: dict[int, Any] = {}
        self._cube_lock = threading.Lock()
        self._cube_jobs = _CubeJobs()
        self._spectra_refused: dict[int, str] = {}
        self._moment_maps: dict[int, tuple[int, dict[str, Any]]] = {}
        super().__init__(**kwargs)

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
            axis = axes.values(unit=_readable(axes))
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
                return _later(not_yet, "reading the spectrum")
        meta, buffer = encode(values[None])
        told = {"x": x, "y": y, "pixels": int(counts.max(initial=0)), "statistic": statistic}
        return Reply({**meta, **told, "ready": True, "file": file}, [buffer])

    @answers("moment")
    def _answer_moment(
        self,
        order: int = 0,
        channels: list[int] | None = None,
        threshold: float | None = None,
        hdu: int | None = None,
        plane: int | None = None,
        view: str = "",
        patience: float = PATIENCE,
        unit: str | None = None,
        convention: str | None = None,
        rest: str | None = None,
    ) -> Reply:
        cube = self._cube_of(hdu)
        axes = cube.axes
        others = self._cube_others(cube, plane)
        words = {"order": order, "channels": channels, "threshold": threshold}
        told = self._cube_told(cube, unit, convention, rest)

        def work(job: Job[Any]) -> int:
            made = self._made_moment(
                cube, words, None, others=others, told=told, check=job.check, progress=job.tell
            )
            return self._keep_moment_map(
                made, cube.dataset, {**words, "stokes": _pole(cube, others)}
            )

        key = ("moment", cube.dataset.part, others, repr(words), repr(told))
        try:
            number = self._cube_jobs.ask(key, work, f"moment {view}", patience)
            if number not in self._moment_maps:  # made before, and given up for newer ones
                number = self._cube_jobs.ask((*key, number), work, f"moment {view}", patience)
        except NotYet as not_yet:
            return _later(not_yet, f"moment {order}")
        name = axes.name(axes.plane(0, others)).rpartition(", ")[0]
        return Reply({"ready": True, "hdu": number, "of": cube.dataset.part, "stokes": name})

    @answers("slice")
    def _answer_slice(
        self,
        path: list[list[float]],
        width: int = 1,
        hdu: int | None = None,
        plane: int | None = None,
        view: str = "",
        patience: float = PATIENCE,
    ) -> Reply:
        cube = self._cube_of(hdu)
        try:
            image, header = self._cut(cube, path, width, plane, view, patience)
        except NotYet as not_yet:
            return _later(not_yet, "the slice")
        from ..processing.raster import limits

        low, high = limits(image, "99.5%")
        meta, buffer = encode(image)
        step, unit = float(header["CDELT1"]), str(header["CUNIT1"])
        if unit == "deg":
            factor, unit = (60.0, "arcmin") if step * image.shape[1] > 0.1 else (3600.0, "arcsec")
            step *= factor
        told = {"low": low, "high": high, "step": step, "step_unit": unit}
        return Reply({**meta, **told, "ready": True}, [buffer])

    @answers("cube_file")
    def _answer_file(
        self,
        path: list[list[float]] | None = None,
        width: int = 1,
        hdu: int | None = None,
        plane: int | None = None,
        view: str = "",
        patience: float = PATIENCE,
    ) -> Reply:
        """Give a FITS file: of the slice along a path, or of the map on show."""
        from astropy.io import fits

        number = self.hdu if hdu is None else int(hdu)
        if path is None:
            if number not in self._moment_maps:
                raise BadRequest(f"HDU {number} is no moment map: make one first")
            made = self._by_hdu[number]
            hdus = fits.PrimaryHDU(np.asarray(made.array), _header_of(made))
            order = self._moment_maps[number][1]["order"]
            name = f"{_stem(self._dataset)}_moment{order}.fits"
        else:
            try:
                image, header = self._cut(self._cube_of(number), path, width, plane, view, patience)
            except NotYet as not_yet:
                return _later(not_yet, "the slice")
            hdus, name = fits.PrimaryHDU(image, header), f"{_stem(self._dataset)}_slice.fits"
        content = io.BytesIO()
        hdus.writeto(content)
        return Reply({"ready": True, "name": name}, [memoryview(content.getvalue())])

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

    def _cube_of(self, hdu: int | None) -> Any:
        from ..processing.cubes import Cube

        number = self.hdu if hdu is None else int(hdu)
        with self._cube_lock:
            known = self._cubes.get(number)
        if known is None:
            dataset = self._of(number)
            if dataset.kind != "cube":
                raise BadRequest(
                    f"{dataset.name}, HDU {number}: an image has no spectra; show a cube first"
                )
            known = Cube(dataset)
            with self._cube_lock:
                known = self._cubes.setdefault(number, known)
        return known

    def _cube_others(self, cube: Any, plane: int | None) -> tuple[int, ...]:
        others: tuple[int, ...] = cube.axes.split(self.plane if plane is None else int(plane))[1]
        return others

    def _stokes_of(self, cube: Any, stokes: int | str | None) -> int | str | None:
        axes = cube.axes
        if stokes is not None or axes.stokes in (None, axes.channel):
            return stokes
        return int(self._cube_others(cube, None)[axes.stokes - (axes.stokes > axes.channel)])

    def _cube_telling(self, cube: Any) -> dict[str, Any]:
        told = self._cube_told(cube)
        return {
            "unit": told["unit"],
            "doppler_convention": told["convention"],
            "rest": told["rest"],
        }

    def _cube_told(
        self,
        cube: Any,
        unit: str | None = None,
        convention: str | None = None,
        rest: str | None = None,
    ) -> dict[str, Any]:
        """Give how the spectral axis is told: by what was said, or else by the traits."""
        unit = self.spectral_unit if unit is None else unit
        convention = self.doppler_convention if convention is None else convention
        rest = self.rest if rest is None else rest
        rest_of(rest)
        return {
            "unit": unit or _readable(cube.axes),
            "convention": convention or None,
            "rest": rest or None,
        }

    def _made_moment(
        self,
        cube: Any,
        words: dict[str, Any],
        stokes: int | str | None,
        others: tuple[int, ...] | None = None,
        told: dict[str, Any] | None = None,
        **more: Any,
    ) -> Dataset:
        from ..processing import cubes

        told = told or self._cube_told(cube)
        if told["unit"] == "channel":
            told = {**told, "unit": None}
        hdu = cubes.moment(
            cube,
            **words,
            stokes=self._stokes_of(cube, stokes) if others is None else _pole(cube, others),
            unit=told["unit"],
            doppler_convention=told["convention"],
            rest=told["rest"],
            **more,
        )
        return cubes.as_dataset(hdu, f"moment {words['order']} of {cube.name}")

    def _keep_moment_map(self, made: Dataset, of: Dataset, words: dict[str, Any]) -> int:
        """Give a moment map a number among the HDUs, by which it is shown like any of them."""
        with self._cube_lock:
            taken = [part.index for part in of.parts] + list(self._moment_maps)
            number = max(taken, default=0) + 1
            kept = made.parts[0]
            part = Part(number, made.name, 1, "image", kept.shape, kept.dtype, kept.unit)
            shown = replace(
                made,
                name=of.name,
                part=number,
                parts=(*of.parts, part),
                provenance=of.provenance,
            )
            self._by_hdu[number] = shown
            self._moment_maps[number] = of.part, words
            for old in list(self._moment_maps)[:-_KEPT_MAPS]:
                if old != self.hdu:
                    del self._moment_maps[old]
                    self._by_hdu.pop(old, None)
                    self._planes.pop(old, None)
        return number

    def _cut(
        self, cube: Any, path: Any, width: int, plane: int | None, view: str, patience: float
    ) -> Any:
        from ..processing import cubes

        others = self._cube_others(cube, plane)

        def work(job: Job[Any]) -> Any:
            return cubes.position_velocity(
                cube, path, width, None, _pole(cube, others), job.check, job.tell
            )

        key = ("slice", cube.dataset.part, others, repr(path), width)
        return self._cube_jobs.ask(key, work, f"slice {view}", patience)

    def _spectra_file(self, cube: Any) -> dict[str, Any]:
        """Tell of the file of spectra, which is begun when a cube is worth it."""
        number = cube.dataset.part
        if cube.blocks is not None:
            return {"state": "ready"}
        size = int(np.prod(cube.axes.shape, dtype=np.int64)) * cube.array.dtype.itemsize
        if size < RECHUNKED:
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


def _later(not_yet: NotYet, doing: str) -> Reply:
    return Reply({"ready": False, "progress": not_yet.progress, "doing": doing})


def _given(y: float | None) -> float:
    if y is None:
        raise BadRequest("a spectrum is that of a pixel x, y, or of a region")
    return y


def _pole(cube: Any, others: tuple[int, ...]) -> int | None:
    axes = cube.axes
    if axes.stokes in (None, axes.channel):
        return None
    return others[axes.stokes - (axes.stokes > axes.channel)]


def _readable(axes: Any) -> str | None:
    """Give the unit in which the numbers of an axis in SI are short; None leaves the header's."""
    if axes.kind == "channel":
        return None
    if axes.unit == "m / s":
        return "km/s"
    first = abs(float(axes.native([0])[0]))
    if axes.unit == "Hz":
        return "GHz" if first >= 1e9 else "MHz"
    if axes.unit == "m":
        return next(
            (name for name, size in (("cm", 1e-2), ("mm", 1e-3), ("um", 1e-6)) if first >= size),
            "nm",
        )
    return None


def _offered(axes: Any) -> list[str]:
    if axes.kind == "channel":
        return []
    return [unit for units in UNITS.values() for unit in units]


def _header_of(dataset: Dataset) -> Any:
    from astropy.io import fits

    header = fits.Header()
    for keyword, value, comment in dataset.meta["header"]:
        if keyword not in ("SIMPLE", "BITPIX", "NAXIS", "NAXIS1", "NAXIS2", "EXTEND"):
            header.append((keyword, value, comment))
    return header


def _stem(dataset: Dataset) -> str:
    return Path(dataset.name).name.split(".")[0] or "cube"
