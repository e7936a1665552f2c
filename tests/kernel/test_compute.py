"""Clusters of this machine, and running a function over many parts."""

import os
import sys
import tempfile
import threading
import urllib.request
from pathlib import Path

import dask.config
import pytest
from astrodata_kernel import compute
from astrodata_kernel.compute.clusters import Cluster
from astrodata_kernel.compute.dashboards import dashboard_link, safe_link
from astrodata_kernel.errors import BadRequest, Cancelled, MissingPackage, ServiceFailed


def double(x):
    return 2 * x


@pytest.fixture(scope="module")
def local():
    with compute.cluster("local", 2, memory="700 MB") as cluster:
        yield cluster


def written(root, files):
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_limits_are_those_of_the_container_in_version_2(tmp_path, monkeypatch):
    monkeypatch.delenv("CPU_LIMIT", raising=False)
    root = written(
        tmp_path,
        {
            "proc/self/cgroup": "0::/pod/lab\n",
            "sys/fs/cgroup/pod/lab/cpu.max": "max 100000\n",
            "sys/fs/cgroup/pod/cpu.max": "150000 100000\n",
            "sys/fs/cgroup/pod/lab/memory.max": "max\n",
            "sys/fs/cgroup/pod/memory.max": "500000000\n",
        },
    )
    assert compute.limits.cpus(root) == 1
    assert compute.limits.memory(root) == 500_000_000


def test_limits_are_those_of_the_container_in_version_1_whose_path_is_the_hosts(tmp_path):
    root = written(
        tmp_path,
        {
            "proc/self/cgroup": "4:memory:/kubepods/x\n3:cpu,cpuacct:/kubepods/x\n1:name=systemd:/\n",
            "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "50000\n",
            "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
            "sys/fs/cgroup/memory/memory.limit_in_bytes": "300000000\n",
        },
    )
    assert compute.limits.cpus(root) == 1
    assert compute.limits.memory(root) == 300_000_000


def test_without_limits_all_cores_and_memory_are_ours(tmp_path, monkeypatch):
    for name in ("CPU_LIMIT", "MEM_LIMIT"):
        monkeypatch.delenv(name, raising=False)
    root = written(
        tmp_path,
        {
            "proc/self/cgroup": "4:memory:/\n3:cpu:/\n",
            "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
            "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
            "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
        },
    )
    assert compute.limits.cpus(root) == len(os.sched_getaffinity(0))
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert compute.limits.memory(root) == pages


def test_what_the_hub_grants_is_a_limit(monkeypatch):
    monkeypatch.setenv("MEM_LIMIT", "123456789")
    monkeypatch.setenv("CPU_LIMIT", "0.5")
    assert compute.limits.memory() == 123_456_789
    assert compute.limits.cpus() == 1


def test_workers_are_of_this_interpreter_and_stay_off_the_home(local):
    assert [worker.memory for worker in local.workers] == [700_000_000] * 2
    assert compute.current() is local
    where = local.client.run(lambda: sys.executable)
    assert set(where.values()) == {sys.executable}
    folders = local.client.run(lambda dask_worker: dask_worker.local_directory)
    assert all(Path(f).is_relative_to(tempfile.gettempdir()) for f in folders.values())


def test_the_connections_of_workers_are_encrypted_and_on_this_machine_only(local):
    assert all(worker.address.startswith("tls://127.0.0.1:") for worker in local.workers)


def test_what_dask_sets_for_its_workers_is_not_left_in_the_kernel(local):
    assert os.environ.get("PYTHONHASHSEED") != "6640"
    assert set(local.client.run(lambda: os.environ["OMP_NUM_THREADS"]).values()) == {"1"}


def test_parts_come_in_order_from_workers_and_from_threads(local):
    wanted = [2 * i for i in range(500)]
    assert list(compute.each(double, range(500))) == wanted
    with compute.cluster("none", 3):
        assert list(compute.each(double, iter(range(500)))) == wanted
    assert compute.current() is local


def test_a_hundred_thousand_parts_do_not_stall_and_few_are_begun_at_once(local):
    asked = 0

    def parts():
        nonlocal asked
        while asked < 100_000:
            asked += 1
            yield asked

    results = compute.each(double, parts(), most_at_once=5000)
    ahead = max(asked - number for number, _ in enumerate(results))
    assert asked == 100_000
    assert ahead <= 5001


def test_parts_that_look_like_tasks_of_dask_are_left_alone(local):
    assert list(compute.each(type, [(len, "abc"), {"a": (len, "b")}])) == [tuple, dict]


def test_what_a_function_raises_says_in_which_part(local):
    def bad(x):
        if x == 7:
            raise ValueError("seven")
        return x

    with compute.cluster("none") as here:
        for cluster in (local, here):
            with pytest.raises(ValueError, match="seven") as caught:
                list(compute.each(bad, range(20), cluster=cluster))
            assert caught.value.__notes__ == ["in part 7 of compute.each"]


def test_a_file_system_that_fails_once_is_asked_again(tmp_path, local):
    def once(name):
        mark = tmp_path / name
        if not mark.exists():
            mark.touch()
            raise OSError("stale handle")
        return name

    assert list(compute.each(once, ["a", "b"])) == ["a", "b"]
    with pytest.raises(OSError, match="stale"):
        list(compute.each(once, ["c"], retries=0))


