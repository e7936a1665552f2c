"""Blocks of feature views: tables written into them, read from them, and joined with labels in time.

A view grows beside the pipelines that read it. What was made of it counts only as long as the view has the
same parts, which are told by the hashes of their rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..pipeline import Work, block
from .step_help import working

if TYPE_CHECKING:
    from ..feature_store import FeatureView

_MAKERS = 500
"""Tables of a view that the lineage of what was read tells of, the newest ones; a record has an end."""


def view_there(parameters: Mapping[str, Any], outputs: Mapping[str, Any], work: Work) -> bool:
    """Tell whether what was written into the feature view counts still: nothing newer came."""
    from ..feature_store import FeatureStore

    store = FeatureStore(work.root)
    if parameters["view"] not in store:
        return False
    told = outputs["view"]
    held = store.versions(parameters["view"])
    if told["version"] not in held:
        return False
    parts = store.view(told["name"], told["version"]).parts
    newest = max(parts, key=lambda part: (part.created, part.file), default=None)
    return newest is not None and newest.content == told["content"]


@block(outputs=("view",), holds=view_there)
def write_features(
    table: Any,
    *,
    view: str,
    at: str | None = None,
    units: dict[str, str] = {},  # noqa: B006
    entity: str = "event",
    description: str = "",
    work: Work | None = None,
) -> Any:
    """Write a table into a feature view of the workspace, as a new part of it.

    Parameters
    ----------
    table
        ``event_id``, or the numbers that the rows have are taken; ``event_time`` where `at` is not told; the
        features: numbers, flags, texts, categories (as their values) and times (in UTC). Latents are taken
        too.
    view
        Its name, which is defined where it is new or its columns are.
    at
        Time from which all rows hold, ISO 8601.
    units
        Of columns, as texts that astropy knows.
    entity, description
        As of `FeatureStore.define`.

    Returns
    -------
    dict
        ``name``, ``version``, ``columns``, ``rows``, ``content``.

    Raises
    ------
    BadRequest
        Rows without ``event_id`` and without numbers, ids that cannot be kept as they are, or a column of
        values that a view has no type for.
    """
    from ..errors import BadRequest
    from ..feature_store import FeatureStore
    from ..feature_store.told_types import feature_dtype
    from ..latent import Latents
    from ..pipeline.value_kinds import hash_of

    work = working(work)
    rows = table.table().rename(columns={"id": "event_id"}) if isinstance(table, Latents) else table
    if "event_id" not in rows:
        if rows.index.dtype.kind not in "iu" or not rows.index.is_unique:
            raise BadRequest(
                f"the rows have neither a column event_id nor numbers of their own: {view} needs one of them"
            )
        # The rows of a part keep the numbers that they had in the whole.
        rows = rows.rename_axis("event_id").reset_index()
    known = {**rows.attrs.get("units", {}), **units}
    features = [one for one in rows.columns if one not in ("event_id", "event_time")]
    columns = {
        one: {"dtype": feature_dtype(one, rows[one]), "unit": known.get(one, "")}
        for one in features
    }
    made = FeatureStore(work.root).define(
        view,
        columns=columns,
        entity=entity,
        id_dtype="int64" if rows["event_id"].dtype.kind in "iu" else "string",
        description=description,
    )
    part = made.write(rows, at=at, made_by=hash_of(table))
    return {
        "name": view,
        "version": made.version,
        "columns": features,
        "rows": len(rows),
        "content": part.content,
    }


def view_as_read(parameters: Mapping[str, Any], outputs: Mapping[str, Any], work: Work) -> bool:
    """Tell whether the view has the same parts as when it was read."""
    now = _parts_of(parameters["view"], parameters["as_of"], work)
    return now is not None and now == outputs["view"]


@block(stage="ingest", outputs=("table", "view"), holds=view_as_read)
def read_features(
    *,
    view: str,
    columns: list[str] | None = None,
    start: str | None = None,
    end: str | None = None,
    as_of: str | None = None,
    work: Work | None = None,
) -> Any:
    """Read a feature view of the workspace, of each event and time the row that was written last.

    All parts are read to their end, so that their hashes are those of the rows that are given. It is done
    anew where the view has other parts than before.

    Parameters
    ----------
    view
        Its name, for the newest version, or a name and version such as ``"pulses@v2"``.
    columns
        Features, and ``created_time`` where it is wanted; all features by default.
    start, end
        First time, and the time before which the last one lies, ISO 8601.
    as_of
        What was written later is left out, ISO 8601.

    Returns
    -------
    table : pandas.DataFrame
        ``event_id``, ``event_time`` and the features, by event and time.
    view : dict
        ``name``, ``version``, and ``content``: the hashes of the rows of each part.

    Raises
    ------
    UnknownName
        No such view, version or column.
    DataCheckFailed
        A part whose rows were changed, or which is damaged.
    """
    work = working(work)
    found = _sound(view, work)
    told = _parts_of(view, as_of, work)
    columns = found.definition.names if columns is None else columns
    table = found.read(columns, from_=start, to=end, as_of=as_of, engine="pandas")
    _tell_makers(found, as_of, work)
    units = {one.name: one.unit for one in found.columns if one.unit and one.name in table}
    table.attrs["units"] = units
    return table, told


def views_as_joined(parameters: Mapping[str, Any], outputs: Mapping[str, Any], work: Work) -> bool:
    """Tell whether each view has the same parts as when it was joined."""
    now = [_parts_of(one, parameters["as_of"], work) for one in parameters["views"]]
    return None not in now and now == outputs["views"]


@block(outputs=("table", "views"), holds=views_as_joined)
def join_features(
    labels: Any,
    *,
    views: list[str],
    on: str = "event_id",
    time: str = "label_time",
    as_of: str | None = None,
    tolerance: str | None = None,
    full_names: bool = False,
    times: bool = False,
    work: Work | None = None,
) -> Any:
    """Give each label the newest features that held by its time: nothing from after it.

    As `read_features` it reads all parts, and is done anew where a view has other ones than before.

    Parameters
    ----------
    labels
        A table with a column of ids and one of times.
    views, on, time, as_of, tolerance, full_names, times
        As of `FeatureStore.join`; views by name, such as ``"pulses:peak,width"`` or ``"latents@v2"``.

    Returns
    -------
    table : pandas.DataFrame
        The labels in their order, and the features; missing where there are none.
    views : list of dict
        Of each view ``name``, ``version``, and ``content``: the hashes of the rows of each part.

    Raises
    ------
    UnknownName
        No such view or column.
    BadRequest
        Names that come twice, a label without a time, or ids of another type.
    DataCheckFailed
        A part whose rows were changed, or which is damaged.
    """
    from ..feature_store import FeatureStore

    work = working(work)
    for one in views:
        _tell_makers(_sound(one, work), as_of, work, _MAKERS // len(views))
    told = [_parts_of(one, as_of, work) for one in views]
    table = FeatureStore(work.root).join(
        labels,
        views,
        on=on,
        time=time,
        as_of=as_of,
        tolerance=tolerance,
        full_names=full_names,
        times=times,
    )
    return table, told


def _parts_of(view: str, as_of: str | None, work: Work) -> dict[str, Any] | None:
    """Give which version a view has and the hashes of its parts; None where it is not there."""
    from ..errors import UnknownName

    try:
        found = _view(view, work)
    except UnknownName:
        return None
    return {"name": found.name, "version": found.version, "content": found.contents(as_of)}


def _tell_makers(view: FeatureView, as_of: str | None, work: Work, most: int = _MAKERS) -> None:
    """Tell the lineage of the tables that were written into a view: through it leads the way to raw data."""
    makers = dict.fromkeys(part.made_by for part in view.parts_as_of(as_of) if part.made_by)
    for number, made_by in enumerate(list(makers)[-max(1, most) :]):
        if made_by.startswith("sha256:"):
            work.uses(f"{view.name}@v{view.version}[{number}]", made_by, "table")


def _sound(view: str, work: Work) -> FeatureView:
    """Give a view whose parts are all read to their end and have the rows that were written."""
    from ..errors import DataCheckFailed

    found = _view(view, work)
    if wrong := found.verify():
        raise DataCheckFailed(
            f"{found.name}@v{found.version}: {wrong[0]}; move it away, and write its features again"
        )
    return found


def _view(view: str, work: Work) -> FeatureView:
    from ..feature_store import FeatureStore

    return FeatureStore(work.root)[view.partition(":")[0].strip()]
