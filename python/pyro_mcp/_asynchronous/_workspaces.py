"""Workspaces: made, looked at, stopped and started, deleted."""

# Written by asynchronous.py from ../_workspaces.py: change that one.

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from .. import _native
from .._async_connection import AsyncConnection as Connection
from .._machine import machine
from ..types import (
    DeletedWorkspace,
    GivenSecret,
    ResetWorkspace,
    Workspace,
    WorkspaceList,
    WorkspaceLogs,
)


class Workspaces(Connection):
    """The verbs of whole workspaces. ``workspace_id`` is an id, a name, or the beginning of either."""

    async def create_workspace(
        self,
        environment: str = "debian:12",
        *,
        vcpu_count: int = 1,
        mem_mib: int = 1024,
        ttl_seconds: int = 600,
        network_policy: str = "off",
        allow_host_compat: bool = False,
        seed_path: str | os.PathLike[str] | None = None,
        secrets: Sequence[GivenSecret] | None = None,
        name: str | None = None,
        labels: Mapping[str, str] | None = None,
        project_path: str | os.PathLike[str] | None = None,
        repo_url: str | None = None,
        repo_ref: str | None = None,
        allow_hosts: Sequence[str] | None = None,
        allow_nets: Sequence[str] | None = None,
        ca_bundle: str | os.PathLike[str] | None = None,
        allow_weak_isolation: bool = False,
    ) -> Workspace:
        """Makes a workspace, and leaves it started. It outlives this process.

        It begins empty, or with what one of ``seed_path``, ``project_path`` and ``repo_url`` names. Its baseline is taken at
        the end: ``diff_workspace`` compares with it, ``reset_workspace`` goes back to it. Until then it hangs on this
        call: one that is interrupted leaves nothing.

        Args:
            environment: what to boot: a name of ``list_environments``, or any container image. What is not here yet is
                pulled or built first.
            vcpu_count: virtual CPUs, 1 to 64.
            mem_mib: memory in MiB, from 128 on.
            ttl_seconds: it is stopped when nobody has used it for so many seconds. The next call starts it again; after a
                day it is deleted.
            network_policy: ``off``; ``egress``: public addresses, or what is allowed below; ``egress+published-ports``: its
                services may publish ports on 127.0.0.1 too.
            allow_host_compat: run on the host, without isolation, where no machine can boot.
            seed_path: a directory, or an archive (``.tar``, ``.tar.gz``, ``.tgz``, ``.tar.zst``), for ``/workspace``.
            secrets: files of ``/run/pyro-secrets``, in the guest's memory. No output shows their values.
            name: letters, digits, ``.``, ``_``, ``-`` and ``/``; no other workspace may have it.
            labels: notes about it.
            project_path: the Git work tree around this directory: its history, its tracked files, and the others that Git
                does not ignore.
            repo_url: a Git repository to fetch.
            repo_ref: a branch, tag or commit of it, instead of its default branch.
            allow_hosts: the only names it may reach, ``*.`` before one means all below; ports 80 and 443, or ``NAME:PORT``.
            allow_nets: the addresses it may reach, also private ones, such as ``10.1.0.0/16``.
            ca_bundle: certificate authorities that the guest trusts beside its image's: a file of PEM certificates, or
                ``host`` for this host's own.
            allow_weak_isolation: run an emulated machine even where nothing jails the emulator.

        Raises:
            UsageError: a wish is impossible, or the name is taken.
            HostError: no machine can boot here, or the environment cannot be made ready.
        """
        wish = machine(
            environment,
            vcpu_count=vcpu_count,
            mem_mib=mem_mib,
            ttl_seconds=ttl_seconds,
            network=False,
            allow_hosts=allow_hosts,
            allow_nets=allow_nets,
            ca_bundle=ca_bundle,
            allow_host_compat=allow_host_compat,
            allow_weak_isolation=allow_weak_isolation,
        )
        call = _native.create_workspace(
            self._settings,
            wish,
            {
                "name": name,
                "labels": dict(labels or {}),
                "network_policy": network_policy,
                "secrets": list(secrets or ()),
            },
            {
                "seed_path": None if seed_path is None else os.fspath(seed_path),
                "project_path": None if project_path is None else os.fspath(project_path),
                "repo_url": repo_url,
                "repo_ref": repo_ref,
            },
        )
        return await self._wait(call)

    async def list_workspaces(self) -> WorkspaceList:
        """Lists all, the one that was used last first."""
        return await self._wait(_native.list_workspaces(self._settings))

    async def update_workspace(
        self,
        workspace_id: str,
        *,
        name: str | None = None,
        clear_name: bool = False,
        labels: Mapping[str, str] | None = None,
        clear_labels: Sequence[str] | None = None,
        ttl_seconds: int | None = None,
    ) -> Workspace:
        """Changes its name, its labels or its time to live, in any state.

        Args:
            workspace_id: its id or name.
            name: its new name.
            clear_name: take its name away.
            labels: labels to set.
            clear_labels: labels to take away; one that is not there is no error.
            ttl_seconds: it is stopped when nobody has used it for so many seconds.

        Raises:
            NotFoundError: there is no such workspace.
            UsageError: a wish is impossible, or the name is taken.
        """
        call = _native.update_workspace(
            self._settings,
            workspace_id,
            {
                "name": name,
                "clear_name": clear_name,
                "labels": dict(labels or {}),
                "clear_labels": list(clear_labels or ()),
                "ttl_seconds": ttl_seconds,
            },
        )
        return await self._wait(call)

    async def status_workspace(self, workspace_id: str) -> Workspace:
        """Says how it stands. That is no use of it: its time to live goes on.

        Raises:
            NotFoundError: there is no such workspace.
        """
        return await self._wait(_native.status_workspace(self._settings, workspace_id))

    async def logs_workspace(self, workspace_id: str) -> WorkspaceLogs:
        """Tells every command since its creation or its last reset, with at most 64 KiB of each stream.

        Raises:
            NotFoundError: there is no such workspace.
        """
        return await self._wait(_native.logs_workspace(self._settings, workspace_id))

    async def reset_workspace(self, workspace_id: str, *, snapshot: str = "baseline") -> ResetWorkspace:
        """Makes everything as it was in a snapshot, the root file system included. Its commands, shells and services are
        forgotten.

        Raises:
            NotFoundError: there is no such workspace or snapshot.
        """
        return await self._wait(_native.reset_workspace(self._settings, workspace_id, snapshot))

    async def stop_workspace(self, workspace_id: str) -> Workspace:
        """Ends its machine, with its shells and services, and keeps its disk, history and snapshots.

        Raises:
            NotFoundError: there is no such workspace.
        """
        return await self._wait(_native.stop_workspace(self._settings, workspace_id))

    async def start_workspace(self, workspace_id: str) -> Workspace:
        """Boots it again.

        Raises:
            NotFoundError: there is no such workspace.
            HostError: no machine can boot here.
        """
        return await self._wait(_native.start_workspace(self._settings, workspace_id))

    async def delete_workspace(self, workspace_id: str) -> DeletedWorkspace:
        """Deletes it, and all that belongs to it.

        Raises:
            NotFoundError: there is no such workspace.
        """
        return await self._wait(_native.delete_workspace(self._settings, workspace_id))
