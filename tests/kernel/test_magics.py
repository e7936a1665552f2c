"""``%astro``: words, help, values, mistakes; and what looks at files and at the catalogue."""

import io
import sys
from contextlib import redirect_stdout
from pathlib import Path

import astrodata_kernel as adk
import numpy as np
import pytest
from astrodata_kernel.magics.table import COMMANDS
from astrodata_kernel.magics.words import quoted, words_of
from astropy.io import fits
from hypothesis import example, given
from hypothesis import strategies as st
from IPython import get_ipython
from IPython.testing.globalipapp import start_ipython

M13 = Path(__file__).parent.parent / "data" / "compressed" / "m13.fits"
HOSTILE = (
    "a {1 + 1}.fits",
    "$HOME it's.fits",
    'say "x".fits',
    "--code",
    "{x}\n'\".fits",
    "{{x}}.fits",
)


@pytest.fixture(scope="module")
def shell():
    ipython = start_ipython() or get_ipython()
    ipython.run_line_magic("load_ext", "astrodata_kernel")
    return ipython


@pytest.fixture(autouse=True)
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m13.fits").write_bytes(M13.read_bytes())
    (tmp_path / "my 'odd' galaxy.fits").write_bytes(M13.read_bytes())
    return tmp_path


def astro(shell, line: str):
    return shell.run_line_magic("astro", line)


def shown(shell, value) -> str:
    return shell.display_formatter.format(value)[0]["text/plain"]


class TestHelp:
    def test_alone_it_lists_all_subcommands(self, shell, capsys) -> None:
        for line in ("", "help", "--help"):
            astro(shell, line)
            out = capsys.readouterr().out
            assert all(command.magic in out for command in COMMANDS.values())
            assert max(map(len, out.splitlines())) < 110

    @pytest.mark.parametrize("name", COMMANDS)
    def test_one_is_told_in_full_with_each_option_once(self, shell, capsys, name: str) -> None:
        astro(shell, f"help {name}")
        out = capsys.readouterr().out
        command = COMMANDS[name]
        assert out.startswith(command.magic)
        told = [
            line.split()[0] for line in out.splitlines() if line.startswith("  ") and line[2] != " "
        ]
        assert sorted(told) == sorted(
            [*command.all_options, *(argument.shown for argument in command.arguments)]
        )
        if not command.is_cell:
            astro(shell, f"{name} --help")
            assert capsys.readouterr().out == out

    def test_a_family_is_told_as_a_whole_and_a_misspelt_one_suggested(self, shell, capsys) -> None:
        astro(shell, "help cluster")
        out = capsys.readouterr().out
        assert "%astro cluster start" in out
        assert "%astro cluster stop" in out
        astro(shell, "help veiw")
        assert "did you mean 'view'?" in capsys.readouterr().out

    def test_its_examples_are_read(self) -> None:
        for command in COMMANDS.values():
            words = words_of(command.example)
            if words:
                assert command.read(words[len(command.name.split()) :])


class TestWords:
    @given(st.text(min_size=1), st.sampled_from(["", '"', "'"]))
    @example('it\'s "{x}" $y', "")
    def test_what_is_quoted_is_read_as_it_was(self, text: str, mark: str) -> None:
        [word] = words_of(quoted(text, mark), {"x": 1, "y": 2, "HOME": 3})
        assert word == text

    def test_variables_are_put_in_as_one_word_each(self) -> None:
        names = {"path": "my 'odd' {galaxy}.fits", "n": 2, "files": {"a": "b c"}}
        line = 'view {path} $path "$path" a-{n + 1} {files["a"]} \'{path}\''
        assert words_of(line, names) == [
            "view",
            *[names["path"]] * 3,
            "a-3",
            "b c",
            "{path}",
        ]

    def test_what_is_no_variable_stays(self) -> None:
        assert words_of("a{b}.fits {1/0} {} $ $9 {open", {}) == [
            *("a{b}.fits", "{1/0}", "{}", "$", "$9", "{open")
        ]

    def test_what_was_quoted_or_put_in_asks_for_nothing(self) -> None:
        assert [word.plain for word in words_of("--code '--code' {x} a'--b'", {"x": "--code"})] == [
            True,
            False,
            False,
            True,
        ]

    @pytest.mark.parametrize("name", HOSTILE)
    def test_a_hostile_name_reaches_the_library_unchanged(
        self, shell, workspace: Path, name: str
    ) -> None:
        (workspace / name).write_bytes(M13.read_bytes())
        shell.user_ns.update(given=name, x="another")
        ways = ["{given}", "$given"]
        if "\n" not in name:
            ways += [quoted(name), quoted(name, "'")]
        for way in ways:
            assert astro(shell, f"view {way}").dataset.name == name
        entry = astro(
            shell, "add {given} --name hostile --tag={given}" if "\n" not in name else "add {given}"
        )
        assert Path(entry.path).name == name

    def test_a_local_variable_of_a_function_is_known(self, shell) -> None:
        shell.run_cell(
            "def opened():\n    local = 'm13.fits'\n    found = %astro view {local}\n    return found\n"
            "found = opened()"
        )
        assert shell.user_ns["found"].dataset.name == "m13.fits"