@pytest.mark.parametrize("kind", ["none", "local"])
def test_cancelling_ends_the_work_while_parts_still_run(kind, tmp_path, local):
    go = tmp_path / "go"

    def long(_):
        while not go.exists():
            pass

    with compute.cluster("none", 2) as here:
        cluster = {"local": local, "none": here}[kind]
        asked = iter([False, False, True])
        with pytest.raises(Cancelled):
            list(compute.each(long, range(10), cluster=cluster, cancelled=lambda: next(asked)))
        go.touch()
        assert list(compute.each(double, [1], cluster=cluster)) == [2]


def test_progress_is_told_up_to_the_whole(local):
    told = []
    list(compute.each(double, range(50), progress=told.append))
    assert told[-1] == 1
    assert told == sorted(told)


def test_work_within_a_task_does_not_wait_for_its_own_cluster():
    with compute.cluster("threads", 1, threads_per_worker=1, dashboard=False) as cluster:
        assert cluster.threads == 1
        nested = compute.each(lambda x: sum(compute.each(double, range(x))), [3, 4])
        assert list(nested) == [6, 12]


def test_a_client_or_cluster_of_other_code_is_taken_and_stays_open():
    from distributed import Client, LocalCluster

    with (
        LocalCluster(n_workers=1, processes=False, dashboard_address="127.0.0.1:0") as made,
        Client(made) as client,
    ):
        for given in (client, made):
            with compute.cluster(given) as taken:
                assert list(compute.each(double, [1, 2])) == [2, 4]
                assert len(taken.workers) == 1
        assert client.submit(double, 4).result() == 8
        with compute.cluster(made.scheduler_address) as found:
            assert found.client is not client
            assert len(found.workers) == 1
            with pytest.raises(BadRequest, match="not ours to start"):
                found.scale(2)
        assert client.submit(double, 5).result() == 10


def test_workers_come_and_go(local):
    local.scale(3)
    assert len(local.workers) == 3
    local.scale(2)
    assert len(local.workers) == 2


def test_closing_twice_and_in_any_order_is_harmless():
    first, second = compute.cluster("none"), compute.cluster("none")
    assert compute.current() is second
    first.close()
    first.close()
    assert compute.current() is second
    second.close()
    with pytest.raises(BadRequest, match="closed"):
        compute.each(double, [1], cluster=second)
    assert "closed" in repr(second) + second._repr_html_()


def test_unknown_kinds_and_bad_numbers_are_told():
    with pytest.raises(BadRequest, match="did you mean 'local'"):
        compute.cluster("locl")
    with pytest.raises(BadRequest, match="whole number"):
        compute.cluster("local", 1.5)
    with pytest.raises(BadRequest, match="no number of bytes"):
        compute.cluster("local", 1, memory="much")
    with pytest.raises(BadRequest, match="option that it does not have"):
        compute.cluster("threads", 1, wrokers=3)
    with pytest.raises(MissingPackage, match="Gateway"):
        compute.cluster("kubernetes")
    with pytest.raises(BadRequest, match="no cluster"):
        compute.cluster(3)


def test_an_address_where_nobody_listens_is_told():
    before = threading.enumerate()
    with pytest.raises(ServiceFailed, match=r"127\.0\.0\.1:9"):
        compute.cluster("tcp://127.0.0.1:9", timeout=1)
    assert [one for one in threading.enumerate() if one not in before and "loop" in one.name] == []
    assert all(one.kind == "local" for one in [compute.current()] if one)


def test_dashboards_are_behind_the_hubs_prefix(monkeypatch):
    monkeypatch.setenv("JUPYTERHUB_SERVICE_PREFIX", "/user/ada/")
    assert dashboard_link("127.0.0.1", 41234) == "/user/ada/proxy/41234/status"
    link = "https://hub/{JUPYTERHUB_SERVICE_PREFIX}/proxy/{port}/graphs"
    with dask.config.set({"distributed.dashboard.link": link}):
        assert dashboard_link("127.0.0.1", 5) == "https://hub/user/ada/proxy/5/graphs"


def test_no_token_gets_into_a_link(monkeypatch):
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "s3cret")
    monkeypatch.delenv("JUPYTERHUB_SERVICE_PREFIX", raising=False)
    with dask.config.set({"distributed.dashboard.link": "http://{host}/{JUPYTERHUB_API_TOKEN}"}):
        assert "s3cret" not in dashboard_link("127.0.0.1", 5)
    assert safe_link("https://ada:s3cret@hub/x?token=s3cret") == "https://hub/x"
    assert safe_link("javascript:alert(1)") is None


def test_a_cluster_shows_itself_with_its_dashboard(local):
    shown = local._repr_html_()
    assert f'href="{local.dashboard}"' in shown
    with urllib.request.urlopen(local.dashboard, timeout=30) as page:
        assert b"Dask" in page.read()
    with Cluster("<script>", None) as hostile:
        assert "&lt;script&gt;" in hostile._repr_html_()
