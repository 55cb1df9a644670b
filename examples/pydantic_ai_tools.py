"""Gives a Pydantic AI agent a workspace: functions of Python that run, edit and compare in one.

Prints each tool that the model calls, and then what the model says. The workspace is deleted at the end. Needs
`pydantic-ai-slim[openai]` and OPENAI_API_KEY; OPENAI_MODEL names another model.
"""

import os
from pathlib import Path

from pydantic_ai import Agent

from pyro_mcp import Pyro, PyroError, WorkspaceSession

MODEL = os.environ.get("OPENAI_MODEL", "gpt-5")
PROJECT = Path(__file__).with_name("project")
TASK = "`sh check` fails in your workspace. Mend it and show me the diff."


class Tools:
    """What a model may do in one workspace. It reads the docstrings."""

    def __init__(self, workspace: WorkspaceSession) -> None:
        self._workspace = workspace

    def run(self, command: str) -> str:
        """Run a shell command in /workspace.

        Args:
            command: One string for /bin/sh -lc.
        """
        print("run:", command)
        result = self._workspace.exec(command, timeout_seconds=120)
        return f"exit code {result['exit_code']}\n{result['stdout']}{result['stderr']}"

    def patch(self, patch: str) -> str:
        """Apply a patch, whole or not at all.

        Args:
            patch: A unified diff with paths relative to /workspace.
        """
        print("patch")
        try:
            self._workspace.apply_patch(patch)
        except PyroError as error:
            return "\n".join([str(error), *error.hints])
        return "applied"

    def diff(self) -> str:
        """Show what has changed since the beginning, as one patch."""
        print("diff")
        return self._workspace.diff()["patch"]


def main() -> None:
    with Pyro().workspace("debian:12", seed_path=PROJECT) as workspace:
        tools = Tools(workspace)
        agent = Agent(f"openai-responses:{MODEL}", tools=[tools.run, tools.patch, tools.diff])
        print(agent.run_sync(TASK).output)


if __name__ == "__main__":
    main()
