from __future__ import annotations

import time
from pathlib import Path

import pytest

from conftest import CACHE
from pyro_mcp import BusyError, NotFoundError, Pyro


def test_a_command_in_a_machine_of_its_own(pyro: Pyro, base_dir: Path) -> None:
    pieces: list[str] = []
    ran = pyro.run_in_vm(
        command="echo out; echo err >&2; exit 7",
        mem_mib=512,
        on_stdout=pieces.append,
        on_stderr=pieces.append,
    )
    assert (ran["exit_code"], ran["stdout"], ran["stderr"]) == (7, "out\n", "err\n")
    assert sorted(pieces) == ["err\n", "out\n"]
    assert ran["isolation"] in ("emulated-vm", "hardware-vm")
    assert ran["cleanup"] == {**ran["cleanup"], "deleted": True, "vm_id": ran["vm_id"]}
    assert not list((base_dir / "machines").glob("vm-*"))


def test_the_life_of_a_vm_step_by_step(on_host: Pyro) -> None:
    vm = on_host.create_vm(allow_host_compat=True, ttl_seconds=60)
    assert (vm["state"], vm["isolation"]) == ("created", "none")
    assert on_host.start_vm(vm["vm_id"])["state"] == "started"
    assert on_host.network_info_vm(vm["vm_id"])["network_enabled"] is False
    assert on_host.stop_vm(vm["vm_id"])["state"] == "stopped"
    on_host.start_vm(vm["vm_id"])
    ran = on_host.exec_vm(vm["vm_id"], "echo once")
    assert (ran["stdout"], ran["cleanup"]["deleted"]) == ("once\n", True)
    with pytest.raises(NotFoundError):
        on_host.status_vm(vm["vm_id"])


def test_a_vm_is_deleted_and_one_whose_time_is_over_is_reaped(on_host: Pyro) -> None:
    lasting = on_host.create_vm(allow_host_compat=True)["vm_id"]
    fleeting = on_host.create_vm(allow_host_compat=True, ttl_seconds=1)
    assert on_host.status_vm(lasting)["state"] == "created"
    time.sleep(max(0, fleeting["expires_at"] + 1 - time.time()))
    assert on_host.reap_expired() == {"deleted_vm_ids": [fleeting["vm_id"]], "count": 1}
    assert on_host.delete_vm(lasting)["deleted"]


def test_no_more_vms_are_started_than_may_be(tmp_path: Path) -> None:
    pyro = Pyro("process", tmp_path, CACHE, max_active_vms=1)
    one, other = (pyro.create_vm(allow_host_compat=True)["vm_id"] for _ in range(2))
    pyro.start_vm(one)
    with pytest.raises(BusyError):
        pyro.start_vm(other)
    pyro.delete_vm(one)
    assert pyro.start_vm(other)["state"] == "started"
    pyro.delete_vm(other)
