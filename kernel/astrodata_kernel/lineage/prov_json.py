"""Lineage as W3C PROV-JSON (https://www.w3.org/submissions/prov-json/)."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .graphs import Lineage
    from .records import Step

NAMESPACE = "urn:astrodata-lab:"
_PREFIX = "astrodata"


def prov_of(lineage: Lineage) -> dict[str, Any]:
    """Give a lineage as PROV-JSON: the value of ``json.dumps`` is a document that PROV's tools read."""
    found: dict[str, dict[str, Any]] = {
        name: {}
        for name in (
            "entity", "activity", "agent", "used", "wasGeneratedBy", "wasAssociatedWith", "wasDerivedFrom"
        )
    }  # fmt: skip
    names: dict[str, str] = {}
    for one in lineage.artifacts:
        names[one.key] = _name("data", one.key.removeprefix("sha256:"))
        found["entity"][names[one.key]] = _told(
            {
                "prov:label": one.name,
                "sha256": one.key.removeprefix("sha256:")
                if one.key.startswith("sha256:")
                else None,
                "kind": one.kind,
                "path": one.path,
                "size": one.size,
            }
        )
    for step in lineage.steps:
        names[step.id] = _name("step", step.id)
        found["activity"][names[step.id]] = _activity(step)
        for agent, told in _agents(step).items():
            found["agent"][agent] = told
            relation = {"prov:activity": names[step.id], "prov:agent": agent}
            _add(found["wasAssociatedWith"], relation)
        for item in step.inputs:
            if item.key in names:
                told = {"prov:activity": names[step.id], "prov:entity": names[item.key]}
                _add(found["used"], told | {"prov:role": item.name})
        for item in step.outputs:
            if item.key in names:
                told = {"prov:entity": names[item.key], "prov:activity": names[step.id]}
                _add(found["wasGeneratedBy"], told | {"prov:role": item.name})
        for made in dict.fromkeys(item.key for item in step.outputs if item.key in names):
            for used in dict.fromkeys(item.key for item in step.inputs if item.key in names):
                if made != used:  # what a step passes on is not derived from itself
                    relation = {
                        "prov:generatedEntity": names[made],
                        "prov:usedEntity": names[used],
                        "prov:activity": names[step.id],
                    }
                    _add(found["wasDerivedFrom"], relation)
    return {"prefix": {_PREFIX: NAMESPACE}, **{key: one for key, one in found.items() if one}}


def _activity(step: Step) -> dict[str, Any]:
    told = {
        "prov:label": f"{step.pipeline}.{step.name}".strip("."),
        "run": step.run,
        "pipeline": step.pipeline,
        "block": step.block,
        "version": step.version,
        "code": step.code,
        "parameters": json.dumps(step.parameters, sort_keys=True),
        "state": step.state,
        "cached": step.cached or None,
        "computedBy": step.made_by if step.cached else "",
        "commit": step.git["commit"] if step.git else "",
        "dirty": step.git["dirty"] if step.git else None,
        "host": step.host,
        "python": step.python,
    }
    times = {"prov:startTime": time_of(step.started), "prov:endTime": time_of(step.ended)}
    return {**{key: one for key, one in times.items() if one}, **_told(told)}


def _agents(step: Step) -> dict[str, dict[str, Any]]:
    found = {}
    if step.user:
        person = {"$": "prov:Person", "type": "prov:QUALIFIED_NAME"}
        found[_name("person", step.user)] = {"prov:type": person, "prov:label": step.user}
    if step.package:
        software = {"$": "prov:SoftwareAgent", "type": "prov:QUALIFIED_NAME"}
        found[_name("software", step.package)] = {"prov:type": software, "prov:label": step.package}
    return found


def _told(facts: dict[str, Any]) -> dict[str, Any]:
    return {
        key if ":" in key else f"{_PREFIX}:{key}": value
        for key, value in facts.items()
        if value is not None and value != ""
    }


def _add(relations: dict[str, Any], relation: dict[str, str]) -> None:
    # Two equal relations are one; PROV-JSON wants a name for each.
    digest = hashlib.sha256(json.dumps(relation, sort_keys=True).encode()).hexdigest()[:16]
    relations[f"_:r{digest}"] = relation


def _name(kind: str, text: str) -> str:
    """Give a name that PROV allows; what is no plain name is replaced by its hash."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,100}", text):
        text = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
    return f"{_PREFIX}:{kind}-{text}"


def time_of(text: str) -> str | None:
    """Give a time as ISO 8601 tells it, with its zone, or None for a text that is none."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return time.isoformat() if time.tzinfo is not None else f"{time.isoformat()}+00:00"
