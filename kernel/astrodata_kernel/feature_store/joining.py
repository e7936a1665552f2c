"""Labels and what was known of their events by then: the join in time, and that nothing comes from later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa

from ..errors import BadRequest, DamagedFile, UnknownName
from .definitions import TIME, nearest
from .engine import connection, quoted, selection
from .event_ids import ids_of
from .pieces import Wanted, framed
from .times import moments
from .views import FeatureView

if TYPE_CHECKING:
    from .stores import FeatureStore

_KEYS = ("event_time", "created_time")


@dataclass(frozen=True)
class _Asked:
    view: FeatureView
    columns: list[str]
    names: list[str]


def joined(
    store: FeatureStore,
    labels: Any,
    views: Sequence[Any],
    on: str,
    time: str,
    as_of: Any,
    tolerance: Any,
    full_names: bool,
    times: bool,
) -> pd.DataFrame:
    """Give `FeatureStore.join`."""
    table = table_of(labels, on, time)
    asked = _asked(store, views, table, full_names, times)
    # Cut, and never rounded: a label must not see what holds from a moment after it.
    when = moments(table[time], f"labels, column {time!r}", down=True)
    oldest = None if tolerance is None else _tolerance(tolerance)
    made: dict[str, Any] = {}
    for one in asked:
        found = _of_view(one, table[on], when, as_of, oldest)
        made |= {
            name: found[column].array for name, column in zip(one.names, one.columns, strict=True)
        }
    features = pd.DataFrame(made, index=table.index)
    return pd.concat([table, features], axis=1)


def table_of(labels: Any, on: str, time: str) -> pd.DataFrame:
    """Give labels as a table that has the columns of ids and times.

    Raises
    ------
    BadRequest
        What are no labels.
    UnknownName
        One of the columns is not there.
    """
    from ..labels.label_log import LabelLog
    from ..labels.label_reading import LabelReading
    from ..labels.listing import Session

    if isinstance(labels, Session):
        with LabelLog(labels.folder) as log:
            return table_of(log, on, time)
    if isinstance(labels, LabelReading):
        table = labels.table().rename(columns={"id": on, "time": time})
    elif hasattr(labels, "to_pandas"):  # of PyArrow and of astropy
        table = labels.to_pandas()
    elif isinstance(labels, pd.DataFrame):
        table = labels.copy()
    elif isinstance(labels, Mapping):
        table = pd.DataFrame(dict(labels))
    else:
        raise BadRequest(
            f"a {type(labels).__name__} has no labels with times: give a DataFrame, a label log or a session"
        )
    if not table.columns.is_unique:
        raise BadRequest("two columns of the labels have the same name: rename one")
    for word, name in (("on", on), ("time", time)):
        if name not in table.columns:
            raise UnknownName(
                f"the labels have no column {name!r}: tell it with {word}=; "
                f"{nearest(name, list(map(str, table.columns)))}"
            )
    return table


def _asked(
    store: FeatureStore, views: Sequence[Any], table: pd.DataFrame, full: bool, times: bool
) -> list[_Asked]:
    given = [views] if isinstance(views, str | FeatureView) else list(views)
    if not given:
        raise BadRequest('no views are named: give some, such as ["waveforms:peak,width"]')
    chosen = []
    for one in given:
        key, columns = one if isinstance(one, tuple) else (one, None)
        if isinstance(key, str):
            key, _, rest = key.partition(":")
            columns = [name.strip() for name in rest.split(",")] if rest else columns
            key = store[key.strip()]
        if not isinstance(key, FeatureView):
            raise BadRequest(
                f"{str(key)[:40]!r} is no view: give 'name', 'name:column,column' or 'name@v2'"
            )
        names = key.definition.names if columns is None else key.names_of(columns)[2:]
        if "created_time" in names:
            raise BadRequest(
                "times=True gives the times of the features that were used; ask for features only"
            )
        chosen.append((key, names))
    words = _words([view for view, _ in chosen])
    taken, made = set(map(str, table.columns)), []
    for (view, columns), word in zip(chosen, words, strict=True):
        told = [f"{word}.{name}" if full else name for name in columns]
        if times:
            told += [f"{word}.{name}" for name in _KEYS]
            columns = [*columns, *_KEYS]
        for name in told:
            if name in taken:
                raise BadRequest(
                    f"{name!r} of {view.name} is there twice: "
                    + (
                        "ask for each view once"
                        if full
                        else "give full_names=True, for 'view.column'"
                    )
                )
            taken.add(name)
        made.append(_Asked(view, columns, told))
    return made


def _words(views: list[FeatureView]) -> list[str]:
    """Give what each is called: its name, and its version where a name is asked for in several."""
    names = [view.name for view in views]
    return [v.name if names.count(v.name) == 1 else f"{v.name}@v{v.version}" for v in views]


def _tolerance(given: Any) -> int:
    try:
        found = pd.Timedelta(given)
    except (ValueError, TypeError):
        found = pd.NaT
    if found is pd.NaT or found < pd.Timedelta(0):
        raise BadRequest(f"tolerance {str(given)[:40]!r} is no length of time, such as '30 days'")
    return int(found // pd.Timedelta(1, "us"))


def _of_view(
    one: _Asked, idents: pd.Series, when: pd.Series, as_of: Any, oldest: int | None
) -> pd.DataFrame:
    """Give a row of features for each label, in their order."""
    nothing = _missing(one, len(idents))
    if not len(idents):
        return nothing
    view, kind = one.view, one.view.definition.id_dtype
    ids = ids_of(idents, kind)
    last = pa.array(when, TIME).cast(pa.int64())
    first = None if oldest is None else min(last.to_pylist()) - oldest
    wanted = Wanted(ids, first, max(last.to_pylist()) + 1)
    parts = wanted.of(view.parts_as_of(as_of))
    if not parts:
        return nothing
    folder = view.folder / "parts"
    names = ["event_id", *_KEYS, *(name for name in one.columns if name not in _KEYS)]
    query, told = selection(folder, parts, view.definition, names, wanted)
    made = connection([folder])
    try:
        values = idents.astype("int64") if kind == "int64" else idents.astype(object)
        rows = pa.table(
            {
                "label_row": pa.array(range(len(idents)), pa.int64()),
                "label_id": pa.array(
                    values.to_numpy(), pa.int64() if kind == "int64" else pa.string()
                ),
                "label_time": pa.array(when, TIME),
            }
        )
        made.register("labels", rows)
        near, also = "", []
        if oldest is not None:
            near, also = " WHERE epoch_us(l.label_time) - epoch_us(f.event_time) <= ?", [oldest]
        picked = ", ".join(f"f.{quoted(name)}" for name in one.columns)
        # Only ids and times enter: names and contents of labels are nothing to SQL.
        found = made.sql(
            f"SELECT l.label_row, {picked} FROM labels l ASOF JOIN ({query}) f "  # noqa: S608 -- quoted
            f"ON l.label_id = f.event_id AND l.label_time >= f.event_time{near}",
            params=[*told, *also],
        ).to_arrow_table()
    except Exception as error:
        import duckdb

        if not isinstance(error, duckdb.Error):
            raise
        said = view.verify()
        if not said:
            raise
        raise DamagedFile(
            f"{view.name}@v{view.version}: {said[0]}; move it away and write its features again"
        ) from None
    finally:
        made.close()
    return _laid(found, len(idents), one)


def _laid(found: pa.Table, count: int, one: _Asked) -> pd.DataFrame:
    """Give the rows at their labels, missing where a label has none."""
    where = np.full(count, -1, np.int64)
    # By number: a feature may be called as the row is here.
    where[found.column(0).to_numpy()] = np.arange(len(found))
    order = pa.array(where, mask=where < 0)
    features = found.remove_column(0).rename_columns(one.columns)
    return framed(features.take(order))


def _missing(one: _Asked, count: int) -> pd.DataFrame:
    schema = one.view.definition.schema
    fields = [pa.field(name, schema.field(name).type) for name in one.columns]
    return framed(pa.table({f.name: pa.nulls(count, f.type) for f in fields}))
