"""Numbers of bytes in words."""

from __future__ import annotations

_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")


def bytes_text(count: float) -> str:
    """Give a number of bytes as the panel does: decimal units, three digits.

    Examples
    --------
    >>> bytes_text(184_320), bytes_text(999.7), bytes_text(0)
    ('184 kB', '1 kB', '0 B')
    """
    size, units = float(count), list(_UNITS)
    while size >= 999.5 and len(units) > 1:
        size /= 1000
        units.pop(0)
    return f"{size:.3g} {units[0]}"
