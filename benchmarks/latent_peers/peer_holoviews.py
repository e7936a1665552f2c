"""HoloViews and Datashader with linked selections, as the suite drives them."""

import datashader as ds
import holoviews as hv
import numpy as np
import pandas as pd
import panel as pn
from holoviews.operation.datashader import datashade
from points import NAMES, Arrivals, points, scattered

arrivals = Arrivals()
plot = None
data = None
drag = "lasso"  # what a drag does in the next plot
links = None
source = None


def begin(offline=True):
    """Load the extension; scripts within the page unless the tool's own settings are wanted."""
    if offline:
        pn.extension(inline=True)
        hv.extension("bokeh", inline=True)
    else:
        hv.extension("bokeh")


def _make(x, y, group):
    global links, source
    frame = pd.DataFrame({"x": x, "y": y, "group": pd.Categorical.from_codes(group, NAMES)})
    source = hv.Points(frame, ["x", "y"], ["group"])
    links = hv.selection.link_selections.instance()
    shaded = datashade(source, aggregator=ds.by("group", ds.count()))
    # The toolbar and the legend have colours of their own, which the suite would take for points.
    return links(shaded).opts(
        hv.opts.RGB(
            frame_width=816,
            frame_height=560,
            tools=["lasso_select", "pan"],
            active_tools=["lasso_select" if drag == "lasso" else "pan"],
            toolbar=None,
            show_legend=False,
            xlim=(-1.3, 1.3),
            ylim=(-1.3, 1.3),
        )
    )


def warm():
    """Load and compile what the first plot of a kernel does."""
    hv.render(_make(*points(1000)))


def prepare(count, kind="groups"):
    """Make the points; this is not timed."""
    global data
    data = points(count) if kind == "groups" else scattered(count)


def show():
    """Give what the cell shows."""
    global plot
    plot = _make(*data)
    links.param.watch(_selected, "selection_expr")
    return plot


def _selected(_):
    expression = links.selection_expr
    if expression is not None:
        arrivals.note(np.asarray(expression.apply(source.dataset)).astype(bool))


def tenth():
    """Select a tenth of the points: an expression is all that can be given."""
    links.selection_expr = hv.dim("x") > float(np.quantile(data[0], 0.9))


recolour = None
