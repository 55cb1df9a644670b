"""Machines for one command."""

from __future__ import annotations

from typing import Literal, TypedDict

Isolation = Literal["hardware-vm", "emulated-vm", "none"]


class Vm(TypedDict):
    """A machine for one command that was created."""

    vm_id: str
    environment: str
    environment_version: str
    vcpu_count: int
    mem_mib: int
    ttl_seconds: int
    """Its whole time to live, from its creation."""
    created_at: int
    expires_at: int
    state: Literal["created", "started", "stopped"]
    network_enabled: bool
    allow_host_compat: bool
    guest_ip: str | None
    execution_mode: str
    isolation: Isolation
    jail: str
    metadata: dict[str, str]
    warnings: list[str]


class DeletedVm(TypedDict):
    """A machine that is gone."""

    vm_id: str
    deleted: bool
    reason: str


class ReapedVms(TypedDict):
    """The machines whose time was over."""

    deleted_vm_ids: list[str]
    count: int


class VmNetwork(TypedDict):
    """What a machine may reach, and why."""

    vm_id: str
    network_enabled: bool
    outbound_connectivity_expected: bool
    reason: str
