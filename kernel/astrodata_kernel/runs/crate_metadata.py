"""What a crate says of itself: JSON-LD by RO-Crate 1.1 and the profiles for runs of workflows."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from ..lineage.plain import plain, shown
from ..lineage.prov_json import time_of
from ..lineage.records import Step
from .crate_files import CrateFiles

METADATA, WORKFLOW = "ro-crate-metadata.json", "pipeline.yaml"
_LANGUAGE = "#astrodata-pipeline"
_CONTEXT = [
    "https://w3id.org/ro/crate/1.1/context",
    "https://w3id.org/ro/terms/workflow-run/context",
]
_CRATE = "https://w3id.org/ro/crate/1.1"
_WORKFLOW_CRATE = "https://w3id.org/workflowhub/workflow-ro-crate/1.0"
_PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": "Process Run Crate",
    "https://w3id.org/ro/wfrun/workflow/0.5": "Workflow Run Crate",
    _WORKFLOW_CRATE: "Workflow RO-Crate",
}
_LONGEST = 10_000
_STATUS = {
    "finished": "http://schema.org/CompletedActionStatus",
    "failed": "http://schema.org/FailedActionStatus",
    "cancelled": "http://schema.org/FailedActionStatus",
}

Entity = dict[str, Any]


def metadata_of(
    record: Mapping[str, Any],
    steps: Sequence[Step],
    files: CrateFiles,
    *,
    workflow: bool,
    licence: str | None,
    author: Entity,
    name: str,
) -> Entity:
    """Give the metadata of a run's crate, and bring its files along.

    Parameters
    ----------
    record
        Of the run.
    steps
        Of the run, in order.
    files
        Of the crate.
    workflow
        Whether the pipeline's file is in it.
    licence, author, name
        Of the crate.
    """
    graph: list[Entity] = []
    blocks = {_block_id(step): step for step in steps}
    graph += [_block(ident, step) for ident, step in blocks.items()]
    actions = []
    for step in steps:
        settings = [_setting(f"#setting-{step.id}", *one) for one in step.parameters.items()]
        graph += settings
        used = [
            files.given(one) if not one.origin else _made(files, steps, one) for one in step.inputs
        ]
        made = [files.made(step, one) for one in step.outputs]
        actions.append(_step_action(step, [*used, *_names(settings)], made, author))
    given, results = _ends(steps, files)
    parameters = record.get("parameters")
    parameters = parameters if isinstance(parameters, dict) else {}
    settings = [_setting("#value", *one) for one in parameters.items()]
    formal = [_formal(*one) for one in parameters.items()]
    for setting, parameter in zip(settings, formal, strict=True):
        setting["exampleOfWork"] = _reference(parameter)
    graph += settings
    if workflow:
        graph += [*formal, *_workflow(record, formal, blocks)]
        actions.insert(0, _run_action(record, [*given, *_names(settings)], results, author))
    graph += actions
    profiles = list(_PROFILES) if workflow else list(_PROFILES)[:1]
    graph += [
        {"@id": one, "@type": "CreativeWork", "name": _PROFILES[one], "version": one.split("/")[-1]}
        for one in profiles
    ]
    graph += [*files.entities, author, *_affiliation(author)]
    root: Entity = {
        "@id": "./",
        "@type": "Dataset",
        "name": name,
        "description": f"A run of the pipeline {shown(record.get('pipeline'))}: what was done, with what, "
        "and what came out",
        "datePublished": datetime.now(UTC).isoformat(timespec="seconds"),
        "conformsTo": [{"@id": one} for one in profiles],
        "author": _reference(author),
        "hasPart": [{"@id": one} for one in files.parts],
        "mentions": [_reference(one) for one in actions],
    }
    if workflow:
        root["mainEntity"] = {"@id": WORKFLOW}
    if licence:
        root["license"] = {"@id": licence} if _is_address(licence) else shown(licence, _LONGEST)
        if _is_address(licence):
            graph.append({"@id": licence, "@type": "CreativeWork", "name": licence})
    conforms = [_CRATE, *([_WORKFLOW_CRATE] if workflow else [])]
    head: Entity = {
        "@id": METADATA,
        "@type": "CreativeWork",
        "about": {"@id": "./"},
        "conformsTo": [{"@id": one} for one in conforms],
    }
    once: dict[str, Entity] = {}
    for entity in (head, root, *graph):
        told = {key: one for key, one in entity.items() if one not in ("", [], None)}
        once[entity["@id"]] = told | once.get(entity["@id"], {})
    return {"@context": _CONTEXT, "@graph": list(once.values())}


def person_of(author: str | Mapping[str, str] | None, user: str) -> Entity:
    """Give the entity of a person: by name, by a mapping with ``name`` and ``orcid``, or by user name."""
    told = (
        {"name": author} if isinstance(author, str) else dict(author or {"name": user or "unknown"})
    )
    name = shown(told.get("name")) or "unknown"
    orcid = shown(told.get("orcid")).rstrip("/").rpartition("/")[2]
    known = re.fullmatch(r"\d{4}-\d{4}-\d{4}-\d{3}[\dX]", orcid)
    ident = f"https://orcid.org/{orcid}" if known else f"#person-{_slug(name)}"
    entity: Entity = {"@id": ident, "@type": "Person", "name": name}
    if shown(told.get("affiliation")):
        place = shown(told["affiliation"])
        entity["affiliation"] = {"@id": f"#organisation-{_slug(place)}", "name": place}
    return entity


def _affiliation(author: Entity) -> list[Entity]:
    place = author.get("affiliation")
    if place is None:
        return []
    author["affiliation"] = _reference(place)
    return [{"@id": place["@id"], "@type": "Organization", "name": place["name"]}]


def _workflow(
    record: Mapping[str, Any], formal: Sequence[Entity], blocks: Mapping[str, Step]
) -> list[Entity]:
    language = {"@id": _LANGUAGE, "@type": "ComputerLanguage", "name": "AstroData Lab pipeline"}
    workflow = {
        "@id": WORKFLOW,
        "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow"],
        "name": shown(record.get("pipeline")) or "pipeline",
        "encodingFormat": "application/yaml",
        "programmingLanguage": _reference(language),
        "input": [_reference(one) for one in formal],
        "hasPart": [{"@id": ident} for ident in blocks],
    }
    return [workflow, {**language, "alternateName": "astrodata: 1"}]


def _block_id(step: Step) -> str:
    told = f"{step.block} {step.version} {step.code}"
    return f"#block-{_slug(step.block)}-{hashlib.sha256(told.encode()).hexdigest()[:8]}"


def _block(ident: str, step: Step) -> Entity:
    return {
        "@id": ident,
        "@type": "SoftwareApplication",
        "name": step.block or step.name,
        "softwareVersion": step.version,
        "identifier": step.code,
        "applicationSuite": step.package,
        "softwareRequirements": f"Python {step.python}" if step.python else None,
    }


def _step_action(step: Step, used: Sequence[str], made: Sequence[str], author: Entity) -> Entity:
    told: Entity = {
        "@id": f"#step-{step.id if re.fullmatch(r'[A-Za-z0-9-]+', step.id) else _digest(step.id)}",
        "@type": "CreateAction",
        "name": f"step {step.name}" + (", from the cache" if step.cached else ""),
        "instrument": {"@id": _block_id(step)},
        "agent": _reference(author),
        "startTime": time_of(step.started),
        "endTime": time_of(step.ended),
        "actionStatus": {"@id": _STATUS[step.state]},
        "object": [{"@id": one} for one in dict.fromkeys(used)],
        "result": [{"@id": one} for one in dict.fromkeys(made)],
        "error": step.error if step.state == "failed" else None,
    }
    if step.git:
        changed = ", with changes that were not committed" if step.git["dirty"] else ""
        told["description"] = f"run at commit {step.git['commit']}{changed}"
    return told


def _run_action(
    record: Mapping[str, Any], used: Sequence[str], made: Sequence[str], author: Entity
) -> Entity:
    state = shown(record.get("state"))
    failed = _STATUS.get(state, _STATUS["failed"])
    return {
        "@id": f"#run-{_slug(shown(record.get('id')))}",
        "@type": "CreateAction",
        "name": f"run {shown(record.get('id'))}",
        "instrument": {"@id": WORKFLOW},
        "agent": _reference(author),
        "startTime": time_of(shown(record.get("started"))),
        "endTime": time_of(shown(record.get("ended"))),
        "actionStatus": {"@id": failed},
        "object": [{"@id": one} for one in dict.fromkeys(used)],
        "result": [{"@id": one} for one in dict.fromkeys(made)],
        "error": shown(record.get("error"), _LONGEST) if state != "finished" else None,
    }


def _ends(steps: Sequence[Step], files: CrateFiles) -> tuple[list[str], list[str]]:
    """Give what came into the run from outside, and what it made that no other step of it took."""
    taken = {one.key for step in steps for one in step.inputs}
    given = [files.given(one) for step in steps for one in step.inputs if not one.origin]
    last = [files.made(step, one) for step in steps for one in step.outputs if one.key not in taken]
    return given, last


def _made(files: CrateFiles, steps: Sequence[Step], item: Any) -> str:
    for step in steps:
        for one in step.outputs:
            if one.key == item.key:
                return files.made(step, one)
    return files.given(item)


def _setting(place: str, name: str, value: Any) -> Entity:
    text = value if isinstance(value, str) else json.dumps(plain(value))
    ident = f"{place}-{_slug(name)}-{_digest(name)[:6]}"
    told = {"@id": ident, "@type": "PropertyValue", "name": shown(name)}
    return {**told, "value": text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"}


def _formal(name: str, value: Any) -> Entity:
    kinds = {bool: "Boolean", int: "Integer", float: "Float"}
    ident = f"#parameter-{_slug(name)}-{_digest(name)[:6]}"
    told = {"@id": ident, "@type": "FormalParameter", "name": shown(name)}
    return {**told, "additionalType": kinds.get(type(value), "Text")}


def _names(entities: Iterable[Entity]) -> list[str]:
    return [one["@id"] for one in entities]


def _reference(entity: Entity) -> Entity:
    return {"@id": entity["@id"]}


def _slug(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", text).strip("_.")[:60] or "x"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]


def _is_address(text: str) -> bool:
    return re.fullmatch(r"https?://[^\s\"<>]+", text) is not None
