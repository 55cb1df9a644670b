"""Gives a model of OpenAI's a tool that runs commands in throw-away machines, by the Responses API.

Prints each command that the model runs, and then what the model says. Needs `openai` and OPENAI_API_KEY;
OPENAI_MODEL names another model.
"""

import json
import os

from openai import OpenAI
from openai.types.responses import FunctionToolParam, ResponseInputParam

from pyro_mcp import Pyro

MODEL = os.environ.get("OPENAI_MODEL", "gpt-5")
QUESTION = "Which version of git does a Debian 12 have? Look, do not guess."

VM_RUN: FunctionToolParam = {
    "type": "function",
    "name": "vm_run",
    "description": "Run a shell command in a new Debian 12 machine, which is deleted afterwards.",
    "parameters": {
        "type": "object",
        "properties": {
            "command": {"type": "string", "description": "One string for /bin/sh -lc"},
            "timeout_seconds": {"type": ["integer", "null"], "description": "30 where null"},
        },
        "required": ["command", "timeout_seconds"],
        "additionalProperties": False,
    },
    "strict": True,
}


def vm_run(pyro: Pyro, command: str, timeout_seconds: int | None) -> str:
    print("vm_run:", command)
    result = pyro.run_in_vm(environment="debian:12", command=command, timeout_seconds=timeout_seconds or 30)
    wanted = ("exit_code", "stdout", "stderr")
    return json.dumps({key: value for key, value in result.items() if key in wanted})


def main() -> None:
    client = OpenAI()
    pyro = Pyro()
    conversation: ResponseInputParam = [{"role": "user", "content": QUESTION}]
    while True:
        response = client.responses.create(model=MODEL, input=conversation, tools=[VM_RUN])
        calls = [item for item in response.output if item.type == "function_call"]
        if not calls:
            break
        conversation += [item.to_dict() for item in response.output]  # type: ignore[misc]
        conversation += [
            {
                "type": "function_call_output",
                "call_id": call.call_id,
                "output": vm_run(pyro, **json.loads(call.arguments)),
            }
            for call in calls
        ]
    print(response.output_text)


if __name__ == "__main__":
    main()
