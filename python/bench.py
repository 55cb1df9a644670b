#!/usr/bin/env python3
"""What the Python package costs beside the library: each row is a median of interleaved runs, in milliseconds. `make
bench-python` runs it; it decides nothing."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from pyro_mcp import Pyro, _native
from pyro_mcp._calls import Listeners, wait

RUNS = 40


def main() -> None:
    cache = os.environ.get("PYRO_TEST_CACHE")
    with tempfile.TemporaryDirectory() as home:
        os.environ["PYRO_HOME"] = home
        state = Path(home, "state")
        pyro = Pyro(cache_dir=cache)
        if cache:
            Path(home, "cache").symlink_to(cache)
        with pyro.workspace(mem_mib=512) as workspace:
            measure(pyro, workspace.id)
        assert not list((state / "workspaces").glob("ws-*"))


def measure(pyro: Pyro, workspace: str) -> None:
    """The same library does the same work, called from Python and by a process of its own."""
    python: list[float] = []
    process: list[float] = []
    empty: list[float] = []
    for _ in range(RUNS):
        python.append(outside(lambda: dict(pyro.exec_workspace(workspace, "true"))))
        process.append(outside(lambda: executed(workspace)))
        empty.append(elapsed(lambda: wait(_native.list_services(pyro._settings, workspace), Listeners())))
    row("exec true by Pyro, without the command itself", python)
    row("the same by `pyro workspace exec`", process)
    row("a call that reads one directory", empty)
    interpreter = statistics.median(spent(pyro, workspace) for _ in range(RUNS))
    print(f"{'processor time of this process for an exec':<50} {interpreter * 1000:8.2f}")


def executed(workspace: str) -> dict[str, object]:
    words = [os.environ["PYRO_EXECUTABLE"], "workspace", "exec", workspace, "--json", "--", "true"]
    report: dict[str, object] = json.loads(subprocess.run(words, capture_output=True, check=True).stdout)
    return report


def outside(run: Callable[[], dict[str, object]]) -> float:
    """Seconds beside those in which the guest was busy with the command."""
    began = time.perf_counter()
    report = run()
    took = time.perf_counter() - began
    return took - float(str(report["duration_ms"])) / 1000


def elapsed(run: Callable[[], object]) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def spent(pyro: Pyro, workspace: str) -> float:
    began = time.process_time()
    pyro.exec_workspace(workspace, "true")
    return time.process_time() - began


def row(what: str, seconds: list[float]) -> None:
    print(f"{what:<50} {statistics.median(seconds) * 1000:8.2f}")


if __name__ == "__main__":
    main()
