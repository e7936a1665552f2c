"""Workers that are jobs of a batch system: run by the shell, and what others would be given.

There is no Slurm and no HTCondor here, so of those the script that would be submitted is looked at.
"""

import sys

import pytest
from astrodata_kernel import compute
from astrodata_kernel.errors import BadRequest, ServiceFailed


def test_workers_that_are_jobs_of_the_shell_do_the_work():
    with compute.cluster("jobqueue:local", 1, memory="500 MB", dashboard=False) as cluster:
        assert list(compute.each(abs, range(-20, 0))) == list(range(20, 0, -1))
        (worker,) = cluster.workers
        # Its limit travels as text, in MiB of two digits.
        assert worker.memory == pytest.approx(500e6, rel=1e-3)
        assert set(cluster.client.run(lambda: sys.executable).values()) == {sys.executable}
        jobs = [job.process for job in cluster.made.workers.values()]
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