class TestValues:
    def test_view_gives_the_viewer_of_a_path(self, shell) -> None:
        assert isinstance(astro(shell, "view m13.fits"), adk.FitsViewer)

    @pytest.mark.parametrize(
        "line", ["view \"my 'odd' galaxy.fits\"", "view 'my '\"'odd'\"' galaxy.fits'"]
    )
    def test_names_with_spaces_and_quotes_work(self, shell, line: str) -> None:
        assert astro(shell, line).dataset.name == "my 'odd' galaxy.fits"

    def test_view_takes_an_hdu_by_number_and_by_name(self, shell, workspace: Path) -> None:
        extension = fits.ImageHDU(np.eye(4), name="SCI")
        fits.HDUList([fits.PrimaryHDU(np.eye(3)), extension]).writeto("two.fits")
        assert astro(shell, "view two.fits --hdu 1").hdu == 1
        assert astro(shell, "view two.fits --hdu=sci").hdu == 1
        assert astro(shell, "view two.fits").hdu == 0

    def test_what_is_added_is_listed_and_viewed_by_its_name(self, shell) -> None:
        entry = astro(shell, "add m13.fits --name 'M 13' --tag cluster --tag 'northern sky'")
        assert entry.tags == ("cluster", "northern sky")
        assert "M 13: image, 300 x 300, 184,320 bytes" in shown(shell, entry)
        listed = astro(shell, "ls")
        assert listed == [entry]
        assert "M 13  image  300 x 300  184 kB  ok     cluster, northern sky" in shown(
            shell, listed
        )
        assert ">184 kB</td>" in listed._repr_html_()
        assert isinstance(astro(shell, "view 'M 13'"), adk.FitsViewer)

    def test_an_empty_catalogue_says_how_to_fill_it(self, shell) -> None:
        listed = astro(shell, "ls")
        assert "%astro add PATH" in shown(shell, listed)
        assert "%astro add PATH" in listed._repr_html_()

    def test_info_tells_where_a_data_set_came_from(self, shell) -> None:
        facts = astro(shell, "info m13.fits")
        assert facts["sha256"] == "eb3e208edbe302cae0ea45d17ab618930d85847da3f5e6ffd53d9410ec0a5a45"
        assert "shape   300 x 300" in shown(shell, facts)
        fits.PrimaryHDU(np.eye(3)).writeto("<b>.fits")
        assert "&lt;b&gt;.fits" in astro(shell, "info '<b>.fits'")._repr_html_()

    def test_a_result_is_bound_by_as_and_by_an_assignment(self, shell) -> None:
        shell.run_cell("taken = %astro view m13.fits --as bound")
        assert isinstance(shell.user_ns["bound"], adk.FitsViewer)
        assert shell.user_ns["taken"] is shell.user_ns["bound"]

    def test_what_a_cell_ends_with_is_shown_once_and_an_assignment_shows_nothing(
        self, shell
    ) -> None:
        with redirect_stdout(io.StringIO()) as told:
            shell.run_cell("%astro add m13.fits")
        assert told.getvalue().count("300 x 300") == 1
        with redirect_stdout(io.StringIO()) as told:
            shell.run_cell("%astro ls")
        assert told.getvalue().count("300 x 300") == 1
        with redirect_stdout(io.StringIO()) as told:
            shell.run_cell("found = %astro ls")
        assert told.getvalue() == ""

    def test_status_tells_of_the_session(self, shell, workspace: Path, monkeypatch) -> None:
        monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
        astro(shell, "add m13.fits")
        status = astro(shell, "status")
        assert (status.workspace, status.datasets, status.runs) == (workspace, 1, ())
        assert status.versions["numpy"] == np.__version__
        told = shown(shell, status)
        assert f"sqlite:///{workspace}/astrodata/mlflow.db (nothing is kept yet)" in told
        assert "data sets: 1" in told
        assert " free of " in told
        assert f"{status.usage.cpu.total:g}" in told
        assert (status.devices.note or "taken of") in told
        assert "<table>" in status._repr_html_()
        assert not (workspace / "astrodata" / "mlflow.db").exists()

    def test_status_tells_of_runs_and_of_the_cluster(self, shell, workspace: Path) -> None:
        folder = adk.runs.RunFolder.create(workspace, "cardio")
        with adk.compute.cluster("none", 2):
            told = shown(shell, astro(shell, "status"))
        assert f"{folder.path.name}: 0%" in told
        assert "Cluster none, 2 threads" in told

    def test_status_tells_of_devices_memory_first(self, shell, monkeypatch) -> None:
        from astrodata_kernel.compute import gpus

        found = [
            gpus.Device("NVIDIA H200", "a", 150_754_820_096, 5_204_213_760, None, 0.31, mig=False),
            gpus.Device("NVIDIA H200 MIG 1g.18gb", "b", 18_000_000_000, None, None, None, mig=True),
        ]
        monkeypatch.setattr(gpus, "devices", lambda: gpus.DeviceList(found))
        told = shown(shell, astro(shell, "status"))
        assert "NVIDIA H200: 5.2 GB taken of 151 GB, 31% busy" in told
        assert "NVIDIA H200 MIG 1g.18gb: 18 GB, utilisation not reported on MIG" in told

    def test_status_gives_the_command_for_what_is_not_installed(self, shell, monkeypatch) -> None:
        from astrodata_kernel.tasks import reporting

        real = reporting._version
        gone = {"keras", "zarr"}
        monkeypatch.setattr(
            reporting, "_version", lambda name: None if name in gone else real(name)
        )
        status = astro(shell, "status")
        assert status.missing["train"] == ("keras",)
        assert status.missing["scale"] == ("zarr",)
        this = status.versions["astrodata-lab"]
        command = f'{sys.executable} -m pip install "astrodata-lab[train]=={this}"  # keras'
        assert command in shown(shell, status)
        assert "test" not in status.missing


