"""JupyterLab's server in one environment, kernels in others, as hubs have them: made from the built wheel.

``python tests/helpers/split_environments.py`` makes them by uv in the folder ``environments`` of this one,
where they stay: whatever has not changed is not made again.

    server/   JupyterLab and the package without extras
    kernel/   the package with the toolkit, in another minor version of Python where one is found
    bare/     what the toolkit needs, and not the package
    share/    a kernelspec for each of the last two
    dist/     the wheel
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDER = Path(sys.prefix) / "environments"
OTHER_MINORS = (12, 13, 11)
PYENV = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
SPECS = {"kernel": "Physics", "bare": "Bare Python"}


def make() -> Path:
    """Make what is not there or has changed, and give the folder of all."""
    FOLDER.mkdir(exist_ok=True)
    wheel = _wheel()
    # The bytes of a wheel are the same for the same files.
    parts = (wheel, ROOT / "constraints.txt", ROOT / "pyproject.toml", Path(__file__))
    made_of = hashlib.sha256(b"".join(part.read_bytes() for part in parts)).hexdigest()
    made = FOLDER / "made-of.txt"
    whole = made.is_file() and made.read_text() == made_of
    made.unlink(missing_ok=True)
    package = f"astrodata-lab{{}} @ {wheel.as_uri()}"
    wanted = {
        "server": ["jupyterlab", package.format("")],
        "kernel": [package.format("[kernel]")],
        "bare": _requirements(),
    }
    # That of the last run may have the package by now.
    names = ["bare"] if whole else list(wanted)
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda name: _environment(name, wanted[name]), names))
    for name, title in SPECS.items():
        _kernelspec(name, title)
    made.write_text(made_of)
    return FOLDER


def kernel_python() -> str:
    """Give an interpreter of another minor version than this one, if there is any, else this one."""
    for minor in OTHER_MINORS:
        name = f"python3.{minor}"
        places = (shutil.which(name), *map(str, PYENV.glob(f"versions/3.{minor}.*/bin/{name}")))
        for python in filter(None, places):
            # A shim of pyenv is there for each version that is installed, and most of them do nothing.
            works = subprocess.run([python, "-c", ""], capture_output=True, check=False)
            if minor != sys.version_info.minor and works.returncode == 0:
                return python
    return sys.executable


def python_of(name: str) -> str:
    """Give the interpreter of one of the environments."""
    return str(FOLDER / name / "bin" / "python")


def _wheel() -> Path:
    dist = FOLDER / "dist"
    shutil.rmtree(dist, ignore_errors=True)
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(dist)]
    # What is built is taken as it is, and always with the same times.
    env = {**os.environ, "SKIP_JUPYTER_BUILDER": "1", "SOURCE_DATE_EPOCH": "1700000000"}
    subprocess.run(build, cwd=ROOT, env=env, check=True, capture_output=True)
    return next(dist.glob("*.whl"))


def _requirements() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return [*project["dependencies"], *project["optional-dependencies"]["kernel"]]


def _environment(name: str, wanted: list[str]) -> None:
    python = sys.executable if name == "server" else kernel_python()
    _uv("venv", "--clear", "--seed", "--python", python, str(FOLDER / name))
    constraints = str(ROOT / "constraints.txt")
    _uv("pip", "install", "--python", python_of(name), "--constraint", constraints, *wanted)


def _uv(*arguments: str) -> None:
    env = {
        **_index(),
        **os.environ,
        # On the same disk as the environments, so that it shares its files with them.
        "UV_CACHE_DIR": str(FOLDER / "cache"),
        "UV_PYTHON_DOWNLOADS": "never",
    }
    subprocess.run(["uv", "--quiet", *arguments], env=env, check=True)


def _index() -> dict[str, str]:
    """Give for uv where pip installs from, which uv does not read."""
    asked = [sys.executable, "-m", "pip", "config", "list"]
    lines = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.splitlines()
    told = {
        key.split(".")[-1]: value.strip("'")
        for key, _, value in (li.partition("=") for li in lines)
    }
    names = {"index-url": "UV_DEFAULT_INDEX", "cert": "SSL_CERT_FILE"}
    return {name: told[key] for key, name in names.items() if key in told}


def _kernelspec(name: str, title: str) -> None:
    folder = FOLDER / "share" / "jupyter" / "kernels" / name
    folder.mkdir(parents=True, exist_ok=True)
    argv = [python_of(name), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {"argv": argv, "display_name": title, "language": "python"}
    (folder / "kernel.json").write_text(json.dumps(spec))


if __name__ == "__main__":
    print(make())  # noqa: T201 - for the shell that called it
