"""What a magic's ``--code`` prints, done as a program would."""

import ast
from collections.abc import Callable
from pathlib import Path
from typing import Any


def made_by_code(astro: Callable[[str], Any], line: str, capsys: Any) -> Any:
    """Give what the printed code makes, which must be one statement; printing it must do nothing."""
    before = set(Path.cwd().rglob("*"))
    capsys.readouterr()
    assert astro(f"{line} --code") is None
    code = capsys.readouterr().out
    assert set(Path.cwd().rglob("*")) == before
    imported, statement = ast.parse(code).body
    assert ast.unparse(imported) == "import astrodata_kernel as adk"
    assert isinstance(statement, ast.Expr)
    assert isinstance(statement.value, ast.Call)
    names: dict[str, Any] = {}
    exec(code.replace("\nadk.", "\nmade = adk.", 1), names)
    return names["made"]
