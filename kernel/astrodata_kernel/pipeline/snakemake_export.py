"""Pipelines as Snakemake workflows: Snakemake says what is done where and when, our cache holds the values.

The folder of a workflow holds ``Snakefile``, ``config.yaml`` and ``pipeline.yaml``. Each step is a rule that
runs ``astrodata step`` and leaves ``results/<step>.json``: the hash of each of its outputs. So Snakemake sees
small files, and the values lie in the workspace's cache, where runs without Snakemake find them too.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import BadRequest, UnreadableFile
from ..workspace import workspace
from ..writing import write_whole
from .caching import Cache
from .parameters import canonical_json
from .planning import Prepared
from .sources import Sources
from .steps import Step, needed, substituted

if TYPE_CHECKING:
    from .pipelines import Pipeline
    from .results import Run

SNAKEFILE, CONFIG, PIPELINE, RESULTS = "Snakefile", "config.yaml", "pipeline.yaml", "results"
_SIGN = "# A pipeline of AstroData Lab as a Snakemake workflow"
_HEAD = """\
{sign}, written by `astrodata export snakemake`.
#
#     snakemake --cores 4                        all steps, from this folder or the one above `workflow`
#     snakemake --cores 4 --config seed=3        another value of a parameter; config.yaml has all of them
#     snakemake --cores 4 results/NAME.json      up to a step
#
# results/NAME.json holds the hashes of what a step gave; the values are in the cache of the workspace that
# config.yaml names. Threads, memory and GPUs of steps are chosen with --set-threads RULE=4 and
# --set-resources RULE:mem_mb=8000, or in a profile.

import sys
from pathlib import Path

from astrodata_kernel.pipeline.snakemake_export import Exported


configfile: str(Path(workflow.basedir, {config!r}))


workdir: workflow.basedir


PYTHON = sys.executable
pipeline = Exported(workflow.basedir, config, {base!r})


localrules:
    all,


rule all:
    input:
{targets}
"""
_RULE = """

rule {rule}:
    input:
{needs}        files=lambda wildcards: pipeline.files({step!r}),
    output:
        {target!r},
    params:
        key=lambda wildcards: pipeline.key({step!r}),
        words=lambda wildcards: pipeline.words({step!r}),
    message:
        {message!r}
    shell:
        "{{PYTHON:q}} -m astrodata_kernel.commands {{params.words}}"
