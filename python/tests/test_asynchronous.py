from __future__ import annotations

import asyncio
import inspect
import threading
from pathlib import Path

import pytest

from conftest import CACHE
from pyro_mcp import AsyncPyro, NotFoundError, Pyro


def asynchronous(base_dir: Path) -> AsyncPyro:
    return AsyncPyro(base_dir=base_dir, cache_dir=CACHE)


def test_every_verb_has_its_coroutine_with_the_same_arguments() -> None:
    for name, verb in inspect.getmembers(Pyro, inspect.isfunction):
        if name.startswith("_"):
            continue
        other = getattr(AsyncPyro, name)
        assert inspect.signature(verb) == inspect.signature(other), name
        assert inspect.iscoroutinefunction(other) or name in ("workspace", "create_server"), name


def test_twenty_machines_at_once_in_one_thread(tmp_path: Path) -> None:
    pyro = AsyncPyro(backend_name="process", base_dir=tmp_path, cache_dir=CACHE)

    async def run(number: int) -> str:
        threads.add(threading.current_thread())
        ran = await pyro.run_in_vm(
            command=f"sleep 0.2; echo {number}", allow_host_compat=True, on_stdout=heard.append
        )
        return ran["stdout"]

    async def main() -> list[str]:
        return await asyncio.gather(*(run(number) for number in range(20)))

    threads: set[threading.Thread] = set()
    heard: list[str] = []
    lines = [f"{number}\n" for number in range(20)]
    assert asyncio.run(main()) == lines
    assert sorted(heard) == sorted(lines) and len(threads) == 1
    assert not list((tmp_path / "machines").glob("vm-*"))


def test_twenty_workspaces_at_once(base_dir: Path) -> None:
    async def work(pyro: AsyncPyro, number: int) -> str:
        async with pyro.workspace(mem_mib=256) as made:
            await made.write_file("number", str(number))
            return (await made.exec("cat number", timeout_seconds=120))["stdout"]

    async def main() -> list[str]:
        # and the one that the other tests share
        pyro = AsyncPyro(base_dir=base_dir, cache_dir=CACHE, max_active_vms=21)
        return await asyncio.gather(*(work(pyro, number) for number in range(20)))

    assert asyncio.run(main()) == [str(number) for number in range(20)]


def test_commands_at_once_in_a_workspace(workspace: str, base_dir: Path) -> None:
    async def main() -> list[int | None]:
        pyro = asynchronous(base_dir)
        codes = (pyro.exec_workspace(workspace, f"exit {number}") for number in range(6))
        return [ran["exit_code"] for ran in await asyncio.gather(*codes)]

    assert asyncio.run(main()) == list(range(6))


def test_a_cancelled_task_ends_its_command(workspace: str, base_dir: Path) -> None:
    async def main() -> list[str]:
        pyro = asynchronous(base_dir)
        begun = asyncio.Event()
        command = pyro.exec_workspace(
            workspace, "echo begun; exec sleep 600", on_stdout=lambda _: begun.set()
        )
        task = asyncio.create_task(command)
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return (await pyro.status_workspace(workspace))["running_commands"]

    assert asyncio.run(main()) == []


def test_a_creation_that_is_cancelled_leaves_nothing(base_dir: Path) -> None:
    def disks() -> set[Path]:
        return set((base_dir / "workspaces").glob("ws-*/disk"))

    async def is_there(pyro: AsyncPyro) -> bool:
        listed = await pyro.list_workspaces()
        return "halfway" in [one["name"] for one in listed["workspaces"]]

    async def gone(pyro: AsyncPyro) -> None:
        # what the host was writing of it comes to its end first
        while await is_there(pyro):
            await asyncio.sleep(0.1)

    async def main() -> None:
        pyro = asynchronous(base_dir)
        before = disks()
        task = asyncio.create_task(pyro.create_workspace(name="halfway", mem_mib=512))
        while disks() <= before:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(gone(pyro), 60)
        assert disks() <= before

    asyncio.run(main())


def test_a_block_is_entered_and_left(base_dir: Path) -> None:
    async def main() -> str:
        async with asynchronous(base_dir) as pyro, pyro.workspace(mem_mib=512) as made:
            await made.write_file("a", "b")
            return made.id + " " + (await made.exec("cat a"))["stdout"]

    it, _, said = asyncio.run(main()).partition(" ")
    assert said == "b"
    with pytest.raises(NotFoundError):
        Pyro(base_dir=base_dir, cache_dir=CACHE).status_workspace(it)
