"""Environments of the tools, each with a JupyterLab of its own, and the servers that run in them."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
LAB = "jupyterlab==4.6.*"
PLOTTING = (
    "holoviews==1.23.2",
    "datashader==0.19.1",
    "spatialpandas==0.5.0",
    "dask[dataframe]",
    "panel==1.9.4",
    "bokeh==3.9.2",
    "jupyter_bokeh==4.1.0",
)
DRAWING = (
    "anywidget",
    "duckdb",
    "inquirer",
    "narwhals",
    "pandas",
    "platformdirs",
    "pyarrow",
    "tqdm",
)


@dataclass(frozen=True)
class Tool:
    """One tool of the suite: what it is called, where it comes from, which file drives it."""

    title: str
    module: str
    """File in this folder, run in the kernel."""
    driven: str
    """Its entry in tools.mjs."""
    place: str | None = None
    """Folder of its environment; None is the one that runs the suite."""
    packages: tuple[str, ...] = ()
    bare: tuple[str, ...] = ()
    """Installed without what they ask for: gigabytes that make embeddings, which nobody makes here."""
    version_of: str = ""


TOOLS = {
    "ours": Tool("AstroData Lab", "peer_ours", "ours", version_of="astrodata-lab"),
    "scatter": Tool(
        "jupyter-scatter",
        "peer_scatter",
        "scatter",
        "scatter",
        ("jupyter-scatter==1.0.1",),
        version_of="jupyter-scatter",
    ),
    "atlas": Tool(
        "embedding-atlas 0.22 (WebGL)",
        "peer_atlas",
        "atlas",
        "atlas",
        DRAWING,
        ("embedding-atlas==0.22.0",),
        "embedding-atlas",
    ),
    "atlas26": Tool(
        "embedding-atlas 0.26 (WebGPU)",
        "peer_atlas",
        "atlas",
        "atlas26",
        DRAWING,
        ("embedding-atlas==0.26.0",),
        "embedding-atlas",
    ),
    "holoviews": Tool(
        "HoloViews + Datashader",
        "peer_holoviews",
        "bokeh",
        "holoviews",
        PLOTTING,
        version_of="holoviews",
    ),
    "bokeh": Tool(
        "Bokeh WebGL",
        "peer_bokeh",
        "bokeh",
        "holoviews",
        PLOTTING,
        version_of="bokeh",
    ),
}


class Missing(Exception):
    """A tool cannot be had here; the text says why in a line."""


def python_of(tool: Tool, cache: Path, base: tuple[str, ...] = (LAB,)) -> Path:
    """Give the interpreter of a tool's environment, after making it where there is none yet.

    Raises
    ------
    Missing
        pip cannot install it here.
    """
    if tool.place is None:
        return Path(sys.executable)
    folder = cache / tool.place
    python = folder / "bin" / "python"
    ready = folder / "ready"
    wanted = "\n".join((*base, *tool.packages, *tool.bare))
    if ready.exists() and ready.read_text() == wanted:
        return python
    print(f"making the environment of {tool.title} in {folder} ...", file=sys.stderr, flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    pip = [str(python), "-m", "pip", "install", "--quiet"]
    for packages in ([*base, *tool.packages], ["--no-deps", *tool.bare]):
        if packages == ["--no-deps"]:
            continue
        made = subprocess.run([*pip, *packages], capture_output=True, text=True)
        if made.returncode:
            said = [line for line in made.stderr.splitlines() if line.startswith("ERROR")]
            raise Missing(f"pip cannot install it here: {(said or ['no reason told'])[-1]}")
    ready.write_text(wanted)
    return python


def version_in(python: Path, package: str) -> str:
    """Give the version of a package in an environment."""
    code = f"from importlib.metadata import version; print(version({package!r}))"
    out = subprocess.run([str(python), "-c", code], capture_output=True, text=True, check=True)
    return out.stdout.strip()


@contextmanager
def server(python: Path) -> Iterator[str]:
    """Run a JupyterLab of an environment with settings of its own; give the address of its notebook."""
    with tempfile.TemporaryDirectory(prefix="astrodata-latent-") as home:
        root = Path(home, "root")
        root.mkdir()
        _notebook(root / "suite.ipynb")
        with lab(python, Path(home)) as (address, token):
            yield f"{address}/doc/tree/suite.ipynb?token={token}"


@contextmanager
def lab(python: Path, home: Path, *args: str) -> Iterator[tuple[str, str]]:
    """Run a JupyterLab of an environment on ``home/root``; give its address and its token.

    All that it keeps lies in `home`; `args` are further ones of its command line.
    """
    root, settings, token = home / "root", home / "settings", secrets.token_hex(16)
    _settings(settings)
    port = _free_port()
    env = os.environ | {
        "JUPYTER_CONFIG_DIR": f"{home}/config",
        "JUPYTER_DATA_DIR": f"{home}/data",
        "JUPYTER_RUNTIME_DIR": f"{home}/runtime",
        "JUPYTERLAB_SETTINGS_DIR": str(settings),
        "JUPYTERLAB_WORKSPACES_DIR": f"{home}/workspaces",
        "IPYTHONDIR": f"{home}/ipython",
        "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}",
    }
    command = [
        *(str(python), "-m", "jupyterlab", "--no-browser", "--expose-app-in-browser"),
        f"--ServerApp.root_dir={root}",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        f"--IdentityProvider.token={token}",
        "--ServerApp.allow_root=True",
        *args,
    ]
    with (home / "log").open("w") as log:
        process = subprocess.Popen(command, env=env, cwd=root, stdout=log, stderr=log)
    try:
        address = f"http://127.0.0.1:{port}"
        _await(f"{address}/api?token={token}", process, home / "log")
        yield address, token
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _notebook(path: Path) -> None:
    cell = {
        "cell_type": "code",
        "execution_count": None,
        "metadata": {},
        "outputs": [],
        "source": [],
    }
    spec = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook = {
        "cells": [{**cell, "id": name} for name in ("first", "show")],
        "metadata": {"kernelspec": spec},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    path.write_text(json.dumps(notebook))


def _settings(folder: Path) -> None:
    # Whether there is news would be asked on a note that lies over the picture.
    own = folder / "@jupyterlab" / "apputils-extension"
    own.mkdir(parents=True)
    said = {"fetchNews": "false", "checkForUpdates": False}
    (own / "notification.jupyterlab-settings").write_text(json.dumps(said))


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _await(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + 120
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            if process.poll() is not None:
                break
            time.sleep(0.3)
    raise Missing(f"its server does not start: {log.read_text()[-300:]}")
