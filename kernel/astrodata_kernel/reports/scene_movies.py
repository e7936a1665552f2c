"""Films of a place through time: GIF with one palette, or MP4 that every browser plays."""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from html import escape
from pathlib import Path
from typing import IO, Any

import numpy as np

from ..errors import BadRequest, MissingPackage
from ..writing import write_whole
from .looks import look_of
from .scene_drawing import attribution_of, proportion_of
from .scene_files import target_of
from .scene_frames import Board
from .scene_ground import Ground
from .scene_masks import overlay_of
from .scene_multiples import Whole, names_of, shared_style
from .scene_pixels import Shown, first_grid, shown_of, view_of

ENDINGS = ("gif", "mp4")
RATE = 10
"""Frames a second of an MP4, and of a cross-fade: a date lasts several of them, which cost nothing."""

COLOURS = 255
"""Of a GIF's palette; one is left for what does not change from frame to frame."""

SHEET = 1 << 19
"""Pixels of all dates together that a palette is made of."""

EMBEDDED = 12 << 20
"""Bytes up to which a film goes into the notebook itself."""

Progress = Callable[[float], None]
Check = Callable[[], None]


@dataclass(frozen=True)
class SceneMovie:
    """A film that was written; as the last line of a cell it plays.

    Parameters
    ----------
    path
        Of the file.
    size
        Width and height in pixels.
    dates
        What was shown, in order.
    left_out
        Names of scenes with too much cloud.
    seconds
        How long it lasts.
    """

    path: Path
    size: tuple[int, int]
    dates: tuple[str, ...]
    seconds: float
    left_out: tuple[str, ...] = field(default=(), repr=False)

    def _repr_html_(self) -> str:
        name = escape(str(self.path))
        try:
            size = self.path.stat().st_size
            if size > EMBEDDED:
                return f"<p>{name}: {size / 1e6:.0f} MB, too large for a notebook; open the file itself</p>"
            code = b64encode(self.path.read_bytes()).decode()
        except OSError:
            return f"<p>{name} is no longer there</p>"
        words = escape(f"{self.dates[0]} to {self.dates[-1]}, {len(self.dates)} dates")
        style = f'style="max-width:100%;width:{self.size[0]}px"'
        if self.path.suffix.lower() == ".gif":
            return f'<img alt="{words}" src="data:image/gif;base64,{code}" {style}>'
        return (
            f'<video aria-label="{words}" src="data:video/mp4;base64,{code}" {style} '
            "controls loop muted autoplay playsinline></video>"
        )


def scene_movie(
    scenes: Any,
    path: str | os.PathLike[str],
    bands: str | Sequence[str] | None = None,
    *,
    area: Any = None,
    mask: Any = None,
    mask_name: str | Mapping[int, str] = "burnt",
    mask_colors: Mapping[int, str] | None = None,
    max_cloud: float | None = None,
    seconds_per_date: float = 0.7,
    crossfade: float = 0.0,
    size: int = 720,
    limits: Any = "99%",
    stretch: str = "linear",
    colormap: Any = "viridis",
    attribution: str | None = None,
    theme: str = "dark",
    overwrite: bool = False,
    progress: Progress = lambda _share: None,
    cancel: Check = lambda: None,
) -> SceneMovie:
    """Write a film of several dates, one after the other, all with the same colours.

    Parameters
    ----------
    scenes
        Scenes, or a stack of `astrodata_kernel.stack`. All are laid on the grid of the first one; one date is
        in memory at a time.
    path
        ``.gif``, or ``.mp4`` (H.264; needs the package av).
    bands, area, mask, mask_name, mask_colors, limits, stretch, colormap, attribution, theme
        As in `scene_map`; limits by name are those of all dates together.
    max_cloud
        Scenes with a larger share of clouds, in per cent, are left out; those that do not tell it stay.
    seconds_per_date
        How long each is seen, 0.1 to 60.
    crossfade
        Seconds of that in which it becomes the next one.
    size
        Width in pixels; both sides become even.
    overwrite
        Replace a file that is there.
    progress
        Told the share done, 0 to 1.
    cancel
        Called before each date; what it raises gives the film up, and nothing is left of it.

    Returns
    -------
    SceneMovie
        With ``path``, ``dates`` and ``left_out``; it plays in a notebook.

    Raises
    ------
    BadRequest
        Another ending, a file that is there, no scene left, or settings that cannot be.
    MissingPackage
        An MP4 without the package av.
    """
    target = target_of(path, ENDINGS, overwrite)
    look = look_of(theme)
    _check(seconds_per_date, crossfade, size)
    film = target.suffix.lower() == ".mp4"
    if film:
        _codec()
    every = shown_of(scenes)
    shown, left_out = _clear(every, max_cloud)
    names = names_of(shown, bands)
    whole = first_grid(scenes, every)
    ground = Ground(whole.crs) if whole.crs else None
    covers = view_of(whole, area, size, every[0].name)
    tall = proportion_of(covers, ground)
    if not 1 / 8 <= tall <= 4:
        raise BadRequest(f"the area is {tall:.3g} times as high as wide: give one of 1/8 to 4")
    style = shared_style(shown, names, covers, limits, stretch, colormap, cancel)
    overlay = (
        None
        if mask is None
        else overlay_of(mask, Whole(whole, shown[0]), covers, mask_name, mask_colors)
    )
    said = attribution_of(shown) if attribution is None else attribution
    board = Board(size, covers, shown, style, overlay, look, said)
    frames = _Frames(board, seconds_per_date, crossfade, progress, cancel)
    write = _write_mp4 if film else _write_gif
    write_whole(target, lambda file: write(file, frames))
    return SceneMovie(
        target,
        (board.width, board.height),
        tuple(one.name if one.date is None else f"{one.date:%Y-%m-%d}" for one in shown),
        seconds_per_date * len(shown),
        tuple(left_out),
    )


