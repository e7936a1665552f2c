"""The servers of a hub's users: /etc/jupyter/jupyter_server_config.py in their image (docs/hub.md)."""

c = get_config()  # noqa: F821 - given by the configuration loader

# What is not about the log-in needs a person who is known, of every extension.
c.ServerApp.allow_unauthenticated_access = False

# The panel: processes that look at files, and what each of them may take.
c.AstrodataLab.workers = 2
c.AstrodataLab.worker_memory = 4 * 1024**3  # bytes of address space, 0 for no limit
c.AstrodataLab.preview_seconds = 20
c.AstrodataLab.hash_seconds = 3600
c.AstrodataLab.max_preview_bytes = 0  # 0 for no limit: most formats are read by parts
c.AstrodataLab.thumbnail_cache_bytes = 16 * 1024**2
c.AstrodataLab.max_waiting = 200

# Where shared disks and mounted buckets lie. Links in a home that lead elsewhere are refused.
c.AstrodataLab.allowed_roots = []  # ["/data/shared"]

# From the folder that the server shows; each person may choose another one in the settings.
c.AstrodataLab.upload_folder = ""  # "uploads"
c.AstrodataLab.max_upload_bytes = 0  # 0 for no limit
c.AstrodataLab.upload_keep_hours = 72
# A function of a folder that gives the bytes left, where a quota decides; else what is free on the disk.
c.AstrodataLab.free_bytes = None

# Of "compute", "labels", "models" and "runs".
c.AstrodataLab.disabled_sections = []

# A kernel that says nothing for six hours is ended, whether it rests or hangs; one that tells its progress
# goes on. A server without kernels that nobody uses ends an hour later.
c.MappingKernelManager.cull_idle_timeout = 6 * 3600
c.MappingKernelManager.cull_interval = 300
c.MappingKernelManager.cull_busy = True
c.MappingKernelManager.cull_connected = True
c.ServerApp.shutdown_no_activity_timeout = 3600

# Dashboards of Dask are shown through jupyter-server-proxy: those of this machine alone.
c.ServerProxy.host_allowlist = ["localhost", "127.0.0.1"]

# JupyterLab asks nobody outside for news or newer versions.
c.LabApp.news_url = None
c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"
