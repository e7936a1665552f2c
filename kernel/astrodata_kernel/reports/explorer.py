"""What the application shows and does."""

from __future__ import annotations

from typing import Any

import holoviews as hv
import numpy as np
import numpy.typing as npt
import pandas as pd
import panel as pn
from markupsafe import Markup, escape

from ..errors import AstrodataError, BadRequest
from .choices import Choice
from .galleries import figures, pictures_of
from .looks import RAMP, look_of
from .markup import swatch, table_of
from .pictures import Picture
from .points import LABEL, labelled_of, points_of
from .styles import application_style

Rows = npt.NDArray[np.int64]
LISTED = 2000
"""Rows of the table at most."""

PICTURES = 24
"""Pictures of a selection that are shown at once."""

_OPS = {"New": "replace", "Add": "add", "Subtract": "subtract", "Intersect": "intersect"}


class Explorer:
    """A map with selections, their table and pictures, and labels.

    Parameters
    ----------
    latents, events, labels, scores, title, theme
        As `explorer_app` takes them.

    Examples
    --------
    >>> explorer = Explorer([[0.0, 1.0], [2.0, 3.0]], labels={0: "noise"})
    >>> explorer.select({"where": "z0 > 1"})
    >>> explorer.selected.tolist()
    [1]
    """

    def __init__(
        self,
        latents: Any,
        events: Any = None,
        labels: Any = None,
        *,
        scores: Any = None,
        title: str = "Latent space",
        theme: str | None = None,
    ) -> None:
        # Nothing but this server is asked for code, styles or fonts.
        pn.extension("tabulator", notifications=False)
        hv.extension("bokeh")
        self.title = title
        self.look = look_of(theme or ("dark" if pn.config.theme == "dark" else "light"))
        self.points = points_of(latents, events, labels, scores)
        self.log = labels if hasattr(labels, "put") else None
        self.choice = Choice(self.points)
        self.shown: Rows = np.empty(0, np.int64)
        self._make_controls()
        self._make_panes()
        self._draw_axes()

    @property
    def count(self) -> int:
        """How many points are selected."""
        return len(self.choice.rows)

    @property
    def selected(self) -> Any:
        """Ids of the selected points."""
        return np.asarray(self.points.latents.ids)[self.choice.rows]

    def select(self, step: dict[str, Any] | None) -> None:
        """Select points by a step, such as ``{"where": "z0 > 1"}``; none with None.

        Raises
        ------
        BadRequest, UnknownName
            The step means nothing here.
        """
        self.choice.take(step)
        self._after_selection()

    def label(self, label: str | None, note: str = "") -> int:
        """Give the selected points a label, or take theirs away with None, and give their number.

        Raises
        ------
        BadRequest
            There is no label log, nothing is selected, or no such class.
        """
        log = self._own_log()
        ids = self.selected.tolist()
        if not ids:
            raise BadRequest("nothing is selected: draw a box or a lasso, or write a condition")
        log.put(ids, label, note or None, source="application")
        self._after_labels()
        return len(ids)

    def view(self) -> Any:
        """Give what is shown."""
        side = [self.status, self._label_card(), self.facts]
        head = Markup('<h1 class="title">{}</h1>').format(self.title)
        return pn.Column(
            pn.Row(self._html(head, width_policy="max"), sizing_mode="stretch_width"),
            pn.FlexBox(self.x, self.y, self.colour, self.sort, align_items="end"),
            pn.FlexBox(self.op, self.where, self.clear, align_items="end"),
            pn.Row(
                pn.Column(self.legend, self.map, sizing_mode="stretch_width"),
                pn.Column(*[part for part in side if part is not None], width=320),
                sizing_mode="stretch_width",
            ),
            self.gallery,
            self.table,
            sizing_mode="stretch_width",
            stylesheets=[application_style(self.look)],
            styles={"background": self.look.ground, "color": self.look.ink, "padding": "16px 20px"},
            css_classes=["astrodata-explorer"],
        )

    def _make_controls(self) -> None:
        x, y = self.points.axes()
        numbers, colours = self.points.numbers, self.points.colour_names
        scores = self.points.scores
        first = LABEL if LABEL in colours else next(iter(scores), "")
        select = pn.widgets.Select
        self.x = select(label="Across", options=_named(numbers), value=x, width=170)
        self.y = select(label="Up", options=_named(numbers), value=y, width=170)
        self.colour = select(
            label="Colour by", options={"density": "", **_named(colours)}, value=first, width=170
        )
        self.sort = select(
            label="Sort by",
            options={"order of the data": "", **_named(numbers)},
            value=next(iter(scores), ""),
            width=170,
        )
        self.op = pn.widgets.RadioButtonGroup(
            label="Next selection", options=list(_OPS), value="New"
        )
        self.where = pn.widgets.TextInput(
            label="Condition", placeholder="score > 3 & z0 < 1, then Enter", width=360
        )
        self.clear = pn.widgets.Button(label="Clear selection")
        for control in (self.x, self.y):
            control.param.watch(lambda _: self._draw_axes(), "value")
        self.colour.param.watch(lambda _: self._paint(), "value")
        self.sort.param.watch(lambda _: self._list(), "value")
        self.where.param.watch(lambda event: event.new and self._try(self._by_text), "value")
        self.clear.on_click(lambda _: self._try(lambda: self.select(None)))

    def _make_panes(self) -> None:
        self.map = pn.pane.HoloViews(sizing_mode="stretch_width", height=560, linked_axes=False)
        self.legend, self.status = self._html(""), self._html("", css_classes=["status"])
        self.gallery = self._html("", sizing_mode="stretch_width", css_classes=["gallery"])
        self.facts = self._html("", css_classes=["facts"])
        names = [("id", "id"), *(([(LABEL, "label")]) if self.points.labelled is not None else [])]
        self._columns = [*self.points.latents.columns, *self.points.latents.names]
        names += [(name, f"c{i}") for i, name in enumerate(self._columns)]
        self.table = pn.widgets.Tabulator(
            pd.DataFrame(columns=[field for _, field in names]),
            # Titles are HTML, and names of columns come from outside.
            titles={field: str(escape(name)) for name, field in names},
            pagination="remote",
            page_size=10,
            disabled=True,
            show_index=False,
            selectable=False,
            sizing_mode="stretch_width",
            theme="midnight" if self.look.name == "dark" else "simple",
        )
        self.table.on_click(lambda event: self._tell(int(self.shown[event.row])))

    def _draw_axes(self) -> None:
        names = (str(self.x.value), str(self.y.value))
        columns = [*self.points.scores, *self.points.latents.columns]
        told = list(dict.fromkeys(map(str, columns)))[:6]
        self._picture = Picture(self.points, self.look, names, told, self._boxed, self._lassoed)
        self._paint()
        self.map.object = self._picture.element

    def _paint(self) -> None:
        self._picture.paint(str(self.colour.value) or None, self.choice.mask, self.points)
        self.legend.object = str(self._legend())
        self._say("")

    def _boxed(self, bounds: Any) -> None:
        left, bottom, right, top = (float(end) for end in bounds)
        x, y = self._picture.axes
        box = {"x": x, "x_range": [left, right], "y": y, "y_range": [bottom, top]}
        self._try(lambda: self.select({"op": _OPS[self.op.value], "box": box}))

    def _lassoed(self, polygon: Any) -> None:
        x, y = self._picture.axes
        lasso = {"x": x, "y": y, "polygon": np.asarray(polygon, float).tolist()}
        self._try(lambda: self.select({"op": _OPS[self.op.value], "lasso": lasso}))

    def _by_text(self) -> None:
        self.select({"op": _OPS[self.op.value], "where": self.where.value})

    def _after_selection(self) -> None:
        self._paint()
        self._list()

    def _list(self) -> None:
        rows = self.choice.rows
        values = self.points.columns.get(str(self.sort.value))
        if values is not None and len(rows):
            worth = np.nan_to_num(values[rows].astype(np.float64), nan=-np.inf)
            rows = rows[np.argsort(-worth, kind="stable")]
        self.shown = rows[:LISTED]
        ids = np.asarray(self.points.latents.ids)[self.shown]
        table: dict[str, Any] = {"id": [str(ident) for ident in ids]}
        if self.points.labelled is not None:
            table["label"] = self.points.labelled.text()[self.shown]
        for i, name in enumerate(self._columns):
            values = self.points.columns[name][self.shown]
            table[f"c{i}"] = values if values.dtype.kind in "iufb" else [str(v) for v in values]
        self.table.value = pd.DataFrame(table)
        score = str(self.sort.value)
        made = figures(self.points, self.shown[:PICTURES], self.look, score, pressed=False)
        self.gallery.object = str(made) if len(rows) else ""
        self.facts.object = ""

    def _tell(self, row: int) -> None:
        ids = np.asarray(self.points.latents.ids)
        told: list[tuple[str, str]] = [("id", str(ids[row]))]
        event = int(self.points.event_rows([row])[0])
        if event >= 0:
            told = self.points.events.facts(event)  # type: ignore[union-attr]
        uri = pictures_of(self.points, [row], self.look)[0]
        picture = Markup('<img class="large" src="{}" alt="event {}">').format(uri, ids[row])
        self.facts.object = str(
            (picture if uri else Markup("")) + table_of(["", ""], told, numbers=False)
        )

    def _legend(self) -> Markup:
        colouring = self.points.colouring(str(self.colour.value) or None)
        if colouring.codes is not None:
            counts = np.bincount(
                colouring.codes[colouring.codes >= 0], minlength=len(colouring.names)
            )
            keys = [
                Markup('<span class="key">{} <small>{}</small></span>').format(
                    swatch(n, c), f"{k:,}"
                )
                for n, c, k in zip(colouring.names, colouring.colours, counts, strict=True)
            ]
            return Markup('<div class="legend">{}</div>').format(Markup("").join(keys))
        colours = RAMP if colouring.values is not None else self.look.density
        low, high = ("few", "many")
        if colouring.values is not None:
            low, high = f"{colouring.low:.4g}", f"{colouring.high:.4g}"
        return Markup(
            '<div class="legend">{} {}<span class="ramp" style="background:linear-gradient(to right,{})">'
            "</span>{}</div>"
        ).format(colouring.title, low, ",".join(colours), high)

    def _label_card(self) -> Any:
        if self.log is None:
            return None
        names = list(self.log.label_set.names)
        if names:
            self.class_name: Any = pn.widgets.Select(
                label="Class", options=_named(names), width=300
            )
        else:
            self.class_name = pn.widgets.TextInput(label="Class", width=300)
        self.note = pn.widgets.TextInput(label="Note", width=300)
        self.annotator = pn.widgets.TextInput(
            label="Annotator", value=str(pn.state.user or self.log.annotator), width=300
        )
        give = pn.widgets.Button(label="Label selection", color="primary")
        undo, redo = pn.widgets.Button(label="Undo"), pn.widgets.Button(label="Redo")
        give.on_click(lambda _: self._try(self._label_now))
        undo.on_click(lambda _: self._try(lambda: self._turn_back("undo")))
        redo.on_click(lambda _: self._try(lambda: self._turn_back("redo")))
        return pn.Column(
            self.class_name,
            self.note,
            self.annotator,
            pn.Row(give, undo, redo),
            css_classes=["labels"],
        )

    def _label_now(self) -> None:
        name = str(self.class_name.value).strip()
        if not name:
            raise BadRequest("a label needs the name of a class")
        count = self.label(name, str(self.note.value).strip())
        self._say(f"{count:,} points are {name} now.")

    def _turn_back(self, what: str) -> None:
        log = self._own_log()
        done = getattr(log, what)()
        self._after_labels()
        self._say(f"There is nothing to {what}." if done is None else f"{what.capitalize()} done.")

    def _own_log(self) -> Any:
        """Give the log of whoever sits before the screen."""
        if self.log is None:
            raise BadRequest("there is no label log: give explorer_app(labels=LabelLog(folder))")
        control = getattr(self, "annotator", None)
        name = str(control.value).strip() if control is not None else self.log.annotator
        if not name:
            raise BadRequest("labels are kept with a name: write yours under Annotator")
        if name != self.log.annotator:
            # Everyone has a log of their own in the same folder.
            self.log = type(self.log)(self.log.folder, annotator=name)
        return self.log

    def _after_labels(self) -> None:
        from dataclasses import replace

        self.points = replace(self.points, labelled=labelled_of(self.log, self.points.latents))
        self.choice.points = self.points
        self.choice.forget()
        self._after_selection()

    def _try(self, do: Any) -> None:
        try:
            do()
        except AstrodataError as error:
            self._say(str(error), wrong=True)

    def _say(self, text: str, wrong: bool = False) -> None:
        total, chosen = len(self.points), self.count
        counted = f"{chosen:,} of {total:,} selected" if self.choice.steps else f"{total:,} points"
        lines = [Markup("<b>{}</b>").format(counted)]
        if self.choice.steps:
            lines.append(Markup("<small>{}</small>").format(self.choice.words))
        if chosen > LISTED:
            lines.append(Markup("<small>The table has the first {}.</small>").format(f"{LISTED:,}"))
        invalid = len(self.points.latents.invalid)
        if invalid:
            lines.append(Markup("<small>{} not finite, left out</small>").format(f"{invalid:,}"))
        if text:
            kind = "wrong" if wrong else "told"
            lines.append(Markup('<span class="{}" role="status">{}</span>').format(kind, text))
        self.status.object = str(Markup("<br>").join(lines))

    def _html(self, text: Any, **options: Any) -> Any:
        return pn.pane.HTML(str(text), stylesheets=[application_style(self.look)], **options)


def _named(names: Any) -> dict[str, str]:
    return {str(name): str(name) for name in names}
