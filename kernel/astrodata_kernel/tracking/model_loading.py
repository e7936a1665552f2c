"""Models of the registry in memory again, without running what a stranger wrote."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ..errors import DamagedFile, MissingPackage, UnsupportedFormat
from .kept_models import OWN

_CLASSIFIERS = "astrodata_kernel.learning.classifier_files"
_KNOWN = ("sklearn.", "numpy.", "scipy.", "xgboost.", "collections.OrderedDict")
"""Beginnings of the types that skops may build: of the packages whose models are kept."""

_XGBOOST = {
    "Booster",
    "XGBClassifier",
    "XGBRFClassifier",
    "XGBRFRegressor",
    "XGBRanker",
    "XGBRegressor",
}


def load_folder(folder: Path) -> Any:
    """Give the model of a folder that MLflow wrote.

    A pickle is never loaded, whoever made it: all that could tell whose it is lies in the same folder, which
    may have been unpacked from anywhere.

    Parameters
    ----------
    folder
        With its file ``MLmodel``.

    Raises
    ------
    UnsupportedFormat
        Loading it would run code, or no flavour of it is known.
    DamagedFile
        Its description cannot be read.
    """
    flavours = _description(folder)
    if "keras" in flavours:
        return _keras(folder, flavours["keras"])
    if "xgboost" in flavours:
        return _xgboost(folder, flavours["xgboost"])
    if "sklearn" in flavours:
        return _sklearn(folder, flavours["sklearn"])
    generic = flavours.get("python_function", {})
    module = str(generic.get("loader_module", ""))
    if module == _CLASSIFIERS:
        return import_module(module)._load_pyfunc(str(_within(folder, generic.get("data", "."))))
    raise UnsupportedFormat(
        f"the model is of {', '.join(sorted(flavours)) or 'no'} flavour, which is not loaded here: use "
        "mlflow.pyfunc.load_model where you trust who made it"
    )


def _description(folder: Path) -> dict[str, Any]:
    import yaml

    try:
        text = (folder / "MLmodel").read_text(encoding="utf-8")
        flavours = yaml.safe_load(text)["flavors"]
        if isinstance(flavours, dict) and all(isinstance(one, dict) for one in flavours.values()):
            return flavours
    except (OSError, UnicodeDecodeError, yaml.YAMLError, TypeError, KeyError):
        pass
    raise DamagedFile(f"{folder} holds no model that MLflow wrote: its file MLmodel cannot be read")


def _within(folder: Path, name: object) -> Path:
    path = (folder / str(name)).resolve()
    if path != folder.resolve() and folder.resolve() not in path.parents:
        raise DamagedFile(f"the model's description points out of its folder: {str(name)[:80]!r}")
    return path


def _keras(folder: Path, flavour: dict[str, Any]) -> Any:
    from ..models.saving import load

    if flavour.get("save_exported_model"):
        raise UnsupportedFormat(
            "the model was kept as TensorFlow's graph: load it with mlflow.keras"
        )
    own = _within(folder, OWN)
    if own.is_file():
        return load(own)
    place = _within(folder, flavour.get("data", "data"))
    return load(place / "model.keras" if place.is_dir() else place)


def _xgboost(folder: Path, flavour: dict[str, Any]) -> Any:
    if find_spec("xgboost") is None:
        raise MissingPackage('this model needs XGBoost: pip install "astrodata-lab[pipeline]"')
    import xgboost

    name = str(flavour.get("model_class", "xgboost.core.Booster")).rsplit(".", 1)[-1]
    path = _within(folder, flavour.get("data", "model.ubj"))
    if name not in _XGBOOST or path.suffix not in (".ubj", ".json"):
        raise UnsupportedFormat(f"XGBoost's {name[:40]!r} in {path.name} is not loaded here")
    model = getattr(xgboost, name)()
    try:
        model.load_model(path)
    except (xgboost.core.XGBoostError, ValueError, OSError) as error:
        text = str(error).splitlines()[0][:160]
        raise DamagedFile(f"{path.name} is no model of XGBoost: {text}") from None
    return model


def _sklearn(folder: Path, flavour: dict[str, Any]) -> Any:
    path = _within(folder, flavour.get("pickled_model", "model.pkl"))
    if str(flavour.get("serialization_format", "pickle")) != "skops":
        raise UnsupportedFormat(
            "the model is a pickle, which runs code when it is loaded. Train it again where skops is "
            "installed, or load it with mlflow.sklearn where you trust who made it"
        )
    if find_spec("skops") is None:
        raise MissingPackage("this model was kept with skops: pip install skops")
    from skops.io import get_untrusted_types, load

    unknown = list(map(str, get_untrusted_types(file=path)))
    strange = [name for name in unknown if not name.startswith(_KNOWN)]
    if strange:
        raise UnsupportedFormat(
            f"the model holds {', '.join(strange[:5])}, which could run code when it is loaded: load it with "
            "mlflow.sklearn where you trust who made it"
        )
    return load(path, trusted=unknown)
