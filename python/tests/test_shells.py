from __future__ import annotations

from collections.abc import Callable

import pytest

from pyro_mcp import NotFoundError, Pyro, UsageError
from pyro_mcp.types import ShellOutput


def read_until(pyro: Pyro, workspace: str, shell: str, holds: Callable[[ShellOutput], bool]) -> ShellOutput:
    """What the shell shows as soon as that holds; how fast a shell is, no test should know."""
    for _ in range(100):
        shown = pyro.read_shell(workspace, shell, plain=True, wait_for_idle_ms=200)
        if holds(shown):
            return shown
    raise AssertionError(shown)


def test_a_conversation_with_a_shell(pyro: Pyro, workspace: str) -> None:
    shell = pyro.open_shell(workspace, cwd="/tmp", cols=80)["shell_id"]
    assert pyro.write_shell(workspace, shell, "echo $PWD-$((6 * 7)); cat")["append_newline"]
    first = read_until(pyro, workspace, shell, lambda shown: "/tmp-42" in shown["output"])
    pyro.write_shell(workspace, shell, "an answ", append_newline=False)
    pyro.write_shell(workspace, shell, "er")
    # typed, and told again by cat
    read_until(pyro, workspace, shell, lambda shown: shown["output"].count("an answer") == 2)
    later = pyro.read_shell(workspace, shell, cursor=first["next_cursor"])
    assert "/tmp-42" not in later["output"]
    pyro.signal_shell(workspace, shell)
    # what is typed while cat ends may still be cat's
    read_until(pyro, workspace, shell, lambda shown: shown["output"].rstrip().endswith("/tmp#"))
    pyro.write_shell(workspace, shell, "exit 4")
    ended = read_until(pyro, workspace, shell, lambda shown: shown["state"] == "exited")
    assert ended["exit_code"] == 4
    assert shell in [one["shell_id"] for one in pyro.list_shells(workspace)["shells"]]


def test_a_shell_is_closed_and_takes_nothing_more(pyro: Pyro, workspace: str) -> None:
    shell = pyro.open_shell(workspace)["shell_id"]
    with pytest.raises(UsageError) as unknown:
        pyro.signal_shell(workspace, shell, signal_name="STOP")
    assert unknown.value.code == "bad_signal"
    assert pyro.close_shell(workspace, shell)["state"] == "closed"
    with pytest.raises(UsageError):
        pyro.write_shell(workspace, shell, "x")
    with pytest.raises(NotFoundError):
        pyro.read_shell(workspace, "sh-none")
