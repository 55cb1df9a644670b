"""Commands of workspaces."""

# Written by asynchronous.py from ../_commands.py: change that one.

from __future__ import annotations

from collections.abc import Mapping

from .. import _native
from .._calls import Listener, Listeners
from .._async_connection import AsyncConnection as Connection
from .._errors import UsageError
from ..types import CommandOutput, ExecResult


class Commands(Connection):
    """The verbs of commands. ``workspace_id`` is an id, a name, or the beginning of either."""

    async def exec_workspace(
        self,
        workspace_id: str,
        command: str,
        *,
        timeout_seconds: int = 30,
        secret_env: Mapping[str, str] | None = None,
        wait_seconds: float | None = None,
        on_stdout: Listener | None = None,
        on_stderr: Listener | None = None,
    ) -> ExecResult:
        """Runs a command in a workspace, as root in ``/workspace``. A workspace that expired is started again for it.

        Ctrl-C, a cancelled task of ``AsyncPyro`` and an exception of a listener end the command in the guest, and all it
        started, before they are raised.

        Args:
            workspace_id: its id or name.
            command: one string for ``/bin/sh -lc``.
            timeout_seconds: the command and all it started are killed after so many seconds; the exit code is then 124.
            secret_env: secrets of the workspace in its environment: ``{secret: ENV_VAR}``.
            wait_seconds: return after so many seconds with ``state`` ``running`` and let it go on; ``read_exec`` follows it
                then. Without, until its end. Not together with listeners.
            on_stdout: is called with each piece of stdout as it comes, in the event loop.
            on_stderr: the same for stderr.

        Returns:
            The whole output (of more than 1 MiB of a stream the middle is left out) and the exit code. A command that
            fails is no error.

        Raises:
            NotFoundError: there is no such workspace.
            UsageError: it was stopped on purpose (``workspace_not_started``), has no such secret, or ``wait_seconds`` comes
                with a listener (``listened_to``).
            GuestError: its machine ended before the command did.
        """
        listeners = Listeners(on_stdout, on_stderr)
        if listeners and wait_seconds is not None:
            raise UsageError(
                "a command with a listener is waited for to its end",
                kind="usage",
                code="listened_to",
                hints=("leave wait_seconds out, or follow it with read_exec",),
            )
        call = _native.exec_workspace(
            self._settings,
            workspace_id,
            {
                "command": command,
                "timeout_seconds": timeout_seconds,
                "secret_env": dict(secret_env or {}),
                "wait_seconds": wait_seconds,
                "streamed": bool(listeners),
            },
        )
        return await self._wait(call, listeners)

    async def read_exec(self, exec_id: str, *, cursor: int = 0, wait_ms: int | None = None) -> CommandOutput:
        """Reads what a command of a workspace wrote, while it runs or later; at most 1 MiB.

        Args:
            exec_id: from ``exec_workspace`` or ``logs_workspace``.
            cursor: begin behind so many bytes of both streams: the last reading's ``next_cursor``.
            wait_ms: wait so many milliseconds for something new, where it runs.

        Raises:
            NotFoundError: there is no such command.
        """
        return await self._wait(_native.read_exec(self._settings, exec_id, cursor, wait_ms or 0))

    async def stop_exec(self, exec_id: str) -> CommandOutput:
        """Ends a command and all it started: with SIGTERM, and by force two seconds later. One that has ended is left as
        it is.

        Raises:
            NotFoundError: there is no such command.
        """
        return await self._wait(_native.stop_exec(self._settings, exec_id))
