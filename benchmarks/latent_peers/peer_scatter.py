"""jupyter-scatter, as the suite drives it: the settings of its documentation for large data."""

import jscatter
import numpy as np
import pandas as pd
from points import NAMES, Arrivals, points, scattered

arrivals = Arrivals()
plot = None
data = None


def _make(x, y, group):
    frame = pd.DataFrame({"x": x, "y": y, "group": pd.Categorical.from_codes(group, NAMES)})
    frame["height"] = frame["y"]
    made = jscatter.Scatter(data=frame, x="x", y="y", color_by="group", height=560, width=816)
    made.x(scale=(-1.4, 1.4))
    made.y(scale=(-1.4, 1.4))
    return made


def warm():
    """Load what the first plot of a kernel does."""
    _make(*points(1000)).show()


def prepare(count, kind="groups"):
    """Make the points; this is not timed."""
    global data
    data = points(count) if kind == "groups" else scattered(count)


def show():
    """Give what the cell shows."""
    global plot
    plot = _make(*data)
    widget = plot.widget
    widget.observe(_selected, "selection")
    return plot.show()


def _selected(_):
    mask = np.zeros(len(data[0]), bool)
    mask[plot.selection()] = True
    arrivals.note(mask)


def tenth():
    """Select a tenth of the points."""
    plot.selection(np.arange(0, len(data[0]), 10))


def recolour():
    """Colour by another column."""
    plot.color(by="height")


def mouse(mode):
    """Make the mouse draw a lasso or pan."""
    plot.mouse("lasso" if mode == "lasso" else "panZoom")
