"""Lineage for others: W3C PROV, OpenLineage, and RO-Crates of runs, each opened by its own package."""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from pathlib import Path

import pytest
from astrodata_kernel.errors import (
    BadRequest,
    DamagedFile,
    DataCheckFailed,
    UnreadableFile,
)
from astrodata_kernel.lineage import LineageWriter, Store, lineage_folder
from astrodata_kernel.runs import RunFolder, crate

LICENCE = "https://creativecommons.org/licenses/by/4.0/"


def digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


@pytest.fixture
def run(tmp_path) -> RunFolder:
    """Give a finished run of three steps, the last one failed, whose input is a file that is there."""
    raw = tmp_path / "data" / "cardio table.npz"
    raw.parent.mkdir()
    raw.write_bytes(b"raw bytes")
    folder = RunFolder.create(tmp_path, "cardio", {"parameters": {"seed": 3, "name": "a b"}})
    (folder.path / "pipeline.yaml").write_text("astrodata: 1\nname: cardio\n")
    common = {
        "run": folder.id,
        "pipeline": "cardio",
        "version": "1",
        "package": "astrodata-lab 0.1.0",
        "started": "2026-11-22T03:50:12+00:00",
        "ended": "2026-11-22T03:50:13.5+00:00",
        "user": "anna",
        "host": "node7",
        "python": "3.11.7",
        "git": {"commit": "c0ffee", "dirty": True},
    }
    source = {"hash": digest(b"raw bytes"), "kind": "file", "path": str(raw), "size": 9}
    table = {"hash": digest(b"table"), "kind": "table", "size": 5}
    with LineageWriter(lineage_folder(tmp_path)) as writer:
        for step, block, given, made, more in (
            ("read", "read_table", {"path": source}, {"table": table}, {"parameters": {"x": [1]}}),
            (
                "fit",
                "train_sklearn",
                {"train": {**table, "from": "read.table"}},
                {"model": {"hash": digest(b"model"), "kind": "model"}},
                {"parameters": {"trees": 5, "evil": "</script>"}, "code": digest(b"code")},
            ),
            (
                "draw",
                "draw_table",
                {"table": {**table, "from": "read.table"}},
                {},
                {"state": "failed", "error": "no display"},
            ),
        ):
            writer.append(
                {**common, "step": step, "block": block, "inputs": given, "outputs": made, **more}
            )
    folder.write({**folder.read(), "state": "finished", "ended": "2026-11-22T03:51:00+00:00"})
    return folder


@pytest.fixture
def lineage(run, tmp_path):
    return Store(tmp_path).back(run.id)


def test_prov_reads_all_entities_activities_agents_and_relations(lineage):
    from prov.model import (
        ProvActivity,
        ProvAgent,
        ProvAssociation,
        ProvDerivation,
        ProvDocument,
        ProvEntity,
        ProvGeneration,
        ProvUsage,
    )

    document = ProvDocument.deserialize(content=json.dumps(lineage.to_prov()), format="json")
    counts = {
        ProvEntity: 3,
        ProvActivity: 3,
        ProvAgent: 2,
        ProvUsage: 3,
        ProvGeneration: 2,
        ProvAssociation: 6,
        ProvDerivation: 2,
    }
    assert {kind: len(list(document.get_records(kind))) for kind in counts} == counts
    told = [dict(one.attributes) for one in document.get_records(ProvActivity)]
    told = [{str(key): str(one) for key, one in each.items()} for each in told]
    (fit,) = [each for each in told if each["prov:label"] == "cardio.fit"]
    assert json.loads(fit["astrodata:parameters"]) == {"trees": 5, "evil": "</script>"}
    assert fit["prov:startTime"] == "2026-11-22 03:50:12+00:00"
    assert fit["astrodata:commit"] == "c0ffee"
    again = ProvDocument.deserialize(content=document.serialize(format="json"), format="json")
    assert again == document


