"""Machines for one command."""

# Written by asynchronous.py from ../_vms.py: change that one.

from __future__ import annotations

import os
from collections.abc import Sequence

from .. import _native
from .._calls import Listener, Listeners
from .._async_connection import AsyncConnection as Connection
from .._machine import machine
from ..types import DeletedVm, ReapedVms, RunResult, Vm, VmNetwork


class Vms(Connection):
    """The verbs of machines for one command."""

    async def run_in_vm(
        self,
        *,
        environment: str = "debian:12",
        command: str,
        vcpu_count: int = 1,
        mem_mib: int = 1024,
        timeout_seconds: int = 30,
        ttl_seconds: int = 600,
        network: bool = False,
        allow_host_compat: bool = False,
        allow_hosts: Sequence[str] | None = None,
        allow_nets: Sequence[str] | None = None,
        ca_bundle: str | os.PathLike[str] | None = None,
        allow_weak_isolation: bool = False,
        on_stdout: Listener | None = None,
        on_stderr: Listener | None = None,
    ) -> RunResult:
        """Runs a command in a machine of its own, and deletes the machine, whatever happens in between: also where this
        process is killed.

        Args:
            environment: what to boot: a name of ``list_environments``, or any container image. What is not here yet is
                pulled or built first.
            command: one string for ``/bin/sh -lc``; it runs where the image says, as the user that it says.
            vcpu_count: virtual CPUs, 1 to 64.
            mem_mib: memory in MiB, from 128 on.
            timeout_seconds: the command and all it started are killed after so many seconds; the exit code is then 124.
            ttl_seconds: the hard limit of the machine's life, in seconds.
            network: whether the guest reaches public addresses.
            allow_host_compat: run on the host, without isolation, where no machine can boot.
            allow_hosts: with a network, the only names it may reach, ``*.`` before one means all below; ports 80 and 443,
                or ``NAME:PORT``.
            allow_nets: the addresses it may reach, also private ones, such as ``10.1.0.0/16``.
            ca_bundle: certificate authorities that the guest trusts beside its image's: a file of PEM certificates, or
                ``host`` for this host's own.
            allow_weak_isolation: run an emulated machine even where nothing jails the emulator.
            on_stdout: is called with each piece of stdout as it comes, in the event loop. An exception of it ends
                the command, and is raised.
            on_stderr: the same for stderr.

        Returns:
            The whole output (of more than 1 MiB of a stream the middle is left out), the exit code, and what became of
            the machine. A command that fails is no error.

        Raises:
            UsageError: a wish is impossible.
            HostError: no machine can boot here, or the environment cannot be made ready.
            GuestError: the machine ended before the command did.
        """
        listeners = Listeners(on_stdout, on_stderr)
        wish = machine(
            environment,
            vcpu_count=vcpu_count,
            mem_mib=mem_mib,
            ttl_seconds=ttl_seconds,
            network=network,
            allow_hosts=allow_hosts,
            allow_nets=allow_nets,
            ca_bundle=ca_bundle,
            allow_host_compat=allow_host_compat,
            allow_weak_isolation=allow_weak_isolation,
        )
        call = _native.run_in_vm(self._settings, wish, command, timeout_seconds, bool(listeners))
        return await self._wait(call, listeners)

    async def create_vm(
        self,
        environment: str = "debian:12",
        *,
        vcpu_count: int = 1,
        mem_mib: int = 1024,
        ttl_seconds: int = 600,
        network: bool = False,
        allow_host_compat: bool = False,
        allow_hosts: Sequence[str] | None = None,
        allow_nets: Sequence[str] | None = None,
        ca_bundle: str | os.PathLike[str] | None = None,
        allow_weak_isolation: bool = False,
    ) -> Vm:
        """Makes a machine for one command in single steps: ``start_vm``, ``exec_vm``. It outlives this process, for
        ``ttl_seconds`` from now at most.

        The arguments are those of ``run_in_vm``.

        Raises:
            UsageError: a wish is impossible.
            HostError: no machine can boot here, or the environment cannot be made ready.
        """
        wish = machine(
            environment,
            vcpu_count=vcpu_count,
            mem_mib=mem_mib,
            ttl_seconds=ttl_seconds,
            network=network,
            allow_hosts=allow_hosts,
            allow_nets=allow_nets,
            ca_bundle=ca_bundle,
            allow_host_compat=allow_host_compat,
            allow_weak_isolation=allow_weak_isolation,
        )
        return await self._wait(_native.create_vm(self._settings, wish))

    async def start_vm(self, vm_id: str) -> Vm:
        """Boots it.

        Raises:
            NotFoundError: there is no such vm.
            BusyError: ``max_active_vms`` are started already.
        """
        return await self._wait(_native.start_vm(self._settings, vm_id))

    async def exec_vm(self, vm_id: str, command: str, *, timeout_seconds: int = 30) -> RunResult:
        """Gives a started vm its one command, and deletes the vm, whatever happens in between.

        Args:
            vm_id: its id, or the beginning of it.
            command: one string for ``/bin/sh -lc``.
            timeout_seconds: it is killed after so many seconds; the exit code is then 124.

        Raises:
            NotFoundError: there is no such vm.
            UsageError: it is not started; then it stays as it is.
        """
        return await self._wait(_native.exec_vm(self._settings, vm_id, command, timeout_seconds))

    async def stop_vm(self, vm_id: str) -> Vm:
        """Ends its machine. ``start_vm`` boots it afresh, with nothing left of what it wrote.

        Raises:
            NotFoundError: there is no such vm.
        """
        return await self._wait(_native.stop_vm(self._settings, vm_id))

    async def delete_vm(self, vm_id: str) -> DeletedVm:
        """Ends its machine and deletes it.

        Raises:
            NotFoundError: there is no such vm.
        """
        return await self._wait(_native.delete_vm(self._settings, vm_id))

    async def status_vm(self, vm_id: str) -> Vm:
        """Says how it stands.

        Raises:
            NotFoundError: there is no such vm.
        """
        return await self._wait(_native.status_vm(self._settings, vm_id))

    async def network_info_vm(self, vm_id: str) -> VmNetwork:
        """Says what it may reach, and why.

        Raises:
            NotFoundError: there is no such vm.
        """
        return await self._wait(_native.network_info_vm(self._settings, vm_id))

    async def reap_expired(self) -> ReapedVms:
        """Deletes every vm whose time to live is over. Other verbs do it too, in passing."""
        return await self._wait(_native.reap_expired(self._settings))
