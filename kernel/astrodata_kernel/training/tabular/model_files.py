"""Models of tables in folders whose files run no code when they are read."""

from __future__ import annotations

import hashlib
import io
import json
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...errors import DamagedFile, UnreadableFile, UnsupportedFormat
from ...readers.caps import caps, refuse_beyond
from ...writing import write_whole
from . import estimator_arrays
from .booster_bytes import check_booster
from .choices import MODELS, estimator_of, task_of

_FILES = {"keras": "model.keras", "xgboost": "model.ubj"}


def digest_of(model: Any) -> str:
    """Give the hash of what a `TableModel` has learnt, as its ``digest``."""
    about = {
        "name": model.name,
        "columns": list(model.columns),
        "target": model.target,
        "task": model.task,
        "classes": None if model.classes is None else list(model.classes),
    }
    arrays: Mapping[str, npt.NDArray[Any]] = {}
    if model.name == "xgboost":
        arrays = {"booster": np.frombuffer(bytes(_booster(model)), np.uint8)}
    elif model.name == "keras":
        about["network"] = model.model.get_config()
        weights = [np.asarray(each) for each in model.model.get_weights()]
        arrays = {f"a{number}": each for number, each in enumerate(weights)}
    else:
        about["network"], arrays = estimator_arrays.taken(model.model)
    found = hashlib.sha256(json.dumps(about, sort_keys=True, default=str).encode())
    for name, values in arrays.items():
        found.update(f"{name} {values.dtype.descr} {values.shape}".encode())
        found.update(np.ascontiguousarray(values).tobytes())
    return f"sha256:{found.hexdigest()}"


def _booster(model: Any) -> Any:
    return model.model.get_booster().save_raw("ubj")


def save_model(model: Any, folder: str | os.PathLike[str]) -> Path:
    """Write a `TableModel` to a folder, as its ``save``."""
    home = Path(folder)
    values = None
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UnreadableFile(f"{home} cannot be made: {error.strerror or error}") from None
    if model.name == "keras":
        from ...models.saving import save

        path = save(model.model, home / _FILES["keras"])
    elif model.name == "xgboost":
        if model.parameters.get("booster", "gbtree") != "gbtree":
            raise UnsupportedFormat(
                f"a booster {model.parameters['booster']!r} cannot be kept here: log it with MLflow "
                "(mlflow.xgboost.log_model), or train with trees"
            )
        path = write_whole(home / _FILES["xgboost"], bytes(_booster(model)))
    else:
        values, arrays = estimator_arrays.taken(model.model)
        path = write_whole(home / "model.npz", lambda file: np.savez_compressed(file, **arrays))
    about = {
        "astrodata": "table-model",
        "format": 1,
        "name": model.name,
        "columns": list(model.columns),
        "target": model.target,
        "task": model.task,
        "classes": None if model.classes is None else list(model.classes),
        "seed": model.seed,
        "parameters": dict(model.parameters),
        "gaps": model.gaps,
        "history": {
            "columns": list(model.history.columns),
            # As objects: whole numbers stay whole, and floats keep all their digits.
            "data": model.history.astype(object).to_numpy().tolist(),
        },
        "notes": list(model.notes),
        "file": path.name,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "made_with": _versions(model.name),
        "values": values,
    }
    return write_whole(home / "model.json", json.dumps(about).encode()).parent


def _versions(name: str) -> dict[str, str]:
    from importlib.metadata import PackageNotFoundError, version

    found = {}
    for package in {"keras": ("keras",), "xgboost": ("xgboost-cpu", "xgboost")}.get(
        name, ("scikit-learn",)
    ):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def load_model(cls: Any, folder: str | os.PathLike[str]) -> Any:
    """Give the `TableModel` of a folder, as its ``load``."""
    home = Path(folder)
    about = _about(home)
    path = home / str(about["file"])
    if not path.is_file():
        raise DamagedFile(f"{home.name} has no {path.name}, which its model.json names")
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != about["sha256"]:
        raise DamagedFile(
            f"{home.name}: {path.name} is not the file that model.json was written with; it was "
            "changed, or half of the folder was written anew: save the model again"
        )
    name, task = about["name"], about["task"]
    try:
        plain = _plain_model(name, task, about, data, path)
    except DamagedFile as error:
        raise DamagedFile(f"{home.name} (made with {about['made_with']}): {error}") from None
    classes = about["classes"]
    return cls(
        name=name,
        model=plain,
        columns=tuple(about["columns"]),
        target=about["target"],
        task=task,
        classes=None if classes is None else tuple(classes),
        seed=about["seed"],
        parameters=about["parameters"],
        gaps=about["gaps"],
        history=_table(about["history"]),
        notes=tuple(about["notes"]),
    )


