"""Time of ``import astrodata_kernel``, beside ``import numpy`` and ``import astropy.io.fits``.

python benchmarks/import_time.py
"""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("tensorflow", "dask", "bokeh", "panel", "pandas")


def seconds(module: str) -> float:
    """Give the cumulative time that ``-X importtime`` reports for a module, best of five."""
    times = []
    for _ in range(5):
        run = subprocess.run(
            [sys.executable, "-X", "importtime", "-c", f"import {module}"],
            capture_output=True,
            text=True,
            check=True,
        )
        total = [line for line in run.stderr.splitlines() if line.split("|")[-1] == f" {module}"]
        times.append(int(total[-1].split("|")[1]) / 1e6)
    return min(times)


def main() -> None:
    """Print the times, and which heavy modules the import loads."""
    for module in ("astrodata_kernel", "numpy", "astropy.io.fits"):
        print(f"import {module:20}{1e3 * seconds(module):9.1f} ms")
    code = "import sys, astrodata_kernel; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    print("heavy modules loaded:", sorted(set(loaded) & set(HEAVY)) or "none")


if __name__ == "__main__":
    main()
