"""Numbers as tables: medians and ranges of the runs."""

from __future__ import annotations

import os
import platform
import statistics
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .places import TOOLS

if TYPE_CHECKING:
    from .rows import Row


def table(row: Row, found: dict[str, list[dict[str, Any]]]) -> str:
    """Give a row of the suite as a Markdown table: a line a tool, a column a measure."""
    head = ["tool", *row.columns]
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    for name, runs in found.items():
        cells = [_cell([run.get(column) for run in runs]) for column in row.columns]
        lines.append(f"| {TOOLS[name].title} | {' | '.join(cells)} |")
        wrong = sorted({run["failed"] for run in runs if run.get("failed")})
        lines += [f"| | {' '.join(text.split())[:200]} |" for text in wrong]
    return "\n".join(lines)


def machine() -> str:
    """Give what the numbers were measured on."""
    model = platform.processor() or platform.machine()
    try:
        with Path("/proc/cpuinfo").open() as file:
            model = next(line.split(":")[1].strip() for line in file if "model name" in line)
        with Path("/proc/meminfo").open() as file:
            memory = f"{int(next(file).split()[1]) / 1e6:.0f} GB"
    except (OSError, StopIteration):
        memory = "memory unknown"
    return f"{model}, {os.cpu_count()} cores, {memory}"


def load_of_machine(before: float) -> str:
    """Give the mean number of running processes before and after, of which ours is about one to two."""
    return f"{before:.1f} before, {os.getloadavg()[0]:.1f} after, of {os.cpu_count()} cores"


def _cell(values: list[Any]) -> str:
    texts = [value for value in values if isinstance(value, str)]
    numbers = [value for value in values if isinstance(value, int | float)]
    if not numbers:
        return _counted(texts) if texts else "-"
    middle = statistics.median(numbers)
    said = _number(middle)
    if len(numbers) > 1:
        said += f" ({_number(min(numbers))} to {_number(max(numbers))})"
    if len(numbers) < len(values):
        said += f", {len(values) - len(numbers)} of {len(values)} failed"
    return said


def _counted(texts: list[str]) -> str:
    counts = {text: texts.count(text) for text in texts}
    if len(texts) == 1:
        return texts[0]
    return ", ".join(f"{text} ({count} of {len(texts)})" for text, count in counts.items())


def _number(value: float) -> str:
    return f"{value:,.2f}" if abs(value) < 10 else f"{value:,.0f}"