_KINDS: Mapping[str, Any] = {
    "name": str,
    "columns": list,
    "target": str,
    "task": str,
    "classes": (list, type(None)),
    "seed": int,
    "parameters": dict,
    "gaps": bool,
    "history": dict,
    "notes": list,
    "file": str,
    "sha256": str,
    "made_with": dict,
}


def _about(home: Path) -> dict[str, Any]:
    source = home / "model.json"
    if not source.is_file():
        raise UnreadableFile(f"{home} holds no model: it has no model.json; check the path")
    refuse_beyond(caps.text_bytes, source.stat().st_size, str(source.name))
    try:
        about = json.loads(source.read_bytes())
        wrong = about["astrodata"] != "table-model" or about["format"] != 1
        wrong |= any(not isinstance(about[name], kind) for name, kind in _KINDS.items())
        wrong |= about["file"] != _FILES.get(about["name"], "model.npz")
        wrong |= about["task"] not in ("classification", "regression")
        wrong |= (about["classes"] is None) != (about["task"] == "regression")
        wrong |= not all(isinstance(name, str) for name in (*about["columns"], *about["notes"]))
        wrong |= not about["columns"] or len(about["classes"] or [0, 0]) < 2
        wrong |= not all(isinstance(c, str | int | float | bool) for c in about["classes"] or ())
        if about["name"] not in MODELS:
            task_of(about["name"])
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise DamagedFile(f"{home.name}/model.json holds no model: {str(error)[:160]}") from None
    if wrong:
        raise DamagedFile(
            f"{home.name}/model.json holds no model of a table, or of a later version"
        )
    return about


def _plain_model(name: str, task: str, about: Any, data: bytes, path: Path) -> Any:
    width, classes = len(about["columns"]), about["classes"]
    if name == "keras":
        from ...models.saving import load

        model = load(path)
        last = 1 if classes is None else len(classes)
        if model.input_shape != (None, width) or model.output_shape != (None, last):
            raise DamagedFile("its network takes or gives other columns than model.json says")
        return model
    if name == "xgboost":
        return _boosted(task, about, data, width)
    model = estimator_arrays.made(about["values"], _arrays(data))
    seen = getattr(model, "n_features_in_", None)
    if not isinstance(seen, int) or seen != width:
        raise DamagedFile("its estimator takes other columns than model.json says")
    found = getattr(model, "classes_", None)
    if (None if found is None else np.asarray(found).tolist()) != classes:
        raise DamagedFile("its estimator has other classes than model.json says")
    return model


def _boosted(task: str, about: Any, data: bytes, width: int) -> Any:
    import xgboost

    check_booster(data, width, len(about["classes"] or ()))
    model = estimator_of("xgboost", task, about["seed"], about["parameters"])
    try:
        model.load_model(bytearray(data))
    except (xgboost.core.XGBoostError, ValueError, TypeError, KeyError) as error:
        raise DamagedFile(
            f"XGBoost cannot read its model: {str(error).splitlines()[0][:120]}"
        ) from None
    classes = about["classes"]
    fits = model.get_booster().num_features() == width
    if not fits or (classes is not None and model.n_classes_ != len(classes)):
        raise DamagedFile("its trees take or give other columns than model.json says")
    return model


def _arrays(data: bytes) -> dict[str, npt.NDArray[Any]]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            size = sum(each.file_size for each in archive.infolist())
        refuse_beyond(caps.member_bytes, size, "the model's arrays")
        with np.load(io.BytesIO(data), allow_pickle=False) as kept:
            return {name: kept[name] for name in kept.files}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        if isinstance(error, UnsupportedFormat):
            raise
        raise DamagedFile(f"its arrays cannot be read: {str(error)[:120]}") from None


def _table(history: Any) -> pd.DataFrame:
    try:
        if not history["columns"]:
            return pd.DataFrame()
        return pd.DataFrame(history["data"], columns=history["columns"])
    except (KeyError, ValueError, TypeError):
        raise DamagedFile("model.json holds a history that is none") from None
