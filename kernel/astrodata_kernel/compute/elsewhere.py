"""Clusters that run elsewhere: at an address, of a Dask Gateway, or opened by other code."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import threading
import traceback
from typing import Any

from ..errors import BadRequest, MissingPackage, ServiceFailed
from ..readers.addresses import shown
from .clusters import Cluster, built, quiet
from .here import need_dask

_GATEWAY = ("proxy_address", "public_address", "auth")
_ANSWER = 30.0
"""Seconds in which a gateway says what it has begun for somebody who was interrupted."""


def at_address(address: str, *, security: Any = None, timeout: float = 10) -> Cluster:
    """Give the cluster whose scheduler listens at an address; its workers stay when it is closed.

    Raises
    ------
    ServiceFailed
        No scheduler answered within ``timeout`` seconds.
    """
    need_dask()
    from distributed import Client

    try:
        with quiet():
            client = built(Client, address, security=security, timeout=timeout)
    except (OSError, ValueError, TypeError) as error:
        raise ServiceFailed(
            f"no Dask scheduler answered at {shown(address)}: {error}. Check that it runs, that it is "
            "reached from here, and that it has the same version of Dask; tls:// needs security="
        ) from None
    return Cluster(address, client)


def taken(given: Any) -> Cluster:
    """Give the cluster of a `distributed.Client` or of a Dask cluster, which stays open.

    Raises
    ------
    BadRequest
        It is neither, or closed.
    """
    if getattr(given, "status", "running") in ("closed", "closing"):
        raise BadRequest(f"{type(given).__name__} is closed already: open another one")
    if hasattr(given, "scheduler_info") and hasattr(given, "submit"):
        return Cluster(
            "taken", given, made=given.cluster, dashboard=given.dashboard_link, own=False
        )
    if not hasattr(given, "get_client"):
        raise BadRequest(
            f"{type(given).__name__} is no cluster: give the name of a kind, an address, a "
            "distributed.Client or a cluster of Dask's"
        )
    from distributed import Client

    try:
        used = Client.current()
    except ValueError:
        used = None
    client = given.get_client()
    # It may give the one that somebody works with, which is not ours to close.
    at_end = None if client is used else client.close
    link = getattr(given, "dashboard_link", None)
    return Cluster("taken", client, made=given, dashboard=link, own=False, at_end=at_end)


def of_gateway(
    workers: int | None,
    *,
    address: str | None = None,
    name: str | None = None,
    **options: Any,
) -> Cluster:
    """Give a cluster of a Dask Gateway server: a new one, or the user's own one of a name.

    Closing ends a new one, and leaves one that was taken by its name.

    Raises
    ------
    MissingPackage
        Without dask-gateway.
    BadRequest
        No address is known, or an option that the server does not offer.
    ServiceFailed
        The server did not answer, or refused.
    """
    if importlib.util.find_spec("dask_gateway") is None:
        raise MissingPackage(
            'cluster("gateway") needs dask-gateway; run "pip install astrodata-lab[gateway]" in this '
            "kernel's environment"
        )
    import dask.config
    from dask_gateway import Gateway

    address = address or dask.config.get("gateway.address", None)
    if not address:
        raise BadRequest(
            'no Dask Gateway is known here: give cluster("gateway", address="https://…"), or set '
            "DASK_GATEWAY__ADDRESS before the kernel starts"
        )
    connection = {key: options.pop(key) for key in _GATEWAY if key in options}
    made = gateway = asked = None
    try:
        gateway = Gateway(address=address, **connection)
        if name is None:
            asked = _Asked(gateway)
            made = gateway.connect(asked.name(options), shutdown_on_close=True)
        else:
            made = gateway.connect(name, shutdown_on_close=False)
        if workers is not None:
            made.scale(workers)
        client = made.get_client()
    except BaseException as error:
        # An interrupt too: a cluster that is asked for must not outlive who asked.
        if asked is not None:
            asked.take_back()
        _ended(made or _half_made(error), gateway)
        if isinstance(error, (ValueError, TypeError)):
            told = f"the gateway at {shown(address)} does not take this: {error}"
            raise BadRequest(told) from None
        if not _of_gateway(error):
            raise
        raise ServiceFailed(
            f"the gateway at {shown(address)} gave no cluster: {str(error) or type(error).__name__}. "
            "Check the address and how it lets you in (auth=), and what runs there already"
        ) from None
    return Cluster(
        "gateway",
        client,
        made=made,
        dashboard=made.dashboard_link,
        at_end=lambda: _ended(made, gateway),
    )


class _Asked:
    """A cluster that a gateway is asked for, in a thread: an interrupt must not lose its name."""

    def __init__(self, gateway: Any) -> None:
        self._gateway = gateway
        self._answered = threading.Event()
        self._begun = False
        self._name: str | None = None
        self._error: BaseException | None = None

    def name(self, options: dict[str, Any]) -> str:
        """Ask, and give the cluster's name when the gateway says it."""
        thread = threading.Thread(target=self._ask, args=(options,), name="gateway", daemon=True)
        self._begun = True
        thread.start()
        self._answered.wait()
        if self._error is not None:
            raise self._error
        return str(self._name)

    def take_back(self) -> None:
        """Have the gateway end the cluster, if it began one."""
        if self._begun and self._answered.wait(_ANSWER) and self._name is not None:
            with contextlib.suppress(Exception):
                self._gateway.stop_cluster(self._name)

    def _ask(self, options: dict[str, Any]) -> None:
        try:
            self._name = self._gateway.submit(**options)
        except BaseException as error:  # noqa: BLE001 - raised again by who asked
            self._error = error
        finally:
            self._answered.set()


def _of_gateway(error: BaseException) -> bool:
    """Tell whether this is a failure of the server, and none of our code's."""
    origin = type(error).__module__.partition(".")[0]
    return isinstance(error, OSError | asyncio.TimeoutError) or origin in (
        "dask_gateway",
        "aiohttp",
    )


def _half_made(error: BaseException) -> Any:
    """Give the cluster of Dask's whose making failed, which only the frames of the failure know; or None."""
    from dask_gateway import GatewayCluster

    frames = (frame for frame, _ in traceback.walk_tb(error.__traceback__))
    found = (frame.f_locals.get("self") for frame in frames)
    return next((one for one in found if isinstance(one, GatewayCluster)), None)


def _ended(made: Any, gateway: Any) -> None:
    """End a cluster and what it was asked of, and their loop.

    One that were left would end itself whenever it is collected, within whichever thread: where that is one
    that starts a loop, both would wait for each other.
    """
    gateways = [one for one in (getattr(made, "gateway", None), gateway) if one is not None]
    for one in (made, *gateways):
        if one is not None:
            with contextlib.suppress(Exception), quiet():
                one.close()
    for one in gateways:
        # When it is collected it would close itself once more, and fail at its loop that has ended.
        vars(one).pop("_loop_runner", None)
