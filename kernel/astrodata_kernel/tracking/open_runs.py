"""A run that is being written."""

from __future__ import annotations

import os
import re
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from ..errors import AstrodataError, BadRequest, Cancelled, UnreadableFile
from ..user import user_name
from .buffers import AT_ONCE, Buffer
from .code_versions import code_version
from .environments import environment, environment_text, version_of
from .lost_runs import PROCESS, process
from .stores import MLFLOW_TAG, in_words
from .system_metrics import Sampler

if TYPE_CHECKING:
    from .kept_models import KeptModel
    from .trackers import Tracker

_LONGEST_VALUE = 6000
_LONGEST_TAG = 8000
_LONGEST_NAME = 250
_LONG = 1 << 63
_DIGEST = 36  # characters that MLflow keeps of a data set's digest


@dataclass(eq=False)
class Run:
    """A run that is being written; `Tracker.run` opens one.

    Parameters
    ----------
    tracker
        Whose run it is.
    client
        MLflow's.
    ident
        Of the run.
    experiment
        Id of its experiment.
    status
        That it ends with: ``"FINISHED"``, ``"FAILED"`` or ``"KILLED"``.
    notes
        What a person should know: numbers that the store did not take.
    """

    tracker: Tracker
    client: Any
    ident: str
    experiment: str
    status: str = "FINISHED"
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._buffer = Buffer(self._write)

    def parameters(self, facts: Mapping[str, Any]) -> None:
        """Keep printable facts by name; what is nested is joined by dots.

        Raises
        ------
        BadRequest
            A name has another value already: parameters do not change.
        """
        from mlflow.entities import Param

        parameters = [Param(name_of(k), str(v)[:_LONGEST_VALUE]) for k, v in flat(facts).items()]
        with in_words(self.tracker.address):
            for start in range(0, len(parameters), 100):
                self.client.log_batch(self.ident, params=parameters[start : start + 100])

    def metrics(self, values: Mapping[str, float], step: int | None = None) -> None:
        """Keep numbers by name, at a step; those that are not finite are left out.

        Returns at once: they are written each second, and when the run ends.
        """
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        found = ((k, float(v)) for k, v in values.items())
        self._buffer.add(
            [Metric(name_of(k), v, now, int(step or 0)) for k, v in found if isfinite(v)]
        )

    def curve(self, name: str, steps: Sequence[int], values: Sequence[float]) -> None:
        """Keep a curve: a number at each of some steps."""
        from mlflow.entities import Metric

        now, key = int(time.time() * 1000), name_of(name)
        points = zip(steps, values, strict=True)
        self._buffer.add([Metric(key, float(value), now, int(step)) for step, value in points])

    def send(self, metrics: Sequence[Any]) -> None:
        """Keep MLflow's own metrics, many in one call: one by itself costs five milliseconds."""
        self._buffer.add(metrics)

    def flush(self) -> str:
        """Write the numbers that wait, and give why that was not possible, or an empty text."""
        return self._buffer.flush()

    def tags(self, words: Mapping[str, object]) -> None:
        """Keep words to find the run by; unlike parameters they may change."""
        from mlflow.entities import RunTag

        made = [RunTag(name_of(k), str(v)[:_LONGEST_TAG]) for k, v in words.items()]
        with in_words(self.tracker.address):
            for start in range(0, len(made), 100):
                self.client.log_batch(self.ident, tags=made[start : start + 100])

    def artifacts(self, folder: str | os.PathLike[str], under: str | None = None) -> None:
        """Keep all files of a folder, or one file, under a folder of the run's artifacts."""
        source = Path(folder)
        if not source.exists():
            raise UnreadableFile(f"{source} does not exist: there is nothing to keep in the run")
        place = None if under is None else inside(under)
        with in_words(self.tracker.address):
            if source.is_dir():
                self.client.log_artifacts(self.ident, str(source), place)
            else:
                self.client.log_artifact(self.ident, str(source), place)

    def text(self, name: str, text: str) -> None:
        """Keep a text as an artifact of a name."""
        with in_words(self.tracker.address):
            self.client.log_text(self.ident, text, inside(name))

    def figure(self, name: str, figure: Any) -> None:
        """Keep a figure of Matplotlib, or the text of an SVG, as ``<name>.svg``.

        Raises
        ------
        BadRequest
            It is neither.
        """
        if isinstance(figure, str):
            if not figure.lstrip().startswith(("<svg", "<?xml")):
                raise BadRequest(
                    "a figure is Matplotlib's, or the text of an SVG that begins with <svg"
                )
            svg = figure
        elif hasattr(figure, "savefig"):
            from ..drawing import svg_of

            svg = svg_of(figure, tight=True)
        else:
            raise BadRequest(
                f"a figure is Matplotlib's, or the text of an SVG, not {type(figure).__name__}"
            )
        self.text(name if name.endswith(".svg") else f"{name}.svg", svg)

    def dataset(
        self,
        name: str,
        hash: str,  # noqa: A002 - what it is called everywhere
        source_path: str | os.PathLike[str] | None = None,
        context: str = "training",
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        """Keep which data went in: MLflow's own record of a data set, with our hash.

        Parameters
        ----------
        name
            Of the data.
        hash
            Of its content, as the lineage has it: ``sha256:<hex>``. MLflow keeps 36 characters of a digest;
            the whole hash is a tag beside it.
        source_path
            Of the file it was read from.
        context
            What it was for: ``"training"``, ``"validation"``, ``"test"``.
        facts
            Shape and the like.
        """
        import json

        from mlflow.entities import Dataset, DatasetInput, InputTag

        digest = hash.removeprefix("sha256:")
        if not re.fullmatch(r"[0-9a-f]{8,128}", digest):
            raise BadRequest(f"{hash[:40]!r} is no hash of content: it reads sha256:<hex>")
        address = "" if source_path is None else Path(source_path).resolve().as_uri()
        made = Dataset(
            name=str(name)[:500],
            digest=digest[:_DIGEST],
            source_type="local" if address else "code",
            source=json.dumps({"uri": address} if address else {"tags": {}}),
            profile=json.dumps(dict(facts), default=str) if facts else None,
        )
        words = [
            InputTag("mlflow.data.context", str(context)),
            InputTag("astrodata.hash", f"sha256:{digest}"),
        ]
        with in_words(self.tracker.address):
            self.client.log_inputs(self.ident, [DatasetInput(made, words)])

    def model(self, model: Any, name: str = "model", **options: Any) -> KeptModel:
        """Keep a Keras, scikit-learn or XGBoost model with signature and example; as of `log_model`."""
        from .kept_models import log_model

        return log_model(self, model, name, **options)

    @contextmanager
    def nested(self, name: str, tags: Mapping[str, str] | None = None) -> Iterator[Run]:
        """Open a run within this one: a trial of a search, a fold, a start."""
        words = {**(tags or {}), "mlflow.parentRunId": self.ident}
        with open_run(
            self.tracker, self.client, self.experiment, name, words, None, whole=False
        ) as run:
            yield run

    def register(self, name: str, artifact: str, lineage_hash: str | None = None) -> str:
        """Register an artifact of the run as the next version of a model, and give the version."""
        from .registries import Registry

        return (
            Registry(self.tracker).register(self, artifact, name, lineage_hash=lineage_hash).version
        )

    def _write(self, metrics: Sequence[Any]) -> None:
        for one in metrics:
            # SQLite's integers; MLflow would say that its store has failed.
            if not -_LONG <= one.step < _LONG:
                raise BadRequest(
                    f"the step {one.step} of the metric {one.key!r} has more than 64 bits"
                )
        with in_words(self.tracker.address):
            self.client.log_batch(self.ident, metrics=metrics[:AT_ONCE])

    def _end(self, status: str) -> None:
        """Write what waits and end the run; a store that fails now is told, not raised: work was done."""
        lost = self._buffer.close()
        if lost:
            self.notes.append(lost)
        try:
            with in_words(self.tracker.address):
                self.client.set_terminated(self.ident, status)
        except AstrodataError as error:
            self.notes.append(f"the run stays open in the store: {error}")
        if self.notes:
            warnings.warn(f"run {self.ident}: " + "; ".join(self.notes), stacklevel=4)


@contextmanager
def open_run(
    tracker: Tracker,
    client: Any,
    experiment: str | None,
    name: str | None,
    tags: dict[str, str],
    folder: str | os.PathLike[str] | None,
    whole: bool = True,
) -> Iterator[Run]:
    """Open a run and end it with what became of the block; `whole` adds code, environment and samples."""
    words = {
        **tags,
        "mlflow.user": user_name(),
        MLFLOW_TAG: _mlflow_version(),
        PROCESS: process(),
    }
    with in_words(tracker.address):
        made = client.create_run(experiment, run_name=name, tags=words)
    run = Run(tracker, client, made.info.run_id, str(experiment))
    sampler = None
    if whole:
        sampler = Sampler.started(tracker.system_metrics, run.metrics)
    status = "FAILED"
    try:
        if whole:
            _tell_origin(run, folder)
        yield run
        status = run.status
    except (KeyboardInterrupt, Cancelled):
        status = "KILLED"
        raise
    finally:
        if sampler is not None:
            sampler.stop()
        run._end(status)


def _tell_origin(run: Run, folder: str | os.PathLike[str] | None) -> None:
    version = code_version(folder)
    text, digest = environment_text(environment())
    words = {"astrodata.environment": digest}
    if version.commit:
        words["mlflow.source.git.commit"] = version.commit
        words["astrodata.git.dirty"] = "unknown" if version.dirty is None else str(version.dirty)
    else:
        words["astrodata.git"] = version.why
    run.tags(words)
    run.text("environment.json", text)


def _mlflow_version() -> str:
    return version_of("mlflow") or version_of("mlflow-skinny") or "unknown"


def flat(facts: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """Give nested facts by names that are joined by dots."""
    found: dict[str, Any] = {}
    for key, value in facts.items():
        name = f"{before}{key}"
        if isinstance(value, Mapping):
            found |= flat(value, f"{name}.")
        elif isinstance(value, tuple):
            found[name] = ", ".join(map(str, value))
        else:
            found[name] = value
    return found


def name_of(word: object) -> str:
    """Give a name as MLflow takes it: letters, digits and a few signs, no way out of a folder."""
    made = re.sub(r"[^\w\-. :/]", "_", str(word))
    parts = [part for part in made.split("/") if part.strip(". ")]
    return "/".join(parts)[:_LONGEST_NAME] or "_"


def inside(name: str) -> str:
    """Give the name of an artifact, which is a path within its run.

    Raises
    ------
    BadRequest
        It leads out of it, or is none.
    """
    path = PurePosixPath(str(name))
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise BadRequest(f"{name!r} is no name of an artifact: a path within the run, without ..")
    return str(path)