"""


def to_snakemake(
    pipeline: Pipeline,
    folder: str | os.PathLike[str],
    parameters: Mapping[str, Any] | None = None,
    root: str | os.PathLike[str] | None = None,
) -> Path:
    """Write a pipeline as a Snakemake workflow, and give the path of its Snakefile.

    Parameters
    ----------
    pipeline
        Whose blocks other processes find: installed ones, or ``module:name``.
    folder
        Of the workflow; made if it is not there.
    parameters
        Chosen ones; all stand in ``config.yaml``.
    root
        The workspace whose cache holds the values; by default that of the current folder.

    Raises
    ------
    BadRequest
        A block lives in this session alone, or the folder holds another workflow.
    UnknownName
        There is no such parameter.
    """
    import yaml

    target = Path(folder).resolve()
    values = pipeline.values(parameters or {})
    text = pipeline.to_yaml()
    snakefile = _text_of(pipeline, target)
    place = workspace(root)
    told = {name: json.loads(canonical_json(value)) for name, value in values.items()}
    told["workspace"] = _from(target, place)
    _check_folder(target)
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UnreadableFile(f"{target} cannot be made: {error.strerror}") from None
    config = yaml.safe_dump(told, sort_keys=False, allow_unicode=True)
    write_whole(target / PIPELINE, text.encode())
    write_whole(target / CONFIG, config.encode())
    return write_whole(target / SNAKEFILE, snakefile.encode())


class Exported:
    """The pipeline of a workflow's folder: what its Snakefile asks while Snakemake reads it.

    Parameters
    ----------
    folder
        Of the workflow.
    config
        Snakemake's: parameters of the pipeline, ``workspace``, and ``track``, false for nothing in MLflow.
    base
        Folder that the pipeline's relative paths start from, relative to that of the workflow.

    Raises
    ------
    UnknownName
        `config` names a parameter that the pipeline has not.
    BadRequest
        A number where the pipeline has a text.

    Examples
    --------
    >>> import tempfile
    >>> from astrodata_kernel.pipeline import Pipeline
    >>> base = Path(tempfile.mkdtemp())
    >>> _ = (base / "t.csv").write_text("x")
    >>> pipeline = Pipeline("p", {"table": "t.csv"}, base=base).add("read", "read_table", path="${table}")
    >>> folder = to_snakemake(pipeline, base / "workflow", root=base).parent
    >>> [Path(path).name for path in Exported(folder, {}, "..").files("read")]
    ['t.csv']
    """

    def __init__(
        self, folder: str | os.PathLike[str], config: Mapping[str, Any], base: str = "."
    ) -> None:
        from .pipelines import Pipeline

        self._folder = Path(folder).resolve()
        self._pipeline = Pipeline.from_yaml(self._folder / PIPELINE)
        self._base = (self._folder / base).resolve()
        self._pipeline.base = self._base
        told = dict(config)
        self._root = (self._folder / str(told.pop("workspace", base))).resolve()
        self._track = bool(told.pop("track", True))
        for name, value in told.items():
            if isinstance(self._pipeline.parameters.get(name), str) and not isinstance(value, str):
                raise BadRequest(
                    f"--config {name}: {value!r} is no text, and the pipeline's {name} is one; quote it "
                    f"twice, as --config {name}='\"{value}\"'"
                )
        self._values = self._pipeline.values(told)

    def files(self, name: str) -> list[str]:
        """Give the paths of the raw files that a step reads; Snakemake looks when they were changed.

        What an address names is not among them: Snakemake is told by ``--forcerun`` that it changed.
        """
        # Snakemake takes {this} for a wildcard, and knows no way to write it otherwise: `key` looks at those.
        return [path for path in self._files(name) if "{" not in path]

    def _files(self, name: str) -> list[str]:
        step = self._pipeline.steps[name]
        sources = Sources(self._base, self._root, Cache(self._root))
        given = self._pipeline.resolved(step, self._values)
        found: list[str] = []
        for one, parameter in step.block.parameters.items():
            if parameter.is_source:
                found += _leaves(sources.found(given[one], one, f"step {name!r}"))
        return [path for path in dict.fromkeys(found) if "://" not in path]

    def key(self, name: str) -> str:
        """Give what decides a step's result beside inputs and raw files; for another one it is done anew.

        That of a step whose result is never used again is another one each time.
        """
        step = self._pipeline.steps[name]
        if not step.cache:
            return str(time.time_ns())
        given = self._pipeline.resolved(step, self._values)
        told = {
            one: parameter.canonical(given[one])
            for one, parameter in step.block.parameters.items()
            if not parameter.is_source
        }
        tests = {
            str(ref): substituted(tests, self._values, f"tests of {ref}")
            for ref, tests in self._pipeline.tests.items()
            if ref.step == name
        }
        odd = [path for path in self._files(name) if "{" in path]
        times = [Path(path).stat().st_mtime_ns for path in odd]
        all_of_it = canonical_json([Prepared(step, given, told).key({}), tests, odd, times])
        return hashlib.sha256(all_of_it.encode()).hexdigest()

    def words(self, name: str) -> str:
        """Give the words of ``astrodata`` that do a step, quoted for a shell.

        Only parameters that the step or one before it names are among them: others must not make it anew.
        """
        asked = _Asked(self._values)
        for step in needed(self._pipeline.order, name, self._pipeline.name):
            substituted(dict(step.given), asked, step.name)
            for ref, tests in self._pipeline.tests.items():
                if ref.step == step.name:
                    substituted(tests, asked, step.name)
        given = texts_of(
            self._pipeline, {k: self._values[k] for k in self._values if k in asked.names}
        )
        words = ["--workspace", str(self._root), "step", str(self._folder / PIPELINE), name]
        words += ["--base", str(self._base), "--result", f"{RESULTS}/{name}.json"]
        words += [] if self._track else ["--no-track"]
        for key, text in given.items():
            words += ["-p", f"{key}={text}"]
        return shlex.join(words)


def run_step(
    pipeline: Pipeline,
    name: str,
    result: str | os.PathLike[str],
    parameters: Mapping[str, Any] | None = None,
    *,
    root: str | os.PathLike[str] | None = None,
    track: Any = None,
    progress: Any = None,
) -> Run:
    """Do a step of a workflow, take those before it from the cache, and write the hashes of what it gave.

    Parameters
    ----------
    pipeline
        With the folder that its relative paths start from.
    name
        Of the step.
    result
        File of the hashes; those of the steps before it lie beside it.
    parameters, root, track, progress
        As of `Pipeline.run`.

    Raises
    ------
    BadRequest
        A step before it gave something else than the file beside `result` says.
    AstrodataError
        What `Pipeline.run` raises.
    """
    target = Path(result)
    steps = needed(pipeline.order, name, pipeline.name)
    step = steps[-1]
    # Steps that are done at each run were done by their own rule: its result is what Snakemake knows.
    ahead = {one.name: one if one is step else replace(one, cache=True) for one in steps}
    alone = pipeline.with_parameters()
    alone.steps = ahead
    alone.tests = {ref: tests for ref, tests in pipeline.tests.items() if ref.step in ahead}
    run = alone.run(
        cluster=False, track=track, workspace=root, progress=progress, **(parameters or {})
    )
    hashes = {
        one: {output: run.outputs.hash_of(f"{one}.{output}") for output in ahead[one].block.outputs}
        for one in ahead
    }
    for ref in step.needs:
        beside = target.with_name(f"{ref.step}.json")
        if beside.exists() and _read(beside) != hashes[ref.step]:
            raise BadRequest(
                f"{beside} tells of another result of step {ref.step!r} than the workspace has now, which "
                "was made outside of this workflow: run snakemake with --forcerun "
                f"{rule_names(pipeline)[ref.step]}"
            )
    target.parent.mkdir(parents=True, exist_ok=True)
    write_whole(target, (json.dumps(hashes[name], indent=1, sort_keys=True) + "\n").encode())
    return run


def rule_names(pipeline: Pipeline) -> dict[str, str]:
    """Give the name of each step's rule: letters that Snakemake takes, each once."""
    made: dict[str, str] = {}
    for step in pipeline.steps:
        name = re.sub(r"[^A-Za-z0-9_]", "_", step)
        while name in ("all", *made.values()):
            name += "_"
        made[step] = name
    return made


