"""Which points are selected and shown: in the browser, in Python and in other views of the same data."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import traitlets

from ..errors import BadRequest, UnknownName
from ..wire import Reply
from . import linking
from .base import Cancel, RequestWidget, answers
from .latent_cut import Mask, Steps
from .latent_points import Points

if TYPE_CHECKING:
    import pandas as pd

    from ..latent.selections import Chooser, Step


class SelectingWidget(RequestWidget):
    """Selection and filter of points, as steps that can be printed; the points themselves stay here.

    A subclass sets `_points` and `_lock`, then calls `_begin_selecting`.
    """

    selection = traitlets.List(
        help="Steps that select: {'op', and 'box', 'lasso', 'where', 'categories', 'nearest' or 'kept'}."
    ).tag(sync=True)
    filters = traitlets.List(
        help="Steps of which a point has to fulfil each to be shown, written like a selection's."
    ).tag(sync=True)
    kept = traitlets.Dict(help="Selections that have a name: name to steps.").tag(sync=True)
    x = traitlets.Unicode(help="Column across the map.").tag(sync=True)
    y = traitlets.Unicode(help="Column up the map.").tag(sync=True)

    _points: Points
    _lock: threading.RLock
    _many: bool
    _chooser: Chooser
    _travels: Steps[list[Step]]

    def _begin_selecting(self, link: str | None) -> None:
        from ..latent.selections import Chooser

        def chooser() -> Chooser:
            points = self._points
            return Chooser(
                points.values,
                points.all_names,
                points.valid,
                self._nearest,
                points.columns.texts_of,
            )

        self._chooser, self._shower = chooser(), chooser()
        self._travels = Steps([])
        self._travelling = False
        self.link = link

    # --- for Python -------------------------------------------------------------------------------

    @property
    def mask(self) -> Mask:
        """Which points are selected and shown, boolean of shape (n,), read-only."""
        with self._lock:
            if not self.selection:
                return _frozen(np.zeros(len(self._points), bool))
            if not self.filters:
                return self._chooser.mask(self.selection)
            return _frozen(self._chooser.mask(self.selection) & self.shown)

    @property
    def shown(self) -> Mask:
        """Which points pass the filters and have finite latents, boolean of shape (n,), read-only."""
        with self._lock:
            if not self.filters:
                return self._points.valid
            return self._shower.mask(self.filters)

    @property
    def selected(self) -> npt.NDArray[Any]:
        """The ids of the selected points, in the order of the points."""
        return self._points.ids[self.mask]

    def selected_table(self) -> pd.DataFrame:
        """Give the selected points as a table: id, latents and columns."""
        import pandas as pd

        mask = self.mask
        points = self._points
        table = {"id": points.ids[mask]}
        for name in points.all_names():
            try:
                table[name] = points.values(name)[mask]
            except UnknownName:
                table[name] = points.columns.texts_of(name)[mask]
        return pd.DataFrame(table)

    def select(self, what: Any, op: str = "replace") -> int:
        """Select points.

        Parameters
        ----------
        what
            An expression such as ``"score > 3 & peak < 0.02"``; ids; a boolean of shape (n,); steps as
            `selection` has them; or None for nothing.
        op
            ``"replace"``, ``"add"``, ``"subtract"`` or ``"intersect"``.

        Returns
        -------
        int
            How many points are selected now.

        Raises
        ------
        BadRequest, UnknownName
            What is no selection, or ids that are not there.
        """
        with self._lock:
            if what is None:
                self.selection = []
            elif isinstance(what, Mapping):
                self._choose({"op": op, **what})
            elif isinstance(what, str):
                self._choose({"op": op, "where": what})
            elif _are_steps(what):
                self.selection = list(what)
            else:
                self._choose({"op": op, "rows": self._given(self._mask_of(what))})
            return int(np.count_nonzero(self.mask))

    def keep(self, name: str) -> None:
        """Keep the selection under a name; expressions and the view can go back to it."""
        self._keep(name, list(self.selection))

    def back(self) -> None:
        """Go back to the selection before."""
        self._travel(self._travels.back)

    def forward(self) -> None:
        """Go forward again to the selection that one came back from."""
        self._travel(self._travels.forth)

    # --- traits -----------------------------------------------------------------------------------

    @traitlets.validate("selection")
    def _selection_is_one(self, proposal: dict[str, Any]) -> list[Step]:
        with self._lock:
            return self._chooser.checked(proposal["value"])

    @traitlets.validate("filters")
    def _filters_are_some(self, proposal: dict[str, Any]) -> list[Step]:
        with self._lock:
            steps = self._shower.checked(
                [{**step, "op": "intersect"} for step in proposal["value"] or []]
            )
            return [{**step, "op": "intersect" if i else "replace"} for i, step in enumerate(steps)]

    @traitlets.validate("kept")
    def _kept_are_selections(self, proposal: dict[str, Any]) -> dict[str, list[Step]]:
        with self._lock:
            return {
                str(name): self._chooser.checked(steps) for name, steps in proposal["value"].items()
            }

    @traitlets.observe("kept")
    def _kept_changed(self, change: dict[str, Any]) -> None:
        with self._lock:
            self._chooser.kept = dict(change["new"])

    @traitlets.validate("x", "y")
    def _axis_is_there(self, proposal: dict[str, Any]) -> str:
        name = str(proposal["value"])
        self._points.values(name)
        return name

    @traitlets.observe("selection")
    def _selection_changed(self, change: dict[str, Any]) -> None:
        with self._lock:
            if not self._travelling:
                self._travels.to(change["new"])
        linking.tell(self)

    # --- what the browser asks --------------------------------------------------------------------

    @answers("values")
    def _values(self, name: str, start: int) -> Reply:
        return Reply(*self._points.travelling(str(name), int(start)))

    @answers("lasso")
    def _lasso(
        self, polygon: Any, op: str = "replace", x: str | None = None, y: str | None = None
    ) -> Reply:
        lasso = {"x": x or self.x, "y": y or self.y, "polygon": polygon}
        return self._answer_select({"op": op, "lasso": lasso})

    @answers("select")
    def _answer_select(self, step: Any = None) -> Reply:
        with self._lock:
            if step is None:
                self.selection = []
            else:
                self._choose(step)
            return self._masks()

    @answers("travel")
    def _answer_travel(self, what: str) -> Reply:
        if what not in ("back", "forward"):
            raise BadRequest(f"{what!r}: one goes back or forward")
        with self._lock:
            self.back() if what == "back" else self.forward()
            return self._masks()

    @answers("filter")
    def _answer_filter(self, steps: Any) -> Reply:
        with self._lock:
            self.filters = steps
            return self._masks()

    @answers("keep")
    def _answer_keep(self, name: str) -> Reply:
        with self._lock:
            self.keep(name)
            return Reply({"kept": list(self.kept)})

    @answers("forget")
    def _answer_forget(self, name: str) -> Reply:
        with self._lock:
            self.kept = {one: steps for one, steps in self.kept.items() if one != name}
            return Reply({"kept": list(self.kept)})

    @answers("mask")
    def _masks(self) -> Reply:
        from ..latent.selections import words_of

        with self._lock:
            mask, shown = self.mask, self.shown
            meta = {
                "count": int(np.count_nonzero(mask)),
                "shown": int(np.count_nonzero(shown)),
                "selection": self.selection,
                "filters": self.filters,
                "words": words_of(self.selection),
                "filter": words_of(self.filters),
                "back": len(self._travels.before),
                "forward": len(self._travels.after),
            }
        # The browser has no points of which the bits could tell, or they would all say the same.
        plain = not self.selection and not self.filters and bool(self._points.valid.all())
        if self._many or plain:
            return Reply(meta)
        bits = [np.packbits(one, bitorder="little").data for one in (mask, shown)]
        return Reply(meta, [memoryview(one) for one in bits])

    @answers("histogram")
    def _histogram(self, name: str, bins: int = 60, *, cancel: Cancel) -> Reply:
        mask, shown = self.mask, self.shown
        return Reply(*self._points.histogram(str(name), int(bins), mask & shown, shown, cancel))

    @answers("find")
    def _find(self, text: str) -> Reply:
        ids = self._points.ids
        if ids.dtype.kind == "i":
            plain = text.strip()
            found = np.flatnonzero(ids == int(plain)) if plain.lstrip("-").isdigit() else []
        else:
            found = np.flatnonzero(ids == text)
            if not len(found):
                wanted = text.strip().casefold()
                found = [i for i, one in enumerate(ids) if wanted and wanted in one.casefold()][:1]
        if not len(found):
            raise UnknownName(f"no point has the id {text!r}")
        return Reply({"point": int(found[0])})

    # --- the rest ---------------------------------------------------------------------------------

    def follow_selection(self, ids: npt.NDArray[Any]) -> None:
        """Select the points of some ids because another view of the same data did."""
        with self._lock:
            mask = np.isin(self._points.ids, ids) if len(ids) else np.zeros(len(self._points), bool)
            if not mask.any():
                self.selection = []
            elif not np.array_equal(mask, self.mask):
                self.selection = [{"op": "replace", "rows": self._given(mask)}]

    def _set_column(
        self, name: str, values: npt.NDArray[Any], colours: Mapping[str, str] | None = None
    ) -> None:
        """Put a column beside the others; what is selected or shown by an older one is found anew."""
        with self._lock:
            self._points.columns.add(name, values, colours)
            self._chooser.forget()
            self._shower.forget()

    def _choose(self, step: Mapping[str, Any]) -> None:
        (checked,) = self._chooser.checked([step])
        before = [] if checked["op"] == "replace" else list(self.selection)
        self.selection = [*before, checked]

    def _keep(self, name: str, steps: list[Step]) -> None:
        name = str(name).strip()
        if not name or len(name) > 100:
            raise BadRequest(f"{name!r} is no name for a selection: give 1 to 100 characters")
        if not steps:
            raise BadRequest("nothing is selected: there is no selection to keep")
        self.kept = {**self.kept, name: steps}

    def _travel(self, go: Any) -> None:
        with self._lock:
            self._travelling = True
            try:
                self.selection = go()
            finally:
                self._travelling = False

    def _given(self, mask: Mask) -> str:
        """Give the name that stands for points that Python chose: the mask itself never travels."""
        return self._chooser.give(mask)

    def _mask_of(self, what: Any) -> Mask:
        values = np.asarray(what)
        count = len(self._points)
        if values.dtype == np.bool_:
            if values.shape != (count,):
                raise BadRequest(f"a mask of shape {values.shape}: there are {count} points")
            return values.copy()
        values = values.reshape(-1)
        if values.dtype.kind in "UT":
            values = values.astype(object)
        known = np.isin(values, self._points.ids)
        if not known.all():
            some = ", ".join(str(one) for one in values[~known][:5])
            raise UnknownName(
                f"{int((~known).sum()):,} ids are not among the points, such as {some}"
            )
        return np.isin(self._points.ids, values)

    def _nearest(self, row: int, k: int) -> npt.NDArray[np.int64]:
        columns = self._points.cut.columns
        z = columns[:, row]
        if not np.isfinite(z).all():
            raise BadRequest(f"point {row} has latents that are not finite: nothing is near to it")
        distance = np.zeros(columns.shape[1])
        for column, value in zip(columns, z, strict=True):
            distance += (column - np.float64(value)) ** 2
        distance[~self._points.valid] = np.inf
        distance[row] = -1.0
        k = min(k, int(np.count_nonzero(self._points.valid)))
        return np.argpartition(distance, k - 1)[:k]


def _frozen(mask: Mask) -> Mask:
    mask.flags.writeable = False
    return mask


def _are_steps(what: Any) -> bool:
    return isinstance(what, Sequence) and len(what) > 0 and isinstance(what[0], Mapping)
