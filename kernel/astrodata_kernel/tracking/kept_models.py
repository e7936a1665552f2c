"""Models as MLflow's own flavours keep them, with signature, example, requirements and a card."""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..errors import BadRequest
from ..readers import scratch
from .environments import pins
from .model_cards import card_of
from .stores import in_words

if TYPE_CHECKING:
    from .open_runs import Run

ROWS, ASKED = 5, 100
"""Rows of an example that are kept, and those that a model is asked about."""

OWN = "own/model.keras"
"""Beside a model that was rewritten with stock layers: as it was."""


@dataclass(frozen=True)
class KeptModel:
    """A model that a run keeps.

    Parameters
    ----------
    run
        Id of the run.
    name
        Of the artifact within it.
    kind
        ``"keras"``, ``"xgboost"`` or ``"sklearn"``.
    format
        Of its file: ``"keras"``, ``"ubj"``, ``"skops"`` or ``"cloudpickle"``.
    hash
        Of all its files: ``sha256:<hex>``.
    needs
        Packages that it cannot be loaded without, beside Keras, XGBoost or scikit-learn.
    notes
        What a person should know before loading it elsewhere.
    """

    run: str
    name: str
    kind: str
    format: str
    hash: str
    needs: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())

    @property
    def uri(self) -> str:
        """Address of the model for MLflow's functions and commands."""
        return f"runs:/{self.run}/{self.name}"


def log_model(
    run: Run,
    model: Any,
    name: str = "model",
    *,
    example: Any,
    lineage_hash: str | None = None,
) -> KeptModel:
    """Keep a model in a run so that it is loaded and served without this package where that is possible.

    Keras models are written as a ``.keras`` file; layers of ours are rewritten as stock ones where the
    example's predictions stay the same. XGBoost's go to its own binary JSON. scikit-learn's go to `skops`
    where that is installed, and else to cloudpickle, which runs code when it is loaded: MLflow loads it,
    `Registry.load` only in the workspace that it comes from.

    Parameters
    ----------
    run
        That keeps it.
    model
        Of Keras, XGBoost or scikit-learn, fitted.
    name
        Of the artifact.
    example
        Rows of its input, as it takes them: a DataFrame or an array. The signature comes from them and from
        what the model says to them; the first five are kept.
    lineage_hash
        Of the model's content in the lineage.

    Raises
    ------
    BadRequest
        The model is of another kind, or it does not take the example.
    ServiceFailed, UnreadableFile
        The store does not take it.
    """
    kind = kind_of(model)
    rows = _example(example, kind)
    with (
        tempfile.TemporaryDirectory(dir=scratch.folder()) as place,
        _quiet(),
        in_words(run.tracker.address),
    ):
        folder = Path(place) / "model"
        folder.mkdir()
        format_, needs, notes = _WRITERS[kind](model, rows, folder, run, name, lineage_hash)
        made = KeptModel(run.ident, name, kind, format_, "", tuple(needs), tuple(notes))
        (folder / "MODEL.md").write_text(card_of(made, model, lineage_hash), encoding="utf-8")
        digest = folder_hash(folder)
        run.artifacts(folder, name)
    run.tags({f"astrodata.model.{name}": digest})
    return KeptModel(run.ident, name, kind, format_, digest, tuple(needs), tuple(notes))


def kind_of(model: Any) -> str:
    """Give what made a model, found without loading a framework that it is not of.

    Raises
    ------
    BadRequest
        It is of none that is known here.
    """
    homes = [part.__module__.split(".")[0] for part in type(model).__mro__]
    for kind in ("keras", "xgboost", "sklearn"):
        if kind in homes:
            return kind
    raise BadRequest(
        f"a model to keep is of Keras, XGBoost or scikit-learn, not {type(model).__name__}: keep its files "
        "with run.artifacts instead"
    )


def folder_hash(folder: Path) -> str:
    """Give the hash of all files of a folder, their names included."""
    total = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and not p.is_symlink()):
        inner = hashlib.sha256(path.read_bytes()).hexdigest()
        total.update(f"{path.relative_to(folder).as_posix()}\0{inner}\n".encode())
    return f"sha256:{total.hexdigest()}"


def _example(example: Any, kind: str) -> Any:
    if example is None or len(example) == 0:
        raise BadRequest("a model is kept with an example: some rows of its input")
    if isinstance(example, pd.DataFrame):
        if kind == "keras":
            return example.to_numpy(np.float32)
        rows = example.copy()
        # Names as objects: MLflow compares them with a range, which pandas' own texts warn of.
        rows.columns = rows.columns.astype(object)
        # A column of whole numbers would refuse the missing value that the next table has.
        whole = rows.select_dtypes("integer").columns
        return rows.astype(dict.fromkeys(whole, "float64"))
    rows = np.asarray(example)
    if rows.ndim < 2:
        raise BadRequest(f"an example has rows: its shape is {rows.shape}, not (n, …)")
    return rows


