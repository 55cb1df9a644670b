from __future__ import annotations

import pytest

from pyro_mcp import NotFoundError, Pyro, UsageError


def test_a_conversation_with_a_shell(pyro: Pyro, workspace: str) -> None:
    shell = pyro.open_shell(workspace, cwd="/tmp", cols=80)["shell_id"]
    assert pyro.write_shell(workspace, shell, "cat")["append_newline"]
    pyro.write_shell(workspace, shell, "an answ", append_newline=False)
    pyro.write_shell(workspace, shell, "er")
    shown = pyro.read_shell(workspace, shell, plain=True, wait_for_idle_ms=500)
    assert shown["output"].count("an answer") == 2, shown["output"]
    pyro.signal_shell(workspace, shell)
    pyro.write_shell(workspace, shell, "exit 4")
    later = pyro.read_shell(workspace, shell, cursor=shown["next_cursor"], plain=True, wait_for_idle_ms=500)
    assert (later["state"], later["exit_code"]) == ("exited", 4)
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
