"""Server of the browser tests. Never use it elsewhere: it lets anybody in."""

import os

from jupyterlab.galata import configure_jupyter_server

c = get_config()  # noqa: F821 - given by the configuration loader
configure_jupyter_server(c)
c.ServerApp.port = int(os.environ.get("ASTRODATA_TEST_PORT", "8888"))
c.ServerApp.allow_root = hasattr(os, "geteuid") and os.geteuid() == 0