def test_openlineage_reads_the_events_as_its_own(lineage):
    from openlineage.client.event_v2 import (
        InputDataset,
        Job,
        OutputDataset,
        Run,
        RunEvent,
        RunState,
    )
    from openlineage.client.facet_v2 import (
        dataset_version_dataset,
        error_message_run,
        job_type_job,
        output_statistics_output_dataset,
        parent_run,
        processing_engine_run,
    )
    from openlineage.client.serde import Serde

    kinds = {
        "parent": parent_run.ParentRunFacet,
        "processing_engine": processing_engine_run.ProcessingEngineRunFacet,
        "errorMessage": error_message_run.ErrorMessageRunFacet,
        "jobType": job_type_job.JobTypeJobFacet,
        "version": dataset_version_dataset.DatasetVersionDatasetFacet,
        "outputStatistics": output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet,
    }
    seen = set()

    def facets(given, producer):
        built = {}
        for name, facet in given.items():
            facts = {key: one for key, one in facet.items() if not key.startswith("_")}
            if name == "parent":
                facts = {
                    "run": parent_run.Run(**facts["run"]),
                    "job": parent_run.Job(**facts["job"]),
                }
            if name in kinds:
                seen.add(name)
                built[name] = kinds[name](**facts, producer=producer)
        return built

    events = lineage.to_openlineage("hub")
    assert [event["eventType"] for event in events].count("START") == 3
    assert [event["eventType"] for event in events].count("COMPLETE") == 2
    assert [event["eventType"] for event in events].count("FAIL") == 1
    for event in events:
        producer = event["producer"]
        assert producer == "urn:astrodata-lab:0.1.0"
        data = {
            side: [
                kind(
                    namespace=one["namespace"],
                    name=one["name"],
                    facets=facets(one["facets"], producer),
                    **({which: facets(one[which], producer)} if which in one else {}),
                )
                for one in event[side]
            ]
            for side, kind, which in (
                ("inputs", InputDataset, "inputFacets"),
                ("outputs", OutputDataset, "outputFacets"),
            )
        }
        built = RunEvent(
            eventType=RunState[event["eventType"]],
            eventTime=event["eventTime"],
            producer=producer,
            run=Run(event["run"]["runId"], facets(event["run"]["facets"], producer)),
            job=Job(
                event["job"]["namespace"],
                event["job"]["name"],
                facets(event["job"]["facets"], producer),
            ),
            **data,
        )
        theirs = json.loads(Serde.to_json(built))
        assert_holds(event, theirs)
        ours = event["run"]["facets"]["astrodata"]
        assert ours["_schemaURL"].endswith("/$defs/RunFacet")
        assert uuid.UUID(event["run"]["runId"])
    assert seen == set(kinds)


def assert_holds(ours, theirs):
    """Assert that ours says all that theirs says, and the same."""
    for key, one in theirs.items():
        if isinstance(one, dict):
            # What they leave empty need not be there.
            assert_holds(ours.get(key, {}), one)
        elif isinstance(one, list):
            assert len(ours[key]) == len(one)
            for mine, other in zip(ours[key], one, strict=True):
                assert_holds(mine, other)
        else:
            assert ours[key] == one, key


def test_openlineage_calls_what_one_step_makes_as_the_next_one_that_takes_it(lineage):
    events = {
        event["job"]["name"]: event
        for event in lineage.to_openlineage("hub")
        if event["eventType"] != "START"
    }
    made = events["cardio.read"]["outputs"][0]
    taken = events["cardio.fit"]["inputs"][0]
    assert (made["namespace"], made["name"]) == (taken["namespace"], taken["name"])
    assert made["facets"]["version"]["datasetVersion"] == digest(b"table")
    source = events["cardio.read"]["inputs"][0]
    assert source["namespace"] == "file"
    assert source["name"].endswith("/data/cardio table.npz")
    message = events["cardio.draw"]["run"]["facets"]["errorMessage"]
    assert message["message"] == "no display"


def made_files(tmp_path):
    """Give what stands for a cache: one file for the model, two for the table."""
    folder = tmp_path / "cache"
    folder.mkdir()
    kept = {
        digest(b"model"): {"content.skops": b"model"},
        digest(b"table"): {"part-0.parquet": b"one", "part-1.parquet": b"two"},
    }
    found = {}
    for key, files in kept.items():
        place = folder / key[7:17]
        place.mkdir()
        for name, content in files.items():
            (place / name).write_bytes(content)
        found[key] = {path: digest(path.read_bytes())[7:] for path in sorted(place.iterdir())}
    return lambda key: found.get(key, {})


