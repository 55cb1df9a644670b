from __future__ import annotations

import pytest

from pyro_mcp import DeadlineError, Pyro, UsageError


def test_a_service_gets_ready_writes_and_is_stopped(pyro: Pyro, workspace: str) -> None:
    started = pyro.start_service(
        workspace,
        "clock",
        "echo first; echo second; touch /tmp/ready; exec sleep 600",
        readiness={"type": "file", "path": "/tmp/ready", "interval_ms": 100},
    )
    assert started["readiness"] == {
        "type": "file", "path": "/tmp/ready", "timeout_seconds": 30, "interval_ms": 100,
    }  # fmt: skip
    assert [one["service_name"] for one in pyro.list_services(workspace)["services"]] == ["clock"]
    assert pyro.status_service(workspace, "clock")["state"] == "running"
    last = pyro.logs_service(workspace, "clock", tail_lines=1)
    assert (last["stdout"], last["truncated"]) == ("second\n", True)
    assert pyro.logs_service(workspace, "clock", all=True)["stdout"] == "first\nsecond\n"
    assert pyro.stop_service(workspace, "clock")["state"] == "stopped"


def test_a_service_that_is_not_ready_in_time_is_an_error(pyro: Pyro, workspace: str) -> None:
    with pytest.raises(DeadlineError):
        pyro.start_service(
            workspace, "never", "exec sleep 600", ready_file="/nowhere", ready_timeout_seconds=1
        )
    with pytest.raises(UsageError):
        pyro.start_service(workspace, "odd", "true", readiness={"type": "tcp", "path": "/x"})
