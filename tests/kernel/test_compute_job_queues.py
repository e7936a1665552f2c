"""Workers that are jobs of a batch system: run by the shell, and what others would be given.

There is no Slurm and no HTCondor here, so of those the script that would be submitted is looked at, and
programs of their names refuse, lose and hold jobs.
"""

import os
import sys

import pytest
from astrodata_kernel import compute
from astrodata_kernel.compute import queued_jobs
from astrodata_kernel.errors import BadRequest, ServiceFailed
from distributed import Security


@pytest.fixture(autouse=True)
def shared(tmp_path, monkeypatch):
    """Give the home, where jobs find their certificates."""
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def slurm(tmp_path, monkeypatch):
    """Give what puts programs of Slurm in front of all others."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")

    def put(**programs):
        for name, text in programs.items():
            (folder / name).write_text(f"#!/bin/sh\n{text}\n")
            (folder / name).chmod(0o755)

    return put


def opened(**options):
    return compute.cluster("jobqueue:slurm", memory="1 GB", dashboard=False, **options)


def test_workers_that_are_jobs_of_the_shell_do_the_work_and_nobody_else_gets_in(shared):
    with compute.cluster("jobqueue:local", 1, memory="500 MB", dashboard=False) as cluster:
        address = cluster.client.scheduler.address
        assert address.startswith("tls://")
        (folder,) = shared.glob(".astrodata-cluster-*")
        assert folder.stat().st_mode & 0o777 == 0o700
        assert str(folder / "key.pem") in cluster.made.job_script()
        with pytest.raises(ServiceFailed, match="no Dask scheduler answered"):
            compute.cluster(address, security=Security.temporary(), timeout=0.5)
        assert list(compute.each(abs, range(-20, 0))) == list(range(20, 0, -1))
        (worker,) = cluster.workers
        # Its limit travels as text, in MiB of two digits.
        assert worker.memory == pytest.approx(500e6, rel=1e-3)
        assert set(cluster.client.run(lambda: sys.executable).values()) == {sys.executable}
        jobs = [job.process for job in cluster.made.workers.values()]
    assert not folder.exists()
    # dask-jobqueue kills its local jobs without waiting for them.
    assert [job.proc.wait(30) for job in jobs] == [-9]
    for job in jobs:
        job.stdout.close()
        job.stderr.close()


def test_slurm_is_asked_for_cores_memory_and_this_interpreter():
    options = {"queue": "gpu", "walltime": "02:00:00", "job_extra_directives": ["--gres=gpu:1"]}
    with compute.cluster(
        "jobqueue:slurm", memory="4 GB", threads_per_worker=3, dashboard=False, **options
    ) as cluster:
        script = cluster.made.job_script()
    for line in (
        "#SBATCH -p gpu",
        "#SBATCH --cpus-per-task=3",
        "#SBATCH --mem=4G",
        "#SBATCH -t 02:00:00",
        "#SBATCH --gres=gpu:1",
    ):
        assert line in script
    assert f"{sys.executable} -m distributed.cli.dask_worker" in script
    assert "--nthreads 3" in script


def test_htcondor_is_asked_for_its_disk_too():
    with compute.cluster(
        "jobqueue:htcondor", memory="2 GB", disk="1 GB", dashboard=False
    ) as cluster:
        script = cluster.made.job_script()
    assert "MY.DaskWorkerMemory = 2000000000" in script
    assert "MY.DaskWorkerDisk = 1000000000" in script
    assert sys.executable in script


def test_a_batch_system_that_is_not_here_is_told():
    with pytest.raises(ServiceFailed, match="sbatch"):
        compute.cluster("jobqueue:slurm", 1, memory="1 GB", dashboard=False)


def test_unknown_systems_and_missing_memory_are_told():
    with pytest.raises(BadRequest, match="did you mean 'slurm'"):
        compute.cluster("jobqueue:slrum", memory="1 GB")
    with pytest.raises(BadRequest, match="needs its memory said"):
        compute.cluster("jobqueue:slurm")
    with pytest.raises(BadRequest, match="htcondor does not take this"):
        compute.cluster("jobqueue:htcondor", memory="1 GB", dashboard=False)
    assert compute.current() is None


def test_a_cluster_without_certificates_is_asked_for_in_words():
    with opened(security=False) as cluster:
        assert cluster.client.scheduler.address.startswith("tcp://")
        assert "--tls" not in cluster.made.job_script()
    with pytest.raises(BadRequest, match="without spaces"):
        opened(shared_temp_directory="/tmp/two words")


def test_jobs_that_the_batch_system_refuses_end_the_cluster_in_its_own_words(slurm, shared):
    refuse = "echo 'sbatch: error: Invalid partition name specified' >&2; exit 1"
    slurm(sbatch=refuse, scancel="")
    with pytest.raises(ServiceFailed, match="refused 2 of 2 jobs: sbatch: error: Invalid part"):
        opened(workers=2)
    assert compute.current() is None
    assert list(shared.glob(".astrodata-cluster-*")) == []
    slurm(sbatch="echo Submitted batch job 7")
    with opened(workers=1) as cluster:
        slurm(sbatch=refuse)
        with pytest.raises(ServiceFailed, match="refused 1 of 2 jobs"):
            cluster.scale(2)
        assert len(cluster.made.plan) == 1


def test_work_whose_jobs_have_ended_is_not_waited_for(slurm, monkeypatch):
    monkeypatch.setattr(queued_jobs, "_QUIET", 0)
    ended = 'echo "7 FAILED NonZeroExitCode"'
    slurm(sbatch="echo Submitted batch job 7", scancel="", squeue=ended)
    with opened(workers=1) as cluster:
        with pytest.raises(ServiceFailed, match=r"have ended \(7 FAILED: NonZeroExitCode\)"):
            list(compute.each(abs, [-1]))
        # A job that waits for room, and a batch system that does not answer, are waited for.
        for answer in ('echo "7 PENDING Priority"', "echo 'Unable to contact' >&2; exit 1"):
            slurm(squeue=answer)
            cluster.jobs.check()
        slurm(squeue="echo 'slurm_load_jobs error: Invalid job id specified' >&2; exit 1")
        with pytest.raises(ServiceFailed, match="7 is not listed any more"):
            cluster.jobs.check()
        cluster.scale(0)
        with pytest.raises(ServiceFailed, match="no job of slurm is asked for"):
            cluster.jobs.check()


def test_a_job_that_htcondor_holds_is_told_with_its_reason(slurm):
    slurm(
        condor_q='[ "$1" = 12 ] && echo "12 5 cannot read the environment"; echo "13 1 undefined"'
    )
    assert queued_jobs._ended("htcondor", ["12.0", "13.0"]) == [
        "12 held: cannot read the environment"
    ]


def test_an_interrupt_while_jobs_are_submitted_ends_them(slurm, shared, tmp_path):
    told = tmp_path / "cancelled"
    slurm(
        # The interrupt comes while the job is on its way; it is there nevertheless.
        sbatch="kill -INT $PPID; sleep 0.3; echo Submitted batch job 8",
        scancel=f'echo "$@" > {told}',
    )
    with pytest.raises(KeyboardInterrupt):
        opened(workers=1)
    assert told.read_text() == "8\n"
    assert compute.current() is None
    assert list(shared.glob(".astrodata-cluster-*")) == []
