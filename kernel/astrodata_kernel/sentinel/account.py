"""Who one is at a service: taken from the environment or a profile, never shown and never kept."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import BadRequest, MissingPackage, ServiceFailed

SERVICES = {
    "sentinel-hub": (
        "https://services.sentinel-hub.com",
        "https://services.sentinel-hub.com/auth/realms/main/protocol/openid-connect/token",
    ),
    "copernicus": (
        "https://sh.dataspace.copernicus.eu",
        "https://identity.dataspace.copernicus.eu/auth/realms/CDSE/protocol/openid-connect/token",
    ),
}
"""Addresses of each service, and of where it gives tokens."""

ID, SECRET = "SH_CLIENT_ID", "SH_CLIENT_SECRET"
BASE, TOKEN = "SH_BASE_URL", "SH_TOKEN_URL"


@dataclass(frozen=True)
class Account:
    """Who asks a service, for `request` and `search`.

    Parameters
    ----------
    service
        ``"sentinel-hub"`` or ``"copernicus"`` (the Copernicus Data Space Ecosystem).
    profile
        Name of a profile in the configuration file of `sentinelhub`; by default that of ``SH_PROFILE``. The
        environment comes first: ``SH_CLIENT_ID`` and ``SH_CLIENT_SECRET``, and ``SH_BASE_URL`` and
        ``SH_TOKEN_URL`` for a service at another address.

    Notes
    -----
    Client and secret are read when they are needed, and are not part of this object: it can be printed,
    pickled and kept in a notebook.
    """

    service: str = "sentinel-hub"
    profile: str | None = None
    timeout: float = field(default=60.0)
    """Seconds without an answer after which a try is given up."""

    def __post_init__(self) -> None:
        if self.service not in SERVICES:
            raise BadRequest(
                f"service {self.service!r} is unknown: there are {', '.join(SERVICES)}"
            )
        if not 0 < self.timeout <= 3600:
            raise BadRequest(f"timeout {self.timeout}: give up to 3600 seconds")

    def config(self) -> Any:
        """Give the `sentinelhub.SHConfig` of this account.

        Raises
        ------
        MissingPackage
            `sentinelhub` is not installed.
        ServiceFailed
            There is no such profile, or no client and secret.
        """
        try:
            from sentinelhub import SHConfig
        except ImportError:
            raise MissingPackage(
                "downloads need sentinelhub: pip install 'astrodata-lab[sentinel]'"
            ) from None
        for talkative in ("requests_oauthlib", "oauthlib"):
            # Their debug messages hold the secret and the token.
            logging.getLogger(talkative).setLevel(logging.INFO)
        # Without a file SHConfig would write one into the home folder.
        there = Path(SHConfig.get_config_location()).exists()
        try:
            config = SHConfig(self.profile) if there else SHConfig(use_defaults=True)
        except (KeyError, ValueError):
            raise ServiceFailed(
                f"there is no sound profile {self.profile or os.environ.get('SH_PROFILE')!r} in the "
                "configuration file of sentinelhub: `sentinelhub.config --help` tells how to write one"
            ) from None
        base, token = SERVICES[self.service]
        told = bool(config.sh_base_url != SHConfig(use_defaults=True).sh_base_url)
        config.sh_base_url = os.environ.get(BASE) or (config.sh_base_url if told else base)
        config.sh_token_url = os.environ.get(TOKEN) or (config.sh_token_url if told else token)
        config.sh_client_id = os.environ.get(ID) or config.sh_client_id
        config.sh_client_secret = os.environ.get(SECRET) or config.sh_client_secret
        if not (config.sh_client_id and config.sh_client_secret):
            raise ServiceFailed(
                f"no client and secret for {self.service}: set {ID} and {SECRET} in the environment, or keep "
                "them in a profile of sentinelhub's configuration file"
            )
        config.download_timeout_seconds = self.timeout
        config.max_download_attempts, config.download_sleep_time = 3, 1.0
        config.max_retries = 3  # without an end, a quota that is used up looks like a hang
        return config
