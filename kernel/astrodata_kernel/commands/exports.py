"""``astrodata export`` and ``step``: pipelines for Snakemake and the platform, and how these run them."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from .runs import parameters_of, terminated
from .terminal import say


def add_to(commands: Any) -> None:
    """Add the commands to the words of ``astrodata``."""
    export = commands.add_parser("export", help="write a pipeline for others that run pipelines")
    kinds = export.add_subparsers(dest="kind", required=True, metavar="KIND")

    snakemake = kinds.add_parser("snakemake", help="as a Snakemake workflow")
    _add_pipeline(snakemake)
    snakemake.add_argument("folder", metavar="FOLDER", help="of the workflow, to be made")
    snakemake.set_defaults(do=_snakemake)

    batch = kinds.add_parser("batch", help="as a batch job of the AI_INFN platform")
    _add_pipeline(batch)
    batch.add_argument("--name", help="of the job (the pipeline's)")
    batch.add_argument("--queue", help="of the platform")
    batch.add_argument("--priority", help="lowest, lower, higher, highest or fire (lowest)")
    batch.add_argument("--cpu", type=float, metavar="N", help="cores (1)")
    batch.add_argument("--memory", metavar="SIZE", help="such as 8Gi (2Gi)")
    batch.add_argument("--gpu-memory", metavar="SIZE", help="such as 10Gi (no GPU)")
    batch.add_argument("--seconds", type=int, metavar="N", help="after which it is ended")
    batch.add_argument("--there", metavar="FOLDER", help="the workspace as the job sees it")
    batch.add_argument("--submit", action="store_true", help="send it, and print its name")
    batch.add_argument("--url", help="of the platform's dispatcher (VKD_API_URL)")
    batch.set_defaults(do=_batch)

    step = commands.add_parser("step", help="do a step of an exported pipeline, or all of them")
    _add_pipeline(step)
    step.add_argument("step", nargs="?", metavar="STEP", help="the last one, without it all")
    step.add_argument("--base", metavar="FOLDER", help="that relative paths start from (FILE's)")
    step.add_argument("--result", metavar="FILE", help="for the hashes of what the step gave")
    step.add_argument("--no-track", action="store_true", help="keep nothing in MLflow")
    step.set_defaults(do=_step)


def _add_pipeline(command: Any) -> None:
    command.add_argument("file", metavar="FILE", help="YAML of the pipeline")
    command.add_argument(
        "-p", "--parameter", action="append", default=[], metavar="NAME=VALUE", help="choose one"
    )


def _read(words: argparse.Namespace) -> tuple[Any, dict[str, Any]]:
    from ..pipeline import Pipeline

    pipeline = Pipeline.from_yaml(words.file)
    return pipeline, pipeline.chosen(parameters_of(words.parameter))


def _snakemake(words: argparse.Namespace) -> int:
    from ..pipeline.snakemake_export import to_snakemake

    pipeline, chosen = _read(words)
    made = to_snakemake(pipeline, words.folder, chosen, words.workspace)
    say(f"snakemake --cores 1 --snakefile {made}")
    return 0


def _batch(words: argparse.Namespace) -> int:
    from ..compute import BatchClient
    from ..pipeline.batch_export import to_batch

    pipeline, chosen = _read(words)
    asked = {
        "name": words.name,
        "queue": words.queue,
        "priority": words.priority,
        "cpu_request": words.cpu,
        "memory_request": words.memory,
        "gpu_memory_request": words.gpu_memory,
        "active_deadline_seconds": words.seconds,
    }
    given = {name: value for name, value in asked.items() if value is not None}
    job = to_batch(pipeline, chosen, words.workspace, words.there, **given)
    if words.submit:
        say(BatchClient(words.url).submit(job))
    else:
        say(json.dumps(job.fields(), indent=1))
    return 0


def _step(words: argparse.Namespace) -> int:
    from ..pipeline.snakemake_export import run_step

    pipeline, chosen = _read(words)
    if words.base is not None:
        pipeline.base = Path(words.base).resolve()
    track = False if words.no_track else None
    told: dict[str, Any] = {"track": track, "progress": "lines"}
    with terminated():
        if words.result is not None and words.step is not None:
            run_step(pipeline, words.step, words.result, chosen, root=words.workspace, **told)
        else:
            pipeline.run(
                upto=words.step, cluster=False, workspace=words.workspace, **told, **chosen
            )
    return 0
