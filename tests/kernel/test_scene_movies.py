"""Films of a place through time: GIF and MP4."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import astrodata_kernel as adk
import av
import numpy as np
import pytest
from astrodata_kernel.errors import BadRequest, Cancelled, MissingPackage
from astrodata_kernel.testing.scenes import safe_folder
from PIL import Image

DAYS = (1, 6, 26)


@pytest.fixture(scope="module")
def dates(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    folder = tmp_path_factory.mktemp("dates")
    made = []
    for day in DAYS:
        date = datetime(2022, 7, day, 10, 6, 1, tzinfo=UTC)
        numbers = {"B08": np.full((120, 120), 2000 + 150 * day, "u2")}
        path = safe_folder(
            folder, size=120, bands=["B02", "B03", "B04", "B08", "B12"], date=date, numbers=numbers
        )
        made.append(adk.open(path))
    return made


def frames_of(path: Path) -> list[tuple[Image.Image, int]]:
    found = []
    with Image.open(path) as film:
        for number in range(film.n_frames):
            film.seek(number)
            found.append((film.convert("RGB"), film.info["duration"]))
    return found


def test_a_gif_has_a_frame_of_each_date(dates: list[Any], tmp_path: Path) -> None:
    told: list[float] = []
    movie = adk.reports.scene_movie(
        dates, tmp_path / "fire.gif", "true", size=200, progress=told.append
    )
    frames = frames_of(movie.path)
    assert [duration for _, duration in frames] == [700, 700, 700]
    assert {image.size for image, _ in frames} == {movie.size}
    assert movie.size[0] == 200
    assert movie.size[1] % 2 == 0
    assert movie.dates == ("2022-07-01", "2022-07-06", "2022-07-26")
    assert movie.seconds == pytest.approx(2.1)
    assert told == pytest.approx([1 / 3, 2 / 3, 1])
    with Image.open(movie.path) as film:
        assert film.info["loop"] == 0
    assert movie.path.stat().st_size < 200_000


def test_frames_show_the_values_of_their_date(dates: list[Any], tmp_path: Path) -> None:
    path = tmp_path / "fire.gif"
    movie = adk.reports.scene_movie(
        dates, path, "B08", size=200, limits=[0.1, 0.5], colormap="gray"
    )
    middles = [np.asarray(image)[60, 150, 0] for image, _ in frames_of(movie.path)]
    expected = [255 * ((1000 + 150 * day) / 1e4 - 0.1) / 0.4 for day in DAYS]
    np.testing.assert_allclose(middles, expected, atol=12)


def test_the_bar_of_time_goes_on(dates: list[Any], tmp_path: Path) -> None:
    movie = adk.reports.scene_movie(dates, tmp_path / "fire.gif", "B08", size=200)
    lengths = []
    for image, _ in frames_of(movie.path):
        strip = np.asarray(image)[-26, :, :].astype(int)
        lengths.append(int(((strip[:, 2] - strip[:, 0]) > 60).sum()))
    assert lengths[0] < lengths[1] < lengths[2]


def test_a_gif_can_fade_from_date_to_date(dates: list[Any], tmp_path: Path) -> None:
    movie = adk.reports.scene_movie(
        dates, tmp_path / "fire.gif", "B08", size=160, seconds_per_date=0.8, crossfade=0.3
    )
    durations = [duration for _, duration in frames_of(movie.path)]
    assert durations == [500, 100, 100, 100] * 2 + [800]


def test_an_mp4_lasts_as_long_as_its_dates(dates: list[Any], tmp_path: Path) -> None:
    movie = adk.reports.scene_movie(dates, tmp_path / "fire.mp4", "NBR", size=161)
    with av.open(movie.path) as film:
        stream = film.streams.video[0]
        assert stream.codec_context.name == "h264"
        assert stream.codec_context.pix_fmt == "yuv420p"
        assert (stream.width, stream.height) == movie.size
        assert all(side % 2 == 0 for side in movie.size)
        times = [float(frame.time) for frame in film.decode(video=0)]
    np.testing.assert_allclose(times, np.arange(21) / 10, atol=1e-3)


def test_an_mp4_shows_what_the_frames_are(dates: list[Any], tmp_path: Path) -> None:
    movie = adk.reports.scene_movie(
        dates, tmp_path / "fire.mp4", "B08", size=200, limits=[0.1, 0.5], colormap="gray"
    )
    with av.open(movie.path) as film:
        frames = [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]
    middles = [int(frames[number][60, 150, 0]) for number in (3, 10, 17)]
    expected = [255 * ((1000 + 150 * day) / 1e4 - 0.1) / 0.4 for day in DAYS]
    np.testing.assert_allclose(middles, expected, atol=8)


def test_a_film_plays_in_a_notebook(dates: list[Any], tmp_path: Path) -> None:
    gif = adk.reports.scene_movie(dates, tmp_path / "fire & ice.gif", "B08", size=100)
    assert gif._repr_html_().startswith('<img alt="2022-07-01 to 2022-07-26, 3 dates"')
    assert "data:image/gif;base64,R0lG" in gif._repr_html_()
    mp4 = adk.reports.scene_movie(dates[:1], tmp_path / "one.mp4", "B08", size=100)
    assert "<video" in mp4._repr_html_()
    gif.path.unlink()
    assert "fire &amp; ice.gif is no longer there" in gif._repr_html_()


def test_a_mask_and_a_stack_can_be_filmed(dates: list[Any], tmp_path: Path) -> None:
    mask = np.zeros((120, 120), bool)
    mask[40:80, 40:80] = True
    stack = adk.stack(dates, ["B08", "B12"])
    movie = adk.reports.scene_movie(
        stack, tmp_path / "fire.gif", "B08", mask=mask, size=120, colormap="gray"
    )
    image = np.asarray(frames_of(movie.path)[0][0]).astype(int)
    assert image[60, 60, 0] > image[60, 60, 2] + 40
    assert image[20, 60, 0] == pytest.approx(image[20, 60, 2], abs=12)


def test_cloudy_dates_can_be_left_out(dates: list[Any], tmp_path: Path) -> None:
    movie = adk.reports.scene_movie(dates, tmp_path / "a.gif", "B08", size=100, max_cloud=20)
    assert len(movie.dates) == 3
    with pytest.raises(BadRequest, match="clearest has 12 %"):
        adk.reports.scene_movie(dates, tmp_path / "b.gif", "B08", max_cloud=5)


@pytest.mark.parametrize("ending", ["gif", "mp4"])
def test_a_film_that_is_given_up_leaves_nothing(
    dates: list[Any], tmp_path: Path, ending: str
) -> None:
    told: list[float] = []

    def check() -> None:
        if told:
            raise Cancelled("given up")

    with pytest.raises(Cancelled):
        adk.reports.scene_movie(
            dates, tmp_path / f"fire.{ending}", "B08", size=100, progress=told.append, cancel=check
        )
    assert not list(tmp_path.iterdir())


def test_a_film_that_is_there_is_not_replaced_unasked(dates: list[Any], tmp_path: Path) -> None:
    path = tmp_path / "fire.gif"
    path.write_bytes(b"mine")
    with pytest.raises(BadRequest, match="overwrite=True"):
        adk.reports.scene_movie(dates, path, "B08")
    assert path.read_bytes() == b"mine"
    adk.reports.scene_movie(dates, path, "B08", size=100, overwrite=True)
    assert path.read_bytes().startswith(b"GIF89a")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"path": "fire.avi"}, r"\.gif, \.mp4"),
        ({"seconds_per_date": 0}, "seconds_per_date"),
        ({"crossfade": 0.7}, "crossfade"),
        ({"size": 10}, "64 to 4096"),
        ({"max_cloud": 200}, "per cent"),
        ({"scenes": []}, "no scenes"),
        ({"theme": "pink"}, "theme"),
    ],
)
def test_what_cannot_be_filmed_is_said(
    dates: list[Any], tmp_path: Path, settings: dict[str, Any], said: str
) -> None:
    given = {"scenes": dates, "path": "fire.gif", **settings}
    given["path"] = tmp_path / given["path"]
    with pytest.raises(BadRequest, match=said):
        adk.reports.scene_movie(**given)
    assert not list(tmp_path.iterdir())


def test_without_the_package_it_says_which_one(
    dates: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(MissingPackage, match="pip install av"):
        adk.reports.scene_movie(dates, tmp_path / "fire.mp4", "B08")


def test_maps_and_films_load_nothing_heavy_until_they_are_asked_for() -> None:
    code = (
        "import sys, astrodata_kernel as adk; adk.reports; dir(adk.reports);"
        "print([name for name in ('matplotlib', 'av', 'PIL', 'rasterio') if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
