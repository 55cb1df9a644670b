"""Nothing stays of calls that ended, that nobody waits for, or that another process made."""

from __future__ import annotations

import gc
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

from conftest import CACHE
from pyro_mcp import Pyro, _native
from pyro_mcp._machine import machine


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def threads() -> int:
    return len(os.listdir("/proc/self/task"))


def soon(holds: Callable[[], object]) -> object:
    """Whether it holds within ten seconds."""
    deadline = time.monotonic() + 10
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.02)
    return holds()


def a_run(pyro: Pyro, command: str) -> _native.Call[object]:
    wish = machine(
        "debian:12", vcpu_count=1, mem_mib=512, ttl_seconds=60, network=False, allow_hosts=None, allow_nets=None,
        ca_bundle=None, allow_host_compat=True, allow_weak_isolation=False,
    )  # fmt: skip
    return _native.run_in_vm(pyro._settings, wish, command, 60, True)


def test_calls_leave_no_descriptor_and_no_thread(on_host: Pyro) -> None:
    on_host.list_environments()
    gc.collect()
    assert soon(lambda: threads() == threading.active_count())
    before = descriptors()
    for _ in range(50):
        on_host.list_workspaces()
    gc.collect()
    assert soon(lambda: (descriptors(), threads()) == (before, threading.active_count()))


def test_a_call_that_nobody_waits_for_ends_with_its_object(tmp_path: Path) -> None:
    pyro = Pyro("process", tmp_path, CACHE)
    call = a_run(pyro, f"echo begun; sleep 600; touch {tmp_path}/ended")
    assert soon(lambda: list((tmp_path / "machines").glob("vm-*")))
    del call
    gc.collect()
    assert soon(lambda: not list((tmp_path / "machines").glob("vm-*")))
    assert soon(lambda: threads() == threading.active_count())
    assert not (tmp_path / "ended").exists()


def test_a_process_that_was_forked_calls_for_itself(tmp_path: Path) -> None:
    pyro = Pyro("process", tmp_path, CACHE)
    pyro.list_workspaces()
    child = os.fork()
    if child == 0:
        ran = pyro.run_in_vm(command="exit 5", allow_host_compat=True)
        os._exit(ran["exit_code"])
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 5
    assert pyro.run_in_vm(command="exit 6", allow_host_compat=True)["exit_code"] == 6