@pytest.mark.parametrize("files", ["link", "copy"])
def test_a_crate_of_a_run_opens_with_all_that_was_done(run, tmp_path, files):
    from rocrate.rocrate import ROCrate

    author = {"name": "Anna <b>", "orcid": "0000-0002-1825-0097", "affiliation": "INFN"}
    place = crate(
        run.path,
        tmp_path / "crate",
        files=files,
        files_of=made_files(tmp_path),
        licence=LICENCE,
        author=author,
    )
    opened = ROCrate(place)
    assert opened.mainEntity.id == "pipeline.yaml"
    assert "ComputationalWorkflow" in opened.mainEntity.type
    assert opened.root_dataset["license"].id == LICENCE
    assert opened.root_dataset["author"]["name"] == "Anna <b>"
    actions = opened.get_by_type("CreateAction")
    assert [one["name"] for one in actions] == [
        f"run {run.id}",
        "step read",
        "step fit",
        "step draw",
    ]
    whole, _, fit, failed = actions
    assert whole["instrument"] is opened.mainEntity
    assert {one.id for one in whole["object"] if one.type == "PropertyValue"} != set()
    values = {one["name"]: one["value"] for one in whole["object"] if one.type == "PropertyValue"}
    assert values == {"seed": "3", "name": "a b"}
    assert fit["instrument"]["name"] == "train_sklearn"
    assert [one.id for one in as_list(fit["result"])] == ["outputs/fit.model.skops"]
    assert "FailedActionStatus" in json.dumps(failed.properties())
    assert failed["error"] == "no display"
    names = {one["name"] for one in opened.get_by_type("SoftwareApplication")}
    assert names == {"read_table", "train_sklearn", "draw_table"}
    # Each file that the crate names as its own is there, with that content.
    own = [one for one in opened.get_by_type("File") if not one.id.startswith("file:")]
    for one in own:
        content = (place / one.id).read_bytes()
        assert one["sha256"] == hashlib.sha256(content).hexdigest()
        assert one["contentSize"] == str(len(content))
    assert {path.name for path in place.rglob("*") if path.is_file()} == {
        "ro-crate-metadata.json",
        *(Path(one.id).name for one in own),
    }
    assert (place / "outputs" / "read.table" / "part-1.parquet").read_bytes() == b"two"
    (raw,) = [one for one in opened.get_by_type("File") if one.get("name") == "cardio table.npz"]
    assert raw.id.startswith("file:///") == (files == "link")
    assert raw["sha256"] == hashlib.sha256(b"raw bytes").hexdigest()
    # Everything that is referred to is told.
    told = json.loads((place / "ro-crate-metadata.json").read_text())["@graph"]
    known = {one["@id"] for one in told}
    for one in told:
        for value in one.values():
            for each in value if isinstance(value, list) else [value]:
                if isinstance(each, dict):
                    outside = each["@id"].startswith(
                        ("http://schema.org", "https://w3id.org/ro/crate")
                    )
                    assert each["@id"] in known or outside, each


def as_list(value):
    return value if isinstance(value, list) else [value]


def test_a_crate_without_a_pipeline_file_is_one_of_processes(run, tmp_path):
    from rocrate.rocrate import ROCrate

    (run.path / "pipeline.yaml").unlink()
    opened = ROCrate(crate(run.path, tmp_path / "crate"))
    assert opened.mainEntity is None
    assert len(opened.get_by_type("CreateAction")) == 3
    assert {one["name"] for one in opened.get_by_type("Person")} == {"anna"}
    assert "workflow/0.5" not in (tmp_path / "crate" / "ro-crate-metadata.json").read_text()


