"""Shells of workspaces."""

# Written by asynchronous.py from ../_shells.py: change that one.

from __future__ import annotations

from collections.abc import Mapping

from .. import _native
from .._async_connection import AsyncConnection as Connection
from ..types import Shell, ShellList, ShellOutput, ShellWrite


class Shells(Connection):
    """The verbs of shells. ``workspace_id`` is an id, a name, or the beginning of either."""

    async def open_shell(
        self,
        workspace_id: str,
        *,
        cwd: str = "/workspace",
        cols: int = 120,
        rows: int = 30,
        secret_env: Mapping[str, str] | None = None,
    ) -> Shell:
        """Opens a login shell as root, behind a terminal of its own. It goes on until it ends or is closed, or the
        workspace's machine ends.

        Args:
            workspace_id: its id or name.
            cwd: in which directory.
            cols: how wide its terminal is, 2 to 500 characters.
            rows: how high, 1 to 300 characters.
            secret_env: secrets of the workspace in its environment: ``{secret: ENV_VAR}``.

        Raises:
            NotFoundError: there is no such workspace.
            UsageError: there is no such directory, or no terminal has that size.
        """
        call = _native.open_shell(self._settings, workspace_id, cwd, cols, rows, dict(secret_env or {}))
        return await self._wait(call)

    async def list_shells(self, workspace_id: str) -> ShellList:
        """Lists them, those that have ended included.

        Raises:
            NotFoundError: there is no such workspace.
        """
        return await self._wait(_native.list_shells(self._settings, workspace_id))

    async def read_shell(
        self,
        workspace_id: str,
        shell_id: str,
        *,
        cursor: int = 0,
        max_chars: int = 65536,
        plain: bool = False,
        wait_for_idle_ms: int | None = None,
    ) -> ShellOutput:
        """Reads what a shell has shown since a cursor. Of each the last MiB is kept.

        Args:
            workspace_id: its id or name.
            shell_id: from ``open_shell``.
            cursor: begin behind so many bytes; the last reading's ``next_cursor``.
            max_chars: so many characters at most.
            plain: what a person would read: the lines that were written to since then, as they are now, and the whole
                screen of an editor or pager. Otherwise what the terminal got, escape sequences included.
            wait_for_idle_ms: wait first until nothing was shown for so many milliseconds, 30000 at most.

        Raises:
            NotFoundError: there is no such workspace or shell.
        """
        call = _native.read_shell(
            self._settings,
            workspace_id,
            shell_id,
            {
                "cursor": cursor,
                "max_chars": max_chars,
                "plain": plain,
                "wait_for_idle_ms": wait_for_idle_ms,
            },
        )
        return await self._wait(call)

    async def write_shell(
        self, workspace_id: str, shell_id: str, input: str, *, append_newline: bool = True
    ) -> ShellWrite:
        """Types into a shell, and presses Enter unless ``append_newline`` is false. It returns at once.

        Raises:
            NotFoundError: there is no such workspace or shell.
            UsageError: the shell has ended.
        """
        call = _native.write_shell(self._settings, workspace_id, shell_id, input, append_newline)
        return await self._wait(call)

    async def signal_shell(self, workspace_id: str, shell_id: str, *, signal_name: str = "INT") -> Shell:
        """Sends a signal (``HUP``, ``INT``, ``TERM``, ``KILL``) to the program that has the shell's terminal, and to the shell
        itself where none has.

        Raises:
            NotFoundError: there is no such workspace or shell.
            UsageError: there is no such signal, or the shell has ended.
        """
        return await self._wait(_native.signal_shell(self._settings, workspace_id, shell_id, signal_name))

    async def close_shell(self, workspace_id: str, shell_id: str) -> Shell:
        """Ends a shell, and all it started. What it showed can still be read.

        Raises:
            NotFoundError: there is no such workspace or shell.
        """
        return await self._wait(_native.close_shell(self._settings, workspace_id, shell_id))
