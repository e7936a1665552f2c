"""The batch queues of the AI_INFN platform, by the REST of its dispatcher (vkd)."""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from collections.abc import Iterable
from typing import Any

from ..errors import BadRequest, ServiceFailed, UnknownName
from ..readers.addresses import plain, scheme_of, shown
from .jobs import Job

_HERE = "http://localhost:8000/api/v1"
"""Where the dispatcher listens beside a notebook of the platform."""
_MOST = 64_000_000
"""Bytes of an answer."""


class BatchClient:
    """Sends jobs to the platform's queues, lists, reads and ends them.

    Parameters
    ----------
    url
        Of the dispatcher; by default what ``VKD_API_URL`` says, else beside this notebook.
    timeout
        Seconds for an answer.

    Raises
    ------
    BadRequest
        An address that is not http(s).

    Notes
    -----
    The dispatcher's server is not public. Resources, methods, the fields of jobs, and that bodies are JSON
    even where something is asked for, are those of its public client; that a job is named by ``name`` where
    its logs are asked for or it is ended was inferred.

    >>> BatchClient("http://localhost:8000/api/v1/")
    BatchClient('http://localhost:8000/api/v1')
    """

    def __init__(self, url: str | None = None, *, timeout: float = 30) -> None:
        url = (url or os.environ.get("VKD_API_URL") or _HERE).rstrip("/")
        if scheme_of(url) not in ("http", "https"):
            raise BadRequest(f"{shown(url)} is no address of a dispatcher: give http(s)://…/api/v1")
        self._url, self._timeout = url, timeout
        # Neither a proxy nor another address must see what goes to this one.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _Staying())

    def __repr__(self) -> str:
        return f"BatchClient({shown(self._url)!r})"

    def submit(self, job: Job) -> str:
        """Send a job to its queue and give the name under which the platform has it.

        Raises
        ------
        ServiceFailed
            It was refused, or nobody answered; the text holds what the platform said.
        """
        answer = self._asked("POST", "jobs", job.fields())
        names = answer if isinstance(answer, list) else [answer]
        for name in names:
            if isinstance(name, dict):
                name = name.get("name")
            if isinstance(name, str):
                return name
        return job.name

    def jobs(self, *, queue: str | None = None, user: str | None = None) -> list[dict[str, Any]]:
        """Give the jobs that are listed: ``name``, ``queue``, ``succeeded``, ``failed``, ``total`` and more.

        Parameters
        ----------
        queue, user
            Those of them only.
        """
        asked = {
            key: value for key, value in (("queue", queue), ("user", user)) if value is not None
        }
        return _rows(self._asked("GET", "jobs", asked), "jobs")

    def state(self, name: str) -> str:
        """Give ``"waiting"``, ``"running"``, ``"finished"`` or ``"failed"`` for a job.

        Raises
        ------
        UnknownName
            It is not listed (any more).
        """
        for job in self.jobs():
            if job.get("name") == name:
                if _count(job, "failed"):
                    return "failed"
                total = _count(job, "total") or _count(job, "completions") or 1
                if _count(job, "succeeded") >= total:
                    return "finished"
                return "running" if _count(job, "active") else "waiting"
        raise UnknownName(f"no job {name!r} is listed: finished ones are forgotten after a while")

    def logs(self, name: str) -> dict[str, str]:
        """Give what a job has printed, by the name of each of its pods."""
        answer = self._asked("GET", "logs", {"name": name})
        if isinstance(answer, dict):
            return {str(pod): str(text) for pod, text in answer.items()}
        return {name: str(answer)}

    def kill(self, names: str | Iterable[str]) -> None:
        """End a job, or several; one that has ended is forgotten."""
        for name in [names] if isinstance(names, str) else names:
            self._asked("DELETE", "jobs", {"name": name})

    def queues(self) -> list[dict[str, Any]]:
        """Give the queues, each as the platform describes it."""
        return _rows(self._asked("GET", "clusterqueues", {}), "clusterqueues")

    def _asked(self, method: str, resource: str, body: dict[str, Any]) -> Any:
        address, headers = plain(f"{self._url}/{resource}")
        request = urllib.request.Request(  # noqa: S310 - http(s), looked at above
            address,
            data=json.dumps(body).encode(),
            method=method,
            headers={"Content-Type": "application/json", "Accept": "application/json", **headers},
        )
        where = f"{method} {shown(address)}"
        try:
            with self._opener.open(request, timeout=self._timeout) as answer:
                content = answer.read(_MOST + 1)
        except urllib.error.HTTPError as error:
            with error:
                said = _said(error.read(4000))
            raise ServiceFailed(
                f"the batch platform refused {where}: {error.code} {error.reason}{said}"
            ) from None
        except (OSError, ValueError) as error:
            reason = getattr(error, "reason", error)
            raise ServiceFailed(
                f"the batch platform did not answer {where}: {reason}. Its dispatcher runs beside "
                "notebooks of the platform; elsewhere set VKD_API_URL"
            ) from None
        if len(content) > _MOST:
            raise ServiceFailed(f"the answer to {where} is larger than {_MOST / 1e6:.0f} MB")
        try:
            return json.loads(content) if content.strip() else None
        except ValueError:
            raise ServiceFailed(
                f"the answer to {where} is no JSON{_said(content)}: is this the dispatcher's address?"
            ) from None


class _Staying(urllib.request.HTTPRedirectHandler):
    """Follows nobody to another address, which the job's files are not meant for."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _said(content: bytes) -> str:
    """Give what a server said, short and on one line, for the end of a sentence."""
    text = content.decode(errors="replace")
    try:
        found = json.loads(text)
    except ValueError:
        found = text
    if isinstance(found, dict):
        found = found.get("detail", found.get("message", found))
    words = " ".join(str(found).split())
    words = "".join(c for c in words if c.isprintable())[:500]
    return f": {words}" if words else ""


def _rows(answer: Any, name: str) -> list[dict[str, Any]]:
    if isinstance(answer, dict):
        answer = answer.get(name, answer.get("items"))
    if not isinstance(answer, list):
        raise ServiceFailed(f"the batch platform gave no list of {name}")
    return [row for row in answer if isinstance(row, dict)]


def _count(job: dict[str, Any], name: str) -> int:
    value = job.get(name)
    return value if isinstance(value, int) else 0
