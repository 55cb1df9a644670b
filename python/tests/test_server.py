"""The server of the package, in a process of its own; and that its tools are the methods of `Pyro`."""

from __future__ import annotations

import inspect
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from conftest import CACHE
from pyro_mcp import Pyro, UsageError, create_server

PROGRAM = """
import sys
from pyro_mcp import Pyro
sys.stdout = sys.stderr  # the server writes to the real one
server = Pyro(base_dir=sys.argv[1], cache_dir=sys.argv[2]).create_server(profile=sys.argv[3])
server.run()
print("it has ended")
"""

METHODS = {
    "vm_run": "run_in_vm",
    "vm_create": "create_vm",
    "vm_start": "start_vm",
    "vm_exec": "exec_vm",
    "vm_stop": "stop_vm",
    "vm_delete": "delete_vm",
    "vm_status": "status_vm",
    "vm_network_info": "network_info_vm",
    "vm_reap_expired": "reap_expired",
    "vm_list_environments": "list_environments",
    "workspace_create": "create_workspace",
    "workspace_list": "list_workspaces",
    "workspace_update": "update_workspace",
    "workspace_status": "status_workspace",
    "workspace_logs": "logs_workspace",
    "workspace_exec": "exec_workspace",
    "workspace_exec_read": "read_exec",
    "workspace_exec_stop": "stop_exec",
    "workspace_sync_push": "push_workspace_sync",
    "workspace_export": "export_workspace",
    "workspace_diff": "diff_workspace",
    "workspace_file_list": "list_workspace_files",
    "workspace_file_read": "read_workspace_file",
    "workspace_file_write": "write_workspace_file",
    "workspace_file_edit": "edit_workspace_file",
    "workspace_patch_apply": "apply_workspace_patch",
    "workspace_reset": "reset_workspace",
    "workspace_stop": "stop_workspace",
    "workspace_start": "start_workspace",
    "workspace_delete": "delete_workspace",
    "workspace_disk_list": "list_workspace_disk",
    "workspace_disk_read": "read_workspace_disk",
    "workspace_disk_export": "export_workspace_disk",
    "snapshot_create": "create_snapshot",
    "snapshot_list": "list_snapshots",
    "snapshot_delete": "delete_snapshot",
    "shell_open": "open_shell",
    "shell_list": "list_shells",
    "shell_read": "read_shell",
    "shell_write": "write_shell",
    "shell_signal": "signal_shell",
    "shell_close": "close_shell",
    "service_start": "start_service",
    "service_list": "list_services",
    "service_status": "status_service",
    "service_logs": "logs_service",
    "service_stop": "stop_service",
}
# What is for models alone: pages of text, and another patience.
FOR_MODELS = {("workspace_diff", "offset"), ("workspace_logs", "before")}
OTHER_DEFAULTS = {("workspace_exec", "timeout_seconds"), ("workspace_exec", "wait_seconds")}


class Client:
    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def ask(self, method: str, **params: Any) -> Any:
        self.tell({"id": 1, "method": method, "params": params})
        assert self.process.stdout is not None
        return json.loads(self.process.stdout.readline())["result"]

    def tell(self, message: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
        self.process.stdin.flush()


@contextmanager
def client(base_dir: Path, profile: str) -> Iterator[Client]:
    arguments = [sys.executable, "-c", PROGRAM, str(base_dir), str(CACHE), profile]
    pipe = subprocess.PIPE
    with subprocess.Popen(arguments, text=True, stdin=pipe, stdout=pipe, stderr=pipe) as process:
        try:
            it = Client(process)
            it.ask(
                "initialize",
                protocolVersion="2025-06-18",
                capabilities={},
                clientInfo={"name": "test", "version": "1"},
            )
            it.tell({"method": "notifications/initialized"})
            yield it
        finally:
            process.kill()


def test_its_tools_are_the_methods_with_the_same_names_and_defaults(base_dir: Path) -> None:
    with client(base_dir, "workspace-full") as it:
        tools = it.ask("tools/list")["tools"]
    assert {tool["name"] for tool in tools} == METHODS.keys()
    for tool in tools:
        parameters = inspect.signature(getattr(Pyro, METHODS[tool["name"]])).parameters
        required = tool["inputSchema"].get("required", [])
        for name, schema in tool["inputSchema"].get("properties", {}).items():
            here = (tool["name"], name)
            if here in FOR_MODELS:
                assert name not in parameters, here
                continue
            assert name in parameters, here
            default = parameters[name].default
            assert (default is inspect.Parameter.empty) == (name in required), here
            if "default" in schema and here not in OTHER_DEFAULTS:
                assert default == schema["default"], here


def test_it_sees_the_workspaces_of_the_same_directory_and_ends_on_ctrl_c(
    pyro: Pyro, workspace: str, base_dir: Path
) -> None:
    with client(base_dir, "workspace-core") as it:
        ran = it.ask(
            "tools/call", name="workspace_exec", arguments={"workspace_id": "shared", "command": "pwd"}
        )
        assert "output:\n/workspace\n" in ran["content"][0]["text"]
        it.process.send_signal(signal.SIGINT)
        said, wrong = it.process.communicate(timeout=20)
        assert (said, wrong, it.process.returncode) == ("", "it has ended\n", 0)


def test_it_ends_with_its_client(base_dir: Path) -> None:
    with client(base_dir, "vm-run") as it:
        assert [tool["name"] for tool in it.ask("tools/list")["tools"]] == ["vm_run"]
        assert it.process.communicate(timeout=20) == ("", "it has ended\n")


def test_choices_that_contradict_each_other_are_refused_at_once(pyro: Pyro) -> None:
    for wrong, code in (
        ({"profile": "all"}, "unknown_profile"),
        ({"network_policy": "off", "allow_hosts": ["example.org"]}, "allow_list_without_egress"),
    ):
        with pytest.raises(UsageError) as refused:
            pyro.create_server(**wrong)
        assert refused.value.code == code
    assert create_server(profile="vm-run") is not None
