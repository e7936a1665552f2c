"""Bokeh's WebGL scatter in a notebook through jupyter_bokeh, as the suite drives it."""

import numpy as np
from bokeh.io import output_notebook
from bokeh.models import ColumnDataSource
from bokeh.palettes import Category10
from bokeh.plotting import figure
from bokeh.resources import CDN, INLINE
from bokeh.transform import factor_cmap, linear_cmap
from jupyter_bokeh.widgets import BokehModel
from points import NAMES, Arrivals, points, scattered

arrivals = Arrivals()
plot = None
data = None
drag = "lasso"  # what a drag does in the next plot
source = None
dots = None


def begin(offline=True):
    """Load BokehJS; within the page unless the tool's own settings are wanted."""
    output_notebook(INLINE if offline else CDN, hide_banner=True)


def _make(x, y, group):
    global source, dots
    source = ColumnDataSource({"x": x, "y": y, "group": NAMES[group].tolist()})
    made = figure(
        frame_width=816,
        frame_height=560,
        output_backend="webgl",
        tools="pan,wheel_zoom,lasso_select",
        active_drag="lasso_select" if drag == "lasso" else "pan",
        toolbar_location=None,  # its sign has colours, which the suite would take for points
    )
    colour = factor_cmap("group", Category10[8], NAMES.tolist())
    dots = made.scatter("x", "y", source=source, size=2, color=colour, alpha=0.5)
    return made


def warm():
    """Load what the first plot of a kernel does."""
    BokehModel(_make(*points(1000)))


def prepare(count, kind="groups"):
    """Make the points; this is not timed."""
    global data
    data = points(count) if kind == "groups" else scattered(count)


def show():
    """Give what the cell shows."""
    global plot
    plot = _make(*data)
    source.selected.on_change("indices", _selected)
    return BokehModel(plot)


def _selected(_name, _old, new):
    mask = np.zeros(len(data[0]), bool)
    mask[np.asarray(new, dtype=np.int64)] = True
    arrivals.note(mask)


def tenth():
    """Select a tenth of the points."""
    source.selected.indices = list(range(0, len(data[0]), 10))


def recolour():
    """Colour by another column."""
    dots.glyph.fill_color = dots.glyph.line_color = linear_cmap("y", "Viridis256", -1, 1)