def _signature(rows: Any, ask: Any) -> Any:
    from mlflow.models import infer_signature

    try:
        return infer_signature(rows, ask(rows))
    except (ValueError, TypeError) as error:
        raise BadRequest(
            f"the model does not take the example: {str(error).splitlines()[0][:200]}"
        ) from error


def _description(run: Run, name: str, lineage_hash: str | None, needs: list[str]) -> Any:
    from mlflow.models import Model

    facts = {"astrodata": {"run": run.ident, "lineage_hash": lineage_hash, "needs": needs}}
    return Model(artifact_path=name, run_id=run.ident, metadata=facts)


def _keras(
    model: Any, rows: Any, folder: Path, run: Run, name: str, lineage_hash: str | None
) -> tuple[str, list[str], list[str]]:
    import mlflow.keras

    from .stock_models import stock_model

    signature = _signature(rows[:ASKED], lambda some: model.predict(some, verbose=0))
    plain, needs = stock_model(model, rows[:ROWS])
    mlflow.keras.save_model(
        plain,
        str(folder),
        mlflow_model=_description(run, name, lineage_hash, needs),
        signature=signature,
        input_example=rows[:ROWS],
        pip_requirements=pins("keras", _backend(), "numpy", "pandas"),
    )
    if plain is not model and hasattr(model, "encoder"):
        # The rewritten one has no encoder to ask for latents: ours stays beside it for who has this package.
        from ..models.saving import save

        (folder / OWN).parent.mkdir()
        save(model, folder / OWN)
    notes = (
        [f"it holds layers of {', '.join(needs)}: import that before loading it"] if needs else []
    )
    return "keras", needs, notes


def _xgboost(
    model: Any, rows: Any, folder: Path, run: Run, name: str, lineage_hash: str | None
) -> tuple[str, list[str], list[str]]:
    import mlflow.xgboost

    folder.rmdir()
    mlflow.xgboost.save_model(
        model,
        str(folder),
        mlflow_model=_description(run, name, lineage_hash, []),
        signature=_signature(rows[:ASKED], _asker(model)),
        input_example=rows[:ROWS],
        pip_requirements=pins("xgboost", "sklearn", "numpy", "pandas"),
        model_format="ubj",
    )
    return "ubj", [], []


def _sklearn(
    model: Any, rows: Any, folder: Path, run: Run, name: str, lineage_hash: str | None
) -> tuple[str, list[str], list[str]]:
    import mlflow.sklearn

    folder.rmdir()
    homes = sorted({home for home in _homes(model) if home not in ("sklearn", "numpy", "builtins")})
    options: dict[str, Any] = {"serialization_format": "cloudpickle"}
    if find_spec("skops"):
        from skops.io import dumps, get_untrusted_types

        options = {
            "serialization_format": "skops",
            "skops_trusted_types": get_untrusted_types(data=dumps(model)),
        }
    format_ = str(options["serialization_format"])
    mlflow.sklearn.save_model(
        model,
        str(folder),
        mlflow_model=_description(run, name, lineage_hash, homes),
        signature=_signature(rows[:ASKED], model.predict),
        input_example=rows[:ROWS],
        pip_requirements=pins(
            "sklearn", "cloudpickle" if format_ != "skops" else "skops", "numpy", "pandas"
        ),
        **options,
    )
    notes = []
    if format_ != "skops":
        notes.append(
            "its file is a pickle: whoever loads it runs what is in it. With skops it would not be"
        )
    return format_, homes, notes


_WRITERS = {"keras": _keras, "xgboost": _xgboost, "sklearn": _sklearn}


def _homes(model: Any) -> Iterator[str]:
    """Give the packages of an estimator and of those within it."""
    yield type(model).__module__.split(".")[0]
    for part in model.get_params(deep=True).values():
        if hasattr(part, "get_params") and not isinstance(part, type):
            yield type(part).__module__.split(".")[0]


def _asker(model: Any) -> Any:
    import xgboost

    if isinstance(model, xgboost.Booster):
        return lambda rows: model.predict(xgboost.DMatrix(rows))
    return model.predict


def _backend() -> str:
    import keras

    return str(keras.backend.backend())


@contextmanager
def _quiet() -> Iterator[None]:
    """Load MLflow's flavours without what they tell every user of every model."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    log = logging.getLogger("mlflow.sklearn")
    before = log.level
    with warnings.catch_warnings():
        # Of MLflow's own types for chats, when it is first loaded with a new pydantic.
        warnings.filterwarnings("ignore", ".*Any type hint is inferred as AnyType", UserWarning)
        import mlflow.pyfunc  # noqa: F401
    log.setLevel(logging.ERROR)  # of pickles: the card says so, where it is read
    try:
        yield
    finally:
        log.setLevel(before)
