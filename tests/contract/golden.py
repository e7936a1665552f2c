"""The frames that both halves of the wire are held to.

``python tests/contract/golden.py`` writes them; ``test_frames.py`` finds them unchanged, and
``frames.test.ts`` decodes the replies and makes the requests.
"""

import base64
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from astrodata_kernel.environment import Environment
from astrodata_kernel.errors import BadRequest
from astrodata_kernel.widgets.base import RequestWidget, answers
from astrodata_kernel.widgets.fits import COLORMAPS
from astrodata_kernel.widgets.fits_colours import colour_table
from astrodata_kernel.wire import Reply, encode

FOLDER = Path(__file__).parent / "golden"

ARRAYS = {
    "u1": np.array([[True, False]]),
    "i2_from_int8": np.array([[-128, 127]], "i1"),
    "i2_big_endian": np.array([[-2, 32767], [0, -32768]], ">i2"),
    "u2_big_endian": np.array([[65535, 0]], ">u2"),
    "i4_big_endian": np.array([[-(2**31), 2**31 - 1]], ">i4"),
    "u4": np.array([[2**32 - 1]], "u4"),
    "f4_nan_and_infinities": np.array([[np.nan, np.inf], [-np.inf, 1.5]], ">f4"),
    "f4_from_f8": np.array([[1e-18, 1e300]], ">f8"),
    "f4_from_i8": np.array([[2**40]], "i8"),
    "three_bands": np.arange(12, dtype="u2").reshape(3, 2, 2),
    "empty": np.zeros((0, 3), "f4"),
}

REQUESTS = [
    {"kind": "hello", "msg": {}},
    {"kind": "tile", "msg": {"level": 0, "x": 1, "y": 2, "hdu": 0, "plane": 0}},
    {"kind": "probe", "msg": {"x": 1.5, "y": -0.25, "hdu": 1, "plane": 3}},
    {"kind": "limits", "msg": {"limits": "99.5%", "hdu": 0, "plane": 0}},
]


ENVIRONMENTS = [
    Environment("/usr/bin/python3", "/usr", pip=True, uv=False, conda=False),
    Environment("/o'dd $HOME/bin/python", "/o'dd $HOME", pip=True, uv=True, conda=True),
    Environment("/opt/a b/bin/python", "/opt/a b", pip=False, uv=True, conda=False),
    Environment("/opt/conda/bin/python", "/opt/conda", pip=False, uv=False, conda=True),
    Environment("/opt/bare/bin/python3.12", "/opt/bare", pip=False, uv=False, conda=False),
]


class Echo(RequestWidget):
    """Answers with one of `ARRAYS`, or with an error."""

    _esm = "export default {};"

    @answers("array")
    def _array(self, name: str) -> Reply:
        if name not in ARRAYS:
            raise BadRequest(f"no array is called {name!r} <img src=x onerror=alert(1)>")
        meta, buffer = encode(ARRAYS[name])
        return Reply(meta, [buffer])


def frame(name: str) -> tuple[dict[str, Any], list[memoryview]]:
    """Give the frame that goes down to the browser for a request of array `name`."""
    widget, sent = Echo(), []
    widget.channel.send = lambda content, buffers=None: sent.append((content, buffers))
    widget._on_frame(widget.channel, {"id": "ID", "kind": "array", "msg": {"name": name}}, [])
    widget.close()
    return sent[0]


def _plain(values: np.ndarray) -> list[float | str | None]:
    # JSON knows neither NaN nor infinities.
    def one(value: float) -> float | str | None:
        if np.isnan(value):
            return None
        return value if np.isfinite(value) else f"{value:+.0f}"

    return [one(float(v)) for v in values.ravel()]


def contents() -> dict[str, str]:
    """Give the text of each golden file by its name."""
    files: dict[str, Any] = {}
    for name in [*ARRAYS, "unknown"]:
        content, buffers = frame(name)
        expect = None
        if content["ok"]:
            array = Reply(content["meta"], buffers).array()
            expect = {"shape": list(array.shape), "values": _plain(array)}
        files[f"reply_{name}.json"] = {
            "content": content,
            "buffers": [base64.b64encode(buffer).decode() for buffer in buffers],
            "expect": expect,
        }
    files["requests.json"] = [{**r, "frame": {"id": "ID", **r}} for r in REQUESTS]
    files["stretches.json"] = stretches()
    files["commands.json"] = [
        {
            "environment": asdict(one),
            "commands": [
                {
                    "extras": extras,
                    "version": version,
                    "command": one.install(*extras, version=version),
                }
                for extras in ([], ["kernel"], ["kernel", "viz"])
                for version in ("1.2.3", "")
            ],
        }
        for one in ENVIRONMENTS
    ]
    texts = {name: json.dumps(value, indent=1) + "\n" for name, value in files.items()}
    return {**texts, "colours.json": json.dumps(colours()) + "\n"}


def colours() -> dict[str, list[list[int]]]:
    """Give every fifteenth colour of each map as figures have it, 0 to 255."""
    return {
        name: np.round(255 * colour_table(name)[::15]).astype(int).tolist() for name in COLORMAPS
    }


def stretches() -> dict[str, list[float]]:
    """Give astropy's stretches at eleven points of [0, 1], which the shader's mathematics must meet."""
    from astropy.visualization import (
        AsinhStretch,
        LinearStretch,
        LogStretch,
        SinhStretch,
        SqrtStretch,
        SquaredStretch,
    )

    at = np.linspace(0, 1, 11)
    named = {
        "linear": LinearStretch(),
        "sqrt": SqrtStretch(),
        "square": SquaredStretch(),
        "log": LogStretch(a=1000),
        "asinh": AsinhStretch(a=0.1),
        "sinh": SinhStretch(a=1 / 3),
    }
    return {
        "at": [float(v) for v in at],
        **{
            name: [round(float(v), 12) for v in stretch(at.copy())]
            for name, stretch in named.items()
        },
    }


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, text in contents().items():
        (FOLDER / name).write_text(text)
