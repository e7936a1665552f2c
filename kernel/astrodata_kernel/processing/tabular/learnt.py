"""What was learnt from a training part, out of its JSON text, whatever it is."""

from __future__ import annotations

import json
from typing import Any

from ...errors import DamagedFile
from .cleaning import MissingValues
from .encoding import OneHot
from .scaling import Standardise

_KINDS: dict[str, type[MissingValues | OneHot | Standardise]] = {
    "missing-values": MissingValues,
    "one-hot": OneHot,
    "standardise": Standardise,
}


def learnt_of(text: str | bytes) -> MissingValues | OneHot | Standardise:
    """Give what ``to_json`` of `MissingValues`, `OneHot` or `Standardise` has written.

    Raises
    ------
    DamagedFile
        Something else.

    Examples
    --------
    >>> import pandas as pd
    >>> text = Standardise.fit(pd.DataFrame({"x": [1.0, 3.0]})).to_json()
    >>> learnt_of(text).transform(pd.DataFrame({"x": [5.0]})).to_dict("list")
    {'x': [3.0]}
    """
    try:
        held: Any = json.loads(text)
        kind = _KINDS[held["astrodata"]]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise DamagedFile(
            "this text holds nothing that fill_missing, one_hot or standardise has learnt: give their output "
            "'learnt'"
        ) from None
    return kind.from_json(held)
