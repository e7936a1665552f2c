"""Pipelines of blocks: written in Python or YAML, cached by content, resumed, traced.

>>> import tempfile
>>> from astrodata_kernel.pipeline import Pipeline, block
>>> @block(stage="ingest", outputs=("numbers",))
... def count(*, upto: int = 3) -> list[int]:
...     return list(range(upto))
>>> @block(outputs=("total",))
... def total(numbers):
...     return sum(numbers)
>>> pipeline = Pipeline("sums").add("count", count, upto=4).add("total", total, "count")
>>> root = tempfile.mkdtemp()
>>> run = pipeline.run(workspace=root, progress=False)
>>> run.outputs["total"], run.computed
(6, ('count', 'total'))
>>> pipeline.run(workspace=root, progress=False).computed
()
"""

from __future__ import annotations

from ..lazy_names import lazy_names

# Loaded when first asked for: pydantic and pandas take their time.
_HOMES = {
    "Block": "block_types",
    "Cache": "caching",
    "Evaluate": "block_types",
    "File": "parameters",
    "Ingest": "block_types",
    "Pipeline": "pipelines",
    "Plan": "planning",
    "Process": "block_types",
    "Run": "results",
    "Search": "searching",
    "Train": "block_types",
    "Visualise": "block_types",
    "Work": "working",
    "block": "block_types",
    "block_named": "registry",
    "blocks": "registry",
    "json_schema": "schema",
    "value_kind": "value_kinds",
}

__all__ = sorted(_HOMES)
__getattr__, __dir__ = lazy_names(__name__, _HOMES)
