"""The Tab key behind ``%astro``, as IPython and a kernel ask."""

import json
import os
from pathlib import Path

import astrodata_kernel as adk
import numpy as np
import pytest
from astrodata_kernel import labels
from astrodata_kernel.catalog import records
from astrodata_kernel.magics import completing, offering, table
from astrodata_kernel.magics.table import COMMANDS
from astrodata_kernel.magics.words import words_of
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

YAML = """\
astrodata: 1
name: sums
parameters: {size: 4, who: Ada}
steps:
  count: {block: 'nowhere:count'}
  total: {block: 'nowhere:total', from: count}
"""


@pytest.fixture(scope="module")
def shell():
    """A shell of its own, not the one that other modules of tests share."""
    ipython = InteractiveShell(config=Config({"HistoryManager": {"enabled": False}}))
    adk.load_ipython_extension(ipython)
    return ipython


@pytest.fixture(autouse=True)
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("traces.npy", "my traces.npy", "a{b} it's.npy"):
        np.save(name, np.eye(3))
    Path("my folder").mkdir()
    np.save("my folder/deep.npy", np.eye(3))
    Path("sums.yaml").write_text(YAML)
    for name in ("traces.npy", "my traces.npy"):
        adk.Catalog().add(name)
    return tmp_path


def completed(shell, text: str, behind: str = "") -> list[str]:
    """Give what the line becomes with each of the texts that are offered, up to the cursor."""
    with provisionalcompleter():
        found = list(shell.Completer.completions(text + behind, len(text)))
    return [text[: one.start] + one.text for one in found]


def last_words(shell, text: str) -> list[str]:
    return [line[text.rfind(" ") + 1 :] for line in completed(shell, text)]


def test_subcommands_are_completed(shell) -> None:
    assert last_words(shell, "%astro lab") == ["label", "labels"]
    first = {name.split()[0] for name in COMMANDS if not COMMANDS[name].is_cell}
    assert set(last_words(shell, "%astro ")) == {*first, "help"}
    assert last_words(shell, "%astro cluster st") == ["start", "status", "stop"]
    assert last_words(shell, "%astro help bu") == ["burnt"]
    assert last_words(shell, "made = %astro bu") == ["burnt"]
    assert last_words(shell, "%%astro pi") == ["pipeline"]
    assert completing.matches("%astro pi")[1] == []
    assert completing.matches("%%astro pi", is_first=False)[1] == []
    assert completing.matches("print('%astro ")[1] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_each_option_of_each_subcommand_is_completed_and_offered_once(shell, name: str) -> None:
    command = COMMANDS[name]
    for option in command.all_options.values():
        if not option.name.startswith("--") or option.name == "--help":
            continue
        line = f"{command.magic} {option.name[:-1]}"
        assert option.name in last_words(shell, line)
        value = " value" if option.shown else ""
        again = option.name in last_words(shell, f"{command.magic} {option.name}{value} --")
        assert again == option.many


def test_names_that_there_are_are_completed(shell, workspace: Path) -> None:
    models = workspace / "astrodata" / "models"
    models.mkdir()
    (models / "first.keras").touch()
    labels.session("my session", classes=["a", "b"])
    run = adk.runs.RunFolder.create(workspace, "cardio").path.name
    assert last_words(shell, "%astro explore x --encoder f") == ["first"]
    assert completed(shell, "%astro explore x --encoder=f")[0].endswith(" --encoder=first")
    assert completed(shell, "%astro label x --session m") == [
        '%astro label x --session "my session"'
    ]
    assert last_words(shell, "%astro explore x --method u") == ["umap"]
    assert last_words(shell, "%astro label x --queue un") == ["uncertainty"]
    assert last_words(shell, "%astro train daidream x --preset q") == ["quick"]
    assert last_words(shell, "%astro train daidream x --engine j") == ["jax"]
    assert "NBR" in last_words(shell, "%astro index traces NB")
    assert last_words(shell, "%astro cancel 2") == [run]
    assert last_words(shell, "%astro cluster start --kind th") == ["threads"]
    assert "%astro view traces" in completed(shell, "%astro view t")


