"""How Sphinx makes pages of this folder: ``make docs``."""

from importlib.metadata import version as version_of

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
