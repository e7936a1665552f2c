"""The DAIDREAM path in magics: train, encode, garage."""

from pathlib import Path

import numpy as np
import pytest
from astrodata_kernel.latent import Garage
from astrodata_kernel.magics import astro
from astrodata_kernel.processing.waveforms import synthesize
from astrodata_kernel.testing.synthetic import pulses
from astrodata_kernel.training import PRESETS, Preset, Training
from astrodata_kernel.training.presets import Round
from code_of_magics import made_by_code


@pytest.fixture(autouse=True)
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    tiny = Preset("quick", "for tests", (Round(2, 1),), batch_size=20)
    monkeypatch.setitem(PRESETS, "quick", tiny)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'runs.db'}")
    signal = pulses(60)
    noise = 0.01 * np.random.default_rng(0).standard_normal((400, 512)).astype("f4")
    np.savez("my traces.npz", signal=signal - 0.01, noise=0.01 * np.ones_like(signal))
    np.save("noise.npy", noise)
    return tmp_path


def test_the_path_from_traces_to_a_garage(capsys, workspace) -> None:
    done = astro('train daidream "my traces.npz" --engine jax --name first')
    assert isinstance(done, Training)
    assert len(done.starts) == 2
    out = capsys.readouterr().out
    assert "epoch 2 of 2" in out
    assert "kept as first" in out
    assert done.notes == []
    assert (workspace / "astrodata/models/first.keras").is_file()
    z = astro('encode "my traces.npz" --model first')
    assert z.shape == (60, 4)
    assert (workspace / "astrodata/latents/my-traces-first.parquet").is_file()
    garage = astro("garage noise.npy --model first --rate 0.02")
    assert isinstance(garage, Garage)
    assert garage.calibration["false_positive_rate"] == 0.02
    assert "false positives on held-out noise: 2.00 %" in capsys.readouterr().out
    kept = Garage.load(workspace / "astrodata/garages/noise-first.json")
    assert kept == garage
    # What --code prints gives the same; a training that was done is taken from its checkpoints.
    again = made_by_code(astro, 'train daidream "my traces.npz" --engine jax --name first', capsys)
    assert again.val_loss == done.val_loss
    assert again.facts["model"] == done.facts["model"]
    encoded = made_by_code(astro, 'encode "my traces.npz" --model first', capsys)
    np.testing.assert_array_equal(encoded.z, z.z)
    assert astro("encode noise.npy --model frist") is None
    assert "did you mean 'first'?" in capsys.readouterr().out
    assert made_by_code(astro, "garage noise.npy --model first --rate 0.02", capsys) == garage


def test_published_files_are_trimmed_to_their_published_length(capsys) -> None:
    traces, _ = synthesize(20, seed=1)
    whole = np.pad(traces, ((0, 0), (125, 147)))
    np.savez("set.npz", signal=whole, noise=np.zeros_like(whole))
    done = astro("train daidream set.npz --engine jax")
    assert "trimmed to 9,728 samples" in capsys.readouterr().out
    assert done.model.n_samples == 9728


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("train", "say which; there are: daidream"),
        ("train galaxies noise.npy", "say which; there are: daidream"),
        ("train daidream noise.npy --preset slow", "there is no preset 'slow'"),
        ("train daidream noise.npy --engine abacus", "there is no engine"),
        ("train daidream missing.npz", "does not exist"),
        ("encode noise.npy", "which model? --model MODEL; there are: none yet"),
        ("encode noise.npy --model frist", "there is no model and no run 'frist'"),
        ("garage noise.npy --model first --rate much", "--rate much is no number"),
        ("garage noise.npy --model first", "there is no model"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(capsys, line, said) -> None:
    assert astro(line) is None
    assert said in capsys.readouterr().out


def test_a_length_that_fits_no_network_is_told_with_a_remedy(capsys) -> None:
    np.save("odd.npy", np.random.default_rng(0).standard_normal((30, 500)))
    assert astro("train daidream odd.npy") is None
    assert "trim to 448 or pad to 512" in capsys.readouterr().out
