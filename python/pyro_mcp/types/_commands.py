"""Commands, their output and their ends."""

from __future__ import annotations

from typing import Literal, TypedDict

from ._vms import Isolation


class RefusedConnection(TypedDict):
    """A connection that the network policy refused."""

    host: str
    port: int | None
    reason: str


class _Refused(TypedDict, total=False):
    refused_connections: list[RefusedConnection]
    """What the network policy refused while it ran."""


class _Command(_Refused):
    environment: str
    environment_version: str
    command: str
    stdout: str
    """Bytes that are not UTF-8 are replaced by U+FFFD; of more than 1 MiB the middle is left out."""
    stderr: str
    timed_out: bool
    duration_ms: int
    """Of the command alone."""
    execution_mode: str
    isolation: Isolation
    jail: str
    stdout_bytes: int
    stderr_bytes: int
    stdout_truncated: bool
    stderr_truncated: bool
    stdout_lossy: bool
    stderr_lossy: bool


class Cleanup(TypedDict):
    """What became of a machine for one command."""

    deleted: bool
    reason: str
    vm_id: str


class RunResult(_Command):
    """How a command went in a machine of its own."""

    vm_id: str
    exit_code: int
    """The command's own; 128 + N for signal N, 124 after its time limit."""
    warnings: list[str]
    cleanup: Cleanup


class _Expiry(TypedDict, total=False):
    expires_in_seconds: int
    """There where the workspace expires within two minutes if nobody works in it."""


class ExecResult(_Command, _Expiry):
    """How a command of a workspace went, or how it stands."""

    workspace_id: str
    exec_id: str
    state: Literal["running", "exited", "stopped", "failed"]
    exit_code: int | None
    """The command's own; 128 + N for signal N, 124 after its time limit; none while it runs."""
    notices: list[str]


class CommandOutput(TypedDict):
    """A part of what a command of a workspace wrote."""

    workspace_id: str
    exec_id: str
    command: str
    state: Literal["running", "exited", "stopped", "failed"]
    exit_code: int | None
    why: str | None
    """Why it failed, where it is not the command that did."""
    stdout: str
    stderr: str
    cursor: int
    next_cursor: int
    """Where to read on, in bytes of both streams."""
    total_bytes: int
    lost_bytes: int
    """Bytes before the part that are no longer kept."""


class _Failure(TypedDict, total=False):
    failure: str
    """Why it failed, where it is not the command that did."""


class LogEntry(_Failure):
    """One command of a workspace's history."""

    sequence: int
    exec_id: str
    command: str
    cwd: str
    exit_code: int | None
    duration_ms: int | None
    execution_mode: str
    stdout: str
    stderr: str
    recorded_at: int


class WorkspaceLogs(TypedDict):
    """Every command since the creation or the last reset."""

    workspace_id: str
    count: int
    entries: list[LogEntry]
