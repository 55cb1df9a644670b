"""Gives a Pydantic AI agent the tools of `pyro mcp serve`, those that chat hosts have.

The model works in a workspace made of the Git project around the current directory. Prints what the model says.
Needs `pydantic-ai-slim[openai,mcp]` and OPENAI_API_KEY; OPENAI_MODEL names another model, an argument another
task.
"""

import os
import sys

from fastmcp.client.transports import StdioTransport
from pydantic_ai import Agent
from pydantic_ai.mcp import MCPToolset

MODEL = os.environ.get("OPENAI_MODEL", "gpt-5")
TASK = "In examples/project `sh check` fails. Mend it in a workspace and show me the diff."


def main(task: str) -> None:
    pyro = MCPToolset(StdioTransport("pyro", ["mcp", "serve"]), include_instructions=True)
    agent = Agent(f"openai-responses:{MODEL}", toolsets=[pyro])
    print(agent.run_sync(task).output)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else TASK)
