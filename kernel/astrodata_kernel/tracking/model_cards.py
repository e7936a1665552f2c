"""The card of a model: what it is, where it comes from, how it is loaded, and with what care."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .kept_models import KeptModel

_WAYS = {
    "keras": 'keras.models.load_model("data/model.keras")',
    "ubj": 'xgboost.{cls}(); model.load_model("model.ubj")',
    "skops": 'skops.io.load("model.skops", trusted=...)',
    "cloudpickle": 'cloudpickle.load(open("model.pkl", "rb"))',
}

# What registers its classes with Keras, where the package itself does not.
_IMPORTS = {"astrodata_kernel": "astrodata_kernel.models.saving"}


def card_of(kept: KeptModel, model: Any, lineage_hash: str | None) -> str:
    """Give the card as Markdown."""
    cls = type(model).__name__
    way = _WAYS[kept.format].format(cls=cls)
    needs = ", ".join(_IMPORTS.get(name, name) for name in kept.needs)
    lines = [
        f"# {kept.name}: {cls}",
        "",
        f"- Run: {kept.run}",
        f"- Lineage: {lineage_hash or 'not told'}",
        f"- Kind: {kept.kind}, kept as {kept.format}",
        f"- Needs beside {kept.kind}: {needs or 'nothing'}",
        "",
        "Load it without this package:"
        if not kept.needs
        else f"Import {needs} first, then load it:",
        "",
        f"    {way}",
        f'    mlflow.pyfunc.load_model("{kept.uri}")',
        "",
        f"Serve it: `mlflow models serve --env-manager local -m {kept.uri}`",
    ]
    if kept.notes:
        lines += ["", "Beware:", "", *(f"- {note}" for note in kept.notes)]
    return "\n".join(lines) + "\n"
