"""The files of workspaces, and what was changed in them."""

# Written by asynchronous.py from ../_files.py: change that one.

from __future__ import annotations

import os

from .. import _native
from .._async_connection import AsyncConnection as Connection
from ..types import (
    AppliedPatch,
    EditedFile,
    Export,
    FileContent,
    FileList,
    SyncPush,
    WorkspaceDiff,
    WrittenFile,
)


class Files(Connection):
    """The verbs of files. ``workspace_id`` is an id, a name, or the beginning of either; a path in the guest is
    absolute, or relative to ``/workspace``."""

    async def push_workspace_sync(
        self, workspace_id: str, source_path: str | os.PathLike[str], *, dest: str = "/workspace"
    ) -> SyncPush:
        """Puts a directory, or what an archive holds, into a directory of the workspace, over what is there. Each file is
        replaced in one step; files that the source does not have stay.

        Raises:
            NotFoundError: there is no such workspace or source.
            UsageError: an entry of the source would lead outside, or is no file, directory or link.
        """
        source = os.fspath(source_path)
        return await self._wait(_native.push_workspace_sync(self._settings, workspace_id, source, dest))

    async def export_workspace(
        self,
        workspace_id: str,
        path: str,
        output_path: str | os.PathLike[str],
        *,
        overwrite: bool = False,
        allow_secrets: bool = False,
    ) -> Export:
        """Copies a file or a directory to this host: whole, or not at all.

        Args:
            workspace_id: its id or name.
            path: what to copy.
            output_path: the name it gets, in a directory that exists.
            overwrite: replace what has this name already.
            allow_secrets: copy it although it holds a secret of the workspace.

        Raises:
            NotFoundError: there is no such workspace or path.
            UsageError: ``output_path`` exists.
            DeniedError: it holds a secret (``secret_in_content``).
        """
        output = os.fspath(output_path)
        call = _native.export_workspace(self._settings, workspace_id, path, output, overwrite, allow_secrets)
        return await self._wait(call)

    async def diff_workspace(self, workspace_id: str, *, allow_secrets: bool = False) -> WorkspaceDiff:
        """Says what has changed since the baseline, with one patch that ``git apply`` accepts. What is below ``.git`` is left
        out.

        Raises:
            NotFoundError: there is no such workspace.
            DeniedError: a changed file holds a secret (``secret_in_content``).
        """
        return await self._wait(_native.diff_workspace(self._settings, workspace_id, allow_secrets))

    async def list_workspace_files(
        self, workspace_id: str, path: str = "/workspace", *, recursive: bool = False
    ) -> FileList:
        """Lists a directory; a file lists itself.

        Raises:
            NotFoundError: there is no such workspace or path.
        """
        return await self._wait(_native.list_workspace_files(self._settings, workspace_id, path, recursive))

    async def read_workspace_file(
        self,
        workspace_id: str,
        path: str,
        *,
        max_bytes: int = 65536,
        offset: int = 0,
        first_line: int | None = None,
        line_count: int | None = None,
        allow_secrets: bool = False,
    ) -> FileContent:
        """Reads a text file, or a part of it by bytes or by lines. Links are not followed.

        Args:
            workspace_id: its id or name.
            path: which file.
            max_bytes: so many bytes at most.
            offset: begin at this byte; the last reading's ``next_offset``.
            first_line: begin at this line, the first is 1, instead of ``offset``.
            line_count: so many lines.
            allow_secrets: give the content out although it holds a secret of the workspace.

        Raises:
            NotFoundError: there is no such workspace or file.
            UsageError: it is not UTF-8 (``not_text``); the message has the place of the first such byte.
            DeniedError: it holds a secret (``secret_in_content``).
        """
        call = _native.read_workspace_file(
            self._settings,
            workspace_id,
            path,
            {
                "max_bytes": max_bytes,
                "offset": offset,
                "first_line": first_line,
                "line_count": line_count,
            },
            allow_secrets,
        )
        return await self._wait(call)

    async def write_workspace_file(self, workspace_id: str, path: str, text: str) -> WrittenFile:
        """Replaces a file in one step, or makes it with the directories above it.

        Raises:
            NotFoundError: there is no such workspace.
        """
        return await self._wait(_native.write_workspace_file(self._settings, workspace_id, path, text))

    async def edit_workspace_file(
        self, workspace_id: str, path: str, *, old: str, new: str, replace_all: bool = False
    ) -> EditedFile:
        """Replaces a text in a file. It must be there exactly as it is given, and once, unless ``replace_all`` is true.

        Raises:
            NotFoundError: there is no such workspace or file.
            UsageError: the text is not there (``edit_missing``), or more than once (``edit_ambiguous``).
        """
        call = _native.edit_workspace_file(self._settings, workspace_id, path, old, new, replace_all)
        return await self._wait(call)

    async def apply_workspace_patch(self, workspace_id: str, patch: str) -> AppliedPatch:
        """Applies a unified diff, or a patch in the form that begins with ``*** Begin Patch``: all of it, or nothing.

        Raises:
            NotFoundError: there is no such workspace.
            UsageError: it cannot be read, or does not fit what is there.
        """
        return await self._wait(_native.apply_workspace_patch(self._settings, workspace_id, patch))
