"""The machine that a method is asked for."""

from __future__ import annotations

import os
from collections.abc import Sequence

from ._wishes import Machine


def machine(
    environment: str,
    *,
    vcpu_count: int,
    mem_mib: int,
    ttl_seconds: int,
    network: bool,
    allow_hosts: Sequence[str] | None,
    allow_nets: Sequence[str] | None,
    ca_bundle: str | os.PathLike[str] | None,
    allow_host_compat: bool,
    allow_weak_isolation: bool,
) -> Machine:
    """The same for the native part."""
    return {
        "environment": environment,
        "vcpu_count": vcpu_count,
        "mem_mib": mem_mib,
        "ttl_seconds": ttl_seconds,
        "network": network,
        "allow_hosts": list(allow_hosts or ()),
        "allow_nets": list(allow_nets or ()),
        "ca_bundle": None if ca_bundle is None else os.fspath(ca_bundle),
        "allow_host_compat": allow_host_compat,
        "allow_weak_isolation": allow_weak_isolation,
    }
