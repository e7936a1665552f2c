"""The environment that this runs in, which half of the package it has, and the command that changes that.

On a hub JupyterLab's server and the kernels often live in different environments. Mirror of
``src/core/environment.ts``; ``tests/contract/golden/commands.json`` holds both to the same commands.
"""

from __future__ import annotations

import shlex
import sys
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from .errors import MissingPackage

DISTRIBUTION = "astrodata-lab"

PROTOCOL = 1
"""Number that the halves compare when they meet; ``src/core/protocol.ts`` has it too.

Raised when a frame or a route changes its meaning, or when anywidget's versions do that pyproject.toml takes:
its halves meet like ours.
"""

KERNEL = "kernel"
"""The extra that makes an environment one for kernels."""

TOOLKIT = (
    "contourpy",
    "ipykernel",
    "numba",
    "pandas",
    "photutils",
    "regions",
    "scipy",
    "sklearn",
    "threadpoolctl",
)
"""What that extra brings, by the names that are imported."""


@dataclass(frozen=True)
class Environment:
    """Where a Python lives, and what installs packages there.

    Attributes
    ----------
    python
        Whole path of the interpreter.
    prefix
        Folder of the environment.
    pip
        Whether pip is installed in it.
    uv
        Whether uv made it, which leaves pip out.
    conda
        Whether it is one of conda.
    """

    python: str
    prefix: str
    pip: bool
    uv: bool
    conda: bool

    def install(self, *extras: str, version: str = "") -> str:
        """Give the line of a shell that installs this package here.

        Parameters
        ----------
        *extras
            Of the package, such as ``"kernel"``.
        version
            The one that is wanted; the newest where it is empty.

        Returns
        -------
        str
            By pip. Where there is none, by uv if uv made the environment; else pip is brought first.

        >>> Environment("/opt/lab/bin/python", "/opt/lab", True, False, False).install("kernel")
        '/opt/lab/bin/python -m pip install --upgrade "astrodata-lab[kernel]"'
        """
        wanted = f"[{','.join(extras)}]" if extras else ""
        what = f'"{DISTRIBUTION}{wanted}{f"=={version}" if version else ""}"'
        if not version:
            what = f"--upgrade {what}"
        python = shlex.quote(self.python)
        by_pip = f"{python} -m pip install {what}"
        if self.pip:
            return by_pip
        if self.uv:
            return f"uv pip install --python {python} {what}"
        if self.conda:
            return f"conda install --yes --prefix {shlex.quote(self.prefix)} pip && {by_pip}"
        return f"{python} -m ensurepip && {by_pip}"


def environment() -> Environment:
    """Give the environment of this process."""
    prefix = Path(sys.prefix)
    try:
        lines = (prefix / "pyvenv.cfg").read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):  # not made by venv
        lines = []
    return Environment(
        python=sys.executable or "python",
        prefix=sys.prefix,
        pip=find_spec("pip") is not None,
        uv=any(line.startswith("uv =") for line in lines),
        conda=(prefix / "conda-meta").is_dir(),
    )


def version() -> str:
    """Give the version of this package that is installed here."""
    from importlib import metadata

    return metadata.version(DISTRIBUTION)


def hello() -> dict[str, Any]:
    """Give what this half says of itself to the others."""
    return {"protocol": PROTOCOL, "version": version(), "environment": asdict(environment())}


def need_toolkit() -> None:
    """Refuse to go on where the server's half alone is installed.

    Raises
    ------
    MissingPackage
        It is; the text has the command that brings the rest.
    """
    missing = [name for name in TOOLKIT if find_spec(name) is None]
    if missing:
        raise MissingPackage(
            f"this environment has what JupyterLab's server needs of {DISTRIBUTION}, and not the toolkit for "
            f"kernels ({', '.join(missing)}): run\n    {environment().install(KERNEL, version=version())}\n"
            "in a terminal, then restart the kernel"
        )


def upgrade() -> str:
    """Give what to do about a file that a newer version of this package wrote, elsewhere perhaps."""
    toolkit = all(find_spec(name) is not None for name in TOOLKIT)
    return f"upgrade {DISTRIBUTION}: {environment().install(*([KERNEL] if toolkit else []))}"


@dataclass(frozen=True)
class FrontEnd:
    """What the page of JupyterLab said of itself when it greeted this kernel."""

    version: str
    protocol: int

    def told(self) -> str:
        """Tell whether it fits, and what to do where it does not."""
        here = f"{self.version}, protocol {self.protocol}"
        if self.protocol == PROTOCOL:
            return here
        command = environment().install(KERNEL, version=self.version)
        return f"{here}: this kernel has {version()}, protocol {PROTOCOL}. Run {command} and restart it"


_front_end: FrontEnd | None = None


def heard(version: str, protocol: int) -> None:
    """Remember what the page said of itself."""
    global _front_end
    _front_end = FrontEnd(version[:40], protocol)


def front_end() -> FrontEnd | None:
    """Give what the page said of itself, or None where none has greeted this kernel."""
    return _front_end