class _Frames:
    """The frames of a film, made as they are asked for, and how long each is seen."""

    def __init__(
        self, board: Board, seconds: float, crossfade: float, progress: Progress, cancel: Check
    ) -> None:
        self.board, self._progress, self._cancel = board, progress, cancel
        self._fades = round(crossfade * RATE) if len(board.shown) > 1 else 0
        self._hold = seconds - self._fades / RATE
        self._seconds = seconds

    @property
    def seconds(self) -> list[float]:
        """How long each frame is seen."""
        between = [self._hold, *[1 / RATE] * self._fades]
        return between * (len(self.board.shown) - 1) + [self._seconds]

    def __iter__(self) -> Iterator[Any]:
        from PIL import Image

        board, count = self.board, len(self.board.shown)
        self._cancel()
        picture = board.picture(0)
        for number in range(count):
            yield board.frame(picture, number)
            self._progress((number + 1) / count)
            if number + 1 == count:
                return
            self._cancel()
            following = board.picture(number + 1)
            for n in range(self._fades):
                share = (n + 1) / (self._fades + 1)
                yield board.frame(Image.blend(picture, following, share), number, share)
            picture = following

    def palette(self) -> Any:
        """Give the palette of all dates, from small pictures of them: Pillow's image that holds it."""
        from PIL import Image

        count = len(self.board.shown)
        # Of each as many pixels as keep all together small.
        side = max(24, min(192, int((SHEET / count) ** 0.5)))
        board = self.board.small(min(side, self.board.width))
        sheet = Image.new("RGB", (board.width, board.height * count))
        for number in range(count):
            self._cancel()
            frame = board.frame(board.picture(number), number)
            sheet.paste(frame, (0, board.height * number))
        return sheet.quantize(COLOURS, Image.Quantize.MEDIANCUT)


def _write_gif(file: IO[bytes], frames: _Frames) -> None:
    from PIL import Image

    palette = frames.palette()
    dither = (
        Image.Dither.NONE if frames.board.style.colours is not None else Image.Dither.FLOYDSTEINBERG
    )
    made = (frame.quantize(palette=palette, dither=dither) for frame in frames)
    first = next(made)
    first.save(
        file,
        format="GIF",
        save_all=True,
        append_images=made,
        duration=[round(seconds * 100) * 10 for seconds in frames.seconds],
        loop=0,
        optimize=False,
        disposal=1,
    )


def _write_mp4(file: IO[bytes], frames: _Frames) -> None:
    import av

    board = frames.board
    with av.open(file, "w", format="mp4") as container:
        stream: Any = container.add_stream(
            _codec(), rate=RATE, options={"crf": "20", "preset": "medium"}
        )
        stream.width, stream.height, stream.pix_fmt = board.width, board.height, "yuv420p"
        stream.time_base = Fraction(1, RATE)
        lasted, written = 0.0, 0
        for image, seconds in zip(frames, frames.seconds, strict=True):
            lasted += seconds
            # To the nearest frame of the whole, so that nothing adds up.
            while written < max(1, round(lasted * RATE)):
                frame: Any = av.VideoFrame.from_ndarray(np.asarray(image), "rgb24")
                frame.pts, frame.time_base = written, Fraction(1, RATE)
                container.mux(stream.encode(frame))
                written += 1
        container.mux(stream.encode(None))


def _codec() -> str:
    try:
        import av
    except ImportError:
        raise MissingPackage(
            "an MP4 is written by the package av: pip install av, or write a .gif"
        ) from None
    known = [
        name
        for name in ("libx264", "libopenh264", "h264_videotoolbox")
        if name in av.codecs_available
    ]
    if not known:
        raise MissingPackage("this av has no encoder of H.264: pip install av, or write a .gif")
    return known[0]


def _clear(shown: Sequence[Shown], max_cloud: float | None) -> tuple[list[Shown], list[str]]:
    if max_cloud is None:
        return list(shown), []
    if not 0 <= max_cloud <= 100:
        raise BadRequest(f"max_cloud {max_cloud}: give per cent, 0 to 100")
    kept = [one for one in shown if one.cloud_share is None or 100 * one.cloud_share <= max_cloud]
    if not kept:
        least = min(100 * (one.cloud_share or 0) for one in shown)
        raise BadRequest(
            f"all {len(shown)} scenes have more than {max_cloud:g} % of cloud: the clearest has {least:.0f} %"
        )
    return kept, [one.name for one in shown if one not in kept]


def _check(seconds: float, crossfade: float, size: int) -> None:
    if not 0.1 <= seconds <= 60:
        raise BadRequest(f"seconds_per_date {seconds}: give 0.1 to 60")
    if not 0 <= crossfade <= seconds - 0.1 + 1e-9:
        raise BadRequest(
            f"crossfade {crossfade}: give 0 up to seconds_per_date - 0.1, here {seconds - 0.1:g}"
        )
    if not 64 <= size <= 4096:
        raise BadRequest(f"size {size}: give a width of 64 to 4096 pixels")
