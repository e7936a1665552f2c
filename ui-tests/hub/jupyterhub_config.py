"""The hub of the browser tests. Never use it elsewhere: it lets anybody in, by any name."""

import atexit
import os
import secrets
import shutil
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
FOLDER = Path(os.environ["ASTRODATA_TEST_HUB_FOLDER"])
PORT = int(os.environ["ASTRODATA_TEST_HUB_PORT"])
SAVES_WIDGETS = "lab/user-settings/@jupyter-widgets/jupyterlab-manager/plugin.jupyterlab-settings"

c = get_config()  # noqa: F821 - given by the configuration loader

# Not before the last server has ended, which still writes into its home.
atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)

c.JupyterHub.bind_url = f"http://127.0.0.1:{PORT}/hub-under/a-prefix/"
c.JupyterHub.hub_bind_url = f"http://127.0.0.1:{PORT + 1}"
c.JupyterHub.authenticator_class = "dummy"
c.JupyterHub.spawner_class = "simple"
c.JupyterHub.db_url = "sqlite://"
c.JupyterHub.cookie_secret = secrets.token_bytes(32)

c.ConfigurableHTTPProxy.command = [str(HERE.parent / "node_modules/.bin/configurable-http-proxy")]
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{PORT + 2}"
c.ConfigurableHTTPProxy.auth_token = secrets.token_hex(32)
c.ConfigurableHTTPProxy.pid_file = str(FOLDER / "proxy.pid")

# What a user's server is in docs/hub.md.
c.Spawner.cmd = [str(Path(sys.executable).with_name("jupyterhub-singleuser"))]
c.Spawner.args = [f"--config={HERE.parents[1] / 'examples' / 'hub' / 'jupyter_server_config.py'}"]
if os.geteuid() == 0:
    c.Spawner.args.append("--allow-root")
c.Spawner.default_url = "/lab"
c.Spawner.start_timeout = c.Spawner.http_timeout = 120
# What they keep goes anyway when the test ends: nobody waits for a tidy end of theirs.
c.LocalProcessSpawner.interrupt_timeout = c.LocalProcessSpawner.term_timeout = 2
c.SimpleLocalProcessSpawner.home_dir_template = str(FOLDER / "homes" / "{username}")
# The tests paste into cells at once, where a person takes a minute.
c.Spawner.args.append("--LabApp.expose_app_in_browser=True")


def before_it_starts(spawner):
    """Let notebooks keep their widgets' state, and write down what must not be found anywhere.

    The server of one person is as an administrator made it who wants less.
    """
    if spawner.user.name == "bela":
        spawner.args = [
            *spawner.args,
            "--AstrodataLab.disabled_sections=runs",
            "--AstrodataLab.disabled_sections=compute",
            "--AstrodataLab.upload_folder=uploads",
        ]
    settings = Path(spawner.home_dir) / ".jupyter" / SAVES_WIDGETS
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text('{"saveState": true}')
    with (FOLDER / "secrets.txt").open("a") as file:
        file.write(f"{spawner.api_token}\n{c.ConfigurableHTTPProxy.auth_token}\n")


c.Spawner.pre_spawn_hook = before_it_starts
