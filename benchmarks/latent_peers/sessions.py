"""A tool in a browser: starts its server, hands the steps to the driver and gives what it found."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from .places import HERE, TOOLS, Missing, python_of, server

ROOT = HERE.parent.parent
ARGS = (
    "--no-sandbox",
    "--enable-unsafe-swiftshader",
    "--disable-background-networking",
)
"""As a browser is on a machine without a card, and WebGL by software, which it would not give otherwise."""

LONGEST = 900
"""Seconds of a session at most."""

BEYOND = 120
"""Seconds that a step may take beyond those after which it gives up itself."""

HUNG = "not done after"
"""How a step or a session that hung is told from one that failed."""


@cache
def chromium() -> str:
    """Give the path of the browser."""
    out = subprocess.run(
        ["bash", str(ROOT / "tools" / "chromium.sh")], capture_output=True, text=True, check=True
    )
    return out.stdout.strip()


def chromium_version() -> str:
    """Give the browser's own words of its version."""
    out = subprocess.run([chromium(), "--version"], capture_output=True, text=True, check=True)
    return f"{out.stdout.strip()}, headless, WebGL by SwiftShader"


class Sessions:
    """Sessions of all tools.

    Parameters
    ----------
    cache
        Folder of the environments.
    """

    def __init__(self, cache: Path) -> None:
        self._cache = cache
        if shutil.which("node") is None:
            raise SystemExit("the suite drives the browser by Node.js: node is not on the path")
        self._modules = ROOT / "ui-tests" / "package.json"
        if not (self._modules.parent / "node_modules" / "@playwright" / "test").exists():
            raise SystemExit("Playwright is not installed: run npm ci in ui-tests")

    def run(
        self,
        name: str,
        steps: Sequence[dict[str, Any]],
        *,
        offline: bool = False,
        inline: bool = True,
        args: Sequence[str] = (),
    ) -> dict[str, Any]:
        """Run steps of the driver in a fresh browser with a fresh kernel.

        Parameters
        ----------
        name
            Of the tool.
        steps
            As driver.mjs takes them; each has a name of its own.
        offline
            Nothing but the notebook's server can be reached from the page.
        inline
            The scripts of tools that load theirs from elsewhere come with the notebook.
        args
            Further ones of the browser.

        Returns
        -------
        dict
            What each step found, by its name; "failed" tells what went wrong, if something did.
        """
        tool = TOOLS[name]
        first = (
            f"import sys; sys.path.insert(0, {str(HERE)!r})\nfrom {tool.module} import *\n"
            f"import {tool.module} as own\n"
            f"if hasattr(own, 'begin'): own.begin({inline})\nwarm()"
        )
        job = {
            "chromium": chromium(),
            "args": [*ARGS, *args],
            "modules": str(self._modules),
            "tool": tool.driven,
            "offline": offline,
            "beyond": BEYOND,
            "hung": HUNG,
            "steps": [{"do": "cell", "name": "first", "code": first, "needed": True}, *steps],
        }
        try:
            with server(python_of(tool, self._cache)) as address:
                return _drive({**job, "address": address})
        except Missing as error:
            return {"failed": str(error)}


def _drive(job: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    command = ["node", str(HERE / "driver.mjs")]
    try:
        out = subprocess.run(
            command,
            input=json.dumps(job),
            capture_output=True,
            text=True,
            timeout=LONGEST,
            env=os.environ,
        )
        lines, wrong = out.stdout, out.stderr.strip()[:600] if out.returncode else ""
    except subprocess.TimeoutExpired as error:
        lines = error.stdout.decode() if isinstance(error.stdout, bytes) else error.stdout or ""
        wrong = f"{HUNG} {LONGEST} s"
    for line in lines.splitlines():
        one = json.loads(line)
        if "failed" in one:
            found["failed"] = f"{one['name']}: {one['failed']}"
        found[one["name"]] = one.get("found")
    if wrong:
        found["failed"] = wrong
    return found
