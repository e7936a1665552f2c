"""A cube larger than one would load: its first channel, spectra at random pixels, and the memory they take.

Each way runs in a process of its own; told is the largest resident memory above that after the imports,
and how much is anonymous at the end. Spectra are read by strided positions first, then from the file in
which each lies in one piece, which the viewer writes in the background. Peers: astropy's memory map, and
spectral-cube where the interpreter named by --peer has it. All give the same numbers, or the run ends.

    python benchmarks/cubes.py [--quick] [--channels 1000] [--side 920] [--spectra 50] [--peer PYTHON]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from astropy.io import fits

COMMON = """
import json, resource, sys, time
import numpy as np
path, count, imports = sys.argv[1], int(sys.argv[2]), time.perf_counter()
def memory():
    fields = dict(line.split(":") for line in open("/proc/self/status"))
    return int(fields["VmHWM"].split()[0]) / 1024, int(fields["RssAnon"].split()[0]) / 1024
def p50(read, places):
    times = []
    for x, y in places:
        start = time.perf_counter()
        found.append(float(np.nansum(np.asarray(read(x, y), float))))
        times.append(1e3 * (time.perf_counter() - start))
    return float(np.percentile(times, 50)), float(np.percentile(times, 95))
found, told = [], {}
def timed(name, work):
    start, busy = time.perf_counter(), time.process_time()
    result = work()
    told[name] = time.perf_counter() - start
    told[name + " CPU"] = time.process_time() - busy
    return result
def end():
    peak, anonymous = memory()
    print(json.dumps({**told, "peak MB": peak - before, "anonymous MB": anonymous, "sum": sum(found)}))
"""

OURS = """
import astrodata_kernel as adk
import astropy.wcs, astropy.table, astropy.coordinates, astropy.visualization
import dask
adk.FitsViewer
from astrodata_kernel.processing import cubes
before = memory()[0]
def first():
    global viewer
    viewer = adk.FitsViewer(path)
    viewer.request("describe")
    viewer.request("limits")
    return viewer.request("overview")
timed("first channel s", first)
ds = viewer.dataset
places = np.random.default_rng(1).integers(0, ds.shape[-1], (count, 2))
cube = cubes.Cube(ds)
told["spectrum p50 ms"], told["spectrum p95 ms"] = p50(cube.at, places)
moment = timed("moment s", lambda: cubes.moment(ds, 0))
cube.blocks = timed("re-chunking s", lambda: cubes.rechunk(ds))
told["re-chunked p50 ms"], told["re-chunked p95 ms"] = p50(cube.at, places)
assert np.allclose(found[:count], found[count:])
del found[count:]
cube.blocks.close()
end()
"""

ASTROPY = """
from astropy.io import fits
before = memory()[0]
def first():
    global data
    data = fits.open(path, memmap=True)[0].data
    return np.array(data[0], np.float32)
timed("first channel s", first)
places = np.random.default_rng(1).integers(0, data.shape[-1], (count, 2))
told["spectrum p50 ms"], told["spectrum p95 ms"] = p50(lambda x, y: data[:, y, x], places)
timed("moment s", lambda: np.nansum(data, axis=0))
end()
"""

SPECTRAL = """
import warnings
warnings.simplefilter("ignore")
from spectral_cube import SpectralCube
before = memory()[0]
def first():
    global cube
    cube = SpectralCube.read(path)
    cube.allow_huge_operations = True
    return cube[0].value
timed("first channel s", first)
places = np.random.default_rng(1).integers(0, cube.shape[-1], (count, 2))
told["spectrum p50 ms"], told["spectrum p95 ms"] = p50(lambda x, y: cube[:, y, x].value, places)
timed("moment s", lambda: cube.moment(order=0).value)
end()
"""

ROWS = (
    *(
        "first channel s",
        "spectrum p50 ms",
        "spectrum p95 ms",
        "re-chunking s",
        "re-chunked p50 ms",
    ),
    *("re-chunked p95 ms", "moment s", "moment s CPU", "peak MB", "anonymous MB"),
)


def write(path: Path, channels: int, side: int) -> None:
    """Write a cube of noise, one channel at a time."""
    header = fits.PrimaryHDU(np.zeros((1, 1, 1), "f4")).header
    header.update(NAXIS1=side, NAXIS2=side, NAXIS3=channels, BUNIT="K", RESTFRQ=1.15e11)
    for axis, (name, value, step, unit) in enumerate(
        (
            ("RA---TAN", 10.0, -1e-4, "deg"),
            ("DEC--TAN", 20.0, 1e-4, "deg"),
            ("VRAD", 0.0, 100.0, "m/s"),
        ),
        1,
    ):
        header.update({f"CTYPE{axis}": name, f"CRVAL{axis}": value, f"CDELT{axis}": step})
        header.update({f"CUNIT{axis}": unit, f"CRPIX{axis}": 1.0})
    rng = np.random.default_rng(0)
    with path.open("wb") as file:
        file.write(header.tostring().encode())
        for _ in range(channels):
            file.write(rng.standard_normal((side, side), np.float32).astype(">f4").tobytes())
        file.write(b"\0" * (-file.tell() % 2880))


def run(python: str, source: str, path: Path, spectra: int) -> dict[str, float] | None:
    """Give what one way takes, or None where it cannot run."""
    done = subprocess.run(
        [python, "-c", COMMON + source, str(path), str(spectra)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        print((done.stderr.strip().splitlines() or ["it ended"])[-1], file=sys.stderr)
        return None
    return dict(json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    """Print a table of the ways beside each other."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--channels", type=int, default=1000)
    parser.add_argument("--side", type=int, default=920)
    parser.add_argument("--spectra", type=int, default=50)
    parser.add_argument("--peer", default="", help="an interpreter that has spectral-cube")
    parser.add_argument("--quick", action="store_true", help="a cube of 50 MB")
    options = parser.parse_args()
    if options.quick:
        options.channels, options.side, options.spectra = 200, 256, 10
    ways = {"ours": (sys.executable, OURS), "astropy memmap": (sys.executable, ASTROPY)}
    if options.peer:
        ways["spectral-cube"] = (options.peer, SPECTRAL)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cube.fits"
        write(path, options.channels, options.side)
        size = path.stat().st_size / 1e9
        found = {name: run(*way, path, options.spectra) for name, way in ways.items()}
    print(
        f"{options.channels} channels of {options.side} x {options.side} float32, {size:.2f} GB, just "
        f"written; {options.spectra} spectra"
    )
    known = {name: one for name, one in found.items() if one is not None}
    sums = [one["sum"] for one in known.values()]
    if not np.allclose(sums, sums[0], rtol=1e-4):
        raise SystemExit(f"the ways give other values: {sums}")
    print(f"{'':24}" + "".join(f"{name:>16}" for name in known))
    for row in ROWS:
        cells = (f"{one[row]:16.2f}" if row in one else f"{'-':>16}" for one in known.values())
        print(f"{row:24}" + "".join(cells))


if __name__ == "__main__":
    main()
