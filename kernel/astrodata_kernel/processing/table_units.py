"""What the headers of tables say of their columns, and units as instruments write them."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from ..readers.quiet import quiet

_LONGEST = 1 << 20
_NUMBERED = re.compile(r"(TTYPE|TDISP|TCOMM)(\d{1,4})")
_TIME = re.compile(r"\s*(?:B?T?JD|B?MJD)\b.*?,\s*(days?|d)\s*", re.IGNORECASE)
_WRITTEN = {
    "e-": "electron",
    "pixels": "pix",
    "ADUs": "adu",
    "Angstroms": "Angstrom",
    "Ang": "Angstrom",
    "AA": "Angstrom",
    "microns": "micron",
}


@lru_cache(maxsize=512)
def unit_of(text: str) -> Any:
    """Give the `astropy.units` unit that a text means, or None when none is meant.

    Examples
    --------
    >>> unit_of("e-/s").to_string(), unit_of("BJD - 2457000, days").to_string(), unit_of("no unit")
    ('electron / s', 'd', None)
    """
    from astropy import units as u

    text = text.strip()
    if not text:
        return None
    if _TIME.fullmatch(text):
        return u.day
    for written, meant in _WRITTEN.items():
        text = re.sub(rf"(?<![\w.]){re.escape(written)}(?!\w)", meant, text)
    if "(" in text and "log" in text.lower():
        return None  # a logarithm of a unit is for whoever reads the values
    if "erg" in text:
        text = re.sub(r"(?<![\w.])A(?!\w)", "Angstrom", text)  # no flux is told in amperes
    with quiet():  # astropy warns of each way to write that it would not have chosen
        for style in ("fits", "generic", "cds"):
            try:
                found = u.Unit(text, format=style, parse_strict="silent")
            except (ValueError, TypeError, AttributeError):
                continue
            if not isinstance(found, u.UnrecognizedUnit):
                return found
    return None


def facts_of_header(header: Sequence[Any]) -> dict[Any, dict[str, str]]:
    """Give descriptions and display formats of columns, by number, and some descriptions by name.

    Parameters
    ----------
    header
        Cards as (keyword, value, comment).
    """
    found: dict[Any, dict[str, str]] = {}
    comments: list[str] = []
    for keyword, value, comment in header:
        if keyword == "COMMENT":
            comments.append(str(value if value not in (None, "") else comment))
            continue
        match = _NUMBERED.fullmatch(str(keyword))
        if match is None:
            continue
        facts = found.setdefault(int(match[2]), {})
        if match[1] == "TCOMM":
            facts["description"] = str(value).strip()
        elif match[1] == "TDISP":
            facts["display"] = str(value).strip()
        elif comment:
            told = str(comment).strip().removeprefix("column title:").strip()
            is_label = re.fullmatch(r"(label for )?field\s+\d+.*", told)
            facts.setdefault("description", "" if is_label else told)
    for name, description in _serialized(comments).items():
        found[name] = {"description": description}
    return found


def units_of_schema(schema: Any) -> dict[str, str]:
    """Give the units that an Arrow schema tells: in a field's metadata, or as pandas or astropy write it."""
    units: dict[str, str] = {}
    for one in schema:
        told = one.metadata or {}
        for key in (b"unit", b"units", b"UNIT"):
            if key in told:
                units[one.name] = told[key].decode("utf-8", "replace")
    whole = schema.metadata or {}
    try:
        attributes = json.loads(whole.get(b"pandas", b"{}")).get("attributes", {})
        units |= {str(k): str(v) for k, v in attributes.get("units", {}).items()}
    except (ValueError, AttributeError, TypeError):
        pass  # somebody else's metadata
    if b"table_meta_yaml" in whole and len(whole[b"table_meta_yaml"]) < _LONGEST:
        import yaml

        try:
            for column in yaml.safe_load(whole[b"table_meta_yaml"])["datatype"]:
                if column.get("unit"):
                    units[str(column["name"])] = str(column["unit"])
        except (yaml.YAMLError, KeyError, TypeError, AttributeError, RecursionError):
            pass
    return units


def _serialized(comments: list[str]) -> dict[str, str]:
    """Give the descriptions that astropy writes into comments, where FITS has no place for them."""
    try:
        start = comments.index("--BEGIN-ASTROPY-SERIALIZED-COLUMNS--")
        stop = comments.index("--END-ASTROPY-SERIALIZED-COLUMNS--")
    except ValueError:
        return {}
    lines: list[str] = []
    whole = True
    for line in comments[start + 1 : stop]:
        if whole:
            lines.append(line)
        else:
            lines[-1] += line
        whole = not lines[-1].endswith("\\")
        if not whole:
            lines[-1] = lines[-1][:-1]
    text = "\n".join(lines)
    if len(text) > _LONGEST:
        return {}
    import yaml

    try:
        columns = yaml.safe_load(text)["datatype"]
        return {
            str(column["name"]): str(column["description"])
            for column in columns
            if isinstance(column, dict) and column.get("description")
        }
    except (yaml.YAMLError, TypeError, KeyError, RecursionError):
        return {}  # somebody else's comments
