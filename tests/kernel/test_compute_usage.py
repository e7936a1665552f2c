"""Memory, cores and disk as they are taken, of the container and not of the machine it runs on."""

import os

import pytest
from astrodata_kernel import compute
from astrodata_kernel.compute import resources
from astrodata_kernel.errors import UnreadableFile

PAGE = os.sysconf("SC_PAGE_SIZE")


@pytest.fixture(autouse=True)
def nothing_granted(monkeypatch):
    for name in ("CPU_LIMIT", "MEM_LIMIT"):
        monkeypatch.delenv(name, raising=False)


def written(root, files):
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_version_2_tells_of_the_group_whose_limit_binds_without_cache_that_is_given_back(tmp_path):
    root = written(
        tmp_path,
        {
            "proc/self/cgroup": "0::/pod/lab\n",
            "proc/self/statm": "9000 250 30 1 0 800 0\n",
            "sys/fs/cgroup/pod/lab/memory.max": "max\n",
            "sys/fs/cgroup/pod/lab/memory.current": "11\n",
            "sys/fs/cgroup/pod/memory.max": "500000000\n",
            "sys/fs/cgroup/pod/memory.current": "300000000\n",
            "sys/fs/cgroup/pod/memory.stat": "anon 7\ninactive_file 100000000\nactive_file 5\n",
            "sys/fs/cgroup/pod/lab/cpu.max": "max 100000\n",
            "sys/fs/cgroup/pod/lab/cpu.stat": "usage_usec 1\n",
            "sys/fs/cgroup/pod/cpu.max": "50000 100000\n",
            "sys/fs/cgroup/pod/cpu.stat": "usage_usec 2500000\nuser_usec 2000000\n",
        },
    )
    found = resources.memory(root)
    assert (found.total, found.used) == (500_000_000, 200_000_000)
    assert (found.own, found.scope) == (250 * PAGE, "container")
    cpu = resources.cpu(root)
    assert (cpu.total, cpu.seconds) == (0.5, 2.5)


def test_version_1_in_a_container_whose_path_is_the_hosts(tmp_path):
    root = written(
        tmp_path,
        {
            "proc/self/cgroup": "4:memory:/kubepods/x\n3:cpu,cpuacct:/kubepods/x\n",
            "sys/fs/cgroup/memory/memory.limit_in_bytes": "300000000\n",
            "sys/fs/cgroup/memory/memory.usage_in_bytes": "250000000\n",
            "sys/fs/cgroup/memory/memory.stat": "inactive_file 1\ntotal_inactive_file 50000000\n",
            "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "50000\n",
            "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
            "sys/fs/cgroup/cpu,cpuacct/cpuacct.usage": "7500000000\n",
        },
    )
    found = resources.memory(root)
    assert (found.total, found.used, found.scope) == (300_000_000, 200_000_000, "container")
    cpu = resources.cpu(root)
    assert (cpu.total, cpu.seconds) == (0.5, 7.5)


def test_without_limits_the_numbers_are_the_machines_and_say_so(tmp_path):
    ticks = os.sysconf("SC_CLK_TCK")
    root = written(
        tmp_path,
        {
            "proc/self/cgroup": "4:memory:/\n3:cpu:/\n",
            "proc/meminfo": "MemTotal:  4000 kB\nMemFree: 1 kB\nMemAvailable:   1000 kB\n",
            "proc/stat": f"cpu  {ticks} 0 {ticks} 99999 55555 0 {ticks} 0 0 0\ncpu0 1 2 3\n",
            "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
            "sys/fs/cgroup/memory/memory.usage_in_bytes": "77\n",
        },
    )
    found = resources.memory(root)
    assert (found.used, found.scope) == (3000 * 1024, "machine")
    assert found.total == os.sysconf("SC_PHYS_PAGES") * PAGE
    # Idle time and waiting for disks are no work.
    assert resources.cpu(root).seconds == 3
    assert resources.cpu(root).total == len(os.sched_getaffinity(0))


@pytest.mark.parametrize(
    "nonsense", ["", "max", "-5", "nan", "1e400", "12 34", "9" * 5000, "\x00\xff", "ten"]
)
def test_nonsense_in_the_files_is_no_number_and_no_failure(tmp_path, nonsense):
    root = written(
        tmp_path,
        {
            "proc/self/cgroup": "0::/\n",
            "proc/self/statm": f"1 {nonsense}\n",
            "proc/meminfo": f"MemTotal: {nonsense}\nMemAvailable\n",
            "proc/stat": f"cpu {nonsense}\n",
            "sys/fs/cgroup/memory.max": "1000\n",
            "sys/fs/cgroup/memory.current": nonsense,
            "sys/fs/cgroup/memory.stat": f"inactive_file {nonsense}\n",
            "sys/fs/cgroup/cpu.max": f"{nonsense} 100000\n",
            "sys/fs/cgroup/cpu.stat": f"usage_usec {nonsense}\n",
        },
    )
    found, cpu = resources.memory(root), resources.cpu(root)
    assert (found.total, found.used) == (1000, None)
    assert found.own in (None, 12 * PAGE)
    assert cpu.total == len(os.sched_getaffinity(0))


def test_bytes_that_are_no_text_are_no_number(tmp_path):
    root = written(tmp_path, {"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "1000\n"})
    (root / "sys/fs/cgroup/memory.current").write_bytes(b"\xff\xfe\x00")
    assert resources.memory(root).used is None


def test_more_cache_than_memory_is_nothing_taken_and_more_taken_than_there_is_is_all(tmp_path):
    files = {
        "proc/self/cgroup": "0::/\n",
        "sys/fs/cgroup/memory.max": "1000\n",
        "sys/fs/cgroup/memory.current": "900\n",
        "sys/fs/cgroup/memory.stat": "inactive_file 950\n",
    }
    assert resources.memory(written(tmp_path, files)).used == 0
    files |= {"sys/fs/cgroup/memory.current": "5000\n"}
    assert resources.memory(written(tmp_path, files)).used == 1000


def test_cores_that_worked_are_told_between_two_looks():
    earlier = resources.Cpu(total=4, seconds=10, when=100)
    later = resources.Cpu(total=4, seconds=15, when=102)
    assert later.busy(earlier) == 2.5
    assert earlier.busy(earlier) is None
    assert earlier.busy(later) is None
    # A container that began anew counts from nothing.
    assert resources.Cpu(4, 1, 104).busy(later) == 0
    assert resources.Cpu(4, None, 104).busy(later) is None


def test_work_is_seen_in_the_numbers_of_this_very_machine():
    before = resources.cpu()
    while (after := resources.cpu()).seconds - before.seconds < 0.05:
        sum(range(20_000))
    assert after.busy(before) > 0


def test_usage_is_of_the_workspace_that_is_asked_for(tmp_path):
    found = compute.usage(tmp_path)
    assert found.disk.total >= found.disk.used > 0
    assert 0 <= found.disk.free <= found.disk.total
    assert 0 < found.memory.own < found.memory.total
    with pytest.raises(UnreadableFile, match=r"gone does not tell how full it is"):
        compute.usage(tmp_path / "gone")