def test_a_crate_that_cannot_be_made_leaves_nothing_behind(run, tmp_path):
    target = tmp_path / "crates" / "one"
    target.parent.mkdir()
    raw = tmp_path / "data" / "cardio table.npz"
    raw.write_bytes(b"other bytes")
    with pytest.raises(DataCheckFailed, match="has changed since the run read it"):
        crate(run.path, target, files="copy")
    with pytest.raises(UnreadableFile, match="cannot be written"):
        crate(run.path, target, files_of=lambda key: {Path("/proc/self/mem"): "0" * 64})
    with pytest.raises(BadRequest, match="give the path of a new folder"):
        crate(run.path, target.parent)
    with pytest.raises(BadRequest, match='give "link"'):
        crate(run.path, target, files="move")
    with pytest.raises(UnreadableFile, match="The folder is none of a run"):
        crate(tmp_path, target)
    (run.path / "run.json").write_text("[]")
    with pytest.raises(DamagedFile, match="is no record of a run"):
        crate(run.path, target)
    assert list(target.parent.iterdir()) == []


def test_a_run_that_still_runs_or_left_no_records_is_not_exported(tmp_path):
    folder = RunFolder.create(tmp_path, "p")
    with pytest.raises(BadRequest, match="export it when it has ended"):
        crate(folder.path, tmp_path / "crate")
    folder.write({**folder.read(), "state": "finished"})
    with pytest.raises(BadRequest, match="has no record of a step"):
        crate(folder.path, tmp_path / "crate")


def test_names_of_steps_and_files_do_not_lead_out_of_the_crate(tmp_path):
    folder = RunFolder.create(tmp_path, "p", {"state": "finished"})
    source = tmp_path / "..x"
    source.write_bytes(b"x")
    made = {"../../o": {"hash": digest(b"x"), "kind": "<b>"}, "O": {"hash": digest(b"y")}}
    with LineageWriter(lineage_folder(tmp_path)) as writer:
        for step in ("../../etc/s", "con s", "CON S"):
            outputs = {
                name: {**one, "hash": digest(step.encode() + name.encode())}
                for name, one in made.items()
            }
            writer.append({"run": folder.id, "step": step, "inputs": {}, "outputs": outputs})
    place = crate(
        folder.path, tmp_path / "deep" / "crate", files_of=lambda key: {source: digest(b"x")[7:]}
    )
    files = {path.relative_to(place).as_posix() for path in place.rglob("*") if path.is_file()}
    assert len(files) == 7
    assert len({name.lower() for name in files}) == 7
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["crate"]


def test_a_crate_takes_no_file_that_a_link_or_a_record_could_smuggle_in(run, tmp_path):
    secret = tmp_path / "id_ed25519"
    secret.write_bytes(b"a private key")
    # A record that names it, with a hash that whoever wrote it could not know, or with none of its bytes.
    hostile = [
        {"hash": digest(b"guess"), "kind": "table", "path": str(secret)},
        {"hash": "none", "kind": "file", "path": str(secret)},
    ]
    with LineageWriter(lineage_folder(tmp_path)) as writer:
        for number, item in enumerate(hostile):
            given = {"path": item}
            writer.append({"run": run.id, "step": f"s{number}", "inputs": given, "outputs": {}})
    place = crate(run.path, tmp_path / "crate", files="copy")
    assert secret.name not in {path.name for path in place.rglob("*")}
    # A value of the cache that is a link is not there; one that has changed is not what was made.
    link = tmp_path / "link.parquet"
    link.symlink_to(secret)
    place = crate(run.path, tmp_path / "linked", files_of=lambda key: {link: digest(b"x")[7:]})
    assert not (place / "outputs").exists()
    with pytest.raises(DataCheckFailed, match="has changed since the run made it"):
        crate(run.path, tmp_path / "changed", files_of=lambda key: {secret: digest(b"x")[7:]})
    (run.path / "pipeline.yaml").unlink()
    (run.path / "pipeline.yaml").symlink_to(secret)
    with pytest.raises(UnreadableFile, match="cannot be brought along"):
        crate(run.path, tmp_path / "other")
    (run.path / "pipeline.yaml").unlink()
    os.mkfifo(run.path / "pipeline.yaml")
    with pytest.raises(UnreadableFile, match="it is no file"):
        crate(run.path, tmp_path / "other")
    (run.path / "run.json").unlink()
    os.mkfifo(run.path / "run.json")
    with pytest.raises(UnreadableFile, match="it is no file"):
        crate(run.path, tmp_path / "other")
