"""A project folder with AstroData's own example in it, as its user would have it: Git, a remote, and DVC."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

PROGRAM = "examples/astrotaxi/0_astrotaxi_example.py"
FILES = ("0_astrotaxi_example", "step1_data_import", "step2_preml", "step3_ml")


def project(astrodata: Path, table: Path, folder: Path, trials: int) -> Path:
    """Give a new folder with the example; only its places, and the number of trials, are ours."""
    made = folder / "project"
    shutil.copytree(astrodata / "examples", made / "examples")
    (made / "testdata").mkdir()
    shutil.copy(table, made / "testdata/green_tripdata_2024-01.parquet")
    config = made / "examples/astrotaxi/config.yaml"
    text = config.read_text().replace("changeme", str(folder / "remote.git"))
    text = re.sub(r'remote: "/[^"]*"', f'remote: "{folder / "data"}"', text)
    config.write_text(re.sub(r"\n *ssh_key_path:.*", "", text))
    last = made / "examples/astrotaxi/step3_ml.py"
    last.write_text(last.read_text().replace("max_evals=10", f"max_evals={trials}"))
    (folder / "data").mkdir()
    (made / ".gitignore").write_text("*.pyc\n")
    who = ("-c", "user.email=user@localhost", "-c", "user.name=user")
    for words in (
        ("init", "-q", "--bare", str(folder / "remote.git")),
        ("init", "-q"),
        ("config", "user.email", "user@localhost"),
        ("config", "user.name", "user"),
        ("add", ".gitignore", "examples"),
        (*who, "commit", "-qm", "first"),
        ("remote", "add", "origin", str(folder / "remote.git")),
        ("push", "-q", "origin", "HEAD"),
    ):
        subprocess.run(["git", *words], cwd=made, check=True)
    return made
