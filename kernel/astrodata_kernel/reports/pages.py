"""Reports: one HTML file that needs no kernel, no server and no network."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from ..errors import BadRequest
from ..writing import write_whole
from .needs import need

MOST_POINTS = 20_000


def report(
    latents: Any,
    path: str | os.PathLike[str],
    *,
    events: Any = None,
    labels: Any = None,
    scores: Any = None,
    columns: Iterable[str] | None = None,
    garage: Any = None,
    title: str | None = None,
    axes: tuple[str, str] | None = None,
    calibrations: Mapping[str, Any] | None = None,
    positive: str | Sequence[str] = (),
    notes: str = "",
    max_points: int = MOST_POINTS,
    theme: str = "light",
) -> Path:
    """Write a page with map, scores, labelled gallery, rates and provenance, and give its path.

    The page holds all that it shows, and forbids its browser to fetch anything: it opens offline, from a
    disk or an attachment.

    Parameters
    ----------
    latents
        Latents, an array of shape (n, d), a DataFrame or a file of latents.
    path
        The file to write, ``.html``.
    events
        What is behind the points (all that `events_of` takes), for the pictures; or None.
    labels
        A label log, a mapping from id to class, or None.
    scores
        Names of columns of the latents, or a mapping from name to values of shape (n,).
    columns
        Columns that hovering tells and colours can follow; by default the scores and up to eight others.
    garage
        A region with ``contains``, for the rates; its intervals are drawn on a map of two latents.
    title
        Of the page.
    axes
        Names of the map's two columns; by default the newest projection, else z0 and z1.
    calibrations
        By name of a score what `adk.latent.scores.calibrate` gave.
    positive
        The classes that are signals or anomalies; true and false positives are counted when they are named.
    notes
        Text under the title.
    max_points
        Points that can be hovered over; with more, the density of all is a picture under a sample that has
        the labelled and the highest scores.
    theme
        ``"light"`` or ``"dark"``.

    Returns
    -------
    Path

    Raises
    ------
    MissingPackage
        The extra ``viz`` is not installed.
    BadRequest, UnknownName
        Columns, scores or classes that there are not.
    UnreadableFile
        The file cannot be written; nothing is left behind.

    Examples
    --------
    >>> import tempfile, numpy as np
    >>> z = np.random.default_rng(0).normal(size=(500, 3))
    >>> path = report(z, tempfile.mkdtemp() + "/noise.html", labels={3: "glitch"}, title="Noise")
    >>> path.stat().st_size < 3_000_000
    True
    """
    need("bokeh", "datashader")
    if isinstance(max_points, bool) or not 1 <= int(max_points) <= 1_000_000:
        raise BadRequest(f"max_points={max_points!r}: give 1 to 1,000,000")
    from .charts import calibrations_of
    from .looks import look_of
    from .points import points_of

    look = look_of(theme)
    points = points_of(latents, events, labels, scores)
    names = [positive] if isinstance(positive, str) else list(positive)
    page = _Page(points, look, calibrations_of(points, calibrations), names, garage)
    text = page.html(
        title or "Latent space",
        notes,
        points.axes(axes),
        _columns(points, columns),
        int(max_points),
    )
    return write_whole(Path(path).expanduser(), text.encode("utf-8", "replace"))


class _Page:
    def __init__(
        self, points: Any, look: Any, calibrations: dict[str, Any], positive: list[str], garage: Any
    ) -> None:
        self.points, self.look, self.garage = points, look, garage
        self.calibrations, self.positive = calibrations, positive
        self.figures: dict[str, Any] = {}

    def html(
        self, title: str, notes: str, axes: tuple[str, str], columns: list[str], most: int
    ) -> str:
        parts = [("map", "Map", self._map(axes, columns, most))]
        if self.points.scores:
            parts.append(("scores", "Scores", self._scores()))
        if self.garage is not None:
            parts.append(("rates", "Rates", self._rates()))
        if self.points.labelled is not None:
            parts.append(("labels", "Labels", self._labels()))
        if self.points.events is not None:
            parts.append(("gallery", "Gallery", self._gallery()))
        parts.append(("provenance", "Provenance", self._provenance()))
        return _document(title, self._head(title, notes, parts), parts, self.figures, self.look)

    def _head(self, title: str, notes: str, parts: list[tuple[str, str, Markup]]) -> Markup:
        points = self.points
        tiles = [(f"{len(points):,}", "points"), (str(len(points.latents.names)), "latents")]
        if points.labelled is not None:
            tiles.append((f"{int((points.labelled.codes >= 0).sum()):,}", "labelled"))
            tiles.append((str(int((points.labelled.counts() > 0).sum())), "classes"))
        invalid = len(points.latents.invalid)
        if invalid:
            tiles.append((f"{invalid:,}", "not finite, left out"))
        return Markup('<h1>{}</h1>{}<ul class="tiles">{}</ul><nav>{}</nav>').format(
            title,
            Markup('<p class="lead">{}</p>').format(notes) if notes else "",
            Markup("").join(Markup("<li><b>{}</b>{}</li>").format(*tile) for tile in tiles),
            Markup("").join(Markup('<a href="#{}">{}</a>').format(*part[:2]) for part in parts),
        )

    def _map(self, axes: tuple[str, str], columns: list[str], most: int) -> Markup:
        from .maps import map_of

        made = map_of(
            self.points, self.look, axes=axes, columns=columns, max_points=most, garage=self.garage
        )
        self.figures["map"] = made.figure
        options = Markup("").join(
            Markup('<option value="{}">{}</option>').format(*one) for one in made.colourings.items()
        )
        told = f"{len(made.shown):,} points; hover for what is known of one."
        if made.dense:
            told = (
                f"The grey picture is the density of all {len(self.points):,} points. {len(made.shown):,} of "
                "them are drawn one by one: labelled ones, the highest of each score, others at random."
            )
        invalid = [str(ident) for ident in list(self.points.latents.invalid)[:10]]
        if invalid:
            told += f" Not finite and left out: {', '.join(invalid)}"
            told += "." if len(self.points.latents.invalid) <= 10 else ", …"
        return Markup(
            '<div class="bar"><label>Colour by <select id="colour">{}</select></label></div>{}'
            '<p class="note">{}</p>'
        ).format(options, _place("map"), told)

    def _scores(self) -> Markup:
        from .charts import histogram
        from .tables import scores_table

        charts = []
        for i, name in enumerate(self.points.scores):
            figure, note = histogram(self.points, name, self.look, self.calibrations.get(name))
            self.figures[f"score{i}"] = figure
            charts.append(
                Markup('<div><h3>{}</h3>{}<p class="note">{}</p></div>').format(
                    name, _place(f"score{i}"), note
                )
            )
        table = scores_table(self.points, self.calibrations, self.positive)
        told = "Filled: all points; lines: the classes; dashed: the calibrated threshold."
        return Markup('{}<p class="note">{}</p><div class="charts">{}</div>').format(
            table, told, Markup("").join(charts)
        )

    def _rates(self) -> Markup:
        from .tables import rates_table

        return rates_table(self.points, self.garage, self.positive)

    def _labels(self) -> Markup:
        from .tables import agreement_part, counts_table

        known = self.points.labelled
        told = Markup("")
        if known.elsewhere:
            told = Markup('<p class="note">{}</p>').format(
                f"Labels of ids that are not among these points: {known.elsewhere:,}."
            )
        warnings = getattr(known.log, "warnings", []) if known.log is not None else []
        told += Markup("").join(Markup('<p class="note">{}</p>').format(w) for w in warnings)
        return Markup("{}{}{}").format(counts_table(self.points), told, agreement_part(self.points))

    def _gallery(self) -> Markup:
        from .galleries import gallery

        return Markup('<p class="note">{}</p>{}').format(
            "A click on a picture marks its point on the map.", gallery(self.points, self.look)
        )

    def _provenance(self) -> Markup:
        from .origins import origins_of

        found = origins_of(self.points, self.garage)
        rows = Markup("").join(Markup("<dt>{}</dt><dd>{}</dd>").format(*one) for one in found)
        return Markup("<dl>{}</dl>").format(rows)


def _document(
    title: str,
    head: Markup,
    parts: list[tuple[str, str, Markup]],
    figures: dict[str, Any],
    look: Any,
) -> str:
    from bokeh.embed import components
    from bokeh.resources import Resources

    from .styles import SCRIPT, style_of

    script, places = components(figures, wrap_script=False)
    # Our own code, and Bokeh's, in which texts from outside are JSON; both may run, nothing else may.
    library = Markup("\n").join(
        Markup(text)  # noqa: S704
        for text in Resources(mode="inline", components=["bokeh"], log_level="warn").js_raw
    )
    nonce = secrets.token_urlsafe(18)
    policy = (
        f"default-src 'none'; img-src data: blob:; style-src 'unsafe-inline'; script-src 'nonce-{nonce}'; "
        "base-uri 'none'; form-action 'none'"
    )
    body = Markup("").join(
        Markup('<section id="{}"><h2>{}</h2>{}</section>').format(*part) for part in parts
    )
    body = Markup(_filled(body, places))  # noqa: S704
    return Markup(
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">\n'
        '<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="generator" content="astrodata-lab">\n'
        "<title>{title}</title>\n<style>{style}</style>\n"
        '<script nonce="{nonce}">{library}</script></head>\n'
        "<body><main><header>{head}</header>{body}</main>\n"
        '<script nonce="{nonce}">{script}\n{own}</script></body></html>\n'
    ).format(
        policy=policy,
        title=title,
        style=Markup(style_of(look)),  # noqa: S704
        nonce=nonce,
        library=library,
        head=head,
        body=body,
        script=Markup(script),  # noqa: S704
        own=Markup(SCRIPT),  # noqa: S704
    )


def _place(name: str) -> Markup:
    return Markup("<!--place:{}-->").format(name)


def _filled(body: Markup, places: Mapping[str, str]) -> str:
    # Texts from outside have no comments of ours in them: their brackets are escaped.
    text = str(body)
    for name, place in places.items():
        text = text.replace(f"<!--place:{name}-->", place)
    return text


def _columns(points: Any, wanted: Iterable[str] | None) -> list[str]:
    from ..errors import UnknownName

    if wanted is not None:
        names = [str(name) for name in wanted]
        for name in names:
            if name not in points.columns:
                raise UnknownName(
                    f"there is no column {name!r}; there are {', '.join(points.columns)}"
                )
        return names
    others = [str(name) for name in points.latents.columns if name not in points.scores]
    found = [*points.scores, *others][: max(8, len(points.scores))]
    # Where nothing else is known, the latents themselves are.
    return found or list(points.latents.names[:8])
