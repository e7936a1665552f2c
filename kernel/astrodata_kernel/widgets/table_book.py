"""What a table viewer knows of its table: which rows pass, their order, what is selected."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..datasets import Dataset
from ..errors import BadRequest
from ..latent.expressions import Expression
from ..processing.row_masks import Mask, mask_of, selected_by
from ..processing.table_curves import LightCurveFacts, light_curve_facts
from ..processing.table_order import Numbers, matching, ordered
from ..processing.tables import Check, Rows, Tell
from .waveforms_jobs import Job, Jobs

_KEPT_MASKS = 6


class Book:
    """One table of a viewer.

    Parameters
    ----------
    source
        A data set of kind ``"table"``, or what `Rows` takes.
    """

    def __init__(self, source: Any) -> None:
        self.rows = Rows(source)
        self.header: Sequence[Any] = (
            source.meta.get("header", ()) if isinstance(source, Dataset) else ()
        )
        self.curve: LightCurveFacts | None = light_curve_facts(self.rows, self.header)
        self.selected: Mask = np.zeros(self.rows.count, bool)
        self._masks: OrderedDict[str, Mask] = OrderedDict()
        self._lock = threading.Lock()

    def condition(self, text: str) -> Expression | None:
        """Give a filter, ready to be applied; None for an empty one.

        Raises
        ------
        BadRequest
            It is no condition on columns with one value a row.
        """
        return Expression(text, self.rows.scalars) if text.strip() else None

    def check_sort(self, sort: Sequence[str]) -> tuple[str, bool] | None:
        """Give the column to sort by and whether the highest come first; None for the rows as they come.

        Raises
        ------
        BadRequest, UnknownName
            Another order than ``[]`` or ``[column, "asc" or "desc"]`` of a column that can be ordered.
        """
        if not sort:
            return None
        if isinstance(sort, str) or len(sort) != 2 or sort[1] not in ("asc", "desc"):
            raise BadRequest(f'sort {sort!r}: give [column, "asc" or "desc"], or []')
        if sort[0] not in self.rows.scalars:
            self.rows.facts(sort[0])
            raise BadRequest(f"column {sort[0]!r} has no single value in a row to sort by")
        return sort[0], sort[1] == "desc"

    def mask(self, text: str, check: Check | None = None, tell: Tell | None = None) -> Mask | None:
        """Give the rows that pass a filter; None where all do."""
        condition = self.condition(text)
        if condition is None:
            return None
        with self._lock:
            known = self._masks.get(condition.text)
        if known is None:
            known = matching(self.rows, condition, check, tell)
            known.flags.writeable = False
            with self._lock:
                self._masks[condition.text] = known
                while len(self._masks) > _KEPT_MASKS:
                    self._masks.popitem(last=False)
        return known

    def order(
        self,
        text: str,
        sort: Sequence[str],
        check: Check | None = None,
        tell: Tell | None = None,
    ) -> Numbers | None:
        """Give the numbers of the rows that pass, in their order; None for all as they come."""
        by = self.check_sort(sort)
        share = 0.5 if text.strip() and by else 1.0
        mask = self.mask(text, check, None if tell is None else lambda part: tell(part * share))
        numbers = None if mask is None else np.flatnonzero(mask)
        if by is None:
            return numbers
        first = share if text.strip() else 0.0
        told = None if tell is None else lambda part: tell(first + 0.9 * (1 - first) * part)
        values = self.rows.column(by[0], check, told)
        if check is not None:
            check()
        return ordered(values, numbers, by[1])

    def select(self, mask: Mask, op: str) -> None:
        """Take rows into the selection, or out of it.

        Raises
        ------
        BadRequest
            `op` is not ``"replace"``, ``"add"``, ``"subtract"``, ``"intersect"`` or ``"toggle"``.
        """
        self.selected = selected_by(self.selected, mask, op)

    def mask_of(self, numbers: npt.ArrayLike) -> Mask:
        """Give rows of some numbers, or a mask itself, as a mask.

        Raises
        ------
        BadRequest
            Numbers of rows that there are not.
        """
        return mask_of(numbers, self.rows.count)


class Work:
    """Long work of a viewer, in slots: of each view one thing at a time."""

    def __init__(self) -> None:
        self.jobs = Jobs()

    def order(
        self, book: Book, text: str, sort: Sequence[str], view: str, patience: float
    ) -> Numbers | None:
        """Give the order, or raise `NotYet`."""
        condition = book.condition(text)
        if condition is None and book.check_sort(sort) is None:
            return None
        key = ("order", id(book), "" if condition is None else condition.text, tuple(sort))

        def work(job: Job[Any]) -> Numbers | None:
            return book.order(text, sort, job.check, job.tell)

        return self.jobs.ask(key, work, f"order {view}", patience)

    def mask(self, book: Book, text: str, view: str, patience: float) -> Mask | None:
        """Give which rows pass, or raise `NotYet`."""
        condition = book.condition(text)
        if condition is None:
            return None
        key = ("mask", id(book), condition.text)

        def work(job: Job[Any]) -> Mask | None:
            return book.mask(text, job.check, job.tell)

        return self.jobs.ask(key, work, f"mask {view}", patience)
