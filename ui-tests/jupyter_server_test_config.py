"""Server of the browser tests. Never use it elsewhere: it lets anybody in."""

import os

from jupyterlab.galata import configure_jupyter_server

c = get_config()  # noqa: F821 - given by the configuration loader
configure_jupyter_server(c)
c.ServerApp.port = int(os.environ.get("ASTRODATA_TEST_PORT", "8888"))
c.ServerApp.allow_root = hasattr(os, "geteuid") and os.geteuid() == 0
# A test kills a kernel many times, and looks at what its labels say then.
c.KernelRestarter.restart_limit = 100
c.KernelRestarter.time_to_dead = 0.5  # seconds between two looks
