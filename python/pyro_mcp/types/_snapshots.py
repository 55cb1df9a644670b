"""Snapshots of workspaces."""

from __future__ import annotations

from typing import Literal, TypedDict

SnapshotKind = Literal["baseline", "named"]


class Snapshot(TypedDict):
    """The disk of a workspace at one moment."""

    workspace_id: str
    snapshot_name: str
    kind: SnapshotKind
    created_at: int
    entry_count: int | None
    bytes_written: int | None
    consistency: Literal["filesystem", "crash"]
    """Whether the guest froze its file system for it, or it is as after a power cut."""
    deletable: bool


class SnapshotList(TypedDict):
    """The baseline and the named snapshots."""

    workspace_id: str
    count: int
    snapshots: list[Snapshot]


class DeletedSnapshot(TypedDict):
    """A snapshot that is gone."""

    workspace_id: str
    snapshot_name: str
    deleted: bool
