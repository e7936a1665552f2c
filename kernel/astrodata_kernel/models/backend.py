"""Keras with a backend that is installed: TensorFlow first, then JAX, then PyTorch."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from types import ModuleType

from ..errors import MissingPackage

BACKENDS = ("tensorflow", "jax", "torch")


def keras_with_backend() -> ModuleType:
    """Give the `keras` module, its backend chosen before it is first imported.

    The environment's ``KERAS_BACKEND`` decides; without it the first of TensorFlow, JAX and PyTorch that is
    installed.

    Raises
    ------
    MissingPackage
        Keras or every backend is missing; the text names what to install.
    """
    if "keras" not in sys.modules and "KERAS_BACKEND" not in os.environ:
        found = next((name for name in BACKENDS if find_spec(name)), None)
        if found is None:
            raise MissingPackage(
                "training and encoding need Keras and TensorFlow, JAX or PyTorch; run "
                '"pip install astrodata-lab[ml]" in this kernel\'s environment, then restart the kernel'
            )
        os.environ["KERAS_BACKEND"] = found
    # What TensorFlow says about its CPU instructions concerns nobody here.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        import keras
    except ImportError as error:
        raise MissingPackage(
            f"Keras cannot be loaded ({error}); run "
            '"pip install astrodata-lab[ml]" in this kernel\'s environment, then restart the kernel'
        ) from None
    return keras


def on_gpu() -> bool:
    """Tell whether Keras' backend has a GPU to compute on."""
    backend = keras_with_backend().backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        return bool(tf.config.list_physical_devices("GPU"))
    if backend == "jax":
        import jax

        return bool(jax.default_backend() != "cpu")
    import torch

    return bool(torch.cuda.is_available())


def out_of_memory(error: BaseException) -> bool:
    """Tell whether an error is a device's memory that was too small; each backend has its own words."""
    words = ("RESOURCE_EXHAUSTED", "out of memory", "Out of memory", "OOM when allocating")
    return any(word in str(error) for word in words)
