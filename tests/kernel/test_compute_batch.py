"""Batch jobs of the platform, against a server that speaks its REST and runs the jobs."""

import json
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from astrodata_kernel.compute import BatchClient, Job
from astrodata_kernel.errors import BadRequest, ServiceFailed, UnknownName


class Dispatcher(ThreadingHTTPServer):
    """Keeps jobs by name, runs each one's script in a folder of its own with its sandbox."""

    daemon_threads = True

    def __init__(self, folder):
        super().__init__(("127.0.0.1", 0), Handler)
        self.folder, self.listed, self.printed = folder, {}, {}

    def run(self, job):
        folder = self.folder / job["name"]
        folder.mkdir()
        for name, text in job["sandbox"].items():
            (folder / name).write_text(text)
        (folder / "script").write_text(job["script"])
        done = subprocess.run(
            ["/bin/sh", "script"], cwd=folder, capture_output=True, text=True, timeout=60
        )
        ended = {"succeeded": int(done.returncode == 0), "failed": int(done.returncode != 0)}
        kept = {key: job[key] for key in ("name", "queue", "priority")}
        self.listed[job["name"]] = {**kept, "total": 1, **ended}
        self.printed[job["name"]] = done.stdout + done.stderr


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def answer(self, status, content, **headers):
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        for name, value in {"Content-Length": len(body), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def serve(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        method, resource, jobs = (
            self.command,
            self.path.removeprefix("/api/v1/"),
            self.server.listed,
        )
        if self.path.startswith("/moved/"):
            self.answer(302, {}, Location=f"http://127.0.0.1:{self.server.server_port}/api/v1/jobs")
        elif self.path.startswith("/page/"):
            self.answer(200, b"<html>Sign in</html>")
        elif (method, resource) == ("GET", "clusterqueues"):
            self.answer(200, [{"name": "gpu", "pending": 0}, {"name": "short", "pending": 2}])
        elif (method, resource) == ("POST", "jobs"):
            if body["queue"] not in ("gpu", "short"):
                self.answer(422, {"detail": f"queue {body['queue']} does not exist"})
            elif body["name"] in jobs:
                self.answer(409, {"detail": "name taken"})
            else:
                self.server.run(body)
                self.answer(200, [body["name"]])
        elif (method, resource) == ("GET", "jobs"):
            rows = [job for job in jobs.values() if body.items() <= job.items()]
            self.answer(200, rows)
        elif (method, resource) == ("GET", "logs") and body["name"] in jobs:
            self.answer(200, {body["name"] + "-0": self.server.printed[body["name"]]})
        elif (method, resource) == ("DELETE", "jobs") and body["name"] in jobs:
            del jobs[body["name"]]
            self.answer(200, {})
        else:
            self.answer(404, {"detail": "unknown"})

    do_GET = do_POST = do_DELETE = serve  # noqa: N815


@pytest.fixture
def server(tmp_path):
    with Dispatcher(tmp_path) as found:
        thread = threading.Thread(target=found.serve_forever)
        thread.start()
        yield found
        found.shutdown()
        thread.join()


@pytest.fixture
def client(server):
    return BatchClient(f"http://127.0.0.1:{server.server_port}/api/v1")


def test_a_job_is_sent_run_read_and_forgotten(client):
    assert [queue["name"] for queue in client.queues()] == ["gpu", "short"]
    job = Job("count", "wc -l < data.txt", queue="short", sandbox={"data.txt": "a\nb\n"})
    assert client.submit(job) == "count"
    assert client.state("count") == "finished"
    assert client.logs("count") == {"count-0": "2\n"}
    assert client.jobs(queue="gpu") == []
    assert [row["name"] for row in client.jobs(queue="short")] == ["count"]
    client.kill("count")
    assert client.jobs() == []
    with pytest.raises(UnknownName, match="count"):
        client.state("count")


def test_a_job_that_fails_says_so(client):
    client.submit(Job("broken", "echo no such file >&2; exit 3", queue="gpu"))
    assert client.state("broken") == "failed"
    assert client.logs("broken") == {"broken-0": "no such file\n"}


def test_a_pipelines_job_gives_its_file_and_parameters_to_the_command(client, server, tmp_path):
    program = tmp_path / "show.py"
    program.write_text(
        "import json, sys; print(json.dumps([open(sys.argv[1]).read(), *sys.argv[2:]]))"
    )
    text = 'astrodata: 1\nname: "it\'s $HOME"\n'
    workspace = tmp_path / "my work"
    workspace.mkdir()
    job = Job.for_pipeline(
        text,
        {"seed": 3, "path": "a b'; rm -rf x", "bands": [1, 2], "fast": True},
        command=f"{sys.executable} {program}",
        workspace=str(workspace),
        queue="gpu",
        gpu_memory_request="10Gi",
    )
    client.submit(job)
    (printed,) = client.logs("pipeline").values()
    assert json.loads(printed) == [
        text,
        *("-p", "seed=3", "-p", "path=a b'; rm -rf x", "-p", "bands=[1, 2]", "-p", "fast=true"),
    ]


def test_what_the_server_said_is_told_and_no_password(client, server):
    with pytest.raises(ServiceFailed, match=r"422 .*queue night does not exist"):
        client.submit(Job("a", "true", queue="night"))
    client = BatchClient(f"http://ada:s3cret@127.0.0.1:{server.server_port}/nowhere")
    with pytest.raises(ServiceFailed, match="404") as caught:
        client.jobs()
    assert "s3cret" not in str(caught.value) + repr(client)


def test_a_page_a_redirection_and_silence_are_told(server):
    base = f"http://127.0.0.1:{server.server_port}"
    with pytest.raises(ServiceFailed, match="no JSON: <html>Sign in"):
        BatchClient(f"{base}/page").jobs()
    with pytest.raises(ServiceFailed, match="302"):
        BatchClient(f"{base}/moved").jobs()
    with pytest.raises(ServiceFailed, match=r"did not answer .*VKD_API_URL"):
        BatchClient("http://127.0.0.1:9/api/v1").jobs()
    with pytest.raises(BadRequest, match="address"):
        BatchClient("file:///etc")


def test_the_address_is_the_platforms_own_by_default(monkeypatch):
    monkeypatch.setenv("VKD_API_URL", "http://dispatcher:8000/api/v1/")
    assert repr(BatchClient()) == "BatchClient('http://dispatcher:8000/api/v1')"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": "My job"}, "no name of a job"),
        ({"priority": "high"}, "did you mean 'higher'"),
        ({"script": " "}, "without a script"),
        ({"sandbox": {"../x": ""}}, "plain file name"),
        ({"sandbox": {"x": "a" * 1_000_000}}, "put what is larger on a volume"),
        ({"completions": 0}, "above 0"),
    ],
)
def test_jobs_that_the_platform_could_not_take_are_told(fields, said):
    with pytest.raises(BadRequest, match=said):
        Job(**{"name": "a", "script": "true", **fields})


def test_a_parameter_that_is_no_plain_value_is_told():
    with pytest.raises(BadRequest, match="parameter x is of type object"):
        Job.for_pipeline("", {"x": object()})
