"""Magics of pipelines: run one of a file, or of the cell itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..errors import BadRequest, closest
from .words import last, split_words

_OPTIONS = ["-p", "--upto", "--as", "--fresh"]
_FLAGS = ("--dry-run", "--no-track")


def run_file(words: Sequence[str]) -> Any:
    """Run the pipeline of a YAML file, and give the run."""
    path, options = split_words("run", words, _OPTIONS, "path", _FLAGS)
    return _run(path, options)


def run_cell(words: Sequence[str], text: str) -> Any:
    """Run the pipeline that a cell holds as YAML, and give the run."""
    rest = list(words)
    if not rest or rest.pop(0) != "pipeline":
        given = f": {words[0]}{closest(words[0], ['pipeline'])}" if words else ""
        raise BadRequest(f"%%astro{given}; a cell can begin with %%astro pipeline")
    _, options = split_words("pipeline", ["cell", *rest], _OPTIONS, "cell", _FLAGS)
    # A line behind it keeps a text of one line from being taken for a path.
    return _run(f"{text}\n", options)


def _run(source: str, options: dict[str, list[str]]) -> Any:
    from ..commands.runs import parameters_of
    from ..pipeline import Pipeline

    pipeline = Pipeline.from_yaml(source)
    chosen = pipeline.chosen(parameters_of(options["-p"]))
    upto = last(options["--upto"])
    if options["--dry-run"]:
        return pipeline.plan(upto=upto, **chosen)
    run = pipeline.run(
        upto=upto,
        track=False if options["--no-track"] else None,
        fresh=options["--fresh"] or False,
        **chosen,
    )
    _bind(last(options["--as"]), run)
    return run


def _bind(name: str | None, value: Any) -> None:
    if name is None:
        return
    if not name.isidentifier():
        raise BadRequest(f"--as {name}: give a name that Python takes, such as run")
    from IPython import get_ipython

    shell = get_ipython()
    if shell is not None:
        shell.user_ns[name] = value