class TestMistakes:
    @pytest.mark.parametrize(
        ("line", "said"),
        [
            ("veiw m13.fits", "did you mean 'view'?"),
            ("view m13.fits --hud 1", "did you mean '--hdu'?"),
            ("view m13.fits --zzz 1", "there are: --hdu, --as, --code, --help"),
            ("view m13.fits --hdu", "--hdu needs a value behind it: N|NAME"),
            ("view m13.fits --hdu --code", "--hdu needs a value"),
            ("view m13.fits --code=yes", "--code takes no value"),
            ("view my odd galaxy.fits", "what has spaces goes in quotes"),
            ("view", "takes PATH|NAME behind it, 0 came"),
            ("view 'm13.fits", "quotation mark"),
            ("view nowhere.fits", "nowhere.fits does not exist"),
            ("view m13.fits --hdu 7", "has no part 7"),
            ("view m13.fits --as 3x", "give a name that Python takes"),
            ("view m13.fits --as class", "give a name that Python takes"),
            ("ls all", "takes nothing"),
            ("add nowhere.fits", "does not exist"),
            ("cluster", "say which; there are: start, scale, status, stop"),
            ("cluster strat", "did you mean 'start'?"),
            ("cluster scale many", "N is no number"),
            ("cluster scale 2", "no cluster is open"),
            ("cluster start --option queue", "write NAME=VALUE"),
            ("cluster start --kind lokal", "did you mean 'local'?"),
            ("pipeline", "begins a cell, as %%astro pipeline"),
            ("cancel 20260101-000000-x-0000", "there is no run"),
        ],
    )
    def test_a_mistake_gets_one_clear_answer_and_no_traceback(
        self, shell, capsys: pytest.CaptureFixture[str], line: str, said: str
    ) -> None:
        assert astro(shell, line) is None
        out = capsys.readouterr().out
        assert said in out
        assert "Traceback" not in out

    def test_what_failed_binds_nothing(self, shell) -> None:
        shell.user_ns.pop("never", None)
        assert astro(shell, "view nowhere.fits --as never") is None
        assert "never" not in shell.user_ns

    def test_a_name_that_is_nearly_right_is_suggested(self, shell, capsys) -> None:
        astro(shell, "add m13.fits --name hercules")
        astro(shell, "view hercule")
        assert "the catalogue has 'hercules'" in capsys.readouterr().out

    def test_a_second_cluster_is_not_opened_by_doing_a_cell_again(self, shell, capsys) -> None:
        first = astro(shell, "cluster start --kind none --workers 2")
        try:
            assert astro(shell, "cluster start --kind none") is None
            assert "a cluster is open" in capsys.readouterr().out
            assert astro(shell, "cluster status") is first
        finally:
            assert astro(shell, "cluster stop").closed

    def test_loading_the_extension_twice_is_harmless(self, shell) -> None:
        before = len(shell.Completer.custom_matchers)
        shell.run_line_magic("reload_ext", "astrodata_kernel")
        assert len(shell.Completer.custom_matchers) == before
        assert isinstance(astro(shell, "view m13.fits"), adk.FitsViewer)
