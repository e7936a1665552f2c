"""Whether data are still like a reference: in each column, or in a latent space."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from ..errors import BadRequest, UnknownName, closest
from .checks_columns import missing_of
from .distances import (
    POINTS,
    energy,
    kolmogorov_smirnov,
    population_stability,
    smirnov_of_quantiles,
)
from .findings import Finding, number
from .given import Block, Given
from .profiles import Profile, counted, floats_of, profile
from .registered import Check, built_in
from .samples import Sample

__all__ = ["floats_or_nan"]

_SHOWN = 12
_LEAST_P = 0.01
_DEFAULTS = {"psi": 0.2, "ks": 0.1}


@built_in("drift")
@dataclass
class Drift(Check):
    """Columns are still like a reference: by psi, ks, or the energy distance of latents.

    The reference is a path (of data, or of a profile that was saved), data, or a `Profile`; else the one that
    the run is given. `at_most` is of the index (0.2 by default), of the statistic (0.1), or of the distance;
    `p_at_least` of the p-value of ks and latent (0.01 for latent).
    """

    method: Literal["psi", "ks", "latent"] = "psi"
    at_most: float | None = None
    p_at_least: float | None = None
    bins: int | None = None
    reference: Any = None

    def __post_init__(self) -> None:
        if self.method == "psi" and self.p_at_least is not None:
            raise BadRequest("psi has no p-value: give at_most, or method: ks")
        if self.bins is not None and (self.method != "psi" or not 2 <= self.bins <= 1000):
            raise BadRequest("bins are of method psi: give 2 to 1,000")
        if self.p_at_least is not None and not 0 <= self.p_at_least <= 1:
            raise BadRequest(f"p_at_least: {self.p_at_least} is no probability")
        if self.method == "latent" and self.p_at_least is None and self.at_most is None:
            self.p_at_least = _LEAST_P
        if self.at_most is None and self.p_at_least is None:
            self.at_most = _DEFAULTS[self.method]

    def columns(self, given: Given) -> list[str]:
        if self.reference is None:
            raise BadRequest(
                f"'drift' of {given.name}: there is nothing to compare with; give reference=... to run, or "
                "reference: PATH in the test"
            )
        if self.method == "latent" and self.on is None:
            names = list(given.source.names) if given.kind == "latents" else _latent_names(given)
            if not names:
                raise BadRequest(
                    f"drift in the latent space cannot be asked of {given.name}, which has no columns z0, "
                    "z1, ...: name them with on"
                )
            return names
        if self.method != "psi":
            comparable = ("number",) if self.method == "latent" else ("number", "time", "vector")
            self.kinds = comparable  # type: ignore[misc]
        return super().columns(given)

    def begin(self, given: Given, names: list[str]) -> None:
        super().begin(given, names)
        self.other = _reference(self.reference)
        known = self.other.columns
        for name in names:
            if name not in known and not (
                self.method == "latent" and isinstance(self.other, Profile)
            ):
                raise UnknownName(
                    f"the reference {self.other.name} has no column {name!r}{closest(name, known)}"
                )
        self.sample = Sample(2 * POINTS)
        self.held = {name: Sample() for name in names}
        if self.method != "latent":
            self.told = self._profile(names)
            for name in names:
                words = given.column(name).kind in ("text", "flag")
                if words != ("values" in self.told.columns[name]):
                    raise BadRequest(
                        f"column {name!r} is of kind {given.column(name).kind!r} in {given.name} and "
                        f"{self.told.columns[name]['kind']!r} in {self.other.name}: they cannot be compared"
                    )
            self.bars = {n: _Counted(self.told.columns[n]) for n in names}

    def _profile(self, names: list[str]) -> Profile:
        if isinstance(self.other, Profile):
            return self.other
        return profile(self.other, names, bins=self.bins or 10)

    def take(self, block: Block) -> None:
        if self.method == "latent":
            z = np.stack([np.asarray(floats_or_nan(block.values(n))) for n in self.names], axis=1)
            self.sample.take(z[np.isfinite(z).all(axis=1)])
            return
        for name in self.names:
            if name in block:
                values = block.values(name)
                self.bars[name].take(values)
                if self.method == "ks":
                    self.held[name].take(floats_of(values))

    def end(self, cancelled: Callable[[], None]) -> list[Finding]:
        if self.method == "latent":
            return [self._latent(cancelled)]
        found = []
        for name in self.names:
            cancelled()
            found.append(self._psi(name) if self.method == "psi" else self._ks(name, cancelled))
        return found

    def _psi(self, name: str) -> Finding:
        bars = self.bars[name]
        index = population_stability(bars.reference, bars.counts)
        return Finding(
            index <= (self.at_most or 0.0),
            f"PSI {number(index)}",
            f"PSI at most {number(self.at_most or 0.0)}",
            name,
            numbers={"psi": index if np.isfinite(index) else None, "bins": len(bars.counts)},
            note=f"missing values are a bin of their own; reference: {self.other.name}",
            picture=bars.picture(),
        )

    def _ks(self, name: str, cancelled: Callable[[], None]) -> Finding:
        sample, told = self.held[name], self.told.columns[name]
        note = [f"reference: {self.other.name}"]
        values = sample.values()
        if not values.size or not told["quantiles"]:
            return Finding(
                False, "no values to compare", "values on both sides", name, note=note[0]
            )
        if isinstance(self.other, Profile):
            size = told["count"] - told["missing"]
            statistic, p, more = smirnov_of_quantiles(np.asarray(told["quantiles"]), size, values)
            note.append(
                f"approximate, from {len(told['quantiles'])} quantiles of a profile: the statistic may be "
                f"up to {number(more)} higher"
            )
        else:
            # The values themselves, one column at a time.
            whole = _column(self.other, name, cancelled)
            values = values if sample.exact else _column(self.given, name, cancelled)
            statistic, p = kolmogorov_smirnov(whole, values)
        ok = self.at_most is None or statistic <= self.at_most
        ok = ok and (self.p_at_least is None or p >= self.p_at_least)
        if isinstance(self.other, Profile) and not (sample.exact and told.get("exact", True)):
            note.append("from samples drawn by chance")
        return Finding(
            bool(ok),
            f"KS {number(statistic)}, p {number(p)}",
            self._allowed("KS"),
            name,
            numbers={"statistic": statistic, "p": p},
            note="; ".join(note),
            picture=self.bars[name].picture(),
        )

    def _allowed(self, what: str) -> str:
        parts = []
        if self.at_most is not None:
            parts.append(f"{what} at most {number(self.at_most)}")
        if self.p_at_least is not None:
            parts.append(f"p at least {number(self.p_at_least)}")
        return ", ".join(parts)

    def _latent(self, cancelled: Callable[[], None]) -> Finding:
        z = self.sample.drawn(POINTS)
        reference = self._points(cancelled)
        if not len(z) or not len(reference):
            return Finding(False, "no finite points to compare", "points on both sides")
        distance, p = energy(reference, z)
        ok = self.at_most is None or distance <= self.at_most
        ok = ok and (self.p_at_least is None or p >= self.p_at_least)
        return Finding(
            bool(ok),
            f"energy distance {number(distance)}, p {number(p)}",
            self._allowed("distance"),
            ", ".join(self.names[:_SHOWN]),
            numbers={"distance": distance, "p": p, "points": [len(reference), len(z)]},
            note=f"{len(reference):,} points of {self.other.name} and {len(z):,} of {self.given.name}",
        )

    def _points(self, cancelled: Callable[[], None]) -> Any:
        if isinstance(self.other, Profile):
            told = self.other.points
            lost = [n for n in self.names if told is None or n not in told["names"]]
            if told is None or lost:
                raise BadRequest(
                    f"the profile {self.other.name} has no points of {', '.join(lost[:3])}: make it of the "
                    "latents themselves"
                )
            at = [told["names"].index(n) for n in self.names]
            return np.asarray(told["z"], np.float64).reshape(-1, len(told["names"]))[:, at]
        sample = Sample(2 * POINTS, seed=1)
        for block in self.other.blocks(self.names):
            cancelled()
            z = np.stack([floats_or_nan(block.values(n)) for n in self.names], axis=1)
            sample.take(z[np.isfinite(z).all(axis=1)])
        return sample.drawn(POINTS)


def floats_or_nan(values: Any) -> Any:
    """Give numbers as float64, what is missing as NaN."""
    return values.to_numpy(np.float64, na_value=np.nan)


def _latent_names(given: Given) -> list[str]:
    found = [n for n in given.columns if n[:1] == "z" and n[1:].isdigit()]
    return sorted(found, key=lambda n: int(n[1:]))


def _reference(source: Any) -> Profile | Given:
    from .sources import given

    if isinstance(source, Profile | Given):
        return source
    if isinstance(source, str | os.PathLike) and Path(source).suffix == ".json":
        with Path(source).open("rb") if Path(source).is_file() else _nothing(source) as file:
            if b"astrodata profile" in file.read(4096):
                return Profile.load(source)
    return given(source)


def _nothing(source: Any) -> Any:
    from ..errors import UnreadableFile

    raise UnreadableFile(f"{source}: there is no such file to compare with")


def _column(source: Given, name: str, cancelled: Callable[[], None]) -> Any:
    parts = [np.empty(0)]
    for block in source.blocks([name]):
        cancelled()
        if name in block:
            parts.append(floats_of(block.values(name)))
    return np.concatenate(parts)


class _Counted:
    """Counts of data in the bins of a reference's column; the last bin is of missing values."""

    def __init__(self, told: Any) -> None:
        self.told = told
        self.words = list(told["values"]) if "values" in told else None
        if self.words is None:
            self.edges = np.asarray(told["edges"], np.float64)
            reference = list(told["counts"])
            self.heights = np.zeros(max(len(told.get("bars", ())) - 1, 0), np.int64)
        else:
            # Rare categories say little, and each empty one would count as half a value.
            self.words = self.words[:50]
            kept = [told["values"][w] for w in self.words]
            reference = [*kept, told["count"] - told["missing"] - sum(kept)]
        self.reference = np.array([*reference, told["missing"]], np.int64)
        self.counts = np.zeros(len(self.reference), np.int64)

    def take(self, values: Any) -> None:
        gone = int(missing_of(values).sum())
        self.counts[-1] += gone
        if self.words is None:
            found = floats_of(values)
            self.counts[:-1] += counted(found, self.edges)
            if len(self.heights):
                self.heights += np.histogram(found[np.isfinite(found)], self.told["bars"])[0]
            return
        counts = values.dropna().astype("str").value_counts()
        own = [int(counts.get(w, 0)) for w in self.words]
        self.counts[:-2] += own
        self.counts[-2] += int(counts.sum()) - sum(own)

    def picture(self) -> dict[str, Any] | None:
        """Give the shares of both, for the report."""
        if self.words is None and len(self.heights):
            own, other = self.heights, np.asarray(self.told["heights"])
            ends = [float(self.told["bars"][0]), float(self.told["bars"][-1])]
            names: list[str] = []
        elif self.words:
            own, other = self.counts[:_SHOWN], self.reference[:_SHOWN]
            ends, names = [], [*self.words, "others", "missing"][:_SHOWN]
        else:
            return None
        return {
            "ends": ends,
            "names": names,
            "data": (own / max(self.counts.sum(), 1)).tolist(),
            "reference": (other / max(self.reference.sum(), 1)).tolist(),
        }
