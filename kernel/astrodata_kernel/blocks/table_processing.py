"""Blocks that make tables ready for a model: duplicates, missing values, one-hot, standardised, divided.

No table tells which of its columns is to be predicted: `split_table` takes a target to draw even parts and
marks nothing. Whoever fills, codes or scales says ``target=`` again, or the target is treated as any column.
"""

from __future__ import annotations

from typing import Any, Literal

from ..pipeline import Work, block
from .step_help import working

Scalar = bool | int | float | str
Way = Literal["mean", "median", "most_frequent", "constant", "drop"]


@block(outputs=("table",))
def drop_duplicates(
    table: Any, *, columns: list[str] | None = None, work: Work | None = None
) -> Any:
    """Give a table with the first of each set of equal rows.

    Parameters
    ----------
    table
        A table.
    columns
        That are compared; all by default.

    Returns
    -------
    pandas.DataFrame
    """
    from ..processing.tabular import drop_duplicates as dropped

    made = dropped(table, columns)
    working(work).metrics({"dropped": len(table) - len(made)})
    return made.reset_index(drop=True)


@block(outputs=("train", "validation", "test", "learnt"))
def fill_missing(
    train: Any,
    validation: Any = None,
    test: Any = None,
    *,
    how: Way | dict[str, Way] = "median",
    columns: list[str] | None = None,
    value: Scalar | dict[str, Scalar] | None = None,
    target: str | None = None,
) -> Any:
    """Fill missing values by what the training part tells.

    Parameters
    ----------
    train, validation, test
        Tables; the latter two may be missing.
    how, columns, value
        As of `adk.processing.tabular.MissingValues.fit`.
    target
        Column that stays as it is: what is to be predicted must not be made up. Nothing else tells it, also
        not the step that divided the table; it is filled as any other column where it is not said here.

    Returns
    -------
    train, validation, test : pandas.DataFrame
        None where none came.
    learnt : str
        What the training part told, as JSON.
    """
    from ..processing.tabular import MissingValues

    if columns is None and target is not None:
        columns = [name for name in train.columns if name != target]
    return _parts(MissingValues.fit(train, how, columns, value), train, validation, test)


@block(outputs=("train", "validation", "test", "learnt"))
def one_hot(
    train: Any,
    validation: Any = None,
    test: Any = None,
    *,
    columns: list[str] | None = None,
    unknown: Literal["error", "ignore"] = "error",
    target: str | None = None,
) -> Any:
    """Make columns of 0 and 1 of categories, those that the training part has.

    Parameters
    ----------
    train, validation, test
        Tables; the latter two may be missing.
    columns, unknown
        As of `adk.processing.tabular.OneHot.fit`.
    target
        Column that stays as it is. Nothing else tells it, also not the step that divided the table; a target
        of texts is turned as any other column where it is not said here.

    Returns
    -------
    train, validation, test : pandas.DataFrame
        None where none came.
    learnt : str
        What the training part told, as JSON.
    """
    from ..processing.tabular import OneHot

    learnt = OneHot.fit(train, columns, unknown)
    if columns is None and target in learnt.categories:
        learnt = OneHot.fit(train, [n for n in learnt.categories if n != target], unknown)
    return _parts(learnt, train, validation, test)


@block(outputs=("train", "validation", "test", "learnt"))
def standardise(
    train: Any,
    validation: Any = None,
    test: Any = None,
    *,
    columns: list[str] | None = None,
    how: Literal["mean_std", "robust"] = "mean_std",
    but: list[str] = [],  # noqa: B006
    target: str | None = None,
) -> Any:
    """Bring columns to one centre and spread, those of the training part.

    Parameters
    ----------
    train, validation, test
        Tables; the latter two may be missing.
    columns, how, but
        As of `adk.processing.tabular.Standardise.fit`.
    target
        Column that stays as it is: classes that are standardised are classes no more. Nothing else tells it,
        also not the step that divided the table; a target of numbers is scaled as any other column where it
        is not said here.

    Returns
    -------
    train, validation, test : pandas.DataFrame
        None where none came.
    learnt : str
        What the training part told, as JSON.
    """
    from ..processing.tabular import Standardise

    left = but if target is None else [*but, target]
    return _parts(Standardise.fit(train, columns, how, left), train, validation, test)


