"""What the kernel answers of cubes as pictures: moment maps, position-velocity slices, and files of them."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ..datasets import Dataset, Part
from ..errors import BadRequest
from ..readers.in_memory import of_hdu
from ..wire import Reply, encode
from .base import answers
from .fits_cube_core import PATIENCE, CubeCore, later
from .waveforms_jobs import Job, NotYet

_KEPT_MAPS = 6


class CubeMaps(CubeCore):
    """Answers with pictures that are made of a cube."""

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
            made = self._made_moment(cube, words, others, told, check=job.check, progress=job.tell)
            return self._keep_moment_map(
                made, cube.dataset, {**words, "stokes": _as_stokes(axes, others)}
            )

        key = ("moment", cube.dataset.part, others, repr(words), repr(told))
        try:
            number = self._cube_jobs.ask(key, work, f"moment {view}", patience)
            if number not in self._moment_maps:  # made before, and given up for newer ones
                number = self._cube_jobs.ask((*key, number), work, f"moment {view}", patience)
        except NotYet as not_yet:
            return later(not_yet, f"moment {order}")
        name = ", ".join(axes.words_of(others))
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
            return later(not_yet, "the slice")
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
                return later(not_yet, "the slice")
            hdus, name = fits.PrimaryHDU(image, header), f"{_stem(self._dataset)}_slice.fits"
        content = io.BytesIO()
        hdus.writeto(content)
        return Reply({"ready": True, "name": name}, [memoryview(content.getvalue())])

    def _made_moment(
        self,
        cube: Any,
        words: dict[str, Any],
        others: tuple[int, ...],
        told: dict[str, Any] | None = None,
        **more: Any,
    ) -> Dataset:
        from ..processing import cubes

        told = told or self._cube_told(cube)
        hdu = cubes.moment(
            cube,
            **words,
            stokes=others,
            unit=None if told["unit"] == "channel" else told["unit"],
            doppler_convention=told["convention"],
            rest=told["rest"],
            **more,
        )
        return of_hdu(hdu, f"moment {words['order']} of {cube.name}")

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
            return cubes.position_velocity(cube, path, width, None, others, job.check, job.tell)

        key = ("slice", cube.dataset.part, others, repr(path), width)
        return self._cube_jobs.ask(key, work, f"slice {view}", patience)


def _as_stokes(axes: Any, others: tuple[int, ...]) -> Any:
    """Give what `CubeWidget.moment` takes as stokes for a place along the further axes."""
    if not others:
        return None
    return others[0] if len(others) == 1 and axes.pole == 0 else others


def _header_of(dataset: Dataset) -> Any:
    from astropy.io import fits

    header = fits.Header()
    for keyword, value, comment in dataset.meta["header"]:
        if keyword not in ("SIMPLE", "BITPIX", "NAXIS", "NAXIS1", "NAXIS2", "EXTEND"):
            header.append((keyword, value, comment))
    return header


def _stem(dataset: Dataset) -> str:
    return Path(dataset.name).name.split(".")[0] or "cube"