def test_paths_and_names_are_written_so_that_they_are_read_back(shell) -> None:
    assert completed(shell, "%astro view my") == [
        '%astro view "my traces"',
        '%astro view "my folder/',
        '%astro view "my traces.npy"',
    ]
    assert completed(shell, '%astro view "my tr') == [
        '%astro view "my traces"',
        '%astro view "my traces.npy"',
    ]
    assert completed(shell, "%astro view 'my fo") == ["%astro view 'my folder/"]
    assert completed(shell, '%astro view "my folder/d') == ['%astro view "my folder/deep.npy"']
    [line] = completed(shell, "%astro view a")[-1:]
    assert words_of(line, {"b": 1})[-1] == "a{b} it's.npy"


def test_a_quotation_mark_that_the_editor_has_closed_is_not_doubled(shell) -> None:
    assert completed(shell, '%astro view "my traces.', '"') == ['%astro view "my traces.npy']


def test_files_are_offered_by_what_a_subcommand_takes(shell) -> None:
    assert completed(shell, "%astro run ")[:2] == [
        "%astro run astrodata/",
        '%astro run "my folder/',
    ]
    assert "%astro run sums.yaml" in completed(shell, "%astro run s")
    assert not any("npy" in line for line in completed(shell, "%astro run "))


def test_steps_and_parameters_come_from_the_file_and_from_the_cell(shell) -> None:
    assert last_words(shell, "%astro run sums.yaml --upto ") == ["count", "total"]
    assert last_words(shell, "%astro run sums.yaml -p s") == ["size="]
    assert completed(shell, "%%astro pipeline --fresh t", f"\n{YAML}") == [
        "%%astro pipeline --fresh total"
    ]
    assert completing.matches("%astro run nowhere.yaml --upto ")[1] == []


def test_a_pipe_in_the_place_of_a_pipeline_holds_nobody(workspace: Path) -> None:
    os.mkfifo(workspace / "pipe.yaml")
    assert completing.matches("%astro run pipe.yaml --upto ")[1] == []


def test_of_thousands_of_data_sets_only_those_that_may_fit_are_opened(
    workspace, monkeypatch
) -> None:
    folder = adk.Catalog().folder
    for number in range(1000):
        name = f"event {number}"
        records.file_of(folder, name).write_text(json.dumps({"name": name}))
    real, opened = records.read, []
    monkeypatch.setattr(records, "read", lambda path: opened.append(path) or real(path))
    assert completing.matches('%astro view "event 77')[1] == [
        '"event 77"',
        *(f'"event 77{digit}"' for digit in range(10)),
    ]
    assert len(opened) == 11
    assert len(completing.matches("%astro view ev")[1]) == offering.MOST


def test_what_is_broken_does_not_end_the_tab_key(shell, workspace: Path) -> None:
    bad = workspace / "astrodata" / "labels" / "bad"
    bad.mkdir(parents=True)
    (bad / "session.json").write_text("{")
    assert last_words(shell, "%astro label x --session b") == ["bad"]
    (workspace / "sums.yaml").write_bytes(b"\xff\xfe")
    assert completing.matches("%astro run sums.yaml --upto ")[1] == []


def test_choices_that_are_offered_are_those_that_there_are() -> None:
    from astrodata_kernel.compute import job_queues, starting
    from astrodata_kernel.latent import projections
    from astrodata_kernel.learning import strategies
    from astrodata_kernel.training import multistarts

    assert table.METHODS == projections.METHODS
    assert table.ENGINES == multistarts.ENGINES
    assert set(table.STRATEGIES) == set(strategies.STRATEGIES)
    for kind in table.KINDS:
        name, _, system = kind.partition(":")
        assert name in starting._KINDS
        assert not system or system in job_queues._CLASSES
