"""Data tests of what steps give: run once for the same values, kept with the run, and told."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from ..errors import DataCheckFailed
from ..writing import write_whole
from .caching import Cache, Result
from .parameters import canonical_json
from .run_records import RunRecord


def tested(
    cache: Cache, record: RunRecord, step: str, output: str, digest: str, tests: list[Any]
) -> None:
    """Test a value, and write the report into the run's folder.

    Raises
    ------
    DataCheckFailed
        A test failed that stops; the text says which, where, and how many.
    """
    from ..data_tests import Tests

    declared = Tests.of(tests)
    told = {"tests": [_plain(one) for one in tests], "value": digest, "what": "data tests 1"}
    key = hashlib.sha256(canonical_json(told).encode()).hexdigest()
    known = cache.result(key)
    if known is None:
        value = cache.get(digest)
        report = declared.run(value, name=f"{step}.{output}", cancelled=record.check)
        facts = json.loads(report.to_json())
        cache.remember(Result(key, {"report": cache.put(facts)}))
    else:
        facts = cache.get(known.outputs["report"].hash)
    folder = record.folder.path / "tests"
    folder.mkdir(exist_ok=True)
    path = write_whole(folder / f"{step}.{output}.json", json.dumps(facts, indent=1).encode())
    record.tested(
        step, output, {"ok": facts["ok"], "report": path.name, "summary": facts["summary"]}
    )
    if not facts["ok"]:
        raise DataCheckFailed(
            f"step {step!r} gave {output} that fails its tests: {facts['summary']}"
        )
    if facts.get("warned"):
        record.note(f"{step}.{output}: {facts['summary']}")


def _plain(test: Any) -> Any:
    return json.loads(json.dumps(test, default=str, sort_keys=True))
