"""A workspace for as long as a ``async with`` block lasts."""

# Written by asynchronous.py from ../_session.py: change that one.

from __future__ import annotations

import functools
import os
from collections.abc import Awaitable, Callable, Mapping
from types import TracebackType
from typing import Any, Concatenate, ParamSpec

from .._calls import Listener
from ._verbs import Verbs
from ..types import (
    AppliedPatch,
    ExecResult,
    Export,
    FileContent,
    FileList,
    ResetWorkspace,
    Snapshot,
    SyncPush,
    Workspace,
    WorkspaceDiff,
    WrittenFile,
)


class WorkspaceSession:
    """A workspace that is made when the ``async with`` block is entered, and deleted when it is left, however it is left. Its
    methods are those of ``AsyncPyro`` without the first argument."""

    def __init__(self, pyro: Verbs, create: Callable[[], Awaitable[Workspace]]) -> None:
        self._pyro = pyro
        self._create = create
        self._created: Workspace | None = None

    async def __aenter__(self) -> WorkspaceSession:
        self._created = await self._create()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._pyro.delete_workspace(self.id)

    @property
    def created(self) -> Workspace:
        """The workspace as it was made."""
        if self._created is None:
            raise RuntimeError("the workspace is made when the `async with` block is entered")
        return self._created

    @property
    def id(self) -> str:
        """Its id, for every other method of ``AsyncPyro``."""
        return self.created["workspace_id"]

    async def status(self) -> Workspace:
        """See ``AsyncPyro.status_workspace``."""
        return await self._pyro.status_workspace(self.id)

    async def exec(
        self,
        command: str,
        *,
        timeout_seconds: int = 30,
        secret_env: Mapping[str, str] | None = None,
        on_stdout: Listener | None = None,
        on_stderr: Listener | None = None,
    ) -> ExecResult:
        """See ``AsyncPyro.exec_workspace``."""
        return await self._pyro.exec_workspace(
            self.id,
            command,
            timeout_seconds=timeout_seconds,
            secret_env=secret_env,
            on_stdout=on_stdout,
            on_stderr=on_stderr,
        )

    async def list_files(self, path: str = "/workspace", *, recursive: bool = False) -> FileList:
        """See ``AsyncPyro.list_workspace_files``."""
        return await self._pyro.list_workspace_files(self.id, path, recursive=recursive)

    async def read_file(self, path: str, *, max_bytes: int = 65536, offset: int = 0) -> FileContent:
        """See ``AsyncPyro.read_workspace_file``."""
        return await self._pyro.read_workspace_file(self.id, path, max_bytes=max_bytes, offset=offset)

    async def write_file(self, path: str, text: str) -> WrittenFile:
        """See ``AsyncPyro.write_workspace_file``."""
        return await self._pyro.write_workspace_file(self.id, path, text)

    async def apply_patch(self, patch: str) -> AppliedPatch:
        """See ``AsyncPyro.apply_workspace_patch``."""
        return await self._pyro.apply_workspace_patch(self.id, patch)

    async def diff(self) -> WorkspaceDiff:
        """See ``AsyncPyro.diff_workspace``."""
        return await self._pyro.diff_workspace(self.id)

    async def push(self, source_path: str | os.PathLike[str], *, dest: str = "/workspace") -> SyncPush:
        """See ``AsyncPyro.push_workspace_sync``."""
        return await self._pyro.push_workspace_sync(self.id, source_path, dest=dest)

    async def export(self, path: str, output_path: str | os.PathLike[str], *, overwrite: bool = False) -> Export:
        """See ``AsyncPyro.export_workspace``."""
        return await self._pyro.export_workspace(self.id, path, output_path, overwrite=overwrite)

    async def snapshot(self, snapshot_name: str) -> Snapshot:
        """See ``AsyncPyro.create_snapshot``."""
        return await self._pyro.create_snapshot(self.id, snapshot_name)

    async def reset(self, *, snapshot: str = "baseline") -> ResetWorkspace:
        """See ``AsyncPyro.reset_workspace``."""
        return await self._pyro.reset_workspace(self.id, snapshot=snapshot)


P = ParamSpec("P")


def session(
    create: Callable[Concatenate[Any, P], Awaitable[Workspace]],
) -> Callable[Concatenate[Any, P], WorkspaceSession]:
    """The method that makes sessions, with the arguments of the one that makes workspaces."""

    @functools.wraps(create)
    def _workspace(pyro: Verbs, /, *args: P.args, **kwargs: P.kwargs) -> WorkspaceSession:
        return WorkspaceSession(pyro, functools.partial(create, pyro, *args, **kwargs))

    _workspace.__name__ = "workspace"
    _workspace.__doc__ = """A workspace for a ``async with`` block: it is made when the block is entered, and deleted when it is left.

        The arguments are those of ``create_workspace``.
        """
    return _workspace
