"""What lets a cluster's own workers in, and nobody else: a certificate for once, in files that nodes see."""

from __future__ import annotations

import importlib.util
import os
import shlex
import shutil
import tempfile
from pathlib import Path
from typing import Any, Self

from ..errors import BadRequest, MissingPackage, UnreadableFile

_ROLES = ("client", "scheduler", "worker")


class Certificates:
    """A certificate and its key, as files in a folder that is the user's alone.

    Parameters
    ----------
    folder
        That holds them.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def made(cls, system: str, shared: str | os.PathLike[str] | None = None) -> Self:
        """Make new ones.

        Parameters
        ----------
        system
            Batch system, whose part of Dask's configuration may name the folder.
        shared
            Folder that the nodes see, in which a new one is made.

        Raises
        ------
        MissingPackage
            Without cryptography.
        BadRequest
            The folder's path is no plain word for the shell of the jobs.
        UnreadableFile
            It does not take files.
        """
        if importlib.util.find_spec("cryptography") is None:
            raise MissingPackage(
                "the connections of this cluster are encrypted with the package cryptography; run "
                '"pip install cryptography" in this kernel\'s environment. security=False goes without: '
                "everybody who reaches this machine's ports can then run code as you"
            )
        import dask.config
        from distributed import Security

        shared = shared or dask.config.get(f"jobqueue.{system}.shared-temp-directory", None)
        place = Path(os.path.expandvars(shared or Path.home())).expanduser().absolute()
        if shlex.quote(str(place)) != str(place):
            # dask-jobqueue writes it into the jobs' script as it is.
            raise BadRequest(
                f"{str(place)!r} cannot be named in the script of a job: give shared_temp_directory=, a "
                "folder without spaces and signs that the nodes see"
            )
        try:
            # The user's alone, as mkdtemp makes it.
            made = cls(Path(tempfile.mkdtemp(prefix=".astrodata-cluster-", dir=place)))
            try:
                for name, text in Security.temporary().get_tls_config_for_role("worker").items():
                    if name in ("cert", "key"):
                        made._file(name).touch(0o600)
                        made._file(name).write_text(text, "ascii")
            except BaseException:
                made.remove()
                raise
        except OSError as error:
            raise UnreadableFile(
                f"{place} does not take the cluster's certificate: {error.strerror or error}. Give "
                "shared_temp_directory=, a folder of yours that the nodes see"
            ) from None
        return made

    def security(self) -> Any:
        """Give what Dask is to be told: each side shows this certificate, and accepts no other."""
        from distributed import Security

        cert, key = str(self._file("cert")), str(self._file("key"))
        sides = {f"tls_{role}_cert": cert for role in _ROLES}
        sides |= {f"tls_{role}_key": key for role in _ROLES}
        return Security(require_encryption=True, tls_ca_file=cert, **sides)

    def remove(self) -> None:
        """Remove the files; doing it again is harmless."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _file(self, name: str) -> Path:
        return self.folder / f"{name}.pem"
