"""The packages of the extra that reports and applications are made with."""

from __future__ import annotations

from importlib.util import find_spec

from ..errors import MissingPackage


def need(*names: str) -> None:
    """See that packages are installed, before any work is done.

    Raises
    ------
    MissingPackage
        Some are not; the text says how to get them.
    """
    missing = [name for name in names if _missing(name)]
    if missing:
        raise MissingPackage(
            f"this is drawn with {', '.join(missing)}, which {'is' if len(missing) == 1 else 'are'} not "
            'installed: pip install "astrodata-lab[viz]"'
        )


def _missing(name: str) -> bool:
    try:
        return find_spec(name) is None
    except (ImportError, ValueError):  # a package that was taken away while Python ran
        return True
