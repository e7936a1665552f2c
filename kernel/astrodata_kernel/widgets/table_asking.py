"""Answers of the table viewer: pages of rows, searches, statistics, selections."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..processing.table_order import find_text
from ..processing.table_statistics import column_histogram, column_statistics
from ..wire import Reply, encode
from .base import RequestWidget, answers
from .table_book import Book, Work
from .table_cells import cells_of
from .table_plotting import PATIENCE
from .waveforms_jobs import Job, NotYet

_PAGE = 500


class AskingTable(RequestWidget):
    """Answers of a table viewer; a subclass sets what is declared here, and the traits."""

    book: Book
    filter: Any
    sort: Any
    x: Any
    y: Any
    selection: Any
    in_box: Callable[..., npt.NDArray[np.bool_]]
    _work: Work
    _select: Callable[[npt.NDArray[np.bool_], str], None]
    _fold: Callable[[], tuple[float, float] | None]

    @answers("page")
    def _page(
        self,
        start: int,
        count: int,
        columns: Sequence[str],
        where: str = "",
        sort: Sequence[str] = (),
        row: int | None = None,
        view: str = "",
        patience: float = PATIENCE,
    ) -> Reply:
        """Give rows as they are looked at; `place` is where the row that is asked after lies."""
        rows = self.book.rows
        try:
            order = self._work.order(self.book, where, list(sort), view, patience)
        except NotYet as not_yet:
            doing = "sorting" if sort else "filtering"
            return Reply({"ready": False, "progress": not_yet.progress, "doing": doing})
        total = rows.count if order is None else len(order)
        start = max(0, min(int(start), total))
        stop = min(start + max(0, min(int(count), _PAGE)), total)
        numbers = np.arange(start, stop) if order is None else order[start:stop]
        names = list(columns) or rows.names
        found = rows.page(numbers, names) if len(numbers) else {}
        cells = [cells_of(found[name], rows.facts(name)) for name in names if name in found]
        place = None
        if row is not None and 0 <= int(row) < rows.count:
            where = np.array([row]) if order is None else np.flatnonzero(order == int(row))
            place = int(where[0]) if len(where) else None
        return Reply(
            {
                "ready": True,
                "total": total,
                "start": start,
                "rows": numbers.tolist(),
                "cells": cells,
                "selected": self.book.selected[numbers].tolist(),
                "place": place,
            }
        )

    @answers("find")
    def _find(
        self,
        text: str,
        start: int,
        columns: Sequence[str],
        where: str = "",
        sort: Sequence[str] = (),
        view: str = "",
        patience: float = PATIENCE,
    ) -> Reply:
        """Give the next place whose row has a text in it, from one on and round; None where none has."""
        try:
            order = self._work.order(self.book, where, list(sort), view, patience)
            names = list(columns) or self.book.rows.names
            key = ("find", id(self.book), text, int(start), tuple(names), where, tuple(sort))

            def work(job: Job[Any]) -> int | None:
                return find_text(self.book.rows, text, names, order, int(start), job.check)

            place = self._work.jobs.ask(key, work, f"find {view}", patience)
        except NotYet as not_yet:
            return Reply({"ready": False, "progress": not_yet.progress, "doing": "searching"})
        row = None if place is None else int(place if order is None else order[place])
        return Reply({"ready": True, "place": place, "row": row})

    @answers("statistics")
    def _statistics(
        self,
        column: str,
        bins: int = 80,
        where: str = "",
        view: str = "",
        patience: float = PATIENCE,
    ) -> Reply:
        """Give what a column's values are like, and of numbers a histogram: all rows, and those that pass."""
        book = self.book
        facts = book.rows.facts(column)

        def work(job: Job[Any]) -> tuple[dict[str, Any], Any]:
            mask = book.mask(where, job.check, lambda share: job.tell(share / 2))
            half = 0.5 if where else 0.0
            told = lambda share: job.tell(half + (1 - half) * share)  # noqa: E731
            found = column_statistics(book.rows, column, mask, job.check, told)
            if facts.kind == "text":
                return found, None
            counts, low, high = column_histogram(
                book.rows, column, int(bins), mask, None, job.check
            )
            return found | {"low": low, "high": high}, counts

        try:
            key = ("statistics", id(book), column, int(bins), where)
            found, counts = self._work.jobs.ask(key, work, f"statistics {view}", patience)
        except NotYet as not_yet:
            return Reply({"ready": False, "progress": not_yet.progress, "doing": "counting"})
        if counts is None:
            return Reply({"ready": True, "statistics": found})
        meta, buffer = encode(counts)
        return Reply({"ready": True, **meta, "statistics": found}, [buffer])

    @answers("select")
    def _answer_select(
        self,
        op: str = "replace",
        rows: Sequence[int] | None = None,
        places: Sequence[int] | None = None,
        box: Sequence[Sequence[float]] | None = None,
        every: bool = False,
    ) -> Reply:
        """Select rows: their numbers, a stretch of places on show, a box in the plot, or all that pass."""
        book = self.book
        if box is not None:
            mask = self.in_box(self.x, self.y, box[0], box[1], self._fold())
        elif places is not None:
            order = book.order(self.filter, self.sort)
            first, last = sorted(int(place) for place in places)
            first, last = max(0, first), last + 1
            numbers = (
                np.arange(first, min(last, book.rows.count)) if order is None else order[first:last]
            )
            mask = book.mask_of(numbers)
        elif every:
            passed = book.mask(self.filter)
            mask = np.ones(book.rows.count, bool) if passed is None else passed
        else:
            mask = book.mask_of(np.asarray(rows if rows is not None else [], np.int64))
        self._select(mask, op)
        return Reply(dict(self.selection))
