"""The disks of stopped workspaces."""

# Written by asynchronous.py from ../_disks.py: change that one.

from __future__ import annotations

import os

from .. import _native
from .._async_connection import AsyncConnection as Connection
from ..types import DiskExport, FileContent, FileList


class Disks(Connection):
    """The verbs of disks, which look into a workspace without starting it. ``workspace_id`` is an id, a name, or the
    beginning of either."""

    async def list_workspace_disk(
        self, workspace_id: str, path: str = "/workspace", *, recursive: bool = False
    ) -> FileList:
        """Lists a directory of the disk.

        Raises:
            NotFoundError: there is no such workspace or path.
            UsageError: the workspace is not stopped (``workspace_not_stopped``).
        """
        return await self._wait(_native.list_workspace_disk(self._settings, workspace_id, path, recursive))

    async def read_workspace_disk(
        self,
        workspace_id: str,
        path: str,
        *,
        max_bytes: int = 65536,
        offset: int = 0,
        allow_secrets: bool = False,
    ) -> FileContent:
        """Reads a text file of the disk, or a part of it.

        Args:
            workspace_id: its id or name.
            path: which file.
            max_bytes: so many bytes at most.
            offset: begin at this byte; the last reading's ``next_offset``.
            allow_secrets: give the content out although it holds a secret of the workspace.

        Raises:
            NotFoundError: there is no such workspace or file.
            UsageError: the workspace is not stopped (``workspace_not_stopped``), or the file is not UTF-8 (``not_text``).
            DeniedError: it holds a secret (``secret_in_content``).
        """
        call = _native.read_workspace_disk(
            self._settings, workspace_id, path, max_bytes, offset, allow_secrets
        )
        return await self._wait(call)

    async def export_workspace_disk(
        self, workspace_id: str, output_path: str | os.PathLike[str], *, allow_secrets: bool = False
    ) -> DiskExport:
        """Copies the whole disk to a new file of this host, as an ext4 image with holes.

        Raises:
            NotFoundError: there is no such workspace.
            UsageError: the workspace is not stopped (``workspace_not_stopped``), or the file exists.
            DeniedError: it holds a secret (``secret_in_content``).
        """
        output = os.fspath(output_path)
        call = _native.export_workspace_disk(self._settings, workspace_id, output, allow_secrets)
        return await self._wait(call)
