"""One way to ask models of any library: their columns, their classes, and what they give for rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..errors import BadRequest
from ..processing.tabular.columns import checked, plain
from ..training.tabular.model import TableModel
from ..training.tabular.scoring import metrics


class Asked:
    """A model with the rows that it is asked about.

    Parameters
    ----------
    model
        A `TableModel`, or an object with ``predict``.
    table
        Rows, with the columns of the model.
    truth, target
        What shall be predicted, and its name.

    Attributes
    ----------
    x
        The columns that the model looks at, in its order.
    classes
        In the order of its probabilities; None where it gives none.
    plain
        The library's own object.

    Raises
    ------
    BadRequest
        An object without ``predict``, or probabilities of other classes than there are.
    UnknownName
        A column that is not there.

    Examples
    --------
    >>> from sklearn.linear_model import LinearRegression
    >>> table = pd.DataFrame({"x": [0.0, 1.0, 2.0], "y": [0.0, 2.0, 4.0]})
    >>> made = LinearRegression().fit(table[["x"]], table["y"])
    >>> Asked(made, table, table["y"], "y").columns
    ['x']
    """

    def __init__(self, model: Any, table: pd.DataFrame, truth: pd.Series, target: str) -> None:
        self._table_model = model if isinstance(model, TableModel) else None
        self.plain = model.model if isinstance(model, TableModel) else model
        self._named = False
        if isinstance(model, TableModel):
            self.columns = list(model.columns)
        elif not hasattr(model, "predict"):
            raise BadRequest(f"{type(model).__name__} has no predict: give a model that has learnt")
        else:
            names = getattr(model, "feature_names_in_", None)
            self._named = names is not None
            own = [name for name in table.columns if name != target]
            self.columns = own if names is None else [str(name) for name in names]
        self.x = checked(table, self.columns)[self.columns]
        self._network = hasattr(self.plain, "output_shape") and self._table_model is None
        self.classes = self._classes(truth)

    def _classes(self, truth: pd.Series) -> list[Any] | None:
        if self._table_model is not None:
            told = self._table_model.classes
            chances = self._table_model.name == "keras" or hasattr(self.plain, "predict_proba")
            return list(told) if told is not None and chances else None
        if self._network:
            width = int(self.plain.output_shape[-1])
            if width == 1:
                return None
            found = sorted({plain(value) for value in truth.dropna().astype(object)})
            if len(found) != width:
                raise BadRequest(
                    f"the network gives {width} probabilities, and the target has {len(found)} "
                    "classes in these rows: give rows of all classes, or a TableModel"
                )
            return found
        if not hasattr(self.plain, "predict_proba"):
            return None
        return [plain(value) for value in self.plain.classes_]

    @property
    def labelled(self) -> bool:
        """Whether it tells classes."""
        if self._table_model is not None:
            return self._table_model.classes is not None
        return self.classes is not None or hasattr(self.plain, "classes_")

    def probabilities(self, x: pd.DataFrame) -> npt.NDArray[np.float64]:
        """Give the probability of each class, shape (n, classes)."""
        if self._table_model is not None:
            return self._table_model.probabilities(x).to_numpy()
        if self._network:
            found = np.asarray(self.plain.predict(x.to_numpy(np.float32), verbose=0), np.float64)
            return found / found.sum(axis=1, keepdims=True)
        return np.asarray(self.plain.predict_proba(self._given(x)), np.float64)

    def predict(self, x: pd.DataFrame) -> npt.NDArray[Any]:
        """Give the class or value of each row, shape (n,)."""
        if self._table_model is not None:
            return self._table_model.predict(x).to_numpy()
        if self._network and self.classes is not None:
            return np.array(self.classes)[self.probabilities(x).argmax(axis=1)]
        if self._network:
            return np.asarray(self.plain.predict(x.to_numpy(np.float32), verbose=0)).reshape(-1)
        return np.asarray(self.plain.predict(self._given(x)))

    def measures(self, x: pd.DataFrame, truth: pd.Series) -> dict[str, Any]:
        """Give the metrics of its predictions for some rows."""
        if self.classes is not None:
            chances = self.probabilities(x)
            # As each library does; a forest's own predict would ask all trees once more.
            said = np.array(self.classes)[chances.argmax(axis=1)]
            return metrics(truth, said, chances, task="classification", classes=self.classes)
        task = "classification" if self.labelled else "regression"
        return metrics(truth, self.predict(x), task=task)

    def _given(self, x: pd.DataFrame) -> Any:
        return x if self._named else x.to_numpy()
