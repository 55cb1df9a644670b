"""Gives a Pydantic AI agent a workspace: functions of Python that run, edit and compare in one.

Prints each tool that the model calls, and then what the model says. The workspace is deleted at the end. Needs
`pydantic-ai-slim[openai]` and OPENAI_API_KEY; OPENAI_MODEL names another model.
"""

import os
from pathlib import Path

from pydantic_ai import Agent

from pyro_mcp import Pyro, PyroError

MODEL = os.environ.get("OPENAI_MODEL", "gpt-5")
PROJECT = Path(__file__).with_name("project")
TASK = "`sh check` fails in your workspace. Mend it and show me the diff."


class Workspace:
    """The tools: what a model may do in one workspace. Their docstrings are what it reads."""

    def __init__(self, pyro: Pyro, seed: Path) -> None:
        self.pyro = pyro
        self.id = pyro.create_workspace(environment="debian:12", seed_path=str(seed))["workspace_id"]

    def run(self, command: str) -> str:
        """Run a shell command in /workspace.

        Args:
            command: One string for /bin/sh -lc.
        """
        print("run:", command)
        result = self.pyro.exec_workspace(self.id, command=command, timeout_seconds=120)
        return f"exit code {result['exit_code']}\n{result['stdout']}{result['stderr']}"

    def patch(self, patch: str) -> str:
        """Apply a patch, whole or not at all.

        Args:
            patch: A unified diff with paths relative to /workspace.
        """
        print("patch")
        try:
            self.pyro.apply_workspace_patch(self.id, patch=patch)
        except PyroError as error:
            return f"{error}\n" + "\n".join(error.hints)
        return "applied"

    def diff(self) -> str:
        """Show what has changed since the beginning, as one patch."""
        print("diff")
        return self.pyro.diff_workspace(self.id)["patch"]


def main() -> None:
    pyro = Pyro()
    workspace = Workspace(pyro, PROJECT)
    try:
        tools = [workspace.run, workspace.patch, workspace.diff]
        agent = Agent(f"openai-responses:{MODEL}", tools=tools)
        print(agent.run_sync(TASK).output)
    finally:
        pyro.delete_workspace(workspace.id)


if __name__ == "__main__":
    main()
