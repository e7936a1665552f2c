"""The features of the viewer's traces: given, or measured once in the background."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..datasets import Dataset
from ..errors import BadRequest
from .waveforms_jobs import Job, Jobs, NotYet
from .waveforms_table import TraceTable

if TYPE_CHECKING:
    import pandas as pd


class Features:
    """Where the columns of the viewer's table come from.

    Parameters
    ----------
    dataset
        Brings a table along, perhaps, and tells unit, polarity and sample period.
    traces
        Its values, shape (traces, samples).
    given
        A table with a row for each trace instead of what is measured; False for none, None to measure.
    jobs
        Where traces are measured.

    Raises
    ------
    BadRequest
        A table of another length.
    """

    def __init__(
        self, dataset: Dataset, traces: Any, given: pd.DataFrame | bool | None, jobs: Jobs
    ) -> None:
        self._meta, self._traces, self._jobs = dataset.meta, traces, jobs
        self._begun = given is None or given is True
        count = int(traces.shape[0])
        own = dataset.table if getattr(dataset, "has_table", False) else None
        if own is not None and len(own) != count:
            own = None  # it is not about the traces
        if given is None or given is True:
            from ..processing.waveforms.measures import COLUMNS

            names = [(name, self._unit(name)) for name in COLUMNS]
            self.table = TraceTable(count, own, names, lambda: self._measure(0.0))
        elif given is False:
            self.table = TraceTable(count, own, (), lambda: None)
        else:
            if len(given) != count:
                raise BadRequest(
                    f"a table of {len(given)} rows for {count} traces: give one row for each trace"
                )
            frame = given.rename(columns=str)
            self.table = TraceTable(count, own, [(n, "") for n in frame.columns], lambda: frame)

    def progress(self) -> float | None:
        """Give the share that is measured, None once it is all; the first call begins it."""
        if not self._begun:
            return None
        try:
            self._measure(0.0)
        except NotYet as not_yet:
            return not_yet.progress
        return None

    def wait_for(self, what: Callable[[], Any]) -> Any:
        """Give what needs features, once they are measured: for a cell, which may wait."""
        while True:
            try:
                return what()
            except NotYet:
                try:
                    self._measure(1.0)
                except NotYet:
                    continue

    def _unit(self, column: str) -> str:
        if column in ("baseline", "baseline_rms", "peak"):
            return str(self._meta.get("unit", ""))
        if column in ("position", "rise_time", "width", "t50", "t90"):
            return "s" if positive(self._meta.get("sample_period")) else "samples"
        return ""

    def _measure(self, patience: float) -> pd.DataFrame:
        from ..processing.waveforms.measures import features

        polarity = -1 if self._meta.get("polarity") == -1 else 1
        period = positive(self._meta.get("sample_period"))

        def work(job: Job[Any]) -> pd.DataFrame:
            run: dict[str, Any] = {"cancelled": job.check, "progress": job.tell}
            return features(self._traces, polarity=polarity, sample_period=period, **run)

        return self._jobs.ask("features", work, "features", patience, lasting=True)


def positive(number: Any) -> float | None:
    """Give a number if it is one above 0."""
    return float(number) if number and 0 < float(number) < math.inf else None
