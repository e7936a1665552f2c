"""Projections made while one looks on: PCA, UMAP, PaCMAP or t-SNE of the latents, as columns of the map."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import traitlets

from ..errors import AstrodataError, BadRequest, Cancelled
from ..wire import Reply
from .base import Cancel, RequestWidget, answers
from .latent_points import Points

METHODS = ("pca", "umap", "pacmap", "tsne")


class ProjectingWidget(RequestWidget):
    """Long work on the points in a thread of its own; a subclass calls `_begin_projecting`."""

    work = traitlets.Dict(
        help="What is under way: 'name', 'share', 'message' and 'state', which is 'running', 'done', "
        "'failed' or 'cancelled'."
    ).tag(sync=True)

    _points: Points
    _lock: threading.RLock
    _set_column: Callable[..., None]

    def _begin_projecting(self) -> None:
        self._worker: threading.Thread | None = None
        self._stop = Cancel()

    def project(self, method: str = "pca", **options: Any) -> list[str]:
        """Project the latents and give the names of the two new columns.

        Parameters
        ----------
        method
            ``"pca"``, ``"umap"``, ``"pacmap"`` or ``"tsne"``.
        **options
            Of `adk.latent.project`: ``seed``, ``sample`` and what the method takes.

        Raises
        ------
        BadRequest
            There is no such method.
        MissingPackage
            What does it is not installed.
        """
        return self._project(method, options)

    @answers("project")
    def _answer_project(self, method: str) -> Reply:
        if method not in METHODS:
            raise BadRequest(f"{method!r}: the projections are {', '.join(METHODS)}")
        with self._lock:
            if self._worker is not None and self._worker.is_alive():
                raise BadRequest("another projection is under way: cancel it first")
            self._stop = Cancel()
            self._tell(method, 0.0, "running")
            self._worker = threading.Thread(
                target=self._in_background, args=(method,), name="astrodata-projection", daemon=True
            )
            self._worker.start()
        return Reply({})

    @answers("cancel_work")
    def _answer_cancel(self) -> Reply:
        self._stop.set()
        return Reply({})

    def _in_background(self, method: str) -> None:
        try:
            names = self._project(method, {})
        except Cancelled:
            self._tell(method, 0.0, "cancelled")
        except AstrodataError as error:
            self._tell(method, 0.0, "failed", str(error))
        except Exception as error:  # noqa: BLE001 - told on the screen: nobody waits for the thread
            self._tell(method, 0.0, "failed", f"{type(error).__name__}: {error}")
        else:
            self._tell(method, 1.0, "done", ", ".join(names), names)

    def _project(self, method: str, options: dict[str, Any]) -> list[str]:
        from ..latent import Latents, project

        columns = self._points.cut.columns
        latents = Latents(columns.T, ids=self._points.ids)
        made = project(
            latents,
            method,
            progress=lambda share: self._tell(method, share, "running"),
            cancelled=self._stop.check,
            **options,
        )
        names = [name for name in made.columns if name not in latents.columns]
        for name in names:
            self._set_column(name, np.asarray(made.columns[name]))
        return names

    def _tell(
        self, name: str, share: float, state: str, message: str = "", columns: Any = ()
    ) -> None:
        facts = [fact for fact in self._points.facts() if fact["name"] in columns]
        self.work = {
            "name": name,
            "share": round(float(share), 3),
            "state": state,
            "message": message,
            "columns": facts,
        }
