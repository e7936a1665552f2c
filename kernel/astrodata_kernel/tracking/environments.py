"""What a run ran on: Python, the packages that matter, the machine; never the environment's variables."""

from __future__ import annotations

import hashlib
import json
import platform
import sys
from importlib import metadata
from typing import Any

# Module, and the distributions that may bring it.
_MATTER = {
    "astropy": ("astropy",),
    "dask": ("dask",),
    "distributed": ("distributed",),
    "duckdb": ("duckdb",),
    "h5py": ("h5py",),
    "jax": ("jax",),
    "keras": ("keras",),
    "mlflow": ("mlflow", "mlflow-skinny"),
    "numba": ("numba",),
    "numpy": ("numpy",),
    "optuna": ("optuna",),
    "pandas": ("pandas",),
    "pandera": ("pandera",),
    "pyarrow": ("pyarrow",),
    "pyod": ("pyod",),
    "rasterio": ("rasterio",),
    "scipy": ("scipy",),
    "shap": ("shap",),
    "skimage": ("scikit-image",),
    "sklearn": ("scikit-learn",),
    "tensorflow": ("tensorflow", "tensorflow-cpu"),
    "torch": ("torch",),
    "xarray": ("xarray",),
    "xgboost": ("xgboost", "xgboost-cpu"),
}


def environment() -> dict[str, Any]:
    """Give Python, platform and the versions of those packages that are loaded and matter to results.

    Examples
    --------
    >>> sorted(environment())
    ['machine', 'packages', 'platform', 'python']
    """
    packages = {"astrodata-lab": version_of("astrodata-lab")}
    for module, distributions in _MATTER.items():
        if module not in sys.modules:
            continue
        for name in distributions:
            version = version_of(name)
            if version is not None:
                packages[name] = version
                break
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "machine": platform.machine(),
        "packages": packages,
    }


def environment_text(facts: dict[str, Any]) -> tuple[str, str]:
    """Give an environment as JSON, and the hash of that."""
    text = json.dumps(facts, indent=1, sort_keys=True) + "\n"
    return text, "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def version_of(distribution: str) -> str | None:
    """Give the version of an installed distribution, or None."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def pins(*modules: str) -> list[str]:
    """Give ``name==version`` of what brings each module here, in the order asked for."""
    found = []
    for module in modules:
        for name in _MATTER.get(module, (module,)):
            version = version_of(name)
            if version is not None:
                found.append(f"{name}=={version}")
                break
    return found
