"""The settings of the server's half, and the one object that its handlers share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from traitlets import Float, Integer
from traitlets.config import Configurable

from .label_sessions import LabelSessions
from .model_listing import Models
from .pipeline_listing import Pipelines
from .previews import Previews
from .records import Records
from .run_listing import Runs
from .workers import WorkerPool

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp

GIB = 1024**3


class AstrodataLab(Configurable):
    """Limits for the work that the sidebar asks of the server.

    Set them in ``jupyter_server_config.py``: ``c.AstrodataLab.workers = 4``.
    """

    workers = Integer(2, min=1, help="Processes that read files for previews.").tag(config=True)
    worker_memory = Integer(
        4 * GIB, min=0, help="Bytes of address space for each of them; 0 for no limit."
    ).tag(config=True)
    preview_seconds = Float(20.0, min=0, help="Longest time for one preview, in seconds.").tag(
        config=True
    )
    hash_seconds = Float(
        3600.0, min=0, help="Longest time to hash one file for the catalogue, in seconds."
    ).tag(config=True)
    max_preview_bytes = Integer(
        0, min=0, help="No preview of files with more bytes than this; 0 for no limit."
    ).tag(config=True)
    thumbnail_cache_bytes = Integer(
        16 * 1024**2, min=0, help="Bytes of thumbnails that are kept in memory."
    ).tag(config=True)

    def __init__(self, **kwargs: object) -> None:
        super().__init__(**kwargs)
        # Pools of their own: hashing a large file must not keep anyone's preview waiting.
        self._reading = WorkerPool(self.workers, self.worker_memory)
        self._keeping = WorkerPool(2, self.worker_memory)
        self._watching = WorkerPool(1, self.worker_memory)
        self.previews = Previews(
            self._reading, self.preview_seconds, self.max_preview_bytes, self.thumbnail_cache_bytes
        )
        self.records = Records(self._keeping, self.preview_seconds, self.hash_seconds)
        self.label_sessions = LabelSessions(self._reading, self.preview_seconds)
        self.pipelines = Pipelines(self._reading, self.preview_seconds)
        # A run that is watched is asked for each second: no picture of a large file may hold that up.
        self.runs = Runs(self._watching, self.preview_seconds)
        self.models = Models(self._watching, self.preview_seconds)

    def close(self) -> None:
        """End the worker processes."""
        self._reading.close()
        self._keeping.close()
        self._watching.close()


def load(server_app: ServerApp) -> None:
    """Add the routes to a Jupyter server."""
    from .routes import handlers

    web_app = server_app.web_app
    web_app.settings["astrodata_lab"] = AstrodataLab(parent=server_app)
    web_app.add_handlers(".*$", handlers(web_app.settings["base_url"]))
