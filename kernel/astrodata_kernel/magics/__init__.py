"""``%astro``: what the panel does, typed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..errors import AstrodataError, BadRequest, closest
from . import browsing, daidream, labelling, pipelines, scenes
from .completing import complete
from .words import words_of

HELP = """\
%astro view PATH|NAME [--hdu N]               look at a file, or at a data set of the catalogue
%astro ls                                     list the catalogue of this workspace
%astro add PATH [--name N] [--tag T ...]      add a file to it, where the file is
%astro info PATH|NAME                         kind, shape, parts, checks and SHA-256
%astro train daidream PATH|NAME [--preset slides|released|quick] [--engine keras|dask|jax] [--as MODEL]
                                              train an autoencoder on traces, and keep it as MODEL
%astro encode PATH|NAME --model MODEL         latents of traces, kept as Parquet
%astro garage PATH|NAME --model MODEL [--rate 0.01]
                                              the cut that noise-only traces make, kept as JSON
%astro explore PATH|NAME --encoder MODEL|RUN [--method pca|umap|pacmap|tsne] [--labels SESSION]
                                              map of the latents: select, look behind a point, label
%astro label PATH|NAME --classes A,B,C [--session NAME] [--queue STRATEGY [--encoder MODEL]] [--blind]
                                              label events with the keyboard, from where you stopped
%astro labels [PATH|NAME]                     list label sessions, or give all labels of a data set
%astro index SCENE NBR|FORMULA [--save FILE.tif [--resolution M]] [--offset N] [--scale N]
                                              an index of a satellite scene as a map
%astro burnt BEFORE AFTER [--mask CEMS|FILE] [--threshold T] [--model MODEL] [--resolution M]
             [--save FILE.tif] [--offset N] [--scale N]
                                              what burnt between two scenes: map, hectares, scores
%astro run FILE.yaml [-p NAME=VALUE ...] [--upto STEP] [--fresh STEP] [--dry-run]
           [--no-track] [--as NAME]
                                              run a pipeline: what is not done yet is done
%%astro pipeline [the same options]           the same of the YAML in the cell

Names with spaces go in quotes: %astro view "my galaxy.fits"\
"""

COMMANDS: dict[str, Callable[[Sequence[str]], Any]] = {
    "view": browsing.view_data,
    "ls": browsing.list_data,
    "add": browsing.add_data,
    "info": browsing.info_of,
    "train": daidream.train,
    "encode": daidream.encode_data,
    "garage": daidream.garage_of,
    "explore": labelling.explore,
    "label": labelling.label,
    "labels": labelling.labels,
    "index": scenes.show_index,
    "burnt": scenes.map_burnt,
    "run": pipelines.run_file,
}


def register(ipython: Any) -> None:
    """Give an IPython shell the magics ``%astro`` and ``%%astro``; doing it twice is harmless."""
    ipython.register_magic_function(astro, "line", "astro")
    ipython.register_magic_function(astro_cell, "cell", "astro")
    ipython.set_hook("complete_command", complete, str_key="%astro")


def astro(line: str) -> Any:
    """Run one line of ``%astro``, and print what is wrong with it in a sentence."""
    try:
        words = words_of(line)
        if not words or words[0] in ("help", "-h", "--help"):
            print(HELP)  # noqa: T201 - a magic speaks to the notebook
            return None
        command, rest = words[0], words[1:]
        if command not in COMMANDS:
            raise BadRequest(f"%astro {command}: unknown{closest(command, COMMANDS)}\n\n{HELP}")
        return COMMANDS[command](rest)
    except AstrodataError as error:
        print(error)  # noqa: T201
        return None


def astro_cell(line: str, cell: str) -> Any:
    """Run a cell that begins with ``%%astro``, and print what is wrong with it in a sentence."""
    try:
        return pipelines.run_cell(words_of(line), cell)
    except AstrodataError as error:
        print(error)  # noqa: T201
        return None
