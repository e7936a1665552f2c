"""Versions of models: registered from runs, promoted with a reason, loaded by alias."""

from __future__ import annotations

import html
import json
import re
import tempfile
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlparse

from ..errors import BadRequest, UnknownName, closest
from ..readers import scratch
from ..user import user_name
from .kept_models import KeptModel
from .model_loading import load_folder
from .open_runs import inside
from .stores import in_words, sqlite_path
from .trackers import Tracker
from .versions import HASH, LINEAGE, Promotion, Version, check_promotion, quoted, version_from

if TYPE_CHECKING:
    from .open_runs import Run

_PROMOTION = "astrodata.promotion."


class Registry:
    """The registered models of a store.

    Parameters
    ----------
    tracker
        Of the store; the workspace's by default.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from sklearn.linear_model import LinearRegression
    >>> folder = tempfile.TemporaryDirectory()
    >>> tracker = Tracker(f"sqlite:///{pathlib.Path(folder.name) / 'runs.db'}")
    >>> with tracker.run() as run:
    ...     kept = run.model(LinearRegression().fit([[0], [1]], [0, 2]), example=[[0.0], [1.0]])
    >>> registry = Registry(tracker)
    >>> registry.register(run, kept, "line").version
    '1'
    >>> registry.promote("line", 1, reason="the first").alias
    'champion'
    >>> registry.version("line", "champion").version
    '1'
    >>> folder.cleanup()
    """

    def __init__(self, tracker: Tracker | None = None) -> None:
        self.tracker = tracker or Tracker()

    def models(self) -> list[str]:
        """Give the names of the registered models."""
        path = sqlite_path(self.tracker.address)
        if path is not None and not path.exists():
            return []
        client = self.tracker.client(write=False)
        found: list[str] = []
        token = None
        with in_words(self.tracker.address):
            while True:
                page = client.search_registered_models(max_results=200, page_token=token)
                found.extend(str(model.name) for model in page)
                token = page.token
                if not token:
                    return sorted(found)

    def versions(self, name: str) -> list[Version]:
        """Give the versions of a model, the newest first.

        Raises
        ------
        UnknownName
            No model has this name.
        """
        client = self.tracker.client(write=False)
        aliases = self._model(client, name).aliases
        found: list[Version] = []
        token = None
        with in_words(self.tracker.address):
            while True:
                page = client.search_model_versions(
                    f"name={quoted(name)}", max_results=200, page_token=token
                )
                found.extend(version_from(made, aliases) for made in page)
                token = page.token
                if not token:
                    break
        return sorted(found, key=lambda one: -int(one.version))

    def version(self, name: str, which: str | int) -> Version:
        """Give the version of a number or an alias.

        Raises
        ------
        UnknownName
            There is no such model, version or alias; says which there are.
        """
        client = self.tracker.client(write=False)
        aliases = {alias: str(v) for alias, v in self._model(client, name).aliases.items()}
        wanted = aliases.get(str(which), str(which))
        for one in self.versions(name):
            if one.version == wanted:
                return one
        known = ", ".join([*sorted(aliases), *(one.version for one in self.versions(name)[:8])])
        hint = closest(str(which), aliases)
        raise UnknownName(
            f"the model {name!r} has no version or alias {str(which)!r}{hint}; there are: {known or 'none'}"
        )

    def register(
        self,
        run: Run | str,
        model: KeptModel | str,
        name: str,
        *,
        lineage_hash: str | None = None,
    ) -> Version:
        """Make a model of a run the next version of a name, and give that.

        Parameters
        ----------
        run
            The run, or its id.
        model
            What `Run.model` gave, or the name of an artifact.
        name
            Of the registered model, which is made where it is new.
        lineage_hash
            Of the model's content in the lineage.

        Raises
        ------
        BadRequest
            The artifact's name is no path within the run.
        UnknownName
            There is no such run, or it has no such artifact.
        """
        from mlflow.exceptions import MlflowException

        client = self.tracker.client()
        ident = run if isinstance(run, str) else run.ident
        artifact = inside(model.name if isinstance(model, KeptModel) else str(model))
        if re.search(r"[%?#]", artifact):
            # They mean something in the address of the files.
            raise BadRequest(f"{artifact!r} is no name of a model: leave out the signs % ? #")
        with in_words(self.tracker.address):
            kept = client.get_run(ident)
            _look_for(client, ident, artifact)
            words = {"astrodata.who": user_name()}
            digest = model.hash if isinstance(model, KeptModel) else None
            digest = digest or kept.data.tags.get(f"astrodata.model.{artifact}")
            if digest:
                words[HASH] = digest
            if lineage_hash:
                words[LINEAGE] = lineage_hash
            try:
                client.create_registered_model(name)
            except MlflowException as error:
                if error.error_code != "RESOURCE_ALREADY_EXISTS":
                    raise
            place = f"{kept.info.artifact_uri}/{artifact}"
            made = client.create_model_version(name, place, run_id=ident, tags=words)
        return version_from(made, {})

    def promote(
        self,
        name: str,
        version: str | int,
        alias: str = "champion",
        *,
        reason: str,
        former: str | None = "challenger",
    ) -> Promotion:
        """Point an alias to a version, and keep why.

        Parameters
        ----------
        name, version
            Of the model; the version by number or by another alias.
        alias
            ``"champion"`` by default: what is served.
        reason
            In words; who promotes, and when, is kept with it.
        former
            Alias that the version gets which was champion before, or None for none.

        Raises
        ------
        BadRequest
            There is no reason, or the alias is no word.
        UnknownName
            There is no such version.
        """
        check_promotion(alias, reason)
        chosen = self.version(name, version)
        client = self.tracker.client()
        before = {a: str(v) for a, v in self._model(client, name).aliases.items()}.get(alias)
        with in_words(self.tracker.address):
            client.set_registered_model_alias(name, alias, chosen.version)
            done = self._note(client, name, alias, chosen.version, before, reason)
            if former and alias == "champion" and before not in (None, chosen.version):
                check_promotion(former, reason)
                client.set_registered_model_alias(name, former, before)
                self._note(client, name, former, before, None, f"was {alias}: {reason}")
        return done

    def demote(self, name: str, alias: str = "champion", *, reason: str) -> Promotion:
        """Take an alias away from the version that has it, and keep why.

        Raises
        ------
        BadRequest
            There is no reason.
        UnknownName
            No version has the alias.
        """
        check_promotion(alias, reason)
        client = self.tracker.client()
        aliases = {a: str(v) for a, v in self._model(client, name).aliases.items()}
        if alias not in aliases:
            raise UnknownName(
                f"no version of {name!r} is {alias!r}{closest(alias, aliases)}; aliases: "
                f"{', '.join(sorted(aliases)) or 'none'}"
            )
        with in_words(self.tracker.address):
            client.delete_registered_model_alias(name, alias)
            return self._note(client, name, alias, None, aliases[alias], reason)

    def history(self, name: str) -> list[Promotion]:
        """Give all promotions and demotions of a model, the oldest first."""
        tags = self._model(self.tracker.client(write=False), name).tags
        found = []
        for key in sorted(tag for tag in tags if tag.startswith(_PROMOTION)):
            try:
                found.append(Promotion(**json.loads(tags[key])))
            except (ValueError, TypeError):
                continue  # not ours
        return found

    def load(self, name: str, which: str | int = "champion") -> Any:
        """Give the model of a version or an alias, ready to predict.

        Raises
        ------
        UnknownName
            There is no such model, version or alias.
        UnsupportedFormat
            It is a pickle that this user did not register from a run of this workspace's own store.
        DamagedFile
            Its files are not whole.
        """
        chosen = self.version(name, which)
        with tempfile.TemporaryDirectory(dir=scratch.folder()) as place:
            folder = self._folder(chosen, Path(place))
            return load_folder(folder)

    def _folder(self, version: Version, place: Path) -> Path:
        source = urlparse(version.source)
        if source.scheme in ("", "file"):
            folder = Path(unquote(source.path))
            if not folder.is_dir():
                raise UnknownName(
                    f"the files of {version.name!r} version {version.version} are gone: {folder}"
                )
            return folder
        import mlflow.artifacts

        with in_words(self.tracker.address):
            return Path(
                mlflow.artifacts.download_artifacts(
                    artifact_uri=version.source,
                    dst_path=str(place),
                    tracking_uri=self.tracker.address,
                )
            )

    def _model(self, client: Any, name: str) -> Any:
        from mlflow.exceptions import MlflowException

        try:
            with in_words(self.tracker.address):
                return client.get_registered_model(name)
        except UnknownName:
            known = self.models()
            listed = ", ".join(known[:8]) or "none yet"
            raise UnknownName(
                f"there is no registered model {name!r}{closest(name, known)}; there are: {listed}"
            ) from None
        except MlflowException as error:
            raise BadRequest(f"{name!r} is no name of a model: {str(error)[:160]}") from None

    def _note(
        self,
        client: Any,
        name: str,
        alias: str,
        version: str | None,
        before: str | None,
        reason: str,
    ) -> Promotion:
        now = datetime.now(UTC)
        done = Promotion(
            alias, version, before, user_name(), now.isoformat(timespec="seconds"), reason.strip()
        )
        key = f"{_PROMOTION}{now.strftime('%Y%m%dT%H%M%S.%f')}"
        client.set_registered_model_tag(name, key, json.dumps(vars(done)))
        return done

    def _repr_html_(self) -> str:
        rows = []
        for name in self.models():
            for one in self.versions(name)[:5]:
                cells = (one.name, one.version, ", ".join(one.aliases), one.made, one.run[:8])
                rows.append("<tr>" + "".join(f"<td>{html.escape(c)}</td>" for c in cells) + "</tr>")
        head = "".join(
            f"<th>{c}</th>" for c in ("model", "version", "aliases", "registered", "run")
        )
        if not rows:
            return "<p>No model is registered yet.</p>"
        return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _look_for(client: Any, ident: str, artifact: str) -> None:
    """Raise where a run has no artifact of a name: a version of nothing would be told when it is loaded."""
    folder = str(PurePosixPath(artifact).parent)
    there = [
        str(one.path) for one in client.list_artifacts(ident, None if folder == "." else folder)
    ]
    if artifact not in there:
        known = ", ".join(sorted(there)[:8]) or "none"
        raise UnknownName(
            f"run {ident} has no artifact {artifact!r}{closest(artifact, there)}; there are: {known}"
        )
