"""Workspaces: machines with a life of their own."""

from __future__ import annotations

from typing import Literal, TypedDict

from ._snapshots import SnapshotKind
from ._vms import Isolation

State = Literal["creating", "started", "stopped", "expired"]


class GivenSecret(TypedDict, total=False):
    """A secret for a new workspace: its name, and its value or the file of this host that holds it."""

    name: str
    value: str
    file_path: str


class Secret(TypedDict):
    """A secret of a workspace. Nothing shows its value."""

    name: str
    source_kind: Literal["literal", "file", "environment"]


class WorkspaceSeed(TypedDict):
    """What a workspace began with."""

    mode: str
    path: str | None
    destination: str
    entry_count: int
    bytes_written: int
    ignored_count: int
    """What Git's ignore rules left out."""
    withheld: list[str]
    """Untracked files that look like credentials and were left out."""
    changed_during_read: list[str]


class LastCommand(TypedDict):
    """The command of a workspace that was begun last."""

    command: str
    cwd: str
    exit_code: int | None
    duration_ms: int | None


class NetworkAllow(TypedDict):
    """What a workspace may reach, where not everything public."""

    hosts: list[str]
    nets: list[str]


class _Allow(TypedDict, total=False):
    network_allow: NetworkAllow


class Workspace(_Allow):
    """A workspace, as it stands."""

    workspace_id: str
    name: str | None
    labels: dict[str, str]
    environment: str
    environment_version: str
    vcpu_count: int
    mem_mib: int
    ttl_seconds: int
    """It is stopped after so many seconds without use."""
    created_at: int
    last_activity_at: int
    expires_at: int
    expires_in_seconds: int | None
    """None unless it expires within two minutes."""
    state: State
    network_policy: Literal["off", "egress", "egress+published-ports"]
    network_enabled: bool
    allow_host_compat: bool
    guest_ip: str | None
    execution_mode: str
    isolation: Isolation
    jail: str
    workspace_path: str
    workspace_seed: WorkspaceSeed | None
    secrets: list[Secret]
    command_count: int
    last_command: LastCommand | None
    running_commands: list[str]
    """Their ids."""
    reset_count: int
    last_reset_at: int | None
    service_count: int
    running_service_count: int
    metadata: dict[str, str]
    warnings: list[str]


class WorkspaceSummary(TypedDict):
    """A workspace of a list."""

    workspace_id: str
    name: str | None
    labels: dict[str, str]
    environment: str
    state: State
    created_at: int
    last_activity_at: int
    expires_at: int
    command_count: int
    service_count: int
    running_service_count: int


class WorkspaceList(TypedDict):
    """Every workspace, the one that was used last first."""

    count: int
    workspaces: list[WorkspaceSummary]


class Reset(TypedDict):
    """To what a workspace was reset."""

    snapshot_name: str
    kind: SnapshotKind
    destination: str
    entry_count: int | None
    bytes_written: int | None


class ResetWorkspace(Workspace):
    """A workspace after its reset."""

    workspace_reset: Reset


class DeletedWorkspace(TypedDict):
    """A workspace that is gone."""

    workspace_id: str
    deleted: bool
    reason: str
