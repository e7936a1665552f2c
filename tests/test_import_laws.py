import subprocess
import sys
from pathlib import Path


def test_the_rooms_import_downwards_only() -> None:
    """The laws stand in pyproject.toml, [tool.importlinter]."""
    run = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        cwd=Path(__file__).parent.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout
