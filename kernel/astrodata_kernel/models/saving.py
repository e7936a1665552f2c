"""Models in files that run no code when they are read."""

from __future__ import annotations

import os
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from ..errors import AstrodataError, DamagedFile, UnreadableFile
from . import cae, vae  # noqa: F401 - registers the classes that files name
from .backend import keras_with_backend

keras = keras_with_backend()


def save(model: Any, path: str | os.PathLike[str]) -> Path:
    """Write a model to a ``.keras`` file, which has its name only when it is whole.

    Raises
    ------
    UnreadableFile
        The disk is full, or the folder does not take it; nothing is left behind.
    """
    target = Path(path)
    try:
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".saving-") as folder:
            made = Path(folder) / "model.keras"
            model.save(made)
            made.replace(target)
    except OSError as error:
        raise UnreadableFile(
            f"{target} cannot be written: {error.strerror or error}; nothing was left there"
        ) from None
    return target


def load(path: str | os.PathLike[str]) -> Any:
    """Give the model of a ``.keras`` file; Python code in it is refused, not run.

    Raises
    ------
    UnreadableFile
        There is no such file.
    DamagedFile
        It holds no model, or code.
    """
    source = Path(path)
    if not source.is_file():
        raise UnreadableFile(f"{source} does not exist: check the path")
    try:
        return keras.saving.load_model(source, compile=False, safe_mode=True)
    except AstrodataError:
        raise
    except (OSError, ValueError, TypeError, KeyError, zipfile.BadZipFile) as error:
        raise DamagedFile(
            f"{source.name} is no model that can be read here: {str(error).splitlines()[0][:160]}"
        ) from None
