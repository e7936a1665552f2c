"""The settings of the server's half, and the one object that its handlers share."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from traitlets import Callable, Enum, Float, Integer, List, TraitError, Unicode, validate
from traitlets.config import Configurable

from .label_sessions import LabelSessions
from .metrics import Metrics
from .model_listing import Models
from .paths import local_root
from .pipeline_listing import Pipelines
from .previews import Previews
from .records import Records
from .routes import SECTIONS, handlers
from .run_listing import Runs
from .uploads import Uploads
from .workers import QUEUE, WorkerPool

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp

GIB = 1024**3


class AstrodataLab(Configurable):
    """What an administrator decides of the sidebar: limits, folders, and which sections there are.

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
    max_waiting = Integer(
        QUEUE, min=1, help="Requests that may wait for a process; others are turned away."
    ).tag(config=True)
    allowed_roots = List(
        Unicode(),
        help="Folders outside the one that the server shows into which symbolic links in it may lead: "
        "shared disks, mounted buckets. Whole paths.",
    ).tag(config=True)
    upload_folder = Unicode(
        help="Folder for uploads, from the one that the server shows, of those who have not set one "
        "themselves; empty for the folder that their file browser shows.",
    ).tag(config=True)
    max_upload_bytes = Integer(
        0, min=0, help="No upload of a file or folder with more bytes than this; 0 for no limit."
    ).tag(config=True)
    upload_keep_hours = Float(
        72.0, min=0, help="Hours for which the server keeps an upload that was interrupted."
    ).tag(config=True)
    free_bytes = Callable(
        allow_none=True,
        default_value=None,
        help="A function that gives the bytes which may still be written to a folder, whose whole path it "
        "gets, where a quota decides and not the disk. By default, what is free on the disk.",
    ).tag(config=True)
    disabled_sections = List(
        Enum(list(SECTIONS)),
        help="Sections that the panel does not have, or the launcher's templates, and routes that are not "
        f"there: {', '.join(SECTIONS)}.",
    ).tag(config=True)

    @validate("allowed_roots")
    def _whole_paths(self, proposal: dict[str, Any]) -> list[str]:
        for one in proposal["value"]:
            if not Path(one).is_absolute():
                raise TraitError(
                    f"AstrodataLab.allowed_roots: {one!r} is no whole path, such as /data/shared"
                )
        return proposal["value"]

    @validate("upload_folder")
    def _path_in_the_root(self, proposal: dict[str, Any]) -> str:
        path = PurePosixPath(proposal["value"])
        if path.is_absolute() or ".." in path.parts:
            raise TraitError(
                f"AstrodataLab.upload_folder: {proposal['value']!r} must lie in the folder that the server "
                "shows, and be told from there, such as data/uploads"
            )
        return proposal["value"].strip("/")

    def __init__(self, **kwargs: object) -> None:
        super().__init__(**kwargs)
        # Pools of their own: hashing a large file must not keep anyone's preview waiting.
        self._reading = WorkerPool(self.workers, self.worker_memory, self.max_waiting)
        self._keeping = WorkerPool(2, self.worker_memory, self.max_waiting)
        self._verifying = WorkerPool(1, self.worker_memory, self.max_waiting)
        self._watching = WorkerPool(1, self.worker_memory, self.max_waiting)
        self.previews = Previews(
            self._reading, self.preview_seconds, self.max_preview_bytes, self.thumbnail_cache_bytes
        )
        self.records = Records(
            self._keeping, self._verifying, self.preview_seconds, self.hash_seconds
        )
        self.label_sessions = LabelSessions(self._reading, self.preview_seconds)
        self.pipelines = Pipelines(self._reading, self.preview_seconds)
        # A run that is watched is asked for each second: no picture of a large file may hold that up.
        self.runs = Runs(self._watching, self.preview_seconds)
        self.models = Models(self._watching, self.preview_seconds)
        self.uploads = Uploads(
            self.max_upload_bytes, self.upload_keep_hours * 3600, self.free_bytes
        )
        self.metrics = Metrics(self._watching, self.preview_seconds)

    def close(self) -> None:
        """End the worker processes."""
        self._reading.close()
        self._keeping.close()
        self._verifying.close()
        self._watching.close()
        self.metrics.close()


def load(server_app: ServerApp) -> None:
    """Add the routes to a Jupyter server."""
    web_app = server_app.web_app
    lab = web_app.settings["astrodata_lab"] = AstrodataLab(parent=server_app)
    # On the page itself, so that the panel knows before it is drawn.
    web_app.settings.setdefault("page_config_data", {})["astrodataLab"] = {
        "disabledSections": lab.disabled_sections,
        "uploadFolder": lab.upload_folder,
    }
    web_app.add_handlers(".*$", handlers(web_app.settings["base_url"], lab.disabled_sections))
    lab.metrics.publish(lambda: local_root(server_app.contents_manager), server_app.io_loop)
