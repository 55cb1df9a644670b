from __future__ import annotations

import threading

import pytest

from pyro_mcp import NotFoundError, Pyro, UsageError


def test_a_command_and_its_end(pyro: Pyro, workspace: str) -> None:
    ran = pyro.exec_workspace(workspace, "pwd; echo no >&2; exit 3")
    assert (ran["stdout"], ran["stderr"], ran["exit_code"]) == ("/workspace\n", "no\n", 3)
    assert pyro.logs_workspace(workspace)["entries"][-1]["exec_id"] == ran["exec_id"]


def test_a_time_limit_is_a_result(pyro: Pyro, workspace: str) -> None:
    ran = pyro.exec_workspace(workspace, "sleep 60", timeout_seconds=1)
    assert (ran["exit_code"], ran["timed_out"]) == (124, True)


def test_output_comes_while_the_command_runs_and_characters_come_whole(pyro: Pyro, workspace: str) -> None:
    # the command goes on only once its first piece has come here and a second command has answered it
    pieces: list[str] = []

    def answer(piece: str) -> None:
        pieces.append(piece)
        if piece.startswith("ready"):
            pyro.exec_workspace(workspace, "touch /tmp/answered")

    ran = pyro.exec_workspace(
        workspace,
        r"printf 'ready \342\202'; until [ -e /tmp/answered ]; do sleep 0.1; done; printf '\254'",
        on_stdout=answer,
    )
    assert (ran["exit_code"], "".join(pieces)) == (0, "ready €")
    assert pieces[0] == "ready " and ran["stdout"] == "ready €"


def test_more_output_than_anybody_keeps_comes_whole_to_listeners(pyro: Pyro, workspace: str) -> None:
    length = 0

    def count(piece: str) -> None:
        nonlocal length
        length += len(piece)

    ran = pyro.exec_workspace(workspace, "head -c 3000000 /dev/zero | tr '\\0' x", on_stdout=count)
    assert length == ran["stdout_bytes"] == 3_000_000
    assert ran["stdout_truncated"]


def test_an_exception_of_a_listener_ends_the_command(pyro: Pyro, workspace: str) -> None:
    def refuse(piece: str) -> None:
        raise ZeroDivisionError(piece)

    with pytest.raises(ZeroDivisionError, match="now"):
        pyro.exec_workspace(workspace, "echo now; sleep 60", on_stdout=refuse)
    assert pyro.status_workspace(workspace)["running_commands"] == []


def test_a_command_that_goes_on_is_read_and_stopped(pyro: Pyro, workspace: str) -> None:
    going = pyro.exec_workspace(workspace, "echo begun; sleep 60", wait_seconds=0)
    assert (going["state"], going["exit_code"]) == ("running", None)
    read = pyro.read_exec(going["exec_id"], wait_ms=5000)
    assert (read["stdout"], read["state"]) == ("begun\n", "running")
    assert pyro.stop_exec(going["exec_id"])["exit_code"] == 143
    with pytest.raises(UsageError):
        pyro.exec_workspace(workspace, "true", wait_seconds=0, on_stdout=print)
    with pytest.raises(NotFoundError):
        pyro.read_exec(f"{workspace}.99999")


def test_a_secret_is_used_and_not_shown(pyro: Pyro, workspace: str) -> None:
    pieces: list[str] = []
    command = "echo $WORD; test $(cat /run/pyro-secrets/TOKEN) = $WORD"
    environment = {"TOKEN": "WORD"}
    ran = pyro.exec_workspace(workspace, command, secret_env=environment, on_stdout=pieces.append)
    assert ran["exit_code"] == 0
    assert "swordfish" not in ran["stdout"] + "".join(pieces)


def test_eight_threads_share_one_pyro(pyro: Pyro, workspace: str) -> None:
    answers: dict[int, str] = {}

    def work(number: int) -> None:
        answers[number] = pyro.exec_workspace(workspace, f"echo {number}")["stdout"]

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {number: f"{number}\n" for number in range(8)}
