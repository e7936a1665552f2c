"""First full-frame overview of a 20,000 x 20,000 float32 FITS: ours against astropy and a block reduce.

Each side runs in a process of its own (a peak of memory cannot be taken back), one after the other, on
the same file; the file is read once before, so that both find it in the page cache as far as it fits.

    python benchmarks/first_overview.py [--side 20000] [--folder DIR]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

# Imports are left out on both sides: ours loads its readers when the first file is opened.
OURS = """
import astrodata_kernel as adk
import anywidget, astropy.io.fits, astrodata_kernel.widgets.fits
from astrodata_kernel.readers import gunzip, registry, remote
registry.readers()
"""
OURS_RUN = """
viewer = adk.FitsViewer(adk.open(path))
reply = viewer.request("overview", width=1024)
shape = reply.meta["shape"][1:]
"""
PEER = """
import numpy as np
from astropy.io import fits
from astropy.nddata import block_reduce
"""
PEER_RUN = """
data = fits.getdata(path)
step = -(-max(data.shape) // 1024)
shape = list(block_reduce(data, step, np.mean).shape)
"""
HARNESS = """
import json, sys, time
path = sys.argv[1]
{imports}
def memory(key):
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) / 1e3 for line in file if line.startswith(key))
with open("/proc/self/clear_refs", "w") as file:
    file.write("5")  # the peak is counted from here
before = memory("VmRSS")
wall, cpu = time.perf_counter(), time.process_time()
{run}
wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
print(json.dumps(dict(wall=wall, cpu=cpu, peak=memory("VmHWM") - before, shape=shape)))
"""


def write(path: Path, side: int) -> None:
    """Write a sky of noise and stars, a band of rows at a time."""
    import numpy as np
    from astropy.io import fits

    header = fits.PrimaryHDU().header
    header.update(BITPIX=-32, NAXIS=2)
    header.insert("NAXIS", ("NAXIS1", side), after=True)
    header.insert("NAXIS1", ("NAXIS2", side), after=True)
    rng = np.random.default_rng(0)
    noise = rng.normal(100, 5, (256, side)).astype(">f4")
    with path.open("wb") as out:
        out.write(header.tostring().encode())
        for start in range(0, side, 256):
            band = np.roll(noise, start, axis=1)[: min(256, side - start)]
            out.write(band.tobytes())
        out.write(b"\0" * (-out.tell() % 2880))
        out.flush()
        os.fsync(out.fileno())  # pages that are not on disk yet cannot be dropped from the cache


def measure(imports: str, run: str, path: Path) -> dict[str, object]:
    """Give wall and CPU seconds and the peak of resident memory above the import, in MB."""
    code = HARNESS.format(imports=imports, run=run)
    out = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, str(path)],
        check=True,
        capture_output=True,
        text=True,
    )
    return json.loads(out.stdout)


def main() -> None:
    """Print a table and the ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--side", type=int, default=20_000)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        path = Path(folder) / "sky.fits"
        write(path, options.side)
        with path.open("rb") as file:
            while file.read(1 << 24):
                pass
        ours, peer = [], []
        for _ in range(options.rounds):
            ours.append(measure(OURS, OURS_RUN, path))
            peer.append(measure(PEER, PEER_RUN, path))
    print(
        f"open + first overview of {options.side} x {options.side} float32, best of {options.rounds}"
    )
    print(f"{'':32}{'wall s':>9}{'CPU s':>9}{'peak MB':>9}  shape")
    best = {}
    for name, runs in (("AstroData Lab", ours), ("astropy getdata + block_reduce", peer)):
        best[name] = min(runs, key=lambda run: run["wall"])
        run = best[name]
        print(
            f"{name:32}{run['wall']:9.3f}{run['cpu']:9.3f}{max(r['peak'] for r in runs):9.0f}"
            f"  {run['shape']}"
        )
    a, b = best.values()
    print(f"ratio (peer / ours): wall {b['wall'] / a['wall']:.0f}x, CPU {b['cpu'] / a['cpu']:.0f}x")


if __name__ == "__main__":
    main()
