"""A workspace for as long as a ``with`` block lasts."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Concatenate, ParamSpec

from ._calls import Listener
from ._verbs import Verbs
from .types import (
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
    """A workspace that is made when the ``with`` block is entered, and deleted when it is left, however it is left. Its
    methods are those of ``Pyro`` without the first argument."""

    def __init__(self, pyro: Verbs, create: Callable[[], Workspace]) -> None:
        self._pyro = pyro
        self._create = create
        self._created: Workspace | None = None

    def __enter__(self) -> WorkspaceSession:
        self._created = self._create()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._pyro.delete_workspace(self.id)

    @property
    def created(self) -> Workspace:
        """The workspace as it was made."""
        if self._created is None:
            raise RuntimeError("the workspace is made when the `with` block is entered")
        return self._created

    @property
    def id(self) -> str:
        """Its id, for every other method of ``Pyro``."""
        return self.created["workspace_id"]

    def status(self) -> Workspace:
        """See ``Pyro.status_workspace``."""
        return self._pyro.status_workspace(self.id)

    def exec(
        self,
        command: str,
        *,
        timeout_seconds: int = 30,
        secret_env: Mapping[str, str] | None = None,
        on_stdout: Listener | None = None,
        on_stderr: Listener | None = None,
    ) -> ExecResult:
        """See ``Pyro.exec_workspace``."""
        return self._pyro.exec_workspace(
            self.id,
            command,
            timeout_seconds=timeout_seconds,
            secret_env=secret_env,
            on_stdout=on_stdout,
            on_stderr=on_stderr,
        )

    def list_files(self, path: str = "/workspace", *, recursive: bool = False) -> FileList:
        """See ``Pyro.list_workspace_files``."""
        return self._pyro.list_workspace_files(self.id, path, recursive=recursive)

    def read_file(self, path: str, *, max_bytes: int = 65536, offset: int = 0) -> FileContent:
        """See ``Pyro.read_workspace_file``."""
        return self._pyro.read_workspace_file(self.id, path, max_bytes=max_bytes, offset=offset)

    def write_file(self, path: str, text: str) -> WrittenFile:
        """See ``Pyro.write_workspace_file``."""
        return self._pyro.write_workspace_file(self.id, path, text)

    def apply_patch(self, patch: str) -> AppliedPatch:
        """See ``Pyro.apply_workspace_patch``."""
        return self._pyro.apply_workspace_patch(self.id, patch)

    def diff(self) -> WorkspaceDiff:
        """See ``Pyro.diff_workspace``."""
        return self._pyro.diff_workspace(self.id)

    def push(self, source_path: str | os.PathLike[str], *, dest: str = "/workspace") -> SyncPush:
        """See ``Pyro.push_workspace_sync``."""
        return self._pyro.push_workspace_sync(self.id, source_path, dest=dest)

    def export(self, path: str, output_path: str | os.PathLike[str], *, overwrite: bool = False) -> Export:
        """See ``Pyro.export_workspace``."""
        return self._pyro.export_workspace(self.id, path, output_path, overwrite=overwrite)

    def snapshot(self, snapshot_name: str) -> Snapshot:
        """See ``Pyro.create_snapshot``."""
        return self._pyro.create_snapshot(self.id, snapshot_name)

    def reset(self, *, snapshot: str = "baseline") -> ResetWorkspace:
        """See ``Pyro.reset_workspace``."""
        return self._pyro.reset_workspace(self.id, snapshot=snapshot)


P = ParamSpec("P")


def session(
    create: Callable[Concatenate[Any, P], Workspace],
) -> Callable[Concatenate[Any, P], WorkspaceSession]:
    """The method that makes sessions, with the arguments of the one that makes workspaces."""

    @functools.wraps(create)
    def _workspace(pyro: Verbs, /, *args: P.args, **kwargs: P.kwargs) -> WorkspaceSession:
        return WorkspaceSession(pyro, functools.partial(create, pyro, *args, **kwargs))

    _workspace.__name__ = "workspace"
    _workspace.__doc__ = """A workspace for a ``with`` block: it is made when the block is entered, and deleted when it is left.

        The arguments are those of ``create_workspace``.
        """
    return _workspace
