"""embedding-atlas' widget, as the suite drives it: its map alone, without the table and charts beside it."""

import numpy as np
import pandas as pd
from embedding_atlas.widget import EmbeddingAtlasWidget
from points import NAMES, Arrivals, points, scattered

arrivals = Arrivals()
plot = None
data = None


def _make(x, y, group):
    frame = pd.DataFrame({"x": x, "y": y, "group": pd.Categorical.from_codes(group, NAMES)})
    frame["group"] = frame["group"].astype(str)
    map_of = {"x": "x", "y": "y", "category": "group"}
    chart = {"type": "embedding", "title": "Embedding", "data": map_of}
    return EmbeddingAtlasWidget(
        frame,
        x="x",
        y="y",
        initial_state={"charts": {"1": chart}},
        show_table=False,
        show_charts=False,
    )


def warm():
    """Load what the first plot of a kernel does."""
    _make(*points(1000)).close()


def prepare(count, kind="groups"):
    """Make the points; this is not timed."""
    global data
    data = points(count) if kind == "groups" else scattered(count)


def show():
    """Give what the cell shows."""
    global plot
    plot = _make(*data)
    plot.observe(_selected, "_predicate")
    return plot


def _selected(_):
    # A condition in SQL travels; its mask is what anybody has to ask for.
    if plot._predicate is None:
        return
    found = plot._connection.sql(
        f"SELECT __row_index__ FROM {plot._table_name} WHERE {plot._predicate}"
    )
    mask = np.zeros(len(data[0]), bool)
    mask[found.fetchnumpy()["__row_index__"]] = True
    arrivals.note(mask)


tenth = recolour = None
