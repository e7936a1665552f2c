"""A model that a pipeline trained and registered: served by MLflow, loaded by plain Keras."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from astrodata_kernel.pipeline import Pipeline
from astrodata_kernel.tracking import Tracker
from serving import served

CARDIO = Path(__file__).parents[2] / "examples" / "data" / "tables" / "cardio.npz"

PLAIN = """
import json, sys
import keras, numpy as np
model = keras.models.load_model(sys.argv[1])
rows = np.load(sys.argv[2])
assert not any(name.startswith("astrodata") for name in sys.modules)
print(json.dumps(model.predict(rows, verbose=0).ravel().tolist()))
"""


@pytest.mark.slow
def test_a_network_of_a_pipeline_is_served_and_loaded_without_this_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    pipeline = Pipeline("cardio", {"seed": 0})
    pipeline.add("read", "read_table", path=str(CARDIO))
    pipeline.add("split", "split_table", "read", target="y", stratify=True, seed="${seed}")
    pipeline.add("net", "train_keras", "split.train", target="y", seed="${seed}", epochs=2)
    pipeline.add(
        *("champion", "register_model", "net.model", "split.test"),
        model_name="cardio",
        alias="champion",
        reason="the first there is",
    )
    run = pipeline.run(workspace=tmp_path)
    model = run.outputs["net.model"]
    rows = run.outputs["split.test"][list(model.columns)].head(7)
    expected = np.ravel(model.model.predict(rows.to_numpy(np.float32), verbose=0))
    tracker = Tracker(root=tmp_path)
    with served("models:/cardio@champion", tracker.address, tmp_path / "serve.log") as ask:
        answer = ask({"inputs": rows.to_numpy(np.float32).tolist()})
    found = np.ravel(np.asarray(answer["predictions"], dtype=float))
    np.testing.assert_allclose(found, expected, rtol=1e-4)

    kept = [p for p in (tmp_path / "astrodata").rglob("*.keras") if "mlflow-artifacts" in p.parts]
    np.save(tmp_path / "rows.npy", rows.to_numpy(np.float32))
    plain = subprocess.run(
        [sys.executable, "-c", PLAIN, str(kept[0]), str(tmp_path / "rows.npy")],
        capture_output=True,
        text=True,
        check=True,
    )
    np.testing.assert_allclose(json.loads(plain.stdout.splitlines()[-1]), expected, rtol=1e-4)
