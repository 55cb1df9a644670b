"""Services of workspaces."""

# Written by asynchronous.py from ../_services.py: change that one.

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .. import _native
from .._async_connection import AsyncConnection as Connection
from .._errors import UsageError
from ..types import PublishPort, Readiness, Service, ServiceList, ServiceLogs


class Services(Connection):
    """The verbs of services. ``workspace_id`` is an id, a name, or the beginning of either."""

    async def start_service(
        self,
        workspace_id: str,
        service_name: str,
        command: str,
        *,
        cwd: str = "/workspace",
        ready_file: str | None = None,
        ready_tcp: str | None = None,
        ready_http: str | None = None,
        ready_command: str | None = None,
        ready_timeout_seconds: int = 30,
        ready_interval_ms: int = 500,
        secret_env: Mapping[str, str] | None = None,
        published_ports: Sequence[PublishPort] | None = None,
        readiness: Readiness | None = None,
    ) -> Service:
        """Starts a service, and waits until it is ready: at once, unless one of ``ready_file``, ``ready_tcp``,
        ``ready_http``, ``ready_command`` and ``readiness`` says when. Ctrl-C leaves it starting.

        Args:
            workspace_id: its id or name.
            service_name: letters, digits, ``.``, ``_`` and ``-``.
            command: one string for ``/bin/sh -lc``; as root.
            cwd: in which directory.
            ready_file: there is something at this path of the guest.
            ready_tcp: a server takes connections at ``HOST:PORT``; HOST is ``localhost`` or an address.
            ready_http: a server answers a GET of this URL with a status of 200 to 399.
            ready_command: this command ends with exit code 0.
            ready_timeout_seconds: it is stopped if it is not ready after so many seconds, at most 3600.
            ready_interval_ms: look again after so many milliseconds, 50 to 60000.
            secret_env: secrets of the workspace in its environment: ``{secret: ENV_VAR}``.
            published_ports: ports that this host reaches on 127.0.0.1, as ``{"guest_port": 80, "host_port": 8080}``; needs
                the policy ``egress+published-ports``.
            readiness: the same as one object, as results have it: ``{"type": "tcp", "address": "localhost:80"}``.

        Raises:
            NotFoundError: there is no such workspace.
            UsageError: a wish is impossible, or a service of this name runs.
            GuestError: it ended before it was ready; the message has the last lines that it wrote.
            DeadlineError: it was not ready in time, and was stopped.
        """
        ready = _probe(readiness or {})
        call = _native.start_service(
            self._settings,
            workspace_id,
            {
                "service_name": service_name,
                "command": command,
                "cwd": cwd,
                "ready_file": ready_file or ready.get("file"),
                "ready_tcp": ready_tcp or ready.get("tcp"),
                "ready_http": ready_http or ready.get("http"),
                "ready_command": ready_command or ready.get("command"),
                "ready_timeout_seconds": (readiness or {}).get("timeout_seconds", ready_timeout_seconds),
                "ready_interval_ms": (readiness or {}).get("interval_ms", ready_interval_ms),
                "secret_env": dict(secret_env or {}),
                "published_ports": list(published_ports or ()),
            },
        )
        return await self._wait(call)

    async def list_services(self, workspace_id: str) -> ServiceList:
        """Lists them, those that have ended included.

        Raises:
            NotFoundError: there is no such workspace.
        """
        return await self._wait(_native.list_services(self._settings, workspace_id))

    async def status_service(self, workspace_id: str, service_name: str) -> Service:
        """Says how one stands.

        Raises:
            NotFoundError: there is no such workspace or service.
        """
        return await self._wait(_native.status_service(self._settings, workspace_id, service_name))

    async def logs_service(
        self, workspace_id: str, service_name: str, *, tail_lines: int = 200, all: bool = False
    ) -> ServiceLogs:
        """Tells what one wrote since it was started: the last lines of both streams together, or all that is kept (at most
        16 MiB).

        Raises:
            NotFoundError: there is no such workspace or service.
        """
        lines = None if all else tail_lines
        return await self._wait(_native.logs_service(self._settings, workspace_id, service_name, lines))

    async def stop_service(self, workspace_id: str, service_name: str) -> Service:
        """Ends one: with SIGTERM, and by force later. One that has ended is left as it is.

        Raises:
            NotFoundError: there is no such workspace or service.
        """
        return await self._wait(_native.stop_service(self._settings, workspace_id, service_name))


def _probe(readiness: Readiness) -> dict[str, str]:
    """What is looked at, by its type."""
    words = {
        "file": readiness.get("path"),
        "tcp": readiness.get("address"),
        "http": readiness.get("url"),
        "command": readiness.get("command"),
    }
    kind = readiness.get("type")
    wanted = words.get(kind) if kind else None
    if readiness and (kind is None or wanted is None):
        raise UsageError(
            f"{dict(readiness)} is no readiness",
            kind="usage",
            code="bad_readiness",
            hints=("give a type (file, tcp, http, command) and its path, address, url or command",),
        )
    return {kind: wanted} if kind and wanted else {}
