"""What the suites of benchmarks are told on their command lines."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable


def names_of(known: Iterable[str]) -> Callable[[str], list[str]]:
    """Give the type of an option that takes some of the known names, by comma, in the order known."""
    there = list(known)

    def parse(text: str) -> list[str]:
        wanted = text.split(",")
        unknown = [name for name in wanted if name not in there]
        if unknown:
            raise argparse.ArgumentTypeError(
                f"no {', '.join(unknown)}; there are {', '.join(there)}"
            )
        return [name for name in there if name in wanted]

    return parse
