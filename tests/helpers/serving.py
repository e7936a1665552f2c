"""Models served by MLflow's own command, for tests."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any


@contextlib.contextmanager
def served(uri: str, tracking_uri: str, log: Path) -> Iterator[Callable[[Any], Any]]:
    """Serve a model, and give what asks it for predictions of a body."""
    port = _free_port()
    programs = Path(sys.executable).parent
    command = [str(programs / "mlflow"), "models", "serve", "-m", uri, "--env-manager", "local"]
    settings = {
        **os.environ,
        "MLFLOW_TRACKING_URI": tracking_uri,
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
    }
    with log.open("wb") as said:
        server = subprocess.Popen(
            [*command, "--host", "127.0.0.1", "-p", str(port)],
            env=settings,
            stdout=said,
            stderr=said,
            start_new_session=True,
        )
    try:
        _asked(server, port, "ping")
        yield lambda body: json.loads(
            _asked(server, port, "invocations", json.dumps(body).encode())
        )
    finally:
        os.killpg(server.pid, 15)
        server.wait(60)


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def _asked(
    server: subprocess.Popen[bytes], port: int, path: str, body: bytes | None = None
) -> bytes:
    """Give the answer of a server that may still be starting; its end is an error."""
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"http://127.0.0.1:{port}/{path}", body, headers)
    while True:
        assert server.poll() is None, "the server ended"
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return bytes(answer.read())
        except urllib.error.HTTPError as error:
            raise AssertionError(error.read()) from error
        except (urllib.error.URLError, ConnectionError):
            try:
                server.wait(0.2)
            except subprocess.TimeoutExpired:
                continue