@block(outputs=("table",))
def apply_learnt(learnt: Any, table: Any) -> Any:
    """Prepare a table by what was learnt on the training part of another one.

    Parameters
    ----------
    learnt
        What `fill_missing`, `one_hot` or `standardise` gave as ``learnt``.
    table
        With the columns that it was learnt on.

    Returns
    -------
    pandas.DataFrame

    Raises
    ------
    DamagedFile
        A text that none of them wrote.
    UnknownName
        A column that was learnt and is not there.
    BadRequest
        Values that cannot be prepared so, such as a category that the training part has not.
    """
    from ..processing.tabular import learnt_of

    return learnt_of(learnt).transform(table)


@block(outputs=("train", "validation", "test"))
def split_table(
    table: Any,
    *,
    target: str | None = None,
    sizes: tuple[float, float, float] = (0.7, 0.15, 0.15),
    stratify: bool | str = False,
    group: str | None = None,
    seed: int = 0,
) -> Any:
    """Divide a table into training, validation and test, stratified or by group.

    Parameters
    ----------
    table
        A table.
    target, sizes, stratify, group, seed
        As of `adk.processing.tabular.split_table`.

    Returns
    -------
    train, validation, test : pandas.DataFrame
    """
    from ..processing.tabular import split_table as split

    parts = split(table, target, sizes, stratify, group, seed)
    return parts.train, parts.validation, parts.test


@block(outputs=("table",))
def select_columns(
    table: Any,
    *,
    columns: list[str] | None = None,
    but: list[str] = [],  # noqa: B006
) -> Any:
    """Give some columns of a table.

    Parameters
    ----------
    table
        A table, or a data set of one.
    columns
        In the order wanted; all by default.
    but
        Those that are left out.

    Returns
    -------
    pandas.DataFrame
    """
    from ..processing.tabular import table_of

    chosen = table_of(table, columns=columns)
    dropped = list(table_of(chosen, columns=but).columns) if but else []
    return chosen.drop(columns=dropped)


@block(outputs=("table",))
def join_tables(
    left: Any,
    right: Any,
    *,
    on: list[str] | None = None,
    how: Literal["inner", "left", "right", "outer"] = "left",
    check: Literal["one_to_one", "one_to_many", "many_to_one", "many_to_many"] = "many_to_one",
) -> Any:
    """Put the columns of two tables beside each other.

    Parameters
    ----------
    left, right
        Tables.
    on
        Columns whose values belong together; without them rows belong together by their order.
    how
        Which rows stay where one side lacks them.
    check
        How many rows of one side may belong to one of the other.

    Returns
    -------
    pandas.DataFrame

    Raises
    ------
    BadRequest
        Rows that belong together more often than `check` says, or tables of different lengths without `on`.
    UnknownName
        A column that one of them lacks.
    """
    import pandas as pd

    from ..errors import BadRequest, UnknownName, closest

    if on is None:
        if len(left) != len(right):
            raise BadRequest(
                f"tables of {len(left):,} and {len(right):,} rows: say which columns they are joined on"
            )
        twice = [name for name in right.columns if name in left.columns]
        if twice:
            raise BadRequest(f"both tables have a column {twice[0]!r}: leave one of them out")
        parts = [left.reset_index(drop=True), right.reset_index(drop=True)]
        return pd.concat(parts, axis=1)
    for table in (left, right):
        for name in on:
            if name not in table:
                raise UnknownName(
                    f"a table has no column {name!r}{closest(name, list(table.columns))}"
                )
    twice = [name for name in right.columns if name in left.columns and name not in on]
    if twice:
        raise BadRequest(
            f"both tables have a column {twice[0]!r}: leave one of them out, or join on it too"
        )
    for which, table in (("first", left), ("second", right)):
        missing = table[list(on)].isna().any(axis=1)
        if missing.any():
            raise BadRequest(
                f"{int(missing.sum()):,} rows of the {which} table lack {', '.join(on)}, the first is row "
                f"{int(missing.to_numpy().argmax())}: leave them out before they are joined"
            )
    try:
        return left.merge(right, how=how, on=on, validate=check)
    except (pd.errors.MergeError, ValueError) as error:
        raise BadRequest(f"the tables cannot be joined: {str(error).splitlines()[0]}") from None


def _parts(learnt: Any, *tables: Any) -> tuple[Any, ...]:
    made = [None if table is None else learnt.transform(table) for table in tables]
    return (*made, learnt.to_json())
