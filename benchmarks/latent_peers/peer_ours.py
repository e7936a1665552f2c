"""AstroData Lab's explorer, as the suite drives it."""

import astrodata_kernel as adk
import numpy as np
import pandas as pd
from points import NAMES, Arrivals, points, scattered

arrivals = Arrivals()
plot = None
data = None


def _make(x, y, group, **more):
    columns = {"group": pd.Categorical.from_codes(group, NAMES), "height": y}
    return adk.LatentExplorer(np.stack([x, y], axis=1), columns, color="group", **more)


def warm():
    """Load and compile what the first plot of a kernel does."""
    explorer = _make(*points(1000))
    explorer.request("column", name="group")
    explorer.request("lasso", polygon=[[-2, -2], [2, -2], [0, 2]])
    explorer.close()


def prepare(count, kind="groups"):
    """Make the points; this is not timed."""
    global data
    data = points(count) if kind == "groups" else scattered(count)


def show(**more):
    """Give what the cell shows."""
    global plot
    plot = _make(*data, **more)
    plot.observe(lambda _: arrivals.note(plot.mask), "selection")
    return plot


def with_events(samples=256):
    """Give the explorer of points that have waveforms behind them."""
    count = len(data[0])
    time = np.arange(samples, dtype=np.float32) / samples
    waves = np.empty((count, samples), np.float32)
    for start in range(0, count, 10_000):
        part = slice(start, start + 10_000)
        waves[part] = np.sin(40 * time * (1.5 + data[0][part, None])) * np.exp(-3 * time)
    return show(events=waves)


def tenth():
    """Select a tenth of the points."""
    plot.select(np.arange(len(data[0])) % 10 == 0)


def recolour():
    """Colour by another column."""
    plot.color = "height"


def polygon():
    """Give the corners of the last lasso as the tool knows them."""
    return plot.selection[-1]["lasso"]["polygon"]
