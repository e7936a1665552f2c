"""Workers that die: killed, beyond their memory, or because the kernel that started them has ended."""

import os
import signal
import subprocess
import sys
import time

import dask
import numpy as np
import psutil
import pytest
from astrodata_kernel import compute
from astrodata_kernel.compute import local_workers
from astrodata_kernel.errors import OutOfMemory, ServiceFailed

KERNEL = """
import os, signal, sys
from astrodata_kernel import compute
if __name__ == "__main__":
    cluster = compute.cluster("local", 2, memory="500 MB", dashboard=False)
    print(*cluster.client.run(os.getpid).values(), flush=True)
    {end}
"""


def until(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end


@pytest.fixture
def local():
    with compute.cluster("local", 2, memory="600 MB", dashboard=False) as cluster:
        yield cluster


def test_a_worker_that_is_killed_in_its_work_loses_nothing(local, tmp_path):
    def work(number):
        mark = tmp_path / "killed"
        if number == 20 and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return number**2

    assert list(compute.each(work, range(60))) == [n**2 for n in range(60)]
    assert (tmp_path / "killed").exists()


def test_results_that_wait_on_a_killed_worker_are_made_again(local):
    run = compute.each(lambda n: (n, os.getpid()), range(12), most_at_once=6)
    first = next(run)
    os.kill(first[1], signal.SIGKILL)
    assert [n for n, _ in [first, *run]] == list(range(12))


def test_results_that_were_lost_with_their_worker_are_waited_for():
    with compute.cluster("local", 1, memory="600 MB", dashboard=False) as cluster:
        run = compute.each(lambda n: (n, os.getpid()), range(8), most_at_once=8)
        first = next(run)
        states = cluster.client.futures
        until(lambda: {one.status for one in list(states.values())} == {"finished"})
        os.kill(first[1], signal.SIGKILL)
        until(lambda: "lost" in {one.status for one in list(states.values())})
        assert [n for n, _ in run] == list(range(1, 8))


def test_workers_that_dask_has_given_up_are_started_again(local, monkeypatch):
    # On a machine under load a nanny may take longer to start its worker again than Dask waits for it.
    monkeypatch.setattr(local_workers, "_QUIET", 0.2)
    monkeypatch.setattr(local_workers, "_STARTS", 1000)
    names = [one.name for one in local.workers]
    with dask.config.set({"distributed.deploy.lost-worker-timeout": "10 ms"}):
        local.client.retire_workers([one.address for one in local.workers])
        assert list(compute.each(abs, [-1, -2, -3])) == [1, 2, 3]
    local.client.wait_for_workers(len(names))
    assert [one.name for one in local.workers] == names


def test_waiting_for_workers_that_nobody_asked_for_ends(local, monkeypatch):
    monkeypatch.setattr(local_workers, "_QUIET", 0.2)
    local.scale(0)
    with pytest.raises(ServiceFailed, match=r"none is asked for.*scale\(2\)"):
        list(compute.each(abs, [-1]))


def test_waiting_for_workers_that_cannot_be_started_ends(local, monkeypatch):
    monkeypatch.setattr(local_workers, "_QUIET", 0.1)
    monkeypatch.setattr(local.made, "scale", lambda _count: None)
    with dask.config.set({"distributed.deploy.lost-worker-timeout": "10 ms"}):
        local.client.retire_workers([one.address for one in local.workers])
        with pytest.raises(ServiceFailed, match="2 could not be started"):
            list(compute.each(abs, [-1]))


def test_a_part_that_always_ends_its_worker_is_named(local):
    def work(number):
        if number == 3:
            os._exit(1)
        return number

    run = compute.each(work, range(6), retries=1)
    assert [next(run) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(ServiceFailed, match=r"part 3 of compute\.each ended its worker 3 times"):
        next(run)


def test_a_part_beyond_the_memory_limit_says_so_and_leaves_the_kernel_alive(local):
    def work(megabytes):
        held = [np.ones(125_000) for _ in range(megabytes)]
        if megabytes > 600:
            # The nanny looks every tenth of a second; the memory is kept until it has.
            while True:
                held[0] += 1
        return len(held)

    with pytest.raises(OutOfMemory, match=r"part 1 .* memory limit of 600 MB .*smaller parts"):
        list(compute.each(work, [10, 700, 20], retries=1))


def test_dasks_own_error_is_told_where_the_cluster_is_left():
    with (
        pytest.raises(ServiceFailed, match="task 'murder'"),
        compute.cluster("local", 1, memory="500 MB", dashboard=False) as cluster,
    ):
        cluster.client.submit(os._exit, 1, key="murder").result()


def test_results_beyond_the_memory_go_to_the_disk(local):
    # 1.2 GB of results with 1.2 GB of limits, of which six tenths stay in memory.
    futures = local.client.map(lambda n: np.full(5_000_000, float(n)), range(30))
    sums = local.client.map(lambda a: float(a[0]), futures)
    assert local.client.gather(sums) == [float(n) for n in range(30)]
    spilled = local.client.run(lambda dask_worker: len(dask_worker.data.slow))
    assert sum(spilled.values()) > 0
    assert all(worker.used < worker.memory for worker in local.workers)


@pytest.mark.parametrize("end", ["os.kill(os.getpid(), signal.SIGKILL)", "sys.exit()"])
def test_a_kernel_that_ends_leaves_no_worker_behind(tmp_path, end):
    script = tmp_path / "kernel.py"
    script.write_text(KERNEL.format(end=end))
    done = subprocess.run(
        [sys.executable, "-W", "error", script], capture_output=True, text=True, timeout=120
    )
    workers = [int(pid) for pid in done.stdout.split()]
    assert len(workers) == 2, done.stderr
    until(lambda: not any(psutil.pid_exists(pid) for pid in workers))
    if end == "sys.exit()":
        assert not done.stderr


def test_a_script_without_its_guard_is_told_what_to_do(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "from astrodata_kernel import compute\ncompute.cluster('local', 1, dashboard=False)\n"
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=120)
    assert done.returncode
    assert 'if __name__ == "__main__":' in done.stderr
