"""A model that has learnt from a table: it predicts, has a content hash, and is kept without pickle."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd

from ...errors import BadRequest
from ...processing.tabular.columns import checked, numbers, row


def features_of(table: pd.DataFrame, columns: Sequence[str], gaps: bool) -> pd.DataFrame:
    """Give the columns that a model takes, in its order, as float64 and with their index.

    Raises
    ------
    UnknownName
        A column that is not there.
    BadRequest
        Text, dates or infinite numbers, or missing values when there may be none; the text names the column
        and its first bad row.
    """
    checked(table, columns)
    made = {}
    for name in columns:
        values = numbers(table, name, "that a model takes")
        bad = np.flatnonzero(np.isnan(values))
        if len(bad) and not gaps:
            raise BadRequest(
                f"column {name!r} misses a value in {len(bad):,} of {len(table):,} rows, the first is row "
                f"{row(table, bad[0])}: this model needs all of them; use fill_missing, or leave "
                "those rows out"
            )
        made[name] = values
    return pd.DataFrame(made, index=table.index, columns=list(columns))


@dataclass(frozen=True, eq=False)
class TableModel:
    """A model that tells one column of a table from others; `train_model` makes it, `load` reads it.

    Parameters
    ----------
    name
        As it was asked for: ``"random_forest"``, ``"sklearn.svm.SVC"``, ...
    model
        The library's own object, which works without this package. Scikit-learn's gives the classes
        themselves; XGBoost's their numbers, and Keras' their probabilities, in the order of `classes`.
    columns, target
        Names of what it takes, in order, and of what it gives.
    task
        ``"classification"`` or ``"regression"``.
    classes
        Ascending; None for a regression.
    seed, parameters
        As they were given.
    gaps
        Whether it takes missing values.
    history
        A row for each round of XGBoost or epoch of Keras: ``step``, ``train_...``, ``validation_...``;
        empty for others.
    notes
        What the library warned of, such as a solver that did not converge.

    Examples
    --------
    >>> from astrodata_kernel.training.tabular import train_model
    >>> table = pd.DataFrame({"x": [0.0, 1.0, 2.0, 3.0], "y": [0.0, 2.0, 4.0, 6.0]})
    >>> made = train_model(table, target="y", model="sklearn.linear_model.LinearRegression")
    >>> made.predict(pd.DataFrame({"x": [10.0]})).round(6).tolist()
    [20.0]
    """

    name: str
    model: Any
    columns: tuple[str, ...]
    target: str
    task: str
    classes: tuple[Any, ...] | None
    seed: int = 0
    parameters: Mapping[str, Any] = field(default_factory=dict)
    gaps: bool = False
    history: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False)
    notes: tuple[str, ...] = ()

    def predict(self, table: pd.DataFrame) -> pd.Series:
        """Give the class or value of each row, with the table's index.

        Raises
        ------
        UnknownName
            A column that is not there. Others than `columns` are not looked at.
        BadRequest
            Text, dates, infinite or missing values; the text names the column and its first bad row.
        """
        x = features_of(table, self.columns, self.gaps)
        if not len(x):
            return pd.Series(np.array(self.classes or [0.0])[:0], x.index, name=self.target)
        if self.classes is None:
            values: Any = self._outputs(x).reshape(-1).astype(np.float64)
        elif self.name in ("keras", "xgboost"):
            values = np.array(self.classes)[self._probabilities(x).argmax(axis=1)]
        else:
            values = self.model.predict(x)
        return pd.Series(values, x.index, name=self.target)

    def probabilities(self, table: pd.DataFrame) -> pd.DataFrame:
        """Give the probability of each class in a column of its name, with the table's index.

        Raises
        ------
        BadRequest
            A regression, or an estimator that tells no probabilities; and as of `predict`.
        UnknownName
            As of `predict`.
        """
        if self.classes is None:
            raise BadRequest("a regression has no probabilities: predict gives its values")
        if self.name != "keras" and not hasattr(self.model, "predict_proba"):
            raise BadRequest(
                f"{self.name} tells classes and no probabilities: choose another model for these"
            )
        x = features_of(table, self.columns, self.gaps)
        found = self._probabilities(x) if len(x) else np.empty((0, len(self.classes)))
        return pd.DataFrame(found, x.index, list(self.classes))

    def _probabilities(self, x: pd.DataFrame) -> Any:
        if self.name != "keras":
            return np.asarray(self.model.predict_proba(x), np.float64)
        found = self._outputs(x).astype(np.float64)
        # float32 of a softmax adds up to 1 but for its last digits, at which scores take offence.
        return found / found.sum(axis=1, keepdims=True)

    def _outputs(self, x: pd.DataFrame) -> Any:
        if self.name == "keras":
            values = x.to_numpy(np.float32)
            return np.asarray(self.model.predict(values, batch_size=4096, verbose=0))
        return np.asarray(self.model.predict(x))

    def digest(self) -> str:
        """Give the hash of what was learnt, ``"sha256:..."``: the same for the same fit in any process.

        Raises
        ------
        UnsupportedFormat
            An estimator whose parts are not known here.
        """
        from .model_files import digest_of

        return digest_of(self)

    def save(self, folder: str | os.PathLike[str]) -> Path:
        """Write the model to a folder: ``model.json`` and, beside it, arrays, ``.ubj`` or ``.keras``.

        Nothing in it is pickled. ``model.json`` comes last and has the hash of the file beside it, so that a
        folder which was half written is never taken for a model.

        Raises
        ------
        UnsupportedFormat
            An estimator that has no way into arrays; its text says what to do.
        UnreadableFile
            The disk is full, or the folder does not take it.
        """
        from .model_files import save_model

        return save_model(self, folder)

    @classmethod
    def load(cls, folder: str | os.PathLike[str]) -> Self:
        """Give the model of a folder of `save`; no code of the files is run.

        Raises
        ------
        UnreadableFile
            There is none.
        DamagedFile
            It contradicts itself, or was written by a version that cannot be read here.
        """
        from .model_files import load_model

        return load_model(cls, folder)

    def __repr__(self) -> str:
        return (
            f"<TableModel {self.name}: {len(self.columns)} columns to {self.target!r}, {self.task}>"
        )

    def _repr_html_(self) -> str:
        facts = {
            "model": self.name,
            "task": self.task,
            "target": self.target,
            "classes": ", ".join(map(str, self.classes or ())),
            "columns": ", ".join(self.columns[:12]) + (" ..." if len(self.columns) > 12 else ""),
            "parameters": ", ".join(f"{k}={v}" for k, v in self.parameters.items()),
            "seed": str(self.seed),
            "notes": "; ".join(self.notes),
        }
        rows = "".join(
            f"<tr><th style='text-align:left'>{key}</th>"
            f"<td style='text-align:left'>{escape(value)}</td></tr>"
            for key, value in facts.items()
            if value
        )
        return f"<table>{rows}</table>"
