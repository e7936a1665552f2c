"""The subcommands of ``%astro``, each declared once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from importlib import import_module

from ..errors import BadRequest
from . import offering, reading
from .calls import Call
from .declaring import Argument, Command, Given, Option

_PACKAGE = __package__.rpartition(".")[0]


def _names(home: str) -> Callable[[], Iterable[str]]:
    """Give what loads a list or mapping of names when it is asked for."""
    module, name = home.split(":")

    def load() -> Iterable[str]:
        found = getattr(import_module(module, _PACKAGE), name)
        return list(found() if callable(found) else found)

    return load


_files = offering.paths()
_data = offering.any_of(offering.datasets, _files)
_MAPS = (".tif", ".tiff")

DATA = Argument(
    "PATH|NAME",
    "a file, an address, or the name of a data set in the catalogue",
    reading.source,
    _data,
)
HDU = Option("--hdu", "N|NAME", "part of the file: an HDU, an npz member", reading.part)
MODEL = Option(
    "--model",
    "MODEL",
    "a kept model, a .keras file, or id or name of a run in MLflow",
    offers=offering.any_of(offering.models, offering.paths(".keras")),
)
ENCODER = Option("--encoder", "MODEL", MODEL.help, offers=MODEL.offers)
SAVE = Option("--save", "FILE.tif", "write the map there as GeoTIFF", offers=offering.paths(*_MAPS))
RESOLUTION = Option("--resolution", "M", "pixels of that map, in metres", reading.number)
OFFSET = Option(
    "--offset",
    "N",
    "for products that do not tell it: reflectance = (DN + offset) * scale",
    reading.number,
)
SCALE = Option("--scale", "N", "as --offset; 0.0001 where only the offset is given", reading.number)
# Told here, and held by a test to what there is: what they name takes seconds to load, for a Tab key.
ENGINES = ("keras", "dask", "jax")
METHODS = ("pca", "umap", "pacmap", "tsne")
STRATEGIES = (
    *("guided", "anomaly", "uncertainty", "diversity", "core_set", "expected_change"),
    *("classifier", "astronomaly", "protege", "random"),
)
KINDS = (
    *("local", "threads", "none", "gateway"),
    *("jobqueue:slurm", "jobqueue:htcondor", "jobqueue:pbs"),
)

WORKERS = Argument("N", "how many", reading.count)


def _run(given: Given) -> Call:
    """Give the call that runs a pipeline, its parameters as the pipeline takes them."""
    from ..pipeline import Pipeline

    # A line behind it keeps a text of one line from being taken for a path.
    source = given.arguments[0] if given.arguments else f"{given.cell}\n"
    options = dict(given.options)
    chosen = dict(options.pop("parameters", ()))
    planned = options.pop("plan", False)
    if planned and (rest := [name for name in options if name != "upto"]):
        raise BadRequest(
            f"--dry-run does nothing: leave --{rest[0].replace('track', 'no-track')} out"
        )
    if chosen:
        options |= Pipeline.from_yaml(source).chosen(chosen)
    of = Call("pipeline.Pipeline.from_yaml", (source,))
    return Call("plan" if planned else "run", (), options, of)


RUN_OPTIONS = (
    Option(
        "-p",
        "NAME=VALUE",
        "choose a parameter",
        reading.choice,
        offering.parameters,
        many=True,
        key="parameters",
    ),
    Option("--upto", "STEP", "end with this step", offers=offering.steps),
    Option("--fresh", "STEP", "do this step anew", offers=offering.steps, many=True),
    Option("--dry-run", "", "tell what would be done, and do nothing", key="plan"),
    Option("--no-track", "", "keep nothing in MLflow", flag=False, key="track"),
)


def _start(given: Given) -> Call:
    """Give the call that opens a cluster; options of its kind go with the others."""
    options = dict(given.options)
    of_kind = {name: reading.plain_value(value) for name, value in options.pop("options", ())}
    return Call("compute.cluster", (options.pop("kind", "local"),), {**of_kind, **options})


def _none_open() -> None:
    """Say that a cluster is open already: doing a cell again must not start one beside it."""
    from ..compute import current

    found = current()
    if found is not None:
        raise BadRequest(
            f"a cluster is open, {found!r}: %astro cluster scale N changes it, %astro cluster stop ends it"
        )


COMMANDS = {
    command.name: command
    for command in (
        Command(
            "view",
            "look at a file, or at a data set of the catalogue",
            "view",
            (DATA,),
            (HDU,),
            'view "my galaxy.fits" --hdu 1',
        ),
        Command("ls", "list the catalogue of this workspace", "tasks.datasets"),
        Command(
            "add",
            "add a file to the catalogue, where the file is",
            "add",
            (Argument("PATH", "the file, or the folder of a scene", offers=_files),),
            (
                Option("--name", "NAME", "its name there; by default the file's"),
                Option("--tag", "TAG", "a word to find it by", many=True, key="tags"),
            ),
            "add data/m13.fits --name M13 --tag cluster",
            of=Call("Catalog"),
        ),
        Command(
            "info",
            "tell kind, shape, parts, checks and SHA-256",
            "tasks.info",
            (DATA,),
            (HDU,),
            "info M13",
        ),
        Command(
            "train daidream",
            "train an autoencoder on traces, and keep its model",
            "tasks.train_daidream",
            (DATA,),
            (
                Option(
                    "--preset",
                    "PRESET",
                    "scheme of training; quick by default",
                    offers=offering.one_of(_names(".training.presets:PRESETS")),
                ),
                Option(
                    "--engine",
                    "ENGINE",
                    "what trains; keras by default",
                    offers=offering.one_of(ENGINES),
                ),
                Option("--name", "MODEL", "name to keep the model under"),
                HDU,
            ),
            "train daidream traces.npz --preset quick --name first",
        ),
        Command(
            "encode",
            "latents of traces, kept as Parquet",
            "tasks.encode",
            (DATA,),
            (replace(MODEL, needed=True), HDU),
            "encode traces.npz --model first",
        ),
        Command(
            "garage",
            "the cut that noise-only traces make, kept as JSON",
            "tasks.garage",
            (DATA,),
            (
                replace(MODEL, needed=True),
                Option("--rate", "SHARE", "of noise outside; 0.01 by default", reading.number),
                HDU,
            ),
            "garage noise.npy --model first --rate 0.01",
        ),
        Command(
            "explore",
            "map of the latents: select, look behind a point, label",
            "tasks.explore",
            (DATA,),
            (
                ENCODER,
                Option(
                    "--method",
                    "METHOD",
                    "projection that the map shows",
                    offers=offering.one_of(METHODS),
                ),
                Option("--labels", "SESSION", "labels on the map", offers=offering.sessions),
                HDU,
            ),
            "explore traces.npz --encoder first --method pca",
        ),
        Command(
            "label",
            "label events with the keyboard, from where you stopped",
            "tasks.label",
            (DATA,),
            (
                Option("--classes", "A,B,C", "classes of a new session", reading.names),
                Option(
                    "--session",
                    "SESSION",
                    "its name; by default the data set's",
                    offers=offering.sessions,
                ),
                Option(
                    "--queue",
                    "STRATEGY",
                    "what comes next",
                    offers=offering.one_of(STRATEGIES),
                ),
                ENCODER,
                Option("--blind", "", "hide what others said"),
                HDU,
            ),
            "label traces.npz --classes normal,anomaly",
        ),
        Command(
            "labels",
            "list label sessions, or give all labels of one or of a data set",
            "tasks.labels",
            (
                Argument(
                    "NAME",
                    "a session, or a data set",
                    offers=offering.any_of(offering.sessions, _data),
                    needed=False,
                ),
            ),
            example="labels traces",
        ),
        Command(
            "index",
            "an index of a satellite scene as a map",
            "tasks.index",
            (
                Argument("SCENE", DATA.help, reading.source, _data),
                Argument(
                    "INDEX",
                    "a name such as NBR, or a formula of bands",
                    offers=offering.one_of(_names(".processing.indices:names")),
                ),
            ),
            (SAVE, RESOLUTION, OFFSET, SCALE),
            'index scene "(B8A - B12) / (B8A + B12)" --save nbr.tif',
        ),
        Command(
            "burnt",
            "what burnt between two scenes: map, hectares, scores",
            "tasks.burnt",
            (
                Argument("BEFORE", "the scene before the fire", reading.source, _data),
                Argument("AFTER", "the scene after it", reading.source, _data),
            ),
            (
                Option("--mask", "CEMS|FILE", "what is taken as true, for scores", offers=_files),
                Option("--threshold", "T", "from which a pixel is burnt", reading.number),
                MODEL,
                RESOLUTION,
                SAVE,
                OFFSET,
                SCALE,
            ),
            "burnt before after --mask EMSR1_AOI01_DEL.zip --save dnbr.tif",
        ),
        Command(
            "run",
            "run a pipeline: what is not done yet is done",
            _run,
            (Argument("FILE.yaml", "the pipeline", offers=offering.paths(".yaml", ".yml")),),
            RUN_OPTIONS,
            "run pipelines/cardio.yaml -p seed=3 --as run",
        ),
        Command(
            "pipeline",
            "the same of the YAML in the cell",
            _run,
            (),
            RUN_OPTIONS,
            "pipeline -p seed=3",
            is_cell=True,
        ),
        Command(
            "cancel",
            "ask a run to end; what it has done is kept",
            "runs.cancel",
            (Argument("RUN", "id of the run, as %astro status tells it", offers=offering.runs),),
            example="cancel 20260101-120000-cardio-0a1b",
        ),
        Command(
            "cluster start",
            "open a Dask cluster, which pipelines and blocks work on from then on",
            _start,
            (),
            (
                Option(
                    "--kind",
                    "KIND|ADDRESS",
                    "local, threads, none, gateway, jobqueue:slurm, or tcp://HOST:PORT",
                    offers=offering.one_of(KINDS),
                ),
                Option("--workers", "N", "worker processes, or jobs", reading.count),
                Option("--memory", "BYTES", 'limit of each worker, such as "2 GB"'),
                Option(
                    "--threads",
                    "N",
                    "tasks that a worker runs at once",
                    reading.count,
                    key="threads_per_worker",
                ),
                Option(
                    "--option",
                    "NAME=VALUE",
                    "of the kind, such as queue=short",
                    reading.choice,
                    many=True,
                    key="options",
                ),
            ),
            "cluster start --kind local --workers 2",
            before=_none_open,
        ),
        Command(
            "cluster scale",
            "ask the open cluster for a number of workers",
            "tasks.scale_cluster",
            (WORKERS,),
            example="cluster scale 4",
        ),
        Command("cluster status", "tell of the open cluster", "tasks.cluster_now"),
        Command("cluster stop", "end the open cluster", "tasks.stop_cluster"),
        Command(
            "status",
            "versions, workspace, memory, GPUs, runs, cluster, MLflow, what is not installed",
            "tasks.status",
        ),
    )
}


def command_of(words: list[str], is_cell: bool = False) -> tuple[Command | None, int]:
    """Give the subcommand that words begin with, and how many of them are its name."""
    for length in (2, 1):
        found = COMMANDS.get(" ".join(words[:length])) if len(words) >= length else None
        if found is not None and found.is_cell == is_cell:
            return found, length
    return None, 0


def members(family: str) -> list[str]:
    """Give the second words of a family of subcommands, such as ``cluster``."""
    return [name.partition(" ")[2] for name in COMMANDS if name.startswith(f"{family} ")]
