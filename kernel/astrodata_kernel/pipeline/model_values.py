"""Models, latents and regions as files that run no code when they are read."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np


def is_keras(value: Any) -> bool:
    """Tell whether a value is a model of Keras, without loading Keras for it."""
    return any(
        c.__module__.startswith("keras.") and c.__name__ == "Model" for c in type(value).__mro__
    )


def save_keras(value: Any, folder: Path) -> None:
    """Write a model of Keras."""
    from ..models import save

    save(value, folder / "model.keras")


def load_keras(folder: Path) -> Any:
    """Give the model of a folder."""
    from ..models import load

    return load(folder / "model.keras")


def digest_keras(value: Any, _sums: Mapping[str, str] | None) -> str:
    """Give what tells a model from others: how it is built, and its weights.

    The file of a model holds the date at which it was written. Names that Keras made up hold the number of
    layers of the process: those count by their order. Names that somebody chose count as they are.
    """
    config = {"class_name": type(value).__name__, "config": value.get_config()}
    names: dict[str, str] = {}
    _collect(config, names)
    text = json.dumps(_renamed(config, names), sort_keys=True, default=str)
    sha = hashlib.sha256(text.encode())
    for weights in value.get_weights():
        array = np.asarray(weights, order="C")
        sha.update(f"{array.shape}{array.dtype.str}".encode())
        sha.update(array.data if array.size else b"")
    return sha.hexdigest()


_VERBATIM = ("dtype", "dtype_policy")
"""What is called by a name that is no layer's: float32, mixed_float16."""

_DROPPED = ("build_config", "shared_object_id")


def _collect(config: Any, names: dict[str, str]) -> None:
    if isinstance(config, dict):
        made_by, inner = config.get("class_name"), config.get("config")
        if isinstance(made_by, str) and isinstance(inner, dict):
            name = inner.get("name")
            if isinstance(name, str) and _is_made_up(name, made_by):
                names.setdefault(name, f"layer {len(names)}")
        for key, one in config.items():
            if key not in _VERBATIM:
                _collect(one, names)
    elif isinstance(config, (list, tuple)):
        for one in config:
            _collect(one, names)


def _is_made_up(name: str, made_by: str) -> bool:
    # As Keras does it: the class as small letters, and a number from the second on.
    snake = re.sub(r"(.)([A-Z][a-z0-9]+)", r"\1_\2", re.sub(r"\W+", "", made_by))
    snake = re.sub(r"([a-z])([A-Z])", r"\1_\2", snake).lower()
    return re.fullmatch(rf"(forward_|backward_)?{re.escape(snake)}(_\d+)?", name) is not None


def _renamed(config: Any, names: dict[str, str], place: str = "") -> Any:
    """Give a configuration with the names of layers exchanged, at the places where layers are named."""
    if isinstance(config, dict):
        return {
            key: one if key in _VERBATIM else _renamed(one, names, key)
            for key, one in config.items()
            if key not in _DROPPED
        }
    if isinstance(config, (list, tuple)):
        return [_renamed(one, names, place) for one in config]
    named = place in ("name", "keras_history", "input_layers", "output_layers")
    return names.get(config, config) if named and isinstance(config, str) else config


def load_latents(folder: Path) -> Any:
    """Give the latents of a folder."""
    from ..latent import Latents

    return Latents.load(folder / "latents.parquet")


def load_region(folder: Path) -> Any:
    """Give the region of a folder."""
    from ..latent.regions import Region

    return Region.load(folder / "region.json")


def load_table_model(folder: Path) -> Any:
    """Give the model of tables of a folder."""
    from ..training import tabular

    return tabular.TableModel.load(folder)