def texts_of(pipeline: Pipeline, values: Mapping[str, Any]) -> dict[str, str]:
    """Give the values of parameters as texts that a command line takes: those of `Pipeline.chosen`."""
    return {
        name: value
        if isinstance(value, str) and isinstance(pipeline.parameters[name], str)
        else canonical_json(value)
        for name, value in values.items()
    }


class _Asked(dict[str, Any]):
    """Values that know which of them were asked for."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        super().__init__(values)
        self.names: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self.names.add(name)
        return super().__getitem__(name)


def _text_of(pipeline: Pipeline, folder: Path) -> str:
    # Nothing but names, which are of letters, digits, _ and -, and paths as Python writes them, goes into the
    # Snakefile: it is a program, and a pipeline may come from anybody.
    rules = rule_names(pipeline)
    steps = pipeline.order
    targets = "\n".join(f"        {_result(step.name)!r}," for step in steps)
    base = _from(folder, pipeline.base)
    text = _HEAD.format(sign=_SIGN, config=CONFIG, base=base, targets=targets)
    for step in steps:
        text += _RULE.format(
            rule=rules[step.name],
            needs="".join(f"        {_result(one)!r},\n" for one in _needs(step)),
            step=step.name,
            target=_result(step.name),
            message=f"{pipeline.name}: {step.name}",
        )
    return text


def _needs(step: Step) -> list[str]:
    return list(dict.fromkeys(ref.step for ref in step.needs))


def _result(step: str) -> str:
    return f"{RESULTS}/{step}.json"


def _from(folder: Path, place: Path) -> str:
    """Give a path as seen from a folder within it, which may be moved together with it; else whole."""
    return os.path.relpath(place, folder) if folder.is_relative_to(place) else str(place)


def _check_folder(folder: Path) -> None:
    try:
        ours = (folder / SNAKEFILE).read_text("utf-8").startswith(_SIGN)
    except FileNotFoundError:
        ours = not any((folder / one).exists() for one in (CONFIG, PIPELINE))
    except (OSError, UnicodeDecodeError):
        ours = False
    if not ours:
        raise BadRequest(
            f"{folder} holds files of another workflow or pipeline: choose a folder of its own"
        )


def _leaves(value: Any) -> list[str]:
    if isinstance(value, Mapping):
        return [path for one in value.values() for path in _leaves(one)]
    if isinstance(value, (list, tuple)):
        return [path for one in value for path in _leaves(one)]
    return [] if value is None else [str(value)]


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        raise BadRequest(f"{path} is damaged: remove it, and run snakemake again") from None
