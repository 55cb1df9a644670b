"""Snapshots of workspaces."""

# Written by asynchronous.py from ../_snapshots.py: change that one.

from __future__ import annotations

from .. import _native
from .._async_connection import AsyncConnection as Connection
from ..types import DeletedSnapshot, Snapshot, SnapshotList


class Snapshots(Connection):
    """The verbs of snapshots. ``workspace_id`` is an id, a name, or the beginning of either."""

    async def create_snapshot(self, workspace_id: str, snapshot_name: str) -> Snapshot:
        """Keeps the disk as it is at this moment, under a name.

        Raises:
            NotFoundError: there is no such workspace.
            UsageError: the name is taken or unusable.
        """
        return await self._wait(_native.create_snapshot(self._settings, workspace_id, snapshot_name))

    async def list_snapshots(self, workspace_id: str) -> SnapshotList:
        """Lists the baseline and the named ones.

        Raises:
            NotFoundError: there is no such workspace.
        """
        return await self._wait(_native.list_snapshots(self._settings, workspace_id))

    async def delete_snapshot(self, workspace_id: str, snapshot_name: str) -> DeletedSnapshot:
        """Deletes one. The baseline is kept as long as its workspace.

        Raises:
            NotFoundError: there is no such workspace or snapshot.
            UsageError: it is the baseline.
        """
        return await self._wait(_native.delete_snapshot(self._settings, workspace_id, snapshot_name))
