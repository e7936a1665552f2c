"""What libraries say in warnings, collected instead of printed."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

# Python's warning filters belong to the process: two threads that change and restore them at the same
# time leave them changed.
_lock = threading.RLock()


@contextmanager
def quiet() -> Iterator[list[str]]:
    """Collect warnings, each text once, instead of showing them."""
    said: list[str] = []
    with _lock, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            yield said
        finally:
            said.extend(dict.fromkeys(" ".join(str(w.message).split()) for w in caught))
