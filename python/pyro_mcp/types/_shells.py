"""Shells of workspaces."""

from __future__ import annotations

from typing import Literal, TypedDict


class Shell(TypedDict):
    """A shell with a terminal of its own."""

    workspace_id: str
    shell_id: str
    cwd: str
    cols: int
    rows: int
    state: Literal["running", "exited", "closed"]
    started_at: int
    ended_at: int | None
    exit_code: int | None
    execution_mode: str


class ShellList(TypedDict):
    """The shells of a workspace."""

    workspace_id: str
    count: int
    shells: list[Shell]


class ShellOutput(Shell):
    """What a shell has shown."""

    cursor: int
    next_cursor: int
    """Where to read on, in bytes."""
    end_cursor: int
    """How many bytes it has shown in all."""
    output: str
    truncated: bool
    lost_bytes: int
    plain: bool
    alternate_screen: bool
    """Whether a program draws on the whole screen, as editors and pagers do."""
    wait_for_idle_ms: int | None
    notices: list[str]


class ShellWrite(Shell):
    """What was typed into a shell."""

    input_length: int
    append_newline: bool
