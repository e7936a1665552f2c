"""The halves in environments of their own, made from the built wheel: each needs nothing of the other."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import split_environments
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager
from split_environments import python_of

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent
TOKEN = "of-a-server-that-ends-with-the-test"
FILES = [
    ROOT / "examples/data" / name
    for name in (
        "m13.fits",
        "tables/gaia_cone.fits",
        "tables/cardio.npz",
        "gw/H-H1_LOSC_4_V2-1126259446-32.hdf5",
        "cube_l1448_13co.fits",
    )
]


@pytest.fixture(scope="module", autouse=True)
def environments() -> Path:
    return split_environments.make()


def packages(name: str) -> set[str]:
    listed = subprocess.run(
        ["uv", "--quiet", "pip", "list", "--format", "json", "--python", python_of(name)],
        check=True,
        capture_output=True,
    ).stdout
    return {one["name"] for one in json.loads(listed)}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("workspace")


class Server:
    """A Jupyter server of the environment that has the server's half alone."""

    def __init__(self, url: str) -> None:
        self.url = url

    def ask(self, route: str, body: object = None, **query: str) -> tuple[int, bytes]:
        request = Request(
            f"{self.url}/{route}?{urlencode(query)}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"token {TOKEN}"},
        )
        try:
            with urlopen(request) as reply:
                return reply.status, reply.read()
        except HTTPError as error:
            return error.code, error.read()

    def json(self, route: str, body: object = None, **query: str) -> dict:
        status, answer = self.ask(f"astrodata-lab/{route}", body, **query)
        assert status in (200, 201), answer
        return json.loads(answer)


@pytest.fixture(scope="module")
def server(workspace: Path, environments: Path) -> Iterator[Server]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    arguments = [f"--ServerApp.port={port}", "--ServerApp.open_browser=False", "--allow-root"]
    # Nothing of the environment that runs this test, nor of the person who does.
    env = {key: os.environ[key] for key in ("PATH", "LANG") if key in os.environ}
    env |= {
        "HOME": str(workspace),
        "JUPYTER_TOKEN": TOKEN,
        "JUPYTER_PATH": str(environments / "share/jupyter"),
    }
    process = subprocess.Popen(
        [python_of("server"), "-m", "jupyterlab", *arguments],
        cwd=workspace,
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    found = Server(f"http://127.0.0.1:{port}")
    try:
        while True:
            assert process.poll() is None, process.stderr.read().decode()
            try:
                found.ask("api")
                break
            except (URLError, ConnectionError):
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(0.1)
        yield found
    finally:
        process.terminate()
        process.communicate(timeout=30)


@pytest.fixture(scope="module")
def kernel(workspace: Path, environments: Path) -> Iterator[BlockingKernelClient]:
    specs = KernelSpecManager(kernel_dirs=[str(environments / "share/jupyter/kernels")])
    manager = KernelManager(kernel_name="kernel", kernel_spec_manager=specs)
    manager.start_kernel(cwd=str(workspace))
    client = manager.blocking_client()
    client.start_channels()
    client.wait_for_ready(timeout=60)
    yield client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def run(kernel: BlockingKernelClient, code: str) -> str:
    """Run a cell, and give what it prints."""
    printed: list[str] = []

    def hear(message: dict) -> None:
        if message["msg_type"] == "stream":
            printed.append(message["content"]["text"])

    reply = kernel.execute_interactive(code, output_hook=hear, timeout=120)["content"]
    assert reply["status"] == "ok", "\n".join(reply["traceback"])
    return "".join(printed)


def test_the_server_has_what_it_needs_and_the_kernel_no_jupyterlab() -> None:
    toolkit = {"numba", "pandas", "photutils", "regions", "scikit-learn", "scipy"}
    assert not packages("server") & toolkit
    assert {"astrodata-lab", "jupyterlab", "anywidget", "jupyterlab-widgets"} <= packages("server")
    assert {"astrodata-lab", "ipykernel"} | toolkit <= packages("kernel")
    assert "jupyterlab" not in packages("kernel")


def test_the_server_half_alone_answers_all_that_the_panel_asks(
    server: Server, workspace: Path
) -> None:
    pq.write_table(pa.table({"x": [1.0, 2.0]}), workspace / "t.parquet")
    (workspace / "t.csv").write_text("x,y\n1,2\n3,4\n")
    for source in FILES:
        shutil.copy(source, workspace)
    names = [*(source.name for source in FILES), "t.parquet", "t.csv"]
    for name in names:
        assert server.json("datasets", {"path": name})["path"] == name
        assert server.json("sniff", path=name)["parts"]
        assert server.json("header", path=name)["parts"]
    status, png = server.ask("astrodata-lab/thumbnail", path="m13.fits", size="64")
    assert (status, png[:4]) == (200, b"\x89PNG")
    assert {one["path"] for one in server.json("datasets")["datasets"]} == set(names)
    for route in ("labels", "runs", "models", "pipelines"):
        assert server.json(route)["warnings"] == []
    said = server.json("version")
    assert said["environment"]["python"] == python_of("server")


def test_the_page_of_that_server_has_the_front_end_and_what_draws_widgets(server: Server) -> None:
    status, page = server.ask("lab")
    assert status == 200
    [config] = [
        part.partition("</script>")[0]
        for part in page.decode().split('type="application/json">')[1:]
    ]
    told = json.loads(config)
    names = {one["name"] for one in told["federated_extensions"]}
    assert {"astrodata-lab", "anywidget", "@jupyter-widgets/jupyterlab-manager"} <= names
    # By this the page knows that environment even where nobody answers for the server's half.
    assert told["staticDir"] == str(
        Path(python_of("server")).parents[1] / "share/jupyter/lab/static"
    )


def test_what_the_kernel_writes_the_server_lists(
    server: Server, kernel: BlockingKernelClient, workspace: Path
) -> None:
    shutil.copy(FILES[0], workspace / "again.fits")
    code = (
        "import sys, astrodata_kernel as adk\n"
        "cat = adk.Catalog()\n"
        "cat.add('again.fits', 'of the kernel')\n"
        "viewer = adk.view('again.fits')\n"
        "folder = adk.runs.RunFolder.create('.', 'nightly')\n"
        "print(sys.executable, 'jupyterlab' in sys.modules, viewer.request('describe', hdu=0).meta['width'])"
    )
    assert run(kernel, code).split() == [python_of("kernel"), "False", "300"]
    assert "of the kernel" in {one["name"] for one in server.json("datasets")["datasets"]}
    assert [one["pipeline"] for one in server.json("runs")["runs"]] == ["nightly"]


def test_status_in_that_kernel_tells_its_environment(kernel: BlockingKernelClient) -> None:
    told = run(
        kernel, "%load_ext astrodata_kernel\nprint(get_ipython().run_line_magic('astro', 'status'))"
    )
    assert python_of("kernel") in told
    assert f'{python_of("kernel")} -m pip install "astrodata-lab[train]==' in told


def test_a_kernel_in_the_server_environment_names_the_command_for_the_toolkit() -> None:
    said = subprocess.run(
        [python_of("server"), "-c", "import astrodata_kernel; astrodata_kernel.view"],
        capture_output=True,
        text=True,
        check=False,
    ).stderr
    assert "MissingPackage" in said
    assert f'{python_of("server")} -m pip install "astrodata-lab[kernel]==' in said
