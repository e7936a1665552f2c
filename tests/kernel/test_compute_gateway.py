"""A cluster of a real Dask Gateway server, which runs on this machine for the tests."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

import dask.config
import pytest
from astrodata_kernel import compute
from astrodata_kernel.compute import elsewhere
from astrodata_kernel.errors import BadRequest, ServiceFailed

CONFIG = """
c.DaskGateway.backend_class = "dask_gateway_server.backends.local.UnsafeLocalBackend"
c.DaskGateway.authenticator_class = "dask_gateway_server.auth.SimpleAuthenticator"
c.SimpleAuthenticator.password = "sesame"
c.DaskGateway.address = "127.0.0.1:{api}"
c.Proxy.address = "127.0.0.1:{public}"
c.Proxy.tcp_address = "127.0.0.1:{public}"
c.UnsafeLocalBackend.clusters_directory = "{folder}"
c.UnsafeLocalBackend.sigint_timeout = 2
c.ClusterConfig.scheduler_cmd = ["{python}", "-m", "distributed.cli.dask_scheduler"]
c.ClusterConfig.worker_cmd = ["{python}", "-m", "distributed.cli.dask_worker"]
c.ClusterConfig.worker_memory = "500 M"
c.ClusterConfig.worker_cores = 1
"""


def free_ports(count):
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gateway")
    api, public = free_ports(2)
    config = folder / "config.py"
    config.write_text(
        CONFIG.format(api=api, public=public, folder=folder / "clusters", python=sys.executable)
    )
    (folder / "clusters").mkdir()
    log = folder / "log"
    # The server looks for its proxy, and the clusters for Python, where the tests have theirs.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    with log.open("wb") as file:
        server = subprocess.Popen(
            [sys.executable, "-m", "dask_gateway_server", "-f", config],
            stdout=file,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env={**os.environ, "PATH": path},
        )
    found = f"http://127.0.0.1:{public}"
    try:
        end = time.monotonic() + 120
        while not answers(f"{found}/api/health"):
            assert server.poll() is None, log.read_text()
            assert time.monotonic() < end, log.read_text()
        yield found
    finally:
        server.terminate()
        server.wait(60)


def answers(url):
    try:
        with urllib.request.urlopen(url, timeout=1) as answer:
            return answer.status == 200
    except OSError:
        return False


@pytest.fixture(autouse=True)
def no_loop_is_left():
    """See that what ended has ended its loop: collected later it would wait for a loop that starts."""
    before = threading.enumerate()
    yield
    assert [
        one for one in threading.enumerate() if one.name == "IO loop" and one not in before
    ] == []


@pytest.fixture
def auth():
    from dask_gateway.auth import BasicAuth

    return BasicAuth("ada", "sesame")


@contextlib.contextmanager
def a_gateway(address, auth):
    from dask_gateway import Gateway

    gateway = Gateway(address=address, auth=auth)
    try:
        yield gateway
    finally:
        elsewhere._ended(None, gateway)


@pytest.mark.slow
def test_a_gateway_gives_a_cluster_that_does_the_work_and_ends_with_it(address, auth):
    with compute.cluster("gateway", 1, address=address, auth=auth) as cluster:
        assert list(compute.each(abs, range(-200, 0))) == list(range(200, 0, -1))
        assert [worker.memory for worker in cluster.workers] == [500 * 2**20]
        assert cluster.dashboard == f"{address}/clusters/{cluster.made.name}/status"
        assert "sesame" not in repr(cluster) + cluster._repr_html_()
        name = cluster.made.name
        with compute.cluster("gateway", address=address, auth=auth, name=name) as again:
            assert list(compute.each(abs, [-3])) == [3]
            assert again.made.name == name
        # What was taken by its name runs on.
        assert list(compute.each(abs, [-4], cluster=cluster)) == [4]
    with a_gateway(address, auth) as gateway:
        assert gateway.list_clusters() == []


@pytest.mark.slow
@pytest.mark.parametrize("when", ["submit", "connect"])
def test_an_interrupt_while_a_gateway_starts_a_cluster_ends_it(address, auth, monkeypatch, when):
    from dask_gateway import Gateway

    begin = getattr(Gateway, when)
    with a_gateway(address, auth) as gateway:
        ended = gateway.list_clusters(["stopping", "stopped"])

    def interrupted(self, *given, **options):
        # As by the keyboard it is the main thread that is interrupted, whichever one submits.
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
        return begin(self, *given, **options)

    monkeypatch.setattr(Gateway, when, interrupted)
    with pytest.raises(KeyboardInterrupt):
        compute.cluster("gateway", address=address, auth=auth)
    assert compute.current() is None
    with a_gateway(address, auth) as gateway:
        assert gateway.list_clusters(["pending", "running"]) == []
        assert len(gateway.list_clusters(["stopping", "stopped"])) > len(ended)  # it was begun


@pytest.mark.slow
def test_the_address_may_be_of_dasks_configuration(address, auth):
    with (
        dask.config.set({"gateway.address": address}),
        compute.cluster("gateway", auth=auth) as cluster,
    ):
        assert cluster.workers == []
        cluster.scale(1)
        assert list(compute.each(abs, [-1])) == [1]


@pytest.mark.slow
def test_a_gateway_that_refuses_says_why(address, auth):
    from dask_gateway.auth import BasicAuth

    with pytest.raises(ServiceFailed, match="gave no cluster"):
        compute.cluster("gateway", address=address, auth=BasicAuth("ada", "wrong"))
    with pytest.raises((BadRequest, ServiceFailed), match="colour"):
        compute.cluster("gateway", address=address, auth=auth, colour="red")
    with pytest.raises((BadRequest, ServiceFailed), match="nobody"):
        compute.cluster("gateway", address=address, auth=auth, name="nobody")


def test_without_an_address_or_a_server_it_is_told():
    with pytest.raises(BadRequest, match="DASK_GATEWAY__ADDRESS"):
        compute.cluster("gateway")
    with pytest.raises(ServiceFailed, match=r"127\.0\.0\.1:9"):
        compute.cluster("gateway", address="http://127.0.0.1:9")
