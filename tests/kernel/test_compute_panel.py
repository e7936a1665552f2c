"""What the panel is told over its comm, of whom, and that a script offers none."""

import subprocess
import sys
from types import SimpleNamespace

import pytest
from astrodata_kernel import compute, panel_target, running_cell
from astrodata_kernel.compute import clusters
from astrodata_kernel.widgets.compute import ComputeAnswers


class Comm:
    """A comm as ipykernel makes it, with its notes of who published last."""

    def __init__(self):
        self.sent = []
        self._reply_subshell_id = "cell"
        self._reply_subshell_ids = {}

    def on_msg(self, callback):
        self.hear = callback

    def send(self, data, buffers=()):
        self.sent.append(data)
        self._reply_subshell_id = "cell"
        self._reply_subshell_ids[data["id"]] = "cell"

    def ask(self, kind, ident="1"):
        self.hear({"content": {"data": {"id": ident, "kind": kind, "msg": {}}}})
        return self.sent[-1]


class Shell:
    """An IPython shell in a kernel, which keeps what the kernel says of itself."""

    def __init__(self):
        self.said, self.hooks, self.cell = [], {}, {}
        self.kernel = SimpleNamespace(
            get_parent=lambda channel: self.cell, session=self, iopub_socket=None
        )
        self.events = SimpleNamespace(register=self.hooks.__setitem__)

    def send(self, socket, kind, content, parent, ident):
        self.said.append((content["execution_state"], parent["header"]["msg_id"]))

    def begins(self, ident, silent=False):
        header = {"msg_type": "execute_request", "msg_id": ident}
        self.cell = {"header": header, "content": {"silent": silent}}
        if "pre_run_cell" in self.hooks and not silent:
            self.hooks["pre_run_cell"](None)

    def ends(self):
        self.hooks["post_run_cell"](None)


@pytest.fixture
def shell(monkeypatch):
    monkeypatch.setattr(running_cell, "_kernel", None)
    monkeypatch.setattr(running_cell, "_running", None)
    return Shell()


@pytest.fixture
def comm():
    comm = Comm()
    ComputeAnswers(comm)
    return comm


def test_usage_tells_memory_cores_and_why_there_is_no_gpu(comm):
    first = comm.ask("usage")["meta"]
    assert 0 < first["memory"]["own"] < first["memory"]["total"]
    assert first["cpu"]["busy"] is None
    assert first["devices"] or first["no_devices"]
    second = comm.ask("usage", "2")["meta"]
    assert second["cpu"]["busy"] >= 0


def test_the_disk_is_that_of_the_workspace_of_the_kernel(comm, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    told = comm.ask("disk")["meta"]
    assert told["total"] >= told["used"] > 0


def test_each_question_is_answered_in_words_when_it_cannot_be_and_the_browser_names_the_thread(
    comm,
):
    told = comm.ask("start")
    assert told["ok"] is False
    assert told["error"]["code"] == "unknown-name"
    assert "_reply_subshell_id" not in vars(comm)
    assert comm._reply_subshell_ids == {}


def test_clusters_are_told_with_the_newest_first_and_what_a_page_must_not_hold_left_out(comm):
    with compute.cluster("none", 3), compute.cluster("none", 2) as newest:
        newest.kind = "none\u202e\n<b>"
        told = comm.ask("clusters")["meta"]
    assert told["count"] == 2
    assert [one["threads"] for one in told["clusters"]] == [2, 3]
    assert told["clusters"][0]["kind"] == "none  <b>"
    assert not told["clusters"][0]["scales"]
    assert comm.ask("clusters", "2")["meta"] == {"clusters": [], "count": 0}


def test_workers_are_told_with_their_memory_and_are_counted_when_they_are_too_many(
    comm, monkeypatch
):
    workers = [clusters.Worker(str(n), f"tcp://{n}", 2, 10**9, 10**8) for n in range(100)]
    monkeypatch.setattr(clusters.Cluster, "workers", workers)
    client, made = SimpleNamespace(), SimpleNamespace(scale=None)
    with clusters.Cluster(
        "local", client, made=made, dashboard="javascript:alert(1)", own=False
    ) as open_one:
        assert open_one.scales
        (told,) = comm.ask("clusters")["meta"]["clusters"]
    assert (told["count"], len(told["workers"]), told["threads"]) == (100, 64, 200)
    assert (told["memory"], told["used"]) == (100 * 10**9, 100 * 10**8)
    assert told["dashboard"] is None
    assert not open_one.scales


def test_a_kernel_offers_the_comm_and_a_script_offers_none(monkeypatch, shell):
    targets = {}
    manager = SimpleNamespace(register_target=targets.__setitem__)
    monkeypatch.setattr("comm.get_comm_manager", lambda: manager)
    panel_target.offer()
    assert targets == {}
    monkeypatch.setattr(panel_target, "in_notebook", lambda: True)
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    panel_target.offer()
    comm = Comm()
    targets["astrodata_lab.compute"](comm, {})
    assert comm.ask("usage")["ok"]


def test_a_kernel_whose_cell_runs_says_so_again_after_each_answer(comm, shell):
    running_cell.watch(shell)
    comm.ask("usage")
    assert shell.said == []
    shell.begins("a")
    comm.ask("usage", "2")
    assert shell.said == [("busy", "a")]
    shell.ends()
    comm.ask("usage", "3")
    assert shell.said == [("busy", "a")]


def test_a_cell_that_ends_at_that_very_moment_leaves_no_busy_kernel(shell):
    running_cell.watch(shell)
    shell.begins("a")
    send = shell.send
    shell.kernel.session = SimpleNamespace(send=lambda *a, **k: (shell.ends(), send(*a, **k)))
    running_cell.say_busy()
    assert shell.said == [("busy", "a"), ("idle", "a")]


@pytest.mark.parametrize(("silent", "said"), [(False, [("busy", "loads")]), (True, [])])
def test_the_cell_that_loads_the_toolkit_counts_and_what_runs_silently_does_not(
    shell, silent, said
):
    shell.begins("loads", silent)
    running_cell.watch(shell)
    running_cell.say_busy()
    assert shell.said == said


def test_to_offer_it_loads_nothing_before_the_panel_asks():
    code = """
import sys
from types import SimpleNamespace
kernel = SimpleNamespace(get_parent=lambda channel: {})
shell = SimpleNamespace(kernel=kernel, events=SimpleNamespace(register=lambda *given: None))
sys.modules["IPython"] = SimpleNamespace(get_ipython=lambda: shell)
import astrodata_kernel, comm
assert "astrodata_lab.compute" in comm.get_comm_manager().targets
assert not {"numpy", "anywidget", "dask"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], check=True)
