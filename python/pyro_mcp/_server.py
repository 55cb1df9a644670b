"""The MCP server, in this process."""

from __future__ import annotations

import contextlib
import functools
import os
import sys
from collections.abc import Callable, Iterable
from typing import Any, Concatenate, ParamSpec

from . import _native
from ._calls import Listeners, wait
from ._settings import Settled, absolute


class Server:
    """An MCP server: the same as ``pyro mcp serve``."""

    def __init__(self, server: _native.Server) -> None:
        self._server = server

    def run(self) -> None:
        """Serves on the standard input and output of this process (the file descriptors 0 and 1, whatever ``sys.stdout``
        is by now) until the client closes them, or Ctrl-C. Whatever else writes to standard output breaks the protocol:
        log to standard error.

        The commands that it was running for calls of ``vm_run`` end with it; workspaces go on.
        """
        sys.stdout.flush()
        with contextlib.suppress(KeyboardInterrupt):
            wait(self._server.serve(), Listeners())


class Servers(Settled):
    """The verb of servers."""

    def create_server(
        self,
        *,
        profile: str = "workspace-core",
        project_path: str | os.PathLike[str] | None = None,
        repo_url: str | None = None,
        repo_ref: str | None = None,
        network_policy: str | None = None,
        allow_hosts: Iterable[str] = (),
        allow_nets: Iterable[str] = (),
        ca_bundle: str | os.PathLike[str] | None = None,
        seed_roots: Iterable[str | os.PathLike[str]] = (),
        export_roots: Iterable[str | os.PathLike[str]] = (),
        max_mem_mib: int | None = None,
        max_vcpus: int | None = None,
        max_workspaces: int | None = None,
        allow_images: Iterable[str] = (),
        allow_secrets: bool = False,
        allow_host_compat: bool = False,
    ) -> Server:
        """Makes an MCP server with the settings of this object; ``run`` serves. What is chosen here is the human's word: a
        model of the server cannot go beyond it.

        Args:
            profile: which tools it offers: ``vm-run``, ``workspace-core`` or ``workspace-full``.
            project_path: the Git work tree that workspaces begin with; the one around the current directory, if any.
            repo_url: a Git repository to fetch for each workspace instead.
            repo_ref: its branch, tag or commit.
            network_policy: what every workspace may reach, and the most of any machine: ``off``, ``egress``,
                ``egress+published-ports``. Without, a model of ``workspace-full`` or ``vm-run`` may choose.
            allow_hosts: the only names that machines may reach.
            allow_nets: the addresses that they may reach, also private ones.
            ca_bundle: certificate authorities that guests trust beside their image's: a file, or ``host``.
            seed_roots: directories below which a model may name host paths; the project, where there are none.
            export_roots: directories below which a model may export; ``.pyro/out`` in the project, where there are none.
            max_mem_mib: the most memory of one machine.
            max_vcpus: the most virtual CPUs of one machine.
            max_workspaces: the most workspaces at a time.
            allow_images: the images that a model may name beside those that public registries give to everybody, with the
                logins of this user: ``ghcr.io/owner/name``, ``registry.example/*``.
            allow_secrets: give the model content that holds a secret of its workspace.
            allow_host_compat: let the model ask for commands on the host where no machine can boot: no isolation.

        Raises:
            UsageError: choices contradict each other.
        """
        bundle = None if ca_bundle is None else os.fspath(ca_bundle)
        server = _native.Server(
            self._settings,
            {
                "profile": profile,
                "working_directory": os.getcwd(),
                "home": os.environ.get("HOME"),
                "project_path": absolute(project_path),
                "repo_url": repo_url,
                "repo_ref": repo_ref,
                "network_policy": network_policy,
                "allow_hosts": list(allow_hosts),
                "allow_nets": list(allow_nets),
                "ca_bundle": bundle if bundle == "host" else absolute(bundle),
                "seed_roots": [os.path.abspath(root) for root in seed_roots],
                "export_roots": [os.path.abspath(root) for root in export_roots],
                "max_mem_mib": max_mem_mib,
                "max_vcpus": max_vcpus,
                "max_workspaces": max_workspaces,
                "allow_images": list(allow_images),
                "allow_secrets": allow_secrets,
                "allow_host_compat": allow_host_compat,
            },
        )
        return Server(server)


P = ParamSpec("P")


def _with_settings(create: Callable[Concatenate[Any, P], Server]) -> Callable[P, Server]:
    @functools.wraps(create)
    def create_server(*args: P.args, **kwargs: P.kwargs) -> Server:
        return create(Servers(), *args, **kwargs)

    return create_server


create_server = _with_settings(Servers.create_server)
