"""Blocks that keep what a pipeline made where people want it: files and registered models.

A result that is kept in the cache counts only as long as what was written is still there.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..pipeline import Work, block
from ..writing import write_whole
from .step_help import place_of, working


def still_there(parameters: Mapping[str, Any], outputs: Mapping[str, Any], work: Work) -> bool:
    """Tell whether the file that was written is there with the same bytes."""
    from ..pipeline.value_kinds import file_hash

    place = place_of(parameters["path"], work)
    kept = outputs["file"]
    try:
        return place.stat().st_size == kept.stat().st_size and file_hash(place) == file_hash(kept)
    except OSError:
        return False


@block(outputs=("file",), holds=still_there)
def save_table(table: Any, *, path: Path, work: Work | None = None) -> Any:
    """Write a table to a file.

    Parameters
    ----------
    table
        A table.
    path
        Ends with ``.parquet`` or ``.csv``; relative ones start from the folder of the pipeline's file.

    Returns
    -------
    Path

    Raises
    ------
    BadRequest
        Another ending.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    place = _place(path, work, (".parquet", ".csv"))
    if place.suffix == ".csv":
        return write_whole(place, table.to_csv(index=False).encode())
    # Numbers of rows are no data: they would come back as a column that one learns from.
    kept = pa.Table.from_pandas(table, preserve_index=False)
    return write_whole(place, lambda file: pq.write_table(kept, file))


@block(outputs=("file",), holds=still_there)
def save_array(values: Any, *, path: Path, work: Work | None = None) -> Any:
    """Write an array to a file of NumPy.

    Parameters
    ----------
    values
        An array, or a data set of one.
    path
        Ends with ``.npy``; relative ones start from the folder of the pipeline's file.

    Returns
    -------
    Path

    Raises
    ------
    BadRequest
        Another ending.
    """
    place = _place(path, work, (".npy",))
    array = np.asarray(getattr(values, "array", values)[...])
    return write_whole(place, lambda file: np.save(file, array, allow_pickle=False))


@block(outputs=("file",), holds=still_there)
def save_file(file: Any, *, path: Path, work: Work | None = None) -> Any:
    """Write a file or a figure that a step gave to a place of its own.

    Parameters
    ----------
    file
        A page, a map, any file; or a figure, which is written as SVG.
    path
        Relative ones start from the folder of the pipeline's file.

    Returns
    -------
    Path

    Raises
    ------
    BadRequest
        It is no file and no figure.
    """
    import shutil

    from ..errors import BadRequest

    place = _place(path, work)
    if isinstance(file, Path):
        with file.open("rb") as source:
            return write_whole(place, lambda target: shutil.copyfileobj(source, target))
    if not hasattr(file, "svg") and not hasattr(file, "savefig"):
        raise BadRequest(
            f"{type(file).__name__} is no file and no figure: save_table, save_array, or "
            "save_model write it"
        )
    from ..training import svg_of

    return write_whole(place, (file.svg if hasattr(file, "svg") else svg_of(file)).encode())


def model_there(parameters: Mapping[str, Any], outputs: Mapping[str, Any], work: Work) -> bool:  # noqa: ARG001
    """Tell whether the model's file is there: its bytes differ from one time to the next."""
    return place_of(parameters["path"], work).is_file()


@block(outputs=("path",), holds=model_there)
def save_model(model: Any, *, path: Path, work: Work | None = None) -> Any:
    """Write a Keras model to a ``.keras`` file.

    Parameters
    ----------
    model
        A Keras model, or that of `train_keras`.
    path
        Relative ones start from the folder of the pipeline's file.

    Returns
    -------
    str
        The path, as it was given.

    Raises
    ------
    BadRequest
        It is no model of Keras.
    """
    from ..errors import BadRequest
    from ..models import save

    network = getattr(model, "model", model)
    if not hasattr(network, "save"):
        raise BadRequest(
            f"{type(network).__name__} is no network of Keras: register_model keeps it, in MLflow"
        )
    save(network, _place(path, work, (".keras",)))
    return path.as_posix()


def registered(parameters: Mapping[str, Any], outputs: Mapping[str, Any], work: Work) -> bool:
    """Tell whether the model is in the registry still."""
    registry = _registry(work)
    name = parameters["model_name"]
    if name not in registry.models():
        return False
    wanted = outputs["registered"]["lineage"]
    return any(one.lineage_hash == wanted for one in registry.versions(name))


@block(stage="train", outputs=("registered",), holds=registered)
def register_model(
    model: Any,
    example: Any,
    *,
    model_name: str,
    alias: str | None = None,
    reason: str | None = None,
    work: Work | None = None,
) -> Any:
    """Make a model the next version of a registered one, with signature and example, and promote it.

    Parameters
    ----------
    model
        Of Keras, scikit-learn or XGBoost, or of `train_sklearn` and its like.
    example
        Rows of its input: a table, which may have the target, or an array.
    model_name
        Of the registered model.
    alias
        That shall point to it, such as ``"champion"``; none by default.
    reason
        Why, which an alias needs.

    Returns
    -------
    dict
        ``name``, ``alias`` and ``lineage``, the hash of the model. The version is told as a note.

    Raises
    ------
    BadRequest
        An alias without a reason, or an example that the model does not take.
    MissingPackage
        MLflow is missing.
    """
    from ..errors import BadRequest
    from ..pipeline.value_kinds import hash_of

    work = working(work)
    if alias is not None and not (reason or "").strip():
        raise BadRequest(
            f"the alias {alias!r} of {model_name!r} needs a reason: say why it is promoted"
        )
    digest = hash_of(model)
    columns = getattr(model, "columns", None)
    rows = (
        example[list(columns)] if columns is not None and hasattr(example, "columns") else example
    )
    inner = model.model if columns is not None else model
    if isinstance(rows, np.ndarray):
        rows = np.array(rows[:5])
    registry = _registry(work)
    with registry.tracker.run(f"register {model_name}", folder=work.base) as run:
        kept = run.model(inner, "model", example=rows, lineage_hash=digest)
        version = registry.register(run, kept, model_name, lineage_hash=digest)
    if alias is not None:
        registry.promote(model_name, version.version, alias, reason=reason)
    work.note(f"version {version.version} of {model_name} is {digest[:19]}…")
    return {"name": model_name, "alias": alias, "lineage": digest}


def _registry(work: Work) -> Any:
    from ..tracking import Registry, Tracker

    return Registry(Tracker(root=work.root))


def _place(path: Path, work: Work | None, endings: tuple[str, ...] = ()) -> Path:
    from ..errors import BadRequest

    place = place_of(path, working(work))
    if endings and place.suffix not in endings:
        raise BadRequest(f"{path.name}: give a name that ends with {' or '.join(endings)}")
    place.parent.mkdir(parents=True, exist_ok=True)
    return place
