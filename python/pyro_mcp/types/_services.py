"""Services of workspaces."""

from __future__ import annotations

from typing import Literal, TypedDict


class Readiness(TypedDict, total=False):
    """When a service is ready: ``type``, and what belongs to it."""

    type: Literal["file", "tcp", "http", "command"]
    path: str
    """``file``: there is something at this path of the guest."""
    address: str
    """``tcp``: a server takes connections at HOST:PORT."""
    url: str
    """``http``: a server answers a GET with a status of 200 to 399."""
    command: str
    """``command``: this command ends with exit code 0."""
    timeout_seconds: int
    interval_ms: int


class PublishPort(TypedDict, total=False):
    """A port to publish; without ``host_port`` one is chosen."""

    guest_port: int
    host_port: int | None


class PublishedPort(TypedDict):
    """A port of a service that this host reaches."""

    host: str
    host_port: int
    guest_port: int
    protocol: str


class Service(TypedDict):
    """A command that a workspace keeps running."""

    workspace_id: str
    service_name: str
    state: Literal["starting", "running", "exited", "stopped", "failed"]
    command: str
    cwd: str
    started_at: int
    ready_at: int | None
    ended_at: int | None
    exit_code: int | None
    pid: int | None
    readiness: Readiness | None
    stop_reason: Literal["sigterm", "sigkill", "ready_timeout", "machine_ended"] | None
    published_ports: list[PublishedPort]
    starts: int
    """How often it was started under this name."""
    stdout_bytes: int
    stderr_bytes: int
    execution_mode: str


class ServiceList(TypedDict):
    """The services of a workspace."""

    workspace_id: str
    count: int
    services: list[Service]


class ServiceLogs(Service):
    """What a service wrote since it was started."""

    stdout: str
    stderr: str
    tail_lines: int | None
    """As asked for; none where everything was."""
    truncated: bool
