"""``astrodata run``, ``runs``, ``cancel``, ``blocks``, ``schema`` and ``cache``."""

from __future__ import annotations

import argparse
import contextlib
import json
import signal
from collections.abc import Iterator
from typing import Any

from ..errors import AstrodataError, BadRequest
from .terminal import say, warn


def add_to(commands: Any) -> None:
    """Add the commands to the words of ``astrodata``."""
    run = commands.add_parser("run", help="run a pipeline: what is not done yet is done")
    run.add_argument("file", metavar="FILE", help="YAML of the pipeline")
    run.add_argument(
        "-p", "--parameter", action="append", default=[], metavar="NAME=VALUE", help="choose one"
    )
    run.add_argument("--upto", metavar="STEP", help="end with this step")
    run.add_argument("--dry-run", action="store_true", help="print what would be done, do nothing")
    run.add_argument("--fresh", action="store_true", help="do all steps anew")
    run.add_argument(
        "--fresh-step", action="append", default=[], metavar="STEP", help="do this one anew"
    )
    run.add_argument(
        "--cluster", metavar="KIND", help="local, threads, gateway, jobqueue:slurm, or address"
    )
    run.add_argument("--workers", type=int, metavar="N", help="of the cluster")
    run.add_argument("--no-track", action="store_true", help="keep nothing in MLflow")
    run.add_argument("--json", action="store_true", help="print what came of it as JSON")
    run.add_argument("--quiet", action="store_true", help="no progress")
    run.set_defaults(do=_run)

    listed = commands.add_parser("runs", help="list the runs of the workspace")
    listed.add_argument("--json", action="store_true", help="as JSON")
    listed.set_defaults(do=_runs)

    cancel = commands.add_parser("cancel", help="end a run, whichever process does it")
    cancel.add_argument("run", metavar="RUN", help="id of the run")
    cancel.set_defaults(do=_cancel)

    blocks = commands.add_parser(
        "blocks", help="list the blocks that are installed, or tell of one"
    )
    blocks.add_argument("name", nargs="?", metavar="BLOCK")
    blocks.set_defaults(do=_blocks)

    schema = commands.add_parser("schema", help="print the JSON Schema of pipelines, for editors")
    schema.set_defaults(do=_schema)

    cache = commands.add_parser("cache", help="look after what steps made")
    cache.add_argument(
        "what", choices=("prune", "check"), help="forget what is old, or find damage"
    )
    cache.add_argument("--days", type=float, default=30.0, help="unused for that long (30)")
    cache.add_argument("--dry-run", action="store_true", help="only count")
    cache.set_defaults(do=_cache)


def parameters_of(words: list[str]) -> dict[str, str]:
    """Give the parameters of words such as ``seed=3``.

    Raises
    ------
    BadRequest
        A word without ``=``.
    """
    made = {}
    for word in words:
        name, sign, value = word.partition("=")
        if not sign or not name:
            raise BadRequest(f"-p {word}: write -p name=value")
        made[name.strip()] = value
    return made


def _run(words: argparse.Namespace) -> int:
    from ..pipeline import Pipeline

    pipeline = Pipeline.from_yaml(words.file)
    chosen = pipeline.chosen(parameters_of(words.parameter))
    if words.dry_run:
        say(pipeline.plan(upto=words.upto, workspace=words.workspace, **chosen).text())
        return 0
    if words.workers is not None and words.cluster is None:
        raise BadRequest("--workers is of a cluster: say --cluster local too")
    fresh: Any = words.fresh or words.fresh_step or False
    # A wish to end while the cluster starts ends what was begun of it too.
    with terminated(), _cluster(words) as cluster:
        run = pipeline.run(
            upto=words.upto,
            cluster=cluster,
            fresh=fresh,
            track=False if words.no_track else None,
            workspace=words.workspace,
            progress=False if words.quiet else "lines",
            **chosen,
        )
    if words.json:
        record = run.record
        told = {name: record[name] for name in ("id", "pipeline", "state", "mlflow")}
        told |= {
            "notes": run.notes,
            "computed": list(run.computed),
            "outputs": {name: run.outputs.hash_of(name) for name in run.outputs},
            "metrics": run.metrics,
        }
        say(json.dumps(told, indent=1))
        return 0
    for name, value in run.metrics.items():
        say(f"{name} = {value:.6g}")
    for note in run.notes:
        say(note)
    return 0


def _runs(words: argparse.Namespace) -> int:
    from ..runs import runs

    found = runs(words.workspace)
    if any(one.state == "lost" and one.mlflow is not None for one in found):
        from ..tracking import Tracker
        from ..tracking.lost_runs import end_lost_runs

        end_lost_runs(Tracker(root=words.workspace))
    if words.json:
        say(json.dumps([one.as_record() for one in found], indent=1))
        return 0
    for one in found:
        say(f"{one.id}  {one.pipeline}  {one.state}  {one.share:.0%}")
    for warning in found.warnings:
        warn(warning)
    return 0


def _cancel(words: argparse.Namespace) -> int:
    from ..runs import cancel

    cancel(words.run, words.workspace)
    say(f"run {words.run} was asked to end; what it has done is kept")
    return 0


def _blocks(words: argparse.Namespace) -> int:
    from ..pipeline import block_named, blocks

    if words.name is None:
        for name in blocks():
            try:
                block = block_named(name)
            except AstrodataError as error:  # a package of others must not hide ours
                say(f"{'':9}  {name:24}  {error}")
                continue
            say(f"{block.stage:9}  {name:24}  {block.summary}")
        return 0
    block = block_named(words.name)
    say(f"{block.name} {block.version} ({block.stage}): {block.summary}")
    for port in block.inputs:
        say(f"  from  {port.name}{' ...' if port.many else ' (optional)' if port.optional else ''}")
    for one in block.parameters.values():
        default = "" if one.required else f" = {one.default!r}"
        say(f"  with  {one.name}: {one.type_name}{default}")
    for output in block.outputs:
        say(f"  gives {output}")
    return 0


def _schema(_words: argparse.Namespace) -> int:
    from ..pipeline import json_schema

    say(json.dumps(json_schema(), indent=1))
    return 0


def _cache(words: argparse.Namespace) -> int:
    from ..pipeline import Cache

    cache = Cache(words.workspace)
    if words.what == "prune":
        freed = cache.prune(words.days, dry_run=words.dry_run)
        say(f"{freed / 1e6:,.1f} MB {'could be' if words.dry_run else 'were'} freed")
        return 0
    bad = cache.damaged(remove=True)
    for digest in bad:
        say(f"damaged: {digest}")
    say(f"{len(bad)} values are damaged" + ("; a run makes them anew" if bad else ""))
    return 1 if bad else 0


@contextlib.contextmanager
def _cluster(words: argparse.Namespace) -> Iterator[Any]:
    if words.cluster is None:
        yield False
        return
    from ..compute import cluster

    with cluster(words.cluster, words.workers) as made:
        yield made


@contextlib.contextmanager
def terminated() -> Iterator[None]:
    """Have a batch system's wish to end the job end the run as an interrupt does."""

    def ended(_number: int, _frame: Any) -> None:
        raise KeyboardInterrupt

    # An interrupt too: whoever starts a job in the background may have it ignored.
    before = {sign: signal.signal(sign, ended) for sign in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for sign, handler in before.items():
            signal.signal(sign, handler)
