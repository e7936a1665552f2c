"""Which encoder a name means: a model of the workspace, a file, or a run of MLflow."""

from __future__ import annotations

import re
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ..errors import AstrodataError, UnknownName, closest
from ..readers import scratch

_ARTIFACT = "model.keras"
_RUNS = 1000


def encoder_of(word: str) -> tuple[Any, str]:
    """Give the model that a name means, and its own name.

    Parameters
    ----------
    word
        Name of a model that `train_daidream` kept, path of a ``.keras`` file, or id or name of a run.

    Raises
    ------
    UnknownName
        There is none; says what there is.
    """
    from ..catalog import Catalog
    from ..models import load

    folder = Catalog().folder / "models"
    for path in (folder / f"{word}.keras", Path(word)):
        if path.suffix == ".keras" and path.is_file():
            return load(path), path.stem
    runs = _runs()
    for ident, name in runs:
        if word in (ident, name):
            return _model_of(ident), name or ident[:8]
    known = [*models(), *(name for _, name in runs if name)]
    hint = closest(word, known) or f"; there are: {', '.join(known[:8]) or 'none yet'}"
    raise UnknownName(f"there is no model and no run {word!r}{hint}")


def models() -> list[str]:
    """Give the names of the models that the workspace keeps."""
    from ..catalog import Catalog

    return sorted(path.stem for path in (Catalog().folder / "models").glob("*.keras"))


def _runs() -> list[tuple[str, str]]:
    """Give id and name of the runs that are kept, the newest first; none where there is no store."""
    from ..training.tracking import Tracker

    tracker = Tracker()
    if not find_spec("mlflow") or not _has_store(tracker.address):
        return []
    client = tracker._client()
    experiment = client.get_experiment_by_name(tracker.experiment)
    if experiment is None:
        return []
    found = client.search_runs([experiment.experiment_id], max_results=_RUNS)
    return [(run.info.run_id, str(run.info.run_name or "")) for run in found]


def _has_store(address: str) -> bool:
    # Looking for a run must not make the database that it would be in.
    if address.startswith("sqlite:///"):
        return Path(address.removeprefix("sqlite:///")).is_file()
    return bool(re.match(r"[a-z+]+:", address)) or Path(address).exists()


def _model_of(ident: str) -> Any:
    from ..models import load
    from ..training.tracking import Tracker

    with tempfile.TemporaryDirectory(dir=scratch.folder()) as folder:
        try:
            path = Tracker()._client().download_artifacts(ident, _ARTIFACT, folder)
        except AstrodataError:
            raise
        except Exception as error:
            raise UnknownName(
                f"the run {ident} keeps no {_ARTIFACT} that can be had: {str(error)[:160]}"
            ) from error
        return load(path)
