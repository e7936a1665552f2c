"""Server of the browser tests with several environments. Never use it elsewhere: it lets anybody in."""

import os

from jupyterlab.galata import configure_jupyter_server

c = get_config()  # noqa: F821 - given by the configuration loader
configure_jupyter_server(c)
c.ServerApp.port = int(os.environ["ASTRODATA_TEST_ENVIRONMENTS_PORT"])
c.ServerApp.allow_root = os.geteuid() == 0
# No kernel of the server's own environment, as hubs have it that give people others.
c.KernelSpecManager.ensure_native_kernel = False
c.MultiKernelManager.default_kernel_name = "kernel"
