"""How Sphinx makes pages of this folder: ``make docs``."""

import inspect
from importlib.metadata import version as version_of
from typing import Any

project = "AstroData Lab"
author = copyright = "the AstroData Lab developers"
version = release = version_of("astrodata-lab")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "sphinx.ext.napoleon"]
templates_path = ["templates"]
exclude_patterns = ["_build", "templates"]
suppress_warnings = ["ref.python"]  # a type that is told in words, "array", is no name of ours
default_role = "py:obj"
myst_heading_anchors = 4
autodoc_typehints = "none"  # the docstrings give shapes and units, which types do not
autodoc_member_order = "bysource"
napoleon_google_docstring = False

html_theme = "furo"
html_title = f"{project} {version}"
html_copy_source = False


def signature_of(_app: Any, kind: str, _name: str, thing: Any, *_: Any) -> tuple[str, None] | None:
    """Give what a class is called with: Sphinx asks `__new__`, which knows nothing where traits are."""
    if kind != "class" or not thing.__module__.startswith("astrodata_kernel"):
        return None
    told = inspect.signature(thing)
    plain = [one.replace(annotation=one.empty) for one in told.parameters.values()]
    return str(told.replace(parameters=plain, return_annotation=told.empty)), None


def setup(app: Any) -> None:
    """Tell Sphinx of what is above."""
    app.connect("autodoc-process-signature", signature_of)
