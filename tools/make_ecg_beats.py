"""Write examples/data/ecg_beats.npz: the heart beats of the tests' ECG, in whole thousandths of its unit."""

import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "benchmarks"))

from ecg import beats  # noqa: E402 - benchmarks are no package

windows, abnormal = beats()
whole = np.rint(windows * 1000).astype(np.int16)
if not np.allclose(whole / 1000, windows, atol=1e-6):
    raise SystemExit("the beats are finer than thousandths: choose another unit")
np.savez_compressed(ROOT / "examples/data/ecg_beats.npz", beats=whole, abnormal=abnormal)
