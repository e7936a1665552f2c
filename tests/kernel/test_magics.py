from pathlib import Path

import astrodata_kernel as adk
import numpy as np
import pytest
from astropy.io import fits
from IPython import get_ipython
from IPython.testing.globalipapp import start_ipython

M13 = Path(__file__).parent.parent / "data" / "compressed" / "m13.fits"


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


def test_alone_it_prints_help(shell, capsys: pytest.CaptureFixture[str]) -> None:
    astro(shell, "")
    out = capsys.readouterr().out
    assert all(f"%astro {word}" in out for word in ("view", "ls", "add", "info"))


def test_view_gives_the_viewer_of_a_path(shell) -> None:
    assert isinstance(astro(shell, "view m13.fits"), adk.FitsViewer)


@pytest.mark.parametrize(
    "line", ["view \"my 'odd' galaxy.fits\"", "view 'my '\"'odd'\"' galaxy.fits'"]
)
def test_names_with_spaces_and_quotes_work(shell, line: str) -> None:
    assert astro(shell, line).dataset.name == "my 'odd' galaxy.fits"


def test_view_takes_an_hdu_by_number_and_by_name(shell, workspace: Path) -> None:
    extension = fits.ImageHDU(np.eye(4), name="SCI")
    fits.HDUList([fits.PrimaryHDU(np.eye(3)), extension]).writeto("two.fits")
    assert astro(shell, "view two.fits --hdu 1").hdu == 1
    assert astro(shell, "view two.fits --hdu=sci").hdu == 1
    assert astro(shell, "view two.fits").hdu == 0


def test_what_is_added_is_listed_and_viewed_by_its_name(
    shell, capsys: pytest.CaptureFixture[str]
) -> None:
    astro(shell, "add m13.fits --name 'M 13' --tag cluster --tag 'northern sky'")
    assert "M 13: image, 300 x 300, 184 kB" in capsys.readouterr().out
    astro(shell, "ls")
    out = capsys.readouterr().out
    assert "M 13  image  300 x 300  184 kB  ok     cluster, northern sky" in out
    assert isinstance(astro(shell, "view 'M 13'"), adk.FitsViewer)


def test_an_empty_catalogue_says_how_to_fill_it(shell, capsys: pytest.CaptureFixture[str]) -> None:
    astro(shell, "ls")
    assert "%astro add PATH" in capsys.readouterr().out


def test_info_tells_where_a_data_set_came_from(shell, capsys: pytest.CaptureFixture[str]) -> None:
    astro(shell, "info m13.fits")
    out = capsys.readouterr().out
    assert "eb3e208edbe302cae0ea45d17ab618930d85847da3f5e6ffd53d9410ec0a5a45" in out
    assert "300 x 300" in out


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("veiw m13.fits", "did you mean 'view'?"),
        ("view m13.fits --hud 1", "did you mean '--hdu'?"),
        ("view m13.fits --hdu", "--hdu needs a value"),
        ("view my odd galaxy.fits", "put a name with spaces in quotes"),
        ("view", "takes one path or name, 0 came"),
        ("view 'm13.fits", "quotation mark"),
        ("view nowhere.fits", "nowhere.fits does not exist"),
        ("view m13.fits --hdu 7", "has no part 7"),
        ("ls all", "takes nothing"),
        ("add nowhere.fits", "does not exist"),
    ],
)
def test_a_mistake_gets_one_clear_answer_and_no_traceback(
    shell, capsys: pytest.CaptureFixture[str], line: str, said: str
) -> None:
    assert astro(shell, line) is None
    out = capsys.readouterr().out
    assert said in out
    assert "Traceback" not in out


def test_a_name_that_is_nearly_right_is_suggested(
    shell, capsys: pytest.CaptureFixture[str]
) -> None:
    astro(shell, "add m13.fits --name hercules")
    astro(shell, "view hercule")
    assert "the catalogue has 'hercules'" in capsys.readouterr().out


def test_loading_the_extension_twice_is_harmless(shell) -> None:
    shell.run_line_magic("reload_ext", "astrodata_kernel")
    assert isinstance(astro(shell, "view m13.fits"), adk.FitsViewer)
