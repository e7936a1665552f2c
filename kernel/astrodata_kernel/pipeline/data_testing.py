"""Data tests of what steps give: run once for the same values, kept with the run, and told."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from ..errors import DataCheckFailed
from ..writing import write_whole
from .caching import Cache, Result
from .parameters import canonical_json
from .run_records import RunRecord


def tested(
    cache: Cache,
    record: RunRecord,
    base: Path,
    step: str,
    output: str,
    digest: str,
    tests: list[Any],
) -> None:
    """Test a value, and write the report into the run's folder, ``tests/<step>.<output>.json``.

    Raises
    ------
    DataCheckFailed
        A test failed that stops; the text says which, where, and how many.
    """
    from ..data_tests import Report, Tests

    tests, references = _referred(tests, base, cache)
    told = {
        "what": "data tests 1",
        "value": digest,
        "tests": json.loads(json.dumps(tests, default=str)),
        "references": references,
    }
    key = hashlib.sha256(canonical_json(told).encode()).hexdigest()
    folder = record.folder.path / "tests"
    folder.mkdir(exist_ok=True)
    path = folder / f"{step}.{output}.json"
    known = cache.result(key)
    if known is None:
        value = cache.get(digest)
        report = Tests.of(tests).run(value, name=f"{step}.{output}", cancelled=record.check)
        report.save(path)
        cache.remember(Result(key, {"report": cache.put(path)}))
    else:
        write_whole(path, cache.get(known.outputs["report"].hash).read_bytes())
        report = Report.load(path)
    record.tested(step, output, {"ok": report.ok, "report": path.name, "summary": report.summary})
    if report.warned:
        record.note(f"{step}.{output}: {report.summary}")
    try:
        report.raise_if_failed()
    except DataCheckFailed as error:
        raise DataCheckFailed(
            f"step {step!r} gave {output} that fails its tests: {error}"
        ) from None


def _referred(tests: list[Any], base: Path, cache: Cache) -> tuple[list[Any], list[str]]:
    """Give the tests with whole paths of what they compare with, and the hashes of these files."""
    made, hashes = [], []
    for one in tests:
        reference = one.get("reference")
        if isinstance(reference, (str, Path)) and "://" not in str(reference):
            path = Path(reference).expanduser()
            path = path if path.is_absolute() else base / path
            if path.is_file():
                one = {**one, "reference": str(path)}
                hashes.append(cache.hash_of_file(path)[0])
        made.append(one)
    return made, hashes
