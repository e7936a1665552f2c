"""The store: views by name and version in the workspace, and their joins with labels."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from ..errors import AstrodataError, BadRequest, NameTaken, UnknownName, UnreadableFile
from ..workspace import FOLDER, workspace
from .defining import defined, definition_of, is_name, view_name
from .definitions import Definition, nearest
from .ready import Features, features_of
from .version_folders import free_number, numbers, placed, removed
from .views import FeatureView

ROOM = "features"
_ASKED = re.compile(r"(?P<name>[^@]+)(@v?(?P<version>\d{1,6}))?")
_LONGEST = 16 << 20
_RACES = 100


class FeatureStore:
    """The feature views of a workspace.

    ``astrodata/features/<view>/v0001/`` holds a version of a view: ``view.json`` with its definition, and
    ``parts/`` with Parquet files that tell what they are. Several processes may define and write at once:
    folders and files have their names only when they are whole, and are never changed afterwards.

    Parameters
    ----------
    root
        The workspace's folder; by default the nearest one upwards.

    Examples
    --------
    >>> import tempfile
    >>> store = FeatureStore(tempfile.mkdtemp())
    >>> store.define("pulses", columns={"peak": {"dtype": "float64", "unit": "mV"}})
    <FeatureView pulses@v1: peak>
    >>> store.define("pulses", columns={"peak": {"dtype": "float64", "unit": "V"}}).version
    2
    >>> store["pulses@v1"].columns[0].unit, store["pulses"].columns[0].unit
    ('mV', 'V')
    """

    def __init__(self, root: str | os.PathLike[str] | None = None) -> None:
        self.root = workspace(root)
        self.folder = self.root / FOLDER / ROOM

    def define(
        self,
        name: str,
        *,
        columns: Mapping[str, Any],
        entity: str = "event",
        id_dtype: str = "int64",
        source: Mapping[str, Any] | str | Callable[..., Any] | None = None,
        description: str = "",
        tags: Sequence[str] = (),
    ) -> FeatureView:
        """Define a view; a definition that is there already is given, another one is a new version.

        Parameters
        ----------
        name
            1 to 64 of a-z, 0-9, - and _.
        columns
            By name ``{"dtype", "unit", "description"}``, or the dtype alone: bool, int8 to int64, uint8 to
            uint64, float32, float64, string or timestamp.
        entity
            What a row is about.
        id_dtype
            ``"int64"`` or ``"string"``: of the ids.
        source
            What makes it: a mapping such as ``{"pipeline": "cardio", "output": "features.table"}``, or a
            function that can be imported.
        description, tags
            In words.

        Raises
        ------
        BadRequest
            A name, type or unit that is none.
        UnreadableFile
            The workspace cannot be written.
        """
        made = defined(
            name,
            columns,
            entity=entity,
            id_dtype=id_dtype,
            source=source,
            description=description,
            tags=tags,
        )
        return self._defined(made)

    def define_from(
        self, kind: Any, data: Any = None, name: str | None = None, **parameters: Any
    ) -> FeatureView:
        """Define a view of what this package measures, its columns with their units.

        Parameters
        ----------
        kind
            ``"waveforms"``, ``"latents"``, ``"photometry"``, ``"areas"``, or `Features` that are made.
        data
            What is measured; nothing is computed yet.
        name
            Of the view; the kind by default.
        **parameters
            Of ``features_of_<kind>``.

        Raises
        ------
        BadRequest
            No such kind, or parameters that it does not have.
        """
        made = kind if isinstance(kind, Features) else features_of(kind, data, **parameters)
        return self.define(
            name or made.kind,
            columns=made.columns,
            entity=made.entity,
            id_dtype=made.id_dtype,
            source=made.source,
            description=made.description,
        )

    def views(self) -> list[FeatureView]:
        """Give the newest version of each view, by name; `problems` tells which cannot be read."""
        return [view for view, _ in self._all() if view is not None]

    @property
    def problems(self) -> list[str]:
        """What is wrong with views that cannot be read."""
        return [said for view, said in self._all() if view is None]

    def versions(self, name: str) -> list[int]:
        """Give the versions of a view that are there, the oldest first."""
        return numbers(self.folder / view_name(name))

    def __getitem__(self, name: str) -> FeatureView:
        """Give a view, its newest version unless one is told: ``store["latents@v2"]``."""
        found = _ASKED.fullmatch(name) if isinstance(name, str) else None
        if found is None:
            raise UnknownName(
                f"{str(name)[:80]!r} is no view: give a name, or a name and version as 'latents@v2'"
            )
        return self.view(found["name"], found["version"] and int(found["version"]))

    def __contains__(self, name: object) -> bool:
        with contextlib.suppress(UnknownName, BadRequest):
            return isinstance(name, str) and bool(self._asked(name, None))
        return False

    def __iter__(self) -> Iterator[FeatureView]:
        return iter(self.views())

    def view(self, name: str, version: int | None = None) -> FeatureView:
        """Give a version of a view, the newest by default.

        Raises
        ------
        UnknownName
            No such view or version.
        UnsupportedFormat
            It was defined by a newer version of this package.
        DamagedFile
            Its definition cannot be read.
        """
        return self._opened(name, self._asked(name, version))

    def remove(self, name: str, version: int | None = None) -> None:
        """Remove a version of a view with all its parts, or all versions; no other gets its number.

        Raises
        ------
        UnknownName
            No such view or version.
        UnreadableFile
            The folder cannot be changed.
        """
        self._asked(name, version)
        home = self.folder / name
        for number in self.versions(name) if version is None else [version]:
            removed(home, number)

    def join(
        self,
        labels: Any,
        views: Sequence[Any],
        *,
        on: str = "event_id",
        time: str = "label_time",
        as_of: Any = None,
        tolerance: Any = None,
        full_names: bool = False,
        times: bool = False,
    ) -> pd.DataFrame:
        """Give each label the newest features that held by its time: nothing from after it.

        Parameters
        ----------
        labels
            A DataFrame, a label log or a label session; of these the columns are called ``event_id`` and
            ``label_time``. Times without a zone are UTC.
        views
            ``"waveforms"`` for all features, ``"waveforms:peak,width"`` for some, ``"latents@v2"`` for a
            version; views; or pairs of a view and a list of columns.
        on, time
            Columns of the labels.
        as_of
            What was written to the views later is left out.
        tolerance
            How old features may be, such as ``"30 days"``.
        full_names
            Whether features are called ``view.column``; needed where two views have the same.
        times
            Whether ``view.event_time`` and ``view.created_time`` are given, which tell what was used.

        Returns
        -------
        DataFrame
            The labels as they are, in their order, and the features; missing where there are none.

        Raises
        ------
        UnknownName
            No such view or column.
        BadRequest
            Names that come twice, a label without a time, or ids of another type.
        """
        from .joining import joined

        return joined(self, labels, views, on, time, as_of, tolerance, full_names, times)

    def __repr__(self) -> str:
        named = ", ".join(f"{view.name}@v{view.version}" for view in self.views())
        return f"<FeatureStore in {self.folder}: {named or 'no views'}>"

    def _repr_html_(self) -> str:
        from .shown import store_html

        return store_html(self)

    def _defined(self, made: Definition) -> FeatureView:
        home = self.folder / made.name
        try:
            home.mkdir(parents=True, exist_ok=True)
            for _ in range(_RACES):
                # Before the look at what is there: what others place from now on has this number, or is seen.
                free = free_number(home)
                for number in reversed(self.versions(made.name)):
                    with contextlib.suppress(AstrodataError):
                        view = self._opened(made.name, number)
                        if view.definition.digest == made.digest:
                            return view
                if placed(home, free, made):
                    return self._opened(made.name, free)
        except OSError as error:
            raise UnreadableFile(
                f"{home} cannot be written: {error}; choose another workspace"
            ) from None
        raise NameTaken(f"{made.name}: others define it all the time; try again")

    def _asked(self, name: str, version: int | None) -> int:
        there = self.versions(name)
        if not there:
            raise UnknownName(
                f"there is no view {str(name)[:80]!r}; {nearest(str(name), self._names())}"
            )
        if version is not None and version not in there:
            raise UnknownName(
                f"{name} has no version {version}; there are: {', '.join(f'v{one}' for one in there)}"
            )
        return there[-1] if version is None else version

    def _opened(self, name: str, version: int) -> FeatureView:
        folder = self.folder / name / f"v{version:04}"
        where = folder / "view.json"
        try:
            with where.open("rb") as file:
                content = file.read(_LONGEST)
        except OSError as error:
            raise UnreadableFile(f"{where} cannot be read: {error.strerror or error}") from None
        made = definition_of(content, str(where))
        if made.name != name:
            raise NameTaken(
                f"{where} defines {made.name!r}: a view's folder has its name; move it back"
            )
        return FeatureView(folder, made, version, self.root)

    def _names(self) -> list[str]:
        try:
            names = sorted(path.name for path in self.folder.iterdir() if path.is_dir())
        except OSError:
            return []
        return [name for name in names if is_name(name) and self.versions(name)]

    def _all(self) -> list[tuple[FeatureView | None, str]]:
        found: list[tuple[FeatureView | None, str]] = []
        for name in self._names():
            try:
                found.append((self.view(name), ""))
            except AstrodataError as error:
                found.append((None, str(error)))
        return found
