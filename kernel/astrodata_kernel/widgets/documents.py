"""What the kernel of a document's tab is asked beyond `adk.view`: the code of the same view elsewhere."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from ..readers.addresses import is_url


def code_parts(viewer: Any) -> str:
    """Give the code of a viewer as JSON, cut at the paths of its files: a notebook may be in another folder.

    Parameters
    ----------
    viewer
        What `adk.view` gave.

    Returns
    -------
    str
        ``pieces``, one more than there are ``sources``: the code is theirs in turn. A source is a path from
        the working folder if it is in there, and else a whole path or an address. Without pieces the viewer
        knows no code, or no files.
    """
    if not hasattr(viewer, "code"):
        return json.dumps({"pieces": [], "sources": []})
    source = viewer.state()["source"]
    sources = [source] if isinstance(source, str) else list(source)
    # As high as its tab, which no notebook is.
    rest = viewer.code().replace(f", height={viewer.height!r}", "", 1)
    pieces = []
    for one in sources:
        before, found, rest = rest.partition(repr(one))
        if not found:  # an array in memory
            return json.dumps({"pieces": [], "sources": []})
        pieces.append(before)
    return json.dumps({"pieces": [*pieces, rest], "sources": [_from_here(one) for one in sources]})


def _from_here(source: str) -> str:
    if is_url(source):
        return source
    path, here = Path(source), Path.cwd()
    inside = path.is_relative_to(here)
    return os.path.relpath(path, here) if inside else source
