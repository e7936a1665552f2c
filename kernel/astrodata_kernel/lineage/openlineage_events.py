"""Lineage as run events of OpenLineage 2-0-2 (https://openlineage.io), which its catalogues take."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from .prov_json import time_of

if TYPE_CHECKING:
    from .graphs import Lineage
    from .records import Item, Step

SPEC = "https://openlineage.io/spec"
_BASE = f"{SPEC}/2-0-2/OpenLineage.json#/$defs"
_NEVER = "1970-01-01T00:00:00+00:00"
_OURS = uuid.UUID("6d0b9a52-5f0e-5c1c-9a53-3b1a5b0d7f11")


def events_of(lineage: Lineage, namespace: str) -> list[dict[str, Any]]:
    """Give two events a step, in the order of time: START, and COMPLETE or FAIL."""
    found = []
    for step in lineage.steps:
        started = time_of(step.started) or time_of(step.ended) or _NEVER
        found.append(_event(step, namespace, "START", started))
        how = "FAIL" if step.state == "failed" else "COMPLETE"
        found.append(_event(step, namespace, how, time_of(step.ended) or started))
    return sorted(found, key=lambda event: event["eventTime"])


def _event(step: Step, namespace: str, kind: str, time: str) -> dict[str, Any]:
    producer = f"urn:{quote(step.package.replace(' ', ':') or 'astrodata-lab', safe=':.+-')}"

    def facet(name: str, version: str = "", /, **facts: Any) -> dict[str, Any]:
        # A facet of our own has the schema that all have.
        url = f"{SPEC}/facets/{version}/{name}.json#/$defs/{name}" if version else f"{_BASE}/{name}"
        return {"_producer": producer, "_schemaURL": url, **facts}

    def data(item: Item, side: str) -> dict[str, Any]:
        facets = {"astrodata": facet("DatasetFacet", kind=item.kind, port=item.name)}
        if item.hashed:
            facets["version"] = facet(
                "DatasetVersionDatasetFacet", "1-0-1", datasetVersion=item.key
            )
        told: dict[str, Any] = {**_data_name(step, item, side, namespace), "facets": facets}
        if side == "outputs" and item.size is not None and kind == "COMPLETE":
            size = facet("OutputStatisticsOutputDatasetFacet", "1-0-2", size=item.size)
            told["outputFacets"] = {"outputStatistics": size}
        return told

    run_facets = {
        "parent": facet(
            "ParentRunFacet",
            "1-2-0",
            run={"runId": str(uuid.uuid5(_OURS, step.run))},
            job={"namespace": namespace, "name": step.pipeline or "pipeline"},
        ),
        "astrodata": facet(
            "RunFacet",
            run=step.run,
            parameters=step.parameters,
            cached=step.cached,
            madeBy=step.made_by or None,
            commit=step.git["commit"] if step.git else None,
            dirty=step.git["dirty"] if step.git else None,
        ),
    }
    if step.python:
        run_facets["processing_engine"] = facet(
            "ProcessingEngineRunFacet", "1-1-1", name="Python", version=step.python
        )
    if kind == "FAIL":
        run_facets["errorMessage"] = facet(
            "ErrorMessageRunFacet",
            "1-0-1",
            message=step.error or f"step {step.name} failed",
            programmingLanguage="PYTHON",
        )
    job_facets = {
        "jobType": facet(
            "JobTypeJobFacet",
            "2-0-4",
            processingType="BATCH",
            integration="ASTRODATA",
            jobType="STEP",
        ),
        "astrodata": facet("JobFacet", block=step.block, version=step.version, code=step.code),
    }
    return {
        "eventTime": time,
        "producer": producer,
        "schemaURL": f"{_BASE}/RunEvent",
        "eventType": kind,
        "run": {"runId": _uuid(step.id), "facets": run_facets},
        "job": {
            "namespace": namespace,
            "name": f"{step.pipeline}.{step.name}".strip("."),
            "facets": job_facets,
        },
        "inputs": [data(item, "inputs") for item in step.inputs],
        "outputs": [data(item, "outputs") for item in step.outputs],
    }


def _data_name(step: Step, item: Item, side: str, namespace: str) -> dict[str, str]:
    """Give what a data set is called: what one step makes and another one takes must be called the same."""
    if item.path and (item.kind == "file" or not item.origin) and side == "inputs":
        return {"namespace": "file", "name": item.path}
    if item.path and item.kind == "file":
        return {"namespace": "file", "name": item.path}
    place = item.origin if side == "inputs" and item.origin else f"{step.name}.{item.name}"
    return {"namespace": namespace, "name": f"{step.pipeline}.{place}".strip(".")}


def _uuid(ident: str) -> str:
    try:
        return str(uuid.UUID(ident))
    except ValueError:
        return str(uuid.uuid5(_OURS, ident))
